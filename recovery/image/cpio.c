#include "recovery/image/cpio.h"

#include <inttypes.h>

#include "recovery/image/programs.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	NEW_HEADER = 110,	/* 070701, 070702: hexadecimal text, padded to 4 */
	OLD_HEADER = 76,	/* 070707: octal text, not padded */
	BINARY_HEADER = 26,	/* numbers of 16 bits in either byte order, of 32 with the high half first; padded to 2 */
	BINARY_MAGIC = 070707,
	BINARY_NAME_MAX = 1024,
	NAME_MAX_SIZE = 4096,
	NAMED_PARTS = 16,
	DAMAGED_DIGITS = 4,
	MODE_TYPE = 0170000,
	MODE_FILE = 0100000,
	FILL_MAX = 64 * 1024,	/* between two archives */
};

enum kind { KIND_NONE, KIND_NEW, KIND_OLD, KIND_LITTLE, KIND_BIG };

struct fields {
	uint64_t mode, size, name_size, sum;
};

/* Digits only, as many as size says. */
static bool read_digits(const uint8_t *at, unsigned size, unsigned base, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < size; i++) {
		unsigned digit = at[i] >= '0' && at[i] <= '9' ? (unsigned)(at[i] - '0') :
			(at[i] | 0x20) >= 'a' && (at[i] | 0x20) <= 'f' ? (at[i] | 0x20u) - 'a' + 10 : 99;

		if (digit >= base)
			return false;
		number = number * base + digit;
	}
	*ret_number = number;
	return true;
}

/* --- numbers as text --- */

static enum kind kind_of_text(struct bytes head)
{
	uint64_t number;

	if (head.size < OLD_HEADER || memcmp(head.data, "07070", 5) != 0)
		return KIND_NONE;
	if (head.data[5] == '7')
		return read_digits(head.data + 6, 35, 8, &number) && read_digits(head.data + 41, 35, 8, &number) ? KIND_OLD : KIND_NONE;
	if (head.size < NEW_HEADER || (head.data[5] != '1' && head.data[5] != '2'))
		return KIND_NONE;
	for (unsigned field = 0; field < 13; field++)
		if (!read_digits(head.data + 6 + field * 8, 8, 16, &number))
			return KIND_NONE;
	return KIND_NEW;
}

static void read_text(const uint8_t *head, enum kind kind, struct fields *fields)
{
	if (kind == KIND_OLD) {
		(void)read_digits(head + 18, 6, 8, &fields->mode);
		(void)read_digits(head + 59, 6, 8, &fields->name_size);
		(void)read_digits(head + 65, 11, 8, &fields->size);
		return;
	}
	(void)read_digits(head + 14, 8, 16, &fields->mode);
	(void)read_digits(head + 54, 8, 16, &fields->size);
	(void)read_digits(head + 94, 8, 16, &fields->name_size);
	(void)read_digits(head + 102, 8, 16, &fields->sum);
}

/* --- numbers in binary --- */

static uint16_t load_half(const uint8_t *at, enum kind kind)
{
	return kind == KIND_BIG ? load_be16(at) : load_le16(at);
}

static void read_binary(const uint8_t *head, enum kind kind, struct fields *fields)
{
	fields->mode = load_half(head + 6, kind);
	fields->name_size = load_half(head + 20, kind);
	fields->size = (uint64_t)load_half(head + 22, kind) << 16 | load_half(head + 24, kind);
}

/* The mark has but two bytes: a name must follow that ends where its size says, and a mode that files have. */
static enum kind kind_of_binary(const struct image_input *in, uint64_t at)
{
	struct bytes head = image_slice(in, at, BINARY_HEADER), name;
	struct fields fields = { 0 };
	enum kind kind;

	if (head.size < BINARY_HEADER)
		return KIND_NONE;
	kind = load_le16(head.data) == BINARY_MAGIC ? KIND_LITTLE : load_be16(head.data) == BINARY_MAGIC ? KIND_BIG : KIND_NONE;
	if (kind == KIND_NONE)
		return KIND_NONE;
	read_binary(head.data, kind, &fields);
	name = image_slice(in, at + BINARY_HEADER, fields.name_size);
	if (fields.name_size < 2 || fields.name_size > BINARY_NAME_MAX || name.size < fields.name_size || name.data[name.size - 1] != '\0' ||
	    strlen((const char *)name.data) != name.size - 1 || (uint8_t)name.data[0] < ' ')
		return KIND_NONE;
	return fields.mode == 0 ? (memcmp(name.data, "TRAILER!!!", 11) == 0 ? kind : KIND_NONE) : fields.mode >> 12 <= 014 ? kind : KIND_NONE;
}

/* --- members --- */

static enum kind kind_at(const struct image_input *in, uint64_t at)
{
	enum kind kind = kind_of_text(image_slice(in, at, NEW_HEADER));

	return kind != KIND_NONE ? kind : kind_of_binary(in, at);
}

static uint64_t header_size(enum kind kind)
{
	return kind == KIND_NEW ? NEW_HEADER : kind == KIND_OLD ? OLD_HEADER : BINARY_HEADER;
}

static uint64_t padded(uint64_t at, enum kind kind)
{
	uint64_t unit = kind == KIND_NEW ? 4 : kind == KIND_OLD ? 1 : 2;

	return (at + unit - 1) / unit * unit;
}

/* Offsets count from the start of the archive, which is where the input starts. */
enum cpio_event_type cpio_next(struct cpio_walk *walk, struct cpio_member *ret_member)
{
	enum kind kind = kind_at(walk->in, walk->at);
	struct fields fields = { 0 };
	const uint8_t *head;

	if (++walk->members > CPIO_MEMBERS || (kind == KIND_NONE && !image_in_memory(walk->in, walk->at, NEW_HEADER))) {
		if (walk->in->size - walk->at >= NEW_HEADER || walk->in->data.size < walk->in->size)
			return CPIO_CUT;
		walk->at = walk->in->size;
		return CPIO_BROKEN;
	}
	if (kind == KIND_NONE)
		return CPIO_BROKEN;
	head = walk->in->data.data + walk->at;
	if (kind == KIND_LITTLE || kind == KIND_BIG)
		read_binary(head, kind, &fields);
	else
		read_text(head, kind, &fields);
	if (fields.name_size == 0 || fields.name_size > NAME_MAX_SIZE)
		return CPIO_BROKEN;
	image_text(ret_member->name, sizeof(ret_member->name), image_slice(walk->in, walk->at + header_size(kind), fields.name_size));
	ret_member->mode = (uint32_t)fields.mode;
	ret_member->has_sum = kind == KIND_NEW && head[5] == '2';
	ret_member->sum = (uint32_t)fields.sum;
	ret_member->size = fields.size;
	ret_member->offset = padded(walk->at + header_size(kind) + fields.name_size, kind);
	if (ret_member->offset > walk->in->size || fields.size > walk->in->size - ret_member->offset) {
		walk->at = walk->in->size;
		return CPIO_BROKEN;
	}
	walk->at = padded(ret_member->offset + fields.size, kind);
	if (walk->at > walk->in->size)
		walk->at = walk->in->size;
	return text_equal(ret_member->name, "TRAILER!!!") ? CPIO_END : CPIO_MEMBER;
}

void cpio_conclude(const struct cpio_walk *walk, enum cpio_event_type last, struct image_facts *facts)
{
	if (last == CPIO_END)
		facts->declared_size = walk->at;
	else if (last == CPIO_BROKEN && walk->at >= walk->in->size)
		image_broken(facts, walk->in->size, "it is cut off: the mark at its end is missing");
	else if (last == CPIO_BROKEN)
		image_broken(facts, walk->at, "the header of its member at byte %" PRIu64 " is damaged", walk->at);
}

/* --- any archive --- */

static bool matches(const struct image_input *in)
{
	struct bytes head = image_slice(in, 0, NEW_HEADER);
	unsigned digits = 0;

	if (kind_at(in, 0) != KIND_NONE)
		return true;
	/* a damaged one, to say so */
	if (head.size < NEW_HEADER || (memcmp(head.data, "070701", 6) != 0 && memcmp(head.data, "070702", 6) != 0))
		return false;
	for (unsigned i = 6; i < NEW_HEADER; i++)
		digits += (head.data[i] >= '0' && head.data[i] <= '9') || ((head.data[i] | 0x20) >= 'a' && (head.data[i] | 0x20) <= 'f');
	return digits >= NEW_HEADER - 6 - DAMAGED_DIGITS;
}

struct contents {
	const struct image_input *in;
	struct image_facts *facts;
	struct programs programs;
	unsigned summed, unsummed;
};

static void look_at(struct contents *contents, const struct cpio_member *member)
{
	struct bytes data = image_slice(contents->in, member->offset, member->size);
	struct image_input at = { data, member->size, contents->in->ops, contents->in->depth + 1, false };
	struct image_part *part;
	unsigned type;

	contents->summed += member->has_sum && data.size == member->size;
	contents->unsummed += !member->has_sum || data.size < member->size;
	if (member->has_sum && data.size == member->size && image_byte_sum(data) != member->sum)
		image_broken(contents->facts, member->offset, "its member '%.60s' is damaged: the sum of its bytes does not match", member->name);
	if (elf_arch(data, &type)[0] != '\0') {
		if (!contents->programs.has_enough)
			programs_look(&contents->programs, data);
		part = contents->facts->part_count < NAMED_PARTS ?
			image_add_row(contents->facts, member->offset, member->size, member->name, "elf") : NULL;
		if (part != NULL)
			text_copy(part->arch, sizeof(part->arch), elf_arch(data, &type));
	} else if (contents->facts->part_count < NAMED_PARTS || (data.size > 0 && image_find_format(&at, false) != NULL))
		image_add_part(contents->in, contents->facts, member->offset, member->size, member->name);
}

/* The kernel unpacks one archive after the other, packed or not, with zeros between them: buffer-format.rst. */
static void add_next(const struct image_input *in, struct image_facts *facts, uint64_t end)
{
	static const char *const words[] = { "cpio", "gzip", "xz", "bzip2", "zstd", "lz4", "lzop", "lzma" };
	struct image_input next = *in;
	const struct image_format *format;
	uint64_t at = end;

	while (at < in->data.size && in->data.data[at] == 0 && at - end < FILL_MAX)
		at++;
	next.data = image_slice(in, at, UINT64_MAX);
	next.size = in->size > at ? in->size - at : 0;
	format = next.data.size > 0 ? image_find_format(&next, false) : NULL;
	for (size_t i = 0; format != NULL && i < ARRAY_SIZE(words); i++) {
		if (!text_equal(format->word, words[i]))
			continue;
		end = image_add_rest(in, facts, at, "next archive");
		facts->declared_size = end > 0 ? end : in->size;
		return;
	}
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct contents contents = { .in = in, .facts = facts };
	struct cpio_walk walk = { .in = in };
	struct cpio_member member;
	enum cpio_event_type type;

	while ((type = cpio_next(&walk, &member)) == CPIO_MEMBER)
		if ((member.mode & MODE_TYPE) == MODE_FILE && member.size > 0)
			look_at(&contents, &member);
	programs_tell(&contents.programs, facts);
	cpio_conclude(&walk, type, facts);
	if (type == CPIO_END)
		add_next(in, facts, walk.at);
	text_copy(facts->checked, sizeof(facts->checked), contents.summed > 0 && contents.unsummed == 0 ?
		  "the sum of each member's bytes" : "its headers; nothing covers the contents");
	facts->is_padded_by_nature = true;
}

const struct image_format image_format_cpio = {
	.word = "cpio", .is_carrier = true, .lists_members = true, .title = "cpio archive", .matches = matches, .inspect = inspect,
};
