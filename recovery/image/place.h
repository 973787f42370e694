/* recovery/image/place.h
 *
 * What an image begins with, against what its place in the flash holds. A loader starts the bytes that stand there: a file of another kind, or
 * of none that is known, is written, read back and found right, and the device is as dead as before or deader. Pure. */
#ifndef UNBRICK_RECOVERY_IMAGE_PLACE_H
#define UNBRICK_RECOVERY_IMAGE_PLACE_H

#include "recovery/image/image.h"

/* holds: "kernel", "rootfs"... as profiles say it; NULL: not known. False: ret_reason is one sentence without a full stop that begins with a
 * small letter. True says only that nothing speaks against it. */
bool image_belongs(const struct image_facts *facts, const char *holds, char *ret_reason, size_t size);

#endif
