#include "recovery/loader/stop_boot.h"

#include <string.h>

#include "recovery/loader/console_state.h"
#include "recovery/protocol/dialog.h"
#include "src/base/text.h"

/* What a loader says while it can still be stopped, and what a kernel says when it cannot any more. */
static const char *const banners[] = { "U-Boot 1.", "U-Boot 20", "U-Boot SPL", "U-Boot TPL", "DRAM:", "stop autoboot", "barebox 20", "RedBoot(tm)",
	"CFE version", "---RealTek(", "Boot and Recovery Environment", "ZyXEL zloader", "Bootbase Version" };
/* Prompts of a system that is up already: no loader has them. */
static const char *const not_loader[] = { "autoboot", "login:", "assword:" };
static const char *const too_late[] = { "Starting kernel", "Linux version ", "Booting Linux on", "Uncompressing Linux" };

void stop_boot_init(struct stop_boot *stop, const char *keys, const char *at, const char *prompt)
{
	*stop = (struct stop_boot){
		.state = STOP_AWAIT_START, .keys = keys && *keys ? keys : " ", .at = at, .prompt = prompt, .deadline_ms = UINT64_MAX,
		.clean_keys = "\x03",
	};
}

void stop_boot_clean_with(struct stop_boot *stop, const char *keys)
{
	stop->clean_keys = keys && *keys ? keys : "\x03";
}

static void send_key(struct stop_boot *stop, uint64_t now_ms)
{
	stop->out = stop->keys;
	stop->out_size = strlen(stop->keys);
	stop->deadline_ms = now_ms + STOP_BOOT_KEY_MS;
}

static void clean_line(struct stop_boot *stop, uint64_t now_ms)
{
	stop->was_sending = stop->state == STOP_SENDING || (stop->state == STOP_CLEANING && stop->was_sending);
	stop->state = STOP_CLEANING;
	stop->out = stop->clean_keys;
	stop->out_size = strlen(stop->clean_keys);
	stop->tail_size = 0;
	stop->deadline_ms = now_ms + STOP_BOOT_QUIET_MS;
}

void stop_boot_passwords(struct stop_boot *stop, const char *const *passwords, unsigned count)
{
	stop->passwords = passwords;
	stop->password_count = count < STOP_BOOT_REFUSALS ? count : STOP_BOOT_REFUSALS;
	stop->password_next = 0;
}

void stop_boot_at_password(struct stop_boot *stop, uint64_t now_ms)
{
	text_copy(stop->tail, sizeof(stop->tail), "password:");
	stop->tail_size = strlen(stop->tail);
	stop->state = STOP_AT_PASSWORD;
	stop->deadline_ms = now_ms + STOP_BOOT_QUIET_MS;
}

void stop_boot_at_prompt(struct stop_boot *stop, uint64_t now_ms)
{
	clean_line(stop, now_ms);
}

static bool tail_holds(const struct stop_boot *stop, const char *text)
{
	return memmem(stop->tail, stop->tail_size, text, strlen(text)) != NULL;
}

static bool tail_holds_any(const struct stop_boot *stop, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (tail_holds(stop, list[i]))
			return true;
	return false;
}

/* Where no profile names the prompt: one that is known, or what looks like one. A question or a menu ends as prompts do ("(Y)es, (N)o->",
 * "your choice:"); Ctrl-C and what follows would answer it. */
static bool may_be_prompt(const struct stop_boot *stop, size_t size)
{
	struct console_seen seen = { .tail = bytes_of(stop->tail, size), .quiet_ms = CONSOLE_SETTLE_MS, .in_loader = true };
	struct console_state state;

	if (size == 0)
		return false;
	console_state_of(&seen, &state);
	if (state.at == CONSOLE_AT_LOADER && state.confidence >= CONSOLE_SURE)
		return true;
	return (state.at == CONSOLE_AT_LOADER || state.at == CONSOLE_AT_SHELL || state.at == CONSOLE_AT_PROGRAM || state.at == CONSOLE_AT_CONTINUATION) &&
	       dialog_looks_like_prompt(stop->tail, size) && !tail_holds_any(stop, not_loader, sizeof(not_loader) / sizeof(not_loader[0]));
}

/* The prompt stands on the line, alone but for blanks. */
static bool is_prompt(const struct stop_boot *stop, size_t size)
{
	size_t wanted = stop->prompt ? strlen(stop->prompt) : 0;

	while (wanted > 0 && stop->prompt[wanted - 1] == ' ')
		wanted--;
	while (size > 0 && stop->tail[size - 1] == ' ')
		size--;
	if (wanted > 0)
		return size == wanted && memcmp(stop->tail, stop->prompt, wanted) == 0;
	return may_be_prompt(stop, size);
}

/* The same, but keys that came too late may stand behind it. */
static bool at_prompt(const struct stop_boot *stop)
{
	size_t size = stop->tail_size;

	while (!is_prompt(stop, size)) {
		if (size == 0 || (stop->tail[size - 1] != ' ' && strchr(stop->keys, stop->tail[size - 1]) == NULL))
			return false;
		size--;
	}
	return true;
}

/* "Password: ", "please input password::"; behind it perhaps the echo of keys that were under way. */
static bool asks_password(const struct stop_boot *stop, size_t *ret_stray)
{
	static const char *const questions[] = { "password", "passwd" };
	char line[STOP_BOOT_TAIL + 1];
	const char *at = NULL;

	memcpy(line, stop->tail, stop->tail_size);
	line[stop->tail_size] = '\0';
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		for (const char *next = strcasestr(line, questions[i]); next != NULL; next = strcasestr(next + 1, questions[i]))
			at = next + strlen(questions[i]);
	if (at == NULL || at[strspn(at, " ")] != ':')
		return false;
	at += strspn(at, " :");
	*ret_stray = 0;
	for (; *at; at++) {
		if (*at != ' ' && *at != '*' && strchr(stop->keys, *at) == NULL)
			return false;
		*ret_stray += *at == '*' || strchr(stop->keys, *at) != NULL;
	}
	return true;
}

static void type_password(struct stop_boot *stop, const char *password, uint64_t now_ms)
{
	text_format(stop->typed, sizeof(stop->typed), "%s\r", password);
	stop->out = stop->typed;
	stop->out_size = strlen(stop->typed);
	stop->tail_size = 0;
	stop->was_wiped = stop->is_locked = false;
	stop->has_answered = true;
	stop->deadline_ms = now_ms + 10 * STOP_BOOT_QUIET_MS;
}

bool stop_boot_give(struct stop_boot *stop, const char *password, uint64_t now_ms)
{
	if (strlen(password) > STOP_BOOT_PASSWORD_MAX)
		return false;
	type_password(stop, password, now_ms);
	return true;
}

/* No key may become a part of the password: what was under way is taken back first. */
static void wipe(struct stop_boot *stop, size_t stray, uint64_t now_ms)
{
	size_t count = stray < STOP_BOOT_PASSWORD_MAX ? stray : STOP_BOOT_PASSWORD_MAX;

	memset(stop->typed, '\b', count);
	stop->out = stop->typed;
	stop->out_size = count;
	stop->was_wiped = true;
	stop->deadline_ms = now_ms + 2 * STOP_BOOT_QUIET_MS;
}

static enum stop_boot_event_type answer_password(struct stop_boot *stop, size_t stray, uint64_t now_ms)
{
	stop->deadline_ms = UINT64_MAX;
	if (stray > 0 && !stop->was_wiped) {
		wipe(stop, stray, now_ms);
		return STOP_BOOT_NOTHING;
	}
	if (stop->password_next < stop->password_count) {
		type_password(stop, stop->passwords[stop->password_next++], now_ms);
		return STOP_BOOT_PASSWORD;
	}
	if (stop->is_locked)
		return STOP_BOOT_NOTHING;
	stop->is_locked = true;
	return STOP_BOOT_LOCKED;
}

static void follow_line(struct stop_boot *stop, uint8_t byte)
{
	if (text_in_escape(&stop->escape, byte))
		return;
	if (byte == '\n' || byte == '\r') {
		stop->tail_size = 0;
	} else if (byte >= 0x20) {
		if (stop->tail_size == STOP_BOOT_TAIL) {
			memmove(stop->tail, stop->tail + 1, STOP_BOOT_TAIL - 1);
			stop->tail_size--;
		}
		stop->tail[stop->tail_size++] = (char)byte;
	}
}

static enum stop_boot_event_type on_byte(struct stop_boot *stop, uint8_t byte, uint64_t now_ms)
{
	size_t stray;

	follow_line(stop, byte);
	if (stop->state == STOP_SETTLED)
		return STOP_BOOT_NOTHING;
	if (byte >= 0x20 && tail_holds_any(stop, too_late, sizeof(too_late) / sizeof(too_late[0]))) {
		bool was_sending = stop->state == STOP_SENDING || (stop->state == STOP_CLEANING && stop->was_sending);

		stop->state = STOP_AWAIT_START;
		stop->deadline_ms = UINT64_MAX;
		stop->out_size = 0;
		stop->tail_size = 0;
		return was_sending ? STOP_BOOT_MISSED : STOP_BOOT_NOTHING;
	}
	if (stop->state == STOP_AWAIT_START && byte >= 0x20 &&
	    (stop->at && *stop->at ? tail_holds(stop, stop->at) || tail_holds(stop, "stop autoboot")
				   : tail_holds_any(stop, banners, sizeof(banners) / sizeof(banners[0])))) {
		stop->state = STOP_SENDING;
		send_key(stop, now_ms);
		return STOP_BOOT_STARTED;
	}
	if (stop->state == STOP_SENDING && byte >= 0x20 && asks_password(stop, &stray)) {
		stop->state = STOP_AT_PASSWORD;
		stop->out_size = 0;
		stop->was_wiped = stop->is_locked = false;
	}
	/* It was no question ("password: off"), or it was refused and starts anew. */
	if (stop->state == STOP_AT_PASSWORD && byte >= 0x20 && !asks_password(stop, &stray) && (!stop->has_answered || tail_holds(stop, "stop autoboot"))) {
		stop->state = STOP_SENDING;
		send_key(stop, now_ms);
	}
	if (stop->state == STOP_CLEANING || stop->state == STOP_AT_PASSWORD)
		stop->deadline_ms = now_ms + STOP_BOOT_QUIET_MS;
	return STOP_BOOT_NOTHING;
}

enum stop_boot_event_type stop_boot_input(struct stop_boot *stop, struct bytes *in, uint64_t now_ms)
{
	stop->last_byte_ms = now_ms;
	while (in->size > 0) {
		enum stop_boot_event_type type = on_byte(stop, in->data[0], now_ms);

		*in = bytes_from(*in, 1);
		if (type != STOP_BOOT_NOTHING)
			return type;
	}
	return STOP_BOOT_NOTHING;
}

static void learn_prompt(struct stop_boot *stop)
{
	size_t size = stop->tail_size;

	while (size > 1 && stop->tail[size - 1] == ' ' && stop->tail[size - 2] == ' ')
		size--;
	if (size >= sizeof(stop->learnt))
		size = sizeof(stop->learnt) - 1;
	memcpy(stop->learnt, stop->tail, size);
	stop->learnt[size] = '\0';
}

enum stop_boot_event_type stop_boot_tick(struct stop_boot *stop, uint64_t now_ms)
{
	size_t stray;

	if (now_ms < stop->deadline_ms)
		return STOP_BOOT_NOTHING;
	if (stop->state == STOP_AT_PASSWORD) {
		if (asks_password(stop, &stray))
			return answer_password(stop, stray, now_ms);
		stop->deadline_ms = UINT64_MAX;
		if (at_prompt(stop))
			clean_line(stop, now_ms);
		return STOP_BOOT_NOTHING;
	}
	if (stop->state == STOP_SENDING) {
		if (!at_prompt(stop))
			send_key(stop, now_ms);
		else if (now_ms - stop->last_byte_ms >= STOP_BOOT_KEY_MS)
			clean_line(stop, now_ms);
		else	/* no key now: its echo would keep the line from being quiet */
			stop->deadline_ms = stop->last_byte_ms + STOP_BOOT_KEY_MS;
		return STOP_BOOT_NOTHING;
	}
	stop->deadline_ms = UINT64_MAX;
	if (stop->state != STOP_CLEANING)
		return STOP_BOOT_NOTHING;
	if (is_prompt(stop, stop->tail_size)) {
		learn_prompt(stop);
		stop->state = STOP_SETTLED;
		return STOP_BOOT_DONE;
	}
	if (at_prompt(stop)) {	/* a late key stands in the device's line */
		clean_line(stop, now_ms);
	} else if (stop->was_sending) {
		/* It was no prompt after all ("Net: " and a pause): the window may still be to come. */
		stop->state = STOP_SENDING;
		send_key(stop, now_ms);
	} else {
		stop->state = STOP_AWAIT_START;
	}
	return STOP_BOOT_NOTHING;
}

struct bytes stop_boot_output(const struct stop_boot *stop)
{
	return bytes_of(stop->out, stop->out_size);
}

void stop_boot_sent(struct stop_boot *stop, size_t count)
{
	if (count > stop->out_size)
		count = stop->out_size;
	if (count == 0)
		return;
	stop->out += count;
	stop->out_size -= count;
}

uint64_t stop_boot_deadline(const struct stop_boot *stop)
{
	return stop->deadline_ms;
}

const char *stop_boot_prompt(const struct stop_boot *stop)
{
	return stop->learnt;
}
