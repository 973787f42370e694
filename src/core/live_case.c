/* The life of a live case: its journal, its page, its image. What it does is in guide*.c and step*.c. */
#include "src/core/live_case.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/rate_change.h"
#include "src/core/tftp_service.h"

enum { RATE_LOOK_MS = 100 };

const char *outcome_name(enum outcome outcome)
{
	static const char *const names[] = { "unknown", "yes", "no", "not needed" };

	return names[outcome];
}

const char *guide_phase_name(enum guide_phase phase)
{
	static const char *const names[] = { "device", "happened", "connect", "watch", "diagnosis", "steps", "outcome", "closed" };

	return phase < GUIDE_PHASE_COUNT ? names[phase] : "?";
}

enum status case_take_device(struct live_case *c, const char *profile_id, struct error *reterr)
{
	const struct profile *profile = NULL;
	enum status status = STATUS_OK;

	if (profile_id[0])
		status = device_library_profile(c->app->library, profile_id, &profile, reterr);
	if (status != STATUS_OK)
		return status;
	c->profile = profile;
	text_copy(c->view.device, sizeof(c->view.device), profile_id);
	if (profile)
		text_format(c->view.title, sizeof(c->view.title), "%s %s", profile->vendor, profile->model);
	else
		text_copy(c->view.title, sizeof(c->view.title), "unknown device");
	case_set(c, JOURNAL_OPERATOR, "device", profile_id[0] ? profile_id : "unknown device");
	case_set(c, JOURNAL_PROGRAM, "title", c->view.title);
	if (c->console && profile)
		diagnosis_expect_arch(console_diagnosis(c->console), profile->arch);
	return STATUS_OK;
}

/* ---- life ---- */

static void on_time(void *user)
{
	struct live_case *c = user;

	if (guide_rate_leads(c))	/* nothing else is typed before it has ended */
		loop_timer_set_after(c->timer, RATE_LOOK_MS);
	else if (c->is_running)
		steps_on_time(c);
}

enum status live_case_new(struct app *app, int64_t id, struct live_case **ret_case, struct error *reterr)
{
	struct live_case *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a case");
	c->app = app;
	c->id = c->view.id = id;
	c->observing = OBSERVE_COUNT;
	c->timer = loop_timer_new(app->loop, on_time, c);
	if (c->timer == NULL) {
		free(c);
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a timer");
	}
	text_copy(c->view.title, sizeof(c->view.title), "new case");
	text_format(c->view.report, sizeof(c->view.report), "unbrick case report %" PRId64 "%s%s", id, app->options.state_folder ? " --state " : "",
		    app->options.state_folder ? app->state_folder : "");
	*ret_case = c;
	return STATUS_OK;
}

/* What this case changed on the bench goes back to what it was. */
static void undo_host_changes(struct live_case *c)
{
	char command[160];
	struct error error;

	if (c->added_address[0] == '\0')
		return;
	text_format(command, sizeof(command), "ip addr del %s", c->added_address);
	loop_run_command(c->app->loop, command, NULL, NULL, &error);
	case_set(c, JOURNAL_PROGRAM, "added-address", "");
	c->added_address[0] = '\0';
}

void live_case_free(struct live_case *c)
{
	if (c == NULL)
		return;
	undo_host_changes(c);
	steps_end_jobs(c);
	rate_change_free(c->rate);
	if (c->console) {
		console_set_driven(c->console, false);
		console_listen(c->console, 0, NULL);
	}
	case_forget_image(c);
	tftp_service_free(c->tftp);
	loop_timer_free(c->timer);
	free(c);
}

/* ---- journal ---- */

void case_set(struct live_case *c, enum journal_by by, const char *key, const char *value)
{
	struct error error;

	if (casebook_set(c->app->book, c->id, (int64_t)loop_wall_ms(), by, key, value, &error) != STATUS_OK)
		app_notice(c->app, true, error.text, error.hint);
	c->app->are_cases_stale = true;
}

bool case_get(struct live_case *c, const char *key, char *ret_value, size_t size)
{
	struct error error;

	ret_value[0] = '\0';
	return casebook_get(c->app->book, c->id, key, ret_value, size, &error) == STATUS_OK;
}

static void add_log_line(struct live_case *c, enum journal_by by, bool is_error, const char *text)
{
	struct case_view *view = &c->view;
	time_t now = (time_t)(loop_wall_ms() / 1000);
	struct log_line *line;
	struct tm parts;

	if (view->log_count == CASE_LOG_MAX) {
		memmove(view->log, view->log + 1, sizeof(view->log[0]) * (CASE_LOG_MAX - 1));
		view->log_count--;
	}
	line = &view->log[view->log_count++];
	localtime_r(&now, &parts);
	strftime(line->clock, sizeof(line->clock), "%H:%M:%S", &parts);
	line->by = by;
	line->is_error = is_error;
	text_copy(line->text, sizeof(line->text), text);
}

void case_log(struct live_case *c, enum journal_by by, const char *kind, const char *format, ...)
{
	char text[400], shown[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_printable(shown, sizeof(shown), bytes_of_text(text));
	add_log_line(c, by, text_equal(kind, "error"), shown);
	app_event(c->app, c->id, by, kind, shown, NULL);
}

void case_problem(struct live_case *c, const struct error *error)
{
	if (error)
		c->view.problem = *error;
	else
		c->view.problem = (struct error){ .status = STATUS_OK };
	app_changed(c->app);
}

void case_outcome(struct live_case *c, const char *which, enum outcome outcome, const char *reason)
{
	enum outcome *to = text_equal(which, "written") ? &c->view.written : text_equal(which, "verified") ? &c->view.verified : &c->view.booted;
	size_t index = to == &c->view.written ? 0 : to == &c->view.verified ? 1 : 2;
	char text[200];

	*to = outcome;
	text_copy(c->view.outcome_reason[index], sizeof(c->view.outcome_reason[index]), reason);
	case_set(c, JOURNAL_OBSERVED, which, outcome == OUTCOME_UNKNOWN ? "" : outcome_name(outcome));
	if (outcome == OUTCOME_UNKNOWN)
		return;
	text_format(text, sizeof(text), "%s: %s", outcome_name(outcome), reason);
	app_event(c->app, c->id, JOURNAL_OBSERVED, which, text, NULL);
}

/* ---- the page ---- */

void case_clear_page(struct live_case *c)
{
	c->view.say_count = 0;
	c->view.progress_count = c->view.watch_count = 0;
	c->view.countdown_ms = c->view.countdown_total_ms = 0;
	c->view.silence[0] = '\0';
	case_ask_nothing(c);
}

void case_say(struct live_case *c, const char *format, ...)
{
	va_list args;

	if (c->view.say_count == CASE_SAY_MAX)
		return;
	va_start(args, format);
	vsnprintf(c->view.say[c->view.say_count++], sizeof(c->view.say[0]), format, args);
	va_end(args);
	app_changed(c->app);
}

void case_ask_nothing(struct live_case *c)
{
	c->view.question = (struct question){ .id = c->last_question };
	app_changed(c->app);
}

struct question *case_ask(struct live_case *c, enum question_type type, const char *format, ...)
{
	struct question *question = &c->view.question;
	va_list args;

	*question = (struct question){ .id = ++c->last_question, .type = type, .topic = "" };
	va_start(args, format);
	vsnprintf(question->text, sizeof(question->text), format, args);
	va_end(args);
	app_event(c->app, c->id, JOURNAL_PROGRAM, "question", question->text, NULL);
	app_changed(c->app);
	return question;
}

void case_choice(struct live_case *c, const char *id, int key, const char *text, const char *detail)
{
	struct question *question = &c->view.question;
	struct choice *choice;

	if (question->choice_count == CASE_CHOICES_MAX)
		return;
	choice = &question->choice[question->choice_count++];
	text_copy(choice->id, sizeof(choice->id), id);
	choice->key = key;
	text_copy(choice->text, sizeof(choice->text), text);
	text_copy(choice->detail, sizeof(choice->detail), detail);
}

void progress_set(struct progress *to, uint64_t done, uint64_t total, uint64_t spent_ms)
{
	to->done = done;
	to->total = total;
	to->is_finished = total > 0 && done >= total;
	to->rate = spent_ms > 200 ? done * 1000 / spent_ms : 0;
	to->left_ms = to->rate > 0 && total >= done ? (total - done) * 1000 / to->rate : UINT64_MAX;
}

void case_progress(struct live_case *c, const char *label, uint64_t done, uint64_t total, uint64_t since_ms)
{
	struct progress *bar = NULL;
	uint64_t spent = loop_now_ms() - since_ms;
	char data[160];

	for (unsigned i = 0; i < c->view.progress_count; i++)
		if (text_equal(c->view.progress[i].label, label))
			bar = &c->view.progress[i];
	if (bar == NULL) {
		if (c->view.progress_count == CASE_PROGRESS_MAX)
			return;
		bar = &c->view.progress[c->view.progress_count++];
		*bar = (struct progress){ .left_ms = UINT64_MAX };
		text_copy(bar->label, sizeof(bar->label), label);
	}
	progress_set(bar, done, total, spent);
	app_changed(c->app);
	if (!bar->is_finished && loop_now_ms() - c->step.shown_ms < 500)
		return;
	c->step.shown_ms = loop_now_ms();
	text_format(data, sizeof(data), "{\"label\":\"%s\",\"done\":%" PRIu64 ",\"total\":%" PRIu64 "}", label, done, total);
	app_event(c->app, c->id, JOURNAL_PROGRAM, "progress", label, data);
}

void case_keep_started(struct live_case *c, struct bytes in)
{
	size_t room = sizeof(c->started) - c->started_size;

	if (!c->is_starting)
		return;
	if (in.size > room)
		in.size = room;	/* its banner and its countdown come first */
	memcpy(c->started + c->started_size, in.data, in.size);
	c->started_size += in.size;
}

void case_watch_item(struct live_case *c, unsigned index, const char *text, bool is_seen, const char *state)
{
	struct watch_item *item;

	if (index >= CASE_WATCH_MAX)
		return;
	if (index >= c->view.watch_count)
		c->view.watch_count = index + 1;
	item = &c->view.watch[index];
	text_copy(item->text, sizeof(item->text), text);
	text_copy(item->state, sizeof(item->state), state);
	item->is_seen = is_seen;
	app_changed(c->app);
}
