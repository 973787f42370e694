/* unbrick sign: the boot signs, for those who add some: which there are, what they see in a line, and whether their files are sound. */
#include <stdio.h>

#include "recovery/diagnosis/line_reader.h"
#include "recovery/diagnosis/sign_set.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/log_file.h"
#include "src/cli/output.h"
#include "src/store/device_library.h"

enum { JSON };

static const struct cli_option options[] = {
	[JSON] = { "json", NULL, "list and test: one JSON document" },
	{ NULL, NULL, NULL },
};

DEFINE_AUTO(device_library);
DEFINE_AUTO(sign_set);
DEFINE_AUTO(log_file);

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static json_t *sign_json(const struct sign *sign)
{
	bool has_cause = sign->cause != CAUSE_NONE;

	return json_pack(
		"{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", output_json_text(sign->id),
		"stage", boot_stage_name(sign->stage), "effect", sign_effect_name(sign->effect), "cause",
		output_json_text(has_cause ? cause_label(sign->cause) : NULL), "weight",
		sign->weight ? json_integer(sign->weight) : json_null(), "also",
		output_json_text(sign->also != CAUSE_NONE ? cause_label(sign->also) : NULL), "also_weight",
		sign->also_weight ? json_integer(sign->also_weight) : json_null(), "fact", output_json_text(sign->fact),
		"match", output_json_text(sign->match), "meaning", output_json_text(sign->meaning), "next",
		output_json_text(sign->next), "source", output_json_text(sign->source));
}

/* "fault CHECKSUM 70, POWER 60", "fact ram", "milestone". */
static char *effect_text(char *to, size_t size, const struct sign *sign)
{
	text_format(to, size, "%s", sign_effect_name(sign->effect));
	if (sign->cause != CAUSE_NONE)
		text_append(to, size, " %s", cause_label(sign->cause));
	if (sign->weight > 0)
		text_append(to, size, " %d", sign->weight);
	if (sign->also != CAUSE_NONE)
		text_append(to, size, ", %s %d", cause_label(sign->also), sign->also_weight);
	if (sign->is_general)
		text_append(to, size, ", general");
	if (sign->effect == SIGN_FACT)
		text_append(to, size, " %s", or_empty(sign->fact));
	return to;
}

/* ---- list ---- */

static bool holds(const struct sign *sign, const char *word)
{
	return word == NULL || text_contains(sign->id, word) || text_contains(sign->meaning, word) ||
	       text_contains(sign->source, word) || text_contains(sign->match, word) ||
	       text_contains(sign_effect_name(sign->effect), word) ||
	       text_contains(boot_stage_name(sign->stage), word) || text_contains(cause_label(sign->cause), word) ||
	       (sign->also != CAUSE_NONE && text_contains(cause_label(sign->also), word)) ||
	       text_contains(or_empty(sign->fact), word);
}

static int list(struct device_library *library, const struct cli_line *line)
{
	const char *word = line->word_count > 1 ? line->word[1] : NULL;
	json_t *document = line->value[JSON] ? json_array() : NULL;
	const struct sign *signs;
	size_t count, found = 0;
	struct error error;

	if (device_library_signs(library, &signs, &count, &error) != STATUS_OK)
		return output_error(&error, EXIT_USAGE);
	for (size_t i = 0; i < count; i++) {
		char effect[96];

		if (!holds(&signs[i], word))
			continue;
		found++;
		if (document)
			json_array_append_new(document, sign_json(&signs[i]));
		else
			output_text("%-32s %-13s %s\n    %s\n", signs[i].id, boot_stage_name(signs[i].stage),
				    effect_text(effect, sizeof(effect), &signs[i]), signs[i].meaning);
	}
	if (document)
		output_json(document);
	if (found > 0)
		return output_end(EXIT_WELL);
	error_set(&error, STATUS_NOT_FOUND, "no sign has '%s' in it", or_empty(word));
	error_hint(&error, "unbrick sign list shows all %zu", count);
	return output_error(&error, output_end(EXIT_FAILED));
}

/* ---- test ---- */

struct test {
	struct sign_set *set;
	bool is_json, tells_all;	/* lines without a sign are shown, too */
	size_t lines, hits;
};

static bool is_in(const struct sign_match *matches, size_t count, const struct sign *sign)
{
	for (size_t i = 0; i < count; i++)
		if (matches[i].sign == sign)
			return true;
	return false;
}

static void fact_value(const struct sign_match *match, char *to, size_t size)
{
	const char *fixed = match->sign->fact ? strchr(match->sign->fact, '=') : NULL;

	text_format(to, size, "%.*s", fixed ? (int)strlen(fixed + 1) : (int)match->value.size,
		    fixed ? fixed + 1 : match->has_value ? (const char *)match->value.data : "");
}

static void print_match(const struct sign_match *match, bool counts)
{
	const struct sign *sign = match->sign;
	char effect[96], value[LINE_READER_MAX + 1];

	fact_value(match, value, sizeof(value));
	output_text("  %-24s stage %s, %s%s\n", sign->id, boot_stage_name(sign->stage),
		    effect_text(effect, sizeof(effect), sign),
		    counts ? "" : " (has no force here: another sign is on the line)");
	output_text("      meaning: %s\n", sign->meaning);
	if (sign->fact)
		output_text("      fact:    %.*s = %s\n", (int)strcspn(sign->fact, "="), sign->fact, value);
	else if (match->has_value)
		output_text("      group 1: %s\n", value);
	if (sign->next)
		output_text("      next:    %s\n", sign->next);
	output_text("      source:  %s\n", sign->source);
}

static json_t *match_json(const struct sign_match *match, bool counts)
{
	json_t *item = sign_json(match->sign);
	char value[LINE_READER_MAX + 1];

	fact_value(match, value, sizeof(value));
	json_object_set_new(item, "value", output_json_text(value[0] ? value : NULL));
	json_object_set_new(item, "counts", json_boolean(counts));
	return item;
}

static void test_line(struct test *test, const struct reader_line *line)
{
	struct sign_match matches[SIGN_SET_MATCHES_MAX], strong[SIGN_SET_MATCHES_MAX];
	size_t count = sign_set_match(test->set, bytes_of(line->text + line->body, line->size - line->body), matches),
	       left;
	json_t *signs = test->is_json ? json_array() : NULL;

	memcpy(strong, matches, sizeof(strong[0]) * count);
	left = sign_matches_in_force(strong, count);
	test->hits += count > 0;
	if (!test->is_json && (count > 0 || test->tells_all))
		output_text("%s%u: %s\n", test->lines > 0 ? "\n" : "", line->number, line->text + line->body);
	for (size_t i = 0; i < count; i++) {
		bool counts = is_in(strong, left, matches[i].sign);

		if (test->is_json)
			json_array_append_new(signs, match_json(&matches[i], counts));
		else
			print_match(&matches[i], counts);
	}
	if (!test->is_json && count == 0 && test->tells_all)
		output_text("  no sign matches this line\n");
	if (test->is_json && (count > 0 || test->tells_all)) {
		fputs(test->lines > 0 ? ",\n" : "\n", stdout);
		output_json_item(json_pack("{s:i, s:o, s:o}", "line", (int)line->number, "text",
					   output_json_text(line->text + line->body), "signs", signs));
	} else {
		json_decref(signs);
	}
	test->lines += count > 0 || test->tells_all;
}

static void test_words(struct test *test, const struct cli_line *line)
{
	struct line_reader reader;
	struct reader_line read;

	line_reader_init(&reader);
	for (size_t i = 1; i < line->word_count; i++) {
		struct bytes in = bytes_of_text(line->word[i]), end = BYTES("\n");

		while (line_reader_next(&reader, &in, 0, &read))
			test_line(test, &read);
		if (line_reader_next(&reader, &end, 0, &read))
			test_line(test, &read);
	}
}

static enum status test_input(struct test *test, struct error *reterr)
{
	AUTO(log_file) log = NULL;
	enum status status = log_file_open("-", &log, reterr);
	struct line_reader reader;
	struct reader_line line;
	struct bytes part;

	if (status != STATUS_OK)
		return status;
	line_reader_init(&reader);
	while ((status = log_file_read(log, &part, reterr)) == STATUS_OK && part.size > 0)
		while (line_reader_next(&reader, &part, 0, &line))
			test_line(test, &line);
	if (line_reader_end(&reader, &line))
		test_line(test, &line);
	return status;
}

static int test(struct device_library *library, const struct cli_line *line)
{
	bool is_input = line->word_count == 2 && text_equal(line->word[1], "-");
	struct test test = { .is_json = line->value[JSON] != NULL, .tells_all = !is_input };
	AUTO(sign_set) set = NULL;
	enum status status = STATUS_OK;
	const struct sign *signs;
	struct error error;
	size_t count;

	if (line->word_count < 2)
		return output_usage("sign", "'sign test' needs lines of a log, or - for standard input");
	if (device_library_signs(library, &signs, &count, &error) != STATUS_OK ||
	    sign_set_new(signs, count, &set, &error) != STATUS_OK)
		return output_error(&error, EXIT_USAGE);
	test.set = set;
	if (test.is_json)
		fputs("[", stdout);
	if (is_input)
		status = test_input(&test, &error);
	else
		test_words(&test, line);
	if (test.is_json)
		fputs("\n]\n", stdout);
	if (status != STATUS_OK)
		return output_error(&error, EXIT_USAGE);
	if (test.hits > 0)
		return output_end(EXIT_WELL);
	error_set(&error, STATUS_NOT_FOUND, "none of %zu signs matches", count);
	error_hint(
		&error,
		"signs are searched in the line without its time stamp; unbrick sign list WORD finds one by its words");
	return output_error(&error, output_end(EXIT_FAILED));
}

/* ---- lint ---- */

static int lint(const struct cli_line *line)
{
	AUTO(device_library) library = NULL;
	const struct sign *signs;
	struct error error;
	size_t bad, count = 0;
	enum status status = line->word_count > 1
		? device_library_open_signs(line->word + 1, line->word_count - 1, &library, &error)
		: device_library_open(line->library_folders, &library, &error);

	if (status != STATUS_OK)
		return output_error(&error, EXIT_USAGE);
	bad = device_library_lint_signs(library, output_fault, NULL);
	if (bad == 0 && device_library_signs(library, &signs, &count, &error) == STATUS_OK)
		output_text("%zu signs: nothing is wrong\n", count);
	return output_faults_end(bad);
}

static int run(const struct cli_line *line)
{
	const char *what = line->word_count ? line->word[0] : NULL;
	bool is_list = text_equal(what, "list");
	AUTO(device_library) library = NULL;
	struct error error;

	if (text_equal(what, "lint"))
		return lint(line);
	if (!is_list && !text_equal(what, "test"))
		return what ? output_usage("sign", "there is no 'sign %s'", what)
			    : output_usage("sign", "sign needs one of: list [WORD], test LINE..., lint [FILE...]");
	if (is_list && line->word_count > 2)
		return output_usage("sign", "'sign list' takes one word");
	if (device_library_open(line->library_folders, &library, &error) != STATUS_OK)
		return output_error(&error, EXIT_USAGE);
	return is_list ? list(library, line) : test(library, line);
}

const struct cli_verb verb_sign = {
	.name = "sign",
	.words = "list [WORD] | test LINE...|- | lint [FILE...]",
	.summary = "what console messages mean: which are known, what a line says",
	.options = options,
	.run = run,
};
