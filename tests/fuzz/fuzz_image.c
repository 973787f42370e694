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
	if (memchr(facts->name, '\0', sizeof(facts->name)) == NULL || memchr(facts->problems[0].what, '\0', sizeof(image_problem_text(facts))) == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_facts facts;

	image_inspect((struct bytes){ data, size }, size, NULL, &facts);
	check(&facts);
	image_inspect((struct bytes){ data, size }, (uint64_t)size * 3 + 100000, NULL, &facts);
	check(&facts);
	return 0;
}
