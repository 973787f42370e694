/* How a file goes to the device, or comes from it: each way with its key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "ui/console_parts.h"
#include "ui/widget_list.h"

enum { DELAY_MAX_MS = 10000 };

struct send_state {
	unsigned id;
	bool is_sender;
	char path[512];
	const char *protocol; /* receiving: chosen, and the place is asked for */
	struct widget_list list;
};

static const struct way {
	int key;
	const char *name;
	const char *title;
	const char *about;
	bool can_receive, has_names;
} ways[] = {
	{ 't', "text", "as text", "as if typed, at the pace of the device's echo", false, false },
	{ 'd', "text", "as text, with delays", "where nothing is echoed; you say how slowly", false, false },
	{ 'y', "ymodem", "YMODEM", "U-Boot's loady; rb", true, true },
	{ 'x', "xmodem", "XMODEM", "U-Boot's loadx, boot ROMs: checksum or CRC", true, false },
	{ 'c', "xmodem-crc", "XMODEM with CRC", "asks for CRC where the sender has the choice", true, false },
	{ '1', "xmodem-1k", "XMODEM-1K", "blocks of 1 KiB, where the device knows them", true, false },
	{ 'g', "ymodem-g", "YMODEM-g", "nothing is repeated: for a line without errors", true, true },
	{ 'z', "zmodem", "ZMODEM", "rz and sz", true, true },
	{ 'e', "kermit", "Kermit", "U-Boot's loadb", true, true },
	{ 's', "srecord", "S-records", "U-Boot's loads", false, false },
	{ 'r', "raw", "raw bytes", "nothing is checked", true, false },
};

static const struct key_binding keys[] = {
	{ UI_KEY_ENTER, COMMAND_OPEN, "go", "this one" },
	{ UI_KEY_ESC, COMMAND_BACK, "back", "back" },
	{ UI_KEY_F1 + 9, COMMAND_BACK, NULL, NULL },
	{ 0 },
};

static bool is_offered(const struct send_state *state, const struct way *way)
{
	return state->is_sender || way->can_receive;
}

static const struct way *way_at(const struct send_state *state, int index)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (is_offered(state, &ways[i]) && index-- == 0)
			return &ways[i];
	return NULL;
}

static const struct way *way_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	return NULL;
}

static bool start(struct ui *ui, unsigned id, const struct console_file *file)
{
	struct error error;

	if (app_console_file(ui_app(ui), id, file, &error) == STATUS_OK)
		return true;
	ui_say_error(ui, &error);
	return false;
}

/* ---- from the command line of the console: "PROTOCOL PATH" ---- */

void console_file_command(struct ui *ui, unsigned id, bool is_sender, const char *argument)
{
	char name[24];
	size_t length = strcspn(argument, " ");
	const char *path = argument + length + strspn(argument + length, " ");
	const struct way *way;

	text_format(name, sizeof(name), "%.*s", (int)length, argument);
	way = way_named(name);
	if (way == NULL || (!is_sender && !way->can_receive) || path[0] == '\0') {
		ui_say(ui, true,
		       "write it as :%s ymodem %s; the first word is text, xmodem, ymodem, zmodem, kermit, ...",
		       is_sender ? "send" : "receive", is_sender ? "FILE" : "PLACE");
		return;
	}
	start(ui, id, &(struct console_file){ .is_sender = is_sender, .protocol = way->name, .path = path });
}

/* ---- how far it is, for the message row of the console ---- */

bool console_sending_text(const struct sending_view *sending, char *to, size_t size)
{
	static const char *const verbs[] = { "", "typing", "typing", "sending", "receiving" };
	const struct progress *progress = &sending->progress;
	char part[24];

	if (sending->what == SENDING_NOTHING || (sending->what == SENDING_KEYS && progress->left_ms < 1000))
		return false;
	text_format(to, size, "%s %s", verbs[sending->what], sending->name);
	if (sending->what == SENDING_FILE || sending->what == RECEIVING_FILE)
		text_append(to, size, " by %s", sending->by);
	if (sending->is_stopping) {
		text_append(to, size, ": stopping, the other side is told");
		return true;
	}
	if (sending->is_waiting)
		text_append(to, size, ": waiting for the device");
	else
		text_append(to, size, ": %s", text_size(part, sizeof(part), progress->done));
	if (!sending->is_waiting && progress->total > 0)
		text_append(to, size, " of %s (%u %%)", text_size(part, sizeof(part), progress->total),
			    (unsigned)(progress->done * 100 / progress->total));
	if (progress->rate > 0)
		text_append(to, size, ", %s/s", text_size(part, sizeof(part), progress->rate));
	if (sending->retries > 0)
		text_append(to, size, ", %u retr%s", sending->retries, sending->retries == 1 ? "y" : "ies");
	if (progress->left_ms != UINT64_MAX && !sending->is_waiting)
		text_append(to, size, ", %s left", text_duration(part, sizeof(part), progress->left_ms));
	text_append(to, size, ". Esc stops it");
	return true;
}

/* ---- the screen ---- */

static void open_send(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct send_state *state = user;

	(void)ui;
	state->id = arg->console_id;
	state->is_sender = arg->path != NULL;
	text_copy(state->path, sizeof(state->path), arg->path ? arg->path : "");
	state->list.cursor = state->is_sender ? 2 : 0; /* YMODEM: it has the size, and U-Boot knows it */
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	struct send_state *state = user;
	const struct console_view *console = ui_find_console(ui_now(ui), state->id, NULL);

	(void)right;
	(void)right_size;
	text_format(left, left_size, "%s  %s", console ? ui_short_path(console->port) : "console",
		    state->is_sender ? "send a file" : "receive a file");
}

static void draw_head(const struct send_state *state, struct canvas *to)
{
	struct stat about;
	char size[24] = "not there", shown[512];

	if (!state->is_sender) {
		canvas_put(to, 1, 1, to->cols - 2, ROLE_STRONG, "How does the device send it? Start it there first.");
		return;
	}
	if (stat(state->path, &about) == 0)
		text_size(size, sizeof(size), (uint64_t)about.st_size);
	text_printable(shown, sizeof(shown), bytes_of_text(state->path));
	canvas_put_end(to, 1, 1, to->cols - 16, ROLE_STRONG, shown);
	canvas_put(to, 1, to->cols - 14, 13, ROLE_NORMAL, size);
	canvas_put(to, 2, 1, to->cols - 2, ROLE_NORMAL,
		   "How does the device take it? Start it there first, as in loady.");
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct send_state *state = user;
	int count = 0, y = 4;

	(void)ui;
	draw_head(state, to);
	while (way_at(state, count) != NULL)
		count++;
	widget_list_place(&state->list, count, y, to->rows - y);
	for (int i = 0; i < state->list.rows && state->list.top + i < count; i++) {
		const struct way *way = way_at(state, state->list.top + i);
		enum role role = state->list.top + i == state->list.cursor ? ROLE_SELECTED : ROLE_NORMAL;
		char name[24];

		canvas_fill(to, y + i, 1, to->cols - 2, role, ' ');
		canvas_put(to, y + i, 1, 1, role, role == ROLE_SELECTED ? ">" : " ");
		canvas_put(to, y + i, 3, 1, role == ROLE_NORMAL ? ROLE_STRONG : role,
			   keys_name(way->key, name, sizeof(name)));
		canvas_put(to, y + i, 5, 22, role, way->title);
		canvas_put(to, y + i, 27, to->cols - 29, role == ROLE_NORMAL ? ROLE_DIM : role, way->about);
	}
}

static void delays_typed(struct ui *ui, void *user, const char *text)
{
	struct send_state *state = user;
	char *behind_bytes, *end;
	unsigned long char_ms = strtoul(text, &behind_bytes, 10), line_ms = strtoul(behind_bytes, &end, 10);

	if (end == behind_bytes || *end != '\0' || char_ms > DELAY_MAX_MS || line_ms > DELAY_MAX_MS ||
	    char_ms + line_ms == 0)
		ui_say(ui, true, "write two numbers of milliseconds, as in: 10 100");
	else if (start(ui, state->id,
		       &(struct console_file){ .is_sender = true,
					       .protocol = "text",
					       .path = state->path,
					       .char_ms = (unsigned)char_ms,
					       .line_ms = (unsigned)line_ms }))
		ui_pop(ui);
}

static void place_typed(struct ui *ui, void *user, const char *text)
{
	struct send_state *state = user;

	if (text[0] != '\0' &&
	    start(ui, state->id, &(struct console_file){ .protocol = state->protocol, .path = text }))
		ui_pop(ui);
}

static void choose(struct ui *ui, struct send_state *state, const struct way *way)
{
	static const struct ui_prompt_ops delays = { .accept = delays_typed }, place = { .accept = place_typed };

	if (way == NULL)
		return;
	if (!state->is_sender) {
		state->protocol = way->name;
		ui_prompt_path(ui, way->has_names ? "into the folder:" : "into a new file:", way->has_names ? "./" : "",
			       &place, state);
	} else if (way->key == 'd') {
		ui_prompt(ui, "milliseconds between bytes, and behind a line:", "10 100", &delays, state);
	} else if (start(ui, state->id,
			 &(struct console_file){ .is_sender = true, .protocol = way->name, .path = state->path })) {
		ui_pop(ui);
	}
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	struct send_state *state = user;

	(void)argument;
	if (what == COMMAND_BACK)
		ui_pop(ui);
	else if (what == COMMAND_OPEN)
		choose(ui, state, way_at(state, state->list.cursor));
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct send_state *state = user;

	if (widget_list_key(&state->list, pressed))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (ways[i].key == pressed && is_offered(state, &ways[i])) {
			choose(ui, state, &ways[i]);
			return true;
		}
	return false;
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	struct send_state *state = user;
	int row = widget_list_mouse(&state->list, what, y);

	(void)x;
	if (row >= 0)
		choose(ui, state, way_at(state, row));
}

const struct screen_ops screen_send = {
	.name = "send and receive",
	.keys = keys,
	.state_size = sizeof(struct send_state),
	.open = open_send,
	.title = title,
	.draw = draw,
	.key = key,
	.command = command,
	.mouse = mouse,
	.help = "A file to the device, or from it. Both sides must speak the same protocol: start the other side first, as in loady at the prompt "
		"of U-Boot, or rz in a shell.\n"
		"The console shows how far it is; Esc stops it there, and tells the other side. What is received never replaces a file.\n"
		"The letter before a way takes it.\n",
};
