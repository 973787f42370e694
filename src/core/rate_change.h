/* src/core/rate_change.h
 *
 * recovery/loader/baud_raise.h on a line, beside the loop: the way up is kept in the casebook before the device hears of it, the way back is
 * taken off there when it has answered. */
#ifndef UNBRICK_CORE_RATE_CHANGE_H
#define UNBRICK_CORE_RATE_CHANGE_H

#include "recovery/loader/baud_raise.h"
#include "src/core/rate_note.h"
#include "src/io/line.h"
#include "src/io/loop.h"

struct rate_change;

struct rate_change_result {
	enum baud_raise_event_type type;	/* UP, BACK, LOST */
	unsigned baud;
	const char *text;			/* why not higher, or what was found; "" */
	bool is_at_prompt;
};

struct rate_change_options {
	struct line *line;		/* the caller's, who hands on what it reads and what becomes of it */
	const char *port;		/* its name, for the note; borrowed */
	struct casebook *book;
	const char *loader;		/* the driver's name; it has a baud_command */
	const char *prompt;
	unsigned usual;			/* what the device talks at now */
};

/* on_done comes from the loop, once for each of up, down and find; it may call them again or free the job. */
enum status rate_change_new(struct loop *loop, const struct rate_change_options *options,
			    void (*on_done)(void *user, const struct rate_change_result *result), void *user, struct rate_change **ret_change,
			    struct error *reterr);
void rate_change_up(struct rate_change *change, unsigned wanted);
void rate_change_down(struct rate_change *change);
/* raised 0: what this one has told it. */
void rate_change_find(struct rate_change *change, unsigned raised);
void rate_change_input(struct rate_change *change, struct bytes in, uint64_t now_ms);
/* While the line is lost nothing is done; when it is back, the device is sought. */
void rate_change_line_state(struct rate_change *change, enum line_state state);
bool rate_change_is_raised(const struct rate_change *change);	/* or may be */
void rate_change_free(struct rate_change *change);

#endif
