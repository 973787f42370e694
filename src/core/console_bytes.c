/* The bytes of a console, read back from its capture: a few rows at a time, wherever they are in however many files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/app_internal.h"
#include "src/store/capture_times.h"

DEFINE_AUTO(capture_times);

/* The times of the rows that begin in this part; bytes are there from `from` on, offset belongs to the first of all. */
static void read_times(const struct capture_part *part, uint64_t offset, size_t from, struct console_bytes *to)
{
	AUTO(capture_times) times = NULL;
	size_t row = (from + CONSOLE_BYTES_ROW - 1) / CONSOLE_BYTES_ROW;
	uint64_t run;

	if (row * CONSOLE_BYTES_ROW >= to->count || capture_times_open(part->path, &times, NULL) != STATUS_OK)
		return;
	capture_times_seek(times, offset + row * CONSOLE_BYTES_ROW - part->start);
	for (; row * CONSOLE_BYTES_ROW < to->count; row++)
		to->row_ms[row] = capture_times_at(times, offset + row * CONSOLE_BYTES_ROW - part->start, &run);
}

static enum status read_part(const struct capture_part *part, uint64_t offset, size_t size, struct console_bytes *to,
			     struct error *reterr)
{
	AUTO_CLOSE int file = open(part->path, O_RDONLY | O_CLOEXEC);
	size_t from = to->count, wanted = size - from;
	uint64_t place = offset + from - part->start, left = part->end - part->start - place;
	ssize_t count;

	if (file < 0)
		return error_set(reterr, STATUS_IO, "cannot read '%s': %s", part->path, strerror(errno));
	count = pread(file, to->data + from, left < wanted ? (size_t)left : wanted, (off_t)place);
	if (count < 0)
		return error_set(reterr, STATUS_IO, "cannot read '%s': %s", part->path, strerror(errno));
	if (count == 0)
		return error_set(reterr, STATUS_GONE, "'%s' is shorter than what was written to it", part->path);
	to->count += (size_t)count;
	read_times(part, offset, from, to);
	return STATUS_OK;
}

enum status app_console_read(struct app *app, unsigned id, uint64_t offset, size_t size,
			     struct console_bytes *ret_bytes, struct error *reterr)
{
	struct console *console = app_console(app, id);
	const struct capture *capture = console ? console_capture(console) : NULL;
	struct capture_part part;
	enum status status = STATUS_OK;

	memset(ret_bytes, 0, sizeof(*ret_bytes));
	if (capture == NULL)
		return error_set(reterr, STATUS_GONE,
				 console ? "nothing of this console is kept in a file" : "that console is closed");
	if (size > CONSOLE_BYTES_MAX)
		size = CONSOLE_BYTES_MAX;
	if (!capture_part_at(capture, offset, &part))
		return error_set(reterr, STATUS_INVALID, "no byte has that place");
	text_copy(ret_bytes->file, sizeof(ret_bytes->file), part.path);
	ret_bytes->file_start = part.start;
	while (status == STATUS_OK && ret_bytes->count < size && offset + ret_bytes->count < capture_size(capture)) {
		if (!capture_part_at(capture, offset + ret_bytes->count, &part))
			break;
		status = read_part(&part, offset, size, ret_bytes, reterr);
	}
	return status;
}
