/* src/io/bench_usb.c
 *
 * USB devices, without opening one: sysfs has their numbers and strings as the kernel read them when they were plugged
 * in. Where sysfs is not to be seen libusb has the numbers at least; it is not asked otherwise, because a libusb
 * context starts a thread and a monitor of its own for each scan. Root hubs are left out: they are the machine. */
#include "src/io/bench_internal.h"

#include <libusb-1.0/libusb.h>
#include <stdio.h>

#include "src/base/late_library.h"
#include "src/base/text.h"

#define USB_CALLS(call) \
	call(libusb_, init) call(libusb_, exit) call(libusb_, get_device_list) call(libusb_, free_device_list) call(libusb_, get_device_descriptor) \
	call(libusb_, get_port_numbers) call(libusb_, get_bus_number) call(libusb_, get_version)
LATE_LIBRARY(usb_library, USB_CALLS, "libusb-1.0.so.0")

enum { USB_DEPTH_MAX = 7 };	/* USB 3.2, 10.1: tiers */

static void add_from_sysfs(const struct bench_roots *roots, const char *name, struct bench_state *state)
{
	struct bench_usb *usb = &state->usb[state->usb_count];
	uint64_t vendor, product;
	char device[160];

	text_format(device, sizeof(device), "/sys/bus/usb/devices/%s", name);
	if (!bench_read_number(roots, 16, &vendor, "%s/idVendor", device) ||
	    !bench_read_number(roots, 16, &product, "%s/idProduct", device) || vendor > 0xffff || product > 0xffff)
		return;
	usb->vendor = (unsigned)vendor;
	usb->product = (unsigned)product;
	text_copy(usb->path, sizeof(usb->path), name);
	bench_usb_name(roots, device, usb->name, sizeof(usb->name));
	state->usb_count++;
}

static void path_from_libusb(const struct usb_library *library, libusb_device *device, char *to, size_t size)
{
	uint8_t port[USB_DEPTH_MAX];
	int depth = library->get_port_numbers(device, port, USB_DEPTH_MAX);

	to[0] = '\0';
	for (int i = 0; i < depth; i++)
		text_append(to, size, "%c%u", i == 0 ? '-' : '.', port[i]);
	if (depth > 0) {
		char ports[32];

		text_copy(ports, sizeof(ports), to);
		text_format(to, size, "%u%s", library->get_bus_number(device), ports);
	}
}

static void add_from_libusb(const struct usb_library *library, libusb_device *device, struct bench_state *state)
{
	struct bench_usb *usb = &state->usb[state->usb_count];
	struct libusb_device_descriptor descriptor;

	path_from_libusb(library, device, usb->path, sizeof(usb->path));
	if (usb->path[0] == '\0' || library->get_device_descriptor(device, &descriptor) != 0) {
		usb->path[0] = '\0';
		return;
	}
	usb->vendor = descriptor.idVendor;
	usb->product = descriptor.idProduct;
	text_format(usb->name, sizeof(usb->name), "USB device %04x:%04x", usb->vendor, usb->product);
	state->usb_count++;
}

static void scan_with_libusb(struct bench_state *state)
{
	struct usb_library library;
	libusb_context *context;
	libusb_device **list;
	ssize_t count;

	if (!usb_library_open(&library) || library.init(&context) != 0)
		return;
	count = library.get_device_list(context, &list);
	for (ssize_t i = 0; i < count && state->usb_count < BENCH_USB_MAX; i++)
		add_from_libusb(&library, list[i], state);
	if (count >= 0)
		library.free_device_list(list, 1);
	library.exit(context);
}

void bench_scan_usb(const struct bench_roots *roots, struct bench_state *state)
{
	struct bench_names names;

	if (!bench_exists(roots, "/sys/bus/usb/devices")) {
		/* Without usbfs as well there is no USB in this kernel, and nothing to start libusb for. */
		if (roots->prefix[0] == '\0' && bench_exists(roots, "/dev/bus/usb"))
			scan_with_libusb(state);
		return;
	}
	bench_names_read(roots, "/sys/bus/usb/devices", &names);
	for (size_t i = 0; i < names.count && state->usb_count < BENCH_USB_MAX; i++)
		/* "1-4:1.0" is an interface, "usb1" a root hub */
		if (strchr(names.name[i], ':') == NULL && strchr(names.name[i], '-') != NULL)
			add_from_sysfs(roots, names.name[i], state);
	bench_names_done(&names);
}

char *bench_usb_version(char *to, size_t size)
{
	const struct libusb_version *version;
	struct usb_library library;

	to[0] = '\0';
	if (!usb_library_open(&library))
		return to;
	version = library.get_version();
	return text_format(to, size, "%u.%u.%u", version->major, version->minor, version->micro);
}
