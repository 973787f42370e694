/* tests/unit/test_barebox.c: the driver against a barebox made of its sources' words (commands/{crc,flash,memcpy,tftp,help}.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/loader/talk.h"
#include "src/base/text.h"
#include "tests/fakes/fake_loader.h"

enum { IMAGE_SIZE = LOADER_PIECE + 0x23456, PLACE = 0x40000 };

/* The RAM file lies at the beginning of the fake's RAM; user holds its size. */
static size_t *file_size(struct fake_loader *fake)
{
	return fake->user;
}

static void run_crc(struct fake_loader *fake, const char *file, const char *area)
{
	bool is_ram = text_equal(file, "/unbrick.img");
	char *end;
	uint64_t start = strtoull(area, &end, 16), size = strtoull(end + 1, NULL, 16), all = is_ram ? *file_size(fake) : FAKE_LOADER_FLASH;

	if ((is_ram && all == 0) || (!is_ram && !text_equal(file, "/dev/m25p0") && !text_equal(file, "/dev/nor0"))) {
		fake_loader_say(fake, "open %s: No such file or directory\n", file);
		return;
	}
	if (start + size > all)
		size = all > start ? all - start : 0;
	fake_loader_say(fake, "CRC32 for %s 0x%08llx ... 0x%08llx ==> 0x%08x\n", file, (unsigned long long)start, (unsigned long long)(start + size - 1),
			loader_sum_of(&loader_sum_crc32, bytes_of((is_ram ? fake->ram : fake->flash) + start, size)));
}

static void run_one(struct fake_loader *fake, char **word, unsigned count)
{
	char *end;
	uint64_t offset;

	if (fake->missing && text_equal(fake->missing, word[0])) {
		fake_loader_say(fake, "%s: not found\n", word[0]);
	} else if (text_equal(word[0], "version")) {
		fake_loader_say(fake, "\nbarebox 2023.01.0 #1 Thu Jan 26 12:00:00 UTC 2023\n\nBuildsystem version: none\n\n");
	} else if (text_equal(word[0], "help")) {
		fake_loader_say(fake, "\nInformation commands:\n  devinfo, help, version\nPartition commands:\n  addpart, erase, protect, unprotect\nFile commands:\n  cat, cp, crc32, ls, rm\n"
				"Network commands:\n  dhcp, host, ping, tftp\nMemory commands:\n  md, memcmp, memcpy, mw\nMiscellaneous commands:\n  clear, reset\n"
				"Use 'help COMMAND' for more details.\n\n");
	} else if (text_equal(word[0], "echo")) {
		fake_loader_say(fake, "Phytec phyCORE\n");
	} else if (text_equal(word[0], "rm")) {
		if (*file_size(fake) == 0)
			fake_loader_say(fake, "could not remove %s: No such file or directory\n", word[1]);
		*file_size(fake) = 0;
	} else if (text_equal(word[0], "tftp")) {
		*file_size(fake) = fake_loader_fetch(fake, fake->ram_base);
		fake_loader_say(fake, *file_size(fake) ? "\t[################################################################]\n" : "could not open /.tftp_tmp_path/firmware.bin: No such file or directory\n");
	} else if (text_equal(word[0], "crc32") && count == 4) {
		run_crc(fake, word[2], word[3]);
	} else if (text_equal(word[0], "erase") && count == 3) {
		offset = strtoull(word[2], &end, 16);
		if (!fake_loader_erase(fake, offset, strtoull(end + 1, NULL, 16)))
			fake_loader_say(fake, "erase: Invalid argument\n");
	} else if (text_equal(word[0], "memcpy") && count == 8) {
		offset = strtoull(word[5], NULL, 16);
		fake_loader_program(fake, strtoull(word[6], NULL, 16), fake->ram + offset, strtoull(word[7], NULL, 16));
	} else if (strchr(word[0], '=') == NULL && !text_equal(word[0], "unprotect")) {
		fake_loader_say(fake, "%s: not found\n", word[0]);
	}
}

static void run(struct fake_loader *fake, char **word, unsigned count)
{
	unsigned first = 0;

	for (unsigned i = 0; i < count; i++) {
		size_t size = strlen(word[i]);

		if (size > 0 && word[i][size - 1] == ';')
			word[i][size - 1] = '\0';
		else if (i + 1 < count)
			continue;
		run_one(fake, word + first, i + 1 - first);
		first = i + 1;
	}
}

static void set_up(struct loader_bench *b, size_t *size)
{
	*size = 0;
	loader_bench_init(b, "barebox@Phytec phyCORE:/ ", run, IMAGE_SIZE);
	b->fake.user = size;
	b->place.storage = STORAGE_SPI_NOR;
	b->place.offset = PLACE;
	b->place.room = 0x300000;
}

static void an_image_is_loaded_written_and_read_back(void **state)
{
	static const enum loader_storage kinds[] = { STORAGE_SPI_NOR, STORAGE_CFI };
	struct loader_bench b;
	size_t size;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		set_up(&b, &size);
			b.place.storage = kinds[i];
		b.place.tftp_port = 6969;
		assert_int_equal(loader_bench_do(&b, loader_barebox.learn), LOADER_DONE);
		assert_string_equal(b.build.model, "Phytec phyCORE");
		assert_true(b.build.has_tftp && b.build.has_crc32 && b.build.has_erase && b.build.has_protect);
		assert_int_equal(loader_bench_do(&b, loader_barebox.load_tftp), LOADER_DONE);
		assert_int_equal(loader_bench_do(&b, loader_barebox.write), LOADER_DONE);
		assert_memory_equal(b.fake.flash + PLACE, b.image, IMAGE_SIZE);
		assert_true(loader_bench_neighbours_untouched(&b, PLACE, loader_round_up(IMAGE_SIZE, 0x10000)));
		b.task.stop_at_difference = true;
		assert_int_equal(loader_bench_do(&b, loader_barebox.compare), LOADER_DONE);
		assert_true(loader_bench_typed(&b, "tftp -P 6969 firmware.bin /unbrick.img"));
		assert_false(loader_bench_typed(&b, "nv"));
		assert_false(loader_bench_typed(&b, "saveenv"));
		loader_bench_done(&b);
	}
}

static void what_arrived_wrong_is_not_written(void **state)
{
	struct loader_bench b;
	size_t size;

	(void)state;
	for (int fault = 0; fault < 3; fault++) {
		set_up(&b, &size);
			b.fake.spoils_ram = fault == 0;
		b.fake.sends_short = fault == 1;
		b.fake.is_unserved = fault == 2;
		assert_int_equal(loader_bench_do(&b, loader_barebox.load_tftp), LOADER_FAILED);
		assert_int_equal(loader_bench_do(&b, loader_barebox.write), LOADER_FAILED);
		assert_true(loader_bench_neighbours_untouched(&b, 0, 0));
		loader_bench_done(&b);
	}
}

static void a_bad_write_is_found_by_reading_back(void **state)
{
	struct loader_bench b;
	size_t size;

	(void)state;
	set_up(&b, &size);
	assert_int_equal(loader_bench_do(&b, loader_barebox.load_tftp), LOADER_DONE);
	b.fake.writes_badly = true;
	assert_int_equal(loader_bench_do(&b, loader_barebox.write), LOADER_DONE);
	b.task.stop_at_difference = true;
	assert_int_equal(loader_bench_do(&b, loader_barebox.compare), LOADER_FAILED);
	loader_bench_done(&b);
}

static void nand_and_names_that_are_no_flash_are_refused(void **state)
{
	struct loader_bench b;
	size_t size;

	(void)state;
	set_up(&b, &size);
	b.place.storage = STORAGE_NAND;
	b.place.erase_size = 0x20000;
	assert_int_equal(loader_bench_do(&b, loader_barebox.write), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_UNSUPPORTED);
	b.place.storage = STORAGE_SPI_NOR;
	b.place.node = "/dev/nor0; reset";
	assert_int_equal(loader_bench_do(&b, loader_barebox.write), LOADER_FAILED);
	b.place.node = "flash1.trx";
	assert_int_equal(loader_bench_do(&b, loader_barebox.compare), LOADER_FAILED);
	assert_string_equal(b.fake.typed, "");
	loader_bench_done(&b);
}

static void erasing_beyond_the_room_is_refused(void **state)
{
	struct loader_bench b;
	size_t size;

	(void)state;
	set_up(&b, &size);
	b.place.room = IMAGE_SIZE;
	assert_int_equal(loader_bench_do(&b, loader_barebox.write), LOADER_FAILED);
	assert_int_equal(b.error.status, STATUS_REFUSED);
	b.place.room = 0x300000;
	b.place.offset = PLACE + 0x100;
	assert_int_equal(loader_bench_do(&b, loader_barebox.write), LOADER_FAILED);
	loader_bench_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_is_loaded_written_and_read_back),
		cmocka_unit_test(what_arrived_wrong_is_not_written),
		cmocka_unit_test(a_bad_write_is_found_by_reading_back),
		cmocka_unit_test(nand_and_names_that_are_no_flash_are_refused),
		cmocka_unit_test(erasing_beyond_the_room_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
