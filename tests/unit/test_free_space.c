/* tests/unit/test_free_space.c: df of BusyBox and of GNU, with and without /proc/mounts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/procedure/free_space.h"

static const char busybox[] =
	"Filesystem           1K-blocks      Used Available Use% Mounted on\n"
	"/dev/root                 4352      4352         0 100% /\n"
	"tmpfs                    29448        64     29384   0% /tmp\n"
	"/dev/mtdblock_with_a_long_name\n"
	"                          1024      1020         4 100% /data\n"
	"/dev/root / squashfs ro,relatime 0 0\n"
	"tmpfs /tmp tmpfs rw,nosuid 0 0\n"
	"/dev/mtdblock_with_a_long_name /data jffs2 rw,relatime 0 0\n";

static void a_packed_root_is_full_and_well(void **state)
{
	struct free_space list[FREE_SPACE_MAX];
	size_t count = free_space_parse(busybox, list, FREE_SPACE_MAX);
	const struct free_space *fullest = free_space_fullest(list, count);

	(void)state;
	assert_int_equal(count, 3);
	assert_true(list[0].is_read_only);
	assert_non_null(fullest);
	assert_string_equal(fullest->mount, "/data");
	assert_true(free_space_is_full(fullest));
}

static void sizes_behind_a_long_name_on_its_own_line_are_read(void **state)
{
	struct free_space list[FREE_SPACE_MAX];
	size_t count = free_space_parse(busybox, list, FREE_SPACE_MAX);
	const struct free_space *data = free_space_at(list, count, "/data");

	(void)state;
	assert_non_null(data);
	assert_int_equal(data->total_kib, 1024);
	assert_int_equal(data->free_kib, 4);
	assert_null(free_space_at(list, count, "/dat"));
}

static void room_is_not_called_full(void **state)
{
	struct free_space list[FREE_SPACE_MAX];
	size_t count = free_space_parse("/dev/sda1 1000 900 100 90% /\n", list, FREE_SPACE_MAX);

	(void)state;
	assert_int_equal(count, 1);
	assert_false(free_space_is_full(&list[0]));
}

static void other_text_is_no_file_system(void **state)
{
	struct free_space list[2];

	(void)state;
	assert_int_equal(free_space_parse("df: not found\n1 2 3 4 5\n\n% / \n", list, 2), 0);
	assert_null(free_space_fullest(list, 0));
}

static void more_than_there_is_room_for_is_left_out(void **state)
{
	struct free_space list[1];

	(void)state;
	assert_int_equal(free_space_parse("a 10 5 5 50% /\nb 10 5 5 50% /b\n", list, 1), 1);
	assert_string_equal(list[0].mount, "/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packed_root_is_full_and_well),
		cmocka_unit_test(sizes_behind_a_long_name_on_its_own_line_are_read),
		cmocka_unit_test(room_is_not_called_full),
		cmocka_unit_test(other_text_is_no_file_system),
		cmocka_unit_test(more_than_there_is_room_for_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
