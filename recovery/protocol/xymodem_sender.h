/* recovery/protocol/xymodem_sender.h
 *
 * The sender's state, shared by xymodem_send.c (what comes in, and what it leads to) and xymodem_frame.c (what goes
 * out). For these two only. */
#ifndef UNBRICK_RECOVERY_XYMODEM_SENDER_H
#define UNBRICK_RECOVERY_XYMODEM_SENDER_H

#include "recovery/protocol/xymodem.h"

enum { XYMODEM_HELD_MAX = 16 };

enum send_state {
	AWAIT_START,		/* nothing was sent yet */
	AWAIT_HEADER_ACK,
	AWAIT_GO,		/* the header was acknowledged, or needs no ACK (-g): 'C' or 'G' asks for the data */
	AWAIT_DATA_ACK,
	AWAIT_EOT_ACK,
	AWAIT_NEXT,		/* for the 'C' that asks for another header */
	AWAIT_END_ACK,
	STREAMING,		/* -g: data */
	CANCELLED,
	SEND_STATES,
};

enum answer { ANSWER_INVITE, ANSWER_NAK, ANSWER_ACK, ANSWER_SILENCE, ANSWERS, NO_ANSWER };

struct xymodem_sender {
	struct transfer_base base;
	enum xymodem_kind kind;
	enum send_state state;
	bool use_crc, is_streaming;
	bool was_acked;			/* ever, anything */
	bool is_short_only;		/* the receiver does not take blocks of 1024 */
	struct transfer_file file;
	uint64_t offset;		/* in the file, of the data in flight */
	size_t payload;			/* of it */
	uint8_t number;			/* of the frame in flight */
	uint8_t frame[XYMODEM_FRAME_MAX];
	size_t frame_size;

	enum answer pending;		/* what is acted upon when the line stays quiet until quiet_ms */
	uint8_t pending_byte;
	uint64_t quiet_ms, pending_since_ms;
	unsigned owed;			/* transmissions of the frame without an answer */
	unsigned tries;			/* resends of the frame */
	unsigned refusals;		/* of them for a NAK or 'C' */
	uint64_t since_ms;		/* the frame left, or the last state began */
	uint64_t well_ms;		/* the last ACK that counted */
	uint64_t began_ms;
	uint64_t turn_ms;		/* usual time from the frame's end, by the line's rate, to its answer */
	bool is_early;			/* .pending is an ACK that came too early... */
	uint64_t early_ms;		/* ...and makes this the usual time when it is believed */
	unsigned paced;			/* answers in a row that took as long as the line's rate says */
	bool was_invited;		/* while a second ACK was waited for */
	struct transfer_event late;	/* told at the next call */

	unsigned cans;			/* in a row */
	unsigned strays;		/* since the frame left: bytes that are no answer */
	bool is_in_text;		/* the last of them was a character in a line of text */
	uint64_t stray_ms;
	uint8_t held[XYMODEM_HELD_MAX];		/* invitations that turn out to be text if text follows */
	size_t held_size;

	uint8_t out[XYMODEM_FRAME_MAX + 2 * XYMODEM_CAN_COUNT];
};

/* Begins to wait in a state, with nothing sent yet. */
void xymodem_enter(struct xymodem_sender *s, enum send_state state, uint64_t now_ms);
/* The frame that stands there, once (more). */
void xymodem_transmit(struct xymodem_sender *s, uint64_t now_ms);
/* The check and the size of a frame whose kind has changed. */
void xymodem_build_check(struct xymodem_sender *s);
/* The next block, or the file's end. */
struct transfer_event xymodem_send_data(struct xymodem_sender *s, uint64_t now_ms);
/* The next file's beginning, or the batch's end. */
struct transfer_event xymodem_next_file(struct xymodem_sender *s, uint64_t now_ms);
void xymodem_tell_cancel(struct xymodem_sender *s);
/* Tells the other side, too. */
struct transfer_event xymodem_fail(struct xymodem_sender *s, enum status status, const char *hint, const char *reason);

#endif
