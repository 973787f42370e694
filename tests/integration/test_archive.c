/* Archives that the test packs itself, with libarchive's writer: every kind, archives in archives, and what somebody made to do harm. */
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/archive.h"
#include "tests/fakes/temp_folder.h"

enum { ROOM = 24 << 20, SEEN_MAX = 64 };

/* ---- packing ---- */

struct packer {
	struct archive *archive;
	uint8_t *data;
	size_t size;
};

static void pack_begin(struct packer *p, const char *format, const char *filter)
{
	p->data = malloc(ROOM);
	p->archive = archive_write_new();
	assert_non_null(p->data);
	assert_int_equal(archive_write_set_format_by_name(p->archive, format), ARCHIVE_OK);
	if (filter)
		assert_int_equal(archive_write_add_filter_by_name(p->archive, filter), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(p->archive, 1);
	if (text_equal(filter, "gzip"))
		archive_write_set_options(p->archive, "gzip:!timestamp");
}

static void pack_open(struct packer *p)
{
	assert_int_equal(archive_write_open_memory(p->archive, p->data, ROOM, &p->size), ARCHIVE_OK);
}

static void pack_data(struct packer *p, struct bytes data)
{
	while (data.size > 0) {
		la_ssize_t count = archive_write_data(p->archive, data.data, data.size);

		assert_true(count > 0);
		data = bytes_from(data, (size_t)count);
	}
}

static void pack_typed(struct packer *p, const char *name, unsigned type, const char *target, struct bytes data)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)data.size);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, target);
	else if (target)
		archive_entry_set_hardlink(entry, target);
	assert_int_equal(archive_write_header(p->archive, entry), ARCHIVE_OK);
	pack_data(p, data);
	archive_entry_free(entry);
}

static void pack(struct packer *p, const char *name, struct bytes data)
{
	pack_typed(p, name, AE_IFREG, NULL, data);
}

static struct bytes pack_end(struct packer *p)
{
	assert_int_equal(archive_write_close(p->archive), ARCHIVE_OK);
	archive_write_free(p->archive);
	return bytes_of(p->data, p->size);
}

static struct bytes pack_one(const char *format, const char *filter, const char *name, struct bytes data)
{
	struct packer p;

	pack_begin(&p, format, filter);
	pack_open(&p);
	pack(&p, name, data);
	return pack_end(&p);
}

/* ---- looking ---- */

struct seen {
	struct archive_member member[SEEN_MAX];
	uint64_t bytes[SEEN_MAX];
	uint32_t crc[SEEN_MAX];
	unsigned count;
	bool reads;
	enum archive_go go;
};

static enum archive_go see(void *user, const struct archive_member *member, struct archive_stream *stream)
{
	struct seen *seen = user;
	uint8_t buffer[5000];
	ssize_t count;

	assert_true(memchr(member->key, '\0', sizeof(member->key)) != NULL);
	if (seen->count < SEEN_MAX) {
		seen->member[seen->count] = *member;
		while (seen->reads && (count = archive_stream_read(stream, buffer, sizeof(buffer))) > 0) {
			seen->bytes[seen->count] += (uint64_t)count;
			seen->crc[seen->count] = (uint32_t)crc32(seen->crc[seen->count], buffer, (uInt)count);
		}
	}
	seen->count++;
	return seen->go;
}

static enum status look(struct bytes bytes, struct seen *seen, struct error *error)
{
	struct archive_source source = { .bytes = bytes, .name = "fw" };

	error_set(error, STATUS_OK, "%s", "");
	return archive_walk(&source, NULL, see, seen, error);
}

static const struct archive_member *find(const struct seen *seen, const char *key)
{
	for (unsigned i = 0; i < seen->count && i < SEEN_MAX; i++)
		if (text_equal(seen->member[i].key, key))
			return &seen->member[i];
	return NULL;
}

/* What no compressor makes small: xorshift. */
static struct bytes noise(size_t size)
{
	uint8_t *data = malloc(size);
	uint32_t x = 2463534242u;

	for (size_t i = 0; i < size; i++) {
		x ^= x << 13, x ^= x >> 17, x ^= x << 5;
		data[i] = (uint8_t)x;
	}
	return bytes_of(data, size);
}

static void drop(struct bytes bytes)
{
	free((void *)(uintptr_t)bytes.data);
}

/* ---- every kind ---- */

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

/* ---- damage ---- */

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

/* ---- made to do harm ---- */

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

/* ---- unpacking ---- */

static struct bytes read_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat about;
	uint8_t *data;

	assert_true(fd >= 0 && fstat(fd, &about) == 0);
	data = malloc((size_t)about.st_size + 1);
	assert_int_equal(read(fd, data, (size_t)about.st_size), about.st_size);
	close(fd);
	return bytes_of(data, (size_t)about.st_size);
}

static void a_member_is_unpacked_whole(void **state)
{
	static const struct { const char *inner, *inner_filter, *outer, *outer_filter; } pairs[] = {
		{ "zip", NULL, "zip", NULL }, { "zip", NULL, "pax", "gzip" }, { "pax", "gzip", "zip", NULL }, { "7zip", NULL, "newc", "xz" }, { "pax", "xz", "7zip", NULL },
	};
	struct bytes image = noise(700000);
	char folder[64], path[100];

	(void)state;
	assert_true(temp_folder_make(folder, sizeof(folder), "archive"));
	text_format(path, sizeof(path), "%s/fw.bin", folder);
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct bytes inner = pack_one(pairs[i].inner, pairs[i].inner_filter, "d/fw.bin", image), all, out;
		struct archive_source source;
		_Atomic uint64_t written = 0;
		struct packer p;
		struct error error;

		pack_begin(&p, pairs[i].outer, pairs[i].outer_filter);
		pack_open(&p);
		pack(&p, "looks-like.zip", BYTES("PK\3\4 but is none"));
		pack(&p, "in", inner);
		pack(&p, "behind", image);
		all = pack_end(&p);
		source = (struct archive_source){ .bytes = all, .name = "fw" };
		if (archive_extract(&source, NULL, "in/d/fw.bin", path, &written, &error) != STATUS_OK)
			fail_msg("pair %zu: %s", i, error.text);
		out = read_file(path);
		assert_true(bytes_equal(out, image));
		assert_int_equal(written, image.size);
		/* it is there now, and is not written over */
		assert_int_equal(archive_extract(&source, NULL, "in/d/fw.bin", path, NULL, &error), STATUS_BUSY);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(archive_extract(&source, NULL, "in/fw.bin", path, NULL, &error), STATUS_NOT_FOUND);
		drop(out);
		drop(inner);
		drop(all);
	}
	assert_int_equal(rmdir(folder), 0);
	drop(image);
}

static void a_damaged_member_leaves_nothing_behind(void **state)
{
	static const char *const kinds[][2] = { { "zip", NULL }, { "7zip", NULL }, { "raw", "gzip" }, { "pax", "gzip" }, { "pax", "xz" } };
	struct bytes image = noise(700000);
	char folder[64], path[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct bytes all = pack_one(kinds[i][0], kinds[i][1], "fw.bin", image);
		struct archive_source source = { .bytes = all, .name = "fw.bin" };
		struct error error;

		assert_true(temp_folder_make(folder, sizeof(folder), "archive"));
		text_format(path, sizeof(path), "%s/fw.bin", folder);
		((uint8_t *)(uintptr_t)all.data)[400000] ^= 1;
		assert_int_equal(archive_extract(&source, NULL, "fw.bin", path, NULL, &error), STATUS_INVALID);
		assert_int_equal(rmdir(folder), 0);
		drop(all);
	}
	drop(image);
}

/* The member itself was read without a complaint: what came behind it shows that the compression's checksum is wrong. */
static void a_checksum_around_the_member_counts(void **state)
{
	struct packer p;
	struct bytes inner, all;
	char folder[64], path[100];
	struct archive_source source;
	struct error error;

	(void)state;
	assert_true(temp_folder_make(folder, sizeof(folder), "archive"));
	text_format(path, sizeof(path), "%s/fw.bin", folder);
	pack_begin(&p, "pax", "gzip");
	pack_open(&p);
	pack(&p, "fw.bin", BYTES("firmware"));
	pack(&p, "more", BYTES("more"));
	inner = pack_end(&p);
	((uint8_t *)(uintptr_t)inner.data)[inner.size - 7] ^= 1;
	source = (struct archive_source){ .bytes = inner, .name = "fw.tar.gz" };
	assert_int_equal(archive_extract(&source, NULL, "fw.bin", path, NULL, &error), STATUS_INVALID);
	all = pack_one("zip", NULL, "fw.tgz", inner);
	source = (struct archive_source){ .bytes = all, .name = "fw.zip" };
	assert_int_not_equal(archive_extract(&source, NULL, "fw.tgz/fw.bin", path, NULL, &error), STATUS_OK);
	assert_true(text_contains(error.text, "fw.tgz"));
	assert_int_equal(rmdir(folder), 0);
	drop(inner);
	drop(all);
}

static void a_link_is_not_unpacked(void **state)
{
	struct packer p;
	struct bytes all;
	char folder[64], path[100];
	struct archive_source source;
	struct error error;

	(void)state;
	pack_begin(&p, "pax", NULL);
	pack_open(&p);
	pack_typed(&p, "fw.bin", AE_IFLNK, "/etc/passwd", BYTES(""));
	all = pack_end(&p);
	source = (struct archive_source){ .bytes = all, .name = "fw.tar" };
	assert_true(temp_folder_make(folder, sizeof(folder), "archive"));
	assert_int_equal(archive_extract(&source, NULL, "fw.bin", text_format(path, sizeof(path), "%s/x", folder), NULL, &error), STATUS_INVALID);
	assert_true(text_contains(error.text, "link"));
	assert_int_equal(rmdir(folder), 0);
	drop(all);
}

static void a_file_on_the_disk_is_read_as_bytes_are(void **state)
{
	struct bytes image = noise(500000), all = pack_one("zip", NULL, "fw.bin", image);
	char folder[64], path[100], to[100];
	struct image_file *file;
	_Atomic uint64_t progress = 0;
	struct archive_source source;
	struct bytes out;
	struct error error;
	int fd;

	(void)state;
	assert_true(temp_folder_make(folder, sizeof(folder), "archive"));
	fd = open(text_format(path, sizeof(path), "%s/fw.zip", folder), O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_equal(write(fd, all.data, all.size), all.size);
	close(fd);
	assert_int_equal(image_file_open(path, &file, &error), STATUS_OK);
	source = (struct archive_source){ .file = file, .progress = &progress };
	assert_int_equal(archive_extract(&source, NULL, "fw.bin", text_format(to, sizeof(to), "%s/out", folder), NULL, &error), STATUS_OK);
	out = read_file(to);
	assert_true(bytes_equal(out, image));
	assert_true(progress > image.size / 2);
	image_file_free(file);
	temp_folder_remove(folder);
	drop(out);
	drop(image);
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
		cmocka_unit_test(a_cut_off_archive_names_the_member_and_shows_what_is_before_it),
		cmocka_unit_test(a_cut_off_7z_is_told_as_cut_off),
		cmocka_unit_test(every_prefix_ends_in_an_error),
		cmocka_unit_test(one_wrong_byte_in_the_contents_is_seen),
		cmocka_unit_test(a_wrong_checksum_at_the_end_of_gzip_is_seen),
		cmocka_unit_test(gzip_may_be_in_pieces_and_have_something_behind_it),
		cmocka_unit_test(what_only_looks_like_an_archive_is_no_damage_of_the_one_around_it),
		cmocka_unit_test(names_are_labels_and_nothing_is_followed),
		cmocka_unit_test(too_many_members_are_refused),
		cmocka_unit_test(a_bomb_is_refused_soon),
		cmocka_unit_test(bombs_in_each_other_are_refused_soon),
		cmocka_unit_test(a_name_without_end_does_not_fill_the_memory),
		cmocka_unit_test(a_sum_of_bytes_is_refused),
		cmocka_unit_test(an_encrypted_member_is_named_as_such),
		cmocka_unit_test(a_walk_can_be_cancelled),
		cmocka_unit_test(a_member_is_unpacked_whole),
		cmocka_unit_test(a_damaged_member_leaves_nothing_behind),
		cmocka_unit_test(a_checksum_around_the_member_counts),
		cmocka_unit_test(a_link_is_not_unpacked),
		cmocka_unit_test(a_file_on_the_disk_is_read_as_bytes_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
