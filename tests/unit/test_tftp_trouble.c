/* tests/unit/test_tftp_trouble.c: what the cable, the client and the end of a transfer can do to the server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "tests/fakes/tftp_bench.h"

/* The server alone, the datagrams given by hand. */
struct talk {
	struct tftp_server server;
	struct bytes file;
	uint8_t to[TFTP_DATAGRAM_MAX];
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct talk));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct talk *talk = *state;

	tftp_bench_drop_file(talk->file);
	free(talk);
	return 0;
}

static void begin(struct talk *talk, const struct tftp_request *request, const struct tftp_limits *limits, size_t size)
{
	tftp_bench_drop_file(talk->file);
	talk->file = tftp_bench_file(size);
	tftp_server_init(&talk->server, request, limits, talk->file, 0);
}

static size_t out(struct talk *talk, uint64_t now_ms)
{
	return tftp_server_output(&talk->server, talk->to, now_ms);
}

static struct tftp_event ack(struct talk *talk, uint8_t block, uint64_t now_ms)
{
	return tftp_server_input(&talk->server, bytes_of((uint8_t[]){ 0, 4, 0, block }, 4), now_ms);
}

static struct tftp_event ask_again(struct talk *talk, uint64_t now_ms)
{
	return tftp_server_input(&talk->server, BYTES("\0\1f\0octet\0tsize\0" "0"), now_ms);
}

/* Trouble on the cable */

static void bad_cable_only_delays(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 60; seed++) {
		struct tftp_request request = {
			.blksize = seed % 3 == 0 ? 1024 : 0, .windowsize = seed % 4 == 0 ? 5 : 0,
			.timeout_seconds = seed % 5 == 0 ? 5 : 0, .tsize_asked = seed % 2 == 0,
		};
		struct tftp_bench bench = {
			.random = seed * 7919, .lose_permille = 100, .double_permille = 100, .jitter_ms = 6,
		};

		tftp_bench_transfer(&bench, &request, NULL, 100000);
	}
}

static void one_lost_block_costs_tens_of_milliseconds(void **state)
{
	struct tftp_request request = { .timeout_seconds = 5 };
	struct tftp_bench clean = { 0 }, lossy = { .lose_data_block = 50 };
	uint64_t clean_ms, lossy_ms;

	(void)state;
	clean_ms = tftp_bench_transfer(&clean, &request, NULL, 51200);
	lossy_ms = tftp_bench_transfer(&lossy, &request, NULL, 51200);
	assert_in_range(lossy_ms - clean_ms, 1, 60);
	assert_int_equal(lossy.data_sent, clean.data_sent + 1);
}

static void one_lost_ack_costs_tens_of_milliseconds(void **state)
{
	struct tftp_request request = { .timeout_seconds = 5 };
	struct tftp_bench clean = { 0 }, lossy = { .lose_ack_block = 50 };
	uint64_t clean_ms;

	(void)state;
	clean_ms = tftp_bench_transfer(&clean, &request, NULL, 51200);
	assert_in_range(tftp_bench_transfer(&lossy, &request, NULL, 51200) - clean_ms, 1, 60);
}

static void lost_ack_of_a_client_that_never_repeats_it_is_sat_out(void **state)
{
	struct tftp_request request = { .timeout_seconds = 5 };
	struct tftp_bench bench = { .lose_ack_block = 50, .client.never_reacks = true, .client.timeout_ms = 5000 };

	(void)state;
	assert_in_range(tftp_bench_transfer(&bench, &request, NULL, 51200), 5000, 6000);
	assert_in_range(bench.data_sent, 101 + 3, 101 + 8);
}

static void lost_block_in_a_window_is_sent_at_once_on_the_gap_ack(void **state)
{
	struct tftp_request request = { .windowsize = 8 };
	struct tftp_bench clean = { 0 }, lossy = { .lose_data_block = 20 };
	uint64_t clean_ms;

	(void)state;
	clean_ms = tftp_bench_transfer(&clean, &request, NULL, 51200);
	assert_in_range(tftp_bench_transfer(&lossy, &request, NULL, 51200) - clean_ms, 1, 5);
	assert_in_range(lossy.data_sent, clean.data_sent + 1, clean.data_sent + 8);
}

static void lost_first_and_last_block_of_a_window_cost_tens_of_milliseconds(void **state)
{
	static const unsigned lost[] = { 1, 17, 24, 101 };	/* windows of 8; the file has 101 blocks */
	struct tftp_request request = { .windowsize = 8 };
	struct tftp_bench clean = { 0 };
	uint64_t clean_ms;

	(void)state;
	clean_ms = tftp_bench_transfer(&clean, &request, NULL, 51200);
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		struct tftp_bench lossy = { .lose_data_block = lost[i] };

		assert_in_range(tftp_bench_transfer(&lossy, &request, NULL, 51200) - clean_ms, 1, 120);
	}
}

static void doubled_datagrams_never_double_the_traffic(void **state)
{
	(void)state;
	for (unsigned windowsize = 1; windowsize <= 16; windowsize *= 4) {
		struct tftp_request request = { .windowsize = windowsize };
		struct tftp_bench bench = { .double_permille = 20, .random = 11 };

		tftp_bench_transfer(&bench, &request, NULL, 512 * 2000);
		if (windowsize == 1)
			assert_int_equal(bench.data_sent, 2001);
		else
			assert_in_range(bench.data_sent, 2001, 2001 + 2001 / 4);
	}
}

static void doubled_ack_is_not_answered(void **state)	/* RFC 1123, 4.2.3.1 */
{
	struct talk *talk = *state;

	begin(talk, &(struct tftp_request){ 0 }, NULL, 5000);
	assert_int_equal(out(talk, 0), 516);
	assert_int_equal(ack(talk, 1, 1).type, TFTP_PROGRESS);
	assert_int_equal(out(talk, 1), 516);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(ack(talk, 1, 2).type, TFTP_NOTHING);
		assert_int_equal(ack(talk, 0, 2).type, TFTP_NOTHING);
		assert_int_equal(out(talk, 2), 0);
	}
}

static void gap_ack_is_followed_once_a_window(void **state)
{
	struct talk *talk = *state;
	unsigned sent = 0;

	begin(talk, &(struct tftp_request){ .windowsize = 4 }, NULL, 50000);
	out(talk, 0);
	ack(talk, 0, 1);
	while (out(talk, 1) > 0)
		sent++;
	assert_int_equal(sent, 4);
	assert_int_equal(ack(talk, 4, 2).type, TFTP_PROGRESS);
	while (out(talk, 2) > 0)
		sent++;
	assert_int_equal(sent, 8);
	for (int i = 0; i < 3; i++) {	/* 5 was lost */
		assert_int_equal(ack(talk, 4, 3).type, TFTP_NOTHING);
		while (out(talk, 3) > 0)
			sent++;
		assert_int_equal(sent, 12);
	}
	assert_int_equal(ack(talk, 8, 4).type, TFTP_PROGRESS);
	assert_int_equal(talk->server.acked, 8);
}

static void slow_cable_is_learnt_after_a_few_blocks(void **state)
{
	(void)state;
	for (unsigned windowsize = 1; windowsize <= 8; windowsize *= 8) {
		struct tftp_request request = { .windowsize = windowsize, .timeout_seconds = 5 };
		struct tftp_bench bench = { .delay_ms = 150, .client.timeout_ms = 5000 };

		tftp_bench_transfer(&bench, &request, NULL, 512 * 400);
		assert_in_range(bench.data_sent, 401, 401 + 6 * windowsize);
	}
}

static void answer_to_a_resend_is_not_taken_for_a_fast_one(void **state)	/* Karn */
{
	struct talk *talk = *state;

	begin(talk, &(struct tftp_request){ .timeout_seconds = 5 }, &(struct tftp_limits){ .drop_options = true }, 5000);
	out(talk, 0);
	assert_int_equal(tftp_server_deadline(&talk->server), 80);
	tftp_server_tick(&talk->server, 80);
	out(talk, 80);
	ack(talk, 1, 80);
	out(talk, 100);
	assert_int_equal(tftp_server_deadline(&talk->server), 180);
}

static void slow_flash_writer_is_not_flooded(void **state)
{
	struct tftp_request request = { .timeout_seconds = 5 };
	struct tftp_bench bench = { .client.busy_every = 32, .client.busy_ms = 2500, .client.timeout_ms = 5000 };

	(void)state;
	tftp_bench_transfer(&bench, &request, NULL, 512 * 320);
	/* At most six resends for each of the ten pauses. */
	assert_in_range(bench.data_sent, 321, 321 + 10 * 6);
}

static void device_that_is_busy_for_fifty_seconds_is_waited_for(void **state)
{
	struct tftp_request request = { 0 };
	struct tftp_bench bench = { .client.busy_every = 64, .client.busy_ms = 50000, .client.timeout_ms = 100000 };

	(void)state;
	assert_in_range(tftp_bench_transfer(&bench, &request, NULL, 512 * 100), 50000, 52000);
	assert_true(bench.data_sent < 101 + 20);
}

/* Ends */

static void final_ack_that_never_comes_ends_in_timeout(void **state)
{
	struct tftp_request request = { 0 };
	struct tftp_bench bench = { .client.keeps_final_ack = true };
	struct bytes file = tftp_bench_file(2000);

	(void)state;
	tftp_bench_start(&bench, &request, NULL, file);
	tftp_bench_run(&bench);
	assert_int_equal(bench.end.type, TFTP_FAILED);
	assert_int_equal(bench.end.status, STATUS_TIMEOUT);
	assert_true(text_contains(bench.end.text, "all 2.0 KiB sent"));
	assert_true(text_contains(bench.end.text, "may have arrived"));
	assert_int_equal(bench.end.bytes_acked, 1536);
	assert_in_range(bench.now_ms, 60000, 61000);
	assert_int_equal(tftp_server_deadline(&bench.server), UINT64_MAX);
	assert_int_equal(tftp_server_output(&bench.server, bench.datagram, 99999), 0);
	tftp_bench_done(&bench);
	tftp_bench_drop_file(file);
}

/* Ticks until the end without any answer; returns how often something was sent. */
static unsigned sit_out_silence(struct tftp_server *server, struct tftp_event *ret_end, uint64_t *ret_now_ms)
{
	static uint8_t to[TFTP_DATAGRAM_MAX];
	uint64_t now_ms = 0;
	unsigned sent = 0;

	for (;;) {
		while (tftp_server_output(server, to, now_ms) > 0)
			sent++;
		now_ms = tftp_server_deadline(server);
		assert_int_equal(tftp_server_tick(server, now_ms - 1).type, TFTP_NOTHING);
		assert_int_equal(tftp_server_output(server, to, now_ms - 1), 0);
		*ret_end = tftp_server_tick(server, now_ms);
		*ret_now_ms = now_ms;
		if (ret_end->type != TFTP_NOTHING)
			return sent;
		assert_true(sent < TFTP_BENCH_NEVER);
	}
}

static void silence_from_the_start_ends_in_timeout(void **state)
{
	struct talk *talk = *state;
	struct tftp_event end;
	uint64_t now_ms;

	begin(talk, &(struct tftp_request){ .tsize_asked = true }, NULL, 8);
	assert_in_range(sit_out_silence(&talk->server, &end, &now_ms), 8, 16);
	assert_int_equal(end.status, STATUS_TIMEOUT);
	assert_true(text_contains(end.text, "OACK"));
	assert_int_equal(now_ms, 60000);
}

static void long_agreed_timeout_is_kept_to(void **state)
{
	struct talk *talk = *state;
	struct tftp_event end;
	uint64_t now_ms;

	begin(talk, &(struct tftp_request){ .timeout_seconds = 255 }, NULL, 8);
	assert_in_range(sit_out_silence(&talk->server, &end, &now_ms), 7, 14);
	assert_int_equal(now_ms, 6 * 255000);
}

static void error_from_the_client_ends_it(void **state)
{
	struct talk *talk = *state;
	struct tftp_event end;

	begin(talk, &(struct tftp_request){ .blksize = 1024 }, NULL, 8);
	out(talk, 0);
	end = tftp_server_input(&talk->server, BYTES("\0\5\0\10bad \x1b[31moption\0junk"), 5);
	assert_int_equal(end.type, TFTP_FAILED);
	assert_int_equal(end.status, STATUS_CANCELLED);
	assert_string_equal(end.text, "the client stopped with error 8: bad option");
	assert_int_equal(out(talk, 6), 0);
	assert_int_equal(ack(talk, 0, 7).type, TFTP_NOTHING);
	begin(talk, &(struct tftp_request){ .blksize = 1024 }, NULL, 8);
	end = tftp_server_input(&talk->server, BYTES("\0\5\0\0"), 5);
	assert_string_equal(end.text, "the client stopped with error 0");
}

static void opcode_that_has_no_place_is_answered_with_an_error(void **state)
{
	struct talk *talk = *state;
	struct tftp_event end;

	begin(talk, &(struct tftp_request){ 0 }, NULL, 8);
	out(talk, 0);
	assert_int_equal(tftp_server_input(&talk->server, BYTES("\0\4\0"), 1).type, TFTP_NOTHING);
	assert_int_equal(tftp_server_input(&talk->server, BYTES("\0\x63\0\1"), 1).type, TFTP_NOTHING);
	assert_int_equal(ack(talk, 9, 1).type, TFTP_NOTHING);
	end = tftp_server_input(&talk->server, BYTES("\0\2f\0octet"), 2);
	assert_int_equal(end.type, TFTP_FAILED);
	assert_int_equal(end.status, STATUS_PROTOCOL);
	assert_true(out(talk, 2) > 5);
	assert_memory_equal(talk->to, "\0\5\0\4", 4);
	assert_int_equal(out(talk, 2), 0);
}

/* Repeated requests */

static void request_repeated_before_progress_brings_the_first_datagram_again(void **state)
{
	struct talk *talk = *state;

	begin(talk, &(struct tftp_request){ .tsize_asked = true }, NULL, 1000);
	assert_true(out(talk, 0) > 0);
	assert_int_equal(ask_again(talk, 10).type, TFTP_NOTHING);
	assert_true(out(talk, 10) > 0);
	assert_int_equal(load_be16(talk->to), TFTP_OACK);
	assert_int_equal(out(talk, 10), 0);
}

/* RFC 2347: the OACK is answered by ACK 0, and then it is over. Old U-Boots begin anew at one behind block 1. */
static void request_that_was_late_brings_no_oack_behind_its_ack(void **state)
{
	struct talk *talk = *state;

	begin(talk, &(struct tftp_request){ .tsize_asked = true }, NULL, 1000);
	assert_true(out(talk, 0) > 0);
	assert_int_equal(ack(talk, 0, 20).type, TFTP_NOTHING);
	assert_int_equal(out(talk, 20), 516);
	assert_int_equal(ask_again(talk, 30).type, TFTP_NOTHING);
	assert_int_equal(out(talk, 30), 0);
	assert_int_equal(ack(talk, 1, 40).type, TFTP_PROGRESS);
	assert_int_equal(out(talk, 40), 4 + 488);
	assert_int_equal(ask_again(talk, 45).type, TFTP_NOTHING);
	assert_int_equal(out(talk, 45), 0);
	assert_int_equal(ack(talk, 2, 50).type, TFTP_DONE);
}

/* It was reset in between: an OACK from this port would be one too many for a request that was only late, so it is for a new transfer. */
static void request_long_after_the_oack_was_acknowledged_ends_the_transfer(void **state)
{
	struct talk *talk = *state;

	begin(talk, &(struct tftp_request){ .tsize_asked = true }, NULL, 8);
	assert_true(out(talk, 0) > 0);
	assert_int_equal(ack(talk, 0, 20).type, TFTP_NOTHING);
	assert_int_equal(out(talk, 20), 4 + 8);
	assert_int_equal(ask_again(talk, 3020).status, STATUS_CANCELLED);
	assert_int_equal(out(talk, 3020), 0);
}

static void oack_is_repeated_without_haste_and_only_until_it_is_acknowledged(void **state)
{
	struct talk *talk = *state;

	begin(talk, &(struct tftp_request){ .tsize_asked = true }, NULL, 8);
	assert_true(out(talk, 0) > 0);
	assert_in_range(tftp_server_deadline(&talk->server), 400, 1000);
	tftp_server_tick(&talk->server, tftp_server_deadline(&talk->server));
	assert_true(out(talk, 1000) > 0);
	assert_int_equal(load_be16(talk->to), TFTP_OACK);
	ack(talk, 0, 1010);
	assert_int_equal(out(talk, 1010), 4 + 8);
	/* It answers each OACK; the second ACK 0 is no reason to send anything. */
	ack(talk, 0, 1011);
	assert_int_equal(out(talk, 1011), 0);
	tftp_server_tick(&talk->server, tftp_server_deadline(&talk->server));
	assert_int_equal(out(talk, 2000), 4 + 8);
	assert_int_equal(load_be16(talk->to), TFTP_DATA);
}

static void request_repeated_after_progress_ends_the_transfer(void **state)
{
	struct talk *talk = *state;
	struct tftp_event end;

	begin(talk, &(struct tftp_request){ 0 }, NULL, 5000);
	for (uint8_t block = 1; block <= 2; block++) {
		assert_int_equal(out(talk, block), 516);
		end = ack(talk, block, block);
		assert_int_equal(end.type, TFTP_PROGRESS);
		assert_int_equal(end.bytes_acked, block * 512);
	}
	end = tftp_server_input(&talk->server, BYTES("\0\1f\0octet\0"), 1000);
	assert_int_equal(end.type, TFTP_FAILED);
	assert_int_equal(end.status, STATUS_CANCELLED);
}

#define TALK(behaviour) cmocka_unit_test_setup_teardown(behaviour, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_cable_only_delays),
		cmocka_unit_test(one_lost_block_costs_tens_of_milliseconds),
		cmocka_unit_test(one_lost_ack_costs_tens_of_milliseconds),
		cmocka_unit_test(lost_ack_of_a_client_that_never_repeats_it_is_sat_out),
		cmocka_unit_test(lost_block_in_a_window_is_sent_at_once_on_the_gap_ack),
		cmocka_unit_test(lost_first_and_last_block_of_a_window_cost_tens_of_milliseconds),
		cmocka_unit_test(doubled_datagrams_never_double_the_traffic),
		TALK(doubled_ack_is_not_answered),
		TALK(gap_ack_is_followed_once_a_window),
		cmocka_unit_test(slow_cable_is_learnt_after_a_few_blocks),
		TALK(answer_to_a_resend_is_not_taken_for_a_fast_one),
		cmocka_unit_test(slow_flash_writer_is_not_flooded),
		cmocka_unit_test(device_that_is_busy_for_fifty_seconds_is_waited_for),
		cmocka_unit_test(final_ack_that_never_comes_ends_in_timeout),
		TALK(silence_from_the_start_ends_in_timeout),
		TALK(long_agreed_timeout_is_kept_to),
		TALK(error_from_the_client_ends_it),
		TALK(opcode_that_has_no_place_is_answered_with_an_error),
		TALK(request_repeated_before_progress_brings_the_first_datagram_again),
		TALK(request_that_was_late_brings_no_oack_behind_its_ack),
		TALK(request_long_after_the_oack_was_acknowledged_ends_the_transfer),
		TALK(oack_is_repeated_without_haste_and_only_until_it_is_acknowledged),
		TALK(request_repeated_after_progress_ends_the_transfer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
