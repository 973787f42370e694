/* recovery/loader/stop_boot.h
 *
 * Getting a bootloader's prompt: waits for the sign that the window is open, sends the stop key every 30 ms (never a flood: what the
 * loader does not eat lands in its command line), recognises the prompt once the line is quiet behind it, and cleans the line with
 * Ctrl-C until the prompt stands there alone. A machine: no descriptor, no clock. The default key is a space, which is harmless at every prompt; Enter is never used unasked, since
 * an empty Enter repeats the last command. Source: U-Boot common/autoboot.c; facts in protocols/uboot-console. */
#ifndef UNBRICK_RECOVERY_STOP_BOOT_H
#define UNBRICK_RECOVERY_STOP_BOOT_H

#include <stdbool.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

enum { STOP_BOOT_KEY_MS = 30, STOP_BOOT_QUIET_MS = 120, STOP_BOOT_TAIL = 256 };

enum stop_boot_event_type {
	STOP_BOOT_NOTHING,
	STOP_BOOT_STARTED,	/* the device starts: a banner or the window's text was seen */
	STOP_BOOT_MISSED,	/* the kernel runs: too late, power has to be cycled again */
	STOP_BOOT_DONE,		/* final: at the prompt, line clean; stop_boot_prompt() */
};

struct stop_boot {	/* caller-owned; fields belong to stop_boot.c */
	enum { STOP_AWAIT_START, STOP_SENDING, STOP_CLEANING, STOP_SETTLED } state;
	const char *keys, *at, *prompt, *clean_keys;
	char tail[STOP_BOOT_TAIL];	/* the unfinished line */
	size_t tail_size;
	char learnt[64];
	const char *out;
	size_t out_size;
	uint64_t deadline_ms, last_byte_ms;
	bool was_sending;	/* before the line was cleaned */
	uint8_t escape;		/* of text_in_escape() */
};

/* All borrowed; NULL: a space; any banner; any prompt-like last line. */
void stop_boot_init(struct stop_boot *stop, const char *keys, const char *at, const char *prompt);
/* keys (borrowed): what empties the device's line where Ctrl-C does not, and brings its prompt. */
void stop_boot_clean_with(struct stop_boot *stop, const char *keys);
/* The device is known to stand at a prompt already: only clean the line and learn it. */
void stop_boot_at_prompt(struct stop_boot *stop, uint64_t now_ms);
enum stop_boot_event_type stop_boot_input(struct stop_boot *stop, struct bytes *in, uint64_t now_ms);
enum stop_boot_event_type stop_boot_tick(struct stop_boot *stop, uint64_t now_ms);
struct bytes stop_boot_output(const struct stop_boot *stop);
void stop_boot_sent(struct stop_boot *stop, size_t count);
uint64_t stop_boot_deadline(const struct stop_boot *stop);
const char *stop_boot_prompt(const struct stop_boot *stop);

#endif
