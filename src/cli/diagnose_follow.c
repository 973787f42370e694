/* unbrick diagnose --follow: what a log says while it still comes, change by change. */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "src/base/text.h"
#include "src/cli/diagnose.h"
#include "src/cli/output.h"

enum { QUIET_MS = 500 };	/* a line that stands still so long is a prompt */

struct follow {
	struct diagnose *d;
	bool is_json;
	enum boot_stage stage;	/* as told last */
	unsigned start;
	enum cause cause;
	bool is_decided, is_looping;
};

static uint64_t milliseconds(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void tell_stage(const struct follow *follow)
{
	char when[48];

	if (follow->is_json) {
		output_event(stdout,
			     json_pack("{s:s, s:I, s:i, s:s, s:i}", "event", "stage", "time_ms",
				       (json_int_t)milliseconds(CLOCK_REALTIME), "line", (int)follow->d->line_count,
				       "stage", boot_stage_name(follow->stage), "start", (int)follow->start));
		return;
	}
	output_time(when, sizeof(when), (int64_t)milliseconds(CLOCK_REALTIME));
	output_text("%.8s  line %5u  start %u: %s\n", when + 11, follow->d->line_count, follow->start,
		    boot_stage_name(follow->stage));
}

static void tell_verdict(const struct follow *follow, const struct verdict *verdict)
{
	const struct cause_verdict *first = verdict->cause_count > 0 && cause_is_fault(verdict->cause)
						    ? &verdict->causes[0]
						    : NULL;
	const struct evidence *proof = first && first->proof_count > 0 ? &first->proof[0] : NULL;
	const char *why = proof ? (proof->sign ? proof->sign->meaning : proof->text) : cause_meaning(verdict->cause);
	char when[48];

	if (follow->is_json) {
		output_event(stdout,
			     json_pack("{s:s, s:I, s:i, s:s, s:b, s:b, s:f, s:o}", "event", "verdict", "time_ms",
				       (json_int_t)milliseconds(CLOCK_REALTIME), "line", (int)follow->d->line_count,
				       "verdict", cause_label(verdict->cause), "decided", verdict->is_decided,
				       "looping", verdict->is_looping, "confidence", first ? first->confidence : 0.0,
				       "reason", output_json_text(why)));
		return;
	}
	output_time(when, sizeof(when), (int64_t)milliseconds(CLOCK_REALTIME));
	output_text("%.8s  line %5u  %s%s%s: %s\n", when + 11, follow->d->line_count, cause_label(verdict->cause),
		    verdict->is_decided ? "" : " (not settled)", verdict->is_looping ? ", starts again and again" : "",
		    why);
}

/* Tells what has changed. "Nothing known" is the beginning, not news. */
static void look(struct follow *follow)
{
	const struct diagnose *d = follow->d;
	unsigned start = diagnosis_starts(d->diagnosis);
	enum boot_stage stage = diagnosis_stage(d->diagnosis);
	struct verdict verdict;

	if (stage != STAGE_ANY && (stage != follow->stage || start != follow->start)) {
		follow->stage = stage;
		follow->start = start;
		tell_stage(follow);
	}
	diagnosis_verdict(d->diagnosis, &verdict);
	if (verdict.cause != follow->cause || verdict.is_decided != follow->is_decided ||
	    verdict.is_looping != follow->is_looping) {
		follow->cause = verdict.cause;
		follow->is_decided = verdict.is_decided;
		follow->is_looping = verdict.is_looping;
		tell_verdict(follow, &verdict);
	}
	fflush(stdout);
}

/* Line by line, so that what is told names the line that showed it. */
static void take(struct follow *follow, struct bytes part)
{
	while (part.size > 0) {
		const uint8_t *end = memchr(part.data, '\n', part.size);
		size_t size = end ? (size_t)(end - part.data) + 1 : part.size;

		diagnosis_input(follow->d->diagnosis, bytes_of(part.data, size), milliseconds(CLOCK_MONOTONIC));
		if (follow->d->golden)
			golden_input(follow->d->golden, bytes_of(part.data, size));
		part = bytes_from(part, size);
		look(follow);
	}
}

/* The wait ends with EINTR; that is all. */
static void on_stop(int number)
{
	(void)number;
}

static enum status follow_to_end(struct follow *follow, struct log_file *log, struct error *reterr)
{
	bool is_end = false;

	while (!is_end) {
		struct bytes part;
		enum status status = log_file_wait(log, QUIET_MS, &part, &is_end, reterr);

		if (status != STATUS_OK)
			return status;
		take(follow, part);
		if (part.size > 0 || is_end)
			continue;
		diagnosis_quiet(follow->d->diagnosis, milliseconds(CLOCK_MONOTONIC));
		look(follow);
	}
	return STATUS_OK;
}

/* Ctrl-C ends the watching, and what was seen is summed up; a second one ends the program. */
enum status diagnose_follow(struct diagnose *d, struct log_file *log, bool is_json, struct error *reterr)
{
	struct follow follow = { .d = d, .is_json = is_json, .cause = CAUSE_NONE };
	struct sigaction stop = { .sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND }, before;
	enum status status;

	sigemptyset(&stop.sa_mask);
	sigaction(SIGINT, &stop, &before);
	status = follow_to_end(&follow, log, reterr);
	sigaction(SIGINT, &before, NULL);
	diagnosis_end(d->diagnosis, milliseconds(CLOCK_MONOTONIC));
	return status;
}
