/* From curses' key codes to our own, so that screens and tables know one set. */
#include <sys/ioctl.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "ui/ui_internal.h"

enum {
	KEYS_AT_ONCE = 256,		/* a paste must not keep the device waiting */
	KEYS_BY_HAND = 32,		/* what comes at once beyond that was not typed */
	PASTE_LOST_MS = 3000,
	SEQUENCE_MAX = 32,
};

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

/* ---- what is pasted ---- */

static void begin_paste(struct ui *ui)
{
	buffer_clear(&ui->pasted);
	ui->is_pasting = true;
	ui->is_paste_too_large = ui->is_paste_unmarked = false;
	ui->paste_ms = ui_time_ms();
}

static void end_paste(struct ui *ui)
{
	static const uint8_t end = 0;

	ui->is_pasting = ui->is_paste_unmarked = false;
	if (ui->is_paste_too_large || buffer_append(&ui->pasted, bytes_of(&end, 1)) != STATUS_OK)
		ui_say(ui, true, "more than %d KiB were pasted: nothing of it was taken. Send it as a file", UI_PASTE_MAX >> 10);
	else
		ui_paste(ui, bytes_of(ui->pasted.data, ui->pasted.size - 1));
	buffer_done(&ui->pasted);
	buffer_init(&ui->pasted, UI_PASTE_MAX);
	ui->is_dirty = true;
}

static void take_pasted(struct ui *ui, uint32_t code)
{
	char utf8[4];
	size_t size = utf8_put(utf8, code == '\r' ? '\n' : code);

	if (buffer_append(&ui->pasted, bytes_of(utf8, size)) != STATUS_OK)
		ui->is_paste_too_large = true;
	ui->paste_ms = ui_time_ms();
}

/* More than a hand types waits behind this key, so that the very first of it is known for a paste. */
static bool is_burst(int before)
{
	int waiting = 0;

	return before >= KEYS_BY_HAND || (ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && before + waiting >= KEYS_BY_HAND);
}

/* Text that is typed in one go is text of the line that it is typed into, or of the command that it begins with; anywhere else it would be
 * commands of ours, or the device's. */
static bool takes_bursts(struct ui *ui)
{
	const struct ui_screen *screen = ui_top(ui);

	return ui_appetite(ui) != APPETITE_TEXT && !ui->has_prompt &&
	       (screen->ops->awaits_command == NULL || !screen->ops->awaits_command(ui, screen->state));
}

/* True: the key was a part of it. */
static bool is_pasted(struct ui *ui, int kind, wint_t code, int before)
{
	bool is_text = kind == OK && (code >= ' ' || code == '\n' || code == '\r' || code == '\t') && code != 127;

	if (kind == KEY_CODE_YES && code == UI_CODE_PASTE) {
		begin_paste(ui);
		return true;
	}
	/* the end may be lost; and a terminal that does not mark what is pasted sends it all at once */
	if (ui->is_pasting && ui_time_ms() - ui->paste_ms > PASTE_LOST_MS)
		end_paste(ui);
	if (!ui->is_pasting && is_text && takes_bursts(ui) && is_burst(before)) {
		begin_paste(ui);
		ui->is_paste_unmarked = true;
	}
	if (ui->is_pasting && ui->is_paste_unmarked && !is_text)
		end_paste(ui);
	if (!ui->is_pasting)
		return false;
	if (kind == KEY_CODE_YES && code == UI_CODE_PASTE_END)
		end_paste(ui);
	else if (is_text || (kind == KEY_CODE_YES && code == KEY_ENTER))
		take_pasted(ui, kind == OK ? (uint32_t)code : '\r');
	return true;
}

static bool is_final(wint_t code)
{
	return code >= 0x40 && code <= 0x7e;
}

/* Esc, and with it at once a sequence (ECMA-48, 5.4: CSI or SS3) that the terminal's description does not have, as of Ctrl with an arrow key:
 * one key that means nothing here. Its letters and digits must not be taken for keys: they answer questions. */
static bool is_unknown_key(struct ui *ui)
{
	wint_t code, before = 0;
	int kind = get_wch(&code);

	if (kind == ERR)
		return false;
	if (kind != OK || (code != '[' && code != 'O')) {
		if (kind == OK)
			unget_wch((wchar_t)code);
		else
			ungetch((int)code);
		return false;
	}
	timeout(UI_ESCAPE_MS);		/* a slow line brings it in pieces */
	for (int i = 0; i < SEQUENCE_MAX && (i == 0 || !is_final(before) || (i == 1 && before == '[')); i++) {
		if (get_wch(&code) != OK)
			break;
		before = code;
	}
	timeout(0);
	ui->is_dirty = true;
	return true;
}

/* In a console every byte is the device's, but for an Esc that leaves a view of ours: the rest of an unknown key must not follow it there. */
static bool is_key_ours(struct ui *ui)
{
	const struct ui_screen *screen = ui_top(ui);

	return ui->has_prompt || ui_appetite(ui) != APPETITE_ALL || (screen->ops->owns_escape != NULL && screen->ops->owns_escape(ui, screen->state));
}

/* A paste without marks comes in pieces: it is over when nothing came for a moment. */
static int read_key(struct ui *ui, wint_t *ret_code)
{
	int kind = get_wch(ret_code);

	if (kind == ERR && ui->is_paste_unmarked) {
		timeout(UI_ESCAPE_MS);
		kind = get_wch(ret_code);
		timeout(0);
	}
	return kind;
}

bool ui_input_read(struct ui *ui)
{
	for (int i = 0; !ui->is_leaving && (i < KEYS_AT_ONCE || ui->is_paste_unmarked); i++) {
		wint_t code;
		int kind = read_key(ui, &code);

		if (kind == ERR) {
			if (ui->is_paste_unmarked)
				end_paste(ui);
			return i > 0;
		}
		if (is_pasted(ui, kind, code, i))
			continue;
		if (kind == KEY_CODE_YES && code == KEY_MOUSE)
			read_mouse(ui);
		else if (kind == KEY_CODE_YES && own_key((int)code) != 0)
			ui_key(ui, own_key((int)code));
		else if (kind == OK && (code == 127 || code == 8))
			ui_key(ui, UI_KEY_BACKSPACE);
		else if (kind == OK && code == UI_KEY_ESC && is_key_ours(ui) && is_unknown_key(ui))
			continue;
		else if (kind == OK && code == '\n')
			ui_key(ui, UI_KEY_ENTER);
		else if (kind == OK)
			ui_key(ui, (int)code);
	}
	return true;
}
