/* Digests of real files against published values. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/crc.h"
#include "src/base/text.h"
#include "src/media/digest.h"
#include "tests/fakes/temp_folder.h"

static int setup(void **state)
{
	return temp_bench_begin(state, "digest", "image.bin");
}

static void put(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
	close(fd);
}

static void digests_are_those_that_the_standards_publish(void **state)	/* FIPS 180-2 A.1, B.1; RFC 1321 A.5 */
{
	struct temp_bench *bench = *state;
	struct digest digest;

	put(bench->path, "abc", 3);
	assert_int_equal(digest_file(bench->path, NULL, NULL, &digest, NULL), STATUS_OK);
	assert_string_equal(digest.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_string_equal(digest.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	if (digest.md5[0] != '\0')
		assert_string_equal(digest.md5, "900150983cd24fb0d6963f7d28e17f72");
	assert_int_equal(digest.crc32, 0x352441c2);
	assert_int_equal(digest.size, 3);
}

static void an_empty_file_has_digests_too(void **state)
{
	struct temp_bench *bench = *state;
	struct digest digest;

	put(bench->path, "", 0);
	assert_int_equal(digest_file(bench->path, NULL, NULL, &digest, NULL), STATUS_OK);
	assert_string_equal(digest.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(digest.crc32, 0);
	assert_int_equal(digest.size, 0);
}

/* One bit at a time, by the definition: what no table can get wrong. */
static uint32_t slow_crc32(struct bytes in)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < in.size; i++) {
		crc ^= in.data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

static void every_crc32_agrees_with_the_definition(void **state)
{
	static uint8_t data[100003];
	const size_t sizes[] = { 0, 1, 7, 8, 9, 1000, 65535, 65536, 65543, sizeof(data) };
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bytes in = { data, sizes[i] };

		assert_int_equal(digest_crc32(0, in), slow_crc32(in));
		assert_int_equal(crc32_update(0, in), slow_crc32(in));
	}
	/* in parts, too */
	assert_int_equal(digest_crc32(digest_crc32(0, bytes_of(data, 70001)), bytes_of(data + 70001, 30002)),
			 slow_crc32(bytes_of(data, sizeof(data))));
}

static void a_file_of_several_reads_counts_its_progress(void **state)
{
	struct temp_bench *bench = *state;
	size_t size = 2 * 1024 * 1024 + 12345;
	uint8_t *data = malloc(size);
	_Atomic uint64_t progress = 0;
	struct digest digest;

	assert_non_null(data);
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 7 >> 3);
	put(bench->path, data, size);
	assert_int_equal(digest_file(bench->path, &progress, NULL, &digest, NULL), STATUS_OK);
	assert_int_equal(atomic_load(&progress), size);
	assert_int_equal(digest.size, size);
	assert_int_equal(digest.crc32, slow_crc32(bytes_of(data, size)));
	free(data);
}

static void cancelling_ends_it_and_leaves_the_result_alone(void **state)
{
	struct temp_bench *bench = *state;
	atomic_bool cancel = true;
	struct digest digest = { .size = 77 };
	struct error error = { .text = "" };

	put(bench->path, "abc", 3);
	assert_int_equal(digest_file(bench->path, NULL, &cancel, &digest, &error), STATUS_CANCELLED);
	assert_int_equal(digest.size, 77);
	assert_non_null(strstr(error.text, bench->path));
}

static void what_cannot_be_hashed_is_named(void **state)
{
	struct temp_bench *bench = *state;
	struct digest digest;
	struct error error = { .text = "" };

	assert_int_equal(digest_file(bench->path, NULL, NULL, &digest, &error), STATUS_NOT_FOUND);
	assert_non_null(strstr(error.text, bench->path));
	assert_true(error.hint[0] != '\0');
	assert_int_equal(digest_file(bench->folder, NULL, NULL, &digest, &error), STATUS_INVALID);
	assert_non_null(strstr(error.text, "folder"));
	assert_int_equal(mkfifo(bench->path, 0600), 0);
	assert_int_equal(digest_file(bench->path, NULL, NULL, &digest, &error), STATUS_INVALID);	/* and does not wait */
	if (geteuid() != 0) {
		unlink(bench->path);
		put(bench->path, "abc", 3);
		assert_int_equal(chmod(bench->path, 0), 0);
		assert_int_equal(digest_file(bench->path, NULL, NULL, &digest, &error), STATUS_NO_PERMISSION);
	}
}

#define TEST(behaviour) cmocka_unit_test_setup_teardown(behaviour, setup, temp_bench_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(digests_are_those_that_the_standards_publish),
		TEST(an_empty_file_has_digests_too),
		TEST(every_crc32_agrees_with_the_definition),
		TEST(a_file_of_several_reads_counts_its_progress),
		TEST(cancelling_ends_it_and_leaves_the_result_alone),
		TEST(what_cannot_be_hashed_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
