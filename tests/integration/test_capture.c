/* The capture on real files and a disk that is really full. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
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
#include "src/store/capture.h"
#include "src/store/capture_times.h"
#include "tests/fakes/temp_folder.h"

static int setup(void **state)
{
	return temp_bench_begin(state, "capture", "state/logs");
}

static struct capture *open_capture(const char *folder, const char *name)
{
	struct capture *capture = NULL;
	struct error error = { .text = "" };

	if (capture_open(folder, name, &capture, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	return capture;
}

/* Reads at most size - 1 bytes and ends them; returns how many. */
static size_t slurp(const char *path, char *to, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t count;

	if (file == NULL)
		fail_msg("no file %s", path);
	count = fread(to, 1, size - 1, file);
	to[count] = '\0';
	fclose(file);
	return count;
}

static const char *times_path(const char *raw_path)
{
	static char path[400];

	text_copy(path, sizeof(path), raw_path);
	text_copy(path + strlen(path) - 3, 8, "times");
	return path;
}

static void the_first_byte_is_in_the_file_when_the_call_returns(void **state)
{
	struct temp_bench *bench = *state;
	struct capture *capture = open_capture(bench->path, "cam");
	char content[16];

	assert_int_equal(capture_write(capture, BYTES("U"), 1000, NULL), STATUS_OK);
	assert_int_equal(slurp(capture_path(capture), content, sizeof(content)), 1);
	assert_string_equal(content, "U");
	assert_int_equal(slurp(times_path(capture_path(capture)), content, sizeof(content)), 9);
	assert_string_equal(content, "1000 0 1\n");
	capture_close(capture);
}

static void bytes_are_kept_as_they_came_and_offsets_say_when(void **state)
{
	struct temp_bench *bench = *state;
	struct capture *capture = open_capture(bench->path, "cam");
	char path[400], content[200];

	text_copy(path, sizeof(path), capture_path(capture));
	assert_int_equal(capture_write(capture, BYTES("U-Boot\r\n"), 1000, NULL), STATUS_OK);
	assert_int_equal(capture_write(capture, BYTES(""), 1001, NULL), STATUS_OK);
	assert_int_equal(capture_write(capture, BYTES("\0\xff\x1b[2J"), 1500, NULL), STATUS_OK);
	assert_int_equal(capture_remark(capture, "power\noff \x1b[31mby hand", 1600, NULL), STATUS_OK);
	assert_int_equal(capture_write(capture, BYTES("x"), 900, NULL), STATUS_OK);	/* the clock was set back */
	assert_int_equal(capture_size(capture), 15);
	assert_int_equal(capture_lost(capture), 0);
	capture_close(capture);
	assert_int_equal(slurp(path, content, sizeof(content)), 15);
	assert_memory_equal(content, "U-Boot\r\n\0\xff\x1b[2Jx", 15);
	slurp(times_path(path), content, sizeof(content));
	assert_string_equal(content, "1000 0 8\n1500 8 6\n# 1600 power.off by hand\n900 14 1\n");
}

static void only_the_owner_reads_a_capture(void **state)
{
	struct temp_bench *bench = *state;
	struct capture *capture = open_capture(bench->path, "cam");
	struct stat about;

	assert_int_equal(stat(capture_path(capture), &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	assert_int_equal(stat(times_path(capture_path(capture)), &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	assert_int_equal(stat(bench->path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0700);
	capture_close(capture);
}

static void an_earlier_capture_is_never_overwritten(void **state)
{
	struct temp_bench *bench = *state;
	struct capture *first = open_capture(bench->path, "cam"), *second, *third;
	char path[400], content[16];

	assert_int_equal(capture_write(first, BYTES("old"), 1, NULL), STATUS_OK);
	text_copy(path, sizeof(path), capture_path(first));
	capture_close(first);
	second = open_capture(bench->path, "cam");
	assert_non_null(strstr(capture_path(second), "cam-2.raw"));
	/* an index alone is in the way too */
	unlink(path);
	third = open_capture(bench->path, "cam");
	assert_non_null(strstr(capture_path(third), "cam-3.raw"));
	assert_int_equal(access(path, F_OK), -1);
	slurp(times_path(path), content, sizeof(content));
	assert_string_equal(content, "1 0 3\n");
	capture_close(second);
	capture_close(third);
}

static void a_foreign_name_stays_in_the_folder(void **state)
{
	struct temp_bench *bench = *state;
	struct capture *capture = open_capture(bench->path, "../../etc/pass wd\n");
	char expected[300];

	text_format(expected, sizeof(expected), "%s/_._.._etc_pass_wd_.raw", bench->path);
	assert_string_equal(capture_path(capture), expected);
	capture_close(capture);
	assert_int_equal(capture_open(bench->path, "", &capture, NULL), STATUS_INVALID);
}

static void a_file_in_place_of_the_folder_is_named(void **state)
{
	struct temp_bench *bench = *state;
	struct capture *capture = NULL;
	struct error error = { .text = "" };
	int fd;

	text_format(bench->path, sizeof(bench->path), "%s/file", bench->folder);
	fd = open(bench->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	assert_int_equal(capture_open(bench->path, "cam", &capture, &error), STATUS_NOT_FOUND);
	assert_non_null(strstr(error.text, bench->path));
	assert_null(capture);
}

static bool is_kept(struct capture *capture, struct bytes in, uint64_t now_ms, unsigned *news)
{
	struct error error = { .text = "" };
	enum status status = capture_write(capture, in, now_ms, &error);

	*news += capture_is_news(capture);
	if (status == STATUS_OK)
		return true;
	assert_int_equal(status, STATUS_NO_SPACE);
	assert_non_null(strstr(error.hint, capture_path(capture)));
	assert_non_null(strstr(error.hint, "B free"));
	return false;
}

/* Every line of the index ends, the runs follow each other without gap, and together they cover the .raw file. */
static void check_index(const char *raw_path, bool expect_loss)
{
	FILE *file = fopen(times_path(raw_path), "r");
	uint64_t next = 0, ms, offset, length;
	bool is_loss_said = false;
	struct stat about;
	char line[200];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		assert_int_equal(line[strlen(line) - 1], '\n');
		if (line[0] == '#') {
			is_loss_said |= strstr(line, "could not be kept") != NULL;
			continue;
		}
		assert_int_equal(sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 "\n", &ms, &offset, &length), 3);
		assert_int_equal(offset, next);
		next = offset + length;
	}
	fclose(file);
	assert_int_equal(stat(raw_path, &about), 0);
	assert_int_equal(next, about.st_size);
	assert_int_equal(is_loss_said, expect_loss);
}

/* Fills the disk, frees it, goes on. free_room is called when it is full. */
static void check_full_disk(const char *folder, void (*free_room)(void *), void *user)
{
	struct capture *capture = open_capture(folder, "cam");
	char path[400], bytes[1000];
	unsigned news = 0;
	uint64_t lost, sent = 0;

	text_copy(path, sizeof(path), capture_path(capture));
	memset(bytes, 'x', sizeof(bytes));
	while (is_kept(capture, bytes_of(bytes, sizeof(bytes)), sent, &news)) {
		sent += sizeof(bytes);
		assert_true(sent < 10000000);
	}
	assert_int_equal(news, 1);
	for (int i = 0; i < 5; i++)
		assert_false(is_kept(capture, bytes_of(bytes, sizeof(bytes)), sent, &news));
	assert_int_equal(news, 1);
	sent += 6 * sizeof(bytes);
	lost = capture_lost(capture);
	assert_in_range(lost, 5 * sizeof(bytes), 6 * sizeof(bytes));
	free_room(user);
	assert_true(is_kept(capture, BYTES("back again"), 99, &news));
	assert_int_equal(news, 2);
	assert_true(is_kept(capture, BYTES("!"), 100, &news));
	assert_int_equal(news, 2);
	assert_int_equal(capture_lost(capture), lost);
	assert_int_equal(capture_size(capture), sent - lost + 11);
	capture_close(capture);
	check_index(path, true);
}

static void remove_ballast(void *user)
{
	assert_int_equal(unlink(user), 0);
}

static void a_full_disk_is_news_once_and_the_capture_goes_on_when_there_is_room(void **state)
{
	struct temp_bench *bench = *state;
	char ballast[240], block[4096] = "";
	int fd;

	if (geteuid() != 0)
		skip();
	text_format(bench->path, sizeof(bench->path), "%s/full", bench->folder);
	assert_int_equal(mkdir(bench->path, 0700), 0);
	if (mount("none", bench->path, "tmpfs", 0, "size=128k") != 0) {
		fprintf(stderr, "SKIP: cannot mount a tmpfs: %s\n", strerror(errno));
		skip();
	}
	text_format(ballast, sizeof(ballast), "%s/full/ballast", bench->folder);
	fd = open(ballast, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	for (int i = 0; i < 16; i++)
		assert_int_equal(write(fd, block, sizeof(block)), (ssize_t)sizeof(block));
	close(fd);
	check_full_disk(bench->path, remove_ballast, ballast);
	umount(bench->path);
}

static void raise_limit(void *user)
{
	assert_int_equal(setrlimit(RLIMIT_FSIZE, user), 0);
}

static void a_file_size_limit_is_treated_as_a_full_disk(void **state)
{
	struct temp_bench *bench = *state;
	struct rlimit before, small;

	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 50 * 1000 + 500;	/* in the middle of a write */
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	check_full_disk(bench->path, raise_limit, &before);
	signal(SIGXFSZ, SIG_DFL);
}

static void no_room_for_the_index_only_delays_it(void **state)
{
	struct temp_bench *bench = *state;
	struct capture *capture = open_capture(bench->path, "cam");
	struct rlimit before, small;
	char path[400];

	text_copy(path, sizeof(path), capture_path(capture));
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 205;	/* one byte at a time, the index grows faster than the bytes */
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(capture_write(capture, BYTES("x"), 1000000 + i, NULL), STATUS_OK);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(capture_write(capture, BYTES("y"), 2000000, NULL), STATUS_OK);
	assert_int_equal(capture_lost(capture), 0);
	capture_close(capture);
	check_index(path, false);
}

#define TEST(behaviour) cmocka_unit_test_setup_teardown(behaviour, setup, temp_bench_end)

static void times_tell_when_each_byte_came(void **state)
{
	const struct temp_bench *bench = *state;
	struct capture *capture = open_capture(bench->path, "times");
	struct capture_times *times = NULL;
	char path[4096];
	uint64_t run;

	text_copy(path, sizeof(path), capture_path(capture));
	assert_int_equal(capture_write(capture, BYTES("abcd"), 1000, NULL), STATUS_OK);
	assert_int_equal(capture_remark(capture, "on", 1500, NULL), STATUS_OK);
	assert_int_equal(capture_write(capture, BYTES("efg"), 9000, NULL), STATUS_OK);
	capture_close(capture);
	assert_int_equal(capture_times_open(path, &times, NULL), STATUS_OK);
	assert_int_equal(capture_times_at(times, 0, &run), 1000);
	assert_int_equal(run, 4);
	assert_int_equal(capture_times_at(times, 3, &run), 1000);
	assert_int_equal(run, 1);
	assert_int_equal(capture_times_at(times, 4, &run), 9000);
	assert_true(run >= 3);
	assert_int_equal(capture_times_at(times, 999, &run), 9000);
	capture_times_free(times);
}

static void times_that_are_cut_or_go_back_are_passed_over(void **state)
{
	const struct temp_bench *bench = *state;
	struct capture_times *times = NULL;
	char path[300], index[300];
	uint64_t run;
	FILE *file;

	text_format(path, sizeof(path), "%s/x.raw", bench->folder);
	text_format(index, sizeof(index), "%s/x.times", bench->folder);
	assert_int_equal(capture_times_open(path, &times, NULL), STATUS_NOT_FOUND);
	file = fopen(index, "w");
	assert_non_null(file);
	fputs("100 0 4\nnonsense\n-5 4 1\n99999999999999999999999 4 2\n100 2 9\n50 4 4\n700 18446744073709551615 5\n300 8 2\n400 10", file);
	fclose(file);
	assert_int_equal(capture_times_open(path, &times, NULL), STATUS_OK);
	assert_int_equal(capture_times_at(times, 0, &run), 100);
	assert_int_equal(capture_times_at(times, 4, &run), 100);
	assert_int_equal(capture_times_at(times, 8, &run), 300);
	assert_int_equal(run, UINT64_MAX);
	capture_times_free(times);
	text_format(path, sizeof(path), "%s/x.log", bench->folder);
	assert_int_equal(capture_times_open(path, &times, NULL), STATUS_NOT_FOUND);
}

static void a_file_of_the_operator_grows_and_is_held(void **state)
{
	const struct temp_bench *bench = *state;
	struct capture *capture = NULL, *other = NULL;
	struct capture_times *times = NULL;
	char path[300], text[64];
	struct error error;
	uint64_t run;

	text_format(path, sizeof(path), "%s/boot.log", bench->folder);
	for (uint64_t turn = 1; turn <= 2; turn++) {
		assert_int_equal(capture_open_file(path, &capture, &error), STATUS_OK);
		assert_int_equal(capture_open_file(path, &other, &error), STATUS_BUSY);
		assert_int_equal(capture_write(capture, BYTES("abc"), turn * 1000, NULL), STATUS_OK);
		capture_close(capture);
	}
	slurp(path, text, sizeof(text));
	assert_string_equal(text, "abcabc");
	assert_int_equal(capture_times_open(path, &times, NULL), STATUS_OK);
	assert_int_equal(capture_times_at(times, 2, &run), 1000);
	assert_int_equal(capture_times_at(times, 3, &run), 2000);
	capture_times_free(times);
	assert_int_equal(capture_open_file(bench->folder, &capture, &error), STATUS_INVALID);
	assert_int_equal(capture_open_file("/dev/null", &capture, &error), STATUS_INVALID);
}

static void an_empty_capture_can_be_abandoned_and_another_one_cannot(void **state)
{
	const struct temp_bench *bench = *state;
	struct capture *capture = open_capture(bench->path, "empty");
	char path[600];

	text_copy(path, sizeof(path), capture_path(capture));
	capture_abandon(capture);
	assert_int_not_equal(access(path, F_OK), 0);
	capture = open_capture(bench->path, "used");
	text_copy(path, sizeof(path), capture_path(capture));
	assert_int_equal(capture_remark(capture, "on", 1, NULL), STATUS_OK);
	capture_abandon(capture);
	assert_int_equal(access(path, F_OK), 0);
}

static void seeking_times_gives_what_reading_all_gives(void **state)
{
	const struct temp_bench *bench = *state;
	struct capture *capture = open_capture(bench->path, "long");
	struct capture_times *times = NULL;
	char path[4096];
	uint64_t run;

	text_copy(path, sizeof(path), capture_path(capture));
	for (uint64_t i = 0; i < 20000; i++) {
		assert_int_equal(capture_write(capture, BYTES("abc"), 100000 + 10 * i, NULL), STATUS_OK);
		if (i % 1000 == 0)
			assert_int_equal(capture_remark(capture, "a remark in between", 100000 + 10 * i, NULL), STATUS_OK);
	}
	capture_close(capture);
	assert_int_equal(capture_times_open(path, &times, NULL), STATUS_OK);
	for (uint64_t i = 0; i < 20000; i += 137) {
		uint64_t at = 19999 - i;	/* backwards, too */

		capture_times_seek(times, 3 * at + 1);
		assert_int_equal(capture_times_at(times, 3 * at + 1, &run), 100000 + 10 * at);
	}
	capture_times_seek(times, 60000);
	assert_int_equal(capture_times_at(times, 60000, &run), 100000 + 10 * 19999);
	capture_times_seek(times, 0);
	assert_int_equal(capture_times_at(times, 0, &run), 100000);
	capture_times_free(times);
}

static void a_capture_goes_on_in_a_next_pair_of_files(void **state)
{
	const struct temp_bench *bench = *state;
	struct capture *capture = open_capture(bench->path, "cam");
	struct capture_part part;
	char path[5][400], content[400];

	capture_set_limits(capture, &(struct capture_limits){ .part_bytes = 10, .part_ms = 1000 });
	text_copy(path[0], sizeof(path[0]), capture_path(capture));
	assert_int_equal(capture_write(capture, BYTES("01234567"), 100, NULL), STATUS_OK);
	assert_int_equal(capture_write(capture, BYTES("89"), 200, NULL), STATUS_OK);
	assert_int_equal(capture_part_count(capture), 1);
	assert_int_equal(capture_write(capture, BYTES("ab"), 300, NULL), STATUS_OK);
	assert_int_equal(capture_part_count(capture), 2);
	text_copy(path[1], sizeof(path[1]), capture_path(capture));
	assert_int_equal(capture_write(capture, BYTES("much more than ten bytes"), 400, NULL), STATUS_OK);	/* one write is not torn */
	assert_int_equal(capture_write(capture, BYTES("x"), 1399, NULL), STATUS_OK);
	assert_int_equal(capture_part_count(capture), 4);
	assert_int_equal(capture_write(capture, BYTES("y"), 2399, NULL), STATUS_OK);	/* the time is up */
	assert_int_equal(capture_part_count(capture), 5);
	assert_int_equal(capture_size(capture), 38);
	assert_true(capture_part_at(capture, 0, &part));
	assert_string_equal(part.path, path[0]);
	assert_int_equal(part.end, 10);
	assert_true(capture_part_at(capture, 11, &part));
	assert_string_equal(part.path, path[1]);
	assert_int_equal(part.start, 10);
	assert_int_equal(part.end, 12);
	assert_true(capture_part_at(capture, 37, &part));
	assert_int_equal(part.start, 37);
	assert_int_equal(part.end, 38);
	capture_close(capture);
	assert_non_null(strstr(path[1], "cam-2.raw"));
	slurp(path[0], content, sizeof(content));
	assert_string_equal(content, "0123456789");
	slurp(times_path(path[0]), content, sizeof(content));
	assert_string_equal(content, "100 0 8\n200 8 2\n# 300 goes on in cam-2.raw\n");
	slurp(path[1], content, sizeof(content));
	assert_string_equal(content, "ab");
	slurp(times_path(path[1]), content, sizeof(content));
	assert_string_equal(content, "# 300 goes on from cam.raw\n300 0 2\n# 400 goes on in cam-3.raw\n");
	check_index(path[1], false);
}

static void a_next_pair_never_takes_a_name_that_is_there(void **state)
{
	const struct temp_bench *bench = *state;
	struct capture *first = open_capture(bench->path, "cam"), *second = open_capture(bench->path, "cam");

	capture_set_limits(first, &(struct capture_limits){ .part_bytes = 1 });
	assert_int_equal(capture_write(first, BYTES("a"), 1, NULL), STATUS_OK);
	assert_int_equal(capture_write(first, BYTES("b"), 2, NULL), STATUS_OK);
	assert_non_null(strstr(capture_path(first), "cam-3.raw"));
	capture_close(first);
	capture_close(second);
}

static void without_a_next_pair_the_old_one_grows_on(void **state)
{
	const struct temp_bench *bench = *state;
	struct capture *capture = open_capture(bench->path, "cam");
	char path[400], gone[260], content[64];

	text_copy(path, sizeof(path), capture_path(capture));
	capture_set_limits(capture, &(struct capture_limits){ .part_bytes = 4 });
	assert_int_equal(capture_write(capture, BYTES("1234"), 1, NULL), STATUS_OK);
	assert_int_equal(rename(bench->path, text_format(gone, sizeof(gone), "%s.gone", bench->path)), 0);
	assert_int_equal(capture_write(capture, BYTES("5678"), 2, NULL), STATUS_OK);
	assert_int_equal(capture_part_count(capture), 1);
	assert_int_equal(rename(gone, bench->path), 0);
	capture_close(capture);
	assert_int_equal(slurp(path, content, sizeof(content)), 8);
	check_index(path, false);
}

static void the_last_of_the_disk_is_left_to_others(void **state)
{
	const struct temp_bench *bench = *state;
	struct capture *capture = open_capture(bench->path, "cam");
	struct error error = { .text = "" };
	char path[400];

	text_copy(path, sizeof(path), capture_path(capture));
	assert_int_equal(capture_write(capture, BYTES("kept"), 1000, NULL), STATUS_OK);
	assert_true(capture_free_bytes(capture, 1000) > 0);
	capture_set_limits(capture, &(struct capture_limits){ .keep_free_bytes = UINT64_MAX / 4 });
	assert_int_equal(capture_write(capture, BYTES("lost"), 2000, &error), STATUS_NO_SPACE);
	assert_true(capture_is_news(capture));
	assert_non_null(strstr(error.text, "has stopped"));
	assert_int_equal(capture_write(capture, BYTES("lost"), 3000, &error), STATUS_NO_SPACE);
	assert_false(capture_is_news(capture));
	assert_int_equal(capture_lost(capture), 8);
	capture_set_limits(capture, &(struct capture_limits){ .keep_free_bytes = 1 });
	assert_int_equal(capture_write(capture, BYTES("again"), 9000, &error), STATUS_OK);
	assert_true(capture_is_news(capture));
	capture_close(capture);
	check_index(path, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(times_tell_when_each_byte_came),
		TEST(times_that_are_cut_or_go_back_are_passed_over),
		TEST(seeking_times_gives_what_reading_all_gives),
		TEST(a_capture_goes_on_in_a_next_pair_of_files),
		TEST(a_next_pair_never_takes_a_name_that_is_there),
		TEST(without_a_next_pair_the_old_one_grows_on),
		TEST(the_last_of_the_disk_is_left_to_others),
		TEST(the_first_byte_is_in_the_file_when_the_call_returns),
		TEST(bytes_are_kept_as_they_came_and_offsets_say_when),
		TEST(only_the_owner_reads_a_capture),
		TEST(an_earlier_capture_is_never_overwritten),
		TEST(a_file_of_the_operator_grows_and_is_held),
		TEST(an_empty_capture_can_be_abandoned_and_another_one_cannot),
		TEST(a_foreign_name_stays_in_the_folder),
		TEST(a_file_in_place_of_the_folder_is_named),
		TEST(a_full_disk_is_news_once_and_the_capture_goes_on_when_there_is_room),
		TEST(a_file_size_limit_is_treated_as_a_full_disk),
		TEST(no_room_for_the_index_only_delays_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
