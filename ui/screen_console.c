/* The console of a device: its screen, what its lines mean beside them, and the keys that go to it. */
#include <string.h>

#include "src/base/text.h"
#include "ui/console_halves.h"
#include "ui/console_hunt.h"
#include "ui/console_marks.h"
#include "ui/console_parts.h"

enum {
	CONSOLE_PAGE_ROWS = 15,
	CONSOLE_WHEEL_ROWS = 5,
	CONSOLE_BAD_TEXT = 40,
};

struct console_state {
	unsigned id;			/* the console that the keys go to */
	bool is_prefixed;
	bool was_refused;
	char search[CONSOLE_SEARCH_TEXT_MAX];
	uint64_t marked_row;		/* while the text of a bookmark is asked for */
	struct console_halves halves;
	char file[512];			/* that was sent last */
	struct console_macro asked;
};

static const struct key_binding keys[] = {
	{ UI_KEY_F1 + 9, COMMAND_BACK, "back", "back" },
	{ UI_KEY_AFTER_PREFIX + 'q', COMMAND_BACK, NULL, "back" },
	{ UI_KEY_AFTER_PREFIX + ('X' & 0x1f), COMMAND_BACK, NULL, NULL },	/* how picocom is left */
	{ UI_KEY_AFTER_PREFIX + ('Q' & 0x1f), COMMAND_BACK, NULL, NULL },
	{ UI_KEY_PAGE_UP, COMMAND_SCROLL_UP, NULL, "older lines" },
	{ UI_KEY_SHIFT_PAGE_UP, COMMAND_SCROLL_UP, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + 's', COMMAND_BAUD, "baud", "baud rate" },
	{ UI_KEY_AFTER_PREFIX + 'l', COMMAND_LINE_CHECK, "line", "line check: nothing appears" },
	{ UI_KEY_AFTER_PREFIX + 'c', COMMAND_SETTINGS, "settings", "settings" },
	{ UI_KEY_AFTER_PREFIX + 'f', COMMAND_SEND_FILE, "send", "send a file" },
	{ UI_KEY_AFTER_PREFIX + 'v', COMMAND_RECEIVE_FILE, "receive", "receive a file" },
	{ UI_KEY_AFTER_PREFIX + '/', COMMAND_FIND, "find", "find" },
	{ UI_KEY_AFTER_PREFIX + 'n', COMMAND_FIND_NEXT, "next", "find the next older one" },
	{ UI_KEY_AFTER_PREFIX + 'N', COMMAND_FIND_NEWER, "newer", "find the next newer one" },
	{ UI_KEY_AFTER_PREFIX + 't', COMMAND_TIMES, "times", "times: off, clock, since start, delta" },
	{ UI_KEY_AFTER_PREFIX + 'h', COMMAND_HEX, "hex", "the bytes as they came" },
	{ UI_KEY_AFTER_PREFIX + 'm', COMMAND_BOOKMARK, "mark", "set a bookmark" },
	{ UI_KEY_AFTER_PREFIX + 'g', COMMAND_MARKS, "marks", "bookmarks and marks, to jump to" },
	{ UI_KEY_AFTER_PREFIX + '\t', COMMAND_NEXT_CONSOLE, "other", "next console, or other half" },
	{ UI_KEY_AFTER_PREFIX + 'w', COMMAND_OTHER_SIDE, "switch", "next console, in this half" },
	{ UI_KEY_AFTER_PREFIX + '|', COMMAND_SPLIT, "split", "two consoles beside each other" },
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

static bool allows(struct ui *ui, void *user, enum ui_command what);

static const struct console_view *console_of(struct ui *ui, const struct console_state *state)
{
	return ui_find_console(ui_now(ui), state->id, NULL);
}

static struct console_pane *pane_of(struct ui *ui, const struct console_state *state)
{
	return ui_pane(ui, state->id);
}

static void open_console(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct console_state *state = user;

	(void)ui;
	state->id = arg->console_id;
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
	if (console->capture[0] != '\0')
		text_format(right, right_size, "file %s", text_file_name(console->capture));
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct console_state *state = user;

	console_halves_draw(&state->halves, ui, state->id, to);
}

/* What can follow Ctrl-A now, by the short names of the commands. */
static void prefix_hint(struct ui *ui, struct console_state *state, char *to, size_t size)
{
	char name[24];

	text_copy(to, size, "Ctrl-A: ");
	for (const struct key_binding *row = keys; row->key != 0; row++)
		if (row->key > UI_KEY_AFTER_PREFIX && row->text != NULL && allows(ui, state, row->command))
			text_append(to, size, "%s%s %s", row == keys || to[strlen(to) - 1] == ' ' ? "" : ", ",
				    keys_name(row->key - UI_KEY_AFTER_PREFIX, name, sizeof(name)), row->verb ? row->verb : row->text);
}

/* What hinders the console's work, the worst first; empty: nothing does. */
static void trouble(struct ui *ui, const struct console_state *state, const struct console_view *console, char *to, size_t size)
{
	char left[32];

	if (!console->is_open)
		text_format(to, size, "the port is lost: %s. Plug it in again; it goes on by itself", console->state);
	else if (console->capture_problem[0] != '\0')
		text_format(to, size, "not kept: %s", console->capture_problem);
	else if (console->hunt.is_hunting)
		console_hunt_hint(console, to, size);
	else if (state->was_refused && console->is_driven)
		text_copy(to, size, "a step is typing on this line; your keys wait until it is through");
	else if (console->text_score >= 0 && console->text_score < CONSOLE_BAD_TEXT && console->likely_baud > 0)
		text_copy(to, size, "this looks like a wrong baud rate; Ctrl-A s and Enter finds the right one");
	else if (console->text_score >= 0 && console->text_score < CONSOLE_BAD_TEXT)
		text_copy(to, size, "a wrong baud rate, or TX and GND are loose; Ctrl-A s finds the rate, Ctrl-A l checks the line");
	else if (console->bytes == 0 && console->case_id == 0 && !console->is_replay && !ui_has_notice(ui))
		text_copy(to, size, "nothing came so far; when it is switched on and stays silent: Ctrl-A l");
	else if (console->capture_room < SNAPSHOT_LITTLE_ROOM)
		text_format(to, size, "only %s are left on the disk of the captures: make room",
			    text_size(left, sizeof(left), console->capture_room));
}

static void hint(struct ui *ui, void *user, char *to, size_t size)
{
	struct console_state *state = user;
	const struct console_view *console = console_of(ui, state);
	const struct console_pane *pane = pane_of(ui, state);

	if (console == NULL) {
		text_copy(to, size, "this console is closed: F10 goes back");
		return;
	}
	if (state->is_prefixed)
		prefix_hint(ui, state, to, size);
	else if (!console_sending_text(&console->sending, to, size))
		trouble(ui, state, console, to, size);
	if (to[0] == '\0' && pane != NULL && pane->scroll_back > 0)
		text_format(to, size, "%llu rows back; PgDn or any key returns", (unsigned long long)pane->scroll_back);
}

static void search_typed(struct ui *ui, void *user, const char *text)
{
	struct console_state *state = user;
	struct console_pane *pane = pane_of(ui, state);

	text_copy(state->search, sizeof(state->search), text);
	if (pane != NULL && text[0] != '\0')
		console_marks_find(ui, pane, text, true, true);
}

static void bookmark_typed(struct ui *ui, void *user, const char *text)
{
	struct console_state *state = user;
	struct console_pane *pane = pane_of(ui, state);

	if (pane != NULL)
		console_marks_set(ui, pane, state->marked_row, text);
}

static void ask_bookmark(struct ui *ui, struct console_state *state, struct console_pane *pane)
{
	static const struct ui_prompt_ops ops = { .accept = bookmark_typed };
	const struct terminal_mark *there;
	char label[80];

	state->marked_row = console_pane_row(pane);
	there = terminal_marks_bookmark_of(terminal_view_marks(pane->view), state->marked_row);
	console_marks_label(pane, state->marked_row, label, sizeof(label));
	ui_prompt(ui, label, there ? there->text : "", &ops, state);
}

static void baud_typed(struct ui *ui, void *user, const char *text)
{
	struct console_state *state = user;

	if (!console_hunt_command(ui, state->id, text))
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

	ui_prompt(ui, "baud rate, or find:", console_hunt_is_likely(console_of(ui, state)) ? CONSOLE_HUNT_WORD :
		  text_format(baud, sizeof(baud), "%u", proposed_baud(console_of(ui, state))), &ops, state);
}

static void switch_line(struct ui *ui, struct console_pane *pane, enum ui_command what)
{
	bool *is_off = what == COMMAND_DTR ? &pane->dtr_is_off : &pane->rts_is_off;
	struct error error;
	enum status status = what == COMMAND_DTR ? app_console_set_dtr(ui_app(ui), pane->id, *is_off, &error)
						 : app_console_set_rts(ui_app(ui), pane->id, *is_off, &error);

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

/* The next console takes the place of the one that is closed; without one, it goes back. */
static void close_port(struct ui *ui, struct console_state *state)
{
	unsigned closed = state->id, next = console_tabs_next(ui_now(ui), closed, closed);

	app_console_close(ui_app(ui), closed);
	state->halves.beside_id = 0;
	if (next == closed)
		ui_pop(ui);
	else
		state->id = next;
}

/* The commands that need no more than the picture. False: it is none of them. */
static bool picture_command(struct ui *ui, struct console_state *state, struct console_pane *pane, enum ui_command what, const char *argument)
{
	static const struct ui_prompt_ops search = { .accept = search_typed };

	switch (what) {
	case COMMAND_SCROLL_UP: console_pane_scroll(pane, CONSOLE_PAGE_ROWS); break;
	case COMMAND_SCROLL_DOWN: console_pane_scroll(pane, -CONSOLE_PAGE_ROWS); break;
	case COMMAND_FIND:
		ui_accept_or_prompt(ui, argument, "/", state->search, &search, state);
		break;
	case COMMAND_FIND_NEXT: console_marks_find(ui, pane, state->search, true, false); break;
	case COMMAND_FIND_NEWER: console_marks_find(ui, pane, state->search, false, false); break;
	case COMMAND_TIMES: console_pane_change_times(ui, pane, argument); break;
	case COMMAND_BOOKMARK:
		if (argument != NULL)
			console_marks_set(ui, pane, console_pane_row(pane), argument);
		else
			ask_bookmark(ui, state, pane);
		break;
	case COMMAND_DTR: case COMMAND_RTS: switch_line(ui, pane, what); break;
	default: return false;
	}
	return true;
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	struct console_state *state = user;
	static const struct ui_prompt_ops file = { .accept = file_typed };
	struct console_pane *pane = pane_of(ui, state);
	struct error error;

	if (pane != NULL && picture_command(ui, state, pane, what, argument))
		return;
	switch (what) {
	case COMMAND_BACK: ui_pop(ui); break;
	case COMMAND_BAUD:
		if (argument != NULL)
			baud_typed(ui, state, argument);
		else if (!console_hunt_stop(ui, console_of(ui, state)))
			ask_baud(ui, state);
		break;
	case COMMAND_LINE_CHECK: ui_push(ui, &screen_line_check, &(struct screen_arg){ .console_id = state->id }); break;
	case COMMAND_BREAK: report(ui, app_console_break(ui_app(ui), state->id, &error), &error, "break sent"); break;
	case COMMAND_POWER: ui_power(ui, argument); break;
	case COMMAND_SEND_PREFIX: state->was_refused = !console_type(ui, state->id, BYTES("\001")); break;
	case COMMAND_CLOSE: close_port(ui, state); break;
	case COMMAND_HEX: ui_push(ui, &screen_hex, &(struct screen_arg){ .console_id = state->id }); break;
	case COMMAND_MARKS: ui_push(ui, &screen_marks, &(struct screen_arg){ .console_id = state->id }); break;
	case COMMAND_NEXT_CONSOLE: case COMMAND_OTHER_SIDE:
		state->id = console_halves_next(&state->halves, ui, state->id, what == COMMAND_OTHER_SIDE);
		state->was_refused = false;
		break;
	case COMMAND_SPLIT: console_halves_split(&state->halves, ui, state->id); break;
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
	const struct console_pane *pane = pane_of(ui, state);

	if (what == COMMAND_BACK || what == COMMAND_HELP || what == COMMAND_LINE)
		return true;
	if (console == NULL)
		return false;
	if (what == COMMAND_CLOSE || what == COMMAND_BAUD || what == COMMAND_LINE_CHECK || what == COMMAND_BREAK || what == COMMAND_DTR ||
	    what == COMMAND_RTS || what == COMMAND_FRAME || what == COMMAND_FLOW ||
	    what == COMMAND_SEND_FILE || what == COMMAND_RECEIVE_FILE ||
	    (what >= COMMAND_MACRO_1 && what <= COMMAND_MACRO_9))
		return !console->is_driven;
	if (what == COMMAND_NEXT_CONSOLE || what == COMMAND_SPLIT)
		return ui_now(ui)->console_count > 1;
	if (what == COMMAND_OTHER_SIDE)
		return ui_now(ui)->console_count > (state->halves.beside_id != 0 ? 2 : 1);
	return what != COMMAND_SCROLL_DOWN || (pane != NULL && pane->scroll_back > 0);
}

static const char *why_not(enum ui_command command)
{
	if (command == COMMAND_NEXT_CONSOLE || command == COMMAND_OTHER_SIDE || command == COMMAND_SPLIT)
		return "no other console is open: c on the first page opens one";
	return "not now: a step works on this line";
}

static bool prefixed_key(struct ui *ui, struct console_state *state, int pressed)
{
	const struct key_binding *binding = keys_find(keys, UI_KEY_AFTER_PREFIX + pressed);

	state->is_prefixed = false;
	if (pressed == UI_KEY_ESC)
		return true;	/* the commands are put away again, and that is all */
	if (binding == NULL)
		ui_say(ui, true, "Ctrl-A and this key means nothing: Ctrl-A ? lists them");
	else if (!allows(ui, state, binding->command))
		ui_say(ui, true, "%s", why_not(binding->command));
	else if (binding->command == COMMAND_LINE)
		ui_command_line(ui);
	else
		command(ui, state, binding->command, NULL);
	return true;
}

/* At older lines, or at something that was found: not at what the device does now. */
static bool is_looking(const struct console_pane *pane)
{
	return pane->scroll_back > 0 || pane->found.row != UINT64_MAX;
}

static bool owns_escape(struct ui *ui, void *user)
{
	struct console_state *state = user;
	const struct console_pane *pane = pane_of(ui, state);

	return state->is_prefixed || (pane != NULL && is_looking(pane));
}

static bool awaits_command(struct ui *ui, void *user)
{
	const struct console_state *state = user;

	(void)ui;
	return state->is_prefixed;
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct console_state *state = user;
	struct console_pane *pane = pane_of(ui, state);

	if (state->is_prefixed)
		return prefixed_key(ui, state, pressed);
	if (pressed == UI_PREFIX) {
		state->is_prefixed = true;
		return true;
	}
	if (keys_find(keys, pressed) != NULL || pane == NULL || console_of(ui, state) == NULL)
		return false;
	if (pressed == UI_KEY_ENTER)
		ui_dismiss_notice(ui);	/* Esc, which does it elsewhere, is the device's here */
	if (pressed == UI_KEY_ESC && is_looking(pane) && console_of(ui, state)->sending.what == SENDING_NOTHING) {
		console_pane_go_live(pane);
		ui_say(ui, false, "at the newest line again; nothing was sent, the next Esc goes to the device");
		return true;
	}
	console_pane_go_live(pane);
	state->was_refused = !console_type_key(ui, state->id, pressed);
	return true;
}

static void paste(struct ui *ui, void *user, struct bytes text)
{
	struct console_state *state = user;
	struct console_pane *pane = pane_of(ui, state);

	if (pane != NULL)
		console_pane_go_live(pane);
	state->was_refused = !console_type_pasted(ui, state->id, text);
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	struct console_state *state = user;
	struct console_pane *pane = pane_of(ui, state);

	if (what == SCREEN_MOUSE_CLICK)
		state->id = console_halves_click(&state->halves, ui, state->id, y, x);
	else if (pane != NULL && (what == SCREEN_MOUSE_WHEEL_UP || what == SCREEN_MOUSE_WHEEL_DOWN))
		console_pane_scroll(pane, what == SCREEN_MOUSE_WHEEL_UP ? CONSOLE_WHEEL_ROWS : -CONSOLE_WHEEL_ROWS);
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
	.owns_escape = owns_escape,
	.awaits_command = awaits_command,
	.hint = hint,
	.help = "The device's own console. What you type goes to the device, also Esc and Ctrl-C; F10, or Ctrl-A and then q, goes "
		"back. The commands of this screen come after Ctrl-A, as in picocom.\n"
		"While you look at older lines, at something found, or at the commands behind Ctrl-A, Esc only leaves that: the device gets nothing.\n"
		"Words at the right say what a line means: a cause it speaks for, or how far the start has come. All bytes are kept "
		"in a file as they came.\n"
		"What is pasted goes at the pace of the device, and so does a text file; the message row tells how far it is, and Esc stops it.\n"
		"While a step of a procedure types on the line, your keys are not sent.\n"
		"Ctrl-A t shows when each line began; what has no room beside the times ends in a cut mark, and is not lost. Behind Ctrl-A / a "
		"slash begins a regular expression. Ctrl-A m marks the line that was found or clicked, else the newest.\n"
		"Several consoles stand in a row at the top. Ctrl-A | puts two beside each other in a window of 132 columns.\n",
};
