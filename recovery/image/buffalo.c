/* recovery/image/buffalo.c
 *
 * Buffalo: the tag in front of a firmware (three layouts of the numbers at its end), and the coded "start"/"asar1" file. Big-endian.
 * Source: OpenWrt firmware-utils src/buffalo-lib.h, buffalo-lib.c, buffalo-tag.c, buffalo-enc.c. */
#include <ctype.h>
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

/* --- tag --- */

enum {
	TAG_PRODUCT = 0, TAG_BRAND = 32, TAG_NAME_SIZE = 32,
	TAG_MAJOR = 64, TAG_MINOR = 72, TAG_PLATFORM = 96, TAG_TEXT_SIZE = 8,
	TAG_REGION = 80,
	TAG_HARDWARE = 104, TAG_HARDWARE_VALUE = 108,
	TAG_LENGTH = 136,
	TAG_CRC = 140,
	TAG_FIRST = 144,	/* first layout: addresses; second: lengths of two parts; third: length and address */
	TAG_SECOND = 148,
	TAG_DATA_LENGTH = 152,
	TAG_HEADER = 160, TAG_HEADER_2 = 156, TAG_HEADER_3 = 152,
	TAG_3_MORE = 200,
};

static bool is_tag(const struct image_input *in)
{
	static const struct { uint8_t at, size; } texts[] = {
		{ TAG_PRODUCT, TAG_NAME_SIZE }, { TAG_BRAND, TAG_NAME_SIZE }, { TAG_MAJOR, TAG_TEXT_SIZE }, { TAG_MINOR, TAG_TEXT_SIZE },
		{ TAG_PLATFORM, TAG_TEXT_SIZE },
	};
	const uint8_t *tag = in->data.data;

	if (in->data.size < TAG_HEADER || !isalpha(tag[TAG_BRAND]) || !isdigit(tag[TAG_MAJOR]))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!image_is_padded_text(bytes_of(tag + texts[i].at, texts[i].size)))
			return false;
	return (memcmp(tag + TAG_HARDWARE, "\0\0\0\0", 4) == 0 || memcmp(tag + TAG_HARDWARE, "hwv\0", 4) == 0) &&
	       load_be32(tag + TAG_LENGTH) > TAG_HEADER_3 && load_be32(tag + TAG_LENGTH) < 0x20000000;
}

static void read_tag(const uint8_t *tag, struct image_facts *facts)
{
	char major[TAG_TEXT_SIZE + 1], minor[TAG_TEXT_SIZE + 1];

	image_text(facts->vendor, sizeof(facts->vendor), bytes_of(tag + TAG_BRAND, TAG_NAME_SIZE));
	image_add_board_field(facts, bytes_of(tag, TAG_NAME_SIZE));
	image_text(major, sizeof(major), bytes_of(tag + TAG_MAJOR, TAG_TEXT_SIZE));
	image_text(minor, sizeof(minor), bytes_of(tag + TAG_MINOR, TAG_TEXT_SIZE));
	text_format(facts->version, sizeof(facts->version), "%s-%s", major, minor);
	image_text(facts->revision, sizeof(facts->revision), bytes_of(tag + TAG_HARDWARE_VALUE, 4));
	text_format(facts->title, sizeof(facts->title), "Buffalo image (region %.2s)", (const char *)tag + TAG_REGION);
}

/* As cksum(1) has it, with the field itself as zeros. */
static uint32_t tag_crc(const struct image_input *in, uint64_t length)
{
	uint8_t tag[TAG_HEADER_3];
	struct image_cksum sum;

	memcpy(tag, in->data.data, sizeof(tag));
	memset(tag + TAG_CRC, 0, 4);
	image_cksum_init(&sum);
	image_cksum_add(&sum, bytes_of(tag, sizeof(tag)));
	image_cksum_add(&sum, image_slice(in, sizeof(tag), length - sizeof(tag)));
	return image_cksum_end(&sum);
}

static void add_tag_parts(const struct image_input *in, struct image_facts *facts, uint64_t length)
{
	const uint8_t *tag = in->data.data;
	uint64_t first = load_be32(tag + TAG_FIRST), second = load_be32(tag + TAG_SECOND);

	if (load_be32(tag + TAG_DATA_LENGTH) + (uint64_t)TAG_HEADER == length)
		image_add_part(in, facts, TAG_HEADER, length - TAG_HEADER, "firmware");
	else if (first + second + TAG_HEADER_2 == length) {
		image_add_part(in, facts, TAG_HEADER_2, first, "kernel");
		image_add_part(in, facts, TAG_HEADER_2 + first, second, "rootfs");
	} else if (first + TAG_3_MORE == length)
		image_add_part(in, facts, TAG_HEADER_3, first, "firmware");
}

static void inspect_tag(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *tag = in->data.data;
	uint64_t length = load_be32(tag + TAG_LENGTH);
	uint32_t crc = load_be32(tag + TAG_CRC);

	read_tag(tag, facts);
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	/* the third layout counts 200 bytes of header where it has 152, and has no checksum */
	if (crc == 0 && load_be32(tag + TAG_FIRST) + (uint64_t)TAG_3_MORE == length) {
		image_declare(in, facts, length - TAG_3_MORE + TAG_HEADER_3);
	} else if (image_declare(in, facts, length) && image_in_memory(in, 0, length) && crc != 0) {
		facts->ends_exactly = true;
		image_compare(facts, 0, "it", tag_crc(in, length), crc);
		image_covered(facts, "size and the checksum over all of it");
	}
	add_tag_parts(in, facts, length);
}

const struct image_format image_format_buffalo_tag = {
	.word = "buffalo-tag", .title = "Buffalo image", .matches = is_tag, .inspect = inspect_tag,
};

/* --- coded: magic, seed, product, version, data, each text and the data coded with the key and the first coded byte of what is before --- */

enum {
	ENC_SEED = 6,
	ENC_PRODUCT = 11,
	ENC_PRODUCT_MAX = 32,
	ENC_VERSION_MAX = 8,
	CIPHER_STATE = 256,
	SUM_TABLE = 256,
};

struct cipher {
	uint8_t state[CIPHER_STATE], i, j;
	unsigned size;		/* of the state in use */
};

/* size: 256, or for some models the length of what is coded, which can be followed for short texts only. */
static void cipher_init(struct cipher *cipher, uint8_t seed, unsigned size)
{
	static const char key[] = "Buffalo";	/* of consumer models */
	uint8_t full[sizeof(key)] = { seed };
	unsigned k = 0;

	memcpy(full + 1, key, sizeof(key) - 1);
	cipher->i = cipher->j = 0;
	cipher->size = size;
	for (unsigned n = 0; n < size; n++)
		cipher->state[n] = (uint8_t)n;
	for (unsigned n = 0; n < size; n++) {
		uint8_t old = cipher->state[n];

		k = (k + full[n % sizeof(full)] + old) % size;
		cipher->state[n] = cipher->state[k];
		cipher->state[k] = old;
	}
}

static uint8_t cipher_decode(struct cipher *cipher, uint8_t byte)
{
	uint8_t old;

	cipher->i = (uint8_t)((cipher->i + 1u) % cipher->size);
	cipher->j = (uint8_t)((cipher->j + cipher->state[cipher->i]) % cipher->size);
	old = cipher->state[cipher->j];
	cipher->state[cipher->j] = cipher->state[cipher->i];
	cipher->state[cipher->i] = old;
	return byte ^ cipher->state[(unsigned)(cipher->state[cipher->i] + cipher->state[cipher->j]) % cipher->size];
}

static void decode_text(struct bytes coded, uint8_t seed, bool is_long, char *to, size_t size)
{
	uint8_t plain[ENC_PRODUCT_MAX];
	struct cipher cipher;

	cipher_init(&cipher, seed, is_long ? (unsigned)coded.size : CIPHER_STATE);
	for (size_t i = 0; i < coded.size; i++)
		plain[i] = cipher_decode(&cipher, coded.data[i]);
	to[0] = '\0';
	if (image_is_text(bytes_of(plain, coded.size)))
		image_text(to, size, bytes_of(plain, coded.size));
}

/* The CRC of zlib's polynomial over the plain bytes as signed ones, started with their number. */
static uint32_t plain_sum(struct bytes coded, uint8_t seed)
{
	uint32_t table[SUM_TABLE], sum = (uint32_t)coded.size;
	struct cipher cipher;

	for (uint32_t i = 0; i < SUM_TABLE; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
	}
	cipher_init(&cipher, seed, CIPHER_STATE);
	for (size_t i = 0; i < coded.size; i++) {
		sum ^= (uint32_t)(int32_t)(int8_t)cipher_decode(&cipher, coded.data[i]);
		sum = table[sum & 0xff] ^ sum >> 8;
	}
	return sum;
}

struct coded {
	struct bytes product, version;
	uint64_t data, data_size;
};

/* False when the header is not in memory or its lengths are too large. */
static bool read_coded(const struct image_input *in, struct coded *coded)
{
	uint64_t at = ENC_PRODUCT;
	uint32_t length;

	if (in->data.size < ENC_PRODUCT)
		return false;
	length = load_be32(in->data.data + ENC_PRODUCT - 4);
	if (length == 0 || length > ENC_PRODUCT_MAX || !image_in_memory(in, at, (uint64_t)length + 4))
		return false;
	coded->product = image_slice(in, at, length);
	at += length + 4;
	length = load_be32(in->data.data + at - 4);
	if (length == 0 || length > ENC_VERSION_MAX || !image_in_memory(in, at, (uint64_t)length + 4))
		return false;
	coded->version = image_slice(in, at, length);
	coded->data = at + length + 4;
	coded->data_size = load_be32(in->data.data + coded->data - 4);
	return true;
}

static bool is_coded(const struct image_input *in)
{
	struct coded coded;

	return (image_starts_with(in->data, BYTES("start\0")) || image_starts_with(in->data, BYTES("asar1\0"))) && read_coded(in, &coded);
}

static void inspect_coded(const struct image_input *in, struct image_facts *facts)
{
	struct coded coded;
	char product[ENC_PRODUCT_MAX + 1];
	bool is_long;

	image_set_vendor(facts, "Buffalo");
	if (!read_coded(in, &coded))
		return;
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing that can be checked without the key covers the contents");
	decode_text(coded.product, in->data.data[ENC_SEED], false, product, sizeof(product));
	is_long = product[0] == '\0';
	if (is_long)
		decode_text(coded.product, in->data.data[ENC_SEED], true, product, sizeof(product));
	decode_text(coded.version, coded.product.data[0], is_long, facts->version, sizeof(facts->version));
	image_add_board(facts, bytes_of_text(product));
	if (!image_declare(in, facts, coded.data + coded.data_size + 4) || !image_in_memory(in, coded.data, coded.data_size + 4))
		return;
	if (is_long) {
		image_warning(facts, "it is coded in a way that is not followed here: what is in it cannot be seen");
		return;
	}
	image_compare(facts, coded.data, "its data", plain_sum(image_slice(in, coded.data, coded.data_size), coded.version.data[0]),
		      load_be32(in->data.data + coded.data + coded.data_size));
	image_covered(facts, "size and the checksum of the decoded data");
}

const struct image_format image_format_buffalo_enc = {
	.word = "buffalo-enc", .title = "Buffalo coded image", .matches = is_coded, .inspect = inspect_coded,
};
