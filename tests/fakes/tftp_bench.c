#include "tests/fakes/tftp_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/base/text.h"

static unsigned random_below(struct tftp_bench *bench, unsigned end)
{
	bench->random = bench->random * 1103515245u + 12345u;
	return (bench->random >> 12) % end;
}

static void put(struct tftp_bench *bench, bool to_server, struct bytes datagram, uint64_t extra_ms)
{
	unsigned copies = random_below(bench, 1000) < bench->double_permille ? 2 : 1;

	assert_true(datagram.size <= TFTP_BENCH_PACKET);
	if (random_below(bench, 1000) < bench->lose_permille)
		return;
	while (copies-- > 0) {
		struct tftp_bench_packet *packet = &bench->queue[bench->queued++];

		assert_true(bench->queued < TFTP_BENCH_QUEUE);
		packet->due_ms = bench->now_ms + bench->delay_ms + extra_ms;
		if (bench->jitter_ms > 0)
			packet->due_ms += random_below(bench, (unsigned)bench->jitter_ms);
		packet->order = bench->order++;
		packet->to_server = to_server;
		packet->size = datagram.size;
		memcpy(packet->data, datagram.data, datagram.size);
	}
}

static void client_send(struct tftp_bench *bench, uint64_t extra_ms)
{
	struct tftp_bench_client *client = &bench->client;
	unsigned number = load_be16(client->last_sent + 2);

	client->deadline_ms = bench->now_ms + extra_ms + client->timeout_ms;
	if (load_be16(client->last_sent) == TFTP_ACK && bench->lose_ack_block == number && number != 0) {
		bench->lose_ack_block = 0;
		return;
	}
	put(bench, true, bytes_of(client->last_sent, client->last_size), extra_ms);
}

static unsigned client_number(const struct tftp_bench_client *client, uint64_t block)
{
	return (unsigned)(block <= 65535 ? block : (block - 65536) % (65536 - client->rollover) + client->rollover);
}

static void client_ack(struct tftp_bench *bench)
{
	struct tftp_bench_client *client = &bench->client;
	uint64_t busy_ms = 0;

	if (client->busy_every > 0 && client->block > 0 && client->block % client->busy_every == 0)
		busy_ms = client->busy_ms;
	client->in_window = 0;
	store_be16(client->last_sent, TFTP_ACK);
	store_be16(client->last_sent + 2, (uint16_t)client_number(client, client->block));
	client->last_size = 4;
	client_send(bench, busy_ms);
}

static void client_data(struct tftp_bench *bench, struct bytes datagram)
{
	struct tftp_bench_client *client = &bench->client;
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

const char *tftp_bench_oack(const char *oack, size_t size, const char *name)
{
	for (const char *at = oack; at < oack + size; at += strlen(at) + 1) {
		bool is_it = strcmp(at, name) == 0;

		at += strlen(at) + 1;
		if (is_it)
			return at;
	}
	return NULL;
}

static void client_oack(struct tftp_bench *bench, struct bytes datagram)
{
	struct tftp_bench_client *client = &bench->client;
	const char *value;
	size_t size = datagram.size - 2;

	assert_true(size > 0 && size <= sizeof(client->oack));
	assert_int_equal(datagram.data[datagram.size - 1], 0);
	memcpy(client->oack, datagram.data + 2, size);
	if (client->block > 0)
		return;
	value = tftp_bench_oack(client->oack, size, "blksize");
	if (value != NULL)
		client->blksize = (unsigned)atoi(value);
	value = tftp_bench_oack(client->oack, size, "windowsize");
	if (value != NULL)
		client->windowsize = (unsigned)atoi(value);
	client_ack(bench);
}

static void client_input(struct tftp_bench *bench, struct bytes datagram)
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

static void drain(struct tftp_bench *bench)
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

static void note(struct tftp_bench *bench, struct tftp_event event)
{
	if (event.type == TFTP_DONE || event.type == TFTP_FAILED)
		bench->end = event;
	drain(bench);
}

void tftp_bench_start(struct tftp_bench *bench, const struct tftp_request *request, const struct tftp_limits *limits,
			struct bytes file)
{
	bench->queue = calloc(TFTP_BENCH_QUEUE, sizeof(*bench->queue));
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

void tftp_bench_done(struct tftp_bench *bench)
{
	free(bench->queue);
	free(bench->datagram);
}

static size_t first_due(const struct tftp_bench *bench)
{
	size_t first = 0;

	for (size_t i = 1; i < bench->queued; i++) {
		const struct tftp_bench_packet *a = &bench->queue[i], *b = &bench->queue[first];

		if (a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->order < b->order))
			first = i;
	}
	return first;
}

static void deliver(struct tftp_bench *bench, size_t index)
{
	struct tftp_bench_packet packet = bench->queue[index];

	bench->queue[index] = bench->queue[--bench->queued];
	bench->now_ms = packet.due_ms;
	if (packet.to_server)
		note(bench, tftp_server_input(&bench->server, bytes_of(packet.data, packet.size), bench->now_ms));
	else
		client_input(bench, bytes_of(packet.data, packet.size));
}

/* One thing happens: a datagram arrives or a timer runs out. */
static void step(struct tftp_bench *bench)
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

void tftp_bench_run(struct tftp_bench *bench)
{
	for (unsigned long steps = 0; bench->end.type == TFTP_NOTHING; steps++) {
		assert_true(steps < 2000000);
		step(bench);
	}
}

void tftp_bench_arrived(const struct tftp_bench *bench)
{
	if (bench->end.type != TFTP_DONE)
		fail_msg("event %d: %s", (int)bench->end.type, bench->end.text);
	assert_true(bench->client.is_complete);
	assert_int_equal(bench->client.got, bench->client.expected.size);
	assert_int_equal(bench->end.bytes_acked, bench->server.file.size);
}

struct bytes tftp_bench_file(size_t size)
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

void tftp_bench_drop_file(struct bytes file)
{
	free((void *)(uintptr_t)file.data);
}

uint64_t tftp_bench_transfer(struct tftp_bench *bench, const struct tftp_request *request, const struct tftp_limits *limits,
			 size_t size)
{
	struct bytes file = tftp_bench_file(size);
	uint64_t took;

	tftp_bench_start(bench, request, limits, file);
	tftp_bench_run(bench);
	took = bench->now_ms;
	tftp_bench_arrived(bench);
	tftp_bench_done(bench);
	tftp_bench_drop_file(file);
	return took;
}
