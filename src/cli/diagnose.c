/* unbrick diagnose: what a boot log says, with the lines that prove it. Works on a file and on a pipe of any length alike. */
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/diagnose.h"
#include "src/cli/log_file.h"
#include "src/cli/output.h"

enum { DEVICE, JSON };

static const struct cli_option options[] = {
	[DEVICE] = { "device", "PROFILE",
		     "which device it is: shows an image for another one, and names the ways back" },
	[JSON] = { "json", NULL, "one JSON object" },
	{ NULL, NULL, NULL },
};

enum {
	SCORE_PART = 4096,
	SCORE_ALL_UNTIL = 64 << 10, /* behind it every 16th part is scored: a sample is enough */
	SCORE_USABLE = 40,
};

static void diagnose_free(struct diagnose *d)
{
	if (d == NULL)
		return;
	diagnosis_free(d->diagnosis);
	device_library_free(d->library);
	free(d);
}
DEFINE_AUTO(diagnose);
DEFINE_AUTO(log_file);

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

static void score(struct diagnose *d, struct bytes part)
{
	for (size_t offset = 0; offset < part.size; offset += SCORE_PART) {
		struct bytes piece = bytes_from(part, offset);

		if (d->size + offset >= SCORE_ALL_UNTIL && (d->size + offset) / SCORE_PART % 16 != 0)
			continue;
		if (piece.size > SCORE_PART)
			piece.size = SCORE_PART;
		d->score_sum += (uint64_t)diagnosis_text_score(piece) * piece.size;
		d->score_count += piece.size;
	}
}

static enum status read_all(struct diagnose *d, struct log_file *log, struct error *reterr)
{
	struct bytes part;
	enum status status;

	while ((status = log_file_read(log, &part, reterr)) == STATUS_OK && part.size > 0) {
		if (d->size == 0)
			memcpy(d->head, part.data, part.size < sizeof(d->head) ? part.size : sizeof(d->head));
		score(d, part);
		d->size += part.size;
		diagnosis_input(d->diagnosis, part, 0);
	}
	diagnosis_end(d->diagnosis, 0);
	return status;
}

/* What people hand over instead of a log, and what makes a log of it. */
static const char *other_kind(const uint8_t *head)
{
	/* clang-format off */
	static const struct { const char *magic; size_t size; const char *hint; } kinds[] = {
		{ "\x1f\x8b", 2, "it is compressed: zcat FILE | unbrick diagnose -" },
		{ "\xfd" "7zX", 4, "it is compressed: xzcat FILE | unbrick diagnose -" },
		{ "\x28\xb5\x2f\xfd", 4, "it is compressed: zstdcat FILE | unbrick diagnose -" },
		{ "PK\x03\x04", 4, "it is a ZIP archive: unzip -p FILE | unbrick diagnose -" },
		{ "\xff\xfe", 2, "it is UTF-16, as PowerShell writes it: iconv -f UTF-16 -t UTF-8 FILE | unbrick diagnose -" },
		{ "\xfe\xff", 2, "it is UTF-16: iconv -f UTF-16 -t UTF-8 FILE | unbrick diagnose -" },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (memcmp(head, kinds[i].magic, kinds[i].size) == 0)
			return kinds[i].hint;
	return "if it was captured from a serial line, the speed was wrong: capture again, most devices use 115200";
}

static enum status check_usable(const struct diagnose *d, struct error *reterr)
{
	unsigned average = d->score_count ? (unsigned)(d->score_sum / d->score_count) : 0;

	if (d->size == 0) {
		error_set(reterr, STATUS_INVALID, "%s is empty: there is nothing to diagnose", d->name);
		return error_hint(reterr, "capture the serial console from power-on to where it stops");
	}
	if (average >= SCORE_USABLE)
		return STATUS_OK;
	error_set(reterr, STATUS_INVALID, "%s does not look like the text of a console (%u of 100 points)", d->name,
		  average);
	return error_hint(reterr, "%s", other_kind(d->head));
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
	if (status == STATUS_OK && d->profile)
		diagnosis_expect_arch(d->diagnosis, d->profile->arch);
	return status;
}

static enum status diagnose(struct diagnose *d, const char *path, struct error *reterr)
{
	AUTO(log_file) log = NULL;
	enum status status = log_file_open(path, &log, reterr);

	if (status != STATUS_OK)
		return status;
	d->name = text_equal(path, "-") ? "standard input" : path;
	status = read_all(d, log, reterr);
	if (status == STATUS_OK)
		status = check_usable(d, reterr);
	if (status != STATUS_OK)
		return status;
	diagnosis_verdict(d->diagnosis, &d->verdict);
	for (size_t i = 0; diagnose_is_well(&d->verdict) && i < DIAGNOSE_WELL_KEPT; i++)
		log_excerpt_want(&d->excerpt, d->well[i].number, d->well[i].text, cause_label(d->verdict.cause));
	if (!diagnose_is_well(&d->verdict))
		log_excerpt_want_verdict(&d->excerpt, &d->verdict);
	log_excerpt_fill(&d->excerpt, log);
	return STATUS_OK;
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
	if (prepare(d, line, &error) != STATUS_OK || diagnose(d, line->word[0], &error) != STATUS_OK)
		return output_error(&error, error.status == STATUS_NO_MEMORY ? EXIT_FAILED : EXIT_USAGE);
	if (line->value[JSON])
		diagnose_print_json(d);
	else
		diagnose_print_text(d);
	if (!d->verdict.is_decided)
		return output_end(EXIT_UNDECIDED);
	return output_end(cause_is_fault(d->verdict.cause) ? EXIT_FAULT_FOUND
			  : diagnose_is_well(&d->verdict)  ? EXIT_WELL
							   : EXIT_UNDECIDED);
}

const struct cli_verb verb_diagnose = {
	.name = "diagnose",
	.words = "LOG|-",
	.summary = "say from a boot log why the device does not start",
	.options = options,
	.run = run,
};
