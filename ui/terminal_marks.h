/* ui/terminal_marks.h
 *
 * What is worth jumping to on a device's screen: what the diagnosis says about lines (signs, stages, starts), and the
 * operator's bookmarks. Both by absolute row, rising; the oldest signs go first, bookmarks only by their owner's hand. */
#ifndef UNBRICK_UI_TERMINAL_MARKS_H
#define UNBRICK_UI_TERMINAL_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/status.h"
#include "ui/theme.h"

enum {
	TERMINAL_MARK_MAX = 40,
	TERMINAL_SIGNS_MAX = 4096,
	TERMINAL_BOOKMARKS_MAX = 100,
	TERMINAL_MARKS_LISTED_MAX = TERMINAL_SIGNS_MAX + TERMINAL_BOOKMARKS_MAX,
};

struct terminal_mark {
	uint64_t row;
	unsigned start;			/* the number of the start that begins here; 0: none does */
	enum role role;
	bool is_bookmark;
	char text[TERMINAL_MARK_MAX];
};

struct terminal_marks {
	struct terminal_mark *sign;	/* a ring */
	size_t first, count;
	struct terminal_mark bookmark[TERMINAL_BOOKMARKS_MAX];
	size_t bookmark_count;
};

enum status terminal_marks_init(struct terminal_marks *marks);
void terminal_marks_done(struct terminal_marks *marks);
/* Rows come in order; one that goes back replaces what stands at it and behind it: the device paints over its lines. start
 * 0 and text "" leave what the row has. */
void terminal_marks_add(struct terminal_marks *marks, uint64_t row, unsigned start, const char *text, enum role role);
/* False: there are too many. A second one on a row takes the place of the first. */
bool terminal_marks_bookmark(struct terminal_marks *marks, uint64_t row, const char *text);
bool terminal_marks_remove(struct terminal_marks *marks, uint64_t row);
/* NULL: the row has none. */
const struct terminal_mark *terminal_marks_sign(const struct terminal_marks *marks, uint64_t row);
const struct terminal_mark *terminal_marks_bookmark_of(const struct terminal_marks *marks, uint64_t row);
/* Both kinds from first_row on, rising; of one row the sign first. Returns how many of max there are. */
size_t terminal_marks_list(const struct terminal_marks *marks, uint64_t first_row, const struct terminal_mark **to, size_t max);

#endif
