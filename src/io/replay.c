#include "src/io/replay.h"

#include <stdlib.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

struct replay {
	char *path, *times_path;
	struct replay_source *source;
	struct replay_piece piece; /* the next one, or what is left of it */
	bool is_over;
	double speed;
	bool is_paused, is_skipping;
	uint64_t base_ms, base_now_ms; /* of the recording, and the clock then */
	bool is_started;
	uint64_t bytes, read_ms;
	char remark[120];
};
DEFINE_AUTO(replay);

void replay_free(struct replay *replay)
{
	if (replay == NULL)
		return;
	replay_source_free(replay->source);
	free(replay->path);
	free(replay->times_path);
	free(replay);
}

static void take_piece(struct replay *replay)
{
	do {
		replay->is_over = !replay_source_next(replay->source, &replay->piece);
		if (!replay->is_over && replay->piece.remark)
			text_copy(replay->remark, sizeof(replay->remark), replay->piece.remark);
	} while (!replay->is_over && replay->piece.bytes.size == 0);
}

enum status replay_open(const char *path, const char *times_path, struct replay **ret_replay, struct error *reterr)
{
	AUTO(replay) replay = calloc(1, sizeof(*replay));
	enum status status;

	if (replay == NULL || (replay->path = strdup(path)) == NULL ||
	    (times_path && (replay->times_path = strdup(times_path)) == NULL))
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a recording");
	replay->speed = 1;
	status = replay_source_open(path, times_path, &replay->source, reterr);
	if (status != STATUS_OK)
		return status;
	take_piece(replay);
	*ret_replay = TAKE(replay);
	return STATUS_OK;
}

/* Where the recording is now. */
static uint64_t position(const struct replay *replay, uint64_t now_ms)
{
	uint64_t passed = now_ms > replay->base_now_ms ? now_ms - replay->base_now_ms : 0, at_ms;

	if (!replay->is_started || replay->is_paused || replay->is_over)
		return replay->base_ms;
	at_ms = replay->base_ms + (uint64_t)((double)passed * replay->speed);
	/* at once: it is where its bytes are */
	return replay->speed <= REPLAY_SPEED_MAX || replay->is_skipping ? replay->base_ms : at_ms;
}

static void rebase(struct replay *replay, uint64_t now_ms)
{
	replay->base_ms = position(replay, now_ms);
	replay->base_now_ms = now_ms;
	replay->is_started = true;
}

static bool is_at_once(const struct replay *replay)
{
	return replay->speed <= REPLAY_SPEED_MAX || replay->is_skipping;
}

/* The end of the line within piece, or all of it. */
static size_t line_size(struct bytes piece)
{
	const uint8_t *end = memchr(piece.data, '\n', piece.size);

	return end ? (size_t)(end - piece.data) + 1 : piece.size;
}

size_t replay_read(struct replay *replay, uint8_t *to, size_t size, uint64_t now_ms)
{
	size_t done = 0;
	uint64_t first_ms = replay->piece.at_ms;

	if (!replay->is_started)
		rebase(replay, now_ms);
	while (!replay->is_over && !replay->is_paused && done < size &&
	       (replay->speed <= REPLAY_SPEED_MAX || replay->piece.at_ms == first_ms) &&
	       (is_at_once(replay) || replay->piece.at_ms <= position(replay, now_ms))) {
		size_t most = replay->is_skipping ? line_size(replay->piece.bytes) : replay->piece.bytes.size;
		size_t count = most < size - done ? most : size - done;
		bool is_line = replay->piece.bytes.data[count - 1] == '\n';

		memcpy(to + done, replay->piece.bytes.data, count);
		done += count;
		replay->bytes += count;
		replay->read_ms = replay->piece.at_ms;
		if (is_at_once(replay))
			replay->base_ms = replay->piece.at_ms;
		replay->piece.bytes = bytes_from(replay->piece.bytes, count);
		if (replay->piece.bytes.size == 0)
			take_piece(replay);
		if (replay->is_skipping && is_line)
			break;
	}
	if (replay->is_over && replay_source_total_ms(replay->source) > replay->base_ms)
		replay->base_ms = replay_source_total_ms(replay->source);
	return done;
}

uint64_t replay_deadline(struct replay *replay, uint64_t now_ms)
{
	uint64_t at_ms = position(replay, now_ms);

	if (replay->is_over || replay->is_paused)
		return UINT64_MAX;
	if (!replay->is_started || is_at_once(replay) || replay->piece.at_ms <= at_ms)
		return now_ms;
	return now_ms + (uint64_t)((double)(replay->piece.at_ms - at_ms) / replay->speed) + 1;
}

void replay_set_speed(struct replay *replay, double speed, uint64_t now_ms)
{
	rebase(replay, now_ms);
	replay->speed = speed > 0 ? speed : REPLAY_SPEED_MAX;
}

void replay_pause(struct replay *replay, bool is_paused, uint64_t now_ms)
{
	rebase(replay, now_ms);
	replay->is_paused = is_paused;
}

void replay_skip(struct replay *replay, bool is_skipping, uint64_t now_ms)
{
	rebase(replay, now_ms);
	replay->is_skipping = is_skipping;
	if (is_skipping)
		replay->is_paused = false;
}

enum status replay_restart(struct replay *replay, uint64_t now_ms, struct error *reterr)
{
	struct replay_source *source = NULL;
	enum status status = replay_source_open(replay->path, replay->times_path, &source, reterr);

	if (status != STATUS_OK)
		return status;
	replay_source_free(replay->source);
	replay->source = source;
	replay->bytes = replay->base_ms = replay->read_ms = 0;
	replay->base_now_ms = now_ms;
	replay->is_started = true;
	replay->is_paused = replay->is_skipping = false;
	replay->remark[0] = '\0';
	take_piece(replay);
	return STATUS_OK;
}

void replay_look(const struct replay *replay, uint64_t now_ms, struct replay_state *ret_state)
{
	*ret_state = (struct replay_state){
		.timing = replay_source_timing(replay->source),
		.speed = replay->speed,
		.is_paused = replay->is_paused,
		.is_skipping = replay->is_skipping,
		.is_over = replay->is_over,
		.at_ms = position(replay, now_ms),
		.total_ms = replay_source_total_ms(replay->source),
		.read_ms = replay->read_ms,
		.bytes = replay->bytes,
		.total_bytes = replay_source_total_bytes(replay->source),
	};
	text_copy(ret_state->remark, sizeof(ret_state->remark), replay->remark);
	text_copy(ret_state->problem, sizeof(ret_state->problem), replay_source_problem(replay->source));
}
