/* One picture: the top line, the screen's body, a message when there is one, the footer. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "src/base/text.h"
#include "ui/screen_case.h"
#include "ui/ui_internal.h"

void footer_add(struct footer *footer, const char *key, const char *text)
{
	if (footer->count == 12)
		return;
	for (unsigned i = 0; key[0] != '\0' && i < footer->count; i++)
		if (strcmp(footer->key[i], key) == 0)	/* the screen put it first, or means something else by it */
			return;
	text_copy(footer->key[footer->count], sizeof(footer->key[0]), key);
	text_copy(footer->text[footer->count], sizeof(footer->text[0]), text);
	footer->count++;
}

static struct canvas canvas_of(struct ui *ui, WINDOW *window)
{
	struct canvas canvas = { .window = window, .theme = &ui->theme, .cursor_y = -1, .cursor_x = -1 };

	getmaxyx(window, canvas.rows, canvas.cols);
	return canvas;
}

/* A case's own page says itself what runs in it. */
static bool runs_here(struct ui *ui)
{
	const struct case_view *view = NULL;

	if (ui_top(ui)->ops == &screen_case)
		view = app_case_view(ui->app, ((const struct case_state *)ui_top(ui)->state)->id);
	return view != NULL && view->is_running && view->question.type == QUESTION_NONE;
}

/* What a person on any screen must know: what runs, on which power, how late it is. */
static void status_text(struct ui *ui, const struct snapshot *now, char *to, size_t size)
{
	unsigned quiet = now->asking + runs_here(ui), running = now->running > quiet ? now->running - quiet : 0;

	to[0] = '\0';
	if (now->bench != NULL && now->bench->power == BENCH_POWER_BATTERY && now->bench->battery_percent >= 0)
		text_append(to, size, "battery %d %%  ", now->bench->battery_percent);
	else if (now->bench != NULL && now->bench->power == BENCH_POWER_BATTERY)
		text_append(to, size, "on battery  ");
	else if (now->bench != NULL && now->bench->power == BENCH_POWER_MAINS && ui->depth == 1)
		text_append(to, size, "mains  ");
	if (running > 0)
		text_append(to, size, "%u running  ", running);
	text_append(to, size, "%s", now->clock);
}

static void draw_top(struct ui *ui, const struct snapshot *now)
{
	struct canvas canvas = canvas_of(ui, panel_window(ui->top));
	struct ui_screen *screen = ui_top(ui);
	static const char danger[] = " DO NOT UNPLUG ";
	char left[200] = "", right[160] = "", status[96];
	int status_width, left_width, right_width;

	werase(canvas.window);
	canvas_fill(&canvas, 0, 0, canvas.cols, ROLE_BAR, ' ');
	screen->ops->title(ui, screen->state, left, sizeof(left), right, sizeof(right));
	status_text(ui, now, status, sizeof(status));
	status_width = canvas_width(&canvas, status);
	canvas_put(&canvas, 0, canvas.cols - 1 - status_width, status_width, ROLE_BAR, status);
	if (app_is_dangerous(ui->app)) {	/* also where another screen hides the case's own big words */
		status_width += (int)strlen(danger) + 1;
		canvas_put(&canvas, 0, canvas.cols - 1 - status_width, (int)strlen(danger), ROLE_DANGER_FILL, danger);
	}
	/* Where we are comes first, up to half of the row; what happens gets the rest. */
	left_width = canvas_width(&canvas, left);
	if (left_width > (canvas.cols - status_width) / 2)
		left_width = (canvas.cols - status_width) / 2;
	right_width = canvas_width(&canvas, right);
	if (right_width > canvas.cols - status_width - left_width - 6)
		right_width = canvas.cols - status_width - left_width - 6;
	if (right_width > 0)
		canvas_put(&canvas, 0, canvas.cols - 3 - status_width - right_width, right_width, ROLE_BAR, right);
	canvas_put(&canvas, 0, 1, canvas.cols - status_width - right_width - (right_width > 0 ? 5 : 3), ROLE_BAR, left);
}

static void collect_footer(struct ui *ui, struct footer *footer)
{
	struct ui_screen *screen = ui_top(ui);
	char name[24];

	if (screen->ops->footer != NULL)
		screen->ops->footer(ui, screen->state, footer);
	for (const struct key_binding *row = screen->ops->keys; row->key != 0; row++)
		if (row->text != NULL && row->key != UI_KEY_VERB_ONLY && ui_allows(ui, row->command) &&
		    (row->command != COMMAND_OPEN || screen->ops->footer == NULL))
			footer_add(footer, keys_name(row->key, name, sizeof(name)), row->text);
}

static void draw_footer(struct ui *ui, struct canvas *canvas, int y)
{
	struct footer footer = { .count = 0 };
	bool has_help = !ui->has_prompt && ui_top(ui)->ops != &screen_help;
	enum screen_appetite appetite = ui_appetite(ui);
	const char *help_key = appetite == APPETITE_ALL ? "Ctrl-A ?" : appetite == APPETITE_TEXT ? "F1" : "?";
	int help_width = canvas_width(canvas, help_key) + 6, x = 1, limit = canvas->cols - 1 - (has_help ? help_width + 1 : 0);

	if (ui->has_prompt) {
		footer_add(&footer, ui->is_yes_no ? "y" : "Enter", ui->is_yes_no ? ui->prompt.yes : "go");
		footer_add(&footer, "Esc", "back");
		if (ui->is_path) {
			footer_add(&footer, "Tab", "complete");
			footer_add(&footer, "Ctrl-U", "empty");
		}
	} else {
		collect_footer(ui, &footer);
	}
	for (unsigned i = 0; i < footer.count; i++) {
		int width = canvas_width(canvas, footer.key[i]) + 1 + canvas_width(canvas, footer.text[i]);

		if (x + width > limit || (has_help && strcmp(footer.key[i], help_key) == 0))
			continue;	/* a shorter one further on may still fit; help has its own place */
		if (footer.key[i][0] != '\0')
			x += canvas_put(canvas, y, x, limit - x, ROLE_STRONG, footer.key[i]) + 1;
		x += canvas_put(canvas, y, x, limit - x, ROLE_NORMAL, footer.text[i]) + 2;
	}
	if (has_help) {
		canvas_put(canvas, y, canvas->cols - help_width, help_width - 6, ROLE_STRONG, help_key);
		canvas_put(canvas, y, canvas->cols - 5, 4, ROLE_NORMAL, "help");
	}
}

bool ui_has_notice(struct ui *ui)
{
	const struct snapshot *now = ui_now(ui);

	return now->notice[0] != '\0' && strcmp(now->notice, ui->dismissed_notice) != 0;
}

static const char *message_text(struct ui *ui, const struct snapshot *now, bool *ret_is_error, char *to, size_t size)
{
	*ret_is_error = ui->message_is_error;
	if (ui->message[0] != '\0')
		return ui->message;
	*ret_is_error = false;
	to[0] = '\0';
	if (ui_top(ui)->ops->hint != NULL)
		ui_top(ui)->ops->hint(ui, ui_top(ui)->state, to, size);
	if (to[0] != '\0')
		return to;
	if (!ui_has_notice(ui))
		return "";
	*ret_is_error = now->notice_is_error;
	return text_format(to, size, "%s%s%s", now->notice, now->notice_hint[0] ? ": " : "", now->notice_hint);
}

/* A message takes the rows it needs from the body, so that its remedy is never cut off. */
static int message_rows(struct ui *ui, const char *message)
{
	struct canvas canvas = canvas_of(ui, panel_window(ui->bottom));
	int rows = message[0] ? canvas_wrap_rows(&canvas, canvas.cols - 2, message) : 1;

	return rows > UI_MESSAGE_ROWS_MAX ? UI_MESSAGE_ROWS_MAX : rows < 1 ? 1 : rows;
}

static void draw_bottom(struct ui *ui, const char *message, bool is_error, int rows, struct canvas *canvas)
{
	*canvas = canvas_of(ui, panel_window(ui->bottom));
	werase(canvas->window);
	if (ui->has_prompt && ui->is_yes_no) {
		canvas_wrap(canvas, 0, 1, canvas->cols - 2, rows, ROLE_STRONG, ui->prompt.label);	/* all of it counts */
	} else if (ui->has_prompt) {
		int x = 1 + canvas_put(canvas, 0, 1, canvas->cols - 2, ROLE_STRONG, ui->prompt.label) + 1;

		widget_input_draw(&ui->prompt.input, canvas, 0, x, canvas->cols - x - 1, ROLE_NORMAL);
		if (ui->prompt.names[0] != '\0' && rows > 1)
			canvas_wrap(canvas, 1, 3, canvas->cols - 4, rows - 1, ROLE_DIM, ui->prompt.names);
	} else if (message[0] != '\0') {
		canvas_wrap(canvas, 0, 1, canvas->cols - 2, rows, is_error ? ROLE_DANGER : ROLE_ATTENTION, message);
	}
	draw_footer(ui, canvas, rows);
}

static void draw_too_small(struct ui *ui)
{
	struct canvas canvas = canvas_of(ui, stdscr);

	werase(stdscr);
	if (app_is_dangerous(ui->app))
		canvas_put(&canvas, 0, 0, canvas.cols, ROLE_DANGER_FILL, "DO NOT UNPLUG");
	canvas_printf(&canvas, 1, 0, canvas.cols, ROLE_STRONG, "This window is %d x %d.", ui->cols, ui->rows);
	canvas_put(&canvas, 2, 0, canvas.cols, ROLE_NORMAL, "unbrick needs 80 x 24.");
	if (ui->has_prompt && ui->is_yes_no)
		canvas_printf(&canvas, 3 + canvas_wrap(&canvas, 3, 0, canvas.cols, 4, ROLE_ATTENTION, ui->prompt.label), 0, canvas.cols, ROLE_STRONG,
			      "y %s  other keys: no", ui->prompt.yes);
	else
		canvas_put(&canvas, 3, 0, canvas.cols, ROLE_NORMAL, "Make it larger; the work goes on. q quit");
	curs_set(0);
	wnoutrefresh(stdscr);
	doupdate();
}

/* A panel knows the size of its window only from when it got it. */
static void resize(PANEL *panel, int rows, int cols)
{
	WINDOW *window = panel_window(panel);

	wresize(window, rows, cols);
	replace_panel(panel, window);
}

static void place_cursor(const struct canvas *canvas)
{
	if (canvas->cursor_y < 0)
		return;
	wmove(canvas->window, canvas->cursor_y, canvas->cursor_x < canvas->cols ? canvas->cursor_x : canvas->cols - 1);
	wnoutrefresh(canvas->window);	/* the last window refreshed has the cursor */
}

void ui_draw(struct ui *ui)
{
	const struct snapshot *now = app_snapshot(ui->app);
	struct ui_screen *screen = ui_top(ui);
	struct canvas body, bottom;
	char notice[512];
	bool is_error;
	const char *message;
	int rows;

	ui->is_dirty = false;
	ui->drawn_ms = ui_time_ms();
	if (ui->rows < UI_MIN_ROWS || ui->cols < UI_MIN_COLS) {
		draw_too_small(ui);
		return;
	}
	ui_drop_stale_message(ui);
	message = message_text(ui, now, &is_error, notice, sizeof(notice));
	rows = !ui->has_prompt ? message_rows(ui, message)
	       : ui->is_yes_no ? message_rows(ui, ui->prompt.label)
	       : ui->prompt.names[0] ? UI_MESSAGE_ROWS_MAX : 1;
	resize(ui->body, ui->rows - 2 - rows, ui->cols);
	resize(ui->bottom, rows + 1, ui->cols);
	move_panel(ui->bottom, ui->rows - 1 - rows, 0);
	body = canvas_of(ui, panel_window(ui->body));
	werase(body.window);
	screen->ops->draw(ui, screen->state, &body);
	draw_top(ui, now);
	draw_bottom(ui, message, is_error, rows, &bottom);
	update_panels();
	curs_set(body.cursor_y >= 0 || bottom.cursor_y >= 0);
	place_cursor(&body);
	place_cursor(&bottom);
	doupdate();
}
