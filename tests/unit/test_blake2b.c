/* BLAKE2b against the values of RFC 7693 and of b2sum, however the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/media/blake2b.h"

static void gives(struct bytes in, size_t size, size_t step, const char *hex)
{
	uint8_t digest[BLAKE2B_SIZE_MAX];
	char text[2 * BLAKE2B_SIZE_MAX + 1];
	struct blake2b hash;

	blake2b_init(&hash, size);
	for (; in.size > step; in = bytes_from(in, step))
		blake2b_add(&hash, bytes_of(in.data, step));
	blake2b_add(&hash, in);
	blake2b_end(&hash, digest);
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(text, hex);
}

static void abc_is_what_the_standard_says(void **state)	/* RFC 7693, appendix A */
{
	(void)state;
	gives(BYTES("abc"), 64, 3, "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
				   "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

static void the_shorter_ones_are_those_of_b2sum(void **state)	/* coreutils: printf abc | b2sum -l 256 */
{
	(void)state;
	gives(BYTES("abc"), 32, 3, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	gives(BYTES(""), 32, 1, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

static void how_the_bytes_are_cut_never_changes_it(void **state)
{
	uint8_t data[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i % 251);
	for (size_t step = 1; step < 300; step++)
		gives(bytes_of(data, sizeof(data)), 48, step, "f0a7a4bb3c3290f432e513caa227ab3bf933c4c8c167193dff1cb10a0b992f042f5679e477f00c551e2cf2bec8101f1e");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(abc_is_what_the_standard_says),
		cmocka_unit_test(the_shorter_ones_are_those_of_b2sum),
		cmocka_unit_test(how_the_bytes_are_cut_never_changes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
