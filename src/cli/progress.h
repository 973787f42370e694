/* src/cli/progress.h
 *
 * How far a transfer is: one line on standard error that is written over and over, and gone before anything else is printed. */
#ifndef UNBRICK_CLI_PROGRESS_H
#define UNBRICK_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/snapshot.h"

struct progress_line {
	bool is_wanted;		/* standard error is a terminal, and not the line to the device */
	size_t columns;		/* of what stands there now */
};

/* Bytes a second; 0 while it is too early to tell. since_ms: when the first of them came (loop_now_ms). */
uint64_t progress_rate(uint64_t bytes, uint64_t since_ms);
/* Appends "3.1 MiB of 7.5 MiB, 110 KiB/s" to text of size bytes; total and rate are left out where they are 0. */
void progress_append(char *text, size_t size, uint64_t bytes, uint64_t total, uint64_t rate);
/* Appends ", 41 s left" where that can be told. */
void progress_append_left(char *text, size_t size, uint64_t bytes, uint64_t total, uint64_t rate);
/* "write 63 %, 820 KiB/s, 5 s left"; gone when it is finished. */
void progress_show_bar(struct progress_line *line, const struct progress *bar);
/* Printable text, without a line feed. */
void progress_show(struct progress_line *line, const char *text);
void progress_clear(struct progress_line *line);

#endif
