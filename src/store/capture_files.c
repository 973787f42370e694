#include "src/store/capture_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/folders.h"

static void hint_room(const char *path, struct error *reterr)
{
	char folder[CAPTURE_PATH_SIZE], room[32];

	folder_room(folder_of(path, folder, sizeof(folder)), room, sizeof(room));
	error_hint(reterr, "Make room where %.120s is (%s free); the session goes on, and so does the log when there is room", path, room);
}

enum status capture_error(const char *path, const char *doing, int number, struct error *reterr)
{
	enum status status = error_set(reterr, status_of_errno(number), "cannot %s log '%s': %s", doing, path, strerror(number));

	if (status == STATUS_NO_SPACE)
		hint_room(path, reterr);
	else if (status == STATUS_NO_PERMISSION)
		error_hint(reterr, "Give yourself write permission there, or set XDG_STATE_HOME to a folder that you can write in");
	return status;
}

/* A name may come from a port or a device: it stays in the folder and needs no quoting in a shell. */
static void safe_name(char *to, size_t size, const char *name)
{
	text_copy(to, size, name);
	for (char *at = to; *at != '\0'; at++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+", *at) == NULL)
			*at = '_';
	if (to[0] == '.' || to[0] == '-')
		to[0] = '_';
}

enum status capture_place_begin(struct capture_place *place, const char *folder, const char *name, struct error *reterr)
{
	int number;

	if (folder[0] == '\0' || name[0] == '\0' || strlen(folder) >= CAPTURE_PATH_SIZE - CAPTURE_NAME_SIZE - 16)
		return error_set(reterr, STATUS_INVALID, "cannot make log '%.100s/%.100s': the name is empty or too long", folder, name);
	text_copy(place->folder, sizeof(place->folder), folder);
	safe_name(place->name, sizeof(place->name), name);
	number = folder_make(folder);
	return number == 0 ? STATUS_OK : capture_error(folder, "make the folder of the", number, reterr);
}

void capture_place_path(const struct capture_place *place, unsigned number, const char *ending, char to[CAPTURE_PATH_SIZE])
{
	if (number == 1)
		text_format(to, CAPTURE_PATH_SIZE, "%s/%s.%s", place->folder, place->name, ending);
	else
		text_format(to, CAPTURE_PATH_SIZE, "%s/%s-%u.%s", place->folder, place->name, number, ending);
}

static int make_new(const struct capture_place *place, unsigned number, const char *ending, char path[CAPTURE_PATH_SIZE])
{
	capture_place_path(place, number, ending, path);
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

enum status capture_files_make(const struct capture_place *place, unsigned first_number, struct capture_files *ret_files, struct error *reterr)
{
	char times_path[CAPTURE_PATH_SIZE];

	for (unsigned number = first_number; number <= CAPTURE_NUMBERS; number++) {
		ret_files->number = number;
		ret_files->raw_fd = make_new(place, number, "raw", ret_files->path);
		if (ret_files->raw_fd < 0 && errno == EEXIST)
			continue;
		if (ret_files->raw_fd < 0)
			return capture_error(ret_files->path, "make", errno, reterr);
		ret_files->times_fd = make_new(place, number, "times", times_path);
		if (ret_files->times_fd >= 0)
			return STATUS_OK;
		/* a lone index of that number is somebody's too; the .raw file was made here and is empty */
		int why = errno;
		unlink(ret_files->path);
		close(TAKE_FD(ret_files->raw_fd));
		if (why != EEXIST)
			return capture_error(times_path, "make", why, reterr);
	}
	error_set(reterr, STATUS_INVALID, "cannot make log '%s/%s.raw': there are %d of that name", place->folder, place->name, CAPTURE_NUMBERS);
	error_hint(reterr, "Move old logs out of that folder");
	return STATUS_INVALID;
}

bool capture_times_path(const char *raw_path, char *to, size_t size)
{
	size_t length = strlen(raw_path);

	if (length >= 4 && strcmp(raw_path + length - 4, ".raw") == 0)
		length -= 4;
	return (size_t)snprintf(to, size, "%.*s.times", (int)length, raw_path) < size;
}

/* The length that it has is where these bytes begin. The lock is what keeps two programs from writing over each other. */
enum status capture_file_append(const char *path, int *ret_fd, uint64_t *ret_size, struct error *reterr)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
	struct stat about;

	if (fd < 0 && errno != EISDIR)
		return capture_error(path, "open", errno, reterr);
	if (fd < 0 || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
		error_set(reterr, STATUS_INVALID, "cannot keep a log in '%s': it is no plain file", path);
		return error_hint(reterr, "Name a file; a pipe can have standard output");
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		error_set(reterr, STATUS_BUSY, "cannot keep a log in '%s': another program is writing there", path);
		return error_hint(reterr, "Name another file, or end the other program");
	}
	*ret_size = (uint64_t)about.st_size;
	*ret_fd = TAKE_FD(fd);
	return STATUS_OK;
}

void capture_files_drop(const struct capture_files *files)
{
	char times_path[CAPTURE_PATH_SIZE];

	unlink(files->path);
	if (capture_times_path(files->path, times_path, sizeof(times_path)))
		unlink(times_path);
	close(files->raw_fd);
	close(files->times_fd);
}
