/* recovery/image/iso9660.c
 *
 * ISO 9660, as CD images and what is made from them for USB sticks. It has no checksum.
 * Source: ECMA-119, 8.4 (primary volume descriptor); "El Torito" Bootable CD-ROM Format 1.0. */
#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	SECTOR = 2048,
	PRIMARY = 16 * SECTOR,
	AT_LABEL = 40, LABEL_SIZE = 32, AT_BLOCKS = 80, AT_BLOCK_SIZE = 128,
	DESCRIPTORS = 16,	/* looked at */
	AT_CATALOG = 71,
	PLATFORM_X86 = 0, PLATFORM_PPC = 1,
};

static bool matches(const struct image_input *in)
{
	return image_in_memory(in, PRIMARY, SECTOR) && memcmp(in->data.data + PRIMARY, "\1CD001\1", 7) == 0;
}

/* The boot catalog's first entry says for which platform it starts; of EFI the processor stays open. */
static const char *arch_of_catalog(const struct image_input *in, uint32_t sector)
{
	struct bytes entry = image_slice(in, (uint64_t)sector * SECTOR, 32);

	if (entry.size < 32 || entry.data[0] != 1 || entry.data[30] != 0x55 || entry.data[31] != 0xaa)
		return "";
	return entry.data[1] == PLATFORM_X86 ? "x86" : entry.data[1] == PLATFORM_PPC ? "ppc" : "";
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *volume = in->data.data + PRIMARY;
	uint32_t blocks = load_le32(volume + AT_BLOCKS), size = load_le16(volume + AT_BLOCK_SIZE);

	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	image_set_name(facts, bytes_of(volume + AT_LABEL, LABEL_SIZE));
	facts->is_padded_by_nature = true;
	/* each number is there in both byte orders */
	if (blocks != load_be32(volume + AT_BLOCKS + 4) || size != load_be16(volume + AT_BLOCK_SIZE + 2) || size == 0) {
		image_broken(facts, PRIMARY + AT_BLOCKS, "its descriptor is damaged: the two copies of its size differ");
		return;
	}
	image_declare(in, facts, (uint64_t)blocks * size);
	for (unsigned i = 1; i < DESCRIPTORS; i++) {
		struct bytes descriptor = image_slice(in, PRIMARY + i * SECTOR, SECTOR);

		if (descriptor.size < SECTOR || memcmp(descriptor.data + 1, "CD001", 5) != 0 || descriptor.data[0] == 255)
			break;
		if (descriptor.data[0] == 0 && memcmp(descriptor.data + 7, "EL TORITO SPECIFICATION", 23) == 0)
			text_copy(facts->arch, sizeof(facts->arch), arch_of_catalog(in, load_le32(descriptor.data + AT_CATALOG)));
	}
}

const struct image_format image_format_iso9660 = {
	.role = IMAGE_ROLE_PLAIN, .word = "iso9660", .title = "ISO 9660 image", .matches = matches, .inspect = inspect,
};
