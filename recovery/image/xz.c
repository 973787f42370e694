/* recovery/image/xz.c
 *
 * xz: header, blocks, index and footer; and what is in it, where it can be unpacked.
 * Source: The .xz File Format 1.2.1. */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

/* The file without padding behind it, where all of it is in memory. */
static struct bytes without_padding(const struct image_input *in)
{
	struct bytes data = in->data;

	data.size -= image_padding(data);
	return data;
}

enum { XZ_HEADER = 12, XZ_FOOTER = 12 };

static bool is_xz(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\xfd" "7zXZ\0"));
}

/* 1.2: seven bits a byte, lowest first, at most nine bytes. False when it does not end. */
static bool take_number(struct bytes *in, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < 9 && i < in->size; i++) {
		number |= (uint64_t)(in->data[i] & 0x7f) << 7 * i;
		if ((in->data[i] & 0x80) == 0) {
			*in = bytes_from(*in, i + 1);
			*ret_number = number;
			return true;
		}
	}
	return false;
}

/* 4: the index lists the size of each block; together they must reach back to a stream's header. */
static bool blocks_add_up(struct bytes data, uint64_t index_at, uint64_t index_size)
{
	struct bytes index = bytes_of(data.data + index_at + 1, (size_t)index_size - 5);
	uint64_t count, blocks = 0, packed, unpacked;

	if (!take_number(&index, &count))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (!take_number(&index, &packed) || !take_number(&index, &unpacked) || packed > index_at - blocks)
			return false;
		blocks += (packed + 3) / 4 * 4;
		if (blocks > index_at)
			return false;
	}
	if (index_at < blocks + XZ_HEADER)
		return false;
	return memcmp(data.data + (index_at - blocks - XZ_HEADER), "\xfd" "7zXZ", 6) == 0;
}

/* 2.1.2: CRC32 of backward size and flags, backward size, flags, "YZ". */
static void check_end(const struct image_input *in, struct image_facts *facts)
{
	struct bytes data = without_padding(in), footer;
	uint64_t index_size;

	footer = bytes_from(data, data.size < XZ_FOOTER ? 0 : data.size - XZ_FOOTER);
	if (data.size < XZ_HEADER + XZ_FOOTER || footer.data[10] != 'Y' || footer.data[11] != 'Z') {
		image_miss_end(in, facts, data.size);
		return;
	}
	index_size = ((uint64_t)load_le32(footer.data + 4) + 1) * 4;
	if (image_crc32(in, bytes_of(footer.data + 4, 6)) != load_le32(footer.data) ||
	    !bytes_equal(bytes_of(footer.data + 8, 2), bytes_of(data.data + 6, 2)) || index_size > data.size - XZ_HEADER - XZ_FOOTER)
		image_broken(facts, data.size - XZ_FOOTER, "its end mark is damaged");
	/* 4.1, 4.4: an index begins with a zero byte and ends with its CRC32 */
	else if (index_size < 8 || footer.data[-(ptrdiff_t)index_size] != 0 ||
		 image_crc32(in, bytes_of(footer.data - index_size, (size_t)index_size - 4)) != load_le32(footer.data - 4))
		image_broken(facts, data.size - XZ_FOOTER - index_size, "its index is damaged");
	else if (!blocks_add_up(data, data.size - XZ_FOOTER - index_size, index_size))
		image_broken(facts, XZ_HEADER, "its blocks are not as long as its index says: bytes are missing or were added");
	else
		facts->declared_size = data.size;
}

static void inspect_xz(const struct image_input *in, struct image_facts *facts)
{
	enum image_answer contents;
	uint64_t used;

	text_copy(facts->compression, sizeof(facts->compression), "xz");
	text_copy(facts->checked, sizeof(facts->checked), "sizes, header and end mark; its checksums need unpacking");
	if (in->size < XZ_HEADER + XZ_FOOTER) {
		image_broken(facts, in->size, "it is cut off inside its header");
		return;
	}
	if (in->data.size < XZ_HEADER)
		return;
	/* 2.1.1.3 */
	if (image_crc32(in, bytes_of(in->data.data + 6, 2)) != load_le32(in->data.data + 8)) {
		image_broken(facts, 8, "its header is damaged: the checksum does not match");
		return;
	}
	facts->ends_exactly = true;
	/* 2.1.1.2: type 0 is no check at all */
	contents = image_look_inside_streams(in, facts, "xz", BYTES("\xfd" "7zXZ\0"), in->data.data[7] != 0, &used);
	if (contents == IMAGE_YES)
		return;
	if (in->data.size == in->size)
		check_end(in, facts);
	if (contents == IMAGE_NO && facts->whole != IMAGE_NO)
		image_broken(facts, XZ_HEADER, "it cannot be unpacked to its end: its contents are damaged");
}

const struct image_format image_format_xz = {
	.word = "xz", .is_carrier = true, .title = "xz file", .matches = is_xz, .inspect = inspect_xz,
};
