/* recovery/loader/echo_meter.h
 *
 * How good is the line to a loader's prompt? Lines are typed that do nothing (`echo` and letters that hold every pattern of neighbouring bits),
 * and what comes back is compared: the echo of each piece, and what echo prints where the loader has that command. A wrong or missing echo
 * ends the line with Ctrl-C before it is run (protocol/dialog.h), so a bad cable is measured without anything being done at the other end.
 * Only for a prompt that is known: the line must be empty. A machine: no descriptor, no clock, no allocation. */
#ifndef UNBRICK_RECOVERY_ECHO_METER_H
#define UNBRICK_RECOVERY_ECHO_METER_H

#include "recovery/protocol/dialog.h"

enum {
	ECHO_METER_LINE = 48,		/* letters a line: with prompt and `echo` fewer than the 80 columns at which old loaders redraw */
	ECHO_METER_LINES = 24,		/* some 3.5 KB there and back */
	ECHO_METER_MORE_LINES = 96,	/* when an error was seen: one error says little about their rate */
	ECHO_METER_LIMIT = 12,		/* errors; more need not be counted */
};

enum echo_grade {
	ECHO_GOOD,		/* no error */
	ECHO_USABLE,		/* at most one in USABLE_BYTES: blocks are sent again now and then */
	ECHO_BAD,
};

struct echo_meter {	/* caller-owned; fields are read-only outside echo_meter.c */
	struct dialog *dialog;
	unsigned lines, lines_wanted;
	bool may_go_on;		/* after an error, to know the rate better */
	bool prints;		/* the loader has echo: its answers are compared too */
	bool is_over, is_lost;	/* lost: the prompt came no more */
	uint64_t bytes;		/* over the line, both ways */
	unsigned errors;
	unsigned silences;	/* lines without a prompt behind them, one after the other */
	uint64_t sent_ms;	/* when the piece went that is awaited */
	uint64_t delay_ms, delay_sum_ms;	/* the longest way there and back, and all of them together */
	unsigned delays;
	char line[ECHO_METER_LINE + 8];
};

/* dialog (borrowed) is initialised with the prompt and not busy. lines 0: ECHO_METER_LINES, and more after an error. */
void echo_meter_begin(struct echo_meter *meter, struct dialog *dialog, unsigned lines, uint64_t now_ms);
/* These drive the dialog; true when the measure has come to its end (is_over). */
bool echo_meter_input(struct echo_meter *meter, struct bytes *in, uint64_t now_ms);
bool echo_meter_tick(struct echo_meter *meter, uint64_t now_ms);
void echo_meter_sent(struct echo_meter *meter, size_t count, uint64_t now_ms);
enum echo_grade echo_meter_grade(const struct echo_meter *meter);
/* "good: no error in 3456 bytes, the echo takes 4 ms (8 ms at most)". */
char *echo_meter_text(const struct echo_meter *meter, char *to, size_t size);

#endif
