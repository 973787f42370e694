/* tests/integration/archive_bench.h
 *
 * Packs archives with libarchive's writer, and keeps what a walk shows of them. */
#ifndef UNBRICK_TESTS_ARCHIVE_BENCH_H
#define UNBRICK_TESTS_ARCHIVE_BENCH_H

#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/media/archive.h"

enum { SEEN_MAX = 64 };

/* begin, what of libarchive's options is wanted, open, the members, end. */
struct packer {
	struct archive *archive;
	uint8_t *data;
	size_t size;
};

void pack_begin(struct packer *p, const char *format, const char *filter);
void pack_open(struct packer *p);
void pack_typed(struct packer *p, const char *name, unsigned type, const char *target, struct bytes data);
void pack(struct packer *p, const char *name, struct bytes data);
/* To be dropped. */
struct bytes pack_end(struct packer *p);
struct bytes pack_one(const char *format, const char *filter, const char *name, struct bytes data);

struct seen {
	struct archive_member member[SEEN_MAX];
	uint64_t bytes[SEEN_MAX];
	uint32_t crc[SEEN_MAX];
	unsigned count;
	bool reads;
	enum archive_go go;
};

/* A visit of archive_walk; user is a struct seen. */
enum archive_go see(void *user, const struct archive_member *member, struct archive_stream *stream);
/* A walk through an archive called "fw". */
enum status look(struct bytes bytes, struct seen *seen, struct error *error);
const struct archive_member *find(const struct seen *seen, const char *key);
/* What no compressor makes small; to be dropped. */
struct bytes noise(size_t size);
void drop(struct bytes bytes);

#endif
