/* recovery/image/zip.c
 *
 * Zip: the directory at the end, and the members, stored or deflated, each with a checksum.
 * Source: PKWARE APPNOTE 6.3.10, 4.3. */
#include <inttypes.h>

#include "recovery/image/inflate.h"
#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	ZIP_END_SIZE = 22,
	ZIP_COMMENT_MAX = 65535,
	ZIP_ENTRY_SIZE = 46,
	ZIP_LOCAL_SIZE = 30,
	ZIP_ENTRIES = 4096,	/* looked at */
	STORED = 0,
	DEFLATED = 8,
	HEAD_SIZE = 64 * 1024,
	UNPACK_MAX = 128 * 1024 * 1024,
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
	unsigned unchecked;	/* members whose checksum was not compared */
	uint64_t budget;	/* packed bytes still to be summed or unpacked: members that overlap must not make this take for ever */
	uint64_t unpack_budget;
};

/* Its checksum is compared when all of it is unpacked; what comes out is limited, for a member may unpack to a thousand times its size. */
static void take_deflated(struct zip *zip, const uint8_t *entry, uint64_t data, uint64_t size, const char *name)
{
	uint64_t unpacked = load_le32(entry + 24), limit = unpacked < zip->unpack_budget ? unpacked : HEAD_SIZE;
	uint8_t head[HEAD_SIZE];
	struct inflated result = inflate_all(image_slice(zip->in, data, size), limit, head, sizeof(head));
	size_t have = result.size < sizeof(head) ? (size_t)result.size : sizeof(head);
	struct image_part *row = image_add_row(zip->facts, data, size, name, "deflate");
	unsigned first = zip->facts->part_count;

	zip->unpack_budget -= limit;
	if (have > 0)
		image_add_unpacked_part(zip->in, zip->facts, bytes_of(head, have), unpacked, "contents");
	for (unsigned i = first; i < zip->facts->part_count; i++)
		zip->facts->parts[i].depth++;
	if (result.end == IMAGE_NO || (limit == unpacked && (result.end != IMAGE_YES || result.crc32 != load_le32(entry + 16)))) {
		image_broken(zip->facts, data, "its member '%.40s' is damaged: %s", name,
			     result.end == IMAGE_NO ? "it cannot be unpacked" : "the checksum does not match");
		if (row != NULL)
			row->whole = IMAGE_NO;
	} else if (limit != unpacked)
		zip->unchecked++;
	else if (row != NULL)
		row->whole = IMAGE_YES;
}

/* What is encrypted (flag bit 0) or packed otherwise gets a row only. */
static void take_member(struct zip *zip, const uint8_t *entry, uint64_t data, uint64_t size, const char *name)
{
	bool has_budget = size <= zip->budget, is_encrypted = load_le16(entry + 8) & 1;
	unsigned method = load_le16(entry + 10);

	zip->budget -= has_budget ? size : 0;
	if (method == STORED && !is_encrypted) {
		zip->unchecked += !has_budget;
		if (has_budget && image_crc32(zip->in, image_slice(zip->in, data, size)) != load_le32(entry + 16))
			image_broken(zip->facts, data, "its member '%.40s' is damaged: the checksum does not match", name);
		if (has_budget && size > 0)
			image_add_part(zip->in, zip->facts, data, size, name);
		return;
	}
	if (method == DEFLATED && !is_encrypted && has_budget && zip->unpack_budget > HEAD_SIZE) {
		take_deflated(zip, entry, data, size, name);
		return;
	}
	zip->unchecked++;
	image_add_row(zip->facts, data, size, name, "unknown");
}

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
	take_member(zip, entry, data, size, name);
	return at + ZIP_ENTRY_SIZE + load_le16(entry + 28) + load_le16(entry + 30) + load_le16(entry + 32);
}

static void inspect_zip(const struct image_input *in, struct image_facts *facts)
{
	struct bytes data = bytes_of(in->data.data, in->data.size - image_padding(in->data));
	struct zip zip = { in, facts, 0, in->size, UNPACK_MAX };
	uint64_t end, at, total = 0;
	unsigned count;

	text_copy(facts->compression, sizeof(facts->compression), "zip");
	text_copy(facts->checked, sizeof(facts->checked), "structure; not the checksum of every member");
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
