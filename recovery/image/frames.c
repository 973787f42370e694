/* recovery/image/frames.c
 *
 * Compressed files that say how long each block is, so that their end is found without unpacking: zstd, LZ4, lzop.
 * Source: RFC 8878 (zstd); lz4 doc/lz4_Frame_format.md 1.6.3; lzop 1.04 as lzop(1) writes it. */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

/* What a walk over the blocks came to. */
struct walk {
	uint64_t end;			/* of the frame */
	bool is_complete;		/* the end was seen */
	bool is_broken;			/* a block that cannot be; or the file ends first */
	uint64_t broken_at;
	bool has_checksum;		/* of the contents */
};

static bool need(const struct image_input *in, struct walk *walk, uint64_t size)
{
	if (image_in_memory(in, walk->end, size))
		return true;
	/* in memory or not: a file that ends here is cut off */
	walk->is_broken = walk->end > in->size || size > in->size - walk->end;
	walk->broken_at = in->size;
	return false;
}

static void conclude(const struct image_input *in, struct image_facts *facts, const struct walk *walk, const char *compression)
{
	enum image_answer contents;
	uint64_t used;

	text_copy(facts->compression, sizeof(facts->compression), compression);
	text_copy(facts->checked, sizeof(facts->checked), walk->has_checksum ? "the lengths of its blocks; its checksum needs unpacking" :
		  "the lengths of its blocks; it has no checksum of its contents");
	contents = image_look_inside_stream(in, facts, 0, walk->is_complete ? walk->end : in->size, compression, &used);
	if (walk->is_broken) {
		if (walk->broken_at >= in->size)
			image_broken(facts, in->size, "it is cut off: its last block is not all there");
		else
			image_broken(facts, walk->broken_at, "its block at byte %" PRIu64 " is damaged", walk->broken_at);
		return;
	}
	if (!walk->is_complete)
		return;
	facts->declared_size = walk->end;
	if (contents == IMAGE_NO)
		image_broken(facts, 0, "it cannot be unpacked to its end: its contents are damaged");
	else if (contents == IMAGE_YES && walk->has_checksum)
		image_unpacked_well(facts);
}

/* --- zstd --- */

enum { FORGET_EACH = 8 * 1024 * 1024, ZSTD_HEADER = 5, ZSTD_BLOCK = 3, ZSTD_BLOCK_MAX = 128 * 1024 };

static bool is_zstd(const struct image_input *in)
{
	/* 3.1.1.1.1: bit 3 of the descriptor is reserved */
	return in->data.size > ZSTD_HEADER && image_starts_with(in->data, BYTES("\x28\xb5\x2f\xfd")) && (in->data.data[4] & 8) == 0;
}

/* 3.1.1.1: what follows the descriptor. */
static unsigned zstd_header_size(uint8_t descriptor)
{
	static const uint8_t dictionary[4] = { 0, 1, 2, 4 };
	bool is_single = descriptor & 0x20;
	unsigned contents = descriptor >> 6 == 0 ? is_single : 1u << (descriptor >> 6);

	return ZSTD_HEADER + !is_single + dictionary[descriptor & 3] + contents;
}

static void inspect_zstd(const struct image_input *in, struct image_facts *facts)
{
	struct walk walk = { .has_checksum = in->data.data[4] & 4 };
	bool is_last = false;

	walk.end = zstd_header_size(in->data.data[4]);
	while (!is_last && need(in, &walk, ZSTD_BLOCK)) {
		const uint8_t *block = in->data.data + walk.end;
		uint32_t head = (uint32_t)block[2] << 16 | (uint32_t)block[1] << 8 | block[0], size = head >> 3;
		unsigned type = head >> 1 & 3;

		/* 3.1.1.2: type 3 is reserved; a block of one repeated byte has that byte */
		if (type == 3 || (type != 1 && size > ZSTD_BLOCK_MAX)) {
			walk.is_broken = true;
			walk.broken_at = walk.end;
			break;
		}
		is_last = head & 1;
		walk.end += ZSTD_BLOCK + (type == 1 ? 1 : size);
		if (in->ops->forget != NULL && walk.end / FORGET_EACH != (uint64_t)(block - in->data.data) / FORGET_EACH)
			in->ops->forget(in->ops->user, image_slice(in, 0, walk.end));
	}
	if (is_last && need(in, &walk, walk.has_checksum ? 4 : 0)) {
		walk.end += walk.has_checksum ? 4 : 0;
		walk.is_complete = true;
	}
	conclude(in, facts, &walk, "zstd");
}

const struct image_format image_format_zstd = {
	.word = "zstd", .is_carrier = true, .title = "zstd file", .matches = is_zstd, .inspect = inspect_zstd,
};

/* --- LZ4 --- */

enum { LZ4_MAGIC = 0x184d2204, LZ4_LEGACY = 0x184c2102, LZ4_LEGACY_BLOCK = 8 * 1024 * 1024, LZ4_STORED = 0x80000000 };

static bool is_lz4(const struct image_input *in)
{
	uint32_t magic = in->data.size >= 8 ? load_le32(in->data.data) : 0;

	if (magic == LZ4_LEGACY)	/* a block grows by less than 1/255 when it cannot be packed */
		return load_le32(in->data.data + 4) > 0 && load_le32(in->data.data + 4) <= LZ4_LEGACY_BLOCK + LZ4_LEGACY_BLOCK / 255 + 16;
	return magic == LZ4_MAGIC && in->data.data[4] >> 6 == 1 && (in->data.data[4] & 2) == 0 && (in->data.data[5] & 0x8f) == 0 &&
	       in->data.data[5] >> 4 >= 4;
}

/* Blocks up to the end of the file: there is no end mark, and what Linux builds stick to it is four bytes of unpacked size. */
static void walk_legacy(const struct image_input *in, struct walk *walk)
{
	walk->end = 4;
	while (walk->end < in->size && image_in_memory(in, walk->end, 4)) {
		uint32_t size = load_le32(in->data.data + walk->end);

		if (size == 0 || size > LZ4_LEGACY_BLOCK + LZ4_LEGACY_BLOCK / 255 + 16 || in->size - walk->end <= 4)
			break;
		if (size > in->size - walk->end - 4) {
			walk->is_broken = true;
			walk->broken_at = in->size;
			return;
		}
		walk->end += 4 + (uint64_t)size;
	}
	walk->is_complete = walk->end <= in->data.size;
}

static void walk_lz4(const struct image_input *in, struct walk *walk)
{
	uint8_t flags = in->data.data[4];
	uint64_t most = UINT64_C(1) << (8 + 2 * (in->data.data[5] >> 4));

	walk->has_checksum = flags & 4;
	walk->end = 7 + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0);
	while (need(in, walk, 4)) {
		uint32_t size = load_le32(in->data.data + walk->end);

		if ((size & ~LZ4_STORED) > most) {
			walk->is_broken = true;
			walk->broken_at = walk->end;
			return;
		}
		walk->end += 4;
		if (size == 0) {
			walk->end += walk->has_checksum ? 4 : 0;
			walk->is_broken = walk->end > in->size;
			walk->broken_at = in->size;
			walk->is_complete = !walk->is_broken;
			return;
		}
		walk->end += (size & ~LZ4_STORED) + (flags & 0x10 ? 4u : 0);
	}
}

static void inspect_lz4(const struct image_input *in, struct image_facts *facts)
{
	struct walk walk = { 0 };

	if (load_le32(in->data.data) == LZ4_LEGACY)
		walk_legacy(in, &walk);
	else
		walk_lz4(in, &walk);
	conclude(in, facts, &walk, "lz4");
}

const struct image_format image_format_lz4 = {
	.word = "lz4", .is_carrier = true, .title = "LZ4 file", .matches = is_lz4, .inspect = inspect_lz4,
};

/* --- lzop --- */

enum {
	LZOP_MAGIC = 9,
	LZOP_BLOCK_MAX = 64 * 1024 * 1024,
	/* flags */
	LZOP_ADLER_UNPACKED = 1, LZOP_ADLER_PACKED = 2, LZOP_EXTRA = 0x40, LZOP_CRC_UNPACKED = 0x100, LZOP_CRC_PACKED = 0x200, LZOP_FILTER = 0x800,
};

static bool is_lzop(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\x89LZO\0\r\n\x1a\n"));
}

/* version, library version, [needed version], method, [level], flags, [filter], mode, time, [time], name, checksum. */
static bool lzop_header(const struct image_input *in, struct image_facts *facts, struct walk *walk, uint32_t *ret_flags)
{
	const uint8_t *header = in->data.data;
	uint64_t at = LZOP_MAGIC;
	bool is_new;

	if (!image_in_memory(in, 0, 40))
		return false;
	is_new = load_be16(header + at) >= 0x0940;
	at += is_new ? 8 : 5;
	*ret_flags = load_be32(header + at);
	at += 4 + (*ret_flags & LZOP_FILTER ? 4 : 0) + 8 + (is_new ? 4 : 0);
	image_set_name(facts, image_slice(in, at + 1, header[at]));
	walk->end = at + 1 + header[at] + 4;
	return (*ret_flags & LZOP_EXTRA) == 0;
}

static void inspect_lzop(const struct image_input *in, struct image_facts *facts)
{
	struct walk walk = { 0 };
	uint32_t flags = 0;

	if (!lzop_header(in, facts, &walk, &flags)) {
		text_copy(facts->checked, sizeof(facts->checked), "nothing");
		text_copy(facts->compression, sizeof(facts->compression), "lzo");
		return;
	}
	walk.has_checksum = flags & (LZOP_ADLER_UNPACKED | LZOP_CRC_UNPACKED);
	while (need(in, &walk, 4)) {
		uint32_t unpacked = load_be32(in->data.data + walk.end), packed;

		walk.end += 4;
		walk.is_complete = unpacked == 0;
		if (unpacked == 0 || !need(in, &walk, 4))
			break;
		packed = load_be32(in->data.data + walk.end);
		if (unpacked > LZOP_BLOCK_MAX || packed == 0 || packed > unpacked) {
			walk.is_broken = true;
			walk.broken_at = walk.end - 4;
			break;
		}
		walk.end += 4 + (uint64_t)packed + (flags & LZOP_ADLER_UNPACKED ? 4 : 0) + (flags & LZOP_CRC_UNPACKED ? 4 : 0);
		/* a stored block has no checksum of its packed form */
		if (packed < unpacked)
			walk.end += (flags & LZOP_ADLER_PACKED ? 4u : 0) + (flags & LZOP_CRC_PACKED ? 4u : 0);
	}
	conclude(in, facts, &walk, "lzo");
}

const struct image_format image_format_lzop = {
	.word = "lzop", .is_carrier = true, .title = "lzop file", .matches = is_lzop, .inspect = inspect_lzop,
};
