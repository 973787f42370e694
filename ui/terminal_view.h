/* ui/terminal_view.h
 *
 * The screen of a device as libvterm sees it, with what has scrolled off. Device output gets no further than here: the
 * face paints cells. Titles, the clipboard, bells and DCS strings are not looked at, and what the emulator would answer
 * (who are you, where is the cursor) is thrown away: an answer typed into a bootloader stops its countdown or runs as a
 * command.
 *
 * Rows are counted absolutely, from the first line the device ever sent, so that a mark stays where it belongs. */
#ifndef UNBRICK_UI_TERMINAL_VIEW_H
#define UNBRICK_UI_TERMINAL_VIEW_H

#include "src/core/snapshot.h"
#include "src/base/bytes.h"
#include "src/base/status.h"
#include "ui/canvas.h"
#include "ui/terminal_marks.h"
#include "ui/terminal_times.h"

struct terminal_view;

/* A place in the text: bytes of a row, as terminal_view_row_text gives them. */
struct terminal_place {
	uint64_t row;			/* UINT64_MAX: none */
	size_t from, size;
};

/* How the device's screen is painted into a canvas. */
struct terminal_show {
	uint64_t scroll_back;		/* rows */
	enum terminal_clock clock;	/* a column of times before the text */
	uint64_t wall_shift;		/* wall clock minus monotonic clock */
	int mark_x;			/* where the marks' column begins; at the width or beyond: over the blank ends of lines */
	struct terminal_place found;
};

enum status terminal_view_new(int rows, int cols, struct terminal_view **ret_view, struct error *reterr);
void terminal_view_free(struct terminal_view *view);
void terminal_view_input(struct terminal_view *view, struct bytes in, uint64_t now_ms);
/* What a lone LF and a lone CR of the device mean: a new line, or only down and only to the left. */
void terminal_view_set_newlines(struct terminal_view *view, bool lf_is_newline, bool cr_is_newline);
/* What the operator types, shown as if the device had echoed it; no line of the device. */
void terminal_view_echo(struct terminal_view *view, struct bytes typed);
void terminal_view_resize(struct terminal_view *view, int rows, int cols);
/* The sign on a finished line: comes after the bytes of that line. Lines are matched by their number, counted in '\n'.
 */
void terminal_view_mark_line(struct terminal_view *view, const struct diagnosis_line *line);
/* Rows in all (scrolled off and on screen), and where the first kept one is. */
uint64_t terminal_view_first_row(const struct terminal_view *view);
uint64_t terminal_view_end_row(const struct terminal_view *view);
/* The row at the top of the picture that is scrolled back so far. */
uint64_t terminal_view_top_row(const struct terminal_view *view, uint64_t scroll_back);
/* The row that the device writes into. */
uint64_t terminal_view_cursor_row(const struct terminal_view *view);
/* Paints the device's screen into the first rows of to. Times push the text to the right; rows that do not fit end in a cut
 * mark, and nothing else of them changes: the device's columns stay what they are. */
void terminal_view_draw(struct terminal_view *view, struct canvas *to, const struct terminal_show *show);
struct terminal_times *terminal_view_times(struct terminal_view *view);
struct terminal_marks *terminal_view_marks(struct terminal_view *view);
/* How far to scroll back so that row is in the middle. */
uint64_t terminal_view_scroll_for(const struct terminal_view *view, uint64_t row);
/* The bytes that a key is on the line, after the modes that the device has set (cursor keys). 0: the key has none. */
size_t terminal_view_encode_key(struct terminal_view *view, int key, char *to, size_t size);
/* The text of a row, for tests and for copying. */
size_t terminal_view_row_text(struct terminal_view *view, uint64_t row, char *to, size_t size);

#endif
