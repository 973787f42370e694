#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/protocol/transfer_check.h"
#include "tests/unit/boot_rom_bench.h"

/* XMODEM with CRC. The device of the bench speaks only when it hears something, so its first words stand in the line before. */
static void rom_byte(struct rom_bench *bench, uint8_t byte)
{
	static uint8_t got[3 + 1024 + 2];
	size_t data = got[0] == 2 ? 1024 : 128;

	if (bench->count == 0 && byte == 4) {
		bench_say_byte(bench, 0x06);
		if (bench->extra > 0)
			bench_say(bench, "\r\nrun\r\n", 7);
		return;
	}
	if (bench->count == 0 && byte != 1 && byte != 2)
		return;
	if (bench->count == 0)
		data = byte == 2 ? 1024 : 128;
	got[bench->count++] = byte;
	if (bench->count < 3 + data + 2)
		return;
	bench->count = 0;
	if (crc16_update(0, bytes_of(got + 3, data)) != load_be16(got + 3 + data)) {
		bench_say_byte(bench, 0x15);
		return;
	}
	for (size_t i = 0; i < data; i++)
		bench_take(bench, got[3 + i]);
	bench_say_byte(bench, 0x06);
}

static uint8_t program[3000];
static const struct boot_rom_file file = { .name = "spl", .data = { program, sizeof(program) } };
static const struct boot_rom_options options = { .files = &file, .file_count = 1 };

static struct rom_bench *begin(const char *first_words)
{
	struct rom_bench *bench = calloc(1, sizeof(*bench));

	for (size_t i = 0; i < sizeof(program); i++)
		program[i] = (uint8_t)(i * 13);
	bench->device = rom_byte;
	bench_say(bench, first_words, strlen(first_words));
	return bench;
}

static void a_program_is_sent_when_it_is_asked_for(void **state)
{
	struct rom_bench *bench = begin("C");

	(void)state;
	bench->extra = 1;
	bench_run(bench, "ti", &options, 60000);
	bench_assert_told(bench, "done ");
	assert_true(bench->taken_size >= sizeof(program));
	assert_memory_equal(bench->taken, program, sizeof(program));
	assert_int_equal(bench->left.size, 7);
	free(bench);
}

static void nothing_is_sent_before(void **state)
{
	struct rom_bench *bench = begin("");

	(void)state;
	bench_run(bench, "ti", &options, 300000);
	assert_int_equal(bench->status, STATUS_TIMEOUT);
	assert_int_equal(bench->line_bytes, 0);
	free(bench);
}

static void a_letter_of_a_text_asks_for_nothing(void **state)
{
	struct rom_bench *bench = begin("\r\nCPU: ARMv7\r\nDRAM: 256 MB, C");

	(void)state;
	bench_run(bench, "ti", &options, 300000);
	assert_int_equal(bench->status, STATUS_TIMEOUT);
	assert_int_equal(bench->line_bytes, 0);
	free(bench);
}

static void to_identify_sends_nothing(void **state)
{
	const struct boot_rom_options identify = { .identify_only = true };
	struct rom_bench *bench = begin("CCC");

	(void)state;
	bench_run(bench, "ti", &identify, 60000);
	bench_assert_told(bench, "done ");
	assert_int_equal(bench->line_bytes, 0);
	free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_is_sent_when_it_is_asked_for),
		cmocka_unit_test(nothing_is_sent_before),
		cmocka_unit_test(a_letter_of_a_text_asks_for_nothing),
		cmocka_unit_test(to_identify_sends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
