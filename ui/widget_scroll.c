#include "ui/widget_scroll.h"

#include "ui/canvas.h"
#include "ui/keys.h"

int widget_scroll_begin(const struct widget_scroll *scroll)
{
	return -scroll->top;
}

/* The last row stands at the bottom at the furthest. */
static void keep_inside(struct widget_scroll *scroll)
{
	if (scroll->top > scroll->count - scroll->rows)
		scroll->top = scroll->count - scroll->rows;
	if (scroll->top < 0)
		scroll->top = 0;
}

bool widget_scroll_end(struct widget_scroll *scroll, struct canvas *to, int end)
{
	int top = scroll->top;

	scroll->count = end + top;
	scroll->rows = to->rows;
	keep_inside(scroll);
	if (scroll->top != top)
		return false;
	if (end > to->rows)
		canvas_put(to, to->rows - 1, to->cols - 7, 6, ROLE_SELECTED, " more ");
	return true;
}

bool widget_scroll_key(struct widget_scroll *scroll, int key)
{
	int page = scroll->rows > 2 ? scroll->rows - 1 : 1;

	switch (key) {
	case UI_KEY_UP: scroll->top--; break;
	case UI_KEY_DOWN: scroll->top++; break;
	case UI_KEY_PAGE_UP: scroll->top -= page; break;
	case UI_KEY_PAGE_DOWN: scroll->top += page; break;
	case UI_KEY_HOME: scroll->top = 0; break;
	case UI_KEY_END: scroll->top = scroll->count; break;
	default: return false;
	}
	keep_inside(scroll);
	return true;
}

void widget_scroll_mouse(struct widget_scroll *scroll, enum screen_mouse what)
{
	scroll->top += mouse_wheel_rows(what);
	keep_inside(scroll);
}
