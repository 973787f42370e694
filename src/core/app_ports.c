/* What is known of each serial adapter from last time, and which one is new. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/app_internal.h"
#include "src/core/port_name.h"
#include "src/core/practice_process.h"
#include "src/store/port_memory.h"

void app_ports_open(struct app *app)
{
	char path[600];
	struct error warning, error;

	text_format(path, sizeof(path), "%s/ports.json", app->state_folder);
	if (port_memory_open(path, &app->ports, &warning, &error) != STATUS_OK)
		app_notice(app, true, error.text, error.hint);
	else if (warning.status != STATUS_OK)
		app_notice(app, true, warning.text, warning.hint);
}

void app_ports_free(struct app *app)
{
	port_memory_free(app->ports);
}

static const struct bench_port *find_bench_port(const struct app *app, const char *name)
{
	for (unsigned i = 0; i < app->bench.port_count; i++)
		if (text_equal(app->bench.port[i].path, name) ||
		    (app->bench.port[i].by_id[0] != '\0' && text_equal(app->bench.port[i].by_id, name)))
			return &app->bench.port[i];
	return NULL;
}

bool app_port_is_anothers(const struct app *app, struct console *console)
{
	const struct bench_port *port = find_bench_port(app, console_port(console));
	const char *adapter = line_adapter(console_get_line(console));

	return !console_is_open(console) && port != NULL && adapter[0] != '\0' && !text_equal(port->adapter, adapter);
}

/* NULL: nothing is kept of it. A pseudo terminal is another one each time. */
static const char *identity(const struct app *app, const char *name)
{
	const struct bench_port *port = find_bench_port(app, name);

	if (app->ports == NULL || text_starts(name, "/dev/pts/") ||
	    (app->practice && text_equal(practice_process_port(app->practice), name)))
		return NULL;
	return port != NULL && port->adapter[0] != '\0' ? port->adapter : name;
}

void app_port_recall(const struct app *app, const char *name, struct line_settings *settings)
{
	const char *adapter = identity(app, name);
	char value[PORT_MEMORY_TEXT_MAX];

	/* A rate that is given is for this device: the frame of another one is not. */
	if (adapter == NULL || settings->baud != 0)
		return;
	if (port_memory_get(app->ports, adapter, "baud", value, sizeof(value)))
		settings->baud = (unsigned)strtoul(value, NULL, 10);
	if (settings->data_bits == 0 && port_memory_get(app->ports, adapter, "frame", value, sizeof(value)))
		line_parse_frame(value, settings);
	if (settings->flow == LINE_FLOW_NONE && port_memory_get(app->ports, adapter, "flow", value, sizeof(value)))
		line_parse_flow(value, &settings->flow);
}

static void remember(struct app *app, const char *name, const char *key, const char *value)
{
	const char *adapter = identity(app, name);
	struct error error;

	if (adapter != NULL && port_memory_set(app->ports, adapter, key, value, loop_wall_ms(), &error) != STATUS_OK)
		app_notice(app, true, error.text, error.hint);
}

void app_port_remember_line(struct app *app, const char *name, const struct line_settings *settings)
{
	char value[PORT_MEMORY_TEXT_MAX];

	remember(app, name, "baud", text_format(value, sizeof(value), "%u", settings->baud));
	remember(app, name, "frame", line_frame_text(settings, value, sizeof(value)));
	remember(app, name, "flow", line_flow_name(settings->flow));
}

void app_port_remember_case(struct app *app, const char *name, int64_t case_id)
{
	char value[PORT_MEMORY_TEXT_MAX];

	remember(app, name, "case", text_format(value, sizeof(value), "%" PRId64, case_id));
}

/* ---- how keys go to the device: "CRLF echo" ---- */

static const struct {
	const char *word;
	size_t offset;
} habits[] = {
	{ "bs", offsetof(struct console_manner, backspace_is_bs) },
	{ "echo", offsetof(struct console_manner, has_local_echo) },
	{ "lf", offsetof(struct console_manner, lf_is_newline) },
	{ "cr", offsetof(struct console_manner, cr_is_newline) },
};

void app_port_remember_manner(struct app *app, const char *name, const struct console_manner *manner)
{
	char value[PORT_MEMORY_TEXT_MAX];

	text_copy(value, sizeof(value), console_enter_name(manner->enter));
	for (size_t i = 0; i < ARRAY_SIZE(habits); i++)
		if (*(const bool *)((const char *)manner + habits[i].offset))
			text_append(value, sizeof(value), " %s", habits[i].word);
	remember(app, name, "manner", value);
}

void app_port_recall_manner(const struct app *app, const char *name, struct console_manner *manner)
{
	const char *adapter = identity(app, name);
	char value[PORT_MEMORY_TEXT_MAX], *rest = NULL;

	if (adapter == NULL || !port_memory_get(app->ports, adapter, "manner", value, sizeof(value)))
		return;
	for (const char *word = strtok_r(value, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		for (unsigned enter = 0; enter < CONSOLE_ENTER_COUNT; enter++)
			if (text_equal(word, console_enter_name((enum console_enter)enter)))
				manner->enter = (enum console_enter)enter;
		for (size_t i = 0; i < ARRAY_SIZE(habits); i++)
			if (text_equal(word, habits[i].word))
				*(bool *)((char *)manner + habits[i].offset) = true;
	}
}

void app_ports_fill(struct app *app, struct snapshot *to)
{
	const struct bench_port *newest = port_name_newest(&app->bench);

	for (unsigned i = 0; i < app->bench.port_count; i++) {
		const char *adapter = identity(app, app->bench.port[i].path);
		char value[PORT_MEMORY_TEXT_MAX];

		to->port[i] = (struct port_view){ .is_new = newest == &app->bench.port[i] };
		if (adapter != NULL && port_memory_get(app->ports, adapter, "baud", value, sizeof(value)))
			to->port[i].last_baud = (unsigned)strtoul(value, NULL, 10);
		if (adapter != NULL && port_memory_get(app->ports, adapter, "case", value, sizeof(value)))
			to->port[i].last_case = strtoll(value, NULL, 10);
	}
}
