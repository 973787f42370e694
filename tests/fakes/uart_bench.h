/* tests/fakes/uart_bench.h
 *
 * A device that sends at one rate and an adapter that is set to another: every edge of the line at its time, looked at
 * 16 times a bit and voted 2 of 3 in the bit's middle, as 16550s and their kin do. Written apart from
 * recovery/serial/uart_model, which it judges. Delivered are the bytes as Linux hands them to a raw tty: characters
 * with a framing error like any others, a break as one NUL. */
#ifndef UNBRICK_TESTS_UART_BENCH_H
#define UNBRICK_TESTS_UART_BENCH_H

#include <stdbool.h>

#include "src/base/bytes.h"

enum uart_adapter {
	UART_16550, /* a low stop bit is taken for the next start bit */
	UART_WAITS, /* behind a framing error it waits for a high line */
	UART_DROPS, /* the same, and characters with a framing error are not delivered */
	UART_ADAPTERS
};

enum uart_flow {
	UART_PACKED, /* a FIFO: back to back; 1 ms between lines */
	UART_POLLED, /* each character is waited for: up to a bit between two */
	UART_SLOW, /* up to five characters' time between two */
	UART_FLOWS
};

struct uart_bench {
	struct bytes text;
	double baud, adapter_baud; /* real ones, with the errors of both clocks */
	enum uart_adapter adapter;
	enum uart_flow flow;
	uint64_t random;
	/* where it is */
	size_t at;
	double begin_s, now_s; /* of the character on the line; of the adapter */
	bool is_in_start;
	unsigned framing_errors;
};

void uart_bench_init(struct uart_bench *bench, struct bytes text, double baud, enum uart_flow flow,
		     enum uart_adapter adapter, uint64_t seed);
/* The adapter is set to this rate from now on; the device goes on. */
void uart_bench_set(struct uart_bench *bench, double adapter_baud);
/* Returns how many bytes were read; fewer than size: the text is over. */
size_t uart_bench_read(struct uart_bench *bench, uint8_t *to, size_t size);

#endif
