/* Help: what this screen is for, and its keys, from the same table that works them. */
#include <string.h>

#include "src/base/text.h"
#include "ui/screen.h"
#include "ui/widget_scroll.h"

struct help_state {
	const struct screen_ops *about;
	struct widget_scroll scroll;
};

static const struct key_binding keys[] = {
	{ UI_KEY_ESC, COMMAND_BACK, "back", "back" },
	WIDGET_SCROLL_KEYS,
	{ UI_KEY_ENTER, COMMAND_BACK, NULL, NULL },
	{ 'q', COMMAND_BACK, NULL, NULL },
	{ '?', COMMAND_BACK, NULL, NULL },
	{ 0 },
};

static void open_help(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct help_state *state = user;

	(void)ui;
	state->about = arg->about ? arg->about : &screen_home;
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	struct help_state *state = user;

	(void)ui;
	text_format(left, left_size, "help: %s", state->about->name);
	text_copy(right, right_size, "");
}

static int draw_table(struct canvas *to, int y, const char *heading, const struct key_binding *table)
{
	char name[24];

	canvas_put(to, y++, 1, to->cols - 2, ROLE_STRONG, heading);
	for (; table->key != 0; table++) {
		if (table->text == NULL)
			continue;
		canvas_put(to, y, 3, 13, ROLE_STRONG, keys_row_name(table, name, sizeof(name)));
		canvas_put(to, y, 17, 40, ROLE_NORMAL, table->text);
		if (table->verb != NULL && table->key != UI_KEY_VERB_ONLY)
			canvas_printf(to, y, 58, 20, ROLE_DIM, ":%s", table->verb);
		y++;
	}
	return y + 1;
}

static int draw_paragraphs(struct canvas *to, int y, const char *text)
{
	while (*text != '\0') {
		char line[1024];
		size_t length = strcspn(text, "\n");

		text_copy(line, length + 1 < sizeof(line) ? length + 1 : sizeof(line), text);
		y += canvas_wrap(to, y, 1, to->cols - 2, 10, ROLE_NORMAL, line);
		text += length + (text[length] == '\n');
	}
	return y + 1;
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct help_state *state = user;
	int y;

	(void)ui;
	do {
		werase(to->window);
		y = widget_scroll_begin(&state->scroll) + 1;
		y = draw_paragraphs(to, y, state->about->help);
		y = draw_table(to, y, "Keys here", state->about->keys);
		/* a screen with a help key of its own gives all others to the device */
		if (keys_find_verb(state->about->keys, "help", strlen("help")) == NULL)
			y = draw_table(to, y, "Keys everywhere", keys_everywhere);
		y--;
	} while (!widget_scroll_end(&state->scroll, to, y));
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	(void)user;
	(void)argument;
	if (what == COMMAND_BACK)
		ui_pop(ui);
}

static bool key(struct ui *ui, void *user, int pressed)
{
	(void)ui;
	return widget_scroll_key(&((struct help_state *)user)->scroll, pressed);
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	(void)ui;
	(void)y;
	(void)x;
	widget_scroll_mouse(&((struct help_state *)user)->scroll, what);
}

const struct screen_ops screen_help = {
	.name = "help", .help = "This page.", .keys = keys, .state_size = sizeof(struct help_state), .open = open_help,
	.title = title, .draw = draw, .key = key, .command = command, .mouse = mouse,
};
