#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/boot_rom_bench.h"

enum { SELF = 0x3f401000, DCD_AT = 64 };

static struct {
	uint8_t command[16];
	size_t have;
	bool is_called;
	uint32_t to_take, address, jumped;
	uint32_t written[8][2];
	unsigned writes, reads;
} sdp;

static void command(struct rom_bench *bench)
{
	uint32_t address = load_be32(sdp.command + 2);

	switch (load_be16(sdp.command)) {
	case 0x0505:
		bench_say(bench, "\x56\x78\x78\x56\xf0\xf0\xf0\xf0", 8);
		return;
	case 0x0101:
		/* Ready at the third look. */
		bench_say(bench, ++sdp.reads >= 3 ? "\x56\x78\x78\x56\x01\x00\x00\x00" : "\x56\x78\x78\x56\x00\x00\x00\x00", 8);
		return;
	case 0x0202:
		sdp.written[sdp.writes % 8][0] = address;
		sdp.written[sdp.writes++ % 8][1] = load_be32(sdp.command + 11);
		bench_say(bench, "\x56\x78\x78\x56\x12\x8a\x8a\x12", 8);
		return;
	case 0x0404:
		sdp.address = address;
		sdp.to_take = load_be32(sdp.command + 7);
		return;
	case 0x0b0b:
		sdp.jumped = address;
		bench_say(bench, "\x56\x78\x78\x56 hello", 10);
		return;
	}
}

static void sdp_byte(struct rom_bench *bench, uint8_t byte)
{
	if (sdp.to_take > 0) {
		bench_take(bench, byte);
		if (--sdp.to_take == 0)
			bench_say(bench, "\x56\x78\x78\x56\x88\x88\x88\x88", 8);
		return;
	}
	sdp.command[sdp.have++] = byte;
	if (sdp.have == 4 && memcmp(sdp.command, "\x23\x45\x45\x23", 4) == 0) {
		bench_say(bench, sdp.command, 4);
		sdp.have = 0;
	}
	if (sdp.have == 16) {
		sdp.have = 0;
		command(bench);
	}
}

static uint8_t image[2000];

static void store_le32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void make_image(void)
{
	static const uint8_t dcd[] = { 0xd2, 0, 32, 0x40, 0xcc, 0, 12, 4, 0x02, 0x0e, 0x05, 0xac, 0, 0x0c, 0, 0,
				       0xcf, 0, 16, 0x1c, 0x02, 0x1b, 0, 0x18, 0, 0, 0, 1, 0, 0, 0, 0 };

	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)i;
	memcpy(image, "\xd1\x00\x20\x40", 4);
	store_le32(image + 12, SELF + DCD_AT);
	store_le32(image + 20, SELF);
	memcpy(image + DCD_AT, dcd, sizeof(dcd));
	memset(&sdp, 0, sizeof(sdp));
}

static const struct boot_rom_file file = { .name = "u-boot.imx", .data = { image, sizeof(image) } };
static const struct boot_rom_options options = { .files = &file, .file_count = 1 };

static void the_images_registers_come_first_and_only_once(void **state)
{
	struct rom_bench *bench = calloc(1, sizeof(*bench));

	(void)state;
	make_image();
	bench->device = sdp_byte;
	bench_run(bench, "imx", &options, 60000);
	bench_assert_told(bench, "fact secure boot=off");
	bench_assert_told(bench, "done ");
	assert_int_equal(sdp.writes, 1);
	assert_int_equal(sdp.written[0][0], 0x020e05ac);
	assert_int_equal(sdp.written[0][1], 0x000c0000);
	assert_int_equal(sdp.reads, 3);
	assert_int_equal(sdp.address, SELF);
	assert_int_equal(sdp.jumped, SELF);
	assert_int_equal(bench->taken_size, sizeof(image));
	assert_int_equal(load_le32(bench->taken + 12), 0);
	assert_memory_equal(bench->taken + 32, image + 32, sizeof(image) - 32);
	assert_int_equal(bench->left.size, 6);
	free(bench);
}

static void a_list_of_registers_that_does_not_lie_in_the_file_is_refused(void **state)
{
	struct boot_rom *rom = NULL;
	struct error error;

	(void)state;
	make_image();
	store_le32(image + 12, SELF + sizeof(image) - 2);
	assert_int_equal(boot_rom_begin(boot_rom_find("imx"), &options, 0, &rom, &error), STATUS_INVALID);
	make_image();
	image[DCD_AT + 6] = 200;
	assert_int_equal(boot_rom_begin(boot_rom_find("imx"), &options, 0, &rom, &error), STATUS_INVALID);
	store_le32(image + 12, SELF - 4);
	assert_int_equal(boot_rom_begin(boot_rom_find("imx"), &options, 0, &rom, &error), STATUS_INVALID);
}

static void echo(struct rom_bench *bench, uint8_t byte)
{
	bench_say_byte(bench, byte);
}

static void an_echo_is_no_boot_rom(void **state)
{
	struct rom_bench *bench = calloc(1, sizeof(*bench));

	(void)state;
	make_image();
	bench->device = echo;
	bench_run(bench, "imx", &options, 60000);
	assert_int_equal(bench->status, STATUS_PROTOCOL);
	free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_images_registers_come_first_and_only_once),
		cmocka_unit_test(a_list_of_registers_that_does_not_lie_in_the_file_is_refused),
		cmocka_unit_test(an_echo_is_no_boot_rom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
