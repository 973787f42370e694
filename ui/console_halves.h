/* ui/console_halves.h
 *
 * How the consoles share the body of the window: one of them below the row of all, or two beside each other. Keys go to the
 * lit one, whose id the screen keeps; what changes it returns the new one. */
#ifndef UNBRICK_UI_CONSOLE_HALVES_H
#define UNBRICK_UI_CONSOLE_HALVES_H

#include "ui/console_tabs.h"

struct console_halves {
	unsigned beside_id;		/* the one in the other half; 0: not split */
	bool is_right;			/* the lit one is in the right half */
	int cols;			/* of the window, when it was drawn last */
	struct console_tabs tabs;
};

void console_halves_draw(struct console_halves *halves, struct ui *ui, unsigned lit_id, struct canvas *to);
/* Puts the next console beside the lit one, or joins the halves. */
void console_halves_split(struct console_halves *halves, struct ui *ui, unsigned lit_id);
/* The other half; without one, or with is_here, the next console in this place. */
unsigned console_halves_next(struct console_halves *halves, struct ui *ui, unsigned lit_id, bool is_here);
/* A click into the other half, or on a tab, goes there; on a line, it chooses it, for a bookmark or to read on. */
unsigned console_halves_click(struct console_halves *halves, struct ui *ui, unsigned lit_id, int y, int x);

#endif
