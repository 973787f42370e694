/* recovery/image/ext.c
 *
 * ext2, ext3, ext4. The superblock may have a checksum; nothing covers the contents.
 * Source: Linux Documentation/filesystems/ext4 (super.rst, group_descr.rst, inodes.rst, ifork.rst). */
#include <inttypes.h>

#include "recovery/image/programs.h"
#include "src/base/text.h"

enum {
	SUPERBLOCK = 1024,
	SUPERBLOCK_SIZE = 1024,
	AT_INODES = 0, AT_BLOCKS = 4, AT_LOG_BLOCK_SIZE = 24, AT_BLOCKS_PER_GROUP = 32, AT_INODES_PER_GROUP = 40, AT_MAGIC = 56, AT_STATE = 58,
	AT_REVISION = 76, AT_INODE_SIZE = 88, AT_COMPAT = 92, AT_INCOMPAT = 96, AT_RO_COMPAT = 100, AT_LABEL = 120, AT_DESCRIPTOR_SIZE = 254,
	AT_BLOCKS_HIGH = 0x150, AT_CHECKSUM = 0x3fc,
	COMPAT_JOURNAL = 4, INCOMPAT_EXTENTS = 0x40, INCOMPAT_64BIT = 0x80, INCOMPAT_FLEX_GROUPS = 0x200, RO_COMPAT_CHECKSUMS = 0x400,
	MODE_TYPE = 0xf000, MODE_FILE = 0x8000, MODE_FOLDER = 0x4000, INODE_EXTENTS = 0x80000,
	EXTENT_MAGIC = 0xf30a, EXTENT_DEPTH = 5,
	INODES_LOOKED = 100000,
	PROGRAM_MIN = 1024,
};

struct ext {
	const struct image_input *in;
	const uint8_t *super;
	uint64_t blocks, block_size;
	uint32_t inode_size, inodes_per_group, descriptor_size;
	bool is_64;
};

static bool matches(const struct image_input *in)
{
	const uint8_t *super;

	if (in->data.size < SUPERBLOCK + SUPERBLOCK_SIZE)
		return false;
	super = in->data.data + SUPERBLOCK;
	return load_le16(super + AT_MAGIC) == 0xef53 && load_le32(super + AT_LOG_BLOCK_SIZE) <= 6 && load_le32(super + AT_BLOCKS) > 0 &&
	       load_le32(super + AT_INODES) > 0 && load_le32(super + AT_REVISION) <= 1 && load_le32(super + AT_INODES_PER_GROUP) > 0 &&
	       load_le32(super + AT_BLOCKS_PER_GROUP) > 0;
}

static void open_ext(const struct image_input *in, struct ext *ext)
{
	const uint8_t *super = in->data.data + SUPERBLOCK;
	uint32_t incompat = load_le32(super + AT_INCOMPAT);

	*ext = (struct ext){ .in = in, .super = super, .is_64 = incompat & INCOMPAT_64BIT };
	ext->blocks = load_le32(super + AT_BLOCKS) | (ext->is_64 ? (uint64_t)load_le32(super + AT_BLOCKS_HIGH) << 32 : 0);
	ext->block_size = UINT64_C(1024) << load_le32(super + AT_LOG_BLOCK_SIZE);
	ext->inode_size = load_le32(super + AT_REVISION) == 0 ? 128 : load_le16(super + AT_INODE_SIZE);
	ext->inodes_per_group = load_le32(super + AT_INODES_PER_GROUP);
	ext->descriptor_size = ext->is_64 ? load_le16(super + AT_DESCRIPTOR_SIZE) : 32;
}

/* Bytes of a block; fewer, or none, where it is not in memory. */
static struct bytes block_at(const struct ext *ext, uint64_t block, uint64_t size)
{
	if (block == 0 || block >= ext->blocks || block > UINT64_MAX / ext->block_size)
		return (struct bytes){ ext->in->data.data, 0 };
	return image_slice(ext->in, block * ext->block_size, size);
}

/* From the 60 bytes of an inode to the block that begins the file; 0: none that could be found. */
static uint64_t first_block(const struct ext *ext, const uint8_t *inode)
{
	struct bytes node = bytes_of(inode + 40, 60);

	if ((load_le32(inode + 32) & INODE_EXTENTS) == 0)
		return load_le32(node.data);
	for (unsigned depth = 0; depth <= EXTENT_DEPTH; depth++) {
		const uint8_t *entry = node.data + 12;

		if (node.size < 24 || load_le16(node.data) != EXTENT_MAGIC || load_le16(node.data + 2) == 0)
			return 0;
		if (load_le16(node.data + 6) == 0)
			return load_le32(entry) != 0 ? 0 : load_le32(entry + 8) | (uint64_t)load_le16(entry + 6) << 32;
		node = block_at(ext, load_le32(entry + 4) | (uint64_t)load_le16(entry + 8) << 32, ext->block_size);
	}
	return 0;
}

static void look_at_inode(const struct ext *ext, struct programs *programs, const uint8_t *inode)
{
	struct bytes head;

	if ((load_le16(inode) & MODE_TYPE) != MODE_FILE || load_le32(inode + 4) < PROGRAM_MIN)
		return;
	head = block_at(ext, first_block(ext, inode), ELF_HEADER);
	if (head.size == ELF_HEADER)
		programs_look(programs, head);
}

/* The table of inodes of a group; 0: it has none that can be. */
static uint64_t inode_table(const struct ext *ext, uint64_t group)
{
	uint64_t first = ext->block_size == 1024 ? 2 : 1;
	struct bytes entry = image_slice(ext->in, first * ext->block_size + group * ext->descriptor_size, ext->descriptor_size);
	uint64_t table;

	if (entry.size < ext->descriptor_size || ext->descriptor_size < 32)
		return 0;
	table = load_le32(entry.data + 8);
	return ext->is_64 && entry.size >= 64 ? table | (uint64_t)load_le32(entry.data + 40) << 32 : table;
}

static void tell_arch(const struct ext *ext, struct image_facts *facts)
{
	struct programs programs = { 0 };
	uint64_t groups = ext->blocks / load_le32(ext->super + AT_BLOCKS_PER_GROUP) + 1, looked = 0;

	for (uint64_t group = 0; group < groups && looked < INODES_LOOKED; group++) {
		uint64_t table = inode_table(ext, group);

		if (table == 0 || table >= ext->blocks)
			break;
		for (uint32_t i = 0; i < ext->inodes_per_group && looked < INODES_LOOKED && !programs.has_enough; i++, looked++) {
			struct bytes inode = image_slice(ext->in, table * ext->block_size + (uint64_t)i * ext->inode_size, 128);

			if (inode.size < 128)
				break;
			look_at_inode(ext, &programs, inode.data);
		}
		if (programs.has_enough)
			break;
	}
	programs_tell(&programs, facts);
}

/* The second inode is the root folder: bytes that moved before it show there. */
static void check_root(const struct ext *ext, struct image_facts *facts)
{
	uint64_t table = inode_table(ext, 0), at = table * ext->block_size + ext->inode_size;
	struct bytes inode;

	if (table == 0 || table >= ext->blocks) {
		if (image_in_memory(ext->in, 4 * ext->block_size, 0))
			image_broken(facts, 2 * ext->block_size, "its group descriptors are damaged");
		return;
	}
	inode = image_slice(ext->in, at, 128);
	if (inode.size == 128 && (load_le16(inode.data) & MODE_TYPE) != MODE_FOLDER)
		image_broken(facts, at, "its root folder is missing: what is there is no folder");
}

static const char *word_of(const uint8_t *super)
{
	if (load_le32(super + AT_INCOMPAT) & (INCOMPAT_EXTENTS | INCOMPAT_64BIT | INCOMPAT_FLEX_GROUPS) ||
	    load_le32(super + AT_RO_COMPAT) & RO_COMPAT_CHECKSUMS)
		return "ext4";
	return load_le32(super + AT_COMPAT) & COMPAT_JOURNAL ? "ext3" : "ext2";
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct ext ext;

	open_ext(in, &ext);
	text_copy(facts->format, sizeof(facts->format), word_of(ext.super));
	text_format(facts->title, sizeof(facts->title), "%s file system", facts->format);
	image_set_name(facts, bytes_of(ext.super + AT_LABEL, 16));
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	facts->is_padded_by_nature = true;
	if (load_le32(ext.super + AT_RO_COMPAT) & RO_COMPAT_CHECKSUMS) {
		text_copy(facts->checked, sizeof(facts->checked), "size and superblock; nothing covers the contents");
		if (image_crc32c(bytes_of(ext.super, AT_CHECKSUM)) != load_le32(ext.super + AT_CHECKSUM)) {
			image_broken(facts, SUPERBLOCK + AT_CHECKSUM, "its superblock is damaged: the checksum does not match");
			return;
		}
	}
	if (ext.blocks > (UINT64_MAX >> 1) / ext.block_size)
		image_broken(facts, SUPERBLOCK + AT_BLOCKS, "its superblock is damaged: it says that it is larger than any disk");
	else if (image_declare(in, facts, ext.blocks * ext.block_size) && (load_le16(ext.super + AT_STATE) & 2))
		image_problem(facts, SUPERBLOCK + AT_STATE, "it is marked as having errors");
	if (ext.inode_size < 128 || ext.inode_size > ext.block_size)
		image_broken(facts, SUPERBLOCK + AT_INODE_SIZE, "its superblock is damaged: inodes of %" PRIu32 " bytes", ext.inode_size);
	if (facts->whole == IMAGE_NO)
		return;
	check_root(&ext, facts);
	tell_arch(&ext, facts);
}

const struct image_format image_format_ext = {
	.role = IMAGE_ROLE_PLAIN, .word = "ext4", .title = "ext4 file system", .matches = matches, .inspect = inspect,
};
