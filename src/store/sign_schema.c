/* firmware-db/signs/<stage-or-vendor>.yaml: `signs:`, a list. */
#include <stdio.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/library_schema.h"

enum { SIGNS_PER_FILE_MAX = 1024 };

static bool parse_stage(const char *text, unsigned *ret_value)
{
	enum boot_stage stage;

	if (!boot_stage_parse(text, &stage))
		return false;
	*ret_value = stage;
	return true;
}

static bool parse_cause(const char *text, unsigned *ret_value)
{
	enum cause cause;

	if (!cause_parse(text, &cause))
		return false;
	*ret_value = cause;
	return true;
}

static bool parse_effect(const char *text, unsigned *ret_value)
{
	enum sign_effect effect;

	if (!sign_effect_parse(text, &effect))
		return false;
	*ret_value = effect;
	return true;
}

#define STAGES "any, rom, first-loader, loader, kernel-unpack, kernel, root-mount, init, application, login, updater"
#define CAUSES "SPACE, POWER, CHECKSUM, WRONG-HARDWARE, BAD-ENV, NO-ROOTFS, FLASH-WEAR, BOOTLOADER-GONE, SIGNATURE, " \
	"DOWNGRADE-BLOCKED, NETWORK, KERNEL-PANIC-OTHER, LOGIN, HEALTHY"

static const struct yaml_field sign_fields[] = {
	{ .key = "id", .type = YAML_FIELD_TEXT, .offset = offsetof(struct sign, id), .is_required = true },
	{ .key = "match", .type = YAML_FIELD_PATTERN, .offset = offsetof(struct sign, match), .is_required = true },
	{ .key = "stage",
	  .type = YAML_FIELD_WORD,
	  .offset = offsetof(struct sign, stage),
	  .parse = parse_stage,
	  .expected = STAGES },
	{ .key = "effect",
	  .type = YAML_FIELD_WORD,
	  .offset = offsetof(struct sign, effect),
	  .is_required = true,
	  .parse = parse_effect,
	  .expected = "milestone, fault, harmless, healthy, progress, done, prompt, fact, hardware" },
	{ .key = "cause",
	  .type = YAML_FIELD_WORD,
	  .offset = offsetof(struct sign, cause),
	  .parse = parse_cause,
	  .expected = CAUSES },
	{ .key = "weight", .type = YAML_FIELD_NUMBER, .offset = offsetof(struct sign, weight) },
	{ .key = "also",
	  .type = YAML_FIELD_WORD,
	  .offset = offsetof(struct sign, also),
	  .parse = parse_cause,
	  .expected = CAUSES },
	{ .key = "also-weight", .type = YAML_FIELD_NUMBER, .offset = offsetof(struct sign, also_weight) },
	{ .key = "general", .type = YAML_FIELD_BOOL, .offset = offsetof(struct sign, is_general) },
	{ .key = "fact", .type = YAML_FIELD_TEXT, .offset = offsetof(struct sign, fact) },
	{ .key = "meaning", .type = YAML_FIELD_TEXT, .offset = offsetof(struct sign, meaning), .is_required = true },
	{ .key = "next", .type = YAML_FIELD_TEXT, .offset = offsetof(struct sign, next) },
	{ .key = "source", .type = YAML_FIELD_TEXT, .offset = offsetof(struct sign, source), .is_required = true },
	{ .key = NULL },
};

static const struct yaml_field file_fields[] = {
	{ .key = "signs", .type = YAML_FIELD_STRUCTS, .offset = offsetof(struct sign_list, signs), .is_required = true,
	  .count_offset = offsetof(struct sign_list, count), .item_size = sizeof(struct sign), .fields = sign_fields,
	  .max_items = SIGNS_PER_FILE_MAX },
	{ .key = NULL },
};

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

enum status sign_schema_read(const struct yaml_file *file, struct yaml_memory *memory, struct sign_list *ret_list,
			     struct error *reterr)
{
	enum status status = yaml_file_read(file, file_fields, memory, ret_list, reterr);

	for (unsigned i = 0; status == STATUS_OK && i < ret_list->count; i++) {
		const char *key, *reason = fault_of(&ret_list->signs[i], &key);
		char where[64];

		text_format(where, sizeof(where), "signs/%u/%s", i, key);
		if (reason != NULL)
			return yaml_file_error(file, reterr, where, "sign '%s': %s", ret_list->signs[i].id, reason);
	}
	return status;
}
