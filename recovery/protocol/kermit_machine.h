/* recovery/protocol/kermit_machine.h
 *
 * What kermit.c shares with its two halves, kermit_send.c and kermit_receive.c; nobody else includes it. */
#ifndef UNBRICK_RECOVERY_KERMIT_MACHINE_H
#define UNBRICK_RECOVERY_KERMIT_MACHINE_H

#include "recovery/protocol/kermit_packet.h"
#include "recovery/protocol/transfer_machine.h"

enum {
	KERMIT_STUCK_MS = 30000,	/* a line that takes nothing for so long is dead */
	KERMIT_RAW_MAX = 16384,
	KERMIT_DATA_MAX = 4096,		/* given out at once */
	KERMIT_OUT_MAX = KERMIT_PACKET_MAX + KERMIT_PAD_MAX + 8,
};

enum kermit_state {
	/* Sending: which packet waits for its acknowledgement. */
	SEND_INIT, SEND_NAME, SEND_ATTRIBUTES, SEND_DATA, SEND_END, SEND_BREAK,
	/* Receiving: what is waited for. */
	WAIT_INIT, WAIT_NAME, WAIT_DATA,
	IN_TAIL,			/* the end of the last packet */
};

struct kermit {
	struct transfer_base base;	/* first */
	enum kermit_state state;
	struct transfer_queue queue;
	bool has_heard;
	uint64_t began_ms;
	unsigned sequence;		/* of the packet that waits for its acknowledgement, or that is waited for */
	unsigned tries, naks;
	struct kermit_parameters theirs;
	struct kermit_coding coding;
	unsigned check;
	struct transfer_file file;
	bool is_file_told;
	bool is_dropped;		/* it was broken off */
	bool has_source_ended;
	bool is_discarded;		/* one file at least did not go through */
	char discarded[64];
	uint64_t position;
	/* Sending */
	size_t used;			/* bytes of the file in the present data packet */
	bool is_last;
	unsigned length, length_max;	/* of data packets: now, and what the other side can take */
	unsigned good;			/* packets in a row that went well */
	uint8_t raw[KERMIT_RAW_MAX];
	/* Receiving: what is left of the present data packet */
	struct bytes rest;
	bool has_rest;
	uint8_t data[KERMIT_DATA_MAX];
	struct kermit_reader reader;
	size_t packet_size;
	uint8_t packet[KERMIT_OUT_MAX];	/* the last one, to be sent again */
	uint8_t out[KERMIT_OUT_MAX];
};

extern const struct kermit_parameters kermit_ours;

/* A packet is kept, to be sent again. */
void kermit_put_packet(struct kermit *machine, uint8_t type, struct bytes data, uint64_t now_ms);
void kermit_put_again(struct kermit *machine, uint64_t now_ms);
/* Ends it here and there; event is one of transfer_failed(). */
void kermit_fail(struct kermit *machine, struct transfer_event event);
/* Behind the last packet. */
void kermit_enter_tail(struct kermit *machine, uint64_t now_ms);
/* The present file did not go through: then the end is no success. */
void kermit_discard(struct kermit *machine);
void kermit_tell_file(struct kermit *machine, enum transfer_event_type type);
void kermit_end_file(struct kermit *machine);
/* May the present packet be tried once more? Otherwise kermit_silent() ends it. */
bool kermit_is_patient(const struct kermit *machine, uint64_t now_ms);
void kermit_silent(struct kermit *machine);

/* The halves: a whole packet came; nothing came in time, or damage. */
void kermit_send_packet(struct kermit *machine, uint64_t now_ms);
void kermit_send_again(struct kermit *machine, const char *why, uint64_t now_ms);
void kermit_receive_packet(struct kermit *machine, uint64_t now_ms);
void kermit_ask_again(struct kermit *machine, const char *why, uint64_t now_ms);
/* Gives out a piece of the present data packet, or acknowledges it behind the last. */
void kermit_give_data(struct kermit *machine, uint64_t now_ms);
void kermit_put_nak(struct kermit *machine, uint64_t now_ms);

#endif
