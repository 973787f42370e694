#include "ui/console_halves.h"

#include "ui/terminal_history.h"

enum { SPLIT_COLS = 132 };	/* two consoles beside each other need so many */

static void draw_console(struct ui *ui, unsigned id, struct canvas *to, int cols)
{
	struct console_pane *pane = ui_pane(ui, id);

	if (pane == NULL)
		canvas_wrap(to, 1, 1, to->cols - 2, 3, ROLE_NORMAL,
			    "No memory for the picture of this console; what the device says is kept all the same.");
	else
		console_pane_draw(pane, to, cols);
}

/* One console in a part of the body; its cursor becomes the body's where the keys go to it. */
static void draw_part(struct ui *ui, unsigned id, bool is_lit, struct canvas *to, int x, int cols, int device_cols)
{
	struct canvas part;

	if (!canvas_part(to, 1, x, to->rows - 1, cols, &part))
		return;
	draw_console(ui, id, &part, device_cols);
	if (is_lit && part.cursor_y >= 0) {
		to->cursor_y = part.cursor_y + 1;
		to->cursor_x = part.cursor_x + x;
	}
	canvas_part_end(&part);
}

static int half_cols(int cols)
{
	return (cols - 1) / 2;		/* and the line between */
}

static void draw_half(struct ui *ui, unsigned id, bool is_lit, struct canvas *to, int x, int device_cols)
{
	struct canvas head;
	int cols = half_cols(to->cols);

	if (canvas_part(to, 0, x, 1, cols, &head)) {
		console_tabs_title(ui, id, is_lit, &head);
		canvas_part_end(&head);
	}
	draw_part(ui, id, is_lit, to, x, cols, device_cols);
}

static bool is_split(const struct console_halves *halves, struct ui *ui)
{
	return halves->beside_id != 0 && halves->cols >= SPLIT_COLS &&
	       ui_find_console(ui_now(ui), halves->beside_id, NULL) != NULL;
}

void console_halves_draw(struct console_halves *halves, struct ui *ui, unsigned lit_id, struct canvas *to)
{
	int half = half_cols(to->cols), device_cols = console_pane_device_cols(to->cols);

	halves->cols = to->cols;
	if (is_split(halves, ui)) {
		for (int y = 0; y < to->rows; y++)
			canvas_fill(to, y, half, 1, ROLE_DIM, theme_glyph(to->theme, GLYPH_SIDE));
		draw_half(ui, halves->is_right ? halves->beside_id : lit_id, !halves->is_right, to, 0, device_cols);
		draw_half(ui, halves->is_right ? lit_id : halves->beside_id, halves->is_right, to, half + 1,
			  device_cols);
	} else if (ui_now(ui)->console_count > 1) {
		console_tabs_draw(&halves->tabs, ui, lit_id, to, 0);
		draw_part(ui, lit_id, true, to, 0, to->cols, device_cols);
	} else {
		draw_console(ui, lit_id, to, device_cols);
	}
}

void console_halves_split(struct console_halves *halves, struct ui *ui, unsigned lit_id)
{
	if (halves->beside_id != 0) {
		halves->beside_id = 0;
		return;
	}
	if (halves->cols < SPLIT_COLS) {
		ui_say(ui, true, "two consoles beside each other need a window of %d columns; this one has %d",
		       SPLIT_COLS, halves->cols);
		return;
	}
	halves->beside_id = console_tabs_next(ui_now(ui), lit_id, lit_id);
	halves->is_right = false;
	ui_say(ui, false,
	       "Ctrl-A Tab goes to the other half, Ctrl-A | makes it one again; lines are cut in the picture only");
}

static unsigned change_sides(struct console_halves *halves, unsigned lit_id)
{
	unsigned other = halves->beside_id;

	halves->beside_id = lit_id;
	halves->is_right = !halves->is_right;
	return other;
}

unsigned console_halves_next(struct console_halves *halves, struct ui *ui, unsigned lit_id, bool is_here)
{
	if (is_split(halves, ui) && !is_here)
		return change_sides(halves, lit_id);
	return console_tabs_next(ui_now(ui), lit_id, is_split(halves, ui) ? halves->beside_id : 0);
}

static void choose_line(struct console_pane *pane, int y)
{
	char text[TERMINAL_LINE_TEXT_MAX];
	struct terminal_place place = { .row = console_pane_row_at(pane, y) };

	place.size = terminal_view_row_text(pane->view, place.row, text, sizeof(text));
	if (place.row == pane->found.row)
		place.row = UINT64_MAX;
	pane->found = place;
}

unsigned console_halves_click(struct console_halves *halves, struct ui *ui, unsigned lit_id, int y, int x)
{
	bool has_head = ui_now(ui)->console_count > 1, has_halves = is_split(halves, ui);
	struct console_pane *pane = ui_pane(ui, lit_id);

	if (has_halves && (x > half_cols(halves->cols)) != halves->is_right)
		return change_sides(halves, lit_id);
	if (has_head && y == 0 && !has_halves && console_tabs_at(&halves->tabs, x) != 0)
		return console_tabs_at(&halves->tabs, x);
	if (pane != NULL && y >= has_head)
		choose_line(pane, y - has_head);
	return lit_id;
}
