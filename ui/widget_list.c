#include "ui/widget_list.h"

#include "ui/keys.h"

static void keep_inside(struct widget_list *list)
{
	if (list->cursor >= list->count)
		list->cursor = list->count - 1;
	if (list->cursor < 0)
		list->cursor = 0;
	if (list->top > list->count - list->rows)
		list->top = list->count - list->rows;
	if (list->top < 0)
		list->top = 0;
	if (list->rows <= 0)
		return;
	if (list->cursor < list->top)
		list->top = list->cursor;
	if (list->cursor >= list->top + list->rows)
		list->top = list->cursor - list->rows + 1;
}

void widget_list_place(struct widget_list *list, int count, int y, int rows)
{
	list->count = count;
	list->y = y;
	list->rows = rows;
	keep_inside(list);
}

bool widget_list_key(struct widget_list *list, int key)
{
	int page = list->rows > 2 ? list->rows - 1 : 1;

	switch (key) {
	case UI_KEY_UP: list->cursor--; break;
	case UI_KEY_DOWN: list->cursor++; break;
	case UI_KEY_PAGE_UP: list->cursor -= page; break;
	case UI_KEY_PAGE_DOWN: list->cursor += page; break;
	case UI_KEY_HOME: list->cursor = 0; break;
	case UI_KEY_END: list->cursor = list->count - 1; break;
	default: return false;
	}
	keep_inside(list);
	return true;
}

int widget_list_at(const struct widget_list *list, int y)
{
	int row = y - list->y;

	if (row < 0 || row >= list->rows || list->top + row >= list->count)
		return -1;
	return list->top + row;
}

void widget_list_wheel(struct widget_list *list, enum screen_mouse what)
{
	list->cursor += mouse_wheel_rows(what);
	keep_inside(list);
}

int widget_list_mouse(struct widget_list *list, enum screen_mouse what, int y)
{
	int row = widget_list_at(list, y);

	if (what != SCREEN_MOUSE_CLICK) {
		widget_list_wheel(list, what);
		return -1;
	}
	if (row < 0 || row == list->cursor)
		return row;
	list->cursor = row;
	return -1;
}
