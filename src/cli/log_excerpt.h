/* src/cli/log_excerpt.h
 *
 * The lines that a verdict rests on, with their neighbours and their numbers: what a technician wants to see before believing it. */
#ifndef UNBRICK_CLI_LOG_EXCERPT_H
#define UNBRICK_CLI_LOG_EXCERPT_H

#include "recovery/diagnosis/diagnosis.h"
#include "src/cli/log_file.h"

enum {
	LOG_EXCERPT_MARKS_MAX = 40,
	LOG_EXCERPT_BEFORE = 2,
	LOG_EXCERPT_AFTER = 1,
	LOG_EXCERPT_LINES_MAX = LOG_EXCERPT_MARKS_MAX * (LOG_EXCERPT_BEFORE + 1 + LOG_EXCERPT_AFTER),
};

struct log_excerpt_line {
	unsigned number;
	char text[DIAGNOSIS_LINE_MAX + 1]; /* printable */
	char mark[64]; /* "CHECKSUM POWER"; empty: a neighbour */
};

struct log_excerpt {
	struct log_excerpt_line mark[LOG_EXCERPT_MARKS_MAX]; /* the decisive ones, as the evidence has them */
	size_t mark_count;
	struct log_excerpt_line line[LOG_EXCERPT_LINES_MAX]; /* rising numbers */
	size_t line_count;
};

/* Wants the line number, for the reason word; a line may have several. Beyond the ceiling nothing more is taken. */
void log_excerpt_want(struct log_excerpt *excerpt, unsigned number, const char *text, const char *word);
/* What the verdict's leading causes rest on. */
void log_excerpt_want_verdict(struct log_excerpt *excerpt, const struct verdict *verdict);
/* Reads the log again for the neighbours; where that cannot be, the decisive lines stand alone. */
void log_excerpt_fill(struct log_excerpt *excerpt, struct log_file *log);

#endif
