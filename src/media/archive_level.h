/* src/media/archive_level.h
 *
 * Inside src/media/archive*: one archive that is open during a walk, and its current member. A level reads its bytes from the level below
 * (or, the first, from the source), so a read may pass through all of them; their number is limited. */
#ifndef UNBRICK_MEDIA_ARCHIVE_LEVEL_H
#define UNBRICK_MEDIA_ARCHIVE_LEVEL_H

#include <zlib.h>

#include "src/media/archive.h"
#include "src/media/archive_library.h"

enum container {
	CONTAINER_NONE, CONTAINER_ZIP, CONTAINER_7Z, CONTAINER_RAR, CONTAINER_TAR, CONTAINER_CPIO,
	CONTAINER_GZIP, CONTAINER_XZ, CONTAINER_BZIP2, CONTAINER_ZSTD,	/* from here on: one file, compressed */
};

enum { ARCHIVE_LEVELS = 2 * ARCHIVE_DEPTH_MAX };	/* a tar in its compression is two */

struct archive_level {
	struct walk *walk;
	struct archive_level *below;	/* NULL: the source */
	enum container container;
	unsigned depth;
	char prefix[ARCHIVE_KEY_MAX];	/* of its members' keys */
	char name[ARCHIVE_KEY_MAX];	/* its own, for messages and for a compressed file's content */
	/* its bytes */
	uint8_t *memory;		/* held in memory; NULL: streamed */
	size_t memory_size;
	uint64_t at;
	bool has_ended;			/* a read met the end of its bytes */
	bool is_in_header;		/* the library looks for the next member */
	size_t header_left;		/* what it may take for that */
	bool is_short;			/* it says that it goes on beyond its end */
	bool has_failed;		/* its bytes could not be had: the reason is told already */
	uint8_t buffer[ARCHIVE_HEAD_MAX];
	const struct archive_library *library;	/* the walk's */
	struct archive *reader;		/* NULL: gzip */
	z_stream zip;
	bool is_zip_begun, is_zip_over;
	/* its current member */
	struct archive_entry *entry;
	struct archive_member member;
	uint8_t head[ARCHIVE_HEAD_MAX];
	size_t head_size, head_at;
	uint64_t got;			/* of the member, head included */
	bool is_at_end, is_bad;		/* of the member */
	bool has_crc;			/* to be compared here: the library does not */
	uint32_t told_crc, crc;
	bool has_member;
	unsigned member_count;
};

struct archive_stream {
	struct archive_level *level;
};

struct walk {
	const struct archive_source *source;
	struct archive_limits limits;
	enum archive_go (*visit)(void *user, const struct archive_member *member, struct archive_stream *stream);
	void *user;
	struct archive_library library;
	bool has_library;		/* it is loaded for the first level that needs it */
	struct bytes bytes;		/* of a source in memory */
	uint64_t source_size;
	uint64_t taken, unpacked;
	struct archive_level *level[ARCHIVE_LEVELS];
	unsigned level_count;
	unsigned member_count;
	uint64_t *seen;			/* hashes of keys */
	struct error error;		/* STATUS_OK: nothing was wrong so far */
	bool is_over;
};

/* archive_container.c */
enum container container_of_head(struct bytes head);
const char *container_name(enum container container);
bool container_is_compression(enum container container);

/* The top of the walk's levels. memory is taken over, also on failure. false: the walk's error says why. */
bool level_push(struct walk *walk, enum container container, const char *name, const char *prefix, unsigned depth, uint8_t *memory,
		size_t memory_size);
void level_pop(struct walk *walk);
/* false: there is no more. The head of the new member is read. */
bool level_next(struct archive_level *level);
ssize_t level_read(struct archive_level *level, void *to, size_t size);
/* Reads the current member to its end. */
bool level_drain(struct archive_level *level);

/* Of a level that can seek: bytes at a place, without moving. */
bool level_peek(struct archive_level *level, uint64_t at, uint8_t *to, size_t size);
/* archive_rar.c: the checksum of the file whose header is the next one behind at; false: there is none that can be compared. */
bool archive_rar_crc(struct archive_level *level, uint64_t at, uint32_t *ret_crc);
/* archive_member.c: fills level->member from the header that was read. */
void archive_level_describe(struct archive_level *level);

/* The first error stays, unless that was only a member that cannot be looked into, or this one ends the walk. */
void walk_fail(struct walk *walk, const struct error *error);
void walk_end(struct walk *walk, const struct error *error);

#endif
