/* recovery/protocol/kermit_packet.h
 *
 * Kermit packets: form, checks, parameters and prefixes; no protocol. Used by kermit.c.
 * Source: da Cruz, "Kermit Protocol Manual", 6th edition, June 1986: chapters 4 (packets), 6 (encoding, checks) and 8
 * (long packets, attributes). */
#ifndef UNBRICK_RECOVERY_KERMIT_PACKET_H
#define UNBRICK_RECOVERY_KERMIT_PACKET_H

#include <stdbool.h>

#include "src/base/bytes.h"

enum {
	KERMIT_MARK = 0x01,
	KERMIT_CR = '\r',
	KERMIT_SHORT_MAX = 94,		/* what one character can count */
	KERMIT_LONG_MAX = 94 * 95 + 94,	/* what two of them can (8.1) */
	KERMIT_PACKET_MAX = KERMIT_LONG_MAX + 16,
	KERMIT_PAD_MAX = 94,
	KERMIT_SEQUENCE = 64,

	KERMIT_CAN_LONG = 2,		/* CAPAS (8) */
	KERMIT_CAN_ATTRIBUTES = 8,
};

static inline uint8_t kermit_char(unsigned number)	/* tochar() */
{
	return (uint8_t)(number + 32);
}
static inline unsigned kermit_number(uint8_t byte)	/* unchar(); 95 and more: no number */
{
	return byte >= 32 ? (unsigned)byte - 32 : 255;
}

/* What one side asks of the other in S and its acknowledgement. */
struct kermit_parameters {
	unsigned length_max;		/* MAXL, or MAXLX with KERMIT_CAN_LONG */
	unsigned timeout_seconds;
	unsigned pad_count;
	uint8_t pad, end;		/* PADC, EOL */
	uint8_t control;		/* QCTL */
	uint8_t eighth;			/* QBIN: the prefix, or 'Y' or 'N' */
	unsigned check;			/* CHKT */
	uint8_t repeat;			/* REPT; ' ': none */
	unsigned can;			/* CAPAS */
};

/* How data goes through: what both agreed on. 0: not used. */
struct kermit_coding {
	uint8_t control, eighth, repeat;
};

/* Data of an S packet or of its acknowledgement; returns its size, at most 16. */
size_t kermit_write_parameters(uint8_t *to, const struct kermit_parameters *parameters);
/* What is not given has the manual's default (4.4). */
void kermit_read_parameters(struct bytes data, struct kermit_parameters *ret_parameters);

/* A whole packet with padding and end; returns its size. data.size is at most what kermit_room() says. */
size_t kermit_write_packet(uint8_t *to, const struct kermit_parameters *to_whom, uint8_t type, unsigned sequence,
			   unsigned check, struct bytes data);
/* Characters of data that fit into a packet of so many characters. */
size_t kermit_room(unsigned length, unsigned check);

/* Encodes from *in on as much as fits into size characters; says in *ret_used how many bytes went in. */
size_t kermit_encode(const struct kermit_coding *coding, struct bytes in, uint8_t *to, size_t size, size_t *ret_used);
/* Decodes from *in on as much as fits into size bytes, which is 94 at least. false: a prefix without its character. */
bool kermit_decode(const struct kermit_coding *coding, struct bytes *in, uint8_t *to, size_t size, size_t *ret_size);

enum kermit_signal {
	KERMIT_MORE,
	KERMIT_PACKET,		/* .type, .sequence, .data */
	KERMIT_DAMAGED,
	KERMIT_TEXT,		/* .text: what stands between packets */
};

struct kermit_reader {		/* caller-owned; fields below data belong to kermit_packet.c */
	uint8_t type;
	unsigned sequence;
	struct bytes data, text;
	unsigned check;		/* in force; the caller's */
	bool is_open;
	size_t size;
	uint8_t packet[KERMIT_PACKET_MAX];
};

/* Uses *in up to the end of what it returns. */
enum kermit_signal kermit_read(struct kermit_reader *reader, struct bytes *in);

#endif
