#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/boot_rom_bench.h"

static struct {
	unsigned config;
	uint8_t command;
	uint8_t args[12];
	size_t have, want, data;
	uint16_t sum;
	unsigned bad_sums;
	uint8_t jumped;
} brom;

static void run_command(struct rom_bench *bench)
{
	if (brom.command == 0xd7) {
		bench_say(bench, "\0\0", 2);
		brom.data = load_be32(brom.args + 4);
		brom.sum = 0;
		bench->taken_size = 0;
	} else if (brom.command == 0xd5) {
		brom.jumped = 32;
		bench_say(bench, "\0\0F0: run\n", 10);
	} else if (brom.command == 0xde && brom.want == 4) {
		brom.want = 5;
		return;
	} else if (brom.command == 0xde && brom.want == 5) {
		bench_say(bench, "\0\0", 2);
		brom.want = 6;
		return;
	} else if (brom.command == 0xde) {
		brom.jumped = 64;
		bench_say(bench, "\0\0", 2);
	}
	brom.command = 0;
}

static void take_data(struct rom_bench *bench, uint8_t byte)
{
	uint8_t out[4] = { 0 };

	brom.sum ^= (uint16_t)(byte << (bench->taken_size % 2 ? 8 : 0));
	bench_take(bench, byte);
	if (--brom.data > 0)
		return;
	if (brom.bad_sums > 0) {
		brom.bad_sums--;
		brom.sum ^= 1;
	}
	store_be16(out, brom.sum);
	bench_say(bench, out, 4);
}

static void brom_byte(struct rom_bench *bench, uint8_t byte)
{
	static const uint8_t call[4] = { 0xa0, 0x0a, 0x50, 0x05 };

	if (bench->state < 4) {
		bench->state = byte == call[bench->state] ? bench->state + 1 : byte == call[0];
		if (bench->state > 0)
			bench_say_byte(bench, (uint8_t)~byte);
		return;
	}
	if (brom.data > 0) {
		take_data(bench, byte);
		return;
	}
	bench_say_byte(bench, byte);
	if (brom.command != 0) {
		brom.args[brom.have++] = byte;
		if (brom.have == brom.want)
			run_command(bench);
		return;
	}
	brom.have = 0;
	brom.want = byte == 0xd7 ? 12 : 4;
	if (byte == 0xfd)
		bench_say(bench, "\x79\x86\0\0", 4);
	else if (byte == 0xfc)
		bench_say(bench, "\x8a\0\xca\0\0\1\0\0", 8);
	else if (byte == 0xd8)
		bench_say(bench, ((uint8_t[]){ 0, 0, 0, (uint8_t)brom.config, 0, 0 }), 6);
	else
		brom.command = byte;
}

static uint8_t program[1001];
static const struct boot_rom_file file = { .name = "bl2", .data = { program, sizeof(program) } };
static const struct boot_rom_options options = { .files = &file, .file_count = 1 };

static struct rom_bench *begin(uint8_t first)
{
	struct rom_bench *bench = calloc(1, sizeof(*bench));

	memset(&brom, 0, sizeof(brom));
	for (size_t i = 0; i < sizeof(program); i++)
		program[i] = (uint8_t)(i * 3);
	program[3] = first;
	bench->device = brom_byte;
	return bench;
}

static void the_program_is_taken_and_started_in_its_own_width(void **state)
{
	struct rom_bench *bench = begin(0xaa);

	(void)state;
	bench_run(bench, "mediatek", &options, 60000);
	bench_assert_told(bench, "fact chip=hardware code 0x7986");
	bench_assert_told(bench, "done ");
	assert_int_equal(brom.jumped, 64);
	assert_memory_equal(bench->taken, program, sizeof(program));
	free(bench);
	bench = begin(0xea);
	bench_run(bench, "mediatek", &options, 60000);
	bench_assert_told(bench, "done ");
	assert_int_equal(brom.jumped, 32);
	assert_int_equal(bench->left.size, 8);
	free(bench);
}

static void a_damaged_program_is_sent_again_and_not_for_ever(void **state)
{
	struct rom_bench *bench = begin(0xaa);

	(void)state;
	brom.bad_sums = 1;
	bench_run(bench, "mediatek", &options, 60000);
	bench_assert_told(bench, "sent again");
	bench_assert_told(bench, "done ");
	free(bench);
	bench = begin(0xaa);
	brom.bad_sums = 100;
	bench_run(bench, "mediatek", &options, 60000);
	assert_int_equal(bench->status, STATUS_PROTOCOL);
	free(bench);
}

static void locked_units_are_told_and_left_alone(void **state)
{
	struct rom_bench *bench = begin(0xaa);

	(void)state;
	brom.config = 5;
	bench_run(bench, "mediatek", &options, 60000);
	bench_assert_told(bench, "fact secure boot=on");
	assert_int_equal(bench->status, STATUS_UNSUPPORTED);
	assert_int_equal(bench->taken_size, 0);
	free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_is_taken_and_started_in_its_own_width),
		cmocka_unit_test(a_damaged_program_is_sent_again_and_not_for_ever),
		cmocka_unit_test(locked_units_are_told_and_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
