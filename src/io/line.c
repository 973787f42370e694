/* src/io/line.c
 *
 * The common part of all lines: name to driver, the queue to the wire, big reads, losses and new attempts. */
#include "src/io/line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/line_driver.h"
#include "src/io/line_queue.h"
#include "src/io/line_wait.h"

enum {
	READ_MAX = 16 * 1024,		/* a turn of the loop: a key that is pressed in a flood waits for no more */
	READ_SOME = 1024,		/* a slow line brings a few bytes at a time: no second call to hear that there are no more */
	READS_PER_TURN = 64,		/* a tty gives 4 KiB a read; a socket may give single bytes for ever */
	RETRY_MS = 250,
	RETRY_SOON_MS = 2,		/* a node is there before its driver lets it be opened: then twice as long each time */
	CONNECT_MS = 3000,		/* for an attempt after a loss; the kernel alone would try for two minutes */
	TELL_AGAIN_AFTER = 4,		/* attempts; udev sets the rights some time after the node is there */
	BREAK_MAX_MS = 10000,
	LOOK_MS = 1000,
};

enum asked { NOT_ASKED, ASKED_OFF, ASKED_ON };

struct line {
	struct loop *loop;
	char *name;
	struct line_settings settings;
	struct line_observer observer;
	struct line_peer peer;
	struct line_channel *channel;	/* NULL: lost and not being connected */
	struct loop_watch *watch;
	struct loop_timer *retry;
	uint64_t retry_ms;
	struct line_wait *wait;		/* while lost */
	struct loop_timer *look;	/* at what does not leave */
	void (*on_stuck)(void *user, const struct error *why);
	struct line_drain drain;
	struct loop_timer *break_end;
	enum line_state state;
	enum asked dtr, rts;		/* asked for once: applied again after a loss */
	bool is_in_callback, is_closed;	/* closed in a callback: freed when that has returned */
	enum status told, failed;	/* why the line is lost: as told to the observer, and at the last attempt */
	unsigned failed_times;
	struct line_queue queue;
	uint8_t input[READ_MAX];
};

static void on_event(void *user, int events);
static void on_retry(void *user);
static void on_break_end(void *user);
static void on_look(void *user);

static void drop_channel(struct line *line)
{
	loop_watch_free(line->watch);
	line->watch = NULL;
	if (line->channel != NULL)
		line->channel->driver->close(line->channel);
	line->channel = NULL;
	line_queue_clear(&line->queue);
	line->drain = (struct line_drain){ .left = 0 };
	if (line->look != NULL)
		loop_timer_set_deadline(line->look, UINT64_MAX);
	if (line->break_end != NULL)
		loop_timer_set_deadline(line->break_end, UINT64_MAX);
}

static void free_line(struct line *line)
{
	if (line == NULL)
		return;
	drop_channel(line);
	line_wait_free(line->wait);
	loop_timer_free(line->retry);
	loop_timer_free(line->break_end);
	loop_timer_free(line->look);
	free(line->name);
	free(line);
}

/* The observer may close the line in its callback. False: it did, and the line is no more. */
static bool end_callback(struct line *line)
{
	line->is_in_callback = false;
	if (line->is_closed)
		free_line(line);
	else
		return true;
	return false;
}

static bool tell_bytes(struct line *line, size_t size)
{
	if (size == 0 || line->observer.on_bytes == NULL)
		return true;
	line->is_in_callback = true;
	line->observer.on_bytes(line->observer.user, bytes_of(line->input, size), loop_now_ms());
	return end_callback(line);
}

static bool tell_room(struct line *line)
{
	if (line->observer.on_room == NULL)
		return true;
	line->is_in_callback = true;
	line->observer.on_room(line->observer.user);
	return end_callback(line);
}

static bool tell_state(struct line *line, enum line_state state, const struct error *why)
{
	line->state = state;
	if (state == LINE_OPEN) {
		line_wait_free(line->wait);
		line->wait = NULL;
	}
	line->told = why != NULL ? why->status : STATUS_OK;
	if (line->observer.on_state == NULL)
		return true;
	line->is_in_callback = true;
	line->observer.on_state(line->observer.user, state, why);
	return end_callback(line);
}

/* ---- to the wire ---- */

static void watch_as_needed(struct line *line)
{
	bool wants_out = line->channel->is_connecting || line_queue_may_go(&line->queue);

	loop_watch_set(line->watch,
		       (line->channel->is_connecting ? 0 : LOOP_READABLE) | (wants_out ? LOOP_WRITABLE : 0));
}

/* A loss found here is left for the loop: its descriptor stays ready, and callbacks do not come from inside our
 * calls. */
static void push(struct line *line)
{
	if (line->channel == NULL || line->channel->is_connecting)
		return;
	line_queue_write(&line->queue, line->channel);
	watch_as_needed(line);
	if (line->channel->driver == &line_driver_serial && line->drain.moved_ms == 0 && line->on_stuck != NULL) {
		line->drain.moved_ms = loop_now_ms();
		loop_timer_set_after(line->look, LOOK_MS);
	}
}

static void on_look(void *user)
{
	struct line *line = user;
	struct error why;
	bool is_news = line->channel != NULL && !line->queue.is_in_break &&
		       line_drain_look(&line->drain, line->queue.written + line->queue.size,
				       line_termios_waiting(line->channel->descriptor) + (int)line->queue.size, loop_now_ms());

	if (line->drain.moved_ms != 0)
		loop_timer_set_after(line->look, LOOK_MS);
	if (!is_news)
		return;
	line_trouble_stuck(line->name, line->settings.flow, &why);
	line->is_in_callback = true;
	line->on_stuck(line->observer.user, line->drain.is_stuck ? &why : NULL);
	end_callback(line);
}

size_t line_write(struct line *line, struct bytes out)
{
	size_t taken;

	if (line->state != LINE_OPEN)
		return 0;
	taken = line_queue_add(&line->queue, line->channel, out);
	push(line);
	return taken;
}

size_t line_pending(const struct line *line)
{
	return line->queue.size;
}

/* ---- losses and new attempts ---- */

/* Its node has come, or its rights have changed: what it says from now on is wanted. */
static void on_news(void *user)
{
	struct line *line = user;

	if (line->channel != NULL)
		return;
	line->retry_ms = RETRY_SOON_MS;
	loop_timer_set_after(line->retry, 0);
}

static void lose(struct line *line, const struct error *why)
{
	bool is_node = line->channel->driver == &line_driver_serial;

	drop_channel(line);
	if (is_node && line->wait == NULL)
		line->wait = line_wait_new(line->loop, "/dev", on_news, line);
	line->retry_ms = RETRY_MS;
	line->failed = why->status;
	line->failed_times = 0;
	loop_timer_set_after(line->retry, RETRY_MS);
	tell_state(line, LINE_LOST, why);
}

static void lose_by_errno(struct line *line, int error_number)
{
	struct error why;

	if (error_number == 0 && line->channel->driver == &line_driver_serial)
		error_set(&why, STATUS_GONE, "%s: the adapter has gone", line->name);
	else if (error_number == 0)
		error_set(&why, STATUS_GONE, "%s: the other end has closed the line", line->name);
	else if (error_number == EIO || error_number == ENXIO || error_number == ENODEV)
		error_set(&why, STATUS_GONE, "%s: the device has gone (%s)", line->name, strerror(error_number));
	else
		error_set(&why, STATUS_GONE, "%s: the line is lost: %s", line->name, strerror(error_number));
	lose(line, &why);
}

/* What was asked for before is put in force; a refusal here (an adapter without the lines) was told when it was
 * asked. */
static void restore_modem_lines(struct line *line)
{
	const struct line_driver *driver = line->channel->driver;

	if (line->dtr != NOT_ASKED && driver->set_dtr != NULL)
		driver->set_dtr(line->channel, line->dtr == ASKED_ON, NULL);
	if (line->rts != NOT_ASKED && driver->set_rts != NULL)
		driver->set_rts(line->channel, line->rts == ASKED_ON, NULL);
}

static enum status open_channel(struct line *line, bool may_wait, struct error *reterr)
{
	struct line_request request = {
		.settings = &line->settings, .peer = &line->peer, .may_wait = may_wait, .is_comeback = !may_wait,
	};
	const struct line_driver *driver = &line_driver_serial;
	char found[LINE_NAME_MAX] = "";
	enum status status = STATUS_OK;

	if (line_adapter_find_again(line->name, &line->peer, found, sizeof(found)))
		request.address = found;
	else
		status = line_choose_driver(line->name, &driver, &request.address, reterr);
	if (status != STATUS_OK)
		return status;
	status = driver->open(&request, &line->channel, reterr);
	if (status != STATUS_OK) {
		line->channel = NULL;
		return status;
	}
	line->watch = loop_watch_new(line->loop, line->channel->descriptor, on_event, line);
	if (line->watch == NULL) {
		drop_channel(line);
		return error_set(reterr, STATUS_IO, "%s: cannot be waited for", line->name);
	}
	if (found[0] != '\0')
		line_rename(&line->name, found);
	if (!line->channel->is_connecting) {
		restore_modem_lines(line);
		push(line);
	}
	watch_as_needed(line);
	return STATUS_OK;
}

/* The observer was told why the line was lost; another reason that lasts (somebody else took the port) is told as
 * well. */
static void retry_later(struct line *line, const struct error *why)
{
	loop_timer_set_after(line->retry, line->retry_ms);
	if (line->retry_ms < RETRY_MS) {
		line->retry_ms = line->retry_ms * 2 < RETRY_MS ? line->retry_ms * 2 : RETRY_MS;
		return;
	}
	line->failed_times = why->status == line->failed ? line->failed_times + 1 : 1;
	line->failed = why->status;
	if (line->failed_times == TELL_AGAIN_AFTER && why->status != line->told && why->status != STATUS_NOT_FOUND)
		tell_state(line, LINE_LOST, why);
}

static void on_retry(void *user)
{
	struct line *line = user;
	struct error why;

	if (line->channel != NULL && line->channel->is_connecting) {
		drop_channel(line);
		error_set(&why, STATUS_TIMEOUT, "%s: no answer to the connection attempt", line->name);
		retry_later(line, &why);
		return;
	}
	if (open_channel(line, false, &why) != STATUS_OK)
		retry_later(line, &why);
	else if (line->channel->is_connecting)
		loop_timer_set_after(line->retry, CONNECT_MS);
	else
		tell_state(line, LINE_OPEN, NULL);
}

static void finish_connecting(struct line *line)
{
	struct error why;

	if (line->channel->driver->connected(line->channel, &why) != STATUS_OK) {
		drop_channel(line);
		retry_later(line, &why);
		return;
	}
	line->channel->is_connecting = false;
	loop_timer_set_deadline(line->retry, UINT64_MAX);
	restore_modem_lines(line);
	push(line);
	tell_state(line, LINE_OPEN, NULL);
}

/* ---- from the wire ---- */

/* Fills the input as far as the line has something; -1: go on, else the errno of a loss (0: end of the stream). */
static int read_input(struct line *line, size_t *ret_size)
{
	size_t size = 0;
	int lost = -1;

	for (unsigned i = 0; i < READS_PER_TURN && size < READ_MAX; i++) {
		ssize_t count = line->channel->driver->read != NULL
					? line->channel->driver->read(line->channel, line->input + size, READ_MAX - size)
					: read(line->channel->descriptor, line->input + size, READ_MAX - size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (count <= 0) {
			lost = count < 0 ? errno : 0;
			break;
		}
		size += (size_t)count;
		if (count < READ_SOME)
			break;		/* that was all, most likely; if not, the loop comes back at once */
	}
	if (line->channel->driver->decode != NULL)
		size = line->channel->driver->decode(line->channel, line->input, size);
	*ret_size = size;
	return lost;
}

static void on_event(void *user, int events)
{
	struct line *line = user;
	bool had_queue = line->queue.size > 0;
	size_t size;
	int lost;

	if (line->channel->is_connecting) {
		finish_connecting(line);
		return;
	}
	/* Reading always: a hang-up shows there, and what came before it is delivered first. */
	(void)events;
	lost = read_input(line, &size);
	if (lost < 0) {
		int failed = line_queue_write(&line->queue, line->channel);

		if (failed != 0)
			lost = failed;
		else
			watch_as_needed(line);
	}
	if (!tell_bytes(line, size))
		return;
	if (lost >= 0)
		lose_by_errno(line, lost);
	else if (had_queue && line->queue.size == 0)
		tell_room(line);
}

/* ---- the calls ---- */

enum status line_open(struct loop *loop, const char *name, const struct line_settings *settings,
		      const struct line_observer *observer, struct line **ret_line, struct error *reterr)
{
	struct line *line;
	enum status status;

	if (strlen(name) >= LINE_NAME_MAX)
		return error_set(reterr, STATUS_INVALID, "the name of the line is too long");
	line = calloc(1, sizeof(*line));
	if (line == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for line '%.200s'", name);
	line->loop = loop;
	line->state = LINE_OPEN;
	line->name = strdup(name);
	line->retry = loop_timer_new(loop, on_retry, line);
	line->break_end = loop_timer_new(loop, on_break_end, line);
	line->look = loop_timer_new(loop, on_look, line);
	if (settings != NULL)
		line->settings = *settings;
	if (observer != NULL)
		line->observer = *observer;
	if (line->name == NULL || line->retry == NULL || line->break_end == NULL || line->look == NULL)
		status = error_set(reterr, STATUS_NO_MEMORY, "no memory for line '%.200s'", name);
	else
		status = line_settings_complete(&line->settings, reterr);
	if (status == STATUS_OK)
		status = open_channel(line, true, reterr);
	if (status != STATUS_OK) {
		free_line(line);
		return status;
	}
	*ret_line = line;
	return STATUS_OK;
}

void line_close(struct line *line)
{
	if (line == NULL)
		return;
	if (line->is_in_callback)
		line->is_closed = true;
	else
		free_line(line);
}

const char *line_name(const struct line *line)
{
	return line->name;
}

const char *line_adapter(const struct line *line)
{
	return line->peer.socket[0] != '\0' ? line->peer.node : "";
}

void line_tell_stuck(struct line *line, void (*on_stuck)(void *user, const struct error *why))
{
	line->on_stuck = on_stuck;
}

enum line_state line_get_state(const struct line *line)
{
	return line->state;
}

enum status line_set_settings(struct line *line, const struct line_settings *wanted, struct error *reterr)
{
	struct line_settings settings = *wanted;
	enum status status;

	status = line_settings_complete(&settings, reterr);
	if (status == STATUS_OK && line->state == LINE_OPEN && line->channel->driver->apply != NULL)
		status = line->channel->driver->apply(line->channel, &settings, reterr);
	if (status != STATUS_OK)
		return status;
	line->settings = settings;
	push(line);
	return STATUS_OK;
}

bool line_has_baud(const struct line *line)
{
	return line->channel != NULL && line->channel->driver->apply != NULL;
}

enum status line_set_baud(struct line *line, unsigned baud, struct error *reterr)
{
	struct line_settings settings = line->settings;

	settings.baud = baud;
	return line_set_settings(line, &settings, reterr);
}

struct line_settings line_get_settings(const struct line *line)
{
	return line->settings;
}

unsigned line_baud(const struct line *line)
{
	unsigned baud = 0;

	if (line->channel != NULL && line->channel->driver->baud != NULL)
		baud = line->channel->driver->baud(line->channel);
	return baud != 0 ? baud : line->settings.baud;
}

static enum status refuse_when_lost(const struct line *line, struct error *reterr)
{
	if (line->state == LINE_OPEN)
		return STATUS_OK;
	return error_set(reterr, STATUS_GONE, "%s is lost at the moment", line->name);
}

static enum status unsupported(const struct line *line, const char *what, struct error *reterr)
{
	return error_set(reterr, STATUS_UNSUPPORTED, "%s: a %s line has no %s", line->name,
			 line->channel->driver->name, what);
}

static void on_break_end(void *user)
{
	struct line *line = user;

	if (line->state != LINE_OPEN)
		return;
	line->channel->driver->set_break(line->channel, false, NULL);
	line_queue_end_break(&line->queue, line->channel);
	push(line);
}

enum status line_send_break(struct line *line, unsigned milliseconds, struct error *reterr)
{
	enum status status = refuse_when_lost(line, reterr);

	if (status != STATUS_OK)
		return status;
	if (line->channel->driver->set_break == NULL)
		return unsupported(line, "break", reterr);
	status = line->channel->driver->set_break(line->channel, true, reterr);
	if (status != STATUS_OK)
		return status;
	/* The break's own command goes out first; bytes wait for its end, so that "break, then a key" (SysRq) keeps
	 * its order. */
	push(line);
	line_queue_begin_break(&line->queue);
	watch_as_needed(line);
	loop_timer_set_after(line->break_end, milliseconds < BREAK_MAX_MS ? milliseconds : BREAK_MAX_MS);
	return STATUS_OK;
}

static enum status set_modem_line(struct line *line, const char *what, bool on, enum asked *asked,
				  enum status (*set)(struct line_channel *channel, bool on, struct error *reterr),
				  struct error *reterr)
{
	enum status status;

	if (set == NULL)
		return unsupported(line, what, reterr);
	status = set(line->channel, on, reterr);
	if (status != STATUS_OK)
		return status;
	*asked = on ? ASKED_ON : ASKED_OFF;
	push(line);
	return STATUS_OK;
}

enum status line_set_dtr(struct line *line, bool on, struct error *reterr)
{
	enum status status = refuse_when_lost(line, reterr);

	if (status != STATUS_OK)
		return status;
	return set_modem_line(line, "DTR", on, &line->dtr, line->channel->driver->set_dtr, reterr);
}

enum status line_set_rts(struct line *line, bool on, struct error *reterr)
{
	enum status status = refuse_when_lost(line, reterr);

	if (status != STATUS_OK)
		return status;
	return set_modem_line(line, "RTS", on, &line->rts, line->channel->driver->set_rts, reterr);
}

bool line_count_errors(const struct line *line, struct line_errors *ret_errors)
{
	return line->channel != NULL && line->channel->driver->count_errors != NULL &&
	       line->channel->driver->count_errors(line->channel, ret_errors);
}

bool line_replay_look(struct line *line, struct replay_state *ret_state)
{
	return line_replay_state(line->channel, ret_state);
}

bool line_replay_change(struct line *line, enum line_replay_change what, double value)
{
	return line_replay_do(line->channel, what, value);
}
