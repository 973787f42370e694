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
	const char *profile_revision;	/* that the profile is of; NULL: of several or not told. Headers number in their own ways: another one leaves it open */
	bool ids_are_names;		/* a sticker's words: that the image names none of them proves nothing */
	bool ids_are_some;		/* not every way in which images name the board: only another id of the same kind proves that it is for another */
};

/* ret_reason: one sentence without a full stop; where it does not fit, with what would happen. */
enum image_fit image_fits(const struct image_facts *facts, const struct image_device *device, char *ret_reason, size_t size);
/* "unknown", "fits", "wrong-cpu", "wrong-board", "wrong-revision" */
const char *image_fit_word(enum image_fit fit);

/* What the device said of itself while it started; each NULL or "" where it said nothing. */
struct image_said {
	const char *version;		/* of the firmware that is on it */
	const char *secure_boot;	/* "enabled", "On", "1", "green"... */
	const char *flash;		/* "SF: Detected w25q128 ..., total 16 MiB" */
};

enum image_age { IMAGE_AGE_UNKNOWN, IMAGE_OLDER, IMAGE_AS_OLD, IMAGE_NEWER };
enum { IMAGE_CAUTIONS = 3, IMAGE_CAUTION_SIZE = 160 };

/* The image's version, as far as it is the firmware's: "" where it is a kernel's. */
const char *image_firmware_version(const struct image_facts *facts);
/* By the numbers that versions begin with: "1.0.2 Build 5" and "v1.1". UNKNOWN where they are the same and something else follows. */
enum image_age image_compare_versions(const char *image, const char *installed);
/* What is to be known before it is written, though none of it is a reason not to: older than what is there (image_version: NULL, or what is known
 * of it from elsewhere), a chip that asks for signatures, more bytes than the flash has. One sentence each, without a full stop. */
unsigned image_cautions(const struct image_facts *facts, const char *image_version, const struct image_said *said,
			char ret_text[IMAGE_CAUTIONS][IMAGE_CAUTION_SIZE]);

#endif
