#include "src/core/serial_load.h"

#include <stdio.h>
#include <stdlib.h>

#include "recovery/loader/echo_meter.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/rate_change.h"
#include "src/core/transfer_job.h"

enum {
	LONG_TRANSFER_MS = 60000,	/* from then on a bad cable costs more than to measure it */
	BITS_A_BYTE = 11,		/* start, stop, and the frames' share */
	BEHIND_MS = 8000,		/* for the prompt behind a transfer: old loaders add up the whole file first */
	ABORT_MS = 3000,		/* for the prompt behind a transfer that was given up */
	LINE_POLL_MS = 5,
	SAID_MAX = 1024,
};

struct serial_load {
	struct loop *loop;
	struct loop_timer *timer;
	struct serial_load_options options;
	struct serial_load_observer observer;
	enum { PHASE_LEARN, PHASE_METER, PHASE_UP, PHASE_LOAD, PHASE_DOWN, PHASE_OVER } phase;
	struct loader_task task;
	struct loader_say say;
	struct dialog dialog;
	struct echo_meter meter;
	bool is_talking, is_cancelled, is_lost, is_in_turn, is_freed;
	bool was_sending;	/* a receiver may still wait */
	struct rate_change *rate;
	struct transfer_job *transfer;
	uint8_t said[SAID_MAX];		/* beside the transfer, the last of it: the loader's answer may come in one piece with the last ACK */
	size_t said_size;
	unsigned usual;
	enum status status;
	struct error error;
};

static void go_on(struct serial_load *load);
static void advance(struct serial_load *load, const char *reply);
static bool enter(struct serial_load *load);
static void leave(struct serial_load *load, bool is_outermost);

uint64_t serial_load_duration_ms(uint64_t bytes, unsigned baud)
{
	return baud > 0 ? bytes * BITS_A_BYTE * 1000 / baud : 0;
}

bool serial_load_is_raised(const struct serial_load *load)
{
	return load->rate != NULL && rate_change_is_raised(load->rate);
}

static void say(struct serial_load *load, const char *text)
{
	if (load->observer.on_say)
		load->observer.on_say(load->observer.user, text);
}

/* ---- the end ---- */

static void destroy(struct serial_load *load)
{
	transfer_job_free(load->transfer);
	rate_change_free(load->rate);
	loop_timer_free(load->timer);
	free(load);
}

void serial_load_free(struct serial_load *load)
{
	if (load == NULL)
		return;
	load->is_freed = true;
	if (!load->is_in_turn)
		destroy(load);
}

DEFINE_AUTO(serial_load);

static void finish(struct serial_load *load)
{
	load->phase = PHASE_OVER;
	if (!load->is_freed)
		load->observer.on_done(load->observer.user, load->status, &load->error, load->task.proof);
}

/* What went wrong first is what is told; the way back comes behind it. */
static void fail(struct serial_load *load, enum status status)
{
	load->is_talking = false;
	if (load->status == STATUS_OK) {
		load->status = status;
		if (load->is_cancelled)
			load->status = error_set(&load->error, STATUS_CANCELLED, "loading over the serial line was stopped");
	}
	load->phase = PHASE_DOWN;
	go_on(load);
}

/* ---- the rate ---- */

static void on_rate(void *user, const struct rate_change_result *result)
{
	struct serial_load *load = user;
	bool is_outermost = enter(load);
	char text[240];

	if (load->phase == PHASE_UP && result->type == BAUD_RAISE_UP) {
		say(load, text_format(text, sizeof(text), "both ends talk at %u baud now", result->baud));
		load->phase = load->is_cancelled ? PHASE_DOWN : PHASE_LOAD;
	} else if (load->phase == PHASE_UP && result->type == BAUD_RAISE_BACK && result->is_at_prompt) {
		say(load, text_format(text, sizeof(text), "it stays at %u baud: %s", load->usual, result->text));
		load->phase = load->is_cancelled ? PHASE_DOWN : PHASE_LOAD;
	} else if (result->type == BAUD_RAISE_BACK) {
		say(load, text_format(text, sizeof(text), "back at %u baud%s%s", load->usual, result->text[0] ? ": " : "", result->text));
		/* What was loaded is gone with a restart. */
		if (!result->is_at_prompt && load->status == STATUS_OK)
			load->status = error_set(&load->error, STATUS_GONE, "%s", result->text);
		load->phase = PHASE_OVER;
	} else {
		load->status = error_set(&load->error, STATUS_GONE, "%s", result->text);
		error_hint(&load->error, "switch the device off and on: the rate was never saved, so it starts at %u baud again", load->usual);
		load->phase = PHASE_OVER;
	}
	if (load->phase == PHASE_OVER)
		finish(load);
	else
		go_on(load);
	leave(load, is_outermost);
}

static void raise_rate(struct serial_load *load)
{
	const struct rate_change_options options = {
		.line = load->options.line, .port = load->options.port, .book = load->options.book, .loader = load->options.driver->name,
		.prompt = load->options.prompt, .usual = load->usual,
	};
	struct error error;
	char text[240];

	if (rate_change_new(load->loop, &options, on_rate, load, &load->rate, &error) != STATUS_OK) {
		say(load, text_format(text, sizeof(text), "it stays at %u baud: %s", load->usual, error.text));
		load->phase = PHASE_LOAD;
		go_on(load);
		return;
	}
	say(load, text_format(text, sizeof(text), "raising the rate from %u baud", load->usual));
	rate_change_up(load->rate, load->options.raise_baud);
}

/* ---- the transfer ---- */

static void on_progress(void *user, const struct transfer_progress *progress)
{
	struct serial_load *load = user;

	if (load->observer.on_progress)
		load->observer.on_progress(load->observer.user, progress->file_bytes, load->options.image.size);
}

static void on_text(void *user, struct bytes text)
{
	struct serial_load *load = user;
	size_t room, drop;

	if (text.size > SAID_MAX)
		text = bytes_from(text, text.size - SAID_MAX);
	room = SAID_MAX - load->said_size;
	drop = text.size > room ? text.size - room : 0;
	memmove(load->said, load->said + drop, load->said_size - drop);
	load->said_size -= drop;
	memcpy(load->said + load->said_size, text.data, text.size);
	load->said_size += text.size;
}

static void on_sent(void *user, enum status status, const struct error *error)
{
	struct serial_load *load = user;
	bool is_outermost = enter(load);
	struct bytes said;

	if (status != STATUS_OK)
		load->error = *error;	/* the job's own: it goes now */
	transfer_job_free(TAKE(load->transfer));
	if (status != STATUS_OK) {
		fail(load, status);
	} else {
		if (load->observer.on_progress)
			load->observer.on_progress(load->observer.user, load->options.image.size, load->options.image.size);
		load->is_talking = true;
		dialog_await(&load->dialog, BEHIND_MS, loop_now_ms());
		said = bytes_of(load->said, load->said_size);
		dialog_input(&load->dialog, &said, loop_now_ms());
	}
	leave(load, is_outermost);
}

static void send_image(struct serial_load *load)
{
	const struct transfer_job_options options = {
		.protocol = transfer_protocol_find(load->say.protocol), .is_sender = true, .line = load->options.line, .baud = line_baud(load->options.line),
		.paths = &load->options.path, .path_count = 1,
	};
	const struct transfer_job_observer observer = { .on_progress = on_progress, .on_text = on_text, .on_done = on_sent, .user = load };
	enum status status = transfer_job_start(load->loop, &options, &observer, &load->transfer, &load->error);
	char text[96];

	load->said_size = 0;
	load->was_sending = status == STATUS_OK;
	if (status == STATUS_OK)
		say(load, text_format(text, sizeof(text), "sending the image by %s", options.protocol->title));
	else
		fail(load, status);
}

/* ---- talking to the loader ---- */

static void push(struct serial_load *load)
{
	for (;;) {
		struct bytes out = dialog_output(&load->dialog);
		size_t count = out.size > 0 ? line_write(load->options.line, out) : 0;

		if (count == 0)
			return;
		if (load->phase == PHASE_METER)
			echo_meter_sent(&load->meter, count, loop_now_ms());
		else
			dialog_sent(&load->dialog, count);
	}
}

static void begin_dialog(struct serial_load *load)
{
	dialog_init(&load->dialog, load->options.prompt);
	dialog_clean_with(&load->dialog, load->options.driver->clean_keys);
	load->is_talking = true;
}

static void type(struct serial_load *load)
{
	begin_dialog(load);
	if (dialog_start(&load->dialog, load->say.command, load->say.silence_ms, load->say.until, loop_now_ms()) != STATUS_OK)
		fail(load, error_set(&load->error, STATUS_INVALID, "cannot type '%.60s'", load->say.command));
}

static void on_reply(struct serial_load *load, struct dialog_event event)
{
	load->is_talking = false;
	if (load->phase == PHASE_DOWN) {	/* it has ended its side, or is as deaf as it was */
		finish(load);
	} else if (event.type == DIALOG_FAILED) {
		error_set(&load->error, event.status, event.status == STATUS_TIMEOUT ? "the bootloader did not answer '%.80s' in time" :
			  "the bootloader did not take '%.80s' as it was typed", load->say.command);
		error_hint(&load->error, "check the serial line; this can be begun again");
		fail(load, event.status);
	} else {
		advance(load, dialog_reply(&load->dialog));
	}
}

static void advance(struct serial_load *load, const char *reply)
{
	loader_next *next = load->phase == PHASE_LEARN ? load->options.driver->learn : load->options.driver->load_serial;

	switch (next(&load->task, reply, &load->say, &load->error)) {
	case LOADER_TYPE:
		type(load);
		break;
	case LOADER_SEND:
		send_image(load);
		break;
	case LOADER_DONE:
		load->phase = load->phase == PHASE_LEARN ? PHASE_METER : PHASE_DOWN;
		go_on(load);
		break;
	case LOADER_FAILED:
		fail(load, load->error.status);
		break;
	}
}

/* ---- the cable ---- */

static void end_of_meter(struct serial_load *load)
{
	char seen[120], text[160];

	load->is_talking = false;
	echo_meter_text(&load->meter, seen, sizeof(seen));
	say(load, text_format(text, sizeof(text), "the line is %s", seen));
	if (echo_meter_grade(&load->meter) == ECHO_BAD) {
		error_set(&load->error, STATUS_REFUSED, "the line is %s", seen);
		error_hint(&load->error, "a long transfer would fail: try a shorter cable, a good ground wire, another adapter");
		fail(load, STATUS_REFUSED);
		return;
	}
	load->phase = PHASE_UP;
	go_on(load);
}

static bool is_metered(const struct serial_load *load)
{
	return !load->options.skip_meter && (load->options.raise_baud != 0 || serial_load_duration_ms(load->options.image.size, load->usual) >= LONG_TRANSFER_MS);
}

/* ---- from phase to phase ---- */

static void begin_phase(struct serial_load *load)
{
	switch (load->phase) {
	case PHASE_LEARN:
		loader_task_init(&load->task, load->options.place, load->options.build, load->options.image);
		advance(load, NULL);
		break;
	case PHASE_METER:
		begin_dialog(load);
		echo_meter_begin(&load->meter, &load->dialog, 0, loop_now_ms());
		break;
	case PHASE_UP:
		raise_rate(load);
		break;
	case PHASE_LOAD:
		loader_task_init(&load->task, load->options.place, load->options.build, load->options.image);
		advance(load, NULL);
		break;
	case PHASE_DOWN:
		/* While the adapter is away nothing can be told; serial_load_line_state() goes on. */
		if (serial_load_is_raised(load) && !load->is_lost) {
			rate_change_down(load->rate);
		} else if (!serial_load_is_raised(load) && load->was_sending && load->status != STATUS_OK && !load->is_lost) {
			begin_dialog(load);
			dialog_await(&load->dialog, ABORT_MS, loop_now_ms());
		} else if (!serial_load_is_raised(load)) {
			finish(load);
		}
		break;
	case PHASE_OVER:
		break;
	}
}

/* Phases that are not needed are gone through at once. */
static void go_on(struct serial_load *load)
{
	if (load->phase == PHASE_LEARN && load->options.build->is_known)
		load->phase = PHASE_METER;
	if (load->phase == PHASE_METER && !is_metered(load))
		load->phase = PHASE_UP;
	if (load->phase == PHASE_UP && load->options.raise_baud <= load->usual)
		load->phase = PHASE_LOAD;
	begin_phase(load);
}

/* ---- from outside ---- */

static void feed(struct serial_load *load, struct bytes in, uint64_t now_ms)
{
	if (load->transfer != NULL)
		in = bytes_from(in, transfer_job_input(load->transfer, in, now_ms));
	while (in.size > 0 && load->is_talking) {
		if (load->phase == PHASE_METER) {
			if (echo_meter_input(&load->meter, &in, now_ms))
				end_of_meter(load);
		} else {
			struct dialog_event event = dialog_input(&load->dialog, &in, now_ms);

			if (event.type != DIALOG_NOTHING && event.type != DIALOG_RETYPE)
				on_reply(load, event);
		}
		if (load->is_talking)
			push(load);
	}
	if (in.size > 0 && load->rate != NULL && (load->phase == PHASE_UP || load->phase == PHASE_DOWN))
		rate_change_input(load->rate, in, now_ms);
}

static void tick(struct serial_load *load, uint64_t now_ms)
{
	if (!load->is_talking || now_ms < dialog_deadline(&load->dialog))
		return;
	if (load->phase == PHASE_METER) {
		if (echo_meter_tick(&load->meter, now_ms))
			end_of_meter(load);
	} else {
		struct dialog_event event = dialog_tick(&load->dialog, now_ms);

		if (event.type != DIALOG_NOTHING && event.type != DIALOG_RETYPE)
			on_reply(load, event);
	}
}

/* What the jobs below call comes from their own timers, or from within a turn of this one. */
static bool enter(struct serial_load *load)
{
	bool is_outermost = !load->is_in_turn;

	load->is_in_turn = true;
	return is_outermost;
}

static void leave(struct serial_load *load, bool is_outermost)
{
	uint64_t deadline_ms = UINT64_MAX;

	if (!is_outermost)
		return;
	load->is_in_turn = false;
	if (load->is_freed) {
		destroy(load);
		return;
	}
	if (load->is_talking) {
		push(load);
		deadline_ms = dialog_output(&load->dialog).size > 0 ? loop_now_ms() + LINE_POLL_MS : dialog_deadline(&load->dialog);
	}
	loop_timer_set_deadline(load->timer, load->phase == PHASE_OVER ? UINT64_MAX : deadline_ms);
}

static void on_timer(void *user)
{
	struct serial_load *load = user;

	enter(load);
	if (load->phase == PHASE_LEARN && !load->is_talking)
		go_on(load);
	else
		tick(load, loop_now_ms());
	leave(load, true);
}

void serial_load_input(struct serial_load *load, struct bytes in, uint64_t now_ms)
{
	enter(load);
	feed(load, in, now_ms);
	leave(load, true);
}

void serial_load_line_state(struct serial_load *load, enum line_state state, const struct error *why)
{
	bool was_lost = load->is_lost;

	load->is_lost = state == LINE_LOST;
	if (load->phase == PHASE_OVER)
		return;
	enter(load);
	if (load->is_lost && !was_lost) {
		if (serial_load_is_raised(load))
			say(load, "the adapter is gone while the device talks at another rate: plug it in again, I bring it back first");
		if (load->transfer != NULL) {
			transfer_job_line_lost(load->transfer, why);
		} else if (load->phase != PHASE_UP && load->phase != PHASE_DOWN) {
			load->error = *why;
			fail(load, why->status);
		} else {
			if (load->status == STATUS_OK) {
				load->error = *why;
				load->status = why->status;
			}
			load->phase = PHASE_DOWN;
			rate_change_line_state(load->rate, state);
			if (!serial_load_is_raised(load))
				finish(load);
		}
	} else if (!load->is_lost && was_lost && load->phase == PHASE_DOWN) {
		rate_change_find(load->rate, 0);
	}
	leave(load, true);
}

void serial_load_cancel(struct serial_load *load)
{
	if (load->is_cancelled || load->phase == PHASE_OVER)
		return;
	load->is_cancelled = true;
	enter(load);
	if (load->transfer != NULL) {
		transfer_job_cancel(load->transfer);
	} else if (load->phase == PHASE_UP) {
		load->status = error_set(&load->error, STATUS_CANCELLED, "loading over the serial line was stopped");
		load->phase = PHASE_DOWN;
		rate_change_down(load->rate);
	} else if (load->phase != PHASE_DOWN) {
		/* It stands at its prompt, or works on a command that only reads. */
		line_write(load->options.line, bytes_of_text(load->options.driver->clean_keys ? load->options.driver->clean_keys : "\x03"));
		fail(load, STATUS_CANCELLED);
	}
	leave(load, true);
}

enum status serial_load_start(struct loop *loop, const struct serial_load_options *options, const struct serial_load_observer *observer,
			      struct serial_load **ret_load, struct error *reterr)
{
	AUTO(serial_load) load = NULL;

	if (options->driver->load_serial == NULL) {
		error_set(reterr, STATUS_UNSUPPORTED, "no way is known to send a file to this bootloader over its console%s%s",
			  options->driver->why_no_serial ? ": " : "", options->driver->why_no_serial ? options->driver->why_no_serial : "");
		return error_hint(reterr, "choose a plan that loads by TFTP or from a card");
	}
	load = calloc(1, sizeof(*load));
	if (load == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to load over the serial line");
	load->loop = loop;
	load->options = *options;
	load->observer = *observer;
	load->usual = line_baud(options->line);
	load->timer = loop_timer_new(loop, on_timer, load);
	if (load->timer == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a timer");
	loop_timer_set_after(load->timer, 0);
	*ret_load = TAKE(load);
	return STATUS_OK;
}
