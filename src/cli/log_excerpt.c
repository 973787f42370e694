#include "src/cli/log_excerpt.h"

#include <stdlib.h>
#include <string.h>

#include "recovery/diagnosis/line_reader.h"
#include "src/base/text.h"

enum { CAUSES_SHOWN = 3 };

void log_excerpt_want(struct log_excerpt *excerpt, unsigned number, const char *text, const char *word)
{
	struct log_excerpt_line *to = NULL;

	if (number == 0)
		return;
	for (size_t i = 0; i < excerpt->mark_count; i++)
		if (excerpt->mark[i].number == number)
			to = &excerpt->mark[i];
	if (to == NULL) {
		if (excerpt->mark_count == LOG_EXCERPT_MARKS_MAX)
			return;
		to = &excerpt->mark[excerpt->mark_count++];
		to->number = number;
		text_copy(to->text, sizeof(to->text), text);
	}
	if (!text_contains(to->mark, word))
		text_append(to->mark, sizeof(to->mark), "%s%s", to->mark[0] ? " " : "", word);
}

void log_excerpt_want_verdict(struct log_excerpt *excerpt, const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->cause_count && i < CAUSES_SHOWN; i++) {
		const struct cause_verdict *cause = &verdict->causes[i];

		for (size_t k = 0; k < cause->proof_count; k++)
			log_excerpt_want(excerpt, cause->proof[k].line, cause->proof[k].text,
					 cause_label(cause->cause));
	}
	for (size_t k = 0; verdict->cause_count > 0 && k < verdict->causes[0].contradiction_count; k++) {
		char word[40];

		text_format(word, sizeof(word), "against-%s", cause_label(verdict->causes[0].cause));
		log_excerpt_want(excerpt, verdict->causes[0].contradiction[k].line,
				 verdict->causes[0].contradiction[k].text, word);
	}
}

/* The mark on the line; *ret_is_near: it or a neighbour is marked. */
static const struct log_excerpt_line *find_mark(const struct log_excerpt *excerpt, unsigned number, bool *ret_is_near)
{
	const struct log_excerpt_line *found = NULL;

	*ret_is_near = false;
	for (size_t i = 0; i < excerpt->mark_count; i++) {
		unsigned marked = excerpt->mark[i].number;

		if (number + LOG_EXCERPT_BEFORE >= marked && number <= marked + LOG_EXCERPT_AFTER)
			*ret_is_near = true;
		if (marked == number)
			found = &excerpt->mark[i];
	}
	return found;
}

/* A progress display hands out several pieces with one number: of a decisive line the piece that decides is kept, else the last. */
static void take_line(struct log_excerpt *excerpt, const struct reader_line *line)
{
	bool is_near;
	const struct log_excerpt_line *mark = find_mark(excerpt, line->number, &is_near);
	struct log_excerpt_line *to;

	if (!is_near)
		return;
	to = excerpt->line_count > 0 ? &excerpt->line[excerpt->line_count - 1] : NULL;
	if (to == NULL || to->number != line->number) {
		if (excerpt->line_count == LOG_EXCERPT_LINES_MAX)
			return;
		to = &excerpt->line[excerpt->line_count++];
		*to = (struct log_excerpt_line){ .number = line->number };
	} else if (line->size == 0 || (mark && text_contains(to->text, mark->text))) {
		return;
	}
	text_copy(to->text, sizeof(to->text), line->text);
	if (mark)
		text_copy(to->mark, sizeof(to->mark), mark->mark);
}

static int compare(const void *a, const void *b)
{
	const struct log_excerpt_line *one = a, *other = b;

	return one->number < other->number ? -1 : one->number > other->number;
}

static void read_again(struct log_excerpt *excerpt, struct log_file *log)
{
	unsigned last = excerpt->mark[excerpt->mark_count - 1].number + LOG_EXCERPT_AFTER;
	struct line_reader reader;
	struct reader_line line;
	struct bytes part;
	struct error error;

	line_reader_init(&reader);
	while (log_file_read(log, &part, &error) == STATUS_OK && part.size > 0)
		while (line_reader_next(&reader, &part, 0, &line)) {
			if (line.number > last)
				return;
			take_line(excerpt, &line);
		}
	if (line_reader_end(&reader, &line))
		take_line(excerpt, &line);
}

void log_excerpt_fill(struct log_excerpt *excerpt, struct log_file *log)
{
	if (excerpt->mark_count == 0)
		return;
	qsort(excerpt->mark, excerpt->mark_count, sizeof(excerpt->mark[0]), compare);
	if (log_file_rewind(log))
		read_again(excerpt, log);
	if (excerpt->line_count > 0)
		return;
	memcpy(excerpt->line, excerpt->mark, excerpt->mark_count * sizeof(excerpt->mark[0]));
	excerpt->line_count = excerpt->mark_count;
}
