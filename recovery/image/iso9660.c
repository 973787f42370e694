/* recovery/image/iso9660.c
 *
 * ISO 9660, as CD images and what is made from them for USB sticks: these have a table of partitions in front, and perhaps partitions behind. It has no
 * checksum.
 * Source: ECMA-119, 8.4 (primary volume descriptor); "El Torito" Bootable CD-ROM Format 1.0; UEFI 2.10, chapter 5; Apple, "Inside Macintosh: Devices",
 * 3-25 (partition map). */
#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	SECTOR = 2048,
	PRIMARY = 16 * SECTOR,
	AT_LABEL = 40, LABEL_SIZE = 32, AT_BLOCKS = 80, AT_BLOCK_SIZE = 128,
	DESCRIPTORS = 16,	/* looked at */
	AT_CATALOG = 71,
	PLATFORM_X86 = 0, PLATFORM_PPC = 1,
	BLOCK = 512,
	MBR_TABLE = 446, MBR_ENTRY = 16, MBR_ENTRIES = 4, MBR_PROTECTIVE = 0xee,
	GPT_ENTRIES = 128, GPT_ENTRY = 128,
	MAC_ENTRIES = 16,
	FILL_MAX = 512 * 1024,
};

struct tail {
	const struct image_input *in;
	struct image_facts *facts;
	uint64_t volume, end;	/* where the volume ends, and what is appended to it */
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

/* --- what is appended to the volume --- */

static void add_appended(struct tail *tail, uint64_t start, uint64_t blocks)
{
	uint64_t at = start % (UINT64_MAX / BLOCK) * BLOCK, size = blocks % (UINT64_MAX / BLOCK / 2) * BLOCK;

	if (at < tail->volume || size == 0 || at > UINT64_MAX / 2)
		return;
	if (at + size > tail->end)
		tail->end = at + size;
	image_add_part(tail->in, tail->facts, at, size, "appended partition");
}

static void read_mbr(struct tail *tail)
{
	const uint8_t *sector = tail->in->data.data;

	if (sector[BLOCK - 2] != 0x55 || sector[BLOCK - 1] != 0xaa)
		return;
	for (unsigned i = 0; i < MBR_ENTRIES; i++) {
		const uint8_t *entry = sector + MBR_TABLE + i * MBR_ENTRY;

		if (entry[4] != 0 && entry[4] != MBR_PROTECTIVE)
			add_appended(tail, load_le32(entry + 8), load_le32(entry + 12));
	}
}

/* True when there is such a table: then the other ones are but for those who do not read it. */
static bool read_gpt(struct tail *tail)
{
	const uint8_t *header = tail->in->data.data + BLOCK;
	uint64_t copy;

	if (memcmp(header, "EFI PART", 8) != 0 || load_le32(header + 84) != GPT_ENTRY || load_le64(header + 72) > UINT32_MAX)
		return false;
	for (uint32_t i = 0; i < load_le32(header + 80) && i < GPT_ENTRIES; i++) {
		struct bytes entry = image_slice(tail->in, load_le64(header + 72) * BLOCK + (uint64_t)i * GPT_ENTRY, GPT_ENTRY);

		if (entry.size == GPT_ENTRY && load_le64(entry.data) != 0 && load_le64(entry.data + 40) >= load_le64(entry.data + 32))
			add_appended(tail, load_le64(entry.data + 32), load_le64(entry.data + 40) - load_le64(entry.data + 32) + 1);
	}
	/* the second copy of the table is at the end */
	copy = load_le64(header + 32) % (UINT64_MAX / BLOCK) * BLOCK;
	if (copy < tail->in->size && copy + BLOCK > tail->end)
		tail->end = copy + BLOCK;
	return true;
}

static void read_mac(struct tail *tail)
{
	const uint8_t *first = tail->in->data.data + BLOCK;

	if (memcmp(first, "PM\0\0", 4) != 0)
		return;
	for (uint32_t i = 0; i < load_be32(first + 4) && i < MAC_ENTRIES; i++)
		if (memcmp(first + i * BLOCK, "PM\0\0", 4) == 0)
			add_appended(tail, load_be32(first + i * BLOCK + 8), load_be32(first + i * BLOCK + 12));
}

/* Builders fill it up with zeros, for drives that cannot read the last sectors. */
static uint64_t end_of_fill(const struct image_input *in, uint64_t end)
{
	struct bytes fill = image_slice(in, end, FILL_MAX + 1);
	bool is_fill = fill.size > 0 && fill.size <= FILL_MAX && end + fill.size == in->size && in->size % BLOCK == 0;

	return is_fill && fill.data[0] == 0 && image_padding(fill) == fill.size ? in->size : end;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *volume = in->data.data + PRIMARY;
	uint32_t blocks = load_le32(volume + AT_BLOCKS), size = load_le16(volume + AT_BLOCK_SIZE);
	struct tail tail;

	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	image_set_name(facts, bytes_of(volume + AT_LABEL, LABEL_SIZE));
	facts->is_padded_by_nature = true;
	/* each number is there in both byte orders */
	if (blocks != load_be32(volume + AT_BLOCKS + 4) || size != load_be16(volume + AT_BLOCK_SIZE + 2) || size == 0) {
		image_broken(facts, PRIMARY + AT_BLOCKS, "its descriptor is damaged: the two copies of its size differ");
		return;
	}
	tail = (struct tail){ in, facts, (uint64_t)blocks * size, (uint64_t)blocks * size };
	if (image_declare(in, facts, tail.volume) && !read_gpt(&tail)) {
		read_mbr(&tail);
		read_mac(&tail);
	}
	tail.end = end_of_fill(in, tail.end);
	if (tail.end > tail.volume)
		image_declare(in, facts, tail.end);
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
