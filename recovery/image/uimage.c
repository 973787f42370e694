/* recovery/image/uimage.c
 *
 * U-Boot legacy image: a header of 64 bytes, big-endian, with a checksum of itself and one of the data.
 * Source: U-Boot include/image.h, boot/image.c; mkimage(1). */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "recovery/image/check.h"
#include "recovery/image/fdt.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	HEADER_SIZE = 64,
	LONGEST_HEADER = HEADER_SIZE + 96,
	AT_HEADER_CRC = 4,
	AT_DATA_SIZE = 12,
	AT_DATA_CRC = 24,
	AT_OS = 28,
	AT_ARCH = 29,
	AT_TYPE = 30,
	AT_COMPRESSION = 31,
	AT_NAME = 32,
	NAME_SIZE = 32,
	OS_UBOOT = 17,
	ARCH_MIPS = 5,
	TYPE_STANDALONE = 1,
	TYPE_MULTI = 4,
	TYPE_SCRIPT = 6,
	TYPE_IVT = 32,
	IVT_SIGNATURE = 0x2060 - 32,	/* room for it, that its header counts in (tools/default_image.c) */
};

/* IH_ARCH_*: the words of image_facts.arch. */
static const char *const archs[] = {
	"", "alpha", "arm", "x86", "ia64", "mips", "mips64", "ppc", "s390", "sh", "sparc", "sparc64", "m68k", "", "microblaze", "nios2",
	"blackfin", "avr32", "st200", "", "nds32", "or1k",
	"arm64", "arc", "x86_64", "xtensa", "riscv",
};

/* IH_TYPE_*, as the operator may know them. */
static const char *const types[] = {
	"", "standalone program", "kernel", "ramdisk", "several parts", "firmware", "script", "file system", "device tree",
	"Kirkwood boot image", "i.MX boot image", "", "", "", "kernel",
	[20] = "x86 setup", [29] = "FPGA", [31] = "trusted execution environment", [TYPE_IVT] = "firmware for i.MX", [33] = "power management firmware",
	[40] = "coprocessor firmware", [43] = "device tree",
};

static const char *const compressions[] = { "", "gzip", "bzip2", "lzma", "lzo", "lz4", "zstd" };

#define WORD(table, index) ((index) < ARRAY_SIZE(table) && (table)[index] != NULL ? (table)[index] : "")

/* in holds size bytes. */
static uint32_t header_crc(const struct image_input *in, size_t size)
{
	uint8_t header[LONGEST_HEADER];

	memcpy(header, in->data.data, size);
	memset(header + AT_HEADER_CRC, 0, 4);	/* computed with its own field zero */
	return image_crc32(in, bytes_of(header, size));
}

/* Vendors make the header longer, its checksum with it, and leave the size as that of the data: zeros, or product and versions. 0: none is right.
 * Source: OpenWrt firmware-utils src/uimage_padhdr.c, uimage_sgehdr.c. */
static size_t header_size(const struct image_input *in)
{
	static const size_t sizes[] = { HEADER_SIZE, HEADER_SIZE + 32, LONGEST_HEADER };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (in->data.size >= sizes[i] && header_crc(in, sizes[i]) == load_be32(in->data.data + AT_HEADER_CRC))
			return sizes[i];
	return 0;
}

static bool has_magic(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\x27\x05\x19\x56"));
}

/* One byte of the magic is wrong, and with the right one the checksum is: nobody's own magic, but a damaged one. */
static bool has_lost_magic(const struct image_input *in)
{
	static const uint8_t magic[] = { 0x27, 0x05, 0x19, 0x56 };
	struct image_input repaired = *in;
	uint8_t header[HEADER_SIZE];
	unsigned wrong = 0;

	if (in->data.size < HEADER_SIZE)
		return false;
	for (size_t i = 0; i < sizeof(magic); i++)
		wrong += in->data.data[i] != magic[i];
	if (wrong != 1)
		return false;
	memcpy(header, in->data.data, HEADER_SIZE);
	memcpy(header, magic, sizeof(magic));
	repaired.data = bytes_of(header, HEADER_SIZE);
	return header_crc(&repaired, HEADER_SIZE) == load_be32(in->data.data + AT_HEADER_CRC);
}

static bool is_sound(const struct image_input *in)
{
	return in->data.size >= HEADER_SIZE && load_be32(in->data.data + AT_DATA_SIZE) > 0 && header_size(in) > 0;
}

static bool matches(const struct image_input *in)
{
	/* At the start of a file the magic is enough, to say what is wrong with the rest. Vendors have magics of their own, so that their loaders
	 * take their files alone; then the header's checksum must be right, which it is by chance once in 2^32. So it must be, with the magic that
	 * belongs there, where the magic is damaged. */
	return has_magic(in) || is_sound(in) || has_lost_magic(in);
}

/* --- what vendors have in the header --- */

/* OpenWrt's image recipes of these devices (UIMAGE_MAGIC) and its uImage splitter. */
static void read_magic(const struct image_input *in, struct image_facts *facts)
{
	static const struct { uint32_t magic; const char *vendor, *board; } magics[] = {
		{ 0x33373030, "NETGEAR", "WNDR3700" }, { 0x33373031, "NETGEAR", "WNDR3700v2" }, { 0x32303033, "NETGEAR", "WNR2000v3" },
		{ 0x32303034, "NETGEAR", "WNR2000v4" }, { 0x32323030, "NETGEAR", "WNR2200" }, { 0x32303631, "NETGEAR", "WNR612v2" },
		{ 0x31303031, "NETGEAR", "WNR1000v2" }, { 0x4f4b4c49, "OpenWrt", "" },
	};
	uint32_t magic = load_be32(in->data.data);

	if (has_magic(in))
		return;
	text_append(facts->title, sizeof(facts->title), " with a vendor's magic");
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (magics[i].magic == magic) {
			image_set_vendor(facts, magics[i].vendor);
			image_add_board(facts, bytes_of_text(magics[i].board));
			return;
		}
	image_add_id(facts, magic);
}

enum {
	UMEDIA = AT_NAME + 20, UMEDIA_BOARD = AT_NAME + 24,	/* Source: OpenWrt firmware-utils src/fix-u-media-header.c */
	SGE_PRODUCT = HEADER_SIZE, SGE_PRODUCT_SIZE = 64,
	SGE_VERSION = SGE_PRODUCT + SGE_PRODUCT_SIZE, SGE_HARDWARE = SGE_VERSION + 16, SGE_VERSION_SIZE = 16,
};

enum { MT7621 = AT_NAME + 12, MT7621_AT_CRC = AT_NAME + 28, MT7621_NAME = 12 };

/* The first loader for NAND flash of an MT7621 has the timing of that flash in the name, and a checksum as cksum prints it, over the header as it was
 * before the header's own was put in. Source: U-Boot tools/mtk_image.c. */
static bool is_mt7621(const uint8_t *header)
{
	uint8_t copy[HEADER_SIZE];
	struct image_cksum sum;

	if (load_be32(header + MT7621_AT_CRC) == 0)
		return false;
	memcpy(copy, header, HEADER_SIZE);
	memset(copy + AT_HEADER_CRC, 0, 4);
	memset(copy + MT7621_AT_CRC, 0, 4);
	image_cksum_init(&sum);
	image_cksum_add(&sum, bytes_of(copy, HEADER_SIZE));
	return image_cksum_end(&sum) == load_be32(header + MT7621_AT_CRC);
}

/* What stands in the end of the name, or behind it. */
static void read_vendor(const struct image_input *in, struct image_facts *facts, size_t start)
{
	const uint8_t *header = in->data.data;

	if (load_be32(header + UMEDIA) == 0x55525f46) {
		image_set_vendor(facts, "U-Media");
		image_add_id(facts, load_be32(header + UMEDIA_BOARD));
	}
	if (start == HEADER_SIZE && header[AT_ARCH] == ARCH_MIPS && header[AT_TYPE] == TYPE_STANDALONE && is_mt7621(header)) {
		image_set_vendor(facts, "MediaTek");
		text_copy(facts->arch, sizeof(facts->arch), "mipsel");
		image_set_name(facts, bytes_of(header + AT_NAME, MT7621_NAME));
	}
	if (start != LONGEST_HEADER || !image_is_text(bytes_of(header + SGE_PRODUCT, SGE_PRODUCT_SIZE)))
		return;
	image_add_board_field(facts, bytes_of(header + SGE_PRODUCT, SGE_PRODUCT_SIZE));
	image_text(facts->version, sizeof(facts->version), bytes_of(header + SGE_VERSION, SGE_VERSION_SIZE));
	image_text(facts->revision, sizeof(facts->revision), bytes_of(header + SGE_HARDWARE, SGE_VERSION_SIZE));
}

/* ASUS: versions of kernel and file system, two bytes each, where the name begins, then the product. Newer files have the build number behind a
 * product of 12 characters, or in a record at the end of the data. Source: OpenWrt firmware-utils src/asusuimage.c. */
enum {
	ASUS_PRODUCT = AT_NAME + 4,
	ASUS_PRODUCT_SIZE = 12,
	ASUS_LONG_PRODUCT_SIZE = 23,
	ASUS_BUILD = AT_NAME + 16, ASUS_BUILD_MIN = 370, ASUS_BUILD_MAX = 600,
	ASUS_FOOTER = 12,
	ASUS_FOOTER_MAGIC = 8,
};

static bool is_asus(const struct image_input *in)
{
	const uint8_t *name = in->data.data + AT_NAME;
	struct bytes product = bytes_of(in->data.data + ASUS_PRODUCT, 4);

	return name[0] > 0 && name[0] < 0x20 && name[1] < 0x20 && name[2] < 0x20 && name[3] < 0x20 && image_is_text(product) &&
	       isupper(product.data[0]) && product.data[1] != '\0';
}

static void read_asus_footer(const struct image_input *in, struct image_facts *facts, uint32_t data_size)
{
	struct bytes data = image_slice(in, HEADER_SIZE, data_size);
	const uint8_t *content = data.data + data.size - 2 * ASUS_FOOTER;

	if (data.size == data_size && data.size >= 2 * ASUS_FOOTER && load_be32(content + ASUS_FOOTER + ASUS_FOOTER_MAGIC) == 0x2afed414)
		text_append(facts->version, sizeof(facts->version), ".%u_%" PRIu32, load_be16(content + 4), load_be32(content));
}

static void read_asus(const struct image_input *in, struct image_facts *facts, uint32_t data_size)
{
	const uint8_t *header = in->data.data, *name = header + AT_NAME;
	uint16_t build = load_le16(header + ASUS_BUILD);
	bool has_build = build >= ASUS_BUILD_MIN && build <= ASUS_BUILD_MAX;
	char product[ASUS_LONG_PRODUCT_SIZE + 1];
	size_t length = 0;

	while (length < (has_build ? ASUS_PRODUCT_SIZE : ASUS_LONG_PRODUCT_SIZE) && header[ASUS_PRODUCT + length] > 0x20 &&
	       header[ASUS_PRODUCT + length] < 0x7f)
		length++;
	image_text(product, sizeof(product), bytes_of(header + ASUS_PRODUCT, length));
	image_set_vendor(facts, "ASUS");
	image_add_board(facts, bytes_of_text(product));
	text_copy(facts->name, sizeof(facts->name), product);
	text_format(facts->version, sizeof(facts->version), "%u.%u.%u.%u", name[0], name[1], name[2], name[3]);
	if (has_build)
		text_append(facts->version, sizeof(facts->version), ".%u_%u", build, load_le16(header + ASUS_BUILD + 2));
	else
		read_asus_footer(in, facts, data_size);
}

/* Multi-file and script data begin with a table of sizes that ends with 0; each part is padded to 4 bytes. */
static void read_members(const struct image_input *in, struct image_facts *facts, size_t start, uint32_t data_size)
{
	struct bytes data = image_slice(in, start, data_size);
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
		image_add_part(in, facts, start + at, size, name);
		sum = at + size;
		at += ((uint64_t)size + 3) / 4 * 4;
	}
	if (sum > data_size)
		image_broken(facts, start, "its table of parts needs %" PRIu64 " bytes, the data has %" PRIu32, sum, data_size);
}

static void read_payload(const struct image_input *in, struct image_facts *facts, size_t start, uint32_t data_size)
{
	uint8_t type = in->data.data[AT_TYPE];
	char arch[sizeof(facts->arch)];

	if (type == TYPE_MULTI || type == TYPE_SCRIPT)
		read_members(in, facts, start, data_size);
	else if (in->data.data[AT_COMPRESSION] == 0) {
		if (in->data.data[AT_OS] == OS_UBOOT)
			image_correct_uboot_arch(facts->arch, sizeof(facts->arch), image_slice(in, start, data_size));
		image_add_part(in, facts, start, data_size, WORD(types, type));
	} else
		(void)image_look_inside(in, facts, start, data_size, facts->compression);	/* the header's checksum covers it */
	text_copy(arch, sizeof(arch), WORD(archs, in->data.data[AT_ARCH]));
	for (unsigned i = 0; i < facts->part_count; i++)
		if (image_archs_differ(facts->parts[i].arch, arch))
			image_warning(facts, "its header says %s, but what is inside is for %s", arch, facts->parts[i].arch);
}

static void check_data(const struct image_input *in, struct image_facts *facts, size_t start, uint32_t data_size)
{
	uint32_t want = load_be32(in->data.data + AT_DATA_CRC), have;

	if (!image_in_memory(in, start, data_size))
		return;
	have = image_crc32(in, image_slice(in, start, data_size));
	text_copy(facts->checked, sizeof(facts->checked), "header and data checksums");
	if (have != want)
		image_broken(facts, start, "its data is damaged: checksum %08" PRIx32 ", the header says %08" PRIx32, have, want);
	else if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

/* What the header says of itself, and whether its checksum is right: *ret_start is where the data begins then. */
static bool read_header(const struct image_input *in, struct image_facts *facts, size_t *ret_start)
{
	const uint8_t *header = in->data.data;
	const char *type = WORD(types, header[AT_TYPE]);

	text_copy(facts->checked, sizeof(facts->checked), "header checksum");
	text_copy(facts->arch, sizeof(facts->arch), WORD(archs, header[AT_ARCH]));
	text_copy(facts->compression, sizeof(facts->compression), WORD(compressions, header[AT_COMPRESSION]));
	image_set_name(facts, bytes_of(header + AT_NAME, NAME_SIZE));
	if (type[0] != '\0')
		text_format(facts->title, sizeof(facts->title), "U-Boot image (%s)", type);
	*ret_start = header_size(in);
	if (*ret_start > 0)
		return true;
	if (in->data.size >= LONGEST_HEADER || in->data.size == in->size)
		image_broken(facts, AT_HEADER_CRC, "its header is damaged: checksum %08" PRIx32 ", it says %08" PRIx32, header_crc(in, HEADER_SIZE),
			     load_be32(header + AT_HEADER_CRC));
	return false;	/* no field can be believed */
}

/* Whoever signs it puts the signature at its end, and the checksum never covers that. */
static void check_with_signature(const struct image_input *in, struct image_facts *facts, size_t start, uint32_t data_size)
{
	uint64_t end = (uint64_t)start + data_size;

	if (in->size == end - IVT_SIGNATURE)
		image_warning(facts, "it is not signed: the signature would follow its end, and a chip that is locked refuses it");
	else if (!image_declare(in, facts, end))
		return;
	check_data(in, facts, start, data_size - IVT_SIGNATURE);
	if (in->size == end - IVT_SIGNATURE)
		facts->declared_size = in->size;
	else if (facts->whole == IMAGE_YES) {
		facts->whole = IMAGE_UNKNOWN;
		text_append(facts->checked, sizeof(facts->checked), "; its signature was not");
	}
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint32_t data_size;
	size_t start;

	if (!image_has_header(in, facts, HEADER_SIZE) || !read_header(in, facts, &start))
		return;
	data_size = load_be32(in->data.data + AT_DATA_SIZE);
	read_magic(in, facts);
	read_vendor(in, facts, start);
	if (is_asus(in))
		read_asus(in, facts, data_size);
	if (in->data.data[AT_TYPE] == TYPE_IVT && data_size > IVT_SIGNATURE)
		check_with_signature(in, facts, start, data_size);
	else if (image_declare(in, facts, (uint64_t)start + data_size))
		check_data(in, facts, start, data_size);
	read_payload(in, facts, start, data_size);
}

const struct image_format image_format_uimage = {
	.role = IMAGE_ROLE_PLAIN, .word = "uimage", .title = "U-Boot image", .matches = matches, .inspect = inspect, .is_sound = is_sound,
};
