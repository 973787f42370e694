/* src/io/line_uucp.c
 *
 * UUCP lock files: LCK..ttyUSB0 holds the owner's process id, as ten characters and a newline (Filesystem Hierarchy
 * Standard 3.0, 5.9) or, from old programs, as a binary int. minicom, cu and others know nothing else. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/line_driver.h"

enum {
	CLOCK_SLACK_S = 2,	/* start times have ticks, file times the kernel's coarse clock */
	TRIES = 2,
	DESCRIPTORS_MAX = 4096,
};

static size_t read_small(const char *path, char *to, size_t size)
{
	AUTO_CLOSE int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	ssize_t count;

	to[0] = '\0';
	if (descriptor < 0)
		return 0;
	count = read(descriptor, to, size - 1);
	if (count < 0)
		return 0;
	to[count] = '\0';
	return (size_t)count;
}

/* 0: the file says nothing that is a process. */
static pid_t read_owner(const char *file)
{
	char text[32];
	size_t size = read_small(file, text, sizeof(text));
	int binary;
	long number;

	/* a number's highest byte is zero for every process there can be, its lowest may be a digit */
	if (size == sizeof(binary) && strspn(text, " 0123456789\n") < size) {
		memcpy(&binary, text, sizeof(binary));
		return binary > 0 ? binary : 0;
	}
	number = strtol(text, NULL, 10);
	return number > 0 && number < 0x7fffffff ? (pid_t)number : 0;
}

/* Seconds since 1970; 0 when it cannot be told. proc(5): field 22 of stat is the start in ticks since the boot; the
 * name before it may hold blanks and brackets, so the fields are counted from the last bracket on. */
static time_t process_start(pid_t pid)
{
	char path[64], stat_text[1024];
	const char *at;
	struct timespec now, up;
	unsigned long long ticks;

	text_format(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	read_small(path, stat_text, sizeof(stat_text));
	at = strrchr(stat_text, ')');
	for (unsigned field = 2; at != NULL && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at == NULL || sscanf(at, " %llu", &ticks) != 1)
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return now.tv_sec - up.tv_sec + (time_t)(ticks / (unsigned long long)sysconf(_SC_CLK_TCK));
}

/* Has it the device open? True as well where it is not ours to look. */
static bool may_hold(pid_t owner, const char *device)
{
	char path[64];
	struct stat wanted;
	struct statx open_file;
	DIR *folder;
	struct dirent *entry;
	bool found = false;

	if (stat(device, &wanted) != 0)
		return false;
	folder = opendir(text_format(path, sizeof(path), "/proc/%ld/fd", (long)owner));
	if (folder == NULL)
		return true;
	/* DONT_SYNC: it may hold a file on a server that does not answer. */
	for (unsigned i = 0; i < DESCRIPTORS_MAX && !found && (entry = readdir(folder)) != NULL; i++)
		found = statx(dirfd(folder), entry->d_name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &open_file) == 0 &&
			(open_file.stx_mode & S_IFMT) == (wanted.st_mode & S_IFMT) &&
			makedev(open_file.stx_rdev_major, open_file.stx_rdev_minor) == wanted.st_rdev;
	closedir(folder);
	return found;
}

/* A process id comes again, after a reboot above all: an owner that is younger than its lock file is somebody else. Both times move
 * apart where the clock was set in between, as computers without a battery do at each start; so it must not hold the device either. */
static bool is_stale(const char *file, pid_t owner, const char *device)
{
	struct stat about;
	time_t start;

	if (owner == 0 || owner == getpid() || (kill(owner, 0) != 0 && errno == ESRCH))
		return true;
	start = process_start(owner);
	return start != 0 && stat(file, &about) == 0 && start > about.st_mtime + CLOCK_SLACK_S && !may_hold(owner, device);
}

static enum status report_owner(const char *device, const char *file, pid_t owner, struct error *reterr)
{
	char path[64], name[64], holder[128];

	text_format(path, sizeof(path), "/proc/%ld/comm", (long)owner);
	read_small(path, name, sizeof(name));
	name[strcspn(name, "\n")] = '\0';
	text_format(holder, sizeof(holder), "%s (pid %ld, lock file %s)", name[0] != '\0' ? name : "a process",
		    (long)owner, file);
	return line_node_busy(device, holder, reterr);
}

enum status line_uucp_lock(const char *folder, const char *device, char *ret_file, size_t size, struct error *reterr)
{
	char file[LINE_NAME_MAX + 64];
	const char *base = text_starts(device, "/dev/") ? device + 5 : device;
	size_t start;

	ret_file[0] = '\0';
	start = strlen(text_format(file, sizeof(file), "%s/LCK..", folder));
	text_append(file, sizeof(file), "%s", base);
	for (char *at = file + start; *at != '\0'; at++)
		if (*at == '/')
			*at = '_';	/* as minicom and lockdev name it */
	for (unsigned i = 0; i < TRIES; i++) {
		AUTO_CLOSE int descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
		pid_t owner;

		if (descriptor >= 0) {
			if (dprintf(descriptor, "%10ld\n", (long)getpid()) != 11 || strlen(file) >= size) {
				unlink(file);
				return STATUS_OK;
			}
			text_copy(ret_file, size, file);
			return STATUS_OK;
		}
		if (errno != EEXIST)
			return STATUS_OK;	/* not ours to write: nothing to respect there either */
		owner = read_owner(file);
		if (!is_stale(file, owner, device))
			return report_owner(device, file, owner, reterr);
		if (unlink(file) != 0)
			return STATUS_OK;	/* stale, and of another user */
	}
	return STATUS_OK;
}

void line_uucp_unlock(const char *file)
{
	if (file[0] != '\0' && read_owner(file) == getpid())
		unlink(file);
}
