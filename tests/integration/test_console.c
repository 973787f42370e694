/* A console on a real pty: what is read back of it, however many files its capture went through. */
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/app.h"
#include "tests/fakes/temp_folder.h"

enum { PATIENCE_MS = 20000, LOOK_MS = 5, CHUNK = 1000 };

struct bench {
	struct loop *loop;
	struct app *app;
	char folder[200], port[80];
	int device;			/* the other end of the line */
	unsigned id;
	struct loop_timer *timer;
	uint64_t wanted, end_ms;
};

static int setup(void **state)
{
	static const char *const folders[] = { SOURCE_DB_DIR, NULL };
	struct bench *b = calloc(1, sizeof(*b));
	struct app_options options = { .library_folders = folders };
	char states[240];
	struct termios raw;
	struct error error;
	int port;

	if (b == NULL || !temp_folder_make(b->folder, sizeof(b->folder), "console") || loop_new(&b->loop, NULL) != STATUS_OK)
		return -1;
	cfmakeraw(&raw);
	if (openpty(&b->device, &port, b->port, &raw, NULL) != 0)
		return -1;
	fcntl(b->device, F_SETFL, O_NONBLOCK);
	options.state_folder = text_format(states, sizeof(states), "%s/state", b->folder);
	setenv("UNBRICK_CAPTURE_SIZE", "64KiB", 1);
	if (app_new(b->loop, &options, &b->app, &error) != STATUS_OK ||
	    app_console_open(b->app, b->port, NULL, &b->id, &error) != STATUS_OK) {
		fprintf(stderr, "%s\n", error.text);
		return -1;
	}
	close(port);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	app_free(b->app);
	loop_free(b->loop);
	close(b->device);
	temp_folder_remove(b->folder);
	free(b);
	return 0;
}

static uint8_t byte_at(uint64_t offset)
{
	return (uint8_t)(offset * 7 + offset / 251);
}

/* The device says more as the line takes it, until all that is wanted is kept. */
static void speak(void *user)
{
	struct bench *b = user;
	const struct console_view *view = &app_snapshot(b->app)->console[0];

	if (loop_now_ms() > b->end_ms || view->captured_bytes >= b->wanted) {
		loop_stop(b->loop);
		return;
	}
	loop_timer_set_after(b->timer, LOOK_MS);
}

static void device_says(struct bench *b, uint64_t until)
{
	uint8_t bytes[CHUNK];

	while (b->wanted < until) {
		size_t size = until - b->wanted < CHUNK ? (size_t)(until - b->wanted) : CHUNK;

		for (size_t i = 0; i < size; i++)
			bytes[i] = byte_at(b->wanted + i);
		assert_int_equal(write(b->device, bytes, size), (ssize_t)size);
		b->wanted += size;
		b->end_ms = loop_now_ms() + PATIENCE_MS;
		b->timer = loop_timer_new(b->loop, speak, b);
		loop_timer_set_after(b->timer, 0);
		loop_run(b->loop);
		loop_timer_free(b->timer);
		assert_true(loop_now_ms() <= b->end_ms);
	}
}

static void check_read(struct bench *b, uint64_t offset, size_t size, size_t expected)
{
	struct console_bytes bytes;
	struct error error = { .text = "" };

	if (app_console_read(b->app, b->id, offset, size, &bytes, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	assert_int_equal(bytes.count, expected);
	for (size_t i = 0; i < bytes.count; i++)
		assert_int_equal(bytes.data[i], byte_at(offset + i));
	for (size_t i = 0; i * CONSOLE_BYTES_ROW < bytes.count; i++) {
		assert_true(bytes.row_ms[i] > 0);
		assert_true(i == 0 || bytes.row_ms[i] >= bytes.row_ms[i - 1]);
	}
}

static void bytes_are_read_back_across_the_seams_of_a_capture(void **state)
{
	struct bench *b = *state;
	struct console_bytes bytes;
	uint64_t seam;

	device_says(b, 200000);
	assert_non_null(strstr(app_snapshot(b->app)->console[0].capture, "-4.raw"));
	assert_int_equal(app_console_read(b->app, b->id, 199999, 1, &bytes, NULL), STATUS_OK);
	assert_string_equal(bytes.file, app_snapshot(b->app)->console[0].capture);
	seam = bytes.file_start;
	check_read(b, 0, 320, 320);
	check_read(b, seam - 160, CONSOLE_BYTES_MAX, CONSOLE_BYTES_MAX);
	check_read(b, seam - 8, 16, 16);
	check_read(b, seam - 1, 2, 2);
	check_read(b, 200000 - 20, 320, 20);
	check_read(b, 200000, 16, 0);
	check_read(b, 0, 100 * CONSOLE_BYTES_MAX, CONSOLE_BYTES_MAX);
	assert_int_equal(app_console_read(b->app, b->id, seam - 1, 16, &bytes, NULL), STATUS_OK);
	assert_non_null(strstr(bytes.file, "-3.raw"));
	assert_true(bytes.file_start < seam);
	assert_int_equal(app_console_read(b->app, b->id + 1, 0, 16, &bytes, NULL), STATUS_GONE);
}

static void a_capture_that_was_cut_by_others_is_said(void **state)
{
	struct bench *b = *state;
	struct console_bytes bytes;
	struct error error = { .text = "" };

	device_says(b, 500);
	assert_int_equal(truncate(app_snapshot(b->app)->console[0].capture, 100), 0);
	assert_int_equal(app_console_read(b->app, b->id, 0, 320, &bytes, &error), STATUS_GONE);
	assert_non_null(strstr(error.text, "shorter"));
	assert_int_equal(bytes.count, 100);
}

static void a_remark_of_the_operator_stands_beside_the_bytes(void **state)
{
	struct bench *b = *state;
	char path[300], line[300] = "";
	bool is_there = false;
	FILE *file;

	device_says(b, 10);
	assert_int_equal(app_console_remark(b->app, b->id, "bookmark: here\x1b[2J", NULL), STATUS_OK);
	text_copy(path, sizeof(path), app_snapshot(b->app)->console[0].capture);
	text_copy(path + strlen(path) - 3, 8, "times");
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		is_there |= strncmp(line, "# ", 2) == 0 && strstr(line, " bookmark: here\n") != NULL;
	fclose(file);
	assert_true(is_there);
	assert_int_equal(app_console_remark(b->app, b->id + 1, "x", NULL), STATUS_GONE);
}

#define TEST(behaviour) cmocka_unit_test_setup_teardown(behaviour, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_are_read_back_across_the_seams_of_a_capture),
		TEST(a_capture_that_was_cut_by_others_is_said),
		TEST(a_remark_of_the_operator_stands_beside_the_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
