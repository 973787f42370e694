/* unbrick case: what the casebook holds. Looks only; a case that somebody works on at the same time can be looked at as well. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/case_report.h"
#include "src/cli/output.h"

enum { OPEN, JSON, TEXT };
enum { CASES_MAX = 1000 };

static const struct cli_option options[] = {
	[OPEN] = { "open", NULL, "list: only those that are not closed" },
	[JSON] = { "json", NULL, "one JSON document" },
	[TEXT] = { "text", NULL, "to be read (this is so without it, too)" },
	{ NULL, NULL, NULL },
};

static inline void book_close(struct casebook **book)
{
	casebook_close(*book);
}
#define AUTO_BOOK __attribute__((cleanup(book_close)))

static int class_of(const struct error *error)
{
	return error->status == STATUS_NOT_FOUND || error->status == STATUS_INVALID ||
			       error->status == STATUS_UNSUPPORTED
		       ? EXIT_USAGE
		       : EXIT_FAILED;
}

/* ---- list ---- */

static void print_row(const struct case_summary *summary)
{
	char when[48];

	output_text("#%-4" PRId64 " %-6s %.16s  %-28s %-18s %s\n", summary->id, summary->is_open ? "open" : "closed",
		    output_time(when, sizeof(when), summary->changed_ms),
		    summary->title[0] ? summary->title : summary->device, summary->cause[0] ? summary->cause : "-",
		    summary->note);
}

/* why: of no cases, NULL where the casebook is there and empty. */
static void print_list(const struct cli_line *line, const struct case_summary *cases, size_t count, const char *why)
{
	json_t *list = line->value[JSON] ? json_array() : NULL;

	for (size_t i = 0; i < count; i++) {
		if (list)
			json_array_append_new(list, case_summary_json(&cases[i]));
		else
			print_row(&cases[i]);
	}
	if (list)
		output_json(list);
	else if (count == 0)
		output_text("no cases%s%s\n", why ? ": " : "", why ? why : "");
	if (count == CASES_MAX)
		fprintf(stderr, "unbrick: these are the newest %d; older ones: unbrick case show N\n", CASES_MAX);
}

static int list_cases(const struct cli_line *line)
{
	AUTO_FREE struct case_summary *cases = NULL;
	AUTO_BOOK struct casebook *book = NULL;
	struct error error;
	enum status status;
	size_t count = 0;

	if (line->word_count != 1)
		return output_usage("case", "'case list' takes no '%s'", line->word[1]);
	cases = calloc(CASES_MAX, sizeof(*cases));
	if (cases == NULL) {
		error_set(&error, STATUS_NO_MEMORY, "no memory for the list of cases");
		return output_error(&error, EXIT_FAILED);
	}
	status = output_casebook(line, &book, &error);
	if (status == STATUS_OK)
		status = casebook_list(book, line->value[OPEN] != NULL, cases, CASES_MAX, &count, &error);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return output_error(&error, class_of(&error));
	/* where nobody has worked yet the list is empty, and that is no error */
	print_list(line, cases, count, status == STATUS_NOT_FOUND ? error.text : NULL);
	return output_end(EXIT_WELL);
}

/* ---- show ---- */

struct show {
	bool json;
	bool is_first;
};

static json_t *json_data(const struct journal_entry *entry)
{
	json_t *data = entry->data && !text_equal(entry->kind, "set") ? json_loads(entry->data, JSON_DECODE_ANY, NULL)
								      : NULL;

	return data ? data : output_json_text(entry->data);
}

static bool on_entry(void *user, const struct journal_entry *entry)
{
	struct show *show = user;
	char when[48];

	output_time(when, sizeof(when), entry->time_ms);
	if (!show->json) {
		output_text("%.19s  %-8s %-10s %s%s%s\n", when, case_by_name(entry->by), entry->kind, entry->text,
			    entry->data ? " = " : "", entry->data ? entry->data : "");
		return !ferror(stdout);
	}
	fputs(show->is_first ? "\n" : ",\n", stdout);
	show->is_first = false;
	output_json_item(json_pack("{s:I, s:I, s:s, s:s, s:o, s:o, s:o}", "id", (json_int_t)entry->id, "time_ms",
				   (json_int_t)entry->time_ms, "time", when, "by", case_by_name(entry->by), "kind",
				   output_json_text(entry->kind), "text", output_json_text(entry->text), "data",
				   json_data(entry)));
	return !ferror(stdout);
}

/* Printed as it is read: a journal may be long. */
static int show_case(const struct cli_line *line, struct casebook *book, const struct case_summary *summary)
{
	struct show show = { .json = line->value[JSON] != NULL, .is_first = true };
	struct error error;
	enum status status;

	if (show.json) {
		fputs("{\"case\": ", stdout);
		output_json_item(case_summary_json(summary));
		fputs(", \"journal\": [", stdout);
	} else {
		print_row(summary);
		output_text("       written %s, verified %s, booted %s\n\n",
			    summary->written[0] ? summary->written : "unknown",
			    summary->verified[0] ? summary->verified : "unknown",
			    summary->booted[0] ? summary->booted : "unknown");
	}
	status = casebook_read(book, summary->id, 0, on_entry, &show, &error);
	if (show.json)
		fputs("\n]}\n", stdout);
	if (status != STATUS_OK)
		return output_error(&error, EXIT_FAILED);
	return output_end(EXIT_WELL);
}

static int report_case(const struct cli_line *line, struct casebook *book, const struct case_summary *summary)
{
	char folder[500];
	struct error error;
	json_t *report;

	if (case_report_make(book, summary, output_state_folder(line, folder, sizeof(folder)), &report, &error) !=
	    STATUS_OK)
		return output_error(&error, EXIT_FAILED);
	if (line->value[JSON]) {
		output_json(report);
	} else {
		case_report_print(report);
		json_decref(report);
	}
	return output_end(EXIT_WELL);
}

/* "42" and "#42". */
static bool parse_number(const char *text, int64_t *ret_number)
{
	char *end;

	if (text[0] == '#')
		text++;
	errno = 0;
	*ret_number = strtoll(text, &end, 10);
	return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' && *ret_number > 0;
}

static int with_case(const struct cli_line *line,
		     int (*run)(const struct cli_line *, struct casebook *, const struct case_summary *))
{
	AUTO_BOOK struct casebook *book = NULL;
	struct case_summary summary;
	struct error error;
	int64_t number;

	if (line->word_count != 2)
		return output_usage("case", "'case %s' needs the number of one case", line->word[0]);
	if (!parse_number(line->word[1], &number))
		return output_usage("case", "'%s' is not the number of a case", line->word[1]);
	if (output_casebook(line, &book, &error) != STATUS_OK)
		return output_error(&error, class_of(&error));
	if (casebook_summary(book, number, &summary, &error) != STATUS_OK)
		return output_error(&error, class_of(&error));
	return run(line, book, &summary);
}

static int run(const struct cli_line *line)
{
	const char *what = line->word_count ? line->word[0] : NULL;

	if (line->value[JSON] && line->value[TEXT])
		return output_usage("case", "--json and --text exclude each other");
	if (line->value[OPEN] && !text_equal(what, "list"))
		return output_usage("case", "--open is for 'case list'");
	if (text_equal(what, "list"))
		return list_cases(line);
	if (text_equal(what, "show"))
		return with_case(line, show_case);
	if (text_equal(what, "report"))
		return with_case(line, report_case);
	return what ? output_usage("case", "there is no 'case %s'", what)
		    : output_usage("case", "case needs one of: list, show N, report N");
}

const struct cli_verb verb_case = {
	.name = "case",
	.words = "list | show N | report N",
	.summary = "the casebook: its cases, a journal, a report for the vendor",
	.options = options,
	.run = run,
};
