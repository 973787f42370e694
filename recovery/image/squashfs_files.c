#include "recovery/image/squashfs.h"

#include "recovery/image/block_codecs.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	AT_BLOCK_SIZE = 12, AT_FRAGMENTS = 16, AT_COMPRESSION = 20, AT_INODE_TABLE = 64, AT_DIRECTORY_TABLE = 72, AT_FRAGMENT_TABLE = 80,
	SUPERBLOCK_SIZE = 96,
	METADATA_STORED = 0x8000,
	BLOCK_STORED = 1 << 24,
	FRAGMENT_SIZE = 16,
	INODE_FILE = 2, INODE_LONG_FILE = 9,
	EXECUTABLE = 0111,	/* of the mode: by its owner, its group or others */
	FILES = 200000,		/* walked over */
	PROGRAM_MIN = 1024,	/* no ELF program is smaller */
};

enum { GZIP = 1, LZMA, LZO, XZ, LZ4, ZSTD };

static uint16_t half(const struct squashfs_files *files, const uint8_t *at)
{
	return files->is_big ? load_be16(at) : load_le16(at);
}

static uint32_t word(const struct squashfs_files *files, const uint8_t *at)
{
	return files->is_big ? load_be32(at) : load_le32(at);
}

static uint64_t longer(const struct squashfs_files *files, const uint8_t *at)
{
	return files->is_big ? load_be64(at) : load_le64(at);
}

/* [offset, offset + size) of the file system, as much of it as is in memory and in one piece. */
static struct bytes fetch(struct squashfs_files *files, uint64_t offset, uint64_t size)
{
	size_t have = 0;

	if (files->every == 0)
		return image_slice(files->in, offset, size);
	if (size > sizeof(files->gathered))
		size = sizeof(files->gathered);
	while (have < size && offset / files->chunk < UINT64_MAX / files->every) {
		uint64_t in_chunk = offset % files->chunk, most = files->chunk - in_chunk;
		struct bytes piece = image_slice(files->in, offset / files->chunk * files->every + in_chunk,
						 size - have < most ? size - have : most);

		if (piece.size == 0)
			break;
		memcpy(files->gathered + have, piece.data, piece.size);
		have += piece.size;
		offset += piece.size;
	}
	return bytes_of(files->gathered, have);
}

static size_t unpack(struct squashfs_files *files, struct bytes in, uint8_t *to, size_t room)
{
	static const char *const words[] = { "", "zlib", "lzma", "", "xz", "", "zstd" };
	const struct image_ops *ops = files->in->ops;
	enum image_answer end;
	uint64_t used;
	size_t out;

	if (room > files->budget)
		return 0;
	if (files->compression == LZO)
		out = lzo1x_unpack(in, to, room);
	else if (files->compression == LZ4)
		out = lz4_block_unpack(in, to, room);
	else if (ops->unpack != NULL && files->compression < ARRAY_SIZE(words))
		out = ops->unpack(ops->user, words[files->compression], in, to, room, room, &end, &used);
	else
		return 0;
	/* starting costs too */
	files->budget -= out + 1024 < files->budget ? out + 1024 : files->budget;
	return out;
}

/* A block of metadata at offset; *ret_next: where the next one is. */
static size_t read_metadata(struct squashfs_files *files, uint64_t offset, uint8_t to[SQUASHFS_METADATA], uint64_t *ret_next)
{
	struct bytes head = fetch(files, offset, 2), packed;
	uint16_t length;

	if (head.size < 2)
		return 0;
	length = load_le16(head.data);	/* also where all other numbers are big-endian */
	packed = fetch(files, offset + 2, length & (METADATA_STORED - 1));
	*ret_next = offset + 2 + (length & (METADATA_STORED - 1));
	if (packed.size < (length & (METADATA_STORED - 1u)) || packed.size == 0 || packed.size > SQUASHFS_METADATA)
		return 0;
	if (length & METADATA_STORED) {
		memcpy(to, packed.data, packed.size);
		return packed.size;
	}
	return unpack(files, packed, to, SQUASHFS_METADATA);
}

void squashfs_files_init(struct squashfs_files *files, const struct image_input *in, uint64_t chunk, uint64_t every)
{
	struct bytes block;

	memset(files, 0, offsetof(struct squashfs_files, inodes));
	files->in = in;
	files->chunk = chunk;
	files->every = chunk > 0 ? every : 0;
	files->budget = SQUASHFS_BUDGET;
	block = fetch(files, 0, SUPERBLOCK_SIZE);
	if (block.size < SUPERBLOCK_SIZE)
		return;
	files->is_big = memcmp(block.data, "sqsh", 4) == 0;
	files->block_size = word(files, block.data + AT_BLOCK_SIZE);
	files->fragment_count = word(files, block.data + AT_FRAGMENTS);
	files->compression = half(files, block.data + AT_COMPRESSION);
	if (in->ops->check_left != NULL && (files->compression == LZMA || files->compression == XZ))
		files->budget = SQUASHFS_QUICK_BUDGET;
	files->at = longer(files, block.data + AT_INODE_TABLE);
	files->end = longer(files, block.data + AT_DIRECTORY_TABLE);
	files->fragments = longer(files, block.data + AT_FRAGMENT_TABLE);
}

/* Makes sure that count bytes of inodes follow. */
static bool need(struct squashfs_files *files, size_t count)
{
	while (files->have - files->used < count && files->at < files->end) {
		size_t got;

		memmove(files->inodes, files->inodes + files->used, files->have - files->used);
		files->have -= files->used;
		files->used = 0;
		if (files->have > SQUASHFS_METADATA)
			return false;
		got = read_metadata(files, files->at, files->inodes + files->have, &files->at);
		if (got == 0)
			return false;
		files->have += got;
	}
	return files->have - files->used >= count;
}

/* Over lists of blocks, which may be longer than a block of metadata. */
static bool skip(struct squashfs_files *files, uint64_t count)
{
	while (count > 0) {
		size_t step = files->have - files->used;

		if (step == 0 && !need(files, 1))
			return false;
		step = files->have - files->used;
		step = count < step ? (size_t)count : step;
		files->used += step;
		count -= step;
	}
	return true;
}

static const uint8_t *inode(const struct squashfs_files *files)
{
	return files->inodes + files->used;
}

/* The list of blocks follows the inode; its first entry is all that is wanted. */
static bool take_file(struct squashfs_files *files, unsigned type, struct squashfs_file *file)
{
	unsigned size = type == INODE_FILE ? 32 : 56;
	const uint8_t *from;
	uint64_t blocks;

	if (!need(files, size) || files->block_size == 0)
		return false;
	from = inode(files);
	if (type == INODE_FILE)
		*file = (struct squashfs_file){ .size = word(files, from + 28), .start = word(files, from + 16), .fragment = word(files, from + 20),
						.offset = word(files, from + 24) };
	else
		*file = (struct squashfs_file){ .size = longer(files, from + 24), .start = longer(files, from + 16), .fragment = word(files, from + 44),
						.offset = word(files, from + 48) };
	file->is_executable = half(files, from + 2) & EXECUTABLE;
	blocks = file->size / files->block_size + (file->fragment == UINT32_MAX && file->size % files->block_size != 0);
	files->used += size;
	if (blocks > 0 && need(files, 4))
		file->block = word(files, inode(files));
	return skip(files, blocks * 4);
}

/* A long folder has an index: each entry a place, a block, a length and a name. */
static bool skip_long_folder(struct squashfs_files *files)
{
	unsigned entries = half(files, inode(files) + 32);

	files->used += 40;
	for (unsigned i = 0; i < entries; i++) {
		if (!need(files, 12) || !skip(files, 12 + (uint64_t)word(files, inode(files) + 8) + 1))
			return false;
	}
	return true;
}

/* Everything that is no regular file. */
static bool skip_inode(struct squashfs_files *files, unsigned type)
{
	/* folder, symbolic link, block and character device, FIFO, socket; then each with attributes */
	static const uint8_t sizes[] = { [1] = 32, [3] = 24, [4] = 24, [5] = 24, [6] = 20, [7] = 20, [8] = 40, [10] = 24, [11] = 28, [12] = 28,
					 [13] = 24, [14] = 24 };
	unsigned size = type < ARRAY_SIZE(sizes) ? sizes[type] : 0;

	if (size == 0 || !need(files, size))
		return false;
	if (type == 8)
		return skip_long_folder(files);
	if (type == 3 || type == 10)
		return skip(files, (uint64_t)size + word(files, inode(files) + 20) + (type == 10 ? 4 : 0));
	return skip(files, size);
}

bool squashfs_next_file(struct squashfs_files *files, struct squashfs_file *ret_file)
{
	for (unsigned i = 0; i < FILES && need(files, 16); i++) {
		unsigned type = half(files, inode(files));

		if (type == INODE_FILE || type == INODE_LONG_FILE)
			return take_file(files, type, ret_file);
		if (!skip_inode(files, type))
			return false;
	}
	return false;
}

/* Makes sure that the first count bytes of a packed fragment are unpacked. Twice as many, where more are wanted than there are: the next file's
 * head is likely among them, and what is unpacked again is no more than what is unpacked at all. */
static bool unpack_fragment(struct squashfs_files *files, uint64_t at, uint32_t size, size_t count)
{
	size_t wanted = count * 2 < sizeof(files->fragment) ? count * 2 : sizeof(files->fragment);

	if (files->fragment_at != at)
		files->fragment_have = 0;
	files->fragment_at = at;
	if (files->fragment_have < count)
		files->fragment_have = unpack(files, fetch(files, at, size), files->fragment, wanted);
	return files->fragment_have >= count;
}

/* The bytes of a fragment from offset on. */
static size_t read_fragment(struct squashfs_files *files, const struct squashfs_file *file, uint8_t *to, size_t room)
{
	uint64_t list = files->fragments + file->fragment / (SQUASHFS_METADATA / FRAGMENT_SIZE) * 8, next;
	uint8_t entries[SQUASHFS_METADATA];
	unsigned index = file->fragment % (SQUASHFS_METADATA / FRAGMENT_SIZE) * FRAGMENT_SIZE;
	struct bytes place, packed;
	uint32_t size;

	if (file->fragment >= files->fragment_count || file->offset > sizeof(files->fragment) - room)
		return 0;
	place = fetch(files, list, 8);
	if (place.size < 8 || read_metadata(files, longer(files, place.data), entries, &next) < index + FRAGMENT_SIZE)
		return 0;
	size = word(files, entries + index + 8);
	if (size & BLOCK_STORED) {
		packed = bytes_from(fetch(files, longer(files, entries + index), size & (BLOCK_STORED - 1)), file->offset);
		room = packed.size < room ? packed.size : room;
		memcpy(to, packed.data, room);
		return room;
	}
	if (!unpack_fragment(files, longer(files, entries + index), size, file->offset + room))
		return 0;
	memcpy(to, files->fragment + file->offset, room);
	return room;
}

size_t squashfs_read_head(struct squashfs_files *files, const struct squashfs_file *file, uint8_t *to, size_t room)
{
	struct bytes packed;

	if (room > file->size)
		room = (size_t)file->size;
	if (file->block == 0)
		return file->fragment == UINT32_MAX ? 0 : read_fragment(files, file, to, room);
	packed = fetch(files, file->start, file->block & (BLOCK_STORED - 1));
	if ((file->block & BLOCK_STORED) == 0)
		return unpack(files, packed, to, room);
	room = packed.size < room ? packed.size : room;
	memcpy(to, packed.data, room);
	return room;
}

static void look_for_programs(struct squashfs_files *files, bool are_executable, struct programs *programs)
{
	struct squashfs_file file;
	uint8_t head[ELF_HEADER];

	while (!programs->has_enough && squashfs_next_file(files, &file)) {
		size_t have = file.is_executable == are_executable && file.size >= PROGRAM_MIN ?
			squashfs_read_head(files, &file, head, sizeof(head)) : 0;

		if (have > 0)
			programs_look(programs, bytes_of(head, have));
	}
}

/* What the system runs is executable; what is not are texts, mostly, and the firmware of other processors. Their heads are unpacked only where
 * none of the others was a program. */
void squashfs_tell_arch(const struct image_input *in, uint64_t chunk, uint64_t every, struct image_facts *facts)
{
	struct programs programs = { 0 };
	struct squashfs_files files;
	uint64_t budget;

	squashfs_files_init(&files, in, chunk, every);
	look_for_programs(&files, true, &programs);
	if (programs.seen[0].arch == NULL) {
		budget = files.budget;
		squashfs_files_init(&files, in, chunk, every);
		files.budget = budget;
		look_for_programs(&files, false, &programs);
	}
	programs_tell(&programs, facts);
}
