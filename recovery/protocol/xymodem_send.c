/* recovery/protocol/xymodem_send.c
 *
 * The sender of XMODEM and YMODEM. One frame is on its way at a time, except for YMODEM-g.
 *
 * Answers carry no block number, so the sender keeps the count of transmissions that nobody has answered yet. Where
 * a time-out has led to a second transmission, both may be acknowledged; the second ACK must not be taken for that
 * of the next block, or a later NAK would be answered with the wrong one. A 'C' or a NAK is acted upon only when the
 * line is quiet behind it: several of them that wait in a queue are one, an ACK behind them overrules them, and a
 * 'C' in what a loader prints is a letter. */
#include <stdlib.h>

#include "recovery/protocol/xymodem_sender.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	PATIENCE_MS = 60000,
	ANSWER_MS = 4500,	/* U-Boot drains a damaged line for 4 s, and bytes of ours would prolong that */
	GO_MS = 400,		/* U-Boot acknowledges the header and waits: it asks only after 4 s */
	INVITE_MS = 15000,	/* receivers ask for the next file at once, or again after 10 s */
	QUIET_MS = 20,		/* behind a 'C' or a NAK; adapters hand over what they have every 16 ms */
	QUIET_UNKNOWN_MS = 8,	/* where the line is no serial port of this machine */
	QUIET_CLEAN_MS = 3,
	QUIET_MAX_MS = 1000,	/* behind the NAKs of a storm */
	DAMAGED_MS = 100,	/* behind one byte that is no answer: a damaged one */
	DUPLICATE_MS = 150,	/* for the second of two answers */
	TEXT_GAP_MS = 500,	/* text ends with its line, or here */
	STALE_CAN_MS = 1000,	/* what an earlier transfer has left in the queue comes at once */
	STALL_MS = 60000,	/* the line takes no byte */
	QUEUE_MAX = 16384,	/* bytes of a stream that may still wait in the line's queues */
	G_END_MS = 1000,	/* few receivers of -g acknowledge the end of the batch */
	WIRE_MEASURED_MS = 2,	/* a shorter frame tells nothing at a clock of milliseconds */
	PACED_ENOUGH = 3,
	EOT_TRIES = 4,		/* unanswered ones: to a shell an EOT is the end of the session */
};

enum action {
	IGNORE,
	START,			/* the receiver's character says which check it wants */
	RESEND,
	ADVANCE,
	PROCEED,		/* it asks for what comes next */
	END_UNASKED,		/* it does not ask for more */
	FINISH,
	GIVE_UP,
};

static const enum action reaction[SEND_STATES][ANSWERS] = {
	/*                      'C' 'G'   NAK      ACK      SILENCE */
	[AWAIT_START]      = { START,   START,   IGNORE,  GIVE_UP },
	[AWAIT_HEADER_ACK] = { RESEND,  RESEND,  ADVANCE, RESEND },	/* U-Boot: 'C' for NAK */
	[AWAIT_GO]         = { PROCEED, PROCEED, IGNORE,  PROCEED },	/* silence: no 'C' is to come, or it was lost */
	[AWAIT_DATA_ACK]   = { RESEND,  RESEND,  ADVANCE, RESEND },
	[AWAIT_EOT_ACK]    = { RESEND,  RESEND,  ADVANCE, RESEND },	/* classic receivers: NAK for the first EOT */
	[AWAIT_NEXT]       = { PROCEED, PROCEED, IGNORE,  END_UNASKED },	/* U-Boot: ACK twice */
	[AWAIT_END_ACK]    = { RESEND,  RESEND,  FINISH,  FINISH },	/* silence: every file was acknowledged */
	[STREAMING]        = { IGNORE,  GIVE_UP, IGNORE,  GIVE_UP },
	[CANCELLED]        = { IGNORE,  IGNORE,  IGNORE,  GIVE_UP },
};

static struct xymodem_sender *sender_of(struct transfer *transfer)
{
	return (struct xymodem_sender *)transfer;
}

static bool is_sent(const struct xymodem_sender *s)
{
	return s->base.out_from == s->base.out_to;
}

/* ---- deadlines ---- */

static uint64_t silence_ms(const struct xymodem_sender *s)
{
	switch (s->state) {
	case AWAIT_START:
		return s->base.options.patience_ms > 0 ? s->base.options.patience_ms : PATIENCE_MS;
	case AWAIT_GO:
		return s->is_streaming ? ANSWER_MS : GO_MS + s->turn_ms;
	case AWAIT_NEXT:
		return INVITE_MS;
	case STREAMING:
		return STALL_MS;
	case CANCELLED:
		return 0;
	case AWAIT_END_ACK:
		if (s->is_streaming)
			return G_END_MS;
		/* fall through */
	default:
		return ANSWER_MS + transfer_wire_ms(&s->base, s->frame_size + (s->is_streaming ? QUEUE_MAX : 0));
	}
}

static void arm(struct xymodem_sender *s)
{
	if (s->base.is_over)
		return;
	s->base.deadline_ms = s->since_ms + (is_sent(s) || s->state == CANCELLED ? silence_ms(s) : STALL_MS);
	if (s->pending != NO_ANSWER && s->quiet_ms < s->base.deadline_ms)
		s->base.deadline_ms = s->quiet_ms;
}

/* When the answer to the frame is to be expected, counted from its leaving: by the line's rate and, where that has
 * proved itself, by the answers before. */
static uint64_t usual_ms(const struct xymodem_sender *s)
{
	return transfer_wire_ms(&s->base, s->frame_size) + (s->paced >= PACED_ENOUGH ? s->turn_ms : 0);
}

static uint64_t rest_ms(const struct xymodem_sender *s, uint64_t now_ms)
{
	uint64_t end_ms = s->since_ms + usual_ms(s);

	return end_ms > now_ms ? end_ms - now_ms : 0;
}

/* Acts upon the answer after so much quiet; after twice that when it is repeated without a pause. */
static void hold(struct xymodem_sender *s, enum answer answer, uint8_t byte, uint64_t quiet_ms, uint64_t now_ms)
{
	if (s->pending != answer)
		s->pending_since_ms = now_ms;
	s->is_early = false;
	s->pending = answer;
	s->pending_byte = byte;
	s->quiet_ms = now_ms + quiet_ms;
	if (s->quiet_ms > s->pending_since_ms + 2 * quiet_ms)
		s->quiet_ms = s->pending_since_ms + 2 * quiet_ms;
}

/* ---- what an answer leads to ---- */

static struct transfer_event give_up(struct xymodem_sender *s)
{
	if (s->state == CANCELLED)
		return transfer_failed(&s->base, STATUS_CANCELLED, NULL, "the transfer was stopped here");
	if (s->is_streaming)
		return xymodem_fail(s, STATUS_PROTOCOL, "Use YMODEM without -g on this line",
			    "the other side stopped the stream, which YMODEM-g cannot mend");
	return xymodem_fail(s, STATUS_TIMEOUT,
		    "Start the receiving command on the device first (loady, loadx, rb), and check port and rate",
		    "the other side did not ask for the file");
}

static bool is_hopeless(const struct xymodem_sender *s, uint64_t now_ms)
{
	if (s->state == AWAIT_EOT_ACK && s->refusals == 0)
		return s->tries + 1 >= EOT_TRIES;
	return s->tries >= XYMODEM_GIVE_UP_TRIES && now_ms - s->well_ms >= XYMODEM_GIVE_UP_MS;
}

/* A receiver that has refused each transmission of the first frame, and has accepted none, may want another kind:
 * the sum (it fell back from 'C' to NAK while the answer was on its way), or blocks of 128. */
static void change_kind(struct xymodem_sender *s)
{
	if (s->frame[0] == TRANSFER_EOT || s->owed > 0)
		return;
	if (!s->was_acked && s->pending_byte == 'C')
		s->use_crc = true;
	else if (!s->was_acked && s->refusals % 2 == 0)
		s->use_crc = !s->use_crc;
	if (s->state == AWAIT_DATA_ACK && s->offset == 0 && s->refusals == 5 && s->frame[0] == TRANSFER_STX) {
		s->is_short_only = true;
		s->frame[0] = TRANSFER_SOH;
		s->payload = XYMODEM_SHORT;
	}
	xymodem_build_check(s);
}

/* Classic receivers refuse the first EOT, for one byte is soon made by noise (Forsberg, 7.3.2). */
static bool is_usual_refusal(const struct xymodem_sender *s, enum answer answer)
{
	return s->state == AWAIT_EOT_ACK && answer == ANSWER_NAK && s->tries == 0 && s->pending == NO_ANSWER;
}

static struct transfer_event resend(struct xymodem_sender *s, enum answer answer, uint64_t now_ms)
{
	static const char *const whats[] = { [AWAIT_HEADER_ACK] = "the header", [AWAIT_EOT_ACK] = "the end of the file",
					     [AWAIT_END_ACK] = "the end of the batch" };
	const char *what = s->state < ARRAY_SIZE(whats) ? whats[s->state] : NULL;
	bool is_refused = answer != ANSWER_SILENCE, is_usual;
	char block[32];

	if (what == NULL) {
		text_format(block, sizeof(block), "block %u", s->number);
		what = block;
	}
	if (is_hopeless(s, now_ms))
		return xymodem_fail(s, is_refused ? STATUS_PROTOCOL : STATUS_TIMEOUT,
			    "Look at what the device says, and try a slower rate or another protocol",
			    s->state == AWAIT_EOT_ACK ? "every block was acknowledged, but not the end of the file"
			    : is_refused              ? "the other side refuses the same block again and again"
						      : "the other side stopped answering");
	is_usual = is_usual_refusal(s, answer);
	s->tries++;
	if (is_refused) {
		s->refusals++;
		change_kind(s);
	}
	xymodem_transmit(s, now_ms);
	if (is_usual)
		return TRANSFER_NO_EVENT;
	return transfer_retry(&s->base, "%s is sent again: %s", what,
			      is_refused ? "it arrived damaged" : "there was no answer");
}

static struct transfer_event end_file(struct xymodem_sender *s, uint64_t now_ms)
{
	struct transfer_event event = { .type = TRANSFER_FILE_END, .file = s->file };

	s->base.progress.files++;
	if (xymodem_is_batch(s->kind))
		xymodem_enter(s, AWAIT_NEXT, now_ms);
	else
		s->late = transfer_done(&s->base);
	return event;
}

static struct transfer_event advance(struct xymodem_sender *s, uint64_t now_ms)
{
	bool was_invited = s->was_invited;
	struct transfer_event event = TRANSFER_NO_EVENT;

	s->was_acked = true;
	if (s->state == AWAIT_HEADER_ACK || s->state == AWAIT_EOT_ACK) {
		if (s->state == AWAIT_EOT_ACK)
			event = end_file(s, now_ms);
		else
			xymodem_enter(s, AWAIT_GO, now_ms);
		if (was_invited)
			hold(s, ANSWER_INVITE, 'C', 0, now_ms);
		return event;
	}
	s->offset += s->payload;
	s->base.progress.file_bytes += s->payload;
	s->base.progress.all_bytes += s->payload;
	return xymodem_send_data(s, now_ms);
}

static struct transfer_event end_unasked(struct xymodem_sender *s)
{
	struct transfer_file another;

	/* A receiver that knows only one file has ended by itself. */
	if (!s->base.options.source.next(s->base.options.source.user, &another))
		return transfer_done(&s->base);
	return xymodem_fail(s, STATUS_TIMEOUT, "Send the other files one by one",
		    "the other side took one file and did not ask for another");
}

static struct transfer_event act(struct xymodem_sender *s, enum answer answer, uint64_t now_ms)
{
	enum action action = reaction[s->state][answer];

	s->pending = NO_ANSWER;
	s->held_size = 0;
	switch (action) {
	case IGNORE:
		return TRANSFER_NO_EVENT;
	case START:
		s->use_crc = s->pending_byte != TRANSFER_NAK;
		s->is_streaming = s->pending_byte == 'G' && xymodem_is_batch(s->kind);
		return xymodem_next_file(s, now_ms);
	case RESEND:
		/* A receiver that asks with 'C' and has no ACK for headers: asked often enough, it is believed. The
		 * same for EOT. */
		if (answer == ANSWER_INVITE && s->refusals >= 3 &&
		    (s->state == AWAIT_HEADER_ACK || s->state == AWAIT_EOT_ACK) && xymodem_is_batch(s->kind))
			return s->state == AWAIT_HEADER_ACK ? xymodem_send_data(s, now_ms) : end_file(s, now_ms);
		return resend(s, answer, now_ms);
	case ADVANCE:
		return advance(s, now_ms);
	case PROCEED:
		if (answer == ANSWER_SILENCE && s->is_streaming)
			return give_up(s);
		return s->state == AWAIT_GO ? xymodem_send_data(s, now_ms) : xymodem_next_file(s, now_ms);
	case END_UNASKED:
		return end_unasked(s);
	case FINISH:
		return transfer_done(&s->base);
	case GIVE_UP:
		return give_up(s);
	}
	return TRANSFER_NO_EVENT;
}

/* ---- what comes in ---- */

/* May this character invite, or is it a letter of a text? */
static bool is_letter(struct xymodem_sender *s, uint64_t now_ms)
{
	return s->is_in_text && now_ms - s->stray_ms < TEXT_GAP_MS;
}

static struct transfer_event take_invite(struct xymodem_sender *s, uint8_t byte, uint64_t now_ms)
{
	enum answer answer = byte == TRANSFER_NAK ? ANSWER_NAK : ANSWER_INVITE;
	uint64_t quiet = s->base.options.is_clean   ? QUIET_CLEAN_MS
			 : s->base.options.baud > 0 ? QUIET_MS
						    : QUIET_UNKNOWN_MS;

	/* To send a block once more is always safe, so a NAK overrules an ACK whose transmission is not certain. */
	if (s->pending == ANSWER_ACK && answer == ANSWER_INVITE) {
		s->was_invited = true;
		return TRANSFER_NO_EVENT;
	}
	if (((s->state == AWAIT_GO || s->state == AWAIT_NEXT) && s->strays == 0) || is_usual_refusal(s, answer)) {
		s->owed = 0;
		s->pending_byte = byte;
		return act(s, answer, now_ms);
	}
	if (s->state == AWAIT_HEADER_ACK || s->state == AWAIT_DATA_ACK || s->state == AWAIT_EOT_ACK ||
	    s->state == AWAIT_END_ACK) {
		/* One that came before the frame can have arrived waited in a queue; one of a loader that has
		 * drained the line is later. */
		if (s->pending == NO_ANSWER && s->owed > 0 &&
		    (byte == TRANSFER_NAK || now_ms - s->since_ms > TEXT_GAP_MS * 3))
			s->owed--;
		for (unsigned i = 2; i < s->refusals && quiet < QUIET_MAX_MS; i++)
			quiet *= 2;
		quiet += rest_ms(s, now_ms);
	}
	if (s->held_size < XYMODEM_HELD_MAX)
		s->held[s->held_size++] = byte;
	hold(s, answer, byte, quiet, now_ms);
	return TRANSFER_NO_EVENT;
}

/* Where answers have been taking as long as the line takes for the frame, the rate is that of a real line, and an
 * ACK that comes much too early is most likely a second one for the frame before. On a pty or a USB device of its
 * own the rate means nothing. */
static bool is_too_early(struct xymodem_sender *s, uint64_t now_ms)
{
	uint64_t wire_ms = transfer_wire_ms(&s->base, s->frame_size), took_ms = now_ms - s->since_ms;
	bool is_early;

	if (wire_ms < WIRE_MEASURED_MS)
		return false;
	is_early = s->paced >= PACED_ENOUGH && s->owed == 1 && s->pending != ANSWER_ACK && took_ms * 2 < usual_ms(s);
	s->paced = took_ms * 4 >= wire_ms * 3 ? s->paced + 1 : 0;
	return is_early;
}

/* Quick answers count at once and slow ones little: a device that pauses once, to erase a part of its flash, is not slow
 * from then on. */
static void learn_turn(struct xymodem_sender *s, uint64_t turn_ms)
{
	s->turn_ms = turn_ms < s->turn_ms ? turn_ms : s->turn_ms + (turn_ms - s->turn_ms + 7) / 8;
}

static struct transfer_event take_ack(struct xymodem_sender *s, uint64_t now_ms)
{
	uint64_t wire_ms = transfer_wire_ms(&s->base, s->frame_size);
	uint64_t turn_ms = now_ms - s->since_ms > wire_ms ? now_ms - s->since_ms - wire_ms : 0;
	uint64_t early_ms = rest_ms(s, now_ms) + QUIET_MS;

	if (is_too_early(s, now_ms)) {
		/* Believed when nothing else comes in the time in which the frame's own answer must come. */
		hold(s, ANSWER_ACK, TRANSFER_ACK, early_ms, now_ms);
		s->is_early = true;
		s->early_ms = turn_ms;
		return TRANSFER_NO_EVENT;
	}
	if (s->owed == 1)
		learn_turn(s, turn_ms);
	if (s->owed > 0)
		s->owed--;
	s->held_size = 0;
	if (reaction[s->state][ANSWER_ACK] == IGNORE)
		return TRANSFER_NO_EVENT;
	if (s->owed > 0) {
		hold(s, ANSWER_ACK, TRANSFER_ACK, DUPLICATE_MS + s->turn_ms + rest_ms(s, now_ms), now_ms);
		return TRANSFER_NO_EVENT;
	}
	return act(s, ANSWER_ACK, now_ms);
}

static struct transfer_event take_can(struct xymodem_sender *s, uint64_t now_ms)
{
	s->cans++;
	if (s->cans < 2 || (s->state == AWAIT_START && now_ms - s->began_ms < STALE_CAN_MS))
		return TRANSFER_NO_EVENT;
	transfer_drop_output(&s->base);
	return transfer_failed(&s->base, STATUS_CANCELLED,
			       "Look at what the device says: too large, no room, or stopped there by hand",
			       "the other side cancelled the transfer");
}

static bool is_answer(struct xymodem_sender *s, uint8_t byte, uint64_t now_ms)
{
	bool is_invite = byte == 'C' || (byte == 'G' && xymodem_is_batch(s->kind));

	if (byte == TRANSFER_ACK || byte == TRANSFER_NAK || byte == TRANSFER_CAN)
		return true;
	return is_invite && !is_letter(s, now_ms);
}

static void note_stray(struct xymodem_sender *s, uint8_t byte, uint64_t now_ms)
{
	s->strays++;
	s->cans = 0;
	if (byte == '\r' || byte == '\n')
		s->is_in_text = false;
	else if (byte >= ' ' && byte < 0x7f)
		s->is_in_text = true;
	s->stray_ms = now_ms;
	if (s->pending == ANSWER_ACK)
		return;
	s->pending = NO_ANSWER;
	/* An answer that the line has changed: asking the block again is always safe, and sooner than the time-out. */
	if (s->strays == 1 && is_sent(s) && reaction[s->state][ANSWER_SILENCE] == RESEND)
		hold(s, ANSWER_SILENCE, 0, DAMAGED_MS + rest_ms(s, now_ms), now_ms);
}

/* Held invitations become the text that they are part of, in front of what follows. */
static bool release_held(struct xymodem_sender *s, struct transfer_event *ret_event)
{
	if (s->held_size == 0)
		return false;
	*ret_event = (struct transfer_event){ .type = TRANSFER_TEXT, .data = bytes_of(s->held, s->held_size) };
	s->held_size = 0;
	s->pending = NO_ANSWER;
	s->is_in_text = true;
	return true;
}

static struct transfer_event take_stray(struct xymodem_sender *s, struct bytes *in, uint64_t now_ms)
{
	struct transfer_event event = { .type = TRANSFER_TEXT };
	size_t count = 0;

	if (release_held(s, &event))
		return event;
	if (s->state == AWAIT_END_ACK && is_sent(s)) {
		/* The ACK was lost, and the loader goes on: this is its answer, and not ours to take. */
		return transfer_done(&s->base);
	}
	while (count < in->size && !is_answer(s, in->data[count], now_ms))
		note_stray(s, in->data[count++], now_ms);
	event.data = bytes_of(in->data, count);
	*in = bytes_from(*in, count);
	return event;
}

static struct transfer_event tell_late(struct xymodem_sender *s)
{
	struct transfer_event event = s->late;

	s->late.type = TRANSFER_NOTHING;
	if (s->base.is_over)
		s->base.deadline_ms = UINT64_MAX;
	return event;
}

static struct transfer_event send_input(struct transfer *transfer, struct bytes *in, uint64_t now_ms)
{
	struct xymodem_sender *s = sender_of(transfer);
	struct transfer_event event = { .type = TRANSFER_NOTHING };

	if (s->late.type != TRANSFER_NOTHING)
		return tell_late(s);
	while (event.type == TRANSFER_NOTHING && in->size > 0 && !s->base.is_over) {
		uint8_t byte = in->data[0];

		if (!is_answer(s, byte, now_ms)) {
			event = take_stray(s, in, now_ms);
			continue;
		}
		*in = bytes_from(*in, 1);
		if (byte == TRANSFER_CAN) {
			event = take_can(s, now_ms);
			continue;
		}
		s->cans = 0;
		s->is_in_text = false;
		if (!is_sent(s) && s->state != STREAMING)
			continue;	/* to a frame that has not left: it waited in a queue */
		event = byte == TRANSFER_ACK ? take_ack(s, now_ms) : take_invite(s, byte, now_ms);
	}
	arm(s);
	return event;
}

static struct transfer_event send_tick(struct transfer *transfer, uint64_t now_ms)
{
	struct xymodem_sender *s = sender_of(transfer);
	struct transfer_event event = { .type = TRANSFER_NOTHING };

	if (s->late.type != TRANSFER_NOTHING)
		return tell_late(s);
	if (s->base.is_over || now_ms < s->base.deadline_ms)
		return event;
	if (s->pending != NO_ANSWER && now_ms >= s->quiet_ms) {
		if (s->pending == ANSWER_ACK && s->is_early)
			learn_turn(s, s->early_ms);
		event = act(s, s->pending, now_ms);
	} else if (!is_sent(s) && s->state != CANCELLED) {
		event = xymodem_fail(s, STATUS_TIMEOUT, "Check the cable and the flow control",
				     "the line takes no bytes");
	} else {
		event = act(s, ANSWER_SILENCE, now_ms);
	}
	arm(s);
	return event;
}

static void send_sent(struct transfer *transfer, size_t count, uint64_t now_ms)
{
	struct xymodem_sender *s = sender_of(transfer);

	transfer_base_sent(transfer, count, now_ms);
	if (s->base.is_over || count == 0)
		return;
	s->since_ms = now_ms;
	if (s->state == STREAMING && is_sent(s)) {
		s->offset += s->payload;
		s->base.progress.file_bytes += s->payload;
		s->base.progress.all_bytes += s->payload;
		s->late = xymodem_send_data(s, now_ms);
	}
	arm(s);
	if (s->late.type != TRANSFER_NOTHING)
		s->base.deadline_ms = now_ms;
}

static void send_cancel(struct transfer *transfer, uint64_t now_ms)
{
	struct xymodem_sender *s = sender_of(transfer);

	xymodem_tell_cancel(s);
	xymodem_enter(s, CANCELLED, now_ms);
	arm(s);
}

static enum status send_begin(enum xymodem_kind kind, const struct transfer_options *options, uint64_t now_ms,
			      struct transfer **ret_transfer, struct error *reterr)
{
	struct xymodem_sender *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a transfer");
	transfer_base_init(&s->base, options, s->out, sizeof(s->out));
	s->kind = kind;
	s->pending = NO_ANSWER;
	s->since_ms = s->well_ms = s->began_ms = now_ms;
	arm(s);
	*ret_transfer = (struct transfer *)s;
	return STATUS_OK;
}

const struct xymodem_direction xymodem_send = { send_begin, send_input, send_tick, send_sent, send_cancel };
