/* recovery/image/vendors.c
 *
 * Formats of one vendor each, of which a header and one checksum are all there is: Huawei HWNP, Meraki, D-Link DNS NAS and DEAFBEAD, and the
 * record that Linksys puts behind an image.
 * Source: HuaweiFirmwareTool, huawei_header.h; OpenWrt firmware-utils src/mkmerakifw.c, mkmerakifw-old.c; dns323-firmware-tools; unblob,
 * handler for DEAFBEAD; OpenWrt scripts/linksys-image.sh. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

/* --- Huawei HWNP: little-endian, but the size big-endian; the CRC covers all behind its own field --- */

enum {
	HWNP_SIZE = 4, HWNP_SIZE_MORE = 0x4c,
	HWNP_CRC = 8,
	HWNP_COVERED = 12,
	HWNP_ITEM_COUNT = 20,
	HWNP_LIST_SIZE = 26,
	HWNP_HEADER = 36,
	HWNP_ITEMS = 64,
	ITEM_OFFSET = 8, ITEM_SIZE = 12, ITEM_SECTION = 272, ITEM_SECTION_SIZE = 16, ITEM_VERSION = 288, ITEM_VERSION_SIZE = 64,
	ITEM_HEADER = 360,
};

static bool is_hwnp(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("HWNP"));
}

/* "164C|15AD|;COMMON|": product ids, and then who sells them. */
static void read_products(struct image_facts *facts, struct bytes list)
{
	list.size = strnlen((const char *)list.data, list.size);
	while (list.size > 0) {
		size_t length = 0;

		while (length < list.size && memchr("|;", list.data[length], 2) == NULL)
			length++;
		image_add_board(facts, bytes_of(list.data, length));
		list = bytes_from(list, length + 1);
	}
}

static void add_hwnp_items(const struct image_input *in, struct image_facts *facts, uint64_t at)
{
	unsigned count = load_le32(in->data.data + HWNP_ITEM_COUNT);
	char name[ITEM_SECTION_SIZE + 1];

	for (unsigned i = 0; i < count && i < HWNP_ITEMS; i++, at += ITEM_HEADER) {
		struct bytes item = image_slice(in, at, ITEM_HEADER);
		uint64_t offset, size;

		if (item.size < ITEM_HEADER)
			return;
		offset = load_le32(item.data + ITEM_OFFSET);
		size = load_le32(item.data + ITEM_SIZE);
		if (!image_lies_in(offset, size, in->size)) {
			image_broken(facts, at, "its item %u lies outside of it", i);
			return;
		}
		image_text(name, sizeof(name), bytes_of(item.data + ITEM_SECTION, ITEM_SECTION_SIZE));
		if (facts->version[0] == '\0')
			image_text(facts->version, sizeof(facts->version), bytes_of(item.data + ITEM_VERSION, ITEM_VERSION_SIZE));
		image_add_part(in, facts, offset, size, name);
	}
}

static void inspect_hwnp(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint16_t list;
	uint64_t size;

	image_set_vendor(facts, "Huawei");
	if (!image_has_header(in, facts, HWNP_HEADER))
		return;
	facts->ends_exactly = true;
	text_copy(facts->checked, sizeof(facts->checked), "size");
	list = load_le16(header + HWNP_LIST_SIZE);
	read_products(facts, image_slice(in, HWNP_HEADER, list));
	size = load_be32(header + HWNP_SIZE) + (uint64_t)HWNP_SIZE_MORE;
	if (!image_declare(in, facts, size))
		return;
	if (image_in_memory(in, 0, size)) {
		image_compare(facts, HWNP_COVERED, "it", image_crc32(in, image_slice(in, HWNP_COVERED, size - HWNP_COVERED)),
			      load_le32(header + HWNP_CRC));
		image_covered(facts, "size and the checksum over all of it");
	}
	add_hwnp_items(in, facts, HWNP_HEADER + (uint64_t)list);
}

const struct image_format image_format_huawei_hwnp = {
	.word = "huawei-hwnp", .title = "Huawei HWNP image", .matches = is_hwnp, .inspect = inspect_hwnp,
};

/* --- Meraki: big-endian, SHA-1 of the image behind a header of 1024 bytes --- */

enum { MERAKI_HEADER_SIZE = 4, MERAKI_SIZE = 8, MERAKI_SHA1 = 12, MERAKI_FAMILY = 32, MERAKI_HEADER = 1024, SHA1_SIZE = 20 };

static bool is_meraki(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\x8e\x73\xed\x8a")) &&
	       (in->data.size < MERAKI_SIZE || load_be32(in->data.data + MERAKI_HEADER_SIZE) == MERAKI_HEADER);
}

static void inspect_meraki(const struct image_input *in, struct image_facts *facts)
{
	struct bytes image;
	uint32_t size;

	image_set_vendor(facts, "Meraki");
	if (!image_has_header(in, facts, MERAKI_HEADER))
		return;
	facts->is_padded_by_nature = true;
	text_copy(facts->checked, sizeof(facts->checked), "size");
	image_add_id(facts, load_be32(in->data.data + MERAKI_FAMILY));
	size = load_be32(in->data.data + MERAKI_SIZE);
	image = image_slice(in, MERAKI_HEADER, size);
	if (image_declare(in, facts, (uint64_t)MERAKI_HEADER + size) && image.size == size &&
	    image_compare_digest(in, facts, "sha1", &image, 1, MERAKI_HEADER, "its image", bytes_of(in->data.data + MERAKI_SHA1, SHA1_SIZE)) !=
		    IMAGE_UNKNOWN)
		image_covered(facts, "size and the SHA-1 of the image");
	image_add_part(in, facts, MERAKI_HEADER, size, "image");
}

const struct image_format image_format_meraki = {
	.word = "meraki", .title = "Meraki image", .matches = is_meraki, .inspect = inspect_meraki,
};

/* --- D-Link DNS-323 and its like: little-endian; sums of 32-bit words by exclusive or --- */

enum {
	DNS_PLACES = 0,		/* offset and size of kernel, ramdisk, defaults, and of a SquashFS in the longer form */
	DNS_SIGNATURE = 36, DNS_SUMS = 24, DNS_PARTS = 3, DNS_IDS = 48, DNS_HEADER = 64,
	DNS_LONG_SIGNATURE = 50, DNS_LONG_SUMS = 32, DNS_LONG_PARTS = 4, DNS_LONG_IDS = 62,
};

static bool has_dns_signature(const struct image_input *in, unsigned at)
{
	return in->data.size >= DNS_HEADER + 2 && load_be16(in->data.data + at) == 0x55aa && load_be16(in->data.data + at + 10) == 0x55aa &&
	       image_is_text(bytes_of(in->data.data + at + 2, 8));
}

static bool is_dns(const struct image_input *in)
{
	return (has_dns_signature(in, DNS_SIGNATURE) || has_dns_signature(in, DNS_LONG_SIGNATURE)) &&
	       load_le32(in->data.data) >= DNS_HEADER && load_le32(in->data.data) < 0x10000;
}

static uint32_t xor_words(struct bytes over)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 4 <= over.size; i += 4)
		sum ^= load_le32(over.data + i);
	return sum;
}

static void inspect_dns(const struct image_input *in, struct image_facts *facts)
{
	static const char *const names[] = { "kernel", "ramdisk", "defaults", "squashfs" };
	const uint8_t *header = in->data.data, *ids;
	bool is_long = !has_dns_signature(in, DNS_SIGNATURE), is_checked = true;
	unsigned sums = is_long ? DNS_LONG_SUMS : DNS_SUMS;
	char id[24], what[32];
	uint64_t end = 0;

	image_set_vendor(facts, "D-Link");
	ids = header + (is_long ? DNS_LONG_IDS : DNS_IDS);
	text_copy(facts->checked, sizeof(facts->checked), "sizes");
	image_add_board(facts, bytes_of(header + (is_long ? DNS_LONG_SIGNATURE : DNS_SIGNATURE) + 2, 7));
	text_format(id, sizeof(id), "product %u model %u", ids[0], ids[2]);
	image_add_board(facts, bytes_of_text(id));
	for (unsigned i = 0; i < (is_long ? DNS_LONG_PARTS : DNS_PARTS); i++) {
		uint64_t at = load_le32(header + DNS_PLACES + 8 * i), size = load_le32(header + DNS_PLACES + 8 * i + 4);

		if (size == 0 && load_le32(header + sums + 4 * i) == 0)
			continue;
		end = at + size > end ? at + size : end;
		if (at + size > in->size)
			continue;	/* told below */
		text_format(what, sizeof(what), "its %s", names[i]);
		if (image_in_memory(in, at, size))
			image_compare(facts, at, what, xor_words(image_slice(in, at, size)), load_le32(header + sums + 4 * i));
		else
			is_checked = false;
		image_add_part(in, facts, at, size, names[i]);
	}
	if (image_declare(in, facts, end) && is_checked)
		image_covered(facts, "sums of each part");
}

const struct image_format image_format_dlink_dns = {
	.word = "dlink-dns", .title = "D-Link DNS image", .matches = is_dns, .inspect = inspect_dns,
};

/* --- DEAFBEAD: folders and files, packed with gzip, one behind the other; little-endian --- */

enum { DEAFBEAD_FOLDER = 0x86, DEAFBEAD_FILE = 0x87, DEAFBEAD_ENTRIES = 4096 };

static bool is_deafbead(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\xde\xaf\xbe\xad")) &&
	       (in->data.size < 5 || in->data.data[4] == DEAFBEAD_FOLDER || in->data.data[4] == DEAFBEAD_FILE);
}

static void inspect_deafbead(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = 4;
	char name[64];

	image_set_vendor(facts, "D-Link");
	text_copy(facts->checked, sizeof(facts->checked), "structure; its checksums need unpacking");
	for (unsigned i = 0; i < DEAFBEAD_ENTRIES && image_in_memory(in, at, 3); i++) {
		uint8_t type = in->data.data[at];
		uint64_t length = load_le16(in->data.data + at + 1), size;

		if (type != DEAFBEAD_FOLDER && type != DEAFBEAD_FILE)
			break;
		image_text(name, sizeof(name), image_slice(in, at + 3, length));
		at += 3 + length;
		if (type == DEAFBEAD_FOLDER)
			continue;
		if (!image_in_memory(in, at, 4))
			break;
		size = load_le32(in->data.data + at);
		at += 4 + size;
		if (!image_declare(in, facts, at))
			return;
		image_add_part(in, facts, at - size, size, name);
	}
	if (at <= in->size)
		facts->declared_size = at;
}

const struct image_format image_format_dlink_deafbead = {
	.word = "dlink-deafbead", .title = "D-Link archive", .matches = is_deafbead, .inspect = inspect_deafbead,
};

/* --- Linksys: 256 bytes of text behind an image, and in older files a line's end; CRC as cksum(1) in hexadecimal digits --- */

enum { FOOTER_TYPE = 17, FOOTER_TYPE_SIZE = 15, FOOTER_CRC = 32, FOOTER_CRC_SIZE = 8, FOOTER_SIZE = 256 };

static bool inspect_footer(const struct image_input *in, struct image_facts *facts, uint64_t *ret_start)
{
	struct image_cksum sum;
	const uint8_t *footer;
	uint64_t start;
	uint32_t have;
	char type[FOOTER_TYPE_SIZE + 1], digits[FOOTER_CRC_SIZE + 1], want[FOOTER_CRC_SIZE + 1];

	if (in->data.size < in->size || in->data.size <= FOOTER_SIZE)
		return false;
	start = in->size - FOOTER_SIZE - (in->data.data[in->size - 1] == '\n');
	footer = in->data.data + start;
	if (memcmp(footer, ".LINKSYS.", 9) != 0)
		return false;
	*ret_start = start;
	text_copy(facts->title, sizeof(facts->title), "Linksys image");
	image_set_vendor(facts, "Linksys");
	image_text(type, sizeof(type), bytes_of(footer + FOOTER_TYPE, FOOTER_TYPE_SIZE));
	image_add_board(facts, bytes_of_text(type));
	image_cksum_init(&sum);
	image_cksum_add(&sum, bytes_of(in->data.data, (size_t)start));
	have = image_cksum_end(&sum);
	text_format(digits, sizeof(digits), "%08" PRIX32, have);
	image_text(want, sizeof(want), bytes_of(footer + FOOTER_CRC, FOOTER_CRC_SIZE));
	if (!text_equal(digits, want))
		image_broken(facts, start + FOOTER_CRC, "it is damaged: checksum %s, its last record says %s", digits, want);
	image_covered(facts, "the checksum of the Linksys record, over the whole file");
	return true;
}

const struct image_trailer image_trailer_linksys_footer = { .word = "linksys-footer", .inspect = inspect_footer };
