/* recovery/image/imx.c
 *
 * What NXP's boot ROMs load: the image vector table of i.MX 5 to 8M, and the containers of i.MX 8, 8X, 8ULP and 9.
 * Source: U-Boot include/imximage.h, include/imx8image.h, doc/imx/mkimage; i.MX 6Dual/6Quad Reference Manual, 8.7 "Program image". */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	IVT_SIZE = 32,
	AT_ENTRY = 4, AT_DCD = 12, AT_BOOT_DATA = 16, AT_SELF = 20,
	BOOT_DATA_SIZE = 12,
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

static void inspect_ivt(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *ivt = in->data.data;
	uint32_t self = load_le32(ivt + AT_SELF), at = load_le32(ivt + AT_BOOT_DATA) - self, start, length;

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
	/* the length counts from where the boot device begins, some KiB before the table */
	if (start > self || length <= self - start) {
		image_broken(facts, at, "its boot data is damaged: it begins at %08" PRIx32 ", behind its table at %08" PRIx32, start, self);
		return;
	}
	length -= self - start;
	/* mkimage rounds it up for boot devices that are read in blocks, and leaves the file as it is (tools/imximage.c) */
	if (length > in->size && length - in->size < BLOCK && (length + self - start) % BLOCK == 0)
		length = (uint32_t)in->size;
	if (image_declare(in, facts, length))
		add_uboot(in, facts);
}

const struct image_format image_format_imx = {
	.role = IMAGE_ROLE_LOADER, .word = "imx-ivt", .title = "i.MX boot image", .matches = is_ivt, .inspect = inspect_ivt,
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
