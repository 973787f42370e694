/* The bytes of a firmware file: offset, sixteen of them, and as text. Read anew for each picture: the file is not held. */
#include <inttypes.h>
#include <string.h>

#include "src/base/text.h"
#include "ui/screen.h"
#include "ui/widget_hex.h"

enum { ROW_BYTES = WIDGET_HEX_BYTES, BYTES_MAX = ROW_BYTES * 200, OFFSET_X = 1, HEX_X = 13, TEXT_X = 62, PART_X = 81, REFRESH_MS = 250 };

struct bytes_state {
	unsigned image_id;
	uint64_t top;			/* a multiple of ROW_BYTES */
	int rows;
	uint8_t pattern[IMAGE_PATTERN_MAX];
	size_t pattern_size;
	bool is_text;
	char wanted[IMAGE_PATTERN_MAX + 8];	/* as typed */
	unsigned finished;		/* searches whose end was shown */
	bool has_found, is_at_end;
	uint64_t found;
	char said[200];
};

static const struct key_binding keys[] = {
	{ UI_KEY_PAGE_DOWN, COMMAND_SCROLL_DOWN, NULL, "on" },
	{ UI_KEY_PAGE_UP, COMMAND_SCROLL_UP, NULL, "back" },
	{ 'g', COMMAND_GOTO, "goto", "go to" },
	{ '/', COMMAND_FIND, "find", "find" },
	{ 'n', COMMAND_FIND_NEXT, "next", "next" },
	{ UI_KEY_ESC, COMMAND_BACK, "back", "to the image" },
	{ 'q', COMMAND_BACK, NULL, NULL },
	{ 0 },
};

static const struct image_view *view_of(struct ui *ui, const struct bytes_state *state)
{
	return app_image_view(ui_app(ui), state->image_id);
}

static void open_bytes(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct bytes_state *state = user;
	const struct image_view *view = app_image_view(ui_app(ui), arg->image_id);

	state->image_id = arg->image_id;
	state->top = arg->offset / ROW_BYTES * ROW_BYTES;
	state->finished = view != NULL ? view->search.finished : 0;
}

static void close_bytes(struct ui *ui, void *user)
{
	const struct bytes_state *state = user;
	const struct image_view *view = view_of(ui, state);

	if (view != NULL && view->search.is_running)
		app_image_stop(ui_app(ui), state->image_id);
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	struct bytes_state *state = user;
	const struct image_view *view = view_of(ui, state);

	text_copy(left, left_size, view != NULL ? text_file_name(view->path) : "");
	if (view != NULL && view->size > 0)
		text_format(right, right_size, "bytes, %d %% of the file", (int)((double)state->top * 100 / (double)view->size));
}

/* ---- drawing ---- */

static bool is_damage_in(const struct image_facts *facts, uint64_t from)
{
	for (unsigned i = 0; i < facts->broken_count && i < IMAGE_PROBLEMS; i++)
		if (facts->problems[i].offset >= from && facts->problems[i].offset - from < ROW_BYTES)
			return true;
	return false;
}

static const char *part_name(const struct image_part *part)
{
	return part->name[0] ? part->name : part->format;
}

/* The innermost part that begins in this row, -1: none. */
static int beginning_in(const struct image_facts *facts, uint64_t from)
{
	uint64_t offset, size;
	int found = -1;

	for (unsigned i = 0; i < facts->part_count; i++)
		if (image_part_place(facts, i, &offset, &size) && offset >= from && offset - from < ROW_BYTES)
			found = (int)i;
	return found;
}

static bool is_found_at(const struct bytes_state *state, uint64_t offset)
{
	return state->has_found && offset >= state->found && offset - state->found < state->pattern_size;
}

static void draw_bytes_row(const struct bytes_state *state, struct canvas *to, int y, uint64_t from, const uint8_t *bytes, size_t count,
			   const struct image_facts *facts)
{
	bool is_damaged = is_damage_in(facts, from);
	int part = beginning_in(facts, from);
	enum role roles[ROW_BYTES];

	canvas_printf(to, y, OFFSET_X, 11, is_damaged ? ROLE_DANGER : ROLE_DIM, "%s%08" PRIx64, is_damaged ? "!" : " ", from);
	for (size_t i = 0; i < count; i++)
		roles[i] = is_found_at(state, from + i)				    ? ROLE_SELECTED
			   : part >= 0 && from + i == facts->parts[part].offset ? ROLE_ATTENTION
									    : widget_hex_role(bytes[i]);
	widget_hex_row(to, y, HEX_X - 1, TEXT_X, false, bytes, count, roles);
	if (part >= 0 && to->cols > PART_X + 8)
		canvas_printf(to, y, PART_X, to->cols - PART_X - 1, ROLE_ATTENTION, "%s, %s", part_name(&facts->parts[part]), facts->parts[part].format);
}

/* In which part the first row ends: the one that was opened may begin in the middle of it. */
static void draw_place(const struct bytes_state *state, struct canvas *to, const struct image_view *view)
{
	int part = image_part_at(&view->facts, state->top + ROW_BYTES - 1);
	uint64_t offset, size;

	if (part >= 0 && image_part_place(&view->facts, (unsigned)part, &offset, &size))
		canvas_printf(to, 0, 2, to->cols - 3, ROLE_STRONG, "%s (%s), 0x%" PRIx64 " to 0x%" PRIx64 "%s", part_name(&view->facts.parts[part]),
			      view->facts.parts[part].format, offset, offset + size, image_part_whole(&view->facts, (unsigned)part) == IMAGE_NO ? ", DAMAGED" : "");
	else
		canvas_printf(to, 0, 2, to->cols - 3, ROLE_STRONG, "all of the file, 0x0 to 0x%" PRIx64, view->size);
	for (int i = 0; i < ROW_BYTES; i++)
		canvas_printf(to, 1, HEX_X + 3 * i - (i < 8 ? 1 : 0), 2, ROLE_DIM, "%2x", i);
}

static uint64_t last_top(const struct bytes_state *state, const struct image_view *view)
{
	uint64_t rows = view->size / ROW_BYTES + (view->size % ROW_BYTES > 0), room = state->rows > 1 ? (uint64_t)state->rows : 1;

	return rows > room ? (rows - room) * ROW_BYTES : 0;
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct bytes_state *state = user;
	const struct image_view *view = view_of(ui, state);
	uint8_t bytes[BYTES_MAX];
	struct error error;
	size_t count = 0;

	if (view == NULL) {
		canvas_put(to, 1, 1, to->cols - 2, ROLE_NORMAL, "This file is not open any more. Esc goes back.");
		return;
	}
	state->rows = to->rows - 2 < BYTES_MAX / ROW_BYTES ? to->rows - 2 : BYTES_MAX / ROW_BYTES;
	if (state->top > last_top(state, view))
		state->top = last_top(state, view);
	draw_place(state, to, view);
	if (app_image_read(ui_app(ui), state->image_id, state->top, bytes, (size_t)state->rows * ROW_BYTES, &count, &error) != STATUS_OK) {
		canvas_wrap(to, 3, 2, to->cols - 4, 4, ROLE_DANGER, error.text);
		canvas_wrap(to, 8, 2, to->cols - 4, 4, ROLE_STRONG, error.hint);
		return;
	}
	for (int y = 0; y < state->rows && (size_t)y * ROW_BYTES < count; y++) {
		size_t at = (size_t)y * ROW_BYTES;

		draw_bytes_row(state, to, y + 2, state->top + at, bytes + at, count - at < ROW_BYTES ? count - at : ROW_BYTES, &view->facts);
	}
}

/* ---- searching ---- */

static void show_offset(struct bytes_state *state, uint64_t offset)
{
	uint64_t row = offset / ROW_BYTES * ROW_BYTES, third = (uint64_t)(state->rows / 3) * ROW_BYTES;

	if (row < state->top || row - state->top >= (uint64_t)state->rows * ROW_BYTES)
		state->top = row > third ? row - third : 0;
}

/* The search ends beside the loop: its end is noticed before the next picture is drawn. */
static void follow_search(struct bytes_state *state, const struct image_search *search)
{
	if (search->is_running || search->finished == state->finished)
		return;
	state->finished = search->finished;
	state->has_found = search->is_found;
	state->is_at_end = !search->is_found;
	if (search->problem.status != STATUS_OK) {
		text_copy(state->said, sizeof(state->said), search->problem.text);
	} else if (search->is_found) {
		state->found = search->offset;
		show_offset(state, state->found);
		text_format(state->said, sizeof(state->said), "found at 0x%" PRIx64, state->found);
	} else {
		text_format(state->said, sizeof(state->said), "'%s' is not in the rest of the file; n searches from its start", state->wanted);
	}
}

static void hint(struct ui *ui, void *user, char *to, size_t size)
{
	struct bytes_state *state = user;
	const struct image_view *view = view_of(ui, state);

	if (view == NULL)
		return;
	follow_search(state, &view->search);
	if (view->search.is_running)
		text_format(to, size, "searching for '%s': at 0x%" PRIx64 "; Esc stops it", state->wanted, view->search.offset);
	else
		text_copy(to, size, state->said);
}

static void find_from(struct ui *ui, struct bytes_state *state, uint64_t from)
{
	struct error error;

	state->said[0] = '\0';
	if (app_image_find(ui_app(ui), state->image_id, from, bytes_of(state->pattern, state->pattern_size), state->is_text, &error) != STATUS_OK)
		ui_say_error(ui, &error);
}

static void find(struct ui *ui, void *user, const char *text)
{
	struct bytes_state *state = user;

	if (text[0] == '\0')
		return;
	state->pattern_size = text_parse_bytes(text, state->pattern, sizeof(state->pattern));
	state->is_text = state->pattern_size == 0;
	if (state->is_text && strlen(text) > sizeof(state->pattern)) {
		ui_say(ui, true, "that is too long: %zu characters at most", sizeof(state->pattern));
		return;
	}
	if (state->is_text) {
		state->pattern_size = strlen(text);
		memcpy(state->pattern, text, state->pattern_size);
	}
	text_copy(state->wanted, sizeof(state->wanted), text);
	state->has_found = false;
	find_from(ui, state, state->top);
}

static void find_next(struct ui *ui, struct bytes_state *state)
{
	if (state->pattern_size == 0)
		ui_say(ui, true, "search for something first: /");
	else
		find_from(ui, state, state->has_found ? state->found + 1 : state->is_at_end ? 0 : state->top);
}

static void go_to(struct ui *ui, void *user, const char *text)
{
	struct bytes_state *state = user;
	const struct image_view *view = view_of(ui, state);
	uint64_t offset;

	if (text[0] == '\0' || view == NULL || !ui_read_offset(ui, text, &offset))
		return;
	if (offset >= view->size)
		ui_say(ui, true, "the file ends at 0x%" PRIx64, view->size);
	else
		state->top = offset / ROW_BYTES * ROW_BYTES;
}

/* ---- keys ---- */

static void move_rows(struct bytes_state *state, const struct image_view *view, int64_t rows)
{
	uint64_t by = (uint64_t)(rows < 0 ? -rows : rows) * ROW_BYTES, last = last_top(state, view);

	if (rows < 0)
		state->top = state->top > by ? state->top - by : 0;
	else
		state->top = last - (state->top < last ? state->top : last) > by ? state->top + by : last;
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct bytes_state *state = user;
	const struct image_view *view = view_of(ui, state);
	int page = state->rows > 2 ? state->rows - 1 : 1;

	if (view == NULL)
		return false;
	if (!view->search.is_running)
		state->said[0] = '\0';
	switch (pressed) {
	case UI_KEY_UP: move_rows(state, view, -1); return true;
	case UI_KEY_DOWN: move_rows(state, view, 1); return true;
	case UI_KEY_PAGE_UP: move_rows(state, view, -page); return true;
	case UI_KEY_PAGE_DOWN: case ' ': move_rows(state, view, page); return true;
	case UI_KEY_HOME: state->top = 0; return true;
	case UI_KEY_END: state->top = last_top(state, view); return true;
	default: return false;
	}
}

static bool allows(struct ui *ui, void *user, enum ui_command what)
{
	const struct bytes_state *state = user;

	return what == COMMAND_BACK || (view_of(ui, state) != NULL && (what != COMMAND_FIND_NEXT || state->pattern_size > 0));
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	static const struct ui_prompt_ops offset = { .accept = go_to }, pattern = { .accept = find };
	struct bytes_state *state = user;
	const struct image_view *view = view_of(ui, state);

	switch (what) {
	case COMMAND_GOTO:
		ui_accept_or_prompt(ui, argument, "go to offset (0x20000, 128KiB):", "", &offset, state);
		break;
	case COMMAND_FIND:
		ui_accept_or_prompt(ui, argument, "find text, or bytes as 27 05 19 56:", state->wanted, &pattern, state);
		break;
	case COMMAND_FIND_NEXT: find_next(ui, state); break;
	case COMMAND_BACK:
		if (view != NULL && view->search.is_running)
			app_image_stop(ui_app(ui), state->image_id);
		else
			ui_pop(ui);
		break;
	default: break;
	}
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	const struct image_view *view = view_of(ui, user);

	(void)y;
	(void)x;
	if (view != NULL && (what == SCREEN_MOUSE_WHEEL_UP || what == SCREEN_MOUSE_WHEEL_DOWN))
		move_rows(user, view, mouse_wheel_rows(what));
}

static unsigned refresh_ms(struct ui *ui, void *user)
{
	const struct image_view *view = view_of(ui, user);

	return view != NULL && view->search.is_running ? REFRESH_MS : 0;
}

const struct screen_ops screen_bytes = {
	.name = "bytes",
	.keys = keys,
	.state_size = sizeof(struct bytes_state),
	.open = open_bytes,
	.close = close_bytes,
	.title = title,
	.draw = draw,
	.key = key,
	.allows = allows,
	.command = command,
	.mouse = mouse,
	.hint = hint,
	.refresh_ms = refresh_ms,
	.help = "The bytes of the file: on the left the offset from its start, in the middle sixteen bytes, on the right the same as text. The "
		"first line says in which part you are. An exclamation mark stands where damage was found.\n"
		"/ finds text (small and capital letters are the same) or bytes, written as 27 05 19 56 or 0x27051956; n finds the next "
		"place. g goes to an offset. Home and End go to the first and the last byte. Nothing can be changed here.\n",
};
