#include "src/core/prompt_session.h"

#include <stdlib.h>

#include "recovery/loader/console_state.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/rate_change.h"

enum {
	LOOK_MS = 300,		/* what the device says by itself */
	ANSWER_MS = 700,	/* to what was typed; through the slowest adapters */
	ENTER_MS = 4000,	/* a login that takes the empty line for a name thinks about it */
	TALK_MS = 15000,	/* a device that starts is waited for so long */
};

struct prompt_session {
	struct loop_timer *timer;
	struct prompt_session_options options;
	struct prompt_session_observer observer;
	struct line *line;
	struct rate_change *rate;
	struct rate_note note;
	enum { SESSION_SEEKS_RATE, SESSION_LOOKS, SESSION_PROBED, SESSION_ENTERED, SESSION_CLEANED, SESSION_READY } state;
	uint8_t tail[CONSOLE_TAIL_MAX];
	size_t tail_size;
	uint64_t last_byte_ms, end_ms, entered_ms;
	struct loop *loop;
};

void prompt_session_free(struct prompt_session *session)
{
	if (session == NULL)
		return;
	rate_change_free(session->rate);
	line_close(session->line);
	loop_timer_free(session->timer);
	free(session);
}

DEFINE_AUTO(prompt_session);

struct line *prompt_session_line(struct prompt_session *session)
{
	return session->line;
}

static void keep(struct prompt_session *session, struct bytes in, uint64_t now_ms)
{
	size_t drop;

	if (in.size > CONSOLE_TAIL_MAX)
		in = bytes_from(in, in.size - CONSOLE_TAIL_MAX);
	drop = session->tail_size + in.size > CONSOLE_TAIL_MAX ? session->tail_size + in.size - CONSOLE_TAIL_MAX : 0;
	memmove(session->tail, session->tail + drop, session->tail_size - drop);
	session->tail_size -= drop;
	memcpy(session->tail + session->tail_size, in.data, in.size);
	session->tail_size += in.size;
	session->last_byte_ms = now_ms;
}

static void type(struct prompt_session *session, const char *keys, int state)
{
	session->state = state;
	line_write(session->line, bytes_of_text(keys));
	loop_timer_set_after(session->timer, ANSWER_MS);
}

/* Behind a space an empty line repeats nothing. */
static void enter(struct prompt_session *session)
{
	session->entered_ms = loop_now_ms();
	type(session, "\r", SESSION_ENTERED);
}

static void fail(struct prompt_session *session, const struct console_state *seen)
{
	struct error error;

	if (seen->at == CONSOLE_AT_SILENCE || seen->at == CONSOLE_AT_ECHO) {
		error_set(&error, STATUS_TIMEOUT, "nothing answers at %s: no bootloader's prompt", session->options.port);
		error_hint(&error, "check power, TX, RX and ground; the device must be stopped at its bootloader first");
	} else {
		error_set(&error, STATUS_REFUSED, "the device is %s: nothing is typed there", console_at_text(seen->at));
		error_hint(&error, seen->at == CONSOLE_AT_GARBAGE ? "try another baud rate: --baud" : "stop the device at its bootloader's prompt first");
	}
	session->state = SESSION_READY;
	session->observer.on_failed(session->observer.user, &error);
}

static void become_ready(struct prompt_session *session, const struct console_state *seen)
{
	const char *name = session->options.loader ? session->options.loader : seen->loader;
	const struct loader_driver *driver = name ? loader_driver_find(name) : NULL;
	struct error error;

	session->state = SESSION_READY;
	if (driver != NULL) {
		session->observer.on_ready(session->observer.user, driver, seen->prompt);
		return;
	}
	error_set(&error, STATUS_UNSUPPORTED, "the prompt '%s' does not say which bootloader it is", seen->prompt);
	error_hint(&error, "name it with --loader");
	session->observer.on_failed(session->observer.user, &error);
}

static void at_loader(struct prompt_session *session, const struct console_state *seen)
{
	/* The space that was sent stands behind the prompt. */
	if (session->state == SESSION_PROBED && console_state_may(seen, CONSOLE_MAY_CTRL_C))
		type(session, "\x03", SESSION_CLEANED);
	else
		become_ready(session, seen);
}

static void look(void *user)
{
	struct prompt_session *session = user;
	uint64_t now_ms = loop_now_ms();
	const struct console_seen tail = {
		.tail = bytes_of(session->tail, session->tail_size), .quiet_ms = now_ms - session->last_byte_ms,
		.was_probed = session->state != SESSION_LOOKS, .in_loader = session->options.loader != NULL,
	};
	struct console_state seen;

	console_state_of(&tail, &seen);
	if (seen.at == CONSOLE_AT_LOADER && (console_state_may(&seen, CONSOLE_MAY_COMMAND) || session->options.loader != NULL))
		at_loader(session, &seen);
	else if (session->tail_size > 0 && tail.quiet_ms < LOOK_MS && now_ms < session->end_ms)
		loop_timer_set_after(session->timer, LOOK_MS);
	else if (session->state == SESSION_LOOKS && console_state_may(&seen, CONSOLE_MAY_SPACE))
		type(session, " ", SESSION_PROBED);
	else if (session->state == SESSION_PROBED && seen.at == CONSOLE_AT_ECHO && console_state_may(&seen, CONSOLE_MAY_ENTER))
		enter(session);
	else if (session->state == SESSION_ENTERED && seen.at == CONSOLE_AT_PROGRAM && now_ms < session->entered_ms + ENTER_MS)
		loop_timer_set_after(session->timer, LOOK_MS);
	else
		fail(session, &seen);
}

static void begin_look(struct prompt_session *session)
{
	session->state = SESSION_LOOKS;
	session->tail_size = 0;
	session->last_byte_ms = loop_now_ms();
	session->end_ms = session->last_byte_ms + TALK_MS;
	loop_timer_set_after(session->timer, LOOK_MS);
}

static void on_rate(void *user, const struct rate_change_result *result)
{
	struct prompt_session *session = user;
	struct error error;
	char text[240];

	if (result->type == BAUD_RAISE_LOST) {
		session->state = SESSION_READY;
		error_set(&error, STATUS_GONE, "%s", result->text);
		error_hint(&error, "switch the device off and on: the rate was never saved, so it starts at %u baud again", session->note.usual);
		session->observer.on_failed(session->observer.user, &error);
		return;
	}
	text_format(text, sizeof(text), "the device is back at %u baud%s%s", session->note.usual, result->text[0] ? ": " : "", result->text);
	if (session->observer.on_say)
		session->observer.on_say(session->observer.user, text);
	begin_look(session);
}

static void on_bytes(void *user, struct bytes in, uint64_t now_ms)
{
	struct prompt_session *session = user;

	if (session->state == SESSION_READY)
		session->observer.on_bytes(session->observer.user, in, now_ms);
	else if (session->state == SESSION_SEEKS_RATE)
		rate_change_input(session->rate, in, now_ms);
	else
		keep(session, in, now_ms);
}

static void on_state(void *user, enum line_state state, const struct error *why)
{
	struct prompt_session *session = user;

	if (session->state == SESSION_READY)
		session->observer.on_state(session->observer.user, state, why);
	else if (session->state == SESSION_SEEKS_RATE)
		rate_change_line_state(session->rate, state);
	else if (state == LINE_OPEN)
		begin_look(session);
	else
		loop_timer_set_deadline(session->timer, UINT64_MAX);
}

/* Another session may have ended before it brought the device back. */
static enum status seek_rate(struct prompt_session *session, struct error *reterr)
{
	const struct rate_change_options options = {
		.line = session->line, .port = session->options.port, .book = session->options.book, .loader = session->note.loader,
		.prompt = session->note.prompt, .usual = session->note.usual,
	};
	char text[160];
	enum status status = rate_change_new(session->loop, &options, on_rate, session, &session->rate, reterr);

	if (status != STATUS_OK)
		return status;
	text_format(text, sizeof(text), "a session before left this device at %u baud: bringing it back", session->note.raised);
	if (session->observer.on_say)
		session->observer.on_say(session->observer.user, text);
	session->state = SESSION_SEEKS_RATE;
	rate_change_find(session->rate, session->note.raised);
	return STATUS_OK;
}

enum status prompt_session_open(struct loop *loop, const struct prompt_session_options *options, const struct prompt_session_observer *observer,
				struct prompt_session **ret_session, struct error *reterr)
{
	AUTO(prompt_session) session = calloc(1, sizeof(*session));
	const struct line_observer line_observer = { .on_bytes = on_bytes, .on_state = on_state, .user = session };
	struct line_settings settings = { .baud = options->baud };
	bool has_note;
	enum status status;

	if (session == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a session");
	has_note = options->book != NULL && rate_note_find(options->book, options->port, &session->note);
	if (has_note)
		settings.baud = session->note.usual;
	session->loop = loop;
	session->options = *options;
	session->observer = *observer;
	session->timer = loop_timer_new(loop, look, session);
	if (session->timer == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a timer");
	status = line_open(loop, options->port, &settings, &line_observer, &session->line, reterr);
	if (status == STATUS_OK && has_note)
		status = seek_rate(session, reterr);
	else if (status == STATUS_OK)
		begin_look(session);
	if (status != STATUS_OK)
		return status;
	*ret_session = TAKE(session);
	return STATUS_OK;
}
