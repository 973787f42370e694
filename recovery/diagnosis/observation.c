#include "recovery/diagnosis/observation.h"

#include "src/base/cleanup.h"

static const struct observation_about about[OBSERVE_COUNT] = {
	[OBSERVE_FLASH] = { "compare the flash with the image", "changes nothing", "uboot-compare" },
	[OBSERVE_FLASH_TWICE] = { "read the flash twice: worn flash differs", "changes nothing", "uboot-read-twice" },
	[OBSERVE_ENVIRONMENT] = { "look at the bootloader's variables", "changes nothing", "uboot-look-at-variables" },
	[OBSERVE_SPACE] = { "sign in and look at the free space", "changes nothing", "look-at-space" },
	[OBSERVE_POWER] = { "say whether power was lost", "", NULL },
	[OBSERVE_LABEL] = { "compare the label with the file's name", "", NULL },
	[OBSERVE_FILE] = { "inspect the file that was flashed", "changes nothing", NULL },
	[OBSERVE_BOOT_ROM] = { "look for its boot ROM on USB", "", NULL },
	[OBSERVE_NETWORK] = { "look at this computer's network port", "", NULL },
};

static const struct { enum cause cause; enum observation observation; } rows[] = {
	{ CAUSE_SPACE, OBSERVE_SPACE },
	{ CAUSE_SPACE, OBSERVE_FILE },
	{ CAUSE_POWER, OBSERVE_POWER },
	{ CAUSE_POWER, OBSERVE_FLASH },
	{ CAUSE_CHECKSUM, OBSERVE_FLASH },
	{ CAUSE_CHECKSUM, OBSERVE_FILE },
	{ CAUSE_CHECKSUM, OBSERVE_POWER },
	{ CAUSE_WRONG_HARDWARE, OBSERVE_FILE },
	{ CAUSE_WRONG_HARDWARE, OBSERVE_LABEL },
	{ CAUSE_BAD_ENV, OBSERVE_ENVIRONMENT },
	{ CAUSE_BAD_ENV, OBSERVE_FLASH },
	{ CAUSE_NO_ROOTFS, OBSERVE_ENVIRONMENT },
	{ CAUSE_NO_ROOTFS, OBSERVE_FLASH },
	{ CAUSE_NO_ROOTFS, OBSERVE_FILE },
	{ CAUSE_FLASH_WEAR, OBSERVE_FLASH_TWICE },
	{ CAUSE_FLASH_WEAR, OBSERVE_FLASH },
	{ CAUSE_BOOTLOADER_GONE, OBSERVE_BOOT_ROM },
	{ CAUSE_SIGNATURE, OBSERVE_FILE },
	{ CAUSE_DOWNGRADE_BLOCKED, OBSERVE_FILE },
	{ CAUSE_NETWORK, OBSERVE_NETWORK },
	{ CAUSE_KERNEL_PANIC_OTHER, OBSERVE_FLASH },
	{ CAUSE_KERNEL_PANIC_OTHER, OBSERVE_FILE },
};

size_t observations_of(enum cause cause, enum observation ret_list[OBSERVATIONS_OF_CAUSE_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows) && count < OBSERVATIONS_OF_CAUSE_MAX; i++)
		if (rows[i].cause == cause)
			ret_list[count++] = rows[i].observation;
	return count;
}

const struct observation_about *observation_about(enum observation observation)
{
	return (unsigned)observation < OBSERVE_COUNT ? &about[observation] : NULL;
}
