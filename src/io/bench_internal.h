/* src/io/bench_internal.h
 *
 * What the files of the bench scan share. Each part of a scan reads below bench_roots.prefix, so that the tests can
 * give it a made-up /sys, /proc and /dev in a folder of their own; what it reports never carries the prefix.
 *
 * A scan reads sysfs itself. sp_list_ports() was not taken for it: it opens each ttyS of the serial8250 driver to ask
 * for its UART (libserialport 0.1.1, linux.c), and opening a port raises DTR. */
#ifndef UNBRICK_IO_BENCH_INTERNAL_H
#define UNBRICK_IO_BENCH_INTERNAL_H

#include <ifaddrs.h>
#include <libudev.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "src/base/bytes.h"
#include "src/base/late_library.h"
#include "src/io/bench_scan.h"

enum {
	BENCH_PATH_MAX = 1024,		/* a path with its prefix */
	BENCH_TEXT_MAX = 512,		/* a sysfs attribute */
	BENCH_TABLE_MAX = 1024 * 1024,	/* mountinfo, locks, udp: what is beyond is not looked at */
	BENCH_ENTRIES_MAX = 4096,	/* of one folder */
	BENCH_SCAN_FDS_MAX = 8192,	/* descriptors of other programs that one scan looks at: 7 ms */
};

#define UDEV_CALLS(call) \
	call(udev_, new) call(udev_, unref) call(udev_, device_new_from_syspath) call(udev_, device_get_property_value) call(udev_, device_unref) \
	call(udev_, monitor_new_from_netlink) call(udev_, monitor_filter_add_match_subsystem_devtype) \
	call(udev_, monitor_set_receive_buffer_size) call(udev_, monitor_enable_receiving) call(udev_, monitor_receive_device) \
	call(udev_, monitor_get_fd) call(udev_, monitor_unref)
LATE_LIBRARY(udev_library, UDEV_CALLS, "libudev.so.1")

struct bench_roots {
	const char *prefix;	/* in front of /sys, /proc, /dev, /run, /var; "" in production */
	struct udev *udev;	/* udev's database; NULL: without, and always with a prefix */
	struct udev_library library;	/* while there is udev */
};

/* This machine's own. */
void bench_roots_open(struct bench_roots *ret_roots);
void bench_roots_close(struct bench_roots *roots);

/* What libblkid found on a card, so that it is read once and not at each scan. Zeroed at first; belongs to
 * bench_cards.c. */
struct bench_card_memory {
	struct bench_card_seen {
		char path[64];
		char content[64];
		uint64_t size_bytes;
		uint64_t disk_sequence;		/* rises with each medium (sysfs diskseq, Linux 5.15) */
		uint64_t written_sectors;
	} seen[BENCH_CARDS_MAX];
	unsigned count;
};

/* ---- a whole scan ---- */

/* hand_ports is the text of UNBRICK_PORTS or NULL; memory may be NULL. */
void bench_scan_below(const struct bench_roots *roots, const char *hand_ports, struct bench_card_memory *memory,
		      struct bench_state *ret_state);
/* The part of each file; the state is zeroed before. */
void bench_scan_ports(const struct bench_roots *roots, const char *hand_ports, struct bench_state *state);
void bench_scan_usb(const struct bench_roots *roots, struct bench_state *state);
void bench_scan_cards(const struct bench_roots *roots, struct bench_card_memory *memory, struct bench_state *state);
void bench_scan_nics(const struct bench_roots *roots, const struct ifaddrs *list, struct bench_state *state);
void bench_scan_power(const struct bench_roots *roots, struct bench_state *state);
/* After all the others. */
void bench_scan_advice(const struct bench_roots *roots, struct bench_state *state);
/* Fills in who holds the ports that are listed, in one walk through /proc. */
void bench_scan_holders(const struct bench_roots *roots, struct bench_state *state);
bool bench_file_holder_below(const struct bench_roots *roots, const char *path, char *ret_holder, size_t size);
bool bench_udp_holder_below(const struct bench_roots *roots, unsigned port, char *ret_holder, size_t size);

/* ---- bench_adapter.c: which adapter a port belongs to ---- */

struct bench_adapter {
	/* "0403:6001:A50285BI"; without a serial number "1a86:7523@1-4". The ports of an adapter that has several are told
	 * apart by interface and port number: "0403:6011:FT5.2", "110a:1410:9.0.3". */
	char id[112];
	char socket[32];	/* "1-4.2" */
	unsigned vendor, product;
};
/* tty: "ttyUSB0". False when it is not on USB. */
bool bench_adapter_of(const struct bench_roots *roots, const char *tty, struct bench_adapter *ret_adapter);

struct bench_adapter_port {
	char path[96], socket[32];
};
/* The ports with that identity now; more than one where adapters share a serial number. */
size_t bench_adapter_ports(const struct bench_roots *roots, const char *id, struct bench_adapter_port *ret_ports, size_t max);

/* ---- bench_advice.c ---- */

/* The id of a process of that name; 0: none is to be seen. */
int bench_find_process(const struct bench_roots *roots, const char *name);
/* The kernel's last words about something (" 1-4:1.0: "), printable; false where its log may not be read. */
bool bench_kernel_says(const struct bench_roots *roots, const char *about, char *to, size_t size);
/* How ModemManager is kept from an adapter, now and for good; with vendor 0, from the port name. Returns to. */
char *bench_modem_remedy(const char *name, unsigned vendor, unsigned product, char *to, size_t size);

/* ---- bench_sysfs.c: small files and folders ---- */

/* prefix + path. */
char *bench_path(const struct bench_roots *roots, char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A short file below the prefix, made printable, without blanks at either end; false and "" when it cannot be read. */
bool bench_read_text(const struct bench_roots *roots, char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A file with one number, decimal, or otherwise when it comes with base 16; false leaves *ret_value alone. */
bool bench_read_number(const struct bench_roots *roots, int base, uint64_t *ret_value, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The value of a key in the uevent file of a device of /sys, printable; false and "" without one. */
bool bench_read_uevent(const struct bench_roots *roots, const char *device, const char *key, char *to, size_t size);
/* A file of any size up to BENCH_TABLE_MAX, raw and NUL-ended, owned by the caller; NULL when it cannot be read. */
char *bench_read_table(const struct bench_roots *roots, const char *path, size_t *ret_size);
/* The names in a folder in the order of people: ttyUSB2 before ttyUSB10. Free with bench_names_done. */
struct bench_names {
	char (*name)[128];	/* longer ones are left out */
	size_t count;
};
void bench_names_read(const struct bench_roots *roots, const char *path, struct bench_names *ret_names);
void bench_names_done(struct bench_names *names);
int bench_name_compare(const char *a, const char *b);
bool bench_exists(const struct bench_roots *roots, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Where a link in /sys leads to, as a path from /sys on; false when it leads nowhere or out of the tree. */
bool bench_resolve(const struct bench_roots *roots, const char *path, char *to, size_t size);
/* The USB device that a device of /sys/devices belongs to, itself or the nearest above; false when it is not on USB. */
bool bench_usb_parent(const struct bench_roots *roots, const char *device, char *to, size_t size);
/* "FTDI FT232R USB UART" from the strings of a USB device folder, or from udev's names, or the bare number. */
void bench_usb_name(const struct bench_roots *roots, const char *device, char *to, size_t size);
/* A property of udev's database, printable; false and "" without one. */
bool bench_udev_text(const struct bench_roots *roots, const char *device, const char *key, char *to, size_t size);

/* ---- bench_parse.c: pure ---- */

struct bench_udp_socket {
	unsigned port, user;
	uint64_t inode;
};
/* A line of /proc/net/udp or udp6; false for the headline and for what is no such line. */
bool bench_parse_udp(struct bytes line, struct bench_udp_socket *ret_socket);

struct bench_lock {
	int pid;
	unsigned device_major, device_minor;
	uint64_t inode;
};
/* A line of /proc/locks with a FLOCK, POSIX or OFDLCK that is held (not one that waits: "1: -> FLOCK"). */
bool bench_parse_lock(struct bytes line, struct bench_lock *ret_lock);
/* The process id in a UUCP lock file: ten characters and a newline (FHS 3.0, 5.9), or four bytes; 0: there is none. */
int bench_parse_uucp(struct bytes content);

struct bench_mount {
	unsigned device_major, device_minor;
	char source[128];	/* "/dev/sdb1", octal escapes undone */
};
/* A line of /proc/self/mountinfo (proc(5)). */
bool bench_parse_mount(struct bytes line, struct bench_mount *ret_mount);
/* The value of a key in uevent text: lines as in sysfs, or ended by NULs as from the kernel's multicast. */
bool bench_parse_uevent(struct bytes text, const char *key, char *to, size_t size);
/* The next name of a comma separated list, blanks around it taken off, empty ones passed over; false at the end. */
bool bench_parse_name(struct bytes *list, char *to, size_t size);
/* The next line, without its newline; false at the end. */
bool bench_next_line(struct bytes *text, struct bytes *ret_line);

#endif
