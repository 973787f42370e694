/* The page and the JSON object of what differs from a good start. */
#include <stdio.h>

#include "src/base/text.h"
#include "src/cli/diagnose.h"
#include "src/cli/output.h"

enum {
	COLUMNS = 80,
	SHOWN_MAX = 20, /* of one kind; those with a meaning go first into it */
};

/* ---- JSON ---- */

static json_t *json_message(const struct golden_message *message, bool is_changed)
{
	json_t *item = json_pack("{s:i, s:o}", "line", (int)message->line, "text", output_json_text(message->text));

	if (is_changed) {
		json_object_set_new(item, "good", output_json_text(message->good));
		json_object_set_new(item, "good_line", json_integer(message->good_line));
	}
	if (message->sign) {
		json_object_set_new(item, "meaning", output_json_text(message->sign->meaning));
		json_object_set_new(item, "sign", output_json_text(message->sign->id));
	}
	return item;
}

static json_t *json_messages(const struct golden_message *from, size_t count, bool is_changed)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_message(&from[i], is_changed));
	return list;
}

static json_t *json_range(const struct golden_range *range)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:b}", "start", (int)range->start, "starts", (int)range->starts,
			 "first_line", (int)range->first_line, "last_line", (int)range->last_line, "came_up",
			 range->came_up);
}

static json_t *json_rest(const struct golden_rest *rest)
{
	if (rest->messages == 0)
		return json_null();
	return json_pack("{s:i, s:i, s:i, s:o}", "line", (int)rest->line, "good_line", (int)rest->good_line, "messages",
			 (int)rest->messages, "next", json_messages(rest->next, rest->next_count, false));
}

static json_t *json_changes(const struct golden_result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < result->fact_count; i++) {
		const struct golden_change *fact = &result->facts[i];

		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:i, s:i}", "name", output_json_text(fact->name),
						      "good", output_json_text(fact->good), "now",
						      output_json_text(fact->now), "good_line", (int)fact->good_line,
						      "line", (int)fact->line));
	}
	return list;
}

json_t *golden_print_json(const struct golden_result *result)
{
	return json_pack("{s:i, s:o, s:o, s:i, s:o, s:o, s:o, s:i, s:o, s:i, s:o, s:o, s:i, s:i, s:i}", "good_logs",
			 (int)result->good_logs, "good", json_range(&result->good), "now", json_range(&result->now),
			 "same", (int)result->same, "facts", json_changes(result), "changed",
			 json_messages(result->changed.item, result->changed.count, true), "missing",
			 json_messages(result->missing.item, result->missing.count, false), "missing_total",
			 (int)result->missing.total, "new",
			 json_messages(result->fresh.item, result->fresh.count, false), "new_total",
			 (int)result->fresh.total, "begins_before", json_rest(&result->begins), "ends_after",
			 json_rest(&result->ends), "new_before_good", (int)result->before, "new_after_good",
			 (int)result->beyond, "not_kept", (int)result->not_kept);
}

/* ---- the page ---- */

/* One line of the page, cut at its edge; text is a device's, so it is made printable before it is measured. */
static void print_cut(const char *lead, const char *text)
{
	char shown[COLUMNS * 4], line[COLUMNS * 8];
	size_t columns = 0, size = 0, room;

	text_printable(shown, sizeof(shown), bytes_of_text(text));
	text_format(line, sizeof(line), "%s%s", lead, shown);
	room = COLUMNS - 3;
	while (line[size] != '\0' && columns < room) {
		size++;
		while (((unsigned char)line[size] & 0xc0) == 0x80)
			size++;
		columns++;
	}
	if (strlen(line + size) > 3)
		output_text("%.*s...\n", (int)size, line);
	else
		output_text("%s\n", line);
}

static void print_meaning(const struct golden_message *message)
{
	if (message->sign)
		print_cut("           = ", message->sign->meaning);
}

static void print_message(char marker, const struct golden_message *message)
{
	char lead[32];

	text_format(lead, sizeof(lead), "%c %7u  ", marker, message->line);
	print_cut(lead, message->text);
	print_meaning(message);
}

static void print_messages(const char *heading, char marker, const struct golden_messages *list)
{
	size_t meant = 0, plain, shown = 0;

	if (list->total == 0)
		return;
	for (size_t i = 0; i < list->count; i++)
		meant += list->item[i].sign != NULL;
	plain = meant < SHOWN_MAX ? SHOWN_MAX - meant : 0;
	meant = meant < SHOWN_MAX ? meant : SHOWN_MAX;
	output_text("\n%s\n", heading);
	for (size_t i = 0; i < list->count; i++) {
		size_t *left = list->item[i].sign ? &meant : &plain;

		if (*left == 0)
			continue;
		(*left)--;
		shown++;
		print_message(marker, &list->item[i]);
	}
	if (list->total > shown)
		output_text("  and %zu more; --json lists up to %d\n", list->total - shown, GOLDEN_DIFFERENCES_MAX);
}

static void print_changed(const struct golden_messages *list)
{
	if (list->total > 0)
		output_text("\nSays something else (- good start, + this one)\n");
	for (size_t i = 0; i < list->count && i < SHOWN_MAX; i++) {
		const struct golden_message *message = &list->item[i];
		char lead[32];

		text_format(lead, sizeof(lead), "- %7u  ", message->good_line);
		print_cut(lead, message->good);
		print_message('+', message);
	}
	if (list->total > SHOWN_MAX)
		output_text("  and %u more; --json lists up to %d\n", list->total - SHOWN_MAX, GOLDEN_DIFFERENCES_MAX);
}

static void print_facts(const struct golden_result *result)
{
	if (result->fact_count > 0)
		output_text("\nFacts that differ (- good start, + this one)\n");
	for (size_t i = 0; i < result->fact_count; i++) {
		const struct golden_change *fact = &result->facts[i];
		char lead[96];

		text_format(lead, sizeof(lead), "- %7u  %s: ", fact->good_line, fact->name);
		print_cut(lead, fact->good);
		text_format(lead, sizeof(lead), "+ %7u  %s: ", fact->line, fact->name);
		print_cut(lead, fact->now);
	}
}

static void print_head(const struct golden_result *result)
{
	output_text("\nCompared with a good start (%u good log%s, lines %u-%u of the first)\n", result->good_logs,
		    result->good_logs == 1 ? "" : "s", result->good.first_line, result->good.last_line);
	output_text("  start %u of %u, lines %u-%u; %u messages are the same\n", result->now.start, result->now.starts,
		    result->now.first_line, result->now.last_line, result->same);
	if (!result->good.came_up)
		output_text("  the good log does not show that the device came up: is it a good one?\n");
	if (result->same > 0 && result->missing.total + result->changed.total > result->same / 4)
		output_text("  many differences: is it the same model with the same firmware?\n");
	if (result->not_kept > 0)
		output_text("  too many different messages: %u were not compared\n", result->not_kept);
}

static void print_rest(const struct golden_result *result)
{
	const struct golden_rest *ends = &result->ends;

	if (result->begins.messages > 0)
		output_text("\nBegins later: the first %u messages of the good start, before its line %u,\n"
			    "are not in this capture\n", result->begins.messages, result->begins.good_line);
	if (result->before > 0)
		output_text("\n%u messages before the good log's beginning were not compared\n", result->before);
	if (result->beyond > 0)
		output_text("\n%u messages after the good log's end were not compared\n", result->beyond);
	if (ends->messages == 0)
		return;
	if (ends->line > 0)
		output_text("\nEnds here: after line %u (good: %u) the good start goes on: %u message%s\n", ends->line,
			    ends->good_line, ends->messages, ends->messages == 1 ? "" : "s");
	else
		output_text("\nNone of the %u messages that every good start has came\n", ends->messages);
	for (size_t i = 0; i < ends->next_count; i++)
		print_message('-', &ends->next[i]);
}

static bool is_same(const struct golden_result *result)
{
	return result->fact_count == 0 && result->changed.total == 0 && result->missing.total == 0 &&
	       result->fresh.total == 0 && result->ends.messages == 0;
}

void golden_print_text(const struct golden_result *result)
{
	print_head(result);
	if (result->same + result->changed.total == 0) {
		output_text(
			"\nNothing of the good start is in this log: another device, or another part of its start\n");
		return;
	}
	print_facts(result);
	print_changed(&result->changed);
	print_messages("Missing (in the good start only)", '-', &result->missing);
	print_messages("New (in this log only)", '+', &result->fresh);
	print_rest(result);
	if (is_same(result))
		output_text("\nNo difference from the good start\n");
}
