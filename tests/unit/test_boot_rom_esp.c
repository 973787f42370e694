#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/boot_rom_bench.h"

enum { FLASH = 256 * 1024 };

/* The ROM loader, as far as it is used. */
struct chip {
	uint8_t flash[FLASH];
	uint8_t frame[2048];
	size_t have;
	bool is_escaped;
	uint32_t magic, crypt, at, mid;
	unsigned begins, blocks, refuse_block, replies, lose_reply;
	bool has_wrong_md5, is_started;
	const uint8_t *md5;
};
static struct chip chip;

static void put(struct rom_bench *bench, uint8_t byte)
{
	if (byte == 0xc0)
		bench_say(bench, "\xdb\xdc", 2);
	else if (byte == 0xdb)
		bench_say(bench, "\xdb\xdd", 2);
	else
		bench_say_byte(bench, byte);
}

static void reply(struct rom_bench *bench, uint8_t op, uint32_t value, const void *data, size_t size, uint8_t error)
{
	if (++chip.replies == chip.lose_reply)
		return;
	bench_say_byte(bench, 0xc0);
	put(bench, 1);
	put(bench, op);
	put(bench, (uint8_t)(size + 4));
	put(bench, 0);
	for (unsigned i = 0; i < 4; i++)
		put(bench, (uint8_t)(value >> 8 * i));
	for (size_t i = 0; i < size; i++)
		put(bench, ((const uint8_t *)data)[i]);
	put(bench, error != 0);
	put(bench, error);
	put(bench, 0);
	put(bench, 0);
	bench_say_byte(bench, 0xc0);
}

static uint32_t value_at(uint32_t address)
{
	if (address == 0x40001000)
		return chip.magic;
	if (address == 0x3ff5a000)
		return chip.crypt;
	if (address == 0x3ff42080)
		return 0x1240ef;		/* 256 KiB */
	return address == 0x3ff5a004 ? 0x56789abc : address == 0x3ff5a008 ? 0x1234 : 0;
}

static void take_block(struct rom_bench *bench)
{
	uint32_t at = chip.at + load_le32(chip.frame + 12) * 1024;

	if (++chip.blocks == chip.refuse_block) {
		reply(bench, 3, 0, NULL, 0, 8);
		return;
	}
	for (size_t i = 0; i < 1024 && at + i < FLASH; i++)
		chip.flash[at + i] &= chip.frame[24 + i];
	reply(bench, 3, 0, NULL, 0, 0);
}

static void command(struct rom_bench *bench)
{
	uint8_t op = chip.frame[1], wrong[16] = { 0 };

	switch (op) {
	case 0x08:
		for (unsigned i = 0; i < 8; i++)
			reply(bench, op, 0, NULL, 0, 0);
		return;
	case 0x02:
		chip.at = load_le32(chip.frame + 20);
		memset(chip.flash + chip.at / 4096 * 4096, 0xff, (load_le32(chip.frame + 8) + 4095) / 4096 * 4096);
		chip.begins++;
		break;
	case 0x03:
		take_block(bench);
		return;
	case 0x04:
		chip.is_started = true;
		break;
	case 0x0a:
		reply(bench, op, value_at(load_le32(chip.frame + 8)), NULL, 0, 0);
		return;
	case 0x13:
		reply(bench, op, 0, chip.has_wrong_md5 ? wrong : chip.md5, 16, 0);
		return;
	}
	reply(bench, op, 0, NULL, 0, 0);
}

static void chip_byte(struct rom_bench *bench, uint8_t byte)
{
	if (byte == 0xc0) {
		if (chip.have >= 8)
			command(bench);
		chip.have = 0;
	} else if (byte == 0xdb) {
		chip.is_escaped = true;
	} else if (chip.have < sizeof(chip.frame)) {
		chip.frame[chip.have++] = chip.is_escaped ? (byte == 0xdc ? 0xc0 : 0xdb) : byte;
		chip.is_escaped = false;
	}
}

static uint8_t app[9001];
static const uint8_t md5[16] = { 1, 2, 0xc0, 0xdb, 5 };
static struct boot_rom_file file = { .name = "app", .data = { app, sizeof(app) }, .address = 0x1000, .has_address = true, .md5 = md5 };
static const struct boot_rom_options options = { .files = &file, .file_count = 1, .may_write_flash = true, .start = true };

static struct rom_bench *begin(void)
{
	struct rom_bench *bench = calloc(1, sizeof(*bench));

	memset(&chip, 0, sizeof(chip));
	chip.magic = 0x00f01d83;
	chip.md5 = md5;
	file.address = 0x1000;
	for (size_t i = 0; i < sizeof(app); i++)
		app[i] = (uint8_t)(i * 3 + i / 256);
	bench->device = chip_byte;
	return bench;
}

static void it_is_identified_written_and_compared(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	bench_run(bench, "esp", &options, 120000);
	bench_assert_told(bench, "fact chip=ESP32");
	bench_assert_told(bench, "fact mac=12:34:56:78:9a:bc");
	bench_assert_told(bench, "256 KiB");
	bench_assert_told(bench, "verified app");
	bench_assert_told(bench, "done ");
	assert_memory_equal(chip.flash + 0x1000, app, sizeof(app));
	assert_true(chip.is_started);
	free(bench);
}

static void to_identify_writes_nothing(void **state)
{
	const struct boot_rom_options identify = { .identify_only = true };
	struct rom_bench *bench = begin();

	(void)state;
	bench_run(bench, "esp", &identify, 60000);
	bench_assert_told(bench, "done ");
	assert_int_equal(chip.begins + chip.blocks, 0);
	free(bench);
}

static void a_refused_block_is_written_again_from_its_sector(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	chip.refuse_block = 6;
	bench_run(bench, "esp", &options, 120000);
	bench_assert_told(bench, "from byte 4096");
	bench_assert_told(bench, "done ");
	assert_memory_equal(chip.flash + 0x1000, app, sizeof(app));
	free(bench);
}

static void a_lost_reply_does_not_shift_the_data(void **state)
{
	(void)state;
	for (unsigned lost = 9; lost < 40; lost++) {
		struct rom_bench *bench = begin();

		chip.lose_reply = lost;
		bench_run(bench, "esp", &options, 400000);
		bench_assert_told(bench, "done ");
		assert_memory_equal(chip.flash + 0x1000, app, sizeof(app));
		free(bench);
	}
}

static void another_digest_is_no_success(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	chip.has_wrong_md5 = true;
	bench_run(bench, "esp", &options, 120000);
	assert_int_equal(bench->status, STATUS_PROTOCOL);
	bench_assert_told(bench, "holds something else");
	assert_false(chip.is_started);
	free(bench);
}

static void encrypted_flash_is_not_written(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	chip.crypt = 1 << 20;
	bench_run(bench, "esp", &options, 120000);
	assert_int_equal(bench->status, STATUS_REFUSED);
	assert_int_equal(chip.begins, 0);
	free(bench);
}

static void what_does_not_fit_is_not_begun(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	file.address = 0x3f000;
	bench_run(bench, "esp", &options, 120000);
	assert_int_equal(bench->status, STATUS_INVALID);
	assert_int_equal(chip.begins, 0);
	free(bench);
}

static void what_lies_before_the_file_in_its_sector_is_not_erased(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	file.address = 0x1010;
	bench_run(bench, "esp", &options, 60000);
	assert_int_equal(bench->status, STATUS_REFUSED);
	assert_int_equal(chip.begins, 0);
	free(bench);
}

static void speak_at_74880(struct rom_bench *bench, uint8_t byte)
{
	(void)byte;
	if (bench->state == 0 && bench_told(bench, "line 74880")) {
		static const char text[] = "\r\n ets Jan  8 2013,rst cause:2, boot mode:(3,6)\r\n";

		bench->state = 1;
		bench_say(bench, text, sizeof(text) - 1);
	}
}

static void a_chip_that_speaks_at_74880_is_heard(void **state)
{
	const struct boot_rom_options identify = { .identify_only = true };
	struct rom_bench *bench = begin();

	(void)state;
	bench->device = speak_at_74880;
	bench_run(bench, "esp", &identify, 120000);
	bench_assert_told(bench, "line 74880");
	bench_assert_told(bench, "line 115200");
	assert_int_equal(bench->status, STATUS_TIMEOUT);
	free(bench);
}

static void the_pins_move_only_when_allowed(void **state)
{
	struct boot_rom_options identify = { .identify_only = true, .may_move_pins = true };
	struct rom_bench *bench = begin();

	(void)state;
	bench_run(bench, "esp", &identify, 60000);
	bench_assert_told(bench, "pins 0 1\npins 1 0\npins 0 0\n");
	free(bench);
	bench = begin();
	identify.may_move_pins = false;
	bench_run(bench, "esp", &identify, 60000);
	assert_false(bench_told(bench, "pins"));
	free(bench);
}

static void the_cut_of_the_line_changes_nothing(void **state)
{
	struct rom_bench *whole = begin(), *bytes;

	(void)state;
	bench_run(whole, "esp", &options, 120000);
	bytes = begin();
	bytes->cut = 1;
	bench_run(bytes, "esp", &options, 120000);
	assert_string_equal(whole->told, bytes->told);
	free(whole);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_identified_written_and_compared),
		cmocka_unit_test(to_identify_writes_nothing),
		cmocka_unit_test(a_refused_block_is_written_again_from_its_sector),
		cmocka_unit_test(a_lost_reply_does_not_shift_the_data),
		cmocka_unit_test(another_digest_is_no_success),
		cmocka_unit_test(encrypted_flash_is_not_written),
		cmocka_unit_test(what_does_not_fit_is_not_begun),
		cmocka_unit_test(what_lies_before_the_file_in_its_sector_is_not_erased),
		cmocka_unit_test(a_chip_that_speaks_at_74880_is_heard),
		cmocka_unit_test(the_pins_move_only_when_allowed),
		cmocka_unit_test(the_cut_of_the_line_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
