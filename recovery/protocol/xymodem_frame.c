/* recovery/protocol/xymodem_frame.c
 *
 * The frames that XMODEM's and YMODEM's sender makes: blocks, headers, ends. */
#include "recovery/protocol/transfer_check.h"
#include "recovery/protocol/xymodem_sender.h"

void xymodem_enter(struct xymodem_sender *s, enum send_state state, uint64_t now_ms)
{
	s->state = state;
	s->pending = NO_ANSWER;
	s->tries = s->refusals = s->owed = s->strays = 0;
	s->was_invited = false;
	s->since_ms = s->well_ms = now_ms;
}

void xymodem_transmit(struct xymodem_sender *s, uint64_t now_ms)
{
	transfer_put(&s->base, bytes_of(s->frame, s->frame_size));
	s->owed++;
	s->strays = 0;
	s->since_ms = now_ms;
}

void xymodem_build_check(struct xymodem_sender *s)
{
	size_t size = s->frame[0] == TRANSFER_STX ? XYMODEM_LONG : XYMODEM_SHORT;
	struct bytes block = bytes_of(s->frame + 3, size);

	if (s->use_crc)
		store_be16(s->frame + 3 + size, crc16_update(0, block));
	else
		s->frame[3 + size] = sum8_of(block);
	s->frame_size = 3 + size + (s->use_crc ? 2 : 1);
}

/* The block stands in the frame already. */
static void send_block(struct xymodem_sender *s, uint8_t number, size_t size, enum send_state state, uint64_t now_ms)
{
	s->frame[0] = size == XYMODEM_LONG ? TRANSFER_STX : TRANSFER_SOH;
	s->frame[1] = s->number = number;
	s->frame[2] = (uint8_t)~number;
	xymodem_build_check(s);
	xymodem_enter(s, state, now_ms);
	xymodem_transmit(s, now_ms);
}

static void send_header(struct xymodem_sender *s, const struct transfer_file *file, enum send_state state,
			uint64_t now_ms)
{
	size_t size = ymodem_header_write(s->frame + 3, file);

	s->payload = 0;
	send_block(s, 0, size, state, now_ms);
}

static void send_eot(struct xymodem_sender *s, uint64_t now_ms)
{
	s->frame[0] = TRANSFER_EOT;
	s->frame_size = 1;
	s->payload = 0;
	xymodem_enter(s, AWAIT_EOT_ACK, now_ms);
	xymodem_transmit(s, now_ms);
}

/* How the file's next bytes go out. XMODEM's receiver keeps the padding, so there it is kept small. */
static size_t choose_block(const struct xymodem_sender *s, size_t bytes)
{
	bool is_batch = xymodem_is_batch(s->kind);

	if ((s->kind != XMODEM_1K && !is_batch) || s->is_short_only || bytes <= XYMODEM_SHORT)
		return XYMODEM_SHORT;
	return is_batch || bytes > XYMODEM_LONG - XYMODEM_SHORT ? XYMODEM_LONG : XYMODEM_SHORT;
}

/* Within a block it would be data: what the line has taken half of goes out first. */
void xymodem_tell_cancel(struct xymodem_sender *s)
{
	if (s->base.out_to - s->base.out_from == s->frame_size)
		transfer_drop_output(&s->base);
	xymodem_put_cancel(&s->base);
}

struct transfer_event xymodem_fail(struct xymodem_sender *s, enum status status, const char *hint, const char *reason)
{
	if (s->state != AWAIT_START)
		xymodem_tell_cancel(s);
	return transfer_failed(&s->base, status, hint, "%s", reason);
}

struct transfer_event xymodem_send_data(struct xymodem_sender *s, uint64_t now_ms)
{
	uint64_t left = s->file.has_size ? s->file.size - s->offset : XYMODEM_LONG;
	size_t want = left < XYMODEM_LONG ? (size_t)left : XYMODEM_LONG;
	size_t got = want > 0 ? s->base.options.source.read(s->base.options.source.user, s->offset, s->frame + 3, want)
			      : 0;
	size_t size = choose_block(s, got);

	if (s->file.has_size && got < want)
		return xymodem_fail(s, STATUS_IO, "Send it again when nobody writes to it",
			    "the file became shorter while it was being sent");
	if (got == 0) {
		send_eot(s, now_ms);
		return TRANSFER_NO_EVENT;
	}
	s->payload = got < size ? got : size;
	memset(s->frame + 3 + s->payload, s->base.options.has_padding ? s->base.options.padding : TRANSFER_SUB,
	       size - s->payload);
	send_block(s, (uint8_t)(s->number + 1), size, s->is_streaming ? STREAMING : AWAIT_DATA_ACK, now_ms);
	return TRANSFER_NO_EVENT;
}

struct transfer_event xymodem_next_file(struct xymodem_sender *s, uint64_t now_ms)
{
	struct transfer_event event = { .type = TRANSFER_FILE };

	if (!s->base.options.source.next(s->base.options.source.user, &s->file)) {
		if (!xymodem_is_batch(s->kind))
			return xymodem_fail(s, STATUS_IO, NULL, "there is no file to send");
		send_header(s, NULL, AWAIT_END_ACK, now_ms);
		return TRANSFER_NO_EVENT;
	}
	s->offset = 0;
	s->number = 0;
	s->base.progress.file_bytes = 0;
	s->base.progress.file_size = s->file.has_size ? s->file.size : 0;
	if (xymodem_is_batch(s->kind)) {
		send_header(s, &s->file, s->is_streaming ? AWAIT_GO : AWAIT_HEADER_ACK, now_ms);
	} else {
		struct transfer_event failed = xymodem_send_data(s, now_ms);

		if (failed.type != TRANSFER_NOTHING)
			return failed;
	}
	event.file = s->file;
	return event;
}
