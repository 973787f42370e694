/* ui/terminal_times.h
 *
 * When each row of a device's screen began to be written, for the rows on it and for those that scrolled off: four bytes a
 * row, touched only as far as rows come. Also the zero points of "since it started": where a start was recognised, or where
 * the program switched the power on. Times are monotonic milliseconds; 0: not known. */
#ifndef UNBRICK_UI_TERMINAL_TIMES_H
#define UNBRICK_UI_TERMINAL_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/status.h"
#include "ui/terminal_history.h"

enum {
	TERMINAL_TIMES_ROWS = TERMINAL_HISTORY_LINES_MAX + 500,	/* what is kept, and a screen of the largest size */
	TERMINAL_ZEROS_MAX = 512,
	TERMINAL_TIME_TEXT_MAX = 16,
};

enum terminal_clock {
	TERMINAL_CLOCK_OFF,
	TERMINAL_CLOCK_WALL,		/* "12:04:31.123" */
	TERMINAL_CLOCK_START,		/* since the device started: "   4.021" */
	TERMINAL_CLOCK_DELTA,		/* since the row before: "  +0.012" */
	TERMINAL_CLOCK_COUNT
};

struct terminal_times {
	uint32_t *row_ms;		/* since base_ms; by row modulo TERMINAL_TIMES_ROWS */
	uint64_t base_ms;
	uint64_t end_row;		/* rows below it have a slot of their own */
	uint64_t zero_ms[TERMINAL_ZEROS_MAX];	/* a ring, rising */
	size_t zero_first, zero_count;
	uint64_t power_ms;		/* switched on by the program, not yet followed by a start */
};

enum status terminal_times_init(struct terminal_times *times);
void terminal_times_done(struct terminal_times *times);
/* Rows up to end_row exist now; new ones have no time yet. */
void terminal_times_grow(struct terminal_times *times, uint64_t end_row);
void terminal_times_set(struct terminal_times *times, uint64_t row, uint64_t now_ms);
uint64_t terminal_times_of(const struct terminal_times *times, uint64_t row);
/* The device's power came on by the program's own doing: the next start counts from here. */
void terminal_times_power(struct terminal_times *times, uint64_t now_ms);
/* A start was recognised whose first line came then. */
void terminal_times_start(struct terminal_times *times, uint64_t first_line_ms);
/* False: no start before it is known. */
bool terminal_times_since_start(const struct terminal_times *times, uint64_t at_ms, uint64_t *ret_ms);
/* What stands before a row; empty when it is not known. wall_shift: wall clock minus monotonic clock. */
char *terminal_times_text(const struct terminal_times *times, enum terminal_clock clock, uint64_t row, uint64_t wall_shift,
			  char to[TERMINAL_TIME_TEXT_MAX]);
/* Columns of that text, without the blank behind it; 0: off. */
int terminal_times_width(enum terminal_clock clock);
const char *terminal_clock_name(enum terminal_clock clock);	/* "off", "clock", "start", "delta" */

#endif
