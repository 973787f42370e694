/* tests/unit/test_uboot.c: the driver and the dialog together, against a small U-Boot in memory (tests/fakes/fake_uboot). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/crc.h"
#include "tests/fakes/fake_uboot.h"

enum { IMAGE_SIZE = 2 * LOADER_PIECE + 0x1234b, PLACE = 0x100000, PAUSE_MS = 40 };

struct bench {
	struct fake_uboot fake;
	struct loader_place place;
	struct loader_build build;
	struct loader_task task;
	struct loader_say say;
	struct dialog dialog;
	struct error error;
	uint8_t *image;
	const char *prompt;
	uint64_t now_ms;
	unsigned retypes;
	bool by_bytes;
};

static void feed(struct bench *b, struct bytes in, struct dialog_event *final)
{
	while (in.size > 0) {
		struct bytes part = in;
		struct dialog_event event;

		if (in.data[0] == FAKE_PAUSE) {
			in = bytes_from(in, 1);
			b->now_ms += PAUSE_MS;
			if (final->type == DIALOG_NOTHING && b->now_ms >= dialog_deadline(&b->dialog))
				*final = dialog_tick(&b->dialog, b->now_ms);
			continue;
		}
		for (part.size = 1; part.size < in.size && !b->by_bytes && in.data[part.size] != FAKE_PAUSE;)
			part.size++;
		in = bytes_from(in, part.size);
		while (part.size > 0) {
			event = dialog_input(&b->dialog, &part, b->now_ms);
			b->retypes += event.type == DIALOG_RETYPE;
			if (event.type > DIALOG_RETYPE)
				*final = event;
		}
	}
}

static struct dialog_event talk(struct bench *b)
{
	struct dialog_event final = { .type = DIALOG_NOTHING };

	dialog_init(&b->dialog, b->prompt);
	assert_int_equal(dialog_start(&b->dialog, b->say.command, b->say.silence_ms, b->say.until, b->now_ms), STATUS_OK);
	for (unsigned rounds = 0; rounds < 100000; rounds++) {
		struct bytes out = dialog_output(&b->dialog), in;

		if (out.size > 0) {
			fake_uboot_input(&b->fake, out);
			dialog_sent(&b->dialog, out.size);
		}
		if (final.type > DIALOG_RETYPE)
			return final;
		in = fake_uboot_take_output(&b->fake);
		if (in.size > 0) {
			b->now_ms++;
			feed(b, in, &final);
		} else if (out.size == 0) {
			assert_true(dialog_deadline(&b->dialog) != UINT64_MAX);
			b->now_ms = dialog_deadline(&b->dialog);
			final = dialog_tick(&b->dialog, b->now_ms);
			b->retypes += final.type == DIALOG_RETYPE;
		}
	}
	fail_msg("the conversation does not end");
	return final;
}

static enum loader_turn run(struct bench *b, loader_next *next)
{
	const char *reply = NULL;

	memset(&b->error, 0, sizeof(b->error));
	for (;;) {
		enum loader_turn turn = next(&b->task, reply, &b->say, &b->error);
		struct dialog_event event;

		if (turn == LOADER_FAILED)
			assert_true(b->error.text[0] != '\0');
		if (turn != LOADER_TYPE)
			return turn;
		event = talk(b);
		if (event.type != DIALOG_REPLIED) {
			error_set(&b->error, event.status, "dialog: %d", (int)event.type);
			return LOADER_FAILED;
		}
		reply = dialog_reply(&b->dialog);
	}
}

static enum loader_turn begin(struct bench *b, loader_next *next)
{
	loader_task_init(&b->task, &b->place, &b->build, bytes_of(b->image, IMAGE_SIZE));
	return run(b, next);
}

static void set_up(struct bench *b, enum loader_storage storage)
{
	uint32_t noise = 1;

	memset(b, 0, sizeof(*b));
	fake_uboot_init(&b->fake, storage);
	b->image = malloc(IMAGE_SIZE);
	assert_non_null(b->image);
	for (size_t i = 0; i < IMAGE_SIZE; i++)
		b->image[i] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
	b->fake.served = bytes_of(b->image, IMAGE_SIZE);
	b->prompt = "=> ";
	b->place = (struct loader_place){
		.storage = storage, .base = storage == STORAGE_CFI ? FAKE_FLASH_BASE : 0, .offset = PLACE, .room = 0x300000, .load_address = FAKE_RAM_BASE,
		.device_ip = "192.168.1.20", .bench_ip = "192.168.1.10", .file_name = "firmware.bin",
	};
}

static void tear_down(struct bench *b)
{
	fake_uboot_done(&b->fake);
	free(b->image);
}

static void flash_image(struct bench *b)
{
	memcpy(b->fake.flash + PLACE, b->image, IMAGE_SIZE);
}

static void assert_neighbours_untouched(const struct bench *b)
{
	for (size_t i = 0; i < PLACE; i += 512)
		assert_int_equal(b->fake.flash[i], 0x3c);
	for (size_t i = PLACE + (IMAGE_SIZE + 0x1ffff) / 0x20000 * 0x20000; i < FAKE_FLASH_SIZE; i += 512)
		assert_int_equal(b->fake.flash[i], 0x3c);
	if (b->fake.writes > 0)
		assert_true(b->fake.lowest_touched >= PLACE && b->fake.highest_touched <= PLACE + b->place.room);
}

static void recovers(enum loader_storage storage, bool by_bytes)
{
	struct bench b;

	set_up(&b, storage);
	b.by_bytes = by_bytes;
	assert_int_equal(begin(&b, loader_uboot.learn), LOADER_DONE);
	assert_int_equal(begin(&b, loader_uboot.load_tftp), LOADER_DONE);
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_DONE);
	assert_int_equal(b.task.done, IMAGE_SIZE);
	assert_memory_equal(b.fake.flash + PLACE, b.image, IMAGE_SIZE);
	assert_neighbours_untouched(&b);
	/* Behind the image's end: erased or old, never what lay in RAM. */
	for (size_t i = PLACE + IMAGE_SIZE; i < PLACE + b.place.room; i++)
		assert_true(b.fake.flash[i] == 0xff || b.fake.flash[i] == 0x3c);
	loader_task_init(&b.task, &b.place, &b.build, bytes_of(b.image, IMAGE_SIZE));
	b.task.stop_at_difference = true;
	b.task.cell_size = LOADER_PIECE;
	assert_int_equal(run(&b, loader_uboot.compare), LOADER_DONE);
	assert_int_equal(b.task.cell_count, 3);
	b.fake.flash[PLACE + LOADER_PIECE + 5] ^= 1;
	loader_task_init(&b.task, &b.place, &b.build, bytes_of(b.image, IMAGE_SIZE));
	b.task.stop_at_difference = true;
	b.task.cell_size = LOADER_PIECE;
	assert_int_equal(run(&b, loader_uboot.compare), LOADER_FAILED);
	assert_int_equal(b.task.first_difference, LOADER_PIECE);
	assert_true(b.fake.longest_line < FAKE_LINE_MAX);
	assert_int_equal(b.retypes, 0);
	tear_down(&b);
}

static void recovers_virtio(void **state) { (void)state; recovers(STORAGE_VIRTIO, false); }
static void recovers_mmc(void **state) { (void)state; recovers(STORAGE_MMC, false); }
static void recovers_spi_nor_byte_by_byte(void **state) { (void)state; recovers(STORAGE_SPI_NOR, true); }
static void recovers_nand(void **state) { (void)state; recovers(STORAGE_NAND, false); }
static void recovers_cfi(void **state) { (void)state; recovers(STORAGE_CFI, false); }

static void learns_build_and_environment(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	assert_int_equal(begin(&b, loader_uboot.learn), LOADER_DONE);
	assert_true(b.build.is_known && b.build.has_tftp && !b.build.is_tftp_short && b.build.has_sf && b.build.has_crc32);
	assert_memory_equal(b.build.version, "U-Boot 2023.01", 14);
	assert_string_equal(b.build.model, "cam32");	/* without the sequence behind it */
	assert_string_equal(b.build.bootargs, "console=ttyAMA0");
	tear_down(&b);
}

static void a_build_without_help_is_not_thought_to_lack_commands(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	b.fake.has_no_help = true;
	assert_int_equal(begin(&b, loader_uboot.learn), LOADER_DONE);
	assert_false(b.build.is_known);
	assert_int_equal(begin(&b, loader_uboot.load_tftp), LOADER_DONE);
	tear_down(&b);
}

static void a_shell_is_not_taken_for_a_bootloader(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	b.prompt = b.fake.prompt = "# ";
	b.fake.is_shell = true;
	assert_int_equal(begin(&b, loader_uboot.learn), LOADER_FAILED);
	tear_down(&b);
}

static void an_old_build_is_spoken_to_in_its_words(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	b.fake.is_old = true;
	b.prompt = b.fake.prompt = "hisilicon # ";
	assert_int_equal(begin(&b, loader_uboot.learn), LOADER_DONE);
	assert_int_equal(begin(&b, loader_uboot.load_tftp), LOADER_DONE);
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_DONE);
	assert_int_equal(begin(&b, loader_uboot.compare), LOADER_DONE);
	assert_int_equal(b.task.first_difference, UINT64_MAX);
	tear_down(&b);
}

static void prompts_of_many_builds_are_recognised(void **state)
{
	static const struct { const char *shown, *prompt; } prompts[] = {
		{ "U-Boot> ", "U-Boot> " }, { "hisilicon # ", "hisilicon #" }, { "\x1b[1;32m=> \x1b[0m", "=> " }, { "=\x01> ", "=> " }, { "=>\x01 ", "=> " },
		{ "hisili\x01" "con # ", "hisilicon # " }, { "\x1b]0;t\x07=> ", "=> " }, { "nvt@na51023: ", "nvt@na51023: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++) {
		struct bench b;

		set_up(&b, STORAGE_SPI_NOR);
		b.fake.prompt = prompts[i].shown;
		b.prompt = prompts[i].prompt;
		assert_int_equal(begin(&b, loader_uboot.learn), LOADER_DONE);
		assert_true(b.build.is_known);
		tear_down(&b);
	}
}

static void load_faults(void **state)
{
	static const struct { size_t at; const char *says; } faults[] = {
		{ offsetof(struct fake_uboot, sends_short), "received" },
		{ offsetof(struct fake_uboot, spoils_ram), "is not the image" },
		{ offsetof(struct fake_uboot, crc_of_other_range), "crc32" },
		{ offsetof(struct fake_uboot, is_silent), "dialog" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct bench b;

		set_up(&b, STORAGE_VIRTIO);
		*((bool *)((char *)&b.fake + faults[i].at)) = true;
		assert_int_equal(begin(&b, loader_uboot.load_tftp), LOADER_FAILED);
		if (strstr(b.error.text, faults[i].says) == NULL)
			fail_msg("'%s' instead of '%s'", b.error.text, faults[i].says);
		tear_down(&b);
	}
}

static void an_unserved_file_is_told_with_the_loaders_words(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_VIRTIO);
	b.fake.served.size = 0;
	assert_int_equal(begin(&b, loader_uboot.load_tftp), LOADER_FAILED);
	assert_non_null(strstr(b.error.text, "File not found"));
	tear_down(&b);
}

static void a_missing_command_is_no_success(void **state)
{
	static const char *const missing[] = { "sf", "crc32" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bench b;

		set_up(&b, STORAGE_SPI_NOR);
		memcpy(b.fake.ram, b.image, IMAGE_SIZE);
		b.fake.missing = missing[i];
		assert_int_equal(begin(&b, loader_uboot.write), LOADER_FAILED);
		assert_non_null(strstr(b.error.text, "Unknown command"));
		assert_int_equal(begin(&b, loader_uboot.compare), LOADER_FAILED);
		assert_int_equal(b.fake.writes, 0);
		tear_down(&b);
	}
}

static void a_bad_line_is_typed_again_until_it_is_right(void **state)
{
	(void)state;
	for (unsigned at = 1; at < 60; at += 7) {
		struct bench b;

		set_up(&b, STORAGE_VIRTIO);
		b.fake.lose_byte = at;
		b.fake.message_at_byte = at + 90;
		assert_int_equal(begin(&b, loader_uboot.load_tftp), LOADER_DONE);
		assert_true(b.retypes >= 1);
		assert_memory_equal(b.fake.ram, b.image, IMAGE_SIZE);
		tear_down(&b);
	}
}

static void a_line_that_stays_bad_runs_nothing_and_is_left_empty(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	memcpy(b.fake.ram, b.image, IMAGE_SIZE);
	b.fake.loses_always = true;
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.fake.commands, 0);
	assert_int_equal(b.fake.line_size, 0);
	tear_down(&b);
}

static void a_message_behind_the_prompt_costs_only_time(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_VIRTIO);
	b.fake.has_link_message = true;
	assert_int_equal(begin(&b, loader_uboot.load_tftp), LOADER_DONE);
	tear_down(&b);
}

static void a_write_error_in_the_third_piece_stops_the_write(void **state)
{
	static const enum loader_storage kinds[] = { STORAGE_SPI_NOR, STORAGE_CFI, STORAGE_NAND, STORAGE_MMC };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct bench b;

		set_up(&b, kinds[i]);
		memcpy(b.fake.ram, b.image, IMAGE_SIZE);
		b.fake.write_error = 3;
		assert_int_equal(begin(&b, loader_uboot.write), LOADER_FAILED);
		assert_int_equal(b.fake.writes, 3);
		assert_int_equal(b.task.done, 2 * LOADER_PIECE);
		tear_down(&b);
	}
}

static void a_block_write_without_a_word_is_no_success(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_VIRTIO);
	memcpy(b.fake.ram, b.image, IMAGE_SIZE);
	b.fake.write_silence = 2;
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.fake.writes, 2);
	tear_down(&b);
}

static void a_device_that_starts_anew_is_not_written_with_what_its_ram_holds(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_CFI);	/* needs no probe, so nothing else would notice */
	memcpy(b.fake.ram, b.image, IMAGE_SIZE);
	b.fake.reset_at_write = 2;
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.fake.writes, 2);
	/* The RAM is other now, and a write begun again must see it before it erases anything. */
	b.fake.erases = b.fake.writes = b.fake.reset_at_write = 0;
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.fake.erases + b.fake.writes, 0);
	tear_down(&b);
}

static void a_read_that_does_nothing_does_not_verify(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	flash_image(&b);
	/* RAM full of the image, also where it will be read to */
	memcpy(b.fake.ram + 0x300000, b.image, IMAGE_SIZE);
	b.fake.reads_nothing = true;
	assert_int_equal(begin(&b, loader_uboot.compare), LOADER_DONE);
	for (size_t i = 0; i < LOADER_PIECE / LOADER_CELL; i++)
		assert_int_equal(b.task.cell[i], CELL_DIFFERS);
	tear_down(&b);
}

static void a_write_keeps_to_its_room(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	memcpy(b.fake.ram, b.image, IMAGE_SIZE);
	b.place.room = IMAGE_SIZE;	/* no whole erase block: the neighbour begins inside the last one */
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_REFUSED);
	b.place.room = 0x300000;
	b.place.offset = PLACE + 0x8000;
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_REFUSED);
	b.place.offset = PLACE;
	b.place.erase_size = UINT64_C(1) << 40;
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_FAILED);
	b.place.erase_size = 0;
	b.place.storage = STORAGE_NONE;
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(begin(&b, loader_uboot.compare), LOADER_FAILED);
	b.place.storage = STORAGE_VIRTIO;
	b.place.offset = PLACE + 256;	/* would be written half a sector too early */
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.fake.commands, 0);
	tear_down(&b);
}

static void an_erase_block_of_two_mebibytes_is_erased_once(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_CFI);
	memcpy(b.fake.ram, b.image, IMAGE_SIZE);
	b.fake.erase_size = 2 * 1024 * 1024;
	b.place.erase_size = b.fake.erase_size;
	b.place.offset = 2 * 1024 * 1024;
	b.place.room = 4 * 1024 * 1024;
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_DONE);
	assert_int_equal(b.fake.erases, 2);
	assert_memory_equal(b.fake.flash + b.place.offset, b.image, IMAGE_SIZE);
	assert_int_equal(b.fake.highest_touched, 6 * 1024 * 1024);
	assert_int_equal(begin(&b, loader_uboot.compare), LOADER_DONE);
	assert_int_equal(b.task.first_difference, UINT64_MAX);
	tear_down(&b);
}

static void a_bad_nand_block_in_the_range_is_refused_before_anything_is_touched(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_NAND);
	memcpy(b.fake.ram, b.image, IMAGE_SIZE);
	b.fake.bad_block = PLACE + 0x40000;
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_UNSUPPORTED);
	assert_int_equal(b.fake.erases + b.fake.writes, 0);
	b.fake.bad_block = PLACE - 0x20000;	/* in front of the range it does not matter */
	assert_int_equal(begin(&b, loader_uboot.write), LOADER_DONE);
	tear_down(&b);
}

static void cfi_flash_is_not_compared_with_the_copy_in_ram(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_CFI);
	b.place.base = FAKE_RAM_BASE - PLACE;
	assert_int_equal(begin(&b, loader_uboot.compare), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_REFUSED);
	tear_down(&b);
}

static void what_cannot_be_typed_is_refused(void **state)
{
	static const char *const names[] = { "a b", "x;reset", "", "$file", "tab\there", NULL,
					     "0123456789012345678901234567890123456789012345678901234567890123456789" };
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		b.place.file_name = names[i];
		assert_int_equal(begin(&b, loader_uboot.load_tftp), LOADER_FAILED);
	}
	b.place.file_name = "firmware.bin";
	b.place.device_ip = NULL;
	assert_int_equal(begin(&b, loader_uboot.load_tftp), LOADER_FAILED);
	assert_int_equal(b.fake.commands, 0);
	tear_down(&b);
}

/* ---- what a comparison means ---- */

static void compared(struct bench *b, struct loader_difference *difference)
{
	assert_int_equal(begin(b, loader_uboot.compare), LOADER_DONE);
	loader_difference_of(&b->task, difference);
	assert_int_equal(difference->total, (IMAGE_SIZE + LOADER_CELL - 1) / LOADER_CELL);
	assert_int_equal(difference->same + difference->differs + difference->erased, difference->total);
}

static void comparing_tells_whole_flipped_erased_and_half_written(void **state)
{
	struct loader_difference difference;
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_VIRTIO);
	flash_image(&b);
	compared(&b, &difference);
	assert_int_equal(difference.same, difference.total);
	assert_non_null(strstr(difference.text, "exactly"));
	b.fake.flash[PLACE + 5 * LOADER_CELL + 17] ^= 4;
	compared(&b, &difference);
	assert_int_equal(difference.differs, 1);
	assert_int_equal(difference.first_bad, 5);
	assert_false(difference.has_erased_tail || difference.has_foreign_front);
	flash_image(&b);
	memset(b.fake.flash + PLACE + 20 * LOADER_CELL + 100, 0xff, IMAGE_SIZE - 20 * LOADER_CELL - 100);
	compared(&b, &difference);
	assert_true(difference.has_erased_tail);
	assert_int_equal(difference.first_bad, 20);
	memset(b.fake.flash + PLACE, 0xff, IMAGE_SIZE);
	compared(&b, &difference);
	assert_int_equal(difference.erased, difference.total);
	assert_false(difference.has_erased_tail || difference.is_other);
	memset(b.fake.flash + PLACE, 0xa5, IMAGE_SIZE);
	compared(&b, &difference);
	assert_int_equal(difference.differs, difference.total);
	assert_true(difference.is_other);
	assert_non_null(strstr(difference.text, "another version"));
	assert_int_equal(b.fake.writes, 0);
	tear_down(&b);
}

/* What a power cut leaves most often: the new image in front, an erased block, the old version behind it. */
static void a_gap_behind_the_images_own_front_is_found(void **state)
{
	struct loader_difference difference;
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	flash_image(&b);
	memset(b.fake.flash + PLACE + 8 * LOADER_CELL, 0xff, LOADER_CELL);
	memset(b.fake.flash + PLACE + 9 * LOADER_CELL, 0x77, 5 * LOADER_CELL);
	compared(&b, &difference);
	assert_true(difference.has_cut_front && difference.has_gap);
	assert_false(difference.has_erased_tail || difference.has_foreign_front);
	assert_int_equal(difference.border_cell, 8);
	memset(b.fake.flash + PLACE + 8 * LOADER_CELL, 0x77, LOADER_CELL);
	compared(&b, &difference);
	assert_true(difference.has_cut_front);
	assert_false(difference.has_gap);
	tear_down(&b);
}

static void a_gap_behind_a_foreign_front_is_found(void **state)
{
	struct loader_difference difference;
	struct loader_place fine_place;
	struct loader_task fine, coarse;
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	flash_image(&b);
	memset(b.fake.flash + PLACE, 0x77, 10 * LOADER_CELL + 0x3000);
	memset(b.fake.flash + PLACE + 10 * LOADER_CELL + 0x3000, 0xff, 0x4000);
	compared(&b, &difference);
	assert_true(difference.has_foreign_front);
	assert_int_equal(difference.border_cell, 10);
	coarse = b.task;
	fine_place = b.place;
	fine_place.offset += 10 * LOADER_CELL;
	loader_task_init(&b.task, &fine_place, &b.build, bytes_of(b.image + 10 * LOADER_CELL, LOADER_CELL));
	b.task.cell_size = LOADER_FINE_CELL;
	assert_int_equal(run(&b, loader_uboot.compare), LOADER_DONE);
	fine = b.task;
	loader_difference_refine(&coarse, &fine, &difference);
	assert_true(difference.has_gap);
	tear_down(&b);
}

/* ---- reading twice ---- */

static enum loader_turn reread(struct bench *b)
{
	loader_task_init(&b->task, &b->place, &b->build, (struct bytes){ NULL, IMAGE_SIZE });
	return run(b, loader_uboot.reread);
}

static void sound_flash_reads_the_same_twice(void **state)
{
	static const enum loader_storage kinds[] = { STORAGE_SPI_NOR, STORAGE_NAND, STORAGE_MMC, STORAGE_VIRTIO, STORAGE_CFI };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct bench b;

		set_up(&b, kinds[i]);
		assert_int_equal(reread(&b), LOADER_DONE);
		assert_true(b.task.first_difference == UINT64_MAX);
		assert_int_equal(b.task.done, IMAGE_SIZE);
		assert_int_equal(b.fake.writes + b.fake.erases, 0);
		tear_down(&b);
	}
}

static void flash_that_reads_differently_is_told_with_its_place(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	b.fake.worn_read = 4;	/* the second reading of the second piece */
	assert_int_equal(reread(&b), LOADER_DONE);
	assert_true(b.task.first_difference == LOADER_PIECE);
	tear_down(&b);
}

static void a_read_that_does_nothing_is_no_proof_of_sound_flash(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	b.fake.reads_nothing = true;
	assert_int_equal(reread(&b), LOADER_FAILED);
	b.fake.reads_nothing = false;
	b.fake.crc_of_other_range = true;
	assert_int_equal(reread(&b), LOADER_FAILED);
	tear_down(&b);
}

static void nothing_compared_is_not_the_same(void **state)
{
	struct loader_difference difference;
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	loader_task_init(&b.task, &b.place, &b.build, bytes_of(b.image, 0));
	assert_int_equal(run(&b, loader_uboot.compare), LOADER_FAILED);
	loader_difference_of(&b.task, &difference);
	assert_null(strstr(difference.text, "exactly"));
	assert_int_equal(run(&b, loader_uboot.write), LOADER_FAILED);
	tear_down(&b);
}

static void cells_grow_rather_than_being_forgotten(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, STORAGE_SPI_NOR);
	flash_image(&b);
	b.fake.flash[PLACE + IMAGE_SIZE - 1] ^= 1;
	loader_task_init(&b.task, &b.place, &b.build, bytes_of(b.image, IMAGE_SIZE));
	b.task.cell_size = 256;	/* 8478 of them */
	assert_int_equal(run(&b, loader_uboot.compare), LOADER_DONE);
	assert_true(b.task.cell_count <= LOADER_CELLS_MAX);
	assert_int_equal(b.task.cell[b.task.cell_count - 1], CELL_DIFFERS);
	tear_down(&b);
}

static void values_are_found_by_their_whole_name(void **state)
{
	char value[8];

	(void)state;
	assert_true(loader_env_value("xmodel=a\nmodel=cam32\nmodel2=b\n", "model", value, sizeof(value)));
	assert_string_equal(value, "cam32");
	assert_true(loader_env_value("model=0123456789", "model", value, sizeof(value)));
	assert_string_equal(value, "0123456");
	assert_false(loader_env_value("modelx=1\n", "model", value, sizeof(value)));
	assert_false(loader_env_value("", "model", value, sizeof(value)));
	assert_false(loader_env_value(NULL, "model", value, sizeof(value)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recovers_virtio),
		cmocka_unit_test(recovers_mmc),
		cmocka_unit_test(recovers_spi_nor_byte_by_byte),
		cmocka_unit_test(recovers_nand),
		cmocka_unit_test(recovers_cfi),
		cmocka_unit_test(learns_build_and_environment),
		cmocka_unit_test(a_build_without_help_is_not_thought_to_lack_commands),
		cmocka_unit_test(a_shell_is_not_taken_for_a_bootloader),
		cmocka_unit_test(an_old_build_is_spoken_to_in_its_words),
		cmocka_unit_test(prompts_of_many_builds_are_recognised),
		cmocka_unit_test(load_faults),
		cmocka_unit_test(an_unserved_file_is_told_with_the_loaders_words),
		cmocka_unit_test(a_missing_command_is_no_success),
		cmocka_unit_test(a_bad_line_is_typed_again_until_it_is_right),
		cmocka_unit_test(a_line_that_stays_bad_runs_nothing_and_is_left_empty),
		cmocka_unit_test(a_message_behind_the_prompt_costs_only_time),
		cmocka_unit_test(a_write_error_in_the_third_piece_stops_the_write),
		cmocka_unit_test(a_block_write_without_a_word_is_no_success),
		cmocka_unit_test(a_device_that_starts_anew_is_not_written_with_what_its_ram_holds),
		cmocka_unit_test(a_read_that_does_nothing_does_not_verify),
		cmocka_unit_test(a_write_keeps_to_its_room),
		cmocka_unit_test(an_erase_block_of_two_mebibytes_is_erased_once),
		cmocka_unit_test(a_bad_nand_block_in_the_range_is_refused_before_anything_is_touched),
		cmocka_unit_test(cfi_flash_is_not_compared_with_the_copy_in_ram),
		cmocka_unit_test(what_cannot_be_typed_is_refused),
		cmocka_unit_test(comparing_tells_whole_flipped_erased_and_half_written),
		cmocka_unit_test(a_gap_behind_the_images_own_front_is_found),
		cmocka_unit_test(a_gap_behind_a_foreign_front_is_found),
		cmocka_unit_test(sound_flash_reads_the_same_twice),
		cmocka_unit_test(flash_that_reads_differently_is_told_with_its_place),
		cmocka_unit_test(a_read_that_does_nothing_is_no_proof_of_sound_flash),
		cmocka_unit_test(nothing_compared_is_not_the_same),
		cmocka_unit_test(cells_grow_rather_than_being_forgotten),
		cmocka_unit_test(values_are_found_by_their_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
