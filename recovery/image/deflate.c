#include "recovery/image/deflate.h"

#include "recovery/image/inflate.h"

enum {
	/* RFC 1951, 3.2.7: a block with codes of its own */
	LENGTH_CODES_AT = 3,
	DISTANCE_CODES_AT = 3 + 5,
	COUNT_AT = 3 + 5 + 5,
	COUNTS_AT = 3 + 5 + 5 + 4,
	COUNT_BITS = 3,
	COUNT_CODES_SUM = 1 << 7,	/* of complete codes of at most seven bits */
	/* of four of those counts at once */
	AT_ONCE_BITS = 4 * COUNT_BITS,
	AT_ONCE = 1 << AT_ONCE_BITS,
	/* 3.2.4 */
	STORED_HEADER = 4,
	STORED_MAX = 0xffff,
};

struct search {
	struct bytes tail;
	uint16_t sums[AT_ONCE];		/* of what so many counts use up, in parts of COUNT_CODES_SUM */
};

/* At least 57 bits; zeros behind the end. */
static uint64_t bits_at(struct bytes data, size_t bit)
{
	uint8_t near[8] = { 0 };
	struct bytes from = bytes_from(data, bit / 8);

	memcpy(near, from.data, from.size < sizeof(near) ? from.size : sizeof(near));
	return ((uint64_t)load_le32(near + 4) << 32 | load_le32(near)) >> bit % 8;
}

/* A bit for each of the first eight at which a last block with codes of its own may begin: 1, 0, 1, and then no more codes than there are, which
 * are those of which the upper four bits of the number are not all set. */
static unsigned may_begin(uint64_t bits)
{
	uint64_t begins = bits & ~(bits >> 1) & bits >> 2, all_set = bits & bits >> 1 & bits >> 2 & bits >> 3;

	return (unsigned)(begins & ~(all_set >> (LENGTH_CODES_AT + 1)) & ~(all_set >> (DISTANCE_CODES_AT + 1))) & 0xff;
}

static void prepare_sums(struct search *search)
{
	for (unsigned counts = 0; counts < AT_ONCE; counts++)
		for (unsigned bit = 0; bit < AT_ONCE_BITS; bit += COUNT_BITS)
			search->sums[counts] += (uint16_t)((COUNT_CODES_SUM >> (counts >> bit & 7)) & (COUNT_CODES_SUM - 1));
}

static unsigned count_of_counts(struct bytes data, size_t bit)
{
	return (unsigned)(bits_at(data, bit) >> COUNT_AT & 0xf) + 4;
}

/* The lengths of the codes that the other codes' lengths are written in. */
static uint64_t counts_at(struct bytes data, size_t bit)
{
	return bits_at(data, bit + COUNTS_AT) & ((UINT64_C(1) << (COUNT_BITS * count_of_counts(data, bit))) - 1);
}

/* Of arbitrary bits some in a hundred are. */
static bool is_complete(const struct search *search, uint64_t counts)
{
	unsigned sum = 0;

	for (; counts != 0; counts >>= AT_ONCE_BITS)
		sum += search->sums[counts & (AT_ONCE - 1)];
	return sum == COUNT_CODES_SUM;
}

static size_t end_of_block(const struct search *search, size_t bit)
{
	return is_complete(search, counts_at(search->tail, bit)) ? (size_t)inflate_last_block(search->tail, bit) : 0;
}

static size_t find_own_codes(const struct search *search, size_t behind, bool (*may_follow)(struct bytes rest))
{
	for (size_t at = search->tail.size - behind; at-- > 0; ) {
		unsigned begins = may_begin(bits_at(search->tail, at * 8));

		for (unsigned bit = 8; begins != 0 && bit-- > 0; begins &= (1u << bit) - 1) {
			size_t end = begins >> bit & 1 ? end_of_block(search, at * 8 + bit) : 0;

			if (end > 0 && end + behind <= search->tail.size && may_follow(bytes_from(search->tail, end + behind)))
				return end;
		}
	}
	return 0;
}

/* 3.2.4: the last bytes as they are, often none of them, behind their number and its complement. */
static bool is_stored_last(struct bytes stream)
{
	for (size_t size = 0; size <= STORED_MAX && size + STORED_HEADER + 1 < stream.size; size++) {
		const uint8_t *header = stream.data + stream.size - size - STORED_HEADER;

		/* before it three bits, 1, 0, 0, and zeros that fill the last one's byte: its highest bit that is set is the first of the three */
		if (((unsigned)header[0] | (unsigned)header[1] << 8) == size && (header[0] ^ header[2]) == 0xff && (header[1] ^ header[3]) == 0xff &&
		    (header[-1] != 0 ? header[-1] < 0x40 : header[-2] >= 0x40))
			return true;
	}
	return false;
}

/* What zlib's deflate writes at the end where it was flushed before (Z_SYNC_FLUSH): an empty block as it is, and an empty last one with the fixed
 * codes (3.2.6). Of one with contents nothing can be said: any bits can be read with those. */
static bool is_flushed_end(struct bytes stream)
{
	static const uint8_t end[] = { 0x00, 0x00, 0xff, 0xff, 0x03, 0x00 };

	return stream.size > sizeof(end) && memcmp(stream.data + stream.size - sizeof(end), end, sizeof(end)) == 0;
}

size_t deflate_find_end(struct bytes tail, size_t behind, bool (*may_follow)(struct bytes rest))
{
	struct search search = { .tail = tail };
	size_t end;

	if (tail.size <= behind)
		return 0;
	end = tail.size - behind;
	if (is_stored_last(bytes_of(tail.data, end)) || is_flushed_end(bytes_of(tail.data, end)))
		return end;
	prepare_sums(&search);
	return find_own_codes(&search, behind, may_follow);
}
