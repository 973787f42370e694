#include "ui/terminal_view.h"

#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "ui/keys.h"
#include "ui/terminal_guard.h"
#include "ui/terminal_history.h"
#include "ui/terminal_pack.h"
#include "ui/terminal_plain.h"

enum {
	VIEW_ROWS_MAX = 500,
	VIEW_COLS_MAX = 500,
	VIEW_MARKS_MAX = 4096,
	VIEW_LINES_MAX = 8192,		/* finished lines whose row is remembered until their sign comes */
	VIEW_INPUT_MAX = 4096,		/* bytes between two looks at what the emulator would answer */
	PLAIN_SCREENS = 2,		/* of plain lines at once, from which on it pays to go around the emulator */
};

struct mark {
	uint64_t row;
	char text[TERMINAL_MARK_MAX];
	enum role role;
};

struct terminal_view {
	VTerm *vterm;
	VTermScreen *screen;
	int rows, cols;
	bool cursor_is_hidden, is_alternate;
	bool lf_is_newline, cr_is_newline;
	bool is_after_cr;			/* with cr_is_newline: it goes down unless an LF follows */
	struct terminal_guard guard;
	struct terminal_plain plain;
	struct terminal_history history;
	uint64_t row_of_line[VIEW_LINES_MAX];	/* by number of '\n' seen */
	uint64_t lines;				/* '\n' seen */
	uint64_t lines_before_input;
	int64_t line_shift;			/* our line = number of the diagnosis + shift */
	unsigned last_number;
	struct mark *marks;			/* a ring, rows rising */
	size_t mark_first, mark_count;
};

static int on_push_line(int cols, const VTermScreenCell *cells, void *user)
{
	struct terminal_view *view = user;
	struct terminal_packed line;

	terminal_pack_line(view->screen, cols, cells, &line);
	terminal_history_push(&view->history, line.text, line.size, line.run, line.run_count);
	return 1;
}

static void set_cell(VTermScreenCell *cell, uint32_t code, int width)
{
	memset(cell, 0, sizeof(*cell));
	cell->chars[0] = code;
	cell->width = (char)width;
	cell->fg.type = VTERM_COLOR_INDEXED | VTERM_COLOR_DEFAULT_FG;
	cell->bg.type = VTERM_COLOR_INDEXED | VTERM_COLOR_DEFAULT_BG;
}

/* The window grew: the newest line comes back. Its colours are left behind; its text is what counts. */
static int on_pop_line(int cols, VTermScreenCell *cells, void *user)
{
	struct terminal_view *view = user;
	const struct terminal_line *line;
	const char *at;

	if (view->history.count == 0)
		return 0;
	line = terminal_history_line(&view->history, view->history.count - 1);
	at = terminal_line_text(line);
	for (int column = 0; column < cols; column++)
		set_cell(&cells[column], *at != '\0' ? utf8_next(&at) : 0, 1);
	terminal_history_pop(&view->history);
	return 1;
}

static int on_property(VTermProp property, VTermValue *value, void *user)
{
	struct terminal_view *view = user;

	if (property == VTERM_PROP_CURSORVISIBLE)
		view->cursor_is_hidden = !value->boolean;
	if (property == VTERM_PROP_ALTSCREEN)
		view->is_alternate = value->boolean;
	return 1;
}

static const VTermScreenCallbacks callbacks = {
	.settermprop = on_property, .sb_pushline = on_push_line, .sb_popline = on_pop_line,
};

static int between(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

enum status terminal_view_new(int rows, int cols, struct terminal_view **ret_view, struct error *reterr)
{
	struct terminal_view *view = calloc(1, sizeof(*view));

	if (view == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the picture of a console");
	view->rows = between(rows, 2, VIEW_ROWS_MAX);
	view->cols = between(cols, 2, VIEW_COLS_MAX);
	view->marks = calloc(VIEW_MARKS_MAX, sizeof(*view->marks));
	view->vterm = vterm_new(view->rows, view->cols);
	if (view->marks == NULL || view->vterm == NULL || terminal_history_init(&view->history) != STATUS_OK) {
		terminal_view_free(view);
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the picture of a console");
	}
	vterm_set_utf8(view->vterm, 1);
	view->screen = vterm_obtain_screen(view->vterm);
	vterm_screen_set_callbacks(view->screen, &callbacks, view);
	vterm_screen_enable_altscreen(view->screen, 1);
	vterm_screen_set_damage_merge(view->screen, VTERM_DAMAGE_SCROLL);
	vterm_screen_reset(view->screen, 1);
	*ret_view = view;
	return STATUS_OK;
}

void terminal_view_free(struct terminal_view *view)
{
	if (view == NULL)
		return;
	if (view->vterm != NULL)
		vterm_free(view->vterm);
	terminal_history_done(&view->history);
	free(view->marks);
	free(view);
}

/* Reading empties the buffer in which libvterm puts its answers. */
static void throw_answers_away(struct terminal_view *view)
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

static uint64_t screen_row(const struct terminal_view *view, int row)
{
	return view->history.dropped + view->history.count + (uint64_t)row;
}

static void end_line(struct terminal_view *view)
{
	VTermPos cursor;

	vterm_state_get_cursorpos(vterm_obtain_state(view->vterm), &cursor);
	view->lines++;
	view->row_of_line[view->lines % VIEW_LINES_MAX] = screen_row(view, cursor.row);
}

void terminal_view_set_newlines(struct terminal_view *view, bool lf_is_newline, bool cr_is_newline)
{
	view->lf_is_newline = lf_is_newline;
	view->cr_is_newline = cr_is_newline;
	view->is_after_cr = view->is_after_cr && cr_is_newline;
}

static void put_line_end(struct terminal_view *view)
{
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

static void put_lines(struct terminal_view *view, struct bytes in)
{
	while (in.size > 0) {
		const uint8_t *end = memchr(in.data, '\n', in.size);
		size_t size = end ? (size_t)(end - in.data) : in.size;

		if (size > VIEW_INPUT_MAX) {
			size = VIEW_INPUT_MAX;
			end = NULL;
		}
		put_text(view, bytes_of(in.data, size));
		if (end != NULL) {
			put_line_end(view);
			size++;
		}
		throw_answers_away(view);
		in = bytes_from(in, size);
	}
}

static void pack_screen_row(struct terminal_view *view, int row, struct terminal_packed *line);

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
	pack_screen_row(view, view->rows - 1, &line);
	return line.size == 0 && line.run_count == 0;
}

/* Rows of the line into the history, as many as there are. */
static size_t push_rows(struct terminal_view *view, struct bytes text, size_t most)
{
	size_t rows = 0, cols = (size_t)view->cols;

	do {
		size_t used = text.size < cols ? text.size : cols, size = used;

		while (size > 0 && text.data[size - 1] == ' ')
			size--;
		terminal_history_push(&view->history, (const char *)text.data, size, NULL, 0);
		text = bytes_from(text, used);
		rows++;
	} while (text.size > 0 && rows < most);
	return rows;
}

/* Plain lines, more than a screen of them: what is on the screen and all but the last rows goes where it would scroll
 * to; libvterm gets the rest on an empty screen. */
static void put_plain(struct terminal_view *view, struct bytes in, size_t rows)
{
	size_t beyond = rows - ((size_t)view->rows - 1);
	struct terminal_packed line;

	for (int row = 0; row < view->rows - 1; row++) {
		pack_screen_row(view, row, &line);
		terminal_history_push(&view->history, line.text, line.size, line.run, line.run_count);
	}
	vterm_input_write(view->vterm, "\033[H\033[2J", 7);
	while (beyond > 0) {
		struct bytes rest = in, text = terminal_plain_take_line(&rest);
		size_t pushed = push_rows(view, text, beyond), size = pushed * (size_t)view->cols;

		beyond -= pushed;
		if (size < text.size) {		/* the rest of it is the first that is still seen */
			in = bytes_from(in, size);
			break;
		}
		view->lines++;
		view->row_of_line[view->lines % VIEW_LINES_MAX] = screen_row(view, -1);
		in = rest;
	}
	put_lines(view, in);
}

void terminal_view_input(struct terminal_view *view, struct bytes in)
{
	size_t rows, size;

	view->lines_before_input = view->lines;
	while (in.size > 0) {
		const uint8_t *end;

		size = is_at_the_bottom(view) ? terminal_plain_lines(in, (size_t)view->cols, &rows) : 0;
		if (size > 0 && rows >= PLAIN_SCREENS * (size_t)view->rows) {
			put_plain(view, bytes_of(in.data, size), rows);
		} else {
			/* and the line that is not plain */
			end = memchr(in.data + size, '\n', in.size - size);
			size = end ? (size_t)(end - in.data) + 1 : in.size;
			put_lines(view, bytes_of(in.data, size));
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
	throw_answers_away(view);
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
	if (view->plain.is_changed || cursor.row < 0 || cursor.col < 0)
		text_append(back, sizeof(back), "\x1b[r\x1b[s\x1b[%d;%dH", cursor.row < 0 ? 1 : cursor.row + 1,
			    cursor.col < 0 ? 1 : cursor.col + 1);
	text_append(back, sizeof(back), "\x1b" "7");
	view->guard = (struct terminal_guard){ 0 };	/* nothing goes before it */
	feed(view, bytes_of_text(back));
}

void terminal_view_resize(struct terminal_view *view, int rows, int cols)
{
	bool is_smaller;

	rows = between(rows, 2, VIEW_ROWS_MAX);
	cols = between(cols, 2, VIEW_COLS_MAX);
	if (rows == view->rows && cols == view->cols)
		return;
	is_smaller = rows < view->rows || cols < view->cols;
	view->rows = rows;
	view->cols = cols;
	vterm_set_size(view->vterm, rows, cols);
	if (is_smaller)
		come_inside(view);
	vterm_screen_flush_damage(view->screen);
	throw_answers_away(view);
}

uint64_t terminal_view_first_row(const struct terminal_view *view)
{
	return view->history.dropped;
}

uint64_t terminal_view_end_row(const struct terminal_view *view)
{
	return screen_row(view, view->rows);
}

static struct mark *mark_at(const struct terminal_view *view, size_t index)
{
	return &view->marks[(view->mark_first + index) % VIEW_MARKS_MAX];
}

static void add_mark(struct terminal_view *view, uint64_t row, const char *text, enum role role)
{
	struct mark *mark;

	/* a device that paints over its lines (a progress count) would put many marks on one row: the last one counts
	 */
	while (view->mark_count > 0 && mark_at(view, view->mark_count - 1)->row >= row)
		view->mark_count--;
	if (view->mark_count == VIEW_MARKS_MAX) {
		view->mark_first = (view->mark_first + 1) % VIEW_MARKS_MAX;
		view->mark_count--;
	}
	mark = mark_at(view, view->mark_count++);
	mark->row = row;
	mark->role = role;
	text_copy(mark->text, sizeof(mark->text), text);
}

void terminal_view_mark_line(struct terminal_view *view, const struct diagnosis_line *line)
{
	const struct sign *sign = line->sign;
	char text[TERMINAL_MARK_MAX];
	uint64_t ours;

	if (line->number <= view->last_number)	/* the diagnosis began to count anew */
		view->line_shift = (int64_t)view->lines_before_input + 1 - line->number;
	view->last_number = line->number;
	ours = (uint64_t)((int64_t)line->number + view->line_shift);
	if (sign == NULL || ours > view->lines || ours == 0 || view->lines - ours >= VIEW_LINES_MAX)
		return;
	if (sign->effect == SIGN_FAULT) {
		text_copy(text, sizeof(text), cause_label(sign->cause));
		if (sign->also != CAUSE_NONE)
			text_append(text, sizeof(text), " %s", cause_label(sign->also));
		add_mark(view, view->row_of_line[ours % VIEW_LINES_MAX], text, ROLE_ATTENTION);
	} else if (sign->effect == SIGN_MILESTONE && sign->stage != STAGE_ANY) {
		add_mark(view, view->row_of_line[ours % VIEW_LINES_MAX], boot_stage_name(sign->stage), ROLE_DIM);
	} else if (sign->effect == SIGN_HEALTHY) {
		add_mark(view, view->row_of_line[ours % VIEW_LINES_MAX], "ok", ROLE_GOOD);
	}
}

static const struct mark *find_mark(const struct terminal_view *view, uint64_t row)
{
	size_t low = 0, high = view->mark_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (mark_at(view, middle)->row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low < view->mark_count && mark_at(view, low)->row == row ? mark_at(view, low) : NULL;
}

static attr_t look_attributes(struct theme *theme, const struct terminal_run *look)
{
	attr_t attributes = theme_device_colours(theme, look->foreground, look->background);

	if (look->flags & TERMINAL_BOLD)
		attributes |= A_BOLD;
	if (look->flags & TERMINAL_UNDERLINE)
		attributes |= A_UNDERLINE;
	if (look->flags & TERMINAL_REVERSE)
		attributes |= A_REVERSE;
	return attributes;
}

static int put_character(struct canvas *to, int y, int x, int limit, attr_t attributes, uint32_t code)
{
	int width;
	wchar_t text[2] = { theme_character(to->theme, code, &width), 0 };

	if (width == 0 || x + width > limit)
		return 0;
	wattrset(to->window, (int)attributes);
	mvwaddnwstr(to->window, y, x, text, 1);
	return width;
}

/* Both draw one row and return where its text ends. */
static int draw_packed(struct canvas *to, int y, int limit, const char *at, const struct terminal_run *run,
		       size_t run_count)
{
	int x = 0;

	while (*at != '\0' && x < limit) {
		attr_t attributes = A_NORMAL;
		uint32_t code = utf8_next(&at);

		while (run_count > 0 && run->first + run->count <= x) {
			run++;
			run_count--;
		}
		if (run_count > 0 && run->first <= x)
			attributes = look_attributes(to->theme, run);
		x += put_character(to, y, x, limit, attributes, code);
	}
	wattrset(to->window, A_NORMAL);
	return x;
}

/* The looks of a live row and of a kept one go the same way, so that a line does not change when it scrolls off. */
static void pack_screen_row(struct terminal_view *view, int row, struct terminal_packed *line)
{
	VTermScreenCell cells[VIEW_COLS_MAX];

	for (int column = 0; column < view->cols; column++)
		if (!vterm_screen_get_cell(view->screen, (VTermPos){ .row = row, .col = column }, &cells[column]))
			set_cell(&cells[column], ' ', 1);
	terminal_pack_line(view->screen, view->cols, cells, line);
	line->text[line->size] = '\0';
}

static int draw_row(struct terminal_view *view, struct canvas *to, int y, uint64_t row, int limit)
{
	uint64_t first_on_screen = screen_row(view, 0);

	if (row < view->history.dropped)
		return 0;
	if (row < first_on_screen) {
		const struct terminal_line *line = terminal_history_line(&view->history, row - view->history.dropped);

		return draw_packed(to, y, limit, terminal_line_text(line), line ? line->run : NULL,
				   line ? line->run_count : 0);
	}
	if (row < first_on_screen + (uint64_t)view->rows) {
		struct terminal_packed line;

		pack_screen_row(view, (int)(row - first_on_screen), &line);
		return draw_packed(to, y, limit, line.text, line.run, line.run_count);
	}
	return 0;
}

static void draw_mark(struct canvas *to, int y, int text_end, int mark_x, const struct mark *mark)
{
	int width = (int)strlen(mark->text);

	if (mark_x < to->cols) {
		canvas_put(to, y, mark_x, to->cols - mark_x, mark->role, mark->text);
	} else if (text_end + 2 + width <= to->cols) {
		canvas_put(to, y, to->cols - width, width, mark->role, mark->text);
	} else if (mark->role == ROLE_ATTENTION) {
		if (text_end + 6 <= to->cols)	/* room for the beginning of the word */
			canvas_put(to, y, text_end + 2, to->cols - text_end - 2, mark->role, mark->text);
		else
			canvas_put(to, y, to->cols - 1, 1, ROLE_DANGER_FILL, "!");
	}
}

void terminal_view_draw(struct terminal_view *view, struct canvas *to, uint64_t scroll_back, int mark_x,
			uint64_t found_row)
{
	uint64_t top = screen_row(view, 0) - (scroll_back < view->history.count ? scroll_back : view->history.count);
	int limit = mark_x < to->cols ? mark_x - 1 : to->cols;
	VTermPos cursor;

	for (int y = 0; y < to->rows && y < view->rows; y++) {
		const struct mark *mark = view->is_alternate ? NULL : find_mark(view, top + (uint64_t)y);
		int end = draw_row(view, to, y, top + (uint64_t)y, limit);

		if (top + (uint64_t)y == found_row)
			mvwchgat(to->window, y, 0, limit, A_REVERSE, 0, NULL);
		if (mark != NULL)
			draw_mark(to, y, end, mark_x, mark);
	}
	vterm_state_get_cursorpos(vterm_obtain_state(view->vterm), &cursor);
	if (scroll_back == 0 && !view->cursor_is_hidden && cursor.row < to->rows && cursor.col < to->cols) {
		to->cursor_y = cursor.row;
		to->cursor_x = cursor.col;
	}
}

size_t terminal_view_row_text(struct terminal_view *view, uint64_t row, char *to, size_t size)
{
	uint64_t first_on_screen = screen_row(view, 0);

	to[0] = '\0';
	if (row >= first_on_screen && row < first_on_screen + (uint64_t)view->rows) {
		struct terminal_packed line;

		pack_screen_row(view, (int)(row - first_on_screen), &line);
		text_copy(to, size, line.text);
	} else if (row >= view->history.dropped && row < first_on_screen) {
		text_copy(to, size,
			  terminal_line_text(terminal_history_line(&view->history, row - view->history.dropped)));
	}
	return strlen(to);
}

bool terminal_view_find(struct terminal_view *view, const char *text, uint64_t before_row, uint64_t *ret_row)
{
	char line[TERMINAL_LINE_TEXT_MAX];
	uint64_t row = before_row < terminal_view_end_row(view) ? before_row : terminal_view_end_row(view);

	while (row > view->history.dropped) {
		row--;
		terminal_view_row_text(view, row, line, sizeof(line));
		if (text_contains(line, text)) {
			*ret_row = row;
			return true;
		}
	}
	return false;
}

uint64_t terminal_view_scroll_for(const struct terminal_view *view, uint64_t row)
{
	uint64_t first_on_screen = screen_row(view, 0), middle = (uint64_t)view->rows / 2;

	if (row >= first_on_screen)
		return 0;
	return first_on_screen - row + middle < view->history.count ? first_on_screen - row + middle
								    : view->history.count;
}

static VTermKey vterm_key(int key)
{
	static const struct {
		int key;
		VTermKey vterm;
	} rows[] = {
		{ UI_KEY_UP, VTERM_KEY_UP },
		{ UI_KEY_DOWN, VTERM_KEY_DOWN },
		{ UI_KEY_LEFT, VTERM_KEY_LEFT },
		{ UI_KEY_RIGHT, VTERM_KEY_RIGHT },
		{ UI_KEY_HOME, VTERM_KEY_HOME },
		{ UI_KEY_END, VTERM_KEY_END },
		{ UI_KEY_PAGE_UP, VTERM_KEY_PAGEUP },
		{ UI_KEY_PAGE_DOWN, VTERM_KEY_PAGEDOWN },
		{ UI_KEY_INSERT, VTERM_KEY_INS },
		{ UI_KEY_DELETE, VTERM_KEY_DEL },
		{ UI_KEY_BACKSPACE, VTERM_KEY_BACKSPACE },
	};

	if (key >= UI_KEY_F1 && key <= UI_KEY_F12)
		return (VTermKey)VTERM_KEY_FUNCTION(key - UI_KEY_F1 + 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].key == key)
			return rows[i].vterm;
	return VTERM_KEY_NONE;
}

size_t terminal_view_encode_key(struct terminal_view *view, int key, char *to, size_t size)
{
	VTermKey special = vterm_key(key);
	char utf8[4];
	size_t length;

	if (special != VTERM_KEY_NONE) {
		throw_answers_away(view);
		vterm_keyboard_key(view->vterm, special, VTERM_MOD_NONE);
		return vterm_output_read(view->vterm, to, size);
	}
	if (key < 0 || key >= UI_KEY_UP || size < sizeof(utf8))
		return 0;
	length = utf8_put(utf8, (uint32_t)key);
	memcpy(to, utf8, length);
	return length;
}
