/* src/store/capture.h
 *
 * The raw capture of a line: every byte as it came, from the first on, and when. Two files, written through as they grow:
 *   NAME.raw    the bytes, nothing else
 *   NAME.times  text lines "MS OFFSET LENGTH\n": wall-clock milliseconds and which bytes came then; lines "# ..." are remarks
 * A full disk is reported once (and again when it is over) and the session goes on; nothing blocks. */
#ifndef UNBRICK_STORE_CAPTURE_H
#define UNBRICK_STORE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

struct capture;

/* Makes folder (0700) and the two files (0600) in it; never overwrites: a number is added to a name that exists. */
enum status capture_open(const char *folder, const char *name, struct capture **ret_capture, struct error *reterr);
/* The file that the operator named, 0666 less the umask: what is there already stays, and these bytes follow it. The index is beside
 * it, PATH.times (NAME.times where the path is NAME.raw). STATUS_BUSY: another program writes there; INVALID: no plain file. */
enum status capture_open_file(const char *path, struct capture **ret_capture, struct error *reterr);
/* STATUS_NO_SPACE or STATUS_IO when these bytes could not be kept; capture_lost() counts them. Later calls try again. */
enum status capture_write(struct capture *capture, struct bytes in, uint64_t wall_ms, struct error *reterr);
enum status capture_remark(struct capture *capture, const char *text, uint64_t wall_ms, struct error *reterr);
/* True after the call that lost bytes first, and after the first one that kept its bytes again: the two moments to report. */
bool capture_is_news(const struct capture *capture);
/* Where the index of a .raw file, or of one that the operator named, lies. False: the path is too long. */
bool capture_times_path(const char *raw_path, char *to, size_t size);
const char *capture_path(const struct capture *capture);	/* of the .raw file */
uint64_t capture_size(const struct capture *capture);
uint64_t capture_lost(const struct capture *capture);
void capture_close(struct capture *capture);
/* Closes it, and deletes both files when nothing at all was kept in them: another one was wanted. */
void capture_abandon(struct capture *capture);

#endif
