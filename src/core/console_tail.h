/* src/core/console_tail.h
 *
 * What came last on a console: the unfinished line, and the last bytes as far as they tell whether the baud rate is right. */
#ifndef UNBRICK_CORE_CONSOLE_TAIL_H
#define UNBRICK_CORE_CONSOLE_TAIL_H

#include <stdint.h>

#include "src/base/bytes.h"

enum { CONSOLE_TAIL_WINDOW = 512, CONSOLE_TAIL_LINE = 160 };

struct console_tail {		/* zeroed: nothing came yet */
	uint8_t window[CONSOLE_TAIL_WINDOW];
	size_t window_size;
	uint8_t raw[CONSOLE_TAIL_LINE];
	size_t raw_size;
	char line[CONSOLE_TAIL_LINE];	/* the same, printable */
};

void console_tail_add(struct console_tail *tail, struct bytes in);
/* What came before says nothing about what comes now; the line stays. */
void console_tail_forget_window(struct console_tail *tail);
struct bytes console_tail_window(const struct console_tail *tail);
/* How much of the window is text, 0 to 100 (diagnosis_text_score); -1: too little came. */
int console_tail_score(const struct console_tail *tail);

#endif
