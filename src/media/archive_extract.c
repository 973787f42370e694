/* One member of an archive becomes a file: written under another name, compared, and only then there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/archive.h"
#include "src/media/new_file.h"

DEFINE_AUTO(new_file);

enum { WRITE_SIZE = 256 * 1024 };

struct extract {
	const char *key;
	struct new_file *file;
	_Atomic uint64_t *written;
	uint8_t *buffer;
	bool is_read;			/* up to its end */
	struct error error;		/* our own, not the archive's */
};

static enum archive_go refuse(struct extract *extract, const char *why)
{
	error_set(&extract->error, STATUS_INVALID, "cannot unpack '%.200s': %s", extract->key, why);
	error_hint(&extract->error, "Choose the firmware image in the archive");
	return ARCHIVE_GO_STOP;
}

static bool store(struct extract *extract, struct bytes more)
{
	if (new_file_append(extract->file, more, &extract->error) != STATUS_OK)
		return false;
	if (extract->written)
		atomic_store_explicit(extract->written, new_file_size(extract->file), memory_order_relaxed);
	return true;
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
	if (member->has_size && new_file_ask_room(extract->file, member->size, &extract->error) != STATUS_OK)
		return ARCHIVE_GO_STOP;
	while ((count = archive_stream_read(stream, extract->buffer, WRITE_SIZE)) > 0)
		if (!store(extract, bytes_of(extract->buffer, (size_t)count)))
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

enum status archive_extract(const struct archive_source *source, const struct archive_limits *limits, const char *key, const char *to_path,
			    _Atomic uint64_t *written, struct error *reterr)
{
	AUTO_FREE uint8_t *buffer = malloc(WRITE_SIZE);
	AUTO(new_file) file = NULL;
	struct extract extract = { .key = key, .written = written, .buffer = buffer };
	struct error scratch;
	enum status status;

	if (reterr == NULL)
		reterr = &scratch;
	if (buffer == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to unpack '%.200s'", key);
	status = new_file_begin(to_path, &file, reterr);
	if (status != STATUS_OK)
		return status;
	extract.file = file;
	status = read_member(source, limits, &extract, reterr);
	return status == STATUS_OK ? new_file_keep(file, false, reterr) : status;
}
