/* src/io/line_replay.c
 *
 * A recording as a line: replay:PATH. A timer descriptor says when its next bytes are due; nothing can be sent, and no
 * port is opened. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/io/line_driver.h"
#include "src/io/loop.h"
#include "src/io/replay.h"

struct replay_channel {
	struct line_channel base;
	struct replay *replay;
	bool rests; /* what came at one time was given: who reads it takes it with that time */
};

/* A timer of 0 would be disarmed. */
static void arm(struct replay_channel *channel)
{
	uint64_t now_ms = loop_now_ms(), at_ms = replay_deadline(channel->replay, now_ms),
		 in_ms = at_ms > now_ms ? at_ms - now_ms : 0;
	struct itimerspec when = { .it_value = { .tv_sec = (time_t)(in_ms / 1000),
						 .tv_nsec = (long)(in_ms % 1000 * 1000000) + 1 } };

	if (at_ms == UINT64_MAX)
		when.it_value = (struct timespec){ 0 };
	timerfd_settime(channel->base.descriptor, 0, &when, NULL);
}

static enum status open_replay(const struct line_request *request, struct line_channel **ret_channel,
			       struct error *reterr)
{
	AUTO_FREE struct replay_channel *channel = calloc(1, sizeof(*channel));
	AUTO_FREE char *path = NULL;
	const char *tab;
	enum status status;

	if (channel == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a recording");
	tab = strchr(request->address, '\t');
	path = tab ? strndup(request->address, (size_t)(tab - request->address)) : strdup(request->address);
	if (path == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a recording");
	status = replay_open(path, tab ? tab + 1 : NULL, &channel->replay, reterr);
	if (status != STATUS_OK)
		return status;
	channel->base.driver = &line_driver_replay;
	channel->base.descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (channel->base.descriptor < 0) {
		replay_free(channel->replay);
		return error_set(reterr, STATUS_IO, "cannot make a timer for the recording: %s", strerror(errno));
	}
	arm(channel);
	*ret_channel = &TAKE(channel)->base;
	return STATUS_OK;
}

static void close_replay(struct line_channel *base)
{
	struct replay_channel *channel = (struct replay_channel *)base;

	close(base->descriptor);
	replay_free(channel->replay);
	free(channel);
}

static ssize_t read_replay(struct line_channel *base, uint8_t *to, size_t size)
{
	struct replay_channel *channel = (struct replay_channel *)base;
	struct replay_state state;
	uint64_t expirations;
	size_t count;

	if (channel->rests) {
		channel->rests = false;
		errno = EAGAIN;
		return -1;
	}
	if (read(base->descriptor, &expirations, sizeof(expirations)) < 0)
		return -1; /* EAGAIN: the time has not come */
	count = replay_read(channel->replay, to, size, loop_now_ms());
	replay_look(channel->replay, loop_now_ms(), &state);
	channel->rests = count > 0 && (state.is_skipping || state.speed > REPLAY_SPEED_MAX);
	arm(channel);
	if (count > 0)
		return (ssize_t)count;
	errno = EAGAIN;
	return -1;
}

/* What is typed stays with the caller: line_write() takes nothing. */
static size_t take_nothing(struct line_channel *base, struct bytes *in, uint8_t *to, size_t room)
{
	(void)base;
	(void)in;
	(void)to;
	(void)room;
	return 0;
}

/* NULL: it is the channel of another driver. */
static struct replay_channel *replay_of(struct line_channel *base)
{
	return base != NULL && base->driver == &line_driver_replay ? (struct replay_channel *)base : NULL;
}

bool line_replay_state(struct line_channel *base, struct replay_state *ret_state)
{
	struct replay_channel *channel = replay_of(base);

	if (channel != NULL)
		replay_look(channel->replay, loop_now_ms(), ret_state);
	return channel != NULL;
}

bool line_replay_do(struct line_channel *base, enum line_replay_change what, double value)
{
	struct replay_channel *channel = replay_of(base);
	uint64_t now_ms = loop_now_ms();
	struct error error;

	if (channel == NULL)
		return false;
	switch (what) {
	case LINE_REPLAY_SPEED: replay_set_speed(channel->replay, value, now_ms); break;
	case LINE_REPLAY_PAUSE: replay_pause(channel->replay, value > 0, now_ms); break;
	case LINE_REPLAY_SKIP: replay_skip(channel->replay, value > 0, now_ms); break;
	case LINE_REPLAY_RESTART: (void)replay_restart(channel->replay, now_ms, &error); break;
	}
	arm(channel);
	return true;
}

const struct line_driver line_driver_replay = {
	.name = "recorded",
	.open = open_replay,
	.close = close_replay,
	.read = read_replay,
	.encode = take_nothing,
};
