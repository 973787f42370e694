/* What all boot ROMs' machines have in common. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "tests/unit/boot_rom_bench.h"

static const struct boot_rom_options identify = { .identify_only = true };

static void each_has_what_an_operator_needs(void **state)
{
	size_t count;
	const struct boot_rom_protocol *const *protocols = boot_rom_protocols(&count);

	(void)state;
	assert_true(count >= 11);
	for (size_t i = 0; i < count; i++) {
		assert_non_null(protocols[i]->prepare);
		assert_non_null(protocols[i]->files);
		assert_true(protocols[i]->baud > 0 && protocols[i]->patience_ms > 0);
		assert_ptr_equal(boot_rom_find(protocols[i]->name), protocols[i]);
	}
	assert_null(boot_rom_find("allwinner"));
	assert_non_null(boot_rom_why_not("allwinner"));
}

static void a_silent_line_ends_in_a_time_out(void **state)
{
	size_t count;
	const struct boot_rom_protocol *const *protocols = boot_rom_protocols(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct rom_bench *bench = calloc(1, sizeof(*bench));

		bench_run(bench, protocols[i]->name, &identify, 600000);
		assert_true(bench->is_over);
		assert_int_equal(bench->status, STATUS_TIMEOUT);
		assert_true(bench->now_ms <= protocols[i]->patience_ms + 6000);
		free(bench);
	}
}

static void babble(struct rom_bench *bench, uint8_t byte)
{
	(void)byte;
	if (bench->to_host_size > 64)
		return;
	for (unsigned i = 0; i < 40; i++) {
		bench->state = bench->state * 6364136223846793005u + 1442695040888963407u;
		bench_say_byte(bench, (uint8_t)(bench->state >> 33));
	}
}

static void a_line_that_babbles_ends_too(void **state)
{
	size_t count;
	const struct boot_rom_protocol *const *protocols = boot_rom_protocols(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct rom_bench *bench = calloc(1, sizeof(*bench));

		bench->device = babble;
		bench->state = i;
		bench_run(bench, protocols[i]->name, &identify, 600000);
		assert_true(bench->is_over);
		free(bench);
	}
}

static void echo(struct rom_bench *bench, uint8_t byte)
{
	if (bench->to_host_size < sizeof(bench->to_host))
		bench_say_byte(bench, byte);
}

/* A system that runs, or a loop of TX to RX: no ROM. */
static void an_echo_is_no_boot_rom(void **state)
{
	static const char *const names[] = { "hisilicon", "hisilicon-v500", "hisilicon-cv6xx", "marvell", "esp", "sam-ba", "stm32", "ti", "mediatek" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct rom_bench *bench = calloc(1, sizeof(*bench));

		bench->device = echo;
		bench_run(bench, names[i], &identify, 600000);
		assert_true(bench->is_over);
		assert_int_equal(bench->status, STATUS_TIMEOUT);
		free(bench);
	}
}

static void flash_is_not_written_unasked(void **state)
{
	const struct boot_rom_file file = { .name = "a.bin", .data = BYTES("0123456789abcdef"), .address = 0x08000000, .has_address = true };
	const struct boot_rom_options options = { .files = &file, .file_count = 1 };
	struct boot_rom *rom = NULL;
	struct error error;

	(void)state;
	assert_int_equal(boot_rom_begin(boot_rom_find("esp"), &options, 0, &rom, &error), STATUS_REFUSED);
	assert_int_equal(boot_rom_begin(boot_rom_find("stm32"), &options, 0, &rom, &error), STATUS_REFUSED);
	assert_null(rom);
}

static void files_that_cannot_be_are_told_before_the_line_is_used(void **state)
{
	struct boot_rom_file file = { .name = "a.bin", .data = BYTES("0123456789abcdef") };
	const struct boot_rom_options options = { .files = &file, .file_count = 1, .may_write_flash = true }, none = { .file_count = 0 };
	struct boot_rom *rom = NULL;
	struct error error;

	(void)state;
	assert_int_equal(boot_rom_begin(boot_rom_find("esp"), &options, 0, &rom, &error), STATUS_INVALID);
	assert_int_equal(boot_rom_begin(boot_rom_find("marvell"), &options, 0, &rom, &error), STATUS_INVALID);
	assert_int_equal(boot_rom_begin(boot_rom_find("imx"), &options, 0, &rom, &error), STATUS_INVALID);
	assert_int_equal(boot_rom_begin(boot_rom_find("ti"), &none, 0, &rom, &error), STATUS_INVALID);
	file.has_address = true;
	file.address = UINT64_C(0xfffffff8);
	assert_int_equal(boot_rom_begin(boot_rom_find("esp"), &options, 0, &rom, &error), STATUS_INVALID);
	file.data.size = 0;
	assert_int_equal(boot_rom_begin(boot_rom_find("ti"), &options, 0, &rom, &error), STATUS_INVALID);
}

static void stopping_is_told_once(void **state)
{
	size_t count, told = 0;
	const struct boot_rom_protocol *const *protocols = boot_rom_protocols(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct boot_rom *rom = NULL;
		struct boot_rom_event event;
		struct error error;
		bool is_over = false;

		assert_int_equal(boot_rom_begin(protocols[i], &identify, 0, &rom, &error), STATUS_OK);
		boot_rom_cancel(rom, 5);
		boot_rom_cancel(rom, 6);
		for (unsigned n = 0; n < 20; n++) {
			event = boot_rom_tick(rom, 10 + n);
			if (event.type != BOOT_ROM_FAILED)
				continue;
			assert_false(is_over);
			assert_int_equal(event.status, STATUS_CANCELLED);
			is_over = true;
			told++;
		}
		assert_true(is_over);
		boot_rom_free(rom);
	}
	assert_int_equal(told, count);
}

static void an_adapter_that_goes_while_calling_is_waited_for(void **state)
{
	struct boot_rom *rom = NULL;
	struct boot_rom_event event;
	struct error error;

	(void)state;
	assert_int_equal(boot_rom_begin(boot_rom_find("marvell"), &identify, 0, &rom, &error), STATUS_OK);
	boot_rom_line_lost(rom, 10);
	do {
		event = boot_rom_tick(rom, 20);
		assert_int_not_equal(event.type, BOOT_ROM_FAILED);
	} while (event.type != BOOT_ROM_NOTHING);
	assert_true(boot_rom_output(rom).size > 0);
	boot_rom_free(rom);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_what_an_operator_needs),
		cmocka_unit_test(a_silent_line_ends_in_a_time_out),
		cmocka_unit_test(a_line_that_babbles_ends_too),
		cmocka_unit_test(an_echo_is_no_boot_rom),
		cmocka_unit_test(flash_is_not_written_unasked),
		cmocka_unit_test(files_that_cannot_be_are_told_before_the_line_is_used),
		cmocka_unit_test(stopping_is_told_once),
		cmocka_unit_test(an_adapter_that_goes_while_calling_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
