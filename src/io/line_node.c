/* src/io/line_node.c
 *
 * Device nodes: finding one, opening it without disturbing what hangs on it, and saying what stands in the way. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/bench_internal.h"
#include "src/io/line_driver.h"

enum { TTYS_MAX = 4096 };

static const struct bench_roots real = { .prefix = "" };

/* Ports with hardware behind them. sysfs, and not sp_list_ports(): that one opens every 8250 port to find out
 * whether it is real, which raises DTR and RTS there. An 8250 port without a chip has type 0 (PORT_UNKNOWN). */
static bool has_hardware(const char *name)
{
	char path[PATH_MAX], type[8] = "";
	AUTO_CLOSE int descriptor = -1;

	text_format(path, sizeof(path), "/sys/class/tty/%s/device", name);
	if (access(path, F_OK) != 0)
		return false;
	text_format(path, sizeof(path), "/sys/class/tty/%s/type", name);
	descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return true;
	return read(descriptor, type, sizeof(type) - 1) <= 0 || type[0] != '0';
}

static enum status hint_at_ports(struct error *reterr)
{
	DIR *folder = opendir("/sys/class/tty");
	char list[200] = "";
	struct dirent *entry;

	for (unsigned i = 0; folder != NULL && i < TTYS_MAX && (entry = readdir(folder)) != NULL; i++)
		if (entry->d_name[0] != '.' && strlen(list) + strlen(entry->d_name) + 8 < sizeof(list) &&
		    has_hardware(entry->d_name))
			text_append(list, sizeof(list), "%s/dev/%s", list[0] != '\0' ? ", " : "", entry->d_name);
	if (folder != NULL)
		closedir(folder);
	if (list[0] == '\0')
		return error_hint(reterr,
				  "No serial port is here now: plug the adapter in, and look at dmesg for its name");
	return error_hint(reterr, "Ports here: %s", list);
}

enum status line_node_resolve(const char *name, char *ret_path, struct error *reterr)
{
	char path[PATH_MAX];
	struct stat about;

	if (realpath(name, path) == NULL || stat(path, &about) != 0) {
		if (errno == EACCES)
			return error_set(reterr, STATUS_NO_PERMISSION, "no permission for the folders of '%.200s'",
					 name);
		error_set(reterr, STATUS_NOT_FOUND, "there is no port '%.200s'", name);
		return hint_at_ports(reterr);
	}
	if (S_ISSOCK(about.st_mode)) {
		error_set(reterr, STATUS_INVALID, "'%.200s' is a socket", name);
		return error_hint(reterr, "Call it unix:%.200s", name);
	}
	if (!S_ISCHR(about.st_mode)) {
		error_set(reterr, STATUS_INVALID, "'%.200s' is not a serial port", name);
		return hint_at_ports(reterr);
	}
	text_copy(ret_path, LINE_NAME_MAX, path);
	return STATUS_OK;
}

bool line_node_is_pts(const char *path)
{
	return text_starts(path, "/dev/pts/");
}

enum status line_node_busy(const char *path, const char *holder, struct error *reterr)
{
	return line_trouble_busy(&real, path, holder, reterr);
}

static enum status busy_by_someone(const char *path, struct error *reterr)
{
	char holder[128];

	if (!bench_find_file_holder(path, holder, sizeof(holder)))
		text_copy(holder, sizeof(holder), "a program that cannot be seen from here (another user's?)");
	return line_node_busy(path, holder, reterr);
}

/* In the group already, as the user database has it, but not in this session. */
static bool is_member_after_login(gid_t group)
{
	char buffer[16384];
	struct group record, *found;
	const char *user = getenv("USER");

	if (user == NULL || getgrgid_r(group, &record, buffer, sizeof(buffer), &found) != 0 || found == NULL)
		return false;
	for (char **member = found->gr_mem; *member != NULL; member++)
		if (text_equal(*member, user))
			return true;
	return false;
}

static enum status no_permission(const char *path, struct error *reterr)
{
	struct stat about;
	char buffer[16384];
	struct group record, *found = NULL;

	if (stat(path, &about) == 0)
		getgrgid_r(about.st_gid, &record, buffer, sizeof(buffer), &found);
	error_set(reterr, STATUS_NO_PERMISSION, "no permission for %.200s%s%s", path,
		  found != NULL ? ": it belongs to group " : "",
		  found != NULL ? found->gr_name : "");
	if (found != NULL && about.st_gid != 0 && (about.st_mode & (S_IRGRP | S_IWGRP)) == (S_IRGRP | S_IWGRP)) {
		if (is_member_after_login(about.st_gid))
			return error_hint(reterr, "You are in group %s, but not in this session: log out and in again",
					  found->gr_name);
		return error_hint(reterr, "sudo adduser $USER %s, then log in again", found->gr_name);
	}
	return error_hint(reterr, "A udev rule gives it to group dialout: echo 'KERNEL==\"%.40s\", GROUP=\"dialout\", "
			  "MODE=\"0660\"' | sudo tee /etc/udev/rules.d/70-unbrick.rules; then plug it in again",
			  text_file_name(path));
}

enum status line_node_io_error(const char *path, const char *operation, int error_number, struct error *reterr)
{
	switch (error_number) {
	case EACCES:
	case EPERM:
		return no_permission(path, reterr);
	case EBUSY:
		return busy_by_someone(path, reterr);
	case ENOENT:
		error_set(reterr, STATUS_NOT_FOUND, "there is no port '%.200s'", path);
		return hint_at_ports(reterr);
	case ENXIO:
	case ENODEV:
	case EIO:
		error_set(reterr, STATUS_GONE, "cannot %s %.200s: %s", operation, path, strerror(error_number));
		return line_trouble_gone(&real, path, reterr);
	default:
		return error_set(reterr, STATUS_IO, "cannot %s %.200s: %s", operation, path, strerror(error_number));
	}
}

enum status line_node_lock(const char *path, int descriptor, struct error *reterr)
{
	if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
		return STATUS_OK;
	if (errno == EWOULDBLOCK)
		return busy_by_someone(path, reterr);
	return line_node_io_error(path, "lock", errno, reterr);
}

enum status line_node_open(const char *path, const struct line_settings *at_once, int *ret_descriptor, struct error *reterr)
{
	AUTO_CLOSE int descriptor = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct error ignored;	/* what cannot be set is told when it is set in earnest */
	enum status status;

	if (descriptor >= 0 && at_once != NULL)
		line_termios_apply(descriptor, path, at_once, &ignored);
	if (descriptor < 0)
		return line_node_io_error(path, "open", errno, reterr);
	if (!isatty(descriptor)) {
		error_set(reterr, STATUS_INVALID, "'%.200s' is not a serial port", path);
		return hint_at_ports(reterr);
	}
	status = line_node_lock(path, descriptor, reterr);
	if (status != STATUS_OK)
		return status;
	*ret_descriptor = TAKE_FD(descriptor);
	return STATUS_OK;
}
