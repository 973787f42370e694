/* tests/unit/image_sample.h
 *
 * Makes files byte by byte for the tests of recovery/image, and asks what every format must hold:
 * a part of the file is never called whole, its head is never called damaged, and what a checksum covers is never called whole when
 * one bit of it is wrong. */
#ifndef UNBRICK_TESTS_IMAGE_SAMPLE_H
#define UNBRICK_TESTS_IMAGE_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/image/format.h"
#include "src/base/buffer.h"
#include "src/base/crc.h"
#include "src/base/text.h"

struct sample {
	const char *name;
	void (*make)(struct buffer *to);
	const char *format;
	const char *arch;		/* "": not told */
	enum image_answer whole;
	size_t covered_from, covered_to;	/* each bit of these bytes is covered; 0: none; to 0: all of the file */
	bool ends_by_itself;		/* nothing shorter can be a good one */
};

/* At the end of what to holds, or at a place of it. */
void add(struct buffer *to, const void *data, size_t size);
void add_text(struct buffer *to, const char *text);
void fill(struct buffer *to, uint8_t byte, size_t until);
void put(struct buffer *to, size_t at, const void *data, size_t size);
void put_le16(struct buffer *to, size_t at, uint16_t value);
void put_le32(struct buffer *to, size_t at, uint32_t value);
void put_be32(struct buffer *to, size_t at, uint32_t value);
/* The first 64 bytes of a program for a little-endian machine (e_machine). */
void add_elf(struct buffer *to, uint16_t machine, size_t size);
/* With a digest that is a checksum under the names of the real ones, and an unpack whose gzip is ten bytes, the contents, eight bytes, with a
 * place for 256 KiB of contents. */
struct image_facts inspect(const struct buffer *of);
struct image_facts inspect_head(const struct buffer *of, size_t head);
size_t make_digest(void *user, const char *algorithm, struct bytes in, uint8_t ret_digest[IMAGE_DIGEST_SIZE]);
void add_gzip(struct buffer *to, struct bytes contents);
bool has_board(const struct image_facts *facts, const char *board);
/* Fails with the sample's name. */
void check_sample(const struct sample *sample);

#endif
