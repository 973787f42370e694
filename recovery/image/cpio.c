#include "recovery/image/cpio.h"

#include <inttypes.h>

#include "recovery/image/programs.h"
#include "src/base/text.h"

enum {
	NEW_HEADER = 110,	/* 070701, 070702: hexadecimal text, padded to 4 */
	OLD_HEADER = 76,	/* 070707: octal text, not padded */
	NAME_MAX_SIZE = 4096,
	NAMED_PARTS = 16,
	DAMAGED_DIGITS = 4,
	MODE_TYPE = 0170000,
	MODE_FILE = 0100000,
};

static bool is_old(const uint8_t *head)
{
	return memcmp(head, "070707", 6) == 0;
}

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

bool cpio_is_header(struct bytes head)
{
	uint64_t number;

	if (head.size < NEW_HEADER || memcmp(head.data, "07070", 5) != 0)
		return false;
	if (is_old(head.data))
		return read_digits(head.data + 6, 35, 8, &number) && read_digits(head.data + 41, 35, 8, &number);
	if (head.data[5] != '1' && head.data[5] != '2')
		return false;
	for (unsigned field = 0; field < 13; field++)
		if (!read_digits(head.data + 6 + field * 8, 8, 16, &number))
			return false;
	return true;
}

struct fields {
	uint64_t mode, size, name_size, sum;
};

static void read_fields(const uint8_t *head, struct fields *fields)
{
	if (is_old(head)) {
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

static uint64_t padded(uint64_t at, bool old)
{
	return old ? at : (at + 3) / 4 * 4;
}

/* Offsets count from the start of the archive, which is where the input starts. */
enum cpio_event_type cpio_next(struct cpio_walk *walk, struct cpio_member *ret_member)
{
	struct bytes head = image_slice(walk->in, walk->at, NEW_HEADER);
	struct fields fields = { 0 };
	bool old;

	if (++walk->members > CPIO_MEMBERS || head.size < NEW_HEADER) {
		if (walk->in->size - walk->at >= NEW_HEADER)
			return CPIO_CUT;
		walk->at = walk->in->size;
		return CPIO_BROKEN;
	}
	if (!cpio_is_header(head))
		return CPIO_BROKEN;
	old = is_old(head.data);
	read_fields(head.data, &fields);
	if (fields.name_size == 0 || fields.name_size > NAME_MAX_SIZE)
		return CPIO_BROKEN;
	image_text(ret_member->name, sizeof(ret_member->name),
		   image_slice(walk->in, walk->at + (old ? OLD_HEADER : NEW_HEADER), fields.name_size));
	ret_member->mode = (uint32_t)fields.mode;
	ret_member->has_sum = !old && head.data[5] == '2';
	ret_member->sum = (uint32_t)fields.sum;
	ret_member->size = fields.size;
	ret_member->offset = padded(walk->at + (old ? OLD_HEADER : NEW_HEADER) + fields.name_size, old);
	if (ret_member->offset > walk->in->size || fields.size > walk->in->size - ret_member->offset) {
		walk->at = walk->in->size;
		return CPIO_BROKEN;
	}
	walk->at = padded(ret_member->offset + fields.size, old);
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

	if (cpio_is_header(head))
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
	text_copy(facts->checked, sizeof(facts->checked), contents.summed > 0 && contents.unsummed == 0 ?
		  "the sum of each member's bytes" : "its headers; nothing covers the contents");
	facts->is_padded_by_nature = true;
}

const struct image_format image_format_cpio = {
	.word = "cpio", .is_carrier = true, .lists_members = true, .title = "cpio archive", .matches = matches, .inspect = inspect,
};
