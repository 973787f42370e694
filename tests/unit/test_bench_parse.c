/* tests/unit/test_bench_parse.c
 *
 * What the kernel and other programs leave as text for the bench scan. Samples were written down from a running
 * Linux 6.18 unless a line says otherwise. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/io/bench_internal.h"

static const char udp_line[] = "  471: 0100007F:1B39 00000000:0000 07 00000000:00000000 00:00000000 00000000 "
			       " 1000        0 18446744073709551615 2 0 0";
static const char mount_line[] =
	"36 35 98:16 / /media/my\\040card rw,noatime shared:1 master:2 - vfat /dev/sd\\134b1 rw,errors=continue";
static const char lock_line[] = "1: FLOCK  ADVISORY  WRITE 812 08:1f:131 0 EOF";

static void udp_line_gives_port_user_and_inode(void **state)
{
	struct bench_udp_socket socket;

	(void)state;
	assert_true(bench_parse_udp(bytes_of_text(udp_line), &socket));
	assert_int_equal(socket.port, 0x1b39);
	assert_int_equal(socket.user, 1000);
	assert_true(socket.inode == UINT64_MAX);
}

static void udp6_line_is_read_like_the_other(void **state)
{
	struct bench_udp_socket socket;

	(void)state;
	assert_true(bench_parse_udp(
		BYTES(" 1390: 00000000000000000000000000000000:0045 00000000000000000000000000000000:0000 07 "
		      "00000000:00000000 00:00000000 00000000     0        0 31337 2 0000000000000000 0"),
		&socket));
	assert_int_equal(socket.port, 69);
	assert_int_equal(socket.inode, 31337);
}

static void udp_headline_is_no_socket(void **state)
{
	struct bench_udp_socket socket;

	(void)state;
	assert_false(bench_parse_udp(
		BYTES("   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
		      "timeout inode ref pointer drops"),
		&socket));
	assert_false(bench_parse_udp(BYTES("1: 0100007F:10000 0:0 07 0:0 0:0 0 1000 0 5"), &socket));
	assert_false(bench_parse_udp(BYTES("1: 0100007F:1B39 0:0 07 0:0 0:0 0 1000 0 18446744073709551616"), &socket));
}

static void lock_line_names_process_and_file(void **state)
{
	struct bench_lock lock;

	(void)state;
	assert_true(bench_parse_lock(bytes_of_text(lock_line), &lock));
	assert_int_equal(lock.pid, 812);
	assert_int_equal(lock.device_major, 8);
	assert_int_equal(lock.device_minor, 0x1f);
	assert_int_equal(lock.inode, 131);
}

static void a_waiter_and_a_lease_hold_nothing(void **state)
{
	struct bench_lock lock;

	(void)state;
	assert_false(bench_parse_lock(BYTES("1: -> FLOCK  ADVISORY  WRITE 813 08:1f:131 0 EOF"), &lock));
	assert_false(bench_parse_lock(BYTES("4: LEASE  ACTIVE    READ  812 08:1f:131 0 EOF"), &lock));
	assert_false(bench_parse_lock(BYTES("3: OFDLCK ADVISORY  WRITE -1 08:1f:131 0 EOF"), &lock));
}

static void uucp_lock_in_text_or_binary(void **state)
{
	const int32_t pid = 812;

	(void)state;
	assert_int_equal(bench_parse_uucp(BYTES("       812\n")), 812);
	assert_int_equal(bench_parse_uucp(BYTES("812")), 812);
	assert_int_equal(bench_parse_uucp(BYTES("4242 minicom root\n")), 4242);
	assert_int_equal(bench_parse_uucp(bytes_of(&pid, sizeof(pid))), 812);
	assert_int_equal(bench_parse_uucp(BYTES("")), 0);
	assert_int_equal(bench_parse_uucp(BYTES("minicom\n")), 0);
	assert_int_equal(bench_parse_uucp(BYTES("-1\n")), 0);
	assert_int_equal(bench_parse_uucp(BYTES("99999999999\n")), 0);
}

static void mount_line_gives_device_and_unescaped_source(void **state)
{
	struct bench_mount mount;

	(void)state;
	assert_true(bench_parse_mount(bytes_of_text(mount_line), &mount));
	assert_int_equal(mount.device_major, 98);
	assert_int_equal(mount.device_minor, 16);
	assert_string_equal(mount.source, "/dev/sd\\b1");
}

static void mount_line_may_have_no_optional_field(void **state)
{
	struct bench_mount mount;

	(void)state;
	assert_true(bench_parse_mount(BYTES("22 1 0:20 / /sys rw - sysfs sysfs rw"), &mount));
	assert_string_equal(mount.source, "sysfs");
	assert_false(bench_parse_mount(BYTES("22 1 0:20 / /sys rw shared:1"), &mount));
}

static void uevent_of_sysfs_and_of_the_kernel(void **state)
{
	char value[16];

	(void)state;
	assert_true(bench_parse_uevent(BYTES("MAJOR=4\nMINOR=64\nDEVNAME=ttyS0\n"), "DEVNAME", value, sizeof(value)));
	assert_string_equal(value, "ttyS0");
	assert_true(bench_parse_uevent(BYTES("add@/devices/x\0ACTION=add\0SUBSYSTEM=tty\0"), "SUBSYSTEM", value,
				       sizeof(value)));
	assert_string_equal(value, "tty");
	assert_false(bench_parse_uevent(BYTES("XDEVNAME=a\nDEVNAMES=b\n"), "DEVNAME", value, sizeof(value)));
	assert_string_equal(value, "");
	assert_true(
		bench_parse_uevent(BYTES("DEVNAME=a-name-that-is-too-long-for-it"), "DEVNAME", value, sizeof(value)));
	assert_int_equal(strlen(value), sizeof(value) - 1);
}

static void names_by_hand_are_separated_by_commas(void **state)
{
	struct bytes list = BYTES(" /dev/pts/3,,tcp:127.0.0.1:4000 , a-name-beyond-what-fits-in-there,unix:/run/x,");
	char name[24];

	(void)state;
	assert_true(bench_parse_name(&list, name, sizeof(name)));
	assert_string_equal(name, "/dev/pts/3");
	assert_true(bench_parse_name(&list, name, sizeof(name)));
	assert_string_equal(name, "tcp:127.0.0.1:4000");
	assert_true(bench_parse_name(&list, name, sizeof(name)));
	assert_string_equal(name, "unix:/run/x");
	assert_false(bench_parse_name(&list, name, sizeof(name)));
}

static void name_with_control_characters_is_left_out(void **state)
{
	struct bytes list = BYTES("/dev/\033[31mred,/dev/ttyUSB0");
	char name[96];

	(void)state;
	assert_true(bench_parse_name(&list, name, sizeof(name)));
	assert_string_equal(name, "/dev/ttyUSB0");
	assert_false(bench_parse_name(&list, name, sizeof(name)));
}

/* A line that was cut is either no line, or has the same beginning: nothing but the last field may differ. */
static void every_prefix_of_a_line_ends_cleanly(void **state)
{
	struct bench_udp_socket socket;
	struct bench_mount mount;
	struct bench_lock lock;

	(void)state;
	for (size_t size = 0; size < sizeof(udp_line); size++)
		if (bench_parse_udp(bytes_of(udp_line, size), &socket))
			assert_int_equal(socket.port, 0x1b39);
	for (size_t size = 0; size < sizeof(mount_line); size++)
		if (bench_parse_mount(bytes_of(mount_line, size), &mount))
			assert_int_equal(mount.device_major, 98);
	for (size_t size = 0; size < sizeof(lock_line); size++)
		if (bench_parse_lock(bytes_of(lock_line, size), &lock))
			assert_int_equal(lock.pid, 812);
}

static void last_line_needs_no_newline(void **state)
{
	struct bytes text = BYTES("a\n\nb"), line;

	(void)state;
	assert_true(bench_next_line(&text, &line) && bytes_equal(line, BYTES("a")));
	assert_true(bench_next_line(&text, &line) && line.size == 0);
	assert_true(bench_next_line(&text, &line) && bytes_equal(line, BYTES("b")));
	assert_false(bench_next_line(&text, &line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp_line_gives_port_user_and_inode),
		cmocka_unit_test(udp6_line_is_read_like_the_other),
		cmocka_unit_test(udp_headline_is_no_socket),
		cmocka_unit_test(lock_line_names_process_and_file),
		cmocka_unit_test(a_waiter_and_a_lease_hold_nothing),
		cmocka_unit_test(uucp_lock_in_text_or_binary),
		cmocka_unit_test(mount_line_gives_device_and_unescaped_source),
		cmocka_unit_test(mount_line_may_have_no_optional_field),
		cmocka_unit_test(uevent_of_sysfs_and_of_the_kernel),
		cmocka_unit_test(names_by_hand_are_separated_by_commas),
		cmocka_unit_test(name_with_control_characters_is_left_out),
		cmocka_unit_test(every_prefix_of_a_line_ends_cleanly),
		cmocka_unit_test(last_line_needs_no_newline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
