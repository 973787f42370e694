/* recovery/image/place.h
 *
 * What an image begins with, against what its place in the flash holds and what the loader starts there. A loader starts the bytes that stand
 * there: a file of another kind, or of none that is known, is written, read back and found right, and the device is as dead as before or deader.
 * The same file is right for one loader and the end of another one's device (a TRX for a CFE and for a U-Boot), so where nobody said which formats
 * this one starts, a format that not every loader knows stays open. Pure. */
#ifndef UNBRICK_RECOVERY_IMAGE_PLACE_H
#define UNBRICK_RECOVERY_IMAGE_PLACE_H

#include "recovery/image/image.h"

enum image_belonging {
	IMAGE_BELONGS,			/* nothing speaks against it */
	IMAGE_BELONGS_PERHAPS,		/* it is made for a loader or updater of its own, and nobody said that this is the one */
	IMAGE_BELONGS_NOT,
};

struct image_place {
	const char *holds;		/* "kernel", "rootfs"... as profiles say it; NULL: not known */
	const char *const *formats;	/* words of formats that start there, of this device; none: not known */
	size_t format_count;
	const char *loader_starts;	/* such words, a blank between, that loaders of this make start besides the plain ones; NULL: none */
};

/* ret_reason, unless it belongs: one sentence without a full stop that begins with a small letter. */
enum image_belonging image_belongs(const struct image_facts *facts, const struct image_place *place, char *ret_reason, size_t size);

#endif
