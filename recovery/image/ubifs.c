#include "recovery/image/ubifs.h"

#include <inttypes.h>

#include "recovery/image/block_codecs.h"
#include "recovery/image/inflate.h"
#include "src/base/text.h"

enum {
	MAGIC = 0x06101831,
	HEADER = 24,
	AT_CRC = 4, AT_LENGTH = 16, AT_TYPE = 20,
	TYPE_DATA = 1, TYPE_PADDING = 5, TYPE_SUPERBLOCK = 6, TYPE_MASTER = 7, TYPE_INDEX = 9,
	MASTER_LEB = 1, MASTER_AT_ROOT_LEB = 48, MASTER_AT_ROOT_OFFSET = 52, MASTER_AT_SPACE_LEB = 120, MASTER_AT_SPACE_OFFSET = 124,
	MASTER_SIZE = 512,
	SUPERBLOCK_SIZE = 4096,
	AT_LEB_SIZE = 36, AT_LEB_COUNT = 40, AT_LOG_LEBS = 56, AT_LPT_LEBS = 60, AT_COMPRESSION = 84,
	DATA_HEADER = 48,
	PADDING_BYTE = 0xce,	/* where not even the header of a padding node fits */
	LEB_SIZE_MAX = 16 * 1024 * 1024,
	PROBLEMS_TOLD = 3,
	SPACE_ROOT = 8,		/* less than the smallest one has */
	LPT_GAP = 64,		/* no packed numbers are as many ones in a row */
	LPT_START = 3,		/* the superblock and the two masters come before the log */
};

static const char *const compressions[] = { "", "lzo", "gzip", "zstd" };

static bool is_node(struct bytes at, bool with_crc)
{
	uint32_t length;

	if (at.size < HEADER || load_le32(at.data) != MAGIC)
		return false;
	length = load_le32(at.data + AT_LENGTH);
	if (length < HEADER || (with_crc && length > at.size))
		return false;
	return !with_crc || load_le32(at.data + AT_CRC) == image_crc32_raw1(&(struct image_input){ .ops = &(struct image_ops){ 0 } },
									    bytes_of(at.data + 8, length - 8));
}

static bool crc_is_right(const struct ubifs *fs, struct bytes at)
{
	return load_le32(at.data + AT_CRC) == image_crc32_raw1(fs->in, bytes_of(at.data + 8, load_le32(at.data + AT_LENGTH) - 8));
}

bool ubifs_open(struct ubifs *fs, const struct image_input *in, struct image_facts *facts, struct bytes block)
{
	*fs = (struct ubifs){ .in = in, .facts = facts };
	if (block.size < SUPERBLOCK_SIZE || !is_node(block, true) || block.data[AT_TYPE] != TYPE_SUPERBLOCK)
		return false;
	fs->leb_size = load_le32(block.data + AT_LEB_SIZE);
	fs->leb_count = load_le32(block.data + AT_LEB_COUNT);
	if (fs->leb_size < SUPERBLOCK_SIZE || fs->leb_size > LEB_SIZE_MAX)
		return false;
	fs->lpt_first = LPT_START + load_le32(block.data + AT_LOG_LEBS);
	fs->lpt_end = fs->lpt_first + load_le32(block.data + AT_LPT_LEBS);
	return true;
}

static void tell_bad(struct ubifs *fs, uint64_t at, const char *what)
{
	if (fs->bad++ < PROBLEMS_TOLD)
		image_broken(fs->facts, at, "its node at byte %" PRIu64 " is damaged: %s", at, what);
}

/* Only block 0 of a file has the head of a program. */
static void look_at_data(struct ubifs *fs, struct bytes node)
{
	const struct image_ops *ops = fs->in->ops;
	struct bytes data = bytes_from(node, DATA_HEADER);
	uint8_t head[ELF_HEADER];
	enum image_answer end;
	uint64_t used;
	size_t have = 0;

	if (node.size < DATA_HEADER || (load_le32(node.data + 28) & 0x1fffffff) != 0 || fs->programs.has_enough)
		return;
	switch (load_le16(node.data + 44)) {
	case 0:
		programs_look(&fs->programs, data);
		return;
	case 1:
		have = lzo1x_unpack(data, head, sizeof(head));
		break;
	case 2:
		have = inflate_head(data, head, sizeof(head));
		break;
	case 3:
		have = ops->unpack != NULL ? ops->unpack(ops->user, "zstd", data, head, sizeof(head), sizeof(head), &end, &used) : 0;
		break;
	}
	if (have > 0)
		programs_look(&fs->programs, bytes_of(head, have));
}

/* What is left of a block behind its last node: erased, or padding. */
static bool is_rest(struct bytes rest)
{
	while (rest.size > 0 && rest.data[0] == PADDING_BYTE)
		rest = bytes_from(rest, 1);
	return rest.size == 0 || (rest.data[0] == 0xff && image_padding(rest) == rest.size);
}

/* The space table has checksums of another kind, which are not looked at; but behind it nothing was written. */
static void check_space_table(struct ubifs *fs, struct bytes block, uint64_t offset)
{
	size_t erased = 0;

	for (size_t at = 0; at < block.size; at++) {
		if (block.data[at] != 0xff && erased >= LPT_GAP) {
			tell_bad(fs, offset + at, "there is something in what should be erased");
			return;
		}
		erased = block.data[at] == 0xff ? erased + 1 : 0;
	}
}

void ubifs_check_block(struct ubifs *fs, uint32_t number, struct bytes block, uint64_t offset)
{
	struct bytes rest = block;

	if (number >= fs->lpt_first && number < fs->lpt_end) {
		check_space_table(fs, block, offset);
		return;
	}
	while (rest.size > 0) {
		uint64_t at = offset + (block.size - rest.size), length;

		if (rest.size < HEADER || load_le32(rest.data) != MAGIC) {
			/* padding bytes fill up to the next smallest write, where the log may go on */
			size_t filler = 0;

			while (filler < rest.size && rest.data[filler] == PADDING_BYTE)
				filler++;
			if (filler > 0 && filler < HEADER + 8 && filler < rest.size && rest.data[filler] != 0xff) {
				rest = bytes_from(rest, filler);
				continue;
			}
			if (!is_rest(rest))
				tell_bad(fs, at, "there is neither a node nor erased flash");
			return;
		}
		length = load_le32(rest.data + AT_LENGTH);
		if (length < HEADER || length > rest.size || !crc_is_right(fs, rest)) {
			tell_bad(fs, at, "its checksum does not match");
			return;
		}
		fs->nodes++;
		if (number == MASTER_LEB && rest.data[AT_TYPE] == TYPE_MASTER && length >= MASTER_SIZE) {
			fs->root_leb = load_le32(rest.data + MASTER_AT_ROOT_LEB);
			fs->root_offset = load_le32(rest.data + MASTER_AT_ROOT_OFFSET);
			fs->space_leb = load_le32(rest.data + MASTER_AT_SPACE_LEB);
			fs->space_offset = load_le32(rest.data + MASTER_AT_SPACE_OFFSET);
		}
		if (rest.data[AT_TYPE] == TYPE_DATA)
			look_at_data(fs, bytes_of(rest.data, (size_t)length));
		if (rest.data[AT_TYPE] == TYPE_PADDING && length >= HEADER + 4) {
			uint32_t padding = load_le32(rest.data + HEADER);
			struct bytes pad = bytes_from(rest, (size_t)length);

			pad.size = padding < pad.size ? padding : pad.size;
			if (image_padding(pad) < pad.size)
				tell_bad(fs, at, "there is something in its padding");
			length += padding;
		}
		length = (length + 7) / 8 * 8;
		rest = bytes_from(rest, length < rest.size ? (size_t)length : rest.size);
	}
}

/* --- a file that is one UBIFS --- */

/* The index is written behind the files: where erased flash took the place of a tail, it is gone. */
static void check_root(struct ubifs *fs)
{
	uint64_t at = (uint64_t)fs->root_leb * fs->leb_size + fs->root_offset;
	struct bytes root = image_slice(fs->in, at, fs->leb_size);

	if (fs->root_leb <= MASTER_LEB || fs->root_offset >= fs->leb_size)
		return;
	if (!is_node(root, true) || root.data[AT_TYPE] != TYPE_INDEX)
		image_broken(fs->facts, at, "its index is missing: what stood here was erased or never written");
}

/* Its root begins with a checksum of 16 bits and a type: neither zeros nor erased flash. */
static void check_space_root(struct ubifs *fs)
{
	uint64_t at = (uint64_t)fs->space_leb * fs->leb_size + fs->space_offset;
	struct bytes root = image_slice(fs->in, at, SPACE_ROOT);

	if (fs->space_leb < fs->lpt_first || fs->space_leb >= fs->lpt_end || fs->space_offset >= fs->leb_size)
		return;
	if (root.size == SPACE_ROOT && image_padding(root) == root.size)
		image_broken(fs->facts, at, "its space table is missing: what stood here was erased or never written");
}

static bool matches(const struct image_input *in)
{
	return is_node(in->data, false) && in->data.data[AT_TYPE] == TYPE_SUPERBLOCK;
}

static bool is_sound(const struct image_input *in)
{
	return matches(in) && is_node(in->data, true);
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct ubifs fs;
	bool is_seen = true;

	text_copy(facts->checked, sizeof(facts->checked), "its superblock");
	if (!ubifs_open(&fs, in, facts, in->data)) {
		if (in->data.size >= SUPERBLOCK_SIZE || in->size < SUPERBLOCK_SIZE)
			image_broken(facts, 0, "its superblock is damaged: the checksum does not match");
		return;
	}
	if (load_le16(in->data.data + AT_COMPRESSION) < 4)
		text_copy(facts->compression, sizeof(facts->compression), compressions[load_le16(in->data.data + AT_COMPRESSION)]);
	image_declare(in, facts, (uint64_t)fs.leb_size * fs.leb_count);
	for (uint32_t i = 0; i < fs.leb_count; i++) {
		uint64_t offset = (uint64_t)i * fs.leb_size;

		is_seen = image_in_memory(in, offset, fs.leb_size);
		if (!is_seen)
			break;
		ubifs_check_block(&fs, i, image_slice(in, offset, fs.leb_size), offset);
		if (in->ops->forget != NULL)
			in->ops->forget(in->ops->user, image_slice(in, offset, fs.leb_size));
	}
	programs_tell(&fs.programs, facts);
	if (!is_seen)
		return;
	check_root(&fs);
	check_space_root(&fs);
	text_copy(facts->checked, sizeof(facts->checked), "the checksum of each node");
	if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_ubifs = {
	.role = IMAGE_ROLE_PLAIN, .word = "ubifs", .title = "UBIFS file system", .matches = matches, .inspect = inspect, .is_sound = is_sound,
};
