/* Where a deflate stream ends, found from behind: of streams that zlib makes in all its ways, and of none that was cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "recovery/image/deflate.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { PLAIN = 200000, ROOM = 300000, TRAILER = 8, TAIL = 256 * 1024 };

/* What firmware is made of: text, code, noise, and nothing. */
static uint8_t *make_plain(unsigned kind)
{
	uint8_t *plain = malloc(PLAIN);
	uint32_t seed = 77 + kind;

	assert_non_null(plain);
	for (size_t i = 0; i < PLAIN; i++) {
		seed = seed * 1664525 + 1013904223;
		plain[i] = kind == 0 ? (uint8_t)("etaoin shrdlu\n"[seed >> 28 & 0xf ? (seed >> 28) % 14 : 0]) :
			   kind == 1 ? (uint8_t)(seed >> 24 & seed >> 16 & 0x3f) : kind == 2 ? (uint8_t)(seed >> 24) : 0;
	}
	return plain;
}

/* flush: what is done in its middle. */
static size_t pack(const uint8_t *plain, size_t size, int level, int strategy, int flush, uint8_t *to)
{
	z_stream stream = { 0 };

	assert_int_equal(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, strategy), Z_OK);
	stream.next_in = (Bytef *)(uintptr_t)plain;
	stream.avail_in = (unsigned)size / 2;
	stream.next_out = to;
	stream.avail_out = ROOM;
	assert_int_equal(deflate(&stream, flush), Z_OK);
	stream.avail_in += (unsigned)(size - size / 2);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return ROOM - stream.avail_out;
}

static bool nothing_follows(struct bytes rest)
{
	return rest.size == 0;
}

static bool a_tree_follows(struct bytes rest)
{
	return rest.size >= 4 && load_be32(rest.data) == 0xd00dfeed;
}

static void the_end_of_a_whole_stream_is_found(void **state)
{
	static const int flushes[] = { Z_NO_FLUSH, Z_SYNC_FLUSH };
	uint8_t packed[ROOM];

	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		AUTO_FREE uint8_t *plain = make_plain(kind);

		for (int level = 0; level <= 9; level += 3)
			for (size_t i = 0; i < ARRAY_SIZE(flushes); i++) {
				size_t size = pack(plain, PLAIN, level, Z_DEFAULT_STRATEGY, flushes[i], packed);

				if (deflate_find_end(bytes_of(packed, size), TRAILER, nothing_follows) != size - TRAILER)
					fail_msg("kind %u, level %d, flush %zu: the end was not found", kind, level, i);
			}
	}
}

static void a_stream_without_matches_has_no_code_for_distances(void **state)
{
	AUTO_FREE uint8_t *plain = make_plain(0);
	uint8_t packed[ROOM];
	size_t size = pack(plain, PLAIN, 9, Z_HUFFMAN_ONLY, Z_NO_FLUSH, packed);

	(void)state;
	assert_int_equal(deflate_find_end(bytes_of(packed, size), TRAILER, nothing_follows), size - TRAILER);
	size = pack(plain, PLAIN, 9, Z_RLE, Z_NO_FLUSH, packed);
	assert_int_equal(deflate_find_end(bytes_of(packed, size), TRAILER, nothing_follows), size - TRAILER);
}

static void a_stream_that_was_flushed_at_its_end_ends_in_an_empty_block(void **state)
{
	AUTO_FREE uint8_t *plain = make_plain(1);
	uint8_t packed[ROOM];
	z_stream stream = { 0 };

	(void)state;
	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = plain;
	stream.avail_in = PLAIN;
	stream.next_out = packed;
	stream.avail_out = ROOM;
	assert_int_equal(deflate(&stream, Z_SYNC_FLUSH), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	assert_int_equal(deflate_find_end(bytes_of(packed, ROOM - stream.avail_out), 0, nothing_follows), ROOM - stream.avail_out);
}

static void no_end_is_found_in_a_stream_that_was_cut_off(void **state)
{
	uint8_t packed[ROOM];

	(void)state;
	for (unsigned kind = 0; kind < 3; kind++) {
		AUTO_FREE uint8_t *plain = make_plain(kind);

		for (int level = 0; level <= 9; level += 3) {
			size_t size = pack(plain, PLAIN, level, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, packed);

			for (size_t missing = 1; missing < size; missing = missing * 2 + 1)
				if (deflate_find_end(bytes_of(packed, size - missing), TRAILER, nothing_follows) != 0)
					fail_msg("kind %u, level %d: an end was found where %zu bytes are missing", kind, level, missing);
		}
	}
}

/* In a row of zeros that was stored as it is, the header of a block looks like that of an empty one. */
static void a_block_of_zeros_is_no_end(void **state)
{
	static const uint8_t header[] = { 0x00, 0xff, 0xff, 0x00, 0x00 };
	uint8_t stream[1000] = { 0 };

	(void)state;
	memcpy(stream + 500, header, sizeof(header));
	assert_int_equal(deflate_find_end(bytes_of(stream, 503 + TRAILER), TRAILER, nothing_follows), 0);
	stream[498] = 0x01;	/* the last one, and empty */
	memcpy(stream + 499, "\0\0\xff\xff", 4);
	assert_int_equal(deflate_find_end(bytes_of(stream, 503 + TRAILER), TRAILER, nothing_follows), 503);
	stream[497] = 0x80;	/* its first bit is the last one of a byte */
	stream[498] = 0x00;
	assert_int_equal(deflate_find_end(bytes_of(stream, 503 + TRAILER), TRAILER, nothing_follows), 503);
}

static void the_tail_is_enough_and_something_may_follow(void **state)
{
	AUTO_FREE uint8_t *plain = make_plain(1);
	uint8_t packed[ROOM];
	size_t size = pack(plain, PLAIN, 9, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, packed), from = size - 60000, end;

	(void)state;
	end = deflate_find_end(bytes_of(packed + from, size - from), TRAILER, nothing_follows);
	assert_int_equal(end, size - TRAILER - from);
	memcpy(packed + size, "\xd0\x0d\xfe\xed and a tree", 15);
	assert_int_equal(deflate_find_end(bytes_of(packed + from, size + 15 - from), TRAILER, nothing_follows), 0);
	assert_int_equal(deflate_find_end(bytes_of(packed + from, size + 15 - from), TRAILER, a_tree_follows), end);
}

/* Arbitrary bytes end nowhere, and make it read nothing behind them: their memory is their own. */
static void noise_has_no_end(void **state)
{
	uint32_t seed = 4711;

	(void)state;
	for (size_t size = 0; size < 4000; size = size * 5 / 4 + 1) {
		AUTO_FREE uint8_t *noise = malloc(size > 0 ? size : 1);

		assert_non_null(noise);
		for (size_t i = 0; i < size; i++) {
			seed = seed * 1664525 + 1013904223;
			noise[i] = (uint8_t)(seed >> 24);
		}
		assert_int_equal(deflate_find_end(bytes_of(noise, size), TRAILER, nothing_follows), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_a_whole_stream_is_found),
		cmocka_unit_test(a_stream_without_matches_has_no_code_for_distances),
		cmocka_unit_test(a_stream_that_was_flushed_at_its_end_ends_in_an_empty_block),
		cmocka_unit_test(no_end_is_found_in_a_stream_that_was_cut_off),
		cmocka_unit_test(a_block_of_zeros_is_no_end),
		cmocka_unit_test(the_tail_is_enough_and_something_may_follow),
		cmocka_unit_test(noise_has_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
