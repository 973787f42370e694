/* tests/fuzz/fuzz_transfer.c: hostile bytes against the transfer machines. They also say which machine, how the line is
 * cut, how much it takes and how time passes. Whatever came, silence ends it. */
#include <stdlib.h>
#include <string.h>

#include "recovery/protocol/transfer.h"

extern const struct transfer_protocol transfer_zmodem, transfer_kermit, transfer_srecord, transfer_raw;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_SIZE = 3000, TICKS_MAX = 20000 };

static bool next_file(void *user, struct transfer_file *ret_file)
{
	unsigned *left = user;

	if (*left == 0)
		return false;
	--*left;
	strcpy(ret_file->name, "file");
	ret_file->size = FILE_SIZE;
	ret_file->has_size = true;
	return true;
}

static size_t read_file(void *user, uint64_t offset, uint8_t *to, size_t size)
{
	(void)user;
	if (offset > FILE_SIZE || size > FILE_SIZE - offset)
		abort();
	memset(to, (int)offset, size);
	return size;
}

static bool is_final(struct transfer_event event)
{
	if (event.type == TRANSFER_DATA && event.data.size > 0) {
		volatile uint8_t last = event.data.data[event.data.size - 1];

		(void)last;
	}
	if (event.type == TRANSFER_FAILED && event.reason[0] == '\0')
		abort();
	return event.type == TRANSFER_DONE || event.type == TRANSFER_FAILED;
}

static bool take(const struct transfer_protocol *protocol, struct transfer *transfer, struct bytes in, uint64_t now_ms)
{
	struct transfer_event event;
	unsigned turns = 0;

	do {
		size_t before = in.size;

		event = protocol->input(transfer, &in, now_ms);
		if (in.size > before || turns++ > 1000)
			abort();
		if (is_final(event))
			return true;
		if (event.type == TRANSFER_NOTHING && in.size > 0 && in.size == before)
			abort();
	} while (event.type != TRANSFER_NOTHING || in.size > 0);
	return false;
}

static bool silence(const struct transfer_protocol *protocol, struct transfer *transfer, uint64_t now_ms)
{
	for (unsigned i = 0; i < TICKS_MAX; i++) {
		protocol->sent(transfer, protocol->output(transfer).size, now_ms);
		if (protocol->deadline(transfer) == UINT64_MAX)
			return false;
		if (protocol->deadline(transfer) > now_ms)
			now_ms = protocol->deadline(transfer);
		if (is_final(protocol->tick(transfer, now_ms)))
			return true;
	}
	return false;
}

static uint64_t have(void *user, const struct transfer_file *file, uint32_t *ret_crc)
{
	(void)user;
	*ret_crc = file->size & 1 ? 0 : 0x12345678;
	return 500;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct transfer_protocol *const protocols[] = { &transfer_zmodem, &transfer_kermit,
								     &transfer_srecord, &transfer_raw };
	const struct transfer_protocol *protocol;
	unsigned files = 2;
	struct transfer_options options = { .source = { next_file, read_file, &files } };
	struct transfer *transfer;
	uint64_t now_ms = 1000;
	bool is_over = false;

	if (size < 2)
		return 0;
	protocol = protocols[data[0] % (sizeof(protocols) / sizeof(protocols[0]))];
	options.is_sender = data[1] & 1;
	options.escape_controls = data[1] & 2;
	options.baud = data[1] & 4 ? 9600 : 0;
	options.may_resume = data[1] & 8;
	options.kept.have = data[1] & 8 ? have : NULL;
	options.has_address = data[1] & 16;
	if (protocol->begin(&options, now_ms, &transfer, NULL) != STATUS_OK)
		return 0;
	for (data += 2, size -= 2; size > 0 && !is_over;) {
		size_t count = data[0] == 0 ? 512 : data[0];
		struct bytes in = { data, count < size ? count : size };

		size -= in.size;
		data += in.size;
		is_over = take(protocol, transfer, in, now_ms);
		protocol->sent(transfer,
			       data[-1] & 1 ? protocol->output(transfer).size : protocol->output(transfer).size / 2,
			       now_ms);
		if (!is_over && (data[-1] & 6) == 0) {
			now_ms += data[-1] * 40u;
			if (now_ms >= protocol->deadline(transfer))
				is_over = is_final(protocol->tick(transfer, now_ms));
		}
	}
	if (!is_over && !silence(protocol, transfer, now_ms))
		abort();
	if (protocol->deadline(transfer) != UINT64_MAX)
		abort();
	protocol->free(transfer);
	return 0;
}
