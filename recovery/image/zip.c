/* recovery/image/zip.c
 *
 * Zip: the directory at the end, and the members, each with a CRC-32 of its contents.
 * Source: PKWARE APPNOTE 6.3.10, 4.3; unblob handlers/archive/instar/instar_hd.py (other magic words). */
#include "recovery/image/zip.h"

#include <inttypes.h>

#include "recovery/image/inflate.h"
#include "src/base/text.h"

enum {
	END_SIZE = 22,
	COMMENT_MAX = 65535,
	ENTRY_SIZE = 46,
	LOCAL_SIZE = 30,
	ENTRIES = 4096,		/* looked at */
	LOCALS = 64,		/* walked from the start where there is no directory */
	STORED = 0,
	DEFLATED = 8,
	HEAD_SIZE = 64 * 1024,	/* of each member, to look at what it is */
	HEADS = 64,
	UNPACK_MAX = 64 * 1024 * 1024,
	FLAG_ENCRYPTED = 1 << 0,
	FLAG_SIZES_FOLLOW = 1 << 3,
};

const struct zip_dialect zip_standard = { "PK\x03\x04", "PK\x03\x04", "PK\x01\x02", "PK\x05\x06" };

struct zip {
	const struct image_input *in;
	struct image_facts *facts;
	const struct zip_dialect *dialect;
	unsigned unchecked;	/* members whose checksum was not compared */
	unsigned heads;		/* of them that were unpacked a little */
	uint64_t budget;	/* bytes still to be read: members that overlap must not make this take for ever */
	uint64_t unpack_budget;	/* and what may come out: a member may make a thousand times its size */
	uint8_t *place;		/* for a whole member, which then is unpacked several times as fast; NULL: there is none */
	size_t place_size;
};

bool zip_is_named(const struct zip_member *member, const char *name)
{
	return bytes_equal(member->name, bytes_of_text(name));
}

size_t zip_read(const struct image_input *in, const struct zip_member *member, uint8_t *to, size_t room)
{
	struct bytes packed = image_slice(in, member->data, member->packed);

	if (member->is_encrypted || packed.size < member->packed)
		return 0;
	if (member->method == STORED) {
		packed.size = packed.size < room ? packed.size : room;
		memcpy(to, packed.data, packed.size);
		return packed.size;
	}
	return member->method == DEFLATED ? inflate_head(packed, to, room) : 0;
}

/* 4.3.16; the last 64 KiB and a bit are searched from behind. Returns false when there is none. */
static bool find_end(struct bytes data, const char *magic, uint64_t *ret_offset)
{
	size_t lowest = data.size > END_SIZE + COMMENT_MAX ? data.size - END_SIZE - COMMENT_MAX : 0;

	if (data.size < END_SIZE)
		return false;
	for (size_t at = data.size - END_SIZE + 1; at-- > lowest; )
		if (memcmp(data.data + at, magic, 4) == 0) {
			*ret_offset = at;
			return true;
		}
	return false;
}

static bool has_local(const struct zip *zip, uint64_t at)
{
	const char *magic = at == 0 ? zip->dialect->first : zip->dialect->local;

	return image_in_memory(zip->in, at, LOCAL_SIZE) && memcmp(zip->in->data.data + at, magic, 4) == 0;
}

/* Without a directory the local headers still name what is in it: that tells whose package it is. */
static void see_locals(struct zip *zip, zip_see_member *see)
{
	uint64_t at = 0;

	for (unsigned i = 0; i < LOCALS && has_local(zip, at); i++) {
		const uint8_t *local = zip->in->data.data + at;
		struct zip_member member = {
			.name = image_slice(zip->in, at + LOCAL_SIZE, load_le16(local + 26)),
			.data = at + LOCAL_SIZE + load_le16(local + 26) + load_le16(local + 28),
			.packed = load_le32(local + 18), .size = load_le32(local + 22), .crc = load_le32(local + 14),
			.method = load_le16(local + 8), .is_encrypted = load_le16(local + 6) & FLAG_ENCRYPTED,
		};

		see(zip->in, zip->facts, &member);
		if (load_le16(local + 6) & FLAG_SIZES_FOLLOW)
			return;
		at = member.data + member.packed;
	}
}

/* Whoever wants it all keeps count of all files' unpacked bytes himself: the bound of one zip is not needed then. */
static bool is_deep(const struct image_input *in)
{
	return in->ops->check_packed_max == UINT64_MAX && in->ops->unpack_left != NULL;
}

/* How many of the bytes that are wanted may be unpacked; they are counted as done. */
static uint64_t take_unpacked(const struct image_input *in, uint64_t wanted)
{
	uint64_t *left = in->ops->unpack_left;

	if (left == NULL)
		return wanted;
	wanted = wanted < image_may_unpack(left, "deflate") ? wanted : 0;
	image_count_unpacked(left, "deflate", wanted);
	return wanted;
}

/* One byte more than the directory says is asked for, to see that there is none. */
static bool has_place(const struct zip *zip, const struct zip_member *member)
{
	const uint64_t *left = zip->in->ops->unpack_left;

	return zip->place != NULL && member->size < zip->place_size && (left == NULL || member->size < image_may_unpack(left, "deflate"));
}

/* False: nobody there knows deflate. */
static bool inflate_in_place(struct zip *zip, const struct zip_member *member, struct inflated *ret_result)
{
	const struct image_ops *ops = zip->in->ops;

	ret_result->size = ops->unpack(ops->user, "deflate", image_slice(zip->in, member->data, member->packed), zip->place, member->size + 1,
				       member->size + 1, &ret_result->end, &ret_result->used);
	ret_result->crc32 = image_crc32(zip->in, bytes_of(zip->place, (size_t)ret_result->size));
	return ret_result->size > 0 || ret_result->end != IMAGE_UNKNOWN;
}

static void check_deflated(struct zip *zip, const struct zip_member *member, const char *name, uint64_t limit)
{
	uint8_t own[HEAD_SIZE], *head = own;
	struct inflated result = { .end = IMAGE_UNKNOWN };
	size_t have;
	unsigned first = zip->facts->part_count;
	bool is_right;

	if (limit == member->size && has_place(zip, member) && inflate_in_place(zip, member, &result))
		head = zip->place;
	else {
		limit = take_unpacked(zip->in, limit);
		if (limit > 0 || member->size == 0)
			result = inflate_all(image_slice(zip->in, member->data, member->packed), limit, own, sizeof(own));
	}
	is_right = result.end == IMAGE_YES && result.size == member->size && result.crc32 == member->crc;
	have = result.size < HEAD_SIZE ? (size_t)result.size : HEAD_SIZE;
	if (have == 0 && member->size > 0 && first == IMAGE_PARTS && zip->facts->warning[0] == '\0')
		text_format(zip->facts->warning, sizeof(zip->facts->warning), "not all of its members were looked at: %s",
			    is_deep(zip->in) ? "there is more in it than is unpacked here" : "only a deep look unpacks it all");
	/* an archive that lies about the size tells it here */
	if (have > 0 && have <= member->size)
		image_add_unpacked_part(zip->in, zip->facts, bytes_of(head, have), member->size, "contents", is_right);
	for (unsigned i = first; i < zip->facts->part_count; i++)
		zip->facts->parts[i].depth++;
	if (result.end == IMAGE_NO)
		image_broken(zip->facts, member->data, "its member '%.40s' is damaged: it cannot be unpacked", name);
	else if (limit < member->size) {
		zip->unchecked++;
		zip->facts->needs_deep_look = true;
	} else if (result.end != IMAGE_YES || result.size != member->size)
		image_broken(zip->facts, member->data, "its member '%.40s' is damaged: it is not %" PRIu64 " bytes long", name, member->size);
	else if (result.crc32 != member->crc)
		image_broken(zip->facts, member->data, "its member '%.40s' is damaged: expected checksum %08" PRIx32 ", found %08" PRIx32, name,
			     member->crc, result.crc32);
}

static void check_stored(struct zip *zip, const struct zip_member *member, const char *name)
{
	uint32_t crc = image_crc32(zip->in, image_slice(zip->in, member->data, member->packed));

	if (crc != member->crc || member->packed != member->size)
		image_broken(zip->facts, member->data, "its member '%.40s' is damaged: expected checksum %08" PRIx32 ", found %08" PRIx32, name,
			     member->crc, crc);
}

/* 4.4.4: a header whose bit 3 is set leaves them to a record behind the member; one with zip64 fields to those. */
static bool differs(const uint8_t *local, const struct zip_member *member)
{
	return (load_le16(local + 6) & FLAG_SIZES_FOLLOW) == 0 && load_le32(local + 18) != UINT32_MAX && load_le32(local + 22) != UINT32_MAX &&
	       (load_le32(local + 14) != member->crc || load_le32(local + 18) != member->packed || load_le32(local + 22) != member->size);
}

/* One entry of the directory. Returns the place of the next one, 0 when this one is broken. */
static uint64_t read_entry(const struct zip *zip, uint64_t at, uint64_t end, struct zip_member *member)
{
	const uint8_t *entry = zip->in->data.data + at, *local;
	uint64_t header;

	if (end - at < ENTRY_SIZE || memcmp(entry, zip->dialect->entry, 4) != 0) {
		image_broken(zip->facts, at, "its directory is damaged");
		return 0;
	}
	*member = (struct zip_member){
		.name = image_slice(zip->in, at + ENTRY_SIZE, load_le16(entry + 28)),
		.packed = load_le32(entry + 20), .size = load_le32(entry + 24), .crc = load_le32(entry + 16),
		.method = load_le16(entry + 10), .is_encrypted = load_le16(entry + 8) & FLAG_ENCRYPTED,
	};
	header = load_le32(entry + 42);
	if (header > at || at - header < LOCAL_SIZE) {
		image_broken(zip->facts, at, "a member lies outside of it");
		return 0;
	}
	local = zip->in->data.data + header;
	member->data = header + LOCAL_SIZE + load_le16(local + 26) + load_le16(local + 28);
	if (!has_local(zip, header) || member->data > at || member->packed > at - member->data ||
	    !bytes_equal(member->name, image_slice(zip->in, header + LOCAL_SIZE, load_le16(local + 26)))) {
		image_broken(zip->facts, header, "a member is not where its directory says: bytes are missing or were changed");
		return 0;
	}
	member->local_differs = differs(local, member);
	return at + ENTRY_SIZE + load_le16(entry + 28) + load_le16(entry + 30) + load_le16(entry + 32);
}

static uint64_t head_limit(const struct zip *zip, const struct zip_member *member)
{
	uint64_t limit = member->size < HEAD_SIZE ? member->size : HEAD_SIZE;
	struct bytes packed = image_slice(zip->in, member->data, member->packed);

	return zip->heads < HEADS && image_may_see_head(zip->in, "deflate", packed, (size_t)limit) ? limit : 0;
}

static void add_member(struct zip *zip, const struct zip_member *member)
{
	bool has_budget = member->packed <= zip->budget;
	bool is_deflated = member->method == DEFLATED && !member->is_encrypted && has_budget;
	bool is_checked = is_deflated && member->size <= zip->unpack_budget && image_may_check(zip->in, "deflate", member->packed, member->size);
	/* of the others what they are is told by their heads */
	uint64_t limit = is_checked ? member->size : is_deflated ? head_limit(zip, member) : 0;
	char name[64];

	text_printable(name, sizeof(name), member->name);
	zip->budget -= has_budget ? member->packed : 0;
	if (member->method == STORED && !member->is_encrypted)
		image_add_part(zip->in, zip->facts, member->data, member->packed, name);
	else
		image_add_row(zip->facts, member->data, member->packed, name, member->method == DEFLATED ? "deflate" : "unknown");
	if (member->local_differs)
		image_problem(zip->facts, member->data, "the header of its member '%.40s' is not what the directory says", name);
	zip->unchecked += member->local_differs;
	if (member->is_encrypted)
		image_warning(zip->facts, "its contents are encrypted: nothing inside can be looked at");
	if (member->is_encrypted || !has_budget || (member->method != STORED && member->method != DEFLATED))
		zip->unchecked++;
	else if (member->method == STORED)
		check_stored(zip, member, name);
	else {
		zip->unpack_budget -= is_checked ? member->size : 0;
		zip->heads += !is_checked && zip->heads < HEADS;
		check_deflated(zip, member, name, limit);
		if (zip->in->ops->forget != NULL && is_checked)
			zip->in->ops->forget(zip->in->ops->user, image_slice(zip->in, member->data, member->packed));
	}
}

/* The directory reaches to the end record, or to what belongs to that: 4.3.13 to 4.3.15. */
static bool is_next_to(const struct zip *zip, uint64_t after, uint64_t end)
{
	struct bytes mark = image_slice(zip->in, after, 4);

	return after == end || (after < end && mark.size == 4 && (memcmp(mark.data, "PK\6\6", 4) == 0 || memcmp(mark.data, "PK\6\7", 4) == 0 ||
								 memcmp(mark.data, "PK\5\5", 4) == 0));
}

static void read_directory(struct zip *zip, uint64_t end, zip_see_member *see)
{
	const uint8_t *record = zip->in->data.data + end;
	uint64_t at = load_le32(record + 16);
	unsigned count = load_le16(record + 10), seen = 0;
	struct zip_member member;

	if (at > end || count == 0 || !is_next_to(zip, at + load_le32(record + 12), end)) {
		see_locals(zip, see);
		image_broken(zip->facts, end, "its directory is damaged, or bytes before it are missing or too many");
		return;
	}
	for (; seen < count && seen < ENTRIES; seen++) {
		at = at < end ? read_entry(zip, at, end, &member) : 0;
		if (at == 0)
			break;
		see(zip->in, zip->facts, &member);
		add_member(zip, &member);
	}
	if (at == 0) {
		see_locals(zip, see);
		image_broken(zip->facts, end, "its directory is damaged");
	}
	if (zip->facts->whole != IMAGE_NO && zip->unchecked == 0 && seen == count) {
		zip->facts->whole = IMAGE_YES;
		text_copy(zip->facts->checked, sizeof(zip->facts->checked), "the checksum of each member");
	}
}

void zip_inspect(const struct image_input *in, struct image_facts *facts, const struct zip_dialect *dialect, zip_see_member *see)
{
	struct bytes data = bytes_of(in->data.data, in->data.size - image_long_padding(in, in->data));
	struct zip zip = { in, facts, dialect, 0, 0, in->size, is_deep(in) ? UINT64_MAX : UNPACK_MAX, NULL, 0 };
	uint64_t end;

	text_copy(facts->compression, sizeof(facts->compression), "zip");
	text_copy(facts->checked, sizeof(facts->checked), "structure; not the checksum of every member");
	/* the end record itself may end in zeros: padding is only an upper bound */
	data.size = data.size + END_SIZE < in->data.size ? data.size + END_SIZE : in->data.size;
	if (in->data.size < in->size || !find_end(data, dialect->end, &end)) {
		see_locals(&zip, see);
		if (in->data.size == in->size)
			image_broken(facts, data.size, "its directory at the end is missing: it is cut off");
		return;
	}
	/* 4.4.1.4: the real values are in a zip64 record, which no firmware package needs */
	if (load_le32(data.data + end + 16) == UINT32_MAX) {
		see_locals(&zip, see);
		return;
	}
	facts->declared_size = end + END_SIZE + load_le16(data.data + end + 20);
	if (facts->declared_size > in->size)
		image_broken(facts, in->size, "its end record is cut off");
	if (in->ops->place != NULL && in->ops->unpack != NULL)
		zip.place = in->ops->place(in->ops->user, &zip.place_size);
	read_directory(&zip, end, see);
}

static bool is_zip(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("PK\x03\x04"));
}

static void inspect_zip(const struct image_input *in, struct image_facts *facts)
{
	zip_inspect(in, facts, &zip_standard, camera_zip_see);
}

const struct image_format image_format_zip = {
	.word = "zip", .is_carrier = true, .title = "zip archive", .matches = is_zip, .inspect = inspect_zip,
};
