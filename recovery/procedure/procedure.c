#include "recovery/procedure/procedure.h"

#include <ctype.h>
#include <string.h>

#include "recovery/diagnosis/cause.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

static const char *const kind_names[STEP_KIND_COUNT] = {
	[STEP_NOTE] = "note",
	[STEP_CONFIRM] = "confirm",
	[STEP_IDENTIFY] = "identify",
	[STEP_BACKUP] = "backup",
	[STEP_WIRE] = "wire",
	[STEP_MEDIA] = "media",
	[STEP_MOVE_MEDIA] = "move-media",
	[STEP_TRANSFORM] = "transform",
	[STEP_BENCH_NET] = "bench-net",
	[STEP_SERVE] = "serve",
	[STEP_PUT] = "put",
	[STEP_POWER] = "power",
	[STEP_BUTTON] = "button",
	[STEP_SHORT] = "short",
	[STEP_STOP_BOOT] = "stop-boot",
	[STEP_SEND] = "send",
	[STEP_LOGIN] = "login",
	[STEP_LOAD] = "load",
	[STEP_UNLOCK] = "unlock",
	[STEP_COMPARE] = "compare",
	[STEP_LOOK] = "look",
	[STEP_WRITE] = "write",
	[STEP_READBACK] = "readback",
	[STEP_FREE_SPACE] = "free-space",
	[STEP_ENVIRONMENT] = "environment",
	[STEP_BOOT] = "boot",
	[STEP_UART_LOAD] = "uart-load",
	[STEP_USB_ROM] = "usb-rom",
	[STEP_SLOT] = "slot",
	[STEP_SPI] = "spi",
	[STEP_WAIT] = "wait",
	[STEP_WATCH] = "watch",
	[STEP_CHECK_IMAGE] = "check-image",
	[STEP_VERIFY] = "verify",
	[STEP_RESULT] = "result",
};

#define TEXT(kind, name) { STEP_##kind, name, PROCEDURE_FIELD_TEXT, false, NULL }
#define MUST(kind, name) { STEP_##kind, name, PROCEDURE_FIELD_TEXT, true, NULL }
#define WORD(kind, name, words) { STEP_##kind, name, PROCEDURE_FIELD_WORD, false, words }
#define MUST_WORD(kind, name, words) { STEP_##kind, name, PROCEDURE_FIELD_WORD, true, words }
#define NUMBER(kind, name) { STEP_##kind, name, PROCEDURE_FIELD_NUMBER, false, NULL }
#define SECONDS(kind, name) { STEP_##kind, name, PROCEDURE_FIELD_SECONDS, false, NULL }
#define BOOL(kind, name) { STEP_##kind, name, PROCEDURE_FIELD_BOOL, false, NULL }

/* One row a field. firmware-db/README.md explains them. */
static const struct procedure_field_rule rules[] = {
	WORD(NOTE, "severity", "info warning danger"),
	TEXT(CONFIRM, "question"),
	WORD(CONFIRM, "default", "yes no"),
	TEXT(IDENTIFY, "log"),
	TEXT(IDENTIFY, "env"),
	TEXT(IDENTIFY, "ask"),
	MUST(BACKUP, "partition"),
	TEXT(BACKUP, "file"),
	MUST_WORD(WIRE, "kind", "uart usb ethernet clip power"),
	TEXT(WIRE, "level"),
	TEXT(WIRE, "pins"),
	TEXT(WIRE, "leave-open"),
	MUST_WORD(MEDIA, "fs", "fat32 fat16 exfat ext2 ext4 raw"),
	WORD(MEDIA, "table", "mbr gpt none"),
	NUMBER(MEDIA, "offset"),
	TEXT(MEDIA, "files"),
	MUST_WORD(MOVE_MEDIA, "action", "insert remove swap"),
	TEXT(MOVE_MEDIA, "slot"),
	MUST_WORD(TRANSFORM, "how", "cut pad prepend byte-swap strip rename"),
	TEXT(TRANSFORM, "value"),
	TEXT(BENCH_NET, "address"),
	TEXT(BENCH_NET, "netmask"),
	TEXT(BENCH_NET, "device"),
	MUST_WORD(SERVE, "protocol", "tftp bootp dhcp hikvision dahua netinstall nmrp udp-echo"),
	TEXT(SERVE, "file"),
	NUMBER(SERVE, "port"),
	MUST_WORD(PUT, "protocol", "tftp http ftp nmrp"),
	TEXT(PUT, "address"),
	TEXT(PUT, "file"),
	MUST_WORD(POWER, "how", "on off cycle by-itself"),
	TEXT(POWER, "why"),
	SECONDS(POWER, "wait-seconds"),
	TEXT(BUTTON, "name"),
	MUST_WORD(BUTTON, "action", "press hold release"),
	SECONDS(BUTTON, "seconds"),
	TEXT(BUTTON, "until"),
	MUST(SHORT, "pads"),
	TEXT(SHORT, "until"),
	TEXT(STOP_BOOT, "keys"),
	TEXT(STOP_BOOT, "at"),
	TEXT(STOP_BOOT, "prompt"),
	MUST(SEND, "command"),
	TEXT(SEND, "expect"),
	TEXT(SEND, "fail"),
	WORD(SEND, "to", "loader shell"),
	TEXT(LOGIN, "user"),
	TEXT(LOGIN, "password"),
	MUST_WORD(LOAD, "by", "tftp serial ymodem xmodem kermit mmc usb"),
	NUMBER(LOAD, "raise-baud"),
	NUMBER(LOAD, "address"),
	TEXT(LOAD, "file"),
	TEXT(UNLOCK, "name"),
	TEXT(COMPARE, "partition"),
	MUST_WORD(LOOK, "at", "variables flash-twice space"),
	TEXT(WRITE, "partition"),
	NUMBER(WRITE, "piece"),
	TEXT(READBACK, "partition"),
	TEXT(FREE_SPACE, "mount"),
	MUST_WORD(ENVIRONMENT, "how", "boot-once default set"),
	TEXT(ENVIRONMENT, "name"),
	TEXT(ENVIRONMENT, "value"),
	BOOL(ENVIRONMENT, "save"),
	MUST_WORD(BOOT, "how", "reset bootcmd command"),
	TEXT(BOOT, "command"),
	MUST_WORD(UART_LOAD, "protocol", "xmodem ymodem kermit srec kwboot marvell hisilicon hisilicon-v500 hisilicon-cv6xx ti imx sam-ba mediatek esp"),
	NUMBER(UART_LOAD, "baud"),
	TEXT(UART_LOAD, "file"),
	MUST_WORD(USB_ROM, "protocol", "fel maskrom dfu dfuse sdp samba edl rpiboot amlogic ingenic fastboot"),
	TEXT(USB_ROM, "id"),
	MUST_WORD(SLOT, "how", "env flag boot-count command"),
	TEXT(SLOT, "value"),
	TEXT(SPI, "range"),
	MUST_WORD(WAIT, "for", "time retry led sign"),
	SECONDS(WAIT, "seconds"),
	TEXT(WAIT, "sign"),
	TEXT(WAIT, "led"),
	TEXT(WAIT, "until"),
	MUST(WATCH, "signs"),
	SECONDS(WATCH, "seconds"),
	TEXT(CHECK_IMAGE, "sha256"),
	TEXT(CHECK_IMAGE, "arch"),
	TEXT(CHECK_IMAGE, "fits"),
	BOOL(CHECK_IMAGE, "fresh"),
	TEXT(VERIFY, "banner"),
	TEXT(VERIFY, "login"),
	BOOL(VERIFY, "clean"),
	SECONDS(VERIFY, "seconds"),
	MUST_WORD(RESULT, "outcome", "done abort"),
	TEXT(RESULT, "reason"),
};

#define NEEDS "serial network image usb button card login"
#define HAS "image prompt shell"

/* One of several space-separated words. */
static bool is_one_of(const char *words, const char *word)
{
	size_t length = strlen(word);

	while (length > 0 && *words != '\0') {
		size_t here = strcspn(words, " ");

		if (here == length && strncmp(words, word, length) == 0)
			return true;
		words += here + (words[here] == ' ');
	}
	return false;
}

static bool is_all_digits(const char *text, size_t most)
{
	size_t length = strspn(text, "0123456789");

	return length > 0 && length <= most && text[length] == '\0';
}

/* Labels, parameters, ${names}: letters, digits, '-', '.', '_'. */
static size_t name_length(const char *text)
{
	size_t length = 0;

	while (isalnum((unsigned char)text[length]) || (text[length] != '\0' && strchr("-._", text[length]) != NULL))
		length++;
	return length;
}

const char *step_kind_name(enum step_kind kind)
{
	return (unsigned)kind < STEP_KIND_COUNT ? kind_names[kind] : "unknown";
}

bool step_kind_parse(const char *name, enum step_kind *ret_kind)
{
	for (unsigned i = 0; i < STEP_KIND_COUNT; i++) {
		if (!text_equal(kind_names[i], name))
			continue;
		*ret_kind = i;
		return true;
	}
	return false;
}

const struct procedure_field_rule *procedure_field_rule(enum step_kind kind, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].kind == kind && text_equal(rules[i].name, name))
			return &rules[i];
	return NULL;
}

const char *procedure_step_field(const struct procedure_step *step, const char *name)
{
	for (unsigned i = 0; i < step->with_count; i++)
		if (text_equal(step->with[i].name, name))
			return step->with[i].value;
	return NULL;
}

static unsigned find_label(const struct procedure *procedure, const char *label)
{
	unsigned i = 0;

	while (i < procedure->step_count && !text_equal(procedure->steps[i].label, label))
		i++;
	return i;
}

bool procedure_is_case_value(const char *name)
{
	static const char words[] = "device port image";

	return is_one_of(words, name) || (text_starts(name, "answer.") && name[strlen("answer.")] != '\0');
}

/* Goes over the ${names} of one text; false when on_value said so, or when one is ill-formed and ret_bad asks. */
static bool each_value(const char *text, unsigned step, bool (*on_value)(void *user, unsigned step, const char *name),
		       void *user, bool *ret_bad)
{
	while (text != NULL && (text = strstr(text, "${")) != NULL) {
		char name[64];
		size_t length = name_length(text + 2);

		text += 2;
		if (length == 0 || length >= sizeof(name) || text[length] != '}') {
			if (ret_bad != NULL)
				*ret_bad = true;
			continue;
		}
		text_copy(name, length + 1, text);
		if (on_value != NULL && !on_value(user, step, name))
			return false;
	}
	return true;
}

static bool each_value_of_step(const struct procedure *procedure, unsigned number,
			       bool (*on_value)(void *user, unsigned step, const char *name), void *user, bool *ret_bad)
{
	const struct procedure_step *step = &procedure->steps[number];
	bool goes_on = each_value(step->text, number, on_value, user, ret_bad) &&
		       each_value(step->silent, number, on_value, user, ret_bad);

	for (unsigned i = 0; goes_on && i < step->with_count; i++)
		goes_on = each_value(step->with[i].value, number, on_value, user, ret_bad);
	return goes_on;
}

bool procedure_each_value(const struct procedure *procedure,
			  bool (*on_value)(void *user, unsigned step, const char *name), void *user)
{
	for (unsigned i = 0; i < procedure->step_count; i++)
		if (!each_value_of_step(procedure, i, on_value, user, NULL))
			return false;
	return true;
}

/* What is wrong with one field's value, or NULL. */
static const char *fault_of_value(const struct procedure_field_rule *rule, const char *value)
{
	size_t length = strlen(value);
	uint64_t number;
	char digits[16];

	if (strstr(value, "${") != NULL)	/* known when the procedure runs */
		return NULL;
	switch (rule->type) {
	case PROCEDURE_FIELD_WORD:
		return is_one_of(rule->words, value) ? NULL : "not one of the known words";
	case PROCEDURE_FIELD_NUMBER:
		return text_parse_size(value, &number) ? NULL : "no number";
	case PROCEDURE_FIELD_SECONDS:
		text_copy(digits, sizeof(digits), value);
		digits[strspn(digits, "0123456789")] = '\0';
		return is_all_digits(digits, 5) &&
				       is_one_of("- s min", value[strlen(digits)] ? value + strlen(digits) : "-")
			       ? NULL
			       : "no number of seconds";
	case PROCEDURE_FIELD_BOOL:
		return is_one_of("true false", value) ? NULL : "neither true nor false";
	default:
		return length > 0 ? NULL : "empty";
	}
}

static enum status check_fields(const struct procedure_step *step, struct error *reterr)
{
	for (unsigned i = 0; i < step->with_count; i++) {
		const struct procedure_field_rule *rule = procedure_field_rule(step->kind, step->with[i].name);
		const char *fault = rule ? fault_of_value(rule, step->with[i].value) : NULL;

		if (rule == NULL)
			return error_set(reterr, STATUS_INVALID, "'%s' has no field '%.60s'",
					 step_kind_name(step->kind), step->with[i].name);
		if (fault == NULL)
			continue;
		error_set(reterr, STATUS_INVALID, "field '%s': '%.60s' is %s", rule->name, step->with[i].value, fault);
		return rule->words ? error_hint(reterr, "one of: %s", rule->words) : STATUS_INVALID;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].kind == step->kind && rules[i].is_required &&
		    procedure_step_field(step, rules[i].name) == NULL)
			return error_set(reterr, STATUS_INVALID, "'%s' needs the field '%s'",
					 step_kind_name(step->kind), rules[i].name);
	return STATUS_OK;
}

static enum status check_only_if(const char *text, struct error *reterr)
{
	const char *name = text + (text[0] == '!'), *value = strchr(name, '=');
	enum cause cause;

	if (value == NULL || value[1] == '\0')
		return error_set(reterr, STATUS_INVALID, "only-if '%.60s': no NAME=VALUE", text);
	value++;
	if (text_starts(name, "cause="))
		return cause_parse(value, &cause) ? STATUS_OK
			: error_set(reterr, STATUS_INVALID, "only-if '%.60s': there is no cause '%.40s'", text, value);
	if (text_starts(name, "has=")) {
		if (is_one_of(HAS, value))
			return STATUS_OK;
		error_set(reterr, STATUS_INVALID, "only-if '%.60s': nothing is known of '%.40s'", text, value);
		return error_hint(reterr, "one of: %s", HAS);
	}
	if (text_starts(name, "happened="))
		return STATUS_OK;
	if (text_starts(name, "answer.") && name_length(name) == (size_t)(value - 1 - name) && value - 1 - name > 7)
		return STATUS_OK;
	error_set(reterr, STATUS_INVALID, "only-if '%.60s': unknown condition", text);
	return error_hint(reterr,
			  "cause=LABEL, has=WORD, happened=WORD or answer.NAME=VALUE, with '!' in front to negate");
}

static enum status check_goto(const struct procedure *procedure, unsigned number, const char *label, bool is_back,
			      struct error *reterr)
{
	unsigned target = find_label(procedure, label);

	if (target == procedure->step_count)
		return error_set(reterr, STATUS_INVALID, "on-fail goes to '%.60s', and no step has that label", label);
	if (!is_back && target <= number) {	/* so that every procedure ends */
		error_set(reterr, STATUS_INVALID, "on-fail 'goto %.60s' goes back", label);
		return error_hint(reterr, "goto leads forward only; 'retry N LABEL' goes back and is counted");
	}
	return STATUS_OK;
}

static enum status check_on_fail(const struct procedure *procedure, unsigned number, struct error *reterr)
{
	const char *text = procedure->steps[number].on_fail;

	if (text == NULL || text_equal(text, "abort") || text_equal(text, "next"))
		return STATUS_OK;
	if (text_starts(text, "goto "))
		return check_goto(procedure, number, text + 5, false, reterr);
	if (text_starts(text, "retry ") && text[6] >= '1' && text[6] <= '0' + PROCEDURE_RETRIES_MAX) {
		if (text[7] == '\0')
			return STATUS_OK;
		if (text[7] == ' ')
			return check_goto(procedure, number, text + 8, true, reterr);
	}
	error_set(reterr, STATUS_INVALID, "on-fail '%.60s' is not understood", text);
	return error_hint(reterr, "abort, next, goto LABEL, retry N or retry N LABEL (N from 1 to %d)",
			  PROCEDURE_RETRIES_MAX);
}

static enum status check_label(const struct procedure *procedure, unsigned number, struct error *reterr)
{
	const char *label = procedure->steps[number].label;

	if (label == NULL)
		return STATUS_OK;
	if (label[0] == '\0' || name_length(label) != strlen(label))
		return error_set(reterr, STATUS_INVALID, "label '%.60s': letters, digits, '-', '.' and '_' only",
				 label);
	if (find_label(procedure, label) != number)
		return error_set(reterr, STATUS_INVALID, "a second label '%s'", label);
	return STATUS_OK;
}

static bool has_before(const struct procedure *procedure, unsigned number, enum step_kind kind)
{
	for (unsigned i = 0; i < number; i++)
		if (procedure->steps[i].kind == kind)
			return true;
	return false;
}

/* The runner refuses the same at run time; here the author hears of it. */
static enum status check_harm(const struct procedure *procedure, unsigned number, struct error *reterr)
{
	const struct procedure_step *step = &procedure->steps[number];
	enum step_kind kind = step->kind;
	bool takes_image = kind == STEP_WRITE || kind == STEP_PUT || kind == STEP_USB_ROM || kind == STEP_UART_LOAD ||
			   kind == STEP_SPI;

	if ((kind == STEP_WRITE || kind == STEP_SPI) && !step->destroys)
		return error_set(reterr, STATUS_INVALID, "'%s' needs 'destroys: true'", step_kind_name(kind));
	if (step->destroys && !has_before(procedure, number, STEP_IDENTIFY))
		return error_set(reterr, STATUS_INVALID, "it destroys, and no 'identify' comes before it");
	if (step->destroys && takes_image && !has_before(procedure, number, STEP_CHECK_IMAGE))
		return error_set(reterr, STATUS_INVALID,
				 "it puts an image on the device, and no 'check-image' comes before it");
	return STATUS_OK;
}

static enum status check_texts(const struct procedure *procedure, unsigned number, struct error *reterr)
{
	const struct procedure_step *step = &procedure->steps[number];
	bool is_bad = false;

	each_value_of_step(procedure, number, NULL, NULL, &is_bad);
	if (is_bad)
		return error_set(reterr, STATUS_INVALID, "'${' without a name and '}'");
	if (step->kind == STEP_NOTE && step->text == NULL)
		return error_set(reterr, STATUS_INVALID, "'note' needs a text");
	if (step->kind == STEP_CONFIRM && step->text == NULL && procedure_step_field(step, "question") == NULL)
		return error_set(reterr, STATUS_INVALID, "'confirm' needs a text or a question");
	return STATUS_OK;
}

enum status procedure_check_step(const struct procedure *procedure, unsigned step, struct error *reterr)
{
	const struct procedure_step *checked = &procedure->steps[step];
	enum status status = check_label(procedure, step, reterr);

	if (status == STATUS_OK)
		status = check_fields(checked, reterr);
	if (status == STATUS_OK && checked->only_if != NULL)
		status = check_only_if(checked->only_if, reterr);
	if (status == STATUS_OK)
		status = check_on_fail(procedure, step, reterr);
	if (status == STATUS_OK)
		status = check_texts(procedure, step, reterr);
	if (status == STATUS_OK)
		status = check_harm(procedure, step, reterr);
	if (status != STATUS_OK)
		error_prefix(reterr, "step %u (%s)", step + 1, step_kind_name(checked->kind));
	return status;
}

enum status procedure_check_head(const struct procedure *procedure, struct error *reterr)
{
	if (procedure->step_count == 0)
		return error_set(reterr, STATUS_INVALID, "no steps");
	if (procedure->step_count > PROCEDURE_STEPS_MAX)
		return error_set(reterr, STATUS_INVALID, "more than %d steps", PROCEDURE_STEPS_MAX);
	for (const char *at = procedure->needs; at != NULL && *at != '\0';) {
		size_t length = strcspn(at, " ");
		char word[24];

		text_copy(word, length < sizeof(word) ? length + 1 : sizeof(word), at);
		if (!is_one_of(NEEDS, word)) {
			error_set(reterr, STATUS_INVALID, "needs: '%s' is not known", word);
			return error_hint(reterr, "some of: %s", NEEDS);
		}
		at += length + (at[length] == ' ');
	}
	return STATUS_OK;
}
