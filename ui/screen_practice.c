/* The practice bench: a camera made of software, bricked in a way of one's choice. */
#include <string.h>

#include "src/base/text.h"
#include "ui/screen.h"
#include "ui/widget_list.h"

struct practice_state {
	struct widget_list list;
	char wanted[32];	/* typed by its name; empty: the one at the cursor */
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
	widget_list_place(&state->list, count, y, to->rows - y - 3);
	for (int i = 0; i < state->list.rows && state->list.top + i < count; i++) {
		int index = state->list.top + i;
		enum role role = index == state->list.cursor ? ROLE_SELECTED : ROLE_NORMAL;

		app_practice_kind((size_t)index, &kind, &text);
		canvas_fill(to, y + i, 1, to->cols - 2, role, ' ');
		canvas_put(to, y + i, 1, 1, role, index == state->list.cursor ? ">" : " ");
		canvas_put(to, y + i, 3, 20, role, kind);
		canvas_put(to, y + i, 24, to->cols - 26, role, text);
	}
	if (app_practice_kind((size_t)state->list.cursor, &kind, &text) && canvas_width(to, text) > to->cols - 26)
		canvas_wrap(to, y + state->list.rows + 1, 3, to->cols - 4, 2, ROLE_NORMAL, text);
}

/* 0: none. The camera is unplugged before another one is plugged in. */
static int64_t case_at_practice(struct ui *ui)
{
	const struct snapshot *now = ui_now(ui);

	for (unsigned i = 0; now->bench != NULL && i < now->bench->port_count; i++)
		for (unsigned k = 0; strcmp(now->bench->port[i].product, "practice camera") == 0 && k < now->live_count; k++)
			if (now->live[k]->phase != GUIDE_CLOSED && strcmp(now->live[k]->port, now->bench->port[i].path) == 0)
				return now->live[k]->id;
	return 0;
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

static void start_chosen(struct ui *ui, void *user, const char *ignored)
{
	const struct practice_state *state = user;
	const char *kind, *text;

	(void)ignored;
	if (state->wanted[0] != '\0')
		start(ui, state->wanted);
	else if (app_practice_kind((size_t)state->list.cursor, &kind, &text))
		start(ui, kind);
}

static void stop(struct ui *ui, void *user, const char *ignored)
{
	(void)user;
	(void)ignored;
	app_practice_stop(ui_app(ui));
	ui_say(ui, false, "The practice camera is unplugged.");
}

/* As at a real bench: not out of a device that is written, and not out of a case without a word. */
static void unplug(struct ui *ui, struct practice_state *state, void (*then)(struct ui *ui, void *user, const char *ignored))
{
	const struct ui_prompt_ops ask = { .accept = then };
	int64_t id = case_at_practice(ui);
	char label[96];

	if (app_is_dangerous(ui_app(ui)))
		ui_say(ui, true, "not now: a device is being written. Do not unplug anything");
	else if (id != 0)
		ui_ask(ui, text_format(label, sizeof(label), "Case #%lld works with the practice camera. Unplug that one?", (long long)id),
		       "unplug it", &ask, state);
	else
		then(ui, state, NULL);
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	struct practice_state *state = user;

	if (what == COMMAND_BACK)
		ui_pop(ui);
	else if (what == COMMAND_PRACTICE_STOP)
		unplug(ui, state, stop);
	else if (what == COMMAND_OPEN) {
		text_copy(state->wanted, sizeof(state->wanted), argument ? argument : "");
		unplug(ui, state, start_chosen);
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
