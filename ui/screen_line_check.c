/* Nothing appears: the line is gone through, one question after the other; what each answer proves stands below. */
#include "src/base/text.h"
#include "ui/screen.h"
#include "ui/widget_list.h"

struct check_state {
	unsigned id;
	struct widget_list list;
	unsigned at; /* the question that the cursor belongs to */
};

/* clang-format off */
static const struct key_binding keys[] = {
	{ UI_KEY_ENTER, COMMAND_OPEN, NULL, "answer with the marked line" },
	{ 'f', COMMAND_BAUD, "find", "find the baud rate" },
	{ 'a', COMMAND_REPLAY_RESTART, "again", "from the beginning" },
	{ UI_KEY_ESC, COMMAND_BACK, "back", "back" },
	{ UI_KEY_F1 + 9, COMMAND_BACK, NULL, NULL },
	{ 0 },
};
/* clang-format on */

static const struct console_view *console_of(struct ui *ui, const struct check_state *state)
{
	return ui_find_console(ui_now(ui), state->id, NULL);
}

static void begin(struct ui *ui, struct check_state *state)
{
	struct error error;

	if (app_console_check_line(ui_app(ui), state->id, NULL, &error) != STATUS_OK)
		ui_say_error(ui, &error);
}

static void open_check(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct check_state *state = user;

	state->id = arg->console_id;
	begin(ui, state);
}

static void close_check(struct ui *ui, void *user)
{
	struct check_state *state = user;
	struct error error;

	(void)app_console_check_line(ui_app(ui), state->id, "end", &error);
}

static const struct line_check *check_of(struct ui *ui, const struct check_state *state)
{
	const struct console_view *console = console_of(ui, state);

	return console != NULL && console->check.state != LINE_CHECK_IDLE ? &console->check : NULL;
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	const struct console_view *console = console_of(ui, user);
	const struct line_check *check = check_of(ui, user);
	const struct line_check_row *row = check ? line_check_asked(check) : NULL;

	text_format(left, left_size, "line check %s", console ? ui_short_path(console->port) : "");
	if (row != NULL)
		text_format(right, right_size, "%u of %d: %s", check->at + 1, LINE_CHECKS, row->name);
	else if (check != NULL)
		text_copy(right, right_size, check->has_found ? "found" : "nothing found");
}

static int draw_question(struct check_state *state, struct canvas *to, int y, const struct line_check *check)
{
	const struct line_check_row *row = line_check_asked(check);
	int count = 0;

	y += canvas_wrap(to, y, 1, to->cols - 2, 3, ROLE_STRONG, row->question);
	y += canvas_wrap(to, y, 1, to->cols - 2, 3, ROLE_NORMAL, row->how) + 1;
	if (check->state == LINE_CHECK_TESTING) {
		canvas_put(to, y, 1, to->cols - 2, ROLE_NORMAL, "I send, and wait for it to come back.");
		return y + 2;
	}
	if (state->at != check->at) {
		state->at = check->at;
		state->list.cursor = 0;
	}
	while (count < LINE_CHECK_ANSWERS_MAX && row->answer[count].key != 0)
		count++;
	widget_list_place(&state->list, count, y, to->rows - y);
	for (int i = 0; i < state->list.rows && i < count; i++) {
		enum role role = i == state->list.cursor ? ROLE_SELECTED : ROLE_NORMAL;

		canvas_fill(to, y + i, 1, to->cols - 2, role, ' ');
		canvas_printf(to, y + i, 1, to->cols - 2, role, "%s %c  %s", i == state->list.cursor ? ">" : " ",
			      row->answer[i].key, row->answer[i].text);
	}
	return y + count + 1;
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct check_state *state = user;
	const struct line_check *check = check_of(ui, state);
	int y = 1;

	if (check == NULL) {
		canvas_put(to, 1, 1, to->cols - 2, ROLE_NORMAL, "This line cannot be checked now.");
		return;
	}
	if (check->state == LINE_CHECK_OVER) {
		char found[160];

		text_format(found, sizeof(found), "%s: %s.", check->has_found ? "Found" : "Result", check->found);
		y += canvas_wrap(to, y, 1, to->cols - 2, 3, ROLE_STRONG, found);
		y += canvas_wrap(to, y, 1, to->cols - 2, 4, ROLE_NORMAL, check->remedy) + 1;
	} else {
		y = draw_question(state, to, y, check);
	}
	for (unsigned i = 0; i < LINE_CHECKS && y < to->rows; i++) {
		if (check->given[i] == NULL)
			continue;
		canvas_put(to, y, 1, 12, ROLE_DIM, line_check_rows()[i].name);
		canvas_put(to, y++, 14, to->cols - 15,
			   check->given[i]->effect == LINE_CHECK_FOUND ? ROLE_ATTENTION : ROLE_NORMAL,
			   check->given[i]->proves);
	}
}

static void answer(struct ui *ui, struct check_state *state, const struct line_check_answer *chosen)
{
	struct error error;

	if (app_console_check_line(ui_app(ui), state->id, chosen->id, &error) != STATUS_OK)
		ui_say_error(ui, &error);
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct check_state *state = user;
	const struct line_check *check = check_of(ui, state);
	const struct line_check_row *row = check != NULL && check->state == LINE_CHECK_ASKING ? line_check_asked(check)
											      : NULL;

	for (int i = 0; row != NULL && i < LINE_CHECK_ANSWERS_MAX && row->answer[i].key != 0; i++)
		if (row->answer[i].key == pressed) {
			answer(ui, state, &row->answer[i]);
			return true;
		}
	return row != NULL && widget_list_key(&state->list, pressed);
}

/* Back to the console, where it is seen at work. */
static void find_baud(struct ui *ui, struct check_state *state)
{
	unsigned id = state->id;
	struct error error;

	ui_pop(ui);
	if (app_console_find_baud(ui_app(ui), id, true, &error) != STATUS_OK)
		ui_say_error(ui, &error);
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	struct check_state *state = user;
	const struct line_check *check = check_of(ui, state);
	const struct line_check_row *row = check ? line_check_asked(check) : NULL;

	(void)argument;
	if (what == COMMAND_BACK)
		ui_pop(ui);
	else if (what == COMMAND_REPLAY_RESTART)
		begin(ui, state);
	else if (what == COMMAND_BAUD)
		find_baud(ui, state);
	else if (what == COMMAND_OPEN && row != NULL && state->list.cursor >= 0 &&
		 state->list.cursor < LINE_CHECK_ANSWERS_MAX && row->answer[state->list.cursor].key != 0)
		answer(ui, state, &row->answer[state->list.cursor]);
}

static bool allows(struct ui *ui, void *user, enum ui_command what)
{
	const struct line_check *check = check_of(ui, user);

	if (what == COMMAND_BAUD)
		return check != NULL && check->is_heard;
	if (what == COMMAND_OPEN)
		return check != NULL && check->state == LINE_CHECK_ASKING;
	return what != COMMAND_REPLAY_RESTART || check == NULL || check->state != LINE_CHECK_TESTING;
}

const struct screen_ops screen_line_check = {
	.name = "line check",
	.keys = keys,
	.state_size = sizeof(struct check_state),
	.open = open_check,
	.close = close_check,
	.title = title,
	.draw = draw,
	.key = key,
	.allows = allows,
	.command = command,
	.help = "When nothing appears on a line, it is gone through here: power, adapter, wires, ground, level, and what else can keep a "
		"console silent. Each answer says what it proves. As soon as the device is heard, that is the answer.\n"
		"The adapter is tested with its own TX and RX joined: only then something is sent, and only when you say that the device is "
		"not connected.\n",
};
