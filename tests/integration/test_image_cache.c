/* What cases fetched and unpacked: what goes, what stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/text.h"
#include "src/store/image_cache.h"
#include "tests/fakes/temp_folder.h"

struct bench {
	char folder[128];
};

static void put(const struct bench *bench, const char *place, const char *name, size_t size, int age)
{
	struct timespec times[2] = { { .tv_sec = 1000000 - age }, { .tv_sec = 1000000 - age } };
	char path[256];
	FILE *file;

	for (const char *at = place; at != NULL; at = strchr(at, '/')) {
		at += *at == '/';
		text_format(path, sizeof(path), "%s/%.*s", bench->folder, (int)(strchrnul(at, '/') - place), place);
		(void)mkdir(path, 0700);
	}
	text_format(path, sizeof(path), "%s/%s/%s", bench->folder, place, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	for (size_t i = 0; i < size; i++)
		fputc('x', file);
	fclose(file);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool is_there(const struct bench *bench, const char *path)
{
	char full[256];

	return access(text_format(full, sizeof(full), "%s/%s", bench->folder, path), F_OK) == 0;
}

static void what_a_case_needs_no_more_goes_and_its_image_stays(void **state)
{
	struct bench *bench = *state;
	char image[256];

	put(bench, "downloads/7", "pack.zip", 10, 0);
	put(bench, "images/7", "fw.bin", 10, 0);
	put(bench, "images/7-2", "other.bin", 10, 0);
	put(bench, "images/77", "fw.bin", 10, 0);
	text_format(image, sizeof(image), "%s/images/7/fw.bin", bench->folder);
	assert_int_equal(image_cache_case_of(bench->folder, image), 7);
	assert_int_equal(image_cache_drop(bench->folder, 7, image), 2);
	assert_true(is_there(bench, "images/7/fw.bin"));
	assert_true(is_there(bench, "images/77/fw.bin"));
	assert_false(is_there(bench, "downloads/7"));
	assert_false(is_there(bench, "images/7-2"));
	assert_int_equal(image_cache_drop(bench->folder, 7, NULL), 1);
	assert_false(is_there(bench, "images/7"));
}

static bool is_not_eight(void *user, int64_t case_id)
{
	(void)user;
	return case_id != 8;
}

static void the_oldest_go_first_and_those_of_open_cases_never(void **state)
{
	struct bench *bench = *state;

	put(bench, "images/8", "open.bin", 900, 50);
	put(bench, "images/1", "a.bin", 100, 40);
	put(bench, "images/2", "b.bin", 100, 30);
	put(bench, "downloads/3", "c.bin", 100, 20);
	assert_int_equal(image_cache_shrink(bench->folder, 1000, 3, is_not_eight, NULL), 0);
	assert_int_equal(image_cache_shrink(bench->folder, 250, 3, is_not_eight, NULL), 1);
	assert_false(is_there(bench, "images/1"));
	assert_int_equal(image_cache_shrink(bench->folder, 250, 1, is_not_eight, NULL), 1);
	assert_false(is_there(bench, "images/2"));
	assert_true(is_there(bench, "downloads/3/c.bin"));
	assert_true(is_there(bench, "images/8/open.bin"));
}

static void links_and_strange_folders_are_left_alone(void **state)
{
	struct bench *bench = *state;
	char target[256], link[256];

	put(bench, "elsewhere", "keep.bin", 10, 0);
	put(bench, "images/notes", "keep.bin", 10, 0);
	put(bench, "images/5x", "keep.bin", 10, 0);
	put(bench, "images/5", "fw.bin", 10, 0);
	text_format(target, sizeof(target), "%s/elsewhere", bench->folder);
	assert_int_equal(symlink(target, text_format(link, sizeof(link), "%s/images/5-2", bench->folder)), 0);
	text_format(target, sizeof(target), "%s/elsewhere/keep.bin", bench->folder);
	assert_int_equal(symlink(target, text_format(link, sizeof(link), "%s/images/5/link.bin", bench->folder)), 0);
	assert_int_equal(image_cache_drop(bench->folder, 5, NULL), 1);
	assert_true(is_there(bench, "elsewhere/keep.bin"));
	assert_true(is_there(bench, "images/notes/keep.bin"));
	assert_true(is_there(bench, "images/5x/keep.bin"));
	assert_true(is_there(bench, "images/5/link.bin"));
	assert_int_equal(image_cache_case_of(bench->folder, target), 0);
	assert_int_equal(image_cache_drop("/nonexistent-folder", 5, NULL), 0);
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	*state = bench;
	return bench == NULL || !temp_folder_make(bench->folder, sizeof(bench->folder), "unbrick-cache");
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	temp_folder_remove(bench->folder);
	free(bench);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_a_case_needs_no_more_goes_and_its_image_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_oldest_go_first_and_those_of_open_cases_never, set_up, tear_down),
		cmocka_unit_test_setup_teardown(links_and_strange_folders_are_left_alone, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
