/* recovery/image/cramfs.c
 *
 * CramFS, of either byte order; from its second version on with a checksum over all of it.
 * Source: Linux include/uapi/linux/cramfs_fs.h, fs/cramfs/README. */
#include <inttypes.h>

#include "recovery/image/programs.h"
#include "src/base/crc.h"
#include "src/base/text.h"

enum {
	HEADER = 76,
	AT_SIZE = 4, AT_FLAGS = 8, AT_SIGNATURE = 16, AT_CRC = 32, AT_NAME = 48, AT_ROOT = 64,
	FLAG_VERSION_2 = 1,
	INODE = 12,
	BLOCK = 4096,
	FOLDERS = 64,		/* that wait to be read */
	ENTRIES = 20000,
	POINTER_FLAGS = 30,	/* the two highest bits */
	PROGRAM_MIN = 1024,
};

struct cramfs {
	const struct image_input *in;
	bool is_big;
	struct programs programs;
	struct { uint32_t offset, size; } folders[FOLDERS];
	unsigned waiting, entries;
};

struct inode {
	unsigned mode, name_size;
	uint32_t size, offset;
};

static bool matches(const struct image_input *in)
{
	return in->data.size >= HEADER && memcmp(in->data.data + AT_SIGNATURE, "Compressed ROMFS", 16) == 0 &&
	       (load_le32(in->data.data) == 0x28cd3d45 || load_be32(in->data.data) == 0x28cd3d45);
}

static uint32_t word_at(const struct cramfs *fs, const uint8_t *at)
{
	return fs->is_big ? load_be32(at) : load_le32(at);
}

/* Bit fields: mode 16, user 16; size 24, group 8; name length 6, offset 26; in the order of the machine. */
static struct inode read_inode(const struct cramfs *fs, const uint8_t *at)
{
	uint32_t mode = word_at(fs, at), size = word_at(fs, at + 4), place = word_at(fs, at + 8);

	if (fs->is_big)
		return (struct inode){ mode >> 16, (place >> 26) * 4, size >> 8, (place & 0x3ffffff) * 4 };
	return (struct inode){ mode & 0xffff, (place & 63) * 4, size & 0xffffff, (place >> 6) * 4 };
}

/* A list with the end of each packed block, then the blocks. */
static void look_at_file(struct cramfs *fs, const struct inode *inode)
{
	uint32_t blocks = (inode->size + BLOCK - 1) / BLOCK;
	struct bytes list = image_slice(fs->in, inode->offset, (uint64_t)blocks * 4), packed;
	const struct image_ops *ops = fs->in->ops;
	uint64_t start = inode->offset + (uint64_t)blocks * 4, used;
	uint8_t head[ELF_HEADER];
	enum image_answer end;
	uint32_t until;
	size_t have;

	if (inode->size < PROGRAM_MIN || list.size < 4)
		return;
	until = word_at(fs, list.data);
	if (until >> POINTER_FLAGS != 0) {	/* stored as it is, at a place of its own */
		programs_look(&fs->programs, image_slice(fs->in, start, ELF_HEADER));
		return;
	}
	if (until <= start || ops->unpack == NULL)
		return;
	packed = image_slice(fs->in, start, until - start);
	have = packed.size > 0 ? ops->unpack(ops->user, "zlib", packed, head, sizeof(head), sizeof(head), &end, &used) : 0;
	if (have > 0)
		programs_look(&fs->programs, bytes_of(head, have));
}

static void read_folder(struct cramfs *fs, uint32_t offset, uint32_t size)
{
	uint64_t at = offset, end = (uint64_t)offset + size;

	while (at + INODE <= end && image_in_memory(fs->in, at, INODE) && !fs->programs.has_enough && fs->entries++ < ENTRIES) {
		struct inode inode = read_inode(fs, fs->in->data.data + at);

		if ((inode.mode & 0xf000) == 0x4000 && fs->waiting < FOLDERS && inode.size > 0) {
			fs->folders[fs->waiting].offset = inode.offset;
			fs->folders[fs->waiting++].size = inode.size;
		} else if ((inode.mode & 0xf000) == 0x8000)
			look_at_file(fs, &inode);
		at += INODE + inode.name_size;
	}
}

static void tell_arch(struct cramfs *fs, struct image_facts *facts)
{
	struct inode root = read_inode(fs, fs->in->data.data + AT_ROOT);

	fs->folders[0].offset = root.offset;
	fs->folders[0].size = root.size;
	fs->waiting = 1;
	while (fs->waiting > 0 && fs->entries < ENTRIES && !fs->programs.has_enough) {
		fs->waiting--;
		read_folder(fs, fs->folders[fs->waiting].offset, fs->folders[fs->waiting].size);
	}
	programs_tell(&fs->programs, facts);
}

static void check_sum(const struct image_input *in, struct image_facts *facts, uint32_t size, uint32_t want)
{
	uint8_t head[AT_CRC + 4];
	uint32_t have;

	memcpy(head, in->data.data, AT_CRC);
	memset(head + AT_CRC, 0, 4);
	have = crc32_update(crc32_update(0, bytes_of(head, sizeof(head))), image_slice(in, sizeof(head), size - sizeof(head)));
	text_copy(facts->checked, sizeof(facts->checked), "its checksum");
	if (have != want)
		image_broken(facts, AT_CRC, "it is damaged: checksum %08" PRIx32 ", its header says %08" PRIx32, have, want);
	else
		facts->whole = IMAGE_YES;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct cramfs fs = { .in = in, .is_big = load_be32(in->data.data) == 0x28cd3d45 };
	uint32_t size = word_at(&fs, in->data.data + AT_SIZE);

	text_format(facts->title, sizeof(facts->title), "CramFS, %s-endian", fs.is_big ? "big" : "little");
	text_copy(facts->compression, sizeof(facts->compression), "gzip");
	text_copy(facts->checked, sizeof(facts->checked), "its header");
	image_set_name(facts, bytes_of(in->data.data + AT_NAME, 16));
	if ((word_at(&fs, in->data.data + AT_FLAGS) & FLAG_VERSION_2) && size < HEADER)
		image_broken(facts, AT_SIZE, "its header is damaged: it says that it has %" PRIu32 " bytes", size);
	else if ((word_at(&fs, in->data.data + AT_FLAGS) & FLAG_VERSION_2) && image_declare(in, facts, size) && image_in_memory(in, 0, size))
		check_sum(in, facts, size, word_at(&fs, in->data.data + AT_CRC));
	tell_arch(&fs, facts);
}

const struct image_format image_format_cramfs = {
	.role = IMAGE_ROLE_PLAIN, .word = "cramfs", .title = "CramFS file system", .matches = matches, .inspect = inspect, .is_sound = matches,
};
