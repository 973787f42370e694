/* src/core/prompt_session.h
 *
 * A port of one's own with a loader's prompt at its other end: opened, brought back from a raised rate where another session left the device
 * there, and classified before anything is typed (recovery/loader/console_state.h). Then the line is the caller's. */
#ifndef UNBRICK_CORE_PROMPT_SESSION_H
#define UNBRICK_CORE_PROMPT_SESSION_H

#include "recovery/loader/loader.h"
#include "src/io/line.h"
#include "src/io/loop.h"
#include "src/store/casebook.h"

struct prompt_session;

struct prompt_session_options {
	const char *port;
	unsigned baud;			/* 0: 115200 */
	struct casebook *book;
	const char *loader;		/* the driver's name, as the operator says; NULL: as the prompt says */
};

struct prompt_session_observer {
	void (*on_say)(void *user, const char *text);	/* what happens; may be NULL */
	/* Either: the prompt stands there and the line behind it is empty. */
	void (*on_ready)(void *user, const struct loader_driver *driver, const char *prompt);
	/* Or: nothing, or somebody to whom nothing may be typed. */
	void (*on_failed)(void *user, const struct error *error);
	/* Behind on_ready: what comes from the line. */
	void (*on_bytes)(void *user, struct bytes in, uint64_t now_ms);
	void (*on_state)(void *user, enum line_state state, const struct error *why);
	void *user;
};

/* options and their texts are borrowed until the session is freed. */
enum status prompt_session_open(struct loop *loop, const struct prompt_session_options *options, const struct prompt_session_observer *observer,
				struct prompt_session **ret_session, struct error *reterr);
struct line *prompt_session_line(struct prompt_session *session);
void prompt_session_free(struct prompt_session *session);

#endif
