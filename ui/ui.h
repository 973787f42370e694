/* ui/ui.h
 *
 * The full-screen face: a stack of screens over the engine's snapshot. Draws when something changed, at most 30 times a
 * second while output floods, and at once after a key. The terminal is given back on every way out, also on a fatal
 * signal. */
#ifndef UNBRICK_UI_UI_H
#define UNBRICK_UI_UI_H

#include "src/core/app.h"

struct ui_options {
	bool no_colour;			/* NO_COLOR in the environment does the same */
	bool no_mouse;
	int64_t open_case;		/* shown at once; 0: Home */
	const char *open_console;	/* a port shown at once; NULL: Home */
	bool is_console_alone;		/* there is nothing behind it: going back ends the face */
};

/* Runs until the operator quits, or is asked to by a signal and nothing dangerous is under way. STATUS_UNSUPPORTED:
 * standard input or output is no terminal, or TERM is not known. */
enum status ui_run(struct loop *loop, struct app *app, const struct ui_options *options, struct error *reterr);

#endif
