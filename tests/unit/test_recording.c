#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "recovery/serial/recording.h"
#include "src/base/cleanup.h"

static void an_entry_of_a_capture_has_three_plain_numbers(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"1 2",
		"1 2 0\n",
		"1 2 -3\n",
		"+1 2 3\n",
		" 1 2 3\n",
		"1  2 3\n",
		"1 2 3 4\n",
		"1 2 3x\n",
		"99999999999999999999 2 3\n",
		"1 18446744073709551615 1\n",
		"# 1 remark\n",
	};
	struct recording_entry entry;

	(void)state;
	assert_true(recording_parse_capture("1700000000123 4096 17\n", &entry));
	assert_int_equal(entry.ms, 1700000000123);
	assert_int_equal(entry.offset, 4096);
	assert_int_equal(entry.length, 17);
	assert_true(recording_parse_capture("1 0 1\r\n", &entry));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (recording_parse_capture(bad[i], &entry))
			fail_msg("'%s' is taken", bad[i]);
}

static void a_remark_keeps_its_words(void **state)
{
	uint64_t ms = 0;
	const char *text = recording_parse_remark("# 42 ttyUSB0 was lost\n", &ms);

	(void)state;
	assert_int_equal(ms, 42);
	assert_string_equal(text, "ttyUSB0 was lost\n");
	assert_null(recording_parse_remark("# was lost\n", &ms));
	assert_null(recording_parse_remark("1 2 3\n", &ms));
	assert_null(recording_parse_remark("", &ms));
}

static void a_capture_goes_on_in_the_same_folder_only(void **state)
{
	char name[RECORDING_NAME_MAX];

	(void)state;
	assert_true(recording_parse_next("goes on in 2024-tty-2.raw\n", name));
	assert_string_equal(name, "2024-tty-2.raw");
	assert_false(recording_parse_next("goes on in ../../etc/shadow.raw\n", name));
	assert_false(recording_parse_next("goes on in /dev/ttyS0.raw\n", name));
	assert_false(recording_parse_next("goes on in ..raw\n", name));
	assert_false(recording_parse_next("goes on in tty-2.txt\n", name));
	assert_false(recording_parse_next("goes on from tty.raw\n", name));
}

static void script_times_come_in_two_formats(void **state)
{
	uint64_t us, count;

	(void)state;
	assert_true(recording_parse_script("0.205343 7\n", &us, &count));
	assert_int_equal(us, 205343);
	assert_int_equal(count, 7);
	assert_true(recording_parse_script("O 1.5 12\n", &us, &count));
	assert_int_equal(us, 1500000);
	assert_int_equal(count, 12);
	assert_true(recording_parse_script("I 0.25 3\n", &us, &count));
	assert_int_equal(count, 0); /* typed, not said */
	assert_true(recording_parse_script("H 0.000000 START_TIME 2023-01-01\n", &us, &count));
	assert_int_equal(count, 0);
	assert_true(recording_parse_script("S 0.1 SIGWINCH ROWS=24\n", &us, &count));
	assert_false(recording_parse_script("-1.0 3\n", &us, &count));
	assert_false(recording_parse_script("O\n", &us, &count));
	assert_false(recording_parse_script("", &us, &count));
	assert_false(recording_parse_script("99999999999 3\n", &us, &count));
}

static size_t stamp(const char *text, uint64_t *ret_ms)
{
	return recording_parse_stamp(bytes_of_text(text), ret_ms);
}

static void stamps_of_tio_and_minicom_are_known(void **state)
{
	uint64_t a, b;

	(void)state;
	assert_int_equal(stamp("[10:15:02.123] U-Boot", &a), 15);
	assert_int_equal(a, ((10 * 60 + 15) * 60 + 2) * 1000 + 123);
	assert_int_equal(stamp("[2023-01-10 12:30:45] x", &a), 22);
	assert_int_equal(stamp("[2023-01-10T12:30:47.5+0100] x", &b), 29);
	assert_int_equal(b - a, 2500);
	assert_int_equal(stamp("[    0.000000] Linux", &a), 0);
	assert_int_equal(stamp("[10:15] x", &a), 0);
	assert_int_equal(stamp("[10:15:02]x", &a), 0);
	assert_int_equal(stamp("10:15:02 x", &a), 0);
	assert_int_equal(stamp("[", &a), 0);
	assert_int_equal(recording_parse_stamp(bytes_of("", 0), &a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_of_a_capture_has_three_plain_numbers),
		cmocka_unit_test(a_remark_keeps_its_words),
		cmocka_unit_test(a_capture_goes_on_in_the_same_folder_only),
		cmocka_unit_test(script_times_come_in_two_formats),
		cmocka_unit_test(stamps_of_tio_and_minicom_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
