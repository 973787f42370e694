/* recovery/image/uefi.c
 *
 * UEFI: firmware volumes, capsules, and option ROMs of PCI cards.
 * Source: UEFI 2.10, 8.5 (capsules), 23 (firmware management protocol); Platform Initialization 1.8, volume 3, chapter 3 (volumes,
 * files, sections); PCI Firmware Specification 3.3, chapter 5. */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

/* --- volume --- */

enum {
	FV_AT_LENGTH = 32, FV_AT_MARK = 40, FV_AT_HEADER = 48, FV_AT_EXTENDED = 52, FV_HEADER = 56,
	VOLUMES = 64,
	FILE_HEADER = 24, FILE_AT_TYPE = 18, FILE_AT_SIZE = 20, FILES = 2000, FILE_PADDING = 0xf0,
	FILE_SECURITY = 3, FILE_PEI_CORE = 4, FILE_PEI = 6,
	JUMP_SIZE = 4096,
	SECTION_COMPRESSED = 1, SECTION_GUIDED = 2, SECTION_PE = 0x10, SECTION_TE = 0x12, SECTIONS = 64,
};

static bool has_mark(struct bytes at)
{
	return at.size >= FV_HEADER && memcmp(at.data + FV_AT_MARK, "_FVH", 4) == 0 && load_le16(at.data + FV_AT_HEADER) >= FV_HEADER &&
	       load_le64(at.data + FV_AT_LENGTH) > load_le16(at.data + FV_AT_HEADER);
}

/* Builds for ARM that are run from where the processor starts begin with a jump over the page that the first volume follows. */
static uint64_t first_volume(const struct image_input *in)
{
	struct bytes page = image_slice(in, 4, JUMP_SIZE - 4);

	if (has_mark(in->data) || page.size < JUMP_SIZE - 4 || image_code_arch(in->data.data)[0] == '\0' || image_padding(page) != page.size)
		return 0;
	return has_mark(image_slice(in, JUMP_SIZE, UINT64_MAX)) ? JUMP_SIZE : 0;
}

static bool is_volume(const struct image_input *in)
{
	return has_mark(in->data) || first_volume(in) > 0;
}

static bool sum_is_zero(struct bytes header)
{
	uint16_t sum = 0;

	for (size_t i = 0; i + 2 <= header.size; i += 2)
		sum = (uint16_t)(sum + load_le16(header.data + i));
	return sum == 0;
}

static bool is_sound_volume(const struct image_input *in)
{
	struct bytes header = has_mark(in->data) ? image_slice(in, 0, load_le16(in->data.data + FV_AT_HEADER)) : (struct bytes){ NULL, 0 };

	return header.size >= FV_HEADER && header.size == load_le16(in->data.data + FV_AT_HEADER) && sum_is_zero(header);
}

static const char *arch_of_machine(uint16_t machine)
{
	static const struct { uint16_t machine; const char *arch; } machines[] = {
		{ 0x8664, "x86_64" }, { 0x14c, "x86" }, { 0xaa64, "arm64" }, { 0x1c0, "arm" }, { 0x1c2, "arm" }, { 0x1c4, "arm" },
		{ 0x5064, "riscv64" }, { 0x5032, "riscv" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == machine)
			return machines[i].arch;
	return "";
}

static uint32_t load_le24(const uint8_t *at)
{
	return (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

/* A program that is not packed: terse ("VZ") or with its DOS header. */
static const char *arch_of_program(struct bytes section, uint8_t type)
{
	uint32_t at;

	if (type == SECTION_TE && section.size >= 8 && memcmp(section.data + 4, "VZ", 2) == 0)
		return arch_of_machine(load_le16(section.data + 6));
	if (type != SECTION_PE || section.size < 4 + 64 || memcmp(section.data + 4, "MZ", 2) != 0)
		return "";
	at = 4 + load_le32(section.data + 4 + 60);
	return at < section.size - 6 && memcmp(section.data + at, "PE\0\0", 4) == 0 ? arch_of_machine(load_le16(section.data + at + 4)) : "";
}

struct programs_of {
	struct image_facts *facts;
	bool has_early_x86;	/* what runs before the memory is set up */
	bool has_packed;	/* something that is not looked into */
};

static void look_at_sections(struct bytes file, struct programs_of *programs)
{
	uint8_t type = file.data[FILE_AT_TYPE];
	bool is_early = type == FILE_SECURITY || type == FILE_PEI_CORE || type == FILE_PEI;
	size_t at = FILE_HEADER;

	for (unsigned i = 0; i < SECTIONS && programs->facts->arch[0] == '\0' && at + 4 < file.size; i++) {
		uint32_t size = load_le24(file.data + at);
		uint8_t kind = file.data[at + 3];
		const char *arch;

		if (size < 4 || size > file.size - at)
			return;
		arch = arch_of_program(bytes_of(file.data + at, size), kind);
		programs->has_packed |= kind == SECTION_COMPRESSED || kind == SECTION_GUIDED;
		if (is_early && text_equal(arch, "x86"))
			programs->has_early_x86 = true;
		else
			text_copy(programs->facts->arch, sizeof(programs->facts->arch), arch);
		at += (size + 3u) / 4 * 4;
	}
}

/* 3.2.3: the sum of the header, without the state and the file's own sum, is 0. Only the code that runs first is surely not packed, and
 * it is in the last volume. */
static void look_at_files(const struct image_input *in, struct programs_of *programs, uint64_t start, uint64_t size)
{
	struct bytes volume = image_slice(in, start, size);
	size_t at = load_le16(volume.data + FV_AT_HEADER), extended = load_le16(volume.data + FV_AT_EXTENDED);

	if (extended > 0 && extended + 20 <= volume.size)
		at = extended + load_le32(volume.data + extended + 16);
	for (unsigned i = 0; i < FILES && at < volume.size; i++) {
		const uint8_t *head;
		uint32_t length;

		at = (at + 7) / 8 * 8;
		if (at >= volume.size || volume.size - at < FILE_HEADER)
			return;
		head = volume.data + at;
		if (head[0] == 0xff && head[FILE_AT_SIZE] == 0xff)
			return;		/* free from here on */
		length = load_le24(head + FILE_AT_SIZE);
		if ((uint8_t)(image_byte_sum(bytes_of(head, FILE_HEADER - 1)) - head[17]) != 0 || length < FILE_HEADER || length > size - at) {
			image_broken(programs->facts, start + at, "the header of its file at byte %" PRIu64 " is damaged", start + at);
			return;
		}
		if (length > volume.size - at)
			return;		/* not in memory */
		if (head[FILE_AT_TYPE] != FILE_PADDING)
			look_at_sections(bytes_of(head, length), programs);
		at += length;
	}
}

static bool has_files(struct bytes volume)
{
	/* 8C8CE578-8A3D-..., 5473C07A-3DCB-... */
	static const uint8_t ffs2[] = { 0x78, 0xe5, 0x8c, 0x8c }, ffs3[] = { 0x7a, 0xc0, 0x73, 0x54 };

	return memcmp(volume.data + 16, ffs2, 4) == 0 || memcmp(volume.data + 16, ffs3, 4) == 0;
}

/* One behind the other. */
static void walk_volumes(const struct image_input *in, struct programs_of *programs, uint64_t at)
{
	struct image_facts *facts = programs->facts;

	for (unsigned i = 0; i < VOLUMES && has_mark(image_slice(in, at, UINT64_MAX)); i++) {
		uint64_t size = load_le64(in->data.data + at + FV_AT_LENGTH);
		struct bytes header = image_slice(in, at, load_le16(in->data.data + at + FV_AT_HEADER));

		if (header.size == load_le16(in->data.data + at + FV_AT_HEADER) && !sum_is_zero(header)) {
			image_broken(facts, at + 50, "the header of its volume at byte %" PRIu64 " is damaged: the sum does not match", at);
			return;
		}
		if (size > UINT64_MAX - at || !image_declare(in, facts, at + size))
			return;
		if (has_files(header))
			look_at_files(in, programs, at, size);
		at += size;
	}
}

static void inspect_volume(const struct image_input *in, struct image_facts *facts)
{
	struct programs_of programs = { .facts = facts };
	uint64_t at = first_volume(in);

	text_copy(facts->checked, sizeof(facts->checked), "header sum and size; nothing covers the contents");
	facts->is_padded_by_nature = true;
	if (at > 0)
		text_copy(facts->arch, sizeof(facts->arch), image_code_arch(in->data.data));
	walk_volumes(in, &programs, at);
	/* on x86 that code is of 32 bits even where all that it unpacks is of 64 */
	if (facts->arch[0] == '\0' && programs.has_early_x86 && !programs.has_packed)
		text_copy(facts->arch, sizeof(facts->arch), "x86");
}

const struct image_format image_format_uefi_volume = {
	.role = IMAGE_ROLE_LOADER, .word = "uefi-fv", .title = "UEFI firmware volume", .matches = is_volume, .inspect = inspect_volume, .is_sound = is_sound_volume,
};

/* --- capsule --- */

enum { CAPSULE_HEADER = 28, FMP_PAYLOADS = 16, FMP_PAYLOAD = 40 };

static const uint8_t capsule_guids[][16] = {
	/* firmware management protocol: 6DCBD5ED-E82D-4C44-BDA1-7194199AD92A (UEFI 2.10, 23.3) */
	{ 0xed, 0xd5, 0xcb, 0x6d, 0x2d, 0xe8, 0x44, 0x4c, 0xbd, 0xa1, 0x71, 0x94, 0x19, 0x9a, 0xd9, 0x2a },
	/* 3B6686BD-0D76-4030-B70E-B5519E2FC5A0, older firmware updates */
	{ 0xbd, 0x86, 0x66, 0x3b, 0x76, 0x0d, 0x30, 0x40, 0xb7, 0x0e, 0xb5, 0x51, 0x9e, 0x2f, 0xc5, 0xa0 },
	/* AMI: 4A3CA68B-7723-48FB-803D-578CC1FEC44D signed, 14EEBB90-890A-43DB-AED1-5D3C4588A418 not */
	{ 0x8b, 0xa6, 0x3c, 0x4a, 0x23, 0x77, 0xfb, 0x48, 0x80, 0x3d, 0x57, 0x8c, 0xc1, 0xfe, 0xc4, 0x4d },
	{ 0x90, 0xbb, 0xee, 0x14, 0x0a, 0x89, 0xdb, 0x43, 0xae, 0xd1, 0x5d, 0x3c, 0x45, 0x88, 0xa4, 0x18 },
};

static bool is_capsule(const struct image_input *in)
{
	if (in->data.size < CAPSULE_HEADER || load_le32(in->data.data + 16) < CAPSULE_HEADER || load_le32(in->data.data + 24) < CAPSULE_HEADER)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(capsule_guids); i++)
		if (memcmp(in->data.data, capsule_guids[i], 16) == 0)
			return true;
	return false;
}

/* As it is written in text: the first three groups are numbers. */
static void add_guid(struct image_facts *facts, const uint8_t *guid)
{
	char text[37];

	text_format(text, sizeof(text), "%08" PRIx32 "-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", load_le32(guid), load_le16(guid + 4),
		    load_le16(guid + 6), guid[8], guid[9], guid[10], guid[11], guid[12], guid[13], guid[14], guid[15]);
	image_add_board(facts, bytes_of_text(text));
}

/* The image type is what a machine compares: it is the board. */
static void read_payloads(const struct image_input *in, struct image_facts *facts, uint64_t at)
{
	struct bytes head = image_slice(in, at, 8);
	unsigned drivers, payloads;

	if (head.size < 8)
		return;
	drivers = load_le16(head.data + 4);
	payloads = load_le16(head.data + 6);
	for (unsigned i = 0; i < payloads && i < FMP_PAYLOADS; i++) {
		struct bytes offset = image_slice(in, at + 8 + 8 * (uint64_t)(drivers + i), 8), payload;
		uint64_t start, header;

		if (offset.size < 8 || load_le64(offset.data) > in->size - at)
			return;
		start = at + load_le64(offset.data);
		payload = image_slice(in, start, FMP_PAYLOAD);
		if (payload.size < FMP_PAYLOAD)
			return;
		add_guid(facts, payload.data + 4);
		header = load_le32(payload.data) >= 3 ? 48 : load_le32(payload.data) == 2 ? 40 : 32;
		image_add_part(in, facts, start + header, load_le32(payload.data + 24), "payload");
		if (start + header + load_le32(payload.data + 24) > in->size)
			image_broken(facts, start, "it is cut off inside its payload %u", i);
	}
}

static void inspect_capsule(const struct image_input *in, struct image_facts *facts)
{
	text_copy(facts->checked, sizeof(facts->checked), "size; its signature, if any, was not checked");
	facts->ends_exactly = true;
	image_declare(in, facts, load_le32(in->data.data + 24));
	if (memcmp(in->data.data, capsule_guids[0], 16) == 0)
		read_payloads(in, facts, load_le32(in->data.data + 16));
	else
		add_guid(facts, in->data.data);
}

const struct image_format image_format_uefi_capsule = {
	.word = "uefi-capsule", .title = "UEFI capsule", .matches = is_capsule, .inspect = inspect_capsule,
};

/* --- option ROM --- */

enum { ROM_UNIT = 512, ROM_IMAGES = 16, ROM_AT_DATA = 0x18, ROM_DATA = 24, ROM_EFI = 3, ROM_LAST = 0x80 };

/* The data structure of the image at the offset; an empty slice when there is none. */
static struct bytes rom_data(const struct image_input *in, uint64_t at)
{
	struct bytes head = image_slice(in, at, 0x1a), data;

	if (head.size < 0x1a || head.data[0] != 0x55 || head.data[1] != 0xaa)
		return (struct bytes){ NULL, 0 };
	data = image_slice(in, at + load_le16(head.data + ROM_AT_DATA), ROM_DATA);
	if (load_le16(head.data + ROM_AT_DATA) < 0x1a || data.size < ROM_DATA || memcmp(data.data, "PCIR", 4) != 0)
		return (struct bytes){ NULL, 0 };
	return data;
}

/* One for PC BIOS begins with a jump. Those that are for no PCI card have no data structure, and of one that was cut or overwritten it is lost. */
static bool is_bios_rom(const struct image_input *in)
{
	const uint8_t *head = in->data.data;

	return in->data.size > ROM_AT_DATA + 2 && head[0] == 0x55 && head[1] == 0xaa && head[2] > 0 && (head[3] == 0xe9 || head[3] == 0xeb);
}

static bool is_rom(const struct image_input *in)
{
	return rom_data(in, 0).size > 0 || is_bios_rom(in);
}

static void inspect_bios_rom(const struct image_input *in, struct image_facts *facts)
{
	uint64_t size = (uint64_t)in->data.data[2] * ROM_UNIT;

	text_copy(facts->title, sizeof(facts->title), "PC option ROM");
	text_copy(facts->arch, sizeof(facts->arch), "x86");
	text_copy(facts->checked, sizeof(facts->checked), "the sum of its bytes, a weak one");
	facts->is_padded_by_nature = true;
	if (!image_declare(in, facts, size) || !image_in_memory(in, 0, size))
		return;
	if ((uint8_t)image_byte_sum(image_slice(in, 0, size)) != 0)
		image_broken(facts, 0, "it is damaged: the sum of its bytes is not 0");
	else if (load_le16(in->data.data + ROM_AT_DATA) == 0 && facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

/* One image. Returns where it ends. Only the kind for PC BIOS has a sum. */
static uint64_t take_rom(const struct image_input *in, struct image_facts *facts, uint64_t at, struct bytes data, bool *is_covered)
{
	uint64_t size = (uint64_t)load_le16(data.data + 16) * ROM_UNIT;
	const uint8_t *head = in->data.data + at;

	if (data.data[20] == 0) {
		text_copy(facts->arch, sizeof(facts->arch), "x86");
		size = head[2] > 0 && data.data[16] == 0 ? (uint64_t)head[2] * ROM_UNIT : size;
		if (image_in_memory(in, at, size) && (uint8_t)image_byte_sum(image_slice(in, at, size)) != 0)
			image_broken(facts, at, "its image at byte %" PRIu64 " is damaged: the sum of its bytes is not 0", at);
	} else {
		*is_covered = false;
		if (data.data[20] == ROM_EFI && facts->arch[0] == '\0')
			text_copy(facts->arch, sizeof(facts->arch), arch_of_machine(load_le16(head + 10)));
	}
	return at + size;
}

static void inspect_rom(const struct image_input *in, struct image_facts *facts)
{
	bool is_covered = true, is_last = false;
	struct bytes data = rom_data(in, 0);
	uint64_t at = 0;
	char id[16];

	if (data.size == 0) {
		inspect_bios_rom(in, facts);
		return;
	}
	text_format(id, sizeof(id), "%04x:%04x", load_le16(data.data + 4), load_le16(data.data + 6));
	image_add_board(facts, bytes_of_text(id));
	facts->is_padded_by_nature = true;
	for (unsigned i = 0; i < ROM_IMAGES && !is_last && data.size > 0; i++) {
		uint64_t next = take_rom(in, facts, at, data, &is_covered);

		is_last = data.data[21] & ROM_LAST;
		if (next <= at)
			break;
		at = next;
		data = rom_data(in, at);
	}
	text_copy(facts->checked, sizeof(facts->checked), is_covered ? "the sum of its bytes, a weak one" : "size; not all of it has a sum");
	if (!is_last && at < in->data.size)
		image_broken(facts, at, "its next image is missing at byte %" PRIu64, at);
	else if (image_declare(in, facts, at) && is_covered && image_in_memory(in, 0, at) && facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_option_rom = {
	.word = "pci-option-rom", .title = "PCI option ROM", .matches = is_rom, .inspect = inspect_rom,
};
