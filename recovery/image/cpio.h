/* recovery/image/cpio.h
 *
 * Walks the members of a cpio archive. For recovery/image.
 * Source: cpio(5) of libarchive; Linux Documentation/driver-api/early-userspace/buffer-format.rst. */
#ifndef UNBRICK_RECOVERY_IMAGE_CPIO_H
#define UNBRICK_RECOVERY_IMAGE_CPIO_H

#include "recovery/image/format.h"

enum {
	CPIO_MEMBERS = 100000,	/* walked over */
};

enum cpio_event_type {
	CPIO_MEMBER,
	CPIO_END,	/* final: TRAILER!!! */
	CPIO_CUT,	/* final: goes on behind what is in memory */
	CPIO_BROKEN,	/* final: walk.at says where; at in->size: the file ends first */
};

struct cpio_member {
	char name[128];
	uint32_t mode;
	bool has_sum;
	uint32_t sum;		/* of the data's bytes */
	uint64_t offset, size;	/* of the data */
};

struct cpio_walk {
	const struct image_input *in;
	uint64_t at;
	unsigned members;
};

enum cpio_event_type cpio_next(struct cpio_walk *walk, struct cpio_member *ret_member);
/* How the walk ended: sets declared_size, or tells what is broken. */
void cpio_conclude(const struct cpio_walk *walk, enum cpio_event_type last, struct image_facts *facts);

#endif
