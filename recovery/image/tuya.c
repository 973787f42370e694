/* recovery/image/tuya.c
 *
 * Updates of Wi-Fi modules: RT-Thread's package for one partition (RBL), and Tuya's around it or around an ESP8266's two halves.
 * Source: libretiny-eu/ltchiptool, soc/bk72xx/util/rbl.py; RT-Thread rt_ota.h; bytes of OpenBeken's, ESPHome-Kickstart's and tuya-convert's
 * files (Tuya's sums). */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

/* --- RBL, little-endian --- */

enum {
	RBL_AT_KIND = 4, RBL_AT_NAME = 12, RBL_NAME = 16, RBL_AT_VERSION = 28, RBL_VERSION = 24, RBL_AT_CRC = 76, RBL_AT_SIZE = 88,
	RBL_AT_HEADER_CRC = 92, RBL_HEADER = 96,
	RBL_KINDS = 0x1000,	/* how it is packed, and in the low byte how it is encrypted */
};

static bool is_rbl(const struct image_input *in)
{
	return in->data.size >= RBL_HEADER && image_starts_with(in->data, BYTES("RBL\0")) && load_le32(in->data.data + RBL_AT_KIND) < RBL_KINDS;
}

static void inspect_rbl(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint64_t size = load_le32(header + RBL_AT_SIZE);
	char version[RBL_VERSION + 1];

	image_text(facts->name, sizeof(facts->name), bytes_of(header + RBL_AT_NAME, RBL_NAME));
	image_text(version, sizeof(version), bytes_of(header + RBL_AT_VERSION, RBL_VERSION));
	image_find_version(version, facts->version, sizeof(facts->version));
	text_copy(facts->checked, sizeof(facts->checked), "the checksum of its header");
	facts->ends_exactly = true;
	if ((header[RBL_AT_KIND] & 0xff) != 0)
		image_warning(facts, "its contents are encrypted: only the device can tell for which hardware they are");
	if (!image_compare(facts, 0, "its header", image_crc32(in, bytes_of(header, RBL_AT_HEADER_CRC)), load_le32(header + RBL_AT_HEADER_CRC)) ||
	    !image_declare(in, facts, RBL_HEADER + size) || !image_in_memory(in, RBL_HEADER, size))
		return;
	image_add_row(facts, RBL_HEADER, size, facts->name, "unknown");
	if (image_compare(facts, RBL_HEADER, "its contents", image_crc32(in, image_slice(in, RBL_HEADER, size)), load_le32(header + RBL_AT_CRC)))
		image_covered(facts, "the checksums of its header and contents");
}

const struct image_format image_format_rbl = {
	.word = "rbl", .title = "RT-Thread update", .matches = is_rbl, .inspect = inspect_rbl,
};

/* --- Tuya's, big-endian --- */

enum {
	TUYA_AT_VERSION = 4,
	/* one part: a version of 12 bytes, length, sum */
	ONE_VERSION = 12, ONE_AT_LENGTH = 16, ONE_AT_SUM = 24, ONE_HEADER = 32,
	/* several: a version of 11, how many, and of each the place, length and sum */
	MORE_VERSION = 11, MORE_AT_COUNT = 15, MORE_AT_PARTS = 19, MORE_PART = 12, MORE_MAX = 8,
};

struct tuya {
	unsigned count;
	uint64_t sum_at;	/* of the header; the end mark follows */
};

static bool has_end(const struct image_input *in, uint64_t sum_at)
{
	return image_starts_with(image_slice(in, sum_at + 4, 4), BYTES("\xaa\x55\xaa\x55"));
}

static bool open_tuya(const struct image_input *in, struct tuya *tuya)
{
	if (in->data.size < ONE_HEADER || !image_starts_with(in->data, BYTES("\x55\xaa\x55\xaa")))
		return false;
	*tuya = (struct tuya){ 0, ONE_AT_SUM };
	if (has_end(in, ONE_AT_SUM))
		return true;
	tuya->count = load_be32(in->data.data + MORE_AT_COUNT);
	tuya->sum_at = MORE_AT_PARTS + (uint64_t)tuya->count * MORE_PART;
	return tuya->count > 0 && tuya->count <= MORE_MAX && has_end(in, tuya->sum_at);
}

static bool is_tuya(const struct image_input *in)
{
	struct tuya tuya;

	return open_tuya(in, &tuya);
}

static uint64_t end_of_parts(const uint8_t *part, unsigned count)
{
	uint64_t furthest = 0;

	for (unsigned i = 0; i < count; i++) {
		uint64_t end = (uint64_t)load_be32(part + i * MORE_PART) + load_be32(part + i * MORE_PART + 4);

		furthest = end > furthest ? end : furthest;
	}
	return furthest;
}

/* Returns whether the sum could be compared. */
static bool check_part(const struct image_input *in, struct image_facts *facts, uint64_t start, uint64_t size, uint32_t sum)
{
	if (!image_in_memory(in, start, size))
		return false;
	image_add_part(in, facts, start, size, "program");
	image_compare(facts, start, "its contents", image_byte_sum(image_slice(in, start, size)), sum);
	return true;
}

static void inspect_tuya(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data, *part = header + MORE_AT_PARTS;
	bool is_checked = true;
	struct tuya tuya;
	uint64_t end;

	if (!open_tuya(in, &tuya))
		return;
	image_set_vendor(facts, "Tuya");
	image_text(facts->version, sizeof(facts->version), bytes_of(header + TUYA_AT_VERSION, tuya.count == 0 ? ONE_VERSION : MORE_VERSION));
	text_copy(facts->checked, sizeof(facts->checked), "the sum of its header");
	facts->ends_exactly = true;
	if (!image_compare(facts, 0, "its header", image_byte_sum(bytes_of(header, tuya.sum_at)), load_be32(header + tuya.sum_at)))
		return;
	end = tuya.count == 0 ? ONE_HEADER + (uint64_t)load_be32(header + ONE_AT_LENGTH) : end_of_parts(part, tuya.count);
	if (!image_declare(in, facts, end))
		return;
	if (tuya.count == 0)
		is_checked = check_part(in, facts, ONE_HEADER, end - ONE_HEADER, load_be32(header + ONE_AT_LENGTH + 4));
	for (unsigned i = 0; i < tuya.count; i++, part += MORE_PART)
		is_checked &= check_part(in, facts, load_be32(part), load_be32(part + 4), load_be32(part + 8));
	if (is_checked && facts->whole != IMAGE_NO)
		image_covered(facts, "the sums of its bytes, weak ones");
}

const struct image_format image_format_tuya = {
	.word = "tuya-ug", .title = "Tuya update", .matches = is_tuya, .inspect = inspect_tuya,
};
