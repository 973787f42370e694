#include "src/cli/case_report.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "recovery/diagnosis/cause.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/cli/version.h"

enum { CAPTURES_MAX = 64 };

const char *case_by_name(enum journal_by by)
{
	static const char *const names[] = {
		[JOURNAL_OBSERVED] = "observed", [JOURNAL_PROGRAM] = "program", [JOURNAL_OPERATOR] = "operator"
	};

	return (unsigned)by < ARRAY_SIZE(names) ? names[by] : "unknown";
}

const char *case_cause_meaning(const char *label)
{
	enum cause cause;

	return label[0] && cause_parse(label, &cause) ? cause_meaning(cause) : "no fault known yet";
}

static json_t *json_time(int64_t time_ms)
{
	char text[48];

	return json_string(output_time(text, sizeof(text), time_ms));
}

static json_t *json_outcome(const char *text)
{
	return output_json_text(text[0] ? text : "unknown");
}

json_t *case_summary_json(const struct case_summary *summary)
{
	return json_pack("{s:I, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:I}", "case",
			 (json_int_t)summary->id, "open", summary->is_open, "device", output_json_text(summary->device),
			 "title", output_json_text(summary->title), "cause", output_json_text(summary->cause), "phase",
			 output_json_text(summary->phase), "note", output_json_text(summary->note), "written",
			 json_outcome(summary->written), "verified", json_outcome(summary->verified), "booted",
			 json_outcome(summary->booted), "opened", json_time(summary->opened_ms), "opened_ms",
			 (json_int_t)summary->opened_ms, "changed", json_time(summary->changed_ms), "changed_ms",
			 (json_int_t)summary->changed_ms);
}

/* ---- from the journal ---- */

static void add_line(json_t *report, const char *section, const struct journal_entry *entry)
{
	json_array_append_new(json_object_get(report, section),
			      json_pack("{s:o, s:s, s:o, s:o}", "time", json_time(entry->time_ms), "by",
					case_by_name(entry->by), "kind", output_json_text(entry->kind), "text",
					output_json_text(entry->text)));
}

/* The guide says its verdict again whenever its page is drawn anew. What was sent twice was sent twice. */
static bool is_said_again(json_t *report, const struct journal_entry *entry)
{
	const json_t *list = json_object_get(report, "seen");
	const json_t *last = json_array_get(list, json_array_size(list) ? json_array_size(list) - 1 : 0);

	return text_equal(entry->kind, "verdict") &&
	       text_equal(json_string_value(json_object_get(last, "kind")), "verdict") &&
	       text_equal(json_string_value(json_object_get(last, "text")), entry->text);
}

static bool has_path(const json_t *list, const char *path)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (text_equal(json_string_value(json_object_get(json_array_get(list, i), "path")), path))
			return true;
	return false;
}

static void add_capture(json_t *report, const char *path, const char *rests_on)
{
	json_t *list = json_object_get(report, "captures");
	struct stat about;
	bool is_there = stat(path, &about) == 0;

	if (!path[0] || json_array_size(list) == CAPTURES_MAX || has_path(list, path))
		return;
	json_array_append_new(list, json_pack("{s:o, s:o, s:s}", "path", output_json_text(path), "size_bytes",
					      is_there ? json_integer((json_int_t)about.st_size) : json_null(),
					      "rests_on", rests_on));
}

/* Each path once: a case that goes on after a restart names its image again. */
static json_t *find_image(json_t *report, const char *path)
{
	json_t *list = json_object_get(report, "images");
	json_t *image;

	for (size_t i = 0; path && i < json_array_size(list); i++)
		if (text_equal(json_string_value(json_object_get(json_array_get(list, i), "path")), path))
			return json_array_get(list, i);
	if (path == NULL && json_array_size(list) > 0)
		return json_array_get(list, json_array_size(list) - 1);
	image = json_pack("{s:o, s:n, s:[]}", "path", output_json_text(path), "sha256", "what");
	json_array_append_new(list, image);
	return image;
}

static void take_set(json_t *report, const struct journal_entry *entry)
{
	static const char *const kept[] = { "happened", "port", "baud", "method" };

	if (entry->data == NULL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (text_equal(entry->text, kept[i]))
			json_object_set_new(report, kept[i], output_json_text(entry->data));
	if (text_starts(entry->text, "fact."))
		json_object_set_new(json_object_get(report, "facts"), entry->text + strlen("fact."), output_json_text(entry->data));
	if (text_equal(entry->text, "image") && entry->data[0])
		find_image(report, entry->data);
	if (text_equal(entry->text, "capture"))
		add_capture(report, entry->data, "the journal");
}

/* An image is looked at again before each way that uses it: what comes out the same is said once. */
static void take_once(json_t *list, const char *text)
{
	json_t *wanted = output_json_text(text);

	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), wanted)) {
			json_decref(wanted);
			return;
		}
	json_array_append_new(list, wanted);
}

static void take_image(json_t *report, const struct journal_entry *entry)
{
	json_t *image = find_image(report, NULL);

	if (text_starts(entry->text, "SHA-256 "))
		json_object_set_new(image, "sha256", output_json_text(entry->text + strlen("SHA-256 ")));
	else
		take_once(json_object_get(image, "what"), entry->text);
}

/* "yes: the read-back is the same": the statement and what it rests on. */
static void take_outcome(json_t *report, const struct journal_entry *entry)
{
	const char *colon = strstr(entry->text, ": ");
	json_t *outcome = json_object_get(json_object_get(report, "outcome"), entry->kind);

	json_object_set_new(outcome, "rests_on", output_json_text(colon ? colon + 2 : entry->text));
	json_object_set_new(outcome, "time", json_time(entry->time_ms));
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (text_equal(word, *words))
			return true;
	return false;
}

static bool on_entry(void *user, const struct journal_entry *entry)
{
	static const char *const outcomes[] = { "written", "verified", "booted", NULL };
	static const char *const of_the_program[] = { "phase", "step", "question", NULL }; /* its own bookkeeping */
	static const char *const seen[] = { "evidence", "verdict", NULL };
	json_t *report = user;

	if (text_equal(entry->kind, "set"))
		take_set(report, entry);
	else if (text_equal(entry->kind, "image"))
		take_image(report, entry);
	else if (is_one_of(entry->kind, outcomes))
		take_outcome(report, entry);
	else if (text_equal(entry->kind, "error"))
		add_line(report, "problems", entry);
	else if (!is_one_of(entry->kind, of_the_program) && !is_said_again(report, entry))
		add_line(report, is_one_of(entry->kind, seen) || entry->by == JOURNAL_OBSERVED ? "seen" : "done",
			 entry);
	return true;
}

/* ---- captures that the journal does not name: those of the case's time ---- */

/* A capture's name begins with the local time of its first byte: 20240501-120914-ttyUSB0.raw */
static bool capture_begins(const char *name, int64_t *ret_ms)
{
	struct tm parts = { .tm_isdst = -1 };
	const char *rest = strptime(name, "%Y%m%d-%H%M%S", &parts);
	size_t length = strlen(name);

	if (rest == NULL || length < 4 || strcmp(name + length - 4, ".raw") != 0)
		return false;
	*ret_ms = (int64_t)mktime(&parts) * 1000;
	return true;
}

static void find_captures(json_t *report, const struct case_summary *summary, const char *state_folder)
{
	char folder[600], path[900];
	struct dirent **names = NULL;
	struct stat about;
	int64_t begin_ms;
	int count;

	text_format(folder, sizeof(folder), "%s/captures", state_folder);
	count = scandir(folder, &names, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		text_format(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (capture_begins(names[i]->d_name, &begin_ms) && stat(path, &about) == 0 &&
		    begin_ms <= summary->changed_ms && (int64_t)about.st_mtime * 1000 + 999 >= summary->opened_ms)
			add_capture(report, path, "it is of the same time");
		free(names[i]);
	}
	free(names);
}

static json_t *json_outcome_of(const char *state)
{
	return json_pack("{s:o, s:n, s:n}", "state", json_outcome(state), "rests_on", "time");
}

enum status case_report_make(struct casebook *book, const struct case_summary *summary, const char *state_folder,
			     json_t **ret_report, struct error *reterr)
{
	static const char *const lists[] = { "seen", "done", "problems", "images", "captures" };
	json_t *report = case_summary_json(summary);
	enum status status;

	if (report == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the report of case %lld",
				 (long long)summary->id);
	json_object_del(report, "written");
	json_object_del(report, "verified");
	json_object_del(report, "booted");
	json_object_set_new(report, "program", json_string("unbrick " CLI_VERSION));
	json_object_set_new(report, "meaning", json_string(case_cause_meaning(summary->cause)));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		json_object_set_new(report, lists[i], json_array());
	json_object_set_new(report, "facts", json_object());
	json_object_set_new(report, "outcome",
			    json_pack("{s:o, s:o, s:o}", "written", json_outcome_of(summary->written), "verified",
				      json_outcome_of(summary->verified), "booted", json_outcome_of(summary->booted)));
	status = casebook_read(book, summary->id, 0, on_entry, report, reterr);
	if (status != STATUS_OK) {
		json_decref(report);
		return status;
	}
	if (json_array_size(json_object_get(report, "captures")) == 0)
		find_captures(report, summary, state_folder);
	*ret_report = report;
	return STATUS_OK;
}

/* ---- to be read ---- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void print_field(const char *name, const char *value)
{
	if (value[0])
		output_text("%-12s %s\n", name, value);
}

static void print_lines(const json_t *report, const char *section, const char *title)
{
	const json_t *list = json_object_get(report, section);

	if (json_array_size(list) > 0)
		output_text("\n%s\n", title);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *line = json_array_get(list, i);

		output_text("  %.19s  %-8s %-10s %s\n", text_of(line, "time"), text_of(line, "by"),
			    text_of(line, "kind"), text_of(line, "text"));
	}
}

static void print_images(const json_t *report)
{
	const json_t *list = json_object_get(report, "images");

	if (json_array_size(list) > 0)
		output_text("\nImage\n");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *image = json_array_get(list, i);
		const json_t *what = json_object_get(image, "what");

		output_text("  %s\n  SHA-256 %s\n", text_of(image, "path"),
			    text_of(image, "sha256")[0] ? text_of(image, "sha256") : "not computed");
		for (size_t k = 0; k < json_array_size(what); k++)
			output_text("    %s\n", json_string_value(json_array_get(what, k)));
	}
}

static void print_outcome(const json_t *report)
{
	static const char *const which[] = { "written", "verified", "booted" };

	output_text("\nOutcome\n");
	for (size_t i = 0; i < ARRAY_SIZE(which); i++) {
		const json_t *outcome = json_object_get(json_object_get(report, "outcome"), which[i]);

		output_text("  %-10s %-10s %s\n", which[i], text_of(outcome, "state"),
			    text_of(outcome, "rests_on")[0] ? text_of(outcome, "rests_on")
							    : "(nothing was seen that says so)");
	}
}

static void print_facts(json_t *facts)
{
	if (json_object_size(facts) > 0)
		output_text("\nWhat the device said of itself\n");
	for (void *at = json_object_iter(facts); at != NULL; at = json_object_iter_next(facts, at))
		output_text("  %-16s %s\n", json_object_iter_key(at), json_string_value(json_object_iter_value(at)));
}

void case_report_print(const json_t *report)
{
	const json_t *captures = json_object_get(report, "captures");

	output_text("Report of case #%lld, made by %s\n\n",
		    (long long)json_integer_value(json_object_get(report, "case")), text_of(report, "program"));
	print_field("Device", text_of(report, "title"));
	print_field("Profile", text_of(report, "device"));
	print_field("Opened", text_of(report, "opened"));
	print_field("Last entry", text_of(report, "changed"));
	print_field("State", json_is_true(json_object_get(report, "open")) ? "open" : "closed");
	print_field("Happened", text_of(report, "happened"));
	print_field("Serial line", text_of(report, "port"));
	print_field("Method", text_of(report, "method"));
	print_field("Cause", text_of(report, "cause"));
	print_field("", text_of(report, "meaning"));
	print_outcome(report);
	print_images(report);
	print_facts(json_object_get(report, "facts"));
	print_lines(report, "seen", "What was seen");
	print_lines(report, "done", "What was done and answered");
	print_lines(report, "problems", "What went wrong on the way");
	if (json_array_size(captures) > 0)
		output_text("\nCaptures of the serial line (every byte; beside each NAME.times)\n");
	for (size_t i = 0; i < json_array_size(captures); i++)
		output_text("  %s\n", text_of(json_array_get(captures, i), "path"));
}
