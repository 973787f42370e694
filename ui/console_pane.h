/* ui/console_pane.h
 *
 * What the face remembers of one console while it is open, whichever screen shows it: its picture, how far it is scrolled
 * back, what was found in it, which times stand before its rows. */
#ifndef UNBRICK_UI_CONSOLE_PANE_H
#define UNBRICK_UI_CONSOLE_PANE_H

#include "ui/terminal_view.h"

struct ui;

enum {
	CONSOLE_MARKS_COLS = 17,
	CONSOLE_DEVICE_COLS = 80,	/* what a device assumes, having no way to ask over a serial line */
};

struct console_pane {
	unsigned id;			/* of the console */
	struct terminal_view *view;	/* NULL: this place is free */
	uint64_t scroll_back, held_end;	/* while scrolled back, new output must not move what is read */
	enum terminal_clock clock;
	uint64_t wall_shift;
	struct terminal_place found;
	uint64_t power_ms;		/* of the snapshot, as it was heeded last */
	bool has_news;			/* it said something since it was last on the screen */
	bool dtr_is_off, rts_is_off;	/* a port that was opened has both on */
};

/* ui.c; NULL when there is no memory for one. */
struct console_pane *ui_pane(struct ui *ui, unsigned console_id);

/* The columns of the emulated screen in a window so wide: the marks have their own where there is room. */
int console_pane_device_cols(int window_cols);
/* Draws the picture into all of to. cols: of the emulated screen, which does not change with what stands beside it. */
void console_pane_draw(struct console_pane *pane, struct canvas *to, int cols);
/* What turns the times of its rows into the time of day. */
uint64_t console_pane_wall_shift(struct console_pane *pane);
void console_pane_scroll(struct console_pane *pane, int64_t rows_back);
/* Back to where the device writes. */
void console_pane_go_live(struct console_pane *pane);
/* Shows a place in the middle, as found. */
void console_pane_go_to(struct console_pane *pane, const struct terminal_place *place);
/* The row that a bookmark would be set on: the found one, else the top one while scrolled back, else the device's own. */
uint64_t console_pane_row(const struct console_pane *pane);
/* The row under a click in the canvas it was drawn into. */
uint64_t console_pane_row_at(const struct console_pane *pane, int y);
/* The next way to tell the times, or the named one, and says what they are now. */
void console_pane_change_times(struct ui *ui, struct console_pane *pane, const char *name);

#endif
