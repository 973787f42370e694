/* tests/unit/test_uboot.c: learning, loading and writing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>


#include "tests/unit/uboot_bench.h"

static void recovers(enum loader_storage storage, bool by_bytes)
{
	struct uboot_bench b;

	uboot_bench_set_up(&b, storage);
	b.by_bytes = by_bytes;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.learn), LOADER_DONE);
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.load_tftp), LOADER_DONE);
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_DONE);
	assert_int_equal(b.task.done, IMAGE_SIZE);
	assert_memory_equal(b.fake.flash + PLACE, b.image, IMAGE_SIZE);
	uboot_bench_assert_neighbours_untouched(&b);
	/* Behind the image's end: erased or old, never what lay in RAM. */
	for (size_t i = PLACE + IMAGE_SIZE; i < PLACE + b.place.room; i++)
		assert_true(b.fake.flash[i] == 0xff || b.fake.flash[i] == 0x3c);
	loader_task_init(&b.task, &b.place, &b.build, bytes_of(b.image, IMAGE_SIZE));
	b.task.stop_at_difference = true;
	b.task.cell_size = LOADER_PIECE;
	assert_int_equal(uboot_bench_run(&b, loader_uboot.compare), LOADER_DONE);
	assert_int_equal(b.task.cell_count, 3);
	b.fake.flash[PLACE + LOADER_PIECE + 5] ^= 1;
	loader_task_init(&b.task, &b.place, &b.build, bytes_of(b.image, IMAGE_SIZE));
	b.task.stop_at_difference = true;
	b.task.cell_size = LOADER_PIECE;
	assert_int_equal(uboot_bench_run(&b, loader_uboot.compare), LOADER_FAILED);
	assert_int_equal(b.task.first_difference, LOADER_PIECE);
	assert_true(b.fake.longest_line < FAKE_LINE_MAX);
	assert_int_equal(b.retypes, 0);
	uboot_bench_tear_down(&b);
}

static void recovers_virtio(void **state) { (void)state; recovers(STORAGE_VIRTIO, false); }
static void recovers_mmc(void **state) { (void)state; recovers(STORAGE_MMC, false); }
static void recovers_spi_nor_byte_by_byte(void **state) { (void)state; recovers(STORAGE_SPI_NOR, true); }
static void recovers_nand(void **state) { (void)state; recovers(STORAGE_NAND, false); }
static void recovers_cfi(void **state) { (void)state; recovers(STORAGE_CFI, false); }

static void learns_build_and_environment(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.learn), LOADER_DONE);
	assert_true(b.build.is_known && b.build.has_tftp && !b.build.is_tftp_short && b.build.has_sf && b.build.has_crc32);
	assert_memory_equal(b.build.version, "U-Boot 2023.01", 14);
	assert_string_equal(b.build.model, "cam32");	/* without the sequence behind it */
	assert_string_equal(b.build.bootargs, "console=ttyAMA0");
	uboot_bench_tear_down(&b);
}

static void a_build_without_help_is_not_thought_to_lack_commands(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	b.fake.has_no_help = true;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.learn), LOADER_DONE);
	assert_false(b.build.is_known);
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.load_tftp), LOADER_DONE);
	uboot_bench_tear_down(&b);
}

static void a_shell_is_not_taken_for_a_bootloader(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	b.prompt = b.fake.prompt = "# ";
	b.fake.is_shell = true;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.learn), LOADER_FAILED);
	uboot_bench_tear_down(&b);
}

static void an_old_build_is_spoken_to_in_its_words(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	b.fake.is_old = true;
	b.prompt = b.fake.prompt = "hisilicon # ";
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.learn), LOADER_DONE);
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.load_tftp), LOADER_DONE);
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_DONE);
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.compare), LOADER_DONE);
	assert_int_equal(b.task.first_difference, UINT64_MAX);
	uboot_bench_tear_down(&b);
}

static void prompts_of_many_builds_are_recognised(void **state)
{
	static const struct { const char *shown, *prompt; } prompts[] = {
		{ "U-Boot> ", "U-Boot> " }, { "hisilicon # ", "hisilicon #" }, { "\x1b[1;32m=> \x1b[0m", "=> " }, { "=\x01> ", "=> " }, { "=>\x01 ", "=> " },
		{ "hisili\x01" "con # ", "hisilicon # " }, { "\x1b]0;t\x07=> ", "=> " }, { "nvt@na51023: ", "nvt@na51023: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++) {
		struct uboot_bench b;

		uboot_bench_set_up(&b, STORAGE_SPI_NOR);
		b.fake.prompt = prompts[i].shown;
		b.prompt = prompts[i].prompt;
		assert_int_equal(uboot_bench_begin(&b, loader_uboot.learn), LOADER_DONE);
		assert_true(b.build.is_known);
		uboot_bench_tear_down(&b);
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
		struct uboot_bench b;

		uboot_bench_set_up(&b, STORAGE_VIRTIO);
		*((bool *)((char *)&b.fake + faults[i].at)) = true;
		assert_int_equal(uboot_bench_begin(&b, loader_uboot.load_tftp), LOADER_FAILED);
		if (strstr(b.error.text, faults[i].says) == NULL)
			fail_msg("'%s' instead of '%s'", b.error.text, faults[i].says);
		uboot_bench_tear_down(&b);
	}
}

static void an_unserved_file_is_told_with_the_loaders_words(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_VIRTIO);
	b.fake.served.size = 0;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.load_tftp), LOADER_FAILED);
	assert_non_null(strstr(b.error.text, "File not found"));
	uboot_bench_tear_down(&b);
}

static void a_missing_command_is_no_success(void **state)
{
	static const char *const missing[] = { "sf", "crc32" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct uboot_bench b;

		uboot_bench_set_up(&b, STORAGE_SPI_NOR);
		memcpy(b.fake.ram, b.image, IMAGE_SIZE);
		b.fake.missing = missing[i];
		assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_FAILED);
		assert_non_null(strstr(b.error.text, "Unknown command"));
		assert_int_equal(uboot_bench_begin(&b, loader_uboot.compare), LOADER_FAILED);
		assert_int_equal(b.fake.writes, 0);
		uboot_bench_tear_down(&b);
	}
}

static void a_bad_line_is_typed_again_until_it_is_right(void **state)
{
	(void)state;
	for (unsigned at = 1; at < 60; at += 7) {
		struct uboot_bench b;

		uboot_bench_set_up(&b, STORAGE_VIRTIO);
		b.fake.lose_byte = at;
		b.fake.message_at_byte = at + 90;
		assert_int_equal(uboot_bench_begin(&b, loader_uboot.load_tftp), LOADER_DONE);
		assert_true(b.retypes >= 1);
		assert_memory_equal(b.fake.ram, b.image, IMAGE_SIZE);
		uboot_bench_tear_down(&b);
	}
}

static void a_line_that_stays_bad_runs_nothing_and_is_left_empty(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	memcpy(b.fake.ram, b.image, IMAGE_SIZE);
	b.fake.loses_always = true;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.fake.commands, 0);
	assert_int_equal(b.fake.line_size, 0);
	uboot_bench_tear_down(&b);
}

static void a_message_behind_the_prompt_costs_only_time(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_VIRTIO);
	b.fake.has_link_message = true;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.load_tftp), LOADER_DONE);
	uboot_bench_tear_down(&b);
}

static void a_write_error_in_the_third_piece_stops_the_write(void **state)
{
	static const enum loader_storage kinds[] = { STORAGE_SPI_NOR, STORAGE_CFI, STORAGE_NAND, STORAGE_MMC };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct uboot_bench b;

		uboot_bench_set_up(&b, kinds[i]);
		memcpy(b.fake.ram, b.image, IMAGE_SIZE);
		b.fake.write_error = 3;
		assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_FAILED);
		assert_int_equal(b.fake.writes, 3);
		assert_int_equal(b.task.done, 2 * LOADER_PIECE);
		uboot_bench_tear_down(&b);
	}
}

static void a_block_write_without_a_word_is_no_success(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_VIRTIO);
	memcpy(b.fake.ram, b.image, IMAGE_SIZE);
	b.fake.write_silence = 2;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.fake.writes, 2);
	uboot_bench_tear_down(&b);
}

static void a_device_that_starts_anew_is_not_written_with_what_its_ram_holds(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_CFI);	/* needs no probe, so nothing else would notice */
	memcpy(b.fake.ram, b.image, IMAGE_SIZE);
	b.fake.reset_at_write = 2;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.fake.writes, 2);
	/* The RAM is other now, and a write begun again must see it before it erases anything. */
	b.fake.erases = b.fake.writes = b.fake.reset_at_write = 0;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.fake.erases + b.fake.writes, 0);
	uboot_bench_tear_down(&b);
}

static void a_read_that_does_nothing_does_not_verify(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	uboot_bench_flash_image(&b);
	/* RAM full of the image, also where it will be read to */
	memcpy(b.fake.ram + 0x300000, b.image, IMAGE_SIZE);
	b.fake.reads_nothing = true;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.compare), LOADER_DONE);
	for (size_t i = 0; i < LOADER_PIECE / LOADER_CELL; i++)
		assert_int_equal(b.task.cell[i], CELL_DIFFERS);
	uboot_bench_tear_down(&b);
}

static void a_write_keeps_to_its_room(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	memcpy(b.fake.ram, b.image, IMAGE_SIZE);
	b.place.room = IMAGE_SIZE;	/* no whole erase block: the neighbour begins inside the last one */
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_REFUSED);
	b.place.room = 0x300000;
	b.place.offset = PLACE + 0x8000;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_REFUSED);
	b.place.offset = PLACE;
	b.place.erase_size = UINT64_C(1) << 40;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_FAILED);
	b.place.erase_size = 0;
	b.place.storage = STORAGE_NONE;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.compare), LOADER_FAILED);
	b.place.storage = STORAGE_VIRTIO;
	b.place.offset = PLACE + 256;	/* would be written half a sector too early */
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.fake.commands, 0);
	uboot_bench_tear_down(&b);
}

static void an_erase_block_of_two_mebibytes_is_erased_once(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_CFI);
	memcpy(b.fake.ram, b.image, IMAGE_SIZE);
	b.fake.erase_size = 2 * 1024 * 1024;
	b.place.erase_size = b.fake.erase_size;
	b.place.offset = 2 * 1024 * 1024;
	b.place.room = 4 * 1024 * 1024;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_DONE);
	assert_int_equal(b.fake.erases, 2);
	assert_memory_equal(b.fake.flash + b.place.offset, b.image, IMAGE_SIZE);
	assert_int_equal(b.fake.highest_touched, 6 * 1024 * 1024);
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.compare), LOADER_DONE);
	assert_int_equal(b.task.first_difference, UINT64_MAX);
	uboot_bench_tear_down(&b);
}

static void a_bad_nand_block_in_the_range_is_refused_before_anything_is_touched(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_NAND);
	memcpy(b.fake.ram, b.image, IMAGE_SIZE);
	b.fake.bad_block = PLACE + 0x40000;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_UNSUPPORTED);
	assert_int_equal(b.fake.erases + b.fake.writes, 0);
	b.fake.bad_block = PLACE - 0x20000;	/* in front of the range it does not matter */
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.write), LOADER_DONE);
	uboot_bench_tear_down(&b);
}

static void cfi_flash_is_not_compared_with_the_copy_in_ram(void **state)
{
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_CFI);
	b.place.base = FAKE_RAM_BASE - PLACE;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.compare), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_REFUSED);
	uboot_bench_tear_down(&b);
}

static void what_cannot_be_typed_is_refused(void **state)
{
	static const char *const names[] = { "a b", "x;reset", "", "$file", "tab\there", NULL,
					     "0123456789012345678901234567890123456789012345678901234567890123456789" };
	struct uboot_bench b;

	(void)state;
	uboot_bench_set_up(&b, STORAGE_SPI_NOR);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		b.place.file_name = names[i];
		assert_int_equal(uboot_bench_begin(&b, loader_uboot.load_tftp), LOADER_FAILED);
	}
	b.place.file_name = "firmware.bin";
	b.place.device_ip = NULL;
	assert_int_equal(uboot_bench_begin(&b, loader_uboot.load_tftp), LOADER_FAILED);
	assert_int_equal(b.fake.commands, 0);
	uboot_bench_tear_down(&b);
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
		cmocka_unit_test(values_are_found_by_their_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
