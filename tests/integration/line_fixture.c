#include "tests/integration/line_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"

static void on_bytes(void *user, struct bytes in, uint64_t now_ms)
{
	struct line_fixture *fixture = user;
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
	struct line_fixture *fixture = user;

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
	struct line_fixture *fixture = user;

	assert_int_equal(line_pending(fixture->line), 0);
	fixture->rooms++;
}

static void on_give_up(void *user)
{
	((struct line_fixture *)user)->gave_up = true;
	loop_stop(((struct line_fixture *)user)->loop);
}

static void on_pause_end(void *user)
{
	loop_stop(((struct line_fixture *)user)->loop);
}

void fixture_new_pty(struct line_fixture *fixture)
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

int fixture_begin(void **state)
{
	struct line_fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_int_equal(loop_new(&fixture->loop, NULL), STATUS_OK);
	fixture->give_up = loop_timer_new(fixture->loop, on_give_up, fixture);
	fixture->pause = loop_timer_new(fixture->loop, on_pause_end, fixture);
	strcpy(fixture->folder, "/tmp/test_line.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	text_format(fixture->path, sizeof(fixture->path), "%s/line", fixture->folder);
	fixture->descriptors = count_descriptors();
	fixture_new_pty(fixture);
	*state = fixture;
	return 0;
}

void fixture_close_pty(struct line_fixture *fixture)
{
	if (fixture->master >= 0)
		close(fixture->master);
	if (fixture->slave >= 0)
		close(fixture->slave);
	fixture->master = fixture->slave = -1;
}

int fixture_end(void **state)
{
	struct line_fixture *fixture = *state;

	line_close(fixture->line);
	fixture->line = NULL;
	fixture_close_pty(fixture);
	loop_timer_set_after(fixture->pause, 1);
	loop_run(fixture->loop);	/* what was freed is closed */
	assert_int_equal(count_descriptors(), fixture->descriptors);
	loop_free(fixture->loop);
	unlink(fixture->path);
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

enum status fixture_try(struct line_fixture *fixture, const char *name, const struct line_settings *settings,
			    struct error *error)
{
	const struct line_observer observer = { .on_bytes = on_bytes, .on_state = on_state, .on_room = on_room, .user = fixture };

	memset(error, 0, sizeof(*error));
	return line_open(fixture->loop, name, settings, &observer, &fixture->line, error);
}

void fixture_open(struct line_fixture *fixture, const char *name, const struct line_settings *settings)
{
	struct error error;
	enum status status = fixture_try(fixture, name, settings, &error);

	if (status != STATUS_OK)
		fail_msg("%s: %s (%s)", name, error.text, error.hint);
	assert_int_equal(line_get_state(fixture->line), LINE_OPEN);
	assert_string_equal(line_name(fixture->line), name);
}

void fixture_run(struct line_fixture *fixture)
{
	loop_timer_set_after(fixture->give_up, GIVE_UP_MS);
	loop_run(fixture->loop);
	assert_false(fixture->gave_up);
}

void fixture_run_for(struct line_fixture *fixture, uint64_t milliseconds)
{
	loop_timer_set_after(fixture->pause, milliseconds);
	fixture_run(fixture);
}

void fixture_run_until_got(struct line_fixture *fixture, size_t size)
{
	fixture->wanted_size = size;
	if (fixture->total < size)
		fixture_run(fixture);
	fixture->wanted_size = 0;
}

void fixture_run_until_state(struct line_fixture *fixture)
{
	fixture->stop_at_state = true;
	fixture_run(fixture);
	fixture->stop_at_state = false;
}

void fixture_say(int descriptor, struct bytes what)
{
	assert_int_equal(write(descriptor, what.data, what.size), (ssize_t)what.size);
}

void fixture_expect_out(struct line_fixture *fixture, int descriptor, struct bytes wanted)
{
	uint8_t got[4096];
	size_t size = 0;

	for (unsigned turn = 0; size < wanted.size && turn < 400; turn++) {
		ssize_t count;

		fixture_run_for(fixture, 2);
		count = recv(descriptor, got + size, sizeof(got) - size, MSG_DONTWAIT);
		if (count < 0 && errno == ENOTSOCK)
			count = read(descriptor, got + size, sizeof(got) - size);
		if (count > 0)
			size += (size_t)count;
	}
	assert_int_equal(size, wanted.size);
	assert_memory_equal(got, wanted.data, wanted.size);
}

void fixture_assert_raw(int descriptor)
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

void fixture_exchange(struct line_fixture *fixture, int peer)
{
	size_t before = fixture->got_size;

	fixture_say(peer, BYTES("hello"));
	fixture_run_until_got(fixture, before + 5);
	assert_memory_equal(fixture->got + before, "hello", 5);
	assert_int_equal(line_write(fixture->line, BYTES("reply")), 5);
	fixture_expect_out(fixture, peer, BYTES("reply"));
}
