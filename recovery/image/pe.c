/* recovery/image/pe.c
 *
 * PE: UEFI programs, and programs for Windows, which vendors use to bring an update but which no device takes.
 * Source: Microsoft "PE Format"; Linux drivers/firmware/efi/libstub/zboot-header.S (compressed EFI kernels). */
#include <inttypes.h>

#include "recovery/image/pe.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	AT_PE = 0x3c,
	DOS_HEADER = 0x40,
	FILE_HEADER = 24,	/* with the signature */
	AT_MACHINE = 4,
	AT_SECTIONS = 6,
	AT_OPTIONAL_SIZE = 20,
	OPTIONAL_CHECKSUM = 64,
	OPTIONAL_SUBSYSTEM = 68,
	DIRECTORIES_32 = 92,	/* their number, then pairs of address and size */
	DIRECTORIES_64 = 108,
	CERTIFICATES = 4,	/* the only directory whose address is an offset in the file */
	SECTIONS_MAX = 96,
	SECTION_SIZE = 40,
	SECTION_RAW_SIZE = 16,
	SECTION_RAW_OFFSET = 20,
	EFI_FIRST = 10,		/* application, boot driver, runtime driver, ROM */
	EFI_LAST = 13,
	ZBOOT_OFFSET = 8,
	ZBOOT_SIZE = 12,
	ZBOOT_COMPRESSION = 24,
};

static const struct { unsigned machine; const char *arch; } machines[] = {
	{ 0x14c, "x86" }, { 0x8664, "x86_64" }, { 0x1c0, "arm" }, { 0x1c2, "arm" }, { 0x1c4, "arm" }, { 0xaa64, "arm64" }, { 0x5032, "riscv" },
	{ 0x5064, "riscv64" }, { 0x166, "mipsel" }, { 0x1f0, "ppc" },
};

static bool has_signature(const struct image_input *in, uint64_t at)
{
	return image_in_memory(in, at, FILE_HEADER) && memcmp(in->data.data + at, "PE\0\0", 4) == 0;
}

/* Signatures stand behind the sections. Returns where they end, 0 for none. */
static uint64_t certificates_end(const struct image_input *in, uint64_t optional)
{
	bool is_64 = image_in_memory(in, optional, 2) && load_le16(in->data.data + optional) == 0x20b;
	uint64_t count = optional + (is_64 ? DIRECTORIES_64 : DIRECTORIES_32), entry = count + 4 + CERTIFICATES * 8;

	if (!image_in_memory(in, entry, 8) || load_le32(in->data.data + count) <= CERTIFICATES || load_le32(in->data.data + entry) == 0)
		return 0;
	return (uint64_t)load_le32(in->data.data + entry) + load_le32(in->data.data + entry + 4);
}

uint64_t pe_end(const struct image_input *in, uint64_t offset)
{
	uint64_t table, end = 0, certificates;
	unsigned count;

	if (!has_signature(in, offset))
		return 0;
	count = load_le16(in->data.data + offset + AT_SECTIONS);
	table = offset + FILE_HEADER + load_le16(in->data.data + offset + AT_OPTIONAL_SIZE);
	for (unsigned i = 0; i < count && i < SECTIONS_MAX; i++) {
		uint64_t at = table + (uint64_t)i * SECTION_SIZE, section_end;
		const uint8_t *section = in->data.data + at;

		if (!image_in_memory(in, at, SECTION_SIZE))
			return 0;
		/* what is only in memory has no place in the file */
		if (load_le32(section + SECTION_RAW_OFFSET) == 0)
			continue;
		section_end = (uint64_t)load_le32(section + SECTION_RAW_SIZE) + load_le32(section + SECTION_RAW_OFFSET);
		end = section_end > end ? section_end : end;
	}
	certificates = certificates_end(in, offset + FILE_HEADER);
	return certificates > end ? certificates : end;
}

/* Does the file end before the table of its sections does? */
static bool has_lost_table(const struct image_input *in, uint64_t header)
{
	const uint8_t *head = in->data.data + header;
	unsigned sections = load_le16(head + AT_SECTIONS);

	return sections > 0 && sections <= SECTIONS_MAX &&
	       header + FILE_HEADER + load_le16(head + AT_OPTIONAL_SIZE) + (uint64_t)sections * SECTION_SIZE > in->size;
}

static uint64_t header_of(const struct image_input *in)
{
	return load_le32(in->data.data + AT_PE);
}

static bool matches(const struct image_input *in)
{
	return in->data.size >= DOS_HEADER && in->data.data[0] == 'M' && in->data.data[1] == 'Z' && has_signature(in, header_of(in));
}

/* The sum of 16-bit words with the field left out, folded, and the size of the file added (ImageHlp CheckSumMappedFile). */
static uint32_t compute_sum(struct bytes file, uint64_t field)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < file.size; i += 2) {
		if (i == field || i == field + 2)
			continue;
		sum += i + 1 < file.size ? load_le16(file.data + i) : file.data[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (sum & 0xffff) + (uint32_t)file.size;
}

/* Linkers may leave the field 0, and tools that sign or patch a file do not always keep it up. */
static void check_sum(const struct image_input *in, struct image_facts *facts, uint64_t optional)
{
	uint64_t field = optional + OPTIONAL_CHECKSUM;
	uint32_t want, have;

	if (in->data.size < in->size || !image_in_memory(in, field, 4) || field % 2 != 0)
		return;
	want = load_le32(in->data.data + field);
	if (want == 0)
		return;
	have = compute_sum(in->data, field);
	if (have != want) {
		image_problem(facts, field, "its checksum does not match: expected %08" PRIx32 ", found %08" PRIx32 "; it may be damaged", want,
			      have);
		return;
	}
	text_copy(facts->checked, sizeof(facts->checked), "its checksum of 16 bits over all of it");
	if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

/* A kernel that unpacks itself: "MZ\0\0zimg", where the packed one is, how it is packed. */
static void read_zboot(const struct image_input *in, struct image_facts *facts)
{
	uint64_t offset = load_le32(in->data.data + ZBOOT_OFFSET), size = load_le32(in->data.data + ZBOOT_SIZE);

	if (memcmp(in->data.data + 4, "zimg", 4) != 0 || offset > in->size || size > in->size - offset)
		return;
	text_copy(facts->title, sizeof(facts->title), "Linux kernel (packed EFI program)");
	image_text(facts->compression, sizeof(facts->compression), image_slice(in, ZBOOT_COMPRESSION, 8));
	if (image_look_inside(in, facts, offset, size, facts->compression) == IMAGE_NO)
		image_broken(facts, offset, "its packed kernel (%s) is damaged: it cannot be unpacked", facts->compression);
}

static void tell_subsystem(const struct image_input *in, struct image_facts *facts, uint64_t optional)
{
	unsigned subsystem = load_le16(in->data.data + optional + OPTIONAL_SUBSYSTEM);

	if (subsystem >= EFI_FIRST && subsystem <= EFI_LAST)
		return;
	text_copy(facts->format, sizeof(facts->format), "pe");
	text_copy(facts->title, sizeof(facts->title), "Windows program");
	image_warning(facts, "it is a program for Windows, not an image: it may have the image in it, or install it from a PC");
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint64_t header = header_of(in), optional = header + FILE_HEADER, end = pe_end(in, header);
	unsigned machine = load_le16(in->data.data + header + AT_MACHINE);

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == machine)
			text_copy(facts->arch, sizeof(facts->arch), machines[i].arch);
	text_copy(facts->checked, sizeof(facts->checked), "size and tables; nothing covers the contents");
	if (image_in_memory(in, optional, OPTIONAL_SUBSYSTEM + 2))
		tell_subsystem(in, facts, optional);
	if (end == 0 && has_lost_table(in, header)) {
		image_broken(facts, in->size, "it is cut off inside its header: the table of its sections is missing");
		return;
	}
	if (end == 0 || !image_declare(in, facts, end))
		return;
	check_sum(in, facts, optional);
	read_zboot(in, facts);
}

const struct image_format image_format_pe = {
	.role = IMAGE_ROLE_PLAIN, .word = "pe-efi", .title = "UEFI program", .matches = matches, .inspect = inspect,
};
