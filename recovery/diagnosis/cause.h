/* recovery/diagnosis/cause.h
 *
 * The words for why a flash failed and for how far a device came. The labels are stable: JSON, the journal, sign files and
 * profiles use them. */
#ifndef UNBRICK_RECOVERY_CAUSE_H
#define UNBRICK_RECOVERY_CAUSE_H

#include <stdbool.h>

enum cause {
	CAUSE_NONE,			/* "none": no fault is known */
	CAUSE_SPACE,
	CAUSE_POWER,
	CAUSE_CHECKSUM,
	CAUSE_WRONG_HARDWARE,
	CAUSE_BAD_ENV,
	CAUSE_NO_ROOTFS,
	CAUSE_FLASH_WEAR,
	CAUSE_BOOTLOADER_GONE,
	CAUSE_SIGNATURE,
	CAUSE_DOWNGRADE_BLOCKED,
	CAUSE_NETWORK,
	CAUSE_KERNEL_PANIC_OTHER,
	CAUSE_LOGIN,			/* not a fault: waits at a prompt */
	CAUSE_HEALTHY,			/* not a fault: it came up */
	CAUSE_COUNT
};

/* In the order in which a start passes them; STAGE_ANY in a sign means "in every stage". */
enum boot_stage {
	STAGE_ANY,
	STAGE_ROM,
	STAGE_FIRST_LOADER,
	STAGE_LOADER,
	STAGE_KERNEL_UNPACK,
	STAGE_KERNEL,
	STAGE_ROOT_MOUNT,
	STAGE_INIT,
	STAGE_APPLICATION,
	STAGE_LOGIN,
	STAGE_UPDATER,
	STAGE_COUNT
};

const char *cause_label(enum cause cause);		/* "WRONG-HARDWARE" */
const char *cause_meaning(enum cause cause);		/* one short plain sentence for the operator */
bool cause_parse(const char *label, enum cause *ret_cause);
bool cause_is_fault(enum cause cause);
const char *boot_stage_name(enum boot_stage stage);	/* "rom", "first-loader", "loader", "kernel-unpack", ... */
bool boot_stage_parse(const char *name, enum boot_stage *ret_stage);

#endif
