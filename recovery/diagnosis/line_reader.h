/* recovery/diagnosis/line_reader.h
 *
 * Console bytes to lines, as a machine: no descriptor, no clock, no allocation. Escape sequences, NUL and backspacing
 * are undone, lines longer than LINE_READER_MAX are cut (the rest is skipped). A carriage return alone, as progress
 * displays use it, ends a piece of the line: each piece is handed out, all with the same number, so that numbers agree
 * with an editor's. How the stream was cut into calls never changes what comes out. */
#ifndef UNBRICK_RECOVERY_LINE_READER_H
#define UNBRICK_RECOVERY_LINE_READER_H

#include <stdbool.h>

#include "src/base/bytes.h"

enum { LINE_READER_MAX = 512 };

#define LINE_NO_CLOCK UINT64_MAX

struct reader_line {
	unsigned number;	/* 1-based; counts line feeds */
	uint64_t time_ms;	/* when its first byte came */
	const char *text;	/* printable, NUL-ended; valid until the next call */
	size_t size;
	size_t body;		/* where the text begins after time stamps and log prefixes */
	uint64_t clock_ms;	/* time of day that stands in front of the text; LINE_NO_CLOCK: none */
};

struct line_reader {	/* fields belong to line_reader.c */
	uint8_t raw[LINE_READER_MAX];
	char text[LINE_READER_MAX + 1];
	size_t size;
	size_t escape_size;
	unsigned number;
	uint64_t time_ms;
	uint8_t mode;
	bool has_high;		/* needs the slow way: not plain ASCII */
	bool has_time;
	bool has_piece;		/* a piece of this line was handed out already */
	bool has_return;	/* a carriage return waits for what follows it */
};

void line_reader_init(struct line_reader *reader);
/* Consumes *in through the end of a line; false: all consumed and no line is finished. */
bool line_reader_next(struct line_reader *reader, struct bytes *in, uint64_t now_ms, struct reader_line *ret_line);
/* The unfinished line, without ending it; false: nothing there. */
bool line_reader_peek(struct line_reader *reader, struct reader_line *ret_line);
/* No more comes: the unfinished line becomes a line. */
bool line_reader_end(struct line_reader *reader, struct reader_line *ret_line);

/* Offset behind the time stamps and log prefixes that kernel, syslog, minicom, tio, grabserial and pasted captures put
 * before the message; leading blanks count as prefix. */
size_t line_body_offset(const char *text);
/* The time of day in the first body bytes, in milliseconds since midnight; LINE_NO_CLOCK: none stands there. */
uint64_t line_clock_ms(const char *text, size_t body);

#endif
