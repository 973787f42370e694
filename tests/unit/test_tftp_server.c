/* tests/unit/test_tftp_server.c
 *
 * The server machine against a small client, joined by a network in memory that loses, doubles and delays datagrams.
 * Time is a number. The client answers every DATA that it did not expect with its last ACK, so a server that resends
 * on ACK would double its traffic here, and the counts would show it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "recovery/protocol/tftp_server.h"
#include "src/base/text.h"

enum { QUEUE_MAX = 1024, PACKET_MAX = 2048, NEVER = 100 };

/* The client */

struct client {
	struct bytes expected;		/* what the file must look like on the wire */
	size_t got;
	unsigned blksize, windowsize;
	unsigned rollover;		/* the number after 65535 */
	uint64_t block;			/* last one in order */
	unsigned in_window;
	bool answered_gap;
	bool is_complete;
	bool keeps_final_ack;
	bool never_reacks;		/* as old U-Boot */
	uint64_t timeout_ms, deadline_ms;
	uint8_t last_sent[256];
	size_t last_size;
	uint64_t busy_every, busy_ms;	/* erases flash before each busy_every-th ACK */
	char oack[128];
};

struct packet {
	uint64_t due_ms;
	uint64_t order;
	bool to_server;
	size_t size;
	uint8_t data[PACKET_MAX];
};

struct bench {
	struct tftp_server server;
	struct tftp_event end;
	struct client client;
	uint64_t now_ms;
	uint64_t delay_ms, jitter_ms;
	unsigned lose_permille, double_permille;
	unsigned lose_data_block;	/* loses this DATA once */
	unsigned lose_ack_block;
	unsigned random;
	uint64_t order;
	uint64_t data_sent;		/* DATA datagrams that the server handed out */
	struct packet *queue;
	size_t queued;
	uint8_t *datagram;
};

static unsigned random_below(struct bench *bench, unsigned end)
{
	bench->random = bench->random * 1103515245u + 12345u;
	return (bench->random >> 12) % end;
}

static void put(struct bench *bench, bool to_server, struct bytes datagram, uint64_t extra_ms)
{
	unsigned copies = random_below(bench, 1000) < bench->double_permille ? 2 : 1;

	assert_true(datagram.size <= PACKET_MAX);
	if (random_below(bench, 1000) < bench->lose_permille)
		return;
	while (copies-- > 0) {
		struct packet *packet = &bench->queue[bench->queued++];

		assert_true(bench->queued < QUEUE_MAX);
		packet->due_ms = bench->now_ms + bench->delay_ms + extra_ms;
		if (bench->jitter_ms > 0)
			packet->due_ms += random_below(bench, (unsigned)bench->jitter_ms);
		packet->order = bench->order++;
		packet->to_server = to_server;
		packet->size = datagram.size;
		memcpy(packet->data, datagram.data, datagram.size);
	}
}

static void client_send(struct bench *bench, uint64_t extra_ms)
{
	struct client *client = &bench->client;
	unsigned number = load_be16(client->last_sent + 2);

	client->deadline_ms = bench->now_ms + extra_ms + client->timeout_ms;
	if (load_be16(client->last_sent) == TFTP_ACK && bench->lose_ack_block == number && number != 0) {
		bench->lose_ack_block = 0;
		return;
	}
	put(bench, true, bytes_of(client->last_sent, client->last_size), extra_ms);
}

static unsigned client_number(const struct client *client, uint64_t block)
{
	return (unsigned)(block <= 65535 ? block : (block - 65536) % (65536 - client->rollover) + client->rollover);
}

static void client_ack(struct bench *bench)
{
	struct client *client = &bench->client;
	uint64_t busy_ms = 0;

	if (client->busy_every > 0 && client->block > 0 && client->block % client->busy_every == 0)
		busy_ms = client->busy_ms;
	client->in_window = 0;
	store_be16(client->last_sent, TFTP_ACK);
	store_be16(client->last_sent + 2, (uint16_t)client_number(client, client->block));
	client->last_size = 4;
	client_send(bench, busy_ms);
}

static void client_data(struct bench *bench, struct bytes datagram)
{
	struct client *client = &bench->client;
	struct bytes content = bytes_from(datagram, 4);

	if (!client->is_complete && load_be16(datagram.data + 2) == client_number(client, client->block + 1)) {
		assert_true(content.size <= client->blksize);
		assert_true(client->got + content.size <= client->expected.size);
		if (content.size > 0)
			assert_memory_equal(client->expected.data + client->got, content.data, content.size);
		client->got += content.size;
		client->block++;
		client->answered_gap = false;
		client->is_complete = content.size < client->blksize;
		if (client->is_complete && client->keeps_final_ack)
			return;
		if (++client->in_window == client->windowsize || client->is_complete)
			client_ack(bench);
		return;
	}
	if (client->never_reacks || client->keeps_final_ack || client->block == 0)
		return;
	if (client->windowsize == 1 || !client->answered_gap || client->is_complete) {
		client->answered_gap = true;
		client_ack(bench);
	}
}

static const char *oack_value(const char *oack, size_t size, const char *name)
{
	for (const char *at = oack; at < oack + size; at += strlen(at) + 1) {
		bool is_it = strcmp(at, name) == 0;

		at += strlen(at) + 1;
		if (is_it)
			return at;
	}
	return NULL;
}

static void client_oack(struct bench *bench, struct bytes datagram)
{
	struct client *client = &bench->client;
	const char *value;
	size_t size = datagram.size - 2;

	assert_true(size > 0 && size <= sizeof(client->oack));
	assert_int_equal(datagram.data[datagram.size - 1], 0);
	memcpy(client->oack, datagram.data + 2, size);
	if (client->block > 0)
		return;
	value = oack_value(client->oack, size, "blksize");
	if (value != NULL)
		client->blksize = (unsigned)atoi(value);
	value = oack_value(client->oack, size, "windowsize");
	if (value != NULL)
		client->windowsize = (unsigned)atoi(value);
	client_ack(bench);
}

static void client_input(struct bench *bench, struct bytes datagram)
{
	switch (load_be16(datagram.data)) {
	case TFTP_DATA:
		client_data(bench, datagram);
		break;
	case TFTP_OACK:
		client_oack(bench, datagram);
		break;
	default:
		fail_msg("the server sent opcode %u", load_be16(datagram.data));
	}
}

/* The bench */

static void drain(struct bench *bench)
{
	size_t size;

	while ((size = tftp_server_output(&bench->server, bench->datagram, bench->now_ms)) > 0) {
		struct bytes datagram = { bench->datagram, size };

		if (load_be16(datagram.data) == TFTP_DATA) {
			bench->data_sent++;
			if (bench->lose_data_block != 0 && load_be16(datagram.data + 2) == bench->lose_data_block) {
				bench->lose_data_block = 0;
				continue;
			}
		}
		put(bench, false, datagram, 0);
	}
}

static void note(struct bench *bench, struct tftp_event event)
{
	if (event.type == TFTP_DONE || event.type == TFTP_FAILED)
		bench->end = event;
	drain(bench);
}

static void bench_start(struct bench *bench, const struct tftp_request *request, const struct tftp_limits *limits,
			struct bytes file)
{
	bench->queue = calloc(QUEUE_MAX, sizeof(*bench->queue));
	bench->datagram = malloc(TFTP_DATAGRAM_MAX);
	assert_non_null(bench->queue);
	assert_non_null(bench->datagram);
	if (bench->delay_ms == 0)
		bench->delay_ms = 1;
	if (bench->client.timeout_ms == 0)
		bench->client.timeout_ms = 1000;
	if (bench->client.expected.data == NULL)
		bench->client.expected = file;
	bench->client.blksize = 512;
	bench->client.windowsize = 1;
	memcpy(bench->client.last_sent, "\0\1f\0octet", 10);
	bench->client.last_size = 10;
	bench->client.deadline_ms = bench->now_ms + bench->client.timeout_ms;
	tftp_server_init(&bench->server, request, limits, file, bench->now_ms);
	drain(bench);
}

static void bench_done(struct bench *bench)
{
	free(bench->queue);
	free(bench->datagram);
}

static size_t first_due(const struct bench *bench)
{
	size_t first = 0;

	for (size_t i = 1; i < bench->queued; i++) {
		const struct packet *a = &bench->queue[i], *b = &bench->queue[first];

		if (a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->order < b->order))
			first = i;
	}
	return first;
}

static void deliver(struct bench *bench, size_t index)
{
	struct packet packet = bench->queue[index];

	bench->queue[index] = bench->queue[--bench->queued];
	bench->now_ms = packet.due_ms;
	if (packet.to_server)
		note(bench, tftp_server_input(&bench->server, bytes_of(packet.data, packet.size), bench->now_ms));
	else
		client_input(bench, bytes_of(packet.data, packet.size));
}

/* One thing happens: a datagram arrives or a timer runs out. */
static void step(struct bench *bench)
{
	uint64_t server_at = tftp_server_deadline(&bench->server);
	uint64_t client_at = bench->client.is_complete ? UINT64_MAX : bench->client.deadline_ms;
	uint64_t timer_at = server_at < client_at ? server_at : client_at;
	size_t first = first_due(bench);

	if (bench->queued > 0 && bench->queue[first].due_ms <= timer_at) {
		deliver(bench, first);
		return;
	}
	assert_true(timer_at != UINT64_MAX);
	if (timer_at > bench->now_ms)
		bench->now_ms = timer_at;
	if (timer_at == client_at)
		client_send(bench, 0);
	else
		note(bench, tftp_server_tick(&bench->server, bench->now_ms));
}

static void run(struct bench *bench)
{
	for (unsigned long steps = 0; bench->end.type == TFTP_NOTHING; steps++) {
		assert_true(steps < 2000000);
		step(bench);
	}
}

static void assert_arrived(const struct bench *bench)
{
	if (bench->end.type != TFTP_DONE)
		fail_msg("event %d: %s", (int)bench->end.type, bench->end.text);
	assert_true(bench->client.is_complete);
	assert_int_equal(bench->client.got, bench->client.expected.size);
	assert_int_equal(bench->end.bytes_acked, bench->server.file.size);
}

static struct bytes make_file(size_t size)
{
	uint8_t *data = malloc(size + 1);
	uint32_t x = 1;

	assert_non_null(data);
	for (size_t i = 0; i < size; i++) {
		x = x * 1664525u + 1013904223u;
		data[i] = (uint8_t)(x >> 24);
	}
	return (struct bytes){ data, size };
}

static void drop_file(struct bytes file)
{
	free((void *)(uintptr_t)file.data);
}

/* Serves size bytes; returns how long it took. */
static uint64_t transfer(struct bench *bench, const struct tftp_request *request, const struct tftp_limits *limits,
			 size_t size)
{
	struct bytes file = make_file(size);
	uint64_t took;

	bench_start(bench, request, limits, file);
	run(bench);
	took = bench->now_ms;
	assert_arrived(bench);
	bench_done(bench);
	drop_file(file);
	return took;
}

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
		struct bench bench = { 0 };

		transfer(&bench, &request, NULL, sizes[i]);
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
		struct bench bench = { 0 };
		const char *oack = bench.client.oack;
		size_t room = sizeof(bench.client.oack);

		request.blksize = mask & 1 ? 1024 : 0;
		request.windowsize = mask & 2 ? 8 : 0;
		request.timeout_seconds = mask & 4 ? 5 : 0;
		request.tsize_asked = mask & 8;
		transfer(&bench, &request, NULL, 20480);
		assert_int_equal(oack_value(oack, room, "blksize") != NULL, (mask & 1) != 0);
		assert_int_equal(oack_value(oack, room, "windowsize") != NULL, (mask & 2) != 0);
		assert_int_equal(oack_value(oack, room, "timeout") != NULL, (mask & 4) != 0);
		assert_int_equal(oack_value(oack, room, "tsize") != NULL, (mask & 8) != 0);
		if (mask & 4)
			assert_string_equal(oack_value(oack, room, "timeout"), "5");
		if (mask & 8)
			assert_string_equal(oack_value(oack, room, "tsize"), "20480");
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
	assert_string_equal(oack_value((const char *)to + 2, server.oack_size, "tsize"), "18446744073709551615");
}

static void dropped_options_bring_plain_blocks(void **state)
{
	struct tftp_request request = { .blksize = 1468, .windowsize = 8, .timeout_seconds = 3, .tsize_asked = true };
	struct tftp_limits limits = { .drop_options = true };
	struct bench bench = { 0 };

	(void)state;
	transfer(&bench, &request, &limits, 3000);
	assert_int_equal(bench.client.oack[0], 0);
	assert_int_equal(bench.client.block, 6);
}

static void netascii_is_translated_across_block_ends(void **state)
{
	struct tftp_request request = { .is_netascii = true, .blksize = 8, .windowsize = 3, .tsize_asked = true };
	struct bench bench = { .client.expected = BYTES("one\r\ntw\r\no\r\0\r\n123456\r\nab\r\n\r\n\r\n\r\nx") };

	(void)state;
	bench_start(&bench, &request, NULL, BYTES("one\ntw\no\r\n123456\nab\n\n\n\nx"));
	run(&bench);
	assert_arrived(&bench);
	assert_null(oack_value(bench.client.oack, sizeof(bench.client.oack), "tsize"));
	bench_done(&bench);
}

static void netascii_ends_with_an_empty_block_when_it_fills_the_last(void **state)
{
	struct tftp_request request = { .is_netascii = true, .blksize = 8 };
	struct bench bench = { .client.expected = BYTES("123456\r\n") };

	(void)state;
	bench_start(&bench, &request, NULL, BYTES("123456\n"));
	run(&bench);
	assert_arrived(&bench);
	assert_int_equal(bench.client.block, 2);
	bench_done(&bench);
}

static void block_numbers_wrap_to_0(void **state)
{
	struct tftp_request request = { .blksize = 8 };
	struct bench bench = { 0 };

	(void)state;
	transfer(&bench, &request, NULL, 8 * 140000 + 3);
	assert_int_equal(bench.client.block, 140001);
	assert_int_equal(bench.data_sent, 140001);
}

static void block_numbers_wrap_in_the_middle_of_a_window(void **state)
{
	struct tftp_request request = { .blksize = 8, .windowsize = 7 };
	struct bench bench = { .lose_permille = 5, .random = 3 };

	(void)state;
	transfer(&bench, &request, NULL, 8 * 132000);
	assert_int_equal(bench.client.block, 132001);
}

static void client_that_wraps_to_1_is_followed(void **state)
{
	struct tftp_request request = { .blksize = 8 };
	struct bench bench = { .client.rollover = 1 };

	(void)state;
	transfer(&bench, &request, NULL, 8 * 132000);
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

/* Trouble on the cable */

static void bad_cable_only_delays(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 60; seed++) {
		struct tftp_request request = {
			.blksize = seed % 3 == 0 ? 1024 : 0, .windowsize = seed % 4 == 0 ? 5 : 0,
			.timeout_seconds = seed % 5 == 0 ? 5 : 0, .tsize_asked = seed % 2 == 0,
		};
		struct bench bench = {
			.random = seed * 7919, .lose_permille = 100, .double_permille = 100, .jitter_ms = 6,
		};

		transfer(&bench, &request, NULL, 100000);
	}
}

static void one_lost_block_costs_tens_of_milliseconds(void **state)
{
	struct tftp_request request = { .timeout_seconds = 5 };
	struct bench clean = { 0 }, lossy = { .lose_data_block = 50 };
	uint64_t clean_ms, lossy_ms;

	(void)state;
	clean_ms = transfer(&clean, &request, NULL, 51200);
	lossy_ms = transfer(&lossy, &request, NULL, 51200);
	assert_in_range(lossy_ms - clean_ms, 1, 60);
	assert_int_equal(lossy.data_sent, clean.data_sent + 1);
}

static void one_lost_ack_costs_tens_of_milliseconds(void **state)
{
	struct tftp_request request = { .timeout_seconds = 5 };
	struct bench clean = { 0 }, lossy = { .lose_ack_block = 50 };
	uint64_t clean_ms;

	(void)state;
	clean_ms = transfer(&clean, &request, NULL, 51200);
	assert_in_range(transfer(&lossy, &request, NULL, 51200) - clean_ms, 1, 60);
}

static void lost_ack_of_a_client_that_never_repeats_it_is_sat_out(void **state)
{
	struct tftp_request request = { .timeout_seconds = 5 };
	struct bench bench = { .lose_ack_block = 50, .client.never_reacks = true, .client.timeout_ms = 5000 };

	(void)state;
	assert_in_range(transfer(&bench, &request, NULL, 51200), 5000, 6000);
	assert_in_range(bench.data_sent, 101 + 3, 101 + 8);
}

static void lost_block_in_a_window_is_sent_at_once_on_the_gap_ack(void **state)
{
	struct tftp_request request = { .windowsize = 8 };
	struct bench clean = { 0 }, lossy = { .lose_data_block = 20 };
	uint64_t clean_ms;

	(void)state;
	clean_ms = transfer(&clean, &request, NULL, 51200);
	assert_in_range(transfer(&lossy, &request, NULL, 51200) - clean_ms, 1, 5);
	assert_in_range(lossy.data_sent, clean.data_sent + 1, clean.data_sent + 8);
}

static void lost_first_and_last_block_of_a_window_cost_tens_of_milliseconds(void **state)
{
	static const unsigned lost[] = { 1, 17, 24, 101 };	/* windows of 8; the file has 101 blocks */
	struct tftp_request request = { .windowsize = 8 };
	struct bench clean = { 0 };
	uint64_t clean_ms;

	(void)state;
	clean_ms = transfer(&clean, &request, NULL, 51200);
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		struct bench lossy = { .lose_data_block = lost[i] };

		assert_in_range(transfer(&lossy, &request, NULL, 51200) - clean_ms, 1, 120);
	}
}

static void doubled_datagrams_never_double_the_traffic(void **state)
{
	(void)state;
	for (unsigned windowsize = 1; windowsize <= 16; windowsize *= 4) {
		struct tftp_request request = { .windowsize = windowsize };
		struct bench bench = { .double_permille = 20, .random = 11 };

		transfer(&bench, &request, NULL, 512 * 2000);
		if (windowsize == 1)
			assert_int_equal(bench.data_sent, 2001);
		else
			assert_in_range(bench.data_sent, 2001, 2001 + 2001 / 4);
	}
}

static void doubled_ack_is_not_answered(void **state)	/* RFC 1123, 4.2.3.1 */
{
	struct tftp_request request = { 0 };
	struct tftp_server server;
	static uint8_t to[TFTP_DATAGRAM_MAX];
	struct bytes file = make_file(5000);

	(void)state;
	tftp_server_init(&server, &request, NULL, file, 0);
	assert_int_equal(tftp_server_output(&server, to, 0), 516);
	assert_int_equal(tftp_server_input(&server, BYTES("\0\4\0\1"), 1).type, TFTP_PROGRESS);
	assert_int_equal(tftp_server_output(&server, to, 1), 516);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(tftp_server_input(&server, BYTES("\0\4\0\1"), 2).type, TFTP_NOTHING);
		assert_int_equal(tftp_server_input(&server, BYTES("\0\4\0\0"), 2).type, TFTP_NOTHING);
		assert_int_equal(tftp_server_output(&server, to, 2), 0);
	}
	drop_file(file);
}

static void gap_ack_is_followed_once_a_window(void **state)
{
	struct tftp_request request = { .windowsize = 4 };
	struct tftp_server server;
	static uint8_t to[TFTP_DATAGRAM_MAX];
	struct bytes file = make_file(50000);
	unsigned sent = 0;

	(void)state;
	tftp_server_init(&server, &request, NULL, file, 0);
	tftp_server_output(&server, to, 0);
	tftp_server_input(&server, BYTES("\0\4\0\0"), 1);
	while (tftp_server_output(&server, to, 1) > 0)
		sent++;
	assert_int_equal(sent, 4);
	assert_int_equal(tftp_server_input(&server, BYTES("\0\4\0\4"), 2).type, TFTP_PROGRESS);
	while (tftp_server_output(&server, to, 2) > 0)
		sent++;
	assert_int_equal(sent, 8);
	for (int i = 0; i < 3; i++) {	/* 5 was lost */
		assert_int_equal(tftp_server_input(&server, BYTES("\0\4\0\4"), 3).type, TFTP_NOTHING);
		while (tftp_server_output(&server, to, 3) > 0)
			sent++;
		assert_int_equal(sent, 12);
	}
	assert_int_equal(tftp_server_input(&server, BYTES("\0\4\0\x8"), 4).type, TFTP_PROGRESS);
	assert_int_equal(server.acked, 8);
	drop_file(file);
}

static void slow_cable_is_learnt_after_a_few_blocks(void **state)
{
	(void)state;
	for (unsigned windowsize = 1; windowsize <= 8; windowsize *= 8) {
		struct tftp_request request = { .windowsize = windowsize, .timeout_seconds = 5 };
		struct bench bench = { .delay_ms = 150, .client.timeout_ms = 5000 };

		transfer(&bench, &request, NULL, 512 * 400);
		assert_in_range(bench.data_sent, 401, 401 + 6 * windowsize);
	}
}

static void answer_to_a_resend_is_not_taken_for_a_fast_one(void **state)	/* Karn */
{
	struct tftp_request request = { .timeout_seconds = 5 };
	struct tftp_server server;
	static uint8_t to[TFTP_DATAGRAM_MAX];
	struct bytes file = make_file(5000);

	(void)state;
	tftp_server_init(&server, &request, &(struct tftp_limits){ .drop_options = true }, file, 0);
	tftp_server_output(&server, to, 0);
	assert_int_equal(tftp_server_deadline(&server), 80);
	tftp_server_tick(&server, 80);
	tftp_server_output(&server, to, 80);
	tftp_server_input(&server, BYTES("\0\4\0\1"), 80);
	tftp_server_output(&server, to, 100);
	assert_int_equal(tftp_server_deadline(&server), 180);
	drop_file(file);
}

static void slow_flash_writer_is_not_flooded(void **state)
{
	struct tftp_request request = { .timeout_seconds = 5 };
	struct bench bench = { .client.busy_every = 32, .client.busy_ms = 2500, .client.timeout_ms = 5000 };

	(void)state;
	transfer(&bench, &request, NULL, 512 * 320);
	/* At most six resends for each of the ten pauses. */
	assert_in_range(bench.data_sent, 321, 321 + 10 * 6);
}

static void device_that_is_busy_for_fifty_seconds_is_waited_for(void **state)
{
	struct tftp_request request = { 0 };
	struct bench bench = { .client.busy_every = 64, .client.busy_ms = 50000, .client.timeout_ms = 100000 };

	(void)state;
	assert_in_range(transfer(&bench, &request, NULL, 512 * 100), 50000, 52000);
	assert_true(bench.data_sent < 101 + 20);
}

/* Ends */

static void final_ack_that_never_comes_ends_in_timeout(void **state)
{
	struct tftp_request request = { 0 };
	struct bench bench = { .client.keeps_final_ack = true };
	struct bytes file = make_file(2000);

	(void)state;
	bench_start(&bench, &request, NULL, file);
	run(&bench);
	assert_int_equal(bench.end.type, TFTP_FAILED);
	assert_int_equal(bench.end.status, STATUS_TIMEOUT);
	assert_true(text_contains(bench.end.text, "all 2.0 KiB sent"));
	assert_true(text_contains(bench.end.text, "may have arrived"));
	assert_int_equal(bench.end.bytes_acked, 1536);
	assert_in_range(bench.now_ms, 60000, 61000);
	assert_int_equal(tftp_server_deadline(&bench.server), UINT64_MAX);
	assert_int_equal(tftp_server_output(&bench.server, bench.datagram, 99999), 0);
	bench_done(&bench);
	drop_file(file);
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
		assert_true(sent < NEVER);
	}
}

static void silence_from_the_start_ends_in_timeout(void **state)
{
	struct tftp_request request = { .tsize_asked = true };
	struct tftp_server server;
	struct tftp_event end;
	uint64_t now_ms;

	(void)state;
	tftp_server_init(&server, &request, NULL, BYTES("firmware"), 0);
	assert_in_range(sit_out_silence(&server, &end, &now_ms), 8, 16);
	assert_int_equal(end.status, STATUS_TIMEOUT);
	assert_true(text_contains(end.text, "OACK"));
	assert_int_equal(now_ms, 60000);
}

static void long_agreed_timeout_is_kept_to(void **state)
{
	struct tftp_request request = { .timeout_seconds = 255 };
	struct tftp_server server;
	struct tftp_event end;
	uint64_t now_ms;

	(void)state;
	tftp_server_init(&server, &request, NULL, BYTES("firmware"), 0);
	assert_in_range(sit_out_silence(&server, &end, &now_ms), 7, 14);
	assert_int_equal(now_ms, 6 * 255000);
}

static void error_from_the_client_ends_it(void **state)
{
	struct tftp_request request = { .blksize = 1024 };
	struct tftp_server server;
	struct tftp_event end;
	static uint8_t to[TFTP_DATAGRAM_MAX];

	(void)state;
	tftp_server_init(&server, &request, NULL, BYTES("firmware"), 0);
	tftp_server_output(&server, to, 0);
	end = tftp_server_input(&server, BYTES("\0\5\0\10bad \x1b[31moption\0junk"), 5);
	assert_int_equal(end.type, TFTP_FAILED);
	assert_int_equal(end.status, STATUS_CANCELLED);
	assert_string_equal(end.text, "the client stopped with error 8: bad option");
	assert_int_equal(tftp_server_output(&server, to, 6), 0);
	assert_int_equal(tftp_server_input(&server, BYTES("\0\4\0\0"), 7).type, TFTP_NOTHING);
	tftp_server_init(&server, &request, NULL, BYTES("firmware"), 0);
	end = tftp_server_input(&server, BYTES("\0\5\0\0"), 5);
	assert_string_equal(end.text, "the client stopped with error 0");
}

static void opcode_that_has_no_place_is_answered_with_an_error(void **state)
{
	struct tftp_request request = { 0 };
	struct tftp_server server;
	struct tftp_event end;
	static uint8_t to[TFTP_DATAGRAM_MAX];

	(void)state;
	tftp_server_init(&server, &request, NULL, BYTES("firmware"), 0);
	tftp_server_output(&server, to, 0);
	assert_int_equal(tftp_server_input(&server, BYTES("\0\4\0"), 1).type, TFTP_NOTHING);
	assert_int_equal(tftp_server_input(&server, BYTES("\0\x63\0\1"), 1).type, TFTP_NOTHING);
	assert_int_equal(tftp_server_input(&server, BYTES("\0\4\0\x9"), 1).type, TFTP_NOTHING);
	end = tftp_server_input(&server, BYTES("\0\2f\0octet"), 2);
	assert_int_equal(end.type, TFTP_FAILED);
	assert_int_equal(end.status, STATUS_PROTOCOL);
	assert_true(tftp_server_output(&server, to, 2) > 5);
	assert_memory_equal(to, "\0\5\0\4", 4);
	assert_int_equal(tftp_server_output(&server, to, 2), 0);
}

/* Repeated requests */

static void request_repeated_before_progress_brings_the_first_datagram_again(void **state)
{
	struct tftp_request request = { .tsize_asked = true };
	struct tftp_server server;
	static uint8_t to[TFTP_DATAGRAM_MAX];
	struct bytes file = make_file(1000);

	(void)state;
	tftp_server_init(&server, &request, NULL, file, 0);
	assert_true(tftp_server_output(&server, to, 0) > 0);
	assert_int_equal(tftp_server_input(&server, BYTES("\0\1f\0octet\0tsize\0" "0"), 10).type, TFTP_NOTHING);
	assert_true(tftp_server_output(&server, to, 10) > 0);
	assert_int_equal(load_be16(to), TFTP_OACK);
	assert_int_equal(tftp_server_output(&server, to, 10), 0);
	assert_int_equal(tftp_server_input(&server, BYTES("\0\4\0\0"), 20).type, TFTP_NOTHING);
	assert_int_equal(tftp_server_output(&server, to, 20), 516);
	assert_int_equal(tftp_server_input(&server, BYTES("\0\1f\0octet\0tsize\0" "0"), 30).type, TFTP_NOTHING);
	assert_true(tftp_server_output(&server, to, 30) > 0);
	assert_int_equal(load_be16(to), TFTP_OACK);
	/* It was only late: the client has the OACK and block 1. */
	assert_int_equal(tftp_server_input(&server, BYTES("\0\4\0\1"), 40).type, TFTP_PROGRESS);
	assert_int_equal(tftp_server_output(&server, to, 40), 4 + 488);
	assert_int_equal(load_be16(to), TFTP_DATA);
	assert_int_equal(tftp_server_input(&server, BYTES("\0\4\0\2"), 50).type, TFTP_DONE);
	drop_file(file);
}

static void request_repeated_after_progress_ends_the_transfer(void **state)
{
	struct tftp_request request = { 0 };
	struct tftp_server server;
	struct tftp_event end;
	static uint8_t to[TFTP_DATAGRAM_MAX];
	struct bytes file = make_file(5000);

	(void)state;
	tftp_server_init(&server, &request, NULL, file, 0);
	for (uint8_t block = 1; block <= 2; block++) {
		assert_int_equal(tftp_server_output(&server, to, block), 516);
		end = tftp_server_input(&server, bytes_of((uint8_t[]){ 0, 4, 0, block }, 4), block);
		assert_int_equal(end.type, TFTP_PROGRESS);
		assert_int_equal(end.bytes_acked, block * 512);
	}
	end = tftp_server_input(&server, BYTES("\0\1f\0octet\0"), 10);
	assert_int_equal(end.type, TFTP_FAILED);
	assert_int_equal(end.status, STATUS_CANCELLED);
	drop_file(file);
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
		cmocka_unit_test(bad_cable_only_delays),
		cmocka_unit_test(one_lost_block_costs_tens_of_milliseconds),
		cmocka_unit_test(one_lost_ack_costs_tens_of_milliseconds),
		cmocka_unit_test(lost_ack_of_a_client_that_never_repeats_it_is_sat_out),
		cmocka_unit_test(lost_block_in_a_window_is_sent_at_once_on_the_gap_ack),
		cmocka_unit_test(lost_first_and_last_block_of_a_window_cost_tens_of_milliseconds),
		cmocka_unit_test(doubled_datagrams_never_double_the_traffic),
		cmocka_unit_test(doubled_ack_is_not_answered),
		cmocka_unit_test(gap_ack_is_followed_once_a_window),
		cmocka_unit_test(slow_cable_is_learnt_after_a_few_blocks),
		cmocka_unit_test(answer_to_a_resend_is_not_taken_for_a_fast_one),
		cmocka_unit_test(slow_flash_writer_is_not_flooded),
		cmocka_unit_test(device_that_is_busy_for_fifty_seconds_is_waited_for),
		cmocka_unit_test(final_ack_that_never_comes_ends_in_timeout),
		cmocka_unit_test(silence_from_the_start_ends_in_timeout),
		cmocka_unit_test(long_agreed_timeout_is_kept_to),
		cmocka_unit_test(error_from_the_client_ends_it),
		cmocka_unit_test(opcode_that_has_no_place_is_answered_with_an_error),
		cmocka_unit_test(request_repeated_before_progress_brings_the_first_datagram_again),
		cmocka_unit_test(request_repeated_after_progress_ends_the_transfer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
