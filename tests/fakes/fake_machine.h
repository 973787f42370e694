/* tests/fakes/fake_machine.h
 *
 * A made-up machine: /sys, /proc, /dev and /run in a folder of its own, for the bench scan. */
#ifndef UNBRICK_TESTS_FAKE_MACHINE_H
#define UNBRICK_TESTS_FAKE_MACHINE_H

#include "src/io/bench_internal.h"

struct machine {
	char prefix[256];
	struct bench_roots roots;
	struct bench_state now;
};

/* As cmocka's set up and tear down. */
int make_machine(void **state);
int drop_machine(void **state);
/* A file, a link, a file in a folder; paths without the prefix. */
void put(const struct machine *machine, const char *path, const char *content);
void put_link(const struct machine *machine, const char *path, const char *target);
void put_in(const struct machine *machine, const char *folder, const char *name, const char *content);
/* path: "1-4.2"; vendor, product: "0403\n" */
void put_usb_device(const struct machine *machine, const char *path, const char *vendor, const char *product);
/* interface: "1-4.2:1.0", name: "ttyUSB0" */
void put_usb_tty(const struct machine *machine, const char *usb, const char *interface, const char *name);
/* type: "4\n", as the driver serial8250 has it; "0\n": no chip */
void put_uart(const struct machine *machine, const char *name, const char *type);
const struct bench_state *scan(struct machine *machine, const char *hand_ports);

#endif
