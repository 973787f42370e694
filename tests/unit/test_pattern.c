/* tests/unit/test_pattern.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/procedure/pattern.h"

static void the_first_group_is_the_version(void **state)
{
	char group[8] = "old";

	(void)state;
	assert_true(pattern_matches("^cam32 firmware (\\S+) ready", "cam32 firmware 2.4.1 ready", group, sizeof(group)));
	assert_string_equal(group, "2.4.1");
	assert_true(pattern_matches("^cam32", "cam32 firmware", group, sizeof(group)));
	assert_string_equal(group, "");
	assert_true(pattern_matches("a(b)?", "a", group, sizeof(group)));
	assert_string_equal(group, "");
	assert_true(pattern_matches("(.*)", "longer than the array", group, sizeof(group)));
	assert_string_equal(group, "longer ");
	assert_true(pattern_matches("(x)", "x", NULL, 0));
	assert_true(pattern_matches("(x)", "x", group, 0));
	assert_string_equal(group, "longer ");
}

static void what_does_not_match_or_compile_is_false(void **state)
{
	(void)state;
	assert_false(pattern_matches("^b", "ab", NULL, 0));
	assert_false(pattern_matches("(", "(", NULL, 0));
	assert_false(pattern_matches(NULL, "a", NULL, 0));
	assert_false(pattern_matches("a", NULL, NULL, 0));
}

static void a_pattern_that_explodes_ends(void **state)
{
	char text[512];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_false(pattern_matches("(?:a+)+(?:a+)+b|(a*)*c", text, NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_group_is_the_version),
		cmocka_unit_test(what_does_not_match_or_compile_is_false),
		cmocka_unit_test(a_pattern_that_explodes_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
