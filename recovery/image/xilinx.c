/* recovery/image/xilinx.c
 *
 * Xilinx: boot images of Zynq and Zynq UltraScale+, and bit streams for an FPGA. Nothing covers their contents.
 * Source: U-Boot tools/zynqimage.c and zynqmpimage.c; UG585 6.3.2 and UG1085 11.7 (boot header, partition headers); U-Boot
 * drivers/fpga/xilinx.c (fields of a .bit file). */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

/* --- boot images, little-endian --- */

enum {
	WIDTH = 0x20, IDENTIFIER = 0x24, EXECUTE = 0x2c, PROGRAM = 0x30, MANAGER_SIZE = 0x38, ATTRIBUTES = 0x44, STORED_SIZE = 0x40, SUM = 0x48,
	IMAGE_TABLE = 0x98, PARTITION_TABLE = 0x9c, BOOT_HEADER = 0xa0,
	IMAGE_TABLE_AT_COUNT = 4, IMAGE_TABLE_AT_PARTITIONS = 8, IMAGE_TABLE_SIZE = 64,
	OCM = 0xfffc0000,	/* where the UltraScale+ runs its first loader; an older Zynq has a number of the user's there */
	CPU_SHIFT = 10, CPU_A53_64 = 2,
	PARTITIONS = 32, PARTITION = 64, PARTITION_SUM = 60, PARTITION_TOTAL = 8, PARTITION_NEXT = 0x0c, PARTITION_AT = 0x14, PARTITION_AT_MP = 0x20,
};

static bool is_boot(const struct image_input *in)
{
	return in->data.size >= BOOT_HEADER && load_le32(in->data.data + WIDTH) == 0xaa995566 && memcmp(in->data.data + IDENTIFIER, "XNLX", 4) == 0;
}

static uint32_t sum_words(const uint8_t *from, const uint8_t *until)
{
	uint32_t sum = 0;

	for (; from < until; from += 4)
		sum += load_le32(from);
	return ~sum;
}

/* What lists the images; empty: it is not there. */
static struct bytes image_table(const struct image_input *in)
{
	uint32_t at = load_le32(in->data.data + IMAGE_TABLE);
	struct bytes table = image_slice(in, at, at >= BOOT_HEADER ? IMAGE_TABLE_SIZE : 0);

	return bytes_of(table.data, table.size == IMAGE_TABLE_SIZE ? table.size : 0);
}

/* Xilinx's builder tells where the table is, U-Boot's only what lists the images, which knows it. UINT64_MAX: nobody. */
static uint64_t find_partitions(const struct image_input *in, bool is_mp)
{
	uint64_t table = load_le32(in->data.data + PARTITION_TABLE);
	struct bytes images = image_table(in);

	if (table >= BOOT_HEADER && table != UINT32_MAX)
		return table;
	if (!is_mp || table != 0 || images.size == 0)
		return UINT64_MAX;
	return (uint64_t)load_le32(images.data + IMAGE_TABLE_AT_PARTITIONS) * 4;
}

/* In units of four bytes. Returns where the furthest of them ends; 0: there is none, or the table is not in memory. Where the headers name the next
 * one, it need not follow. */
static uint64_t read_partitions(const struct image_input *in, struct image_facts *facts, uint64_t table, bool is_mp)
{
	struct bytes images = image_table(in);
	uint64_t furthest = 0, place = table;
	uint32_t count = is_mp && images.size > 0 ? load_le32(images.data + IMAGE_TABLE_AT_COUNT) : PARTITIONS;

	for (unsigned i = 0; i < count && i < PARTITIONS; i++) {
		uint64_t at, size;
		struct bytes entry = image_slice(in, place, PARTITION);
		char name[24];

		if (entry.size < PARTITION)
			return place + PARTITION > in->size ? place + PARTITION : furthest;
		if (load_le32(entry.data + PARTITION_TOTAL) == 0)
			break;
		if (!image_compare(facts, place, "the header of a partition", sum_words(entry.data, entry.data + PARTITION_SUM),
				   load_le32(entry.data + PARTITION_SUM)))
			break;
		at = (uint64_t)load_le32(entry.data + (is_mp ? PARTITION_AT_MP : PARTITION_AT)) * 4;
		size = (uint64_t)load_le32(entry.data + PARTITION_TOTAL) * 4;
		text_format(name, sizeof(name), "partition %u", i);
		image_add_part(in, facts, at, size, name);
		furthest = at + size > furthest ? at + size : furthest;
		place = is_mp && load_le32(entry.data + PARTITION_NEXT) > 0 ? (uint64_t)load_le32(entry.data + PARTITION_NEXT) * 4 : place + PARTITION;
	}
	return furthest;
}

/* The older Zynq has but one kind of processor, and 0 or 1 in that place. */
static bool is_ultrascale(const uint8_t *header)
{
	return load_le32(header + EXECUTE) >= OCM || (load_le32(header + ATTRIBUTES) >> CPU_SHIFT & 3) != 0;
}

static void inspect_boot(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	bool is_mp = is_ultrascale(header);
	/* the firmware of the power management unit comes before the loader */
	uint64_t program = load_le32(header + PROGRAM) + (is_mp ? (uint64_t)load_le32(header + MANAGER_SIZE) : 0);
	uint64_t stored = load_le32(header + STORED_SIZE), table, end = program + stored;
	bool is_64 = is_mp && (load_le32(header + ATTRIBUTES) >> CPU_SHIFT & 3) == CPU_A53_64;

	image_set_vendor(facts, "Xilinx");
	text_copy(facts->title, sizeof(facts->title), is_mp ? "Zynq UltraScale+ boot image" : "Zynq boot image");
	text_copy(facts->checked, sizeof(facts->checked), "sizes and the sum of its header; nothing covers the contents");
	if (!image_compare(facts, SUM, "its header", sum_words(header + WIDTH, header + SUM), load_le32(header + SUM)))
		return;
	text_copy(facts->arch, sizeof(facts->arch), is_64 ? "arm64" : "arm");
	facts->is_padded_by_nature = true;
	table = find_partitions(in, is_mp);
	if (table != UINT64_MAX) {
		uint64_t furthest = read_partitions(in, facts, table, is_mp);

		end = furthest > end ? furthest : end;
	} else {
		/* mkimage leaves the table out, and for the older Zynq counts the header in */
		end = is_mp ? end : stored;
		image_add_part(in, facts, program, end > program ? end - program : 0, "loader");
	}
	image_declare(in, facts, end);
}

const struct image_format image_format_zynq = {
	.role = IMAGE_ROLE_LOADER, .word = "zynq-boot", .title = "Zynq boot image", .matches = is_boot, .inspect = inspect_boot,
};

/* --- bit streams, big-endian: fields that a letter begins --- */

enum { BIT_START = 13, FIELDS = 8 };

static bool is_bit(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\0\11\17\360\17\360\17\360\17\360\0\0\1a"));
}

static void inspect_bit(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = BIT_START;

	image_set_vendor(facts, "Xilinx");
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	facts->ends_exactly = true;
	for (unsigned i = 0; i < FIELDS; i++) {
		struct bytes field = image_slice(in, at, 5), value;

		if (field.size < 5)
			break;
		if (field.data[0] == 'e') {
			image_declare(in, facts, at + 5 + load_be32(field.data + 1));
			return;
		}
		value = image_slice(in, at + 3, load_be16(field.data + 1));
		if (field.data[0] == 'a')
			image_text(facts->name, sizeof(facts->name), value);
		else if (field.data[0] == 'b')
			image_add_board_field(facts, value);
		else if (field.data[0] != 'c' && field.data[0] != 'd')
			break;
		at += 3 + (uint64_t)load_be16(field.data + 1);
	}
	if (at + 5 <= in->data.size || in->data.size == in->size)
		image_broken(facts, at, at + 5 > in->size ? "it is cut off inside its header" : "its header is damaged: a field is missing");
}

const struct image_format image_format_xilinx_bit = {
	.word = "xilinx-bit", .title = "Xilinx FPGA bit stream", .matches = is_bit, .inspect = inspect_bit,
};
