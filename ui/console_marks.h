/* ui/console_marks.h
 *
 * Finding places in what a console showed, and keeping them. */
#ifndef UNBRICK_UI_CONSOLE_MARKS_H
#define UNBRICK_UI_CONSOLE_MARKS_H

#include "ui/screen.h"

enum { CONSOLE_SEARCH_TEXT_MAX = 128 };

/* The next hit above or below the place that is shown as found; with is_new from the newest row upwards. Says what came of it. */
void console_marks_find(struct ui *ui, struct console_pane *pane, const char *text, bool is_up, bool is_new);
/* Keeps a bookmark on the row, and a remark beside the captured bytes. */
void console_marks_set(struct ui *ui, struct console_pane *pane, uint64_t row, const char *text);
/* "bookmark on 'Verifying Checksum ...':" */
void console_marks_label(struct console_pane *pane, uint64_t row, char *to, size_t size);

#endif
