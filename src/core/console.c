#include "src/core/console.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/app_internal.h"
#include "src/core/baud_hunt.h"
#include "src/core/console_send.h"
#include "src/core/line_test.h"

enum {
	PAUSE_MS = 150,			/* a line that is quiet for so long is looked at as it stands */
	HEARTBEAT_MS = 1000,		/* while a case listens: it may be waiting for silence */
	SCORE_MIN = 24,			/* bytes; fewer say nothing about the baud rate */
	SCORE_WINDOW = 512,
	CAPTURE_PART_MIN = 64 * 1024,
	CAPTURE_PART_BYTES = 256 * 1024 * 1024,
	CAPTURE_PART_MS = 24 * 3600 * 1000,
	CAPTURE_KEEP_FREE = 64 * 1024 * 1024,
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
	struct capture *capture;
	char capture_problem[160];
	bool is_room_said;
	struct diagnosis *diagnosis;
	int64_t case_id;
	struct console_listener listener;
	bool is_driven, is_at_loader;	/* is_at_loader: a prompt of the loader is the last thing that came */
	struct loop_timer *pause;
	uint64_t last_byte_ms, looked_ms, bytes;
	uint8_t window[SCORE_WINDOW];	/* the last bytes, for the text score */
	size_t window_size;
	unsigned expected_baud;		/* of the model; 0: not known */
	unsigned tried_bauds;		/* bits of common_bauds */
	char last_line[CONSOLE_LINE_MAX];
	uint8_t last_raw[CONSOLE_LINE_MAX];
	size_t last_raw_size;
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

/* Kept raw: an escape sequence that comes in two pieces ("~ # ESC" "[6n") would leave its second half in the text. */
static void follow_last_line(struct console *console, struct bytes in)
{
	size_t begin = in.size, size;

	while (begin > 0 && in.data[begin - 1] != '\n' && in.data[begin - 1] != '\r')
		begin--;
	if (begin > 0)
		console->last_raw_size = 0;
	size = in.size - begin;
	if (size > sizeof(console->last_raw) - console->last_raw_size)
		size = sizeof(console->last_raw) - console->last_raw_size;
	memcpy(console->last_raw + console->last_raw_size, in.data + begin, size);
	console->last_raw_size += size;
	text_printable(console->last_line, sizeof(console->last_line), (struct bytes){ console->last_raw, console->last_raw_size });
}

static void keep_window(struct console *console, struct bytes in)
{
	if (in.size >= SCORE_WINDOW) {
		memcpy(console->window, in.data + in.size - SCORE_WINDOW, SCORE_WINDOW);
		console->window_size = SCORE_WINDOW;
		return;
	}
	if (console->window_size + in.size > SCORE_WINDOW) {
		size_t drop = console->window_size + in.size - SCORE_WINDOW;

		memmove(console->window, console->window + drop, console->window_size - drop);
		console->window_size -= drop;
	}
	memcpy(console->window + console->window_size, in.data, in.size);
	console->window_size += in.size;
}

/* A disk fills up slowly: it is said while there is time to make room. */
static void watch_room(struct console *console)
{
	uint64_t room = capture_free_bytes(console->capture, loop_wall_ms());
	char text[160], left[32];

	if (room < SNAPSHOT_LITTLE_ROOM && !console->is_room_said) {
		text_format(text, sizeof(text), "the disk of the captures has only %s left", text_size(left, sizeof(left), room));
		app_notice(console->app, true, text, "make room; a capture stops before the disk is full");
	}
	if (room < SNAPSHOT_LITTLE_ROOM)
		console->is_room_said = true;
	else if (room > SNAPSHOT_LITTLE_ROOM + SNAPSHOT_LITTLE_ROOM / 4)
		console->is_room_said = false;
}

static void capture_bytes(struct console *console, struct bytes in)
{
	unsigned parts;
	struct error error;

	if (console->capture == NULL)
		return;
	parts = capture_part_count(console->capture);
	if (capture_write(console->capture, in, loop_wall_ms(), &error) == STATUS_OK) {
		console->capture_problem[0] = '\0';
		if (capture_part_count(console->capture) != parts && console->listener.on_capture)
			console->listener.on_capture(console->listener.user, capture_path(console->capture));
		watch_room(console);
		return;
	}
	if (console->capture_problem[0] == '\0')
		app_notice(console->app, true, error.text, error.hint);
	text_copy(console->capture_problem, sizeof(console->capture_problem), error.text);
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
	follow_last_line(console, in);
	keep_window(console, in);
	if (console->hunt)
		baud_hunt_bytes(console->hunt, in, now_ms);
	if (console->test)
		line_test_bytes(console->test, in, console->window_size < SCORE_MIN ? -1 : diagnosis_text_score(bytes_of(console->window, console->window_size)));
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

	capture_bytes(console, in);
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

/* How large a file of a capture may become, as the operator has it in the environment. */
static uint64_t part_bytes(struct console *console)
{
	const char *wanted = getenv("UNBRICK_CAPTURE_SIZE");
	uint64_t bytes;
	char text[160];

	if (wanted == NULL || wanted[0] == '\0')
		return CAPTURE_PART_BYTES;
	if (text_parse_size(wanted, &bytes) && bytes >= CAPTURE_PART_MIN)
		return bytes;
	text_format(text, sizeof(text), "UNBRICK_CAPTURE_SIZE is '%.40s', which is no size of 64KiB or more: 256MiB is taken", wanted);
	app_notice(console->app, true, text, "write it as 16MiB or 1GiB");
	return CAPTURE_PART_BYTES;
}

static void set_limits(struct console *console)
{
	capture_set_limits(console->capture, &(struct capture_limits){ .part_bytes = part_bytes(console), .part_ms = CAPTURE_PART_MS,
								       .keep_free_bytes = CAPTURE_KEEP_FREE });
}

static enum status open_capture(struct console *console, struct error *reterr)
{
	char folder[600], name[64], stamp[32];
	time_t now = (time_t)(loop_wall_ms() / 1000);
	enum status status;
	struct tm parts;

	localtime_r(&now, &parts);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &parts);
	text_format(folder, sizeof(folder), "%s/captures", console->app->state_folder);
	text_format(name, sizeof(name), "%s-%.40s", stamp, text_file_name(console->port));
	for (char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && strchr("-_.", *at) == NULL)
			*at = '-';
	status = capture_open(folder, name, &console->capture, reterr);
	if (status == STATUS_OK)
		set_limits(console);
	return status;
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
	/* A capture that cannot be kept is said, and does not keep the technician from the device. A recording is one already. */
	console->is_replay = text_starts(port, "replay:");
	console->replay_base_ms = loop_now_ms();
	if (!console->is_replay)
		status = open_capture(console, reterr);
	if (status != STATUS_OK) {
		text_copy(console->capture_problem, sizeof(console->capture_problem), reterr->text);
		app_notice(app, true, reterr->text, reterr->hint);
	}
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

enum status console_log_to(struct console *console, const char *path, struct error *reterr)
{
	struct capture *capture;
	char text[300];
	enum status status = capture_open_file(path, &capture, reterr);

	if (status != STATUS_OK)
		return status;
	if (console->capture && capture_size(console->capture) > 0)
		console_remark(console, text_format(text, sizeof(text), "goes on in %s", path));
	capture_abandon(console->capture);
	console->capture = capture;
	set_limits(console);
	console->capture_problem[0] = '\0';
	console_remark(console, text_format(text, sizeof(text), "port %s", console->port));
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
	if (console->capture)
		capture_close(console->capture);
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
	console->window_size = 0;
	console->last_line[0] = '\0';
	console->last_raw_size = 0;
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
	return console->last_line;
}

void console_look(const struct console *console, struct console_seen *seen, uint64_t now_ms, struct console_state *ret_state)
{
	enum boot_stage stage = diagnosis_stage(console->diagnosis);

	seen->tail = bytes_of(console->window, console->window_size);
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
	console->window_size = 0;
	return line_set_settings(console->line, settings, reterr);
}

const struct console_manner *console_manner(const struct console *console)
{
	return &console->manner;
}

struct bytes console_raw_line(const struct console *console)
{
	return bytes_of(console->last_raw, console->last_raw_size);
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
		.lines = diagnosis_line_count(console->diagnosis), .bytes = console->bytes, .text_score = -1,
	};
	console_send_fill_view(console->send, &ret_view->sending);
	text_copy(ret_view->port, sizeof(ret_view->port), console->port);
	text_copy(ret_view->state, sizeof(ret_view->state), console->state_text);
	ret_view->capture_room = UINT64_MAX;
	if (console->capture) {
		text_copy(ret_view->capture, sizeof(ret_view->capture), capture_path(console->capture));
		ret_view->captured_bytes = capture_size(console->capture);
		ret_view->capture_room = capture_free_bytes(console->capture, loop_wall_ms());
	}
	text_copy(ret_view->capture_problem, sizeof(ret_view->capture_problem), console->capture_problem);
	if (console->window_size >= SCORE_MIN)
		ret_view->text_score = diagnosis_text_score(bytes_of(console->window, console->window_size));
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
	return console->capture;
}

bool console_remark(struct console *console, const char *text)
{
	return console->capture != NULL && capture_remark(console->capture, text, loop_wall_ms(), NULL) == STATUS_OK;
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
	char text[160], data[32];

	baud_hunt_free(TAKE(console->hunt));
	if (baud != 0) {
		struct line_settings settings = line_get_settings(console->line);

		app_port_remember_line(console->app, console->port, &settings);
		text_format(text, sizeof(text), "%s talks at %u baud%s", console->port, baud,
			    settings.parity == 'N' ? "" : settings.parity == 'E' ? ", even parity" : ", odd parity");
	} else {
		text_format(text, sizeof(text), "no baud rate makes text of what comes on %s", console->port);
	}
	app_event(console->app, console->case_id, JOURNAL_OBSERVED, "baud", text, text_format(data, sizeof(data), "{\"baud\":%u}", baud));
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
	status = baud_hunt_new(console->app->loop, console, console->expected_baud, bytes_of(console->window, console->window_size), on_baud, console,
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
	console->window_size = 0;
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
