/* recovery/image/squashfs.c
 *
 * SquashFS 4, little-endian. It has no checksum: the size and the places of its tables are all that can be checked.
 * Source: Linux fs/squashfs/squashfs_fs.h. */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	SUPERBLOCK_SIZE = 96,
	AT_BLOCK_SIZE = 12,
	AT_COMPRESSION = 20,
	AT_BLOCK_LOG = 22,
	AT_IDS = 26,
	AT_MAJOR = 28,
	AT_MINOR = 30,
	AT_BYTES_USED = 40,
	AT_ID_TABLE = 48,
	AT_INODE_TABLE = 64,
	AT_DIRECTORY_TABLE = 72,
	METADATA_HEADER = 2,
	METADATA_SIZE = 8192,
	METADATA_STORED = 0x8000,
};

static const char *const compressions[] = { "", "gzip", "lzma", "lzo", "xz", "lz4", "zstd" };

static bool matches(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("hsqs"));
}

static bool is_sound(const struct image_input *in)
{
	const uint8_t *block = in->data.data;
	uint16_t log;

	if (in->data.size < SUPERBLOCK_SIZE || !matches(in))
		return false;
	log = load_le16(block + AT_BLOCK_LOG);
	return load_le16(block + AT_MAJOR) == 4 && log >= 12 && log <= 20 && load_le32(block + AT_BLOCK_SIZE) == 1u << log;
}

/* A metadata block begins with its length; only the top bit and 8 KiB are used (squashfs_fs.h, SQUASHFS_COMPRESSED_BIT). */
static bool is_metadata(const struct image_input *in, uint64_t offset)
{
	uint16_t length;

	if (!image_in_memory(in, offset, METADATA_HEADER))
		return true;	/* not seen, not judged */
	length = load_le16(in->data.data + offset) & (METADATA_STORED - 1);
	return length > 0 && length <= METADATA_SIZE;
}

static void check_tables(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *block = in->data.data;
	uint64_t used = load_le64(block + AT_BYTES_USED), ids = load_le64(block + AT_ID_TABLE);
	static const struct { unsigned at; const char *name; } tables[] = {
		{ AT_INODE_TABLE, "inode" }, { AT_DIRECTORY_TABLE, "directory" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		uint64_t start = load_le64(block + tables[i].at);

		if (start < SUPERBLOCK_SIZE || start >= used || !is_metadata(in, start)) {
			image_broken(facts, start < used ? start : tables[i].at, "its %s table is damaged", tables[i].name);
			return;
		}
	}
	/* the id table is a list of block places near the end: the first thing that a zeroed or blank tail destroys */
	if (ids < SUPERBLOCK_SIZE || ids > used || used - ids < 8)
		image_broken(facts, AT_ID_TABLE, "its id table lies outside of it");
	else if (image_in_memory(in, ids, 8) && load_le16(block + AT_IDS) > 0) {
		uint64_t first = load_le64(block + ids);

		if (first < SUPERBLOCK_SIZE || first >= ids || !is_metadata(in, first))
			image_broken(facts, ids, "its id table is damaged");
	}
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *block = in->data.data;
	uint16_t compression;

	if (in->data.size < SUPERBLOCK_SIZE) {
		if (in->size < SUPERBLOCK_SIZE)
			image_broken(facts, in->data.size, "it is cut off inside its superblock");
		return;
	}
	text_copy(facts->checked, sizeof(facts->checked), "size and table places; nothing covers the contents");
	if (!is_sound(in)) {
		image_broken(facts, AT_BLOCK_SIZE, "its superblock is damaged, or of a version other than 4");
		return;
	}
	compression = load_le16(block + AT_COMPRESSION);
	if (compression < ARRAY_SIZE(compressions))
		text_copy(facts->compression, sizeof(facts->compression), compressions[compression]);
	text_format(facts->title, sizeof(facts->title), "SquashFS %u.%u file system", load_le16(block + AT_MAJOR),
		    load_le16(block + AT_MINOR));
	if (image_declare(in, facts, load_le64(block + AT_BYTES_USED)))
		check_tables(in, facts);
}

const struct image_format image_format_squashfs = {
	.word = "squashfs", .title = "SquashFS file system", .matches = matches, .inspect = inspect, .is_sound = is_sound,
};
