/* recovery/image/fit.h
 *
 * A part of a FIT: where its data is. For recovery/image. */
#ifndef UNBRICK_RECOVERY_IMAGE_FIT_H
#define UNBRICK_RECOVERY_IMAGE_FIT_H

#include "recovery/image/fdt.h"

struct fit_image {
	char name[64], type[24], arch[12], compression[12], os[16], description[96];
	uint64_t offset, size;		/* of the data, in the file */
	bool has_offset, has_size, is_behind;	/* behind: offset counts from the end of the tree */
	unsigned good, bad, unchecked;
};

void fit_image_read(struct fit_image *image, const struct fdt_event *property);
/* From where offsets of data behind the tree count: its size, rounded up to 4; in a Rockchip one to a block of 512. */
uint64_t fit_tree_end(const struct image_input *in);
uint64_t fit_image_at(const struct fit_image *image, uint64_t tree_end);
/* As a hash node names it; 0: nobody here knows it. */
size_t fit_image_hash(const struct image_input *in, const char *algorithm, struct bytes data, uint8_t ret_digest[IMAGE_DIGEST_SIZE]);

#endif
