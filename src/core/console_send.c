#include "src/core/console_send.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/transfer_job.h"
#include "src/media/small_file.h"

enum {
	LINE_POLL_MS = 5, /* the line does not tell when there is room again */
	TELL_TEXT_MS = 2000, /* a shorter one was seen to go */
};

struct console_send {
	struct app *app;
	struct console *console;
	struct loop_timer *timer;
	struct console_paste paste;
	struct transfer_job *job;
	enum sending what;
	char name[96], by[32], path[4096];
	const char *paths[1]; /* borrowed by the job */
	uint64_t since_ms; /* when something first moved; 0: not yet */
	struct progress progress;
	unsigned retries;
	bool is_stopping;
};

void console_send_free(struct console_send *send)
{
	if (send == NULL)
		return;
	transfer_job_free(send->job);
	loop_timer_free(send->timer);
	console_paste_done(&send->paste);
	free(send);
}

DEFINE_AUTO(console_send);

static void begin(struct console_send *send, enum sending what, const char *name, const char *by)
{
	send->what = what;
	text_printable(send->name, sizeof(send->name), bytes_of_text(text_file_name(name)));
	text_copy(send->by, sizeof(send->by), by);
	send->progress = (struct progress){ .left_ms = UINT64_MAX };
	send->since_ms = 0;
	send->retries = 0;
	send->is_stopping = false;
	app_changed(send->app);
}

static void end(struct console_send *send)
{
	send->what = SENDING_NOTHING;
	app_changed(send->app);
}

bool console_send_is_busy(const struct console_send *send)
{
	return send->what != SENDING_NOTHING;
}

static bool is_transfer(const struct console_send *send)
{
	return send->what == SENDING_FILE || send->what == RECEIVING_FILE;
}

/* Into the capture, so that who reads it later knows why the device said what it said; and to the operator. */
static void tell(struct console_send *send, bool is_error, const char *text, const char *hint)
{
	console_remark(send->console, text);
	app_notice(send->app, is_error, text, hint);
}

/* ---- keys and text ---- */

static void end_text(struct console_send *send)
{
	char text[300];

	bool is_long = loop_now_ms() - send->since_ms >= TELL_TEXT_MS;

	if (send->what == SENDING_TEXT && is_long) {
		text_format(
			text, sizeof(text), "typed %s: %llu bytes", send->name,
			(unsigned long long)(send->progress.total > 0 ? send->progress.total : send->progress.done));
		tell(send, false, text, "");
	}
	end(send);
}

static void pump(struct console_send *send)
{
	uint64_t now_ms = loop_now_ms(), deadline_ms;
	size_t taken = 1;

	while (taken > 0) {
		struct bytes out = console_paste_output(&send->paste, now_ms);

		taken = out.size > 0 ? console_write(send->console, out) : 0;
		console_paste_sent(&send->paste, taken, now_ms);
	}
	deadline_ms = console_paste_deadline(&send->paste);
	if (deadline_ms == UINT64_MAX) {
		end_text(send);
		return;
	}
	progress_set(&send->progress, console_paste_gone(&send->paste),
		     console_paste_gone(&send->paste) + console_paste_left(&send->paste), now_ms - send->since_ms);
	loop_timer_set_deadline(send->timer, deadline_ms > now_ms ? deadline_ms : now_ms + LINE_POLL_MS);
	app_changed(send->app);
}

static void on_time(void *user)
{
	struct console_send *send = user;

	if (send->what == SENDING_KEYS || send->what == SENDING_TEXT)
		pump(send);
}

static enum status refuse_during_transfer(const struct console_send *send, struct error *reterr)
{
	if (!is_transfer(send))
		return STATUS_OK;
	error_set(reterr, STATUS_BUSY, "%s is being %s on this line", send->name,
		  send->what == SENDING_FILE ? "sent" : "received");
	return error_hint(reterr, "wait for its end, or stop it with Esc");
}

static enum status queue(struct console_send *send, struct bytes text, const struct console_pace *pace,
			 enum sending what, const char *name, struct error *reterr)
{
	uint64_t now_ms = loop_now_ms();
	enum status status = console_paste_add(&send->paste, text, pace, console_raw_line(send->console), now_ms,
					       reterr);

	if (status != STATUS_OK)
		return status;
	if (send->what == SENDING_NOTHING) {
		begin(send, what, name, "as text");
		send->since_ms = now_ms;
	}
	pump(send);
	return STATUS_OK;
}

enum status console_send_keys(struct console_send *send, struct bytes keys, struct error *reterr)
{
	enum status status = refuse_during_transfer(send, reterr);

	if (status != STATUS_OK)
		return status;
	if (send->what == SENDING_NOTHING)
		keys = bytes_from(keys, console_write(send->console, keys));
	/* what is typed while the adapter is away would come out of nothing when it is back */
	if (keys.size == 0 || !console_is_open(send->console))
		return STATUS_OK;
	return queue(send, keys, &(struct console_pace){ 0 }, SENDING_KEYS, "keys", reterr);
}

static enum status send_cleaned(struct console_send *send, struct bytes text, const struct console_pace *pace,
				const char *name, struct error *reterr)
{
	struct buffer clean;
	enum status status;

	buffer_init(&clean, CONSOLE_PASTE_MAX);
	status = console_paste_clean(text, console_enter_bytes(console_manner(send->console)), &clean);
	if (status == STATUS_NO_SPACE) {
		error_set(reterr, status, "%zu bytes are too much to be typed", text.size);
		error_hint(reterr, "send it as a file, by a protocol that the device knows");
	} else if (status != STATUS_OK) {
		error_set(reterr, status, "no memory for the text");
	} else {
		status = queue(send, buffer_bytes(&clean), pace, SENDING_TEXT, name, reterr);
	}
	buffer_done(&clean);
	return status;
}

enum status console_send_text(struct console_send *send, struct bytes text, struct error *reterr)
{
	static const struct console_pace by_echo = { .awaits_echo = true };
	enum status status = refuse_during_transfer(send, reterr);

	if (status == STATUS_OK && !console_is_open(send->console))
		status = error_set(reterr, STATUS_GONE, "%s is lost at the moment: nothing was pasted",
				   console_port(send->console));
	return status == STATUS_OK ? send_cleaned(send, text, &by_echo, "pasted text", reterr) : status;
}

static enum status send_text_file(struct console_send *send, const struct console_file *file, struct error *reterr)
{
	const struct console_pace pace = { .char_ms = file->char_ms,
					   .line_ms = file->line_ms,
					   .awaits_echo = file->char_ms == 0 && file->line_ms == 0 };
	AUTO_FREE char *text = NULL;
	char remark[300];
	size_t size;
	enum status status = small_file_read(file->path, "text", CONSOLE_PASTE_MAX, &text, &size, reterr);

	if (status != STATUS_OK)
		return status;
	if (memchr(text, '\0', size) != NULL) {
		error_set(reterr, STATUS_INVALID, "'%s' is no text", file->path);
		return error_hint(reterr, "send it by a protocol that the device knows, or raw");
	}
	console_remark(send->console, text_format(remark, sizeof(remark), "types %s, %zu bytes", file->path, size));
	return send_cleaned(send, bytes_of(text, size), &pace, file->path, reterr);
}

/* ---- files ---- */

static void on_file(void *user, const struct transfer_file *file, const char *path)
{
	struct console_send *send = user;

	text_printable(send->name, sizeof(send->name), bytes_of_text(file->name[0] ? file->name : text_file_name(path)));
	send->since_ms = loop_now_ms();
	app_changed(send->app);
}

static void on_file_end(void *user, const char *path, uint64_t size)
{
	struct console_send *send = user;
	uint64_t spent_ms = loop_now_ms() - send->since_ms;
	char text[300], bytes[24], rate[24], duration[24];

	text_format(text, sizeof(text), "%s %s by %s: %s in %s", send->what == SENDING_FILE ? "sent" : "received", path,
		    send->by, text_size(bytes, sizeof(bytes), size),
		    text_duration(duration, sizeof(duration), spent_ms));
	if (spent_ms > 0)
		text_append(text, sizeof(text), " (%s/s)", text_size(rate, sizeof(rate), size * 1000 / spent_ms));
	if (send->retries > 0)
		text_append(text, sizeof(text), ", %u part%s sent again", send->retries, send->retries == 1 ? "" : "s");
	tell(send, false, text, "");
}

static void on_progress(void *user, const struct transfer_progress *progress)
{
	struct console_send *send = user;

	send->retries = progress->retries;
	progress_set(&send->progress, progress->file_bytes, progress->file_size,
		     send->since_ms > 0 ? loop_now_ms() - send->since_ms : 0);
	app_changed(send->app);
}

static void on_retry(void *user, const char *reason)
{
	struct console_send *send = user;
	char text[240];

	console_remark(send->console, text_format(text, sizeof(text), "%s: %s", send->by, reason));
}

static void on_text(void *user, struct bytes text)
{
	struct console_send *send = user;

	console_take_text(send->console, text, loop_now_ms());
}

static void on_done(void *user, enum status status, const struct error *error)
{
	struct console_send *send = user;
	char text[600];

	if (status != STATUS_OK)
		tell(send, status != STATUS_CANCELLED,
		     text_format(text, sizeof(text), "%s not %s: %s", send->name,
				 send->what == SENDING_FILE ? "sent" : "received", error->text),
		     error->hint);
	transfer_job_free(TAKE(send->job));
	end(send);
}

static enum status start_transfer(struct console_send *send, const struct console_file *file, struct error *reterr)
{
	static const char *const kinds[] = { "receives into", "sends" };
	const struct transfer_job_observer observer = { on_file, on_file_end, on_progress, on_retry,
							on_text, on_done,     send };
	struct transfer_job_options options = { .is_sender = file->is_sender,
						.in = -1,
						.out = -1,
						.line = console_get_line(send->console),
						.paths = send->paths,
						.path_count = 1 };
	char remark[300];
	enum status status;

	options.protocol = transfer_protocol_find(file->protocol);
	if (options.protocol == NULL)
		return error_set(reterr, STATUS_INVALID, "there is no protocol '%.40s'", file->protocol);
	if (strlen(file->path) >= sizeof(send->path))
		return error_set(reterr, STATUS_INVALID, "the name of the file is too long");
	text_copy(send->path, sizeof(send->path), file->path);
	send->paths[0] = send->path;
	if (!file->is_sender)
		options.output = send->path;
	options.baud = line_baud(options.line);
	status = transfer_job_start(send->app->loop, &options, &observer, &send->job, reterr);
	if (status != STATUS_OK)
		return status;
	begin(send, file->is_sender ? SENDING_FILE : RECEIVING_FILE, file->path, options.protocol->title);
	console_remark(send->console, text_format(remark, sizeof(remark), "%s %s by %s", kinds[file->is_sender],
						  file->path, send->by));
	return STATUS_OK;
}

enum status console_send_file(struct console_send *send, const struct console_file *file, struct error *reterr)
{
	if (send->what != SENDING_NOTHING) {
		error_set(reterr, STATUS_BUSY, "something else is being sent on this line");
		return error_hint(reterr, "wait for its end, or stop it with Esc");
	}
	if (!console_is_open(send->console))
		return error_set(reterr, STATUS_GONE, "%s is lost at the moment", console_port(send->console));
	if (file->is_sender && text_equal(file->protocol, "text"))
		return send_text_file(send, file, reterr);
	return start_transfer(send, file, reterr);
}

void console_send_stop(struct console_send *send)
{
	char text[200];

	if (is_transfer(send)) {
		send->is_stopping = true;
		transfer_job_cancel(send->job); /* on_done may come from inside */
		return;
	}
	if (send->what == SENDING_NOTHING)
		return;
	text_format(text, sizeof(text), "stopped typing %s: %zu bytes of it were not sent", send->name,
		    console_paste_left(&send->paste));
	console_paste_stop(&send->paste);
	loop_timer_set_deadline(send->timer, UINT64_MAX);
	tell(send, false, text, "");
	end(send);
}

/* ---- from the console ---- */

bool console_send_hear(struct console_send *send, struct bytes in, uint64_t now_ms)
{
	if (is_transfer(send))
		return transfer_job_input(send->job, in, now_ms) == in.size;
	if (console_send_is_busy(send)) {
		console_paste_heard(&send->paste, in, now_ms);
		loop_timer_set_after(send->timer, 0); /* not from in here: the console has not seen these bytes yet */
	}
	return false;
}

void console_send_line(struct console_send *send, enum line_state state, const struct error *why)
{
	if (state != LINE_LOST)
		return;
	if (is_transfer(send))
		transfer_job_line_lost(send->job, why);
	else
		console_send_stop(send);
}

void console_send_fill_view(const struct console_send *send, struct sending_view *ret_view)
{
	*ret_view = (struct sending_view){ .what = send->what,
					   .progress = send->progress,
					   .retries = send->retries,
					   .is_waiting = send->since_ms == 0,
					   .is_stopping = send->is_stopping };
	text_copy(ret_view->name, sizeof(ret_view->name), send->name);
	text_copy(ret_view->by, sizeof(ret_view->by), send->by);
}

enum status console_send_new(struct app *app, struct console *console, struct console_send **ret_send,
			     struct error *reterr)
{
	AUTO(console_send) send = calloc(1, sizeof(*send));

	if (send == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a console");
	send->app = app;
	send->console = console;
	console_paste_init(&send->paste);
	send->timer = loop_timer_new(app->loop, on_time, send);
	if (send->timer == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a timer");
	*ret_send = TAKE(send);
	return STATUS_OK;
}
