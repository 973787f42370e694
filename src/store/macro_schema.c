/* Commands that are sent by one key: console/macros of a profile, and firmware-db/macros.yaml for those that many
 * devices share. */
#include "src/store/macro_schema.h"

#include "recovery/loader/loader.h"
#include "src/base/text.h"
#include "src/store/library_schema.h"
#include "src/store/schema_fields.h"

static bool convert_at(char *text, void *ret_at)
{
	*(enum macro_at *)ret_at = text_equal(text, "loader") ? MACRO_AT_LOADER : MACRO_AT_SHELL;
	return text_equal(text, "loader") || text_equal(text, "shell");
}

static const cyaml_schema_field_t macro_fields[] = {
	FIELD_MUST("name", macro_row, macro.name),
	FIELD_MUST("text", macro_row, macro.text),
	FIELD_MUST("at", macro_row, at),
	FIELD_TEXT("loader", macro_row, macro.loader),
	FIELD_TEXT("source", macro_row, macro.source),
	CYAML_FIELD_END
};

static const struct yaml_conversion macro_conversions[] = {
	YAML_CONVERSION("at", macro_row, at, macro, at, convert_at, "known; one of: loader, shell"),
	YAML_ESCAPED("text", macro, text),
	{ .key = NULL }
};

const cyaml_schema_value_t macro_entry = SCHEMA_ENTRY(macro_row, macro_fields);

struct macro_rows {
	struct macro_row *rows;
	unsigned count;
};

static const cyaml_schema_field_t file_fields[] = {
	FIELD_LIST("macros", CYAML_FLAG_DEFAULT, macro_rows, rows, count, &macro_entry, MACROS_PER_FILE_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t file_schema = SCHEMA_FILE(macro_rows, file_fields);

static enum status check(const struct yaml_file *file, const char *where, const struct macro *macros, unsigned number,
			 struct error *reterr)
{
	const struct macro *macro = &macros[number];
	char at[64], scratch[120];
	const char *fault = macro_fault(macro->text, scratch, sizeof(scratch));

	text_format(at, sizeof(at), "%s/%u/text", where, number);
	if (fault != NULL) {
		yaml_file_error(file, reterr, at, "'%s' can be no macro: %s", macro->name, fault);
		return error_hint(reterr, "what writes is a step of a procedure, behind its guards");
	}
	text_format(at, sizeof(at), "%s/%u/loader", where, number);
	if (macro->loader != NULL && loader_driver_find(macro->loader) == NULL)
		return yaml_file_error(file, reterr, at, "no driver for the bootloader '%.60s'", macro->loader);
	text_format(at, sizeof(at), "%s/%u/name", where, number);
	for (unsigned i = 0; i < number; i++)
		if (text_equal(macro->name, macros[i].name) && macro->at == macros[i].at &&
		    text_equal(macro->loader, macros[i].loader))
			return yaml_file_error(file, reterr, at, "a second macro '%s'", macro->name);
	return STATUS_OK;
}

enum status macros_read(const struct yaml_file *file, const char *where, const struct macro_row *rows, unsigned count,
			struct yaml_memory *memory, struct macro **ret_macros, struct error *reterr)
{
	const struct yaml_rows all = { .rows = rows, .count = count, .row_size = sizeof(*rows),
				       .item_size = sizeof(struct macro), .conversions = macro_conversions };
	enum status status = yaml_value_items(file, where, &all, memory, ret_macros, reterr);

	for (unsigned i = 0; status == STATUS_OK && i < count; i++)
		status = check(file, where, *ret_macros, i, reterr);
	return status;
}

enum status macro_schema_read(const struct yaml_file *file, struct yaml_memory *memory, struct macro_list *ret_list,
			      struct error *reterr)
{
	const struct macro_rows *top = NULL;
	enum status status = yaml_file_load(file, &file_schema, memory, &top, reterr);

	for (unsigned i = 0; status == STATUS_OK && i < top->count; i++) {
		char where[64];

		text_format(where, sizeof(where), "macros/%u", i);
		if (top->rows[i].macro.source == NULL)
			status = yaml_file_error(file, reterr, where, "macro '%s' names no source",
						 top->rows[i].macro.name);
	}
	if (status != STATUS_OK)
		return status;
	ret_list->count = top->count;
	return macros_read(file, "macros", top->rows, top->count, memory, &ret_list->macros, reterr);
}
