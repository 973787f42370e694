/* recovery/protocol/xmodem.c
 *
 * XMODEM: one file, without name and size, in blocks of 128 or 1024 bytes with a sum or a CRC. Here are the rows and what both directions of
 * XMODEM and YMODEM share; the work is in xymodem_send.c and xymodem_receive.c. */
#include "recovery/protocol/xymodem.h"

static const struct xymodem_direction *direction_of(struct transfer *transfer)
{
	return transfer_base(transfer)->options.is_sender ? &xymodem_send : &xymodem_receive;
}

enum status xymodem_begin(enum xymodem_kind kind, const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer,
			  struct error *reterr)
{
	return (options->is_sender ? &xymodem_send : &xymodem_receive)->begin(kind, options, now_ms, ret_transfer, reterr);
}

struct transfer_event xymodem_input(struct transfer *transfer, struct bytes *in, uint64_t now_ms)
{
	size_t before = in->size;
	struct transfer_event event = direction_of(transfer)->input(transfer, in, now_ms);

	transfer_base(transfer)->progress.line_bytes += before - in->size;
	return event;
}

struct transfer_event xymodem_tick(struct transfer *transfer, uint64_t now_ms)
{
	return direction_of(transfer)->tick(transfer, now_ms);
}

void xymodem_sent(struct transfer *transfer, size_t count, uint64_t now_ms)
{
	direction_of(transfer)->sent(transfer, count, now_ms);
}

void xymodem_cancel(struct transfer *transfer, uint64_t now_ms)
{
	if (!transfer_base(transfer)->is_over)
		direction_of(transfer)->cancel(transfer, now_ms);
}

void xymodem_put_cancel(struct transfer_base *base)
{
	for (unsigned i = 0; i < XYMODEM_CAN_COUNT; i++)
		transfer_put_byte(base, TRANSFER_CAN);
	for (unsigned i = 0; i < XYMODEM_CAN_COUNT; i++)
		transfer_put_byte(base, TRANSFER_BS);
}

static enum status begin_sum(const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer, struct error *reterr)
{
	return xymodem_begin(XMODEM_SUM, options, now_ms, ret_transfer, reterr);
}

static enum status begin_crc(const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer, struct error *reterr)
{
	return xymodem_begin(XMODEM_CRC, options, now_ms, ret_transfer, reterr);
}

static enum status begin_1k(const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer, struct error *reterr)
{
	return xymodem_begin(XMODEM_1K, options, now_ms, ret_transfer, reterr);
}

#define XMODEM_ROW(row_name, row_title, row_begin) { \
	.name = row_name, .title = row_title, .can_send = true, .can_receive = true, .begin = row_begin, .input = xymodem_input, \
	.tick = xymodem_tick, .deadline = transfer_base_deadline, .output = transfer_base_output, .sent = xymodem_sent, \
	.cancel = xymodem_cancel, .progress = transfer_base_progress, .free = transfer_base_free, \
}

extern const struct transfer_protocol transfer_xmodem, transfer_xmodem_crc, transfer_xmodem_1k;
const struct transfer_protocol transfer_xmodem = XMODEM_ROW("xmodem", "XMODEM (128-byte blocks, sum)", begin_sum);
const struct transfer_protocol transfer_xmodem_crc = XMODEM_ROW("xmodem-crc", "XMODEM-CRC (128-byte blocks)", begin_crc);
const struct transfer_protocol transfer_xmodem_1k = XMODEM_ROW("xmodem-1k", "XMODEM-1K (1024-byte blocks, CRC)", begin_1k);
