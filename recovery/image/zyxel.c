/* recovery/image/zyxel.c
 *
 * ZyXEL: ras (board and sums, then rootfs and kernel), 0RDH (header with CRCs), ZLD (list of models), and the ZNBG record behind an image.
 * Source: OpenWrt firmware-utils src/mkrasimage.c, zytrx.c, mkzyxelzldfw.c, zyimage.c, mkzynfw.c with zynos.h. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

/* --- ras: big-endian, no magic. The rest of the header's block is 0xff, and the sum of the header must be right. --- */

enum {
	RAS_ROOTFS_SUM = 0,
	RAS_ROOTFS = 4,
	RAS_VERSION = 8, RAS_VERSION_SIZE = 32,
	RAS_HEADER_SUM = 40,
	RAS_BOARD = 44, RAS_BOARD_SIZE = 64,
	RAS_KERNEL_SUM = 108,
	RAS_KERNEL = 112,
	RAS_USED = 116,
	RAS_COVERED = 2048,
	RAS_BLOCK = 0x10000,
	RAS_BLOCK_MAX = 0x100000,
	NOT_USED = -1,
};

/* The field of the header's sum holds the sum of the rootfs while it is computed. */
static uint32_t ras_header_sum(const uint8_t *header)
{
	uint32_t sum = image_byte_sum(bytes_of(header, RAS_HEADER_SUM)) + image_byte_sum(bytes_of(header + RAS_ROOTFS_SUM, 4)) +
		       image_byte_sum(bytes_of(header + RAS_BOARD, RAS_COVERED - RAS_BOARD));

	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static bool is_ras(const struct image_input *in)
{
	const uint8_t *header = in->data.data;

	if (in->data.size < 512 || load_be32(header + RAS_ROOTFS_SUM) > 0xffff || load_be32(header + RAS_HEADER_SUM) > 0xffff ||
	    load_be32(header + RAS_ROOTFS) == 0 || !image_is_text(bytes_of(header + RAS_VERSION, RAS_VERSION_SIZE)) ||
	    !image_is_text(bytes_of(header + RAS_BOARD, RAS_BOARD_SIZE)))
		return false;
	return image_padding(bytes_of(header + RAS_USED, 512 - RAS_USED)) == 512 - RAS_USED && header[RAS_USED] == 0xff;
}

/* Broken when the 16-bit sum of what lies there does not match; returns whether it was compared. */
static bool check_ras_part(const struct image_input *in, struct image_facts *facts, uint64_t at, uint32_t size, uint32_t want, const char *name)
{
	char what[32];

	text_format(what, sizeof(what), "its %s", name);
	if (image_in_memory(in, at, size))
		image_compare(facts, at, what, image_sysv_sum(image_slice(in, at, size)), want);
	image_add_part(in, facts, at, size, name);
	return image_in_memory(in, at, size);
}

/* Of one erase block: what the file has beyond its contents, when that is one. */
static uint64_t ras_header_size(const struct image_input *in, uint64_t contents)
{
	uint64_t more = in->size > contents ? in->size - contents : 0;

	return more >= RAS_COVERED && more <= RAS_BLOCK_MAX && (more & (more - 1)) == 0 ? more : RAS_BLOCK;
}

static void check_ras_contents(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint32_t rootfs = load_be32(header + RAS_ROOTFS), kernel = load_be32(header + RAS_KERNEL);
	bool has_kernel = kernel != (uint32_t)NOT_USED && kernel != 0, is_checked;
	uint64_t block = ras_header_size(in, (uint64_t)rootfs + (has_kernel ? kernel : 0)), after = block + rootfs;
	struct bytes unused = image_slice(in, RAS_COVERED, block - RAS_COVERED);

	if (!image_declare(in, facts, after + (has_kernel ? kernel : 0)))
		return;
	is_checked = check_ras_part(in, facts, block, rootfs, load_be32(header + RAS_ROOTFS_SUM), "rootfs");
	if (has_kernel)
		is_checked &= check_ras_part(in, facts, after, kernel, load_be32(header + RAS_KERNEL_SUM), "kernel");
	if (is_checked)
		image_covered(facts, "sums of 16 bits of header and contents");
	if (image_padding(unused) == unused.size)
		return;
	image_problem(facts, RAS_COVERED, "the unused rest of its header is not empty: nothing covers it");
	if (facts->whole == IMAGE_YES)
		facts->whole = IMAGE_UNKNOWN;
}

static void inspect_ras(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;

	image_set_vendor(facts, "ZyXEL");
	text_copy(facts->checked, sizeof(facts->checked), "header sum");
	if (!image_has_header(in, facts, RAS_COVERED))
		return;
	if (!image_compare(facts, RAS_HEADER_SUM, "its header", ras_header_sum(header), load_be32(header + RAS_HEADER_SUM)))
		return;
	image_text(facts->version, sizeof(facts->version), bytes_of(header + RAS_VERSION, RAS_VERSION_SIZE));
	image_add_board_field(facts, bytes_of(header + RAS_BOARD, RAS_BOARD_SIZE));
	check_ras_contents(in, facts);
}

const struct image_format image_format_zyxel_ras = {
	.word = "zyxel-ras", .title = "ZyXEL ras image", .matches = is_ras, .inspect = inspect_ras,
};

/* --- 0RDH: big-endian --- */

enum {
	RDH_CRC = 12,
	RDH_PAYLOAD = 80,
	RDH_CHIP = 260, RDH_CHIP_SIZE = 8,
	RDH_BOARD = 268, RDH_BOARD_SIZE = 16,
	RDH_MODEL = 284,
	RDH_VERSION = 296, RDH_VERSION_SIZE = 32,
	RDH_HEADER_CRC = 372,
	RDH_HEADER = 380,
};

static bool is_rdh(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("0RDH"));
}

static uint32_t rdh_header_crc(const struct image_input *in)
{
	uint8_t header[RDH_HEADER];

	memcpy(header, in->data.data, RDH_HEADER);
	memset(header + RDH_HEADER_CRC, 0, 4);
	return image_crc32_raw1(in, bytes_of(header, RDH_HEADER));
}

static void inspect_rdh(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint32_t payload;

	image_set_vendor(facts, "ZyXEL");
	if (!image_has_header(in, facts, RDH_HEADER))
		return;
	facts->ends_exactly = true;
	text_copy(facts->checked, sizeof(facts->checked), "header checksum");
	if (!image_compare(facts, RDH_HEADER_CRC, "its header", rdh_header_crc(in), load_be32(header + RDH_HEADER_CRC)))
		return;
	image_add_board_field(facts, bytes_of(header + RDH_BOARD, RDH_BOARD_SIZE));
	image_add_id(facts, load_be32(header + RDH_MODEL));
	image_text(facts->version, sizeof(facts->version), bytes_of(header + RDH_VERSION, RDH_VERSION_SIZE));
	image_text(facts->name, sizeof(facts->name), bytes_of(header + RDH_CHIP, RDH_CHIP_SIZE));
	payload = load_be32(header + RDH_PAYLOAD);
	if (image_declare(in, facts, (uint64_t)RDH_HEADER + payload) && image_in_memory(in, RDH_HEADER, payload)) {
		image_compare(facts, RDH_HEADER, "its data", image_crc32_raw1(in, image_slice(in, RDH_HEADER, payload)),
			      load_be32(header + RDH_CRC));
		image_covered(facts, "header and data checksums");
	}
	image_add_part(in, facts, RDH_HEADER, payload, "firmware");
}

const struct image_format image_format_zyxel_0rdh = {
	.word = "zyxel-0rdh", .title = "ZyXEL 0RDH image", .matches = is_rdh, .inspect = inspect_rdh,
};

/* --- ZLD: a sum, a magic in the byte order of all numbers, the models it is for, files --- */

enum {
	ZLD_MAGIC = 4,
	ZLD_FILES = 10,
	ZLD_MODEL_COUNT = 12,
	ZLD_MODELS = 14,
	ZLD_MODELS_MAX = 5,
	ZLD_TOTAL = 24,
	ZLD_FILES_AT = 28,
	ZLD_NAME = 72, ZLD_NAME_SIZE = 32,
	ZLD_HEADER = 104,
	ZLD_FILES_MAX = 32,
	ZLD_FILE_LENGTH = 4, ZLD_FILE_NAME = 16, ZLD_FILE_NAME_SIZE = 64, ZLD_FILE_REVISION = 208, ZLD_FILE_REVISION_SIZE = 32,
	ZLD_FILE_HEADER = 272,
	ZLD_TYPE_KERNEL = 2,
	ZLD_KERNEL_HEADER = 512,	/* counts as zeros in the sum */
};

struct zld {
	const struct image_input *in;
	bool is_big;
	uint64_t kernel;	/* where its header is; 0: none */
};

static uint16_t zld_16(const struct zld *zld, uint64_t at)
{
	const uint8_t *data = zld->in->data.data + at;

	return zld->is_big ? load_be16(data) : load_le16(data);
}

static uint32_t zld_32(const struct zld *zld, uint64_t at)
{
	const uint8_t *data = zld->in->data.data + at;

	return zld->is_big ? load_be32(data) : load_le32(data);
}

static bool is_zld(const struct image_input *in)
{
	uint32_t magic;

	if (in->data.size < ZLD_MODELS)
		return false;
	magic = load_be32(in->data.data + ZLD_MAGIC);
	return (magic == 0xdeadbeaf && load_be16(in->data.data + ZLD_FILES) <= ZLD_FILES_MAX) ||
	       (magic == 0xafbeadde && load_le16(in->data.data + ZLD_FILES) <= ZLD_FILES_MAX);
}

static void add_zld_files(struct zld *zld, struct image_facts *facts)
{
	unsigned count = zld_16(zld, ZLD_FILES);
	uint64_t header = zld_16(zld, ZLD_FILES_AT) - (uint64_t)count * ZLD_FILE_HEADER, at = zld_16(zld, ZLD_FILES_AT);
	char name[64];

	if ((uint64_t)count * ZLD_FILE_HEADER + ZLD_HEADER > at) {
		image_broken(facts, ZLD_FILES_AT, "its header is damaged: its files begin inside of it");
		return;
	}
	for (unsigned i = 0; i < count && image_in_memory(zld->in, header, ZLD_FILE_HEADER); i++, header += ZLD_FILE_HEADER) {
		uint64_t length = zld_32(zld, header + ZLD_FILE_LENGTH);
		bool is_kernel = zld_16(zld, header) == ZLD_TYPE_KERNEL && length > ZLD_KERNEL_HEADER;

		image_text(name, sizeof(name), image_slice(zld->in, header + ZLD_FILE_NAME, ZLD_FILE_NAME_SIZE));
		if (is_kernel) {
			zld->kernel = at;
			image_text(facts->version, sizeof(facts->version), image_slice(zld->in, header + ZLD_FILE_REVISION, ZLD_FILE_REVISION_SIZE));
		}
		image_add_part(zld->in, facts, at + (is_kernel ? ZLD_KERNEL_HEADER : 0), length - (is_kernel ? ZLD_KERNEL_HEADER : 0), name);
		at += length;
	}
}

/* The four words of the MD5 added up, big-endian; never 0. */
static void check_zld(const struct zld *zld, struct image_facts *facts, uint64_t total)
{
	static const uint8_t zeros[ZLD_KERNEL_HEADER];
	uint64_t behind = zld->kernel + ZLD_KERNEL_HEADER;
	struct bytes pieces[] = {
		image_slice(zld->in, 4, zld->kernel - 4), bytes_of(zeros, sizeof(zeros)), image_slice(zld->in, behind, total - behind),
	};
	uint8_t digest[IMAGE_DIGEST_SIZE];
	uint32_t sum = 0, want;

	if (image_digest(zld->in, "md5", pieces, 3, digest) != IMAGE_MD5_SIZE)
		return;
	for (unsigned i = 0; i < IMAGE_MD5_SIZE; i += 4)
		sum += load_be32(digest + i);
	sum = sum != 0 ? sum : 1;
	/* the tool writes it big-endian whatever the other numbers are, and reads it as the host has it */
	want = load_le32(zld->in->data.data) == sum ? sum : load_be32(zld->in->data.data);
	image_compare(facts, 0, "it", sum, want);
	image_covered(facts, "size and a sum of the MD5 over all of it");
}

static void inspect_zld(const struct image_input *in, struct image_facts *facts)
{
	struct zld zld = { in, load_be32(in->data.data + ZLD_MAGIC) == 0xdeadbeaf, 0 };
	uint64_t total;
	char model[8];

	image_set_vendor(facts, "ZyXEL");
	if (!image_has_header(in, facts, ZLD_HEADER))
		return;
	facts->ends_exactly = true;
	text_copy(facts->checked, sizeof(facts->checked), "size");
	image_text(facts->name, sizeof(facts->name), bytes_of(in->data.data + ZLD_NAME, ZLD_NAME_SIZE));
	image_add_board(facts, bytes_of_text(facts->name));
	for (unsigned i = 0; i < zld_16(&zld, ZLD_MODEL_COUNT) && i < ZLD_MODELS_MAX; i++) {
		text_format(model, sizeof(model), "0x%04X", zld_16(&zld, ZLD_MODELS + 2 * i));
		if (zld_16(&zld, ZLD_MODELS + 2 * i) != 0xffff)
			image_add_board(facts, bytes_of_text(model));
	}
	total = zld_32(&zld, ZLD_TOTAL);
	if (!image_declare(in, facts, total))
		return;
	add_zld_files(&zld, facts);
	if (zld.kernel > 0 && zld.kernel + ZLD_KERNEL_HEADER <= total && image_in_memory(in, 0, total))
		check_zld(&zld, facts, total);
}

const struct image_format image_format_zyxel_zld = {
	.word = "zyxel-zld", .title = "ZyXEL ZLD image", .matches = is_zld, .inspect = inspect_zld,
};

/* --- ZNBG: 60 bytes behind an image; the CRC covers all before --- */

enum { ZNBG_DEVICE = 4, ZNBG_VERSION = 8, ZNBG_VERSION_SIZE = 48, ZNBG_CRC = 56, ZNBG_SIZE = 60 };

static bool inspect_znbg(const struct image_input *in, struct image_facts *facts, uint64_t *ret_start)
{
	const uint8_t *record;

	if (in->data.size < in->size || in->data.size < ZNBG_SIZE)
		return false;
	record = in->data.data + in->size - ZNBG_SIZE;
	if (memcmp(record, "ZNBG", 4) != 0)
		return false;
	*ret_start = in->size - ZNBG_SIZE;
	text_copy(facts->title, sizeof(facts->title), "ZyXEL image");
	image_set_vendor(facts, "ZyXEL");
	image_add_id(facts, load_le32(record + ZNBG_DEVICE));
	image_text(facts->version, sizeof(facts->version), bytes_of(record + ZNBG_VERSION, ZNBG_VERSION_SIZE));
	image_compare(facts, 0, "it", image_crc32_raw1(in, bytes_of(in->data.data, (size_t)*ret_start)), load_le32(record + ZNBG_CRC));
	image_covered(facts, "the checksum of the ZyXEL record, over the whole file");
	return true;
}

const struct image_trailer image_trailer_zyxel_znbg = { .word = "zyxel-znbg", .inspect = inspect_znbg };
