#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/boot_rom_bench.h"

enum { FLASH = 64 * 1024 };

/* AN3155, as far as it is used. */
struct part {
	uint8_t flash[FLASH];
	uint8_t got[300];
	size_t have, want;
	uint8_t command;
	unsigned step;
	uint32_t address;
	bool is_synced, is_protected, is_bad, is_started;
	unsigned erased, id;
};
static struct part part;

static void next(unsigned step, size_t want)
{
	part.step = step;
	part.want = want;
	part.have = 0;
}

static void answer(struct rom_bench *bench, bool is_good)
{
	bench_say_byte(bench, is_good ? 0x79 : 0x1f);
	if (!is_good)
		next(0, 2);
}

static void begin_command(struct rom_bench *bench)
{
	uint8_t list[] = { 5, 0x31, 0x00, 0x02, 0x11, 0x31, 0x44, 0x79 }, id[] = { 1, (uint8_t)(part.id >> 8), (uint8_t)part.id, 0x79 };

	part.command = part.got[0];
	if ((part.got[0] ^ part.got[1]) != 0xff || (part.is_protected && part.command > 2)) {
		answer(bench, false);
		return;
	}
	answer(bench, true);
	if (part.command == 0x00)
		bench_say(bench, list, sizeof(list));
	if (part.command == 0x02)
		bench_say(bench, id, sizeof(id));
	if (part.command <= 2)
		next(0, 2);
	else if (part.command == 0x44)
		next(4, 2);
	else
		next(1, 5);
}

static void take_step(struct rom_bench *bench)
{
	switch (part.step) {
	case 0:
		begin_command(bench);
		return;
	case 1:
		part.address = load_be32(part.got) - 0x08000000;
		answer(bench, part.address < FLASH);
		if (part.address >= FLASH)
			return;
		part.is_started = part.command == 0x21;
		next(part.command == 0x11 ? 2 : 3, part.command == 0x11 ? 2 : 1);
		return;
	case 2:
		answer(bench, true);
		bench_say(bench, part.flash + part.address, part.got[0] + 1u);
		next(0, 2);
		return;
	case 3:
		if (part.have == 1) {
			part.want = part.got[0] + 3u;
			return;
		}
		for (size_t i = 0; i <= part.got[0] && !part.is_bad; i++)
			part.flash[part.address + i] &= part.got[1 + i];
		answer(bench, true);
		next(0, 2);
		return;
	case 4:
		if (part.have == 2) {
			part.want = 2 + 2 * (part.got[1] + 1u) + 1;
			return;
		}
		for (size_t i = 0; i <= part.got[1]; i++, part.erased++)
			memset(part.flash + load_be16(part.got + 2 + 2 * i) * 1024u, 0xff, 1024);
		answer(bench, true);
		next(0, 2);
		return;
	}
}

static void part_byte(struct rom_bench *bench, uint8_t byte)
{
	if (!part.is_synced) {
		part.is_synced = byte == 0x7f;
		next(0, 2);
		bench_say_byte(bench, 0x79);
		return;
	}
	part.got[part.have++] = byte;
	if (part.have == part.want)
		take_step(bench);
}

static uint8_t firmware[3001];
static struct boot_rom_file file = { .name = "fw", .data = { firmware, sizeof(firmware) }, .address = 0x08000800, .has_address = true };
static const struct boot_rom_options options = { .files = &file, .file_count = 1, .may_write_flash = true, .start = true };

static struct rom_bench *begin(void)
{
	struct rom_bench *bench = calloc(1, sizeof(*bench));

	memset(&part, 0, sizeof(part));
	part.id = 0x410;
	memset(part.flash, 0x11, sizeof(part.flash));
	for (size_t i = 0; i < sizeof(firmware); i++)
		firmware[i] = (uint8_t)(i * 5 + i / 256);
	bench->device = part_byte;
	return bench;
}

static void only_the_files_pages_are_erased_and_all_is_compared(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	bench_run(bench, "stm32", &options, 60000);
	bench_assert_told(bench, "fact chip=0x410, STM32F1, medium density");
	bench_assert_told(bench, "verified fw");
	bench_assert_told(bench, "done ");
	assert_int_equal(part.erased, 3);
	assert_memory_equal(part.flash + 0x800, firmware, sizeof(firmware));
	assert_int_equal(part.flash[0x7ff], 0x11);
	assert_int_equal(part.flash[0x800 + 3 * 1024], 0x11);
	assert_true(part.is_started);
	free(bench);
}

static void protection_is_told_and_never_lifted(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	part.is_protected = true;
	bench_run(bench, "stm32", &options, 60000);
	assert_int_equal(bench->status, STATUS_REFUSED);
	bench_assert_told(bench, "fact read protection=on");
	assert_int_equal(part.erased, 0);
	free(bench);
}

static void flash_that_does_not_take_it_is_no_success(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	part.is_bad = true;
	bench_run(bench, "stm32", &options, 60000);
	assert_int_equal(bench->status, STATUS_PROTOCOL);
	bench_assert_told(bench, "holds something else");
	assert_false(part.is_started);
	free(bench);
}

static void an_unknown_part_is_not_erased(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	part.id = 0x999;
	bench_run(bench, "stm32", &options, 60000);
	assert_int_equal(bench->status, STATUS_UNSUPPORTED);
	assert_int_equal(part.erased, 0);
	free(bench);
}

static void what_lies_before_the_file_in_its_page_is_not_erased(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	file.address = 0x08000810;
	bench_run(bench, "stm32", &options, 60000);
	file.address = 0x08000800;
	assert_int_equal(bench->status, STATUS_REFUSED);
	assert_int_equal(part.erased, 0);
	free(bench);
}

static void the_cut_of_the_line_changes_nothing(void **state)
{
	struct rom_bench *whole = begin(), *bytes;

	(void)state;
	bench_run(whole, "stm32", &options, 60000);
	bytes = begin();
	bytes->cut = 1;
	bench_run(bytes, "stm32", &options, 60000);
	assert_string_equal(whole->told, bytes->told);
	free(whole);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_files_pages_are_erased_and_all_is_compared),
		cmocka_unit_test(protection_is_told_and_never_lifted),
		cmocka_unit_test(flash_that_does_not_take_it_is_no_success),
		cmocka_unit_test(an_unknown_part_is_not_erased),
		cmocka_unit_test(what_lies_before_the_file_in_its_page_is_not_erased),
		cmocka_unit_test(the_cut_of_the_line_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
