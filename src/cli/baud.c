/* unbrick baud: at which rate does the device at a port talk? By listening only; everything read is kept in a capture
 * as always. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/cli/port_argument.h"
#include "src/core/app.h"

enum { FROM, TIMEOUT, JSON };
enum { TIMEOUT_S = 120, TIMEOUT_MAX_S = 86400 };

/* clang-format off */
static const struct cli_option options[] = {
	[FROM] = { "from", "RATE", "the rate to listen at first; without it: the port's last one, or 115200" },
	[TIMEOUT] = { "timeout", "SECONDS", "stop after so long (120)" },
	[JSON] = { "json", NULL, "one JSON object" },
	{ NULL, NULL, NULL },
};
/* clang-format on */

struct finding {
	struct loop *loop;
	struct app *app;
	unsigned console;
	unsigned shown; /* how many rates were told */
	uint64_t began_ms, bytes;
	bool is_json, is_over, timed_out;
	unsigned rates;
	unsigned at; /* the rate that it listened at last: the likeliest */
	unsigned found;
	int exit_code;
};

static const struct console_view *view_of(const struct finding *finding)
{
	const struct snapshot *now = app_snapshot(finding->app);

	for (unsigned i = 0; i < now->console_count; i++)
		if (now->console[i].id == finding->console)
			return &now->console[i];
	return NULL;
}

static void finish(struct finding *finding, int exit_code)
{
	if (finding->is_over)
		return;
	finding->is_over = true;
	finding->exit_code = exit_code;
	loop_stop(finding->loop);
}

static void on_change(void *user)
{
	struct finding *finding = user;
	const struct console_view *view = view_of(finding);

	if (finding->is_over || view == NULL)
		return;
	finding->bytes = view->bytes;
	if (view->hunt.is_hunting) {
		finding->rates = view->hunt.rates;
		finding->at = view->baud;
		if (view->hunt.rates > finding->shown && !finding->is_json)
			fprintf(stderr, "listening at %u baud%s\n", view->baud,
				finding->shown ? "" : "; if the device is silent, switch it off and on");
		finding->shown = view->hunt.rates;
	}
}

static void on_event(void *user, const struct app_event *event)
{
	struct finding *finding = user;
	json_t *data;

	if (!text_equal(event->kind, "baud") || event->data == NULL)
		return;
	data = json_loads(event->data, 0, NULL);
	finding->found = (unsigned)json_integer_value(json_object_get(data, "baud"));
	/* the last change of the rate may be too short ago to have been seen in the view */
	finding->rates = (unsigned)json_integer_value(json_object_get(data, "rates"));
	json_decref(data);
	if (finding->found && !finding->is_json) /* standard output has the number alone */
		fprintf(stderr, "%s\n", event->text);
	finish(finding, finding->found ? EXIT_WELL : EXIT_UNDECIDED);
}

static void on_time(void *user)
{
	struct finding *finding = user;

	finding->timed_out = true;
	finish(finding, finding->bytes == 0 ? EXIT_NO_ANSWER : EXIT_UNDECIDED);
}

static void on_signal(void *user, int number)
{
	(void)number;
	finish(user, EXIT_INTERRUPTED);
}

static enum status look(struct finding *finding, const char *port, unsigned from, unsigned timeout_s,
			struct error *reterr)
{
	struct loop_timer *limit = loop_timer_new(finding->loop, on_time, finding);
	struct app_observer observer = { .on_change = on_change, .on_event = on_event, .user = finding };
	enum status status;

	if (limit == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a timer");
	app_observe(finding->app, &observer);
	loop_on_signal(finding->loop, SIGINT, on_signal, finding);
	loop_on_signal(finding->loop, SIGTERM, on_signal, finding);
	status = app_console_open(finding->app, port, &(struct line_settings){ .baud = from }, &finding->console,
				  reterr);
	if (status == STATUS_OK)
		status = app_console_find_baud(finding->app, finding->console, true, reterr);
	if (status == STATUS_OK) {
		finding->began_ms = loop_now_ms();
		loop_timer_set_after(limit, (uint64_t)timeout_s * 1000);
		on_change(finding);
		loop_run(finding->loop);
		on_change(finding);
		app_console_close(finding->app, finding->console);
	}
	app_observe(finding->app, &(struct app_observer){ 0 });
	loop_timer_free(limit);
	return status;
}

static void print(const struct finding *finding, const char *port)
{
	double seconds = (double)(loop_now_ms() - finding->began_ms) / 1000;

	if (finding->is_json) {
		output_json(json_pack(
			"{s:o, s:o, s:o, s:i, s:I, s:f}", "port", output_json_text(port), "baud",
			finding->found ? json_integer(finding->found) : json_null(), "likely",
			finding->rates > 1 && finding->timed_out ? json_integer(finding->at) : json_null(), "rates",
			(int)finding->rates, "bytes", (json_int_t)finding->bytes, "seconds", seconds));
	} else if (finding->found) {
		output_text("%u\n", finding->found);
	}
	if (finding->found)
		return;
	if (finding->exit_code == EXIT_NO_ANSWER)
		fprintf(stderr,
			"unbrick: nothing came on %s\n  Switch the device off and on while it listens; is TX of the device on RX of the adapter, and GND on GND?\n",
			port);
	else if (finding->exit_code == EXIT_INTERRUPTED)
		fprintf(stderr, "unbrick: stopped\n");
	else if (finding->timed_out)
		fprintf(stderr,
			"unbrick: too little came on %s to be sure; %u baud is likeliest\n  Switch the device off and on while it listens\n",
			port, finding->at);
	else
		fprintf(stderr,
			"unbrick: no baud rate makes text of what comes on %s (%u tried)\n  GND loose? a wrong level? inverted signals, as RS-232 has them?\n",
			port, finding->rates);
}

static int run(const struct cli_line *line)
{
	struct finding finding = { .is_json = line->value[JSON] != NULL, .exit_code = EXIT_FAILED };
	const struct app_options app_options = { .state_folder = line->state_folder,
						 .library_folders = line->library_folders };
	char port[PORT_NAME_MAX];
	unsigned from = 0, timeout_s = TIMEOUT_S;
	int code;
	struct error error;
	enum status status;

	if (line->word_count != 1)
		return output_usage("baud",
				    line->word_count ? "baud takes one port, not %zu"
						     : "baud needs a port, as /dev/ttyUSB0",
				    line->word_count);
	if (!cli_read_count(line->value[FROM], 12000000, &from))
		return output_usage("baud", "'%s' is no baud rate", line->value[FROM]);
	if (!cli_read_count(line->value[TIMEOUT], TIMEOUT_MAX_S, &timeout_s))
		return output_usage("baud", "'%s' are no seconds", line->value[TIMEOUT]);
	code = port_argument(line->word[0], port);
	if (code != EXIT_WELL)
		return code;
	status = loop_new(&finding.loop, &error);
	if (status == STATUS_OK)
		status = app_new(finding.loop, &app_options, &finding.app, &error);
	if (status == STATUS_OK)
		status = look(&finding, port, from, timeout_s, &error);
	if (status == STATUS_OK)
		print(&finding, port);
	app_free(finding.app);
	loop_free(finding.loop);
	if (status != STATUS_OK)
		return output_error(&error, EXIT_NO_PORT);
	return output_end(finding.exit_code);
}

const struct cli_verb verb_baud = {
	.name = "baud",
	.words = "PORT",
	.summary = "find the baud rate of a device by listening to it",
	.options = options,
	.run = run,
};
