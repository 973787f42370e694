/* U-Boot's side of loader.h, for builds from 1.1 to today's. Numbers are typed in hex with 0x, which every build reads alike.
 * Nothing is saved: all settings live in the session's environment. Replies are judged by their words, since old builds
 * have no exit status. Sources: U-Boot cmd/{net,mem,sf,nand,mmc,flash,virtio}.c and net/tftp.c; RFC 1350. */
#include "recovery/loader/uboot.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "src/base/crc.h"
#include "src/base/text.h"

/* The line of the reply that names a failure, or NULL. */
const char *uboot_failure_in(const char *reply)
{
	static const char *const words[] = {
		"Unknown command", "ERROR", "error:", "Error", "failed", "FAILED", "Retry count exceeded", "TFTP error", "not set", "Abort", "Skipping bad", "bad block at", "No such",
		"Usage:", "usage:", "syntax error", "protected sectors", "No SPI flash", "No MMC", "** ", "Invalid", "not a valid", "Failed", "abort",
		"no card present", "did not respond", "no device", "attempting", "Attempt to", "not multiple", "sector boundary",
		/* flash_perror(), U-Boot common/flash.c */
		"not Erased", "Timeout writing", "Can't write", "Outside available", "Unknown Vendor", "Unknown Type",
		/* It starts anew: RAM and selected devices are not what they were. */
		"resetting ...", "U-Boot 20", "U-Boot 1.", "U-Boot SPL", "DRAM:",
	};

	return loader_line_with(reply, words, sizeof(words) / sizeof(words[0]));
}

enum loader_turn uboot_failed(const struct loader_say *say, const char *reply, struct error *reterr)
{
	const char *line = uboot_failure_in(reply);

	return loader_failed(say, line ? line : reply, reterr);
}

static void learn_commands(struct loader_build *build, const char *help)
{
	const struct { const char *command; bool *has; } table[] = {
		{ "tftp", &build->is_tftp_short }, { "tftpboot", &build->has_tftp }, { "crc32", &build->has_crc32 }, { "sf", &build->has_sf }, { "nand", &build->has_nand },
		{ "mmc", &build->has_mmc }, { "virtio", &build->has_virtio }, { "cp", &build->has_cp }, { "erase", &build->has_erase },
		{ "protect", &build->has_protect }, { "loady", &build->has_ymodem }, { "loadb", &build->has_kermit }, { "loadx", &build->has_xmodem },
		 { "saveenv", &build->has_saveenv }, { "reset", &build->has_reset },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		*table[i].has = loader_help_names(help, table[i].command);
	build->is_tftp_short = build->is_tftp_short && !build->has_tftp;
	build->has_tftp = build->has_tftp || build->is_tftp_short;
	/* A build without help says "Unknown command": then nothing is known. */
	build->is_known = loader_help_names(help, "help") || loader_help_names(help, "printenv") || loader_help_names(help, "bootm");
}

static void learn_value(const char *printenv, const char *name, char *to, size_t size)
{
	char value[256];

	if (loader_env_value(printenv, name, value, sizeof(value)))
		text_printable(to, size, bytes_of_text(value));
}

enum loader_turn uboot_learn(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	struct loader_build *build = task->build;

	switch (task->step++) {
	case 0:
		*build = (struct loader_build){ 0 };
		return loader_type(say, SILENCE_SHORT_MS, "version");
	case 1: {
		const char *at = strstr(reply, "U-Boot");

		if (at != NULL)
			text_printable(build->version, sizeof(build->version), bytes_of(at, strcspn(at, "\n")));
		return loader_type(say, SILENCE_SHORT_MS, "help");
	}
	case 2:
		learn_commands(build, reply);
		if (!build->is_known && build->version[0] == '\0' && strstr(reply, "Unknown command") == NULL)
			return loader_is_another("U-Boot", reterr);
		return loader_type(say, SILENCE_SHORT_MS, "printenv");
	default:
		learn_value(reply, "model", build->model, sizeof(build->model));
		learn_value(reply, "bootcmd", build->bootcmd, sizeof(build->bootcmd));
		learn_value(reply, "bootargs", build->bootargs, sizeof(build->bootargs));
		return LOADER_DONE;
	}
}

/* The next "crc32 for 44000000 ... 4400ffff ==> 1a2b3c4d" of *reply ("CRC32" before 2013), which must speak of the range that was asked:
 * a checksum of other memory proves nothing. Moves *reply past it. */
bool uboot_take_crc(const char **reply, uint64_t address, uint64_t size, uint32_t *ret_crc)
{
	const char *at = strcasestr(*reply, "crc32 for ");
	char *end, *digits;

	if (at == NULL)
		return false;
	if (strtoull(at + strlen("crc32 for "), &end, 16) != address || strncmp(end, " ... ", 5) != 0)
		return false;
	if (strtoull(end + 5, &end, 16) != address + size - 1 || strncmp(end, " ==> ", 5) != 0)
		return false;
	digits = end + 5;
	if (strspn(digits, "0123456789abcdefABCDEF") != 8)
		return false;
	*ret_crc = (uint32_t)strtoul(digits, &end, 16);
	*reply = end;
	return *end == '\0' || *end == '\n' || *end == ' ';
}

enum loader_turn uboot_ask_ram(const struct loader_task *task, struct loader_say *say)
{
	return loader_type(say, SILENCE_NET_MS, "crc32 0x%" PRIx64 " 0x%zx", task->place->load_address, task->image.size);
}

static enum loader_turn check_transfer(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const char *at = strstr(reply, "Bytes transferred = ");
	unsigned long long size;

	if (at == NULL)
		return uboot_failed(say, reply, reterr);
	size = strtoull(at + strlen("Bytes transferred = "), NULL, 10);
	if (size != task->image.size) {
		error_set(reterr, STATUS_PROTOCOL, "the bootloader received %llu bytes, the image has %zu", size, task->image.size);
		return LOADER_FAILED;
	}
	return uboot_ask_ram(task, say);
}

enum loader_turn uboot_check_ram(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const char *rest = reply;
	uint32_t crc;

	if (!uboot_take_crc(&rest, task->place->load_address, task->image.size, &crc) || uboot_failure_in(reply) != NULL)
		return uboot_failed(say, reply, reterr);
	if (crc != crc32_update(0, task->image)) {
		error_set(reterr, STATUS_PROTOCOL, "what lies in the device's memory is not the image: CRC %08x", crc);
		error_hint(reterr, "load it again; if it happens twice, suspect the cable, the switch or the device's memory");
		return LOADER_FAILED;
	}
	return LOADER_DONE;
}

enum loader_turn uboot_load_tftp(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const struct loader_place *place = task->place;
	bool other_port = place->tftp_port != 0 && place->tftp_port != 69;

	switch (task->step++) {
	case 0:
		if (loader_check_network(task, reterr) != STATUS_OK)
			return LOADER_FAILED;
		/* With autostart=yes it would boot what it loaded. */
		return loader_type(say, SILENCE_SHORT_MS, "setenv autostart no; setenv ipaddr %s; setenv serverip %s; setenv netmask %s", place->device_ip, place->bench_ip,
			    place->netmask ? place->netmask : "255.255.255.0");
	case 1:
		if (uboot_failure_in(reply) != NULL)
			return uboot_failed(say, reply, reterr);
		if (other_port)
			return loader_type(say, SILENCE_SHORT_MS, "setenv tftpdstp %u", place->tftp_port);
		task->step++;
		/* fall through */
	case 2:
		loader_type(say, SILENCE_NET_MS, "%s 0x%" PRIx64 " %s", task->build->is_tftp_short ? "tftp" : "tftpboot", place->load_address, place->file_name);
		say->until = "Retry count exceeded";
		task->step = 3;
		return LOADER_TYPE;
	case 3:
		return check_transfer(task, reply, say, reterr);
	default:
		if (uboot_check_ram(task, reply, say, reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		task->done = task->total;
		return LOADER_DONE;
	}
}

/* ---- over the console's line: U-Boot cmd/load.c ---- */

/* "## Total Size      = 0x0000ea60 = 60000 Bytes". Where the protocol keeps the size, it must be the image's; XMODEM pads. */
static enum loader_turn check_size(const struct loader_task *task, const char *reply, bool has_size, const struct loader_say *say, struct error *reterr)
{
	const char *at = strstr(reply, "## Total Size"), *bytes = at ? memrchr(at, '=', strcspn(at, "\n")) : NULL;
	unsigned long long size = bytes ? strtoull(bytes + 1, NULL, 10) : 0;

	if (at == NULL && uboot_failure_in(reply) == NULL)
		return LOADER_DONE;	/* what it said went by in the transfer's last answers: the checksum tells */
	if (bytes == NULL || size == 0 || strstr(reply, "## Binary") != NULL)
		return uboot_failed(say, reply, reterr);
	if (!has_size || size == task->image.size)
		return LOADER_DONE;
	error_set(reterr, STATUS_PROTOCOL, "the bootloader received %llu bytes, the image has %zu", size, task->image.size);
	return LOADER_FAILED;
}

static const struct loader_serial serial_ways[] = {
	{ "ymodem", offsetof(struct loader_build, has_ymodem), "loady", "Ready for binary", "ymodem" },
	{ "kermit", offsetof(struct loader_build, has_kermit), "loadb", "Ready for binary", "kermit" },
	{ "xmodem", offsetof(struct loader_build, has_xmodem), "loadx", "Ready for binary", "xmodem-1k" },
	{ .protocol = NULL },
};

enum loader_turn uboot_load_serial(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const struct loader_serial *way = loader_choose_serial(task, serial_ways, reterr);

	if (way == NULL)
		return LOADER_FAILED;
	switch (task->step++) {
	case 0:	/* with autostart=yes it would boot what it loaded */
		return loader_type(say, SILENCE_SHORT_MS, "setenv autostart no");
	case 1:
		loader_type(say, SILENCE_SHORT_MS, "%s 0x%" PRIx64, way->command, task->place->load_address);
		say->until = way->until;
		say->asks = true;
		return LOADER_TYPE;
	case 2:
		if (strstr(reply, way->until) == NULL)
			return uboot_failed(say, reply, reterr);
		say->protocol = way->sender;
		return LOADER_SEND;
	case 3:
		if (check_size(task, reply, strcmp(way->protocol, "xmodem") != 0, say, reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		return uboot_ask_ram(task, say);
	default:
		if (uboot_check_ram(task, reply, say, reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		task->done = task->total;
		return LOADER_DONE;
	}
}

const struct loader_driver loader_uboot = {
	.name = "uboot", .reset_command = "reset", .baud_command = UBOOT_BAUD_COMMAND,
	.learn = uboot_learn, .load_tftp = uboot_load_tftp, .load_serial = uboot_load_serial, .write = uboot_write, .compare = uboot_compare,
	.reread = uboot_reread, .has_variables = true, .takes_tftp_port = true,	/* tftpdstp, with CONFIG_TFTP_PORT: net/tftp.c */
};
