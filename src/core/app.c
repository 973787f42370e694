/* The app: what the faces call. It owns the bench, the consoles and the live cases, and keeps the snapshot fresh. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/app_internal.h"
#include "src/core/live_case.h"
#include "src/core/practice_process.h"
#include "src/store/folders.h"

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

void app_look_at_bench(struct app *app)
{
	struct bench_state state;

	bench_scan(&state);
	/* which one is new only the watch knows */
	for (unsigned i = 0; i < state.port_count; i++)
		for (unsigned k = 0; k < app->bench.port_count; k++)
			if (text_equal(state.port[i].path, app->bench.port[k].path) &&
			    text_equal(state.port[i].adapter, app->bench.port[k].adapter))
				state.port[i].since_ms = app->bench.port[k].since_ms;
	on_bench(app, &state);
}

/* ---- life ---- */

static enum status make_state_folder(struct app *app, struct error *reterr)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int number;

	if (app->options.state_folder)
		text_copy(app->state_folder, sizeof(app->state_folder), app->options.state_folder);
	else if (state && state[0] == '/')
		text_format(app->state_folder, sizeof(app->state_folder), "%s/unbrick", state);
	else
		text_format(app->state_folder, sizeof(app->state_folder), "%s/.local/state/unbrick", home && home[0] == '/' ? home : "/tmp");
	number = folder_make(app->state_folder);
	if (number == 0)
		return STATUS_OK;
	error_set(reterr, STATUS_IO, "cannot make the folder '%s': %s", app->state_folder, strerror(number));
	return error_hint(reterr, "choose another place with --state FOLDER");
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

/* Addresses that a session gave the bench and could not take back because it was killed. A case that another process works on is its. */
static void undo_left_overs(struct app *app)
{
	struct case_summary cases[SNAPSHOT_CASES_MAX];
	char address[96], command[160];
	struct error error;
	size_t count;

	if (casebook_list(app->book, true, cases, SNAPSHOT_CASES_MAX, &count, &error) != STATUS_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		if (casebook_get(app->book, cases[i].id, "added-address", address, sizeof(address), &error) != STATUS_OK || address[0] == '\0' ||
		    casebook_hold(app->book, cases[i].id, &error) != STATUS_OK)
			continue;
		text_format(command, sizeof(command), "ip addr del %s", address);
		if (loop_run_command(app->loop, command, NULL, NULL, &error) == STATUS_OK)
			casebook_set(app->book, cases[i].id, (int64_t)loop_wall_ms(), JOURNAL_PROGRAM, "added-address", "", &error);
	}
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
	app_ports_open(app);
	app_look_at_bench(app);
	undo_left_overs(app);
	app->are_cases_stale = true;
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
	app_images_free(app);
	practice_process_stop(app->practice);
	bench_watch_free(app->watch);
	app_ports_free(app);
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
	app_ports_fill(app, to);
	fill_usb(app);
	if (app->are_cases_stale && casebook_list(app->book, false, to->cases, SNAPSHOT_CASES_MAX, &to->case_count, &error) != STATUS_OK)
		app_notice(app, true, error.text, error.hint);
	app->are_cases_stale = false;
	to->live_count = to->running = to->asking = 0;
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		if (app->live[i]) {
			struct case_view *view = &app->live[i]->view;

			view->is_running = app->live[i]->is_running;
			to->live[to->live_count++] = view;
			to->running += view->is_running;
			to->asking += view->is_running && view->question.type != QUESTION_NONE;
		}
	to->console_count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(app->console); i++)
		if (app->console[i]) {
			struct console_view *view = &to->console[to->console_count++];

			console_fill_view(app->console[i], view);
			view->is_name_anothers = app_port_is_anothers(app, app->console[i]);
			to->running += view->sending.what == SENDING_FILE || view->sending.what == RECEIVING_FILE;
		}
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
