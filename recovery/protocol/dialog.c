#include "recovery/protocol/dialog.h"

#include <string.h>

#include "src/base/text.h"

static struct dialog_event event(enum dialog_event_type type, enum status status)
{
	return (struct dialog_event){ .type = type, .status = status };
}

static size_t without_trailing_spaces(const char *text, size_t size)
{
	while (size > 0 && text[size - 1] == ' ')
		size--;
	return size;
}

bool dialog_looks_like_prompt(const char *line, size_t size)
{
	size_t length = without_trailing_spaces(line, size);

	if (length == 0 || length > 40 || size > length + 64)
		return false;
	for (size_t i = 0; i < length; i++)
		if (line[i] < 0x20 || line[i] > 0x7e)
			return false;
	return strchr(">#$:", line[length - 1]) != NULL;
}

void dialog_init(struct dialog *dialog, const char *prompt)
{
	dialog->state = DIALOG_IDLE;
	text_copy(dialog->prompt, sizeof(dialog->prompt), prompt);
	dialog->piece = DIALOG_PIECE;
	dialog->clean_keys = "\x03";
	dialog->reply_size = 0;
	dialog->reply[0] = '\0';
	dialog->out_size = dialog->last_line_size = 0;
	dialog->deadline_ms = UINT64_MAX;
}

void dialog_clean_with(struct dialog *dialog, const char *keys)
{
	dialog->clean_keys = keys && *keys ? keys : "\x03";
}

static void begin_reply(struct dialog *dialog, uint64_t now_ms)
{
	dialog->state = DIALOG_RUNNING;
	dialog->reply_size = dialog->last_line_size = 0;
	dialog->reply[0] = '\0';
	dialog->is_prompt_pushed = dialog->was_nudged = false;
	dialog->deadline_ms = now_ms + dialog->silence_ms;
}

/* Hands out the next piece of the line, or the Enter behind it. */
static void type_on(struct dialog *dialog, uint64_t now_ms)
{
	size_t length = strlen(dialog->command);
	size_t count = length - dialog->typed;

	if (count == 0) {
		dialog->out[0] = '\r';
		dialog->out_size = 1;
		begin_reply(dialog, now_ms);
		return;
	}
	if (count > dialog->piece && !dialog->no_echo)
		count = dialog->piece;
	if (count > DIALOG_PIECE)
		count = DIALOG_PIECE;
	memcpy(dialog->out, dialog->command + dialog->typed, count);
	dialog->out_size = count;
	dialog->typed += count;
	dialog->deadline_ms = now_ms + DIALOG_ECHO_MS;
}

static enum status start(struct dialog *dialog, const char *command, uint64_t silence_ms, const char *until, bool no_echo, uint64_t now_ms)
{
	if (dialog->state != DIALOG_IDLE && dialog->state != DIALOG_OVER)
		return STATUS_BUSY;
	if (strlen(command) >= DIALOG_COMMAND_MAX)
		return STATUS_INVALID;
	for (const char *at = command; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)	/* a TAB completes, a CR runs half a line */
			return STATUS_INVALID;
	text_copy(dialog->command, sizeof(dialog->command), command);
	dialog->state = DIALOG_TYPING;
	dialog->silence_ms = silence_ms;
	dialog->until = until && *until ? until : NULL;
	dialog->no_echo = no_echo;
	dialog->typed = dialog->echoed = 0;
	dialog->tries = 1;
	dialog->escape = 0;
	dialog->blanks = 0;
	type_on(dialog, now_ms);
	return STATUS_OK;
}

enum status dialog_start(struct dialog *dialog, const char *command, uint64_t silence_ms, const char *until, uint64_t now_ms)
{
	return start(dialog, command, silence_ms, until, false, now_ms);
}

enum status dialog_start_hidden(struct dialog *dialog, const char *command, uint64_t silence_ms, const char *until, uint64_t now_ms)
{
	return start(dialog, command, silence_ms, until, true, now_ms);
}

enum status dialog_await(struct dialog *dialog, uint64_t silence_ms, uint64_t now_ms)
{
	if (dialog->state != DIALOG_IDLE && dialog->state != DIALOG_OVER)
		return STATUS_BUSY;
	dialog->silence_ms = silence_ms;
	dialog->until = NULL;
	dialog->out_size = 0;
	dialog->escape = 0;
	begin_reply(dialog, now_ms);
	return STATUS_OK;
}

bool dialog_awaits_echo(const struct dialog *dialog)
{
	return dialog->state == DIALOG_TYPING && !dialog->no_echo && dialog->out_size == 0 && dialog->echoed < dialog->typed;
}

static struct dialog_event over(struct dialog *dialog, enum dialog_event_type type, enum status status)
{
	dialog->state = DIALOG_OVER;
	dialog->deadline_ms = UINT64_MAX;
	dialog->out_size = 0;
	return event(type, status);
}

static void send_clean_keys(struct dialog *dialog)
{
	dialog->out_size = strnlen(dialog->clean_keys, sizeof(dialog->out));
	memcpy(dialog->out, dialog->clean_keys, dialog->out_size);
}

/* The line on the device's side is not what we meant: end it without running it, then type it again more carefully. */
static struct dialog_event type_again(struct dialog *dialog, uint64_t now_ms)
{
	if (dialog->tries++ >= DIALOG_TRIES) {
		over(dialog, DIALOG_FAILED, STATUS_PROTOCOL);
		send_clean_keys(dialog);
		return event(DIALOG_FAILED, STATUS_PROTOCOL);
	}
	dialog->piece = 1;
	send_clean_keys(dialog);
	dialog->state = DIALOG_CLEANING;
	dialog->last_line_size = 0;
	dialog->escape = 0;
	dialog->clean_end_ms = now_ms + DIALOG_CLEAN_MS;
	dialog->deadline_ms = now_ms + DIALOG_ECHO_MS;
	return event(DIALOG_RETYPE, STATUS_OK);
}

static struct dialog_event on_echo(struct dialog *dialog, uint8_t byte, uint64_t now_ms)
{
	if (text_in_escape(&dialog->escape, byte))
		return event(DIALOG_NOTHING, STATUS_OK);
	if (dialog->echoed < dialog->typed && byte == (uint8_t)dialog->command[dialog->echoed] && dialog->blanks == 0) {
		dialog->echoed++;
		if (dialog->echoed == dialog->typed && dialog->out_size == 0)
			type_on(dialog, now_ms);
		return event(DIALOG_NOTHING, STATUS_OK);
	}
	/* Wrapping lines are redrawn with controls and blanks: a blank counts as such once the cursor has gone back over it. Else it
	 * is in the line, and one in the middle of a number makes two of it. In front of all it is the prompt's own. */
	if (byte == ' ' && dialog->echoed > 0)
		dialog->blanks++;
	else if (byte == '\b' || byte == '\r')
		dialog->blanks = 0;
	if (byte <= ' ' || byte == 0x7f)
		return event(DIALOG_NOTHING, STATUS_OK);
	return type_again(dialog, now_ms);
}

static size_t prompt_size(const struct dialog *dialog)
{
	return without_trailing_spaces(dialog->prompt, strlen(dialog->prompt));
}

static bool begins_with_prompt(const struct dialog *dialog)
{
	size_t wanted = prompt_size(dialog);

	return wanted > 0 && dialog->last_line_size >= wanted && memcmp(dialog->last_line, dialog->prompt, wanted) == 0;
}

static bool is_at_prompt(const struct dialog *dialog)
{
	return begins_with_prompt(dialog) && without_trailing_spaces(dialog->last_line, dialog->last_line_size) == prompt_size(dialog);
}

static void follow_line(struct dialog *dialog, uint8_t byte)
{
	if (byte == '\n' || byte == '\r') {	/* behind '\r' progress is painted over: the line begins anew */
		if (dialog->last_line_size > 0)
			dialog->is_prompt_pushed = begins_with_prompt(dialog);
		dialog->last_line_size = 0;
	} else if (byte == '\b') {
		dialog->last_line_size -= dialog->last_line_size > 0;
	} else if (dialog->last_line_size < sizeof(dialog->last_line)) {
		dialog->last_line[dialog->last_line_size++] = (char)byte;
	}
}

static void keep(struct dialog *dialog, uint8_t byte)
{
	if (byte == '\0' || text_in_escape(&dialog->escape, byte))
		return;
	if (byte != '\r' && dialog->reply_size < DIALOG_REPLY_MAX - 1)
		dialog->reply[dialog->reply_size++] = (char)byte;
	follow_line(dialog, byte);
}

static bool has_come(const struct dialog *dialog)
{
	return dialog->until != NULL && dialog->last_line_size > 0 &&
	       memmem(dialog->last_line, dialog->last_line_size, dialog->until, strlen(dialog->until)) != NULL;
}

/* Cuts the prompt off the reply, so that it holds what the command said and nothing else. */
static void finish_reply(struct dialog *dialog)
{
	if (dialog->reply_size >= dialog->last_line_size && dialog->reply_size < DIALOG_REPLY_MAX - 1)
		dialog->reply_size -= dialog->last_line_size;
	dialog->reply[dialog->reply_size] = '\0';
	if (dialog->reply[0] == '\n') {
		memmove(dialog->reply, dialog->reply + 1, dialog->reply_size);
		dialog->reply_size--;
	}
}

struct dialog_event dialog_input(struct dialog *dialog, struct bytes *in, uint64_t now_ms)
{
	while (in->size > 0) {
		uint8_t byte = in->data[0];
		struct dialog_event result = event(DIALOG_NOTHING, STATUS_OK);

		*in = bytes_from(*in, 1);
		switch (dialog->state) {
		case DIALOG_TYPING:
			if (!dialog->no_echo)
				result = on_echo(dialog, byte, now_ms);
			break;
		case DIALOG_CLEANING:
			if (byte != '\0' && !text_in_escape(&dialog->escape, byte))
				follow_line(dialog, byte);
			dialog->deadline_ms = now_ms + (is_at_prompt(dialog) ? 5 * DIALOG_QUIET_MS : DIALOG_ECHO_MS);
			if (dialog->deadline_ms > dialog->clean_end_ms)
				dialog->deadline_ms = dialog->clean_end_ms;
			break;
		case DIALOG_RUNNING:
			keep(dialog, byte);
			if (has_come(dialog)) {
				dialog->reply[dialog->reply_size] = '\0';
				return over(dialog, DIALOG_MATCHED, STATUS_OK);
			}
			dialog->deadline_ms = now_ms + (is_at_prompt(dialog) ? DIALOG_QUIET_MS : dialog->silence_ms);
			break;
		case DIALOG_IDLE:
		case DIALOG_OVER:
			break;
		}
		if (result.type != DIALOG_NOTHING)
			return result;
	}
	return event(DIALOG_NOTHING, STATUS_OK);
}

static struct dialog_event end_of_silence(struct dialog *dialog, uint64_t now_ms)
{
	bool is_unsent = dialog->out_size > 0;

	if (is_at_prompt(dialog)) {
		finish_reply(dialog);
		return over(dialog, DIALOG_REPLIED, STATUS_OK);
	}
	if (dialog->is_prompt_pushed && dialog->last_line_size == 0 && !dialog->was_nudged) {
		dialog->was_nudged = true;
		send_clean_keys(dialog);
		dialog->deadline_ms = now_ms + DIALOG_ECHO_MS;
		return event(DIALOG_NOTHING, STATUS_OK);
	}
	dialog->reply[dialog->reply_size] = '\0';
	over(dialog, DIALOG_FAILED, STATUS_TIMEOUT);
	if (is_unsent)	/* the line stands there whole; the next Enter must not run it */
		send_clean_keys(dialog);
	return event(DIALOG_FAILED, STATUS_TIMEOUT);
}

struct dialog_event dialog_tick(struct dialog *dialog, uint64_t now_ms)
{
	if (now_ms < dialog->deadline_ms)
		return event(DIALOG_NOTHING, STATUS_OK);
	switch (dialog->state) {
	case DIALOG_TYPING:
		return type_again(dialog, now_ms);
	case DIALOG_CLEANING:
		/* Without the prompt nobody knows what stands in the device's line, or whether it listens at all. */
		if (dialog->out_size > 0 || (prompt_size(dialog) > 0 && !is_at_prompt(dialog)))
			return type_again(dialog, now_ms);
		dialog->state = DIALOG_TYPING;
		dialog->typed = dialog->echoed = 0;
		dialog->blanks = 0;
		type_on(dialog, now_ms);
		return event(DIALOG_NOTHING, STATUS_OK);
	case DIALOG_RUNNING:
		return end_of_silence(dialog, now_ms);
	case DIALOG_IDLE:
	case DIALOG_OVER:
		break;
	}
	dialog->deadline_ms = UINT64_MAX;
	return event(DIALOG_NOTHING, STATUS_OK);
}

struct bytes dialog_output(const struct dialog *dialog)
{
	return bytes_of(dialog->out, dialog->out_size);
}

void dialog_sent(struct dialog *dialog, size_t count)
{
	if (count > dialog->out_size)
		count = dialog->out_size;
	memmove(dialog->out, dialog->out + count, dialog->out_size - count);
	dialog->out_size -= count;
	/* Without an echo there is nothing to wait for: the next piece may follow. */
	if (dialog->state == DIALOG_TYPING && dialog->no_echo && dialog->out_size == 0)
		type_on(dialog, dialog->deadline_ms - DIALOG_ECHO_MS);
}

uint64_t dialog_deadline(const struct dialog *dialog)
{
	return dialog->deadline_ms;
}

const char *dialog_reply(const struct dialog *dialog)
{
	return dialog->reply;
}
