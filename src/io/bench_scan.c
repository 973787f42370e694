/* src/io/bench_scan.c
 *
 * One scan of the whole bench, put together from its parts. */
#include "src/io/bench_internal.h"

#include <stdlib.h>

void bench_roots_open(struct bench_roots *ret_roots)
{
	*ret_roots = (struct bench_roots){ .prefix = "" };
	if (udev_library_open(&ret_roots->library))
		ret_roots->udev = ret_roots->library.new();
}

void bench_roots_close(struct bench_roots *roots)
{
	if (roots->udev != NULL)
		roots->library.unref(roots->udev);
}

void bench_scan_below(const struct bench_roots *roots, const char *hand_ports, struct bench_card_memory *memory,
		      struct bench_state *ret_state)
{
	struct ifaddrs *interfaces = NULL;

	/* All of it, padding too: the watch compares states byte by byte. */
	memset(ret_state, 0, sizeof(*ret_state));
	bench_scan_ports(roots, hand_ports, ret_state);
	bench_scan_holders(roots, ret_state);
	bench_scan_usb(roots, ret_state);
	bench_scan_advice(roots, ret_state);
	bench_scan_cards(roots, memory, ret_state);
	bench_scan_power(roots, ret_state);
	if (getifaddrs(&interfaces) == 0) {
		bench_scan_nics(roots, interfaces, ret_state);
		freeifaddrs(interfaces);
	}
}

void bench_scan(struct bench_state *ret_state)
{
	struct bench_roots roots;

	bench_roots_open(&roots);
	bench_scan_below(&roots, getenv("UNBRICK_PORTS"), NULL, ret_state);
	bench_roots_close(&roots);
}

bool bench_has_udev(void)
{
	struct udev_library library;

	return udev_library_open(&library);
}
