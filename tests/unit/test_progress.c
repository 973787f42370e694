/* What the progress line of a transfer says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/cli/progress.h"
#include "src/io/loop.h"

enum { MIB = 1024 * 1024 };

static void what_is_not_known_is_left_out(void **state)
{
	static const struct { uint64_t bytes, total, rate; const char *text; } rows[] = {
		{ 0, 0, 0, "a: 0 B" },
		{ 3 * MIB, 0, 0, "a: 3.0 MiB" },
		{ 3 * MIB, 0, MIB, "a: 3.0 MiB, 1.0 MiB/s" },
		{ 3 * MIB, 7 * MIB, 0, "a: 3.0 MiB of 7.0 MiB" },
		{ 3 * MIB, 7 * MIB, MIB, "a: 3.0 MiB of 7.0 MiB, 1.0 MiB/s, 5 s left" },
		{ 7 * MIB, 7 * MIB, MIB, "a: 7.0 MiB of 7.0 MiB, 1.0 MiB/s" },
		{ 8 * MIB, 7 * MIB, MIB, "a: 8.0 MiB of 7.0 MiB, 1.0 MiB/s" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[80] = "a: ";

		progress_append(text, sizeof(text), rows[i].bytes, rows[i].total, rows[i].rate);
		progress_append_left(text, sizeof(text), rows[i].bytes, rows[i].total, rows[i].rate);
		assert_string_equal(text, rows[i].text);
	}
}

static void a_rate_is_none_before_the_next_try_begins(void **state)
{
	uint64_t now = loop_now_ms();

	(void)state;
	assert_in_range(progress_rate(UINT64_C(1) << 50, now - 1000), 1, UINT64_C(1) << 50);
	assert_int_equal(progress_rate(1000000, now + 100000), 0);
}

static void a_line_that_nobody_wants_takes_no_place(void **state)
{
	struct progress_line line = { .is_wanted = false };

	(void)state;
	progress_show(&line, "  3.0 MiB");
	assert_int_equal(line.columns, 0);
	line.is_wanted = true;
	progress_show(&line, "  3.0 MiB");
	assert_int_equal(line.columns, 9);
	progress_clear(&line);
	assert_int_equal(line.columns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(a_rate_is_none_before_the_next_try_begins),
		cmocka_unit_test(a_line_that_nobody_wants_takes_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
