/* src/core/console_capture.h
 *
 * The capture of a console, and what the operator hears of it: where it goes, how large its files become, and that the disk fills up.
 * What cannot be kept is said, and does not keep the technician from the device. */
#ifndef UNBRICK_CORE_CONSOLE_CAPTURE_H
#define UNBRICK_CORE_CONSOLE_CAPTURE_H

#include "src/core/snapshot.h"
#include "src/store/capture.h"

struct app;

struct console_capture {	/* zeroed: there is none */
	struct app *app;
	struct capture *capture;	/* NULL: it could not be made */
	char problem[160];		/* why bytes are not kept at the moment; "": they are */
	bool is_room_said;
};

/* In the state folder, named by the time and the port. */
void console_capture_open(struct console_capture *kept, struct app *app, const char *port);
/* True: it goes on in another file from here on. */
bool console_capture_bytes(struct console_capture *kept, struct bytes in);
/* From here on to exactly this file, behind what is there already. */
enum status console_capture_log_to(struct console_capture *kept, const char *path, const char *port, struct error *reterr);
/* False: it could not be kept. */
bool console_capture_remark(struct console_capture *kept, const char *text);
void console_capture_fill_view(const struct console_capture *kept, struct console_view *view);
void console_capture_close(struct console_capture *kept);

#endif
