/* recovery/image/trx.c
 *
 * Broadcom TRX, and what vendors put before it: Linksys/CyberTAN's pattern header, U.S. Robotics, Motorola, and CHDR before a kernel.
 * Source: OpenWrt firmware-utils src/otrx.c, trx.c, asustrx.c, addpattern.c, trx2usr.c, motorola-bin.c, bcm4908kernel.c. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

/* --- TRX: magic, length, CRC, flags and version, offsets of the partitions; all little-endian --- */

enum {
	TRX_LENGTH = 4,
	TRX_CRC = 8,
	TRX_COVERED = 12,
	TRX_VERSION = 14,
	TRX_OFFSETS = 16,
	TRX_HEADER = 28,	/* of version 1; version 2 has a fourth offset */
	TRX_ASUS_TAIL = 64,	/* version 4, product 12, zeros: the last bytes that the CRC covers */
	TRX_ASUS_PRODUCT = 12,
};

static bool is_trx(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("HDR0"));
}

static unsigned trx_offsets(const struct image_input *in)
{
	return load_le16(in->data.data + TRX_VERSION) == 2 ? 4 : 3;
}

/* Each partition goes up to the next one; 0 leaves one out. */
static void add_trx_parts(const struct image_input *in, struct image_facts *facts, uint64_t length)
{
	unsigned count = trx_offsets(in);
	char name[16];

	for (unsigned i = 0; i < count; i++) {
		uint64_t start = load_le32(in->data.data + TRX_OFFSETS + 4 * i), end = length;

		if (start == 0)
			continue;
		if (start < TRX_HEADER || start >= length) {
			/* where the checksum is right the file was made so */
			if (facts->whole == IMAGE_YES)
				image_warning(facts, "its partition %u begins outside of it, at byte %" PRIu64, i, start);
			else
				image_broken(facts, TRX_OFFSETS + 4 * i, "its partition %u begins outside of it, at byte %" PRIu64, i, start);
			continue;
		}
		for (unsigned k = 0; k < count; k++) {
			uint64_t other = load_le32(in->data.data + TRX_OFFSETS + 4 * k);

			if (other > start && other < end)
				end = other;
		}
		text_format(name, sizeof(name), "partition %u", i);
		image_add_part(in, facts, start, end - start, name);
	}
}

/* ASUS: zeros behind a version and a product's name, which begins with a letter. */
static void read_asus_tail(const struct image_input *in, struct image_facts *facts, uint64_t length)
{
	struct bytes tail = image_slice(in, length - TRX_ASUS_TAIL, TRX_ASUS_TAIL), product;

	if (length < TRX_HEADER + TRX_ASUS_TAIL || tail.size < TRX_ASUS_TAIL)
		return;
	product = bytes_of(tail.data + 4, TRX_ASUS_PRODUCT);
	for (size_t i = 4 + TRX_ASUS_PRODUCT; i < tail.size; i++)
		if (tail.data[i] != 0)
			return;
	if (!image_is_text(product) || product.data[0] < 'A' || product.data[0] > 'Z' || product.data[1] == '\0')
		return;
	image_set_vendor(facts, "ASUS");
	image_add_board_field(facts, bytes_of(product.data, product.size));
	text_format(facts->version, sizeof(facts->version), "%u.%u.%u.%u", tail.data[0], tail.data[1], tail.data[2], tail.data[3]);
}

static void inspect_trx(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint32_t length;
	uint16_t version;

	if (!image_has_header(in, facts, TRX_HEADER + 4))
		return;
	text_copy(facts->checked, sizeof(facts->checked), "size");
	length = load_le32(header + TRX_LENGTH);
	version = load_le16(header + TRX_VERSION);
	text_format(facts->title, sizeof(facts->title), "Broadcom TRX image, version %u", version);
	facts->ends_exactly = true;
	if (length < TRX_HEADER) {
		image_broken(facts, TRX_LENGTH, "its header is damaged: it says that it has %" PRIu32 " bytes", length);
		return;
	}
	if (image_declare(in, facts, length) && image_in_memory(in, 0, length)) {
		if (image_compare(facts, TRX_COVERED, "its data",
				  image_crc32_raw1(in, image_slice(in, TRX_COVERED, length - TRX_COVERED)), load_le32(header + TRX_CRC)))
			read_asus_tail(in, facts, length);
		image_covered(facts, "size and the checksum over all of it");
	}
	if (version == 1 || version == 2)
		add_trx_parts(in, facts, length);
}

static bool trx_is_sound(const struct image_input *in)
{
	uint32_t length;

	if (!is_trx(in) || in->data.size < TRX_HEADER + 4)
		return false;
	length = load_le32(in->data.data + TRX_LENGTH);
	if (load_le16(in->data.data + TRX_VERSION) < 1 || load_le16(in->data.data + TRX_VERSION) > 2 || length < TRX_HEADER)
		return false;
	for (unsigned i = 0; i < trx_offsets(in); i++)
		if (load_le32(in->data.data + TRX_OFFSETS + 4 * i) >= length)
			return false;
	return true;
}

const struct image_format image_format_trx = {
	.word = "trx", .title = "Broadcom TRX image", .matches = is_trx, .inspect = inspect_trx, .is_sound = trx_is_sound,
};

/* --- Linksys/CyberTAN: 32 bytes before a TRX, a uImage or a kernel --- */

enum {
	BIN_PATTERN = 8,
	BIN_DATE = 8,
	BIN_VERSION = 11,
	BIN_ID = 14,
	BIN_HEADER = 32,
};

static bool is_linksys_bin(const struct image_input *in)
{
	return in->data.size >= BIN_HEADER && memcmp(in->data.data + BIN_ID, "U2ND", 4) == 0 &&
	       image_is_text(bytes_of(in->data.data, BIN_PATTERN));
}

/* The header has no checksum: the image is as whole as what it holds. */
static void read_wrapped(const struct image_input *in, struct image_facts *facts)
{
	struct image_input inner = { image_slice(in, BIN_HEADER, UINT64_MAX), in->size - BIN_HEADER, in->ops, in->depth + 1, false };
	const struct image_format *format = inner.data.size > 0 && inner.depth < IMAGE_DEPTH ? image_find_format(&inner, false) : NULL;
	struct image_facts of;
	struct image_part *part;

	if (format == NULL || facts->part_count == IMAGE_PARTS)
		return;
	image_inspect_one(&inner, format, &of);
	part = &facts->parts[facts->part_count++];
	*part = (struct image_part){ .offset = BIN_HEADER, .size = of.declared_size, .depth = 1, .whole = of.whole, .name = "firmware" };
	text_copy(part->format, sizeof(part->format), of.format);
	text_copy(part->arch, sizeof(part->arch), of.arch);
	image_add_parts_of(facts, &of, BIN_HEADER);
	image_adopt(facts, &of);
	if (of.declared_size > 0)
		facts->declared_size = BIN_HEADER + of.declared_size;
	if (of.whole == IMAGE_NO)
		image_broken(facts, BIN_HEADER + of.problems[0].offset, "the %s in it: %.110s", of.format, of.problems[0].what);
	if (of.whole == IMAGE_YES)
		facts->whole = IMAGE_YES;
	text_copy(facts->checked, sizeof(facts->checked), of.checked);
}

static void inspect_linksys_bin(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data, *version = header + BIN_VERSION;

	text_copy(facts->checked, sizeof(facts->checked), "nothing: no check covers the contents");
	image_add_board_field(facts, bytes_of(header, BIN_PATTERN));
	image_set_vendor(facts, memcmp(header, "WDHN", 4) == 0 ? "Western Digital" : "Linksys");
	text_format(facts->version, sizeof(facts->version), "%u.%u.%u", version[0], version[1], version[2]);
	text_format(facts->title, sizeof(facts->title), "Linksys (CyberTAN) image of 20%02u-%02u-%02u", header[BIN_DATE] % 100u,
		    header[BIN_DATE + 1], header[BIN_DATE + 2]);
	read_wrapped(in, facts);
}

const struct image_format image_format_linksys_bin = {
	.word = "linksys-bin", .title = "Linksys (CyberTAN) image", .matches = is_linksys_bin, .inspect = inspect_linksys_bin,
};

/* --- U.S. Robotics: 28 bytes before a TRX --- */

enum { USR_LENGTH = 4, USR_CRC = 8, USR_VERSION = 12, USR_COMPATIBLE = 16, USR_REVISION = 18, USR_HEADER = 28 };

static bool is_usr(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("USR0")) && (in->data.size < USR_HEADER + 4 || memcmp(in->data.data + USR_HEADER, "HDR0", 4) == 0);
}

static void inspect_usr(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint32_t length;

	if (!image_has_header(in, facts, USR_HEADER))
		return;
	image_set_vendor(facts, "U.S. Robotics");
	facts->ends_exactly = true;
	length = load_le32(header + USR_LENGTH);
	text_format(facts->revision, sizeof(facts->revision), "%u", load_le16(header + USR_REVISION));
	text_format(facts->version, sizeof(facts->version), "%u.%u.%u.%u", header[USR_VERSION], header[USR_VERSION + 1], header[USR_VERSION + 2],
		    header[USR_VERSION + 3]);
	image_add_id(facts, load_le16(header + USR_COMPATIBLE));
	text_copy(facts->checked, sizeof(facts->checked), "size");
	if (image_declare(in, facts, (uint64_t)USR_HEADER + length) && image_in_memory(in, USR_HEADER, length)) {
		image_compare(facts, USR_HEADER, "its data", image_crc32_raw1(in, image_slice(in, USR_HEADER, length)),
			      load_le32(header + USR_CRC));
		image_covered(facts, "size and the checksum of the contents");
	}
	image_add_part(in, facts, USR_HEADER, length, "firmware");
}

const struct image_format image_format_usr_trx = {
	.word = "usr-trx", .title = "U.S. Robotics image", .matches = is_usr, .inspect = inspect_usr,
};

/* --- Motorola: CRC and a word that names the model, big-endian, before a TRX --- */

enum { MOTOROLA_MODEL = 4, MOTOROLA_HEADER = 8 };

static bool is_motorola(const struct image_input *in)
{
	return in->data.size >= MOTOROLA_HEADER + 4 && load_be32(in->data.data + MOTOROLA_MODEL) >> 8 == 0x105770 &&
	       memcmp(in->data.data + MOTOROLA_HEADER, "HDR0", 4) == 0;
}

static void inspect_motorola(const struct image_input *in, struct image_facts *facts)
{
	static const struct { uint8_t low; const char *name; } models[] = { { 0x50, "WR850G" }, { 0x40, "WA840G" }, { 0x00, "WE800G" } };

	image_set_vendor(facts, "Motorola");
	for (size_t i = 0; i < ARRAY_SIZE(models); i++)
		if (in->data.data[MOTOROLA_MODEL + 3] == models[i].low)
			image_add_board(facts, bytes_of_text(models[i].name));
	image_add_id(facts, load_be32(in->data.data + MOTOROLA_MODEL));
	if (in->data.size == in->size) {
		image_compare(facts, MOTOROLA_MODEL, "it", image_crc32_raw1(in, bytes_from(in->data, MOTOROLA_MODEL)),
			      load_be32(in->data.data));
		image_covered(facts, "the checksum over all of it");
	}
	image_add_part(in, facts, MOTOROLA_HEADER, in->size - MOTOROLA_HEADER, "firmware");
}

const struct image_format image_format_motorola_trx = {
	.word = "motorola-trx", .title = "Motorola image", .matches = is_motorola, .inspect = inspect_motorola,
};

/* --- CHDR: before a kernel, as devices with a separate kernel partition have it --- */

enum { CHDR_LENGTH = 4, CHDR_CRC = 8, CHDR_COVERED = 12, CHDR_HEADER = 16 };

static bool is_chdr(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("CHDR")) &&
	       (in->data.size < CHDR_HEADER || load_le32(in->data.data + CHDR_LENGTH) > CHDR_HEADER);
}

static void inspect_chdr(const struct image_input *in, struct image_facts *facts)
{
	uint32_t length;

	if (!image_has_header(in, facts, CHDR_HEADER))
		return;
	length = load_le32(in->data.data + CHDR_LENGTH);
	text_copy(facts->checked, sizeof(facts->checked), "size");
	if (image_declare(in, facts, length) && image_in_memory(in, 0, length)) {
		image_compare(facts, CHDR_COVERED, "its data", image_crc32_raw1(in, image_slice(in, CHDR_COVERED, length - CHDR_COVERED)),
			      load_le32(in->data.data + CHDR_CRC));
		image_covered(facts, "size and the checksum of the contents");
	}
	image_add_part(in, facts, CHDR_HEADER, length - CHDR_HEADER, "kernel");
}

const struct image_format image_format_chdr = {
	.word = "chdr", .title = "Broadcom kernel with a CHDR header", .matches = is_chdr, .inspect = inspect_chdr,
};
