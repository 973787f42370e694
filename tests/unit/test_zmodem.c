/* tests/unit/test_zmodem.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/protocol/zmodem_frame.h"
#include "src/base/crc.h"
#include "src/base/text.h"
#include "tests/unit/cable_bench.h"

extern const struct transfer_protocol transfer_zmodem;

/* Frames */

static void crc32_is_the_same_however_it_is_cut(void **state)
{
	(void)state;
	assert_int_equal(crc32_update(0, BYTES("123456789")), 0xcbf43926);
	for (size_t cut = 0; cut <= 9; cut++)
		assert_int_equal(
			crc32_update(crc32_update(0, bytes_of("123456789", cut)), bytes_of(&"123456789"[cut], 9 - cut)),
			0xcbf43926);
}

static void hex_headers_look_as_in_the_document(void **state)	/* 7.3.3 */
{
	uint8_t out[ZMODEM_HEADER_MAX];

	(void)state;
	assert_int_equal(zmodem_write_hex(out, ZRQINIT, 0), 21);
	assert_memory_equal(out, "**\x18" "B00000000000000\r\x8a\x11", 21);
	assert_int_equal(zmodem_write_hex(out, ZFIN, 0), 20);
	assert_memory_equal(out, "**\x18" "B0800000000022d\r\x8a", 20);
}

static void read_all(struct bytes in, bool escape_controls, enum zmodem_signal wanted, struct bytes data)
{
	struct zmodem_reader reader;
	enum zmodem_signal signal;

	zmodem_reader_init(&reader, escape_controls);
	do
		signal = zmodem_read(&reader, &in);
	while (signal == ZMODEM_HEADER || signal == ZMODEM_TEXT);
	assert_int_equal(signal, wanted);
	if (wanted == ZMODEM_SUBPACKET)
		assert_true(bytes_equal(bytes_of(reader.data, reader.size), data));
}

static void every_byte_passes_every_form_of_subpacket(void **state)
{
	uint8_t data[512], out[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i < 256 ? i : i % 2 ? '\r' : '@');
	for (unsigned form = 0; form < 4; form++) {
		bool use_crc32 = form & 1, escape_controls = form & 2;
		struct zmodem_writer writer;
		size_t size;

		zmodem_writer_init(&writer, escape_controls);
		size = zmodem_write_binary(&writer, out, ZDATA, 0x11181318, use_crc32);
		size += zmodem_write_subpacket(&writer, out + size, bytes_of(data, sizeof(data)), ZCRCW, use_crc32);
		for (size_t i = 3; escape_controls && i < size; i++)
			assert_true(out[i] == ZMODEM_ZDLE || (out[i] & 0x60) != 0);
		read_all(bytes_of(out, size), escape_controls, ZMODEM_SUBPACKET, bytes_of(data, sizeof(data)));
	}
}

static void data_behind_a_hex_header_begins_behind_its_line(void **state)	/* so sends sz -e its ZSINIT */
{
	uint8_t out[128];
	struct zmodem_writer writer;
	size_t size;

	(void)state;
	zmodem_writer_init(&writer, false);
	size = zmodem_write_hex(out, ZSINIT, 0x40000000);
	size += zmodem_write_subpacket(&writer, out + size, BYTES("attention"), ZCRCW, false);
	read_all(bytes_of(out, size), false, ZMODEM_SUBPACKET, BYTES("attention"));
}

static void every_flipped_bit_is_noticed(void **state)
{
	uint8_t out[128];
	struct zmodem_writer writer;
	size_t head, size;

	(void)state;
	zmodem_writer_init(&writer, false);
	head = zmodem_write_binary(&writer, out, ZDATA, 0, true);
	size = head + zmodem_write_subpacket(&writer, out + head, BYTES("firmware\x18\x11"), ZCRCG, true);
	for (size_t bit = head * 8; bit < size * 8; bit++) {
		struct zmodem_reader reader;
		struct bytes in = { out, size };
		enum zmodem_signal signal;

		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
		zmodem_reader_init(&reader, false);
		do
			signal = zmodem_read(&reader, &in);
		while (signal == ZMODEM_HEADER);
		assert_int_not_equal(signal, ZMODEM_SUBPACKET);
		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void a_subpacket_without_end_is_given_up(void **state)
{
	static uint8_t in[3 * ZMODEM_SUBPACKET_MAX];
	struct zmodem_writer writer;
	size_t head;

	(void)state;
	zmodem_writer_init(&writer, false);
	head = zmodem_write_binary(&writer, in, ZDATA, 0, true);
	memset(in + head, 'a', sizeof(in) - head);
	read_all(bytes_of(in, sizeof(in)), false, ZMODEM_BAD_SUBPACKET, (struct bytes){ NULL, 0 });
}

/* Two machines */

static void all_controls_are_escaped_when_the_receiver_or_the_sender_wants_it(void **state)
{
	(void)state;
	for (unsigned who = 1; who < 4; who++) {
		struct cable *line = cable_bench_new(&transfer_zmodem, 115200);

		line->sender.options.escape_controls = who & 1;
		line->receiver.options.escape_controls = who & 2;
		cable_bench_add(line, "a", 20000);
		cable_run(line, CABLE_BENCH_HOUR_MS);
		cable_bench_copied(line);
		cable_bench_free(line);
	}
}

static void a_clean_line_is_used_to_97_percent_of_what_the_frames_allow(void **state)
{
	static const unsigned baud[] = { 115200, 921600 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct cable *line = cable_bench_new(&transfer_zmodem, baud[i]);
		uint64_t needed_ms, began_ms = line->now_ms;
		uint8_t *out = malloc(2 * 65536);
		struct zmodem_writer writer;
		size_t framed = 0, size = baud[i] == 115200 ? 65536 : 262144;

		line->there.delay_ms = line->back.delay_ms = 2;
		cable_bench_add(line, "a", size);
		zmodem_writer_init(&writer, false);
		for (size_t at = 0; at < size; at += 1024)
			framed += zmodem_write_subpacket(&writer, out, bytes_of(line->sender.file[0].data + at, 1024),
							 ZCRCG, true);
		needed_ms = framed * 10000 / baud[i];
		cable_run(line, CABLE_BENCH_HOUR_MS);
		cable_bench_copied(line);
		assert_true((line->now_ms - began_ms) * 97 <= needed_ms * 100);
		free(out);
		cable_bench_free(line);
	}
}

static void one_error_in_a_hundred_thousand_costs_less_than_a_tenth(void **state)
{
	uint64_t took[2], total = 0;

	(void)state;
	for (unsigned seed = 0; seed <= 5; seed++) {
		struct cable *line = cable_bench_new(&transfer_zmodem, 921600);
		uint64_t began_ms = line->now_ms;

		line->random += seed * 0x9e3779b97f4a7c15u;
		line->there.delay_ms = line->back.delay_ms = 2;
		line->there.flips = line->back.flips = seed > 0 ? 10 : 0;
		cable_bench_add(line, "a", 1 << 20);
		cable_run(line, CABLE_BENCH_HOUR_MS);
		cable_bench_copied(line);
		took[seed > 0] = line->now_ms - began_ms;
		if (seed > 0)
			total += took[1];
		cable_bench_free(line);
	}
	assert_true(took[0] * 10 * 5 >= total * 9);
}

static void a_deep_buffer_in_front_of_the_line_does_not_matter(void **state)
{
	struct cable *line = cable_bench_new(&transfer_zmodem, 115200);

	(void)state;
	line->there.depth = 60000;
	line->there.flips = 50;
	line->there.delay_ms = line->back.delay_ms = 300;
	cable_bench_add(line, "a", 300000);
	cable_run(line, CABLE_BENCH_HOUR_MS);
	cable_bench_copied(line);
	cable_bench_free(line);
}

static void a_rate_that_nobody_knows_does_not_matter(void **state)
{
	struct cable *line = cable_bench_new(&transfer_zmodem, 1200);

	(void)state;
	line->sender.options.baud = line->receiver.options.baud = 0;
	cable_bench_add(line, "a", 20000);
	cable_run(line, CABLE_BENCH_HOUR_MS);
	cable_bench_copied(line);
	assert_int_equal(line->sender.retries + line->receiver.retries, 0);
	cable_bench_free(line);
}

struct kept {
	uint64_t size;
	uint32_t crc;
};

static uint64_t have_kept(void *user, const struct transfer_file *file, uint32_t *ret_crc)
{
	const struct kept *kept = user;

	assert_string_equal(file->name, "a");
	*ret_crc = kept->crc;
	return kept->size;
}

/* Receives 50001 bytes of which so many are here; returns how many came. */
static size_t receive_rest(struct cable *line, uint64_t size, bool is_same)
{
	struct kept kept = { .size = size };

	line->receiver.options.kept = (struct transfer_kept){ have_kept, &kept };
	cable_bench_add(line, "a", 50001);
	if (size <= 50001)
		kept.crc = crc32_update(0, bytes_of(line->sender.file[0].data, size)) ^ (is_same ? 0 : 1);
	cable_run(line, CABLE_BENCH_HOUR_MS);
	assert_int_equal(line->receiver.last, TRANSFER_DONE);
	assert_int_equal(line->sender.last, TRANSFER_DONE);
	assert_memory_equal(line->receiver.file[0].data, line->sender.file[0].data + 50001 - line->receiver.file[0].size,
			    line->receiver.file[0].size);
	return line->receiver.file[0].size;
}

static void a_transfer_goes_on_where_it_ended(void **state)
{
	struct cable *line = cable_bench_new(&transfer_zmodem, 115200);

	(void)state;
	assert_int_equal(receive_rest(line, 30000, true), 20001);
	cable_bench_free(line);
}

static void a_transfer_that_was_whole_brings_nothing_again(void **state)
{
	struct cable *line = cable_bench_new(&transfer_zmodem, 115200);

	(void)state;
	assert_int_equal(receive_rest(line, 50001, true), 0);
	cable_bench_free(line);
}

static void the_beginning_of_another_file_does_not_stay(void **state)
{
	struct cable *line = cable_bench_new(&transfer_zmodem, 115200);

	(void)state;
	assert_int_equal(receive_rest(line, 30000, false), 50001);
	cable_bench_free(line);
}

static void more_here_than_there_does_not_stay(void **state)
{
	struct cable *line = cable_bench_new(&transfer_zmodem, 115200);

	(void)state;
	assert_int_equal(receive_rest(line, 60000, true), 50001);
	cable_bench_free(line);
}

static void four_gigabytes_are_refused_before_any_byte(void **state)
{
	struct cable *line = cable_bench_new(&transfer_zmodem, 115200);

	(void)state;
	cable_bench_add(line, "a", 10);
	line->sender.file[0].announced = UINT64_C(1) << 32;
	cable_run(line, CABLE_BENCH_HOUR_MS);
	assert_int_equal(line->sender.last, TRANSFER_FAILED);
	assert_int_equal(line->sender.status, STATUS_UNSUPPORTED);
	assert_true(text_contains(line->sender.reason, "4 GiB"));
	assert_int_equal(line->receiver.last, TRANSFER_FAILED);
	assert_int_equal(line->receiver.files, 0);
	cable_bench_free(line);
}

static void either_side_can_cancel_and_the_other_is_told(void **state)
{
	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		struct cable *line = cable_bench_new(&transfer_zmodem, 115200);

		(side == 0 ? &line->sender : &line->receiver)->cancel_at_ms = line->now_ms + 2000;
		cable_bench_add(line, "a", 100000);
		cable_run(line, 10000);
		assert_int_equal(line->sender.last, TRANSFER_FAILED);
		assert_int_equal(line->receiver.last, TRANSFER_FAILED);
		assert_int_equal(line->sender.status, STATUS_CANCELLED);
		assert_int_equal(line->receiver.status, STATUS_CANCELLED);
		cable_bench_free(line);
	}
}

static void silence_ends_both(void **state)
{
	(void)state;
	for (uint64_t at = 0; at < 40000; at += 1999) {
		struct cable *line = cable_bench_new(&transfer_zmodem, 115200);

		line->there.drop_from = at;
		line->there.drop_to = UINT64_MAX;
		line->back.drop_from = at / 500;
		line->back.drop_to = UINT64_MAX;
		cable_bench_add(line, "a", 100000);
		cable_run(line, CABLE_BENCH_HOUR_MS);
		assert_int_equal(line->sender.last, TRANSFER_FAILED);
		assert_int_equal(line->receiver.last, TRANSFER_FAILED);
		assert_int_equal(line->sender.status, STATUS_TIMEOUT);
		assert_true(line->receiver.status == STATUS_TIMEOUT || line->receiver.status == STATUS_CANCELLED);
		cable_bench_free(line);
	}
}

/* One machine against what a test says */

struct said {
	struct transfer *transfer;
	struct transfer_event last;
	char text[256];
};

static void say(struct said *said, struct bytes in, uint64_t now_ms)
{
	struct transfer_event event;

	do {
		event = transfer_zmodem.input(said->transfer, &in, now_ms);
		if (event.type == TRANSFER_TEXT)
			text_printable(said->text, sizeof(said->text), event.data);
		if (event.type != TRANSFER_NOTHING)
			said->last = event;
	} while (event.type != TRANSFER_NOTHING && event.type != TRANSFER_DONE && event.type != TRANSFER_FAILED);
	said->last.data = in;	/* what is left */
}

struct files {
	unsigned left;
	size_t size;
};

static bool next_of(void *user, struct transfer_file *ret_file)
{
	struct files *files = user;

	if (files->left == 0)
		return false;
	files->left--;
	text_copy(ret_file->name, sizeof(ret_file->name), "a");
	ret_file->size = files->size;
	ret_file->has_size = true;
	return true;
}

static size_t read_abc(void *user, uint64_t offset, uint8_t *to, size_t size)
{
	(void)user;
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)"abc"[(offset + i) % 3];
	return size;
}

static struct said begin(bool is_sender, struct files *files)
{
	struct transfer_options options = { .is_sender = is_sender, .source = { next_of, read_abc, files } };
	struct said said = { .transfer = NULL };

	assert_int_equal(transfer_zmodem.begin(&options, 0, &said.transfer, NULL), STATUS_OK);
	return said;
}

static struct bytes hex(uint8_t *to, enum zmodem_type type, uint32_t position)
{
	return bytes_of(to, zmodem_write_hex(to, type, position));
}

static void sent_all(struct said *said)
{
	transfer_zmodem.sent(said->transfer, transfer_zmodem.output(said->transfer).size, 0);
}

static void the_start_string_begins_with_rz(void **state)
{
	struct files files = { 1, 3 };
	struct said said = begin(true, &files);
	struct bytes out = transfer_zmodem.output(said.transfer);

	(void)state;
	assert_memory_equal(out.data, "rz\r**\x18" "B00000000000000\r\x8a\x11", 24);
	say(&said, BYTES("/bin/sh: rz: not found\r\n# "), 10);
	assert_string_equal(said.text, "/bin/sh: rz: not found..# ");
	transfer_zmodem.free(said.transfer);
}

static void what_follows_the_end_is_left_to_the_next_reader(void **state)
{
	struct files files = { 0, 0 };
	struct said said = begin(true, &files);
	uint8_t to[ZMODEM_HEADER_MAX + 8];
	struct bytes in;

	(void)state;
	sent_all(&said);
	say(&said, hex(to, ZRINIT, 0x23000000), 10);
	sent_all(&said);
	in = hex(to, ZFIN, 0);
	memcpy(to + in.size, "\r\n# ", 4);
	in.size += 4;
	say(&said, in, 20);
	assert_int_equal(said.last.type, TRANSFER_DONE);
	assert_true(bytes_equal(said.last.data, BYTES("\r\n# ")));
	assert_true(bytes_equal(transfer_zmodem.output(said.transfer), BYTES("OO")));
	transfer_zmodem.free(said.transfer);

	said = begin(false, NULL);
	in = hex(to, ZFIN, 0);
	memcpy(to + in.size, "OO\r\n# ", 6);
	in.size += 6;
	say(&said, in, 20);
	assert_int_equal(said.last.type, TRANSFER_DONE);
	assert_true(bytes_equal(said.last.data, BYTES("\r\n# ")));
	transfer_zmodem.free(said.transfer);
}

static void a_skipped_file_is_no_success(void **state)
{
	struct files files = { 1, 3 };
	struct said said = begin(true, &files);
	uint8_t to[ZMODEM_HEADER_MAX];

	(void)state;
	sent_all(&said);
	say(&said, hex(to, ZRINIT, 0x23000000), 10);
	say(&said, hex(to, ZSKIP, 0), 20);
	say(&said, hex(to, ZFIN, 0), 30);
	say(&said, BYTES("$"), 40);
	assert_int_equal(said.last.type, TRANSFER_FAILED);
	assert_int_equal(said.last.status, STATUS_REFUSED);
	transfer_zmodem.free(said.transfer);
}

static void a_receiver_that_begins_anew_is_no_success(void **state)
{
	struct files files = { 1, 5000 };
	struct said said = begin(true, &files);
	uint8_t to[ZMODEM_HEADER_MAX];

	(void)state;
	sent_all(&said);
	say(&said, hex(to, ZRINIT, 0x03000400), 10);	/* takes 1024 bytes at a time */
	sent_all(&said);
	say(&said, hex(to, ZRPOS, 0), 20);
	sent_all(&said);
	say(&said, hex(to, ZRINIT, 0x03000400), 30);
	assert_int_equal(said.last.type, TRANSFER_FAILED);
	assert_int_equal(said.last.status, STATUS_PROTOCOL);
	transfer_zmodem.free(said.transfer);
}

static void a_receiver_with_a_small_buffer_is_waited_for(void **state)
{
	struct files files = { 1, 5000 };
	struct said said = begin(true, &files);
	struct transfer_progress progress;
	uint8_t to[ZMODEM_HEADER_MAX];

	(void)state;
	sent_all(&said);
	say(&said, hex(to, ZRINIT, 0x03000200), 10);
	sent_all(&said);
	say(&said, hex(to, ZRPOS, 0), 20);
	for (uint32_t at = 512; at < 5000; at += 512) {
		assert_in_range(transfer_zmodem.output(said.transfer).size, 512, 600);
		sent_all(&said);
		say(&said, hex(to, ZACK, at), 30);
	}
	sent_all(&said);
	say(&said, hex(to, ZRINIT, 0x03000200), 40);
	transfer_zmodem.progress(said.transfer, &progress);
	assert_int_equal(progress.files, 1);
	assert_int_equal(progress.all_bytes, 5000);
	transfer_zmodem.free(said.transfer);
}

static void a_checksum_of_the_file_is_told(void **state)
{
	struct files files = { 1, 3 };
	struct said said = begin(true, &files);
	uint8_t to[ZMODEM_HEADER_MAX], wanted[ZMODEM_HEADER_MAX];
	struct bytes answer = hex(wanted, ZCRC, crc32_update(0, BYTES("abc")));

	(void)state;
	sent_all(&said);
	say(&said, hex(to, ZRINIT, 0x23000000), 10);
	sent_all(&said);
	say(&said, hex(to, ZCRC, 0), 20);
	assert_int_equal(transfer_zmodem.deadline(said.transfer), 20);
	transfer_zmodem.tick(said.transfer, 20);
	assert_true(bytes_equal(transfer_zmodem.output(said.transfer), answer));
	transfer_zmodem.free(said.transfer);
}

static void names_cannot_leave_the_folder(void **state)
{
	struct said said = begin(false, NULL);
	struct zmodem_writer writer;
	uint8_t out[128];
	size_t size;

	(void)state;
	zmodem_writer_init(&writer, false);
	size = zmodem_write_binary(&writer, out, ZFILE, 0, true);
	size += zmodem_write_subpacket(&writer, out + size, BYTES("../../etc/passwd\0" "12 0 0\0"), ZCRCW, true);
	say(&said, bytes_of(out, size), 10);
	assert_int_equal(said.last.type, TRANSFER_FILE);
	assert_string_equal(said.last.file.name, "passwd");
	assert_int_equal(said.last.file.size, 12);
	transfer_zmodem.free(said.transfer);
}

static void commands_are_not_run(void **state)
{
	struct said said = begin(false, NULL);
	uint8_t to[ZMODEM_HEADER_MAX];

	(void)state;
	say(&said, hex(to, ZCOMMAND, 0), 10);
	assert_int_equal(said.last.type, TRANSFER_FAILED);
	assert_int_equal(said.last.status, STATUS_REFUSED);
	transfer_zmodem.free(said.transfer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc32_is_the_same_however_it_is_cut),
		cmocka_unit_test(hex_headers_look_as_in_the_document),
		cmocka_unit_test(every_byte_passes_every_form_of_subpacket),
		cmocka_unit_test(data_behind_a_hex_header_begins_behind_its_line),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(a_subpacket_without_end_is_given_up),
		cmocka_unit_test(all_controls_are_escaped_when_the_receiver_or_the_sender_wants_it),
		cmocka_unit_test(a_clean_line_is_used_to_97_percent_of_what_the_frames_allow),
		cmocka_unit_test(one_error_in_a_hundred_thousand_costs_less_than_a_tenth),
		cmocka_unit_test(a_deep_buffer_in_front_of_the_line_does_not_matter),
		cmocka_unit_test(a_rate_that_nobody_knows_does_not_matter),
		cmocka_unit_test(a_transfer_goes_on_where_it_ended),
		cmocka_unit_test(a_transfer_that_was_whole_brings_nothing_again),
		cmocka_unit_test(the_beginning_of_another_file_does_not_stay),
		cmocka_unit_test(more_here_than_there_does_not_stay),
		cmocka_unit_test(four_gigabytes_are_refused_before_any_byte),
		cmocka_unit_test(either_side_can_cancel_and_the_other_is_told),
		cmocka_unit_test(silence_ends_both),
		cmocka_unit_test(the_start_string_begins_with_rz),
		cmocka_unit_test(what_follows_the_end_is_left_to_the_next_reader),
		cmocka_unit_test(a_skipped_file_is_no_success),
		cmocka_unit_test(a_receiver_that_begins_anew_is_no_success),
		cmocka_unit_test(a_receiver_with_a_small_buffer_is_waited_for),
		cmocka_unit_test(a_checksum_of_the_file_is_told),
		cmocka_unit_test(names_cannot_leave_the_folder),
		cmocka_unit_test(commands_are_not_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
