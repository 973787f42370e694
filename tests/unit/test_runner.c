/* tests/unit/test_runner.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/procedure/runner.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

static char image[] = "image";

static bool holds(void *user, const char *name, const char *value)
{
	return text_equal(name, "has") && text_equal(value, user);
}

#define PROCEDURE(steps_) { .name = "p", .title = "P", .steps = (steps_), .step_count = ARRAY_SIZE(steps_) }

static void finish(struct procedure_run *run, enum status result)
{
	procedure_run_finish(run, result, "because", holds, image);
}

static void steps_follow_each_other_and_conditions_skip(void **state)
{
	struct procedure_step steps[] = {
		{ .kind = STEP_NOTE, .only_if = "has=card" }, { .kind = STEP_POWER, .only_if = "has=image" }, { .kind = STEP_WIRE, .only_if = "!has=image" },
		{ .kind = STEP_LOAD, .only_if = "!has=card" }, { .kind = STEP_BOOT, .only_if = "nonsense" },
	};
	const struct procedure procedure = PROCEDURE(steps);
	struct procedure_run run;

	(void)state;
	procedure_run_init(&run, &procedure, holds, image);
	assert_int_equal(run.at, 1);
	finish(&run, STATUS_OK);
	assert_int_equal(run.at, 3);
	finish(&run, STATUS_OK);
	assert_int_equal(run.state, RUN_DONE);
	assert_null(procedure_run_step(&run));
	finish(&run, STATUS_IO);	/* nothing more can happen */
	assert_int_equal(run.state, RUN_DONE);
}

static void a_failure_goes_where_on_fail_says(void **state)
{
	struct procedure_step steps[] = {
		{ .kind = STEP_POWER, .label = "plug" }, { .kind = STEP_STOP_BOOT, .on_fail = "retry 2 plug" }, { .kind = STEP_NOTE, .on_fail = "next" },
		{ .kind = STEP_WAIT, .on_fail = "goto end" }, { .kind = STEP_NOTE }, { .kind = STEP_LOAD, .label = "end", .on_fail = "retry 1" },
	};
	const struct procedure procedure = PROCEDURE(steps);
	struct procedure_run run;

	(void)state;
	procedure_run_init(&run, &procedure, holds, NULL);
	for (unsigned i = 0; i < 2; i++) {
		finish(&run, STATUS_OK);
		finish(&run, STATUS_TIMEOUT);
		assert_int_equal(run.at, 0);
	}
	finish(&run, STATUS_OK);
	finish(&run, STATUS_OK);
	finish(&run, STATUS_IO);
	assert_int_equal(run.at, 3);
	finish(&run, STATUS_IO);
	assert_int_equal(run.at, 5);
	finish(&run, STATUS_IO);
	assert_int_equal(run.at, 5);
	finish(&run, STATUS_IO);
	assert_int_equal(run.state, RUN_ABORTED);
	assert_string_equal(run.reason, "because");
}

static void no_way_of_failing_goes_on_for_ever(void **state)
{
	static const char *const ways[] = { "goto again", "retry 9 again", "retry 9", "retry 999999", "retry x", "goto nowhere", "abort", "?", NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct procedure_step steps[] = { { .kind = STEP_NOTE, .label = "again", .on_fail = ways[i] } };
		const struct procedure procedure = PROCEDURE(steps);
		struct procedure_run run;
		unsigned turns = 0;

		procedure_run_init(&run, &procedure, holds, NULL);
		while (run.state == RUN_AT_STEP && turns++ < 1000)
			finish(&run, STATUS_IO);
		assert_int_equal(run.state, RUN_ABORTED);
		assert_true(turns <= RUN_TRIES_MAX + 1);
	}
}

static void cancelling_and_a_result_end_the_run(void **state)
{
	struct procedure_step steps[] = { { .kind = STEP_NOTE, .on_fail = "retry 3" }, { .kind = STEP_RESULT, .on_fail = "next" }, { .kind = STEP_NOTE } };
	const struct procedure procedure = PROCEDURE(steps);
	struct procedure_run run;

	(void)state;
	procedure_run_init(&run, &procedure, holds, NULL);
	finish(&run, STATUS_CANCELLED);
	assert_int_equal(run.state, RUN_ABORTED);
	procedure_run_init(&run, &procedure, holds, NULL);
	finish(&run, STATUS_OK);
	finish(&run, STATUS_OK);
	assert_int_equal(run.state, RUN_DONE);
	procedure_run_init(&run, &procedure, holds, NULL);
	finish(&run, STATUS_OK);
	finish(&run, STATUS_REFUSED);
	assert_int_equal(run.state, RUN_ABORTED);
}

static void half_a_procedure_is_no_success(void **state)
{
	struct procedure_step steps[RUN_STEPS_MAX + 1] = { { .kind = STEP_NOTE } };
	const struct procedure procedure = PROCEDURE(steps);
	struct procedure_run run;

	(void)state;
	procedure_run_init(&run, &procedure, holds, NULL);
	while (run.state == RUN_AT_STEP)
		finish(&run, STATUS_OK);
	assert_int_equal(run.state, RUN_ABORTED);
}

static void nothing_is_written_without_every_proof(void **state)
{
	struct procedure_step steps[] = { { .kind = STEP_WRITE }, { .kind = STEP_PUT, .destroys = true }, { .kind = STEP_WAIT, .destroys = true } };
	struct procedure procedure = PROCEDURE(steps);
	struct procedure_run run;
	struct error error;

	(void)state;
	for (unsigned proofs = 0; proofs < 8; proofs++) {
		procedure_run_init(&run, &procedure, holds, NULL);
		run.is_identified = proofs & 1;
		run.is_image_checked = proofs & 2;
		run.is_image_in_ram = proofs & 4;
		/* the write counts as destroying even where the file forgot to say so */
		assert_int_equal(procedure_run_guard(&run, &error), proofs == 7 ? STATUS_OK : STATUS_REFUSED);
		run.at = 1;
		assert_int_equal(procedure_run_guard(&run, &error), (proofs & 3) == 3 ? STATUS_OK : STATUS_REFUSED);
		run.at = 2;
		assert_int_equal(procedure_run_guard(&run, &error), proofs & 1 ? STATUS_OK : STATUS_REFUSED);
	}
}

static void what_may_change_the_ram_takes_its_proof(void **state)
{
	static const struct { enum step_kind kind; enum status result; bool keeps; } ends[] = {
		{ STEP_POWER, STATUS_OK, false }, { STEP_STOP_BOOT, STATUS_OK, false }, { STEP_BOOT, STATUS_OK, false }, { STEP_LOAD, STATUS_TIMEOUT, false },
		{ STEP_WRITE, STATUS_PROTOCOL, false }, { STEP_WRITE, STATUS_OK, true }, { STEP_LOAD, STATUS_OK, true }, { STEP_COMPARE, STATUS_PROTOCOL, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct procedure_step steps[] = { { .kind = ends[i].kind, .on_fail = "next" }, { .kind = STEP_NOTE } };
		const struct procedure procedure = PROCEDURE(steps);
		struct procedure_run run;

		procedure_run_init(&run, &procedure, holds, NULL);
		run.is_image_in_ram = run.is_identified = true;
		finish(&run, ends[i].result);
		assert_int_equal(run.is_image_in_ram, ends[i].keeps);
		assert_true(run.is_identified);
	}
}

static void resuming_does_again_what_a_restart_lost(void **state)
{
	struct procedure_step steps[] = {
		{ .kind = STEP_NOTE }, { .kind = STEP_WIRE }, { .kind = STEP_IDENTIFY }, { .kind = STEP_CHECK_IMAGE }, { .kind = STEP_SERVE }, { .kind = STEP_POWER },
		{ .kind = STEP_WRITE },
	};
	const struct procedure procedure = PROCEDURE(steps);
	struct procedure_run run;

	(void)state;
	procedure_run_init(&run, &procedure, holds, NULL);
	run.is_identified = run.is_image_checked = run.is_image_in_ram = true;
	procedure_run_resume(&run, 6, holds, NULL);
	assert_int_equal(run.at, 2);
	assert_false(run.is_identified || run.is_image_checked || run.is_image_in_ram);
	procedure_run_resume(&run, 1, holds, NULL);
	assert_int_equal(run.at, 0);
	procedure_run_resume(&run, 99, holds, NULL);
	assert_int_equal(run.at, 0);
}

static bool lookup(void *user, const char *name, char *ret_value, size_t size)
{
	(void)user;
	if (!text_equal(name, "a") && !text_equal(name, "recursive"))
		return false;
	text_copy(ret_value, size, text_equal(name, "a") ? "alpha" : "${a}");
	return true;
}

static void names_are_replaced_once(void **state)
{
	char to[64];

	(void)state;
	assert_true(procedure_expand("x ${a}-${a} $ {", lookup, NULL, to, sizeof(to)));
	assert_string_equal(to, "x alpha-alpha $ {");
	assert_true(procedure_expand("${recursive}", lookup, NULL, to, sizeof(to)));
	assert_string_equal(to, "${a}");
	assert_false(procedure_expand("1${unknown}2${a}3${open", lookup, NULL, to, sizeof(to)));
	assert_string_equal(to, "1${unknown}2alpha3${open");
	assert_true(procedure_expand("", lookup, NULL, to, sizeof(to)));
	assert_string_equal(to, "");
}

static void what_does_not_fit_is_said(void **state)
{
	char to[64];

	(void)state;
	for (size_t size = 0; size < 24; size++) {
		memset(to, '#', sizeof(to));
		assert_int_equal(procedure_expand("12${a}345${no}", lookup, NULL, to, size), false);
		assert_int_equal(to[size], '#');
	}
	assert_false(procedure_expand("boot ${a}", lookup, NULL, to, 8));	/* half a value is a wrong command */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_follow_each_other_and_conditions_skip),
		cmocka_unit_test(a_failure_goes_where_on_fail_says),
		cmocka_unit_test(no_way_of_failing_goes_on_for_ever),
		cmocka_unit_test(cancelling_and_a_result_end_the_run),
		cmocka_unit_test(half_a_procedure_is_no_success),
		cmocka_unit_test(nothing_is_written_without_every_proof),
		cmocka_unit_test(what_may_change_the_ram_takes_its_proof),
		cmocka_unit_test(resuming_does_again_what_a_restart_lost),
		cmocka_unit_test(names_are_replaced_once),
		cmocka_unit_test(what_does_not_fit_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
