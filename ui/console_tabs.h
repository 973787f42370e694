/* ui/console_tabs.h
 *
 * The row of the consoles that are open: which one is shown, which has said something since, which is lost or driven. */
#ifndef UNBRICK_UI_CONSOLE_TABS_H
#define UNBRICK_UI_CONSOLE_TABS_H

#include "ui/screen.h"

struct console_tabs {
	unsigned id[SNAPSHOT_CONSOLES_MAX];
	int x[SNAPSHOT_CONSOLES_MAX], end[SNAPSHOT_CONSOLES_MAX];	/* where each was drawn */
	unsigned count;
};

void console_tabs_draw(struct console_tabs *tabs, struct ui *ui, unsigned shown_id, struct canvas *to, int y);
/* The console under a click, 0: none. */
unsigned console_tabs_at(const struct console_tabs *tabs, int x);
/* The one after id in the row, round and round, but not except_id; id itself when there is no other. */
unsigned console_tabs_next(const struct snapshot *now, unsigned id, unsigned except_id);
/* The title of one console's half of the screen. */
void console_tabs_title(struct ui *ui, unsigned id, bool is_lit, struct canvas *to);

#endif
