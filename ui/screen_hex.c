/* The bytes of a console as they came: what a picture of text does not show (NULs, carriage returns, a wrong baud rate). Live, and back
 * to the first byte, from the capture. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "src/base/text.h"
#include "ui/console_parts.h"
#include "ui/widget_hex.h"

enum { ROW = CONSOLE_BYTES_ROW, WIDE_COLS = 92, TIME_SIZE = 16 };

/* Where the columns stand: in pairs at 80 columns, so that the time has room for its milliseconds. */
struct columns {
	int offset_x, time_x, hex_x, text_x;
	bool is_tight;
};

struct hex_state {
	unsigned id;
	bool is_prefixed, was_refused;
	bool is_back;			/* scrolled back: top stays; else the newest bytes are shown */
	uint64_t top;			/* a multiple of ROW */
	int rows;
	struct console_bytes bytes;	/* of the last picture */
};

static const struct key_binding keys[] = {
	{ UI_KEY_ESC, COMMAND_BACK, "back", "to the text" },
	{ UI_KEY_F1 + 9, COMMAND_BACK, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + 'h', COMMAND_BACK, NULL, "to the text" },
	{ UI_KEY_AFTER_PREFIX + 'q', COMMAND_BACK, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + ('X' & 0x1f), COMMAND_BACK, NULL, NULL },	/* how picocom is left */
	{ UI_KEY_AFTER_PREFIX + ('Q' & 0x1f), COMMAND_BACK, NULL, NULL },
	{ UI_KEY_PAGE_UP, COMMAND_SCROLL_UP, NULL, "older bytes" },
	{ UI_KEY_SHIFT_PAGE_UP, COMMAND_SCROLL_UP, NULL, NULL },
	{ UI_KEY_PAGE_DOWN, COMMAND_SCROLL_DOWN, NULL, "newer bytes" },
	{ UI_KEY_SHIFT_PAGE_DOWN, COMMAND_SCROLL_DOWN, NULL, NULL },
	{ UI_KEY_AFTER_PREFIX + 'g', COMMAND_GOTO, "goto", "go to an offset" },
	{ UI_KEY_AFTER_PREFIX + UI_PREFIX, COMMAND_SEND_PREFIX, NULL, "send Ctrl-A to the device" },
	{ UI_KEY_AFTER_PREFIX + '?', COMMAND_HELP, "help", "help" },
	{ UI_KEY_AFTER_PREFIX + ':', COMMAND_LINE, NULL, "command line" },
	{ 0 },
};

static const struct console_view *console_of(struct ui *ui, const struct hex_state *state)
{
	return ui_find_console(ui_now(ui), state->id, NULL);
}

static void open_hex(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct hex_state *state = user;

	(void)ui;
	state->id = arg->console_id;
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	const struct hex_state *state = user;
	const struct console_view *console = console_of(ui, state);

	text_copy(left, left_size, "console, closed");
	if (console != NULL)
		text_format(left, left_size, "%s  %u  bytes as they came", ui_short_path(console->port), console->baud);
	if (state->bytes.file[0] != '\0')
		text_format(right, right_size, "file %s", text_file_name(state->bytes.file));
	if (state->bytes.file_start > 0)
		text_append(right, right_size, ", begins at %08" PRIx64, state->bytes.file_start);
}

/* ---- drawing ---- */

static struct columns columns_for(int cols)
{
	if (cols >= WIDE_COLS)
		return (struct columns){
			.offset_x = 1, .time_x = 11, .hex_x = 25, .text_x = 25 + WIDGET_HEX_WIDTH + 2
		};
	return (struct columns){
		.offset_x = 0, .time_x = 9, .hex_x = 22, .text_x = 22 + WIDGET_HEX_TIGHT_WIDTH + 2, .is_tight = true
	};
}

static char *time_text(uint64_t wall_ms, char to[TIME_SIZE])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm parts;

	to[0] = '\0';
	if (wall_ms == 0 || localtime_r(&seconds, &parts) == NULL)
		return to;
	strftime(to, TIME_SIZE, "%H:%M:%S", &parts);
	text_append(to, TIME_SIZE, ".%03u", (unsigned)(wall_ms % 1000));
	return to;
}

static void draw_row(const struct hex_state *state, struct canvas *to, int y, const struct columns *at)
{
	size_t from = (size_t)y * ROW, count = state->bytes.count - from;
	uint64_t row_ms = state->bytes.row_ms[y];
	enum role roles[WIDGET_HEX_BYTES];
	char time[TIME_SIZE];

	if (count > ROW)
		count = ROW;
	for (size_t i = 0; i < count; i++)
		roles[i] = widget_hex_role(state->bytes.data[from + i]);
	canvas_printf(to, y, at->offset_x, 8, ROLE_DIM, "%08" PRIx64, (state->top + from) & 0xffffffff);
	if (y == 0 || row_ms != state->bytes.row_ms[y - 1])	/* of what came at once, the first row says when */
		canvas_put(to, y, at->time_x, 12, ROLE_DIM, time_text(row_ms, time));
	widget_hex_row(to, y, at->hex_x, at->text_x, at->is_tight, state->bytes.data + from, count, roles);
}

static uint64_t last_top(const struct hex_state *state, const struct console_view *console)
{
	uint64_t rows = (console->captured_bytes + ROW - 1) / ROW, shown = (uint64_t)state->rows;

	return rows > shown ? (rows - shown) * ROW : 0;
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct hex_state *state = user;
	const struct console_view *console = console_of(ui, state);
	const struct columns at = columns_for(to->cols);
	struct error error;

	state->rows = to->rows < CONSOLE_BYTES_MAX / ROW ? to->rows : CONSOLE_BYTES_MAX / ROW;
	state->bytes.count = 0;
	if (console == NULL) {
		canvas_put(to, 1, 1, to->cols - 2, ROLE_NORMAL, "This console is closed. Esc goes back.");
		return;
	}
	if (!state->is_back || state->top >= last_top(state, console)) {
		state->top = last_top(state, console);
		state->is_back = false;
	}
	if (console->captured_bytes == 0 && console->capture_problem[0] == '\0') {
		canvas_put(to, 1, 1, to->cols - 2, ROLE_DIM, "nothing came yet");
	} else if (app_console_read(ui_app(ui), state->id, state->top, (size_t)state->rows * ROW, &state->bytes,
				    &error) != STATUS_OK) {
		canvas_wrap(to, 1, 1, to->cols - 2, 4, ROLE_DANGER, error.text);
		canvas_wrap(to, 6, 1, to->cols - 2, 4, ROLE_NORMAL, console->capture_problem);
	}
	for (int y = 0; y < state->rows && (size_t)y * ROW < state->bytes.count; y++)
		draw_row(state, to, y, &at);
}

static void hint(struct ui *ui, void *user, char *to, size_t size)
{
	const struct hex_state *state = user;
	const struct console_view *console = console_of(ui, state);

	if (state->is_prefixed)
		text_copy(
			to, size,
			"Ctrl-A: h to the text, g go to an offset, Ctrl-A send Ctrl-A to the device, : command line, ? help");
	else if (console != NULL && !console->is_open)
		text_format(to, size, "the port is lost: %s. Plug it in again; it goes on by itself", console->state);
	else if (console != NULL && console->capture_problem[0] != '\0')
		text_format(to, size, "not kept, so not shown: %s", console->capture_problem);
	else if (console != NULL && state->was_refused && console->is_driven)
		text_copy(to, size, "a step is typing on this line; your keys wait until it is through");
	else if (state->is_back)
		text_copy(to, size, "scrolled back; PgDn or any key returns to the newest bytes");
}

/* ---- keys ---- */

static void move_rows(struct ui *ui, struct hex_state *state, int64_t rows)
{
	const struct console_view *console = console_of(ui, state);
	uint64_t by = (uint64_t)(rows < 0 ? -rows : rows) * ROW, last = console != NULL ? last_top(state, console) : 0;

	if (rows < 0)
		state->top = state->top > by ? state->top - by : 0;
	else
		state->top = state->top + by < last ? state->top + by : last;
	state->is_back = state->top < last;
}

static void go_to(struct ui *ui, void *user, const char *text)
{
	struct hex_state *state = user;
	const struct console_view *console = console_of(ui, state);
	uint64_t offset;

	if (text[0] == '\0' || console == NULL || !ui_read_offset(ui, text, &offset))
		return;
	if (offset >= console->captured_bytes) {
		ui_say(ui, true, "the newest byte has offset 0x%" PRIx64,
		       console->captured_bytes > 0 ? console->captured_bytes - 1 : 0);
	} else {
		state->top = offset / ROW * ROW;
		state->is_back = true;
	}
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	static const struct ui_prompt_ops offset = { .accept = go_to };
	struct hex_state *state = user;
	int page = state->rows > 2 ? state->rows - 1 : 1;

	switch (what) {
	case COMMAND_BACK: ui_pop(ui); break;
	case COMMAND_SCROLL_UP: move_rows(ui, state, -page); break;
	case COMMAND_SCROLL_DOWN: move_rows(ui, state, page); break;
	case COMMAND_GOTO:
		ui_accept_or_prompt(ui, argument, "go to offset (0x20000, 128KiB):", "", &offset, state);
		break;
	case COMMAND_SEND_PREFIX: state->was_refused = !console_type(ui, state->id, BYTES("\001")); break;
	case COMMAND_LINE: ui_command_line(ui); break;
	case COMMAND_HELP: ui_push(ui, &screen_help, &(struct screen_arg){ .about = &screen_hex }); break;
	default: break;
	}
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct hex_state *state = user;
	const struct key_binding *binding;

	if (state->is_prefixed) {
		state->is_prefixed = false;
		binding = keys_find(keys, UI_KEY_AFTER_PREFIX + pressed);
		if (pressed == UI_KEY_ESC)
			return true;	/* of the commands only */
		if (binding != NULL)
			command(ui, state, binding->command, NULL);
		else
			ui_say(ui, true,
			       "Ctrl-A and this key means nothing here: Ctrl-A h goes back to the text, where there are more");
		return true;
	}
	if (pressed == UI_PREFIX) {
		state->is_prefixed = true;
		return true;
	}
	if (keys_find(keys, pressed) != NULL || console_of(ui, state) == NULL)
		return false;
	state->is_back = false;
	state->was_refused = !console_type_key(ui, state->id, pressed);
	return true;
}

static bool allows(struct ui *ui, void *user, enum ui_command what)
{
	const struct hex_state *state = user;

	(void)ui;
	if (what == COMMAND_SCROLL_UP)
		return state->top > 0;
	return what != COMMAND_SCROLL_DOWN || state->is_back;
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	(void)y;
	(void)x;
	if (what == SCREEN_MOUSE_WHEEL_UP || what == SCREEN_MOUSE_WHEEL_DOWN)
		move_rows(ui, user, mouse_wheel_rows(what));
}

static enum screen_appetite appetite(struct ui *ui, void *user)
{
	(void)ui;
	(void)user;
	return APPETITE_ALL;
}

static bool owns_escape(struct ui *ui, void *user)
{
	(void)ui;
	(void)user;
	return true;
}

static bool awaits_command(struct ui *ui, void *user)
{
	const struct hex_state *state = user;

	(void)ui;
	return state->is_prefixed;
}

const struct screen_ops screen_hex = {
	.name = "hex",
	.keys = keys,
	.state_size = sizeof(struct hex_state),
	.open = open_hex,
	.title = title,
	.draw = draw,
	.key = key,
	.allows = allows,
	.command = command,
	.mouse = mouse,
	.appetite = appetite,
	.owns_escape = owns_escape,
	.awaits_command = awaits_command,
	.hint = hint,
	.help = "The bytes of the console as they came: on the left the offset since the console was opened, then the time of day when the "
		"row's first byte came, where it differs from the row above, then the bytes and the same as text. They are read back from "
		"the file of the capture, so PgUp goes back to the very first one.\n"
		"What you type goes to the device, as in the console, but for Esc: it goes back to the text, as Ctrl-A h and F10 do, and sends nothing.\n",
};
