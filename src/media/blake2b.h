/* src/media/blake2b.h
 *
 * BLAKE2b without a key, of any length (RFC 7693): OpenSSL 3.0 has it with 64 bytes only, and shorter ones are other hashes, not
 * beginnings of that. No allocation. Use: init, add as often as bytes come, end once. */
#ifndef UNBRICK_MEDIA_BLAKE2B_H
#define UNBRICK_MEDIA_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/bytes.h"

enum { BLAKE2B_BLOCK = 128 };

struct blake2b {
	uint64_t hash[8];
	uint64_t count;			/* bytes that were compressed; below 2^64 */
	size_t size;			/* of the result, 1 to 64 */
	uint8_t block[BLAKE2B_BLOCK];
	size_t filled;
};

void blake2b_init(struct blake2b *hash, size_t size);
void blake2b_add(struct blake2b *hash, struct bytes more);
void blake2b_end(struct blake2b *hash, uint8_t *ret_value);

#endif
