/* tests/unit/test_diagnosis.c
 *
 * The machine with a handful of signs made for the test; firmware-db's own are tested in tests/integration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "recovery/diagnosis/diagnosis.h"
#include "recovery/diagnosis/sign_filter.h"
#include "recovery/diagnosis/sign_set.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

static const struct sign signs[] = {
	{ .id = "spl",
		.match = "^U-Boot SPL (\\S+)",
		.stage = STAGE_FIRST_LOADER,
		.effect = SIGN_MILESTONE,
		.fact = "first-loader" },
	{ .id = "uboot",
		.match = "^U-Boot (?!SPL)(\\S+)",
		.stage = STAGE_LOADER,
		.effect = SIGN_MILESTONE,
		.fact = "loader" },
	{ .id = "dram", .match = "^DRAM: +(.+)", .effect = SIGN_FACT, .fact = "ram" },
	{ .id = "env",
		.match = "using default environment",
		.stage = STAGE_LOADER,
		.effect = SIGN_HARMLESS,
		.fact = "env=default" },
	{ .id = "scary",
		.match = "bad CRC",
		.stage = STAGE_LOADER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_CHECKSUM,
		.weight = 90 },
	{ .id = "read", .match = "(\\d+) blocks read: OK", .effect = SIGN_FACT, .fact = "flash-read-blocks" },
	{ .id = "size", .match = "^Data Size: +(\\d+) Bytes", .effect = SIGN_FACT, .fact = "image-size" },
	{ .id = "arch", .match = "^Architecture: +(\\S+)", .effect = SIGN_FACT, .fact = "image-arch" },
	{ .id = "crc",
		.match = "Bad Data CRC",
		.stage = STAGE_LOADER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_CHECKSUM,
		.weight = 70,
		.also = CAUSE_POWER,
		.also_weight = 60,
		.next = "look" },
	{ .id = "format",
		.match = "Wrong Image Format",
		.stage = STAGE_LOADER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_CHECKSUM,
		.weight = 72,
		.also = CAUSE_POWER,
		.also_weight = 45,
		.fact = "format=unknown" },
	{ .id = "abort",
		.match = "\"Synchronous Abort\" handler",
		.stage = STAGE_KERNEL_UNPACK,
		.effect = SIGN_FAULT,
		.cause = CAUSE_KERNEL_PANIC_OTHER,
		.weight = 55,
		.fact = "arch=aarch64" },
	{ .id = "net",
		.match = "Retry count exceeded",
		.stage = STAGE_LOADER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_NETWORK,
		.weight = 70 },
	{ .id = "phy", .match = "no PHY found", .effect = SIGN_HARDWARE },
	{ .id = "general", .match = "no good", .effect = SIGN_FAULT, .cause = CAUSE_SIGNATURE, .weight = 28, .is_general = true },
	{ .id = "noise", .match = "went wrong", .effect = SIGN_FAULT, .cause = CAUSE_NETWORK, .weight = 16, .is_general = true },
	{ .id = "word", .match = "^Unknown command", .effect = SIGN_FACT, .fact = "script=unknown-command" },
	{ .id = "prompt", .match = "^=>(?: (.*))?$", .stage = STAGE_LOADER, .effect = SIGN_PROMPT, .fact = "command" },
	{ .id = "write", .match = "^writing", .stage = STAGE_UPDATER, .effect = SIGN_PROGRESS },
	{ .id = "loaded", .match = "file loaded", .stage = STAGE_LOADER, .effect = SIGN_DONE },
	{ .id = "written", .match = "written OK", .stage = STAGE_UPDATER, .effect = SIGN_DONE },
	{ .id = "linux",
		.match = "^Linux version (\\S+)",
		.stage = STAGE_KERNEL,
		.effect = SIGN_MILESTONE,
		.fact = "kernel" },
	{ .id = "full",
		.match = "No space left",
		.stage = STAGE_APPLICATION,
		.effect = SIGN_FAULT,
		.cause = CAUSE_SPACE,
		.weight = 85 },
	{ .id = "root",
		.match = "Unable to mount root",
		.stage = STAGE_ROOT_MOUNT,
		.effect = SIGN_FAULT,
		.cause = CAUSE_NO_ROOTFS,
		.weight = 75 },
	{ .id = "good", .match = "all is well", .stage = STAGE_UPDATER, .effect = SIGN_HEALTHY },
	{ .id = "broke",
		.match = "transfer broke",
		.stage = STAGE_UPDATER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_NETWORK,
		.weight = 70 },
	{ .id = "rom",
		.match = "mask ROM only",
		.stage = STAGE_UPDATER,
		.effect = SIGN_FAULT,
		.cause = CAUSE_BOOTLOADER_GONE,
		.weight = 50 },
	{ .id = "login", .match = "\\S+ login: ?", .stage = STAGE_LOGIN, .effect = SIGN_PROMPT, .cause = CAUSE_LOGIN },
};

static struct diagnosis *begin(void)
{
	struct diagnosis *diagnosis = NULL;
	struct error error;

	assert_int_equal(diagnosis_new(signs, ARRAY_SIZE(signs), NULL, NULL, &diagnosis, &error), STATUS_OK);
	return diagnosis;
}

static void say(struct diagnosis *diagnosis, const char *text, uint64_t now_ms)
{
	diagnosis_input(diagnosis, bytes_of_text(text), now_ms);
}

/* The verdict over a whole text. */
static struct verdict judge(const char *text)
{
	struct diagnosis *diagnosis = begin();
	struct verdict verdict;

	say(diagnosis, text, 0);
	diagnosis_end(diagnosis, 0);
	diagnosis_verdict(diagnosis, &verdict);
	diagnosis_free(diagnosis);
	return verdict;
}

static void failed_hardware_explains_and_speaks_for_no_cause(void **state)
{
	struct verdict verdict = judge("U-Boot 2016.11\nNet: no PHY found\n"), without = judge("U-Boot 2016.11\nNet: all well\n");

	(void)state;
	assert_int_equal(verdict.cause, without.cause);
	assert_int_equal(verdict.cause_count, 0);
	assert_int_equal(verdict.is_decided, without.is_decided);
}

static void what_a_loader_says_in_an_updater_s_words_is_refuted_by_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(judge("U-Boot 2016.11\ntransfer broke\n").cause, CAUSE_NETWORK);
	assert_int_equal(judge("U-Boot 2016.11\ntransfer broke\nLinux version 4.4\n").cause, CAUSE_HEALTHY);
	assert_int_equal(judge("U-Boot 2016.11\nit is no good\nLinux version 4.4\n").cause, CAUSE_HEALTHY);
	assert_int_equal(judge("file loaded\nit is no good\nLinux version 4.4\n").cause, CAUSE_HEALTHY);
	assert_int_equal(judge("it is no good\nLinux version 4.4\n").cause, CAUSE_SIGNATURE);
	/* the same from an updater, in the running system */
	assert_int_equal(judge("Linux version 4.4\ntransfer broke\n").cause, CAUSE_NETWORK);
}

static void a_mistyped_word_is_not_the_boot_script_s(void **state)
{
	(void)state;
	assert_int_equal(judge("U-Boot 2016.11\nUnknown command 'rum'\n").cause, CAUSE_BAD_ENV);
	assert_int_not_equal(judge("U-Boot 2016.11\n=> tpl\nUnknown command 'tpl'\n").cause, CAUSE_BAD_ENV);
	assert_int_not_equal(judge("U-Boot 2016.11\n=> tpl\nUnknown command 'tpl'\n=> help\n").cause, CAUSE_BAD_ENV);
}

static void general_words_count_only_where_no_other_sign_is_on_the_line(void **state)
{
	struct verdict verdict = judge("U-Boot 2016.11\nacme: it is no good\n");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_SIGNATURE);
	assert_false(verdict.is_decided);
	verdict = judge("U-Boot 2016.11\nVerifying ... Bad Data CRC, no good\n");
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
	for (size_t i = 0; i < verdict.cause_count; i++)
		assert_int_not_equal(verdict.causes[i].cause, CAUSE_SIGNATURE);
	verdict = judge("U-Boot 2016.11\nusing default environment, no good\n");
	assert_int_equal(verdict.cause_count, 0);
}

static void nothing_seen_says_nothing(void **state)
{
	struct verdict verdict = judge("");

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
	struct verdict verdict = judge("U-Boot 2023.01\nVerifying ... Bad Data CRC\n=> ");

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
	struct verdict verdict = judge("U-Boot 2020.01\nbad CRC: Bad Data CRC\n");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
	assert_int_equal(verdict.causes[0].proof_count, 1);
	assert_int_equal(verdict.causes[0].proof[0].weight, 90);
}

static void a_crc_error_after_a_write_that_never_ended_is_power(void **state)
{
	struct verdict verdict = judge("U-Boot 2023.01\nwriting 5%\nU-Boot 2023.01\nVerifying ... Bad Data CRC\n=> ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_POWER);
	assert_true(verdict.is_decided);
	assert_int_equal(verdict.causes[0].proof[0].source, EVIDENCE_COURSE);
	assert_int_equal(verdict.causes[0].proof[0].line, 2);
}

static void a_write_that_ended_well_is_no_power_fault(void **state)
{
	struct verdict verdict =
		judge("U-Boot 2023.01\nwriting 5%\nwritten OK\nU-Boot 2023.01\nVerifying ... Bad Data CRC\n=> ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
}

static void an_image_longer_than_the_read_is_space(void **state)
{
	struct verdict verdict =
		judge("U-Boot 2023.01\n2048 blocks read: OK\nData Size:    5448192 Bytes = 5.2 MiB\nBad Data CRC\n");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_SPACE);
	assert_true(verdict.is_decided);
	assert_int_equal(
		judge("U-Boot 2023.01\n16384 blocks read: OK\nData Size:    5448192 Bytes\nBad Data CRC\n").cause,
		CAUSE_CHECKSUM);
}

static void a_read_too_small_for_a_kernel_points_at_the_environment(void **state)
{
	(void)state;
	assert_int_equal(judge("U-Boot 2023.01\n1024 blocks read: OK\nWrong Image Format for bootm command\n=> ").cause,
		CAUSE_BAD_ENV);
	assert_int_equal(
		judge("U-Boot 2023.01\n16384 blocks read: OK\nWrong Image Format for bootm command\n=> ").cause,
		CAUSE_CHECKSUM);
}

static void a_default_environment_alone_is_harmless(void **state)
{
	struct verdict verdict = judge(
		"U-Boot 2023.01\n*** Warning - bad CRC, using default environment\nLinux version 6.1\ncam login: ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_HEALTHY);
	assert_true(verdict.is_decided);
}

static void a_default_environment_that_boots_nothing_is_the_fault(void **state)
{
	struct verdict verdict =
		judge("U-Boot 2023.01\n*** Warning - bad CRC, using default environment\nRetry count exceeded\n=> ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_BAD_ENV);
	/* typed by hand, the same failure is the network's */
	verdict = judge(
		"U-Boot 2023.01\n*** Warning - bad CRC, using default environment\n=> tftpboot x\n"
		"Retry count exceeded\n=> ");
	assert_int_equal(verdict.cause, CAUSE_NETWORK);
}

static void an_abort_of_another_cpu_than_the_image_is_wrong_hardware(void **state)
{
	struct verdict verdict =
		judge("U-Boot 2023.01\nArchitecture: ARM\n\"Synchronous Abort\" handler, esr 0x02\nU-Boot 2023.01\n");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_WRONG_HARDWARE);
	verdict = judge("U-Boot 2023.01\nArchitecture: AArch64\n\"Synchronous Abort\" handler, esr 0x02\n");
	assert_int_equal(verdict.cause, CAUSE_KERNEL_PANIC_OTHER);
}

static void the_profile_tells_the_cpu_where_the_log_does_not(void **state)
{
	struct diagnosis *diagnosis = begin();
	struct verdict verdict;

	(void)state;
	diagnosis_expect_arch(diagnosis, "mipsel");
	say(diagnosis, "U-Boot 2023.01\nArchitecture: ARM\n", 0);
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.cause, CAUSE_WRONG_HARDWARE);
	diagnosis_expect_arch(diagnosis, "armv7");
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.cause, CAUSE_NONE);
	diagnosis_free(diagnosis);
}

static void repeated_starts_are_a_loop_with_a_round_time(void **state)
{
	struct diagnosis *diagnosis = begin();
	struct verdict verdict;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		say(diagnosis, "U-Boot 2023.01\nWrong Image Format for bootm\n", 1000 + i * 7000);
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
	assert_int_equal(verdict.starts, 4);
	assert_true(verdict.is_looping);
	assert_int_equal(verdict.loop_ms, 7000);
	diagnosis_free(diagnosis);
}

static void a_loop_in_a_file_tells_its_round_and_where_it_ends(void **state)
{
	struct verdict verdict = judge(
		"[12:00:00] U-Boot 1\n[12:00:02] Linux version 6\n[12:00:09] Unable to mount root\n"
		"[12:00:20] U-Boot 1\n[12:00:22] Linux version 6\n[12:00:29] Unable to mount root\n"
		"[12:00:40] U-Boot 1\n[12:00:42] Linux version 6\n[12:00:49] Unable to mount root\n[12:01:00] U-Boot 1\n");

	(void)state;
	assert_true(verdict.is_looping);
	assert_int_equal(verdict.starts, 4);
	assert_int_equal(verdict.loop_ms, 20 * 1000);
	assert_int_equal(verdict.furthest, STAGE_KERNEL);
	verdict = judge(
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
	assert_int_equal(judge(log).cause, CAUSE_NO_ROOTFS);
	/* a short line was not cut, and a line with a stamp of its own is no rest */
	assert_int_not_equal(judge("[    0.000000] Linux version 6.1\n[    1.000000] Unable to mount\nroot\n").cause,
		CAUSE_NO_ROOTFS);
	assert_int_not_equal(judge("[    0.000000] Linux version 6.1\n"
		"[    1.000000] some driver that has a very long name says: Unable to mount\n[    1.100000] root\n").cause,
		CAUSE_NO_ROOTFS);
}

static void an_update_that_reports_success_is_not_cut_by_the_restart(void **state)
{
	struct verdict verdict = judge("writing 5%\nall is well\nU-Boot 2023.01\nBad Data CRC\n=> ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
}

static void what_an_update_program_says_while_it_leaves_does_not_count(void **state)
{
	(void)state;
	assert_int_equal(judge("writing 5%\nall is well\ntransfer broke\n").cause, CAUSE_HEALTHY);
	assert_int_equal(judge("writing 5%\nall is well\nwriting 1%\ntransfer broke\n").cause, CAUSE_NETWORK);
	assert_int_equal(judge("all is well\n1\n2\n3\ntransfer broke\n").cause, CAUSE_NETWORK);
}

static void a_boot_rom_that_was_then_written_to_is_no_fault(void **state)
{
	(void)state;
	assert_int_equal(judge("mask ROM only\n").cause, CAUSE_BOOTLOADER_GONE);
	assert_int_equal(judge("mask ROM only\nwritten OK\n").cause, CAUSE_HEALTHY);
	assert_int_equal(judge("mask ROM only\nwritten OK\ntransfer broke\n").cause, CAUSE_NETWORK);
}

static void mere_noise_counts_only_where_a_tool_speaks(void **state)
{
	(void)state;
	assert_int_equal(judge("it went wrong\n").cause, CAUSE_NETWORK);
	assert_int_equal(judge("writing 5%\nit went wrong\n").cause, CAUSE_NETWORK);
	assert_int_not_equal(judge("U-Boot 2023.01\nit went wrong\n").cause, CAUSE_NETWORK);
	assert_int_not_equal(judge("Linux version 6.1\nit went wrong\n").cause, CAUSE_NETWORK);
}

static void a_system_that_came_up_may_live_without_a_server(void **state)
{
	(void)state;
	assert_int_equal(judge("Linux version 6.1\ntransfer broke\ncam login: ").cause, CAUSE_HEALTHY);
	assert_int_equal(judge("Linux version 6.1\ncam login: \ntransfer broke\n").cause, CAUSE_HEALTHY);
	/* asked for, or as a part of an update, it is a fault */
	assert_int_equal(judge("Linux version 6.1\ncam login: \nwriting 5%\ntransfer broke\n").cause, CAUSE_NETWORK);
	assert_int_equal(judge("transfer broke\n").cause, CAUSE_NETWORK);
}

static void starts_that_lead_to_a_login_are_no_loop(void **state)
{
	struct verdict verdict = judge(
		"U-Boot 1\nLinux version 6\ncam login: \n"
		"U-Boot 1\nLinux version 6\ncam login: \nU-Boot 1\nLinux version 6\n");

	(void)state;
	assert_int_equal(verdict.starts, 3);
	assert_false(verdict.is_looping);
}

static void the_stages_of_one_start_are_one_start(void **state)
{
	struct verdict verdict = judge("U-Boot SPL 2020.01\nU-Boot 2020.01\nLinux version 6.1\n");

	(void)state;
	assert_int_equal(verdict.starts, 1);
	assert_int_equal(verdict.furthest, STAGE_KERNEL);
}

static void a_full_file_system_shows_though_a_login_comes(void **state)
{
	(void)state;
	assert_int_equal(
		judge("Linux version 6.1\ncannot write: No space left on device\ncam login: ").cause, CAUSE_SPACE);
}

static void a_prompt_after_a_fault_does_not_hide_it(void **state)
{
	(void)state;
	assert_int_equal(judge("U-Boot 2023.01\nBad Data CRC\n=> \n=> \n").cause, CAUSE_CHECKSUM);
	assert_int_equal(judge("U-Boot 2023.01\n=> ").cause, CAUSE_LOGIN);
}

static void alarming_lines_before_a_login_are_healthy(void **state)
{
	struct verdict verdict = judge(
		"U-Boot 2023.01\nRetry count exceeded\nBad Data CRC\n"
		"Linux version 6.1\nUnable to mount root\ncam login: ");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_HEALTHY);
	assert_true(verdict.cause_count > 0); /* still listed, with what speaks against them */
	assert_true(verdict.causes[0].contradiction_count > 0);
}

static void a_capture_may_begin_in_the_kernel(void **state)
{
	struct verdict verdict = judge("[    5.000001] usb 1-1: new device\n[    6.000001] Unable to mount root\n");

	(void)state;
	assert_int_equal(verdict.cause, CAUSE_NO_ROOTFS);
	assert_int_equal(verdict.furthest, STAGE_KERNEL);
	assert_int_equal(verdict.starts, 1);
}

static void a_prompt_without_a_line_end_is_seen_when_the_line_is_quiet(void **state)
{
	struct diagnosis *diagnosis = begin();
	struct verdict verdict;

	(void)state;
	say(diagnosis, "U-Boot 2023.01\n=> ", 0);
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
	struct diagnosis *diagnosis = begin();

	(void)state;
	say(diagnosis, "U-Boot 2023.01", 0);
	diagnosis_quiet(diagnosis, 100);
	say(diagnosis, " (Jan 1 2023)", 200);
	diagnosis_quiet(diagnosis, 300);
	say(diagnosis, "\n", 400);
	assert_int_equal(diagnosis_starts(diagnosis), 1);
	diagnosis_free(diagnosis);
}

static void evidence_from_elsewhere_counts(void **state)
{
	struct diagnosis *diagnosis = begin();
	struct verdict verdict;
	struct evidence flash = {
		.source = EVIDENCE_PROBE, .cause = CAUSE_CHECKSUM, .weight = -90, .text = "the flash equals the image"
	};

	(void)state;
	say(diagnosis, "U-Boot 2023.01\nBad Data CRC\n=> ", 0);
	diagnosis_add(diagnosis, &flash);
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.cause, CAUSE_POWER);
	assert_true(verdict.is_decided);
	diagnosis_free(diagnosis);
}

static void facts_are_kept_and_reset_forgets_them(void **state)
{
	struct diagnosis *diagnosis = begin();
	const struct diagnosis_fact *facts;

	(void)state;
	say(diagnosis, "DRAM:  256 MiB\nDRAM:  512 MiB\n1024 blocks read: OK\n", 0);
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
	struct diagnosis *diagnosis = begin();
	struct verdict verdict;

	(void)state;
	diagnosis_heed(diagnosis, false);
	say(diagnosis, "   Verifying Checksum ... Bad Data CRC\nDRAM:  256 MiB\n", 0);
	assert_int_equal(diagnosis_line_count(diagnosis), 2);
	assert_null(diagnosis_fact_value(diagnosis, "ram"));
	diagnosis_verdict(diagnosis, &verdict);
	assert_false(cause_is_fault(verdict.cause));
	diagnosis_heed(diagnosis, true);
	say(diagnosis, "   Verifying Checksum ... Bad Data CRC\n", 0);
	diagnosis_verdict(diagnosis, &verdict);
	assert_int_equal(verdict.cause, CAUSE_CHECKSUM);
	diagnosis_free(diagnosis);
}

static void how_the_stream_is_cut_changes_nothing(void **state)
{
	static const char text[] =
		"U-Boot 2023.01\r\nwriting 5%\rwriting 6%\r\nU-Boot 2023.01\r\n\x1b[1mBad Data CRC\x1b[0m\r\n=> ";
	struct verdict whole = judge(text), bytewise;
	struct diagnosis *diagnosis = begin();

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
	struct diagnosis *diagnosis = begin();
	struct verdict verdict;

	(void)state;
	for (unsigned i = 0; i < 20000; i++)
		say(diagnosis, "Bad Data CRC\n", i);
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
	assert_int_equal(diagnosis_new(signs, ARRAY_SIZE(signs), see, &seen, &diagnosis, NULL), STATUS_OK);
	say(diagnosis, "nothing\n\nVerifying ... Bad Data CRC\n", 0);
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
		cmocka_unit_test(nothing_seen_says_nothing),
		cmocka_unit_test(failed_hardware_explains_and_speaks_for_no_cause),
		cmocka_unit_test(what_a_loader_says_in_an_updater_s_words_is_refuted_by_the_kernel),
		cmocka_unit_test(a_mistyped_word_is_not_the_boot_script_s),
		cmocka_unit_test(general_words_count_only_where_no_other_sign_is_on_the_line),
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
		cmocka_unit_test(an_update_that_reports_success_is_not_cut_by_the_restart),
		cmocka_unit_test(what_an_update_program_says_while_it_leaves_does_not_count),
		cmocka_unit_test(a_boot_rom_that_was_then_written_to_is_no_fault),
		cmocka_unit_test(mere_noise_counts_only_where_a_tool_speaks),
		cmocka_unit_test(a_system_that_came_up_may_live_without_a_server),
		cmocka_unit_test(starts_that_lead_to_a_login_are_no_loop),
		cmocka_unit_test(the_stages_of_one_start_are_one_start),
		cmocka_unit_test(a_full_file_system_shows_though_a_login_comes),
		cmocka_unit_test(a_prompt_after_a_fault_does_not_hide_it),
		cmocka_unit_test(alarming_lines_before_a_login_are_healthy),
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
