/* The practice bench: a camera made of software, bricked in a way of one's choice. */
#include "src/base/text.h"
#include "ui/screen.h"
#include "ui/widget_list.h"

struct practice_state {
	struct widget_list list;
};

static int count_kinds(void)
{
	const char *kind, *text;
	int count = 0;

	while (app_practice_kind((size_t)count, &kind, &text))
		count++;
	return count;
}

static const struct key_binding keys[] = {
	{ UI_KEY_ENTER, COMMAND_OPEN, "start", "plug it in" },
	{ 's', COMMAND_PRACTICE_STOP, "stop", "unplug it" },
	{ UI_KEY_ESC, COMMAND_BACK, "back", "back" },
	{ 0 },
};

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	(void)user;
	text_copy(left, left_size, "practice bench");
	text_copy(right, right_size, ui_now(ui)->is_practice ? "a practice camera is plugged in" : "");
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct practice_state *state = user;
	const char *kind, *text;
	int count = count_kinds();
	int y = 1;

	(void)ui;
	y += canvas_wrap(
		to, y, 1, to->cols - 2, 3, ROLE_NORMAL,
		"A camera made of software: it starts, fails and is repaired as a real one, and nothing can be harmed. "
		"Which fault shall it have?");
	y++;
	widget_list_place(&state->list, count, y, to->rows - y);
	for (int i = 0; i < state->list.rows && state->list.top + i < count; i++) {
		int index = state->list.top + i;
		enum role role = index == state->list.cursor ? ROLE_SELECTED : ROLE_NORMAL;

		app_practice_kind((size_t)index, &kind, &text);
		canvas_fill(to, y + i, 1, to->cols - 2, role, ' ');
		canvas_put(to, y + i, 1, 1, role, index == state->list.cursor ? ">" : " ");
		canvas_put(to, y + i, 3, 20, role, kind);
		canvas_put(to, y + i, 24, to->cols - 26, role, text);
	}
}

static void start(struct ui *ui, const char *kind)
{
	struct error error;

	if (app_practice_start(ui_app(ui), kind, &error) != STATUS_OK) {
		ui_say_error(ui, &error);
		return;
	}
	ui_pop(ui);
	ui_say(ui, false, "The practice camera is plugged in. Press n for a new case.");
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	struct practice_state *state = user;
	const char *kind, *text;

	if (what == COMMAND_BACK)
		ui_pop(ui);
	else if (what == COMMAND_OPEN && argument != NULL)
		start(ui, argument);
	else if (what == COMMAND_OPEN && app_practice_kind((size_t)state->list.cursor, &kind, &text))
		start(ui, kind);
	else if (what == COMMAND_PRACTICE_STOP) {
		app_practice_stop(ui_app(ui));
		ui_say(ui, false, "The practice camera is unplugged.");
	}
}

static bool allows(struct ui *ui, void *user, enum ui_command what)
{
	(void)user;
	return what != COMMAND_PRACTICE_STOP || ui_now(ui)->is_practice;
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct practice_state *state = user;

	(void)ui;
	return widget_list_key(&state->list, pressed);
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	struct practice_state *state = user;

	(void)x;
	if (widget_list_mouse(&state->list, what, y) >= 0)
		command(ui, user, COMMAND_OPEN, NULL);
}

const struct screen_ops screen_practice = {
	.name = "practice",
	.keys = keys,
	.state_size = sizeof(struct practice_state),
	.title = title,
	.draw = draw,
	.key = key,
	.allows = allows,
	.command = command,
	.mouse = mouse,
	.help = "The practice bench plugs a camera made of software into this bench. Everything is as with a real one: the console, "
		"the diagnosis, the plan, the writing. Choose the fault it shall have.\n",
};
