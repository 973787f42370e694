/* src/store/capture.c
 *
 * Both files are written at offsets that this file counts itself (pwrite), not appended: a write that the full disk cut short
 * is overwritten by the next one, so a line of the index is never half there, and the index never speaks of bytes that are not
 * in the .raw file. Every call goes straight to the kernel, where it survives the end of this program; once a second at most it
 * is also synced, by a thread of its own, where it survives the end of the machine. A sync for each byte was rejected: at 1.5
 * Mbaud on a slow card the session would stand still. */
#include "src/store/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/capture_files.h"
#include "src/store/capture_syncer.h"

enum {
	REMARK_SIZE = 512,
	PARTS_MAX = CAPTURE_NUMBERS,
	NAMED_BY_OPERATOR = 0,		/* number of the part that stays in one file, whatever its name is */
	RETRY_BYTES = 1024 * 1024,	/* a next part that could not be made is tried again so much later */
	LOOK_INTERVAL_MS = 2000,	/* between two looks at the disk; a line of 4 Mbaud brings less than a MiB meanwhile */
	LOOK_BYTES = 4 * 1024 * 1024,
};

struct part {
	uint64_t start;			/* in the whole */
	unsigned number;
};

struct capture {
	char path[CAPTURE_PATH_SIZE];
	struct capture_place place;
	int raw_fd, times_fd;
	struct part *parts;		/* the last one is being written */
	unsigned part_count;
	struct capture_limits limits;
	uint64_t begun_ms;		/* first byte of this part; 0: none yet */
	uint64_t retry_size;
	uint64_t looked_ms, looked_size, free_bytes;
	bool is_waiting;		/* for room on the disk */
	uint64_t raw_size, times_size;	/* what is known to be there */
	uint64_t lost, lost_noted;	/* bytes; how many of them the index has a remark on */
	/* bytes that are in the .raw file but not yet in the index, because there was no room for the line */
	uint64_t pending_ms, pending_offset, pending_length;
	bool is_losing, is_news;
	struct capture_syncer syncer;
};

static inline void capture_free(struct capture *capture)
{
	capture_close(capture);
}
DEFINE_AUTO(capture);

/* --- opening --- */

static enum status make_room_for_part(struct capture *capture, struct error *reterr)
{
	struct part *parts = realloc(capture->parts, (capture->part_count + 1) * sizeof(*parts));

	if (parts == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a log");
	capture->parts = parts;
	return STATUS_OK;
}

static void begin_part(struct capture *capture, const struct capture_files *files)
{
	uint64_t start = capture_size(capture);

	capture->parts[capture->part_count++] = (struct part){ .start = start, .number = files->number };
	text_copy(capture->path, sizeof(capture->path), files->path);
	capture->raw_fd = files->raw_fd;
	capture->times_fd = files->times_fd;
	capture->raw_size = capture->times_size = capture->begun_ms = capture->looked_size = 0;
	capture->retry_size = capture->limits.part_bytes;
}

enum status capture_open(const char *folder, const char *name, struct capture **ret_capture, struct error *reterr)
{
	AUTO(capture) capture = calloc(1, sizeof(*capture));
	struct capture_files files;
	enum status status;

	if (capture == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a log");
	capture->raw_fd = capture->times_fd = -1;
	status = capture_place_begin(&capture->place, folder, name, reterr);
	if (status == STATUS_OK)
		status = make_room_for_part(capture, reterr);
	if (status == STATUS_OK)
		status = capture_files_make(&capture->place, 1, &files, reterr);
	if (status != STATUS_OK)
		return status;
	begin_part(capture, &files);
	*ret_capture = TAKE(capture);
	return STATUS_OK;
}

void capture_set_limits(struct capture *capture, const struct capture_limits *limits)
{
	capture->limits = *limits;
	capture->retry_size = limits->part_bytes;
	capture->looked_ms = 0;
}

enum status capture_open_file(const char *path, struct capture **ret_capture, struct error *reterr)
{
	AUTO(capture) capture = calloc(1, sizeof(*capture));
	char times_path[CAPTURE_PATH_SIZE];
	enum status status;

	if (capture == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a log");
	capture->raw_fd = capture->times_fd = -1;
	if (path[0] == '\0' || strlen(path) >= sizeof(capture->path) ||
	    !capture_times_path(path, times_path, sizeof(times_path)))
		return error_set(reterr, STATUS_INVALID, "cannot keep a log in '%.100s': the name is empty or too long", path);
	text_copy(capture->path, sizeof(capture->path), path);
	status = make_room_for_part(capture, reterr);
	if (status != STATUS_OK)
		return status;
	capture->parts[capture->part_count++] = (struct part){ .number = NAMED_BY_OPERATOR };
	status = capture_file_append(path, &capture->raw_fd, &capture->raw_size, reterr);
	if (status == STATUS_OK)
		status = capture_file_append(times_path, &capture->times_fd, &capture->times_size, reterr);
	if (status == STATUS_OK)
		*ret_capture = TAKE(capture);
	return status;
}

/* --- writing --- */

/* Returns 0, or the errno that stopped it; *ret_written says how far it came. */
static int write_at(int fd, struct bytes in, uint64_t offset, size_t *ret_written)
{
	size_t written = 0;

	*ret_written = 0;
	while (written < in.size) {
		ssize_t count = pwrite(fd, in.data + written, in.size - written, (off_t)(offset + written));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? errno : ENOSPC;
		written += (size_t)count;
		*ret_written = written;
	}
	return 0;
}

/* All of the line or none of it. Returns 0 or errno. */
static int write_line(struct capture *capture, const char *line)
{
	struct bytes text = bytes_of_text(line);
	size_t written;
	int number = write_at(capture->times_fd, text, capture->times_size, &written);

	if (number == 0)
		capture->times_size += text.size;
	return number;
}

static void add_pending(struct capture *capture, uint64_t offset, uint64_t length, uint64_t wall_ms)
{
	if (length == 0)
		return;
	if (capture->pending_length == 0) {
		capture->pending_ms = wall_ms;
		capture->pending_offset = offset;
	}
	/* the .raw file has no gaps, so what is pending is one run; its first time stands for all */
	capture->pending_length = offset + length - capture->pending_offset;
}

static int write_index(struct capture *capture, uint64_t wall_ms)
{
	char line[120];
	int number;

	if (capture->pending_length > 0) {
		text_format(line, sizeof(line), "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", capture->pending_ms, capture->pending_offset,
			    capture->pending_length);
		number = write_line(capture, line);
		if (number != 0)
			return number;
		capture->pending_length = 0;
	}
	if (capture->lost > capture->lost_noted && !capture->is_losing) {
		text_format(line, sizeof(line), "# %" PRIu64 " %" PRIu64 " bytes could not be kept before this\n", wall_ms,
			    capture->lost - capture->lost_noted);
		number = write_line(capture, line);
		if (number != 0)
			return number;
		capture->lost_noted = capture->lost;
	}
	return 0;
}

enum status capture_remark(struct capture *capture, const char *text, uint64_t wall_ms, struct error *reterr)
{
	char safe[REMARK_SIZE], line[REMARK_SIZE + 40];
	int number;

	text_printable(safe, sizeof(safe), bytes_of_text(text));
	text_format(line, sizeof(line), "# %" PRIu64 " %s\n", wall_ms, safe);
	number = write_index(capture, wall_ms);
	if (number == 0)
		number = write_line(capture, line);
	return number == 0 ? STATUS_OK : capture_error(capture->path, "write a remark to", number, reterr);
}

/* --- its limits --- */

static void look_at_disk(struct capture *capture, uint64_t wall_ms)
{
	struct statvfs fs;

	if (capture->looked_ms != 0 && capture_ms_between(wall_ms, capture->looked_ms) < LOOK_INTERVAL_MS &&
	    capture->raw_size - capture->looked_size < LOOK_BYTES)
		return;
	capture->looked_ms = wall_ms > 0 ? wall_ms : 1;
	capture->looked_size = capture->raw_size;
	capture->free_bytes = fstatvfs(capture->raw_fd, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : UINT64_MAX;
}

/* Is what others need of the disk all that is left? */
static bool must_wait(struct capture *capture, uint64_t wall_ms)
{
	uint64_t keep = capture->limits.keep_free_bytes;
	bool was_waiting = capture->is_waiting;
	char left[32], text[120];

	if (keep == 0)
		return false;
	look_at_disk(capture, wall_ms);
	/* without the half more, bytes would be kept and lost in turns while something else writes */
	capture->is_waiting = capture->free_bytes < (was_waiting ? keep + keep / 2 : keep);
	if (capture->is_waiting && !was_waiting) {
		text_format(text, sizeof(text), "stopped: the disk has only %s left", text_size(left, sizeof(left), capture->free_bytes));
		(void)capture_remark(capture, text, wall_ms, NULL);
	}
	return capture->is_waiting;
}

static enum status waiting_error(const struct capture *capture, struct error *reterr)
{
	char left[32], keep[32];

	text_size(left, sizeof(left), capture->free_bytes);
	text_size(keep, sizeof(keep), capture->limits.keep_free_bytes + capture->limits.keep_free_bytes / 2);
	error_set(reterr, STATUS_NO_SPACE, "the log has stopped: its disk has only %s left (%s)", left, capture->path);
	return error_hint(reterr, "Make room: it goes on by itself when there are %s; the session goes on meanwhile", keep);
}

static bool is_part_full(const struct capture *capture, size_t more, uint64_t wall_ms)
{
	const struct capture_limits *limits = &capture->limits;

	if (capture->raw_size == 0 || capture->is_losing || capture->part_count == PARTS_MAX ||
	    capture->parts[0].number == NAMED_BY_OPERATOR)
		return false;
	if (limits->part_bytes > 0 && capture->raw_size + more > capture->retry_size)
		return true;
	return limits->part_ms > 0 && capture_ms_between(wall_ms, capture->begun_ms) >= limits->part_ms;
}

/* Goes on in a next pair of files. When that cannot be made, the old one grows on: bytes matter more than sizes. */
static void next_part(struct capture *capture, uint64_t wall_ms)
{
	int raw_fd = capture->raw_fd, times_fd = capture->times_fd;
	char text[CAPTURE_NAME_SIZE + 60], old[CAPTURE_NAME_SIZE + 20];
	struct capture_files files;

	capture->begun_ms = wall_ms;
	if (capture->raw_size + RETRY_BYTES > capture->retry_size)
		capture->retry_size = capture->raw_size + RETRY_BYTES;
	if (write_index(capture, wall_ms) != 0 ||	/* the old index speaks of all of its bytes first */
	    make_room_for_part(capture, NULL) != STATUS_OK ||
	    capture_files_make(&capture->place, capture->parts[capture->part_count - 1].number + 1, &files, NULL) != STATUS_OK)
		return;
	text_copy(old, sizeof(old), text_file_name(capture->path));
	text_format(text, sizeof(text), "goes on in %s", text_file_name(files.path));
	if (capture_remark(capture, text, wall_ms, NULL) != STATUS_OK) {
		capture_files_drop(&files);
		return;
	}
	capture_syncer_end(&capture->syncer);	/* with the old files; the next ones get another */
	begin_part(capture, &files);
	fdatasync(raw_fd);
	fdatasync(times_fd);
	close(raw_fd);
	close(times_fd);
	text_format(text, sizeof(text), "goes on from %s", old);
	(void)capture_remark(capture, text, wall_ms, NULL);
}

/* --- bytes --- */

enum status capture_write(struct capture *capture, struct bytes in, uint64_t wall_ms, struct error *reterr)
{
	bool was_losing = capture->is_losing, waits;
	size_t written = 0;
	int number;

	capture->is_news = false;
	if (in.size == 0)
		return STATUS_OK;
	waits = must_wait(capture, wall_ms);
	if (!waits && is_part_full(capture, in.size, wall_ms))
		next_part(capture, wall_ms);
	number = waits ? ENOSPC : write_at(capture->raw_fd, in, capture->raw_size, &written);
	/* what was lost before lies between the old bytes and these: the remark goes in front of their line */
	if (written > 0 && number == 0 && was_losing) {
		capture->is_losing = false;
		(void)write_index(capture, wall_ms);
	}
	if (capture->begun_ms == 0)
		capture->begun_ms = wall_ms;
	add_pending(capture, capture->raw_size, written, wall_ms);
	capture->raw_size += written;
	capture->lost += in.size - written;
	capture->is_losing = number != 0;
	capture->is_news = capture->is_losing != was_losing;
	(void)write_index(capture, wall_ms);	/* what does not fit now stays pending */
	capture_syncer_want(&capture->syncer, capture->raw_fd, capture->times_fd, wall_ms);
	if (waits)
		return waiting_error(capture, reterr);
	return number == 0 ? STATUS_OK : capture_error(capture->path, "write to", number, reterr);
}

bool capture_is_news(const struct capture *capture)
{
	return capture->is_news;
}

const char *capture_path(const struct capture *capture)
{
	return capture->path;
}

uint64_t capture_size(const struct capture *capture)
{
	return capture->part_count > 0 ? capture->parts[capture->part_count - 1].start + capture->raw_size : 0;
}

unsigned capture_part_count(const struct capture *capture)
{
	return capture->part_count;
}

bool capture_part_at(const struct capture *capture, uint64_t offset, struct capture_part *ret_part)
{
	unsigned at = capture->part_count;

	while (at > 0 && capture->parts[at - 1].start > offset)
		at--;
	if (at == 0)
		return false;
	if (capture->parts[at - 1].number == NAMED_BY_OPERATOR)
		text_copy(ret_part->path, sizeof(ret_part->path), capture->path);
	else
		capture_place_path(&capture->place, capture->parts[at - 1].number, "raw", ret_part->path);
	ret_part->start = capture->parts[at - 1].start;
	ret_part->end = at < capture->part_count ? capture->parts[at].start : capture_size(capture);
	return true;
}

uint64_t capture_free_bytes(struct capture *capture, uint64_t wall_ms)
{
	look_at_disk(capture, wall_ms);
	return capture->free_bytes;
}

uint64_t capture_lost(const struct capture *capture)
{
	return capture->lost;
}

void capture_close(struct capture *capture)
{
	if (capture == NULL)
		return;
	capture_syncer_end(&capture->syncer);
	if (capture->times_fd >= 0) {
		capture->is_losing = false;	/* a last try to say what is missing at the end */
		(void)write_index(capture, capture->pending_length > 0 ? capture->pending_ms : capture->syncer.synced_ms);
		/* drops a line that was cut short; should that fail, the line has no end and a reader skips it */
		if (ftruncate(capture->times_fd, (off_t)capture->times_size) == 0)
			fsync(capture->times_fd);
		close(capture->times_fd);
	}
	if (capture->raw_fd >= 0) {
		fsync(capture->raw_fd);
		close(capture->raw_fd);
	}
	free(capture->parts);
	free(capture);
}

void capture_abandon(struct capture *capture)
{
	char path[CAPTURE_PATH_SIZE], times_path[CAPTURE_PATH_SIZE];
	bool is_empty;

	if (capture == NULL)
		return;
	is_empty = capture->raw_size == 0 && capture->times_size == 0 && capture->lost == 0 &&
		   capture_times_path(capture->path, times_path, sizeof(times_path));
	text_copy(path, sizeof(path), capture->path);
	capture_close(capture);
	if (is_empty) {
		unlink(path);
		unlink(times_path);
	}
}
