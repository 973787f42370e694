/* tests/unit/test_redboot.c: the driver against a RedBoot made of its sources' words (eCos packages/redboot/current/src). */
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

enum { IMAGE_SIZE = LOADER_PIECE + 0x23456, PLACE = 0x40000, FLASH_BASE = 0xa8000000 };

struct options {
	bool is_new;		/* the banner of a 2009 source tree */
	uint64_t base;		/* of the flash, as the device says */
	const char *entry;	/* a line more of the directory */
	bool has_no_ram;	/* does not believe in the load address */
};
static struct options options(const struct fake_loader *fake)
{
	return *(const struct options *)fake->user;
}

static void say_banner(struct fake_loader *fake)
{
	struct options is = options(fake);

	fake_loader_say(fake, "\nRedBoot(tm) bootstrap and debug environment [ROMRAM]\nRelease, version 1.3.0 - built 16:57:58, Aug  7 2006\n\n"
			"Platform: ap51 \nRAM: 0x80000000-0x81000000, [0x80040450-0x80fe1000] available\n");
	if (is.is_new)
		fake_loader_say(fake, "FLASH: 0x%llx-0x%llx, 64 x 0x10000 blocks\n", (unsigned long long)is.base, (unsigned long long)is.base + 0x3fffff);
	else
		fake_loader_say(fake, "FLASH: 0x%llx - 0x%llx, 64 blocks of 0x00010000 bytes each.\n", (unsigned long long)is.base, (unsigned long long)is.base + 0x400000);
}

static void say_list(struct fake_loader *fake)
{
	struct options is = options(fake);

	fake_loader_say(fake, "Name              FLASH addr  Mem addr    Length      Entry point\n"
			"RedBoot           0xA8000000  0xA8000000  0x00030000  0x00000000\n"
			"%s"
			"FIS directory     0xA83E0000  0xA83E0000  0x0000F000  0x00000000\n"
			"RedBoot config    0xA83EF000  0xA83EF000  0x00001000  0x00000000\n", is.entry ? is.entry : "");
}

static void on_create(struct fake_loader *fake, bool is_yes)
{
	uint64_t flash = fake->argument[0] - FLASH_BASE, length = fake->argument[1], ram = fake->argument[2], size = fake->argument[3];

	if (!is_yes)
		return;
	fake_loader_erase(fake, flash, length);
	fake_loader_program(fake, flash, fake_loader_memory(fake, ram, size), size);
	fake_loader_say(fake, "... Erase from 0xa8040000-0xa8200000: ...........\n... Program from 0x80041000-0x80164456 to 0xa8040000: ............\n"
			"... Erase from 0xa83e0000-0xa83f0000: .\n... Program from 0x80ff0000-0x81000000 to 0xa83e0000: .\n");
}

static void run_fis(struct fake_loader *fake, char **word, unsigned count)
{
	uint64_t flash = fake_loader_option(word, count, "-f", 0), size = fake_loader_option(word, count, "-l", 0);

	if (text_equal(word[1], "list")) {
		say_list(fake);
		return;
	}
	fake->argument[0] = flash;
	fake->argument[1] = size;
	fake->argument[2] = fake_loader_option(word, count, "-b", 0);
	fake->argument[3] = fake_loader_option(word, count, "-s", size);
	if (text_equal(word[1], "erase")) {
		fake_loader_say(fake, fake_loader_erase(fake, flash - FLASH_BASE, size) ? "... Erase from 0x%llx-0x%llx: ....\n" : "Invalid FLASH address: 0x%llx (0x%llx)\n",
				(unsigned long long)flash, (unsigned long long)(flash + size));
	} else if (text_equal(word[1], "create")) {
		fake_loader_say(fake, "An image named '%s' exists - continue (y/n)? ", word[count - 1]);
		fake->answered = on_create;
	} else if (text_equal(word[1], "write")) {
		fake_loader_say(fake, "* CAUTION * about to program FLASH\n            at 0x%llx..0x%llx from 0x%llx - continue (y/n)? ", (unsigned long long)flash,
				(unsigned long long)(flash + size), (unsigned long long)fake->argument[2]);
		fake->argument[1] = loader_round_up(size, fake->erase_size);
		fake->argument[3] = size;
		fake->answered = on_create;
	}
}

static void on_no_ram(struct fake_loader *fake, bool is_yes)
{
	if (is_yes)
		fake_loader_fetch(fake, fake->ram_base + 0x41000);
}

static void run_load(struct fake_loader *fake, char **word, unsigned count)
{
	uint64_t address = fake_loader_option(word, count, "-b", 0);
	size_t size;

	if (options(fake).has_no_ram) {
		fake_loader_say(fake, "Specified address (0x%llx) is not believed to be in RAM - continue (y/n)? ", (unsigned long long)address);
		fake->answered = on_no_ram;
		return;
	}
	size = fake_loader_fetch(fake, address);
	if (size == 0)
		fake_loader_say(fake, "Can't load '%s': operation timed out\n", word[count - 1]);
	else
		fake_loader_say(fake, "Using default protocol (TFTP)\nRaw file loaded 0x%llx-0x%llx, assumed entry at 0x%llx\n", (unsigned long long)address,
				(unsigned long long)(address + size - 1), (unsigned long long)address);
}

static void run(struct fake_loader *fake, char **word, unsigned count)
{
	if (fake->missing && text_equal(fake->missing, word[0])) {
		fake_loader_say(fake, "** Error: Illegal command: \"%s\"\n", word[0]);
	} else if (text_equal(word[0], "version")) {
		say_banner(fake);
	} else if (text_equal(word[0], "help")) {
		fake_loader_say(fake, "Manage aliases kept in FLASH memory\n   alias name [value]\nCompute a 32bit checksum [POSIX algorithm] for a range of memory\n   cksum -b <location> -l <length>\n"
				"Manage FLASH images\n   fis {cmds}\nHelp about help?\n   help [<topic>]\nLoad a file\n   load [-r] [-v] [-h <host>] [-m <varies>]\nReset the system\n   reset\n");
	} else if (text_equal(word[0], "ip_address")) {
		fake_loader_say(fake, "IP: %s/255.255.255.0, Gateway: 0.0.0.0\nDefault server: %s\n", word[2], word[4]);
	} else if (text_equal(word[0], "load")) {
		run_load(fake, word, count);
	} else if (text_equal(word[0], "fis")) {
		run_fis(fake, word, count);
	} else if (text_equal(word[0], "cksum")) {
		uint64_t size = fake_loader_option(word, count, "-l", 0);
		uint8_t *at = fake_loader_memory(fake, fake_loader_option(word, count, "-b", 0), size);
		uint32_t sum = at ? loader_sum_of(&loader_sum_posix, bytes_of(at, size)) : 0;

		fake_loader_say(fake, at ? "POSIX cksum = %u %llu (0x%08x 0x%08llx)\n" : "** command abort - illegal memory access?\n", sum, (unsigned long long)size, sum,
				(unsigned long long)size);
	}
}

static void set_up(struct loader_bench *b, void *options)
{
	struct options *is = options;

	*is = (struct options){ .base = FLASH_BASE };
	loader_bench_init(b, "RedBoot> ", run, IMAGE_SIZE);
	b->fake.user = is;
	b->fake.flash_base = FLASH_BASE;
	b->place.storage = STORAGE_SPI_NOR;
	b->place.offset = PLACE;
	b->place.room = 0x300000;
}

/* The options of the bench are b->fake.user. */
static int begin(void **state)
{
	return loader_bench_begin(state, sizeof(struct options), set_up);
}

static void learn_and_load(struct loader_bench *b)
{
	assert_int_equal(loader_bench_do(b, loader_redboot.learn), LOADER_DONE);
	assert_int_equal(loader_bench_do(b, loader_redboot.load_tftp), LOADER_DONE);
}

static const char vmlinux[] = "vmlinux.bin.l7    0xA8040000  0x80041000  0x00200000  0x80041000\n";

static void both_banners_give_flash_and_directory(void **state)
{
	struct loader_bench b;
	struct options is;

	(void)state;
	for (int is_new = 0; is_new < 2; is_new++) {
		set_up(&b, &is);
		is.is_new = is_new;
		is.entry = vmlinux;
		assert_int_equal(loader_bench_do(&b, loader_redboot.learn), LOADER_DONE);
		assert_int_equal(b.build.flash_base, FLASH_BASE);
		assert_int_equal(b.build.flash_size, 0x400000);
		assert_int_equal(b.build.flash_block, 0x10000);
		assert_int_equal(b.build.region_count, 4);
		assert_string_equal(b.build.region[1].name, "vmlinux.bin.l7");
		assert_string_equal(b.build.region[2].name, "FIS directory");
		assert_true(b.build.has_tftp && b.build.has_crc32);
		assert_string_equal(b.build.model, "ap51 ");
		loader_bench_done(&b);
	}
}

static void an_image_is_loaded_written_and_read_back(void **state)
{
	struct loader_bench *b = *state;

	learn_and_load(b);
	assert_int_equal(loader_bench_do(b, loader_redboot.write), LOADER_DONE);
	assert_memory_equal(b->fake.flash + PLACE, b->image, IMAGE_SIZE);
	assert_true(loader_bench_neighbours_untouched(b, PLACE, loader_round_up(IMAGE_SIZE, 0x10000)));
	b->task.stop_at_difference = true;
	assert_int_equal(loader_bench_do(b, loader_redboot.compare), LOADER_DONE);
	assert_false(loader_bench_typed(b, "fis create"));
}

static void what_the_directory_names_is_written_through_it(void **state)
{
	struct loader_bench *b = *state;
	struct options *is = b->fake.user;

	is->entry = vmlinux;
	learn_and_load(b);
	assert_int_equal(loader_bench_do(b, loader_redboot.write), LOADER_DONE);
	assert_true(loader_bench_typed(b, "fis create -b 0x80041000 -l 0x200000 -s 0x123456 -f 0xa8040000 -r 0x80041000 -e 0x80041000 vmlinux.bin.l7\ny\n"));
	assert_false(loader_bench_typed(b, "fis erase"));
	assert_memory_equal(b->fake.flash + PLACE, b->image, IMAGE_SIZE);
}

static void an_image_over_several_entries_is_refused_before_anything_is_erased(void **state)
{
	static const char *const entries[] = {
		"kernel            0xA8040000  0x80041000  0x00080000  0x80041000\nrootfs            0xA80C0000  0x80041000  0x00200000  0x80041000\n",
		"kernel            0xA8050000  0x80041000  0x00200000  0x80041000\n", "RedBoot[backup]   0xA8040000  0x80041000  0x00200000  0x80041000\n",
		"two words         0xA8040000  0x80041000  0x00200000  0x80041000\n",
	};
	struct loader_bench b;
	struct options is;

	(void)state;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		set_up(&b, &is);
		is.entry = entries[i];
		learn_and_load(&b);
		assert_int_equal(loader_bench_do(&b, loader_redboot.write), LOADER_FAILED);
		assert_int_equal(b.error.status, STATUS_REFUSED);
		assert_true(loader_bench_neighbours_untouched(&b, 0, 0));
		loader_bench_done(&b);
	}
}

static void a_directory_that_came_garbled_stops_the_write(void **state)
{
	static const char *const entries[] = {
		"eth0: link up, 100 Mbps\n", "vmlinux.bin.l7    0xA8040000  0x80041000\n", "vmlinux.bin.l7    0xFFFFFFFFA8040000  0x80041000  0x00200000  0x80041000\n",
		"a name that is far too long for it 0xA8100000  0x80041000  0x00200000  0x80041000\n",
	};
	struct loader_bench b;
	struct options is;

	(void)state;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		set_up(&b, &is);
		is.entry = entries[i];
		learn_and_load(&b);
		assert_int_equal(loader_bench_do(&b, loader_redboot.write), LOADER_FAILED);
		assert_true(loader_bench_neighbours_untouched(&b, 0, 0));
		loader_bench_done(&b);
	}
}

static void what_arrived_wrong_is_not_written(void **state)
{
	struct loader_bench *b = *state;

	assert_int_equal(loader_bench_do(b, loader_redboot.learn), LOADER_DONE);
	b->fake.spoils_ram = true;
	assert_int_equal(loader_bench_do(b, loader_redboot.load_tftp), LOADER_FAILED);
	assert_non_null(strstr(b->error.text, "not the image"));
	assert_int_equal(loader_bench_do(b, loader_redboot.write), LOADER_FAILED);
	assert_true(loader_bench_neighbours_untouched(b, 0, 0));
	b->fake.spoils_ram = false;
	b->fake.sends_short = true;
	assert_int_equal(loader_bench_do(b, loader_redboot.load_tftp), LOADER_FAILED);
	assert_non_null(strstr(b->error.text, "received"));
	b->fake.is_unserved = true;
	assert_int_equal(loader_bench_do(b, loader_redboot.load_tftp), LOADER_FAILED);
	assert_non_null(strstr(b->error.text, "operation timed out"));
}

static void a_build_without_cksum_writes_nothing(void **state)
{
	struct loader_bench *b = *state;

	assert_int_equal(loader_bench_do(b, loader_redboot.learn), LOADER_DONE);
	b->fake.missing = "cksum";
	assert_int_equal(loader_bench_do(b, loader_redboot.load_tftp), LOADER_FAILED);
	assert_int_equal(loader_bench_do(b, loader_redboot.write), LOADER_FAILED);
	assert_true(loader_bench_neighbours_untouched(b, 0, 0));
}

static void a_load_address_that_is_no_ram_is_answered_with_no(void **state)
{
	struct loader_bench *b = *state;
	struct options *is = b->fake.user;

	is->has_no_ram = true;
	assert_int_equal(loader_bench_do(b, loader_redboot.load_tftp), LOADER_FAILED);
	assert_int_equal(b->error.status, STATUS_REFUSED);
	assert_true(loader_bench_typed(b, "\nn\n"));
}

static void another_flash_than_the_profiles_is_refused(void **state)
{
	struct loader_bench *b = *state;

	b->place.base = 0xbfc00000;
	assert_int_equal(loader_bench_do(b, loader_redboot.learn), LOADER_DONE);
	assert_int_equal(loader_bench_do(b, loader_redboot.write), LOADER_FAILED);
	assert_int_equal(b->error.status, STATUS_REFUSED);
}

static void a_bad_write_is_found_by_reading_back(void **state)
{
	struct loader_bench *b = *state;

	learn_and_load(b);
	b->fake.writes_badly = true;
	assert_int_equal(loader_bench_do(b, loader_redboot.write), LOADER_DONE);
	b->task.stop_at_difference = true;
	assert_int_equal(loader_bench_do(b, loader_redboot.compare), LOADER_FAILED);
}

static void another_program_at_the_prompt_is_no_redboot(void **state)
{
	struct loader_bench *b = *state;

	b->fake.missing = "version";
	assert_int_equal(loader_bench_do(b, loader_redboot.learn), LOADER_FAILED);
}

static void the_sum_is_that_of_posix(void **state)
{
	(void)state;
	/* printf 123456789 | cksum; and of nothing */
	assert_int_equal(loader_sum_of(&loader_sum_posix, BYTES("123456789")), 930766865u);
	assert_int_equal(loader_sum_of(&loader_sum_posix, bytes_of("", 0)), 4294967295u);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, loader_bench_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_banners_give_flash_and_directory),
		TEST(an_image_is_loaded_written_and_read_back),
		TEST(what_the_directory_names_is_written_through_it),
		cmocka_unit_test(an_image_over_several_entries_is_refused_before_anything_is_erased),
		cmocka_unit_test(a_directory_that_came_garbled_stops_the_write),
		TEST(what_arrived_wrong_is_not_written),
		TEST(a_build_without_cksum_writes_nothing),
		TEST(a_load_address_that_is_no_ram_is_answered_with_no),
		TEST(another_flash_than_the_profiles_is_refused),
		TEST(a_bad_write_is_found_by_reading_back),
		TEST(another_program_at_the_prompt_is_no_redboot),
		cmocka_unit_test(the_sum_is_that_of_posix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
