/* ui/widget_hex.h
 *
 * A row of bytes, as hexadecimal and as text. */
#ifndef UNBRICK_UI_WIDGET_HEX_H
#define UNBRICK_UI_WIDGET_HEX_H

#include <stddef.h>

#include "ui/canvas.h"

enum {
	WIDGET_HEX_BYTES = 16,
	WIDGET_HEX_WIDTH = 48,		/* columns: each byte alone, a gap in the middle */
	WIDGET_HEX_TIGHT_WIDTH = 39,	/* in pairs */
};

/* The usual look of a byte: what flash has where nothing was written is only a reminder. */
enum role widget_hex_role(uint8_t byte);
void widget_hex_row(struct canvas *to, int y, int hex_x, int text_x, bool is_tight, const uint8_t *bytes, size_t count,
		    const enum role roles[WIDGET_HEX_BYTES]);

#endif
