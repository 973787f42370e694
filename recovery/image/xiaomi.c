/* recovery/image/xiaomi.c
 *
 * Xiaomi HDR1 and HDR2: CRC over all that follows it, offsets of up to eight blobs with headers of their own, a signature. Little-endian.
 * Source: OpenWrt firmware-utils src/xiaomifw.c; unblob, handler for Xiaomi HDR. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	AT_SIGNATURE = 4,
	AT_CRC = 8,
	COVERED = 12,
	HDR1_DEVICE = 14, HDR1_BLOBS = 16, HDR1_SIZE = 48,
	HDR2_DEVICE = 16, HDR2_REGION = 24, HDR2_BLOBS = 48, HDR2_SIZE = 80,
	TEXT_SIZE = 8,
	BLOBS = 8,
	BLOB_SIZE = 8,
	BLOB_NAME = 16, BLOB_NAME_SIZE = 32,
	BLOB_HEADER = 48,
};

static const struct { uint16_t id; const char *name; } devices[] = {
	{ 0x03, "r1cm" }, { 0x04, "r2d" }, { 0x05, "r1cl" }, { 0x07, "r3" }, { 0x08, "r3d" }, { 0x0d, "r3g" }, { 0x12, "r4cm" },
	{ 0x16, "r2100" }, { 0x25, "ra70" },
};

/* "option ROM '2.28.62'": the value, without its quotes; empty when there is no such line. */
static struct bytes option(struct bytes text, const char *key)
{
	const uint8_t *at = memmem(text.data, text.size, key, strlen(key));
	size_t length = 0;

	if (at == NULL)
		return (struct bytes){ text.data, 0 };
	text = bytes_from(text, (size_t)(at - text.data) + strlen(key));
	while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\''))
		text = bytes_from(text, 1);
	while (length < text.size && memchr("' \r\n", text.data[length], 4) == NULL)
		length++;
	return bytes_of(text.data, length);
}

static void read_version(struct image_facts *facts, struct bytes text)
{
	struct bytes rom = option(text, "option ROM"), hardware = option(text, "option HARDWARE");

	if (image_is_text(rom))
		image_text(facts->version, sizeof(facts->version), rom);
	if (image_is_text(hardware))
		image_add_board(facts, hardware);
}

static void read_blobs(const struct image_input *in, struct image_facts *facts, unsigned offsets)
{
	char name[BLOB_NAME_SIZE + 1];

	for (unsigned i = 0; i < BLOBS; i++) {
		uint64_t at = load_le32(in->data.data + offsets + 4 * i);
		struct bytes header = image_slice(in, at, BLOB_HEADER);
		uint32_t size;

		if (at == 0)
			return;
		if (header.size < BLOB_HEADER) {
			if (at + BLOB_HEADER > in->size)
				image_broken(facts, offsets + 4 * i, "its part %u lies outside of it", i);
			continue;
		}
		size = load_le32(header.data + BLOB_SIZE);
		if (load_le32(header.data) != 0xbabe || !image_lies_in(at + BLOB_HEADER, size, in->size)) {
			image_broken(facts, at, "its part %u is damaged or lies outside of it", i);
			continue;
		}
		image_text(name, sizeof(name), bytes_of(header.data + BLOB_NAME, BLOB_NAME_SIZE));
		if (text_equal(name, "xiaoqiang_version"))
			read_version(facts, image_slice(in, at + BLOB_HEADER, size));
		image_add_part(in, facts, at + BLOB_HEADER, size, name[0] != '\0' ? name : "part");
	}
}

static void inspect_either(const struct image_input *in, struct image_facts *facts, unsigned offsets)
{
	uint64_t signature = load_le32(in->data.data + AT_SIGNATURE);

	image_set_vendor(facts, "Xiaomi");
	text_copy(facts->checked, sizeof(facts->checked), "nothing: its checksum covers the whole file");
	if (signature > in->size)
		image_declare(in, facts, signature);
	else if (signature != 0 && signature < offsets)	/* 0: it has none */
		image_broken(facts, AT_SIGNATURE, "its header is damaged: its signature cannot begin at byte %" PRIu64, signature);
	if (in->data.size == in->size) {
		image_compare(facts, COVERED, "it", image_crc32_raw1(in, bytes_from(in->data, COVERED)), load_le32(in->data.data + AT_CRC));
		image_covered(facts, "the checksum over all of it; its signature is not checked");
	}
	read_blobs(in, facts, offsets);
}

static bool is_hdr1(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("HDR1")) && (in->data.size < HDR1_SIZE || load_le32(in->data.data + HDR1_BLOBS) >= HDR1_SIZE);
}

static void inspect_hdr1(const struct image_input *in, struct image_facts *facts)
{
	uint16_t device;
	char id[8];

	if (!image_has_header(in, facts, HDR1_SIZE))
		return;
	device = load_le16(in->data.data + HDR1_DEVICE);
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (devices[i].id == device)
			image_add_board(facts, bytes_of_text(devices[i].name));
	text_format(id, sizeof(id), "0x%02x", device);
	image_add_board(facts, bytes_of_text(id));
	inspect_either(in, facts, HDR1_BLOBS);
}

const struct image_format image_format_xiaomi_hdr1 = {
	.word = "xiaomi-hdr1", .title = "Xiaomi image", .matches = is_hdr1, .inspect = inspect_hdr1,
};

static bool is_hdr2(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("HDR2")) && (in->data.size < HDR2_SIZE || load_le32(in->data.data + HDR2_BLOBS) >= HDR2_SIZE);
}

static void inspect_hdr2(const struct image_input *in, struct image_facts *facts)
{
	char text[TEXT_SIZE + 1];

	if (!image_has_header(in, facts, HDR2_SIZE))
		return;
	image_text(text, sizeof(text), bytes_of(in->data.data + HDR2_DEVICE, TEXT_SIZE));
	image_add_board(facts, bytes_of_text(text));
	image_text(text, sizeof(text), bytes_of(in->data.data + HDR2_REGION, TEXT_SIZE));
	if (text[0] != '\0')
		text_format(facts->title, sizeof(facts->title), "Xiaomi image (region %s)", text);
	inspect_either(in, facts, HDR2_BLOBS);
}

const struct image_format image_format_xiaomi_hdr2 = {
	.word = "xiaomi-hdr2", .title = "Xiaomi image", .matches = is_hdr2, .inspect = inspect_hdr2,
};
