/* recovery/loader/baud_raise.h
 *
 * The way to a higher baud rate at a loader's prompt, and the way back from wherever it ended. U-Boot: `setenv baudrate N` prints "## Switch
 * baudrate to N bps and press ENTER ...", changes after 50 ms and waits for a carriage return at the new rate (drivers/serial/serial.c
 * on_baudrate; common/cmd_nvedit.c before 2013); barebox says the same for its console's parameter (common/console.c). Nothing is ever saved,
 * so that a power cycle brings the device back in any case.
 *
 * Which rates a UART's divider can make exactly is in no document: a new rate counts only when a pattern comes back without an error
 * (echo_meter), else the device goes back and the next lower candidate is tried.
 *
 * What may be typed while it is not known at which rate the device listens: CAN and Ctrl-C, and Enter behind it only when it brought nothing at all,
 * for then the device waits for that Enter; never Enter into a line that could hold half a command. With baud_raise_find(), where another
 * session left the device, at its usual rate a space alone: who echoes it there is not at the raised rate.
 *
 * A machine: no descriptor, no clock, no allocation. The caller sends output(), and does what the event asks before the next call. */
#ifndef UNBRICK_RECOVERY_BAUD_RAISE_H
#define UNBRICK_RECOVERY_BAUD_RAISE_H

#include "recovery/loader/echo_meter.h"

enum { BAUD_RAISE_CANDIDATES_MAX = 8, BAUD_RAISE_TEXT_MAX = 160 };

enum baud_raise_event_type {
	BAUD_RAISE_NOTHING,
	BAUD_RAISE_ANNOUNCE,	/* the device is told .baud next: keep that, durably, before the next call */
	BAUD_RAISE_SET_LINE,	/* set this side to .baud; all that was sent has long left */
	BAUD_RAISE_UP,		/* final: both ends at .baud, and the pattern came back whole */
	BAUD_RAISE_BACK,	/* final: the device answers at its usual rate; .text why not higher, when that was wanted */
	BAUD_RAISE_LOST,	/* final: it answers at neither, or cannot be told; .text. Set this side to the usual rate: a power cycle brings it there */
};

struct baud_raise_event {
	enum baud_raise_event_type type;
	unsigned baud;
	const char *text;	/* valid until the next call */
	bool is_at_prompt;	/* of UP and BACK: its prompt was seen, the line is empty */
};

struct baud_raise {	/* caller-owned, not to be moved; fields are read-only outside baud_raise.c */
	struct dialog dialog;
	struct echo_meter meter;
	const char *command, *clean_keys;
	char prompt[DIALOG_PROMPT_MAX];
	enum { BAUD_GOES_UP, BAUD_GOES_DOWN, BAUD_IS_SOUGHT } goal;
	enum { BAUD_STEP_NONE, BAUD_STEP_TELL, BAUD_STEP_SET, BAUD_STEP_WAKE, BAUD_STEP_COMMAND, BAUD_STEP_PAUSE, BAUD_STEP_TEST } step;
	unsigned usual, raised;		/* raised: what the device may be at; 0: it was told none yet */
	unsigned here;			/* what this side is at */
	unsigned target;		/* of the command */
	unsigned candidate[BAUD_RAISE_CANDIDATES_MAX], candidate_count, next;
	unsigned misses;		/* rates at which nobody answered, one after the other */
	unsigned failures;		/* commands that did not arrive */
	bool may_be_restarted;		/* it was left for a while: who answers at the usual rate may be its system */
	bool was_told;			/* the device has had a command that may have changed its rate */
	bool has_stray_value;		/* a build that keeps the number and does not change its rate */
	/* of BAUD_STEP_WAKE */
	bool may_enter_first, has_heard, was_told_enter;
	unsigned nudges;
	char line[DIALOG_PROMPT_MAX + 8];	/* the unfinished one */
	size_t line_size;
	unsigned text_bytes, odd_bytes;
	uint8_t escape;
	char out[DIALOG_CLEAN_KEYS_MAX];
	size_t out_size;
	uint64_t deadline_ms, wake_end_ms;
	char text[BAUD_RAISE_TEXT_MAX];
};

/* prompt: of the loader. command: with %u for the rate, "setenv baudrate %u" (borrowed). clean_keys (borrowed): NULL: Ctrl-C.
 * usual: the rate at which it talks now, which it gets back. */
void baud_raise_init(struct baud_raise *raise, const char *prompt, const char *command, const char *clean_keys, unsigned usual);
/* From the prompt at the usual rate: the wanted rate, then usual steps below it. */
void baud_raise_up(struct baud_raise *raise, unsigned wanted, uint64_t now_ms);
/* Back to the usual rate, however the transfer ended; also in the middle of going up. */
void baud_raise_down(struct baud_raise *raise, uint64_t now_ms);
/* Another session left it, or the line was lost and is back. raised: what the device was told last; 0: this session's own. */
void baud_raise_find(struct baud_raise *raise, unsigned raised, uint64_t now_ms);
/* Consumes *in through the byte that causes an event; call again until *in is empty and nothing comes. */
struct baud_raise_event baud_raise_input(struct baud_raise *raise, struct bytes *in, uint64_t now_ms);
struct baud_raise_event baud_raise_tick(struct baud_raise *raise, uint64_t now_ms);
/* Behind BAUD_RAISE_ANNOUNCE: this side cannot, or may not; the next lower rate, or the end. */
struct baud_raise_event baud_raise_refuse(struct baud_raise *raise, const char *why);
struct bytes baud_raise_output(const struct baud_raise *raise);
void baud_raise_sent(struct baud_raise *raise, size_t count, uint64_t now_ms);
uint64_t baud_raise_deadline(const struct baud_raise *raise);	/* UINT64_MAX: nothing is waited for */

#endif
