/* recovery/image/elf.h
 *
 * The processor of a program, from its first bytes. For recovery/image. */
#ifndef UNBRICK_RECOVERY_IMAGE_ELF_H
#define UNBRICK_RECOVERY_IMAGE_ELF_H

#include "recovery/image/format.h"

enum {
	ELF_HEADER = 64,	/* bytes that tell it */
	ELF_RELOCATABLE = 1,	/* ET_REL: a kernel module */
	ELF_SHARED = 3,
};

/* "" when it is no ELF file, or for a processor that has no word here. *ret_type: e_type. */
const char *elf_arch(struct bytes head, unsigned *ret_type);

#endif
