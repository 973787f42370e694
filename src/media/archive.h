/* src/media/archive.h
 *
 * Firmware comes in archives: zip, 7z, rar, tar, cpio, and gzip, xz, bzip2, zstd around them or around one file; archives in archives too.
 * A walk shows every member in order without unpacking anything to the disk: members are streams, and an archive in an archive is read
 * through its parent's stream. Only 7z and rar, which cannot be read and compared from front to end, are held in memory, up to limits.in_memory
 * (a small zip as well: its table of contents stands at its end).
 * An archive is hostile: numbers of members, unpacked bytes, depth and names are limited; a link is never followed; names are labels, no
 * paths: nothing here opens a file by a name that came from an archive.
 * libarchive reads the formats, zlib gzip. Of gzip and rar libarchive 3.6 does not compare all checksums; that is done here. What has none
 * (tar, cpio) is only as sure as what is around it. Blocking: for a worker thread. */
#ifndef UNBRICK_MEDIA_ARCHIVE_H
#define UNBRICK_MEDIA_ARCHIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/bytes.h"
#include "src/base/status.h"
#include "src/media/image_file.h"

enum {
	ARCHIVE_KEY_MAX = 512,
	ARCHIVE_HEAD_MAX = 64 * 1024,
	ARCHIVE_DEPTH_MAX = 8,
};

/* What is read: file, or where that is NULL, bytes. progress (bytes of the archive read so far) and cancel may be NULL. */
struct archive_source {
	const struct image_file *file;
	struct bytes bytes;
	const char *name;		/* of the archive, without folders; NULL: that of file */
	_Atomic uint64_t *progress;
	const atomic_bool *cancel;	/* ends in STATUS_CANCELLED */
};

struct archive_limits {
	unsigned members;
	unsigned depth;			/* archives in each other, a tar in its compression counting as one; at most ARCHIVE_DEPTH_MAX */
	uint64_t unpacked;		/* bytes in a walk, over all depths */
	uint64_t ratio, ratio_from;	/* unpacked : archive, looked at once so many bytes came out */
	size_t in_memory;		/* of a nested archive that must be held in memory */
	uint64_t checked;		/* members are read to their end, to check them, until so many bytes came out; then skipped where possible */
};

/* 4096 members, depth 4, 8 GiB, 1000:1 from 64 MiB, 16 MiB in memory, 256 MiB checked. */
const struct archive_limits *archive_default_limits(void);

enum archive_member_kind { ARCHIVE_MEMBER_FILE, ARCHIVE_MEMBER_FOLDER, ARCHIVE_MEMBER_LINK, ARCHIVE_MEMBER_SPECIAL };

struct archive_member {
	char key[ARCHIVE_KEY_MAX];	/* "outer.zip/folder/fw.bin": printable, without ".." and a leading "/"; one of a kind in its archive */
	const char *name;		/* last part of key */
	enum archive_member_kind kind;
	uint64_t size;			/* as the archive says */
	bool has_size;
	bool is_encrypted;		/* head is empty then */
	const char *archive_format;	/* of a member that is an archive itself: "zip"; else NULL */
	char note[128];			/* why it cannot be looked into, where a link points; or empty */
	unsigned depth;			/* 1: in the archive itself */
	struct bytes head;		/* its first bytes, at most ARCHIVE_HEAD_MAX; until the visit returns */
	bool is_whole_head;		/* there is no more than head */
};

struct archive_stream;
/* The member's bytes, from its start. 0: its end, and its checksum was right. -1: damaged, refused or cancelled: the walk returns why. */
ssize_t archive_stream_read(struct archive_stream *stream, void *to, size_t size);

enum archive_go {
	ARCHIVE_GO_INSIDE,	/* on, and into this member where it is an archive that was not read from */
	ARCHIVE_GO_ON,		/* on, not into it */
	ARCHIVE_GO_CHECK,	/* enough: read to the end what holds a checksum over this member, then end the walk */
	ARCHIVE_GO_STOP,	/* enough */
};

/* "zip", "7z", "rar", "tar", "cpio", "gzip", "xz", "bzip2", "zstd", or NULL: no archive. */
const char *archive_recognize(struct bytes head);

/* limits NULL: the default. STATUS_OK: all members were visited (or the visit ended it) and nothing was wrong. Else what could be read was
 * visited, and reterr says what was wrong first: INVALID (damaged, cut off), REFUSED (a limit), CANCELLED, IO, NO_MEMORY; UNSUPPORTED:
 * encrypted as a whole, or else nothing but that a member which looks like an archive could not be read as one. */
enum status archive_walk(const struct archive_source *source, const struct archive_limits *limits,
			 enum archive_go (*visit)(void *user, const struct archive_member *member, struct archive_stream *stream),
			 void *user, struct error *reterr);

/* Writes the member with this key to to_path, which must not exist. It appears there whole or not at all: size and checksum of what holds
 * it were compared before. written (bytes so far) may be NULL. NOT_FOUND: no such member; INVALID: it is no file; and as archive_walk. */
enum status archive_extract(const struct archive_source *source, const struct archive_limits *limits, const char *key, const char *to_path,
			    _Atomic uint64_t *written, struct error *reterr);

#endif
