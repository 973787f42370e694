#include "recovery/image/fit_signature.h"

#include <string.h>

#include "recovery/image/fit.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { TOKENS = 1000000, TOKEN_NOP = 4, REFERENCES = 16, HASH_BUDGET = 8 };

/* ---- a walk that knows its path ---- */

struct path_walk {
	struct fdt_walk walk;
	struct bytes token;	/* the bytes of the event */
	char path[FIT_PATH];	/* of the node that it is in; after FDT_NODE_END still of the one that ended */
	size_t length;
	bool is_too_long;	/* a path that no list can name */
};

static bool path_walk_init(struct path_walk *walk, const struct image_input *in)
{
	*walk = (struct path_walk){ .length = 0 };
	return in->data.size >= FDT_HEADER_SIZE && load_be32(in->data.data) == 0xd00dfeed && fdt_walk_init(&walk->walk, in);
}

static void enter(struct path_walk *walk, const char *name)
{
	size_t size = strlen(name), slash = walk->length != 1;

	if (walk->walk.depth == 1) {
		text_copy(walk->path, sizeof(walk->path), "/");
		walk->length = 1;
	} else if (walk->length + slash + size >= sizeof(walk->path)) {
		walk->is_too_long = true;
	} else {
		text_append(walk->path, sizeof(walk->path), "%s%s", slash ? "/" : "", name);
		walk->length += slash + size;
	}
}

static void leave(struct path_walk *walk)
{
	while (walk->length > 0 && walk->path[--walk->length] != '/')
		;
	if (walk->length == 0 && walk->walk.depth > 0)
		walk->length = 1;
}

/* A NOP is an event of its own here: type FDT_PROPERTY without a name. */
static struct fdt_event path_walk_next(struct path_walk *walk)
{
	uint64_t before = walk->walk.at;
	struct bytes token = image_slice(walk->walk.in, before, 4);
	struct fdt_event event;

	walk->path[walk->length] = '\0';
	if (token.size == 4 && load_be32(token.data) == TOKEN_NOP && before + 4 <= walk->walk.end) {
		walk->walk.at += 4;
		walk->token = token;
		return (struct fdt_event){ .type = FDT_PROPERTY, .name = "", .offset = before };
	}
	event = fdt_walk_next(&walk->walk);
	if (event.type == FDT_NODE)
		enter(walk, event.name);
	else if (event.type == FDT_NODE_END)
		leave(walk);
	walk->token = image_slice(walk->walk.in, before, walk->walk.at - before);
	return event;
}

/* Is text one of the strings, each of which ends at a NUL? */
static bool is_listed(struct bytes list, const char *text)
{
	size_t size = strlen(text) + 1;

	while (list.size >= size) {
		const uint8_t *end = memchr(list.data, '\0', list.size);

		if (memcmp(list.data, text, size) == 0)
			return true;
		if (end == NULL)
			return false;
		list = bytes_from(list, (size_t)(end - list.data) + 1);
	}
	return false;
}

/* The part of a path behind its folder, where there is just one: "conf-1" in "/configurations/conf-1". */
static const char *child_of(const char *path, const char *folder)
{
	size_t size = strlen(folder);

	return strncmp(path, folder, size) == 0 && path[size] != '\0' && strchr(path + size, '/') == NULL ? path + size : NULL;
}

/* ---- which there are ---- */

/* "/configurations/conf-1/signature-1": the node that is signed, in its place. */
static bool is_signature_node(const char *path, struct fit_signature *signature)
{
	const char *name = strrchr(path, '/');

	if (name == NULL || !text_starts(name, "/signature"))
		return false;
	text_format(signature->target, sizeof(signature->target), "%.*s", (int)(name - path), path);
	signature->is_of_part = child_of(signature->target, "/images/") != NULL;
	return signature->is_of_part || child_of(signature->target, "/configurations/") != NULL;
}

static void read_property(struct fit_signature *signature, const struct fdt_event *event)
{
	if (text_equal(event->name, "algo"))
		image_text(signature->algorithm, sizeof(signature->algorithm), event->value);
	else if (text_equal(event->name, "padding"))
		image_text(signature->padding, sizeof(signature->padding), event->value);
	else if (text_equal(event->name, "key-name-hint"))
		image_text(signature->key, sizeof(signature->key), event->value);
	else if (text_equal(event->name, "value"))
		signature->value = event->value;
	else if (text_equal(event->name, "hashed-nodes"))
		signature->hashed_nodes = event->value;
	else if (text_equal(event->name, "hashed-strings") && event->value.size == 8) {
		/* the offset is always 0 */
		signature->has_strings = true;
		signature->strings = load_be32(event->value.data + 4);
	}
}

bool fit_signatures_find(const struct image_input *in, struct fit_signatures *ret_found)
{
	struct fit_signature *now = NULL;
	char last_signed[FIT_PATH] = "";
	bool has_images = false;
	struct path_walk walk;

	*ret_found = (struct fit_signatures){ .count = 0 };
	if (!path_walk_init(&walk, in))
		return false;
	for (unsigned tokens = 0; tokens < TOKENS; tokens++) {
		struct fdt_event event = path_walk_next(&walk);

		if (event.type == FDT_NODE) {
			struct fit_signature signature = { .has_strings = false };

			now = NULL;
			has_images |= text_equal(walk.path, "/images");
			ret_found->configurations += child_of(walk.path, "/configurations/") != NULL;
			if (walk.is_too_long || ret_found->count == FIT_SIGNATURES || !is_signature_node(walk.path, &signature))
				continue;
			now = &ret_found->signature[ret_found->count++];
			*now = signature;
			if (!now->is_of_part && !text_equal(last_signed, now->target))
				ret_found->signed_configurations++;
			if (!now->is_of_part)
				text_copy(last_signed, sizeof(last_signed), now->target);
		} else if (event.type == FDT_PROPERTY) {
			if (now != NULL)
				read_property(now, &event);
		} else if (event.type == FDT_NODE_END) {
			now = NULL;
		} else {
			return has_images && event.type == FDT_DONE && !walk.is_too_long;
		}
	}
	return false;
}

/* ---- what it was made over ---- */

static bool is_left_out(const char *property, bool is_old)
{
	static const char *const names[] = { "data", "data-size", "data-position", "data-offset" };

	for (size_t i = 0; i < (is_old ? 1 : ARRAY_SIZE(names)); i++)
		if (text_equal(names[i], property))
			return true;
	return false;
}

static bool add_piece(struct bytes *pieces, size_t *count, struct bytes piece)
{
	struct bytes *last = *count > 0 ? &pieces[*count - 1] : NULL;

	if (last != NULL && last->data + last->size == piece.data) {
		last->size += piece.size;
		return true;
	}
	if (*count == FIT_PIECES)
		return false;
	pieces[(*count)++] = piece;
	return true;
}

/* Of a node: LISTED it is in the list itself, BELOW its parent is. */
enum listing { NOT_LISTED, BELOW, LISTED };

static size_t nodes_pieces(const struct image_input *in, const struct fit_signature *signature, bool is_old, struct bytes *pieces)
{
	enum listing listing[FDT_DEPTH + 2] = { NOT_LISTED };
	struct path_walk walk;
	struct bytes strings;
	size_t count = 0;

	if (!path_walk_init(&walk, in))
		return 0;
	for (unsigned tokens = 0; tokens < TOKENS; tokens++) {
		struct fdt_event event = path_walk_next(&walk);
		enum listing *node = &listing[walk.walk.depth];
		bool is_covered = true;

		if (event.type == FDT_NODE) {
			*node = is_listed(signature->hashed_nodes, walk.path) ? LISTED
				: walk.walk.depth > 1 && listing[walk.walk.depth - 1] == LISTED ? BELOW : NOT_LISTED;
			is_covered = *node != NOT_LISTED;
		} else if (event.type == FDT_NODE_END) {
			is_covered = listing[walk.walk.depth + 1] != NOT_LISTED;
		} else if (event.type == FDT_PROPERTY) {
			is_covered = *node == LISTED && !is_left_out(event.name, is_old);
		} else if (event.type != FDT_DONE) {
			return 0;
		}
		if (is_covered && !add_piece(pieces, &count, walk.token))
			return 0;
		if (event.type == FDT_DONE)
			break;
	}
	strings = image_slice(in, walk.walk.strings, signature->strings);
	if (signature->strings > walk.walk.strings_size || strings.size < signature->strings)
		return 0;
	if (signature->has_strings && strings.size > 0 && !add_piece(pieces, &count, strings))
		return 0;
	return count;
}

static size_t part_pieces(const struct image_input *in, const struct fit_signature *signature, struct bytes *pieces)
{
	struct fit_image image = { .size = 0 };
	struct path_walk walk;
	uint64_t at;

	if (!path_walk_init(&walk, in))
		return 0;
	for (unsigned tokens = 0; tokens < TOKENS; tokens++) {
		struct fdt_event event = path_walk_next(&walk);

		if (event.type == FDT_PROPERTY && text_equal(walk.path, signature->target))
			fit_image_read(&image, &event);
		else if (event.type > FDT_NODE_END)
			break;
	}
	at = fit_image_at(&image, fit_tree_end(in));
	if (!image.has_offset || !image.has_size || !image_in_memory(in, at, image.size))
		return 0;
	pieces[0] = image_slice(in, at, image.size);
	return 1;
}

size_t fit_signature_pieces(const struct image_input *in, const struct fit_signature *signature, bool is_old, struct bytes ret_pieces[FIT_PIECES])
{
	return signature->is_of_part ? part_pieces(in, signature, ret_pieces) : nodes_pieces(in, signature, is_old, ret_pieces);
}

/* ---- what it leaves open ---- */

struct gap {
	const struct image_input *in;
	const struct fit_signature *signature;
	struct bytes reference[REFERENCES];	/* properties of the configuration: lists of names */
	unsigned references;
	struct fit_image image;
	char hash[16];
	struct bytes value;
	bool is_hash, is_held;			/* a signed hash that is no mere checksum fits the data of the part */
	uint64_t budget;
	unsigned found;
};

static void read_references(struct gap *gap)
{
	struct path_walk walk;

	if (!path_walk_init(&walk, gap->in))
		return;
	for (unsigned tokens = 0; tokens < TOKENS && gap->references < REFERENCES; tokens++) {
		struct fdt_event event = path_walk_next(&walk);

		if (event.type == FDT_PROPERTY && text_equal(walk.path, gap->signature->target) && !text_equal(event.name, "description") &&
		    !text_equal(event.name, "compatible") && event.value.size > 0)
			gap->reference[gap->references++] = event.value;
		else if (event.type > FDT_NODE_END)
			return;
	}
}

static bool is_referenced(const struct gap *gap, const char *name)
{
	for (unsigned i = 0; i < gap->references; i++)
		if (is_listed(gap->reference[i], name))
			return true;
	return false;
}

static void end_hash(struct gap *gap)
{
	uint64_t at = fit_image_at(&gap->image, fit_tree_end(gap->in));
	uint8_t digest[IMAGE_DIGEST_SIZE];
	size_t size;

	if (!text_starts(gap->hash, "sha") || !gap->image.has_offset || !gap->image.has_size || gap->image.size > gap->budget ||
	    !image_in_memory(gap->in, at, gap->image.size))
		return;
	gap->budget -= gap->image.size;
	size = fit_image_hash(gap->in, gap->hash, image_slice(gap->in, at, gap->image.size), digest);
	gap->is_held |= size > 0 && bytes_equal(gap->value, bytes_of(digest, size));
}

static void begin_node(struct gap *gap, const char *path)
{
	const char *name = strrchr(path, '/');

	if (child_of(path, "/images/") != NULL) {
		gap->image = (struct fit_image){ .size = 0 };
		gap->is_held = false;
	}
	gap->is_hash = text_starts(path, "/images/") && text_starts(name, "/hash") && is_listed(gap->signature->hashed_nodes, path);
	gap->hash[0] = '\0';
	gap->value = (struct bytes){ NULL, 0 };
}

/* The part whose node ends: is it one of the configuration's, and not held? */
static bool is_loose(struct gap *gap, const char *path)
{
	const char *name = child_of(path, "/images/");

	if (name == NULL || !is_referenced(gap, name))
		return false;
	gap->found++;
	return !gap->is_held || !is_listed(gap->signature->hashed_nodes, path);
}

static void look_at_parts(struct gap *gap, char *to, size_t size)
{
	struct path_walk walk;

	if (!path_walk_init(&walk, gap->in))
		return;
	for (unsigned tokens = 0; tokens < TOKENS && to[0] == '\0'; tokens++) {
		struct fdt_event event = path_walk_next(&walk);

		if (event.type == FDT_NODE) {
			begin_node(gap, walk.path);
		} else if (event.type == FDT_PROPERTY && gap->is_hash) {
			if (text_equal(event.name, "algo"))
				image_text(gap->hash, sizeof(gap->hash), event.value);
			else if (text_equal(event.name, "value"))
				gap->value = event.value;
		} else if (event.type == FDT_PROPERTY && child_of(walk.path, "/images/") != NULL) {
			fit_image_read(&gap->image, &event);
		} else if (event.type == FDT_NODE_END) {
			if (gap->is_hash)
				end_hash(gap);
			gap->is_hash = false;
			if (is_loose(gap, walk.path))
				text_format(to, size, "the signature fits, but its part '%.60s' is not what was signed, or has no hash that is",
					    child_of(walk.path, "/images/"));
		} else if (event.type > FDT_NODE_END) {
			return;
		}
	}
}

void fit_signature_gap(const struct image_input *in, const struct fit_signature *signature, char *to, size_t size)
{
	struct gap gap = { .in = in, .signature = signature, .budget = HASH_BUDGET * in->size };

	to[0] = '\0';
	if (signature->is_of_part)
		return;
	if (!is_listed(signature->hashed_nodes, "/") || !is_listed(signature->hashed_nodes, signature->target)) {
		text_copy(to, size, "the signature fits, but it is of another configuration");
		return;
	}
	read_references(&gap);
	look_at_parts(&gap, to, size);
	if (to[0] == '\0' && gap.found == 0)
		text_copy(to, size, "the signature fits, but the configuration names no part that is there");
}
