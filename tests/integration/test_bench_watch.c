/* tests/integration/test_bench_watch.c
 *
 * The watch over the bench, on the real machine: a pseudo terminal named by hand, a network port in a namespace of the test's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <pty.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/bench_internal.h"
#include "tests/fakes/fake_machine.h"
#include "tests/fakes/file_holder.h"

struct wait {
	struct loop *loop;
	struct bench_watch *watch;
	struct loop_timer *limit;
	unsigned calls;
	bool (*is_awaited)(const struct bench_state *now, void *what);
	void *what;
	bool is_seen;
};

static void on_change(void *user, const struct bench_state *now)
{
	struct wait *wait = user;

	wait->calls++;
	if (wait->is_awaited == NULL || !wait->is_awaited(now, wait->what))
		return;
	wait->is_seen = true;
	loop_stop(wait->loop);
}

static void on_limit(void *user)
{
	loop_stop(((struct wait *)user)->loop);
}

static void wait_open(struct wait *wait)
{
	struct error error;

	assert_int_equal(loop_new(&wait->loop, &error), STATUS_OK);
	wait->limit = loop_timer_new(wait->loop, on_limit, wait);
	assert_int_equal(bench_watch_new(wait->loop, on_change, wait, &wait->watch, &error), STATUS_OK);
	assert_int_equal(wait->calls, 0);	/* the first call comes from the loop */
}

static void wait_close(struct wait *wait)
{
	bench_watch_free(wait->watch);
	loop_timer_free(wait->limit);
	loop_free(wait->loop);
}

/* One second and what a busy machine adds to it. */
static bool wait_until(struct wait *wait, bool (*is_awaited)(const struct bench_state *now, void *what), void *what)
{
	wait->is_awaited = is_awaited;
	wait->what = what;
	wait->is_seen = false;
	loop_timer_set_after(wait->limit, 2000);
	loop_run(wait->loop);
	wait->is_awaited = NULL;
	return wait->is_seen;
}

static bool is_any(const struct bench_state *now, void *what)
{
	(void)now;
	(void)what;
	return true;
}

static bool is_openable(const struct bench_state *now, void *what)
{
	(void)what;
	return now->port_count > 0 && now->port[0].may_open;
}

static bool is_missing(const struct bench_state *now, void *what)
{
	(void)what;
	return now->port_count > 0 && !now->port[0].may_open;
}

static bool is_held_by(const struct bench_state *now, void *what)
{
	return now->port_count > 0 && text_contains(now->port[0].holder, what);
}

static bool is_free(const struct bench_state *now, void *what)
{
	(void)what;
	return now->port_count > 0 && now->port[0].holder[0] == '\0';
}

static void pty_by_hand_is_followed_as_it_comes_is_held_and_goes(void **state)
{
	struct machine *machine = *state;
	struct wait wait = { 0 };
	char link[300], node[64], expected[64];
	int master, slave, ready;
	pid_t child;

	assert_int_equal(openpty(&master, &slave, node, NULL, NULL), 0);
	close(slave);
	text_format(link, sizeof(link), "%s/tty", machine->prefix);
	assert_int_equal(setenv("UNBRICK_PORTS", link, 1), 0);
	wait_open(&wait);
	assert_true(wait_until(&wait, is_missing, NULL));
	assert_int_equal(symlink(node, link), 0);
	assert_true(wait_until(&wait, is_openable, NULL));
	child = file_holder_begin(link, &ready);
	assert_true(wait_until(&wait, is_held_by, text_format(expected, sizeof(expected), "(pid %d)", (int)child)));
	file_holder_end(child, ready);
	assert_true(wait_until(&wait, is_free, NULL));
	assert_int_equal(unlink(link), 0);
	assert_true(wait_until(&wait, is_missing, NULL));
	wait_close(&wait);
	unsetenv("UNBRICK_PORTS");
	close(master);
}

static void watch_may_be_freed_before_its_first_call(void **state)
{
	struct wait wait = { 0 };

	(void)state;
	wait_open(&wait);
	wait_close(&wait);
	assert_int_equal(wait.calls, 0);
}

static void free_watch(void *user, const struct bench_state *now)
{
	struct wait *wait = user;

	(void)now;
	bench_watch_free(wait->watch);
	wait->watch = NULL;
	loop_stop(wait->loop);
}

static void watch_may_be_freed_in_its_own_call(void **state)
{
	struct wait wait = { 0 };
	struct error error;

	(void)state;
	assert_int_equal(loop_new(&wait.loop, &error), STATUS_OK);
	assert_int_equal(bench_watch_new(wait.loop, free_watch, &wait, &wait.watch, &error), STATUS_OK);
	loop_run(wait.loop);
	assert_null(wait.watch);
	loop_free(wait.loop);
}

static bool has_nic(const struct bench_state *now, const char *name, bool has_carrier, const char *address)
{
	for (unsigned i = 0; i < now->nic_count; i++)
		if (text_equal(now->nic[i].name, name))
			return now->nic[i].has_carrier == has_carrier && now->nic[i].mac[0] != '\0' &&
			       now->nic[i].address_count > 0 && text_equal(now->nic[i].address[0], address);
	return false;
}

static bool is_tap_up(const struct bench_state *now, void *what)
{
	return has_nic(now, what, true, "10.99.0.1/24");
}

static bool is_tap_unplugged(const struct bench_state *now, void *what)
{
	return has_nic(now, what, false, "10.99.0.1/24");
}

static void bring_up(const char *name)
{
	struct ifreq request = { 0 };
	struct sockaddr_in *address = (struct sockaddr_in *)&request.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	text_copy(request.ifr_name, sizeof(request.ifr_name), name);
	address->sin_family = AF_INET;
	inet_pton(AF_INET, "10.99.0.1", &address->sin_addr);
	assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
	inet_pton(AF_INET, "255.255.255.0", &address->sin_addr);
	assert_int_equal(ioctl(fd, SIOCSIFNETMASK, &request), 0);
	request.ifr_flags = IFF_UP;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

/* A TAP port: its carrier is ours to give and take, as a plug's. */
static void carrier_and_address_are_reported_within_a_second(void **state)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	AUTO_CLOSE int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	char name[] = "bench0";
	struct wait wait = { 0 };
	int off = 0;

	(void)state;
	if (tap < 0 || home < 0 || unshare(CLONE_NEWNET) != 0) {
		fprintf(stderr, "skipped: a network port of one's own needs root and /dev/net/tun (%s)\n",
			strerror(errno));
		skip();
	}
	wait_open(&wait);
	assert_true(wait_until(&wait, is_any, NULL));
	/* The namespace that an open of /dev/net/tun belongs to is that of its opener at that time. */
	close(tap);
	tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	text_copy(request.ifr_name, sizeof(request.ifr_name), name);
	assert_int_equal(ioctl(tap, TUNSETIFF, &request), 0);
	/* one that nobody uses is not shown (test_bench_scan) */
	bring_up(name);
	assert_true(wait_until(&wait, is_tap_up, name));
	assert_int_equal(ioctl(tap, TUNSETCARRIER, &off), 0);
	assert_true(wait_until(&wait, is_tap_unplugged, name));
	wait_close(&wait);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
}

#define MACHINE_TEST(name) cmocka_unit_test_setup_teardown(name, make_machine, drop_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_TEST(pty_by_hand_is_followed_as_it_comes_is_held_and_goes),
		cmocka_unit_test(watch_may_be_freed_before_its_first_call),
		cmocka_unit_test(watch_may_be_freed_in_its_own_call),
		cmocka_unit_test(carrier_and_address_are_reported_within_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
