/* firmware-db/signs/<stage-or-vendor>.yaml: `signs:`, a list. */
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/library_schema.h"
#include "src/store/schema_fields.h"
#include "src/store/yaml_value.h"

enum { SIGNS_PER_FILE_MAX = 1024 };

struct sign_row {
	struct sign sign;
	char *stage, *effect, *cause, *weight, *also, *also_weight, *is_general;
};

struct sign_rows {
	struct sign_row *rows;
	unsigned count;
};

static bool convert_stage(char *text, void *ret_stage)
{
	return boot_stage_parse(text, ret_stage);
}

static bool convert_cause(char *text, void *ret_cause)
{
	return cause_parse(text, ret_cause);
}

static bool convert_effect(char *text, void *ret_effect)
{
	return sign_effect_parse(text, ret_effect);
}

#define STAGES \
	"known; one of: any, rom, first-loader, loader, kernel-unpack, kernel, root-mount, init, application, login, updater"
#define CAUSES \
	"known; one of: SPACE, POWER, CHECKSUM, WRONG-HARDWARE, BAD-ENV, NO-ROOTFS, FLASH-WEAR, BOOTLOADER-GONE, SIGNATURE, " \
	"DOWNGRADE-BLOCKED, NETWORK, KERNEL-PANIC-OTHER, LOGIN, HEALTHY"
#define EFFECTS "known; one of: milestone, fault, harmless, healthy, progress, done, prompt, fact, hardware"

static const cyaml_schema_field_t sign_fields[] = {
	FIELD_MUST("id", sign_row, sign.id),
	FIELD_MUST("match", sign_row, sign.match),
	FIELD_TEXT("stage", sign_row, stage),
	FIELD_MUST("effect", sign_row, effect),
	FIELD_TEXT("cause", sign_row, cause),
	FIELD_TEXT("weight", sign_row, weight),
	FIELD_TEXT("also", sign_row, also),
	FIELD_TEXT("also-weight", sign_row, also_weight),
	FIELD_TEXT("general", sign_row, is_general),
	FIELD_TEXT("fact", sign_row, sign.fact),
	FIELD_MUST("meaning", sign_row, sign.meaning),
	FIELD_TEXT("next", sign_row, sign.next),
	FIELD_MUST("source", sign_row, sign.source),
	CYAML_FIELD_END
};

static const struct yaml_conversion sign_conversions[] = {
	YAML_CONVERSION("stage", sign_row, stage, sign, stage, convert_stage, STAGES),
	YAML_CONVERSION("effect", sign_row, effect, sign, effect, convert_effect, EFFECTS),
	YAML_CONVERSION("cause", sign_row, cause, sign, cause, convert_cause, CAUSES),
	YAML_NUMBER("weight", sign_row, weight, sign, weight),
	YAML_CONVERSION("also", sign_row, also, sign, also, convert_cause, CAUSES),
	YAML_NUMBER("also-weight", sign_row, also_weight, sign, also_weight),
	YAML_BOOL("general", sign_row, is_general, sign, is_general),
	{ .key = NULL }
};

static const cyaml_schema_value_t sign_entry = SCHEMA_ENTRY(sign_row, sign_fields);
static const cyaml_schema_field_t file_fields[] = {
	FIELD_LIST("signs", CYAML_FLAG_DEFAULT, sign_rows, rows, count, &sign_entry, SIGNS_PER_FILE_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t file_schema = SCHEMA_FILE(sign_rows, file_fields);

/* What is wrong with the sign by itself, or NULL. */
static const char *fault_of(const struct sign *sign, const char **ret_key)
{
	bool is_fault = sign->effect == SIGN_FAULT;

	*ret_key = "weight";
	if (is_fault && (sign->weight < 1 || sign->weight > 100))
		return "a fault needs a weight from 1 to 100";
	if (!is_fault && sign->weight != 0)
		return "a weight is for a fault only";
	*ret_key = "also-weight";
	if ((sign->also != CAUSE_NONE) != (sign->also_weight != 0) || sign->also_weight < 0 || sign->also_weight > 100)
		return "'also' and 'also-weight' (1 to 100) come together";
	*ret_key = "also";
	if (sign->also != CAUSE_NONE && !is_fault)
		return "a second cause is for a fault only";
	*ret_key = "cause";
	if (is_fault && !cause_is_fault(sign->cause))
		return "a fault needs the label of a fault as its cause";
	if (!is_fault && sign->effect != SIGN_PROMPT && sign->effect != SIGN_HEALTHY && sign->cause != CAUSE_NONE)
		return "a cause is for a fault, a prompt or a healthy sign only";
	*ret_key = "fact";
	if (sign->effect == SIGN_FACT && sign->fact == NULL)
		return "a fact needs the name of the fact";
	return NULL;
}

static enum status check(const struct yaml_file *file, const struct sign *sign, unsigned number, struct error *reterr)
{
	const char *key, *reason = fault_of(sign, &key);
	char where[64];

	text_format(where, sizeof(where), "signs/%u/%s", number, key);
	if (reason != NULL)
		return yaml_file_error(file, reterr, where, "sign '%s': %s", sign->id, reason);
	text_format(where, sizeof(where), "signs/%u/match", number);
	return yaml_value_pattern(file, where, sign->match, reterr);
}

enum status sign_schema_read(const struct yaml_file *file, struct yaml_memory *memory, struct sign_list *ret_list,
			     struct error *reterr)
{
	struct yaml_rows rows = { .row_size = sizeof(struct sign_row), .item_size = sizeof(struct sign),
				  .conversions = sign_conversions };
	const struct sign_rows *top = NULL;
	enum status status = yaml_file_load(file, &file_schema, memory, &top, reterr);

	if (status != STATUS_OK)
		return status;
	rows.rows = top->rows;
	rows.count = ret_list->count = top->count;
	status = yaml_value_items(file, "signs", &rows, memory, &ret_list->signs, reterr);
	for (unsigned i = 0; status == STATUS_OK && i < ret_list->count; i++)
		status = check(file, &ret_list->signs[i], i, reterr);
	return status;
}
