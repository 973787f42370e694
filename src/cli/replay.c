/* unbrick replay: a recording of a console as it came, on the full screen, into a pipe, or on a port for other
 * programs. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/cli/replay_port.h"
#include "src/io/loop.h"
#include "src/io/replay.h"

enum { SPEED, TIMES, PORT };
enum { PART_SIZE = 16384 };

static const double slowest = 0.01, fastest = 10000;

/* clang-format off */
static const struct cli_option options[] = {
	[SPEED] = { "speed", "SPEED", "how many times as fast as it was, 0.01 to 10000; max: all at once" },
	[TIMES] = { "times", "FILE", "the times that script(1) --log-timing kept, for a typescript" },
	[PORT] = { "port", NULL, "play it on a pseudo terminal, whose name is printed, for another program" },
	{ NULL, NULL, NULL },
};
/* clang-format on */
DEFINE_AUTO(replay);

static bool parse_speed(const char *text, double *ret_speed)
{
	char *end = NULL;

	*ret_speed = 1;
	if (text == NULL)
		return true;
	if (text_equal(text, "max")) {
		*ret_speed = REPLAY_SPEED_MAX;
		return true;
	}
	*ret_speed = strtod(text, &end);
	if (end != text && text_equal(end, "x"))
		end++;
	return end != text && *end == '\0' && *ret_speed >= slowest && *ret_speed <= fastest;
}

/* The bytes as they are: whoever reads a recording from a pipe wants them so. */
static enum status play_to_output(struct replay *replay, struct error *reterr)
{
	uint8_t part[PART_SIZE];
	uint64_t due_ms;

	while ((due_ms = replay_deadline(replay, loop_now_ms())) != UINT64_MAX) {
		uint64_t now_ms = loop_now_ms();
		size_t size;

		if (due_ms > now_ms)
			poll(NULL, 0, due_ms - now_ms < INT_MAX ? (int)(due_ms - now_ms) : INT_MAX);
		size = replay_read(replay, part, sizeof(part), loop_now_ms());
		if (fwrite(part, 1, size, stdout) != size || fflush(stdout) != 0)
			return error_set(reterr, STATUS_IO, "cannot write the recording: %s", strerror(errno));
	}
	return STATUS_OK;
}

static enum status play(const struct cli_line *line, double speed, struct error *reterr)
{
	AUTO(replay) replay = NULL;
	struct replay_state state;
	enum status status = replay_open(line->word[0], line->value[TIMES], &replay, reterr);

	if (status != STATUS_OK)
		return status;
	replay_set_speed(replay, speed, loop_now_ms());
	replay_look(replay, loop_now_ms(), &state);
	if (state.problem[0] != '\0')
		fprintf(stderr, "unbrick: %s\n", state.problem);
	return line->value[PORT] ? replay_to_port(replay, reterr) : play_to_output(replay, reterr);
}

static int run(const struct cli_line *line)
{
	char name[PATH_MAX * 2];
	struct error error;
	double speed;

	if (line->word_count != 1)
		return output_usage("replay",
				    line->word_count ? "replay takes one recording, not %zu"
						     : "replay needs a capture, or another log",
				    line->word_count);
	if (!parse_speed(line->value[SPEED], &speed))
		return output_usage("replay", "'%s' is no speed: 1 is as it was, 10 ten times as fast, max all at once",
				    line->value[SPEED]);
	if (line->value[PORT] || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		if (play(line, speed, &error) != STATUS_OK)
			return output_error(&error, error.status == STATUS_IO ? EXIT_FAILED : EXIT_USAGE);
		return output_end(EXIT_WELL);
	}
	text_format(name, sizeof(name), "replay:%s%s%s", line->word[0], line->value[TIMES] ? "\t" : "",
		    line->value[TIMES] ? line->value[TIMES] : "");
	return cli_start_replay(line, name, speed);
}

const struct cli_verb verb_replay = {
	.name = "replay",
	.words = "CAPTURE",
	.summary = "play a capture, or any log, at its own or another speed",
	.options = options,
	.run = run,
};
