/* recovery/image/tar.h
 *
 * Walks the members of a tar archive. For recovery/image.
 * Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU tar manual, "Basic Tar Format". */
#ifndef UNBRICK_RECOVERY_IMAGE_TAR_H
#define UNBRICK_RECOVERY_IMAGE_TAR_H

#include "recovery/image/format.h"

enum {
	TAR_BLOCK = 512,
	TAR_RECORD = 20 * TAR_BLOCK,	/* as all programs write, unless told otherwise */
	TAR_MEMBERS = 100000,	/* walked over */
};

enum tar_event_type {
	TAR_MEMBER,
	TAR_END,	/* final: the block of zeros at the end */
	TAR_CUT,	/* final: goes on behind what is in memory */
	TAR_BROKEN,	/* final: walk.at says where; at in->size: the file ends first */
};

struct tar_member {
	char name[128];
	char type;		/* '0' file */
	uint64_t offset, size;	/* of the data */
};

struct tar_walk {
	const struct image_input *in;
	uint64_t at;
	unsigned members;
};

bool tar_is_header(struct bytes block);
enum tar_event_type tar_next(struct tar_walk *walk, struct tar_member *ret_member);
/* Where the archive ends whose mark of the end, blocks of zeros, begins at at: behind the zeros that fill its last record, where they do. */
uint64_t tar_end(const struct image_input *in, uint64_t at);
/* Bytes of the data that are in memory. */
struct bytes tar_data(const struct tar_walk *walk, const struct tar_member *member);

#endif
