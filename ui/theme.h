/* ui/theme.h
 *
 * What the operator's terminal can show. Screens name a role (what the text means); the theme turns it into attributes,
 * and picks the drawing set: UTF-8 blocks and lines, or ASCII. Colour means state, never decoration; without colour the
 * same states are bold and reverse, so that nothing is said by colour alone. */
#ifndef UNBRICK_UI_THEME_H
#define UNBRICK_UI_THEME_H

#include <curses.h>
#include <stdbool.h>
#include <stdint.h>

enum role {
	ROLE_NORMAL,
	ROLE_STRONG,		/* headlines, keys */
	ROLE_DIM,		/* what is only a reminder */
	ROLE_GOOD,
	ROLE_ATTENTION,
	ROLE_DANGER,
	ROLE_DANGER_FILL,	/* DO NOT UNPLUG, and the typed word */
	ROLE_SELECTED,
	ROLE_BAR,		/* the top line */
	ROLE_COUNT
};

enum glyph { GLYPH_LINE, GLYPH_SIDE, GLYPH_FULL, GLYPH_EMPTY, GLYPH_BIG, GLYPH_CUT, GLYPH_SHADE_LIGHT, GLYPH_SHADE_HALF,
	     GLYPH_SHADE_DARK, GLYPH_COUNT };

enum { THEME_TERMINAL_COLOURS = 9 };	/* 0..7, and 8 for the terminal's own */

struct theme {
	bool is_utf8;
	bool has_colour;
	attr_t attributes[ROLE_COUNT];
	/* Pairs for the device's own colours, made when first needed: some terminals have only 64. */
	short pair[THEME_TERMINAL_COLOURS][THEME_TERMINAL_COLOURS];
	short next_pair;
};

/* After curses was started. codeset and term as the environment has them. */
void theme_init(struct theme *theme, const char *codeset, const char *term, bool want_colour);
wchar_t theme_glyph(const struct theme *theme, enum glyph glyph);
/* A character as this terminal can show it: 0 for one that takes no cell, '?' or a look-alike for one it lacks. */
wchar_t theme_character(const struct theme *theme, uint32_t code, int *ret_width);
/* The attribute for device text in these colours, 0..7 or -1 for the default. */
attr_t theme_device_colours(struct theme *theme, int foreground, int background);

#endif
