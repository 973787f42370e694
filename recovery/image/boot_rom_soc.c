/* recovery/image/boot_rom_soc.c
 *
 * More headers that boot ROMs read: i.MX23/28, QorIQ, LPC32xx, AT91, DaVinci (AIS and UBL), StarFive JH7110, RZ/N1. Three of them cover what they load.
 * Source: U-Boot tools/mxsimage.h, pblimage.c, pbl_crc32.c, lpc32xximage.c, atmelimage.c, aisimage.h, ublimage.h, sfspl.c, renesas_spkgimage.h; NXP
 * QorIQ reference manuals, "Pre-boot loader" (PBI commands). */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

static void begin(struct image_facts *facts, const char *vendor, const char *arch, const char *checked)
{
	image_set_vendor(facts, vendor);
	text_copy(facts->arch, sizeof(facts->arch), arch);
	text_copy(facts->checked, sizeof(facts->checked), checked);
	facts->is_padded_by_nature = true;
}

static bool is_zero(struct bytes in)
{
	return in.size == 0 || (in.data[0] == 0 && image_padding(in) == in.size);
}

/* --- i.MX23, i.MX28: SB files, whose commands and digest are encrypted --- */

enum { SB_HEADER = 96, SB_AT_MARK = 20, SB_AT_VERSION = 24, SB_AT_BLOCKS = 28, SB_BLOCK = 16 };

static bool is_sb(const struct image_input *in)
{
	return in->data.size >= SB_HEADER && memcmp(in->data.data + SB_AT_MARK, "STMP\1", 5) == 0;
}

static void inspect_sb(const struct image_input *in, struct image_facts *facts)
{
	struct bytes covered = image_slice(in, SB_AT_MARK, SB_HEADER - SB_AT_MARK);

	begin(facts, "NXP", "arm", "the digest of its header, and size; that of the contents is encrypted");
	if (image_compare_digest(in, facts, "sha1", &covered, 1, 0, "its header", image_slice(in, 0, SB_AT_MARK)) != IMAGE_NO)
		image_declare(in, facts, (uint64_t)load_le32(in->data.data + SB_AT_BLOCKS) * SB_BLOCK);
}

const struct image_format image_format_mxs_sb = {
	.role = IMAGE_ROLE_LOADER, .word = "mxs-sb", .title = "i.MX23/28 boot image", .matches = is_sb, .inspect = inspect_sb,
};

/* --- QorIQ: a reset configuration word, then commands for the pre-boot loader, the last of which has a checksum of all before --- */

enum { PBL_HEADER = 8, PBL_RCW = 64, PBL_COMMANDS = 1 << 20, PBL_COMMAND = 4, PBL_LONGEST = 64 };

/* Of PowerPC, and of Layerscape, whose processors may be of 32 or of 64 bits. */
static bool is_power_pbl(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\xaa\x55\xaa\x55\x01\x0e\x01\x00"));
}

static bool is_pbl(const struct image_input *in)
{
	return is_power_pbl(in) || image_starts_with(in->data, BYTES("\xaa\x55\xaa\x55\x01\xee\x01\x00"));
}

/* The command that ends the list; 0: it is damaged or cut off, which is told. */
static uint64_t find_pbl_end(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = PBL_HEADER + PBL_RCW;

	for (unsigned i = 0; i < PBL_COMMANDS; i++) {
		struct bytes command = image_slice(in, at, PBL_COMMAND);
		unsigned size;

		if (command.size < PBL_COMMAND) {
			image_declare(in, facts, at + 2 * PBL_COMMAND);
			return 0;
		}
		size = command.data[0] >> 1 & 0x3f;
		if ((command.data[0] & 1) == 0 && size == PBL_COMMAND)
			return at;
		if ((command.data[0] & 1) == 0)
			break;
		at += PBL_COMMAND + (size > 0 ? size : PBL_LONGEST);
	}
	image_broken(facts, at, "its command at byte %" PRIu64 " is damaged", at);
	return 0;
}

static void inspect_pbl(const struct image_input *in, struct image_facts *facts)
{
	uint64_t last, end;

	begin(facts, "NXP", is_power_pbl(in) ? "ppc" : "", "its commands");
	last = find_pbl_end(in, facts);
	if (last == 0)
		return;
	end = last + 2 * PBL_COMMAND;
	if (!image_declare(in, facts, end) || !image_in_memory(in, 0, end))
		return;
	if (image_compare(facts, 0, "it", image_crc32_msb(image_slice(in, 0, last + PBL_COMMAND)), load_be32(in->data.data + last + PBL_COMMAND)))
		image_covered(facts, "its checksum, over all of it");
}

const struct image_format image_format_pbl = {
	.role = IMAGE_ROLE_LOADER, .word = "qoriq-pbl", .title = "QorIQ boot image (RCW and PBI)", .matches = is_pbl, .inspect = inspect_pbl,
};

/* --- LPC32xx: a page of NAND flash with each number twice and its complement twice --- */

enum { LPC_WORDS = 12, LPC_HEADER = 2048, LPC_GOOD = 0xaa, LPC_AT_GOOD = 12 * 4, LPC_AT_END = 128 * 4 };

static bool is_pair(const uint8_t *at, uint32_t value)
{
	return load_le32(at) == value && load_le32(at + 4) == (~value & 0xff);
}

static bool is_lpc32xx(const struct image_input *in)
{
	const uint8_t *head = in->data.data;

	if (in->data.size < LPC_HEADER || load_le32(head) > 0xff || load_le32(head + 16) == 0 || load_le32(head + 16) > 0xff ||
	    load_le32(head + LPC_AT_GOOD) != LPC_GOOD)
		return false;
	for (unsigned i = 0; i < LPC_WORDS; i += 2)
		if (!is_pair(head + i * 4, load_le32(head + (i < 4 ? 0 : 16))))
			return false;
	return true;
}

/* By some builders the page of the header counts. */
static void inspect_lpc32xx(const struct image_input *in, struct image_facts *facts)
{
	uint64_t pages = load_le32(in->data.data + 16);

	begin(facts, "NXP", "arm", "size; nothing covers the contents");
	if (load_le32(in->data.data + LPC_AT_END) != LPC_GOOD)
		image_broken(facts, LPC_AT_END, "its header is damaged: the mark at its end is missing");
	else if (in->size <= (pages - 1) * LPC_HEADER)
		image_declare(in, facts, pages * LPC_HEADER);
	else
		facts->declared_size = in->size < (pages + 1) * LPC_HEADER ? in->size : (pages + 1) * LPC_HEADER;
}

const struct image_format image_format_lpc32xx = {
	.role = IMAGE_ROLE_LOADER, .word = "lpc32xx", .title = "LPC32xx boot image", .matches = is_lpc32xx, .inspect = inspect_lpc32xx,
};

/* --- AT91: ARM's vectors, with the size in the one that is never used --- */

enum { AT91_VECTORS = 7, AT91_SIZE_AT = 5, AT91_NAND = 52, AT91_MIN = 64, AT91_MAX = 256 * 1024 };

/* In front of it, for NAND flash, one word again and again that says how the flash is read. */
static uint64_t at91_start(const struct image_input *in)
{
	struct bytes head = image_slice(in, 0, AT91_NAND * 4);

	if (head.size < AT91_NAND * 4 || head.data[3] >> 4 != 0xc)
		return 0;
	return memcmp(head.data, head.data + 4, head.size - 4) == 0 ? head.size : 0;
}

static bool is_at91(const struct image_input *in)
{
	struct bytes vectors = image_slice(in, at91_start(in), AT91_VECTORS * 4);

	if (vectors.size < AT91_VECTORS * 4)
		return false;
	for (unsigned i = 0; i < AT91_VECTORS; i++) {
		uint32_t code = load_le32(vectors.data + i * 4);

		/* a jump, or one by a number nearby */
		if (i == AT91_SIZE_AT ? code < AT91_MIN || code > AT91_MAX || code % 4 != 0 : code >> 24 != 0xea && code >> 12 != 0xe59ff)
			return false;
	}
	return true;
}

static void inspect_at91(const struct image_input *in, struct image_facts *facts)
{
	uint64_t start = at91_start(in);

	begin(facts, "Microchip", "arm", "size; nothing covers the contents");
	if (start > 0)
		text_copy(facts->title, sizeof(facts->title), "AT91 boot image for NAND flash");
	image_declare(in, facts, start + load_le32(in->data.data + start + AT91_SIZE_AT * 4));
}

const struct image_format image_format_at91 = {
	.role = IMAGE_ROLE_LOADER, .word = "at91-boot", .title = "AT91 boot image", .matches = is_at91, .inspect = inspect_at91,
};

/* --- DaVinci --- */

enum {
	AIS_COMMANDS = 4096, AIS_LOAD = 0x58535901, AIS_CHECK = 0x58535902, AIS_SUM_ON = 0x58535903, AIS_SUM_OFF = 0x58535904, AIS_JUMP = 0x58535905,
	AIS_END = 0x58535906, AIS_TABLE = 0x58535907, AIS_FILL = 0x5853590a, AIS_FUNCTION = 0x5853590d, AIS_READ = 0x58535963,
};

static bool is_ais(const struct image_input *in)
{
	return in->data.size >= 16 && load_le32(in->data.data) == 0x41504954 && load_le32(in->data.data + 4) >> 8 == AIS_LOAD >> 8;
}

/* With its words, command included; 0: no such command. */
static uint64_t ais_size(struct bytes at)
{
	switch (load_le32(at.data)) {
	case AIS_LOAD:
		return at.size >= 12 ? 12 + (uint64_t)load_le32(at.data + 8) : 12;
	case AIS_FUNCTION:
		return at.size >= 8 ? 8 + (uint64_t)load_le16(at.data + 6) * 4 : 8;
	case AIS_FILL:
		return 20;
	case AIS_TABLE:
		return 16;
	case AIS_CHECK:
		return 12;
	case AIS_JUMP: case AIS_END:
		return 8;
	case AIS_SUM_ON: case AIS_SUM_OFF: case AIS_READ:
		return 4;
	default:
		return 0;
	}
}

static void inspect_ais(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = 4, size;

	begin(facts, "Texas Instruments", "arm", "its commands; nothing covers the contents");
	for (unsigned i = 0; i < AIS_COMMANDS; i++, at += size) {
		struct bytes command = image_slice(in, at, 12);

		if (command.size < 4) {
			image_declare(in, facts, at + 8);
			return;
		}
		size = ais_size(command);
		if (load_le32(command.data) == AIS_END)
			image_declare(in, facts, at + size);
		else if (size == 0)
			image_broken(facts, at, "its command at byte %" PRIu64 " is damaged", at);
		else
			continue;
		return;
	}
}

const struct image_format image_format_davinci_ais = {
	.role = IMAGE_ROLE_LOADER, .word = "davinci-ais", .title = "DaVinci boot image (AIS)", .matches = is_ais, .inspect = inspect_ais,
};

enum { UBL_MAGIC = 0xa1aced, UBL_AT_PAGES = 8, UBL_HEADER = 32, UBL_PAGES_MAX = 1024, UBL_PAGE_MIN = 512 };

static bool is_ubl(const struct image_input *in)
{
	return in->data.size >= UBL_HEADER && load_le32(in->data.data) >> 8 == UBL_MAGIC && load_le32(in->data.data + UBL_AT_PAGES) > 0 &&
	       load_le32(in->data.data + UBL_AT_PAGES) <= UBL_PAGES_MAX;
}

/* How large a page is only the flash knows. */
static void inspect_ubl(const struct image_input *in, struct image_facts *facts)
{
	uint64_t least = (uint64_t)load_le32(in->data.data + UBL_AT_PAGES) * UBL_PAGE_MIN;

	begin(facts, "Texas Instruments", "arm", "its header; nothing covers the contents");
	if (least > in->size)
		image_declare(in, facts, least);
}

const struct image_format image_format_davinci_ubl = {
	.role = IMAGE_ROLE_LOADER, .word = "davinci-ubl", .title = "DaVinci boot image (UBL)", .matches = is_ubl, .inspect = inspect_ubl,
};

/* --- StarFive JH7110 --- */

enum { SF_HEADER = 1024, SF_AT_VERSION = 644, SF_AT_SIZE = 648, SF_AT_START = 652, SF_AT_CRC = 656, SF_END = 660, SF_MAX = 2 * 1024 * 1024 };

static bool is_starfive(const struct image_input *in)
{
	const uint8_t *head = in->data.data;

	return in->data.size >= SF_HEADER && load_le32(head) == 0x240 && load_le32(head + SF_AT_VERSION) == 0x01010101 &&
	       load_le32(head + SF_AT_START) == SF_HEADER && load_le32(head + SF_AT_SIZE) <= SF_MAX;
}

static void inspect_starfive(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *head = in->data.data;
	uint32_t size = load_le32(head + SF_AT_SIZE);

	begin(facts, "StarFive", "riscv64", "size");
	if (!image_declare(in, facts, SF_HEADER + (uint64_t)size) || !image_in_memory(in, SF_HEADER, size))
		return;
	if (!image_compare(facts, SF_HEADER, "it", image_crc32(in, image_slice(in, SF_HEADER, size)), load_le32(head + SF_AT_CRC)))
		return;
	text_copy(facts->checked, sizeof(facts->checked), "its checksum; not all of its header");
	/* where the second copy lies in the flash, which is the same on every board that U-Boot knows */
	if (load_le32(head + 4) == 0x200000 && is_zero(image_slice(in, 8, SF_AT_VERSION - 8)) && is_zero(image_slice(in, SF_END, SF_HEADER - SF_END)))
		image_covered(facts, "its checksum, and its header");
}

const struct image_format image_format_starfive = {
	.role = IMAGE_ROLE_LOADER, .word = "starfive-spl", .title = "StarFive boot loader (SPL)", .matches = is_starfive, .inspect = inspect_starfive,
};

/* --- Renesas RZ/N1 --- */

enum { SPKG_HEADER = 24, SPKG_COPIES = 8, SPKG_AT_LENGTH = 9, SPKG_AT_CRC = 20, SPKG_CRC = 4 };

static bool is_spkg(const struct image_input *in)
{
	return in->data.size >= SPKG_HEADER * SPKG_COPIES && image_starts_with(in->data, BYTES("RZN1\1"));
}

static void inspect_spkg(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *head = in->data.data;
	uint64_t start = SPKG_HEADER * SPKG_COPIES, length = (uint64_t)head[SPKG_AT_LENGTH + 2] << 16 | load_le16(head + SPKG_AT_LENGTH);

	begin(facts, "Renesas", "arm", "the checksum of its header");
	if (!image_compare(facts, 0, "its header", image_crc32(in, image_slice(in, 0, SPKG_AT_CRC)), load_le32(head + SPKG_AT_CRC)))
		return;
	for (unsigned i = 1; i < SPKG_COPIES; i++)
		if (memcmp(head, head + i * SPKG_HEADER, SPKG_HEADER) != 0)
			image_broken(facts, i * SPKG_HEADER, "copy %u of its header is not the same as the first one", i + 1);
	if (!image_declare(in, facts, start + length) || length < SPKG_CRC || !image_in_memory(in, start, length))
		return;
	if (image_compare(facts, start, "it", image_crc32(in, image_slice(in, start, length - SPKG_CRC)), load_le32(head + start + length - SPKG_CRC)))
		image_covered(facts, "the checksums of its header and its contents");
}

const struct image_format image_format_spkg = {
	.role = IMAGE_ROLE_LOADER, .word = "renesas-spkg", .title = "RZ/N1 boot image", .matches = is_spkg, .inspect = inspect_spkg,
};
