/* ui/widget_list.h
 *
 * The cursor of a list: moves, pages, stays in view, and knows which row the mouse hit. Rows belong to the screen. */
#ifndef UNBRICK_UI_WIDGET_LIST_H
#define UNBRICK_UI_WIDGET_LIST_H

#include <stdbool.h>

#include "ui/keys.h"

struct widget_list {
	int cursor, top, count;
	int y, rows;		/* where it was drawn last, in the canvas */
};

/* Before drawing: takes the number of rows there are and the room; keeps the cursor inside and in view. */
void widget_list_place(struct widget_list *list, int count, int y, int rows);
/* Arrows, PgUp, PgDn, Home, End. True: it was one of these. */
bool widget_list_key(struct widget_list *list, int key);
/* The row under a click, -1: none. */
int widget_list_at(const struct widget_list *list, int y);
void widget_list_wheel(struct widget_list *list, enum screen_mouse what);
/* The wheel, and a click, which moves the cursor. Returns the row that was clicked at once more, to be opened; -1: none. */
int widget_list_mouse(struct widget_list *list, enum screen_mouse what, int y);

#endif
