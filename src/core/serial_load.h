/* src/core/serial_load.h
 *
 * An image into a device's RAM over its console's line, beside the loop: the loader is at its prompt; what its build can is learnt, the cable
 * is measured before a long transfer, the rate raised where that is wanted and the loader can, the image sent by a protocol that the build has
 * and checked in the device's memory, and the rate brought back: always, also behind a failure, a cancel or an unplugged adapter. */
#ifndef UNBRICK_CORE_SERIAL_LOAD_H
#define UNBRICK_CORE_SERIAL_LOAD_H

#include "recovery/loader/loader.h"
#include "src/io/line.h"
#include "src/io/loop.h"
#include "src/store/casebook.h"

struct serial_load;

struct serial_load_options {
	struct line *line;		/* the caller's, who hands on what it reads and what becomes of it */
	const char *port;
	struct casebook *book;		/* where a raised rate is kept */
	const struct loader_driver *driver;
	const char *prompt;		/* it stands there, and the line behind it is empty */
	const struct loader_place *place;
	struct loader_build *build;	/* learnt when it is not known yet */
	struct bytes image;		/* borrowed, as all of these, until on_done */
	const char *path;		/* of the file with that image */
	unsigned raise_baud;		/* 0: stay at the usual rate */
	bool skip_meter;		/* send over a bad cable all the same */
};

struct serial_load_observer {	/* each may be NULL; all come from the loop */
	void (*on_say)(void *user, const char *text);	/* what happens now, or was found: one sentence */
	void (*on_progress)(void *user, uint64_t done, uint64_t total);
	/* Once; it may free the job. proof: what vouches for the copy in RAM. REFUSED: the cable is bad. */
	void (*on_done)(void *user, enum status status, const struct error *error, const char *proof);
	void *user;
};

enum status serial_load_start(struct loop *loop, const struct serial_load_options *options, const struct serial_load_observer *observer,
			      struct serial_load **ret_load, struct error *reterr);
void serial_load_input(struct serial_load *load, struct bytes in, uint64_t now_ms);
/* Lost at a raised rate it waits for the line, and brings the device back first. */
void serial_load_line_state(struct serial_load *load, enum line_state state, const struct error *why);
/* on_done comes with CANCELLED when the device is back at its usual rate. */
void serial_load_cancel(struct serial_load *load);
/* May the device be at another rate than usual? */
bool serial_load_is_raised(const struct serial_load *load);
void serial_load_free(struct serial_load *load);
/* Milliseconds that so many bytes take at that rate. */
uint64_t serial_load_duration_ms(uint64_t bytes, unsigned baud);

#endif
