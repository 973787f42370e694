/* A member of an archive becomes a file, whole or not at all. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "tests/fakes/temp_folder.h"
#include "tests/integration/archive_bench.h"

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
		cmocka_unit_test(a_member_is_unpacked_whole),
		cmocka_unit_test(a_damaged_member_leaves_nothing_behind),
		cmocka_unit_test(a_checksum_around_the_member_counts),
		cmocka_unit_test(a_link_is_not_unpacked),
		cmocka_unit_test(a_file_on_the_disk_is_read_as_bytes_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
