/* src/media/blake2b.h
 *
 * BLAKE2b of any length, without a key: lists made by `b2sum -l 256` need the shorter ones, and OpenSSL knows only that of 64 bytes.
 * Source: RFC 7693. */
#ifndef UNBRICK_MEDIA_BLAKE2B_H
#define UNBRICK_MEDIA_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

#include "src/base/bytes.h"

enum { BLAKE2B_BLOCK = 128, BLAKE2B_SIZE_MAX = 64 };

struct blake2b {		/* caller-owned; fields belong to blake2b.c */
	uint64_t state[8];
	uint64_t count;		/* bytes taken into the state; RFC 7693 counts to 2^128, which no file reaches */
	uint8_t block[BLAKE2B_BLOCK];
	size_t fill, size;
};

/* size: of the digest, 1 to BLAKE2B_SIZE_MAX. */
void blake2b_init(struct blake2b *hash, size_t size);
void blake2b_add(struct blake2b *hash, struct bytes more);
/* ret_digest: as many bytes as init was told. */
void blake2b_end(struct blake2b *hash, uint8_t *ret_digest);

#endif
