#include "recovery/loader/talk.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "src/base/crc.h"
#include "src/base/text.h"

enum { ERASE_SIZE_MAX = 16 * 1024 * 1024 };

enum loader_turn loader_type(struct loader_say *say, uint64_t silence_ms, const char *format, ...)
{
	va_list args;

	*say = (struct loader_say){ .silence_ms = silence_ms };
	va_start(args, format);
	vsnprintf(say->command, sizeof(say->command), format, args);
	va_end(args);
	return LOADER_TYPE;
}

const char *loader_line_with(const char *reply, const char *const *words, size_t count)
{
	const char *first = NULL;

	for (size_t i = 0; i < count; i++) {
		const char *at = strstr(reply, words[i]);

		if (at != NULL && (first == NULL || at < first))
			first = at;
	}
	while (first != NULL && first > reply && first[-1] != '\n')
		first--;
	return first;
}

/* EBADMSG is what U-Boot's NAND returns where its error correction gave up (nand_util.c, cmd/nand.c, cmd/mtd.c); the others are its drivers' and
 * the flash tools' own words for it. Bits that were corrected are no failure, and are not looked for. */
const char *loader_worn_flash_in(const char *reply)
{
	static const char *const words[] = {
		"failed -74", "failed with error -74", "Error (-74) reading page", "ECC error", "ecc error", "ecc reading error", "Ecc is wrong",
		"uncorrectable", "Uncorrectable", "UNCORRECTABLE", "uncorrected ECC", "ecc unrecoverable",
	};

	return loader_line_with(reply, words, sizeof(words) / sizeof(words[0]));
}

enum loader_turn loader_failed(const struct loader_say *say, const char *line, struct error *reterr)
{
	char said[160];

	line += strspn(line, "\n");
	text_printable(said, sizeof(said), bytes_of(line, strcspn(line, "\n")));
	error_set(reterr, STATUS_PROTOCOL, "the bootloader did not do '%.80s': %s", say->command, said[0] ? said : "no reason given");
	error_hint(reterr, "all that it said is on the console (c); try again, or choose another way");
	return LOADER_FAILED;
}

enum loader_turn loader_is_another(const char *name, struct error *reterr)
{
	error_set(reterr, STATUS_PROTOCOL, "what answers at the prompt is no %s", name);
	error_hint(reterr, "look at the console: it may be the system's shell, or another bootloader");
	return LOADER_FAILED;
}

bool loader_is_word(const char *text)
{
	size_t length = text ? strnlen(text, LOADER_WORD_MAX) : 0;

	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~' || strchr(";&|$\"'\\#<>*?`()", text[i]) != NULL)
			return false;
	return length > 0 && length < LOADER_WORD_MAX && text[0] != '-';
}

bool loader_help_names(const char *help, const char *command)
{
	size_t length = strlen(command);

	for (const char *line = help; line && *line;) {
		line += strspn(line, " \t");
		if (strncmp(line, command, length) == 0 && (line[length] != '\0' ? strchr(" \t-\n:<", line[length]) != NULL : true))
			return true;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}

enum status loader_check_network(const struct loader_task *task, struct error *reterr)
{
	const struct loader_place *place = task->place;

	if (task->build->is_known && !task->build->has_tftp) {
		error_set(reterr, STATUS_UNSUPPORTED, "this bootloader was built without TFTP");
		return error_hint(reterr, "choose a plan that loads over the serial line or from a card");
	}
	if (task->image.size == 0)
		return error_set(reterr, STATUS_INVALID, "the image is empty");
	if (!loader_is_word(place->device_ip) || !loader_is_word(place->bench_ip) || (place->netmask && !loader_is_word(place->netmask)))
		return error_set(reterr, STATUS_INVALID, "the profile does not say which addresses device and bench have");
	if (!loader_is_word(place->file_name))
		return error_set(reterr, STATUS_INVALID, "the bootloader cannot be told the file name '%.80s'", place->file_name ? place->file_name : "");
	return STATUS_OK;
}

const struct loader_serial *loader_choose_serial(const struct loader_task *task, const struct loader_serial *table, struct error *reterr)
{
	const char *wanted = task->place->protocol;

	if (task->image.size == 0) {
		error_set(reterr, STATUS_INVALID, "the image is empty");
		return NULL;
	}
	for (const struct loader_serial *one = table; one->protocol != NULL; one++)
		if ((wanted == NULL || strcmp(wanted, one->protocol) == 0) && (!task->build->is_known || *((const bool *)((const char *)task->build + one->has))))
			return one;
	if (wanted != NULL)
		error_set(reterr, STATUS_UNSUPPORTED, "this bootloader takes no file by %s over its console", wanted);
	else
		error_set(reterr, STATUS_UNSUPPORTED, "this bootloader was built without a way to take a file over its console");
	error_hint(reterr, "choose a plan that loads by TFTP or from a card");
	return NULL;
}

uint64_t loader_round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

bool loader_is_block(enum loader_storage storage)
{
	return storage == STORAGE_MMC || storage == STORAGE_VIRTIO;
}

uint64_t loader_erase_size(const struct loader_place *place)
{
	if (place->erase_size != 0)
		return place->erase_size;
	return loader_is_block(place->storage) ? 512 : place->storage == STORAGE_NAND ? 128 * 1024 : 64 * 1024;
}

uint64_t loader_piece_size(const struct loader_task *task)
{
	uint64_t left = task->image.size - task->at;
	uint64_t piece = loader_round_up(LOADER_PIECE, loader_erase_size(task->place));

	return left < piece ? left : piece;
}

enum status loader_check_place(const struct loader_task *task, bool writes, uint64_t unit, struct error *reterr)
{
	const struct loader_place *place = task->place;
	uint64_t size = task->image.size;

	if (place->storage == STORAGE_NONE || size == 0 || size > UINT32_MAX || place->offset > UINT64_MAX / 4 || place->base > UINT64_MAX / 4 ||
	    place->load_address > UINT64_MAX / 4)
		return error_set(reterr, STATUS_INVALID, "the image or its place in the flash is not known");
	if (loader_erase_size(place) > ERASE_SIZE_MAX || (loader_is_block(place->storage) && loader_erase_size(place) % 512 != 0) || place->offset % unit != 0) {
		error_set(reterr, STATUS_REFUSED, "0x%" PRIx64 " is no border of the flash's blocks of 0x%" PRIx64 " bytes", place->offset, unit);
		return error_hint(reterr, "the partitions or the erase size in the device's profile are wrong");
	}
	if (writes && place->room != 0 && loader_round_up(size, unit) > place->room) {
		error_set(reterr, STATUS_REFUSED, "erasing whole blocks for the image would reach beyond its 0x%" PRIx64 " bytes of flash", place->room);
		return error_hint(reterr, "the image is too large for its place, or the erase size in the device's profile is wrong");
	}
	return STATUS_OK;
}

/* ---- checksums ---- */

/* POSIX cksum: polynomial 04C11DB7, most significant bit first, the length behind the data, complement (IEEE Std 1003.1, cksum). */
static uint32_t posix_update(uint32_t sum, struct bytes more)
{
	for (size_t i = 0; i < more.size; i++) {
		sum ^= (uint32_t)more.data[i] << 24;
		for (unsigned bit = 0; bit < 8; bit++)
			sum = sum << 1 ^ (sum & 0x80000000 ? 0x04c11db7 : 0);
	}
	return sum;
}

static uint32_t posix_finish(uint32_t sum, uint64_t size)
{
	for (; size > 0; size >>= 8) {
		uint8_t part = (uint8_t)size;

		sum = posix_update(sum, bytes_of(&part, 1));
	}
	return ~sum;
}

const struct loader_sum loader_sum_crc32 = { .update = crc32_update };
const struct loader_sum loader_sum_posix = { .update = posix_update, .finish = posix_finish };

uint32_t loader_sum_of(const struct loader_sum *sum, struct bytes data)
{
	uint32_t value = sum->update(0, data);

	return sum->finish ? sum->finish(value, data.size) : value;
}

enum loader_cell loader_judge_cell(const struct loader_sum *sum, struct bytes expected, uint32_t said)
{
	static const uint8_t erased[256] = { [0 ... 255] = 0xff };
	uint32_t of_erased = 0;

	if (said == loader_sum_of(sum, expected))
		return CELL_SAME;
	for (size_t left = expected.size; left > 0;) {
		size_t part = left < sizeof(erased) ? left : sizeof(erased);

		of_erased = sum->update(of_erased, bytes_of(erased, part));
		left -= part;
	}
	if (sum->finish)
		of_erased = sum->finish(of_erased, expected.size);
	return said == of_erased ? CELL_ERASED : CELL_DIFFERS;
}

void loader_choose_cell_size(struct loader_task *task)
{
	if (task->cell_size == 0)
		task->cell_size = LOADER_CELL;
	while (task->image.size / task->cell_size >= LOADER_CELLS_MAX)
		task->cell_size *= 2;
}

enum loader_turn loader_take_cell(struct loader_task *task, uint64_t at, enum loader_cell cell, struct error *reterr)
{
	if (task->cell_count < LOADER_CELLS_MAX)
		task->cell[task->cell_count++] = (uint8_t)cell;
	if (cell == CELL_SAME)
		return LOADER_DONE;
	if (task->first_difference == UINT64_MAX)
		task->first_difference = at;
	if (!task->stop_at_difference)
		return LOADER_DONE;
	error_set(reterr, STATUS_PROTOCOL, "the flash does not hold the image: the first difference lies in the block at 0x%" PRIx64, task->first_difference);
	error_hint(reterr, "write it once more; if it differs again at the same place, the flash is worn");
	return LOADER_FAILED;
}
