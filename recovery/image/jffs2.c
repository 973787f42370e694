/* recovery/image/jffs2.c
 *
 * JFFS2: nodes in a log, each with checksums of its header and its data. Nothing says how many there are.
 * Source: Linux include/uapi/linux/jffs2.h, fs/jffs2/scan.c. */
#include <inttypes.h>

#include "recovery/image/block_codecs.h"
#include "recovery/image/programs.h"
#include "src/base/text.h"

enum {
	MAGIC = 0x1985,
	HEADER = 12,
	AT_TYPE = 2, AT_LENGTH = 4, AT_HEADER_CRC = 8,
	ACCURATE = 0x2000,	/* of a type; cleared on the flash where a newer node took the node's place */
	TYPE_ENTRY = 0xe001, TYPE_INODE = 0xe002, TYPE_CLEAN = 0x2003, TYPE_PADDING = 0x2004, TYPE_SUMMARY = 0x2006,
	TYPE_ATTRIBUTE = 0xe008, TYPE_REFERENCE = 0xe009,
	INODE = 68, ENTRY = 40,
	MODE_TYPE = 0xf000, MODE_FILE = 0x8000,
	ERASE_BLOCK_MIN = 4096,
	/* an erase block that goes on would have been filled nearer to its end: a page of data and its header */
	ROOM_OF_A_NODE = 2 * 4096,
	PROBLEMS_TOLD = 3,
};

struct jffs2 {
	const struct image_input *in;
	struct image_facts *facts;
	bool is_big;
	struct programs programs;
	unsigned nodes, bad;
	struct bytes first;	/* the first node with contents */
	bool has_twin;
	bool was_in_use;	/* a node was replaced: a device wrote here, in any order */
	uint64_t erased;	/* bytes of 0xff at the end of what was walked */
	uint32_t newest_entry, newest_inode;	/* the highest numbers: of what folders name, and of what is there */
	struct {
		uint32_t number, size, reached;
	} file;			/* of the last node with a file's data */
};

static uint16_t half_at(const struct jffs2 *fs, const uint8_t *at)
{
	return fs->is_big ? load_be16(at) : load_le16(at);
}

static uint32_t word_at(const struct jffs2 *fs, const uint8_t *at)
{
	return fs->is_big ? load_be32(at) : load_le32(at);
}

static bool is_type(uint16_t type)
{
	return type == TYPE_ENTRY || type == TYPE_INODE || type == TYPE_CLEAN || type == TYPE_PADDING || type == TYPE_SUMMARY ||
	       type == TYPE_ATTRIBUTE || type == TYPE_REFERENCE;
}

/* scan.c: the checksum was made while the node was still accurate. */
static bool is_header_right(const struct jffs2 *fs, const uint8_t *head)
{
	uint8_t made[AT_HEADER_CRC];

	memcpy(made, head, sizeof(made));
	made[AT_TYPE + !fs->is_big] |= ACCURATE >> 8;
	return image_crc32_raw0(bytes_of(made, sizeof(made))) == word_at(fs, head + AT_HEADER_CRC);
}

static bool has_header(const struct image_input *in, bool *ret_is_big)
{
	const uint8_t *head = in->data.data;

	if (in->data.size < HEADER)
		return false;
	*ret_is_big = load_be16(head) == MAGIC;
	if (!*ret_is_big && load_le16(head) != MAGIC)
		return false;
	return is_type((*ret_is_big ? load_be16(head + AT_TYPE) : load_le16(head + AT_TYPE)) | ACCURATE);
}

static bool matches(const struct image_input *in)
{
	bool is_big;

	return has_header(in, &is_big);
}

static bool is_sound(const struct image_input *in)
{
	struct jffs2 fs = { .in = in };

	return has_header(in, &fs.is_big) && is_header_right(&fs, in->data.data);
}

static void tell_bad(struct jffs2 *fs, uint64_t at, const char *what)
{
	if (fs->bad++ < PROBLEMS_TOLD)
		image_broken(fs->facts, at, "its node at byte %" PRIu64 " is damaged: %s", at, what);
}

/* The first bytes of a file: the data that belongs at offset 0. */
static void look_at_data(struct jffs2 *fs, const uint8_t *node, struct bytes data)
{
	static const char *const words[] = { "", "", "", "", "", "", "zlib", "", "lzma" };
	const struct image_ops *ops = fs->in->ops;
	uint8_t compression = node[56], head[ELF_HEADER];
	enum image_answer end;
	uint64_t used;
	size_t have = 0;

	if ((word_at(fs, node + 20) & MODE_TYPE) != MODE_FILE || word_at(fs, node + 44) != 0 || fs->programs.has_enough)
		return;
	if (compression == 0) {
		programs_look(&fs->programs, data);
		return;
	}
	if (compression == 2)
		have = rtime_unpack(data, head, sizeof(head));
	else if (compression == 7)
		have = lzo1x_unpack(data, head, sizeof(head));
	else if (compression <= 8 && words[compression][0] != '\0' && ops->unpack != NULL)
		have = ops->unpack(ops->user, words[compression], data, head, sizeof(head), sizeof(head), &end, &used);
	if (have > 0)
		programs_look(&fs->programs, bytes_of(head, have));
}

static void note_inode(struct jffs2 *fs, const uint8_t *node)
{
	uint32_t number = word_at(fs, node + 12), offset = word_at(fs, node + 44), size = word_at(fs, node + 52);

	fs->newest_inode = number > fs->newest_inode ? number : fs->newest_inode;
	if ((word_at(fs, node + 20) & MODE_TYPE) != MODE_FILE)
		return;
	if (number != fs->file.number)
		fs->file.reached = 0;
	fs->file.number = number;
	fs->file.size = word_at(fs, node + 28);
	if (size <= UINT32_MAX - offset && offset + size > fs->file.reached)
		fs->file.reached = offset + size;
}

/* Numbers are given in the order of making, and a file is written from its start. Where a log was cut between two nodes, and perhaps padded
 * again, what was made last is named but not there, or not all of it. On a flash that was in use it may be so as well. */
static bool lacks_its_end(const struct jffs2 *fs)
{
	return fs->newest_entry > fs->newest_inode || fs->file.reached < fs->file.size;
}

static void check_inode(struct jffs2 *fs, uint64_t at, struct bytes node)
{
	uint32_t size;

	if (node.size < INODE || image_crc32_raw0(bytes_of(node.data, 60)) != word_at(fs, node.data + 64)) {
		tell_bad(fs, at, "the checksum of its inode does not match");
		return;
	}
	note_inode(fs, node.data);
	size = word_at(fs, node.data + 48);
	if (size > node.size - INODE || image_crc32_raw0(bytes_of(node.data + INODE, size)) != word_at(fs, node.data + 60))
		tell_bad(fs, at, "the checksum of its data does not match");
	else
		look_at_data(fs, node.data, bytes_of(node.data + INODE, size));
}

static void check_entry(struct jffs2 *fs, uint64_t at, struct bytes node)
{
	uint8_t length;

	if (node.size < ENTRY || image_crc32_raw0(bytes_of(node.data, 32)) != word_at(fs, node.data + 32)) {
		tell_bad(fs, at, "the checksum of its entry does not match");
		return;
	}
	fs->newest_entry = word_at(fs, node.data + 20) > fs->newest_entry ? word_at(fs, node.data + 20) : fs->newest_entry;
	length = node.data[28];
	if (length > node.size - ENTRY || image_crc32_raw0(bytes_of(node.data + ENTRY, length)) != word_at(fs, node.data + 36))
		tell_bad(fs, at, "the checksum of its name does not match");
}

/* A node that is written anew gets another version: one that comes again is of a copy. */
static void note_twin(struct jffs2 *fs, uint64_t at, struct bytes node)
{
	if (fs->first.size == 0) {
		fs->first = node;
		return;
	}
	if (fs->has_twin || !bytes_equal(fs->first, node))
		return;
	fs->has_twin = true;
	image_problem(fs->facts, at, "its first node comes here once more: two files may have been joined");
}

/* Where the walk goes on behind what is at `at`; in->size ends it. *ret_end: where the file system ends, when something else begins. */
static uint64_t walk_node(struct jffs2 *fs, uint64_t at, bool *ret_is_end)
{
	const uint8_t *head = fs->in->data.data + at;
	uint64_t length;

	if (half_at(fs, head) != MAGIC || !is_type(half_at(fs, head + AT_TYPE) | ACCURATE)) {
		*ret_is_end = true;
		/* another thing may begin at an erase block; inside of one it is damage */
		if (at % ERASE_BLOCK_MIN != 0)
			tell_bad(fs, at, "there is neither a node nor erased flash");
		return at;
	}
	if (!is_header_right(fs, head)) {
		tell_bad(fs, at, "the checksum of its header does not match");
		return at + 4;
	}
	length = word_at(fs, head + AT_LENGTH);
	if (length < HEADER || length > fs->in->size - at) {
		image_broken(fs->facts, fs->in->size, "it is cut off inside a node: %" PRIu64 " of its %" PRIu64 " bytes are there",
			     fs->in->size - at, length);
		return fs->in->size;
	}
	if (!image_in_memory(fs->in, at, length))
		return UINT64_MAX;
	fs->nodes++;
	if ((half_at(fs, head + AT_TYPE) & ACCURATE) == 0) {
		fs->was_in_use = true;
		return at + (length + 3) / 4 * 4;
	}
	if (half_at(fs, head + AT_TYPE) == TYPE_INODE || half_at(fs, head + AT_TYPE) == TYPE_ENTRY)
		note_twin(fs, at, bytes_of(head, (size_t)length));
	if (half_at(fs, head + AT_TYPE) == TYPE_INODE)
		check_inode(fs, at, bytes_of(head, (size_t)length));
	else if (half_at(fs, head + AT_TYPE) == TYPE_ENTRY)
		check_entry(fs, at, bytes_of(head, (size_t)length));
	return at + (length + 3) / 4 * 4;
}

/* Returns where the file system ends; UINT64_MAX: behind what is in memory. */
static uint64_t walk_nodes(struct jffs2 *fs)
{
	bool is_end = false;
	uint64_t at = 0;

	while (!is_end && at < fs->in->size) {
		const uint8_t *head = fs->in->data.data + at;

		if (!image_in_memory(fs->in, at, HEADER)) {
			if (fs->in->size - at >= HEADER)
				return UINT64_MAX;
			fs->erased += fs->in->size - at;
			return fs->in->size;
		}
		if (load_le32(head) == UINT32_MAX) {
			at += 4;
			fs->erased += 4;
			continue;
		}
		at = walk_node(fs, at, &is_end);
		if (at == UINT64_MAX)
			return at;
		fs->erased = is_end ? fs->erased : 0;
	}
	return at;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct jffs2 fs = { .in = in, .facts = facts };
	uint64_t end;

	(void)has_header(in, &fs.is_big);
	text_format(facts->title, sizeof(facts->title), "JFFS2, %s-endian", fs.is_big ? "big" : "little");
	text_copy(facts->checked, sizeof(facts->checked), "the checksums of its nodes");
	facts->is_padded_by_nature = true;
	end = walk_nodes(&fs);
	if (fs.bad > PROBLEMS_TOLD)
		image_problem(facts, 0, "%u of its nodes are damaged", fs.bad);
	programs_tell(&fs.programs, facts);
	if (end == UINT64_MAX)
		return;
	facts->declared_size = end;
	if (facts->whole == IMAGE_NO || fs.nodes == 0)
		return;
	/* a file that was cut between two erase blocks looks as good; one that was not ends right behind a node, or is padded with room left */
	if (fs.has_twin)
		return;
	if (fs.first.size == 0 && !fs.was_in_use) {
		image_problem(facts, 0, "nothing is in it: it is only formatted");
		return;
	}
	if (lacks_its_end(&fs)) {
		image_problem(facts, end, "the file that was written last is not all there: its end may be lost");
		return;
	}
	if (fs.was_in_use) {
		text_copy(facts->checked, sizeof(facts->checked), "the checksums of its nodes; a device wrote in it: whether some are missing cannot be told");
		return;
	}
	/* something else that begins here would not begin with zeros */
	if (fs.erased > 0 && image_in_memory(in, end, 1) && end < in->size && in->data.data[end] == 0) {
		image_problem(facts, end, "zeros follow its erased flash: what was there may be lost");
		return;
	}
	if (end % ERASE_BLOCK_MIN != 0 ? fs.erased < 4 : fs.erased >= ROOM_OF_A_NODE)
		facts->whole = IMAGE_YES;
	else
		text_copy(facts->checked, sizeof(facts->checked), "the checksums of its nodes; whether some are missing at the end cannot be told");
}

const struct image_format image_format_jffs2 = {
	.role = IMAGE_ROLE_PLAIN, .word = "jffs2", .title = "JFFS2 file system", .matches = matches, .inspect = inspect, .is_sound = is_sound,
};
