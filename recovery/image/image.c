/* recovery/image/image.c
 *
 * The table of formats, what they share, and the flash image: several of them behind each other. */
#include "recovery/image/image.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "recovery/image/format.h"
#include "src/base/cleanup.h"
#include "src/base/crc.h"
#include "src/base/text.h"

/* In the order of asking: what has no magic of its own comes where nothing stronger can be mistaken for it. */
static const struct image_format *const formats[] = {
	&image_format_empty,
	&image_format_erased,
	&image_format_uimage,
	&image_format_fdt,
	&image_format_squashfs,
	&image_format_zimage,
	&image_format_arm64,
	&image_format_elf,
	&image_format_gzip,
	&image_format_xz,
	&image_format_zip,
	&image_format_html,
	&image_format_text_error,
};

const struct image_format *image_find_format(const struct image_input *in, bool is_scan)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		bool (*test)(const struct image_input *) = is_scan ? formats[i]->is_sound : formats[i]->matches;

		if (test != NULL && test(in))
			return formats[i];
	}
	return NULL;
}

/* --- for the formats --- */

static void keep_problem(struct image_facts *facts, uint64_t offset, const char *format, va_list args)
{
	if (facts->problem[0] != '\0')
		return;
	vsnprintf(facts->problem, sizeof(facts->problem), format, args);
	facts->problem_offset = offset;
}

void image_problem(struct image_facts *facts, uint64_t offset, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep_problem(facts, offset, format, args);
	va_end(args);
}

void image_broken(struct image_facts *facts, uint64_t offset, const char *format, ...)
{
	va_list args;

	/* what makes it broken is worth more than what made it uncertain */
	if (facts->whole != IMAGE_NO)
		facts->problem[0] = '\0';
	facts->whole = IMAGE_NO;
	va_start(args, format);
	keep_problem(facts, offset, format, args);
	va_end(args);
}

void image_warning(struct image_facts *facts, const char *format, ...)
{
	va_list args;

	if (facts->warning[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(facts->warning, sizeof(facts->warning), format, args);
	va_end(args);
}

bool image_declare(const struct image_input *in, struct image_facts *facts, uint64_t size)
{
	char want[24], have[24];

	facts->declared_size = size;
	if (size <= in->size)
		return true;
	text_size(want, sizeof(want), size);
	text_size(have, sizeof(have), in->size);
	image_broken(facts, in->size, "it is cut off: %" PRIu64 " of %" PRIu64 " bytes are there (%s of %s)", in->size, size, have,
		     want);
	return false;
}

bool image_in_memory(const struct image_input *in, uint64_t offset, uint64_t size)
{
	return offset <= in->data.size && size <= in->data.size - offset;
}

struct bytes image_slice(const struct image_input *in, uint64_t offset, uint64_t size)
{
	struct bytes from;

	if (offset >= in->data.size)
		return (struct bytes){ in->data.data, 0 };
	from = bytes_from(in->data, (size_t)offset);
	if (size < from.size)
		from.size = (size_t)size;
	return from;
}

uint32_t image_crc32(const struct image_input *in, struct bytes over)
{
	return in->ops->crc32 != NULL ? in->ops->crc32(in->ops->user, over) : crc32_update(0, over);
}

void image_add_board(struct image_facts *facts, struct bytes compatible)
{
	char board[sizeof(facts->boards[0])];

	if (compatible.size == 0 || facts->board_count == IMAGE_BOARDS)
		return;
	text_printable(board, sizeof(board), compatible);
	for (unsigned i = 0; i < facts->board_count; i++)
		if (text_equal(facts->boards[i], board))
			return;
	text_copy(facts->boards[facts->board_count++], sizeof(board), board);
}

/* From the first digits with a dot and a digit behind them on, a v left out: "2.4.1", "1.02-beta". */
static void find_version(const char *name, char *to, size_t size)
{
	for (const char *at = name; *at != '\0'; at++) {
		const char *end = at;
		size_t length;

		if (at > name && isalnum((unsigned char)at[-1]) && at[-1] != 'v' && at[-1] != 'V')
			continue;
		while (isdigit((unsigned char)*end))
			end++;
		if (end == at || end[0] != '.' || !isdigit((unsigned char)end[1]))
			continue;
		length = strcspn(at, " \t,;()/");
		text_format(to, size, "%.*s", (int)(length < size ? length : size - 1), at);
		return;
	}
}

void image_set_name(struct image_facts *facts, struct bytes field)
{
	const uint8_t *end = field.size > 0 ? memchr(field.data, '\0', field.size) : NULL;
	size_t length;

	if (end != NULL)
		field.size = (size_t)(end - field.data);
	length = text_printable(facts->name, sizeof(facts->name), field);
	while (length > 0 && facts->name[length - 1] == ' ')
		facts->name[--length] = '\0';
	find_version(facts->name, facts->version, sizeof(facts->version));
}

bool image_starts_with(struct bytes data, struct bytes magic)
{
	return data.size >= magic.size && memcmp(data.data, magic.data, magic.size) == 0;
}

size_t image_padding(struct bytes tail)
{
	size_t count = 0;
	uint8_t last;

	if (tail.size == 0)
		return 0;
	last = tail.data[tail.size - 1];
	if (last != 0x00 && last != 0xff)
		return 0;
	while (count < tail.size && tail.data[tail.size - 1 - count] == last)
		count++;
	return count;
}

static bool is_padding(struct bytes in)
{
	/* first the one byte, then the other: what a builder padded with zeros is written into erased flash */
	in.size -= image_padding(in);
	return image_padding(in) == in.size;
}

/* What a member is, by its first bytes; nothing is said of it as a whole. Members of members are not looked at. */
struct image_part *image_add_part(const struct image_input *in, struct image_facts *facts, uint64_t offset, uint64_t size,
				  const char *name)
{
	struct image_input member = { image_slice(in, offset, size), size, in->ops };
	const struct image_format *format;
	struct image_part *part;

	if (facts->part_count == IMAGE_PARTS)
		return NULL;
	part = &facts->parts[facts->part_count++];
	*part = (struct image_part){ .offset = offset, .size = size, .is_inside = true };
	text_copy(part->name, sizeof(part->name), name);
	if (member.size < member.data.size)
		member.size = member.data.size;
	format = member.data.size > 0 ? image_find_format(&member, false) : NULL;
	text_copy(part->format, sizeof(part->format), format != NULL ? format->word : "unknown");
	return part;
}

/* --- the whole file --- */

static void inspect_one(const struct image_input *in, const struct image_format *format, struct image_facts *facts)
{
	*facts = (struct image_facts){ .file_size = in->size };
	text_copy(facts->format, sizeof(facts->format), format->word);
	text_copy(facts->title, sizeof(facts->title), format->title);
	format->inspect(in, facts);
	text_copy(facts->starts_with, sizeof(facts->starts_with), facts->format);
}

static void add_neighbour(struct image_facts *facts, uint64_t offset, uint64_t size, const struct image_facts *of)
{
	struct image_part *part;

	if (facts->part_count == IMAGE_PARTS)
		return;
	part = &facts->parts[facts->part_count++];
	*part = (struct image_part){ .offset = offset, .size = of->declared_size ? of->declared_size : size, .whole = of->whole };
	text_copy(part->format, sizeof(part->format), of->format);
	text_copy(part->arch, sizeof(part->arch), of->arch);
	text_copy(part->name, sizeof(part->name), of->name);
	if (of->whole == IMAGE_NO)
		image_broken(facts, offset + of->problem_offset, "the %s at 0x%" PRIx64 ": %.120s", of->format, offset, of->problem);
	for (unsigned i = 0; i < of->board_count; i++)
		image_add_board(facts, bytes_of_text(of->boards[i]));
	if (facts->arch[0] == '\0')
		text_copy(facts->arch, sizeof(facts->arch), of->arch);
	else if (image_arch_fits(of->arch, facts->arch) == IMAGE_NO)
		image_warning(facts, "its parts are for different processors: %s, and %s at 0x%" PRIx64, facts->arch, of->arch, offset);
}

struct scan {
	const struct image_input *in;
	struct image_facts *facts;
	uint64_t covered;	/* up to here bytes belong to a known part */
	unsigned found;
	bool has_foreign;	/* bytes that are neither a part nor padding */
	bool is_unsure;		/* a part whose contents nothing covers */
};

static void check_gap(struct scan *scan, uint64_t until)
{
	if (until > scan->covered && !is_padding(image_slice(scan->in, scan->covered, until - scan->covered)))
		scan->has_foreign = true;
}

/* Looks at erase block boundaries behind what is known; inside a known part nothing is looked for, so that a compressed file
 * system's contents are not taken for parts. */
static void scan_parts(struct scan *scan)
{
	uint64_t offset = (scan->covered + IMAGE_PART_ALIGNMENT - 1) / IMAGE_PART_ALIGNMENT * IMAGE_PART_ALIGNMENT;

	for (unsigned looked = 0; looked < IMAGE_SCAN_OFFSETS && offset < scan->in->data.size && scan->found < IMAGE_PARTS; looked++) {
		struct image_input at = { bytes_from(scan->in->data, (size_t)offset), scan->in->size - offset, scan->in->ops };
		const struct image_format *format = image_find_format(&at, true);
		struct image_facts of;

		if (format != NULL) {
			inspect_one(&at, format, &of);
			check_gap(scan, offset);
			add_neighbour(scan->facts, offset, 0, &of);
			scan->is_unsure |= of.whole != IMAGE_YES;
			scan->found++;
			scan->covered = offset + (of.declared_size > 0 && of.declared_size <= at.size ? of.declared_size : 1);
			if (of.declared_size > at.size)
				scan->covered = scan->in->size;
			/* the first block boundary at or behind the end */
			offset = (scan->covered - 1) / IMAGE_PART_ALIGNMENT * IMAGE_PART_ALIGNMENT;
		}
		offset += IMAGE_PART_ALIGNMENT;
	}
	check_gap(scan, scan->in->data.size);
}

/* The container at the start becomes the first part; its members make room for the parts beside it. */
static void become_flash_image(struct image_facts *facts, const struct image_facts *first)
{
	struct image_facts kept = *first;

	facts->part_count = 0;
	add_neighbour(facts, 0, first->declared_size, &kept);
	text_copy(facts->format, sizeof(facts->format), "flash-image");
	text_copy(facts->title, sizeof(facts->title), "flash image");
	facts->declared_size = 0;
	facts->compression[0] = '\0';
}

/* The container is alone in the file, and something follows it that is no part. */
static void judge_tail(const struct image_input *in, struct image_facts *facts, bool has_foreign)
{
	uint64_t more = in->size - facts->declared_size;

	if (has_foreign && text_equal(facts->format, "dtb") && in->data.size == in->size) {
		image_broken(facts, facts->declared_size, "%" PRIu64 " bytes follow its end that do not belong to it", more);
		return;
	}
	/* a kernel that is padded to an erase block is made so because a root file system follows it */
	if (has_foreign)
		image_problem(facts, facts->declared_size, "%" PRIu64 " bytes follow its end that no check covers", more);
	else if (in->size % IMAGE_PART_ALIGNMENT == 0 && facts->whole == IMAGE_YES)
		image_problem(facts, facts->declared_size, "it is padded to an erase block, but nothing follows: a part may be missing");
	else
		return;
	if (facts->whole == IMAGE_YES)
		facts->whole = IMAGE_UNKNOWN;
}

/* A file that goes on behind what its start declares: other parts, padding, or something that nothing covers. */
static void inspect_rest(const struct image_input *in, struct image_facts *facts)
{
	struct image_facts first = *facts;
	struct scan scan = { .in = in, .facts = facts, .covered = first.declared_size };
	bool is_known = !text_equal(first.format, "unknown");

	if (is_known) {
		become_flash_image(facts, &first);
		scan.found = 1;
	}
	scan_parts(&scan);
	if (scan.found == is_known) {	/* nothing but what was known before */
		*facts = first;
		if (is_known)
			judge_tail(in, facts, scan.has_foreign);
		return;
	}
	if (facts->whole == IMAGE_NO)
		return;
	facts->whole = is_known && first.whole == IMAGE_YES && !scan.is_unsure && !scan.has_foreign && in->data.size == in->size
		? IMAGE_YES : IMAGE_UNKNOWN;
	text_copy(facts->checked, sizeof(facts->checked), "each part by itself");
}

void image_inspect(struct bytes head_or_whole, uint64_t file_size, const struct image_hash_ops *ops, struct image_facts *ret_facts)
{
	static const struct image_hash_ops no_ops = { 0 };
	struct image_input in = { head_or_whole, file_size, ops != NULL ? ops : &no_ops };
	const struct image_format *format;

	if (in.data.size > in.size)
		in.size = in.data.size;
	format = image_find_format(&in, false);
	if (format != NULL)
		inspect_one(&in, format, ret_facts);
	else {
		*ret_facts = (struct image_facts){ .file_size = in.size, .format = "unknown", .starts_with = "unknown" };
		text_copy(ret_facts->title, sizeof(ret_facts->title), "unknown format");
		text_copy(ret_facts->checked, sizeof(ret_facts->checked), "nothing: the format is not known");
	}
	if (format == NULL || (ret_facts->declared_size > 0 && ret_facts->declared_size < in.size))
		inspect_rest(&in, ret_facts);
}

/* --- processors --- */

struct arch_word {
	const char *word;
	const char *family;		/* what cannot run each other's code */
	const char *endian;		/* "": the word leaves it open */
};

static const struct arch_word arch_words[] = {
	{ "arm", "arm", "" }, { "armhf", "arm", "l" }, { "armel", "arm", "l" }, { "armeb", "arm", "b" }, { "armv4", "arm", "" },
	{ "armv5", "arm", "" }, { "armv5te", "arm", "" }, { "armv6", "arm", "" }, { "armv7", "arm", "" }, { "armv7l", "arm", "l" },
	{ "armv7-m", "arm", "l" }, { "cortex-m", "arm", "l" },
	{ "arm64", "arm64", "" }, { "aarch64", "arm64", "" }, { "armv8", "arm64", "" },
	/* "mips" is big-endian in an ELF file and either in a uImage, so nothing is concluded from it */
	{ "mips", "mips", "" }, { "mipseb", "mips", "b" }, { "mipsbe", "mips", "b" }, { "mipsel", "mips", "l" },
	{ "mips64", "mips64", "" }, { "mips64el", "mips64", "l" }, { "mips64eb", "mips64", "b" },
	{ "ppc", "ppc", "" }, { "powerpc", "ppc", "" }, { "ppc64", "ppc64", "" }, { "ppc64le", "ppc64", "l" },
	{ "riscv", "riscv", "" }, { "riscv32", "riscv", "" }, { "riscv64", "riscv", "" },
	{ "x86", "x86", "" }, { "i386", "x86", "" }, { "x86_64", "x86_64", "" }, { "amd64", "x86_64", "" },
	{ "s390", "s390", "" }, { "sh", "sh", "" }, { "or1k", "or1k", "" }, { "xtensa", "xtensa", "" }, { "hppa", "hppa", "" },
	{ "m68k", "m68k", "" }, { "nios2", "nios2", "" }, { "arc", "arc", "" }, { "avr", "avr", "" }, { "8051", "8051", "" },
};

static const struct arch_word *find_arch(const char *word)
{
	for (size_t i = 0; word != NULL && i < ARRAY_SIZE(arch_words); i++)
		if (text_equal(arch_words[i].word, word))
			return &arch_words[i];
	return NULL;
}

enum image_answer image_arch_fits(const char *image_arch, const char *device_arch)
{
	const struct arch_word *image = find_arch(image_arch), *device = find_arch(device_arch);

	if (image == NULL || device == NULL)
		return IMAGE_UNKNOWN;
	if (!text_equal(image->family, device->family)) {
		/* a 64-bit MIPS or x86 processor runs the 32-bit code of its family; whether the loader starts it is open */
		if (text_equal(image->family, "mips") && text_equal(device->family, "mips64"))
			return IMAGE_UNKNOWN;
		if (text_equal(image->family, "x86") && text_equal(device->family, "x86_64"))
			return IMAGE_UNKNOWN;
		return IMAGE_NO;
	}
	if (image->endian[0] != '\0' && device->endian[0] != '\0' && image->endian[0] != device->endian[0])
		return IMAGE_NO;
	if (text_equal(image->family, "mips") && image->endian[0] != device->endian[0])
		return IMAGE_UNKNOWN;
	return IMAGE_YES;
}

const char *image_answer_name(enum image_answer answer)
{
	return answer == IMAGE_YES ? "yes" : answer == IMAGE_NO ? "no" : "unknown";
}
