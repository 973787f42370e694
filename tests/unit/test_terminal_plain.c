/* When text needs no emulator, and when it does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "ui/terminal_plain.h"

static bool is_ready_after(const char *text)
{
	struct terminal_plain all = { 0 }, bytes = { 0 };

	terminal_plain_follow(&all, bytes_of_text(text));
	for (const char *at = text; *at != '\0'; at++)
		terminal_plain_follow(&bytes, bytes_of(at, 1));
	assert_int_equal(terminal_plain_is_ready(&all), terminal_plain_is_ready(&bytes));
	return terminal_plain_is_ready(&all);
}

static void text_is_plain_behind_a_line(void **state)
{
	(void)state;
	assert_true(is_ready_after("boot\r\n"));
	assert_false(is_ready_after("boot"));
	assert_false(is_ready_after(""));
}

static void what_leaves_no_trace_does_not_matter(void **state)
{
	static const char *const texts[] = {
		"\x1b[31mred\x1b[0m\n", "\x1b[1;31mred\x1b[m\n", "\x1b[2J\x1b[10;20H\n", "\x1b[K\n", "\x1b[6n\n", "\x1b[?25l\n", "\x1b[?1;2004h\n", "\x1b[r\n", "\x1b=\n", "\xc3\xbc\x05\n",
		"\x1b[4h\x1b" "c\n", "\x0e\x1b" "c\n", "\x1b[31m\x1b" "c\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!is_ready_after(texts[i]))
			fail_msg("number %zu", i);
}

static void what_changes_the_terminal_does(void **state)
{
	static const char *const texts[] = {
		"\x1b[31mred\n", "\x1b[0;1m\n", "\x1b[0m\x1b[7m\n", "\x1b[2;10r\n", "\x1b[4h\n", "\x1b[20h\n", "\x1b[?7l\n", "\x1b[?6h\n",
		"\x1b[?1;7l\n", "\x1b[?69h\n", "\x1b(0\n", "\x0e\n", "\x1b#8\n", "\x1b#3\n", "\x1b[!p\n", "\x1b[?1049h\n", "\x1b" "8\n",
		"\x1b]\n", "\x1bP\n", "\x1b[\n", "\x1b\n", "\x1b[999999999m\n", "\x1b[4h\x1b[4l\n", "\x1b[1\x18m\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (is_ready_after(texts[i]))
			fail_msg("number %zu", i);
}

static void lines_are_counted_in_rows(void **state)
{
	size_t rows;

	(void)state;
	assert_int_equal(terminal_plain_lines(bytes_of_text("a\r\n\r\n12345678\r\n123456789\r\r\nrest\r"), 8, &rows), 27);
	assert_int_equal(rows, 1 + 1 + 1 + 2);
	assert_int_equal(terminal_plain_lines(bytes_of_text("a\nb\r\n"), 8, &rows), 0);
	assert_int_equal(terminal_plain_lines(bytes_of_text("a\tb\r\n"), 8, &rows), 0);
	assert_int_equal(terminal_plain_lines(bytes_of_text("ok\r\na\x7f\r\n"), 8, &rows), 4);
	assert_int_equal(rows, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_plain_behind_a_line),
		cmocka_unit_test(what_leaves_no_trace_does_not_matter),
		cmocka_unit_test(what_changes_the_terminal_does),
		cmocka_unit_test(lines_are_counted_in_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
