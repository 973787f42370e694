/* recovery/image/blank.c
 *
 * Files with nothing in them: no bytes, or only those of erased or wiped flash. */
#include "recovery/image/format.h"
#include "src/base/text.h"

static bool is_empty(const struct image_input *in)
{
	return in->size == 0;
}

static void inspect_empty(const struct image_input *in, struct image_facts *facts)
{
	(void)in;
	text_copy(facts->checked, sizeof(facts->checked), "size");
	image_broken(facts, 0, "the file is empty");
}

const struct image_format image_format_empty = {
	.word = "empty", .title = "empty file", .matches = is_empty, .inspect = inspect_empty,
};

enum { HEAD = 64 * 1024 };

static bool is_erased(const struct image_input *in)
{
	struct bytes head = image_slice(in, 0, HEAD);

	/* the end of a disk image may be empty for gigabytes: only what begins so is read */
	return in->data.size > 0 && image_padding(head) == head.size && image_long_padding(in, in->data) == in->data.size;
}

static void inspect_erased(const struct image_input *in, struct image_facts *facts)
{
	if (in->data.size < in->size) {
		text_copy(facts->checked, sizeof(facts->checked), "the beginning only");
		image_problem(facts, 0, "it begins with nothing but 0x%02x bytes", in->data.data[0]);
		return;
	}
	text_copy(facts->checked, sizeof(facts->checked), "every byte");
	image_is_none(in, facts, "every byte of it is 0x%02x: %s, no image", in->data.data[0],
		      in->data.data[0] == 0xff ? "erased flash" : "wiped storage");
}

const struct image_format image_format_erased = {
	.word = "erased", .title = "erased flash", .matches = is_erased, .inspect = inspect_erased,
};
