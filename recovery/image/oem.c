/* recovery/image/oem.c
 *
 * Formats of the makers behind brands: Gemtek (Belkin, Linksys), JCG, Luxul, ZyNOS, and the WFI record that Broadcom's tools put behind an
 * image for NAND (ASUS, Netgear, TP-Link).
 * Source: OpenWrt firmware-utils src/mkheader_gemtek.c, jcgimage.c, lxlfw.c, zynos.h with mkzynfw.c, bcm4908asus.c; Broadcom
 * bcmTag.h (WFI_TAG). */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/crc.h"
#include "src/base/text.h"

/* --- Gemtek: little-endian; the CRC counts its own field and the next one as zeros --- */

enum {
	GEMTEK_VERSION = 4,
	GEMTEK_PRODUCT = 8,
	GEMTEK_SIZE = 12,
	GEMTEK_CRC = 16,
	GEMTEK_LANGUAGE = 28,
	GEMTEK_HEADER = 32,
};

static bool is_gemtek(const struct image_input *in)
{
	if (!image_starts_with(in->data, BYTES("GMTK")) && !image_starts_with(in->data, BYTES("A600")))
		return false;
	return in->data.size < GEMTEK_HEADER || (image_is_text(bytes_of(in->data.data + GEMTEK_VERSION, 4)) &&
						 image_is_text(bytes_of(in->data.data + GEMTEK_LANGUAGE, 4)));
}

static uint32_t gemtek_crc(const struct image_input *in, uint64_t size)
{
	uint8_t header[GEMTEK_HEADER];

	memcpy(header, in->data.data, GEMTEK_HEADER);
	memset(header + GEMTEK_CRC, 0, 4);
	return crc32_update(crc32_update(0, bytes_of(header, GEMTEK_HEADER)), image_slice(in, GEMTEK_HEADER, size - GEMTEK_HEADER));
}

static void inspect_gemtek(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint32_t size;

	if (!image_has_header(in, facts, GEMTEK_HEADER))
		return;
	facts->ends_exactly = true;
	image_set_vendor(facts, "Gemtek");
	image_text(facts->version, sizeof(facts->version), bytes_of(header + GEMTEK_VERSION, 4));
	image_add_id(facts, load_le32(header + GEMTEK_PRODUCT));
	text_copy(facts->checked, sizeof(facts->checked), "size");
	size = load_le32(header + GEMTEK_SIZE);
	if (size < GEMTEK_HEADER) {
		image_broken(facts, GEMTEK_SIZE, "its header is damaged: it says that it has %" PRIu32 " bytes", size);
		return;
	}
	if (image_declare(in, facts, size) && image_in_memory(in, 0, size)) {
		image_compare(facts, 0, "it", gemtek_crc(in, size), load_le32(header + GEMTEK_CRC));
		image_covered(facts, "size and the checksum over all of it");
	}
	image_add_part(in, facts, GEMTEK_HEADER, size - GEMTEK_HEADER, "firmware");
}

const struct image_format image_format_gemtek = {
	.word = "gemtek", .title = "Gemtek image", .matches = is_gemtek, .inspect = inspect_gemtek,
};

/* --- JCG: big-endian; a uImage behind 512 bytes; it declares no length --- */

enum { JCG_MAJOR = 108, JCG_MINOR = 110, JCG_DATA_CRC = 504, JCG_HEADER_CRC = 508, JCG_HEADER = 512 };

static bool is_jcg(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("YSZJ"));
}

static uint32_t jcg_header_crc(const struct image_input *in)
{
	uint8_t header[JCG_HEADER];

	memcpy(header, in->data.data, JCG_HEADER);
	memset(header + JCG_HEADER_CRC, 0, 4);
	return image_crc32(in, bytes_of(header, JCG_HEADER));
}

static void inspect_jcg(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;

	image_set_vendor(facts, "JCG");
	if (!image_has_header(in, facts, JCG_HEADER))
		return;
	text_copy(facts->checked, sizeof(facts->checked), "header checksum");
	if (!image_compare(facts, JCG_HEADER_CRC, "its header", jcg_header_crc(in), load_be32(header + JCG_HEADER_CRC)))
		return;
	text_format(facts->version, sizeof(facts->version), "%u.%u", load_be16(header + JCG_MAJOR), load_be16(header + JCG_MINOR));
	if (in->data.size == in->size) {
		image_compare(facts, JCG_HEADER, "its data", image_crc32(in, bytes_from(in->data, JCG_HEADER)), load_be32(header + JCG_DATA_CRC));
		image_covered(facts, "header and data checksums");
	}
	image_add_part(in, facts, JCG_HEADER, in->size - JCG_HEADER, "firmware");
}

const struct image_format image_format_jcg = { .word = "jcg", .title = "JCG image", .matches = is_jcg, .inspect = inspect_jcg };

/* --- Luxul: little-endian; header by version, blobs (certificate, signature), then the image --- */

enum {
	LUXUL_HEADER_SIZE = 8,
	LUXUL_BOARD = 16, LUXUL_BOARD_SIZE = 16,
	LUXUL_RELEASE = 32,
	LUXUL_BLOBS = 36, LUXUL_BLOBS_SIZE = 40,
	LUXUL_HEADER_MIN = 12,
	LUXUL_HEADER_MAX = 4096,
};

static bool is_luxul(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("LXL#"));
}

static void inspect_luxul(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data, *release = header + LUXUL_RELEASE;
	uint64_t start;
	uint32_t size;

	image_set_vendor(facts, "Luxul");
	if (!image_has_header(in, facts, LUXUL_HEADER_MIN))
		return;
	text_copy(facts->checked, sizeof(facts->checked), "header; nothing that can be checked without the key covers the contents");
	size = load_le32(header + LUXUL_HEADER_SIZE);
	if (size < LUXUL_HEADER_MIN || size > LUXUL_HEADER_MAX) {
		image_broken(facts, LUXUL_HEADER_SIZE, "its header is damaged: it says that it has %" PRIu32 " bytes", size);
		return;
	}
	if (!image_has_header(in, facts, size))
		return;
	start = size;
	if (size >= LUXUL_BOARD + LUXUL_BOARD_SIZE)
		image_add_board_field(facts, bytes_of(header + LUXUL_BOARD, LUXUL_BOARD_SIZE));
	if (size >= LUXUL_RELEASE + 4)
		text_format(facts->version, sizeof(facts->version), "%u.%u.%u.%u", release[0], release[1], release[2], release[3]);
	if (size >= LUXUL_BLOBS_SIZE + 4 && load_le32(header + LUXUL_BLOBS_SIZE) > 0)
		start = load_le32(header + LUXUL_BLOBS) + (uint64_t)load_le32(header + LUXUL_BLOBS_SIZE);
	if (start > in->size)
		image_declare(in, facts, start);
	else
		image_add_part(in, facts, start, in->size - start, "firmware");
}

const struct image_format image_format_luxul = { .word = "luxul", .title = "Luxul image", .matches = is_luxul, .inspect = inspect_luxul };

/* --- ZyNOS: objects with a header of 48 bytes, big-endian --- */

enum {
	ZYNOS_SIGNATURE = 6,
	ZYNOS_TYPE = 9,
	ZYNOS_SIZE = 10, ZYNOS_CODED_SIZE = 14,
	ZYNOS_FLAGS = 18,
	ZYNOS_SUM = 20, ZYNOS_CODED_SUM = 22,
	ZYNOS_VERSION = 24, ZYNOS_VERSION_SIZE = 15,
	ZYNOS_HEADER = 48,
	ZYNOS_HAS_CODED_SUM = 0x20, ZYNOS_HAS_SUM = 0x40, ZYNOS_IS_CODED = 0x80,
	ZYNOS_SIZE_MAX = 0x8000000,
	ZYNOS_FIX_MAX = 16,	/* an object so small is there for that word alone */
};

static bool is_zynos(const struct image_input *in)
{
	const uint8_t *header = in->data.data;
	uint8_t type;

	if (in->data.size < ZYNOS_HEADER || memcmp(header + ZYNOS_SIGNATURE, "SIG", 3) != 0)
		return false;
	type = header[ZYNOS_TYPE];
	return ((type >= 1 && type <= 7) || (type >= 0x80 && type <= 0x82)) && load_be32(header + ZYNOS_SIZE) <= ZYNOS_SIZE_MAX &&
	       load_be32(header + ZYNOS_CODED_SIZE) <= ZYNOS_SIZE_MAX;
}

/* Words added up, what is carried out of 16 bits added again; an odd last byte is the high half of a word. */
static uint16_t zynos_sum(struct bytes over)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < over.size; i += 2) {
		sum += (uint32_t)over.data[i] << 8 | (i + 1 < over.size ? over.data[i + 1] : 0);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

/* The first object may be the whole file, or a loader's extension behind which others lie; the tools choose a word of it so that the sum is right
 * for both. */
static void inspect_zynos(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	bool is_coded = header[ZYNOS_FLAGS] & ZYNOS_IS_CODED, has_sum = header[ZYNOS_FLAGS] & (is_coded ? ZYNOS_HAS_CODED_SUM : ZYNOS_HAS_SUM);
	uint64_t end = ZYNOS_HEADER + (uint64_t)load_be32(header + (is_coded ? ZYNOS_CODED_SIZE : ZYNOS_SIZE));
	uint16_t want = load_be16(header + (is_coded ? ZYNOS_CODED_SUM : ZYNOS_SUM)), have;

	image_set_vendor(facts, "ZyXEL");
	image_text(facts->version, sizeof(facts->version), bytes_of(header + ZYNOS_VERSION, ZYNOS_VERSION_SIZE));
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	if (end > in->size) {
		image_declare(in, facts, end);
		return;
	}
	if (!has_sum || in->data.size < in->size)
		return;
	have = zynos_sum(bytes_from(in->data, ZYNOS_HEADER));
	if (have == want || end == in->size || end <= ZYNOS_HEADER + ZYNOS_FIX_MAX) {
		image_compare(facts, ZYNOS_HEADER, "its data", have, want);
		image_covered(facts, "size and a sum of 16 bits over all of it");
	} else if (zynos_sum(image_slice(in, ZYNOS_HEADER, end - ZYNOS_HEADER)) != want)
		image_broken(facts, ZYNOS_HEADER, "its first object is damaged: the sum does not match");
	else
		text_copy(facts->checked, sizeof(facts->checked), "the sum of its first object alone");
}

const struct image_format image_format_zynos = { .word = "zyxel-zynos", .title = "ZyNOS image", .matches = is_zynos, .inspect = inspect_zynos };

/* --- Broadcom WFI record: 20 bytes behind an image: CRC of all before it, version, chip, kind of flash, flags; in the processor's byte order --- */

enum { WFI_VERSION = 4, WFI_CHIP = 8, WFI_FLASH = 12, WFI_FLASH_MAX = 16, WFI_SIZE = 20 };

static bool is_wfi(const uint8_t *record, uint32_t (*load)(const uint8_t *at))
{
	uint32_t version = load(record + WFI_VERSION), chip = load(record + WFI_CHIP);

	return version >= 0x5731 && version <= 0x5733 && chip >= 0x3000 && chip <= 0xfffff && load(record + WFI_FLASH) <= WFI_FLASH_MAX;
}

static bool inspect_wfi(const struct image_input *in, struct image_facts *facts, uint64_t *ret_start)
{
	uint32_t (*load)(const uint8_t *at) = load_le32;
	const uint8_t *record;
	char chip[16];

	if (in->data.size < in->size || in->data.size <= WFI_SIZE)
		return false;
	record = in->data.data + in->size - WFI_SIZE;
	if (!is_wfi(record, load_le32)) {
		load = load_be32;
		if (!is_wfi(record, load_be32))
			return false;
	}
	*ret_start = in->size - WFI_SIZE;
	text_copy(facts->title, sizeof(facts->title), "Broadcom image for NAND");
	image_set_vendor(facts, "Broadcom");
	/* its digits read as they are: 0x4908 is the BCM4908 */
	text_format(chip, sizeof(chip), "BCM%" PRIx32, load(record + WFI_CHIP));
	image_add_board(facts, bytes_of_text(chip));
	image_compare(facts, 0, "it", image_crc32_raw1(in, bytes_of(in->data.data, (size_t)*ret_start)), load(record));
	image_covered(facts, "the checksum of the Broadcom record, over the whole file");
	return true;
}

const struct image_trailer image_trailer_broadcom_wfi = { .word = "broadcom-wfi", .inspect = inspect_wfi };
