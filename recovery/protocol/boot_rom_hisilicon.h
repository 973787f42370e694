/* recovery/protocol/boot_rom_hisilicon.h
 *
 * Which objects a HiSilicon or Goke boot ROM wants, and in which order: cut out of the files that the operator has. For
 * boot_rom_hisilicon.c and its tests only. Nothing is copied but what has to be joined, so the files must stay. */
#ifndef UNBRICK_RECOVERY_BOOT_ROM_HISILICON_H
#define UNBRICK_RECOVERY_BOOT_ROM_HISILICON_H

#include "recovery/protocol/boot_rom.h"

enum {
	HISILICON_OBJECTS_MAX = BOOT_ROM_FILES_MAX,
	HISILICON_STEP_MAX = 512,
	HISILICON_STEPS = 3,
	HISILICON_TABLE_MAX = 16 * 1024,
	HISILICON_V500_HEAD = 8192,
	HISILICON_DRAM = 0x40000000,	/* objects below it go to SRAM or registers */
};

struct hisilicon_object {
	const char *name;
	struct bytes data;
	uint32_t address;
	bool trains_memory;		/* it runs before the next one comes */
};

struct hisilicon_objects {
	struct hisilicon_object at[HISILICON_OBJECTS_MAX];
	size_t count;
	uint8_t steps[HISILICON_STEPS][HISILICON_STEP_MAX];	/* code out of a profile */
	uint8_t table[HISILICON_TABLE_MAX];			/* CV6xx: the memory's parameters for this board */
};

/* First generation: either files with their addresses, in the ROM's order; or a chip profile of OpenIPC's tools (JSON: DDRSTEP0, ADDRESS,
 * FILELEN) and the bootloader. */
enum status hisilicon_standard_objects(const struct boot_rom_options *options, struct hisilicon_objects *to, struct error *reterr);
/* V500: one composite file. */
enum status hisilicon_v500_objects(const struct boot_rom_options *options, struct hisilicon_objects *to, struct error *reterr);
/* CV6xx: one composite file; the middle object depends on the board, which the ROM knows. */
enum status hisilicon_cv6xx_objects(const struct boot_rom_options *options, uint32_t board, struct hisilicon_objects *to, struct error *reterr);

#endif
