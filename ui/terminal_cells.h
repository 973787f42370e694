/* ui/terminal_cells.h
 *
 * Between libvterm's cells and the packed lines that are kept of them: text in UTF-8, and runs of looks. The rows on the
 * screen and those that scrolled off go the same way, so that a line does not change when it scrolls off. */
#ifndef UNBRICK_UI_TERMINAL_CELLS_H
#define UNBRICK_UI_TERMINAL_CELLS_H

#include <vterm.h>

#include "ui/terminal_history.h"

struct terminal_packed {
	char text[TERMINAL_LINE_TEXT_MAX];	/* ends with a NUL */
	size_t size;
	struct terminal_run run[TERMINAL_LINE_RUNS_MAX];
	size_t run_count;
};

/* Blanks at the end without a look are dropped. */
void terminal_cells_pack(const VTermScreen *screen, int cols, const VTermScreenCell *cells, struct terminal_packed *line);
/* line NULL: an empty one. */
void terminal_cells_unpack(const struct terminal_line *line, int cols, VTermScreenCell *cells);
void terminal_cells_set(VTermScreenCell *cell, uint32_t code);

#endif
