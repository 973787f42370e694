/* One member of an archive becomes a file: written under another name, compared, and only then there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/archive.h"

enum { WRITE_SIZE = 256 * 1024 };

struct extract {
	const char *key, *path;
	int fd;
	_Atomic uint64_t *written;
	uint8_t *buffer;
	bool is_read;		/* up to its end */
	struct error error;		/* our own, not the archive's */
};

static bool write_all(struct extract *extract, const uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t count = write(extract->fd, data, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			enum status status = count < 0 && (errno == ENOSPC || errno == EDQUOT) ? STATUS_NO_SPACE : STATUS_IO;

			error_set(&extract->error, status, "cannot write '%s': %s", extract->path, strerror(count < 0 ? errno : EIO));
			error_hint(&extract->error, status == STATUS_NO_SPACE ? "Make room on this disk: df -h" : "Look at the disk: dmesg");
			return false;
		}
		data += count;
		size -= (size_t)count;
		if (extract->written)
			atomic_fetch_add_explicit(extract->written, (uint64_t)count, memory_order_relaxed);
	}
	return true;
}

static enum archive_go refuse(struct extract *extract, const char *why)
{
	error_set(&extract->error, STATUS_INVALID, "cannot unpack '%.200s': %s", extract->key, why);
	error_hint(&extract->error, "Choose the firmware image in the archive");
	return ARCHIVE_GO_STOP;
}

/* Is it, or is it in, this member? */
static bool leads_to(const char *key, const char *wanted)
{
	size_t length = strlen(key);

	return strncmp(key, wanted, length) == 0 && (wanted[length] == '\0' || wanted[length] == '/');
}

static enum archive_go on_member(void *user, const struct archive_member *member, struct archive_stream *stream)
{
	struct extract *extract = user;
	ssize_t count;

	if (!text_equal(member->key, extract->key))
		return leads_to(member->key, extract->key) ? ARCHIVE_GO_INSIDE : ARCHIVE_GO_ON;
	if (member->kind != ARCHIVE_MEMBER_FILE)
		return refuse(extract, member->kind == ARCHIVE_MEMBER_FOLDER ? "it is a folder" : "it is a link or a device, no file");
	if (member->is_encrypted)
		return refuse(extract, "it is encrypted");
	while ((count = archive_stream_read(stream, extract->buffer, WRITE_SIZE)) > 0)
		if (!write_all(extract, extract->buffer, (size_t)count))
			return ARCHIVE_GO_STOP;
	extract->is_read = count == 0;
	return extract->is_read ? ARCHIVE_GO_CHECK : ARCHIVE_GO_STOP;
}

static enum status read_member(const struct archive_source *source, const struct archive_limits *limits, struct extract *extract,
			       struct error *reterr)
{
	enum status status = archive_walk(source, limits, on_member, extract, reterr);

	if (extract->error.status != STATUS_OK) {
		*reterr = extract->error;
		return extract->error.status;
	}
	/* A member before it whose checksum was wrong ends it too: a damaged archive is fetched again, not trusted in parts. */
	if (extract->is_read && (status == STATUS_OK || status == STATUS_UNSUPPORTED))
		return STATUS_OK;
	if (status != STATUS_OK)
		return status;
	error_set(reterr, STATUS_NOT_FOUND, "the archive has no member '%.200s'", extract->key);
	return error_hint(reterr, "Look at the names of its members again");
}

/* Onto the disk, and under its name, which nobody may have taken meanwhile. */
static enum status put_in_place(struct extract *extract, const char *temporary, struct error *reterr)
{
	AUTO_FREE char *folder = strdup(extract->path);
	AUTO_CLOSE int folder_fd = -1;
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (fsync(extract->fd) != 0)
		return error_set(reterr, STATUS_IO, "cannot write '%s': %s", extract->path, strerror(errno));
	if (link(temporary, extract->path) != 0) {
		if (errno != EEXIST && renameat2(AT_FDCWD, temporary, AT_FDCWD, extract->path, RENAME_NOREPLACE) == 0)
			return STATUS_OK;	/* a file system without links: a USB stick */
		return error_set(reterr, errno == EEXIST ? STATUS_BUSY : STATUS_IO, "cannot make '%s': %s", extract->path, strerror(errno));
	}
	if (slash) {
		*slash = '\0';
		folder_fd = open(slash == folder ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (folder_fd >= 0)
			fsync(folder_fd);
	}
	return STATUS_OK;
}

enum status archive_extract(const struct archive_source *source, const struct archive_limits *limits, const char *key, const char *to_path,
			    _Atomic uint64_t *written, struct error *reterr)
{
	AUTO_FREE uint8_t *buffer = malloc(WRITE_SIZE);
	AUTO_FREE char *temporary = NULL;
	AUTO_CLOSE int fd = -1;
	struct extract extract = { .key = key, .path = to_path, .written = written, .buffer = buffer };
	struct error scratch;
	enum status status;

	if (reterr == NULL)
		reterr = &scratch;
	if (buffer == NULL || asprintf(&temporary, "%s.part-%ld", to_path, (long)getpid()) < 0)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to unpack '%.200s'", key);
	if (access(to_path, F_OK) == 0)
		return error_set(reterr, STATUS_BUSY, "cannot make '%s': it is there already", to_path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		error_set(reterr, errno == EEXIST ? STATUS_BUSY : STATUS_IO, "cannot make '%s': %s", temporary, strerror(errno));
		return error_hint(reterr, "Check that the folder is there and may be written to");
	}
	extract.fd = fd;
	status = read_member(source, limits, &extract, reterr);
	if (status == STATUS_OK)
		status = put_in_place(&extract, temporary, reterr);
	unlink(temporary);	/* after a rename there is nothing to remove */
	return status;
}
