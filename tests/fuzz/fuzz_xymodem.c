/* tests/fuzz/fuzz_xymodem.c: a hostile peer against each kind and direction. Its bytes also say how the line is cut
 * and how time passes. */
#include <stdlib.h>

#include "recovery/protocol/transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_SIZE = 3000, FILES = 2, TURNS = 400 };

static bool next(void *user, struct transfer_file *ret_file)
{
	unsigned *files = user;

	*ret_file = (struct transfer_file){ .name = "fw", .size = FILE_SIZE, .has_size = true };
	return (*files)++ < FILES;
}

static size_t read_file(void *user, uint64_t offset, uint8_t *to, size_t size)
{
	(void)user;
	if (offset > FILE_SIZE)
		abort();
	if (size > FILE_SIZE - offset)
		size = (size_t)(FILE_SIZE - offset);
	memset(to, 'x', size);
	return size;
}

/* Every byte of an event must be readable, and the file never larger than it was said to be. */
static bool judge(const struct transfer_event *event, uint64_t *got, const struct transfer_file *file)
{
	volatile uint8_t sink = 0;

	for (size_t i = 0; i < event->data.size; i++)
		sink ^= event->data.data[i];
	if (event->type == TRANSFER_DATA)
		*got += event->data.size;
	if (event->type == TRANSFER_DATA && file->has_size && *got > file->size)
		abort();
	if (event->type == TRANSFER_FILE_END && file->has_size && *got != file->size && *got > 0)
		abort();
	return event->type == TRANSFER_DONE || event->type == TRANSFER_FAILED;
}

struct run {
	const struct transfer_protocol *protocol;
	struct transfer *transfer;
	struct transfer_file file;
	uint64_t now_ms, got;
	bool is_sender, is_over;
};

static void take_event(struct run *run, const struct transfer_event *event)
{
	struct bytes out = run->protocol->output(run->transfer);

	if (event->type == TRANSFER_FILE) {
		run->file = event->file;
		run->got = 0;
		if (strlen(event->file.name) >= TRANSFER_NAME_MAX || strchr(event->file.name, '/') ||
		    event->file.name[0] == '.')
			abort();
	}
	run->is_over = judge(event, &run->got, &run->file) || run->is_over;
	if (out.size > 0)
		run->protocol->sent(run->transfer, run->now_ms % 3 ? out.size : (out.size + 1) / 2, run->now_ms);
}

static void feed(struct run *run, struct bytes in)
{
	struct transfer_event event;
	size_t before;

	do {
		before = in.size;
		event = run->protocol->input(run->transfer, &in, run->now_ms);
		if (event.type == TRANSFER_NOTHING && before > 0 && in.size == before)
			abort();
		take_event(run, &event);
	} while (!run->is_over && (in.size > 0 || event.type != TRANSFER_NOTHING));
}

static void tick(struct run *run)
{
	struct transfer_event event;

	do {
		event = run->protocol->tick(run->transfer, run->now_ms);
		take_event(run, &event);
	} while (!run->is_over && event.type != TRANSFER_NOTHING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run = { .now_ms = 1000 };
	unsigned files = 0;
	struct transfer_options options = { .source = { next, read_file, &files } };
	static const char *const names[] = { "xmodem", "xmodem-crc", "xmodem-1k", "ymodem", "ymodem-g" };

	if (size < 2)
		return 0;
	run.protocol = transfer_protocol_find(names[data[0] % (sizeof(names) / sizeof(names[0]))]);
	options.is_sender = data[1] & 1;
	options.baud = data[1] & 2 ? 115200 : 0;
	options.has_padding = data[1] & 4;
	options.is_clean = data[1] & 8;
	if (run.protocol->begin(&options, run.now_ms, &run.transfer, NULL) != STATUS_OK)
		return 0;
	data += 2;
	size -= 2;
	while (size > 0 && !run.is_over) {
		size_t chunk = 1 + data[0] % 64;
		struct bytes in = { data, chunk < size ? chunk : size };

		size -= in.size;
		data += in.size;
		feed(&run, in);
		run.now_ms += in.data[in.size - 1];
		tick(&run);
	}
	/* Silence ends it, whatever came. */
	for (unsigned i = 0; i < TURNS && !run.is_over; i++) {
		if (run.protocol->deadline(run.transfer) == UINT64_MAX)
			abort();
		if (run.protocol->deadline(run.transfer) > run.now_ms)
			run.now_ms = run.protocol->deadline(run.transfer);
		tick(&run);
	}
	if (!run.is_over)
		abort();
	run.protocol->free(run.transfer);
	return 0;
}
