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

	terminal_cells_pack(view->screen, cols, cells, &line);
	terminal_history_push(&view->history, line.text, line.size, line.run, line.run_count);
	return 1;
}

/* The picture grew: the newest line comes back. */
static int on_pop_line(int cols, VTermScreenCell *cells, void *user)
{
	struct terminal_view *view = user;

	if (view->history.count == 0)
		return 0;
	terminal_cells_unpack(terminal_history_line(&view->history, view->history.count - 1), cols, cells);
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
	view->vterm = vterm_new(view->rows, view->cols);
	if (view->vterm == NULL || terminal_history_init(&view->history) != STATUS_OK ||
	    terminal_times_init(&view->times) != STATUS_OK || terminal_marks_init(&view->marks) != STATUS_OK) {
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
	terminal_times_done(&view->times);
	terminal_marks_done(&view->marks);
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

uint64_t terminal_view_top_row(const struct terminal_view *view, uint64_t scroll_back)
{
	return terminal_screen_row(view, 0) - (scroll_back < view->history.count ? scroll_back : view->history.count);
}

uint64_t terminal_view_cursor_row(const struct terminal_view *view)
{
	return terminal_cursor_row(view);
}

struct terminal_times *terminal_view_times(struct terminal_view *view)
{
	return &view->times;
}

struct terminal_marks *terminal_view_marks(struct terminal_view *view)
{
	return &view->marks;
}

/* Does a start of the device begin on this line? The first one only counts where its boot program was seen: a console that
 * was opened on a running device has not seen it start. */
static bool begins_start(struct terminal_view *view, const struct diagnosis_line *line)
{
	const struct sign *sign = line->sign;
	bool is_reset = line->start < view->last_start || /* the diagnosis was told to forget */
			(line->start == view->last_start && line->stage < view->last_stage &&
			 view->last_stage != STAGE_UPDATER);
	bool is_next = line->start > 1 && line->start > view->last_start && view->last_start > 0;

	if (is_reset)
		view->zero_start = 0;
	view->last_start = line->start;
	view->last_stage = line->stage;
	if (line->start == view->zero_start || !(is_next || (sign != NULL && sign->effect == SIGN_MILESTONE &&
							     sign->stage >= STAGE_ROM && sign->stage <= STAGE_LOADER)))
		return false;
	view->zero_start = line->start;
	terminal_times_start(&view->times, line->time_ms);
	return true;
}

void terminal_view_mark_line(struct terminal_view *view, const struct diagnosis_line *line)
{
	const struct sign *sign = line->sign;
	unsigned start = begins_start(view, line) ? line->start : 0;
	char text[TERMINAL_MARK_MAX] = "";
	enum role role = ROLE_DIM;
	uint64_t ours;

	if (line->number <= view->last_number)	/* the diagnosis began to count anew */
		view->line_shift = (int64_t)view->lines_before_input + 1 - line->number;
	view->last_number = line->number;
	ours = (uint64_t)((int64_t)line->number + view->line_shift);
	if (ours > view->lines || ours == 0 || view->lines - ours >= VIEW_LINES_MAX)
		return;
	if (sign != NULL && sign->effect == SIGN_FAULT) {
		text_copy(text, sizeof(text), cause_label(sign->cause));
		if (sign->also != CAUSE_NONE)
			text_append(text, sizeof(text), " %s", cause_label(sign->also));
		role = ROLE_ATTENTION;
	} else if (sign != NULL && sign->effect == SIGN_MILESTONE && sign->stage != STAGE_ANY) {
		text_copy(text, sizeof(text), boot_stage_name(sign->stage));
	} else if (sign != NULL && sign->effect == SIGN_HEALTHY) {
		text_copy(text, sizeof(text), "ok");
		role = ROLE_GOOD;
	}
	if (start > 0 || text[0] != '\0')
		terminal_marks_add(&view->marks, view->row_of_line[ours % VIEW_LINES_MAX], start, text, role);
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

/* Where a row is painted: the device's column `skip` stands at x0. */
struct row_frame {
	int y, x0, limit, skip;
};

/* Paints one row and returns where its text ends. What does not fit is said by a mark at the edge. */
static int draw_packed(struct canvas *to, const struct row_frame *frame, const char *at, const struct terminal_run *run,
		       size_t run_count)
{
	int x = 0, shift = frame->x0 - frame->skip;

	while (*at != '\0' && shift + x < frame->limit) {
		attr_t attributes = A_NORMAL;
		uint32_t code = utf8_next(&at);
		int width;

		while (run_count > 0 && run->first + run->count <= x) {
			run++;
			run_count--;
		}
		if (run_count > 0 && run->first <= x)
			attributes = look_attributes(to->theme, run);
		if (x >= frame->skip) {
			x += put_character(to, frame->y, shift + x, frame->limit, attributes, code);
			continue;
		}
		theme_character(to->theme, code, &width);
		x += width;
	}
	wattrset(to->window, A_NORMAL);
	if (frame->skip > 0)
		canvas_fill(to, frame->y, frame->x0, 1, ROLE_ATTENTION, theme_glyph(to->theme, GLYPH_CUT));
	if (*at != '\0')
		canvas_fill(to, frame->y, frame->limit - 1, 1, ROLE_ATTENTION, theme_glyph(to->theme, GLYPH_CUT));
	return shift + x;
}

/* The looks of a live row and of a kept one go the same way, so that a line does not change when it scrolls off. */
void terminal_pack_screen_row(struct terminal_view *view, int row, struct terminal_packed *line)
{
	VTermScreenCell cells[VIEW_COLS_MAX];

	for (int column = 0; column < view->cols; column++)
		if (!vterm_screen_get_cell(view->screen, (VTermPos){ .row = row, .col = column }, &cells[column]))
			terminal_cells_set(&cells[column], ' ');
	terminal_cells_pack(view->screen, view->cols, cells, line);
}

static int draw_row(struct terminal_view *view, struct canvas *to, uint64_t row, const struct row_frame *frame)
{
	uint64_t first_on_screen = terminal_screen_row(view, 0);

	if (row < view->history.dropped)
		return frame->x0;
	if (row < first_on_screen) {
		const struct terminal_line *line = terminal_history_line(&view->history, row - view->history.dropped);

		return draw_packed(to, frame, terminal_line_text(line), line ? line->run : NULL,
				   line ? line->run_count : 0);
	}
	if (row < first_on_screen + (uint64_t)view->rows) {
		struct terminal_packed line;

		terminal_pack_screen_row(view, (int)(row - first_on_screen), &line);
		return draw_packed(to, frame, line.text, line.run, line.run_count);
	}
	return frame->x0;
}

static void draw_mark(struct canvas *to, int y, int text_end, int mark_x, const char *text, enum role role)
{
	int width = canvas_width(to, text);

	if (mark_x < to->cols) {
		canvas_put(to, y, mark_x, to->cols - mark_x, role, text);
	} else if (text_end + 2 + width <= to->cols) {
		canvas_put(to, y, to->cols - width, width, role, text);
	} else if (role == ROLE_ATTENTION || role == ROLE_STRONG) {
		if (text_end + 6 <= to->cols)	/* room for the beginning of the word */
			canvas_put(to, y, text_end + 2, to->cols - text_end - 2, role, text);
		else
			canvas_put(to, y, to->cols - 1, 1, role == ROLE_STRONG ? ROLE_SELECTED : ROLE_DANGER_FILL,
				   role == ROLE_STRONG ? "*" : "!");
	}
}

/* The operator's own mark stands before what the program says about the line. */
static void draw_marks(const struct terminal_view *view, struct canvas *to, int y, uint64_t row, int text_end,
		       int mark_x)
{
	const struct terminal_mark *sign = terminal_marks_sign(&view->marks, row),
				   *bookmark = terminal_marks_bookmark_of(&view->marks, row);
	char text[2 * TERMINAL_MARK_MAX + 8];

	if (bookmark != NULL) {
		text_format(text, sizeof(text), "* %s", bookmark->text);
		if (sign != NULL && sign->text[0] != '\0')
			text_append(text, sizeof(text), "%s%s", bookmark->text[0] ? ", " : "", sign->text);
		draw_mark(to, y, text_end, mark_x, text,
			  sign != NULL && sign->role == ROLE_ATTENTION ? ROLE_ATTENTION : ROLE_STRONG);
	} else if (sign != NULL && sign->text[0] != '\0') {
		draw_mark(to, y, text_end, mark_x, sign->text, sign->role);
	}
}

static void show_found(struct terminal_view *view, struct canvas *to, const struct row_frame *frame,
		       const struct terminal_place *found)
{
	char text[TERMINAL_LINE_TEXT_MAX];
	size_t size = terminal_view_row_text(view, found->row, text, sizeof(text));
	int x, columns;

	if (found->from + found->size < size)
		text[found->from + found->size] = '\0';
	columns = canvas_width(to, found->from < size ? text + found->from : "");
	text[found->from < size ? found->from : size] = '\0';
	x = frame->x0 - frame->skip + canvas_width(to, text);
	if (x >= frame->limit)		/* behind the cut: its mark stands for it */
		x = frame->limit - 1;
	if (x < frame->x0)
		x = frame->x0;
	if (columns < 1)		/* an empty hit, as of ^ */
		columns = 1;
	mvwchgat(to->window, frame->y, x, x + columns < frame->limit ? columns : frame->limit - x, A_REVERSE, 0, NULL);
}

/* What is typed must be seen: in a canvas that is too narrow for it, the cursor's row shows its end. */
static int columns_to_skip(const struct terminal_view *view, const struct terminal_show *show,
			   const struct row_frame *frame, VTermPos cursor)
{
	int room = frame->limit - frame->x0;

	if (show->scroll_back > 0 || view->is_alternate || cursor.col < room)
		return 0;
	return cursor.col - room + 1;
}

void terminal_view_draw(struct terminal_view *view, struct canvas *to, const struct terminal_show *show)
{
	enum terminal_clock clock = view->is_alternate ? TERMINAL_CLOCK_OFF : show->clock;
	uint64_t top = terminal_view_top_row(view, show->scroll_back);
	struct row_frame frame = { .limit = show->mark_x < to->cols ? show->mark_x - 1 : to->cols };
	char text[TERMINAL_TIME_TEXT_MAX];
	int typed_skip;
	VTermPos cursor;

	vterm_state_get_cursorpos(vterm_obtain_state(view->vterm), &cursor);
	frame.x0 = clock != TERMINAL_CLOCK_OFF ? terminal_times_width(clock) + 1 : 0;
	typed_skip = columns_to_skip(view, show, &frame, cursor);
	for (frame.y = 0; frame.y < to->rows && frame.y < view->rows; frame.y++) {
		uint64_t row = top + (uint64_t)frame.y;
		int end;

		frame.skip = frame.y == cursor.row ? typed_skip : 0;
		end = draw_row(view, to, row, &frame);
		if (clock != TERMINAL_CLOCK_OFF)
			canvas_put(to, frame.y, 0, frame.x0 - 1, ROLE_DIM,
				   terminal_times_text(&view->times, clock, row, show->wall_shift, text));
		if (row == show->found.row)
			show_found(view, to, &frame, &show->found);
		if (!view->is_alternate)
			draw_marks(view, to, frame.y, row, end, show->mark_x);
	}
	if (show->scroll_back == 0 && !view->cursor_is_hidden && cursor.row < to->rows) {
		to->cursor_y = cursor.row;
		to->cursor_x = frame.x0 + cursor.col - typed_skip;
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
