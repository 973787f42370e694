#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/boot_rom_bench.h"

enum { HEADER = 0x200, DATA = 3000 };

static uint8_t image[HEADER + DATA + 4];

static void store_le32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void make_image(uint8_t device)
{
	uint32_t sum = 0;
	uint8_t head = 0;

	memset(image, 0, sizeof(image));
	for (size_t i = 0; i < DATA; i++)
		image[HEADER + i] = (uint8_t)(i * 11 + i / 256);
	for (size_t i = 0; i < DATA; i += 4)
		sum += load_le32(image + HEADER + i);
	store_le32(image + HEADER + DATA, sum);
	image[0] = device;
	store_le32(image + 4, DATA + 4);
	store_le32(image + 12, device == 0x78 ? 2 : device == 0xae ? 1 : HEADER);
	image[8] = 1;
	image[11] = HEADER >> 8;
	for (size_t i = 0; i < HEADER; i++)
		head = (uint8_t)(head + image[i]);
	image[31] = head;
}

/* Asks when it has seen the pattern, takes blocks with the 8-bit sum. */
static void rom_byte(struct rom_bench *bench, uint8_t byte)
{
	static uint8_t got[132];
	uint8_t sum = 0;

	if (bench->state < 8) {
		bench->state = byte == (uint8_t)"\xbb\x11\x22\x33\x44\x55\x66\x77"[bench->state] ? bench->state + 1 : byte == 0xbb;
		if (bench->state == 8)
			bench_say_byte(bench, 0x15);
		bench->count = 0;
		return;
	}
	if (bench->count == 0 && byte == 4) {
		bench_say(bench, "\x06\r\nU-Boot", 9);
		return;
	}
	if (bench->count == 0 && byte != 1)
		return;
	got[bench->count++] = byte;
	if (bench->count < sizeof(got))
		return;
	bench->count = 0;
	for (size_t i = 3; i < 131; i++)
		sum = (uint8_t)(sum + got[i]);
	if (sum != got[131]) {
		bench_say_byte(bench, 0x15);
		return;
	}
	if (bench->extra == 1) {
		bench_say_byte(bench, 0x18);	/* it refuses with one CAN */
		return;
	}
	for (size_t i = 3; i < 131; i++)
		bench_take(bench, got[i]);
	if (bench->taken_size == HEADER)
		bench_say(bench, "\r\nDDR3 training\r\n", 17);
	bench_say_byte(bench, 0x06);
}

static const struct boot_rom_file file = { .name = "u-boot.kwb", .data = { image, sizeof(image) } };
static const struct boot_rom_options options = { .files = &file, .file_count = 1 };

static void header_is_made_one_for_the_uart(uint8_t device)
{
	struct rom_bench *bench = calloc(1, sizeof(*bench));
	uint8_t sum = 0;

	make_image(device);
	bench->device = rom_byte;
	bench_run(bench, "marvell", &options, 200000);
	bench_assert_told(bench, "done ");
	assert_int_equal(bench->taken[0], 0x69);
	assert_int_equal(load_le32(bench->taken + 12), HEADER);
	for (size_t i = 0; i < HEADER; i++)
		sum = (uint8_t)(sum + (i == 31 ? 0 : bench->taken[i]));
	assert_int_equal(sum, bench->taken[31]);
	assert_memory_equal(bench->taken + HEADER, image + HEADER, DATA + 4);
	/* The text behind the last ACK. */
	assert_int_equal(bench->left.size, 8);
	free(bench);
}

static void images_for_each_boot_device_are_taken(void **state)
{
	(void)state;
	header_is_made_one_for_the_uart(0x5a);
	header_is_made_one_for_the_uart(0x8b);
	header_is_made_one_for_the_uart(0x78);
	header_is_made_one_for_the_uart(0xae);
	header_is_made_one_for_the_uart(0x69);
}

static void a_refusal_is_told_at_once(void **state)
{
	struct rom_bench *bench = calloc(1, sizeof(*bench));

	(void)state;
	make_image(0x5a);
	bench->device = rom_byte;
	bench->extra = 1;
	bench_run(bench, "marvell", &options, 200000);
	assert_int_equal(bench->status, STATUS_PROTOCOL);
	bench_assert_told(bench, "refused");
	assert_true(bench->now_ms < 10000);
	free(bench);
}

static void damaged_images_are_not_sent(void **state)
{
	struct boot_rom *rom = NULL;
	struct error error;

	(void)state;
	make_image(0x5a);
	image[HEADER + 100] ^= 1;
	assert_int_equal(boot_rom_begin(boot_rom_find("marvell"), &options, 0, &rom, &error), STATUS_INVALID);
	make_image(0x5a);
	image[40] ^= 1;
	assert_int_equal(boot_rom_begin(boot_rom_find("marvell"), &options, 0, &rom, &error), STATUS_INVALID);
	make_image(0x5a);
	store_le32(image + 12, 0x7fffffff);
	assert_int_equal(boot_rom_begin(boot_rom_find("marvell"), &options, 0, &rom, &error), STATUS_INVALID);
}

static void signed_images_for_another_device_are_not_sent(void **state)
{
	struct boot_rom *rom = NULL;
	struct error error;
	uint8_t sum = 0;

	(void)state;
	make_image(0x5a);
	image[0x1e] = 1;
	image[32] = 1;		/* an optional header: security */
	image[34] = 16;
	image[31] = 0;
	for (size_t i = 0; i < HEADER; i++)
		sum = (uint8_t)(sum + image[i]);
	image[31] = sum;
	assert_int_equal(boot_rom_begin(boot_rom_find("marvell"), &options, 0, &rom, &error), STATUS_INVALID);
	assert_non_null(strstr(error.text, "signed"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images_for_each_boot_device_are_taken),
		cmocka_unit_test(a_refusal_is_told_at_once),
		cmocka_unit_test(damaged_images_are_not_sent),
		cmocka_unit_test(signed_images_for_another_device_are_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
