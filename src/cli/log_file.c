#include "src/cli/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

struct log_file {
	const char *path;
	int fd;
	bool is_stdin;
	bool is_regular;
	off_t begin; /* of a regular file: standard input may have been read before us */
	FILE *kept; /* of a pipe; NULL: not kept (any more) */
	uint64_t size; /* read so far in the first pass */
	bool is_again;
	uint64_t left; /* of the second pass */
	uint8_t part[LOG_FILE_PART];
};

DEFINE_AUTO(log_file);

const char *log_file_name(const struct log_file *log)
{
	return log->is_stdin ? "standard input" : log->path;
}

static enum status cannot_open(const char *path, int number, struct error *reterr)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR:
		error_set(reterr, STATUS_NOT_FOUND, "cannot read '%s': there is no such file", path);
		return error_hint(reterr, "name a log file, or - for standard input");
	case EACCES:
		error_set(reterr, STATUS_NO_PERMISSION, "cannot read '%s': no permission", path);
		return error_hint(reterr, "ls -l shows who may read it");
	default: return error_set(reterr, STATUS_IO, "cannot read '%s': %s", path, strerror(number));
	}
}

static enum status wrong_kind(const struct log_file *log, mode_t mode, struct error *reterr)
{
	if (S_ISDIR(mode)) {
		error_set(reterr, STATUS_INVALID, "cannot read %s: it is a folder, not a log", log_file_name(log));
		return error_hint(reterr, "name one of the files in it");
	}
	error_set(reterr, STATUS_INVALID, "cannot read %s: it is a device, not a log", log_file_name(log));
	return error_hint(reterr, "to watch a serial line: unbrick recover --port, or the full-screen console");
}

/* A device is looked at before it is opened: opening a serial port may move its modem lines and wait for a carrier. */
static enum status open_path(struct log_file *log, struct error *reterr)
{
	struct stat about;

	if (stat(log->path, &about) != 0)
		return cannot_open(log->path, errno, reterr);
	if (!S_ISREG(about.st_mode) && !S_ISFIFO(about.st_mode))
		return wrong_kind(log, about.st_mode, reterr);
	log->fd = open(log->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return log->fd >= 0 ? STATUS_OK : cannot_open(log->path, errno, reterr);
}

enum status log_file_open(const char *path, struct log_file **ret_log, struct error *reterr)
{
	AUTO(log_file) log = calloc(1, sizeof(*log));
	enum status status = STATUS_OK;
	struct stat about;

	if (log == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for reading a log");
	log->path = path;
	log->is_stdin = text_equal(path, "-");
	log->fd = log->is_stdin ? STDIN_FILENO : -1;
	if (!log->is_stdin)
		status = open_path(log, reterr);
	if (status != STATUS_OK)
		return status;
	if (fstat(log->fd, &about) != 0)
		return cannot_open(log_file_name(log), errno, reterr);
	if (S_ISDIR(about.st_mode))
		return wrong_kind(log, about.st_mode, reterr);
	log->begin = lseek(log->fd, 0, SEEK_CUR);
	log->is_regular = S_ISREG(about.st_mode) && log->begin >= 0;
	if (!log->is_regular)
		log->kept = tmpfile();
	*ret_log = TAKE(log);
	return STATUS_OK;
}

void log_file_free(struct log_file *log)
{
	if (log == NULL)
		return;
	if (log->kept)
		fclose(log->kept);
	if (!log->is_stdin && log->fd >= 0)
		close(log->fd);
	free(log);
}

/* What cannot be kept (too much, a full disk) costs the neighbours of the decisive lines, not the verdict. */
static void keep(struct log_file *log, size_t size)
{
	if (log->kept == NULL)
		return;
	if (log->size + size <= LOG_FILE_KEPT_MAX && fwrite(log->part, 1, size, log->kept) == size)
		return;
	fclose(log->kept);
	log->kept = NULL;
}

enum status log_file_read(struct log_file *log, struct bytes *ret_part, struct error *reterr)
{
	size_t wanted = log->is_again && log->left < sizeof(log->part) ? (size_t)log->left : sizeof(log->part);
	size_t size = 0;

	if (log->is_again && log->kept)
		size = fread(log->part, 1, wanted, log->kept);
	while (size < wanted && !(log->is_again && log->kept)) {
		ssize_t got = read(log->fd, log->part + size, wanted - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(reterr, STATUS_IO, "cannot read %s: %s", log_file_name(log), strerror(errno));
		if (got == 0)
			break;
		size += (size_t)got;
	}
	if (log->is_again) {
		log->left -= size;
	} else {
		keep(log, size);
		log->size += size;
	}
	*ret_part = bytes_of(log->part, size);
	return STATUS_OK;
}

enum status log_file_wait(struct log_file *log, int timeout_ms, struct bytes *ret_part, bool *ret_end,
			  struct error *reterr)
{
	struct pollfd wait = { .fd = log->fd, .events = POLLIN };
	int ready = poll(&wait, 1, timeout_ms);
	ssize_t got;

	*ret_part = bytes_of(log->part, 0);
	*ret_end = ready < 0 && errno == EINTR;
	if (ready == 0 || *ret_end)
		return STATUS_OK;
	got = ready < 0 ? -1 : read(log->fd, log->part, sizeof(log->part));
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return STATUS_OK;
	if (got < 0)
		return error_set(reterr, STATUS_IO, "cannot read %s: %s", log_file_name(log), strerror(errno));
	keep(log, (size_t)got);
	log->size += (size_t)got;
	*ret_end = got == 0;
	*ret_part = bytes_of(log->part, (size_t)got);
	return STATUS_OK;
}

bool log_file_rewind(struct log_file *log)
{
	if (log->is_regular ? lseek(log->fd, log->begin, SEEK_SET) < 0
			    : log->kept == NULL || fflush(log->kept) != 0 || fseek(log->kept, 0, SEEK_SET) != 0)
		return false;
	log->is_again = true;
	log->left = log->size;
	return true;
}
