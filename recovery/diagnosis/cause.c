/* recovery/diagnosis/cause.c */
#include "recovery/diagnosis/cause.h"

#include <stddef.h>
#include <strings.h>

static const struct {
	const char *label;
	const char *meaning;
} causes[CAUSE_COUNT] = {
	[CAUSE_NONE] = { "none", "No fault is known." },
	[CAUSE_SPACE] = { "SPACE", "There was not enough room for what should be written or loaded." },
	[CAUSE_POWER] = { "POWER", "Power was lost or dipped, or a write was cut short." },
	[CAUSE_CHECKSUM] = { "CHECKSUM", "The image on the device is damaged, cut short or erased." },
	[CAUSE_WRONG_HARDWARE] = { "WRONG-HARDWARE", "The image is made for another CPU, board or revision." },
	[CAUSE_BAD_ENV] = { "BAD-ENV", "The bootloader's variables are lost or wrong, so a good system is not found." },
	[CAUSE_NO_ROOTFS] = { "NO-ROOTFS", "The kernel runs, but its root file system is missing or unusable." },
	[CAUSE_FLASH_WEAR] = { "FLASH-WEAR", "The flash or card cannot be read or written reliably any more." },
	[CAUSE_BOOTLOADER_GONE] = { "BOOTLOADER-GONE", "Only the boot ROM or first stage is alive, no bootloader." },
	[CAUSE_SIGNATURE] = { "SIGNATURE", "The image was refused because its signature is missing or not trusted." },
	[CAUSE_DOWNGRADE_BLOCKED] = { "DOWNGRADE-BLOCKED", "The image was refused because of its version or format." },
	[CAUSE_NETWORK] = { "NETWORK", "The image could not be fetched over the network." },
	[CAUSE_KERNEL_PANIC_OTHER] = { "KERNEL-PANIC-OTHER", "Kernel or loader crashed for a reason of their own." },
	[CAUSE_LOGIN] = { "LOGIN", "The device waits for input at a prompt." },
	[CAUSE_HEALTHY] = { "HEALTHY", "The device came up, or the update went well." },
};

static const char *const stages[STAGE_COUNT] = {
	[STAGE_ANY] = "any", [STAGE_ROM] = "rom", [STAGE_FIRST_LOADER] = "first-loader", [STAGE_LOADER] = "loader",
	[STAGE_KERNEL_UNPACK] = "kernel-unpack", [STAGE_KERNEL] = "kernel", [STAGE_ROOT_MOUNT] = "root-mount",
	[STAGE_INIT] = "init", [STAGE_APPLICATION] = "application", [STAGE_LOGIN] = "login",
	[STAGE_UPDATER] = "updater",
};

const char *cause_label(enum cause cause)
{
	return (unsigned)cause < CAUSE_COUNT ? causes[cause].label : "unknown";
}

const char *cause_meaning(enum cause cause)
{
	return (unsigned)cause < CAUSE_COUNT ? causes[cause].meaning : "";
}

bool cause_parse(const char *label, enum cause *ret_cause)
{
	for (size_t i = 0; label != NULL && i < CAUSE_COUNT; i++) {
		if (strcasecmp(label, causes[i].label) != 0)
			continue;
		*ret_cause = (enum cause)i;
		return true;
	}
	return false;
}

bool cause_is_fault(enum cause cause)
{
	return cause > CAUSE_NONE && cause < CAUSE_LOGIN;
}

const char *boot_stage_name(enum boot_stage stage)
{
	return (unsigned)stage < STAGE_COUNT ? stages[stage] : "unknown";
}

bool boot_stage_parse(const char *name, enum boot_stage *ret_stage)
{
	for (size_t i = 0; name != NULL && i < STAGE_COUNT; i++) {
		if (strcasecmp(name, stages[i]) != 0)
			continue;
		*ret_stage = (enum boot_stage)i;
		return true;
	}
	return false;
}
