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

static void adapter_of_a_case_is_found_and_never_guessed(void **state)
{
	struct machine *machine = *state;
	const struct bench_state *bench = bench_with_adapters(machine);

	assert_string_equal(port_name_of_adapter(bench, "0403:6001:A50285BI", "/dev/ttyUSB7")->path, "/dev/ttyUSB0");
	assert_null(port_name_of_adapter(bench, "0403:6001:OTHER", "/dev/ttyUSB0"));
	assert_null(port_name_of_adapter(bench, "", "/dev/ttyUSB0"));
	put_usb_device(machine, "1-3", "10c4\n", "ea60\n");
	put(machine, "/sys/devices/pci0/usb1/1-3/serial", "0001\n");
	put_usb_tty(machine, "1-3", "1-3:1.0", "ttyUSB2");
	bench = scan(machine, NULL);
	assert_null(port_name_of_adapter(bench, "10c4:ea60:0001", "/dev/ttyUSB0"));
	assert_string_equal(port_name_of_adapter(bench, "10c4:ea60:0001", "/dev/ttyUSB2")->path, "/dev/ttyUSB2");
}

/* ---- what stands in the way ---- */

static const struct bench_advice *advised(struct machine *machine, const char *about)
{
	scan(machine, NULL);
	for (unsigned i = 0; i < machine->now.advice_count; i++)
		if (text_equal(machine->now.advice[i].about, about))
			return &machine->now.advice[i];
	return NULL;
}

static void put_driver(const struct machine *machine, const char *socket, const char *driver)
{
	char path[200], target[200];

	put_link(machine, text_format(path, sizeof(path), "/sys/devices/pci0/usb1/%s/%s:1.0/driver", socket, socket),
		 text_format(target, sizeof(target), "../../../../../bus/usb/drivers/%s", driver));
	text_format(path, sizeof(path), "/sys/bus/usb/devices/%s:1.0", socket);
	put_link(machine, path, text_format(target, sizeof(target), "/sys/devices/pci0/usb1/%s/%s:1.0", socket, socket));
}

static void port_held_by_modem_manager_has_both_remedies(void **state)
{
	struct machine *machine = *state;
	struct error error;

	put_adapter(machine, "1-1", "A1\n", "ttyUSB0");
	assert_null(advised(machine, "ttyUSB0"));
	put_link(machine, "/proc/812/fd/3", "/dev/ttyUSB0");
	put(machine, "/proc/812/comm", "ModemManager\n");
	assert_non_null(advised(machine, "ttyUSB0"));
	assert_string_equal(advised(machine, "ttyUSB0")->remedy,
			    "sudo systemctl stop ModemManager; for good: echo 'ATTRS{idVendor}==\"0403\", ATTRS{idProduct}==\"6001\", "
			    "ENV{ID_MM_DEVICE_IGNORE}=\"1\"' | sudo tee /etc/udev/rules.d/70-unbrick-0403-6001.rules; plug it in again");
	assert_int_equal(line_trouble_busy(&machine->roots, "/dev/ttyUSB0", "ModemManager (pid 812)", &error), STATUS_BUSY);
	assert_string_equal(error.hint, advised(machine, "ttyUSB0")->remedy);
}

static void modem_manager_is_announced_for_cdc_acm_only(void **state)
{
	struct machine *machine = *state;

	put_adapter(machine, "1-1", "A1\n", "ttyUSB0");
	put_usb_device(machine, "1-2", "1d6b\n", "0104\n");
	put_usb_tty(machine, "1-2", "1-2:1.0", "ttyACM0");
	assert_null(advised(machine, "ttyACM0"));
	put(machine, "/proc/812/comm", "ModemManager\n");
	assert_non_null(advised(machine, "ttyACM0"));
	assert_null(advised(machine, "ttyUSB0"));
}

static void adapter_taken_by_brltty_is_told(void **state)
{
	struct machine *machine = *state;

	put_usb_device(machine, "1-1", "1a86\n", "7523\n");
	put_driver(machine, "1-1", "usbfs");
	assert_string_equal(advised(machine, "1-1")->text, "a program has taken this CH340 from its driver");
	put(machine, "/proc/77/comm", "brltty\n");
	assert_string_equal(advised(machine, "1-1")->text, "brltty takes this CH340 for a braille display");
	assert_true(text_contains(advised(machine, "1-1")->remedy, "systemctl mask --now brltty-udev.service"));
	put_usb_tty(machine, "1-1", "1-1:1.0", "ttyUSB0");
	assert_null(advised(machine, "1-1"));
}

static void missing_driver_is_told_but_not_at_once(void **state)
{
	struct machine *machine = *state;

	put_usb_device(machine, "1-1", "0403\n", "6015\n");
	put(machine, "/sys/devices/pci0/usb1/1-1/power/connected_duration", "400\n");
	assert_null(advised(machine, "1-1"));
	assert_true(machine->now.is_settling);
	put(machine, "/sys/devices/pci0/usb1/1-1/power/connected_duration", "4000\n");
	assert_string_equal(advised(machine, "1-1")->text, "this FT231X has no driver");
	assert_string_equal(advised(machine, "1-1")->remedy, "sudo modprobe ftdi_sio");
	assert_false(machine->now.is_settling);
}

static void adapter_that_its_driver_refuses_is_told_in_the_kernels_words(void **state)
{
	struct machine *machine = *state;

	put_usb_device(machine, "1-1", "067b\n", "2303\n");
	put(machine, "/sys/bus/usb/drivers/pl2303/bind", "");
	assert_string_equal(advised(machine, "1-1")->text, "the driver refuses this PL2303: a counterfeit, or wedged");
	assert_false(text_contains(advised(machine, "1-1")->remedy, "kernel"));
	put(machine, "/dev/kmsg",
	    "6,1,100,-;usb 1-1: new full-speed USB device number 5 using xhci_hcd\n"
	    "3,2,101,-;pl2303 1-1:1.0: unknown device type, please report to linux-usb@vger.kernel.org\n"
	    " SUBSYSTEM=usb\n"
	    "3,3,102,-;pl2303 1-11:1.0: something else\n");
	assert_true(text_contains(advised(machine, "1-1")->remedy, "The kernel says: pl2303 1-1:1.0: unknown device type"));
}

static void ftdi_chip_without_its_identity_is_told_with_and_without_a_port(void **state)
{
	struct machine *machine = *state;

	put_usb_device(machine, "1-1", "0403\n", "0000\n");
	put_usb_tty(machine, "1-1", "1-1:1.0", "ttyUSB0");
	assert_true(text_contains(advised(machine, "1-1")->text, "counterfeit FT232"));
	assert_true(text_contains(advised(machine, "1-1")->remedy, "ft232r_prog"));
}

static void other_usb_devices_are_no_concern(void **state)
{
	struct machine *machine = *state;

	put_usb_device(machine, "1-1", "046d\n", "c077\n");
	put_usb_device(machine, "1-2", "0403\n", "6001\n");
	put_usb_tty(machine, "1-2", "1-2:1.0", "ttyUSB0");
	scan(machine, NULL);
	assert_int_equal(machine->now.advice_count, 0);
	assert_false(machine->now.is_settling);
}

static void port_that_leaves_when_it_is_opened_is_told_from_one_that_is_dead(void **state)
{
	struct machine *machine = *state;
	struct error error;

	put_adapter(machine, "1-1", "A1\n", "ttyUSB0");
	put(machine, "/dev/kmsg", "3,1,100,-;ftdi_sio ttyUSB0: failed to get modem status: -110\n");
	error_set(&error, STATUS_GONE, "cannot open");
	line_trouble_gone(&machine->roots, "/dev/ttyUSB0", &error);
	assert_string_equal(error.hint, "There is a name, but no device behind it: plug the adapter out and in again. "
					"The kernel says: ftdi_sio ttyUSB0: failed to get modem status: -110");
	line_trouble_gone(&machine->roots, "/dev/ttyUSB1", &error);
	assert_true(text_starts(error.hint, "It left the bus when it was opened"));
}

/* ---- bytes that do not leave ---- */

static void line_that_takes_nothing_for_five_seconds_is_stuck(void **state)
{
	struct line_drain drain = { .left = 0 };

	(void)state;
	assert_false(line_drain_look(&drain, 100, 40, 1000));
	assert_false(line_drain_look(&drain, 100, 40, 5900));
	assert_true(line_drain_look(&drain, 100, 40, 6000));
	assert_true(drain.is_stuck);
	assert_false(line_drain_look(&drain, 200, 140, 7000));	/* more was written, none has left */
	assert_true(drain.is_stuck);
	assert_true(line_drain_look(&drain, 200, 139, 8000));
	assert_false(drain.is_stuck);
}

static void full_buffer_that_is_filled_again_is_not_stuck(void **state)
{
	struct line_drain drain = { .left = 0 };

	(void)state;
	for (uint64_t second = 1; second < 60; second++)
		assert_false(line_drain_look(&drain, 4096 + 120 * second, 4096, second * 1000));
	assert_false(line_drain_look(&drain, 20000, 0, 61000));
	assert_int_equal(drain.moved_ms, 0);
}

static void reason_follows_flow_control(void **state)
{
	struct error error;

	(void)state;
	line_trouble_stuck("/dev/ttyUSB0", LINE_FLOW_RTSCTS, &error);
	assert_true(text_contains(error.text, "CTS"));
	line_trouble_stuck("/dev/ttyUSB0", LINE_FLOW_XONXOFF, &error);
	assert_true(text_contains(error.text, "XOFF"));
	line_trouble_stuck("/dev/ttyUSB0", LINE_FLOW_NONE, &error);
	assert_true(text_contains(error.text, "wedged"));
	assert_true(text_contains(error.hint, "Plug the adapter out and in"));
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
		WITH_MACHINE(adapter_of_a_case_is_found_and_never_guessed),
		WITH_MACHINE(port_held_by_modem_manager_has_both_remedies),
		WITH_MACHINE(modem_manager_is_announced_for_cdc_acm_only),
		WITH_MACHINE(adapter_taken_by_brltty_is_told),
		WITH_MACHINE(missing_driver_is_told_but_not_at_once),
		WITH_MACHINE(adapter_that_its_driver_refuses_is_told_in_the_kernels_words),
		WITH_MACHINE(ftdi_chip_without_its_identity_is_told_with_and_without_a_port),
		WITH_MACHINE(other_usb_devices_are_no_concern),
		WITH_MACHINE(port_that_leaves_when_it_is_opened_is_told_from_one_that_is_dead),
		cmocka_unit_test(line_that_takes_nothing_for_five_seconds_is_stuck),
		cmocka_unit_test(full_buffer_that_is_filled_again_is_not_stuck),
		cmocka_unit_test(reason_follows_flow_control),
		cmocka_unit_test(twin_counts_as_the_same_only_in_its_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
