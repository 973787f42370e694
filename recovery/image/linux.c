/* recovery/image/linux.c
 *
 * Raw Linux kernels: zImage of ARM, Image of arm64 and RISC-V, bzImage of x86, and the one of s390. Only bzImage has a checksum; in the others
 * the packed kernel can have one of its own.
 * Source: Linux arch/arm/boot/compressed/head.S, Documentation/arch/arm64/booting.rst, Documentation/arch/riscv/boot-image-header.rst,
 * Documentation/arch/x86/boot.rst, arch/s390/boot/head.S. */
#include <inttypes.h>

#include "recovery/image/fdt.h"
#include "recovery/image/pe.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	TREES_MAX = 64,		/* behind a kernel */
	PACKED_SCAN = 128 * 1024,	/* where the packed kernel can begin in a zImage */
	STREAMS_TRIED = 16,
	STREAM_PROBE = 4096,
};

/* What a kernel can be packed with, where chance does not imitate it. */
static const struct { struct bytes magic; const char *compression; } packings[] = {
	{ { (const uint8_t *)"\x1f\x8b\x08\0", 4 }, "gzip" }, { { (const uint8_t *)"\xfd" "7zXZ\0", 6 }, "xz" },
	{ { (const uint8_t *)"\x89LZO\0\r\n\x1a\n", 9 }, "lzo" }, { { (const uint8_t *)"\x02\x21\x4c\x18", 4 }, "lz4" },
	{ { (const uint8_t *)"\x28\xb5\x2f\xfd", 4 }, "zstd" }, { { (const uint8_t *)"BZh91AY&SY", 10 }, "bzip2" },
};

static const char *packing_at(const struct image_input *in, uint64_t at)
{
	for (size_t i = 0; i < ARRAY_SIZE(packings); i++)
		if (bytes_equal(image_slice(in, at, packings[i].magic.size), packings[i].magic))
			return packings[i].compression;
	return NULL;
}

/* The kernel in it: looked at, and unpacked to its end. */
static void check_packed(const struct image_input *in, struct image_facts *facts, uint64_t at, uint64_t size)
{
	const char *compression = packing_at(in, at);
	enum image_answer end;

	if (compression == NULL)
		return;
	text_copy(facts->compression, sizeof(facts->compression), compression);
	end = image_look_inside(in, facts, at, size, compression);
	if (end == IMAGE_NO)
		image_broken(facts, at, "its packed kernel (%s) is damaged: it cannot be unpacked", compression);
	else if (end == IMAGE_YES)
		text_copy(facts->checked, sizeof(facts->checked), "size, and that the packed kernel unpacks; nothing covers the rest");
}

/* CONFIG_ARM_APPENDED_DTB: device trees right behind the kernel belong to it and name the boards. Returns where they end. */
static uint64_t read_appended_trees(const struct image_input *in, struct image_facts *facts, uint64_t at)
{
	for (unsigned i = 0; i < TREES_MAX; i++) {
		struct bytes tree = image_slice(in, at, FDT_HEADER_SIZE);

		if (tree.size < FDT_HEADER_SIZE || !image_starts_with(tree, BYTES("\xd0\x0d\xfe\xed")) || load_be32(tree.data + 4) < FDT_HEADER_SIZE)
			break;
		image_add_part(in, facts, at, load_be32(tree.data + 4), "device tree");
		at += load_be32(tree.data + 4);
	}
	return at;
}

/* --- zImage --- */

enum {
	ZIMAGE_HEADER = 0x34,
	ZIMAGE_MAGIC = 0x24,
	ZIMAGE_START = 0x28,
	ZIMAGE_END = 0x2c,
	ZIMAGE_ORDER = 0x30,
};

static bool is_zimage(const struct image_input *in)
{
	struct bytes magic = image_slice(in, ZIMAGE_MAGIC, 4);

	return in->data.size >= ZIMAGE_HEADER && (bytes_equal(magic, BYTES("\x18\x28\x6f\x01")) ||
						  bytes_equal(magic, BYTES("\x01\x6f\x28\x18")));
}

static uint32_t zimage_word(const struct image_input *in, uint64_t at)
{
	const uint8_t *from = in->data.data + at;

	return in->data.data[ZIMAGE_MAGIC] == 0x01 ? load_be32(from) : load_le32(from);
}

/* The unpacker has the magics in its code as well: the packed kernel is where something comes out. */
static bool is_stream(const struct image_input *in, uint64_t at, uint64_t end)
{
	uint8_t head[STREAM_PROBE];
	enum image_answer answer;
	uint64_t used;

	return in->ops->unpack(in->ops->user, packing_at(in, at), image_slice(in, at, end - at), head, sizeof(head), sizeof(head), &answer, &used) ==
	       sizeof(head);
}

static void check_piggy(const struct image_input *in, struct image_facts *facts, uint64_t end)
{
	bool may_begin[256] = { false };
	unsigned tried = 0;

	if (in->ops->unpack == NULL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(packings); i++)
		may_begin[packings[i].magic.data[0]] = true;
	for (uint64_t at = ZIMAGE_HEADER; at < PACKED_SCAN && at < end && at < in->data.size && tried < STREAMS_TRIED; at++) {
		if (!may_begin[in->data.data[at]] || packing_at(in, at) == NULL)
			continue;
		tried++;
		if (is_stream(in, at, end)) {
			check_packed(in, facts, at, end - at);
			return;
		}
	}
}

static void inspect_zimage(const struct image_input *in, struct image_facts *facts)
{
	uint32_t start = zimage_word(in, ZIMAGE_START), end = zimage_word(in, ZIMAGE_END);

	text_copy(facts->arch, sizeof(facts->arch), "arm");
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	if (end <= start || end - start < ZIMAGE_HEADER) {
		image_broken(facts, ZIMAGE_START, "its header is damaged: it ends before it starts");
		return;
	}
	if (!image_declare(in, facts, end - start))
		return;
	check_piggy(in, facts, end - start);
	image_declare(in, facts, read_appended_trees(in, facts, end - start));
}

static bool is_sound_zimage(const struct image_input *in)
{
	return is_zimage(in) && zimage_word(in, ZIMAGE_ORDER) == 0x04030201 && zimage_word(in, ZIMAGE_START) < zimage_word(in, ZIMAGE_END);
}

const struct image_format image_format_zimage = {
	.role = IMAGE_ROLE_PLAIN, .word = "zimage", .title = "Linux kernel (zImage)", .matches = is_zimage, .inspect = inspect_zimage, .is_sound = is_sound_zimage,
};

/* --- Image: arm64 and RISC-V have the same header but for the magics --- */

enum {
	IMAGE_HEADER = 0x40,
	AT_TEXT_OFFSET = 0x08,
	AT_IMAGE_SIZE = 0x10,
	AT_FLAGS = 0x18,
	AT_RISCV_MAGIC = 0x30,
	AT_MAGIC = 0x38,
	AT_PE = 0x3c,
	FLAG_BIG_ENDIAN = 1,
	RISCV32_OFFSET = 0x400000,	/* of two MiB, for RV64 */
};

static bool is_arm64(const struct image_input *in)
{
	return in->data.size >= IMAGE_HEADER && bytes_equal(image_slice(in, AT_MAGIC, 4), BYTES("ARM\x64"));
}

static bool is_sound_arm64(const struct image_input *in)
{
	/* the reserved words are zero since Linux 3.17, and so is the top of a believable size */
	return is_arm64(in) && load_le64(in->data.data + 0x20) == 0 && load_le64(in->data.data + 0x28) == 0 &&
	       load_le64(in->data.data + AT_IMAGE_SIZE) < UINT32_MAX;
}

/* image_size counts what is only in memory; the EFI stub's section table tells what is in the file. Without it, U-Boot has the same header in
 * front and its device tree at the end. */
static void declare_image(const struct image_input *in, struct image_facts *facts)
{
	uint64_t end = pe_end(in, load_le32(in->data.data + AT_PE)), tree;

	text_copy(facts->checked, sizeof(facts->checked), end > 0 ? "size; nothing covers the contents" : "nothing: it has no size");
	if (end > 0) {
		if (image_declare(in, facts, end))
			image_declare(in, facts, read_appended_trees(in, facts, end));
		return;
	}
	tree = fdt_find_last(in);
	if (tree == 0)
		return;
	image_add_part(in, facts, tree, in->size - tree, "device tree");
	facts->declared_size = in->size;
}

static void inspect_arm64(const struct image_input *in, struct image_facts *facts)
{
	text_copy(facts->arch, sizeof(facts->arch), "arm64");
	if (load_le64(in->data.data + AT_FLAGS) & FLAG_BIG_ENDIAN)
		image_warning(facts, "it is a big-endian kernel: programs on the device must be the same");
	declare_image(in, facts);
}

const struct image_format image_format_arm64 = {
	.role = IMAGE_ROLE_PLAIN, .word = "arm64-image", .title = "Linux kernel (arm64 Image)", .matches = is_arm64, .inspect = inspect_arm64,
	.is_sound = is_sound_arm64,
};

static bool is_riscv(const struct image_input *in)
{
	return in->data.size >= IMAGE_HEADER && (bytes_equal(image_slice(in, AT_MAGIC, 4), BYTES("RSC\x05")) ||
						 bytes_equal(image_slice(in, AT_RISCV_MAGIC, 8), BYTES("RISCV\0\0\0")));
}

static bool is_sound_riscv(const struct image_input *in)
{
	return in->data.size >= IMAGE_HEADER && bytes_equal(image_slice(in, AT_RISCV_MAGIC, 8), BYTES("RISCV\0\0\0"));
}

static void inspect_riscv(const struct image_input *in, struct image_facts *facts)
{
	text_copy(facts->arch, sizeof(facts->arch), load_le64(in->data.data + AT_TEXT_OFFSET) == RISCV32_OFFSET ? "riscv" : "riscv64");
	declare_image(in, facts);
}

const struct image_format image_format_riscv = {
	.role = IMAGE_ROLE_PLAIN, .word = "riscv-image", .title = "Linux kernel (RISC-V Image)", .matches = is_riscv, .inspect = inspect_riscv,
	.is_sound = is_sound_riscv,
};

/* --- bzImage --- */

enum {
	BZ_SECTOR = 512,
	BZ_SETUP_SECTORS = 0x1f1,
	BZ_SYSSIZE = 0x1f4,	/* in 16 bytes */
	BZ_MAGIC = 0x202,
	BZ_PROTOCOL = 0x206,
	BZ_KERNEL_VERSION = 0x20e,
	BZ_XLOADFLAGS = 0x236,
	BZ_PAYLOAD_OFFSET = 0x248,
	BZ_PAYLOAD_LENGTH = 0x24c,
	BZ_HEADER = 0x250,
	BZ_VERSION_SIZE = 96,
	XLF_KERNEL_64 = 1,
	PROTOCOL_CHECKSUM = 0x208,	/* 2.08: payload fields, and the CRC at the end */
	PROTOCOL_XLOADFLAGS = 0x20c,
};

static bool is_bzimage(const struct image_input *in)
{
	return in->data.size >= BZ_HEADER && bytes_equal(image_slice(in, BZ_MAGIC, 4), BYTES("HdrS")) && load_le16(in->data.data + 0x1fe) == 0xaa55;
}

static uint64_t bzimage_setup_size(const struct image_input *in)
{
	unsigned sectors = in->data.data[BZ_SETUP_SECTORS];

	return ((sectors != 0 ? sectors : 4) + 1u) * (uint64_t)BZ_SECTOR;	/* 0 means 4 */
}

static void tell_bzimage(const struct image_input *in, struct image_facts *facts, unsigned protocol)
{
	uint64_t version = load_le16(in->data.data + BZ_KERNEL_VERSION) + 0x200u;
	bool is_64 = protocol >= PROTOCOL_XLOADFLAGS && (load_le16(in->data.data + BZ_XLOADFLAGS) & XLF_KERNEL_64);

	text_copy(facts->arch, sizeof(facts->arch), is_64 ? "x86_64" : "x86");
	if (version > 0x200 && version < bzimage_setup_size(in))
		image_set_name(facts, image_slice(in, version, BZ_VERSION_SIZE));
}

/* boot.rst, "The CRC-32": of the file up to the limit that syssize sets, its last four bytes included, it is 0. Signing and other loaders'
 * builds do not keep that, so a difference tells nothing. */
static void check_bzimage(const struct image_input *in, struct image_facts *facts, uint64_t end)
{
	if (!image_in_memory(in, 0, end) || image_crc32_raw1(in, image_slice(in, 0, end)) != 0)
		return;
	text_copy(facts->checked, sizeof(facts->checked), "the checksum over all of it");
	if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

static void inspect_bzimage(const struct image_input *in, struct image_facts *facts)
{
	unsigned protocol = load_le16(in->data.data + BZ_PROTOCOL);
	uint64_t setup = bzimage_setup_size(in), end = setup + (uint64_t)load_le32(in->data.data + BZ_SYSSIZE) * 16;
	uint64_t offset = load_le32(in->data.data + BZ_PAYLOAD_OFFSET), length = load_le32(in->data.data + BZ_PAYLOAD_LENGTH);

	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	tell_bzimage(in, facts, protocol);
	/* the size is rounded up */
	if (end > in->size && end - in->size < 16)
		end = in->size;
	if (!image_declare(in, facts, end))
		return;
	/* the EFI stub's header tells of a signature behind it (Secure Boot) */
	if (in->data.data[0] == 'M' && in->data.data[1] == 'Z' && pe_end(in, load_le32(in->data.data + AT_PE)) > end &&
	    !image_declare(in, facts, pe_end(in, load_le32(in->data.data + AT_PE))))
		return;
	if (protocol >= PROTOCOL_CHECKSUM && length > 0 && offset < end - setup && length <= end - setup - offset)
		check_packed(in, facts, setup + offset, length);
	if (protocol >= PROTOCOL_CHECKSUM)
		check_bzimage(in, facts, end);
}

const struct image_format image_format_bzimage = {
	.role = IMAGE_ROLE_PLAIN, .word = "bzimage", .title = "Linux kernel (bzImage)", .matches = is_bzimage, .inspect = inspect_bzimage,
};

/* --- s390 --- */

enum { S390_MAGIC = 0x10008, S390_MAGIC_SIZE = 6 };

static bool is_s390(const struct image_input *in)
{
	return bytes_equal(image_slice(in, S390_MAGIC, S390_MAGIC_SIZE), BYTES("S390EP"));
}

static void inspect_s390(const struct image_input *in, struct image_facts *facts)
{
	(void)in;
	text_copy(facts->arch, sizeof(facts->arch), "s390");
	text_copy(facts->checked, sizeof(facts->checked), "nothing: it has no size");
}

const struct image_format image_format_s390 = {
	.role = IMAGE_ROLE_PLAIN, .word = "s390-image", .title = "Linux kernel (s390)", .matches = is_s390, .inspect = inspect_s390,
};
