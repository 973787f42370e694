#include "tests/fakes/fake_app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "tests/fakes/fake_image.h"
#include "tests/fakes/fake_scenes.h"

enum { LINE_MS = 137 };
#define FIRST_BYTE_MS 1700000000000ull

/* ---- the device at the other end ---- */

static const struct sign fake_signs[] = {
	{ .id = "start", .match = "U-Boot 20", .stage = STAGE_LOADER, .effect = SIGN_MILESTONE },
	{ .id = "crc", .match = "Bad Data CRC", .effect = SIGN_FAULT, .cause = CAUSE_CHECKSUM, .also = CAUSE_POWER },
};

static void send_line_sign(struct app *app, const char *text, size_t size)
{
	char line[512];
	struct diagnosis_line out = { .number = ++app->number, .text = line, .start = 1, .stage = STAGE_LOADER, .time_ms = app->now_ms };

	text_printable(line, sizeof(line), bytes_of(text, size));
	for (size_t i = 0; i < ARRAY_SIZE(fake_signs); i++)
		if (strstr(line, fake_signs[i].match) != NULL)
			out.sign = &fake_signs[i];
	if (app->observer.on_console_line != NULL)
		app->observer.on_console_line(app->observer.user, app->speaks, &out);
}

/* Each line comes a while after the one before. */
static void device_says(struct app *app, const char *text, size_t size)
{
	const char *at = text, *end = text + size;

	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t length = line_end ? (size_t)(line_end - at) + 1 : (size_t)(end - at);

		app->now_ms += LINE_MS;
		if (app->observer.on_console_bytes != NULL)
			app->observer.on_console_bytes(app->observer.user, app->speaks, bytes_of(at, length), app->now_ms);
		if (line_end != NULL)
			send_line_sign(app, at, length - 1);
		at += length;
	}
	if (app->observer.on_change != NULL)
		app->observer.on_change(app->observer.user);
}

static void on_feed(void *user)
{
	struct app *app = user;
	char line[128];

	if (app->echo_size > 0) {
		size_t size = app->echo_size;

		app->echo_size = 0;
		app->speaks = app->typed_at;
		device_says(app, app->echo, size);
		app->speaks = 1;
	}
	if (app->console_text != NULL && !app->is_fed) {
		app->is_fed = true;
		device_says(app, app->console_text, strlen(app->console_text));
		app->speaks = 2;
		if (app->other_text != NULL)
			device_says(app, app->other_text, strlen(app->other_text));
		app->speaks = 1;
	}
	for (int i = 0; app->is_flood && i < 16; i++)	/* 16 lines of 64 bytes in 10 ms: 1 Mbaud */
		device_says(app, line,
			    strlen(text_format(line, sizeof(line),
					       "%08u the quick brown fox jumps over the lazy dog 0123456789\r\n",
					       app->flood_line++)));
	if (app->is_flood)
		loop_timer_set_after(app->feed, 10);
}

struct app *fake_app_new(struct loop *loop, const char *scene)
{
	struct app *app = calloc(1, sizeof(*app));

	if (app != NULL)
		app->scene = fake_scene_name(scene);
	if (app == NULL || app->scene == NULL) {
		free(app);
		return NULL;
	}
	app->loop = loop;
	app->speaks = 1;
	app->now_ms = 1000000;
	app->snapshot.bench = &app->bench;
	text_copy(app->snapshot.clock, sizeof(app->snapshot.clock), "12:04");
	text_copy(app->fact[0].name, sizeof(app->fact[0].name), "loader");
	text_copy(app->fact[0].value, sizeof(app->fact[0].value), "U-Boot 2010.06");
	app->feed = loop_timer_new(loop, on_feed, app);
	fake_fill_scene(app, app->scene);
	return app;
}

int64_t fake_app_first_case(const struct app *app)
{
	return app->first_case;
}

const char *fake_app_first_console(const struct app *app)
{
	return app->first_console;
}

/* ---- the calls of src/core/app.h ---- */

static void changed(struct app *app)
{
	(void)app;	/* a key draws anyway; the fake changes nothing else by itself */
}

void app_free(struct app *app)
{
	if (app == NULL)
		return;
	loop_timer_free(app->feed);
	free(app);
}

void app_observe(struct app *app, const struct app_observer *observer)
{
	app->observer = *observer;
}

const struct snapshot *app_snapshot(struct app *app)
{
	app->snapshot.asking = 0;
	for (unsigned i = 0; i < app->snapshot.live_count; i++)
		app->snapshot.asking += app->live[i].is_running && app->live[i].question.type != QUESTION_NONE;
	return &app->snapshot;
}

size_t app_device_search(struct app *app, const char *query, struct device_row *ret_rows, size_t max)
{
	static const char *const names[][2] = {
		{ "Hikvision DS-2CD2032-I", "IP camera, HiSilicon Hi3518" },
		{ "TP-Link Archer C7 v2", "router, Qualcomm Atheros QCA9558-AT4A" },
		{ "TP-Link Archer C7 v5", "router, QCA9563" },
		{ "Reolink RLC-410-5MP", "IP camera, Novatek NT98515" },
		{ "Testbed cam32", "IP camera, practice" },
		{ "Lidl Silvercrest Zigbee gateway", "gateway, Realtek RTL8196E" },
	};
	size_t count = 0;

	(void)app;
	for (size_t i = 0; i < ARRAY_SIZE(names) && count < max; i++)
		if (text_contains(names[i][0], query) || text_contains(names[i][1], query)) {
			text_copy(ret_rows[count].id, sizeof(ret_rows[count].id), names[i][0]);
			text_copy(ret_rows[count].text, sizeof(ret_rows[count].text), names[i][0]);
			text_copy(ret_rows[count].detail, sizeof(ret_rows[count].detail), names[i][1]);
			ret_rows[count].is_recent = query[0] == '\0' && count == 0;
			count++;
		}
	return count;
}

struct casebook *app_casebook(struct app *app)
{
	(void)app;
	return NULL;
}

enum status casebook_read(struct casebook *book, int64_t case_id, int64_t after_id,
			  bool (*on_entry)(void *user, const struct journal_entry *), void *user, struct error *reterr)
{
	(void)book; (void)case_id; (void)after_id; (void)on_entry; (void)user; (void)reterr;
	return STATUS_OK;
}

enum status app_case_new(struct app *app, int64_t *ret_case_id, struct error *reterr)
{
	struct case_view *view;

	if (app->snapshot.live_count == FAKE_LIVE)
		return error_set(reterr, STATUS_BUSY, "too many cases are open at once");
	view = fake_add_live(app, 43, "unknown device");
	fake_fill_device(view);
	fake_add_case(app, 43, "unknown device", "", "which device?", true, "");
	*ret_case_id = 43;
	changed(app);
	return STATUS_OK;
}

const struct case_view *app_case_view(struct app *app, int64_t case_id)
{
	for (unsigned i = 0; i < app->snapshot.live_count; i++)
		if (app->live[i].id == case_id)
			return &app->live[i];
	return NULL;
}

enum status app_case_open(struct app *app, int64_t case_id, struct error *reterr)
{
	if (app_case_view(app, case_id) != NULL)
		return STATUS_OK;
	error_set(reterr, STATUS_BUSY, "case #%lld is held by another unbrick (pid 812)", (long long)case_id);
	return error_hint(reterr, "close it there first");
}

static void next_phase(struct case_view *view, const char *text)
{
	enum guide_phase phase = view->phase;
	char answer[128];
	bool was_word = view->question.type == QUESTION_WORD;

	memset(view->say, 0, sizeof(view->say));
	view->say_count = view->progress_count = view->watch_count = 0;
	view->countdown_total_ms = 0;
	view->step = view->step_count = 0;
	fake_log_line(view, "12:05:00", JOURNAL_OPERATOR, text_format(answer, sizeof(answer), "answered: %s", text));
	if (phase == GUIDE_DEVICE) {
		text_copy(view->title, sizeof(view->title), text[0] ? text : "unknown device");
		fake_fill_happened(view);
	} else if (phase == GUIDE_HAPPENED) {
		fake_fill_connect(view);
	} else if (phase == GUIDE_CONNECT) {
		fake_fill_diagnosis(view);
	} else if (phase == GUIDE_DIAGNOSIS) {
		fake_fill_word(view);
	} else if (phase == GUIDE_STEPS && was_word) {
		fake_fill_outcome(view);
	} else {
		view->phase = GUIDE_CLOSED;
		fake_say(view, "The case is closed.");
		fake_ask(view, QUESTION_NONE, "");
	}
}

enum status app_case_answer(struct app *app, int64_t case_id, unsigned question_id, const char *text,
			    struct error *reterr)
{
	struct case_view *view = (struct case_view *)app_case_view(app, case_id);
	char answer[128];

	(void)reterr;
	if (view == NULL || view->question.id != question_id)
		return STATUS_OK;
	if (app->is_walk)
		next_phase(view, text);
	else
		text_copy(view->question.problem, sizeof(view->question.problem),
			  text_format(answer, sizeof(answer), "(answered '%s')", text));
	changed(app);
	return STATUS_OK;
}

enum status app_case_cancel(struct app *app, int64_t case_id, struct error *reterr)
{
	(void)case_id;
	return app_is_dangerous(app) ? error_set(reterr, STATUS_REFUSED, "flash is being written") : STATUS_OK;
}

enum status app_case_back(struct app *app, int64_t case_id, enum guide_phase to, struct error *reterr)
{
	struct case_view *view = (struct case_view *)app_case_view(app, case_id);

	(void)reterr;
	view->say_count = 0;
	if (to == GUIDE_DEVICE)
		fake_fill_device(view);
	else if (to == GUIDE_HAPPENED)
		fake_fill_happened(view);
	else
		fake_fill_connect(view);
	return STATUS_OK;
}

enum status app_console_open(struct app *app, const char *port, const struct line_settings *settings,
			     unsigned *ret_console_id, struct error *reterr)
{
	(void)settings;
	if (strcmp(port, "/dev/ttyUSB0") != 0 && strncmp(port, "replay:", 7) != 0)
		return error_set(reterr, STATUS_NOT_FOUND, "%s: there is no such port", port);
	*ret_console_id = 1;
	loop_timer_set_after(app->feed, 1);
	return STATUS_OK;
}

void app_console_close(struct app *app, unsigned console_id)
{
	(void)console_id;
	app->snapshot.console_count = 0;
}

enum status app_console_type(struct app *app, unsigned console_id, struct bytes keys, struct error *reterr)
{
	app->typed_at = console_id;
	if (app->snapshot.console[0].is_driven)
		return error_set(reterr, STATUS_BUSY, "a step types on this line");
	for (size_t i = 0; i < keys.size && app->echo_size + 4 < sizeof(app->echo); i++) {
		if (keys.data[i] == '\r')
			app->echo_size += (size_t)snprintf(app->echo + app->echo_size, 3, "\r\n");
		else if (keys.data[i] < 0x20)	/* as a shell shows control keys */
			app->echo_size += (size_t)snprintf(app->echo + app->echo_size, 3, "^%c", '@' + keys.data[i]);
		else
			app->echo[app->echo_size++] = (char)keys.data[i];
	}
	loop_timer_set_after(app->feed, 1);
	return STATUS_OK;
}

/* Pasted text is echoed as typed; a file stays at a third of its way until it is stopped. */
enum status app_console_paste(struct app *app, unsigned console_id, struct bytes text, struct error *reterr)
{
	return app_console_type(app, console_id, text, reterr);
}

enum status app_console_file(struct app *app, unsigned console_id, const struct console_file *file, struct error *reterr)
{
	struct sending_view *sending = &app->snapshot.console[0].sending;

	(void)console_id;
	if (strcmp(file->path, "/no/such/file") == 0)
		return error_set(reterr, STATUS_NOT_FOUND, "'%s' is not there", file->path);
	*sending = (struct sending_view){ .what = file->is_sender ? SENDING_FILE : RECEIVING_FILE, .retries = 2 };
	sending->progress = (struct progress){ .done = 137 << 10, .total = 412 << 10, .rate = 11200, .left_ms = 25000 };
	text_copy(sending->name, sizeof(sending->name), file->path);
	text_copy(sending->by, sizeof(sending->by), file->protocol);
	changed(app);
	return STATUS_OK;
}

size_t app_console_macros(struct app *app, unsigned console_id, struct macro_row *ret_rows, size_t max, const char **ret_at)
{
	static const struct macro_row rows[] = {
		{ NULL, "which camera", "printenv model <Enter>", "bootloader", true },
		{ NULL, "environment", "printenv <Enter>", "uboot", true },
		{ NULL, "flash partitions", "cat /proc/mtd <Enter>", "shell", false },
	};
	size_t count = max < ARRAY_SIZE(rows) ? max : ARRAY_SIZE(rows);

	(void)app;
	(void)console_id;
	*ret_at = "at the bootloader's prompt";
	for (size_t i = 0; i < count; i++) {
		ret_rows[i] = rows[i];
		ret_rows[i].macro = (const struct macro *)&rows[i];
	}
	return count;
}

enum status app_console_macro(struct app *app, unsigned console_id, const struct macro *macro, bool anyway, struct error *reterr)
{
	const struct macro_row *row = (const struct macro_row *)macro;
	char text[64];

	(void)anyway;
	text_format(text, sizeof(text), "%.*s\r", (int)strcspn(row->text, "<") - 1, row->text);
	return app_console_type(app, console_id, bytes_of_text(text), reterr);
}

void app_console_stop(struct app *app, unsigned console_id)
{
	(void)console_id;
	app->snapshot.console[0].sending = (struct sending_view){ 0 };
	changed(app);
}

enum status app_console_set_baud(struct app *app, unsigned console_id, unsigned baud, struct error *reterr)
{
	(void)console_id;
	(void)reterr;
	app->snapshot.console[0].baud = baud;
	app->snapshot.console[0].text_score = 99;
	return STATUS_OK;
}

/* What the device said of itself; from then on nothing more is kept. */
enum status app_console_read(struct app *app, unsigned console_id, uint64_t offset, size_t size, struct console_bytes *ret_bytes, struct error *reterr)
{
	(void)console_id; (void)reterr;
	memset(ret_bytes, 0, sizeof(*ret_bytes));
	text_copy(ret_bytes->file, sizeof(ret_bytes->file), app->snapshot.console[0].capture);
	while (ret_bytes->count < size && offset + ret_bytes->count < app->snapshot.console[0].captured_bytes) {
		ret_bytes->row_ms[ret_bytes->count / CONSOLE_BYTES_ROW] = FIRST_BYTE_MS + (offset + ret_bytes->count) / 48 * LINE_MS;
		ret_bytes->data[ret_bytes->count] = (uint8_t)app->console_text[(offset + ret_bytes->count) % strlen(app->console_text)];
		ret_bytes->count++;
	}
	return STATUS_OK;
}

enum status app_console_remark(struct app *app, unsigned console_id, const char *text, struct error *reterr)
{
	(void)app; (void)console_id; (void)text; (void)reterr;
	return STATUS_OK;
}

enum status app_console_set_line(struct app *app, unsigned console_id, const struct line_settings *settings,
				 struct error *reterr)
{
	(void)console_id;
	(void)reterr;
	app->snapshot.console[0].line = *settings;
	app->snapshot.console[0].baud = settings->baud;
	return STATUS_OK;
}

enum status app_console_set_manner(struct app *app, unsigned console_id, const struct console_manner *manner,
				   struct error *reterr)
{
	(void)console_id;
	(void)reterr;
	app->snapshot.console[0].manner = *manner;
	return STATUS_OK;
}

enum status app_console_break(struct app *app, unsigned console_id, struct error *reterr)
{
	(void)app; (void)console_id; (void)reterr;
	return STATUS_OK;
}

enum status app_console_set_dtr(struct app *app, unsigned console_id, bool on, struct error *reterr)
{
	(void)app; (void)console_id; (void)on; (void)reterr;
	return STATUS_OK;
}

enum status app_console_set_rts(struct app *app, unsigned console_id, bool on, struct error *reterr)
{
	(void)app; (void)console_id; (void)on;
	return error_set(reterr, STATUS_UNSUPPORTED, "this line has no RTS");
}

bool app_practice_kind(size_t index, const char **ret_kind, const char **ret_text)
{
	static const struct { const char *kind, *text; } kinds[] = {
		{ "power", "the power went away while the kernel was written" },
		{ "space", "the flash was full" },
		{ "wrong-hardware", "the firmware of another camera" },
	};

	if (index >= ARRAY_SIZE(kinds))
		return false;
	*ret_kind = kinds[index].kind;
	*ret_text = kinds[index].text;
	return true;
}

enum status app_console_find_baud(struct app *app, unsigned console_id, bool begins, struct error *reterr)
{
	return app_console_set_baud(app, console_id, begins ? 57600 : 115200, reterr);
}

/* The adapter sends back what it is sent. */
enum status app_console_check_line(struct app *app, unsigned console_id, const char *id, struct error *reterr)
{
	struct line_check *check = &app->snapshot.console[0].check;

	(void)console_id;
	(void)reterr;
	if (id == NULL)
		line_check_begin(check);
	else if (strcmp(id, "end") == 0)
		check->state = LINE_CHECK_IDLE;
	else if (line_check_answer(check, id))
		line_check_loopback(check, 99, 99, 0);
	return STATUS_OK;
}

enum status app_replay_change(struct app *app, unsigned console_id, enum line_replay_change what, double value, struct error *reterr)
{
	struct replay_state *replay = &app->snapshot.console[0].replay;

	(void)console_id;
	(void)reterr;
	if (what == LINE_REPLAY_SPEED)
		replay->speed = value;
	if (what == LINE_REPLAY_PAUSE)
		replay->is_paused = value > 0;
	return STATUS_OK;
}

enum status app_practice_start(struct app *app, const char *kind, struct error *reterr)
{
	(void)kind;
	(void)reterr;
	app->snapshot.is_practice = true;
	fake_add_port(app, "/dev/pts/9", "practice camera", kind, true);
	return STATUS_OK;
}

void app_practice_stop(struct app *app)
{
	app->snapshot.is_practice = false;
}

enum status app_power(struct app *app, const char *port, const char *how, struct error *reterr)
{
	(void)app;
	(void)port;
	(void)how;
	error_set(reterr, STATUS_UNSUPPORTED, "nothing here can switch the device's power");
	return error_hint(reterr, "switch it by hand, or start unbrick with --power-command");
}

bool app_is_dangerous(const struct app *app)
{
	for (unsigned i = 0; i < app->snapshot.live_count; i++)
		if (app->live[i].is_dangerous)
			return true;
	return false;
}

/* ---- the calls of src/core/image_view.h ---- */

enum status app_image_open(struct app *app, const char *path, int64_t case_id, unsigned *ret_image_id, struct error *reterr)
{
	const struct case_view *view = app_case_view(app, case_id);
	enum status status = fake_image_open(&app->image, path ? path : view->image, case_id, reterr);

	if (status == STATUS_OK)
		*ret_image_id = app->image.id;
	return status;
}

void app_image_close(struct app *app, unsigned image_id)
{
	(void)app;
	(void)image_id;
}

const struct image_view *app_image_view(struct app *app, unsigned image_id)
{
	return app->image.id == image_id ? &app->image : NULL;
}

enum status app_image_examine(struct app *app, unsigned image_id, bool is_deep, struct error *reterr)
{
	(void)image_id;
	(void)reterr;
	fake_image_finish(&app->image, is_deep);
	return STATUS_OK;
}

void app_image_stop(struct app *app, unsigned image_id)
{
	(void)image_id;
	if (app->image.state == IMAGE_VIEW_WORKING)
		app->image.state = IMAGE_VIEW_STOPPED;
}

enum status app_image_read(struct app *app, unsigned image_id, uint64_t offset, void *to, size_t size, size_t *ret_count, struct error *reterr)
{
	(void)image_id;
	(void)reterr;
	*ret_count = fake_image_read(&app->image, offset, to, size);
	return STATUS_OK;
}

enum status app_image_find(struct app *app, unsigned image_id, uint64_t from, struct bytes pattern, bool ignores_case, struct error *reterr)
{
	(void)image_id;
	(void)reterr;
	fake_image_find(&app->image, from, pattern, ignores_case);
	return STATUS_OK;
}

/* ---- the words of src/core/snapshot.h ---- */

const char *guide_phase_name(enum guide_phase phase)
{
	static const char *const names[GUIDE_PHASE_COUNT] = { "device",    "happened", "connect", "watch",
							      "diagnosis", "steps",    "outcome", "closed" };

	return phase < GUIDE_PHASE_COUNT ? names[phase] : "";
}

const char *outcome_name(enum outcome outcome)
{
	static const char *const names[] = { "unknown", "yes", "no", "not needed" };

	return names[outcome];
}
