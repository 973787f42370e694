/* The app: what the faces call. It owns the bench, the consoles and the live cases, and keeps the snapshot fresh. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/app_internal.h"
#include "src/core/live_case.h"
#include "src/core/practice_process.h"
#include "src/practice/practice_device.h"

/* ---- telling the observer, always from the loop ---- */

struct queued_event {
	struct queued_event *next;
	struct app_event event;
	char kind[24];
	char text[400];
	char data[400];
	bool has_data;
};

static void flush_events(struct app *app)
{
	while (app->first_event) {
		struct queued_event *queued = app->first_event;

		app->first_event = queued->next;
		if (app->first_event == NULL)
			app->last_event = NULL;
		queued->event.kind = queued->kind;
		queued->event.text = queued->text;
		queued->event.data = queued->has_data ? queued->data : NULL;
		if (app->observer.on_event)
			app->observer.on_event(app->observer.user, &queued->event);
		free(queued);
	}
}

static void on_deferred(void *user)
{
	struct app *app = user;

	flush_events(app);
	if (app->is_stale && app->observer.on_change)
		app->observer.on_change(app->observer.user);
}

void app_changed(struct app *app)
{
	if (!app->is_stale)
		loop_timer_set_after(app->deferred, 0);
	app->is_stale = true;
}

static bool is_journalled(const char *kind)
{
	static const char *const for_faces[] = { "progress", "console", "question" };

	for (size_t i = 0; i < ARRAY_SIZE(for_faces); i++)
		if (text_equal(kind, for_faces[i]))
			return false;
	return true;
}

void app_event(struct app *app, int64_t case_id, enum journal_by by, const char *kind, const char *text, const char *data)
{
	struct queued_event *queued;
	struct error error;

	/* On the disk before it is shown. */
	if (case_id != 0 && is_journalled(kind)) {
		struct journal_entry entry = { .case_id = case_id, .time_ms = (int64_t)loop_wall_ms(), .by = by, .kind = kind, .text = text, .data = data };

		if (casebook_append(app->book, &entry, &error) != STATUS_OK)
			app_notice(app, true, error.text, error.hint);
	}
	if (app->observer.on_event == NULL || (queued = calloc(1, sizeof(*queued))) == NULL)
		return;
	queued->event = (struct app_event){ .case_id = case_id, .wall_ms = loop_wall_ms(), .by = by };
	text_copy(queued->kind, sizeof(queued->kind), kind);
	text_copy(queued->text, sizeof(queued->text), text);
	queued->has_data = data != NULL;
	text_copy(queued->data, sizeof(queued->data), data);
	if (app->last_event)
		app->last_event->next = queued;
	else
		app->first_event = queued;
	app->last_event = queued;
	loop_timer_set_after(app->deferred, 0);
}

void app_notice(struct app *app, bool is_error, const char *text, const char *hint)
{
	text_copy(app->notice, sizeof(app->notice), text);
	text_copy(app->notice_hint, sizeof(app->notice_hint), hint);
	app->notice_is_error = is_error;
	app_changed(app);
}

/* ---- the bench ---- */

static void on_bench(void *user, const struct bench_state *state)
{
	struct app *app = user;

	app->bench = *state;
	if (app->practice && app->bench.port_count < BENCH_PORTS_MAX) {
		struct bench_port *port = &app->bench.port[app->bench.port_count];

		/* first, so that it is the one a new case takes */
		memmove(&app->bench.port[1], &app->bench.port[0], sizeof(*port) * app->bench.port_count++);
		port = &app->bench.port[0];
		*port = (struct bench_port){ .may_open = true };
		text_copy(port->path, sizeof(port->path), practice_process_port(app->practice));
		text_copy(port->product, sizeof(port->product), "practice camera");
	}
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		if (app->live[i])
			guide_on_bench(app->live[i]);
	app_changed(app);
}

static void look_at_bench(struct app *app)
{
	struct bench_state state;

	bench_scan(&state);
	on_bench(app, &state);
}

/* ---- life ---- */

static enum status make_state_folder(struct app *app, struct error *reterr)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (app->options.state_folder)
		text_copy(app->state_folder, sizeof(app->state_folder), app->options.state_folder);
	else if (state && state[0] == '/')
		text_format(app->state_folder, sizeof(app->state_folder), "%s/unbrick", state);
	else
		text_format(app->state_folder, sizeof(app->state_folder), "%s/.local/state/unbrick", home && home[0] == '/' ? home : "/tmp");
	for (char *at = app->state_folder + 1; ; at++) {
		char kept = *at;

		if (kept != '/' && kept != '\0')
			continue;
		*at = '\0';
		if (mkdir(app->state_folder, 0700) < 0 && errno != EEXIST) {
			error_set(reterr, STATUS_IO, "cannot make the folder '%s': %s", app->state_folder, strerror(errno));
			return error_hint(reterr, "choose another place with --state FOLDER");
		}
		*at = kept;
		if (kept == '\0')
			return STATUS_OK;
	}
}

static enum status open_parts(struct app *app, struct error *reterr)
{
	char path[600];
	enum status status = make_state_folder(app, reterr);

	if (status == STATUS_OK)
		status = device_library_open(app->options.library_folders, &app->library, reterr);
	if (status != STATUS_OK)
		return status;
	status = casebook_open(text_format(path, sizeof(path), "%s/casebook.db", app->state_folder), &app->book, reterr);
	if (status != STATUS_OK)
		return status;
	return bench_watch_new(app->loop, on_bench, app, &app->watch, reterr);
}

enum status app_new(struct loop *loop, const struct app_options *options, struct app **ret_app, struct error *reterr)
{
	struct app *app = calloc(1, sizeof(*app));
	ssize_t length;
	enum status status;

	if (app == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the program");
	app->loop = loop;
	app->options = *options;
	app->deferred = loop_timer_new(loop, on_deferred, app);
	length = readlink("/proc/self/exe", app->program, sizeof(app->program) - 1);
	app->program[length > 0 ? length : 0] = '\0';
	status = app->deferred ? open_parts(app, reterr) : error_set(reterr, STATUS_NO_MEMORY, "no memory for a timer");
	if (status != STATUS_OK) {
		app_free(app);
		return status;
	}
	look_at_bench(app);
	*ret_app = app;
	return STATUS_OK;
}

void app_free(struct app *app)
{
	if (app == NULL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		live_case_free(app->live[i]);
	for (size_t i = 0; i < ARRAY_SIZE(app->console); i++)
		console_free(app->console[i]);
	practice_process_stop(app->practice);
	bench_watch_free(app->watch);
	casebook_close(app->book);
	device_library_free(app->library);
	while (app->first_event) {
		struct queued_event *queued = app->first_event;

		app->first_event = queued->next;
		free(queued);
	}
	loop_timer_free(app->deferred);
	free(app);
}

void app_observe(struct app *app, const struct app_observer *observer)
{
	app->observer = observer ? *observer : (struct app_observer){ 0 };
}

struct device_library *app_library(struct app *app)
{
	return app->library;
}

struct casebook *app_casebook(struct app *app)
{
	return app->book;
}

/* ---- the snapshot ---- */

static void fill_usb(struct app *app)
{
	struct snapshot *to = &app->snapshot;
	const struct usb_recovery_id *ids;
	struct error error;
	size_t count;

	to->usb_count = 0;
	if (app->bench.usb_count == 0 || device_library_usb_ids(app->library, &ids, &count, &error) != STATUS_OK)
		return;
	for (unsigned i = 0; i < app->bench.usb_count; i++)
		for (size_t k = 0; k < count; k++) {
			const struct bench_usb *usb = &app->bench.usb[i];
			struct usb_view *view = &to->usb[to->usb_count];

			if (usb->vendor != ids[k].vendor || (ids[k].product != UINT32_MAX && ids[k].product != usb->product))
				continue;
			text_copy(view->path, sizeof(view->path), usb->path);
			text_copy(view->name, sizeof(view->name), ids[k].name);
			text_copy(view->meaning, sizeof(view->meaning), ids[k].meaning);
			to->usb_count++;
			break;
		}
}

static void fill_snapshot(struct app *app)
{
	struct snapshot *to = &app->snapshot;
	time_t now = time(NULL);
	struct tm parts;
	struct error error;

	localtime_r(&now, &parts);
	strftime(to->clock, sizeof(to->clock), "%H:%M", &parts);
	to->bench = &app->bench;
	fill_usb(app);
	if (casebook_list(app->book, false, to->cases, SNAPSHOT_CASES_MAX, &to->case_count, &error) != STATUS_OK)
		app_notice(app, true, error.text, error.hint);
	to->live_count = to->running = 0;
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		if (app->live[i]) {
			to->live[to->live_count++] = &app->live[i]->view;
			to->running += app->live[i]->is_running;
		}
	to->console_count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(app->console); i++)
		if (app->console[i])
			console_fill_view(app->console[i], &to->console[to->console_count++]);
	to->is_practice = app->practice != NULL;
	text_copy(to->notice, sizeof(to->notice), app->notice);
	text_copy(to->notice_hint, sizeof(to->notice_hint), app->notice_hint);
	to->notice_is_error = app->notice_is_error;
}

const struct snapshot *app_snapshot(struct app *app)
{
	if (app->is_stale) {
		app->is_stale = false;
		fill_snapshot(app);
	}
	return &app->snapshot;
}

/* ---- devices ---- */

static void fill_row(struct app *app, const char *id, struct device_row *row)
{
	const struct profile *profile;
	struct error error;

	*row = (struct device_row){ 0 };
	text_copy(row->id, sizeof(row->id), id);
	if (device_library_profile(app->library, id, &profile, &error) != STATUS_OK) {
		text_copy(row->text, sizeof(row->text), id);
		text_copy(row->detail, sizeof(row->detail), error.text);
		return;
	}
	text_format(row->text, sizeof(row->text), "%s %s", profile->vendor, profile->model);
	text_format(row->detail, sizeof(row->detail), "%s%s%s", profile->kind ? profile->kind : "device", profile->soc ? ", " : "",
		    profile->soc ? profile->soc : "");
	for (unsigned i = 0; i < profile->method_count && i < 3; i++)
		text_append(row->detail, sizeof(row->detail), "%s%s", i ? ", " : "; ", profile->methods[i].name);
}

/* Profiles of the last cases come first when nothing is typed: a bench repairs the same models again and again. */
static size_t recent_devices(struct app *app, const char **ret_ids, size_t max)
{
	const struct snapshot *snapshot = app_snapshot(app);
	size_t count = 0;

	for (size_t i = 0; i < snapshot->case_count && count < max; i++) {
		const struct profile *profile;
		struct error error;
		bool is_new = true;

		if (!strchr(snapshot->cases[i].device, '/') || device_library_profile(app->library, snapshot->cases[i].device, &profile, &error) != STATUS_OK)
			continue;
		for (size_t k = 0; k < count; k++)
			is_new = is_new && strcmp(ret_ids[k], profile->id) != 0;
		if (is_new)
			ret_ids[count++] = profile->id;
	}
	return count;
}

size_t app_device_search(struct app *app, const char *query, struct device_row *ret_rows, size_t max)
{
	const char *ids[256];
	size_t count = 0, limit = max < ARRAY_SIZE(ids) ? max : ARRAY_SIZE(ids);

	if (query[0] == '\0') {
		size_t recent = count = recent_devices(app, ids, limit);

		for (size_t i = 0; i < device_library_count(app->library) && count < limit; i++) {
			const char *id = device_library_id(app->library, i);
			bool is_new = true;

			for (size_t k = 0; k < recent; k++)
				is_new = is_new && strcmp(ids[k], id) != 0;
			if (is_new)
				ids[count++] = id;
		}
	} else {
		count = device_library_search(app->library, query, ids, limit);
	}
	for (size_t i = 0; i < count; i++)
		fill_row(app, ids[i], &ret_rows[i]);
	return count;
}

/* ---- cases ---- */

static struct live_case *find_live(struct app *app, int64_t case_id)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		if (app->live[i] && app->live[i]->id == case_id)
			return app->live[i];
	return NULL;
}

static enum status make_live(struct app *app, int64_t case_id, struct live_case **ret_case, struct error *reterr)
{
	struct live_case **place = NULL;
	struct case_summary summary;
	enum status status = casebook_summary(app->book, case_id, &summary, reterr);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		if (app->live[i] == NULL || app->live[i]->phase == GUIDE_CLOSED)
			place = &app->live[i];
	if (place == NULL) {
		error_set(reterr, STATUS_BUSY, "%u cases are being worked on already", SNAPSHOT_LIVE_MAX);
		return error_hint(reterr, "close one of them first");
	}
	status = casebook_hold(app->book, case_id, reterr);
	if (status != STATUS_OK)
		return status;
	live_case_free(*place);
	*place = NULL;
	status = live_case_new(app, case_id, ret_case, reterr);
	if (status == STATUS_OK)
		*place = *ret_case;
	return status;
}

enum status app_case_new(struct app *app, int64_t *ret_case_id, struct error *reterr)
{
	struct live_case *c;
	enum status status = casebook_case_new(app->book, (int64_t)loop_wall_ms(), ret_case_id, reterr);

	if (status == STATUS_OK)
		status = make_live(app, *ret_case_id, &c, reterr);
	if (status != STATUS_OK)
		return status;
	guide_enter(c, GUIDE_DEVICE);
	return STATUS_OK;
}

enum status app_case_open(struct app *app, int64_t case_id, struct error *reterr)
{
	struct live_case *c;
	enum status status;

	if (find_live(app, case_id))
		return STATUS_OK;
	status = make_live(app, case_id, &c, reterr);
	if (status == STATUS_OK)
		guide_resume(c);
	return status;
}

const struct case_view *app_case_view(struct app *app, int64_t case_id)
{
	struct live_case *c = find_live(app, case_id);

	return c ? &c->view : NULL;
}

static bool is_choice(const struct question *question, const char *text)
{
	for (unsigned i = 0; i < question->choice_count; i++)
		if (text_equal(question->choice[i].id, text))
			return true;
	return text_starts(text, "method:") || strchr(text, '/') != NULL;
}

enum status app_case_answer(struct app *app, int64_t case_id, unsigned question_id, const char *text, struct error *reterr)
{
	struct live_case *c = find_live(app, case_id);
	char logged[300];
	enum status status;

	if (c == NULL || c->view.question.id != question_id || c->view.question.type == QUESTION_NONE)
		return STATUS_OK;
	if (c->view.question.type == QUESTION_CHOOSE && !is_choice(&c->view.question, text))
		return error_set(reterr, STATUS_INVALID, "'%.40s' is none of the choices", text);
	text_format(logged, sizeof(logged), "%.160s: %.120s", c->view.question.text, text);
	app_event(app, case_id, JOURNAL_OPERATOR, "answer", logged, NULL);
	status = guide_answer(c, text, reterr);
	if (status != STATUS_OK && c->view.question.id == question_id)
		text_format(c->view.question.problem, sizeof(c->view.question.problem), "%.160s%s%.90s", reterr->text, reterr->hint[0] ? ": " : "",
			    reterr->hint);
	app_changed(app);
	return status;
}

enum status app_case_cancel(struct app *app, int64_t case_id, struct error *reterr)
{
	struct live_case *c = find_live(app, case_id);

	return c ? steps_cancel(c, reterr) : STATUS_OK;
}

enum status app_case_back(struct app *app, int64_t case_id, enum guide_phase to, struct error *reterr)
{
	struct live_case *c = find_live(app, case_id);
	enum status status;

	if (c == NULL || to > GUIDE_WATCH || to >= c->phase)
		return STATUS_OK;
	status = steps_cancel(c, reterr);
	if (status == STATUS_OK)
		guide_enter(c, to);
	return status;
}

bool app_is_dangerous(const struct app *app)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		if (app->live[i] && steps_are_dangerous(app->live[i]))
			return true;
	return false;
}

/* ---- consoles ---- */

struct console *app_find_console(struct app *app, const char *port)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->console); i++)
		if (app->console[i] && text_equal(console_port(app->console[i]), port))
			return app->console[i];
	return NULL;
}

struct console *app_console(struct app *app, unsigned console_id_wanted)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->console); i++)
		if (app->console[i] && console_id(app->console[i]) == console_id_wanted)
			return app->console[i];
	return NULL;
}

enum status app_console_open(struct app *app, const char *port, unsigned baud, unsigned *ret_console_id, struct error *reterr)
{
	struct console *console = app_find_console(app, port);
	enum status status;

	if (app->signs == NULL) {
		status = device_library_signs(app->library, &app->signs, &app->sign_count, reterr);
		if (status != STATUS_OK)
			return status;
	}
	for (size_t i = 0; console == NULL && i < ARRAY_SIZE(app->console); i++) {
		if (app->console[i])
			continue;
		status = console_new(app, app->last_console_id + 1, port, baud, &app->console[i], reterr);
		if (status != STATUS_OK)
			return status;
		console = app->console[i];
		app->last_console_id++;
		app_event(app, 0, JOURNAL_PROGRAM, "console", port, NULL);
	}
	if (console == NULL)
		return error_set(reterr, STATUS_BUSY, "%u consoles are open already: close one first", SNAPSHOT_CONSOLES_MAX);
	*ret_console_id = console_id(console);
	app_changed(app);
	return STATUS_OK;
}

void app_console_close(struct app *app, unsigned console_id_wanted)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->console); i++) {
		struct console *console = app->console[i];

		if (console == NULL || console_id(console) != console_id_wanted)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(app->live); k++)
			if (app->live[k] && app->live[k]->console == console)
				return;		/* a case listens: it is closed with the case */
		console_free(console);
		app->console[i] = NULL;
		app_changed(app);
	}
}

/* Every call on a console that may be gone meanwhile begins so. */
static enum status find_console(struct app *app, unsigned id, struct console **ret_console, struct error *reterr)
{
	*ret_console = app_console(app, id);
	return *ret_console ? STATUS_OK : error_set(reterr, STATUS_GONE, "that console is closed");
}

enum status app_console_type(struct app *app, unsigned id, struct bytes keys, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	if (status != STATUS_OK)
		return status;
	if (console_is_driven(console)) {
		error_set(reterr, STATUS_BUSY, "a step is typing on this line");
		return error_hint(reterr, "wait until it is over, or stop it on the case screen");
	}
	console_write(console, keys);
	return STATUS_OK;
}

enum status app_console_set_baud(struct app *app, unsigned id, unsigned baud, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	app_changed(app);
	return status == STATUS_OK ? line_set_baud(console_get_line(console), baud, reterr) : status;
}

enum status app_console_break(struct app *app, unsigned id, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	return status == STATUS_OK ? line_send_break(console_get_line(console), 250, reterr) : status;
}

enum status app_console_set_dtr(struct app *app, unsigned id, bool on, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	return status == STATUS_OK ? line_set_dtr(console_get_line(console), on, reterr) : status;
}

enum status app_console_set_rts(struct app *app, unsigned id, bool on, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	return status == STATUS_OK ? line_set_rts(console_get_line(console), on, reterr) : status;
}

/* ---- practice and power ---- */

bool app_practice_kind(size_t index, const char **ret_kind, const char **ret_text)
{
	*ret_kind = practice_kind_name(index);
	*ret_text = practice_kind_story(index);
	return *ret_kind != NULL;
}

enum status app_practice_start(struct app *app, const char *kind, struct error *reterr)
{
	char folder[600];
	enum status status;

	app_practice_stop(app);
	text_format(folder, sizeof(folder), "%s/practice", app->state_folder);
	status = practice_process_start(app->program, folder, kind, &app->practice, reterr);
	look_at_bench(app);
	return status;
}

void app_practice_stop(struct app *app)
{
	if (app->practice == NULL)
		return;
	practice_process_stop(app->practice);
	app->practice = NULL;
	look_at_bench(app);
}

const char *app_practice_image(const struct app *app)
{
	return app->practice ? practice_process_image(app->practice) : "";
}

static void on_power_command(void *user, int exit_status, const char *output)
{
	struct app *app = user;
	char text[200];

	if (exit_status == 0)
		return;
	text_format(text, sizeof(text), "the power command failed (exit %d): %.120s", exit_status, output);
	app_notice(app, true, text, "switch the device off and on by hand");
}

enum status app_power(struct app *app, const char *how, struct error *reterr)
{
	char line[64], answer[64], command[600];
	const char *place = app->options.power_command ? strstr(app->options.power_command, "{}") : NULL;

	if (app->practice)
		return practice_process_tell(app->practice, text_format(line, sizeof(line), "power %s", how), answer, sizeof(answer), reterr);
	if (app->options.power_command == NULL)
		return error_set(reterr, STATUS_UNSUPPORTED, "this bench has no power command: switch the device by hand");
	if (place)
		text_format(command, sizeof(command), "%.*s%s%s", (int)(place - app->options.power_command), app->options.power_command, how, place + 2);
	else
		text_copy(command, sizeof(command), app->options.power_command);
	return loop_run_command(app->loop, command, on_power_command, app, reterr);
}
