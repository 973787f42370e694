/* src/store/capture.h
 *
 * The raw capture of a line: every byte as it came, from the first on, and when. Two files, written through as they grow:
 *   NAME.raw    the bytes, nothing else
 *   NAME.times  text lines "MS OFFSET LENGTH\n": wall-clock milliseconds and which bytes came then; lines "# ..." are remarks
 * One that reaches its limits goes on in a next pair, NAME-2.raw and NAME-2.times: bytes are never written twice and never left out at
 * the seam. The last line of the old index is "# MS goes on in NAME-2.raw", the first one of the new "# MS goes on from NAME.raw".
 * Offsets in an index count from the start of its own .raw file; those of the calls here count through all pairs.
 * A full disk is reported once (and again when it is over) and the session goes on; nothing blocks. */
#ifndef UNBRICK_STORE_CAPTURE_H
#define UNBRICK_STORE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

struct capture;

/* 0 each: no limit. */
struct capture_limits {
	uint64_t part_bytes, part_ms;	/* of one pair of files */
	uint64_t keep_free_bytes;	/* of the disk: what others need is not eaten; the capture waits until there is half as much again */
};

/* A pair of files that is or was written. */
struct capture_part {
	char path[4096];		/* of the .raw file */
	uint64_t start, end;		/* offsets in the whole */
};

/* Makes folder (0700) and the two files (0600) in it; never overwrites: a number is added to a name that exists. */
enum status capture_open(const char *folder, const char *name, struct capture **ret_capture, struct error *reterr);
/* From now on; without it there are none. */
void capture_set_limits(struct capture *capture, const struct capture_limits *limits);
/* The file that the operator named, 0666 less the umask: what is there already stays, and these bytes follow it. The index is beside
 * it, PATH.times (NAME.times where the path is NAME.raw); it does not go on in a next file. STATUS_BUSY: another program writes there; INVALID: no plain file. */
enum status capture_open_file(const char *path, struct capture **ret_capture, struct error *reterr);
/* STATUS_NO_SPACE or STATUS_IO when these bytes could not be kept; capture_lost() counts them. Later calls try again. */
enum status capture_write(struct capture *capture, struct bytes in, uint64_t wall_ms, struct error *reterr);
enum status capture_remark(struct capture *capture, const char *text, uint64_t wall_ms, struct error *reterr);
/* True after the call that lost bytes first, and after the first one that kept its bytes again: the two moments to report. */
bool capture_is_news(const struct capture *capture);
const char *capture_path(const struct capture *capture);	/* of the .raw file that grows now */
uint64_t capture_size(const struct capture *capture);		/* of all parts */
unsigned capture_part_count(const struct capture *capture);	/* rises when it goes on in a next pair */
/* The part that has the byte at offset, or is to have it next. False: there is none. */
bool capture_part_at(const struct capture *capture, uint64_t offset, struct capture_part *ret_part);
/* What its disk has left, looked at every few seconds at most; UINT64_MAX: not known. */
uint64_t capture_free_bytes(struct capture *capture, uint64_t wall_ms);
uint64_t capture_lost(const struct capture *capture);
void capture_close(struct capture *capture);
/* Closes it, and deletes both files when nothing at all was kept in them: another one was wanted. */
void capture_abandon(struct capture *capture);

#endif
