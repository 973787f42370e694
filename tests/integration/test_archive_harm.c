/* Archives that somebody made to do harm: names, numbers, bombs. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "tests/integration/archive_bench.h"

static void names_are_labels_and_nothing_is_followed(void **state)
{
	struct packer p;
	struct bytes all;
	struct seen seen = { 0 };
	struct error error;

	(void)state;
	pack_begin(&p, "pax", NULL);
	pack_open(&p);
	pack(&p, "../../etc/passwd", BYTES("x"));
	pack(&p, "/etc/shadow", BYTES("x"));
	pack(&p, "a/./../b\033[2Jc\nd", BYTES("x"));
	pack(&p, "etc/passwd", BYTES("y"));
	pack(&p, "..\\win\\fw.bin", BYTES("x"));
	pack_typed(&p, "link", AE_IFLNK, "/etc/passwd", BYTES(""));
	pack_typed(&p, "hard", AE_IFREG, "etc/passwd", BYTES(""));
	pack_typed(&p, "disk", AE_IFBLK, NULL, BYTES(""));
	pack_typed(&p, "folder", AE_IFDIR, NULL, BYTES(""));
	pack(&p, "..", BYTES("z"));
	all = pack_end(&p);
	assert_int_equal(look(all, &seen, &error), STATUS_OK);
	assert_int_equal(seen.count, 10);
	assert_string_equal(seen.member[0].key, "etc/passwd");
	assert_string_equal(seen.member[1].key, "etc/shadow");
	assert_string_equal(seen.member[2].key, "a/bc.d");
	assert_string_equal(seen.member[3].key, "etc/passwd#4");
	assert_string_equal(seen.member[4].key, "win/fw.bin");
	assert_int_equal(seen.member[5].kind, ARCHIVE_MEMBER_LINK);
	assert_int_equal(seen.member[6].kind, ARCHIVE_MEMBER_LINK);
	assert_true(text_contains(seen.member[6].note, "etc/passwd"));
	assert_int_equal(seen.member[7].kind, ARCHIVE_MEMBER_SPECIAL);
	assert_int_equal(seen.member[8].kind, ARCHIVE_MEMBER_FOLDER);
	assert_string_equal(seen.member[9].key, "unnamed");
	drop(all);
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void too_many_members_are_refused(void **state)
{
	static const char *const kinds[][2] = { { "zip", NULL }, { "pax", "gzip" }, { "newc", NULL } };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct packer p;
		struct bytes all;
		struct seen seen = { 0 };
		struct error error;
		char name[32];
		double begun;

		pack_begin(&p, kinds[k][0], kinds[k][1]);
		pack_open(&p);
		for (int i = 0; i < 10000; i++)
			pack(&p, text_format(name, sizeof(name), "same%d", i % 7), BYTES("x"));
		all = pack_end(&p);
		begun = seconds_now();
		assert_int_equal(look(all, &seen, &error), STATUS_REFUSED);
		assert_int_equal(seen.count, 4096);
		assert_true(text_contains(error.text, "4096"));
		assert_true(seconds_now() - begun < 5);
		drop(all);
	}
}

static void a_bomb_is_refused_soon(void **state)
{
	static const char *const kinds[][2] = { { "zip", NULL }, { "raw", "gzip" }, { "raw", "xz" }, { "pax", "bzip2" }, { "7zip", NULL }, { "pax", "zstd" } };
	size_t size = 100 << 20;
	uint8_t *zeros = calloc(1, size);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct bytes all = pack_one(kinds[i][0], kinds[i][1], "fw.bin", bytes_of(zeros, size));
		/* gzip's own limit is 1032:1; a lower one stands for two of them in each other */
		struct archive_limits limits = *archive_default_limits();
		struct archive_source source = { .bytes = all, .name = "fw" };
		struct seen seen = { 0 };
		struct error error;
		double begun = seconds_now();

		limits.ratio = 500;
		assert_int_equal(archive_walk(&source, &limits, see, &seen, &error), STATUS_REFUSED);
		assert_true(text_contains(error.text, "times its size"));
		assert_true(seconds_now() - begun < 3);
		drop(all);
	}
	free(zeros);
}

static void bombs_in_each_other_are_refused_soon(void **state)
{
	size_t size = 100 << 20;
	uint8_t *zeros = calloc(1, size);
	struct bytes inner = pack_one("raw", "gzip", "x", bytes_of(zeros, size)), all = pack_one("raw", "gzip", "x", inner);
	struct seen seen = { 0 };
	struct error error;

	(void)state;
	assert_int_equal(look(all, &seen, &error), STATUS_REFUSED);
	drop(inner);
	drop(all);
	free(zeros);
}

/* A cpio's header says how long the name is: up to 4 GiB. */
static void a_name_without_end_does_not_fill_the_memory(void **state)
{
	size_t size = 100 << 20;
	uint8_t *data = calloc(1, size);
	_Atomic uint64_t progress = 0;
	struct archive_source source = { .bytes = { data, size }, .name = "fw.cpio", .progress = &progress };
	struct seen seen = { 0 };
	struct error error;

	(void)state;
	memset(data, 'a', size);
	memset(data, '0', 110);
	memcpy(data, "070701", 6);
	memcpy(data + 14, "000081a4", 8);
	memcpy(data + 94, "f0000000", 8);
	assert_int_equal(archive_walk(&source, NULL, see, &seen, &error), STATUS_INVALID);
	assert_true(progress <= 66 << 20);
	assert_true(text_contains(error.text, "no end"));
	free(data);
}

static void a_sum_of_bytes_is_refused(void **state)
{
	struct bytes image = noise(3000000), all = pack_one("pax", NULL, "fw.bin", image);
	struct archive_limits limits = *archive_default_limits();
	struct archive_source source = { .bytes = all, .name = "fw" };
	struct seen seen = { 0 };
	struct error error;

	(void)state;
	limits.unpacked = 1 << 20;
	assert_int_equal(archive_walk(&source, &limits, see, &seen, &error), STATUS_REFUSED);
	assert_true(text_contains(error.text, "1.0 MiB"));
	drop(image);
	drop(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_labels_and_nothing_is_followed),
		cmocka_unit_test(too_many_members_are_refused),
		cmocka_unit_test(a_bomb_is_refused_soon),
		cmocka_unit_test(bombs_in_each_other_are_refused_soon),
		cmocka_unit_test(a_name_without_end_does_not_fill_the_memory),
		cmocka_unit_test(a_sum_of_bytes_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
