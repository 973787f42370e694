/* recovery/image/check.h
 *
 * Checks that the headers of many vendors have in common: for the files of recovery/image only. */
#ifndef UNBRICK_RECOVERY_IMAGE_CHECK_H
#define UNBRICK_RECOVERY_IMAGE_CHECK_H

#include "recovery/image/format.h"

enum { IMAGE_MD5_SIZE = 16 };

/* Are the first size bytes in memory? Says that the file is cut off when it ends before. */
bool image_has_header(const struct image_input *in, struct image_facts *facts, uint64_t size);
/* A checksum covered the contents and was right: whole, unless something else is broken. */
void image_covered(struct image_facts *facts, const char *checked);
/* The same by a sum of 8 bits, which misses one damage in 256: what is damaged inside outweighs it. After the parts were added. */
void image_covered_weakly(struct image_facts *facts);
/* Does padding end in the middle of a block at the end of the file? Blocks are counted from start on. */
bool image_ends_inside_padding(const struct image_input *in, uint64_t start, uint64_t padding);
/* Broken when they differ: "its header is damaged: checksum .., it says ..". Returns whether they are equal. */
bool image_compare(struct image_facts *facts, uint64_t offset, const char *what, uint32_t have, uint32_t want);
/* Of count pieces behind each other. Returns its length, 0: nobody here can compute it. */
size_t image_digest(const struct image_input *in, const char *algorithm, const struct bytes *pieces, unsigned count,
		    uint8_t ret_digest[IMAGE_DIGEST_SIZE]);
/* The same with a digest over pieces behind each other; UNKNOWN when nobody here can compute it. */
enum image_answer image_compare_digest(const struct image_input *in, struct image_facts *facts, const char *algorithm,
				       const struct bytes *pieces, unsigned count, uint64_t offset, const char *what, struct bytes want);
/* Is it text of at least one character, printable, that ends at a NUL or at its end? */
bool image_is_text(struct bytes field);
/* Such text in a field that is filled up with zeros. */
bool image_is_padded_text(struct bytes field);
/* A number in decimal digits that ends at a NUL, a blank or at its end; false: something else, or above 4 GiB. */
bool image_decimal(struct bytes field, uint64_t *ret_number);
/* The same of two digests of size bytes. */
bool image_compare_bytes(struct image_facts *facts, uint64_t offset, const char *what, const char *algorithm, const uint8_t *have,
			 struct bytes want);
/* A board from a field that ends at a NUL or at its size. */
void image_add_board_field(struct image_facts *facts, struct bytes field);
/* "0x08410008". */
void image_add_id(struct image_facts *facts, uint32_t id);
/* Folded twice to 16 bits, as sum -s (System V) prints it. */
uint16_t image_sysv_sum(struct bytes over);
/* As cksum(1) prints it: CRC-32 with the highest bit first over the bytes and then over their number. POSIX.1-2017, cksum. */
struct image_cksum {
	uint32_t table[256], crc;
	uint64_t length;
};
void image_cksum_init(struct image_cksum *sum);
void image_cksum_add(struct image_cksum *sum, struct bytes more);
uint32_t image_cksum_end(struct image_cksum *sum);
/* Does [offset, offset + size) lie in the first total bytes? */
static inline bool image_lies_in(uint64_t offset, uint64_t size, uint64_t total)
{
	return offset <= total && size <= total - offset;
}

#endif
