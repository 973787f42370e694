/* A recording as on the console it was made on: the console's screen, fed from a file, with the keys of a player. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/text.h"
#include "ui/screen.h"

enum { REFRESH_MS = 250 };

/* The console's own screen does the showing, scrolling and searching. */
struct replay_screen {
	unsigned id;
	bool is_prefixed;
	void *console;
};

static const double speeds[] = { 0.25, 0.5, 1, 2, 5, 10, 50, 200, REPLAY_SPEED_MAX };
enum { SPEEDS = sizeof(speeds) / sizeof(speeds[0]) };

/* clang-format off */
static const struct key_binding keys[] = {
	{ ' ', COMMAND_REPLAY_PAUSE, "pause", "pause" },
	{ UI_KEY_RIGHT, COMMAND_REPLAY_NEXT, "next", "next start or stage" },
	{ '+', COMMAND_REPLAY_FASTER, "faster", "faster" },
	{ '-', COMMAND_REPLAY_SLOWER, "slower", "slower" },
	{ UI_KEY_HOME, COMMAND_REPLAY_RESTART, "again", "from the beginning" },
	{ UI_KEY_F1 + 9, COMMAND_BACK, "back", "back" },
	{ 'q', COMMAND_BACK, NULL, NULL },
	{ UI_KEY_ESC, COMMAND_BACK, NULL, NULL },
	{ '=', COMMAND_REPLAY_FASTER, NULL, NULL },
	{ '/', COMMAND_FIND, "find", "find" },
	{ 'n', COMMAND_FIND_NEXT, NULL, "find the next older one" },
	{ UI_KEY_PAGE_UP, COMMAND_SCROLL_UP, NULL, "older lines" },
	{ UI_KEY_SHIFT_PAGE_UP, COMMAND_SCROLL_UP, NULL, NULL },
	{ UI_KEY_PAGE_DOWN, COMMAND_SCROLL_DOWN, NULL, "newer lines" },
	{ UI_KEY_SHIFT_PAGE_DOWN, COMMAND_SCROLL_DOWN, NULL, NULL },
	{ 0 },
};
/* clang-format on */

static const struct console_view *console_of(struct ui *ui, const struct replay_screen *state)
{
	return ui_find_console(ui_now(ui), state->id, NULL);
}

static void open_replay(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct replay_screen *state = user;

	state->id = arg->console_id;
	state->console = calloc(1, screen_console.state_size);
	if (state->console != NULL && screen_console.open != NULL)
		screen_console.open(ui, state->console, arg);
}

static void close_replay(struct ui *ui, void *user)
{
	struct replay_screen *state = user;

	if (state->console != NULL && screen_console.close != NULL)
		screen_console.close(ui, state->console);
	free(state->console);
	app_console_close(ui_app(ui), state->id);
}

static const char *clock_text(char *to, size_t size, uint64_t ms)
{
	unsigned long long seconds = ms / 1000;

	if (seconds >= 3600)
		return text_format(to, size, "%llu:%02llu:%02llu", seconds / 3600, seconds / 60 % 60, seconds % 60);
	return text_format(to, size, "%02llu:%02llu", seconds / 60, seconds % 60);
}

static const char *speed_text(char *to, size_t size, const struct replay_state *replay)
{
	if (replay->is_over)
		return "end";
	if (replay->is_paused)
		return "halted";
	if (replay->is_skipping || replay->speed <= REPLAY_SPEED_MAX)
		return "at once";
	return text_format(to, size, "%gx", replay->speed);
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	const struct console_view *console = console_of(ui, user);
	char summary[160], at[24], left_text[24], speed[24];
	const struct replay_state *replay;
	const char *name;

	if (console == NULL || !console->is_replay) {
		text_copy(left, left_size, "recording, closed");
		return;
	}
	replay = &console->replay;
	ui_console_summary(console, summary, sizeof(summary));
	name = strrchr(console->port, '/');
	text_format(left, left_size, "recording %.40s  %s", name ? name + 1 : console->port + strlen("replay:"),
		    summary);
	if (console->starts > 0)
		text_append(left, left_size, "  start %u", console->starts);
	clock_text(at, sizeof(at), replay->at_ms);
	if (replay->total_ms >= replay->at_ms && !replay->is_over)
		text_format(right, right_size, "%s  %s  %s left", speed_text(speed, sizeof(speed), replay), at,
			    clock_text(left_text, sizeof(left_text), replay->total_ms - replay->at_ms));
	else
		text_format(right, right_size, "%s  %s", speed_text(speed, sizeof(speed), replay), at);
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct replay_screen *state = user;

	if (state->console != NULL)
		screen_console.draw(ui, state->console, to);
	else
		canvas_put(to, 1, 1, to->cols - 2, ROLE_NORMAL, "No memory for the picture of this recording.");
}

static void hint(struct ui *ui, void *user, char *to, size_t size)
{
	struct replay_screen *state = user;
	const struct console_view *console = console_of(ui, state);

	if (console == NULL || !console->is_replay)
		text_copy(to, size, "this recording is closed: F10 goes back");
	else if (state->is_prefixed)
		text_copy(to, size, "Ctrl-A: q back, / find, n next, N newer, t times, m mark, g marks, ? help");
	else if (console->replay.is_over)
		text_copy(to, size, "this is the end of the recording; Home plays it again");
	else if (console->replay.problem[0] != '\0')
		text_copy(to, size, console->replay.problem);
	else if (console->replay.remark[0] != '\0')
		text_format(to, size, "noted here: %s", console->replay.remark);
	else if (console->replay.timing == REPLAY_EVEN)
		text_format(to, size, "the file has no times: it comes evenly, as at %u baud", REPLAY_EVEN_BAUD);
}

static void change(struct ui *ui, struct replay_screen *state, enum line_replay_change what, double value)
{
	struct error error;

	if (app_replay_change(ui_app(ui), state->id, what, value, &error) != STATUS_OK)
		ui_say_error(ui, &error);
}

static double speed_beside(double speed, int step)
{
	int at = SPEEDS - 1;

	for (int i = 0; i < SPEEDS - 1 && speed > REPLAY_SPEED_MAX; i++)
		if (speeds[i] >= speed) {
			at = i;
			break;
		}
	at += step;
	return speeds[at < 0 ? 0 : at >= SPEEDS ? SPEEDS - 1 : at];
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	struct replay_screen *state = user;
	const struct console_view *console = console_of(ui, state);
	struct replay_state replay = { 0 };

	if (console != NULL)
		replay = console->replay;
	switch (what) {
	case COMMAND_BACK: ui_pop(ui); break;
	case COMMAND_REPLAY_PAUSE: change(ui, state, LINE_REPLAY_PAUSE, !replay.is_paused); break;
	case COMMAND_REPLAY_NEXT: change(ui, state, LINE_REPLAY_SKIP, 1); break;
	case COMMAND_REPLAY_FASTER: change(ui, state, LINE_REPLAY_SPEED, speed_beside(replay.speed, 1)); break;
	case COMMAND_REPLAY_SLOWER: change(ui, state, LINE_REPLAY_SPEED, speed_beside(replay.speed, -1)); break;
	case COMMAND_REPLAY_RESTART: change(ui, state, LINE_REPLAY_RESTART, 0); break;
	default:
		if (state->console != NULL)
			screen_console.command(ui, state->console, what, argument);
	}
}

static bool allows(struct ui *ui, void *user, enum ui_command what)
{
	struct replay_screen *state = user;
	const struct console_view *console = console_of(ui, state);

	if (what == COMMAND_BACK)
		return true;
	if (console == NULL || !console->is_replay)
		return false;
	if (what == COMMAND_REPLAY_PAUSE || what == COMMAND_REPLAY_NEXT)
		return !console->replay.is_over;
	return what != COMMAND_SCROLL_DOWN || screen_console.allows == NULL ||
	       screen_console.allows(ui, state->console, what);
}

/* Behind Ctrl-A are the console's keys, as far as they only look. */
static bool key(struct ui *ui, void *user, int pressed)
{
	struct replay_screen *state = user;
	bool was_prefixed = state->is_prefixed;

	state->is_prefixed = pressed == UI_PREFIX && !was_prefixed;
	if (state->console == NULL || (!was_prefixed && pressed != UI_PREFIX))
		return false;
	if (!was_prefixed)
		return true;
	if (pressed <= ' ' || pressed > '~' || strchr("q/nNtmg?:", pressed) == NULL) {
		ui_say(ui, true, "Ctrl-A and this key means nothing in a recording: nothing is sent");
		return true;
	}
	screen_console.key(ui, state->console, UI_PREFIX);
	return screen_console.key(ui, state->console, pressed);
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	struct replay_screen *state = user;

	if (state->console != NULL && screen_console.mouse != NULL)
		screen_console.mouse(ui, state->console, what, y, x);
}

static bool awaits_command(struct ui *ui, void *user)
{
	const struct replay_screen *state = user;

	(void)ui;
	return state->is_prefixed;
}

static unsigned refresh_ms(struct ui *ui, void *user)
{
	const struct console_view *console = console_of(ui, user);

	return console != NULL && console->is_replay && !console->replay.is_over && !console->replay.is_paused
		       ? REFRESH_MS
		       : 0;
}

const struct screen_ops screen_replay = {
	.name = "recording",
	.keys = keys,
	.state_size = sizeof(struct replay_screen),
	.open = open_replay,
	.close = close_replay,
	.title = title,
	.draw = draw,
	.key = key,
	.allows = allows,
	.command = command,
	.mouse = mouse,
	.hint = hint,
	.awaits_command = awaits_command,
	.refresh_ms = refresh_ms,
	.help = "A recording of a console, played as it came: a capture of this program, a log with times, or any log. No port is opened "
		"and nothing is sent.\n"
		"Words at the right say what a line means, as on the console itself. The right arrow runs on to where the device starts anew "
		"or comes to the next stage.\n"
		"The title says how fast it runs, where it is, and how long it is.\n",
};
