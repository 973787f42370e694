/* ui/keys.h
 *
 * Keys by one table per screen: the same rows are the input, the footer, the help page, `unbrick --help` and the
 * manual. A row also names the verb for the `:` line. */
#ifndef UNBRICK_UI_KEYS_H
#define UNBRICK_UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum screen_mouse { SCREEN_MOUSE_CLICK, SCREEN_MOUSE_WHEEL_UP, SCREEN_MOUSE_WHEEL_DOWN };

/* How many rows the wheel goes down. */
static inline int mouse_wheel_rows(enum screen_mouse what)
{
	return what == SCREEN_MOUSE_WHEEL_UP ? -3 : what == SCREEN_MOUSE_WHEEL_DOWN ? 3 : 0;
}

enum ui_command {
	COMMAND_NONE,
	COMMAND_OPEN,
	COMMAND_NEW,
	COMMAND_CONSOLE,
	COMMAND_PRACTICE,
	COMMAND_PRACTICE_STOP,
	COMMAND_FIND,
	COMMAND_FIND_NEXT,
	COMMAND_HELP,
	COMMAND_QUIT,
	COMMAND_LOG,
	COMMAND_LINE,
	COMMAND_BACK,
	COMMAND_EVIDENCE,
	COMMAND_CANCEL,
	COMMAND_EARLIER,
	COMMAND_BREAK,
	COMMAND_DTR,
	COMMAND_RTS,
	COMMAND_BAUD,
	COMMAND_SCROLL_UP,
	COMMAND_SCROLL_DOWN,
	COMMAND_POWER,
	COMMAND_SEND_PREFIX,
	COMMAND_CLOSE,
	COMMAND_REDRAW,
	COMMAND_IMAGE,
	COMMAND_FACTS,
	COMMAND_GOTO,
	COMMAND_DEEP,
	COMMAND_REPLAY_PAUSE,
	COMMAND_REPLAY_NEXT,
	COMMAND_REPLAY_FASTER,
	COMMAND_REPLAY_SLOWER,
	COMMAND_REPLAY_RESTART,
	COMMAND_LINE_CHECK,
	COMMAND_SETTINGS,
	COMMAND_FRAME,
	COMMAND_FLOW,
	COMMAND_ENTER_SENDS,
	COMMAND_BACKSPACE,
	COMMAND_ECHO,
	COMMAND_LONE_LF,
	COMMAND_LONE_CR,
	COMMAND_SEND_FILE,
	COMMAND_RECEIVE_FILE,
	COMMAND_STOP_SENDING,
	COMMAND_MACROS,
	COMMAND_MACRO_1,
	COMMAND_MACRO_9 = COMMAND_MACRO_1 + 8,
	COMMAND_TIMES,
	COMMAND_HEX,
	COMMAND_BOOKMARK,
	COMMAND_MARKS,
	COMMAND_REMOVE,
	COMMAND_FIND_NEWER,
	COMMAND_NEXT_CONSOLE,
	COMMAND_OTHER_SIDE,
	COMMAND_SPLIT,
};

/* Keys without a character, above all of Unicode. */
enum ui_key {
	UI_KEY_ENTER = '\r',
	UI_KEY_ESC = 27,
	UI_KEY_UP = 0x110000,
	UI_KEY_DOWN,
	UI_KEY_LEFT,
	UI_KEY_RIGHT,
	UI_KEY_HOME,
	UI_KEY_END,
	UI_KEY_PAGE_UP,
	UI_KEY_PAGE_DOWN,
	UI_KEY_SHIFT_PAGE_UP,
	UI_KEY_SHIFT_PAGE_DOWN,
	UI_KEY_INSERT,
	UI_KEY_DELETE,
	UI_KEY_BACKSPACE,
	UI_KEY_BACKTAB,
	UI_KEY_F1,
	UI_KEY_F12 = UI_KEY_F1 + 11,
	UI_KEY_VERB_ONLY,		/* no key: for the `:` line, what must not happen by a slip of the finger */
	UI_KEY_AFTER_PREFIX = 0x1000000,	/* + a character: after the console's Ctrl-A */
};

enum { UI_PREFIX = 1 };		/* Ctrl-A */

struct key_binding {
	int key;
	enum ui_command command;
	const char *verb;	/* for the `:` line; NULL: none */
	const char *text;	/* what it does, as in the footer; NULL: a second key for a row above, not shown */
};

/* "Enter", "Ctrl-A b", "PgUp". */
const char *keys_name(int key, char *to, size_t size);
/* The same for a row: ":power" where there is no key. */
const char *keys_row_name(const struct key_binding *row, char *to, size_t size);
/* NULL when the table (ended by key 0) has none. */
const struct key_binding *keys_find(const struct key_binding *keys, int key);
const struct key_binding *keys_find_verb(const struct key_binding *keys, const char *verb, size_t length);
/* Those that work on every screen. */
extern const struct key_binding keys_everywhere[];
/* All keys of all screens, for --help and the manual. */
void keys_list_all(void (*each)(void *user, const char *screen, const char *key, const char *text), void *user);

#endif
