#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "recovery/serial/line_check.h"

static void each_row_can_be_answered_and_says_what_that_proves(void **state)
{
	(void)state;
	for (unsigned row = 0; row < LINE_CHECKS; row++) {
		const struct line_check_row *asked = &line_check_rows()[row];
		bool goes_on = false;

		assert_non_null(asked->question);
		for (unsigned i = 0; i < LINE_CHECK_ANSWERS_MAX && asked->answer[i].key != 0; i++) {
			const struct line_check_answer *answer = &asked->answer[i];

			goes_on |= answer->effect != LINE_CHECK_FOUND;
			if (answer->effect != LINE_CHECK_LOOPBACK && answer->proves == NULL)
				fail_msg("%s, %s: proves nothing", asked->name, answer->id);
			if (answer->effect == LINE_CHECK_FOUND && answer->remedy == NULL)
				fail_msg("%s, %s: no remedy", asked->name, answer->id);
			for (unsigned k = 0; k < i; k++)
				if (answer->key == asked->answer[k].key || strcmp(answer->id, asked->answer[k].id) == 0)
					fail_msg("%s, %s: twice", asked->name, answer->id);
			/* the keys of the screen itself */
			assert_null(strchr("aq?:", answer->key));
		}
		if (!goes_on)
			fail_msg("%s: no answer leads on", asked->name);
	}
}

static void go(struct line_check *check, const char *const *answers)
{
	line_check_begin(check);
	for (; *answers; answers++) {
		assert_true(line_check_answer(check, *answers));
		if (check->state == LINE_CHECK_TESTING)
			line_check_loopback(check, 99, 99, 0);
	}
}

static void a_line_that_was_tested_from_end_to_end_is_proven(void **state)
{
	struct line_check check;

	(void)state;
	go(&check, (const char *const[]){ "yes", "joined", "nothing", "yes", "3.3", "no", "yes", "no", NULL });
	assert_int_equal(check.state, LINE_CHECK_OVER);
	assert_false(check.has_found);
	assert_true(check.is_proven);
	assert_null(line_check_asked(&check));
}

static void what_was_left_out_is_not_proven(void **state)
{
	struct line_check check;

	(void)state;
	go(&check, (const char *const[]){ "yes", "unknown", "nothing", "yes", "3.3", "no", "yes", "no", NULL });
	assert_int_equal(check.state, LINE_CHECK_OVER);
	assert_false(check.has_found);
	assert_false(check.is_proven);
}

static void a_fault_ends_it_with_the_remedy(void **state)
{
	struct line_check check;

	(void)state;
	go(&check, (const char *const[]){ "yes", "unknown", "nothing", "yes", "1.8", NULL });
	assert_int_equal(check.state, LINE_CHECK_OVER);
	assert_true(check.has_found);
	assert_non_null(strstr(check.found, "1.8 V"));
	assert_non_null(check.remedy);
	assert_false(line_check_answer(&check, "yes"));
}

static void the_adapter_is_judged_by_what_came_back(void **state)
{
	struct line_check check;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		static const struct {
			size_t back, wrong;
			bool is_good;
		} seen[] = { { 99, 0, true }, { 0, 0, false }, { 98, 0, false }, { 99, 1, false } };

		go(&check, (const char *const[]){ "yes", NULL });
		assert_true(line_check_answer(&check, "joined"));
		assert_int_equal(check.state, LINE_CHECK_TESTING);
		assert_false(line_check_answer(&check, "unknown")); /* it runs */
		line_check_heard(&check, true); /* that is the test itself */
		line_check_loopback(&check, 99, seen[i].back, seen[i].wrong);
		assert_int_equal(check.state, seen[i].is_good ? LINE_CHECK_ASKING : LINE_CHECK_OVER);
		assert_int_equal(check.has_found, !seen[i].is_good);
	}
}

static void hearing_the_device_ends_it(void **state)
{
	struct line_check check;

	(void)state;
	line_check_begin(&check);
	line_check_heard(&check, false);
	assert_int_equal(check.state, LINE_CHECK_OVER);
	assert_true(check.is_heard);
	assert_false(line_check_answer(&check, "yes"));
}

static void the_pattern_has_no_control_that_a_device_would_obey(void **state)
{
	uint8_t pattern[128];
	size_t size = line_check_pattern(pattern, sizeof(pattern));

	(void)state;
	assert_in_range(size, 90, sizeof(pattern));
	for (size_t i = 0; i < size; i++)
		assert_false(pattern[i] == '\r' || pattern[i] == '\n' || pattern[i] == 3 || pattern[i] == 4);
	assert_int_equal(line_check_pattern(pattern, 7), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_can_be_answered_and_says_what_that_proves),
		cmocka_unit_test(a_line_that_was_tested_from_end_to_end_is_proven),
		cmocka_unit_test(what_was_left_out_is_not_proven),
		cmocka_unit_test(a_fault_ends_it_with_the_remedy),
		cmocka_unit_test(the_adapter_is_judged_by_what_came_back),
		cmocka_unit_test(hearing_the_device_ends_it),
		cmocka_unit_test(the_pattern_has_no_control_that_a_device_would_obey),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
