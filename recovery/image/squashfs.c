/* recovery/image/squashfs.c
 *
 * SquashFS: version 4, which is little-endian but on AVM's big-endian boxes, and the older ones of either byte order that are on old routers,
 * some of them under a magic of their own. It has no checksum: the size and the places of its tables are all that can be checked.
 * Source: Linux fs/squashfs/squashfs_fs.h; squashfs-tools 4.6 squashfs_compat.h (versions 1 to 3); binwalk's signatures (magics); Freetz-NG,
 * tools/make/squashfs4-host-be (AVM's version 4). */
#include <inttypes.h>

#include "recovery/image/squashfs.h"
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
	/* version 3; its fields are not aligned */
	OLD_SUPERBLOCK_SIZE = 119,
	OLD_AT_BYTES_USED_2 = 8,
	OLD_AT_BLOCK_LOG = 34,
	OLD_AT_BLOCK_SIZE = 51,
	OLD_AT_BYTES_USED = 63,
	OLD_AT_INODE_TABLE = 87,
	OLD_AT_DIRECTORY_TABLE = 95,
	OLD_BLOCKS = 48,	/* of data, looked into for a program */
	OLD_BLOCK_MAX = 1024 * 1024,
};

static const char *const compressions[] = { "", "gzip", "lzma", "lzo", "xz", "lz4", "zstd" };

static const struct magic { struct bytes text; bool is_big; } magics[] = {
	{ { (const uint8_t *)"hsqs", 4 }, false },
	{ { (const uint8_t *)"sqsh", 4 }, true },
	{ { (const uint8_t *)"shsq", 4 }, false },	/* LZMA on Realtek's and Broadcom's */
	{ { (const uint8_t *)"qshs", 4 }, true },
	{ { (const uint8_t *)"hsqt", 4 }, false },	/* DD-WRT */
	{ { (const uint8_t *)"tqsh", 4 }, true },
	{ { (const uint8_t *)"zlqs", 4 }, false },
	{ { (const uint8_t *)"sqlz", 4 }, true },
};

static const struct magic *find_magic(const struct image_input *in)
{
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (image_starts_with(in->data, magics[i].text))
			return &magics[i];
	return NULL;
}

static uint16_t half_at(const struct image_input *in, uint64_t at, bool is_big)
{
	return is_big ? load_be16(in->data.data + at) : load_le16(in->data.data + at);
}

static uint64_t long_at(const struct image_input *in, uint64_t at, bool is_big)
{
	return is_big ? load_be64(in->data.data + at) : load_le64(in->data.data + at);
}

static uint32_t word_at(const struct image_input *in, unsigned at, bool is_big)
{
	return is_big ? load_be32(in->data.data + at) : load_le32(in->data.data + at);
}

static bool is_new(const struct image_input *in)
{
	bool is_big = find_magic(in)->is_big;
	uint16_t log;

	if (in->data.size < SUPERBLOCK_SIZE || half_at(in, AT_MAJOR, is_big) != 4)
		return false;
	log = half_at(in, AT_BLOCK_LOG, is_big);
	return log >= 12 && log <= 20 && word_at(in, AT_BLOCK_SIZE, is_big) == 1u << log;
}

static bool is_old(const struct image_input *in)
{
	bool is_big = find_magic(in)->is_big;
	uint16_t major, log;
	uint32_t size;

	if (in->data.size < OLD_SUPERBLOCK_SIZE)
		return false;
	major = half_at(in, AT_MAJOR, is_big);
	log = half_at(in, OLD_AT_BLOCK_LOG, is_big);
	size = word_at(in, OLD_AT_BLOCK_SIZE, is_big);
	return major >= 1 && major <= 3 && log >= 12 && log <= 20 && (major == 1 || size == 1u << log);
}

static bool is_sound(const struct image_input *in)
{
	return find_magic(in) != NULL && (is_new(in) || is_old(in));
}

static bool matches(const struct image_input *in)
{
	/* under the first magic also what is damaged, to say so; the others are too like text */
	return image_starts_with(in->data, magics[0].text) || is_sound(in);
}

/* A metadata block begins with its length; only the top bit and 8 KiB are used (squashfs_fs.h, SQUASHFS_COMPRESSED_BIT). */
static bool is_metadata(const struct image_input *in, uint64_t offset, bool is_big)
{
	uint16_t length;

	if (!image_in_memory(in, offset, METADATA_HEADER))
		return true;	/* not seen, not judged */
	length = half_at(in, offset, is_big) & (METADATA_STORED - 1);
	return length > 0 && length <= METADATA_SIZE;
}

/* The lengths of metadata blocks are little-endian in AVM's, too. */
static void check_tables(const struct image_input *in, struct image_facts *facts)
{
	bool is_big = find_magic(in)->is_big;
	uint64_t used = long_at(in, AT_BYTES_USED, is_big), ids = long_at(in, AT_ID_TABLE, is_big);
	static const struct { unsigned at; const char *name; } tables[] = {
		{ AT_INODE_TABLE, "inode" }, { AT_DIRECTORY_TABLE, "directory" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		uint64_t start = long_at(in, tables[i].at, is_big);

		if (start < SUPERBLOCK_SIZE || start >= used || !is_metadata(in, start, false)) {
			image_broken(facts, start < used ? start : tables[i].at, "its %s table is damaged", tables[i].name);
			return;
		}
	}
	/* the id table is a list of block places near the end: the first thing that a zeroed or blank tail destroys */
	if (ids < SUPERBLOCK_SIZE || ids > used || used - ids < 8)
		image_broken(facts, AT_ID_TABLE, "its id table lies outside of it");
	else if (image_in_memory(in, ids, 8) && half_at(in, AT_IDS, is_big) > 0) {
		uint64_t first = long_at(in, ids, is_big);

		if (first < SUPERBLOCK_SIZE || first >= ids || !is_metadata(in, first, false))
			image_broken(facts, ids, "its id table is damaged");
	}
}

/* Without its tables of bit fields: the packed blocks of the files follow the superblock, one right behind the other. */
static void tell_arch_of_old(const struct image_input *in, struct image_facts *facts)
{
	struct programs programs = { 0 };
	uint64_t at = OLD_SUPERBLOCK_SIZE, used = 0;
	const char *word = "zlib";
	uint8_t head[ELF_HEADER];

	for (unsigned i = 0; in->ops->unpack != NULL && i < OLD_BLOCKS && !programs.has_enough; i++) {
		struct bytes packed = image_slice(in, at, OLD_BLOCK_MAX);
		enum image_answer end = IMAGE_NO;
		size_t have = in->ops->unpack(in->ops->user, word, packed, head, sizeof(head), sizeof(head), &end, &used);

		if (have == 0 && i == 0) {
			word = "lzma";
			have = in->ops->unpack(in->ops->user, word, packed, head, sizeof(head), sizeof(head), &end, &used);
		}
		if (have == 0)
			break;
		if (i == 0)
			text_copy(facts->compression, sizeof(facts->compression), text_equal(word, "zlib") ? "gzip" : "lzma");
		programs_look(&programs, bytes_of(head, have));
		in->ops->unpack(in->ops->user, word, packed, NULL, 0, OLD_BLOCK_MAX, &end, &used);
		if (end != IMAGE_YES || used == 0)
			break;
		at += used;
	}
	programs_tell(&programs, facts);
}

static void inspect_old(const struct image_input *in, struct image_facts *facts)
{
	bool is_big = find_magic(in)->is_big;
	uint16_t major = half_at(in, AT_MAJOR, is_big);
	uint64_t size, inodes, directories;

	text_format(facts->title, sizeof(facts->title), "SquashFS %u.%u file system, %s-endian", major, half_at(in, AT_MINOR, is_big),
		    is_big ? "big" : "little");
	size = major == 3 ? long_at(in, OLD_AT_BYTES_USED, is_big) : word_at(in, OLD_AT_BYTES_USED_2, is_big);
	if (size < OLD_SUPERBLOCK_SIZE) {
		image_broken(facts, OLD_AT_BYTES_USED, "its superblock is damaged: it says that it has %" PRIu64 " bytes", size);
		return;
	}
	if (!image_declare(in, facts, size))
		return;
	tell_arch_of_old(in, facts);
	if (major < 3)
		return;
	inodes = long_at(in, OLD_AT_INODE_TABLE, is_big);
	directories = long_at(in, OLD_AT_DIRECTORY_TABLE, is_big);
	if (inodes < OLD_SUPERBLOCK_SIZE || inodes >= size || directories < inodes || directories >= size)
		image_broken(facts, OLD_AT_INODE_TABLE, "its tables lie outside of it");
	else if (!is_metadata(in, inodes, is_big) || !is_metadata(in, directories, is_big))
		image_broken(facts, inodes, "its inode or directory table is damaged");
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint16_t compression;
	bool is_big;

	if (in->data.size < SUPERBLOCK_SIZE) {
		if (in->size < SUPERBLOCK_SIZE)
			image_broken(facts, in->data.size, "it is cut off inside its superblock");
		return;
	}
	text_copy(facts->checked, sizeof(facts->checked), "size and table places; nothing covers the contents");
	if (is_old(in) && !is_new(in)) {
		inspect_old(in, facts);
		return;
	}
	if (!is_new(in)) {
		image_broken(facts, AT_BLOCK_SIZE, "its superblock is damaged: no version, or no block size that could be");
		return;
	}
	is_big = find_magic(in)->is_big;
	compression = half_at(in, AT_COMPRESSION, is_big);
	if (compression < ARRAY_SIZE(compressions))
		text_copy(facts->compression, sizeof(facts->compression), compressions[compression]);
	text_format(facts->title, sizeof(facts->title), "SquashFS %u.%u file system%s", half_at(in, AT_MAJOR, is_big), half_at(in, AT_MINOR, is_big),
		    is_big ? ", big-endian" : "");
	if (!image_declare(in, facts, long_at(in, AT_BYTES_USED, is_big)))
		return;
	check_tables(in, facts);
	if (facts->whole != IMAGE_NO)
		squashfs_tell_arch(in, 0, 0, facts);
}

const struct image_format image_format_squashfs = {
	.role = IMAGE_ROLE_PLAIN, .word = "squashfs", .title = "SquashFS file system", .matches = matches, .inspect = inspect, .is_sound = is_sound,
};
