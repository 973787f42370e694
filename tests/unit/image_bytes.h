/* tests/unit/image_bytes.h: images put together byte by byte, for the tests of recovery/image. */
#ifndef UNBRICK_TESTS_IMAGE_BYTES_H
#define UNBRICK_TESTS_IMAGE_BYTES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/buffer.h"
#include "src/base/crc.h"
#include "src/base/text.h"
#include "src/media/image_file.h"

static inline void add(struct buffer *to, const void *data, size_t size)
{
	assert_int_equal(buffer_append(to, bytes_of(data, size)), STATUS_OK);
}

static inline void add_text(struct buffer *to, const char *text)
{
	add(to, text, strlen(text));
}

static inline void add_le(struct buffer *to, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++) {
		uint8_t byte = i < 8 ? (uint8_t)(value >> 8 * i) : 0;

		add(to, &byte, 1);
	}
}

static inline void add_be(struct buffer *to, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * (size - 1 - i));

		add(to, &byte, 1);
	}
}

static inline void fill(struct buffer *to, uint8_t byte, size_t until)
{
	while (to->size < until)
		add(to, &byte, 1);
}

/* A field of text, filled up with NULs. */
static inline void add_field(struct buffer *to, const char *text, size_t size)
{
	size_t end = to->size + size;

	add_text(to, text);
	fill(to, 0, end);
}

static inline void set_le32(struct buffer *in, size_t at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		in->data[at + (size_t)i] = (uint8_t)(value >> 8 * i);
}

/* In memory of exactly that size, so that the sanitizer sees a read beyond it; the rest of the file is not there. */
static inline struct image_facts inspect_head(const struct buffer *of, size_t head, uint64_t size)
{
	uint8_t *copy = malloc(head ? head : 1);
	struct image_facts facts;

	assert_non_null(copy);
	if (head > 0)
		memcpy(copy, of->data, head);
	image_inspect(bytes_of(copy, head), size, image_file_ops(), &facts);
	free(copy);
	return facts;
}

static inline struct image_facts inspect(const struct buffer *of)
{
	return inspect_head(of, of->size, of->size);
}

/* Half of it, and all but its last byte, are cut off; with only that in memory nothing is said against it. */
static inline void assert_cut_is_told(struct buffer *image)
{
	size_t whole = image->size;

	for (size_t size = whole / 2; size < whole; size += whole - 1 - size ? whole - 1 - size : 1) {
		struct image_facts facts = inspect_head(image, size, size);

		if (facts.whole != IMAGE_NO)
			fail_msg("%s: %zu of %zu bytes are %s", facts.format, size, whole, image_answer_name(facts.whole));
		facts = inspect_head(image, size, whole);
		if (facts.whole != IMAGE_UNKNOWN)
			fail_msg("%s: the first %zu of %zu bytes are called %s: %s", facts.format, size, whole, image_answer_name(facts.whole),
				 image_problem_text(&facts));
	}
}

/* Each byte from on, changed in one bit, is damage. */
static inline void assert_flips_are_told(struct buffer *image, size_t from)
{
	for (size_t i = from; i < image->size; i++) {
		image->data[i] ^= 0x04;
		if (inspect(image).whole != IMAGE_NO)
			fail_msg("byte %zu", i);
		image->data[i] ^= 0x04;
	}
	assert_int_equal(inspect(image).whole, IMAGE_YES);
}

static inline bool has_board(const struct image_facts *facts, const char *board)
{
	for (unsigned i = 0; i < facts->board_count; i++)
		if (text_equal(facts->boards[i], board))
			return true;
	return false;
}

static inline int setup(void **state)
{
	struct buffer *buffer = malloc(sizeof(*buffer));

	if (buffer == NULL)
		return -1;
	buffer_init(buffer, 4 * 1024 * 1024);
	*state = buffer;
	return 0;
}

static inline int teardown(void **state)
{
	buffer_done(*state);
	free(*state);
	return 0;
}

#define TEST(behaviour) cmocka_unit_test_setup_teardown(behaviour, setup, teardown)

#endif
