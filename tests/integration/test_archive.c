/* Archives that the test packs itself: every kind, and archives in archives. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "tests/fakes/temp_folder.h"
#include "tests/integration/archive_bench.h"

static void every_kind_shows_its_members_with_their_bytes(void **state)
{
	static const struct { const char *format, *filter, *name; } kinds[] = {
		{ "zip", NULL, "zip" }, { "7zip", NULL, "7z" }, { "pax", NULL, "tar" }, { "gnutar", NULL, "tar" }, { "v7tar", NULL, "tar" }, { "ustar", "gzip", "gzip" },
		{ "pax", "xz", "xz" }, { "pax", "bzip2", "bzip2" }, { "pax", "zstd", "zstd" }, { "newc", NULL, "cpio" }, { "odc", NULL, "cpio" }, { "newc", "gzip", "gzip" },
	};
	struct bytes image = noise(200000);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct seen seen = { .reads = true };
		struct packer p;
		struct bytes all;
		struct error error;

		pack_begin(&p, kinds[i].format, kinds[i].filter);
		pack_open(&p);
		pack(&p, "readme.txt", BYTES("hello"));
		pack(&p, "dir/fw.bin", image);
		all = pack_end(&p);
		assert_string_equal(archive_recognize(all), kinds[i].name);
		assert_int_equal(look(all, &seen, &error), STATUS_OK);
		assert_int_equal(seen.count, 2);
		assert_string_equal(seen.member[0].key, "readme.txt");
		assert_string_equal(seen.member[1].key, "dir/fw.bin");
		assert_int_equal(seen.bytes[1], image.size);
		assert_int_equal(seen.crc[1], crc32(0, image.data, (uInt)image.size));
		assert_int_equal(seen.bytes[0], 5);
		drop(all);
	}
	drop(image);
}

/* RAR 4, "technote.txt": nothing here packs it, but a stored file needs no packer. Each block begins with half of its own CRC-32. */
static size_t rar_block(uint8_t *to, uint8_t type, const uint8_t *body, size_t size)
{
	uint32_t crc;

	to[2] = type;
	to[3] = 0;
	to[4] = type == 0x74 ? 0x80 : 0;
	to[5] = (uint8_t)(7 + size);
	to[6] = 0;
	memcpy(to + 7, body, size);
	crc = (uint32_t)crc32(0, to + 2, (uInt)(5 + size));
	to[0] = (uint8_t)crc;
	to[1] = (uint8_t)(crc >> 8);
	return 7 + size;
}

static void put_le32(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static void a_rar_4_is_looked_into(void **state)
{
	static const char name[] = "dir\\fw.bin";
	struct bytes image = noise(100000);
	uint8_t *all = calloc(1, image.size + 200), body[25 + sizeof(name)] = { 0 };
	size_t size = 7;
	struct seen seen = { .reads = true };
	struct error error;

	(void)state;
	memcpy(all, "Rar!\x1a\x07", 7);
	size += rar_block(all + size, 0x73, body, 6);
	put_le32(body, (uint32_t)image.size);
	put_le32(body + 4, (uint32_t)image.size);
	put_le32(body + 9, (uint32_t)crc32(0, image.data, (uInt)image.size));
	put_le32(body + 13, 0x5a000000);
	body[17] = 20;
	body[18] = 0x30;	/* stored */
	body[19] = sizeof(name) - 1;
	memcpy(body + 25, name, sizeof(name) - 1);
	size += rar_block(all + size, 0x74, body, 25 + sizeof(name) - 1);
	memcpy(all + size, image.data, image.size);
	size += image.size;
	size += rar_block(all + size, 0x7b, body, 0);
	if (look(bytes_of(all, size), &seen, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.member[0].key, "dir/fw.bin");
	assert_int_equal(seen.crc[0], crc32(0, image.data, (uInt)image.size));
	all[60000] ^= 1;
	seen.count = 0;
	assert_int_equal(look(bytes_of(all, size), &seen, &error), STATUS_INVALID);
	free(all);
	drop(image);
}

/* "RAR 5.0 archive format": a block is its CRC-32, its length and its fields, numbers of seven bits a byte. */
static size_t rar5_block(uint8_t *to, const uint8_t *fields, size_t size)
{
	to[4] = (uint8_t)size;
	memcpy(to + 5, fields, size);
	put_le32(to, (uint32_t)crc32(0, to + 4, (uInt)(1 + size)));
	return 5 + size;
}

static void a_rar_5_is_looked_into(void **state)
{
	static const uint8_t main_head[] = { 1, 0, 0 }, end[] = { 5, 0, 0 };
	/* file, has data, 100000 bytes of it, has CRC, 100000 bytes unpacked, mode, CRC, stored, Unix, name */
	uint8_t file[] = { 2, 2, 0xa0, 0x8d, 6, 4, 0xa0, 0x8d, 6, 0, 0, 0, 0, 0, 0, 1, 6, 'f', 'w', '.', 'b', 'i', 'n' };
	struct bytes image = noise(100000), outer;
	uint8_t *all = calloc(1, image.size + 200);
	size_t size = 8;
	struct seen seen = { .reads = true };
	struct error error;

	(void)state;
	memcpy(all, "Rar!\x1a\x07\x01", 8);
	put_le32(file + 10, (uint32_t)crc32(0, image.data, (uInt)image.size));
	size += rar5_block(all + size, main_head, sizeof(main_head));
	size += rar5_block(all + size, file, sizeof(file));
	memcpy(all + size, image.data, image.size);
	size += image.size;
	size += rar5_block(all + size, end, sizeof(end));
	if (look(bytes_of(all, size), &seen, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.crc[0], crc32(0, image.data, (uInt)image.size));
	/* the same bytes as a time instead of a checksum: then nobody knows whether it is whole */
	all[8 + 8 + 5 + 5] = 2;
	put_le32(all + 8 + 8, (uint32_t)crc32(0, all + 8 + 8 + 4, 1 + sizeof(file)));
	seen.count = 0;
	assert_int_equal(look(bytes_of(all, size), &seen, &error), STATUS_UNSUPPORTED);
	assert_true(text_contains(error.text, "no checksum"));
	all[8 + 8 + 5 + 5] = 4;
	put_le32(all + 8 + 8, (uint32_t)crc32(0, all + 8 + 8 + 4, 1 + sizeof(file)));
	all[60000] ^= 1;
	seen.count = 0;
	assert_int_equal(look(bytes_of(all, size), &seen, &error), STATUS_INVALID);
	assert_true(text_contains(error.text, "checksum is wrong"));
	outer = pack_one("zip", NULL, "in.rar", bytes_of(all, size));
	seen = (struct seen){ 0 };
	assert_int_equal(look(outer, &seen, &error), STATUS_UNSUPPORTED);
	assert_int_equal(seen.count, 2);
	free(all);
	drop(outer);
	drop(image);
}

static void a_compressed_file_alone_is_named_after_itself(void **state)
{
	static const char *const filters[][3] = {
		{ "gzip", "fw.bin.gz", "fw.bin" }, { "xz", "fw.bin.xz", "fw.bin" }, { "bzip2", "fw.BZ2", "fw" }, { "zstd", "fw", "fw" },
	};
	struct bytes image = noise(300000);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		struct bytes all = pack_one("raw", filters[i][0], "x", image);
		struct archive_source source = { .bytes = all, .name = filters[i][1] };
		struct seen seen = { .reads = true };
		struct error error;

		assert_int_equal(archive_walk(&source, NULL, see, &seen, &error), STATUS_OK);
		assert_int_equal(seen.count, 1);
		assert_string_equal(seen.member[0].key, filters[i][2]);
		assert_int_equal(seen.crc[0], crc32(0, image.data, (uInt)image.size));
		drop(all);
	}
	drop(image);
}

static void what_is_no_archive_is_not_taken_for_one(void **state)
{
	struct seen seen = { 0 };
	struct error error;
	uint8_t zeros[1024] = { 0 };

	(void)state;
	assert_null(archive_recognize(BYTES("")));
	assert_null(archive_recognize(BYTES("PK")));
	assert_null(archive_recognize(bytes_of(zeros, sizeof(zeros))));
	assert_null(archive_recognize(BYTES("\x27\x05\x19\x56 an image of U-Boot")));
	assert_int_equal(look(BYTES("hello"), &seen, &error), STATUS_INVALID);
	assert_int_equal(seen.count, 0);
}

static void archives_in_archives_are_looked_into(void **state)
{
	struct bytes image = noise(150000);
	static const struct { const char *inner, *inner_filter, *outer, *outer_filter, *name, *key; } pairs[] = {
		{ "zip", NULL, "zip", NULL, "in.zip", "in.zip/fw.bin" }, { "zip", NULL, "pax", "gzip", "in.zip", "in.zip/fw.bin" },
		{ "pax", "gzip", "zip", NULL, "in.tar.gz", "in.tar.gz/fw.bin" }, { "7zip", NULL, "pax", "xz", "in.7z", "in.7z/fw.bin" },
		{ "pax", NULL, "7zip", NULL, "in.tar", "in.tar/fw.bin" }, { "newc", "xz", "zip", NULL, "in.cpio.xz", "in.cpio.xz/fw.bin" },
		{ "raw", "gzip", "zip", NULL, "d/fw.bin.gz", "d/fw.bin.gz/fw.bin" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct bytes inner = pack_one(pairs[i].inner, pairs[i].inner_filter, "fw.bin", image);
		struct bytes outer = pack_one(pairs[i].outer, pairs[i].outer_filter, pairs[i].name, inner);
		struct seen seen = { .reads = false };
		struct error error;

		assert_int_equal(look(outer, &seen, &error), STATUS_OK);
		assert_int_equal(seen.count, 2);
		assert_string_equal(seen.member[0].key, pairs[i].name);
		assert_non_null(seen.member[0].archive_format);
		assert_string_equal(seen.member[1].key, pairs[i].key);
		assert_int_equal(seen.member[1].head.size, ARCHIVE_HEAD_MAX);
		drop(inner);
		drop(outer);
	}
	drop(image);
}

static void beyond_the_depth_nothing_is_looked_into(void **state)
{
	struct bytes all = pack_one("zip", NULL, "fw.bin", BYTES("deep"));
	struct seen seen = { 0 };
	struct error error;

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct bytes outer = pack_one("zip", NULL, "in.zip", all);

		drop(all);
		all = outer;
	}
	assert_int_equal(look(all, &seen, &error), STATUS_OK);
	assert_int_equal(seen.count, 4);
	assert_string_equal(seen.member[3].key, "in.zip/in.zip/in.zip/in.zip");
	assert_true(text_contains(seen.member[3].note, "cannot look inside"));
	drop(all);
}

static void a_large_7z_in_an_archive_is_not_looked_into(void **state)
{
	struct bytes image = noise(1000000);
	struct bytes inner = pack_one("7zip", NULL, "fw.bin", image);
	struct bytes outer = pack_one("zip", NULL, "in.7z", inner), packed = pack_one("raw", "gzip", "x", inner);
	struct archive_limits limits = *archive_default_limits();
	struct archive_source source = { .bytes = outer, .name = "fw.zip" };
	struct seen seen = { 0 };
	struct error error;

	(void)state;
	limits.in_memory = 500000;
	assert_int_equal(archive_walk(&source, &limits, see, &seen, &error), STATUS_OK);
	assert_int_equal(seen.count, 1);
	assert_true(text_contains(seen.member[0].note, "cannot look inside"));
	/* without a size told before, it shows on the way */
	source = (struct archive_source){ .bytes = packed, .name = "in.7z.gz" };
	seen.count = 0;
	assert_int_equal(archive_walk(&source, &limits, see, &seen, &error), STATUS_UNSUPPORTED);
	assert_true(text_contains(error.text, "cannot look inside 'in.7z'"));
	drop(image);
	drop(inner);
	drop(outer);
	drop(packed);
}

static void an_encrypted_member_is_named_as_such(void **state)
{
	struct packer p;
	struct bytes all;
	struct seen seen = { .reads = false };
	struct error error;
	char folder[64], path[100];
	struct archive_source source;

	(void)state;
	pack_begin(&p, "zip", NULL);
	if (archive_write_set_options(p.archive, "zip:encryption=traditional") != ARCHIVE_OK || archive_write_set_passphrase(p.archive, "secret") != ARCHIVE_OK) {
		archive_write_free(p.archive);
		free(p.data);
		skip();
	}
	pack_open(&p);
	pack(&p, "fw.bin", BYTES("secret firmware"));
	all = pack_end(&p);
	assert_int_equal(look(all, &seen, &error), STATUS_OK);
	assert_int_equal(seen.count, 1);
	assert_true(seen.member[0].is_encrypted);
	assert_int_equal(seen.member[0].head.size, 0);
	assert_true(temp_folder_make(folder, sizeof(folder), "archive"));
	source = (struct archive_source){ .bytes = all, .name = "fw.zip" };
	assert_int_equal(archive_extract(&source, NULL, "fw.bin", text_format(path, sizeof(path), "%s/x", folder), NULL, &error), STATUS_INVALID);
	assert_true(text_contains(error.text, "encrypted"));
	assert_int_equal(rmdir(folder), 0);	/* nothing was left in it */
	drop(all);
}

static void a_walk_can_be_cancelled(void **state)
{
	struct bytes all = pack_one("zip", NULL, "fw.bin", BYTES("x"));
	atomic_bool cancel = true;
	struct archive_source source = { .bytes = all, .name = "fw", .cancel = &cancel };
	struct seen seen = { 0 };
	struct error error;

	(void)state;
	assert_int_equal(archive_walk(&source, NULL, see, &seen, &error), STATUS_CANCELLED);
	drop(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_shows_its_members_with_their_bytes),
		cmocka_unit_test(a_rar_4_is_looked_into),
		cmocka_unit_test(a_rar_5_is_looked_into),
		cmocka_unit_test(a_compressed_file_alone_is_named_after_itself),
		cmocka_unit_test(what_is_no_archive_is_not_taken_for_one),
		cmocka_unit_test(archives_in_archives_are_looked_into),
		cmocka_unit_test(beyond_the_depth_nothing_is_looked_into),
		cmocka_unit_test(a_large_7z_in_an_archive_is_not_looked_into),
		cmocka_unit_test(an_encrypted_member_is_named_as_such),
		cmocka_unit_test(a_walk_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
