#include "ui/terminal_view.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "ui/keys.h"
#include "ui/terminal_internal.h"

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

enum status terminal_view_new(int rows, int cols, struct terminal_view **ret_view, struct error *reterr)
{
	struct terminal_view *view = calloc(1, sizeof(*view));

	if (view == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the picture of a console");
	view->rows = terminal_between(rows, 2, VIEW_ROWS_MAX);
	view->cols = terminal_between(cols, 2, VIEW_COLS_MAX);
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

uint64_t terminal_view_first_row(const struct terminal_view *view)
{
	return view->history.dropped;
}

uint64_t terminal_view_end_row(const struct terminal_view *view)
{
	return terminal_screen_row(view, view->rows);
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
void terminal_pack_screen_row(struct terminal_view *view, int row, struct terminal_packed *line)
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
	uint64_t first_on_screen = terminal_screen_row(view, 0);

	if (row < view->history.dropped)
		return 0;
	if (row < first_on_screen) {
		const struct terminal_line *line = terminal_history_line(&view->history, row - view->history.dropped);

		return draw_packed(to, y, limit, terminal_line_text(line), line ? line->run : NULL,
				   line ? line->run_count : 0);
	}
	if (row < first_on_screen + (uint64_t)view->rows) {
		struct terminal_packed line;

		terminal_pack_screen_row(view, (int)(row - first_on_screen), &line);
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
	uint64_t top = terminal_screen_row(view, 0) - (scroll_back < view->history.count ? scroll_back : view->history.count);
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
	uint64_t first_on_screen = terminal_screen_row(view, 0);

	to[0] = '\0';
	if (row >= first_on_screen && row < first_on_screen + (uint64_t)view->rows) {
		struct terminal_packed line;

		terminal_pack_screen_row(view, (int)(row - first_on_screen), &line);
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
	uint64_t first_on_screen = terminal_screen_row(view, 0), middle = (uint64_t)view->rows / 2;

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
		terminal_throw_answers_away(view);
		vterm_keyboard_key(view->vterm, special, VTERM_MOD_NONE);
		return vterm_output_read(view->vterm, to, size);
	}
	if (key < 0 || key >= UI_KEY_UP || size < sizeof(utf8))
		return 0;
	length = utf8_put(utf8, (uint32_t)key);
	memcpy(to, utf8, length);
	return length;
}
