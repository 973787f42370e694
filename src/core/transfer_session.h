/* src/core/transfer_session.h
 *
 * A transfer_job with a line of its own: a port that is opened for it, or standard input and output. After the
 * transfer a port is listened to for a moment, for the loader's answer comes right behind it and would be gone with
 * the closing. */
#ifndef UNBRICK_CORE_TRANSFER_SESSION_H
#define UNBRICK_CORE_TRANSFER_SESSION_H

#include "src/core/transfer_job.h"

struct transfer_session;

/* port NULL: standard input and output, raw when they are a terminal. baud 0: 115200. Fails as line_open() does. */
enum status transfer_session_open(struct loop *loop, const char *port, unsigned baud,
				  struct transfer_session **ret_session, struct error *reterr);
enum {
	TRANSFER_LISTEN_MS = 25,	/* of silence: adapters hand over what they have every 16 ms... */
	TRANSFER_LISTEN_LOADER_MS = 400,	/* ...but U-Boot pauses for 250 ms behind the last ACK */
	TRANSFER_LISTEN_MAX_MS = 10000,
};
/* options: without line, descriptors and rate. Fails as transfer_job_start() does. on_done comes when everything was
 * heard; on an error the terminal is as before by then, so that it can be told. */
enum status transfer_session_start(struct transfer_session *session, const struct transfer_job_options *options,
				   const struct transfer_job_observer *observer, unsigned listen_ms,
				   struct error *reterr);
void transfer_session_cancel(struct transfer_session *session);
void transfer_session_progress(const struct transfer_session *session, struct transfer_progress *ret_progress);
/* Closes the port, or puts the terminal back. */
void transfer_session_free(struct transfer_session *session);

#endif
