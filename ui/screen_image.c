/* A firmware file: its picture above, what is known of it, and its parts; Enter on a part shows its bytes. */
#include <inttypes.h>
#include <string.h>

#include "src/base/text.h"
#include "ui/image_rows.h"
#include "ui/screen.h"
#include "ui/widget_bar.h"
#include "ui/widget_list.h"
#include "ui/widget_map.h"

enum {
	WIDE_COLS = 120,	/* from here on the facts stand beside the parts */
	TALL_ROWS = 34,		/* and from here on the bar is two rows high */
	PARTS_ROWS_MIN = 5,	/* with their heading */
	REFRESH_MS = 250,
};

struct image_state {
	unsigned image_id;
	struct widget_list list;	/* row 0 is the file, then its parts */
	struct widget_map map;
	bool shows_facts;		/* they have the whole screen */
	int facts_top, facts_rows, facts_room;
};

static const struct key_binding keys[] = {
	{ UI_KEY_ENTER, COMMAND_OPEN, "bytes", "show its bytes" },
	{ UI_KEY_ESC, COMMAND_BACK, "back", "back" },
	{ 'f', COMMAND_FACTS, "facts", "facts" },
	{ 'd', COMMAND_DEEP, "deep", "unpack" },
	{ 'x', COMMAND_CANCEL, "stop", "stop" },
	{ 'i', COMMAND_BACK, NULL, NULL },
	{ 'q', COMMAND_BACK, NULL, NULL },
	{ 0 },
};

static const struct image_view *view_of(struct ui *ui, const struct image_state *state)
{
	return app_image_view(ui_app(ui), state->image_id);
}

static void open_image(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct image_state *state = user;

	(void)ui;
	state->image_id = arg->image_id;
}

static void close_image(struct ui *ui, void *user)
{
	app_image_close(ui_app(ui), ((struct image_state *)user)->image_id);
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	const struct image_view *view = view_of(ui, user);

	text_copy(left, left_size, view != NULL ? text_file_name(view->path) : "");
	if (view != NULL && view->case_id != 0)
		text_format(right, right_size, "image of case #%lld", (long long)view->case_id);
	else
		text_copy(right, right_size, "image");
}

/* ---- the parts ---- */

static int selected_part(const struct image_state *state)
{
	return state->list.cursor > 0 ? state->list.cursor - 1 : WIDGET_MAP_FILE;
}

static void draw_row(struct canvas *to, int y, int width, bool is_selected, const struct image_part *part, enum image_answer whole, const char *place)
{
	enum role role = is_selected ? ROLE_SELECTED : whole == IMAGE_NO ? ROLE_DANGER : ROLE_NORMAL;
	int indent = part->depth > 0 ? 2 * (part->depth - 1) : 0, name_x = width > 90 ? 46 : 42;
	char text[96], size[24];

	indent = indent > 12 ? 12 : indent;
	canvas_fill(to, y, 1, width - 2, is_selected ? ROLE_SELECTED : ROLE_NORMAL, ' ');
	canvas_put(to, y, 1, 1, role, is_selected ? ">" : " ");
	canvas_put(to, y, 3, 11, role, place);
	canvas_printf(to, y, 14, 10, role, "%10s", part->size > 0 ? text_size(size, sizeof(size), part->size) : "?");
	canvas_put(to, y, 26, name_x - 27, role, part->format);
	text_format(text, sizeof(text), "%s%s%s", part->name, part->name[0] && part->arch[0] ? ", " : "", part->arch);
	canvas_put(to, y, name_x + indent, width - 10 - name_x - indent, role, text);
	canvas_put(to, y, width - 9, 8, is_selected || whole != IMAGE_YES ? role : ROLE_GOOD,
		   whole == IMAGE_NO ? "DAMAGED" : whole == IMAGE_YES ? "whole" : "");
}

static void draw_parts(struct image_state *state, struct canvas *to, int y, int width, const struct image_view *view)
{
	const struct image_facts *facts = &view->facts;
	struct image_part file = { .size = view->size };

	text_copy(file.format, sizeof(file.format), facts->format);
	text_copy(file.arch, sizeof(file.arch), facts->arch);
	text_copy(file.name, sizeof(file.name), "all of the file");
	canvas_put(to, y, 3, 11, ROLE_DIM, "at");
	canvas_put(to, y, 14, 10, ROLE_DIM, "      size");
	canvas_put(to, y, 26, 14, ROLE_DIM, "format");
	canvas_put(to, y++, width > 90 ? 46 : 42, 20, ROLE_DIM, "part");
	widget_list_place(&state->list, 1 + (int)facts->part_count, y, to->rows - y);
	for (int i = 0; i < state->list.rows && state->list.top + i < state->list.count; i++) {
		int at = state->list.top + i;
		const struct image_part *part = at == 0 ? &file : &facts->parts[at - 1];
		char place[24];

		text_format(place, sizeof(place), "0x%" PRIx64, part->offset);
		if (at > 0 && image_part_holder(facts, (unsigned)at - 1) != at - 1)
			text_copy(place, sizeof(place), "packed");
		draw_row(to, y + i, width, at == state->list.cursor, part, at == 0 ? facts->whole : image_part_whole(facts, (unsigned)at - 1), place);
	}
	if (state->list.rows < state->list.count)
		canvas_printf(to, y - 1, width - 12, 11, ROLE_STRONG, "%4d of %d", state->list.cursor + 1, state->list.count);
}

/* ---- the page ---- */

static void draw_working(const struct image_view *view, struct canvas *to, int y)
{
	if (view->progress.total > 0 && view->progress.done >= view->progress.total)
		canvas_put(to, y, 3, to->cols - 6, ROLE_NORMAL, "All of it is read; now it is checked. How long that takes cannot be told.");
	else
		widget_progress(to, y, &view->progress);
	canvas_wrap(to, y + 2, 3, to->cols - 6, 4, ROLE_NORMAL, view->is_stopping ? "Stopping: this may take a few seconds." :
		    "The file is being read, nothing is written. Esc goes back and the reading goes on; x stops it, and nothing is lost by that.");
}

static void draw_stopped(const struct image_view *view, struct canvas *to, int y)
{
	if (view->state == IMAGE_VIEW_STOPPED) {
		canvas_put(to, y, 3, to->cols - 6, ROLE_NORMAL, "Stopped before it was read to its end. Enter reads it again.");
		return;
	}
	canvas_put(to, y, 1, 8, ROLE_DANGER, "Problem");
	y += canvas_wrap(to, y, 11, to->cols - 12, 5, ROLE_DANGER, view->problem.text);
	canvas_put(to, y, 1, 8, ROLE_STRONG, "To do");
	canvas_wrap(to, y, 11, to->cols - 12, 4, ROLE_STRONG, view->problem.hint[0] ? view->problem.hint : "Enter tries it again.");
}

static void scroll_facts(struct image_state *state, int by)
{
	int most = state->facts_rows > state->facts_room ? state->facts_rows - state->facts_room : 0;

	state->facts_top += by;
	state->facts_top = state->facts_top > most ? most : state->facts_top;
	state->facts_top = state->facts_top < 0 ? 0 : state->facts_top;
}

static int count_facts(const struct image_view *view, struct canvas *to, int width)
{
	return image_rows_draw(view, to, to->rows, 1, width, to->rows, 0);
}

static void draw_facts(struct image_state *state, const struct image_view *view, struct canvas *to, int y, int x, int width, int bottom)
{
	state->facts_room = bottom - y;
	state->facts_rows = count_facts(view, to, width);
	scroll_facts(state, 0);		/* the room may have changed since the key */
	image_rows_draw(view, to, y, x, width, bottom, state->facts_top);
}

/* On the row below them, so that nothing of them is covered. */
static void draw_more(const struct image_state *state, struct canvas *to, int y, int x)
{
	if (state->facts_rows - state->facts_top > state->facts_room)
		canvas_put(to, y, x - 9, 8, ROLE_SELECTED, state->shows_facts ? "  more  " : " f more ");
}

static void draw_ready(struct image_state *state, const struct image_view *view, struct canvas *to, int y)
{
	int parts = 2 + (int)view->facts.part_count, room = to->rows - y, facts, list_width = to->cols * 6 / 10;

	if (state->shows_facts) {
		draw_facts(state, view, to, y, 1, to->cols - 2, to->rows - 1);
		draw_more(state, to, to->rows - 1, to->cols);
	} else if (to->cols >= WIDE_COLS) {
		draw_parts(state, to, y, list_width, view);
		draw_facts(state, view, to, y, list_width + 1, to->cols - list_width - 2, to->rows - 1);
		draw_more(state, to, to->rows - 1, to->cols);
	} else {
		/* the parts follow the facts, and keep some rows whatever is known */
		facts = count_facts(view, to, to->cols - 2);
		parts = parts < PARTS_ROWS_MIN ? parts : PARTS_ROWS_MIN;
		facts = facts + parts + 1 > room ? room - parts - 1 : facts;
		draw_facts(state, view, to, y, 1, to->cols - 2, y + facts);
		canvas_line(to, y + facts);
		draw_more(state, to, y + facts, to->cols);
		draw_parts(state, to, y + facts + 1, to->cols, view);
	}
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct image_state *state = user;
	const struct image_view *view = view_of(ui, state);
	int y = 0;

	state->list.rows = state->map.rows = 0;
	if (view == NULL) {
		canvas_put(to, 1, 1, to->cols - 2, ROLE_NORMAL, "This file is not open any more. Esc goes back.");
		return;
	}
	if (view->map.count > 0) {
		y = widget_map_draw(&state->map, to, y, to->rows >= TALL_ROWS ? 2 : 1, view, selected_part(state));
		canvas_line(to, y++);
	}
	switch (view->state) {
	case IMAGE_VIEW_WORKING: draw_working(view, to, y + 1); break;
	case IMAGE_VIEW_READY: draw_ready(state, view, to, y); break;
	case IMAGE_VIEW_STOPPED: case IMAGE_VIEW_FAILED: draw_stopped(view, to, y + 1); break;
	}
}

/* ---- what the keys do ---- */

static void examine(struct ui *ui, const struct image_state *state, bool is_deep)
{
	struct error error;

	if (app_image_examine(ui_app(ui), state->image_id, is_deep, &error) != STATUS_OK)
		ui_say_error(ui, &error);
}

static void show_bytes(struct ui *ui, const struct image_state *state, const struct image_view *view)
{
	struct screen_arg arg = { .image_id = state->image_id };
	int part = selected_part(state), holder = part >= 0 ? image_part_holder(&view->facts, (unsigned)part) : -1;

	if (holder >= 0)
		arg.offset = view->facts.parts[holder].offset;
	ui_push(ui, &screen_bytes, &arg);
	if (part != holder)
		ui_say(ui, false, "%s is packed: these are the packed bytes that it is in", view->facts.parts[part].name[0] ? view->facts.parts[part].name
											       : view->facts.parts[part].format);
}

static bool has_packed(const struct image_facts *facts)
{
	bool has = facts->needs_deep_look || facts->compression[0] != '\0';

	for (unsigned i = 0; i < facts->part_count; i++)
		has |= facts->parts[i].is_unpacked;
	return has;
}

static bool allows(struct ui *ui, void *user, enum ui_command what)
{
	const struct image_view *view = view_of(ui, user);
	bool is_ready = view != NULL && view->state == IMAGE_VIEW_READY;

	switch (what) {
	case COMMAND_OPEN: return view != NULL && view->state != IMAGE_VIEW_WORKING;
	case COMMAND_FACTS: return is_ready;
	case COMMAND_DEEP: return is_ready && !view->is_deep && has_packed(&view->facts);
	case COMMAND_CANCEL: return view != NULL && view->state == IMAGE_VIEW_WORKING && !view->is_stopping;
	default: return true;
	}
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	struct image_state *state = user;
	const struct image_view *view = view_of(ui, state);

	(void)argument;
	switch (what) {
	case COMMAND_OPEN:
		if (view->state == IMAGE_VIEW_READY)
			show_bytes(ui, state, view);
		else
			examine(ui, state, false);
		break;
	case COMMAND_FACTS:
		state->shows_facts = !state->shows_facts;
		state->facts_top = 0;
		break;
	case COMMAND_DEEP: examine(ui, state, true); break;
	case COMMAND_CANCEL: app_image_stop(ui_app(ui), state->image_id); break;
	case COMMAND_BACK:
		if (!state->shows_facts) {
			ui_pop(ui);
			break;
		}
		state->shows_facts = false;
		state->facts_top = 0;
		break;
	default: break;
	}
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct image_state *state = user;
	int page = state->facts_room > 2 ? state->facts_room - 1 : 1;

	(void)ui;
	if (!state->shows_facts)
		return widget_list_key(&state->list, pressed);
	switch (pressed) {
	case UI_KEY_UP: scroll_facts(state, -1); return true;
	case UI_KEY_DOWN: scroll_facts(state, 1); return true;
	case UI_KEY_PAGE_UP: scroll_facts(state, -page); return true;
	case UI_KEY_PAGE_DOWN: scroll_facts(state, page); return true;
	default: return false;
	}
}

static void footer(struct ui *ui, void *user, struct footer *footer)
{
	const struct image_state *state = user;
	const struct image_view *view = view_of(ui, state);

	if (view == NULL)
		return;
	if (view->state == IMAGE_VIEW_WORKING)
		footer_add(footer, "", "nothing to do now");
	else if (view->state != IMAGE_VIEW_READY)
		footer_add(footer, "Enter", "read it again");
	else if (state->shows_facts)
		footer_add(footer, "f", "the parts");
	else
		footer_add(footer, "Enter", state->list.cursor > 0 ? "bytes of this part" : "show bytes");
	if (view->state == IMAGE_VIEW_READY && !state->shows_facts && view->facts.part_count > 0)
		footer_add(footer, "up/down", "choose");
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	struct image_state *state = user;
	const struct image_view *view = view_of(ui, state);
	int part;

	if (view == NULL || view->state != IMAGE_VIEW_READY)
		return;
	part = widget_map_at(&state->map, view, y, x);
	if (what != SCREEN_MOUSE_CLICK && state->shows_facts)
		scroll_facts(state, mouse_wheel_rows(what));
	else if (what == SCREEN_MOUSE_CLICK && part != WIDGET_MAP_NONE)
		state->list.cursor = part + 1;
	else if (widget_list_mouse(&state->list, what, y) >= 0)
		show_bytes(ui, state, view);
}

static unsigned refresh_ms(struct ui *ui, void *user)
{
	const struct image_view *view = view_of(ui, user);

	return view != NULL && view->state == IMAGE_VIEW_WORKING ? REFRESH_MS : 0;
}

const struct screen_ops screen_image = {
	.name = "image",
	.keys = keys,
	.state_size = sizeof(struct image_state),
	.open = open_image,
	.close = close_image,
	.title = title,
	.draw = draw,
	.key = key,
	.allows = allows,
	.command = command,
	.footer = footer,
	.mouse = mouse,
	.refresh_ms = refresh_ms,
	.help = "A firmware file, from its first byte (left) to its last (right). The upper row names its parts; the row below shows what their "
		"bytes look like: packed or encrypted, program, text, nearly empty, or erased flash (FF) and zeros. That is a hint from "
		"how mixed the bytes are, no proof. Damage is marked where it was found.\n"
		"\"Whole? yes\" is said only where a checksum in the file covers its contents and is right. \"Not known\" is no fault: many "
		"formats have no such checksum; then compare the SHA-256 with the vendor's.\n"
		"\"Fits?\" compares the file with the device of the case. Nothing here writes to the file or to a device.\n"
		"Up and down choose a part, Enter shows its bytes; a part that is \"packed\" has no place of its own in the file. d unpacks "
		"everything that is packed, to check it to its end: that may take a while.\n",
};
