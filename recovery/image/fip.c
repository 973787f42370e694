/* recovery/image/fip.c
 *
 * Firmware image package of Trusted Firmware-A: a table of UUIDs and places, then the images. It has no checksum.
 * Source: TF-A docs/design/firmware-design.rst "Firmware Image Package", include/tools_share/firmware_image_package.h. */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { HEADER = 16, ENTRY = 40, ENTRIES = 64, SEARCHED = 4096 };

static const struct { uint8_t uuid[8]; const char *name; } images[] = {
	{ { 0x5f, 0xf9, 0xec, 0x0b, 0x4d, 0x22, 0x3e, 0x4d }, "BL2" },
	{ { 0x97, 0x66, 0xfd, 0x3d, 0x89, 0xbe, 0xe8, 0x49 }, "SCP_BL2" },
	{ { 0x47, 0xd4, 0x08, 0x6d, 0x4c, 0xfe, 0x98, 0x46 }, "BL31" },
	{ { 0x05, 0xd0, 0xe1, 0x89, 0x53, 0xdc, 0x13, 0x47 }, "BL32" },
	{ { 0x0b, 0x70, 0xc2, 0x9b, 0x2a, 0x5a, 0x78, 0x40 }, "BL32 extra 1" },
	{ { 0x8e, 0xa8, 0x7b, 0xb1, 0xcf, 0xa2, 0x3f, 0x4d }, "BL32 extra 2" },
	{ { 0xd6, 0xd0, 0xee, 0xa7, 0xfc, 0xea, 0xd5, 0x4b }, "BL33" },
	{ { 0x08, 0xb8, 0xf1, 0xd9, 0xc9, 0xcf, 0x93, 0x49 }, "hardware configuration" },
	{ { 0x6c, 0x04, 0x58, 0xff, 0xaf, 0x6b, 0x7d, 0x4f }, "BL2 configuration" },
	{ { 0x99, 0x79, 0x81, 0x4b, 0x03, 0x76, 0xfb, 0x46 }, "BL31 configuration" },
	{ { 0x26, 0x25, 0x7c, 0x1a, 0xdb, 0xc6, 0x7f, 0x47 }, "BL32 configuration" },
	{ { 0x28, 0xda, 0x98, 0x15, 0x93, 0xe8, 0x7e, 0x44 }, "BL33 configuration" },
	{ { 0x58, 0x07, 0xe1, 0x6a, 0x84, 0x59, 0x47, 0xbe }, "firmware configuration" },
};

static bool matches(const struct image_input *in)
{
	return in->data.size >= HEADER + ENTRY && load_le32(in->data.data) == 0xaa640001 && load_le32(in->data.data + 4) != 0 &&
	       load_le64(in->data.data + HEADER + 16) >= HEADER + ENTRY;
}

static const char *name_of(const uint8_t *uuid)
{
	for (size_t i = 0; i < ARRAY_SIZE(images); i++)
		if (memcmp(images[i].uuid, uuid, sizeof(images[i].uuid)) == 0)
			return images[i].name;
	return "image";
}

/* BL31 and U-Boot for AArch64 begin with 64-bit code; only a FIP for 32-bit chips has no BL31. */
static void tell_arch(struct image_facts *facts, const char *name, struct bytes data)
{
	const char *arch = data.size >= 4 ? image_code_arch(data.data) : "";

	if (facts->arch[0] != '\0' || !text_starts(name, "BL"))
		return;
	if (text_equal(name, "BL31"))
		arch = "arm64";
	text_copy(facts->arch, sizeof(facts->arch), arch);
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint64_t furthest = 0;
	bool has_end = false;

	text_copy(facts->checked, sizeof(facts->checked), "its table of contents; nothing covers the contents");
	for (unsigned i = 0; i < ENTRIES && !has_end; i++) {
		struct bytes entry = image_slice(in, HEADER + (uint64_t)i * ENTRY, ENTRY);
		uint64_t offset, size;

		if (entry.size < ENTRY)
			break;
		offset = load_le64(entry.data + 16);
		size = load_le64(entry.data + 24);
		has_end = load_le64(entry.data) == 0 && load_le64(entry.data + 8) == 0;
		/* the last entry has where all of it ends */
		if (offset > UINT64_MAX - size) {
			image_broken(facts, HEADER + i * ENTRY, "its table of contents is damaged: entry %u ends beyond any file", i);
			return;
		}
		furthest = offset + size > furthest ? offset + size : furthest;
		if (has_end)
			break;
		tell_arch(facts, name_of(entry.data), image_slice(in, offset, size));
		image_add_part(in, facts, offset, size, name_of(entry.data));
	}
	if (!has_end && in->data.size == in->size)
		image_broken(facts, HEADER, "its table of contents has no end");
	if (has_end)
		image_declare(in, facts, furthest);
	facts->is_padded_by_nature = true;
}

const struct image_format image_format_fip = {
	.role = IMAGE_ROLE_LOADER, .word = "fip", .title = "Firmware image package (TF-A)", .matches = matches, .inspect = inspect,
};
