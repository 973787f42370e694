/* The places of a console worth going to: bookmarks, starts, stages and signs, newest last. */
#include <string.h>

#include "src/base/text.h"
#include "ui/screen.h"
#include "ui/widget_list.h"

enum { TIME_X = 1, WHAT_X = 15, WHAT_COLS = 24, TEXT_X = 41 };

struct marks_state {
	unsigned id;
	bool only_bookmarks;
	bool is_placed;			/* the cursor was put on the newest once */
	struct widget_list list;
	const struct terminal_mark *shown[TERMINAL_MARKS_LISTED_MAX];	/* of the last picture */
};

static const struct key_binding keys[] = {
	{ UI_KEY_ENTER, COMMAND_OPEN, "open", "go there" },
	{ UI_KEY_ESC, COMMAND_BACK, "back", "to the console" },
	{ UI_KEY_UP, COMMAND_SCROLL_UP, NULL, "older" },
	{ UI_KEY_DOWN, COMMAND_SCROLL_DOWN, NULL, "newer" },
	{ 'm', COMMAND_BOOKMARK, "bookmarks", "bookmarks or all" },
	{ 'd', COMMAND_REMOVE, "remove", "remove" },
	{ 'q', COMMAND_BACK, NULL, NULL },
	{ 'g', COMMAND_BACK, NULL, NULL },
	{ 0 },
};

static void open_marks(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct marks_state *state = user;

	(void)ui;
	state->id = arg->console_id;
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	const struct marks_state *state = user;
	const struct console_view *console = ui_find_console(ui_now(ui), state->id, NULL);

	text_copy(left, left_size, console != NULL ? ui_short_path(console->port) : "console, closed");
	text_copy(right, right_size, state->only_bookmarks ? "bookmarks" : "marks and bookmarks");
}

/* Many messages tell the same stage; where it begins is enough to go to. */
static bool is_same_stage(const struct terminal_mark *mark, const struct terminal_mark **last_stage)
{
	const struct terminal_mark *last = *last_stage;

	if (mark->is_bookmark || mark->role != ROLE_DIM)
		return false;
	*last_stage = mark;
	return last != NULL && mark->start == 0 && strcmp(last->text, mark->text) == 0;
}

static int collect(struct marks_state *state, struct console_pane *pane)
{
	size_t count = terminal_marks_list(terminal_view_marks(pane->view), terminal_view_first_row(pane->view),
					   state->shown, TERMINAL_MARKS_LISTED_MAX);
	const struct terminal_mark *last_stage = NULL;
	int kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!is_same_stage(state->shown[i], &last_stage) &&
		    (!state->only_bookmarks || state->shown[i]->is_bookmark))
			state->shown[kept++] = state->shown[i];
	return kept;
}

/* Collected anew: since the last picture the console may have been closed, and its marks with it. */
static const struct terminal_mark *chosen(struct ui *ui, struct marks_state *state)
{
	struct console_pane *pane = ui_pane(ui, state->id);
	int count = pane != NULL ? collect(state, pane) : 0;

	return state->list.cursor >= 0 && state->list.cursor < count ? state->shown[state->list.cursor] : NULL;
}

static void draw_row(struct console_pane *pane, struct canvas *to, int y, const struct terminal_mark *mark,
		     bool is_chosen)
{
	char time[TERMINAL_TIME_TEXT_MAX], line[512], what[TERMINAL_MARK_MAX + 24] = "";
	enum role role = mark->is_bookmark ? ROLE_STRONG : mark->role;
	/* as the console tells the times; from mark to mark, the distance to the line before tells nothing */
	enum terminal_clock clock = pane->clock == TERMINAL_CLOCK_START || pane->clock == TERMINAL_CLOCK_DELTA
					    ? TERMINAL_CLOCK_START
					    : TERMINAL_CLOCK_WALL;

	if (mark->is_bookmark)
		text_format(what, sizeof(what), "* %s", mark->text);
	else if (mark->start > 0)
		text_format(what, sizeof(what), "start %u%s%s", mark->start, mark->text[0] ? ", " : "", mark->text);
	else
		text_copy(what, sizeof(what), mark->text);
	terminal_view_row_text(pane->view, mark->row, line, sizeof(line));
	canvas_put(to, y, TIME_X, WHAT_X - TIME_X - 1, ROLE_DIM,
		   terminal_times_text(terminal_view_times(pane->view), clock, mark->row, console_pane_wall_shift(pane),
				       time));
	canvas_put(to, y, WHAT_X, WHAT_COLS, mark->start > 0 && !mark->is_bookmark ? ROLE_STRONG : role, what);
	canvas_put(to, y, TEXT_X, to->cols - TEXT_X - 1, ROLE_NORMAL, line);
	if (is_chosen)
		mvwchgat(to->window, y, 0, to->cols, A_REVERSE, 0, NULL);
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct marks_state *state = user;
	struct console_pane *pane = ui_pane(ui, state->id);
	int count = pane != NULL ? collect(state, pane) : 0;

	if (!state->is_placed) {
		state->list.cursor = count - 1;
		state->is_placed = true;
	}
	widget_list_place(&state->list, count, 0, to->rows);
	for (int i = 0; i < state->list.rows && state->list.top + i < count; i++)
		draw_row(pane, to, i, state->shown[state->list.top + i], state->list.top + i == state->list.cursor);
	if (count == 0)
		canvas_wrap(to, 1, 1, to->cols - 2, 4, ROLE_NORMAL,
			    state->only_bookmarks ? "No bookmarks yet: Ctrl-A m in the console sets one, on the line that was found "
						    "or clicked, or on the newest one."
						  : "Nothing is marked yet. Starts, stages and telling messages come here by "
						    "themselves; Ctrl-A m in the console sets a bookmark.");
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct marks_state *state = user;

	(void)ui;
	return widget_list_key(&state->list, pressed);
}

static bool allows(struct ui *ui, void *user, enum ui_command what)
{
	const struct terminal_mark *mark = chosen(ui, user);

	if (what == COMMAND_OPEN)
		return mark != NULL;
	return what != COMMAND_REMOVE || (mark != NULL && mark->is_bookmark);
}

static void go_there(struct ui *ui, struct console_pane *pane, uint64_t row)
{
	char text[TERMINAL_LINE_TEXT_MAX];
	struct terminal_place place = { .row = row };

	place.size = terminal_view_row_text(pane->view, row, text, sizeof(text));
	console_pane_go_to(pane, &place);
	ui_pop(ui);
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	struct marks_state *state = user;
	struct console_pane *pane = ui_pane(ui, state->id);
	const struct terminal_mark *mark = chosen(ui, state);

	(void)argument;
	if (what == COMMAND_BACK || pane == NULL) {
		ui_pop(ui);
	} else if (what == COMMAND_BOOKMARK) {
		state->only_bookmarks = !state->only_bookmarks;
		state->is_placed = false;
	} else if (what == COMMAND_OPEN && mark != NULL) {
		go_there(ui, pane, mark->row);
	} else if (what == COMMAND_REMOVE && mark != NULL) {
		terminal_marks_remove(terminal_view_marks(pane->view), mark->row);
	}
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	struct marks_state *state = user;

	(void)x;
	if (widget_list_mouse(&state->list, what, y) >= 0)
		command(ui, state, COMMAND_OPEN, NULL);
}

const struct screen_ops screen_marks = {
	.name = "marks",
	.keys = keys,
	.state_size = sizeof(struct marks_state),
	.open = open_marks,
	.title = title,
	.draw = draw,
	.key = key,
	.allows = allows,
	.command = command,
	.mouse = mouse,
	.help = "The places of a console worth going to, oldest first: where the device started, which stage it came to, what a message "
		"speaks for, and your bookmarks with a star. Enter shows the place in the console.\n"
		"m leaves only the bookmarks. d removes the bookmark under the cursor; the remark in the file of times stays.\n",
};
