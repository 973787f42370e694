/* How deep packed files are looked into: what each look unpacks, and that none calls whole what it did not check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/bytes.h"
#include "src/base/crc.h"
#include "src/base/text.h"
#include "src/media/examine.h"
#include "src/media/image_file.h"
#include "tests/fakes/temp_folder.h"

enum { SMALL = 4000, LARGE = 600000, ROOM = 700000, BLOCK = 4096 };

static int setup(void **state)
{
	return temp_bench_begin(state, "looks", "firmware.bin");
}

static void put(const char *path, const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

/* Noise, which does not get smaller. seed makes another one. 0: the tool is not here. */
static size_t pack(const struct temp_bench *bench, const char *command, size_t plain_size, uint32_t seed, uint8_t *to)
{
	AUTO_FREE uint8_t *plain = malloc(plain_size);
	char line[700], tool[20];
	size_t size;
	FILE *file;

	assert_non_null(plain);
	for (size_t i = 0; i < plain_size; i++) {
		seed = seed * 1664525 + 1013904223;
		plain[i] = (uint8_t)(seed >> 24);
	}
	text_format(tool, sizeof(tool), "%.*s", (int)strcspn(command, " "), command);
	text_format(line, sizeof(line), "command -v %s >/dev/null", tool);
	if (system(line) != 0)
		return 0;
	put(bench->path, plain, plain_size);
	text_format(line, sizeof(line), "%s <%s", command, bench->path);
	file = popen(line, "r");
	assert_non_null(file);
	size = fread(to, 1, ROOM, file);
	pclose(file);
	return size;
}

static struct image_facts look_at(const struct temp_bench *bench, const uint8_t *bytes, size_t size, enum image_look look)
{
	struct image_file *file = NULL;
	struct image_facts facts;
	struct error error = { .text = "" };

	put(bench->path, bytes, size);
	if (image_file_open(bench->path, &file, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	image_file_inspect(file, look, NULL);
	facts = *image_file_facts(file);
	image_file_free(file);
	return facts;
}

static void what_is_small_is_checked_by_each_look(void **state)
{
	static const char *const commands[] = { "gzip -c", "bzip2 -c", "xz -c" };
	AUTO_FREE uint8_t *packed = malloc(ROOM);

	assert_non_null(packed);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t size = pack(*state, commands[i], SMALL, 1, packed);

		assert_true(size > 0);
		for (enum image_look look = IMAGE_LOOK_USUAL; look <= IMAGE_LOOK_DEEP; look++) {
			struct image_facts facts = look_at(*state, packed, size, look);

			assert_int_equal(facts.whole, IMAGE_YES);
			assert_false(facts.needs_deep_look);
			packed[size / 2] ^= 1;
			assert_int_equal(look_at(*state, packed, size, look).whole, IMAGE_NO);
			packed[size / 2] ^= 1;
		}
	}
}

static void a_quick_look_says_what_it_left_to_a_deep_one(void **state)
{
	static const char *const commands[] = { "gzip -c", "bzip2 -c", "xz -c" };
	AUTO_FREE uint8_t *packed = malloc(ROOM);

	assert_non_null(packed);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t size = pack(*state, commands[i], LARGE, 2, packed);
		struct image_facts facts = look_at(*state, packed, size, IMAGE_LOOK_QUICK);

		assert_int_equal(facts.whole, IMAGE_UNKNOWN);
		assert_int_equal(facts.problem_count, 0);
		assert_true(facts.needs_deep_look);
		facts = look_at(*state, packed, size, IMAGE_LOOK_DEEP);
		assert_int_equal(facts.whole, IMAGE_YES);
		assert_false(facts.needs_deep_look);
		packed[size / 2] ^= 1;
		assert_int_not_equal(look_at(*state, packed, size, IMAGE_LOOK_QUICK).whole, IMAGE_YES);
		assert_int_equal(look_at(*state, packed, size, IMAGE_LOOK_DEEP).whole, IMAGE_NO);
	}
}

/* Where a stream marks its end, a download that broke off is told without unpacking it. */
static void a_cut_stream_is_told_by_its_end(void **state)
{
	static const char *const commands[] = { "bzip2 -c", "xz -c" };
	AUTO_FREE uint8_t *packed = malloc(ROOM);

	assert_non_null(packed);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t size = pack(*state, commands[i], LARGE, 3, packed);

		for (size_t missing = 1; missing < size - 100000; missing = missing * 3 + 1) {
			struct image_facts facts = look_at(*state, packed, size - missing, IMAGE_LOOK_QUICK);

			if (facts.whole != IMAGE_NO)
				fail_msg("%s: %zu bytes are missing, and nothing is said", commands[i], missing);
			assert_non_null(strstr(facts.problems[0].what, "end mark is missing"));
		}
	}
}

/* The last block of bzip2 ends at any bit. */
static void the_end_of_bzip2_is_seen_at_each_bit_and_before_padding(void **state)
{
	AUTO_FREE uint8_t *packed = malloc(ROOM + 3000);

	assert_non_null(packed);
	for (uint32_t i = 0; i < 24; i++) {
		size_t size = pack(*state, "bzip2 -c", 60000 + i, i, packed), padding = i % 3 == 0 ? 0 : 3000;

		memset(packed + size, i % 3 == 1 ? 0 : 0xff, padding);
		assert_int_equal(look_at(*state, packed, size + padding, IMAGE_LOOK_QUICK).whole, IMAGE_UNKNOWN);
	}
}

/* Its end says nothing of itself; but where there is none, all of it is unpacked whatever the look. */
static void a_cut_gzip_file_is_told_by_a_quick_look(void **state)
{
	/* the last one has rows of zeros in it as they are, which look like the padding of a flash */
	static const char *const commands[] = {
		"gzip -c", "sh -c 'base64 | gzip -c'",
		"python3 -c 'import sys, zlib; z = zlib.compressobj(0, 8, 31); sys.stdout.buffer.write(z.compress(bytes(300000) + sys.stdin.buffer.read(300000)) + z.flush())'",
	};
	AUTO_FREE uint8_t *packed = malloc(ROOM);

	assert_non_null(packed);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t size = pack(*state, commands[i], LARGE, 4, packed);

		assert_int_equal(look_at(*state, packed, size, IMAGE_LOOK_QUICK).whole, IMAGE_UNKNOWN);
		for (size_t missing = 1; missing < size - 10000; missing = missing * 3 + 1) {
			struct image_facts facts = look_at(*state, packed, size - missing, IMAGE_LOOK_QUICK);

			if (facts.whole != IMAGE_NO)
				fail_msg("%s: %zu bytes are missing, and nothing is said", commands[i], missing);
			assert_non_null(strstr(facts.problems[0].what, "it is cut off"));
			assert_int_equal(facts.problems[0].offset, size - missing);
		}
	}
}

/* It says how much comes out of it, and has no other end than that. */
static void an_lzma_file_that_was_cut_in_the_middle_is_told(void **state)
{
	/* the lines of base64, each of them twice */
	enum { UNPACKED = 2 * (LARGE / 3 * 4 + (LARGE / 3 * 4 + 75) / 76) };
	AUTO_FREE uint8_t *packed = malloc(ROOM);
	size_t size = pack(*state, "sh -c 'base64 | sed p | xz --format=lzma -c'", LARGE, 18, packed);

	assert_true(size > 500000);
	/* xz leaves it open, the encoders of firmware do not */
	for (unsigned i = 0; i < 8; i++)
		packed[5 + i] = (uint8_t)((uint64_t)UNPACKED >> (8 * i));
	assert_int_equal(look_at(*state, packed, size, IMAGE_LOOK_DEEP).whole, IMAGE_UNKNOWN);
	assert_int_equal(look_at(*state, packed, size, IMAGE_LOOK_QUICK).problem_count, 0);
	assert_int_equal(look_at(*state, packed, size / 4, IMAGE_LOOK_QUICK).whole, IMAGE_NO);
}

static void who_has_no_time_for_a_doubt_is_told_of_it(void **state)
{
	const struct temp_bench *bench = *state;
	AUTO_FREE uint8_t *packed = malloc(ROOM);
	size_t size = pack(bench, "gzip -c", LARGE, 17, packed);
	atomic_bool cancel = true;
	struct image_file *file = NULL;
	struct error error;

	put(bench->path, packed, size - 1000);
	assert_int_equal(image_file_open(bench->path, &file, &error), STATUS_OK);
	image_file_inspect(file, IMAGE_LOOK_USUAL, &cancel);
	assert_int_equal(image_file_facts(file)->whole, IMAGE_UNKNOWN);
	assert_int_equal(image_file_facts(file)->problem_count, 1);
	assert_non_null(strstr(image_file_facts(file)->problems[0].what, "may be cut off"));
	image_file_free(file);
}

static void a_gzip_file_before_padding_is_not_cut(void **state)
{
	AUTO_FREE uint8_t *packed = malloc(ROOM);
	size_t stream = pack(*state, "sh -c 'base64 | gzip -c'", LARGE, 14, packed), size = (stream + BLOCK - 1) / BLOCK * BLOCK;

	memset(packed + stream, 0, size - stream);
	assert_int_equal(look_at(*state, packed, size, IMAGE_LOOK_QUICK).whole, IMAGE_UNKNOWN);
	assert_int_equal(look_at(*state, packed, size, IMAGE_LOOK_DEEP).whole, IMAGE_YES);
}

static void damage_is_told_where_it_is_and_not_called_cut(void **state)
{
	AUTO_FREE uint8_t *packed = malloc(ROOM);
	size_t size = pack(*state, "sh -c 'base64 | gzip -c'", SMALL, 15, packed);
	struct image_facts facts;

	packed[size - 1] ^= 1;
	facts = look_at(*state, packed, size, IMAGE_LOOK_QUICK);
	assert_int_equal(facts.whole, IMAGE_NO);
	assert_non_null(strstr(facts.problems[0].what, "it is damaged"));
	assert_in_range(facts.problems[0].offset, 1, size - 1);
}

/* All streams of a file share what is unpacked for it. */
static void many_streams_are_not_all_unpacked_by_a_quick_look(void **state)
{
	const struct temp_bench *bench = *state;
	AUTO_FREE uint8_t *packed = malloc(ROOM);
	size_t size = pack(bench, "gzip -c", 100000, 5, packed);
	char line[900];
	unsigned whole = 0;
	struct image_file *file = NULL;
	struct error error;

	put(bench->path, packed, size);
	text_format(line, sizeof(line), "cd %s && for i in 1 2 3 4 5 6 7 8 9; do cp firmware.bin $i.gz; done && tar cf firmware.bin *.gz", bench->folder);
	assert_int_equal(system(line), 0);
	assert_int_equal(image_file_open(bench->path, &file, &error), STATUS_OK);
	image_file_inspect(file, IMAGE_LOOK_QUICK, NULL);
	for (unsigned i = 0; i < image_file_facts(file)->part_count; i++)
		whole += image_file_facts(file)->parts[i].depth == 1 && image_file_facts(file)->parts[i].whole == IMAGE_YES;
	assert_in_range(whole, 1, 8);
	assert_true(image_file_facts(file)->needs_deep_look);
	image_file_inspect(file, IMAGE_LOOK_USUAL, NULL);
	assert_false(image_file_facts(file)->needs_deep_look);
	image_file_free(file);
}

/* As a dump of a flash that is read to a file: padded with what erased flash holds, which packs to next to nothing. */
static void what_packs_well_is_left_to_a_look_that_has_time(void **state)
{
	static const char *const commands[] = {
		"sh -c '{ cat; head -c 16000000 /dev/zero; } | gzip -c'",
		"python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.stdout.buffer, \"w\", 8).writestr(\"a\", sys.stdin.buffer.read() + bytes(16000000))'",
		"sh -c '{ cat; head -c 16000000 /dev/zero; } | xz -0 -c'",
	};
	AUTO_FREE uint8_t *packed = malloc(ROOM);

	assert_non_null(packed);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t size = pack(*state, commands[i], 2000, 6, packed);
		struct image_facts facts;

		if (size == 0)
			continue;
		facts = look_at(*state, packed, size, IMAGE_LOOK_QUICK);
		assert_int_equal(facts.whole, IMAGE_UNKNOWN);
		assert_true(facts.needs_deep_look);
		facts = look_at(*state, packed, size, IMAGE_LOOK_USUAL);
		assert_int_equal(facts.whole, IMAGE_YES);
		assert_false(facts.needs_deep_look);
	}
}

static void a_short_stream_in_front_does_not_open_the_way_to_a_long_one(void **state)
{
	AUTO_FREE uint8_t *packed = malloc(2 * ROOM);
	size_t first = pack(*state, "gzip -c", SMALL, 7, packed), size = first + pack(*state, "gzip -c", LARGE, 8, packed + first);
	struct image_facts facts = look_at(*state, packed, size, IMAGE_LOOK_QUICK);

	assert_int_equal(facts.whole, IMAGE_UNKNOWN);
	assert_true(facts.needs_deep_look);
	facts = look_at(*state, packed, size, IMAGE_LOOK_USUAL);
	assert_int_equal(facts.whole, IMAGE_YES);
	assert_int_equal(facts.declared_size, size);
}

/* gzip -c a b, pbzip2, and The .xz File Format, 2: all of them are one file. */
static void any_number_of_streams_behind_each_other_is_whole(void **state)
{
	static const char *const commands[] = { "gzip -c", "bzip2 -c", "xz -c" };
	enum { STREAMS = 100 };
	AUTO_FREE uint8_t *packed = malloc(ROOM);

	assert_non_null(packed);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t one = pack(*state, commands[i], SMALL, 9, packed), size = one;
		struct image_facts facts;

		for (unsigned n = 1; n < STREAMS; n++, size += one) {
			memmove(packed + size + (i == 2 ? 8 : 0), packed, one);
			if (i == 2)	/* padding between streams */
				memset(packed + size, 0, 8);
			size += i == 2 ? 8 : 0;
		}
		facts = look_at(*state, packed, size, IMAGE_LOOK_DEEP);
		assert_int_equal(facts.whole, IMAGE_YES);
		assert_int_equal(facts.declared_size, size);
		packed[size - one / 2] ^= 1;
		assert_int_equal(look_at(*state, packed, size, IMAGE_LOOK_DEEP).whole, IMAGE_NO);
	}
}

static void add_uimage(uint8_t *to)
{
	memset(to, 0, 64);
	memcpy(to, "\x27\x05\x19\x56", 4);
	store_be32(to + 12, 1000);
	memcpy(to + 28, "\x05\x05\x02\0kernel", 10);
	memset(to + 64, 0x55, 1000);
	store_be32(to + 24, crc32_update(0, bytes_of(to + 64, 1000)));
	store_be32(to + 4, crc32_update(0, bytes_of(to, 64)));
}

static bool has_part(const struct image_facts *facts, uint64_t offset, const char *format)
{
	for (unsigned i = 0; i < facts->part_count; i++)
		if (facts->parts[i].offset == offset && text_equal(facts->parts[i].format, format))
			return true;
	return false;
}

/* A kernel that is packed without a header, padding up to an erase block, and what follows there. */
static void a_flash_that_begins_with_something_packed_is_not_damaged(void **state)
{
	static const char *const commands[] = { "gzip -c", "bzip2 -c", "xz -c" };
	static const size_t sizes[] = { SMALL, LARGE };
	enum { PLACE = 640 * 1024, SIZE = PLACE + 64 * 1024 };
	const struct temp_bench *bench = *state;
	AUTO_FREE uint8_t *flash = malloc(SIZE);

	assert_non_null(flash);
	for (size_t i = 0; i < ARRAY_SIZE(commands) * ARRAY_SIZE(sizes); i++) {
		size_t size = pack(bench, commands[i / 2], sizes[i % 2], 10, flash);

		memset(flash + size, 0xff, SIZE - size);
		add_uimage(flash + PLACE);
		put(bench->path, flash, SIZE);
		for (enum image_look look = IMAGE_LOOK_USUAL; look <= IMAGE_LOOK_DEEP; look++) {
			const struct examine_options how = { .look = look };
			struct examination about;
			struct error error;

			assert_int_equal(examine_file(bench->path, &how, &about, &error), STATUS_OK);
			if (about.facts.whole == IMAGE_NO)
				fail_msg("%s, look %d: %s", commands[i / 2], look, about.facts.problems[0].what);
			assert_true(look != IMAGE_LOOK_DEEP || has_part(&about.facts, PLACE, "uimage"));
		}
	}
}

static void what_a_checksum_around_it_covers_needs_no_deeper_look(void **state)
{
	AUTO_FREE uint8_t *packed = malloc(ROOM);
	size_t size = pack(*state, "sh -c 'gzip -c | gzip -c'", LARGE, 11, packed);
	struct image_facts facts = look_at(*state, packed, size, IMAGE_LOOK_USUAL);

	assert_int_equal(facts.whole, IMAGE_YES);
	assert_false(facts.needs_deep_look);
}

/* tar writes records of twenty blocks. */
static void the_zeros_of_a_tars_last_record_are_no_sign_of_damage(void **state)
{
	const struct temp_bench *bench = *state;
	struct image_file *file = NULL;
	struct error error;
	char line[900];

	text_format(line, sizeof(line), "cd %s && head -c 1000 /dev/urandom >a && tar cf firmware.bin a", bench->folder);
	assert_int_equal(system(line), 0);
	assert_int_equal(image_file_open(bench->path, &file, &error), STATUS_OK);
	assert_int_equal(image_file_facts(file)->problem_count, 0);
	assert_int_equal(image_file_facts(file)->declared_size, image_file_bytes(file).size);
	image_file_free(file);
}

/* What decides about writing asks for the facts alone. */
static void facts_that_nobody_asked_a_look_for_are_no_quick_ones(void **state)
{
	const struct temp_bench *bench = *state;
	AUTO_FREE uint8_t *packed = malloc(ROOM);
	size_t size = pack(bench, "gzip -c", LARGE, 13, packed);
	struct image_file *file = NULL;
	struct error error;

	packed[size / 2] ^= 1;
	put(bench->path, packed, size);
	assert_int_equal(image_file_open(bench->path, &file, &error), STATUS_OK);
	assert_int_equal(image_file_facts(file)->whole, IMAGE_NO);
	image_file_free(file);
}

static void an_empty_packed_file_is_whole(void **state)
{
	static const char *const commands[] = { "gzip -c", "bzip2 -c", "xz -c" };
	const struct temp_bench *bench = *state;
	AUTO_FREE uint8_t *packed = malloc(ROOM);

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		for (enum image_look look = IMAGE_LOOK_USUAL; look <= IMAGE_LOOK_DEEP; look++) {
			const struct examine_options how = { .look = look };
			struct examination about;
			struct error error;

			put(bench->path, packed, pack(bench, commands[i], 0, 12, packed));
			assert_int_equal(examine_file(bench->path, &how, &about, &error), STATUS_OK);
			assert_int_equal(about.facts.whole, IMAGE_YES);
			assert_false(about.facts.needs_deep_look);
		}
}

#define TEST(behaviour) cmocka_unit_test_setup_teardown(behaviour, setup, temp_bench_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_small_is_checked_by_each_look),
		TEST(a_quick_look_says_what_it_left_to_a_deep_one),
		TEST(a_cut_stream_is_told_by_its_end),
		TEST(the_end_of_bzip2_is_seen_at_each_bit_and_before_padding),
		TEST(a_cut_gzip_file_is_told_by_a_quick_look),
		TEST(an_lzma_file_that_was_cut_in_the_middle_is_told),
		TEST(who_has_no_time_for_a_doubt_is_told_of_it),
		TEST(a_gzip_file_before_padding_is_not_cut),
		TEST(damage_is_told_where_it_is_and_not_called_cut),
		TEST(many_streams_are_not_all_unpacked_by_a_quick_look),
		TEST(what_packs_well_is_left_to_a_look_that_has_time),
		TEST(a_short_stream_in_front_does_not_open_the_way_to_a_long_one),
		TEST(any_number_of_streams_behind_each_other_is_whole),
		TEST(a_flash_that_begins_with_something_packed_is_not_damaged),
		TEST(what_a_checksum_around_it_covers_needs_no_deeper_look),
		TEST(facts_that_nobody_asked_a_look_for_are_no_quick_ones),
		TEST(an_empty_packed_file_is_whole),
		TEST(the_zeros_of_a_tars_last_record_are_no_sign_of_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
