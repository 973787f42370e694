/* tests/unit/test_xymodem.c: XMODEM and YMODEM against each other over a calculated line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/protocol/xymodem.h"
#include "tests/fakes/model_line.h"

enum { HOUR_MS = 3600000 };

static struct model *line_of(unsigned baud, uint64_t seed)
{
	struct model *m = model_new(seed);

	m->to_receiver.baud = m->to_sender.baud = baud;
	return m;
}

static void assert_same(const struct model *m, bool may_be_padded)
{
	if (!m->sender.is_done || !m->receiver.is_done)
		print_message("sender: %s\n", m->sender.reason);
	if (!m->receiver.is_done)
		print_message("receiver: %s\n", m->receiver.reason);
	assert_true(m->sender.is_done);
	assert_true(m->receiver.is_done);
	assert_int_equal(m->receiver.files, m->sender.files);
	for (size_t i = 0; i < m->sender.files; i++) {
		const struct model_file *sent = &m->sender.file[i], *got = &m->receiver.file[i];

		assert_true(got->is_whole);
		assert_true(may_be_padded ? got->size >= sent->size && got->size - sent->size < XYMODEM_LONG
					  : got->size == sent->size);
		if (sent->size > 0)
			assert_memory_equal(got->data, sent->data, sent->size);
	}
}

static void each_kind_carries_files_of_all_sizes(void **state)
{
	static const char *const kinds[] = { "xmodem", "xmodem-crc", "xmodem-1k", "ymodem", "ymodem-g" };
	static const size_t sizes[] = { 0, 1, 127, 128, 129, 896, 897, 1023, 1024, 1025, 3000, 10340, 300000 };

	(void)state;
	for (size_t k = 0; k < 5; k++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct model *m = line_of(115200, i);

			model_add_made_up(m, "firmware.bin", sizes[i]);
			model_run(m, kinds[k], kinds[k], NULL, HOUR_MS);
			assert_same(m, kinds[k][0] == 'x');
			assert_int_equal(m->sender.retries + m->receiver.retries, 0);
			assert_true((double)m->now_us < ((double)sizes[i] + 1024) * 1.1 * 10e6 / 115200 + 500000);
			model_free(m);
		}
}

static void a_batch_keeps_names_sizes_and_times(void **state)
{
	struct model *m = line_of(921600, 1);

	(void)state;
	model_add_made_up(m, "u-boot.bin", 5000);
	model_add_made_up(m, "empty", 0);
	model_add_made_up(m, "rootfs.squashfs", 100001);
	model_run(m, "ymodem", "ymodem", NULL, HOUR_MS);
	assert_same(m, false);
	assert_string_equal(m->receiver.file[0].name, "u-boot.bin");
	assert_string_equal(m->receiver.file[2].name, "rootfs.squashfs");
	assert_true(m->receiver.file[2].has_size);
	assert_int_equal(m->receiver.file[2].modified, 1700000000);
	model_free(m);
}

static void the_line_is_used_to_97_percent(void **state)
{
	static const struct { const char *kind; unsigned baud; size_t size;
	} rows[] = {
		{ "xmodem-1k", 115200, 65536 }, { "ymodem", 115200, 65536 },    { "xmodem-1k", 921600, 262144 },
		{ "ymodem", 921600, 262144 },   { "ymodem-g", 921600, 262144 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct model *m = line_of(rows[i].baud, 3);
		double needed_us;

		model_add_made_up(m, "f", rows[i].size);
		model_run(m, rows[i].kind, rows[i].kind, NULL, HOUR_MS);
		assert_same(m, false);
		/* what the format allows: 1024 of 1029 bytes, and an ACK */
		needed_us = (double)rows[i].size / 1024 *
			    (rows[i].kind[6] == '-' && rows[i].kind[7] == 'g' ? 1029 : 1030) * 10000000.0 /
			    rows[i].baud;
		if (needed_us / (double)m->now_us < 0.97)
			fail_msg("%s at %u: %.4f", rows[i].kind, rows[i].baud, needed_us / (double)m->now_us);
		model_free(m);
	}
}

/* A device that pauses at its 20th answer, as one does that erases a part of its flash. */
static bool answer_late_once(void *user, uint64_t number, uint8_t *byte)
{
	struct model_wire *wire = user;

	(void)byte;
	wire->latency_ms = number == 20 ? 2000 : 3;
	return true;
}

static void one_slow_answer_does_not_slow_what_follows(void **state)
{
	static const char *const kinds[] = { "xmodem-1k", "ymodem" };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct model *m = line_of(115200, 5);

		m->to_sender.spoil = answer_late_once;
		m->to_sender.user = &m->to_sender;
		model_add_made_up(m, "f", 200 * 1024);
		model_run(m, kinds[i], kinds[i], NULL, HOUR_MS);
		assert_same(m, false);
		assert_int_equal(m->sender.retries, 0);
		/* 200 blocks with 3 ms each, the pause, and what the sender learns from it */
		if (m->now_us > (200 * (1030 * 10000000.0 / 115200 + 3000) + 2000000 + 1500000))
			fail_msg("%s took %.1f s", kinds[i], (double)m->now_us / 1e6);
		model_free(m);
	}
}

static void noise_never_makes_a_wrong_file(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		struct model *m = line_of(921600, seed);

		m->to_receiver.flip = m->to_sender.flip = seed % 2 ? 1e-5 : 3e-4;
		m->to_receiver.drop = seed % 4 == 3 ? 1e-4 : 0;
		m->to_sender.drop = seed % 8 == 7 ? 5e-3 : 0;
		m->to_receiver.twice = seed % 5 == 4 ? 1e-4 : 0;
		m->to_sender.twice = seed % 5 == 4 ? 1e-2 : 0;
		m->to_receiver.latency_ms = m->to_sender.latency_ms = (unsigned)(seed % 3) * 8;
		model_add_made_up(m, "a", 200000);
		model_add_made_up(m, "b", 3333);
		model_run(m, "ymodem", "ymodem", NULL, HOUR_MS);
		assert_same(m, false);
		model_free(m);
	}
}

static void noise_never_makes_a_wrong_file_with_xmodem(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct model *m = line_of(115200, seed + 100);

		m->to_receiver.flip = m->to_sender.flip = 3e-4;
		m->to_sender.drop = seed % 2 ? 5e-3 : 0;
		model_add_made_up(m, "a", 60000);
		model_run(m, seed % 3 ? "xmodem-1k" : "xmodem-crc", "xmodem-1k", NULL, HOUR_MS);
		assert_same(m, true);
		model_free(m);
	}
}

static void errors_of_1e5_cost_less_than_a_tenth(void **state)
{
	uint64_t clean_us = 0, noisy_us = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct model *m = line_of(921600, seed);

		m->to_receiver.flip = m->to_sender.flip = seed % 2 ? 1e-5 : 0;
		model_add_made_up(m, "f", 512 << 10);
		model_run(m, "ymodem", "ymodem", NULL, HOUR_MS);
		assert_same(m, false);
		*(seed % 2 ? &noisy_us : &clean_us) += m->now_us;
		model_free(m);
	}
	assert_true((double)clean_us / (double)noisy_us >= 0.9);
}

static void either_end_may_begin_late(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct model *m = line_of(115200, 9);

		(i % 2 ? &m->sender : &m->receiver)->starts_ms = 25000;
		model_add_made_up(m, "f", 5000);
		model_run(m, i < 2 ? "ymodem" : "xmodem-1k", i < 2 ? "ymodem" : "xmodem-1k", NULL, HOUR_MS);
		assert_same(m, i >= 2);
		assert_int_equal(m->sender.retries + m->receiver.retries, 0);	/* the 'C's that waited are one */
		model_free(m);
	}
}

static bool lose_third_ack(void *user, uint64_t number, uint8_t *byte)
{
	unsigned *acks = user;

	(void)number;
	return *byte != 0x06 || ++*acks != 3;
}

static void a_lost_ack_costs_one_block_and_changes_nothing(void **state)
{
	struct model *m = line_of(115200, 4);
	unsigned acks = 0;

	(void)state;
	m->to_sender.spoil = lose_third_ack;
	m->to_sender.user = &acks;
	model_add_made_up(m, "f", 9000);
	model_run(m, "ymodem", "ymodem", NULL, HOUR_MS);
	assert_same(m, false);
	assert_true(m->sender.retries + m->receiver.retries >= 1);
	model_free(m);
}

static void a_protocol_is_found_by_its_name(void **state)
{
	size_t count;

	(void)state;
	assert_string_equal(transfer_protocol_find("YModem")->name, "ymodem");
	assert_null(transfer_protocol_find("ymode"));
	assert_non_null(transfer_protocols(&count));
	assert_true(count >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_carries_files_of_all_sizes),
		cmocka_unit_test(a_batch_keeps_names_sizes_and_times),
		cmocka_unit_test(the_line_is_used_to_97_percent),
		cmocka_unit_test(one_slow_answer_does_not_slow_what_follows),
		cmocka_unit_test(noise_never_makes_a_wrong_file),
		cmocka_unit_test(noise_never_makes_a_wrong_file_with_xmodem),
		cmocka_unit_test(errors_of_1e5_cost_less_than_a_tenth),
		cmocka_unit_test(either_end_may_begin_late),
		cmocka_unit_test(a_lost_ack_costs_one_block_and_changes_nothing),
		cmocka_unit_test(a_protocol_is_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
