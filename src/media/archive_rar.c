/* The checksum of a file in a rar, from its header. libarchive 3.6 comes to the end of a file of RAR 4, and of a stored one of RAR 5, before
 * it compares. Sources: "technote.txt" of RAR 4 (blocks, HEAD_TYPE 0x74); "RAR 5.0 archive format", sections "General archive block
 * format" and "File header". */
#include "src/media/archive_level.h"

enum {
	BLOCKS_MAX = 64,		/* comments and the like before a file */
	SIGNATURE4_SIZE = 7, SIGNATURE5_SIZE = 8,
};

enum { RAR4_FILE = 0x74, RAR4_BLOCK_SIZE = 7, RAR4_FILE_SIZE = 32, RAR4_SPLIT = 0x03, RAR4_HAS_DATA = 0x8000 };
enum { RAR5_FILE = 2, RAR5_HAS_EXTRA = 1, RAR5_HAS_DATA = 2, RAR5_SPLIT = 0x18, RAR5_HAS_TIME = 2, RAR5_HAS_CRC = 4, RAR5_LOOKED_AT = 96 };

static uint32_t le16(const uint8_t *at)
{
	return (uint32_t)at[1] << 8 | at[0];
}

static bool find_in_rar4(struct archive_level *level, uint64_t at, uint32_t *ret_crc)
{
	uint8_t head[RAR4_FILE_SIZE];

	for (unsigned i = 0; i < BLOCKS_MAX && level_peek(level, at, head, RAR4_BLOCK_SIZE); i++) {
		uint32_t flags = le16(head + 3), size = le16(head + 5);

		if (head[2] == RAR4_FILE) {
			if (flags & RAR4_SPLIT || !level_peek(level, at, head, RAR4_FILE_SIZE))
				return false;
			*ret_crc = load_le32(head + 16);
			return true;
		}
		if (size < RAR4_BLOCK_SIZE)
			return false;
		at += size;
		if (flags & RAR4_HAS_DATA && level_peek(level, at - size, head, RAR4_BLOCK_SIZE + 4))
			at += load_le32(head + RAR4_BLOCK_SIZE);
	}
	return false;
}

/* "vint": seven bits a byte, the lowest first. What does not end is 0, and so are the fields behind it. */
static uint64_t take_vint(struct bytes *from)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < from->size && i < 9; i++) {
		value |= (uint64_t)(from->data[i] & 0x7f) << (7 * i);
		if (!(from->data[i] & 0x80)) {
			*from = bytes_from(*from, i + 1);
			return value;
		}
	}
	*from = bytes_from(*from, from->size);
	return 0;
}

static bool take_rar5_crc(struct bytes file, uint32_t *ret_crc)
{
	uint64_t flags = take_vint(&file);

	take_vint(&file);	/* unpacked size */
	take_vint(&file);	/* attributes */
	if (flags & RAR5_HAS_TIME)
		file = bytes_from(file, 4);
	if (!(flags & RAR5_HAS_CRC) || file.size < 4)
		return false;
	*ret_crc = load_le32(file.data);
	return true;
}

static bool find_in_rar5(struct archive_level *level, uint64_t at, uint32_t *ret_crc)
{
	uint8_t head[RAR5_LOOKED_AT];

	for (unsigned i = 0; i < BLOCKS_MAX; i++) {
		struct bytes left = { head, sizeof(head) };
		uint64_t size, type, flags, data;

		/* The last block of all is shorter than this; a file's never is the last. */
		while (left.size > 0 && !level_peek(level, at, head, left.size))
			left.size--;
		left = bytes_from(left, 4);
		size = take_vint(&left);
		at += (uint64_t)(left.data - head) + size;
		type = take_vint(&left);
		flags = take_vint(&left);
		if (flags & RAR5_HAS_EXTRA)
			take_vint(&left);
		data = flags & RAR5_HAS_DATA ? take_vint(&left) : 0;
		if (type == RAR5_FILE)
			return !(flags & RAR5_SPLIT) && take_rar5_crc(left, ret_crc);
		if (size == 0 || size > UINT32_MAX || data > INT64_MAX || at > INT64_MAX - data)
			return false;
		at += data;
	}
	return false;
}

bool archive_rar_crc(struct archive_level *level, uint64_t at, uint32_t *ret_crc)
{
	uint8_t signature[SIGNATURE5_SIZE];

	if (!level_peek(level, 0, signature, sizeof(signature)))
		return false;
	if (signature[6] == 0)
		return find_in_rar4(level, at < SIGNATURE4_SIZE ? SIGNATURE4_SIZE : at, ret_crc);
	return find_in_rar5(level, at < SIGNATURE5_SIZE ? SIGNATURE5_SIZE : at, ret_crc);
}
