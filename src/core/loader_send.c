#include "src/core/loader_send.h"

#include <stdlib.h>

#include "recovery/loader/echo_meter.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/prompt_session.h"
#include "src/core/rate_change.h"
#include "src/core/serial_load.h"
#include "src/media/small_file.h"

enum { SEND_FILE_MAX = 256 * 1024 * 1024, POLL_MS = 5 };

struct loader_send {
	struct loop *loop;
	struct loop_timer *timer;
	struct loader_send_options options;
	struct loader_send_observer observer;
	struct prompt_session *session;
	struct serial_load *load;
	struct loader_place place;
	struct loader_build build;
	const struct loader_driver *driver;
	char prompt[DIALOG_PROMPT_MAX];
	char *data;
	size_t size;
	struct dialog dialog;
	struct echo_meter meter;
	bool is_measuring, is_cancelled;
	struct rate_change *rate;	/* seeks the highest rate that holds */
	unsigned holds;
	char measured[320];		/* what is told at the end */
};

void loader_send_free(struct loader_send *send)
{
	if (send == NULL)
		return;
	serial_load_free(send->load);
	rate_change_free(send->rate);
	prompt_session_free(send->session);
	loop_timer_free(send->timer);
	free(send->data);
	free(send);
}

DEFINE_AUTO(loader_send);

static void finish(struct loader_send *send, enum status status, const struct error *error, const char *text)
{
	send->is_measuring = false;
	send->observer.on_done(send->observer.user, status, error, text);
}

/* ---- the load ---- */

static void on_say(void *user, const char *text)
{
	struct loader_send *send = user;

	send->observer.on_say(send->observer.user, text);
}

static void on_progress(void *user, uint64_t done, uint64_t total)
{
	struct loader_send *send = user;

	send->observer.on_progress(send->observer.user, done, total);
}

static void on_loaded(void *user, enum status status, const struct error *error, const char *proof)
{
	char text[160];

	text_format(text, sizeof(text), "the device's memory holds the file: %s", proof);
	finish(user, status, error, text);
}

static void begin_load(struct loader_send *send)
{
	const struct serial_load_options options = {
		.line = prompt_session_line(send->session), .port = send->options.port, .book = send->options.book, .driver = send->driver,
		.prompt = send->prompt, .place = &send->place, .build = &send->build, .image = bytes_of(send->data, send->size),
		.path = send->options.path, .raise_baud = send->options.raise_baud, .skip_meter = send->options.any_cable,
	};
	const struct serial_load_observer observer = { .on_say = on_say, .on_progress = on_progress, .on_done = on_loaded, .user = send };
	struct error error;
	enum status status = serial_load_start(send->loop, &options, &observer, &send->load, &error);

	if (status != STATUS_OK)
		finish(send, status, &error, NULL);
}

/* ---- the meter ---- */

/* Up as far as it holds, and back at once: BACK, behind an UP or without one, is the end. */
static void on_rate(void *user, const struct rate_change_result *result)
{
	struct loader_send *send = user;
	struct line_measure measure = { .grade = "", .baud = send->holds };
	struct error error;

	if (result->type == BAUD_RAISE_UP) {
		send->holds = result->baud;
		rate_change_down(send->rate);
		return;
	}
	if (result->type == BAUD_RAISE_LOST || send->is_cancelled) {
		error_set(&error, send->is_cancelled ? STATUS_CANCELLED : STATUS_GONE, "%s", send->is_cancelled ? "the measure was stopped" : result->text);
		if (result->type == BAUD_RAISE_LOST)
			error_hint(&error, "switch the device off and on: the rate was never saved");
		finish(send, error.status, &error, NULL);
		return;
	}
	if (send->holds > 0)
		text_format(measure.text, sizeof(measure.text), "both ends hold %u baud: --raise-baud %u", send->holds, send->holds);
	else
		text_format(measure.text, sizeof(measure.text), "no higher rate: %s", result->text);
	send->observer.on_measure(send->observer.user, &measure);
	text_append(send->measured, sizeof(send->measured), "; %s", measure.text);
	finish(send, STATUS_OK, NULL, send->measured);
}

static void seek_rate(struct loader_send *send)
{
	const struct rate_change_options options = {
		.line = prompt_session_line(send->session), .port = send->options.port, .book = send->options.book, .loader = send->driver->name,
		.prompt = send->prompt, .usual = line_baud(prompt_session_line(send->session)),
	};
	struct error error;
	enum status status = rate_change_new(send->loop, &options, on_rate, send, &send->rate, &error);

	if (status != STATUS_OK)
		finish(send, status, &error, NULL);
	else
		rate_change_up(send->rate, send->options.raise_baud);
}

static void end_of_meter(struct loader_send *send)
{
	static const char *const words[] = { [ECHO_GOOD] = "good", [ECHO_USABLE] = "usable", [ECHO_BAD] = "bad" };
	const struct echo_meter *meter = &send->meter;
	enum echo_grade grade = echo_meter_grade(meter);
	struct line_measure measure = {
		.baud = line_baud(prompt_session_line(send->session)), .grade = words[grade], .is_bad = grade == ECHO_BAD, .errors = meter->errors, .bytes = meter->bytes,
		.echo_ms = meter->delays ? (unsigned)(meter->delay_sum_ms / meter->delays) : 0, .longest_echo_ms = (unsigned)meter->delay_ms,
	};

	loop_timer_set_deadline(send->timer, UINT64_MAX);
	echo_meter_text(meter, measure.text, sizeof(measure.text));
	send->is_measuring = false;
	send->observer.on_measure(send->observer.user, &measure);
	text_copy(send->measured, sizeof(send->measured), measure.text);
	if (send->options.raise_baud > measure.baud && !measure.is_bad)
		seek_rate(send);
	else
		finish(send, STATUS_OK, NULL, send->measured);
}

static void push_meter(struct loader_send *send)
{
	uint64_t now_ms = loop_now_ms();

	for (;;) {
		struct bytes out = dialog_output(&send->dialog);
		size_t count = out.size > 0 ? line_write(prompt_session_line(send->session), out) : 0;

		if (count == 0)
			break;
		echo_meter_sent(&send->meter, count, now_ms);
	}
	loop_timer_set_deadline(send->timer, dialog_output(&send->dialog).size > 0 ? now_ms + POLL_MS : dialog_deadline(&send->dialog));
}

static void on_timer(void *user)
{
	struct loader_send *send = user;

	if (!send->is_measuring)
		return;
	if (echo_meter_tick(&send->meter, loop_now_ms()))
		end_of_meter(send);
	else
		push_meter(send);
}

static void begin_meter(struct loader_send *send)
{
	send->is_measuring = true;
	dialog_init(&send->dialog, send->prompt);
	dialog_clean_with(&send->dialog, send->driver->clean_keys);
	echo_meter_begin(&send->meter, &send->dialog, 0, loop_now_ms());
	push_meter(send);
}

static void measure_input(struct loader_send *send, struct bytes in, uint64_t now_ms)
{
	while (in.size > 0)
		if (echo_meter_input(&send->meter, &in, now_ms)) {
			end_of_meter(send);
			return;
		}
	push_meter(send);
}

/* ---- the session ---- */

static void on_ready(void *user, const struct loader_driver *driver, const char *prompt)
{
	struct loader_send *send = user;
	char text[120];

	send->driver = driver;
	text_copy(send->prompt, sizeof(send->prompt), prompt);
	on_say(send, text_format(text, sizeof(text), "at the prompt '%s' (%s)", prompt, driver->name));
	if (send->options.path == NULL)
		begin_meter(send);
	else
		begin_load(send);
}

static void on_failed(void *user, const struct error *error)
{
	finish(user, error->status, error, NULL);
}

static void on_bytes(void *user, struct bytes in, uint64_t now_ms)
{
	struct loader_send *send = user;

	if (send->is_measuring)
		measure_input(send, in, now_ms);
	else if (send->load != NULL)
		serial_load_input(send->load, in, now_ms);
	else if (send->rate != NULL)
		rate_change_input(send->rate, in, now_ms);
}

static void on_state(void *user, enum line_state state, const struct error *why)
{
	struct loader_send *send = user;

	if (send->load != NULL)
		serial_load_line_state(send->load, state, why);
	else if (send->rate != NULL)
		rate_change_line_state(send->rate, state);
	else if (state == LINE_LOST && send->is_measuring)
		finish(send, why->status, why, NULL);
}

bool loader_send_is_raised(const struct loader_send *send)
{
	return (send->load != NULL && serial_load_is_raised(send->load)) || (send->rate != NULL && rate_change_is_raised(send->rate));
}

bool loader_send_cancel(struct loader_send *send)
{
	if (send->load != NULL)
		serial_load_cancel(send->load);
	if (send->rate != NULL && !send->is_cancelled)
		rate_change_down(send->rate);
	send->is_cancelled = true;
	return send->load != NULL || send->rate != NULL;
}

/* ---- the start ---- */

static enum status check_options(const struct loader_send_options *options, struct error *reterr)
{
	static const char *const protocols[] = { "ymodem", "kermit", "xmodem" };
	bool is_known = options->protocol == NULL;

	for (size_t i = 0; i < ARRAY_SIZE(protocols) && !is_known; i++)
		is_known = text_equal(options->protocol, protocols[i]);
	if (!is_known)
		return error_set(reterr, STATUS_INVALID, "to a loader's prompt go ymodem, kermit and xmodem, not '%.40s'", options->protocol);
	if (options->loader != NULL && loader_driver_find(options->loader) == NULL)
		return error_set(reterr, STATUS_INVALID, "'%.40s' is no loader that is known", options->loader);
	return STATUS_OK;
}

enum status loader_send_start(struct loop *loop, const struct loader_send_options *options, const struct loader_send_observer *observer,
			      struct loader_send **ret_send, struct error *reterr)
{
	AUTO(loader_send) send = calloc(1, sizeof(*send));
	const struct prompt_session_options session = {
		.port = options->port, .baud = options->baud, .book = options->book, .loader = options->loader,
	};
	const struct prompt_session_observer session_observer = { on_say, on_ready, on_failed, on_bytes, on_state, send };
	enum status status;

	if (send == NULL || (send->timer = loop_timer_new(loop, on_timer, send)) == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to send a file");
	send->loop = loop;
	send->options = *options;
	send->observer = *observer;
	send->place = (struct loader_place){ .load_address = options->address, .protocol = options->protocol };
	status = check_options(options, reterr);
	if (status == STATUS_OK && options->path != NULL)
		status = small_file_read(options->path, "file", SEND_FILE_MAX, &send->data, &send->size, reterr);
	if (status == STATUS_OK)
		status = prompt_session_open(loop, &session, &session_observer, &send->session, reterr);
	if (status != STATUS_OK)
		return status;
	*ret_send = TAKE(send);
	return STATUS_OK;
}
