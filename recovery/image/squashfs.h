/* recovery/image/squashfs.h
 *
 * The files of a SquashFS 4: walks its inode table and reads the beginnings of files. For recovery/image.
 * Source: Linux fs/squashfs/squashfs_fs.h; the layout as Documentation/filesystems/squashfs.rst describes it. */
#ifndef UNBRICK_RECOVERY_IMAGE_SQUASHFS_H
#define UNBRICK_RECOVERY_IMAGE_SQUASHFS_H

#include "recovery/image/programs.h"

enum {
	SQUASHFS_METADATA = 8192,
	/* A file system may be spread over the erase blocks of an UBI volume: a packed block is put together here. */
	SQUASHFS_GATHERED = 32 * 1024,
	/* Small files lie together in a fragment; it is read up to here. */
	SQUASHFS_FRAGMENT = 136 * 1024,
	/* Bytes that may be unpacked while looking for programs. */
	SQUASHFS_BUDGET = 24 * 1024 * 1024,
	SQUASHFS_QUICK_BUDGET = 96 * 1024,	/* of a quick look at what unpacks slowly */
};

struct squashfs_files {
	const struct image_input *in;
	uint64_t chunk, every;		/* of each `every` bytes of the input the first chunk belong to it; 0: all do */
	uint64_t budget;
	uint64_t at, end;		/* the next block of the inode table */
	uint64_t fragments;
	uint32_t fragment_count, block_size;
	uint16_t compression;
	bool is_big;
	size_t have, used;		/* of inodes */
	uint64_t fragment_at;		/* of which fragment the beginning is unpacked: small files lie there in their order */
	size_t fragment_have;
	/* From here on nothing is set before it is filled. */
	uint8_t inodes[2 * SQUASHFS_METADATA];
	uint8_t gathered[SQUASHFS_GATHERED];
	uint8_t fragment[SQUASHFS_FRAGMENT];
};

struct squashfs_file {
	uint64_t size, start;		/* of the first block */
	uint32_t block;			/* packed size of the first block, and bit 24: stored as it is; 0: no block */
	uint32_t fragment, offset;	/* UINT32_MAX: none */
	bool is_executable;
};

/* superblock: of a SquashFS 4. */
void squashfs_files_init(struct squashfs_files *files, const struct image_input *in, uint64_t chunk, uint64_t every);
/* The next regular file; false at the end of the table, or where it cannot be read any more. */
bool squashfs_next_file(struct squashfs_files *files, struct squashfs_file *ret_file);
/* The first bytes of it: up to room, as many as could be had. */
size_t squashfs_read_head(struct squashfs_files *files, const struct squashfs_file *file, uint8_t *to, size_t room);
/* Which processor the programs in it are for. */
void squashfs_tell_arch(const struct image_input *in, uint64_t chunk, uint64_t every, struct image_facts *facts);

#endif
