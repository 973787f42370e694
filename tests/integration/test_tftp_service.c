/* tests/integration/test_tftp_service.c
 *
 * What the TFTP server of a case answers, and to whom, over the loopback interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/protocol/tftp_server.h"
#include "src/base/text.h"
#include "src/core/tftp_service.h"
#include "src/io/udp.h"

enum { ANSWER_MS = 3000, LOOPBACK = 0x7f000001 };

struct bench {
	struct loop *loop;
	struct tftp_service *service;
	struct udp_socket *client;
	struct loop_timer *timer;
	struct udp_address server;
	unsigned answers;
	unsigned opcode, number;	/* of the last answer */
	unsigned warnings;		/* that a loader may not be able to count so far */
	void *large;			/* the file, where it is one */
};

static void on_answer(void *user, struct bytes datagram, const struct udp_address *from, const struct udp_local *to)
{
	struct bench *b = user;

	(void)from;
	(void)to;
	assert_true(datagram.size >= 4);
	b->answers++;
	b->opcode = load_be16(datagram.data);
	b->number = load_be16(datagram.data + 2);
	loop_stop(b->loop);
}

static void on_silence(void *user)
{
	loop_stop(((struct bench *)user)->loop);
}

static uint16_t free_port(struct loop *loop)
{
	struct udp_settings settings = { .address = "127.0.0.1" };
	struct udp_socket *probe;
	uint16_t port;

	assert_int_equal(udp_open(loop, &settings, &(struct udp_observer){ .on_datagram = on_answer }, &probe, NULL), STATUS_OK);
	port = udp_port(probe);
	udp_close(probe);
	return port;
}

static void on_event(void *user, bool is_error, const char *text)
{
	struct bench *b = user;

	(void)is_error;
	b->warnings += text_contains(text, "65535");
}

static int set_up(void **state, size_t large)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct tftp_service_options options = { .bench_ip = "127.0.0.1", .device_ip = "127.0.0.2", .file_name = "fw.bin", .file = BYTES("firmware"),
						.on_event = on_event, .user = b };

	assert_non_null(b);
	if (large > 0) {
		b->large = calloc(1, large);
		assert_non_null(b->large);
		options.file = bytes_of(b->large, large);
	}
	assert_int_equal(loop_new(&b->loop, NULL), STATUS_OK);
	options.port = free_port(b->loop);
	b->server = (struct udp_address){ .ipv4 = LOOPBACK, .port = (uint16_t)options.port };
	assert_int_equal(tftp_service_new(b->loop, &options, &b->service, NULL), STATUS_OK);
	b->timer = loop_timer_new(b->loop, on_silence, b);
	assert_non_null(b->timer);
	*state = b;
	return 0;
}

static int setup(void **state)
{
	return set_up(state, 0);
}

static int setup_large(void **state)
{
	return set_up(state, (size_t)512 * 65535);
}

static int teardown(void **state)
{
	struct bench *b = *state;

	udp_close(b->client);
	tftp_service_free(b->service);
	loop_timer_free(b->timer);
	loop_free(b->loop);
	free(b->large);
	free(b);
	return 0;
}

static void ask_from(struct bench *b, const char *address, struct bytes datagram)
{
	struct udp_settings settings = { .address = address };

	if (b->client == NULL)
		assert_int_equal(udp_open(b->loop, &settings, &(struct udp_observer){ .on_datagram = on_answer, .user = b }, &b->client, NULL), STATUS_OK);
	assert_int_equal(udp_send(b->client, &b->server, NULL, datagram, NULL), STATUS_OK);
}

static void wait_for_answer(struct bench *b)
{
	loop_timer_set_after(b->timer, ANSWER_MS);
	loop_run(b->loop);
	assert_int_equal(b->answers, 1);
}

#define DATAGRAM(text) bytes_of((const uint8_t *)(text), sizeof(text) - 1)

static void the_device_gets_the_file(void **state)
{
	ask_from(*state, "127.0.0.2", DATAGRAM("\0\1fw.bin\0octet\0"));
	wait_for_answer(*state);
	assert_int_equal(((struct bench *)*state)->opcode, TFTP_DATA);
	assert_int_equal(((struct bench *)*state)->warnings, 0);
}

static void blocks_that_not_every_loader_can_count_are_told(void **state)
{
	ask_from(*state, "127.0.0.2", DATAGRAM("\0\1fw.bin\0octet\0"));
	wait_for_answer(*state);
	assert_int_equal(((struct bench *)*state)->opcode, TFTP_DATA);
	assert_int_equal(((struct bench *)*state)->warnings, 1);
}

static void nobody_else_gets_it(void **state)
{
	ask_from(*state, "127.0.0.3", DATAGRAM("\0\1fw.bin\0octet\0"));
	wait_for_answer(*state);
	assert_int_equal(((struct bench *)*state)->opcode, TFTP_ERROR);
	assert_int_equal(((struct bench *)*state)->number, TFTP_ERROR_ACCESS);
}

static void another_file_is_not_there(void **state)
{
	ask_from(*state, "127.0.0.2", DATAGRAM("\0\1../fw.bin\0octet\0"));
	wait_for_answer(*state);
	assert_int_equal(((struct bench *)*state)->number, TFTP_ERROR_NOT_FOUND);
}

/* The request behind it is answered first: silence needs no waiting for. */
static void what_is_no_request_is_not_answered(void **state)
{
	struct bench *b = *state;

	ask_from(b, "127.0.0.2", DATAGRAM("\0\5\0\0stop\0"));
	ask_from(b, "127.0.0.2", DATAGRAM("\0\4\0\1"));
	ask_from(b, "127.0.0.2", DATAGRAM("noise"));
	ask_from(b, "127.0.0.2", DATAGRAM("\0\1fw.bin\0octet\0"));
	wait_for_answer(b);
	assert_int_equal(b->opcode, TFTP_DATA);
}

static void an_unknown_mode_is_told(void **state)
{
	ask_from(*state, "127.0.0.2", DATAGRAM("\0\1fw.bin\0mail\0"));
	wait_for_answer(*state);
	assert_int_equal(((struct bench *)*state)->number, TFTP_ERROR_ILLEGAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_device_gets_the_file),
		cmocka_unit_test_setup_teardown(blocks_that_not_every_loader_can_count_are_told, setup_large, teardown),
		TEST(nobody_else_gets_it),
		TEST(another_file_is_not_there),
		TEST(what_is_no_request_is_not_answered),
		TEST(an_unknown_mode_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
