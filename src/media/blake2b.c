#include "src/media/blake2b.h"

#include <stdbool.h>
#include <string.h>

enum { ROUNDS = 12, PERMUTATIONS = 10 };

/* RFC 7693, 2.6: those of SHA-512. */
static const uint64_t iv[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/* 2.7 */
static const uint8_t sigma[PERMUTATIONS][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint64_t load_word(const uint8_t *at)
{
	uint64_t word = 0;

	for (unsigned i = 8; i-- > 0;)
		word = word << 8 | at[i];
	return word;
}

static uint64_t turn_right(uint64_t word, unsigned bits)
{
	return word >> bits | word << (64 - bits);
}

/* 3.1 */
static inline void mix(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, uint64_t x, uint64_t y)
{
	*a += *b + x;
	*d = turn_right(*d ^ *a, 32);
	*c += *d;
	*b = turn_right(*b ^ *c, 24);
	*a += *b + y;
	*d = turn_right(*d ^ *a, 16);
	*c += *d;
	*b = turn_right(*b ^ *c, 63);
}

/* 3.2 */
static void compress(struct blake2b *hash, const uint8_t *block, bool is_last)
{
	uint64_t v[16], m[16];

	for (unsigned i = 0; i < 16; i++)
		m[i] = load_word(block + 8 * i);
	memcpy(v, hash->hash, sizeof(hash->hash));
	memcpy(v + 8, iv, sizeof(iv));
	v[12] ^= hash->count;
	v[14] = is_last ? ~v[14] : v[14];
	for (unsigned round = 0; round < ROUNDS; round++) {
		const uint8_t *s = sigma[round % PERMUTATIONS];

		for (unsigned i = 0; i < 4; i++)
			mix(&v[i], &v[4 + i], &v[8 + i], &v[12 + i], m[s[2 * i]], m[s[2 * i + 1]]);
		for (unsigned i = 0; i < 4; i++)
			mix(&v[i], &v[4 + (i + 1) % 4], &v[8 + (i + 2) % 4], &v[12 + (i + 3) % 4], m[s[8 + 2 * i]], m[s[9 + 2 * i]]);
	}
	for (unsigned i = 0; i < 8; i++)
		hash->hash[i] ^= v[i] ^ v[8 + i];
}

void blake2b_init(struct blake2b *hash, size_t size)
{
	*hash = (struct blake2b){ .size = size };
	memcpy(hash->hash, iv, sizeof(iv));
	hash->hash[0] ^= 0x01010000 ^ size;	/* 2.5: depth and fanout 1, no key */
}

/* The last block is compressed in another way: a full one waits until more comes. */
void blake2b_add(struct blake2b *hash, struct bytes more)
{
	while (more.size > 0) {
		size_t room = BLAKE2B_BLOCK - hash->filled, count = more.size < room ? more.size : room;

		if (room == 0) {
			hash->count += BLAKE2B_BLOCK;
			compress(hash, hash->block, false);
			hash->filled = 0;
			continue;
		}
		memcpy(hash->block + hash->filled, more.data, count);
		hash->filled += count;
		more = bytes_from(more, count);
	}
}

void blake2b_end(struct blake2b *hash, uint8_t *ret_value)
{
	hash->count += hash->filled;
	memset(hash->block + hash->filled, 0, BLAKE2B_BLOCK - hash->filled);
	compress(hash, hash->block, true);
	for (size_t i = 0; i < hash->size; i++)
		ret_value[i] = (uint8_t)(hash->hash[i / 8] >> 8 * (i % 8));
}
