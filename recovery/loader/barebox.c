/* Barebox's side of loader.h. What is loaded is a file in its RAM file system, flashes are files in /dev, and one crc32 reads both: the
 * same words check the copy in RAM and the flash. Nothing is saved: nv variables and the environment stay as they are.
 * Sources: barebox commands/{crc,flash,memcpy,tftp,help}.c, net/eth.c, Documentation/user/networking.rst. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "recovery/loader/talk.h"
#include "src/base/text.h"

static const char ram_file[] = "/unbrick.img";

static const char *failure_in(const char *reply)
{
	static const char *const words[] = {
		"No such file", "not permitted", "Invalid argument", "could not", "ran out of data", "rror", "Read-only", "Device or resource busy", "No space left", "No such device",
		"Function not implemented", "Unknown command", "not found", "timed out", "Timeout", "Network unreachable", "aborted", "Interrupted", "usage:", "Usage:",
		"barebox 20", "barebox 1",	/* it starts anew: the file in RAM is gone */
	};

	return loader_line_with(reply, words, sizeof(words) / sizeof(words[0]));
}

static enum loader_turn failed(const struct loader_say *say, const char *reply, struct error *reterr)
{
	const char *line = failure_in(reply);

	return loader_failed(say, line ? line : reply, reterr);
}

/* ---- learn ---- */

/* "Network commands:\n  dhcp, host, ping, tftp" */
static bool names_command(const char *help, const char *command)
{
	size_t length = strlen(command);

	for (const char *at = strstr(help, command); at; at = strstr(at + 1, command))
		if ((at == help || strchr(" ,\n", at[-1])) && (at[length] == '\0' || strchr(" ,\n", at[length])))
			return true;
	return false;
}

static enum loader_turn learn(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	struct loader_build *build = task->build;
	const char *at;

	switch (task->step++) {
	case 0:
		*build = (struct loader_build){ 0 };
		return loader_type(say, SILENCE_SHORT_MS, "version");
	case 1:
		at = strstr(reply, "barebox");
		if (at == NULL)
			return loader_is_another("barebox", reterr);
		text_printable(build->version, sizeof(build->version), bytes_of(at, strcspn(at, "\n")));
		return loader_type(say, SILENCE_SHORT_MS, "help");
	case 2:
		build->has_tftp = names_command(reply, "tftp");
		build->has_crc32 = names_command(reply, "crc32");
		build->has_kermit = names_command(reply, "loadb");
		build->has_cp = names_command(reply, "memcpy");
		build->has_erase = names_command(reply, "erase");
		build->has_protect = names_command(reply, "unprotect");
		build->has_reset = names_command(reply, "reset");
		build->is_known = names_command(reply, "help") || build->has_cp;
		return loader_type(say, SILENCE_SHORT_MS, "echo $global.model");
	default:
		text_printable(build->model, sizeof(build->model), bytes_of(reply, strcspn(reply, "\n")));
		return LOADER_DONE;
	}
}

/* ---- checksums ---- */

static enum loader_turn ask_sum(struct loader_say *say, const char *file, uint64_t offset, uint64_t size)
{
	return loader_type(say, SILENCE_FLASH_MS, "crc32 -f %s 0x%" PRIx64 "+0x%" PRIx64, file, offset, size);
}

/* "CRC32 for /unbrick.img 0x00000000 ... 0x0012ffff ==> 0x1a2b3c4d": must speak of the file and the range that were asked. */
static bool take_sum(const char *reply, const char *file, uint64_t offset, uint64_t size, uint32_t *ret_sum)
{
	const char *at = strcasestr(reply, "crc32 for ");
	size_t length = strlen(file);
	char *end;

	if (at == NULL || strncmp(at + 10, file, length) != 0 || at[10 + length] != ' ')
		return false;
	if (strtoull(at + 10 + length, &end, 16) != offset || strncmp(end, " ... ", 5) != 0)
		return false;
	if (strtoull(end + 5, &end, 16) != offset + size - 1 || strncmp(end, " ==> 0x", 7) != 0 || strspn(end + 7, "0123456789abcdefABCDEF") != 8)
		return false;
	*ret_sum = (uint32_t)strtoul(end + 7, NULL, 16);
	return true;
}

static enum loader_turn check_ram(const struct loader_task *task, const char *reply, const struct loader_say *say, struct error *reterr)
{
	uint32_t sum;

	/* A shorter file ends before the range that was asked: then the range in the answer is another. */
	if (failure_in(reply) != NULL || !take_sum(reply, ram_file, 0, task->image.size, &sum))
		return failed(say, reply, reterr);
	if (sum == loader_sum_of(&loader_sum_crc32, task->image))
		return LOADER_DONE;
	error_set(reterr, STATUS_PROTOCOL, "what lies in the device's memory is not the image: CRC %08x", sum);
	error_hint(reterr, "load it again; if it happens twice, suspect the cable, the switch or the device's memory");
	return LOADER_FAILED;
}

static enum loader_turn end_load(struct loader_task *task, const char *reply, const struct loader_say *say, struct error *reterr)
{
	if (check_ram(task, reply, say, reterr) == LOADER_FAILED)
		return LOADER_FAILED;
	task->done = task->total;
	return LOADER_DONE;
}

/* ---- load ---- */

static enum loader_turn load_tftp(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const struct loader_place *place = task->place;
	enum { ADDRESSES, CLEAR, LOAD, LOADED, SUMMED };
	char port[24] = "";

	switch (task->step++) {
	case ADDRESSES:
		if (loader_check_network(task, reterr) != STATUS_OK)
			return LOADER_FAILED;
		return loader_type(say, SILENCE_SHORT_MS, "eth0.mode=static; eth0.ipaddr=%s; eth0.netmask=%s; eth0.serverip=%s; global.net.server=%s", place->device_ip,
				   place->netmask ? place->netmask : "255.255.255.0", place->bench_ip, place->bench_ip);
	case CLEAR:	/* what one version calls eth0.mode another does not know; whether the addresses hold shows the transfer */
		return loader_type(say, SILENCE_SHORT_MS, "rm %s", ram_file);
	case LOAD:
		if (place->tftp_port != 0 && place->tftp_port != 69)
			snprintf(port, sizeof(port), "-P %u ", place->tftp_port);
		return loader_type(say, SILENCE_NET_MS, "tftp %s%s %s", port, place->file_name, ram_file);
	case LOADED:
		if (failure_in(reply) != NULL)
			return failed(say, reply, reterr);
		return ask_sum(say, ram_file, 0, task->image.size);
	default:
		return end_load(task, reply, say, reterr);
	}
}

/* ---- write, compare ---- */

static const char *node_of(const struct loader_task *task, char *to, size_t size)
{
	static const char *const stems[] = { [STORAGE_CFI] = "nor", [STORAGE_SPI_NOR] = "m25p", [STORAGE_MMC] = "mmc", [STORAGE_VIRTIO] = "virtioblk" };

	if (task->place->node != NULL)
		return task->place->node;
	return text_format(to, size, "/dev/%s%u", stems[task->place->storage], task->place->device);
}

static enum status check_place(const struct loader_task *task, bool writes, struct error *reterr)
{
	const struct loader_place *place = task->place;

	if (place->storage == STORAGE_NAND) {
		error_set(reterr, STATUS_UNSUPPORTED, "this driver writes no NAND flash: bad blocks shift what lies behind them");
		return error_hint(reterr, "choose a plan in which the device writes its flash by itself");
	}
	if (place->node != NULL && (!loader_is_word(place->node) || strncmp(place->node, "/dev/", 5) != 0))
		return error_set(reterr, STATUS_INVALID, "'%.80s' is no name of a flash in barebox", place->node);
	return loader_check_place(task, writes, writes ? loader_erase_size(place) : 1, reterr);
}

static enum loader_turn type_erase(const struct loader_task *task, struct loader_say *say)
{
	uint64_t offset = task->place->offset + task->at, size = loader_round_up(loader_piece_size(task), loader_erase_size(task->place));
	char name[LOADER_WORD_MAX];
	const char *node = node_of(task, name, sizeof(name));

	if (task->place->storage == STORAGE_CFI && (!task->build->is_known || task->build->has_protect))
		loader_type(say, SILENCE_FLASH_MS, "unprotect %s 0x%" PRIx64 "+0x%" PRIx64 "; erase %s 0x%" PRIx64 "+0x%" PRIx64, node, offset, size, node, offset, size);
	else
		loader_type(say, SILENCE_FLASH_MS, "erase %s 0x%" PRIx64 "+0x%" PRIx64, node, offset, size);
	say->writes = true;
	return LOADER_TYPE;
}

static enum loader_turn write_flash(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum { CHECK_RAM, CHECKED, ERASE, WRITE, WRITTEN };
	char name[LOADER_WORD_MAX];

	switch (task->step) {
	case CHECK_RAM:
		if (check_place(task, true, reterr) != STATUS_OK)
			return LOADER_FAILED;
		task->step = CHECKED;
		return ask_sum(say, ram_file, 0, task->image.size);
	case CHECKED:
		if (check_ram(task, reply, say, reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		task->step = ERASE;
		break;
	default:	/* these commands say nothing when all is well; reading back decides */
		if (failure_in(reply) != NULL)
			return failed(say, reply, reterr);
		break;
	}
	if (task->step == WRITTEN) {
		task->at += loader_piece_size(task);
		task->done = task->at;
		task->step = ERASE;
	}
	if (task->at >= task->image.size)
		return LOADER_DONE;
	if (task->step == ERASE && !loader_is_block(task->place->storage)) {
		task->step = WRITE;
		return type_erase(task, say);
	}
	task->step = WRITTEN;
	loader_type(say, SILENCE_FLASH_MS, "memcpy -s %s -d %s 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, ram_file, node_of(task, name, sizeof(name)), task->at,
		    task->place->offset + task->at, loader_piece_size(task));
	say->writes = true;
	return LOADER_TYPE;
}

static uint64_t cell_size(const struct loader_task *task)
{
	uint64_t left = task->image.size - task->at;

	return left < task->cell_size ? left : task->cell_size;
}

static enum loader_turn compare(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	char name[LOADER_WORD_MAX];
	uint32_t sum;

	if (task->step++ == 0) {
		if (check_place(task, false, reterr) != STATUS_OK)
			return LOADER_FAILED;
		loader_choose_cell_size(task);
	} else {
		struct bytes cell = bytes_of(task->image.data + task->at, cell_size(task));

		if (failure_in(reply) != NULL || !take_sum(reply, node_of(task, name, sizeof(name)), task->place->offset + task->at, cell.size, &sum))
			return failed(say, reply, reterr);
		if (loader_take_cell(task, task->at, loader_judge_cell(&loader_sum_crc32, cell, sum), reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		task->at += cell.size;
		task->done = task->at;
	}
	if (task->at >= task->image.size)
		return LOADER_DONE;
	return ask_sum(say, node_of(task, name, sizeof(name)), task->place->offset + task->at, cell_size(task));
}

/* ---- over the console's line: barebox commands/loadb.c. Its loady names the file after YMODEM's header, so Kermit it is. ---- */

static const struct loader_serial serial_ways[] = {
	{ "kermit", offsetof(struct loader_build, has_kermit), "loadb -f", "Ready for binary", "kermit" },
	{ .protocol = NULL },
};

static enum loader_turn load_serial(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const struct loader_serial *way = loader_choose_serial(task, serial_ways, reterr);

	if (way == NULL)
		return LOADER_FAILED;
	switch (task->step++) {
	case 0:
		return loader_type(say, SILENCE_SHORT_MS, "rm %s", ram_file);
	case 1:
		loader_type(say, SILENCE_SHORT_MS, "%s %s", way->command, ram_file);
		say->until = way->until;
		say->asks = true;
		return LOADER_TYPE;
	case 2:
		if (strstr(reply, way->until) == NULL)
			return failed(say, reply, reterr);
		say->protocol = way->sender;
		return LOADER_SEND;
	case 3:
		return ask_sum(say, ram_file, 0, task->image.size);
	default:
		return end_load(task, reply, say, reterr);
	}
}

const struct loader_driver loader_barebox = {
	.name = "barebox", .reset_command = "reset", .baud_command = "cs0.baudrate=%u",	/* common/console.c: the first console */
	.learn = learn, .load_tftp = load_tftp, .load_serial = load_serial, .write = write_flash, .compare = compare,
	.takes_tftp_port = true,
};
