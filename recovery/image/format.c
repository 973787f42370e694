/* recovery/image/format.c
 *
 * What the formats share: problems, sizes, names, and what lies in what. */
#include "recovery/image/format.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "src/base/crc.h"
#include "src/base/text.h"

enum { PADDING_PIECE = 1024 * 1024 };

static void set_problem(struct image_problem *to, uint64_t offset, const char *format, va_list args)
{
	to->offset = offset;
	vsnprintf(to->what, sizeof(to->what), format, args);
}

void image_problem(struct image_facts *facts, uint64_t offset, const char *format, ...)
{
	va_list args;

	if (facts->problem_count == IMAGE_PROBLEMS)
		return;
	va_start(args, format);
	set_problem(&facts->problems[facts->problem_count++], offset, format, args);
	va_end(args);
}

/* Behind those that broke it before: the first is the cause, the others may follow from it. */
void image_broken(struct image_facts *facts, uint64_t offset, const char *format, ...)
{
	unsigned at = facts->whole == IMAGE_NO ? facts->broken_count : 0;
	va_list args;

	facts->whole = IMAGE_NO;
	if (at == IMAGE_PROBLEMS)
		return;
	if (facts->problem_count == IMAGE_PROBLEMS)
		facts->problem_count--;
	memmove(&facts->problems[at + 1], &facts->problems[at], (facts->problem_count - at) * sizeof(facts->problems[0]));
	facts->problem_count++;
	facts->broken_count = at + 1;
	va_start(args, format);
	set_problem(&facts->problems[at], offset, format, args);
	va_end(args);
}

void image_broken_by(struct image_facts *facts, uint64_t offset, const char *cause)
{
	unsigned broken = facts->whole == IMAGE_NO ? facts->broken_count : 0;

	facts->whole = IMAGE_UNKNOWN;
	image_broken(facts, offset, "%s", cause);
	facts->broken_count = broken < IMAGE_PROBLEMS ? broken + 1 : IMAGE_PROBLEMS;
}

void image_note_damage(struct image_facts *facts, uint64_t offset, const char *what)
{
	image_broken(facts, offset, "%s", what);
}

void image_is_none(const struct image_input *in, struct image_facts *facts, const char *format, ...)
{
	struct image_problem problem;
	va_list args;

	facts->is_no_image = true;
	if (in->depth > 0)
		return;
	va_start(args, format);
	set_problem(&problem, 0, format, args);
	va_end(args);
	image_broken(facts, 0, "%s", problem.what);
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

uint32_t image_crc32_raw0(struct bytes over)
{
	return ~crc32_update(UINT32_MAX, over);
}

uint32_t image_crc32c(struct bytes over)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < over.size; i++) {
		crc ^= over.data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

uint32_t image_crc32_msb(struct bytes over)
{
	uint32_t table[256], crc = UINT32_MAX;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i << 24;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] << 1 ^ (table[i] & 0x80000000 ? 0x04c11db7 : 0);
	}
	for (size_t i = 0; i < over.size; i++)
		crc = crc << 8 ^ table[crc >> 24 ^ over.data[i]];
	return crc;
}

uint32_t image_byte_sum(struct bytes over)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < over.size; i++)
		sum += over.data[i];
	return sum;
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
void image_find_version(const char *text, char *to, size_t size)
{
	for (const char *at = text; *at != '\0'; at++) {
		const char *end = at;
		size_t length;

		if (at > text && isalnum((unsigned char)at[-1]) && at[-1] != 'v' && at[-1] != 'V')
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

void image_text(char *to, size_t size, struct bytes field)
{
	const uint8_t *end = field.size > 0 ? memchr(field.data, '\0', field.size) : NULL;
	size_t length;

	if (end != NULL)
		field.size = (size_t)(end - field.data);
	length = text_printable(to, size, field);
	while (length > 0 && to[length - 1] == ' ')
		to[--length] = '\0';
}

void image_set_name(struct image_facts *facts, struct bytes field)
{
	image_text(facts->name, sizeof(facts->name), field);
	image_find_version(facts->name, facts->version, sizeof(facts->version));
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

static bool is_all_the_same(struct bytes in)
{
	return memcmp(in.data, in.data + 1, in.size - 1) == 0;
}

size_t image_long_padding(const struct image_input *in, struct bytes tail)
{
	struct bytes left = tail;
	uint8_t last = tail.size > 0 ? tail.data[tail.size - 1] : 1;

	if (last != 0x00 && last != 0xff)
		return 0;
	while (left.size > PADDING_PIECE) {
		size_t end = (size_t)(left.data + left.size - in->data.data), step = end % PADDING_PIECE ? end % PADDING_PIECE : PADDING_PIECE;
		struct bytes piece = bytes_from(left, left.size - step);

		if (piece.data[0] != last || !is_all_the_same(piece))
			break;
		left.size -= step;
		if (in->ops->forget != NULL)
			in->ops->forget(in->ops->user, piece);
	}
	return tail.size - left.size + (left.size > 0 && left.data[left.size - 1] == last ? image_padding(left) : 0);
}

void image_set_vendor(struct image_facts *facts, const char *vendor)
{
	text_copy(facts->vendor, sizeof(facts->vendor), vendor);
}

/* --- what lies in what --- */

void image_inspect_one(const struct image_input *in, const struct image_format *format, struct image_facts *facts)
{
	*facts = (struct image_facts){ .file_size = in->size };
	text_copy(facts->format, sizeof(facts->format), format->word);
	text_copy(facts->title, sizeof(facts->title), format->title);
	format->inspect(in, facts);
	/* a vendor's package is more than the archive that it is made as */
	facts->is_carrier = format->is_carrier && text_equal(facts->format, format->word);
	facts->role = format->role != IMAGE_ROLE_UNTOLD ? format->role : facts->is_carrier ? IMAGE_ROLE_PLAIN : IMAGE_ROLE_PACKAGE;
	/* its own checksum covers what is packed in it; an archive may hold what was damaged before */
	if (facts->whole == IMAGE_YES && !facts->is_carrier)
		facts->needs_deep_look = false;
	if (facts->member_problem.what[0] == '\0')
		return;
	if (facts->whole == IMAGE_YES)
		image_warning(facts, "%s; but the checksum over all of it is right", facts->member_problem.what);
	else
		image_broken(facts, facts->member_problem.offset, "%s", facts->member_problem.what);
}

void image_adopt(struct image_facts *facts, const struct image_facts *of)
{
	/* A device tree for another processor was put there as filling, and says nothing of the board; but a 64-bit ARM may run what is for 32 bits. */
	if (!image_archs_differ(of->arch, facts->arch) || (text_equal(facts->arch, "arm") && text_equal(of->arch, "arm64")))
		for (unsigned i = 0; i < of->board_count; i++)
			image_add_board(facts, bytes_of_text(of->boards[i]));
	/* A kernel's header knows no byte order; the programs inside do. */
	if (facts->arch[0] == '\0' || (facts->is_arch_guessed && of->arch[0] != '\0' && !of->is_arch_guessed) ||
	    (text_equal(facts->arch, "mips") && text_equal(of->arch, "mipsel") && !of->is_arch_guessed)) {
		text_copy(facts->arch, sizeof(facts->arch), of->arch);
		facts->is_arch_guessed = of->is_arch_guessed;
		facts->is_arch_of_programs = of->is_arch_of_programs;
	}
	if (facts->version[0] == '\0')
		text_copy(facts->version, sizeof(facts->version), of->version);
	if (facts->vendor[0] == '\0')
		text_copy(facts->vendor, sizeof(facts->vendor), of->vendor);
	if (facts->revision[0] == '\0')
		text_copy(facts->revision, sizeof(facts->revision), of->revision);
	facts->needs_deep_look |= of->needs_deep_look;
}

void image_take_guess(struct image_facts *facts, struct bytes code)
{
	text_copy(facts->arch, sizeof(facts->arch), image_guess_arch(code));
	facts->is_arch_guessed = facts->arch[0] != '\0';
}

/* The member's own parts, one deeper, at their place in this input. */
void image_add_parts_of(struct image_facts *facts, const struct image_facts *of, uint64_t offset)
{
	unsigned unpacked = UINT_MAX;	/* the depth of the unpacked part that we are in */

	for (unsigned i = 0; i < of->part_count; i++) {
		struct image_part *part = facts->part_count < IMAGE_PARTS ? &facts->parts[facts->part_count++] : NULL;

		if (part == NULL) {
			facts->has_unlisted_archive |= of->parts[i].has_more;
			continue;
		}
		*part = of->parts[i];
		part->depth++;
		if (part->depth <= unpacked)
			unpacked = part->is_unpacked ? part->depth : UINT_MAX;
		/* what lies in something unpacked keeps its place there */
		if (unpacked == UINT_MAX)
			part->offset += offset;
	}
}

struct image_part *image_add_row(struct image_facts *facts, uint64_t offset, uint64_t size, const char *name, const char *format)
{
	struct image_part *part;

	if (facts->part_count == IMAGE_PARTS)
		return NULL;
	part = &facts->parts[facts->part_count++];
	*part = (struct image_part){ .offset = offset, .size = size, .depth = 1 };
	text_copy(part->name, sizeof(part->name), name);
	text_copy(part->format, sizeof(part->format), format);
	return part;
}

/* What a stream holds is a part of its own; of an archive all must be in memory, and in order. */
static bool shows_all(const struct image_format *format, const struct image_input *member, const struct image_facts *facts)
{
	bool is_stream = text_equal(facts->format, facts->compression) && facts->part_count > 0 && facts->parts[0].is_unpacked;

	return is_stream || (format->lists_members && member->data.size == member->size && facts->whole != IMAGE_NO && !facts->has_unlisted_archive);
}

/* Returns how long it says that it is. */
static uint64_t look_at_member(const struct image_input *member, struct image_facts *facts, struct image_part *part)
{
	const struct image_format *format = member->data.size > 0 && member->depth < IMAGE_DEPTH ? image_find_format(member, false) : NULL;
	struct image_facts of;

	if (format == NULL) {
		/* program text without a header: only where nothing else has told, for it takes its time */
		if (facts->arch[0] == '\0')
			image_take_guess(facts, member->data);
		return 0;
	}
	/* a file with nothing in it is no image, but as a member of one it may be meant so */
	if (text_equal(format->word, "erased") || text_equal(format->word, "empty")) {
		text_copy(part->format, sizeof(part->format), format->word);
		return 0;
	}
	image_inspect_one(member, format, &of);
	text_copy(part->format, sizeof(part->format), of.format);
	text_copy(part->arch, sizeof(part->arch), of.arch);
	part->whole = of.whole;
	part->has_more = (format->is_carrier || format->is_archive) && !shows_all(format, member, &of);
	image_add_parts_of(facts, &of, part->is_unpacked ? 0 : part->offset);
	image_adopt(facts, &of);
	if (of.whole != IMAGE_NO || facts->member_problem.what[0] != '\0' || part->is_unpacked)
		return of.declared_size;
	facts->member_problem.offset = part->offset + of.problems[0].offset;
	text_format(facts->member_problem.what, sizeof(facts->member_problem.what), "its part '%.32s' (%s): %.100s", part->name, of.format,
		    of.problems[0].what);
	return of.declared_size;
}

bool image_is_covered(const struct image_input *in, const struct image_facts *facts)
{
	return in->is_covered || facts->whole == IMAGE_YES;
}

/* Members that lie in each other would be looked at once for each of them, and so again on every level below. */
static bool overlaps_a_part(const struct image_facts *facts, uint64_t offset, uint64_t size)
{
	for (unsigned i = 0; i < facts->part_count; i++) {
		const struct image_part *part = &facts->parts[i];

		if (part->depth == 1 && !part->is_unpacked && part->offset < offset + size && offset < part->offset + part->size)
			return true;
	}
	return false;
}

/* There is no row for it any more; whether there is more to find in it is told all the same. */
static void note_unlisted(const struct image_input *member, struct image_facts *facts)
{
	const struct image_format *format = member->data.size > 0 && member->depth < IMAGE_DEPTH ? image_find_format(member, false) : NULL;

	facts->has_unlisted_archive |= format != NULL && (format->is_carrier || format->is_archive);
}

struct image_part *image_add_part(const struct image_input *in, struct image_facts *facts, uint64_t offset, uint64_t size,
				  const char *name)
{
	return image_add_checked_part(in, facts, offset, size, name, false);
}

struct image_part *image_add_checked_part(const struct image_input *in, struct image_facts *facts, uint64_t offset, uint64_t size,
					  const char *name, bool is_right)
{
	struct image_input member = { image_slice(in, offset, size), size, in->ops, in->depth + 1, is_right || image_is_covered(in, facts) };
	bool is_new = !overlaps_a_part(facts, offset, size);
	struct image_part *part = image_add_row(facts, offset, size, name, "unknown");

	if (member.size < member.data.size)
		member.size = member.data.size;
	if (part == NULL) {
		note_unlisted(&member, facts);
		return NULL;
	}
	if (is_new)
		look_at_member(&member, facts, part);
	return part;
}

struct image_part *image_add_unpacked_part(const struct image_input *in, struct image_facts *facts, struct bytes head, uint64_t size,
					   const char *name, bool is_right)
{
	struct image_input member = { head, size, in->ops, in->depth + 1, is_right };
	struct image_part *part = image_add_row(facts, 0, size != IMAGE_SIZE_UNKNOWN ? size : 0, name, "unknown");

	if (part == NULL) {
		note_unlisted(&member, facts);
		return NULL;
	}
	part->is_unpacked = true;
	look_at_member(&member, facts, part);
	return part;
}

uint64_t image_add_rest(const struct image_input *in, struct image_facts *facts, uint64_t offset, const char *name)
{
	uint64_t size = in->size > offset ? in->size - offset : 0, declared;
	struct image_input member = { image_slice(in, offset, size), size, in->ops, in->depth + 1, false };
	struct image_part *part = size > 0 ? image_add_row(facts, offset, size, name, "unknown") : NULL;

	if (part == NULL)
		return 0;
	declared = look_at_member(&member, facts, part);
	if (declared > 0)
		part->size = declared;
	return declared > 0 ? offset + declared : 0;
}

const char *image_code_arch(const uint8_t at[4])
{
	uint32_t code = load_le32(at);

	if (code >> 24 == 0xea || code >> 12 == 0xe59ff)	/* B; or LDR PC, as a table of vectors begins */
		return "arm";
	/* B; or NOP, where a hook may be put */
	return code >> 26 == 5 || code == 0xd503201f ? "arm64" : "";
}

void image_correct_uboot_arch(char *arch, size_t size, struct bytes program)
{
	if (text_equal(arch, "arm") && program.size >= 4 && text_equal(image_code_arch(program.data), "arm64"))
		text_copy(arch, size, "arm64");
}
