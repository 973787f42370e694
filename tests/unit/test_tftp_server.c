/* tests/unit/test_tftp_server.c: requests, and whole transfers over a good network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "tests/fakes/tftp_bench.h"

/* Requests */

static enum status parse(struct tftp_request *request, const char *text, size_t size)
{
	return tftp_request_parse(bytes_of(text, size), request);
}
#define PARSE(request, literal) parse(request, literal, sizeof(literal) - 1)

static void request_with_every_option_is_read(void **state)
{
	struct tftp_request r;

	(void)state;
	assert_int_equal(PARSE(&r, "\0\1fw.bin\0OcTeT\0tsize\0" "0\0BLKSIZE\0" "1468\0timeout\0" "5\0"
			       "windowsize\0" "4\0"), STATUS_OK);
	assert_string_equal(r.name, "fw.bin");
	assert_false(r.is_write);
	assert_false(r.is_netascii);
	assert_true(r.tsize_asked);
	assert_int_equal(r.blksize, 1468);
	assert_int_equal(r.timeout_seconds, 5);
	assert_int_equal(r.windowsize, 4);
	assert_int_equal(PARSE(&r, "\0\2x\0netascii\0"), STATUS_OK);
	assert_true(r.is_write);
	assert_true(r.is_netascii);
	assert_int_equal(r.blksize, 0);
}

static void option_out_of_range_counts_as_not_sent(void **state)
{
	struct tftp_request r;

	(void)state;
	assert_int_equal(PARSE(&r, "\0\1f\0octet\0blksize\0" "7\0timeout\0" "256\0"
			       "windowsize\0" "0\0tsize\0x\0"), STATUS_OK);
	assert_int_equal(r.blksize, 0);
	assert_int_equal(r.timeout_seconds, 0);
	assert_int_equal(r.windowsize, 0);
	assert_false(r.tsize_asked);
	assert_int_equal(PARSE(&r, "\0\1f\0octet\0blksize\0" "99999999999999999999999\0"
			       "windowsize\0" "65536\0timeout\0-1\0"), STATUS_OK);
	assert_int_equal(r.blksize, TFTP_BLKSIZE_MAX);
	assert_int_equal(r.windowsize, 65535);
	assert_int_equal(r.timeout_seconds, 0);
}

static void unknown_repeated_and_cut_options_are_overlooked(void **state)
{
	struct tftp_request r;

	(void)state;
	assert_int_equal(PARSE(&r, "\0\1f\0octet\0multicast\0\0blksize\0" "1024\0"
			       "blksize\0" "8\0timeout\0" "5"), STATUS_OK);
	assert_int_equal(r.blksize, 1024);
	assert_int_equal(r.timeout_seconds, 0);
	assert_int_equal(PARSE(&r, "\0\1f\0octet\0\0\0\0\0\0\0\0"), STATUS_OK);
}

static void every_prefix_of_the_mandatory_part_is_refused(void **state)
{
	static const char whole[] = "\0\1fw.bin\0octet";
	struct tftp_request r;

	(void)state;
	for (size_t size = 0; size < sizeof(whole); size++) {
		char *exact = malloc(size + 1);

		assert_non_null(exact);
		memcpy(exact, whole, size);
		assert_int_equal(parse(&r, exact, size), STATUS_PROTOCOL);
		free(exact);
	}
	assert_int_equal(parse(&r, whole, sizeof(whole)), STATUS_OK);
}

static void bad_requests_are_refused(void **state)
{
	struct tftp_request r;
	char longest[300];

	(void)state;
	assert_int_equal(PARSE(&r, "\0\3f\0octet\0"), STATUS_PROTOCOL);
	assert_int_equal(PARSE(&r, "\0\1f\0mail\0"), STATUS_UNSUPPORTED);
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "\0\1", 2);
	memcpy(longest + 2 + 256, "\0octet", 7);
	assert_int_equal(parse(&r, longest, sizeof(longest)), STATUS_PROTOCOL);
	memcpy(longest + 2 + 255, "\0octet", 7);
	assert_int_equal(parse(&r, longest, sizeof(longest)), STATUS_OK);
	assert_int_equal(strlen(r.name), 255);
}

static void name_with_control_characters_becomes_printable(void **state)
{
	struct tftp_request r;

	(void)state;
	assert_int_equal(PARSE(&r, "\0\1f\x1b[2Jw\x07\0octet\0"), STATUS_OK);
	assert_null(strchr(r.name, 0x1b));
	assert_null(strchr(r.name, 0x07));
}

static void names_match_whatever_their_root_and_case(void **state)
{
	static const char *const same[] = {
		"fw.bin", "/fw.bin", "./fw.bin", "FW.BIN", "//fw.bin", "/./fw.bin", "\\fw.bin", "C:\\fw.bin",
		"c:fw.bin", ".\\Fw.Bin",
	};
	static const char *const other[] = {
		"", "/", "fw", "fw.bin2", "fw.bin/", "../fw.bin", "dir/fw.bin", ".fw.bin", "C:",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (!tftp_name_matches(same[i], "fw.bin"))
			fail_msg("'%s' should match", same[i]);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (tftp_name_matches(other[i], "fw.bin"))
			fail_msg("'%s' should not match", other[i]);
	assert_true(tftp_name_matches("\\Dir\\\\.\\fw.bin", "dir/fw.bin"));
	assert_true(tftp_name_matches("a.bin", "./A.bin"));
}

static void error_datagram_is_never_longer_than_its_room(void **state)
{
	uint8_t to[16];

	(void)state;
	assert_int_equal(tftp_error_write(to, sizeof(to), TFTP_ERROR_NOT_FOUND, "no"), 7);
	assert_memory_equal(to, "\0\5\0\1no", 7);
	memset(to, 0xee, sizeof(to));
	assert_int_equal(tftp_error_write(to, 8, TFTP_ERROR_ILLEGAL, "illegal"), 8);
	assert_memory_equal(to, "\0\5\0\4ill\0\xee", 9);
	assert_int_equal(tftp_error_write(to, 4, TFTP_ERROR_ILLEGAL, "illegal"), 0);
}

/* Whole transfers */

static void file_arrives_whole_at_every_awkward_size(void **state)
{
	static const size_t sizes[] = { 0, 1, 511, 512, 513, 1024, 100 * 512, 100 * 512 + 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct tftp_request request = { 0 };
		struct tftp_bench bench = { 0 };

		tftp_bench_transfer(&bench, &request, NULL, sizes[i]);
		assert_int_equal(bench.client.block, sizes[i] / 512 + 1);
		assert_int_equal(bench.data_sent, sizes[i] / 512 + 1);
		assert_int_equal(bench.client.oack[0], 0);
	}
}

static void every_option_alone_and_all_together(void **state)
{
	(void)state;
	for (unsigned mask = 0; mask < 16; mask++) {
		struct tftp_request request = { 0 };
		struct tftp_bench bench = { 0 };
		const char *oack = bench.client.oack;
		size_t room = sizeof(bench.client.oack);

		request.blksize = mask & 1 ? 1024 : 0;
		request.windowsize = mask & 2 ? 8 : 0;
		request.timeout_seconds = mask & 4 ? 5 : 0;
		request.tsize_asked = mask & 8;
		tftp_bench_transfer(&bench, &request, NULL, 20480);
		assert_int_equal(tftp_bench_oack(oack, room, "blksize") != NULL, (mask & 1) != 0);
		assert_int_equal(tftp_bench_oack(oack, room, "windowsize") != NULL, (mask & 2) != 0);
		assert_int_equal(tftp_bench_oack(oack, room, "timeout") != NULL, (mask & 4) != 0);
		assert_int_equal(tftp_bench_oack(oack, room, "tsize") != NULL, (mask & 8) != 0);
		if (mask & 4)
			assert_string_equal(tftp_bench_oack(oack, room, "timeout"), "5");
		if (mask & 8)
			assert_string_equal(tftp_bench_oack(oack, room, "tsize"), "20480");
		assert_int_equal(bench.client.windowsize, mask & 2 ? 8 : 1);
		assert_int_equal(bench.data_sent, mask & 1 ? 21 : 41);
	}
}

static void oack_of(const struct tftp_request *request, const struct tftp_limits *limits, uint8_t *to, size_t *ret_size)
{
	static uint8_t room[TFTP_DATAGRAM_MAX];
	struct tftp_server server;

	tftp_server_init(&server, request, limits, BYTES("firmware"), 0);
	*ret_size = tftp_server_output(&server, room, 0);
	memcpy(to, room, *ret_size < 128 ? *ret_size : 128);
	assert_int_equal(tftp_server_output(&server, room, 0), 0);
}

static void caps_are_granted_instead_of_what_was_asked(void **state)
{
	struct tftp_request request = { .blksize = 65464, .windowsize = 65535 };
	struct tftp_limits limits = { .blksize_cap = 8192, .windowsize_cap = 2 };
	uint8_t oack[128];
	size_t size;

	(void)state;
	oack_of(&request, NULL, oack, &size);
	assert_int_equal(size, sizeof("\0\6blksize\0" "1468\0windowsize\0" "64"));
	assert_memory_equal(oack, "\0\6blksize\0" "1468\0windowsize\0" "64", size);
	oack_of(&request, &limits, oack, &size);
	assert_int_equal(size, sizeof("\0\6blksize\0" "8192\0windowsize\0" "2"));
	assert_memory_equal(oack, "\0\6blksize\0" "8192\0windowsize\0" "2", size);
	limits.blksize_cap = 512;
	request.windowsize = 0;
	oack_of(&request, &limits, oack, &size);
	assert_memory_equal(oack, "\0\3\0\1firmware", 12);
}

static void longest_oack_fits(void **state)
{
	static const uint8_t little[1];
	struct tftp_request request = { .blksize = 65464, .windowsize = 1024, .timeout_seconds = 255,
					.tsize_asked = true };
	struct tftp_limits limits = { .blksize_cap = 65464, .windowsize_cap = 65535 };
	static uint8_t to[TFTP_DATAGRAM_MAX];
	struct tftp_server server;

	(void)state;
	tftp_server_init(&server, &request, &limits, bytes_of(little, SIZE_MAX), 0);
	assert_true(tftp_server_output(&server, to, 0) < 2 + sizeof(server.oack));
	assert_string_equal(tftp_bench_oack((const char *)to + 2, server.oack_size, "tsize"), "18446744073709551615");
}

static void dropped_options_bring_plain_blocks(void **state)
{
	struct tftp_request request = { .blksize = 1468, .windowsize = 8, .timeout_seconds = 3, .tsize_asked = true };
	struct tftp_limits limits = { .drop_options = true };
	struct tftp_bench bench = { 0 };

	(void)state;
	tftp_bench_transfer(&bench, &request, &limits, 3000);
	assert_int_equal(bench.client.oack[0], 0);
	assert_int_equal(bench.client.block, 6);
}

static void netascii_is_translated_across_block_ends(void **state)
{
	struct tftp_request request = { .is_netascii = true, .blksize = 8, .windowsize = 3, .tsize_asked = true };
	struct tftp_bench bench = { .client.expected = BYTES("one\r\ntw\r\no\r\0\r\n123456\r\nab\r\n\r\n\r\n\r\nx") };

	(void)state;
	tftp_bench_start(&bench, &request, NULL, BYTES("one\ntw\no\r\n123456\nab\n\n\n\nx"));
	tftp_bench_run(&bench);
	tftp_bench_arrived(&bench);
	assert_null(tftp_bench_oack(bench.client.oack, sizeof(bench.client.oack), "tsize"));
	tftp_bench_done(&bench);
}

static void netascii_ends_with_an_empty_block_when_it_fills_the_last(void **state)
{
	struct tftp_request request = { .is_netascii = true, .blksize = 8 };
	struct tftp_bench bench = { .client.expected = BYTES("123456\r\n") };

	(void)state;
	tftp_bench_start(&bench, &request, NULL, BYTES("123456\n"));
	tftp_bench_run(&bench);
	tftp_bench_arrived(&bench);
	assert_int_equal(bench.client.block, 2);
	tftp_bench_done(&bench);
}

static void block_numbers_wrap_to_0(void **state)
{
	struct tftp_request request = { .blksize = 8 };
	struct tftp_bench bench = { 0 };

	(void)state;
	tftp_bench_transfer(&bench, &request, NULL, 8 * 140000 + 3);
	assert_int_equal(bench.client.block, 140001);
	assert_int_equal(bench.data_sent, 140001);
}

static void block_numbers_wrap_in_the_middle_of_a_window(void **state)
{
	struct tftp_request request = { .blksize = 8, .windowsize = 7 };
	struct tftp_bench bench = { .lose_permille = 5, .random = 3 };

	(void)state;
	tftp_bench_transfer(&bench, &request, NULL, 8 * 132000);
	assert_int_equal(bench.client.block, 132001);
}

static void client_that_wraps_to_1_is_followed(void **state)
{
	struct tftp_request request = { .blksize = 8 };
	struct tftp_bench bench = { .client.rollover = 1 };

	(void)state;
	tftp_bench_transfer(&bench, &request, NULL, 8 * 132000);
	assert_true(bench.data_sent < 132001 + 10);
}

static void wrap_is_foreseen(void **state)
{
	struct tftp_request request = { 0 };
	struct tftp_server server;

	(void)state;
	tftp_server_init(&server, &request, NULL, bytes_of("", 65535 * 512 - 1), 0);
	assert_false(tftp_server_wraps(&server));
	tftp_server_init(&server, &request, NULL, bytes_of("", 65535 * 512), 0);
	assert_true(tftp_server_wraps(&server));
	request.blksize = 1024;
	tftp_server_init(&server, &request, NULL, bytes_of("", 65535 * 512), 0);
	assert_false(tftp_server_wraps(&server));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_with_every_option_is_read),
		cmocka_unit_test(option_out_of_range_counts_as_not_sent),
		cmocka_unit_test(unknown_repeated_and_cut_options_are_overlooked),
		cmocka_unit_test(every_prefix_of_the_mandatory_part_is_refused),
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(name_with_control_characters_becomes_printable),
		cmocka_unit_test(names_match_whatever_their_root_and_case),
		cmocka_unit_test(error_datagram_is_never_longer_than_its_room),
		cmocka_unit_test(file_arrives_whole_at_every_awkward_size),
		cmocka_unit_test(every_option_alone_and_all_together),
		cmocka_unit_test(caps_are_granted_instead_of_what_was_asked),
		cmocka_unit_test(longest_oack_fits),
		cmocka_unit_test(dropped_options_bring_plain_blocks),
		cmocka_unit_test(netascii_is_translated_across_block_ends),
		cmocka_unit_test(netascii_ends_with_an_empty_block_when_it_fills_the_last),
		cmocka_unit_test(block_numbers_wrap_to_0),
		cmocka_unit_test(block_numbers_wrap_in_the_middle_of_a_window),
		cmocka_unit_test(client_that_wraps_to_1_is_followed),
		cmocka_unit_test(wrap_is_foreseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
