#include "src/cli/transfer.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/cli/port_argument.h"
#include "src/core/transfer_session.h"

enum {
	BAUD_MAX = 20000000,
	PATIENCE_MAX_S = 86400,
	RATE_AFTER_MS = 500,
	TEXT_LINE = 200,
};

struct transfer_cli {
	const struct transfer_words *words;
	struct loop *loop;
	struct transfer_session *session;
	unsigned baud, listen_ms;
	bool is_stopped;		/* by a signal */
	bool shows_progress;
	FILE *out;			/* where results and events go: with --stdio not to the line */
	struct transfer_file file;
	uint64_t began_ms, file_began_ms;
	size_t shown;			/* columns of the progress line */
	char text[TEXT_LINE];		/* of the device, until its line ends */
	size_t text_size;
	int exit_code;
};

DEFINE_AUTO(loop);
DEFINE_AUTO(transfer_session);

/* ---- printing ---- */

static void clear_progress(struct transfer_cli *t)
{
	if (t->shown > 0)
		fprintf(stderr, "\r%*s\r", (int)t->shown, "");
	t->shown = 0;
}

static void say(struct transfer_cli *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct transfer_cli *t, const char *format, ...)
{
	char text[PATH_MAX + 400], shown[PATH_MAX + 400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_printable(shown, sizeof(shown), bytes_of_text(text));
	clear_progress(t);
	fprintf(t->out, "%s\n", shown);
	fflush(t->out);
}

static void print_event(struct transfer_cli *t, json_t *event)
{
	AUTO_FREE char *text = event ? json_dumps(event, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(4))
				     : NULL;

	json_decref(event);
	fprintf(t->out, "%s\n", text ? text : "{\"event\":\"no-memory\"}");
	fflush(t->out);
}

static uint64_t rate_of(uint64_t bytes, uint64_t since_ms)
{
	uint64_t elapsed_ms = loop_now_ms() - since_ms;

	return elapsed_ms > 0 ? bytes * 1000 / elapsed_ms : 0;
}

/* Without those of an earlier attempt. */
static uint64_t bytes_of_now(const struct transfer_cli *t, uint64_t bytes)
{
	return bytes > t->file.start ? bytes - t->file.start : 0;
}

static void show_progress(struct transfer_cli *t, const struct transfer_progress *progress, uint64_t rate)
{
	char line[160], size[24], name[48];
	size_t before = t->shown;

	text_printable(name, sizeof(name), bytes_of_text(t->file.name));
	text_format(line, sizeof(line), "  %s%s%s", name, name[0] ? " " : "",
		    text_size(size, sizeof(size), progress->file_bytes));
	if (progress->file_size > 0)
		text_append(line, sizeof(line), " of %s", text_size(size, sizeof(size), progress->file_size));
	if (rate > 0)
		text_append(line, sizeof(line), ", %s/s", text_size(size, sizeof(size), rate));
	if (progress->retries > 0)
		text_append(line, sizeof(line), ", %u retr%s", progress->retries, progress->retries == 1 ? "y" : "ies");
	if (rate > 0 && progress->file_size > progress->file_bytes)
		text_append(line, sizeof(line), ", %s left",
			    text_duration(size, sizeof(size),
					  ((progress->file_size - progress->file_bytes) / rate + 1) * 1000));
	t->shown = strlen(line);
	fprintf(stderr, "\r%s%*s", line, before > t->shown ? (int)(before - t->shown) : 0, "");
	fflush(stderr);
}

/* ---- what the job tells ---- */

static void on_file(void *user, const struct transfer_file *file, const char *path)
{
	struct transfer_cli *t = user;

	t->file = *file;
	t->file_began_ms = loop_now_ms();
	if (t->words->is_json)
		print_event(t, json_pack("{s:s, s:o, s:o, s:o, s:I}", "event", "file", "name",
					 output_json_text(file->name[0] ? file->name : NULL), "path",
					 output_json_text(path), "size",
					 file->has_size ? json_integer((json_int_t)file->size) : json_null(), "start",
					 (json_int_t)file->start));
	else if (file->start > 0)
		say(t, "%s: goes on at byte %" PRIu64, path, file->start);
}

static void on_file_end(void *user, const char *path, uint64_t size)
{
	struct transfer_cli *t = user;
	uint64_t elapsed_ms = loop_now_ms() - t->file_began_ms, rate = rate_of(bytes_of_now(t, size), t->file_began_ms);
	char duration[24], per_second[24];

	if (t->words->is_json)
		print_event(t, json_pack("{s:s, s:o, s:I, s:I, s:I}", "event", "file-end", "path",
					 output_json_text(path), "bytes", (json_int_t)size, "milliseconds",
					 (json_int_t)elapsed_ms, "bytes_per_second", (json_int_t)rate));
	else
		say(t, "%s: %s, %" PRIu64 " bytes in %s (%s/s)", path, t->words->is_sender ? "sent" : "received", size,
		    elapsed_ms < 10000 ? text_format(duration, sizeof(duration), "%.1f s", (double)elapsed_ms / 1000)
				       : text_duration(duration, sizeof(duration), elapsed_ms),
		    text_size(per_second, sizeof(per_second), rate));
}

static void on_progress(void *user, const struct transfer_progress *progress)
{
	struct transfer_cli *t = user;
	uint64_t elapsed_ms = loop_now_ms() - t->file_began_ms;
	uint64_t rate = t->file_began_ms > 0 && elapsed_ms >= RATE_AFTER_MS
				? rate_of(bytes_of_now(t, progress->file_bytes), t->file_began_ms)
				: 0;

	if (t->file_began_ms == 0)
		return;
	if (t->words->is_json)
		print_event(t,
			    json_pack("{s:s, s:I, s:o, s:i, s:I}", "event", "progress", "bytes",
				      (json_int_t)progress->file_bytes, "total",
				      progress->file_size ? json_integer((json_int_t)progress->file_size) : json_null(),
				      "retries", (int)progress->retries, "bytes_per_second", (json_int_t)rate));
	else if (t->shows_progress)
		show_progress(t, progress, rate);
}

static void on_retry(void *user, const char *reason)
{
	struct transfer_cli *t = user;

	if (t->words->is_json)
		print_event(t, json_pack("{s:s, s:o}", "event", "retry", "reason", output_json_text(reason)));
}

static void end_text_line(struct transfer_cli *t)
{
	char shown[TEXT_LINE + 1];

	text_printable(shown, sizeof(shown), bytes_of(t->text, t->text_size));
	t->text_size = 0;
	if (shown[strspn(shown, " .")] == '\0')
		return;
	if (t->words->is_json)
		print_event(t, json_pack("{s:s, s:o}", "event", "text", "text", output_json_text(shown)));
	else
		say(t, "  device: %s", shown);
}

static void on_text(void *user, struct bytes text)
{
	struct transfer_cli *t = user;

	if (t->words->is_stdio && !t->words->is_json)
		return;		/* who gave us the line sees it too, or nobody does */
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '\r' || text.data[i] == '\n' || t->text_size == sizeof(t->text))
			end_text_line(t);
		if (text.data[i] != '\r' && text.data[i] != '\n')
			t->text[t->text_size++] = (char)text.data[i];
	}
}

static int class_of(const struct transfer_cli *t, enum status status)
{
	switch (status) {
	case STATUS_OK:
		return EXIT_WELL;
	case STATUS_CANCELLED:
		return t->is_stopped ? EXIT_INTERRUPTED : EXIT_FAILED;
	case STATUS_TIMEOUT:
		return EXIT_NO_ANSWER;
	case STATUS_REFUSED:
		return EXIT_REFUSED;
	case STATUS_GONE:
		return t->words->port ? EXIT_NO_PORT : EXIT_FAILED;
	default:
		return EXIT_FAILED;
	}
}

static void on_done(void *user, enum status status, const struct error *error)
{
	struct transfer_cli *t = user;
	struct transfer_progress progress;

	transfer_session_progress(t->session, &progress);
	clear_progress(t);
	if (t->text_size > 0)
		end_text_line(t);
	t->exit_code = class_of(t, status);
	if (t->words->is_json)
		print_event(t, json_pack("{s:s, s:s, s:i, s:I, s:i, s:I, s:o, s:o}", "event", "result", "status",
					 status_name(status), "files", (int)progress.files, "bytes",
					 (json_int_t)progress.all_bytes, "retries", (int)progress.retries,
					 "milliseconds", (json_int_t)(loop_now_ms() - t->began_ms), "reason",
					 output_json_text(status == STATUS_OK ? NULL : error->text), "hint",
					 output_json_text(
						 status == STATUS_OK || error->hint[0] == '\0' ? NULL : error->hint)));
	else if (status == STATUS_OK && progress.retries > 0)
		say(t, "  %u part%s sent again", progress.retries, progress.retries == 1 ? " was" : "s were");
	if (status != STATUS_OK)
		output_error(error, t->exit_code);
	loop_stop(t->loop);
}

static void on_signal(void *user, int number)
{
	struct transfer_cli *t = user;

	(void)number;
	if (t->is_stopped)
		loop_stop(t->loop);	/* twice: at once */
	t->is_stopped = true;
	t->exit_code = EXIT_INTERRUPTED;
	if (t->session)
		transfer_session_cancel(t->session);
}

/* ---- the command line ---- */

static int usage_of_protocol(const struct transfer_words *words)
{
	const struct transfer_protocol *const *protocols;
	char names[300] = "";
	size_t count;

	protocols = transfer_protocols(&count);
	for (size_t i = 0; i < count; i++)
		if (words->is_sender ? protocols[i]->can_send : protocols[i]->can_receive)
			text_append(names, sizeof(names), "%s%s", names[0] ? ", " : "", protocols[i]->name);
	return output_usage(words->verb, "'%s' is no protocol; there are %s", words->protocol, names);
}

static int read_words(const struct transfer_words *words, struct transfer_job_options *to, struct transfer_cli *t)
{
	unsigned long baud = 0, padding = 0, patience = 0, address = 0;
	unsigned long listen = isatty(STDOUT_FILENO) ? TRANSFER_LISTEN_LOADER_MS : TRANSFER_LISTEN_MS;

	to->protocol = transfer_protocol_find(words->protocol ? words->protocol : "ymodem");
	if (to->protocol == NULL)
		return usage_of_protocol(words);
	if ((words->port != NULL) == words->is_stdio)
		return output_usage(words->verb, "%s needs --port PORT or --stdio%s", words->verb,
				    words->port ? ", not both" : "");
	if (!cli_read_number(words->baud, BAUD_MAX, &baud) || (words->baud && baud == 0))
		return output_usage(words->verb, "'%s' is no rate", words->baud);
	if (!cli_read_number(words->padding, 0xff, &padding))
		return output_usage(words->verb, "'%s' is no byte; write it as 0x1a", words->padding);
	if (!cli_read_number(words->patience, PATIENCE_MAX_S, &patience) || (words->patience && patience == 0))
		return output_usage(words->verb, "--patience takes seconds, 1 to %d", PATIENCE_MAX_S);
	if (!cli_read_number(words->listen, TRANSFER_LISTEN_MAX_MS, &listen))
		return output_usage(words->verb, "--listen takes milliseconds, 0 to %d", TRANSFER_LISTEN_MAX_MS);
	if (!cli_read_number(words->address, UINT32_MAX, &address))
		return output_usage(words->verb, "'%s' is no address; write it as 0x80000000", words->address);
	to->has_address = words->address != NULL;
	to->address = (uint32_t)address;
	to->escape_controls = words->is_escaping;
	to->is_sender = words->is_sender;
	t->baud = (unsigned)baud;
	t->listen_ms = (unsigned)listen;
	to->patience_ms = (unsigned)patience * 1000;
	to->has_padding = words->padding != NULL;
	to->padding = (uint8_t)padding;
	to->paths = words->paths;
	to->path_count = words->path_count;
	to->output = words->output;
	to->may_replace = words->may_replace;
	to->may_resume = words->may_resume;
	return EXIT_WELL;
}

/* The progress must not go into the line: on a remote terminal standard error is the line as well. */
static bool is_same_terminal(int a, int b)
{
	struct stat one, other;

	return isatty(a) && isatty(b) && fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_rdev == other.st_rdev;
}

static int class_of_start(enum status status)
{
	switch (status) {
	case STATUS_INVALID:
	case STATUS_NOT_FOUND:
	case STATUS_UNSUPPORTED:
		return EXIT_USAGE;
	case STATUS_REFUSED:
		return EXIT_REFUSED;
	default:
		return EXIT_FAILED;
	}
}

static void watch_signals(struct transfer_cli *t)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		loop_on_signal(t->loop, numbers[i], on_signal, t);
	loop_on_signal(t->loop, SIGTTOU, NULL, NULL);
}

static int run_session(struct transfer_cli *t, const struct transfer_job_options *options)
{
	const struct transfer_job_observer observer = {
		.on_file = on_file,
		.on_file_end = on_file_end,
		.on_progress = on_progress,
		.on_retry = on_retry,
		.on_text = on_text,
		.on_done = on_done,
		.user = t,
	};
	AUTO(transfer_session) session = NULL;
	char port[PORT_NAME_MAX];
	struct error error;
	enum status status;
	int code = t->words->port != NULL ? port_argument(t->words->port, port) : EXIT_WELL;

	if (code != EXIT_WELL)
		return code;
	status = transfer_session_open(t->loop, t->words->port != NULL ? port : NULL, t->baud, &session, &error);
	if (status != STATUS_OK)
		return output_error(&error, output_class_of_line(status));
	status = transfer_session_start(session, options, &observer, t->listen_ms, &error);
	if (status != STATUS_OK)
		return output_error(&error, class_of_start(status));
	t->session = session;
	t->began_ms = loop_now_ms();
	loop_run(t->loop);
	return t->exit_code;
}

int transfer_run(const struct transfer_words *words)
{
	struct transfer_job_options options = { .in = -1, .out = -1 };
	AUTO(loop) loop = NULL;
	struct transfer_cli t = { .words = words, .out = words->is_stdio ? stderr : stdout };
	struct error error;
	int code = read_words(words, &options, &t);

	if (code != EXIT_WELL)
		return code;
	if (loop_new(&loop, &error) != STATUS_OK)
		return output_error(&error, EXIT_FAILED);
	t.loop = loop;
	t.shows_progress = isatty(STDERR_FILENO) && !(words->is_stdio && is_same_terminal(STDIN_FILENO, STDERR_FILENO));
	watch_signals(&t);
	code = run_session(&t, &options);
	return words->is_stdio ? code : output_end(code);
}
