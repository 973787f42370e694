/* src/io/bench_advice.c
 *
 * What stands between an adapter and its use although it is plugged in: a program that takes it away, a driver that is not
 * there or refuses it, a chip that is not what it says. */
#include "src/io/bench_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	DRIVER_TIME_MS = 3000,		/* the first adapter of its kind waits for its module to be loaded */
	KERNEL_LOG_MAX = 4096,		/* records of /dev/kmsg that are looked at */
	KERNEL_RECORD_MAX = 8192,
};

enum { FTDI = 0x0403 };

/* Chips that are nothing but serial adapters (drivers/usb/serial of Linux, their id tables). */
static const struct serial_chip {
	unsigned vendor, product;
	const char *name, *driver;
} serial_chips[] = {
	{ FTDI, 0x6001, "FT232", "ftdi_sio" },	 { FTDI, 0x6010, "FT2232", "ftdi_sio" },   { FTDI, 0x6011, "FT4232", "ftdi_sio" },
	{ FTDI, 0x6014, "FT232H", "ftdi_sio" },	 { FTDI, 0x6015, "FT231X", "ftdi_sio" },   { FTDI, 0x0000, "FT232", "ftdi_sio" },
	{ 0x10c4, 0xea60, "CP210x", "cp210x" },	 { 0x10c4, 0xea70, "CP2105", "cp210x" },   { 0x10c4, 0xea71, "CP2108", "cp210x" },
	{ 0x067b, 0x2303, "PL2303", "pl2303" },	 { 0x067b, 0x23a3, "PL2303GC", "pl2303" }, { 0x067b, 0x23c3, "PL2303GT", "pl2303" },
	{ 0x067b, 0x23d3, "PL2303GL", "pl2303" }, { 0x1a86, 0x7523, "CH340", "ch341" },	   { 0x1a86, 0x5523, "CH341", "ch341" },
	{ 0x1a86, 0x7522, "CH340K", "ch341" },
};

static const struct serial_chip *find_chip(const struct bench_usb *usb)
{
	for (size_t i = 0; i < ARRAY_SIZE(serial_chips); i++)
		if (serial_chips[i].vendor == usb->vendor && serial_chips[i].product == usb->product)
			return &serial_chips[i];
	return NULL;
}

int bench_find_process(const struct bench_roots *roots, const char *name)
{
	struct bench_names pids;
	char is_called[32];
	int found = 0;

	bench_names_read(roots, "/proc", &pids);
	for (size_t i = 0; i < pids.count && found == 0; i++)
		if (pids.name[i][0] >= '1' && pids.name[i][0] <= '9' &&
		    bench_read_text(roots, is_called, sizeof(is_called), "/proc/%s/comm", pids.name[i]) && text_equal(is_called, name))
			found = atoi(pids.name[i]);
	bench_names_done(&pids);
	return found;
}

/* A record is "6,1234,5678901,-;pl2303 1-4:1.0: text" and lines of its own data (Documentation/ABI/testing/dev-kmsg). */
bool bench_kernel_says(const struct bench_roots *roots, const char *about, char *to, size_t size)
{
	char path[BENCH_PATH_MAX], record[KERNEL_RECORD_MAX];
	AUTO_CLOSE int fd = open(bench_path(roots, path, sizeof(path), "/dev/kmsg"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool found = false;

	to[0] = '\0';
	for (unsigned i = 0; fd >= 0 && i < KERNEL_LOG_MAX; i++) {
		ssize_t count = read(fd, record, sizeof(record) - 1);
		struct bytes text = bytes_of(record, count > 0 ? (size_t)count : 0), line;

		if (count == 0 || (count < 0 && errno != EPIPE))	/* EPIPE: overtaken; the next read goes on */
			break;
		while (bench_next_line(&text, &line)) {
			char one[256];
			const char *said;

			text_printable(one, sizeof(one), line);
			said = strchr(one, ';');
			if (said == NULL || strstr(said, about) == NULL)
				continue;
			text_copy(to, size, said + 1);
			found = true;
		}
	}
	return found;
}

static struct bench_advice *add(struct bench_state *state, const char *about, const char *text)
{
	struct bench_advice *advice = &state->advice[state->advice_count];

	if (state->advice_count >= BENCH_ADVICE_MAX)
		return NULL;
	state->advice_count++;
	text_copy(advice->about, sizeof(advice->about), about);
	text_copy(advice->text, sizeof(advice->text), text);
	return advice;
}

char *bench_modem_remedy(const char *name, unsigned vendor, unsigned product, char *to, size_t size)
{
	text_copy(to, size, "sudo systemctl stop ModemManager");
	if (vendor == 0)
		text_append(to, size, "; for good: echo 'KERNEL==\"%.20s\", ENV{ID_MM_PORT_IGNORE}=\"1\"' | sudo tee "
				      "/etc/udev/rules.d/70-unbrick-%.20s.rules; sudo udevadm trigger", name, name);
	else
		text_append(to, size,
			    "; for good: echo 'ATTRS{idVendor}==\"%04x\", ATTRS{idProduct}==\"%04x\", ENV{ID_MM_DEVICE_IGNORE}=\"1\"' | "
			    "sudo tee /etc/udev/rules.d/70-unbrick-%04x-%04x.rules; plug it in again", vendor, product, vendor, product);
	return to;
}

/* ---- a port, and somebody who may type on it ---- */

static bool is_for_modem_manager(const struct bench_roots *roots, const char *name)
{
	char device[160], value[16];

	text_format(device, sizeof(device), "/sys/class/tty/%s", name);
	if (bench_udev_text(roots, device, "ID_MM_DEVICE_IGNORE", value, sizeof(value)) && text_equal(value, "1"))
		return false;
	/* Where udev's rules of ModemManager are in force they mark what it looks at. */
	return roots->udev == NULL || bench_udev_text(roots, device, "ID_MM_CANDIDATE", value, sizeof(value));
}

/* With its strict policy, the usual one, it leaves plain adapters alone and probes CDC-ACM devices. */
static void advise_on_modem_manager(const struct bench_roots *roots, struct bench_state *state)
{
	int pid = -1;

	for (unsigned i = 0; i < state->port_count; i++) {
		const struct bench_port *port = &state->port[i];
		const char *name = strrchr(port->path, '/');
		bool has_it = text_starts(port->holder, "ModemManager");
		struct bench_advice *advice;

		if (name == NULL || port->adapter[0] == '\0' || !(has_it || text_starts(name + 1, "ttyACM")))
			continue;
		if (pid < 0)
			pid = bench_find_process(roots, "ModemManager");
		if (pid == 0 || (!has_it && !is_for_modem_manager(roots, name + 1)))
			continue;
		advice = add(state, name + 1, has_it ? "ModemManager has it and looks for a modem" : "ModemManager may type on it to find a modem");
		if (advice != NULL)
			bench_modem_remedy(name + 1, port->vendor, port->product_id, advice->remedy, sizeof(advice->remedy));
	}
}

/* ---- an adapter that has no port ---- */

static bool has_port(const struct bench_state *state, const struct bench_usb *usb)
{
	for (unsigned i = 0; i < state->port_count; i++)
		if (text_equal(state->port[i].usb_path, usb->path))
			return true;
	return state->port_count == BENCH_PORTS_MAX;
}

/* The driver of its first interface: "ftdi_sio", "usbfs", "". */
static void read_driver(const struct bench_roots *roots, const struct bench_usb *usb, char *to, size_t size)
{
	char path[BENCH_PATH_MAX], target[256];
	ssize_t length = readlink(bench_path(roots, path, sizeof(path), "/sys/bus/usb/devices/%s:1.0/driver", usb->path), target,
				  sizeof(target) - 1);

	target[length > 0 ? length : 0] = '\0';
	text_copy(to, size, text_file_name(target));
}

static void advise_on_taken(const struct bench_roots *roots, const struct bench_usb *usb, const struct serial_chip *chip,
			    struct bench_state *state)
{
	bool is_brltty = bench_find_process(roots, "brltty") != 0;
	char text[96];
	struct bench_advice *advice;

	text_format(text, sizeof(text), is_brltty ? "brltty takes this %s for a braille display" : "a program has taken this %s from its driver",
		    chip->name);
	advice = add(state, usb->path, text);
	if (advice != NULL)
		text_copy(advice->remedy, sizeof(advice->remedy),
			  is_brltty ? "sudo systemctl mask --now brltty-udev.service brltty.service (who needs no braille: sudo apt remove "
				      "brltty); then plug it in again"
				    : "End that program (a virtual machine, a programmer for its chip); then plug it in again");
}

static void advise_on_driver(const struct bench_roots *roots, const struct bench_usb *usb, const struct serial_chip *chip,
			     struct bench_state *state)
{
	char text[96], said[128], about[48];
	bool is_loaded = bench_exists(roots, "/sys/bus/usb/drivers/%s", chip->driver);
	struct bench_advice *advice;

	text_format(text, sizeof(text), is_loaded ? "the driver refuses this %s: a counterfeit, or wedged" : "this %s has no driver",
		    chip->name);
	advice = add(state, usb->path, text);
	if (advice == NULL)
		return;
	if (!is_loaded) {
		text_format(advice->remedy, sizeof(advice->remedy), "sudo modprobe %s", chip->driver);
		return;
	}
	text_copy(advice->remedy, sizeof(advice->remedy), "Plug it out and in again; if that changes nothing, take another adapter");
	text_format(about, sizeof(about), " %s:1.0: ", usb->path);
	if (bench_kernel_says(roots, about, said, sizeof(said)))
		text_append(advice->remedy, sizeof(advice->remedy), ". The kernel says: %s", said);
}

static void advise_on_adapter(const struct bench_roots *roots, const struct bench_usb *usb, const struct serial_chip *chip,
			      struct bench_state *state)
{
	uint64_t connected_ms = DRIVER_TIME_MS;
	char driver[64];

	bench_read_number(roots, 10, &connected_ms, "/sys/bus/usb/devices/%s/power/connected_duration", usb->path);
	if (connected_ms < DRIVER_TIME_MS) {
		state->is_settling = true;
		return;
	}
	read_driver(roots, usb, driver, sizeof(driver));
	if (text_equal(driver, "usbfs"))
		advise_on_taken(roots, usb, chip, state);
	else if (driver[0] == '\0')
		advise_on_driver(roots, usb, chip, state);
}

/* In 2014 FTDI's driver for Windows wrote product number 0 into chips that were not FTDI's (Linux: FTDI_BRICK_PID). */
static void advise_on_counterfeit(const struct bench_usb *usb, struct bench_state *state)
{
	struct bench_advice *advice = add(state, usb->path, "a counterfeit FT232 whose identity another driver erased");

	if (advice != NULL)
		text_copy(advice->remedy, sizeof(advice->remedy),
			  "It may work all the same; ft232r_prog --old-pid 0x0000 --new-pid 0x6001 gives it its identity back");
}

void bench_scan_advice(const struct bench_roots *roots, struct bench_state *state)
{
	advise_on_modem_manager(roots, state);
	for (unsigned i = 0; i < state->usb_count; i++) {
		const struct bench_usb *usb = &state->usb[i];
		const struct serial_chip *chip = find_chip(usb);

		if (usb->vendor == FTDI && usb->product == 0)
			advise_on_counterfeit(usb, state);
		if (chip != NULL && !has_port(state, usb))
			advise_on_adapter(roots, usb, chip, state);
	}
}
