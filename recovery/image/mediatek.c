/* recovery/image/mediatek.c
 *
 * What MediaTek's boot ROMs load: a loader with a SHA-256 behind a header for the boot device, and what the loader starts (LK).
 * Source: U-Boot tools/mtk_image.c, mtk_image.h, mtk_nand_headers.c. */
#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	GFH_MAGIC = 0x4d4d4d, GFH_AT_SIG_TYPE = 27, GFH_AT_TOTAL = 32, GFH_AT_SIG_SIZE = 44, GFH_SHA256 = 1, GFH_HEADER = 56,
	GFH_TYPE_ROM = 7, GFH_ARM64_AT = 0x55, GFH_ARM64 = 0x64, GFH_CHAIN = 16,
	LK_MAGIC = 0x58881688, LK_HEADER = 512,
	DEVICE_NAME = 12, DEVICE_HEADER = 512, LAYOUT = 40, LAYOUT_END = 0x600,
	NAND_COPY = 128, NAND_COPIES = 4, NAND_AT_PAGE = 26,
	HSM_AT_PAGE = 32, SPIM_AT_PAGE = 16, SPIM_AT_SUM = 0x4e, SPIM_HEADER = 0x50,
	PAGE_MIN = 512, PAGE_MAX = 16 * 1024,
};

static const char *const device_names[] = { "EMMC_BOOT", "SDMMC_BOOT", "SF_BOOT", "COMBO_BOOT", "UFS_BOOT" };

/* What is in front of the loader. */
enum device { DEVICE_NONE, DEVICE_BLOCKS, DEVICE_NAND, DEVICE_NAND_HSM, DEVICE_NAND_SPIM };

/* The highest byte is a version. */
static bool is_gfh_magic(const uint8_t *at)
{
	return (load_le32(at) & 0xffffff) == GFH_MAGIC;
}

static bool is_gfh(struct bytes at)
{
	return at.size >= GFH_HEADER && is_gfh_magic(at.data) && memcmp(at.data + 8, "FILE_INFO", 9) == 0;
}

static enum device device_of(const struct image_input *in)
{
	for (size_t i = 0; i < ARRAY_SIZE(device_names); i++)
		if (memcmp(in->data.data, device_names[i], strlen(device_names[i]) + 1) == 0)
			return DEVICE_BLOCKS;
	if (memcmp(in->data.data, "BOOTLOADER!", 11) == 0)
		return DEVICE_NAND;
	if (memcmp(in->data.data, "NANDCFG!\1", 9) == 0)
		return DEVICE_NAND_HSM;
	return memcmp(in->data.data, "SPINAND!\1", 9) == 0 ? DEVICE_NAND_SPIM : DEVICE_NONE;
}

static bool is_mediatek(const struct image_input *in)
{
	return in->data.size >= LK_HEADER && (device_of(in) != DEVICE_NONE || is_gfh(in->data) || load_le32(in->data.data) == LK_MAGIC);
}

/* Where the header for NAND flash says that the loader begins. */
static uint64_t place_on_nand(const struct image_input *in, enum device device)
{
	const uint8_t *head = in->data.data;
	uint64_t page = device == DEVICE_NAND ? load_le16(head + NAND_AT_PAGE) :
		load_le32(head + (device == DEVICE_NAND_HSM ? HSM_AT_PAGE : SPIM_AT_PAGE));

	if (page < PAGE_MIN || page > PAGE_MAX)
		return 0;
	return device == DEVICE_NAND ? 2 * page : page;
}

/* 0: it is not there. */
static uint64_t loader_at(const struct image_input *in, enum device device)
{
	static const uint16_t places[] = { 0x200, LAYOUT_END, 0x800, 0x1000 };
	uint64_t at = device >= DEVICE_NAND ? place_on_nand(in, device) : 0;

	if (at > 0 && is_gfh(image_slice(in, at, GFH_HEADER)))
		return at;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (is_gfh(image_slice(in, places[i], GFH_HEADER)))
			return places[i];
	return 0;
}

/* --- the header for the boot device: no digest covers it --- */

static bool is_erased(struct bytes in)
{
	return in.size == 0 || (in.data[0] == 0xff && image_padding(in) == in.size);
}

/* Sizes stand in it twice, and all else is the same in every file. */
static bool layout_is_right(struct bytes at, uint64_t header, uint64_t total)
{
	return at.size >= LAYOUT && memcmp(at.data, "BRLYT\0\0\0\1\0\0\0", 12) == 0 && load_le32(at.data + 20) == 0x42424242 &&
	       load_le32(at.data + 12) == load_le32(at.data + 28) && load_le32(at.data + 16) == load_le32(at.data + 32) &&
	       load_le32(at.data + 24) >= 0x10002 && load_le32(at.data + 24) <= 0x10009 && load_le32(at.data + 12) >= header &&
	       load_le32(at.data + 16) - load_le32(at.data + 12) == total - header;
}

static bool blocks_are_right(const struct image_input *in, uint64_t total)
{
	const uint8_t *head = in->data.data;
	size_t end = strlen((const char *)head) + 1;
	struct bytes rest = bytes_of(head + end, DEVICE_NAME - end);

	return image_padding(rest) == rest.size && load_le32(head + 12) == 1 && load_le32(head + 16) == DEVICE_HEADER &&
	       is_erased(image_slice(in, 20, DEVICE_HEADER - 20)) &&
	       layout_is_right(image_slice(in, DEVICE_HEADER, LAYOUT), LAYOUT_END, total) &&
	       is_erased(image_slice(in, DEVICE_HEADER + LAYOUT - 4, LAYOUT_END - DEVICE_HEADER - LAYOUT + 4));
}

/* Four copies in one page, and the layout, in pages, in the next one. */
static bool nand_is_right(const struct image_input *in, uint64_t start, uint64_t total)
{
	uint64_t page = start / 2, end = NAND_COPIES * NAND_COPY;
	struct bytes layout = image_slice(in, page, LAYOUT);

	for (unsigned i = 1; i < NAND_COPIES; i++)
		if (memcmp(in->data.data, in->data.data + i * NAND_COPY, NAND_COPY) != 0)
			return false;
	return page >= end && is_erased(image_slice(in, end, page - end)) && layout_is_right(layout, 2, (total + page - 1) / page) &&
	       load_le32(layout.data + LAYOUT - 4) == 1 && is_erased(image_slice(in, page + LAYOUT, page - LAYOUT));
}

/* CRC-16 with the polynomial 0x8005, begun with 0x4f4e. */
static uint16_t spim_sum(struct bytes over)
{
	uint16_t sum = 0x4f4e;

	for (size_t i = 0; i < over.size; i++) {
		sum ^= (uint16_t)(over.data[i] << 8);
		for (int bit = 0; bit < 8; bit++)
			sum = (uint16_t)(sum << 1 ^ (sum & 0x8000 ? 0x8005 : 0));
	}
	return sum;
}

static bool spim_is_right(const struct image_input *in, uint64_t start)
{
	return spim_sum(image_slice(in, 0, SPIM_AT_SUM)) == load_le16(in->data.data + SPIM_AT_SUM) &&
	       is_erased(image_slice(in, SPIM_HEADER, start - SPIM_HEADER));
}

/* Of the others nobody here knows the check bits. */
static bool is_device_header_right(const struct image_input *in, enum device device, uint64_t start, uint64_t total)
{
	switch (device) {
	case DEVICE_NONE:
		return start == 0;
	case DEVICE_BLOCKS:
		return start == LAYOUT_END && blocks_are_right(in, start + total);
	case DEVICE_NAND:
		return nand_is_right(in, start, start + total);
	case DEVICE_NAND_SPIM:
		return spim_is_right(in, start);
	default:
		return false;
	}
}

/* --- the loader --- */

/* One of the headers that follow says whether the loader is 64-bit. */
static void tell_arch(const struct image_input *in, struct image_facts *facts, uint64_t at)
{
	for (unsigned i = 0; i < GFH_CHAIN; i++) {
		struct bytes head = image_slice(in, at, 128);

		if (head.size < 8 || !is_gfh_magic(head.data) || load_le16(head.data + 4) < 8)
			return;
		if (load_le16(head.data + 6) == GFH_TYPE_ROM && head.size > GFH_ARM64_AT)
			text_copy(facts->arch, sizeof(facts->arch), head.data[GFH_ARM64_AT] == GFH_ARM64 ? "arm64" : "arm");
		at += load_le16(head.data + 4);
	}
}

static void inspect_loader(const struct image_input *in, struct image_facts *facts, enum device device, uint64_t at)
{
	const uint8_t *head = in->data.data + at;
	uint32_t total = load_le32(head + GFH_AT_TOTAL);
	uint8_t have[IMAGE_DIGEST_SIZE];

	tell_arch(in, facts, at);
	if (!image_declare(in, facts, at + total) || head[GFH_AT_SIG_TYPE] != GFH_SHA256 || load_le32(head + GFH_AT_SIG_SIZE) != 32 ||
	    total < 32 + GFH_HEADER || !image_in_memory(in, at, total) || in->ops->digest == NULL ||
	    in->ops->digest(in->ops->user, "sha256", image_slice(in, at, total - 32), have) != 32)
		return;
	(void)image_compare_bytes(facts, at + total - 32, "it", "sha256", have, bytes_of(head + total - 32, 32));
	text_copy(facts->checked, sizeof(facts->checked), "its SHA-256; the header in front of it was not");
	if (is_device_header_right(in, device, at, total))
		image_covered(facts, at > 0 ? "its SHA-256, and the header in front of it" : "its SHA-256");
}

/* There is no loader: the file may end before it. */
static void miss_loader(const struct image_input *in, struct image_facts *facts, enum device device)
{
	struct bytes layout = image_slice(in, DEVICE_HEADER, LAYOUT);
	uint64_t least = device >= DEVICE_NAND ? place_on_nand(in, device) + GFH_HEADER : 0;

	if (device == DEVICE_BLOCKS && layout.size == LAYOUT && memcmp(layout.data, "BRLYT", 6) == 0)
		least = LAYOUT_END + GFH_HEADER;
	if (least > in->size)
		image_declare(in, facts, least);
}

static void inspect_lk(const struct image_input *in, struct image_facts *facts)
{
	image_text(facts->name, sizeof(facts->name), image_slice(in, 8, 32));
	if (image_in_memory(in, LK_HEADER, 4))
		text_copy(facts->arch, sizeof(facts->arch), image_code_arch(in->data.data + LK_HEADER));
	image_declare(in, facts, LK_HEADER + (uint64_t)load_le32(in->data.data + 4));
}

static void inspect_mediatek(const struct image_input *in, struct image_facts *facts)
{
	enum device device = device_of(in);
	uint64_t at = loader_at(in, device);

	image_set_vendor(facts, "MediaTek");
	text_copy(facts->checked, sizeof(facts->checked), "its mark only; nothing covers the contents");
	facts->is_padded_by_nature = true;
	if (load_le32(in->data.data) == LK_MAGIC)
		inspect_lk(in, facts);
	else if (at > 0 || device == DEVICE_NONE)
		inspect_loader(in, facts, device, at);
	else
		miss_loader(in, facts, device);
}

const struct image_format image_format_mediatek = {
	.role = IMAGE_ROLE_LOADER, .word = "mediatek", .title = "MediaTek boot loader", .matches = is_mediatek, .inspect = inspect_mediatek,
};
