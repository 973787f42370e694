/* The good start of a model, kept in the casebook when a case ends well, and what a start that fails has other than it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recovery/diagnosis/golden.h"
#include "src/base/buffer.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/live_case.h"

enum {
	LOG_MAX = 256 * 1024,		/* of a capture's end: some ten starts */
	TEXT_MAX = LOG_MAX + 1024,	/* made printable it does not grow, but for an end of line */
	GOOD_MAX = 3,			/* several teach what varies */
};

DEFINE_AUTO(golden);

/* The end of what the line said, line by line, printable. */
static enum status read_capture(struct live_case *c, struct buffer *ret_text)
{
	char path[512], line[1024];
	AUTO_FREE char *raw = malloc(LOG_MAX);
	AUTO_CLOSE int file = -1;
	struct stat about;
	struct bytes left;
	ssize_t count;

	if (raw == NULL || !case_get(c, "capture", path, sizeof(path)))
		return STATUS_NOT_FOUND;
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || fstat(file, &about) != 0)
		return STATUS_NOT_FOUND;
	count = pread(file, raw, LOG_MAX, about.st_size > LOG_MAX ? about.st_size - LOG_MAX : 0);
	if (count <= 0)
		return STATUS_NOT_FOUND;
	left = bytes_of(raw, (size_t)count);
	while (left.size > 0) {
		const uint8_t *end = memchr(left.data, '\n', left.size);
		size_t length = end ? (size_t)(end - left.data) : left.size, shown = length;
		enum status status;

		while (shown > 0 && left.data[shown - 1] == '\r')
			shown--;
		text_printable(line, sizeof(line), bytes_of(left.data, shown));
		status = buffer_append_text(ret_text, line);
		if (status == STATUS_OK)
			status = buffer_append_text(ret_text, "\n");
		if (status != STATUS_OK)
			return status;
		left = bytes_from(left, length + (end != NULL));
	}
	return STATUS_OK;
}

void guide_keep_golden(struct live_case *c)
{
	struct buffer text;
	struct journal_entry entry = { .case_id = c->id, .time_ms = (int64_t)loop_wall_ms(), .by = JOURNAL_OBSERVED, .kind = "golden",
				       .text = "a start that went well, to hold others of this model against" };
	struct error error;

	buffer_init(&text, TEXT_MAX);
	/* Without the model nobody would find it again. */
	if (c->profile != NULL && read_capture(c, &text) == STATUS_OK && buffer_append(&text, bytes_of("", 1)) == STATUS_OK) {
		entry.data = (const char *)text.data;
		if (casebook_append(c->app->book, &entry, &error) != STATUS_OK)
			case_log(c, JOURNAL_PROGRAM, "error", "the good start could not be kept: %s", error.text);
	}
	buffer_done(&text);
}

/* ---- against them ---- */

struct learning {
	struct golden *golden;
	bool has_any;
	enum status status;
};

static bool learn(void *user, const struct journal_entry *entry)
{
	struct learning *learning = user;
	struct error error;

	if (!text_equal(entry->kind, "golden") || entry->data == NULL)
		return true;
	golden_begin_good(learning->golden);
	golden_input(learning->golden, bytes_of_text(entry->data));
	learning->has_any |= golden_end(learning->golden, &error) == STATUS_OK;
	return false;		/* one of each case */
}

/* From the newest cases of this model that ended well. */
static unsigned learn_good_starts(struct live_case *c, struct golden *golden, int64_t *ret_case)
{
	struct case_summary cases[SNAPSHOT_CASES_MAX];
	struct error error;
	unsigned learnt = 0;
	size_t count = 0;

	if (casebook_list(c->app->book, false, cases, SNAPSHOT_CASES_MAX, &count, &error) != STATUS_OK)
		return 0;
	for (size_t i = 0; i < count && learnt < GOOD_MAX; i++) {
		struct learning learning = { .golden = golden };

		if (!text_equal(cases[i].device, c->view.device) || !text_equal(cases[i].booted, "yes"))
			continue;
		if (casebook_read(c->app->book, cases[i].id, 0, learn, &learning, &error) != STATUS_OK || !learning.has_any)
			continue;
		if (learnt++ == 0)
			*ret_case = cases[i].id;
	}
	return learnt;
}

static void add_line(struct golden_view *view, const struct golden_message *message, bool is_new)
{
	struct golden_line *line;

	if (view->line_count == GOLDEN_LINES_MAX)
		return;
	line = &view->line[view->line_count++];
	line->is_new = is_new;
	text_copy(line->text, sizeof(line->text), message->text);
	text_copy(line->meaning, sizeof(line->meaning), message->sign && message->sign->meaning ? message->sign->meaning : "");
}

/* What is known to mean something comes before what only differs. */
static void add_lines(struct golden_view *view, const struct golden_messages *messages, bool is_new, bool has_meaning, size_t max)
{
	for (size_t i = 0; i < messages->count && max > 0; i++)
		if ((messages->item[i].sign != NULL) == has_meaning) {
			add_line(view, &messages->item[i], is_new);
			max--;
		}
}

static void show(struct golden_view *view, const struct golden_result *result)
{
	for (size_t i = 0; i < result->fact_count && view->fact_count < GOLDEN_FACTS_MAX; i++) {
		struct golden_fact *fact = &view->fact[view->fact_count++];

		text_copy(fact->name, sizeof(fact->name), result->facts[i].name);
		text_copy(fact->good, sizeof(fact->good), result->facts[i].good);
		text_copy(fact->now, sizeof(fact->now), result->facts[i].now);
	}
	view->missing = result->missing.total;
	view->fresh = result->fresh.total;
	add_lines(view, &result->missing, false, true, 3);
	add_lines(view, &result->fresh, true, true, 3);
	add_lines(view, &result->missing, false, false, 3);
	add_lines(view, &result->fresh, true, false, 3);
	if (result->ends.messages > 0 && result->ends.next_count > 0) {
		view->ends_before = result->ends.messages;
		text_copy(view->would_follow, sizeof(view->would_follow), result->ends.next[0].text);
	}
}

void guide_compare_golden(struct live_case *c)
{
	AUTO(golden) golden = NULL;
	struct buffer text;
	const struct sign *signs;
	struct error error;
	size_t count;

	buffer_init(&text, TEXT_MAX);
	c->view.golden = (struct golden_view){ .good_logs = 0 };
	if (c->profile == NULL || device_library_signs(c->app->library, &signs, &count, &error) != STATUS_OK ||
	    golden_new(signs, count, &golden, &error) != STATUS_OK)
		return;
	c->view.golden.good_logs = learn_good_starts(c, golden, &c->view.golden.good_case);
	if (c->view.golden.good_logs > 0 && read_capture(c, &text) == STATUS_OK) {
		golden_begin_log(golden);
		golden_input(golden, buffer_bytes(&text));
		if (golden_end(golden, &error) == STATUS_OK)
			show(&c->view.golden, golden_compare(golden));
		else
			c->view.golden.good_logs = 0;
	}
	buffer_done(&text);
}
