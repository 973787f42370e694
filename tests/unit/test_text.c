/* tests/unit/test_text.c: src/base, that is text, buffer, crc and status. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/buffer.h"
#include "src/base/cleanup.h"
#include "src/base/crc.h"
#include "src/base/text.h"

static void copying_cuts_at_a_whole_character(void **state)
{
	char to[6];

	(void)state;
	assert_string_equal(text_copy(to, sizeof(to), "abcdefgh"), "abcde");
	assert_string_equal(text_copy(to, sizeof(to), "abcd\xc3\xa4"), "abcd");
	assert_string_equal(text_copy(to, sizeof(to), "ab\xe2\x82\xac"), "ab\xe2\x82\xac");
	assert_string_equal(text_copy(to, sizeof(to), NULL), "");
	to[0] = '#';
	text_copy(to, 0, "x");
	assert_int_equal(to[0], '#');
	text_copy(to, sizeof(to), "abc");
	text_append(to, sizeof(to), "%s", "defgh");
	assert_string_equal(to, "abcde");
}

static void foreign_bytes_become_showable(void **state)
{
	static const struct { struct bytes from; const char *to; } rows[] = {
		{ { (const uint8_t *)"\x1b[1;31mred\x1b[0m", 14 }, "red" }, { { (const uint8_t *)"a\tb\x07" "c\x7f", 6 }, "a b.c." },
		{ { (const uint8_t *)"\x1b]0;t\x07x", 7 }, "x" }, { { (const uint8_t *)"\x1b]0;t\x1b\\x", 8 }, "x" }, { { (const uint8_t *)"\x1bPq\x1b\\x", 6 }, "x" },
		{ { (const uint8_t *)"\x1b(Bx", 4 }, "x" }, { { (const uint8_t *)"\x1b", 1 }, "" }, { { (const uint8_t *)"\x1b[", 2 }, "" },
		{ { (const uint8_t *)"\xc3\xa4\xff\xc0\xaf", 5 }, "\xc3\xa4..." }, { { (const uint8_t *)"\xc2\x9b" "1m", 4 }, "..1m" }, { { (const uint8_t *)"a\0b", 3 }, "a.b" },
		{ { (const uint8_t *)"\xed\xa0\x80", 3 }, "..." }, { { (const uint8_t *)"\xe2\x82", 2 }, ".." },
	};
	char to[32], small[3];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(text_printable(to, sizeof(to), rows[i].from), strlen(rows[i].to));
		assert_string_equal(to, rows[i].to);
	}
	assert_int_equal(text_printable(small, sizeof(small), BYTES("\xe2\x82\xac")), 0);	/* whole or not at all */
	assert_int_equal(text_printable(small, sizeof(small), BYTES("abc")), 2);
	assert_int_equal(text_printable(small, 0, BYTES("abc")), 0);
}

static void words_are_found_whole(void **state)
{
	(void)state;
	assert_true(text_has_word("one two", "one") && text_has_word("one two", "two") && text_has_word("  two", "two"));
	assert_false(text_has_word("one two", "tw") || text_has_word("one two", "one two") || text_has_word(NULL, "one") || text_has_word("", "one"));
}

static const char *outside(const char *text, char *to)
{
	uint8_t escape = 0;
	size_t size = 0;

	for (; *text; text++)
		if (!text_in_escape(&escape, (uint8_t)*text))
			to[size++] = *text;
	to[size] = '\0';
	return to;
}

static void escape_sequences_are_found_in_a_stream(void **state)
{
	char to[64];

	(void)state;
	assert_string_equal(outside("\x1b[1;31mred\x1b[0m", to), "red");
	assert_string_equal(outside("\x1b]0;title\x07x\x1b]0;title\x1b\\y\x1b(Bz\x1b" "7w", to), "xyzw");
	assert_string_equal(outside("\x1b]noise without an end\r\n=> ", to), "\r\n=> ");	/* a line's end ends it */
	assert_string_equal(outside("\x1b[12\n=> ", to), "\n=> ");
	assert_string_equal(outside("\x1b\x1b[0mx", to), "x");
}

static void sizes_are_read_and_written(void **state)
{
	static const struct { const char *text; uint64_t bytes; } good[] = {
		{ "64", 64 }, { "0x50000", 0x50000 }, { "192KiB", 196608 }, { "16MiB", 16777216 }, { "1GiB", 1073741824 }, { "7 B", 7 }, { "010", 10 }, { "0", 0 },
		{ "18446744073709551615", UINT64_MAX }, { "0X10KiB", 16384 },
	};
	static const char *const bad[] = { NULL, "", "x", "-1", "+1", " 1", "1.5MiB", "29.7 GiB", "1KB", "0x", "18446744073709551616", "17179869184GiB", "1 KiB x" };
	uint64_t bytes = 99;
	char to[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(text_parse_size(good[i].text, &bytes));
		assert_int_equal(bytes, good[i].bytes);
	}
	bytes = 99;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (text_parse_size(bad[i], &bytes))
			fail_msg("'%s' is no size", bad[i]);
	assert_int_equal(bytes, 99);
	assert_string_equal(text_size(to, sizeof(to), 512), "512 B");
	assert_string_equal(text_size(to, sizeof(to), 12582912), "12.0 MiB");
	assert_string_equal(text_size(to, sizeof(to), UINT64_MAX), "16777216.0 TiB");
	assert_string_equal(text_duration(to, sizeof(to), 8400), "8 s");
	assert_string_equal(text_duration(to, sizeof(to), 80000), "1 min 20 s");
	assert_string_equal(text_duration(to, sizeof(to), 7500000), "2 h 5 min");
}

static void texts_are_compared(void **state)
{
	(void)state;
	assert_true(text_contains("Password:", "PASSWORD"));
	assert_true(text_contains("", ""));
	assert_false(text_contains("abc", "abcd"));
	assert_true(text_starts("abc", "ab"));
	assert_false(text_starts("ab", "abc"));
	assert_true(text_equal(NULL, NULL));
	assert_false(text_equal("", NULL));
}

static void a_buffer_keeps_to_its_ceiling(void **state)
{
	struct buffer buffer;
	uint8_t more[100] = { 1 };

	(void)state;
	buffer_init(&buffer, 150);
	assert_int_equal(buffer_append(&buffer, bytes_of(more, 100)), STATUS_OK);
	assert_int_equal(buffer_append(&buffer, bytes_of(more, 100)), STATUS_NO_SPACE);
	assert_int_equal(buffer.size, 100);
	assert_int_equal(buffer_append(&buffer, bytes_of(more, 50)), STATUS_OK);
	assert_int_equal(buffer_append(&buffer, bytes_of(more, SIZE_MAX)), STATUS_NO_SPACE);
	assert_int_equal(buffer_append(&buffer, bytes_of(NULL, 0)), STATUS_OK);
	assert_true(buffer.capacity <= 150);
	buffer_consume(&buffer, 100);
	assert_int_equal(buffer.size, 50);
	assert_int_equal(buffer.data[0], 1);
	buffer_consume(&buffer, 1000);
	assert_int_equal(buffer_bytes(&buffer).size, 0);
	assert_int_equal(buffer_append_text(&buffer, "abc"), STATUS_OK);
	buffer_clear(&buffer);
	assert_int_equal(buffer.size, 0);
	buffer_done(&buffer);
	buffer_done(&buffer);
	assert_int_equal(buffer_append_text(&buffer, "again"), STATUS_OK);
	buffer_done(&buffer);
}

static void the_crc_is_zlibs(void **state)
{
	uint32_t crc;

	(void)state;
	assert_int_equal(crc32_update(0, BYTES("123456789")), 0xcbf43926);
	crc = crc32_update(0, BYTES("1234"));
	assert_int_equal(crc32_update(crc, BYTES("56789")), 0xcbf43926);
	assert_int_equal(crc32_update(0, BYTES("")), 0);
	assert_int_equal(crc32_update(0, BYTES("\xff\xff\xff\xff")), 0xffffffff);
}

static void errors_name_object_operation_and_reason(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(error_set(&error, STATUS_IO, "cannot open '%s'", "x"), STATUS_IO);
	assert_string_equal(error.text, "cannot open 'x'");
	assert_string_equal(error.hint, "");
	assert_int_equal(error_hint(&error, "plug %s in", "it"), STATUS_IO);
	assert_int_equal(error_prefix(&error, "case %d", 3), STATUS_IO);
	assert_string_equal(error.text, "case 3: cannot open 'x'");
	assert_string_equal(error.hint, "plug it in");
	error_prefix(&error, "%0600d", 1);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	assert_int_equal(error_set(NULL, STATUS_BUSY, "x"), STATUS_BUSY);
	assert_int_not_equal(error_hint(NULL, "x"), STATUS_OK);
	assert_string_equal(status_name(STATUS_REFUSED), "refused");
	assert_string_equal(status_name((enum status)99), "unknown");
	for (int i = 0; i <= STATUS_GONE; i++)
		assert_non_null(status_name((enum status)i));
}

static void bytes_are_read_as_they_stand_in_dumps(void **state)
{
	static const char *const no_bytes[] = { "", " ", "27", "linux", "de ad be e", "dead", "0x", "0x2", "0xgg", "27 05 1956", "de adx", "fe ed face" };
	uint8_t bytes[4];

	(void)state;
	assert_int_equal(text_parse_bytes("27 05  19 56 ", bytes, sizeof(bytes)), 4);
	assert_memory_equal(bytes, "\x27\x05\x19\x56", 4);
	assert_int_equal(text_parse_bytes("0xD00d", bytes, sizeof(bytes)), 2);
	assert_memory_equal(bytes, "\xd0\x0d", 2);
	assert_int_equal(text_parse_bytes("0xff", bytes, sizeof(bytes)), 1);
	assert_int_equal(text_parse_bytes("01 02 03 04 05", bytes, sizeof(bytes)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(no_bytes); i++)
		if (text_parse_bytes(no_bytes[i], bytes, sizeof(bytes)) != 0)
			fail_msg("'%s' was taken for bytes", no_bytes[i]);
}

static void a_file_is_named_by_what_stands_behind_the_last_slash(void **state)
{
	(void)state;
	assert_string_equal(text_file_name("/var/log/boot.raw"), "boot.raw");
	assert_string_equal(text_file_name("boot.raw"), "boot.raw");
	assert_string_equal(text_file_name("/dev/serial/"), "/dev/serial/");
	assert_string_equal(text_file_name(""), "");
}

static void what_the_system_refused_is_told_apart(void **state)
{
	(void)state;
	assert_int_equal(status_of_errno(ENOSPC), STATUS_NO_SPACE);
	assert_int_equal(status_of_errno(EDQUOT), STATUS_NO_SPACE);
	assert_int_equal(status_of_errno(EROFS), STATUS_NO_PERMISSION);
	assert_int_equal(status_of_errno(ENOTDIR), STATUS_NOT_FOUND);
	assert_int_equal(status_of_errno(ENOMEM), STATUS_NO_MEMORY);
	assert_int_equal(status_of_errno(EIO), STATUS_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copying_cuts_at_a_whole_character),
		cmocka_unit_test(words_are_found_whole),
		cmocka_unit_test(foreign_bytes_become_showable),
		cmocka_unit_test(escape_sequences_are_found_in_a_stream),
		cmocka_unit_test(sizes_are_read_and_written),
		cmocka_unit_test(bytes_are_read_as_they_stand_in_dumps),
		cmocka_unit_test(texts_are_compared),
		cmocka_unit_test(a_buffer_keeps_to_its_ceiling),
		cmocka_unit_test(the_crc_is_zlibs),
		cmocka_unit_test(a_file_is_named_by_what_stands_behind_the_last_slash),
		cmocka_unit_test(what_the_system_refused_is_told_apart),
		cmocka_unit_test(errors_name_object_operation_and_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
