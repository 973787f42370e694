/* recovery/image/fdt.c
 *
 * Flat device trees: the walk, and what a plain one (DTB) says of its board and processor. The walk is our own: libfdt needs the whole
 * tree in memory, where only the head of a file may be known, and does not say where it is broken. But U-Boot and Linux read trees with libfdt,
 * so a tree that is here as a whole has to pass its check as well. */
#include "recovery/image/fdt.h"

#include <inttypes.h>
#include <libfdt.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	TOKEN_NODE = 1,
	TOKEN_NODE_END = 2,
	TOKEN_PROPERTY = 3,
	TOKEN_NOP = 4,
	TOKEN_END = 9,
	/* A tree of a few hundred KiB has some thousand; hostile ones may have nothing but NOPs. */
	TOKENS = 1000000,
	LAST_TREE_MAX = 512 * 1024,
};

static const uint32_t MAGIC = 0xd00dfeed;

bool fdt_walk_init(struct fdt_walk *walk, const struct image_input *in)
{
	const uint8_t *header = in->data.data;
	uint64_t total, structure, strings, strings_size, structure_size;
	uint32_t version;

	if (in->data.size < FDT_HEADER_SIZE)
		return false;
	total = load_be32(header + 4);
	structure = load_be32(header + 8);
	strings = load_be32(header + 12);
	version = load_be32(header + 20);
	strings_size = load_be32(header + 32);
	structure_size = load_be32(header + 36);
	if (version < 16 || load_be32(header + 24) > 17 || structure % 4 != 0 || structure < FDT_HEADER_SIZE || structure > total ||
	    strings > total || strings_size > total - strings || (version >= 17 && structure_size > total - structure))
		return false;
	*walk = (struct fdt_walk){
		.in = in, .at = structure, .strings = strings, .strings_size = strings_size,
		/* version 16 does not tell the size: up to the strings, or all */
		.end = version >= 17 ? structure + structure_size : strings > structure ? strings : total,
	};
	return true;
}

static struct fdt_event stop(const struct fdt_walk *walk, enum fdt_event_type type)
{
	return (struct fdt_event){ .type = type, .offset = walk->at, .name = "" };
}

/* Takes size bytes, padded to 4. Sets *ret_stop when they are not there. */
static struct bytes take(struct fdt_walk *walk, uint64_t size, enum fdt_event_type *ret_stop)
{
	struct bytes taken = { walk->in->data.data, 0 };

	if (size > walk->end - walk->at)
		*ret_stop = FDT_BROKEN;
	else if (!image_in_memory(walk->in, walk->at, size))
		*ret_stop = FDT_CUT;
	else {
		taken = image_slice(walk->in, walk->at, size);
		walk->at += (size + 3) / 4 * 4;
		if (walk->at > walk->end)
			walk->at = walk->end;
	}
	return taken;
}

/* Copies the NUL-ended text at the offset; false when it has no end in time. */
static bool read_name(struct fdt_walk *walk, uint64_t offset, uint64_t limit)
{
	struct bytes from = image_slice(walk->in, offset, limit < FDT_NAME_SIZE ? limit : FDT_NAME_SIZE);
	const uint8_t *end = from.size > 0 ? memchr(from.data, '\0', from.size) : NULL;

	if (end == NULL)
		return false;
	memcpy(walk->name, from.data, (size_t)(end - from.data) + 1);
	return true;
}

static struct fdt_event next_property(struct fdt_walk *walk)
{
	enum fdt_event_type type = FDT_PROPERTY;
	uint64_t token = walk->at - 4;
	struct bytes head = take(walk, 8, &type), value = { 0 };
	uint64_t offset = walk->at, name;

	if (type == FDT_PROPERTY)
		value = take(walk, load_be32(head.data), &type);
	if (type != FDT_PROPERTY)
		return (struct fdt_event){ .type = type, .offset = token, .name = "" };
	name = load_be32(head.data + 4);
	if (name >= walk->strings_size)
		return (struct fdt_event){ .type = FDT_BROKEN, .offset = token, .name = "" };
	if (!image_in_memory(walk->in, walk->strings, walk->strings_size))
		return stop(walk, FDT_CUT);
	if (!read_name(walk, walk->strings + name, walk->strings_size - name))
		return (struct fdt_event){ .type = FDT_BROKEN, .offset = token, .name = "" };
	return (struct fdt_event){ .type = FDT_PROPERTY, .name = walk->name, .value = value, .offset = offset };
}

static struct fdt_event next_node(struct fdt_walk *walk)
{
	enum fdt_event_type type = FDT_NODE;

	if (walk->depth == FDT_DEPTH)
		return stop(walk, FDT_BROKEN);
	if (!read_name(walk, walk->at, walk->end - walk->at))
		return stop(walk, image_in_memory(walk->in, walk->at, FDT_NAME_SIZE) ? FDT_BROKEN : FDT_CUT);
	take(walk, strlen(walk->name) + 1, &type);
	walk->depth++;
	return (struct fdt_event){ .type = type, .name = walk->name, .offset = walk->at };
}

struct fdt_event fdt_walk_next(struct fdt_walk *walk)
{
	for (;;) {
		enum fdt_event_type type = FDT_DONE;
		struct bytes token = take(walk, 4, &type);

		if (type != FDT_DONE)
			return stop(walk, type);
		switch (load_be32(token.data)) {
		case TOKEN_NODE:
			return next_node(walk);
		case TOKEN_PROPERTY:
			return walk->depth > 0 ? next_property(walk) : stop(walk, FDT_BROKEN);
		case TOKEN_NODE_END:
			if (walk->depth == 0)
				return stop(walk, FDT_BROKEN);
			walk->depth--;
			return (struct fdt_event){ .type = FDT_NODE_END, .name = "", .offset = walk->at };
		case TOKEN_NOP:
			break;
		case TOKEN_END:
			return stop(walk, walk->depth == 0 ? FDT_DONE : FDT_BROKEN);
		default:
			walk->at -= 4;
			return stop(walk, FDT_BROKEN);
		}
	}
}

/* --- a plain device tree --- */

void fdt_add_boards(struct image_facts *facts, struct bytes list)
{
	while (list.size > 0) {
		const uint8_t *end = memchr(list.data, '\0', list.size);
		size_t length = end != NULL ? (size_t)(end - list.data) : list.size;

		image_add_board(facts, bytes_of(list.data, length));
		list = bytes_from(list, length + 1);
	}
}

/* The processor's compatible, as Linux Documentation/devicetree/bindings/arm/cpus.yaml and arch/<arch>/boot/dts have it. */
static const char *arch_of_processor(struct bytes compatible)
{
	static const struct { const char *part; const char *arch; } processors[] = {
		{ "cortex-a34", "arm64" }, { "cortex-a35", "arm64" }, { "cortex-a53", "arm64" }, { "cortex-a55", "arm64" },
		{ "cortex-a57", "arm64" }, { "cortex-a510", "arm64" }, { "cortex-a520", "arm64" }, { "cortex-a65", "arm64" },
		{ "cortex-a71", "arm64" }, { "cortex-a72", "arm64" }, { "cortex-a73", "arm64" }, { "cortex-a75", "arm64" },
		{ "cortex-a76", "arm64" }, { "cortex-a77", "arm64" }, { "cortex-a78", "arm64" }, { "cortex-x", "arm64" },
		{ "neoverse", "arm64" }, { "armv8", "arm64" }, { "armv9", "arm64" }, { "kryo", "arm64" }, { "qcom,oryon", "arm64" },
		{ "qcom,falkor", "arm64" }, { "denver", "arm64" }, { "nvidia,carmel", "arm64" }, { "cavium,thunder", "arm64" },
		{ "brcm,vulcan", "arm64" }, { "apm,potenza", "arm64" }, { "apm,strega", "arm64" }, { "apple,icestorm", "arm64" },
		{ "apple,firestorm", "arm64" }, { "hisilicon,tsv110", "arm64" }, { "cortex-", "arm" }, { "arm,arm", "arm" },
		{ "marvell,feroceon", "arm" }, { "marvell,sheeva", "arm" }, { "marvell,pj4", "arm" }, { "marvell,88f", "arm" },
		{ "qcom,krait", "arm" }, { "qcom,scorpion", "arm" }, { "riscv", "riscv" },
		{ "mips,", "mips" }, { "brcm,bmips", "mips" }, { "ingenic,", "mips" }, { "PowerPC,", "ppc" },
	};
	char text[128];

	text_printable(text, sizeof(text), compatible);
	for (size_t i = 0; i < ARRAY_SIZE(processors); i++)
		if (text_contains(text, processors[i].part))
			return processors[i].arch;
	return "";
}

struct tree {
	bool in_cpus, is_fit;
	unsigned tokens;
};

static void read_tree_property(const struct fdt_walk *walk, const struct tree *tree, struct image_facts *facts,
			       const struct fdt_event *event)
{
	if (walk->depth == 1 && text_equal(event->name, "compatible"))
		fdt_add_boards(facts, event->value);
	if (walk->depth == 1 && text_equal(event->name, "model"))
		/* "RockPro64 v2.1": a version of the board, not of the file */
		image_text(facts->name, sizeof(facts->name), event->value);
	else if (walk->depth == 1 && text_equal(event->name, "description") && facts->name[0] == '\0')
		image_set_name(facts, event->value);
	/* older trees of PowerPC name the processor in model alone (Linux Documentation/powerpc/booting-without-of, 2008) */
	if (walk->depth == 3 && tree->in_cpus && facts->arch[0] == '\0' &&
	    (text_equal(event->name, "compatible") || (text_equal(event->name, "model") && image_starts_with(event->value, BYTES("PowerPC,")))))
		text_copy(facts->arch, sizeof(facts->arch), arch_of_processor(event->value));
}

static struct fdt_event read_tree(struct fdt_walk *walk, struct tree *tree, struct image_facts *facts)
{
	for (tree->tokens = 0; tree->tokens < TOKENS; tree->tokens++) {
		struct fdt_event event = fdt_walk_next(walk);

		if (event.type >= FDT_DONE)
			return event;
		if (event.type == FDT_NODE && walk->depth == 2) {
			tree->in_cpus = text_equal(event.name, "cpus");
			tree->is_fit |= text_equal(event.name, "images");
			/* Linux scripts/dtc: the processor's name is the node's on PowerPC */
		} else if (event.type == FDT_NODE && walk->depth == 3 && tree->in_cpus && text_starts(event.name, "PowerPC,") &&
			   facts->arch[0] == '\0')
			text_copy(facts->arch, sizeof(facts->arch), "ppc");
		else if (event.type == FDT_PROPERTY)
			read_tree_property(walk, tree, facts, &event);
	}
	return stop(walk, FDT_BROKEN);
}

uint64_t fdt_find_last(const struct image_input *in)
{
	size_t lowest = in->data.size > LAST_TREE_MAX ? in->data.size - LAST_TREE_MAX : 0;

	if (in->data.size < in->size)
		return 0;
	/* dtc and objcopy put it at a multiple of 4 at least */
	for (size_t end = in->data.size / 4 * 4; end >= lowest + 4; end -= 4) {
		size_t at = end - 4;
		struct image_input tree;
		struct fdt_walk walk;

		if (load_be32(in->data.data + at) != MAGIC)
			continue;
		tree = (struct image_input){ bytes_from(in->data, at), in->size - at, in->ops, in->depth, false };
		if (fdt_walk_init(&walk, &tree) && load_be32(tree.data.data + 4) == tree.size)
			return at;
	}
	return 0;
}

static bool matches(const struct image_input *in)
{
	return in->data.size >= 4 && load_be32(in->data.data) == MAGIC;
}

static bool is_sound(const struct image_input *in)
{
	struct fdt_walk walk;

	return matches(in) && fdt_walk_init(&walk, in) && fdt_walk_next(&walk).type == FDT_NODE;
}

/* libfdt 1.7 asks for a tree that is aligned to 8 bytes, which in a file it need not be. */
static void check_as_loaders_do(const struct image_input *in, struct image_facts *facts)
{
	uint32_t size = load_be32(in->data.data + 4);
	int answer = size <= in->data.size ? fdt_check_full(in->data.data, size) : 0;

	if (answer != 0 && answer != -FDT_ERR_ALIGNMENT)
		image_broken(facts, 0, "U-Boot and Linux will refuse it: libfdt says %s", fdt_strerror(answer));
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct tree tree = { 0 };
	struct fdt_walk walk;
	struct fdt_event last;

	if (in->data.size < FDT_HEADER_SIZE) {
		if (in->size < FDT_HEADER_SIZE)
			image_broken(facts, in->data.size, "it is cut off inside its header");
		return;
	}
	text_copy(facts->checked, sizeof(facts->checked), "size and structure; nothing covers the contents");
	if (!fdt_walk_init(&walk, in)) {
		image_broken(facts, 4, "its header is damaged: the sizes in it contradict each other");
		return;
	}
	image_declare(in, facts, load_be32(in->data.data + 4));
	last = read_tree(&walk, &tree, facts);
	if (last.type == FDT_BROKEN)
		image_broken(facts, last.offset, "its structure is damaged at byte %" PRIu64, last.offset);
	else if (last.type == FDT_DONE)
		check_as_loaders_do(in, facts);
	facts->ends_exactly = !tree.is_fit;
	if (!tree.is_fit)
		return;
	text_copy(facts->format, sizeof(facts->format), "fit");
	text_copy(facts->title, sizeof(facts->title), "U-Boot FIT image");
	facts->board_count = 0;	/* a FIT names its boards in its configurations */
	fit_inspect(in, facts);
}

const struct image_format image_format_fdt = {
	.role = IMAGE_ROLE_PLAIN, .word = "dtb", .title = "device tree", .matches = matches, .inspect = inspect, .is_sound = is_sound,
};
