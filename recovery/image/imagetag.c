/* recovery/image/imagetag.c
 *
 * Broadcom image tag of CFE (BCM963xx, later DSL and home gateway chips): 256 bytes, mostly numbers as text, with checksums.
 * Source: OpenWrt firmware-utils src/bcm_tag.h, imagetag.c; Linux drivers/mtd/parsers/parser_imagetag.c. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

enum {
	AT_COMPANY = 4, COMPANY_SIZE = 20,
	AT_CHIP = 38, CHIP_SIZE = 6,
	AT_BOARD = 44, BOARD_SIZE = 16,
	AT_BIG_ENDIAN = 60,
	AT_TOTAL = 62, LENGTH_SIZE = 10,
	AT_CFE_LENGTH = 84,
	AT_ROOT = 94, AT_ROOT_LENGTH = 106,
	AT_KERNEL = 116, AT_KERNEL_LENGTH = 128, ADDRESS_SIZE = 12,
	AT_INFO = 162, INFO_SIZE = 30,
	AT_IMAGE_CRC = 216,
	AT_ROOT_CRC = 220,
	AT_HEADER_CRC = 236,
	HEADER_SIZE = 256,
	KERNEL_HEADER = 12,
};

/* One digit of version and zeros, the total length in digits, a chip of four or five digits: text fields where others have none. */
static bool matches(const struct image_input *in)
{
	const uint8_t *tag = in->data.data;
	uint64_t total, chip;

	return in->data.size >= HEADER_SIZE && isdigit(tag[0]) && (tag[1] == 0 || isdigit(tag[1])) && tag[3] == 0 &&
	       image_decimal(bytes_of(tag + AT_TOTAL, LENGTH_SIZE), &total) && total > 0 && tag[AT_BIG_ENDIAN] >= '0' && tag[AT_BIG_ENDIAN] <= '1' &&
	       image_decimal(bytes_of(tag + AT_CHIP, CHIP_SIZE), &chip) && image_is_text(bytes_of(tag + AT_COMPANY, COMPANY_SIZE)) &&
	       image_is_text(bytes_of(tag + AT_BOARD, BOARD_SIZE));
}

static uint32_t header_crc(const struct image_input *in)
{
	return image_crc32_raw1(in, bytes_of(in->data.data, AT_HEADER_CRC));
}

static bool is_sound(const struct image_input *in)
{
	return matches(in) && header_crc(in) == load_be32(in->data.data + AT_HEADER_CRC);
}

/* An address as "0x80010000" or "2147549184". */
static uint64_t read_address(const uint8_t *field)
{
	char text[ADDRESS_SIZE + 1];

	image_text(text, sizeof(text), bytes_of(field, ADDRESS_SIZE));
	return strtoull(text, NULL, 0);
}

static void read_ids(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *tag = in->data.data;
	char chip[CHIP_SIZE + 1], company[COMPANY_SIZE + 1];
	uint64_t kernel = read_address(tag + AT_KERNEL);

	image_text(chip, sizeof(chip), bytes_of(tag + AT_CHIP, CHIP_SIZE));
	image_text(company, sizeof(company), bytes_of(tag + AT_COMPANY, COMPANY_SIZE));
	image_add_board_field(facts, bytes_of(tag + AT_BOARD, BOARD_SIZE));
	image_add_board(facts, bytes_of_text(chip));
	image_set_vendor(facts, text_contains(company, "Broadcom") ? "Broadcom" : company);
	text_format(facts->version, sizeof(facts->version), "tag %c", tag[0]);
	image_text(facts->name, sizeof(facts->name), bytes_of(tag + AT_INFO, INFO_SIZE));
	/* KSEG0, or flash in KSEG1: the chips with ARM have their kernels elsewhere */
	if (kernel >= 0x80000000 && kernel < 0xc0000000)
		text_copy(facts->arch, sizeof(facts->arch), tag[AT_BIG_ENDIAN] == '1' ? "mips" : "mipsel");
}

struct places {
	uint64_t kernel, kernel_size, root, root_size, cfe_size;
};

/* Kernel and root follow the tag in the order of their addresses; a boot loader comes before both. False when the lengths are not those of the
 * file: some images have others there, that satisfy the loader. */
static bool find_places(const uint8_t *tag, uint64_t total, struct places *places)
{
	uint64_t first;

	*places = (struct places){ .cfe_size = 0 };
	image_decimal(bytes_of(tag + AT_CFE_LENGTH, LENGTH_SIZE), &places->cfe_size);
	image_decimal(bytes_of(tag + AT_ROOT_LENGTH, LENGTH_SIZE), &places->root_size);
	image_decimal(bytes_of(tag + AT_KERNEL_LENGTH, LENGTH_SIZE), &places->kernel_size);
	first = HEADER_SIZE + places->cfe_size;
	if (read_address(tag + AT_KERNEL) <= read_address(tag + AT_ROOT)) {
		places->kernel = first;
		places->root = first + places->kernel_size;
	} else {
		places->root = first;
		places->kernel = first + places->root_size;
	}
	return places->cfe_size + places->root_size + places->kernel_size <= total;
}

static void add_parts(const struct image_input *in, struct image_facts *facts, const struct places *places)
{
	if (places->cfe_size > 0)
		image_add_part(in, facts, HEADER_SIZE, places->cfe_size, "cfe");
	if (places->kernel_size > 0)
		image_add_part(in, facts, places->kernel, places->kernel_size, "kernel");
	if (places->root_size > 0)
		image_add_part(in, facts, places->root, places->root_size, "rootfs");
}

/* Alice and Pirelli have the kernel's checksum in the place of the image's. */
static bool is_covered_by_parts(const struct image_input *in, const struct places *places)
{
	const uint8_t *tag = in->data.data;

	return image_crc32_raw1(in, image_slice(in, places->kernel, places->kernel_size)) == load_be32(tag + AT_IMAGE_CRC) &&
	       image_crc32_raw1(in, image_slice(in, places->root, places->root_size)) == load_be32(tag + AT_ROOT_CRC);
}

static void check_contents(const struct image_input *in, struct image_facts *facts, uint64_t total, const struct places *places)
{
	uint32_t have = image_crc32_raw1(in, image_slice(in, HEADER_SIZE, total)), want = load_be32(in->data.data + AT_IMAGE_CRC);
	uint64_t rest = in->size - HEADER_SIZE;

	/* a kernel's header that the tool puts in later is not in the length, but in the checksum */
	if (have != want && rest - total == KERNEL_HEADER && in->data.size == in->size &&
	    image_crc32_raw1(in, bytes_from(in->data, HEADER_SIZE)) == want) {
		facts->declared_size = in->size;
		have = want;
	}
	if (have != want && places != NULL && is_covered_by_parts(in, places)) {
		image_covered(facts, "header, kernel and root checksums");
		return;
	}
	image_compare(facts, HEADER_SIZE, "its data", have, want);
	image_covered(facts, "header and image checksums");
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *tag = in->data.data;
	struct places places;
	uint64_t total = 0;
	bool has_places;

	text_copy(facts->checked, sizeof(facts->checked), "header checksum");
	facts->ends_exactly = true;
	if (!image_compare(facts, AT_HEADER_CRC, "its header", header_crc(in), load_be32(tag + AT_HEADER_CRC)))
		return;
	read_ids(in, facts);
	image_decimal(bytes_of(tag + AT_TOTAL, LENGTH_SIZE), &total);
	has_places = find_places(tag, total, &places);
	if (image_declare(in, facts, HEADER_SIZE + total) && image_in_memory(in, HEADER_SIZE, total))
		check_contents(in, facts, total, has_places ? &places : NULL);
	if (has_places)
		add_parts(in, facts, &places);
}

const struct image_format image_format_bcm963xx_imagetag = {
	.word = "bcm963xx-imagetag", .title = "Broadcom BCM963xx image", .matches = matches, .inspect = inspect, .is_sound = is_sound,
};
