/* recovery/image/linux.c
 *
 * Raw Linux kernels for ARM. Neither has a checksum.
 * Source: Linux arch/arm/boot/compressed/head.S (zImage); Documentation/arch/arm64/booting.rst (Image). */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	ZIMAGE_HEADER = 0x34,
	ZIMAGE_MAGIC = 0x24,
	ZIMAGE_START = 0x28,
	ZIMAGE_END = 0x2c,
	ARM64_HEADER = 0x40,
	ARM64_IMAGE_SIZE = 0x10,
	ARM64_MAGIC = 0x38,
	ARM64_PE = 0x3c,
	PE_SECTIONS = 32,
	PE_SECTION_SIZE = 40,
	FDT_HEADER = 40,
};

static bool is_zimage(const struct image_input *in)
{
	struct bytes magic = image_slice(in, ZIMAGE_MAGIC, 4);

	return in->data.size >= ZIMAGE_HEADER && (bytes_equal(magic, BYTES("\x18\x28\x6f\x01")) ||
						  bytes_equal(magic, BYTES("\x01\x6f\x28\x18")));
}

/* CONFIG_ARM_APPENDED_DTB: a device tree right behind the kernel belongs to it and names the board. */
static uint64_t read_appended_tree(const struct image_input *in, struct image_facts *facts, uint64_t at)
{
	struct bytes tree = image_slice(in, at, FDT_HEADER);
	uint32_t size;

	if (tree.size < FDT_HEADER || !image_starts_with(tree, BYTES("\xd0\x0d\xfe\xed")))
		return at;
	size = load_be32(tree.data + 4);
	image_add_part(in, facts, at, size, "device tree");
	return at + size;
}

static void inspect_zimage(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	bool is_big = header[ZIMAGE_MAGIC] == 0x01;
	uint32_t start = is_big ? load_be32(header + ZIMAGE_START) : load_le32(header + ZIMAGE_START);
	uint32_t end = is_big ? load_be32(header + ZIMAGE_END) : load_le32(header + ZIMAGE_END);

	text_copy(facts->arch, sizeof(facts->arch), "arm");
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	if (end <= start || end - start < ZIMAGE_HEADER)
		image_broken(facts, ZIMAGE_START, "its header is damaged: it ends before it starts");
	else if (image_declare(in, facts, end - start))
		image_declare(in, facts, read_appended_tree(in, facts, end - start));
}

const struct image_format image_format_zimage = {
	.word = "zimage", .title = "Linux kernel (zImage)", .matches = is_zimage, .inspect = inspect_zimage,
};

static bool is_arm64(const struct image_input *in)
{
	return in->data.size >= ARM64_HEADER && bytes_equal(image_slice(in, ARM64_MAGIC, 4), BYTES("ARM\x64"));
}

static bool is_sound_arm64(const struct image_input *in)
{
	/* the reserved words are zero since Linux 3.17, and so is the top of a believable size */
	return is_arm64(in) && load_le64(in->data.data + 0x20) == 0 && load_le64(in->data.data + 0x28) == 0 &&
	       load_le64(in->data.data + ARM64_IMAGE_SIZE) < UINT32_MAX;
}

/* image_size counts what is only in memory; the EFI stub's section table tells what is in the file. 0: there is none. */
static uint64_t pe_end(const struct image_input *in)
{
	uint64_t at = load_le32(in->data.data + ARM64_PE), table, end = 0;
	unsigned count;

	if (!image_in_memory(in, at, 24) || !bytes_equal(image_slice(in, at, 4), BYTES("PE\0\0")))
		return 0;
	count = load_le16(in->data.data + at + 6);
	table = at + 24 + load_le16(in->data.data + at + 20);
	for (unsigned i = 0; i < count && i < PE_SECTIONS; i++) {
		uint64_t section = table + (uint64_t)i * PE_SECTION_SIZE, section_end;

		if (!image_in_memory(in, section, PE_SECTION_SIZE))
			break;
		section_end = (uint64_t)load_le32(in->data.data + section + 16) + load_le32(in->data.data + section + 20);
		end = section_end > end ? section_end : end;
	}
	return end;
}

static void inspect_arm64(const struct image_input *in, struct image_facts *facts)
{
	uint64_t end = pe_end(in);

	text_copy(facts->arch, sizeof(facts->arch), "arm64");
	text_copy(facts->checked, sizeof(facts->checked), end > 0 ? "size; nothing covers the contents" : "nothing: it has no size");
	if (end > 0)
		image_declare(in, facts, end);
}

const struct image_format image_format_arm64 = {
	.word = "arm64-image", .title = "Linux kernel (arm64 Image)", .matches = is_arm64, .inspect = inspect_arm64,
	.is_sound = is_sound_arm64,
};
