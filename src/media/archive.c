/* The walk through an archive and what is in it. The open archives are a list that is worked off from its end: nothing calls itself. */
#include "src/media/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/archive_level.h"

const struct archive_limits *archive_default_limits(void)
{
	static const struct archive_limits limits = {
		.members = 4096, .depth = 4, .unpacked = UINT64_C(8) << 30, .ratio = 1000, .ratio_from = 64 << 20, .in_memory = 16 << 20,
		.checked = 256 << 20,
	};

	return &limits;
}

const char *archive_recognize(struct bytes head)
{
	return container_name(container_of_head(head));
}

ssize_t archive_stream_read(struct archive_stream *stream, void *to, size_t size)
{
	return level_read(stream->level, to, size);
}

/* 7z has its table of contents at its end, and the checksums of rar are looked up in it. */
static bool needs_memory(enum container inner)
{
	return inner == CONTAINER_7Z || inner == CONTAINER_RAR;
}

/* A zip has its table at the end too, but its members have headers as well, so that is a matter of better knowledge. */
static bool wants_memory(const struct archive_level *level, enum container inner)
{
	const struct archive_member *member = &level->member;

	return needs_memory(inner) || (inner == CONTAINER_ZIP && member->has_size && member->size <= level->walk->limits.in_memory);
}

/* The whole member; NULL: it is too large, or could not be read. */
static uint8_t *read_to_memory(struct archive_level *level, size_t *ret_size)
{
	size_t limit = level->walk->limits.in_memory, room = 0, size = 0;
	AUTO_FREE uint8_t *memory = NULL;
	ssize_t count;

	for (;;) {
		if (size == room) {
			uint8_t *larger;

			/* One byte more than allowed tells that it is larger. */
			if (room > limit)
				return NULL;
			room = level->member.has_size && level->member.size < limit ? (size_t)level->member.size + 1 : room ? room * 2 : 256 * 1024;
			if (room <= size || room > limit)
				room = limit + 1;
			larger = realloc(memory, room);
			if (larger == NULL)
				return NULL;
			memory = larger;
		}
		count = level_read(level, memory + size, room - size);
		if (count <= 0)
			break;
		size += (size_t)count;
	}
	*ret_size = size;
	return count == 0 ? TAKE(memory) : NULL;
}

static void go_inside(struct archive_level *level, enum container inner, const char *prefix, unsigned depth)
{
	struct walk *walk = level->walk;
	uint8_t *memory = NULL;
	size_t size = 0;
	char text[32];
	struct error error;

	if (wants_memory(level, inner)) {
		memory = read_to_memory(level, &size);
		if (memory == NULL && !level->is_bad) {
			error_set(&error, STATUS_UNSUPPORTED, "cannot look inside '%.120s': it is larger than %s", level->member.name,
				  text_size(text, sizeof(text), walk->limits.in_memory));
			error_hint(&error, "Unpack the outer archive by hand and give this file itself");
			walk_fail(walk, &error);
		}
		if (memory == NULL)
			return;
	}
	level_push(walk, inner, level->member.name, prefix, depth, memory, size);
}

/* Everything that has a checksum over the current member is read to its end, from the inside outwards. */
static void check_around(struct walk *walk)
{
	for (unsigned i = walk->level_count; i-- > 0;)
		if (!level_drain(walk->level[i])) {
			/* No matter any more how deep: this one was wanted. */
			if (walk->error.status == STATUS_OK || walk->error.status == STATUS_UNSUPPORTED)
				walk->error.status = STATUS_INVALID;
			break;
		}
	walk->is_over = true;
}

static void visit_member(struct archive_level *level, enum container inner)
{
	struct walk *walk = level->walk;
	struct archive_member *member = &level->member;
	struct archive_stream stream = { level };
	char prefix[ARCHIVE_KEY_MAX], text[32];
	enum archive_go go;

	walk->member_count++;
	member->archive_format = container_name(inner);
	if (inner && level->depth >= walk->limits.depth)
		text_copy(member->note, sizeof(member->note), "cannot look inside: too many archives in each other");
	else if (needs_memory(inner) && member->has_size && member->size > walk->limits.in_memory)
		text_format(member->note, sizeof(member->note), "cannot look inside: a %s in an archive, larger than %s", container_name(inner),
			    text_size(text, sizeof(text), walk->limits.in_memory));
	go = walk->visit(walk->user, member, &stream);
	if (walk->is_over)
		return;
	if (go == ARCHIVE_GO_STOP) {
		walk->is_over = true;
	} else if (go == ARCHIVE_GO_CHECK) {
		check_around(walk);
	} else if (go == ARCHIVE_GO_INSIDE && inner && member->note[0] == '\0' && level->head_at == 0 && level->got == level->head_size) {
		text_format(prefix, sizeof(prefix), "%s/", member->key);
		go_inside(level, inner, prefix, level->depth + 1);
	}
}

static void run(struct walk *walk)
{
	while (walk->level_count > 0 && !walk->is_over) {
		struct archive_level *level = walk->level[walk->level_count - 1];
		enum container inner;

		if (!level_next(level)) {
			level_pop(walk);
			continue;
		}
		inner = container_of_head(level->member.head);
		/* A tar in its compression is one archive to everybody. */
		if (container_is_compression(level->container) && (inner == CONTAINER_TAR || inner == CONTAINER_CPIO))
			go_inside(level, inner, level->prefix, level->depth);
		else
			visit_member(level, inner);
	}
	while (walk->level_count > 0)
		level_pop(walk);
}

static enum status begin(struct walk *walk, struct error *reterr)
{
	const struct archive_source *source = walk->source;
	const char *name = source->name, *slash;
	uint8_t head[512];
	enum container container;

	walk->bytes = source->file ? image_file_bytes(source->file) : source->bytes;
	walk->source_size = walk->bytes.size;
	if (name == NULL && source->file) {
		name = image_file_path(source->file);
		slash = strrchr(name, '/');
		name = slash ? slash + 1 : name;
	}
	name = name ? name : "";
	walk->bytes.size = walk->bytes.size < sizeof(head) ? walk->bytes.size : sizeof(head);
	if (source->file && image_file_read(source->file, 0, head, walk->bytes.size, reterr) != STATUS_OK)
		return reterr->status;
	container = container_of_head(source->file ? bytes_of(head, walk->bytes.size) : walk->bytes);
	if (container == CONTAINER_NONE)
		return error_set(reterr, STATUS_INVALID, "'%.120s' is no archive that can be looked into", name);
	walk->seen = calloc(walk->limits.members + 1, sizeof(*walk->seen));
	if (walk->seen == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to look into the archive");
	level_push(walk, container, name, "", 1, NULL, 0);
	return STATUS_OK;
}

enum status archive_walk(const struct archive_source *source, const struct archive_limits *limits,
			 enum archive_go (*visit)(void *user, const struct archive_member *member, struct archive_stream *stream),
			 void *user, struct error *reterr)
{
	struct walk walk = { .source = source, .limits = limits ? *limits : *archive_default_limits(), .visit = visit, .user = user };
	struct error scratch;
	enum status status;

	if (walk.limits.depth > ARCHIVE_DEPTH_MAX)
		walk.limits.depth = ARCHIVE_DEPTH_MAX;
	status = begin(&walk, reterr ? reterr : &scratch);
	if (status == STATUS_OK) {
		run(&walk);
		status = walk.error.status;
		if (status != STATUS_OK && reterr)
			*reterr = walk.error;
	}
	free(walk.seen);
	return status;
}
