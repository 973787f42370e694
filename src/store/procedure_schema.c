/* firmware-db/procedures/<name>.yaml; what a procedure may say is checked by recovery/procedure/procedure.c. */
#include <stdio.h>

#include "src/base/text.h"
#include "src/store/library_schema.h"

_Static_assert(sizeof(struct yaml_pair) == sizeof(struct step_param), "read as yaml_pair");

static bool parse_kind(const char *text, unsigned *ret_value)
{
	enum step_kind kind;

	if (!step_kind_parse(text, &kind))
		return false;
	*ret_value = kind;
	return true;
}

#define KINDS \
	"note, confirm, identify, backup, wire, media, move-media, transform, bench-net, serve, put, power, button, " \
	"short, " \
	"stop-boot, send, login, load, compare, write, readback, free-space, environment, boot, uart-load, usb-rom, " \
	"slot, spi, wait, " \
	"watch, check-image, verify, result"

static const struct yaml_field step_fields[] = {
	{ .key = "do",
	  .type = YAML_FIELD_WORD,
	  .offset = offsetof(struct procedure_step, kind),
	  .is_required = true,
	  .parse = parse_kind,
	  .expected = KINDS },
	{ .key = "label", .type = YAML_FIELD_TEXT, .offset = offsetof(struct procedure_step, label) },
	{ .key = "text", .type = YAML_FIELD_TEXT, .offset = offsetof(struct procedure_step, text) },
	{ .key = "only-if", .type = YAML_FIELD_TEXT, .offset = offsetof(struct procedure_step, only_if) },
	{ .key = "on-fail", .type = YAML_FIELD_TEXT, .offset = offsetof(struct procedure_step, on_fail) },
	{ .key = "timeout-seconds",
	  .type = YAML_FIELD_NUMBER,
	  .offset = offsetof(struct procedure_step, timeout_seconds) },
	{ .key = "destroys", .type = YAML_FIELD_BOOL, .offset = offsetof(struct procedure_step, destroys) },
	{ .key = "do-not-cut", .type = YAML_FIELD_BOOL, .offset = offsetof(struct procedure_step, do_not_cut) },
	{ .key = "silent", .type = YAML_FIELD_TEXT, .offset = offsetof(struct procedure_step, silent) },
	{ .key = "with",
	  .type = YAML_FIELD_PAIRS,
	  .offset = offsetof(struct procedure_step, with),
	  .count_offset = offsetof(struct procedure_step, with_count) },
	{ .key = NULL },
};

static const struct yaml_field procedure_fields[] = {
	{ .key = "title", .type = YAML_FIELD_TEXT, .offset = offsetof(struct procedure, title), .is_required = true },
	{ .key = "summary",
	  .type = YAML_FIELD_TEXT,
	  .offset = offsetof(struct procedure, summary),
	  .is_required = true },
	{ .key = "needs", .type = YAML_FIELD_TEXT, .offset = offsetof(struct procedure, needs) },
	{ .key = "steps",
	  .type = YAML_FIELD_STRUCTS,
	  .offset = offsetof(struct procedure, steps),
	  .is_required = true,
	  .count_offset = offsetof(struct procedure, step_count),
	  .item_size = sizeof(struct procedure_step),
	  .fields = step_fields,
	  .max_items = PROCEDURE_STEPS_MAX },
	{ .key = "source", .type = YAML_FIELD_TEXT, .offset = offsetof(struct procedure, source), .is_required = true },
	{ .key = NULL },
};

enum status procedure_schema_read(const struct yaml_file *file, const char *name, struct yaml_memory *memory,
				  struct procedure *ret_procedure, struct error *reterr)
{
	enum status status = yaml_file_read(file, procedure_fields, memory, ret_procedure, reterr);
	char where[64] = "needs";

	ret_procedure->name = name;
	if (status != STATUS_OK)
		return status;
	status = procedure_check_head(ret_procedure, reterr);
	for (unsigned i = 0; status == STATUS_OK && i < ret_procedure->step_count; i++) {
		text_format(where, sizeof(where), "steps/%u", i);
		status = procedure_check_step(ret_procedure, i, reterr);
	}
	if (status != STATUS_OK)
		error_prefix(reterr, "%s:%u", yaml_file_name(file), yaml_file_line(file, where));
	return status;
}
