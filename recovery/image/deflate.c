#include "recovery/image/deflate.h"

#include "src/base/text.h"

enum {
	/* RFC 1951, 3.2.7: a block with codes of its own */
	LENGTH_CODES_AT = 3,
	DISTANCE_CODES_AT = 3 + 5,
	COUNT_AT = 3 + 5 + 5,
	CODES_AT = 3 + 5 + 5 + 4,
	COUNT_BITS = 3,
	COUNT_CODES = 19,
	COUNT_CODES_SUM = 1 << 7,	/* of complete codes of at most seven bits */
	COPY_LAST = 16,
	FEW_ZEROS = 17,
	CODE_MAX = 15,			/* bits */
	ALL_CODES = 1 << CODE_MAX,
	/* 3.2.5 */
	BYTES_AND_END = 257,
	END_OF_BLOCK = 256,
	LENGTHS = 29,
	DISTANCES = 30,
	SYMBOLS_MAX = BYTES_AND_END + LENGTHS,
	/* of four of those counts at once */
	AT_ONCE_BITS = 4 * COUNT_BITS,
	AT_ONCE = 1 << AT_ONCE_BITS,
	/* 3.2.4 */
	STORED_HEADER = 4,
	STORED_MAX = 0xffff,
};

/* 3.2.2: codes of the same length follow each other in the order of what they stand for. */
struct code {
	uint16_t count[CODE_MAX + 1];	/* by length */
	uint16_t symbol[SYMBOLS_MAX];	/* in the order of the codes */
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

/* ---- does a last block begin here? ---- */

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
	return bits_at(data, bit + CODES_AT) & ((UINT64_C(1) << (COUNT_BITS * count_of_counts(data, bit))) - 1);
}

/* Of arbitrary bits some in a hundred are. */
static bool is_complete(const struct search *search, uint64_t counts)
{
	unsigned sum = 0;

	for (; counts != 0; counts >>= AT_ONCE_BITS)
		sum += search->sums[counts & (AT_ONCE - 1)];
	return sum == COUNT_CODES_SUM;
}

/* ---- its codes ---- */

/* Returns what part of all codes of CODE_MAX bits is not used: 0 for complete ones; below: there are too many. */
static int make_code(const uint8_t *lengths, unsigned size, struct code *to)
{
	uint16_t next[CODE_MAX + 1] = { 0 };
	int left = ALL_CODES;

	memset(to->count, 0, sizeof(to->count));
	for (unsigned i = 0; i < size; i++)
		to->count[lengths[i]]++;
	to->count[0] = 0;
	for (unsigned length = 1; length <= CODE_MAX; length++) {
		left -= to->count[length] << (CODE_MAX - length);
		if (length < CODE_MAX)
			next[length + 1] = (uint16_t)(next[length] + to->count[length]);
	}
	for (unsigned i = 0; i < size; i++)
		if (lengths[i] > 0)
			to->symbol[next[lengths[i]]++] = (uint16_t)i;
	return left;
}

/* 3.1.1: the highest bit of a code comes first. Returns the symbol; -1: no code is so. */
static int decode(const struct code *code, uint64_t bits, size_t *at)
{
	unsigned value = 0, first = 0, before = 0;

	for (unsigned length = 1; length <= CODE_MAX; length++, bits >>= 1) {
		unsigned count = code->count[length];

		value |= bits & 1;
		if (value < first + count) {
			*at += length;
			return code->symbol[before + value - first];
		}
		before += count;
		first = (first + count) << 1;
		value <<= 1;
	}
	return -1;
}

/* The lengths of both codes, one behind the other. False: there are more short ones than can be, as in nearly all arbitrary bits. */
static bool read_lengths(struct bytes data, const struct code *counts, unsigned bytes_codes, unsigned wanted, uint8_t *to, size_t *at)
{
	unsigned have = 0, used = 0;

	while (have < wanted) {
		uint64_t bits = bits_at(data, *at);
		size_t before = *at;
		int symbol = decode(counts, bits, at);
		unsigned times = 1;
		uint8_t length = 0;

		if (symbol < 0 || *at > data.size * 8 || (symbol == COPY_LAST && have == 0))
			return false;
		bits >>= *at - before;
		if (symbol < COPY_LAST)
			length = (uint8_t)symbol;
		else if (symbol == COPY_LAST) {
			length = to[have - 1];
			times = 3 + (bits & 3);
		} else
			times = symbol == FEW_ZEROS ? 3 + (bits & 7) : 11 + (bits & 0x7f);
		*at += symbol < COPY_LAST ? 0 : symbol == COPY_LAST ? 2 : symbol == FEW_ZEROS ? 3 : 7;
		if (times > wanted - have)
			return false;
		for (; times > 0; times--, have++) {
			used += length > 0 && have < bytes_codes ? ALL_CODES >> length : 0;
			to[have] = length;
		}
		if (used > ALL_CODES)
			return false;
	}
	return true;
}

/* 3.2.7; of distances there may be one or none. */
static bool read_codes(struct bytes data, uint64_t counts, size_t *at, struct code *symbols, struct code *distances)
{
	static const uint8_t order[COUNT_CODES] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	uint64_t head = bits_at(data, *at);
	unsigned symbol_count = (unsigned)(head >> LENGTH_CODES_AT & 0x1f) + BYTES_AND_END;
	unsigned distance_count = (unsigned)(head >> DISTANCE_CODES_AT & 0x1f) + 1;
	uint8_t lengths[SYMBOLS_MAX + DISTANCES] = { 0 };
	struct code of_lengths;
	int left;

	for (unsigned i = 0; i < COUNT_CODES; i++)
		lengths[order[i]] = counts >> (COUNT_BITS * i) & 7;
	make_code(lengths, COUNT_CODES, &of_lengths);
	*at += CODES_AT + COUNT_BITS * count_of_counts(data, *at);
	if (!read_lengths(data, &of_lengths, symbol_count, symbol_count + distance_count, lengths, at) || lengths[END_OF_BLOCK] == 0 ||
	    make_code(lengths, symbol_count, symbols) != 0)
		return false;
	left = make_code(lengths + symbol_count, distance_count, distances);
	return left == 0 || left == ALL_CODES || (left == ALL_CODES / 2 && distances->count[1] == 1);
}

/* ---- up to its end ---- */

/* Each symbol, and what it stands for passed over. Returns the byte behind the end of the block; 0: there is none. */
static size_t follow(struct bytes data, size_t at, const struct code *symbols, const struct code *distances)
{
	static const uint8_t length_bits[LENGTHS] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };

	while (at < data.size * 8) {
		int symbol = decode(symbols, bits_at(data, at), &at), distance;

		if (symbol == END_OF_BLOCK)
			return (at + 7) / 8;
		if (symbol < END_OF_BLOCK && symbol >= 0)
			continue;
		if (symbol < 0)
			return 0;
		at += length_bits[symbol - BYTES_AND_END];
		distance = decode(distances, bits_at(data, at), &at);
		if (distance < 0)
			return 0;
		/* 3.2.5: two distances for each number of bits, from the fourth on */
		at += distance < 4 ? 0 : (unsigned)distance / 2 - 1;
	}
	return 0;
}

static size_t end_of_block(const struct search *search, size_t bit)
{
	uint64_t counts = counts_at(search->tail, bit);
	struct code symbols, distances;

	if (!is_complete(search, counts) || !read_codes(search->tail, counts, &bit, &symbols, &distances))
		return 0;
	return follow(search->tail, bit, &symbols, &distances);
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

/* ---- blocks without codes of their own ---- */

/* 3.2.4: the last bytes as they are, often none of them, behind their number and its complement. */
static bool is_stored_last(struct bytes stream)
{
	for (size_t size = 0; size <= STORED_MAX && size + STORED_HEADER < stream.size; size++) {
		const uint8_t *header = stream.data + stream.size - size - STORED_HEADER;

		/* before it three bits, 1, 0, 0, and zeros that fill the last one's byte */
		if (((unsigned)header[0] | (unsigned)header[1] << 8) == size && (header[0] ^ header[2]) == 0xff && (header[1] ^ header[3]) == 0xff &&
		    header[-1] < 0x40)
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
