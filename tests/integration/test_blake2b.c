/* The shorter BLAKE2b against the values of b2sum, however the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/media/digest.h"

enum { SIZE_MAX_KNOWN = 64 };

DEFINE_AUTO(digest_stream);

static void gives(struct bytes in, const char *algorithm, size_t size, size_t step, const char *hex)
{
	AUTO(digest_stream) stream = digest_stream_new(algorithm);
	uint8_t digest[SIZE_MAX_KNOWN];
	char text[2 * SIZE_MAX_KNOWN + 1];

	assert_non_null(stream);
	for (; in.size > step; in = bytes_from(in, step))
		digest_stream_add(stream, bytes_of(in.data, step));
	digest_stream_add(stream, in);
	assert_int_equal(digest_stream_end(stream, digest, sizeof(digest)), size);
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(text, hex);
}

static void the_shorter_ones_are_those_of_b2sum(void **state)	/* coreutils: printf abc | b2sum -l 256 */
{
	(void)state;
	gives(BYTES("abc"), "blake2b256", 32, 3, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	gives(BYTES(""), "blake2b256", 32, 1, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

static void how_the_bytes_are_cut_never_changes_it(void **state)
{
	uint8_t data[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i % 251);
	for (size_t step = 1; step < 300; step++)
		gives(bytes_of(data, sizeof(data)), "blake2b384", 48, step, "f0a7a4bb3c3290f432e513caa227ab3bf933c4c8c167193dff1cb10a0b992f042f5679e477f00c551e2cf2bec8101f1e");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shorter_ones_are_those_of_b2sum),
		cmocka_unit_test(how_the_bytes_are_cut_never_changes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
