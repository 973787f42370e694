/* ui/terminal_feed.c
 *
 * What goes into the emulator: behind the guard, and around it when it is a flood of plain lines. */
#include <string.h>

#include "src/base/text.h"
#include "ui/terminal_internal.h"

enum {
	VIEW_INPUT_MAX = 4096,		/* bytes between two looks at what the emulator would answer */
	PLAIN_SCREENS = 2,		/* of plain lines at once, from which on it pays to go around the emulator */
};

void terminal_throw_answers_away(struct terminal_view *view)
{
	char answer[256];

	while (vterm_output_read(view->vterm, answer, sizeof(answer)) > 0)
		;
}

static void feed(struct terminal_view *view, struct bytes in)
{
	VTermState *state = vterm_obtain_state(view->vterm);
	uint8_t safe[TERMINAL_GUARD_OUT_MAX];

	while (in.size > 0) {
		size_t size = in.size < TERMINAL_GUARD_IN_MAX ? in.size : TERMINAL_GUARD_IN_MAX;
		size_t safe_size = terminal_guard_pass(&view->guard, bytes_of(in.data, size), safe);
		VTermPos before, behind;

		terminal_plain_follow(&view->plain, bytes_of(safe, safe_size));
		vterm_state_get_cursorpos(state, &before);
		vterm_input_write(view->vterm, (const char *)safe, safe_size);
		vterm_state_get_cursorpos(state, &behind);
		if (before.row == behind.row && before.col == behind.col)
			terminal_guard_stands(&view->guard);
		in = bytes_from(in, size);
	}
}

static void end_line(struct terminal_view *view)
{
	view->lines++;
	view->row_of_line[view->lines % VIEW_LINES_MAX] = terminal_cursor_row(view);
}

/* A row that was wiped is begun anew. After a resize libvterm 0.1.4 may leave the cursor below the last row, where it has no
 * cells to look at. */
static bool is_blank(const struct terminal_view *view, uint64_t row)
{
	uint64_t y = row - terminal_screen_row(view, 0);

	return y < (uint64_t)view->rows && vterm_screen_is_eol(view->screen, (VTermPos){ .row = (int)y, .col = 0 });
}

/* A carriage return alone begins no row: some devices end their lines with LF CR. */
static bool begins_text(const uint8_t *data, size_t size)
{
	while (size > 0 && *data == '\r') {
		data++;
		size--;
	}
	return size > 0;
}

void terminal_view_set_newlines(struct terminal_view *view, bool lf_is_newline, bool cr_is_newline)
{
	view->lf_is_newline = lf_is_newline;
	view->cr_is_newline = cr_is_newline;
	view->is_after_cr = view->is_after_cr && cr_is_newline;
}

static void put_line_end(struct terminal_view *view, uint64_t now_ms)
{
	uint64_t row = terminal_cursor_row(view);

	if (terminal_times_of(&view->times, row) == 0)	/* an empty line */
		terminal_times_set(&view->times, row, now_ms);
	end_line(view);
	feed(view, view->lf_is_newline ? BYTES("\r\n") : BYTES("\n"));
	view->is_after_cr = false;
}

/* Text without LF. */
static void put_text(struct terminal_view *view, struct bytes in)
{
	while (view->cr_is_newline && in.size > 0) {
		const uint8_t *cr = memchr(in.data, '\r', in.size);
		size_t size = cr ? (size_t)(cr - in.data) + 1 : in.size;

		if (view->is_after_cr)
			feed(view, BYTES("\n"));
		view->is_after_cr = cr != NULL;
		feed(view, bytes_of(in.data, size));
		in = bytes_from(in, size);
	}
	if (in.size > 0)
		feed(view, in);
}

/* Writes bytes without a line feed, and notes when the rows that they begin were begun. */
static void write_part(struct terminal_view *view, const uint8_t *data, size_t size, uint64_t now_ms)
{
	uint64_t row = terminal_cursor_row(view), after;

	terminal_times_grow(&view->times, terminal_screen_row(view, view->rows));
	if (begins_text(data, size) && (terminal_times_of(&view->times, row) == 0 || is_blank(view, row)))
		terminal_times_set(&view->times, row, now_ms);
	put_text(view, bytes_of(data, size));
	after = terminal_cursor_row(view);
	if (after == row)
		return;
	/* it wrapped, or the device jumped there */
	terminal_times_grow(&view->times, terminal_screen_row(view, view->rows));
	for (uint64_t at = after > row ? row + 1 : after; at <= after; at++)
		terminal_times_set(&view->times, at, now_ms);
}

static void put_lines(struct terminal_view *view, struct bytes in, uint64_t now_ms)
{
	while (in.size > 0) {
		const uint8_t *end = memchr(in.data, '\n', in.size);
		size_t size = end ? (size_t)(end - in.data) : in.size;

		if (size > VIEW_INPUT_MAX) {
			size = VIEW_INPUT_MAX;
			end = NULL;
		}
		write_part(view, in.data, size, now_ms);
		if (end != NULL) {
			put_line_end(view, now_ms);
			size++;
		}
		terminal_throw_answers_away(view);
		in = bytes_from(in, size);
	}
}

/* The cursor is at the beginning of the last row, which is empty: each line that comes moves the screen up by its rows. */
static bool is_at_the_bottom(struct terminal_view *view)
{
	struct terminal_packed line;
	VTermPos cursor;

	if (view->is_alternate || view->cr_is_newline || !terminal_guard_is_at_rest(&view->guard) ||
	    !terminal_plain_is_ready(&view->plain))
		return false;
	vterm_state_get_cursorpos(vterm_obtain_state(view->vterm), &cursor);
	if (cursor.row != view->rows - 1 || cursor.col != 0)
		return false;
	terminal_pack_screen_row(view, view->rows - 1, &line);
	return line.size == 0 && line.run_count == 0;
}

/* Rows of the line into the history, as many as there are. */
static size_t push_rows(struct terminal_view *view, struct bytes text, size_t most, uint64_t now_ms)
{
	size_t rows = 0, cols = (size_t)view->cols;

	do {
		size_t used = text.size < cols ? text.size : cols, size = used;

		while (size > 0 && text.data[size - 1] == ' ')
			size--;
		terminal_times_grow(&view->times, terminal_screen_row(view, 1));
		if (text.size > 0 || terminal_times_of(&view->times, terminal_screen_row(view, 0)) == 0)
			terminal_times_set(&view->times, terminal_screen_row(view, 0), now_ms);
		terminal_history_push(&view->history, (const char *)text.data, size, NULL, 0);
		text = bytes_from(text, used);
		rows++;
	} while (text.size > 0 && rows < most);
	return rows;
}

/* Plain lines, more than a screen of them: what is on the screen and all but the last rows goes where it would scroll
 * to; libvterm gets the rest on an empty screen. */
static void put_plain(struct terminal_view *view, struct bytes in, size_t rows, uint64_t now_ms)
{
	size_t beyond = rows - ((size_t)view->rows - 1);
	struct terminal_packed line;

	for (int row = 0; row < view->rows - 1; row++) {
		terminal_pack_screen_row(view, row, &line);
		terminal_history_push(&view->history, line.text, line.size, line.run, line.run_count);
	}
	vterm_input_write(view->vterm, "\033[H\033[2J", 7);
	while (beyond > 0) {
		struct bytes rest = in, text = terminal_plain_take_line(&rest);
		size_t pushed = push_rows(view, text, beyond, now_ms), size = pushed * (size_t)view->cols;

		beyond -= pushed;
		if (size < text.size) {		/* the rest of it is the first that is still seen */
			in = bytes_from(in, size);
			break;
		}
		view->lines++;
		view->row_of_line[view->lines % VIEW_LINES_MAX] = terminal_screen_row(view, -1);
		in = rest;
	}
	put_lines(view, in, now_ms);
}

void terminal_view_input(struct terminal_view *view, struct bytes in, uint64_t now_ms)
{
	size_t rows, size;

	view->lines_before_input = view->lines;
	while (in.size > 0) {
		const uint8_t *end;

		size = is_at_the_bottom(view) ? terminal_plain_lines(in, (size_t)view->cols, &rows) : 0;
		if (size > 0 && rows >= PLAIN_SCREENS * (size_t)view->rows) {
			put_plain(view, bytes_of(in.data, size), rows, now_ms);
		} else {
			/* and the line that is not plain */
			end = memchr(in.data + size, '\n', in.size - size);
			size = end ? (size_t)(end - in.data) + 1 : in.size;
			put_lines(view, bytes_of(in.data, size), now_ms);
		}
		in = bytes_from(in, size);
	}
	vterm_screen_flush_damage(view->screen);
}

void terminal_view_echo(struct terminal_view *view, struct bytes typed)
{
	for (size_t i = 0; i < typed.size; i++) {
		uint8_t byte = typed.data[i];

		if (byte == '\r' || byte == '\n')
			feed(view, BYTES("\r\n"));
		else if (byte == 0x08 || byte == 0x7f)
			feed(view, BYTES("\b \b"));
		else if (byte == 0x1b)
			break;		/* a key without a character */
		else if (byte >= ' ')
			feed(view, bytes_of(&byte, 1));
	}
	terminal_throw_answers_away(view);
	vterm_screen_flush_damage(view->screen);
}

/* A smaller screen leaves libvterm with the margins of the larger one, with the place that DECSC has kept, and with a
 * cursor above the first row when there was text below it: all three lead it out of its memory. Margins end with a new
 * size, as xterm does it; what is kept is the present place. */
static void come_inside(struct terminal_view *view)
{
	char back[64] = "\x18";
	VTermPos cursor;

	vterm_state_get_cursorpos(vterm_obtain_state(view->vterm), &cursor);
	if (view->plain.is_changed || cursor.row != terminal_between(cursor.row, 0, view->rows - 1) ||
	    cursor.col != terminal_between(cursor.col, 0, view->cols - 1))
		text_append(back, sizeof(back), "\x1b[r\x1b[s\x1b[%d;%dH", terminal_between(cursor.row, 0, view->rows - 1) + 1,
			    terminal_between(cursor.col, 0, view->cols - 1) + 1);
	text_append(back, sizeof(back), "\x1b" "7");
	view->guard = (struct terminal_guard){ 0 };	/* nothing goes before it */
	feed(view, bytes_of_text(back));
}

void terminal_view_resize(struct terminal_view *view, int rows, int cols)
{
	bool is_smaller;

	rows = terminal_between(rows, 2, VIEW_ROWS_MAX);
	cols = terminal_between(cols, 2, VIEW_COLS_MAX);
	if (rows == view->rows && cols == view->cols)
		return;
	is_smaller = rows < view->rows || cols < view->cols;
	view->rows = rows;
	view->cols = cols;
	vterm_set_size(view->vterm, rows, cols);
	if (is_smaller)
		come_inside(view);
	vterm_screen_flush_damage(view->screen);
	terminal_throw_answers_away(view);
}
