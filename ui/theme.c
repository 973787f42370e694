#include "ui/theme.h"

#include <string.h>
#include <strings.h>
#include <wchar.h>

/* Half of the screens of the world are dark, half are light: only colours that can be read on both. */
enum { PAIR_GOOD = 1, PAIR_ATTENTION, PAIR_DANGER, PAIR_DANGER_FILL, PAIR_FIRST_FREE };

static const wchar_t drawing_set[2][GLYPH_COUNT] = {
	[false] = { L'-', L'|', L'#', L'-', L'#', L'~', L'.', L':', L'+' },
	[true] = { 0x2500, 0x2502, 0x2588, 0x2591, 0x2588, 0x2026, 0x2591, 0x2592, 0x2593 },
};

static bool is_utf8_terminal(const char *codeset, const char *term)
{
	if (codeset == NULL || (strcasecmp(codeset, "UTF-8") != 0 && strcasecmp(codeset, "utf8") != 0))
		return false;
	/* the DEC terminals know their own sets only, whatever the locale says */
	return term != NULL && strncmp(term, "vt", 2) != 0 && strcmp(term, "dumb") != 0 && strcmp(term, "ansi") != 0;
}

static void use_mono(struct theme *theme)
{
	theme->attributes[ROLE_GOOD] = A_NORMAL;
	theme->attributes[ROLE_ATTENTION] = A_BOLD;
	theme->attributes[ROLE_DANGER] = A_BOLD;
	theme->attributes[ROLE_DANGER_FILL] = A_REVERSE | A_BOLD;
}

static void use_colours(struct theme *theme)
{
	init_pair(PAIR_GOOD, COLOR_GREEN, -1);
	init_pair(PAIR_ATTENTION, COLOR_YELLOW, -1);
	init_pair(PAIR_DANGER, COLOR_RED, -1);
	init_pair(PAIR_DANGER_FILL, COLOR_WHITE, COLOR_RED);
	theme->attributes[ROLE_GOOD] = (attr_t)COLOR_PAIR(PAIR_GOOD);
	theme->attributes[ROLE_ATTENTION] = (attr_t)COLOR_PAIR(PAIR_ATTENTION) | A_BOLD;
	theme->attributes[ROLE_DANGER] = (attr_t)COLOR_PAIR(PAIR_DANGER) | A_BOLD;
	theme->attributes[ROLE_DANGER_FILL] = (attr_t)COLOR_PAIR(PAIR_DANGER_FILL) | A_BOLD;
	theme->next_pair = PAIR_FIRST_FREE;
}

void theme_init(struct theme *theme, const char *codeset, const char *term, bool want_colour)
{
	memset(theme, 0, sizeof(*theme));
	theme->is_utf8 = is_utf8_terminal(codeset, term);
	theme->attributes[ROLE_STRONG] = A_BOLD;
	theme->attributes[ROLE_DIM] = A_DIM;
	theme->attributes[ROLE_SELECTED] = A_REVERSE;
	theme->attributes[ROLE_BAR] = A_REVERSE;
	theme->has_colour = want_colour && has_colors() && start_color() == OK && use_default_colors() == OK;
	if (theme->has_colour)
		use_colours(theme);
	else
		use_mono(theme);
}

wchar_t theme_glyph(const struct theme *theme, enum glyph glyph)
{
	return drawing_set[theme->is_utf8][glyph];
}

static wchar_t look_alike(uint32_t code)
{
	static const struct {
		uint32_t code; wchar_t ascii;
	} rows[] = {
		{ 0xa0, ' ' },   { 0xb0, 'o' },   { 0xb5, 'u' },   { 0xd7, 'x' },    { 0x2010, '-' },  { 0x2011, '-' },
		{ 0x2012, '-' }, { 0x2013, '-' }, { 0x2014, '-' }, { 0x2018, '\'' }, { 0x2019, '\'' }, { 0x201c, '"' },
		{ 0x201d, '"' }, { 0x2022, '*' }, { 0x2026, '~' }, { 0x2190, '<' },  { 0x2192, '>' },  { 0x2500, '-' },
		{ 0x2502, '|' }, { 0x2588, '#' }, { 0x2591, '-' }, { 0x3bc, 'u' },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code)
			return rows[i].ascii;
	return '?';
}

wchar_t theme_character(const struct theme *theme, uint32_t code, int *ret_width)
{
	*ret_width = 1;
	if (code >= 0x20 && code < 0x7f)
		return (wchar_t)code;
	if (code < 0xa0)
		return '.';
	/* what takes no cell may turn the reading direction around (U+202E): never shown */
	if (wcwidth((wchar_t)code) == 0 || (code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) ||
	    (code >= 0x2060 && code <= 0x206f)) {
		*ret_width = 0;
		return 0;
	}
	if (!theme->is_utf8)
		return look_alike(code);
	*ret_width = wcwidth((wchar_t)code);
	if (*ret_width == 1 || *ret_width == 2)
		return (wchar_t)code;
	*ret_width = 1;
	return '?';
}

attr_t theme_device_colours(struct theme *theme, int foreground, int background)
{
	short *pair = &theme->pair[foreground + 1][background + 1];

	if (!theme->has_colour || (foreground < 0 && background < 0))
		return A_NORMAL;
	if (*pair == 0) {
		if (theme->next_pair >= COLOR_PAIRS || theme->next_pair > 255 ||
		    init_pair(theme->next_pair, (short)foreground, (short)background) != OK)
			return A_NORMAL;
		*pair = theme->next_pair++;
	}
	return (attr_t)COLOR_PAIR(*pair);
}
