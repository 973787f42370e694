/* unbrick diagnose: what a boot log says, with the lines that prove it. Works on a file and on a pipe of any length alike. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/diagnose.h"
#include "src/cli/log_check.h"
#include "src/cli/log_file.h"
#include "src/cli/output.h"
#include "src/store/capture_times.h"

enum { DEVICE, GOLDEN, FOLLOW, JSON };
enum { GOOD_LOGS_MAX = 16 };

static const struct cli_option options[] = {
	[DEVICE] = { "device", "PROFILE",
		     "which device it is: shows an image for another one, and names the ways back" },
	[GOLDEN] = { "golden", "GOOD",
		     "logs of good starts of the same device, parted by commas: say what differs from them" },
	[FOLLOW] = { "follow", NULL, "tell each change of stage and verdict as the log comes through a pipe" },
	[JSON] = { "json", NULL, "one JSON object; with --follow one a line" },
	{ NULL, NULL, NULL },
};

static void diagnose_free(struct diagnose *d)
{
	if (d == NULL)
		return;
	diagnosis_free(d->diagnosis);
	golden_free(d->golden);
	device_library_free(d->library);
	free(d);
}
DEFINE_AUTO(diagnose);
DEFINE_AUTO(log_file);
DEFINE_AUTO(capture_times);

/* ---- reading ---- */

static void on_line(void *user, const struct diagnosis_line *line)
{
	struct diagnose *d = user;

	d->line_count = line->number;
	if (line->sign == NULL || (line->sign->effect != SIGN_HEALTHY && line->sign->effect != SIGN_PROMPT &&
				   line->sign->effect != SIGN_DONE))
		return;
	memmove(d->well, d->well + 1, sizeof(d->well[0]) * (DIAGNOSE_WELL_KEPT - 1));
	d->well[DIAGNOSE_WELL_KEPT - 1] = (struct log_excerpt_line){ .number = line->number };
	text_copy(d->well[DIAGNOSE_WELL_KEPT - 1].text, sizeof(d->well[0].text), line->text);
}

/* Each byte at the time it came, where a capture of ours tells it: how long a round of restarts takes is then known. */
static void input(struct diagnose *d, struct bytes part, struct capture_times *times)
{
	uint64_t offset = d->check.size;

	while (part.size > 0) {
		uint64_t run = UINT64_MAX, now_ms = times ? capture_times_at(times, offset, &run) : 0;
		size_t size = run < part.size ? (size_t)run : part.size;

		diagnosis_input(d->diagnosis, bytes_of(part.data, size), now_ms);
		part = bytes_from(part, size);
		offset += size;
	}
}

static enum status read_all(struct diagnose *d, struct log_file *log, struct capture_times *times, struct error *reterr)
{
	struct bytes part;
	enum status status;

	while ((status = log_file_read(log, &part, reterr)) == STATUS_OK && part.size > 0) {
		input(d, part, times);
		log_check_add(&d->check, part);
		if (d->golden)
			golden_input(d->golden, part);
	}
	diagnosis_end(d->diagnosis, 0);
	return status;
}

/* ---- good logs ---- */

static enum status learn(struct golden *golden, const char *path, struct error *reterr)
{
	AUTO(log_file) log = NULL;
	struct log_check check = { .size = 0 };
	enum status status = log_file_open(path, &log, reterr);
	struct bytes part;

	if (status != STATUS_OK)
		return status;
	golden_begin_good(golden);
	while ((status = log_file_read(log, &part, reterr)) == STATUS_OK && part.size > 0) {
		log_check_add(&check, part);
		golden_input(golden, part);
	}
	if (status == STATUS_OK)
		status = log_check_usable(&check, log_file_name(log), reterr);
	if (status != STATUS_OK)
		return status;
	status = golden_end(golden, reterr);
	return status == STATUS_OK ? status : error_prefix(reterr, "%s", log_file_name(log));
}

static enum status learn_all(struct diagnose *d, const char *paths, const struct sign *signs, size_t count,
			     struct error *reterr)
{
	enum status status = golden_new(signs, count, &d->golden, reterr);

	if (status != STATUS_OK)
		return status;
	do {
		size_t size = strcspn(paths, ",");
		char path[PATH_MAX];

		if (size == 0 || size >= sizeof(path) || d->good_count == GOOD_LOGS_MAX) {
			error_set(reterr, STATUS_INVALID, "cannot take '%s' as names of good logs", paths);
			return error_hint(reterr, "up to %d files, parted by commas without blanks", GOOD_LOGS_MAX);
		}
		text_format(path, sizeof(path), "%.*s", (int)size, paths);
		status = learn(d->golden, path, reterr);
		d->good_count++;
		paths += size + (paths[size] == ',');
	} while (status == STATUS_OK && *paths != '\0');
	if (status == STATUS_OK)
		golden_begin_log(d->golden);
	return status;
}

static enum status prepare(struct diagnose *d, const struct cli_line *line, struct error *reterr)
{
	enum status status = device_library_open(line->library_folders, &d->library, reterr);
	const struct sign *signs;
	size_t count;

	if (status == STATUS_OK && line->value[DEVICE])
		status = device_library_profile(d->library, line->value[DEVICE], &d->profile, reterr);
	if (status == STATUS_OK)
		status = device_library_signs(d->library, &signs, &count, reterr);
	if (status == STATUS_OK)
		status = diagnosis_new(signs, count, on_line, d, &d->diagnosis, reterr);
	if (status == STATUS_OK && line->value[GOLDEN])
		status = learn_all(d, line->value[GOLDEN], signs, count, reterr);
	if (status == STATUS_OK && d->profile)
		diagnosis_expect_arch(d->diagnosis, d->profile->arch);
	return status;
}

static enum status diagnose(struct diagnose *d, const struct cli_line *line, struct error *reterr)
{
	const char *path = line->word[0];
	AUTO(log_file) log = NULL;
	AUTO(capture_times) times = NULL;
	enum status status = log_file_open(path, &log, reterr);

	if (status != STATUS_OK)
		return status;
	if (capture_times_open(path, &times, reterr) == STATUS_IO)
		(void)output_error(reterr, EXIT_WELL);	/* the verdict does without */
	d->name = text_equal(path, "-") ? "standard input" : path;
	status = line->value[FOLLOW] ? diagnose_follow(d, log, line->value[JSON] != NULL, reterr)
				     : read_all(d, log, times, reterr);
	if (status == STATUS_OK && !line->value[FOLLOW])
		status = log_check_usable(&d->check, d->name, reterr);
	if (status == STATUS_OK && d->golden)
		status = golden_end(d->golden, reterr);
	if (status != STATUS_OK)
		return status;
	diagnosis_verdict(d->diagnosis, &d->verdict);
	if (d->golden)
		d->compared = golden_compare(d->golden);
	for (size_t i = 0; diagnose_is_well(&d->verdict) && i < DIAGNOSE_WELL_KEPT; i++)
		log_excerpt_want(&d->excerpt, d->well[i].number, d->well[i].text, cause_label(d->verdict.cause));
	if (!diagnose_is_well(&d->verdict))
		log_excerpt_want_verdict(&d->excerpt, &d->verdict);
	log_excerpt_fill(&d->excerpt, log);
	return STATUS_OK;
}

/* Whether there is a fault, and not which: several causes may lead together for a fault that is certain. */
static int exit_code(const struct verdict *verdict)
{
	static const double certain_enough = 0.5;
	double fault = 0;

	for (size_t i = 0; i < verdict->cause_count; i++)
		fault += verdict->causes[i].confidence;
	if (cause_is_fault(verdict->cause))
		return verdict->is_decided || fault >= certain_enough ? EXIT_FAULT_FOUND : EXIT_UNDECIDED;
	return diagnose_is_well(verdict) ? EXIT_WELL : EXIT_UNDECIDED;
}

static void print(const struct diagnose *d, bool follows, bool is_json)
{
	if (is_json && follows) {
		diagnose_print_json_event(d);
	} else if (is_json) {
		diagnose_print_json(d);
	} else {
		output_text("%s", follows ? "\n" : "");
		diagnose_print_text(d);
	}
}

static int run(const struct cli_line *line)
{
	AUTO(diagnose) d = NULL;
	struct error error;

	if (line->word_count != 1)
		return output_usage("diagnose",
				    line->word_count ? "diagnose takes one log, not %zu"
						     : "diagnose needs a log file, or - for standard input",
				    line->word_count);
	d = calloc(1, sizeof(*d));
	if (d == NULL) {
		error_set(&error, STATUS_NO_MEMORY, "no memory for a diagnosis");
		return output_error(&error, EXIT_FAILED);
	}
	if (prepare(d, line, &error) != STATUS_OK || diagnose(d, line, &error) != STATUS_OK)
		return output_error(&error, error.status == STATUS_NO_MEMORY ? EXIT_FAILED : EXIT_USAGE);
	print(d, line->value[FOLLOW] != NULL, line->value[JSON] != NULL);
	return output_end(exit_code(&d->verdict));
}

const struct cli_verb verb_diagnose = {
	.name = "diagnose",
	.words = "LOG|-",
	.summary = "say from a boot log why the device does not start",
	.options = options,
	.run = run,
};
