#include "recovery/image/inflate.h"

#include "src/base/crc.h"

enum {
	WINDOW = 32768,		/* how far back a match reaches */
	BUFFER = 2 * WINDOW,
	CODE_BITS = 15,
	ALL_CODES = 1 << CODE_BITS,
	FAST_BITS = 9,
	LITERALS = 288, DISTANCES = 32, LENGTHS = 19,
	END_OF_BLOCK = 256,
};

/* A canonical Huffman code (3.2.2). */
struct code {
	uint16_t fast[1 << FAST_BITS];	/* symbol << 4 | length; 0: longer than that */
	uint16_t count[CODE_BITS + 1];
	uint16_t symbols[LITERALS];	/* in the order of their codes */
};

struct inflate {
	struct bytes in;
	uint64_t taken;		/* bytes of in */
	uint64_t bits;
	unsigned bit_count;
	bool is_broken, is_full;
	bool is_blind;		/* what came before is not known: it is only read */
	uint64_t out, limit;
	uint32_t crc;
	size_t summed;		/* up to here in buffer */
	size_t at;
	uint8_t *to;
	size_t room;
	struct code literals, distances;
	uint8_t buffer[BUFFER];
};

static void fill(struct inflate *state)
{
	while (state->bit_count <= 48 && state->taken < state->in.size) {
		state->bits |= (uint64_t)state->in.data[state->taken++] << state->bit_count;
		state->bit_count += 8;
	}
}

static uint32_t take_bits(struct inflate *state, unsigned count)
{
	uint32_t value;

	if (state->bit_count < count)
		fill(state);
	if (state->bit_count < count) {
		state->is_broken = true;
		return 0;
	}
	value = (uint32_t)(state->bits & ((UINT64_C(1) << count) - 1));
	state->bits >>= count;
	state->bit_count -= count;
	return value;
}

/* The first half goes when both are full: what matches reach back to stays. */
static void make_room(struct inflate *state)
{
	state->crc = crc32_update(state->crc, bytes_of(state->buffer + state->summed, state->at - state->summed));
	memmove(state->buffer, state->buffer + WINDOW, WINDOW);
	state->at = state->summed = WINDOW;
}

static void put(struct inflate *state, uint8_t byte)
{
	if (state->is_blind)
		return;
	if (state->out == state->limit) {
		state->is_full = true;
		return;
	}
	if (state->out < state->room)
		state->to[state->out] = byte;
	if (state->at == BUFFER)
		make_room(state);
	state->buffer[state->at++] = byte;
	state->out++;
}

/* A code has as many symbols as its bits allow; only one that stands alone (3.2.7) or none leaves some unused. False: neither is so. */
static bool build(struct code *code, const uint8_t *lengths, unsigned count)
{
	uint16_t next[CODE_BITS + 2] = { 0 }, first[CODE_BITS + 2] = { 0 };
	int left = 1;

	memset(code, 0, sizeof(*code));
	for (unsigned i = 0; i < count; i++)
		code->count[lengths[i]]++;
	code->count[0] = 0;
	for (unsigned length = 1; length <= CODE_BITS; length++) {
		left = left * 2 - code->count[length];
		if (left < 0)
			return false;
		first[length + 1] = (uint16_t)((first[length] + code->count[length]) << 1);
		next[length + 1] = (uint16_t)(next[length] + code->count[length]);
	}
	for (unsigned i = 0; i < count; i++) {
		unsigned length = lengths[i], value, reversed = 0;

		if (length == 0)
			continue;
		code->symbols[next[length]++] = (uint16_t)i;
		value = first[length]++;
		for (unsigned bit = 0; bit < length; bit++)
			reversed |= (value >> bit & 1) << (length - 1 - bit);
		for (unsigned at = reversed; length <= FAST_BITS && at < 1u << FAST_BITS; at += 1u << length)
			code->fast[at] = (uint16_t)(i << 4 | length);
	}
	return left == 0 || next[CODE_BITS + 1] == 0 || (next[CODE_BITS + 1] == 1 && code->count[1] == 1);
}

/* Codes come with their highest bit first, and in order: of each length the first follows from those before. */
static unsigned take_symbol(struct inflate *state, const struct code *code)
{
	unsigned value = 0, first = 0, index = 0, fast;

	if (state->bit_count < CODE_BITS)
		fill(state);
	fast = code->fast[state->bits & ((1u << FAST_BITS) - 1)];
	if (fast != 0 && (fast & 15) <= state->bit_count) {
		(void)take_bits(state, fast & 15);
		return fast >> 4;
	}
	for (unsigned length = 1; length <= CODE_BITS && !state->is_broken; length++) {
		value |= take_bits(state, 1);
		if (value < first + code->count[length])
			return code->symbols[index + value - first];
		index += code->count[length];
		first = (first + code->count[length]) << 1;
		value <<= 1;
	}
	state->is_broken = true;
	return END_OF_BLOCK;
}

static size_t smaller(size_t a, uint64_t b)
{
	return a < b ? a : (size_t)b;
}

static void repeat(struct inflate *state, unsigned distance, unsigned length)
{
	while (length > 0) {
		size_t count, kept;

		if (state->at == BUFFER)
			make_room(state);
		count = smaller(smaller(length, BUFFER - state->at), state->limit - state->out);
		if (count == 0) {
			state->is_full = true;
			return;
		}
		for (size_t i = 0; i < count; i++)
			state->buffer[state->at + i] = state->buffer[state->at + i - distance];
		kept = state->out < state->room ? smaller(count, state->room - state->out) : 0;
		if (kept > 0)
			memcpy(state->to + state->out, state->buffer + state->at, kept);
		state->at += count;
		state->out += count;
		length -= (unsigned)count;
	}
}

/* 3.2.5 */
static void copy_match(struct inflate *state, unsigned symbol)
{
	static const uint16_t lengths[] = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163,
					    195, 227, 258 };
	static const uint8_t length_bits[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
	unsigned length, distance, code, extra;

	symbol -= END_OF_BLOCK + 1;
	if (symbol >= sizeof(length_bits)) {
		state->is_broken = true;
		return;
	}
	length = lengths[symbol] + take_bits(state, length_bits[symbol]);
	code = take_symbol(state, &state->distances);
	if (code >= 30) {
		state->is_broken = true;
		return;
	}
	extra = code < 4 ? 0 : code / 2 - 1;
	distance = code < 4 ? code + 1 : ((2 + code % 2) << extra) + 1;
	distance += take_bits(state, extra);
	if (state->is_blind)
		return;
	state->is_broken |= distance > state->out || distance > WINDOW;
	if (!state->is_broken)
		repeat(state, distance, length);
}

static void take_stored(struct inflate *state)
{
	uint32_t length, inverted;

	(void)take_bits(state, state->bit_count % 8);
	length = take_bits(state, 16);
	inverted = take_bits(state, 16);
	state->is_broken |= (length ^ inverted) != 0xffff;
	while (!state->is_broken && !state->is_full && length-- > 0) {
		uint8_t byte = (uint8_t)take_bits(state, 8);

		if (!state->is_broken)
			put(state, byte);
	}
}

static void fixed_codes(struct inflate *state)
{
	uint8_t lengths[LITERALS];

	for (unsigned i = 0; i < LITERALS; i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	(void)build(&state->literals, lengths, LITERALS);
	memset(lengths, 5, 30);
	(void)build(&state->distances, lengths, 30);
}

/* 3.2.7: the lengths of both codes, themselves in a code. */
static void take_codes(struct inflate *state)
{
	static const uint8_t order[LENGTHS] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	unsigned literals = take_bits(state, 5) + 257, distances = take_bits(state, 5) + 1, count = take_bits(state, 4) + 4, at = 0, used = 0;
	uint8_t lengths[LITERALS + DISTANCES + 258] = { 0 };

	for (unsigned i = 0; i < count; i++)
		lengths[order[i]] = (uint8_t)take_bits(state, 3);
	if (literals > 286 || distances > 30 || !build(&state->literals, lengths, LENGTHS)) {
		state->is_broken = true;
		return;
	}
	memset(lengths, 0, sizeof(lengths));
	while (at < literals + distances && !state->is_broken) {
		unsigned from = at;
		unsigned symbol = take_symbol(state, &state->literals), times = 1;
		uint8_t length = (uint8_t)symbol;

		if (symbol >= 16) {
			length = symbol == 16 && at > 0 ? lengths[at - 1] : 0;
			state->is_broken |= symbol > 18 || (symbol == 16 && at == 0);
			times = symbol == 16 ? 3 + take_bits(state, 2) : symbol == 17 ? 3 + take_bits(state, 3) : 11 + take_bits(state, 7);
		}
		while (times-- > 0)
			lengths[at++] = length;
		/* of arbitrary bits this is seen long before the end */
		for (; length > 0 && from < at && from < literals; from++)
			used += ALL_CODES >> length;
		state->is_broken |= used > ALL_CODES;
	}
	state->is_broken |= at > literals + distances || lengths[END_OF_BLOCK] == 0 || !build(&state->literals, lengths, literals) ||
			    !build(&state->distances, lengths + literals, distances);
}

static void take_block(struct inflate *state, unsigned type)
{
	if (type == 0) {
		take_stored(state);
		return;
	}
	if (type == 1)
		fixed_codes(state);
	else if (type == 2)
		take_codes(state);
	else
		state->is_broken = true;
	while (!state->is_broken && !state->is_full) {
		unsigned symbol = take_symbol(state, &state->literals);

		if (symbol == END_OF_BLOCK)
			return;
		if (symbol < END_OF_BLOCK)
			put(state, (uint8_t)symbol);
		else
			copy_match(state, symbol);
	}
}

struct inflated inflate_all(struct bytes in, uint64_t limit, uint8_t *to, size_t room)
{
	struct inflate state;
	struct inflated result = { IMAGE_NO, 0, 0, 0 };
	bool is_last = false;

	/* the buffer is 64 KiB: written before it is read */
	memset(&state, 0, offsetof(struct inflate, buffer));
	state.in = in;
	state.limit = limit;
	state.to = to;
	state.room = room;
	while (!is_last && !state.is_broken && !state.is_full) {
		is_last = take_bits(&state, 1);
		take_block(&state, take_bits(&state, 2));
	}
	result.size = state.out;
	result.crc32 = crc32_update(state.crc, bytes_of(state.buffer + state.summed, state.at - state.summed));
	result.used = state.taken - state.bit_count / 8;
	if (!state.is_broken)
		result.end = state.is_full ? IMAGE_UNKNOWN : IMAGE_YES;
	return result;
}

uint64_t inflate_last_block(struct bytes in, uint64_t bit)
{
	struct inflate state;

	memset(&state, 0, offsetof(struct inflate, buffer));
	state.in = in;
	state.taken = bit / 8;
	state.is_blind = true;
	(void)take_bits(&state, bit % 8);
	if (take_bits(&state, 1) == 0)
		return 0;
	take_block(&state, take_bits(&state, 2));
	return state.is_broken ? 0 : state.taken - state.bit_count / 8;
}

size_t inflate_head(struct bytes in, uint8_t *to, size_t room)
{
	uint64_t size = inflate_all(in, room, to, room).size;

	return (size_t)size;
}
