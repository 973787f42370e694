/* recovery/image/inside.c
 *
 * What is in packed streams: how much of one is worth its time, and what that shows. */
#include <string.h>

#include "recovery/image/block_codecs.h"
#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	HEAD_SIZE = 64 * 1024,	/* of what was unpacked: enough for every header, and for a boot sector behind 32 KiB */
	CODE_HEAD = 16 * 1024,	/* enough to tell the processor from most code */
	SLOW_PACKED = 16 * 1024,	/* of what unpacks slowly, at first */
	SHORT_HEAD = 4096,	/* enough for the header of a kernel or a file system */
	UNPACK_START = 16 * 1024,
	BZIP2_LEVEL = 25 * 1024,	/* packed bytes of a block, for each step of its level */
	LZ4_FASTER = 3,
	WELL_PACKED = 6,	/* times smaller */
	DEFLATE_MOST = 1032,	/* times smaller: RFC 1951, 258 bytes from two bits */
	LOOK_COST = 16 * 1024,	/* looking at something small takes longer than unpacking it */
};

/* ---- what it costs ---- */

bool image_unpacks_slowly(const char *compression)
{
	return text_equal(compression, "xz") || text_equal(compression, "lzma") || text_equal(compression, "bzip2");
}

/* As much slower than gzip. */
static uint64_t unpack_times(const char *compression)
{
	return text_equal(compression, "bzip2") ? 32 : image_unpacks_slowly(compression) ? 18 : 1;
}

uint64_t image_may_unpack(const uint64_t *left, const char *compression)
{
	return *left / unpack_times(compression);
}

void image_count_unpacked(uint64_t *left, const char *compression, uint64_t made)
{
	*left -= made + UNPACK_START < image_may_unpack(left, compression) ? (made + UNPACK_START) * unpack_times(compression) : *left;
}

static bool take_budget(const struct image_input *in, const char *compression, uint64_t packed)
{
	uint64_t *left = in->ops->check_left, times = unpack_times(compression);

	if (left == NULL)
		return true;
	if (packed > *left / times)
		return false;
	*left -= packed * times;
	return true;
}

/* Nobody who sets no limit has a large file. */
static uint64_t check_max(const struct image_input *in)
{
	return in->ops->check_packed_max > 0 ? in->ops->check_packed_max : UINT64_MAX - 1;
}

/* What packs well takes as long as what comes out. */
bool image_may_check(const struct image_input *in, const char *compression, uint64_t packed, uint64_t unpacked)
{
	uint64_t times = unpack_times(compression), cost = packed > unpacked / WELL_PACKED ? packed : unpacked / WELL_PACKED;

	if (text_equal(compression, "lz4"))
		cost /= LZ4_FASTER;
	return packed <= check_max(in) / times && take_budget(in, compression, cost + LOOK_COST / times);
}

/* A block of bzip2 comes out as a whole or not at all. */
bool image_may_see_head(const struct image_input *in, const char *compression, struct bytes packed, size_t room)
{
	uint64_t cost = room;

	if (text_equal(compression, "bzip2") && packed.size > 3)
		cost = (uint64_t)(packed.data[3] & 0xf) * BZIP2_LEVEL;
	/* what unpacks fast takes as long as what comes out */
	if (image_unpacks_slowly(compression) && packed.size < cost)
		cost = packed.size;
	return take_budget(in, compression, cost + LOOK_COST / unpack_times(compression));
}

/* ---- how much of it ---- */

static bool is_deep(const struct image_input *in)
{
	return in->ops->check_packed_max == UINT64_MAX;
}

/* How much of what is unpacked is looked at. What is only to be named, in an image that has told its processor, needs no sample of code; and
 * where unpacking is slow, a small sample is often enough. */
static size_t head_wanted(const struct image_input *in, const struct image_facts *facts, const char *compression, bool is_checked)
{
	if (is_checked)
		return HEAD_SIZE;
	if (facts->arch[0] != '\0' && image_is_covered(in, facts))
		return SHORT_HEAD;
	return image_is_covered(in, facts) && image_unpacks_slowly(compression) ? CODE_HEAD : HEAD_SIZE;
}

static bool tells_something(const struct image_input *in, struct bytes head)
{
	struct image_input member = { .data = head, .ops = in->ops, .size = IMAGE_SIZE_UNKNOWN, .depth = in->depth + 1 };

	return image_find_format(&member, false) != NULL || image_guess_arch(head)[0] != '\0';
}

/* And how many may come out. A stream of nothing but zeros says of itself that it is gigabytes; and what has a dictionary keeps so much in
 * memory. */
static uint64_t unpacked_max(const struct image_input *in, const char *compression)
{
	bool has_dictionary = text_equal(compression, "xz") || text_equal(compression, "lzma") || text_equal(compression, "zstd");
	uint64_t max = check_max(in), times = has_dictionary ? 4 : 16;

	return max <= UINT64_MAX / times ? max * times : UINT64_MAX;
}

/* RFC 1952, 2.3.1, ISIZE: gzip says at its end how much comes out. Where padding follows that is any number. 0: not known. */
static uint64_t said_size(const char *compression, struct bytes packed)
{
	uint64_t size = text_equal(compression, "gzip") && packed.size > 4 ? load_le32(packed.data + packed.size - 4) : 0;

	return size / DEFLATE_MOST <= packed.size ? size : 0;
}

/* More would have come out, had there been time left. */
static bool may_be_stopped(const struct image_input *in, const char *compression, uint64_t out)
{
	return out > 0 || (in->ops->unpack_left != NULL && image_may_unpack(in->ops->unpack_left, compression) == 0);
}

/* ---- what it is ---- */

/* Streams that always have one of their contents; xz could be without, but nobody makes firmware so. */
static bool has_checksum(const char *compression)
{
	return text_equal(compression, "gzip") || text_equal(compression, "xz") || text_equal(compression, "bzip2");
}

/* The head tells what came out, or how much of it there is. Of an archive that came out to its end each member is looked at: none of them needs to
 * be checked once more where the stream's checksum was right. Nor does anything else that holds no more than was seen. */
static void add_contents(const struct image_input *in, struct image_facts *facts, struct bytes head, uint64_t size, const char *compression)
{
	struct bytes start = { head.data, head.size < HEAD_SIZE ? head.size : HEAD_SIZE };
	struct image_input member = { .data = start, .ops = in->ops, .size = size, .depth = in->depth + 1 };
	const struct image_format *format = head.size == size ? image_find_format(&member, false) : NULL;
	bool is_listed = format != NULL && format->lists_members, needed_deep_look = facts->needs_deep_look;
	bool is_right = size != IMAGE_SIZE_UNKNOWN && has_checksum(compression);
	struct image_part *part = image_add_unpacked_part(in, facts, is_listed ? head : start, size, "contents", is_listed && is_right);

	if (is_right && part != NULL && !part->has_more)
		facts->needs_deep_look = needed_deep_look;
}

/* One attempt. */
struct attempt {
	uint8_t *to;
	size_t room;
	uint64_t out, used;
	enum image_answer end;
};

static void unpack(const struct image_input *in, const char *compression, struct bytes packed, uint64_t most, struct attempt *attempt)
{
	attempt->end = IMAGE_UNKNOWN;
	attempt->out = in->ops->unpack(in->ops->user, compression, packed, attempt->to, attempt->room, most, &attempt->end, &attempt->used);
}

/* First as much of it as is cheap; more of it where that told nothing. */
static void unpack_head(const struct image_input *in, const char *compression, struct bytes packed, struct attempt *attempt)
{
	bool is_part = image_unpacks_slowly(compression) && packed.size > SLOW_PACKED && !text_equal(compression, "bzip2");
	struct bytes start = { packed.data, is_part ? SLOW_PACKED : packed.size };

	if (!image_may_see_head(in, compression, start, attempt->room))
		return;
	/* the library unpacks whole blocks, of which the first may be the file */
	if (text_equal(compression, "lz4")) {
		attempt->out = lz4_head_unpack(packed, attempt->to, attempt->room);
		return;
	}
	unpack(in, compression, start, attempt->room, attempt);
	if (is_part && attempt->end == IMAGE_NO)
		attempt->end = IMAGE_UNKNOWN;	/* it may be that only more of it is needed */
	if ((is_part || attempt->room < HEAD_SIZE) && attempt->room > SHORT_HEAD && !tells_something(in, bytes_of(attempt->to, (size_t)attempt->out)) &&
	    image_may_see_head(in, compression, packed, HEAD_SIZE)) {
		attempt->room = HEAD_SIZE;
		unpack(in, compression, packed, HEAD_SIZE, attempt);
	}
}

enum image_answer image_look_inside(const struct image_input *in, struct image_facts *facts, uint64_t offset, uint64_t size,
				    const char *compression)
{
	uint64_t used;

	return image_look_inside_stream(in, facts, offset, size, compression, &used);
}

enum image_answer image_look_inside_stream(const struct image_input *in, struct image_facts *facts, uint64_t offset, uint64_t size,
					   const char *compression, uint64_t *ret_used)
{
	uint64_t most = unpacked_max(in, compression);
	struct bytes packed = image_slice(in, offset, size);
	bool is_covered = image_is_covered(in, facts), is_stopped;
	/* a stream whose end is not at hand cannot be checked */
	bool is_checked = packed.size == size && (!is_covered || is_deep(in)) && in->ops->unpack != NULL &&
			  image_may_check(in, compression, size, said_size(compression, packed));
	uint8_t on_stack[HEAD_SIZE], *place = NULL;
	struct attempt attempt = { on_stack, head_wanted(in, facts, compression, is_checked), 0, 0, IMAGE_UNKNOWN };
	char text[24];

	*ret_used = 0;
	if (in->ops->unpack == NULL || packed.size == 0)
		return IMAGE_UNKNOWN;
	if (is_checked && in->depth == 0 && offset == 0 && in->ops->place != NULL)
		place = in->ops->place(in->ops->user, &attempt.room);
	attempt.to = place != NULL ? place : on_stack;
	if (is_checked)
		unpack(in, compression, packed, most, &attempt);
	else
		unpack_head(in, compression, packed, &attempt);
	*ret_used = attempt.used;
	/* what is not in memory may be what is missing */
	if (packed.size < size && attempt.end == IMAGE_NO)
		attempt.end = IMAGE_UNKNOWN;
	is_stopped = attempt.end == IMAGE_UNKNOWN && may_be_stopped(in, compression, attempt.out);
	if (is_checked && is_stopped)
		image_warning(facts, "it was unpacked up to %s, and not further", text_size(text, sizeof(text), attempt.out));
	else if (is_checked && attempt.end == IMAGE_UNKNOWN)
		image_warning(facts, "its contents (%s) could not be unpacked here", compression);
	facts->needs_deep_look |= !is_covered && (is_stopped || (!is_checked && attempt.end == IMAGE_UNKNOWN));
	if (attempt.out > 0 && in->depth + 1 < IMAGE_DEPTH)
		add_contents(in, facts, bytes_of(attempt.to, attempt.out < attempt.room ? (size_t)attempt.out : attempt.room),
			     attempt.end == IMAGE_YES ? attempt.out : IMAGE_SIZE_UNKNOWN, compression);
	return attempt.end;
}
