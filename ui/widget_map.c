#include "ui/widget_map.h"

#include <inttypes.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

/* Two looks are letters, so that a row of them reads as what it stands for in a dump. */
static wchar_t look_sign(const struct theme *theme, enum image_map_look look)
{
	switch (look) {
	case IMAGE_MAP_FF: return L'F';
	case IMAGE_MAP_00: return L'0';
	case IMAGE_MAP_SPARSE: return theme_glyph(theme, GLYPH_SHADE_LIGHT);
	case IMAGE_MAP_TEXT: return theme_glyph(theme, GLYPH_SHADE_HALF);
	case IMAGE_MAP_CODE: return theme_glyph(theme, GLYPH_SHADE_DARK);
	case IMAGE_MAP_PACKED: return theme_glyph(theme, GLYPH_FULL);
	case IMAGE_MAP_UNSEEN: break;
	}
	return L' ';
}

static void draw_shades(const struct widget_map *map, struct canvas *to, int y, int rows, const struct image_map *of)
{
	for (int column = 0; column < map->width; column++) {
		struct image_map_cell cell = image_map_column(of, (unsigned)column, (unsigned)map->width);
		enum image_map_look look = image_map_look(&cell);
		enum role role = cell.is_damaged				   ? ROLE_DANGER_FILL
				 : look == IMAGE_MAP_FF || look == IMAGE_MAP_00 ? ROLE_DIM
										   : ROLE_NORMAL;

		for (int row = 0; row < rows; row++)
			canvas_fill(to, y + row, map->x + column, 1, role, cell.is_damaged ? L'!' : look_sign(to->theme, look));
	}
}

static bool columns_of(const struct widget_map *map, const struct image_view *view, int part, int *ret_from, int *ret_to)
{
	uint64_t offset, size;

	if (part < 0 || !image_part_place(&view->facts, (unsigned)part, &offset, &size))
		return false;
	*ret_from = (int)image_map_column_of(&view->map, offset, (unsigned)map->width);
	*ret_to = (int)image_map_column_of(&view->map, size > 0 ? offset + size - 1 : offset, (unsigned)map->width);
	return true;
}

/* Inner parts stand over outer ones: each column gets the last part that reaches into it. */
static void paint_parts(const struct widget_map *map, const struct image_view *view, int *part_of)
{
	int from, to;

	for (int i = 0; i < map->width; i++)
		part_of[i] = WIDGET_MAP_FILE;
	for (unsigned part = 0; part < view->facts.part_count; part++)
		if (columns_of(map, view, (int)part, &from, &to))
			for (int i = from; i <= to && i < map->width; i++)
				part_of[i] = (int)part;
}

/* The one at the cursor is reversed, over all that it holds. */
static bool is_inside(const struct widget_map *map, const struct image_view *view, int column, int selected)
{
	int from, to;

	return columns_of(map, view, selected, &from, &to) && column >= from && column <= to;
}

static void draw_block(const struct widget_map *map, struct canvas *to, int y, int from, int end, const struct image_view *view, int part, int selected)
{
	const struct image_part *it = &view->facts.parts[part];
	enum image_answer whole = image_part_whole(&view->facts, (unsigned)part);
	enum role role = is_inside(map, view, from, selected) ? ROLE_SELECTED
			 : whole == IMAGE_NO		      ? ROLE_DANGER
			 : whole == IMAGE_YES		      ? ROLE_GOOD
							      : ROLE_NORMAL;
	char label[96];

	canvas_fill(to, y, map->x + from, end - from, role, ' ');
	canvas_fill(to, y, map->x + from, 1, role, whole == IMAGE_NO ? L'!' : theme_glyph(to->theme, GLYPH_SIDE));
	text_copy(label, sizeof(label), it->name[0] ? it->name : it->format);
	if (end - from > 3)	/* two letters of a name say nothing */
		canvas_put(to, y, map->x + from + 1, end - from - 1, role, label);
}

static void draw_blocks(const struct widget_map *map, struct canvas *to, int y, const struct image_view *view, int selected)
{
	int part_of[WIDGET_MAP_COLUMNS_MAX], end;

	paint_parts(map, view, part_of);
	for (int from = 0; from < map->width; from = end) {
		for (end = from + 1; end < map->width && part_of[end] == part_of[from]; end++)
			;
		if (part_of[from] >= 0)
			draw_block(map, to, y, from, end, view, part_of[from], selected);
		else if (view->facts.part_count > 0)
			canvas_fill(to, y, map->x + from, end - from, ROLE_DIM, theme_glyph(to->theme, GLYPH_LINE));
	}
}

/* The file's ends, and where the part at the cursor begins, as far as they do not run into each other. */
static void draw_offsets(const struct widget_map *map, struct canvas *to, int y, const struct image_view *view, int selected)
{
	char end[24], middle[48];
	int end_width, from, last, width;

	canvas_put(to, y, map->x, 4, ROLE_DIM, "0x0");
	end_width = (int)strlen(text_format(end, sizeof(end), "0x%" PRIx64, view->size));
	canvas_put(to, y, map->x + map->width - end_width, end_width, ROLE_DIM, end);
	if (!columns_of(map, view, selected, &from, &last) || view->facts.parts[selected].offset == 0)
		return;
	width = (int)strlen(text_format(middle, sizeof(middle), "^ 0x%" PRIx64, view->facts.parts[selected].offset));
	if (from >= 5 && from + width < map->width - end_width - 1) {
		canvas_put(to, y, map->x + from, width, ROLE_STRONG, middle);
	} else if (from - width > 5 && from < map->width - end_width - 1) {
		text_format(middle, sizeof(middle), "0x%" PRIx64 " ^", view->facts.parts[selected].offset);
		canvas_put(to, y, map->x + from - width + 1, width, ROLE_STRONG, middle);
	}
}

static void draw_legend(const struct widget_map *map, struct canvas *to, int y, const struct image_map *of)
{
	static const struct {
		enum image_map_look look;
		const char *text;
	} rows[] = {
		{ IMAGE_MAP_PACKED, "packed" }, { IMAGE_MAP_CODE, "program" }, { IMAGE_MAP_TEXT, "text" }, { IMAGE_MAP_SPARSE, "nearly empty" },
		{ IMAGE_MAP_FF, "erased (FF)" }, { IMAGE_MAP_00, "zeros" },
	};
	int x = map->x;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		canvas_fill(to, y, x, 1, ROLE_NORMAL, look_sign(to->theme, rows[i].look));
		x += 4 + canvas_put(to, y, x + 2, map->width, ROLE_DIM, rows[i].text);
	}
	canvas_fill(to, y, x, 1, ROLE_DANGER_FILL, L'!');
	x += 4 + canvas_put(to, y, x + 2, map->width, ROLE_DIM, "damage");
	if (of->is_sampled && x + 24 < to->cols)
		canvas_put(to, y, x, to->cols - x - 1, ROLE_DIM, "(from samples)");
}

int widget_map_draw(struct widget_map *map, struct canvas *to, int y, int shade_rows, const struct image_view *view, int selected)
{
	map->x = 1;
	map->y = y;
	map->width = to->cols - 2 < WIDGET_MAP_COLUMNS_MAX ? to->cols - 2 : WIDGET_MAP_COLUMNS_MAX;
	map->rows = shade_rows + 1;
	draw_blocks(map, to, y, view, selected);
	draw_shades(map, to, y + 1, shade_rows, &view->map);
	draw_offsets(map, to, y + 1 + shade_rows, view, selected);
	draw_legend(map, to, y + 2 + shade_rows, &view->map);
	return shade_rows + 3;
}

int widget_map_at(const struct widget_map *map, const struct image_view *view, int y, int x)
{
	int part_of[WIDGET_MAP_COLUMNS_MAX];

	if (map->rows == 0 || y < map->y || y >= map->y + map->rows || x < map->x || x >= map->x + map->width)
		return WIDGET_MAP_NONE;
	paint_parts(map, view, part_of);
	return part_of[x - map->x];
}
