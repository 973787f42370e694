/* tests/unit/test_transfer_cable.c: what holds for every protocol that carries several files and makes good what the line loses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "tests/unit/cable_bench.h"

extern const struct transfer_protocol transfer_kermit, transfer_zmodem;

enum { LOST = 7, LAST_ANSWER = 10 };	/* bytes */

static void files_of_all_sizes_arrive(void **state)
{
	static const size_t size[] = { 0, 1, 1023, 1024, 1025, 65536, 100001, 0 };
	struct cable *line = cable_bench_new(*state, 115200);

	for (size_t i = 0; i < 8; i++) {
		char name[16];

		snprintf(name, sizeof(name), "file #%zu", i);
		cable_bench_add(line, name, size[i]);
	}
	cable_run(line, CABLE_BENCH_HOUR_MS);
	cable_bench_copied(line);
	for (size_t i = 0; i < 8; i++) {
		assert_string_equal(line->receiver.file[i].name, line->sender.file[i].name);
		assert_int_equal(line->receiver.file[i].announced, size[i]);
	}
	assert_int_equal(line->sender.retries + line->receiver.retries, 0);
	cable_bench_free(line);
}

static void files_without_a_size_arrive(void **state)
{
	struct cable *line = cable_bench_new(*state, 921600);

	line->sender.hides_sizes = true;
	cable_bench_add(line, "a", 16384);
	cable_bench_add(line, "b", 16383);
	cable_bench_add(line, "c", 0);
	cable_run(line, CABLE_BENCH_HOUR_MS);
	cable_bench_copied(line);
	cable_bench_free(line);
}

static void the_cut_of_the_input_changes_nothing(void **state)
{
	for (size_t piece = 1; piece < 6; piece++) {
		struct cable *line = cable_bench_new(*state, 115200);

		line->piece = piece;
		cable_bench_add(line, "a", 20000);
		cable_run(line, CABLE_BENCH_HOUR_MS);
		cable_bench_copied(line);
		assert_int_equal(line->sender.retries + line->receiver.retries, 0);
		cable_bench_free(line);
	}
}

static void errors_of_all_kinds_never_give_a_wrong_file(void **state)
{
	for (unsigned seed = 1; seed <= 40; seed++) {
		struct cable *line = cable_bench_new(*state, seed % 2 ? 115200 : 921600);

		line->random += seed * 0x9e3779b97f4a7c15u;
		line->there.delay_ms = line->back.delay_ms = seed % 5 * 10;
		line->there.flips = line->back.flips = seed % 4 == 0 ? 300 : 20;
		line->there.drops = line->back.drops = seed % 4 == 1 ? 300 : 0;
		line->there.twice = line->back.twice = seed % 4 == 2 ? 300 : 0;
		cable_bench_add(line, "a", 60000);
		cable_bench_add(line, "b", 1);
		cable_bench_add(line, "c", 30001);
		cable_run(line, CABLE_BENCH_HOUR_MS);
		cable_bench_copied(line);
		cable_bench_free(line);
	}
}

/* How many bytes come back when nothing is lost. */
static uint64_t answer_bytes(const struct transfer_protocol *protocol)
{
	struct cable *line = cable_bench_new(protocol, 115200);
	uint64_t bytes;

	cable_bench_add(line, "a", 50000);
	cable_bench_add(line, "b", 100);
	cable_run(line, CABLE_BENCH_HOUR_MS);
	cable_bench_copied(line);
	bytes = line->back.bytes;
	cable_bench_free(line);
	return bytes;
}

/* All but the very last one: whoever sent that has ended, and nobody is there to say it again. */
static void every_lost_answer_is_made_good(void **state)
{
	uint64_t most = answer_bytes(*state);

	for (uint64_t at = 0; at < 200 && at + LOST + LAST_ANSWER <= most; at += LOST) {
		struct cable *line = cable_bench_new(*state, 115200);

		line->back.drop_from = at;
		line->back.drop_to = at + LOST;
		cable_bench_add(line, "a", 50000);
		cable_bench_add(line, "b", 100);
		cable_run(line, CABLE_BENCH_HOUR_MS);
		cable_bench_copied(line);
		cable_bench_free(line);
	}
}

static void a_hole_is_filled_wherever_it_is(void **state)
{
	for (uint64_t at = 0; at < 6400; at += 97) {
		struct cable *line = cable_bench_new(*state, 115200);

		line->there.drop_from = at;
		line->there.drop_to = at + 1 + at % 60;
		cable_bench_add(line, "a", 6000);
		cable_run(line, CABLE_BENCH_HOUR_MS);
		cable_bench_copied(line);
		cable_bench_free(line);
	}
}

static void a_file_that_becomes_shorter_is_no_success(void **state)
{
	struct cable *line = cable_bench_new(*state, 115200);

	cable_bench_add(line, "a", 10000);
	line->sender.file[0].announced = 20000;
	cable_run(line, CABLE_BENCH_HOUR_MS);
	assert_int_equal(line->sender.last, TRANSFER_FAILED);
	assert_int_equal(line->receiver.last, TRANSFER_FAILED);
	assert_false(line->receiver.file[0].has_ended);
	cable_bench_free(line);
}

#define WITH(protocol) \
	cmocka_unit_test_prestate(files_of_all_sizes_arrive, (void *)&(protocol)), \
	cmocka_unit_test_prestate(files_without_a_size_arrive, (void *)&(protocol)), \
	cmocka_unit_test_prestate(the_cut_of_the_input_changes_nothing, (void *)&(protocol)), \
	cmocka_unit_test_prestate(errors_of_all_kinds_never_give_a_wrong_file, (void *)&(protocol)), \
	cmocka_unit_test_prestate(every_lost_answer_is_made_good, (void *)&(protocol)), \
	cmocka_unit_test_prestate(a_hole_is_filled_wherever_it_is, (void *)&(protocol)), \
	cmocka_unit_test_prestate(a_file_that_becomes_shorter_is_no_success, (void *)&(protocol))

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(transfer_kermit),
		WITH(transfer_zmodem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
