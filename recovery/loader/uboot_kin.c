/* Bootloaders that are U-Boot underneath. pepe2k's u-boot_mod is a whole one. The shells of Hikvision and Dahua show a part of it: where
 * what it takes to load and to check is not among their commands, they are left to the update of their own, and nothing is tried.
 * Sources: U-Boot cmd/; github pepe2k/u-boot_mod; the vendors' shells as their help texts list them. */
#include "recovery/loader/uboot.h"

static enum loader_turn if_whole(struct loader_task *task, loader_next *next, const char *reply, struct loader_say *say, struct error *reterr)
{
	const struct loader_build *build = task->build;
	const char *missing = !build->has_tftp && next == uboot_load_tftp ? "tftp" : !build->has_crc32 ? "crc32" : NULL;

	if (!build->is_known || missing == NULL)
		return next(task, reply, say, reterr);
	error_set(reterr, STATUS_UNSUPPORTED, "this shell has no %s: the vendor shows a part of the bootloader only", missing);
	error_hint(reterr, "choose the plan in which it updates itself from a TFTP server of this computer");
	return LOADER_FAILED;
}

static enum loader_turn load_if_whole(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	return if_whole(task, uboot_load_tftp, reply, say, reterr);
}

static enum loader_turn send_if_whole(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	return if_whole(task, uboot_load_serial, reply, say, reterr);
}

static enum loader_turn write_if_whole(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	return if_whole(task, uboot_write, reply, say, reterr);
}

static enum loader_turn compare_if_whole(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	return if_whole(task, uboot_compare, reply, say, reterr);
}

static enum loader_turn reread_if_whole(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	return if_whole(task, uboot_reread, reply, say, reterr);
}

const struct loader_driver loader_hikvision = {
	.name = "hikvision", .reset_command = "reset", .baud_command = UBOOT_BAUD_COMMAND,
	.learn = uboot_learn, .load_tftp = load_if_whole, .load_serial = send_if_whole, .write = write_if_whole, .compare = compare_if_whole,
	.reread = reread_if_whole, .has_variables = true,
};
const struct loader_driver loader_dahua = {
	.name = "dahua", .reset_command = "reset", .baud_command = UBOOT_BAUD_COMMAND,
	.learn = uboot_learn, .load_tftp = load_if_whole, .load_serial = send_if_whole, .write = write_if_whole, .compare = compare_if_whole,
	.reread = reread_if_whole, .has_variables = true,
};
const struct loader_driver loader_pepe2k = {
	.name = "pepe2k", .reset_command = "reset", .baud_command = UBOOT_BAUD_COMMAND,
	.learn = uboot_learn, .load_tftp = uboot_load_tftp, .load_serial = uboot_load_serial, .write = uboot_write, .compare = uboot_compare,
	.reread = uboot_reread, .has_variables = true,
};
