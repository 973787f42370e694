#include "src/cli/send_loader.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/cli/port_argument.h"
#include "src/core/loader_send.h"

enum { BAUD_MAX = 20000000 };

struct send_loader {
	const struct send_loader_words *words;
	struct loop *loop;
	struct loader_send *send;
	uint64_t began_ms;
	size_t shown;		/* columns of the progress line */
	bool is_terminal, is_stopped, is_bad;
	int exit_code;
};

DEFINE_AUTO(loop);
DEFINE_AUTO(loader_send);

/* ---- printing ---- */

static void print_event(json_t *event)
{
	output_json_item(event);
	putchar('\n');
	fflush(stdout);
}

static void clear_progress(struct send_loader *s)
{
	if (s->shown > 0)
		fprintf(stderr, "\r%*s\r", (int)s->shown, "");
	s->shown = 0;
}

static void on_say(void *user, const char *text)
{
	struct send_loader *s = user;

	s->began_ms = loop_now_ms();
	if (s->words->is_json) {
		print_event(json_pack("{s:s, s:o}", "event", "note", "text", output_json_text(text)));
		return;
	}
	clear_progress(s);
	output_text("%s\n", text);
	fflush(stdout);
}

static void on_progress(void *user, uint64_t done, uint64_t total)
{
	struct send_loader *s = user;
	uint64_t elapsed_ms = loop_now_ms() - s->began_ms;
	uint64_t rate = elapsed_ms >= 500 ? done * 1000 / elapsed_ms : 0;
	size_t before = s->shown;
	char line[160], size[24];

	if (s->words->is_json) {
		print_event(json_pack("{s:s, s:I, s:I, s:I}", "event", "progress", "bytes", (json_int_t)done, "total", (json_int_t)total, "bytes_per_second",
				      (json_int_t)rate));
		return;
	}
	if (!s->is_terminal)
		return;
	text_format(line, sizeof(line), "  %s", text_size(size, sizeof(size), done));
	text_append(line, sizeof(line), " of %s", text_size(size, sizeof(size), total));
	if (rate > 0)
		text_append(line, sizeof(line), ", %s/s", text_size(size, sizeof(size), rate));
	if (rate > 0 && total > done)
		text_append(line, sizeof(line), ", %s left", text_duration(size, sizeof(size), ((total - done) / rate + 1) * 1000));
	s->shown = strlen(line);
	fprintf(stderr, "\r%s%*s", line, before > s->shown ? (int)(before - s->shown) : 0, "");
	fflush(stderr);
}

static void on_measure(void *user, const struct line_measure *measure)
{
	struct send_loader *s = user;

	s->is_bad = s->is_bad || measure->is_bad;
	if (s->words->is_json && measure->grade[0] == '\0')
		print_event(json_pack("{s:s, s:i}", "event", "rate", "holds", (int)measure->baud));
	else if (s->words->is_json)
		print_event(json_pack("{s:s, s:s, s:i, s:I, s:i, s:i}", "event", "line", "grade", measure->grade, "errors", (int)measure->errors, "bytes",
				      (json_int_t)measure->bytes, "echo_ms", (int)measure->echo_ms, "longest_echo_ms", (int)measure->longest_echo_ms));
}

static int class_of(const struct send_loader *s, enum status status)
{
	switch (status) {
	case STATUS_OK:
		return EXIT_WELL;
	case STATUS_CANCELLED:
		return s->is_stopped ? EXIT_INTERRUPTED : EXIT_FAILED;
	case STATUS_INVALID:
		return EXIT_USAGE;
	case STATUS_REFUSED:
		return EXIT_REFUSED;
	case STATUS_TIMEOUT:
		return EXIT_NO_ANSWER;
	default:
		return EXIT_FAILED;
	}
}

static void on_done(void *user, enum status status, const struct error *error, const char *text)
{
	struct send_loader *s = user;

	clear_progress(s);
	s->exit_code = s->is_bad ? EXIT_FAILED : class_of(s, status);
	if (s->words->is_json)
		print_event(json_pack("{s:s, s:s, s:o, s:o, s:o}", "event", "result", "status", status_name(status), "text",
				      output_json_text(status == STATUS_OK ? text : NULL), "reason", output_json_text(status == STATUS_OK ? NULL : error->text),
				      "hint", output_json_text(status == STATUS_OK || error->hint[0] == '\0' ? NULL : error->hint)));
	else if (status == STATUS_OK)
		output_text("%s%s\n", s->words->path ? "" : "the line is ", text);
	if (s->is_bad && !s->words->is_json)
		output_text("  try a shorter cable, a good ground wire, another adapter, or a lower rate\n");
	if (status != STATUS_OK)
		output_error(error, s->exit_code);
	loop_stop(s->loop);
}

static void on_signal(void *user, int number)
{
	struct send_loader *s = user;
	bool was_stopped = s->is_stopped;

	(void)number;
	s->is_stopped = true;
	s->exit_code = EXIT_INTERRUPTED;
	if (was_stopped || !loader_send_cancel(s->send)) {
		loop_stop(s->loop);
		return;
	}
	if (loader_send_is_raised(s->send))
		fprintf(stderr, "unbrick: the device goes back to its usual rate first; once more ends at once, and the next start brings it back\n");
}

/* ---- the command line ---- */

static bool read_number(const char *text, uint64_t max, uint64_t *ret_number)
{
	return text == NULL || (text_parse_size(text, ret_number) && *ret_number > 0 && *ret_number <= max);
}

static int read_words(const struct send_loader_words *words, struct loader_send_options *to)
{
	uint64_t baud = 0, raise = 0;

	if (words->port == NULL)
		return output_usage(words->verb, "%s needs a port", words->verb);
	if (!read_number(words->baud, BAUD_MAX, &baud) || !read_number(words->raise_baud, BAUD_MAX, &raise))
		return output_usage(words->verb, "a rate is a number such as 921600");
	if (!read_number(words->address, UINT32_MAX, &to->address))
		return output_usage(words->verb, "'%s' is no address; write it as 0x80000000", words->address);
	if (words->path != NULL && words->address == NULL && !text_equal(words->loader, "barebox"))
		return output_usage(words->verb, "where in the device's memory? --address 0x80000000, as its profile says");
	to->port = words->port;
	to->baud = (unsigned)baud;
	to->raise_baud = (unsigned)raise;
	to->loader = words->loader != NULL && strcmp(words->loader, "auto") != 0 ? words->loader : NULL;
	to->protocol = words->protocol;
	to->path = words->path;
	to->any_cable = words->any_cable;
	return EXIT_WELL;
}

static int open_book(const struct cli_line *line, struct casebook **ret_book)
{
	char folder[500], path[600];
	struct error error;

	text_format(path, sizeof(path), "%s/casebook.db", output_state_folder(line, folder, sizeof(folder)));
	return casebook_open(path, ret_book, &error) == STATUS_OK ? EXIT_WELL : output_error(&error, EXIT_FAILED);
}

static int class_of_start(const struct send_loader *s, enum status status)
{
	switch (status) {
	case STATUS_BUSY:
	case STATUS_NOT_FOUND:
	case STATUS_NO_PERMISSION:
	case STATUS_GONE:
		return EXIT_NO_PORT;
	default:
		return class_of(s, status);
	}
}

static int run_send(struct send_loader *s, const struct loader_send_options *options)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const struct loader_send_observer observer = { on_say, on_progress, on_measure, on_done, s };
	AUTO(loop) loop = NULL;
	AUTO(loader_send) send = NULL;
	struct error error;
	enum status status = loop_new(&loop, &error);

	if (status == STATUS_OK)
		status = loader_send_start(loop, options, &observer, &send, &error);
	if (status != STATUS_OK)
		return output_error(&error, class_of_start(s, status));
	s->loop = loop;
	s->send = send;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		loop_on_signal(loop, numbers[i], on_signal, s);
	loop_run(loop);
	return s->exit_code;
}

int send_loader_run(const struct cli_line *line, const struct send_loader_words *words)
{
	struct send_loader s = { .words = words, .is_terminal = isatty(STDERR_FILENO) };
	struct loader_send_options options = { .baud = 0 };
	char port[PORT_NAME_MAX];
	int code = read_words(words, &options);

	if (code == EXIT_WELL)
		code = port_argument(words->port, port);
	options.port = port;
	if (code == EXIT_WELL)
		code = open_book(line, &options.book);
	if (code == EXIT_WELL)
		code = run_send(&s, &options);
	casebook_close(options.book);
	return output_end(code);
}
