#include "tests/integration/archive_bench.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "src/base/text.h"

enum { ROOM = 24 << 20 };

void pack_begin(struct packer *p, const char *format, const char *filter)
{
	p->data = malloc(ROOM);
	p->archive = archive_write_new();
	assert_non_null(p->data);
	assert_int_equal(archive_write_set_format_by_name(p->archive, format), ARCHIVE_OK);
	if (filter)
		assert_int_equal(archive_write_add_filter_by_name(p->archive, filter), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(p->archive, 1);
	if (text_equal(filter, "gzip"))
		archive_write_set_options(p->archive, "gzip:!timestamp");
}

void pack_open(struct packer *p)
{
	assert_int_equal(archive_write_open_memory(p->archive, p->data, ROOM, &p->size), ARCHIVE_OK);
}

static void pack_data(struct packer *p, struct bytes data)
{
	while (data.size > 0) {
		la_ssize_t count = archive_write_data(p->archive, data.data, data.size);

		assert_true(count > 0);
		data = bytes_from(data, (size_t)count);
	}
}

void pack_typed(struct packer *p, const char *name, unsigned type, const char *target, struct bytes data)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)data.size);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, target);
	else if (target)
		archive_entry_set_hardlink(entry, target);
	assert_int_equal(archive_write_header(p->archive, entry), ARCHIVE_OK);
	pack_data(p, data);
	archive_entry_free(entry);
}

void pack(struct packer *p, const char *name, struct bytes data)
{
	pack_typed(p, name, AE_IFREG, NULL, data);
}

struct bytes pack_end(struct packer *p)
{
	assert_int_equal(archive_write_close(p->archive), ARCHIVE_OK);
	archive_write_free(p->archive);
	return bytes_of(p->data, p->size);
}

struct bytes pack_one(const char *format, const char *filter, const char *name, struct bytes data)
{
	struct packer p;

	pack_begin(&p, format, filter);
	pack_open(&p);
	pack(&p, name, data);
	return pack_end(&p);
}

enum archive_go see(void *user, const struct archive_member *member, struct archive_stream *stream)
{
	struct seen *seen = user;
	uint8_t buffer[5000];
	ssize_t count;

	assert_true(memchr(member->key, '\0', sizeof(member->key)) != NULL);
	if (seen->count < SEEN_MAX) {
		seen->member[seen->count] = *member;
		while (seen->reads && (count = archive_stream_read(stream, buffer, sizeof(buffer))) > 0) {
			seen->bytes[seen->count] += (uint64_t)count;
			seen->crc[seen->count] = (uint32_t)crc32(seen->crc[seen->count], buffer, (uInt)count);
		}
	}
	seen->count++;
	return seen->go;
}

enum status look(struct bytes bytes, struct seen *seen, struct error *error)
{
	struct archive_source source = { .bytes = bytes, .name = "fw" };

	error_set(error, STATUS_OK, "%s", "");
	return archive_walk(&source, NULL, see, seen, error);
}

const struct archive_member *find(const struct seen *seen, const char *key)
{
	for (unsigned i = 0; i < seen->count && i < SEEN_MAX; i++)
		if (text_equal(seen->member[i].key, key))
			return &seen->member[i];
	return NULL;
}

/* xorshift */
struct bytes noise(size_t size)
{
	uint8_t *data = malloc(size);
	uint32_t x = 2463534242u;

	for (size_t i = 0; i < size; i++) {
		x ^= x << 13, x ^= x >> 17, x ^= x << 5;
		data[i] = (uint8_t)x;
	}
	return bytes_of(data, size);
}

void drop(struct bytes bytes)
{
	free((void *)(uintptr_t)bytes.data);
}
