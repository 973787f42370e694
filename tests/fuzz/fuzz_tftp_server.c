/* tests/fuzz/fuzz_tftp_server.c
 *
 * The first part of the input is the request, the rest is a run of records: time that passes, then a datagram. */
#include <stdlib.h>

#include "recovery/protocol/tftp_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DATAGRAMS_A_STEP_MAX = 1024 };

static uint8_t file[70000];
static uint8_t to[TFTP_DATAGRAM_MAX];

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void drain(struct tftp_server *server, uint64_t now_ms)
{
	size_t sent, count = 0;

	while ((sent = tftp_server_output(server, to, now_ms)) > 0) {
		check(sent <= 4 + (size_t)server->blksize || sent <= 2 + sizeof(server->oack));
		check(++count <= DATAGRAMS_A_STEP_MAX);
	}
	check(server->acked <= server->sent_to && server->acked_at.offset <= server->file.size);
	check(server->is_final || tftp_server_deadline(server) != UINT64_MAX);
}

static struct bytes take(struct bytes *in, size_t size)
{
	struct bytes part = { in->data, size < in->size ? size : in->size };

	*in = bytes_from(*in, part.size);
	return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct tftp_request request;
	struct tftp_limits limits = { 0 };
	struct tftp_server server;
	uint64_t now_ms = 0, acked = 0;

	if (size < 8)
		return 0;
	limits.blksize_cap = data[0] & 1 ? data[1] : data[1] * 300u;
	limits.windowsize_cap = data[2];
	limits.drop_options = data[0] & 2;
	size = data[3] * 256u + data[4];
	for (size_t i = 0; i < 256; i++)
		file[i] = "a\r\nb"[i % 4];
	in = bytes_from(in, 5);
	if (tftp_request_parse(take(&in, in.data[0] % 128u), &request) != STATUS_OK)
		request = (struct tftp_request){ .blksize = 8, .windowsize = data[1] % 8u, .is_netascii = data[2] & 1 };
	tftp_name_matches(request.name, "dir/fw.bin");
	tftp_server_init(&server, &request, &limits, bytes_of(file, size), now_ms);
	drain(&server, now_ms);
	while (in.size >= 2 && !server.is_final) {
		struct bytes head = take(&in, 2);
		struct tftp_event event;

		now_ms += head.data[0] < 128 ? head.data[0] : head.data[0] * 100u;
		event = tftp_server_tick(&server, now_ms);
		drain(&server, now_ms);
		event = tftp_server_input(&server, take(&in, head.data[1] % 16u), now_ms);
		drain(&server, now_ms);
		check(event.bytes_acked <= size && memchr(event.text, 0, sizeof(event.text)) != NULL);
		check(event.type != TFTP_DONE || event.bytes_acked == size);
		check(event.type != TFTP_PROGRESS || server.acked > acked);
		acked = server.acked;
	}
	return 0;
}
