#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/protocol/transfer_check.h"
#include "tests/unit/boot_rom_bench.h"

/* The ROM as burn and defib describe it: frames of known length, each acknowledged when it is whole. */
struct hisi {
	uint8_t frame[1100];
	size_t have;
	unsigned long left, objects;
	uint8_t number;
	bool is_called, keeps_tails;
	unsigned silent_at, frames;
};
static struct hisi rom;

static size_t frame_size(void)
{
	if (rom.frame[0] == 0xfe)
		return 14;
	if (rom.frame[0] == 0xda)
		return 5 + (rom.left < 1024 ? rom.left : 1024);
	return rom.frame[0] == 0xed ? 5 : 14;
}

static void take_frame(struct rom_bench *bench)
{
	rom.frames++;
	if (rom.frames == rom.silent_at)
		return;
	if (rom.frame[0] == 0xfe) {
		rom.left = load_be32(rom.frame + 4);
		rom.number = 1;
		bench->taken_size = 0;
	} else if (rom.frame[0] == 0xda && rom.frame[1] == rom.number) {
		for (size_t i = 3; i + 2 < rom.have; i++)
			bench_take(bench, rom.frame[i]);
		rom.left -= rom.have - 5;
		rom.number++;
	} else if (rom.frame[0] == 0xed) {
		rom.objects++;
		if (rom.keeps_tails)
			return;
	}
	bench_say_byte(bench, 0xaa);
}

static void hisi_byte(struct rom_bench *bench, uint8_t byte)
{
	if (rom.have == 0 && byte != 0xfe && byte != 0xda && byte != 0xed)
		return;
	rom.frame[rom.have++] = byte;
	if (rom.have < 14 && rom.frame[0] == 0xfe)
		return;
	if (rom.have < frame_size())
		return;
	if (crc16_update(0, bytes_of(rom.frame, rom.have)) == 0)
		take_frame(bench);
	rom.have = 0;
}

static uint8_t loader[5000];
static const uint8_t step[64] = { 1, 2, 3 };

static struct boot_rom_file files[] = {
	{ .name = "step", .data = { step, sizeof(step) }, .address = 0x04013000, .has_address = true },
	{ .name = "spl", .data = { loader, 2000 }, .address = 0x04010500, .has_address = true },
	{ .name = "u-boot", .data = { loader, sizeof(loader) }, .address = 0x41000000, .has_address = true },
};
static const struct boot_rom_options all = { .files = files, .file_count = 3 };

static struct rom_bench *begin(void)
{
	memset(&rom, 0, sizeof(rom));
	for (size_t i = 0; i < sizeof(loader); i++)
		loader[i] = (uint8_t)(i * 7 + i / 256);
	return calloc(1, sizeof(struct rom_bench));
}

static void three_objects_arrive_whole(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	bench->device = hisi_byte;
	bench_run(bench, "hisilicon", &all, 60000);
	bench_assert_told(bench, "done ");
	assert_int_equal(rom.objects, 3);
	assert_int_equal(bench->taken_size, sizeof(loader));
	assert_memory_equal(bench->taken, loader, sizeof(loader));
	free(bench);
}

static void a_frame_without_answer_is_sent_again(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	bench->device = hisi_byte;
	rom.silent_at = 6;
	bench_run(bench, "hisilicon", &all, 60000);
	bench_assert_told(bench, "sent again");
	bench_assert_told(bench, "done ");
	assert_memory_equal(bench->taken, loader, sizeof(loader));
	free(bench);
}

static void each_single_lost_byte_is_mended(void **state)
{
	(void)state;
	/* From the second object on; the call is repeated anyway. */
	for (size_t at = 400; at < 1700; at += 13) {
		struct rom_bench *bench = begin();

		bench->device = hisi_byte;
		bench->lose_at = at;
		bench_run(bench, "hisilicon", &all, 200000);
		assert_true(bench->is_over);
		/* A frame that is cut short swallows the next one here, as in a ROM that counts bytes: it may end well or not, never wrong. */
		if (bench->status == STATUS_OK)
			assert_memory_equal(bench->taken, loader, sizeof(loader));
		free(bench);
	}
}

static void tails_without_answer_are_passed_over(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	bench->device = hisi_byte;
	rom.keeps_tails = true;
	bench_run(bench, "hisilicon", &all, 60000);
	bench_assert_told(bench, "done ");
	assert_memory_equal(bench->taken, loader, sizeof(loader));
	free(bench);
}

static void the_cut_of_the_line_changes_nothing(void **state)
{
	struct rom_bench *whole = begin(), *bytes;

	(void)state;
	whole->device = hisi_byte;
	bench_run(whole, "hisilicon", &all, 60000);
	bytes = begin();
	bytes->device = hisi_byte;
	bytes->cut = 1;
	bench_run(bytes, "hisilicon", &all, 60000);
	assert_string_equal(whole->told, bytes->told);
	free(whole);
	free(bytes);
}

static void prompt_behind(struct rom_bench *bench, uint8_t byte)
{
	unsigned long before = rom.objects;

	hisi_byte(bench, byte);
	if (before == 2 && rom.objects == 3)
		bench_say(bench, "\r\nU-Boot # ", 11);
}

static void what_comes_behind_the_last_acknowledgement_is_the_consoles(void **state)
{
	struct rom_bench *bench = begin();

	(void)state;
	bench->device = prompt_behind;
	bench_run(bench, "hisilicon", &all, 60000);
	bench_assert_told(bench, "done ");
	assert_int_equal(bench->left.size, 11);
	assert_memory_equal(bench->left.data, "\r\nU-Boot # ", 11);
	free(bench);
}

static void a_profile_names_the_objects(void **state)
{
	struct rom_bench *bench = begin();
	struct boot_rom_file two[2] = {
		{ .name = "chip.json", .data = BYTES("{\"DDRSTEP0\": [1, 2, 3, 4], \"ADDRESS\": [\"0x04013000\", \"0x04010500\", \"0x41000000\"],"
						     " \"FILELEN\": [\"0x0040\", \"0x400\"]}") },
		{ .name = "u-boot.bin", .data = { loader, sizeof(loader) } },
	};
	const struct boot_rom_options options = { .files = two, .file_count = 2 };

	(void)state;
	bench->device = hisi_byte;
	bench_run(bench, "hisilicon", &options, 60000);
	bench_assert_told(bench, "the memory's step, 4 bytes, to 0x4013000");
	bench_assert_told(bench, "the first stage, 1024 bytes, to 0x4010500");
	bench_assert_told(bench, "the bootloader, 5000 bytes, to 0x41000000");
	bench_assert_told(bench, "done ");
	two[0].data = BYTES("{\"name\": \"another\"}");
	memset(bench, 0, sizeof(*bench));
	bench_run(bench, "hisilicon", &options, 60000);
	assert_int_equal(bench->status, STATUS_INVALID);
	free(bench);
}

static void composite_files_that_are_none_are_refused(void **state)
{
	static uint8_t data[20000];
	const struct boot_rom_file file = { .name = "x", .data = { data, sizeof(data) } };
	const struct boot_rom_options options = { .files = &file, .file_count = 1 };
	struct boot_rom *machine = NULL;
	struct error error;

	(void)state;
	assert_int_equal(boot_rom_begin(boot_rom_find("hisilicon-v500"), &options, 0, &machine, &error), STATUS_INVALID);
	memset(data + 1024, 0xff, 4);
	assert_int_equal(boot_rom_begin(boot_rom_find("hisilicon-v500"), &options, 0, &machine, &error), STATUS_INVALID);
	assert_int_equal(boot_rom_begin(boot_rom_find("hisilicon-cv6xx"), &options, 0, &machine, &error), STATUS_INVALID);
	memcpy(data + 2048, "\x2d\xd2\xb4\x4b", 4);
	memset(data + 2084, 0xff, 4);
	assert_int_equal(boot_rom_begin(boot_rom_find("hisilicon-cv6xx"), &options, 0, &machine, &error), STATUS_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_objects_arrive_whole),
		cmocka_unit_test(a_frame_without_answer_is_sent_again),
		cmocka_unit_test(each_single_lost_byte_is_mended),
		cmocka_unit_test(tails_without_answer_are_passed_over),
		cmocka_unit_test(the_cut_of_the_line_changes_nothing),
		cmocka_unit_test(what_comes_behind_the_last_acknowledgement_is_the_consoles),
		cmocka_unit_test(a_profile_names_the_objects),
		cmocka_unit_test(composite_files_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
