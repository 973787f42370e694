/* recovery/image/uimage.c
 *
 * U-Boot legacy image: a header of 64 bytes, big-endian, with a checksum of itself and one of the data.
 * Source: U-Boot include/image.h, boot/image.c; mkimage(1). */
#include <inttypes.h>
#include <string.h>

#include "recovery/image/fdt.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	HEADER_SIZE = 64,
	AT_HEADER_CRC = 4,
	AT_DATA_SIZE = 12,
	AT_DATA_CRC = 24,
	AT_ARCH = 29,
	AT_TYPE = 30,
	AT_COMPRESSION = 31,
	AT_NAME = 32,
	NAME_SIZE = 32,
	TYPE_MULTI = 4,
	TYPE_SCRIPT = 6,
};

/* IH_ARCH_*: the words of image_facts.arch; "" where those have none. */
static const char *const archs[] = {
	"", "", "arm", "x86", "", "mips", "mips64", "ppc", "s390", "sh", "", "", "m68k", "", "", "nios2", "", "", "", "", "", "or1k",
	"arm64", "arc", "x86_64", "xtensa", "riscv",
};

/* IH_TYPE_*, as the operator may know them. */
static const char *const types[] = {
	"", "standalone program", "kernel", "ramdisk", "several parts", "firmware", "script", "file system", "device tree",
	"Kirkwood boot image", "i.MX boot image", "", "", "", "kernel",
};

static const char *const compressions[] = { "", "gzip", "bzip2", "lzma", "lzo", "lz4", "zstd" };

#define WORD(table, index) ((index) < ARRAY_SIZE(table) ? (table)[index] : "")

static uint32_t header_crc(const struct image_input *in)
{
	uint8_t header[HEADER_SIZE];

	memcpy(header, in->data.data, HEADER_SIZE);
	memset(header + AT_HEADER_CRC, 0, 4);	/* computed with its own field zero */
	return image_crc32(in, bytes_of(header, HEADER_SIZE));
}

static bool has_magic(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\x27\x05\x19\x56"));
}

static bool matches(const struct image_input *in)
{
	/* at the start of a file the magic is enough, to say what is wrong with the rest */
	return has_magic(in);
}

/* Multi-file and script data begin with a table of sizes that ends with 0; each part is padded to 4 bytes. */
static void read_members(const struct image_input *in, struct image_facts *facts, uint32_t data_size)
{
	struct bytes data = image_slice(in, HEADER_SIZE, data_size);
	uint64_t at = 0, sum;
	unsigned count = 0;
	char name[16];

	while ((uint64_t)count * 4 + 4 <= data.size && load_be32(data.data + count * 4) != 0)
		if (++count > IMAGE_PARTS)
			break;
	if ((uint64_t)count * 4 + 4 > data.size || count > IMAGE_PARTS)
		return;
	sum = at = (uint64_t)count * 4 + 4;
	for (unsigned i = 0; i < count; i++) {
		uint32_t size = load_be32(data.data + i * 4);

		text_format(name, sizeof(name), "part %u", i);
		image_add_part(in, facts, HEADER_SIZE + at, size, name);
		sum = at + size;
		at += ((uint64_t)size + 3) / 4 * 4;
	}
	if (sum > data_size)
		image_broken(facts, HEADER_SIZE, "its table of parts needs %" PRIu64 " bytes, the data has %" PRIu32, sum, data_size);
}

static void read_payload(const struct image_input *in, struct image_facts *facts, uint32_t data_size)
{
	uint8_t type = in->data.data[AT_TYPE];
	char arch[sizeof(facts->arch)];

	text_copy(arch, sizeof(arch), facts->arch);
	if (type == TYPE_MULTI || type == TYPE_SCRIPT)
		read_members(in, facts, data_size);
	else if (in->data.data[AT_COMPRESSION] == 0)
		image_add_part(in, facts, HEADER_SIZE, data_size, WORD(types, type));
	else
		(void)image_look_inside(in, facts, HEADER_SIZE, data_size, facts->compression);	/* the header's checksum covers it */
	for (unsigned i = 0; i < facts->part_count; i++)
		if (image_archs_differ(facts->parts[i].arch, arch))
			image_warning(facts, "its header says %s, but what is inside is for %s", arch, facts->parts[i].arch);
}

static void check_data(const struct image_input *in, struct image_facts *facts, uint32_t data_size)
{
	uint32_t want = load_be32(in->data.data + AT_DATA_CRC), have;

	if (!image_in_memory(in, HEADER_SIZE, data_size))
		return;
	have = image_crc32(in, image_slice(in, HEADER_SIZE, data_size));
	text_copy(facts->checked, sizeof(facts->checked), "header and data checksums");
	if (have != want)
		image_broken(facts, HEADER_SIZE, "its data is damaged: checksum %08" PRIx32 ", the header says %08" PRIx32, have, want);
	else if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint32_t data_size, want, have;
	const char *type;

	if (in->data.size < HEADER_SIZE) {
		image_broken(facts, in->data.size, "it is cut off inside its header");
		return;
	}
	want = load_be32(header + AT_HEADER_CRC);
	have = header_crc(in);
	text_copy(facts->checked, sizeof(facts->checked), "header checksum");
	text_copy(facts->arch, sizeof(facts->arch), WORD(archs, header[AT_ARCH]));
	text_copy(facts->compression, sizeof(facts->compression), WORD(compressions, header[AT_COMPRESSION]));
	image_set_name(facts, bytes_of(header + AT_NAME, NAME_SIZE));
	type = WORD(types, header[AT_TYPE]);
	if (type[0] != '\0')
		text_format(facts->title, sizeof(facts->title), "U-Boot image (%s)", type);
	if (have != want) {
		image_broken(facts, AT_HEADER_CRC, "its header is damaged: checksum %08" PRIx32 ", it says %08" PRIx32, have, want);
		return;	/* no field can be believed */
	}
	data_size = load_be32(header + AT_DATA_SIZE);
	if (image_declare(in, facts, (uint64_t)HEADER_SIZE + data_size))
		check_data(in, facts, data_size);
	read_payload(in, facts, data_size);
}

static bool is_sound(const struct image_input *in)
{
	return in->data.size >= HEADER_SIZE && has_magic(in) && header_crc(in) == load_be32(in->data.data + AT_HEADER_CRC);
}

const struct image_format image_format_uimage = {
	.word = "uimage", .title = "U-Boot image", .matches = matches, .inspect = inspect, .is_sound = is_sound,
};
