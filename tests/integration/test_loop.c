/* tests/integration/test_loop.c: the event loop with real pipes, signals, threads and commands. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "src/io/loop.h"

enum { GIVE_UP_MS = 5000 };

struct fixture {
	struct loop *loop;
	struct loop_timer *give_up;
	struct loop_timer *timer;
	struct loop_watch *watch;
	unsigned count;
	int ends[2];
	int exit_status;
	size_t output_size;
	char output[70000];
	uint64_t at_ms;
	bool gave_up;
};

static void on_give_up(void *user)
{
	struct fixture *fixture = user;

	fixture->gave_up = true;
	loop_stop(fixture->loop);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_int_equal(loop_new(&fixture->loop, NULL), STATUS_OK);
	fixture->give_up = loop_timer_new(fixture->loop, on_give_up, fixture);
	loop_timer_set_after(fixture->give_up, GIVE_UP_MS);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	loop_free(fixture->loop);
	free(fixture);
	return 0;
}

static void run(struct fixture *fixture)
{
	loop_run(fixture->loop);
	assert_false(fixture->gave_up);
}

static void on_time_stop(void *user)
{
	struct fixture *fixture = user;

	fixture->count++;
	fixture->at_ms = loop_now_ms();
	loop_stop(fixture->loop);
}

static void a_timer_is_never_early_and_comes_once(void **state)
{
	struct fixture *fixture = *state;
	uint64_t deadline_ms;

	fixture->timer = loop_timer_new(fixture->loop, on_time_stop, fixture);
	for (unsigned i = 0; i < 20; i++) {
		deadline_ms = loop_now_ms() + 3;
		loop_timer_set_deadline(fixture->timer, deadline_ms);
		run(fixture);
		assert_true(fixture->at_ms >= deadline_ms);
		assert_int_equal(fixture->count, i + 1);
	}
}

static void on_time_rearm_at_once(void *user)
{
	struct fixture *fixture = user;

	fixture->count++;
	loop_timer_set_after(fixture->timer, 0);
}

static void a_timer_armed_with_0_in_its_callback_lets_others_run(void **state)
{
	struct fixture *fixture = *state;
	struct loop_timer *stop = loop_timer_new(fixture->loop, on_time_stop, fixture);

	fixture->timer = loop_timer_new(fixture->loop, on_time_rearm_at_once, fixture);
	loop_timer_set_after(fixture->timer, 0);
	loop_timer_set_after(stop, 30);
	run(fixture);
	assert_true(fixture->count >= 5);
	assert_true(fixture->count <= 40);
}

static void a_disarmed_timer_stays_silent(void **state)
{
	struct fixture *fixture = *state;
	struct loop_timer *stop = loop_timer_new(fixture->loop, on_time_stop, fixture);

	fixture->timer = loop_timer_new(fixture->loop, on_time_rearm_at_once, fixture);
	loop_timer_set_after(fixture->timer, 5);
	loop_timer_set_deadline(fixture->timer, UINT64_MAX);
	loop_timer_set_after(stop, 20);
	run(fixture);
	assert_int_equal(fixture->count, 1);
}

static void on_time_free_itself(void *user)
{
	struct fixture *fixture = user;

	loop_timer_free(fixture->timer);
	fixture->timer = NULL;
	loop_stop(fixture->loop);
}

static void a_timer_may_be_freed_in_its_own_callback(void **state)
{
	struct fixture *fixture = *state;

	fixture->timer = loop_timer_new(fixture->loop, on_time_free_itself, fixture);
	loop_timer_set_after(fixture->timer, 1);
	run(fixture);
	assert_null(fixture->timer);
	loop_timer_free(NULL);
}

static void on_event_free_itself(void *user, int events)
{
	struct fixture *fixture = user;
	char byte;

	assert_int_equal(events, LOOP_READABLE);
	assert_int_equal(read(fixture->ends[0], &byte, 1), 1);
	loop_watch_free(fixture->watch);
	fixture->watch = NULL;
	close(fixture->ends[0]);
	close(fixture->ends[1]);
	loop_stop(fixture->loop);
}

static void a_watch_reads_from_the_start_and_may_be_freed_in_its_own_callback(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(pipe(fixture->ends), 0);
	fixture->watch = loop_watch_new(fixture->loop, fixture->ends[0], on_event_free_itself, fixture);
	assert_non_null(fixture->watch);
	assert_int_equal(write(fixture->ends[1], "xy", 2), 2);
	run(fixture);
	assert_null(fixture->watch);
}

static void on_event_unexpected(void *user, int events)
{
	struct fixture *fixture = user;

	(void)events;
	fixture->count += 100;
}

static void on_bytes_before_time(void *user, int events)
{
	struct fixture *fixture = user;
	char byte;

	(void)events;
	assert_int_equal(fixture->count, 0);	/* of on_time_stop */
	assert_int_equal(read(fixture->ends[0], &byte, 1), 1);
	fixture->output_size++;
}

/* The timer is due when the loop begins, and so is the byte. */
static void what_came_while_the_program_did_not_run_goes_before_the_time(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(pipe(fixture->ends), 0);
	fixture->watch = loop_watch_new(fixture->loop, fixture->ends[0], on_bytes_before_time, fixture);
	fixture->timer = loop_timer_new(fixture->loop, on_time_stop, fixture);
	loop_timer_set_after(fixture->timer, 1);
	assert_int_equal(write(fixture->ends[1], "x", 1), 1);
	usleep(50000);
	run(fixture);
	assert_int_equal(fixture->count, 1);
	assert_int_equal(fixture->output_size, 1);
	loop_watch_free(fixture->watch);
	close(fixture->ends[0]);
	close(fixture->ends[1]);
}

static void a_paused_watch_is_silent(void **state)
{
	struct fixture *fixture = *state;
	struct loop_timer *stop = loop_timer_new(fixture->loop, on_time_stop, fixture);

	assert_int_equal(pipe(fixture->ends), 0);
	fixture->watch = loop_watch_new(fixture->loop, fixture->ends[0], on_event_unexpected, fixture);
	loop_watch_set(fixture->watch, 0);
	assert_int_equal(write(fixture->ends[1], "x", 1), 1);
	loop_timer_set_after(stop, 20);
	run(fixture);
	assert_int_equal(fixture->count, 1);
	loop_watch_free(fixture->watch);
	close(fixture->ends[0]);
	close(fixture->ends[1]);
}

static void on_event_write_fails(void *user, int events)
{
	struct fixture *fixture = user;

	assert_true(events & LOOP_WRITABLE);
	assert_int_equal(write(fixture->ends[1], "x", 1), -1);	/* EPIPE, and SIGPIPE did not end us */
	loop_stop(fixture->loop);
}

static void a_broken_pipe_is_reported_as_an_event(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(pipe(fixture->ends), 0);
	close(fixture->ends[0]);
	fixture->watch = loop_watch_new(fixture->loop, fixture->ends[1], on_event_write_fails, fixture);
	loop_watch_set(fixture->watch, LOOP_WRITABLE);
	run(fixture);
	loop_watch_free(fixture->watch);
	close(fixture->ends[1]);
}

static void a_plain_file_cannot_be_watched(void **state)
{
	struct fixture *fixture = *state;
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_null(loop_watch_new(fixture->loop, fileno(file), on_event_unexpected, fixture));
	fclose(file);
}

static void work_in_a_thread(void *user)
{
	struct fixture *fixture = user;

	usleep(5000);
	fixture->count = 41;
}

static void on_work_done(void *user)
{
	struct fixture *fixture = user;

	fixture->count++;
	loop_stop(fixture->loop);
}

static void work_runs_and_then_reports(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(loop_work(fixture->loop, work_in_a_thread, on_work_done, fixture), STATUS_OK);
	run(fixture);
	assert_int_equal(fixture->count, 42);
}

static void freeing_the_loop_waits_for_work_and_does_not_report_it(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(loop_work(fixture->loop, work_in_a_thread, on_work_done, fixture), STATUS_OK);
	usleep(2000);
	loop_free(fixture->loop);
	assert_true(fixture->count == 41 || fixture->count == 0);	/* 0: no thread had taken it yet */
	assert_int_equal(loop_new(&fixture->loop, NULL), STATUS_OK);
}

static void freeing_the_loop_closes_what_is_open(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(pipe(fixture->ends), 0);
	assert_non_null(loop_watch_new(fixture->loop, fixture->ends[0], on_event_unexpected, fixture));
	assert_non_null(loop_timer_new(fixture->loop, on_time_stop, fixture));
	loop_free(fixture->loop);	/* the leak checker would tell */
	close(fixture->ends[0]);
	close(fixture->ends[1]);
	assert_int_equal(loop_new(&fixture->loop, NULL), STATUS_OK);
}

static void on_signal(void *user, int signal_number)
{
	struct fixture *fixture = user;

	fixture->count = (unsigned)signal_number;
	loop_stop(fixture->loop);
}

static void a_signal_comes_on_the_loop_and_can_be_ignored(void **state)
{
	struct fixture *fixture = *state;
	struct loop_timer *stop = loop_timer_new(fixture->loop, on_time_stop, fixture);

	assert_int_equal(loop_on_signal(fixture->loop, SIGHUP, on_signal, fixture), STATUS_OK);
	kill(getpid(), SIGHUP);
	run(fixture);
	assert_int_equal(fixture->count, SIGHUP);

	fixture->count = 0;
	assert_int_equal(loop_on_signal(fixture->loop, SIGHUP, NULL, NULL), STATUS_OK);
	kill(getpid(), SIGHUP);
	loop_timer_set_after(stop, 10);
	run(fixture);
	assert_int_equal(fixture->count, 1);

	assert_int_equal(loop_on_signal(fixture->loop, SIGHUP, on_signal, fixture), STATUS_OK);
	kill(getpid(), SIGHUP);
	run(fixture);
	assert_int_equal(fixture->count, SIGHUP);
	assert_int_equal(loop_on_signal(fixture->loop, SIGKILL, on_signal, fixture), STATUS_INVALID);
}

static void on_exit_stop(void *user, int exit_status, const char *output)
{
	struct fixture *fixture = user;

	fixture->exit_status = exit_status;
	fixture->output_size = strlen(output);
	text_copy(fixture->output, sizeof(fixture->output), output);
	fixture->at_ms = loop_now_ms();
	loop_stop(fixture->loop);
}

static void run_command(struct fixture *fixture, const char *command)
{
	struct error error;

	assert_int_equal(loop_run_command(fixture->loop, command, on_exit_stop, fixture, &error), STATUS_OK);
	run(fixture);
}

static void a_command_hands_over_its_status_and_both_outputs_in_order(void **state)
{
	struct fixture *fixture = *state;

	run_command(fixture, "echo one; echo two >&2; echo three; exit 7");
	assert_int_equal(fixture->exit_status, 7);
	assert_string_equal(fixture->output, "one\ntwo\nthree\n");
}

static void a_command_killed_by_a_signal_is_minus_1(void **state)
{
	run_command(*state, "kill -9 $$");
	assert_int_equal(((struct fixture *)*state)->exit_status, -1);
}

static void a_command_has_no_input_and_no_terminal(void **state)
{
	struct fixture *fixture = *state;

	run_command(fixture, "cat; (: </dev/tty) 2>/dev/null && echo terminal; trap | wc -l");
	assert_int_equal(fixture->exit_status, 0);
	assert_null(strstr(fixture->output, "terminal"));
}

static void output_beyond_64_kib_is_cut_and_the_command_ends_all_the_same(void **state)
{
	struct fixture *fixture = *state;

	run_command(fixture, "head -c 3000000 /dev/zero | tr '\\0' x; exit 3");
	assert_int_equal(fixture->exit_status, 3);
	assert_int_equal(fixture->output_size, 65536);
}

static void zero_bytes_in_the_output_do_not_cut_it(void **state)
{
	struct fixture *fixture = *state;

	run_command(fixture, "printf 'a\\000b'");
	assert_string_equal(fixture->output, "a b");
}

static void a_daemon_left_behind_is_not_waited_for(void **state)
{
	struct fixture *fixture = *state;
	uint64_t start_ms = loop_now_ms();

	run_command(fixture, "sleep 3 & echo started");
	assert_string_equal(fixture->output, "started\n");
	assert_true(fixture->at_ms - start_ms < 2000);
}

static void waiting_costs_no_processor_time(void **state)
{
	struct fixture *fixture = *state;
	struct loop_timer *stop = loop_timer_new(fixture->loop, on_time_stop, fixture);
	struct rusage before, after;
	long used_us;

	getrusage(RUSAGE_SELF, &before);
	loop_timer_set_after(stop, 200);
	run(fixture);
	getrusage(RUSAGE_SELF, &after);
	used_us = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000L;
	used_us += after.ru_utime.tv_usec - before.ru_utime.tv_usec;
	assert_true(used_us < 50000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_timer_is_never_early_and_comes_once),
		TEST(a_timer_armed_with_0_in_its_callback_lets_others_run),
		TEST(a_disarmed_timer_stays_silent),
		TEST(what_came_while_the_program_did_not_run_goes_before_the_time),
		TEST(a_timer_may_be_freed_in_its_own_callback),
		TEST(a_watch_reads_from_the_start_and_may_be_freed_in_its_own_callback),
		TEST(a_paused_watch_is_silent),
		TEST(a_broken_pipe_is_reported_as_an_event),
		TEST(a_plain_file_cannot_be_watched),
		TEST(work_runs_and_then_reports),
		TEST(freeing_the_loop_waits_for_work_and_does_not_report_it),
		TEST(freeing_the_loop_closes_what_is_open),
		TEST(a_signal_comes_on_the_loop_and_can_be_ignored),
		TEST(a_command_hands_over_its_status_and_both_outputs_in_order),
		TEST(a_command_killed_by_a_signal_is_minus_1),
		TEST(a_command_has_no_input_and_no_terminal),
		TEST(output_beyond_64_kib_is_cut_and_the_command_ends_all_the_same),
		TEST(zero_bytes_in_the_output_do_not_cut_it),
		TEST(a_daemon_left_behind_is_not_waited_for),
		TEST(waiting_costs_no_processor_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
