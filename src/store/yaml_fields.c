/* Tree to struct, by a table of fields. The depth of the walk is the depth of the tables, never that of the input. */
#include "src/store/yaml_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "src/base/text.h"
#include "src/store/nearest.h"
#include "src/store/yaml_tree.h"

enum {
	FIELDS_MAX = 64,	/* of one table: one bit each says which keys were there */
	ITEMS_DEFAULT = 64,
};

struct text_list {
	const char **item;
	unsigned count;
};

struct field_reader {
	const struct yaml_file *file;
	struct yaml_memory *memory;
	struct error *reterr;
};

static enum status read_map(const struct field_reader *reader, const struct yaml_tree_node *map,
			    const struct yaml_field *fields, void *to);

static enum status no_memory(const struct field_reader *reader)
{
	return error_set(reader->reterr, STATUS_NO_MEMORY, "no memory to read '%s'", reader->file->name);
}

static const char *type_name(const struct yaml_tree_node *node)
{
	static const char *const names[] = {
		[YAML_TREE_TEXT] = "a value", [YAML_TREE_LIST] = "a list", [YAML_TREE_MAP] = "a mapping"
	};

	return names[node->type];
}

static enum status want(const struct field_reader *reader, const struct yaml_tree_node *node, const char *key,
			enum yaml_tree_type type, const char *expected)
{
	if (node->type != type)
		return yaml_tree_error(reader->file, node, reader->reterr, "'%s' must be %s, not %s", key, expected,
				       type_name(node));
	if (type == YAML_TREE_TEXT && node->text[0] == '\0' && !node->is_quoted)
		return yaml_tree_error(reader->file, node, reader->reterr, "'%s' has no value", key);
	return STATUS_OK;
}

static int hex_digit(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = digit ? strchr(digits, digit | 0x20) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* One escape at from (past the backslash); how many characters it takes, 0 when it is none. */
static size_t undo_escape(const char *from, char *ret_byte)
{
	static const char plain[][2] = { { 'r', '\r' }, { 'n', '\n' }, { 't', '\t' }, { '\\', '\\' } };
	int high, low;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (from[0] != plain[i][0])
			continue;
		*ret_byte = plain[i][1];
		return 1;
	}
	if (from[0] != 'x')
		return 0;
	high = hex_digit(from[1]);
	low = high < 0 ? -1 : hex_digit(from[2]);
	if (low < 0 || high * 16 + low == 0)
		return 0;
	*ret_byte = (char)(high * 16 + low);
	return 3;
}

static enum status read_escaped(const struct field_reader *reader, const struct yaml_tree_node *node, const char *key,
				const char **to)
{
	char *out = yaml_memory_get(reader->memory, strlen(node->text) + 1);
	size_t used = 0;

	if (out == NULL)
		return no_memory(reader);
	for (const char *from = node->text; *from != '\0';) {
		size_t length = 0;

		if (*from != '\\') {
			out[used++] = *from++;
			continue;
		}
		length = undo_escape(from + 1, &out[used]);
		if (length == 0)
			return yaml_tree_error(reader->file, node, reader->reterr,
					       "'%s': bad escape; \\r \\n \\t \\\\ and \\x01 to \\xff are known", key);
		used++;
		from += 1 + length;
	}
	*to = out;
	return STATUS_OK;
}

static enum status check_pattern(const struct field_reader *reader, const struct yaml_tree_node *node, const char *key)
{
	PCRE2_UCHAR reason[128] = "";
	PCRE2_SIZE at = 0;
	int code = 0;
	pcre2_code *compiled =
		pcre2_compile((PCRE2_SPTR)node->text, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &code, &at, NULL);

	if (compiled != NULL) {
		pcre2_code_free(compiled);
		return STATUS_OK;
	}
	pcre2_get_error_message(code, reason, sizeof(reason));
	return yaml_tree_error(reader->file, node, reader->reterr, "'%s': bad pattern at character %zu: %s", key,
			       (size_t)at + 1, (const char *)reason);
}

static enum status read_number(const struct field_reader *reader, const struct yaml_tree_node *node, const char *key,
			       unsigned *to)
{
	uint64_t value;

	if (strspn(node->text, "0123456789abcdefABCDEFx") != strlen(node->text) ||
	    !text_parse_size(node->text, &value) || value > UINT32_MAX)
		return yaml_tree_error(reader->file, node, reader->reterr, "'%s': '%.40s' is no number", key,
				       node->text);
	*to = (unsigned)value;
	return STATUS_OK;
}

static enum status read_scalar(const struct field_reader *reader, const struct yaml_tree_node *node,
			       const struct yaml_field *field, void *to)
{
	enum status status = want(reader, node, field->key, YAML_TREE_TEXT, "a value");

	if (status != STATUS_OK)
		return status;
	switch (field->type) {
	case YAML_FIELD_ESCAPED:
		return read_escaped(reader, node, field->key, to);
	case YAML_FIELD_NUMBER:
		return read_number(reader, node, field->key, to);
	case YAML_FIELD_SIZE:
		if (!text_parse_size(node->text, to))
			return yaml_tree_error(reader->file, node, reader->reterr,
					       "'%s': '%.40s' is no size; 0x50000, 192KiB and 16MiB are", field->key,
					       node->text);
		return STATUS_OK;
	case YAML_FIELD_BOOL:
		if (strcmp(node->text, "true") != 0 && strcmp(node->text, "false") != 0)
			return yaml_tree_error(reader->file, node, reader->reterr, "'%s' must be true or false",
					       field->key);
		*(bool *)to = node->text[0] == 't';
		return STATUS_OK;
	case YAML_FIELD_WORD:
		if (!field->parse(node->text, to))
			return yaml_tree_error(reader->file, node, reader->reterr,
					       "'%s': '%.40s' is not known; one of: %s", field->key, node->text,
					       field->expected);
		return STATUS_OK;
	case YAML_FIELD_PATTERN:
		status = check_pattern(reader, node, field->key);
		break;
	default:
		break;
	}
	*(const char **)to = node->text;
	return status;
}

static enum status check_count(const struct field_reader *reader, const struct yaml_tree_node *node,
			       const struct yaml_field *field, unsigned count)
{
	unsigned most = field->max_items ? field->max_items : ITEMS_DEFAULT;

	if (count > most)
		return yaml_tree_error(reader->file, node, reader->reterr, "'%s' holds more than %u", field->key, most);
	return STATUS_OK;
}

static enum status read_texts(const struct field_reader *reader, const struct yaml_tree_node *node,
			      const struct yaml_field *field, struct text_list *to)
{
	bool is_one = node->type == YAML_TREE_TEXT;
	unsigned count = is_one ? 1 : node->children;
	enum status status = is_one ? STATUS_OK : want(reader, node, field->key, YAML_TREE_LIST, "a list of texts");

	if (status == STATUS_OK)
		status = check_count(reader, node, field, count);
	if (status != STATUS_OK)
		return status;
	to->item = yaml_memory_get(reader->memory, (count + 1) * sizeof(*to->item));
	if (to->item == NULL)
		return no_memory(reader);
	for (const struct yaml_tree_node *item = is_one ? node : &reader->file->nodes[node->first]; to->count < count;
	     item = &reader->file->nodes[item->next]) {
		status = want(reader, item, field->key, YAML_TREE_TEXT, "a list of texts");
		if (status == STATUS_OK && field->type == YAML_FIELD_PATTERNS)
			status = check_pattern(reader, item, field->key);
		if (status != STATUS_OK)
			return status;
		to->item[to->count++] = item->text;
	}
	return STATUS_OK;
}

static enum status read_structs(const struct field_reader *reader, const struct yaml_tree_node *node,
				const struct yaml_field *field, char *base)
{
	enum status status = want(reader, node, field->key, YAML_TREE_LIST, "a list");
	unsigned *count = (unsigned *)(void *)(base + field->count_offset);
	char *items;

	if (status == STATUS_OK)
		status = check_count(reader, node, field, node->children);
	if (status != STATUS_OK)
		return status;
	items = yaml_memory_get(reader->memory, (node->children + 1) * field->item_size);
	if (items == NULL)
		return no_memory(reader);
	*(void **)(void *)(base + field->offset) = items;
	for (unsigned number = node->first; number != 0 && status == STATUS_OK;
	     number = reader->file->nodes[number].next) {
		const struct yaml_tree_node *item = &reader->file->nodes[number];

		status = want(reader, item, field->key, YAML_TREE_MAP, "a list of mappings");
		if (status == STATUS_OK)
			status = read_map(reader, item, field->fields, items + *count * field->item_size);
		++*count;
	}
	return status;
}

static enum status read_pairs(const struct field_reader *reader, const struct yaml_tree_node *node,
			      const struct yaml_field *field, char *base)
{
	enum status status = want(reader, node, field->key, YAML_TREE_MAP, "a mapping of names to values");
	unsigned *count = (unsigned *)(void *)(base + field->count_offset);
	struct yaml_pair *pairs;

	if (status == STATUS_OK)
		status = check_count(reader, node, field, node->children / 2);
	if (status != STATUS_OK)
		return status;
	pairs = yaml_memory_get(reader->memory, (node->children / 2 + 1) * sizeof(*pairs));
	if (pairs == NULL)
		return no_memory(reader);
	*(void **)(void *)(base + field->offset) = pairs;
	for (unsigned number = node->first; number != 0;) {
		const struct yaml_tree_node *name = &reader->file->nodes[number],
					    *value = &reader->file->nodes[name->next];

		for (unsigned i = 0; i < *count; i++)
			if (strcmp(pairs[i].name, name->text) == 0)
				return yaml_tree_error(reader->file, name, reader->reterr,
						       "'%.60s' is there twice in '%s'", name->text, field->key);
		status = want(reader, value, name->text, YAML_TREE_TEXT, "a value");
		if (status != STATUS_OK)
			return status;
		pairs[(*count)++] = (struct yaml_pair){ name->text, value->text };
		number = value->next;
	}
	return STATUS_OK;
}

static enum status read_field(const struct field_reader *reader, const struct yaml_tree_node *node,
			      const struct yaml_field *field, char *base)
{
	enum status status;

	switch (field->type) {
	case YAML_FIELD_TEXTS:
	case YAML_FIELD_PATTERNS:
		return read_texts(reader, node, field, (struct text_list *)(void *)(base + field->offset));
	case YAML_FIELD_STRUCT:
		status = want(reader, node, field->key, YAML_TREE_MAP, "a mapping");
		return status != STATUS_OK ? status : read_map(reader, node, field->fields, base + field->offset);
	case YAML_FIELD_STRUCTS:
		return read_structs(reader, node, field, base);
	case YAML_FIELD_PAIRS:
		return read_pairs(reader, node, field, base);
	default:
		return read_scalar(reader, node, field, base + field->offset);
	}
}

static enum status unknown_key(const struct field_reader *reader, const struct yaml_tree_node *key,
			       const struct yaml_field *fields)
{
	const char *best = NULL;

	yaml_tree_error(reader->file, key, reader->reterr, "unknown key '%.60s'", key->text);
	for (; fields->key != NULL; fields++)
		if (best == NULL || nearest_distance(key->text, fields->key) < nearest_distance(key->text, best))
			best = fields->key;
	if (best != NULL && nearest_is_close(key->text, best))
		error_hint(reader->reterr, "did you mean '%s'?", best);
	else
		error_hint(reader->reterr, "firmware-db/README.md lists the keys");
	return STATUS_INVALID;
}

static enum status read_map(const struct field_reader *reader, const struct yaml_tree_node *map,
			    const struct yaml_field *fields, void *to)
{
	bool is_seen[FIELDS_MAX] = { false };
	enum status status = STATUS_OK;

	for (unsigned number = map->first; number != 0 && status == STATUS_OK;) {
		const struct yaml_tree_node *key = &reader->file->nodes[number],
					    *value = &reader->file->nodes[key->next];
		size_t i = 0;

		while (fields[i].key != NULL && strcmp(fields[i].key, key->text) != 0)
			i++;
		if (fields[i].key == NULL)
			return unknown_key(reader, key, fields);
		if (i < FIELDS_MAX && is_seen[i])
			return yaml_tree_error(reader->file, key, reader->reterr, "key '%s' is there twice", key->text);
		if (i < FIELDS_MAX)
			is_seen[i] = true;
		status = read_field(reader, value, &fields[i], to);
		number = value->next;
	}
	for (size_t i = 0; status == STATUS_OK && fields[i].key != NULL && i < FIELDS_MAX; i++)
		if (fields[i].is_required && !is_seen[i])
			status = yaml_tree_error(reader->file, map, reader->reterr, "key '%s' is missing",
						 fields[i].key);
	return status;
}

enum status yaml_file_read(const struct yaml_file *file, const struct yaml_field *fields, struct yaml_memory *memory,
			   void *ret_struct, struct error *reterr)
{
	struct field_reader reader = { .file = file, .memory = memory, .reterr = reterr };
	enum status status = want(&reader, &file->nodes[0], "the file", YAML_TREE_MAP, "a mapping");

	return status != STATUS_OK ? status : read_map(&reader, &file->nodes[0], fields, ret_struct);
}
