/* recovery/protocol/zmodem_frame.h
 *
 * ZMODEM on the line: headers, data subpackets, their escapes and checks; no protocol. Used by the sender and the
 * receiver of zmodem.c. Source: Forsberg, "The ZMODEM Inter Application File Transfer Protocol", 14 October 1988,
 * chapters 7, 8 and 11 and the frame types of its zmodem.h. */
#ifndef UNBRICK_RECOVERY_ZMODEM_FRAME_H
#define UNBRICK_RECOVERY_ZMODEM_FRAME_H

#include <stdbool.h>

#include "src/base/bytes.h"

enum zmodem_type { /* chapter 11 */
		   ZRQINIT,
		   ZRINIT,
		   ZSINIT,
		   ZACK,
		   ZFILE,
		   ZSKIP,
		   ZNAK,
		   ZABORT,
		   ZFIN,
		   ZRPOS,
		   ZDATA,
		   ZEOF,
		   ZFERR,
		   ZCRC,
		   ZCHALLENGE,
		   ZCOMPL,
		   ZCAN,
		   ZFREECNT,
		   ZCOMMAND,
		   ZSTDERR,
		   ZMODEM_TYPES,
};

enum zmodem_end {		/* chapter 7.4: what follows a data subpacket */
	ZCRCE = 'h',		/* a header; no answer is wanted */
	ZCRCG = 'i',		/* the next subpacket; no answer */
	ZCRCQ = 'j',		/* the next subpacket; ZACK wanted */
	ZCRCW = 'k',		/* a header, after the ZACK */
};

enum {
	ZMODEM_PAD_BYTE = '*',		/* ZPAD: a header begins with it */
	ZMODEM_XON = 0x11,
	ZMODEM_ZDLE = 0x18,		/* CAN as well: five in a row end the session (7.2) */
	ZMODEM_CANS = 5,

	/* Flags of ZRINIT, in ZF0 (11.2), and of ZSINIT (11.3) */
	ZMODEM_CANFDX = 0x01,
	ZMODEM_CANOVIO = 0x02,
	ZMODEM_CANFC32 = 0x20,
	ZMODEM_ESCCTL = 0x40,
	ZMODEM_TESCCTL = 0x40,
	/* ZF0 of ZFILE (11.5) */
	ZMODEM_ZCBIN = 1,
	ZMODEM_ZCRESUM = 3,

	ZMODEM_SUBPACKET_SEND = 1024,	/* the document's limit */
	ZMODEM_SUBPACKET_MAX = 8192,	/* taken from the other side: "ZedZap" and lrzsz send so much */
	ZMODEM_HEADER_MAX = 24,		/* bytes of the longest header on the line */
	ZMODEM_FRAMING_MAX = 2 + 2 * 4,	/* of a subpacket around its data */
};

struct zmodem_header {
	uint8_t type;			/* any value: unknown ones are the reader's business */
	uint8_t at[4];			/* ZP0..ZP3 of a position, ZF3..ZF0 of flags (7.3.1) */
};

static inline uint32_t zmodem_position(const struct zmodem_header *header)
{
	return load_le32(header->at);
}
static inline uint8_t zmodem_zf0(const struct zmodem_header *header)
{
	return header->at[3];
}

/* Writing. Every function returns the bytes written. */

struct zmodem_writer {
	uint8_t escapes[256];		/* 0: never; 1: always; 2: behind '@' (a TELNET or modem escape, 7.2) */
	uint8_t last;			/* byte on the line */
};

void zmodem_writer_init(struct zmodem_writer *writer, bool escape_controls);
/* ZMODEM_HEADER_MAX bytes at to are enough. flags go where a position goes: ZF0 in the high byte. */
size_t zmodem_write_hex(uint8_t *to, enum zmodem_type type, uint32_t position);
size_t zmodem_write_binary(struct zmodem_writer *writer, uint8_t *to, enum zmodem_type type, uint32_t position,
			   bool use_crc32);
/* 2 * data.size + ZMODEM_FRAMING_MAX bytes at to are enough. */
size_t zmodem_write_subpacket(struct zmodem_writer *writer, uint8_t *to, struct bytes data, enum zmodem_end end,
			      bool use_crc32);

/* Reading */

enum zmodem_signal {
	ZMODEM_MORE,			/* nothing is whole yet; all input is used up */
	ZMODEM_HEADER,			/* .header */
	ZMODEM_BAD_HEADER,
	ZMODEM_SUBPACKET,		/* .data, .size, .end */
	ZMODEM_BAD_SUBPACKET,		/* headers are looked for again */
	ZMODEM_TEXT,			/* .text: what stands between frames */
	ZMODEM_CANCELLED,
};

struct zmodem_reader {			/* caller-owned; fields below data belong to zmodem_frame.c */
	struct zmodem_header header;
	struct bytes text;		/* a part of the input */
	uint8_t end;
	size_t size;
	uint8_t data[ZMODEM_SUBPACKET_MAX];

	enum {
		ZMODEM_HUNT,
		ZMODEM_PAD,
		ZMODEM_FORM,
		ZMODEM_HEX_HEADER,
		ZMODEM_HEX_END,
		ZMODEM_BINARY_HEADER,
		ZMODEM_IN_DATA,
		ZMODEM_DATA_CHECK,
	} state;
	uint8_t special[256];		/* bytes of a subpacket that do not stand for themselves */
	bool is_crc32;			/* of the present frame */
	bool is_escaped;		/* the last byte was ZDLE */
	unsigned cans;			/* in a row */
	uint8_t raw[5 + 4];		/* a binary header or a check, unescaped */
	unsigned raw_size;
	unsigned digits;
};

/* skip_controls: the other side was asked to escape all control characters, so that bare ones are noise (7.2). */
void zmodem_reader_init(struct zmodem_reader *reader, bool skip_controls);
/* Uses *in up to the end of what it returns. Behind a header that announces data, subpackets follow. */
enum zmodem_signal zmodem_read(struct zmodem_reader *reader, struct bytes *in);
/* Gives up what is half read and looks for the next header. */
void zmodem_reader_hunt(struct zmodem_reader *reader);

#endif
