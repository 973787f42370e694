/* src/io/bench_ports.c
 *
 * Serial ports: those named by hand first, then what /sys/class/tty has hardware for, USB adapters before built-in
 * ones. Nothing is opened: an open would raise DTR, and that resets many a board. */
#include "src/io/bench_internal.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

/* ---- may it be opened, and if not, what helps ---- */

static bool is_member(const struct group *group, const char *user)
{
	for (char **member = group->gr_mem; *member != NULL; member++)
		if (text_equal(*member, user))
			return true;
	return false;
}

static void group_remedy(const struct stat *node, const char *path, char *to, size_t size)
{
	char group_names[4096], user_names[1024];
	struct group group_entry, *group = NULL;
	struct passwd user_entry, *user = NULL;

	getpwuid_r(geteuid(), &user_entry, user_names, sizeof(user_names), &user);
	/* Group root is no group to put people into: such a node waits for a udev rule. */
	if ((node->st_mode & (S_IRGRP | S_IWGRP)) != (S_IRGRP | S_IWGRP) || node->st_gid == 0 ||
	    getgrgid_r(node->st_gid, &group_entry, group_names, sizeof(group_names), &group) != 0 || group == NULL)
		text_format(to, size,
			    "sudo chmod a+rw %s (until it is unplugged; a udev rule with MODE=\"0666\" lasts)", path);
	else if (user != NULL && is_member(group, user->pw_name))
		text_format(to, size, "log out and in again: group %s is not yet in force in this session",
			    group->gr_name);
	else
		text_format(to, size, "sudo adduser %s %s, then log in again", user != NULL ? user->pw_name : "$USER",
			    group->gr_name);
}

static void check_access(const struct bench_roots *roots, const char *path, struct bench_port *port)
{
	char full[BENCH_PATH_MAX];
	struct stat node;

	bench_path(roots, full, sizeof(full), "%s", path);
	port->may_open = access(full, R_OK | W_OK) == 0;
	if (port->may_open)
		return;
	if (stat(full, &node) == 0)
		group_remedy(&node, path, port->remedy, sizeof(port->remedy));
	else if (errno == EACCES)
		text_format(port->remedy, sizeof(port->remedy), "a folder on the way to %s may not be entered", path);
	else
		text_format(port->remedy, sizeof(port->remedy),
			    "there is no %s here: plug it in, or pass it into the container", path);
}

/* ---- ports named by hand ---- */

static void add_by_hand(const struct bench_roots *roots, const char *list, struct bench_state *state)
{
	struct bytes left = bytes_of_text(list);

	while (state->port_count < BENCH_PORTS_MAX) {
		struct bench_port *port = &state->port[state->port_count];

		if (!bench_parse_name(&left, port->path, sizeof(port->path)))
			return;
		text_copy(port->product, sizeof(port->product), "added by hand");
		if (port->path[0] == '/')
			check_access(roots, port->path, port);
		else if (text_starts(port->path, "unix:"))
			check_access(roots, port->path + strlen("unix:"), port);
		else
			port->may_open = true;	/* a network address: only trying tells */
		state->port_count++;
	}
}

static bool is_listed(const struct bench_roots *roots, const struct bench_state *state, const char *path)
{
	char full[BENCH_PATH_MAX];
	size_t prefix_length = strlen(roots->prefix);

	for (unsigned i = 0; i < state->port_count; i++) {
		AUTO_FREE char *real = NULL;

		if (text_equal(state->port[i].path, path))
			return true;
		if (state->port[i].path[0] != '/')
			continue;
		real = realpath(bench_path(roots, full, sizeof(full), "%s", state->port[i].path), NULL);
		if (real != NULL && strncmp(real, roots->prefix, prefix_length) == 0 &&
		    text_equal(real + prefix_length, path))
			return true;
	}
	return false;
}

/* ---- ports that sysfs shows ---- */

/* A kernel has a ttyS0 to ttyS3 or more whether there is a UART or not; those without have type 0 (PORT_UNKNOWN in
 * include/uapi/linux/serial_core.h). Terminals without hardware (tty1, ptys, console) have no device. */
static bool is_real_port(const struct bench_roots *roots, const char *name)
{
	uint64_t type = 1;

	if (!bench_exists(roots, "/sys/class/tty/%s/device", name))
		return false;
	bench_read_number(roots, 10, &type, "/sys/class/tty/%s/type", name);
	return type != 0;
}

static void find_by_id(const struct bench_roots *roots, const struct bench_names *links, const char *name, char *to,
		       size_t size)
{
	char full[BENCH_PATH_MAX], target[256];

	for (size_t i = 0; i < links->count; i++) {
		ssize_t length = readlink(bench_path(roots, full, sizeof(full), "/dev/serial/by-id/%s", links->name[i]),
					  target, sizeof(target) - 1);

		if (length <= 0)
			continue;
		target[length] = '\0';
		if (text_equal(text_file_name(target), name)) {
			text_format(to, size, "/dev/serial/by-id/%s", links->name[i]);
			return;
		}
	}
}

static void describe_built_in(const struct bench_roots *roots, const char *name, struct bench_port *port)
{
	char console[8];

	text_copy(port->product, sizeof(port->product), "built-in serial port");
	if (bench_read_text(roots, console, sizeof(console), "/sys/class/tty/%s/console", name) &&
	    text_equal(console, "Y"))
		text_append(port->product, sizeof(port->product), " (console of this machine)");
}

static void add_identity(const struct bench_roots *roots, const char *name, struct bench_port *port)
{
	struct bench_adapter adapter;

	if (!bench_adapter_of(roots, name, &adapter))
		return;
	text_copy(port->adapter, sizeof(port->adapter), adapter.id);
	port->vendor = adapter.vendor;
	port->product_id = adapter.product;
}

static void add_port(const struct bench_roots *roots, const char *name, const char *usb_device,
		     struct bench_state *state)
{
	struct bench_port *port = &state->port[state->port_count];
	char device[160], node[64], path[sizeof(port->path)];

	/* DEVNAME is the name but for a few drivers that put their nodes in a folder. */
	text_format(device, sizeof(device), "/sys/class/tty/%s", name);
	if (!bench_read_uevent(roots, device, "DEVNAME", node, sizeof(node)))
		text_copy(node, sizeof(node), name);
	text_format(path, sizeof(path), "/dev/%s", node);
	if (is_listed(roots, state, path))
		return;
	text_copy(port->path, sizeof(port->path), path);
	if (usb_device[0] != '\0') {
		bench_usb_name(roots, usb_device, port->product, sizeof(port->product));
		bench_read_text(roots, port->serial, sizeof(port->serial), "%s/serial", usb_device);
		text_copy(port->usb_path, sizeof(port->usb_path), strrchr(usb_device, '/') + 1);
		add_identity(roots, name, port);
	} else {
		describe_built_in(roots, name, port);
	}
	check_access(roots, port->path, port);
	state->port_count++;
}

/* Takes the names out that are no real ports: of seventy on a usual machine, one or two stay. */
static void keep_real_ports(const struct bench_roots *roots, struct bench_names *names)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->count; i++)
		if (is_real_port(roots, names->name[i]))
			memmove(names->name[kept++], names->name[i], sizeof(names->name[i]));
	names->count = kept;
}

static void add_ports(const struct bench_roots *roots, const struct bench_names *names, const struct bench_names *links,
		      bool want_usb, struct bench_state *state)
{
	for (size_t i = 0; i < names->count && state->port_count < BENCH_PORTS_MAX; i++) {
		struct bench_port *port = &state->port[state->port_count];
		char path[160], device[BENCH_PATH_MAX], usb_device[BENCH_PATH_MAX] = "";
		unsigned before = state->port_count;

		text_format(path, sizeof(path), "/sys/class/tty/%s/device", names->name[i]);
		if (bench_resolve(roots, path, device, sizeof(device)))
			bench_usb_parent(roots, device, usb_device, sizeof(usb_device));
		if ((usb_device[0] != '\0') != want_usb)
			continue;
		add_port(roots, names->name[i], usb_device, state);
		if (state->port_count > before)
			find_by_id(roots, links, names->name[i], port->by_id, sizeof(port->by_id));
	}
}

void bench_scan_ports(const struct bench_roots *roots, const char *hand_ports, struct bench_state *state)
{
	struct bench_names names, links;

	if (hand_ports != NULL)
		add_by_hand(roots, hand_ports, state);
	bench_names_read(roots, "/sys/class/tty", &names);
	bench_names_read(roots, "/dev/serial/by-id", &links);
	keep_real_ports(roots, &names);
	add_ports(roots, &names, &links, true, state);
	add_ports(roots, &names, &links, false, state);
	bench_names_done(&links);
	bench_names_done(&names);
}
