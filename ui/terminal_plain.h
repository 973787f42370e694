/* ui/terminal_plain.h
 *
 * Text that needs no emulator. Of a flood of log lines only the last screen is ever seen, and what libvterm would make
 * of the others (it moves the whole screen for each) is known beforehand: a line of printable ASCII is a row of the
 * same text, as long as nothing has changed how the terminal works. This follows what libvterm is fed to know that; in
 * doubt it says no, and everything goes through libvterm. */
#ifndef UNBRICK_UI_TERMINAL_PLAIN_H
#define UNBRICK_UI_TERMINAL_PLAIN_H

#include <stdbool.h>

#include "src/base/bytes.h"

struct terminal_plain {			/* all zero: a terminal that was just reset */
	enum {
		PLAIN_TEXT,
		PLAIN_ESCAPE,
		PLAIN_SEQUENCE,		/* CSI */
	} state;
	bool is_changed;		/* margins, character sets, modes: until the terminal is reset */
	bool is_coloured;
	uint8_t last;			/* byte */
	/* of the sequence */
	uint8_t leader;			/* '?' and its like; 0: none */
	bool has_more;			/* bytes that make it another one */
	bool has_parameters, has_harmful, has_cursor;
	unsigned parameter, digits;
};

/* What libvterm is fed behind terminal_guard.h, in the same order. */
void terminal_plain_follow(struct terminal_plain *plain, struct bytes in);
/* Behind a line, and whatever comes is printed as it is. */
bool terminal_plain_is_ready(const struct terminal_plain *plain);
/* How much of in is whole lines of printable ASCII that end in CR LF, and how many rows of so many columns they take. */
size_t terminal_plain_lines(struct bytes in, size_t cols, size_t *ret_rows);

/* The first line of those, without its end; *in becomes what follows. */
struct bytes terminal_plain_take_line(struct bytes *in);

#endif
