#include "recovery/image/block_codecs.h"

#include <stdbool.h>

#define LZ4_FRAME UINT32_C(0x184d2204)
#define LZ4_STORED UINT32_C(0x80000000)

/* What is taken and what came out. */
struct codec {
	struct bytes in;
	uint8_t *to;
	size_t room, out;
	bool is_broken;
};

static uint8_t take(struct codec *codec)
{
	uint8_t byte;

	if (codec->in.size == 0) {
		codec->is_broken = true;
		return 0;
	}
	byte = codec->in.data[0];
	codec->in = bytes_from(codec->in, 1);
	return byte;
}

static void copy_literals(struct codec *codec, size_t count)
{
	size_t fits = codec->room - codec->out;

	codec->is_broken |= count > codec->in.size;
	if (codec->is_broken)
		return;
	memcpy(codec->to + codec->out, codec->in.data, count < fits ? count : fits);
	codec->out += count < fits ? count : fits;
	codec->in = bytes_from(codec->in, count);
}

/* May overlap what it writes: byte by byte, as the formats mean it. */
static void copy_match(struct codec *codec, size_t distance, size_t count)
{
	codec->is_broken |= distance == 0 || distance > codec->out;
	for (; !codec->is_broken && count > 0 && codec->out < codec->room; count--, codec->out++)
		codec->to[codec->out] = codec->to[codec->out - distance];
}

static bool goes_on(const struct codec *codec)
{
	return !codec->is_broken && codec->in.size > 0 && codec->out < codec->room;
}

/* A length that went over its bits: each step of more says that another one follows. */
static size_t take_long(struct codec *codec, size_t length, uint8_t more)
{
	uint8_t byte;

	do {
		byte = take(codec);
		length += more == 0 && byte == 0 ? 255 : byte;
	} while (byte == more && !codec->is_broken);
	return length;
}

size_t lz4_block_unpack(struct bytes in, uint8_t *to, size_t room)
{
	struct codec codec = { .in = in, .to = to, .room = room };

	while (goes_on(&codec)) {
		uint8_t token = take(&codec);
		size_t literals = token >> 4, match = token & 15, distance;

		if (literals == 15)
			literals = take_long(&codec, literals, 255);
		copy_literals(&codec, literals);
		if (!goes_on(&codec))
			break;	/* the last sequence has no match */
		distance = take(&codec);
		distance |= (size_t)take(&codec) << 8;
		if (match == 15)
			match = take_long(&codec, match, 255);
		copy_match(&codec, distance, match + 4);
	}
	return codec.out;
}

size_t lz4_head_unpack(struct bytes file, uint8_t *to, size_t room)
{
	bool is_frame = file.size > 7 && load_le32(file.data) == LZ4_FRAME;
	size_t at = !is_frame ? 4 : 7u + (file.data[4] & 8 ? 8 : 0) + (file.data[4] & 1 ? 4 : 0);
	struct bytes block = bytes_from(file, at + 4);
	uint32_t size;

	if (block.size == 0)
		return 0;
	size = load_le32(file.data + at);
	if (block.size > (size & ~LZ4_STORED))
		block.size = size & ~LZ4_STORED;
	if (!is_frame || (size & LZ4_STORED) == 0)
		return lz4_block_unpack(block, to, room);
	if (block.size > room)
		block.size = room;
	memcpy(to, block.data, block.size);
	return block.size;
}

/* What an instruction of lzo.rst asks for; the state says how many literals the one before it left behind. */
static void lzo_literals(struct codec *codec, uint8_t code)
{
	copy_literals(codec, 3 + (code != 0 ? code : take_long(codec, 15, 0)));
}

/* Returns how many literals follow; 5: the end of the stream. */
static unsigned lzo_match(struct codec *codec, uint8_t code, unsigned state)
{
	size_t length, distance, low;

	if (code < 16) {
		distance = ((size_t)take(codec) << 2) + (code >> 2 & 3) + (state == 4 ? 2049 : 1);
		copy_match(codec, distance, state == 4 ? 3 : 2);
		return code & 3;
	}
	if (code >= 64) {
		length = code >= 128 ? 5u + (code >> 5 & 3) : 3u + (code >> 5 & 1);
		distance = ((size_t)take(codec) << 3) + (code >> 2 & 7) + 1;
		copy_match(codec, distance, length);
		return code & 3;
	}
	length = code & (code >= 32 ? 31 : 7);
	if (length == 0)
		length = take_long(codec, code >= 32 ? 31 : 7, 0);
	low = take(codec);
	low |= (size_t)take(codec) << 8;
	distance = code >= 32 ? (low >> 2) + 1 : 16384 + ((size_t)(code & 8) << 11) + (low >> 2);
	if (distance == 16384 && code < 32)
		return 5;
	copy_match(codec, distance, length + 2);
	return low & 3;
}

size_t lzo1x_unpack(struct bytes in, uint8_t *to, size_t room)
{
	struct codec codec = { .in = in, .to = to, .room = room };
	unsigned state = 0;

	if (in.size > 0 && in.data[0] > 17) {
		unsigned count = take(&codec) - 17u;

		copy_literals(&codec, count);
		state = count < 4 ? count : 4;
	}
	while (goes_on(&codec) && state <= 4) {
		uint8_t code = take(&codec);

		if (code < 16 && state == 0) {
			lzo_literals(&codec, code);
			state = 4;
			continue;
		}
		state = lzo_match(&codec, code, state);
		if (state <= 3)
			copy_literals(&codec, state);
	}
	return codec.out;
}

/* A byte, and how many bytes follow as they followed the same byte the last time. */
size_t rtime_unpack(struct bytes in, uint8_t *to, size_t room)
{
	struct codec codec = { .in = in, .to = to, .room = room };
	size_t last[256] = { 0 };

	while (goes_on(&codec)) {
		uint8_t byte = take(&codec), repeat = take(&codec);
		size_t from = last[byte];

		codec.to[codec.out++] = byte;
		last[byte] = codec.out;
		for (; repeat > 0 && codec.out < codec.room; repeat--)
			codec.to[codec.out++] = codec.to[from++];
	}
	return codec.out;
}
