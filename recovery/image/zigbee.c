/* recovery/image/zigbee.c
 *
 * Firmware of Zigbee and Thread radios, as gateways have them: Silicon Labs' GBL, a list of tagged parts with a CRC at its end, its
 * forerunner EBL, and the Zigbee upgrade file, whose header names manufacturer and product. Little-endian.
 * IKEA's is wrapped once more, with certificates in front and a signature behind.
 * Source: Silicon Labs UG266, "Gecko Bootloader File Format", and UG103.6, "Bootloading", 5.1 (EBL);
 * Zigbee document 095264, "Over-the-air upgrading cluster", 6.3; zigpy
 * (ota/image.py, ota/validators.py). */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	TAG_HEADER = 8,		/* tag, length */
	TAGS_MAX = 1024,
	GBL_TYPE = 12,
	GBL_HEADER = 16,
	TYPE_ENCRYPTED = 1,
	CERTIFICATE_SIZE = 28,
	APPLICATION_VERSION = 12,
	EBL_TAG = 4,		/* tag, length: big-endian */
	EBL_HEADER = 0x0000, EBL_HEADER_ENCRYPTED = 0xfb05, EBL_END = 0xfc04,
	EBL_SIGNATURE = 0xe350, EBL_SIGNATURE_XAP2 = 0xe250,	/* of the EM250; all others are Cortex-M3 and M4 */
	EBL_AT_SIGNATURE = 6, EBL_AT_SIGNATURE_ENCRYPTED = 8, EBL_MINIMUM = 10,
	EBL_TAGS = 65536,
	OTA_MINIMUM = 56,
	OTA_HEADER_SIZE = 6,
	OTA_MANUFACTURER = 10,
	OTA_TYPE = 12,
	OTA_VERSION = 14,
	OTA_TEXT = 20,
	OTA_TEXT_SIZE = 32,
	OTA_SIZE = 52,
	ELEMENT_HEADER = 6,	/* tag, length */
	ELEMENTS_MAX = 16,
	ELEMENT_DEFINED = 6, ELEMENT_OF_MAKER = 0xf000,	/* tags below and from there on have a meaning (table 6-4) */
	TAIL_MAX = 64,		/* a sum or filling that makers append without counting it */
	SIGNED_AT_START = 16, SIGNED_AT_SIZE = 20, SIGNED_HEADER = 24,
};

#define TAG_APPLICATION 0xf40a0af4u
#define TAG_END 0xfc0404fcu

static const struct { uint32_t tag; const char *name; } parts[] = {
	{ 0xf50909f5, "bootloader" }, { 0xfe0101fe, "program" }, { 0xfd0303fd, "program" }, { 0xfd0505fd, "program (LZ4)" },
	{ 0xfd0707fd, "program (LZMA)" }, { 0x5ea617eb, "secure element" }, { 0xf60808f6, "metadata" }, { 0xf90707f9, "encrypted program" },
};

static bool matches_gbl(const struct image_input *in)
{
	return in->data.size >= GBL_HEADER && image_starts_with(in->data, BYTES("\xeb\x17\xa6\x03\x08\0\0\0"));
}

/* The CRC is of everything before it. */
static void check_end(const struct image_input *in, struct image_facts *facts, uint64_t end)
{
	uint32_t want = load_le32(in->data.data + end - 4), have = image_crc32(in, image_slice(in, 0, end - 4));

	text_copy(facts->checked, sizeof(facts->checked), "the checksum over all of it");
	if (have != want)
		image_broken(facts, end - 4, "it is damaged: expected checksum %08" PRIx32 ", found %08" PRIx32, want, have);
	else if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

static void read_tag(const struct image_input *in, struct image_facts *facts, uint64_t at, uint32_t tag, uint32_t size)
{
	if (tag == TAG_APPLICATION && size >= CERTIFICATE_SIZE && image_in_memory(in, at, TAG_HEADER + CERTIFICATE_SIZE))
		text_format(facts->version, sizeof(facts->version), "0x%08" PRIx32, load_le32(in->data.data + at + APPLICATION_VERSION));
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].tag == tag)
			image_add_row(facts, at + TAG_HEADER, size, parts[i].name, "unknown");
}

static void inspect_gbl(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = 0;

	image_set_vendor(facts, "Silicon Labs");
	text_copy(facts->arch, sizeof(facts->arch), "arm");	/* EFR32 are Cortex-M */
	text_copy(facts->checked, sizeof(facts->checked), "the chain of its parts");
	facts->ends_exactly = true;
	facts->is_padded_by_nature = true;
	if (load_le32(in->data.data + GBL_TYPE) & TYPE_ENCRYPTED)
		image_warning(facts, "its contents are encrypted: only the device can tell for which hardware they are");
	for (unsigned i = 0; i < TAGS_MAX; i++) {
		uint32_t tag, size;

		if (!image_in_memory(in, at, TAG_HEADER)) {
			image_declare(in, facts, at + TAG_HEADER);
			facts->declared_size = 0;
			return;
		}
		tag = load_le32(in->data.data + at);
		size = load_le32(in->data.data + at + 4);
		read_tag(in, facts, at, tag, size);
		at += (uint64_t)TAG_HEADER + size;
		if (!image_declare(in, facts, at))
			return;
		if (tag != TAG_END)
			continue;
		if (size == 4 && image_in_memory(in, 0, at))
			check_end(in, facts, at);
		return;
	}
	image_broken(facts, at, "its chain of parts is damaged: it does not end");
}

const struct image_format image_format_gbl = {
	.word = "silabs-gbl", .title = "Silicon Labs GBL file", .matches = matches_gbl, .inspect = inspect_gbl,
};

/* --- its forerunner --- */

static bool is_encrypted_ebl(const struct image_input *in)
{
	return load_be16(in->data.data) == EBL_HEADER_ENCRYPTED;
}

static bool matches_ebl(const struct image_input *in)
{
	const uint8_t *head = in->data.data;
	unsigned signature;

	if (in->data.size < EBL_MINIMUM)
		return false;
	if (is_encrypted_ebl(in))
		return load_be16(head + 2) == 6 && load_be16(head + EBL_AT_SIGNATURE_ENCRYPTED) == EBL_SIGNATURE;
	signature = load_be16(head + EBL_AT_SIGNATURE);
	return load_be16(head) == EBL_HEADER && load_be16(head + 2) <= UINT8_MAX && (signature == EBL_SIGNATURE || signature == EBL_SIGNATURE_XAP2);
}

static void inspect_ebl(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = 0;

	image_set_vendor(facts, "Silicon Labs");
	text_copy(facts->checked, sizeof(facts->checked), "the chain of its parts");
	facts->ends_exactly = true;
	facts->is_padded_by_nature = true;
	if (is_encrypted_ebl(in) || load_be16(in->data.data + EBL_AT_SIGNATURE) == EBL_SIGNATURE)
		text_copy(facts->arch, sizeof(facts->arch), "arm");
	if (is_encrypted_ebl(in))
		image_warning(facts, "its contents are encrypted: only the device can tell for which hardware they are");
	for (unsigned i = 0; i < EBL_TAGS && image_in_memory(in, at, EBL_TAG); i++) {
		const uint8_t *tag = in->data.data + at;

		at += EBL_TAG + (uint64_t)load_be16(tag + 2);
		if (!image_declare(in, facts, at))
			return;
		if (load_be16(tag) != EBL_END)
			continue;
		if (load_be16(tag + 2) == 4 && image_in_memory(in, 0, at))
			check_end(in, facts, at);
		return;
	}
	facts->declared_size = 0;
	if (in->data.size == in->size)
		image_broken(facts, at, "its chain of parts is damaged: it does not end");
}

const struct image_format image_format_ebl = {
	.word = "silabs-ebl", .title = "Silicon Labs EBL file", .matches = matches_ebl, .inspect = inspect_ebl,
};

/* --- the upgrade file around them --- */

static bool matches_ota(const struct image_input *in)
{
	return in->data.size >= OTA_MINIMUM && image_starts_with(in->data, BYTES("\x1e\xf1\xee\x0b")) &&
	       load_le16(in->data.data + OTA_HEADER_SIZE) >= OTA_MINIMUM;
}

static void tell_ota(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	char board[48];

	text_format(board, sizeof(board), "manufacturer 0x%04x, image type 0x%04x", load_le16(header + OTA_MANUFACTURER),
		    load_le16(header + OTA_TYPE));
	image_add_board(facts, bytes_of_text(board));
	image_set_name(facts, bytes_of(header + OTA_TEXT, OTA_TEXT_SIZE));
	text_format(facts->version, sizeof(facts->version), "0x%08" PRIx32, load_le32(header + OTA_VERSION));
}

/* All but the chips' own formats begin so by chance, or go on behind their end with a signature: what a maker's device unpacks is his affair. */
static void add_element(const struct image_input *in, struct image_facts *facts, uint64_t at, uint64_t size, unsigned tag)
{
	struct image_part *part;
	char name[24];

	text_format(name, sizeof(name), "element 0x%04x", tag);
	part = image_add_part(in, facts, at, size, name);
	if (part == NULL || part->whole != IMAGE_NO || text_starts(part->format, "silabs-") || text_equal(part->format, "esp-image"))
		return;
	image_problem(facts, facts->member_problem.offset, "%s", facts->member_problem.what);
	facts->member_problem = (struct image_problem){ 0 };
	part->whole = IMAGE_UNKNOWN;
}

static bool is_known_tag(unsigned tag)
{
	return tag < ELEMENT_DEFINED || tag >= ELEMENT_OF_MAKER;
}

static void read_elements(const struct image_input *in, struct image_facts *facts, uint64_t at, uint64_t size)
{
	for (unsigned i = 0; i < ELEMENTS_MAX && at + ELEMENT_HEADER <= size && image_in_memory(in, at, ELEMENT_HEADER); i++) {
		unsigned tag = load_le16(in->data.data + at);
		uint64_t length = load_le32(in->data.data + at + 2);

		if (length > size - at - ELEMENT_HEADER) {
			/* some makers fill the file with something of their own, or add it behind the elements */
			if (is_known_tag(tag))
				image_broken(facts, at, "its element %u is longer than the file", i);
			else
				image_add_row(facts, at, size - at, "the maker's own", "unknown");
			return;
		}
		add_element(in, facts, at + ELEMENT_HEADER, length, tag);
		at += ELEMENT_HEADER + length;
	}
}

static void inspect_ota(const struct image_input *in, struct image_facts *facts)
{
	uint64_t size = load_le32(in->data.data + OTA_SIZE);

	tell_ota(in, facts);
	text_copy(facts->checked, sizeof(facts->checked), "sizes");
	facts->ends_exactly = size > in->size || in->size - size > TAIL_MAX;
	if (image_declare(in, facts, size))
		read_elements(in, facts, load_le16(in->data.data + OTA_HEADER_SIZE), size);
}

const struct image_format image_format_zigbee_ota = {
	.word = "zigbee-ota", .title = "Zigbee upgrade file", .matches = matches_ota, .inspect = inspect_ota,
};

/* --- IKEA's wrapping of it --- */

/* The file inside, cut to its size; where it is not in memory or not such a file, nothing. */
static struct image_input inside_signed(const struct image_input *in)
{
	struct image_input ota = *in;
	uint64_t start = load_le32(in->data.data + SIGNED_AT_START), size = load_le32(in->data.data + SIGNED_AT_SIZE);

	ota.data = image_slice(in, start, size);
	ota.size = in->size < start ? 0 : in->size - start < size ? in->size - start : size;
	return ota;
}

static bool matches_signed(const struct image_input *in)
{
	struct image_input ota;

	if (in->data.size < SIGNED_HEADER || !image_starts_with(in->data, BYTES("NGIS")))
		return false;
	ota = inside_signed(in);
	return matches_ota(&ota);
}

static void inspect_signed(const struct image_input *in, struct image_facts *facts)
{
	uint64_t start = load_le32(in->data.data + SIGNED_AT_START), size = load_le32(in->data.data + SIGNED_AT_SIZE);

	image_set_vendor(facts, "IKEA");
	text_copy(facts->checked, sizeof(facts->checked), "sizes; its signature was not checked");
	if (!image_declare(in, facts, start + size))
		return;
	image_add_part(in, facts, start, size, "upgrade file");
	if (in->size == start + size)
		image_broken(facts, in->size, "it is cut off: its signature is missing");
	/* how long the signature is stands in no known place */
	facts->declared_size = in->size;
}

const struct image_format image_format_zigbee_signed = {
	.word = "zigbee-ota", .title = "Zigbee upgrade file, signed", .matches = matches_signed, .inspect = inspect_signed,
};
