/* tests/unit/test_golden.c
 *
 * Logs as three captures of one camera print them; the changes are those that a broken one makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "recovery/diagnosis/golden.h"
#include "recovery/diagnosis/golden_mask.h"
#include "recovery/diagnosis/golden_start.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

static const struct sign signs[] = {
	{ .id = "uboot", .match = "^U-Boot (\\S+)", .stage = STAGE_LOADER, .effect = SIGN_MILESTONE, .fact = "loader",
	  .meaning = "The loader runs." },
	{ .id = "dram", .match = "^DRAM: +(.+)", .effect = SIGN_FACT, .fact = "ram", .meaning = "The memory." },
	{ .id = "flash", .match = "^SF: Detected (\\S+)", .effect = SIGN_FACT, .fact = "flash", .meaning = "The flash chip." },
	{ .id = "linux", .match = "^Linux version (\\S+)", .stage = STAGE_KERNEL, .effect = SIGN_MILESTONE, .fact = "kernel",
	  .meaning = "The kernel has started." },
	{ .id = "cmdline", .match = "Kernel command line: (.+)", .effect = SIGN_FACT, .fact = "cmdline", .meaning = "Its words." },
	{ .id = "phy", .match = "no PHY found", .effect = SIGN_HARDWARE, .meaning = "The network chip does not answer." },
	{ .id = "file", .match = "^Bytes: (\\d+)", .effect = SIGN_FACT, .fact = "file-bytes", .meaning = "What was read." },
	{ .id = "login", .match = "login: *$", .stage = STAGE_LOGIN, .effect = SIGN_PROMPT, .cause = CAUSE_LOGIN,
	  .meaning = "It waits for a login." },
};

#define LOADER(stamp) \
	stamp "U-Boot 2016.11 (May 01 2020 - 10:00:00)\n" stamp "DRAM:  64 MiB\n" stamp "SF: Detected w25q128 with page size 256 B\n" \
	stamp "In:    serial\n" stamp "Net:   gmac@14010000 got address 192.168.1.10\n" stamp "Hit any key to stop autoboot:  1 \n" \
	stamp "Starting kernel ...\n"
#define KERNEL \
	"[    0.000000] Linux version 4.9.37\n" \
	"[    0.000000] Kernel command line: console=ttyAMA0 root=/dev/mtdblock3 ethaddr=02:11:22:33:44:55\n" \
	"[    0.010000] Memory: 58000K/65536K available\n" \
	"[    0.500000] Creating 2 MTD partitions on \"spi0.0\":\n" \
	"[    0.500100] 0x000000000000-0x000000050000 : \"boot\"\n" \
	"[    0.500200] 0x000000050000-0x000000350000 : \"kernel\"\n" \
	"[    0.700000] mmc0: SDHCI controller on 10010000.sd\n" \
	"[    0.800000] usb 1-1: new high-speed USB device number 2 using ehci\n" \
	"[    0.900000] mdio: PHY 3 found, uid 0x001cc816\n" \
	"[    1.000000] random: crng init done\n"
#define SYSTEM \
	"[    1.500000] VFS: Mounted root (squashfs filesystem) readonly on device 31:3.\n" \
	"Starting logging: OK\nStarting network: OK\nsensor imx307 ready\ncam login: \n"
#define GOOD LOADER("") KERNEL SYSTEM

static int open_golden(void **state)
{
	struct golden *golden;

	if (golden_new(signs, ARRAY_SIZE(signs), &golden, NULL) != STATUS_OK)
		return -1;
	*state = golden;
	return 0;
}

static int close_golden(void **state)
{
	golden_free(*state);
	return 0;
}

static void learn(struct golden *golden, const char *log)
{
	golden_begin_good(golden);
	golden_input(golden, bytes_of_text(log));
	assert_int_equal(golden_end(golden, NULL), STATUS_OK);
}

static const struct golden_result *hold(struct golden *golden, const char *log)
{
	golden_begin_log(golden);
	golden_input(golden, bytes_of_text(log));
	assert_int_equal(golden_end(golden, NULL), STATUS_OK);
	return golden_compare(golden);
}

static void assert_no_difference(const struct golden_result *result)
{
	if (result->fact_count > 0)
		fail_msg("fact %s: %s, %s", result->facts[0].name, result->facts[0].good, result->facts[0].now);
	if (result->changed.total > 0)
		fail_msg("changed: %s, %s", result->changed.item[0].good, result->changed.item[0].text);
	if (result->missing.total > 0)
		fail_msg("missing: %s", result->missing.item[0].text);
	if (result->fresh.total > 0)
		fail_msg("new: %s", result->fresh.item[0].text);
	assert_int_equal(result->ends.messages, 0);
	assert_int_equal(result->begins.messages, 0);
}

static void the_same_log_does_not_differ(void **state)
{
	learn(*state, GOOD);
	assert_no_difference(hold(*state, GOOD));
	assert_true(golden_compare(*state)->good.came_up);
	assert_int_equal(golden_compare(*state)->not_kept, 0);
}

static void times_addresses_counters_and_order_are_no_difference(void **state)
{
	learn(*state, GOOD);
	assert_no_difference(hold(*state,
		LOADER("[2024-01-02 12:34:56.789] ") "[    0.000000] Linux version 4.9.37\n"
		"Jan  2 12:34:57 cam kernel: [    0.000000] Kernel command line: console=ttyAMA0 root=/dev/mtdblock3 "
		"ethaddr=02:99:88:77:66:55\n"
		"[    0.010200] Memory: 57996K/65536K available\n[    0.512345] Creating 2 MTD partitions on \"spi0.0\":\n"
		"[    0.500100] 0x000000000000-0x000000050000 : \"boot\"\n[    0.5] 0x000000050000-0x000000350000 : \"kernel\"\n"
		"[    0.600000] usb 1-1: new high-speed USB device number 4 using ehci\n"
		"[    0.650000] usb 1-1: new high-speed USB device number 5 using ehci\n"
		"[    0.700000] mdio: PHY 3 found, uid 0x001cc816\n[    0.900000] mmc0: SDHCI controller on 10010000.sd\n"
		"[    3.000000] random: crng init done\n" SYSTEM));
}

static void facts_that_differ_come_with_both_lines(void **state)
{
	const struct golden_result *result;

	learn(*state, GOOD);
	result = hold(*state, "junk\nU-Boot 2020.04 (Jun 02 2021 - 11:00:00)\nDRAM:  32 MiB\nSF: Detected w25q64 with page size 256 B\n"
		"In:    serial\nNet:   gmac@14010000 got address 192.168.1.11\nHit any key to stop autoboot:  1 \n"
		"Starting kernel ...\n" KERNEL SYSTEM);
	assert_int_equal(result->fact_count, 3);
	assert_string_equal(result->facts[1].name, "ram");
	assert_string_equal(result->facts[1].good, "64 MiB");
	assert_string_equal(result->facts[1].now, "32 MiB");
	assert_int_equal(result->facts[1].good_line, 2);
	assert_int_equal(result->facts[1].line, 3);
	assert_int_equal(result->changed.total, 0);
	assert_int_equal(result->missing.total, 0);
}

static void what_a_fact_has_told_is_not_told_again(void **state)
{
	const struct golden_result *result;

	learn(*state, "U-Boot 2023.01+dfsg (Jun 22 2026)\nIn:    serial\nOut:   serial\n");
	result = hold(*state, "U-Boot 2016.11\nIn:    serial\nOut:   serial\n");
	assert_int_equal(result->fact_count, 1);
	assert_int_equal(result->missing.total + result->fresh.total + result->changed.total, 0);
}

static void another_flash_map_is_a_fact(void **state)
{
	const struct golden_result *result;

	learn(*state, LOADER("") "0x000000000000-0x000000050000 : \"boot\"\n" SYSTEM);
	result = hold(*state, LOADER("") "0x000000000000-0x000000040000 : \"boot\"\n" SYSTEM);
	assert_int_equal(result->fact_count, 1);
	assert_string_equal(result->facts[0].name, "partition boot");
	assert_string_equal(result->facts[0].now, "0x000000000000-0x000000040000");
	assert_int_equal(result->missing.total + result->fresh.total, 0);
}

static void what_is_missing_and_what_is_new_is_told_with_its_meaning(void **state)
{
	const struct golden_result *result;

	learn(*state, GOOD);
	result = hold(*state, LOADER("") "[    0.000000] Linux version 4.9.37\n"
		"[    0.000000] Kernel command line: console=ttyAMA0 root=/dev/mtdblock3 ethaddr=02:11:22:33:44:55\n"
		"[    0.010000] Memory: 58000K/65536K available\n[    0.500000] Creating 2 MTD partitions on \"spi0.0\":\n"
		"[    0.500100] 0x000000000000-0x000000050000 : \"boot\"\n[    0.5] 0x000000050000-0x000000350000 : \"kernel\"\n"
		"[    0.700000] mmc0: SDHCI controller on 10010000.sd\n"
		"[    0.800000] usb 1-1: new high-speed USB device number 2 using ehci\n"
		"[    0.900000] gmac: no PHY found\n[    1.000000] random: crng init done\n" SYSTEM);
	assert_int_equal(result->missing.total, 1);
	assert_string_equal(result->missing.item[0].text, "mdio: PHY 3 found, uid 0x001cc816");
	assert_int_equal(result->missing.item[0].line, 16);
	assert_int_equal(result->fresh.total, 1);
	assert_int_equal(result->fresh.item[0].line, 16);
	assert_string_equal(result->fresh.item[0].sign->id, "phy");
	assert_int_equal(result->ends.messages, 0);
}

static void what_comes_after_the_end_is_counted_not_listed(void **state)
{
	const struct golden_result *result;

	learn(*state, GOOD);
	result = hold(*state, LOADER(""));
	assert_int_equal(result->missing.total, 0);
	assert_int_equal(result->ends.line, 7);
	assert_int_equal(result->ends.good_line, 7);
	assert_int_equal(result->ends.messages, 15);
	assert_string_equal(result->ends.next[0].text, "Linux version 4.9.37");
	assert_string_equal(result->ends.next[0].sign->id, "linux");
}

static void one_late_line_by_chance_does_not_make_all_before_it_missing(void **state)
{
	char good[8192] = LOADER("") "Linux version 4.9.37\n", bad[8192] = LOADER("") "Linux version 4.9.37\n";
	const struct golden_result *result;

	for (int i = 0; i < 26 * 4; i++)
		text_append(good, sizeof(good), "driver %c%c%c is there\n", 'a' + i % 26, 'k' + i / 26, 'x');
	text_append(good, sizeof(good), "Restarting system\ncam login: \n");
	text_append(bad, sizeof(bad), "Restarting system\n");
	learn(*state, good);
	result = hold(*state, bad);
	assert_int_equal(result->missing.total, 0);
	assert_int_equal(result->ends.good_line, 8);
}

static void another_form_of_a_message_stands_beside_the_good_one(void **state)
{
	const struct golden_result *result;

	learn(*state, LOADER("") "Verifying Checksum ... OK\nsensor: probe of imx307 on i2c-0 succeeded\n" KERNEL);
	result = hold(*state, LOADER("") "Verifying Checksum ... Bad Data CRC\n");
	assert_int_equal(result->changed.total, 1);
	assert_string_equal(result->changed.item[0].good, "Verifying Checksum ... OK");
	assert_string_equal(result->changed.item[0].text, "Verifying Checksum ... Bad Data CRC");
	assert_int_equal(result->changed.item[0].good_line, 8);
	assert_int_equal(result->ends.good_line, 8);
}

static void two_good_logs_teach_which_words_vary(void **state)
{
	const struct golden_result *result;

	learn(*state, LOADER("") "lease of box-alpha obtained\nseed is kilo\nAAA service ready\ncam login: \n");
	learn(*state, LOADER("") "lease of box-beta obtained\nseed is lima\nBBB service ready\ncam login: \n");
	result = hold(*state, LOADER("") "lease of box-gamma obtained\nseed is mike\nCCC service ready\ncam login: \n");
	/* a first word that differs is another message */
	assert_int_equal(result->fresh.total, 1);
	assert_string_equal(result->fresh.item[0].text, "CCC service ready");
	assert_int_equal(result->missing.total + result->changed.total, 0);
}

static void what_one_of_three_good_logs_lacks_is_not_missing(void **state)
{
	learn(*state, GOOD);
	learn(*state, LOADER("") KERNEL "hrtimer: interrupt took 114785136 ns\n" SYSTEM);
	learn(*state, LOADER("") KERNEL SYSTEM "led: blinks\n");
	assert_int_equal(hold(*state, GOOD)->good_logs, 3);
	assert_no_difference(golden_compare(*state));
	assert_no_difference(hold(*state, LOADER("") KERNEL "hrtimer: interrupt took 2 ns\n" SYSTEM "led: blinks\n"));
}

static void a_number_that_never_moved_in_good_logs_is_told(void **state)
{
	const char *good = LOADER("") "virtio read: block # 2048, count 16384\ntook 12 ms to read\n" SYSTEM;
	const char *other = LOADER("") "virtio read: block # 2048, count 16384\ntook 15 ms to read\n" SYSTEM;
	const char *bad = LOADER("") "virtio read: block # 9999, count 16384\ntook 19 ms to read\n" SYSTEM;

	learn(*state, good);
	assert_no_difference(hold(*state, bad));
	learn(*state, other);
	assert_int_equal(hold(*state, bad)->changed.total, 1);
	assert_string_equal(golden_compare(*state)->changed.item[0].text, "virtio read: block # 9999, count 16384");
}

static void facts_that_good_logs_differ_in_are_not_told(void **state)
{
	const char *other = "U-Boot 2016.11\nDRAM:  128 MiB\nIn:    serial\n";

	learn(*state, "U-Boot 2016.11\nDRAM:  64 MiB\nIn:    serial\n");
	learn(*state, other);
	assert_int_equal(hold(*state, "U-Boot 2016.12\nDRAM:  32 MiB\nIn:    serial\n")->fact_count, 1);
	assert_string_equal(golden_compare(*state)->facts[0].name, "loader");
}

static void the_last_start_is_compared(void **state)
{
	const struct golden_result *result;

	learn(*state, GOOD);
	result = hold(*state, GOOD LOADER(""));	/* it came up, and hung the next time */
	assert_int_equal(result->now.start, 2);
	assert_int_equal(result->now.starts, 2);
	assert_int_equal(result->ends.messages, 15);
}

static void a_round_that_the_capture_cut_off_gives_way_to_the_one_before(void **state)
{
	const struct golden_result *result;

	learn(*state, GOOD);
	result = hold(*state, LOADER("") "panic: no root\n" LOADER("") "panic: no root\n" "U-Boot 2016.11 (May 01 2020 - 10:00:00)\nDRA");
	assert_int_equal(result->now.start, 2);
	assert_int_equal(result->now.starts, 3);
	assert_int_equal(result->now.first_line, 9);
	assert_int_equal(result->fresh.total, 1);
	assert_int_equal(result->fresh.item[0].line, 16);
}

static void of_a_good_log_the_start_that_came_up_is_learnt(void **state)
{
	learn(*state, LOADER("") "operator: reset\n" GOOD "rebooting\nU-Boot 2016.11 (May 01 2020 - 10:00:00)\n");
	assert_int_equal(hold(*state, GOOD)->good.start, 2);
	assert_int_equal(golden_compare(*state)->fresh.total, 0);
}

static void a_capture_that_begins_late_or_goes_on_is_not_full_of_differences(void **state)
{
	const struct golden_result *result;

	learn(*state, GOOD);
	result = hold(*state, "cut li\n" KERNEL SYSTEM "user: hello\nuser: bye\n");
	assert_int_equal(result->begins.messages, 7);
	assert_int_equal(result->missing.total, 0);
	assert_int_equal(result->beyond, 0);
	assert_int_equal(result->fresh.total, 3);
	result = hold(*state, KERNEL SYSTEM "one is up\ntwo is up\nthree is up\nfour is up\nfive is up\nsix is up\nseven is up\n"
		"gmac: no PHY found\neight is up\n");
	assert_int_equal(result->beyond, 8);
	assert_int_equal(result->fresh.total, 1);
	assert_string_equal(result->fresh.item[0].sign->id, "phy");
}

static void a_good_log_that_begins_late_is_compared_from_there(void **state)
{
	const struct golden_result *result;

	learn(*state, KERNEL SYSTEM);
	result = hold(*state, LOADER("") KERNEL SYSTEM);
	assert_int_equal(result->before, 0);
	assert_int_equal(result->fresh.total, 7);
	result = hold(*state, LOADER("") "one more\nand another\n" KERNEL SYSTEM);
	assert_int_equal(result->before, 9);
	assert_int_equal(result->fresh.total, 0);
}

static void a_kernel_that_writes_into_a_programs_line_makes_no_difference(void **state)
{
	learn(*state, LOADER("") "cam32 says [    1.0] hello\nIPv6: eth0: link becomes ready\ncam login: \n");
	assert_no_difference(hold(*state, LOADER("") "cam32 says [    1.0] hello\n"
		"cam login: [    3.014764] IPv6: eth0: link becomes ready\n"));
}

static void how_the_bytes_are_cut_changes_nothing(void **state)
{
	const char *bad = "cut\n" LOADER("") KERNEL "oops: no PHY found\nx\r\n" LOADER("") "panic now\n";
	struct golden_result at_once;
	size_t size = strlen(bad);

	learn(*state, GOOD);
	at_once = *hold(*state, bad);
	golden_begin_log(*state);
	for (size_t i = 0; i < size; i++)
		golden_input(*state, bytes_of(bad + i, 1));
	assert_int_equal(golden_end(*state, NULL), STATUS_OK);
	assert_memory_equal(golden_compare(*state), &at_once, sizeof(at_once));
}

static void a_log_without_end_does_not_crowd_out_what_is_compared(void **state)
{
	const struct golden_result *result;
	char line[64];

	learn(*state, GOOD);
	golden_begin_log(*state);
	golden_input(*state, BYTES(LOADER("")));
	for (int i = 0; i < 20000; i++) {
		text_format(line, sizeof(line), "noise %c%c%c%c\n", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676 % 26, 'a' + i / 17576);
		golden_input(*state, bytes_of_text(line));
	}
	golden_input(*state, BYTES(KERNEL "gmac: no PHY found\n" SYSTEM));
	assert_int_equal(golden_end(*state, NULL), STATUS_OK);
	result = golden_compare(*state);
	assert_int_equal(result->missing.total, 0);
	assert_int_equal(result->ends.messages, 0);
	assert_int_equal(result->fresh.count, GOLDEN_DIFFERENCES_MAX);
	assert_string_equal(result->fresh.item[GOLDEN_DIFFERENCES_MAX - 1].text, "gmac: no PHY found");
	assert_int_equal(result->fresh.total, 20001);
}

static void a_good_log_without_text_is_refused(void **state)
{
	struct error error;

	golden_begin_good(*state);
	golden_input(*state, BYTES("\n#\n...\n"));
	assert_int_equal(golden_end(*state, &error), STATUS_INVALID);
	assert_int_equal(golden_compare(*state)->good_logs, 0);
}

static void masks_keep_names_and_drop_what_moves(void **state)
{
	static const struct { const char *text, *mask; } rows[] = {
		{ "eth0: link up, 100Mbps, full-duplex", "eth0: link up, #, full-duplex" },
		{ "U-Boot 2016.11 (May 01 2020 - 10:29:41 +0200)", "U-Boot # - # +#)" },
		{ "Memory: 58000K/65536K available (4000K kernel code)", "Memory: # available (# kernel code)" },
		{ "mtd5 at 0x4dc76000, end 4dc75fff", "mtd5 at #, end #" },
		{ "addr 02:11:22:aa:bb:cc ip 10.0.0.7", "addr # ip #" },
		{ "Data Size: 8022280 Bytes = 7.7 MiB", "Data Size: # = #" },
		{ "Loading: T T T T done", "Loading: T done" },
		{ "====== boot ======", "=== boot ===" },
		{ "init[1]: dead beef cafe", "init[#]: dead beef cafe" },
		{ "=> ", "" },
		{ "0x000000000000-0x000000050000 : \"boot\"", "partition boot" },
	};
	char mask[GOLDEN_MASK_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (golden_mask(mask, rows[i].text) == 0)
			mask[0] = '\0';
		assert_string_equal(mask, rows[i].mask);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_golden, close_golden)
	const struct CMUnitTest tests[] = {
		CASE(the_same_log_does_not_differ),
		CASE(times_addresses_counters_and_order_are_no_difference),
		CASE(facts_that_differ_come_with_both_lines),
		CASE(what_a_fact_has_told_is_not_told_again),
		CASE(another_flash_map_is_a_fact),
		CASE(what_is_missing_and_what_is_new_is_told_with_its_meaning),
		CASE(what_comes_after_the_end_is_counted_not_listed),
		CASE(one_late_line_by_chance_does_not_make_all_before_it_missing),
		CASE(another_form_of_a_message_stands_beside_the_good_one),
		CASE(two_good_logs_teach_which_words_vary),
		CASE(what_one_of_three_good_logs_lacks_is_not_missing),
		CASE(a_number_that_never_moved_in_good_logs_is_told),
		CASE(facts_that_good_logs_differ_in_are_not_told),
		CASE(the_last_start_is_compared),
		CASE(a_round_that_the_capture_cut_off_gives_way_to_the_one_before),
		CASE(of_a_good_log_the_start_that_came_up_is_learnt),
		CASE(a_capture_that_begins_late_or_goes_on_is_not_full_of_differences),
		CASE(a_good_log_that_begins_late_is_compared_from_there),
		CASE(a_kernel_that_writes_into_a_programs_line_makes_no_difference),
		CASE(how_the_bytes_are_cut_changes_nothing),
		CASE(a_log_without_end_does_not_crowd_out_what_is_compared),
		CASE(a_good_log_without_text_is_refused),
		cmocka_unit_test(masks_keep_names_and_drop_what_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
