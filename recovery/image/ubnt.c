/* recovery/image/ubnt.c
 *
 * Ubiquiti: a header with the version, parts, and a last record, each with a CRC. Big-endian.
 * Source: OpenWrt firmware-utils src/fw.h, mkfwimage.c, mkfwimage2.c. */
#include <ctype.h>
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	AT_VERSION = 4,
	VERSION_SIZE = 256,
	AT_CRC = 260,
	HEADER_SIZE = 268,
	PART_NAME = 4,
	PART_NAME_SIZE = 16,
	PART_DATA_SIZE = 48,
	PART_HEADER = 56,
	PART_TAIL = 8,
	END_SIZE = 12,
	ENDS_SIZE = 264,	/* magic, RSA 256, pad */
	PARTS = 24,
};

static bool matches(const struct image_input *in)
{
	static const char *const magics[] = { "OPEN", "UBNT", "GEOS" };

	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (image_starts_with(in->data, bytes_of_text(magics[i])))
			/* "XM.ar7240.v5.6.0": a word is four letters as well */
			return in->data.size < AT_VERSION + 2 ||
			       (isupper(in->data.data[AT_VERSION]) && image_is_text(image_slice(in, AT_VERSION, VERSION_SIZE)) &&
				memchr(in->data.data + AT_VERSION, '.', image_slice(in, AT_VERSION, 32).size) != NULL);
	return false;
}

/* "XM.ar7240.v5.6.0": the platform is the board's family, the chip tells the processor. */
static void read_version(struct image_facts *facts, struct bytes field)
{
	static const struct { const char *chip, *arch; } chips[] = {
		{ "ar", "mips" }, { "qca", "mips" }, { "mt7", "mipsel" }, { "rt3", "mipsel" }, { "ipq", "arm" }, { "bcm", "arm" },
	};
	const char *dot;

	image_text(facts->name, sizeof(facts->name), field);
	text_copy(facts->version, sizeof(facts->version), facts->name);
	dot = strchr(facts->name, '.');
	if (dot == NULL)
		return;
	image_add_board(facts, bytes_of(facts->name, (size_t)(dot - facts->name)));
	for (size_t i = 0; i < ARRAY_SIZE(chips); i++)
		if (text_starts(dot + 1, chips[i].chip) && isdigit((unsigned char)dot[1 + strlen(chips[i].chip)]))
			text_copy(facts->arch, sizeof(facts->arch), chips[i].arch);
}

/* Returns where it ends, 0 when it lies outside. */
static uint64_t read_part(const struct image_input *in, struct image_facts *facts, uint64_t at, uint64_t *budget)
{
	const uint8_t *header = in->data.data + at;
	uint64_t size = load_be32(header + PART_DATA_SIZE), covered = PART_HEADER + size;
	bool is_right = false;
	char name[PART_NAME_SIZE + 1];

	image_text(name, sizeof(name), bytes_of(header + PART_NAME, PART_NAME_SIZE));
	if (!image_declare(in, facts, at + covered + PART_TAIL))
		return 0;
	if (image_in_memory(in, at, covered + PART_TAIL) && covered <= *budget) {
		*budget -= covered;
		is_right = image_crc32(in, image_slice(in, at, covered)) == load_be32(header + covered);
		if (!is_right)
			image_broken(facts, at, "its part '%s' is damaged: the checksum does not match", name);
	}
	image_add_checked_part(in, facts, at + PART_HEADER, size, name, is_right);
	return at + covered + PART_TAIL;
}

/* Returns whether it is the last record. */
static bool read_end(const struct image_input *in, struct image_facts *facts, uint64_t at)
{
	struct bytes magic = image_slice(in, at, 4);

	if (image_starts_with(magic, BYTES("ENDS"))) {
		image_declare(in, facts, at + ENDS_SIZE);
		image_covered(facts, "the checksums of header and parts; its signature is not checked");
		return true;
	}
	if (!image_starts_with(magic, BYTES("END.")))
		return false;
	if (image_declare(in, facts, at + END_SIZE) && image_in_memory(in, at, END_SIZE)) {
		image_compare(facts, at, "it", image_crc32(in, bytes_of(in->data.data, (size_t)at)), load_be32(in->data.data + at + 4));
		image_covered(facts, "the checksums of header, parts and all of it");
	}
	return true;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = HEADER_SIZE, budget = in->size;

	image_set_vendor(facts, "Ubiquiti");
	if (!image_has_header(in, facts, HEADER_SIZE))
		return;
	facts->ends_exactly = true;
	text_copy(facts->checked, sizeof(facts->checked), "header checksum");
	if (!image_compare(facts, AT_CRC, "its header", image_crc32(in, bytes_of(in->data.data, AT_CRC)), load_be32(in->data.data + AT_CRC)))
		return;
	read_version(facts, bytes_of(in->data.data + AT_VERSION, VERSION_SIZE));
	for (unsigned i = 0; i < PARTS && at != 0; i++) {
		if (image_in_memory(in, at, 4) && read_end(in, facts, at))
			return;
		if (at + END_SIZE > in->size || (image_in_memory(in, at, 4) && at + PART_HEADER > in->size))
			image_broken(facts, in->size, "it is cut off: its last record is missing");
		if (!image_in_memory(in, at, PART_HEADER))
			return;
		/* older tools write "EXEC" before a program that is run once */
		if (memcmp(in->data.data + at, "PART", 4) != 0 && memcmp(in->data.data + at, "EXEC", 4) != 0) {
			image_broken(facts, at, "its parts are damaged: none begins here");
			return;
		}
		at = read_part(in, facts, at, &budget);
	}
}

const struct image_format image_format_ubnt = {
	.word = "ubnt", .title = "Ubiquiti image", .matches = matches, .inspect = inspect,
};
