/* recovery/image/inflate.h
 *
 * Raw deflate, as zip members and UBIFS have it: without the header and checksum that the other wrappers add, so that the checksum of
 * what comes out can be compared with the one that stands elsewhere. Pure, no allocation. For recovery/image.
 * Source: RFC 1951. */
#ifndef UNBRICK_RECOVERY_IMAGE_INFLATE_H
#define UNBRICK_RECOVERY_IMAGE_INFLATE_H

#include "recovery/image/image.h"

struct inflated {
	enum image_answer end;	/* YES: its last block was reached; NO: damaged or cut off; UNKNOWN: limit bytes came out first */
	uint64_t size;		/* that came out */
	uint64_t used;		/* of in, when it ended well */
	uint32_t crc32;		/* of what came out */
};

/* Unpacks up to limit bytes; the first ones, up to room, to where to points. */
struct inflated inflate_all(struct bytes in, uint64_t limit, uint8_t *to, size_t room);
/* Reads a stream's last block, which begins at that bit of in, without what came before. Returns the byte behind its end; 0: none begins there,
 * or in ends first. */
uint64_t inflate_last_block(struct bytes in, uint64_t bit);
/* The first bytes only; returns how many. */
size_t inflate_head(struct bytes in, uint8_t *to, size_t room);

#endif
