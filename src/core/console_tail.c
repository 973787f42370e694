#include "src/core/console_tail.h"

#include <string.h>

#include "recovery/diagnosis/diagnosis.h"
#include "src/base/text.h"

enum { SCORE_MIN = 24 };	/* bytes; fewer say nothing about the baud rate */

/* Kept raw: an escape sequence that comes in two pieces ("~ # ESC" "[6n") would leave its second half in the text. */
static void follow_last_line(struct console_tail *tail, struct bytes in)
{
	size_t begin = in.size, size;

	while (begin > 0 && in.data[begin - 1] != '\n' && in.data[begin - 1] != '\r')
		begin--;
	if (begin > 0)
		tail->raw_size = 0;
	size = in.size - begin;
	if (size > sizeof(tail->raw) - tail->raw_size)
		size = sizeof(tail->raw) - tail->raw_size;
	memcpy(tail->raw + tail->raw_size, in.data + begin, size);
	tail->raw_size += size;
	text_printable(tail->line, sizeof(tail->line), bytes_of(tail->raw, tail->raw_size));
}

static void keep_window(struct console_tail *tail, struct bytes in)
{
	if (in.size >= CONSOLE_TAIL_WINDOW) {
		memcpy(tail->window, in.data + in.size - CONSOLE_TAIL_WINDOW, CONSOLE_TAIL_WINDOW);
		tail->window_size = CONSOLE_TAIL_WINDOW;
		return;
	}
	if (tail->window_size + in.size > CONSOLE_TAIL_WINDOW) {
		size_t drop = tail->window_size + in.size - CONSOLE_TAIL_WINDOW;

		memmove(tail->window, tail->window + drop, tail->window_size - drop);
		tail->window_size -= drop;
	}
	memcpy(tail->window + tail->window_size, in.data, in.size);
	tail->window_size += in.size;
}

void console_tail_add(struct console_tail *tail, struct bytes in)
{
	follow_last_line(tail, in);
	keep_window(tail, in);
}

void console_tail_forget_window(struct console_tail *tail)
{
	tail->window_size = 0;
}

struct bytes console_tail_window(const struct console_tail *tail)
{
	return bytes_of(tail->window, tail->window_size);
}

int console_tail_score(const struct console_tail *tail)
{
	return tail->window_size < SCORE_MIN ? -1 : diagnosis_text_score(console_tail_window(tail));
}
