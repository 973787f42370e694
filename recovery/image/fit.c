/* recovery/image/fit.c
 *
 * FIT: a device tree whose /images carry data, in the tree or behind it, and the hashes of it.
 * Source: U-Boot doc/usage/fit/source_file_format.rst, boot/image-fit.c (fit_image_check_hash). */
#include <string.h>

#include "recovery/image/fdt.h"
#include "src/base/text.h"

enum {
	/* How often all of the file may be hashed: two hashes of each part are usual; parts that overlap are not. */
	HASH_BUDGET = 8,
	TOKENS = 1000000,
};

enum node { NODE_OTHER, NODE_ROOT, NODE_IMAGES, NODE_IMAGE, NODE_HASH, NODE_CONFIGURATIONS, NODE_CONFIGURATION };

struct fit_image {
	char name[64], type[24], arch[12], compression[12];
	uint64_t offset, size;		/* of the data, in the file */
	bool has_offset, has_size, is_behind;	/* behind: offset counts from the end of the tree */
	unsigned good, bad, unchecked;
};

struct fit {
	const struct image_input *in;
	struct image_facts *facts;
	enum node path[FDT_DEPTH + 1];
	struct fit_image image;
	char algorithm[16];
	struct bytes value;
	uint64_t tree_end, furthest, budget;
	unsigned images, hashes, unsure;
	bool arch_is_kernels;
	bool has_boards;		/* from a configuration */
};

static void copy_text(char *to, size_t size, struct bytes from)
{
	const uint8_t *end = from.size > 0 ? memchr(from.data, '\0', from.size) : NULL;

	if (end != NULL)
		from.size = (size_t)(end - from.data);
	text_printable(to, size, from);
}

static enum node kind_of(enum node parent, const char *name)
{
	switch (parent) {
	case NODE_ROOT:
		return text_equal(name, "images") ? NODE_IMAGES : text_equal(name, "configurations") ? NODE_CONFIGURATIONS : NODE_OTHER;
	case NODE_IMAGES:
		return NODE_IMAGE;
	case NODE_IMAGE:
		return text_starts(name, "hash") ? NODE_HASH : NODE_OTHER;	/* "hash-1", "hash@1" */
	case NODE_CONFIGURATIONS:
		return NODE_CONFIGURATION;
	default:
		return NODE_OTHER;
	}
}

static void read_image_property(struct fit_image *image, const struct fdt_event *event)
{
	if (text_equal(event->name, "type"))
		copy_text(image->type, sizeof(image->type), event->value);
	else if (text_equal(event->name, "arch"))
		copy_text(image->arch, sizeof(image->arch), event->value);
	else if (text_equal(event->name, "compression"))
		copy_text(image->compression, sizeof(image->compression), event->value);
	else if (text_equal(event->name, "data")) {
		image->offset = event->offset;
		image->size = event->value.size;
		image->has_offset = image->has_size = true;
		image->is_behind = false;
	} else if (event->value.size == 4 && text_equal(event->name, "data-size")) {
		image->size = load_be32(event->value.data);
		image->has_size = true;
	} else if (event->value.size == 4 && (text_equal(event->name, "data-offset") || text_equal(event->name, "data-position"))) {
		image->offset = load_be32(event->value.data);
		image->has_offset = true;
		image->is_behind = text_equal(event->name, "data-offset");
	}
}

static uint64_t data_at(const struct fit *fit)
{
	return fit->image.is_behind ? fit->tree_end + fit->image.offset : fit->image.offset;
}

/* Returns the digest's length; 0 when nobody here knows the algorithm. */
static size_t compute(const struct fit *fit, struct bytes data, uint8_t digest[IMAGE_DIGEST_SIZE])
{
	if (text_equal(fit->algorithm, "crc32")) {
		store_be32(digest, image_crc32(fit->in, data));
		return 4;
	}
	return fit->in->ops->digest != NULL ? fit->in->ops->digest(fit->in->ops->user, fit->algorithm, data, digest) : 0;
}

static void check_hash(struct fit *fit)
{
	struct fit_image *image = &fit->image;
	uint8_t digest[IMAGE_DIGEST_SIZE];
	size_t size = 0;

	if (image->has_offset && image->has_size && image->size <= fit->budget &&
	    image_in_memory(fit->in, data_at(fit), image->size)) {
		fit->budget -= image->size;
		fit->hashes++;
		size = compute(fit, image_slice(fit->in, data_at(fit), image->size), digest);
	}
	if (size == 0) {
		image->unchecked++;
		return;
	}
	if (bytes_equal(fit->value, bytes_of(digest, size))) {
		image->good++;
		return;
	}
	image->bad++;
	image_broken(fit->facts, data_at(fit), "its part '%.40s' is damaged: the %s does not match", image->name, fit->algorithm);
}

static void take_arch(struct fit *fit)
{
	struct image_facts *facts = fit->facts;
	bool is_kernel = text_starts(fit->image.type, "kernel");

	if (text_equal(fit->image.arch, "powerpc"))
		text_copy(fit->image.arch, sizeof(fit->image.arch), "ppc");
	if (fit->image.arch[0] == '\0')
		return;
	if (facts->arch[0] != '\0' && image_archs_differ(fit->image.arch, facts->arch))
		image_warning(facts, "its parts are for different processors: %s and %s", facts->arch, fit->image.arch);
	if (facts->arch[0] == '\0' || (is_kernel && !fit->arch_is_kernels)) {
		text_copy(facts->arch, sizeof(facts->arch), fit->image.arch);
		fit->arch_is_kernels = is_kernel;
	}
}

static void end_image(struct fit *fit)
{
	struct fit_image *image = &fit->image;
	struct image_part *part;
	uint64_t end;

	fit->images++;
	take_arch(fit);
	if (!image->has_offset || !image->has_size) {
		fit->unsure++;
		return;
	}
	end = data_at(fit) + image->size;
	fit->furthest = end > fit->furthest ? end : fit->furthest;
	if (image->good == 0 || image->bad > 0)
		fit->unsure++;
	part = image_add_part(fit->in, fit->facts, data_at(fit), image->size, image->name);
	if (part == NULL)
		return;
	part->whole = image->bad > 0 ? IMAGE_NO : image->good > 0 ? IMAGE_YES : IMAGE_UNKNOWN;
	if (text_starts(image->type, "kernel") && image_archs_differ(part->arch, image->arch))
		image_warning(fit->facts, "its header says %s, but the kernel inside is for %s", image->arch, part->arch);
	text_copy(part->arch, sizeof(part->arch), image->arch);
}

static void read_property(struct fit *fit, enum node node, const struct fdt_event *event)
{
	if (node == NODE_IMAGE)
		read_image_property(&fit->image, event);
	else if (node == NODE_HASH && text_equal(event->name, "algo"))
		copy_text(fit->algorithm, sizeof(fit->algorithm), event->value);
	else if (node == NODE_HASH && text_equal(event->name, "value"))
		fit->value = event->value;
	else if (node == NODE_CONFIGURATION && text_equal(event->name, "compatible")) {
		/* Only without it the device trees inside say the board. */
		if (!fit->has_boards)
			fit->facts->board_count = 0;
		fit->has_boards = true;
		fdt_add_boards(fit->facts, event->value);
	}
}

static void begin_node(struct fit *fit, unsigned depth, const char *name)
{
	enum node node = depth == 1 ? NODE_ROOT : kind_of(fit->path[depth - 1], name);

	fit->path[depth] = node;
	if (node == NODE_IMAGE) {
		fit->image = (struct fit_image){ .size = 0 };
		text_printable(fit->image.name, sizeof(fit->image.name), bytes_of_text(name));
	} else if (node == NODE_HASH) {
		fit->algorithm[0] = '\0';
		fit->value = (struct bytes){ NULL, 0 };
	}
}

static bool walk_images(struct fit *fit)
{
	struct fdt_walk walk;

	if (!fdt_walk_init(&walk, fit->in))
		return false;
	for (unsigned tokens = 0; tokens < TOKENS; tokens++) {
		struct fdt_event event = fdt_walk_next(&walk);

		switch (event.type) {
		case FDT_NODE:
			begin_node(fit, walk.depth, event.name);
			break;
		case FDT_PROPERTY:
			read_property(fit, fit->path[walk.depth], &event);
			break;
		case FDT_NODE_END:
			if (fit->path[walk.depth + 1] == NODE_HASH)
				check_hash(fit);
			else if (fit->path[walk.depth + 1] == NODE_IMAGE)
				end_image(fit);
			break;
		default:
			return event.type == FDT_DONE;
		}
	}
	return false;
}

void fit_inspect(const struct image_input *in, struct image_facts *facts)
{
	struct fit fit = { .in = in, .facts = facts, .budget = HASH_BUDGET * in->size };
	bool is_complete;

	fit.furthest = facts->declared_size;
	fit.tree_end = (facts->declared_size + 3) / 4 * 4;
	is_complete = walk_images(&fit);
	if (facts->whole != IMAGE_NO || fit.furthest > facts->declared_size)
		image_declare(in, facts, fit.furthest);
	if (fit.hashes > 0)
		text_copy(facts->checked, sizeof(facts->checked), "the hash of each part");
	else
		text_copy(facts->checked, sizeof(facts->checked), "sizes; it has no hash that can be checked");
	if (facts->whole == IMAGE_NO)
		return;
	if (is_complete && fit.images > 0 && fit.unsure == 0)
		facts->whole = IMAGE_YES;
	else if (fit.hashes > 0 && fit.unsure > 0)
		text_copy(facts->checked, sizeof(facts->checked), "hashes, but not of every part");
}
