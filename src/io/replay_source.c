#include "src/io/replay_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recovery/serial/recording.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	PATH_SIZE = 4096,
	PARTS_MAX = 10000,
	SCAN_MAX = 256 << 20, /* of bytes that are read once to know how long it takes */
	PROBE_SIZE = 16 * 1024,
	STAMPED_LINES = 3, /* and three in four of those looked at */
	EVEN_STEP_MS = 10,
	EVEN_STEP_BYTES = REPLAY_EVEN_BAUD / 10 * EVEN_STEP_MS / 1000,
	MS_A_DAY = 86400000,
};

struct replay_source {
	enum replay_timing timing;
	char path[PATH_SIZE], times_path[PATH_SIZE]; /* of the part that is read; the latter "" without one */
	char next_path[PATH_SIZE]; /* of the next part; "": none is known */
	FILE *raw, *times;
	uint64_t offset; /* in the part */
	uint64_t covered; /* up to where the time of now holds, in the part */
	struct recording_entry entry; /* the next one */
	bool has_entry;
	uint64_t last_ms, now_ms, carry_us; /* of the recording's own clock; since the beginning */
	uint64_t days_ms; /* that a clock without a date has gone through */
	bool has_last;
	unsigned parts;
	unsigned bad_lines;
	uint64_t good_lines;
	uint64_t total_ms, total_bytes;
	char remark[RECORDING_LINE_MAX];
	bool has_remark;
	char problem[200];
	uint8_t buffer[REPLAY_PIECE_MAX];
	size_t size, at; /* in buffer; stamped logs are read ahead */
	bool is_line_start;
};
DEFINE_AUTO(replay_source);

/* ---- files ---- */

static enum status cannot_open(const char *path, int number, struct error *reterr)
{
	if (number == ENOENT || number == ENOTDIR) {
		error_set(reterr, STATUS_NOT_FOUND, "cannot replay '%.200s': there is no such file", path);
		return error_hint(reterr, "Name a capture (.raw), or any log; a case says where its captures are");
	}
	if (number == EACCES) {
		error_set(reterr, STATUS_NO_PERMISSION, "cannot replay '%.200s': no permission", path);
		return error_hint(reterr, "ls -l shows who may read it");
	}
	return error_set(reterr, STATUS_IO, "cannot replay '%.200s': %s", path, strerror(number));
}

/* Looked at before it is opened: opening a serial port moves its modem lines. */
static enum status open_file(const char *path, FILE **ret_file, struct error *reterr)
{
	AUTO_CLOSE int descriptor = -1;
	struct stat about;

	if (stat(path, &about) != 0)
		return cannot_open(path, errno, reterr);
	if (!S_ISREG(about.st_mode)) {
		error_set(reterr, STATUS_INVALID, "cannot replay '%.200s': it is %s, not a recording", path,
			  S_ISDIR(about.st_mode) ? "a folder" : "a device");
		return error_hint(reterr,
				  S_ISDIR(about.st_mode)
					  ? "Name one of the files in it"
					  : "A port is opened on the full screen, or with unbrick recover --port");
	}
	descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	*ret_file = descriptor >= 0 ? fdopen(descriptor, "r") : NULL;
	if (*ret_file == NULL)
		return cannot_open(path, errno, reterr);
	(void)TAKE_FD(descriptor);
	return STATUS_OK;
}

static bool is_there(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);

	return size > end_size && strcmp(text + size - end_size, end) == 0;
}

static void close_part(struct replay_source *source)
{
	if (source->raw)
		fclose(source->raw);
	if (source->times)
		fclose(source->times);
	source->raw = source->times = NULL;
}

void replay_source_free(struct replay_source *source)
{
	if (source == NULL)
		return;
	close_part(source);
	free(source);
}

/* A line of the times; one that is too long is passed over. */
static bool read_line(struct replay_source *source, char *line)
{
	bool is_whole = true;

	while (fgets(line, RECORDING_LINE_MAX, source->times) != NULL) {
		bool begins = is_whole;

		is_whole = strchr(line, '\n') != NULL;
		if (begins && is_whole)
			return true;
		source->bad_lines += begins;
	}
	return false;
}

/* ---- time ---- */

static void advance(struct replay_source *source, uint64_t by_us)
{
	uint64_t most_us = (uint64_t)REPLAY_GAP_MAX_MS * 1000;

	if (by_us > most_us) {
		text_format(source->problem, sizeof(source->problem), "a gap of more than an hour is cut to one");
		by_us = most_us;
	}
	source->carry_us += by_us;
	source->now_ms += source->carry_us / 1000;
	source->carry_us %= 1000;
}

/* The recording's clock says ms; it may have been set back. */
static void clock_says(struct replay_source *source, uint64_t ms)
{
	uint64_t by_ms = source->has_last && ms > source->last_ms ? ms - source->last_ms : 0;

	advance(source, by_ms > REPLAY_GAP_MAX_MS ? (uint64_t)REPLAY_GAP_MAX_MS * 1000 + 1 : by_ms * 1000);
	source->last_ms = ms;
	source->has_last = true;
}

/* ---- captures ---- */

static void note_remark(struct replay_source *source, const char *line)
{
	uint64_t ms;
	const char *remark = recording_parse_remark(line, &ms);
	char name[RECORDING_NAME_MAX];
	const char *slash = strrchr(source->path, '/');

	if (remark == NULL) {
		source->bad_lines++;
		return;
	}
	if (recording_parse_next(remark, name)) {
		text_format(source->next_path, sizeof(source->next_path), "%.*s%s",
			    slash ? (int)(slash + 1 - source->path) : 0, source->path, name);
		return;
	}
	if (text_starts(remark, "goes on from "))
		return;
	text_printable(source->remark, sizeof(source->remark), bytes_of(remark, strcspn(remark, "\r\n")));
	source->has_remark = true;
}

/* Up to the next entry or remark. */
static void read_index(struct replay_source *source)
{
	char line[RECORDING_LINE_MAX];

	while (!source->has_entry && !source->has_remark && source->times != NULL) {
		if (!read_line(source, line)) {
			fclose(source->times);
			source->times = NULL;
		} else if (!recording_parse_capture(line, &source->entry)) {
			note_remark(source, line);
		} else if (source->entry.offset < source->covered) { /* it goes back: not believed */
			source->bad_lines++;
		} else {
			source->has_entry = true;
			source->good_lines++;
		}
	}
}

static size_t read_raw(struct replay_source *source, uint64_t most)
{
	size_t size = fread(source->buffer, 1, most < sizeof(source->buffer) ? (size_t)most : sizeof(source->buffer),
			    source->raw);

	source->offset += size;
	return size;
}

/* NAME.raw has its times in NAME.times. */
static bool times_beside(const char *path, char *ret_path)
{
	if (!ends_with(path, ".raw"))
		return false;
	text_format(ret_path, PATH_SIZE, "%.*s.times", (int)strlen(path) - 4, path);
	return is_there(ret_path);
}

/* NAME, NAME-2, ..., NAME-10: each name is longer than the one before, or sorts behind it. So none leads back. */
static bool is_later(const char *path, const char *than)
{
	size_t size = strlen(path), than_size = strlen(than);

	return size > than_size || (size == than_size && strcmp(path, than) > 0);
}

static bool open_next_part(struct replay_source *source)
{
	struct error error;
	FILE *raw = NULL;

	if (source->next_path[0] == '\0' || source->parts == PARTS_MAX || !is_later(source->next_path, source->path))
		return false;
	if (open_file(source->next_path, &raw, &error) != STATUS_OK) {
		text_format(source->problem, sizeof(source->problem), "it goes on in a file that is not there: %.120s",
			    error.text);
		return false;
	}
	close_part(source);
	source->raw = raw;
	text_copy(source->path, sizeof(source->path), source->next_path);
	source->next_path[0] = '\0';
	source->offset = source->covered = 0;
	source->has_entry = false;
	source->parts++;
	if (times_beside(source->path, source->times_path))
		(void)open_file(source->times_path, &source->times, &error);
	return true;
}

static bool take_remark(struct replay_source *source, struct replay_piece *ret_piece)
{
	if (!source->has_remark)
		return false;
	source->has_remark = false;
	*ret_piece = (struct replay_piece){ .at_ms = source->now_ms, .remark = source->remark };
	return true;
}

static bool next_of_capture(struct replay_source *source, struct replay_piece *ret_piece)
{
	for (;;) {
		uint64_t most;
		size_t size;

		if (source->offset >= source->covered)
			read_index(source);
		/* a remark stands behind the bytes before it */
		if (source->has_remark && !source->has_entry && source->offset >= source->covered)
			return take_remark(source, ret_piece);
		if (source->has_entry && source->entry.offset <= source->offset) {
			clock_says(source, source->entry.ms);
			source->covered = source->entry.offset + source->entry.length;
			source->has_entry = false;
		}
		most = source->covered > source->offset ? source->covered - source->offset
		       : source->has_entry              ? source->entry.offset - source->offset
							: REPLAY_PIECE_MAX;
		size = read_raw(source, most);
		*ret_piece = (struct replay_piece){ .bytes = bytes_of(source->buffer, size), .at_ms = source->now_ms };
		if (size > 0)
			return true;
		/* the .raw file is over, whatever the index still says; but what it remarks at its end is told */
		source->has_entry = false;
		source->covered = source->offset;
		while (source->times != NULL && !source->has_remark) {
			read_index(source);
			source->has_entry = false;
		}
		if (source->has_remark)
			continue;
		if (!open_next_part(source))
			return false;
	}
}

/* ---- script(1) ---- */

static bool next_of_script(struct replay_source *source, struct replay_piece *ret_piece)
{
	static const char done[] = "\nScript done on ";
	char line[RECORDING_LINE_MAX];
	uint64_t by_us;
	size_t size;

	while (source->times != NULL && source->covered == source->offset) {
		uint64_t count;

		if (!read_line(source, line)) {
			fclose(source->times);
			source->times = NULL;
		} else if (!recording_parse_script(line, &by_us, &count) || count > UINT64_MAX - source->offset) {
			source->bad_lines++;
		} else {
			source->good_lines++;
			advance(source, by_us);
			source->covered = source->offset + count;
		}
	}
	size = read_raw(source, source->times ? source->covered - source->offset : REPLAY_PIECE_MAX);
	/* behind the last entry there is only what script(1) writes when it ends */
	if (source->times == NULL && source->covered < source->offset && size >= sizeof(done) - 1 &&
	    memcmp(source->buffer, done, sizeof(done) - 1) == 0)
		size = 0;
	*ret_piece = (struct replay_piece){ .bytes = bytes_of(source->buffer, size), .at_ms = source->now_ms };
	return size > 0;
}

static void skip_script_header(struct replay_source *source)
{
	static const char started[] = "Script started on ";
	char line[RECORDING_LINE_MAX];

	if (fgets(line, sizeof(line), source->raw) == NULL || !text_starts(line, started) || strchr(line, '\n') == NULL)
		rewind(source->raw);
}

/* ---- stamps ---- */

static void fill(struct replay_source *source)
{
	memmove(source->buffer, source->buffer + source->at, source->size - source->at);
	source->size -= source->at;
	source->at = 0;
	source->size += fread(source->buffer + source->size, 1, sizeof(source->buffer) - source->size, source->raw);
}

static bool next_of_stamped(struct replay_source *source, struct replay_piece *ret_piece)
{
	struct bytes rest;
	const uint8_t *end;
	uint64_t ms;
	size_t stamp = 0, size;

	if (source->size - source->at < RECORDING_STAMP_MAX)
		fill(source);
	rest = bytes_of(source->buffer + source->at, source->size - source->at);
	if (rest.size == 0)
		return false;
	if (source->is_line_start && (stamp = recording_parse_stamp(rest, &ms)) > 0) {
		ms += source->days_ms;
		if (source->has_last && ms < source->last_ms && source->last_ms - ms > MS_A_DAY / 2) {
			source->days_ms += MS_A_DAY; /* midnight */
			ms += MS_A_DAY;
		}
		clock_says(source, ms);
		source->good_lines++;
		rest = bytes_from(rest, stamp);
	}
	end = rest.size > 0 ? memchr(rest.data, '\n', rest.size) : NULL;
	size = end ? (size_t)(end - rest.data) + 1 : rest.size;
	source->is_line_start = end != NULL;
	source->at += stamp + size;
	*ret_piece = (struct replay_piece){ .bytes = bytes_of(rest.data, size), .at_ms = source->now_ms };
	return true;
}

static bool looks_stamped(FILE *raw)
{
	char line[RECORDING_LINE_MAX];
	unsigned lines = 0, stamped = 0;
	size_t seen = 0;
	uint64_t ms;

	while (seen < PROBE_SIZE && fgets(line, sizeof(line), raw) != NULL) {
		size_t size = strlen(line);

		seen += size + 1;
		lines += line[0] != '\n' && line[0] != '\r';
		stamped += recording_parse_stamp(bytes_of(line, size), &ms) > 0;
	}
	rewind(raw);
	return stamped >= STAMPED_LINES && stamped * 4 >= lines * 3;
}

/* ---- evenly ---- */

static bool next_of_even(struct replay_source *source, struct replay_piece *ret_piece)
{
	size_t size = read_raw(source, EVEN_STEP_BYTES);

	*ret_piece = (struct replay_piece){ .bytes = bytes_of(source->buffer, size), .at_ms = source->now_ms };
	advance(source, EVEN_STEP_MS * 1000);
	return size > 0;
}

/* ---- all ---- */

bool replay_source_next(struct replay_source *source, struct replay_piece *ret_piece)
{
	switch (source->timing) {
	case REPLAY_CAPTURE: return next_of_capture(source, ret_piece);
	case REPLAY_SCRIPT: return next_of_script(source, ret_piece);
	case REPLAY_STAMPED: return next_of_stamped(source, ret_piece);
	default: return next_of_even(source, ret_piece);
	}
}

/* ".times" and the bare name mean the capture. */
static void choose_path(char *to, const char *path)
{
	if (ends_with(path, ".times"))
		text_format(to, PATH_SIZE, "%.*s.raw", (int)strlen(path) - 6, path);
	else if (!is_there(path) && is_there(text_format(to, PATH_SIZE, "%s.raw", path)))
		return;
	else
		text_copy(to, PATH_SIZE, path);
}

static bool is_capture_index(FILE *times)
{
	char line[RECORDING_LINE_MAX];
	struct recording_entry entry;
	uint64_t ms;
	bool is_one = fgets(line, sizeof(line), times) != NULL &&
		      (recording_parse_capture(line, &entry) || recording_parse_remark(line, &ms) != NULL);

	rewind(times);
	return is_one;
}

static enum status open_source(const char *path, const char *times_path, struct replay_source **ret_source,
			       struct error *reterr)
{
	AUTO(replay_source) source = calloc(1, sizeof(*source));
	enum status status;

	if (source == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a recording");
	if (strlen(path) >= PATH_SIZE - 16 || (times_path && strlen(times_path) >= PATH_SIZE))
		return error_set(reterr, STATUS_INVALID, "cannot replay: the name is too long");
	choose_path(source->path, path);
	source->parts = 1;
	source->is_line_start = true;
	status = open_file(source->path, &source->raw, reterr);
	if (status != STATUS_OK)
		return status;
	if (times_path)
		text_copy(source->times_path, sizeof(source->times_path), times_path);
	else if (!times_beside(source->path, source->times_path))
		source->times_path[0] = '\0';
	if (source->times_path[0] != '\0') {
		status = open_file(source->times_path, &source->times, reterr);
		if (status != STATUS_OK)
			return status;
	}
	source->timing = source->times == NULL ? looks_stamped(source->raw) ? REPLAY_STAMPED : REPLAY_EVEN
			 : !times_path || is_capture_index(source->times) ? REPLAY_CAPTURE
									  : REPLAY_SCRIPT;
	if (source->timing == REPLAY_SCRIPT || source->timing == REPLAY_EVEN)
		skip_script_header(source);
	*ret_source = TAKE(source);
	return STATUS_OK;
}

static void play_evenly(struct replay_source *source)
{
	fclose(source->times);
	source->times = NULL;
	source->timing = REPLAY_EVEN;
	text_format(source->problem, sizeof(source->problem),
		    "the times in '%.80s' are none: it comes evenly, as at %u baud", source->times_path,
		    REPLAY_EVEN_BAUD);
}

/* Once through, to know how long it is and whether its times are any. */
static enum status scan(const char *path, const char *times_path, struct replay_source *source, struct error *reterr)
{
	AUTO(replay_source) ahead = NULL;
	struct replay_piece piece;
	enum status status = open_source(path, times_path, &ahead, reterr);
	uint64_t total = 0, total_ms = 0;

	if (status != STATUS_OK)
		return status;
	while (total < SCAN_MAX && replay_source_next(ahead, &piece)) {
		total += piece.bytes.size;
		total_ms = piece.at_ms;
	}
	text_copy(source->problem, sizeof(source->problem), ahead->problem);
	if (ahead->bad_lines > 0)
		text_format(source->problem, sizeof(source->problem), "%u lines of its times are none",
			    ahead->bad_lines);
	if (source->times != NULL && ahead->good_lines == 0 && total > 0) {
		play_evenly(source);
		total_ms = total * 10000 / REPLAY_EVEN_BAUD;
	}
	source->total_ms = total < SCAN_MAX ? total_ms : 0;
	source->total_bytes = total < SCAN_MAX ? total : 0;
	return STATUS_OK;
}

enum status replay_source_open(const char *path, const char *times_path, struct replay_source **ret_source,
			       struct error *reterr)
{
	AUTO(replay_source) source = NULL;
	enum status status = open_source(path, times_path, &source, reterr);

	if (status == STATUS_OK)
		status = scan(path, times_path, source, reterr);
	if (status == STATUS_OK)
		*ret_source = TAKE(source);
	return status;
}

enum replay_timing replay_source_timing(const struct replay_source *source)
{
	return source->timing;
}

uint64_t replay_source_total_ms(const struct replay_source *source)
{
	return source->total_ms;
}

uint64_t replay_source_total_bytes(const struct replay_source *source)
{
	return source->total_bytes;
}

const char *replay_source_problem(const struct replay_source *source)
{
	return source->problem;
}
