/* recovery/image/ubi.c
 *
 * UBI: erase blocks with two headers each, that belong to volumes. Static volumes have a checksum of their data; what is in the others
 * covers itself or not.
 * Source: Linux drivers/mtd/ubi/ubi-media.h; mtd-utils ubinize. */
#include <inttypes.h>

#include "recovery/image/squashfs.h"
#include "recovery/image/ubifs.h"
#include "src/base/text.h"

enum {
	HEADER = 64,
	AT_CRC = 60,
	AT_VID = 16, AT_DATA = 20, AT_SEQUENCE = 24,			/* of the erase counter header */
	AT_TYPE = 5, AT_VOLUME = 8, AT_NUMBER = 12, AT_DATA_SIZE = 20, AT_USED = 24, AT_DATA_PAD = 28, AT_DATA_CRC = 32,	/* of the volume's */
	STATIC = 2,
	BLOCK_MIN = 4096, BLOCK_MAX = 16 * 1024 * 1024,
	VOLUMES = 128,		/* UBI_MAX_VOLUMES */
	TABLE_VOLUME = 0x7fffefff, RECORD = 172, RECORD_CRC = 168, RECORD_NAME = 16,
};

struct volume {
	char name[64];
	bool is_static;
	uint32_t seen, used_blocks;	/* erase blocks here, and how many a static one says that it has */
	uint64_t first;			/* place of its block 0 */
	uint64_t bytes;			/* of a static one */
	uint32_t leb_size;
	bool has_first, is_in_order;	/* block n is n erase blocks behind block 0 */
	bool is_listed;			/* in the table */
};

struct ubi {
	const struct image_input *in;
	struct image_facts *facts;
	uint64_t block;			/* size of an erase block */
	uint32_t sequence, data_offset;
	struct volume volumes[VOLUMES];
	bool has_table, is_all_seen, other_sequence;
	unsigned first_tables;		/* block 0 of the volume with the table */
	bool has_uncovered;		/* something that is not padding, where no checksum reaches */
};

static bool is_header(const struct image_input *in, struct bytes at, struct bytes magic)
{
	return at.size >= HEADER && image_starts_with(at, magic) && load_be32(at.data + AT_CRC) == image_crc32_raw1(in, bytes_of(at.data, AT_CRC));
}

static bool matches(const struct image_input *in)
{
	return in->data.size >= HEADER && image_starts_with(in->data, BYTES("UBI#\1"));
}

static bool is_sound(const struct image_input *in)
{
	return is_header(in, in->data, BYTES("UBI#"));
}

/* The distance to the next header; all of the file when there is but one. */
static uint64_t find_block_size(const struct image_input *in)
{
	for (uint64_t size = BLOCK_MIN; size <= BLOCK_MAX; size *= 2)
		if (image_in_memory(in, size, HEADER) && memcmp(in->data.data + size, "UBI#\1", 5) == 0)
			return size;
	return in->size <= BLOCK_MAX && in->data.size == in->size ? in->size : 0;
}

static void read_table(struct ubi *ubi, struct bytes table)
{
	/* there are two copies */
	for (unsigned i = 0; i < VOLUMES && table.size >= RECORD; i++, table = bytes_from(table, RECORD)) {
		uint16_t length = load_be16(table.data + 14);

		if (load_be32(table.data + RECORD_CRC) != image_crc32_raw1(ubi->in, bytes_of(table.data, RECORD_CRC))) {
			image_broken(ubi->facts, (uint64_t)(table.data - ubi->in->data.data), "its table of volumes is damaged");
			return;
		}
		ubi->volumes[i].is_listed = load_be32(table.data) > 0;
		if (ubi->volumes[i].is_listed && length <= 128)
			image_text(ubi->volumes[i].name, sizeof(ubi->volumes[i].name), bytes_of(table.data + RECORD_NAME, length));
	}
	ubi->has_table = true;
}

static void check_static(struct ubi *ubi, struct volume *volume, const uint8_t *header, struct bytes data, uint64_t at)
{
	uint32_t size = load_be32(header + AT_DATA_SIZE);

	volume->is_static = true;
	volume->used_blocks = load_be32(header + AT_USED);
	volume->bytes += size;
	if (size > data.size || image_crc32_raw1(ubi->in, bytes_of(data.data, size)) != load_be32(header + AT_DATA_CRC))
		image_broken(ubi->facts, at, "its volume '%.32s' is damaged: the checksum of the block at byte %" PRIu64 " does not match",
			     volume->name, at);
}

static void check_padding(struct ubi *ubi, struct bytes padding)
{
	ubi->has_uncovered |= image_padding(padding) < padding.size;
}

/* One erase block that belongs to a volume. */
static void take_block(struct ubi *ubi, uint64_t at, const uint8_t *header, struct bytes data)
{
	uint32_t id = load_be32(header + AT_VOLUME), number = load_be32(header + AT_NUMBER), pad = load_be32(header + AT_DATA_PAD);
	struct volume *volume;

	if (id == TABLE_VOLUME) {
		ubi->first_tables += number == 0;
		read_table(ubi, data);
		check_padding(ubi, bytes_from(data, data.size / RECORD < VOLUMES ? data.size / RECORD * RECORD : VOLUMES * RECORD));
	}
	if (id >= VOLUMES)
		return;
	volume = &ubi->volumes[id];
	volume->leb_size = pad < data.size ? (uint32_t)(data.size - pad) : 0;
	volume->seen++;
	if (number == 0 && !volume->has_first) {
		volume->has_first = volume->is_in_order = true;
		volume->first = at;
	}
	volume->is_in_order &= volume->has_first && at == volume->first + number * ubi->block;
	if (header[AT_TYPE] == STATIC) {
		check_padding(ubi, bytes_from(data, load_be32(header + AT_DATA_SIZE)));
		check_static(ubi, volume, header, data, at + ubi->data_offset);
	}
}

static bool is_erased(struct bytes bytes)
{
	return bytes.size > 0 && bytes.data[0] == 0xff && image_padding(bytes) == bytes.size;
}

static void check_block(struct ubi *ubi, uint64_t at)
{
	struct bytes block = image_slice(ubi->in, at, ubi->block), second;
	uint32_t vid, data;

	if (!is_header(ubi->in, block, BYTES("UBI#"))) {
		/* a dump has blocks that were never used */
		if (!is_erased(bytes_of(block.data, HEADER)))
			image_broken(ubi->facts, at, "the header of its erase block at byte %" PRIu64 " is damaged", at);
		return;
	}
	vid = load_be32(block.data + AT_VID);
	data = load_be32(block.data + AT_DATA);
	if (vid < HEADER || data <= vid || data >= ubi->block) {
		image_broken(ubi->facts, at, "the header of its erase block at byte %" PRIu64 " has impossible places", at);
		return;
	}
	ubi->other_sequence |= load_be32(block.data + AT_SEQUENCE) != ubi->sequence;
	ubi->data_offset = data;
	second = bytes_from(block, vid);
	check_padding(ubi, bytes_of(block.data + HEADER, vid - HEADER));
	if (data >= vid + HEADER)
		check_padding(ubi, bytes_of(block.data + vid + HEADER, data - vid - HEADER));
	if (is_header(ubi->in, second, BYTES("UBI!")))
		take_block(ubi, at, second.data, bytes_from(block, data));
	else if (!is_erased(bytes_of(second.data, second.size < HEADER ? second.size : HEADER)))
		image_broken(ubi->facts, at + vid, "the volume header of its erase block at byte %" PRIu64 " is damaged", at);
}

/* Second pass: what is in the volume's blocks must be UBIFS nodes. Returns true when all its blocks are there and were checked. */
static bool check_ubifs(struct ubi *ubi, unsigned id, struct image_facts *facts)
{
	struct volume *volume = &ubi->volumes[id];
	uint32_t found = 0;
	struct ubifs fs;

	if (!ubifs_open(&fs, ubi->in, facts, image_slice(ubi->in, volume->first + ubi->data_offset, volume->leb_size)))
		return false;
	for (uint64_t at = 0; at + ubi->block <= ubi->in->data.size; at += ubi->block) {
		struct bytes block = image_slice(ubi->in, at, ubi->block);
		const uint8_t *header;

		if (block.size < HEADER || load_be32(block.data + AT_VID) > ubi->block - HEADER)
			continue;
		header = block.data + load_be32(block.data + AT_VID);
		if (memcmp(header, "UBI!", 4) != 0 || load_be32(header + AT_VOLUME) != id)
			continue;
		found++;
		ubifs_check_block(&fs, load_be32(header + AT_NUMBER), image_slice(ubi->in, at + ubi->data_offset, volume->leb_size),
				  at + ubi->data_offset);
		if (ubi->in->ops->forget != NULL)
			ubi->in->ops->forget(ubi->in->ops->user, block);
	}
	programs_tell(&fs.programs, facts);
	/* blocks that are all erased need not be written */
	return found >= fs.leb_count || fs.leb_size != volume->leb_size;
}

/* It says how long it is; a volume that has fewer blocks lost some. */
static void check_squashfs(struct ubi *ubi, const struct volume *volume, uint64_t start)
{
	struct image_input rest = { image_slice(ubi->in, start, UINT64_MAX), ubi->in->size - start, ubi->in->ops, ubi->in->depth + 1, false };
	uint64_t have = (uint64_t)volume->seen * volume->leb_size, used = rest.data.size >= 96 ? load_le64(rest.data.data + 40) : 0;

	if (ubi->is_all_seen && used > have)
		image_broken(ubi->facts, start, "its volume '%.32s' is cut off: %" PRIu64 " of %" PRIu64 " bytes of the SquashFS are there",
			     volume->name, have, used);
	/* one that lies in the first block alone was looked through already */
	if (used > volume->leb_size)
		squashfs_tell_arch(&rest, volume->leb_size, ubi->block, ubi->facts);
}

static void add_volume(struct ubi *ubi, unsigned id, bool *is_sure)
{
	struct volume *volume = &ubi->volumes[id];
	uint64_t start = volume->first + ubi->data_offset, size = volume->is_static ? volume->bytes : (uint64_t)volume->seen * volume->leb_size;
	struct image_input first = *ubi->in;
	struct image_part *part;
	bool is_covered = volume->is_static;

	if (volume->is_static && volume->seen < volume->used_blocks) {
		image_broken(ubi->facts, ubi->in->size, "its volume '%.32s' has %" PRIu32 " of %" PRIu32 " blocks", volume->name, volume->seen,
			     volume->used_blocks);
		is_covered = false;
	}
	if (!volume->has_first || start > first.data.size) {
		*is_sure = false;
		return;
	}
	/* only its first block is in one piece */
	if (first.data.size - start > volume->leb_size && size > volume->leb_size)
		first.data.size = (size_t)start + volume->leb_size;
	/* a used volume has blocks that are not mapped: how long it is meant to be is not known */
	part = image_add_checked_part(&first, ubi->facts, start, volume->is_static ? size : IMAGE_SIZE_UNKNOWN, volume->name,
				      is_covered && ubi->facts->whole != IMAGE_NO);
	if (part != NULL)
		part->size = size;
	if (part != NULL && text_equal(part->format, "ubifs") && ubi->is_all_seen) {
		is_covered |= check_ubifs(ubi, id, ubi->facts);
		part->whole = ubi->facts->whole == IMAGE_NO ? IMAGE_UNKNOWN : is_covered ? IMAGE_YES : IMAGE_UNKNOWN;
	} else if (part != NULL && text_equal(part->format, "squashfs") && volume->is_in_order && volume->leb_size > 0)
		check_squashfs(ubi, volume, start);
	*is_sure &= is_covered;
}

static void conclude(struct ubi *ubi, struct image_facts *facts)
{
	bool is_sure = true;
	unsigned volumes = 0, listed = 0;

	for (unsigned id = 0; id < VOLUMES; id++) {
		listed += ubi->volumes[id].is_listed;
		if (ubi->volumes[id].seen > 0) {
			add_volume(ubi, id, &is_sure);
			volumes++;
		}
	}
	if (ubi->has_uncovered)
		image_problem(facts, 0, "there is something in it that no checksum covers");
	if (ubi->other_sequence)
		image_problem(facts, 0, "its erase blocks are from different images: their image sequences differ");
	if (ubi->first_tables > 1)
		image_problem(facts, 0, "its table of volumes is there %u times: files may have been joined", ubi->first_tables);
	if (!ubi->is_all_seen)
		return;
	if (!ubi->has_table)
		image_broken(facts, 0, "its table of volumes is missing");
	/* one that is there to be filled later is empty, but not all of them */
	else if (listed > 0 && volumes == 0)
		image_broken(facts, ubi->in->size, "it is cut off: none of its %u volumes has a block", listed);
	if (facts->whole == IMAGE_NO || !is_sure || volumes == 0 || facts->member_problem.what[0] != '\0' || ubi->other_sequence ||
	    ubi->has_uncovered || ubi->first_tables > 1)
		return;
	facts->whole = IMAGE_YES;
	text_copy(facts->checked, sizeof(facts->checked), "the headers of its blocks, and the checksums in its volumes");
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct ubi ubi = { .in = in, .facts = facts, .block = find_block_size(in) };
	uint64_t end;

	text_copy(facts->checked, sizeof(facts->checked), "the headers of its blocks; not everything in its volumes is covered");
	if (!is_sound(in)) {
		image_broken(facts, AT_CRC, "its first header is damaged: the checksum does not match");
		return;
	}
	if (ubi.block == 0)
		return;
	ubi.sequence = load_be32(in->data.data + AT_SEQUENCE);
	text_format(facts->title, sizeof(facts->title), "UBI image, erase blocks of %" PRIu64 " KiB", ubi.block / 1024);
	/* something else may follow at an erase block, as in a dump of a whole chip */
	for (end = 0; end + ubi.block <= in->data.size; end += ubi.block) {
		struct bytes head = image_slice(in, end, 4);

		if (!image_starts_with(head, BYTES("UBI#")) && !is_erased(head) && end % IMAGE_PART_ALIGNMENT == 0 &&
		    image_find_format(&(struct image_input){ image_slice(in, end, UINT64_MAX), in->size - end, in->ops, 0, false }, true) != NULL)
			break;
		check_block(&ubi, end);
	}
	ubi.is_all_seen = in->data.size == in->size;
	if (ubi.is_all_seen && end + ubi.block > in->size && end < in->size)
		image_broken(facts, in->size, "it is cut off: it ends inside an erase block of %" PRIu64 " bytes", ubi.block);
	facts->declared_size = ubi.is_all_seen ? (end + ubi.block > in->size ? in->size : end) : 0;
	facts->is_padded_by_nature = true;
	conclude(&ubi, facts);
}

const struct image_format image_format_ubi = {
	.role = IMAGE_ROLE_PLAIN, .word = "ubi", .title = "UBI image", .matches = matches, .inspect = inspect, .is_sound = is_sound,
};
