/* recovery/image/sunxi.c
 *
 * What Allwinner's boot ROM loads: eGON (and U-Boot 32 KiB behind it), and TOC0 for chips in secure mode.
 * Source: U-Boot include/sunxi_image.h, tools/sunxi_egon.c, tools/sunxi_toc0.c; doc/board/allwinner/sunxi.rst. */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	HEADER = 32,
	AT_SUM = 12,
	STAMP = 0x5f0a6c39,		/* what counts in place of the sum */
	EGON_AT_LENGTH = 16, EGON_AT_SPL = 20, EGON_AT_NAME = 32,
	TOC0_AT_MAGIC = 8, TOC0_AT_LENGTH = 28, TOC0_MAGIC = 0x89119800u,
	LENGTH_MAX = 1024 * 1024,	/* larger than any chip's SRAM */
	U_BOOT = 32 * 1024,
	NAME_MAX_SIZE = 64,
};

static void check_sum(const struct image_input *in, struct image_facts *facts, uint32_t length)
{
	uint32_t want = load_le32(in->data.data + AT_SUM), have = STAMP - want;

	for (uint32_t i = 0; i < length; i += 4)
		have += load_le32(in->data.data + i);
	text_copy(facts->checked, sizeof(facts->checked), "its sum");
	if (have != want)
		image_broken(facts, AT_SUM, "it is damaged: the sum is %08" PRIx32 ", its header says %08" PRIx32, have, want);
	else if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

/* True when the sum could be compared. */
static bool check_length(const struct image_input *in, struct image_facts *facts, unsigned at)
{
	uint32_t length = load_le32(in->data.data + at);

	if (length < HEADER || length > LENGTH_MAX || length % 4 != 0) {
		image_broken(facts, at, "its header is damaged: it says that it has %" PRIu32 " bytes", length);
		return false;
	}
	if (!image_declare(in, facts, length) || !image_in_memory(in, 0, length))
		return false;
	check_sum(in, facts, length);
	return true;
}

/* --- eGON --- */

static bool is_egon(const struct image_input *in)
{
	return in->data.size >= 4 * HEADER && memcmp(in->data.data + 4, "eGON.BT", 7) == 0;
}

/* The file name of the device tree names the chip. The boot ROM of a 64-bit chip starts 32-bit code, so that the instructions do not. */
static void read_board(const struct image_input *in, struct image_facts *facts)
{
	uint32_t name = load_le32(in->data.data + EGON_AT_NAME);

	if (memcmp(in->data.data + EGON_AT_SPL, "SPL", 3) == 0 && in->data.data[EGON_AT_SPL + 3] >= 2 && name >= HEADER && name < LENGTH_MAX)
		image_set_name(facts, image_slice(in, name, NAME_MAX_SIZE));
	facts->version[0] = '\0';
	if (facts->name[0] == '\0')
		return;
	/* a name may have a folder, as in allwinner/sun50i-a64-pine64-plus */
	image_add_board(facts, bytes_of_text(strrchr(facts->name, '/') != NULL ? strrchr(facts->name, '/') + 1 : facts->name));
	if (text_starts(facts->boards[0], "sun50i") || text_starts(facts->boards[0], "sun55i"))
		text_copy(facts->arch, sizeof(facts->arch), "arm64");
	else if (text_starts(facts->boards[0], "sun20i"))
		text_copy(facts->arch, sizeof(facts->arch), "riscv64");
	else if (text_starts(facts->boards[0], "sun") && image_code_arch(in->data.data)[0] != '\0')
		text_copy(facts->arch, sizeof(facts->arch), image_code_arch(in->data.data));
}

/* Nothing but padding lies between the SPL, which its sum covers, and U-Boot. */
static bool is_gap_empty(const struct image_input *in, uint64_t length)
{
	struct bytes gap = image_slice(in, length, U_BOOT - length);

	return gap.size == 0 || image_padding(gap) == gap.size;
}

/* The SPL's sum covers the SPL alone. Returns where what follows ends; 0: nothing that is known follows. */
static uint64_t look_behind(const struct image_input *in, struct image_facts *facts)
{
	uint64_t end = image_add_rest(in, facts, U_BOOT, "U-Boot");
	const struct image_part *part = facts->part_count > 0 ? &facts->parts[0] : NULL;

	if (part == NULL)
		return 0;
	if (end == 0 && facts->member_problem.what[0] == '\0') {
		if (image_in_memory(in, U_BOOT, 1))
			facts->part_count--;	/* nothing that is known */
		return 0;
	}
	/* damage of a part counts only where the file is not yet said to be whole; common/spl/spl.c: the SPL starts a legacy image or a FIT */
	if (facts->whole == IMAGE_YES && (part->whole != IMAGE_YES || !is_gap_empty(in, facts->declared_size)))
		facts->whole = IMAGE_UNKNOWN;
	if (text_equal(part->format, "uimage") || text_equal(part->format, "fit"))
		return end;
	if (facts->whole == IMAGE_YES)
		facts->whole = IMAGE_UNKNOWN;
	image_problem(facts, U_BOOT, "another image (%s) follows where U-Boot is expected: two may have been joined", part->format);
	return end;
}

static void inspect_egon(const struct image_input *in, struct image_facts *facts)
{
	uint64_t end, length = load_le32(in->data.data + EGON_AT_LENGTH);
	bool is_checked;

	image_set_vendor(facts, "Allwinner");
	text_copy(facts->checked, sizeof(facts->checked), "its header");
	read_board(in, facts);
	is_checked = check_length(in, facts, EGON_AT_LENGTH);
	facts->is_padded_by_nature = true;
	if (length > U_BOOT || in->size <= U_BOOT)
		return;
	end = look_behind(in, facts);
	if (end == 0)
		return;
	facts->declared_size = end;
	text_copy(facts->title, sizeof(facts->title), "Allwinner boot loader (SPL and U-Boot)");
	if (is_checked)
		text_copy(facts->checked, sizeof(facts->checked), facts->parts[0].whole == IMAGE_UNKNOWN ?
			  "the sum of the SPL; not all of what follows it" : "the sum of the SPL, and the checksums of what follows it");
}

const struct image_format image_format_egon = {
	.role = IMAGE_ROLE_LOADER, .word = "egon-spl", .title = "Allwinner boot loader (SPL)", .matches = is_egon, .inspect = inspect_egon,
};

/* --- TOC0 --- */

static bool is_toc0(const struct image_input *in)
{
	return in->data.size >= 2 * HEADER && memcmp(in->data.data, "TOC0.GLH", 8) == 0 && load_le32(in->data.data + TOC0_AT_MAGIC) == TOC0_MAGIC;
}

static void inspect_toc0(const struct image_input *in, struct image_facts *facts)
{
	image_set_vendor(facts, "Allwinner");
	text_copy(facts->checked, sizeof(facts->checked), "its header");
	(void)check_length(in, facts, TOC0_AT_LENGTH);
	facts->is_padded_by_nature = true;
}

const struct image_format image_format_toc0 = {
	.role = IMAGE_ROLE_LOADER, .word = "allwinner-toc0", .title = "Allwinner boot loader (TOC0, secure)", .matches = is_toc0, .inspect = inspect_toc0,
};
