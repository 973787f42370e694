/* src/io/bench_watch.c
 *
 * A scan whenever something on the bench may have changed. What calls for one:
 *   devices    uevents, from udev when its rules are through, and from the kernel itself: udev's reach only the network
 *              namespace that it runs in, and containers have no udev; the kernel's reach each namespace that belongs
 *              to the initial user namespace (Linux 4.18, lib/kobject_uevent.c)
 *   network    rtnetlink: links and addresses
 *   holders    inotify on the ports' nodes: opened, closed, other permissions
 *   mounts     the kernel reports a change of /proc/self/mountinfo to who polls it (proc(5))
 *
 * Only where one of these cannot be had is there a scan every POLL_MS. Whole states are compared, so that an event for
 * nothing is no news. */
#include "src/io/bench_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	SETTLE_MS = 100,	/* a device comes as a dozen events */
	UDEV_GRACE_MS = 600,	/* after a kernel event: udev's rules (permissions, by-id links) are given this long */
	POLL_MS = 800,
	SETTLING_MS = 1500,
	UEVENT_BUFFER_SIZE = 1024 * 1024,
	READS_AT_ONCE = 64,
};

static const uint64_t INITIAL_USER_NAMESPACE = 0xEFFFFFFD; /* PROC_USER_INIT_INO, include/linux/proc_ns.h of Linux */

struct bench_watch {
	struct loop *loop;
	void (*on_change)(void *user, const struct bench_state *state);
	void *user;
	struct bench_roots roots;
	struct udev_monitor *udev_monitor, *kernel_monitor;
	int route_fd, mounts_fd, inotify_fd;
	struct loop_watch *udev_watch, *kernel_watch, *route_watch, *mounts_watch, *inotify_watch;
	struct loop_timer *timer;
	uint64_t deadline_ms;
	bool is_polling, has_state, has_udevd;
	struct bench_card_memory cards;
	struct bench_state state, next;
};

static void scan_within(struct bench_watch *watch, uint64_t delay_ms)
{
	uint64_t deadline_ms = loop_now_ms() + delay_ms;

	if (deadline_ms >= watch->deadline_ms)
		return;
	watch->deadline_ms = deadline_ms;
	loop_timer_set_deadline(watch->timer, deadline_ms);
}

/* ---- what calls for a scan ---- */

static bool drain_monitor(const struct udev_library *library, struct udev_monitor *monitor)
{
	bool has_news = false;

	for (unsigned i = 0; i < READS_AT_ONCE; i++) {
		struct udev_device *device;

		errno = 0;
		device = library->monitor_receive_device(monitor);
		if (device == NULL)
			return has_news || errno == ENOBUFS;	/* some were lost: a scan finds out what */
		library->device_unref(device);
		has_news = true;
	}
	return has_news;
}

static void on_udev_event(void *user, int events)
{
	struct bench_watch *watch = user;

	(void)events;
	if (drain_monitor(&watch->roots.library, watch->udev_monitor))
		scan_within(watch, SETTLE_MS);
}

static void on_kernel_event(void *user, int events)
{
	struct bench_watch *watch = user;

	(void)events;
	if (drain_monitor(&watch->roots.library, watch->kernel_monitor))
		scan_within(watch, watch->has_udevd ? UDEV_GRACE_MS : SETTLE_MS);
}

static void on_route_event(void *user, int events)
{
	struct bench_watch *watch = user;
	char message[8192];

	(void)events;
	for (unsigned i = 0; i < READS_AT_ONCE; i++)
		if (recv(watch->route_fd, message, sizeof(message), MSG_DONTWAIT) < 0 && errno != ENOBUFS)
			break;
	scan_within(watch, SETTLE_MS);
}

/* Nothing is to be read: mountinfo is always readable, and news comes as POLLERR alone, once for each change. */
static void on_mounts_event(void *user, int events)
{
	(void)events;
	scan_within(user, SETTLE_MS);
}

/* A folder is watched for the sake of ports named by hand; what else goes on there is nothing to us. */
static bool is_port_name(const struct bench_state *state, const char *name)
{
	for (unsigned i = 0; i < state->port_count; i++) {
		const char *last = strrchr(state->port[i].path, '/');

		if (last != NULL && text_equal(last + 1, name))
			return true;
	}
	return false;
}

static void on_inotify_event(void *user, int events)
{
	struct bench_watch *watch = user;
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t count = read(watch->inotify_fd, buffer, sizeof(buffer));
	bool has_news = false;

	(void)events;
	for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= count;) {
		const struct inotify_event *event = (const struct inotify_event *)(const void *)(buffer + at);

		has_news = has_news || event->len == 0 || is_port_name(&watch->state, event->name);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	if (has_news)
		scan_within(watch, SETTLE_MS);
}

/* Adding a watch again is nothing; those of nodes that went, went with them. */
static void watch_port_nodes(struct bench_watch *watch)
{
	for (unsigned i = 0; i < watch->state.port_count && watch->inotify_fd >= 0; i++) {
		const struct bench_port *port = &watch->state.port[i];
		const char *path = text_starts(port->path, "unix:") ? port->path + strlen("unix:") : port->path;
		char folder[sizeof(port->path)], *last;

		if (path[0] != '/')
			continue;
		inotify_add_watch(watch->inotify_fd, path, IN_OPEN | IN_CLOSE | IN_ATTRIB | IN_DELETE_SELF);
		if (text_starts(path, "/dev/tty"))
			continue;	/* these come and go with uevents */
		text_copy(folder, sizeof(folder), path);
		last = strrchr(folder, '/');
		last[last == folder ? 1 : 0] = '\0';
		inotify_add_watch(watch->inotify_fd, folder, IN_CREATE | IN_DELETE | IN_MOVE | IN_ONLYDIR);
	}
}

/* ---- the scan ---- */

static bool is_same_port(const struct bench_port *a, const struct bench_port *b)
{
	return text_equal(a->path, b->path) && text_equal(a->usb_path, b->usb_path) && text_equal(a->serial, b->serial);
}

static void carry_first_seen(const struct bench_state *before, struct bench_state *now)
{
	uint64_t now_ms = loop_now_ms();

	for (unsigned i = 0; i < now->port_count; i++) {
		now->port[i].since_ms = now_ms;
		for (unsigned j = 0; j < before->port_count; j++)
			if (is_same_port(&before->port[j], &now->port[i]))
				now->port[i].since_ms = before->port[j].since_ms;
	}
}

static void on_scan_time(void *user)
{
	struct bench_watch *watch = user;
	bool is_news;

	watch->deadline_ms = UINT64_MAX;
	bench_scan_below(&watch->roots, getenv("UNBRICK_PORTS"), &watch->cards, &watch->next);
	if (watch->has_state)
		carry_first_seen(&watch->state, &watch->next);
	is_news = !watch->has_state || memcmp(&watch->state, &watch->next, sizeof(watch->state)) != 0;
	if (is_news)
		watch->state = watch->next;
	watch->has_state = true;
	watch_port_nodes(watch);
	if (watch->is_polling)
		scan_within(watch, POLL_MS);
	if (watch->state.is_settling)
		scan_within(watch, SETTLING_MS);
	/* Last: it may free the watch. */
	if (is_news)
		watch->on_change(watch->user, &watch->state);
}

/* ---- setting up and taking down; what cannot be had is done without ---- */

static struct udev_monitor *open_monitor(const struct bench_roots *roots, const char *source)
{
	const struct udev_library *library = &roots->library;
	static const char *const subsystem[] = { "tty", "usb", "block", "power_supply" };
	struct udev_monitor *monitor = roots->udev != NULL ? library->monitor_new_from_netlink(roots->udev, source) : NULL;

	if (monitor == NULL)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(subsystem); i++)
		library->monitor_filter_add_match_subsystem_devtype(monitor, subsystem[i], NULL);
	library->monitor_set_receive_buffer_size(monitor, UEVENT_BUFFER_SIZE);	/* only root may have more than usual */
	if (library->monitor_enable_receiving(monitor) < 0) {
		library->monitor_unref(monitor);
		return NULL;
	}
	return monitor;
}

static int open_route(void)
{
	const struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	AUTO_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const struct sockaddr *)(const void *)&groups, sizeof(groups)) != 0)
		return -1;
	return TAKE_FD(fd);
}

static bool hears_kernel(const struct bench_watch *watch)
{
	struct stat name_space;

	return watch->kernel_watch != NULL && stat("/proc/self/ns/user", &name_space) == 0 &&
	       name_space.st_ino == INITIAL_USER_NAMESPACE;
}

static void open_sources(struct bench_watch *watch)
{
	watch->has_udevd = access("/run/udev/control", F_OK) == 0;
	watch->udev_monitor = open_monitor(&watch->roots, "udev");
	watch->kernel_monitor = open_monitor(&watch->roots, "kernel");
	watch->route_fd = open_route();
	watch->mounts_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	watch->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->udev_monitor != NULL)
		watch->udev_watch = loop_watch_new(watch->loop, watch->roots.library.monitor_get_fd(watch->udev_monitor), on_udev_event,
						   watch);
	if (watch->kernel_monitor != NULL)
		watch->kernel_watch = loop_watch_new(watch->loop, watch->roots.library.monitor_get_fd(watch->kernel_monitor),
						     on_kernel_event, watch);
	if (watch->route_fd >= 0)
		watch->route_watch = loop_watch_new(watch->loop, watch->route_fd, on_route_event, watch);
	if (watch->mounts_fd >= 0)
		watch->mounts_watch = loop_watch_new(watch->loop, watch->mounts_fd, on_mounts_event, watch);
	if (watch->mounts_watch != NULL)
		loop_watch_set(watch->mounts_watch, LOOP_WRITABLE);	/* which it never is: see on_mounts_event */
	if (watch->inotify_fd >= 0)
		watch->inotify_watch = loop_watch_new(watch->loop, watch->inotify_fd, on_inotify_event, watch);
	watch->is_polling = watch->route_watch == NULL || watch->mounts_watch == NULL || watch->inotify_watch == NULL ||
			    !hears_kernel(watch);
}

enum status bench_watch_new(struct loop *loop, void (*on_change)(void *user, const struct bench_state *state),
			    void *user, struct bench_watch **ret_watch, struct error *reterr)
{
	struct bench_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to watch the bench");
	watch->loop = loop;
	watch->on_change = on_change;
	watch->user = user;
	watch->deadline_ms = UINT64_MAX;
	watch->route_fd = watch->mounts_fd = watch->inotify_fd = -1;
	watch->timer = loop_timer_new(loop, on_scan_time, watch);
	if (watch->timer == NULL) {
		bench_watch_free(watch);
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to watch the bench");
	}
	bench_roots_open(&watch->roots);
	open_sources(watch);
	scan_within(watch, 0);
	*ret_watch = watch;
	return STATUS_OK;
}

void bench_watch_free(struct bench_watch *watch)
{
	if (watch == NULL)
		return;
	loop_timer_free(watch->timer);
	loop_watch_free(watch->udev_watch);
	loop_watch_free(watch->kernel_watch);
	loop_watch_free(watch->route_watch);
	loop_watch_free(watch->mounts_watch);
	loop_watch_free(watch->inotify_watch);
	if (watch->udev_monitor != NULL)
		watch->roots.library.monitor_unref(watch->udev_monitor);
	if (watch->kernel_monitor != NULL)
		watch->roots.library.monitor_unref(watch->kernel_monitor);
	bench_roots_close(&watch->roots);
	cleanup_close(&watch->route_fd);
	cleanup_close(&watch->mounts_fd);
	cleanup_close(&watch->inotify_fd);
	free(watch);
}
