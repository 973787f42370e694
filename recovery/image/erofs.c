/* recovery/image/erofs.c
 *
 * EROFS: its superblock, and for which processor the programs in it are. Folders are never packed; of a packed file the first cluster is
 * unpacked as far as an ELF header goes.
 * Source: Linux Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h; for the compact index of packed files fs/erofs/zmap.c; for the form of
 * its LZMA streams liblzma's lzma/container.h, lzma_microlzma_encoder. */
#include <inttypes.h>

#include "recovery/image/block_codecs.h"
#include "recovery/image/programs.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	SUPERBLOCK = 1024, SUPERBLOCK_SIZE = 128,
	AT_SUM = 4, AT_COMPATIBLE = 8, AT_BLOCK_BITS = 12, AT_ROOT = 14, AT_BLOCKS = 36, AT_META = 40, AT_NAME = 64, NAME_SIZE = 16,
	AT_INCOMPATIBLE = 80, AT_ALGORITHMS = 84, AT_DEVICES = 86,
	HAS_SUM = 1,			/* of the compatible features */
	/* of the incompatible ones */
	ZERO_PADDING = 1, HAS_ALGORITHMS = 2, HAS_48_BITS = 0x80, KNOWN_FEATURES = 0x7f,
	BLOCK_BITS_MIN = 9, BLOCK_BITS_MAX = 16,
};

static const uint32_t MAGIC = 0xe0f5e1e2;

enum { ALGORITHM_LZ4, ALGORITHM_LZMA, ALGORITHM_DEFLATE, ALGORITHM_ZSTD };
enum { LZMA_HEADER = 13, LZMA_HEAD = 512 };
enum { LAYOUT_PLAIN, LAYOUT_FULL_INDEX, LAYOUT_INLINE, LAYOUT_COMPACT_INDEX, LAYOUT_CHUNKS };
enum { TYPE_FILE = 1, TYPE_FOLDER = 2 };
enum { SLOT = 32, DIRENT = 12, FOLDERS_WAITING = 256, FOLDERS = 4096, ENTRIES = 200000, BLOCKS_OF_FOLDER = 1024, PACKED_MAX = 64 * 1024 };

struct erofs {
	const struct image_input *in;
	uint64_t meta;			/* where inode 0 would be */
	uint32_t block_bits, features;
	uint64_t folder[FOLDERS_WAITING];
	unsigned waiting, folders, entries;
	struct programs programs;
};

struct inode {
	unsigned layout;
	uint64_t size, place;		/* of its data: a number of a block, a kind of chunk */
	uint64_t end;			/* behind it and its attributes */
};

static bool matches(const struct image_input *in)
{
	struct bytes super = image_slice(in, SUPERBLOCK, SUPERBLOCK_SIZE);

	return super.size == SUPERBLOCK_SIZE && load_le32(super.data) == MAGIC && super.data[AT_BLOCK_BITS] >= BLOCK_BITS_MIN &&
	       super.data[AT_BLOCK_BITS] <= BLOCK_BITS_MAX;
}

/* Over the rest of the first block, with its own field zero. */
static enum image_answer sum_is_right(const struct image_input *in)
{
	const uint8_t *super = in->data.data + SUPERBLOCK;
	uint64_t block = UINT64_C(1) << super[AT_BLOCK_BITS];
	uint8_t copy[1 << BLOCK_BITS_MAX];
	struct bytes from;

	if (!(load_le32(super + AT_COMPATIBLE) & HAS_SUM) || block <= SUPERBLOCK || !image_in_memory(in, 0, block))
		return IMAGE_UNKNOWN;
	from = image_slice(in, SUPERBLOCK, block - SUPERBLOCK);
	memcpy(copy, from.data, from.size);
	memset(copy + AT_SUM, 0, 4);
	return image_crc32c(bytes_of(copy, from.size)) == load_le32(super + AT_SUM) ? IMAGE_YES : IMAGE_NO;
}

static bool is_sound(const struct image_input *in)
{
	return matches(in) && sum_is_right(in) == IMAGE_YES;
}

/* ---- the programs in it ---- */

static bool read_inode(const struct erofs *erofs, uint64_t number, struct inode *inode)
{
	uint64_t at = erofs->meta + number * SLOT, size;
	const uint8_t *from = erofs->in->data.data + at;
	uint16_t format, attributes;

	if (number > UINT32_MAX || !image_in_memory(erofs->in, at, 32))
		return false;
	format = load_le16(from);
	attributes = load_le16(from + 2);
	size = format & 1 ? 64 : 32;
	if (!image_in_memory(erofs->in, at, size))
		return false;
	*inode = (struct inode){ .layout = format >> 1 & 7, .size = format & 1 ? load_le64(from + 8) : load_le32(from + 8),
				 .place = load_le32(from + 16), .end = at + size + (attributes > 0 ? 12 + 4 * (attributes - 1u) : 0) };
	return true;
}

static struct bytes block_at(const struct erofs *erofs, uint64_t number, uint64_t size)
{
	return image_slice(erofs->in, number << erofs->block_bits, size);
}

/* The number of a chunk's first block; UINT32_MAX: a hole. */
static uint32_t first_chunk(const struct erofs *erofs, const struct inode *inode)
{
	bool is_index = inode->place & 0x20;
	struct bytes entry = is_index ? image_slice(erofs->in, (inode->end + 7) / 8 * 8, 8) : image_slice(erofs->in, (inode->end + 3) / 4 * 4, 4);

	if (entry.size < (is_index ? 8 : 4))
		return UINT32_MAX;
	return load_le32(entry.data + (is_index ? 4 : 0));
}

/* Of a packed file's first cluster. *ret_kind: 0 stored as it is, 1 and 3 packed. false: it cannot be found. */
static bool first_cluster(const struct erofs *erofs, const struct inode *inode, uint32_t *ret_block, unsigned *ret_kind, unsigned *ret_algorithms)
{
	uint64_t at = (inode->end + 7) / 8 * 8;
	struct bytes head = image_slice(erofs->in, at, 8), index = image_slice(erofs->in, at + 8, 32);
	bool is_two_bytes, is_big;

	if (head.size < 8 || index.size < 16 || head.data[7] & 0x80)	/* it lies in the fragments of others */
		return false;
	*ret_algorithms = head.data[6];
	if (inode->layout == LAYOUT_FULL_INDEX) {	/* eight reserved bytes, then for each cluster what, where to, and the block */
		*ret_kind = load_le16(index.data + 8) & 3;
		*ret_block = load_le32(index.data + 12);
		return true;
	}
	/* Two entries in 8 bytes, up to where 16 in 32 bytes are aligned. 12 bits of an entry are a place, the next two the kind; the number behind
	 * them is that of the block before the first one, or with larger clusters of the first. */
	is_two_bytes = (at + 8) % 32 == 0 && load_le16(head.data + 4) & 1 && inode->size > UINT64_C(15) << erofs->block_bits;
	is_big = load_le16(head.data + 4) & 2;
	if (erofs->block_bits > 12 || (head.data[7] & 7) != 0 || (is_two_bytes && index.size < 32))
		return false;
	*ret_kind = load_le16(index.data) >> 12 & 3;
	*ret_block = load_le32(index.data + (is_two_bytes ? 28 : 4)) + !is_big;
	return true;
}

/* Its streams are those of .lzma files without the header: the properties stand, inverted, in place of the first byte, which is always 0. For a
 * head of ELF_HEADER bytes neither the dictionary nor more of the stream is wanted. */
static size_t unpack_micro_lzma(const struct image_ops *ops, struct bytes packed, uint8_t *to, size_t room)
{
	static const uint8_t dictionary[4] = { 0, 0x10 };	/* 4096, the smallest */
	uint8_t alone[LZMA_HEADER + LZMA_HEAD];
	size_t size = packed.size < LZMA_HEAD ? packed.size : LZMA_HEAD;
	enum image_answer end;
	uint64_t used;

	if (size == 0)
		return 0;
	memset(alone, 0xff, LZMA_HEADER);	/* how many bytes will come is not told */
	alone[0] = (uint8_t)~packed.data[0];
	memcpy(alone + 1, dictionary, sizeof(dictionary));
	memcpy(alone + LZMA_HEADER, packed.data, size);
	alone[LZMA_HEADER] = 0;
	return (size_t)ops->unpack(ops->user, "lzma", bytes_of(alone, LZMA_HEADER + size), to, room, room, &end, &used);
}

static size_t unpack_head(const struct erofs *erofs, const struct inode *inode, uint8_t *to, size_t room)
{
	static const char *const words[] = { [ALGORITHM_DEFLATE] = "deflate", [ALGORITHM_ZSTD] = "zstd" };
	const struct image_ops *ops = erofs->in->ops;
	unsigned kind, algorithms, algorithm;
	enum image_answer end;
	struct bytes packed;
	uint32_t block;
	uint64_t used;

	if (!first_cluster(erofs, inode, &block, &kind, &algorithms) || kind == 2)
		return 0;
	packed = block_at(erofs, block, PACKED_MAX);
	if (kind == 0) {
		room = packed.size < room ? packed.size : room;
		memcpy(to, packed.data, room);
		return room;
	}
	/* it ends where its blocks end, so that zeros stand in front of it */
	for (unsigned i = 0; (erofs->features & ZERO_PADDING) && packed.size > 0 && packed.data[0] == 0 && i >> erofs->block_bits == 0; i++)
		packed = bytes_from(packed, 1);
	algorithm = kind == 3 ? algorithms >> 4 : algorithms & 15;
	if (algorithm == ALGORITHM_LZ4)
		return lz4_block_unpack(packed, to, room);
	if (algorithm >= ARRAY_SIZE(words) || ops->unpack == NULL)
		return 0;
	if (algorithm == ALGORITHM_LZMA)
		return unpack_micro_lzma(ops, packed, to, room);
	return (size_t)ops->unpack(ops->user, words[algorithm], packed, to, room, room, &end, &used);
}

static void look_at_file(struct erofs *erofs, const struct inode *inode)
{
	struct bytes head = { NULL, 0 };
	uint8_t unpacked[ELF_HEADER];

	if (inode->size < ELF_HEADER)
		return;
	if (inode->layout == LAYOUT_PLAIN || (inode->layout == LAYOUT_INLINE && inode->size >> erofs->block_bits > 0))
		head = block_at(erofs, inode->place, ELF_HEADER);
	else if (inode->layout == LAYOUT_INLINE)
		head = image_slice(erofs->in, inode->end, ELF_HEADER);
	else if (inode->layout == LAYOUT_CHUNKS)
		head = block_at(erofs, first_chunk(erofs, inode), ELF_HEADER);
	else
		head = bytes_of(unpacked, unpack_head(erofs, inode, unpacked, sizeof(unpacked)));
	programs_look(&erofs->programs, head);
}

/* A block of a folder: entries, the first one's name behind the last one. */
static void read_entries(struct erofs *erofs, struct bytes block)
{
	unsigned count = block.size >= DIRENT ? load_le16(block.data + 8) / DIRENT : 0;
	struct inode inode;

	for (unsigned i = 0; i < count && (i + 1u) * DIRENT <= block.size && erofs->entries < ENTRIES && !erofs->programs.has_enough; i++) {
		const uint8_t *entry = block.data + (size_t)i * DIRENT;
		uint16_t name = load_le16(entry + 8);

		erofs->entries++;
		if (entry[10] == TYPE_FILE && read_inode(erofs, load_le64(entry), &inode))
			look_at_file(erofs, &inode);
		/* "." and ".." */
		if (entry[10] == TYPE_FOLDER && name < block.size && block.data[name] != '.' && erofs->waiting < FOLDERS_WAITING)
			erofs->folder[erofs->waiting++] = load_le64(entry);
	}
}

static void read_folder(struct erofs *erofs, const struct inode *inode)
{
	uint64_t block = UINT64_C(1) << erofs->block_bits, blocks = inode->size >> erofs->block_bits, left = inode->size & (block - 1);

	if (inode->layout != LAYOUT_PLAIN && inode->layout != LAYOUT_INLINE)
		return;
	for (uint64_t i = 0; i < blocks && i < BLOCKS_OF_FOLDER; i++)
		read_entries(erofs, block_at(erofs, inode->place + i, block));
	if (left > 0)
		read_entries(erofs, inode->layout == LAYOUT_INLINE ? image_slice(erofs->in, inode->end, left) : block_at(erofs, inode->place + blocks, left));
}

static void tell_arch(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *super = in->data.data + SUPERBLOCK;
	struct erofs erofs = { .in = in, .block_bits = super[AT_BLOCK_BITS], .features = load_le32(super + AT_INCOMPATIBLE), .waiting = 1,
			       .folder = { load_le16(super + AT_ROOT) } };
	struct inode inode;

	erofs.meta = (uint64_t)load_le32(super + AT_META) << erofs.block_bits;
	while (erofs.waiting > 0 && erofs.folders++ < FOLDERS && !erofs.programs.has_enough)
		if (read_inode(&erofs, erofs.folder[--erofs.waiting], &inode))
			read_folder(&erofs, &inode);
	programs_tell(&erofs.programs, facts);
}

/* ---- all of it ---- */

static void tell_compression(const uint8_t *super, struct image_facts *facts)
{
	static const char *const words[] = { "lz4", "lzma", "deflate", "zstd" };
	uint32_t features = load_le32(super + AT_INCOMPATIBLE), algorithms = load_le16(super + AT_ALGORITHMS);

	if (features & HAS_ALGORITHMS) {
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (algorithms >> i & 1)
				text_copy(facts->compression, sizeof(facts->compression), words[i]);
	} else if (features & ZERO_PADDING) {
		text_copy(facts->compression, sizeof(facts->compression), "lz4");
	}
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *super = in->data.data + SUPERBLOCK;
	uint64_t block = UINT64_C(1) << super[AT_BLOCK_BITS], blocks = load_le32(super + AT_BLOCKS);
	uint32_t features = load_le32(super + AT_INCOMPATIBLE);

	text_copy(facts->checked, sizeof(facts->checked), "size and superblock; nothing covers the contents");
	image_set_name(facts, bytes_of(super + AT_NAME, NAME_SIZE));
	facts->is_padded_by_nature = true;
	if (sum_is_right(in) == IMAGE_NO) {
		image_broken(facts, SUPERBLOCK + AT_SUM, "its superblock is damaged: the checksum does not match");
		return;
	}
	if (features & HAS_48_BITS)
		blocks |= (uint64_t)load_le16(super + AT_ROOT) << 32;
	image_declare(in, facts, blocks * block);
	tell_compression(super, facts);
	if (load_le16(super + AT_DEVICES) > 0)
		image_warning(facts, "its files lie in %u more images, which belong to it", load_le16(super + AT_DEVICES));
	if (features & ~(uint32_t)KNOWN_FEATURES)
		image_warning(facts, "it has features of a later version (0x%" PRIx32 "): an older kernel cannot mount it", features);
	else
		tell_arch(in, facts);
}

const struct image_format image_format_erofs = {
	.role = IMAGE_ROLE_PLAIN, .word = "erofs", .title = "EROFS file system", .matches = matches, .inspect = inspect, .is_sound = is_sound,
};
