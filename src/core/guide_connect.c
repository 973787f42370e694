/* The serial line of a case: which one, and what comes from it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/live_case.h"
#include "src/core/port_name.h"

static void on_bytes(void *user, struct bytes in, uint64_t now_ms)
{
	struct live_case *c = user;

	if (guide_rate_leads(c))
		guide_rate_on_bytes(c, in, now_ms);
	else if (c->is_running)
		steps_on_bytes(c, in, now_ms);
}

static void on_line(void *user, const struct diagnosis_line *line)
{
	struct live_case *c = user;

	guide_on_line(c, line);
	if (c->is_running)
		steps_on_line(c, line);
}

static void on_pause(void *user, uint64_t now_ms)
{
	guide_on_pause(user, now_ms);
}

static void on_state(void *user, enum line_state state, const struct error *why)
{
	struct live_case *c = user;

	c->view.is_line_lost = state != LINE_OPEN;
	if (!text_equal(c->view.port, console_port(c->console))) {
		/* the adapter came back under another number */
		text_copy(c->view.port, sizeof(c->view.port), console_port(c->console));
		case_set(c, JOURNAL_OBSERVED, "port", c->view.port);
	}
	case_log(c, JOURNAL_OBSERVED, state == LINE_OPEN ? "line" : "error", "%s %s%s", c->view.port, state == LINE_OPEN ? "is back" : "was lost: ",
		 state == LINE_OPEN ? "" : why ? why->text : "unplugged");
	if (guide_rate_leads(c)) {
		guide_rate_on_state(c, state);
	} else if (c->is_running) {
		steps_on_state(c, state);
	} else if (state == LINE_OPEN && c->phase == GUIDE_WATCH) {
		/* What was said meanwhile is missed: a start is judged whole or not at all. */
		console_forget(c->console);
		guide_enter(c, GUIDE_WATCH);
	}
}

static void on_capture(void *user, const char *path)
{
	case_set(user, JOURNAL_PROGRAM, "capture", path);
}

enum status guide_connect(struct live_case *c, const char *port, struct error *reterr)
{
	const struct console_listener listener = { .on_bytes = on_bytes, .on_line = on_line, .on_state = on_state, .on_pause = on_pause,
						    .on_capture = on_capture, .on_baud = guide_on_baud,
						    .on_check = silence_on_check, .user = c };
	struct console_view view;
	char baud_text[16];
	struct line_settings settings = { .baud = c->profile ? c->profile->console.baud : 0 };
	unsigned id;
	enum status status;

	if (case_get(c, "baud", baud_text, sizeof(baud_text)))
		settings.baud = (unsigned)strtoul(baud_text, NULL, 10);
	if (c->profile && c->profile->console.frame)
		line_parse_frame(c->profile->console.frame, &settings);
	status = app_console_open(c->app, port, &settings, &id, reterr);
	if (status != STATUS_OK)
		return status;
	console_fill_view(app_console(c->app, id), &view);
	if (view.case_id != 0 && view.case_id != c->id) {
		error_set(reterr, STATUS_BUSY, "%s is the line of case #%lld", view.port, (long long)view.case_id);
		return error_hint(reterr, "close that case first, or choose another line");
	}
	c->console = app_console(c->app, id);
	c->awaits_adapter = false;
	text_copy(c->view.port, sizeof(c->view.port), console_port(c->console));
	console_listen(c->console, c->id, &listener);
	if (c->profile) {
		diagnosis_expect_arch(console_diagnosis(c->console), c->profile->arch);
		console_expect_baud(c->console, c->profile->console.baud);
	}
	case_set(c, JOURNAL_OBSERVED, "port", c->view.port);
	case_set(c, JOURNAL_OBSERVED, "adapter", line_adapter(console_get_line(c->console)));
	app_port_remember_case(c->app, c->view.port, c->id);
	console_fill_view(c->console, &view);
	case_set(c, JOURNAL_PROGRAM, "capture", view.capture);
	guide_rate_begin(c);
	return STATUS_OK;
}

/* A case that had an adapter does not go on with another one unless somebody says so: another device may hang there. */
static bool is_anothers(struct live_case *c, const struct bench_port *port)
{
	char adapter[128];

	return case_get(c, "adapter", adapter, sizeof(adapter)) && adapter[0] != '\0' && !text_equal(port->adapter, adapter);
}

static const struct bench_port *bench_port_called(const struct live_case *c, const char *path)
{
	for (unsigned i = 0; i < c->app->bench.port_count; i++)
		if (text_equal(c->app->bench.port[i].path, path))
			return &c->app->bench.port[i];
	return NULL;
}

/* The line that was named, or the only one there is; NULL where there is a choice. One that somebody else holds is a choice as well: the
 * adapter in use is likelier the device's than the computer's own port that happens to be free. */
static const char *only_port(struct live_case *c)
{
	const struct bench_state *bench = &c->app->bench;
	const struct bench_port *only = NULL;
	char adapter[128];

	if (c->app->options.port)
		return c->app->options.port;
	if (c->awaits_adapter && case_get(c, "adapter", adapter, sizeof(adapter))) {
		only = port_name_of_adapter(bench, adapter, "");
		return only != NULL && only->may_open ? only->path : NULL;
	}
	/* A case that goes on without anybody who could choose keeps to its own line. */
	if (c->app->options.is_unattended && c->view.port[0]) {
		only = bench_port_called(c, c->view.port);
		return only != NULL && is_anothers(c, only) ? NULL : c->view.port;
	}
	for (unsigned i = 0; i < bench->port_count; i++) {
		if (!bench->port[i].may_open || strstr(bench->port[i].product, "(console of this"))
			continue;
		if (only)
			return NULL;
		only = &bench->port[i];
	}
	/* A line named by hand (UNBRICK_PORTS) is meant, whoever else has it open: a pty always has an owner. */
	return only && !is_anothers(c, only) && (only->holder[0] == '\0' || text_equal(only->product, "added by hand")) ? only->path : NULL;
}

/* 0: no other case has it. */
static int64_t case_on(const struct live_case *c, const char *path)
{
	struct console *console = app_find_console(c->app, path);
	struct console_view view;

	if (console == NULL)
		return 0;
	console_fill_view(console, &view);
	return view.case_id != c->id ? view.case_id : 0;
}

/* What stands in the way of that port; "" where it is free. */
static const char *state_of_port(const struct live_case *c, const struct bench_port *port, char *to, size_t size)
{
	int64_t other = case_on(c, port->path);

	if (other != 0)
		return text_format(to, size, "the line of case #%lld", (long long)other);
	return text_copy(to, size, port->holder[0] ? port->holder : !port->may_open ? port->remedy :
			 strstr(port->product, "(console of this") ? "console of this computer" : "");
}

void guide_show_connect(struct live_case *c)
{
	const struct bench_state *bench = &c->app->bench;
	const char *port = only_port(c);
	struct error error;

	if (c->console || (port && guide_connect(c, port, &error) == STATUS_OK)) {
		case_problem(c, NULL);		/* that there was no line is over */
		guide_go_on(c);
		return;
	}
	if (port)
		case_problem(c, &error);
	if (bench->port_count == 0)
		case_say(c, "No serial port is plugged in. Plug in the USB serial adapter: I see it at once.");
	else
		case_say(c, "Which serial line goes to the device? A USB serial adapter that you plug in now appears by itself.");
	if (c->profile && c->profile->console.pads)
		case_say(c, "%s", c->profile->console.pads);
	if (c->profile && c->profile->console.level)
		case_say(c, "Its signals have %s: an adapter with another level can destroy it.", c->profile->console.level);
	case_ask(c, QUESTION_CHOOSE, "%s", "");
	for (unsigned i = 0; i < bench->port_count && i < CASE_CHOICES_MAX - 1; i++) {
		const struct bench_port *seen = &bench->port[i];
		char id[24], text[80], state[sizeof(seen->remedy)];

		text_format(id, sizeof(id), "port:%u", i);
		text_format(text, sizeof(text), "%.40s  %.*s%s%s", seen->path, (int)strcspn(seen->product, "("), seen->product,
			    seen->serial[0] ? " " : "", seen->serial);
		case_choice(c, id, i < 9 ? (int)('1' + i) : 0, text, state_of_port(c, seen, state, sizeof(state)));
		if (c->view.question.preferred == i && case_on(c, seen->path) != 0 && i + 1 < bench->port_count)
			c->view.question.preferred = i + 1;	/* the next one is likelier */
	}
}

enum status guide_answer_connect(struct live_case *c, const char *text, struct error *reterr)
{
	const char *port = text;
	enum status status;

	if (text_starts(text, "port:")) {
		unsigned index = (unsigned)strtoul(text + 5, NULL, 10);

		if (index >= c->app->bench.port_count)
			return error_set(reterr, STATUS_NOT_FOUND, "that port is gone");
		port = c->app->bench.port[index].path;
	}
	case_problem(c, NULL);
	status = guide_connect(c, port, reterr);
	if (status == STATUS_OK)
		guide_go_on(c);
	return status;
}
