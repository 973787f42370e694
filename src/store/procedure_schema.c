/* firmware-db/procedures/<name>.yaml; what a procedure may say is checked by recovery/procedure/procedure.c. */
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/library_schema.h"
#include "src/store/schema_fields.h"
#include "src/store/yaml_nodes.h"
#include "src/store/yaml_value.h"

DEFINE_AUTO(yaml_nodes);

_Static_assert(sizeof(struct yaml_pair) == sizeof(struct step_param), "read as yaml_pair");

struct step_row {
	struct procedure_step step;
	char *kind, *timeout_seconds, *destroys, *do_not_cut;
};

struct procedure_row {
	struct procedure procedure;
	struct step_row *steps;
	unsigned step_count;
};

static bool convert_kind(char *text, void *ret_kind)
{
	return step_kind_parse(text, ret_kind);
}

#define KINDS \
	"known; one of: note, confirm, identify, backup, wire, media, move-media, transform, bench-net, serve, put, power, " \
	"button, short, stop-boot, send, login, load, unlock, compare, look, write, readback, free-space, environment, boot, " \
	"uart-load, usb-rom, slot, spi, wait, watch, check-image, verify, result"

static const cyaml_schema_field_t step_fields[] = {
	FIELD_MUST("do", step_row, kind),
	FIELD_TEXT("label", step_row, step.label),
	FIELD_TEXT("text", step_row, step.text),
	FIELD_TEXT("only-if", step_row, step.only_if),
	FIELD_TEXT("on-fail", step_row, step.on_fail),
	FIELD_TEXT("timeout-seconds", step_row, timeout_seconds),
	FIELD_TEXT("destroys", step_row, destroys),
	FIELD_TEXT("do-not-cut", step_row, do_not_cut),
	FIELD_TEXT("silent", step_row, step.silent),
	CYAML_FIELD_IGNORE("with", CYAML_FLAG_OPTIONAL),	/* names of the step's kind: read_fields() */
	CYAML_FIELD_END
};

static const struct yaml_conversion step_conversions[] = {
	YAML_CONVERSION("do", step_row, kind, procedure_step, kind, convert_kind, KINDS),
	YAML_NUMBER("timeout-seconds", step_row, timeout_seconds, procedure_step, timeout_seconds),
	YAML_BOOL("destroys", step_row, destroys, procedure_step, destroys),
	YAML_BOOL("do-not-cut", step_row, do_not_cut, procedure_step, do_not_cut),
	{ .key = NULL }
};

static const cyaml_schema_value_t step_entry = SCHEMA_ENTRY(step_row, step_fields);
static const cyaml_schema_field_t procedure_fields[] = {
	FIELD_MUST("title", procedure_row, procedure.title),
	FIELD_MUST("summary", procedure_row, procedure.summary),
	FIELD_TEXT("needs", procedure_row, procedure.needs),
	FIELD_LIST("steps", CYAML_FLAG_DEFAULT, procedure_row, steps, step_count, &step_entry, PROCEDURE_STEPS_MAX),
	FIELD_MUST("source", procedure_row, procedure.source),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t file_schema = SCHEMA_FILE(procedure_row, procedure_fields);

/* with: of every step. */
static enum status read_fields(const struct yaml_nodes *nodes, struct yaml_memory *memory, struct procedure *procedure,
			       struct error *reterr)
{
	enum status status = STATUS_OK;

	for (unsigned i = 0; status == STATUS_OK && i < procedure->step_count; i++) {
		struct procedure_step *step = &procedure->steps[i];
		struct yaml_pair *pairs = NULL;
		char where[64];

		text_format(where, sizeof(where), "steps/%u/with", i);
		status = yaml_nodes_pairs(nodes, where, memory, &pairs, &step->with_count, reterr);
		step->with = (struct step_param *)(void *)pairs;
	}
	return status;
}

static enum status check(const struct yaml_file *file, const struct yaml_nodes *nodes, const struct procedure *procedure,
			 struct error *reterr)
{
	struct error fault = { .hint = "" };
	enum status status = procedure_check_head(procedure, &fault);
	char where[64] = "needs";

	for (unsigned i = 0; status == STATUS_OK && i < procedure->step_count; i++) {
		text_format(where, sizeof(where), "steps/%u", i);
		status = procedure_check_step(procedure, i, &fault);
	}
	if (status == STATUS_OK)
		return STATUS_OK;
	yaml_file_error_at(file, reterr, yaml_nodes_line(nodes, where), "%s", fault.text);
	return fault.hint[0] != '\0' ? error_hint(reterr, "%s", fault.hint) : status;
}

enum status procedure_schema_read(const struct yaml_file *file, const char *name, struct yaml_memory *memory,
				  struct procedure *ret_procedure, struct error *reterr)
{
	struct yaml_rows rows = { .row_size = sizeof(struct step_row), .item_size = sizeof(struct procedure_step),
				  .conversions = step_conversions };
	AUTO(yaml_nodes) nodes = NULL;
	const struct procedure_row *row = NULL;
	enum status status = yaml_file_load(file, &file_schema, memory, &row, reterr);

	if (status != STATUS_OK)
		return status;
	*ret_procedure = row->procedure;
	ret_procedure->name = name;
	rows.rows = row->steps;
	rows.count = ret_procedure->step_count = row->step_count;
	status = yaml_value_items(file, "steps", &rows, memory, &ret_procedure->steps, reterr);
	if (status == STATUS_OK)
		status = yaml_nodes_read(file, &nodes, reterr);
	if (status == STATUS_OK)
		status = read_fields(nodes, memory, ret_procedure, reterr);
	return status == STATUS_OK ? check(file, nodes, ret_procedure, reterr) : status;
}
