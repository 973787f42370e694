#include "ui/widget_hex.h"

enum role widget_hex_role(uint8_t byte)
{
	return byte == 0x00 || byte == 0xff ? ROLE_DIM : ROLE_NORMAL;
}

void widget_hex_row(struct canvas *to, int y, int hex_x, int text_x, bool is_tight, const uint8_t *bytes, size_t count,
		    const enum role roles[WIDGET_HEX_BYTES])
{
	for (int i = 0; i < WIDGET_HEX_BYTES && (size_t)i < count; i++) {
		int x = hex_x + (is_tight ? 2 * i + i / 2 : 3 * i + (i < 8 ? 0 : 1));
		char text[2] = { bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '.', '\0' };

		canvas_printf(to, y, x, 2, roles[i], "%02x", bytes[i]);
		canvas_put(to, y, text_x + i, 1, roles[i], text);
	}
}
