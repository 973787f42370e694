/* src/io/bench_adapter.c
 *
 * Which adapter is behind a serial port. The kernel numbers them as they come, so the number says nothing: a serial number
 * says it, or, for chips without one, the socket. Both come from sysfs; no port is opened. */
#include "src/io/bench_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/text.h"

/* "1-4:1.2" is interface 2 of configuration 1 (Documentation/driver-api/usb of Linux); 0 for a port without one. */
static unsigned interface_number(const char *device, const char *usb_device)
{
	const char *below = device + strlen(usb_device), *colon = strchr(below, ':'), *point;

	point = colon != NULL ? strchr(colon, '.') : NULL;
	return point != NULL ? (unsigned)strtoul(point + 1, NULL, 10) : 0;
}

/* Adapters with several ports share one serial number. */
static void append_port_number(const struct bench_roots *roots, const char *tty, const char *device, const char *usb_device,
			       struct bench_adapter *adapter)
{
	unsigned number = interface_number(device, usb_device);
	uint64_t port = 0;

	bench_read_number(roots, 10, &port, "/sys/class/tty/%s/device/port_number", tty);	/* usb-serial's */
	if (port > 0)
		text_append(adapter->id, sizeof(adapter->id), ".%u.%u", number, (unsigned)port);
	else if (number > 0)
		text_append(adapter->id, sizeof(adapter->id), ".%u", number);
}

bool bench_adapter_of(const struct bench_roots *roots, const char *tty, struct bench_adapter *ret_adapter)
{
	char link[160], device[BENCH_PATH_MAX], usb[BENCH_PATH_MAX], serial[64];
	struct bench_adapter adapter = { .id = "" };
	uint64_t vendor = 0, product = 0;

	text_format(link, sizeof(link), "/sys/class/tty/%s/device", tty);
	if (!bench_resolve(roots, link, device, sizeof(device)) || !bench_usb_parent(roots, device, usb, sizeof(usb)))
		return false;
	bench_read_number(roots, 16, &vendor, "%s/idVendor", usb);
	bench_read_number(roots, 16, &product, "%s/idProduct", usb);
	adapter.vendor = (unsigned)vendor & 0xffff;
	adapter.product = (unsigned)product & 0xffff;
	text_copy(adapter.socket, sizeof(adapter.socket), strrchr(usb, '/') + 1);
	text_format(adapter.id, sizeof(adapter.id), "%04x:%04x", adapter.vendor, adapter.product);
	if (bench_read_text(roots, serial, sizeof(serial), "%s/serial", usb) && serial[0] != '\0')
		text_append(adapter.id, sizeof(adapter.id), ":%s", serial);
	else
		text_append(adapter.id, sizeof(adapter.id), "@%s", adapter.socket);
	append_port_number(roots, tty, device, usb, &adapter);
	*ret_adapter = adapter;
	return true;
}

size_t bench_adapter_ports(const struct bench_roots *roots, const char *id, struct bench_adapter_port *ret_ports, size_t max)
{
	struct bench_adapter adapter;
	struct bench_names names;
	size_t count = 0;

	bench_names_read(roots, "/sys/class/tty", &names);
	for (size_t i = 0; i < names.count && count < max; i++) {
		struct bench_adapter_port *port = &ret_ports[count];
		char device[160], node[64];

		if (!bench_exists(roots, "/sys/class/tty/%s/device", names.name[i]) ||
		    !bench_adapter_of(roots, names.name[i], &adapter) || !text_equal(adapter.id, id))
			continue;
		text_format(device, sizeof(device), "/sys/class/tty/%s", names.name[i]);
		if (!bench_read_uevent(roots, device, "DEVNAME", node, sizeof(node)))
			text_copy(node, sizeof(node), names.name[i]);
		text_format(port->path, sizeof(port->path), "/dev/%s", node);
		text_copy(port->socket, sizeof(port->socket), adapter.socket);
		count++;
	}
	bench_names_done(&names);
	return count;
}
