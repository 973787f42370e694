/* tests/unit/test_xymodem.c: XMODEM and YMODEM against each other over a calculated line, and against single bytes
 * of strange peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/protocol/transfer_check.h"
#include "recovery/protocol/xymodem.h"
#include "tests/fakes/model_line.h"

#define ACK "\x06"
#define NAK "\x15"
#define CAN "\x18"
#define EOT "\x04"

enum { HOUR_MS = 3600000 };

/* ---- two machines and a line ---- */

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

/* ---- one machine and a peer made of bytes ---- */

struct one {
	const struct transfer_protocol *protocol;
	struct transfer *transfer;
	uint64_t now_ms;
	const uint8_t *data;
	size_t size;
	unsigned files, at;
	uint8_t out[32768];
	size_t out_size;
	enum transfer_event_type last;
	struct transfer_event final;
	unsigned retries, file_ends;
	char text[512];
	char left[512];
	uint8_t got[8192];
	size_t got_size;
	struct transfer_file file;
};

static bool one_next(void *user, struct transfer_file *ret_file)
{
	struct one *o = user;

	if (o->at >= o->files)
		return false;
	o->at++;
	*ret_file = (struct transfer_file){ .name = "fw.bin", .size = o->size, .has_size = true };
	return true;
}

static size_t one_read(void *user, uint64_t offset, uint8_t *to, size_t size)
{
	struct one *o = user;
	struct bytes rest = bytes_from(bytes_of(o->data, o->size), (size_t)offset);

	if (size > rest.size)
		size = rest.size;
	if (size > 0)
		memcpy(to, rest.data, size);
	return size;
}

static void drain(struct one *o)
{
	for (;;) {
		struct bytes out = o->protocol->output(o->transfer);

		if (out.size == 0)
			return;
		assert_true(o->out_size + out.size <= sizeof(o->out));
		memcpy(o->out + o->out_size, out.data, out.size);
		o->out_size += out.size;
		o->protocol->sent(o->transfer, out.size, o->now_ms);
	}
}

static void note(struct one *o, const struct transfer_event *event)
{
	size_t used = strlen(o->text);

	o->last = event->type != TRANSFER_NOTHING ? event->type : o->last;
	o->retries += event->type == TRANSFER_RETRY;
	o->file_ends += event->type == TRANSFER_FILE_END;
	if (event->type == TRANSFER_FILE)
		o->file = event->file;
	if (event->type == TRANSFER_TEXT)
		snprintf(o->text + used, sizeof(o->text) - used, "%.*s", (int)event->data.size,
			 (const char *)event->data.data);
	if (event->type == TRANSFER_DATA) {
		assert_true(o->got_size + event->data.size <= sizeof(o->got));
		memcpy(o->got + o->got_size, event->data.data, event->data.size);
		o->got_size += event->data.size;
	}
	if (event->type == TRANSFER_DONE || event->type == TRANSFER_FAILED)
		o->final = *event;
}

static void feed_bytes(struct one *o, struct bytes in)
{
	struct transfer_event event;

	o->last = TRANSFER_NOTHING;
	o->out_size = 0;
	do {
		event = o->protocol->input(o->transfer, &in, o->now_ms);
		note(o, &event);
		drain(o);
	} while (o->final.type == TRANSFER_NOTHING && (in.size > 0 || event.type != TRANSFER_NOTHING));
	snprintf(o->left, sizeof(o->left), "%.*s", (int)in.size, (const char *)in.data);
}

static void feed(struct one *o, const char *text)
{
	feed_bytes(o, bytes_of_text(text));
}

/* Time passes; what falls due meanwhile happens. */
static void pass(struct one *o, uint64_t ms)
{
	uint64_t end_ms = o->now_ms + ms;

	o->last = TRANSFER_NOTHING;
	o->out_size = 0;
	while (o->final.type == TRANSFER_NOTHING && o->protocol->deadline(o->transfer) <= end_ms) {
		struct transfer_event event;

		if (o->protocol->deadline(o->transfer) > o->now_ms)
			o->now_ms = o->protocol->deadline(o->transfer);
		do {
			event = o->protocol->tick(o->transfer, o->now_ms);
			note(o, &event);
			drain(o);
		} while (o->final.type == TRANSFER_NOTHING && event.type != TRANSFER_NOTHING);
	}
	o->now_ms = end_ms;
}

static void begin_with(struct one *o, const char *protocol, bool is_sender, const uint8_t *data, size_t size,
		       const struct transfer_options *more)
{
	struct transfer_options options = more ? *more : (struct transfer_options){ 0 };

	*o = (struct one){ .protocol = transfer_protocol_find(protocol), .data = data, .size = size, .files = 1 };
	options.is_sender = is_sender;
	options.source = (struct transfer_source){ one_next, one_read, o };
	assert_int_equal(o->protocol->begin(&options, 0, &o->transfer, NULL), STATUS_OK);
	drain(o);
}

static void begin(struct one *o, const char *protocol, bool is_sender, const uint8_t *data, size_t size)
{
	begin_with(o, protocol, is_sender, data, size, NULL);
}

static void end(struct one *o)
{
	o->protocol->free(o->transfer);
}

static const uint8_t image[5000] = "image";

static void a_check_has_the_value_of_the_catalogue(void **state)
{
	(void)state;
	assert_int_equal(crc16_update(0, BYTES("123456789")), 0x31c3);
	assert_int_equal(crc16_update(crc16_update(0, BYTES("1234")), BYTES("56789")), 0x31c3);
	assert_int_equal(sum8_of(BYTES("\xff\x02")), 1);
}

static void nothing_is_sent_before_the_receiver_asks(void **state)
{
	struct one o;

	(void)state;
	begin(&o, "ymodem", true, image, 2000);
	pass(&o, 30000);
	assert_int_equal(o.out_size, 0);
	feed(&o, "C");
	pass(&o, 100);
	assert_int_equal(o.out_size, 133);	/* block 0, never block 1: loady would swallow it */
	assert_int_equal(o.out[0], 1);
	assert_int_equal(o.out[1], 0);
	assert_int_equal(o.out[2], 255);
	assert_string_equal((char *)o.out + 3, "fw.bin");
	assert_string_equal((char *)o.out + 10, "2000 0 0 0");
	end(&o);
}

static void queued_invitations_are_answered_once(void **state)
{
	struct one o;

	(void)state;
	begin(&o, "xmodem-1k", true, image, 2000);
	feed(&o, "CCCCC");
	assert_int_equal(o.out_size, 0);
	feed(&o, "C");
	pass(&o, 100);
	assert_int_equal(o.out_size, 1029);
	feed(&o, ACK);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 2);
	end(&o);
}

static void a_letter_in_the_loaders_text_is_no_handshake(void **state)
{
	struct one o;

	(void)state;
	begin(&o, "ymodem", true, image, 2000);
	feed(&o, "## Ready for binary (ymodem) download to 0x82000000 at 115200 bps...C");
	pass(&o, 400);
	assert_int_equal(o.out_size, 0);
	feed(&o, "\r\nC");
	feed(&o, "onsole\r\n");
	pass(&o, 1000);
	assert_int_equal(o.out_size, 0);
	assert_non_null(strstr(o.text, "\r\nConsole\r\n"));	/* and nothing of it is lost */
	feed(&o, "C");
	pass(&o, 100);
	assert_int_equal(o.out_size, 133);
	end(&o);
}

static void an_invitation_right_behind_text_counts_when_it_comes_again(void **state)
{
	struct one o;

	(void)state;
	begin(&o, "ymodem", true, image, 2000);
	feed(&o, "send now: C");
	pass(&o, 3000);
	assert_int_equal(o.out_size, 0);
	feed(&o, "C");
	pass(&o, 100);
	assert_int_equal(o.out_size, 133);
	end(&o);
}

static void the_last_character_in_the_queue_says_which_check(void **state)
{
	struct one o;

	(void)state;
	begin(&o, "xmodem", true, image, 100);
	feed(&o, "CC" NAK);
	pass(&o, 100);
	assert_int_equal(o.out_size, 132);	/* the receiver has fallen back to the sum */
	assert_int_equal(o.out[131], sum8_of(bytes_of(o.out + 3, 128)));
	assert_int_equal(o.out[3 + 100], 0x1a);
	feed(&o, ACK);
	assert_memory_equal(o.out, EOT, 1);
	feed(&o, NAK);			/* classic receivers refuse the first EOT */
	assert_memory_equal(o.out, EOT, 1);
	feed(&o, ACK "=> ");
	assert_int_equal(o.final.type, TRANSFER_DONE);
	assert_string_equal(o.left, "=> ");	/* the loader's answer is not ours */
	end(&o);
}

static void padding_is_as_asked_for(void **state)
{
	struct transfer_options options = { .has_padding = true, .padding = 0xff };
	struct one o;

	(void)state;
	begin_with(&o, "xmodem-crc", true, image, 100, &options);
	feed(&o, "C");
	pass(&o, 100);
	assert_int_equal(o.out[3 + 127], 0xff);
	end(&o);
}

static void begin_block_1(struct one *o, const char *protocol)
{
	begin(o, protocol, true, image, sizeof(image));
	feed(o, "C");
	pass(o, 100);
	if (protocol[0] == 'y')
		feed(o, ACK "C");
	assert_int_equal(o->out_size, 1029);
	assert_int_equal(o->out[1], 1);
}

static void ack_and_c_may_come_in_one_read_or_in_two(void **state)
{
	struct one o;

	(void)state;
	begin_block_1(&o, "ymodem");
	end(&o);
	begin(&o, "ymodem", true, image, sizeof(image));
	feed(&o, "C");
	pass(&o, 100);
	feed(&o, ACK);
	assert_int_equal(o.out_size, 0);
	pass(&o, 200);
	feed(&o, "C");
	assert_int_equal(o.out_size, 1029);
	end(&o);
}

static void a_loader_that_does_not_ask_for_the_data_gets_it_soon(void **state)	/* U-Boot */
{
	struct one o;

	(void)state;
	begin(&o, "ymodem", true, image, sizeof(image));
	feed(&o, "C");
	pass(&o, 100);
	feed(&o, ACK);
	pass(&o, 500);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 1);
	feed(&o, "C");			/* it was only slow: the block crossed its question */
	pass(&o, 5);
	assert_int_equal(o.out_size, 0);
	feed(&o, ACK);
	assert_int_equal(o.out[1], 2);
	end(&o);
}

static void a_storm_of_naks_is_answered_once_each_time_it_ends(void **state)
{
	struct one o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	feed(&o, NAK NAK NAK NAK NAK);
	assert_int_equal(o.out_size, 0);
	pass(&o, 100);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.retries, 1);
	assert_int_equal(o.out[1], 1);
	feed(&o, ACK);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 2);
	end(&o);
}

static void an_ack_behind_a_nak_overrules_it(void **state)
{
	struct one o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	feed(&o, NAK ACK);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 2);
	assert_int_equal(o.retries, 0);
	end(&o);
}

static void a_device_that_refuses_for_ever_is_given_up_by_time(void **state)
{
	struct one o;
	unsigned blocks = 0;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	feed(&o, ACK);
	while (o.final.type == TRANSFER_NOTHING && o.now_ms < HOUR_MS) {
		feed(&o, NAK);
		pass(&o, 100);
		blocks++;
	}
	assert_int_equal(o.final.status, STATUS_PROTOCOL);
	assert_true(o.now_ms >= 60000 && o.now_ms < 120000);
	assert_true(blocks > 20);
	assert_non_null(memchr(o.out, 0x18, o.out_size));	/* it is told */
	end(&o);
}

static void silence_is_given_up_too(void **state)
{
	struct one o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	pass(&o, 120000);
	assert_int_equal(o.final.type, TRANSFER_FAILED);
	assert_int_equal(o.final.status, STATUS_TIMEOUT);
	end(&o);
	begin(&o, "ymodem", true, image, 100);
	pass(&o, 70000);
	assert_int_equal(o.final.status, STATUS_TIMEOUT);
	assert_int_equal(o.out_size, 0);	/* to a peer that never spoke nothing is said */
	end(&o);
}

static void late_acks_of_two_transmissions_are_one(void **state)
{
	struct one o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	pass(&o, 6000);
	assert_int_equal(o.retries, 1);
	assert_int_equal(o.out[1], 1);
	feed(&o, ACK);			/* the late one */
	assert_int_equal(o.out_size, 0);
	pass(&o, 20);
	feed(&o, ACK);			/* that of the repeat */
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 2);
	feed(&o, NAK);
	pass(&o, 100);
	assert_int_equal(o.out[1], 2);
	end(&o);
}

static void a_c_in_mid_transfer_is_a_nak(void **state)	/* U-Boot */
{
	struct one o;

	(void)state;
	begin_block_1(&o, "ymodem");
	pass(&o, 4000);
	assert_int_equal(o.out_size, 0);	/* U-Boot drains for 4 s; what we send then is lost and prolongs it */
	feed(&o, "C");
	pass(&o, 100);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 1);
	feed(&o, ACK);
	assert_int_equal(o.out[1], 2);
	end(&o);
}

static void a_c_that_crossed_the_first_block_does_not_repeat_it(void **state)
{
	struct transfer_options options = { .baud = 9600 };
	struct one o;

	(void)state;
	begin_with(&o, "xmodem-1k", true, image, sizeof(image), &options);
	feed(&o, "C");
	pass(&o, 30);
	assert_int_equal(o.out_size, 1029);
	feed(&o, "C");			/* the block takes 1.07 s: this cannot be its answer */
	pass(&o, 1050);
	assert_int_equal(o.out_size, 0);
	feed(&o, ACK);
	assert_int_equal(o.out[1], 2);
	assert_int_equal(o.retries, 0);
	end(&o);
}

static void a_damaged_answer_is_found_out_soon(void **state)
{
	struct one o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	feed(&o, "\x86");
	pass(&o, 300);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 1);
	end(&o);
}

static void text_between_blocks_is_passed_on(void **state)	/* Marvell's boot ROM */
{
	struct one o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	feed(&o, "DDR3 Training Sequence - Ver 2.3\r\nChecking...\r\n");
	pass(&o, 1000);
	assert_int_equal(o.out_size, 0);
	feed(&o, ACK);
	assert_int_equal(o.out[1], 2);
	assert_string_equal(o.text, "DDR3 Training Sequence - Ver 2.3\r\nChecking...\r\n");
	end(&o);
}

static void two_cans_end_it_and_one_does_not(void **state)
{
	struct one o;

	(void)state;
	begin_block_1(&o, "ymodem");
	feed(&o, CAN);
	assert_int_equal(o.final.type, TRANSFER_NOTHING);
	feed(&o, ACK);
	assert_int_equal(o.out[1], 2);
	feed(&o, CAN CAN CAN);
	assert_int_equal(o.final.status, STATUS_CANCELLED);
	end(&o);
}

static void cans_of_an_earlier_transfer_do_not_end_this_one(void **state)
{
	struct one o;

	(void)state;
	begin(&o, "ymodem", true, image, 100);
	feed(&o, CAN CAN CAN CAN "\b\b\b\b");
	assert_int_equal(o.final.type, TRANSFER_NOTHING);
	feed(&o, "C");
	pass(&o, 100);
	assert_int_equal(o.out_size, 133);
	end(&o);
}

/* Up to where the end of the batch was sent. */
static void begin_end(struct one *o)
{
	begin(o, "ymodem", true, image, 100);
	feed(o, "C");
	pass(o, 100);
	feed(o, ACK "C");
	assert_int_equal(o->out_size, 133);
	feed(o, ACK);
	assert_memory_equal(o->out, EOT, 1);
	feed(o, ACK ACK "C");		/* U-Boot acknowledges EOT twice */
	assert_int_equal(o->file_ends, 1);
	assert_int_equal(o->out_size, 133);
	assert_int_equal(o->out[1], 0);
	assert_int_equal(o->out[3], 0);
}

static void text_behind_the_last_ack_is_left_for_the_console(void **state)
{
	struct one o;

	(void)state;
	begin_end(&o);
	feed(&o, ACK "xyzModem - CRC mode, 3(SOH)/0(STX)/0(CAN) packets\r\n## Total Size");
	assert_int_equal(o.final.type, TRANSFER_DONE);
	assert_string_equal(o.left, "xyzModem - CRC mode, 3(SOH)/0(STX)/0(CAN) packets\r\n## Total Size");
	end(&o);
}

static void text_instead_of_the_last_ack_is_left_too(void **state)
{
	struct one o;

	(void)state;
	begin_end(&o);
	feed(&o, "## Total Size");
	assert_int_equal(o.final.type, TRANSFER_DONE);
	assert_string_equal(o.left, "## Total Size");
	end(&o);
}

static void silence_instead_of_the_last_ack_is_success(void **state)	/* lrzsz on a pty throws it away */
{
	struct one o;

	(void)state;
	begin_end(&o);
	pass(&o, 10000);
	assert_int_equal(o.final.type, TRANSFER_DONE);
	assert_int_equal(o.out_size, 0);	/* nothing more is said to whoever reads the line now */
	end(&o);
}

static void an_end_that_was_never_acknowledged_is_no_success(void **state)
{
	struct one o;

	(void)state;
	begin(&o, "xmodem", true, image, 100);
	feed(&o, "C");
	pass(&o, 100);
	feed(&o, ACK);
	assert_memory_equal(o.out, EOT, 1);
	pass(&o, 60000);
	assert_int_equal(o.final.type, TRANSFER_FAILED);
	assert_true(o.out_size < 30);
	end(&o);
}

static void a_receiver_that_asks_for_no_second_file_ends_a_batch_of_one(void **state)
{
	struct one o;

	(void)state;
	begin(&o, "ymodem", true, image, 100);
	feed(&o, "C");
	pass(&o, 100);
	feed(&o, ACK "C");
	feed(&o, ACK);
	feed(&o, ACK "done\r\n");
	pass(&o, 20000);
	assert_int_equal(o.final.type, TRANSFER_DONE);
	assert_string_equal(o.text, "done\r\n");
	end(&o);
}

static void a_receiver_of_short_blocks_only_gets_short_blocks(void **state)
{
	struct one o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	for (int i = 0; i < 8 && o.out_size != 133 && o.out_size != 132; i++) {
		feed(&o, NAK);
		pass(&o, 1500);
	}
	assert_int_equal(o.out[0], 1);
	while (o.out_size != 133) {	/* and the check it wants is found as well */
		feed(&o, NAK);
		pass(&o, 1500);
	}
	feed(&o, ACK);
	assert_int_equal(o.out_size, 133);
	assert_int_equal(o.out[1], 2);
	assert_memory_equal(o.out + 3, image + 128, 128);
	end(&o);
}

static void a_file_that_becomes_shorter_is_not_sent_as_whole(void **state)
{
	struct one o;

	(void)state;
	begin_block_1(&o, "ymodem");
	o.size = 1500;
	feed(&o, ACK);
	assert_int_equal(o.final.type, TRANSFER_FAILED);
	assert_int_equal(o.final.status, STATUS_IO);
	assert_memory_equal(o.out, CAN CAN CAN, 3);
	end(&o);
}

static void cancelling_does_not_put_its_bytes_into_a_block(void **state)
{
	struct one o;
	struct bytes out;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	o.protocol->input(o.transfer, &(struct bytes){ (const uint8_t *)ACK, 1 }, o.now_ms);
	o.protocol->sent(o.transfer, 100, o.now_ms);	/* the line took a part of block 2 */
	o.protocol->cancel(o.transfer, o.now_ms);
	out = o.protocol->output(o.transfer);
	assert_int_equal(out.size, 929 + 16);
	assert_memory_equal(out.data + 929, CAN CAN CAN CAN CAN CAN CAN CAN "\b\b\b\b\b\b\b\b", 16);
	pass(&o, 1000);
	assert_int_equal(o.final.status, STATUS_CANCELLED);
	end(&o);
}

/* ---- the receiver ---- */

static struct bytes frame_of(uint8_t *to, uint8_t number, const void *data, size_t used, size_t size, uint8_t fill)
{
	to[0] = size == 1024 ? 2 : 1;
	to[1] = number;
	to[2] = (uint8_t)~number;
	memset(to + 3, fill, size);
	memcpy(to + 3, data, used);
	store_be16(to + 3 + size, crc16_update(0, bytes_of(to + 3, size)));
	return bytes_of(to, size + 5);
}

static void begin_file(struct one *o, struct bytes header)
{
	uint8_t frame[1029];

	begin(o, "ymodem", false, NULL, 0);
	assert_memory_equal(o->out, "C", 1);
	feed_bytes(o, frame_of(frame, 0, header.data, header.size, 128, 0));
	assert_int_equal(o->out_size, 2);
	assert_memory_equal(o->out, ACK "C", 2);
}

static void the_file_is_cut_to_its_size(void **state)
{
	uint8_t frame[1029];
	struct one o;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "130 14000000000 0 0"));
	assert_string_equal(o.file.name, "a.bin");
	feed_bytes(&o, frame_of(frame, 1, image, 128, 1024, 0x1a));
	assert_int_equal(o.got_size, 130);
	feed(&o, EOT);			/* the size bears it out: believed at once */
	assert_memory_equal(o.out, ACK "C", 2);
	assert_int_equal(o.file_ends, 1);
	feed_bytes(&o, frame_of(frame, 0, "", 0, 128, 0));
	assert_memory_equal(o.out, ACK, 1);
	assert_int_equal(o.final.type, TRANSFER_DONE);
	end(&o);
}

static void a_size_that_is_none_counts_as_not_told(void **state)
{
	static const struct { const char *info; bool has_size; uint64_t size; int64_t modified;
	} rows[] = {
		{ "12", true, 12, 0 },
		{ "12 ", true, 12, 0 },
		{ "0x10", true, 16, 0 },
		{ "12 17", true, 12, 15 },
		{ "", false, 0, 0 },
		{ " 12", false, 0, 0 },
		{ "-1", false, 0, 0 },
		{ "99999999999999999999999", false, 0, 0 },
		{ "12 99", true, 12, 0 },
		{ "1k", false, 0, 0 },
		{ "18446744073709551615", true, UINT64_MAX, 0 },
		{ "0x", false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t block[128] = "x";
		struct transfer_file file;

		strcpy((char *)block + 2, rows[i].info);
		assert_true(ymodem_header_read(bytes_of(block, 128), &file));
		assert_int_equal(file.has_size, rows[i].has_size);
		if (file.has_size)
			assert_int_equal(file.size, rows[i].size);
		assert_int_equal(file.modified, rows[i].modified);
	}
}

static void a_name_never_leaves_the_folder(void **state)
{
	static const struct { const char *told, *name;
	} rows[] = {
		{ "../../etc/passwd", "passwd" },
		{ "/abs/fw.bin", "fw.bin" },
		{ "C:\\fw\\a.bin", "a.bin" },
		{ "..", "_." },
		{ ".", "_" },
		{ "a/", "unnamed" },
		{ ".bashrc", "_bashrc" },
		{ "-rf", "_rf" },
		{ "a\x1b[31mb\nc", "ab.c" },
		{ "x/..", "_." },
		{ "fw v1.bin ", "fw v1.bin" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[TRANSFER_NAME_MAX];

		transfer_set_name(name, bytes_of_text(rows[i].told));
		assert_string_equal(name, rows[i].name);
	}
}

static void a_file_that_ends_early_is_no_file(void **state)
{
	uint8_t frame[1029];
	struct one o;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "5000"));
	feed_bytes(&o, frame_of(frame, 1, image, 128, 1024, 0x1a));
	feed(&o, EOT);
	assert_memory_equal(o.out, NAK, 1);
	feed(&o, EOT);
	pass(&o, 100);
	assert_int_equal(o.final.type, TRANSFER_FAILED);
	assert_int_equal(o.file_ends, 0);
	end(&o);
}

static void repeated_blocks_are_acknowledged_and_dropped(void **state)
{
	uint8_t frame[1029];
	struct one o;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "5000"));
	feed_bytes(&o, frame_of(frame, 0, "a.bin\0" "5000", 10, 128, 0));
	assert_memory_equal(o.out, ACK "C", 2);		/* our ACK and 'C' were lost */
	feed_bytes(&o, frame_of(frame, 1, image, 1024, 1024, 0));
	feed_bytes(&o, frame_of(frame, 1, image, 1024, 1024, 0));
	assert_memory_equal(o.out, ACK, 1);
	assert_int_equal(o.got_size, 1024);
	feed_bytes(&o, frame_of(frame, 3, image, 1024, 1024, 0));
	assert_int_equal(o.final.type, TRANSFER_FAILED);	/* a gap cannot be mended */
	assert_memory_equal(o.out, CAN CAN, 2);
	end(&o);
}

static void a_damaged_header_waits_for_quiet_before_it_asks(void **state)
{
	uint8_t frame[1029];
	struct one o;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "5000"));
	frame_of(frame, 1, image, 1024, 1024, 0);
	frame[2] ^= 4;
	feed_bytes(&o, bytes_of(frame, 500));
	assert_int_equal(o.out_size, 0);
	pass(&o, 20);
	feed_bytes(&o, bytes_of(frame + 500, 529));
	assert_int_equal(o.out_size, 0);
	pass(&o, 200);
	assert_int_equal(o.out_size, 1);
	assert_memory_equal(o.out, "C", 1);	/* block 1: the sender may not have heard the 'C' */
	feed_bytes(&o, frame_of(frame, 1, image, 1024, 1024, 0));
	assert_memory_equal(o.out, ACK, 1);
	frame_of(frame, 2, image, 1024, 1024, 0);
	frame[600] ^= 1;
	feed_bytes(&o, bytes_of(frame, 1029));
	assert_memory_equal(o.out, NAK, 1);	/* the end of the block is known: no waiting */
	end(&o);
}

static void an_eot_made_by_noise_ends_nothing(void **state)
{
	uint8_t frame[1029];
	struct one o;

	(void)state;
	begin(&o, "xmodem-crc", false, NULL, 0);
	feed_bytes(&o, frame_of(frame, 1, image, 128, 128, 0));
	feed(&o, EOT);
	assert_memory_equal(o.out, NAK, 1);
	feed_bytes(&o, frame_of(frame, 2, image, 128, 128, 0));
	assert_memory_equal(o.out, ACK, 1);
	feed(&o, EOT);
	assert_memory_equal(o.out, NAK, 1);
	feed(&o, EOT);
	pass(&o, 100);
	assert_memory_equal(o.out, ACK, 1);
	assert_int_equal(o.final.type, TRANSFER_DONE);
	assert_int_equal(o.got_size, 256);
	end(&o);
}

static void padding_is_cut_only_when_asked_for(void **state)
{
	struct transfer_options options = { .has_padding = true, .padding = 0x1a };
	uint8_t frame[1029];
	struct one o;

	(void)state;
	for (int cuts = 0; cuts < 2; cuts++) {
		begin_with(&o, "xmodem-crc", false, NULL, 0, cuts ? &options : NULL);
		feed_bytes(&o, frame_of(frame, 1, "a", 1, 128, 0x1a));
		feed_bytes(&o, frame_of(frame, 2, "b", 1, 128, 0x1a));
		feed(&o, EOT);
		feed(&o, EOT);
		pass(&o, 100);
		assert_int_equal(o.got_size, cuts ? 129 : 256);
		assert_int_equal(o.got[128], 'b');
		assert_int_equal(o.file_ends, 1);
		end(&o);
	}
}

static void a_sender_that_knows_only_the_sum_is_found(void **state)
{
	struct one o;

	(void)state;
	begin(&o, "xmodem-1k", false, NULL, 0);
	assert_memory_equal(o.out, "C", 1);
	pass(&o, 30000);
	assert_int_equal(o.out[o.out_size - 1], 0x15);
	end(&o);
	begin(&o, "xmodem", false, NULL, 0);
	assert_memory_equal(o.out, NAK, 1);
	end(&o);
}

static void a_sender_that_never_says_the_batch_is_over_is_not_waited_for(void **state)
{
	struct one o;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "0"));
	feed(&o, EOT);
	assert_int_equal(o.file_ends, 1);
	pass(&o, 20000);
	assert_int_equal(o.final.type, TRANSFER_DONE);
	end(&o);
}

static void a_cancel_within_a_block_is_understood(void **state)
{
	uint8_t frame[1029];
	struct one o;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "5000"));
	frame_of(frame, 1, image, 1024, 1024, 0);
	feed_bytes(&o, bytes_of(frame, 300));
	feed(&o, CAN CAN CAN CAN CAN CAN CAN CAN "\b\b\b\b\b\b\b\b\b\b");
	pass(&o, 3000);
	assert_int_equal(o.final.status, STATUS_CANCELLED);
	end(&o);
}

static void how_the_line_is_cut_changes_nothing(void **state)
{
	uint8_t frame[1029], all[2100];
	struct one o;
	size_t size = 0;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "2000"));
	memcpy(all, frame_of(frame, 1, image, 1024, 1024, 0).data, 1029);
	for (size = 0; size < 1029; size++)
		feed_bytes(&o, bytes_of(all + size, 1));
	assert_memory_equal(o.out, ACK, 1);
	assert_int_equal(o.got_size, 1024);
	end(&o);
}

static void g_fails_at_the_first_error(void **state)
{
	uint8_t frame[1029];
	struct one o;

	(void)state;
	begin(&o, "ymodem-g", false, NULL, 0);
	assert_memory_equal(o.out, "G", 1);
	feed_bytes(&o, frame_of(frame, 0, "a.bin\0" "5000", 10, 128, 0));
	assert_memory_equal(o.out, "G", 1);
	frame_of(frame, 1, image, 1024, 1024, 0);
	frame[600] ^= 1;
	feed_bytes(&o, bytes_of(frame, 1029));
	assert_int_equal(o.final.type, TRANSFER_FAILED);
	assert_memory_equal(o.out, CAN CAN, 2);
	end(&o);
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
		cmocka_unit_test(a_check_has_the_value_of_the_catalogue),
		cmocka_unit_test(nothing_is_sent_before_the_receiver_asks),
		cmocka_unit_test(queued_invitations_are_answered_once),
		cmocka_unit_test(a_letter_in_the_loaders_text_is_no_handshake),
		cmocka_unit_test(an_invitation_right_behind_text_counts_when_it_comes_again),
		cmocka_unit_test(the_last_character_in_the_queue_says_which_check),
		cmocka_unit_test(padding_is_as_asked_for),
		cmocka_unit_test(ack_and_c_may_come_in_one_read_or_in_two),
		cmocka_unit_test(a_loader_that_does_not_ask_for_the_data_gets_it_soon),
		cmocka_unit_test(a_storm_of_naks_is_answered_once_each_time_it_ends),
		cmocka_unit_test(an_ack_behind_a_nak_overrules_it),
		cmocka_unit_test(a_device_that_refuses_for_ever_is_given_up_by_time),
		cmocka_unit_test(silence_is_given_up_too),
		cmocka_unit_test(late_acks_of_two_transmissions_are_one),
		cmocka_unit_test(a_c_in_mid_transfer_is_a_nak),
		cmocka_unit_test(a_c_that_crossed_the_first_block_does_not_repeat_it),
		cmocka_unit_test(a_damaged_answer_is_found_out_soon),
		cmocka_unit_test(text_between_blocks_is_passed_on),
		cmocka_unit_test(two_cans_end_it_and_one_does_not),
		cmocka_unit_test(cans_of_an_earlier_transfer_do_not_end_this_one),
		cmocka_unit_test(text_behind_the_last_ack_is_left_for_the_console),
		cmocka_unit_test(text_instead_of_the_last_ack_is_left_too),
		cmocka_unit_test(silence_instead_of_the_last_ack_is_success),
		cmocka_unit_test(an_end_that_was_never_acknowledged_is_no_success),
		cmocka_unit_test(a_receiver_that_asks_for_no_second_file_ends_a_batch_of_one),
		cmocka_unit_test(a_receiver_of_short_blocks_only_gets_short_blocks),
		cmocka_unit_test(a_file_that_becomes_shorter_is_not_sent_as_whole),
		cmocka_unit_test(cancelling_does_not_put_its_bytes_into_a_block),
		cmocka_unit_test(the_file_is_cut_to_its_size),
		cmocka_unit_test(a_size_that_is_none_counts_as_not_told),
		cmocka_unit_test(a_name_never_leaves_the_folder),
		cmocka_unit_test(a_file_that_ends_early_is_no_file),
		cmocka_unit_test(repeated_blocks_are_acknowledged_and_dropped),
		cmocka_unit_test(a_damaged_header_waits_for_quiet_before_it_asks),
		cmocka_unit_test(an_eot_made_by_noise_ends_nothing),
		cmocka_unit_test(padding_is_cut_only_when_asked_for),
		cmocka_unit_test(a_sender_that_knows_only_the_sum_is_found),
		cmocka_unit_test(a_sender_that_never_says_the_batch_is_over_is_not_waited_for),
		cmocka_unit_test(a_cancel_within_a_block_is_understood),
		cmocka_unit_test(how_the_line_is_cut_changes_nothing),
		cmocka_unit_test(g_fails_at_the_first_error),
		cmocka_unit_test(a_protocol_is_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
