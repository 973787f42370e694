#include "src/core/rate_change.h"

#include <stdlib.h>

#include "recovery/loader/loader.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { LINE_POLL_MS = 5 };

struct rate_change {
	struct loop_timer *timer;
	struct line *line;
	char port[512];		/* as it was called when it was told: an adapter may come back under another number */
	struct casebook *book;
	struct rate_note note;
	void (*on_done)(void *user, const struct rate_change_result *result);
	void *user;
	bool is_busy, is_kept, is_in_turn, is_freed;
	struct baud_raise raise;
};

static void turn(struct rate_change *change, struct bytes in, uint64_t now_ms);

static void on_timer(void *user)
{
	turn(user, (struct bytes){ NULL, 0 }, loop_now_ms());
}

enum status rate_change_new(struct loop *loop, const struct rate_change_options *options,
			    void (*on_done)(void *user, const struct rate_change_result *result), void *user, struct rate_change **ret_change,
			    struct error *reterr)
{
	const struct loader_driver *driver = loader_driver_find(options->loader);
	AUTO_FREE struct rate_change *change = NULL;

	if (driver == NULL || driver->baud_command == NULL) {
		error_set(reterr, STATUS_UNSUPPORTED, "no way is known to change the baud rate of the loader '%s'", options->loader);
		return error_hint(reterr, "leave it at its usual rate: without --raise-baud");
	}
	if (!line_has_baud(options->line)) {
		error_set(reterr, STATUS_UNSUPPORTED, "%s has no rate that this side could change along with the device's", options->port);
		return error_hint(reterr, "use the port itself, or an RFC 2217 server (rfc2217:HOST:PORT)");
	}
	change = calloc(1, sizeof(*change));
	if (change == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a change of rate");
	change->timer = loop_timer_new(loop, on_timer, change);
	if (change->timer == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a timer");
	change->line = options->line;
	text_copy(change->port, sizeof(change->port), options->port);
	change->book = options->book;
	change->on_done = on_done;
	change->user = user;
	change->note.usual = options->usual;
	text_copy(change->note.loader, sizeof(change->note.loader), driver->name);
	text_copy(change->note.prompt, sizeof(change->note.prompt), options->prompt);
	baud_raise_init(&change->raise, options->prompt, driver->baud_command, driver->clean_keys, options->usual);
	*ret_change = TAKE(change);
	return STATUS_OK;
}

static void destroy(struct rate_change *change)
{
	loop_timer_free(change->timer);
	free(change);
}

void rate_change_free(struct rate_change *change)
{
	if (change == NULL)
		return;
	change->is_freed = true;
	if (!change->is_in_turn)
		destroy(change);
}

bool rate_change_is_raised(const struct rate_change *change)
{
	return change->is_kept;
}

/* ---- what the machine asks for ---- */

/* Both ends must be able to: this side tries the rate while the device still waits at the usual one. What cannot be kept is not begun. */
static struct baud_raise_event announce(struct rate_change *change, unsigned baud)
{
	struct baud_raise_event none = { .type = BAUD_RAISE_NOTHING };
	struct error error;
	enum status status = line_set_baud(change->line, baud, &error);

	if (line_set_baud(change->line, change->note.usual, NULL) != STATUS_OK || status != STATUS_OK)
		return baud_raise_refuse(&change->raise, status != STATUS_OK ? error.text : "the adapter cannot go back to the usual rate");
	change->note.raised = baud;
	status = rate_note_keep(change->book, change->port, &change->note, &error);
	if (status != STATUS_OK)
		return baud_raise_refuse(&change->raise, error.text);
	change->is_kept = true;
	return none;
}

static void finish(struct rate_change *change, const struct baud_raise_event *event)
{
	char text[BAUD_RAISE_TEXT_MAX];
	const struct rate_change_result result = {
		.type = event->type, .baud = event->type == BAUD_RAISE_LOST ? change->note.usual : event->baud,
		.text = text_copy(text, sizeof(text), event->text), .is_at_prompt = event->is_at_prompt,
	};
	struct error error;

	change->is_busy = false;
	if (event->type == BAUD_RAISE_BACK && (!change->is_kept || rate_note_keep(change->book, change->port, NULL, &error) == STATUS_OK))
		change->is_kept = false;
	if (event->type == BAUD_RAISE_LOST)
		line_set_baud(change->line, change->note.usual, &error);
	change->on_done(change->user, &result);
}

static void take_event(struct rate_change *change, struct baud_raise_event event)
{
	struct error error;

	while (event.type == BAUD_RAISE_ANNOUNCE)
		event = announce(change, event.baud);
	if (event.type == BAUD_RAISE_SET_LINE)
		line_set_baud(change->line, event.baud, &error);	/* while it is lost: in force when it is back */
	if (event.type >= BAUD_RAISE_UP)
		finish(change, &event);
}

/* ---- turning ---- */

static void push(struct rate_change *change, uint64_t now_ms)
{
	for (;;) {
		struct bytes out = baud_raise_output(&change->raise);
		size_t count = out.size > 0 ? line_write(change->line, out) : 0;

		if (count == 0)
			return;
		baud_raise_sent(&change->raise, count, now_ms);
	}
}

static void turn(struct rate_change *change, struct bytes in, uint64_t now_ms)
{
	uint64_t deadline_ms;

	change->is_in_turn = true;
	if (change->is_busy)
		push(change, now_ms);
	while (change->is_busy && !change->is_freed && in.size > 0) {
		take_event(change, baud_raise_input(&change->raise, &in, now_ms));
		push(change, now_ms);
	}
	for (unsigned i = 0; change->is_busy && !change->is_freed && i < 8; i++) {
		if (now_ms < baud_raise_deadline(&change->raise))
			break;
		take_event(change, baud_raise_tick(&change->raise, now_ms));
		push(change, now_ms);
	}
	change->is_in_turn = false;
	if (change->is_freed) {
		destroy(change);
		return;
	}
	deadline_ms = change->is_busy ? baud_raise_deadline(&change->raise) : UINT64_MAX;
	if (change->is_busy && baud_raise_output(&change->raise).size > 0)
		deadline_ms = now_ms + LINE_POLL_MS;	/* the line does not tell when there is room again */
	loop_timer_set_deadline(change->timer, deadline_ms);
}

static void begin(struct rate_change *change)
{
	change->is_busy = true;
	loop_timer_set_after(change->timer, 0);
}

void rate_change_up(struct rate_change *change, unsigned wanted)
{
	baud_raise_up(&change->raise, wanted, loop_now_ms());
	begin(change);
}

void rate_change_down(struct rate_change *change)
{
	baud_raise_down(&change->raise, loop_now_ms());
	begin(change);
}

void rate_change_find(struct rate_change *change, unsigned raised)
{
	if (raised != 0) {
		change->note.raised = raised;
		change->is_kept = true;
	}
	baud_raise_find(&change->raise, raised, loop_now_ms());
	begin(change);
}

void rate_change_input(struct rate_change *change, struct bytes in, uint64_t now_ms)
{
	if (change->is_busy)
		turn(change, in, now_ms);
}

void rate_change_line_state(struct rate_change *change, enum line_state state)
{
	if (!change->is_busy)
		return;
	if (state == LINE_OPEN)
		rate_change_find(change, 0);
	else
		loop_timer_set_deadline(change->timer, UINT64_MAX);
}
