/* ui/terminal_history.h
 *
 * The lines that have scrolled off a device's screen: UTF-8 text and runs of attributes, one allocation a line. Keeping
 * libvterm's cells instead would take 40 bytes a column: 300 MB for what fits into 16 MiB here. Oldest lines go first,
 * both at the line limit and at the byte ceiling. */
#ifndef UNBRICK_UI_TERMINAL_HISTORY_H
#define UNBRICK_UI_TERMINAL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/status.h"

enum {
	TERMINAL_HISTORY_LINES_MAX = 100000,
	TERMINAL_HISTORY_BYTES_MAX = 15 * 1024 * 1024,
	TERMINAL_LINE_TEXT_MAX = 2048,
	TERMINAL_LINE_RUNS_MAX = 64,
};

/* Cells first .. first + count - 1 look like this; default looks have no run. */
struct terminal_run {
	uint16_t first, count;
	int8_t foreground, background;	/* 0..7, -1 the default */
	uint8_t flags;			/* enum terminal_look */
	uint8_t spare;
};
enum terminal_look { TERMINAL_BOLD = 1, TERMINAL_UNDERLINE = 2, TERMINAL_REVERSE = 4 };

struct terminal_line {
	uint16_t text_size, run_count;
	struct terminal_run run[];	/* then text_size bytes and a NUL */
};

struct terminal_history {
	struct terminal_line **line;	/* a ring of TERMINAL_HISTORY_LINES_MAX */
	size_t first, count;
	size_t bytes;
	uint64_t dropped;		/* lines that were here once, before the first */
};

enum status terminal_history_init(struct terminal_history *history);
void terminal_history_done(struct terminal_history *history);
/* A line without memory for it is kept as an empty one, so that the numbers stay right. */
void terminal_history_push(struct terminal_history *history, const char *text, size_t text_size,
			   const struct terminal_run *run, size_t run_count);
/* Takes the newest away again. */
void terminal_history_pop(struct terminal_history *history);
/* NULL for an empty line. index 0 is the oldest that is kept. */
const struct terminal_line *terminal_history_line(const struct terminal_history *history, size_t index);
const char *terminal_line_text(const struct terminal_line *line);

#endif
