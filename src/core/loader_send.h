/* src/core/loader_send.h
 *
 * A file into a device's memory from its loader's prompt, over a port of one's own: prompt_session.h, then serial_load.h. Without a file the
 * line is only measured, and with raise_baud which higher rate it holds. */
#ifndef UNBRICK_CORE_LOADER_SEND_H
#define UNBRICK_CORE_LOADER_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/status.h"
#include "src/io/loop.h"
#include "src/store/casebook.h"

struct loader_send;

struct loader_send_options {	/* texts are borrowed until it is freed */
	const char *port;
	unsigned baud;			/* 0: 115200 */
	struct casebook *book;
	const char *loader;		/* NULL: as the prompt says */
	const char *protocol;		/* "ymodem", "kermit", "xmodem"; NULL: the best that the build has */
	const char *path;		/* NULL: measure the line */
	uint64_t address;
	unsigned raise_baud;		/* 0: stay */
	bool any_cable;
};

struct line_measure {
	unsigned baud;			/* at which the line is good, usable or bad; of a second measure: the highest that held, 0: none above */
	const char *grade;		/* "good", "usable", "bad"; of a second measure "" */
	bool is_bad;
	unsigned errors, echo_ms, longest_echo_ms;
	uint64_t bytes;
	char text[160];			/* one sentence */
};

struct loader_send_observer {	/* all come from the loop; only on_done may free it */
	void (*on_say)(void *user, const char *text);
	void (*on_progress)(void *user, uint64_t done, uint64_t total);
	void (*on_measure)(void *user, const struct line_measure *measure);
	/* Once. text: what was reached. */
	void (*on_done)(void *user, enum status status, const struct error *error, const char *text);
	void *user;
};

/* STATUS_INVALID: words that fit nothing; else what opening the port or reading the file says. */
enum status loader_send_start(struct loop *loop, const struct loader_send_options *options, const struct loader_send_observer *observer,
			      struct loader_send **ret_send, struct error *reterr);
/* on_done comes with CANCELLED when the device is back at its usual rate. False: nothing runs that would have to be ended first. */
bool loader_send_cancel(struct loader_send *send);
bool loader_send_is_raised(const struct loader_send *send);
void loader_send_free(struct loader_send *send);

#endif
