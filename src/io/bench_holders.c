/* src/io/bench_holders.c
 *
 * Who holds a file, a serial port or a UDP port: the program to name when something is busy. Three witnesses, best
 * first: open descriptors in /proc/PID/fd (of programs that the user may look into), locks in /proc/locks (of
 * everybody), and UUCP lock files (FHS 3.0, 5.9), which minicom and others leave. This program itself is passed over
 * for files: it asks because somebody else is in the way. */
#include "src/io/bench_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	PROCESSES_MAX = 32768,
	UDP_SOCKETS_MAX = 8,		/* one port on several addresses, or shared */
	UNIX98_SLAVE_FIRST = 136,	/* /dev/pts/N, Documentation/admin-guide/devices.txt of Linux */
	UNIX98_SLAVE_LAST = 143,
};

struct target {
	struct stat file;
	bool exists;
	int holder;		/* process id, 0: nobody so far */
};

/* What a walk through all descriptors looks for. */
struct search {
	struct target *target;
	unsigned target_count;
	const struct bench_udp_socket *socket;	/* or these, by inode */
	unsigned socket_count;
	int socket_holder;
	unsigned fds_left;
};

static bool is_pty(const struct stat *file)
{
	return S_ISCHR(file->st_mode) && major(file->st_rdev) >= UNIX98_SLAVE_FIRST &&
	       major(file->st_rdev) <= UNIX98_SLAVE_LAST;
}

static bool is_same_file(const struct stat *wanted, const struct statx *open_file)
{
	bool is_same_node = makedev(open_file->stx_dev_major, open_file->stx_dev_minor) == wanted->st_dev &&
			    open_file->stx_ino == wanted->st_ino;

	/* A device has many nodes; but pts/3 of another devpts, as each container has one, is another terminal with the
	 * same number. */
	if ((S_ISCHR(wanted->st_mode) || S_ISBLK(wanted->st_mode)) && !is_pty(wanted))
		return (open_file->stx_mode & S_IFMT) == (wanted->st_mode & S_IFMT) &&
		       makedev(open_file->stx_rdev_major, open_file->stx_rdev_minor) == wanted->st_rdev;
	return is_same_node;
}

static void match_file(struct search *search, int folder, const char *fd_name, int pid)
{
	struct statx open_file;

	/* DONT_SYNC: a program may hold a file on a server that does not answer. */
	if (statx(folder, fd_name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO, &open_file) != 0)
		return;
	for (unsigned i = 0; i < search->target_count; i++) {
		struct target *target = &search->target[i];

		if (target->exists && target->holder == 0 && is_same_file(&target->file, &open_file))
			target->holder = pid;
	}
}

static void match_socket(struct search *search, int folder, const char *fd_name, int pid)
{
	char link[64];
	ssize_t length = readlinkat(folder, fd_name, link, sizeof(link) - 1);
	unsigned long long inode;

	if (length <= 0)
		return;
	link[length] = '\0';
	if (sscanf(link, "socket:[%20llu]", &inode) != 1)
		return;
	for (unsigned i = 0; i < search->socket_count; i++)
		/* init (1) holds a socket only on behalf of the service that it starts with it: the service is the
		 * better name. */
		if (search->socket[i].inode == inode && search->socket_holder <= 1)
			search->socket_holder = pid;
}

static void search_process(const struct bench_roots *roots, struct search *search, int pid)
{
	char path[BENCH_PATH_MAX];
	DIR *folder = opendir(bench_path(roots, path, sizeof(path), "/proc/%d/fd", pid));
	const struct dirent *entry;

	if (folder == NULL)
		return;
	while (search->fds_left > 0 && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		search->fds_left--;
		if (search->socket_count > 0)
			match_socket(search, dirfd(folder), entry->d_name, pid);
		else
			match_file(search, dirfd(folder), entry->d_name, pid);
	}
	closedir(folder);
}

static bool is_search_over(const struct search *search)
{
	if (search->fds_left == 0 || search->socket_holder > 1)
		return true;
	for (unsigned i = 0; i < search->target_count; i++)
		if (search->target[i].exists && search->target[i].holder == 0)
			return false;
	return search->socket_count == 0;
}

/* Newest first: who took the port just now is the likelier answer, and a scan does not look at all descriptors of a
 * large machine. */
static void search_processes(const struct bench_roots *roots, struct search *search, int pid_left_out)
{
	AUTO_FREE int *pids = calloc(PROCESSES_MAX, sizeof(*pids));
	char path[BENCH_PATH_MAX];
	DIR *folder = opendir(bench_path(roots, path, sizeof(path), "/proc"));
	const struct dirent *entry;
	size_t count = 0;

	if (folder == NULL)
		return;
	while (pids != NULL && count < PROCESSES_MAX && (entry = readdir(folder)) != NULL) {
		int pid = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? atoi(entry->d_name) : 0;

		if (pid > 0 && pid != pid_left_out)
			pids[count++] = pid;
	}
	closedir(folder);
	while (count > 0 && !is_search_over(search))
		search_process(roots, search, pids[--count]);
}

static void name_process(const struct bench_roots *roots, int pid, char *to, size_t size)
{
	char name[32];

	if (bench_read_text(roots, name, sizeof(name), "/proc/%d/comm", pid) && name[0] != '\0')
		text_format(to, size, "%s (pid %d)", name, pid);
	else
		text_format(to, size, "pid %d", pid);
}

/* ---- locks ---- */

static void match_lock(struct search *search, const struct bench_lock *lock)
{
	for (unsigned i = 0; i < search->target_count; i++) {
		struct target *target = &search->target[i];

		if (target->exists && target->holder == 0 && lock->pid != getpid() &&
		    target->file.st_ino == lock->inode &&
		    target->file.st_dev == makedev(lock->device_major, lock->device_minor))
			target->holder = lock->pid;
	}
}

static void search_locks(const struct bench_roots *roots, struct search *search)
{
	size_t size = 0;
	AUTO_FREE char *table = bench_read_table(roots, "/proc/locks", &size);
	struct bytes text = { (const uint8_t *)table, size }, line;
	struct bench_lock lock;

	while (table != NULL && bench_next_line(&text, &line))
		if (bench_parse_lock(line, &lock))
			match_lock(search, &lock);
}

/* A lock file outlives its program when that crashed; such a one counts for nothing. */
static int read_lock_file(const struct bench_roots *roots, const char *name)
{
	static const char *const folder[] = { "/run/lock", "/var/lock" };

	for (size_t i = 0; i < ARRAY_SIZE(folder); i++) {
		char path[BENCH_PATH_MAX];
		uint8_t content[32];
		AUTO_CLOSE int fd = open(bench_path(roots, path, sizeof(path), "%s/LCK..%s", folder[i], name),
					 O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
		ssize_t count = fd >= 0 ? read(fd, content, sizeof(content)) : -1;
		int pid = count > 0 ? bench_parse_uucp(bytes_of(content, (size_t)count)) : 0;

		if (pid > 0 && pid != getpid() && bench_exists(roots, "/proc/%d", pid))
			return pid;
	}
	return 0;
}

/* "LCK..ttyUSB0"; for a node in a folder some write its last name alone, some join the names: "pts_3". */
static int find_lock_file(const struct bench_roots *roots, const char *path)
{
	char joined[96];
	const char *last = strrchr(path, '/');
	int pid;

	if (last == NULL || last[1] == '\0')
		return 0;
	if (!text_starts(path, "/dev/"))
		return read_lock_file(roots, last + 1);
	text_copy(joined, sizeof(joined), path + strlen("/dev/"));
	for (char *at = joined; *at != '\0'; at++)
		if (*at == '/')
			*at = '_';
	pid = read_lock_file(roots, joined);
	/* Not for pts/3: "LCK..3" may be the lock of anything. */
	if (pid == 0 && strchr(path + strlen("/dev/"), '/') != NULL && (last[1] < '0' || last[1] > '9'))
		pid = read_lock_file(roots, last + 1);
	return pid;
}

static int find_lock_file_of(const struct bench_roots *roots, const char *path)
{
	char full[BENCH_PATH_MAX];
	size_t prefix_length = strlen(roots->prefix);
	AUTO_FREE char *real = realpath(bench_path(roots, full, sizeof(full), "%s", path), NULL);
	int pid = find_lock_file(roots, path);

	/* A by-id link: the lock has the name of the node. */
	if (pid == 0 && real != NULL && strncmp(real, roots->prefix, prefix_length) == 0 &&
	    !text_equal(real + prefix_length, path))
		pid = find_lock_file(roots, real + prefix_length);
	return pid;
}

/* ---- for the scan and for callers ---- */

static void look_up(const struct bench_roots *roots, const char *path, struct target *target)
{
	char full[BENCH_PATH_MAX];

	target->holder = 0;
	target->exists = stat(bench_path(roots, full, sizeof(full), "%s", path), &target->file) == 0;
}

void bench_scan_holders(const struct bench_roots *roots, struct bench_state *state)
{
	struct target targets[BENCH_PORTS_MAX];
	struct search search = { .target = targets, .target_count = state->port_count, .fds_left = BENCH_SCAN_FDS_MAX };

	for (unsigned i = 0; i < state->port_count; i++) {
		const char *path = state->port[i].path;

		targets[i].exists = false;
		if (path[0] == '/')
			look_up(roots, path, &targets[i]);
		/* A plain file of that name is no port, and is open in who knows how many programs. */
		if (targets[i].exists && !S_ISCHR(targets[i].file.st_mode) && roots->prefix[0] == '\0')
			targets[i].exists = false;
	}
	if (is_search_over(&search))
		return;
	search_processes(roots, &search, getpid());
	search_locks(roots, &search);
	for (unsigned i = 0; i < state->port_count; i++) {
		if (targets[i].exists && targets[i].holder == 0)
			targets[i].holder = find_lock_file_of(roots, state->port[i].path);
		if (targets[i].exists && targets[i].holder > 0)
			name_process(roots, targets[i].holder, state->port[i].holder, sizeof(state->port[i].holder));
	}
}

bool bench_file_holder_below(const struct bench_roots *roots, const char *path, char *ret_holder, size_t size)
{
	struct target target;
	struct search search = { .target = &target, .target_count = 1, .fds_left = UINT32_MAX };

	look_up(roots, path, &target);
	if (target.exists) {
		search_processes(roots, &search, getpid());
		search_locks(roots, &search);
	}
	if (target.holder == 0)
		target.holder = find_lock_file_of(roots, path);
	if (target.holder == 0)
		return false;
	name_process(roots, target.holder, ret_holder, size);
	return true;
}

bool bench_find_file_holder(const char *path, char *ret_holder, size_t size)
{
	const struct bench_roots roots = { .prefix = "" };

	return bench_file_holder_below(&roots, path, ret_holder, size);
}

static unsigned find_udp_sockets(const struct bench_roots *roots, unsigned port, struct bench_udp_socket *found,
				 unsigned max)
{
	static const char *const path[] = { "/proc/net/udp", "/proc/net/udp6" };
	unsigned count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(path); i++) {
		size_t size = 0;
		AUTO_FREE char *table = bench_read_table(roots, path[i], &size);
		struct bytes text = { (const uint8_t *)table, size }, line;

		while (table != NULL && count < max && bench_next_line(&text, &line))
			if (bench_parse_udp(line, &found[count]) && found[count].port == port)
				count++;
	}
	return count;
}

bool bench_udp_holder_below(const struct bench_roots *roots, unsigned port, char *ret_holder, size_t size)
{
	struct bench_udp_socket found[UDP_SOCKETS_MAX];
	struct search search = { .socket = found, .fds_left = UINT32_MAX };
	struct passwd entry, *user = NULL;
	char names[1024];

	search.socket_count = find_udp_sockets(roots, port, found, UDP_SOCKETS_MAX);
	if (search.socket_count == 0)
		return false;
	search_processes(roots, &search, getpid());
	if (search.socket_holder <= 1)
		search_process(roots, &search, getpid());
	if (search.socket_holder > 0)
		name_process(roots, search.socket_holder, ret_holder, size);
	/* The program of another user cannot be looked into, but whose it is stands in the table. */
	else if (getpwuid_r(found[0].user, &entry, names, sizeof(names), &user) == 0 && user != NULL)
		text_format(ret_holder, size, "a program of user %s", user->pw_name);
	else
		text_format(ret_holder, size, "a program of user %u", found[0].user);
	return true;
}

bool bench_find_udp_holder(unsigned port, char *ret_holder, size_t size)
{
	const struct bench_roots roots = { .prefix = "" };

	return bench_udp_holder_below(&roots, port, ret_holder, size);
}
