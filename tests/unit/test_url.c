/* What is read from a URL: whether it may be fetched, what may be shown, what the file is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/url.h"

static void the_web_and_ftp_may_be_fetched_and_nothing_else(void **state)
{
	static const char *const good[] = { "https://a/b", "HTTP://a", "ftp://u:p@[::1]:21/x?y#z" };
	static const char *const bad[] = { "", "a", "/etc/passwd", "file:///etc/passwd", "https:/a", "https://", "https:///x", "httpsx://a", "scp://a/b",
					   "https://a/b c", "https://a/\nb", "://a" };
	char big[URL_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(url_check(good[i], NULL), STATUS_OK);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(url_check(bad[i], NULL), STATUS_INVALID);
	memset(big, 'a', sizeof(big));
	memcpy(big, "https://", 8);
	big[URL_MAX] = '\0';
	assert_int_equal(url_check(big, NULL), STATUS_INVALID);
}

static void user_and_password_are_not_shown(void **state)
{
	char shown[64];

	(void)state;
	assert_string_equal(url_shown(shown, sizeof(shown), "https://me:pa@ss@host:1/x@y?z@"), "https://host:1/x@y?z@");
	assert_string_equal(url_shown(shown, sizeof(shown), "https://host/x@y"), "https://host/x@y");
	assert_string_equal(url_shown(shown, 12, "https://me:pw@host/x"), "https://hos");
}

static void the_name_is_the_last_part_made_safe(void **state)
{
	static const struct {
		const char *url, *name;
	} rows[] = {
		{ "https://h/a/fw-1.2_b+c~d.bin", "fw-1.2_b+c~d.bin" }, { "https://h/a/fw.bin?token=x/y", "fw.bin" }, { "https://h/a/fw.bin#/x", "fw.bin" },
		{ "https://h/a%20b%28.bin", "a_b_.bin" }, { "https://h/..%2f..%2Fetc%2fpasswd", "_._.._etc_passwd" }, { "https://h/.bashrc", "_bashrc" },
		{ "https://h/-rf", "_rf" }, { "https://h/a/..", "_." }, { "https://h/%00%1b[2J", "___2J" }, { "https://h/%zz%4", "_zz_4" },
		{ "https://h/a/", "" }, { "https://h", "" }, { "https://h?x/y", "" }, { "h/x", "" }, { "https://h/f\xc3\xbcr.bin", "f__r.bin" },
	};
	char name[200], long_url[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(url_file_name(name, sizeof(name), rows[i].url), rows[i].name);
	memset(long_url, 'x', sizeof(long_url));
	memcpy(long_url, "https://h/", 10);
	long_url[399] = '\0';
	assert_int_equal(strlen(url_file_name(name, sizeof(name), long_url)), 128);
	assert_int_equal(strlen(url_file_name(name, 10, long_url)), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_web_and_ftp_may_be_fetched_and_nothing_else),
		cmocka_unit_test(user_and_password_are_not_shown),
		cmocka_unit_test(the_name_is_the_last_part_made_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
