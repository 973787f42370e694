/* A device that another session left at a raised rate is brought back before anything else is typed on its line. */
#include "src/base/text.h"
#include "src/core/live_case.h"
#include "src/core/rate_change.h"

bool guide_rate_leads(const struct live_case *c)
{
	return c->rate != NULL;
}

static void on_done(void *user, const struct rate_change_result *result)
{
	struct live_case *c = user;
	struct error error;

	rate_change_free(c->rate);
	c->rate = NULL;
	console_set_driven(c->console, false);
	/* What was read at the wrong rate is no text of this device. */
	console_forget(c->console);
	if (result->type == BAUD_RAISE_LOST) {
		error_set(&error, STATUS_GONE, "%s", result->text);
		error_hint(&error, "switch the device off and on: the rate was never saved, so it starts at %u baud again", result->baud);
		case_problem(c, &error);
		case_log(c, JOURNAL_OBSERVED, "error", "%s", error.text);
	} else {
		c->is_at_prompt = result->is_at_prompt;
		case_log(c, JOURNAL_OBSERVED, "rate", "the device is back at %u baud%s%s", result->baud, result->text[0] ? ": " : "", result->text);
	}
	app_changed(c->app);
}

void guide_rate_begin(struct live_case *c)
{
	struct rate_note note;
	struct rate_change_options options = { .line = console_get_line(c->console), .port = console_port(c->console), .book = c->app->book };
	struct error error;

	if (c->rate != NULL || !rate_note_find(c->app->book, options.port, &note))
		return;
	options.loader = note.loader;
	options.prompt = note.prompt;
	options.usual = note.usual;
	if (rate_change_new(c->app->loop, &options, on_done, c, &c->rate, &error) != STATUS_OK) {
		case_problem(c, &error);
		return;
	}
	case_log(c, JOURNAL_PROGRAM, "rate", "a session before left this device at %u baud: bringing it back", note.raised);
	console_set_driven(c->console, true);
	rate_change_find(c->rate, note.raised);
}

void guide_rate_on_bytes(struct live_case *c, struct bytes in, uint64_t now_ms)
{
	rate_change_input(c->rate, in, now_ms);
}

void guide_rate_on_state(struct live_case *c, enum line_state state)
{
	rate_change_line_state(c->rate, state);
}
