/* unbrick diagnose: what a boot log says, with the lines that prove it. Works on a file and on a pipe of any length alike. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/log_excerpt.h"
#include "src/cli/log_file.h"
#include "src/cli/output.h"
#include "src/store/device_library.h"

enum { DEVICE, JSON };

static const struct cli_option options[] = {
	[DEVICE] = { "device", "PROFILE", "which device it is: shows an image for another one, and names the ways back" },
	[JSON] = { "json", NULL, "one JSON object" },
	{ NULL, NULL, NULL },
};

enum {
	SCORE_PART = 4096,
	SCORE_ALL_UNTIL = 64 << 10,	/* behind it every 16th part is scored: a sample is enough */
	SCORE_USABLE = 40,
	WELL_KEPT = 3,
};

struct diagnose {
	const char *name;
	struct device_library *library;
	const struct profile *profile;		/* NULL: not said which */
	struct diagnosis *diagnosis;
	struct verdict verdict;
	struct log_excerpt excerpt;
	struct log_excerpt_line well[WELL_KEPT];	/* the last lines that show that it is well */
	unsigned line_count;
	uint64_t size, score_sum, score_count;
	uint8_t head[4];
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
	if (line->sign == NULL || (line->sign->effect != SIGN_HEALTHY && line->sign->effect != SIGN_PROMPT && line->sign->effect != SIGN_DONE))
		return;
	memmove(d->well, d->well + 1, sizeof(d->well[0]) * (WELL_KEPT - 1));
	d->well[WELL_KEPT - 1] = (struct log_excerpt_line){ .number = line->number };
	text_copy(d->well[WELL_KEPT - 1].text, sizeof(d->well[0].text), line->text);
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
	static const struct { const char *magic; size_t size; const char *hint; } kinds[] = {
		{ "\x1f\x8b", 2, "it is compressed: zcat FILE | unbrick diagnose -" },
		{ "\xfd" "7zX", 4, "it is compressed: xzcat FILE | unbrick diagnose -" },
		{ "\x28\xb5\x2f\xfd", 4, "it is compressed: zstdcat FILE | unbrick diagnose -" },
		{ "PK\x03\x04", 4, "it is a ZIP archive: unzip -p FILE | unbrick diagnose -" },
		{ "\xff\xfe", 2, "it is UTF-16, as PowerShell writes it: iconv -f UTF-16 -t UTF-8 FILE | unbrick diagnose -" },
		{ "\xfe\xff", 2, "it is UTF-16: iconv -f UTF-16 -t UTF-8 FILE | unbrick diagnose -" },
	};

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
	error_set(reterr, STATUS_INVALID, "%s does not look like the text of a console (%u of 100 points)", d->name, average);
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

static bool is_well(const struct verdict *verdict)
{
	return verdict->cause == CAUSE_HEALTHY || verdict->cause == CAUSE_LOGIN;
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
	for (size_t i = 0; is_well(&d->verdict) && i < WELL_KEPT; i++)
		log_excerpt_want(&d->excerpt, d->well[i].number, d->well[i].text, cause_label(d->verdict.cause));
	if (!is_well(&d->verdict))
		log_excerpt_want_verdict(&d->excerpt, &d->verdict);
	log_excerpt_fill(&d->excerpt, log);
	return STATUS_OK;
}

/* ---- saying it ---- */

static bool treats(const struct profile_method *method, enum cause cause)
{
	for (unsigned i = 0; i < method->treats.count; i++)
		if (text_equal(method->treats.item[i], cause_label(cause)))
			return true;
	return method->treats.count == 0;
}

static json_t *json_evidence(const struct evidence *from, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "line", from[i].line ? json_integer(from[i].line) : json_null(), "text",
						      output_json_text(from[i].text), "sign", output_json_text(from[i].sign ? from[i].sign->id : NULL), "meaning",
						      output_json_text(from[i].sign ? from[i].sign->meaning : NULL), "source",
						      output_json_text(from[i].sign ? from[i].sign->source : NULL)));
	return list;
}

static json_t *json_causes(const struct verdict *verdict)
{
	json_t *list = json_array();

	for (size_t i = 0; i < verdict->cause_count; i++) {
		const struct cause_verdict *cause = &verdict->causes[i];

		json_array_append_new(list, json_pack("{s:s, s:f, s:s, s:o, s:o}", "label", cause_label(cause->cause), "confidence", cause->confidence, "meaning",
						      cause_meaning(cause->cause), "for", json_evidence(cause->proof, cause->proof_count), "against",
						      json_evidence(cause->contradiction, cause->contradiction_count)));
	}
	return list;
}

static json_t *json_facts(const struct diagnosis *diagnosis)
{
	const struct diagnosis_fact *facts;
	size_t count = diagnosis_facts(diagnosis, &facts);
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++)
		json_object_set_new(object, facts[i].name, json_pack("{s:o, s:i}", "value", output_json_text(facts[i].value), "line", (int)facts[i].line));
	return object;
}

static json_t *json_excerpt(const struct log_excerpt *excerpt)
{
	json_t *list = json_array();

	for (size_t i = 0; i < excerpt->line_count; i++)
		json_array_append_new(list, json_pack("{s:i, s:o, s:s}", "line", (int)excerpt->line[i].number, "text", output_json_text(excerpt->line[i].text), "mark",
						      excerpt->line[i].mark));
	return list;
}

static json_t *json_methods(const struct diagnose *d)
{
	json_t *list = json_array();

	for (unsigned i = 0; d->profile && cause_is_fault(d->verdict.cause) && i < d->profile->method_count; i++) {
		const struct profile_method *method = &d->profile->methods[i];

		if (treats(method, d->verdict.cause))
			json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "name", output_json_text(method->name), "keeps", output_json_text(method->keeps),
							      "destroys", output_json_text(method->destroys)));
	}
	return list;
}

static void print_json(const struct diagnose *d)
{
	const struct verdict *verdict = &d->verdict;
	json_t *next = json_array();

	for (size_t i = 0; i < verdict->next_count; i++)
		json_array_append_new(next, output_json_text(verdict->next[i]));
	output_json(json_pack("{s:o, s:s, s:s, s:b, s:b, s:o, s:s, s:i, s:b, s:I, s:i, s:o, s:o, s:o, s:o}", "log", output_json_text(d->name), "verdict",
			      cause_label(verdict->cause), "meaning", cause_meaning(verdict->cause), "decided", verdict->is_decided, "healthy",
			      is_well(verdict), "causes", json_causes(verdict), "stage", boot_stage_name(verdict->furthest), "starts", (int)verdict->starts,
			      "looping", verdict->is_looping, "loop_ms", (json_int_t)verdict->loop_ms, "line_count", (int)d->line_count,
			      "excerpt", json_excerpt(&d->excerpt), "facts", json_facts(d->diagnosis), "next", next, "methods", json_methods(d)));
}

static void print_excerpt(const struct log_excerpt *excerpt)
{
	for (size_t i = 0; i < excerpt->line_count; i++) {
		const struct log_excerpt_line *line = &excerpt->line[i];

		if (i > 0 && line->number > line[-1].number + 1)
			output_text("        ...\n");
		output_text("%c %5u  %s%s%s%s\n", line->mark[0] ? '>' : ' ', line->number, line->text, line->mark[0] ? "   [" : "", line->mark,
			    line->mark[0] ? "]" : "");
	}
}

static void print_evidence(const char *how, const struct evidence *from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (from[i].line)
			output_text("    %s line %u: %s\n", how, from[i].line, from[i].sign ? from[i].sign->meaning : from[i].text);
		else
			output_text("    %s %s\n", how, from[i].text);
	}
}

/* What is not settled is not to be read as settled. */
static void print_headline(const struct verdict *verdict)
{
	if (verdict->cause == CAUSE_NONE)
		output_text("UNDECIDED: nothing in it shows a fault, or that the device came up\n");
	else if (verdict->is_decided)
		output_text("%s: %s\n", cause_label(verdict->cause), cause_meaning(verdict->cause));
	else if (cause_is_fault(verdict->cause))
		output_text("%s (most likely, not settled): %s\n", cause_label(verdict->cause), cause_meaning(verdict->cause));
	else
		output_text("%s (as far as the log goes): no fault up to its end, but it ends before the device is seen to run\n", cause_label(verdict->cause));
}

static void print_verdict(const struct diagnose *d)
{
	const struct verdict *verdict = &d->verdict;

	print_headline(verdict);
	output_text("%s: %u lines, came as far as: %s", d->name, d->line_count, boot_stage_name(verdict->furthest));
	if (verdict->starts > 1)
		output_text(", %u starts", verdict->starts);
	output_text("%s\n", verdict->is_looping ? ", starts again and again" : "");
	if (d->excerpt.line_count > 0) {
		output_text("\nDecisive lines\n");
		print_excerpt(&d->excerpt);
	}
	if (verdict->cause_count == 0 || is_well(verdict))
		return;
	output_text("\nReasons (+ speaks for it, - against it)\n");
	for (size_t i = 0; i < verdict->cause_count; i++) {
		output_text("  %-18s %3.0f %%\n", cause_label(verdict->causes[i].cause), verdict->causes[i].confidence * 100);
		print_evidence("+", verdict->causes[i].proof, verdict->causes[i].proof_count);
		print_evidence("-", verdict->causes[i].contradiction, verdict->causes[i].contradiction_count);
	}
}

static void print_next(const struct diagnose *d)
{
	const struct diagnosis_fact *facts;
	size_t count = diagnosis_facts(d->diagnosis, &facts);

	if (count > 0)
		output_text("\nFacts\n");
	for (size_t i = 0; i < count; i++)
		output_text("  %-18s %s  (line %u)\n", facts[i].name, facts[i].value, facts[i].line);
	if (d->verdict.next_count > 0)
		output_text("\nNext\n");
	for (size_t i = 0; i < d->verdict.next_count; i++)
		output_text("  %zu. %s\n", i + 1, d->verdict.next[i]);
	if (d->profile == NULL || !cause_is_fault(d->verdict.cause))
		return;
	output_text("\nWays back for %s %s: unbrick recover --device %s --port PORT --image FILE --method NAME\n", d->profile->vendor, d->profile->model,
		    d->profile->id);
	for (unsigned i = 0; i < d->profile->method_count; i++)
		if (treats(&d->profile->methods[i], d->verdict.cause))
			output_text("  %-24s keeps %s; wipes %s\n", d->profile->methods[i].name,
				    d->profile->methods[i].keeps ? d->profile->methods[i].keeps : "what is not known",
				    d->profile->methods[i].destroys ? d->profile->methods[i].destroys : "nothing");
	if (d->profile->no_method)
		output_text("  none: %s\n", d->profile->no_method);
}

static int run(const struct cli_line *line)
{
	AUTO(diagnose) d = calloc(1, sizeof(*d));
	struct error error;

	if (line->word_count != 1)
		return output_usage("diagnose", line->word_count ? "diagnose takes one log, not %zu" : "diagnose needs a log file, or - for standard input",
				    line->word_count);
	if (d == NULL) {
		error_set(&error, STATUS_NO_MEMORY, "no memory for a diagnosis");
		return output_error(&error, EXIT_FAILED);
	}
	if (prepare(d, line, &error) != STATUS_OK || diagnose(d, line->word[0], &error) != STATUS_OK)
		return output_error(&error, error.status == STATUS_NO_MEMORY ? EXIT_FAILED : EXIT_USAGE);
	if (line->value[JSON]) {
		print_json(d);
	} else {
		print_verdict(d);
		print_next(d);
	}
	if (!d->verdict.is_decided)
		return output_end(EXIT_UNDECIDED);
	return output_end(cause_is_fault(d->verdict.cause) ? EXIT_FAULT_FOUND : is_well(&d->verdict) ? EXIT_WELL : EXIT_UNDECIDED);
}

const struct cli_verb verb_diagnose = {
	.name = "diagnose", .words = "LOG|-", .summary = "say from a boot log why the device does not start", .options = options, .run = run,
};
