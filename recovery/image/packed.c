/* recovery/image/packed.c
 *
 * Compressed files. They are not unpacked here, so their own checksums of the contents stay unchecked; what can be seen is whether the end is there.
 * Source: RFC 1952 (gzip); The .xz File Format 1.2.1. */
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

/* --- gzip --- */

enum { GZIP_HEADER = 10, GZIP_TRAILER = 8, GZIP_EXTRA = 4, GZIP_NAME = 8, GZIP_RESERVED = 0xe0 };

static bool is_gzip(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\x1f\x8b\x08"));
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
}

const struct image_format image_format_gzip = {
	.word = "gzip", .is_carrier = true, .title = "gzip file", .matches = is_gzip, .inspect = inspect_gzip,
};

/* --- xz --- */

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
static void inspect_xz(const struct image_input *in, struct image_facts *facts)
{
	struct bytes data = without_padding(in), footer;
	uint64_t index_size;

	text_copy(facts->compression, sizeof(facts->compression), "xz");
	text_copy(facts->checked, sizeof(facts->checked), "sizes, header and end mark; its checksums need unpacking");
	if (in->size < XZ_HEADER + XZ_FOOTER) {
		image_broken(facts, in->size, "it is cut off inside its header");
		return;
	}
	if (in->data.size < in->size)
		return;
	/* 2.1.1.3 */
	if (image_crc32(in, bytes_of(data.data + 6, 2)) != load_le32(data.data + 8)) {
		image_broken(facts, 8, "its header is damaged: the checksum does not match");
		return;
	}
	footer = bytes_from(data, data.size < XZ_FOOTER ? 0 : data.size - XZ_FOOTER);
	if (data.size < XZ_HEADER + XZ_FOOTER || footer.data[10] != 'Y' || footer.data[11] != 'Z') {
		image_broken(facts, data.size, "its end mark is missing: it is cut off, or something else follows");
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

const struct image_format image_format_xz = {
	.word = "xz", .is_carrier = true, .title = "xz file", .matches = is_xz, .inspect = inspect_xz,
};
