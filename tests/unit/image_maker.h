/* tests/unit/image_maker.h
 *
 * Writing an image byte by byte, for the tests of recovery/image. */
#ifndef UNBRICK_TESTS_IMAGE_MAKER_H
#define UNBRICK_TESTS_IMAGE_MAKER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/crc.h"
#include "src/base/text.h"
#include "src/media/digest.h"
#include "src/media/image_file.h"

enum { ROOM = 128 * 1024, PAYLOAD = 3000 };

struct file {
	uint8_t data[ROOM];
	size_t size;
};

static inline void put(struct file *file, size_t at, const void *data, size_t size)
{
	assert_true(at + size <= ROOM);
	memcpy(file->data + at, data, size);
	if (at + size > file->size)
		file->size = at + size;
}

static inline void put_text(struct file *file, size_t at, const char *text)
{
	put(file, at, text, strlen(text));
}

static inline void put_be32(struct file *file, size_t at, uint32_t value)
{
	uint8_t raw[4];

	store_be32(raw, value);
	put(file, at, raw, 4);
}

static inline void put_le32(struct file *file, size_t at, uint32_t value)
{
	uint8_t raw[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24) };

	put(file, at, raw, 4);
}

/* Bytes that no format begins with. */
static inline void put_payload(struct file *file, size_t at, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(i * 7 + i / 256 + 1);

		put(file, at + i, &byte, 1);
	}
}

static inline struct bytes from(const struct file *file, size_t at, size_t end)
{
	return bytes_of(file->data + at, end - at);
}

static inline uint32_t raw1(const struct file *file, size_t at, size_t end)
{
	return ~crc32_update(0, from(file, at, end));
}

static inline uint32_t sum_of(const struct file *file, size_t at, size_t end)
{
	uint32_t sum = 0;

	for (size_t i = at; i < end; i++)
		sum += file->data[i];
	return sum;
}

static inline void put_digest(struct file *file, size_t at, const char *algorithm, struct bytes over)
{
	uint8_t digest[64];
	size_t size = digest_bytes(algorithm, over, digest, sizeof(digest));

	assert_true(size > 0);
	put(file, at, digest, size);
}

static inline void put_uimage(struct file *file, size_t at, uint32_t magic, const char *name, size_t name_size, size_t size)
{
	put_be32(file, at, magic);
	put_be32(file, at + 12, (uint32_t)size);
	put(file, at + 28, "\5\5\2\3", 4);	/* Linux, MIPS, kernel, LZMA */
	put(file, at + 32, name, name_size);
	put_payload(file, at + 64, size);
	put_be32(file, at + 24, crc32_update(0, from(file, at + 64, file->size)));
	put_be32(file, at + 4, crc32_update(0, from(file, at, at + 64)));
}

/* Memory of exactly that size: a read beyond it is seen by the sanitizer. */
static inline struct image_facts inspect_head(const struct file *file, size_t head, size_t size)
{
	uint8_t *copy = malloc(head > 0 ? head : 1);
	struct image_facts facts;

	assert_non_null(copy);
	memcpy(copy, file->data, head);
	image_inspect(bytes_of(copy, head), size, image_file_ops(), &facts);
	free(copy);
	return facts;
}

static inline struct image_facts inspect_file(const struct file *file)
{
	return inspect_head(file, file->size, file->size);
}

static inline bool has_board(const struct image_facts *facts, const char *board)
{
	for (unsigned i = 0; i < facts->board_count; i++)
		if (text_equal(facts->boards[i], board))
			return true;
	return false;
}

#endif
