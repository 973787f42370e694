/* Commands that are sent by one key: console/macros of a profile, and firmware-db/macros.yaml for those that many
 * devices share. */
#include <stddef.h>

#include "recovery/loader/loader.h"
#include "src/base/text.h"
#include "src/store/library_schema.h"

enum { MACROS_PER_FILE_MAX = 64 };

static bool parse_at(const char *text, unsigned *ret_value)
{
	*ret_value = text_equal(text, "loader") ? MACRO_AT_LOADER : MACRO_AT_SHELL;
	return text_equal(text, "loader") || text_equal(text, "shell");
}

const struct yaml_field macro_fields[] = {
	{ .key = "name", .type = YAML_FIELD_TEXT, .offset = offsetof(struct macro, name), .is_required = true },
	{ .key = "text", .type = YAML_FIELD_ESCAPED, .offset = offsetof(struct macro, text), .is_required = true },
	{ .key = "at",
	  .type = YAML_FIELD_WORD,
	  .offset = offsetof(struct macro, at),
	  .is_required = true,
	  .parse = parse_at,
	  .expected = "loader, shell" },
	{ .key = "loader", .type = YAML_FIELD_TEXT, .offset = offsetof(struct macro, loader) },
	{ .key = "source", .type = YAML_FIELD_TEXT, .offset = offsetof(struct macro, source) },
	{ .key = NULL },
};

static const struct yaml_field file_fields[] = {
	{ .key = "macros",
	  .type = YAML_FIELD_STRUCTS,
	  .offset = offsetof(struct macro_list, macros),
	  .is_required = true,
	  .count_offset = offsetof(struct macro_list, count),
	  .item_size = sizeof(struct macro),
	  .fields = macro_fields,
	  .max_items = MACROS_PER_FILE_MAX },
	{ .key = NULL },
};

enum status macros_check(const struct yaml_file *file, const char *where, const struct macro *macros, unsigned count,
			 struct error *reterr)
{
	char at[64], scratch[120];

	for (unsigned i = 0; i < count; i++) {
		const char *fault = macro_fault(macros[i].text, scratch, sizeof(scratch));

		text_format(at, sizeof(at), "%s/%u/text", where, i);
		if (fault != NULL) {
			yaml_file_error(file, reterr, at, "'%s' can be no macro: %s", macros[i].name, fault);
			return error_hint(reterr, "what writes is a step of a procedure, behind its guards");
		}
		text_format(at, sizeof(at), "%s/%u/loader", where, i);
		if (macros[i].loader != NULL && loader_driver_find(macros[i].loader) == NULL)
			return yaml_file_error(file, reterr, at, "no driver for the bootloader '%.60s'",
					       macros[i].loader);
		for (unsigned k = 0; k < i; k++)
			if (text_equal(macros[i].name, macros[k].name) && macros[i].at == macros[k].at &&
			    text_equal(macros[i].loader, macros[k].loader)) {
				text_format(at, sizeof(at), "%s/%u/name", where, i);
				return yaml_file_error(file, reterr, at, "a second macro '%s'", macros[i].name);
			}
	}
	return STATUS_OK;
}

enum status macro_schema_read(const struct yaml_file *file, struct yaml_memory *memory, struct macro_list *ret_list,
			      struct error *reterr)
{
	enum status status = yaml_file_read(file, file_fields, memory, ret_list, reterr);

	for (unsigned i = 0; status == STATUS_OK && i < ret_list->count; i++) {
		char where[64];

		text_format(where, sizeof(where), "macros/%u", i);
		if (ret_list->macros[i].source == NULL)
			status = yaml_file_error(file, reterr, where, "macro '%s' names no source",
						 ret_list->macros[i].name);
	}
	return status == STATUS_OK ? macros_check(file, "macros", ret_list->macros, ret_list->count, reterr) : status;
}
