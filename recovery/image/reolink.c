/* recovery/image/reolink.c
 *
 * Reolink and Swann .pak: sections for flash partitions, little-endian, one CRC over all. Newer devices have a form whose header and section
 * table count in 64 bits.
 * Source: vmallet/pakler (pakler/__init__.py, structure.py); kaitai_struct_formats firmware/reolink.ksy. */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/crc.h"
#include "src/base/text.h"

enum {
	NAME_SIZE = 32,
	VERSION_SIZE = 24,
	PARTITION_SIZE = 76,
	SECTIONS_MAX = 64,
};

struct pak {
	const struct image_input *in;
	bool is_64;
	uint64_t header_size, section_size;
	unsigned count;
};

static uint64_t word_at(const struct pak *pak, uint64_t at)
{
	return pak->is_64 ? load_le64(pak->in->data.data + at) : load_le32(pak->in->data.data + at);
}

static uint64_t section_at(const struct pak *pak, unsigned i)
{
	return pak->header_size + i * pak->section_size;
}

static uint64_t section_start(const struct pak *pak, unsigned i)
{
	return word_at(pak, section_at(pak, i) + NAME_SIZE + VERSION_SIZE);
}

static uint64_t section_length(const struct pak *pak, unsigned i)
{
	return word_at(pak, section_at(pak, i) + NAME_SIZE + VERSION_SIZE + (pak->is_64 ? 8 : 4));
}

/* The narrow form has a CRC and a name where the wide one has the upper halves of three words. */
static bool open_pak(const struct image_input *in, struct pak *pak)
{
	const uint8_t *at = in->data.data;
	uint64_t first, each;

	if (in->data.size < 24 + NAME_SIZE + VERSION_SIZE + 16)
		return false;
	*pak = (struct pak){ .in = in, .is_64 = load_le32(at + 4) == 0 && load_le32(at + 12) == 0 && load_le32(at + 20) == 0 };
	pak->header_size = pak->is_64 ? 24 : 12;
	pak->section_size = NAME_SIZE + VERSION_SIZE + (pak->is_64 ? 16 : 8);
	each = pak->section_size + PARTITION_SIZE;
	first = section_start(pak, 0);
	if (first < pak->header_size + each || (first - pak->header_size) / each > SECTIONS_MAX)
		return false;
	pak->count = (unsigned)((first - pak->header_size) / each);
	return true;
}

static bool matches(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\x13\x59\x72\x32"));
}

/* CRC of [first section, end of the file), a 2 in four bytes, and the section table; without any inversion. Continuing a CRC that zlib's
 * function has inverted means to invert it back. */
static uint32_t compute_crc(const struct pak *pak)
{
	static const uint8_t two[4] = { 2 };
	uint64_t first = section_start(pak, 0);
	uint32_t crc = UINT32_MAX;

	crc = crc32_update(crc, bytes_from(pak->in->data, (size_t)first));
	crc = crc32_update(crc, bytes_of(two, sizeof(two)));
	crc = crc32_update(crc, image_slice(pak->in, pak->header_size, pak->count * pak->section_size));
	return ~crc;
}

static void add_sections(const struct pak *pak, struct image_facts *facts)
{
	char name[NAME_SIZE + 1], version[VERSION_SIZE + 1] = "";

	for (unsigned i = 0; i < pak->count; i++) {
		const uint8_t *section = pak->in->data.data + section_at(pak, i);
		char of_section[VERSION_SIZE + 1];

		image_text(name, sizeof(name), bytes_of(section, NAME_SIZE));
		image_text(of_section, sizeof(of_section), bytes_of(section + NAME_SIZE, VERSION_SIZE));
		if (section_length(pak, i) > 0)
			image_add_part(pak->in, facts, section_start(pak, i), section_length(pak, i), name);
		/* the application is what the vendor counts up */
		if (of_section[0] != '\0' && (version[0] == '\0' || text_equal(name, "app") || text_equal(name, "fs")))
			text_copy(version, sizeof(version), of_section);
	}
	text_copy(facts->version, sizeof(facts->version), version);
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct pak pak;
	uint64_t end = 0;
	uint32_t want, have;
	char board[32];

	image_set_vendor(facts, "Reolink / Swann");
	text_copy(facts->checked, sizeof(facts->checked), "section table");
	if (!open_pak(in, &pak)) {
		image_broken(facts, 0, "its header is damaged or cut off: it has no section table");
		return;
	}
	text_format(board, sizeof(board), "type 0x%" PRIx64, word_at(&pak, pak.is_64 ? 16 : 8));
	image_add_board(facts, bytes_of_text(board));
	if (!image_declare(in, facts, section_start(&pak, 0)) || !image_in_memory(in, 0, section_start(&pak, 0))) {
		facts->declared_size = 0;
		return;
	}
	for (unsigned i = 0; i < pak.count; i++) {
		uint64_t start = section_start(&pak, i), length = section_length(&pak, i);

		if (start < section_start(&pak, 0) || length > UINT64_MAX / 2 || start > UINT64_MAX / 2) {
			image_broken(facts, section_at(&pak, i), "its section table is damaged: section %u lies outside of it", i);
			return;
		}
		end = start + length > end ? start + length : end;
	}
	image_declare(in, facts, end);
	facts->ends_exactly = true;
	add_sections(&pak, facts);
	if (in->data.size < in->size)
		return;
	want = (uint32_t)word_at(&pak, pak.is_64 ? 8 : 4);
	have = compute_crc(&pak);
	text_copy(facts->checked, sizeof(facts->checked), "the checksum over all sections and their table");
	if (have != want)
		image_broken(facts, section_start(&pak, 0), "it is damaged: expected checksum %08" PRIx32 ", found %08" PRIx32, want, have);
	else if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_reolink = {
	.word = "reolink-pak", .title = "Reolink or Swann firmware", .matches = matches, .inspect = inspect,
};
