/* recovery/protocol/xymodem_receive.c
 *
 * The receiver of XMODEM and YMODEM. A block counts only when its number, the number's complement and its check are right, and is
 * acknowledged once it was handed over. What is damaged is asked for again as soon as the line is quiet: an answer into the middle of a block
 * would be lost, or taken for that of the next. */
#include <stdlib.h>

#include "recovery/protocol/transfer_check.h"
#include "recovery/protocol/xymodem.h"

enum {
	PATIENCE_MS = 60000,
	FIRST_INVITES = 3,
	FIRST_INVITE_MS = 1000,		/* a sender that was started at the same moment may have missed the very first */
	INVITE_MS = 3000,		/* Forsberg, 7.4: 'C' every 3 s */
	CRC_INVITES = 10,		/* then NAK: the sender may know the sum only */
	BLOCK_MS = 3000,		/* for the next block to begin */
	BYTE_MS = 300,			/* within a block, on a line whose rate is known... */
	BYTE_UNKNOWN_MS = 1000,		/* ...or on anything: a network repeats a lost packet after 200 ms and more */
	QUIET_MS = 40,			/* adapters hand over what they have every 16 ms */
	QUIET_CLEAN_MS = 10,
	EOT_QUIET_MS = 20,
	QUIET_BYTES = 32,		/* and so much time at the line's rate */
	DRAIN_MAX_MS = 10000,		/* a line that never falls quiet is answered all the same */
	STALE_CAN_MS = 1000,
	NEXT_MS = 10000,		/* for a next file: some senders end without saying so */
	CANS_IN_DATA = 5,		/* so many at the end of what is no block are a cancel */
	REMAINS_MAX = 64,		/* bytes behind a damaged block that may be its rest: two NAKs would bring the block twice */
	LATE_MAX = 4,			/* the end of an empty file: FILE, DATA, FILE_END, DONE */
};

enum receive_state {
	INVITING,		/* 'C', 'G' or NAK is sent again and again: no block of this file (or no header) has come yet */
	AWAIT_BLOCK,
	IN_BLOCK,
	BEHIND_EOT,		/* it is believed when the line is quiet behind it */
	DRAINING,		/* until the line is quiet; then what is missing is asked for */
	STOPPED,
};

struct xymodem_receiver {
	struct transfer_base base;
	enum xymodem_kind kind;
	enum receive_state state;
	bool use_crc;
	bool is_open;			/* a file was announced and has not ended */
	bool is_told;			/* XMODEM: TRANSFER_FILE was told */
	bool had_eot;			/* the one before; a second in a row is believed */
	struct transfer_file file;
	uint64_t received;		/* bytes of the file handed over */
	uint8_t number;			/* of the block that is to come */

	uint8_t frame[XYMODEM_FRAME_MAX];
	size_t frame_size, frame_have;
	uint8_t held[2][XYMODEM_LONG];	/* has_padding: the block that may be the last, and the one before */
	size_t held_size;
	unsigned held_at;
	struct transfer_event late[LATE_MAX];	/* told at the next calls */
	size_t late_count;

	const char *damage;		/* what DRAINING is for */
	size_t drained;
	unsigned drained_cans;		/* at the end of what was drained */
	bool was_asked;			/* and no block has begun since */
	unsigned invites;		/* of this round */
	unsigned tries;			/* since the last good block */
	unsigned cans;
	uint64_t began_ms, well_ms, drain_ms;

	uint8_t out[8 + 2 * XYMODEM_CAN_COUNT];
};

static struct xymodem_receiver *receiver_of(struct transfer *transfer)
{
	return (struct xymodem_receiver *)transfer;
}

static bool is_header_due(const struct xymodem_receiver *r)
{
	return xymodem_is_batch(r->kind) && !r->is_open;
}

/* ---- answers ---- */

static uint64_t quiet_ms(const struct xymodem_receiver *r)
{
	return (r->base.options.is_clean ? QUIET_CLEAN_MS : QUIET_MS) + transfer_wire_ms(&r->base, QUIET_BYTES);
}

static uint64_t byte_ms(const struct xymodem_receiver *r)
{
	return r->base.options.baud > 0 ? BYTE_MS + transfer_wire_ms(&r->base, QUIET_BYTES) : BYTE_UNKNOWN_MS;
}

static void wait_block(struct xymodem_receiver *r, uint64_t now_ms)
{
	r->state = AWAIT_BLOCK;
	r->frame_have = 0;
	r->base.deadline_ms = now_ms + BLOCK_MS;
}

static void invite(struct xymodem_receiver *r, uint64_t now_ms)
{
	bool asks_sum = r->kind == XMODEM_SUM || (!xymodem_is_batch(r->kind) && r->invites >= CRC_INVITES);

	r->use_crc = !asks_sum;
	r->state = INVITING;
	r->frame_have = 0;
	transfer_put_byte(&r->base, asks_sum ? TRANSFER_NAK : r->kind == YMODEM_G ? 'G' : 'C');
	r->base.deadline_ms = now_ms + (r->invites < FIRST_INVITES ? FIRST_INVITE_MS : INVITE_MS);
	r->invites++;
}

static void begin_inviting(struct xymodem_receiver *r, uint64_t now_ms)
{
	r->invites = 0;
	r->well_ms = now_ms;
	r->tries = 0;
	invite(r, now_ms);
}

static void acknowledge(struct xymodem_receiver *r, uint64_t now_ms)
{
	if (r->kind != YMODEM_G)
		transfer_put_byte(&r->base, TRANSFER_ACK);
	wait_block(r, now_ms);
}

static struct transfer_event fail(struct xymodem_receiver *r, enum status status, const char *hint, const char *reason)
{
	transfer_drop_output(&r->base);
	xymodem_put_cancel(&r->base);
	return transfer_failed(&r->base, status, hint, "%s", reason);
}

static struct transfer_event ask_again(struct xymodem_receiver *r, const char *why, uint64_t now_ms)
{
	bool is_silent = r->state == AWAIT_BLOCK;

	if (r->kind == YMODEM_G)
		return fail(r, STATUS_PROTOCOL, "Use YMODEM without -g on this line", "the line has damaged a block, which YMODEM-g cannot mend");
	if (r->tries >= XYMODEM_GIVE_UP_TRIES && now_ms - r->well_ms >= XYMODEM_GIVE_UP_MS)
		return is_silent ? fail(r, STATUS_TIMEOUT, "Look at what the device says", "the other side stopped sending")
				 : fail(r, STATUS_PROTOCOL, "Check ground, cable and rate, or try a slower one", "every block arrives damaged");
	r->tries++;
	r->was_asked = true;
	/* To a sender that has not heard an invitation yet, NAK would mean the sum. */
	transfer_put_byte(&r->base, r->use_crc && (is_header_due(r) || r->number == 1) ? 'C' : TRANSFER_NAK);
	wait_block(r, now_ms);
	return transfer_retry(&r->base, "block %u is asked for again: %s", r->number, why);
}

static struct transfer_event drain(struct xymodem_receiver *r, const char *why, uint64_t now_ms)
{
	r->had_eot = false;
	if (r->state != DRAINING) {
		r->damage = why;
		r->drain_ms = now_ms;
		r->drained = 0;
		r->drained_cans = 0;
	}
	r->state = DRAINING;
	r->frame_have = 0;
	r->base.deadline_ms = now_ms + quiet_ms(r);
	if (r->base.deadline_ms > r->drain_ms + DRAIN_MAX_MS)
		r->base.deadline_ms = r->drain_ms + DRAIN_MAX_MS;
	return TRANSFER_NO_EVENT;
}

/* The CANs at the end of what came, with the BSs behind them. */
static unsigned count_cans(unsigned cans, struct bytes more)
{
	for (size_t i = 0; i < more.size; i++)
		if (more.data[i] == TRANSFER_CAN)
			cans++;
		else if (more.data[i] != TRANSFER_BS)
			cans = 0;
	return cans;
}

static struct transfer_event cancelled(struct xymodem_receiver *r)
{
	transfer_drop_output(&r->base);
	return transfer_failed(&r->base, STATUS_CANCELLED, "Look at what the device says", "the other side cancelled the transfer");
}

/* ---- files ---- */

static void open_file(struct xymodem_receiver *r, uint64_t now_ms)
{
	r->is_open = true;
	r->is_told = false;
	r->had_eot = false;
	r->received = 0;
	r->held_size = 0;
	r->number = 1;
	r->base.progress.file_bytes = 0;
	r->base.progress.file_size = r->file.has_size ? r->file.size : 0;
	begin_inviting(r, now_ms);
}

static struct transfer_event take_header(struct xymodem_receiver *r, struct bytes block, uint64_t now_ms)
{
	struct transfer_event event = { .type = TRANSFER_FILE };

	if (!ymodem_header_read(block, &r->file)) {
		transfer_put_byte(&r->base, TRANSFER_ACK);
		return transfer_done(&r->base);
	}
	acknowledge(r, now_ms);
	open_file(r, now_ms);
	r->is_told = true;
	event.file = r->file;
	return event;
}

static struct transfer_event tell_data(struct xymodem_receiver *r, struct bytes data)
{
	struct transfer_event event = { .type = TRANSFER_DATA, .data = data };

	r->received += data.size;
	r->base.progress.file_bytes += data.size;
	r->base.progress.all_bytes += data.size;
	return event;
}

/* Returns what of the block is the file's. */
static struct bytes cut_to_size(const struct xymodem_receiver *r, struct bytes block)
{
	if (r->file.has_size && r->file.size - r->received < block.size)
		block.size = (size_t)(r->file.size - r->received);
	return block;
}

static void queue(struct xymodem_receiver *r, struct transfer_event event)
{
	r->late[r->late_count++] = event;
}

static struct transfer_event tell_late(struct xymodem_receiver *r)
{
	struct transfer_event event = r->late[0];

	if (r->late_count == 0)
		return TRANSFER_NO_EVENT;
	r->late_count--;
	memmove(r->late, r->late + 1, r->late_count * sizeof(r->late[0]));
	return event;
}

/* Keeps the block and tells the one before. */
static struct transfer_event swap_held(struct xymodem_receiver *r, struct bytes block)
{
	struct bytes before = bytes_of(r->held[r->held_at], r->held_size);

	r->held_at ^= 1;
	memcpy(r->held[r->held_at], block.data, block.size);
	r->held_size = block.size;
	return before.size > 0 ? tell_data(r, before) : TRANSFER_NO_EVENT;
}

static struct transfer_event take_data(struct xymodem_receiver *r, struct bytes block, uint64_t now_ms)
{
	struct transfer_event file = { .type = TRANSFER_FILE };
	struct transfer_event data = TRANSFER_NO_EVENT;

	r->number++;
	r->tries = 0;
	r->well_ms = now_ms;
	acknowledge(r, now_ms);
	if (r->base.options.has_padding && !r->file.has_size) {
		data = swap_held(r, block);
	} else {
		block = cut_to_size(r, block);
		if (block.size > 0)
			data = tell_data(r, block);
	}
	if (r->is_told)
		return data;
	r->is_told = true;
	if (data.type != TRANSFER_NOTHING)
		queue(r, data);
	return file;
}

/* The last block without its padding. */
static struct bytes release_held(struct xymodem_receiver *r)
{
	size_t size = r->held_size;

	while (size > 0 && r->held[r->held_at][size - 1] == r->base.options.padding)
		size--;
	r->held_size = 0;
	return bytes_of(r->held[r->held_at], size);
}

static struct transfer_event end_file(struct xymodem_receiver *r, uint64_t now_ms)
{
	struct bytes rest = release_held(r);

	if (!r->is_told) {
		queue(r, (struct transfer_event){ .type = TRANSFER_FILE });	/* an empty file */
		r->is_told = true;
	}
	if (rest.size > 0)
		queue(r, tell_data(r, rest));
	r->is_open = false;
	r->had_eot = false;
	r->base.progress.files++;
	transfer_put_byte(&r->base, TRANSFER_ACK);
	queue(r, (struct transfer_event){ .type = TRANSFER_FILE_END, .file = r->file });
	if (xymodem_is_batch(r->kind))
		begin_inviting(r, now_ms);
	else
		queue(r, transfer_done(&r->base));
	return tell_late(r);
}

static struct transfer_event take_eot(struct xymodem_receiver *r, uint64_t now_ms)
{
	bool is_whole = r->file.has_size && r->received >= r->file.size;

	if (is_header_due(r)) {
		/* Our ACK was lost. */
		transfer_put_byte(&r->base, TRANSFER_ACK);
		invite(r, now_ms);
		return TRANSFER_NO_EVENT;
	}
	/* One byte is soon made by noise: it is asked for again unless the size bears it out (Forsberg, 7.3.2). */
	if (!is_whole && !r->had_eot && r->kind != YMODEM_G) {
		r->had_eot = true;
		transfer_put_byte(&r->base, TRANSFER_NAK);
		wait_block(r, now_ms);
		return TRANSFER_NO_EVENT;
	}
	if (!is_whole && r->state != BEHIND_EOT) {
		r->state = BEHIND_EOT;
		r->base.deadline_ms = now_ms + (r->base.options.is_clean ? 0 : EOT_QUIET_MS) + transfer_wire_ms(&r->base, QUIET_BYTES);
		return TRANSFER_NO_EVENT;
	}
	if (r->file.has_size && !is_whole)
		return fail(r, STATUS_PROTOCOL, "Send it again", "the other side ended the file before it was whole");
	return end_file(r, now_ms);
}

/* ---- blocks ---- */

static struct transfer_event take_block(struct xymodem_receiver *r, struct bytes block, uint8_t number, uint64_t now_ms)
{
	r->had_eot = false;
	if (is_header_due(r)) {
		if (number == 0)
			return take_header(r, block, now_ms);
		return fail(r, STATUS_PROTOCOL, "Receive with XMODEM, or send with YMODEM", "the other side sends no YMODEM header");
	}
	if (number == r->number)
		return take_data(r, block, now_ms);
	if (number == (uint8_t)(r->number - 1) && r->kind != YMODEM_G) {
		/* Our ACK was lost. Behind a header the invitation was lost with it. */
		r->base.progress.retries++;
		acknowledge(r, now_ms);
		if (xymodem_is_batch(r->kind) && r->number == 1 && r->received == 0)
			invite(r, now_ms);
		return TRANSFER_NO_EVENT;
	}
	return fail(r, STATUS_PROTOCOL, "Send it again", "a block is missing: the numbers do not follow each other");
}

static struct transfer_event judge_frame(struct xymodem_receiver *r, bool is_last, uint64_t now_ms)
{
	size_t size = r->frame[0] == TRANSFER_STX ? XYMODEM_LONG : XYMODEM_SHORT;
	struct bytes block = bytes_of(r->frame + 3, size);
	bool is_good = r->use_crc ? load_be16(r->frame + 3 + size) == crc16_update(0, block) : r->frame[3 + size] == sum8_of(block);

	if (is_good)
		return take_block(r, block, r->frame[1], now_ms);
	if (!is_last)
		return drain(r, "its check is wrong", now_ms);
	return ask_again(r, "its check is wrong", now_ms);
}

static struct transfer_event fill_frame(struct xymodem_receiver *r, struct bytes *in, uint64_t now_ms)
{
	size_t count = r->frame_size - r->frame_have;

	if (count > in->size)
		count = in->size;
	memcpy(r->frame + r->frame_have, in->data, count);
	r->frame_have += count;
	*in = bytes_from(*in, count);
	r->base.deadline_ms = now_ms + byte_ms(r);
	if (r->frame_have >= 3 && (r->frame[1] ^ r->frame[2]) != 0xff)
		return drain(r, "its number is damaged", now_ms);
	if (r->frame_have < r->frame_size)
		return TRANSFER_NO_EVENT;
	return judge_frame(r, in->size == 0, now_ms);
}

static struct transfer_event take_can(struct xymodem_receiver *r, uint64_t now_ms)
{
	r->cans++;
	if (r->cans < 2 || (r->state == INVITING && now_ms - r->began_ms < STALE_CAN_MS))
		return TRANSFER_NO_EVENT;
	return cancelled(r);
}

static bool is_text(uint8_t byte)
{
	return (byte >= ' ' && byte != 0x7f) || (byte >= '\b' && byte <= '\r') || byte == 0x1b;
}

/* What can be read before any block are the device's own words. */
static struct transfer_event take_text(struct bytes *in)
{
	struct transfer_event event = { .type = TRANSFER_TEXT };
	size_t count = 0;

	while (count < in->size && is_text(in->data[count]))
		count++;
	event.data = bytes_of(in->data, count);
	*in = bytes_from(*in, count);
	return event;
}

static struct transfer_event take_first(struct xymodem_receiver *r, struct bytes *in, uint64_t now_ms)
{
	uint8_t byte = in->data[0];

	if (byte != TRANSFER_CAN)
		r->cans = 0;
	if (r->state == BEHIND_EOT && byte != TRANSFER_EOT)
		return drain(r, "its end was not alone", now_ms);
	if (byte != TRANSFER_EOT)
		r->had_eot = false;
	if (byte == TRANSFER_SOH || byte == TRANSFER_STX) {
		r->state = IN_BLOCK;
		r->was_asked = false;
		r->frame_size = (size_t)3 + (byte == TRANSFER_STX ? XYMODEM_LONG : XYMODEM_SHORT) + (r->use_crc ? 2 : 1);
		r->frame_have = 0;
		return fill_frame(r, in, now_ms);
	}
	if (byte == TRANSFER_CAN) {
		*in = bytes_from(*in, 1);
		return take_can(r, now_ms);
	}
	while (byte == TRANSFER_EOT && in->size > 0 && in->data[0] == TRANSFER_EOT)
		*in = bytes_from(*in, 1);
	if (byte == TRANSFER_EOT && in->size == 0)
		return r->state == BEHIND_EOT ? TRANSFER_NO_EVENT : take_eot(r, now_ms);
	if (r->state == INVITING && is_text(byte))
		return take_text(in);
	return drain(r, "it did not begin as a block does", now_ms);
}

static struct transfer_event receive_input(struct transfer *transfer, struct bytes *in, uint64_t now_ms)
{
	struct xymodem_receiver *r = receiver_of(transfer);
	struct transfer_event event = tell_late(r);

	while (event.type == TRANSFER_NOTHING && in->size > 0 && !r->base.is_over && r->state != STOPPED) {
		if (r->state == IN_BLOCK) {
			event = fill_frame(r, in, now_ms);
		} else if (r->state == DRAINING) {
			r->drained_cans = count_cans(r->drained_cans, *in);
			r->drained += in->size;
			*in = bytes_from(*in, in->size);
			event = drain(r, NULL, now_ms);
		} else {
			event = take_first(r, in, now_ms);
		}
	}
	return event;
}

static struct transfer_event invite_again(struct xymodem_receiver *r, uint64_t now_ms)
{
	unsigned patience_ms = r->base.options.patience_ms > 0 ? r->base.options.patience_ms : PATIENCE_MS;

	if (is_header_due(r) && r->base.progress.files > 0 && now_ms - r->well_ms >= NEXT_MS)
		return transfer_done(&r->base);
	if (now_ms - r->well_ms < patience_ms) {
		invite(r, now_ms);
		return TRANSFER_NO_EVENT;
	}
	return fail(r, STATUS_TIMEOUT, "Start the sending command on the device, and check port and rate", "the other side did not begin to send");
}

static struct transfer_event receive_tick(struct transfer *transfer, uint64_t now_ms)
{
	struct xymodem_receiver *r = receiver_of(transfer);
	struct transfer_event event = tell_late(r);

	if (event.type != TRANSFER_NOTHING || r->base.is_over || now_ms < r->base.deadline_ms)
		return event;
	switch (r->state) {
	case INVITING:
		return invite_again(r, now_ms);
	case AWAIT_BLOCK:
		return ask_again(r, "it did not come", now_ms);
	case IN_BLOCK:
		if (count_cans(0, bytes_of(r->frame, r->frame_have)) >= CANS_IN_DATA)
			return cancelled(r);
		return ask_again(r, "a part of it is missing", now_ms);
	case BEHIND_EOT:
		return take_eot(r, now_ms);
	case DRAINING:
		if (r->drained_cans >= CANS_IN_DATA)
			return cancelled(r);
		if (r->was_asked && r->drained < REMAINS_MAX) {
			wait_block(r, now_ms);
			return event;
		}
		return ask_again(r, r->damage, now_ms);
	case STOPPED:
		return transfer_failed(&r->base, STATUS_CANCELLED, NULL, "the transfer was stopped here");
	}
	return event;
}

static void receive_cancel(struct transfer *transfer, uint64_t now_ms)
{
	struct xymodem_receiver *r = receiver_of(transfer);

	r->late_count = 0;
	transfer_drop_output(&r->base);
	xymodem_put_cancel(&r->base);
	r->state = STOPPED;
	r->base.deadline_ms = now_ms;
}

static enum status receive_begin(enum xymodem_kind kind, const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer,
				 struct error *reterr)
{
	struct xymodem_receiver *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a transfer");
	transfer_base_init(&r->base, options, r->out, sizeof(r->out));
	r->kind = kind;
	r->began_ms = now_ms;
	if (xymodem_is_batch(kind))
		begin_inviting(r, now_ms);
	else
		open_file(r, now_ms);
	*ret_transfer = (struct transfer *)r;
	return STATUS_OK;
}

const struct xymodem_direction xymodem_receive = { receive_begin, receive_input, receive_tick, transfer_base_sent, receive_cancel };
