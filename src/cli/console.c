/* unbrick console: the console of one serial line, on the full screen or, for scripts, between standard input and
 * output. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/cli/port_argument.h"
#include "src/core/line_pipe.h"
#include "src/io/bench_scan.h"

enum { BAUD, FRAME, FLOW, LOG, LISTEN };

enum { BAUD_MAX = 20000000, LISTEN_MS = 1000, LISTEN_MAX_MS = 3600000 };

static const struct cli_option options[] = {
	[BAUD] = { "baud", "RATE", "of the port (115200; on the full screen as it was used last)" },
	[FRAME] = { "frame", "FRAME", "data bits, parity (N, E, O) and stop bits (8N1)" },
	[FLOW] = { "flow", "HOW", "flow control: none (the usual), rtscts, xonxoff" },
	[LOG] = { "log", "FILE", "keep what the line says in this file, behind what is there already" },
	[LISTEN] = { "listen", "MS", "without a terminal: silence behind the end of the input that ends it (1000)" },
	{ NULL, NULL, NULL },
};

struct console_cli {
	struct loop *loop;
	int exit_code;
	struct error error; /* STATUS_OK: it ended well */
};

DEFINE_AUTO(loop);
DEFINE_AUTO(line_pipe);

static inline void capture_free(struct capture *capture)
{
	capture_close(capture);
}
DEFINE_AUTO(capture);

/* ---- which port ---- */

static int no_sole_port(const struct bench_state *bench)
{
	if (bench->port_count == 0) {
		fprintf(stderr,
			"unbrick: there is no serial port here\n  plug the adapter in, or name the line: unbrick console --help\n");
		return EXIT_NO_PORT;
	}
	fprintf(stderr, "unbrick: there are %u serial ports; name one of them:\n", bench->port_count);
	for (unsigned i = 0; i < bench->port_count; i++) {
		const struct bench_port *port = &bench->port[i];
		char shown[400], text[400];

		text_format(text, sizeof(text), "%-16s %s%s%s", port->path, port->product,
			    port->holder[0] ? "  in use: " : "", port->holder);
		text_printable(shown, sizeof(shown), bytes_of_text(text));
		fprintf(stderr, "  unbrick console %s\n", shown);
	}
	return EXIT_USAGE;
}

static int find_port(const struct cli_line *line, char *to)
{
	struct bench_state bench;

	if (line->word_count > 0)
		return port_argument(line->word[0], to);
	bench_scan(&bench);
	if (bench.port_count != 1)
		return no_sole_port(&bench);
	text_copy(to, PORT_NAME_MAX, bench.port[0].path);
	return EXIT_WELL;
}

/* ---- between standard input and output ---- */

static void on_done(void *user, enum status status, const struct error *error)
{
	struct console_cli *c = user;

	c->error = *error;
	c->error.status = status;
	c->exit_code = status == STATUS_OK ? EXIT_WELL : status == STATUS_GONE ? EXIT_NO_PORT : EXIT_FAILED;
	loop_stop(c->loop);
}

static void on_signal(void *user, int number)
{
	struct console_cli *c = user;

	(void)number;
	c->exit_code = EXIT_INTERRUPTED;
	loop_stop(c->loop);
}

static int run_pipe(const char *port, const struct line_settings *settings, struct capture *capture, unsigned quiet_ms)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const struct line_pipe_options pipe_options = { .port = port,
							.settings = *settings,
							.in = STDIN_FILENO,
							.out = STDOUT_FILENO,
							.quiet_ms = quiet_ms,
							.capture = capture };
	struct console_cli c = { .exit_code = EXIT_WELL };
	AUTO(loop) loop = NULL;
	AUTO(line_pipe) pipe = NULL;
	struct error error;
	enum status status = loop_new(&loop, &error);

	if (status != STATUS_OK)
		return output_error(&error, EXIT_FAILED);
	c.loop = loop;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		loop_on_signal(loop, numbers[i], on_signal, &c);
	loop_on_signal(loop, SIGPIPE, NULL, NULL);
	status = line_pipe_open(loop, &pipe_options, on_done, &c, &pipe, &error);
	if (status != STATUS_OK)
		return output_error(&error, output_class_of_line(status));
	loop_run(loop);
	return c.error.status == STATUS_OK ? c.exit_code : output_error(&c.error, c.exit_code);
}

static int run_logged(const char *port, const struct line_settings *settings, const char *log, unsigned quiet_ms)
{
	AUTO(capture) capture = NULL;
	struct error error;

	if (log && capture_open_file(log, &capture, &error) != STATUS_OK)
		return output_error(&error, error.status == STATUS_INVALID ? EXIT_USAGE : EXIT_FAILED);
	return run_pipe(port, settings, capture, quiet_ms);
}

/* ---- the command line ---- */

static int run(const struct cli_line *line)
{
	struct line_settings settings = { 0 };
	unsigned long baud = 0, listen_ms = LISTEN_MS;
	char port[PORT_NAME_MAX];
	int code;

	if (line->word_count > 1)
		return output_usage("console", "console takes one port; '%s' is one too many", line->word[1]);
	if (!cli_read_number(line->value[BAUD], BAUD_MAX, &baud) || (line->value[BAUD] && baud == 0))
		return output_usage("console", "'%s' is no rate", line->value[BAUD]);
	settings.baud = (unsigned)baud;
	if (baud == 0 && (line->value[FRAME] || line->value[FLOW]))
		settings.baud = 115200;	/* no part of it is taken from last time */
	if (line->value[FRAME] && !line_parse_frame(line->value[FRAME], &settings))
		return output_usage("console", "'%s' is no frame; write it as 8N1 or 7E1", line->value[FRAME]);
	if (line->value[FLOW] && !line_parse_flow(line->value[FLOW], &settings.flow))
		return output_usage("console", "'%s' is no flow control; there are none, rtscts, xonxoff",
				    line->value[FLOW]);
	if (!cli_read_number(line->value[LISTEN], LISTEN_MAX_MS, &listen_ms))
		return output_usage("console", "--listen takes milliseconds, 0 to %d", LISTEN_MAX_MS);
	code = find_port(line, port);
	if (code != EXIT_WELL)
		return code;
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return cli_start_console(line, port, &settings, line->value[LOG]);
	return run_logged(port, &settings, line->value[LOG], (unsigned)listen_ms);
}

const struct cli_verb verb_console = {
	.name = "console",
	.words = "[PORT]",
	.summary = "the console of a serial port, on the full screen or between standard input and output",
	.options = options,
	.run = run,
};
