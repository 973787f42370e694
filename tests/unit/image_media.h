/* tests/unit/image_media.h
 *
 * Images put together byte by byte, looked at with the digests and the unpacking of the real program. */
#ifndef UNBRICK_TESTS_IMAGE_MEDIA_H
#define UNBRICK_TESTS_IMAGE_MEDIA_H

#include "src/media/image_file.h"
#include "tests/unit/image_bytes.h"

static inline struct image_facts inspect_head(const struct buffer *of, size_t head, uint64_t size)
{
	return inspect_bytes(image_file_ops(), of, head, size);
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

#endif
