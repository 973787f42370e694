/* recovery/protocol/srecord_line.h
 *
 * One Motorola S-record: 'S', its type, a count of the bytes that follow, an address of 2 to 4 bytes, data, and the
 * ones' complement of the low byte of the sum of all bytes from the count on; all but the first two characters in
 * hexadecimal digits. Source: "M68000 Family Programmer's Reference Manual", Motorola 1992, appendix C. */
#ifndef UNBRICK_RECOVERY_SRECORD_LINE_H
#define UNBRICK_RECOVERY_SRECORD_LINE_H

#include <stdbool.h>

#include "src/base/bytes.h"

enum {
	SRECORD_DATA_MAX = 252,			/* 255 less two bytes of address and the checksum */
	SRECORD_LINE_MAX = 4 + 2 * 255,		/* characters, without what ends the line */
};

struct srecord {
	unsigned type;				/* 0 to 9, not 4 */
	uint32_t address;
	size_t size;
	uint8_t data[SRECORD_DATA_MAX];
};

/* What is wrong with it, or NULL. line is without its end. */
const char *srecord_read(struct bytes line, struct srecord *ret_record);
/* Returns the characters written: 4 + 2 * (5 + size) at most. */
size_t srecord_write(char *to, unsigned type, uint32_t address, struct bytes data);
static inline bool srecord_is_data(unsigned type)
{
	return type >= 1 && type <= 3;
}
static inline bool srecord_is_end(unsigned type)
{
	return type >= 7;
}

#endif
