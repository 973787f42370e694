/* Views of firmware files: examined beside the loop, kept while no screen shows them, read without being held. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/app.h"
#include "tests/fakes/temp_folder.h"

enum { PATIENCE_MS = 20000, LOOK_MS = 5 };

struct bench {
	struct loop *loop;
	struct app *app;
	char folder[200], path[240];
	struct loop_timer *timer;
	unsigned id;
	uint64_t end_ms;
};

static void write_file(const char *path, const void *data, size_t size, off_t at, off_t all)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, all), 0);
	assert_int_equal(pwrite(fd, data, size, at), (ssize_t)size);
	close(fd);
}

static int setup(void **state)
{
	static const char *const folders[] = { SOURCE_DB_DIR, NULL };
	struct bench *b = calloc(1, sizeof(*b));
	struct app_options options = { .library_folders = folders };
	char states[240];
	struct error error;

	if (b == NULL || !temp_folder_make(b->folder, sizeof(b->folder), "image-view") || loop_new(&b->loop, NULL) != STATUS_OK)
		return -1;
	options.state_folder = text_format(states, sizeof(states), "%s/state", b->folder);
	text_format(b->path, sizeof(b->path), "%s/fw.bin", b->folder);
	if (app_new(b->loop, &options, &b->app, &error) != STATUS_OK) {
		fprintf(stderr, "%s\n", error.text);
		return -1;
	}
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	app_free(b->app);
	loop_free(b->loop);
	temp_folder_remove(b->folder);
	free(b);
	return 0;
}

static void look(void *user)
{
	struct bench *b = user;
	const struct image_view *view = app_image_view(b->app, b->id);

	if (loop_now_ms() > b->end_ms || (view->state != IMAGE_VIEW_WORKING && !view->search.is_running))
		loop_stop(b->loop);
	else
		loop_timer_set_after(b->timer, LOOK_MS);
}

static const struct image_view *wait_for(struct bench *b)
{
	b->end_ms = loop_now_ms() + PATIENCE_MS;
	b->timer = loop_timer_new(b->loop, look, b);
	loop_timer_set_after(b->timer, 0);
	loop_run(b->loop);
	loop_timer_free(b->timer);
	assert_true(loop_now_ms() <= b->end_ms);
	return app_image_view(b->app, b->id);
}

static const struct image_view *open_file(struct bench *b)
{
	assert_int_equal(app_image_open(b->app, b->path, 0, &b->id, NULL), STATUS_OK);
	return app_image_view(b->app, b->id);
}

static void a_file_is_examined_beside_the_loop(void **state)
{
	struct bench *b = *state;
	const struct image_view *view;

	write_file(b->path, "hello", 5, 0, 5);
	assert_int_equal(open_file(b)->state, IMAGE_VIEW_WORKING);
	view = wait_for(b);
	assert_int_equal(view->state, IMAGE_VIEW_READY);
	assert_int_equal(view->size, 5);
	assert_string_equal(view->sha256, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
	assert_int_equal(view->map.count, 1);
	assert_true(view->map.cell[0].is_seen);
	assert_string_equal(view->device, "");
}

static void the_work_goes_on_when_its_screen_is_gone(void **state)
{
	struct bench *b = *state;
	unsigned first;

	write_file(b->path, "x", 1, 100000, 8 << 20);
	open_file(b);
	first = b->id;
	app_image_close(b->app, first);
	wait_for(b);
	assert_int_equal(open_file(b)->state, IMAGE_VIEW_READY);
	assert_int_equal(b->id, first);
}

static void an_examination_is_stopped_and_begun_again(void **state)
{
	struct bench *b = *state;

	write_file(b->path, "x", 1, 100000, 256 << 20);
	open_file(b);
	app_image_stop(b->app, b->id);
	assert_int_equal(wait_for(b)->state, IMAGE_VIEW_STOPPED);
	truncate(b->path, 4096);
	assert_int_equal(app_image_examine(b->app, b->id, true, NULL), STATUS_OK);
	assert_int_equal(wait_for(b)->state, IMAGE_VIEW_READY);
	assert_true(app_image_view(b->app, b->id)->is_deep);
	assert_int_equal(app_image_view(b->app, b->id)->size, 4096);
}

static void bytes_are_read_up_to_the_end_of_the_file(void **state)
{
	struct bench *b = *state;
	char bytes[16];
	size_t count;

	write_file(b->path, "0123456789", 10, 0, 10);
	open_file(b);
	assert_int_equal(app_image_read(b->app, b->id, 4, bytes, sizeof(bytes), &count, NULL), STATUS_OK);
	assert_int_equal(count, 6);
	assert_memory_equal(bytes, "456789", 6);
	assert_int_equal(app_image_read(b->app, b->id, UINT64_MAX, bytes, sizeof(bytes), &count, NULL), STATUS_OK);
	assert_int_equal(count, 0);
	wait_for(b);
}

static void another_file_in_its_place_is_not_taken_for_it(void **state)
{
	struct bench *b = *state;
	struct error error;
	char bytes[16];
	unsigned first;
	size_t count;

	write_file(b->path, "0123456789", 10, 0, 10);
	open_file(b);
	wait_for(b);
	first = b->id;
	write_file(b->path, "x", 1, 0, 11);
	assert_int_equal(app_image_read(b->app, b->id, 0, bytes, sizeof(bytes), &count, &error), STATUS_REFUSED);
	unlink(b->path);
	assert_int_equal(mkfifo(b->path, 0600), 0);	/* nobody writes into it: opening it must not wait for that */
	assert_int_equal(app_image_read(b->app, b->id, 0, bytes, sizeof(bytes), &count, &error), STATUS_REFUSED);
	assert_int_equal(app_image_open(b->app, b->path, 0, &b->id, &error), STATUS_INVALID);
	unlink(b->path);
	write_file(b->path, "new", 3, 0, 3);
	open_file(b);
	assert_int_not_equal(b->id, first);
	wait_for(b);
}

static void a_pattern_is_found_where_two_blocks_meet(void **state)
{
	struct bench *b = *state;
	struct error error;
	const struct image_view *view;

	write_file(b->path, "NEEDLE", 6, (1 << 20) - 3, 3 << 20);
	open_file(b);
	wait_for(b);
	assert_int_equal(app_image_find(b->app, b->id, 7, BYTES("Needle"), true, NULL), STATUS_OK);
	view = wait_for(b);
	assert_int_equal(view->search.finished, 1);
	assert_true(view->search.is_found);
	assert_int_equal(view->search.offset, (1 << 20) - 3);
	app_image_find(b->app, b->id, 7, BYTES("Needle"), false, NULL);
	assert_false(wait_for(b)->search.is_found);
	app_image_find(b->app, b->id, (1 << 20) - 2, BYTES("NEEDLE"), false, NULL);
	view = wait_for(b);
	assert_false(view->search.is_found);
	assert_int_equal(view->search.finished, 3);
	assert_int_equal(app_image_find(b->app, b->id, 0, BYTES(""), false, &error), STATUS_INVALID);
}

static void a_file_that_cannot_be_looked_at_is_said_at_once(void **state)
{
	struct bench *b = *state;
	struct error error;

	assert_int_equal(app_image_open(b->app, b->path, 0, &b->id, &error), STATUS_NOT_FOUND);
	assert_true(error.hint[0] != '\0');
	assert_int_equal(app_image_open(b->app, b->folder, 0, &b->id, &error), STATUS_INVALID);
	write_file(b->path, "", 0, 0, 0);
	assert_int_equal(app_image_open(b->app, b->path, 0, &b->id, &error), STATUS_INVALID);
	assert_int_equal(app_image_open(b->app, NULL, 77, &b->id, &error), STATUS_NOT_FOUND);
	assert_null(app_image_view(b->app, 1));
}

static void what_no_screen_shows_makes_room(void **state)
{
	struct bench *b = *state;
	struct error error;
	unsigned first = 0, id;

	for (unsigned i = 0; i <= IMAGE_VIEWS_MAX; i++) {
		text_format(b->path, sizeof(b->path), "%s/%u", b->folder, i);
		write_file(b->path, "x", 1, 0, 1);
		if (i == IMAGE_VIEWS_MAX)
			break;
		open_file(b);
		wait_for(b);
		first = i == 0 ? b->id : first;
	}
	assert_int_equal(app_image_open(b->app, b->path, 0, &id, &error), STATUS_BUSY);
	app_image_close(b->app, first);
	assert_int_equal(app_image_open(b->app, b->path, 0, &b->id, NULL), STATUS_OK);
	assert_null(app_image_view(b->app, first));
	wait_for(b);
}

static void stop(void *user)
{
	loop_stop(((struct bench *)user)->loop);
}

/* The threads are still at work while the app goes away; what they bring back is thrown away. */
static void work_that_nobody_waits_for_any_more_is_safe(void **state)
{
	struct bench *b = *state;

	write_file(b->path, "x", 1, 100000, 16 << 20);
	open_file(b);
	app_image_find(b->app, b->id, 0, BYTES("nowhere"), false, NULL);
	app_free(b->app);
	b->app = NULL;
	b->timer = loop_timer_new(b->loop, stop, b);
	loop_timer_set_after(b->timer, 500);
	loop_run(b->loop);
	loop_timer_free(b->timer);
}

static void a_file_is_compared_with_the_device_of_its_case(void **state)
{
	struct bench *b = *state;
	const struct case_view *view;
	int64_t id;

	write_file(b->path, "x", 1, 0, 5000);
	assert_int_equal(app_case_new(b->app, &id, NULL), STATUS_OK);
	view = app_case_view(b->app, id);
	assert_int_equal(app_case_answer(b->app, id, view->question.id, "practice/pcam1", NULL), STATUS_OK);
	assert_int_equal(app_image_open(b->app, b->path, id, &b->id, NULL), STATUS_OK);
	wait_for(b);
	assert_true(app_image_view(b->app, b->id)->device[0] != '\0');
	assert_int_equal(app_image_view(b->app, b->id)->fit, IMAGE_FIT_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_examined_beside_the_loop),
		TEST(the_work_goes_on_when_its_screen_is_gone),
		TEST(an_examination_is_stopped_and_begun_again),
		TEST(bytes_are_read_up_to_the_end_of_the_file),
		TEST(another_file_in_its_place_is_not_taken_for_it),
		TEST(a_pattern_is_found_where_two_blocks_meet),
		TEST(a_file_that_cannot_be_looked_at_is_said_at_once),
		TEST(what_no_screen_shows_makes_room),
		TEST(work_that_nobody_waits_for_any_more_is_safe),
		TEST(a_file_is_compared_with_the_device_of_its_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
