#include "ui/console_pane.h"

#include <string.h>

#include "src/io/loop.h"
#include "ui/screen.h"

enum { CLOCK_STEP_MS = 20 };	/* a wall clock that was set moves by more */

/* The device's own 80 columns come first; marks get a column of their own where the window is wider. */
static int mark_column(int cols)
{
	if (cols < CONSOLE_DEVICE_COLS + CONSOLE_MARKS_COLS)
		return cols;
	return cols - CONSOLE_MARKS_COLS + 1;
}

int console_pane_device_cols(int window_cols)
{
	int marks = mark_column(window_cols);

	return marks < window_cols ? marks - 1 : window_cols;
}

static void hold_position(struct console_pane *pane)
{
	uint64_t end = terminal_view_end_row(pane->view);

	if (pane->scroll_back > 0 && end > pane->held_end)
		pane->scroll_back += end - pane->held_end;
	pane->held_end = end;
}

uint64_t console_pane_wall_shift(struct console_pane *pane)
{
	uint64_t shift = loop_wall_ms() - loop_now_ms();

	/* both clocks are cut to milliseconds: followed as they are, all times would tremble by one */
	if (shift - pane->wall_shift > CLOCK_STEP_MS && pane->wall_shift - shift > CLOCK_STEP_MS)
		pane->wall_shift = shift;
	return pane->wall_shift;
}

void console_pane_draw(struct console_pane *pane, struct canvas *to, int cols)
{
	int marks = mark_column(to->cols);
	struct terminal_show show = {
		.mark_x = marks, .clock = pane->clock, .found = pane->found, .wall_shift = console_pane_wall_shift(pane)
	};

	terminal_view_resize(pane->view, to->rows, cols);
	hold_position(pane);
	pane->has_news = false;
	show.scroll_back = pane->scroll_back;
	for (int y = 0; y < to->rows && marks < to->cols; y++)
		canvas_fill(to, y, marks - 1, 1, ROLE_DIM, theme_glyph(to->theme, GLYPH_SIDE));
	terminal_view_draw(pane->view, to, &show);
}

void console_pane_scroll(struct console_pane *pane, int64_t rows_back)
{
	uint64_t most = terminal_view_scroll_for(pane->view, terminal_view_first_row(pane->view));
	uint64_t by = (uint64_t)(rows_back < 0 ? -rows_back : rows_back);

	if (rows_back > 0)
		pane->scroll_back = pane->scroll_back + by < most ? pane->scroll_back + by : most;
	else
		pane->scroll_back = pane->scroll_back > by ? pane->scroll_back - by : 0;
	pane->held_end = terminal_view_end_row(pane->view);
}

void console_pane_go_live(struct console_pane *pane)
{
	pane->scroll_back = 0;
	pane->found.row = UINT64_MAX;
}

void console_pane_go_to(struct console_pane *pane, const struct terminal_place *place)
{
	pane->found = *place;
	pane->scroll_back = terminal_view_scroll_for(pane->view, place->row);
	pane->held_end = terminal_view_end_row(pane->view);
}

uint64_t console_pane_row(const struct console_pane *pane)
{
	if (pane->found.row != UINT64_MAX)
		return pane->found.row;
	return pane->scroll_back > 0 ? terminal_view_top_row(pane->view, pane->scroll_back)
				     : terminal_view_cursor_row(pane->view);
}

uint64_t console_pane_row_at(const struct console_pane *pane, int y)
{
	return terminal_view_top_row(pane->view, pane->scroll_back) + (uint64_t)y;
}

void console_pane_change_times(struct ui *ui, struct console_pane *pane, const char *name)
{
	static const char *const said[TERMINAL_CLOCK_COUNT] = {
		"no times here; the file beside the capture has them",
		"the time of day when each line began; Ctrl-A t: since the device started",
		"seconds since the device started; Ctrl-A t: since the line before",
		"seconds since the line before; Ctrl-A t hides the times",
	};
	const struct console_view *console = ui_find_console(ui_now(ui), pane->id, NULL);
	enum terminal_clock clock = (enum terminal_clock)((pane->clock + 1) % TERMINAL_CLOCK_COUNT);

	for (int i = 0; name != NULL && i < TERMINAL_CLOCK_COUNT; i++)
		if (strcmp(name, terminal_clock_name((enum terminal_clock)i)) == 0)
			clock = (enum terminal_clock)i;
	if (name != NULL && strcmp(name, terminal_clock_name(clock)) != 0) {
		ui_say(ui, true, "times %s? It is off, clock, start or delta", name);
		return;
	}
	pane->clock = clock;
	if (clock == TERMINAL_CLOCK_START && (console == NULL || console->starts == 0))
		ui_say(ui, false, "seconds since the device started, once a start is seen; Ctrl-A t: since the line before");
	else
		ui_say(ui, false, "%s", said[clock]);
}
