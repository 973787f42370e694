/* recovery/protocol/dialog.h
 *
 * One command at a prompt, as a machine: bytes and time in, bytes and events out. The command is typed in small pieces and each
 * piece waits for its echo, since a bootloader polls its UART and loses what comes too fast; a wrong echo ends the line with
 * Ctrl-C (never Enter: it would run what arrived), waits for the prompt that proves the line empty, and types it again, byte by
 * byte. Nothing is typed ahead. The reply ends where the prompt stands alone on the last line and the line stays quiet.
 * A message that pushed the prompt away is answered, after the full silence, with one Ctrl-C: the prompt comes again.
 * Used for bootloaders and for shells alike. No descriptor, no clock, no allocation. Times are monotonic milliseconds. */
#ifndef UNBRICK_RECOVERY_DIALOG_H
#define UNBRICK_RECOVERY_DIALOG_H

#include <stdbool.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

enum {
	DIALOG_COMMAND_MAX = 512,
	DIALOG_PROMPT_MAX = 48,
	DIALOG_REPLY_MAX = 32768,	/* more is dropped; the last line is still followed */
	DIALOG_TRIES = 4,		/* to type a line until its echo is right */
	DIALOG_PIECE = 8,		/* bytes typed before their echo is awaited: half of a 16550's FIFO */
	DIALOG_ECHO_MS = 1000,
	DIALOG_QUIET_MS = 30,		/* of silence behind a prompt */
	DIALOG_CLEAN_MS = 5000,		/* for the prompt behind Ctrl-C, however much the device talks */
	DIALOG_CLEAN_KEYS_MAX = 128,
};

enum dialog_event_type {
	DIALOG_NOTHING,
	DIALOG_RETYPE,		/* the echo was wrong; the line is typed again */
	DIALOG_REPLIED,		/* final: dialog_reply() is complete */
	DIALOG_MATCHED,		/* final: the text given as `until` came before a prompt */
	DIALOG_FAILED,		/* final: .status TIMEOUT (no reply) or PROTOCOL (the echo never came right) */
};

struct dialog_event {
	enum dialog_event_type type;
	enum status status;
};

struct dialog {		/* caller-owned; fields belong to dialog.c */
	enum { DIALOG_IDLE, DIALOG_CLEANING, DIALOG_TYPING, DIALOG_RUNNING, DIALOG_OVER } state;
	char prompt[DIALOG_PROMPT_MAX];
	char command[DIALOG_COMMAND_MAX];
	const char *until;
	bool no_echo;
	bool is_prompt_pushed;	/* the last whole line began with the prompt: a message came behind it */
	bool was_nudged;
	uint8_t escape;		/* of text_in_escape(): a terminal sequence is no part of echo, reply or prompt */
	unsigned blanks;	/* unexpected ones in the echo that no cursor movement has explained yet */
	size_t typed, echoed;	/* bytes of command handed out, bytes whose echo came */
	size_t piece;
	unsigned tries;
	char out[DIALOG_CLEAN_KEYS_MAX];
	const char *clean_keys;
	size_t out_size;
	uint64_t silence_ms;
	uint64_t deadline_ms, clean_end_ms;
	char last_line[DIALOG_COMMAND_MAX];
	size_t last_line_size;
	char reply[DIALOG_REPLY_MAX];
	size_t reply_size;
};

/* prompt: as it stands on the line, "=> ". Trailing spaces are not compared. */
void dialog_init(struct dialog *dialog, const char *prompt);
/* keys (borrowed): what empties the device's line where Ctrl-C does not, and brings its prompt. */
void dialog_clean_with(struct dialog *dialog, const char *keys);
/* Begins a command; the one before must be over. silence_ms: how long the device may say nothing while it works.
 * until (borrowed, or NULL): a text whose coming ends the command as well (after `reset` no prompt returns). */
enum status dialog_start(struct dialog *dialog, const char *command, uint64_t silence_ms, const char *until, uint64_t now_ms);
/* The same without echo (a password). */
enum status dialog_start_hidden(struct dialog *dialog, const char *command, uint64_t silence_ms, const char *until, uint64_t now_ms);
/* Types nothing: waits for the prompt that ends what the device is doing already (a file has just been sent to it). */
enum status dialog_await(struct dialog *dialog, uint64_t silence_ms, uint64_t now_ms);
/* Has a piece of the line gone whose echo has not come back whole? */
bool dialog_awaits_echo(const struct dialog *dialog);
/* Consumes *in through the byte that causes an event; call again with the rest. */
struct dialog_event dialog_input(struct dialog *dialog, struct bytes *in, uint64_t now_ms);
struct dialog_event dialog_tick(struct dialog *dialog, uint64_t now_ms);
/* Bytes for the line, valid until the next call; dialog_sent says how many it took. Also after DIALOG_FAILED: a Ctrl-C may be left,
 * without which the next command would be typed behind half of this one. */
struct bytes dialog_output(const struct dialog *dialog);
void dialog_sent(struct dialog *dialog, size_t count);
uint64_t dialog_deadline(const struct dialog *dialog);
/* What came between the echo and the prompt: lines ended by '\n', no '\r', no escape sequences. NUL-ended. */
const char *dialog_reply(const struct dialog *dialog);

/* Is the text of an unfinished line a prompt? Generic form: up to 40 printable bytes that end in one of > # $ : and perhaps a space. */
bool dialog_looks_like_prompt(const char *line, size_t size);

#endif
