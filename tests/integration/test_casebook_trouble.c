/* tests/integration/test_casebook_trouble.c: casebooks that cannot be opened, and disks that are full. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "src/store/casebook_schema.h"
#include "tests/integration/casebook_bench.h"

static void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (int i = 0; i < 100; i++)
		fputs(text, file);
	fclose(file);
}

static void assert_not_opened(const char *path, enum status expected)
{
	struct casebook *book = NULL;
	struct error error = { .text = "" };

	assert_int_equal(casebook_open(path, &book, &error), expected);
	assert_null(book);
	assert_int_equal(error.status, expected);
	assert_non_null(strstr(error.text, path));
	assert_true(error.hint[0] != '\0');
}

static void a_file_that_is_no_database_is_named_and_left_alone(void **state)
{
	struct casebook_bench *bench = *state;
	char path[240], line[64] = "";
	FILE *file;

	text_format(path, sizeof(path), "%s/notes.txt", bench->folder);
	put_file(path, "shopping list: milk\n");
	assert_not_opened(path, STATUS_INVALID);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_string_equal(line, "shopping list: milk\n");
	assert_not_opened(bench->folder, STATUS_INVALID);
}

static void run_on(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void another_programs_database_is_not_taken_for_a_casebook(void **state)
{
	struct casebook_bench *bench = *state;
	char path[240];

	text_format(path, sizeof(path), "%s/other.db", bench->folder);
	run_on(path, "CREATE TABLE recipes (x)");
	assert_not_opened(path, STATUS_INVALID);
}

static void a_newer_casebook_is_refused(void **state)
{
	struct casebook_bench *bench = *state;
	char sql[64];

	casebook_close(casebook_bench_open(bench->path));
	text_format(sql, sizeof(sql), "PRAGMA user_version = %d", CASEBOOK_VERSION + 1);
	run_on(bench->path, sql);
	assert_not_opened(bench->path, STATUS_UNSUPPORTED);
}

static void a_damaged_casebook_is_said_to_be_damaged(void **state)
{
	struct casebook_bench *bench = *state;
	struct casebook *book = casebook_bench_open(bench->path);
	static const char junk[4096 - 100] = { 1, 2, 3 };
	struct error error = { .text = "" };
	int fd;

	casebook_close(book);
	fd = open(bench->path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 100), (ssize_t)sizeof(junk));
	close(fd);
	assert_int_equal(casebook_open(bench->path, &book, &error), STATUS_INVALID);
	assert_non_null(strstr(error.text, "damaged"));
	assert_true(error.hint[0] != '\0');
}

static void a_read_only_folder_is_said_to_be_read_only(void **state)
{
	struct casebook_bench *bench = *state;
	char path[240], folder[220];

	text_format(folder, sizeof(folder), "%s/ro", bench->folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	text_format(path, sizeof(path), "%s/casebook.db", folder);
	/* root may write anywhere but on a read-only file system */
	if (geteuid() == 0) {
		if (mount("none", folder, "tmpfs", MS_RDONLY, "size=64k") != 0) {
			fprintf(stderr, "SKIP: cannot mount a tmpfs: %s\n", strerror(errno));
			skip();
		}
		assert_not_opened(path, STATUS_NO_PERMISSION);
		umount(folder);
	} else {
		assert_int_equal(chmod(folder, 0500), 0);
		assert_not_opened(path, STATUS_NO_PERMISSION);
		chmod(folder, 0700);
	}
}

/* Appends entries of 1 KiB until the disk is full; returns how many were kept. */
static size_t append_until_full(struct casebook *book, int64_t id, struct error *reterr)
{
	static char text[1025];
	size_t kept = 0;

	memset(text, 'x', sizeof(text) - 1);
	while (kept < 20000) {
		enum status status;

		text_format(text, 8, "%06zu", kept);
		text[6] = 'x';
		status = casebook_bench_append(book, id, text, reterr);
		if (status != STATUS_OK) {
			assert_int_equal(status, STATUS_NO_SPACE);
			return kept;
		}
		kept++;
	}
	fail_msg("the disk does not get full");
	return 0;
}

static void check_full_disk(const char *path)
{
	struct casebook *book = casebook_bench_open(path);
	struct casebook_reading reading = { .is_numbered = true };
	struct error error = { .text = "" };
	int64_t id = casebook_bench_case(book, 1);
	size_t kept = append_until_full(book, id, &error);

	assert_true(kept > 5);
	assert_non_null(strstr(error.text, path));
	assert_non_null(strstr(error.hint, path));
	assert_non_null(strstr(error.hint, "B free"));
	assert_int_equal(casebook_bench_append(book, id, "x", &error) == STATUS_OK || error.status == STATUS_NO_SPACE, 1);
	reading.is_numbered = false;
	assert_int_equal(casebook_read(book, id, 0, casebook_bench_read, &reading, NULL), STATUS_OK);
	assert_in_range(reading.count, kept, kept + 1);
	casebook_close(book);
}

static void a_full_disk_loses_nothing_earlier_and_says_where_and_how_much_is_free(void **state)
{
	struct casebook_bench *bench = *state;
	char folder[220], path[240];

	if (geteuid() != 0)
		skip();
	text_format(folder, sizeof(folder), "%s/full", bench->folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	if (mount("none", folder, "tmpfs", 0, "size=512k") != 0) {
		fprintf(stderr, "SKIP: cannot mount a tmpfs: %s\n", strerror(errno));
		skip();
	}
	text_format(path, sizeof(path), "%s/casebook.db", folder);
	check_full_disk(path);
	umount(folder);
}

static void a_file_size_limit_is_treated_as_a_full_disk(void **state)
{
	struct casebook_bench *bench = *state;
	struct rlimit before, small;
	struct casebook *book;

	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 300 * 1024;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	check_full_disk(bench->path);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	/* and with room again it goes on */
	book = casebook_bench_open(bench->path);
	assert_int_equal(casebook_bench_append(book, 1, "room again", NULL), STATUS_OK);
	casebook_close(book);
}

static void a_full_disk_at_the_first_start_is_said(void **state)
{
	struct casebook_bench *bench = *state;
	struct rlimit before, none;
	struct casebook *book = NULL;
	struct error error = { .text = "" };
	enum status status;

	getrlimit(RLIMIT_FSIZE, &before);
	none = before;
	none.rlim_cur = 1000;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	status = casebook_open(bench->path, &book, &error);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(status, STATUS_NO_SPACE);
	assert_non_null(strstr(error.hint, "free"));
	/* the torn first start does not stand in the way of the second */
	casebook_close(casebook_bench_open(bench->path));
}

#define TEST(behaviour) cmocka_unit_test_setup_teardown(behaviour, casebook_bench_begin, casebook_bench_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_is_no_database_is_named_and_left_alone),
		TEST(another_programs_database_is_not_taken_for_a_casebook),
		TEST(a_newer_casebook_is_refused),
		TEST(a_damaged_casebook_is_said_to_be_damaged),
		TEST(a_read_only_folder_is_said_to_be_read_only),
		TEST(a_full_disk_loses_nothing_earlier_and_says_where_and_how_much_is_free),
		TEST(a_file_size_limit_is_treated_as_a_full_disk),
		TEST(a_full_disk_at_the_first_start_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
