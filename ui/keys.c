#include "ui/keys.h"

#include <string.h>

#include "src/base/text.h"
#include "ui/canvas.h"

const struct key_binding keys_everywhere[] = {
	{ '?', COMMAND_HELP, "help", "help" },
	{ UI_KEY_F1, COMMAND_HELP, NULL, NULL },
	{ ':', COMMAND_LINE, NULL, "command line" },
	{ 12, COMMAND_REDRAW, "redraw", "draw the screen anew" },
	{ 3, COMMAND_QUIT, "quit", "quit" },
	{ 0 },
};

const char *keys_name(int key, char *to, size_t size)
{
	static const struct {
		int key;
		const char *name;
	} names[] = {
		{ UI_KEY_ENTER, "Enter" },
		{ UI_KEY_ESC, "Esc" },
		{ ' ', "space" },
		{ '\t', "Tab" },
		{ UI_KEY_UP, "up" },
		{ UI_KEY_DOWN, "down" },
		{ UI_KEY_LEFT, "left" },
		{ UI_KEY_RIGHT, "right" },
		{ UI_KEY_HOME, "Home" },
		{ UI_KEY_END, "End" },
		{ UI_KEY_PAGE_UP, "PgUp" },
		{ UI_KEY_PAGE_DOWN, "PgDn" },
		{ UI_KEY_SHIFT_PAGE_UP, "Shift-PgUp" },
		{ UI_KEY_SHIFT_PAGE_DOWN, "Shift-PgDn" },
		{ UI_KEY_INSERT, "Ins" },
		{ UI_KEY_DELETE, "Del" },
		{ UI_KEY_BACKSPACE, "Backspace" },
	};
	char after[24];

	if (key >= UI_KEY_AFTER_PREFIX)
		return text_format(to, size, "Ctrl-A %s", keys_name(key - UI_KEY_AFTER_PREFIX, after, sizeof(after)));
	if (key >= UI_KEY_F1 && key <= UI_KEY_F12)
		return text_format(to, size, "F%d", key - UI_KEY_F1 + 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].key == key)
			return text_copy(to, size, names[i].name);
	if (key > 0 && key < 27)
		return text_format(to, size, "Ctrl-%c", '@' + key);
	memset(after, 0, sizeof(after));
	utf8_put(after, (uint32_t)key);
	return text_copy(to, size, after);
}

const char *keys_row_name(const struct key_binding *row, char *to, size_t size)
{
	if (row->key == UI_KEY_VERB_ONLY)
		return text_format(to, size, ":%s", row->verb);
	return keys_name(row->key, to, size);
}

const struct key_binding *keys_find(const struct key_binding *keys, int key)
{
	for (; keys->key != 0; keys++)
		if (keys->key == key)
			return keys;
	return NULL;
}

const struct key_binding *keys_find_verb(const struct key_binding *keys, const char *verb, size_t length)
{
	for (; keys->key != 0; keys++)
		if (keys->verb != NULL && strlen(keys->verb) == length && strncmp(keys->verb, verb, length) == 0)
			return keys;
	return NULL;
}
