/* The screen stack: who gets a key, when a picture is due, how the face ends. */
#include "ui/ui.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/loop.h"
#include "ui/ui_internal.h"

enum { PICTURE_MS = 33, STALLED_MS = 200, MINUTE_MS = 60000 };

struct app *ui_app(struct ui *ui)
{
	return ui->app;
}

const struct snapshot *ui_now(struct ui *ui)
{
	return app_snapshot(ui->app);
}

uint64_t ui_time_ms(void)
{
	return loop_now_ms();
}

struct ui_screen *ui_top(struct ui *ui)
{
	return &ui->stack[ui->depth - 1];
}

bool ui_allows(struct ui *ui, enum ui_command command)
{
	struct ui_screen *screen = ui_top(ui);

	return screen->ops->allows == NULL || screen->ops->allows(ui, screen->state, command);
}

enum screen_appetite ui_appetite(struct ui *ui)
{
	struct ui_screen *screen = ui_top(ui);

	return screen->ops->appetite ? screen->ops->appetite(ui, screen->state) : APPETITE_NONE;
}

static unsigned page_of(struct ui *ui)
{
	struct ui_screen *screen = ui_top(ui);

	return screen->ops->page ? screen->ops->page(ui, screen->state) : 0;
}

void ui_drop_stale_message(struct ui *ui)
{
	if (ui->message_of == ui_top(ui)->state && ui->message_page != page_of(ui))
		ui->message[0] = '\0';
}

void ui_say(struct ui *ui, bool is_error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ui->message, sizeof(ui->message), format, args);
	va_end(args);
	ui->message_is_error = is_error;
	ui->message_of = ui_top(ui)->state;
	ui->message_page = page_of(ui);
}

void ui_say_error(struct ui *ui, const struct error *error)
{
	ui_say(ui, true, "%s%s%s", error->text, error->hint[0] ? ". What to do: " : "", error->hint);
}

void ui_dismiss_notice(struct ui *ui)
{
	text_copy(ui->dismissed_notice, sizeof(ui->dismissed_notice), ui_now(ui)->notice);
}

void ui_push(struct ui *ui, const struct screen_ops *ops, const struct screen_arg *arg)
{
	struct ui_screen *screen;

	if (ui->depth == UI_STACK_MAX) {
		ui_say(ui, true, "too many screens are open: go back with Esc first");
		return;
	}
	screen = &ui->stack[ui->depth];
	screen->ops = ops;
	screen->state = calloc(1, ops->state_size > 0 ? ops->state_size : 1);
	if (screen->state == NULL) {
		ui_say(ui, true, "no memory for another screen");
		return;
	}
	ui->depth++;
	if (ops->open != NULL)
		ops->open(ui, screen->state, arg);
}

void ui_pop(struct ui *ui)
{
	struct ui_screen *screen = ui_top(ui);

	if (ui->depth <= 1) {
		if (ui->options->is_console_alone)
			ui_ask_quit(ui);
		return;
	}
	if (screen->ops->close != NULL)
		screen->ops->close(ui, screen->state);
	free(screen->state);
	ui->depth--;
}

static void leave(struct ui *ui, void *state, const char *text)
{
	(void)state;
	(void)text;
	if (app_is_dangerous(ui->app)) {	/* it may have become so while the question stood */
		ui_ask_quit(ui);
		return;
	}
	ui->is_leaving = true;
	loop_stop(ui->loop);
}

static const char *danger_reason(struct ui *ui, char *to, size_t size)
{
	const struct snapshot *now = ui_now(ui);

	for (unsigned i = 0; i < now->live_count; i++)
		if (now->live[i]->is_dangerous)
			return text_format(to, size, "case #%lld is at a step that must not be broken off (%.*s)",
					   (long long)now->live[i]->id, (int)strcspn(now->live[i]->step_title, ".;:("), now->live[i]->step_title);
	return text_copy(to, size, "a step is under way that must not be broken off");
}

void ui_ask_quit(struct ui *ui)
{
	static const struct ui_prompt_ops quit = { .accept = leave };
	const struct snapshot *now = ui_now(ui);
	char reason[240];

	if (app_is_dangerous(ui->app)) {
		ui_say(ui, true, "not now: %s. Do not unplug anything; quit when it is through",
		       danger_reason(ui, reason, sizeof(reason)));
		return;
	}
	if (now->running == 0)
		leave(ui, NULL, NULL);
	else
		ui_ask(ui, now->running == 1 ? "A job is running. Stop it and quit? The case goes on next time."
			   : "Jobs are running. Stop them and quit? The cases go on next time.", "quit", &quit, NULL);
}

struct console_pane *ui_pane(struct ui *ui, unsigned console_id)
{
	const struct snapshot *now = ui_now(ui);
	struct console_pane *free_one = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(ui->pane); i++) {
		if (ui->pane[i].view != NULL && ui->pane[i].id == console_id)
			return &ui->pane[i];
		if (free_one != NULL && free_one->view == NULL)
			continue;
		if (ui->pane[i].view == NULL || ui_find_console(now, ui->pane[i].id, NULL) == NULL)
			free_one = &ui->pane[i];
	}
	if (free_one == NULL)
		return NULL;
	terminal_view_free(free_one->view);
	*free_one = (struct console_pane){ .id = console_id, .found.row = UINT64_MAX };
	if (terminal_view_new(ui->rows > 4 ? ui->rows - 3 : 21, ui->cols, &free_one->view, NULL) != STATUS_OK)
		return NULL;
	return free_one;
}

struct terminal_view *ui_terminal(struct ui *ui, unsigned console_id)
{
	struct console_pane *pane = ui_pane(ui, console_id);

	return pane != NULL ? pane->view : NULL;
}

void ui_show_console(struct ui *ui, const char *port)
{
	struct screen_arg arg = { 0 };
	struct error error;

	if (app_console_open(ui->app, port, NULL, &arg.console_id, &error) != STATUS_OK)
		ui_say_error(ui, &error);
	else
		ui_push(ui, text_starts(port, "replay:") ? &screen_replay : &screen_console, &arg);
}

bool ui_show_image(struct ui *ui, const char *path, int64_t case_id)
{
	struct screen_arg arg = { .case_id = case_id };
	struct error error;

	if (app_image_open(ui->app, path, case_id, &arg.image_id, &error) != STATUS_OK) {
		ui_say_error(ui, &error);
		return false;
	}
	ui_push(ui, &screen_image, &arg);
	return true;
}

void ui_power(struct ui *ui, const char *how)
{
	struct error error;
	char reason[240];

	how = how ? how : "cycle";
	if (app_is_dangerous(ui->app))
		ui_say(ui, true, "not now: %s", danger_reason(ui, reason, sizeof(reason)));
	else if (strcmp(how, "on") != 0 && strcmp(how, "off") != 0 && strcmp(how, "cycle") != 0)
		ui_say(ui, true, "power %s? It is on, off or cycle", how);
	else if (app_power(ui->app, NULL, how, &error) != STATUS_OK)
		ui_say_error(ui, &error);
	else
		ui_say(ui, false, "power: %s", how);
}

static bool key_everywhere(struct ui *ui, int key);

static void run_command_line(struct ui *ui, void *state, const char *text)
{
	struct ui_screen *screen = ui_top(ui);
	size_t length = strcspn(text, " ");
	const char *argument = text + length + strspn(text + length, " ");
	const struct key_binding *binding = keys_find_verb(screen->ops->keys, text, length);

	(void)state;
	if (length == 0)
		return;
	if (binding != NULL && ui_allows(ui, binding->command)) {
		screen->ops->command(ui, screen->state, binding->command, argument[0] ? argument : NULL);
		return;
	}
	binding = keys_find_verb(keys_everywhere, text, length);
	if (binding != NULL)
		key_everywhere(ui, binding->key);
	else if (strcmp(text, "q") == 0)
		ui_ask_quit(ui);
	else
		ui_say(ui, true, "'%.*s' is not a command of this screen: ? lists them", (int)length, text);
}

void ui_command_line(struct ui *ui)
{
	static const struct ui_prompt_ops command_line = { .accept = run_command_line };

	ui_prompt(ui, ":", "", &command_line, NULL);
}

static bool key_everywhere(struct ui *ui, int key)
{
	const struct key_binding *binding = keys_find(keys_everywhere, key);

	if (binding == NULL)
		return false;
	switch (binding->command) {
	case COMMAND_HELP:
		if (ui_top(ui)->ops != &screen_help)
			ui_push(ui, &screen_help, &(struct screen_arg){ .about = ui_top(ui)->ops });
		return true;
	case COMMAND_LINE: ui_command_line(ui); return true;
	case COMMAND_REDRAW: clearok(curscr, TRUE); return true;
	case COMMAND_QUIT: ui_ask_quit(ui); return true;
	default: return false;
	}
}

static bool is_program_key(struct ui *ui, int key)
{
	enum screen_appetite appetite = ui_appetite(ui);
	bool is_text = key >= ' ' && key < UI_KEY_UP;

	return appetite == APPETITE_NONE || (appetite == APPETITE_TEXT && !is_text);
}

void ui_key(struct ui *ui, int key)
{
	struct ui_screen *screen = ui_top(ui);
	const struct key_binding *binding;

	ui->is_dirty = true;
	ui->message[0] = '\0';
	if (ui->rows < UI_MIN_ROWS || ui->cols < UI_MIN_COLS) {
		if (ui->has_prompt && ui->is_yes_no)	/* it is shown there, too; nothing else can be typed blind */
			ui_prompt_key(ui, key);
		else if (key == 'q' || key == 3)
			ui_ask_quit(ui);
		return;
	}
	if (ui->has_prompt) {
		ui_prompt_key(ui, key);
		return;
	}
	if (is_program_key(ui, key) && key_everywhere(ui, key))
		return;
	if (screen->ops->key != NULL && screen->ops->key(ui, screen->state, key))
		return;
	binding = keys_find(screen->ops->keys, key);
	if (binding != NULL && ui_allows(ui, binding->command))
		screen->ops->command(ui, screen->state, binding->command, NULL);
}

void ui_paste(struct ui *ui, struct bytes text)
{
	struct ui_screen *screen = ui_top(ui);
	const char *at = (const char *)text.data, *end = at + text.size;

	ui->is_dirty = true;
	ui->message[0] = '\0';
	if (ui->rows < UI_MIN_ROWS || ui->cols < UI_MIN_COLS || text.size == 0)
		return;
	if (!ui->has_prompt && screen->ops->paste != NULL) {
		screen->ops->paste(ui, screen->state, text);
		return;
	}
	if (!ui->has_prompt && ui_appetite(ui) != APPETITE_TEXT) {
		ui_say(ui, true, "what was pasted has no place here");
		return;
	}
	while (at < end && *at != '\n' && !(ui->has_prompt && ui->is_yes_no)) {	/* its first line; Enter is pressed by hand */
		uint32_t code = utf8_next(&at);

		if (code >= ' ' && code != 0x7f)
			ui_key(ui, (int)code);
	}
}

void ui_mouse(struct ui *ui, enum screen_mouse what, int y, int x)
{
	struct ui_screen *screen = ui_top(ui);

	ui->is_dirty = true;
	if (what == SCREEN_MOUSE_CLICK)
		ui->message[0] = '\0';
	if (!ui->has_prompt && screen->ops->mouse != NULL && y > 0 && ui->rows >= UI_MIN_ROWS)
		screen->ops->mouse(ui, screen->state, what, y - 1, x);
}

/* The next time that the picture changes by itself: a countdown, else the clock. */
static void arm_clock(struct ui *ui)
{
	struct ui_screen *screen = ui_top(ui);
	unsigned soon = screen->ops->refresh_ms ? screen->ops->refresh_ms(ui, screen->state) : 0;
	uint64_t to_minute = MINUTE_MS - loop_wall_ms() % MINUTE_MS + 5;

	loop_timer_set_after(ui->clock, soon > 0 && soon < to_minute ? soon : to_minute);
}

static void draw_now(struct ui *ui)
{
	struct pollfd terminal = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (ui->is_leaving)
		return;
	/* a terminal that takes nothing (a frozen ssh) must not hold up the work: the picture can wait */
	if (poll(&terminal, 1, 0) <= 0) {
		loop_timer_set_after(ui->redraw, STALLED_MS);
		return;
	}
	ui_draw(ui);
	loop_timer_set_deadline(ui->redraw, UINT64_MAX);
	arm_clock(ui);
}

static void draw_soon(struct ui *ui)
{
	uint64_t now_ms = loop_now_ms();

	if (ui->is_dirty)
		return;		/* the timer runs */
	ui->is_dirty = true;
	loop_timer_set_deadline(ui->redraw, ui->drawn_ms + PICTURE_MS > now_ms ? ui->drawn_ms + PICTURE_MS : now_ms);
}

static void on_timer(void *user)
{
	draw_now(user);
}

static void leave_when_safe(struct ui *ui)
{
	if (!ui->must_leave || app_is_dangerous(ui->app))
		return;
	ui->is_leaving = true;
	loop_stop(ui->loop);
}

static void on_change(void *user)
{
	leave_when_safe(user);
	draw_soon(user);
}

/* Which of several devices was switched is not known here. */
static void follow_power(struct console_pane *pane, const struct snapshot *now)
{
	if (pane->power_ms == now->power_on_ms)
		return;
	pane->power_ms = now->power_on_ms;
	if (now->console_count == 1)
		terminal_times_power(terminal_view_times(pane->view), now->power_on_ms);
}

static void on_console_bytes(void *user, unsigned console_id, struct bytes in, uint64_t now_ms)
{
	struct ui *ui = user;
	struct console_pane *pane = ui_pane(ui, console_id);

	if (pane == NULL)
		return;
	follow_power(pane, ui_now(ui));
	terminal_view_input(pane->view, in, now_ms);
	pane->has_news = true;
	if (ui_appetite(ui) == APPETITE_ALL)	/* a screen of consoles */
		draw_soon(ui);
}

static void on_console_line(void *user, unsigned console_id, const struct diagnosis_line *line)
{
	struct console_pane *pane = ui_pane(user, console_id);

	if (pane != NULL)
		terminal_view_mark_line(pane->view, line);
}

static void on_input(void *user, int events)
{
	struct ui *ui = user;
	struct pollfd terminal = { .fd = STDIN_FILENO, .events = POLLIN };

	(void)events;
	if (ui_input_read(ui)) {
		if (!ui->is_pasting)
			draw_now(ui);
		return;
	}
	/* readable, but no key: an incomplete sequence, or the terminal is gone and would wake us for ever */
	if (poll(&terminal, 1, 0) > 0 && (terminal.revents & (POLLHUP | POLLERR | POLLNVAL))) {
		loop_watch_free(ui->input);
		ui->input = NULL;
		ui->must_leave = true;
		leave_when_safe(ui);
	}
}

static void on_resize(void *user, int signal_number)
{
	(void)signal_number;
	ui_terminal_measure(user);
	draw_now(user);
}

static void on_end_signal(void *user, int signal_number)
{
	struct ui *ui = user;

	(void)signal_number;
	ui->must_leave = true;
	leave_when_safe(ui);
	if (ui->is_leaving)
		return;
	ui_say(ui, true, "asked to end: unbrick ends by itself when this step is through. DO NOT UNPLUG");
	draw_now(ui);
}

static const int end_signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };

static enum status hook_up(struct ui *ui, struct error *reterr)
{
	ui->redraw = loop_timer_new(ui->loop, on_timer, ui);
	ui->clock = loop_timer_new(ui->loop, on_timer, ui);
	ui->input = loop_watch_new(ui->loop, STDIN_FILENO, on_input, ui);
	if (ui->redraw == NULL || ui->clock == NULL || ui->input == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the full-screen face");
	for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++)
		if (loop_on_signal(ui->loop, end_signals[i], on_end_signal, ui) != STATUS_OK)
			return error_set(reterr, STATUS_IO, "cannot watch for signal %d", end_signals[i]);
	/* stopped by the shell, a write into flash would stop with it */
	if (loop_on_signal(ui->loop, SIGTSTP, NULL, NULL) != STATUS_OK ||
	    loop_on_signal(ui->loop, SIGPIPE, NULL, NULL) != STATUS_OK ||
	    loop_on_signal(ui->loop, SIGWINCH, on_resize, ui) != STATUS_OK)
		return error_set(reterr, STATUS_IO, "cannot watch for the size of the window");
	return STATUS_OK;
}

static void unhook(struct ui *ui)
{
	app_observe(ui->app, &(struct app_observer){ 0 });
	for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++)
		loop_on_signal(ui->loop, end_signals[i], NULL, NULL);
	loop_on_signal(ui->loop, SIGWINCH, NULL, NULL);
	if (ui->input != NULL)
		loop_watch_free(ui->input);
	if (ui->redraw != NULL)
		loop_timer_free(ui->redraw);
	if (ui->clock != NULL)
		loop_timer_free(ui->clock);
	buffer_done(&ui->pasted);
	while (ui->depth > 1)
		ui_pop(ui);
	if (ui->depth == 1) {
		struct ui_screen *first = &ui->stack[0];

		if (first->ops->close != NULL)
			first->ops->close(ui, first->state);
		free(first->state);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ui->pane); i++)
		terminal_view_free(ui->pane[i].view);
}

static void show_first(struct ui *ui)
{
	struct error error;

	if (!ui->options->is_console_alone)
		ui_push(ui, &screen_home, &(struct screen_arg){ 0 });
	if (ui->depth == 0 && !ui->options->is_console_alone)
		return;
	if (ui->options->open_case != 0) {
		if (app_case_open(ui->app, ui->options->open_case, &error) != STATUS_OK)
			ui_say_error(ui, &error);
		else
			ui_push(ui, &screen_case, &(struct screen_arg){ .case_id = ui->options->open_case });
	}
	if (ui->options->open_console != NULL)
		ui_show_console(ui, ui->options->open_console);
}

enum status ui_run(struct loop *loop, struct app *app, const struct ui_options *options, struct error *reterr)
{
	static const struct ui_options usual = { 0 };
	struct ui ui = { .loop = loop, .app = app, .options = options ? options : &usual };
	struct app_observer observer = { .on_change = on_change, .on_console_bytes = on_console_bytes,
					 .on_console_line = on_console_line, .user = &ui };
	enum status status = ui_terminal_start(&ui, reterr);

	buffer_init(&ui.pasted, UI_PASTE_MAX);

	if (status != STATUS_OK)
		return status;
	status = hook_up(&ui, reterr);
	if (status == STATUS_OK) {
		app_observe(app, &observer);
		show_first(&ui);
		if (ui.depth == 0) {
			status = error_set(reterr, STATUS_NO_MEMORY, "no memory for the first screen");
		} else {
			draw_now(&ui);
			loop_run(loop);
		}
	}
	unhook(&ui);
	ui_terminal_stop(&ui);
	return status;
}
