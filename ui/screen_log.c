/* The log of a case: everything that was really seen, sent, done and answered, and who did it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/text.h"
#include "ui/screen_case.h"
#include "ui/widget_list.h"

enum { LOG_KEPT_MAX = 1000, LOG_FILTER_MAX = 64 };

struct kept_line {
	struct log_line line;
	bool is_sent, is_begun;
	unsigned more;			/* checksums of further blocks, sent right behind this one */
};

struct log_state {
	int64_t case_id;
	struct widget_list list;
	bool is_following;		/* the newest stays in view */
	char filter[LOG_FILTER_MAX];
	struct kept_line *kept;		/* from the casebook, a ring; NULL: what the case's view has */
	size_t kept_first, kept_count;
	int64_t last_entry;
	struct kept_line of_view;
	unsigned shown[LOG_KEPT_MAX];
	unsigned shown_count;
};

static const struct key_binding keys[] = {
	{ UI_KEY_ESC, COMMAND_BACK, "back", "back" },
	{ '/', COMMAND_FIND, "find", "find" },
	{ UI_KEY_PAGE_UP, COMMAND_SCROLL_UP, NULL, "older" },
	{ UI_KEY_PAGE_DOWN, COMMAND_SCROLL_DOWN, NULL, "newer" },
	{ UI_KEY_ENTER, COMMAND_BACK, NULL, NULL },
	{ 'l', COMMAND_BACK, NULL, NULL },
	{ 'q', COMMAND_BACK, NULL, NULL },
	{ 0 },
};

static const char *by_text(enum journal_by by)
{
	static const char *const words[] = {
		[JOURNAL_OBSERVED] = "seen", [JOURNAL_PROGRAM] = "done", [JOURNAL_OPERATOR] = "you"
	};

	return by <= JOURNAL_OPERATOR ? words[by] : "";
}

/* What is kept only so that the case can go on tells the reader nothing. */
static bool is_for_reader(const char *kind)
{
	static const char *const inner[] = { "set", "phase", "ask" };

	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		if (strcmp(kind, inner[i]) == 0)
			return false;
	return true;
}

static void entry_text(const struct journal_entry *entry, char *to, size_t size)
{
	static const char *const named[] = { "written", "verified", "booted", "verdict" };
	const char *text = entry->text ? entry->text : "";
	const char *title = entry->data != NULL && text_starts(entry->data, "{\"title\":\"") ? entry->data + strlen("{\"title\":\"") : "";
	char whole[400] = "";

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (strcmp(entry->kind, named[i]) == 0)
			text_format(whole, sizeof(whole), "%s: ", named[i]);
	if (strcmp(entry->kind, "step") == 0)	/* "step 4 of 5, compare" and {"title":"Comparing the flash"}: its kind is for scripts */
		text_append(whole, sizeof(whole), "%.*s%s%.*s", (int)strcspn(text, ","), text, title[0] != '\0' ? ": " : "",
			    (int)strcspn(title, "\""), title);
	else
		text_append(whole, sizeof(whole), "%.300s", text);
	text_printable(to, size, bytes_of_text(whole));
}

static unsigned count_blocks(const char *text)
{
	unsigned count = 0;

	for (const char *at = text; (at = strstr(at, "crc32 ")) != NULL; at += 6)
		count++;
	return count;
}

static bool keep_entry(void *user, const struct journal_entry *entry)
{
	struct log_state *state = user;
	struct kept_line *kept, *last = state->kept_count > 0
		? &state->kept[(state->kept_first + state->kept_count - 1) % LOG_KEPT_MAX] : NULL;
	time_t seconds = (time_t)(entry->time_ms / 1000);
	struct tm local;

	state->last_entry = entry->id;
	if (!is_for_reader(entry->kind))
		return true;
	/* checksums block by block are one thing that was done */
	if (last != NULL && last->is_sent && strcmp(entry->kind, "sent") == 0 && text_starts(last->line.text, "crc32 ") &&
	    entry->text != NULL && text_starts(entry->text, "crc32 ")) {
		last->more += count_blocks(entry->text);
		return true;
	}
	if (state->kept_count == LOG_KEPT_MAX) {
		state->kept_first = (state->kept_first + 1) % LOG_KEPT_MAX;
		state->kept_count--;
	}
	kept = &state->kept[(state->kept_first + state->kept_count++) % LOG_KEPT_MAX];
	memset(kept, 0, sizeof(*kept));
	if (localtime_r(&seconds, &local) != NULL)
		strftime(kept->line.clock, sizeof(kept->line.clock), "%H:%M:%S", &local);
	kept->line.by = entry->by;
	kept->line.is_error = strcmp(entry->kind, "error") == 0;
	kept->is_sent = strcmp(entry->kind, "sent") == 0;
	kept->is_begun = strcmp(entry->kind, "step") == 0;
	entry_text(entry, kept->line.text, sizeof(kept->line.text));
	return true;
}

/* The journal has it all, also from before the program was started anew. */
static void read_more(struct ui *ui, struct log_state *state)
{
	struct error error;

	if (state->kept != NULL &&
	    casebook_read(app_casebook(ui_app(ui)), state->case_id, state->last_entry, keep_entry, state, &error) != STATUS_OK)
		ui_say_error(ui, &error);
}

static void open_log(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct log_state *state = user;

	state->case_id = arg->case_id;
	state->is_following = true;
	if (app_casebook(ui_app(ui)) != NULL)
		state->kept = calloc(LOG_KEPT_MAX, sizeof(*state->kept));
}

static void close_log(struct ui *ui, void *user)
{
	struct log_state *state = user;

	(void)ui;
	free(state->kept);
}

static const struct kept_line *line_at(struct ui *ui, struct log_state *state, unsigned index)
{
	const struct case_view *view = app_case_view(ui_app(ui), state->case_id);

	if (state->kept != NULL && state->kept_count > 0)
		return index < state->kept_count ? &state->kept[(state->kept_first + index) % LOG_KEPT_MAX] : NULL;
	if (view == NULL || index >= view->log_count || index >= CASE_LOG_MAX)
		return NULL;
	state->of_view = (struct kept_line){ .line = view->log[index] };
	return &state->of_view;
}

static void collect(struct ui *ui, struct log_state *state)
{
	const struct kept_line *kept;

	read_more(ui, state);
	state->shown_count = 0;
	for (unsigned i = 0; i < LOG_KEPT_MAX && (kept = line_at(ui, state, i)) != NULL; i++)
		if (state->filter[0] == '\0' || text_contains(kept->line.text, state->filter))
			state->shown[state->shown_count++] = i;
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	struct log_state *state = user;
	const struct case_view *view = app_case_view(ui_app(ui), state->case_id);

	text_format(left, left_size, "#%lld %s", (long long)state->case_id, view ? view->title : "");
	text_format(right, right_size, "log");
}

const char *log_short(const char *line, char *to, size_t size)
{
	unsigned more = 0;

	for (const char *at = line; *at != '\0'; at++)
		more += *at == ';' && strncmp(at + 1, "crc32 ", 6) == 0;
	if (strncmp(line, "crc32 ", 6) != 0 || more == 0)
		return line;
	return text_format(to, size, "%.*s and %u blocks more", (int)strcspn(line, ";"), line, more);
}

enum { LOG_TEXT_X = 17, LOG_WHOLE_ROWS_MAX = 4 };

static const char *text_of(const struct kept_line *kept, char *to, size_t size)
{
	const struct log_line *line = &kept->line;
	unsigned more = kept->more + (text_starts(line->text, "crc32 ") ? count_blocks(line->text) - 1 : 0);

	if (more == 0)
		return line->text;
	return text_format(to, size, "%.*s, and %u blocks more", (int)strcspn(line->text, ";"), line->text, more);
}

static void draw_line(struct canvas *to, int y, const struct kept_line *kept)
{
	const struct log_line *line = &kept->line;
	char text[160];

	canvas_put(to, y, 1, 9, ROLE_DIM, line->clock);
	canvas_put(to, y, 11, 5, line->by == JOURNAL_OPERATOR ? ROLE_STRONG : ROLE_DIM, kept->is_sent ? "sent" : kept->is_begun ? "begun" : by_text(line->by));
	canvas_put(to, y, LOG_TEXT_X, to->cols - LOG_TEXT_X - 1, line->is_error ? ROLE_DANGER : ROLE_NORMAL, text_of(kept, text, sizeof(text)));
}

/* Rows at the bottom for the line at the cursor, where one row is too short for it. */
static int whole_rows(const struct canvas *to, const struct kept_line *kept)
{
	char text[160];
	int rows = kept != NULL ? canvas_wrap_rows(to, to->cols - LOG_TEXT_X - 1, text_of(kept, text, sizeof(text))) : 0;

	return rows < 2 ? 0 : 1 + (rows > LOG_WHOLE_ROWS_MAX ? LOG_WHOLE_ROWS_MAX : rows);
}

static void draw_whole(struct canvas *to, int y, const struct kept_line *kept)
{
	char text[160];

	canvas_line(to, y);
	canvas_wrap(to, y + 1, LOG_TEXT_X, to->cols - LOG_TEXT_X - 1, LOG_WHOLE_ROWS_MAX, ROLE_NORMAL, text_of(kept, text, sizeof(text)));
}

static const struct kept_line *line_at_cursor(struct ui *ui, struct log_state *state)
{
	int at = state->list.cursor;

	return at >= 0 && at < (int)state->shown_count ? line_at(ui, state, state->shown[at]) : NULL;
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct log_state *state = user;
	int y = 0, below;

	collect(ui, state);
	if (state->filter[0] != '\0')
		canvas_printf(to, y++, 1, to->cols - 2, ROLE_ATTENTION, "only lines with '%s' (Esc shows all)",
			      state->filter);
	if (state->is_following)
		state->list.cursor = (int)state->shown_count - 1;
	below = whole_rows(to, line_at_cursor(ui, state));
	widget_list_place(&state->list, (int)state->shown_count, y, to->rows - y - below);
	for (int i = 0; i < state->list.rows && state->list.top + i < (int)state->shown_count; i++) {
		draw_line(to, y + i, line_at(ui, state, state->shown[state->list.top + i]));
		if (state->list.top + i == state->list.cursor)
			mvwchgat(to->window, y + i, 0, 1, A_REVERSE, 0, NULL);
	}
	if (below > 0)
		draw_whole(to, to->rows - below, line_at_cursor(ui, state));
	if (state->shown_count == 0)
		canvas_put(to, y + 1, 1, to->cols - 2, ROLE_DIM, "nothing yet");
}

static void filter_changed(struct ui *ui, void *user, const char *text)
{
	struct log_state *state = user;

	(void)ui;
	text_copy(state->filter, sizeof(state->filter), text);
}

static void filter_cancelled(struct ui *ui, void *user)
{
	filter_changed(ui, user, "");
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	static const struct ui_prompt_ops filter = { filter_changed, filter_changed, filter_cancelled };
	struct log_state *state = user;

	(void)argument;
	if (what == COMMAND_FIND)
		ui_prompt(ui, "/", state->filter, &filter, state);
	else if (what == COMMAND_BACK && state->filter[0] != '\0')
		state->filter[0] = '\0';
	else if (what == COMMAND_BACK)
		ui_pop(ui);
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct log_state *state = user;

	(void)ui;
	if (!widget_list_key(&state->list, pressed))
		return false;
	state->is_following = state->list.cursor == state->list.count - 1;
	return true;
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	struct log_state *state = user;

	(void)ui;
	(void)x;
	widget_list_mouse(&state->list, what, y);
	state->is_following = state->list.cursor == state->list.count - 1;
}

const struct screen_ops screen_log = {
	.name = "log",
	.keys = keys,
	.state_size = sizeof(struct log_state),
	.open = open_log,
	.close = close_log,
	.title = title,
	.draw = draw,
	.key = key,
	.command = command,
	.mouse = mouse,
	.help = "Everything that was really seen, sent, done and answered in this case, newest last. The second column says what "
		"it is: seen by unbrick, sent to the device, begun or done by unbrick, or done by you. Up and down move the cursor; a line that is "
		"too long stands whole at the bottom while the cursor is on it.\n",
};
