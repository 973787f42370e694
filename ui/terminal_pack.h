/* ui/terminal_pack.h
 *
 * A row of libvterm's cells as it is kept and painted: text, and runs of what does not look like the rest. For
 * terminal_view.c only. */
#ifndef UNBRICK_UI_TERMINAL_PACK_H
#define UNBRICK_UI_TERMINAL_PACK_H

#include <vterm.h>

#include "ui/terminal_history.h"

struct terminal_packed {
	char text[TERMINAL_LINE_TEXT_MAX];	/* UTF-8, no NUL behind it */
	size_t size;
	struct terminal_run run[TERMINAL_LINE_RUNS_MAX];
	size_t run_count;
};

/* Blanks at the end without a look are dropped. */
void terminal_pack_line(const VTermScreen *screen, int cols, const VTermScreenCell *cells,
			struct terminal_packed *ret_line);

#endif
