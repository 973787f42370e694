/* src/io/replay_source.h
 *
 * A recording of a serial line, piece by piece with the times they came at: a capture of ours with all its parts, a log
 * whose lines begin with their times (tio, minicom), a typescript with the times that script(1) kept, and any other
 * file, which then comes evenly. Only regular files are opened, never a port. What the times say is not believed beyond
 * reason: they do not go back, and no gap is longer than REPLAY_GAP_MAX_MS; bytes that no time covers come with those
 * before. Memory is constant. */
#ifndef UNBRICK_IO_REPLAY_SOURCE_H
#define UNBRICK_IO_REPLAY_SOURCE_H

#include <stdbool.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

enum { REPLAY_GAP_MAX_MS = 3600000, REPLAY_PIECE_MAX = 4096, REPLAY_EVEN_BAUD = 115200 };

enum replay_timing {
	REPLAY_CAPTURE,
	REPLAY_STAMPED,
	REPLAY_SCRIPT,
	REPLAY_EVEN, /* it knows no times */
};

struct replay_piece {
	struct bytes bytes; /* valid until the next call; none for a remark */
	uint64_t at_ms; /* since the beginning of the recording; never less than before */
	const char *remark; /* what the capture noted here: "ttyUSB0 was lost: unplugged"; else NULL */
};

struct replay_source;

/* path: NAME.raw, NAME.times, NAME, or any file. times_path: what script(1) --log-timing wrote, or NULL. NOT_FOUND,
 * NO_PERMISSION, INVALID (a folder, a device; times that are none), each with a hint. */
enum status replay_source_open(const char *path, const char *times_path, struct replay_source **ret_source,
			       struct error *reterr);
void replay_source_free(struct replay_source *source);
/* False: it is over. */
bool replay_source_next(struct replay_source *source, struct replay_piece *ret_piece);
enum replay_timing replay_source_timing(const struct replay_source *source);
/* Of all parts; 0: not known (it is very long). */
uint64_t replay_source_total_ms(const struct replay_source *source);
uint64_t replay_source_total_bytes(const struct replay_source *source);
/* What could not be believed or read; "" when all is well. */
const char *replay_source_problem(const struct replay_source *source);

#endif
