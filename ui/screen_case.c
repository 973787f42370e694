/* A case: one question per screen. Draws any case view the same way: what is going on above, what to do next below. */
#include "ui/screen_case.h"

#include <string.h>

#include "src/base/text.h"

static const struct key_binding keys[] = {
	{ UI_KEY_ENTER, COMMAND_OPEN, NULL, "answer with the marked line" },	/* the footer says what */
	{ UI_KEY_ESC, COMMAND_BACK, "bench", "back" },
	{ 'x', COMMAND_CANCEL, "cancel", "stop" },	/* the footer has room for the first ones only */
	{ 'e', COMMAND_EVIDENCE, "evidence", "evidence" },
	{ 'c', COMMAND_CONSOLE, "console", "console" },
	{ 'l', COMMAND_LOG, "log", "log" },
	{ 'b', COMMAND_EARLIER, "back", "change answer" },
	{ 'i', COMMAND_IMAGE, "image", "image" },
	{ UI_KEY_VERB_ONLY, COMMAND_POWER, "power", "power on, off or cycle" },
	{ 0 },
};

static const struct case_view *view_of(struct ui *ui, const struct case_state *state)
{
	return app_case_view(ui_app(ui), state->id);
}

static void open_case(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct case_state *state = user;

	(void)ui;
	state->id = arg->case_id;
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	static const char *const phases[GUIDE_PHASE_COUNT] = {
		[GUIDE_DEVICE] = "which device?",
		[GUIDE_HAPPENED] = "what happened?",
		[GUIDE_CONNECT] = "which serial line?",
		[GUIDE_WATCH] = "watch it start",
		[GUIDE_DIAGNOSIS] = "diagnosis",
		[GUIDE_STEPS] = "at work",
		[GUIDE_OUTCOME] = "outcome",
		[GUIDE_CLOSED] = "closed",
	};
	struct case_state *state = user;
	const struct case_view *view = view_of(ui, state);

	text_format(left, left_size, "#%lld %s", (long long)state->id, view ? view->title : "");
	if (view == NULL)
		return;
	if (view->step > 0)
		text_format(right, right_size, "step %u of %u: %.*s", view->step, view->step_count,
			    (int)strcspn(view->step_title, ".,;:("), view->step_title);
	else if (view->phase == GUIDE_WATCH && view->port[0] != '\0')
		text_format(right, right_size, "watching %s", ui_short_path(view->port));
	else if (view->phase < GUIDE_PHASE_COUNT)
		text_copy(right, right_size, phases[view->phase]);
}

/* What went wrong and what to do about it; a line that is lost is said on whatever page stands there. */
static bool find_problem(const struct case_view *view, struct error *ret_problem)
{
	bool has_own = view->problem.status != STATUS_OK;

	if (has_own || !view->is_line_lost || view->phase >= GUIDE_OUTCOME) {
		*ret_problem = view->problem;
		return has_own;
	}
	error_set(ret_problem, STATUS_GONE, "the line %s is lost", ui_short_path(view->port));
	error_hint(ret_problem, "leave the device as it is, and plug the adapter in again: it goes on by itself");
	return true;
}

static int problem_rows(const struct case_view *view, const struct canvas *to)
{
	struct error problem;

	if (!find_problem(view, &problem))
		return 0;
	return canvas_wrap_rows(to, to->cols - 12, problem.text) +
	       (problem.hint[0] ? canvas_wrap_rows(to, to->cols - 12, problem.hint) : 0) + 1;
}

/* It stands right above the question, and is never cut for anything else. */
static int draw_problem(const struct case_view *view, struct canvas *to, int y)
{
	struct error problem;
	bool is_wanted = view->problem.status == STATUS_CANCELLED;	/* that is no fault */
	enum role role = is_wanted ? ROLE_ATTENTION : ROLE_DANGER;

	if (!find_problem(view, &problem))
		return y;
	canvas_put(to, y, 1, 8, role, is_wanted ? "Note" : "Problem");
	y += canvas_wrap(to, y, 11, to->cols - 12, 8, role, problem.text);
	if (problem.hint[0] != '\0') {
		canvas_put(to, y, 1, 8, ROLE_STRONG, "To do");
		y += canvas_wrap(to, y, 11, to->cols - 12, 4, ROLE_STRONG, problem.hint);
	}
	return y + 1;
}

static int draw_above(struct ui *ui, const struct case_view *view, struct canvas *to, int bottom)
{
	switch (view->phase) {
	case GUIDE_DIAGNOSIS: return case_draw_diagnosis(ui, view, to, 0, bottom);
	case GUIDE_WATCH: return case_draw_coach(ui, view, to, 0, bottom);
	case GUIDE_STEPS:
		if (view->is_dangerous || (view->progress_count > 0 && view->countdown_total_ms == 0))
			return case_draw_write(ui, view, to, 0, bottom);
		return case_draw_coach(ui, view, to, 0, bottom);
	case GUIDE_OUTCOME: case GUIDE_CLOSED: return case_draw_outcome(ui, view, to, 0, bottom);
	default: return case_draw_say(view, to, 0, bottom) + 1;
	}
}

static int say_rows(const struct case_view *view, const struct canvas *to)
{
	int rows = 0;

	for (unsigned i = 0; i < view->say_count && i < CASE_SAY_MAX; i++)
		rows += canvas_wrap_rows(to, to->cols - 4, view->say[i]);
	return rows;
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct case_state *state = user;
	const struct case_view *view = view_of(ui, state);
	int question_rows, above, bottom, y;

	if (view == NULL) {
		canvas_put(to, 1, 1, to->cols - 2, ROLE_NORMAL,
			   "This case is not being worked on now. Esc goes back; Enter opens it again.");
		return;
	}
	widget_question_follow(&state->question, ui, &view->question);
	question_rows = widget_question_rows(&state->question, to, &view->question);
	bottom = to->rows - question_rows - problem_rows(view, to);
	above = view->phase == GUIDE_DIAGNOSIS ? (bottom < CASE_BRIEF_ROWS_MIN ? CASE_PROOF_ROWS_MIN : CASE_BRIEF_ROWS_MIN)
		: view->is_dangerous           ? 12
					       : say_rows(view, to) + 2;
	if (bottom < above)
		bottom = above < to->rows / 2 ? above : to->rows / 2;
	y = draw_above(ui, view, to, bottom);
	y = draw_problem(view, to, y < bottom ? y : bottom);
	widget_question_draw(&state->question, to, y, to->rows - y, &view->question);
	y += question_rows + (question_rows > 0);
	if (view->phase == GUIDE_STEPS && !view->is_dangerous && view->progress_count == 0 && to->rows - y > 1)
		case_draw_log_tail(view, to, y, to->rows);
}

/* Without its line nothing is typed any more: stopping then leaves the device no worse. */
static bool is_held(const struct case_view *view)
{
	return view->is_dangerous && !view->is_line_lost;
}

static bool takes_text(struct ui *ui, void *user)
{
	const struct case_view *view = view_of(ui, user);

	return view != NULL && widget_question_takes_text(&((const struct case_state *)user)->question, &view->question);
}

static bool allows(struct ui *ui, void *user, enum ui_command what)
{
	const struct case_view *view = view_of(ui, user);

	if (what == COMMAND_BACK)
		return true;
	if (view == NULL)
		return what == COMMAND_OPEN || what == COMMAND_LOG;
	/* letters are text then; the commands stay there under `:` only where that is no text either */
	switch (what) {
	case COMMAND_EVIDENCE: return view->verdict.cause_count > 0 && !takes_text(ui, user);
	case COMMAND_CONSOLE: return view->port[0] != '\0' && !takes_text(ui, user);
	case COMMAND_IMAGE: return view->image[0] != '\0' && !takes_text(ui, user);
	case COMMAND_CANCEL:
		return (view->phase == GUIDE_STEPS || view->phase == GUIDE_WATCH) && !is_held(view) && !takes_text(ui, user);
	case COMMAND_EARLIER:
		return view->phase > GUIDE_DEVICE && view->phase != GUIDE_STEPS && view->phase != GUIDE_CLOSED &&
		       !takes_text(ui, user);
	case COMMAND_LOG: return !takes_text(ui, user);
	default: return true;
	}
}

static const struct { enum guide_phase phase; const char *word; } earlier_pages[] = {
	{ GUIDE_DEVICE, "device" }, { GUIDE_HAPPENED, "happened" }, { GUIDE_CONNECT, "serial line" },
};

/* Its first letter is enough. */
static void answer_earlier(struct ui *ui, void *user, const char *text)
{
	struct case_state *state = user;
	struct error error;

	for (size_t i = 0; i < sizeof(earlier_pages) / sizeof(earlier_pages[0]); i++)
		if (text[0] != '\0' && strncmp(text, earlier_pages[i].word, strlen(text)) == 0) {
			if (app_case_back(ui_app(ui), state->id, earlier_pages[i].phase, &error) != STATUS_OK)
				ui_say_error(ui, &error);
			return;
		}
	ui_say(ui, true, "'%.20s' is nothing to go back to. One of: device, happened, serial line", text);
}

static void answer_cancel(struct ui *ui, void *user, const char *text)
{
	struct case_state *state = user;
	struct error error;

	(void)text;
	if (app_case_cancel(ui_app(ui), state->id, &error) != STATUS_OK)
		ui_say_error(ui, &error);
}

static void reopen(struct ui *ui, const struct case_state *state, const struct case_view *view)
{
	struct error error;

	if (view != NULL && view->phase == GUIDE_CLOSED)
		ui_pop(ui);
	else if (view == NULL && app_case_open(ui_app(ui), state->id, &error) != STATUS_OK)
		ui_say_error(ui, &error);
}

/* The answer before this page is the likely one; what still lies ahead is not offered. */
static void ask_earlier(struct ui *ui, struct case_state *state, const struct case_view *view)
{
	static const struct ui_prompt_ops earlier = { .accept = answer_earlier };
	char label[80] = "back to";
	const char *last = earlier_pages[0].word;

	for (size_t i = 0; i < sizeof(earlier_pages) / sizeof(earlier_pages[0]) && earlier_pages[i].phase < view->phase; i++) {
		text_append(label, sizeof(label), "%s %s", i > 0 ? "," : "", earlier_pages[i].word);
		last = earlier_pages[i].word;
	}
	text_append(label, sizeof(label), ":");
	ui_prompt(ui, label, last, &earlier, state);
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	static const struct ui_prompt_ops cancel = { .accept = answer_cancel };
	struct case_state *state = user;
	const struct case_view *view = view_of(ui, state);

	switch (what) {
	case COMMAND_BACK: ui_pop(ui); break;
	case COMMAND_OPEN: reopen(ui, state, view); break;
	case COMMAND_LOG: ui_push(ui, &screen_log, &(struct screen_arg){ .case_id = state->id }); break;
	case COMMAND_EVIDENCE: ui_push(ui, &screen_evidence, &(struct screen_arg){ .case_id = state->id }); break;
	case COMMAND_CONSOLE: ui_show_console(ui, view->port); break;
	case COMMAND_IMAGE: ui_show_image(ui, NULL, state->id); break;
	case COMMAND_POWER: ui_power(ui, argument); break;
	case COMMAND_CANCEL:
		ui_ask(ui, "Stop here and go back to the plan? What was written stays written.", "stop", &cancel,
		       state);
		break;
	case COMMAND_EARLIER:
		if (argument != NULL)
			answer_earlier(ui, state, argument);
		else
			ask_earlier(ui, state, view);
		break;
	default: break;
	}
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct case_state *state = user;
	const struct case_view *view = view_of(ui, state);
	bool was_open = view != NULL && view->phase != GUIDE_CLOSED, is_taken;

	if (view == NULL || pressed == UI_KEY_ESC)
		return false;
	if (is_held(view) && pressed == 'x') {
		ui_say(ui, true, "not now: this step must not be broken off");
		return true;
	}
	is_taken = widget_question_key(&state->question, ui, view, pressed);
	view = view_of(ui, state);
	if (was_open && view != NULL && view->phase == GUIDE_CLOSED) {
		ui_pop(ui);
		ui_say(ui, false, "Case #%lld is closed. Enter shows it again, n starts a new one.", (long long)view->id);
	}
	return is_taken;
}

/* A model's name from a web page, a path, a checksum: the first line, and Enter is pressed by hand. */
static void paste(struct ui *ui, void *user, struct bytes text)
{
	struct case_state *state = user;
	const struct case_view *view = view_of(ui, state);
	const char *at = (const char *)text.data, *end = at + text.size;
	enum question_type type = view != NULL ? view->question.type : QUESTION_NONE;

	if (type != QUESTION_DEVICE && type != QUESTION_TEXT && type != QUESTION_FILE) {
		ui_say(ui, true, "what was pasted has no place here");
		return;
	}
	while (at < end && *at != '\n') {
		uint32_t code = utf8_next(&at);

		if (code >= ' ' && code != 0x7f)
			widget_question_key(&state->question, ui, view, (int)code);
	}
}

static void footer(struct ui *ui, void *user, struct footer *footer)
{
	struct case_state *state = user;
	const struct case_view *view = view_of(ui, state);

	if (view == NULL)
		footer_add(footer, "Enter", "open it again");
	else if (view->phase == GUIDE_CLOSED)
		footer_add(footer, "Enter", "back to the bench");
	else if (view->question.type == QUESTION_NONE)
		footer_add(footer, "", view->is_line_lost ? "plug the adapter in again" : "nothing to do now");
	else
		widget_question_footer(&state->question, &view->question, footer);
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	struct case_state *state = user;
	const struct case_view *view = view_of(ui, state);

	(void)x;
	if (view != NULL)
		widget_question_mouse(&state->question, ui, view, what, y);
}

static enum screen_appetite appetite(struct ui *ui, void *user)
{
	const struct case_view *view = view_of(ui, user);

	return view != NULL && (view->question.type == QUESTION_TEXT || view->question.type == QUESTION_FILE)
		       ? APPETITE_TEXT
		       : APPETITE_NONE;
}

static unsigned refresh_ms(struct ui *ui, void *user)
{
	const struct case_view *view = view_of(ui, user);

	return view != NULL && view->countdown_total_ms > 0 ? 250 : 0;
}

static unsigned page(struct ui *ui, void *user)
{
	const struct case_view *view = view_of(ui, user);

	return view == NULL ? 0 : ((unsigned)view->phase << 16) + (view->step << 1) + view->is_dangerous;
}

const struct screen_ops screen_case = {
	.name = "case",
	.keys = keys,
	.state_size = sizeof(struct case_state),
	.open = open_case,
	.title = title,
	.draw = draw,
	.key = key,
	.paste = paste,
	.allows = allows,
	.command = command,
	.footer = footer,
	.mouse = mouse,
	.appetite = appetite,
	.refresh_ms = refresh_ms,
	.page = page,
	.help = "One case, one device. Above stands what is going on and the proof for it; below what you are asked. Enter does the "
		"likely thing; each answer may have a key of its own, which stands before it.\n"
		"i shows the firmware file of the case: what is in it, whether it is whole, whether it fits.\n"
		"Up and down move to another answer; in a file name Tab completes, Ctrl-U empties the line. x stops the work "
		"where that is safe, b goes back to an earlier answer, to change it.\n"
		"Esc goes back to the bench and the work goes on. What can destroy something is red and wants a word typed in full.\n"
		"Written, verified and booted are three different things: bytes were sent, bytes were read back and are right, and the "
		"device came up.\n"
		"F1 is help as well, where ? is text.\n",
};
