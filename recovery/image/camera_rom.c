/* recovery/image/camera_rom.c
 *
 * Loaders of chips that are found in cameras and set-top boxes, of which little is known or covered: Amlogic, Ingenic, SigmaStar, Novatek.
 * HiSilicon's has no mark at all and stays unknown.
 * Source: U-Boot doc/board/amlogic/boot-flow.rst, tools/amlimage.c; OpenIPC U-Boot of Ingenic (SPL header); SigmaStar U-Boot's IPL
 * header; Novatek U-Boot nvtpack.h, EgorKin/Novatek-FW-info. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

static void uncovered(struct image_facts *facts, const char *vendor)
{
	image_set_vendor(facts, vendor);
	text_copy(facts->checked, sizeof(facts->checked), "its mark only; nothing covers the contents");
	facts->is_padded_by_nature = true;
}

/* --- Amlogic --- */

static bool is_amlogic(const struct image_input *in)
{
	return in->data.size >= 64 && memcmp(in->data.data + 16, "@AML", 4) == 0;
}

enum {
	AML_HEADER = 16, AML_SIZE = 64, AML_AT_TOTAL = 4, AML_AT_SIZE = 8, AML_AT_DIGEST_TYPE = 16, AML_AT_DIGEST = 20, AML_AT_DATA = 28,
	AML_AT_DATA_SIZE = 44, AML_DIGEST = 32, AML_MAX = 1024 * 1024,
};

/* A digest over its header, and what follows the digest. Places count from the header; of a signed one the digest is signed. */
static void check_amlogic(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data + AML_HEADER;
	uint64_t digest = AML_HEADER + (uint64_t)load_le32(header + AML_AT_DIGEST), data = AML_HEADER + (uint64_t)load_le32(header + AML_AT_DATA);
	uint64_t size = load_le32(header + AML_AT_DATA_SIZE), total = load_le32(header + AML_AT_TOTAL);
	struct bytes pieces[] = { bytes_of(header, AML_SIZE), image_slice(in, data, size) };

	if (header[AML_AT_SIZE] != AML_SIZE || total < AML_SIZE || total > AML_MAX || !image_declare(in, facts, AML_HEADER + total))
		return;
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	if (load_le32(header + AML_AT_DIGEST_TYPE) != 0 || size == 0 || !image_in_memory(in, digest, AML_DIGEST) || !image_in_memory(in, data, size) ||
	    digest != AML_HEADER + AML_SIZE || data != digest + AML_DIGEST || data + size != facts->declared_size)
		return;
	if (image_compare_digest(in, facts, "sha256", pieces, 2, digest, "it", image_slice(in, digest, AML_DIGEST)) == IMAGE_YES &&
	    image_padding(image_slice(in, 0, AML_HEADER)) == AML_HEADER)
		image_covered(facts, "its SHA-256");
}

static void inspect_amlogic(const struct image_input *in, struct image_facts *facts)
{
	uncovered(facts, "Amlogic");
	text_copy(facts->arch, sizeof(facts->arch), "arm64");
	if (image_in_memory(in, 0, AML_HEADER + AML_SIZE))
		check_amlogic(in, facts);
}

const struct image_format image_format_amlogic = {
	.role = IMAGE_ROLE_LOADER, .word = "amlogic", .title = "Amlogic boot loader", .matches = is_amlogic, .inspect = inspect_amlogic,
};

/* --- Ingenic --- */

static bool is_ingenic(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\x06\x05\x04\x03\x02\x55\xaa\x55\xaa"));
}

static void inspect_ingenic(const struct image_input *in, struct image_facts *facts)
{
	(void)in;
	uncovered(facts, "Ingenic");
	text_copy(facts->arch, sizeof(facts->arch), "mipsel");
}

const struct image_format image_format_ingenic = {
	.role = IMAGE_ROLE_LOADER, .word = "ingenic", .title = "Ingenic boot loader (SPL)", .matches = is_ingenic, .inspect = inspect_ingenic,
};

/* --- SigmaStar --- */

static bool is_sigmastar(const struct image_input *in)
{
	/* the mark stands behind a jump; the table for NAND begins with a text */
	return in->data.size >= 64 && (memcmp(in->data.data + 4, "IPL_", 4) == 0 || memcmp(in->data.data + 4, "IPLC", 4) == 0 ||
				       memcmp(in->data.data, "MSTARSEMIUSFDCIS", 16) == 0);
}

static void inspect_sigmastar(const struct image_input *in, struct image_facts *facts)
{
	(void)in;
	uncovered(facts, "SigmaStar");
	text_copy(facts->arch, sizeof(facts->arch), "arm");
}

const struct image_format image_format_sigmastar = {
	.role = IMAGE_ROLE_LOADER, .word = "sigmastar", .title = "SigmaStar boot loader (IPL)", .matches = is_sigmastar, .inspect = inspect_sigmastar,
};

/* --- Novatek --- */

enum { NVT_HEADER = 28, NVT_HEADER_2 = 40, NVT_PARTITIONS = 64, NVT_ENTRY = 12, CKSM_HEADER = 64 };

static const uint8_t nvt_guid[16] = { 0x90, 0xbe, 0x27, 0x88, 0xcd, 0x36, 0xc2, 0x4f, 0xa9, 0x87, 0x73, 0xa8, 0x48, 0x4e, 0x84, 0xb1 };
static const uint8_t nvt_guid_2[16] = { 0x07, 0x2e, 0x01, 0xd6, 0xbc, 0x10, 0x91, 0x4f, 0xb2, 0x8a, 0x35, 0x2f, 0x82, 0x26, 0x1a, 0x50 };

static bool is_novatek(const struct image_input *in)
{
	return in->data.size >= NVT_HEADER_2 && (memcmp(in->data.data, nvt_guid, 16) == 0 || memcmp(in->data.data, nvt_guid_2, 16) == 0);
}

/* Each half word and its number; with the sum in its place it comes to 0. */
static uint16_t novatek_sum(struct bytes over)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 2 <= over.size; i += 2)
		sum += load_le16(over.data + i) + (uint32_t)(i / 2);
	return (uint16_t)sum;
}

static void add_novatek_parts(const struct image_input *in, struct image_facts *facts, uint64_t table, uint32_t count, uint64_t *furthest)
{
	for (uint32_t i = 0; i < count && i < NVT_PARTITIONS; i++) {
		struct bytes entry = image_slice(in, table + (uint64_t)i * NVT_ENTRY, NVT_ENTRY);
		uint64_t start, size;
		char name[32];

		if (entry.size < NVT_ENTRY)
			return;
		start = load_le32(entry.data);
		size = load_le32(entry.data + 4);
		text_format(name, sizeof(name), "partition %" PRIu32, load_le32(entry.data + 8));
		*furthest = start + size > *furthest ? start + size : *furthest;
		if (size > CKSM_HEADER && image_starts_with(image_slice(in, start, 4), BYTES("CKSM")))
			image_add_part(in, facts, start + CKSM_HEADER, size - CKSM_HEADER, name);
		else
			image_add_part(in, facts, start, size, name);
	}
}

static void inspect_novatek(const struct image_input *in, struct image_facts *facts)
{
	bool is_second = memcmp(in->data.data, nvt_guid_2, 16) == 0;
	uint64_t table = is_second ? load_le32(in->data.data + 20) : NVT_HEADER, furthest = table;
	uint32_t count = load_le32(in->data.data + 24), summed = is_second ? load_le32(in->data.data + 28) : load_le32(in->data.data + 16);

	image_set_vendor(facts, "Novatek");
	text_copy(facts->checked, sizeof(facts->checked), "size");
	add_novatek_parts(in, facts, table, count, &furthest);
	if (!image_declare(in, facts, is_second && summed > furthest ? summed : furthest) || !image_in_memory(in, 0, summed) || summed < table)
		return;
	text_copy(facts->checked, sizeof(facts->checked), is_second ? "its sum of 16 bits, a weak one" : "the sum of its table");
	if (novatek_sum(image_slice(in, 0, summed)) != 0)
		image_broken(facts, 0, "it is damaged: its sum does not match");
	else if (is_second && facts->member_problem.what[0] == '\0')
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_novatek = {
	.word = "novatek", .title = "Novatek update package", .matches = is_novatek, .inspect = inspect_novatek,
};
