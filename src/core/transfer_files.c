#include "src/core/transfer_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/text.h"

static enum status status_of(int number)
{
	if (number == ENOENT || number == ENOTDIR)
		return STATUS_NOT_FOUND;
	return number == EACCES || number == EPERM ? STATUS_NO_PERMISSION : STATUS_IO;
}

/* ---- sending ---- */

/* O_NONBLOCK: the open of a FIFO would wait for a writer. */
static enum status open_source(const char *path, int *ret_fd, struct stat *ret_about, struct error *reterr)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return error_set(reterr, status_of(errno), "cannot read '%s': %s", path, strerror(errno));
	if (fstat(fd, ret_about) != 0 || !S_ISREG(ret_about->st_mode)) {
		close(fd);
		return error_set(reterr, STATUS_INVALID, "'%s' is not a file", path);
	}
	*ret_fd = fd;
	return STATUS_OK;
}

/* All of them are looked at before the first byte is sent. */
enum status transfer_files_begin_sending(struct transfer_files *files, const char *const *paths, size_t count,
					 struct error *reterr)
{
	files->fd = -1;
	files->paths = paths;
	files->path_count = count;
	for (size_t i = 0; i < count; i++) {
		struct stat about;
		enum status status;
		int fd;

		if (strlen(paths[i]) >= sizeof(files->path) || strlen(text_file_name(paths[i])) >= TRANSFER_NAME_MAX)
			return error_set(reterr, STATUS_INVALID, "'%.100s...' is too long a name", paths[i]);
		status = open_source(paths[i], &fd, &about, reterr);
		if (status != STATUS_OK)
			return status;
		close(fd);
	}
	return STATUS_OK;
}

enum status transfer_files_next(struct transfer_files *files, struct transfer_file *ret_file, struct error *reterr)
{
	struct stat about;
	enum status status;

	if (files->fd >= 0)
		close(files->fd);
	files->fd = -1;
	files->buffered = 0;
	if (files->next >= files->path_count)
		return error_set(reterr, STATUS_NOT_FOUND, "there are no more files");
	text_copy(files->path, sizeof(files->path), files->paths[files->next++]);
	status = open_source(files->path, &files->fd, &about, reterr);
	if (status != STATUS_OK)
		return status;
	*ret_file = (struct transfer_file){
		.size = (uint64_t)about.st_size, .has_size = true, .modified = about.st_mtime
	};
	transfer_set_name(ret_file->name, bytes_of_text(text_file_name(files->path)));
	return STATUS_OK;
}

enum status transfer_files_read(struct transfer_files *files, uint64_t offset, uint8_t *to, size_t size,
				size_t *ret_size, struct error *reterr)
{
	size_t done = 0;

	while (done < size) {
		uint64_t at = offset + done;
		size_t count;
		ssize_t got;

		if (at >= files->buffer_at && at - files->buffer_at < files->buffered) {
			count = files->buffered - (size_t)(at - files->buffer_at);
			if (count > size - done)
				count = size - done;
			memcpy(to + done, files->buffer + (at - files->buffer_at), count);
			done += count;
			continue;
		}
		got = pread(files->fd, files->buffer, sizeof(files->buffer), (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(reterr, STATUS_IO, "cannot read '%s': %s", files->path, strerror(errno));
		files->buffer_at = at;
		files->buffered = (size_t)got;
		if (got == 0)
			break;
	}
	*ret_size = done;
	return STATUS_OK;
}

/* ---- receiving ---- */

static enum status refuse_existing(const struct transfer_files *files, const char *path, struct error *reterr)
{
	struct stat about;

	if (files->may_replace || lstat(path, &about) != 0)
		return STATUS_OK;
	error_set(reterr, STATUS_REFUSED, "'%s' is there already", path);
	return error_hint(reterr, "Give another place with --output, or --force to replace it");
}

enum status transfer_files_begin_receiving(struct transfer_files *files, const char *output, bool has_names,
					   bool may_replace, struct error *reterr)
{
	struct new_file *probe = NULL;
	struct stat about;
	enum status status;

	files->fd = -1;
	files->may_replace = may_replace;
	if (output == NULL && !has_names) {
		error_set(reterr, STATUS_INVALID, "this protocol tells no name for the file");
		return error_hint(reterr, "Give one with --output FILE");
	}
	if (output == NULL)
		output = ".";
	if (output[0] == '\0' || strlen(output) >= sizeof(files->output) - TRANSFER_NAME_MAX - 1)
		return error_set(reterr, STATUS_INVALID, "'%.100s' is no place for a file", output);
	text_copy(files->output, sizeof(files->output), output);
	files->is_folder = output[strlen(output) - 1] == '/' || (stat(output, &about) == 0 && S_ISDIR(about.st_mode));
	if (files->is_folder && !has_names) {
		error_set(reterr, STATUS_INVALID, "this protocol tells no name for the file in '%s'", output);
		return error_hint(reterr, "Give it with --output FILE");
	}
	if (!files->is_folder && refuse_existing(files, output, reterr) != STATUS_OK)
		return STATUS_REFUSED;
	if (files->is_folder)
		text_format(files->path, sizeof(files->path), "%s/unnamed", output);
	else
		text_copy(files->path, sizeof(files->path), output);
	status = new_file_begin(files->path, &probe, reterr);
	new_file_free(probe);
	return status;
}

static void set_path(struct transfer_files *files, const struct transfer_file *file)
{
	char name[TRANSFER_NAME_MAX];

	/* The protocol has done so already; that nothing leaves the folder shall not hang on each of them. */
	transfer_set_name(name, bytes_of_text(file->name));
	if (files->is_folder)
		text_format(files->path, sizeof(files->path), "%s%s%s", files->output,
			    files->output[strlen(files->output) - 1] == '/' ? "" : "/", name);
	else
		text_copy(files->path, sizeof(files->path), files->output);
}

/* What is wrong here is told by transfer_files_open(). */
uint64_t transfer_files_have(struct transfer_files *files, const struct transfer_file *file, uint32_t *ret_crc)
{
	struct error error;

	set_path(files, file);
	if ((files->had_file && !files->is_folder) || refuse_existing(files, files->path, &error) != STATUS_OK ||
	    files->file != NULL || new_file_begin_part(files->path, &files->file, &error) != STATUS_OK)
		return 0;
	*ret_crc = new_file_size(files->file) > 0 ? new_file_crc32(files->file) : 0;
	return new_file_size(files->file);
}

enum status transfer_files_open(struct transfer_files *files, const struct transfer_file *file, struct error *reterr)
{
	enum status status;

	if (!files->is_folder && files->had_file) {
		error_set(reterr, STATUS_INVALID, "a second file came, '%s', and --output names one file", file->name);
		return error_hint(reterr, "Give a folder with --output");
	}
	files->had_file = true;
	set_path(files, file);
	status = refuse_existing(files, files->path, reterr);
	if (status == STATUS_OK && files->file == NULL)
		status = (files->may_resume ? new_file_begin_part : new_file_begin)(files->path, &files->file, reterr);
	if (status == STATUS_OK && files->may_resume)
		status = new_file_cut(files->file, file->start, reterr);
	if (status == STATUS_OK && file->has_size)
		status = new_file_ask_room(files->file, file->size - (file->start < file->size ? file->start : file->size), reterr);
	return status;
}

static enum status flush(struct transfer_files *files, struct error *reterr)
{
	size_t size = files->buffered;

	files->buffered = 0;
	return new_file_append(files->file, bytes_of(files->buffer, size), reterr);
}

enum status transfer_files_append(struct transfer_files *files, struct bytes more, struct error *reterr)
{
	while (more.size > 0) {
		size_t room = sizeof(files->buffer) - files->buffered;
		size_t count = more.size < room ? more.size : room;
		enum status status;

		memcpy(files->buffer + files->buffered, more.data, count);
		files->buffered += count;
		more = bytes_from(more, count);
		if (files->buffered < sizeof(files->buffer))
			continue;
		status = flush(files, reterr);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status transfer_files_keep(struct transfer_files *files, struct error *reterr)
{
	enum status status = flush(files, reterr);

	if (status == STATUS_OK)
		status = new_file_keep(files->file, files->may_replace, reterr);
	new_file_free(files->file);
	files->file = NULL;
	if (status == STATUS_BUSY)
		return error_set(reterr, STATUS_REFUSED, "'%s' is there already: somebody made it meanwhile",
				 files->path);
	return status;
}

void transfer_files_end(struct transfer_files *files)
{
	if (files->fd >= 0)
		close(files->fd);
	files->fd = -1;
	if (files->file != NULL && files->may_resume && files->buffered > 0)
		flush(files, NULL);
	new_file_free(files->file);
	files->file = NULL;
}
