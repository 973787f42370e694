/* tests/integration/test_line.c: lines on real ptys, sockets and loopback TCP. */
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "tests/integration/line_fixture.h"

/* ---- ptys ---- */

static void all_bytes_pass_a_pty_unchanged_in_both_directions(void **state)
{
	struct line_fixture *fixture = *state;
	uint8_t all[256];

	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	fixture_open(fixture, fixture->pts, NULL);
	fixture_say(fixture->master, bytes_of(all, sizeof(all)));
	fixture_run_until_got(fixture, sizeof(all));
	assert_memory_equal(fixture->got, all, sizeof(all));
	assert_int_equal(line_write(fixture->line, bytes_of(all, sizeof(all))), sizeof(all));
	fixture_expect_out(fixture, fixture->master, bytes_of(all, sizeof(all)));
	assert_int_equal(line_pending(fixture->line), 0);
}

static void what_came_before_the_opening_is_not_lost(void **state)
{
	struct line_fixture *fixture = *state;

	fixture_say(fixture->master, BYTES("U-Boot 2023.01\n"));
	fixture_open(fixture, fixture->pts, NULL);
	fixture_run_until_got(fixture, 15);
	assert_memory_equal(fixture->got, "U-Boot 2023.01\n", 15);
}

static void a_line_is_raw_and_keeps_its_modem_lines_on_close(void **state)
{
	struct line_fixture *fixture = *state;
	int is_exclusive = 0;

	fixture_open(fixture, fixture->pts, NULL);
	fixture_assert_raw(fixture->slave);
	assert_int_equal(ioctl(fixture->slave, TIOCGEXCL, &is_exclusive), 0);
	assert_true(is_exclusive);
	line_close(fixture->line);
	fixture->line = NULL;
	assert_int_equal(ioctl(fixture->slave, TIOCGEXCL, &is_exclusive), 0);
	assert_false(is_exclusive);
}

static void a_link_to_a_pty_follows_it_to_a_new_pty(void **state)
{
	struct line_fixture *fixture = *state;
	struct line_settings settings = { .baud = 9600 };
	struct termios now;

	assert_int_equal(symlink(fixture->pts, fixture->path), 0);
	fixture_open(fixture, fixture->path, &settings);
	assert_int_equal(line_set_baud(fixture->line, 57600, NULL), STATUS_OK);
	fixture_say(fixture->master, BYTES("last words"));
	fixture_run_until_got(fixture, 10);
	fixture_close_pty(fixture);
	fixture_run_until_state(fixture);
	assert_int_equal(fixture->lost, 1);
	assert_int_equal(fixture->why.status, STATUS_GONE);
	assert_true(text_contains(fixture->why.text, fixture->path));
	assert_int_equal(line_get_state(fixture->line), LINE_LOST);
	assert_int_equal(line_write(fixture->line, BYTES("x")), 0);
	assert_int_equal(line_send_break(fixture->line, 10, NULL), STATUS_GONE);

	fixture_new_pty(fixture);
	unlink(fixture->path);
	assert_int_equal(symlink(fixture->pts, fixture->path), 0);
	fixture_run_until_state(fixture);
	assert_int_equal(fixture->open, 1);
	assert_int_equal(fixture->lost, 1);
	fixture_assert_raw(fixture->slave);
	assert_int_equal(tcgetattr(fixture->slave, &now), 0);
	assert_int_equal(cfgetospeed(&now), B57600);
	fixture_say(fixture->master, BYTES("back"));
	fixture_run_until_got(fixture, 14);
	assert_memory_equal(fixture->got + 10, "back", 4);
}

static void the_next_pty_of_the_same_number_is_not_the_line(void **state)
{
	struct line_fixture *fixture = *state;
	char pts[64];

	text_copy(pts, sizeof(pts), fixture->pts);
	fixture_open(fixture, pts, NULL);
	fixture_close_pty(fixture);
	fixture_run_until_state(fixture);
	assert_int_equal(fixture->lost, 1);
	fixture_run_for(fixture, 50);	/* the kernel's time stamps are no finer than a tick */
	fixture_new_pty(fixture);
	if (!text_equal(fixture->pts, pts))
		skip();		/* the number went to somebody else */
	fixture_run_for(fixture, 700);
	assert_int_equal(fixture->open, 0);
	fixture_say(fixture->master, BYTES("not yours"));
	fixture_run_for(fixture, 100);
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
	struct line_fixture *fixture = *state;
	long before_us;

	assert_int_equal(symlink(fixture->pts, fixture->path), 0);
	fixture_open(fixture, fixture->path, NULL);
	fixture_close_pty(fixture);
	before_us = used_us();
	fixture_run_for(fixture, 700);
	assert_int_equal(fixture->lost, 1);
	assert_true(used_us() - before_us < 150000);
}

static void a_queue_that_has_become_empty_is_told(void **state)
{
	struct line_fixture *fixture = *state;
	static uint8_t much[60000], got[60000];

	fixture_open(fixture, fixture->pts, NULL);
	assert_int_equal(line_write(fixture->line, bytes_of(much, sizeof(much))), sizeof(much));
	assert_true(line_pending(fixture->line) > 0);
	fixture_run_for(fixture, 20);
	assert_int_equal(fixture->rooms, 0);
	for (unsigned turn = 0; fixture->rooms == 0 && turn < 500; turn++) {
		if (read(fixture->master, got, sizeof(got)) < 0)
			fixture_run_for(fixture, 1);
	}
	assert_int_equal(fixture->rooms, 1);
}

static void writing_never_blocks_and_the_queue_is_bounded(void **state)
{
	struct line_fixture *fixture = *state;
	static uint8_t much[300000], got[300000];
	size_t taken, size = 0;

	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = (uint8_t)(i * 7 + i / 256);
	fixture_open(fixture, fixture->pts, NULL);
	taken = line_write(fixture->line, bytes_of(much, sizeof(much)));
	assert_true(taken > 60000 && taken < 70000);
	assert_true(line_pending(fixture->line) <= 65536);
	fixture_run_for(fixture, 20);	/* nobody reads: it must not spin, nor take more than fits */
	while (taken < sizeof(much) || line_pending(fixture->line) > 0) {
		ssize_t count = read(fixture->master, got + size, sizeof(got) - size);

		if (count > 0)
			size += (size_t)count;
		taken += line_write(fixture->line, bytes_from(bytes_of(much, sizeof(much)), taken));
		fixture_run_for(fixture, 1);
	}
	for (unsigned turn = 0; size < sizeof(got) && turn < 500; turn++) {
		ssize_t count = read(fixture->master, got + size, sizeof(got) - size);

		if (count > 0)
			size += (size_t)count;
		else
			fixture_run_for(fixture, 1);
	}
	assert_int_equal(size, sizeof(much));
	assert_memory_equal(got, much, sizeof(much));
}

static void a_line_may_be_closed_in_its_callback(void **state)
{
	struct line_fixture *fixture = *state;

	fixture_open(fixture, fixture->pts, NULL);
	fixture->close_in_callback = true;
	fixture_say(fixture->master, BYTES("x"));
	fixture_run(fixture);
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
	struct line_fixture *fixture = *state;
	const char *wish = getenv("FLOOD_BYTES");
	size_t size = wish != NULL ? strtoul(wish, NULL, 10) : 3000000;
	uint64_t start_ms = loop_now_ms(), used_ms;
	long before_us = used_us();
	pid_t child;

	fixture_open(fixture, fixture->pts, NULL);
	child = start_writer(fixture->master, size);
	fixture_run_until_got(fixture, size);
	used_ms = loop_now_ms() - start_ms + 1;
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(fixture->total, size);
	print_message("flood: %zu bytes in %lu ms, %ld ms of processor time, %u callbacks\n", size,
		      (unsigned long)used_ms,
		      (used_us() - before_us) / 1000, fixture->calls);
	assert_true(size / used_ms >= 300);	/* 3 MBd, 8N1: 300 bytes a millisecond */
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

static void a_unix_line_comes_back_with_its_server(void **state)
{
	struct line_fixture *fixture = *state;
	char name[160];
	int listener, peer;
	struct error error;

	text_format(name, sizeof(name), "unix:%s", fixture->path);
	assert_int_equal(fixture_try(fixture, name, NULL, &error), STATUS_NOT_FOUND);
	assert_true(error.hint[0] != '\0');
	listener = listen_unix(fixture->path);
	fixture_open(fixture, name, NULL);
	peer = accept(listener, NULL, NULL);
	fixture_exchange(fixture, peer);
	assert_int_equal(line_set_baud(fixture->line, 9600, &error), STATUS_OK);
	assert_int_equal(line_baud(fixture->line), 9600);
	assert_int_equal(line_set_dtr(fixture->line, true, &error), STATUS_UNSUPPORTED);
	assert_int_equal(line_send_break(fixture->line, 10, &error), STATUS_UNSUPPORTED);

	fixture_say(peer, BYTES("last words"));
	close(peer);
	close(listener);
	unlink(fixture->path);
	fixture_run_until_state(fixture);
	assert_int_equal(fixture->lost, 1);
	assert_true(text_contains(fixture->why.text, "other end"));
	assert_memory_equal(fixture->got + 5, "last words", 10);
	listener = listen_unix(fixture->path);
	fixture_run_until_state(fixture);
	assert_int_equal(fixture->open, 1);
	peer = accept(listener, NULL, NULL);
	fixture_exchange(fixture, peer);
	close(peer);
	close(listener);
}

static void a_tcp_line_comes_back_with_its_server(void **state)
{
	struct line_fixture *fixture = *state;
	unsigned port = 0;
	int listener = listen_tcp(&port), peer;
	char name[64];

	text_format(name, sizeof(name), "tcp:localhost:%u", port);
	fixture_open(fixture, name, NULL);
	peer = accept(listener, NULL, NULL);
	fixture_exchange(fixture, peer);
	close(peer);
	close(listener);
	fixture_run_until_state(fixture);
	assert_int_equal(fixture->lost, 1);
	fixture_run_for(fixture, 600);		/* refused meanwhile */
	assert_int_equal(fixture->lost, 1);
	listener = listen_tcp(&port);
	fixture_run_until_state(fixture);
	assert_int_equal(fixture->open, 1);
	peer = accept(listener, NULL, NULL);
	fixture_exchange(fixture, peer);
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
	assert_int_equal(fixture_try(*state, name, NULL, &error), STATUS_NOT_FOUND);
	assert_true(text_contains(error.text, "127.0.0.1"));
	assert_true(error.hint[0] != '\0');
}

static void an_rfc2217_line_sets_the_port_at_the_server(void **state)
{
	struct line_fixture *fixture = *state;
	unsigned port = 0;
	int listener = listen_tcp(&port), peer;
	struct error error;
	char name[64];

	text_format(name, sizeof(name), "rfc2217:127.0.0.1:%u", port);
	fixture_open(fixture, name, NULL);
	peer = accept(listener, NULL, NULL);
	assert_int_equal(line_set_dtr(fixture->line, false, &error), STATUS_OK);	/* kept for later */
	fixture_expect_out(fixture, peer, BYTES("\xff\xfb\x00\xff\xfd\x00" "\xff\xfb\x03\xff\xfd\x03" "\xff\xfb\x2c"));
	assert_int_equal(line_write(fixture->line, BYTES("early")), 0);
	fixture_say(peer, BYTES("\xff\xfd\x00\xff\xfb\x00\xff\xfd\x03\xff\xfb\x03\xff\xfd\x2c" "a\xff\xff" "b"));
	fixture_run_until_got(fixture, 3);
	assert_memory_equal(fixture->got, "a\xff" "b", 3);
	fixture_expect_out(fixture, peer, BYTES("\xff\xfa\x2c\x01\x00\x01\xc2\x00\xff\xf0"
					"\xff\xfa\x2c\x02\x08\xff\xf0\xff\xfa\x2c\x03\x01\xff\xf0"
					"\xff\xfa\x2c\x04\x01\xff\xf0"
					"\xff\xfa\x2c\x05\x01\xff\xf0\xff\xfa\x2c\x0a\x00\xff\xf0"
					"\xff\xfa\x2c\x0b\x00\xff\xf0"
					"\xff\xfa\x2c\x05\x09\xff\xf0"));
	assert_int_equal(line_write(fixture->line, BYTES("x\xffy\r")), 4);
	fixture_expect_out(fixture, peer, BYTES("x\xff\xffy\r"));
	/* What is written during a break goes out after its end. */
	assert_int_equal(line_send_break(fixture->line, 30, &error), STATUS_OK);
	assert_int_equal(line_write(fixture->line, BYTES("h")), 1);
	fixture_expect_out(fixture, peer, BYTES("\xff\xfa\x2c\x05\x05\xff\xf0" "\xff\xfa\x2c\x05\x06\xff\xf0" "h"));
	fixture_say(peer, BYTES("\xff\xfa\x2c\x65\x00\x00\x25\x80\xff\xf0!"));
	fixture_run_until_got(fixture, 4);
	assert_int_equal(line_baud(fixture->line), 9600);
	close(peer);
	close(listener);
}

static void a_plain_telnet_server_passes_bytes_but_no_settings(void **state)
{
	struct line_fixture *fixture = *state;
	unsigned port = 0;
	int listener = listen_tcp(&port), peer;
	struct error error;
	char name[64];

	text_format(name, sizeof(name), "rfc2217:127.0.0.1:%u", port);
	fixture_open(fixture, name, NULL);
	peer = accept(listener, NULL, NULL);
	fixture_say(peer, BYTES("\xff\xfd\x00\xff\xfb\x00\xff\xfe\x2c!"));
	fixture_run_until_got(fixture, 1);
	assert_int_equal(line_set_baud(fixture->line, 9600, &error), STATUS_UNSUPPORTED);
	assert_true(text_contains(error.text, "RFC 2217"));
	assert_int_equal(line_write(fixture->line, BYTES("x")), 1);
	close(peer);
	close(listener);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
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
		TEST(a_unix_line_comes_back_with_its_server),
		TEST(a_tcp_line_comes_back_with_its_server),
		TEST(nobody_on_a_tcp_port_is_told_at_once),
		TEST(an_rfc2217_line_sets_the_port_at_the_server),
		TEST(a_plain_telnet_server_passes_bytes_but_no_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
