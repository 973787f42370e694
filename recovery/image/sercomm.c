/* recovery/image/sercomm.c
 *
 * Sercomm: 512 bytes before a firmware, or 71 bytes of the same layout behind it. One byte of the header makes the sum of the file zero.
 * Source: OpenWrt firmware-utils src/mksercommfw.c. */
#include "recovery/image/check.h"
#include "src/base/text.h"

enum {
	AT_HARDWARE = 11,
	HARDWARE_SIZE = 34,
	AT_REVISION = 45,
	REVISION_SIZE = 10,
	AT_VERSION = 55,
	AT_SECOND_MAGIC = 63,
	FOOTER_SIZE = 71,
	HEADER_SIZE = 512,
};

static bool is_record(struct bytes at)
{
	return image_starts_with(at, BYTES("sErCoMm\0\1\0\0")) && image_starts_with(bytes_from(at, AT_SECOND_MAGIC), BYTES("sErCoMm"));
}

static void read_record(const uint8_t *record, struct image_facts *facts)
{
	uint32_t version = load_be32(record + AT_VERSION);

	image_set_vendor(facts, "Sercomm");
	image_add_board_field(facts, bytes_of(record + AT_HARDWARE, HARDWARE_SIZE));
	image_text(facts->revision, sizeof(facts->revision), bytes_of(record + AT_REVISION, REVISION_SIZE));
	if (version != 0)
		text_format(facts->version, sizeof(facts->version), "0x%04x", version);
}

static bool matches(const struct image_input *in)
{
	return is_record(in->data);
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint64_t padding;
	uint8_t sum;

	if (!image_has_header(in, facts, HEADER_SIZE))
		return;
	read_record(in->data.data, facts);
	text_copy(facts->checked, sizeof(facts->checked), "nothing: its sum covers the whole file");
	image_add_part(in, facts, HEADER_SIZE, in->size - HEADER_SIZE, "firmware");
	if (in->data.size < in->size)
		return;
	sum = (uint8_t)image_byte_sum(in->data);
	if (sum != 0)
		image_broken(facts, HEADER_SIZE - 1, "it is damaged, cut off, or something follows: the sum of its bytes is %02x instead of 00",
			     sum);
	image_covered_weakly(facts);
	/* zeros that are missing do not change the sum */
	padding = in->data.data[in->size - 1] == 0 ? image_padding(in->data) : 0;
	if (image_ends_inside_padding(in, HEADER_SIZE, padding)) {
		image_problem(facts, in->size, "its padding ends in the middle of a block: it may be cut off there");
		facts->whole = facts->whole == IMAGE_YES ? IMAGE_UNKNOWN : facts->whole;
	}
}

const struct image_format image_format_sercomm = {
	.word = "sercomm", .title = "Sercomm image", .matches = matches, .inspect = inspect,
};

/* The footer names the hardware and checks nothing. */
static bool inspect_footer(const struct image_input *in, struct image_facts *facts, uint64_t *ret_start)
{
	if (in->data.size < FOOTER_SIZE || !is_record(bytes_from(in->data, in->data.size - FOOTER_SIZE)))
		return false;
	*ret_start = in->size - FOOTER_SIZE;
	read_record(in->data.data + *ret_start, facts);
	return true;
}

const struct image_trailer image_trailer_sercomm_footer = { .word = "sercomm", .inspect = inspect_footer };
