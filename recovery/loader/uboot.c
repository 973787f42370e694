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
	CELLS_A_LINE = 8,		/* 8 times "crc32 0x42000000 0x10000;" is under the 256 bytes that old builds read */
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
		"Unknown command", "ERROR", "error:", "Error", "failed", "FAILED", "Retry count exceeded", "TFTP error", "not set", "Abort", "bad ", "No such",
		"Usage:", "usage:", "syntax error", "protected sectors", "No SPI flash", "No MMC", "** ", "Invalid", "not a valid",
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
		{ "tftpboot", &build->has_tftp }, { "crc32", &build->has_crc32 }, { "sf", &build->has_sf }, { "nand", &build->has_nand },
		{ "mmc", &build->has_mmc }, { "virtio", &build->has_virtio }, { "cp", &build->has_cp }, { "erase", &build->has_erase },
		{ "protect", &build->has_protect }, { "saveenv", &build->has_saveenv }, { "reset", &build->has_reset },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		*table[i].has = help_names(help, table[i].command);
	build->is_known = true;
}

static enum loader_turn learn(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	struct loader_build *build = task->build;

	(void)reterr;
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
		return type(say, SILENCE_SHORT_MS, "printenv");
	default:
		loader_env_value(reply, "model", build->model, sizeof(build->model));
		loader_env_value(reply, "bootcmd", build->bootcmd, sizeof(build->bootcmd));
		loader_env_value(reply, "bootargs", build->bootargs, sizeof(build->bootargs));
		return LOADER_DONE;
	}
}

/* The first "==> 1a2b3c4d" at or behind *reply; moves *reply past it. */
static bool take_crc(const char **reply, uint32_t *ret_crc)
{
	const char *at = strstr(*reply, "==>");
	char *end;

	if (at == NULL)
		return false;
	*ret_crc = (uint32_t)strtoul(at + 3, &end, 16);
	*reply = end;
	return end > at + 3;
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
	return type(say, SILENCE_NET_MS, "crc32 0x%" PRIx64 " 0x%zx", task->place->load_address, task->image.size);
}

static enum loader_turn check_ram(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	uint32_t crc;

	if (!take_crc(&reply, &crc))
		return failed(say, reply, reterr);
	if (crc != crc32_update(0, task->image)) {
		error_set(reterr, STATUS_PROTOCOL, "what arrived in the device's memory is not the image: CRC %08x", crc);
		error_hint(reterr, "load it again; if it happens twice, suspect the cable, the switch or the device's memory");
		return LOADER_FAILED;
	}
	task->done = task->total;
	return LOADER_DONE;
}

static enum loader_turn load_tftp(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const struct loader_place *place = task->place;

	bool other_port = place->tftp_port != 0 && place->tftp_port != 69;

	switch (task->step++) {
	case 0:
		if (task->build->is_known && !task->build->has_tftp) {
			error_set(reterr, STATUS_UNSUPPORTED, "this bootloader was built without tftpboot");
			error_hint(reterr, "choose a plan that loads over the serial line or from a card");
			return LOADER_FAILED;
		}
		return type(say, SILENCE_SHORT_MS, "setenv ipaddr %s; setenv serverip %s; setenv netmask %s", place->device_ip, place->bench_ip,
			    place->netmask ? place->netmask : "255.255.255.0");
	case 1:
		if (failure_in(reply) != NULL)
			return failed(say, reply, reterr);
		if (other_port)
			return type(say, SILENCE_SHORT_MS, "setenv tftpdstp %u", place->tftp_port);
		task->step++;
		/* fall through */
	case 2:
		type(say, SILENCE_NET_MS, "tftpboot 0x%" PRIx64 " %s", place->load_address, place->file_name);
		say->until = "Retry count exceeded";
		task->step = 3;
		return LOADER_TYPE;
	case 3:
		return check_transfer(task, reply, say, reterr);
	default:
		return check_ram(task, reply, say, reterr);
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

static enum loader_turn prepare(const struct loader_task *task, unsigned step, struct loader_say *say)
{
	const struct loader_place *place = task->place;

	switch (place->storage) {
	case STORAGE_VIRTIO:
		return step == 0 ? type(say, SILENCE_NET_MS, "virtio scan; virtio dev %u", place->device) : LOADER_DONE;
	case STORAGE_MMC:
		return step == 0 ? type(say, SILENCE_NET_MS, "mmc dev %u", place->device) : LOADER_DONE;
	case STORAGE_SPI_NOR:
		return step == 0 ? type(say, SILENCE_SHORT_MS, "sf probe %u", place->device) : LOADER_DONE;
	case STORAGE_NAND:
		return step == 0 ? type(say, SILENCE_SHORT_MS, "nand device %u", place->device) : LOADER_DONE;
	case STORAGE_CFI:
	case STORAGE_NONE:
		break;
	}
	return LOADER_DONE;
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
	uint64_t size = piece_size(task);

	switch (place->storage) {
	case STORAGE_VIRTIO:
	case STORAGE_MMC:
		return type(say, SILENCE_FLASH_MS, "%s write 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, block_command[place->storage], address, offset / 512,
			    round_up(size, 512) / 512);
	case STORAGE_SPI_NOR:
		return type(say, SILENCE_FLASH_MS, "sf write 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, address, offset, size);
	case STORAGE_NAND:
		return type(say, SILENCE_FLASH_MS, "nand write 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, address, offset, round_up(size, 4096));
	case STORAGE_CFI:
		return type(say, SILENCE_FLASH_MS, "cp.b 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, address, place->base + offset, size);
	case STORAGE_NONE:
		break;
	}
	return LOADER_FAILED;
}

static enum loader_turn write(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum { PREPARE, PREPARED, ERASED, WRITTEN };
	enum loader_turn turn = LOADER_TYPE;

	if (reply != NULL && failure_in(reply) != NULL)
		return failed(say, reply, reterr);
	if (task->step == PREPARE) {
		task->step = PREPARED;
		turn = prepare(task, 0, say);
		if (turn == LOADER_TYPE)
			return turn;
	}
	if (task->step == WRITTEN) {
		/* cp.b and nand say "done" or nothing; the others end with OK. Reading back decides in any case. */
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
		return type(say, SILENCE_FLASH_MS, "%s; nand read 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, fill, to, offset, round_up(task->block, 4096));
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

		text_append(say->command, sizeof(say->command), "%scrc32 %" PRIx64 " %" PRIx64, task->cells_asked ? ";" : "", address, size);
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
	for (unsigned i = 0; i < task->cells_asked; i++) {
		uint64_t size = cell_size_at(task, task->in_block);
		enum loader_cell cell;
		uint32_t crc;

		if (!take_crc(&reply, &crc))
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

static enum loader_turn compare(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum { PREPARE, READ, READ_DONE, CELLS };

	if (reply != NULL && task->step != CELLS && failure_in(reply) != NULL)
		return failed(say, reply, reterr);
	if (task->step == PREPARE) {
		task->step = READ;
		if (prepare(task, 0, say) == LOADER_TYPE)
			return LOADER_TYPE;
	}
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
