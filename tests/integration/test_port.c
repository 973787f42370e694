/* tests/integration/test_port.c
 *
 * Which adapter a port belongs to, and where it is when it comes back, on made-up /sys and /dev trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/port_name.h"
#include "src/io/line_driver.h"
#include "tests/fakes/fake_machine.h"
#include "tests/fakes/temp_folder.h"

static void put_adapter(const struct machine *machine, const char *socket, const char *serial, const char *name)
{
	char path[200], interface[40];

	put_usb_device(machine, socket, "0403\n", "6001\n");
	if (serial != NULL)
		put(machine, text_format(path, sizeof(path), "/sys/devices/pci0/usb1/%s/serial", socket), serial);
	put_usb_tty(machine, socket, text_format(interface, sizeof(interface), "%s:1.0", socket), name);
}

static void pull(const struct machine *machine, const char *socket, const char *name)
{
	char path[512];

	temp_folder_remove(text_format(path, sizeof(path), "%s/sys/devices/pci0/usb1/%s", machine->prefix, socket));
	unlink(text_format(path, sizeof(path), "%s/sys/bus/usb/devices/%s", machine->prefix, socket));
	unlink(text_format(path, sizeof(path), "%s/sys/class/tty/%s", machine->prefix, name));
	unlink(text_format(path, sizeof(path), "%s/dev/%s", machine->prefix, name));
}

/* As a line that was opened on that port. */
static void open_on(const struct machine *machine, const char *name, struct line_peer *ret_peer)
{
	struct bench_adapter adapter;

	assert_true(bench_adapter_of(&machine->roots, name, &adapter));
	*ret_peer = (struct line_peer){ .size = 0 };
	text_copy(ret_peer->node, sizeof(ret_peer->node), adapter.id);
	text_copy(ret_peer->socket, sizeof(ret_peer->socket), adapter.socket);
	line_adapter_look_for_twins(&machine->roots, ret_peer);
}

static const char *found(const struct machine *machine, const struct line_peer *peer)
{
	static char path[LINE_NAME_MAX];

	return line_adapter_find(&machine->roots, peer, path, sizeof(path)) ? path : "";
}

static const char *identity(const struct machine *machine, const char *name)
{
	static struct bench_adapter adapter;

	return bench_adapter_of(&machine->roots, name, &adapter) ? adapter.id : "";
}

/* ---- which adapter ---- */

static void adapter_is_known_by_its_serial_number(void **state)
{
	struct machine *machine = *state;

	put_adapter(machine, "1-4.2", "A50285BI\n", "ttyUSB0");
	assert_string_equal(identity(machine, "ttyUSB0"), "0403:6001:A50285BI");
	assert_string_equal(scan(machine, NULL)->port[0].adapter, "0403:6001:A50285BI");
	assert_int_equal(machine->now.port[0].vendor, 0x0403);
	assert_int_equal(machine->now.port[0].product_id, 0x6001);
}

static void adapter_without_a_serial_number_is_known_by_its_socket(void **state)
{
	struct machine *machine = *state;

	put_adapter(machine, "1-4.2", NULL, "ttyUSB0");
	put_adapter(machine, "1-3", "\n", "ttyUSB1");
	assert_string_equal(identity(machine, "ttyUSB0"), "0403:6001@1-4.2");
	assert_string_equal(identity(machine, "ttyUSB1"), "0403:6001@1-3");
}

static void ports_of_one_adapter_are_told_apart(void **state)
{
	struct machine *machine = *state;

	put_usb_device(machine, "1-1", "0403\n", "6011\n");
	put(machine, "/sys/devices/pci0/usb1/1-1/serial", "FT5\n");
	put_usb_tty(machine, "1-1", "1-1:1.0", "ttyUSB0");
	put_usb_tty(machine, "1-1", "1-1:1.3", "ttyUSB1");
	put_usb_tty(machine, "1-1", "1-1:1.4", "ttyUSB2");
	put(machine, "/sys/devices/pci0/usb1/1-1/1-1:1.4/ttyUSB2/port_number", "2\n");
	assert_string_equal(identity(machine, "ttyUSB0"), "0403:6011:FT5");
	assert_string_equal(identity(machine, "ttyUSB1"), "0403:6011:FT5.3");
	assert_string_equal(identity(machine, "ttyUSB2"), "0403:6011:FT5.4.2");
}

static void built_in_port_is_no_adapter(void **state)
{
	struct machine *machine = *state;

	put_uart(machine, "ttyS0", "4\n");
	assert_string_equal(identity(machine, "ttyS0"), "");
	assert_string_equal(identity(machine, "ttyS9"), "");
}

/* ---- where it is now ---- */

static void adapter_is_found_under_another_number_and_in_another_socket(void **state)
{
	struct machine *machine = *state;
	struct line_peer peer;

	put_adapter(machine, "1-1", "A1\n", "ttyUSB0");
	open_on(machine, "ttyUSB0", &peer);
	pull(machine, "1-1", "ttyUSB0");
	assert_string_equal(found(machine, &peer), "");
	put_adapter(machine, "1-2", "B2\n", "ttyUSB0");
	assert_string_equal(found(machine, &peer), "");
	put_adapter(machine, "1-3", "A1\n", "ttyUSB1");
	assert_string_equal(found(machine, &peer), "/dev/ttyUSB1");
}

static void adapter_without_a_serial_number_is_found_in_its_socket_only(void **state)
{
	struct machine *machine = *state;
	struct line_peer peer;

	put_adapter(machine, "1-1", NULL, "ttyUSB0");
	open_on(machine, "ttyUSB0", &peer);
	pull(machine, "1-1", "ttyUSB0");
	put_adapter(machine, "1-2", NULL, "ttyUSB0");
	assert_string_equal(found(machine, &peer), "");
	put_adapter(machine, "1-1", NULL, "ttyUSB1");
	assert_string_equal(found(machine, &peer), "/dev/ttyUSB1");
}

/* Another board's adapter was there all the time: what is typed must not go to that one. */
static void twin_is_not_taken_for_the_one_that_was_pulled_out(void **state)
{
	struct machine *machine = *state;
	struct line_peer peer;

	put_adapter(machine, "1-1", "0001\n", "ttyUSB0");
	open_on(machine, "ttyUSB0", &peer);
	assert_false(peer.has_twin);
	put_adapter(machine, "1-2", "0001\n", "ttyUSB1");
	line_adapter_look_for_twins(&machine->roots, &peer);	/* as a line does at its loss */
	assert_true(peer.has_twin);
	pull(machine, "1-1", "ttyUSB0");
	assert_string_equal(found(machine, &peer), "");
	put_adapter(machine, "1-1", "0001\n", "ttyUSB2");
	assert_string_equal(found(machine, &peer), "/dev/ttyUSB2");
}

static void two_that_come_at_once_are_not_guessed_between(void **state)
{
	struct machine *machine = *state;
	struct line_peer peer;

	put_adapter(machine, "1-1", "0001\n", "ttyUSB0");
	open_on(machine, "ttyUSB0", &peer);
	pull(machine, "1-1", "ttyUSB0");
	put_adapter(machine, "1-2", "0001\n", "ttyUSB1");
	put_adapter(machine, "1-3", "0001\n", "ttyUSB2");
	assert_string_equal(found(machine, &peer), "");
}

static void twin_counts_as_the_same_only_in_its_socket(void **state)
{
	struct line_peer peer = { .node = "10c4:ea60:0001", .socket = "1-1" }, now = { .node = "10c4:ea60:0001", .socket = "1-2" };

	(void)state;
	assert_true(line_adapter_is_same(&peer, &now));
	peer.has_twin = true;
	assert_false(line_adapter_is_same(&peer, &now));
}

/* ---- what people call it ---- */

static const struct bench_state *bench_with_adapters(struct machine *machine)
{
	put_adapter(machine, "1-1.4", "A50285BI\n", "ttyUSB0");
	put(machine, "/sys/devices/pci0/usb1/1-1.4/product", "FT232R USB UART\n");
	put_usb_device(machine, "1-2", "10c4\n", "ea60\n");
	put(machine, "/sys/devices/pci0/usb1/1-2/product", "CP2102 USB to UART Bridge\n");
	put(machine, "/sys/devices/pci0/usb1/1-2/serial", "0001\n");
	put_usb_tty(machine, "1-2", "1-2:1.0", "ttyUSB1");
	put_link(machine, "/dev/serial/by-id/usb-Silicon_Labs_CP2102_0001-if00-port0", "../../ttyUSB1");
	return scan(machine, NULL);
}

static const char *resolved(const struct bench_state *bench, const char *word)
{
	static char name[PORT_NAME_MAX];
	struct error error;

	if (port_name_resolve(bench, word, name, sizeof(name), &error) == STATUS_OK)
		return name;
	return text_format(name, sizeof(name), "%s: %s. %s", status_name(error.status), error.text, error.hint);
}

static void port_has_many_names(void **state)
{
	static const struct {
		const char *word, *name;
	} cases[] = {
		{ "ttyUSB1", "/dev/ttyUSB1" },
		{ "usb:1-1.4", "/dev/ttyUSB0" },
		{ "usb-Silicon_Labs_CP2102_0001-if00-port0", "/dev/ttyUSB1" },
		{ "ft232", "/dev/ttyUSB0" },
		{ "A50285BI", "/dev/ttyUSB0" },
		{ "10c4:ea60", "/dev/ttyUSB1" },
		{ "silicon", "/dev/ttyUSB1" },
		{ "/dev/ttyUSB7", "/dev/ttyUSB7" },	/* opening it says what is wrong */
		{ "tcp:127.0.0.1:4000", "tcp:127.0.0.1:4000" },
		{ "unix:relative", "unix:relative" },
		{ "serial:/dev/pts/4", "serial:/dev/pts/4" },
	};
	const struct bench_state *bench = bench_with_adapters(*state);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(resolved(bench, cases[i].word), cases[i].name);
}

static void name_of_several_ports_lists_them(void **state)
{
	assert_string_equal(resolved(bench_with_adapters(*state), "UART"),
			    "invalid: 'UART' fits 2 serial ports. Say which: /dev/ttyUSB0, FT232R USB UART A50285BI; "
			    "/dev/ttyUSB1, CP2102 USB to UART Bridge 0001");
}

static void name_of_no_port_lists_all(void **state)
{
	const struct bench_state *bench = bench_with_adapters(*state);
	struct bench_state empty = { .port_count = 0 };

	assert_true(text_starts(resolved(bench, "usb:1-1"), "not-found: no serial port is called 'usb:1-1'. There are: /dev/ttyUSB0"));
	assert_true(text_starts(resolved(bench, "U"), "not-found: "));
	assert_true(text_starts(resolved(bench, ""), "invalid: "));
	assert_true(text_contains(resolved(&empty, "ftdi"), "No serial port is here now"));
}

static void new_is_the_port_plugged_in_last(void **state)
{
	struct machine *machine = *state;

	bench_with_adapters(machine);
	assert_true(text_starts(resolved(&machine->now, "new"), "not-found: "));
	assert_null(port_name_newest(&machine->now));
	machine->now.port[0].since_ms = 2000;
	machine->now.port[1].since_ms = 1000;
	assert_string_equal(resolved(&machine->now, "new"), "/dev/ttyUSB0");
	assert_string_equal(resolved(&machine->now, "just-plugged"), "/dev/ttyUSB0");
}

#define WITH_MACHINE(test) cmocka_unit_test_setup_teardown(test, make_machine, drop_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MACHINE(adapter_is_known_by_its_serial_number),
		WITH_MACHINE(adapter_without_a_serial_number_is_known_by_its_socket),
		WITH_MACHINE(ports_of_one_adapter_are_told_apart),
		WITH_MACHINE(built_in_port_is_no_adapter),
		WITH_MACHINE(adapter_is_found_under_another_number_and_in_another_socket),
		WITH_MACHINE(adapter_without_a_serial_number_is_found_in_its_socket_only),
		WITH_MACHINE(twin_is_not_taken_for_the_one_that_was_pulled_out),
		WITH_MACHINE(two_that_come_at_once_are_not_guessed_between),
		WITH_MACHINE(port_has_many_names),
		WITH_MACHINE(name_of_several_ports_lists_them),
		WITH_MACHINE(name_of_no_port_lists_all),
		WITH_MACHINE(new_is_the_port_plugged_in_last),
		cmocka_unit_test(twin_counts_as_the_same_only_in_its_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
