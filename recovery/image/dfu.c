/* recovery/image/dfu.c
 *
 * USB device firmware upgrade: the suffix that ends a file and covers all of it, ST's DfuSe file, and the prefixes that two chip makers'
 * boot ROMs want in front.
 * Source: USB DFU 1.1, appendix B; ST UM0391 (DfuSe); TI SPMA003 (Stellaris); dfu-util (dfu_file.c, dfu-suffix(1), dfu-prefix(1)). */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	SUFFIX_SIZE = 16,
	SUFFIX_DEVICE = 0,
	SUFFIX_PRODUCT = 2,
	SUFFIX_VENDOR = 4,
	SUFFIX_MARK = 8,
	SUFFIX_LENGTH = 11,
	SUFFIX_CRC = 12,
	ANY = 0xffff,
};

static void tell_usb_ids(struct image_facts *facts, const uint8_t *suffix)
{
	unsigned vendor = load_le16(suffix + SUFFIX_VENDOR), product = load_le16(suffix + SUFFIX_PRODUCT);
	char board[24];

	if (vendor != ANY) {
		text_format(board, sizeof(board), product == ANY ? "usb %04x" : "usb %04x:%04x", vendor, product);
		image_add_board(facts, bytes_of_text(board));
	}
	text_format(facts->version, sizeof(facts->version), "bcdDevice %04x", load_le16(suffix + SUFFIX_DEVICE));
}

/* The length lies in the suffix, so that it can grow; it counts from the end of the file, and the fields known today are its last. */
enum { LPC_PREFIX = 16 };

static bool is_lpc(const struct image_input *in);

/* dfu-prefix(1) puts its prefix in front of what has a suffix already, whose checksum stays as it was. */
static bool is_right_without_prefix(const struct image_input *in, uint32_t want)
{
	struct image_input program = *in;

	program.size -= SUFFIX_SIZE;
	program.data.size -= SUFFIX_SIZE;
	/* the sum does not cover what dfu-prefix and the makers' own tools write: the options with the unused bits clear or set, and filler */
	if (!is_lpc(&program) || (in->data.data[0] & 0xc0) != (in->data.data[1] & 0xc0) || (in->data.data[0] >> 6 != 0 && in->data.data[0] >> 6 != 3) ||
	    image_padding(bytes_of(in->data.data + 4, 8)) < 8)
		return false;
	return image_crc32_raw1(in, bytes_of(in->data.data + LPC_PREFIX, in->data.size - 4 - LPC_PREFIX)) == want;
}

static bool inspect_suffix(const struct image_input *in, struct image_facts *facts, uint64_t *ret_start)
{
	const uint8_t *suffix = in->data.data + in->data.size - SUFFIX_SIZE;
	uint32_t want, have;

	if (in->data.size <= SUFFIX_SIZE || in->data.size < in->size || memcmp(suffix + SUFFIX_MARK, "UFD", 3) != 0 ||
	    suffix[SUFFIX_LENGTH] < SUFFIX_SIZE || suffix[SUFFIX_LENGTH] >= in->data.size)
		return false;
	want = load_le32(suffix + SUFFIX_CRC);
	have = image_crc32_raw1(in, bytes_of(in->data.data, in->data.size - 4));
	text_copy(facts->title, sizeof(facts->title), "DFU file");
	text_copy(facts->checked, sizeof(facts->checked), "the checksum of the DFU suffix, over all of it");
	tell_usb_ids(facts, suffix);
	if (have != want && is_right_without_prefix(in, want)) {
		text_copy(facts->checked, sizeof(facts->checked), "the checksum of the DFU suffix, over all but its prefix of 16 bytes");
		facts->whole = IMAGE_YES;
	} else if (have != want)
		image_broken(facts, 0, "it is damaged: its DFU suffix has checksum %08" PRIx32 ", found %08" PRIx32, want, have);
	else
		facts->whole = IMAGE_YES;
	*ret_start = in->data.size - suffix[SUFFIX_LENGTH];
	return true;
}

const struct image_trailer image_trailer_dfu_suffix = { .word = "dfu-suffix", .inspect = inspect_suffix };

/* --- DfuSe --- */

enum {
	DFUSE_HEADER = 11,
	DFUSE_SIZE = 6,
	DFUSE_TARGETS = 10,
	TARGET_HEADER = 274,
	TARGET_NAMED = 7,
	TARGET_NAME = 11,
	TARGET_NAME_SIZE = 255,
	TARGET_SIZE = 266,
	TARGET_ELEMENTS = 270,
	ELEMENT_HEADER = 8,
	ELEMENTS_MAX = 4096,	/* of all targets */
};

static bool matches_dfuse(const struct image_input *in)
{
	return in->data.size >= DFUSE_HEADER && image_starts_with(in->data, BYTES("DfuSe\x01"));
}

/* Returns where the next target begins, 0 when that cannot be followed. */
static uint64_t read_target(const struct image_input *in, struct image_facts *facts, uint64_t at, unsigned *elements)
{
	const uint8_t *header = in->data.data + at;
	uint64_t end, element = at + TARGET_HEADER;
	uint32_t count;
	char name[48];

	if (!image_in_memory(in, at, TARGET_HEADER))
		return 0;
	count = load_le32(header + TARGET_ELEMENTS);
	end = element + load_le32(header + TARGET_SIZE);
	if (memcmp(header, "Target", 6) != 0) {
		image_broken(facts, at, "its list of targets is damaged");
		return 0;
	}
	if (load_le32(header + TARGET_NAMED) != 0 && facts->name[0] == '\0') {
		image_set_name(facts, bytes_of(header + TARGET_NAME, TARGET_NAME_SIZE));
		facts->version[0] = '\0';
	}
	for (uint32_t i = 0; i < count && *elements < ELEMENTS_MAX; i++, ++*elements) {
		uint64_t size;

		if (element + ELEMENT_HEADER > end) {
			image_broken(facts, element, "its target at 0x%" PRIx64 " has fewer bytes than its elements", at);
			return 0;
		}
		if (!image_in_memory(in, element, ELEMENT_HEADER))
			return 0;
		size = load_le32(in->data.data + element + 4);
		text_format(name, sizeof(name), "to 0x%08" PRIx32, load_le32(in->data.data + element));
		image_add_part(in, facts, element + ELEMENT_HEADER, size, name);
		element += ELEMENT_HEADER + size;
	}
	if (element != end && *elements < ELEMENTS_MAX) {
		image_broken(facts, at + TARGET_SIZE, "its target at 0x%" PRIx64 " is not as long as its elements", at);
		return 0;
	}
	return end;
}

/* UM0391 leaves the suffix out of the size; some tools count it. */
static void inspect_dfuse(const struct image_input *in, struct image_facts *facts)
{
	unsigned targets = in->data.data[DFUSE_TARGETS], elements = 0;
	uint64_t at = DFUSE_HEADER, size = load_le32(in->data.data + DFUSE_SIZE);

	text_copy(facts->checked, sizeof(facts->checked), "sizes; the suffix that would cover it is not there");
	facts->ends_exactly = true;
	if (size == in->size + SUFFIX_SIZE)
		size = in->size;	/* the suffix was looked at before */
	if (!image_declare(in, facts, size))
		return;
	for (unsigned i = 0; i < targets && at != 0; i++)
		at = read_target(in, facts, at, &elements);
	if (at != 0 && at != size && at + SUFFIX_SIZE != size)
		image_broken(facts, DFUSE_SIZE, "its targets end at %" PRIu64 ", expected %" PRIu64, at, size);
	/* a good one was taken off before */
	if (at != 0 && in->data.size == in->size && in->size == at + SUFFIX_SIZE)
		image_broken(facts, at, "its suffix is damaged: it is cut off, or its tail was lost");
}

const struct image_format image_format_dfuse = {
	.word = "dfuse", .title = "DfuSe file", .matches = matches_dfuse, .inspect = inspect_dfuse,
};

/* --- prefixes; what they say must fit the file to the byte, for they have no magic worth the name --- */

enum { STELLARIS_PREFIX = 8, LPC_BLOCK = 512 };

static bool is_stellaris(const struct image_input *in)
{
	return in->size > STELLARIS_PREFIX && in->data.size >= STELLARIS_PREFIX && in->data.data[0] == 1 && in->data.data[1] == 0 &&
	       load_le32(in->data.data + 4) == in->size - STELLARIS_PREFIX;
}

static bool is_lpc(const struct image_input *in)
{
	const uint8_t *prefix = in->data.data;

	return in->size > LPC_PREFIX && in->data.size >= LPC_PREFIX && (prefix[0] & 0x3f) == 0x1a && (prefix[1] & 0x3f) == 0x3f &&
	       load_le32(prefix + 12) == UINT32_MAX && load_le16(prefix + 2) == (in->size - LPC_PREFIX + LPC_BLOCK - 1) / LPC_BLOCK;
}

static bool matches_prefix(const struct image_input *in)
{
	return is_stellaris(in) || is_lpc(in);
}

static void inspect_prefix(const struct image_input *in, struct image_facts *facts)
{
	text_copy(facts->checked, sizeof(facts->checked), "size");
	text_copy(facts->arch, sizeof(facts->arch), "arm");	/* both makers' chips are Cortex-M */
	if (is_lpc(in)) {
		text_copy(facts->title, sizeof(facts->title), "DFU file for NXP LPC");
		image_add_part(in, facts, LPC_PREFIX, in->size - LPC_PREFIX, "program");
	} else {
		text_format(facts->title, sizeof(facts->title), "DFU file for TI Stellaris, to 0x%08x",
			    load_le16(in->data.data + 2) * 1024u);
		image_add_part(in, facts, STELLARIS_PREFIX, in->size - STELLARIS_PREFIX, "program");
	}
	facts->declared_size = in->size;
}

const struct image_format image_format_dfu_prefix = {
	.word = "dfu-prefix", .title = "DFU file with a prefix", .matches = matches_prefix, .inspect = inspect_prefix,
};
