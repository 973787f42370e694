/* The console of a device: its screen, what its lines mean beside them, and the keys that go to it. */
#include <string.h>

#include "src/base/text.h"
#include "ui/console_parts.h"

enum {
	CONSOLE_MARKS_COLS = 17,
	CONSOLE_DEVICE_COLS = 80,	/* what a device assumes, having no way to ask over a serial line */
	CONSOLE_BAD_TEXT = 40,
};

struct console_state {
	unsigned id;
	uint64_t scroll_back;
	uint64_t held_end;		/* while scrolled back: new output must not move what is read */
	bool is_prefixed;
	bool dtr_is_off, rts_is_off;	/* a port that was opened has both on */
	char search[64];
	uint64_t found_row;
	bool was_refused;
	char file[512];			/* that was sent last */
	struct console_macro asked;
};

static const struct key_binding keys[] = {
	{ UI_KEY_F1 + 9, COMMAND_BACK, "back", "back" },
	{ UI_KEY_AFTER_PREFIX + 'q', COMMAND_BACK, NULL, "back" },
	{ UI_KEY_AFTER_PREFIX + UI_KEY_ESC, COMMAND_BACK, NULL, NULL },
	{ UI_KEY_PAGE_UP, COMMAND_SCROLL_UP, NULL, "older lines" },
	{ UI_KEY_SHIFT_PAGE_UP, COMMAND_SCROLL_UP, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + 's', COMMAND_BAUD, "baud", "baud rate" },
	{ UI_KEY_AFTER_PREFIX + 'c', COMMAND_SETTINGS, "settings", "settings" },
	{ UI_KEY_AFTER_PREFIX + 'f', COMMAND_SEND_FILE, "send", "send a file" },
	{ UI_KEY_AFTER_PREFIX + 'v', COMMAND_RECEIVE_FILE, "receive", "receive a file" },
	{ UI_KEY_AFTER_PREFIX + '/', COMMAND_FIND, "find", "find" },
	{ UI_KEY_AFTER_PREFIX + 'n', COMMAND_FIND_NEXT, "next", "find the next older one" },
	{ UI_KEY_AFTER_PREFIX + 'b', COMMAND_BREAK, "break", "send a break" },
	{ UI_KEY_AFTER_PREFIX + 'd', COMMAND_DTR, "dtr", "DTR on or off" },
	{ UI_KEY_AFTER_PREFIX + 'r', COMMAND_RTS, "rts", "RTS on or off" },
	{ UI_KEY_AFTER_PREFIX + 'p', COMMAND_POWER, "power", "power off and on" },
	{ UI_KEY_AFTER_PREFIX + 'o', COMMAND_MACROS, "macros", "macros" },
	{ UI_KEY_AFTER_PREFIX + '1', COMMAND_MACRO_1, NULL, "to 9: send that macro" },
	{ UI_KEY_AFTER_PREFIX + '2', COMMAND_MACRO_1 + 1, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + '3', COMMAND_MACRO_1 + 2, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + '4', COMMAND_MACRO_1 + 3, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + '5', COMMAND_MACRO_1 + 4, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + '6', COMMAND_MACRO_1 + 5, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + '7', COMMAND_MACRO_1 + 6, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + '8', COMMAND_MACRO_1 + 7, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + '9', COMMAND_MACRO_1 + 8, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + UI_PREFIX, COMMAND_SEND_PREFIX, NULL, "send Ctrl-A to the device" },
	{ UI_KEY_AFTER_PREFIX + 'x', COMMAND_CLOSE, "close", "close the port" },
	{ UI_KEY_AFTER_PREFIX + '?', COMMAND_HELP, "help", "help" },
	{ UI_KEY_AFTER_PREFIX + ':', COMMAND_LINE, NULL, "command line" },
	{ UI_KEY_VERB_ONLY, COMMAND_STOP_SENDING, "stop", "stop what is being sent (Esc does)" },
	{ UI_KEY_VERB_ONLY, COMMAND_FRAME, "frame", "frame: 8N1, 7E1" },
	{ UI_KEY_VERB_ONLY, COMMAND_FLOW, "flow", "flow control: none, rtscts, xonxoff" },
	{ UI_KEY_VERB_ONLY, COMMAND_ENTER_SENDS, "enter", "Enter sends cr, lf, crlf" },
	{ UI_KEY_VERB_ONLY, COMMAND_BACKSPACE, "backspace", "Backspace sends del, bs" },
	{ UI_KEY_VERB_ONLY, COMMAND_ECHO, "echo", "local echo on, off" },
	{ UI_KEY_VERB_ONLY, COMMAND_LONE_LF, "lf", "a lone LF means down, newline" },
	{ UI_KEY_VERB_ONLY, COMMAND_LONE_CR, "cr", "a lone CR means left, newline" },
	{ UI_KEY_SHIFT_PAGE_DOWN, COMMAND_SCROLL_DOWN, NULL, NULL },
	{ UI_KEY_PAGE_DOWN, COMMAND_SCROLL_DOWN, NULL, "newer lines" },
	{ 0 },
};

static const struct console_view *console_of(struct ui *ui, const struct console_state *state)
{
	return ui_find_console(ui_now(ui), state->id, NULL);
}

static void open_console(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct console_state *state = user;

	(void)ui;
	state->id = arg->console_id;
	state->found_row = UINT64_MAX;
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	const struct console_view *console = console_of(ui, user);
	char summary[160];

	if (console == NULL) {
		text_copy(left, left_size, "console, closed");
		return;
	}
	ui_console_summary(console, summary, sizeof(summary));
	text_format(left, left_size, "%s  %u  %s", ui_short_path(console->port), console->baud, summary);
	if (console->starts > 0)
		text_append(left, left_size, "  start %u", console->starts);
	if (console->capture[0] != '\0') {
		const char *name = strrchr(console->capture, '/');

		text_format(right, right_size, "file %s", name ? name + 1 : console->capture);
	}
}

/* The device's own 80 columns come first; marks get a column of their own where the window is wider. */
static int mark_column(const struct canvas *to)
{
	if (to->cols < CONSOLE_DEVICE_COLS + CONSOLE_MARKS_COLS)
		return to->cols;
	return to->cols - CONSOLE_MARKS_COLS + 1;
}

static void hold_position(struct console_state *state, const struct terminal_view *view)
{
	uint64_t end = terminal_view_end_row(view);

	if (state->scroll_back > 0 && end > state->held_end)
		state->scroll_back += end - state->held_end;
	state->held_end = end;
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct console_state *state = user;
	struct terminal_view *view = ui_terminal(ui, state->id);
	int marks = mark_column(to);

	if (view == NULL) {
		canvas_put(to, 1, 1, to->cols - 2, ROLE_NORMAL,
			   "No memory for the picture of this console; what the device says is kept all the same.");
		return;
	}
	terminal_view_resize(view, to->rows, marks < to->cols ? marks - 1 : to->cols);
	hold_position(state, view);
	for (int y = 0; y < to->rows && marks < to->cols; y++)
		canvas_fill(to, y, marks - 1, 1, ROLE_DIM, theme_glyph(to->theme, GLYPH_SIDE));
	terminal_view_draw(view, to, state->scroll_back, marks, state->found_row);
}

static void hint(struct ui *ui, void *user, char *to, size_t size)
{
	const struct console_state *state = user;
	const struct console_view *console = console_of(ui, state);

	if (console == NULL)
		text_copy(to, size, "this console is closed: F10 goes back");
	else if (state->is_prefixed)
		text_copy(
			to, size,
			"Ctrl-A: q back, f send, v receive, o macros, c settings, s baud, / find, n next, b break, d DTR, r RTS, p power, x close, : command, ? help");
	else if (console->sending.what != SENDING_NOTHING && console_sending_text(&console->sending, to, size))
		;
	else if (!console->is_open)
		text_format(to, size, "the port is lost: %s. Plug it in again; it goes on by itself", console->state);
	else if (console->capture_problem[0] != '\0')
		text_format(to, size, "not kept: %s", console->capture_problem);
	else if (state->was_refused && console->is_driven)
		text_copy(to, size, "a step is typing on this line; your keys wait until it is through");
	else if (console->text_score >= 0 && console->text_score < CONSOLE_BAD_TEXT && console->likely_baud > 0)
		text_format(to, size, "this looks like a wrong baud rate; Ctrl-A s tries %u", console->likely_baud);
	else if (console->text_score >= 0 && console->text_score < CONSOLE_BAD_TEXT)
		text_copy(to, size,
			  "this looks like a wrong baud rate, or TX and GND are loose; Ctrl-A s tries another rate");
	else if (state->scroll_back > 0)
		text_format(to, size, "%llu rows back; PgDn or any key returns",
			    (unsigned long long)state->scroll_back);
}

static void scroll_view(struct ui *ui, struct console_state *state, bool is_up)
{
	struct terminal_view *view = ui_terminal(ui, state->id);
	uint64_t most, page = 15;

	if (view == NULL)
		return;
	most = terminal_view_scroll_for(view, terminal_view_first_row(view));
	if (is_up)
		state->scroll_back = state->scroll_back + page < most ? state->scroll_back + page : most;
	else
		state->scroll_back = state->scroll_back > page ? state->scroll_back - page : 0;
	state->held_end = terminal_view_end_row(view);
}

static void find(struct ui *ui, struct console_state *state, uint64_t before_row)
{
	struct terminal_view *view = ui_terminal(ui, state->id);
	uint64_t row;

	if (view == NULL || state->search[0] == '\0')
		return;
	if (!terminal_view_find(view, state->search, before_row, &row)) {
		ui_say(ui, true, "'%s' is not found further up", state->search);
		return;
	}
	state->found_row = row;
	state->scroll_back = terminal_view_scroll_for(view, row);
	state->held_end = terminal_view_end_row(view);
}

static void search_typed(struct ui *ui, void *user, const char *text)
{
	struct console_state *state = user;

	text_copy(state->search, sizeof(state->search), text);
	find(ui, state, UINT64_MAX);
}

static void baud_typed(struct ui *ui, void *user, const char *text)
{
	struct console_state *state = user;

	console_set_baud_text(ui, state->id, text);
}

static unsigned proposed_baud(const struct console_view *console)
{
	static const unsigned usual[] = { 115200, 57600, 38400, 9600, 19200, 230400, 460800, 921600, 1500000 };

	if (console == NULL || console->likely_baud > 0)
		return console ? console->likely_baud : usual[0];
	for (size_t i = 0; i + 1 < sizeof(usual) / sizeof(usual[0]); i++)
		if (usual[i] == console->baud)
			return usual[i + 1];
	return usual[0];
}

static void ask_baud(struct ui *ui, struct console_state *state)
{
	static const struct ui_prompt_ops ops = { .accept = baud_typed };
	char baud[16];

	ui_prompt(ui, "baud rate:", text_format(baud, sizeof(baud), "%u", proposed_baud(console_of(ui, state))), &ops,
		  state);
}

static void type(struct ui *ui, struct console_state *state, struct bytes out)
{
	struct error error;
	enum status status = app_console_type(ui_app(ui), state->id, out, &error);

	state->was_refused = status == STATUS_BUSY;
	if (status != STATUS_OK && status != STATUS_BUSY)
		ui_say_error(ui, &error);
}

static void switch_line(struct ui *ui, struct console_state *state, enum ui_command what)
{
	bool *is_off = what == COMMAND_DTR ? &state->dtr_is_off : &state->rts_is_off;
	struct error error;
	enum status status = what == COMMAND_DTR ? app_console_set_dtr(ui_app(ui), state->id, *is_off, &error)
						 : app_console_set_rts(ui_app(ui), state->id, *is_off, &error);

	if (status != STATUS_OK) {
		ui_say_error(ui, &error);
		return;
	}
	*is_off = !*is_off;
	ui_say(ui, false, "%s is %s now", what == COMMAND_DTR ? "DTR" : "RTS", *is_off ? "off" : "on");
}

static void report(struct ui *ui, enum status status, const struct error *error, const char *done)
{
	if (status != STATUS_OK)
		ui_say_error(ui, error);
	else
		ui_say(ui, false, "%s", done);
}

static void file_typed(struct ui *ui, void *user, const char *text)
{
	struct console_state *state = user;

	text_copy(state->file, sizeof(state->file), text);
	if (text[0] != '\0')
		ui_push(ui, &screen_send, &(struct screen_arg){ .console_id = state->id, .path = text });
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	static const struct ui_prompt_ops search = { .accept = search_typed }, file = { .accept = file_typed };
	struct console_state *state = user;
	struct error error;

	switch (what) {
	case COMMAND_BACK: ui_pop(ui); break;
	case COMMAND_SCROLL_UP: scroll_view(ui, state, true); break;
	case COMMAND_SCROLL_DOWN: scroll_view(ui, state, false); break;
	case COMMAND_BAUD:
		if (argument != NULL)
			console_set_baud_text(ui, state->id, argument);
		else
			ask_baud(ui, state);
		break;
	case COMMAND_FIND:
		if (argument != NULL)
			search_typed(ui, state, argument);
		else
			ui_prompt(ui, "/", state->search, &search, state);
		break;
	case COMMAND_FIND_NEXT: find(ui, state, state->found_row); break;
	case COMMAND_BREAK: report(ui, app_console_break(ui_app(ui), state->id, &error), &error, "break sent"); break;
	case COMMAND_DTR: case COMMAND_RTS: switch_line(ui, state, what); break;
	case COMMAND_POWER: ui_power(ui, argument); break;
	case COMMAND_SEND_PREFIX: type(ui, state, BYTES("\001")); break;
	case COMMAND_CLOSE:
		app_console_close(ui_app(ui), state->id);
		ui_pop(ui);
		break;
	case COMMAND_HELP: ui_push(ui, &screen_help, &(struct screen_arg){ .about = &screen_console }); break;
	case COMMAND_SEND_FILE:
		if (argument != NULL)
			console_file_command(ui, state->id, true, argument);
		else
			ui_prompt_path(ui, "send the file:", state->file, &file, state);
		break;
	case COMMAND_RECEIVE_FILE:
		if (argument != NULL)
			console_file_command(ui, state->id, false, argument);
		else
			ui_push(ui, &screen_send, &(struct screen_arg){ .console_id = state->id });
		break;
	case COMMAND_STOP_SENDING: app_console_stop(ui_app(ui), state->id); break;
	case COMMAND_SETTINGS: ui_push(ui, &screen_settings, &(struct screen_arg){ .console_id = state->id }); break;
	case COMMAND_MACROS: ui_push(ui, &screen_macros, &(struct screen_arg){ .console_id = state->id }); break;
	default:
		if (what >= COMMAND_MACRO_1 && what <= COMMAND_MACRO_9)
			console_macro_key(ui, state->id, (unsigned)(what - COMMAND_MACRO_1) + 1, &state->asked);
		else
			console_settings_command(ui, state->id, what, argument);
		break;
	}
}

static bool allows(struct ui *ui, void *user, enum ui_command what)
{
	struct console_state *state = user;
	const struct console_view *console = console_of(ui, user);

	if (what == COMMAND_BACK || what == COMMAND_HELP || what == COMMAND_LINE)
		return true;
	if (console == NULL)
		return false;
	if (what == COMMAND_CLOSE || what == COMMAND_BAUD || what == COMMAND_BREAK || what == COMMAND_DTR ||
	    what == COMMAND_RTS || what == COMMAND_FRAME || what == COMMAND_FLOW ||
	    what == COMMAND_SEND_FILE || what == COMMAND_RECEIVE_FILE ||
	    (what >= COMMAND_MACRO_1 && what <= COMMAND_MACRO_9))
		return !console->is_driven;
	return what != COMMAND_SCROLL_DOWN || state->scroll_back > 0;
}

static bool prefixed_key(struct ui *ui, struct console_state *state, int pressed)
{
	const struct key_binding *binding = keys_find(keys, UI_KEY_AFTER_PREFIX + pressed);

	state->is_prefixed = false;
	if (binding == NULL)
		ui_say(ui, true, "Ctrl-A and this key means nothing: Ctrl-A ? lists them");
	else if (!allows(ui, state, binding->command))
		ui_say(ui, true, "not now: a step works on this line");
	else if (binding->command == COMMAND_LINE)
		ui_command_line(ui);
	else
		command(ui, state, binding->command, NULL);
	return true;
}

static void type_key(struct ui *ui, struct console_state *state, struct terminal_view *view, int pressed)
{
	const struct console_manner manner = console_of(ui, state)->manner;
	char out[32];
	struct bytes typed;

	if (pressed == UI_KEY_ENTER)
		typed = console_enter_bytes(&manner);
	else if (pressed == UI_KEY_BACKSPACE)
		typed = manner.backspace_is_bs ? BYTES("\b") : BYTES("\177");
	else
		typed = bytes_of(out, terminal_view_encode_key(view, pressed, out, sizeof(out)));
	if (typed.size == 0)
		return;
	type(ui, state, typed);
	if (manner.has_local_echo && !state->was_refused)
		terminal_view_echo(view, typed);
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct console_state *state = user;
	struct terminal_view *view = ui_terminal(ui, state->id);

	if (state->is_prefixed)
		return prefixed_key(ui, state, pressed);
	if (pressed == UI_PREFIX) {
		state->is_prefixed = true;
		return true;
	}
	if (keys_find(keys, pressed) != NULL || view == NULL || console_of(ui, state) == NULL)
		return false;
	state->scroll_back = 0;
	state->found_row = UINT64_MAX;
	if (pressed == UI_KEY_ESC && console_of(ui, state)->sending.what != SENDING_NOTHING) {
		app_console_stop(ui_app(ui), state->id);
		return true;
	}
	type_key(ui, state, view, pressed);
	return true;
}

static void paste(struct ui *ui, void *user, struct bytes text)
{
	struct console_state *state = user;
	const struct console_view *console = console_of(ui, state);
	struct terminal_view *view = ui_terminal(ui, state->id);
	bool has_echo = console != NULL && console->manner.has_local_echo;
	struct error error;

	state->scroll_back = 0;
	if (app_console_paste(ui_app(ui), state->id, text, &error) != STATUS_OK)
		ui_say_error(ui, &error);
	else if (has_echo && view != NULL)
		terminal_view_echo(view, text);
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	(void)y;
	(void)x;
	if (what == SCREEN_MOUSE_WHEEL_UP || what == SCREEN_MOUSE_WHEEL_DOWN)
		scroll_view(ui, user, what == SCREEN_MOUSE_WHEEL_UP);
}

static enum screen_appetite appetite(struct ui *ui, void *user)
{
	(void)ui;
	(void)user;
	return APPETITE_ALL;
}

const struct screen_ops screen_console = {
	.name = "console",
	.keys = keys,
	.state_size = sizeof(struct console_state),
	.open = open_console,
	.title = title,
	.draw = draw,
	.key = key,
	.allows = allows,
	.command = command,
	.mouse = mouse,
	.paste = paste,
	.appetite = appetite,
	.hint = hint,
	.help = "The device's own console. What you type goes to the device, also Esc and Ctrl-C; F10, or Ctrl-A and then q, goes "
		"back. The commands of this screen come after Ctrl-A, as in picocom.\n"
		"Words at the right say what a line means: a cause it speaks for, or how far the start has come. All bytes are kept "
		"in a file as they came.\n"
		"What is pasted goes at the pace of the device, and so does a text file; the message row tells how far it is, and Esc stops it.\n"
		"While a step of a procedure types on the line, your keys are not sent.\n",
};
