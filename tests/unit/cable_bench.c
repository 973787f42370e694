#include "tests/unit/cable_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct cable *cable_bench_new(const struct transfer_protocol *protocol, unsigned baud)
{
	struct cable *line = malloc(sizeof(*line));

	cable_init(line, protocol, protocol);
	line->there.baud = line->back.baud = baud;
	line->sender.options.baud = line->receiver.options.baud = baud;
	return line;
}

void cable_bench_free(struct cable *line)
{
	cable_done(line);
	free(line);
}

void cable_bench_add(struct cable *line, const char *name, size_t size)
{
	uint8_t *data = malloc(size + 1);
	uint32_t value = (uint32_t)size + 1;

	for (size_t i = 0; i < size; i++) {
		value = value * 1664525u + 1013904223u;
		data[i] = i % 4096 < 256 ? (uint8_t)i : i % 4096 < 1500 ? 0xff : (uint8_t)(value >> 24);
	}
	cable_add_file(line, name, bytes_of(data, size));
	free(data);
}

void cable_bench_copied(const struct cable *line)
{
	if (!cable_is_copied(line))
		fail_msg("sender %d (%s), receiver %d (%s)", line->sender.last, line->sender.reason, line->receiver.last,
			 line->receiver.reason);
}
