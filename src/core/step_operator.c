/* Steps that the operator does or decides, and the ones that only end or explain. */
#include <stdio.h>

#include "src/base/text.h"
#include "src/core/step.h"

enum { SWITCH_LOOK_MS = 50 };

/* ---- note ---- */

static void start_note(struct live_case *c)
{
	char text[300];

	procedure_expand(c->step.step->text ? c->step.step->text : "", step_lookup, c, text, sizeof(text));
	if (!step_is(c, "severity", "danger") || c->app->options.is_unattended) {
		case_log(c, JOURNAL_PROGRAM, "note", "%s", text);
		step_done(c, "%s", "");
		return;
	}
	case_say(c, "%s", text);
	case_ask(c, QUESTION_CHOOSE, "Go on?");
	case_choice(c, "continue", '\n', "Go on", "");
	case_choice(c, "stop", 'x', "Stop here", "");
}

static enum status answer_note(struct live_case *c, const char *text, struct error *reterr)
{
	if (text_equal(text, "stop"))
		return steps_cancel(c, reterr);
	step_done(c, "%s", "");
	return STATUS_OK;
}

const struct step_ops step_note = { .start = start_note, .on_answer = answer_note };

/* ---- confirm ---- */

static void start_confirm(struct live_case *c)
{
	char question[200];
	bool no_first = step_is(c, "default", "no");

	if (c->step.step->text)
		case_say(c, "%s", c->view.step_title);
	step_field(c, "question", question, sizeof(question));
	case_ask(c, QUESTION_CHOOSE, "%s", question[0] ? question : "Is that so?");
	case_choice(c, "yes", 'y', "Yes", "");
	case_choice(c, "no", 'n', "No", "");
	c->view.question.preferred = no_first ? 1 : 0;
}

static enum status answer_confirm(struct live_case *c, const char *text, struct error *reterr)
{
	struct error error;

	(void)reterr;
	if (text_equal(text, "yes")) {
		step_done(c, "confirmed by the operator: %s", c->view.step_title);
		return STATUS_OK;
	}
	error_set(&error, STATUS_REFUSED, "the operator said no: %s", c->view.step_title);
	step_failed(c, &error);
	return STATUS_OK;
}

const struct step_ops step_confirm = { .start = start_confirm, .on_answer = answer_confirm };

/* ---- done by hand: cables, media, straps, and the tools that this program does not drive yet ---- */

static void start_by_hand(struct live_case *c)
{
	const struct procedure_step *step = c->step.step;
	char value[160];

	case_say(c, "%s", c->view.step_title);
	for (unsigned i = 0; i < step->with_count; i++)
		case_say(c, "%s: %s", step->with[i].name, step_field(c, step->with[i].name, value, sizeof(value)));
	case_ask(c, QUESTION_CHOOSE, "This is done by hand. What came of it?");
	case_choice(c, "done", ' ', "Done", "");
	case_choice(c, "nothing", 'n', "It did not work", "");
}

static enum status answer_by_hand(struct live_case *c, const char *text, struct error *reterr)
{
	struct error error;

	(void)reterr;
	if (text_equal(text, "done")) {
		case_log(c, JOURNAL_OPERATOR, "answer", "done by hand: %s", c->view.step_title);
		step_done(c, "%s", "");
		return STATUS_OK;
	}
	error_set(&error, STATUS_IO, "it did not work: %s", c->view.step_title);
	step_failed(c, &error);
	return STATUS_OK;
}

const struct step_ops step_by_hand = { .start = start_by_hand, .on_answer = answer_by_hand, .watches = true };

/* ---- power ---- */

static bool next_is_stop_boot(const struct live_case *c)
{
	unsigned next = c->run.at + 1;

	return next < c->procedure->step_count && c->procedure->steps[next].kind == STEP_STOP_BOOT;
}

/* A switch takes its time: what follows must not meet the device as it was before. */
static void time_power(struct live_case *c)
{
	if (c->view.question.type != QUESTION_NONE)
		return;
	if (app_is_switching(c->app))
		step_set_deadline(c, SWITCH_LOOK_MS);
	else
		step_done(c, "%s", "");
}

static void start_power(struct live_case *c)
{
	char how[16];
	struct error error;

	/* stop-boot asks for the power cycle itself: it has to be watching before the power comes, and knows whether one is needed. */
	if (next_is_stop_boot(c)) {
		step_done(c, "%s", "");
		return;
	}
	step_field(c, "how", how, sizeof(how));
	/* What follows is judged by this start alone. */
	if (c->console)
		console_forget(c->console);
	c->prompt[0] = c->shell_prompt[0] = '\0';
	c->is_at_prompt = c->is_at_login = false;
	if (app_can_switch(c->app, c->view.port) && app_power(c->app, c->view.port, how[0] ? how : "cycle", &error) == STATUS_OK) {
		case_log(c, JOURNAL_PROGRAM, "power", "power %s", how[0] ? how : "cycle");
		time_power(c);
		return;
	}
	case_say(c, "%s", c->view.step_title);
	case_ask(c, QUESTION_CHOOSE, "%s", c->console ? "I go on by myself when I see it start." : "Tell me when it is done.");
	case_choice(c, "done", ' ', "Done", "");
	case_choice(c, "nothing", 'n', "Nothing happens", "");
	case_watch_item(c, 0, "the device starts", false, "not yet");
}

static void watch_power(struct live_case *c, const struct diagnosis_line *line)
{
	(void)line;
	if (diagnosis_starts(console_diagnosis(c->console)) > 0)
		step_done(c, "the device starts: seen on %s", c->view.port);
}

const struct step_ops step_power = { .start = start_power, .on_time = time_power, .on_line = watch_power, .on_answer = answer_by_hand, .watches = true };

/* ---- button: counted down, released on a sign ---- */

static void start_button(struct live_case *c)
{
	char until[120], name[48];
	unsigned seconds = step_field_seconds(c, "seconds", 0);

	case_say(c, "%s", c->view.step_title);
	if (*step_field(c, "until", until, sizeof(until)))
		case_say(c, "Until: %s", until);
	if (*step_field(c, "name", name, sizeof(name)))
		case_watch_item(c, 0, name, false, "hold it");
	case_ask(c, QUESTION_CHOOSE, "%s", seconds ? "Press space when you begin: I count." : "What happened?");
	case_choice(c, seconds ? "begin" : "done", ' ', seconds ? "I hold it now" : "Done", "");
	case_choice(c, "nothing", 'n', "Nothing happens", "");
}

static void tick_button(struct live_case *c)
{
	uint64_t now = loop_now_ms();
	uint64_t end = c->step.started_ms + c->view.countdown_total_ms;

	if (now >= end) {
		c->view.countdown_ms = 0;
		case_log(c, JOURNAL_OPERATOR, "answer", "held by hand: %s", c->view.step_title);
		step_done(c, "%s", "");
		return;
	}
	c->view.countdown_ms = end - now;
	step_set_deadline(c, 200);
}

static enum status answer_button(struct live_case *c, const char *text, struct error *reterr)
{
	if (!text_equal(text, "begin"))
		return answer_by_hand(c, text, reterr);
	c->view.countdown_total_ms = step_field_seconds(c, "seconds", 0) * UINT64_C(1000);
	c->step.started_ms = loop_now_ms();
	case_ask_nothing(c);
	tick_button(c);
	return STATUS_OK;
}

const struct step_ops step_button = { .start = start_button, .on_time = tick_button, .on_answer = answer_button, .watches = true };

/* ---- result ---- */

static void start_result(struct live_case *c)
{
	char reason[160];
	struct error error;

	step_field(c, "reason", reason, sizeof(reason));
	if (!step_is(c, "outcome", "abort")) {
		step_done(c, "%s", reason);
		return;
	}
	error_set(&error, STATUS_REFUSED, "%s", reason[0] ? reason : "this way leads no further");
	step_failed(c, &error);
}

const struct step_ops step_result = { .start = start_result };
