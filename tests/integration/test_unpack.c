/* Streams made by the tools that everybody packs with, unpacked by unpack_stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/unpack.h"

enum { PLAIN_SIZE = 300000, PACKED_ROOM = 400000 };

struct codec {
	const char *compression;
	const char *command;		/* packs standard input to standard output */
	bool has_checksum;		/* a flipped bit is always found */
};

static const struct codec codecs[] = {
	{ "gzip", "gzip -c", true },
	{ "xz", "xz -c", true },
	{ "xz", "xz -c --check=crc32 --lzma2=dict=8MiB", true },
	{ "lzma", "xz -c --format=lzma", false },
	{ "bzip2", "bzip2 -c", true },
	{ "zstd", "zstd -qc --check", true },
	{ "lz4", "lz4 -qc", true },
	{ "lz4", "lz4 -qcl", false },
	{ "lzo", "lzop -c", true },
};

static uint8_t plain[PLAIN_SIZE];

/* Half text that packs well, half noise that does not. */
static void fill_plain(void)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < PLAIN_SIZE; i++) {
		seed = seed * 1664525 + 1013904223;
		plain[i] = i < PLAIN_SIZE / 2 ? (uint8_t)("kernel and root file system "[i % 28]) : (uint8_t)(seed >> 24);
	}
}

/* 0: the tool is not here. */
static size_t pack(const struct codec *codec, uint8_t *to)
{
	char folder[] = "/tmp/unbrick-unpack-XXXXXX", command[300], tool[20];
	size_t size = 0;
	FILE *file;

	text_format(tool, sizeof(tool), "%.*s", (int)strcspn(codec->command, " "), codec->command);
	text_format(command, sizeof(command), "command -v %s >/dev/null", tool);
	if (system(command) != 0)
		return 0;
	assert_non_null(mkdtemp(folder));
	text_format(command, sizeof(command), "%s/plain", folder);
	file = fopen(command, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(plain, 1, PLAIN_SIZE, file), PLAIN_SIZE);
	fclose(file);
	text_format(command, sizeof(command), "%s < %s/plain; rm -r %s", codec->command, folder, folder);
	file = popen(command, "r");
	assert_non_null(file);
	size = fread(to, 1, PACKED_ROOM, file);
	pclose(file);
	return size;
}

static void check_whole(const struct codec *codec, const uint8_t *packed, size_t size, uint8_t *to)
{
	enum image_answer end;
	uint64_t used;

	assert_int_equal(unpack_stream(NULL, codec->compression, bytes_of(packed, size), to, PLAIN_SIZE + 10, PLAIN_SIZE + 10, &end, &used), PLAIN_SIZE);
	assert_memory_equal(to, plain, PLAIN_SIZE);
	assert_int_equal(end, IMAGE_YES);
	assert_int_equal(used, size);
	assert_int_equal(unpack_stream(NULL, codec->compression, bytes_of(packed, size), NULL, 0, UINT64_MAX, &end, &used), PLAIN_SIZE);
	assert_int_equal(end, IMAGE_YES);
}

/* A small room is filled with the beginning; of the end something is said where more may come out than goes into the room. */
static void check_head(const struct codec *codec, const uint8_t *packed, size_t size, uint8_t *to)
{
	enum image_answer end;
	uint64_t used;

	memset(to, 0xee, 2000);
	assert_int_equal(unpack_stream(NULL, codec->compression, bytes_of(packed, size), to, 1000, 1000, &end, &used), 1000);
	assert_memory_equal(to, plain, 1000);
	assert_int_equal(to[1000], 0xee);
	assert_int_equal(end, IMAGE_UNKNOWN);
	memset(to, 0xee, 2000);
	assert_int_equal(unpack_stream(NULL, codec->compression, bytes_of(packed, size), to, 1000, UINT64_MAX, &end, &used), PLAIN_SIZE);
	assert_memory_equal(to, plain, 1000);
	assert_int_equal(to[1000], 0xee);
	assert_int_equal(end, IMAGE_YES);
	assert_int_equal(used, size);
}

static void check_damage(const struct codec *codec, uint8_t *packed, size_t size, uint8_t *to)
{
	enum image_answer end;
	uint64_t used;

	for (size_t cut = 1; cut < size; cut = cut * 3 + 5) {
		unpack_stream(NULL, codec->compression, bytes_of(packed, cut), to, PLAIN_SIZE + 10, PLAIN_SIZE + 10, &end, &used);
		if (end == IMAGE_YES && codec->has_checksum)
			fail_msg("%s: %zu of %zu bytes were called whole", codec->command, cut, size);
	}
	packed[size / 3] ^= 4;
	unpack_stream(NULL, codec->compression, bytes_of(packed, size), to, PLAIN_SIZE + 10, PLAIN_SIZE + 10, &end, &used);
	if (codec->has_checksum)
		assert_int_equal(end, IMAGE_NO);
	packed[size / 3] ^= 4;
}

static void what_the_tools_pack_comes_out_again(void **state)
{
	AUTO_FREE uint8_t *packed = malloc(PACKED_ROOM), *to = malloc(PLAIN_SIZE + 10);
	unsigned done = 0;

	(void)state;
	assert_true(packed != NULL && to != NULL);
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		size_t size = pack(&codecs[i], packed);

		if (size == 0) {
			print_message("SKIP: no tool for %s\n", codecs[i].command);
			continue;
		}
		print_message("%s: %zu bytes\n", codecs[i].command, size);
		check_whole(&codecs[i], packed, size, to);
		check_head(&codecs[i], packed, size, to);
		check_damage(&codecs[i], packed, size, to);
		done++;
	}
	assert_true(done >= 3);
}

static void what_follows_the_stream_does_not_belong_to_it(void **state)
{
	AUTO_FREE uint8_t *packed = malloc(PACKED_ROOM + 100), *to = malloc(PLAIN_SIZE + 10);
	size_t size = pack(&codecs[0], packed);
	enum image_answer end;
	uint64_t used;

	(void)state;
	memset(packed + size, 0xff, 100);
	unpack_stream(NULL, "gzip", bytes_of(packed, size + 100), to, PLAIN_SIZE + 10, PLAIN_SIZE + 10, &end, &used);
	assert_int_equal(end, IMAGE_YES);
	assert_int_equal(used, size);
}

/* As xz -9 makes it, whatever the file's size: it is not filled where little comes out. */
static void a_large_dictionary_is_taken_as_far_as_it_cannot_be_filled(void **state)
{
	static const struct codec codec = { "xz", "xz -c --lzma2=dict=64MiB", true };
	AUTO_FREE uint8_t *packed = malloc(PACKED_ROOM);
	size_t size = pack(&codec, packed);
	enum image_answer end;
	uint64_t used;

	(void)state;
	if (size == 0)
		skip();
	assert_int_equal(unpack_stream(NULL, "xz", bytes_of(packed, size), NULL, 0, 16 << 20, &end, &used), PLAIN_SIZE);
	assert_int_equal(end, IMAGE_YES);
	assert_int_equal(unpack_stream(NULL, "xz", bytes_of(packed, size), NULL, 0, UINT64_MAX, &end, &used), PLAIN_SIZE);
	assert_int_equal(end, IMAGE_YES);
}

/* 100 MiB of zeros. */
static void of_a_large_dictionary_no_more_comes_out_than_it_may_hold(void **state)
{
	AUTO_FREE uint8_t *packed = malloc(PACKED_ROOM);
	FILE *pipe = popen("command -v xz >/dev/null && head -c 104857600 /dev/zero | xz -c -1 --lzma2=preset=1,dict=128MiB", "r");
	size_t size = fread(packed, 1, PACKED_ROOM, pipe);
	enum image_answer end;
	uint64_t used;

	(void)state;
	pclose(pipe);
	if (size == 0)
		skip();
	assert_int_equal(unpack_stream(NULL, "xz", bytes_of(packed, size), NULL, 0, UINT64_MAX, &end, &used), UNPACK_DICTIONARY_MAX);
	assert_int_equal(end, IMAGE_UNKNOWN);
}

static void who_has_had_enough_gets_no_verdict(void **state)
{
	AUTO_FREE uint8_t *packed = malloc(PACKED_ROOM);
	const atomic_bool cancel = true;
	const struct unpack_watch watch = { .cancel = &cancel };
	enum image_answer end;
	uint64_t used;

	(void)state;
	for (size_t i = 1; i < ARRAY_SIZE(codecs); i++) {	/* gzip of this size is made in one go */
		size_t size = pack(&codecs[i], packed);

		if (size == 0)
			continue;
		unpack_stream_watched(&watch, codecs[i].compression, bytes_of(packed, size), NULL, 0, UINT64_MAX, &end, &used);
		assert_int_equal(end, IMAGE_UNKNOWN);
	}
}

static void an_unknown_compression_is_not_judged(void **state)
{
	enum image_answer end;
	uint64_t used;

	(void)state;
	assert_int_equal(unpack_stream(NULL, "rot13", BYTES("abc"), NULL, 0, 100, &end, &used), 0);
	assert_int_equal(end, IMAGE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_tools_pack_comes_out_again),
		cmocka_unit_test(what_follows_the_stream_does_not_belong_to_it),
		cmocka_unit_test(a_large_dictionary_is_taken_as_far_as_it_cannot_be_filled),
		cmocka_unit_test(of_a_large_dictionary_no_more_comes_out_than_it_may_hold),
		cmocka_unit_test(who_has_had_enough_gets_no_verdict),
		cmocka_unit_test(an_unknown_compression_is_not_judged),
	};

	fill_plain();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
