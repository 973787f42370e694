/* src/io/loop.c
 *
 * Every handle of ours is on the heap, in one list per loop, and leaves the heap only in libuv's close callback:
 * that is why a timer or a watch may be freed inside its own callback, and why loop_free can close what its users
 * left open. */
#include "src/io/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "src/base/cleanup.h"

enum {
	LATE_MS = 10,
	COMMAND_OUTPUT_MAX = 64 * 1024,
	COMMAND_READS_AT_EXIT = 64,	/* a pipe holds 64 KiB; who still writes after sh has ended is not waited for */
};

/* The head of each thing that has a libuv handle. */
struct owned {
	struct owned *next, **link;
	struct loop *loop;
	bool is_closing;
	void (*close)(struct owned *thing);
};

struct loop {
	struct uv_loop_s uv;
	uv_async_t keep_alive;		/* uv_run returns when nothing is active; loop_run runs until loop_stop */
	struct owned *things;
	struct work *works;
	bool is_ending;
};

struct loop_timer {
	struct owned owned;
	uv_timer_t uv;
	uint64_t deadline_ms;
	bool is_late;			/* and descriptors had their turn before it */
	void (*on_time)(void *user);
	void *user;
};

struct loop_watch {
	struct owned owned;
	uv_poll_t uv;
	int events;
	void (*on_event)(void *user, int events);
	void *user;
};

struct signal_watch {
	struct owned owned;
	uv_signal_t uv;
	int number;
	void (*on_signal)(void *user, int signal_number);
	void *user;
};

struct work {
	struct work *next, **link;
	struct loop *loop;
	uv_work_t uv;
	void (*run)(void *user);
	void (*done)(void *user);
	void *user;
};

struct command {
	struct owned owned;
	uv_process_t process;
	uv_pipe_t pipe;
	unsigned open_handles;
	void (*on_exit)(void *user, int exit_status, const char *output);
	void *user;
	size_t output_size;
	char output[COMMAND_OUTPUT_MAX + 1];
	char discard[4096];	/* what is beyond the cap is read all the same, or the command would hang */
};

static void own(struct loop *loop, struct owned *thing, void (*close_thing)(struct owned *thing))
{
	thing->loop = loop;
	thing->close = close_thing;
	thing->next = loop->things;
	thing->link = &loop->things;
	if (thing->next != NULL)
		thing->next->link = &thing->next;
	loop->things = thing;
}

static void disown(struct owned *thing)
{
	*thing->link = thing->next;
	if (thing->next != NULL)
		thing->next->link = thing->link;
}

static void close_owned(struct owned *thing)
{
	if (thing->is_closing)
		return;
	thing->is_closing = true;
	disown(thing);
	thing->close(thing);
}

/* All our handles have the struct that is to be freed as their data. */
static void free_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void nothing_to_do(uv_async_t *async)
{
	(void)async;
}

enum status loop_new(struct loop **ret_loop, struct error *reterr)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int failed;

	if (loop == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the event loop");
	failed = uv_loop_init(&loop->uv);
	if (failed == 0) {
		failed = uv_async_init(&loop->uv, &loop->keep_alive, nothing_to_do);
		if (failed != 0)
			uv_loop_close(&loop->uv);
	}
	if (failed != 0) {
		free(loop);
		return error_set(reterr, STATUS_IO, "cannot start the event loop: %s", uv_strerror(failed));
	}
	/* A peer that hung up is an EPIPE of the write, not the end of the program. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);	/* a file beyond its limit is an error of write(), as a full disk is */
	*ret_loop = loop;
	return STATUS_OK;
}

static void close_stray(uv_handle_t *handle, void *user)
{
	(void)user;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	loop->is_ending = true;
	while (loop->things != NULL)
		close_owned(loop->things);
	for (struct work *work = loop->works; work != NULL; work = work->next)
		uv_cancel((uv_req_t *)&work->uv);
	uv_walk(&loop->uv, close_stray, NULL);
	/* Turns until every close callback has run and work that a thread is in the middle of has ended. */
	while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
		continue;
	uv_loop_close(&loop->uv);
	free(loop);
}

void loop_run(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

uint64_t loop_now_ms(void)
{
	return uv_hrtime() / 1000000;
}

uint64_t loop_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- timers ---- */

static void timer_close(struct owned *thing)
{
	struct loop_timer *timer = (struct loop_timer *)thing;

	uv_close((uv_handle_t *)&timer->uv, free_closed);
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*on_time)(void *user), void *user)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	if (timer == NULL)
		return NULL;
	uv_timer_init(&loop->uv, &timer->uv);	/* cannot fail */
	timer->uv.data = timer;
	timer->deadline_ms = UINT64_MAX;
	timer->on_time = on_time;
	timer->user = user;
	own(loop, &timer->owned, timer_close);
	return timer;
}

static void timer_arm(struct loop_timer *timer);

static void timer_fired(uv_timer_t *uv)
{
	struct loop_timer *timer = uv->data;

	uint64_t now_ms = loop_now_ms();

	/* libuv may count with the kernel's coarse clock: never call before the time that was asked for. */
	if (now_ms < timer->deadline_ms) {
		timer_arm(timer);
		return;
	}
	/* This program did not run for a while (load, a laptop that slept), and libuv runs timers first: what came
	 * meanwhile goes before, or a protocol would take bytes that wait in the driver for lost ones. */
	if (now_ms - timer->deadline_ms >= LATE_MS && !timer->is_late) {
		timer->is_late = true;
		timer_arm(timer);
		return;
	}
	timer->is_late = false;
	timer->deadline_ms = UINT64_MAX;
	timer->on_time(timer->user);
}

/* At least one millisecond: libuv runs a timer that is armed with 0 in its own callback again in the same turn, and
 * a callback that always does so would keep the loop from ever seeing a descriptor. */
static void timer_arm(struct loop_timer *timer)
{
	uint64_t now_ms = loop_now_ms();

	uv_update_time(&timer->owned.loop->uv);
	uv_timer_start(&timer->uv, timer_fired, timer->deadline_ms > now_ms ? timer->deadline_ms - now_ms : 1, 0);
}

void loop_timer_set_deadline(struct loop_timer *timer, uint64_t deadline_ms)
{
	if (timer->owned.is_closing)
		return;
	timer->deadline_ms = deadline_ms;
	timer->is_late = false;
	if (deadline_ms == UINT64_MAX)
		uv_timer_stop(&timer->uv);
	else
		timer_arm(timer);
}

void loop_timer_set_after(struct loop_timer *timer, uint64_t delay_ms)
{
	uint64_t now_ms = loop_now_ms();

	loop_timer_set_deadline(timer, delay_ms > UINT64_MAX - now_ms ? UINT64_MAX : now_ms + delay_ms);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer != NULL)
		close_owned(&timer->owned);
}

/* ---- descriptors ---- */

static void watch_close(struct owned *thing)
{
	struct loop_watch *watch = (struct loop_watch *)thing;

	uv_close((uv_handle_t *)&watch->uv, free_closed);
}

static void watch_start(struct loop_watch *watch);

static void watch_fired(uv_poll_t *uv, int status, int uv_events)
{
	struct loop_watch *watch = uv->data;
	int events = 0;

	if (uv_events & UV_READABLE)
		events |= LOOP_READABLE;
	if (uv_events & UV_WRITABLE)
		events |= LOOP_WRITABLE;
	/* POLLERR: the owner finds out which error by reading or writing, as it does for every other loss. */
	if (status < 0)
		events = watch->events;
	if (events != 0)
		watch->on_event(watch->user, events);
	/* libuv stops a handle at POLLERR, but on a socket that may be one ICMP message, and the next packet is
	 * wanted. */
	if (status < 0 && !watch->owned.is_closing)
		watch_start(watch);
}

static void watch_start(struct loop_watch *watch)
{
	int events = 0;

	if (watch->events & LOOP_READABLE)
		events |= UV_READABLE;
	if (watch->events & LOOP_WRITABLE)
		events |= UV_WRITABLE;
	if (events == 0)
		uv_poll_stop(&watch->uv);
	else
		uv_poll_start(&watch->uv, events, watch_fired);
}

struct loop_watch *loop_watch_new(struct loop *loop, int descriptor, void (*on_event)(void *user, int events),
				  void *user)
{
	struct loop_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	if (uv_poll_init(&loop->uv, &watch->uv, descriptor) != 0) {
		free(watch);
		return NULL;
	}
	watch->uv.data = watch;
	watch->on_event = on_event;
	watch->user = user;
	own(loop, &watch->owned, watch_close);
	loop_watch_set(watch, LOOP_READABLE);
	return watch;
}

void loop_watch_set(struct loop_watch *watch, int events)
{
	if (watch->owned.is_closing || watch->events == events)
		return;
	watch->events = events;
	watch_start(watch);
}

void loop_watch_free(struct loop_watch *watch)
{
	if (watch != NULL)
		close_owned(&watch->owned);
}

/* ---- work in other threads ---- */

static void work_run(uv_work_t *uv)
{
	struct work *work = uv->data;

	work->run(work->user);
}

static void work_done(uv_work_t *uv, int status)
{
	struct work *work = uv->data;

	*work->link = work->next;
	if (work->next != NULL)
		work->next->link = work->link;
	(void)status;
	if (!work->loop->is_ending)
		work->done(work->user);
	free(work);
}

enum status loop_work(struct loop *loop, void (*run)(void *user), void (*done)(void *user), void *user)
{
	struct work *work = calloc(1, sizeof(*work));

	if (work == NULL)
		return STATUS_NO_MEMORY;
	work->loop = loop;
	work->run = run;
	work->done = done;
	work->user = user;
	work->uv.data = work;
	if (uv_queue_work(&loop->uv, &work->uv, work_run, work_done) != 0) {
		free(work);
		return STATUS_IO;
	}
	work->next = loop->works;
	work->link = &loop->works;
	if (work->next != NULL)
		work->next->link = &work->next;
	loop->works = work;
	return STATUS_OK;
}

/* ---- signals ---- */

static void signal_close(struct owned *thing)
{
	struct signal_watch *watch = (struct signal_watch *)thing;

	uv_close((uv_handle_t *)&watch->uv, free_closed);
}

static void signal_fired(uv_signal_t *uv, int signal_number)
{
	struct signal_watch *watch = uv->data;

	watch->on_signal(watch->user, signal_number);
}

static struct signal_watch *find_signal(struct loop *loop, int signal_number)
{
	for (struct owned *thing = loop->things; thing != NULL; thing = thing->next)
		if (thing->close == signal_close && ((struct signal_watch *)thing)->number == signal_number)
			return (struct signal_watch *)thing;
	return NULL;
}

static enum status ignore_signal(struct loop *loop, int signal_number)
{
	struct signal_watch *watch = find_signal(loop, signal_number);

	/* Ours last: when a handle is closed libuv puts the default action back, which would end the program. */
	if (watch != NULL)
		close_owned(&watch->owned);
	return signal(signal_number, SIG_IGN) == SIG_ERR ? STATUS_INVALID : STATUS_OK;
}

enum status loop_on_signal(struct loop *loop, int signal_number, void (*on_signal)(void *user, int signal_number),
			   void *user)
{
	struct signal_watch *watch;

	if (on_signal == NULL)
		return ignore_signal(loop, signal_number);
	watch = find_signal(loop, signal_number);
	if (watch == NULL) {
		watch = calloc(1, sizeof(*watch));
		if (watch == NULL)
			return STATUS_NO_MEMORY;
		if (uv_signal_init(&loop->uv, &watch->uv) != 0) {
			free(watch);
			return STATUS_IO;
		}
		watch->uv.data = watch;
		watch->number = signal_number;
		own(loop, &watch->owned, signal_close);
	}
	watch->on_signal = on_signal;
	watch->user = user;
	if (uv_signal_start(&watch->uv, signal_fired, signal_number) != 0) {
		close_owned(&watch->owned);
		return STATUS_INVALID;
	}
	return STATUS_OK;
}

/* ---- commands ---- */

static void command_handle_closed(uv_handle_t *handle)
{
	struct command *command = handle->data;

	if (--command->open_handles == 0)
		free(command);
}

static void command_close(struct owned *thing)
{
	struct command *command = (struct command *)thing;

	uv_close((uv_handle_t *)&command->pipe, command_handle_closed);
	uv_close((uv_handle_t *)&command->process, command_handle_closed);
}

static void command_give_space(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct command *command = handle->data;

	(void)suggested;
	if (command->output_size < COMMAND_OUTPUT_MAX)
		*buffer = uv_buf_init(command->output + command->output_size,
				      (unsigned)(COMMAND_OUTPUT_MAX - command->output_size));
	else
		*buffer = uv_buf_init(command->discard, sizeof(command->discard));
}

static void command_took(struct command *command, const char *from, size_t count)
{
	if (from != command->discard)
		command->output_size += count;
}

static void command_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	if (count < 0)
		uv_read_stop(stream);
	else
		command_took(stream->data, buffer->base, (size_t)count);
}

/* sh has ended, so all that it and what it waited for wrote is in the pipe now. Its end of file is not waited for: a
 * daemon that the command left in the background may keep the pipe open for hours. */
static void command_read_rest(struct command *command)
{
	int descriptor;

	if (uv_fileno((uv_handle_t *)&command->pipe, &descriptor) != 0)
		return;
	for (unsigned i = 0; i < COMMAND_READS_AT_EXIT; i++) {
		uv_buf_t space;
		ssize_t count;

		command_give_space((uv_handle_t *)&command->pipe, 0, &space);
		count = read(descriptor, space.base, space.len);
		if (count <= 0)
			return;
		command_took(command, space.base, (size_t)count);
	}
}

static void command_exited(uv_process_t *process, int64_t exit_status, int signal_number)
{
	struct command *command = process->data;

	command_read_rest(command);
	for (size_t i = 0; i < command->output_size; i++)
		if (command->output[i] == '\0')
			command->output[i] = ' ';	/* the output is handed over as one string */
	command->output[command->output_size] = '\0';
	command->on_exit(command->user, signal_number != 0 ? -1 : (int)exit_status, command->output);
	close_owned(&command->owned);
}

static int command_spawn(struct loop *loop, struct command *command, const char *text, int write_end)
{
	char *arguments[] = { (char *)"sh", (char *)"-c", (char *)text, NULL };
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_IGNORE },		/* /dev/null */
		{ .flags = UV_INHERIT_FD, .data.fd = write_end },
		{ .flags = UV_INHERIT_FD, .data.fd = write_end },
	};
	uv_process_options_t options = {
		.exit_cb = command_exited,
		.file = "/bin/sh",
		.args = arguments,
		.flags = UV_PROCESS_DETACHED,	/* setsid: /dev/tty is out of its reach */
		.stdio_count = 3,
		.stdio = stdio,
	};

	return uv_spawn(&loop->uv, &command->process, &options);
}

enum status loop_run_command(struct loop *loop, const char *command_text,
			     void (*on_exit)(void *user, int exit_status, const char *output), void *user,
			     struct error *reterr)
{
	struct command *command = calloc(1, sizeof(*command));
	int ends[2], failed;

	if (command == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to run '%s'", command_text);
	if (pipe2(ends, O_CLOEXEC) != 0) {
		failed = errno;
		free(command);
		return error_set(reterr, STATUS_IO, "cannot run '%s': %s", command_text, strerror(failed));
	}
	command->on_exit = on_exit;
	command->user = user;
	command->open_handles = 2;
	uv_pipe_init(&loop->uv, &command->pipe, 0);
	command->pipe.data = command;
	failed = command_spawn(loop, command, command_text, ends[1]);
	command->process.data = command;
	own(loop, &command->owned, command_close);
	close(ends[1]);
	if (failed == 0)
		failed = uv_pipe_open(&command->pipe, ends[0]);
	if (failed != 0) {
		close(ends[0]);
		close_owned(&command->owned);
		return error_set(reterr, STATUS_IO, "cannot run '%s': %s", command_text, uv_strerror(failed));
	}
	uv_read_start((uv_stream_t *)&command->pipe, command_give_space, command_read);
	return STATUS_OK;
}
