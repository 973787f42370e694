/* ui/widget_scroll.h
 *
 * A page of text that is longer than the window: rows, pages, both ends, and the word that there is more. */
#ifndef UNBRICK_UI_WIDGET_SCROLL_H
#define UNBRICK_UI_WIDGET_SCROLL_H

#include <stdbool.h>

#include "ui/keys.h"

struct canvas;

struct widget_scroll {
	int top, count;		/* rows above the window; rows of the whole page, as drawn last */
	int rows;		/* of the window */
};

/* The rows of the key table that the page shows as its own; widget_scroll_key works them. */
#define WIDGET_SCROLL_KEYS \
	{ UI_KEY_PAGE_DOWN, COMMAND_SCROLL_DOWN, NULL, "next page" }, { UI_KEY_PAGE_UP, COMMAND_SCROLL_UP, NULL, "page before" }, \
	{ UI_KEY_HOME, COMMAND_SCROLL_UP, NULL, "top" }, { UI_KEY_END, COMMAND_SCROLL_DOWN, NULL, "end" }, \
	{ UI_KEY_DOWN, COMMAND_SCROLL_DOWN, NULL, "one line on" }, { UI_KEY_UP, COMMAND_SCROLL_UP, NULL, "one line back" }

/* Where the page's first row is drawn: draw all of it from there, what is outside is cut off. */
int widget_scroll_begin(const struct widget_scroll *scroll);
/* end: the row behind the last one. False: the page has become shorter than what was scrolled over, draw it again. */
bool widget_scroll_end(struct widget_scroll *scroll, struct canvas *to, int end);
bool widget_scroll_key(struct widget_scroll *scroll, int key);
/* The wheel; a click does nothing. */
void widget_scroll_mouse(struct widget_scroll *scroll, enum screen_mouse what);

#endif
