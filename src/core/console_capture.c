#include "src/core/console_capture.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/text.h"
#include "src/core/app_internal.h"

enum {
	CAPTURE_PART_MIN = 64 * 1024,
	CAPTURE_PART_BYTES = 256 * 1024 * 1024,
	CAPTURE_PART_MS = 24 * 3600 * 1000,
	CAPTURE_KEEP_FREE = 64 * 1024 * 1024,
};

/* How large a file of a capture may become, as the operator has it in the environment. */
static uint64_t part_bytes(struct console_capture *kept)
{
	const char *wanted = getenv("UNBRICK_CAPTURE_SIZE");
	uint64_t bytes;
	char text[160];

	if (wanted == NULL || wanted[0] == '\0')
		return CAPTURE_PART_BYTES;
	if (text_parse_size(wanted, &bytes) && bytes >= CAPTURE_PART_MIN)
		return bytes;
	text_format(text, sizeof(text), "UNBRICK_CAPTURE_SIZE is '%.40s', which is no size of 64KiB or more: 256MiB is taken", wanted);
	app_notice(kept->app, true, text, "write it as 16MiB or 1GiB");
	return CAPTURE_PART_BYTES;
}

static void set_limits(struct console_capture *kept)
{
	capture_set_limits(kept->capture, &(struct capture_limits){ .part_bytes = part_bytes(kept), .part_ms = CAPTURE_PART_MS,
								       .keep_free_bytes = CAPTURE_KEEP_FREE });
}

/* A disk fills up slowly: it is said while there is time to make room. */
static void watch_room(struct console_capture *kept)
{
	uint64_t room = capture_free_bytes(kept->capture, loop_wall_ms());
	char text[160], left[32];

	if (room < SNAPSHOT_LITTLE_ROOM && !kept->is_room_said) {
		text_format(text, sizeof(text), "the disk of the captures has only %s left", text_size(left, sizeof(left), room));
		app_notice(kept->app, true, text, "make room; a capture stops before the disk is full");
	}
	if (room < SNAPSHOT_LITTLE_ROOM)
		kept->is_room_said = true;
	else if (room > SNAPSHOT_LITTLE_ROOM + SNAPSHOT_LITTLE_ROOM / 4)
		kept->is_room_said = false;
}

bool console_capture_bytes(struct console_capture *kept, struct bytes in)
{
	unsigned parts;
	struct error error;

	if (kept->capture == NULL)
		return false;
	parts = capture_part_count(kept->capture);
	if (capture_write(kept->capture, in, loop_wall_ms(), &error) == STATUS_OK) {
		kept->problem[0] = '\0';
		watch_room(kept);
		return capture_part_count(kept->capture) != parts;
	}
	if (kept->problem[0] == '\0')
		app_notice(kept->app, true, error.text, error.hint);
	text_copy(kept->problem, sizeof(kept->problem), error.text);
	return false;
}

static enum status open_new(struct console_capture *kept, const char *port, struct error *reterr)
{
	char folder[600], name[64], stamp[32];
	time_t now = (time_t)(loop_wall_ms() / 1000);
	enum status status;
	struct tm parts;

	localtime_r(&now, &parts);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &parts);
	text_format(folder, sizeof(folder), "%s/captures", kept->app->state_folder);
	text_format(name, sizeof(name), "%s-%.40s", stamp, text_file_name(port));
	for (char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && strchr("-_.", *at) == NULL)
			*at = '-';
	status = capture_open(folder, name, &kept->capture, reterr);
	if (status == STATUS_OK)
		set_limits(kept);
	return status;
}

void console_capture_open(struct console_capture *kept, struct app *app, const char *port)
{
	struct error error;

	kept->app = app;
	if (open_new(kept, port, &error) == STATUS_OK)
		return;
	text_copy(kept->problem, sizeof(kept->problem), error.text);
	app_notice(app, true, error.text, error.hint);
}

enum status console_capture_log_to(struct console_capture *kept, const char *path, const char *port, struct error *reterr)
{
	struct capture *capture;
	char text[300];
	enum status status = capture_open_file(path, &capture, reterr);

	if (status != STATUS_OK)
		return status;
	if (kept->capture && capture_size(kept->capture) > 0)
		console_capture_remark(kept, text_format(text, sizeof(text), "goes on in %s", path));
	capture_abandon(kept->capture);
	kept->capture = capture;
	set_limits(kept);
	kept->problem[0] = '\0';
	console_capture_remark(kept, text_format(text, sizeof(text), "port %s", port));
	return STATUS_OK;
}

bool console_capture_remark(struct console_capture *kept, const char *text)
{
	return kept->capture != NULL && capture_remark(kept->capture, text, loop_wall_ms(), NULL) == STATUS_OK;
}

void console_capture_fill_view(const struct console_capture *kept, struct console_view *view)
{
	view->capture_room = UINT64_MAX;
	if (kept->capture) {
		text_copy(view->capture, sizeof(view->capture), capture_path(kept->capture));
		view->captured_bytes = capture_size(kept->capture);
		view->capture_room = capture_free_bytes(kept->capture, loop_wall_ms());
	}
	text_copy(view->capture_problem, sizeof(view->capture_problem), kept->problem);
}

void console_capture_close(struct console_capture *kept)
{
	capture_close(kept->capture);
	kept->capture = NULL;
}
