/* recovery/image/imx.c
 *
 * What NXP's boot ROMs load: the image vector table of i.MX 5 to 8M, and the containers of i.MX 8, 8X, 8ULP and 9.
 * Source: U-Boot include/imximage.h, include/imx8image.h, doc/imx/mkimage; i.MX 6Dual/6Quad Reference Manual, 8.7 "Program image". */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

enum {
	IVT_SIZE = 32,
	AT_ENTRY = 4, AT_DCD = 12, AT_BOOT_DATA = 16, AT_SELF = 20, AT_SIGNATURE = 24,
	BOOT_DATA_SIZE = 12, PLUGIN = 1, PLUGIN_MAX = 64 * 1024,
	DCD_TAG = 0xd2,
	BLOCK = 4096, PADDING_MAX = 128 * 1024, UIMAGE_MAGIC = 0x27051956,
	CONTAINER_TAG = 0x87, CONTAINER_IMAGES = 32, CONTAINER_IMAGE = 128, CONTAINER_HEAD = 16, CONTAINER_ALIGNMENT = 0x400, CONTAINERS = 3,
	CONTAINER_ENCRYPTED = 0x400,
	CONTAINER_SIZE_MAX = 256 * 1024 * 1024,
};

/* --- image vector table --- */

static bool is_ivt(const struct image_input *in)
{
	const uint8_t *ivt = in->data.data;
	uint32_t self, entry, boot_data;

	if (in->data.size < IVT_SIZE || ivt[0] != 0xd1 || load_be16(ivt + 1) != IVT_SIZE || ivt[3] < 0x40 || ivt[3] > 0x43)
		return false;
	self = load_le32(ivt + AT_SELF);
	entry = load_le32(ivt + AT_ENTRY);
	boot_data = load_le32(ivt + AT_BOOT_DATA);
	return load_le32(ivt + 8) == 0 && self != 0 && self % 4 == 0 && entry != 0 && boot_data > self && boot_data - self < 0x1000;
}

/* Behind the header: the code at the entry. 32-bit chips have device configuration data, which 64-bit ones have no more. */
static void tell_ivt_arch(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *ivt = in->data.data;
	uint32_t self = load_le32(ivt + AT_SELF), entry = load_le32(ivt + AT_ENTRY), dcd = load_le32(ivt + AT_DCD);
	const char *arch = "";

	if (entry >= self && image_in_memory(in, entry - self, 4))
		arch = image_code_arch(in->data.data + (entry - self));
	if (arch[0] == '\0' && dcd > self && image_in_memory(in, dcd - self, 1) && in->data.data[dcd - self] == DCD_TAG)
		arch = "arm";
	text_copy(facts->arch, sizeof(facts->arch), arch);
}

/* u-boot-with-spl.imx: U-Boot stands behind the padding of its first loader. */
static void add_uboot(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = (facts->declared_size + 3) / 4 * 4, end;

	for (unsigned i = 0; i < PADDING_MAX / 4 && image_in_memory(in, at, 4); i++, at += 4) {
		uint32_t word = load_be32(in->data.data + at);

		if (word == 0 || word == UINT32_MAX)
			continue;
		if (word != UIMAGE_MAGIC && word != 0xd00dfeed)
			return;
		end = image_add_rest(in, facts, at, "U-Boot");
		if (end > 0)
			image_declare(in, facts, end);
		return;
	}
}

/* A plugin is code that sets up the memory; the table of the image proper stands behind it. Only 32-bit chips know them. */
static void add_behind_plugin(const struct image_input *in, struct image_facts *facts)
{
	struct image_input at = *in;
	uint64_t end;

	text_copy(facts->arch, sizeof(facts->arch), "arm");
	for (uint64_t place = IVT_SIZE; place <= PLUGIN_MAX && place < in->data.size; place += 4) {
		at.data = image_slice(in, place, UINT64_MAX);
		at.size = in->size - place;
		if (!is_ivt(&at))
			continue;
		end = image_add_rest(in, facts, place, "image");
		if (end > facts->declared_size)
			image_declare(in, facts, end);
		return;
	}
}

/* How much of what boot data says is in the file. Blocks are counted from where the boot device begins, as many bytes before the table. */
static uint64_t length_in_file(const struct image_input *in, uint64_t length, uint64_t before)
{
	length -= before;
	/* mkimage rounds it up for boot devices that are read in blocks, and leaves the file as it is (tools/imximage.c) */
	if (length > in->size && length - in->size < BLOCK && (length + before) % BLOCK == 0)
		return in->size;
	return length;
}

static void inspect_ivt(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *ivt = in->data.data;
	uint32_t self = load_le32(ivt + AT_SELF), at = load_le32(ivt + AT_BOOT_DATA) - self, start, signature = load_le32(ivt + AT_SIGNATURE);
	uint64_t length;

	image_set_vendor(facts, "NXP");
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	facts->is_padded_by_nature = true;
	tell_ivt_arch(in, facts);
	if (!image_in_memory(in, at, BOOT_DATA_SIZE)) {
		if (in->size < at + BOOT_DATA_SIZE)
			image_broken(facts, in->size, "it is cut off inside its header");
		return;
	}
	start = load_le32(ivt + at);
	length = load_le32(ivt + at + 4);
	if (start > self || length <= self - start) {
		image_broken(facts, at, "its boot data is damaged: it begins at %08" PRIx32 ", behind its table at %08" PRIx32, start, self);
		return;
	}
	length = length_in_file(in, length, self - start);
	/* the builder of U-Boot leaves room for a signature, and whoever signs it puts that at the end (doc/imx/habv4) */
	if (length > in->size && signature > self && signature - self == in->size) {
		image_warning(facts, "it is not signed: the signature would follow its end, and a chip that is locked refuses it");
		length = in->size;
	}
	if (!image_declare(in, facts, length))
		return;
	if (load_le32(ivt + at + 8) == PLUGIN)
		add_behind_plugin(in, facts);
	else
		add_uboot(in, facts);
}

const struct image_format image_format_imx = {
	.role = IMAGE_ROLE_LOADER, .word = "imx-ivt", .title = "i.MX boot image", .matches = is_ivt, .inspect = inspect_ivt,
};

/* --- before there was a table: i.MX 25, 35, 51 --- */

enum {
	V1_HEADER = 28, V1_AT_BARKER = 4, V1_AT_DCD_PLACE = 12, V1_AT_DCD = 20, V1_AT_START = 24, V1_BARKER = 0xb1,
	V1_DCD_HEADER = 8, V1_DCD_MAX = 60 * 12,
};

/* The header says where a word of its own is: so it tells where it will lie itself. */
static uint32_t v1_base(const struct image_input *in)
{
	return load_le32(in->data.data + V1_AT_DCD_PLACE) - V1_AT_DCD;
}

static bool is_v1(const struct image_input *in)
{
	const uint8_t *header = in->data.data;
	struct bytes dcd;

	if (in->data.size < V1_HEADER || load_le32(header + V1_AT_BARKER) != V1_BARKER || load_le32(header + V1_AT_START) > v1_base(in))
		return false;
	dcd = image_slice(in, load_le32(header + V1_AT_DCD) - v1_base(in), V1_DCD_HEADER);
	return dcd.size == V1_DCD_HEADER && load_le32(dcd.data) == 0xb17219e9 && load_le32(dcd.data + 4) <= V1_DCD_MAX;
}

/* The length follows the configuration data. */
static void inspect_v1(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint32_t base = v1_base(in), dcd = load_le32(header + V1_AT_DCD) - base, before = base - load_le32(header + V1_AT_START);
	uint64_t at = (uint64_t)dcd + V1_DCD_HEADER + load_le32(header + dcd + 4), length;

	image_set_vendor(facts, "NXP");
	text_copy(facts->arch, sizeof(facts->arch), "arm");
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	facts->is_padded_by_nature = true;
	if (!image_in_memory(in, at, 4))
		return;
	length = load_le32(header + at);
	if (length <= before)
		image_broken(facts, at, "its header is damaged: it says that it has %" PRIu64 " bytes", length);
	else
		image_declare(in, facts, length_in_file(in, length, before));
}

const struct image_format image_format_imx_v1 = {
	.role = IMAGE_ROLE_LOADER, .word = "imx-ivt", .title = "i.MX boot image (first form)", .matches = is_v1, .inspect = inspect_v1,
};

/* --- Vybrid, for NAND flash --- */

enum { FCB_SIZE = 512, FCB_AT_PAGE = 20, FCB_AT_START = 104, FCB_PREFIX = 1024, FCB_PAGE_MAX = 16 * 1024 };

static bool is_fcb(const struct image_input *in)
{
	return in->data.size >= 2 * FCB_SIZE && memcmp(in->data.data + 4, " BCF\1\0\0\0", 8) == 0;
}

/* Five bits for each byte: vybridimage_sw_ecc. */
static uint8_t fcb_check(uint8_t byte)
{
	static const uint8_t masks[] = { 0x6c, 0xb6, 0xe3, 0x99, 0x5f };
	uint8_t check = 0;

	for (unsigned i = 0; i < sizeof(masks); i++)
		check |= (uint8_t)(__builtin_parity(byte & masks[i]) << i);
	return check;
}

static void inspect_fcb(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint64_t page = load_le32(header + FCB_AT_PAGE), start = page * load_le32(header + FCB_AT_START) + FCB_PREFIX, end;

	image_set_vendor(facts, "NXP");
	text_copy(facts->arch, sizeof(facts->arch), "arm");
	text_copy(facts->checked, sizeof(facts->checked), "the check bits of its header, and size; nothing covers the contents");
	facts->is_padded_by_nature = true;
	for (size_t i = 0; i < FCB_SIZE; i++)
		if (fcb_check(header[i]) != header[FCB_SIZE + i]) {
			image_broken(facts, i, "its header is damaged: the check bits of its byte %zu do not match", i);
			return;
		}
	if (page > FCB_PAGE_MAX || start >= in->size) {
		image_declare(in, facts, start + 1);
		return;
	}
	end = image_add_rest(in, facts, start, "image");
	if (end > 0)
		image_declare(in, facts, end);
}

const struct image_format image_format_imx_nand = {
	.role = IMAGE_ROLE_LOADER, .word = "imx-nand", .title = "Vybrid boot image for NAND flash", .matches = is_fcb, .inspect = inspect_fcb,
};

/* --- containers --- */

/* What is behind a shorter hash is zero. */
static bool is_container_image(const uint8_t *entry)
{
	unsigned kind = load_le32(entry + 24) >> 8 & 3;

	if (load_le32(entry) > CONTAINER_SIZE_MAX || load_le32(entry + 4) > CONTAINER_SIZE_MAX || kind > 2)
		return false;
	for (unsigned i = kind == 0 ? 32 : kind == 1 ? 48 : 64; i < 64; i++)
		if (entry[32 + i] != 0)
			return false;
	return true;
}

static bool is_container(const struct image_input *in)
{
	const uint8_t *head = in->data.data;

	return in->data.size >= CONTAINER_HEAD + CONTAINER_IMAGE && head[3] == CONTAINER_TAG && (head[0] == 0 || head[0] == 2) &&
	       load_le16(head + 1) >= CONTAINER_HEAD + CONTAINER_IMAGE && head[11] > 0 && head[11] <= CONTAINER_IMAGES &&
	       load_le16(head + 12) >= CONTAINER_HEAD + (unsigned)head[11] * CONTAINER_IMAGE &&
	       load_le16(head + 12) <= load_le16(head + 1) && load_le32(head + CONTAINER_HEAD) >= load_le16(head + 1) &&
	       load_le16(head + 14) == 0 && is_container_image(head + CONTAINER_HEAD);
}

struct containers {
	const struct image_input *in;
	struct image_facts *facts;
	uint64_t furthest, budget;
	unsigned checked, unsure;
};

/* What is encrypted has the hash of the plain bytes. */
static void check_image(struct containers *all, uint64_t container, const uint8_t *entry, unsigned number)
{
	static const char *const algorithms[] = { "sha256", "sha384", "sha512" };
	uint64_t start = container + load_le32(entry), size = load_le32(entry + 4);
	uint32_t flags = load_le32(entry + 24), kind = flags >> 8 & 3;
	struct bytes data = image_slice(all->in, start, size);
	const struct image_ops *ops = all->in->ops;
	uint8_t have[IMAGE_DIGEST_SIZE];
	char name[32];
	size_t length;

	text_format(name, sizeof(name), "image %u", number);
	if (size == 0)
		return;
	image_add_row(all->facts, start, size, name, "unknown");
	all->furthest = start + size > all->furthest ? start + size : all->furthest;
	if (data.size < size || kind > 2 || (flags & CONTAINER_ENCRYPTED) || ops->digest == NULL || size > all->budget) {
		all->unsure++;
		return;
	}
	all->budget -= size;
	length = ops->digest(ops->user, algorithms[kind], data, have);
	if (length == 0)
		all->unsure++;
	else if (memcmp(have, entry + 32, length) != 0)
		image_broken(all->facts, start, "its image %u is damaged: the %s does not match", number, algorithms[kind]);
	else
		all->checked++;
}

static void inspect_container(const struct image_input *in, struct image_facts *facts)
{
	struct containers all = { .in = in, .facts = facts, .budget = 2 * (uint64_t)in->data.size };

	image_set_vendor(facts, "NXP");
	/* every chip that reads them has 64-bit processors, beside the small ones */
	text_copy(facts->arch, sizeof(facts->arch), "arm64");
	facts->is_padded_by_nature = true;
	for (unsigned i = 0; i < CONTAINERS; i++) {
		struct image_input at = *in;

		at.data = image_slice(in, (uint64_t)i * CONTAINER_ALIGNMENT, UINT64_MAX);
		if (!is_container(&at))
			break;
		for (unsigned k = 0; k < at.data.data[11]; k++) {
			struct bytes entry = image_slice(&at, CONTAINER_HEAD + (uint64_t)k * CONTAINER_IMAGE, CONTAINER_IMAGE);

			if (entry.size == CONTAINER_IMAGE)
				check_image(&all, (uint64_t)i * CONTAINER_ALIGNMENT, entry.data, facts->part_count);
		}
	}
	text_copy(facts->checked, sizeof(facts->checked), all.checked > 0 ? "the hash of each image" : "size");
	if (image_declare(in, facts, all.furthest) && facts->whole != IMAGE_NO && all.checked > 0 && all.unsure == 0)
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_imx_container = {
	.role = IMAGE_ROLE_LOADER, .word = "imx-container", .title = "i.MX boot container", .matches = is_container, .inspect = inspect_container,
};
