/* recovery/image/packed.c
 *
 * Compressed files and archives. They are not unpacked here, so their own checksums of the contents stay unchecked, except for
 * stored zip members; what can be seen is whether the end is there.
 * Source: RFC 1952 (gzip); The .xz File Format 1.2.1; PKWARE APPNOTE 6.3.10, 4.3 (zip). */
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
	.word = "gzip", .title = "gzip file", .matches = is_gzip, .inspect = inspect_gzip,
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
	.word = "xz", .title = "xz file", .matches = is_xz, .inspect = inspect_xz,
};

/* --- zip --- */

enum {
	ZIP_END_SIZE = 22,
	ZIP_COMMENT_MAX = 65535,
	ZIP_ENTRY_SIZE = 46,
	ZIP_LOCAL_SIZE = 30,
	ZIP_ENTRIES = 4096,	/* looked at */
};

static bool is_zip(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("PK\x03\x04"));
}

/* 4.3.16; the last 64 KiB and a bit are searched from behind. Returns false when there is none. */
static bool find_zip_end(struct bytes data, uint64_t *ret_offset)
{
	size_t lowest = data.size > ZIP_END_SIZE + ZIP_COMMENT_MAX ? data.size - ZIP_END_SIZE - ZIP_COMMENT_MAX : 0;

	if (data.size < ZIP_END_SIZE)
		return false;
	for (size_t at = data.size - ZIP_END_SIZE + 1; at-- > lowest; )
		if (memcmp(data.data + at, "PK\x05\x06", 4) == 0) {
			*ret_offset = at;
			return true;
		}
	return false;
}

struct zip {
	const struct image_input *in;
	struct image_facts *facts;
	unsigned unchecked;	/* members whose checksum needs unpacking */
	uint64_t budget;	/* bytes still to be summed: members that overlap must not make this take for ever */
};

/* One entry of the directory and its member. Returns the place of the next entry, 0 when this one is broken. */
static uint64_t check_entry(struct zip *zip, uint64_t at, uint64_t end)
{
	const uint8_t *entry = zip->in->data.data + at, *local;
	uint64_t member, size, data;
	char name[64];

	if (end - at < ZIP_ENTRY_SIZE || memcmp(entry, "PK\x01\x02", 4) != 0) {
		image_broken(zip->facts, at, "its directory is damaged");
		return 0;
	}
	member = load_le32(entry + 42);
	size = load_le32(entry + 20);
	text_printable(name, sizeof(name), image_slice(zip->in, at + ZIP_ENTRY_SIZE, load_le16(entry + 28)));
	if (member > at || at - member < ZIP_LOCAL_SIZE) {
		image_broken(zip->facts, at, "its member '%.40s' lies outside of it", name);
		return 0;
	}
	local = zip->in->data.data + member;
	data = member + ZIP_LOCAL_SIZE + load_le16(local + 26) + load_le16(local + 28);
	if (memcmp(local, "PK\x03\x04", 4) != 0 || data > at || size > at - data) {
		image_broken(zip->facts, member, "its member '%.40s' is damaged", name);
		return 0;
	}
	if (load_le16(entry + 10) != 0 || load_le16(entry + 8) & 1 || size > zip->budget)
		zip->unchecked++;
	else {
		zip->budget -= size;
		if (image_crc32(zip->in, image_slice(zip->in, data, size)) != load_le32(entry + 16))
			image_broken(zip->facts, data, "its member '%.40s' is damaged: the checksum does not match", name);
	}
	image_add_part(zip->in, zip->facts, data, size, name);
	return at + ZIP_ENTRY_SIZE + load_le16(entry + 28) + load_le16(entry + 30) + load_le16(entry + 32);
}

static void inspect_zip(const struct image_input *in, struct image_facts *facts)
{
	struct bytes data = without_padding(in);
	struct zip zip = { in, facts, 0, in->size };
	uint64_t end, at, total = 0;
	unsigned count;

	text_copy(facts->compression, sizeof(facts->compression), "zip");
	text_copy(facts->checked, sizeof(facts->checked), "structure; its checksums need unpacking");
	if (in->data.size < in->size)
		return;
	/* the end record itself may end in zeros: padding is only an upper bound */
	data.size = data.size + ZIP_END_SIZE < in->data.size ? data.size + ZIP_END_SIZE : in->data.size;
	if (!find_zip_end(data, &end)) {
		image_broken(facts, data.size, "its directory at the end is missing: it is cut off");
		return;
	}
	at = load_le32(data.data + end + 16);
	count = load_le16(data.data + end + 10);
	if (at > end || count == 0) {
		image_broken(facts, end, "its directory is damaged");
		return;
	}
	for (unsigned i = 0; i < count && i < ZIP_ENTRIES && at != 0; i++) {
		at = at < end ? check_entry(&zip, at, end) : 0;
		total++;
	}
	if (at == 0)
		image_broken(facts, end, "its directory is damaged");
	facts->declared_size = end + ZIP_END_SIZE + load_le16(data.data + end + 20);
	if (facts->whole != IMAGE_NO && zip.unchecked == 0 && total == count) {
		facts->whole = IMAGE_YES;
		text_copy(facts->checked, sizeof(facts->checked), "the checksum of each member");
	}
}

const struct image_format image_format_zip = {
	.word = "zip", .title = "zip archive", .matches = is_zip, .inspect = inspect_zip,
};
