/* tests/integration/test_practice.c: the practice camera as the program sees it, a process behind a pty, a control socket, and UDP. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/crc.h"
#include "src/base/text.h"
#include "src/core/practice_process.h"
#include "src/practice/practice_device.h"
#include "tests/integration/practice_bench.h"

static void a_good_camera_starts_by_itself_and_lets_root_in(void **state)
{
	struct practice_bench device;

	(void)state;
	practice_bench_start(&device, "none");
	practice_bench_expect(&device, "pcam1 firmware 1.3.0 ready");
	practice_bench_expect(&device, "pcam1 login: ");
	practice_bench_assert_state(&device, "healthy=true");
	practice_bench_log_in(&device);
	practice_bench_command(&device, "cat /proc/mtd", "mtd4: 002b0000 00010000 \"data\"", "\r\n# ");
	practice_bench_command(&device, "ls /data/config && uname -a", "camera.conf\r\nnetwork.conf\r\nLinux pcam1 ", "\r\n# ");
	practice_bench_command(&device, "cat /etc/version", "pcam1 firmware 1.3.0", "\r\n# ");
	practice_bench_command(&device, "nonsense || echo no $?", "-sh: nonsense: not found\r\nno 127", "\r\n# ");
	practice_bench_command(&device, "reboot", "U-Boot 2022.04", NULL);
	practice_bench_expect(&device, "pcam1 login: ");
	practice_bench_assert_state(&device, "starts=2");
	practice_bench_assert_state(&device, "healthy=true");
	practice_bench_stop(&device);
}

static void a_damaged_camera_is_recovered_over_tftp(void **state)
{
	struct practice_bench device;
	struct practice_server server;
	char crc[96];

	(void)state;
	practice_bench_start(&device, "checksum");
	practice_bench_serve(&server, &device);
	practice_bench_stop_autoboot(&device);
	practice_bench_set_server(&device, &server);
	practice_bench_command(&device, "tftpboot 0x42000000 firmware.bin", "Bytes transferred = 5242880 (500000 hex)", LOADER);
	assert_non_null(
		strstr(device.text,
		       "Using practice-eth device\r\nTFTP from server 127.0.0.1; our IP address is 127.0.0.1\r\n"));
	assert_non_null(strstr(device.text, "Loading: ##"));
	text_format(crc, sizeof(crc), "crc32 for 42000000 ... 424fffff ==> %08x",
		    crc32_update(0, bytes_of(server.file, server.size)));
	practice_bench_command(&device, "crc32 42000000 ${filesize}", crc, LOADER);
	practice_bench_command(&device, "iminfo 42000000", "Verifying Checksum ... OK", LOADER);
	practice_bench_command(&device, "sf read 43000000 50000 1000", "No SPI flash selected. Please run `sf probe'", LOADER);
	practice_bench_command(&device, "sf probe 0", "SF: Detected w25q64 with page size 256 Bytes, erase size 64 KiB, total 8 MiB",
		LOADER);
	practice_bench_command(&device, "sf erase 50000 500001", "not multiple of erase size", LOADER);
	practice_bench_command(&device, "sf erase 50000 +4fff00", "SF: 5242880 bytes @ 0x50000 Erased: OK", LOADER);
	practice_bench_assert_state(&device, "kernel=bad");
	practice_bench_command(&device, "sf write 42000000 50000 500000", "SF: 5242880 bytes @ 0x50000 Written: OK", LOADER);
	practice_bench_command(&device, "sf read 43000000 50000 500000", "SF: 5242880 bytes @ 0x50000 Read: OK", LOADER);
	practice_bench_command(&device, "cmp.b 42000000 43000000 500000", "Total of 5242880 byte(s) were the same", LOADER);
	practice_bench_command(&device, "mw.b 43000000 5a; cmp.b 42000000 43000000 10",
		"byte at 0x42000000 (0x27) != byte at 0x43000000 (0x5a)", LOADER);
	practice_bench_assert_state(&device, "flash=good");
	practice_bench_assert_state(&device, "healthy=false");
	practice_bench_command(&device, "reset", "pcam1 login: ", NULL);
	practice_bench_assert_state(&device, "healthy=true");
	practice_bench_end_server(&server, &device);
	practice_bench_stop(&device);
}

static void writing_without_erasing_spoils_the_flash(void **state)	/* NOR only clears bits */
{
	struct practice_bench device;

	(void)state;
	practice_bench_start(&device, "none");
	practice_bench_stop_autoboot(&device);
	practice_bench_command(&device, "sf probe; mw.b 42000000 0 100; sf write 42000000 50100 100", "Written: OK", LOADER);
	practice_bench_command(&device, "mw.b 42000000 ff 100; sf write 42000000 50100 100", "Written: OK", LOADER);
	practice_bench_command(&device, "sf read 42000000 50100 10; md.b 42000000 10", "42000000: 00 00 00 00", LOADER);
	practice_bench_assert_state(&device, "kernel=bad");
	practice_bench_command(&device, "sf read 42000000 7ffff0 20", "ERROR: attempting read past flash size (0x800000)", LOADER);
	practice_bench_stop(&device);
}

static void network_faults_are_told_apart(void **state)
{
	struct practice_bench device;
	struct practice_server server;

	(void)state;
	practice_bench_start(&device, "checksum");
	practice_bench_serve(&server, &device);
	practice_bench_stop_autoboot(&device);
	practice_bench_set_server(&device, &server);
	practice_bench_command(&device, "tftpboot 42000000 other.bin", "TFTP error: 'File not found' (1)\r\nNot retrying...", LOADER);
	server.drop_every = 1500;
	practice_bench_command(&device, "tftp 127.0.0.1:firmware.bin", "Bytes transferred = 5242880", LOADER);
	assert_non_null(strstr(device.text, "T "));
	practice_bench_command(&device, "iminfo", "Verifying Checksum ... OK", LOADER);
	practice_bench_control(&device, "link off");
	practice_bench_command(&device, "tftpboot firmware.bin", "TIMEOUT !", LOADER);
	practice_bench_control(&device, "link on");
	practice_bench_command(&device, "setenv tftpdstp 1; tftpboot firmware.bin || echo it failed",
		"Retry count exceeded; starting again\r\nit failed", LOADER);
	practice_bench_command(&device, "setenv serverip 192.0.2.1; tftpboot firmware.bin", "ARP Retry count exceeded; starting again",
		LOADER);
	practice_bench_command(&device, "ping 127.0.0.1", "host 127.0.0.1 is alive", LOADER);
	practice_bench_end_server(&server, &device);
	practice_bench_stop(&device);
}

static void the_prompt_behaves_as_u_boots(void **state)
{
	struct practice_bench device;
	char line[700];

	(void)state;
	practice_bench_start(&device, "none");
	practice_bench_stop_autoboot(&device);
	practice_bench_command(&device, "foo", "Unknown command 'foo' - try 'help'", LOADER);
	practice_bench_command(&device, "help", "tftpboot  - boot image via network using TFTP protocol", LOADER);
	practice_bench_command(&device, "ecXX\x7f\x7fho a\x15" "echo 'b; c' \"$model\" d\\;", "b; c pcam1 d;", LOADER);
	practice_bench_command(&device, "false && echo one || echo two; true && echo three", "\ntwo\r\nthree", LOADER);
	practice_bench_command(&device, "echo ${nothing}x", "\r\nx", LOADER);
	practice_bench_forget(&device);
	practice_bench_type(&device, "\r");	/* repeats */
	practice_bench_expect(&device, "\r\nx\r\nPCAM # ");
	practice_bench_command(&device, "md.b 42000000 10", "42000000: ", LOADER);
	practice_bench_forget(&device);
	practice_bench_type(&device, "\r");
	practice_bench_expect(&device, "42000010: ");
	practice_bench_expect(&device, LOADER);
	practice_bench_command(&device, "setenv a 'echo deep; run a'; run a", "too many levels of run", LOADER);
	practice_bench_command(&device, "setenv a; printenv a", "## Error: \"a\" not defined", LOADER);
	practice_bench_command(&device, "sleep 100; echo never\x03", "sleep", NULL);
	practice_bench_expect(&device, LOADER);
	assert_null(strstr(device.text, "\r\nnever"));
	memset(line, 'x', sizeof(line));
	text_format(line + 600, 8, "\x15");
	practice_bench_command(&device, line, "\a", NULL);	/* 512 bytes are the limit */
	practice_bench_expect(&device, LOADER);
	practice_bench_command(&device, "echo 'open", "a quote is not closed", LOADER);
	practice_bench_command(&device, "md.b 50000000 10", "data abort", NULL);	/* outside RAM: the board starts again */
	practice_bench_expect(&device, "U-Boot 2022.04-practice");
	practice_bench_stop(&device);
}

static void a_lost_environment_is_set_and_saved_again(void **state)
{
	struct practice_bench device;

	(void)state;
	practice_bench_start(&device, "bad-env");
	practice_bench_expect(&device, "*** Warning - bad CRC, using default environment");
	practice_bench_expect(&device, "BOOTP broadcast 1");
	practice_bench_expect(&device, "PCAM # ");
	practice_bench_command(&device, "printenv bootcmd", "bootcmd=dhcp", LOADER);
	practice_bench_command(&device, "setenv bootcmd 'sf probe 0; sf read 0x42000000 0x50000 0x200000; bootm 0x42000000'", LOADER,
		NULL);
	practice_bench_command(&device, "saveenv",
		"Saving Environment to SPIFlash... Erasing SPI flash...Writing to SPI flash...done\r\nOK", LOADER);
	practice_bench_control(&device, "power cycle");
	practice_bench_forget(&device);
	practice_bench_expect(&device, "Loading Environment from SPIFlash... OK");
	practice_bench_expect(&device, "pcam1 login: ");
	practice_bench_assert_state(&device, "healthy=true");
	practice_bench_stop(&device);
}

static void a_full_data_partition_is_emptied_in_the_shell(void **state)
{
	struct practice_bench device;

	(void)state;
	practice_bench_start(&device, "space");
	practice_bench_expect(&device, "No space left on device");
	practice_bench_expect(&device, "pcam1 login: ");
	practice_bench_assert_state(&device, "healthy=false");
	practice_bench_log_in(&device);
	practice_bench_command(&device, "df", "100% /data", "\r\n# ");
	practice_bench_command(&device, "rm /etc/version", "Read-only file system", "\r\n# ");
	practice_bench_command(&device, "rm /data/log/events.log.[0-9] /data/clips/* && sync", "\r\n# ", NULL);
	practice_bench_command(&device, "ls /data", "config\r\nlog\r\n# ", NULL);
	practice_bench_assert_state(&device, "healthy=false");
	practice_bench_command(&device, "reboot", "pcam1 login: ", NULL);
	assert_null(strstr(device.text, "No space left"));
	practice_bench_assert_state(&device, "config=kept");
	practice_bench_assert_state(&device, "healthy=true");
	practice_bench_stop(&device);
}

static void an_interrupted_update_is_tried_again_when_left_alone(void **state)
{
	struct practice_bench device;

	(void)state;
	practice_bench_start(&device, "power-retry");
	practice_bench_expect(&device, "Bad Data CRC");
	practice_bench_expect(&device, "the last update was interrupted");
	practice_bench_expect(&device, "bytes written");
	practice_bench_expect(&device, "pcam1 login: ");
	practice_bench_assert_state(&device, "healthy=true");
	practice_bench_stop(&device);
}

static void a_held_button_makes_the_loader_fetch_the_rescue_file(void **state)
{
	struct practice_bench device;
	struct practice_server server;

	(void)state;
	practice_bench_start(&device, "power");
	practice_bench_serve(&server, &device);
	practice_bench_stop_autoboot(&device);
	practice_bench_set_server(&device, &server);
	practice_bench_command(&device, "saveenv", "OK", LOADER);
	server.name = "pcam1-recovery.bin";
	practice_bench_control(&device, "power off");
	practice_bench_control(&device, "button hold");
	practice_bench_control(&device, "power on");
	practice_bench_expect(&device, "Reset button is held: rescue mode");
	practice_bench_control(&device, "button release");
	practice_bench_expect(&device, "pcam1 login: ");
	practice_bench_assert_state(&device, "healthy=true");
	practice_bench_end_server(&server, &device);
	practice_bench_stop(&device);
}

static void a_worn_block_reads_again_once_it_is_rewritten(void **state)
{
	struct practice_bench device;

	(void)state;
	practice_bench_start(&device, "wear");
	practice_bench_stop_autoboot(&device);
	practice_bench_command(&device, "sf probe; sf read 42000000 250000 300000", "SF: 3145728 bytes @ 0x250000 Read: ERROR -5",
		LOADER);
	practice_bench_command(&device, "sf erase 250000 300000; sf read 42000000 250000 300000", "@ 0x250000 Read: OK", LOADER);
	practice_bench_assert_state(&device, "wear=none");
	practice_bench_stop(&device);
}

/* What each kind must say before the labels can be told apart; all at once, since each is mostly waiting. */
static void every_kind_gives_its_own_decisive_message(void **state)
{
	static const struct { const char *kind, *label, *text; } sample[] = {
		{ "none", "HEALTHY", "pcam1 login: " },
		{ "checksum", "CHECKSUM", "Verifying Checksum ... Bad Data CRC" },
		{ "truncated", "CHECKSUM", "Verifying Checksum ... Bad Data CRC" },
		{ "power", "POWER", "Verifying Checksum ... Bad Data CRC" },
		{ "power-retry", "POWER", "the last update was interrupted" },
		{ "wrong-hardware", "WRONG-HARDWARE", "Unsupported Architecture 0x16" },
		{ "bad-env", "BAD-ENV", "bad CRC, using default environment" },
		{ "rootfs", "NO-ROOTFS", "VFS: Unable to mount root fs" },
		{ "space", "SPACE", "No space left on device" },
		{ "loop", "CHECKSUM", "ERROR: can't get kernel image!\r\nresetting ..." },
		{ "wear", "FLASH-WEAR", "error -74 (ECC error)" },
		{ "bootloader-gone", "BOOTLOADER-GONE", "SPI NOR: no valid boot image" },
		{ "signature", "SIGNATURE", "Failed to verify required signature" },
	};
	struct practice_bench device[ARRAY_SIZE(sample)];
	size_t missing = ARRAY_SIZE(sample);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sample); i++) {
		assert_string_equal(practice_kind_name(i), sample[i].kind);
		assert_string_equal(practice_kind_label(i), sample[i].label);
		practice_bench_launch(&device[i], sample[i].kind, "--off");
	}
	assert_null(practice_kind_name(ARRAY_SIZE(sample)));
	for (size_t i = 0; i < ARRAY_SIZE(sample); i++)
		practice_bench_await_ready(&device[i]);
	for (size_t i = 0; i < ARRAY_SIZE(sample); i++)
		practice_bench_control(&device[i], "power on");
	for (uint64_t end_ms = practice_bench_now_ms() + LONG_MS; missing > 0 && practice_bench_now_ms() < end_ms; usleep(10000)) {
		missing = 0;
		for (size_t i = 0; i < ARRAY_SIZE(sample); i++) {
			practice_bench_pump(&device[i], 0);
			missing += strstr(device[i].text, sample[i].text) == NULL;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(sample); i++) {
		practice_bench_expect(&device[i], sample[i].text);
		/* power-retry mends itself while the others are waited for */
		if (strcmp(sample[i].kind, "power-retry") != 0)
			practice_bench_assert_state(&device[i], strcmp(sample[i].kind, "none") == 0 ? "healthy=true" : "healthy=false");
		practice_bench_stop(&device[i]);
	}
}

static unsigned long cpu_ticks(pid_t pid)
{
	char path[64], line[512] = "";
	unsigned long user = 0, system = 0;
	FILE *file = fopen(text_format(path, sizeof(path), "/proc/%d/stat", (int)pid), "re");

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_int_equal(
		sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system),
		2);
	return user + system;
}

static void what_nobody_reads_is_lost_and_waiting_costs_nothing(void **state)
{
	struct practice_bench device;
	unsigned long ticks;
	int unread = 0;

	(void)state;
	practice_bench_start(&device, "rootfs");
	for (uint64_t end_ms = practice_bench_now_ms() + 500; unread == 0 && practice_bench_now_ms() < end_ms; usleep(20000))
		assert_int_equal(ioctl(device.tty, FIONREAD, &unread), 0);
	assert_true(unread > 0);
	for (uint64_t end_ms = practice_bench_now_ms() + LONG_MS;
	     strstr(practice_bench_control(&device, "state"), "phase=stopped") == NULL && practice_bench_now_ms() < end_ms;)
		usleep(50000);
	for (uint64_t end_ms = practice_bench_now_ms() + LONG_MS; unread > 0 && practice_bench_now_ms() < end_ms; usleep(20000))
		assert_int_equal(ioctl(device.tty, FIONREAD, &unread), 0);
	assert_int_equal(unread, 0);
	practice_bench_assert_state(&device, "phase=stopped");
	usleep(300000);
	ticks = cpu_ticks(device.pid);
	usleep(300000);
	assert_true(cpu_ticks(device.pid) - ticks <= 3);
	practice_bench_control(&device, "power off");
	practice_bench_control(&device, "power on");
	practice_bench_expect(&device, "Kernel panic");
	practice_bench_stop(&device);
}

static void a_wrong_speed_and_noise_spoil_the_text(void **state)
{
	struct practice_bench device;
	struct termios settings;

	(void)state;
	practice_bench_launch(&device, "rootfs", "--off");
	practice_bench_await_ready(&device);
	assert_int_equal(tcgetattr(device.tty, &settings), 0);
	assert_true(cfgetospeed(&settings) == B115200);
	cfsetspeed(&settings, B9600);
	assert_int_equal(tcsetattr(device.tty, TCSANOW, &settings), 0);
	practice_bench_control(&device, "power on");
	for (uint64_t end_ms = practice_bench_now_ms() + 700; practice_bench_now_ms() < end_ms;)
		practice_bench_pump(&device, 50);
	assert_true(device.size > 20);	/* a slow UART sees one character where twelve are sent */
	assert_null(memmem(device.text, device.size, "U-Boot", 6));
	practice_bench_forget(&device);
	cfsetspeed(&settings, B115200);
	assert_int_equal(tcsetattr(device.tty, TCSANOW, &settings), 0);
	practice_bench_control(&device, "noise on");
	practice_bench_assert_state(&device, "noise=on");
	practice_bench_control(&device, "noise off");
	practice_bench_control(&device, "power cycle");
	practice_bench_expect(&device, "Kernel panic");
	assert_non_null(strstr(practice_bench_control(&device, "make coffee"), "error="));
	practice_bench_stop(&device);
}

static void rubbish_from_outside_does_not_end_it(void **state)
{
	static const char *const starts[] = { "sf ", "md.b ",	 "setenv ",	    "run ", "tftpboot ", "\"",
					      "${",  "cmp.b 0 ", "crc32 42000000 ", "" };
	struct practice_bench device;
	uint32_t random = 7;

	(void)state;
	practice_bench_start(&device, "none");
	practice_bench_stop_autoboot(&device);
	for (int i = 0; i < 400; i++) {
		char keys[24];

		for (size_t k = 0; k < sizeof(keys) - 1; k++) {
			random = random * 1664525 + 1013904223;
			keys[k] = (char)(random >> 24 ? random >> 24 : 1);
		}
		keys[sizeof(keys) - 1] = '\0';
		practice_bench_type(&device, starts[i % (int)ARRAY_SIZE(starts)]);
		practice_bench_type(&device, keys);
		practice_bench_type(&device, "\r\x03");
		practice_bench_forget(&device);
		practice_bench_pump(&device, 2);
	}
	practice_bench_control(&device, "power off");
	while (device.size > 0) {
		practice_bench_forget(&device);
		practice_bench_pump(&device, 100);
	}
	practice_bench_control(&device, "power on");
	practice_bench_stop_autoboot(&device);
	practice_bench_stop(&device);
}

static void wrong_options_are_refused(void **state)
{
	char program[] = "practice-device", kind[] = "--kind", none[] = "none", odd[] = "odd", folder[] = "--folder",
	     nowhere[] = "/tmp/unused";
	char ttl[] = "--ttl", word[] = "soon";
	char *missing[] = { program, kind, none, NULL }, *unknown[] = { program, kind, odd, folder, nowhere, NULL };
	char *bad_number[] = { program, kind, none, folder, nowhere, ttl, word, NULL };

	(void)state;
	assert_int_equal(practice_device_main(3, missing), 2);
	assert_int_equal(practice_device_main(5, unknown), 2);
	assert_int_equal(practice_device_main(7, bad_number), 2);
}

static void a_full_disk_is_told_with_its_place_and_nothing_is_left_there(void **state)
{
	char root[] = "/tmp/unbrick-full-XXXXXX", folder[64], path[96];
	struct rlimit before, small;
	struct practice_process *process = NULL;
	struct error error = { .text = "" };
	enum status status;

	(void)state;
	assert_non_null(mkdtemp(root));
	text_format(folder, sizeof(folder), "%s/practice", root);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 400 << 10;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	status = practice_process_start("/proc/self/exe", folder, "checksum", &process, &error);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_not_equal(status, STATUS_OK);
	assert_null(process);
	assert_non_null(strstr(error.text, text_format(path, sizeof(path), "%s/flash.bin", folder)));
	assert_non_null(strstr(error.text, strerror(EFBIG)));
	assert_non_null(strstr(error.hint, folder));
	assert_non_null(strstr(error.hint, "13.0 MiB"));
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(rmdir(root), 0);
}

/* The tests wait far more than they work, so they run beside each other: group_number is the remainder of the test's
 * place. */
enum { GROUPS = 5 };

static int run_group(size_t group_number)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(network_faults_are_told_apart),
		cmocka_unit_test(a_damaged_camera_is_recovered_over_tftp),
		cmocka_unit_test(an_interrupted_update_is_tried_again_when_left_alone),
		cmocka_unit_test(what_nobody_reads_is_lost_and_waiting_costs_nothing),
		cmocka_unit_test(every_kind_gives_its_own_decisive_message),
		cmocka_unit_test(wrong_options_are_refused),
		cmocka_unit_test(a_full_disk_is_told_with_its_place_and_nothing_is_left_there),
		cmocka_unit_test(a_good_camera_starts_by_itself_and_lets_root_in),
		cmocka_unit_test(a_held_button_makes_the_loader_fetch_the_rescue_file),
		cmocka_unit_test(a_wrong_speed_and_noise_spoil_the_text),
		cmocka_unit_test(a_lost_environment_is_set_and_saved_again),
		cmocka_unit_test(the_prompt_behaves_as_u_boots),
		cmocka_unit_test(a_full_data_partition_is_emptied_in_the_shell),
		cmocka_unit_test(writing_without_erasing_spoils_the_flash),
		cmocka_unit_test(rubbish_from_outside_does_not_end_it),
		cmocka_unit_test(a_worn_block_reads_again_once_it_is_rewritten),
	};
	int failed = 0;

	for (size_t i = group_number; i < ARRAY_SIZE(tests); i += GROUPS) {
		const struct CMUnitTest one[] = { tests[i] };

		failed += cmocka_run_group_tests(one, NULL, NULL) != 0;
	}
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0, status;

	/* The program that practice_process_start() starts is this one again. */
	if (argc > 1 && strcmp(argv[1], "practice-device") == 0)
		return practice_device_main(argc - 1, argv + 1);
	if (access("/dev/ptmx", R_OK | W_OK) != 0) {
		fprintf(stderr, "skipped: no pty can be made here: %s\n", strerror(errno));
		return 77;
	}
	for (size_t i = 0; i < GROUPS; i++) {
		pid_t child = fork();

		if (child == 0)
			return run_group(i);
		failed += child < 0;
	}
	while (wait(&status) > 0)
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	return failed != 0;
}
