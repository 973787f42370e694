/* src/core/console_paste.h
 *
 * Text on its way to a device that has no flow control: a bootloader polls its UART between two commands and holds 16
 * bytes or none, so what comes faster than it reads is lost without a word. A machine: bytes and time in, bytes and the
 * next deadline out.
 *
 * The device itself sets the pace where it echoes: a few bytes go out, the next ones when those came back; behind the
 * end of a line the prompt is waited for that stood there before. Where nothing comes back (a password, a program that
 * only reads) time alone is left. */
#ifndef UNBRICK_CORE_CONSOLE_PASTE_H
#define UNBRICK_CORE_CONSOLE_PASTE_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/buffer.h"

enum {
	CONSOLE_PASTE_MAX = 1 << 20, /* bytes that wait; a larger file is one for a protocol */
	CONSOLE_PASTE_TAIL = 48,
	CONSOLE_PASTE_CHUNK = 16, /* the FIFO of a 16550, the smallest that is common */
};

struct console_pace {
	bool awaits_echo;
	unsigned char_ms, line_ms; /* between two bytes; behind the end of a line. 0: none */
};

enum console_paste_state {
	CONSOLE_PASTE_IDLE,
	CONSOLE_PASTE_SENDING,
	CONSOLE_PASTE_AT_ECHO, /* waits for the echo of what went out */
	CONSOLE_PASTE_AT_LINE, /* waits behind the end of a line */
};

struct console_paste { /* caller-owned; fields belong to console_paste.c */
	struct buffer text;
	size_t at; /* of text: what went out */
	size_t total; /* since it was idle */
	struct console_pace pace;
	enum console_paste_state state;
	uint8_t chunk[CONSOLE_PASTE_CHUNK]; /* what goes out at once, and comes back */
	size_t chunk_size, chunk_sent, echoed;
	unsigned missed; /* echoes in a row that did not come */
	uint64_t until_ms; /* of the state */
	uint64_t line_ms; /* when the line ended */
	uint64_t heard_ms;
	uint8_t tail[CONSOLE_PASTE_TAIL]; /* of the device's unfinished line */
	size_t tail_size;
	bool has_line_ended; /* the device's, since the chunk went out */
	char prompt[CONSOLE_PASTE_TAIL]; /* what stood in front of the first line; "": not known */
	size_t prompt_size;
};

void console_paste_init(struct console_paste *paste);
void console_paste_done(struct console_paste *paste);
/* Behind what waits already. tail: the device's unfinished line, as it came; it and pace count when nothing was
 * waiting. NO_SPACE: more than CONSOLE_PASTE_MAX would wait; nothing is added then. */
enum status console_paste_add(struct console_paste *paste, struct bytes text, const struct console_pace *pace,
			      struct bytes tail, uint64_t now_ms, struct error *reterr);
/* What may go out now, perhaps nothing; valid until the next call. sent says how much the line took. */
struct bytes console_paste_output(struct console_paste *paste, uint64_t now_ms);
void console_paste_sent(struct console_paste *paste, size_t count, uint64_t now_ms);
void console_paste_heard(struct console_paste *paste, struct bytes in, uint64_t now_ms);
/* When to ask for output again; UINT64_MAX: nothing waits. */
uint64_t console_paste_deadline(const struct console_paste *paste);
/* Bytes that wait; what went out before since it was idle. */
size_t console_paste_left(const struct console_paste *paste);
size_t console_paste_gone(const struct console_paste *paste);
void console_paste_stop(struct console_paste *paste);

/* Text from outside becomes text that may be typed: each kind of line end becomes enter, other control characters than
 * tabs are dropped (an escape sequence in a pasted line would be a key). Bytes of UTF-8 stay. */
enum status console_paste_clean(struct bytes text, struct bytes enter, struct buffer *to);

#endif
