#include "src/core/transfer_session.h"

#include <stdlib.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/io/raw_terminal.h"

struct transfer_session {
	struct loop *loop;
	struct transfer_job_observer observer;
	struct transfer_job *job;
	struct line *line;
	struct raw_terminal *terminal;
	struct loop_timer *listen;
	unsigned listen_ms;
	uint64_t listen_end_ms;
	bool is_over;			/* the job is */
	enum status status;
	struct error error;
};

void transfer_session_free(struct transfer_session *session)
{
	if (session == NULL)
		return;
	transfer_job_free(session->job);
	line_close(session->line);
	/* After a failure the rest of the other side's blocks would be typed into a shell. */
	raw_terminal_leave(session->terminal, !session->is_over || session->status != STATUS_OK);
	loop_timer_free(session->listen);
	free(session);
}

DEFINE_AUTO(transfer_session);

static void listen_on(struct transfer_session *session)
{
	uint64_t until_ms = loop_now_ms() + session->listen_ms;

	loop_timer_set_deadline(session->listen, until_ms < session->listen_end_ms ? until_ms : session->listen_end_ms);
}

static void on_listened(void *user)
{
	struct transfer_session *session = user;

	if (session->status != STATUS_OK)
		raw_terminal_leave(TAKE(session->terminal), true);
	if (session->observer.on_done)
		session->observer.on_done(session->observer.user, session->status, &session->error);
}

static void on_job_done(void *user, enum status status, const struct error *error)
{
	struct transfer_session *session = user;

	session->is_over = true;
	session->status = status;
	if (status != STATUS_OK)
		session->error = *error;
	session->listen_end_ms = loop_now_ms() + TRANSFER_LISTEN_MAX_MS;
	if (session->line && line_get_state(session->line) == LINE_OPEN)
		listen_on(session);
	else
		loop_timer_set_after(session->listen, 0);
}

/* Everything else of the job goes through as it is. */
static void on_file(void *user, const struct transfer_file *file, const char *path)
{
	struct transfer_session *session = user;

	if (session->observer.on_file)
		session->observer.on_file(session->observer.user, file, path);
}

static void on_file_end(void *user, const char *path, uint64_t size)
{
	struct transfer_session *session = user;

	if (session->observer.on_file_end)
		session->observer.on_file_end(session->observer.user, path, size);
}

static void on_progress(void *user, const struct transfer_progress *progress)
{
	struct transfer_session *session = user;

	if (session->observer.on_progress)
		session->observer.on_progress(session->observer.user, progress);
}

static void on_retry(void *user, const char *reason)
{
	struct transfer_session *session = user;

	if (session->observer.on_retry)
		session->observer.on_retry(session->observer.user, reason);
}

static void on_text(void *user, struct bytes text)
{
	struct transfer_session *session = user;

	if (session->observer.on_text)
		session->observer.on_text(session->observer.user, text);
}

static void on_line_bytes(void *user, struct bytes in, uint64_t now_ms)
{
	struct transfer_session *session = user;

	if (session->job == NULL)
		return;		/* from before the transfer */
	if (!session->is_over) {
		transfer_job_input(session->job, in, now_ms);
		return;
	}
	on_text(session, in);
	listen_on(session);
}

static void on_line_state(void *user, enum line_state state, const struct error *why)
{
	struct transfer_session *session = user;

	if (state == LINE_LOST && session->job && !session->is_over)
		transfer_job_line_lost(session->job, why);
}

static void on_line_room(void *user)
{
	struct transfer_session *session = user;

	if (session->job && !session->is_over)
		transfer_job_room(session->job);
}

enum status transfer_session_open(struct loop *loop, const char *port, unsigned baud,
				  struct transfer_session **ret_session, struct error *reterr)
{
	AUTO(transfer_session) session = calloc(1, sizeof(*session));
	const struct line_settings settings = { .baud = baud };
	const struct line_observer observer = { on_line_bytes, on_line_state, on_line_room, session };
	enum status status;

	if (session == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a transfer");
	session->loop = loop;
	session->listen = loop_timer_new(loop, on_listened, session);
	if (session->listen == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a transfer");
	if (port)
		status = line_open(loop, port, &settings, &observer, &session->line, reterr);
	else
		status = raw_terminal_enter(STDIN_FILENO, STDOUT_FILENO, &session->terminal, reterr);
	if (status != STATUS_OK)
		return status;
	*ret_session = TAKE(session);
	return STATUS_OK;
}

enum status transfer_session_start(struct transfer_session *session, const struct transfer_job_options *options,
				   const struct transfer_job_observer *observer, unsigned listen_ms,
				   struct error *reterr)
{
	const struct transfer_job_observer ours = { on_file, on_file_end, on_progress, on_retry,
						    on_text, on_job_done, session };
	struct transfer_job_options job = *options;
	enum status status;

	session->observer = *observer;
	session->listen_ms = listen_ms;
	job.line = session->line;
	job.in = STDIN_FILENO;
	job.out = STDOUT_FILENO;
	job.baud = session->line ? line_baud(session->line) : 0;
	status = transfer_job_start(session->loop, &job, &ours, &session->job, reterr);
	if (status != STATUS_OK)
		raw_terminal_leave(TAKE(session->terminal), false);
	return status;
}

void transfer_session_cancel(struct transfer_session *session)
{
	if (session->job)
		transfer_job_cancel(session->job);
}

void transfer_session_progress(const struct transfer_session *session, struct transfer_progress *ret_progress)
{
	transfer_job_progress(session->job, ret_progress);
}
