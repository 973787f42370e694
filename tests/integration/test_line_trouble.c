/* tests/integration/test_line_trouble.c: what stands in the way of a line, and what the operator is told. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "src/io/line_driver.h"
#include "tests/integration/line_fixture.h"

/* ---- what stands in the way ---- */

static pid_t start_holder(struct line_fixture *fixture, bool as_its_terminal)
{
	int ready[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		int descriptor;

		setsid();
		descriptor = open(fixture->pts, O_RDWR | O_NOCTTY);
		if (as_its_terminal ? ioctl(descriptor, TIOCSCTTY, 0) != 0 : flock(descriptor, LOCK_EX) != 0)
			_exit(1);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

static void end_holder(pid_t child)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_busy_line_names_its_holder(void **state)
{
	struct line_fixture *fixture = *state;
	pid_t child = start_holder(fixture, false);
	struct error error;
	char pid[32];

	assert_int_equal(fixture_try(fixture, fixture->pts, NULL, &error), STATUS_BUSY);
	text_format(pid, sizeof(pid), "%d", (int)child);
	assert_true(text_contains(error.text, fixture->pts));
	assert_true(text_contains(error.text, pid));
	end_holder(child);
	fixture_open(fixture, fixture->pts, NULL);
}

static void the_terminal_of_a_session_is_not_taken_for_a_line(void **state)
{
	struct line_fixture *fixture = *state;
	pid_t child = start_holder(fixture, true);
	struct error error;

	assert_int_equal(fixture_try(fixture, fixture->pts, NULL, &error), STATUS_BUSY);
	assert_true(text_contains(error.text, "is the terminal of"));
	end_holder(child);
}

static void hints_tell_how_to_get_rid_of_a_holder(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(line_node_busy("/dev/ttyACM0", "ModemManager (pid 5)", &error), STATUS_BUSY);
	assert_true(text_contains(error.text, "ModemManager (pid 5)"));
	assert_true(text_contains(error.hint, "sudo systemctl stop ModemManager"));
	assert_true(text_contains(error.hint, "KERNEL==\"ttyACM0\", ENV{ID_MM_PORT_IGNORE}=\"1\""));
	line_node_busy("/dev/ttyS0", "agetty (pid 6)", &error);
	assert_true(text_contains(error.hint, "serial-getty@ttyS0"));
}

static void a_missing_port_hints_at_the_ports_there_are(void **state)
{
	struct error error;

	assert_int_equal(fixture_try(*state, "/dev/ttyUSB93", NULL, &error), STATUS_NOT_FOUND);
	assert_true(text_contains(error.text, "/dev/ttyUSB93"));
	assert_true(text_contains(error.hint, "/dev/tty") || text_contains(error.hint, "no serial port"));
	assert_null(((struct line_fixture *)*state)->line);
}

static void what_is_no_line_is_refused(void **state)
{
	static const char *const names[] = { "", "COM1", "/dev/null", "/etc/passwd", "tcp:", "tcp:host", "tcp::23",
					     "tcp:h:0",
					     "tcp:h:65536", "tcp:h:23x", "unix:", "rfc2217:[::1]:" };
	struct line_settings odd = { .parity = 'X' }, fast = { .baud = 4000000000u };
	struct line_fixture *fixture = *state;
	struct error error;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(fixture_try(fixture, names[i], NULL, &error), STATUS_INVALID);
		assert_true(error.text[0] != '\0');
	}
	assert_int_equal(fixture_try(fixture, fixture->pts, &odd, &error), STATUS_INVALID);
	assert_int_equal(fixture_try(fixture, fixture->pts, &fast, &error), STATUS_INVALID);
}

static void a_missing_permission_names_the_group_and_the_command(void **state)
{
	struct line_fixture *fixture = *state;
	struct error error;
	pid_t child;
	int status;

	assert_int_equal(chown(fixture->pts, (uid_t)-1, 5), geteuid() == 0 ? 0 : chown(fixture->pts, (uid_t)-1, 5));
	assert_int_equal(chmod(fixture->pts, geteuid() == 0 ? 0660 : 0060), 0);
	child = fork();
	if (child == 0) {
		bool is_right;

		if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(2);
		is_right = fixture_try(fixture, fixture->pts, NULL, &error) == STATUS_NO_PERMISSION &&
			   text_contains(error.text, "group tty") &&
			   text_contains(error.hint, "sudo adduser $USER tty, then log in again");
		if (!is_right)
			fprintf(stderr, "%s (%s)\n", error.text, error.hint);
		_exit(is_right ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (geteuid() == 0)	/* group 0 has nothing to join: the udev rule */
		assert_int_equal(status, 0);
	else if (status != 0)
		print_message("[  PART  ] the group of a pty cannot be told here\n");
}

static void a_device_node_of_no_group_hints_at_a_udev_rule(void **state)
{
	struct error error;
	pid_t child;
	int status;

	(void)state;
	if (geteuid() != 0) {
		print_message("[  PART  ] not root: cannot make a node of group root\n");
		return;
	}
	assert_int_equal(chown(((struct line_fixture *)*state)->pts, 0, 0), 0);
	assert_int_equal(chmod(((struct line_fixture *)*state)->pts, 0600), 0);
	child = fork();
	if (child == 0) {
		if (setresuid(65534, 65534, 65534) != 0)
			_exit(2);
		_exit(fixture_try(*state, ((struct line_fixture *)*state)->pts, NULL, &error) == STATUS_NO_PERMISSION &&
		      text_contains(error.hint, "/etc/udev/rules.d/") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* ---- UUCP lock files ---- */

static void write_lock(struct line_fixture *fixture, const void *content, size_t size)
{
	int descriptor = open(fixture->path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_int_equal(write(descriptor, content, size), (ssize_t)size);
	close(descriptor);
}

static enum status lock(struct line_fixture *fixture, char *ret_file, struct error *error)
{
	return line_uucp_lock(fixture->folder, "/dev/ttyUSB7", ret_file, 256, error);
}

static void lock_files_of_the_living_are_respected(void **state)
{
	struct line_fixture *fixture = *state;
	pid_t child = start_holder(fixture, false);
	char file[256], text[32];
	struct error error;
	int binary = child;

	text_format(fixture->path, sizeof(fixture->path), "%s/LCK..ttyUSB7", fixture->folder);
	text_format(text, sizeof(text), "%10d\n", (int)child);
	write_lock(fixture, text, strlen(text));
	assert_int_equal(lock(fixture, file, &error), STATUS_BUSY);
	assert_true(text_contains(error.text, "/dev/ttyUSB7"));
	text_format(text, sizeof(text), "pid %d", (int)child);
	assert_true(text_contains(error.text, text));
	write_lock(fixture, &binary, sizeof(binary));
	assert_int_equal(lock(fixture, file, &error), STATUS_BUSY);
	end_holder(child);

	assert_int_equal(lock(fixture, file, &error), STATUS_OK);	/* stale now */
	assert_string_equal(file, fixture->path);
	line_uucp_unlock(file);
	assert_int_equal(access(file, F_OK), -1);
}

/* Bytes of a number that look like the beginning of a text: the process there may be another one. */
static void a_binary_lock_file_is_told_from_text(void **state)
{
	struct line_fixture *fixture = *state;
	int binary = 0x3ffe31;	/* '1', and no process has it */
	char file[256];
	struct error error;

	text_format(fixture->path, sizeof(fixture->path), "%s/LCK..ttyUSB7", fixture->folder);
	write_lock(fixture, &binary, sizeof(binary));
	assert_int_equal(lock(fixture, file, &error), STATUS_OK);
	line_uucp_unlock(file);
}

static void a_lock_file_older_than_its_process_is_stale(void **state)
{
	struct line_fixture *fixture = *state;
	pid_t child = start_holder(fixture, false);
	const struct timespec old[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	char file[256], text[32];
	struct error error;

	text_format(fixture->path, sizeof(fixture->path), "%s/LCK..ttyUSB7", fixture->folder);
	text_format(text, sizeof(text), "%10d\n", (int)child);
	write_lock(fixture, text, strlen(text));
	assert_int_equal(utimensat(AT_FDCWD, fixture->path, old, 0), 0);
	assert_int_equal(lock(fixture, file, &error), STATUS_OK);
	end_holder(child);
	line_uucp_unlock(file);
}

/* The clock of a computer without a battery jumps at each start: the lock file then looks older than its owner. */
static void a_lock_file_of_who_holds_the_device_is_never_stale(void **state)
{
	struct line_fixture *fixture = *state;
	pid_t child = start_holder(fixture, false);
	const struct timespec old[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	char file[256], text[32];
	struct error error;

	text_format(fixture->path, sizeof(fixture->path), "%s/LCK..pts_%s", fixture->folder, strrchr(fixture->pts, '/') + 1);
	text_format(text, sizeof(text), "%10d\n", (int)child);
	write_lock(fixture, text, strlen(text));
	assert_int_equal(utimensat(AT_FDCWD, fixture->path, old, 0), 0);
	assert_int_equal(line_uucp_lock(fixture->folder, fixture->pts, file, sizeof(file), &error), STATUS_BUSY);
	end_holder(child);
	assert_int_equal(line_uucp_lock(fixture->folder, fixture->pts, file, sizeof(file), &error), STATUS_OK);
	line_uucp_unlock(file);
}

static void rubbish_in_a_lock_file_is_stale_and_no_folder_is_no_lock(void **state)
{
	struct line_fixture *fixture = *state;
	char file[256];
	struct error error;

	text_format(fixture->path, sizeof(fixture->path), "%s/LCK..ttyUSB7", fixture->folder);
	write_lock(fixture, "rubbish", 7);
	assert_int_equal(lock(fixture, file, &error), STATUS_OK);
	line_uucp_unlock(file);
	assert_int_equal(line_uucp_lock("/nonexistent", "/dev/ttyUSB7", file, sizeof(file), &error), STATUS_OK);
	assert_string_equal(file, "");
	line_uucp_unlock(file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_busy_line_names_its_holder),
		TEST(the_terminal_of_a_session_is_not_taken_for_a_line),
		TEST(hints_tell_how_to_get_rid_of_a_holder),
		TEST(a_missing_port_hints_at_the_ports_there_are),
		TEST(what_is_no_line_is_refused),
		TEST(a_missing_permission_names_the_group_and_the_command),
		TEST(a_device_node_of_no_group_hints_at_a_udev_rule),
		TEST(lock_files_of_the_living_are_respected),
		TEST(a_binary_lock_file_is_told_from_text),
		TEST(a_lock_file_older_than_its_process_is_stale),
		TEST(a_lock_file_of_who_holds_the_device_is_never_stale),
		TEST(rubbish_in_a_lock_file_is_stale_and_no_folder_is_no_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
