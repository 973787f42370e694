/* The app's consoles, the practice camera and the power switch. */
#include <stdio.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/app_internal.h"
#include "src/core/console_send.h"
#include "src/core/live_case.h"
#include "src/core/port_name.h"
#include "src/core/practice_process.h"
#include "src/core/rate_note.h"
#include "src/practice/practice_device.h"

/* ---- consoles ---- */

struct console *app_find_console(struct app *app, const char *port)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->console); i++)
		if (app->console[i] && text_equal(line_name(console_get_line(app->console[i])), port) && !app_port_is_anothers(app, app->console[i]))
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

static void remember_line(struct app *app, struct console *console)
{
	struct line_settings settings = line_get_settings(console_get_line(console));

	app_port_remember_line(app, console_port(console), &settings);
}

/* A case brings such a device back by itself; who only looks at the line is told why it says nothing that can be read. */
static void tell_raised_rate(struct app *app, const char *port)
{
	struct rate_note note;
	char text[160];

	if (!rate_note_find(app->book, port, &note))
		return;
	text_format(text, sizeof(text), "a session before left the device on %.80s at %u baud", port, note.raised);
	app_notice(app, true, text, "its case, or unbrick meter, brings it back; so does switching it off and on");
}

enum status app_console_open(struct app *app, const char *port, const struct line_settings *settings, unsigned *ret_console_id,
			     struct error *reterr)
{
	struct line_settings wanted = settings ? *settings : (struct line_settings){ 0 };
	struct console_manner manner = { 0 };
	char name[PORT_NAME_MAX];
	struct console *console;
	enum status status = port_name_resolve(&app->bench, port, name, sizeof(name), reterr);

	if (status != STATUS_OK)
		return status;
	console = app_find_console(app, name);
	if (app->signs == NULL) {
		status = device_library_signs(app->library, &app->signs, &app->sign_count, reterr);
		if (status != STATUS_OK)
			return status;
	}
	for (size_t i = 0; console == NULL && i < ARRAY_SIZE(app->console); i++) {
		if (app->console[i])
			continue;
		app_port_recall(app, name, &wanted);
		status = console_new(app, app->last_console_id + 1, name, &wanted, &app->console[i], reterr);
		if (status != STATUS_OK)
			return status;
		console = app->console[i];
		app_port_recall_manner(app, name, &manner);
		console_set_manner(console, &manner);
		if (!console_is_replay(console))
			remember_line(app, console);
		app->last_console_id++;
		app_event(app, 0, JOURNAL_PROGRAM, "console", name, NULL);
		tell_raised_rate(app, name);
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

enum status app_console_log(struct app *app, unsigned id, const char *path, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	app_changed(app);
	return status == STATUS_OK ? console_log_to(console, path, reterr) : status;
}

/* What goes to the device by the operator's hand waits for a step that types there. */
static enum status find_undriven(struct app *app, unsigned id, struct console **ret_console, struct error *reterr)
{
	enum status status = find_console(app, id, ret_console, reterr);

	if (status == STATUS_OK && console_is_replay(*ret_console)) {
		error_set(reterr, STATUS_REFUSED, "this is a recording: nothing is sent");
		return error_hint(reterr, "F10 goes back; the keys of the recording stand in the last line");
	}
	if (status != STATUS_OK || !console_is_driven(*ret_console))
		return status;
	error_set(reterr, STATUS_BUSY, "a step is typing on this line");
	return error_hint(reterr, "wait until it is over, or stop it on the case screen");
}

enum status app_console_type(struct app *app, unsigned id, struct bytes keys, struct error *reterr)
{
	struct console *console;
	enum status status = find_undriven(app, id, &console, reterr);

	return status == STATUS_OK ? console_send_keys(console_sending(console), keys, reterr) : status;
}

enum status app_console_paste(struct app *app, unsigned id, struct bytes text, struct error *reterr)
{
	struct console *console;
	enum status status = find_undriven(app, id, &console, reterr);

	return status == STATUS_OK ? console_send_text(console_sending(console), text, reterr) : status;
}

enum status app_console_file(struct app *app, unsigned id, const struct console_file *file, struct error *reterr)
{
	struct console *console;
	enum status status = find_undriven(app, id, &console, reterr);

	return status == STATUS_OK ? console_send_file(console_sending(console), file, reterr) : status;
}

void app_console_stop(struct app *app, unsigned id)
{
	struct console *console;

	if (find_console(app, id, &console, NULL) == STATUS_OK)
		console_send_stop(console_sending(console));
}

enum status app_replay_change(struct app *app, unsigned id, enum line_replay_change what, double value, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	app_changed(app);
	return status == STATUS_OK ? console_change_replay(console, what, value, reterr) : status;
}

enum status app_console_set_baud(struct app *app, unsigned id, unsigned baud, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	app_changed(app);
	if (status != STATUS_OK)
		return status;
	console_stop_baud(console);
	status = console_set_baud(console, baud, reterr);
	if (status == STATUS_OK)
		remember_line(app, console);
	return status;
}

/* What looks for the rate, or tests the adapter, has the line for itself. */
static enum status refuse_when_used(struct console *console, struct error *reterr)
{
	if (console_is_driven(console))
		return error_set(reterr, STATUS_BUSY, "a step is typing on this line");
	if (console_send_is_busy(console_sending(console)))
		return error_set(reterr, STATUS_BUSY, "something is being sent on this line");
	return STATUS_OK;
}

enum status app_console_find_baud(struct app *app, unsigned id, bool begins, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	app_changed(app);
	if (status != STATUS_OK)
		return status;
	if (!begins) {
		console_stop_baud(console);
		return STATUS_OK;
	}
	status = refuse_when_used(console, reterr);
	return status == STATUS_OK ? console_find_baud(console, reterr) : status;
}

enum status app_console_check_line(struct app *app, unsigned id, const char *answer, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	if (status != STATUS_OK)
		return status;
	if (answer != NULL)
		return console_check_answer(console, text_equal(answer, "end") ? NULL : answer, reterr);
	status = refuse_when_used(console, reterr);
	return status == STATUS_OK ? console_check_line(console, reterr) : status;
}

enum status app_console_set_line(struct app *app, unsigned id, const struct line_settings *settings, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	app_changed(app);
	if (status == STATUS_OK) {
		console_stop_baud(console);
		status = console_set_line(console, settings, reterr);
	}
	if (status == STATUS_OK)
		remember_line(app, console);
	return status;
}

enum status app_console_set_manner(struct app *app, unsigned id, const struct console_manner *manner, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	app_changed(app);
	if (status == STATUS_OK) {
		console_set_manner(console, manner);
		app_port_remember_manner(app, console_port(console), manner);
	}
	return status;
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

enum status app_console_remark(struct app *app, unsigned id, const char *text, struct error *reterr)
{
	struct console *console;
	enum status status = find_console(app, id, &console, reterr);

	if (status != STATUS_OK || console_remark(console, text))
		return status;
	return error_set(reterr, STATUS_IO, "the remark could not be written beside the captured bytes");
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
	app_look_at_bench(app);
	return status;
}

void app_practice_stop(struct app *app)
{
	struct console *console;

	if (app->practice == NULL)
		return;
	console = app_find_console(app, practice_process_port(app->practice));
	if (console)	/* else it would be said to be lost, and to wait for an adapter that never comes back */
		app_console_close(app, console_id(console));
	practice_process_stop(app->practice);
	app->practice = NULL;
	app_look_at_bench(app);
}

const char *app_practice_image(const struct app *app)
{
	return app->practice ? practice_process_image(app->practice) : "";
}

static void on_power_command(void *user, int exit_status, const char *output);

static enum status run_power_command(struct app *app, const char *command, struct error *reterr)
{
	enum status status = loop_run_command(app->loop, command, on_power_command, app, reterr);

	app->is_switching = status == STATUS_OK;
	return status;
}

static void on_power_command(void *user, int exit_status, const char *output)
{
	struct app *app = user;
	char text[200], next[600];
	struct error error;

	app->is_switching = false;
	if (app->power_waiting_count > 0) {
		text_copy(next, sizeof(next), app->power_waiting[0]);
		memmove(app->power_waiting[0], app->power_waiting[1], sizeof(app->power_waiting[0]) * --app->power_waiting_count);
		if (run_power_command(app, next, &error) != STATUS_OK)
			app_notice(app, true, error.text, error.hint);
	}
	if (exit_status == 0)
		return;
	app->snapshot.power_on_ms = 0;
	text_format(text, sizeof(text), "the power command failed (exit %d): %.120s", exit_status, output);
	app_notice(app, true, text, "switch the device off and on by hand");
}

bool app_is_switching(const struct app *app)
{
	return app->is_switching;
}

static bool is_practice_line(const struct app *app, const char *port)
{
	return app->practice != NULL && (port == NULL || text_equal(practice_process_port(app->practice), port));
}

static bool has_case_under_way(const struct app *app, const char *port)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		if (app->live[i] != NULL && app->live[i]->phase != GUIDE_CLOSED && text_equal(app->live[i]->view.port, port))
			return true;
	return false;
}

bool app_can_switch(const struct app *app, const char *port)
{
	if (is_practice_line(app, port))
		return true;
	return app->options.power_command != NULL &&
	       (port == NULL || app->power_port[0] == '\0' || text_equal(app->power_port, port) || !has_case_under_way(app, app->power_port));
}

enum status app_power(struct app *app, const char *port, const char *how, struct error *reterr)
{
	char line[64], answer[64], command[600];
	const char *place = app->options.power_command ? strstr(app->options.power_command, "{}") : NULL;

	if (app->options.power_command != NULL && !app_can_switch(app, port))
		return error_set(reterr, STATUS_BUSY, "the power command serves the device on %s: switch this one by hand", app->power_port);
	/* how long a cycle keeps the power off is the switch's own secret */
	app->snapshot.power_on_ms = text_equal(how, "on") ? loop_now_ms() : 0;
	if (is_practice_line(app, port))
		return practice_process_tell(app->practice, text_format(line, sizeof(line), "power %s", how), answer, sizeof(answer), reterr);
	if (app->options.power_command == NULL)
		return error_set(reterr, STATUS_UNSUPPORTED, "this bench has no power command: switch the device by hand");
	if (port != NULL)
		text_copy(app->power_port, sizeof(app->power_port), port);
	if (place)
		text_format(command, sizeof(command), "%.*s%s%s", (int)(place - app->options.power_command), app->options.power_command, how, place + 2);
	else
		text_copy(command, sizeof(command), app->options.power_command);
	if (!app->is_switching)
		return run_power_command(app, command, reterr);
	if (app->power_waiting_count == APP_POWER_WAITING_MAX)
		return error_set(reterr, STATUS_BUSY, "the power command has not ended yet");
	text_copy(app->power_waiting[app->power_waiting_count++], sizeof(app->power_waiting[0]), command);
	return STATUS_OK;
}
