/* tests/unit/test_realtek.c: the driver against a loader made of the words of Realtek's bootcode (monitor.c). */
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

enum { IMAGE_SIZE = LOADER_PIECE + 0x2345, PLACE = 0x200000 };

struct options {
	bool is_little, is_nor, repeats_wrong, has_few_commands;
};

static const struct options *options(const struct fake_loader *fake)
{
	return fake->user;
}

static uint64_t hex(const char *text)
{
	return text ? strtoull(text, NULL, 16) : 0;
}

static void dump_words(struct fake_loader *fake, uint64_t address, unsigned words)
{
	const uint8_t *at = fake_loader_memory(fake, address, words * 4);

	for (unsigned i = 0; at && i < words; i++) {
		const uint8_t *b = at + i * 4;
		uint32_t word = options(fake)->is_little ? (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0]
							  : (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];

		if (i % 4 == 0)
			fake_loader_say(fake, "%08llX:", (unsigned long long)address + i * 4);
		fake_loader_say(fake, "\t%08X%s", word, i % 4 == 3 ? "\n" : "");
	}
}

static void on_write(struct fake_loader *fake, bool is_yes)
{
	uint64_t flash = fake->argument[0], ram = fake->argument[1], size = fake->argument[2];

	fake_loader_say(fake, "\n");
	if (!is_yes) {
		fake_loader_say(fake, "Abort!\n");
		return;
	}
	fake_loader_erase(fake, flash, loader_round_up(size, fake->erase_size));
	fake_loader_program(fake, flash, fake_loader_memory(fake, ram, size), size);
	fake_loader_say(fake, options(fake)->is_nor ? "Flash Write Successed!\n" : options(fake)->is_little ? "................\n" : "................");
}

static void on_read(struct fake_loader *fake, bool is_yes)
{
	fake_loader_say(fake, "\n");
	if (is_yes)
		memcpy(fake_loader_memory(fake, fake->argument[0], fake->argument[2]), fake->flash + fake->argument[1], fake->argument[2]);
	fake_loader_say(fake, is_yes ? "Flash Read Successed!\n" : "Abort!\n");
}

static void compare_words(struct fake_loader *fake, uint64_t a, uint64_t b, uint64_t size)
{
	const uint8_t *left = fake_loader_memory(fake, a, size), *right = fake_loader_memory(fake, b, size);
	bool error = false;

	for (uint64_t i = 0; i < size; i += 4)
		if (memcmp(left + i, right + i, 4) != 0) {
			fake_loader_say(fake, "%lluth data(%x %x) error\n", (unsigned long long)i, left[i], right[i]);
			error = true;
		}
	if (!error)
		fake_loader_say(fake, "No error found\n");
}

static void say_help(struct fake_loader *fake)
{
	fake_loader_say(fake, "----------------- COMMAND MODE HELP ------------------\nHELP (?)\t\t\t\t    : Print this help message\nDB <Address> <Len>\n%s"
			"AUTOBURN: 0/1\nLOADADDR: LOADADDR <addr>\nFLR: FLR <dst><src><length>\nFLW <dst_ROM_offset><src_RAM_addr><length_Byte> <SPI cnt#>: Write offset-data to SPI from RAM\n",
			options(fake)->has_few_commands ? "" : "DW <Address> <Len>\nEB <Address> <Value1> <Value2>...\nCMP: CMP <dst><src><length>\n");
}

static void run(struct fake_loader *fake, char **word, unsigned count)
{
	for (unsigned i = 0; i < 3; i++)
		fake->argument[i] = count > i + 1 ? hex(word[i + 1]) : 0;
	if (text_equal(word[0], "?")) {
		say_help(fake);
	} else if (text_equal(word[0], "DW")) {
		dump_words(fake, fake->argument[0], (unsigned)strtoul(word[2], NULL, 10));
	} else if (text_equal(word[0], "EB")) {
		for (unsigned i = 2; i < count; i++)
			*fake_loader_memory(fake, fake->argument[0] + i - 2, 1) = (uint8_t)hex(word[i]);
	} else if (text_equal(word[0], "CMP")) {
		compare_words(fake, fake->argument[0], fake->argument[1], fake->argument[2]);
	} else if (text_equal(word[0], "FLW")) {
		unsigned long long size = fake->argument[2] + (options(fake)->repeats_wrong ? 0x10000 : 0);

		if (options(fake)->is_nor)
			fake_loader_say(fake, "Flash Program from %llX to %llX with %llX bytes\t?\n(Y)es, (N)o->", (unsigned long long)fake->argument[1],
					(unsigned long long)fake->argument[0], size);
		else
			fake_loader_say(fake, "Write 0x%llx Bytes to SPI flash#1, offset 0x%llx<0x%llx>, from RAM 0x%llx to 0x%llx\n(Y)es, (N)o->", size,
					(unsigned long long)fake->argument[0], (unsigned long long)fake->argument[0] + 0xbd000000, (unsigned long long)fake->argument[1],
					(unsigned long long)fake->argument[1] + size);
		fake->answered = on_write;
	} else if (text_equal(word[0], "FLR")) {
		fake_loader_say(fake, "Flash read from %llX to %llX with %llX bytes\t?\n(Y)es , (N)o ? --> ", (unsigned long long)fake->argument[1],
				(unsigned long long)fake->argument[0], (unsigned long long)fake->argument[2]);
		fake->answered = on_read;
	} else {
		fake_loader_say(fake, "Unknown command !\n");
	}
}

static void set_up(struct loader_bench *b, void *options)
{
	struct options *is = options;

	*is = (struct options){ 0 };
	loader_bench_init(b, "<RealTek>", run, IMAGE_SIZE);
	b->fake.user = is;
	b->fake.has_no_ctrl_c = true;
	b->clean_keys = loader_realtek.clean_keys;
	b->place.storage = STORAGE_SPI_NOR;
	b->place.offset = PLACE;
	b->place.room = 0x180000;
	b->place.load_address = 0x80100000;
}

/* The options of the bench are b->fake.user. */
static int begin(void **state)
{
	return loader_bench_begin(state, sizeof(struct options), set_up);
}

/* As the bench's TFTP client does. */
static void put_image(struct loader_bench *b)
{
	memcpy(b->fake.ram + 0x100000, b->image, IMAGE_SIZE);
}

static void what_was_put_into_ram_is_written_and_read_back(void **state)
{
	struct loader_bench b;
	struct options is;

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		set_up(&b, &is);
		is.is_little = kind == 1;
		is.is_nor = kind == 2;
		put_image(&b);
		assert_int_equal(loader_bench_do(&b, loader_realtek.learn), LOADER_DONE);
		assert_int_equal(loader_bench_do(&b, loader_realtek.write), LOADER_DONE);
		assert_memory_equal(b.fake.flash + PLACE, b.image, IMAGE_SIZE);
		assert_true(loader_bench_neighbours_untouched(&b, PLACE, loader_round_up(IMAGE_SIZE, 0x10000)));
		b.task.stop_at_difference = true;
		assert_int_equal(loader_bench_do(&b, loader_realtek.compare), LOADER_DONE);
		assert_int_equal(b.task.cell_count, (IMAGE_SIZE + 4095) / 4096);
		loader_bench_done(&b);
	}
}

static void nothing_is_written_that_is_not_in_ram(void **state)
{
	struct loader_bench *b = *state;

	assert_int_equal(loader_bench_do(b, loader_realtek.write), LOADER_FAILED);
	assert_int_equal(loader_bench_do(b, loader_realtek.compare), LOADER_FAILED);
	put_image(b);
	b->fake.ram[0x100000 + IMAGE_SIZE - 8] ^= 1;	/* came short by a block */
	assert_int_equal(loader_bench_do(b, loader_realtek.write), LOADER_FAILED);
	assert_false(loader_bench_typed(b, "FLW"));
}

static void a_question_that_repeats_something_else_is_answered_with_no(void **state)
{
	struct loader_bench *b = *state;
	struct options *is = b->fake.user;

	put_image(b);
	is->repeats_wrong = true;
	assert_int_equal(loader_bench_do(b, loader_realtek.write), LOADER_FAILED);
	assert_int_equal(b->error.status, STATUS_REFUSED);
	assert_true(loader_bench_typed(b, "\nN\n"));
	assert_true(loader_bench_neighbours_untouched(b, 0, 0));
}

static void a_bad_write_is_found_by_reading_back(void **state)
{
	struct loader_bench *b = *state;

	put_image(b);
	b->fake.writes_badly = true;
	assert_int_equal(loader_bench_do(b, loader_realtek.write), LOADER_DONE);
	b->task.stop_at_difference = true;
	assert_int_equal(loader_bench_do(b, loader_realtek.compare), LOADER_FAILED);
	assert_int_equal(b->task.first_difference / LOADER_PIECE, 0);
}

static void a_build_that_cannot_compare_does_not_write(void **state)
{
	struct loader_bench *b = *state;
	struct options *is = b->fake.user;

	put_image(b);
	is->has_few_commands = true;
	assert_int_equal(loader_bench_do(b, loader_realtek.learn), LOADER_DONE);
	assert_int_equal(loader_bench_do(b, loader_realtek.write), LOADER_FAILED);
	assert_int_equal(b->error.status, STATUS_UNSUPPORTED);
}

static void a_line_that_came_wrong_is_emptied_without_ctrl_c(void **state)
{
	struct loader_bench *b = *state;

	put_image(b);
	b->fake.lose_byte = 5;
	assert_int_equal(loader_bench_do(b, loader_realtek.write), LOADER_DONE);
	assert_memory_equal(b->fake.flash + PLACE, b->image, IMAGE_SIZE);
	assert_null(strchr(b->fake.typed, 0x03));
}

static void that_it_fetches_nothing_is_said(void **state)
{
	(void)state;
	assert_null(loader_realtek.load_tftp);
	assert_non_null(loader_realtek.why_no_load);
	assert_null(loader_realtek.reset_command);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, loader_bench_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_into_ram_is_written_and_read_back),
		TEST(nothing_is_written_that_is_not_in_ram),
		TEST(a_question_that_repeats_something_else_is_answered_with_no),
		TEST(a_bad_write_is_found_by_reading_back),
		TEST(a_build_that_cannot_compare_does_not_write),
		TEST(a_line_that_came_wrong_is_emptied_without_ctrl_c),
		cmocka_unit_test(that_it_fetches_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
