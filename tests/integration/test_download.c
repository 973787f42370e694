/* A download beside the loop: given up at any time, and refused beforehand. The servers are sockets of this test's own that never answer;
 * tests/integration/fetch.py has those that do. */
#include <arpa/inet.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "src/core/download.h"
#include "tests/fakes/temp_folder.h"

struct bench {
	struct loop *loop;
	struct download *download;
	int server;
	char folder[200], target[240], url[64];
	unsigned ends;
	enum status status;
};

static int setup(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);
	struct bench *b = calloc(1, sizeof(*b));

	if (b == NULL || !temp_folder_make(b->folder, sizeof(b->folder), "download") || loop_new(&b->loop, NULL) != STATUS_OK)
		return -1;
	b->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(b->server, (struct sockaddr *)&address, size) != 0 || listen(b->server, 8) != 0 ||
	    getsockname(b->server, (struct sockaddr *)&address, &size) != 0)
		return -1;
	text_format(b->target, sizeof(b->target), "%s/fw.bin", b->folder);
	text_format(b->url, sizeof(b->url), "http://127.0.0.1:%u/fw.bin", ntohs(address.sin_port));
	/* a proxy that the tester's shell names would be asked in the place of our server */
	setenv("no_proxy", "*", 1);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	loop_free(b->loop);
	close(b->server);
	temp_folder_remove(b->folder);
	free(b);
	return 0;
}

static unsigned count_files(const char *folder)
{
	DIR *all = opendir(folder);
	unsigned count = 0;

	assert_non_null(all);
	for (struct dirent *one; (one = readdir(all)) != NULL;)
		count += strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0;
	closedir(all);
	return count;
}

static void on_done(void *user, enum status status, const struct fetch_result *result, const struct error *error)
{
	struct bench *b = user;

	(void)result, (void)error;
	b->ends++;
	b->status = status;
	loop_stop(b->loop);
}

static enum status start(struct bench *b, struct download_options options, struct error *reterr)
{
	const struct download_observer observer = { .on_done = on_done, .user = b };

	options.target = options.target ? options.target : b->target;
	options.url = options.url ? options.url : b->url;
	return download_start(b->loop, &options, &observer, &b->download, reterr);
}

static void must_start(struct bench *b)
{
	struct error error;

	if (start(b, (struct download_options){ .allow_unchecked = true, .tries = 1 }, &error) != STATUS_OK) {
		assert_int_equal(error.status, STATUS_UNSUPPORTED);	/* a build without libcurl */
		skip();
	}
}

/* Runs the loop for so long. */
static void stop(void *user)
{
	loop_stop(user);
}

static void turn(struct bench *b, unsigned for_ms)
{
	struct loop_timer *timer = loop_timer_new(b->loop, stop, b->loop);

	loop_timer_set_after(timer, for_ms);
	loop_run(b->loop);
	loop_timer_free(timer);
}

static void stopped_while_the_server_is_silent_leaves_nothing(void **state)
{
	struct bench *b = *state;

	must_start(b);
	turn(b, 300);
	assert_int_equal(count_files(b->folder), 1);
	download_cancel(b->download);
	download_cancel(b->download);
	turn(b, 5000);
	assert_int_equal(b->ends, 1);
	assert_int_equal(b->status, STATUS_CANCELLED);
	assert_int_equal(count_files(b->folder), 0);
	download_free(b->download);
}

static void freed_while_its_thread_runs_never_calls_back(void **state)
{
	struct bench *b = *state;

	must_start(b);
	turn(b, 300);
	download_free(b->download);
	turn(b, 2500);
	assert_int_equal(b->ends, 0);
	assert_int_equal(count_files(b->folder), 0);
}

static void stopped_or_freed_before_it_began(void **state)
{
	struct bench *b = *state;

	must_start(b);
	download_cancel(b->download);
	assert_int_equal(b->ends, 1);
	assert_int_equal(b->status, STATUS_CANCELLED);
	download_free(b->download);
	must_start(b);
	download_free(b->download);
	turn(b, 50);
	assert_int_equal(b->ends, 1);
	assert_int_equal(count_files(b->folder), 0);
}

static void what_can_be_known_beforehand_is_said_beforehand(void **state)
{
	struct bench *b = *state;
	struct error error;

	must_start(b);
	download_free(b->download);
	assert_int_equal(start(b, (struct download_options){ .tries = 1 }, &error), STATUS_INVALID);
	assert_true(text_contains(error.text, "nothing to compare"));
	assert_int_equal(start(b, (struct download_options){ .url = "file:///etc/passwd", .allow_unchecked = true }, &error), STATUS_INVALID);
	assert_int_equal(start(b, (struct download_options){ .expected = { .sha256 = "12" } }, &error), STATUS_INVALID);
	assert_int_equal(start(b, (struct download_options){ .target = b->folder, .allow_unchecked = true }, &error), STATUS_INVALID);
	assert_int_equal(start(b, (struct download_options){ .target = "/no/such/folder/fw.bin", .allow_unchecked = true }, &error), STATUS_NOT_FOUND);
	assert_int_equal(count_files(b->folder), 0);
}

static void a_silent_server_is_given_up(void **state)
{
	struct bench *b = *state;
	struct error error;

	must_start(b);
	download_free(b->download);
	assert_int_equal(start(b, (struct download_options){ .allow_unchecked = true, .tries = 1, .stall_seconds = 1 }, &error), STATUS_OK);
	turn(b, 10000);
	assert_int_equal(b->ends, 1);
	assert_int_equal(b->status, STATUS_GONE);
	assert_int_equal(count_files(b->folder), 0);
	download_free(b->download);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stopped_while_the_server_is_silent_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(freed_while_its_thread_runs_never_calls_back, setup, teardown),
		cmocka_unit_test_setup_teardown(stopped_or_freed_before_it_began, setup, teardown),
		cmocka_unit_test_setup_teardown(what_can_be_known_beforehand_is_said_beforehand, setup, teardown),
		cmocka_unit_test_setup_teardown(a_silent_server_is_given_up, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
