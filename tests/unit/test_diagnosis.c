/* tests/unit/test_diagnosis.c: what whole texts are judged to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "tests/unit/diagnosis_bench.h"

static void failed_hardware_explains_and_speaks_for_no_cause(void **state)
{
	struct verdict verdict = diagnosis_bench_judge("U-Boot 2016.11\nNet: no PHY found\n"), without = diagnosis_bench_judge("U-Boot 2016.11\nNet: all well\n");

	(void)state;
	assert_int_equal(verdict.cause, without.cause);
	assert_int_equal(verdict.cause_count, 0);
	assert_int_equal(verdict.is_decided, without.is_decided);
}

static void what_a_loader_says_in_an_updater_s_words_is_refuted_by_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(diagnosis_bench_judge("U-Boot 2016.11\ntransfer broke\n").cause, CAUSE_NETWORK);
	assert_int_equal(diagnosis_bench_judge("U-Boot 2016.11\ntransfer broke\nLinux version 4.4\n").cause, CAUSE_HEALTHY);
	assert_int_equal(diagnosis_bench_judge("U-Boot 2016.11\nit is no good\nLinux version 4.4\n").cause, CAUSE_HEALTHY);
	assert_int_equal(diagnosis_bench_judge("file loaded\nit is no good\nLinux version 4.4\n").cause, CAUSE_HEALTHY);
	assert_int_equal(diagnosis_bench_judge("it is no good\nLinux version 4.4\n").cause, CAUSE_SIGNATURE);
	/* the same from an updater, in the running system */
	assert_int_equal(diagnosis_bench_judge("Linux version 4.4\ntransfer broke\n").cause, CAUSE_NETWORK);
}

static void a_mistyped_word_is_not_the_boot_script_s(void **state)
{
	(void)state;
	assert_int_equal(diagnosis_bench_judge("U-Boot 2016.11\nUnknown command 'rum'\n").cause, CAUSE_BAD_ENV);
	assert_int_not_equal(diagnosis_bench_judge("U-Boot 2016.11\n=> tpl\nUnknown command 'tpl'\n").cause, CAUSE_BAD_ENV);
	assert_int_not_equal(diagnosis_bench_judge("U-Boot 2016.11\n=> tpl\nUnknown command 'tpl'\n=> help\n").cause, CAUSE_BAD_ENV);
}

static void general_words_count_only_where_no_other_sign_is_on_the_line(void **state)
{
	struct verdict verdict = diagnosis_bench_judge("U-Boot 2016.11\nacme: it is no good\n");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_SIGNATURE);
	assert_false(verdict.is_decided);
	verdict = diagnosis_bench_judge("U-Boot 2016.11\nVerifying ... Bad Data CRC, no good\n");
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
	for (size_t i = 0; i < verdict.cause_count; i++)
		assert_int_not_equal(verdict.causes[i].cause, CAUSE_SIGNATURE);
	verdict = diagnosis_bench_judge("U-Boot 2016.11\nusing default environment, no good\n");
	assert_int_equal(verdict.cause_count, 0);
}

static void nothing_seen_says_nothing(void **state)
{
	struct verdict verdict = diagnosis_bench_judge("");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_NONE);
	assert_int_equal(verdict.starts, 0);
	assert_false(verdict.is_decided);
}

static void a_pattern_that_does_not_compile_names_its_sign(void **state)
{
	const struct sign bad[] = { { .id = "broken", .match = "(", .effect = SIGN_FACT, .fact = "x" } };
	struct diagnosis *diagnosis = NULL;
	struct error error;

	(void)state;
	assert_int_equal(diagnosis_new(bad, 1, NULL, NULL, &diagnosis, &error), STATUS_INVALID);
	assert_non_null(strstr(error.text, "broken"));
	assert_null(diagnosis);
}

static void a_crc_error_alone_leaves_damage_and_power_together(void **state)
{
	struct verdict verdict = diagnosis_bench_judge("U-Boot 2023.01\nVerifying ... Bad Data CRC\n=> ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
	assert_false(verdict.is_decided);
	assert_int_equal(verdict.causes[1].cause, CAUSE_POWER);
	assert_true(verdict.causes[0].confidence - verdict.causes[1].confidence < 0.15);
	assert_string_equal(verdict.next[0], "read the flash and compare it with the image");
	assert_string_equal(verdict.next[1], "was power lost during the update?");
}

static void two_signs_on_one_line_are_one_witness(void **state)
{
	struct verdict verdict = diagnosis_bench_judge("U-Boot 2020.01\nbad CRC: Bad Data CRC\n");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
	assert_int_equal(verdict.causes[0].proof_count, 1);
	assert_int_equal(verdict.causes[0].proof[0].weight, 90);
}

static void a_crc_error_after_a_write_that_never_ended_is_power(void **state)
{
	struct verdict verdict = diagnosis_bench_judge("U-Boot 2023.01\nwriting 5%\nU-Boot 2023.01\nVerifying ... Bad Data CRC\n=> ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_POWER);
	assert_true(verdict.is_decided);
	assert_int_equal(verdict.causes[0].proof[0].source, EVIDENCE_COURSE);
	assert_int_equal(verdict.causes[0].proof[0].line, 2);
}

static void a_write_that_ended_well_is_no_power_fault(void **state)
{
	struct verdict verdict =
		diagnosis_bench_judge("U-Boot 2023.01\nwriting 5%\nwritten OK\nU-Boot 2023.01\nVerifying ... Bad Data CRC\n=> ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
}

static void an_image_longer_than_the_read_is_space(void **state)
{
	struct verdict verdict =
		diagnosis_bench_judge("U-Boot 2023.01\n2048 blocks read: OK\nData Size:    5448192 Bytes = 5.2 MiB\nBad Data CRC\n");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_SPACE);
	assert_true(verdict.is_decided);
	assert_int_equal(
		diagnosis_bench_judge("U-Boot 2023.01\n16384 blocks read: OK\nData Size:    5448192 Bytes\nBad Data CRC\n").cause,
		CAUSE_CHECKSUM);
}

static void a_read_too_small_for_a_kernel_points_at_the_environment(void **state)
{
	(void)state;
	assert_int_equal(diagnosis_bench_judge("U-Boot 2023.01\n1024 blocks read: OK\nWrong Image Format for bootm command\n=> ").cause,
		CAUSE_BAD_ENV);
	assert_int_equal(
		diagnosis_bench_judge("U-Boot 2023.01\n16384 blocks read: OK\nWrong Image Format for bootm command\n=> ").cause,
		CAUSE_CHECKSUM);
}

static void a_default_environment_alone_is_harmless(void **state)
{
	struct verdict verdict = diagnosis_bench_judge(
		"U-Boot 2023.01\n*** Warning - bad CRC, using default environment\nLinux version 6.1\ncam login: ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_HEALTHY);
	assert_true(verdict.is_decided);
}

static void a_default_environment_that_boots_nothing_is_the_fault(void **state)
{
	struct verdict verdict =
		diagnosis_bench_judge("U-Boot 2023.01\n*** Warning - bad CRC, using default environment\nRetry count exceeded\n=> ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_BAD_ENV);
	/* typed by hand, the same failure is the network's */
	verdict = diagnosis_bench_judge(
		"U-Boot 2023.01\n*** Warning - bad CRC, using default environment\n=> tftpboot x\n"
		"Retry count exceeded\n=> ");
	assert_int_equal(verdict.cause, CAUSE_NETWORK);
}

static void an_abort_of_another_cpu_than_the_image_is_wrong_hardware(void **state)
{
	struct verdict verdict =
		diagnosis_bench_judge("U-Boot 2023.01\nArchitecture: ARM\n\"Synchronous Abort\" handler, esr 0x02\nU-Boot 2023.01\n");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_WRONG_HARDWARE);
	verdict = diagnosis_bench_judge("U-Boot 2023.01\nArchitecture: AArch64\n\"Synchronous Abort\" handler, esr 0x02\n");
	assert_int_equal(verdict.cause, CAUSE_KERNEL_PANIC_OTHER);
}

static void the_profile_tells_the_cpu_where_the_log_does_not(void **state)
{
	struct diagnosis *diagnosis = diagnosis_bench_begin();
	struct verdict verdict;

	(void)state;
	diagnosis_expect_arch(diagnosis, "mipsel");
	diagnosis_bench_say(diagnosis, "U-Boot 2023.01\nArchitecture: ARM\n", 0);
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.cause, CAUSE_WRONG_HARDWARE);
	diagnosis_expect_arch(diagnosis, "armv7");
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.cause, CAUSE_NONE);
	diagnosis_free(diagnosis);
}

static void repeated_starts_are_a_loop_with_a_round_time(void **state)
{
	struct diagnosis *diagnosis = diagnosis_bench_begin();
	struct verdict verdict;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		diagnosis_bench_say(diagnosis, "U-Boot 2023.01\nWrong Image Format for bootm\n", 1000 + i * 7000);
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
	assert_int_equal(verdict.starts, 4);
	assert_true(verdict.is_looping);
	assert_int_equal(verdict.loop_ms, 7000);
	diagnosis_free(diagnosis);
}

static void a_loop_in_a_file_tells_its_round_and_where_it_ends(void **state)
{
	struct verdict verdict = diagnosis_bench_judge(
		"[12:00:00] U-Boot 1\n[12:00:02] Linux version 6\n[12:00:09] Unable to mount root\n"
		"[12:00:20] U-Boot 1\n[12:00:22] Linux version 6\n[12:00:29] Unable to mount root\n"
		"[12:00:40] U-Boot 1\n[12:00:42] Linux version 6\n[12:00:49] Unable to mount root\n[12:01:00] U-Boot 1\n");

	(void)state;
	assert_true(verdict.is_looping);
	assert_int_equal(verdict.starts, 4);
	assert_int_equal(verdict.loop_ms, 20 * 1000);
	assert_int_equal(verdict.furthest, STAGE_KERNEL);
	verdict = diagnosis_bench_judge(
		"U-Boot 1\n[    0.000000] Linux version 6\n[    3.500000] Unable to mount root\n"
		"U-Boot 1\n[    0.000000] Linux version 6\n[    3.500000] Unable to mount root\n"
		"U-Boot 1\n[    0.000000] Linux version 6\n[    3.500000] Unable to mount root\nU-Boot 1\n");
	assert_int_equal(verdict.loop_ms, 3500);
}

static void a_line_that_was_cut_in_two_is_read_as_one(void **state)
{
	static const char log[] = "[    0.000000] Linux version 6.1\n"
		"[    1.000000] some driver that has a very long name says: Unable to mount\nroot\n";

	(void)state;
	assert_int_equal(diagnosis_bench_judge(log).cause, CAUSE_NO_ROOTFS);
	/* a short line was not cut, and a line with a stamp of its own is no rest */
	assert_int_not_equal(diagnosis_bench_judge("[    0.000000] Linux version 6.1\n[    1.000000] Unable to mount\nroot\n").cause,
		CAUSE_NO_ROOTFS);
	assert_int_not_equal(diagnosis_bench_judge("[    0.000000] Linux version 6.1\n"
		"[    1.000000] some driver that has a very long name says: Unable to mount\n[    1.100000] root\n").cause,
		CAUSE_NO_ROOTFS);
}

static void a_sentence_that_mail_cut_is_read_as_one(void **state)
{
	(void)state;
	assert_int_equal(diagnosis_bench_judge("U-Boot 2023.01\n"
		"a very long sentence of the loader that names the root: Unable to mount\nroot\n").cause, CAUSE_NO_ROOTFS);
	/* the first one had ended */
	assert_int_not_equal(diagnosis_bench_judge("U-Boot 2023.01\n"
		"a very long sentence of the loader that names the root: Unable to mount.\nroot\n").cause, CAUSE_NO_ROOTFS);
	/* words of any program do not count across the cut */
	assert_int_not_equal(diagnosis_bench_judge("U-Boot 2023.01\n"
		"a very long sentence of the loader that says that all of this is no\ngood\n").cause, CAUSE_SIGNATURE);
}

static void what_a_program_calls_a_remark_is_no_fault(void **state)
{
	static const char *const remarks[] = {
		"INFO[0000] it went wrong", "[INFO ] : it went wrong", "<inf> main: it went wrong", "D/tag: it went wrong",
		"I (57) boot: it went wrong", "[00:00:00.008] <dbg> it went wrong",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(remarks); i++)
		assert_int_equal(diagnosis_bench_judge(remarks[i]).cause, CAUSE_NONE);
	assert_int_equal(diagnosis_bench_judge("ERROR[0000] it went wrong").cause, CAUSE_NETWORK);
	assert_int_equal(diagnosis_bench_judge("information: it went wrong").cause, CAUSE_NETWORK);
	/* what names its cause counts, whatever its program calls it */
	assert_int_equal(diagnosis_bench_judge("INFO: no good").cause, CAUSE_SIGNATURE);
}

static void what_ends_in_trouble_is_not_called_well(void **state)
{
	(void)state;
	assert_int_equal(diagnosis_bench_judge("U-Boot 2023.01\nBoard: x\n").cause, CAUSE_HEALTHY);
	assert_int_equal(diagnosis_bench_judge("U-Boot 2023.01\ngave up\nBoard: x\n").cause, CAUSE_NONE);
	/* it went on after that, or said much more */
	assert_int_equal(diagnosis_bench_judge("gave up\nU-Boot 2023.01\n").cause, CAUSE_HEALTHY);
	assert_int_equal(diagnosis_bench_judge("U-Boot 2023.01\ngave up\na\nb\nc\nd\n").cause, CAUSE_HEALTHY);
}

static void an_update_that_reports_success_is_not_cut_by_the_restart(void **state)
{
	struct verdict verdict = diagnosis_bench_judge("writing 5%\nall is well\nU-Boot 2023.01\nBad Data CRC\n=> ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
}

static void what_an_update_program_says_while_it_leaves_does_not_count(void **state)
{
	(void)state;
	assert_int_equal(diagnosis_bench_judge("writing 5%\nall is well\ntransfer broke\n").cause, CAUSE_HEALTHY);
	assert_int_equal(diagnosis_bench_judge("writing 5%\nall is well\nwriting 1%\ntransfer broke\n").cause, CAUSE_NETWORK);
	assert_int_equal(diagnosis_bench_judge("all is well\n1\n2\n3\ntransfer broke\n").cause, CAUSE_NETWORK);
}

static void a_boot_rom_that_was_then_written_to_is_no_fault(void **state)
{
	(void)state;
	assert_int_equal(diagnosis_bench_judge("mask ROM only\n").cause, CAUSE_BOOTLOADER_GONE);
	assert_int_equal(diagnosis_bench_judge("mask ROM only\nwritten OK\n").cause, CAUSE_HEALTHY);
	assert_int_equal(diagnosis_bench_judge("mask ROM only\nwritten OK\ntransfer broke\n").cause, CAUSE_NETWORK);
}

static void a_message_that_ends_another_s_line_is_read(void **state)
{
	(void)state;
	assert_int_equal(diagnosis_bench_judge("U-Boot 2023.01\nLoading Environment from MMC... link lost\n").cause, CAUSE_NETWORK);
	assert_int_equal(diagnosis_bench_judge("Linux version 6.1\nmounting it[    1.000000] link lost\n").cause, CAUSE_NETWORK);
	assert_int_not_equal(diagnosis_bench_judge("U-Boot 2023.01\nwhere the link lost\n").cause, CAUSE_NETWORK);
	assert_int_not_equal(diagnosis_bench_judge("U-Boot 2023.01\nat [1.25] link lost\n").cause, CAUSE_NETWORK);
	/* what is harmless as a whole stays so; a general word needs the whole line */
	assert_int_not_equal(
		diagnosis_bench_judge("U-Boot 2023.01\nusing default environment... link lost\n").cause, CAUSE_NETWORK);
}

static void a_capture_that_only_ends_in_a_write_decides_nothing(void **state)
{
	struct verdict verdict = diagnosis_bench_judge("writing 5%\n");

	(void)state;
	assert_false(verdict.is_decided);
}

static void mere_noise_counts_only_where_a_tool_speaks(void **state)
{
	(void)state;
	assert_int_equal(diagnosis_bench_judge("it went wrong\n").cause, CAUSE_NETWORK);
	assert_int_equal(diagnosis_bench_judge("writing 5%\nit went wrong\n").cause, CAUSE_NETWORK);
	assert_int_not_equal(diagnosis_bench_judge("U-Boot 2023.01\nit went wrong\n").cause, CAUSE_NETWORK);
	assert_int_not_equal(diagnosis_bench_judge("Linux version 6.1\nit went wrong\n").cause, CAUSE_NETWORK);
}

static void a_system_that_came_up_may_live_without_a_server(void **state)
{
	(void)state;
	assert_int_equal(diagnosis_bench_judge("Linux version 6.1\ntransfer broke\ncam login: ").cause, CAUSE_HEALTHY);
	assert_int_equal(diagnosis_bench_judge("Linux version 6.1\ncam login: \ntransfer broke\n").cause, CAUSE_HEALTHY);
	assert_int_equal(diagnosis_bench_judge("Linux version 6.1\ninit runs\ntransfer broke\n").cause, CAUSE_HEALTHY);
	/* asked for, or as a part of an update, it is a fault */
	assert_int_equal(diagnosis_bench_judge("Linux version 6.1\ncam login: \nwriting 5%\ntransfer broke\n").cause, CAUSE_NETWORK);
	assert_int_equal(diagnosis_bench_judge("transfer broke\n").cause, CAUSE_NETWORK);
}

static void a_system_that_goes_on_lives_without_a_server(void **state)
{
	static const char START[] = "Linux version 6.1\ntransfer broke\n", LINE[] = "the player plays\n";
	char text[sizeof START + 120 * sizeof LINE], *at = stpcpy(text, START);

	(void)state;
	assert_int_equal(diagnosis_bench_judge(text).cause, CAUSE_NETWORK);
	for (int line = 0; line < 120; line++)
		at = stpcpy(at, LINE);
	assert_int_not_equal(diagnosis_bench_judge(text).cause, CAUSE_NETWORK);
}

static void starts_that_lead_to_a_login_are_no_loop(void **state)
{
	struct verdict verdict = diagnosis_bench_judge(
		"U-Boot 1\nLinux version 6\ncam login: \n"
		"U-Boot 1\nLinux version 6\ncam login: \nU-Boot 1\nLinux version 6\n");

	(void)state;
	assert_int_equal(verdict.starts, 3);
	assert_false(verdict.is_looping);
}

static void the_stages_of_one_start_are_one_start(void **state)
{
	struct verdict verdict = diagnosis_bench_judge("U-Boot SPL 2020.01\nU-Boot 2020.01\nLinux version 6.1\n");

	(void)state;
	assert_int_equal(verdict.starts, 1);
	assert_int_equal(verdict.furthest, STAGE_KERNEL);
}

static void a_full_file_system_shows_though_a_login_comes(void **state)
{
	(void)state;
	assert_int_equal(
		diagnosis_bench_judge("Linux version 6.1\ncannot write: No space left on device\ncam login: ").cause, CAUSE_SPACE);
}

static void a_prompt_after_a_fault_does_not_hide_it(void **state)
{
	(void)state;
	assert_int_equal(diagnosis_bench_judge("U-Boot 2023.01\nBad Data CRC\n=> \n=> \n").cause, CAUSE_CHECKSUM);
	assert_int_equal(diagnosis_bench_judge("U-Boot 2023.01\n=> ").cause, CAUSE_LOGIN);
}

static void alarming_lines_before_a_login_are_healthy(void **state)
{
	struct verdict verdict = diagnosis_bench_judge(
		"U-Boot 2023.01\nRetry count exceeded\nBad Data CRC\n"
		"Linux version 6.1\nUnable to mount root\ncam login: ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_HEALTHY);
	assert_true(verdict.cause_count > 0); /* still listed, with what speaks against them */
	assert_true(verdict.causes[0].contradiction_count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failed_hardware_explains_and_speaks_for_no_cause),
		cmocka_unit_test(what_a_loader_says_in_an_updater_s_words_is_refuted_by_the_kernel),
		cmocka_unit_test(a_mistyped_word_is_not_the_boot_script_s),
		cmocka_unit_test(general_words_count_only_where_no_other_sign_is_on_the_line),
		cmocka_unit_test(nothing_seen_says_nothing),
		cmocka_unit_test(a_pattern_that_does_not_compile_names_its_sign),
		cmocka_unit_test(a_crc_error_alone_leaves_damage_and_power_together),
		cmocka_unit_test(two_signs_on_one_line_are_one_witness),
		cmocka_unit_test(a_crc_error_after_a_write_that_never_ended_is_power),
		cmocka_unit_test(a_write_that_ended_well_is_no_power_fault),
		cmocka_unit_test(an_image_longer_than_the_read_is_space),
		cmocka_unit_test(a_read_too_small_for_a_kernel_points_at_the_environment),
		cmocka_unit_test(a_default_environment_alone_is_harmless),
		cmocka_unit_test(a_default_environment_that_boots_nothing_is_the_fault),
		cmocka_unit_test(an_abort_of_another_cpu_than_the_image_is_wrong_hardware),
		cmocka_unit_test(the_profile_tells_the_cpu_where_the_log_does_not),
		cmocka_unit_test(repeated_starts_are_a_loop_with_a_round_time),
		cmocka_unit_test(a_loop_in_a_file_tells_its_round_and_where_it_ends),
		cmocka_unit_test(a_line_that_was_cut_in_two_is_read_as_one),
		cmocka_unit_test(a_sentence_that_mail_cut_is_read_as_one),
		cmocka_unit_test(what_a_program_calls_a_remark_is_no_fault),
		cmocka_unit_test(what_ends_in_trouble_is_not_called_well),
		cmocka_unit_test(an_update_that_reports_success_is_not_cut_by_the_restart),
		cmocka_unit_test(what_an_update_program_says_while_it_leaves_does_not_count),
		cmocka_unit_test(a_boot_rom_that_was_then_written_to_is_no_fault),
		cmocka_unit_test(a_message_that_ends_another_s_line_is_read),
		cmocka_unit_test(a_capture_that_only_ends_in_a_write_decides_nothing),
		cmocka_unit_test(mere_noise_counts_only_where_a_tool_speaks),
		cmocka_unit_test(a_system_that_came_up_may_live_without_a_server),
		cmocka_unit_test(a_system_that_goes_on_lives_without_a_server),
		cmocka_unit_test(starts_that_lead_to_a_login_are_no_loop),
		cmocka_unit_test(the_stages_of_one_start_are_one_start),
		cmocka_unit_test(a_full_file_system_shows_though_a_login_comes),
		cmocka_unit_test(a_prompt_after_a_fault_does_not_hide_it),
		cmocka_unit_test(alarming_lines_before_a_login_are_healthy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
