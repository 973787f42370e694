/* The loader of Realtek's RTL819x ("<RealTek>"). It fetches nothing: it is a TFTP server, and the bench puts the file into its RAM. It has
 * no checksum either, but it dumps words and compares ranges of RAM: samples of the copy in RAM are held against the image before
 * anything is written, and afterwards the flash is read into RAM and compared with the copy word by word.
 * Numbers are hexadecimal without 0x, counts of DW decimal. Every command that writes asks, and what it repeats is read before it is
 * answered. Source: Realtek bootcode monitor.c (CmdFlr, CmdFlw, CmdSFlw, CmdCmp, CmdDumpWord, CmdWriteByte, YesOrNo). */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "recovery/loader/talk.h"
#include "src/base/text.h"

enum {
	SAMPLES = 17,			/* spread over the image, the first and the last bytes among them */
	SAMPLE_WORDS = 16,
	SAMPLE_SIZE = SAMPLE_WORDS * 4,
	BLOCK = 64 * 1024,		/* read into RAM at once */
};

static const char write_question[] = "(Y)es, (N)o->";
static const char read_question[] = "(Y)es , (N)o ?";

static enum loader_turn failed(const struct loader_say *say, const char *reply, struct error *reterr)
{
	static const char *const words[] = { "Unknown command", "Failed", "Abort", "rror", "not enough", "Wrong argument", "Invalid" };
	const char *line = loader_line_with(reply, words, sizeof(words) / sizeof(words[0]));

	return loader_failed(say, line ? line : reply, reterr);
}

static bool is_failure(const char *reply)
{
	/* Stage 1 prints "Booting..." when it starts anew: the copy in RAM may be gone. */
	static const char *const words[] = { "Unknown command", "Failed", "Abort!", "not enough", "Wrong argument", "Booting...", "---RealTek(" };

	return loader_line_with(reply, words, sizeof(words) / sizeof(words[0])) != NULL;
}

/* ---- learn ---- */

static enum loader_turn learn(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	struct loader_build *build = task->build;

	if (task->step++ == 0) {
		*build = (struct loader_build){ 0 };
		return loader_type(say, SILENCE_SHORT_MS, "?");
	}
	if (strstr(reply, "COMMAND MODE HELP") == NULL && !loader_help_names(reply, "FLW"))
		return loader_is_another("Realtek loader", reterr);
	text_copy(build->version, sizeof(build->version), "Realtek loader");
	build->is_known = true;
	build->has_cp = loader_help_names(reply, "FLW") && loader_help_names(reply, "FLR");
	build->has_crc32 = loader_help_names(reply, "CMP") && loader_help_names(reply, "DW") && loader_help_names(reply, "EB");
	return LOADER_DONE;
}

/* ---- the copy in RAM ---- */

/* FLW and CMP go in words: up to three bytes of erased flash belong to the last one. */
static uint64_t padded_size(const struct loader_task *task)
{
	return loader_round_up(task->image.size, 4);
}

static uint64_t sample_offset(const struct loader_task *task, unsigned sample)
{
	uint64_t last = (task->image.size - SAMPLE_SIZE) / 4 * 4;

	return last / (SAMPLES - 1) / 4 * 4 * sample + (sample == SAMPLES - 1 ? last - last / (SAMPLES - 1) / 4 * 4 * (SAMPLES - 1) : 0);
}

static enum loader_turn ask_sample(struct loader_say *say, uint64_t address)
{
	return loader_type(say, SILENCE_SHORT_MS, "DW %" PRIX64 " %u", address, SAMPLE_WORDS);
}

/* "80500000:\t27051956\t1A2B3C4D\t...": as the processor reads words, so in its byte order; which one, the words themselves tell. */
static bool sample_is(const char *reply, uint64_t address, const uint8_t *expected, bool is_big)
{
	const char *at = reply;

	for (unsigned i = 0; i < SAMPLE_WORDS; i++) {
		uint32_t word = 0;
		char *end;

		for (unsigned k = 0; k < 4; k++)
			word |= (uint32_t)expected[i * 4 + k] << 8 * (is_big ? 3 - k : k);
		if (i % 4 == 0) {
			at += strspn(at, " \r\n");
			if (strtoull(at, &end, 16) != address + i * 4 || *end != ':')
				return false;
			at = end + 1;
		}
		at += strspn(at, " \t");
		if (!isxdigit((unsigned char)*at) || strtoull(at, &end, 16) != word)
			return false;
		at = end;
	}
	return true;
}

static enum loader_turn check_sample(const struct loader_task *task, const char *reply, unsigned sample, const struct loader_say *say, struct error *reterr)
{
	uint64_t offset = sample_offset(task, sample), address = task->place->load_address + offset;

	if (is_failure(reply))
		return failed(say, reply, reterr);
	if (sample_is(reply, address, task->image.data + offset, true) || sample_is(reply, address, task->image.data + offset, false))
		return LOADER_DONE;
	error_set(reterr, STATUS_PROTOCOL, "the device's memory does not hold the image: it differs at 0x%" PRIx64, offset);
	error_hint(reterr, "put the file into its memory first (LOADADDR, AUTOBURN 0, then by TFTP)");
	return LOADER_FAILED;
}

static enum status check_place(const struct loader_task *task, bool writes, struct error *reterr)
{
	const struct loader_place *place = task->place;
	enum status status = loader_check_place(task, writes, writes ? loader_erase_size(place) : 4, reterr);

	if (status != STATUS_OK)
		return status;
	if (place->storage != STORAGE_SPI_NOR && place->storage != STORAGE_CFI)
		return error_set(reterr, STATUS_UNSUPPORTED, "this driver writes NOR flash only");
	if (task->image.size < SAMPLES * SAMPLE_SIZE || place->load_address % 4 != 0)
		return error_set(reterr, STATUS_INVALID, "the image is too small, or its load address is no multiple of 4");
	if (task->build->is_known && !(task->build->has_cp && task->build->has_crc32)) {
		error_set(reterr, STATUS_UNSUPPORTED, "this build has no commands to compare (CMP, DW, EB) or none to write (FLW, FLR)");
		return error_hint(reterr, "choose a plan in which the loader burns the vendor's own file by itself");
	}
	return STATUS_OK;
}

/* The steps that both tasks begin with: samples, then the padding. LOADER_DONE: the copy is as good as it can be known. */
static enum loader_turn prove_ram(struct loader_task *task, bool writes, const char *reply, struct loader_say *say, struct error *reterr)
{
	if (task->step == 0 && check_place(task, writes, reterr) != STATUS_OK)
		return LOADER_FAILED;
	if (task->step > 0 && task->step <= SAMPLES && check_sample(task, reply, task->step - 1, say, reterr) == LOADER_FAILED)
		return LOADER_FAILED;
	task->step++;
	if (task->step <= SAMPLES)
		return ask_sample(say, task->place->load_address + sample_offset(task, task->step - 1));
	if (task->step == SAMPLES + 1 && task->image.size % 4 != 0)
		return loader_type(say, SILENCE_SHORT_MS, "EB %" PRIX64 "%.*s", task->place->load_address + task->image.size, (int)(4 - task->image.size % 4) * 3, " FF FF FF");
	task->step = SAMPLES + 2;
	return LOADER_DONE;
}

/* ---- write ---- */

static bool number_behind(const char *text, const char *word, uint64_t wanted)
{
	const char *at = strstr(text, word);

	return at != NULL && strtoull(at + strlen(word), NULL, 16) == wanted;
}

/* "Write 0x%x Bytes to SPI flash#%d, offset 0x%x<0x%x>, from RAM 0x%x to 0x%x", or "Flash Program from %X to %X with %X bytes": does the loader
 * mean to do what was meant? */
static bool repeats(const char *reply, uint64_t ram, uint64_t flash, uint64_t size)
{
	if (strstr(reply, "offset 0x") != NULL)
		return number_behind(reply, "Write ", size) && number_behind(reply, "offset ", flash) && number_behind(reply, "RAM ", ram);
	return number_behind(reply, "Program from ", ram) && number_behind(reply, " to ", flash) && number_behind(reply, " with ", size);
}

static uint64_t write_size(const struct loader_task *task)
{
	uint64_t left = padded_size(task) - task->at, piece = loader_round_up(LOADER_PIECE, loader_erase_size(task->place));

	return left < piece ? left : piece;
}

static enum loader_turn write_flash(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum { ASK = SAMPLES + 2, ASKED, WRITTEN, REFUSED };
	uint64_t ram = task->place->load_address + task->at, flash = task->place->offset + task->at;

	if (task->step < ASK) {
		enum loader_turn turn = prove_ram(task, true, reply, say, reterr);

		if (turn != LOADER_DONE)
			return turn;
	} else if (task->step == ASKED) {
		bool is_meant = strstr(reply, write_question) != NULL && repeats(reply, ram, flash, write_size(task));

		if (strstr(reply, write_question) == NULL)
			return failed(say, reply, reterr);
		task->step = is_meant ? WRITTEN : REFUSED;
		loader_type(say, SILENCE_FLASH_MS, is_meant ? "Y" : "N");
		say->writes = is_meant;
		say->until = ".<RealTek>";	/* no line's end stands behind the dots in every build */
		say->asks = true;
		return LOADER_TYPE;
	} else if (task->step == REFUSED) {
		error_set(reterr, STATUS_REFUSED, "the loader wanted to write another range than it was told; it was answered with no");
		return LOADER_FAILED;
	} else {	/* the interactive command says nothing but dots when all is well; reading back decides */
		if (is_failure(reply))
			return failed(say, reply, reterr);
		task->at += write_size(task);
		task->done = task->at < task->image.size ? task->at : task->image.size;
	}
	if (task->at >= task->image.size) {
		task->at = task->image.size;
		return LOADER_DONE;
	}
	task->step = ASKED;
	loader_type(say, SILENCE_SHORT_MS, "FLW %" PRIX64 " %" PRIX64 " %" PRIX64 " 0", task->place->offset + task->at, task->place->load_address + task->at, write_size(task));
	say->until = write_question;
	say->asks = true;
	return LOADER_TYPE;
}

/* ---- compare ---- */

static uint64_t scratch(const struct loader_task *task)
{
	return task->place->load_address + loader_round_up(task->image.size, LOADER_PIECE);
}

static enum loader_turn ask_cell(struct loader_task *task, struct loader_say *say)
{
	uint64_t left = task->block - task->in_block, size = left < LOADER_FINE_CELL ? left : LOADER_FINE_CELL;

	return loader_type(say, SILENCE_FLASH_MS, "CMP %" PRIX64 " %" PRIX64 " %" PRIX64, scratch(task) + task->in_block, task->place->load_address + task->at + task->in_block,
			   size);
}

static enum loader_turn take_cell(struct loader_task *task, const char *reply, const struct loader_say *say, struct error *reterr)
{
	bool is_same = strstr(reply, "No error found") != NULL, differs = strstr(reply, "data(") != NULL;
	enum loader_turn turn;

	if (is_same == differs)
		return failed(say, reply, reterr);
	turn = loader_take_cell(task, task->at + task->in_block, is_same ? CELL_SAME : CELL_DIFFERS, reterr);
	task->in_block += task->block - task->in_block < LOADER_FINE_CELL ? task->block - task->in_block : LOADER_FINE_CELL;
	return turn;
}

static enum loader_turn compare(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	enum { READ = SAMPLES + 2, ASKED, HAS_READ, CELLS };
	uint64_t left;

	if (task->step < READ) {
		enum loader_turn turn = prove_ram(task, false, reply, say, reterr);

		if (turn != LOADER_DONE)
			return turn;
		task->cell_size = LOADER_FINE_CELL;
		if (task->image.size / LOADER_FINE_CELL >= LOADER_CELLS_MAX) {
			error_set(reterr, STATUS_UNSUPPORTED, "the image is too large to be compared by this loader");
			return LOADER_FAILED;
		}
	} else if (task->step == ASKED) {
		if (strstr(reply, read_question) == NULL)
			return failed(say, reply, reterr);
		task->step = HAS_READ;
		return loader_type(say, SILENCE_FLASH_MS, "Y");
	} else if (task->step == HAS_READ) {
		if (strstr(reply, "Flash Read Successed") == NULL)
			return failed(say, reply, reterr);
		task->step = CELLS;
		return ask_cell(task, say);
	} else {
		if (take_cell(task, reply, say, reterr) == LOADER_FAILED)
			return LOADER_FAILED;
		if (task->in_block < task->block)
			return ask_cell(task, say);
		task->at += task->block;
		task->done = task->at < task->image.size ? task->at : task->image.size;
	}
	if (task->at >= task->image.size) {
		task->at = task->image.size;
		return LOADER_DONE;
	}
	left = padded_size(task) - task->at;
	task->block = left < BLOCK ? left : BLOCK;
	task->in_block = 0;
	task->step = ASKED;
	loader_type(say, SILENCE_SHORT_MS, "FLR %" PRIX64 " %" PRIX64 " %" PRIX64, scratch(task), task->place->offset + task->at, task->block);
	say->until = "(N)o ? --> ";
	say->asks = true;
	return LOADER_TYPE;
}

/* Its line editor knows no Ctrl-C: that would stand in the line. Backspaces empty it, and an empty line runs nothing (GetLine, monitor). */
#define BACKSPACES "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b"

const struct loader_driver loader_realtek = {
	.starts_formats = "edimax",	/* cs6c and cr6c: Realtek bootcode utility.c, check_image; rtk.h */
	.name = "realtek", .clean_keys = BACKSPACES BACKSPACES BACKSPACES BACKSPACES "\r", .learn = learn, .write = write_flash, .compare = compare, .compare_needs_ram = true,
	.why_no_load = "this loader is a TFTP server itself: the file has to be put into its memory (LOADADDR, AUTOBURN 0)",
};
