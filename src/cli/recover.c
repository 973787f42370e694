/* unbrick recover: the same case as on the screen, led by the options instead of keys; one JSON event a line with --json. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/text.h"
#include "src/cli/cli.h"
#include "src/cli/output.h"
#include "src/cli/port_argument.h"
#include "src/cli/progress.h"
#include "src/core/app.h"

enum { TIMEOUT_S = 1800, TIMEOUT_MAX_S = 7 * 24 * 3600 };

enum { DEVICE, PORT, IMAGE, SHA256, MEMBER, METHOD, HAPPENED, CASE, POWER, TFTP_PORT, TIMEOUT, YES, OVERRIDE, JSON };

enum { PLANS_MAX = 8 };

/* The screen's own word, see step_check.c and step_serial_load.c. */
static const char ANYWAY[] = "anyway";
static const char RUNS_WELL[] = "the device came up well";

static const struct cli_option options[] = {
	[DEVICE] = { "device", "PROFILE", "which device it is: see `unbrick device search`" },
	[PORT] = { "port", "PORT", PORT_ARGUMENT_HELP },
	[IMAGE] = { "image", "FILE|URL", "the vendor's firmware image, or the archive it comes in; an address is fetched first" },
	[SHA256] = { "sha256", "HASH", "of what is fetched, as the vendor says it" },
	[MEMBER] = { "member", "NAME", "which member of that archive is the image; . is the archive itself" },
	[METHOD] = { "method", "NAME", "the way back to take, else the first that treats the cause; none is taken where the device comes up well" },
	[HAPPENED] = { "happened", "TEXT", "what happened: power, checksum, space, other-file, unknown, or in words" },
	[CASE] = { "case", "NUMBER", "go on with an open case" },
	[POWER] = { "power-command", "COMMAND", "switches the device; {} stands for on, off or cycle" },
	[TFTP_PORT] = { "tftp-port", "PORT", "serve on another port than 69, for loaders that know tftpdstp" },
	[TIMEOUT] = { "timeout", "SECONDS", "stop after so long (1800); the case stays open" },
	[YES] = { "yes", NULL, "allow what cannot be undone, without asking" },
	[OVERRIDE] = { "override", "WORD", "the word that the full screen wants typed over a refusal: anyway; it stands for one refusal" },
	[JSON] = { "json", NULL, "one JSON object a line" },
	{ NULL, NULL, NULL },
};

struct recover {
	const struct cli_line *line;
	const char *port;		/* NULL: that of the case */
	struct loop *loop;
	struct app *app;
	int64_t case_id;
	unsigned answered;		/* question id */
	bool is_image_given;		/* it was answered once: what came of it is the problem that is shown */
	bool is_silence_said, is_stopping;
	unsigned refused;		/* the same question refused our answer */
	bool json;
	struct progress_line bar;
	char tried[PLANS_MAX][48];	/* ways back, in the order they were taken */
	unsigned tried_count;
	bool is_not_taken;		/* --method's way: the device runs */
	bool is_written_over;		/* one of them overwrote something: a second would write again */
	bool is_baud_tried;
	char notice[200];		/* the last one that was said */
	char overridden[512];		/* what --override was used up on; what else is refused stays so */
	int exit_code;
	bool is_over;
	struct loop_timer *limit;
};

static const char *const by_names[] = { [JOURNAL_OBSERVED] = "observed", [JOURNAL_PROGRAM] = "program", [JOURNAL_OPERATOR] = "operator" };

static void print_event(struct recover *r, const struct app_event *event)
{
	const struct case_view *view = app_case_view(r->app, event->case_id);

	if (text_equal(event->kind, "console"))
		return;
	if (text_equal(event->kind, "progress")) {
		for (unsigned i = 0; view != NULL && i < view->progress_count; i++)
			if (text_equal(view->progress[i].label, event->text))
				progress_show_bar(&r->bar, &view->progress[i]);
		return;
	}
	progress_clear(&r->bar);
	output_text("%-10s %s\n", event->kind, event->text);
	fflush(stdout);
}

static void on_event(void *user, const struct app_event *event)
{
	struct recover *r = user;
	json_t *data = event->data ? json_loads(event->data, 0, NULL) : NULL;

	if (!r->json) {
		print_event(r, event);
		json_decref(data);
		return;
	}
	output_event(stdout, json_pack("{s:I,s:I,s:s,s:s,s:s,s:o*}", "case", (json_int_t)event->case_id, "time", (json_int_t)event->wall_ms, "by", by_names[event->by],
			     "event", event->kind, "text", event->text, "data", data));
}

static void finish(struct recover *r, int exit_code)
{
	if (r->is_over)
		return;
	r->is_over = true;
	r->exit_code = exit_code;
	loop_stop(r->loop);
}

static int class_of(const struct error *error)
{
	switch (error->status) {
	case STATUS_REFUSED:
		return EXIT_REFUSED;
	case STATUS_BUSY:
	case STATUS_NO_PERMISSION:
	case STATUS_NOT_FOUND:
		return EXIT_NETWORK;
	case STATUS_TIMEOUT:
		return EXIT_NO_ANSWER;
	default:
		return EXIT_FAILED;
	}
}

static const char *given(const struct recover *r, int option)
{
	return r->line->value[option];
}

/* The best way that treats the cause and could not be taken: what it needs is the next thing to see to. NULL: none was barred. */
static const struct plan_view *barred_plan(const struct case_view *view)
{
	for (unsigned i = 0; i < view->plan_count; i++)
		if (view->plan[i].treats && !view->plan[i].is_possible)
			return &view->plan[i];
	return NULL;
}

static void say_no_way(const struct case_view *view)
{
	const struct plan_view *barred = barred_plan(view), *first = barred ? barred : view->plan_count ? &view->plan[0] : NULL;

	if (barred)
		output_aside("unbrick: the cause is %s; the way '%s' is not possible now: %s\n", cause_label(view->verdict.cause), first->name, first->obstacle);
	else if (first && first->treats)
		output_aside("unbrick: the cause is %s; what could be tried was tried, or wants somebody who looks\n", cause_label(view->verdict.cause));
	else
		output_aside("unbrick: the cause is %s; the profile has no way back for it\n", cause_label(view->verdict.cause));
	if (view->verdict.cause_count && view->verdict.causes[0].proof_count)
		output_aside("  seen: %s\n", view->verdict.causes[0].proof[0].text);
	if (first)
		output_aside("  --method NAME takes another way all the same; unbrick device show lists them\n");
}

static bool was_tried(const struct recover *r, const char *name)
{
	for (unsigned i = 0; i < r->tried_count; i++)
		if (text_equal(r->tried[i], name))
			return true;
	return false;
}

/* The next way that treats the cause and is possible, and is no preparation, which somebody has to look at. Behind one that was to overwrite something, only where the device was seen to start
 * wrong after it, and none that overwrites: what failed for want of an address or a port is the bench's, and wants its reason told. */
static const struct plan_view *next_plan(const struct recover *r, const struct case_view *view)
{
	if ((r->is_written_over && view->booted != OUTCOME_NO) || r->tried_count == PLANS_MAX || (given(r, METHOD) && r->tried_count))
		return NULL;
	for (unsigned i = 0; i < view->plan_count; i++) {
		const struct plan_view *plan = &view->plan[i];

		if (given(r, METHOD) ? text_equal(plan->name, given(r, METHOD)) : plan->treats && plan->is_possible && !plan->only_prepares &&
		    !was_tried(r, plan->name) &&
		    !(r->is_written_over && plan->destroys[0]))
			return plan;
	}
	return NULL;
}

/* Into the case's journal, and said as what the engine says. */
static void note(struct recover *r, enum journal_by by, const char *kind, const char *text)
{
	const struct journal_entry entry = { .case_id = r->case_id, .time_ms = (int64_t)loop_wall_ms(), .by = by, .kind = kind, .text = text };
	struct error error;

	if (casebook_append(app_casebook(r->app), &entry, &error) != STATUS_OK)
		cli_print_error(&error);
	on_event(r, &(struct app_event){ .case_id = r->case_id, .wall_ms = (uint64_t)entry.time_ms, .by = by, .kind = kind, .text = text });
}

/* The word was typed before anybody knew what it would be for, so it is good for one thing, as often as that is asked. */
static bool overrides(struct recover *r, const char *refusal)
{
	if (!given(r, OVERRIDE) || (r->overridden[0] && !text_equal(r->overridden, refusal)))
		return false;
	text_copy(r->overridden, sizeof(r->overridden), refusal);
	return true;
}

/* Whoever names a way wants it gone; but what runs is not made worse by it without the word. */
static const char *choose_for_well(struct recover *r)
{
	char text[200];

	if (!given(r, METHOD))
		return "well";
	if (r->tried_count)
		return NULL;	/* it did not end well; what is well is no merit of it */
	if (overrides(r, RUNS_WELL)) {
		note(r, JOURNAL_OPERATOR, "override", text_format(text, sizeof(text), "wrote '%s' over: %s", ANYWAY, RUNS_WELL));
		return "";
	}
	r->is_not_taken = true;
	note(r, JOURNAL_PROGRAM, "not-taken", text_format(text, sizeof(text), "nothing was done: %s, so the way '%.48s' was not taken; --override %s takes it all the same",
							   RUNS_WELL, given(r, METHOD), ANYWAY));
	return "well";
}

static const char *choose_plan(struct recover *r, const struct case_view *view, char *to, size_t size)
{
	const struct plan_view *plan;
	const char *answer = "";

	if (view->question.choice_count && text_equal(view->question.choice[0].id, "well"))
		answer = choose_for_well(r);
	if (answer == NULL || answer[0])
		return answer;
	plan = next_plan(r, view);
	if (plan == NULL)
		return given(r, METHOD) && r->tried_count++ == 0 ? text_format(to, size, "method:%s", given(r, METHOD)) : NULL;
	text_copy(r->tried[r->tried_count++], sizeof(r->tried[0]), plan->name);
	r->is_written_over |= plan->destroys[0] != '\0';
	return text_format(to, size, "method:%s", plan->name);
}

static void say_members(const struct question *question)
{
	output_aside("unbrick: the image is an archive: which of its members is the firmware? --member NAME says it\n");
	for (unsigned i = 0; i < question->choice_count; i++)
		if (text_starts(question->choice[i].id, "member:"))
			output_aside("  %s   %s\n", question->choice[i].text, question->choice[i].detail);
	output_aside("  .   the archive itself, as it is: only where the device unpacks it on its own\n");
}

static const char *choose(struct recover *r, const struct case_view *view, char *to, size_t size)
{
	const struct question *question = &view->question;

	/* which member of an archive: --member says it before anybody is asked */
	if (text_equal(question->topic, "member") || text_equal(question->topic, "fetch-failed"))
		return NULL;
	if (text_equal(question->topic, "fetching"))
		return "";
	switch (view->phase) {
	case GUIDE_HAPPENED:
		return given(r, HAPPENED) ? text_format(to, size, "%s", question->choice[0].id) : "unknown";
	case GUIDE_DIAGNOSIS:
		return choose_plan(r, view, to, size);
	case GUIDE_OUTCOME:
		return view->booted == OUTCOME_UNKNOWN && next_plan(r, view) ? "again" : "close";
	case GUIDE_CONNECT:
	case GUIDE_WATCH:
		return "";		/* nothing to choose: it goes on by itself */
	default:
		break;
	}
	for (unsigned i = 0; i < question->choice_count; i++)
		if (text_equal(question->choice[i].id, "yes"))
			return given(r, YES) ? "yes" : "no";
	return "";
}

/* --yes is for what was announced, --override for what was refused. */
static const char *find_word(struct recover *r, const struct case_view *view)
{
	const char *word = view->question.word;

	if (text_equal(word, "yes"))
		return given(r, YES) ? "yes" : NULL;
	if (!text_equal(word, ANYWAY) || !overrides(r, view->problem.text))
		return NULL;
	output_aside("unbrick: %s; all the same, by --override %s\n", view->problem.text, ANYWAY);
	return ANYWAY;
}

/* NULL: there is no answer, the job ends. "": wait. */
static const char *find_answer(struct recover *r, const struct case_view *view, char *to, size_t size)
{
	switch (view->question.type) {
	case QUESTION_DEVICE:
		return given(r, DEVICE);
	case QUESTION_FILE:
		if (given(r, IMAGE) == NULL)
			return view->phase == GUIDE_DIAGNOSIS ? "" : NULL;
		if (r->is_image_given && view->problem.status != STATUS_OK)
			return NULL;
		r->is_image_given = true;
		return given(r, IMAGE);
	case QUESTION_WORD:
		return find_word(r, view);
	case QUESTION_CHOOSE:
		return choose(r, view, to, size);
	case QUESTION_TEXT:
		return text_equal(view->question.topic, "checksum") && given(r, SHA256) ? given(r, SHA256) : "";
	default:
		return "";
	}
}

/* What --yes would allow: the same lines that the full screen shows above the word. */
static void say_question(const struct case_view *view)
{
	for (unsigned i = 0; view->question.type == QUESTION_WORD && i < view->say_count; i++)
		output_aside("unbrick: %s\n", view->say[i]);
	output_aside("unbrick: no answer for: %s%s\n", view->question.text, view->question.type == QUESTION_WORD ? " (--yes allows it)" : "");
}

static void say_why(struct recover *r, const struct case_view *view)
{
	const struct error *problem = &view->problem;

	if (text_equal(view->question.topic, "member")) {
		if (problem->status != STATUS_OK)
			cli_print_error(problem);
		say_members(&view->question);
	} else if (problem->status == STATUS_OK && view->phase == GUIDE_DIAGNOSIS && view->question.type == QUESTION_CHOOSE)
		say_no_way(view);
	else if (problem->status == STATUS_OK && view->question.text[0])
		say_question(view);
	else if (problem->status != STATUS_OK)
		cli_print_error(problem);
	if (view->question.type != QUESTION_WORD || !text_equal(view->question.word, ANYWAY))
		return;
	if (r->overridden[0])
		output_aside("  --override %s was for another refusal: %s\n", ANYWAY, r->overridden);
	else
		output_aside("  --override %s goes on all the same, at your own risk\n", ANYWAY);
}

static int class_of_bar(const struct case_view *view)
{
	const struct plan_view *barred = barred_plan(view);

	return barred && text_contains(barred->obstacle, "network") ? EXIT_NETWORK : EXIT_FAILED;
}

/* Nobody is here who could answer the question. */
static int class_of_silence(const struct case_view *view)
{
	bool asks_for_way = view->phase == GUIDE_DIAGNOSIS && view->question.type == QUESTION_CHOOSE && view->question.topic[0] == '\0';

	if (view->problem.status != STATUS_OK)
		return class_of(&view->problem);
	return asks_for_way ? class_of_bar(view) : EXIT_REFUSED;
}

static int end_unwell(const struct case_view *view)
{
	const struct plan_view *barred = barred_plan(view);

	if (barred == NULL)
		return EXIT_FAILED;
	output_aside("unbrick: the device was not brought back; the way '%s' %s\n", barred->name, barred->obstacle);
	return class_of_bar(view);
}

static void end_case(struct recover *r, const struct case_view *view)
{
	bool well = view->booted == OUTCOME_YES;

	if (r->json)
		output_event(stdout, json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s*}", "case", (json_int_t)r->case_id, "event", "result", "cause", cause_label(view->verdict.cause), "written",
				     outcome_name(view->written), "verified", outcome_name(view->verified), "booted", outcome_name(view->booted), "not_taken",
				     r->is_not_taken ? given(r, METHOD) : NULL));
	else
		printf("case #%" PRId64 ": written %s, verified %s, booted %s\n", r->case_id, outcome_name(view->written), outcome_name(view->verified),
		       outcome_name(view->booted));
	finish(r, well ? EXIT_WELL : end_unwell(view));
}

/* What concerns the bench and no case: a full disk, a power command that fails, a line that was lost. */
static void say_notice(struct recover *r, const struct snapshot *now)
{
	if (!now->notice_is_error || text_equal(now->notice, r->notice))
		return;
	text_copy(r->notice, sizeof(r->notice), now->notice);
	progress_clear(&r->bar);
	output_aside("unbrick: %s%s%s\n", now->notice, now->notice_hint[0] ? "\n  " : "", now->notice_hint);
	if (r->json)
		output_event(stdout, json_pack("{s:I,s:s,s:s,s:s}", "case", (json_int_t)r->case_id, "event", "notice", "text", now->notice, "hint", now->notice_hint));
}

/* Another baud rate harms nothing, so the likely one is tried, once. A device that was switched by the power command and stays silent is
 * not waited for; one that is switched by hand may still come. True: nothing is left to answer. */
static bool watch_is_stuck(struct recover *r, const struct case_view *view, bool has_power)
{
	const struct question *question = &view->question;
	struct error error;

	if (view->problem.status == STATUS_PROTOCOL && !r->is_baud_tried)
		for (unsigned i = 0; i < question->choice_count; i++)
			if (text_starts(question->choice[i].id, "baud:")) {
				r->is_baud_tried = true;
				cli_print_error(&view->problem);
				return app_case_answer(r->app, r->case_id, question->id, question->choice[i].id, &error) == STATUS_OK;
			}
	/* The power was switched from here and nothing came: that is what the operator would say, who names a way that needs no word of it. */
	if (view->problem.status == STATUS_TIMEOUT && has_power && given(r, METHOD) && !r->is_silence_said)
		for (unsigned i = 0; i < question->choice_count; i++)
			if (text_equal(question->choice[i].id, "nothing")) {
				r->is_silence_said = true;
				cli_print_error(&view->problem);
				return app_case_answer(r->app, r->case_id, question->id, "nothing", &error) == STATUS_OK;
			}
	if (view->problem.status == STATUS_PROTOCOL || (view->problem.status == STATUS_TIMEOUT && has_power)) {
		cli_print_error(&view->problem);
		finish(r, EXIT_NO_ANSWER);
		return true;
	}
	return false;
}

static bool is_stuck(struct recover *r, const struct case_view *view)
{
	if (view->phase == GUIDE_WATCH)
		return watch_is_stuck(r, view, given(r, POWER) || getenv("UNBRICK_POWER_COMMAND"));
	if (view->phase != GUIDE_CONNECT || view->problem.status == STATUS_OK)
		return false;
	cli_print_error(&view->problem);
	finish(r, EXIT_NO_PORT);
	return true;
}

static void on_change(void *user)
{
	struct recover *r = user;
	const struct case_view *view = app_case_view(r->app, r->case_id);
	char text[200];
	const char *answer;
	struct error error;

	say_notice(r, app_snapshot(r->app));
	if (view == NULL || r->is_over)
		return;
	if (view->phase == GUIDE_CLOSED) {
		end_case(r, view);
		return;
	}
	if (r->is_stopping) {
		if (!view->is_stopping)
			finish(r, EXIT_INTERRUPTED);
		return;
	}
	if (is_stuck(r, view))
		return;
	if (view->question.type == QUESTION_NONE || view->question.id == r->answered)
		return;
	answer = find_answer(r, view, text, sizeof(text));
	if (answer == NULL) {
		say_why(r, view);
		finish(r, class_of_silence(view));
		return;
	}
	r->answered = view->question.id;
	if (answer[0] == '\0' && view->question.type == QUESTION_CHOOSE)
		return;
	if (view->phase == GUIDE_HAPPENED && given(r, HAPPENED))
		answer = given(r, HAPPENED);
	if (app_case_answer(r->app, r->case_id, view->question.id, answer, &error) != STATUS_OK) {
		cli_print_error(&error);
		finish(r, error.status == STATUS_REFUSED ? EXIT_REFUSED : EXIT_USAGE);
	}
}

static void on_limit(void *user)
{
	struct recover *r = user;

	const struct case_view *view = app_case_view(r->app, r->case_id);

	/* A limit is no reason either to leave the flash half written. */
	if (app_is_dangerous(r->app)) {
		loop_timer_set_after(r->limit, 1000);
		return;
	}
	progress_clear(&r->bar);
	output_aside("unbrick: time is over\n");
	if (view && view->problem.status != STATUS_OK)
		output_aside("  %s: %s\n", view->problem.text, view->problem.hint);
	finish(r, EXIT_NO_ANSWER);
}

/* While the flash is written, a hang-up or Ctrl-C does not stop the work: it would leave it half written. */
static void on_signal(void *user, int number)
{
	struct recover *r = user;
	const struct case_view *view;
	struct error error;

	if (app_is_dangerous(r->app)) {
		progress_clear(&r->bar);
		output_aside("unbrick: the flash is being written; stopping now would leave it half written, so the work goes on\n");
		return;
	}
	if (!r->is_stopping && app_case_cancel(r->app, r->case_id, &error) == STATUS_OK && (view = app_case_view(r->app, r->case_id)) != NULL && view->is_stopping) {
		r->is_stopping = true;
		progress_clear(&r->bar);
		output_aside("unbrick: the device is brought into a good state first; once more ends at once, and the next start does it\n");
		return;
	}
	progress_clear(&r->bar);
	output_aside("unbrick: stopped by %s\n", number == SIGINT ? "Ctrl-C" : number == SIGHUP ? "a hang-up" : "a request to end");
	finish(r, EXIT_INTERRUPTED);
}

static void keep(struct recover *r, const char *key, const char *value)
{
	struct error error;

	if (casebook_set(app_casebook(r->app), r->case_id, (int64_t)loop_wall_ms(), JOURNAL_OPERATOR, key, value, &error) != STATUS_OK)
		cli_print_error(&error);
}

/* Known to the case from the start, so that it can go on from any place without being told again. */
static void keep_image(struct recover *r)
{
	char path[PATH_MAX];
	bool has_path = given(r, IMAGE) && realpath(given(r, IMAGE), path);

	if (has_path && !given(r, CASE))
		keep(r, "image", path);
	/* The member is meant in this archive, and in no other that may come later. */
	if (has_path && given(r, MEMBER))
		keep(r, "archive", path);
	if (given(r, MEMBER))
		keep(r, "member", given(r, MEMBER));
}

static int begin(struct recover *r, struct error *error)
{
	char text[48];
	unsigned console;
	enum status status;

	if (r->port) {
		status = app_console_open(r->app, r->port, NULL, &console, error);
		if (status != STATUS_OK)
			return EXIT_NO_PORT;
	}
	if (given(r, CASE)) {
		r->case_id = strtoll(given(r, CASE), NULL, 10);
		status = app_case_open(r->app, r->case_id, error);
	} else {
		status = app_case_new(r->app, &r->case_id, error);
	}
	if (status != STATUS_OK)
		return EXIT_FAILED;
	keep_image(r);
	/* First of all: a device may take its time to say its first word, and whoever ends this before wants to know what to go on with. */
	on_event(r, &(struct app_event){ .case_id = r->case_id, .wall_ms = loop_wall_ms(), .by = JOURNAL_PROGRAM, .kind = "case",
		 .text = text_format(text, sizeof(text), "#%" PRId64 " %s", r->case_id, given(r, CASE) ? "goes on" : "begins") });
	return EXIT_WELL;
}

static void watch_signals(struct recover *r)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		loop_on_signal(r->loop, numbers[i], on_signal, r);
}

/* Before the device is touched: a start for nothing costs a minute, and an open case stays behind. */
static int check_line(const struct cli_line *line, unsigned long *ret_seconds, unsigned long *ret_tftp_port)
{
	const char *image = line->value[IMAGE];

	if (!line->value[CASE] && (!line->value[DEVICE] || !line->value[PORT]))
		return output_usage("recover", "recover needs --device and --port");
	if (!cli_read_number(line->value[TIMEOUT], TIMEOUT_MAX_S, ret_seconds))
		return output_usage("recover", "--timeout takes seconds, not '%s'", line->value[TIMEOUT]);
	if (!cli_read_number(line->value[TFTP_PORT], UINT16_MAX, ret_tftp_port))
		return output_usage("recover", "--tftp-port takes a port number, not '%s'", line->value[TFTP_PORT]);
	if (line->value[OVERRIDE] && !text_equal(line->value[OVERRIDE], ANYWAY))
		return output_usage("recover", "--override wants the word '%s', typed in full, not '%s'", ANYWAY, line->value[OVERRIDE]);
	if (image && strstr(image, "://") == NULL && access(image, R_OK) < 0) {
		output_aside("unbrick: cannot read image '%s': %s\n  check the path; the device was not touched\n", image, strerror(errno));
		return EXIT_USAGE;
	}
	return EXIT_WELL;
}

static int run(const struct cli_line *line)
{
	unsigned long seconds = TIMEOUT_S, tftp_port = 0;
	struct recover r = { .line = line, .json = line->value[JSON] != NULL, .bar.is_wanted = isatty(STDERR_FILENO), .exit_code = EXIT_FAILED };
	struct app_options app_options = {
		.state_folder = line->state_folder, .library_folders = line->library_folders, .power_command = line->value[POWER],
		.is_unattended = true,
	};
	char port[PORT_NAME_MAX];
	struct error error;
	int code;

	if (app_options.power_command == NULL)
		app_options.power_command = getenv("UNBRICK_POWER_COMMAND");
	code = check_line(line, &seconds, &tftp_port);
	if (code != EXIT_WELL)
		return code;
	app_options.tftp_port = (unsigned)tftp_port;
	if (line->value[PORT]) {
		code = port_argument(line->value[PORT], port);
		if (code != EXIT_WELL)
			return code;
		app_options.port = r.port = port;
	}
	if (loop_new(&r.loop, &error) != STATUS_OK || app_new(r.loop, &app_options, &r.app, &error) != STATUS_OK) {
		cli_print_error(&error);
		loop_free(r.loop);
		return EXIT_FAILED;
	}
	app_observe(r.app, &(struct app_observer){ .on_change = on_change, .on_event = on_event, .user = &r });
	watch_signals(&r);
	r.limit = loop_timer_new(r.loop, on_limit, &r);
	loop_timer_set_after(r.limit, (uint64_t)seconds * 1000);
	code = begin(&r, &error);
	if (code == EXIT_WELL)
		loop_run(r.loop);
	else
		cli_print_error(&error);
	if (r.case_id != 0 && code == EXIT_WELL && app_case_view(r.app, r.case_id) && app_case_view(r.app, r.case_id)->phase != GUIDE_CLOSED)
		output_aside("  the case #%" PRId64 " stays open; go on with: unbrick recover --case %" PRId64 "%s%s\n", r.case_id, r.case_id,
			line->state_folder ? " --state " : "", line->state_folder ? line->state_folder : "");
	loop_timer_free(r.limit);
	app_free(r.app);
	loop_free(r.loop);
	return code == EXIT_WELL ? r.exit_code : code;
}

const struct cli_verb verb_recover = {
	.name = "recover", .words = "", .summary = "bring a device back, led by options instead of keys", .options = options, .run = run,
};
