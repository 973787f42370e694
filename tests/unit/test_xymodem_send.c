/* tests/unit/test_xymodem_send.c: the sender of XMODEM and YMODEM against single bytes of strange peers. */
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

enum { HOUR_MS = 3600000 };

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
	struct byte_peer o;

	(void)state;
	peer_begin(&o, "ymodem", true, image, 2000);
	peer_pass(&o, 30000);
	assert_int_equal(o.out_size, 0);
	peer_feed(&o, "C");
	peer_pass(&o, 100);
	assert_int_equal(o.out_size, 133);	/* block 0, never block 1: loady would swallow it */
	assert_int_equal(o.out[0], 1);
	assert_int_equal(o.out[1], 0);
	assert_int_equal(o.out[2], 255);
	assert_string_equal((char *)o.out + 3, "fw.bin");
	assert_string_equal((char *)o.out + 10, "2000 0 0 0");
	peer_end(&o);
}

static void queued_invitations_are_answered_once(void **state)
{
	struct byte_peer o;

	(void)state;
	peer_begin(&o, "xmodem-1k", true, image, 2000);
	peer_feed(&o, "CCCCC");
	assert_int_equal(o.out_size, 0);
	peer_feed(&o, "C");
	peer_pass(&o, 100);
	assert_int_equal(o.out_size, 1029);
	peer_feed(&o, ACK);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 2);
	peer_end(&o);
}

static void a_letter_in_the_loaders_text_is_no_handshake(void **state)
{
	struct byte_peer o;

	(void)state;
	peer_begin(&o, "ymodem", true, image, 2000);
	peer_feed(&o, "## Ready for binary (ymodem) download to 0x82000000 at 115200 bps...C");
	peer_pass(&o, 400);
	assert_int_equal(o.out_size, 0);
	peer_feed(&o, "\r\nC");
	peer_feed(&o, "onsole\r\n");
	peer_pass(&o, 1000);
	assert_int_equal(o.out_size, 0);
	assert_non_null(strstr(o.text, "\r\nConsole\r\n"));	/* and nothing of it is lost */
	peer_feed(&o, "C");
	peer_pass(&o, 100);
	assert_int_equal(o.out_size, 133);
	peer_end(&o);
}

static void an_invitation_right_behind_text_counts_when_it_comes_again(void **state)
{
	struct byte_peer o;

	(void)state;
	peer_begin(&o, "ymodem", true, image, 2000);
	peer_feed(&o, "send now: C");
	peer_pass(&o, 3000);
	assert_int_equal(o.out_size, 0);
	peer_feed(&o, "C");
	peer_pass(&o, 100);
	assert_int_equal(o.out_size, 133);
	peer_end(&o);
}

static void the_last_character_in_the_queue_says_which_check(void **state)
{
	struct byte_peer o;

	(void)state;
	peer_begin(&o, "xmodem", true, image, 100);
	peer_feed(&o, "CC" NAK);
	peer_pass(&o, 100);
	assert_int_equal(o.out_size, 132);	/* the receiver has fallen back to the sum */
	assert_int_equal(o.out[131], sum8_of(bytes_of(o.out + 3, 128)));
	assert_int_equal(o.out[3 + 100], 0x1a);
	peer_feed(&o, ACK);
	assert_memory_equal(o.out, EOT, 1);
	peer_feed(&o, NAK);			/* classic receivers refuse the first EOT */
	assert_memory_equal(o.out, EOT, 1);
	peer_feed(&o, ACK "=> ");
	assert_int_equal(o.final.type, TRANSFER_DONE);
	assert_string_equal(o.left, "=> ");	/* the loader's answer is not ours */
	peer_end(&o);
}

static void padding_is_as_asked_for(void **state)
{
	struct transfer_options options = { .has_padding = true, .padding = 0xff };
	struct byte_peer o;

	(void)state;
	peer_begin_with(&o, "xmodem-crc", true, image, 100, &options);
	peer_feed(&o, "C");
	peer_pass(&o, 100);
	assert_int_equal(o.out[3 + 127], 0xff);
	peer_end(&o);
}

static void begin_block_1(struct byte_peer *o, const char *protocol)
{
	peer_begin(o, protocol, true, image, sizeof(image));
	peer_feed(o, "C");
	peer_pass(o, 100);
	if (protocol[0] == 'y')
		peer_feed(o, ACK "C");
	assert_int_equal(o->out_size, 1029);
	assert_int_equal(o->out[1], 1);
}

static void ack_and_c_may_come_in_one_read_or_in_two(void **state)
{
	struct byte_peer o;

	(void)state;
	begin_block_1(&o, "ymodem");
	peer_end(&o);
	peer_begin(&o, "ymodem", true, image, sizeof(image));
	peer_feed(&o, "C");
	peer_pass(&o, 100);
	peer_feed(&o, ACK);
	assert_int_equal(o.out_size, 0);
	peer_pass(&o, 200);
	peer_feed(&o, "C");
	assert_int_equal(o.out_size, 1029);
	peer_end(&o);
}

static void a_loader_that_does_not_ask_for_the_data_gets_it_soon(void **state)	/* U-Boot */
{
	struct byte_peer o;

	(void)state;
	peer_begin(&o, "ymodem", true, image, sizeof(image));
	peer_feed(&o, "C");
	peer_pass(&o, 100);
	peer_feed(&o, ACK);
	peer_pass(&o, 500);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 1);
	peer_feed(&o, "C");			/* it was only slow: the block crossed its question */
	peer_pass(&o, 5);
	assert_int_equal(o.out_size, 0);
	peer_feed(&o, ACK);
	assert_int_equal(o.out[1], 2);
	peer_end(&o);
}

static void a_storm_of_naks_is_answered_once_each_time_it_ends(void **state)
{
	struct byte_peer o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	peer_feed(&o, NAK NAK NAK NAK NAK);
	assert_int_equal(o.out_size, 0);
	peer_pass(&o, 100);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.retries, 1);
	assert_int_equal(o.out[1], 1);
	peer_feed(&o, ACK);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 2);
	peer_end(&o);
}

static void an_ack_behind_a_nak_overrules_it(void **state)
{
	struct byte_peer o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	peer_feed(&o, NAK ACK);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 2);
	assert_int_equal(o.retries, 0);
	peer_end(&o);
}

static void a_device_that_refuses_for_ever_is_given_up_by_time(void **state)
{
	struct byte_peer o;
	unsigned blocks = 0;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	peer_feed(&o, ACK);
	while (o.final.type == TRANSFER_NOTHING && o.now_ms < HOUR_MS) {
		peer_feed(&o, NAK);
		peer_pass(&o, 100);
		blocks++;
	}
	assert_int_equal(o.final.status, STATUS_PROTOCOL);
	assert_true(o.now_ms >= 60000 && o.now_ms < 120000);
	assert_true(blocks > 20);
	assert_non_null(memchr(o.out, 0x18, o.out_size));	/* it is told */
	peer_end(&o);
}

static void silence_is_given_up_too(void **state)
{
	struct byte_peer o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	peer_pass(&o, 120000);
	assert_int_equal(o.final.type, TRANSFER_FAILED);
	assert_int_equal(o.final.status, STATUS_TIMEOUT);
	peer_end(&o);
	peer_begin(&o, "ymodem", true, image, 100);
	peer_pass(&o, 70000);
	assert_int_equal(o.final.status, STATUS_TIMEOUT);
	assert_int_equal(o.out_size, 0);	/* to a peer that never spoke nothing is said */
	peer_end(&o);
}

static void late_acks_of_two_transmissions_are_one(void **state)
{
	struct byte_peer o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	peer_pass(&o, 6000);
	assert_int_equal(o.retries, 1);
	assert_int_equal(o.out[1], 1);
	peer_feed(&o, ACK);			/* the late one */
	assert_int_equal(o.out_size, 0);
	peer_pass(&o, 20);
	peer_feed(&o, ACK);			/* that of the repeat */
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 2);
	peer_feed(&o, NAK);
	peer_pass(&o, 100);
	assert_int_equal(o.out[1], 2);
	peer_end(&o);
}

static void a_c_in_mid_transfer_is_a_nak(void **state)	/* U-Boot */
{
	struct byte_peer o;

	(void)state;
	begin_block_1(&o, "ymodem");
	peer_pass(&o, 4000);
	assert_int_equal(o.out_size, 0);	/* U-Boot drains for 4 s; what we send then is lost and prolongs it */
	peer_feed(&o, "C");
	peer_pass(&o, 100);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 1);
	peer_feed(&o, ACK);
	assert_int_equal(o.out[1], 2);
	peer_end(&o);
}

static void a_c_that_crossed_the_first_block_does_not_repeat_it(void **state)
{
	struct transfer_options options = { .baud = 9600 };
	struct byte_peer o;

	(void)state;
	peer_begin_with(&o, "xmodem-1k", true, image, sizeof(image), &options);
	peer_feed(&o, "C");
	peer_pass(&o, 30);
	assert_int_equal(o.out_size, 1029);
	peer_feed(&o, "C");			/* the block takes 1.07 s: this cannot be its answer */
	peer_pass(&o, 1050);
	assert_int_equal(o.out_size, 0);
	peer_feed(&o, ACK);
	assert_int_equal(o.out[1], 2);
	assert_int_equal(o.retries, 0);
	peer_end(&o);
}

static void a_damaged_answer_is_found_out_soon(void **state)
{
	struct byte_peer o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	peer_feed(&o, "\x86");
	peer_pass(&o, 300);
	assert_int_equal(o.out_size, 1029);
	assert_int_equal(o.out[1], 1);
	peer_end(&o);
}

static void text_between_blocks_is_passed_on(void **state)	/* Marvell's boot ROM */
{
	struct byte_peer o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	peer_feed(&o, "DDR3 Training Sequence - Ver 2.3\r\nChecking...\r\n");
	peer_pass(&o, 1000);
	assert_int_equal(o.out_size, 0);
	peer_feed(&o, ACK);
	assert_int_equal(o.out[1], 2);
	assert_string_equal(o.text, "DDR3 Training Sequence - Ver 2.3\r\nChecking...\r\n");
	peer_end(&o);
}

static void two_cans_end_it_and_one_does_not(void **state)
{
	struct byte_peer o;

	(void)state;
	begin_block_1(&o, "ymodem");
	peer_feed(&o, CAN);
	assert_int_equal(o.final.type, TRANSFER_NOTHING);
	peer_feed(&o, ACK);
	assert_int_equal(o.out[1], 2);
	peer_feed(&o, CAN CAN CAN);
	assert_int_equal(o.final.status, STATUS_CANCELLED);
	peer_end(&o);
}

static void cans_of_an_earlier_transfer_do_not_end_this_one(void **state)
{
	struct byte_peer o;

	(void)state;
	peer_begin(&o, "ymodem", true, image, 100);
	peer_feed(&o, CAN CAN CAN CAN "\b\b\b\b");
	assert_int_equal(o.final.type, TRANSFER_NOTHING);
	peer_feed(&o, "C");
	peer_pass(&o, 100);
	assert_int_equal(o.out_size, 133);
	peer_end(&o);
}

/* Up to where the end of the batch was sent. */
static void begin_end(struct byte_peer *o)
{
	peer_begin(o, "ymodem", true, image, 100);
	peer_feed(o, "C");
	peer_pass(o, 100);
	peer_feed(o, ACK "C");
	assert_int_equal(o->out_size, 133);
	peer_feed(o, ACK);
	assert_memory_equal(o->out, EOT, 1);
	peer_feed(o, ACK ACK "C");		/* U-Boot acknowledges EOT twice */
	assert_int_equal(o->file_ends, 1);
	assert_int_equal(o->out_size, 133);
	assert_int_equal(o->out[1], 0);
	assert_int_equal(o->out[3], 0);
}

static void text_behind_the_last_ack_is_left_for_the_console(void **state)
{
	struct byte_peer o;

	(void)state;
	begin_end(&o);
	peer_feed(&o, ACK "xyzModem - CRC mode, 3(SOH)/0(STX)/0(CAN) packets\r\n## Total Size");
	assert_int_equal(o.final.type, TRANSFER_DONE);
	assert_string_equal(o.left, "xyzModem - CRC mode, 3(SOH)/0(STX)/0(CAN) packets\r\n## Total Size");
	peer_end(&o);
}

static void text_instead_of_the_last_ack_is_left_too(void **state)
{
	struct byte_peer o;

	(void)state;
	begin_end(&o);
	peer_feed(&o, "## Total Size");
	assert_int_equal(o.final.type, TRANSFER_DONE);
	assert_string_equal(o.left, "## Total Size");
	peer_end(&o);
}

static void silence_instead_of_the_last_ack_is_success(void **state)	/* lrzsz on a pty throws it away */
{
	struct byte_peer o;

	(void)state;
	begin_end(&o);
	peer_pass(&o, 10000);
	assert_int_equal(o.final.type, TRANSFER_DONE);
	assert_int_equal(o.out_size, 0);	/* nothing more is said to whoever reads the line now */
	peer_end(&o);
}

static void an_end_that_was_never_acknowledged_is_no_success(void **state)
{
	struct byte_peer o;

	(void)state;
	peer_begin(&o, "xmodem", true, image, 100);
	peer_feed(&o, "C");
	peer_pass(&o, 100);
	peer_feed(&o, ACK);
	assert_memory_equal(o.out, EOT, 1);
	peer_pass(&o, 60000);
	assert_int_equal(o.final.type, TRANSFER_FAILED);
	assert_true(o.out_size < 30);
	peer_end(&o);
}

static void a_receiver_that_asks_for_no_second_file_ends_a_batch_of_one(void **state)
{
	struct byte_peer o;

	(void)state;
	peer_begin(&o, "ymodem", true, image, 100);
	peer_feed(&o, "C");
	peer_pass(&o, 100);
	peer_feed(&o, ACK "C");
	peer_feed(&o, ACK);
	peer_feed(&o, ACK "done\r\n");
	peer_pass(&o, 20000);
	assert_int_equal(o.final.type, TRANSFER_DONE);
	assert_string_equal(o.text, "done\r\n");
	peer_end(&o);
}

static void a_receiver_of_short_blocks_only_gets_short_blocks(void **state)
{
	struct byte_peer o;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	for (int i = 0; i < 8 && o.out_size != 133 && o.out_size != 132; i++) {
		peer_feed(&o, NAK);
		peer_pass(&o, 1500);
	}
	assert_int_equal(o.out[0], 1);
	while (o.out_size != 133) {	/* and the check it wants is found as well */
		peer_feed(&o, NAK);
		peer_pass(&o, 1500);
	}
	peer_feed(&o, ACK);
	assert_int_equal(o.out_size, 133);
	assert_int_equal(o.out[1], 2);
	assert_memory_equal(o.out + 3, image + 128, 128);
	peer_end(&o);
}

static void a_file_that_becomes_shorter_is_not_sent_as_whole(void **state)
{
	struct byte_peer o;

	(void)state;
	begin_block_1(&o, "ymodem");
	o.size = 1500;
	peer_feed(&o, ACK);
	assert_int_equal(o.final.type, TRANSFER_FAILED);
	assert_int_equal(o.final.status, STATUS_IO);
	assert_memory_equal(o.out, CAN CAN CAN, 3);
	peer_end(&o);
}

static void cancelling_does_not_put_its_bytes_into_a_block(void **state)
{
	struct byte_peer o;
	struct bytes out;

	(void)state;
	begin_block_1(&o, "xmodem-1k");
	o.protocol->input(o.transfer, &(struct bytes){ (const uint8_t *)ACK, 1 }, o.now_ms);
	o.protocol->sent(o.transfer, 100, o.now_ms);	/* the line took a part of block 2 */
	o.protocol->cancel(o.transfer, o.now_ms);
	out = o.protocol->output(o.transfer);
	assert_int_equal(out.size, 929 + 16);
	assert_memory_equal(out.data + 929, CAN CAN CAN CAN CAN CAN CAN CAN "\b\b\b\b\b\b\b\b", 16);
	peer_pass(&o, 1000);
	assert_int_equal(o.final.status, STATUS_CANCELLED);
	peer_end(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
