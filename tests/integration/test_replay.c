/* tests/integration/test_replay.c
 *
 * Recordings as files, played by a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/replay.h"
#include "tests/fakes/temp_folder.h"

static int setup(void **state)
{
	return temp_bench_begin(state, "replay", "log");
}

static const char *make(struct temp_bench *bench, const char *name, const char *content)
{
	FILE *file = fopen(text_format(bench->path, sizeof(bench->path), "%s/%s", bench->folder, name), "w");

	assert_non_null(file);
	fputs(content, file);
	fclose(file);
	return bench->path;
}

static struct replay *open_replay(const char *path, const char *times)
{
	struct replay *replay = NULL;
	struct error error = { .text = "" };

	if (replay_open(path, times, &replay, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	return replay;
}

/* What comes up to and with now_ms. */
static const char *read_at(struct replay *replay, uint64_t now_ms)
{
	static char text[8192];
	size_t size = 0, count;

	while ((count = replay_read(replay, (uint8_t *)text + size, sizeof(text) - 1 - size, now_ms)) > 0)
		size += count;
	text[size] = '\0';
	return text;
}

static struct replay_state look(struct replay *replay, uint64_t now_ms)
{
	struct replay_state now;

	replay_look(replay, now_ms, &now);
	return now;
}

static void a_capture_comes_at_its_own_times(void **state)
{
	struct temp_bench *bench = *state;
	struct replay *replay;

	make(bench, "a.times", "# 1000 opened\n1000 0 3\n1500 3 3\n# 1600 lost\n4000 6 2\n");
	replay = open_replay(make(bench, "a.raw", "abcdefgh"), NULL);
	assert_string_equal(read_at(replay, 100), "abc");
	assert_int_equal(replay_deadline(replay, 100), 601);
	assert_string_equal(read_at(replay, 599), "");
	assert_string_equal(read_at(replay, 601), "def");
	assert_int_equal(look(replay, 700).read_ms, 500);
	assert_string_equal(look(replay, 601).remark, "lost");
	assert_int_equal(look(replay, 1100).total_ms, 3000);
	assert_string_equal(read_at(replay, 3101), "gh");
	assert_true(look(replay, 3101).is_over);
	assert_int_equal(replay_deadline(replay, 3101), UINT64_MAX);
	replay_free(replay);
}

static void speed_pause_and_restart_move_the_clock(void **state)
{
	struct temp_bench *bench = *state;
	struct error error;
	struct replay *replay;

	make(bench, "a.times", "1000 0 3\n2000 3 3\n12000 6 2\n");
	replay = open_replay(make(bench, "a.raw", "abcdefgh"), NULL);
	assert_string_equal(read_at(replay, 0), "abc");
	replay_set_speed(replay, 10, 0);
	assert_string_equal(read_at(replay, 101), "def");
	replay_pause(replay, true, 200);
	assert_int_equal(replay_deadline(replay, 5000), UINT64_MAX);
	assert_string_equal(read_at(replay, 5000), "");
	replay_pause(replay, false, 5000);
	assert_string_equal(read_at(replay, 5500), "");
	assert_string_equal(read_at(replay, 5901), "gh");
	assert_int_equal(replay_restart(replay, 6000, &error), STATUS_OK);
	assert_string_equal(read_at(replay, 6000), "abc");
	replay_set_speed(replay, REPLAY_SPEED_MAX, 6000);
	assert_string_equal(read_at(replay, 6000), "defgh");
	replay_free(replay);
}

static void skipping_gives_one_line_a_call(void **state)
{
	struct temp_bench *bench = *state;
	struct replay *replay;
	uint8_t line[64];

	make(bench, "a.times", "1000 0 8\n900000 8 4\n");
	replay = open_replay(make(bench, "a.raw", "one\ntwo\nlast"), NULL);
	replay_skip(replay, true, 0);
	assert_int_equal(replay_read(replay, line, sizeof(line), 0), 4);
	assert_int_equal(replay_read(replay, line, sizeof(line), 0), 4);
	replay_skip(replay, false, 0);
	assert_int_equal(replay_read(replay, line, sizeof(line), 0), 0);
	assert_int_equal(look(replay, 0).at_ms, 0);
	replay_free(replay);
}

static void a_rotated_capture_goes_on_in_its_next_part(void **state)
{
	struct temp_bench *bench = *state;
	struct replay *replay;

	make(bench, "a-2.raw", "second");
	make(bench, "a-2.times", "# 2000 goes on from a.raw\n3000 0 6\n# 4000 goes on in a.raw\n"); /* leads back */
	make(bench, "a.times", "1000 0 5\n# 2000 goes on in a-2.raw\n");
	replay = open_replay(make(bench, "a.raw", "first"), NULL);
	assert_string_equal(read_at(replay, 0), "first");
	assert_string_equal(read_at(replay, 1999), "");
	assert_string_equal(read_at(replay, 2001), "second");
	replay_free(replay);
}

static void times_that_lie_do_no_harm(void **state)
{
	struct temp_bench *bench = *state;
	struct replay *replay;

	/* back in time, back in the file, a gap of 3000 years, more than there is, rubbish */
	make(bench, "a.times",
	     "5000 0 2\n1000 2 2\n6000 1 2\nrubbish\n99999999999999 4 2\n99999999999999 6 18446744073709551600\n");
	replay = open_replay(make(bench, "a.raw", "abcdefgh"), NULL);
	assert_string_equal(read_at(replay, 0), "abcd");
	assert_true(look(replay, 0).total_ms <= REPLAY_GAP_MAX_MS);
	assert_int_not_equal(look(replay, 0).problem[0], 0);
	assert_string_equal(read_at(replay, REPLAY_GAP_MAX_MS + 1), "efgh");
	replay_free(replay);
}

static void without_any_usable_time_it_comes_evenly(void **state)
{
	struct temp_bench *bench = *state;
	struct replay *replay;
	char text[2305];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	make(bench, "a.times", "these are\nno times\n");
	replay = open_replay(make(bench, "a.raw", text), NULL);
	assert_int_equal(look(replay, 0).timing, REPLAY_EVEN);
	assert_int_not_equal(look(replay, 0).problem[0], 0);
	assert_in_range(strlen(read_at(replay, 0)), 1, 200);
	assert_in_range(strlen(read_at(replay, 100)), 900, 1300); /* 115200 baud: 11520 bytes a second */
	replay_free(replay);
	replay = open_replay(make(bench, "plain.log", text), NULL);
	assert_int_equal(look(replay, 0).timing, REPLAY_EVEN);
	assert_int_equal(look(replay, 0).problem[0], 0);
	replay_free(replay);
}

static void stamps_before_the_lines_are_times_and_no_text(void **state)
{
	struct temp_bench *bench = *state;
	struct replay *replay = open_replay(
		make(bench, "tio.log",
		     "[23:59:59.500] one\r\n[23:59:59.700] two\r\n\r\n[00:00:00.200] three\n[00:00:00.200] fo"),
		NULL);

	assert_int_equal(look(replay, 0).timing, REPLAY_STAMPED);
	assert_string_equal(read_at(replay, 0), "one\r\n");
	assert_string_equal(read_at(replay, 201), "two\r\n\r\n");
	assert_string_equal(read_at(replay, 701), "three\nfo");
	replay_free(replay);
}

static void a_typescript_has_its_times_beside_it(void **state)
{
	struct temp_bench *bench = *state;
	char times[300];
	struct replay *replay;

	text_copy(times, sizeof(times), make(bench, "t.tm", "0.1 4\n0.5 7\n"));
	replay = open_replay(
		make(bench, "typescript",
		     "Script started on 2023-01-01 [COMMAND=\"x\"]\nhi\r\nthere\r\n\nScript done on 2023\n"),
		times);
	assert_string_equal(read_at(replay, 0), "");
	assert_string_equal(read_at(replay, 101), "hi\r\n");
	assert_string_equal(read_at(replay, 601), "there\r\n");
	assert_true(look(replay, 601).is_over);
	replay_free(replay);
}

static void only_regular_files_are_opened(void **state)
{
	struct temp_bench *bench = *state;
	struct replay *replay = NULL;
	struct error error;
	char path[300];

	assert_int_equal(replay_open("/dev/tty", NULL, &replay, &error), STATUS_INVALID);
	assert_int_equal(replay_open(bench->folder, NULL, &replay, &error), STATUS_INVALID);
	text_format(path, sizeof(path), "%s/none.raw", bench->folder);
	assert_int_equal(replay_open(path, NULL, &replay, &error), STATUS_NOT_FOUND);
	assert_int_not_equal(error.hint[0], 0);
	assert_int_equal(replay_open(make(bench, "a.raw", "x"), "/dev/null", &replay, &error), STATUS_INVALID);
	/* a next part that is a link to a device is not opened either */
	make(bench, "b.times", "1 0 1\n# 2 goes on in c.raw\n");
	text_format(path, sizeof(path), "%s/c.raw", bench->folder);
	assert_int_equal(symlink("/dev/zero", path), 0);
	replay = open_replay(make(bench, "b.raw", "x"), NULL);
	replay_set_speed(replay, REPLAY_SPEED_MAX, 0);
	assert_string_equal(read_at(replay, 0), "x");
	assert_true(look(replay, 0).is_over);
	replay_free(replay);
}

static void an_empty_recording_is_over_at_once(void **state)
{
	struct replay *replay = open_replay(make(*state, "a.raw", ""), NULL);

	assert_string_equal(read_at(replay, 0), "");
	assert_true(look(replay, 0).is_over);
	replay_free(replay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_capture_comes_at_its_own_times, setup, temp_bench_end),
		cmocka_unit_test_setup_teardown(speed_pause_and_restart_move_the_clock, setup, temp_bench_end),
		cmocka_unit_test_setup_teardown(skipping_gives_one_line_a_call, setup, temp_bench_end),
		cmocka_unit_test_setup_teardown(a_rotated_capture_goes_on_in_its_next_part, setup, temp_bench_end),
		cmocka_unit_test_setup_teardown(times_that_lie_do_no_harm, setup, temp_bench_end),
		cmocka_unit_test_setup_teardown(without_any_usable_time_it_comes_evenly, setup, temp_bench_end),
		cmocka_unit_test_setup_teardown(stamps_before_the_lines_are_times_and_no_text, setup, temp_bench_end),
		cmocka_unit_test_setup_teardown(a_typescript_has_its_times_beside_it, setup, temp_bench_end),
		cmocka_unit_test_setup_teardown(only_regular_files_are_opened, setup, temp_bench_end),
		cmocka_unit_test_setup_teardown(an_empty_recording_is_over_at_once, setup, temp_bench_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
