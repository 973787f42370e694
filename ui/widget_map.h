/* ui/widget_map.h
 *
 * A file as one bar across the screen: its parts as blocks above, how mixed its bytes are below, damage marked, offsets at the edges. */
#ifndef UNBRICK_UI_WIDGET_MAP_H
#define UNBRICK_UI_WIDGET_MAP_H

#include "src/core/image_view.h"
#include "ui/canvas.h"

enum { WIDGET_MAP_COLUMNS_MAX = 512, WIDGET_MAP_FILE = -1, WIDGET_MAP_NONE = -2 };

struct widget_map {
	int y, x, width, rows;		/* where the bar was drawn last; rows 0: it was not */
};

/* selected: a part, or WIDGET_MAP_FILE. shade_rows: how high the bar is. Returns the rows used. */
int widget_map_draw(struct widget_map *map, struct canvas *to, int y, int shade_rows, const struct image_view *view, int selected);
/* The innermost part under a click, WIDGET_MAP_FILE where there is none, WIDGET_MAP_NONE outside of the bar. */
int widget_map_at(const struct widget_map *map, const struct image_view *view, int y, int x);

#endif
