#include "src/store/yaml_nodes.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct yaml_nodes {
	yaml_document_t document;
	const struct yaml_file *file;	/* outlives this */
};

enum status yaml_nodes_read(const struct yaml_file *file, struct yaml_nodes **ret_nodes, struct error *reterr)
{
	struct yaml_nodes *nodes = calloc(1, sizeof(*nodes));
	struct bytes text = yaml_file_text(file);
	yaml_parser_t parser;
	bool is_read;

	if (nodes == NULL || !yaml_parser_initialize(&parser)) {
		free(nodes);
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to read '%s'", yaml_file_name(file));
	}
	yaml_parser_set_input_string(&parser, text.data, text.size);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	is_read = yaml_parser_load(&parser, &nodes->document);
	yaml_parser_delete(&parser);
	if (!is_read) {	/* the file was found sound when it was opened, so it is no error of the text */
		free(nodes);
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to read '%s'", yaml_file_name(file));
	}
	nodes->file = file;
	*ret_nodes = nodes;
	return STATUS_OK;
}

void yaml_nodes_free(struct yaml_nodes *nodes)
{
	if (nodes == NULL)
		return;
	yaml_document_delete(&nodes->document);
	free(nodes);
}

/* yaml_document_get_node() changes nothing, but takes no const. */
static yaml_node_t *node_of(const struct yaml_nodes *nodes, int index)
{
	return yaml_document_get_node((yaml_document_t *)&nodes->document, index);
}

static const char *text_of(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

/* The child that the first length bytes of where name, or NULL; *ret_again: its key, where that comes a second time. */
static const yaml_node_t *child_named(const struct yaml_nodes *nodes, const yaml_node_t *node, const char *where,
				      size_t length, const yaml_node_t **ret_again)
{
	const yaml_node_t *found = NULL;

	*ret_again = NULL;
	if (node->type == YAML_SEQUENCE_NODE) {
		unsigned long number = strtoul(where, NULL, 10);
		const yaml_node_item_t *first = node->data.sequence.items.start;

		return number < (size_t)(node->data.sequence.items.top - first) ? node_of(nodes, first[number]) : NULL;
	}
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = node_of(nodes, pair->key);

		if (key->data.scalar.length != length || memcmp(text_of(key), where, length) != 0)
			continue;
		if (found != NULL) {
			*ret_again = key;
			return found;
		}
		found = node_of(nodes, pair->value);
	}
	return found;
}

/* Where a walk ended: at the node itself, or at the deepest part of the way that exists. */
struct walk {
	const yaml_node_t *node, *again;	/* its key, where that comes a second time */
	bool is_whole;
};

static struct walk walk_to(const struct yaml_nodes *nodes, const char *where)
{
	struct walk walk = { .node = yaml_document_get_root_node((yaml_document_t *)&nodes->document) };

	while (*where != '\0' && walk.node->type != YAML_SCALAR_NODE) {
		size_t length = strcspn(where, "/");
		const yaml_node_t *child = child_named(nodes, walk.node, where, length, &walk.again);

		if (child == NULL)
			break;
		walk.node = child;
		where += length + (where[length] == '/');
	}
	walk.is_whole = *where == '\0';
	return walk;
}

unsigned yaml_nodes_line(const struct yaml_nodes *nodes, const char *where)
{
	return (unsigned)walk_to(nodes, where).node->start_mark.line + 1;
}

const char *yaml_nodes_kind(const struct yaml_nodes *nodes, const char *where)
{
	switch (walk_to(nodes, where).node->type) {
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_MAPPING_NODE:
		return "a mapping";
	default:
		return "a value";
	}
}

const char *yaml_nodes_key(const struct yaml_nodes *nodes, const char *where, unsigned number, unsigned *ret_line)
{
	struct walk walk = walk_to(nodes, where);
	const yaml_node_t *key;

	if (!walk.is_whole || walk.node->type != YAML_MAPPING_NODE ||
	    number >= (size_t)(walk.node->data.mapping.pairs.top - walk.node->data.mapping.pairs.start))
		return NULL;
	key = node_of(nodes, walk.node->data.mapping.pairs.start[number].key);
	*ret_line = (unsigned)key->start_mark.line + 1;
	return text_of(key);
}

static enum status fail_at(const struct yaml_nodes *nodes, const yaml_node_t *node, struct error *reterr, const char *what,
			   const char *key)
{
	return yaml_file_error_at(nodes->file, reterr, (unsigned)node->start_mark.line + 1, "'%.60s' %s", key, what);
}

static bool is_double(const struct yaml_pair *pairs, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return true;
	return false;
}

static enum status read_pairs(const struct yaml_nodes *nodes, const yaml_node_t *map, struct yaml_memory *memory,
			      struct yaml_pair *pairs, unsigned *count, struct error *reterr)
{
	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
		const yaml_node_t *name = node_of(nodes, pair->key), *value = node_of(nodes, pair->value);

		if (is_double(pairs, *count, text_of(name)))
			return fail_at(nodes, name, reterr, "is there twice", text_of(name));
		if (value->type != YAML_SCALAR_NODE)
			return fail_at(nodes, value, reterr, "must be a value", text_of(name));
		pairs[*count].name = yaml_memory_text(memory, text_of(name));
		pairs[*count].value = yaml_memory_text(memory, text_of(value));
		if (pairs[*count].name == NULL || pairs[*count].value == NULL)
			return error_set(reterr, STATUS_NO_MEMORY, "no memory to read '%s'", yaml_file_name(nodes->file));
		++*count;
	}
	return STATUS_OK;
}

enum status yaml_nodes_pairs(const struct yaml_nodes *nodes, const char *where, struct yaml_memory *memory,
			     struct yaml_pair **ret_pairs, unsigned *ret_count, struct error *reterr)
{
	const char *slash = strrchr(where, '/'), *name = slash ? slash + 1 : where;
	struct walk walk = walk_to(nodes, where);
	struct yaml_pair *pairs;
	unsigned count = 0;
	enum status status;
	size_t room;

	if (!walk.is_whole)
		return STATUS_OK;
	if (walk.again != NULL)	/* libcyaml lets this pass where the schema has no fields */
		return fail_at(nodes, walk.again, reterr, "is there twice", name);
	if (walk.node->type != YAML_MAPPING_NODE)
		return fail_at(nodes, walk.node, reterr, "must be a mapping of names to values", name);
	room = (size_t)(walk.node->data.mapping.pairs.top - walk.node->data.mapping.pairs.start);
	if (room > YAML_PAIRS_MAX)
		return fail_at(nodes, walk.node, reterr, "holds too many names", name);
	pairs = yaml_memory_get(memory, (room + 1) * sizeof(*pairs));
	if (pairs == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to read '%s'", yaml_file_name(nodes->file));
	status = read_pairs(nodes, walk.node, memory, pairs, &count, reterr);
	if (status != STATUS_OK)
		return status;
	*ret_pairs = pairs;
	*ret_count = count;
	return STATUS_OK;
}
