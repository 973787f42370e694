/* ui/terminal_internal.h
 *
 * What terminal_view.c (history, marks, painting) and terminal_feed.c (what goes into the emulator) share; nobody else
 * includes it. */
#ifndef UNBRICK_UI_TERMINAL_INTERNAL_H
#define UNBRICK_UI_TERMINAL_INTERNAL_H

#include <vterm.h>

#include "ui/terminal_cells.h"
#include "ui/terminal_guard.h"
#include "ui/terminal_history.h"
#include "ui/terminal_plain.h"
#include "ui/terminal_view.h"

enum {
	VIEW_ROWS_MAX = 500,
	VIEW_COLS_MAX = 500,
	VIEW_LINES_MAX = 8192,		/* finished lines whose row is remembered until their sign comes */
};

struct terminal_view {
	VTerm *vterm;
	VTermScreen *screen;
	int rows, cols;
	bool cursor_is_hidden, is_alternate;
	bool lf_is_newline, cr_is_newline;
	bool is_after_cr;			/* with cr_is_newline: it goes down unless an LF follows */
	struct terminal_guard guard;
	struct terminal_plain plain;
	struct terminal_history history;
	uint64_t row_of_line[VIEW_LINES_MAX];	/* by number of '\n' seen */
	uint64_t lines;				/* '\n' seen */
	uint64_t lines_before_input;
	int64_t line_shift;			/* our line = number of the diagnosis + shift */
	unsigned last_number;
	enum boot_stage last_stage;
	unsigned last_start, zero_start;	/* of the last line; the start whose beginning was seen, 0: none */
	struct terminal_times times;
	struct terminal_marks marks;
};

/* Of the screen's row; -1: the newest that has scrolled off. */
static inline uint64_t terminal_screen_row(const struct terminal_view *view, int row)
{
	return view->history.dropped + view->history.count + (uint64_t)row;
}

static inline uint64_t terminal_cursor_row(const struct terminal_view *view)
{
	VTermPos cursor;

	vterm_state_get_cursorpos(vterm_obtain_state(view->vterm), &cursor);
	return terminal_screen_row(view, cursor.row);
}

static inline int terminal_between(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

/* Reading empties the buffer in which libvterm puts its answers. */
void terminal_throw_answers_away(struct terminal_view *view);
void terminal_pack_screen_row(struct terminal_view *view, int row, struct terminal_packed *ret_line);

#endif
