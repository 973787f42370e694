/* tests/unit/test_xymodem_receive.c: the receiver of XMODEM and YMODEM against single bytes of strange peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/protocol/transfer_check.h"
#include "recovery/protocol/xymodem.h"
#include "tests/fakes/byte_peer.h"

#define ACK "\x06"
#define NAK "\x15"
#define CAN "\x18"
#define EOT "\x04"

static const uint8_t image[5000] = "image";

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

static void begin_file(struct byte_peer *o, struct bytes header)
{
	uint8_t frame[1029];

	peer_begin(o, "ymodem", false, NULL, 0);
	assert_memory_equal(o->out, "C", 1);
	peer_feed_bytes(o, frame_of(frame, 0, header.data, header.size, 128, 0));
	assert_int_equal(o->out_size, 2);
	assert_memory_equal(o->out, ACK "C", 2);
}

static void the_file_is_cut_to_its_size(void **state)
{
	uint8_t frame[1029];
	struct byte_peer o;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "130 14000000000 0 0"));
	assert_string_equal(o.file.name, "a.bin");
	peer_feed_bytes(&o, frame_of(frame, 1, image, 128, 1024, 0x1a));
	assert_int_equal(o.got_size, 130);
	peer_feed(&o, EOT);			/* the size bears it out: believed at once */
	assert_memory_equal(o.out, ACK "C", 2);
	assert_int_equal(o.file_ends, 1);
	peer_feed_bytes(&o, frame_of(frame, 0, "", 0, 128, 0));
	assert_memory_equal(o.out, ACK, 1);
	assert_int_equal(o.final.type, TRANSFER_DONE);
	peer_end(&o);
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
	struct byte_peer o;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "5000"));
	peer_feed_bytes(&o, frame_of(frame, 1, image, 128, 1024, 0x1a));
	peer_feed(&o, EOT);
	assert_memory_equal(o.out, NAK, 1);
	peer_feed(&o, EOT);
	peer_pass(&o, 100);
	assert_int_equal(o.final.type, TRANSFER_FAILED);
	assert_int_equal(o.file_ends, 0);
	peer_end(&o);
}

static void repeated_blocks_are_acknowledged_and_dropped(void **state)
{
	uint8_t frame[1029];
	struct byte_peer o;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "5000"));
	peer_feed_bytes(&o, frame_of(frame, 0, "a.bin\0" "5000", 10, 128, 0));
	assert_memory_equal(o.out, ACK "C", 2);		/* our ACK and 'C' were lost */
	peer_feed_bytes(&o, frame_of(frame, 1, image, 1024, 1024, 0));
	peer_feed_bytes(&o, frame_of(frame, 1, image, 1024, 1024, 0));
	assert_memory_equal(o.out, ACK, 1);
	assert_int_equal(o.got_size, 1024);
	peer_feed_bytes(&o, frame_of(frame, 3, image, 1024, 1024, 0));
	assert_int_equal(o.final.type, TRANSFER_FAILED);	/* a gap cannot be mended */
	assert_memory_equal(o.out, CAN CAN, 2);
	peer_end(&o);
}

static void a_damaged_header_waits_for_quiet_before_it_asks(void **state)
{
	uint8_t frame[1029];
	struct byte_peer o;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "5000"));
	frame_of(frame, 1, image, 1024, 1024, 0);
	frame[2] ^= 4;
	peer_feed_bytes(&o, bytes_of(frame, 500));
	assert_int_equal(o.out_size, 0);
	peer_pass(&o, 20);
	peer_feed_bytes(&o, bytes_of(frame + 500, 529));
	assert_int_equal(o.out_size, 0);
	peer_pass(&o, 200);
	assert_int_equal(o.out_size, 1);
	assert_memory_equal(o.out, "C", 1);	/* block 1: the sender may not have heard the 'C' */
	peer_feed_bytes(&o, frame_of(frame, 1, image, 1024, 1024, 0));
	assert_memory_equal(o.out, ACK, 1);
	frame_of(frame, 2, image, 1024, 1024, 0);
	frame[600] ^= 1;
	peer_feed_bytes(&o, bytes_of(frame, 1029));
	assert_memory_equal(o.out, NAK, 1);	/* the end of the block is known: no waiting */
	peer_end(&o);
}

static void an_eot_made_by_noise_ends_nothing(void **state)
{
	uint8_t frame[1029];
	struct byte_peer o;

	(void)state;
	peer_begin(&o, "xmodem-crc", false, NULL, 0);
	peer_feed_bytes(&o, frame_of(frame, 1, image, 128, 128, 0));
	peer_feed(&o, EOT);
	assert_memory_equal(o.out, NAK, 1);
	peer_feed_bytes(&o, frame_of(frame, 2, image, 128, 128, 0));
	assert_memory_equal(o.out, ACK, 1);
	peer_feed(&o, EOT);
	assert_memory_equal(o.out, NAK, 1);
	peer_feed(&o, EOT);
	peer_pass(&o, 100);
	assert_memory_equal(o.out, ACK, 1);
	assert_int_equal(o.final.type, TRANSFER_DONE);
	assert_int_equal(o.got_size, 256);
	peer_end(&o);
}

static void padding_is_cut_only_when_asked_for(void **state)
{
	struct transfer_options options = { .has_padding = true, .padding = 0x1a };
	uint8_t frame[1029];
	struct byte_peer o;

	(void)state;
	for (int cuts = 0; cuts < 2; cuts++) {
		peer_begin_with(&o, "xmodem-crc", false, NULL, 0, cuts ? &options : NULL);
		peer_feed_bytes(&o, frame_of(frame, 1, "a", 1, 128, 0x1a));
		peer_feed_bytes(&o, frame_of(frame, 2, "b", 1, 128, 0x1a));
		peer_feed(&o, EOT);
		peer_feed(&o, EOT);
		peer_pass(&o, 100);
		assert_int_equal(o.got_size, cuts ? 129 : 256);
		assert_int_equal(o.got[128], 'b');
		assert_int_equal(o.file_ends, 1);
		peer_end(&o);
	}
}

static void a_sender_that_knows_only_the_sum_is_found(void **state)
{
	struct byte_peer o;

	(void)state;
	peer_begin(&o, "xmodem-1k", false, NULL, 0);
	assert_memory_equal(o.out, "C", 1);
	peer_pass(&o, 30000);
	assert_int_equal(o.out[o.out_size - 1], 0x15);
	peer_end(&o);
	peer_begin(&o, "xmodem", false, NULL, 0);
	assert_memory_equal(o.out, NAK, 1);
	peer_end(&o);
}

static void a_sender_that_never_says_the_batch_is_over_is_not_waited_for(void **state)
{
	struct byte_peer o;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "0"));
	peer_feed(&o, EOT);
	assert_int_equal(o.file_ends, 1);
	peer_pass(&o, 20000);
	assert_int_equal(o.final.type, TRANSFER_DONE);
	peer_end(&o);
}

static void a_cancel_within_a_block_is_understood(void **state)
{
	uint8_t frame[1029];
	struct byte_peer o;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "5000"));
	frame_of(frame, 1, image, 1024, 1024, 0);
	peer_feed_bytes(&o, bytes_of(frame, 300));
	peer_feed(&o, CAN CAN CAN CAN CAN CAN CAN CAN "\b\b\b\b\b\b\b\b\b\b");
	peer_pass(&o, 3000);
	assert_int_equal(o.final.status, STATUS_CANCELLED);
	peer_end(&o);
}

static void how_the_line_is_cut_changes_nothing(void **state)
{
	uint8_t frame[1029], all[2100];
	struct byte_peer o;
	size_t size = 0;

	(void)state;
	begin_file(&o, BYTES("a.bin\0" "2000"));
	memcpy(all, frame_of(frame, 1, image, 1024, 1024, 0).data, 1029);
	for (size = 0; size < 1029; size++)
		peer_feed_bytes(&o, bytes_of(all + size, 1));
	assert_memory_equal(o.out, ACK, 1);
	assert_int_equal(o.got_size, 1024);
	peer_end(&o);
}

static void g_fails_at_the_first_error(void **state)
{
	uint8_t frame[1029];
	struct byte_peer o;

	(void)state;
	peer_begin(&o, "ymodem-g", false, NULL, 0);
	assert_memory_equal(o.out, "G", 1);
	peer_feed_bytes(&o, frame_of(frame, 0, "a.bin\0" "5000", 10, 128, 0));
	assert_memory_equal(o.out, "G", 1);
	frame_of(frame, 1, image, 1024, 1024, 0);
	frame[600] ^= 1;
	peer_feed_bytes(&o, bytes_of(frame, 1029));
	assert_int_equal(o.final.type, TRANSFER_FAILED);
	assert_memory_equal(o.out, CAN CAN, 2);
	peer_end(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
