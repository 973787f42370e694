/* The rules of procedures: which fields a step takes, where it may go, and what must come before it destroys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recovery/procedure/procedure.h"
#include "recovery/procedure/profile.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

#define STEPS(list) .steps = (list), .step_count = ARRAY_SIZE(list)
#define WITH(list) .with = (list), .with_count = ARRAY_SIZE(list)

static enum status check_all(const struct procedure *procedure, struct error *reterr)
{
	enum status status = procedure_check_head(procedure, reterr);

	for (unsigned i = 0; status == STATUS_OK && i < procedure->step_count; i++)
		status = procedure_check_step(procedure, i, reterr);
	return status;
}

static void assert_refused(const struct procedure *procedure, const char *expected)
{
	struct error error = { 0 };

	assert_int_equal(check_all(procedure, &error), STATUS_INVALID);
	if (!text_contains(error.text, expected))
		fail_msg("'%s' does not say '%s'", error.text, expected);
}

static void assert_good(const struct procedure *procedure)
{
	struct error error = { 0 };

	if (check_all(procedure, &error) != STATUS_OK)
		fail_msg("%s", error.text);
}

static void check_one(struct procedure_step step, const char *expected)
{
	struct procedure procedure = { .name = "test", .steps = &step, .step_count = 1 };

	if (expected != NULL)
		assert_refused(&procedure, expected);
	else
		assert_good(&procedure);
}

static void every_kind_has_a_name_that_parses_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STEP_KIND_COUNT; i++) {
		enum step_kind kind = STEP_KIND_COUNT;

		assert_true(step_kind_parse(step_kind_name(i), &kind));
		assert_int_equal(kind, i);
	}
	assert_string_equal(step_kind_name(STEP_STOP_BOOT), "stop-boot");
	assert_string_equal(step_kind_name(STEP_KIND_COUNT), "unknown");
	assert_false(step_kind_parse("explode", &(enum step_kind){ 0 }));
}

static void a_field_that_the_kind_does_not_know_is_named(void **state)
{
	struct step_param with[] = { { "how", "cycle" }, { "colour", "red" } };

	(void)state;
	check_one((struct procedure_step){ .kind = STEP_POWER, WITH(with) },
		  "step 1 (power): 'power' has no field 'colour'");
}

static void a_missing_field_is_named(void **state)
{
	(void)state;
	check_one((struct procedure_step){ .kind = STEP_POWER }, "needs the field 'how'");
}

static void field_values_are_checked_by_type(void **state)
{
	static const struct {
		enum step_kind kind;
		const char *name, *value, *expected;
	} rows[] = {
		{ STEP_POWER, "how", "cycle", NULL },
		{ STEP_POWER, "how", "explode", "not one of the known words" },
		{ STEP_POWER, "how", "cycl", "not one of the known words" },
		{ STEP_POWER, "how", "on off", "not one of the known words" },
		{ STEP_POWER, "how", "${how}", NULL },
		{ STEP_WRITE, "piece", "512KiB", NULL },
		{ STEP_WRITE, "piece", "much", "no number" },
		{ STEP_VERIFY, "seconds", "7s", NULL },
		{ STEP_VERIFY, "seconds", "2min", NULL },
		{ STEP_VERIFY, "seconds", "soon", "no number of seconds" },
		{ STEP_VERIFY, "seconds", "7h", "no number of seconds" },
		{ STEP_VERIFY, "seconds", "1000000", "no number of seconds" },
		{ STEP_VERIFY, "clean", "true", NULL },
		{ STEP_VERIFY, "clean", "yes", "neither true nor false" },
		{ STEP_SHORT, "pads", "", "empty" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct step_param with[] = { { rows[i].name, rows[i].value } };
		struct procedure_step steps[] = {
			{ .kind = STEP_IDENTIFY }, { .kind = STEP_CHECK_IMAGE },
			{ .kind = rows[i].kind, .destroys = rows[i].kind == STEP_WRITE, WITH(with) },
		};
		struct procedure procedure = { STEPS(steps) };

		if (rows[i].expected)
			assert_refused(&procedure, rows[i].expected);
		else
			assert_good(&procedure);
	}
}

static void a_second_label_is_refused(void **state)
{
	struct procedure_step steps[] = {
		{ .kind = STEP_NOTE, .text = "a", .label = "here" },
		{ .kind = STEP_NOTE, .text = "b", .label = "here" },
	};

	(void)state;
	assert_refused(&(struct procedure){ STEPS(steps) }, "step 2 (note): a second label 'here'");
}

static void jumps_are_followed(void **state)
{
	static const struct {
		const char *on_fail, *expected;
	} rows[] = {
		{ "abort", NULL }, { "next", NULL }, { "goto later", NULL }, { "retry 1", NULL }, { "retry 9", NULL },
		{ "retry 3 first", NULL },
		{ "goto nowhere", "no step has that label" },
		{ "goto first", "goes back" },
		{ "goto self", "goes back" },
		{ "retry 3 nowhere", "no step has that label" },
		{ "retry 0", "not understood" }, { "retry 10", "not understood" }, { "retry", "not understood" },
		{ "retry 3x", "not understood" }, { "goto", "not understood" }, { "", "not understood" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct procedure_step steps[] = {
			{ .kind = STEP_NOTE, .text = "a", .label = "first" },
			{ .kind = STEP_NOTE, .text = "b", .label = "self", .on_fail = rows[i].on_fail },
			{ .kind = STEP_NOTE, .text = "c", .label = "later" },
		};

		if (rows[i].expected)
			assert_refused(&(struct procedure){ STEPS(steps) }, rows[i].expected);
		else
			assert_good(&(struct procedure){ STEPS(steps) });
	}
}

static void conditions_are_checked(void **state)
{
	static const struct {
		const char *only_if, *expected;
	} rows[] = {
		{ "cause=POWER", NULL },
		{ "!cause=POWER", NULL },
		{ "has=image", NULL },
		{ "!has=prompt", NULL },
		{ "has=shell", NULL },
		{ "happened=power", NULL },
		{ "answer.led=yes", NULL },
		{ "cause=POWRE", "there is no cause 'POWRE'" },
		{ "has=luck", "nothing is known of 'luck'" },
		{ "weather=fine", "unknown condition" },
		{ "answer.=x", "unknown condition" },
		{ "answer.a b=x", "unknown condition" },
		{ "image", "no NAME=VALUE" },
		{ "has=", "no NAME=VALUE" },
		{ "!", "no NAME=VALUE" },
		{ "", "no NAME=VALUE" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_one((struct procedure_step){ .kind = STEP_NOTE, .text = "a", .only_if = rows[i].only_if },
			  rows[i].expected);
}

static void nothing_is_destroyed_before_the_model_is_proven(void **state)
{
	struct procedure_step no_identify[] = { { .kind = STEP_CHECK_IMAGE },
						{ .kind = STEP_WRITE, .destroys = true } };
	struct procedure_step no_image_check[] = { { .kind = STEP_IDENTIFY },
						   { .kind = STEP_WRITE, .destroys = true } };
	struct procedure_step unmarked[] = { { .kind = STEP_IDENTIFY },
					     { .kind = STEP_CHECK_IMAGE },
					     { .kind = STEP_WRITE } };
	struct procedure_step too_late[] = { { .kind = STEP_CHECK_IMAGE },
					     { .kind = STEP_WRITE, .destroys = true },
					     { .kind = STEP_IDENTIFY } };
	struct procedure_step good[] = { { .kind = STEP_IDENTIFY },
					 { .kind = STEP_CHECK_IMAGE },
					 { .kind = STEP_WRITE, .destroys = true } };

	(void)state;
	assert_refused(&(struct procedure){ STEPS(no_identify) }, "no 'identify' comes before");
	assert_refused(&(struct procedure){ STEPS(no_image_check) }, "no 'check-image' comes before");
	assert_refused(&(struct procedure){ STEPS(unmarked) }, "needs 'destroys: true'");
	assert_refused(&(struct procedure){ STEPS(too_late) }, "no 'identify' comes before");
	assert_good(&(struct procedure){ STEPS(good) });
}

static void needs_are_words_of_a_list(void **state)
{
	struct procedure_step step = { .kind = STEP_NOTE, .text = "a" };

	(void)state;
	assert_good(&(struct procedure){
		.steps = &step, .step_count = 1, .needs = "serial network image usb button card login" });
	assert_refused(&(struct procedure){ .steps = &step, .step_count = 1, .needs = "serial screwdriver" },
		       "'screwdriver' is not known");
	assert_refused(&(struct procedure){ .needs = "serial" }, "no steps");
	assert_refused(&(struct procedure){ .steps = &step, .step_count = PROCEDURE_STEPS_MAX + 1 },
		       "more than 64 steps");
}

struct seen {
	char names[128];
	unsigned stop_after;
};

static bool remember(void *user, unsigned step, const char *name)
{
	struct seen *seen = user;

	text_append(seen->names, sizeof(seen->names), "%u:%s ", step, name);
	return seen->stop_after == 0 || --seen->stop_after > 0;
}

static void values_are_found_in_texts_and_fields(void **state)
{
	struct step_param with[] = { { "command", "tftp ${load-address} ${file}" } };
	struct procedure_step steps[] = {
		{ .kind = STEP_NOTE, .text = "${vendor} $5 {x} ${model}" },
		{ .kind = STEP_SEND, .silent = "${answer.time}", WITH(with) },
	};
	struct procedure procedure = { STEPS(steps) };
	struct seen all = { "", 0 }, some = { "", 2 };

	(void)state;
	assert_true(procedure_each_value(&procedure, remember, &all));
	assert_string_equal(all.names, "0:vendor 0:model 1:answer.time 1:load-address 1:file ");
	assert_false(procedure_each_value(&procedure, remember, &some));
	assert_string_equal(some.names, "0:vendor 0:model ");
	assert_true(procedure_is_case_value("image"));
	assert_true(procedure_is_case_value("answer.time"));
	assert_false(procedure_is_case_value("answer."));
	assert_false(procedure_is_case_value("imag"));
}

static void an_ill_formed_value_is_refused(void **state)
{
	static const char *const bad[] = { "${", "${}", "${model", "${mo del}", "a ${model} ${" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_one((struct procedure_step){ .kind = STEP_NOTE, .text = bad[i] }, "'${' without a name");
}

static void a_profile_gives_its_values_by_name(void **state)
{
	struct profile_partition parts[] = { { .name = "kernel", .offset = 64, .size = 64, .holds = "kernel" } };
	struct profile profile = {
		.model = "X", .console = { .baud = 57600, .prompt = "=> " }, .partitions = parts, .partition_count = 1,
		.network = { .bench_ip = "192.168.1.2", .load_address = 0x44000000 },
	};
	char scratch[32];

	(void)state;
	assert_string_equal(profile_value(&profile, "model", scratch, sizeof(scratch)), "X");
	assert_string_equal(profile_value(&profile, "prompt", scratch, sizeof(scratch)), "=> ");
	assert_string_equal(profile_value(&profile, "baud", scratch, sizeof(scratch)), "57600");
	assert_string_equal(profile_value(&profile, "load-address", scratch, sizeof(scratch)), "0x44000000");
	assert_null(profile_value(&profile, "device-ip", scratch, sizeof(scratch)));
	assert_null(profile_value(&profile, "tftp-port", scratch, sizeof(scratch)));
	assert_null(profile_value(&profile, "nonsense", scratch, sizeof(scratch)));
	assert_true(profile_is_value("device-ip"));
	assert_false(profile_is_value("nonsense"));
	assert_ptr_equal(profile_partition_holding(&profile, "kernel"), &parts[0]);
	assert_null(profile_partition_holding(&profile, "rootfs"));
	assert_ptr_equal(profile_partition_named(&profile, "kernel"), &parts[0]);
	assert_null(profile_partition_named(&profile, "boot"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_name_that_parses_back),
		cmocka_unit_test(a_field_that_the_kind_does_not_know_is_named),
		cmocka_unit_test(a_missing_field_is_named),
		cmocka_unit_test(field_values_are_checked_by_type),
		cmocka_unit_test(a_second_label_is_refused),
		cmocka_unit_test(jumps_are_followed),
		cmocka_unit_test(conditions_are_checked),
		cmocka_unit_test(nothing_is_destroyed_before_the_model_is_proven),
		cmocka_unit_test(needs_are_words_of_a_list),
		cmocka_unit_test(values_are_found_in_texts_and_fields),
		cmocka_unit_test(an_ill_formed_value_is_refused),
		cmocka_unit_test(a_profile_gives_its_values_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
