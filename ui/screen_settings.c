/* The settings of a console: each with its value and one key that changes it. The console's `:` line knows them by the
 * same names. */
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "ui/console_parts.h"

enum { VALUE_X = 23, ABOUT_X = 37, BAUD_MIN = 50, BAUD_MAX = 12000000 };

struct settings_state {
	unsigned id;
};

static const struct key_binding keys[] = {
	{ UI_KEY_ESC, COMMAND_BACK, "back", "back" },
	{ 's', COMMAND_BAUD, "baud", "baud rate" },
	{ 'f', COMMAND_FRAME, "frame", "frame" },
	{ 'w', COMMAND_FLOW, "flow", "flow control" },
	{ 'e', COMMAND_ENTER_SENDS, "enter", "Enter sends" },
	{ 'b', COMMAND_BACKSPACE, "backspace", "Backspace sends" },
	{ 'o', COMMAND_ECHO, "echo", "local echo" },
	{ 'l', COMMAND_LONE_LF, "lf", "a lone LF" },
	{ 'r', COMMAND_LONE_CR, "cr", "a lone CR" },
	{ 'q', COMMAND_BACK, NULL, NULL },
	{ UI_KEY_F1 + 9, COMMAND_BACK, NULL, NULL },
	{ 0 },
};

/* ---- what there is ---- */

static const char *value_of(const struct console_view *console, enum ui_command what, char *to, size_t size)
{
	const struct console_manner *manner = &console->manner;

	switch (what) {
	case COMMAND_BAUD: return text_format(to, size, "%u", console->baud);
	case COMMAND_FRAME: return line_frame_text(&console->line, to, size);
	case COMMAND_FLOW: return line_flow_name(console->line.flow);
	case COMMAND_ENTER_SENDS: return console_enter_name(manner->enter);
	case COMMAND_BACKSPACE: return manner->backspace_is_bs ? "BS" : "DEL";
	case COMMAND_ECHO: return manner->has_local_echo ? "on" : "off";
	case COMMAND_LONE_LF: return manner->lf_is_newline ? "new line" : "down";
	case COMMAND_LONE_CR: return manner->cr_is_newline ? "new line" : "to the left";
	default: return "";
	}
}

static const char *about(enum ui_command what)
{
	switch (what) {
	case COMMAND_BAUD: return "115200 is the usual one";
	case COMMAND_FRAME: return "data, parity, stop bits; 8N1 is usual";
	case COMMAND_FLOW: return "none unless the cable has RTS and CTS";
	case COMMAND_ENTER_SENDS: return "CR nearly always; LF for some boot ROMs";
	case COMMAND_BACKSPACE: return "BS where DEL prints rubbish";
	case COMMAND_ECHO: return "on where what you type does not show";
	case COMMAND_LONE_LF: return "new line where text runs down in steps";
	case COMMAND_LONE_CR: return "new line where lines overwrite each other";
	default: return "";
	}
}

/* ---- changes: a value by its name, or the next one ---- */

static const char *const frames[] = { "8N1", "7E1", "8E1", "8O1", "7O1", "8N2" };

static bool change_frame(const struct console_view *console, const char *to, struct line_settings *line)
{
	char is[8];
	size_t next = 0;

	if (to != NULL)
		return line_parse_frame(to, line);
	line_frame_text(&console->line, is, sizeof(is));
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
		if (strcmp(frames[i], is) == 0)
			next = (i + 1) % ARRAY_SIZE(frames);
	return line_parse_frame(frames[next], line);
}

static bool change_flow(const char *to, struct line_settings *line)
{
	if (to != NULL)
		return line_parse_flow(to, &line->flow);
	line->flow = line->flow == LINE_FLOW_XONXOFF ? LINE_FLOW_NONE : (enum line_flow)(line->flow + 1);
	return true;
}

static bool change_enter(const char *to, struct console_manner *manner)
{
	if (to == NULL) {
		manner->enter = (enum console_enter)((manner->enter + 1) % CONSOLE_ENTER_COUNT);
		return true;
	}
	for (unsigned i = 0; i < CONSOLE_ENTER_COUNT; i++)
		if (text_contains(to, console_enter_name((enum console_enter)i)) &&
		    strlen(to) == strlen(console_enter_name((enum console_enter)i))) {
			manner->enter = (enum console_enter)i;
			return true;
		}
	return false;
}

static bool change_switch(const char *to, const char *off, const char *on, bool *is_on)
{
	if (to == NULL)
		*is_on = !*is_on;
	else if (strcmp(to, on) == 0 || strcmp(to, off) == 0)
		*is_on = strcmp(to, on) == 0;
	else
		return false;
	return true;
}

static bool change_manner(enum ui_command what, const char *to, struct console_manner *manner)
{
	switch (what) {
	case COMMAND_ENTER_SENDS: return change_enter(to, manner);
	case COMMAND_BACKSPACE: return change_switch(to, "del", "bs", &manner->backspace_is_bs);
	case COMMAND_ECHO: return change_switch(to, "off", "on", &manner->has_local_echo);
	case COMMAND_LONE_LF: return change_switch(to, "down", "newline", &manner->lf_is_newline);
	default: return change_switch(to, "left", "newline", &manner->cr_is_newline);
	}
}

static const char *allowed_words(enum ui_command what)
{
	switch (what) {
	case COMMAND_FRAME: return "8N1, 7E1, 8O2 and the like";
	case COMMAND_FLOW: return "none, rtscts, xonxoff";
	case COMMAND_ENTER_SENDS: return "cr, lf, crlf";
	case COMMAND_BACKSPACE: return "del, bs";
	case COMMAND_ECHO: return "on, off";
	case COMMAND_LONE_LF: return "down, newline";
	default: return "left, newline";
	}
}

static void say_change(struct ui *ui, unsigned id, enum ui_command what)
{
	const struct console_view *console = ui_find_console(ui_now(ui), id, NULL);
	struct terminal_view *view = ui_terminal(ui, id);
	char value[24];

	if (console == NULL)
		return;
	if (view != NULL)
		terminal_view_set_newlines(view, console->manner.lf_is_newline, console->manner.cr_is_newline);
	for (const struct key_binding *row = keys; row->key != 0; row++)
		if (row->command == what)
			ui_say(ui, false, "%s: %s", row->text, value_of(console, what, value, sizeof(value)));
}

void console_set_baud_text(struct ui *ui, unsigned id, const char *text)
{
	struct error error;
	unsigned long baud = strtoul(text, NULL, 10);

	if (baud < BAUD_MIN || baud > BAUD_MAX)
		ui_say(ui, true, "'%s' is no baud rate: 115200 is the usual one, then 57600, 38400, 9600", text);
	else if (app_console_set_baud(ui_app(ui), id, (unsigned)baud, &error) != STATUS_OK)
		ui_say_error(ui, &error);
}

bool console_settings_command(struct ui *ui, unsigned id, enum ui_command what, const char *argument)
{
	const struct console_view *console = ui_find_console(ui_now(ui), id, NULL);
	struct line_settings line;
	struct console_manner manner;
	struct error error;
	enum status status;
	bool is_line = what == COMMAND_FRAME || what == COMMAND_FLOW;

	if (!is_line && (what < COMMAND_ENTER_SENDS || what > COMMAND_LONE_CR))
		return false;
	if (console == NULL)
		return true;
	line = console->line;
	manner = console->manner;
	if (what == COMMAND_FRAME ? !change_frame(console, argument, &line)
	    : is_line             ? !change_flow(argument, &line)
				  : !change_manner(what, argument, &manner)) {
		ui_say(ui, true, "'%s' is not possible; there are %s", argument, allowed_words(what));
		return true;
	}
	status = is_line ? app_console_set_line(ui_app(ui), id, &line, &error)
			 : app_console_set_manner(ui_app(ui), id, &manner, &error);
	if (status != STATUS_OK)
		ui_say_error(ui, &error);
	else
		say_change(ui, id, what);
	return true;
}

/* ---- the screen ---- */

static const struct console_view *console_of(struct ui *ui, const void *user)
{
	const struct settings_state *state = user;

	return ui_find_console(ui_now(ui), state->id, NULL);
}

static void open_settings(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct settings_state *state = user;

	(void)ui;
	state->id = arg->console_id;
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	const struct console_view *console = console_of(ui, user);

	(void)right;
	(void)right_size;
	text_format(left, left_size, "%s  settings", console ? ui_short_path(console->port) : "console");
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	const struct console_view *console = console_of(ui, user);
	char name[24], value[24];
	int y = 1;

	if (console == NULL) {
		canvas_put(to, 1, 1, to->cols - 2, ROLE_NORMAL, "This console is closed.");
		return;
	}
	canvas_put(to, y++, 1, to->cols - 2, ROLE_STRONG, "The line");
	for (const struct key_binding *row = keys + 1; row->command != COMMAND_BACK; row++) {
		if (row->command == COMMAND_ENTER_SENDS)
			canvas_put(to, ++y, 1, to->cols - 2, ROLE_STRONG,
				   "Keys and screen (the capture has the bytes as they came)");
		if (row->command == COMMAND_ENTER_SENDS)
			y++;
		canvas_put(to, y, 3, 2, ROLE_STRONG, keys_name(row->key, name, sizeof(name)));
		canvas_put(to, y, 6, VALUE_X - 7, ROLE_NORMAL, row->text);
		canvas_put(to, y, VALUE_X, ABOUT_X - VALUE_X - 1, ROLE_STRONG,
			   value_of(console, row->command, value, sizeof(value)));
		canvas_put(to, y++, ABOUT_X, to->cols - ABOUT_X - 1, ROLE_DIM, about(row->command));
	}
	if (console->is_driven)
		canvas_wrap(
			to, y + 1, 1, to->cols - 2, 2, ROLE_ATTENTION,
			"A step of a procedure works on this line: its rate, frame and flow control stay as they are.");
}

static void baud_typed(struct ui *ui, void *user, const char *text)
{
	struct settings_state *state = user;

	console_set_baud_text(ui, state->id, text);
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	static const struct ui_prompt_ops ops = { .accept = baud_typed };
	struct settings_state *state = user;
	const struct console_view *console = console_of(ui, user);
	char baud[16];

	if (what == COMMAND_BACK)
		ui_pop(ui);
	else if (what == COMMAND_BAUD && argument != NULL)
		console_set_baud_text(ui, state->id, argument);
	else if (what == COMMAND_BAUD && console != NULL)
		ui_prompt(ui, "baud rate:", text_format(baud, sizeof(baud), "%u", console->baud), &ops, state);
	else
		console_settings_command(ui, state->id, what, argument);
}

static bool allows(struct ui *ui, void *user, enum ui_command what)
{
	const struct console_view *console = console_of(ui, user);

	if (what == COMMAND_BACK)
		return true;
	if (console == NULL)
		return false;
	return !console->is_driven || (what != COMMAND_BAUD && what != COMMAND_FRAME && what != COMMAND_FLOW);
}

const struct screen_ops screen_settings = {
	.name = "console settings",
	.keys = keys,
	.state_size = sizeof(struct settings_state),
	.open = open_settings,
	.title = title,
	.draw = draw,
	.allows = allows,
	.command = command,
	.help = "How this line is set, how your keys go to the device, and how what it says is shown. Each key goes to the next value; the "
		"console's command line takes one by name, as in :frame 7E1 or :enter lf.\n"
		"The capture is not touched by any of it: it has the bytes as they came.\n",
};
