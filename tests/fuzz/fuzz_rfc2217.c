/* tests/fuzz/fuzz_rfc2217.c: a hostile server; cut into calls by its own bytes. */
#include <stdlib.h>

#include "recovery/protocol/rfc2217.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rfc2217_settings settings = { .baud = 115200, .data_bits = 8, .parity = 'N', .stop_bits = 1 };
	struct rfc2217 client;
	uint64_t now_ms = 0;

	rfc2217_init(&client, &settings, now_ms);
	while (size > 0) {
		size_t count = 1 + data[0] % 16;
		struct bytes part = { data, count < size ? count : size }, out = part, in = part;
		uint8_t wire[20];

		while (in.size > 0) {
			size_t before = in.size;
			struct rfc2217_event event = rfc2217_input(&client, &in);

			if (in.size >= before)
				abort();	/* no progress */
			if (event.type == RFC2217_DATA && (event.data.data < part.data ||
							   event.data.data + event.data.size > part.data + part.size))
				abort();
		}
		if (rfc2217_encode(&client, &out, wire, data[0] % sizeof(wire), now_ms) > sizeof(wire))
			abort();
		if (rfc2217_set(&client, &settings) == STATUS_NO_SPACE || data[0] & 0x80)
			rfc2217_output_sent(&client);
		now_ms += data[0];
		data += part.size;
		size -= part.size;
	}
	return 0;
}
