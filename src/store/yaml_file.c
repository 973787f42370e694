/* Text to tree. Depth is counted while the events come, before libyaml can be made to nest deeply. */
#include "src/store/yaml_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/yaml_tree.h"

struct yaml_block {
	struct yaml_block *next;
	max_align_t data[];
};

DEFINE_AUTO(yaml_file);

void *yaml_memory_get(struct yaml_memory *memory, size_t size)
{
	struct yaml_block *block;

	if (size > YAML_FILE_MEMORY_MAX - memory->used)
		return NULL;
	block = calloc(1, sizeof(*block) + size);
	if (block == NULL)
		return NULL;
	memory->used += size;
	block->next = memory->blocks;
	memory->blocks = block;
	return block->data;
}

void yaml_memory_done(struct yaml_memory *memory)
{
	while (memory->blocks != NULL) {
		struct yaml_block *next = memory->blocks->next;

		free(memory->blocks);
		memory->blocks = next;
	}
	memory->used = 0;
}

enum status yaml_tree_error(const struct yaml_file *file, const struct yaml_tree_node *node, struct error *reterr,
			    const char *format, ...)
{
	char reason[384];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return error_set(reterr, STATUS_INVALID, "%s:%u: %s", file->name, node->line, reason);
}

/* The state of building: the open collections, outermost first. */
struct tree_builder {
	struct yaml_file *file;
	struct yaml_memory *memory;
	struct error *reterr;
	unsigned open[YAML_FILE_DEPTH_MAX];
	unsigned depth;
	bool has_top;
};

static enum status fail_at(struct tree_builder *to, yaml_mark_t mark, const char *reason)
{
	return error_set(to->reterr, STATUS_INVALID, "%s:%zu: %s", to->file->name, mark.line + 1, reason);
}

static enum status make_room(struct tree_builder *to, yaml_mark_t mark)
{
	struct yaml_file *file = to->file;
	unsigned capacity = file->node_capacity ? 2 * file->node_capacity : 128;
	struct yaml_tree_node *more;

	if (file->node_count < file->node_capacity)
		return STATUS_OK;
	if (capacity > YAML_FILE_NODES_MAX)
		return fail_at(to, mark, "the file holds too much");
	more = realloc(file->nodes, capacity * sizeof(*more));
	if (more == NULL)
		return error_set(to->reterr, STATUS_NO_MEMORY, "no memory to read '%s'", file->name);
	file->nodes = more;
	file->node_capacity = capacity;
	return STATUS_OK;
}

/* Adds a node below the innermost open collection. */
static enum status add_node(struct tree_builder *to, const struct yaml_tree_node *node, yaml_mark_t mark)
{
	struct yaml_file *file = to->file;
	enum status status = make_room(to, mark);
	unsigned number = file->node_count;

	if (status != STATUS_OK)
		return status;
	if (to->depth == 0 && to->has_top)
		return fail_at(to, mark, "a second document; one file holds one");
	file->nodes[number] = *node;
	file->nodes[number].line = (unsigned)mark.line + 1;
	file->node_count++;
	to->has_top = true;
	if (to->depth > 0) {
		struct yaml_tree_node *parent = &file->nodes[to->open[to->depth - 1]];

		if (parent->type == YAML_TREE_MAP && parent->children % 2 == 0 && node->type != YAML_TREE_TEXT)
			return fail_at(to, mark, "a key must be a word");
		if (parent->last != 0)
			file->nodes[parent->last].next = number;
		else
			parent->first = number;
		parent->last = number;
		parent->children++;
	}
	if (node->type == YAML_TREE_TEXT)
		return STATUS_OK;
	if (to->depth == YAML_FILE_DEPTH_MAX)
		return fail_at(to, mark, "nested too deeply");
	to->open[to->depth++] = number;
	return STATUS_OK;
}

static enum status add_text(struct tree_builder *to, const yaml_event_t *event)
{
	struct yaml_tree_node node = { .type = YAML_TREE_TEXT };
	size_t length = event->data.scalar.length;
	char *copy;

	if (length > YAML_FILE_TEXT_MAX)
		return fail_at(to, event->start_mark, "the text is too long");
	if (memchr(event->data.scalar.value, '\0', length) != NULL)
		return fail_at(to, event->start_mark, "NUL in a text");
	copy = yaml_memory_get(to->memory, length + 1);
	if (copy == NULL)
		return error_set(to->reterr, STATUS_NO_MEMORY, "no memory to read '%s'", to->file->name);
	memcpy(copy, event->data.scalar.value, length);
	node.text = copy;
	node.is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return add_node(to, &node, event->start_mark);
}

static enum status take_event(struct tree_builder *to, const yaml_event_t *event)
{
	struct yaml_tree_node node = { .type = event->type == YAML_MAPPING_START_EVENT ? YAML_TREE_MAP
										       : YAML_TREE_LIST };

	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return fail_at(to, event->start_mark, "aliases (*name) are not used here; write it out");
	case YAML_SCALAR_EVENT:
		if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL)
			return fail_at(to, event->start_mark, "anchors (&name) and tags (!name) are not used here");
		return add_text(to, event);
	case YAML_SEQUENCE_START_EVENT:
		if (event->data.sequence_start.anchor != NULL || event->data.sequence_start.tag != NULL)
			return fail_at(to, event->start_mark, "anchors (&name) and tags (!name) are not used here");
		return add_node(to, &node, event->start_mark);
	case YAML_MAPPING_START_EVENT:
		if (event->data.mapping_start.anchor != NULL || event->data.mapping_start.tag != NULL)
			return fail_at(to, event->start_mark, "anchors (&name) and tags (!name) are not used here");
		return add_node(to, &node, event->start_mark);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		to->depth--;
		return STATUS_OK;
	default:
		return STATUS_OK;
	}
}

static enum status report_syntax(const struct tree_builder *to, const yaml_parser_t *parser)
{
	size_t line = parser->error == YAML_READER_ERROR ? parser->mark.line : parser->problem_mark.line;

	if (parser->error == YAML_MEMORY_ERROR)
		return error_set(to->reterr, STATUS_NO_MEMORY, "no memory to read '%s'", to->file->name);
	return error_set(to->reterr, STATUS_INVALID, "%s:%zu: %s%s%s", to->file->name, line + 1,
			 parser->problem ? parser->problem : "not YAML", parser->context ? " " : "",
			 parser->context ? parser->context : "");
}

static enum status build_tree(struct tree_builder *to, yaml_parser_t *parser)
{
	enum status status = STATUS_OK;
	bool at_end = false;

	while (status == STATUS_OK && !at_end) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event))
			return report_syntax(to, parser);
		at_end = event.type == YAML_STREAM_END_EVENT;
		status = take_event(to, &event);
		yaml_event_delete(&event);
	}
	return status;
}

enum status yaml_file_parse(const char *name, struct bytes text, struct yaml_memory *memory,
			    struct yaml_file **ret_file, struct error *reterr)
{
	AUTO(yaml_file) file = calloc(1, sizeof(*file));
	struct tree_builder to = { .file = file, .memory = memory, .reterr = reterr };
	yaml_parser_t parser;
	enum status status;

	if (file == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to read '%s'", name);
	text_copy(file->name, sizeof(file->name), name);
	if (text.size > YAML_FILE_SIZE_MAX)
		return error_set(reterr, STATUS_INVALID, "%s:1: larger than %u KiB", name, YAML_FILE_SIZE_MAX / 1024);
	if (!yaml_parser_initialize(&parser))
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to read '%s'", name);
	yaml_parser_set_input_string(&parser, text.data ? text.data : (const uint8_t *)"", text.size);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	status = build_tree(&to, &parser);
	yaml_parser_delete(&parser);
	if (status != STATUS_OK)
		return status;
	if (file->node_count == 0)
		return error_set(reterr, STATUS_INVALID, "%s:1: the file is empty", name);
	*ret_file = TAKE(file);
	return STATUS_OK;
}

enum status yaml_file_open(const char *path, struct yaml_memory *memory, struct yaml_file **ret_file,
			   struct error *reterr)
{
	/* O_NONBLOCK: a FIFO among the profiles must not hang the program */
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	AUTO_FREE void *text = NULL;
	size_t used = 0;
	struct stat about;
	ssize_t got;

	if (fd < 0 || fstat(fd, &about) != 0)
		return error_set(reterr, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "cannot open '%s': %s", path,
				 strerror(errno));
	if (!S_ISREG(about.st_mode))
		return error_set(reterr, STATUS_INVALID, "'%s' is no regular file", path);
	if (about.st_size > YAML_FILE_SIZE_MAX)
		return error_set(reterr, STATUS_INVALID, "%s:1: larger than %u KiB", path, YAML_FILE_SIZE_MAX / 1024);
	text = malloc((size_t)about.st_size + 1);
	if (text == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to read '%s'", path);
	while (used < (size_t)about.st_size) {
		got = read(fd, (char *)text + used, (size_t)about.st_size - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(reterr, STATUS_IO, "cannot read '%s': %s", path, strerror(errno));
		if (got == 0)
			break;
		used += (size_t)got;
	}
	return yaml_file_parse(path, bytes_of(text, used), memory, ret_file, reterr);
}

void yaml_file_free(struct yaml_file *file)
{
	if (file == NULL)
		return;
	free(file->nodes);
	free(file);
}

const char *yaml_file_name(const struct yaml_file *file)
{
	return file->name;
}

/* The child that the first part of where names (length bytes), or NULL. */
static const struct yaml_tree_node *child_named(const struct yaml_file *file, const struct yaml_tree_node *node,
						const char *where, size_t length)
{
	unsigned long wanted = strtoul(where, NULL, 10);
	unsigned number = node->first;

	for (unsigned long i = 0; number != 0; i++) {
		const struct yaml_tree_node *child = &file->nodes[number];

		if (node->type == YAML_TREE_LIST && i == wanted)
			return child;
		if (node->type == YAML_TREE_MAP) {
			if (strlen(child->text) == length && strncmp(child->text, where, length) == 0)
				return child->next ? &file->nodes[child->next] : child;
			child = child->next ? &file->nodes[child->next] : child;
		}
		number = child->next;
	}
	return NULL;
}

unsigned yaml_file_line(const struct yaml_file *file, const char *where)
{
	const struct yaml_tree_node *node = &file->nodes[0];

	while (*where != '\0' && node->type != YAML_TREE_TEXT) {
		size_t length = strcspn(where, "/");
		const struct yaml_tree_node *child = child_named(file, node, where, length);

		if (child == NULL)
			break;
		node = child;
		where += length + (where[length] == '/');
	}
	return node->line;
}

enum status yaml_file_error(const struct yaml_file *file, struct error *reterr, const char *where, const char *format,
			    ...)
{
	char reason[384];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return error_set(reterr, STATUS_INVALID, "%s:%u: %s", file->name, yaml_file_line(file, where), reason);
}
