#include "src/store/capture_times.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/serial/recording.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/capture_files.h"

enum {
	LINE_SIZE = 600,	/* the longest line is a remark */
	PATH_SIZE = 4096,
	NEAR_ENOUGH = 4096,	/* bytes of the index that are read instead of searched */
};

struct entry {
	uint64_t ms, offset, length;
};

struct capture_times {
	FILE *file;
	uint64_t now_ms;	/* of the bytes up to next.offset */
	uint64_t end;		/* behind the last entry taken */
	struct entry next;
	bool has_next;
};

DEFINE_AUTO(capture_times);

static bool parse_entry(const char *line, struct entry *ret_entry)
{
	struct recording_entry entry;

	if (!recording_parse_capture(line, &entry))
		return false;
	*ret_entry = (struct entry){ .ms = entry.ms, .offset = entry.offset, .length = entry.length };
	return true;
}

static void read_next(struct capture_times *times)
{
	char line[LINE_SIZE];
	bool is_whole = true;

	times->has_next = false;
	while (!times->has_next && fgets(line, sizeof(line), times->file) != NULL) {
		bool begins = is_whole;

		is_whole = strchr(line, '\n') != NULL;
		times->has_next = begins && is_whole && parse_entry(line, &times->next) &&
				  times->next.offset >= times->end;
	}
}

enum status capture_times_open(const char *raw_path, struct capture_times **ret_times, struct error *reterr)
{
	AUTO(capture_times) times = calloc(1, sizeof(*times));
	char path[PATH_SIZE];

	if (times == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the times of a capture");
	if (!capture_times_path(raw_path, path, sizeof(path)))
		return error_set(reterr, STATUS_NOT_FOUND, "'%s' is no capture with times", raw_path);
	times->file = fopen(path, "re");
	if (times->file == NULL)
		return error_set(reterr, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "cannot read '%s': %s", path,
				 strerror(errno));
	read_next(times);
	*ret_times = TAKE(times);
	return STATUS_OK;
}

/* The first whole entry behind a place in the file. */
static void read_at(struct capture_times *times, off_t place)
{
	char rest[LINE_SIZE];

	times->now_ms = times->end = 0;
	times->has_next = false;
	if (fseeko(times->file, place, SEEK_SET) == 0 && (place == 0 || fgets(rest, sizeof(rest), times->file) != NULL))
		read_next(times);
}

void capture_times_seek(struct capture_times *times, uint64_t offset)
{
	off_t low = 0, high = fseeko(times->file, 0, SEEK_END) == 0 ? ftello(times->file) : 0;

	while (high - low > NEAR_ENOUGH) {
		off_t middle = low + (high - low) / 2;

		read_at(times, middle);
		if (times->has_next && times->next.offset <= offset)
			low = middle;
		else
			high = middle;
	}
	read_at(times, low);
}

uint64_t capture_times_at(struct capture_times *times, uint64_t offset, uint64_t *ret_run)
{
	while (times->has_next && times->next.offset <= offset) {
		if (times->next.ms > times->now_ms)	/* the clock may have been set back */
			times->now_ms = times->next.ms;
		times->end = times->next.offset + times->next.length;
		read_next(times);
	}
	*ret_run = times->has_next ? times->next.offset - offset : UINT64_MAX;
	return times->now_ms;
}

void capture_times_free(struct capture_times *times)
{
	if (times == NULL)
		return;
	if (times->file != NULL)
		fclose(times->file);
	free(times);
}
