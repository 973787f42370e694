/* recovery/protocol/xymodem.h
 *
 * XMODEM and YMODEM are one machine for sending and one for receiving; xmodem.c and ymodem.c have the rows. For these files only.
 * Source: Forsberg, "XMODEM/YMODEM Protocol Reference", 1988; what loaders do otherwise (U-Boot's loadx and loady, boot ROMs, lrzsz) is said where
 * it matters. */
#ifndef UNBRICK_RECOVERY_XYMODEM_H
#define UNBRICK_RECOVERY_XYMODEM_H

#include "recovery/protocol/transfer_machine.h"

enum {
	XYMODEM_SHORT = 128,
	XYMODEM_LONG = 1024,
	XYMODEM_FRAME_MAX = 3 + XYMODEM_LONG + 2,
	XYMODEM_GIVE_UP_MS = 60000,	/* without a block that went well... */
	XYMODEM_GIVE_UP_TRIES = 10,	/* ...and after so many tries: neither alone, for a slow device is as usual as a loud one */
	XYMODEM_CAN_COUNT = 8,		/* each followed by a BS, which wipes it from a command line that sees it (Forsberg, 7.3.3) */
};

enum xymodem_kind {
	XMODEM_SUM,		/* receiving asks for the 8-bit sum; sending follows the receiver in all kinds */
	XMODEM_CRC,
	XMODEM_1K,
	YMODEM_BATCH,
	YMODEM_G,		/* receiving: no acknowledgements, no repeats */
};

/* The rows' functions, for both directions. */
enum status xymodem_begin(enum xymodem_kind kind, const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer,
			  struct error *reterr);
struct transfer_event xymodem_input(struct transfer *transfer, struct bytes *in, uint64_t now_ms);
struct transfer_event xymodem_tick(struct transfer *transfer, uint64_t now_ms);
void xymodem_sent(struct transfer *transfer, size_t count, uint64_t now_ms);
void xymodem_cancel(struct transfer *transfer, uint64_t now_ms);

/* xymodem_send.c and xymodem_receive.c: one direction each. */
struct xymodem_direction {
	enum status (*begin)(enum xymodem_kind kind, const struct transfer_options *options, uint64_t now_ms, struct transfer **ret_transfer,
			     struct error *reterr);
	struct transfer_event (*input)(struct transfer *transfer, struct bytes *in, uint64_t now_ms);
	struct transfer_event (*tick)(struct transfer *transfer, uint64_t now_ms);
	void (*sent)(struct transfer *transfer, size_t count, uint64_t now_ms);
	void (*cancel)(struct transfer *transfer, uint64_t now_ms);
};
extern const struct xymodem_direction xymodem_send, xymodem_receive;

static inline bool xymodem_is_batch(enum xymodem_kind kind)
{
	return kind == YMODEM_BATCH || kind == YMODEM_G;
}

/* CAN CAN ... BS BS ...; behind what the line has of a block already, for within a block it would be data. */
void xymodem_put_cancel(struct transfer_base *base);

/* ymodem.c: block 0. file NULL: the empty name that ends the batch. to has XYMODEM_LONG bytes; returns how many of them are used, as one block. */
size_t ymodem_header_write(uint8_t *to, const struct transfer_file *file);
/* false: the empty name. A size or a time that is none counts as not told. */
bool ymodem_header_read(struct bytes block, struct transfer_file *ret_file);

#endif
