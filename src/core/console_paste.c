#include "src/core/console_paste.h"

#include <string.h>

enum {
	ECHO_MS = 250,
	ECHOES_MISSED_MAX = 4, /* then nobody echoes */
	BLIND_CHAR_MS = 1, /* about a byte at 9600 Bd */
	LINE_QUIET_MS = 50,
	NEW_PROMPT_MS = 300, /* what stands there so long and ends as a prompt does is one */
	PROMPT_MS = 10000, /* without a word: then it was no prompt that stood there */
};

void console_paste_init(struct console_paste *paste)
{
	memset(paste, 0, sizeof(*paste));
	buffer_init(&paste->text, CONSOLE_PASTE_MAX);
}

void console_paste_done(struct console_paste *paste)
{
	buffer_done(&paste->text);
}

size_t console_paste_left(const struct console_paste *paste)
{
	return paste->text.size - paste->at;
}

size_t console_paste_gone(const struct console_paste *paste)
{
	return paste->total - console_paste_left(paste);
}

void console_paste_stop(struct console_paste *paste)
{
	buffer_clear(&paste->text);
	paste->at = paste->total = 0;
	paste->state = CONSOLE_PASTE_IDLE;
}

static bool is_line_end(uint8_t byte)
{
	return byte == '\r' || byte == '\n';
}

/* "=> ", "# ", "login: ", "C:\>": a prompt ends so, with or without a space. */
static bool looks_like_prompt(const uint8_t *text, size_t size)
{
	while (size > 0 && text[size - 1] == ' ')
		size--;
	return size > 0 && memchr("#>$%:]", text[size - 1], 6) != NULL;
}

static void take_tail(struct console_paste *paste, struct bytes in)
{
	for (size_t i = 0; i < in.size; i++) {
		if (is_line_end(in.data[i])) {
			paste->tail_size = 0;
			paste->has_line_ended = true;
			continue;
		}
		if (paste->tail_size == sizeof(paste->tail))
			memmove(paste->tail, paste->tail + 1, --paste->tail_size);
		paste->tail[paste->tail_size++] = in.data[i];
	}
}

static void learn_prompt(struct console_paste *paste)
{
	paste->prompt_size = looks_like_prompt(paste->tail, paste->tail_size) ? paste->tail_size : 0;
	memcpy(paste->prompt, paste->tail, paste->prompt_size);
}

static bool is_paced(const struct console_paste *paste)
{
	return paste->pace.awaits_echo || paste->pace.char_ms > 0 || paste->pace.line_ms > 0;
}

static void begin(struct console_paste *paste, const struct console_pace *pace, struct bytes tail)
{
	paste->pace = *pace;
	paste->state = CONSOLE_PASTE_SENDING;
	paste->chunk_size = paste->chunk_sent = paste->tail_size = 0;
	paste->until_ms = 0;
	paste->missed = 0;
	paste->total = 0;
	take_tail(paste, tail);
	learn_prompt(paste);
}

enum status console_paste_add(struct console_paste *paste, struct bytes text, const struct console_pace *pace,
			      struct bytes tail, uint64_t now_ms, struct error *reterr)
{
	buffer_consume(&paste->text, paste->at);
	paste->at = 0;
	if (buffer_append(&paste->text, text) != STATUS_OK) {
		error_set(reterr, STATUS_NO_SPACE, "%zu bytes are too much to be typed: %zu wait already", text.size,
			  paste->text.size);
		return error_hint(reterr, "send it as a file, by a protocol that the device knows");
	}
	if (paste->state == CONSOLE_PASTE_IDLE && text.size > 0) {
		begin(paste, pace, tail);
		paste->heard_ms = now_ms;
	}
	paste->total += text.size;
	return STATUS_OK;
}

/* ---- out ---- */

/* Up to the end of the line: what comes behind it waits for the prompt. */
static void cut_chunk(struct console_paste *paste)
{
	const uint8_t *from = paste->text.data + paste->at;
	size_t left = console_paste_left(paste), most = paste->pace.char_ms > 0 ? 1 : CONSOLE_PASTE_CHUNK, size = 0;

	while (size < left && size < most && (size == 0 || !is_line_end(from[size - 1])))
		size++;
	/* CR LF is one end */
	if (size > 0 && size < left && size < CONSOLE_PASTE_CHUNK && from[size - 1] == '\r' && from[size] == '\n')
		size++;
	memcpy(paste->chunk, from, size);
	paste->chunk_size = size;
	paste->chunk_sent = paste->echoed = 0;
	paste->has_line_ended = false;
}

static void go_on(struct console_paste *paste)
{
	paste->chunk_size = paste->chunk_sent = 0;
	paste->state = console_paste_left(paste) > 0 ? CONSOLE_PASTE_SENDING : CONSOLE_PASTE_IDLE;
	if (paste->state == CONSOLE_PASTE_IDLE)
		console_paste_stop(paste);
}

static void end_chunk(struct console_paste *paste, uint64_t now_ms)
{
	bool is_line = is_line_end(paste->chunk[paste->chunk_size - 1]);

	if (is_line && console_paste_left(paste) > 0) {
		paste->state = CONSOLE_PASTE_AT_LINE;
		paste->line_ms = now_ms;
		return;
	}
	go_on(paste);
	paste->until_ms = now_ms + paste->pace.char_ms;
}

/* Nobody echoes: from here on time alone is left. */
static void go_blind(struct console_paste *paste)
{
	paste->pace.awaits_echo = false;
	if (paste->pace.char_ms == 0)
		paste->pace.char_ms = BLIND_CHAR_MS;
	if (paste->pace.line_ms == 0)
		paste->pace.line_ms = LINE_QUIET_MS;
}

static void end_echo(struct console_paste *paste, bool came, uint64_t now_ms)
{
	paste->missed = came ? 0 : paste->missed + 1;
	if (paste->missed == ECHOES_MISSED_MAX)
		go_blind(paste);
	end_chunk(paste, now_ms);
}

/* When the wait behind a line is over if nothing more comes. */
static uint64_t line_deadline(const struct console_paste *paste)
{
	uint64_t quiet_ms = paste->heard_ms > paste->line_ms ? paste->heard_ms : paste->line_ms;
	uint64_t line_ms = paste->line_ms + paste->pace.line_ms;

	if (!paste->pace.awaits_echo)
		return line_ms;
	if (paste->prompt_size > 0 && looks_like_prompt(paste->tail, paste->tail_size))
		quiet_ms += NEW_PROMPT_MS;
	else
		quiet_ms += paste->prompt_size > 0 ? PROMPT_MS : LINE_QUIET_MS;
	return quiet_ms > line_ms ? quiet_ms : line_ms;
}

static bool is_prompt_back(const struct console_paste *paste)
{
	return paste->has_line_ended && paste->prompt_size > 0 && paste->tail_size == paste->prompt_size &&
	       memcmp(paste->tail, paste->prompt, paste->prompt_size) == 0;
}

static void look_at_line(struct console_paste *paste, uint64_t now_ms)
{
	bool is_back = paste->pace.awaits_echo && is_prompt_back(paste) &&
		       now_ms >= paste->line_ms + paste->pace.line_ms;

	if (!is_back && now_ms < line_deadline(paste))
		return;
	if (!is_back && paste->pace.awaits_echo)
		learn_prompt(paste); /* another one stands there, or none */
	paste->until_ms = now_ms;
	go_on(paste);
}

static void look(struct console_paste *paste, uint64_t now_ms)
{
	if (paste->state == CONSOLE_PASTE_AT_ECHO && now_ms >= paste->until_ms)
		end_echo(paste, false, now_ms);
	if (paste->state == CONSOLE_PASTE_AT_LINE)
		look_at_line(paste, now_ms);
}

struct bytes console_paste_output(struct console_paste *paste, uint64_t now_ms)
{
	look(paste, now_ms);
	if (paste->state != CONSOLE_PASTE_SENDING || now_ms < paste->until_ms)
		return bytes_of(NULL, 0);
	if (!is_paced(paste))
		return bytes_of(paste->text.data + paste->at, console_paste_left(paste));
	if (paste->chunk_size == 0)
		cut_chunk(paste);
	return bytes_of(paste->chunk + paste->chunk_sent, paste->chunk_size - paste->chunk_sent);
}

void console_paste_sent(struct console_paste *paste, size_t count, uint64_t now_ms)
{
	if (paste->state != CONSOLE_PASTE_SENDING || count == 0)
		return;
	paste->at += count;
	if (!is_paced(paste)) {
		go_on(paste);
		return;
	}
	paste->chunk_sent += count;
	if (paste->chunk_sent < paste->chunk_size)
		return;
	if (!paste->pace.awaits_echo) {
		end_chunk(paste, now_ms);
		return;
	}
	if (paste->echoed == paste->chunk_size) {
		end_echo(paste, true, now_ms);
		return;
	}
	paste->state = CONSOLE_PASTE_AT_ECHO;
	paste->until_ms = now_ms + ECHO_MS;
}

/* ---- in ---- */

/* In their order; what the device says of its own may stand between. */
static void take_echo(struct console_paste *paste, uint8_t byte)
{
	uint8_t awaited = paste->chunk[paste->echoed];

	if (byte == awaited || (is_line_end(awaited) && is_line_end(byte)))
		paste->echoed++;
	/* a device answers CR LF with one end or with both */
	while (paste->echoed > 0 && paste->echoed < paste->chunk_sent && paste->chunk[paste->echoed] == '\n' &&
	       paste->chunk[paste->echoed - 1] == '\r')
		paste->echoed++;
}

void console_paste_heard(struct console_paste *paste, struct bytes in, uint64_t now_ms)
{
	if (paste->state == CONSOLE_PASTE_IDLE)
		return;
	paste->heard_ms = now_ms;
	take_tail(paste, in);
	if (!paste->pace.awaits_echo || paste->state == CONSOLE_PASTE_AT_LINE)
		return;
	for (size_t i = 0; i < in.size && paste->echoed < paste->chunk_sent; i++)
		take_echo(paste, in.data[i]);
	if (paste->state == CONSOLE_PASTE_AT_ECHO && paste->echoed == paste->chunk_size)
		end_echo(paste, true, now_ms);
}

uint64_t console_paste_deadline(const struct console_paste *paste)
{
	uint64_t line_ms;

	switch (paste->state) {
	case CONSOLE_PASTE_IDLE: return UINT64_MAX;
	case CONSOLE_PASTE_AT_LINE:
		line_ms = paste->line_ms + paste->pace.line_ms;
		return paste->pace.awaits_echo && is_prompt_back(paste) ? line_ms : line_deadline(paste);
	default: return paste->until_ms;
	}
}

/* ---- what may be typed ---- */

enum status console_paste_clean(struct bytes text, struct bytes enter, struct buffer *to)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < text.size && status == STATUS_OK; i++) {
		uint8_t byte = text.data[i];

		if (byte == '\n' && i > 0 && text.data[i - 1] == '\r')
			continue;
		if (is_line_end(byte))
			status = buffer_append(to, enter);
		else if ((byte >= ' ' && byte != 0x7f) || byte == '\t')
			status = buffer_append(to, bytes_of(&byte, 1));
	}
	return status;
}
