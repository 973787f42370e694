/* What passes to the emulator, and what it must not be given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/terminal_guard.h"

static void assert_passes(struct bytes in, const char *expected)
{
	uint8_t to[TERMINAL_GUARD_OUT_MAX], one[TERMINAL_GUARD_OUT_MAX];
	struct terminal_guard all = { 0 }, parts = { 0 };
	size_t size = terminal_guard_pass(&all, in, to), got = 0;

	assert_int_equal(size, strlen(expected));
	assert_memory_equal(to, expected, size);
	for (size_t i = 0; i < in.size; i++)
		got += terminal_guard_pass(&parts, bytes_of(in.data + i, 1), one + got);
	assert_int_equal(got, size);
	assert_memory_equal(one, to, size);
}

static void sound_text_passes_unchanged(void **state)
{
	static const char *const texts[] = {
		"boot\r\n", "\x1b[1;31mred\x1b[0m", "\x1b[38:2:1:2:3m", 
		"\x1b[?1049h\x1b[9999;9999H", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", "1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18 99999",
		"\x1b(0\x1b)B b", "\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16m;;;;99999", "\x1b[ q123456;", "\x1b" "7\x1b" "8\x1b=",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_passes(bytes_of_text(texts[i]), texts[i]);
}

static void a_sequence_has_sixteen_parameters_at_most(void **state)
{
	(void)state;
	assert_passes(BYTES("\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18m."), "\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16m.");
	assert_passes(BYTES("\x1b[?::::::::::::::::::::::::\nA"), "\x1b[?:::::::::::::::\nA");
	assert_passes(BYTES("\x1b(\x07[;;;;;;;;;;;;;;;;;;;;;;;;A"), "\x1b(\x07[;;;;;;;;;;;;;;;A");
	assert_passes(BYTES("\x1b\x1b\x07[;;;;;;;;;;;;;;;;;;;;;;;;A"), "\x07\x1b[;;;;;;;;;;;;;;;A");
}

static void strings_do_not_pass(void **state)
{
	(void)state;
	assert_passes(BYTES("a\x1b]0;title\x07" "b\x1b]52;c;aGk=\x1b\\c\x1bP$qm\x1b\\d\x1b_x\x1b\\e\x1b^x\x07" "f\x1bXx\x18g"), "abcdefg");
	assert_passes(BYTES("\x1b]\xe2\x82\xff\x1b[31mred\x1b]2;x\x1b]0;y\x07."), "\x1b[31mred.");
	assert_passes(BYTES("\x1b(]0;x\x07"), "\x1b(\x18" "0;x\x07");
	assert_passes(BYTES("\x1b[1\x1bPx\x1b\\:::::\x1b[2\x1b[3m"), "\x1b[1\x18:::::\x1b[2\x18\x1b[3m");
	assert_passes(BYTES("noise \x1bP and then\r\na line"), "noise \r\na line");
}

static void numbers_stay_within_reason(void **state)
{
	(void)state;
	assert_passes(BYTES("\x1b[2147483647A\x1b[00000000012345;1B"), "\x1b[2147A\x1b[0000000001234;1B");
}

static void nothing_is_repeated(void **state)
{
	(void)state;
	assert_passes(BYTES("\x1b[5bb\x1b[?5bb\x1b[bb"), "\x1b[5\x18" "b\x1b[?5\x18" "b\x1b[\x18" "b");
}

static void what_is_no_utf8_is_replaced_and_what_is_cut_waits(void **state)
{
	struct terminal_guard guard = { 0 };
	uint8_t to[TERMINAL_GUARD_OUT_MAX];

	(void)state;
	assert_passes(BYTES("\xff\xc3" "A"), "\xef\xbf\xbd\xef\xbf\xbd" "A");
	assert_passes(BYTES("\xe2\x82\xe2\x82\xac"), "\xef\xbf\xbd\xe2\x82\xac");
	assert_passes(BYTES("\xc0\x80\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_passes(BYTES("\xc2\x9b" "5n\xc2\xa0"), "\xef\xbf\xbd\xef\xbf\xbd" "5n\xc2\xa0");
	assert_passes(BYTES("\xf4\x90" "A\xf0\x9f\x1b[A"), "\xef\xbf\xbd\xef\xbf\xbd" "A\xef\xbf\xbd\x1b[A");
	assert_int_equal(terminal_guard_pass(&guard, BYTES("a\xf0\x9f\x98"), to), 1);
	assert_int_equal(terminal_guard_pass(&guard, BYTES("\x80"), to), 4);
}

static void combining_characters_end_somewhere(void **state)
{
	struct terminal_guard guard = { 0 };
	uint8_t to[TERMINAL_GUARD_OUT_MAX];
	size_t passed = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		passed += terminal_guard_pass(&guard, BYTES("\xcc\x81"), to);
		terminal_guard_stands(&guard);
	}
	assert_true(passed < 1000);
	assert_int_equal(terminal_guard_pass(&guard, BYTES("e\xcc\x81"), to), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_text_passes_unchanged),
		cmocka_unit_test(a_sequence_has_sixteen_parameters_at_most),
		cmocka_unit_test(strings_do_not_pass),
		cmocka_unit_test(numbers_stay_within_reason),
		cmocka_unit_test(nothing_is_repeated),
		cmocka_unit_test(what_is_no_utf8_is_replaced_and_what_is_cut_waits),
		cmocka_unit_test(combining_characters_end_somewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
