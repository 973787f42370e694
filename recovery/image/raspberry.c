/* recovery/image/raspberry.c
 *
 * The boot EEPROM of the Raspberry Pi 4 and 5: sections behind each other, each with a mark and its length, big-endian, aligned to 8; the
 * rest is erased. Nothing covers the contents.
 * Source: raspberrypi/rpi-eeprom, rpi-eeprom-config (sizes, marks, sections). */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/text.h"

enum {
	SECTION = 8, SECTION_NAME = 12, SECTIONS = 256,
	SIZE_PI4 = 512 * 1024, SIZE_PI5 = 2 * 1024 * 1024,
};

static const uint32_t loader_mark = 0x55aaf00f, padding_mark = 0x55aafeef, mark_mask = 0xfffff00f;

static bool matches(const struct image_input *in)
{
	return in->data.size >= SECTION && load_be32(in->data.data) == loader_mark && load_be32(in->data.data + 4) > 0 &&
	       load_be32(in->data.data + 4) < SIZE_PI5;
}

/* Returns where what follows the last section begins; 0: the chain is broken. */
static uint64_t walk_sections(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = 0;

	for (unsigned i = 0; i < SECTIONS && image_in_memory(in, at, SECTION); i++) {
		const uint8_t *head = in->data.data + at;
		uint32_t mark = load_be32(head), size = load_be32(head + 4);
		struct bytes name = image_slice(in, at + SECTION, size < SECTION_NAME ? size : SECTION_NAME);

		if (mark == 0 || mark == UINT32_MAX)
			return at;
		if ((mark & mark_mask) != loader_mark) {
			image_broken(facts, at, "there is no section where the one before ends: bytes are missing or were changed");
			return 0;
		}
		if (size > in->size - at - SECTION) {
			image_broken(facts, in->size, "it is cut off inside a section of %" PRIu32 " bytes", size);
			return 0;
		}
		if (mark != padding_mark)
			image_add_row(facts, at, SECTION + (uint64_t)size, mark == loader_mark ? "boot loader" : "", "unknown");
		if (mark != padding_mark && mark != loader_mark && facts->part_count > 0)
			image_text(facts->parts[facts->part_count - 1].name, sizeof(facts->parts[0].name), name);
		at = (at + SECTION + size + 7) / 8 * 8;
	}
	return at;
}

/* "DATE: 2024/04/15", in the loader. */
static void read_date(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *date = memmem(in->data.data, in->data.size, "DATE: 20", 8);
	size_t left = date != NULL ? in->data.size - (size_t)(date - in->data.data) : 0;

	if (left >= 16)
		image_text(facts->version, sizeof(facts->version), bytes_of(date + 6, 10));
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint64_t end;

	image_set_vendor(facts, "Raspberry Pi");
	text_copy(facts->checked, sizeof(facts->checked), "size and the chain of its sections; nothing covers the contents");
	if (in->size != SIZE_PI4 && in->size != SIZE_PI5) {
		image_broken(facts, in->size, "its length is wrong: it has to be 512 KiB (Raspberry Pi 4) or 2 MiB (Raspberry Pi 5)");
		return;
	}
	facts->declared_size = in->size;
	text_copy(facts->title, sizeof(facts->title), in->size == SIZE_PI4 ? "Raspberry Pi 4 boot EEPROM" : "Raspberry Pi 5 boot EEPROM");
	if (in->data.size < in->size)
		return;
	read_date(in, facts);
	end = walk_sections(in, facts);
	if (end > 0 && end + SECTION < in->size && image_padding(image_slice(in, end, in->size - end - SECTION)) < in->size - end - SECTION)
		image_problem(facts, end, "there is something behind its last section");
}

const struct image_format image_format_raspberry = {
	.role = IMAGE_ROLE_LOADER, .word = "rpi-eeprom", .title = "Raspberry Pi boot EEPROM", .matches = matches, .inspect = inspect,
};
