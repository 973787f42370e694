#include "recovery/loader/baud_raise.h"

#include <stdio.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	COMMAND_MS = 3000,
	SWITCH_MS = 150,	/* the device waits 50 ms, changes, waits 50 ms, listens */
	WAKE_QUIET_MS = 80,	/* behind a prompt */
	WAKE_MS = 700,		/* for an answer to what was typed */
	WAKE_NUDGES = 6,
	WAKE_TALK_MS = 20000,	/* a receiver that was left in the middle says C once a second, and gives up within so long */
	FIND_SPACES = 2,
	ROUNDS = 4,		/* usual, raised, usual, raised */
	FAILURES_MAX = 4,	/* of commands at a prompt that is there: the line is too bad */
	TEST_LINES = 16,
	TEXT_MIN = 64,		/* readable bytes that show that a start is going on */
};

/* What is common above the usual rate; what a divider makes of them shows in the test. */
static const unsigned steps[] = { 4000000, 3000000, 2000000, 1500000, 1000000, 921600, 460800, 230400, 115200, 57600, 38400 };

static struct baud_raise_event nothing(void)
{
	return (struct baud_raise_event){ .type = BAUD_RAISE_NOTHING };
}

void baud_raise_init(struct baud_raise *raise, const char *prompt, const char *command, const char *clean_keys, unsigned usual)
{
	memset(raise, 0, sizeof(*raise));
	text_copy(raise->prompt, sizeof(raise->prompt), prompt);
	raise->command = command;
	raise->clean_keys = clean_keys && *clean_keys ? clean_keys : "\x03";
	raise->usual = raise->here = usual;
	raise->deadline_ms = UINT64_MAX;
}

/* ---- getting the prompt ---- */

static void type(struct baud_raise *raise, const char *keys)
{
	raise->out_size = strnlen(keys, sizeof(raise->out));
	memcpy(raise->out, keys, raise->out_size);
}

/* It was left at the raised rate, so whoever listens at the usual one may be anybody. */
static bool is_careful(const struct baud_raise *raise)
{
	return raise->may_be_restarted && raise->here == raise->usual;
}

/* Nobody echoed a space at either rate: on its way down it may wait for the Enter at the usual one. A start, a login or a shell would have
 * echoed or said something. */
static bool is_last_resort(const struct baud_raise *raise)
{
	return is_careful(raise) && raise->misses >= 2 && raise->nudges > 0 && !raise->has_heard;
}

/* A receiver that was left in the middle of a file gives up at three CAN (U-Boot common/xyzModem.c); at a prompt they empty the line. */
static const char *end_keys(const struct baud_raise *raise, char *to, size_t size)
{
	return text_format(to, size, "\x18\x18\x18\x18\x18%s", raise->clean_keys);
}

static void nudge(struct baud_raise *raise, uint64_t now_ms)
{
	char keys[DIALOG_CLEAN_KEYS_MAX];
	/* Silence behind Ctrl-C: it waits for the Enter behind the change of the rate, or is not at this rate at all. Behind a space an empty
	 * line repeats nothing (U-Boot repeats the last command for a line without any character). */
	bool enters = is_last_resort(raise) ||
		      (!is_careful(raise) && !raise->has_heard && (raise->may_enter_first || raise->nudges > 0) && !raise->was_told_enter);

	type(raise, enters ? " \r" : is_careful(raise) ? " " : raise->was_told ? end_keys(raise, keys, sizeof(keys)) : raise->clean_keys);
	raise->was_told_enter = enters;
	raise->nudges++;
	raise->deadline_ms = now_ms + WAKE_MS;
}

static void wake(struct baud_raise *raise, bool may_enter_first, uint64_t now_ms)
{
	raise->step = BAUD_STEP_WAKE;
	raise->may_enter_first = may_enter_first;
	raise->has_heard = raise->was_told_enter = false;
	raise->nudges = raise->text_bytes = raise->odd_bytes = 0;
	raise->line_size = 0;
	raise->escape = 0;
	raise->wake_end_ms = now_ms + WAKE_TALK_MS;
	/* In a search it is listened to first: a device that starts says more about itself than its echo. */
	if (raise->goal == BAUD_IS_SOUGHT)
		raise->deadline_ms = now_ms + WAKE_MS;
	else
		nudge(raise, now_ms);
}

static size_t without_spaces(const char *text, size_t size)
{
	while (size > 0 && text[size - 1] == ' ')
		size--;
	return size;
}

static bool is_at_prompt(const struct baud_raise *raise)
{
	size_t wanted = without_spaces(raise->prompt, strlen(raise->prompt));

	return wanted > 0 && without_spaces(raise->line, raise->line_size) == wanted && memcmp(raise->line, raise->prompt, wanted) == 0;
}

static struct baud_raise_event final(struct baud_raise *raise, enum baud_raise_event_type type, unsigned baud)
{
	raise->step = BAUD_STEP_NONE;
	raise->deadline_ms = UINT64_MAX;
	raise->out_size = 0;
	return (struct baud_raise_event){ .type = type, .baud = baud, .text = raise->text, .is_at_prompt = type != BAUD_RAISE_LOST && is_at_prompt(raise) };
}

/* Nothing but the space that was typed, or text: this is the rate that the device talks at. */
static bool is_heard_well(const struct baud_raise *raise)
{
	if (raise->odd_bytes > 0)
		return false;
	return raise->text_bytes >= TEXT_MIN || (is_careful(raise) && raise->nudges > 0 && raise->line_size > 0 && raise->line[raise->line_size - 1] == ' ');
}

/* What is not left to chance: a device that was restarted meanwhile is told nothing. */
static bool may_be_elsewhere(const struct baud_raise *raise)
{
	return raise->here == raise->usual && (is_careful(raise) || raise->misses > 0);
}

static void listen(struct baud_raise *raise, uint8_t byte, uint64_t now_ms)
{
	raise->has_heard = true;
	if (text_in_escape(&raise->escape, byte))
		return;
	if (byte == '\n' || byte == '\r') {
		raise->line_size = 0;
	} else if (byte >= 0x20 && byte < 0x7f) {
		raise->text_bytes++;
		if (raise->line_size < sizeof(raise->line))
			raise->line[raise->line_size++] = (char)byte;
	} else {
		raise->odd_bytes++;
		raise->line_size = 0;
	}
	raise->deadline_ms = now_ms + (is_at_prompt(raise) || (is_careful(raise) && raise->nudges > 0) ? WAKE_QUIET_MS : WAKE_MS);
	if (raise->deadline_ms > raise->wake_end_ms)
		raise->deadline_ms = raise->wake_end_ms;
}

/* ---- what to do next ---- */

static struct baud_raise_event set_line(struct baud_raise *raise, unsigned baud)
{
	raise->step = BAUD_STEP_SET;
	raise->here = baud;
	raise->deadline_ms = 0;
	return (struct baud_raise_event){ .type = BAUD_RAISE_SET_LINE, .baud = baud };
}

/* From the next call on it is told; until then the caller may keep what is about to happen. */
static struct baud_raise_event tell(struct baud_raise *raise, unsigned baud)
{
	raise->step = BAUD_STEP_TELL;
	raise->target = baud;
	raise->deadline_ms = 0;
	return (struct baud_raise_event){ .type = baud == raise->usual ? BAUD_RAISE_NOTHING : BAUD_RAISE_ANNOUNCE, .baud = baud };
}

static void type_command(struct baud_raise *raise, uint64_t now_ms)
{
	char command[DIALOG_COMMAND_MAX];

	if (raise->target != raise->usual)
		raise->raised = raise->target;
	raise->was_told = true;
	raise->step = BAUD_STEP_COMMAND;
	dialog_init(&raise->dialog, raise->prompt);
	dialog_clean_with(&raise->dialog, raise->clean_keys);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(command, sizeof(command), raise->command, raise->target);
#pragma GCC diagnostic pop
	dialog_start(&raise->dialog, command, COMMAND_MS, "press ENTER", now_ms);
}

/* At the prompt, at the usual rate. */
static struct baud_raise_event go_on_from_below(struct baud_raise *raise)
{
	raise->misses = 0;
	if (raise->target == raise->usual)	/* it has just come down: that it took more than one attempt was the other rate's fault */
		raise->failures = 0;
	if (raise->goal != BAUD_GOES_UP)
		return final(raise, BAUD_RAISE_BACK, raise->usual);
	if (raise->failures >= FAILURES_MAX) {
		text_copy(raise->text, sizeof(raise->text), "the line is too bad: commands do not arrive as they are typed");
		return final(raise, BAUD_RAISE_BACK, raise->usual);
	}
	if (raise->next < raise->candidate_count)
		return tell(raise, raise->candidate[raise->next++]);
	if (raise->has_stray_value) {
		raise->goal = BAUD_GOES_DOWN;
		return tell(raise, raise->usual);
	}
	if (raise->text[0] == '\0')
		text_copy(raise->text, sizeof(raise->text), "this loader offers no higher rate");
	return final(raise, BAUD_RAISE_BACK, raise->usual);
}

/* At the prompt, at the rate that it was told. */
static struct baud_raise_event go_on_from_above(struct baud_raise *raise, uint64_t now_ms)
{
	bool is_straight = raise->misses == 0 && raise->target == raise->here;

	raise->misses = 0;
	if (raise->failures >= 2 * FAILURES_MAX) {
		text_format(raise->text, sizeof(raise->text), "the device stays at %u baud: the line is too bad to tell it otherwise", raise->here);
		return final(raise, BAUD_RAISE_LOST, raise->here);
	}
	raise->may_be_restarted = false;
	if (raise->goal != BAUD_GOES_UP || !is_straight)
		return tell(raise, raise->usual);
	raise->step = BAUD_STEP_TEST;
	dialog_init(&raise->dialog, raise->prompt);
	dialog_clean_with(&raise->dialog, raise->clean_keys);
	echo_meter_begin(&raise->meter, &raise->dialog, TEST_LINES, now_ms);
	return nothing();
}

/* Nobody here: the other rate, and again. */
static struct baud_raise_event look_elsewhere(struct baud_raise *raise)
{
	if (!raise->was_told) {
		text_copy(raise->text, sizeof(raise->text), "the loader does not answer at its prompt");
		return final(raise, BAUD_RAISE_LOST, raise->usual);
	}
	if (++raise->misses < ROUNDS && raise->raised != 0)
		return set_line(raise, raise->here == raise->usual ? raise->raised : raise->usual);
	text_format(raise->text, sizeof(raise->text), "the device answers neither at %u nor at %u baud", raise->usual, raise->raised);
	return final(raise, BAUD_RAISE_LOST, raise->usual);
}

static struct baud_raise_event end_of_wake(struct baud_raise *raise, uint64_t now_ms)
{
	if (is_at_prompt(raise))
		return raise->here == raise->usual ? go_on_from_below(raise) : go_on_from_above(raise, now_ms);
	if (may_be_elsewhere(raise) && is_heard_well(raise)) {
		text_copy(raise->text, sizeof(raise->text), raise->text_bytes >= TEXT_MIN ? "the device has started anew, at its usual rate" :
			  "the device answers at its usual rate");
		return final(raise, BAUD_RAISE_BACK, raise->usual);
	}
	/* A receiver that was left waiting asks on and on, and swallows what is typed until it gives up. */
	if (now_ms >= raise->wake_end_ms || (is_careful(raise) && raise->nudges >= FIND_SPACES) || (!raise->has_heard && raise->nudges >= WAKE_NUDGES))
		return look_elsewhere(raise);
	nudge(raise, now_ms);
	return nothing();
}

/* The prompt came back instead of the question for Enter: the rate is as it was. */
static struct baud_raise_event take_refusal(struct baud_raise *raise, uint64_t now_ms)
{
	bool is_refused = strstr(dialog_reply(&raise->dialog), "not supported") != NULL;

	if (raise->here == raise->usual) {
		raise->has_stray_value = raise->target != raise->usual && (raise->has_stray_value || !is_refused);
		if (raise->goal == BAUD_GOES_UP)
			text_format(raise->text, sizeof(raise->text), is_refused ? "the loader does not know %u baud" : "the loader did not change to %u baud", raise->target);
		return go_on_from_below(raise);
	}
	raise->failures++;
	wake(raise, false, now_ms);
	return nothing();
}

static struct baud_raise_event take_reply(struct baud_raise *raise, struct dialog_event event, uint64_t now_ms)
{
	switch (event.type) {
	case DIALOG_NOTHING:
	case DIALOG_RETYPE:
		return nothing();
	case DIALOG_MATCHED:
		raise->step = BAUD_STEP_PAUSE;
		raise->deadline_ms = now_ms + SWITCH_MS;
		return nothing();
	case DIALOG_REPLIED:
		return take_refusal(raise, now_ms);
	case DIALOG_FAILED:
		break;
	}
	/* Whether it took the command is not known. Each failed attempt counts: a line that is so bad is not typed into for ever. */
	raise->failures++;
	wake(raise, false, now_ms);
	return nothing();
}

static struct baud_raise_event end_of_test(struct baud_raise *raise, uint64_t now_ms)
{
	char seen[96];

	if (!raise->meter.is_lost && raise->meter.errors == 0)
		return final(raise, BAUD_RAISE_UP, raise->here);
	text_format(raise->text, sizeof(raise->text), "at %u baud the line is %s", raise->here, echo_meter_text(&raise->meter, seen, sizeof(seen)));
	if (!raise->meter.is_lost)
		return tell(raise, raise->usual);
	raise->misses = 1;
	wake(raise, false, now_ms);
	return nothing();
}

/* ---- from outside ---- */

void baud_raise_up(struct baud_raise *raise, unsigned wanted, uint64_t now_ms)
{
	raise->goal = BAUD_GOES_UP;
	raise->candidate_count = raise->next = 0;
	raise->text[0] = '\0';
	raise->has_stray_value = raise->may_be_restarted = false;
	if (wanted > raise->usual)
		raise->candidate[raise->candidate_count++] = wanted;
	for (size_t i = 0; i < ARRAY_SIZE(steps) && raise->candidate_count < BAUD_RAISE_CANDIDATES_MAX; i++)
		if (steps[i] < wanted && steps[i] > raise->usual)
			raise->candidate[raise->candidate_count++] = steps[i];
	raise->misses = raise->failures = 0;
	wake(raise, false, now_ms);
}

void baud_raise_down(struct baud_raise *raise, uint64_t now_ms)
{
	raise->goal = BAUD_GOES_DOWN;
	raise->misses = raise->failures = 0;
	raise->text[0] = '\0';
	raise->has_stray_value = false;
	raise->may_be_restarted = raise->here != raise->usual;
	wake(raise, false, now_ms);
}

void baud_raise_find(struct baud_raise *raise, unsigned raised, uint64_t now_ms)
{
	(void)now_ms;
	raise->goal = BAUD_IS_SOUGHT;
	raise->misses = raise->failures = 0;
	raise->text[0] = '\0';
	if (raised != 0)
		raise->raised = raised;
	raise->was_told = raise->may_be_restarted = true;
	raise->has_stray_value = false;
	raise->target = 0;
	raise->step = BAUD_STEP_SET;
	raise->here = 0;
	raise->deadline_ms = 0;
}

struct baud_raise_event baud_raise_input(struct baud_raise *raise, struct bytes *in, uint64_t now_ms)
{
	struct baud_raise_event event = nothing();

	while (in->size > 0 && event.type == BAUD_RAISE_NOTHING) {
		if (raise->step == BAUD_STEP_COMMAND) {
			event = take_reply(raise, dialog_input(&raise->dialog, in, now_ms), now_ms);
		} else if (raise->step == BAUD_STEP_TEST) {
			if (echo_meter_input(&raise->meter, in, now_ms))
				event = end_of_test(raise, now_ms);
		} else {
			if (raise->step == BAUD_STEP_WAKE)
				listen(raise, in->data[0], now_ms);
			*in = bytes_from(*in, 1);
		}
	}
	return event;
}

struct baud_raise_event baud_raise_tick(struct baud_raise *raise, uint64_t now_ms)
{
	if (raise->step == BAUD_STEP_COMMAND)
		return take_reply(raise, dialog_tick(&raise->dialog, now_ms), now_ms);
	if (raise->step == BAUD_STEP_TEST)
		return echo_meter_tick(&raise->meter, now_ms) ? end_of_test(raise, now_ms) : nothing();
	if (now_ms < raise->deadline_ms)
		return nothing();
	switch (raise->step) {
	case BAUD_STEP_TELL:
		type_command(raise, now_ms);
		return nothing();
	case BAUD_STEP_PAUSE:
		return set_line(raise, raise->target);
	case BAUD_STEP_SET:
		if (raise->here == 0)
			return set_line(raise, raise->usual);
		/* Right behind the command the line is empty, and Enter is what it waits for. */
		wake(raise, raise->misses == 0 && raise->here == raise->target, now_ms);
		return nothing();
	case BAUD_STEP_WAKE:
		return end_of_wake(raise, now_ms);
	default:
		raise->deadline_ms = UINT64_MAX;
		return nothing();
	}
}

struct baud_raise_event baud_raise_refuse(struct baud_raise *raise, const char *why)
{
	text_copy(raise->text, sizeof(raise->text), why);
	return go_on_from_below(raise);
}

static bool has_dialog(const struct baud_raise *raise)
{
	return raise->step == BAUD_STEP_COMMAND || raise->step == BAUD_STEP_TEST;
}

struct bytes baud_raise_output(const struct baud_raise *raise)
{
	return has_dialog(raise) ? dialog_output(&raise->dialog) : bytes_of(raise->out, raise->out_size);
}

void baud_raise_sent(struct baud_raise *raise, size_t count, uint64_t now_ms)
{
	if (raise->step == BAUD_STEP_TEST) {
		echo_meter_sent(&raise->meter, count, now_ms);
	} else if (has_dialog(raise)) {
		dialog_sent(&raise->dialog, count);
	} else {
		if (count > raise->out_size)
			count = raise->out_size;
		memmove(raise->out, raise->out + count, raise->out_size - count);
		raise->out_size -= count;
	}
}

uint64_t baud_raise_deadline(const struct baud_raise *raise)
{
	return has_dialog(raise) ? dialog_deadline(&raise->dialog) : raise->deadline_ms;
}
