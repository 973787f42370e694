/* tests/integration/test_udp.c
 *
 * UDP sockets on the real loop, over the loopback interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "src/io/udp.h"

enum { PATIENCE_MS = 2000, LOOPBACK = 0x7f000001 };

struct peer {
	struct loop *loop;
	struct udp_socket *socket;
	unsigned count, stop_after;
	bool answers, closes;
	struct udp_address from;
	struct udp_local to;
	size_t size;
	char text[64];
};

static void on_datagram(void *user, struct bytes datagram, const struct udp_address *from, const struct udp_local *to)
{
	struct peer *peer = user;

	peer->count++;
	peer->from = *from;
	peer->to = *to;
	peer->size = datagram.size;
	text_printable(peer->text, sizeof(peer->text), datagram);
	if (peer->answers)
		assert_int_equal(udp_send(peer->socket, from, to, BYTES("answer"), NULL), STATUS_OK);
	if (peer->closes) {
		udp_close(peer->socket);
		peer->socket = NULL;
	}
	if (peer->count == peer->stop_after)
		loop_stop(peer->loop);
}

static void on_impatience(void *user)
{
	loop_stop(user);
}

static void run_for(struct loop *loop, uint64_t milliseconds)
{
	struct loop_timer *timer = loop_timer_new(loop, on_impatience, loop);

	assert_non_null(timer);
	loop_timer_set_after(timer, milliseconds);
	loop_run(loop);
	loop_timer_free(timer);
}

static enum status open_peer(struct peer *peer, struct loop *loop, const struct udp_settings *settings,
			     struct error *reterr)
{
	struct udp_observer observer = { on_datagram, peer };

	peer->loop = loop;
	return udp_open(loop, settings, &observer, &peer->socket, reterr);
}

static struct loop *new_loop(void **state)
{
	struct loop *loop;

	(void)state;
	assert_int_equal(loop_new(&loop, NULL), STATUS_OK);
	return loop;
}

static void open_or_fail(struct peer *peer, struct loop *loop, const struct udp_settings *settings)
{
	struct error error;

	if (open_peer(peer, loop, settings, &error) != STATUS_OK)
		fail_msg("%s", error.text);
}

static void address_text_is_read_strictly(void **state)
{
	static const char *const bad[] = {
		"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", " 1.2.3.4", "1.2.3.", "1..3.4", "-1.2.3.4",
		"1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:1x", "::1", "host", "1.2.3.4:000001", "4294967297.2.3.4",
	};
	struct udp_address address;
	char text[UDP_ADDRESS_TEXT];

	(void)state;
	assert_true(udp_address_parse("192.168.1.10", 69, &address));
	assert_int_equal(address.ipv4, 0xc0a8010a);
	assert_int_equal(address.port, 69);
	assert_string_equal(udp_address_format(text, sizeof(text), &address), "192.168.1.10:69");
	assert_true(udp_address_parse("255.255.255.255:65535", 69, &address));
	assert_string_equal(udp_address_format(text, sizeof(text), &address), "255.255.255.255:65535");
	assert_true(udp_address_parse("0.0.0.0", 0, &address));
	assert_string_equal(udp_address_format(text, sizeof(text), &address), "0.0.0.0");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (udp_address_parse(bad[i], 0, &address))
			fail_msg("'%s' was taken", bad[i]);
}

static void datagram_goes_there_and_the_answer_comes_back(void **state)
{
	struct udp_settings any = { 0 };
	struct peer server = { .answers = true }, client = { .stop_after = 1 };
	struct loop *loop = new_loop(state);
	struct udp_address to = { .ipv4 = 0x7f000005 };	/* not the address that a route to the client would choose */

	open_or_fail(&server, loop, &any);
	open_or_fail(&client, loop, &any);
	to.port = udp_port(server.socket);
	assert_int_not_equal(to.port, 0);
	assert_int_equal(udp_send(client.socket, &to, NULL, BYTES("hello"), NULL), STATUS_OK);
	run_for(loop, PATIENCE_MS);
	assert_string_equal(server.text, "hello");
	assert_int_equal(server.to.ipv4, 0x7f000005);
	assert_int_equal(server.to.interface, 1);
	assert_false(server.to.was_broadcast);
	assert_int_equal(server.from.port, udp_port(client.socket));
	assert_string_equal(client.text, "answer");
	assert_true(udp_address_equal(&client.from, &to));
	udp_close(server.socket);
	udp_close(client.socket);
	loop_free(loop);
}

static void empty_and_largest_datagrams_arrive(void **state)
{
	static const uint8_t room[UDP_DATAGRAM_MAX + 1];
	struct udp_settings local = { .address = "127.0.0.1" };
	struct peer a = { .stop_after = 1 }, b = { 0 };
	struct loop *loop = new_loop(state);
	struct udp_address to = { .ipv4 = LOOPBACK };
	struct error error;

	open_or_fail(&a, loop, &local);
	open_or_fail(&b, loop, &local);
	to.port = udp_port(a.socket);
	a.size = 99;
	assert_int_equal(udp_send(b.socket, &to, NULL, bytes_of(room, 0), NULL), STATUS_OK);
	run_for(loop, PATIENCE_MS);
	assert_int_equal(a.count, 1);
	assert_int_equal(a.size, 0);
	a.stop_after = 2;
	assert_int_equal(udp_send(b.socket, &to, NULL, bytes_of(room, UDP_DATAGRAM_MAX), NULL), STATUS_OK);
	run_for(loop, PATIENCE_MS);
	assert_int_equal(a.size, UDP_DATAGRAM_MAX);
	assert_int_equal(udp_send(b.socket, &to, NULL, bytes_of(room, sizeof(room)), &error), STATUS_INVALID);
	udp_close(a.socket);
	udp_close(b.socket);
	loop_free(loop);
}

static void socket_may_be_closed_in_its_callback(void **state)
{
	struct udp_settings local = { .address = "127.0.0.1" };
	struct peer a = { .closes = true }, b = { 0 };
	struct loop *loop = new_loop(state);
	struct udp_address to = { .ipv4 = LOOPBACK };

	open_or_fail(&a, loop, &local);
	open_or_fail(&b, loop, &local);
	to.port = udp_port(a.socket);
	for (int i = 0; i < 3; i++)
		assert_int_equal(udp_send(b.socket, &to, NULL, BYTES("x"), NULL), STATUS_OK);
	run_for(loop, 50);
	assert_int_equal(a.count, 1);
	assert_null(a.socket);
	udp_close(b.socket);
	udp_close(NULL);
	loop_free(loop);
}

static void refused_peer_does_not_deafen_the_socket(void **state)
{
	struct udp_settings local = { .address = "127.0.0.1" };
	struct peer a = { .stop_after = 1 }, b = { 0 }, gone = { 0 };
	struct loop *loop = new_loop(state);
	struct udp_address to = { .ipv4 = LOOPBACK };

	open_or_fail(&a, loop, &local);
	open_or_fail(&b, loop, &local);
	open_or_fail(&gone, loop, &local);
	to.port = udp_port(gone.socket);
	udp_close(gone.socket);
	assert_int_equal(udp_send(a.socket, &to, NULL, BYTES("x"), NULL), STATUS_OK);
	assert_int_equal(udp_send(a.socket, &to, NULL, BYTES("x"), NULL), STATUS_OK);
	to.port = udp_port(a.socket);
	assert_int_equal(udp_send(b.socket, &to, NULL, BYTES("still here"), NULL), STATUS_OK);
	run_for(loop, PATIENCE_MS);
	assert_string_equal(a.text, "still here");
	udp_close(a.socket);
	udp_close(b.socket);
	loop_free(loop);
}

static void taken_port_is_reported_as_busy_and_shared_only_when_both_want_it(void **state)
{
	struct udp_settings local = { .address = "127.0.0.1" };
	struct peer a = { 0 }, b = { 0 };
	struct loop *loop = new_loop(state);
	struct error error;
	char port[16];

	open_or_fail(&a, loop, &local);
	local.port = udp_port(a.socket);
	assert_int_equal(open_peer(&b, loop, &local, &error), STATUS_BUSY);
	text_format(port, sizeof(port), "port %u:", (unsigned)local.port);
	assert_true(text_contains(error.text, port));
	assert_true(text_contains(error.text, "has it"));
	assert_true(text_contains(error.hint, "choose another port"));
	local.reuse = true;
	assert_int_equal(open_peer(&b, loop, &local, &error), STATUS_BUSY);
	udp_close(a.socket);
	open_or_fail(&a, loop, &local);
	open_or_fail(&b, loop, &local);
	udp_close(a.socket);
	udp_close(b.socket);
	loop_free(loop);
}

static void missing_address_is_reported_not_hidden(void **state)
{
	struct udp_settings settings = { .address = "203.0.113.77", .interface = NULL };	/* RFC 5737: nobody's */
	struct peer a = { 0 };
	struct loop *loop = new_loop(state);
	struct error error;

	assert_int_equal(open_peer(&a, loop, &settings, &error), STATUS_NOT_FOUND);
	assert_true(text_contains(error.text, "203.0.113.77"));
	assert_true(text_contains(error.hint, "sudo ip addr add 203.0.113.77/24"));
	settings.address = "192.168.1";
	assert_int_equal(open_peer(&a, loop, &settings, &error), STATUS_INVALID);
	settings.address = NULL;
	settings.interface = "nosuchnic0";
	assert_int_equal(open_peer(&a, loop, &settings, &error), STATUS_NOT_FOUND);
	assert_true(text_contains(error.text, "nosuchnic0"));
	settings.interface = "";
	assert_int_equal(open_peer(&a, loop, &settings, &error), STATUS_NOT_FOUND);
	settings.interface = "a-name-that-is-too-long-for-any";
	assert_int_equal(open_peer(&a, loop, &settings, &error), STATUS_NOT_FOUND);
	loop_free(loop);
}

static void broadcast_needs_to_be_asked_for(void **state)
{
	struct udp_settings any = { 0 };
	struct peer a = { 0 };
	struct loop *loop = new_loop(state);
	struct udp_address all = { .ipv4 = 0x7fffffff, .port = 9 };
	struct error error;

	open_or_fail(&a, loop, &any);
	assert_int_equal(udp_send(a.socket, &all, NULL, BYTES("x"), &error), STATUS_NO_PERMISSION);
	udp_close(a.socket);
	loop_free(loop);
}

static void broadcast_is_known_as_one(void **state)
{
	struct udp_settings any = { .broadcast = true };
	struct peer a = { .stop_after = 1 }, b = { 0 };
	struct loop *loop = new_loop(state);
	struct udp_address all = { .ipv4 = 0x7fffffff };

	open_or_fail(&a, loop, &any);
	open_or_fail(&b, loop, &any);
	all.port = udp_port(a.socket);
	assert_int_equal(udp_send(b.socket, &all, NULL, BYTES("who is there"), NULL), STATUS_OK);
	run_for(loop, PATIENCE_MS);
	assert_string_equal(a.text, "who is there");
	assert_true(a.to.was_broadcast);
	assert_int_equal(a.to.ipv4, LOOPBACK);
	udp_close(a.socket);
	udp_close(b.socket);
	loop_free(loop);
}

static bool low_ports_are_free_for_all(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
	unsigned start = 1024;

	if (file == NULL)
		return false;
	if (fscanf(file, "%u", &start) != 1)
		start = 1024;
	fclose(file);
	return start <= 69;
}

/* In a child, so that root can give up its privileges. Returns what is wrong, or 0. */
static int open_port_69_without_privilege(void)
{
	struct udp_settings settings = { .address = "127.0.0.1", .port = 69 };
	struct peer a = { 0 };
	struct loop *loop;
	struct error error;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return 77;
	if (loop_new(&loop, NULL) != STATUS_OK)
		return 1;
	if (open_peer(&a, loop, &settings, &error) != STATUS_NO_PERMISSION)
		return 2;
	loop_free(loop);
	if (!text_contains(error.text, "port 69") || !text_contains(error.hint, "setcap cap_net_bind_service+ep /"))
		return 3;
	return 0;
}

static void port_69_without_privilege_says_how_to_get_it(void **state)
{
	int result;
	pid_t child;

	(void)state;
	if (low_ports_are_free_for_all()) {
		fprintf(stderr, "skipped: this machine lets everybody use port 69\n");
		skip();
	}
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(open_port_69_without_privilege());
	assert_int_equal(waitpid(child, &result, 0), child);
	if (WIFEXITED(result) && WEXITSTATUS(result) == 77) {
		fprintf(stderr, "skipped: cannot give up the root user here\n");
		skip();
	}
	assert_true(WIFEXITED(result));
	assert_int_equal(WEXITSTATUS(result), 0);
}

static void peer_without_a_route_is_gone_not_broken(void **state)
{
	struct udp_settings local = { .address = "127.0.0.1" };
	struct peer a = { 0 };
	struct loop *loop = new_loop(state);
	struct udp_address to = { .ipv4 = LOOPBACK, .port = 9 };
	struct udp_local elsewhere = { .ipv4 = 0xcb00714d };	/* not ours: it was taken away meanwhile */
	struct error error;
	enum status status;

	open_or_fail(&a, loop, &local);
	status = udp_send(a.socket, &to, &elsewhere, BYTES("x"), &error);
	if (status != STATUS_GONE)
		fail_msg("%s: %s", status_name(status), error.text);
	udp_close(a.socket);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_text_is_read_strictly),
		cmocka_unit_test(datagram_goes_there_and_the_answer_comes_back),
		cmocka_unit_test(empty_and_largest_datagrams_arrive),
		cmocka_unit_test(socket_may_be_closed_in_its_callback),
		cmocka_unit_test(refused_peer_does_not_deafen_the_socket),
		cmocka_unit_test(taken_port_is_reported_as_busy_and_shared_only_when_both_want_it),
		cmocka_unit_test(missing_address_is_reported_not_hidden),
		cmocka_unit_test(broadcast_needs_to_be_asked_for),
		cmocka_unit_test(broadcast_is_known_as_one),
		cmocka_unit_test(port_69_without_privilege_says_how_to_get_it),
		cmocka_unit_test(peer_without_a_route_is_gone_not_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
