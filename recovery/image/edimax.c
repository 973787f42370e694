/* recovery/image/edimax.c
 *
 * Edimax: CSYS and its like (little-endian or big-endian, a sum of 16-bit words at the end), and the eDiMaX header (big-endian, sums of 8 bits).
 * Source: OpenWrt firmware-utils src/mkedimaximg.c, edimax_fw_header.c. */
#include <ctype.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

/* --- CSYS: signature, start, flash, model, size; the size counts the data and the sum of 2 bytes behind it --- */

enum { CSYS_MODEL = 12, CSYS_SIZE = 16, CSYS_HEADER = 20, CSYS_SUM = 2 };

/* The order in which the size fits into the file, and the larger one when both do. */
static bool csys_is_big(const struct image_input *in)
{
	uint64_t big = load_be32(in->data.data + CSYS_SIZE), little = load_le32(in->data.data + CSYS_SIZE), room = in->size - CSYS_HEADER;

	if (big == room || little == room)
		return big == room;
	if ((big <= room) != (little <= room))
		return big <= room;
	return big <= room ? big > little : big < little;
}

static bool is_csys(const struct image_input *in)
{
	static const char *const signatures[] = { "CSYS", "CSRO", "cs6c", "cr6c", "RS8C", "rdir", "RMDP", "APSC", "WEBP" };

	for (size_t i = 0; i < ARRAY_SIZE(signatures); i++)
		if (image_starts_with(in->data, bytes_of_text(signatures[i]))) {
			if (in->data.size < CSYS_HEADER)
				return in->size < CSYS_HEADER;
			for (unsigned k = 0; k < 4; k++)
				if (!isalnum(in->data.data[CSYS_MODEL + k]))
					return false;
			return true;
		}
	return false;
}

/* Whole words; an odd last byte counts for nothing. */
static uint16_t word_sum(struct bytes over, bool is_big)
{
	uint16_t sum = 0;

	for (size_t i = 0; i + 1 < over.size; i += 2)
		sum = (uint16_t)(sum + (is_big ? load_be16(over.data + i) : load_le16(over.data + i)));
	return sum;
}

static void inspect_csys(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint16_t sum, want;
	uint32_t size;
	bool is_big;

	image_set_vendor(facts, "Edimax");
	if (!image_has_header(in, facts, CSYS_HEADER))
		return;
	facts->ends_exactly = true;
	is_big = csys_is_big(in);
	size = is_big ? load_be32(header + CSYS_SIZE) : load_le32(header + CSYS_SIZE);
	image_add_board(facts, bytes_of(header + CSYS_MODEL, 4));
	text_copy(facts->checked, sizeof(facts->checked), "size");
	if (size < CSYS_SUM) {
		image_broken(facts, CSYS_SIZE, "its header is damaged: it says that it has %u bytes of data", size);
		return;
	}
	if (image_declare(in, facts, (uint64_t)CSYS_HEADER + size) && image_in_memory(in, CSYS_HEADER, size)) {
		struct bytes data = image_slice(in, CSYS_HEADER, size - CSYS_SUM);
		const uint8_t *at = data.data + data.size;

		sum = (uint16_t)-word_sum(data, is_big);
		want = is_big ? load_be16(at) : load_le16(at);
		/* of an odd number of bytes the tool leaves out the last one, and pads behind it */
		if (sum != want && data.size >= 2 && data.size % 2 == 0 && at[-1] == 0)
			sum = (uint16_t)(sum + word_sum(bytes_of(at - 2, 2), is_big));
		image_compare(facts, CSYS_HEADER, "its data", sum, want);
		image_covered(facts, "size and a sum of 16 bits");
	}
	image_add_part(in, facts, CSYS_HEADER, size - CSYS_SUM, "firmware");
}

const struct image_format image_format_edimax = {
	.word = "edimax", .title = "Edimax image", .matches = is_csys, .inspect = inspect_csys,
};

/* --- eDiMaX --- */

enum {
	NAMED_MODEL = 16, NAMED_MODEL_SIZE = 32,
	NAMED_HEADER_SUM = 49,
	NAMED_DATA_SUM = 50,
	NAMED_SIZE = 51,
	NAMED_VERSION = 63, NAMED_VERSION_SIZE = 14,
	NAMED_PARTITION = 78, NAMED_PARTITION_SIZE = 16,
	NAMED_HEADER = 94,
	NAMED_MASK = 0xb9,
};

static bool is_named(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("eDiMaX\0"));
}

static void check_named_data(const struct image_input *in, struct image_facts *facts, uint32_t size)
{
	uint8_t sum;

	if (!image_in_memory(in, NAMED_HEADER, size))
		return;
	sum = (uint8_t)(image_byte_sum(image_slice(in, NAMED_HEADER, size)) ^ NAMED_MASK);
	if (sum != in->data.data[NAMED_DATA_SUM])
		image_broken(facts, NAMED_HEADER, "its data is damaged: sum %02x, the header says %02x", sum, in->data.data[NAMED_DATA_SUM]);
	image_covered_weakly(facts);
}

static void inspect_named(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	char name[NAMED_PARTITION_SIZE + 1];
	uint32_t size;
	uint8_t sum;

	image_set_vendor(facts, "Edimax");
	if (!image_has_header(in, facts, NAMED_HEADER))
		return;
	facts->ends_exactly = true;
	text_copy(facts->checked, sizeof(facts->checked), "header sum and size");
	sum = (uint8_t)((image_byte_sum(bytes_of(header, NAMED_HEADER)) - header[NAMED_HEADER_SUM]) ^ NAMED_MASK);
	if (sum != header[NAMED_HEADER_SUM]) {
		image_broken(facts, NAMED_HEADER_SUM, "its header is damaged: sum %02x, it says %02x", sum, header[NAMED_HEADER_SUM]);
		return;
	}
	image_add_board_field(facts, bytes_of(header + NAMED_MODEL, NAMED_MODEL_SIZE));
	image_text(facts->version, sizeof(facts->version), bytes_of(header + NAMED_VERSION, NAMED_VERSION_SIZE));
	image_text(name, sizeof(name), bytes_of(header + NAMED_PARTITION, NAMED_PARTITION_SIZE));
	size = load_be32(header + NAMED_SIZE);
	if (!image_declare(in, facts, (uint64_t)NAMED_HEADER + size))
		return;
	image_add_part(in, facts, NAMED_HEADER, size, name[0] != '\0' ? name : "firmware");
	check_named_data(in, facts, size);
}

const struct image_format image_format_edimax_named = {
	.word = "edimax", .title = "Edimax image (eDiMaX header)", .matches = is_named, .inspect = inspect_named,
};
