/* The runner at work: starts steps, hands them what comes, and moves on when they end. */
#include "src/core/step.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/tftp_service.h"

static void arm(struct live_case *c)
{
	uint64_t deadline = c->step.deadline_ms;
	uint64_t other = UINT64_MAX;

	if (c->step.ops == NULL)
		return;
	if (c->step.is_talking)
		other = dialog_deadline(&c->step.dialog);
	else if (c->step.ops == &step_stop_boot)
		other = stop_boot_deadline(&c->step.stop);
	loop_timer_set_deadline(c->timer, other < deadline ? other : deadline);
}

/* While the line is lost nothing can be typed: stopping then leaves the device no worse, and the operator is not held by an adapter that
 * never comes back. */
bool steps_are_dangerous(const struct live_case *c)
{
	return c->is_running && c->view.is_dangerous && (c->console == NULL || console_is_open(c->console));
}

static void journal_position(struct live_case *c)
{
	char at[96], note[96], title[sizeof(c->view.step_title)], data[sizeof(title) + 16];
	const struct procedure_step *step = procedure_run_step(&c->run);

	text_format(at, sizeof(at), "%s/%u", c->procedure->name, c->run.at);
	case_set(c, JOURNAL_PROGRAM, "step", at);
	text_format(note, sizeof(note), "step %u of %u, %s", c->run.at + 1, c->procedure->step_count, step_kind_name(step->kind));
	case_set(c, JOURNAL_PROGRAM, "note", note);
	text_copy(title, sizeof(title), c->view.step_title);
	for (char *quote = title; (quote = strpbrk(quote, "\"\\")) != NULL;)
		*quote = '\'';
	text_format(data, sizeof(data), "{\"title\":\"%s\"}", title);
	app_event(c->app, c->id, JOURNAL_PROGRAM, "step", note, data);
}

/* A port that is taken, a right that is missing: neither says anything of the device or of the way. */
static bool is_of_the_bench(enum status status)
{
	return status == STATUS_BUSY || status == STATUS_NO_PERMISSION;
}

/* A way that was gone to its end and did not bring the device back is not the first that is offered next. */
static void note_tried(struct live_case *c)
{
	char tried[256] = "";

	if (c->method == NULL || c->view.booted == OUTCOME_YES || c->run.last == STATUS_CANCELLED || is_of_the_bench(c->run.last))
		return;
	case_get(c, "tried", tried, sizeof(tried));
	text_append(tried, sizeof(tried), "%s%s", tried[0] ? " " : "", c->method->name);
	case_set(c, JOURNAL_PROGRAM, "tried", tried);
}

static void end_run(struct live_case *c)
{
	bool done = c->run.state == RUN_DONE;

	c->is_running = false;
	c->step.ops = NULL;
	c->view.is_dangerous = false;
	c->view.step = c->view.step_count = 0;
	if (c->console) {
		console_set_driven(c->console, false);
		diagnosis_heed(console_diagnosis(c->console), true);
	}
	tftp_service_free(c->tftp);
	c->tftp = NULL;
	case_set(c, JOURNAL_PROGRAM, "step", "");
	case_set(c, JOURNAL_PROGRAM, "note", "");
	note_tried(c);
	if (done)
		case_log(c, JOURNAL_PROGRAM, "procedure", "%s: done", c->procedure->title);
	else
		case_log(c, JOURNAL_PROGRAM, "error", "%s: given up: %s", c->procedure->title, c->run.reason);
	/* A way that only prepared something (a fetched image, a matching one) leads to those that use it. */
	guide_enter(c, done && (c->phase_after != GUIDE_OUTCOME || c->view.booted != OUTCOME_UNKNOWN || c->view.written != OUTCOME_UNKNOWN) ?
		    c->phase_after : GUIDE_DIAGNOSIS);
}

void steps_end_jobs(struct live_case *c)
{
	if (c->step.ops && c->step.ops->end)
		c->step.ops->end(c);
}

static void schedule(struct live_case *c)
{
	steps_end_jobs(c);
	c->view.is_stopping = false;
	c->step.ops = NULL;
	c->step.is_talking = false;
	c->view.is_dangerous = false;
	if (c->console)
		console_set_driven(c->console, false);
	loop_timer_set_after(c->timer, 0);
}

/* ---- the typed word in front of the first thing that cannot be undone ---- */

/* A write that began has either an end or none: the program was killed, or its computer lost power. */
static bool was_write_broken_off(struct live_case *c)
{
	char written[32];

	return case_get(c, "written", written, sizeof(written)) && written[0] == '\0';
}

static void start_consent(struct live_case *c)
{
	const struct profile_method *method = c->method;

	case_clear_page(c);
	case_say(c, "%s", c->view.step_title);
	if (was_write_broken_off(c))
		case_say(c, "A write began before, and its end was not seen: the flash may hold only a part of the image.");
	case_say(c, "This overwrites: %s.", method && method->destroys ? method->destroys : "what the device holds now");
	case_say(c, "It keeps: %s.", method && method->keeps ? method->keeps : "nothing that is known of");
	if (c->image)
		case_say_image(c);
	if (c->app->bench.power == BENCH_POWER_BATTERY && c->app->bench.battery_percent >= 0)
		case_say(c, "This computer runs on its battery: %d %%. Plug it in first.", c->app->bench.battery_percent);
	case_ask(c, QUESTION_WORD, "From then on do not unplug anything. x stops here; the flash stays as it is.");
	text_copy(c->view.question.word, sizeof(c->view.question.word), "yes");
}

static enum status answer_consent(struct live_case *c, const char *text, struct error *reterr)
{
	if (!text_equal(text, "yes"))
		return error_set(reterr, STATUS_INVALID, "type the word 'yes' in full, or stop with x");
	case_log(c, JOURNAL_OPERATOR, "answer", "allowed: %s", c->view.step_title);
	c->has_consent = true;
	schedule(c);
	return STATUS_OK;
}

static const struct step_ops step_consent = { .start = start_consent, .on_answer = answer_consent };

/* What cannot be undone is in the journal before it is begun; where the journal cannot be written, it is not begun. */
static enum status announce(struct live_case *c, struct error *reterr)
{
	const struct procedure_step *step = procedure_run_step(&c->run);
	const struct journal_entry entry = {
		.case_id = c->id, .time_ms = (int64_t)loop_wall_ms(), .by = JOURNAL_PROGRAM, .kind = "destroys", .text = c->view.step_title,
	};

	return step->destroys ? casebook_append(c->app->book, &entry, reterr) : STATUS_OK;
}

static void start_step(struct live_case *c)
{
	const struct procedure_step *step = procedure_run_step(&c->run);
	struct error error;

	if (step == NULL) {
		end_run(c);
		return;
	}
	case_clear_page(c);
	c->step = (struct step_context){ .step = step, .started_ms = loop_now_ms(), .deadline_ms = UINT64_MAX };
	c->step.ops = (step->destroys || step->kind == STEP_WRITE) && !c->has_consent ? &step_consent : step_ops_find(step->kind);
	c->view.step = c->run.at + 1;
	c->view.step_count = c->procedure->step_count;
	procedure_expand(step->text ? step->text : step_kind_name(step->kind), step_lookup, c, c->view.step_title, sizeof(c->view.step_title));
	journal_position(c);
	if (procedure_run_guard(&c->run, &error) != STATUS_OK || announce(c, &error) != STATUS_OK) {
		step_failed(c, &error);
		return;
	}
	text_copy(c->view.silence, sizeof(c->view.silence), step->silent ? step->silent : "");
	c->view.is_dangerous = step->do_not_cut && c->step.ops != &step_consent;
	if (c->console) {
		console_set_driven(c->console, c->step.ops->types);
		diagnosis_heed(console_diagnosis(c->console), c->step.ops->watches);
	}
	c->step.ops->start(c);
	arm(c);
	app_changed(c->app);
}

void steps_begin(struct live_case *c)
{
	c->is_running = true;
	c->has_consent = false;
	procedure_run_init(&c->run, c->procedure, step_condition, c);
	case_log(c, JOURNAL_PROGRAM, "procedure", "%s: begun", c->procedure->title);
	schedule(c);
}

void steps_resume(struct live_case *c, unsigned at)
{
	c->is_running = true;
	c->run.procedure = c->procedure;
	procedure_run_resume(&c->run, at, step_condition, c);
	case_log(c, JOURNAL_PROGRAM, "procedure", "%s: goes on at step %u after a restart", c->procedure->title, c->run.at + 1);
	schedule(c);
}

void step_done(struct live_case *c, const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (text[0])
		case_log(c, JOURNAL_PROGRAM, "step-done", "%s", text);
	case_problem(c, NULL);
	procedure_run_finish(&c->run, STATUS_OK, text, step_condition, c);
	schedule(c);
}

void step_failed(struct live_case *c, const struct error *error)
{
	case_log(c, JOURNAL_PROGRAM, "error", "%s", error->text);
	case_problem(c, error);
	procedure_run_finish(&c->run, error->status, error->text, step_condition, c);
	schedule(c);
}

static void after(struct live_case *c)
{
	arm(c);
	app_changed(c->app);
}

/* ---- typing ---- */

static void push_dialog(struct live_case *c)
{
	for (;;) {
		struct bytes out = dialog_output(&c->step.dialog);
		size_t count = out.size ? console_write(c->console, out) : 0;

		if (count == 0)
			return;
		dialog_sent(&c->step.dialog, count);
	}
}

/* What empties the bootloader's command line; NULL: Ctrl-C does. */
const char *step_clean_keys(const struct live_case *c)
{
	const struct loader_driver *driver = c->profile ? loader_driver_find(c->profile->console.loader) : NULL;

	return driver ? driver->clean_keys : NULL;
}

void step_type(struct live_case *c, const char *prompt, const char *command, uint64_t silence_ms, const char *until, bool hidden)
{
	struct step_context *step = &c->step;
	enum status status;

	dialog_init(&step->dialog, prompt);
	if (prompt == c->prompt)
		dialog_clean_with(&step->dialog, step_clean_keys(c));
	text_copy(step->command, sizeof(step->command), command);
	step->until[0] = '\0';
	if (until)
		text_copy(step->until, sizeof(step->until), until);
	status = hidden ? dialog_start_hidden(&step->dialog, step->command, silence_ms, until ? step->until : NULL, loop_now_ms())
			: dialog_start(&step->dialog, step->command, silence_ms, until ? step->until : NULL, loop_now_ms());
	if (status != STATUS_OK) {
		struct error error;

		error_set(&error, STATUS_INVALID, "cannot type '%.60s': it is too long or holds control characters", command);
		step_failed(c, &error);
		return;
	}
	step->is_talking = true;
	case_log(c, JOURNAL_PROGRAM, "sent", "%s", hidden ? "(password)" : command);
	console_remark(c->console, hidden ? "typed: (password)" : command);
	push_dialog(c);
}

static void dialog_over(struct live_case *c, struct dialog_event event)
{
	if (event.type == DIALOG_NOTHING)
		return;
	if (event.type == DIALOG_RETYPE) {
		case_log(c, JOURNAL_OBSERVED, "echo", "the echo was not what was typed: typing the line again");
		return;
	}
	c->step.is_talking = false;
	c->step.ops->on_dialog(c, event);
}

void step_feed_dialog(struct live_case *c, struct bytes in, uint64_t now_ms)
{
	while (in.size > 0 && c->step.is_talking) {
		struct dialog_event event = dialog_input(&c->step.dialog, &in, now_ms);

		push_dialog(c);
		dialog_over(c, event);
	}
}

void step_tick_dialog(struct live_case *c)
{
	struct dialog_event event = dialog_tick(&c->step.dialog, loop_now_ms());

	push_dialog(c);
	dialog_over(c, event);
}

/* ---- what comes from outside ---- */

void steps_on_bytes(struct live_case *c, struct bytes in, uint64_t now_ms)
{
	if (c->step.ops == NULL) {
		case_keep_started(c, in);
		return;
	}
	if (c->step.is_talking)
		step_feed_dialog(c, in, now_ms);
	else if (c->step.ops->on_bytes)
		c->step.ops->on_bytes(c, in, now_ms);
	after(c);
}

void steps_on_line(struct live_case *c, const struct diagnosis_line *line)
{
	if (c->step.ops && c->step.ops->on_line) {
		c->step.ops->on_line(c, line);
		after(c);
	}
}

/* A lost line is quiet, too: what types goes on when it is back. */
void steps_on_pause(struct live_case *c, uint64_t now_ms)
{
	if (c->step.ops && c->step.ops->on_pause && !(c->step.ops->types && c->view.is_line_lost)) {
		c->step.ops->on_pause(c, now_ms);
		after(c);
	}
}

void steps_on_time(struct live_case *c)
{
	if (c->step.ops == NULL) {
		start_step(c);
		return;
	}
	if (c->step.is_talking && loop_now_ms() >= dialog_deadline(&c->step.dialog))
		step_tick_dialog(c);
	else if (c->step.ops->on_time)
		c->step.ops->on_time(c);
	after(c);
}

/* The adapter was pulled out: what was typed is not known to have arrived, so the step begins again when it is back. */
void steps_on_state(struct live_case *c, enum line_state state)
{
	if (c->step.ops == NULL || !c->step.ops->types)
		return;
	if (c->step.ops->on_state) {
		c->step.ops->on_state(c, state);
		after(c);
		return;
	}
	if (state == LINE_LOST) {
		c->step.is_talking = false;
		c->step.deadline_ms = UINT64_MAX;
		loop_timer_set_deadline(c->timer, UINT64_MAX);
		/* Bars would show a rate and a time left that are not true any more. */
		c->view.progress_count = 0;
		return;
	}
	if (c->step.ops->on_line_back) {
		c->step.ops->on_line_back(c);
		after(c);
	} else {
		start_step(c);
	}
}

enum status steps_answer(struct live_case *c, const char *text, struct error *reterr)
{
	enum status status;

	if (c->step.ops == NULL || c->step.ops->on_answer == NULL)
		return STATUS_OK;
	status = c->step.ops->on_answer(c, text, reterr);
	after(c);
	return status;
}

enum status steps_cancel(struct live_case *c, struct error *reterr)
{
	struct error why;

	if (!c->is_running)
		return STATUS_OK;
	if (steps_are_dangerous(c)) {
		error_set(reterr, STATUS_REFUSED, "the flash is being written: stopping now would leave it half written");
		return error_hint(reterr, "wait until this step is over; it stops by itself when the device does not answer");
	}
	error_set(&why, STATUS_CANCELLED, "stopped by the operator");
	if (c->step.ops == &step_write)
		case_outcome(c, "written", OUTCOME_NO, "stopped half way: the device must not be trusted before it is written anew");
	if (c->step.ops && c->step.ops->on_cancel && c->step.ops->on_cancel(c)) {
		c->view.is_stopping = true;
		case_say(c, "Stopping: the device is brought into a good state first.");
		return STATUS_OK;
	}
	/* A command may still be running on the device: Ctrl-C at a loader's prompt ends it and harms nothing. */
	if (c->step.is_talking && c->console)
		console_write(c->console, BYTES("\x03"));
	step_failed(c, &why);
	return STATUS_OK;
}

/* ---- fields ---- */

const char *step_field(struct live_case *c, const char *name, char *to, size_t size)
{
	const char *value = procedure_step_field(c->step.step, name);

	to[0] = '\0';
	if (value)
		procedure_expand(value, step_lookup, c, to, size);
	/* A ${name} that nobody gave a value means: not given. */
	if (text_starts(to, "${"))
		to[0] = '\0';
	return to;
}

unsigned step_field_seconds(struct live_case *c, const char *name, unsigned otherwise)
{
	char text[32], *end;
	unsigned long value;

	step_field(c, name, text, sizeof(text));
	if (!isdigit((unsigned char)text[0]))
		return otherwise;
	value = strtoul(text, &end, 10);
	if (text_starts(end, "min"))
		value *= 60;
	return value > 86400 ? 86400 : (unsigned)value;
}

bool step_is(struct live_case *c, const char *field, const char *value)
{
	char text[96];

	return strcmp(step_field(c, field, text, sizeof(text)), value) == 0;
}

void step_set_deadline(struct live_case *c, uint64_t after_ms)
{
	c->step.deadline_ms = loop_now_ms() + after_ms;
}

bool step_lookup(void *user, const char *name, char *ret_value, size_t size)
{
	const struct live_case *c = user;
	const struct { const char *name, *value; } known[] = { { "device", c->view.title }, { "port", c->view.port }, { "image", c->view.image } };
	const char *value = NULL;
	char scratch[32], key[64];

	for (unsigned i = 0; c->method != NULL && i < c->method->with_count && value == NULL; i++)
		if (text_equal(c->method->with[i].name, name))
			value = c->method->with[i].value;
	if (value == NULL && c->profile)
		value = profile_value(c->profile, name, scratch, sizeof(scratch));
	for (size_t i = 0; i < ARRAY_SIZE(known) && value == NULL; i++)
		if (text_equal(known[i].name, name))
			value = known[i].value;
	if (value == NULL && text_starts(name, "answer."))
		return case_get((struct live_case *)user, text_copy(key, sizeof(key), name), ret_value, size);
	if (value)
		text_copy(ret_value, size, value);
	return value != NULL;
}

bool step_condition(void *user, const char *name, const char *value)
{
	struct live_case *c = user;
	char key[64], answer[64];

	if (text_equal(name, "cause"))
		return c->view.verdict.cause_count > 0 && text_equal(cause_label(c->view.verdict.causes[0].cause), value);
	if (text_equal(name, "has") && text_equal(value, "image"))
		return c->image != NULL;
	if (text_equal(name, "has") && text_equal(value, "prompt"))
		return c->prompt[0] != '\0';
	if (text_equal(name, "has") && text_equal(value, "shell"))
		return c->shell_prompt[0] != '\0';
	if (text_equal(name, "happened"))
		return text_contains(c->happened_text, value);
	if (text_starts(name, "answer.")) {
		text_format(key, sizeof(key), "answer.%s", name + 7);
		return case_get(c, key, answer, sizeof(answer)) && text_equal(answer, value);
	}
	return false;
}
