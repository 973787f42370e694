/* From curses' key codes to our own, so that screens and tables know one set. */
#include "src/base/cleanup.h"
#include "ui/ui_internal.h"

enum { KEYS_AT_ONCE = 256 };	/* a paste must not keep the device waiting */

static int own_key(int code)
{
	static const struct {
		int curses, own;
	} rows[] = {
		{ KEY_UP, UI_KEY_UP },
		{ KEY_DOWN, UI_KEY_DOWN },
		{ KEY_LEFT, UI_KEY_LEFT },
		{ KEY_RIGHT, UI_KEY_RIGHT },
		{ KEY_HOME, UI_KEY_HOME },
		{ KEY_FIND, UI_KEY_HOME },
		{ KEY_END, UI_KEY_END },
		{ KEY_SELECT, UI_KEY_END },
		{ KEY_PPAGE, UI_KEY_PAGE_UP },
		{ KEY_NPAGE, UI_KEY_PAGE_DOWN },
		{ KEY_SPREVIOUS, UI_KEY_SHIFT_PAGE_UP },
		{ KEY_SNEXT, UI_KEY_SHIFT_PAGE_DOWN },
		{ KEY_SR, UI_KEY_SHIFT_PAGE_UP },
		{ KEY_SF, UI_KEY_SHIFT_PAGE_DOWN },
		{ KEY_IC, UI_KEY_INSERT },
		{ KEY_DC, UI_KEY_DELETE },
		{ KEY_BACKSPACE, UI_KEY_BACKSPACE },
		{ KEY_BTAB, UI_KEY_BACKTAB },
		{ KEY_ENTER, UI_KEY_ENTER },
	};

	if (code >= KEY_F(1) && code <= KEY_F(12))
		return UI_KEY_F1 + (code - KEY_F(1));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].curses == code)
			return rows[i].own;
	return 0;
}

static void read_mouse(struct ui *ui)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return;
	if (event.bstate & BUTTON4_PRESSED)
		ui_mouse(ui, SCREEN_MOUSE_WHEEL_UP, event.y, event.x);
	else if (event.bstate & BUTTON5_PRESSED)
		ui_mouse(ui, SCREEN_MOUSE_WHEEL_DOWN, event.y, event.x);
	else if (event.bstate & BUTTON1_PRESSED)
		ui_mouse(ui, SCREEN_MOUSE_CLICK, event.y, event.x);
}

bool ui_input_read(struct ui *ui)
{
	for (int i = 0; i < KEYS_AT_ONCE && !ui->is_leaving; i++) {
		wint_t code;
		int kind = get_wch(&code);

		if (kind == ERR)
			return i > 0;
		if (kind == KEY_CODE_YES && code == KEY_MOUSE)
			read_mouse(ui);
		else if (kind == KEY_CODE_YES && own_key((int)code) != 0)
			ui_key(ui, own_key((int)code));
		else if (kind == OK && (code == 127 || code == 8))
			ui_key(ui, UI_KEY_BACKSPACE);
		else if (kind == OK && code == '\n')
			ui_key(ui, UI_KEY_ENTER);
		else if (kind == OK)
			ui_key(ui, (int)code);
	}
	return true;
}
