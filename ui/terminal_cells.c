#include "ui/terminal_cells.h"

#include <string.h>
#include <wchar.h>

#include "ui/canvas.h"

enum { WIDE_FROM = 0x1100 };	/* no character before it takes two columns */

static int nearest_of_8(uint8_t red, uint8_t green, uint8_t blue)
{
	return (red > 100 ? 1 : 0) | (green > 100 ? 2 : 0) | (blue > 100 ? 4 : 0);
}

/* 0..7, -1 for the default; bright ones say so, because bold shows them on every terminal. */
static int simple_colour(const VTermScreen *screen, VTermColor colour, bool *ret_is_bright)
{
	if (VTERM_COLOR_IS_DEFAULT_FG(&colour) || VTERM_COLOR_IS_DEFAULT_BG(&colour))
		return -1;
	if (VTERM_COLOR_IS_INDEXED(&colour) && colour.indexed.idx < 16) {
		*ret_is_bright = colour.indexed.idx >= 8;
		return colour.indexed.idx & 7;
	}
	vterm_screen_convert_color_to_rgb(screen, &colour);
	return nearest_of_8(colour.rgb.red, colour.rgb.green, colour.rgb.blue);
}

static struct terminal_run look_of(const VTermScreen *screen, const VTermScreenCell *cell)
{
	struct terminal_run look = { 0 };
	bool is_bright = false, is_bright_background = false;

	look.foreground = (int8_t)simple_colour(screen, cell->fg, &is_bright);
	look.background = (int8_t)simple_colour(screen, cell->bg, &is_bright_background);
	look.flags = (uint8_t)((cell->attrs.bold || is_bright ? TERMINAL_BOLD : 0) |
			       (cell->attrs.underline ? TERMINAL_UNDERLINE : 0) |
			       (cell->attrs.reverse ? TERMINAL_REVERSE : 0));
	return look;
}

static bool same_look(const struct terminal_run *a, const struct terminal_run *b)
{
	return a->foreground == b->foreground && a->background == b->background && a->flags == b->flags;
}

static bool is_plain(const struct terminal_run *look)
{
	return look->foreground < 0 && look->background < 0 && look->flags == 0;
}

static void pack_look(struct terminal_packed *line, struct terminal_run look, int column, int width)
{
	struct terminal_run *last = line->run_count > 0 ? &line->run[line->run_count - 1] : NULL;

	if (is_plain(&look))
		return;
	if (last != NULL && last->first + last->count == column && same_look(last, &look)) {
		last->count = (uint16_t)(last->count + width);
		return;
	}
	if (line->run_count == TERMINAL_LINE_RUNS_MAX)
		return;
	look.first = (uint16_t)column;
	look.count = (uint16_t)width;
	line->run[line->run_count++] = look;
}

void terminal_cells_pack(const VTermScreen *screen, int cols, const VTermScreenCell *cells,
			 struct terminal_packed *line)
{
	int used = cols;

	line->size = line->run_count = 0;
	while (used > 0 && (cells[used - 1].chars[0] == 0 || cells[used - 1].chars[0] == ' ')) {
		struct terminal_run look = look_of(screen, &cells[used - 1]);

		if (!is_plain(&look))
			break;
		used--;
	}
	for (int column = 0; column < used; column++) {
		uint32_t code = cells[column].chars[0];
		int width = cells[column].width == 2 ? 2 : 1;

		if (line->size + 5 > sizeof(line->text))
			break;
		line->size += utf8_put(line->text + line->size, code == 0 || code > 0x10ffff ? ' ' : code);
		pack_look(line, look_of(screen, &cells[column]), column, width);
		column += width - 1;
	}
	line->text[line->size] = '\0';
}

void terminal_cells_set(VTermScreenCell *cell, uint32_t code)
{
	memset(cell, 0, sizeof(*cell));
	cell->chars[0] = code;
	cell->width = 1;
	cell->fg.type = VTERM_COLOR_INDEXED | VTERM_COLOR_DEFAULT_FG;
	cell->bg.type = VTERM_COLOR_INDEXED | VTERM_COLOR_DEFAULT_BG;
}

static void give_look(VTermScreenCell *cell, const struct terminal_run *run)
{
	if (run->foreground >= 0)
		vterm_color_indexed(&cell->fg, (uint8_t)run->foreground);
	if (run->background >= 0)
		vterm_color_indexed(&cell->bg, (uint8_t)run->background);
	cell->attrs.bold = (run->flags & TERMINAL_BOLD) != 0;
	cell->attrs.underline = (run->flags & TERMINAL_UNDERLINE) != 0;
	cell->attrs.reverse = (run->flags & TERMINAL_REVERSE) != 0;
}

void terminal_cells_unpack(const struct terminal_line *line, int cols, VTermScreenCell *cells)
{
	const struct terminal_run *run = line ? line->run : NULL, *end = line ? line->run + line->run_count : NULL;
	const char *at = terminal_line_text(line);

	for (int column = 0; column < cols; column++) {
		uint32_t code = *at != '\0' ? utf8_next(&at) : 0;

		terminal_cells_set(&cells[column], code);
		while (run < end && run->first + run->count <= column)
			run++;
		if (run < end && run->first <= column)
			give_look(&cells[column], run);
		if (code < WIDE_FROM || wcwidth((wchar_t)code) != 2 || column + 1 == cols)
			continue;
		cells[column].width = 2;
		terminal_cells_set(&cells[++column], 0);	/* its right half */
	}
}
