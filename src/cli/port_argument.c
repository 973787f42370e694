#include "src/cli/port_argument.h"

#include <stdio.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/io/loop.h"

enum {
	WAIT_MS = 60000,
	RIGHTS_MS = 1500,	/* udev gives the node to its group a moment after the kernel made it */
};

struct port_wait {
	struct loop *loop;
	struct loop_timer *timer;
	bool has_first, is_found, is_over;
	struct bench_port port;
};

DEFINE_AUTO(loop);

static void on_bench(void *user, const struct bench_state *state)
{
	struct port_wait *wait = user;
	const struct bench_port *newest = port_name_newest(state);

	if (!wait->has_first)
		fprintf(stderr, "unbrick: plug the adapter in now; I wait %d s for a new serial port\n", WAIT_MS / 1000);
	wait->has_first = true;
	if (newest == NULL)
		return;
	wait->port = *newest;
	if (newest->may_open)
		loop_stop(wait->loop);
	else if (!wait->is_found)
		loop_timer_set_after(wait->timer, RIGHTS_MS);
	wait->is_found = true;
}

static void on_time(void *user)
{
	struct port_wait *wait = user;

	wait->is_over = true;
	loop_stop(wait->loop);
}

static enum status wait_for_new(char *ret_name, struct error *reterr)
{
	AUTO(loop) loop = NULL;
	struct port_wait wait = { 0 };
	struct bench_watch *watch = NULL;
	char text[256], shown[256];
	enum status status = loop_new(&loop, reterr);

	if (status != STATUS_OK)
		return status;
	wait.loop = loop;
	wait.timer = loop_timer_new(loop, on_time, &wait);
	if (wait.timer == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a timer");
	status = bench_watch_new(loop, on_bench, &wait, &watch, reterr);
	if (status == STATUS_OK) {
		loop_timer_set_after(wait.timer, WAIT_MS);
		loop_run(loop);
		bench_watch_free(watch);
	}
	loop_timer_free(wait.timer);
	if (status != STATUS_OK)
		return status;
	if (!wait.is_found && !wait.is_over)
		return error_set(reterr, STATUS_CANCELLED, "stopped while waiting for a serial port");
	if (!wait.is_found) {
		error_set(reterr, STATUS_TIMEOUT, "no serial port was plugged in within %d s", WAIT_MS / 1000);
		return error_hint(reterr, "If the adapter is in, pull it out and plug it in again; dmesg tells whether the kernel sees it");
	}
	text_printable(shown, sizeof(shown), bytes_of_text(port_name_describe(&wait.port, text, sizeof(text))));
	fprintf(stderr, "unbrick: %s\n", shown);
	text_copy(ret_name, PORT_NAME_MAX, wait.port.path);
	return STATUS_OK;
}

int port_argument(const char *word, char *ret_name)
{
	struct bench_state bench;
	struct error error;
	enum status status;

	bench.port_count = 0;
	if (port_name_is_new(word)) {
		status = wait_for_new(ret_name, &error);
	} else {
		if (word[0] != '/')
			bench_scan(&bench);
		status = port_name_resolve(&bench, word, ret_name, PORT_NAME_MAX, &error);
	}
	if (status == STATUS_OK)
		return EXIT_WELL;
	return output_error(&error, status == STATUS_CANCELLED ? EXIT_INTERRUPTED : output_class_of_line(status));
}
