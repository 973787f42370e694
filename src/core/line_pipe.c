#include "src/core/line_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"

enum {
	IN_SIZE = 16 << 10,
	OUT_MAX = 4 << 20, /* a reader that is behind by more holds the line up */
	OUT_AT_ONCE = 4096, /* PIPE_BUF: so much goes into a pipe that is ready without waiting */
	LINE_FULL = 32 << 10, /* of the line's own queue: enough for 100 ms at 3 MBd */
	LOOK_AGAIN_MS = 20,
	KERNEL_QUEUE = 8 << 10, /* what a serial driver may still hold when our own queue is empty */
};

struct line_pipe {
	struct loop *loop;
	struct line *line;
	struct capture *capture;
	struct loop_watch *in_watch, *out_watch; /* NULL: a file, which is always ready */
	struct loop_timer *timer;
	int in, out, in_flags, out_flags; /* flags: of before */
	unsigned quiet_ms;
	uint8_t in_data[IN_SIZE];
	size_t in_begin, in_end;
	uint8_t *out_data;
	size_t out_size, out_capacity;
	bool is_in_over, is_over, is_left;
	uint64_t heard_ms, written_ms; /* the last byte of the line; when the last byte to it will have left */
	struct error log_problem;
	void (*on_done)(void *user, enum status status, const struct error *error);
	void *user;
};

void line_pipe_free(struct line_pipe *pipe)
{
	if (pipe == NULL)
		return;
	line_close(pipe->line);
	loop_watch_free(pipe->in_watch);
	loop_watch_free(pipe->out_watch);
	if (pipe->in_flags >= 0)
		fcntl(pipe->in, F_SETFL, pipe->in_flags);
	if (pipe->out_flags >= 0)
		fcntl(pipe->out, F_SETFL, pipe->out_flags);
	loop_timer_free(pipe->timer);
	free(pipe->out_data);
	free(pipe);
}

DEFINE_AUTO(line_pipe);

/* ---- to the output ---- */

static bool is_ready(int descriptor)
{
	struct pollfd ready = { .fd = descriptor, .events = POLLOUT };

	return poll(&ready, 1, 0) > 0;
}

/* As much as goes without waiting, all of it when may_wait. False: nobody reads any more. */
static bool write_out(struct line_pipe *pipe, bool may_wait)
{
	size_t done = 0;

	while (done < pipe->out_size && (may_wait || is_ready(pipe->out))) {
		size_t size = pipe->out_size - done < OUT_AT_ONCE ? pipe->out_size - done : OUT_AT_ONCE;
		ssize_t count = write(pipe->out, pipe->out_data + done, size);

		if (count < 0 && errno == EAGAIN) {
			struct pollfd ready = { .fd = pipe->out, .events = POLLOUT };

			if (!may_wait)
				break;
			poll(&ready, 1, -1);
		} else if (count < 0 && errno != EINTR) {
			return false;
		} else if (count > 0) {
			done += (size_t)count;
		}
	}
	if (done > 0)
		memmove(pipe->out_data, pipe->out_data + done, pipe->out_size - done);
	pipe->out_size -= done;
	return true;
}

static void end(struct line_pipe *pipe, enum status status, const struct error *why)
{
	struct error error = { 0 };

	if (pipe->is_over)
		return;
	pipe->is_over = true;
	if (pipe->is_left)
		pipe->out_size = 0;
	if (!write_out(pipe, true) && status == STATUS_OK)
		status = error_set(&error, STATUS_IO, "cannot write to standard output: %s", strerror(errno));
	else if (status == STATUS_OK && pipe->log_problem.status != STATUS_OK)
		error = pipe->log_problem;
	else if (why)
		error = *why;
	pipe->on_done(pipe->user, status != STATUS_OK ? status : error.status, &error);
}

static void end_without_reader(struct line_pipe *pipe)
{
	struct error why;

	pipe->is_left = true;
	error_set(&why, STATUS_IO, "cannot write to standard output: %s", strerror(errno));
	end(pipe, STATUS_IO, &why);
}

static bool queue_out(struct line_pipe *pipe, struct bytes in)
{
	if (pipe->out_size + in.size > pipe->out_capacity) {
		size_t capacity = (pipe->out_size + in.size) * 2;
		uint8_t *larger = realloc(pipe->out_data, capacity);

		if (larger == NULL)
			return false;
		pipe->out_data = larger;
		pipe->out_capacity = capacity;
	}
	memcpy(pipe->out_data + pipe->out_size, in.data, in.size);
	pipe->out_size += in.size;
	return true;
}

static void write_what_goes(struct line_pipe *pipe)
{
	if (!write_out(pipe, pipe->out_watch == NULL || pipe->out_size > OUT_MAX))
		end_without_reader(pipe);
	else if (pipe->out_watch)
		loop_watch_set(pipe->out_watch, pipe->out_size > 0 ? LOOP_WRITABLE : 0);
}

static void on_out(void *user, int events)
{
	(void)events;
	write_what_goes(user);
}

/* ---- from the input to the line ---- */

static void look_again(struct line_pipe *pipe)
{
	uint64_t last_ms = pipe->heard_ms > pipe->written_ms ? pipe->heard_ms : pipe->written_ms;

	if (pipe->is_over)
		return;
	if (pipe->in_begin < pipe->in_end || line_pending(pipe->line) > 0)
		loop_timer_set_after(pipe->timer, LOOK_AGAIN_MS);
	else if (pipe->is_in_over)
		loop_timer_set_deadline(pipe->timer, last_ms + pipe->quiet_ms);
}

static void read_in(struct line_pipe *pipe)
{
	ssize_t count = read(pipe->in, pipe->in_data, sizeof(pipe->in_data));
	struct error why;

	if (count < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	pipe->in_begin = 0;
	pipe->in_end = count > 0 ? (size_t)count : 0;
	if (count > 0)
		return;
	/* a terminal that went away says EIO where a pipe says 0 */
	pipe->is_in_over = true;
	if (count < 0 && errno != EIO) {
		error_set(&why, STATUS_IO, "cannot read standard input: %s", strerror(errno));
		end(pipe, STATUS_IO, &why);
	}
}

static void offer(struct line_pipe *pipe)
{
	const struct bytes rest = bytes_of(pipe->in_data + pipe->in_begin, pipe->in_end - pipe->in_begin);
	size_t held, taken;
	uint64_t now_ms = loop_now_ms();

	if (rest.size == 0 || line_pending(pipe->line) >= LINE_FULL)
		return;
	taken = line_write(pipe->line, rest);
	pipe->in_begin += taken;
	held = line_pending(pipe->line) + KERNEL_QUEUE;
	pipe->written_ms = now_ms + (uint64_t)(taken < held ? taken : held) * 10000 / line_baud(pipe->line);
}

static void pump(struct line_pipe *pipe)
{
	offer(pipe);
	while (pipe->in_watch == NULL && !pipe->is_in_over && pipe->in_begin == pipe->in_end && !pipe->is_over) {
		read_in(pipe);
		offer(pipe);
		if (line_pending(pipe->line) >= LINE_FULL)
			break;
	}
	if (pipe->in_watch)
		loop_watch_set(pipe->in_watch, pipe->is_in_over || pipe->in_begin < pipe->in_end ? 0 : LOOP_READABLE);
	look_again(pipe);
}

static void on_in(void *user, int events)
{
	struct line_pipe *pipe = user;

	(void)events;
	if (!pipe->is_in_over && pipe->in_begin == pipe->in_end)
		read_in(pipe);
	if (!pipe->is_over)
		pump(pipe);
}

static void on_time(void *user)
{
	struct line_pipe *pipe = user;
	uint64_t last_ms = pipe->heard_ms > pipe->written_ms ? pipe->heard_ms : pipe->written_ms;

	if (pipe->is_in_over && pipe->in_begin == pipe->in_end && line_pending(pipe->line) == 0 &&
	    loop_now_ms() >= last_ms + pipe->quiet_ms)
		end(pipe, STATUS_OK, NULL);
	else
		pump(pipe);
}

/* ---- from the line ---- */

static void on_line_bytes(void *user, struct bytes in, uint64_t now_ms)
{
	struct line_pipe *pipe = user;
	struct error why;

	if (pipe->is_over)
		return;
	pipe->heard_ms = now_ms;
	if (pipe->capture && capture_write(pipe->capture, in, loop_wall_ms(), &why) != STATUS_OK)
		pipe->log_problem = why;
	if (!queue_out(pipe, in)) {
		error_set(&why, STATUS_NO_MEMORY, "no memory for what the line says");
		end(pipe, STATUS_NO_MEMORY, &why);
		return;
	}
	write_what_goes(pipe);
	look_again(pipe);
}

static void on_line_state(void *user, enum line_state state, const struct error *why)
{
	if (state == LINE_LOST)
		end(user, STATUS_GONE, why);
}

static enum status hook_up(struct line_pipe *pipe, struct error *reterr)
{
	pipe->timer = loop_timer_new(pipe->loop, on_time, pipe);
	if (pipe->timer == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a timer");
	pipe->in_watch = loop_watch_new(pipe->loop, pipe->in, on_in, pipe);
	pipe->out_watch = loop_watch_new(pipe->loop, pipe->out, on_out, pipe);
	if (pipe->out_watch)
		loop_watch_set(pipe->out_watch, 0);
	loop_timer_set_after(pipe->timer, 0);
	return STATUS_OK;
}

enum status line_pipe_open(struct loop *loop, const struct line_pipe_options *options,
			   void (*on_done)(void *user, enum status status, const struct error *error), void *user,
			   struct line_pipe **ret_pipe, struct error *reterr)
{
	AUTO(line_pipe) pipe = calloc(1, sizeof(*pipe));
	const struct line_observer observer = { .on_bytes = on_line_bytes, .on_state = on_line_state, .user = pipe };
	enum status status;

	if (pipe == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a line");
	pipe->loop = loop;
	pipe->in = options->in;
	pipe->out = options->out;
	pipe->in_flags = fcntl(pipe->in, F_GETFL);
	pipe->out_flags = fcntl(pipe->out, F_GETFL);
	pipe->quiet_ms = options->quiet_ms;
	pipe->on_done = on_done;
	pipe->user = user;
	pipe->heard_ms = loop_now_ms();
	pipe->capture = options->capture;
	status = line_open(loop, options->port, &options->settings, &observer, &pipe->line, reterr);
	if (status == STATUS_OK)
		status = hook_up(pipe, reterr);
	if (status == STATUS_OK)
		*ret_pipe = TAKE(pipe);
	return status;
}
