/* ui/console_search.h
 *
 * Searching what a device said: a text, small and capital letters being the same, or behind a slash a regular expression
 * (PCRE2). An expression that would take too long on a line does not match it: the device chooses the lines. */
#ifndef UNBRICK_UI_CONSOLE_SEARCH_H
#define UNBRICK_UI_CONSOLE_SEARCH_H

#include "ui/terminal_view.h"

struct console_search;

struct console_hits {
	struct terminal_place place;	/* .row UINT64_MAX: nothing in that direction */
	unsigned number, total;		/* of rows with a hit, the oldest being 1 */
};

/* STATUS_INVALID: the expression is none; says where. */
enum status console_search_new(const char *text, struct console_search **ret_search, struct error *reterr);
void console_search_free(struct console_search *search);
/* The next hit above or below a row (exclusive; UINT64_MAX with is_up: from the end). */
void console_search_find(struct console_search *search, struct terminal_view *view, uint64_t from_row, bool is_up,
			 struct console_hits *ret_hits);

#endif
