/* recovery/image/programs.h
 *
 * Which processor a file system is for: what most of the programs in it are for. One program alone does not tell: firmware for
 * a radio or a coprocessor is an ELF file too. For recovery/image. */
#ifndef UNBRICK_RECOVERY_IMAGE_PROGRAMS_H
#define UNBRICK_RECOVERY_IMAGE_PROGRAMS_H

#include "recovery/image/elf.h"

enum {
	PROGRAM_ARCHS = 6,
	PROGRAMS_ENOUGH = 8,	/* programs of one processor */
	PROGRAMS_LOOKED = 1024,	/* files looked at */
};

struct programs {
	struct { const char *arch; unsigned programs, modules; } seen[PROGRAM_ARCHS];
	unsigned looked;
	bool has_enough;	/* nothing more need be looked at */
};

/* The first bytes of a file. */
void programs_look(struct programs *programs, struct bytes head);
/* Tells the processor, where facts have none yet. */
void programs_tell(const struct programs *programs, struct image_facts *facts);

#endif
