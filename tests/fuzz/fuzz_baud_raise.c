/* tests/fuzz/fuzz_baud_raise.c: a hostile device while its rate is raised, brought back or sought. Its bytes also say how the line is cut and
 * how time passes. */
#include <stdlib.h>

#include "recovery/loader/baud_raise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct baud_raise raise;
	uint64_t now_ms;
	bool is_over;
	unsigned announced;
};

static void take_event(struct run *run, struct baud_raise_event event)
{
	if (event.type == BAUD_RAISE_SET_LINE && event.baud != 115200 && event.baud != run->announced && event.baud != 460800)
		abort();	/* a rate that nobody kept */
	if (event.type == BAUD_RAISE_ANNOUNCE)
		run->announced = event.baud;
	run->is_over = event.type >= BAUD_RAISE_UP;
	if (run->is_over && baud_raise_deadline(&run->raise) != UINT64_MAX)
		abort();
}

static void take_output(struct run *run)
{
	struct bytes out = baud_raise_output(&run->raise);

	if (out.size > DIALOG_CLEAN_KEYS_MAX)
		abort();
	/* Enter alone: behind a command whose echo came whole. Else a space stands before it. */
	if (out.size > 0 && out.data[0] == '\r' && run->raise.dialog.echoed != strlen(run->raise.dialog.command))
		abort();
	baud_raise_sent(&run->raise, out.size, run->now_ms);
}

static void begin(struct run *run, uint8_t how)
{
	baud_raise_init(&run->raise, "=> ", "setenv baudrate %u", NULL, 115200);
	if (how & 1)
		baud_raise_find(&run->raise, 460800, 0);
	else
		baud_raise_up(&run->raise, 921600, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run = { .now_ms = 0 };

	if (size < 1)
		return 0;
	begin(&run, data[0]);
	data++;
	size--;
	while (size > 0 && !run.is_over) {
		size_t count = 1 + data[0] % 32;
		struct bytes in = { data, count < size ? count : size };

		size -= in.size;
		data += in.size;
		while (in.size > 0 && !run.is_over) {
			take_event(&run, baud_raise_input(&run.raise, &in, run.now_ms));
			take_output(&run);
		}
		run.now_ms += data[-1];
		if (!run.is_over)
			take_event(&run, baud_raise_tick(&run.raise, run.now_ms));
		take_output(&run);
		if (data[-1] == 0x18 && !run.is_over)
			baud_raise_down(&run.raise, run.now_ms);
	}
	/* Silence ends it, whatever came. */
	for (unsigned i = 0; i < 2000 && !run.is_over; i++) {
		if (baud_raise_deadline(&run.raise) > run.now_ms)
			run.now_ms = baud_raise_deadline(&run.raise);
		take_event(&run, baud_raise_tick(&run.raise, run.now_ms));
		take_output(&run);
	}
	if (!run.is_over)
		abort();
	return 0;
}
