/* recovery/image/packed.c
 *
 * Files that are one compressed stream whose length only unpacking tells: gzip, bzip2, LZMA alone. Where nobody unpacks, their
 * checksums stay unchecked.
 * Source: RFC 1952 (gzip); bzip2 1.0 as bzip2(1) writes it; "LZMA specification" of the LZMA SDK, .lzma file format. */
#include "recovery/image/deflate.h"
#include "recovery/image/format.h"
#include "src/base/text.h"

enum { HEAD = 4096, ERASED = 64 };

void image_unpacked_well(struct image_facts *facts)
{
	if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
	text_copy(facts->checked, sizeof(facts->checked), "its checksum of the contents");
}

/* Padding up to an erase block, and something behind it. No compressed stream holds so many bytes that are all the same. */
static bool is_start_of_a_flash(const struct image_input *in)
{
	for (uint64_t i = 1; in->depth == 0 && i <= IMAGE_SCAN_OFFSETS && i * IMAGE_PART_ALIGNMENT < in->data.size; i++) {
		uint64_t at = i * IMAGE_PART_ALIGNMENT;
		struct bytes before = image_slice(in, at - ERASED, ERASED);

		if (image_padding(before) == ERASED && in->data.data[at] != before.data[0])
			return true;
	}
	return false;
}

void image_miss_end(const struct image_input *in, struct image_facts *facts, uint64_t end)
{
	if (is_start_of_a_flash(in))
		image_problem(facts, end, "its end mark is not at the end of the file, for other contents follow it, as on a flash; only unpacking it tells");
	else
		image_broken(facts, end, "its end mark is missing: it is cut off, or something else follows");
}

/* Something that begins as the first stream's contents do is another file; what continues them does not. */
static bool begins_a_file(const struct image_input *in, const struct image_facts *facts, const char *compression, uint64_t at)
{
	uint8_t head[HEAD];
	enum image_answer end;
	uint64_t used, have;
	const struct image_format *format;

	if (facts->part_count == 0 || !facts->parts[0].is_unpacked)
		return false;
	have = in->ops->unpack(in->ops->user, compression, image_slice(in, at, UINT64_MAX), head, HEAD, HEAD, &end, &used);
	format = image_find_format(&(struct image_input){ bytes_of(head, have < HEAD ? (size_t)have : HEAD), IMAGE_SIZE_UNKNOWN, in->ops,
							  in->depth + 1, false }, false);
	return format != NULL && text_equal(format->word, facts->parts[0].format);
}

/* The .xz File Format, 2.2: zeros between streams, a multiple of four. */
static uint64_t xz_padding(const struct image_input *in, uint64_t at)
{
	uint64_t end = at;

	while (image_in_memory(in, end, 4) && load_le32(in->data.data + end) == 0)
		end += 4;
	return end - at;
}

/* How far streams of the same kind follow the first one, which has used bytes, as gzip -c a b writes them, and pbzip2 one for each 900 kB. Returns
 * NO for a damaged one. What comes out of all of them is counted where they are unpacked. */
static enum image_answer follow_streams(const struct image_input *in, const char *compression, struct bytes magic, uint64_t *used)
{
	bool is_xz = text_equal(compression, "xz");
	enum image_answer end = IMAGE_YES;
	uint64_t at = *used + (is_xz ? xz_padding(in, *used) : 0), more = 1;

	/* the first one may have been so short that its head was all of it */
	if (image_starts_with(image_slice(in, at, magic.size), magic) && !image_may_check(in, compression, in->size - at, 0))
		return IMAGE_UNKNOWN;
	while (end == IMAGE_YES && more > 0 && image_starts_with(image_slice(in, at, magic.size), magic)) {
		in->ops->unpack(in->ops->user, compression, image_slice(in, at, UINT64_MAX), NULL, 0, UINT64_MAX, &end, &more);
		*used = at + more;
		if (end != IMAGE_YES)
			break;
		at = *used + (is_xz ? xz_padding(in, *used) : 0);
	}
	return end;
}

/* Image.gz-dtb: loaders of phones take the device tree that is stuck to the packed kernel. */
static bool may_have_tree(const struct image_facts *facts)
{
	return facts->part_count > 0 && (text_equal(facts->parts[0].format, "arm64-image") || text_equal(facts->parts[0].format, "zimage"));
}

static bool is_tree(struct bytes rest)
{
	return image_starts_with(rest, BYTES("\xd0\x0d\xfe\xed"));
}

static void add_stuck_tree(const struct image_input *in, struct image_facts *facts, uint64_t used)
{
	if (!may_have_tree(facts) || !is_tree(image_slice(in, used, 4)))
		return;
	image_add_part(in, facts, used, in->size - used, "device tree");
	facts->ends_exactly = false;
}

enum image_answer image_look_inside_streams(const struct image_input *in, struct image_facts *facts, const char *compression, struct bytes magic,
					   bool has_checksum, uint64_t *ret_used)
{
	enum image_answer end;
	uint64_t first;

	end = image_look_inside_stream(in, facts, 0, in->size, compression, ret_used);
	first = *ret_used;
	if (end != IMAGE_YES)
		return end;
	if (in->size != IMAGE_SIZE_UNKNOWN)
		end = follow_streams(in, compression, magic, ret_used);
	facts->needs_deep_look |= end == IMAGE_UNKNOWN;
	if (end != IMAGE_YES)
		return end;
	facts->declared_size = *ret_used;
	facts->ends_exactly = true;
	if (has_checksum)
		image_unpacked_well(facts);
	if (*ret_used > first && begins_a_file(in, facts, compression, first)) {
		image_problem(facts, first, "another file of the same kind follows the first one: two may have been joined");
		facts->whole = facts->whole == IMAGE_YES ? IMAGE_UNKNOWN : facts->whole;
	}
	return end;
}

static void tell_broken(const struct image_input *in, struct image_facts *facts, uint64_t used)
{
	text_copy(facts->checked, sizeof(facts->checked), "whether it unpacks to its end");
	if (used >= in->size)
		image_broken(facts, in->size, "it is cut off: what is packed in it goes on behind its end");
	else
		image_broken(facts, used, "it is damaged here or before: what is packed in it cannot be unpacked any further");
}

/* Returns how the streams ended. */
static enum image_answer inspect_stream(const struct image_input *in, struct image_facts *facts, const char *compression, struct bytes magic)
{
	uint64_t used;
	enum image_answer end = image_look_inside_streams(in, facts, compression, magic, true, &used);

	if (end == IMAGE_YES)
		add_stuck_tree(in, facts, used);
	else if (end == IMAGE_NO)
		tell_broken(in, facts, used);
	return end;
}

/* --- gzip --- */

enum {
	GZIP_HEADER = 10, GZIP_TRAILER = 8, GZIP_EXTRA = 4, GZIP_NAME = 8, GZIP_RESERVED = 0xe0,
	GZIP_SIZE = 4,		/* in the trailer */
	GZIP_RATIO = 1032,	/* RFC 1951: 258 bytes from two bits */
	BLOCK_MAX = 256 * 1024,	/* the longest that packers in use make */
};

static bool is_gzip(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\x1f\x8b\x08"));
}

static bool is_padding(struct bytes rest)
{
	return image_padding(rest) == rest.size;
}

static bool is_padding_or_tree(struct bytes rest)
{
	return is_padding(rest) || is_tree(rest);
}

/* Where a file was cut off, its last bytes are no end of a stream; nor do they say (2.3.1, ISIZE) what may come out of it. */
static bool gzip_may_be_cut(const struct image_input *in, const struct image_facts *facts)
{
	size_t padding = image_long_padding(in, in->data), end;
	struct bytes tail = in->data;

	/* the last zeros may be the trailer's own */
	if (padding > GZIP_TRAILER)
		tail.size -= padding - GZIP_TRAILER;
	if (tail.size > BLOCK_MAX)
		tail = bytes_from(tail, tail.size - BLOCK_MAX);
	end = deflate_find_end(tail, GZIP_TRAILER, may_have_tree(facts) ? is_padding_or_tree : is_padding);
	return end == 0 || load_le32(tail.data + end + GZIP_SIZE) / GZIP_RATIO > in->size;
}

static void inspect_gzip(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = GZIP_HEADER;

	text_copy(facts->compression, sizeof(facts->compression), "gzip");
	text_copy(facts->checked, sizeof(facts->checked), "nothing: its checksum needs unpacking");
	if (in->size < GZIP_HEADER + GZIP_TRAILER) {
		image_broken(facts, in->size, "it is cut off inside its header");
		return;
	}
	if (in->data.size < GZIP_HEADER)
		return;
	if (in->data.data[3] & GZIP_RESERVED) {
		image_broken(facts, 3, "its header is damaged: reserved flags are set");
		return;
	}
	if ((in->data.data[3] & GZIP_EXTRA) && image_in_memory(in, at, 2))
		at += 2 + (uint64_t)load_le16(in->data.data + at);
	if (in->data.data[3] & GZIP_NAME)
		image_set_name(facts, image_slice(in, at, sizeof(facts->name)));
	inspect_stream(in, facts, "gzip", BYTES("\x1f\x8b\x08"));
	if (facts->part_count > 0 && text_equal(facts->parts[0].format, "gzip"))
		image_warning(facts, "it is packed with gzip twice: unpack it once before flashing");
}

const struct image_format image_format_gzip = {
	.word = "gzip", .is_carrier = true, .title = "gzip file", .matches = is_gzip, .inspect = inspect_gzip, .may_be_cut = gzip_may_be_cut,
};

/* --- bzip2 --- */

enum { BZIP2_END = 6 + 4 + 1, BZIP2_CRC_BITS = 32 };

/* The header and the mark of the first block, or of the end of an empty stream. */
static bool is_bzip2(const struct image_input *in)
{
	return in->data.size >= 10 && image_starts_with(in->data, BYTES("BZh")) && in->data.data[3] >= '1' && in->data.data[3] <= '9' &&
	       (memcmp(in->data.data + 4, "1AY&SY", 6) == 0 || memcmp(in->data.data + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

/* The mark of the end, six bytes, and a CRC-32 of the stream are its last bits; up to seven zero bits fill the last byte. Padding in zeros may
 * hide some of the CRC's own. */
static bool has_bzip2_end(const struct image_input *in)
{
	static const uint64_t mark = UINT64_C(0x177245385090);
	struct bytes tail = in->data;
	uint64_t bits = 0;

	tail.size -= image_long_padding(in, tail);
	tail = bytes_of(in->data.data, tail.size + BZIP2_END < in->data.size ? tail.size + BZIP2_END : in->data.size);
	if (tail.size > 2 * BZIP2_END)
		tail = bytes_from(tail, tail.size - 2 * BZIP2_END);
	for (size_t i = 0; i < tail.size; i++)
		for (unsigned bit = 8; bit-- > 0; ) {
			bits = bits << 1 | (tail.data[i] >> bit & 1);
			if ((bits & UINT64_C(0xffffffffffff)) == mark && (tail.size - i - 1) * 8 + bit >= BZIP2_CRC_BITS)
				return true;
		}
	return false;
}

static void inspect_bzip2(const struct image_input *in, struct image_facts *facts)
{
	text_copy(facts->compression, sizeof(facts->compression), "bzip2");
	text_copy(facts->checked, sizeof(facts->checked), "nothing: its checksums need unpacking");
	if (inspect_stream(in, facts, "bzip2", BYTES("BZh")) == IMAGE_UNKNOWN && in->depth == 0 && in->data.size == in->size &&
	    !has_bzip2_end(in))
		image_miss_end(in, facts, in->size);
}

const struct image_format image_format_bzip2 = {
	.word = "bzip2", .is_carrier = true, .title = "bzip2 file", .matches = is_bzip2, .inspect = inspect_bzip2,
};

/* --- LZMA alone --- */

enum {
	LZMA_HEADER = 13,
	LZMA_SIZE = 5,
	LZMA_RATIO = 5,
	LZMA_PROPERTIES_END = 9 * 5 * 5,
	LZMA_UNPACKED_MAX_BITS = 36,	/* no firmware unpacks to more than 64 GiB */
};

/* There is no magic. Encoders make dictionaries of 2^n or 2^n + 2^(n-1) bytes (xz src/liblzma/common/alone_decoder.c), and the first byte
 * of the range coder is 0. Properties of 0 (no literal context, no position) are possible, but a table of numbers begins so. */
static bool is_lzma(const struct image_input *in)
{
	const uint8_t *header = in->data.data;
	uint32_t dictionary, top;
	uint64_t size;

	if (in->data.size < LZMA_HEADER + 5 || header[0] == 0 || header[0] >= LZMA_PROPERTIES_END || header[LZMA_HEADER] != 0)
		return false;
	dictionary = load_le32(header + 1);
	if (dictionary < 4096)
		return false;
	top = dictionary & -dictionary;		/* the lowest bit set */
	if (dictionary != top && dictionary != (top | top << 1))
		return false;
	size = load_le64(header + 5);
	return size == UINT64_MAX || (size > 0 && size >> LZMA_UNPACKED_MAX_BITS == 0 && size > in->data.size / 64);
}

/* The header says how much comes out, and programs do not pack so well: of most files that were cut in the middle that is too much. */
static bool lzma_may_be_cut(const struct image_input *in, const struct image_facts *facts)
{
	uint64_t size = load_le64(in->data.data + LZMA_SIZE);

	(void)facts;
	return size != UINT64_MAX && size / LZMA_RATIO > in->size;
}

static void inspect_lzma(const struct image_input *in, struct image_facts *facts)
{
	uint64_t used;

	text_copy(facts->compression, sizeof(facts->compression), "lzma");
	text_copy(facts->checked, sizeof(facts->checked), "nothing: LZMA has no checksum");
	switch (image_look_inside_stream(in, facts, 0, in->size, "lzma", &used)) {
	case IMAGE_YES:
		facts->declared_size = used;
		text_copy(facts->checked, sizeof(facts->checked), "that it unpacks to its end; nothing covers the contents");
		break;
	case IMAGE_NO:
		tell_broken(in, facts, used);
		break;
	default:
		break;
	}
}

const struct image_format image_format_lzma = {
	.word = "lzma", .is_carrier = true, .title = "LZMA file", .matches = is_lzma, .inspect = inspect_lzma, .may_be_cut = lzma_may_be_cut,
};
