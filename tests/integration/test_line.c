/* tests/integration/test_line.c: lines on real ptys, sockets and loopback TCP; the serial driver with the test bed's
 * shim. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "src/io/line.h"
#include "src/io/line_driver.h"
#include "src/io/loop.h"

enum { GIVE_UP_MS = 5000, GOT_MAX = 1 << 20 };

struct fixture {
	struct loop *loop;
	struct loop_timer *give_up, *pause;
	struct line *line;
	int master, slave;		/* slave: kept open only where a test says so */
	char pts[64];
	char folder[64], path[128];
	uint8_t got[GOT_MAX];
	size_t got_size, wanted_size, total;
	unsigned lost, open, rooms, calls, descriptors;
	struct error why;
	bool gave_up, stop_at_state, close_in_callback;
};

static void on_bytes(void *user, struct bytes in, uint64_t now_ms)
{
	struct fixture *fixture = user;
	size_t count = in.size < GOT_MAX - fixture->got_size ? in.size : GOT_MAX - fixture->got_size;

	assert_true(now_ms > 0);
	memcpy(fixture->got + fixture->got_size, in.data, count);
	fixture->got_size += count;
	fixture->total += in.size;
	fixture->calls++;
	if (fixture->close_in_callback) {
		line_close(fixture->line);
		fixture->line = NULL;
		loop_stop(fixture->loop);
	}
	if (fixture->wanted_size > 0 && fixture->total >= fixture->wanted_size)
		loop_stop(fixture->loop);
}

static void on_state(void *user, enum line_state state, const struct error *why)
{
	struct fixture *fixture = user;

	assert_int_equal(why != NULL, state == LINE_LOST);
	if (why != NULL)
		fixture->why = *why;
	fixture->lost += state == LINE_LOST;
	fixture->open += state == LINE_OPEN;
	if (fixture->stop_at_state)
		loop_stop(fixture->loop);
}

static void on_room(void *user)
{
	struct fixture *fixture = user;

	assert_int_equal(line_pending(fixture->line), 0);
	fixture->rooms++;
}

static void on_give_up(void *user)
{
	((struct fixture *)user)->gave_up = true;
	loop_stop(((struct fixture *)user)->loop);
}

static void on_pause_end(void *user)
{
	loop_stop(((struct fixture *)user)->loop);
}

static void new_pty(struct fixture *fixture)
{
	struct termios settings;

	assert_int_equal(openpty(&fixture->master, &fixture->slave, fixture->pts, NULL, NULL), 0);
	/* As a device: what it says is not echoed back to it before the line is raw. */
	assert_int_equal(tcgetattr(fixture->slave, &settings), 0);
	settings.c_lflag &= ~(tcflag_t)ECHO;
	assert_int_equal(tcsetattr(fixture->slave, TCSANOW, &settings), 0);
	fcntl(fixture->master, F_SETFD, FD_CLOEXEC);
	fcntl(fixture->slave, F_SETFD, FD_CLOEXEC);
	fcntl(fixture->master, F_SETFL, O_NONBLOCK);
}

static unsigned count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_int_equal(loop_new(&fixture->loop, NULL), STATUS_OK);
	fixture->give_up = loop_timer_new(fixture->loop, on_give_up, fixture);
	fixture->pause = loop_timer_new(fixture->loop, on_pause_end, fixture);
	strcpy(fixture->folder, "/tmp/test_line.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	text_format(fixture->path, sizeof(fixture->path), "%s/line", fixture->folder);
	fixture->descriptors = count_descriptors();
	new_pty(fixture);
	*state = fixture;
	return 0;
}

static void close_pty(struct fixture *fixture)
{
	if (fixture->master >= 0)
		close(fixture->master);
	if (fixture->slave >= 0)
		close(fixture->slave);
	fixture->master = fixture->slave = -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	line_close(fixture->line);
	fixture->line = NULL;
	close_pty(fixture);
	loop_timer_set_after(fixture->pause, 1);
	loop_run(fixture->loop);	/* what was freed is closed */
	assert_int_equal(count_descriptors(), fixture->descriptors);
	loop_free(fixture->loop);
	unlink(fixture->path);
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

static enum status try_open(struct fixture *fixture, const char *name, const struct line_settings *settings,
			    struct error *error)
{
	const struct line_observer observer = { .on_bytes = on_bytes, .on_state = on_state, .on_room = on_room, .user = fixture };

	memset(error, 0, sizeof(*error));
	return line_open(fixture->loop, name, settings, &observer, &fixture->line, error);
}

static void open_line(struct fixture *fixture, const char *name, const struct line_settings *settings)
{
	struct error error;
	enum status status = try_open(fixture, name, settings, &error);

	if (status != STATUS_OK)
		fail_msg("%s: %s (%s)", name, error.text, error.hint);
	assert_int_equal(line_get_state(fixture->line), LINE_OPEN);
	assert_string_equal(line_name(fixture->line), name);
}

static void run(struct fixture *fixture)
{
	loop_timer_set_after(fixture->give_up, GIVE_UP_MS);
	loop_run(fixture->loop);
	assert_false(fixture->gave_up);
}

static void run_for(struct fixture *fixture, uint64_t milliseconds)
{
	loop_timer_set_after(fixture->pause, milliseconds);
	run(fixture);
}

static void run_until_got(struct fixture *fixture, size_t size)
{
	fixture->wanted_size = size;
	if (fixture->total < size)
		run(fixture);
	fixture->wanted_size = 0;
}

static void run_until_state(struct fixture *fixture)
{
	fixture->stop_at_state = true;
	run(fixture);
	fixture->stop_at_state = false;
}

static void say(int descriptor, struct bytes what)
{
	assert_int_equal(write(descriptor, what.data, what.size), (ssize_t)what.size);
}

/* Turns the loop until size bytes have come out of descriptor. */
static void expect_out(struct fixture *fixture, int descriptor, struct bytes wanted)
{
	uint8_t got[4096];
	size_t size = 0;

	for (unsigned turn = 0; size < wanted.size && turn < 400; turn++) {
		ssize_t count;

		run_for(fixture, 2);
		count = recv(descriptor, got + size, sizeof(got) - size, MSG_DONTWAIT);
		if (count < 0 && errno == ENOTSOCK)
			count = read(descriptor, got + size, sizeof(got) - size);
		if (count > 0)
			size += (size_t)count;
	}
	assert_int_equal(size, wanted.size);
	assert_memory_equal(got, wanted.data, wanted.size);
}

/* ---- ptys ---- */

static void all_bytes_pass_a_pty_unchanged_in_both_directions(void **state)
{
	struct fixture *fixture = *state;
	uint8_t all[256];

	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	open_line(fixture, fixture->pts, NULL);
	say(fixture->master, bytes_of(all, sizeof(all)));
	run_until_got(fixture, sizeof(all));
	assert_memory_equal(fixture->got, all, sizeof(all));
	assert_int_equal(line_write(fixture->line, bytes_of(all, sizeof(all))), sizeof(all));
	expect_out(fixture, fixture->master, bytes_of(all, sizeof(all)));
	assert_int_equal(line_pending(fixture->line), 0);
}

static void what_came_before_the_opening_is_not_lost(void **state)
{
	struct fixture *fixture = *state;

	say(fixture->master, BYTES("U-Boot 2023.01\n"));
	open_line(fixture, fixture->pts, NULL);
	run_until_got(fixture, 15);
	assert_memory_equal(fixture->got, "U-Boot 2023.01\n", 15);
}

static void assert_raw(int descriptor)
{
	struct termios now;

	assert_int_equal(tcgetattr(descriptor, &now), 0);
	assert_int_equal(now.c_iflag, 0);
	assert_int_equal(now.c_oflag, 0);
	assert_int_equal(now.c_lflag, 0);
	assert_int_equal(now.c_cflag & (CSIZE | PARENB | HUPCL | CREAD | CLOCAL), CS8 | CREAD | CLOCAL);
	assert_int_equal(now.c_cc[VMIN], 1);
	assert_int_equal(now.c_cc[VTIME], 0);
}

static void a_line_is_raw_and_keeps_its_modem_lines_on_close(void **state)
{
	struct fixture *fixture = *state;
	int is_exclusive = 0;

	open_line(fixture, fixture->pts, NULL);
	assert_raw(fixture->slave);
	assert_int_equal(ioctl(fixture->slave, TIOCGEXCL, &is_exclusive), 0);
	assert_true(is_exclusive);
	line_close(fixture->line);
	fixture->line = NULL;
	assert_int_equal(ioctl(fixture->slave, TIOCGEXCL, &is_exclusive), 0);
	assert_false(is_exclusive);
}

static void a_link_to_a_pty_follows_it_to_a_new_pty(void **state)
{
	struct fixture *fixture = *state;
	struct line_settings settings = { .baud = 9600 };
	struct termios now;

	assert_int_equal(symlink(fixture->pts, fixture->path), 0);
	open_line(fixture, fixture->path, &settings);
	assert_int_equal(line_set_baud(fixture->line, 57600, NULL), STATUS_OK);
	say(fixture->master, BYTES("last words"));
	run_until_got(fixture, 10);
	close_pty(fixture);
	run_until_state(fixture);
	assert_int_equal(fixture->lost, 1);
	assert_int_equal(fixture->why.status, STATUS_GONE);
	assert_true(text_contains(fixture->why.text, fixture->path));
	assert_int_equal(line_get_state(fixture->line), LINE_LOST);
	assert_int_equal(line_write(fixture->line, BYTES("x")), 0);
	assert_int_equal(line_send_break(fixture->line, 10, NULL), STATUS_GONE);

	new_pty(fixture);
	unlink(fixture->path);
	assert_int_equal(symlink(fixture->pts, fixture->path), 0);
	run_until_state(fixture);
	assert_int_equal(fixture->open, 1);
	assert_int_equal(fixture->lost, 1);
	assert_raw(fixture->slave);
	assert_int_equal(tcgetattr(fixture->slave, &now), 0);
	assert_int_equal(cfgetospeed(&now), B57600);
	say(fixture->master, BYTES("back"));
	run_until_got(fixture, 14);
	assert_memory_equal(fixture->got + 10, "back", 4);
}

static void the_next_pty_of_the_same_number_is_not_the_line(void **state)
{
	struct fixture *fixture = *state;
	char pts[64];

	text_copy(pts, sizeof(pts), fixture->pts);
	open_line(fixture, pts, NULL);
	close_pty(fixture);
	run_until_state(fixture);
	assert_int_equal(fixture->lost, 1);
	run_for(fixture, 50);	/* the kernel's time stamps are no finer than a tick */
	new_pty(fixture);
	if (!text_equal(fixture->pts, pts))
		skip();		/* the number went to somebody else */
	run_for(fixture, 700);
	assert_int_equal(fixture->open, 0);
	say(fixture->master, BYTES("not yours"));
	run_for(fixture, 100);
	assert_int_equal(fixture->got_size, 0);
}

static long used_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec +
	       usage.ru_stime.tv_usec;
}

static void a_pty_without_its_other_end_costs_no_processor_time(void **state)
{
	struct fixture *fixture = *state;
	long before_us;

	assert_int_equal(symlink(fixture->pts, fixture->path), 0);
	open_line(fixture, fixture->path, NULL);
	close_pty(fixture);
	before_us = used_us();
	run_for(fixture, 700);
	assert_int_equal(fixture->lost, 1);
	assert_true(used_us() - before_us < 150000);
}

static void a_queue_that_has_become_empty_is_told(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t much[60000], got[60000];

	open_line(fixture, fixture->pts, NULL);
	assert_int_equal(line_write(fixture->line, bytes_of(much, sizeof(much))), sizeof(much));
	assert_true(line_pending(fixture->line) > 0);
	run_for(fixture, 20);
	assert_int_equal(fixture->rooms, 0);
	for (unsigned turn = 0; fixture->rooms == 0 && turn < 500; turn++) {
		if (read(fixture->master, got, sizeof(got)) < 0)
			run_for(fixture, 1);
	}
	assert_int_equal(fixture->rooms, 1);
}

static void writing_never_blocks_and_the_queue_is_bounded(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t much[300000], got[300000];
	size_t taken, size = 0;

	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = (uint8_t)(i * 7 + i / 256);
	open_line(fixture, fixture->pts, NULL);
	taken = line_write(fixture->line, bytes_of(much, sizeof(much)));
	assert_true(taken > 60000 && taken < 70000);
	assert_true(line_pending(fixture->line) <= 65536);
	run_for(fixture, 20);	/* nobody reads: it must not spin, nor take more than fits */
	while (taken < sizeof(much) || line_pending(fixture->line) > 0) {
		ssize_t count = read(fixture->master, got + size, sizeof(got) - size);

		if (count > 0)
			size += (size_t)count;
		taken += line_write(fixture->line, bytes_from(bytes_of(much, sizeof(much)), taken));
		run_for(fixture, 1);
	}
	for (unsigned turn = 0; size < sizeof(got) && turn < 500; turn++) {
		ssize_t count = read(fixture->master, got + size, sizeof(got) - size);

		if (count > 0)
			size += (size_t)count;
		else
			run_for(fixture, 1);
	}
	assert_int_equal(size, sizeof(much));
	assert_memory_equal(got, much, sizeof(much));
}

static void a_line_may_be_closed_in_its_callback(void **state)
{
	struct fixture *fixture = *state;

	open_line(fixture, fixture->pts, NULL);
	fixture->close_in_callback = true;
	say(fixture->master, BYTES("x"));
	run(fixture);
	assert_null(fixture->line);
}

static pid_t start_writer(int master, size_t size)
{
	pid_t child = fork();

	if (child == 0) {
		static uint8_t chunk[4096];

		fcntl(master, F_SETFL, 0);
		memset(chunk, 'x', sizeof(chunk));
		while (size > 0) {
			ssize_t count = write(master, chunk, size < sizeof(chunk) ? size : sizeof(chunk));

			if (count <= 0)
				_exit(1);
			size -= (size_t)count;
		}
		_exit(0);
	}
	return child;
}

/* FLOOD_BYTES in the environment makes it a measurement. */
static void a_flood_arrives_whole_and_faster_than_3_megabaud(void **state)
{
	struct fixture *fixture = *state;
	const char *wish = getenv("FLOOD_BYTES");
	size_t size = wish != NULL ? strtoul(wish, NULL, 10) : 3000000;
	uint64_t start_ms = loop_now_ms(), used_ms;
	long before_us = used_us();
	pid_t child;

	open_line(fixture, fixture->pts, NULL);
	child = start_writer(fixture->master, size);
	run_until_got(fixture, size);
	used_ms = loop_now_ms() - start_ms + 1;
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(fixture->total, size);
	print_message("flood: %zu bytes in %lu ms, %ld ms of processor time, %u callbacks\n", size,
		      (unsigned long)used_ms,
		      (used_us() - before_us) / 1000, fixture->calls);
	assert_true(size / used_ms >= 300);	/* 3 MBd, 8N1: 300 bytes a millisecond */
}

/* ---- what stands in the way ---- */

static pid_t start_holder(struct fixture *fixture, bool as_its_terminal)
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
	struct fixture *fixture = *state;
	pid_t child = start_holder(fixture, false);
	struct error error;
	char pid[32];

	assert_int_equal(try_open(fixture, fixture->pts, NULL, &error), STATUS_BUSY);
	text_format(pid, sizeof(pid), "%d", (int)child);
	assert_true(text_contains(error.text, fixture->pts));
	assert_true(text_contains(error.text, pid));
	end_holder(child);
	open_line(fixture, fixture->pts, NULL);
}

static void the_terminal_of_a_session_is_not_taken_for_a_line(void **state)
{
	struct fixture *fixture = *state;
	pid_t child = start_holder(fixture, true);
	struct error error;

	assert_int_equal(try_open(fixture, fixture->pts, NULL, &error), STATUS_BUSY);
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

	assert_int_equal(try_open(*state, "/dev/ttyUSB93", NULL, &error), STATUS_NOT_FOUND);
	assert_true(text_contains(error.text, "/dev/ttyUSB93"));
	assert_true(text_contains(error.hint, "/dev/tty") || text_contains(error.hint, "no serial port"));
	assert_null(((struct fixture *)*state)->line);
}

static void what_is_no_line_is_refused(void **state)
{
	static const char *const names[] = { "", "COM1", "/dev/null", "/etc/passwd", "tcp:", "tcp:host", "tcp::23",
					     "tcp:h:0",
					     "tcp:h:65536", "tcp:h:23x", "unix:", "rfc2217:[::1]:" };
	struct line_settings odd = { .parity = 'X' }, fast = { .baud = 4000000000u };
	struct fixture *fixture = *state;
	struct error error;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(try_open(fixture, names[i], NULL, &error), STATUS_INVALID);
		assert_true(error.text[0] != '\0');
	}
	assert_int_equal(try_open(fixture, fixture->pts, &odd, &error), STATUS_INVALID);
	assert_int_equal(try_open(fixture, fixture->pts, &fast, &error), STATUS_INVALID);
}

static void a_missing_permission_names_the_group_and_the_command(void **state)
{
	struct fixture *fixture = *state;
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
		is_right = try_open(fixture, fixture->pts, NULL, &error) == STATUS_NO_PERMISSION &&
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
	assert_int_equal(chown(((struct fixture *)*state)->pts, 0, 0), 0);
	assert_int_equal(chmod(((struct fixture *)*state)->pts, 0600), 0);
	child = fork();
	if (child == 0) {
		if (setresuid(65534, 65534, 65534) != 0)
			_exit(2);
		_exit(try_open(*state, ((struct fixture *)*state)->pts, NULL, &error) == STATUS_NO_PERMISSION &&
		      text_contains(error.hint, "/etc/udev/rules.d/") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* ---- UUCP lock files ---- */

static void write_lock(struct fixture *fixture, const void *content, size_t size)
{
	int descriptor = open(fixture->path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_int_equal(write(descriptor, content, size), (ssize_t)size);
	close(descriptor);
}

static enum status lock(struct fixture *fixture, char *ret_file, struct error *error)
{
	return line_uucp_lock(fixture->folder, "/dev/ttyUSB7", ret_file, 256, error);
}

static void lock_files_of_the_living_are_respected(void **state)
{
	struct fixture *fixture = *state;
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

static void a_lock_file_older_than_its_process_is_stale(void **state)
{
	struct fixture *fixture = *state;
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

static void rubbish_in_a_lock_file_is_stale_and_no_folder_is_no_lock(void **state)
{
	struct fixture *fixture = *state;
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

/* ---- sockets ---- */

static int listen_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	text_copy(address.sun_path, sizeof(address.sun_path), path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 4), 0);
	return listener;
}

static int listen_tcp(unsigned *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)*port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(listen(listener, 4), 0);
	*port = ntohs(address.sin_port);
	return listener;
}

static void exchange(struct fixture *fixture, int peer)
{
	size_t before = fixture->got_size;

	say(peer, BYTES("hello"));
	run_until_got(fixture, before + 5);
	assert_memory_equal(fixture->got + before, "hello", 5);
	assert_int_equal(line_write(fixture->line, BYTES("reply")), 5);
	expect_out(fixture, peer, BYTES("reply"));
}

static void a_unix_line_comes_back_with_its_server(void **state)
{
	struct fixture *fixture = *state;
	char name[160];
	int listener, peer;
	struct error error;

	text_format(name, sizeof(name), "unix:%s", fixture->path);
	assert_int_equal(try_open(fixture, name, NULL, &error), STATUS_NOT_FOUND);
	assert_true(error.hint[0] != '\0');
	listener = listen_unix(fixture->path);
	open_line(fixture, name, NULL);
	peer = accept(listener, NULL, NULL);
	exchange(fixture, peer);
	assert_int_equal(line_set_baud(fixture->line, 9600, &error), STATUS_OK);
	assert_int_equal(line_baud(fixture->line), 9600);
	assert_int_equal(line_set_dtr(fixture->line, true, &error), STATUS_UNSUPPORTED);
	assert_int_equal(line_send_break(fixture->line, 10, &error), STATUS_UNSUPPORTED);

	say(peer, BYTES("last words"));
	close(peer);
	close(listener);
	unlink(fixture->path);
	run_until_state(fixture);
	assert_int_equal(fixture->lost, 1);
	assert_true(text_contains(fixture->why.text, "other end"));
	assert_memory_equal(fixture->got + 5, "last words", 10);
	listener = listen_unix(fixture->path);
	run_until_state(fixture);
	assert_int_equal(fixture->open, 1);
	peer = accept(listener, NULL, NULL);
	exchange(fixture, peer);
	close(peer);
	close(listener);
}

static void a_tcp_line_comes_back_with_its_server(void **state)
{
	struct fixture *fixture = *state;
	unsigned port = 0;
	int listener = listen_tcp(&port), peer;
	char name[64];

	text_format(name, sizeof(name), "tcp:localhost:%u", port);
	open_line(fixture, name, NULL);
	peer = accept(listener, NULL, NULL);
	exchange(fixture, peer);
	close(peer);
	close(listener);
	run_until_state(fixture);
	assert_int_equal(fixture->lost, 1);
	run_for(fixture, 600);		/* refused meanwhile */
	assert_int_equal(fixture->lost, 1);
	listener = listen_tcp(&port);
	run_until_state(fixture);
	assert_int_equal(fixture->open, 1);
	peer = accept(listener, NULL, NULL);
	exchange(fixture, peer);
	close(peer);
	close(listener);
}

static void nobody_on_a_tcp_port_is_told_at_once(void **state)
{
	unsigned port = 0;
	char name[64];
	struct error error;

	close(listen_tcp(&port));
	text_format(name, sizeof(name), "tcp:127.0.0.1:%u", port);
	assert_int_equal(try_open(*state, name, NULL, &error), STATUS_NOT_FOUND);
	assert_true(text_contains(error.text, "127.0.0.1"));
	assert_true(error.hint[0] != '\0');
}

static void an_rfc2217_line_sets_the_port_at_the_server(void **state)
{
	struct fixture *fixture = *state;
	unsigned port = 0;
	int listener = listen_tcp(&port), peer;
	struct error error;
	char name[64];

	text_format(name, sizeof(name), "rfc2217:127.0.0.1:%u", port);
	open_line(fixture, name, NULL);
	peer = accept(listener, NULL, NULL);
	assert_int_equal(line_set_dtr(fixture->line, false, &error), STATUS_OK);	/* kept for later */
	expect_out(fixture, peer, BYTES("\xff\xfb\x00\xff\xfd\x00" "\xff\xfb\x03\xff\xfd\x03" "\xff\xfb\x2c"));
	assert_int_equal(line_write(fixture->line, BYTES("early")), 0);
	say(peer, BYTES("\xff\xfd\x00\xff\xfb\x00\xff\xfd\x03\xff\xfb\x03\xff\xfd\x2c" "a\xff\xff" "b"));
	run_until_got(fixture, 3);
	assert_memory_equal(fixture->got, "a\xff" "b", 3);
	expect_out(fixture, peer, BYTES("\xff\xfa\x2c\x01\x00\x01\xc2\x00\xff\xf0"
					"\xff\xfa\x2c\x02\x08\xff\xf0\xff\xfa\x2c\x03\x01\xff\xf0"
					"\xff\xfa\x2c\x04\x01\xff\xf0"
					"\xff\xfa\x2c\x05\x01\xff\xf0\xff\xfa\x2c\x0a\x00\xff\xf0"
					"\xff\xfa\x2c\x0b\x00\xff\xf0"
					"\xff\xfa\x2c\x05\x09\xff\xf0"));
	assert_int_equal(line_write(fixture->line, BYTES("x\xffy\r")), 4);
	expect_out(fixture, peer, BYTES("x\xff\xffy\r"));
	/* What is written during a break goes out after its end. */
	assert_int_equal(line_send_break(fixture->line, 30, &error), STATUS_OK);
	assert_int_equal(line_write(fixture->line, BYTES("h")), 1);
	expect_out(fixture, peer, BYTES("\xff\xfa\x2c\x05\x05\xff\xf0" "\xff\xfa\x2c\x05\x06\xff\xf0" "h"));
	say(peer, BYTES("\xff\xfa\x2c\x65\x00\x00\x25\x80\xff\xf0!"));
	run_until_got(fixture, 4);
	assert_int_equal(line_baud(fixture->line), 9600);
	close(peer);
	close(listener);
}

static void a_plain_telnet_server_passes_bytes_but_no_settings(void **state)
{
	struct fixture *fixture = *state;
	unsigned port = 0;
	int listener = listen_tcp(&port), peer;
	struct error error;
	char name[64];

	text_format(name, sizeof(name), "rfc2217:127.0.0.1:%u", port);
	open_line(fixture, name, NULL);
	peer = accept(listener, NULL, NULL);
	say(peer, BYTES("\xff\xfd\x00\xff\xfb\x00\xff\xfe\x2c!"));
	run_until_got(fixture, 1);
	assert_int_equal(line_set_baud(fixture->line, 9600, &error), STATUS_UNSUPPORTED);
	assert_true(text_contains(error.text, "RFC 2217"));
	assert_int_equal(line_write(fixture->line, BYTES("x")), 1);
	close(peer);
	close(listener);
}

/* ---- the serial driver ---- */

static void without_the_shim_a_pty_is_no_serial_port(void **state)
{
	struct fixture *fixture = *state;
	struct error error;
	char name[80];

	if (getenv("TEST_LINE_SHIM") != NULL)
		return;
	text_format(name, sizeof(name), "serial:%s", fixture->pts);
	assert_int_equal(try_open(fixture, name, NULL, &error), STATUS_UNSUPPORTED);
	assert_true(text_contains(error.hint, "leave out"));
}

static int modem_lines(struct fixture *fixture)
{
	int lines = 0;

	assert_int_equal(ioctl(fixture->slave, TIOCMGET, &lines), 0);
	return lines & (TIOCM_DTR | TIOCM_RTS);
}

static void a_serial_line_is_raw_locked_and_leaves_the_modem_lines_alone(void **state)
{
	struct fixture *fixture = *state;
	struct line_settings settings = { .baud = 9600 };
	struct error error;
	char name[80], file[96];

	text_format(name, sizeof(name), "serial:%s", fixture->pts);
	text_format(file, sizeof(file), "/var/lock/LCK..pts_%s", strrchr(fixture->pts, '/') + 1);
	assert_int_equal(modem_lines(fixture), 0);
	open_line(fixture, name, &settings);
	assert_int_equal(modem_lines(fixture), 0);
	assert_raw(fixture->slave);
	if (access("/var/lock", W_OK) == 0)
		assert_int_equal(access(file, F_OK), 0);
	exchange(fixture, fixture->master);
	assert_int_equal(line_set_baud(fixture->line, 115200, &error), STATUS_OK);
	assert_int_equal(modem_lines(fixture), 0);
	assert_int_equal(line_set_dtr(fixture->line, true, &error), STATUS_OK);
	assert_int_equal(modem_lines(fixture), TIOCM_DTR);
	assert_int_equal(line_set_rts(fixture->line, true, &error), STATUS_OK);
	assert_int_equal(line_set_baud(fixture->line, 9600, &error), STATUS_OK);
	assert_int_equal(modem_lines(fixture), TIOCM_DTR | TIOCM_RTS);
	line_close(fixture->line);
	fixture->line = NULL;
	assert_int_equal(modem_lines(fixture), TIOCM_DTR | TIOCM_RTS);
	assert_int_equal(access(file, F_OK), -1);
}

static void a_serial_line_takes_rates_that_are_not_standard(void **state)
{
	static const unsigned rates[] = { 250000, 57800, 1500000, 3000000, 4000000, 74880, 115200 };
	struct fixture *fixture = *state;
	struct line_settings settings = { .baud = 250000 };
	struct error error;
	char name[80];

	text_format(name, sizeof(name), "serial:%s", fixture->pts);
	open_line(fixture, name, &settings);
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		assert_int_equal(line_set_baud(fixture->line, rates[i], &error), STATUS_OK);
		assert_int_equal(line_baud(fixture->line), rates[i]);
		assert_raw(fixture->slave);
	}
	exchange(fixture, fixture->master);
}

static void a_lost_serial_line_comes_back_with_its_settings(void **state)
{
	struct fixture *fixture = *state;
	struct line_settings settings = { .baud = 19200 };
	struct termios now;
	char name[200];

	assert_int_equal(symlink(fixture->pts, fixture->path), 0);
	text_format(name, sizeof(name), "serial:%s", fixture->path);
	open_line(fixture, name, &settings);
	close_pty(fixture);
	run_until_state(fixture);
	assert_int_equal(fixture->lost, 1);
	new_pty(fixture);
	unlink(fixture->path);
	assert_int_equal(symlink(fixture->pts, fixture->path), 0);
	run_until_state(fixture);
	assert_int_equal(fixture->open, 1);
	assert_int_equal(tcgetattr(fixture->slave, &now), 0);
	assert_int_equal(cfgetospeed(&now), B19200);
	exchange(fixture, fixture->master);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int test_serial(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_serial_line_is_raw_locked_and_leaves_the_modem_lines_alone),
		TEST(a_serial_line_takes_rates_that_are_not_standard),
		TEST(a_lost_serial_line_comes_back_with_its_settings),
	};

	return cmocka_run_group_tests_name("serial driver, with the shim", tests, NULL, NULL);
}

/* The shim has to be there before this program starts: it runs itself again with it. */
static int test_serial_with_shim(const char *program)
{
	const char *shared = getenv("UNBRICK_SHARED"), *source = getenv("srcdir");
	char shim[512], library[] = "/tmp/test_line_shim.XXXXXX", command[2048];
	int descriptor, status;

	if (shared != NULL)
		text_format(shim, sizeof(shim), "%s/testbed/ptyshim.c", shared);
	else
		text_format(shim, sizeof(shim), "%s/../shared/testbed/ptyshim.c", source != NULL ? source : ".");
	if (access(shim, R_OK) != 0) {
		fprintf(stderr,
			"test_line: SKIPPED: the serial driver, because there is no %s (set UNBRICK_SHARED)\n", shim);
		return 0;
	}
	descriptor = mkstemp(library);
	if (descriptor < 0)
		return 1;
	close(descriptor);
	text_format(command, sizeof(command), "cc -shared -fPIC -o '%s' '%s' -ldl && TEST_LINE_SHIM=1 LD_PRELOAD='%s' "
		    "ASAN_OPTIONS=\"$ASAN_OPTIONS:verify_asan_link_order=0\" '%s'", library, shim, library, program);
	status = system(command);
	unlink(library);
	return status == 0 ? 0 : 1;
}

int main(int count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		TEST(all_bytes_pass_a_pty_unchanged_in_both_directions),
		TEST(what_came_before_the_opening_is_not_lost),
		TEST(a_line_is_raw_and_keeps_its_modem_lines_on_close),
		TEST(a_link_to_a_pty_follows_it_to_a_new_pty),
		TEST(the_next_pty_of_the_same_number_is_not_the_line),
		TEST(a_pty_without_its_other_end_costs_no_processor_time),
		TEST(a_queue_that_has_become_empty_is_told),
		TEST(writing_never_blocks_and_the_queue_is_bounded),
		TEST(a_line_may_be_closed_in_its_callback),
		TEST(a_flood_arrives_whole_and_faster_than_3_megabaud),
		TEST(a_busy_line_names_its_holder),
		TEST(the_terminal_of_a_session_is_not_taken_for_a_line),
		TEST(hints_tell_how_to_get_rid_of_a_holder),
		TEST(a_missing_port_hints_at_the_ports_there_are),
		TEST(what_is_no_line_is_refused),
		TEST(a_missing_permission_names_the_group_and_the_command),
		TEST(a_device_node_of_no_group_hints_at_a_udev_rule),
		TEST(lock_files_of_the_living_are_respected),
		TEST(a_lock_file_older_than_its_process_is_stale),
		TEST(rubbish_in_a_lock_file_is_stale_and_no_folder_is_no_lock),
		TEST(a_unix_line_comes_back_with_its_server),
		TEST(a_tcp_line_comes_back_with_its_server),
		TEST(nobody_on_a_tcp_port_is_told_at_once),
		TEST(an_rfc2217_line_sets_the_port_at_the_server),
		TEST(a_plain_telnet_server_passes_bytes_but_no_settings),
		TEST(without_the_shim_a_pty_is_no_serial_port),
	};
	int failed;

	if (getenv("TEST_LINE_SHIM") != NULL)
		return test_serial();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return test_serial_with_shim(count > 0 ? arguments[0] : "./test_line") != 0 || failed != 0;
}
