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

enum {
	STOP_BOOT_KEY_MS = 30,
	STOP_BOOT_QUIET_MS = 120,
	STOP_BOOT_TAIL = 256,
	STOP_BOOT_PASSWORD_MAX = 64,	/* U-Boot's own limit (common/autoboot.c, MAX_DELAY_STOP_STR) */
	STOP_BOOT_REFUSALS = 3,		/* some lock themselves until power-off */
};

enum stop_boot_event_type {
	STOP_BOOT_NOTHING,
	STOP_BOOT_STARTED,	/* the device starts: a banner or the window's text was seen */
	STOP_BOOT_PASSWORD,	/* a password went out: .password_next - 1 of those given, or the operator's */
	STOP_BOOT_LOCKED,	/* it asks for a password, and there is none to try: stop_boot_give() */
	STOP_BOOT_MISSED,	/* the kernel runs: too late, power has to be cycled again */
	STOP_BOOT_DONE,		/* final: at the prompt, line clean; stop_boot_prompt() */
};

struct stop_boot {	/* caller-owned; fields belong to stop_boot.c */
	enum { STOP_AWAIT_START, STOP_SENDING, STOP_AT_PASSWORD, STOP_CLEANING, STOP_SETTLED } state;
	const char *keys, *at, *prompt, *clean_keys;
	char tail[STOP_BOOT_TAIL];	/* the unfinished line */
	size_t tail_size;
	char learnt[64];
	const char *out;
	size_t out_size;
	uint64_t deadline_ms, last_byte_ms;
	const char *const *passwords;
	unsigned password_count, password_next;
	bool was_wiped;		/* stop keys that came behind the question for a password are taken back */
	bool is_locked, has_answered;
	char typed[STOP_BOOT_PASSWORD_MAX + 2];
	bool was_sending;	/* before the line was cleaned */
	uint8_t escape;		/* of text_in_escape() */
};

/* All borrowed; NULL: a space; any banner; any prompt-like last line. */
void stop_boot_init(struct stop_boot *stop, const char *keys, const char *at, const char *prompt);
/* keys (borrowed): what empties the device's line where Ctrl-C does not, and brings its prompt. */
void stop_boot_clean_with(struct stop_boot *stop, const char *keys);
/* What is typed where the loader asks for a password while it is being stopped, one after the other, each once (borrowed). */
void stop_boot_passwords(struct stop_boot *stop, const char *const *passwords, unsigned count);
/* The device is known to ask for its password already. */
void stop_boot_at_password(struct stop_boot *stop, uint64_t now_ms);
/* Behind STOP_BOOT_LOCKED: the operator's. False: too long. */
bool stop_boot_give(struct stop_boot *stop, const char *password, uint64_t now_ms);
/* The device is known to stand at a prompt already: only clean the line and learn it. */
void stop_boot_at_prompt(struct stop_boot *stop, uint64_t now_ms);
enum stop_boot_event_type stop_boot_input(struct stop_boot *stop, struct bytes *in, uint64_t now_ms);
enum stop_boot_event_type stop_boot_tick(struct stop_boot *stop, uint64_t now_ms);
struct bytes stop_boot_output(const struct stop_boot *stop);
void stop_boot_sent(struct stop_boot *stop, size_t count);
uint64_t stop_boot_deadline(const struct stop_boot *stop);
const char *stop_boot_prompt(const struct stop_boot *stop);

#endif
