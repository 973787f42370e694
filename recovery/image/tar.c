#include "recovery/image/tar.h"

#include <inttypes.h>

#include "recovery/image/programs.h"
#include "recovery/image/mender.h"
#include "src/base/text.h"

enum {
	AT_MODE = 100,
	AT_SIZE = 124,
	AT_SUM = 148,
	SUM_SIZE = 8,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	AT_PREFIX = 345,
	NAME_SIZE = 100,
	PREFIX_SIZE = 155,
	LONG_NAMES = 4,		/* extension headers before one member */
	NAMED_PARTS = 16,	/* members that are listed whatever they are; behind them only known formats */
};

/* Octal text; or, as GNU tar writes what is larger than 8 GiB, a number with its highest bit set. False when it is neither. */
static bool read_number(const uint8_t *field, unsigned size, uint64_t *ret_number)
{
	uint64_t number = 0;
	unsigned i = 0;

	if (field[0] == 0x80) {
		*ret_number = load_be64(field + size - 8);
		return true;
	}
	while (i < size && field[i] == ' ')
		i++;
	for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
		number = number << 3 | (uint64_t)(field[i] - '0');
	*ret_number = number;
	return i == size || field[i] == '\0' || field[i] == ' ';
}

/* Bytes are counted as unsigned; old programs counted them signed. */
static bool sum_is_right(const uint8_t *block)
{
	uint32_t sum = 0;
	int32_t signed_sum = 0;
	uint64_t want;

	if (!read_number(block + AT_SUM, SUM_SIZE, &want))
		return false;
	for (unsigned i = 0; i < TAR_BLOCK; i++) {
		uint8_t byte = i >= AT_SUM && i < AT_SUM + SUM_SIZE ? ' ' : block[i];

		sum += byte;
		signed_sum += (int8_t)byte;
	}
	return want == sum || (signed_sum >= 0 && want == (uint32_t)signed_sum);
}

bool tar_is_header(struct bytes block)
{
	return block.size >= TAR_BLOCK && block.data[0] != '\0' && sum_is_right(block.data);
}

struct bytes tar_data(const struct tar_walk *walk, const struct tar_member *member)
{
	return image_slice(walk->in, member->offset, member->size);
}

static bool is_zeros(struct bytes block)
{
	return block.size > 0 && block.data[0] == '\0' && image_padding(block) == block.size;
}

uint64_t tar_end(const struct image_input *in, uint64_t at)
{
	uint64_t record = (at + 2 * TAR_BLOCK + TAR_RECORD - 1) / TAR_RECORD * TAR_RECORD;

	if (image_in_memory(in, at, record - at) && is_zeros(image_slice(in, at, record - at)))
		return record;
	return at + TAR_BLOCK + (image_in_memory(in, at, 2 * TAR_BLOCK) && is_zeros(image_slice(in, at, 2 * TAR_BLOCK)) ? TAR_BLOCK : 0);
}

static void read_name(const uint8_t *block, struct tar_member *member)
{
	bool has_prefix = memcmp(block + AT_MAGIC, "ustar\0", 6) == 0 && block[AT_PREFIX] != '\0';
	char name[NAME_SIZE + 1], prefix[PREFIX_SIZE + 1];

	image_text(name, sizeof(name), bytes_of(block, NAME_SIZE));
	image_text(prefix, sizeof(prefix), bytes_of(block + AT_PREFIX, PREFIX_SIZE));
	text_format(member->name, sizeof(member->name), "%s%s%s", has_prefix ? prefix : "", has_prefix ? "/" : "", name);
}

/* "27 path=./kernel\n": decimal length of the record, keyword, value. */
static void read_pax(struct bytes records, char *name, size_t size)
{
	while (records.size > 0) {
		uint64_t length = 0;
		size_t at = 0;

		while (at < records.size && at < 8 && records.data[at] >= '0' && records.data[at] <= '9')
			length = length * 10 + (uint64_t)(records.data[at++] - '0');
		if (length > records.size || length < at + 8)
			return;
		if (memcmp(records.data + at, " path=", 6) == 0)
			image_text(name, size, bytes_of(records.data + at + 6, (size_t)length - at - 7));
		records = bytes_from(records, (size_t)length);
	}
}

/* One header. Sets at behind the member. */
static enum tar_event_type take_header(struct tar_walk *walk, struct tar_member *member)
{
	struct bytes block = image_slice(walk->in, walk->at, TAR_BLOCK);
	uint64_t size;

	if (block.size < TAR_BLOCK) {
		bool is_end = walk->in->size - walk->at < TAR_BLOCK;

		walk->at = is_end ? walk->in->size : walk->at;
		return is_end ? TAR_BROKEN : TAR_CUT;
	}
	if (is_zeros(block))
		return TAR_END;
	if (!tar_is_header(block) || !read_number(block.data + AT_SIZE, 12, &size))
		return TAR_BROKEN;
	member->type = block.data[AT_TYPE] == '\0' ? '0' : (char)block.data[AT_TYPE];
	/* links, devices and folders have no data, whatever the size says */
	member->size = member->type >= '1' && member->type <= '6' ? 0 : size;
	member->offset = walk->at + TAR_BLOCK;
	read_name(block.data, member);
	if (member->size > walk->in->size - member->offset) {
		walk->at = walk->in->size;
		return TAR_BROKEN;
	}
	walk->at = member->offset + (member->size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	if (walk->at > walk->in->size)
		walk->at = walk->in->size;
	return TAR_MEMBER;
}

enum tar_event_type tar_next(struct tar_walk *walk, struct tar_member *ret_member)
{
	char name[sizeof(ret_member->name)] = "";

	for (unsigned i = 0; i < LONG_NAMES; i++) {
		enum tar_event_type type = ++walk->members > TAR_MEMBERS ? TAR_CUT : take_header(walk, ret_member);

		if (type != TAR_MEMBER)
			return type;
		if (ret_member->type == 'L')
			image_text(name, sizeof(name), tar_data(walk, ret_member));
		else if (ret_member->type == 'x')
			read_pax(tar_data(walk, ret_member), name, sizeof(name));
		else if (ret_member->type != 'g' && ret_member->type != 'K') {
			if (name[0] != '\0')
				text_copy(ret_member->name, sizeof(ret_member->name), name);
			if (text_starts(ret_member->name, "./"))
				memmove(ret_member->name, ret_member->name + 2, strlen(ret_member->name) - 1);
			return TAR_MEMBER;
		}
	}
	return TAR_BROKEN;
}

/* --- any archive --- */

static bool matches(const struct image_input *in)
{
	uint64_t mode;

	if (in->data.size < TAR_BLOCK)
		return false;
	if (memcmp(in->data.data + AT_MAGIC, "ustar", 5) == 0)
		return true;
	/* the form before ustar has no magic */
	return tar_is_header(in->data) && read_number(in->data.data + AT_MODE, 8, &mode) && in->data.data[AT_MODE] >= ' ';
}

static bool is_worth_a_row(const struct image_facts *facts, const struct image_input *in, const struct tar_member *member)
{
	struct image_input at = { image_slice(in, member->offset, member->size), member->size, in->ops, in->depth + 1, false };

	return facts->part_count < NAMED_PARTS || (at.data.size > 0 && image_find_format(&at, false) != NULL);
}

static void look_at(const struct image_input *in, struct image_facts *facts, struct programs *programs, const struct tar_member *member)
{
	struct bytes head = image_slice(in, member->offset, member->size);
	struct image_part *part;
	unsigned type;

	/* the header of a Mender artifact is a tar by itself (mender.h) */
	if (text_equal(member->name, "header-info"))
		mender_read_header_info(head, facts);
	if (elf_arch(head, &type)[0] != '\0') {
		if (!programs->has_enough)
			programs_look(programs, head);
		part = facts->part_count < NAMED_PARTS ? image_add_row(facts, member->offset, member->size, member->name, "elf") : NULL;
		if (part != NULL)
			text_copy(part->arch, sizeof(part->arch), elf_arch(head, &type));
	} else if (is_worth_a_row(facts, in, member))
		image_add_part(in, facts, member->offset, member->size, member->name);
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct tar_walk walk = { .in = in };
	struct programs programs = { 0 };
	struct tar_member member;
	enum tar_event_type type;

	text_copy(facts->checked, sizeof(facts->checked), "the sum of each header; nothing covers the contents");
	while ((type = tar_next(&walk, &member)) == TAR_MEMBER)
		if (member.type == '0' && member.size > 0)
			look_at(in, facts, &programs, &member);
	programs_tell(&programs, facts);
	if (type == TAR_END) {
		facts->declared_size = tar_end(in, walk.at);
		if (in->size - walk.at < 2 * TAR_BLOCK)
			image_problem(facts, walk.at, "the second half of the mark at its end is missing");
		/* POSIX pax, "ustar Interchange Format": nothing but records of 512 bytes */
		if (in->depth == 0 && in->size % TAR_BLOCK != 0 && image_in_memory(in, walk.at, in->size - walk.at) &&
		    image_long_padding(in, image_slice(in, walk.at, UINT64_MAX)) == in->size - walk.at)
			image_broken(facts, in->size, "it is cut off: its last block of %d bytes has %" PRIu64, TAR_BLOCK, in->size % TAR_BLOCK);
	}
	if (type == TAR_BROKEN && walk.at >= in->size)
		image_broken(facts, in->size, "it is cut off: the mark at its end is missing");
	else if (type == TAR_BROKEN)
		image_broken(facts, walk.at, "the header of its member at byte %" PRIu64 " is damaged", walk.at);
}

const struct image_format image_format_tar = {
	.word = "tar", .is_carrier = true, .lists_members = true, .title = "tar archive", .matches = matches, .inspect = inspect,
};
