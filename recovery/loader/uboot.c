/* U-Boot's side of loader.h, for builds from 1.1 to today's. Numbers are typed in hex with 0x, which every build reads alike.
 * Nothing is saved: all settings live in the session's environment. Replies are judged by their words, since old builds
 * have no exit status. Sources: U-Boot cmd/{net,mem,sf,nand,mmc,flash,virtio}.c and net/tftp.c; RFC 1350. */
#include "recovery/loader/loader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/crc.h"
#include "src/base/text.h"

enum {
	SILENCE_SHORT_MS = 5000,
	SILENCE_NET_MS = 20000,		/* a 'T' comes every 5 s while nobody answers */
	SILENCE_FLASH_MS = 120000,	/* NOR erases a MiB in up to 40 s and says nothing meanwhile */
	CELLS_A_LINE = 8,
	LINE_MAX_SIZE = 120,		/* old builds read 256 bytes, some 128 (CONFIG_SYS_CBSIZE) */
	WORD_MAX = 64,			/* of an address or a file name in a line */
	ERASE_SIZE_MAX = 16 * 1024 * 1024,
	NAND_PAGE = 4096,		/* the largest that old builds know */
	SCRATCH_FILL = 0x5a,
};

__attribute__((format(printf, 3, 4)))
static enum loader_turn type(struct loader_say *say, uint64_t silence_ms, const char *format, ...)
{
	va_list args;

	*say = (struct loader_say){ .silence_ms = silence_ms };
	va_start(args, format);
	vsnprintf(say->command, sizeof(say->command), format, args);
	va_end(args);
	return LOADER_TYPE;
}

/* The line of the reply that names a failure, or NULL. */
static const char *failure_in(const char *reply)
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

static enum loader_turn failed(const struct loader_say *say, const char *reply, struct error *reterr)
{
	const char *line = failure_in(reply);
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
		return type(say, SILENCE_SHORT_MS, "version");
	case 1: {
		const char *at = strstr(reply, "U-Boot");

		if (at != NULL)
			text_printable(build->version, sizeof(build->version), bytes_of(at, strcspn(at, "\n")));
		return type(say, SILENCE_SHORT_MS, "help");
	}
	case 2:
		learn_commands(build, reply);
		if (!build->is_known && build->version[0] == '\0' && strstr(reply, "Unknown command") == NULL) {
			error_set(reterr, STATUS_PROTOCOL, "what answers at the prompt is no U-Boot");
			error_hint(reterr, "look at the console: it may be the system's shell, or another bootloader");
			return LOADER_FAILED;
		}
		return type(say, SILENCE_SHORT_MS, "printenv");
	default:
		learn_value(reply, "model", build->model, sizeof(build->model));
		learn_value(reply, "bootcmd", build->bootcmd, sizeof(build->bootcmd));
		learn_value(reply, "bootargs", build->bootargs, sizeof(build->bootargs));
		return LOADER_DONE;
	}
}

/* The next "crc32 for 44000000 ... 4400ffff ==> 1a2b3c4d" of *reply ("CRC32" before 2013), which must speak of the range that was asked:
 * a checksum of other memory proves nothing. Moves *reply past it. */
static bool take_crc(const char **reply, uint64_t address, uint64_t size, uint32_t *ret_crc)
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

static enum loader_turn ask_ram(const struct loader_task *task, struct loader_say *say)
{
	return type(say, SILENCE_NET_MS, "crc32 0x%" PRIx64 " 0x%zx", task->place->load_address, task->image.size);
}

static enum loader_turn check_transfer(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const char *at = strstr(reply, "Bytes transferred = ");
	unsigned long long size;

	if (at == NULL)
		return failed(say, reply, reterr);
	size = strtoull(at + strlen("Bytes transferred = "), NULL, 10);
	if (size != task->image.size) {
		error_set(reterr, STATUS_PROTOCOL, "the bootloader received %llu bytes, the image has %zu", size, task->image.size);
		return LOADER_FAILED;
	}
	return ask_ram(task, say);
}

static enum loader_turn check_ram(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const char *rest = reply;
	uint32_t crc;

	if (!take_crc(&rest, task->place->load_address, task->image.size, &crc) || failure_in(reply) != NULL)
		return failed(say, reply, reterr);
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
		return type(say, SILENCE_SHORT_MS, "setenv autostart no; setenv ipaddr %s; setenv serverip %s; setenv netmask %s", place->device_ip, place->bench_ip,
			    place->netmask ? place->netmask : "255.255.255.0");
	case 1:
		if (failure_in(reply) != NULL)
			return failed(say, reply, reterr);
		if (other_port)
			return type(say, SILENCE_SHORT_MS, "setenv tftpdstp %u", place->tftp_port);
		task->step++;
		/* fall through */
	case 2:
		type(say, SILENCE_NET_MS, "%s 0x%" PRIx64 " %s", task->build->is_tftp_short ? "tftp" : "tftpboot", place->load_address, place->file_name);
		say->until = "Retry count exceeded";
		task->step = 3;
		return LOADER_TYPE;
	case 3:
		return check_transfer(task, reply, say, reterr);
	default:
		if (check_ram(task, reply, say, reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		task->done = task->total;
		return LOADER_DONE;
	}
}

/* ---- storage: prepare, write a piece, read a piece ---- */

static const char *const block_command[] = { [STORAGE_MMC] = "mmc", [STORAGE_VIRTIO] = "virtio" };

static bool is_block(enum loader_storage storage)
{
	return storage == STORAGE_MMC || storage == STORAGE_VIRTIO;
}

static uint64_t erase_size(const struct loader_place *place)
{
	if (place->erase_size != 0)
		return place->erase_size;
	return is_block(place->storage) ? 512 : place->storage == STORAGE_NAND ? 128 * 1024 : 64 * 1024;
}

static uint64_t round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

/* How much the next piece takes: a whole number of erase blocks, so that a piece never erases its neighbour. */
static uint64_t piece_size(const struct loader_task *task)
{
	uint64_t left = task->image.size - task->at;
	uint64_t piece = round_up(LOADER_PIECE, erase_size(task->place));

	return left < piece ? left : piece;
}

/* What the arithmetic below takes for granted. A write also keeps to erase blocks and to the room that the image has: rounding its end
 * up must not reach the neighbour, and old loaders round an offset down by themselves. */
static enum status check_place(const struct loader_task *task, bool writes, struct error *reterr)
{
	const struct loader_place *place = task->place;
	uint64_t size = task->image.size, unit = writes ? erase_size(place) : is_block(place->storage) ? 512 : place->storage == STORAGE_NAND ? NAND_PAGE : 1;
	uint64_t flash = place->base + place->offset;

	if (place->storage == STORAGE_NONE || size == 0 || size > UINT32_MAX || place->offset > UINT64_MAX / 4 || place->base > UINT64_MAX / 4 ||
	    place->load_address > UINT64_MAX / 4)
		return error_set(reterr, STATUS_INVALID, "the image or its place in the flash is not known");
	if (erase_size(place) > ERASE_SIZE_MAX || (place->storage == STORAGE_NAND && erase_size(place) % NAND_PAGE != 0) ||
	    (is_block(place->storage) && erase_size(place) % 512 != 0) || place->offset % unit != 0) {
		error_set(reterr, STATUS_REFUSED, "0x%" PRIx64 " is no border of the flash's blocks of 0x%" PRIx64 " bytes", place->offset, unit);
		return error_hint(reterr, "the partitions or the erase size in the device's profile are wrong");
	}
	if (writes && place->room != 0 && round_up(size, unit) > place->room) {
		error_set(reterr, STATUS_REFUSED, "erasing whole blocks for the image would reach beyond its 0x%" PRIx64 " bytes of flash", place->room);
		return error_hint(reterr, "the image is too large for its place, or the erase size in the device's profile is wrong");
	}
	/* Else the copy in RAM would be compared with itself. */
	if (place->storage == STORAGE_CFI && place->load_address < flash + size && flash < place->load_address + size)
		return error_set(reterr, STATUS_REFUSED, "the profile's load address lies in the flash");
	return STATUS_OK;
}

static enum loader_turn prepare(const struct loader_task *task, struct loader_say *say)
{
	const struct loader_place *place = task->place;

	switch (place->storage) {
	case STORAGE_VIRTIO:
		return type(say, SILENCE_NET_MS, "virtio scan; virtio dev %u", place->device);
	case STORAGE_MMC:
		return type(say, SILENCE_NET_MS, "mmc dev %u", place->device);
	case STORAGE_SPI_NOR:
		return type(say, SILENCE_SHORT_MS, "sf probe %u", place->device);
	case STORAGE_NAND:
		return type(say, SILENCE_SHORT_MS, "nand device %u; nand bad", place->device);
	case STORAGE_CFI:
	case STORAGE_NONE:
		break;
	}
	return LOADER_DONE;
}

/* A bad block shifts all that lies behind it, also beyond the end of the range; pieces at fixed offsets cannot follow. So it is looked for
 * before anything is touched. "Device 0 bad blocks:", then an offset a line. */
static enum loader_turn check_bad_blocks(const struct loader_task *task, const char *reply, const struct loader_say *say, struct error *reterr)
{
	const struct loader_place *place = task->place;
	const char *line = place->storage == STORAGE_NAND ? strstr(reply, "bad blocks:") : NULL;

	if (place->storage != STORAGE_NAND)
		return LOADER_DONE;
	if (line == NULL)
		return failed(say, reply, reterr);
	while ((line = strchr(line, '\n')) != NULL) {
		char *end;
		uint64_t bad = strtoull(++line, &end, 16);

		if (end == line || bad + erase_size(place) <= place->offset || bad >= place->offset + round_up(task->image.size, erase_size(place)))
			continue;
		error_set(reterr, STATUS_UNSUPPORTED, "the NAND flash has a bad block at 0x%" PRIx64 ", where the image lies", bad);
		error_hint(reterr, "choose a plan in which the device writes its flash by itself");
		return LOADER_FAILED;
	}
	return LOADER_DONE;
}

/* These drivers end every transfer with "OK"; SPI and CFI builds do not all say it. */
static bool is_confirmed(const struct loader_task *task, const char *reply)
{
	return (!is_block(task->place->storage) && task->place->storage != STORAGE_NAND) || strstr(reply, "OK") != NULL;
}

static enum loader_turn erase_piece(const struct loader_task *task, struct loader_say *say)
{
	const struct loader_place *place = task->place;
	uint64_t offset = place->offset + task->at;
	uint64_t size = round_up(piece_size(task), erase_size(place));

	say->writes = true;
	switch (place->storage) {
	case STORAGE_SPI_NOR:
		return type(say, SILENCE_FLASH_MS, "sf erase 0x%" PRIx64 " 0x%" PRIx64, offset, size);
	case STORAGE_NAND:
		return type(say, SILENCE_FLASH_MS, "nand erase 0x%" PRIx64 " 0x%" PRIx64, offset, size);
	case STORAGE_CFI:
		if (task->build->is_known && !task->build->has_protect)
			return type(say, SILENCE_FLASH_MS, "erase 0x%" PRIx64 " +0x%" PRIx64, place->base + offset, size);
		return type(say, SILENCE_FLASH_MS, "protect off 0x%" PRIx64 " +0x%" PRIx64 "; erase 0x%" PRIx64 " +0x%" PRIx64, place->base + offset, size,
			    place->base + offset, size);
	default:
		return LOADER_DONE;
	}
}

static enum loader_turn write_piece(const struct loader_task *task, struct loader_say *say)
{
	const struct loader_place *place = task->place;
	uint64_t offset = place->offset + task->at;
	uint64_t address = place->load_address + task->at;
	uint64_t size = piece_size(task), unit = is_block(place->storage) ? 512 : place->storage == STORAGE_NAND ? NAND_PAGE : 1;
	char fill[64] = "";

	/* What is written behind the image's end is erased flash, not what happens to lie in RAM. */
	if (size % unit != 0)
		snprintf(fill, sizeof(fill), "mw.b 0x%" PRIx64 " ff 0x%" PRIx64 "; ", address + size, round_up(size, unit) - size);
	switch (place->storage) {
	case STORAGE_VIRTIO:
	case STORAGE_MMC:
		return type(say, SILENCE_FLASH_MS, "%s%s write 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, fill, block_command[place->storage], address,
			    offset / 512, round_up(size, 512) / 512);
	case STORAGE_SPI_NOR:
		return type(say, SILENCE_FLASH_MS, "sf write 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, address, offset, size);
	case STORAGE_NAND:
		return type(say, SILENCE_FLASH_MS, "%snand write 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, fill, address, offset,
			    round_up(size, NAND_PAGE));
	case STORAGE_CFI:
		return type(say, SILENCE_FLASH_MS, "cp.b 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, address, place->base + offset, size);
	case STORAGE_NONE:	/* check_place() refuses it */
		break;
	}
	return LOADER_DONE;
}

static enum loader_turn write(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum { CHECK_RAM, PREPARE, PREPARED_FIRST, PREPARED, ERASED, WRITTEN };
	enum loader_turn turn = LOADER_TYPE;

	if (reply != NULL && failure_in(reply) != NULL)
		return failed(say, reply, reterr);
	switch (task->step) {
	case CHECK_RAM:
		if (check_place(task, true, reterr) != STATUS_OK)
			return LOADER_FAILED;
		/* The device may have started anew since the image was loaded (watchdogs of loaders do), and then writes what is left. */
		task->step = PREPARE;
		return ask_ram(task, say);
	case PREPARE:
		if (check_ram(task, reply, say, reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		task->step = PREPARED_FIRST;
		if (prepare(task, say) == LOADER_TYPE)
			return LOADER_TYPE;
		/* fall through */
	case PREPARED_FIRST:
		if (check_bad_blocks(task, reply, say, reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		task->step = PREPARED;
		break;
	default:
		break;
	}
	if (task->step == WRITTEN) {
		if (!is_confirmed(task, reply))
			return failed(say, reply, reterr);
		/* cp.b says "done" or nothing. Reading back decides in any case. */
		task->at += piece_size(task);
		task->done = task->at;
		task->step = PREPARED;
	}
	if (task->at >= task->image.size)
		return LOADER_DONE;
	if (task->step == PREPARED) {
		task->step = ERASED;
		turn = erase_piece(task, say);
		say->writes = true;
		if (turn == LOADER_TYPE)
			return turn;
	}
	task->step = WRITTEN;
	turn = write_piece(task, say);
	say->writes = true;
	return turn;
}

/* ---- comparing: read a block into RAM behind the image, then ask for the CRC of its cells ---- */

static uint64_t scratch_address(const struct loader_task *task)
{
	return task->place->load_address + round_up(task->image.size, LOADER_PIECE);
}

/* Where the cells of the current block lie for crc32: CFI flash is memory and needs no copy. */
static uint64_t cell_address(const struct loader_task *task)
{
	const struct loader_place *place = task->place;

	if (place->storage == STORAGE_CFI)
		return place->base + place->offset + task->at + task->in_block;
	return scratch_address(task) + task->in_block;
}

static enum loader_turn read_block(struct loader_task *task, struct loader_say *say)
{
	const struct loader_place *place = task->place;
	uint64_t offset = place->offset + task->at;
	uint64_t to = scratch_address(task);
	char fill[64];

	task->block = piece_size(task);
	task->in_block = 0;
	/* Old contents must not pass for what was read when a read fails without a word. */
	snprintf(fill, sizeof(fill), "mw.b 0x%" PRIx64 " %x 0x%" PRIx64, to, SCRATCH_FILL, task->block);
	switch (place->storage) {
	case STORAGE_VIRTIO:
	case STORAGE_MMC:
		return type(say, SILENCE_FLASH_MS, "%s; %s read 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, fill, block_command[place->storage], to, offset / 512,
			    round_up(task->block, 512) / 512);
	case STORAGE_SPI_NOR:
		return type(say, SILENCE_FLASH_MS, "%s; sf read 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, fill, to, offset, task->block);
	case STORAGE_NAND:
		return type(say, SILENCE_FLASH_MS, "%s; nand read 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, fill, to, offset, round_up(task->block, NAND_PAGE));
	case STORAGE_CFI:
	case STORAGE_NONE:
		break;
	}
	return LOADER_DONE;
}

static uint64_t cell_size_at(const struct loader_task *task, uint64_t in_block)
{
	uint64_t left = task->block - in_block;

	return left < task->cell_size ? left : task->cell_size;
}

static enum loader_turn ask_cells(struct loader_task *task, struct loader_say *say)
{
	uint64_t in_block = task->in_block;
	uint64_t address = cell_address(task);

	*say = (struct loader_say){ .silence_ms = SILENCE_FLASH_MS };
	task->cells_asked = 0;
	while (in_block < task->block && task->cells_asked < CELLS_A_LINE) {
		uint64_t size = cell_size_at(task, in_block);
		char one[64];

		snprintf(one, sizeof(one), "%scrc32 %" PRIx64 " %" PRIx64, task->cells_asked ? ";" : "", address, size);
		if (strlen(say->command) + strlen(one) > LINE_MAX_SIZE)
			break;
		text_append(say->command, sizeof(say->command), "%s", one);
		address += size;
		in_block += size;
		task->cells_asked++;
	}
	return LOADER_TYPE;
}

static enum loader_cell judge_cell(const struct loader_task *task, uint64_t size, uint32_t crc)
{
	static const uint8_t erased[256] = { [0 ... 255] = 0xff };
	uint32_t crc_erased = 0;

	if (crc == crc32_update(0, bytes_of(task->image.data + task->at + task->in_block, size)))
		return CELL_SAME;
	for (uint64_t left = size; left > 0;) {
		size_t part = left < sizeof(erased) ? (size_t)left : sizeof(erased);

		crc_erased = crc32_update(crc_erased, bytes_of(erased, part));
		left -= part;
	}
	return crc == crc_erased ? CELL_ERASED : CELL_DIFFERS;
}

static enum loader_turn take_cells(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const char *rest = reply;

	if (failure_in(reply) != NULL)
		return failed(say, reply, reterr);
	for (unsigned i = 0; i < task->cells_asked; i++) {
		uint64_t size = cell_size_at(task, task->in_block);
		enum loader_cell cell;
		uint32_t crc;

		if (!take_crc(&rest, cell_address(task), size, &crc))
			return failed(say, reply, reterr);
		cell = judge_cell(task, size, crc);
		if (task->cell_count < LOADER_CELLS_MAX)
			task->cell[task->cell_count++] = (uint8_t)cell;
		if (cell != CELL_SAME && task->first_difference == UINT64_MAX)
			task->first_difference = task->at + task->in_block;
		task->in_block += size;
	}
	if (task->stop_at_difference && task->first_difference != UINT64_MAX) {
		error_set(reterr, STATUS_PROTOCOL, "the flash does not hold the image: the first difference lies in the block at 0x%" PRIx64,
			  task->first_difference);
		error_hint(reterr, "write it once more; if it differs again at the same place, the flash is worn");
		return LOADER_FAILED;
	}
	task->done = task->at + task->in_block;
	return LOADER_DONE;
}

/* Enough cells for the whole image: what is not kept would count as the same. Blocks are at least LOADER_PIECE, so whole cells fit in. */
static void choose_cell_size(struct loader_task *task)
{
	if (task->cell_size == 0)
		task->cell_size = LOADER_CELL;
	while (task->image.size / task->cell_size >= LOADER_CELLS_MAX)
		task->cell_size *= 2;
}

static enum loader_turn compare(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum { PREPARE, PREPARED, READ, READ_DONE, CELLS };

	if (reply != NULL && task->step != CELLS && failure_in(reply) != NULL)
		return failed(say, reply, reterr);
	if (task->step == PREPARE) {
		if (check_place(task, false, reterr) != STATUS_OK)
			return LOADER_FAILED;
		choose_cell_size(task);
		task->step = PREPARED;
		if (prepare(task, say) == LOADER_TYPE)
			return LOADER_TYPE;
	}
	if (task->step == PREPARED) {
		if (check_bad_blocks(task, reply, say, reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		task->step = READ;
	}
	if (task->step == READ_DONE && !is_confirmed(task, reply))
		return failed(say, reply, reterr);
	if (task->step == CELLS) {
		if (take_cells(task, reply, say, reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		if (task->in_block >= task->block) {
			task->at += task->block;
			task->step = READ;
		}
	}
	if (task->at >= task->image.size)
		return LOADER_DONE;
	if (task->step == READ) {
		task->step = READ_DONE;
		if (read_block(task, say) == LOADER_TYPE)
			return LOADER_TYPE;
	}
	task->step = CELLS;
	return ask_cells(task, say);
}

static enum loader_turn reset(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	(void)reply;
	(void)reterr;
	if (task->step++ > 0)
		return LOADER_DONE;
	type(say, 1500, "reset");
	say->no_prompt = true;
	return LOADER_TYPE;
}

const struct loader_driver loader_uboot = {
	.name = "uboot", .learn = learn, .load_tftp = load_tftp, .write = write, .compare = compare, .reset = reset,
};
