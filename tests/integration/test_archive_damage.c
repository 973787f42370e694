/* Archives that are cut off, or have a wrong byte. */
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "tests/integration/archive_bench.h"

static void a_cut_off_archive_names_the_member_and_shows_what_is_before_it(void **state)
{
	static const char *const kinds[][2] = { { "zip", NULL }, { "pax", "gzip" }, { "pax", NULL }, { "newc", NULL }, { "pax", "bzip2" }, { "pax", "xz" }, { "pax", "zstd" } };
	struct bytes image = noise(2000000);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct seen seen = { 0 };
		struct packer p;
		struct bytes all;
		struct error error;

		pack_begin(&p, kinds[i][0], kinds[i][1]);
		pack_open(&p);
		pack(&p, "readme.txt", BYTES("hello"));
		pack(&p, "fw.bin", image);
		all = pack_end(&p);
		all.size -= all.size / 3;
		assert_int_equal(look(all, &seen, &error), STATUS_INVALID);
		if (!text_contains(error.text, "fw' ends") || !text_contains(error.hint, "cut off"))
			fail_msg("%s %s: %s; %s", kinds[i][0], kinds[i][1] ? kinds[i][1] : "", error.text, error.hint);
		assert_true(seen.count == 2);
		drop(all);
	}
	drop(image);
}

static void a_cut_off_7z_is_told_as_cut_off(void **state)
{
	struct bytes image = noise(200000);
	struct bytes all = pack_one("7zip", NULL, "fw.bin", image);
	struct seen seen = { 0 };
	struct error error;

	(void)state;
	all.size -= 1000;
	assert_int_equal(look(all, &seen, &error), STATUS_INVALID);
	if (!text_contains(error.hint, "cut off"))
		fail_msg("%s", error.text);
	drop(image);
	drop(all);
}

static void every_prefix_ends_in_an_error(void **state)
{
	static const char *const kinds[][2] = { { "zip", NULL }, { "7zip", NULL }, { "raw", "gzip" }, { "raw", "xz" }, { "raw", "bzip2" }, { "pax", "gzip" } };
	struct bytes image = noise(3000);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct bytes all = pack_one(kinds[i][0], kinds[i][1], "fw.bin", image);

		for (size_t size = 0; size < all.size; size++) {
			struct seen seen = { 0 };
			struct error error;

			/* a zip says all of its members in front of them too: without its table of contents nothing is missing */
			if (look(bytes_of(all.data, size), &seen, &error) == STATUS_OK && !(i == 0 && seen.count == 1 && size > image.size))
				fail_msg("%s %s: %zu of %zu bytes pass", kinds[i][0], kinds[i][1] ? kinds[i][1] : "", size, all.size);
		}
		drop(all);
	}
	drop(image);
}

static void one_wrong_byte_in_the_contents_is_seen(void **state)
{
	static const char *const kinds[][2] = { { "zip", NULL }, { "7zip", NULL }, { "raw", "gzip" }, { "raw", "xz" }, { "raw", "bzip2" }, { "pax", "gzip" }, { "pax", "xz" } };
	struct bytes image = noise(200000);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct bytes all = pack_one(kinds[i][0], kinds[i][1], "fw.bin", image);
		struct seen seen = { 0 };
		struct error error;

		((uint8_t *)(uintptr_t)all.data)[100000] ^= 4;
		assert_int_equal(look(all, &seen, &error), STATUS_INVALID);
		assert_true(text_contains(error.text, "damaged") || text_contains(error.text, "ends"));
		drop(all);
	}
	drop(image);
}

static void a_wrong_checksum_at_the_end_of_gzip_is_seen(void **state)
{
	static const char *const formats[] = { "raw", "pax" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct bytes all = pack_one(formats[i], "gzip", "fw.bin", BYTES("contents"));
		struct seen seen = { 0 };
		struct error error;

		((uint8_t *)(uintptr_t)all.data)[all.size - 6] ^= 1;
		assert_int_equal(look(all, &seen, &error), STATUS_INVALID);
		assert_true(text_contains(error.text, "damaged"));
		drop(all);
	}
}

static void gzip_may_be_in_pieces_and_have_something_behind_it(void **state)
{
	struct bytes image = noise(100000), one = pack_one("raw", "gzip", "x", image);
	size_t size = one.size * 3 + 9;
	uint8_t *all = malloc(size);
	struct seen seen = { .reads = true };
	struct error error;

	(void)state;
	for (int i = 0; i < 3; i++)
		memcpy(all + one.size * (size_t)i, one.data, one.size);
	memcpy(all + one.size * 3, "signature", 9);
	assert_int_equal(look(bytes_of(all, size), &seen, &error), STATUS_OK);
	assert_int_equal(seen.bytes[0], 3 * image.size);
	free(all);
	drop(one);
	drop(image);
}

static void what_only_looks_like_an_archive_is_no_damage_of_the_one_around_it(void **state)
{
	struct packer p;
	struct bytes all;
	struct seen seen = { 0 };
	struct error error;

	(void)state;
	pack_begin(&p, "zip", NULL);
	pack_open(&p);
	pack(&p, "a.bin", BYTES("\x1f\x8b\x08 and then something else"));
	pack(&p, "b.bin", BYTES("b"));
	all = pack_end(&p);
	assert_int_equal(look(all, &seen, &error), STATUS_UNSUPPORTED);
	assert_true(text_contains(error.text, "a.bin"));
	assert_non_null(find(&seen, "b.bin"));
	drop(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_off_archive_names_the_member_and_shows_what_is_before_it),
		cmocka_unit_test(a_cut_off_7z_is_told_as_cut_off),
		cmocka_unit_test(every_prefix_ends_in_an_error),
		cmocka_unit_test(one_wrong_byte_in_the_contents_is_seen),
		cmocka_unit_test(a_wrong_checksum_at_the_end_of_gzip_is_seen),
		cmocka_unit_test(gzip_may_be_in_pieces_and_have_something_behind_it),
		cmocka_unit_test(what_only_looks_like_an_archive_is_no_damage_of_the_one_around_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
