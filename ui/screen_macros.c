/* The commands that one key sends: what they are, where they are understood, and what will go out. */
#include <string.h>

#include "src/base/text.h"
#include "ui/console_parts.h"
#include "ui/widget_list.h"

enum { MACROS_MAX = 64, DIGITS = 9 };

struct macros_state {
	unsigned id;
	struct widget_list list;
	struct macro_row asked; /* the answer is awaited */
};

static const struct key_binding keys[] = {
	{ UI_KEY_ENTER, COMMAND_OPEN, "go", "send this one" },
	{ '1', COMMAND_MACRO_1, NULL, "to 9: send that one" },
	{ UI_KEY_ESC, COMMAND_BACK, "back", "back" },
	{ UI_KEY_F1 + 9, COMMAND_BACK, NULL, NULL },
	{ 0 },
};

static bool send(struct ui *ui, unsigned id, const struct macro_row *row, bool anyway)
{
	struct error error;

	if (app_console_macro(ui_app(ui), id, row->macro, anyway, &error) != STATUS_OK) {
		ui_say_error(ui, &error);
		return false;
	}
	ui_say(ui, false, "sent: %s", row->text);
	return true;
}

/* What will be sent stands in the question. */
static void ask(struct ui *ui, const struct macro_row *row, const char *at, const struct ui_prompt_ops *ops,
		void *state)
{
	char label[240];

	ui_ask(ui,
	       text_format(label, sizeof(label), "The device is %s, where this may mean something else. Send: %s ?", at,
			   row->text),
	       "send it", ops, state);
}

/* ---- by its number, from the console ---- */

static void sent_anyway(struct ui *ui, void *user, const char *text)
{
	const struct console_macro *asked = user;

	(void)text;
	send(ui, asked->id, &asked->row, true);
}

void console_macro_key(struct ui *ui, unsigned id, unsigned number, struct console_macro *asked)
{
	static const struct ui_prompt_ops ops = { .accept = sent_anyway };
	struct macro_row rows[DIGITS];
	const char *at = "";
	size_t count = app_console_macros(ui_app(ui), id, rows, DIGITS, &at);

	if (number == 0 || number > count) {
		ui_say(ui, true, "there is no macro %u here: Ctrl-A o lists them", number);
	} else if (rows[number - 1].fits) {
		send(ui, id, &rows[number - 1], false);
	} else {
		*asked = (struct console_macro){ .id = id, .row = rows[number - 1] };
		ask(ui, &asked->row, at, &ops, asked);
	}
}

/* ---- the screen ---- */

static void open_macros(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct macros_state *state = user;

	(void)ui;
	state->id = arg->console_id;
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	struct macros_state *state = user;
	const struct console_view *console = ui_find_console(ui_now(ui), state->id, NULL);

	(void)right;
	(void)right_size;
	text_format(left, left_size, "%s  macros", console ? ui_short_path(console->port) : "console");
}

static void draw_row(const struct macro_row *row, struct canvas *to, int y, int index, bool is_selected)
{
	enum role role = is_selected ? ROLE_SELECTED : row->fits ? ROLE_NORMAL : ROLE_DIM;

	canvas_fill(to, y, 1, to->cols - 2, role, ' ');
	canvas_put(to, y, 1, 1, role, is_selected ? ">" : " ");
	if (index < DIGITS)
		canvas_printf(to, y, 3, 1, is_selected ? role : ROLE_STRONG, "%d", index + 1);
	canvas_put(to, y, 5, 28, role, row->name);
	canvas_put(to, y, 34, 11, role, row->where);
	canvas_put(to, y, 46, to->cols - 48, role, row->text);
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct macros_state *state = user;
	struct macro_row rows[MACROS_MAX];
	const char *at = "";
	size_t count = app_console_macros(ui_app(ui), state->id, rows, MACROS_MAX, &at);
	int y = 1;

	canvas_printf(to, y++, 1, to->cols - 2, ROLE_STRONG, "The device is %s.", at);
	canvas_put(to, y++, 1, to->cols - 2, ROLE_NORMAL,
		   count == 0     ? "Nothing is known that could be asked here."
		   : rows[0].fits ? "What it understands now is sent at once; the others after a question."
				  : "None of these is for that place: each is sent only after a question.");
	y++;
	widget_list_place(&state->list, (int)count, y, to->rows - y);
	for (int i = 0; i < state->list.rows && state->list.top + i < (int)count; i++)
		draw_row(&rows[state->list.top + i], to, y + i, state->list.top + i,
			 state->list.top + i == state->list.cursor);
}

static void asked_here(struct ui *ui, void *user, const char *text)
{
	struct macros_state *state = user;

	(void)text;
	if (send(ui, state->id, &state->asked, true))
		ui_pop(ui);
}

static void choose(struct ui *ui, struct macros_state *state, int index)
{
	static const struct ui_prompt_ops ops = { .accept = asked_here };
	struct macro_row rows[MACROS_MAX];
	const char *at = "";
	size_t count = app_console_macros(ui_app(ui), state->id, rows, MACROS_MAX, &at);

	if (index < 0 || (size_t)index >= count)
		return;
	state->asked = rows[index];
	if (!rows[index].fits)
		ask(ui, &state->asked, at, &ops, state);
	else if (send(ui, state->id, &rows[index], false))
		ui_pop(ui);
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	struct macros_state *state = user;

	(void)argument;
	if (what == COMMAND_BACK)
		ui_pop(ui);
	else if (what == COMMAND_OPEN)
		choose(ui, state, state->list.cursor);
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct macros_state *state = user;

	if (pressed < '1' || pressed > '9')
		return widget_list_key(&state->list, pressed);
	choose(ui, state, pressed - '1');
	return true;
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	struct macros_state *state = user;
	int row = widget_list_mouse(&state->list, what, y);

	(void)x;
	if (row >= 0)
		choose(ui, state, row);
}

static unsigned refresh_ms(struct ui *ui, void *user)
{
	(void)ui;
	(void)user;
	return 500; /* a prompt is one when it has stood for a moment */
}

const struct screen_ops screen_macros = {
	.name = "macros",
	.keys = keys,
	.state_size = sizeof(struct macros_state),
	.open = open_macros,
	.title = title,
	.draw = draw,
	.key = key,
	.command = command,
	.mouse = mouse,
	.refresh_ms = refresh_ms,
	.help = "Commands that ask the device something and change nothing: those of its profile first, then those that its bootloader or a "
		"Linux shell understands.\n"
		"Where the device waits for such a command it is sent at once. Where it does not, or nobody can tell, what would be sent is shown "
		"first, and y sends it.\n"
		"In the console Ctrl-A 1 to Ctrl-A 9 send the first nine.\n",
};
