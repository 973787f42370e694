/* recovery/image/senao.c
 *
 * Senao, EnGenius: a header of 96 bytes, perhaps one with the model behind it, and data under a key of the header. Big-endian.
 * Source: OpenWrt firmware-utils src/mksenaofw.c. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

enum {
	AT_VENDOR = 4,
	AT_PRODUCT = 8,
	AT_VERSION = 12, VERSION_SIZE = 16,
	AT_TYPE = 28, TYPE_MAX = 0x0c,
	AT_LENGTH = 32,
	AT_MD5 = 40,
	AT_SUM = 88,
	AT_KEY = 92,
	HEADER_SIZE = 96,
	CAPWAP_MODEL_SIZE = 36,
	CAPWAP_SIZE = 40,	/* and the model's name */
	CAPWAP_MODEL_MAX = 64,
	PIECE = 4096,
};

/* With the block about the model the type is 0. */
static uint32_t capwap_size(const struct image_input *in)
{
	struct bytes block = image_slice(in, HEADER_SIZE, CAPWAP_SIZE);
	uint32_t length;

	if (load_be32(in->data.data + AT_TYPE) != 0 || block.size < CAPWAP_SIZE)
		return 0;
	length = load_be32(block.data + CAPWAP_MODEL_SIZE);
	return length > 0 && length <= CAPWAP_MODEL_MAX && image_in_memory(in, HEADER_SIZE, CAPWAP_SIZE + length) ? CAPWAP_SIZE + length : 0;
}

/* All bytes of the header and of the block, without the field itself. */
static uint32_t header_sum(const struct image_input *in)
{
	return image_byte_sum(bytes_of(in->data.data, HEADER_SIZE + capwap_size(in))) - image_byte_sum(bytes_of(in->data.data + AT_SUM, 4));
}

/* No magic: small ids and types, zeros where they must be, and a sum that is right. */
static bool matches(const struct image_input *in)
{
	const uint8_t *header = in->data.data;

	if (in->data.size < HEADER_SIZE || load_be32(header + AT_VENDOR) == 0 || load_be32(header + AT_VENDOR) > 0xffff ||
	    load_be32(header + AT_PRODUCT) > 0xffff || load_be32(header + AT_TYPE) > TYPE_MAX || load_be32(header + AT_LENGTH) == 0 ||
	    load_be32(header + AT_LENGTH + 4) != 0 || !image_is_text(bytes_of(header + AT_VERSION, VERSION_SIZE)))
		return false;
	return load_be32(header + AT_SUM) == header_sum(in);
}

struct decoder {
	struct bytes coded;
	size_t at;
	uint32_t key;
	uint8_t plain[PIECE];
};

static struct bytes next_plain(void *of)
{
	struct decoder *decoder = of;
	size_t count = decoder->coded.size - decoder->at;

	if (count > PIECE)
		count = PIECE;
	for (size_t i = 0; i < count; i++)
		decoder->plain[i] = decoder->coded.data[decoder->at + i] ^ (uint8_t)(decoder->key >> (decoder->at + i) % 8);
	decoder->at += count;
	return bytes_of(decoder->plain, count);
}

static void check_md5(const struct image_input *in, struct image_facts *facts, struct decoder *decoder)
{
	uint8_t have[IMAGE_DIGEST_SIZE];

	if (in->ops->digest_pieces == NULL || in->ops->digest_pieces(in->ops->user, "md5", next_plain, decoder, have) != IMAGE_MD5_SIZE)
		return;
	image_compare_bytes(facts, HEADER_SIZE, "its data", "md5", have, bytes_of(in->data.data + AT_MD5, IMAGE_MD5_SIZE));
	image_covered(facts, "header sum and the MD5 of the decoded data");
}

/* The tool pads before it codes. */
static bool is_coded_padding(const struct image_input *in, uint64_t from, uint64_t start, uint32_t key)
{
	for (uint64_t i = from; i < in->data.size; i++)
		if (in->data.data[i] != (uint8_t)(key >> (i - start) % 8))
			return false;
	return in->data.size == in->size;
}

/* It pads to whole blocks: what ends in between was cut, though only there. Its own block size is one less than usual. */
static void check_padding(uint64_t size, struct image_facts *facts)
{
	if (size % 4096 == 0 || size % 65535 == 0)
		return;
	image_problem(facts, facts->declared_size, "its padding ends in the middle of a block: it may be cut off there");
	if (facts->whole == IMAGE_YES)
		facts->whole = IMAGE_UNKNOWN;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint64_t length = load_be32(header + AT_LENGTH), start = HEADER_SIZE + (uint64_t)capwap_size(in);
	struct decoder decoder = { image_slice(in, start, length), 0, load_be32(header + AT_KEY), { 0 } };
	char ids[64];

	image_set_vendor(facts, "Senao / EnGenius");
	image_text(facts->version, sizeof(facts->version), bytes_of(header + AT_VERSION, VERSION_SIZE));
	text_copy(facts->checked, sizeof(facts->checked), "header sum and size");
	if (start > HEADER_SIZE)
		image_add_board_field(facts, image_slice(in, HEADER_SIZE + CAPWAP_SIZE, start - HEADER_SIZE - CAPWAP_SIZE));
	text_format(ids, sizeof(ids), "vendor 0x%" PRIx32 " product 0x%" PRIx32, load_be32(header + AT_VENDOR), load_be32(header + AT_PRODUCT));
	image_add_board(facts, bytes_of_text(ids));
	if (image_declare(in, facts, start + length) && decoder.coded.size == length)
		check_md5(in, facts, &decoder);
	if (in->size > start + length && is_coded_padding(in, start + length, start, decoder.key)) {
		facts->declared_size = in->size;
		check_padding(in->size - start, facts);
	}
	decoder.at = 0;
	image_add_unpacked_part(in, facts, next_plain(&decoder), length, "contents", false);
}

const struct image_format image_format_senao = {
	.word = "senao", .title = "Senao (EnGenius) image", .matches = matches, .inspect = inspect,
};
