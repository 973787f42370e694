/* The image inspector on anything: whole, and as the head of something larger. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct image_facts *facts)
{
	/* what every face relies on */
	if (facts->part_count > IMAGE_PARTS || facts->board_count > IMAGE_BOARDS || facts->format[0] == '\0' ||
	    (facts->whole == IMAGE_NO && facts->problems[0].what[0] == '\0'))
		abort();
	if (memchr(facts->name, '\0', sizeof(facts->name)) == NULL || memchr(facts->problems[0].what, '\0', sizeof(facts->problems[0].what)) == NULL)
		abort();
}

/* Reads each piece to its end and knows no digest: what is compared with it is never right. */
static size_t digest_pieces(void *user, const char *algorithm, struct bytes (*next)(void *of), void *of, uint8_t ret_digest[IMAGE_DIGEST_SIZE])
{
	struct bytes piece;

	(void)user;
	(void)algorithm;
	memset(ret_digest, 0, IMAGE_DIGEST_SIZE);
	while ((piece = next(of)).size > 0)
		for (size_t i = 0; i < piece.size; i++)
			ret_digest[i % IMAGE_DIGEST_SIZE] ^= piece.data[i];
	return IMAGE_DIGEST_SIZE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct image_ops ops = { .digest_pieces = digest_pieces };
	struct image_facts facts;

	image_inspect((struct bytes){ data, size }, size, NULL, &facts);
	check(&facts);
	image_inspect((struct bytes){ data, size }, size, &ops, &facts);
	check(&facts);
	image_inspect((struct bytes){ data, size }, (uint64_t)size * 3 + 100000, NULL, &facts);
	check(&facts);
	return 0;
}
