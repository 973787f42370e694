/* recovery/image/ubifs.h
 *
 * UBIFS, one logical erase block after the other: they lie behind each other in a file, or in the erase blocks of an UBI. For
 * recovery/image. Source: Linux fs/ubifs/ubifs-media.h. */
#ifndef UNBRICK_RECOVERY_IMAGE_UBIFS_H
#define UNBRICK_RECOVERY_IMAGE_UBIFS_H

#include "recovery/image/programs.h"

struct ubifs {
	const struct image_input *in;
	struct image_facts *facts;
	uint32_t leb_size, leb_count;
	uint32_t lpt_first, lpt_end;	/* blocks of the space table, which has no nodes */
	struct programs programs;
	uint64_t nodes;
	uint32_t root_leb, root_offset;	/* where the index begins, by the last master node */
	uint32_t space_leb, space_offset;	/* the same of the space table */
	unsigned bad;
};

/* The superblock node at the start of block 0; false when it is none or damaged. */
bool ubifs_open(struct ubifs *fs, const struct image_input *in, struct image_facts *facts, struct bytes block);
/* Checks the nodes of a block; offset is where it lies in the input, for telling. */
void ubifs_check_block(struct ubifs *fs, uint32_t number, struct bytes block, uint64_t offset);

#endif
