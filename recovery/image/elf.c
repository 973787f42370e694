/* recovery/image/elf.c
 *
 * ELF: the processor, and how far its tables and segments reach. No checksum.
 * Source: System V ABI, chapter 4 "Object Files"; machine numbers: elf(5). */
#include <inttypes.h>

#include "recovery/image/elf.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	AT_CLASS = 4,
	AT_DATA = 5,
	AT_TYPE = 16,
	AT_MACHINE = 18,
	HEADER_SIZE_32 = 52,
	HEADER_SIZE_64 = 64,
	SEGMENT_SIZE_32 = 32,
	SEGMENT_SIZE_64 = 56,
	SEGMENTS = 128,		/* a program has a handful */
	SECTION_TEXTS = 3,	/* SHT_STRTAB */
};

struct elf {
	const struct image_input *in;
	bool is_64, is_big;
};

static uint16_t half_at(const struct elf *elf, uint64_t at)
{
	const uint8_t *from = elf->in->data.data + at;

	return elf->is_big ? load_be16(from) : load_le16(from);
}

/* An address or offset: 4 or 8 bytes by class. */
static uint64_t word_at(const struct elf *elf, uint64_t at)
{
	const uint8_t *from = elf->in->data.data + at;

	if (elf->is_64)
		return elf->is_big ? load_be64(from) : load_le64(from);
	return elf->is_big ? load_be32(from) : load_le32(from);
}

static bool matches(const struct image_input *in)
{
	return in->data.size > AT_DATA && image_starts_with(in->data, BYTES("\x7f" "ELF")) &&
	       (in->data.data[AT_CLASS] == 1 || in->data.data[AT_CLASS] == 2) &&
	       (in->data.data[AT_DATA] == 1 || in->data.data[AT_DATA] == 2);
}

static const char *machine_word(const struct elf *elf, unsigned machine)
{
	static const struct { unsigned machine; const char *word; } machines[] = {
		{ 3, "x86" }, { 4, "m68k" }, { 15, "hppa" }, { 20, "ppc" }, { 21, "ppc64" }, { 22, "s390" }, { 40, "arm" }, { 42, "sh" },
		{ 62, "x86_64" }, { 83, "avr" }, { 92, "or1k" }, { 94, "xtensa" }, { 113, "nios2" }, { 183, "arm64" },
		{ 2, "sparc" }, { 45, "arc" }, { 93, "arc" }, { 195, "arc" }, { 137, "videocore" }, { 165, "8051" }, { 167, "nds32" },
		{ 189, "microblaze" }, { 252, "csky" }, { 258, "loongarch" }, { 0x9026, "alpha" },
	};

	if (machine == 8)
		return elf->is_64 ? (elf->is_big ? "mips64" : "mips64el") : (elf->is_big ? "mips" : "mipsel");
	if (machine == 243)
		return elf->is_64 ? "riscv64" : "riscv";
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == machine)
			return machines[i].word;
	return "";
}

const char *elf_arch(struct bytes head, unsigned *ret_type)
{
	struct image_input in = { .data = head };
	struct elf elf = { &in, false, false };

	if (head.size < HEADER_SIZE_32 || !matches(&in))
		return "";
	elf.is_64 = head.data[AT_CLASS] == 2;
	elf.is_big = head.data[AT_DATA] == 2;
	*ret_type = half_at(&elf, AT_TYPE);
	return machine_word(&elf, half_at(&elf, AT_MACHINE));
}

/* The end of [offset, offset + size), or UINT64_MAX where that overflows: surely beyond the file. */
static uint64_t end_of(uint64_t offset, uint64_t size)
{
	return offset > UINT64_MAX - size ? UINT64_MAX : offset + size;
}

static uint64_t furthest_segment(const struct elf *elf, uint64_t table, unsigned count, unsigned entry_size)
{
	unsigned need = elf->is_64 ? SEGMENT_SIZE_64 : SEGMENT_SIZE_32;
	uint64_t furthest = 0;

	if (entry_size < need)
		return 0;
	for (unsigned i = 0; i < count && i < SEGMENTS; i++) {
		uint64_t at = end_of(table, (uint64_t)i * entry_size), end;

		if (!image_in_memory(elf->in, at, need))
			break;
		end = end_of(word_at(elf, at + (elf->is_64 ? 8 : 4)), word_at(elf, at + (elf->is_64 ? 32 : 16)));
		furthest = end > furthest ? end : furthest;
	}
	return furthest;
}

/* The first section is empty and the one that holds the names is a table of texts: not so where bytes moved. */
static void check_sections(const struct elf *elf, struct image_facts *facts, uint64_t table, unsigned size, unsigned count,
			   unsigned names)
{
	uint64_t at = table + (uint64_t)names * size;

	if (table == 0 || count == 0 || size < 40 || names == 0 || !image_in_memory(elf->in, table, (uint64_t)size * count))
		return;
	if (half_at(elf, table + 4) != 0 || half_at(elf, table + 6) != 0 || names >= count ||
	    half_at(elf, at + 4) + half_at(elf, at + 6) != SECTION_TEXTS)
		image_broken(facts, table, "its section table is damaged, or bytes before it are missing or were added");
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct elf elf = { in, in->data.data[AT_CLASS] == 2, in->data.data[AT_DATA] == 2 };
	uint64_t segments, sections, end, sections_end;
	unsigned counts;

	if (in->data.size < (elf.is_64 ? HEADER_SIZE_64 : HEADER_SIZE_32)) {
		if (in->size < (elf.is_64 ? HEADER_SIZE_64 : HEADER_SIZE_32))
			image_broken(facts, in->data.size, "it is cut off inside its header");
		return;
	}
	text_copy(facts->arch, sizeof(facts->arch), machine_word(&elf, half_at(&elf, AT_MACHINE)));
	text_copy(facts->checked, sizeof(facts->checked), "size and tables; nothing covers the contents");
	segments = word_at(&elf, elf.is_64 ? 32 : 28);
	sections = word_at(&elf, elf.is_64 ? 40 : 32);
	counts = elf.is_64 ? 54 : 42;	/* e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx follow each other */
	end = furthest_segment(&elf, segments, half_at(&elf, counts + 2), half_at(&elf, counts));
	sections_end = end_of(sections, (uint64_t)half_at(&elf, counts + 4) * half_at(&elf, counts + 6));
	if (sections != 0 && sections_end > end)
		end = sections_end;
	sections_end = end_of(segments, (uint64_t)half_at(&elf, counts) * half_at(&elf, counts + 2));
	if (segments != 0 && sections_end > end)
		end = sections_end;
	if (end > 0 && image_declare(in, facts, end))
		check_sections(&elf, facts, sections, half_at(&elf, counts + 4), half_at(&elf, counts + 6), half_at(&elf, counts + 8));
}

const struct image_format image_format_elf = {
	.role = IMAGE_ROLE_PLAIN, .word = "elf", .title = "ELF program", .matches = matches, .inspect = inspect,
};
