#include "tests/fakes/uart_bench.h"

enum { OVERSAMPLING = 16 };

static double random_part(struct uart_bench *bench)
{
	/* xorshift64* (Vigna 2016) */
	bench->random ^= bench->random >> 12;
	bench->random ^= bench->random << 25;
	bench->random ^= bench->random >> 27;
	return (double)((bench->random * 0x2545f4914f6cdd1dull) >> 40) / (double)(1 << 24);
}

void uart_bench_init(struct uart_bench *bench, struct bytes text, double baud, enum uart_flow flow,
		     enum uart_adapter adapter, uint64_t seed)
{
	*bench = (struct uart_bench){
		.text = text, .baud = baud, .flow = flow, .adapter = adapter, .random = seed * 0x9e3779b97f4a7c15ull + 1
	};
}

void uart_bench_set(struct uart_bench *bench, double adapter_baud)
{
	bench->adapter_baud = adapter_baud;
	bench->is_in_start = false;
}

static void next_character(struct uart_bench *bench)
{
	double bit_s = 1 / bench->baud, gap_s = 0;

	if (bench->flow == UART_PACKED && bench->text.data[bench->at] == '\n')
		gap_s = 0.001 * random_part(bench);
	if (bench->flow == UART_POLLED)
		gap_s = bit_s * random_part(bench);
	if (bench->flow == UART_SLOW)
		gap_s = bit_s * 50 * random_part(bench);
	bench->begin_s += 10 * bit_s + gap_s;
	bench->at++;
}

static bool is_high(struct uart_bench *bench, double when_s)
{
	int bit;

	while (bench->at < bench->text.size && when_s >= bench->begin_s + 10 / bench->baud)
		next_character(bench);
	if (bench->at == bench->text.size || when_s < bench->begin_s)
		return true;
	bit = (int)((when_s - bench->begin_s) * bench->baud);
	return bit == 0 ? false : bit > 8 ? true : (bench->text.data[bench->at] >> (bit - 1)) & 1;
}

/* By ticks, but an idle line is passed over at once. */
static bool find_low(struct uart_bench *bench, double tick_s)
{
	while (is_high(bench, bench->now_s)) {
		if (bench->at == bench->text.size)
			return false;
		if (bench->now_s < bench->begin_s) {
			bench->now_s = bench->begin_s;
			continue;
		}
		double bit_end_s = bench->begin_s +
				   ((int)((bench->now_s - bench->begin_s) * bench->baud) + 1) / bench->baud;

		bench->now_s = bit_end_s > bench->now_s + tick_s ? bit_end_s : bench->now_s + tick_s;
	}
	bench->now_s += tick_s * random_part(bench); /* its clock does not know our edge */
	return true;
}

static bool wait_high(struct uart_bench *bench, double tick_s)
{
	while (!is_high(bench, bench->now_s)) {
		double bit_end_s = bench->begin_s +
				   ((int)((bench->now_s - bench->begin_s) * bench->baud) + 1) / bench->baud;

		bench->now_s = bit_end_s > bench->now_s + tick_s ? bit_end_s : bench->now_s + tick_s;
	}
	return true;
}

static bool vote(struct uart_bench *bench, double middle_s, double tick_s)
{
	int high = 0;

	for (int i = -1; i <= 1; i++)
		high += is_high(bench, middle_s + i * tick_s);
	bench->now_s = middle_s + tick_s;
	return high >= 2;
}

/* -1: the text is over; -2: nothing is delivered for it. */
static int read_one(struct uart_bench *bench)
{
	double bit_s = 1 / bench->adapter_baud, tick_s = bit_s / OVERSAMPLING, start_s;
	int byte = 0;
	bool stop;

	if (bench->is_in_start) {
		start_s = bench->now_s - tick_s - bit_s / 2;
	} else {
		if (!find_low(bench, tick_s))
			return -1;
		start_s = bench->now_s;
		if (vote(bench, start_s + bit_s / 2, tick_s))
			return -2;
	}
	bench->is_in_start = false;
	for (int i = 0; i < 8; i++)
		byte |= vote(bench, start_s + bit_s * (1.5 + i), tick_s) << i;
	stop = vote(bench, start_s + bit_s * 9.5, tick_s);
	if (stop)
		return byte;
	bench->framing_errors++;
	if (byte != 0 && bench->adapter == UART_16550)
		bench->is_in_start = true;
	else
		wait_high(bench, tick_s);
	return bench->adapter == UART_DROPS && byte != 0 ? -2 : byte;
}

size_t uart_bench_read(struct uart_bench *bench, uint8_t *to, size_t size)
{
	size_t count = 0;

	while (count < size) {
		int byte = read_one(bench);

		if (byte == -1)
			break;
		if (byte >= 0)
			to[count++] = (uint8_t)byte;
	}
	return count;
}
