#include "src/media/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "src/base/cleanup.h"
#include "src/base/crc.h"
#include "src/base/text.h"

static const char PART_ENDING[] = ".part";

enum { NAME_TRIES = 16, COMPARE_SIZE = 64 * 1024 };

struct new_file {
	char folder[PATH_MAX];
	char name[NAME_MAX + 1];	/* the target's, in folder */
	char temporary[NAME_MAX + 1];
	int folder_fd;
	int fd;
	uint64_t size;
	bool is_kept, is_part;
};

void new_file_free(struct new_file *file)
{
	if (file == NULL)
		return;
	if (file->fd >= 0) {
		close(file->fd);
		if (!file->is_kept && !(file->is_part && file->size > 0))
			unlinkat(file->folder_fd, file->temporary, 0);
	}
	if (file->folder_fd >= 0)
		close(file->folder_fd);
	free(file);
}

DEFINE_AUTO(new_file);

static enum status split(struct new_file *file, const char *target, struct error *reterr)
{
	const char *slash = strrchr(target, '/'), *name = slash ? slash + 1 : target;

	if (name[0] == '\0' || text_equal(name, ".") || text_equal(name, "..")) {
		error_set(reterr, STATUS_INVALID, "cannot store at '%s': that is a folder", target);
		return error_hint(reterr, "Give the name of the file, too");
	}
	if (strlen(name) > NAME_MAX || (size_t)(name - target) >= sizeof(file->folder))
		return error_set(reterr, STATUS_INVALID, "cannot store at '%.100s...': the name is too long", target);
	text_copy(file->name, sizeof(file->name), name);
	if (slash == NULL)
		text_copy(file->folder, sizeof(file->folder), ".");
	else
		text_format(file->folder, sizeof(file->folder), "%.*s", (int)(slash == target ? 1 : slash - target),
			    target);
	return STATUS_OK;
}

/* The name is of this program and not to be guessed; O_EXCL refuses what somebody put there all the same. */
static int create(struct new_file *file)
{
	uint64_t number;

	for (int i = 0; i < NAME_TRIES; i++) {
		int fd;

		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -1;
		text_format(file->temporary, sizeof(file->temporary), ".unbrick-%016" PRIx64 ".part", number);
		fd = openat(file->folder_fd, file->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

enum status new_file_begin(const char *target, struct new_file **ret_file, struct error *reterr)
{
	AUTO(new_file) file = calloc(1, sizeof(*file));
	enum status status;
	struct stat about;

	if (file == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to store '%s'", target);
	file->fd = file->folder_fd = -1;
	status = split(file, target, reterr);
	if (status != STATUS_OK)
		return status;
	file->folder_fd = open(file->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->folder_fd >= 0) {
		if (fstatat(file->folder_fd, file->name, &about, 0) == 0 && S_ISDIR(about.st_mode)) {
			error_set(reterr, STATUS_INVALID, "cannot store at '%s': that is a folder", target);
			return error_hint(reterr, "Give the name of the file, too");
		}
		file->fd = create(file);
	}
	if (file->fd < 0) {
		status = error_set(reterr, status_of_errno(errno), "cannot make a file in '%s': %s", file->folder,
				   strerror(errno));
		error_hint(reterr, "Choose a folder that is there, that you may write to, and that has room");
		return status;
	}
	*ret_file = TAKE(file);
	return STATUS_OK;
}

/* A link or a device in its place is not written to, nor a file that has another name or owner as well. */
static enum status open_part(struct new_file *file, const char *target, struct error *reterr)
{
	struct stat about;

	text_format(file->temporary, sizeof(file->temporary), "%s%s", file->name, PART_ENDING);
	file->fd = openat(file->folder_fd, file->temporary, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			  0600);
	if (file->fd < 0 && errno != ELOOP)
		return error_set(reterr, status_of_errno(errno), "cannot open '%s%s': %s", target, PART_ENDING, strerror(errno));
	if (file->fd < 0 || fstat(file->fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_nlink != 1 ||
	    about.st_uid != geteuid()) {
		error_set(reterr, STATUS_REFUSED, "'%s%s' is no part of a file that was begun here", target, PART_ENDING);
		return error_hint(reterr, "Move it away, or store the file elsewhere");
	}
	if (flock(file->fd, LOCK_EX | LOCK_NB) != 0)
		return error_set(reterr, STATUS_BUSY, "'%s%s' is being written by another program", target, PART_ENDING);
	file->size = (uint64_t)about.st_size;
	return lseek(file->fd, 0, SEEK_END) < 0 ? error_set(reterr, STATUS_IO, "cannot use '%s%s'", target, PART_ENDING) : STATUS_OK;
}

enum status new_file_begin_part(const char *target, struct new_file **ret_file, struct error *reterr)
{
	AUTO(new_file) file = calloc(1, sizeof(*file));
	enum status status;

	if (file == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to store '%s'", target);
	file->fd = file->folder_fd = -1;
	file->is_part = file->is_kept = true;	/* until it is known to be ours */
	status = split(file, target, reterr);
	if (status != STATUS_OK)
		return status;
	if (strlen(file->name) + sizeof(PART_ENDING) > sizeof(file->temporary))
		return error_set(reterr, STATUS_INVALID, "cannot store at '%.100s...': the name is too long", target);
	file->folder_fd = open(file->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->folder_fd < 0)
		return error_set(reterr, status_of_errno(errno), "cannot make a file in '%s': %s", file->folder, strerror(errno));
	status = open_part(file, target, reterr);
	if (status != STATUS_OK)
		return status;
	file->is_kept = false;
	*ret_file = TAKE(file);
	return STATUS_OK;
}

enum status new_file_ask_room(const struct new_file *file, uint64_t size, struct error *reterr)
{
	char needed[24], there[24];
	struct statvfs about;
	uint64_t room;

	if (fstatvfs(file->fd, &about) != 0 || about.f_blocks == 0)
		return STATUS_OK;
	room = (uint64_t)about.f_bavail * about.f_frsize;
	if (room >= size)
		return STATUS_OK;
	error_set(reterr, STATUS_NO_SPACE, "cannot store '%s': it needs %s, and the disk at '%s' has %s left",
		  file->name, text_size(needed, sizeof(needed), size), file->folder,
		  text_size(there, sizeof(there), room));
	return error_hint(reterr, "Free %s there, or store it on another disk",
			  text_size(needed, sizeof(needed), size - room));
}

enum status new_file_append(struct new_file *file, struct bytes more, struct error *reterr)
{
	while (more.size > 0) {
		ssize_t count = write(file->fd, more.data, more.size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			enum status status = status_of_errno(errno);

			error_set(reterr, status, "cannot write to the disk at '%s': %s", file->folder,
				  strerror(errno));
			if (status == STATUS_NO_SPACE)
				error_hint(reterr, "Free some room there, or store the file on another disk");
			return status;
		}
		more = bytes_from(more, (size_t)count);
		file->size += (uint64_t)count;
	}
	return STATUS_OK;
}

uint64_t new_file_size(const struct new_file *file)
{
	return file->size;
}

static size_t read_at(int fd, uint8_t *to, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = pread(fd, to + done, size - done, (off_t)(offset + done));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		done += (size_t)count;
	}
	return done;
}

char *new_file_place(const struct new_file *file, char *to, size_t size)
{
	text_format(to, size, "%s/%s", file->folder, file->temporary);
	return to;
}

size_t new_file_head(const struct new_file *file, uint8_t *to, size_t size)
{
	return read_at(file->fd, to, size, 0);
}

uint32_t new_file_crc32(const struct new_file *file)
{
	uint8_t block[16 * 1024];
	uint32_t crc = 0;
	size_t size;

	for (uint64_t at = 0; (size = read_at(file->fd, block, sizeof(block), at)) > 0; at += size)
		crc = crc32_update(crc, bytes_of(block, size));
	return crc;
}

enum status new_file_cut(struct new_file *file, uint64_t size, struct error *reterr)
{
	if (ftruncate(file->fd, (off_t)size) != 0 || lseek(file->fd, (off_t)size, SEEK_SET) < 0)
		return error_set(reterr, STATUS_IO, "cannot shorten '%s/%s': %s", file->folder, file->temporary,
				 strerror(errno));
	file->size = size;
	return STATUS_OK;
}

bool new_file_is_same_as(const struct new_file *file, const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	AUTO_FREE uint8_t *ours = malloc(COMPARE_SIZE);
	AUTO_FREE uint8_t *theirs = malloc(COMPARE_SIZE);
	struct stat about;

	if (fd < 0 || ours == NULL || theirs == NULL || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) ||
	    (uint64_t)about.st_size != file->size)
		return false;
	for (uint64_t at = 0; at < file->size; at += COMPARE_SIZE) {
		size_t size = file->size - at < COMPARE_SIZE ? (size_t)(file->size - at) : COMPARE_SIZE;

		if (read_at(file->fd, ours, size, at) != size || read_at(fd, theirs, size, at) != size ||
		    memcmp(ours, theirs, size) != 0)
			return false;
	}
	return true;
}

/* From the kernel: umask() would have to change it to read it, for all threads at once. 0600 where it does not tell
 * (Linux before 4.7). */
static mode_t usual_mode(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned mask = 0077;
	char line[256];

	if (status == NULL)
		return 0600;
	while (fgets(line, sizeof(line), status) != NULL)
		if (sscanf(line, "Umask: %o", &mask) == 1)
			break;
	fclose(status);
	return 0666 & ~(mode_t)mask;
}

/* A second name instead of a renaming, for link() never replaces. FAT and some network file systems know no second
 * names: there a file that somebody makes in between would be replaced. */
static int name_new(const struct new_file *file)
{
	struct stat about;

	if (linkat(file->folder_fd, file->temporary, file->folder_fd, file->name, 0) == 0) {
		unlinkat(file->folder_fd, file->temporary, 0);
		return 0;
	}
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
		return -1;
	if (fstatat(file->folder_fd, file->name, &about, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(file->folder_fd, file->temporary, file->folder_fd, file->name);
}

enum status new_file_keep(struct new_file *file, bool may_replace, struct error *reterr)
{
	int failed;

	/* a file system without modes (FAT) refuses fchmod: no harm */
	if (fchmod(file->fd, usual_mode()) != 0 && errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP)
		return error_set(reterr, STATUS_IO, "cannot set the mode of '%s': %s", file->name, strerror(errno));
	if (fsync(file->fd) != 0)
		return error_set(reterr, status_of_errno(errno), "cannot write '%s' to the disk: %s", file->name,
				 strerror(errno));
	failed = may_replace ? renameat(file->folder_fd, file->temporary, file->folder_fd, file->name) : name_new(file);
	if (failed != 0 && errno == EEXIST)
		return error_set(reterr, STATUS_BUSY, "'%s/%s' is there already", file->folder, file->name);
	if (failed != 0)
		return error_set(reterr, status_of_errno(errno), "cannot name the file '%s': %s", file->name,
				 strerror(errno));
	file->is_kept = true;
	fsync(file->folder_fd);
	return STATUS_OK;
}
