/* src/io/line_pty.c
 *
 * The slave side of a pty, as emulators give it: libserialport refuses these, and they have no modem lines and no
 * break. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/line_driver.h"

enum { PROCESSES_MAX = 65536 };

/* The terminal's number alone would not do: each container has a pts/0 of its own. */
static bool is_same_node(const char *pid, const char *path, const struct stat *terminal)
{
	char node[LINE_NAME_MAX + 300];
	struct stat about;

	text_format(node, sizeof(node), "/proc/%s/root%s", pid, path);
	return stat(node, &about) == 0 && about.st_dev == terminal->st_dev && about.st_ino == terminal->st_ino;
}

/* proc(5): the process's controlling terminal is field 7 of stat, its name stands in the brackets. */
static bool has_terminal(const char *pid, const char *path, const struct stat *terminal, char *ret_name, size_t size)
{
	char file[300], stat_text[512];
	AUTO_CLOSE int descriptor = -1;
	const char *first, *last;
	ssize_t count;
	int number;

	text_format(file, sizeof(file), "/proc/%s/stat", pid);
	descriptor = open(file, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return false;
	count = read(descriptor, stat_text, sizeof(stat_text) - 1);
	if (count <= 0)
		return false;
	stat_text[count] = '\0';
	first = strchr(stat_text, '(');
	last = strrchr(stat_text, ')');
	if (first == NULL || last == NULL || sscanf(last + 1, " %*c %*d %*d %*d %d", &number) != 1 || number == 0)
		return false;
	/* The kernel's 32-bit encoding: minor 7..0, major 19..8, minor 31..20. */
	if (major(terminal->st_rdev) != (((unsigned)number >> 8) & 0xfff) ||
	    minor(terminal->st_rdev) != (((unsigned)number & 0xff) | (((unsigned)number >> 12) & 0xfff00)) ||
	    !is_same_node(pid, path, terminal))
		return false;
	text_format(ret_name, size, "%.*s (pid %s)", (int)(last - first - 1), first + 1, pid);
	return true;
}

/* Numbers of ptys are used again: after a loss, /dev/pts/5 may be the shell in the operator's next window. */
static enum status refuse_terminal_of_a_session(const char *path, int descriptor, struct error *reterr)
{
	struct stat about;
	DIR *processes;
	struct dirent *entry;
	char name[128];
	bool found = false;

	if (fstat(descriptor, &about) != 0)
		return line_node_io_error(path, "look at", errno, reterr);
	processes = opendir("/proc");
	for (unsigned i = 0; processes != NULL && !found && i < PROCESSES_MAX &&
	     (entry = readdir(processes)) != NULL; i++)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			found = has_terminal(entry->d_name, path, &about, name, sizeof(name));
	if (processes != NULL)
		closedir(processes);
	if (!found)
		return STATUS_OK;
	error_set(reterr, STATUS_BUSY, "%.200s is the terminal of %s", path, name);
	return error_hint(reterr, "It is somebody's window, not a serial line: look up the name of the line again");
}

static enum status pty_open(const struct line_request *request, struct line_channel **ret_channel, struct error *reterr)
{
	char path[LINE_NAME_MAX];
	AUTO_CLOSE int descriptor = -1;
	AUTO_FREE struct line_channel *pty = calloc(1, sizeof(*pty));
	enum status status;

	if (pty == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for %.200s", request->address);
	status = line_node_resolve(request->address, path, reterr);
	if (status == STATUS_OK)
		status = line_node_open(path, NULL, &descriptor, reterr);
	if (status == STATUS_OK)
		status = refuse_terminal_of_a_session(path, descriptor, reterr);
	if (status == STATUS_OK)
		status = line_adapter_recognise(request, path, reterr);
	if (status == STATUS_OK)
		status = line_termios_apply(descriptor, path, request->settings, reterr);
	if (status != STATUS_OK)
		return status;
	ioctl(descriptor, TIOCEXCL);
	pty->driver = &line_driver_pty;
	pty->descriptor = TAKE_FD(descriptor);
	*ret_channel = TAKE(pty);
	return STATUS_OK;
}

static void pty_close(struct line_channel *channel)
{
	/* The other end may hold this end open too, and the mark would outlive us. */
	ioctl(channel->descriptor, TIOCNXCL);
	close(channel->descriptor);
	free(channel);
}

/* A pty has no rate, but an emulator at its other end may look at what is set. */
static enum status pty_apply(struct line_channel *channel, const struct line_settings *settings, struct error *reterr)
{
	(void)reterr;
	line_termios_apply(channel->descriptor, "the pty", settings, NULL);
	return STATUS_OK;
}

const struct line_driver line_driver_pty = {
	.name = "pty",
	.open = pty_open,
	.close = pty_close,
	.apply = pty_apply,
};
