/* src/io/bench_scan.h
 *
 * What is plugged into this machine: serial ports and USB devices (sysfs, udev), removable disks (sysfs, udev, libblkid),
 * network ports (getifaddrs, sysfs), power supply (sysfs). A scan never opens a serial port or a disk for writing, never
 * moves a modem line, and takes some milliseconds; bench_watch calls back within a second of a change (uevents from udev
 * and the kernel, rtnetlink, inotify on the ports' nodes; where these cannot be had a scan a second).
 *
 * The environment variable UNBRICK_PORTS names ports that no scan can see, separated by commas: "/dev/pts/3,
 * tcp:127.0.0.1:4000, unix:/run/x". They are listed first, as "added by hand". */
#ifndef UNBRICK_IO_BENCH_SCAN_H
#define UNBRICK_IO_BENCH_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/status.h"
#include "src/io/loop.h"

enum {
	BENCH_PORTS_MAX = 32,
	BENCH_USB_MAX = 64,
	BENCH_CARDS_MAX = 16,
	BENCH_NICS_MAX = 16,
	BENCH_ADVICE_MAX = 8,
};

struct bench_port {
	char path[96];		/* "/dev/ttyUSB0" */
	char by_id[160];	/* "/dev/serial/by-id/...", or "" */
	char product[96];	/* "FTDI FT232R", or "" */
	char serial[64];
	char usb_path[32];	/* "1-4.2", or "" */
	char adapter[112];	/* which adapter it is, whatever its number: see bench_adapter; "" when it is not on USB */
	unsigned vendor, product_id;
	char holder[64];	/* "minicom (pid 812)", or "" when free or not to be seen */
	bool may_open;
	char remedy[160];	/* when not may_open: "sudo adduser $USER dialout, then log in again" */
	uint64_t since_ms;	/* monotonic: when it was first seen; 0: at the first scan */
};

struct bench_usb {
	unsigned vendor, product;
	char path[32];		/* "1-4" */
	char name[96];		/* manufacturer and product strings as far as readable without opening */
};

struct bench_card {
	char path[64];		/* "/dev/sdb" */
	char name[96];		/* vendor and model */
	uint64_t size_bytes;	/* 0: reader without a card */
	char content[64];	/* "vfat BOOT", "2 partitions", "empty" as far as readable */
	bool is_mounted, is_read_only;
};

struct bench_nic {
	char name[32];
	bool is_up, has_carrier, is_wireless;
	char mac[20];
	char address[4][48];	/* "192.168.1.10/24"; IPv4 first */
	unsigned address_count;
};

/* What keeps an adapter from being used, and what to do. */
struct bench_advice {
	char about[32];		/* "ttyACM0", "1-4" */
	char text[96];		/* "brltty takes this CH340 for a braille display" */
	char remedy[256];
};

enum bench_power { BENCH_POWER_UNKNOWN, BENCH_POWER_MAINS, BENCH_POWER_BATTERY };

struct bench_state {
	struct bench_port port[BENCH_PORTS_MAX];
	unsigned port_count;
	struct bench_usb usb[BENCH_USB_MAX];
	unsigned usb_count;
	struct bench_card card[BENCH_CARDS_MAX];
	unsigned card_count;
	struct bench_nic nic[BENCH_NICS_MAX];		/* without lo */
	unsigned nic_count;
	enum bench_power power;
	int battery_percent;	/* -1: none */
	struct bench_advice advice[BENCH_ADVICE_MAX];
	unsigned advice_count;
	bool is_settling;	/* an adapter may still get its driver: look again soon */
};

void bench_scan(struct bench_state *ret_state);

struct bench_watch;
/* Calls on_change after each change; the state is valid during the call. The first call comes from the loop, not from here. */
enum status bench_watch_new(struct loop *loop, void (*on_change)(void *user, const struct bench_state *state), void *user,
			    struct bench_watch **ret_watch, struct error *reterr);
void bench_watch_free(struct bench_watch *watch);

/* Who has the file open or locked: "in.tftpd (pid 77)"; false when nobody is to be seen. For ports that are busy: this
 * process itself is passed over, here and in bench_port.holder. */
bool bench_find_file_holder(const char *path, char *ret_holder, size_t size);
/* Who is bound to a UDP port in this network namespace, this process included; "a program of user tftp" when the program
 * is not to be seen. */
bool bench_find_udp_holder(unsigned port, char *ret_holder, size_t size);

/* Of the libraries that are loaded for the bench, for --version; "": it is not here. libudev does not tell one. */
char *bench_usb_version(char *to, size_t size);
char *bench_content_version(char *to, size_t size);
bool bench_has_udev(void);

#endif
