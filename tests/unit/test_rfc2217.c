/* tests/unit/test_rfc2217.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/protocol/rfc2217.h"

static const struct rfc2217_settings settings_115200 = { .baud = 115200, .data_bits = 8, .parity = 'N',
							 .stop_bits = 1 };

struct collected {
	uint8_t data[512];
	size_t size;
	enum rfc2217_event_type last;
	unsigned baud;
	unsigned accepted, refused;
};

#define ACCEPT BYTES("\xff\xfd\x2c")	/* DO COM-PORT */

static void feed(struct rfc2217 *client, struct bytes in, struct collected *to)
{
	while (in.size > 0) {
		struct rfc2217_event event = rfc2217_input(client, &in);

		if (event.type == RFC2217_DATA) {
			assert_true(to->size + event.data.size <= sizeof(to->data));
			memcpy(to->data + to->size, event.data.data, event.data.size);
			to->size += event.data.size;
		} else if (event.type == RFC2217_BAUD) {
			to->baud = event.baud;
		}
		to->accepted += event.type == RFC2217_ACCEPTED;
		to->refused += event.type == RFC2217_REFUSED;
		if (event.type != RFC2217_NOTHING)
			to->last = event.type;
	}
}

static void start(struct rfc2217 *client)
{
	rfc2217_init(client, &settings_115200, 0);
	rfc2217_output_sent(client);
}

static void assert_output(struct rfc2217 *client, struct bytes wanted)
{
	struct bytes output = rfc2217_output(client);

	assert_int_equal(output.size, wanted.size);
	assert_memory_equal(output.data, wanted.data, wanted.size);
	rfc2217_output_sent(client);
}

static void asks_for_binary_no_go_ahead_and_com_port(void **state)
{
	struct rfc2217 client;

	(void)state;
	rfc2217_init(&client, &settings_115200, 0);
	assert_output(&client, BYTES("\xff\xfb\x00\xff\xfd\x00" "\xff\xfb\x03\xff\xfd\x03" "\xff\xfb\x2c"));
}

static void sends_the_settings_when_accepted_and_moves_no_modem_line(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };

	(void)state;
	start(&client);
	feed(&client, ACCEPT, &got);
	assert_int_equal(got.accepted, 1);
	assert_output(&client, BYTES("\xff\xfa\x2c\x01\x00\x01\xc2\x00\xff\xf0"	/* 115200 */
				     "\xff\xfa\x2c\x02\x08\xff\xf0" "\xff\xfa\x2c\x03\x01\xff\xf0"
				     "\xff\xfa\x2c\x04\x01\xff\xf0" "\xff\xfa\x2c\x05\x01\xff\xf0"
				     "\xff\xfa\x2c\x0a\x00\xff\xf0" "\xff\xfa\x2c\x0b\x00\xff\xf0"));
}

static void doubles_255_in_a_rate(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };
	struct rfc2217_settings odd = { .baud = 0xff00, .data_bits = 7, .parity = 'E', .stop_bits = 2,
					.flow = RFC2217_FLOW_RTSCTS };

	(void)state;
	start(&client);
	feed(&client, ACCEPT, &got);
	rfc2217_output_sent(&client);
	assert_int_equal(rfc2217_set(&client, &odd), STATUS_OK);
	assert_output(&client, BYTES("\xff\xfa\x2c\x01\x00\x00\xff\xff\x00\xff\xf0"
				     "\xff\xfa\x2c\x02\x07\xff\xf0" "\xff\xfa\x2c\x03\x03\xff\xf0"
				     "\xff\xfa\x2c\x04\x02\xff\xf0" "\xff\xfa\x2c\x05\x03\xff\xf0"));
}

static void reports_the_rate_in_force(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };

	(void)state;
	start(&client);
	feed(&client, BYTES("\xff\xfa\x2c\x65\x00\x00\xff\xff\xff\xff\xff\xf0"), &got);
	assert_int_equal(got.baud, 0xffff);
}

static void a_refusal_is_told_once_and_makes_settings_unsupported(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };

	(void)state;
	start(&client);
	feed(&client, BYTES("\xff\xfe\x2c\xff\xfe\x2c"), &got);
	assert_int_equal(got.refused, 1);
	assert_int_equal(rfc2217_set(&client, &settings_115200), STATUS_UNSUPPORTED);
	assert_int_equal(rfc2217_control(&client, RFC2217_DTR_ON), STATUS_UNSUPPORTED);
	assert_output(&client, BYTES(""));
}

static void settings_changed_before_the_answer_are_the_ones_sent(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };
	struct rfc2217_settings slow = settings_115200;

	(void)state;
	start(&client);
	slow.baud = 9600;
	assert_int_equal(rfc2217_control(&client, RFC2217_RTS_OFF), STATUS_BUSY);
	assert_int_equal(rfc2217_set(&client, &slow), STATUS_OK);
	feed(&client, ACCEPT, &got);
	assert_memory_equal(rfc2217_output(&client).data, "\xff\xfa\x2c\x01\x00\x00\x25\x80\xff\xf0", 10);
}

static void break_and_modem_lines_are_controls(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };

	(void)state;
	start(&client);
	feed(&client, ACCEPT, &got);
	rfc2217_output_sent(&client);
	assert_int_equal(rfc2217_control(&client, RFC2217_BREAK_ON), STATUS_OK);
	assert_int_equal(rfc2217_control(&client, RFC2217_DTR_OFF), STATUS_OK);
	assert_output(&client, BYTES("\xff\xfa\x2c\x05\x05\xff\xf0\xff\xfa\x2c\x05\x09\xff\xf0"));
}

static void many_settings_without_sending_are_refused_not_fatal(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };
	unsigned refused = 0;

	(void)state;
	start(&client);
	feed(&client, ACCEPT, &got);
	for (unsigned i = 0; i < 20; i++)
		refused += rfc2217_set(&client, &settings_115200) == STATUS_NO_SPACE;
	assert_true(refused > 0);
	feed(&client, BYTES("x"), &got);
	assert_int_equal(got.last, RFC2217_DATA);
}

static void binary_bytes_pass_both_ways(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };
	uint8_t wire[64];
	struct bytes out = BYTES("a\xff\r\0b");

	(void)state;
	start(&client);
	feed(&client, BYTES("\xff\xfd\x00\xff\xfb\x00" "\xff\xfd\x2c"), &got);
	assert_int_equal(rfc2217_encode(&client, &out, wire, sizeof(wire), 0), 6);
	assert_memory_equal(wire, "a\xff\xff\r\0b", 6);
	assert_int_equal(out.size, 0);
	feed(&client, BYTES("1\xff\xff\r\0" "2"), &got);
	assert_int_equal(got.size, 5);
	assert_memory_equal(got.data, "1\xff\r\0" "2", 5);
}

static void without_binary_a_cr_has_a_nul(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };
	uint8_t wire[64];
	struct bytes out = BYTES("a\r\n");

	(void)state;
	start(&client);
	feed(&client, BYTES("\xff\xfe\x00\xff\xfc\x00" "\xff\xfd\x2c"), &got);
	assert_int_equal(rfc2217_encode(&client, &out, wire, sizeof(wire), 0), 4);
	assert_memory_equal(wire, "a\r\0\n", 4);
	feed(&client, BYTES("b\r\0c\0"), &got);
	assert_int_equal(got.size, 4);
	assert_memory_equal(got.data, "b\rc\0", 4);
}

static void bytes_wait_for_the_answers_but_not_for_ever(void **state)
{
	struct rfc2217 client;
	uint8_t wire[8];
	struct bytes out = BYTES("xy");

	(void)state;
	start(&client);
	assert_int_equal(rfc2217_encode(&client, &out, wire, sizeof(wire), RFC2217_PATIENCE_MS - 1), 0);
	assert_int_equal(out.size, 2);
	assert_int_equal(rfc2217_encode(&client, &out, wire, 1, RFC2217_PATIENCE_MS), 1);
	assert_int_equal(out.size, 1);
}

static void an_escape_is_never_cut_at_the_end_of_the_room(void **state)
{
	struct rfc2217 client;
	uint8_t wire[8];
	struct bytes out = BYTES("x\xff");

	(void)state;
	start(&client);
	assert_int_equal(rfc2217_encode(&client, &out, wire, 2, RFC2217_PATIENCE_MS), 1);
	assert_int_equal(out.size, 1);
	assert_int_equal(rfc2217_encode(&client, &out, wire, 2, RFC2217_PATIENCE_MS), 2);
}

static void suspend_holds_bytes_until_resume(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };
	uint8_t wire[8];
	struct bytes out = BYTES("x");

	(void)state;
	start(&client);
	feed(&client, BYTES("\xff\xfd\x2c\xff\xfa\x2c\x6c\xff\xf0"), &got);
	assert_int_equal(rfc2217_encode(&client, &out, wire, sizeof(wire), 5000), 0);
	feed(&client, BYTES("\xff\xfa\x2c\x6d\xff\xf0"), &got);
	assert_int_equal(rfc2217_encode(&client, &out, wire, sizeof(wire), 5000), 1);
}

static void unknown_options_are_declined(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };

	(void)state;
	start(&client);
	feed(&client, BYTES("\xff\xfd\x18\xff\xfb\x05\xff\xfc\x05\xff\xfe\x18"), &got);
	assert_output(&client, BYTES("\xff\xfc\x18\xff\xfe\x05"));
}

static void repeated_answers_are_not_answered(void **state)	/* RFC 1143 */
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };

	(void)state;
	start(&client);
	feed(&client, BYTES("\xff\xfb\x00\xff\xfb\x00\xff\xfb\x03\xff\xfb\x03\xff\xfd\x00\xff\xfd\x00"), &got);
	assert_output(&client, BYTES(""));
	feed(&client, BYTES("\xff\xfb\x01\xff\xfb\x01"), &got);	/* WILL ECHO was not asked for: one DO */
	assert_output(&client, BYTES("\xff\xfd\x01"));
}

static void a_command_without_its_end_does_not_swallow_the_next(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };

	(void)state;
	start(&client);
	feed(&client, BYTES("\xff\xfa\x2c\x65\x01\xff\xfd\x2c" "ok"), &got);
	assert_int_equal(got.accepted, 1);
	assert_memory_equal(got.data, "ok", 2);
	assert_int_equal(got.size, 2);
}

static void a_flood_of_questions_is_an_overflow(void **state)
{
	struct rfc2217 client;
	struct collected got = { .size = 0 };

	(void)state;
	start(&client);
	for (unsigned i = 0; i < 200; i++)
		feed(&client, BYTES("\xff\xfd\x63"), &got);
	assert_int_equal(got.last, RFC2217_OVERFLOW);
}

static void how_the_wire_is_cut_changes_nothing(void **state)
{
	const struct bytes wire = BYTES("boot\xff\xff\r\xff\xfd\x2c\0ed\xff\xfb\x00\r\0z"
					"\xff\xfa\x2c\x65\x00\x00\xff\xff\x01\xff\xf0!"
					"\xff\xf1?");
	struct rfc2217 whole, parts;
	struct collected all = { .size = 0 }, single = { .size = 0 };

	(void)state;
	start(&whole);
	start(&parts);
	feed(&whole, wire, &all);
	for (size_t i = 0; i < wire.size; i++)
		feed(&parts, bytes_of(wire.data + i, 1), &single);
	assert_int_equal(all.size, single.size);
	assert_memory_equal(all.data, single.data, all.size);
	assert_int_equal(all.baud, single.baud);
	assert_int_equal(all.accepted, single.accepted);
	assert_true(bytes_equal(rfc2217_output(&whole), rfc2217_output(&parts)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_for_binary_no_go_ahead_and_com_port),
		cmocka_unit_test(sends_the_settings_when_accepted_and_moves_no_modem_line),
		cmocka_unit_test(doubles_255_in_a_rate),
		cmocka_unit_test(reports_the_rate_in_force),
		cmocka_unit_test(a_refusal_is_told_once_and_makes_settings_unsupported),
		cmocka_unit_test(settings_changed_before_the_answer_are_the_ones_sent),
		cmocka_unit_test(break_and_modem_lines_are_controls),
		cmocka_unit_test(many_settings_without_sending_are_refused_not_fatal),
		cmocka_unit_test(binary_bytes_pass_both_ways),
		cmocka_unit_test(without_binary_a_cr_has_a_nul),
		cmocka_unit_test(bytes_wait_for_the_answers_but_not_for_ever),
		cmocka_unit_test(an_escape_is_never_cut_at_the_end_of_the_room),
		cmocka_unit_test(suspend_holds_bytes_until_resume),
		cmocka_unit_test(unknown_options_are_declined),
		cmocka_unit_test(repeated_answers_are_not_answered),
		cmocka_unit_test(a_command_without_its_end_does_not_swallow_the_next),
		cmocka_unit_test(a_flood_of_questions_is_an_overflow),
		cmocka_unit_test(how_the_wire_is_cut_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
