/* The casebook on real files: what was appended stays, whatever happens to the writer, the disk or the other process. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "src/store/casebook.h"
#include "src/store/casebook_schema.h"
#include "tests/fakes/temp_folder.h"

struct bench {
	char path[240];
	char folder[200];
};

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	if (bench == NULL)
		return -1;
	if (!temp_folder_make(bench->folder, sizeof(bench->folder), "casebook"))
		return -1;
	text_format(bench->path, sizeof(bench->path), "%s/state/casebook.db", bench->folder);
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	temp_folder_remove(bench->folder);
	free(bench);
	return 0;
}

static struct casebook *open_book(const char *path)
{
	struct casebook *book = NULL;
	struct error error = { .text = "" };

	if (casebook_open(path, &book, &error) != STATUS_OK)
		fail_msg("%s (%s)", error.text, error.hint);
	return book;
}

static int64_t new_case(struct casebook *book, int64_t now_ms)
{
	int64_t id = 0;

	assert_int_equal(casebook_case_new(book, now_ms, &id, NULL), STATUS_OK);
	assert_true(id > 0);
	return id;
}

static enum status append(struct casebook *book, int64_t case_id, const char *text, struct error *reterr)
{
	struct journal_entry entry = { .case_id = case_id, .time_ms = 5, .by = JOURNAL_OBSERVED, .kind = "event", .text = text };

	return casebook_append(book, &entry, reterr);
}

struct reading {
	size_t count, stop_after;
	int64_t last_id;
	char last_text[64];
	bool is_numbered;	/* the texts are 0, 1, 2... */
};

static bool on_entry(void *user, const struct journal_entry *entry)
{
	struct reading *reading = user;

	assert_true(entry->id > reading->last_id);
	if (reading->is_numbered && atol(entry->text) != (long)reading->count)
		fail_msg("entry %zu is '%s'", reading->count, entry->text);
	reading->last_id = entry->id;
	text_copy(reading->last_text, sizeof(reading->last_text), entry->text);
	return ++reading->count != reading->stop_after;
}

static void an_empty_folder_becomes_a_casebook_that_only_its_owner_reads(void **state)
{
	struct bench *bench = *state;
	struct casebook *book = open_book(bench->path);
	char folder[240];
	struct stat about;

	assert_string_equal(casebook_path(book), bench->path);
	assert_int_equal(stat(bench->path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	text_format(folder, sizeof(folder), "%s/state", bench->folder);
	assert_int_equal(stat(folder, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0700);
	casebook_close(book);
}

static void without_a_path_it_lies_in_the_state_folder(void **state)
{
	struct bench *bench = *state;
	struct casebook *book;
	char expected[240];

	setenv("XDG_STATE_HOME", bench->folder, 1);
	book = open_book(NULL);
	text_format(expected, sizeof(expected), "%s/unbrick/casebook.db", bench->folder);
	assert_string_equal(casebook_path(book), expected);
	casebook_close(book);
	setenv("XDG_STATE_HOME", "relative/is/ignored", 1);
	setenv("HOME", bench->folder, 1);
	book = open_book(NULL);
	text_format(expected, sizeof(expected), "%s/.local/state/unbrick/casebook.db", bench->folder);
	assert_string_equal(casebook_path(book), expected);
	casebook_close(book);
	unsetenv("XDG_STATE_HOME");
}

static void entries_come_back_in_order_and_whole(void **state)
{
	struct bench *bench = *state;
	struct casebook *book = open_book(bench->path);
	int64_t id = new_case(book, 1000), other = new_case(book, 2000);
	struct reading all = { .is_numbered = true }, rest = { 0 }, one = { .stop_after = 1 };
	char text[16];

	for (int i = 0; i < 20; i++) {
		text_format(text, sizeof(text), "%d", i);
		assert_int_equal(append(book, id, text, NULL), STATUS_OK);
		assert_int_equal(append(book, other, "noise", NULL), STATUS_OK);
	}
	casebook_close(book);
	book = open_book(bench->path);
	assert_int_equal(casebook_read(book, id, 0, on_entry, &all, NULL), STATUS_OK);
	assert_int_equal(all.count, 20);
	rest.last_id = all.last_id - 4;
	assert_int_equal(casebook_read(book, id, all.last_id - 4, on_entry, &rest, NULL), STATUS_OK);
	assert_int_equal(rest.count, 2);
	assert_int_equal(casebook_read(book, id, 0, on_entry, &one, NULL), STATUS_OK);
	assert_int_equal(one.count, 1);
	casebook_close(book);
}

static bool appends_while_reading(void *user, const struct journal_entry *entry)
{
	struct { struct casebook *book; size_t count; } *reader = user;

	reader->count++;
	assert_int_equal(append(reader->book, entry->case_id, "more", NULL), STATUS_OK);
	return reader->count < 100;
}

static void appending_while_reading_does_not_go_on_for_ever(void **state)
{
	struct bench *bench = *state;
	struct { struct casebook *book; size_t count; } reader = { open_book(bench->path), 0 };
	int64_t id = new_case(reader.book, 1);

	assert_int_equal(append(reader.book, id, "one", NULL), STATUS_OK);
	assert_int_equal(append(reader.book, id, "two", NULL), STATUS_OK);
	assert_int_equal(casebook_read(reader.book, id, 0, appends_while_reading, &reader, NULL), STATUS_OK);
	assert_int_equal(reader.count, 2);
	casebook_close(reader.book);
}

static void the_last_value_of_a_key_counts(void **state)
{
	struct bench *bench = *state;
	struct casebook *book = open_book(bench->path);
	int64_t id = new_case(book, 1000);
	struct error error = { .text = "" };
	char value[8];

	assert_int_equal(casebook_get(book, id, "device", value, sizeof(value), &error), STATUS_NOT_FOUND);
	assert_int_equal(casebook_set(book, id, 2000, JOURNAL_OPERATOR, "device", "first", NULL), STATUS_OK);
	assert_int_equal(casebook_set(book, id, 3000, JOURNAL_PROGRAM, "device", "second", NULL), STATUS_OK);
	assert_int_equal(append(book, id, "device", NULL), STATUS_OK);	/* not a "set" */
	assert_int_equal(casebook_get(book, id, "device", value, sizeof(value), &error), STATUS_OK);
	assert_string_equal(value, "second");
	assert_int_equal(casebook_set(book, id, 4000, JOURNAL_PROGRAM, "device", "far too long", NULL), STATUS_OK);
	assert_int_equal(casebook_get(book, id, "device", value, sizeof(value), &error), STATUS_OK);
	assert_string_equal(value, "far too");
	casebook_close(book);
}

static void cases_are_listed_newest_first_with_what_their_keys_say(void **state)
{
	struct bench *bench = *state;
	struct casebook *book = open_book(bench->path);
	int64_t first = new_case(book, 1000), second = new_case(book, 2000), third = new_case(book, 3000);
	struct case_summary found[4];
	struct error error = { .text = "" };
	size_t count = 0;

	assert_int_equal(casebook_set(book, first, 9000, JOURNAL_PROGRAM, "phase", "plan", NULL), STATUS_OK);
	assert_int_equal(casebook_set(book, first, 9500, JOURNAL_PROGRAM, "written", "yes", NULL), STATUS_OK);
	assert_int_equal(casebook_set(book, first, 9600, JOURNAL_OPERATOR, "device", "example/er100", NULL), STATUS_OK);
	assert_int_equal(casebook_set(book, second, 9700, JOURNAL_PROGRAM, "phase", "closed", NULL), STATUS_OK);
	assert_int_equal(casebook_list(book, false, found, 4, &count, NULL), STATUS_OK);
	assert_int_equal(count, 3);
	assert_int_equal(found[0].id, third);
	assert_string_equal(found[0].device, "unknown device");
	assert_int_equal(found[0].changed_ms, 3000);
	assert_false(found[1].is_open);
	assert_int_equal(found[2].opened_ms, 1000);
	assert_int_equal(found[2].changed_ms, 9600);
	assert_string_equal(found[2].device, "example/er100");
	assert_string_equal(found[2].written, "yes");
	assert_string_equal(found[2].verified, "");
	assert_int_equal(casebook_list(book, true, found, 4, &count, NULL), STATUS_OK);
	assert_int_equal(count, 2);
	assert_int_equal(found[1].id, first);
	assert_int_equal(casebook_list(book, true, found, 1, &count, NULL), STATUS_OK);
	assert_int_equal(count, 1);
	assert_int_equal(casebook_summary(book, second, &found[0], &error), STATUS_OK);
	assert_false(found[0].is_open);
	assert_int_equal(casebook_summary(book, 77, &found[0], &error), STATUS_NOT_FOUND);
	assert_non_null(strstr(error.hint, "unbrick case list"));
	casebook_close(book);
}

static void the_bench_has_a_journal_and_an_unknown_case_has_none(void **state)
{
	struct bench *bench = *state;
	struct casebook *book = open_book(bench->path);
	struct journal_entry nameless = { .case_id = 0, .text = "x" };
	struct error error = { .text = "" };

	assert_int_equal(append(book, 0, "port plugged in", &error), STATUS_OK);
	assert_int_equal(append(book, 42, "x", &error), STATUS_NOT_FOUND);
	assert_non_null(strstr(error.text, "42"));
	assert_int_equal(casebook_append(book, &nameless, &error), STATUS_INVALID);
	assert_int_equal(append(book, 0, "still works", &error), STATUS_OK);
	casebook_close(book);
}

/* Through another connection, as any SQLite shell would. */
static void the_journal_refuses_changes_from_any_program(void **state)
{
	static const char *const attacks[] = {
		"UPDATE journal SET text = 'forged'", "DELETE FROM journal", "DELETE FROM cases", "UPDATE cases SET opened_ms = 0",
		"INSERT OR REPLACE INTO journal (id, case_id, time_ms, by, kind, text) VALUES (1, 1, 1, 1, 'event', 'forged')",
		"INSERT OR REPLACE INTO cases (id, opened_ms) VALUES (1, 0)",
	};
	struct bench *bench = *state;
	struct casebook *book = open_book(bench->path);
	struct reading reading = { 0 };
	int64_t id = new_case(book, 1);
	sqlite3 *db = NULL;

	assert_int_equal(append(book, id, "true", NULL), STATUS_OK);
	assert_int_equal(sqlite3_open(bench->path, &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (sqlite3_exec(db, attacks[i], NULL, NULL, NULL) != SQLITE_CONSTRAINT)
			fail_msg("was not refused: %s", attacks[i]);
	sqlite3_close(db);
	assert_int_equal(casebook_read(book, id, 0, on_entry, &reading, NULL), STATUS_OK);
	assert_int_equal(reading.count, 1);
	assert_string_equal(reading.last_text, "true");
	casebook_close(book);
}

/* The child: says over the pipe how many appends have returned. */
static void write_until_killed(const char *path, int64_t id, int report)
{
	struct casebook *book = NULL;
	char text[16];

	if (casebook_open(path, &book, NULL) != STATUS_OK)
		_exit(1);
	for (int i = 0; i < 200; i++) {
		text_format(text, sizeof(text), "%d", i);
		if (append(book, id, text, NULL) != STATUS_OK || write(report, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
	pause();
	_exit(0);
}

static void every_append_that_returned_is_there_after_kill_9(void **state)
{
	struct bench *bench = *state;
	struct casebook *book = open_book(bench->path);
	struct reading reading = { .is_numbered = true };
	int64_t id = new_case(book, 1);
	int pipe_ends[2], last = -1, got, status;
	pid_t child;

	casebook_close(book);
	assert_int_equal(pipe(pipe_ends), 0);
	child = fork();
	if (child == 0)
		write_until_killed(bench->path, id, pipe_ends[1]);
	close(pipe_ends[1]);
	while (last < 90 && read(pipe_ends[0], &got, sizeof(got)) == (ssize_t)sizeof(got))
		last = got;
	kill(child, SIGKILL);
	while (read(pipe_ends[0], &got, sizeof(got)) == (ssize_t)sizeof(got))
		last = got;
	close(pipe_ends[0]);
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_true(last >= 90);
	book = open_book(bench->path);
	assert_int_equal(casebook_read(book, id, 0, on_entry, &reading, NULL), STATUS_OK);
	/* one more may be there: kept, but killed before it could say so */
	assert_in_range(reading.count, (size_t)last + 1, (size_t)last + 2);
	assert_int_equal(append(book, id, "life goes on", NULL), STATUS_OK);
	casebook_close(book);
}

/* Forks a process that holds the case; returns when it does. */
static pid_t fork_holder(const char *path, int64_t id)
{
	int ready[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		struct casebook *book = NULL;

		if (casebook_open(path, &book, NULL) != STATUS_OK || casebook_hold(book, id, NULL) != STATUS_OK ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

static void a_case_that_another_process_holds_is_busy_until_that_dies(void **state)
{
	struct bench *bench = *state;
	struct casebook *book = open_book(bench->path);
	int64_t id = new_case(book, 1), other = new_case(book, 2);
	struct error error = { .text = "" };
	char pid[32];
	pid_t child;

	casebook_close(book);	/* the child must not inherit a connection */
	child = fork_holder(bench->path, id);
	book = open_book(bench->path);
	assert_int_equal(casebook_hold(book, id, &error), STATUS_BUSY);
	text_format(pid, sizeof(pid), "pid %ld", (long)child);
	assert_non_null(strstr(error.text, pid));
	assert_true(error.hint[0] != '\0');
	assert_int_equal(casebook_hold(book, other, &error), STATUS_OK);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(casebook_hold(book, id, &error), STATUS_OK);
	assert_int_equal(casebook_hold(book, id, &error), STATUS_OK);	/* again is no conflict with oneself */
	casebook_close(book);
}

static void closing_the_book_releases_its_cases(void **state)
{
	struct bench *bench = *state;
	struct casebook *book = open_book(bench->path), *second = open_book(bench->path);
	int64_t id = new_case(book, 1);

	assert_int_equal(casebook_hold(book, id, NULL), STATUS_OK);
	assert_int_equal(casebook_hold(second, id, NULL), STATUS_BUSY);
	casebook_close(book);
	assert_int_equal(casebook_hold(second, id, NULL), STATUS_OK);
	casebook_close(second);
}

static void two_processes_write_to_one_casebook_at_once(void **state)
{
	struct bench *bench = *state;
	struct casebook *book;
	struct reading reading = { 0 };
	pid_t children[3];

	/* the first start of each, at the same time: one makes the database, the others find it */
	for (size_t i = 0; i < 3; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			if (casebook_open(bench->path, &book, NULL) != STATUS_OK)
				_exit(1);
			for (int n = 0; n < 20; n++)
				if (append(book, 0, "x", NULL) != STATUS_OK)
					_exit(2);
			_exit(0);
		}
	}
	for (size_t i = 0; i < 3; i++) {
		int status;

		waitpid(children[i], &status, 0);
		assert_int_equal(status, 0);
	}
	book = open_book(bench->path);
	assert_int_equal(casebook_read(book, 0, 0, on_entry, &reading, NULL), STATUS_OK);
	assert_int_equal(reading.count, 60);
	casebook_close(book);
}

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
	struct bench *bench = *state;
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
	struct bench *bench = *state;
	char path[240];

	text_format(path, sizeof(path), "%s/other.db", bench->folder);
	run_on(path, "CREATE TABLE recipes (x)");
	assert_not_opened(path, STATUS_INVALID);
}

static void a_newer_casebook_is_refused(void **state)
{
	struct bench *bench = *state;
	char sql[64];

	casebook_close(open_book(bench->path));
	text_format(sql, sizeof(sql), "PRAGMA user_version = %d", CASEBOOK_VERSION + 1);
	run_on(bench->path, sql);
	assert_not_opened(bench->path, STATUS_UNSUPPORTED);
}

static void a_damaged_casebook_is_said_to_be_damaged(void **state)
{
	struct bench *bench = *state;
	struct casebook *book = open_book(bench->path);
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
	struct bench *bench = *state;
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
		status = append(book, id, text, reterr);
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
	struct casebook *book = open_book(path);
	struct reading reading = { .is_numbered = true };
	struct error error = { .text = "" };
	int64_t id = new_case(book, 1);
	size_t kept = append_until_full(book, id, &error);

	assert_true(kept > 5);
	assert_non_null(strstr(error.text, path));
	assert_non_null(strstr(error.hint, path));
	assert_non_null(strstr(error.hint, "B free"));
	assert_int_equal(append(book, id, "x", &error) == STATUS_OK || error.status == STATUS_NO_SPACE, 1);
	reading.is_numbered = false;
	assert_int_equal(casebook_read(book, id, 0, on_entry, &reading, NULL), STATUS_OK);
	assert_in_range(reading.count, kept, kept + 1);
	casebook_close(book);
}

static void a_full_disk_loses_nothing_earlier_and_says_where_and_how_much_is_free(void **state)
{
	struct bench *bench = *state;
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
	struct bench *bench = *state;
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
	book = open_book(bench->path);
	assert_int_equal(append(book, 1, "room again", NULL), STATUS_OK);
	casebook_close(book);
}

static void a_full_disk_at_the_first_start_is_said(void **state)
{
	struct bench *bench = *state;
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
	casebook_close(open_book(bench->path));
}

static void opening_takes_no_time_worth_mentioning(void **state)
{
	struct bench *bench = *state;
	struct timespec from, to;
	double best = 1e9, took;

	casebook_close(open_book(bench->path));
	for (int i = 0; i < 5; i++) {
		struct casebook *book;

		clock_gettime(CLOCK_MONOTONIC, &from);
		book = open_book(bench->path);
		clock_gettime(CLOCK_MONOTONIC, &to);
		casebook_close(book);
		took = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
		best = took < best ? took : best;
	}
	print_message("opening took %.2f ms\n", best);
	assert_true(best < 15);
}

#define TEST(behaviour) cmocka_unit_test_setup_teardown(behaviour, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_folder_becomes_a_casebook_that_only_its_owner_reads),
		TEST(without_a_path_it_lies_in_the_state_folder),
		TEST(entries_come_back_in_order_and_whole),
		TEST(appending_while_reading_does_not_go_on_for_ever),
		TEST(the_last_value_of_a_key_counts),
		TEST(cases_are_listed_newest_first_with_what_their_keys_say),
		TEST(the_bench_has_a_journal_and_an_unknown_case_has_none),
		TEST(the_journal_refuses_changes_from_any_program),
		TEST(every_append_that_returned_is_there_after_kill_9),
		TEST(a_case_that_another_process_holds_is_busy_until_that_dies),
		TEST(closing_the_book_releases_its_cases),
		TEST(two_processes_write_to_one_casebook_at_once),
		TEST(a_file_that_is_no_database_is_named_and_left_alone),
		TEST(another_programs_database_is_not_taken_for_a_casebook),
		TEST(a_newer_casebook_is_refused),
		TEST(a_damaged_casebook_is_said_to_be_damaged),
		TEST(a_read_only_folder_is_said_to_be_read_only),
		TEST(a_full_disk_loses_nothing_earlier_and_says_where_and_how_much_is_free),
		TEST(a_file_size_limit_is_treated_as_a_full_disk),
		TEST(a_full_disk_at_the_first_start_is_said),
		TEST(opening_takes_no_time_worth_mentioning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
