/* src/io/replay.h
 *
 * A recording at its own speed, at any other, or at once; halted, and on to the next thing that happens. The caller has
 * the clock (monotonic milliseconds). Only reading; see replay_source.h. */
#ifndef UNBRICK_IO_REPLAY_H
#define UNBRICK_IO_REPLAY_H

#include "src/io/replay_source.h"

enum { REPLAY_SPEED_MAX = 0 }; /* of .speed: all at once */

struct replay;

struct replay_state {
	enum replay_timing timing;
	double speed; /* 1: as it was; REPLAY_SPEED_MAX */
	bool is_paused, is_skipping, is_over;
	uint64_t at_ms, total_ms; /* of the recording; total 0: not known */
	uint64_t read_ms; /* when what was read last had come, in the recording's time */
	uint64_t bytes, total_bytes;
	char remark[120]; /* the last one that came by */
	char problem[200];
};

enum status replay_open(const char *path, const char *times_path, struct replay **ret_replay, struct error *reterr);
void replay_free(struct replay *replay);
/* What has come up to now, at most size, of one time a call (unless all comes at once); 0: nothing is due. While
 * skipping one line a call. */
size_t replay_read(struct replay *replay, uint8_t *to, size_t size, uint64_t now_ms);
/* When replay_read has something; UINT64_MAX: halted, or over. */
uint64_t replay_deadline(struct replay *replay, uint64_t now_ms);
void replay_set_speed(struct replay *replay, double speed, uint64_t now_ms);
void replay_pause(struct replay *replay, bool is_paused, uint64_t now_ms);
/* At once from here on, until it is ended. */
void replay_skip(struct replay *replay, bool is_skipping, uint64_t now_ms);
/* From the beginning again. */
enum status replay_restart(struct replay *replay, uint64_t now_ms, struct error *reterr);
void replay_look(const struct replay *replay, uint64_t now_ms, struct replay_state *ret_state);

#endif
