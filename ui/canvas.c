#include "ui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "src/base/text.h"

enum { CANVAS_TEXT_MAX = 1024, CANVAS_CELLS_MAX = 512 };

uint32_t utf8_next(const char **at)
{
	const unsigned char *from = (const unsigned char *)*at;
	unsigned more = from[0] >= 0xf0 ? 3 : from[0] >= 0xe0 ? 2 : from[0] >= 0xc0 ? 1 : 0;
	uint32_t code = more == 0 ? from[0] : from[0] & (0x3fu >> more);

	if (from[0] == '\0')
		return 0;
	if (from[0] >= 0x80 && (more == 0 || from[0] > 0xf4)) {
		*at += 1;
		return 0xfffd;
	}
	for (unsigned i = 1; i <= more; i++) {
		if ((from[i] & 0xc0) != 0x80) {
			*at += i;
			return 0xfffd;
		}
		code = code << 6 | (from[i] & 0x3f);
	}
	*at += more + 1;
	return code > 0x10ffff || code == 0 ? 0xfffd : code;
}

size_t utf8_put(char to[4], uint32_t code)
{
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xc0 | code >> 6);
		to[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		to[0] = (char)(0xe0 | code >> 12);
		to[1] = (char)(0x80 | (code >> 6 & 0x3f));
		to[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | (code >> 18 & 7));
	to[1] = (char)(0x80 | (code >> 12 & 0x3f));
	to[2] = (char)(0x80 | (code >> 6 & 0x3f));
	to[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

bool canvas_part(const struct canvas *whole, int y, int x, int rows, int cols, struct canvas *ret_part)
{
	WINDOW *window = rows > 0 && cols > 0 ? derwin(whole->window, rows, cols, y, x) : NULL;

	if (window == NULL)
		return false;
	*ret_part = (struct canvas){ .window = window, .theme = whole->theme, .rows = rows, .cols = cols, .cursor_y = -1, .cursor_x = -1 };
	return true;
}

void canvas_part_end(struct canvas *part)
{
	wsyncup(part->window);	/* the whole learns which of its cells have changed */
	delwin(part->window);
	part->window = NULL;
}

/* Fills cells from text until width columns are used; *text stands behind the last one taken. */
static int take_cells(const struct canvas *canvas, const char **text, int width, wchar_t *cells, size_t *ret_count)
{
	int used = 0;
	size_t count = 0;

	while (**text != '\0' && count < CANVAS_CELLS_MAX) {
		const char *next = *text;
		int columns;
		wchar_t character = theme_character(canvas->theme, utf8_next(&next), &columns);

		if (used + columns > width)
			break;
		*text = next;
		if (columns == 0)
			continue;
		cells[count++] = character;
		used += columns;
	}
	*ret_count = count;
	return used;
}

int canvas_width(const struct canvas *canvas, const char *text)
{
	int used = 0;

	while (*text != '\0') {
		int columns;

		theme_character(canvas->theme, utf8_next(&text), &columns);
		used += columns;
	}
	return used;
}

static int put_cells(struct canvas *canvas, int y, int x, int width, enum role role, const char **text, bool mark_cut)
{
	wchar_t cells[CANVAS_CELLS_MAX + 1];
	size_t count;
	int used;

	if (x + width > canvas->cols)
		width = canvas->cols - x;
	if (y < 0 || y >= canvas->rows || x < 0 || width <= 0)
		return 0;
	used = take_cells(canvas, text, width, cells, &count);
	if (mark_cut && **text != '\0' && count > 0)
		cells[count - 1] = theme_glyph(canvas->theme, GLYPH_CUT);
	wattrset(canvas->window, (int)canvas->theme->attributes[role]);
	mvwaddnwstr(canvas->window, y, x, cells, (int)count);
	wattrset(canvas->window, A_NORMAL);
	return used;
}

int canvas_put(struct canvas *canvas, int y, int x, int width, enum role role, const char *text)
{
	return put_cells(canvas, y, x, width, role, &text, true);
}

int canvas_put_end(struct canvas *canvas, int y, int x, int width, enum role role, const char *text)
{
	if (canvas_width(canvas, text) <= width)
		return canvas_put(canvas, y, x, width, role, text);
	while (*text != '\0' && canvas_width(canvas, text) >= width)
		utf8_next(&text);
	canvas_fill(canvas, y, x, 1, role, theme_glyph(canvas->theme, GLYPH_CUT));
	return 1 + canvas_put(canvas, y, x + 1, width - 1, role, text);
}

int canvas_printf(struct canvas *canvas, int y, int x, int width, enum role role, const char *format, ...)
{
	char text[CANVAS_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return canvas_put(canvas, y, x, width, role, text);
}

/* The end of the row that starts at text: the last space that fits, or a hard cut in a long word. */
static size_t row_length(const struct canvas *canvas, const char *text, int width)
{
	const char *at = text, *last_space = NULL;
	int used = 0;

	while (*at != '\0') {
		const char *next = at;
		uint32_t code = utf8_next(&next);
		int columns;

		theme_character(canvas->theme, code, &columns);
		if (used + columns > width) {
			if (code == ' ')
				return (size_t)(at - text);
			return (size_t)((last_space ? last_space : at > text ? at : next) - text);
		}
		if (code == ' ')
			last_space = at;
		used += columns;
		at = next;
	}
	return (size_t)(at - text);
}

int canvas_wrap(struct canvas *canvas, int y, int x, int width, int max_rows, enum role role, const char *text)
{
	int rows = 0;

	if (x + width > canvas->cols)
		width = canvas->cols - x;
	while (*text != '\0' && width > 0) {
		char row[CANVAS_TEXT_MAX];
		size_t length = row_length(canvas, text, width);

		if (max_rows > 0) {
			if (rows == max_rows)
				break;
			if (rows == max_rows - 1)
				canvas_put(canvas, y + rows, x, width, role, text);
			else
				canvas_put(canvas, y + rows, x, width, role,
					   text_copy(row, length + 1 < sizeof(row) ? length + 1 : sizeof(row), text));
		}
		rows++;
		text += length;
		while (*text == ' ')
			text++;
	}
	return rows;
}

int canvas_wrap_rows(const struct canvas *canvas, int width, const char *text)
{
	struct canvas copy = *canvas;

	return canvas_wrap(&copy, 0, 0, width, 0, ROLE_NORMAL, text);
}

void canvas_fill(struct canvas *canvas, int y, int x, int width, enum role role, wchar_t with)
{
	wchar_t text[2] = { with, 0 };

	if (y < 0 || y >= canvas->rows)
		return;
	wattrset(canvas->window, (int)canvas->theme->attributes[role]);
	for (int i = 0; i < width && x + i < canvas->cols; i++)
		mvwaddnwstr(canvas->window, y, x + i, text, 1);
	wattrset(canvas->window, A_NORMAL);
}

void canvas_line(struct canvas *canvas, int y)
{
	canvas_fill(canvas, y, 1, canvas->cols - 2, ROLE_DIM, theme_glyph(canvas->theme, GLYPH_LINE));
}

void canvas_frame(struct canvas *canvas, int y, int x, int height, int width, enum role role)
{
	static const wchar_t corners[2][4] = { { '+', '+', '+', '+' }, { 0x250c, 0x2510, 0x2514, 0x2518 } };
	const wchar_t *corner = corners[canvas->theme->is_utf8];
	wchar_t line = theme_glyph(canvas->theme, GLYPH_LINE), side = theme_glyph(canvas->theme, GLYPH_SIDE);

	for (int row = 0; row < height; row++) {
		bool is_edge = row == 0 || row == height - 1;

		canvas_fill(canvas, y + row, x, 1, role, is_edge ? corner[row == 0 ? 0 : 2] : side);
		canvas_fill(canvas, y + row, x + width - 1, 1, role, is_edge ? corner[row == 0 ? 1 : 3] : side);
		if (is_edge)
			canvas_fill(canvas, y + row, x + 1, width - 2, role, line);
	}
}
