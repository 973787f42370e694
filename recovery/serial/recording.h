/* recovery/serial/recording.h
 *
 * The lines in which recordings of a serial line keep their times. Pure: one line in, what it says out.
 *   capture     "MS OFFSET LENGTH", "# MS text": src/store/capture.h
 *   script(1)   "SECONDS COUNT"; "O SECONDS COUNT" and I, H, S: util-linux 2.38, script.1, --logging-format
 *   stamps      "[10:15:02.123] ", "[2023-01-10T10:15:02.123+0100] " before each line of the log itself: tio -t
 *               (tio.1, --timestamp-format), minicom (minicom.1, Ctrl-A N) */
#ifndef UNBRICK_RECOVERY_RECORDING_H
#define UNBRICK_RECOVERY_RECORDING_H

#include <stdbool.h>

#include "src/base/bytes.h"

enum { RECORDING_LINE_MAX = 600, RECORDING_STAMP_MAX = 48, RECORDING_NAME_MAX = 256 };

struct recording_entry {
	uint64_t ms, offset, length;
};

/* line is a whole line with or without its end; length is never 0. False: it is no such line. */
bool recording_parse_capture(const char *line, struct recording_entry *ret_entry);
/* A remark's text, NULL when it is none. */
const char *recording_parse_remark(const char *line, uint64_t *ret_ms);
/* "goes on in NAME.raw": the file in the same folder that a rotated capture goes on in. False: the remark says
 * something else, or names no plain file. ret_name has RECORDING_NAME_MAX bytes. */
bool recording_parse_next(const char *remark, char *ret_name);
/* *ret_us is how long after the entry before; *ret_count how many bytes of output came then, 0 for an entry that is no
 * output. */
bool recording_parse_script(const char *line, uint64_t *ret_us, uint64_t *ret_count);
/* The size of the stamp that the line begins with, its blank included; 0: none. *ret_ms: since midnight, or since 1970
 * where it has a date (no time zone: only differences count). */
size_t recording_parse_stamp(struct bytes line, uint64_t *ret_ms);

#endif
