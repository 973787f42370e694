/* tests/unit/image_bytes.h
 *
 * Images put together byte by byte, for the tests of recovery/image. */
#ifndef UNBRICK_TESTS_IMAGE_BYTES_H
#define UNBRICK_TESTS_IMAGE_BYTES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/image/image.h"
#include "src/base/buffer.h"
#include "src/base/cleanup.h"
#include "src/base/crc.h"
#include "src/base/text.h"

/* At the end of what to holds... */
void add(struct buffer *to, const void *data, size_t size);
void add_text(struct buffer *to, const char *text);
void add_le(struct buffer *to, uint64_t value, unsigned size);
void add_be(struct buffer *to, uint64_t value, unsigned size);
/* A field of text, filled up with NULs. */
void add_field(struct buffer *to, const char *text, size_t size);
void fill(struct buffer *to, uint8_t byte, size_t until);
/* The first 64 bytes of a program for a little-endian machine (e_machine). */
void add_elf(struct buffer *to, uint16_t machine, size_t size);
/* ...or at a place of it. */
void put(struct buffer *to, size_t at, const void *data, size_t size);
void put_le16(struct buffer *to, size_t at, uint16_t value);
void put_le32(struct buffer *to, size_t at, uint32_t value);
void put_be32(struct buffer *to, size_t at, uint32_t value);

/* In memory of exactly the size of the head, so that the sanitizer sees a read beyond it; the rest of the file is not there. */
struct image_facts inspect_bytes(const struct image_ops *ops, const struct buffer *of, size_t head, uint64_t size);
bool has_board(const struct image_facts *facts, const char *board);

/* *state: an empty buffer. */
int buffer_setup(void **state);
int buffer_teardown(void **state);
#define TEST(behaviour) cmocka_unit_test_setup_teardown(behaviour, buffer_setup, buffer_teardown)

#endif
