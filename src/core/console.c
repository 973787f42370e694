#include "src/core/console.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/app_internal.h"
#include "src/core/baud_hunt.h"
#include "src/core/console_capture.h"
#include "src/core/console_send.h"
#include "src/core/console_tail.h"
#include "src/core/line_test.h"

enum {
	PAUSE_MS = 150,			/* a line that is quiet for so long is looked at as it stands */
	HEARTBEAT_MS = 1000,		/* while a case listens: it may be waiting for silence */
};

/* By how common they are on the consoles of devices. */
static const unsigned common_bauds[] = { 115200, 57600, 38400, 9600, 1500000, 921600, 74880, 230400, 460800, 19200 };

struct console {
	struct app *app;
	unsigned id;
	char port[96];
	struct line *line;
	struct console_manner manner;
	struct console_send *send;
	enum line_state state;
	char state_text[120];
	struct console_capture capture;
	struct diagnosis *diagnosis;
	int64_t case_id;
	struct console_listener listener;
	bool is_driven, is_at_loader;	/* is_at_loader: a prompt of the loader is the last thing that came */
	struct loop_timer *pause;
	uint64_t last_byte_ms, looked_ms, bytes;
	struct console_tail tail;
	unsigned expected_baud;		/* of the model; 0: not known */
	unsigned tried_bauds;		/* bits of common_bauds */
	struct console_line kept[CONSOLE_LINES_KEPT];
	unsigned kept_count;
	struct baud_hunt *hunt;		/* NULL: none */
	struct line_test *test;		/* NULL: none */
	bool is_replay, is_skipping;
	uint64_t replay_base_ms;	/* when it would have begun, had it come at its own speed */
	enum boot_stage skip_stage;	/* where it skips from */
	unsigned skip_starts;
};
void console_free(struct console *console);
DEFINE_AUTO(console);

static void keep_line(void *user, const struct diagnosis_line *line)
{
	struct console *console = user;
	struct console_line *to = &console->kept[line->number % CONSOLE_LINES_KEPT];

	to->number = line->number;
	to->start = line->start;
	to->time_ms = line->time_ms;
	to->stage = line->stage;
	to->sign = line->sign;
	text_copy(to->text, sizeof(to->text), line->text);
	if (console->app->observer.on_console_line)
		console->app->observer.on_console_line(console->app->observer.user, console->id, line);
	if (console->listener.on_line)
		console->listener.on_line(console->listener.user, line);
}

/* A recording has its own clock: how long a start took does not depend on how fast it is played. */
static uint64_t device_time(const struct console *console, uint64_t now_ms)
{
	struct replay_state replay;

	return console->is_replay && line_replay_look(console->line, &replay) ? console->replay_base_ms + replay.read_ms : now_ms;
}

static void end_skip(struct console *console)
{
	if (!console->is_skipping || (diagnosis_starts(console->diagnosis) == console->skip_starts &&
				      diagnosis_stage(console->diagnosis) == console->skip_stage))
		return;
	console->is_skipping = false;
	line_replay_change(console->line, LINE_REPLAY_SKIP, 0);
}

void console_take_text(struct console *console, struct bytes in, uint64_t now_ms)
{
	uint64_t look_ms;

	if (console->app->observer.on_console_bytes)
		console->app->observer.on_console_bytes(console->app->observer.user, console->id, in, device_time(console, now_ms));
	diagnosis_input(console->diagnosis, in, device_time(console, now_ms));
	end_skip(console);
	console_tail_add(&console->tail, in);
	if (console->hunt)
		baud_hunt_bytes(console->hunt, in, now_ms);
	if (console->test)
		line_test_bytes(console->test, in, console_tail_score(&console->tail));
	/* A device that starts over and over may never pause: it is looked at all the same. */
	look_ms = now_ms + PAUSE_MS;
	if (look_ms > console->looked_ms + HEARTBEAT_MS)
		look_ms = console->looked_ms + HEARTBEAT_MS > now_ms ? console->looked_ms + HEARTBEAT_MS : now_ms;
	loop_timer_set_deadline(console->pause, look_ms);
	if (console->listener.on_bytes)
		console->listener.on_bytes(console->listener.user, in, now_ms);
	app_changed(console->app);
}

static void on_bytes(void *user, struct bytes in, uint64_t now_ms)
{
	struct console *console = user;

	if (console_capture_bytes(&console->capture, in) && console->listener.on_capture)
		console->listener.on_capture(console->listener.user, capture_path(console->capture.capture));
	console->last_byte_ms = now_ms;
	console->bytes += in.size;
	if (!console_send_hear(console->send, in, now_ms))
		console_take_text(console, in, now_ms);
}

static void on_state(void *user, enum line_state state, const struct error *why)
{
	struct console *console = user;
	char text[300];

	console->state = state;
	console_send_line(console->send, state, why);
	if (state == LINE_OPEN) {
		text_copy(console->state_text, sizeof(console->state_text), "open");
		text_format(text, sizeof(text), "%s is back", console->port);
		if (!text_equal(console->port, line_name(console->line)))
			text_append(text, sizeof(text), " as %s", line_name(console->line));
		text_copy(console->port, sizeof(console->port), line_name(console->line));
	} else {
		text_copy(console->state_text, sizeof(console->state_text), why ? why->text : "lost");
		const char *reason = why ? why->text : "unplugged";
		size_t length = strlen(console->port);

		/* most reasons begin with the port's name themselves */
		if (text_starts(reason, console->port) && strncmp(reason + length, ": ", 2) == 0)
			reason += length + 2;
		text_format(text, sizeof(text), "%s was lost: %s", console->port, reason);
	}
	console_remark(console, text);
	if (console->case_id == 0)	/* a case says it in its own journal */
		app_event(console->app, 0, JOURNAL_OBSERVED, state == LINE_OPEN ? "line" : "line-lost", text, NULL);
	app_notice(console->app, state != LINE_OPEN, text, state == LINE_OPEN ? "" : "plug the adapter in again; everything goes on by itself");
	if (console->listener.on_state)
		console->listener.on_state(console->listener.user, state, why);
	app_changed(console->app);
}

static void on_stuck(void *user, const struct error *why)
{
	struct console *console = user;

	text_copy(console->state_text, sizeof(console->state_text), why ? why->text : "open");
	console_remark(console, why ? why->text : "what was written leaves the adapter again");
	if (why)
		app_notice(console->app, true, why->text, why->hint);
	app_changed(console->app);
}

static void on_pause(void *user)
{
	struct console *console = user;
	uint64_t now = loop_now_ms();

	console->looked_ms = now;
	if (now - console->last_byte_ms >= PAUSE_MS)
		diagnosis_quiet(console->diagnosis, device_time(console, now));
	if (console->listener.on_pause)
		console->listener.on_pause(console->listener.user, now);
	if (console->case_id != 0)
		loop_timer_set_after(console->pause, HEARTBEAT_MS);
	app_changed(console->app);
}

enum status console_new(struct app *app, unsigned id, const char *port, const struct line_settings *settings,
			struct console **ret_console, struct error *reterr)
{
	AUTO(console) console = calloc(1, sizeof(*console));
	enum status status;

	if (console == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a console");
	console->app = app;
	console->id = id;
	text_copy(console->port, sizeof(console->port), port);
	text_copy(console->state_text, sizeof(console->state_text), "open");
	console->pause = loop_timer_new(app->loop, on_pause, console);
	if (console->pause == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a timer");
	status = diagnosis_new(app->signs, app->sign_count, keep_line, console, &console->diagnosis, reterr);
	if (status != STATUS_OK)
		return status;
	status = console_send_new(app, console, &console->send, reterr);
	if (status != STATUS_OK)
		return status;
	console->is_replay = text_starts(port, "replay:");
	console->replay_base_ms = loop_now_ms();
	if (!console->is_replay)	/* a recording is a capture already */
		console_capture_open(&console->capture, app, port);
	status = line_open(app->loop, port, settings, &(struct line_observer){ .on_bytes = on_bytes, .on_state = on_state, .user = console },
			   &console->line, reterr);
	if (status != STATUS_OK)
		return status;
	line_tell_stuck(console->line, on_stuck);
	for (size_t i = 0; i < ARRAY_SIZE(common_bauds); i++)
		if (common_bauds[i] == line_baud(console->line))
			console->tried_bauds |= 1u << i;
	*ret_console = TAKE(console);
	return STATUS_OK;
}

void console_free(struct console *console)
{
	if (console == NULL)
		return;
	console_stop_baud(console);
	line_test_free(console->test);
	console_send_free(console->send);
	if (console->line)
		line_close(console->line);
	loop_timer_free(console->pause);
	diagnosis_free(console->diagnosis);
	console_capture_close(&console->capture);
	free(console);
}

unsigned console_id(const struct console *console)
{
	return console->id;
}

const char *console_port(const struct console *console)
{
	return console->port;
}

void console_listen(struct console *console, int64_t case_id, const struct console_listener *listener)
{
	console->case_id = case_id;
	console->listener = listener ? *listener : (struct console_listener){ 0 };
	loop_timer_set_after(console->pause, PAUSE_MS);
}

size_t console_write(struct console *console, struct bytes out)
{
	return line_write(console->line, out);
}

void console_set_driven(struct console *console, bool is_driven)
{
	if (is_driven)
		console_send_stop(console->send);
	console->is_driven = is_driven;
}

void console_set_at_loader(struct console *console, bool is_at_loader)
{
	console->is_at_loader = is_at_loader;
}

bool console_is_driven(const struct console *console)
{
	return console->is_driven;
}

bool console_is_open(const struct console *console)
{
	return console->state == LINE_OPEN;
}

struct line *console_get_line(struct console *console)
{
	return console->line;
}

struct diagnosis *console_diagnosis(struct console *console)
{
	return console->diagnosis;
}

void console_forget(struct console *console)
{
	diagnosis_reset(console->diagnosis);
	console->bytes = 0;
	console->is_at_loader = false;
	console->tail = (struct console_tail){ .window_size = 0 };
}

uint64_t console_last_byte_ms(const struct console *console)
{
	return console->last_byte_ms;
}

uint64_t console_bytes(const struct console *console)
{
	return console->bytes;
}

const char *console_last_line(const struct console *console)
{
	return console->tail.line;
}

void console_look(const struct console *console, struct console_seen *seen, uint64_t now_ms, struct console_state *ret_state)
{
	enum boot_stage stage = diagnosis_stage(console->diagnosis);

	seen->tail = console_tail_window(&console->tail);
	seen->quiet_ms = now_ms - console->last_byte_ms;
	seen->in_loader = stage == STAGE_LOADER || stage == STAGE_FIRST_LOADER;
	console_state_of(seen, ret_state);
}

const struct console_line *console_find_line(const struct console *console, unsigned number)
{
	const struct console_line *line = &console->kept[number % CONSOLE_LINES_KEPT];

	return number > 0 && line->number == number ? line : NULL;
}

/* The model's own rate, else the most common one that was not tried yet on this line. */
static unsigned likely_baud(const struct console *console)
{
	if (console->expected_baud != 0 && console->expected_baud != line_baud(console->line))
		return console->expected_baud;
	for (size_t i = 0; i < ARRAY_SIZE(common_bauds); i++)
		if ((console->tried_bauds & 1u << i) == 0)
			return common_bauds[i];
	return common_bauds[0];
}

void console_expect_baud(struct console *console, unsigned baud)
{
	console->expected_baud = baud;
}

enum status console_set_baud(struct console *console, unsigned baud, struct error *reterr)
{
	struct line_settings settings = line_get_settings(console->line);

	settings.baud = baud;
	return console_set_line(console, &settings, reterr);
}

enum status console_set_line(struct console *console, const struct line_settings *settings, struct error *reterr)
{
	for (size_t i = 0; i < ARRAY_SIZE(common_bauds); i++)
		if (common_bauds[i] == settings->baud)
			console->tried_bauds |= 1u << i;
	console_tail_forget_window(&console->tail);
	return line_set_settings(console->line, settings, reterr);
}

const struct console_manner *console_manner(const struct console *console)
{
	return &console->manner;
}

struct bytes console_raw_line(const struct console *console)
{
	return bytes_of(console->tail.raw, console->tail.raw_size);
}

struct console_send *console_sending(struct console *console)
{
	return console->send;
}

void console_set_manner(struct console *console, const struct console_manner *manner)
{
	console->manner = *manner;
}

void console_fill_view(struct console *console, struct console_view *ret_view)
{
	*ret_view = (struct console_view){
		.id = console->id, .baud = line_baud(console->line), .line = line_get_settings(console->line),
		.manner = console->manner, .is_open = console->state == LINE_OPEN, .case_id = console->case_id,
		.is_driven = console->is_driven, .stage = console->is_at_loader ? STAGE_LOADER : diagnosis_stage(console->diagnosis), .starts = diagnosis_starts(console->diagnosis),
		.lines = diagnosis_line_count(console->diagnosis), .bytes = console->bytes, .text_score = console_tail_score(&console->tail),
	};
	console_send_fill_view(console->send, &ret_view->sending);
	text_copy(ret_view->port, sizeof(ret_view->port), console->port);
	text_copy(ret_view->state, sizeof(ret_view->state), console->state_text);
	console_capture_fill_view(&console->capture, ret_view);
	if (console->hunt)
		baud_hunt_fill_view(console->hunt, &ret_view->hunt);
	if (console->test)
		ret_view->check = *line_test_check(console->test);
	if (ret_view->text_score >= 0 && ret_view->text_score < 40)
		ret_view->likely_baud = likely_baud(console);
	ret_view->is_replay = console->is_replay && line_replay_look(console->line, &ret_view->replay);
	ret_view->fact_count = diagnosis_facts(console->diagnosis, &ret_view->facts);
	diagnosis_verdict(console->diagnosis, &ret_view->verdict);
}

const struct capture *console_capture(const struct console *console)
{
	return console->capture.capture;
}

enum status console_log_to(struct console *console, const char *path, struct error *reterr)
{
	return console_capture_log_to(&console->capture, path, console->port, reterr);
}

bool console_remark(struct console *console, const char *text)
{
	return console_capture_remark(&console->capture, text);
}

bool console_is_replay(const struct console *console)
{
	return console->is_replay;
}

enum status console_change_replay(struct console *console, enum line_replay_change what, double value, struct error *reterr)
{
	if (!console->is_replay)
		return error_set(reterr, STATUS_UNSUPPORTED, "%s is a line, not a recording", console->port);
	if (what == LINE_REPLAY_RESTART) {
		console->replay_base_ms = device_time(console, loop_now_ms());
		console_forget(console);
	}
	console->is_skipping = what == LINE_REPLAY_SKIP && value > 0;
	console->skip_stage = diagnosis_stage(console->diagnosis);
	console->skip_starts = diagnosis_starts(console->diagnosis);
	line_replay_change(console->line, what, value);
	return STATUS_OK;
}

/* ---- the baud rate ---- */

static void on_baud(void *user, unsigned baud)
{
	struct console *console = user;
	struct baud_hunt_view view;
	char text[160], data[48];

	baud_hunt_fill_view(console->hunt, &view);
	baud_hunt_free(TAKE(console->hunt));
	if (baud != 0) {
		struct line_settings settings = line_get_settings(console->line);

		app_port_remember_line(console->app, console->port, &settings);
		text_format(text, sizeof(text), "%s talks at %u baud%s", console->port, baud,
			    settings.parity == 'N' ? "" : settings.parity == 'E' ? ", even parity" : ", odd parity");
	} else {
		text_format(text, sizeof(text), "no baud rate makes text of what comes on %s", console->port);
	}
	app_event(console->app, console->case_id, JOURNAL_OBSERVED, "baud", text, text_format(data, sizeof(data), "{\"baud\":%u,\"rates\":%u}", baud, view.rates));
	app_notice(console->app, baud == 0, text, baud == 0 ? "GND loose? wrong level? inverted (RS-232)? more than one talker? The line check goes through it" : "");
	if (console->listener.on_baud)
		console->listener.on_baud(console->listener.user, baud);
	app_changed(console->app);
}

enum status console_find_baud(struct console *console, struct error *reterr)
{
	enum status status;

	if (console->is_replay)
		return error_set(reterr, STATUS_UNSUPPORTED, "a recording has no baud rate: what it holds was read at one already");
	console_stop_baud(console);
	status = baud_hunt_new(console->app->loop, console, console->expected_baud, console_tail_window(&console->tail), on_baud, console,
			       &console->hunt, reterr);
	app_changed(console->app);
	return status;
}

void console_stop_baud(struct console *console)
{
	struct baud_hunt *hunt = TAKE(console->hunt);

	baud_hunt_free(hunt);
}

bool console_is_hunting(const struct console *console)
{
	return console->hunt != NULL;
}

/* ---- the line check ---- */

static void on_check(void *user)
{
	struct console *console = user;

	if (console->listener.on_check)
		console->listener.on_check(console->listener.user);
	app_changed(console->app);
}

enum status console_check_line(struct console *console, struct error *reterr)
{
	if (console->is_replay)
		return error_set(reterr, STATUS_UNSUPPORTED, "a recording has no line to check");
	console_stop_baud(console);
	line_test_free(TAKE(console->test));
	/* what came before is no answer to what is asked now */
	console_tail_forget_window(&console->tail);
	app_changed(console->app);
	return line_test_new(console->app->loop, console, on_check, console, &console->test, reterr);
}

enum status console_check_answer(struct console *console, const char *id, struct error *reterr)
{
	app_changed(console->app);
	if (id == NULL || console->test == NULL) {
		line_test_free(TAKE(console->test));
		return STATUS_OK;
	}
	return line_test_answer(console->test, id, reterr);
}

const struct line_check *console_line_check(const struct console *console)
{
	return console->test ? line_test_check(console->test) : NULL;
}
