#include "ui/terminal_marks.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/text.h"

enum status terminal_marks_init(struct terminal_marks *marks)
{
	memset(marks, 0, sizeof(*marks));
	marks->sign = calloc(TERMINAL_SIGNS_MAX, sizeof(*marks->sign));
	return marks->sign ? STATUS_OK : STATUS_NO_MEMORY;
}

void terminal_marks_done(struct terminal_marks *marks)
{
	free(marks->sign);
	memset(marks, 0, sizeof(*marks));
}

static struct terminal_mark *sign_at(const struct terminal_marks *marks, size_t index)
{
	return &marks->sign[(marks->first + index) % TERMINAL_SIGNS_MAX];
}

void terminal_marks_add(struct terminal_marks *marks, uint64_t row, unsigned start, const char *text, enum role role)
{
	struct terminal_mark *mark, kept = { .row = row };

	/* a device that paints over its lines (a progress count) would put many marks on one row: the last one counts */
	while (marks->count > 0 && sign_at(marks, marks->count - 1)->row >= row) {
		if (sign_at(marks, marks->count - 1)->row == row)
			kept = *sign_at(marks, marks->count - 1);
		marks->count--;
	}
	if (marks->count == TERMINAL_SIGNS_MAX) {
		marks->first = (marks->first + 1) % TERMINAL_SIGNS_MAX;
		marks->count--;
	}
	mark = sign_at(marks, marks->count++);
	*mark = kept;
	if (start > 0)
		mark->start = start;
	if (text[0] == '\0')
		return;
	mark->role = role;
	text_copy(mark->text, sizeof(mark->text), text);
}

/* The first bookmark at or behind row. */
static size_t bookmark_place(const struct terminal_marks *marks, uint64_t row)
{
	size_t at = 0;

	while (at < marks->bookmark_count && marks->bookmark[at].row < row)
		at++;
	return at;
}

bool terminal_marks_bookmark(struct terminal_marks *marks, uint64_t row, const char *text)
{
	size_t at = bookmark_place(marks, row);
	struct terminal_mark *mark = &marks->bookmark[at];

	if (terminal_marks_bookmark_of(marks, row) == NULL) {
		if (marks->bookmark_count == TERMINAL_BOOKMARKS_MAX)
			return false;
		memmove(mark + 1, mark, (marks->bookmark_count - at) * sizeof(*mark));
		marks->bookmark_count++;
	}
	*mark = (struct terminal_mark){ .row = row, .role = ROLE_STRONG, .is_bookmark = true };
	text_copy(mark->text, sizeof(mark->text), text);
	return true;
}

bool terminal_marks_remove(struct terminal_marks *marks, uint64_t row)
{
	size_t at = bookmark_place(marks, row);

	if (terminal_marks_bookmark_of(marks, row) == NULL)
		return false;
	marks->bookmark_count--;
	memmove(&marks->bookmark[at], &marks->bookmark[at + 1],
		(marks->bookmark_count - at) * sizeof(marks->bookmark[0]));
	return true;
}

/* The first sign at or behind row. */
static size_t sign_place(const struct terminal_marks *marks, uint64_t row)
{
	size_t low = 0, high = marks->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sign_at(marks, middle)->row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct terminal_mark *terminal_marks_sign(const struct terminal_marks *marks, uint64_t row)
{
	size_t at = sign_place(marks, row);

	return at < marks->count && sign_at(marks, at)->row == row ? sign_at(marks, at) : NULL;
}

const struct terminal_mark *terminal_marks_bookmark_of(const struct terminal_marks *marks, uint64_t row)
{
	size_t at = bookmark_place(marks, row);

	return at < marks->bookmark_count && marks->bookmark[at].row == row ? &marks->bookmark[at] : NULL;
}

size_t terminal_marks_list(const struct terminal_marks *marks, uint64_t first_row, const struct terminal_mark **to,
			   size_t max)
{
	size_t sign = sign_place(marks, first_row), bookmark = bookmark_place(marks, first_row), count = 0;

	while (count < max && (sign < marks->count || bookmark < marks->bookmark_count)) {
		bool takes_sign = bookmark == marks->bookmark_count ||
				  (sign < marks->count && sign_at(marks, sign)->row <= marks->bookmark[bookmark].row);

		to[count++] = takes_sign ? sign_at(marks, sign++) : &marks->bookmark[bookmark++];
	}
	return count;
}
