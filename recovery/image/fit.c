/* recovery/image/fit.c
 *
 * FIT: a device tree whose /images carry data, in the tree or behind it, and the hashes of it.
 * Source: U-Boot doc/usage/fit/source_file_format.rst, boot/image-fit.c (fit_image_check_hash). */
#include <string.h>

#include "recovery/image/fit.h"
#include "src/base/text.h"

enum {
	/* How often all of the file may be hashed: two hashes of each part are usual; parts that overlap are not. */
	HASH_BUDGET = 8,
	TOKENS = 1000000,
	CONFIGURATIONS = 6,	/* whose descriptions are kept */
	VERSION_SEARCHED = 2 * 1024 * 1024,
	ROCKCHIP_BLOCK = 512,
};

enum node { NODE_OTHER, NODE_ROOT, NODE_IMAGES, NODE_IMAGE, NODE_HASH, NODE_SIGNATURE, NODE_CONFIGURATIONS, NODE_CONFIGURATION };

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
	char configurations[CONFIGURATIONS][64];	/* their descriptions */
	unsigned configuration_count;
	char signature[48], key[32];	/* of the last signature node: algorithm and key name */
};

static enum node kind_of(enum node parent, const char *name)
{
	switch (parent) {
	case NODE_ROOT:
		return text_equal(name, "images") ? NODE_IMAGES : text_equal(name, "configurations") ? NODE_CONFIGURATIONS : NODE_OTHER;
	case NODE_IMAGES:
		return NODE_IMAGE;
	case NODE_IMAGE:
		if (text_starts(name, "signature"))
			return NODE_SIGNATURE;
		return text_starts(name, "hash") ? NODE_HASH : NODE_OTHER;	/* "hash-1", "hash@1" */
	case NODE_CONFIGURATION:
		return text_starts(name, "signature") ? NODE_SIGNATURE : NODE_OTHER;
	case NODE_CONFIGURATIONS:
		return NODE_CONFIGURATION;
	default:
		return NODE_OTHER;
	}
}

void fit_image_read(struct fit_image *image, const struct fdt_event *event)
{
	if (text_equal(event->name, "type"))
		image_text(image->type, sizeof(image->type), event->value);
	else if (text_equal(event->name, "arch"))
		image_text(image->arch, sizeof(image->arch), event->value);
	else if (text_equal(event->name, "os"))
		image_text(image->os, sizeof(image->os), event->value);
	else if (text_equal(event->name, "description"))
		image_text(image->description, sizeof(image->description), event->value);
	else if (text_equal(event->name, "compression"))
		image_text(image->compression, sizeof(image->compression), event->value);
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

/* Only the mkimage of Rockchip's U-Boot writes down, as a property of the root, how large all of it is; and it aligns what is behind the tree. */
uint64_t fit_tree_end(const struct image_input *in)
{
	uint64_t size = load_be32(in->data.data + 4), unit = 4;
	struct fdt_event event = { .type = FDT_PROPERTY };
	struct fdt_walk walk;

	if (!fdt_walk_init(&walk, in) || fdt_walk_next(&walk).type != FDT_NODE)
		return (size + 3) / 4 * 4;
	for (unsigned i = 0; i < TOKENS && event.type == FDT_PROPERTY && unit == 4; i++) {
		event = fdt_walk_next(&walk);
		if (event.type == FDT_PROPERTY && text_equal(event.name, "totalsize") && event.value.size == 4)
			unit = ROCKCHIP_BLOCK;
	}
	return (size + unit - 1) / unit * unit;
}

uint64_t fit_image_at(const struct fit_image *image, uint64_t tree_end)
{
	return image->is_behind ? tree_end + image->offset : image->offset;
}

static uint64_t data_at(const struct fit *fit)
{
	return fit_image_at(&fit->image, fit->tree_end);
}

/* Polynomial 0x1021, begun with 0. */
static uint16_t crc16_ccitt(struct bytes over)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < over.size; i++) {
		uint8_t byte = (uint8_t)(crc >> 8 ^ over.data[i]);

		byte ^= byte >> 4;
		crc = (uint16_t)(crc << 8 ^ byte << 12 ^ byte << 5 ^ byte);
	}
	return crc;
}

size_t fit_image_hash(const struct image_input *in, const char *algorithm, struct bytes data, uint8_t ret_digest[IMAGE_DIGEST_SIZE])
{
	if (text_equal(algorithm, "crc32")) {
		store_be32(ret_digest, image_crc32(in, data));
		return 4;
	}
	if (text_equal(algorithm, "crc16-ccitt")) {
		store_be32(ret_digest, (uint32_t)crc16_ccitt(data) << 16);
		return 2;
	}
	return in->ops->digest != NULL ? in->ops->digest(in->ops->user, algorithm, data, ret_digest) : 0;
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
		size = fit_image_hash(fit->in, fit->algorithm, image_slice(fit->in, data_at(fit), image->size), digest);
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

/* Of what is started: from its description, or what U-Boot prints of itself. */
static void take_version(struct fit *fit)
{
	struct image_facts *facts = fit->facts;
	struct bytes data;
	const uint8_t *at;
	char text[64];

	if (facts->version[0] != '\0' || text_equal(fit->image.type, "flat_dt"))
		return;
	image_find_version(fit->image.description, facts->version, sizeof(facts->version));
	if (facts->version[0] != '\0' || !text_contains(fit->image.os, "u-boot") || !fit->image.has_offset)
		return;
	data = image_slice(fit->in, data_at(fit), fit->image.size < VERSION_SEARCHED ? fit->image.size : VERSION_SEARCHED);
	at = data.size > 0 ? memmem(data.data, data.size, "U-Boot 20", 9) : NULL;
	if (at == NULL)
		return;
	image_text(text, sizeof(text), bytes_of(at, (size_t)(data.data + data.size - at) < 60 ? (size_t)(data.data + data.size - at) : 60));
	image_find_version(text, facts->version, sizeof(facts->version));
}

static void end_image(struct fit *fit)
{
	struct fit_image *image = &fit->image;
	struct image_part *part;
	uint64_t end;

	fit->images++;
	/* with compression the first word is another one's */
	if (image->has_offset && text_starts(image->os, "u-boot"))
		image_correct_uboot_arch(image->arch, sizeof(image->arch), image_slice(fit->in, data_at(fit), image->size));
	take_arch(fit);
	take_version(fit);
	if (!image->has_offset || !image->has_size) {
		fit->unsure++;
		return;
	}
	end = data_at(fit) + image->size;
	fit->furthest = end > fit->furthest ? end : fit->furthest;
	if (image->good == 0 || image->bad > 0)
		fit->unsure++;
	part = image_add_checked_part(fit->in, fit->facts, data_at(fit), image->size, image->name, image->good > 0 && image->bad == 0);
	if (part == NULL)
		return;
	part->whole = image->bad > 0 ? IMAGE_NO : image->good > 0 ? IMAGE_YES : IMAGE_UNKNOWN;
	if (text_starts(image->type, "kernel") && image_archs_differ(part->arch, image->arch))
		image_warning(fit->facts, "its header says %s, but the kernel inside is for %s", image->arch, part->arch);
	else if (text_equal(image->type, "flat_dt") && image_archs_differ(part->arch, image->arch) && !text_equal(part->arch, "arm64"))
		image_warning(fit->facts, "its header says %s, but the device tree '%.40s' is for %s", image->arch, image->name, part->arch);
	text_copy(part->arch, sizeof(part->arch), image->arch);
}

static void read_property(struct fit *fit, enum node node, const struct fdt_event *event)
{
	if (node == NODE_IMAGE)
		fit_image_read(&fit->image, event);
	else if (node == NODE_HASH && text_equal(event->name, "algo"))
		image_text(fit->algorithm, sizeof(fit->algorithm), event->value);
	else if (node == NODE_HASH && text_equal(event->name, "value"))
		fit->value = event->value;
	else if (node == NODE_SIGNATURE && text_equal(event->name, "algo"))
		image_text(fit->signature, sizeof(fit->signature), event->value);
	else if (node == NODE_SIGNATURE && text_equal(event->name, "key-name-hint"))
		image_text(fit->key, sizeof(fit->key), event->value);
	else if (node == NODE_CONFIGURATION && text_equal(event->name, "description") && fit->configuration_count < CONFIGURATIONS)
		image_text(fit->configurations[fit->configuration_count++], sizeof(fit->configurations[0]), event->value);
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

/* U-Boot's own images have the name of a device tree there: "am335x-boneblack". Prose has blanks. */
static void add_configuration_names(struct fit *fit)
{
	struct image_facts *facts = fit->facts, names = { 0 };

	for (unsigned i = 0; i < fit->configuration_count; i++)
		if (fit->configurations[i][0] != '\0' && strchr(fit->configurations[i], ' ') == NULL)
			image_add_board(&names, bytes_of_text(fit->configurations[i]));
	if (fit->has_boards || names.board_count == 0)
		return;
	for (unsigned i = 0; i < facts->board_count; i++)
		image_add_board(&names, bytes_of_text(facts->boards[i]));
	facts->board_count = 0;
	for (unsigned i = 0; i < names.board_count; i++)
		image_add_board(facts, bytes_of_text(names.boards[i]));
}

static void tell_checked(const struct fit *fit, const char *what)
{
	struct image_facts *facts = fit->facts;

	text_copy(facts->checked, sizeof(facts->checked), what);
	if (fit->signature[0] != '\0')
		text_append(facts->checked, sizeof(facts->checked), "; its signature (%s, key '%s') was not", fit->signature, fit->key);
}

void fit_inspect(const struct image_input *in, struct image_facts *facts)
{
	struct fit fit = { .in = in, .facts = facts, .budget = HASH_BUDGET * in->size };
	bool is_complete;

	fit.furthest = facts->declared_size;
	fit.tree_end = fit_tree_end(in);
	is_complete = walk_images(&fit);
	if (facts->whole != IMAGE_NO || fit.furthest > facts->declared_size)
		image_declare(in, facts, fit.furthest);
	add_configuration_names(&fit);
	tell_checked(&fit, fit.hashes > 0 ? "the hash of each part" : "sizes; it has no hash that can be checked");
	if (facts->whole == IMAGE_NO)
		return;
	if (is_complete && fit.images > 0 && fit.unsure == 0)
		facts->whole = IMAGE_YES;
	else if (fit.hashes > 0 && fit.unsure > 0)
		tell_checked(&fit, "hashes, but not of every part");
}
