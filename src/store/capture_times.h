/* src/store/capture_times.h
 *
 * When the bytes of a capture came: reads the NAME.times that capture.h writes beside NAME.raw, as far as it is needed, in
 * constant memory. Lines that are none, and entries that go back, are passed over: a copy may be cut or edited. */
#ifndef UNBRICK_STORE_CAPTURE_TIMES_H
#define UNBRICK_STORE_CAPTURE_TIMES_H

#include <stdint.h>

#include "src/base/status.h"

struct capture_times;

/* STATUS_NOT_FOUND: nothing lies beside it (see capture_times_path). */
enum status capture_times_open(const char *raw_path, struct capture_times **ret_times, struct error *reterr);
/* Goes near to offset without reading what lies before: the next capture_times_at is for it or for one behind it. */
void capture_times_seek(struct capture_times *times, uint64_t offset);
/* Wall-clock milliseconds of the byte at offset, never earlier than those told before; offsets must not go back. *ret_run: how
 * many bytes from it on have the same time (UINT64_MAX: all that follow). 0: before the first entry. */
uint64_t capture_times_at(struct capture_times *times, uint64_t offset, uint64_t *ret_run);
void capture_times_free(struct capture_times *times);

#endif
