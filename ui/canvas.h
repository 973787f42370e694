/* ui/canvas.h
 *
 * Where a screen draws: a curses window with the theme. Everything that is painted goes through here, so no byte that
 * came from a device, a file name or a network reaches the terminal as anything but a printable character in a cell. */
#ifndef UNBRICK_UI_CANVAS_H
#define UNBRICK_UI_CANVAS_H

#include "ui/theme.h"

struct canvas {
	WINDOW *window;
	struct theme *theme;
	int rows, cols;
	int cursor_y, cursor_x;		/* where the terminal's cursor shall stand; -1: hidden */
};

/* A part of a canvas as one of its own; end it before the whole is shown. False: no memory, or it does not fit. */
bool canvas_part(const struct canvas *whole, int y, int x, int rows, int cols, struct canvas *ret_part);
void canvas_part_end(struct canvas *part);
/* At most width columns from (y, x); what is longer ends in a cut mark. Outside the window nothing is drawn. Returns
 * the columns used. */
int canvas_put(struct canvas *canvas, int y, int x, int width, enum role role, const char *text);
/* The same, but of what is too long the end is shown: a path says most there. */
int canvas_put_end(struct canvas *canvas, int y, int x, int width, enum role role, const char *text);
int canvas_printf(struct canvas *canvas, int y, int x, int width, enum role role, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
/* Breaks at spaces into at most max_rows rows; returns the rows used. max_rows 0: only counts. */
int canvas_wrap(struct canvas *canvas, int y, int x, int width, int max_rows, enum role role, const char *text);
int canvas_wrap_rows(const struct canvas *canvas, int width, const char *text);
void canvas_fill(struct canvas *canvas, int y, int x, int width, enum role role, wchar_t with);
void canvas_line(struct canvas *canvas, int y);
/* A frame around rows y .. y + height - 1. */
void canvas_frame(struct canvas *canvas, int y, int x, int height, int width, enum role role);
/* Columns that text takes on this terminal. */
int canvas_width(const struct canvas *canvas, const char *text);
/* The next character of UTF-8 text; U+FFFD for a broken byte. Advances *at; 0 at the end. */
uint32_t utf8_next(const char **at);
size_t utf8_put(char to[4], uint32_t code);

#endif
