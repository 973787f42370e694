#include "src/core/transfer_job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/buffer.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/transfer_files.h"

enum {
	REPORT_MS = 250,
	INPUT_MAX = 64 * 1024,
	WAITING_MAX = 1024 * 1024,	/* of what comes while a file is being stored; it is not acknowledged yet */
	LINE_AHEAD = 4096,		/* bytes in the line's queue: they cannot be taken back after an error */
	LINE_POLL_MS = 20,		/* the line tells when its queue is empty, but not why it took nothing (rfc2217) */
	FLUSH_MS = 2000,		/* for the last bytes, to a peer that may read no more */
	CLOSED_TURNS = 8,
};

struct transfer_job {
	struct loop *loop;
	struct transfer_job_observer observer;
	const struct transfer_protocol *protocol;
	struct transfer *transfer;
	struct transfer_files files;
	bool is_sender;
	struct line *line;
	int in, out;
	struct loop_watch *in_watch, *out_watch;
	struct loop_timer *timer, *report, *poll;
	bool is_storing, is_orphan;	/* a thread is at work; the owner has freed the job */
	bool is_closed;			/* nothing will come any more */
	bool is_unwritable;		/* nobody takes what we send */
	bool is_final;			/* the machine is over; what it still has to say goes out */
	bool is_over;			/* on_done was called */
	uint64_t flush_end_ms;
	enum status status;
	struct error error;
	enum status store_status;	/* of the thread */
	struct error store_error;
	struct buffer waiting;
	uint8_t input[INPUT_MAX];
};

static void step(struct transfer_job *job);

/* ---- the end ---- */

static void destroy(struct transfer_job *job)
{
	loop_watch_free(job->in_watch);
	loop_watch_free(job->out_watch);
	loop_timer_free(job->timer);
	loop_timer_free(job->report);
	loop_timer_free(job->poll);
	if (job->transfer)
		job->protocol->free(job->transfer);
	transfer_files_end(&job->files);
	buffer_done(&job->waiting);
	free(job);
}

void transfer_job_free(struct transfer_job *job)
{
	if (job == NULL)
		return;
	job->is_orphan = true;
	if (job->is_storing) {
		/* The thread has the files; the descriptors are no longer ours. */
		loop_watch_free(TAKE(job->in_watch));
		loop_watch_free(TAKE(job->out_watch));
		loop_timer_set_deadline(job->timer, UINT64_MAX);
		loop_timer_set_deadline(job->report, UINT64_MAX);
		loop_timer_set_deadline(job->poll, UINT64_MAX);
		return;
	}
	destroy(job);
}

DEFINE_AUTO(transfer_job);

static void tell_kept(struct transfer_job *job)
{
	if (job->files.file != NULL && job->files.may_resume && !job->is_sender)
		text_append(job->error.text, sizeof(job->error.text), "; what came is kept in '%s.part'", job->files.path);
}

static void finish(struct transfer_job *job)
{
	if (job->is_over)
		return;
	job->is_over = true;
	loop_timer_set_deadline(job->timer, UINT64_MAX);
	loop_timer_set_deadline(job->report, UINT64_MAX);
	loop_timer_set_deadline(job->poll, UINT64_MAX);
	if (job->in_watch)
		loop_watch_set(job->in_watch, 0);
	if (job->out_watch)
		loop_watch_set(job->out_watch, 0);
	if (job->status != STATUS_OK) {
		tell_kept(job);
		transfer_files_end(&job->files);	/* what is not whole goes */
	}
	if (job->observer.on_done)	/* the last call: the job may be gone afterwards */
		job->observer.on_done(job->observer.user, job->status, &job->error);
}

static void become_final(struct transfer_job *job, enum status status)
{
	if (job->is_final)
		return;
	job->is_final = true;
	job->status = status;
	job->flush_end_ms = loop_now_ms() + FLUSH_MS;
}

/* Our own reason goes before the one that the machine finds for the cancel. */
static void stop_for(struct transfer_job *job, enum status status)
{
	become_final(job, status);
	job->protocol->cancel(job->transfer, loop_now_ms());
}

/* ---- to the line ---- */

static size_t write_some(struct transfer_job *job, struct bytes out)
{
	ssize_t count;

	if (job->is_unwritable)
		return out.size;
	if (job->line) {
		size_t pending = line_pending(job->line);

		if (pending >= LINE_AHEAD)
			return 0;
		if (out.size > LINE_AHEAD - pending)
			out.size = LINE_AHEAD - pending;
		return line_write(job->line, out);
	}
	do
		count = write(job->out, out.data, out.size);
	while (count < 0 && errno == EINTR);
	if (count >= 0)
		return (size_t)count;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return 0;
	/* Whether that is a loss, reading shows: a peer that has all it wants may be gone. */
	job->is_unwritable = true;
	return out.size;
}

/* False: the line takes no more now. */
static bool push(struct transfer_job *job)
{
	for (;;) {
		struct bytes out = job->protocol->output(job->transfer);
		size_t count;

		if (out.size == 0)
			break;
		count = write_some(job, out);
		if (count > 0)
			job->protocol->sent(job->transfer, count, loop_now_ms());
		if (count == 0) {
			if (job->out_watch)
				loop_watch_set(job->out_watch, LOOP_WRITABLE);
			else
				loop_timer_set_after(job->poll, LINE_POLL_MS);
			return false;
		}
	}
	if (job->out_watch)
		loop_watch_set(job->out_watch, 0);
	if (job->line && job->is_final && line_pending(job->line) > 0) {
		loop_timer_set_after(job->poll, LINE_POLL_MS);
		return false;
	}
	return true;
}

/* ---- files ---- */

static bool source_next(void *user, struct transfer_file *ret_file)
{
	struct transfer_job *job = user;
	struct error error;
	enum status status = transfer_files_next(&job->files, ret_file, &error);

	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		job->store_error = error;
	if (status == STATUS_NOT_FOUND && job->files.next < job->files.path_count)
		job->store_error = error;
	return status == STATUS_OK;
}

static size_t source_read(void *user, uint64_t offset, uint8_t *to, size_t size)
{
	struct transfer_job *job = user;
	size_t count = 0;

	transfer_files_read(&job->files, offset, to, size, &count, &job->store_error);
	return count;
}

static uint64_t kept_have(void *user, const struct transfer_file *file, uint32_t *ret_crc)
{
	struct transfer_job *job = user;

	return transfer_files_have(&job->files, file, ret_crc);
}

static void store_run(void *user)
{
	struct transfer_job *job = user;

	job->store_status = transfer_files_keep(&job->files, &job->store_error);
}

static void store_done(void *user)
{
	struct transfer_job *job = user;
	struct transfer_progress progress;

	job->is_storing = false;
	if (job->is_orphan) {
		destroy(job);
		return;
	}
	if (job->store_status != STATUS_OK) {
		job->error = job->store_error;
		stop_for(job, job->store_status);
	} else if (job->observer.on_file_end) {
		job->protocol->progress(job->transfer, &progress);
		job->observer.on_file_end(job->observer.user, job->files.path, progress.file_bytes);
	}
	if (job->in_watch && !job->is_closed)
		loop_watch_set(job->in_watch, LOOP_READABLE);
	step(job);
}

static void end_file(struct transfer_job *job)
{
	struct transfer_progress progress;

	if (!job->is_sender) {
		job->is_storing = true;
		if (job->in_watch)
			loop_watch_set(job->in_watch, 0);
		if (loop_work(job->loop, store_run, store_done, job) == STATUS_OK)
			return;
		job->is_storing = false;
		stop_for(job, error_set(&job->error, STATUS_NO_MEMORY, "no memory for a thread that stores the file"));
		return;
	}
	job->protocol->progress(job->transfer, &progress);
	if (job->observer.on_file_end)
		job->observer.on_file_end(job->observer.user, job->files.path, progress.file_bytes);
}

static void begin_file(struct transfer_job *job, const struct transfer_file *file)
{
	enum status status = job->is_sender ? STATUS_OK : transfer_files_open(&job->files, file, &job->error);

	if (status != STATUS_OK)
		stop_for(job, status);
	else if (job->observer.on_file)
		job->observer.on_file(job->observer.user, file, job->files.path);
}

/* ---- events ---- */

static void tell_text(struct transfer_job *job, struct bytes text)
{
	if (text.size > 0 && job->observer.on_text)
		job->observer.on_text(job->observer.user, text);
}

static void take_failure(struct transfer_job *job, const struct transfer_event *event)
{
	if (job->is_final)
		return;		/* it was us, and why is known */
	if (event->status == STATUS_IO && job->store_error.text[0])
		job->error = job->store_error;
	else
		error_set(&job->error, event->status, "%s", event->reason);
	if (event->hint && job->error.hint[0] == '\0')
		error_hint(&job->error, "%s", event->hint);
	become_final(job, job->error.status);
}

static void take_event(struct transfer_job *job, const struct transfer_event *event)
{
	enum status status;

	switch (event->type) {
	case TRANSFER_NOTHING:
		break;
	case TRANSFER_FILE:
		if (!job->is_final)
			begin_file(job, &event->file);
		break;
	case TRANSFER_DATA:
		if (job->is_final)
			break;
		status = transfer_files_append(&job->files, event->data, &job->error);
		if (status != STATUS_OK)
			stop_for(job, status);
		break;
	case TRANSFER_FILE_END:
		if (!job->is_final)
			end_file(job);
		break;
	case TRANSFER_RETRY:
		if (job->observer.on_retry)
			job->observer.on_retry(job->observer.user, event->reason);
		break;
	case TRANSFER_TEXT:
		tell_text(job, event->data);
		break;
	case TRANSFER_DONE:
		become_final(job, STATUS_OK);
		break;
	case TRANSFER_FAILED:
		take_failure(job, event);
		break;
	}
	/* A source that failed in the middle of a batch: the machine takes it for the end. */
	if (job->is_sender && !job->is_final && job->store_error.text[0]) {
		job->error = job->store_error;
		stop_for(job, job->error.status);
	}
}

/* Gives the machine what there is, until it has nothing more to tell. Returns how many bytes are left. */
static size_t feed(struct transfer_job *job, struct bytes in)
{
	struct transfer_event event;

	do {
		event = job->protocol->input(job->transfer, &in, loop_now_ms());
		take_event(job, &event);
		/* An end is not acknowledged before the file is safe. */
		if (!job->is_storing && !job->is_final)
			push(job);
	} while (!job->is_final && !job->is_storing && (in.size > 0 || event.type != TRANSFER_NOTHING));
	return in.size;
}

static void tick(struct transfer_job *job)
{
	struct transfer_event event;

	do {
		event = job->protocol->tick(job->transfer, loop_now_ms());
		take_event(job, &event);
		if (!job->is_storing && !job->is_final)
			push(job);
	} while (!job->is_final && !job->is_storing && event.type != TRANSFER_NOTHING);
}

/* Nothing will come any more, so what silence would decide is decided now: the end of a batch, perhaps. Everything
 * else is a loss. */
static void take_close(struct transfer_job *job)
{
	for (unsigned i = 0; i < CLOSED_TURNS && !job->is_final && !job->is_storing; i++) {
		uint64_t deadline_ms = job->protocol->deadline(job->transfer);
		struct transfer_event event = job->protocol->tick(
			job->transfer, deadline_ms == UINT64_MAX ? loop_now_ms() : deadline_ms);

		if (event.type == TRANSFER_RETRY || event.type == TRANSFER_FAILED)
			break;
		take_event(job, &event);
		if (!job->is_storing)
			push(job);
	}
	if (job->is_final || job->is_storing)
		return;
	error_set(&job->error, STATUS_GONE, "the other side closed the line in the middle of the transfer");
	become_final(job, STATUS_GONE);
	job->is_unwritable = true;
}

/* After whatever happened: what came meanwhile, what is to be sent, and when to look again. */
static void step(struct transfer_job *job)
{
	if (job->is_over || job->is_storing)
		return;
	if (job->waiting.size > 0 && !job->is_final) {
		size_t left = feed(job, buffer_bytes(&job->waiting));

		buffer_consume(&job->waiting, job->waiting.size - left);
	}
	if (!job->is_final && !job->is_storing)
		tick(job);
	if (job->is_closed && !job->is_final && !job->is_storing)
		take_close(job);
	if (job->is_storing)
		return;
	if (push(job) && job->is_final) {
		tell_text(job, buffer_bytes(&job->waiting));
		buffer_clear(&job->waiting);
		finish(job);
		return;
	}
	if (job->is_final && loop_now_ms() >= job->flush_end_ms) {
		finish(job);
		return;
	}
	loop_timer_set_deadline(job->timer, job->is_final ? job->flush_end_ms : job->protocol->deadline(job->transfer));
}

static void on_time(void *user)
{
	step(user);
}

static void on_report(void *user)
{
	struct transfer_job *job = user;
	struct transfer_progress progress;

	loop_timer_set_after(job->report, REPORT_MS);
	job->protocol->progress(job->transfer, &progress);
	if (job->observer.on_progress)
		job->observer.on_progress(job->observer.user, &progress);
}

/* ---- from the line ---- */

/* Bytes that the machine cannot take now wait for it. */
static void take_bytes(struct transfer_job *job, struct bytes in)
{
	size_t left = job->is_storing || job->is_final || job->waiting.size > 0 ? in.size : feed(job, in);

	if (left > 0 && buffer_append(&job->waiting, bytes_from(in, in.size - left)) != STATUS_OK) {
		error_set(&job->error, STATUS_PROTOCOL, "the other side sends faster than the file can be stored");
		stop_for(job, STATUS_PROTOCOL);
	}
	step(job);
}

static void on_readable(void *user, int events)
{
	struct transfer_job *job = user;
	ssize_t count;

	(void)events;
	do
		count = read(job->in, job->input, sizeof(job->input));
	while (count < 0 && errno == EINTR);
	if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (count > 0) {
		take_bytes(job, bytes_of(job->input, (size_t)count));
		return;
	}
	job->is_closed = true;
	loop_watch_set(job->in_watch, 0);
	step(job);
}

static void on_writable(void *user, int events)
{
	(void)events;
	step(user);
}

size_t transfer_job_input(struct transfer_job *job, struct bytes in, uint64_t now_ms)
{
	(void)now_ms;
	if (job->is_over)
		return 0;
	take_bytes(job, in);
	return in.size;
}

void transfer_job_room(struct transfer_job *job)
{
	step(job);
}

void transfer_job_line_lost(struct transfer_job *job, const struct error *why)
{
	if (job->is_over)
		return;
	job->error = *why;
	error_hint(&job->error, "Plug it in again and begin anew: the device has forgotten what it had of the file");
	become_final(job, STATUS_GONE);
	job->is_unwritable = true;
	step(job);
}

void transfer_job_cancel(struct transfer_job *job)
{
	if (job->is_over || job->is_final)
		return;
	error_set(&job->error, STATUS_CANCELLED, "the transfer was stopped");
	stop_for(job, STATUS_CANCELLED);
	step(job);
}

void transfer_job_progress(const struct transfer_job *job, struct transfer_progress *ret_progress)
{
	job->protocol->progress(job->transfer, ret_progress);
}

/* ---- beforehand ---- */

static enum status prepare_files(struct transfer_job *job, const struct transfer_job_options *options,
				 struct error *reterr)
{
	if (options->may_resume && !options->protocol->can_resume) {
		error_set(reterr, STATUS_UNSUPPORTED, "%s cannot go on with a file that it has begun", options->protocol->title);
		return error_hint(reterr, "ZMODEM can: --protocol zmodem");
	}
	job->files.may_resume = options->may_resume;
	if (!options->is_sender)
		return transfer_files_begin_receiving(&job->files, options->output, options->protocol->has_names,
						      options->may_replace, reterr);
	if (options->path_count > 1 && !options->protocol->has_names) {
		error_set(reterr, STATUS_INVALID, "%s carries one file at a time", options->protocol->title);
		return error_hint(reterr, "Send them one by one, or with a protocol that has names (ymodem)");
	}
	return transfer_files_begin_sending(&job->files, options->paths, options->path_count, reterr);
}

static enum status prepare_line(struct transfer_job *job, struct error *reterr)
{
	job->timer = loop_timer_new(job->loop, on_time, job);
	job->report = loop_timer_new(job->loop, on_report, job);
	job->poll = loop_timer_new(job->loop, on_time, job);
	if (job->timer == NULL || job->report == NULL || job->poll == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a transfer");
	if (job->line)
		return STATUS_OK;
	job->in_watch = loop_watch_new(job->loop, job->in, on_readable, job);
	job->out_watch = loop_watch_new(job->loop, job->out, on_writable, job);
	if (job->in_watch == NULL || job->out_watch == NULL)
		return error_set(reterr, STATUS_INVALID, "the transfer's input and output cannot be waited for");
	loop_watch_set(job->out_watch, 0);
	return STATUS_OK;
}

enum status transfer_job_start(struct loop *loop, const struct transfer_job_options *options,
			       const struct transfer_job_observer *observer, struct transfer_job **ret_job,
			       struct error *reterr)
{
	AUTO(transfer_job) job = calloc(1, sizeof(*job));
	struct transfer_options transfer = {
		.is_sender = options->is_sender,
		.source = { source_next, source_read, job },
		.patience_ms = options->patience_ms,
		.baud = options->baud,
		.is_clean = options->is_clean,
		.has_padding = options->has_padding,
		.padding = options->padding,
		.has_address = options->has_address,
		.address = options->address,
		.escape_controls = options->escape_controls,
		.may_resume = options->may_resume,
	};
	enum status status;

	if (job == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a transfer");
	job->loop = loop;
	job->files.fd = -1;
	job->protocol = options->protocol;
	job->is_sender = options->is_sender;
	job->line = options->line;
	job->in = options->in;
	job->out = options->out;
	job->observer = *observer;
	buffer_init(&job->waiting, WAITING_MAX);
	if (options->is_sender ? !job->protocol->can_send : !job->protocol->can_receive)
		return error_set(reterr, STATUS_UNSUPPORTED, "%s cannot be %s", job->protocol->title,
				 options->is_sender ? "sent" : "received");
	status = prepare_files(job, options, reterr);
	if (status == STATUS_OK)
		status = prepare_line(job, reterr);
	if (options->may_resume)
		transfer.kept = (struct transfer_kept){ kept_have, job };
	if (status == STATUS_OK)
		status = job->protocol->begin(&transfer, loop_now_ms(), &job->transfer, reterr);
	if (status != STATUS_OK)
		return status;
	/* By the timer: no callback comes before this call has returned. */
	loop_timer_set_after(job->timer, 0);
	loop_timer_set_after(job->report, REPORT_MS);
	*ret_job = TAKE(job);
	return STATUS_OK;
}
