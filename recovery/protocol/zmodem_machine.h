/* recovery/protocol/zmodem_machine.h
 *
 * What zmodem.c shares with its two halves, zmodem_send.c and zmodem_receive.c; nobody else includes it. */
#ifndef UNBRICK_RECOVERY_ZMODEM_MACHINE_H
#define UNBRICK_RECOVERY_ZMODEM_MACHINE_H

#include "recovery/protocol/transfer_machine.h"
#include "recovery/protocol/zmodem_frame.h"

enum {
	ZMODEM_PIECES = 20,		/* headers and subpackets that wait for the line */
	ZMODEM_OUT_MAX = ZMODEM_PIECES * (2 * ZMODEM_SUBPACKET_SEND + ZMODEM_FRAMING_MAX),
	ZMODEM_ATTENTION_MAX = 32,	/* 11.3 */
	ZMODEM_TRIES = 10,		/* of one header, and of one place in the file */
	ZMODEM_PATIENCE_MS = 60000,
	ZMODEM_REPEAT_MS = 3000,
	ZMODEM_STUCK_MS = 30000,	/* a line that takes nothing for so long is dead */
};

/* Positions are four bytes (7.3.1): the last byte of a file is at this one at most. */
#define ZMODEM_FILE_MAX UINT64_C(0xffffffff)

struct zmodem_piece {
	size_t end;			/* index into out */
	bool is_open;			/* the frame goes on behind it: the other side expects a subpacket next */
};

/* Where a sender stands; what the other side says to it. */
struct zmodem_sender {
	bool has_source_ended;
	uint32_t receiver_buffer;	/* 0: streaming */
	uint64_t position;		/* of the file: next byte for the line */
	uint64_t acked;			/* the receiver told that it has so much */
	uint64_t asked;			/* position of the last ZCRCQ */
	uint64_t window;
	bool has_no_window;		/* the receiver answers nothing before the end of the file */
	uint64_t last_error;		/* position */
	size_t block_size;
	bool has_ack;			/* an answer to ZCRCQ or ZCRCW came at least once */
	uint64_t crc_from, crc_to;	/* for ZCRC, in slices */
	uint32_t crc;
	unsigned skipped;
	char first_skipped[64];
};

struct zmodem_receiver {
	bool has_file;			/* one was received, or refused */
	uint64_t position;		/* of the file: next byte that is wanted */
	uint64_t kept;			/* bytes of the file that are here, if the sender's have the same CRC */
	uint32_t kept_crc;
	uint64_t start;			/* where the first byte of this file was wanted */
	uint64_t asked_ms;		/* time of the last ZRPOS */
	unsigned asked_again;		/* ZRPOS in a row, for the same position */
	bool wants_frame;		/* ZRPOS is out and no ZDATA came yet */
	uint8_t attention[ZMODEM_ATTENTION_MAX];
	size_t attention_size;
	unsigned ohs;			/* of the last OO */
};

struct zmodem {
	struct transfer_base base;	/* first */
	unsigned state;			/* enum of the half */
	bool use_crc32;
	bool has_heard;			/* a whole header came */
	bool wants_pump;		/* the line is out of bytes and the file is not */
	uint64_t began_ms, heard_ms, sent_ms, byte_ms;
	unsigned tries;
	struct transfer_file file;
	struct transfer_queue queue;
	struct zmodem_piece piece[ZMODEM_PIECES];
	unsigned pieces;
	bool was_open, is_open;		/* in front of the first piece, behind the last one */
	union {
		struct zmodem_sender send;
		struct zmodem_receiver receive;
	};
	struct zmodem_writer writer;
	struct zmodem_reader reader;
	uint8_t out[ZMODEM_OUT_MAX];
};

/* A half handles one signal of the reader, or its deadline; what it has to tell it puts into the queue. */
void zmodem_send_begin(struct zmodem *machine, uint64_t now_ms);
void zmodem_send_signal(struct zmodem *machine, enum zmodem_signal signal, uint64_t now_ms);
void zmodem_send_tick(struct zmodem *machine, uint64_t now_ms);
/* Input that stands behind the last frame is not the machine's: returns true when it was looked at. */
bool zmodem_send_tail(struct zmodem *machine, struct bytes *in);
void zmodem_receive_begin(struct zmodem *machine, uint64_t now_ms);
void zmodem_receive_signal(struct zmodem *machine, enum zmodem_signal signal, uint64_t now_ms);
void zmodem_receive_tick(struct zmodem *machine, uint64_t now_ms);
bool zmodem_receive_tail(struct zmodem *machine, struct bytes *in);

void zmodem_tell_file(struct zmodem *machine, enum transfer_event_type type);
/* Cancels the session on the line (7.2) and ends it here. event is one of transfer_failed(). */
void zmodem_abort(struct zmodem *machine, struct transfer_event event);
void zmodem_put_hex(struct zmodem *machine, enum zmodem_type type, uint32_t position);
void zmodem_put_binary(struct zmodem *machine, enum zmodem_type type, uint32_t position, bool is_open);
void zmodem_put_subpacket(struct zmodem *machine, struct bytes data, enum zmodem_end end);
bool zmodem_has_room(const struct zmodem *machine);
/* The line has not taken what is here yet, and takes something now and then: no time yet to wait for an answer. Sets
 * the deadline. */
bool zmodem_is_sending(struct zmodem *machine, uint64_t now_ms);
/* Takes back what is not on its way yet, up to the end of the piece that the line is in, and closes the frame. */
void zmodem_cut_output(struct zmodem *machine);

#endif
