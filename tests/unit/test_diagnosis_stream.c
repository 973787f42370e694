/* tests/unit/test_diagnosis_stream.c: the diagnosis as a machine: cut streams, quiet, evidence from elsewhere, lines for the observer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recovery/diagnosis/sign_filter.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "tests/unit/diagnosis_bench.h"

static void a_capture_may_begin_in_the_kernel(void **state)
{
	struct verdict verdict = diagnosis_bench_judge("[    5.000001] usb 1-1: new device\n[    6.000001] Unable to mount root\n");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_NO_ROOTFS);
	assert_int_equal(verdict.furthest, STAGE_KERNEL);
	assert_int_equal(verdict.starts, 1);
}

static void a_prompt_without_a_line_end_is_seen_when_the_line_is_quiet(void **state)
{
	struct diagnosis *diagnosis = diagnosis_bench_begin();
	struct verdict verdict;

	(void)state;
	diagnosis_bench_say(diagnosis, "U-Boot 2023.01\n=> ", 0);
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.cause, CAUSE_NONE);
	diagnosis_quiet(diagnosis, 500);
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.cause, CAUSE_LOGIN);
	assert_int_equal(diagnosis_line_count(diagnosis), 1);
	diagnosis_free(diagnosis);
}

static void looking_at_an_unfinished_banner_is_no_second_start(void **state)
{
	struct diagnosis *diagnosis = diagnosis_bench_begin();

	(void)state;
	diagnosis_bench_say(diagnosis, "U-Boot 2023.01", 0);
	diagnosis_quiet(diagnosis, 100);
	diagnosis_bench_say(diagnosis, " (Jan 1 2023)", 200);
	diagnosis_quiet(diagnosis, 300);
	diagnosis_bench_say(diagnosis, "\n", 400);
	assert_int_equal(diagnosis_starts(diagnosis), 1);
	diagnosis_free(diagnosis);
}

static void evidence_from_elsewhere_counts(void **state)
{
	struct diagnosis *diagnosis = diagnosis_bench_begin();
	struct verdict verdict;
	struct evidence flash = {
		.source = EVIDENCE_PROBE, .cause = CAUSE_CHECKSUM, .weight = -90, .text = "the flash equals the image"
	};

	(void)state;
	diagnosis_bench_say(diagnosis, "U-Boot 2023.01\nBad Data CRC\n=> ", 0);
	diagnosis_add(diagnosis, &flash);
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.cause, CAUSE_POWER);
	assert_true(verdict.is_decided);
	diagnosis_free(diagnosis);
}

static void facts_are_kept_and_reset_forgets_them(void **state)
{
	struct diagnosis *diagnosis = diagnosis_bench_begin();
	const struct diagnosis_fact *facts;

	(void)state;
	diagnosis_bench_say(diagnosis, "DRAM:  256 MiB\nDRAM:  512 MiB\n1024 blocks read: OK\n", 0);
	assert_string_equal(diagnosis_fact_value(diagnosis, "ram"), "512 MiB");
	assert_int_equal(diagnosis_facts(diagnosis, &facts), 1);
	assert_int_equal(facts[0].line, 2);
	diagnosis_reset(diagnosis);
	assert_null(diagnosis_fact_value(diagnosis, "ram"));
	/* the lines' numbers go on: faces and captures count the stream, not the starts */
	assert_int_equal(diagnosis_line_count(diagnosis), 3);
	diagnosis_free(diagnosis);
}

static void answers_to_typed_commands_are_counted_but_not_heeded(void **state)
{
	struct diagnosis *diagnosis = diagnosis_bench_begin();
	struct verdict verdict;

	(void)state;
	diagnosis_heed(diagnosis, false);
	diagnosis_bench_say(diagnosis, "   Verifying Checksum ... Bad Data CRC\nDRAM:  256 MiB\n", 0);
	assert_int_equal(diagnosis_line_count(diagnosis), 2);
	assert_null(diagnosis_fact_value(diagnosis, "ram"));
	diagnosis_verdict(diagnosis, &verdict);
	assert_false(cause_is_fault(verdict.cause));
	diagnosis_heed(diagnosis, true);
	diagnosis_bench_say(diagnosis, "   Verifying Checksum ... Bad Data CRC\n", 0);
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
	diagnosis_free(diagnosis);
}

static void how_the_stream_is_cut_changes_nothing(void **state)
{
	static const char text[] =
		"U-Boot 2023.01\r\nwriting 5%\rwriting 6%\r\nU-Boot 2023.01\r\n\x1b[1mBad Data CRC\x1b[0m\r\n=> ";
	struct verdict whole = diagnosis_bench_judge(text), bytewise;
	struct diagnosis *diagnosis = diagnosis_bench_begin();

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(text); i++)
		diagnosis_input(diagnosis, bytes_of(text + i, 1), 0);
	diagnosis_end(diagnosis, 0);
	diagnosis_verdict(diagnosis, &bytewise);
	assert_memory_equal(&whole, &bytewise, sizeof(whole));
	diagnosis_free(diagnosis);
}

static void many_repeats_take_no_more_memory(void **state)
{
	struct diagnosis *diagnosis = diagnosis_bench_begin();
	struct verdict verdict;

	(void)state;
	for (unsigned i = 0; i < 20000; i++)
		diagnosis_bench_say(diagnosis, "Bad Data CRC\n", i);
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.causes[0].proof_count, 1);
	diagnosis_free(diagnosis);
}

struct seen {
	unsigned lines;
	unsigned last;
	const char *sign;
};

static void see(void *user, const struct diagnosis_line *line)
{
	struct seen *seen = user;

	seen->lines++;
	seen->last = line->number;
	seen->sign = line->sign ? line->sign->id : NULL;
}

static void the_observer_gets_every_line_with_its_most_telling_sign(void **state)
{
	struct seen seen = { 0 };
	struct diagnosis *diagnosis = NULL;

	(void)state;
	diagnosis = diagnosis_bench_observed(see, &seen);
	diagnosis_bench_say(diagnosis, "nothing\n\nVerifying ... Bad Data CRC\n", 0);
	assert_int_equal(seen.lines, 3);
	assert_int_equal(seen.last, 3);
	assert_string_equal(seen.sign, "crc");
	diagnosis_free(diagnosis);
}

static void words_that_a_pattern_needs_are_found(void **state)
{
	static const struct {
		const char *pattern, *words;
	} rows[] = {
		{ "Bad Data CRC", "bad data crc|" },
		{ "^U-Boot (?!SPL)(\\d+)", "u-boot |" },
		{ "one fish|two fishes", "one fish|two fishes|" },
		{ "(?:alpha|beta) x", "alpha|beta|" },
		{ "(?:alpha|beta)? gamma", " gamma|" },
		{ "colou?r(?:ed)?", "colo|" },
		{ "a+bc", "bc|" },
		{ "error -\\d+ \\(ECC error\\)", " (ecc error)|" },
		{ "[^]x]+y[a|b]zz", "zz|" },
		{ "abc|\\d+", "" },
		{ ".*", "" },
		{ "((((((deep))))))", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sign_words words;
		char got[256] = "";

		sign_words_of(rows[i].pattern, &words);
		for (size_t k = 0; k < words.count; k++)
			text_append(got, sizeof(got), "%s|", words.word[k]);
		assert_string_equal(got, rows[i].words);
	}
}

static void text_scores_high_and_noise_low(void **state)
{
	uint8_t noise[512];
	uint32_t random = 12345;
	static const char *const good[] = {
		"=> ",
		"U-Boot 2023.01\r\n",
		"#",
		"################################",
		"gr\xc3\xbc\xc3\x9f \xe2\x82\xac\r\n",
		"\x1b[32m[  OK  ]\x1b[0m Started.\r\n",
		"00000000: ff ff ff ff  ....\r\n",
		"Hit any key:  2 \b\b\b 1 ",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(diagnosis_text_score(bytes_of_text(good[i])) > 70);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)((random = random * 1664525u + 1013904223u) >> 24);
	assert_true(diagnosis_text_score(bytes_of(noise, sizeof(noise))) < 40);
	/* 115200 read at 57600: bytes with few transitions, many high */
	assert_true(
		diagnosis_text_score(BYTES("\xe6\x80\x98\xf8\x06\x7e\x1e\xe0\xfe\x00\x86\x98\x9e\x66\xf8\x80")) < 40);
	memset(noise, 0, sizeof(noise));
	assert_true(diagnosis_text_score(bytes_of(noise, sizeof(noise))) < 40);
	assert_int_equal(diagnosis_text_score(BYTES("")), 0);
	assert_true(diagnosis_text_score(BYTES("U\0-\0B\0o\0o\0t\0 \0002\0000\0001\0006\0\n\0")) > 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capture_may_begin_in_the_kernel),
		cmocka_unit_test(a_prompt_without_a_line_end_is_seen_when_the_line_is_quiet),
		cmocka_unit_test(looking_at_an_unfinished_banner_is_no_second_start),
		cmocka_unit_test(evidence_from_elsewhere_counts),
		cmocka_unit_test(facts_are_kept_and_reset_forgets_them),
		cmocka_unit_test(answers_to_typed_commands_are_counted_but_not_heeded),
		cmocka_unit_test(how_the_stream_is_cut_changes_nothing),
		cmocka_unit_test(many_repeats_take_no_more_memory),
		cmocka_unit_test(the_observer_gets_every_line_with_its_most_telling_sign),
		cmocka_unit_test(words_that_a_pattern_needs_are_found),
		cmocka_unit_test(text_scores_high_and_noise_low),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
