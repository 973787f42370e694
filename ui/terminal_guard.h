/* ui/terminal_guard.h
 *
 * What libvterm (0.1 to 0.3) must not be given, for a device may send it, or noise on its line:
 * - more than 16 parameters of a control sequence: its parser writes the next one behind its array;
 * - numbers beyond reason: they are added to the cursor's place;
 * - REP with nothing to repeat: it never ends;
 * - a UTF-8 character that is cut: the rest of the text makes one character more than it has room for;
 * - combining characters without end: it keeps them all;
 * - strings (OSC, DCS and their like: titles, the clipboard, queries): nobody here wants one, and its answers are wrong.
 * Here such a sequence loses what is too much, strings go, and what is no UTF-8 becomes U+FFFD. The rest passes
 * unchanged. A string ends at the end of the line at the latest: noise must not hide what follows. */
#ifndef UNBRICK_UI_TERMINAL_GUARD_H
#define UNBRICK_UI_TERMINAL_GUARD_H

#include <stdbool.h>

#include "src/base/bytes.h"

struct terminal_guard {			/* all zero: between sequences */
	enum {
		GUARD_TEXT,
		GUARD_ESCAPE,		/* which is held back */
		GUARD_ESCAPE_MORE,	/* and was passed */
		GUARD_PARAMETERS,
		GUARD_INTERMEDIATES,
		GUARD_STRING,
		GUARD_STRING_ESCAPE,
	} state;
	unsigned parameters;		/* separators so far */
	unsigned number;		/* the present one */
	bool is_full;
	uint8_t character[4];		/* the part of a UTF-8 character that has come */
	unsigned have, wanted;
	unsigned foreign;		/* characters without an ASCII one between them */
	bool is_mute;			/* no more of these: see terminal_guard_stands */
};

enum {
	TERMINAL_GUARD_IN_MAX = 4096,	/* bytes at a time */
	TERMINAL_GUARD_OUT_MAX = 3 * TERMINAL_GUARD_IN_MAX + 8,
};

/* Writes what may pass of in (TERMINAL_GUARD_IN_MAX bytes at most) to to; returns how many bytes. */
size_t terminal_guard_pass(struct terminal_guard *guard, struct bytes in, uint8_t to[TERMINAL_GUARD_OUT_MAX]);
/* Nothing is held back, and libvterm is between sequences. */
static inline bool terminal_guard_is_at_rest(const struct terminal_guard *guard)
{
	return guard->state == GUARD_TEXT && guard->have == 0;
}
/* The cursor stands where it stood before that: a long run of characters without ASCII were combining ones. */
void terminal_guard_stands(struct terminal_guard *guard);

#endif
