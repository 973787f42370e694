/* recovery/image/dlink.c
 *
 * D-Link headers in front of a firmware: WRGG03 and WRG (signature, MD5), DAP (sum of the bytes, two layouts), and the encrypted kinds that can
 * be told and measured without a key: SHRS, encrpted_img.
 * Source: OpenWrt firmware-utils src/mkwrggimg.c, mkwrgimg.c, mkdapimg.c, mkdapimg2.c, dlink-sge-image.c; unblob, handlers for D-Link. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

/* --- WRGG03 and WRG: the magic twice; size and offset in the processor's byte order, which no field tells --- */

enum {
	WRG_SIGNATURE = 32,
	WRG_MAGIC = 32,
	WRG_DEVICE_SIZE = 32,
};

/* Where the two have what they share. */
struct wrg_layout {
	uint32_t magic;
	unsigned size, offset, device, digest, header;
};

static const struct wrg_layout wrgg03 = { 0x20080321, 104, 108, 112, 144, 160 };
static const struct wrg_layout wrg = { 0x20040220, 40, 44, 48, 80, 96 };

/* The order in which the file is as long as the header says, else the larger size that fits, else the smaller one: it is cut off then. */
static bool is_big_endian(const struct image_input *in, const struct wrg_layout *layout)
{
	uint64_t big = load_be32(in->data.data + layout->size), little = load_le32(in->data.data + layout->size);
	uint64_t room = in->size - layout->header;

	if (big == room || little == room)
		return big == room;
	if ((big <= room) != (little <= room))
		return big <= room;
	return big <= room ? big > little : big < little;
}

static bool is_wrg_layout(const struct image_input *in, const struct wrg_layout *layout)
{
	const uint8_t *header = in->data.data;

	return in->data.size >= WRG_MAGIC + 8 && memcmp(header + WRG_MAGIC, header + WRG_MAGIC + 4, 4) == 0 &&
	       (load_be32(header + WRG_MAGIC) == layout->magic || load_le32(header + WRG_MAGIC) == layout->magic) &&
	       image_is_text(bytes_of(header, WRG_SIGNATURE));
}

/* The digest covers the offset, the device's name and the data. */
static void check_wrg(const struct image_input *in, struct image_facts *facts, const struct wrg_layout *layout, uint32_t size)
{
	const uint8_t *header = in->data.data;
	struct bytes pieces[] = {
		bytes_of(header + layout->offset, layout->digest - layout->offset), image_slice(in, layout->header, size),
	};

	if (image_in_memory(in, layout->header, size) &&
	    image_compare_digest(in, facts, "md5", pieces, 2, layout->header, "its data",
				 bytes_of(header + layout->digest, IMAGE_MD5_SIZE)) != IMAGE_UNKNOWN)
		image_covered(facts, "size and the MD5 of the data");
}

static void inspect_wrg_layout(const struct image_input *in, struct image_facts *facts, const struct wrg_layout *layout)
{
	const uint8_t *header = in->data.data;
	char device[WRG_DEVICE_SIZE + 1];
	bool is_big;
	uint32_t size;

	if (!image_has_header(in, facts, layout->header))
		return;
	is_big = is_big_endian(in, layout);
	image_set_vendor(facts, "D-Link");
	image_add_board_field(facts, bytes_of(header, WRG_SIGNATURE));
	size = is_big ? load_be32(header + layout->size) : load_le32(header + layout->size);
	image_text(device, sizeof(device), bytes_of(header + layout->device, WRG_DEVICE_SIZE));
	text_copy(facts->checked, sizeof(facts->checked), "size");
	/* the numbers have the processor's byte order, and of these devices those with MIPS alone are big-endian */
	if (is_big)
		text_copy(facts->arch, sizeof(facts->arch), "mips");
	if (image_declare(in, facts, (uint64_t)layout->header + size))
		check_wrg(in, facts, layout, size);
	image_add_part(in, facts, layout->header, size, device[0] != '\0' ? device : "firmware");
}

static bool is_wrgg(const struct image_input *in)
{
	return is_wrg_layout(in, &wrgg03);
}

enum { WRGG_VERSION = 40, WRGG_MODEL = 56, WRGG_BUILD = 88, WRGG_TEXT = 16 };

static void inspect_wrgg(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	char model[WRGG_TEXT + 1];

	if (!image_has_header(in, facts, wrgg03.header))
		return;
	image_text(facts->version, sizeof(facts->version), bytes_of(header + WRGG_VERSION, WRGG_TEXT));
	image_text(model, sizeof(model), bytes_of(header + WRGG_MODEL, WRGG_TEXT));
	image_text(facts->name, sizeof(facts->name), bytes_of(header + WRGG_BUILD, WRGG_TEXT));
	inspect_wrg_layout(in, facts, &wrgg03);
	image_add_board(facts, bytes_of_text(model));
}

const struct image_format image_format_dlink_wrgg = {
	.word = "dlink-wrgg", .title = "D-Link WRGG image", .matches = is_wrgg, .inspect = inspect_wrgg, .is_sound = is_wrgg,
};

static bool is_wrg(const struct image_input *in)
{
	return is_wrg_layout(in, &wrg);
}

static void inspect_wrg(const struct image_input *in, struct image_facts *facts)
{
	inspect_wrg_layout(in, facts, &wrg);
}

const struct image_format image_format_dlink_wrg = {
	.word = "dlink-wrg", .title = "D-Link WRG image", .matches = is_wrg, .inspect = inspect_wrg, .is_sound = is_wrg,
};

/* --- DAP: big-endian; the sum counts the bytes behind the header of 64 bytes. No magic: the texts and sizes must agree. --- */

enum {
	DAP_MODEL = 4,
	DAP_MODEL_SIZE = 20,
	DAP_SIGNATURE = 24,
	DAP_SIGNATURE_SIZE = 30,
	DAP_HEADER_LENGTH = 55,
	DAP_SIZE = 60,
	DAP_HEADER = 64,
	DAP_LONG_HEADER = 80,	/* with region and version */
	DAP_VERSION = 68,
	DAP_VERSION_SIZE = 12,
};

/* RT3052-AP-DAP1350-3, wapnd04cm_dkbs_dap2553: no plain word. */
static bool has_joint(struct bytes signature)
{
	return memchr(signature.data, '-', signature.size) != NULL || memchr(signature.data, '_', signature.size) != NULL;
}

static bool is_dap(const struct image_input *in)
{
	const uint8_t *header = in->data.data;

	return in->data.size >= DAP_HEADER && (header[DAP_HEADER_LENGTH] == DAP_HEADER || header[DAP_HEADER_LENGTH] == DAP_LONG_HEADER) &&
	       header[56] == 0 && header[57] == 0 && load_be32(header + DAP_SIZE) > DAP_HEADER && load_be32(header + DAP_SIZE) < 0x10000000 &&
	       image_is_padded_text(bytes_of(header + DAP_MODEL, DAP_MODEL_SIZE)) &&
	       image_is_padded_text(bytes_of(header + DAP_SIGNATURE, DAP_SIGNATURE_SIZE)) &&
	       (has_joint(bytes_of(header + DAP_SIGNATURE, DAP_SIGNATURE_SIZE)) || has_joint(bytes_of(header + DAP_MODEL, DAP_MODEL_SIZE)));
}

static void inspect_dap(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint8_t start = header[DAP_HEADER_LENGTH];
	uint32_t size = load_be32(header + DAP_SIZE);

	image_set_vendor(facts, "D-Link");
	facts->ends_exactly = true;
	image_add_board_field(facts, bytes_of(header + DAP_SIGNATURE, DAP_SIGNATURE_SIZE));
	image_add_board_field(facts, bytes_of(header + DAP_MODEL, DAP_MODEL_SIZE));
	if (start == DAP_LONG_HEADER && image_in_memory(in, 0, DAP_LONG_HEADER))
		image_text(facts->version, sizeof(facts->version), bytes_of(header + DAP_VERSION, DAP_VERSION_SIZE));
	text_copy(facts->checked, sizeof(facts->checked), "size");
	if (image_declare(in, facts, (uint64_t)start + size) && image_in_memory(in, start, size)) {
		image_compare(facts, start, "its data", image_byte_sum(image_slice(in, start, size)), load_be32(header));
		image_covered(facts, "size and the sum of the bytes");
	}
	image_add_part(in, facts, start, size, "firmware");
}

const struct image_format image_format_dlink_dap = {
	.word = "dlink-dap", .title = "D-Link DAP image", .matches = is_dap, .inspect = inspect_dap,
};

/* --- DAP, second layout: all big-endian but the first word, the header's length as the tool's host writes it --- */

enum {
	DAP2_SUM = 4,
	DAP2_TOTAL = 8,
	DAP2_SIGNATURE = 16,
	DAP2_SIGNATURE_SIZE = 32,
	DAP2_VERSION = 48,
	DAP2_VERSION_SIZE = 16,
	DAP2_HEADER = 72,
	DAP2_HEADER_MAX = 96,
};

static uint32_t dap2_header(const uint8_t *header)
{
	uint32_t little = load_le32(header), big = load_be32(header);

	return little <= DAP2_HEADER_MAX ? little : big;
}

static bool is_dap2(const struct image_input *in)
{
	const uint8_t *header = in->data.data;
	uint32_t size;

	if (in->data.size < DAP2_HEADER)
		return false;
	size = dap2_header(header);
	return size >= DAP2_HEADER && size <= DAP2_HEADER_MAX && size % 4 == 0 && load_be32(header + DAP2_TOTAL) > 0 &&
	       load_be32(header + DAP2_TOTAL) < 0x10000000 && image_is_padded_text(bytes_of(header + DAP2_SIGNATURE, DAP2_SIGNATURE_SIZE)) &&
	       has_joint(bytes_of(header + DAP2_SIGNATURE, DAP2_SIGNATURE_SIZE));
}

static void inspect_dap2(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint32_t start = dap2_header(header), size = load_be32(header + DAP2_TOTAL);

	image_set_vendor(facts, "D-Link");
	facts->ends_exactly = true;
	image_add_board_field(facts, bytes_of(header + DAP2_SIGNATURE, DAP2_SIGNATURE_SIZE));
	image_text(facts->version, sizeof(facts->version), bytes_of(header + DAP2_VERSION, DAP2_VERSION_SIZE));
	text_copy(facts->checked, sizeof(facts->checked), "size");
	if (image_declare(in, facts, (uint64_t)start + size) && image_in_memory(in, start, size)) {
		image_compare(facts, start, "its data", image_byte_sum(image_slice(in, start, size)), load_be32(header + DAP2_SUM));
		image_covered(facts, "size and the sum of the bytes");
	}
	image_add_part(in, facts, start, size, "firmware");
}

const struct image_format image_format_dlink_dap2 = {
	.word = "dlink-dap", .title = "D-Link DAP image (second layout)", .matches = is_dap2, .inspect = inspect_dap2,
};

/* --- SHRS: encrypted; the digest of the coded bytes needs no key --- */

enum {
	SHRS_PLAIN = 4,
	SHRS_CODED = 8,
	SHRS_CODED_DIGEST = 156,
	SHRS_ZEROS = 220, SHRS_ZEROS_SIZE = 512,
	SHRS_HEADER = 1756,
	SHA512_SIZE = 64,
};

static bool is_shrs(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("SHRS"));
}

static void inspect_shrs(const struct image_input *in, struct image_facts *facts)
{
	uint32_t coded;
	struct bytes over;

	image_set_vendor(facts, "D-Link");
	if (!image_has_header(in, facts, SHRS_HEADER))
		return;
	coded = load_be32(in->data.data + SHRS_CODED);
	if (image_padding(bytes_of(in->data.data + SHRS_ZEROS, SHRS_ZEROS_SIZE)) != SHRS_ZEROS_SIZE)
		image_broken(facts, SHRS_ZEROS, "its header is damaged: the unused part of it is not empty");
	/* AES is of blocks of 16 bytes */
	if (load_be32(in->data.data + SHRS_PLAIN) > coded || coded - load_be32(in->data.data + SHRS_PLAIN) > 16)
		image_broken(facts, SHRS_PLAIN, "its header is damaged: %" PRIu32 " bytes do not become %" PRIu32 " by being encrypted",
			     load_be32(in->data.data + SHRS_PLAIN), coded);
	text_copy(facts->checked, sizeof(facts->checked), "size");
	image_warning(facts, "it is encrypted: what is in it cannot be seen, nor its signature be checked");
	if (!image_declare(in, facts, (uint64_t)SHRS_HEADER + coded))
		return;
	/* what the vendor's tools put behind the last block */
	if (bytes_equal(image_slice(in, SHRS_HEADER + (uint64_t)coded, UINT64_MAX), BYTES("\0\0\0\0\x30")))
		facts->declared_size = in->size;
	over = image_slice(in, SHRS_HEADER, coded);
	if (over.size == coded && image_compare_digest(in, facts, "sha512", &over, 1, SHRS_HEADER, "its data",
						       bytes_of(in->data.data + SHRS_CODED_DIGEST, SHA512_SIZE)) != IMAGE_UNKNOWN)
		image_covered(facts, "size and the SHA-512 of the encrypted bytes");
}

const struct image_format image_format_dlink_shrs = {
	.word = "dlink-shrs", .title = "D-Link SHRS image (encrypted)", .matches = is_shrs, .inspect = inspect_shrs,
};

/* --- encrpted_img: spelt so; a length, and nothing else that can be looked at --- */

enum { ENCRPTED_SIZE = 12, ENCRPTED_HEADER = 16 };

static bool is_encrpted(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("encrpted_img"));
}

static void inspect_encrpted(const struct image_input *in, struct image_facts *facts)
{
	image_set_vendor(facts, "D-Link");
	if (!image_has_header(in, facts, ENCRPTED_HEADER))
		return;
	image_warning(facts, "it is encrypted: what is in it cannot be seen");
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	image_declare(in, facts, load_be32(in->data.data + ENCRPTED_SIZE));
}

const struct image_format image_format_dlink_encrpted = {
	.word = "dlink-encrpted", .title = "D-Link encrypted image", .matches = is_encrpted, .inspect = inspect_encrpted,
};
