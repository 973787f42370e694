#include "ui/widget_digits.h"

#include <string.h>

struct picture {
	char character;
	int width;
	const char *row[WIDGET_DIGITS_ROWS];
};

static const struct picture pictures[] = {
	{ '0', 5, { " ### ", "#   #", "#   #", "#   #", " ### " } },
	{ '1', 5, { "  #  ", " ##  ", "  #  ", "  #  ", " ### " } },
	{ '2', 5, { " ### ", "#   #", "  ## ", " #   ", "#####" } },
	{ '3', 5, { "#### ", "    #", " ### ", "    #", "#### " } },
	{ '4', 5, { "#  # ", "#  # ", "#####", "   # ", "   # " } },
	{ '5', 5, { "#####", "#    ", "#### ", "    #", "#### " } },
	{ '6', 5, { " ### ", "#    ", "#### ", "#   #", " ### " } },
	{ '7', 5, { "#####", "    #", "   # ", "  #  ", "  #  " } },
	{ '8', 5, { " ### ", "#   #", " ### ", "#   #", " ### " } },
	{ '9', 5, { " ### ", "#   #", " ####", "    #", " ### " } },
	{ ':', 1, { " ", "#", " ", "#", " " } },
	{ ' ', 2, { "  ", "  ", "  ", "  ", "  " } },
	{ 'D', 5, { "#### ", "#   #", "#   #", "#   #", "#### " } },
	{ 'O', 5, { " ### ", "#   #", "#   #", "#   #", " ### " } },
	{ 'N', 5, { "#   #", "##  #", "# # #", "#  ##", "#   #" } },
	{ 'T', 5, { "#####", "  #  ", "  #  ", "  #  ", "  #  " } },
	{ 'U', 5, { "#   #", "#   #", "#   #", "#   #", " ### " } },
	{ 'P', 5, { "#### ", "#   #", "#### ", "#    ", "#    " } },
	{ 'L', 5, { "#    ", "#    ", "#    ", "#    ", "#####" } },
	{ 'G', 5, { " ####", "#    ", "#  ##", "#   #", " ####" } },
};

static const struct picture *picture_of(char character)
{
	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
		if (pictures[i].character == character)
			return &pictures[i];
	return NULL;
}

int widget_digits_width(const char *text)
{
	int width = 0;

	for (; *text != '\0'; text++)
		width += (picture_of(*text) ? picture_of(*text)->width : 2) + 1;
	return width > 0 ? width - 1 : 0;
}

int widget_digits(struct canvas *to, int y, int x, enum role role, const char *text)
{
	int start = x;

	for (; *text != '\0'; text++) {
		const struct picture *picture = picture_of(*text);

		for (int row = 0; picture != NULL && row < WIDGET_DIGITS_ROWS; row++)
			for (int column = 0; column < picture->width; column++)
				if (picture->row[row][column] == '#')
					canvas_fill(to, y + row, x + column, 1, role,
						    theme_glyph(to->theme, GLYPH_BIG));
		x += (picture ? picture->width : 2) + 1;
	}
	return x - start;
}
