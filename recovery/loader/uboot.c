/* U-Boot's side of loader.h, for builds from 1.1 to today's. Numbers are typed in hex with 0x, which every build reads alike.
 * Nothing is saved: all settings live in the session's environment. Replies are judged by their words, since old builds
 * have no exit status. Sources: U-Boot cmd/{net,mem,sf,nand,mmc,flash,virtio}.c and net/tftp.c; RFC 1350. */
#include "recovery/loader/uboot.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/crc.h"
#include "src/base/text.h"

enum {
	WORD_MAX = 64,			/* of an address or a file name in a line */
};

enum loader_turn uboot_type(struct loader_say *say, uint64_t silence_ms, const char *format, ...)
{
	va_list args;

	*say = (struct loader_say){ .silence_ms = silence_ms };
	va_start(args, format);
	vsnprintf(say->command, sizeof(say->command), format, args);
	va_end(args);
	return LOADER_TYPE;
}

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
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *at = strstr(reply, words[i]);

		if (at != NULL && (first == NULL || at < first))
			first = at;
	}
	while (first != NULL && first > reply && first[-1] != '\n')
		first--;
	return first;
}

enum loader_turn uboot_failed(const struct loader_say *say, const char *reply, struct error *reterr)
{
	const char *line = uboot_failure_in(reply);
	char said[160];

	if (line == NULL)
		line = reply;
	text_printable(said, sizeof(said), bytes_of(line, strcspn(line, "\n")));
	error_set(reterr, STATUS_PROTOCOL, "the bootloader did not do '%.80s': %s", say->command, said[0] ? said : "no reason given");
	return LOADER_FAILED;
}

/* What is typed must be one word that no shell takes apart. */
static bool is_word(const char *text)
{
	size_t length = text ? strnlen(text, WORD_MAX) : 0;

	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~' || strchr(";&|$\"'\\#", text[i]) != NULL)
			return false;
	return length > 0 && length < WORD_MAX;
}

static bool help_names(const char *help, const char *command)
{
	size_t length = strlen(command);

	for (const char *line = help; line && *line;) {
		if (strncmp(line, command, length) == 0 && (line[length] == ' ' || line[length] == '\t' || line[length] == '-'))
			return true;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}

static void learn_commands(struct loader_build *build, const char *help)
{
	const struct { const char *command; bool *has; } table[] = {
		{ "tftp", &build->is_tftp_short }, { "tftpboot", &build->has_tftp }, { "crc32", &build->has_crc32 }, { "sf", &build->has_sf }, { "nand", &build->has_nand },
		{ "mmc", &build->has_mmc }, { "virtio", &build->has_virtio }, { "cp", &build->has_cp }, { "erase", &build->has_erase },
		{ "protect", &build->has_protect }, { "saveenv", &build->has_saveenv }, { "reset", &build->has_reset },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		*table[i].has = help_names(help, table[i].command);
	build->is_tftp_short = build->is_tftp_short && !build->has_tftp;
	build->has_tftp = build->has_tftp || build->is_tftp_short;
	/* A build without help says "Unknown command": then nothing is known. */
	build->is_known = help_names(help, "help") || help_names(help, "printenv") || help_names(help, "bootm");
}

static void learn_value(const char *printenv, const char *name, char *to, size_t size)
{
	char value[256];

	if (loader_env_value(printenv, name, value, sizeof(value)))
		text_printable(to, size, bytes_of_text(value));
}

static enum loader_turn learn(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	struct loader_build *build = task->build;

	switch (task->step++) {
	case 0:
		*build = (struct loader_build){ 0 };
		return uboot_type(say, SILENCE_SHORT_MS, "version");
	case 1: {
		const char *at = strstr(reply, "U-Boot");

		if (at != NULL)
			text_printable(build->version, sizeof(build->version), bytes_of(at, strcspn(at, "\n")));
		return uboot_type(say, SILENCE_SHORT_MS, "help");
	}
	case 2:
		learn_commands(build, reply);
		if (!build->is_known && build->version[0] == '\0' && strstr(reply, "Unknown command") == NULL) {
			error_set(reterr, STATUS_PROTOCOL, "what answers at the prompt is no U-Boot");
			error_hint(reterr, "look at the console: it may be the system's shell, or another bootloader");
			return LOADER_FAILED;
		}
		return uboot_type(say, SILENCE_SHORT_MS, "printenv");
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
	return uboot_type(say, SILENCE_NET_MS, "crc32 0x%" PRIx64 " 0x%zx", task->place->load_address, task->image.size);
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

/* What cannot be typed, or would be typed wrong. */
static enum status check_network(const struct loader_task *task, struct error *reterr)
{
	const struct loader_place *place = task->place;

	if (task->build->is_known && !task->build->has_tftp) {
		error_set(reterr, STATUS_UNSUPPORTED, "this bootloader was built without tftpboot");
		return error_hint(reterr, "choose a plan that loads over the serial line or from a card");
	}
	if (task->image.size == 0)
		return error_set(reterr, STATUS_INVALID, "the image is empty");
	if (!is_word(place->device_ip) || !is_word(place->bench_ip) || (place->netmask && !is_word(place->netmask)))
		return error_set(reterr, STATUS_INVALID, "the profile does not say which addresses device and bench have");
	if (!is_word(place->file_name))
		return error_set(reterr, STATUS_INVALID, "the bootloader cannot be told the file name '%.80s'", place->file_name ? place->file_name : "");
	return STATUS_OK;
}

static enum loader_turn load_tftp(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const struct loader_place *place = task->place;
	bool other_port = place->tftp_port != 0 && place->tftp_port != 69;

	switch (task->step++) {
	case 0:
		if (check_network(task, reterr) != STATUS_OK)
			return LOADER_FAILED;
		/* With autostart=yes it would boot what it loaded. */
		return uboot_type(say, SILENCE_SHORT_MS, "setenv autostart no; setenv ipaddr %s; setenv serverip %s; setenv netmask %s", place->device_ip, place->bench_ip,
			    place->netmask ? place->netmask : "255.255.255.0");
	case 1:
		if (uboot_failure_in(reply) != NULL)
			return uboot_failed(say, reply, reterr);
		if (other_port)
			return uboot_type(say, SILENCE_SHORT_MS, "setenv tftpdstp %u", place->tftp_port);
		task->step++;
		/* fall through */
	case 2:
		uboot_type(say, SILENCE_NET_MS, "%s 0x%" PRIx64 " %s", task->build->is_tftp_short ? "tftp" : "tftpboot", place->load_address, place->file_name);
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

const struct loader_driver loader_uboot = {
	.name = "uboot", .reset_command = "reset", .learn = learn, .load_tftp = load_tftp, .write = uboot_write, .compare = uboot_compare,
};
