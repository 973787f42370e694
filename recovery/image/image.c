/* recovery/image/image.c
 *
 * The whole file: what is at its start, and the flash image, several formats behind each other. */
#include "recovery/image/image.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "recovery/image/check.h"
#include "recovery/image/fdt.h"
#include "recovery/image/transport.h"
#include "src/base/text.h"

enum {
	FORGET_EVERY = 256,	/* blocks looked at */
	PADDING_MARKS = 12,
	PADDING_LEAST = 16,	/* less may be chance */
	SAME_HEAD = 4096,	/* of two things that are compared */
	SECTOR = 4096,		/* the smallest that flash chips erase */
};

static bool ends_in_mark(struct bytes in)
{
	return in.size >= 4 && load_be32(in.data + in.size - 4) == 0xdeadc0de;
}

static bool is_padding(const struct image_input *of, struct bytes in)
{
	/* What a builder padded with zeros is written into erased flash; zeros behind erased flash are a tail that was lost. In it OpenWrt's
	 * padjffs2 puts marks, one for each size of erase block, from which on the device formats the rest. */
	for (unsigned i = 0; i < PADDING_MARKS; i++) {
		bool is_erased = in.size > 0 && in.data[in.size - 1] == 0xff;

		in.size -= image_long_padding(of, in);
		if (is_erased)
			in.size -= image_long_padding(of, in);
		if (!ends_in_mark(in))
			break;
		in.size -= 4;
	}
	return in.size == 0;
}

/* A thing that stands by itself on the flash, with what is in it. */
static void add_neighbour(struct image_facts *facts, uint64_t offset, const struct image_facts *of)
{
	struct image_part *part;

	if (facts->part_count == IMAGE_PARTS)
		return;
	part = &facts->parts[facts->part_count++];
	*part = (struct image_part){ .offset = offset, .size = of->declared_size, .depth = 1, .whole = of->whole };
	text_copy(part->format, sizeof(part->format), of->format);
	text_copy(part->arch, sizeof(part->arch), of->arch);
	text_copy(part->name, sizeof(part->name), of->name);
	image_add_parts_of(facts, of, offset);
	/* what is at the start has told its own */
	if (of->whole == IMAGE_NO && offset > 0)
		image_broken(facts, offset + of->problems[0].offset, "the %s at 0x%" PRIx64 ": %.110s", of->format, offset, of->problems[0].what);
	if (image_archs_differ(of->arch, facts->arch))
		image_warning(facts, "its parts are for different processors: %s, and %s at 0x%" PRIx64, facts->arch, of->arch, offset);
	image_adopt(facts, of);
}

struct scan {
	const struct image_input *in;
	struct image_facts *facts;
	uint64_t covered;	/* up to here bytes belong to a known part */
	unsigned found;
	bool has_foreign;	/* bytes that are neither a part nor padding */
	bool is_unsure;		/* a part whose contents nothing covers */
	bool has_twin;		/* what the file begins with stands in it once more */
};

static void check_gap(struct scan *scan, uint64_t until)
{
	if (until > scan->covered && !is_padding(scan->in, image_slice(scan->in, scan->covered, until - scan->covered)))
		scan->has_foreign = true;
}

/* A file that was stuck to itself looks like a flash with two firmwares, and only one of them can have been meant. */
static void note_twin(struct scan *scan, uint64_t offset, const struct image_facts *of)
{
	const struct image_part *first = &scan->facts->parts[0];
	uint64_t size = of->declared_size < SAME_HEAD ? of->declared_size : SAME_HEAD;

	if (scan->has_twin || first->offset != 0 || first->size != of->declared_size || !text_equal(first->format, of->format) || size == 0 ||
	    !bytes_equal(image_slice(scan->in, 0, size), image_slice(scan->in, offset, size)))
		return;
	scan->has_twin = true;
	image_problem(scan->facts, offset, "the %s that it begins with stands here once more: two files may have been joined", of->format);
}

/* Looks at erase block boundaries behind what is known; inside a known part nothing is looked for, so that a compressed file
 * system's contents are not taken for parts. */
static void scan_parts(struct scan *scan)
{
	uint64_t offset = (scan->covered + IMAGE_PART_ALIGNMENT - 1) / IMAGE_PART_ALIGNMENT * IMAGE_PART_ALIGNMENT;

	for (unsigned looked = 0; looked < IMAGE_SCAN_OFFSETS && offset < scan->in->data.size && scan->found < IMAGE_PARTS; looked++) {
		struct image_input at = { bytes_from(scan->in->data, (size_t)offset), scan->in->size - offset, scan->in->ops, 0, false };
		const struct image_format *format = image_find_format(&at, true);
		struct image_facts of;

		if (format != NULL) {
			image_inspect_one(&at, format, &of);
			check_gap(scan, offset);
			if (scan->found > 0)
				note_twin(scan, offset, &of);
			add_neighbour(scan->facts, offset, &of);
			scan->is_unsure |= of.whole != IMAGE_YES;
			scan->found++;
			scan->covered = offset + (of.declared_size > 0 && of.declared_size <= at.size ? of.declared_size : 1);
			if (of.declared_size > at.size)
				scan->covered = scan->in->size;
			/* the first block boundary at or behind the end */
			offset = (scan->covered - 1) / IMAGE_PART_ALIGNMENT * IMAGE_PART_ALIGNMENT;
		}
		offset += IMAGE_PART_ALIGNMENT;
		if (scan->in->ops->forget != NULL && looked % FORGET_EVERY == 0)
			scan->in->ops->forget(scan->in->ops->user, image_slice(scan->in, 0, offset));
	}
	check_gap(scan, scan->in->data.size);
}

/* The container at the start becomes the first part, and its members stand below it. */
static void become_flash_image(struct image_facts *facts, const struct image_facts *first)
{
	facts->part_count = 0;
	add_neighbour(facts, 0, first);
	facts->is_flash_image = true;
	text_copy(facts->title, sizeof(facts->title), "flash image");
	facts->declared_size = 0;
	facts->compression[0] = '\0';
}

/* What fills up to a unit is shorter than the unit, so the file ends at a multiple of one that is longer than the padding. */
bool image_ends_inside_padding(const struct image_input *in, uint64_t start, uint64_t padding)
{
	uint64_t unit = PADDING_LEAST;

	while (unit <= padding && unit < IMAGE_PART_ALIGNMENT)
		unit *= 2;
	return padding >= PADDING_LEAST && in->data.size == in->size && (in->size - start) % unit != 0 && !ends_in_mark(in->data);
}

/* What comes right behind the end: a second file that was stuck to the first one is worth its name. */
static const char *follower(const struct image_input *in, uint64_t end)
{
	struct image_input at = { image_slice(in, end, UINT64_MAX), in->size - end, in->ops, 0, false };
	const struct image_format *format = at.data.size > 0 ? image_find_format(&at, false) : NULL;

	return format != NULL && format->is_sound != NULL && format->is_sound(&at) ? format->title : NULL;
}

/* Erased flash up to a sector, and something behind it: a flash's layout, as builders that know the device's map make it. Some fill with zeros;
 * up to a sector of them may just as well be an archive's own end. */
static bool is_laid_out(const struct image_input *in, uint64_t end)
{
	struct bytes rest = image_slice(in, end, UINT64_MAX);
	size_t filled = 0, least;

	if (rest.size == 0 || (rest.data[0] != 0xff && rest.data[0] != 0))
		return false;
	least = rest.data[0] == 0xff ? PADDING_LEAST : SECTOR;
	while (filled < rest.size && rest.data[filled] == rest.data[0])
		filled++;
	return filled >= least && filled < rest.size && (end + filled) % SECTOR == 0;
}

/* The container is alone in the file, and something follows it that is no part. */
static void judge_tail(const struct scan *scan, struct image_facts *facts)
{
	const struct image_input *in = scan->in;
	uint64_t more = in->size - facts->declared_size;
	const char *other = follower(in, facts->declared_size);

	if (scan->has_foreign && facts->ends_exactly && in->data.size == in->size && !is_laid_out(in, facts->declared_size)) {
		image_broken(facts, facts->declared_size, "%" PRIu64 " bytes follow its end that do not belong to it%s%s", more,
			     other ? ": " : "", other ? other : "");
		return;
	}
	/* a kernel that is padded to an erase block is made so because a root file system follows it */
	if (scan->has_foreign)
		image_problem(facts, facts->declared_size, "%" PRIu64 " bytes follow its end that no check covers%s%s", more, other ? ": " : "",
			      other ? other : "");
	else if (image_ends_inside_padding(in, 0, more))
		image_problem(facts, in->size, "its padding ends in the middle of a block: it may be cut off there");
	else if (in->size % IMAGE_PART_ALIGNMENT == 0 && facts->whole == IMAGE_YES && !facts->is_padded_by_nature)
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
			judge_tail(&scan, facts);
		return;
	}
	facts->is_flash_image = true;
	if (facts->whole == IMAGE_NO)
		return;
	facts->whole = is_known && first.whole == IMAGE_YES && !scan.is_unsure && !scan.has_foreign && !scan.has_twin && in->data.size == in->size
		? IMAGE_YES : IMAGE_UNKNOWN;
	text_copy(facts->checked, sizeof(facts->checked), "each part by itself");
}

/* A page or message that was saved as the server packed it. */
static void refuse_packed_page(struct image_facts *facts)
{
	const struct image_part *first = &facts->parts[0];

	if (facts->part_count == 1 && first->is_unpacked && (text_equal(first->format, "html") || text_equal(first->format, "text-error")))
		image_broken(facts, 0, "what it unpacks to is a web page or a message, not an image: the download went wrong");
}

static void inspect_start(const struct image_input *in, struct image_facts *facts)
{
	const struct image_format *format = image_find_format(in, false);
	uint64_t tree;

	if (format != NULL) {
		image_inspect_one(in, format, facts);
		refuse_packed_page(facts);
		facts->is_doubted = facts->whole == IMAGE_UNKNOWN && in->data.size == in->size && format->may_be_cut != NULL &&
				    format->may_be_cut(in, facts);
		if (facts->is_doubted)
			image_problem(facts, in->size, "it may be cut off: its end, or how much it says comes out of it, is unusual; only unpacking all of it tells");
		return;
	}
	*facts = (struct image_facts){ .file_size = in->size, .format = "unknown", .title = "unknown format" };
	text_copy(facts->checked, sizeof(facts->checked), "nothing: the format is not known");
	/* U-Boot and the like: a program without a container that ends with its device tree */
	tree = fdt_find_last(in);
	if (tree > 0)
		image_add_part(in, facts, tree, in->size - tree, "device tree");
	if (facts->arch[0] == '\0')
		image_take_guess(facts, in->data);
}

void image_inspect(struct bytes head_or_whole, uint64_t file_size, const struct image_ops *ops, struct image_facts *ret_facts)
{
	static const struct image_ops no_ops = { 0 };
	struct image_input in = { head_or_whole, file_size, ops != NULL ? ops : &no_ops, 0, false };
	struct image_facts of_trailer;

	if (in.data.size > in.size)
		in.size = in.data.size;
	file_size = in.size;
	of_trailer = (struct image_facts){ .file_size = file_size };
	/* The head of a file has no end that could be looked at. A trailer belongs to no format: what covers "all of the file" ends before it. */
	if (in.data.size == in.size)
		in.data.size = (size_t)(in.size = image_read_trailers(&in, &of_trailer));
	inspect_start(&in, ret_facts);
	if (text_equal(ret_facts->format, "unknown") || (ret_facts->declared_size > 0 && ret_facts->declared_size < in.size))
		inspect_rest(&in, ret_facts);
	ret_facts->file_size = file_size;
	if (in.size < file_size)
		image_add_trailer(ret_facts, &of_trailer, in.size);
	image_note_transport(&in, ret_facts);
}

const char *image_problem_text(const struct image_facts *facts)
{
	return facts->problem_count > 0 ? facts->problems[0].what : "";
}

const char *image_answer_name(enum image_answer answer)
{
	return answer == IMAGE_YES ? "yes" : answer == IMAGE_NO ? "no" : "unknown";
}
