#include "src/media/blake2b.h"

#include <stdbool.h>
#include <string.h>

#include "src/base/cleanup.h"

enum { ROUNDS = 12 };

static const uint64_t initial[8] = {	/* RFC 7693, 2.6 */
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t schedule[10][16] = {	/* RFC 7693, 2.7; rounds 10 and 11 take the first two again */
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

static uint64_t load_le64(const uint8_t *at)
{
	return (uint64_t)load_le32(at + 4) << 32 | load_le32(at);
}

static uint64_t turn_right(uint64_t word, unsigned bits)
{
	return word >> bits | word << (64 - bits);
}

static void mix(uint64_t v[16], size_t a, size_t b, size_t c, size_t d, uint64_t x, uint64_t y)	/* G, RFC 7693, 3.1 */
{
	v[a] += v[b] + x;
	v[d] = turn_right(v[d] ^ v[a], 32);
	v[c] += v[d];
	v[b] = turn_right(v[b] ^ v[c], 24);
	v[a] += v[b] + y;
	v[d] = turn_right(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = turn_right(v[b] ^ v[c], 63);
}

static void compress(struct blake2b *hash, const uint8_t *block, bool is_last)	/* F, RFC 7693, 3.2 */
{
	uint64_t v[16], m[16];

	for (size_t i = 0; i < 8; i++) {
		v[i] = hash->state[i];
		v[i + 8] = initial[i];
	}
	v[12] ^= hash->count;
	v[14] ^= is_last ? UINT64_MAX : 0;
	for (size_t i = 0; i < 16; i++)
		m[i] = load_le64(block + 8 * i);
	for (size_t round = 0; round < ROUNDS; round++) {
		const uint8_t *s = schedule[round % ARRAY_SIZE(schedule)];

		for (size_t i = 0; i < 4; i++)
			mix(v, i, i + 4, i + 8, i + 12, m[s[2 * i]], m[s[2 * i + 1]]);
		for (size_t i = 0; i < 4; i++)
			mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[s[8 + 2 * i]], m[s[9 + 2 * i]]);
	}
	for (size_t i = 0; i < 8; i++)
		hash->state[i] ^= v[i] ^ v[i + 8];
}

void blake2b_init(struct blake2b *hash, size_t size)
{
	*hash = (struct blake2b){ .size = size };
	memcpy(hash->state, initial, sizeof(initial));
	hash->state[0] ^= 0x01010000 ^ size;	/* no key, one leaf: RFC 7693, 2.5 */
}

/* A full block stays until more comes: the last one is compressed in another way. */
void blake2b_add(struct blake2b *hash, struct bytes more)
{
	while (more.size > 0) {
		size_t room = BLAKE2B_BLOCK - hash->fill, part = more.size < room ? more.size : room;

		if (room == 0) {
			hash->count += BLAKE2B_BLOCK;
			compress(hash, hash->block, false);
			hash->fill = 0;
			continue;
		}
		memcpy(hash->block + hash->fill, more.data, part);
		hash->fill += part;
		more = bytes_from(more, part);
	}
}

void blake2b_end(struct blake2b *hash, uint8_t *ret_digest)
{
	hash->count += hash->fill;
	memset(hash->block + hash->fill, 0, BLAKE2B_BLOCK - hash->fill);
	compress(hash, hash->block, true);
	for (size_t i = 0; i < hash->size; i++)
		ret_digest[i] = (uint8_t)(hash->state[i / 8] >> 8 * (i % 8));
}
