/* tests/unit/test_text_kind.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "recovery/diagnosis/text_kind.h"

static void expect(enum text_kind kind, const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_kind_of(bytes_of_text(lines[i])) != kind)
			fail_msg("not of kind %d: %s", (int)kind, lines[i]);
}

static void messages_of_programs_are_no_prose(void **state)
{
	static const char *const lines[] = {
		"Verifying Checksum ... Bad Data CRC",
		"[  OK  ] Started Flush Journal to Persistent Storage and what belongs to it.",
		"mmcblk0: error -84 sending status command, aborting the request of the card",
		"Linux version 5.4.188 (user@host) (gcc version 8.4.0)",
		"Hit any key to stop autoboot:  0",
		"bootcmd=run distro_bootcmd; reset",
		"UBIFS error (ubi0:0 pid 1): ubifs_read_node: bad node type (255 but expected 9)",
		"THE SYSTEM IS GOING DOWN FOR REBOOT NOW AND WILL BE BACK SOON",
	};

	(void)state;
	expect(TEXT_MESSAGE, lines, sizeof(lines) / sizeof(lines[0]));
}

static void sentences_of_words_alone_are_prose(void **state)
{
	static const char *const lines[] = {
		"If the image does not fit, the program refuses it and the device stays as it was.",
		"  the loader then tells that the signature is wrong, and waits at its prompt",
		"Try to find out whether an older version of the compiler does the same",
	};

	(void)state;
	expect(TEXT_PROSE, lines, sizeof(lines) / sizeof(lines[0]));
}

static void program_source_is_told_by_its_line_ends(void **state)
{
	static const char *const lines[] = {
		"	return error_set(reterr, STATUS_INVALID, \"the image does not fit\");",
		"static bool is_code(struct bytes line) {",
		"}",
		"#include <stdio.h>",
		"// bad checksum",
	};

	(void)state;
	expect(TEXT_CODE, lines, sizeof(lines) / sizeof(lines[0]));
}

static void nothing_but_blanks_is_no_kind(void **state)
{
	(void)state;
	assert_int_equal(text_kind_of(bytes_of_text("")), TEXT_BLANK);
	assert_int_equal(text_kind_of(bytes_of_text(" \t ")), TEXT_BLANK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_programs_are_no_prose),
		cmocka_unit_test(sentences_of_words_alone_are_prose),
		cmocka_unit_test(program_source_is_told_by_its_line_ends),
		cmocka_unit_test(nothing_but_blanks_is_no_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
