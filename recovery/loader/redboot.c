/* RedBoot's side of loader.h. Its flash lies in the address space, so that cksum reads it where it is; its directory (FIS) says what
 * lies where and with which checksum it starts, so a range that the directory names is written through the directory. Nothing of its
 * configuration (fconfig) is touched. Sources: eCos packages/redboot/current/src/{main,flash,load,cksum,io}.c, net/net_io.c. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "recovery/loader/talk.h"
#include "src/base/text.h"

enum { BLOCK_MAX = 16 * 1024 * 1024 };

static const char question[] = "continue (y/n)? ";

static const char *failure_in(const char *reply)
{
	static const char *const words[] = {
		"** Error", "Illegal command", "Can't", "Invalid", "invalid", "rror erasing", "Error writing", "Sorry", "** command abort", "*** Abort", "** Warning", "Timed out",
		"must be 0x", "required parameter", "missing argument", "not free", "Aborted", "incorrect", "File name required", "Name is too long",
		"RedBoot(tm)",	/* it starts anew: RAM is not what it was */
	};

	return loader_line_with(reply, words, sizeof(words) / sizeof(words[0]));
}

static enum loader_turn failed(const struct loader_say *say, const char *reply, struct error *reterr)
{
	const char *line = failure_in(reply);

	return loader_failed(say, line ? line : reply, reterr);
}

/* ---- learn ---- */

/* "FLASH: 0xa8000000 - 0xa8200000, 32 blocks of 0x00010000 bytes each." (2.x); "FLASH: 0xa8000000-0xa81fffff, 32 x 0x10000 blocks" (later). */
static void learn_flash(struct loader_build *build, const char *banner)
{
	const char *at = strstr(banner, "FLASH: 0x"), *block;
	char *end;

	if (at == NULL)
		return;
	build->flash_base = strtoull(at + 7, &end, 16);
	end += strspn(end, " -");
	build->flash_size = loader_round_up(strtoull(end, &end, 16) - build->flash_base, 1024);
	block = strstr(end, "0x");
	if (block != NULL && block < end + strcspn(end, "\n"))
		build->flash_block = strtoull(block, NULL, 16);
	if (build->flash_block > BLOCK_MAX)
		build->flash_block = 0;
}

static void learn_commands(struct loader_build *build, const char *help)
{
	build->has_tftp = build->has_ymodem = loader_help_names(help, "load");
	build->has_crc32 = loader_help_names(help, "cksum");
	build->has_reset = loader_help_names(help, "reset");
	build->has_erase = loader_help_names(help, "fis");
	build->is_known = loader_help_names(help, "help") || build->has_tftp;
}

/* "RedBoot           0xA8000000  0xA8000000  0x00030000  0x00000000": the name has up to 15 characters, blanks among them. */
static bool learn_region(struct loader_build *build, const char *line, size_t size)
{
	struct loader_region *region = &build->region[build->region_count];
	const char *at = memmem(line, size, " 0x", 3);
	uint64_t *to[] = { &region->flash, &region->memory, &region->size, &region->entry };
	size_t length = at ? (size_t)(at - line) : 0;
	char *end;

	while (length > 0 && line[length - 1] == ' ')
		length--;
	if (length == 0 || length >= sizeof(region->name) || build->region_count == LOADER_REGIONS_MAX)
		return false;
	memcpy(region->name, line, length);
	region->name[length] = '\0';
	for (size_t i = 0; i < 4; i++, at = end) {
		*to[i] = strtoull(at, &end, 16);
		if (end == at || end > line + size || *to[i] > UINT32_MAX)
			return false;
	}
	build->region_count++;
	return true;
}

/* False: a line is not understood, and what lies there is not known. */
static bool learn_regions(struct loader_build *build, const char *list)
{
	bool is_whole = true;

	build->region_count = 0;
	for (const char *line = list; *line;) {
		size_t size = strcspn(line, "\n");

		if (size > strspn(line, " \t") && memmem(line, size, "FLASH addr", 10) == NULL)
			is_whole = learn_region(build, line, size) && is_whole;
		line += size + (line[size] == '\n');
	}
	return is_whole;
}

static bool is_list(const char *reply)
{
	return strstr(reply, "FLASH addr") != NULL;
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
		at = strstr(reply, "RedBoot");
		if (at == NULL)
			return loader_is_another("RedBoot", reterr);
		text_printable(build->version, sizeof(build->version), bytes_of(at, strcspn(at, "\n")));
		at = strstr(reply, "Platform: ");
		if (at != NULL)
			text_printable(build->model, sizeof(build->model), bytes_of(at + 10, strcspn(at + 10, "\n")));
		learn_flash(build, reply);
		return loader_type(say, SILENCE_SHORT_MS, "help");
	case 2:
		learn_commands(build, reply);
		return loader_type(say, SILENCE_NET_MS, "fis list");
	default:
		learn_regions(build, reply);
		return LOADER_DONE;
	}
}

/* ---- load ---- */

static enum loader_turn ask_sum(struct loader_say *say, uint64_t address, uint64_t size)
{
	return loader_type(say, SILENCE_FLASH_MS, "cksum -b 0x%" PRIx64 " -l 0x%" PRIx64, address, size);
}

/* "POSIX cksum = 1234 5678 (0x000004d2 0x0000162e)": the sum, and the length that it is of. */
static bool take_sum(const char *reply, uint64_t size, uint32_t *ret_sum)
{
	const char *at = strstr(reply, "POSIX cksum = ");
	unsigned long long sum, length;
	char *end;

	if (at == NULL)
		return false;
	sum = strtoull(at + strlen("POSIX cksum = "), &end, 10);
	length = strtoull(end, &end, 10);
	*ret_sum = (uint32_t)sum;
	return length == size && sum <= UINT32_MAX;
}

static enum loader_turn check_ram(const struct loader_task *task, const char *reply, const struct loader_say *say, struct error *reterr)
{
	uint32_t sum;

	if (failure_in(reply) != NULL || !take_sum(reply, task->image.size, &sum))
		return failed(say, reply, reterr);
	if (sum == loader_sum_of(&loader_sum_posix, task->image))
		return LOADER_DONE;
	error_set(reterr, STATUS_PROTOCOL, "what lies in the device's memory is not the image: checksum %u", sum);
	error_hint(reterr, "load it again; if it happens twice, suspect the cable, the switch or the device's memory");
	return LOADER_FAILED;
}

static enum loader_turn end_load(struct loader_task *task, const char *reply, const struct loader_say *say, struct error *reterr)
{
	if (check_ram(task, reply, say, reterr) == LOADER_FAILED)
		return LOADER_FAILED;
	task->done = task->total;
	task->proof = "size and checksum (POSIX cksum) are right";
	return LOADER_DONE;
}

/* "Raw file loaded 0x80041000-0x8013ffff, assumed entry at 0x80041000" */
static enum loader_turn check_transfer(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const char *at = strstr(reply, "Raw file loaded 0x");
	uint64_t first, last;
	char *end;

	if (at == NULL)
		return failed(say, reply, reterr);
	first = strtoull(at + strlen("Raw file loaded "), &end, 16);
	last = *end == '-' ? strtoull(end + 1, NULL, 16) : 0;
	if (first != task->place->load_address || last + 1 != first + task->image.size) {
		error_set(reterr, STATUS_PROTOCOL, "the bootloader received %" PRIu64 " bytes, the image has %zu", last + 1 - first, task->image.size);
		return LOADER_FAILED;
	}
	return ask_sum(say, first, task->image.size);
}

static enum loader_turn load_tftp(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const struct loader_place *place = task->place;
	enum { ADDRESSES, LOAD, LOADED, SUMMED, REFUSED };

	switch (task->step) {
	case ADDRESSES:
		if (loader_check_network(task, reterr) != STATUS_OK)
			return LOADER_FAILED;
		if (place->tftp_port != 0 && place->tftp_port != 69) {
			error_set(reterr, STATUS_UNSUPPORTED, "RedBoot asks TFTP servers at port 69 only, not at %u", place->tftp_port);
			return LOADER_FAILED;
		}
		task->step = LOAD;
		return loader_type(say, SILENCE_SHORT_MS, "ip_address -l %s -h %s", place->device_ip, place->bench_ip);
	case LOAD:
		if (failure_in(reply) != NULL || strstr(reply, place->bench_ip) == NULL)
			return failed(say, reply, reterr);
		task->step = LOADED;
		loader_type(say, SILENCE_NET_MS, "load -r -b 0x%" PRIx64 " -m tftp %s", place->load_address, place->file_name);
		say->until = question;	/* "Specified address is not believed to be in RAM" */
		say->asks = true;
		return LOADER_TYPE;
	case LOADED:
		if (strstr(reply, question) != NULL) {
			task->step = REFUSED;
			return loader_type(say, SILENCE_SHORT_MS, "n");
		}
		task->step = SUMMED;
		return check_transfer(task, reply, say, reterr);
	case REFUSED:
		error_set(reterr, STATUS_REFUSED, "RedBoot does not believe that 0x%" PRIx64 " is free memory", place->load_address);
		error_hint(reterr, "the load address in the device's profile is wrong");
		return LOADER_FAILED;
	default:
		return end_load(task, reply, say, reterr);
	}
}

/* ---- over the console's line: eCos redboot/src/load.c, net/xyzModem.c. It says nothing but the receiver's C, once in two seconds. ---- */

static const struct loader_serial serial_ways[] = {
	{ "ymodem", offsetof(struct loader_build, has_ymodem), "load -r -m ymodem -b", "CC", "ymodem" },
	{ .protocol = NULL },
};

static enum loader_turn load_serial(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const struct loader_serial *way = loader_choose_serial(task, serial_ways, reterr);
	enum { LOAD, WAITS, SENT };

	if (way == NULL)
		return LOADER_FAILED;
	switch (task->step++) {
	case LOAD:
		loader_type(say, SILENCE_NET_MS, "%s 0x%" PRIx64, way->command, task->place->load_address);
		say->until = way->until;
		say->asks = true;
		return LOADER_TYPE;
	case WAITS:
		if (failure_in(reply) != NULL || strstr(reply, way->until) == NULL)
			return failed(say, reply, reterr);
		say->protocol = way->sender;
		return LOADER_SEND;
	case SENT:
		if (strstr(reply, "Raw file loaded") != NULL)
			return check_transfer(task, reply, say, reterr);
		return failure_in(reply) != NULL ? failed(say, reply, reterr) : ask_sum(say, task->place->load_address, task->image.size);
	default:
		return end_load(task, reply, say, reterr);
	}
}

/* ---- write ---- */

static uint64_t flash_address(const struct loader_task *task)
{
	return (task->place->base ? task->place->base : task->build->flash_base) + task->place->offset;
}

static enum status check_place(const struct loader_task *task, bool writes, struct error *reterr)
{
	const struct loader_place *place = task->place;
	const struct loader_build *build = task->build;
	uint64_t unit = writes ? build->flash_block ? build->flash_block : loader_erase_size(place) : 1;
	enum status status = loader_check_place(task, writes, unit, reterr);

	if (status != STATUS_OK)
		return status;
	if (place->base != 0 && build->flash_base != 0 && place->base != build->flash_base) {
		error_set(reterr, STATUS_REFUSED, "the device says that its flash begins at 0x%" PRIx64 ", the profile says 0x%" PRIx64, build->flash_base, place->base);
		return error_hint(reterr, "it may be another revision: compare its label with the profile");
	}
	if (place->base == 0 && build->flash_base == 0)
		return error_set(reterr, STATUS_INVALID, "neither the profile nor the device says at which address the flash begins");
	if (build->flash_size != 0 && place->offset + task->image.size > build->flash_size)
		return error_set(reterr, STATUS_REFUSED, "the image would reach beyond the flash of 0x%" PRIx64 " bytes", build->flash_size);
	return STATUS_OK;
}

static bool is_reserved(const char *name)
{
	static const char *const own[] = { "RedBoot", "FIS directory", "Redundant FIS", "(reserved)" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (text_starts(name, own[i]))
			return true;
	return false;
}

/* The one entry that the image belongs to; NULL: the directory has nothing there. */
static enum status find_region(const struct loader_task *task, const struct loader_region **ret_region, struct error *reterr)
{
	const struct loader_build *build = task->build;
	uint64_t unit = build->flash_block ? build->flash_block : loader_erase_size(task->place);
	uint64_t first = flash_address(task), end = first + loader_round_up(task->image.size, unit);

	*ret_region = NULL;
	for (unsigned i = 0; i < build->region_count; i++) {
		const struct loader_region *region = &build->region[i];

		if (region->flash >= end || region->flash + region->size <= first)
			continue;
		if (is_reserved(region->name) || region->flash != first || end > region->flash + region->size || !loader_is_word(region->name) || *ret_region != NULL) {
			error_set(reterr, STATUS_REFUSED, "RedBoot's directory has '%s' at 0x%" PRIx64 " to 0x%" PRIx64 ", and the image goes to 0x%" PRIx64 " to 0x%" PRIx64,
				  region->name, region->flash, region->flash + region->size, first, end);
			return error_hint(reterr, "an image that covers several entries, or a part of one, would not start: write each entry's own file");
		}
		*ret_region = region;
	}
	return STATUS_OK;
}

static enum loader_turn type_write(struct loader_task *task, const struct loader_region *region, struct loader_say *say)
{
	uint64_t ram = task->place->load_address + task->at, flash = flash_address(task) + task->at;

	if (region != NULL)
		loader_type(say, SILENCE_FLASH_MS, "fis create -b 0x%" PRIx64 " -l 0x%" PRIx64 " -s 0x%zx -f 0x%" PRIx64 " -r 0x%" PRIx64 " -e 0x%" PRIx64 " %s",
			    ram, region->size, task->image.size, flash, region->memory, region->entry, region->name);
	else
		loader_type(say, SILENCE_FLASH_MS, "fis write -b 0x%" PRIx64 " -l 0x%" PRIx64 " -f 0x%" PRIx64, ram, loader_piece_size(task), flash);
	say->until = question;
	say->asks = true;
	say->writes = true;
	return LOADER_TYPE;
}

static enum loader_turn write_flash(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum { CHECK_RAM, LIST, FIND, ERASE, WRITE, ASKED, WRITTEN };
	const struct loader_region *region = NULL;

	if (task->step > LIST && failure_in(reply) != NULL)
		return failed(say, reply, reterr);
	switch (task->step) {
	case CHECK_RAM:
		if (check_place(task, true, reterr) != STATUS_OK)
			return LOADER_FAILED;
		task->step = LIST;
		return ask_sum(say, task->place->load_address, task->image.size);
	case LIST:
		if (check_ram(task, reply, say, reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		task->step = FIND;
		return loader_type(say, SILENCE_NET_MS, "fis list");
	case FIND:
		/* Without the directory nobody knows what would be overwritten. */
		if (!is_list(reply))
			return failed(say, reply, reterr);
		if (!learn_regions(task->build, reply)) {
			error_set(reterr, STATUS_PROTOCOL, "RedBoot's directory could not be read whole, so that nobody knows what would be overwritten");
			error_hint(reterr, "begin this step again; if it stays so, look at 'fis list' on the console (c)");
			return LOADER_FAILED;
		}
		break;
	case ASKED:
		if (strstr(reply, question) == NULL)
			break;
		task->step = WRITTEN;
		loader_type(say, SILENCE_FLASH_MS, "y");
		say->writes = true;
		return LOADER_TYPE;
	default:
		break;
	}
	if (find_region(task, &region, reterr) != STATUS_OK)
		return LOADER_FAILED;
	if (task->step == ASKED || task->step == WRITTEN) {
		task->at += region ? task->image.size : loader_piece_size(task);
		task->done = task->at;
		if (task->at >= task->image.size)
			return LOADER_DONE;
		task->step = ERASE;
	} else if (task->step == FIND) {
		task->step = region ? WRITE : ERASE;
	}
	if (task->step == ERASE) {	/* fis create erases by itself */
		task->step = WRITE;
		loader_type(say, SILENCE_FLASH_MS, "fis erase -f 0x%" PRIx64 " -l 0x%" PRIx64, flash_address(task) + task->at,
			    loader_round_up(loader_piece_size(task), task->build->flash_block ? task->build->flash_block : loader_erase_size(task->place)));
		say->writes = true;
		return LOADER_TYPE;
	}
	task->step = ASKED;
	return type_write(task, region, say);
}

/* ---- compare ---- */

static uint64_t cell_size(const struct loader_task *task)
{
	uint64_t left = task->image.size - task->at;

	return left < task->cell_size ? left : task->cell_size;
}

static enum loader_turn compare(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	uint64_t size;
	uint32_t sum;

	if (task->step++ == 0) {
		if (check_place(task, false, reterr) != STATUS_OK)
			return LOADER_FAILED;
		loader_choose_cell_size(task);
	} else {
		size = cell_size(task);
		if (failure_in(reply) != NULL || !take_sum(reply, size, &sum))
			return failed(say, reply, reterr);
		if (loader_take_cell(task, task->at, loader_judge_cell(&loader_sum_posix, bytes_of(task->image.data + task->at, size), sum), reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		task->at += size;
		task->done = task->at;
	}
	if (task->at >= task->image.size)
		return LOADER_DONE;
	return ask_sum(say, flash_address(task) + task->at, cell_size(task));
}

const struct loader_driver loader_redboot = {
	.name = "redboot", .reset_command = "reset", .learn = learn, .load_tftp = load_tftp, .load_serial = load_serial, .write = write_flash, .compare = compare,
};
