/* tests/unit/image_sample.h
 *
 * Makes files byte by byte for the tests of recovery/image, and asks what every format must hold:
 * a part of the file is never called whole, its head is never called damaged, and what a checksum covers is never called whole when
 * one bit of it is wrong. */
#ifndef UNBRICK_TESTS_IMAGE_SAMPLE_H
#define UNBRICK_TESTS_IMAGE_SAMPLE_H

#include "recovery/image/format.h"
#include "tests/unit/image_bytes.h"

struct sample {
	const char *name;
	void (*make)(struct buffer *to);
	const char *format;
	const char *arch;		/* "": not told */
	enum image_answer whole;
	size_t covered_from, covered_to;	/* each bit of these bytes is covered; 0: none; to 0: all of the file */
	bool ends_by_itself;		/* nothing shorter can be a good one */
};

/* With a digest that is a checksum under the names of the real ones, and an unpack whose gzip is ten bytes, the contents, eight bytes, with a
 * place for 256 KiB of contents. */
struct image_facts inspect(const struct buffer *of);
struct image_facts inspect_head(const struct buffer *of, size_t head);
/* What make made, and spoil (or NULL) changed then. */
struct image_facts inspect_made(void (*make)(struct buffer *to), void (*spoil)(struct buffer *file));
size_t make_digest(void *user, const char *algorithm, struct bytes in, uint8_t ret_digest[IMAGE_DIGEST_SIZE]);
void add_gzip(struct buffer *to, struct bytes contents);
/* Fails with the sample's name. */
void check_sample(const struct sample *sample);

#endif
