/* One open archive of a walk: where its bytes come from, and its current member. */
#include "src/media/archive_level.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/digest.h"

enum {
	RETRIES_MAX = 8,
	HEADER_MAX = 64 << 20,	/* bytes taken to come to the next member: libarchive 3.6 keeps a cpio's name in memory, of any length */
};

/* ---- what is wrong ---- */

void walk_fail(struct walk *walk, const struct error *error)
{
	if (walk->error.status == STATUS_OK || (walk->error.status == STATUS_UNSUPPORTED && error->status != STATUS_UNSUPPORTED))
		walk->error = *error;
}

void walk_end(struct walk *walk, const struct error *error)
{
	if (!walk->is_over)
		walk->error = *error;
	walk->is_over = true;
}

static bool can_seek(const struct archive_level *level)
{
	return level->memory != NULL || level->below == NULL;
}

/* Of one that can seek. */
static uint64_t size_of(const struct archive_level *level)
{
	return level->memory ? level->memory_size : level->walk->source_size;
}

/* Where in it: the member while there is one. reason: the library's words, or NULL. What stands in a member is an archive by its looks
 * only: what is wrong with that is no damage of the archive that holds it. */
static void tell_damage(struct archive_level *level, const char *reason)
{
	enum status status = level->depth > 1 ? STATUS_UNSUPPORTED : STATUS_INVALID;
	const char *what = level->name[0] ? level->name : "the archive";
	char words[160], where[ARCHIVE_KEY_MAX + 32] = "";
	struct error error;

	level->is_bad = true;
	if (level->has_failed)
		return;		/* by what it is read from, and told there */
	text_printable(words, sizeof(words), bytes_of_text(reason ? reason : "no more is known"));
	if (level->has_member)
		text_format(where, sizeof(where), " in the middle of '%.200s'", level->member.name);
	/* libarchive has no words for a place that it was sent to and that is not there. */
	if (level->has_ended || level->is_short || (reason == NULL && can_seek(level) && level->at == size_of(level))) {
		error_set(&error, status, "'%.120s' ends%s, at byte %" PRIu64, what, where[0] ? where : " too early", level->at);
		error_hint(&error, "The download was cut off? Fetch it again and compare its size");
	} else {
		error_set(&error, status, "'%.120s' is damaged%s, near byte %" PRIu64 ": %s", what, where, level->at, words);
		error_hint(&error, "Fetch it again, without resuming the old download");
	}
	walk_fail(level->walk, &error);
}

/* Bytes that came out of a level. false: the walk is over. */
static bool account(struct walk *walk, size_t count)
{
	const struct archive_limits *limits = &walk->limits;
	struct error error;
	char text[32];

	walk->unpacked += count;
	if (walk->is_over)
		return false;
	if (walk->source->cancel && atomic_load_explicit(walk->source->cancel, memory_order_relaxed))
		error_set(&error, STATUS_CANCELLED, "looking into the archive was cancelled");
	else if (walk->unpacked > limits->unpacked)
		error_set(&error, STATUS_REFUSED, "the archive unpacks to more than %s", text_size(text, sizeof(text), limits->unpacked));
	else if (walk->unpacked > limits->ratio_from && walk->unpacked / limits->ratio > walk->taken)
		error_set(&error, STATUS_REFUSED, "the archive unpacks to more than %" PRIu64 " times its size: no firmware does", limits->ratio);
	else
		return true;
	if (error.status == STATUS_REFUSED)
		error_hint(&error, "If you trust it, unpack it by hand and give the image file itself");
	walk_end(walk, &error);
	return false;
}

/* ---- its bytes ---- */

static ssize_t fetch_from_source(struct walk *walk, uint64_t at, void *to, size_t size)
{
	uint64_t left = at < walk->source_size ? walk->source_size - at : 0;
	struct error error;

	if (size > left)
		size = (size_t)left;
	if (walk->source->file == NULL) {
		if (size > 0)
			memcpy(to, walk->bytes.data + at, size);
	} else if (size > 0 && image_file_read(walk->source->file, at, to, size, &error) != STATUS_OK) {
		walk_end(walk, &error);
		return -1;
	}
	walk->taken += size;
	if (walk->source->progress)
		atomic_store_explicit(walk->source->progress, walk->taken < walk->source_size ? walk->taken : walk->source_size, memory_order_relaxed);
	return account(walk, 0) ? (ssize_t)size : -1;
}

/* Into the buffer, behind what is to be kept of it. 0: the end; -1: cannot be had. */
static ssize_t fetch(struct archive_level *level, size_t keep)
{
	uint8_t *to = level->buffer + keep;
	size_t size = sizeof(level->buffer) - keep;
	ssize_t count;

	if (level->has_failed)
		return -1;
	if (level->memory) {
		uint64_t left = level->at < level->memory_size ? level->memory_size - level->at : 0;

		count = (ssize_t)(left < size ? left : size);
		if (count > 0)
			memcpy(to, level->memory + level->at, (size_t)count);
	} else if (level->below) {
		count = level_read(level->below, to, size);
	} else {
		count = fetch_from_source(level->walk, level->at, to, size);
	}
	level->has_ended = count == 0;
	level->has_failed = count < 0;
	if (count > 0)
		level->at += (uint64_t)count;
	return count;
}

bool level_peek(struct archive_level *level, uint64_t at, uint8_t *to, size_t size)
{
	const uint8_t *bytes = level->memory ? level->memory : level->walk->source->file ? NULL : level->walk->source->bytes.data;
	struct error error;

	if (!can_seek(level) || at > size_of(level) || size > size_of(level) - at)
		return false;
	if (bytes == NULL)
		return image_file_read(level->walk->source->file, at, to, size, &error) == STATUS_OK;
	memcpy(to, bytes + at, size);
	return true;
}

static la_ssize_t on_read(struct archive *reader, void *user, const void **ret_data)
{
	struct archive_level *level = user;
	ssize_t count = level->header_left > 0 ? fetch(level, 0) : -1;

	level->header_left -= count > 0 && level->is_in_header ? (size_t)count < level->header_left ? (size_t)count : level->header_left : 0;
	*ret_data = level->buffer;
	if (count < 0)
		level->library->set_error(reader, EIO, "%s", level->header_left > 0 ? "what it is read from ended" : "the next member's header has no end");
	return count < 0 ? ARCHIVE_FATAL : count;
}

static la_int64_t on_seek(struct archive *reader, void *user, la_int64_t offset, int whence)
{
	struct archive_level *level = user;
	int64_t size = (int64_t)size_of(level);
	int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t)level->at : size;

	(void)reader;
	/* An offset in the archive is a claim. */
	if (offset > INT64_MAX - from || from + offset < 0)
		return ARCHIVE_FATAL;
	level->is_short = level->is_short || from + offset > size;
	level->has_ended = false;
	level->at = (uint64_t)(from + offset > size ? size : from + offset);
	return (la_int64_t)level->at;
}

static la_int64_t on_skip(struct archive *reader, void *user, la_int64_t count)
{
	struct archive_level *level = user;
	uint64_t left = level->at < size_of(level) ? size_of(level) - level->at : 0;

	(void)reader;
	if (count < 0)
		return 0;
	if ((uint64_t)count > left)
		count = (la_int64_t)left;
	level->at += (uint64_t)count;
	return count;
}

/* ---- opening ---- */

static int support(const struct archive_library *library, struct archive *reader, enum container container)
{
	switch (container) {
	case CONTAINER_ZIP:
		return library->read_support_format_zip(reader);
	case CONTAINER_7Z:
		return library->read_support_format_7zip(reader);
	case CONTAINER_RAR:
		return library->read_support_format_rar(reader) == ARCHIVE_OK ? library->read_support_format_rar5(reader) : ARCHIVE_FATAL;
	case CONTAINER_TAR:
		return library->read_support_format_tar(reader);
	case CONTAINER_CPIO:
		return library->read_support_format_cpio(reader);
	case CONTAINER_XZ:
		library->read_support_format_raw(reader);
		return library->read_support_filter_xz(reader);
	case CONTAINER_BZIP2:
		library->read_support_format_raw(reader);
		return library->read_support_filter_bzip2(reader);
	case CONTAINER_ZSTD:
		library->read_support_format_raw(reader);
		return library->read_support_filter_zstd(reader);
	default:
		return ARCHIVE_FATAL;
	}
}

static bool load_library(struct archive_level *level)
{
	struct walk *walk = level->walk;
	struct error error;

	if (!walk->has_library && archive_library_load(&walk->library, &error) != STATUS_OK)
		walk_fail(walk, &error);
	else
		walk->has_library = true;
	level->library = &walk->library;
	return walk->has_library;
}

static bool open_reader(struct archive_level *level)
{
	const struct archive_library *library;
	struct error error;

	if (!load_library(level))
		return false;
	library = level->library;
	level->reader = library->read_new();
	/* A filter that libarchive was built without would start a program for it: that is a warning, and not wanted. */
	if (level->reader == NULL || support(library, level->reader, level->container) != ARCHIVE_OK) {
		error_set(&error, STATUS_UNSUPPORTED, "'%.120s' cannot be looked into: libarchive here does not read %s", level->name,
			  container_name(level->container));
		error_hint(&error, "Unpack it by hand and give the image file itself");
		walk_fail(level->walk, &error);
		return false;
	}
	library->read_set_read_callback(level->reader, on_read);
	library->read_set_callback_data(level->reader, level);
	if (can_seek(level)) {
		library->read_set_seek_callback(level->reader, on_seek);
		library->read_set_skip_callback(level->reader, on_skip);
	}
	/* Where the compression is not taken for what it is, because there is too little of it, raw would show it as it is. */
	if (library->read_open1(level->reader) == ARCHIVE_OK &&
	    (library->filter_count(level->reader) > 1 || !container_is_compression(level->container)))
		return true;
	tell_damage(level, library->error_string(level->reader));
	return false;
}

static void level_free(struct archive_level *level)
{
	if (level == NULL)
		return;
	if (level->reader != NULL)
		level->library->read_free(level->reader);
	if (level->is_zip_begun)
		inflateEnd(&level->zip);
	free(level->memory);
	free(level);
}

bool level_push(struct walk *walk, enum container container, const char *name, const char *prefix, unsigned depth, uint8_t *memory,
		size_t memory_size)
{
	struct archive_level *level = calloc(1, sizeof(*level));
	struct error error;

	if (level == NULL || walk->level_count == ARCHIVE_LEVELS) {
		free(memory);
		free(level);
		error_set(&error, STATUS_NO_MEMORY, "no memory to look into the archive");
		walk_end(walk, &error);
		return false;
	}
	level->walk = walk;
	level->below = walk->level_count ? walk->level[walk->level_count - 1] : NULL;
	level->container = container;
	level->depth = depth;
	level->header_left = HEADER_MAX;
	level->memory = memory;
	level->memory_size = memory_size;
	text_copy(level->name, sizeof(level->name), name);
	text_copy(level->prefix, sizeof(level->prefix), prefix);
	if (container == CONTAINER_GZIP)
		level->is_zip_begun = inflateInit2(&level->zip, 16 + MAX_WBITS) == Z_OK;	/* 16: gzip's header and trailer */
	if (container == CONTAINER_GZIP ? level->is_zip_begun : open_reader(level)) {
		walk->level[walk->level_count++] = level;
		return true;
	}
	level_free(level);
	return false;
}

void level_pop(struct walk *walk)
{
	level_free(walk->level[--walk->level_count]);
}

/* ---- gzip ---- */

/* More compressed bytes behind those that are left. */
static ssize_t gzip_fetch(struct archive_level *level)
{
	z_stream *zip = &level->zip;
	ssize_t count;

	if (zip->avail_in > 0)
		memmove(level->buffer, zip->next_in, zip->avail_in);
	count = fetch(level, zip->avail_in);
	zip->next_in = level->buffer;
	if (count > 0)
		zip->avail_in += (uInt)count;
	return count;
}

/* RFC 1952, 2.2: a file may be several members, one behind the other. What else follows (padding, a signature) is not its own. */
static bool gzip_begins_again(struct archive_level *level)
{
	z_stream *zip = &level->zip;

	if (zip->avail_in < 2 && gzip_fetch(level) < 0)
		return false;
	return zip->avail_in >= 2 && zip->next_in[0] == 0x1f && zip->next_in[1] == 0x8b && inflateReset(zip) == Z_OK;
}

static ssize_t gzip_read(struct archive_level *level, void *to, size_t size)
{
	z_stream *zip = &level->zip;
	int result = Z_OK;

	zip->next_out = to;
	zip->avail_out = (uInt)(size < UINT16_MAX + 1 ? size : UINT16_MAX + 1);
	size = zip->avail_out;
	while (zip->avail_out == size && !level->is_zip_over) {
		if (zip->avail_in == 0 && gzip_fetch(level) <= 0) {
			tell_damage(level, NULL);
			return -1;
		}
		result = inflate(zip, Z_NO_FLUSH);
		if (result == Z_STREAM_END)
			level->is_zip_over = !gzip_begins_again(level);
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
			tell_damage(level, zip->msg);
			return -1;
		}
		if (!account(level->walk, 0))
			return -1;
	}
	return (ssize_t)(size - zip->avail_out);
}

/* ---- the member ---- */

static bool rar_is_right(struct archive_level *level)
{
	struct error error;

	if (level->has_crc && level->crc == level->told_crc)
		return true;
	if (level->has_crc) {
		tell_damage(level, "its checksum is wrong");
		return false;
	}
	level->is_bad = true;
	error_set(&error, STATUS_UNSUPPORTED, "'%.200s' in '%.120s' has no checksum that can be compared here", level->member.name, level->name);
	error_hint(&error, "Unpack it by hand and give the image file itself");
	walk_fail(level->walk, &error);
	return false;
}

static ssize_t read_on(struct archive_level *level, void *to, size_t size)
{
	ssize_t count;

	if (level->is_at_end)
		return 0;
	if (level->is_bad || level->walk->is_over)
		return -1;
	count = level->reader ? level->library->read_data(level->reader, to, size) : gzip_read(level, to, size);
	if (count < 0) {
		/* A warning is a checksum that differs: the member is not what was packed. */
		if (!level->is_bad)
			tell_damage(level, level->reader ? level->library->error_string(level->reader) : NULL);
		return -1;
	}
	level->is_at_end = count == 0;
	level->got += (uint64_t)count;
	if (level->container == CONTAINER_RAR)
		level->crc = digest_crc32(level->crc, bytes_of(to, (size_t)count));
	if (count == 0 && level->container == CONTAINER_RAR && level->got > 0 && !rar_is_right(level))
		return -1;
	if (count == 0 && level->member.has_size && level->got != level->member.size) {
		tell_damage(level, "its length is not what the archive says");
		return -1;
	}
	return account(level->walk, (size_t)count) ? count : -1;
}

ssize_t level_read(struct archive_level *level, void *to, size_t size)
{
	size_t left = level->head_size - level->head_at;

	if (left == 0)
		return read_on(level, to, size < ARCHIVE_HEAD_MAX ? size : ARCHIVE_HEAD_MAX);
	if (size > left)
		size = left;
	memcpy(to, level->head + level->head_at, size);
	level->head_at += size;
	return (ssize_t)size;
}

bool level_drain(struct archive_level *level)
{
	/* The head is not wanted any more: it serves as the bin. */
	level->head_at = level->head_size = 0;
	for (;;) {
		ssize_t count = read_on(level, level->head, sizeof(level->head));

		if (count <= 0)
			return count == 0;
	}
}

static void read_head(struct archive_level *level)
{
	while (level->head_size < sizeof(level->head)) {
		ssize_t count = read_on(level, level->head + level->head_size, sizeof(level->head) - level->head_size);

		if (count <= 0)
			break;
		level->head_size += (size_t)count;
	}
}

/* What may be skipped without unpacking it: then no bytes come out that nobody counts. */
static bool can_skip(const struct archive_level *level)
{
	if (level->is_bad || level->member.is_encrypted || level->member.kind != ARCHIVE_MEMBER_FILE)
		return true;
	if (level->walk->unpacked < level->walk->limits.checked)
		return false;
	return level->container == CONTAINER_TAR || level->container == CONTAINER_CPIO || container_is_compression(level->container) ||
	       (level->container == CONTAINER_ZIP && level->member.has_size);
}

/* Reads the rest of the member, as far as that is wanted. */
static void check_member(struct archive_level *level)
{
	level->head_at = level->head_size = 0;
	while (!can_skip(level))
		if (read_on(level, level->head, sizeof(level->head)) <= 0)
			break;
}

/* Libraries call a table of contents that needs a password, a version they do not know and plain damage the same. */
static void tell_bad_table(struct archive_level *level)
{
	struct error error;

	level->has_member = false;
	if (level->library->read_has_encrypted_entries(level->reader) <= 0 || level->has_ended) {
		tell_damage(level, level->library->error_string(level->reader));
		return;
	}
	error_set(&error, STATUS_UNSUPPORTED, "'%.120s' is encrypted: its list of members needs a password", level->name);
	error_hint(&error, "Unpack it by hand with the vendor's password and give the image file itself");
	walk_fail(level->walk, &error);
}

static bool next_header(struct archive_level *level)
{
	int result = ARCHIVE_RETRY;

	if (level->reader == NULL)
		return true;
	/* Skipping takes as much as it takes; only then the header's own budget begins. */
	if (level->entry)
		level->library->read_data_skip(level->reader);
	level->is_in_header = true;
	for (unsigned tries = 0; result == ARCHIVE_RETRY && tries < RETRIES_MAX; tries++)
		result = level->library->read_next_header(level->reader, &level->entry);
	level->is_in_header = false;
	level->header_left = HEADER_MAX;
	/* A warning: a name that has no place in this locale, a time that makes no sense. */
	if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
		return true;
	if (result != ARCHIVE_EOF)
		tell_bad_table(level);
	return false;
}

bool level_next(struct archive_level *level)
{
	struct walk *walk = level->walk;
	struct error error;
	char text[24];

	/* Damage that the library cannot read past shows at the next header; what follows a bad checksum may be whole. */
	if (level->has_member)
		check_member(level);
	if ((level->has_member && container_is_compression(level->container)) || walk->is_over)
		return false;
	level->has_member = false;
	if (!next_header(level) || !account(walk, 0))
		return false;
	if (walk->member_count == walk->limits.members) {
		text_format(text, sizeof(text), "%u", walk->limits.members);
		error_set(&error, STATUS_REFUSED, "the archive has more than %s members", text);
		error_hint(&error, "Unpack it by hand and give the image file itself");
		walk_end(walk, &error);
		return false;
	}
	level->member_count++;
	level->crc = 0;
	level->has_crc = level->container == CONTAINER_RAR &&
			 archive_rar_crc(level, (uint64_t)level->library->read_header_position(level->reader), &level->told_crc);
	archive_level_describe(level);
	if (level->member.kind == ARCHIVE_MEMBER_FILE && !level->member.is_encrypted)
		read_head(level);
	if (level->is_bad)
		text_copy(level->member.note, sizeof(level->member.note), "damaged");
	level->member.head = bytes_of(level->head, level->head_size);
	level->member.is_whole_head = level->is_at_end || (level->member.has_size && level->member.size == level->head_size);
	return true;
}
