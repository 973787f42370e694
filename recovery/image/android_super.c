/* recovery/image/android_super.c
 *
 * The super partition of Android: a table of logical partitions, with checksums, then their contents, which nothing covers. super_empty.img is the
 * table alone.
 * Source: AOSP system/core fs_mgr/liblp (metadata_format.h, utility.cpp, images.cpp). */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

enum {
	RESERVED = 4096,	/* in front of the geometry, so that nothing takes it for a disk */
	GEOMETRY = 4096, GEOMETRY_STRUCT = 52, GEOMETRY_AT_SUM = 8, GEOMETRY_AT_MAX = 40, GEOMETRY_AT_SLOTS = 44,
	SECTOR = 512,
	SUM = 32,
	HEADER = 128, HEADER_MAX = 4096, AT_HEADER_SIZE = 8, AT_HEADER_SUM = 12, AT_TABLES_SIZE = 44, AT_TABLES_SUM = 48,
	AT_PARTITIONS = 80, AT_EXTENTS = 92, AT_DEVICES = 116,
	NAME = 36, PARTITION = 52, EXTENT = 24, DEVICE = 64, EXTENT_LINEAR = 0,
	ROWS = 256,
	TABLES_MAX = 1 << 20,
};

static const uint32_t GEOMETRY_MAGIC = 0x616c4467, HEADER_MAGIC = 0x414c5030;

static bool has_geometry(const struct image_input *in, uint64_t at)
{
	struct bytes geometry = image_slice(in, at, GEOMETRY_STRUCT);

	return geometry.size == GEOMETRY_STRUCT && load_le32(geometry.data) == GEOMETRY_MAGIC && load_le32(geometry.data + 4) >= GEOMETRY_STRUCT &&
	       load_le32(geometry.data + 4) <= GEOMETRY;
}

/* Where the geometry is: a super_empty.img, and what a sparse image holds behind zeros, begin with it. */
static uint64_t geometry_at(const struct image_input *in)
{
	return has_geometry(in, 0) ? 0 : RESERVED;
}

static bool matches(const struct image_input *in)
{
	return has_geometry(in, 0) || has_geometry(in, RESERVED);
}

/* A digest over bytes in which its own place counts as zeros. */
static enum image_answer check_sum(const struct image_input *in, struct bytes over, unsigned at_sum)
{
	static const uint8_t zeros[SUM];
	struct bytes pieces[] = { bytes_of(over.data, at_sum), bytes_of(zeros, SUM), bytes_from(over, at_sum + SUM) };
	uint8_t have[IMAGE_DIGEST_SIZE];

	if (image_digest(in, "sha256", pieces, 3, have) != SUM)
		return IMAGE_UNKNOWN;
	return memcmp(have, over.data + at_sum, SUM) == 0 ? IMAGE_YES : IMAGE_NO;
}

struct super {
	const struct image_input *in;
	struct image_facts *facts;
	bool has_contents;
	struct bytes header, tables;
};

/* Always false, for what is not in memory; damage, where the file ends before. */
static bool ends_before(struct super *super, uint64_t end)
{
	if (end > super->in->size)
		image_declare(super->in, super->facts, end);
	return false;
}

/* The table of a slot. False: it is not in memory, or damaged, which is told. */
static bool open_metadata(struct super *super, uint64_t at, enum image_answer *ret_answer)
{
	struct bytes header = image_slice(super->in, at, HEADER);
	enum image_answer answer;
	uint32_t size, tables;

	*ret_answer = IMAGE_UNKNOWN;
	if (header.size < HEADER)
		return ends_before(super, at + HEADER);
	size = load_le32(header.data + AT_HEADER_SIZE);
	tables = load_le32(header.data + AT_TABLES_SIZE);
	if (load_le32(header.data) != HEADER_MAGIC || size < HEADER || size > HEADER_MAX || tables > TABLES_MAX) {
		image_broken(super->facts, at, "its table of logical partitions is damaged or missing");
		return false;
	}
	if (!image_in_memory(super->in, at, (uint64_t)size + tables))
		return ends_before(super, at + size + tables);
	super->header = header = image_slice(super->in, at, size);
	super->tables = image_slice(super->in, at + size, tables);
	answer = check_sum(super->in, header, AT_HEADER_SUM);
	if (answer == IMAGE_YES)
		answer = image_compare_digest(super->in, super->facts, "sha256", &super->tables, 1, at + size, "its table of logical partitions",
					      bytes_of(header.data + AT_TABLES_SUM, SUM));
	else if (answer == IMAGE_NO)
		image_broken(super->facts, at, "the header of its table of logical partitions is damaged: the checksum does not match");
	*ret_answer = answer;
	return answer != IMAGE_NO;
}

/* Row i of the table that the header describes at a place; empty: there is none. */
static struct bytes row_of(const struct super *super, unsigned table, unsigned least, uint32_t i)
{
	const uint8_t *descriptor = super->header.data + table;
	uint64_t offset = load_le32(descriptor), size = load_le32(descriptor + 8), at = offset + i * size;

	if (i >= load_le32(descriptor + 4) || size < least || !image_lies_in(at, size, super->tables.size))
		return (struct bytes){ super->tables.data, 0 };
	return bytes_of(super->tables.data + at, least);
}

/* The extents of a partition follow each other; only one that is in one piece can be looked into. */
static void add_partition(const struct super *super, struct bytes partition)
{
	uint32_t first = load_le32(partition.data + NAME + 4), count = load_le32(partition.data + NAME + 8);
	uint64_t start = 0, size = 0;
	char name[NAME + 1];

	image_text(name, sizeof(name), bytes_of(partition.data, NAME));
	for (uint32_t i = 0; i < count && i < ROWS; i++) {
		struct bytes extent = row_of(super, AT_EXTENTS, EXTENT, first + i);

		if (extent.size == 0)
			break;
		if (i == 0 && load_le32(extent.data + 8) == EXTENT_LINEAR)
			start = load_le64(extent.data + 12) % (UINT64_MAX / SECTOR) * SECTOR;
		size += load_le64(extent.data) % (UINT64_MAX / SECTOR / ROWS) * SECTOR;
	}
	if (size > 0 && count == 1 && super->has_contents)
		image_add_part(super->in, super->facts, start, size, name);
	else if (size > 0)
		image_add_row(super->facts, start, size, name, "unknown");
}

static void add_partitions(const struct super *super)
{
	for (uint32_t i = 0; i < ROWS; i++) {
		struct bytes partition = row_of(super, AT_PARTITIONS, PARTITION, i);

		if (partition.size == 0)
			return;
		add_partition(super, partition);
	}
}

/* The second copies of geometry and table are what a device takes when the first are gone. */
static void check_copies(struct super *super, uint64_t geometry, uint64_t table)
{
	const struct image_input *in = super->in;
	const uint8_t *first = in->data.data + geometry;
	uint64_t most = load_le32(first + GEOMETRY_AT_MAX), slots = load_le32(first + GEOMETRY_AT_SLOTS);
	uint64_t size = super->header.size + super->tables.size, second = table + most * slots;

	if (image_in_memory(in, geometry + GEOMETRY, GEOMETRY_STRUCT) && memcmp(first, first + GEOMETRY, GEOMETRY_STRUCT) != 0)
		image_broken(super->facts, geometry + GEOMETRY, "the second copy of its geometry is not the same as the first one");
	if (image_in_memory(in, second, size) && !bytes_equal(image_slice(in, table, size), image_slice(in, second, size)))
		image_broken(super->facts, second, "the second copy of its table is not the same as the first one");
}

static void inspect_whole(struct super *super, uint64_t geometry)
{
	enum image_answer answer;
	struct bytes device;

	if (!open_metadata(super, geometry + 2 * GEOMETRY, &answer))
		return;
	check_copies(super, geometry, geometry + 2 * GEOMETRY);
	device = row_of(super, AT_DEVICES, DEVICE, 0);
	if (device.size > 0 && load_le64(device.data + 16) > RESERVED)
		image_declare(super->in, super->facts, load_le64(device.data + 16) - (super->has_contents ? 0 : RESERVED));
	add_partitions(super);
	super->facts->is_padded_by_nature = true;
}

static void inspect_empty(struct super *super)
{
	struct image_facts *facts = super->facts;
	enum image_answer answer;

	text_copy(facts->title, sizeof(facts->title), "Android table of logical partitions");
	facts->ends_exactly = true;
	if (!open_metadata(super, GEOMETRY, &answer))
		return;
	image_declare(super->in, facts, GEOMETRY + super->header.size + super->tables.size);
	add_partitions(super);
	if (answer == IMAGE_YES)
		image_covered(facts, "the checksums of its table");
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = geometry_at(in);
	struct super super = { .in = in, .facts = facts, .has_contents = at == RESERVED };
	struct bytes geometry = image_slice(in, at, load_le32(in->data.data + at + 4));
	struct bytes rest = image_slice(in, at + geometry.size, GEOMETRY - geometry.size);

	text_copy(facts->checked, sizeof(facts->checked), "the checksums of its table; nothing covers the contents");
	if ((geometry.size == load_le32(in->data.data + at + 4) && check_sum(in, geometry, GEOMETRY_AT_SUM) == IMAGE_NO) ||
	    (rest.size > 0 && (rest.data[0] != 0 || image_padding(rest) != rest.size))) {
		image_broken(facts, at, "its geometry is damaged: the checksum does not match");
		return;
	}
	if (at == 0 && !has_geometry(in, GEOMETRY) && in->size != IMAGE_SIZE_UNKNOWN)
		inspect_empty(&super);
	else
		inspect_whole(&super, at);
}

const struct image_format image_format_android_super = {
	.word = "android-super", .title = "Android super partition", .matches = matches, .inspect = inspect,
};
