#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "tests/fakes/rate_device.h"

static struct rate_bench *bench_new(void)
{
	struct rate_bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	rate_device_init(&bench->device, 115200);
	baud_raise_init(&bench->raise, "=> ", "setenv baudrate %u", NULL, 115200);
	return bench;
}

static struct baud_raise_event up(struct rate_bench *bench, unsigned baud)
{
	baud_raise_up(&bench->raise, baud, bench->now_ms);
	return rate_bench_run(bench);
}

static struct baud_raise_event down(struct rate_bench *bench)
{
	baud_raise_down(&bench->raise, bench->now_ms);
	return rate_bench_run(bench);
}

/* The program was killed: a new one knows what the journal says, and nothing else. */
static struct baud_raise_event find(struct rate_bench *bench)
{
	bench->was_killed = false;
	bench->stop_after = 0;
	bench->device.out_size = 0;
	bench->device.host_baud = 115200;
	baud_raise_init(&bench->raise, "=> ", "setenv baudrate %u", NULL, 115200);
	baud_raise_find(&bench->raise, bench->announced_count > 0 ? bench->announced[bench->announced_count - 1] : 921600, bench->now_ms);
	return rate_bench_run(bench);
}

static bool is_usual(const struct rate_bench *bench)
{
	return bench->device.baud == 115200 && bench->device.host_baud == 115200 && bench->device.stored == 115200 && bench->device.saved == 0;
}

static void both_ends_go_up_and_come_back(void **state)
{
	struct rate_bench *bench = bench_new();

	(void)state;
	assert_int_equal(up(bench, 921600).type, BAUD_RAISE_UP);
	assert_int_equal(bench->device.baud, 921600);
	assert_int_equal(bench->device.host_baud, 921600);
	assert_int_equal(bench->announced_count, 1);
	assert_int_equal(bench->announced[0], 921600);
	assert_int_equal(down(bench).type, BAUD_RAISE_BACK);
	assert_true(is_usual(bench));
	assert_int_equal(bench->device.at, RATE_AT_PROMPT);
	assert_int_equal(bench->device.changes, 2);
	free(bench);
}

static void what_it_is_about_to_tell_is_announced_before_a_byte_goes(void **state)
{
	struct rate_bench *bench = bench_new();
	struct baud_raise_event event = { .type = BAUD_RAISE_NOTHING };

	(void)state;
	baud_raise_up(&bench->raise, 921600, 0);
	rate_device_input(&bench->device, baud_raise_output(&bench->raise));
	baud_raise_sent(&bench->raise, baud_raise_output(&bench->raise).size, 0);
	for (unsigned i = 0; i < 10 && event.type == BAUD_RAISE_NOTHING; i++) {
		struct bytes in = bytes_of(bench->device.out, bench->device.out_size);

		event = baud_raise_input(&bench->raise, &in, i);
		bench->device.out_size = 0;
		if (event.type == BAUD_RAISE_NOTHING)
			event = baud_raise_tick(&bench->raise, i * 1000);
	}
	assert_int_equal(event.type, BAUD_RAISE_ANNOUNCE);
	assert_int_equal(baud_raise_output(&bench->raise).size, 0);
	assert_string_equal(bench->device.typed, "");
	free(bench);
}

static void a_rate_that_the_build_does_not_know_is_stepped_down_from(void **state)
{
	static const unsigned table[] = { 9600, 115200, 230400, 0 };
	struct rate_bench *bench = bench_new();
	struct baud_raise_event event;

	(void)state;
	bench->device.table = table;
	event = up(bench, 1500000);
	assert_int_equal(event.type, BAUD_RAISE_UP);
	assert_int_equal(event.baud, 230400);
	assert_int_equal(down(bench).type, BAUD_RAISE_BACK);
	assert_true(is_usual(bench));
	free(bench);
}

static void a_build_without_higher_rates_stays_as_it_is(void **state)
{
	static const unsigned table[] = { 9600, 115200, 0 };
	struct rate_bench *bench = bench_new();
	struct baud_raise_event event;

	(void)state;
	bench->device.table = table;
	event = up(bench, 921600);
	assert_int_equal(event.type, BAUD_RAISE_BACK);
	assert_non_null(strstr(event.text, "does not know"));
	assert_int_equal(bench->device.changes, 0);
	assert_true(is_usual(bench));
	free(bench);
}

static void a_build_that_only_keeps_the_number_gets_its_old_one_back(void **state)
{
	struct rate_bench *bench = bench_new();

	(void)state;
	bench->device.keeps_only = true;
	assert_int_equal(up(bench, 921600).type, BAUD_RAISE_BACK);
	assert_true(is_usual(bench));
	free(bench);
}

static void a_rate_at_which_bytes_are_damaged_does_not_count(void **state)
{
	struct rate_bench *bench = bench_new();
	struct baud_raise_event event;

	(void)state;
	bench->device.worst_from = 921600;	/* a divider 3 % off, or a long cable */
	bench->device.worst_every = 60;
	event = up(bench, 1500000);
	assert_int_equal(event.type, BAUD_RAISE_UP);
	assert_int_equal(event.baud, 460800);
	assert_int_equal(down(bench).type, BAUD_RAISE_BACK);
	assert_true(is_usual(bench));
	free(bench);
}

static void a_device_that_is_deaf_after_the_change_is_told_as_lost(void **state)
{
	struct rate_bench *bench = bench_new();
	struct baud_raise_event event;

	(void)state;
	bench->device.goes_deaf = true;
	event = up(bench, 921600);
	assert_int_equal(event.type, BAUD_RAISE_LOST);
	assert_non_null(strstr(event.text, "921600"));
	/* A power cycle brings it back: nothing was saved. */
	assert_int_equal(bench->device.saved, 0);
	free(bench);
}

static void a_lost_question_or_a_lost_enter_is_found_out(void **state)
{
	(void)state;
	for (unsigned lost = 0; lost < 4; lost++) {
		struct rate_bench *bench = bench_new();

		bench->device.swallows_question = lost == 0;
		bench->device.lose_enter = lost;
		assert_true(up(bench, 921600).type != BAUD_RAISE_LOST);
		bench->device.swallows_question = false;
		assert_int_equal(down(bench).type, BAUD_RAISE_BACK);
		assert_true(is_usual(bench));
		free(bench);
	}
}

static void a_receiver_that_was_left_waiting_is_ended_first(void **state)
{
	struct rate_bench *bench = bench_new();

	(void)state;
	assert_int_equal(up(bench, 921600).type, BAUD_RAISE_UP);
	bench->device.at = RATE_RECEIVES;
	rate_device_say(&bench->device, "CCC");
	assert_int_equal(down(bench).type, BAUD_RAISE_BACK);
	assert_true(is_usual(bench));
	assert_int_equal(bench->device.at, RATE_AT_PROMPT);
	free(bench);
}

/* Whatever stands in the line is thrown away, never run. */
static void half_a_command_is_not_run(void **state)
{
	struct rate_bench *bench = bench_new();

	(void)state;
	assert_int_equal(up(bench, 921600).type, BAUD_RAISE_UP);
	rate_device_input(&bench->device, BYTES("sf erase 0x0 0x1"));
	bench->device.out_size = 0;
	assert_int_equal(down(bench).type, BAUD_RAISE_BACK);
	assert_null(strstr(bench->device.typed, "sf erase"));
	assert_true(is_usual(bench));
	free(bench);
}

static void killed_anywhere_on_the_way_up_it_is_brought_back(void **state)
{
	unsigned killed = 0;

	(void)state;
	for (unsigned bytes = 1; bytes < 1200; bytes += bytes < 60 ? 1 : 37) {
		struct rate_bench *bench = bench_new();
		struct baud_raise_event event;

		bench->stop_after = bytes;
		baud_raise_up(&bench->raise, 921600, 0);
		rate_bench_run(bench);
		killed += bench->was_killed;
		event = find(bench);
		if (event.type != BAUD_RAISE_BACK)
			fail_msg("killed after %u bytes: event %d, %s", bytes, (int)event.type, event.text);
		assert_true(is_usual(bench));
		free(bench);
	}
	assert_true(killed > 60);
}

static void killed_anywhere_on_the_way_down_it_is_brought_back(void **state)
{
	(void)state;
	for (unsigned bytes = 1; bytes < 40; bytes++) {
		struct rate_bench *bench = bench_new();

		assert_int_equal(up(bench, 921600).type, BAUD_RAISE_UP);
		bench->stop_after = bytes;
		baud_raise_down(&bench->raise, bench->now_ms);
		rate_bench_run(bench);
		assert_int_equal(find(bench).type, BAUD_RAISE_BACK);
		assert_true(is_usual(bench));
		free(bench);
	}
}

static void a_device_that_was_restarted_meanwhile_is_told_nothing(void **state)
{
	struct rate_bench *bench = bench_new();
	struct baud_raise_event event;

	(void)state;
	assert_int_equal(up(bench, 921600).type, BAUD_RAISE_UP);
	rate_device_restart(&bench->device, 115200);
	event = find(bench);
	assert_int_equal(event.type, BAUD_RAISE_BACK);
	assert_int_equal(bench->device.ctrl_c_at_login + bench->device.enters_at_login, 0);
	assert_true(is_usual(bench));
	free(bench);
}

/* The text of its start has gone by; somebody stands at the login prompt, or types a message to all users. */
static void whoever_echoes_at_the_usual_rate_gets_a_space_and_no_more(void **state)
{
	struct rate_bench *bench = bench_new();

	(void)state;
	rate_device_restart(&bench->device, 115200);
	bench->device.out_size = 0;
	assert_int_equal(find(bench).type, BAUD_RAISE_BACK);
	assert_int_equal(bench->device.bytes, 1);
	free(bench);
}

static void a_device_that_is_off_is_not_found(void **state)
{
	struct rate_bench *bench = bench_new();

	(void)state;
	bench->device.at = RATE_OFF;
	assert_int_equal(find(bench).type, BAUD_RAISE_LOST);
	free(bench);
}

static void restarted_during_the_transfer_is_seen_on_the_way_down(void **state)
{
	struct rate_bench *bench = bench_new();
	struct baud_raise_event event;

	(void)state;
	assert_int_equal(up(bench, 921600).type, BAUD_RAISE_UP);
	rate_device_restart(&bench->device, 115200);
	baud_raise_down(&bench->raise, bench->now_ms);
	event = rate_bench_run(bench);
	assert_true(event.type == BAUD_RAISE_BACK || event.type == BAUD_RAISE_LOST);
	assert_int_equal(bench->device.enters_at_login, 0);
	free(bench);
}

/* The line itself is bad: whatever becomes of it, the device is not told half a command, and the machine ends. */
static void over_a_bad_line_it_ends_and_runs_nothing_else(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 40; seed++) {
		struct rate_bench *bench = bench_new();
		char *rest, *line;

		bench->device.random = seed * 7919;
		bench->device.worst_from = 9600;
		bench->device.worst_every = 25;
		up(bench, 921600);
		down(bench);
		for (line = strtok_r(bench->device.typed, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
			if (text_contains(line, "baudrate"))
				assert_true(text_starts(line, "setenv baudrate ") || !text_starts(line, "setenv"));
		assert_int_equal(bench->device.saved, 0);
		free(bench);
	}
}

/* How the bytes were cut never changes what happens. */
static void one_byte_at_a_time_is_the_same(void **state)
{
	struct rate_bench *bench = bench_new();
	struct baud_raise_event event = { .type = BAUD_RAISE_NOTHING };

	(void)state;
	baud_raise_up(&bench->raise, 921600, 0);
	while (event.type < BAUD_RAISE_UP) {
		struct bytes out = baud_raise_output(&bench->raise), in = bytes_of(bench->device.out, bench->device.out_size > 0);

		rate_device_input(&bench->device, bytes_of(out.data, out.size > 0));
		baud_raise_sent(&bench->raise, out.size > 0, bench->now_ms);
		if (out.size > 0)
			continue;
		if (in.size > 0) {
			uint8_t byte = in.data[0];

			memmove(bench->device.out, bench->device.out + 1, --bench->device.out_size);
			in = bytes_of(&byte, 1);
			event = baud_raise_input(&bench->raise, &in, bench->now_ms);
		} else {
			bench->now_ms = baud_raise_deadline(&bench->raise) > bench->now_ms ? baud_raise_deadline(&bench->raise) : bench->now_ms;
			event = baud_raise_tick(&bench->raise, bench->now_ms);
		}
		if (event.type == BAUD_RAISE_SET_LINE)
			bench->device.host_baud = event.baud;
	}
	assert_int_equal(event.type, BAUD_RAISE_UP);
	free(bench);
}

static struct echo_meter *measure(struct rate_bench *bench)
{
	struct echo_meter *meter = &bench->raise.meter;

	dialog_init(&bench->raise.dialog, "=> ");
	echo_meter_begin(meter, &bench->raise.dialog, 0, 0);
	while (!meter->is_over) {
		struct bytes out = dialog_output(meter->dialog), in;
		uint8_t copy[RATE_OUT];

		rate_device_input(&bench->device, out);
		echo_meter_sent(meter, out.size, bench->now_ms);
		in = bytes_of(memcpy(copy, bench->device.out, bench->device.out_size), bench->device.out_size);
		bench->device.out_size = 0;
		bench->now_ms += in.size > 0 ? 4 : 0;
		while (in.size > 0 && !meter->is_over)
			echo_meter_input(meter, &in, bench->now_ms);
		if (dialog_output(meter->dialog).size == 0 && bench->device.out_size == 0 && !meter->is_over) {
			bench->now_ms = dialog_deadline(meter->dialog);
			echo_meter_tick(meter, bench->now_ms);
		}
	}
	return meter;
}

static void a_good_line_is_called_good(void **state)
{
	struct rate_bench *bench = bench_new();
	struct echo_meter *meter = measure(bench);
	char text[120];

	(void)state;
	assert_int_equal(echo_meter_grade(meter), ECHO_GOOD);
	assert_true(meter->bytes > 3000);
	assert_true(meter->prints);
	assert_int_equal(meter->delay_ms, 4);
	assert_non_null(strstr(echo_meter_text(meter, text, sizeof(text)), "good: no error in "));
	free(bench);
}

static void a_bad_line_is_called_bad_and_left_early(void **state)
{
	struct rate_bench *bench = bench_new();
	struct echo_meter *meter;

	(void)state;
	bench->device.worst_from = 9600;
	bench->device.worst_every = 50;
	meter = measure(bench);
	assert_int_equal(echo_meter_grade(meter), ECHO_BAD);
	assert_true(meter->errors > 0);
	free(bench);
}

static void a_line_with_rare_errors_is_measured_longer(void **state)
{
	struct rate_bench *bench = bench_new();
	struct echo_meter *meter;

	(void)state;
	bench->device.worst_from = 9600;
	bench->device.worst_every = 6000;
	for (unsigned seed = 0; seed < 20; seed++) {
		bench->device.random = seed * 104729;
		meter = measure(bench);
		if (meter->errors == 0)
			continue;
		assert_true(meter->lines == ECHO_METER_MORE_LINES || meter->errors >= ECHO_METER_LIMIT);
	}
	free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_go_up_and_come_back),
		cmocka_unit_test(what_it_is_about_to_tell_is_announced_before_a_byte_goes),
		cmocka_unit_test(a_rate_that_the_build_does_not_know_is_stepped_down_from),
		cmocka_unit_test(a_build_without_higher_rates_stays_as_it_is),
		cmocka_unit_test(a_build_that_only_keeps_the_number_gets_its_old_one_back),
		cmocka_unit_test(a_rate_at_which_bytes_are_damaged_does_not_count),
		cmocka_unit_test(a_device_that_is_deaf_after_the_change_is_told_as_lost),
		cmocka_unit_test(a_lost_question_or_a_lost_enter_is_found_out),
		cmocka_unit_test(a_receiver_that_was_left_waiting_is_ended_first),
		cmocka_unit_test(half_a_command_is_not_run),
		cmocka_unit_test(killed_anywhere_on_the_way_up_it_is_brought_back),
		cmocka_unit_test(killed_anywhere_on_the_way_down_it_is_brought_back),
		cmocka_unit_test(a_device_that_was_restarted_meanwhile_is_told_nothing),
		cmocka_unit_test(whoever_echoes_at_the_usual_rate_gets_a_space_and_no_more),
		cmocka_unit_test(a_device_that_is_off_is_not_found),
		cmocka_unit_test(restarted_during_the_transfer_is_seen_on_the_way_down),
		cmocka_unit_test(over_a_bad_line_it_ends_and_runs_nothing_else),
		cmocka_unit_test(one_byte_at_a_time_is_the_same),
		cmocka_unit_test(a_good_line_is_called_good),
		cmocka_unit_test(a_bad_line_is_called_bad_and_left_early),
		cmocka_unit_test(a_line_with_rare_errors_is_measured_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
