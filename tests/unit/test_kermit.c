/* tests/unit/test_kermit.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/protocol/kermit_packet.h"
#include "src/base/text.h"
#include "tests/unit/cable_bench.h"

extern const struct transfer_protocol transfer_kermit;

/* Packets */

static const struct kermit_parameters plain = { .end = '\r' };

static struct bytes packet(uint8_t *to, uint8_t type, unsigned sequence, unsigned check, struct bytes data)
{
	return bytes_of(to, kermit_write_packet(to, &plain, type, sequence, check, data));
}

static void a_packet_looks_as_in_the_manual(void **state)	/* 4.1: an acknowledgement of packet 3 is ^A # # Y A */
{
	uint8_t to[32];

	(void)state;
	assert_true(bytes_equal(packet(to, 'Y', 3, 1, BYTES("")), BYTES("\x01##YA\r")));
	assert_true(bytes_equal(packet(to, 'N', 0, 1, BYTES("")), BYTES("\x01# N3\r")));
}

static void every_check_finds_every_flipped_bit(void **state)
{
	static const char *const data[] = { "firmware", "" };
	uint8_t to[512], long_data[300];

	(void)state;
	memset(long_data, 'x', sizeof(long_data));
	for (unsigned which = 0; which < 9; which++) {
		unsigned check = 1 + which % 3;
		struct bytes all = packet(to, 'D', 63, check,
					  which / 3 == 2 ? bytes_of(long_data, 300) : bytes_of_text(data[which / 3]));

		for (size_t bit = 0; bit <= (all.size - 1) * 8; bit++) {
			struct kermit_reader reader = { .check = check };
			struct bytes in = all;
			bool is_whole = bit == (all.size - 1) * 8;
			enum kermit_signal signal;

			to[bit / 8] ^= (uint8_t)(is_whole ? 0 : 1u << bit % 8);
			do
				signal = kermit_read(&reader, &in);
			while (signal == KERMIT_TEXT);
			assert_int_equal(signal == KERMIT_PACKET, is_whole);
			to[bit / 8] ^= (uint8_t)(is_whole ? 0 : 1u << bit % 8);
		}
	}
}

static void every_byte_passes_every_coding(void **state)
{
	uint8_t data[1024], to[8192], back[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i < 256 ? i : i < 400 ? '#' : i < 600 ? '~' : i < 800 ? '&' | 0x80 : i % 7);
	for (unsigned form = 0; form < 4; form++) {
		struct kermit_coding coding = { '#', form & 1 ? '&' : 0, form & 2 ? '~' : 0 };
		size_t used, size = kermit_encode(&coding, bytes_of(data, sizeof(data)), to, sizeof(to), &used), got;
		struct bytes in = { to, size };

		assert_int_equal(used, sizeof(data));
		for (size_t i = 0; i < size; i++)
			assert_true((to[i] & 0x60) != 0 && (to[i] & 0x7f) != 0x7f && (!(form & 1) || to[i] < 0x80));
		assert_true(kermit_decode(&coding, &in, back, sizeof(back), &got));
		assert_int_equal(got, sizeof(data));
		assert_memory_equal(back, data, sizeof(data));
	}
}

static void an_encoding_never_ends_within_a_prefix(void **state)
{
	const struct kermit_coding coding = { '#', '&', '~' };
	uint8_t to[64], back[2048];
	struct bytes data = BYTES("\x81\x81\x81\x81\x81\x00\xa3\xfe&&&&&&&&x");

	(void)state;
	for (size_t room = 5; room < 40; room++) {
		size_t used, got, size = kermit_encode(&coding, data, to, room, &used);
		struct bytes in = { to, size };

		assert_true(kermit_decode(&coding, &in, back, sizeof(back), &got));
		assert_int_equal(got, used);
		assert_memory_equal(back, data.data, used);
	}
}

static void missing_parameters_have_the_manuals_values(void **state)	/* 4.4 */
{
	struct kermit_parameters p;

	(void)state;
	kermit_read_parameters(BYTES(""), &p);
	assert_int_equal(p.length_max, 80);
	assert_int_equal(p.end, '\r');
	assert_int_equal(p.control, '#');
	assert_int_equal(p.check, 1);
	assert_int_equal(p.repeat, ' ');
	kermit_read_parameters(BYTES("~! @-#N1N\" ~~"), &p);	/* as U-Boot's loadb answers */
	assert_int_equal(p.length_max, 9024);
	assert_int_equal(p.timeout_seconds, 1);
	assert_int_equal(p.can, KERMIT_CAN_LONG);
}

/* Two machines */

static void either_side_can_cancel_and_the_other_is_told(void **state)
{
	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		struct cable *line = cable_bench_new(&transfer_kermit, 115200);

		(side == 0 ? &line->sender : &line->receiver)->cancel_at_ms = line->now_ms + 2000;
		cable_bench_add(line, "a", 200000);
		cable_run(line, 10000);
		assert_int_equal(line->sender.last, TRANSFER_FAILED);
		assert_int_equal(line->receiver.last, TRANSFER_FAILED);
		assert_true(text_contains((side == 0 ? &line->receiver : &line->sender)->reason, "cancelled here"));
		cable_bench_free(line);
	}
}

static void silence_ends_both(void **state)
{
	(void)state;
	for (uint64_t at = 0; at < 10000; at += 499) {
		struct cable *line = cable_bench_new(&transfer_kermit, 115200);

		line->there.drop_from = at;
		line->back.drop_from = at / 50;
		line->there.drop_to = line->back.drop_to = UINT64_MAX;
		cable_bench_add(line, "a", 100000);
		cable_run(line, CABLE_BENCH_HOUR_MS);
		assert_int_equal(line->sender.last, TRANSFER_FAILED);
		assert_int_equal(line->receiver.last, TRANSFER_FAILED);
		/* Whoever gives up first tells the other, where the line still carries that. */
		assert_true(line->sender.status == STATUS_TIMEOUT || line->receiver.status == STATUS_TIMEOUT);
		cable_bench_free(line);
	}
}

/* One machine against U-Boot's loadb as cmd/load.c has it: block check 1, no prefix but '#', ends of packets required,
 * long packets; a packet with the number of the last one is taken for that one again. */

struct loadb {
	struct transfer *transfer;
	struct transfer_event last;
	uint8_t memory[65536];
	size_t size, begin;
	unsigned sequence, packets;
	size_t overrun;		/* longer packets lose a byte; 0: none */
	unsigned damaged;
};

static size_t unprefix(struct bytes data, uint8_t *to)
{
	size_t size = 0;

	for (size_t i = 0; i < data.size; i++) {
		uint8_t byte = data.data[i];

		if (byte == '#') {
			byte = data.data[++i];
			if ((byte & 0x60) == 0x40)
				byte &= (uint8_t)~0x40;
			else if ((byte & 0x7f) == 0x3f)
				byte |= 0x40;
		}
		to[size++] = byte;
	}
	return size;
}

static struct bytes loadb_answer(struct loadb *loadb, struct bytes in, uint8_t *to)
{
	struct kermit_reader *reader = malloc(sizeof(*reader));
	struct bytes answer, rest = in;

	reader->is_open = false;
	reader->check = 1;
	if ((loadb->overrun > 0 && in.size > loadb->overrun) || kermit_read(reader, &rest) != KERMIT_PACKET ||
	    rest.size != 1 || rest.data[0] != '\r') {
		loadb->damaged++;
		free(reader);
		return packet(to, 'N', loadb->sequence, 1, BYTES(""));
	}
	if (reader->type == 'S') {
		answer = packet(to, 'Y', 0, 1, BYTES("~! @-#N1N\" ~~"));
	} else {
		if (reader->sequence == (loadb->sequence + 63) % 64 && loadb->packets > 0)
			loadb->size = loadb->begin;
		loadb->begin = loadb->size;
		if (reader->type == 'D')
			loadb->size += unprefix(reader->data, loadb->memory + loadb->size);
		answer = packet(to, 'Y', reader->sequence, 1, BYTES(""));
	}
	loadb->packets++;
	loadb->sequence = (reader->sequence + 1) % 64;
	free(reader);
	return answer;
}

static bool one_file(void *user, struct transfer_file *ret_file)
{
	unsigned *left = user;

	if (*left == 0)
		return false;
	--*left;
	text_copy(ret_file->name, sizeof(ret_file->name), "u-boot.bin");
	ret_file->size = 50000;
	ret_file->has_size = true;
	return true;
}

static uint8_t byte_at(uint64_t offset)
{
	return (uint8_t)(offset * 7 + offset / 256);
}

static size_t read_bytes(void *user, uint64_t offset, uint8_t *to, size_t size)
{
	(void)user;
	for (size_t i = 0; i < size; i++)
		to[i] = byte_at(offset + i);
	return size;
}

static void load(struct loadb *loadb)
{
	unsigned files = 1;
	struct transfer_options options = { .is_sender = true, .source = { one_file, read_bytes, &files } };
	uint64_t now_ms = 0;

	assert_int_equal(transfer_kermit.begin(&options, now_ms, &loadb->transfer, NULL), STATUS_OK);
	for (unsigned i = 0; i < 3000 && loadb->last.type != TRANSFER_DONE && loadb->last.type != TRANSFER_FAILED;
	     i++) {
		uint8_t to[64];
		struct bytes out = transfer_kermit.output(loadb->transfer), in = BYTES("");

		now_ms += 10;
		if (out.size > 0) {
			in = loadb_answer(loadb, out, to);
			transfer_kermit.sent(loadb->transfer, out.size, now_ms);
		}
		do
			loadb->last = transfer_kermit.input(loadb->transfer, &in, now_ms);
		while (loadb->last.type != TRANSFER_NOTHING && loadb->last.type != TRANSFER_DONE &&
		       loadb->last.type != TRANSFER_FAILED);
	}
	assert_int_equal(loadb->last.type, TRANSFER_DONE);
	assert_int_equal(loadb->size, 50000);
	for (size_t i = 0; i < loadb->size; i++)
		assert_int_equal(loadb->memory[i], byte_at(i));
	transfer_kermit.free(loadb->transfer);
}

static void loadb_takes_a_file_in_long_packets(void **state)
{
	struct loadb *loadb = calloc(1, sizeof(*loadb));

	(void)state;
	load(loadb);
	assert_int_equal(loadb->damaged, 0);
	assert_in_range(loadb->packets, 10, 20);
	free(loadb);
}

static void a_receiver_that_long_packets_overrun_gets_short_ones(void **state)
{
	struct loadb *loadb = calloc(1, sizeof(*loadb));

	(void)state;
	loadb->overrun = 100;
	load(loadb);
	assert_in_range(loadb->damaged, 12, 15);
	free(loadb);
}

static void what_follows_the_end_is_left_to_the_next_reader(void **state)
{
	unsigned files = 0;
	struct transfer_options options = { .is_sender = true, .source = { one_file, read_bytes, &files } };
	struct transfer_event event;
	struct transfer *transfer;
	uint8_t to[64];
	struct bytes in;

	(void)state;
	assert_int_equal(transfer_kermit.begin(&options, 0, &transfer, NULL), STATUS_OK);
	in = packet(to, 'Y', 0, 1, BYTES("~! @-#N1N\" ~~"));
	transfer_kermit.input(transfer, &in, 10);
	in = packet(to, 'Y', 1, 1, BYTES(""));
	memcpy(to + in.size, "\n## Total", 9);
	in.size += 9;
	event = transfer_kermit.input(transfer, &in, 20);
	assert_int_equal(event.type, TRANSFER_DONE);
	assert_true(bytes_equal(in, BYTES("\n## Total")));
	transfer_kermit.free(transfer);
}

static void the_reason_of_the_other_side_is_told_without_its_escapes(void **state)
{
	unsigned files = 1;
	struct transfer_options options = { .is_sender = true, .source = { one_file, read_bytes, &files } };
	struct transfer_event event;
	struct transfer *transfer;
	uint8_t to[64];
	struct bytes in;

	(void)state;
	assert_int_equal(transfer_kermit.begin(&options, 0, &transfer, NULL), STATUS_OK);
	in = packet(to, 'Y', 0, 1, BYTES("~! @-#N1N\" ~~"));
	transfer_kermit.input(transfer, &in, 10);
	in = packet(to, 'E', 1, 1, BYTES("disk \x1b[2Jfull"));
	event = transfer_kermit.input(transfer, &in, 20);
	assert_int_equal(event.type, TRANSFER_FAILED);
	assert_true(text_contains(event.reason, "disk full"));
	transfer_kermit.free(transfer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_looks_as_in_the_manual),
		cmocka_unit_test(every_check_finds_every_flipped_bit),
		cmocka_unit_test(every_byte_passes_every_coding),
		cmocka_unit_test(an_encoding_never_ends_within_a_prefix),
		cmocka_unit_test(missing_parameters_have_the_manuals_values),
		cmocka_unit_test(either_side_can_cancel_and_the_other_is_told),
		cmocka_unit_test(silence_ends_both),
		cmocka_unit_test(loadb_takes_a_file_in_long_packets),
		cmocka_unit_test(a_receiver_that_long_packets_overrun_gets_short_ones),
		cmocka_unit_test(what_follows_the_end_is_left_to_the_next_reader),
		cmocka_unit_test(the_reason_of_the_other_side_is_told_without_its_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
