/* ui/home_rows.h
 *
 * What a row of Home says: a thing on the bench, or a case. screen_home.c knows which rows there are and what the keys do with them. */
#ifndef UNBRICK_UI_HOME_ROWS_H
#define UNBRICK_UI_HOME_ROWS_H

#include "src/core/snapshot.h"
#include "ui/theme.h"

enum row_type { ROW_BLANK, ROW_HEADING, ROW_PORT, ROW_CONSOLE, ROW_USB, ROW_CARD, ROW_NIC, ROW_RIGHTS, ROW_ADVICE, ROW_NOTE, ROW_CASE };

struct row {
	enum row_type type;
	unsigned index;
};

struct row_text {
	char label[16], name[100], text[200], state[200];
	enum role role;
};

/* index of row counts in the snapshot's list of its type. */
void home_row_text(const struct snapshot *now, const struct row *row, struct row_text *to);
/* It was opened by its name (a host's port, a pseudo terminal): no row of the bench leads to it. */
bool home_is_console_beside_bench(const struct snapshot *now, const struct console_view *console);
/* The console of the very computer that this runs on: no device hangs there. */
bool home_is_own_console(const struct bench_port *port);
/* NULL when the case is not worked on now. */
const struct case_view *home_live_case(const struct snapshot *now, int64_t id);

#endif
