/* recovery/image/fits.h
 *
 * Does an image fit a device? What both say of themselves, compared: processor first, then board, then revision. Pure. "Fits" is said only
 * where a board or hardware id is the same; an agreeing processor alone leaves it open. */
#ifndef UNBRICK_RECOVERY_IMAGE_FITS_H
#define UNBRICK_RECOVERY_IMAGE_FITS_H

#include "recovery/image/image.h"

enum image_fit { IMAGE_FIT_UNKNOWN, IMAGE_FITS, IMAGE_WRONG_CPU, IMAGE_WRONG_BOARD, IMAGE_WRONG_REVISION };

struct image_device {
	const char *arch;		/* "" or NULL: not known. "mips" is big-endian here */
	const char *const *ids;		/* compatible strings, board and hardware ids, model names; most exact first */
	size_t id_count;
	const char *revision;		/* of the hardware, as on the sticker; NULL: not known */
	bool ids_are_names;		/* a sticker's words: that the image names none of them proves nothing */
};

/* ret_reason: one sentence without a full stop. */
enum image_fit image_fits(const struct image_facts *facts, const struct image_device *device, char *ret_reason, size_t size);
/* "unknown", "fits", "wrong-cpu", "wrong-board", "wrong-revision" */
const char *image_fit_word(enum image_fit fit);

#endif
