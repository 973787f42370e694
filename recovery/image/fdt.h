/* recovery/image/fdt.h
 *
 * Walks a flat device tree token by token, without recursion and without trusting any of its numbers. For recovery/image.
 * Source: Devicetree Specification 0.4, chapter 5. */
#ifndef UNBRICK_RECOVERY_IMAGE_FDT_H
#define UNBRICK_RECOVERY_IMAGE_FDT_H

#include "recovery/image/format.h"

enum {
	FDT_HEADER_SIZE = 40,
	FDT_DEPTH = 32,		/* real trees stay below ten */
	FDT_NAME_SIZE = 128,
};

enum fdt_event_type {
	FDT_NODE,	/* name: begins */
	FDT_PROPERTY,	/* name, value */
	FDT_NODE_END,
	FDT_DONE,	/* final: the tree is well formed */
	FDT_CUT,	/* final: goes on behind what is in memory */
	FDT_BROKEN,	/* final: offset says where */
};

struct fdt_event {
	enum fdt_event_type type;
	const char *name;
	struct bytes value;
	uint64_t offset;	/* of the value, or of the token that is broken */
};

struct fdt_walk {
	const struct image_input *in;
	uint64_t at, end;		/* of the structure block */
	uint64_t strings, strings_size;
	unsigned depth;
	char name[FDT_NAME_SIZE];
};

/* False when the header cannot be right. */
bool fdt_walk_init(struct fdt_walk *walk, const struct image_input *in);
/* The next event; name is valid until the next call. After FDT_NODE depth counts the new node: the root has 1. */
struct fdt_event fdt_walk_next(struct fdt_walk *walk);
/* What U-Boot's fit_hash checks: the images of a FIT. Called by fdt.c when the tree has /images. */
void fit_inspect(const struct image_input *in, struct image_facts *facts);
/* Adds a list of NUL-ended strings as boards. */
void fdt_add_boards(struct image_facts *facts, struct bytes list);
/* Programs without a container end with their device tree (U-Boot's u-boot.bin): where the tree begins that ends with the file. 0: none. */
uint64_t fdt_find_last(const struct image_input *in);

#endif
