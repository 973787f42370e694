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
#include "src/cli/output.h"
#include "src/cli/port_argument.h"
#include "src/cli/recover.h"

enum { TIMEOUT_S = 1800, TIMEOUT_MAX_S = 7 * 24 * 3600 };

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

void recover_tell(void *user, const struct app_event *event)
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

void recover_finish(struct recover *r, int exit_code)
{
	if (r->is_over)
		return;
	r->is_over = true;
	r->exit_code = exit_code;
	loop_stop(r->loop);
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
	if (view->problem.status == STATUS_TIMEOUT && has_power && recover_given(r, METHOD) && !r->is_silence_said)
		for (unsigned i = 0; i < question->choice_count; i++)
			if (text_equal(question->choice[i].id, "nothing")) {
				r->is_silence_said = true;
				cli_print_error(&view->problem);
				return app_case_answer(r->app, r->case_id, question->id, "nothing", &error) == STATUS_OK;
			}
	if (view->problem.status == STATUS_PROTOCOL || (view->problem.status == STATUS_TIMEOUT && has_power)) {
		cli_print_error(&view->problem);
		recover_finish(r, EXIT_NO_ANSWER);
		return true;
	}
	return false;
}

static bool is_stuck(struct recover *r, const struct case_view *view)
{
	if (view->phase == GUIDE_WATCH)
		return watch_is_stuck(r, view, recover_given(r, POWER) || getenv("UNBRICK_POWER_COMMAND"));
	if (view->phase != GUIDE_CONNECT || view->problem.status == STATUS_OK)
		return false;
	cli_print_error(&view->problem);
	recover_finish(r, EXIT_NO_PORT);
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
		recover_end_case(r, view);
		return;
	}
	if (r->is_stopping) {
		if (!view->is_stopping)
			recover_finish(r, EXIT_INTERRUPTED);
		return;
	}
	if (is_stuck(r, view))
		return;
	if (view->question.type == QUESTION_NONE || view->question.id == r->answered)
		return;
	answer = recover_find_answer(r, view, text, sizeof(text));
	if (answer == NULL) {
		recover_say_why(r, view);
		recover_finish(r, recover_class_of_silence(view));
		return;
	}
	r->answered = view->question.id;
	if (answer[0] == '\0' && view->question.type == QUESTION_CHOOSE)
		return;
	if (view->phase == GUIDE_HAPPENED && recover_given(r, HAPPENED))
		answer = recover_given(r, HAPPENED);
	if (app_case_answer(r->app, r->case_id, view->question.id, answer, &error) != STATUS_OK) {
		cli_print_error(&error);
		recover_finish(r, error.status == STATUS_REFUSED ? EXIT_REFUSED : EXIT_USAGE);
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
	recover_finish(r, EXIT_NO_ANSWER);
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
	recover_finish(r, EXIT_INTERRUPTED);
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
	bool has_path = recover_given(r, IMAGE) && realpath(recover_given(r, IMAGE), path);

	if (has_path && !recover_given(r, CASE))
		keep(r, "image", path);
	/* The member is meant in this archive, and in no other that may come later. */
	if (has_path && recover_given(r, MEMBER))
		keep(r, "archive", path);
	if (recover_given(r, MEMBER))
		keep(r, "member", recover_given(r, MEMBER));
}

static int begin(struct recover *r, struct error *error)
{
	char text[48];
	unsigned console;
	enum status status;

	if (!recover_given(r, CASE) && recover_given(r, DEVICE)[0] != '\0' &&
	    app_check_device(r->app, recover_given(r, DEVICE), recover_given(r, METHOD), error) != STATUS_OK)
		return EXIT_USAGE;
	if (r->port) {
		status = app_console_open(r->app, r->port, NULL, &console, error);
		if (status != STATUS_OK)
			return EXIT_NO_PORT;
	}
	if (recover_given(r, CASE)) {
		r->case_id = strtoll(recover_given(r, CASE), NULL, 10);
		status = app_case_open(r->app, r->case_id, error);
	} else {
		status = app_case_new(r->app, &r->case_id, error);
	}
	if (status != STATUS_OK)
		return EXIT_FAILED;
	keep_image(r);
	/* First of all: a device may take its time to say its first word, and whoever ends this before wants to know what to go on with. */
	recover_tell(r, &(struct app_event){ .case_id = r->case_id, .wall_ms = loop_wall_ms(), .by = JOURNAL_PROGRAM, .kind = "case",
		 .text = text_format(text, sizeof(text), "#%" PRId64 " %s", r->case_id, recover_given(r, CASE) ? "goes on" : "begins") });
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
	if (line->value[OVERRIDE] && !text_equal(line->value[OVERRIDE], RECOVER_ANYWAY))
		return output_usage("recover", "--override wants the word '%s', typed in full, not '%s'", RECOVER_ANYWAY, line->value[OVERRIDE]);
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
	app_observe(r.app, &(struct app_observer){ .on_change = on_change, .on_event = recover_tell, .user = &r });
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
