/* libcyaml's part, and its errors in the words of this program. It tells a place by its log alone: the reason first, then the way from
 * the innermost field or entry outwards. */
#include <cyaml/cyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/late_library.h"
#include "src/base/nearest.h"
#include "src/base/text.h"
#include "src/store/device_library.h"
#include "src/store/yaml_file.h"
#include "src/store/yaml_nodes.h"

#define CYAML_CALLS(call) call(cyaml_, load_data) call(cyaml_, version_str)
LATE_LIBRARY(cyaml_library, CYAML_CALLS, "libcyaml.so.1")

DEFINE_AUTO(yaml_nodes);

enum { WAY_STEPS_MAX = 2 * YAML_FILE_DEPTH_MAX };

/* One line of the way: a mapping (key: the field it was in, "" before the first), or a list (entry: 1-based). */
struct way_step {
	char key[64];
	unsigned entry;
};

struct complaint {
	char reason[256];
	struct way_step steps[WAY_STEPS_MAX];	/* the innermost first */
	unsigned count;
};

static void hear(cyaml_log_t level, void *user, const char *format, va_list args)
{
	struct complaint *complaint = user;
	struct way_step step = { .entry = 0 };
	char line[256];

	(void)level;
	vsnprintf(line, sizeof(line), format, args);
	if (text_starts(line, "Load: ") && complaint->reason[0] == '\0')
		text_copy(complaint->reason, sizeof(complaint->reason), line + strlen("Load: "));
	if (!text_starts(line, "  in ") || complaint->count == WAY_STEPS_MAX)
		return;
	if (sscanf(line, "  in sequence entry '%u'", &step.entry) != 1)
		(void)!sscanf(line, "  in mapping field '%63[^']'", step.key);
	complaint->steps[complaint->count++] = step;
}

/* What the reason names behind its colon: the key. */
static const char *key_of(struct complaint *complaint)
{
	char *colon = strstr(complaint->reason, ": ");

	complaint->reason[strcspn(complaint->reason, "\n")] = '\0';
	return colon != NULL ? colon + 2 : complaint->reason;
}

/* NULL, too, where schema is no mapping. */
static const cyaml_schema_field_t *field_named(const cyaml_schema_value_t *schema, const char *key)
{
	const cyaml_schema_field_t *field = schema->type == CYAML_MAPPING ? schema->mapping.fields : NULL;

	while (field != NULL && field->key != NULL && strcmp(field->key, key) != 0)
		field++;
	return field != NULL && field->key != NULL ? field : NULL;
}

/* The place as yaml_nodes.h spells it, without the first skip steps; *ret_key: the last key of it; *schema: from that of the file to that
 * of the place. */
static void place_of(const struct complaint *complaint, unsigned skip, char *where, size_t size, const char **ret_key,
		     const cyaml_schema_value_t **schema)
{
	where[0] = '\0';
	*ret_key = "the file";
	for (unsigned i = complaint->count; i > skip; i--) {
		const struct way_step *step = &complaint->steps[i - 1];
		const cyaml_schema_field_t *field = field_named(*schema, step->key);

		if (step->entry > 0 && (*schema)->type == CYAML_SEQUENCE) {
			text_append(where, size, "%s%u", where[0] ? "/" : "", step->entry - 1);
			*schema = (*schema)->sequence.entry;
			continue;
		}
		if (field == NULL)
			return;
		text_append(where, size, "%s%s", where[0] ? "/" : "", field->key);
		*ret_key = field->key;
		*schema = &field->value;
	}
}

static enum status hint_key(const cyaml_schema_value_t *schema, const char *key, struct error *reterr)
{
	const cyaml_schema_field_t *field = schema->type == CYAML_MAPPING ? schema->mapping.fields : NULL;
	const char *best = NULL;

	for (; field != NULL && field->key != NULL; field++)
		if (best == NULL || nearest_distance(key, field->key) < nearest_distance(key, best))
			best = field->key;
	if (best != NULL && nearest_is_close(key, best))
		return error_hint(reterr, "did you mean '%s'?", best);
	return error_hint(reterr, "firmware-db/README.md lists the keys");
}

/* The first key of the mapping that the schema does not have: looked up, for the log cuts long ones and tells no line. */
static enum status report_unknown(const struct yaml_file *file, const char *where, const cyaml_schema_value_t *schema,
				  struct error *reterr)
{
	AUTO(yaml_nodes) nodes = NULL;
	enum status status = yaml_nodes_read(file, &nodes, reterr);
	unsigned line = 1, number = 0;
	const char *key;

	if (status != STATUS_OK)
		return status;
	do
		key = yaml_nodes_key(nodes, where, number++, &line);
	while (key != NULL && field_named(schema, key) != NULL);
	key = key != NULL ? key : "";
	yaml_file_error_at(file, reterr, line, "unknown key '%.60s'", key);
	return hint_key(schema, key, reterr);
}

static enum status report_double(const struct yaml_file *file, const char *where, const char *double_key, struct error *reterr)
{
	AUTO(yaml_nodes) nodes = NULL;
	enum status status = yaml_nodes_read(file, &nodes, reterr);
	unsigned line = 1, times = 0;
	const char *key;

	if (status != STATUS_OK)
		return status;
	for (unsigned i = 0; times < 2 && (key = yaml_nodes_key(nodes, where, i, &line)) != NULL; i++)
		times += strcmp(key, double_key) == 0;
	return yaml_file_error_at(file, reterr, line, "key '%s' is there twice", double_key);
}

static const char *entry_of(const char *where)
{
	const char *slash = strrchr(where, '/');

	return slash != NULL && strspn(slash + 1, "0123456789") > 0 ? "an entry of " : "";
}

static enum status report_type(const struct yaml_file *file, const char *where, const char *key,
			       const cyaml_schema_value_t *schema, struct error *reterr)
{
	AUTO(yaml_nodes) nodes = NULL;
	enum status status = yaml_nodes_read(file, &nodes, reterr);
	const char *is = status == STATUS_OK ? yaml_nodes_kind(nodes, where) : "";

	if (status != STATUS_OK)
		return status;
	yaml_file_error(file, reterr, where, "%s'%s' must be %s, not %s", entry_of(where), key,
			schema->type == CYAML_MAPPING ? "a mapping" : schema->type == CYAML_SEQUENCE ? "a list" : "a value", is);
	if (schema->type == CYAML_SEQUENCE && schema->sequence.entry->type == CYAML_STRING && text_equal(is, "a value"))
		return error_hint(reterr, "a list of one is written [so]");
	return STATUS_INVALID;
}

static enum status report(const struct yaml_file *file, cyaml_err_t fault, struct complaint *complaint,
			  const cyaml_schema_value_t *schema, struct error *reterr)
{
	/* what is wrong with a list or a mapping as a whole is told at an entry of it: it is one step further out */
	bool is_at_end = fault == CYAML_ERR_SEQUENCE_ENTRIES_MAX || fault == CYAML_ERR_MAPPING_FIELD_MISSING ||
			 fault == CYAML_ERR_UNEXPECTED_EVENT;
	const char *key;
	char where[192];

	place_of(complaint, is_at_end && complaint->count > 0, where, sizeof(where), &key, &schema);
	switch (fault) {
	case CYAML_ERR_OOM:
	case CYAML_ERR_LIBYAML_PARSER:	/* the file was found sound when it was opened, so it is no error of the text */
	case CYAML_ERR_LIBYAML_PARSER_INIT:
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to read '%s'", yaml_file_name(file));
	case CYAML_ERR_INVALID_KEY:
		return report_unknown(file, where, schema, reterr);
	case CYAML_ERR_MAPPING_FIELD_MISSING:
		return yaml_file_error(file, reterr, where, "key '%s' is missing", key_of(complaint));
	case CYAML_ERR_UNEXPECTED_EVENT:
		return report_double(file, where, key_of(complaint), reterr);
	case CYAML_ERR_SEQUENCE_ENTRIES_MAX:
		return yaml_file_error(file, reterr, where, "'%s' holds more than %u", key, schema->sequence.max);
	case CYAML_ERR_STRING_LENGTH_MIN:
		return yaml_file_error(file, reterr, where, "%s'%s' must not be empty", entry_of(where), key);
	case CYAML_ERR_INVALID_VALUE:
		return report_type(file, where, key, schema, reterr);
	default:
		return yaml_file_error(file, reterr, where, "'%s': %s", key, key_of(complaint));
	}
}

enum status yaml_file_load(const struct yaml_file *file, const struct cyaml_schema_value *schema, struct yaml_memory *memory,
			   void *ret_struct, struct error *reterr)
{
	struct complaint complaint = { .count = 0 };
	const cyaml_config_t config = {
		.log_fn = hear, .log_ctx = &complaint, .log_level = CYAML_LOG_ERROR,
		.mem_fn = yaml_memory_change, .mem_ctx = memory, .flags = CYAML_CFG_NO_ALIAS,
	};
	struct bytes text = yaml_file_text(file);
	struct cyaml_library library;
	cyaml_data_t *data = NULL;
	cyaml_err_t fault;

	if (!cyaml_library_open(&library)) {
		error_set(reterr, STATUS_UNSUPPORTED, "cannot read '%s': libcyaml is not on this machine", yaml_file_name(file));
		return error_hint(reterr, "install libcyaml1");
	}
	fault = library.load_data(text.data, text.size, &config, schema, &data, NULL);
	if (fault != CYAML_OK)
		return report(file, fault, &complaint, schema, reterr);
	memcpy(ret_struct, &data, sizeof(data));	/* the caller's pointer is to its own struct */
	return STATUS_OK;
}

char *device_library_yaml_version(char *to, size_t size)
{
	struct cyaml_library library;

	return text_copy(to, size, cyaml_library_open(&library) ? *library.version_str : "");
}
