/* Writing the flash at the U-Boot prompt, and comparing it with the image. Sources: U-Boot cmd/{sf,nand,mmc,flash,virtio,mem}.c. */
#include "recovery/loader/uboot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/crc.h"
#include "src/base/text.h"

enum {
	CELLS_A_LINE = 8,
	LINE_MAX_SIZE = 120,		/* old builds read 256 bytes, some 128 (CONFIG_SYS_CBSIZE) */
	NAND_PAGE = 4096,		/* the largest that old builds know */
	SCRATCH_FILL = 0x5a,
};

/* ---- storage: prepare, write a piece, read a piece ---- */

static const char *const block_command[] = { [STORAGE_MMC] = "mmc", [STORAGE_VIRTIO] = "virtio" };

static enum status check_place(const struct loader_task *task, bool writes, struct error *reterr)
{
	const struct loader_place *place = task->place;
	uint64_t size = task->image.size, flash = place->base + place->offset;
	uint64_t unit = writes ? loader_erase_size(place) : loader_is_block(place->storage) ? 512 : place->storage == STORAGE_NAND ? NAND_PAGE : 1;
	enum status status = loader_check_place(task, writes, unit, reterr);

	if (status != STATUS_OK)
		return status;
	if (place->storage == STORAGE_NAND && loader_erase_size(place) % NAND_PAGE != 0) {
		error_set(reterr, STATUS_REFUSED, "0x%" PRIx64 " is no size of an erase block of NAND flash", loader_erase_size(place));
		return error_hint(reterr, "the erase size in the device's profile is wrong");
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
		return loader_type(say, SILENCE_NET_MS, "virtio scan; virtio dev %u", place->device);
	case STORAGE_MMC:
		return loader_type(say, SILENCE_NET_MS, "mmc dev %u", place->device);
	case STORAGE_SPI_NOR:
		return loader_type(say, SILENCE_SHORT_MS, "sf probe %u", place->device);
	case STORAGE_NAND:
		return loader_type(say, SILENCE_SHORT_MS, "nand device %u; nand bad", place->device);
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
		return uboot_failed(say, reply, reterr);
	while ((line = strchr(line, '\n')) != NULL) {
		char *end;
		uint64_t bad = strtoull(++line, &end, 16);

		if (end == line || bad + loader_erase_size(place) <= place->offset || bad >= place->offset + loader_round_up(task->image.size, loader_erase_size(place)))
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
	return (!loader_is_block(task->place->storage) && task->place->storage != STORAGE_NAND) || strstr(reply, "OK") != NULL;
}

static enum loader_turn erase_piece(const struct loader_task *task, struct loader_say *say)
{
	const struct loader_place *place = task->place;
	uint64_t offset = place->offset + task->at;
	uint64_t size = loader_round_up(loader_piece_size(task), loader_erase_size(place));

	say->writes = true;
	switch (place->storage) {
	case STORAGE_SPI_NOR:
		return loader_type(say, SILENCE_FLASH_MS, "sf erase 0x%" PRIx64 " 0x%" PRIx64, offset, size);
	case STORAGE_NAND:
		return loader_type(say, SILENCE_FLASH_MS, "nand erase 0x%" PRIx64 " 0x%" PRIx64, offset, size);
	case STORAGE_CFI:
		if (task->build->is_known && !task->build->has_protect)
			return loader_type(say, SILENCE_FLASH_MS, "erase 0x%" PRIx64 " +0x%" PRIx64, place->base + offset, size);
		return loader_type(say, SILENCE_FLASH_MS, "protect off 0x%" PRIx64 " +0x%" PRIx64 "; erase 0x%" PRIx64 " +0x%" PRIx64, place->base + offset, size,
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
	uint64_t size = loader_piece_size(task), unit = loader_is_block(place->storage) ? 512 : place->storage == STORAGE_NAND ? NAND_PAGE : 1;
	char fill[64] = "";

	/* What is written behind the image's end is erased flash, not what happens to lie in RAM. */
	if (size % unit != 0)
		snprintf(fill, sizeof(fill), "mw.b 0x%" PRIx64 " ff 0x%" PRIx64 "; ", address + size, loader_round_up(size, unit) - size);
	switch (place->storage) {
	case STORAGE_VIRTIO:
	case STORAGE_MMC:
		return loader_type(say, SILENCE_FLASH_MS, "%s%s write 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, fill, block_command[place->storage], address,
			    offset / 512, loader_round_up(size, 512) / 512);
	case STORAGE_SPI_NOR:
		return loader_type(say, SILENCE_FLASH_MS, "sf write 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, address, offset, size);
	case STORAGE_NAND:
		return loader_type(say, SILENCE_FLASH_MS, "%snand write 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, fill, address, offset,
			    loader_round_up(size, NAND_PAGE));
	case STORAGE_CFI:
		return loader_type(say, SILENCE_FLASH_MS, "cp.b 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, address, place->base + offset, size);
	case STORAGE_NONE:	/* check_place() refuses it */
		break;
	}
	return LOADER_DONE;
}

enum loader_turn uboot_write(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum { CHECK_RAM, PREPARE, PREPARED_FIRST, PREPARED, ERASED, WRITTEN };
	enum loader_turn turn = LOADER_TYPE;

	if (reply != NULL && uboot_failure_in(reply) != NULL)
		return uboot_failed(say, reply, reterr);
	switch (task->step) {
	case CHECK_RAM:
		if (check_place(task, true, reterr) != STATUS_OK)
			return LOADER_FAILED;
		/* The device may have started anew since the image was loaded (watchdogs of loaders do), and then writes what is left. */
		task->step = PREPARE;
		return uboot_ask_ram(task, say);
	case PREPARE:
		if (uboot_check_ram(task, reply, say, reterr) == LOADER_FAILED)
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
			return uboot_failed(say, reply, reterr);
		/* cp.b says "done" or nothing. Reading back decides in any case. */
		task->at += loader_piece_size(task);
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

/* Behind the image that may lie there. */
static uint64_t scratch_address(const struct loader_task *task)
{
	return task->place->load_address + (task->image.data ? loader_round_up(task->image.size, LOADER_PIECE) : 0);
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

	task->block = loader_piece_size(task);
	task->in_block = 0;
	/* Old contents must not pass for what was read when a read fails without a word. */
	snprintf(fill, sizeof(fill), "mw.b 0x%" PRIx64 " %x 0x%" PRIx64, to, SCRATCH_FILL, task->block);
	switch (place->storage) {
	case STORAGE_VIRTIO:
	case STORAGE_MMC:
		return loader_type(say, SILENCE_FLASH_MS, "%s; %s read 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, fill, block_command[place->storage], to, offset / 512,
			    loader_round_up(task->block, 512) / 512);
	case STORAGE_SPI_NOR:
		return loader_type(say, SILENCE_FLASH_MS, "%s; sf read 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, fill, to, offset, task->block);
	case STORAGE_NAND:
		return loader_type(say, SILENCE_FLASH_MS, "%s; nand read 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, fill, to, offset, loader_round_up(task->block, NAND_PAGE));
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

static enum loader_turn take_cells(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	const char *rest = reply;

	if (uboot_failure_in(reply) != NULL)
		return uboot_failed(say, reply, reterr);
	for (unsigned i = 0; i < task->cells_asked; i++) {
		uint64_t size = cell_size_at(task, task->in_block), at;
		uint32_t crc;

		if (!uboot_take_crc(&rest, cell_address(task), size, &crc))
			return uboot_failed(say, reply, reterr);
		at = task->at + task->in_block;
		if (loader_take_cell(task, at, loader_judge_cell(&loader_sum_crc32, bytes_of(task->image.data + at, size), crc), reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		task->in_block += size;
	}
	task->done = task->at + task->in_block;
	return LOADER_DONE;
}

enum loader_turn uboot_compare(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum { PREPARE, PREPARED, READ, READ_DONE, CELLS };

	if (reply != NULL && task->step != CELLS && uboot_failure_in(reply) != NULL)
		return uboot_failed(say, reply, reterr);
	if (task->step == PREPARE) {
		if (check_place(task, false, reterr) != STATUS_OK)
			return LOADER_FAILED;
		loader_choose_cell_size(task);
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
		return uboot_failed(say, reply, reterr);
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

/* ---- reading twice: a cell that has lost its charge, or a bad contact, does not read alike ---- */

/* The memory still holds what was put there before the read. */
static bool was_nothing_read(const struct loader_task *task, uint32_t sum)
{
	uint8_t fill[4096];
	uint32_t of_fill = 0;

	if (task->place->storage == STORAGE_CFI)
		return false;
	memset(fill, SCRATCH_FILL, sizeof(fill));
	for (uint64_t at = 0; at < task->block; at += sizeof(fill))
		of_fill = crc32_update(of_fill, bytes_of(fill, task->block - at < sizeof(fill) ? task->block - at : sizeof(fill)));
	return sum == of_fill;
}

enum loader_turn uboot_reread(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum { PREPARE, PREPARED, READ, SUM, SUMMED, READ_AGAIN, SUM_AGAIN, SUMMED_AGAIN };
	const char *rest = reply;
	uint32_t sum;

	if (reply != NULL && uboot_failure_in(reply) != NULL)
		return uboot_failed(say, reply, reterr);
	switch (task->step) {
	case PREPARE:
		if (check_place(task, false, reterr) != STATUS_OK)
			return LOADER_FAILED;
		task->step = PREPARED;
		if (prepare(task, say) == LOADER_TYPE)
			return LOADER_TYPE;
		/* fall through */
	case PREPARED:
		if (check_bad_blocks(task, reply, say, reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		task->step = READ;
		break;
	case SUMMED:
	case SUMMED_AGAIN:
		if (!uboot_take_crc(&rest, cell_address(task), task->block, &sum))
			return uboot_failed(say, reply, reterr);
		if (was_nothing_read(task, sum)) {
			error_set(reterr, STATUS_PROTOCOL, "the bootloader's command to read the flash did nothing");
			error_hint(reterr, "the kind of flash in the device's profile may be wrong");
			return LOADER_FAILED;
		}
		if (task->step == SUMMED) {
			task->sum = sum;
			task->step = READ_AGAIN;
			break;
		}
		if (sum != task->sum && task->first_difference == UINT64_MAX)
			task->first_difference = task->at;
		task->at += task->block;
		task->done = task->at;
		task->step = READ;
		break;
	default:
		if (!is_confirmed(task, reply))
			return uboot_failed(say, reply, reterr);
		break;
	}
	if (task->at >= task->image.size || task->first_difference != UINT64_MAX)
		return LOADER_DONE;
	if (task->step == READ || task->step == READ_AGAIN) {
		task->step++;
		if (read_block(task, say) == LOADER_TYPE)
			return LOADER_TYPE;
	}
	task->step++;
	return loader_type(say, SILENCE_FLASH_MS, "crc32 %" PRIx64 " %" PRIx64, cell_address(task), task->block);
}
