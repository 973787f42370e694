#include "ui/widget_input.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/text.h"
#include "ui/keys.h"

enum { COMPLETE_NAMES_MAX = 4096, COMPLETE_SHOWN_MAX = 40, COMPLETE_NAME_MAX = 80 };

void widget_input_set(struct widget_input *input, const char *text)
{
	text_copy(input->text, sizeof(input->text), text);
	input->size = input->cursor = strlen(input->text);
}

static void remove_range(struct widget_input *input, size_t from, size_t to)
{
	memmove(input->text + from, input->text + to, input->size - to + 1);
	input->size -= to - from;
	input->cursor = from;
}

static size_t before(const struct widget_input *input)
{
	size_t at = input->cursor;

	while (at > 0 && ((unsigned char)input->text[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t after(const struct widget_input *input)
{
	const char *at = input->text + input->cursor;

	utf8_next(&at);
	return (size_t)(at - input->text);
}

static bool insert(struct widget_input *input, int key)
{
	char utf8[4];
	size_t length;

	if (key < 0x20 || key == 0x7f || (key >= 0x80 && key < 0xa0) || key >= UI_KEY_UP)
		return false;
	length = utf8_put(utf8, (uint32_t)key);
	if (input->size + length >= sizeof(input->text))
		return true;
	memmove(input->text + input->cursor + length, input->text + input->cursor, input->size - input->cursor + 1);
	memcpy(input->text + input->cursor, utf8, length);
	input->size += length;
	input->cursor += length;
	return true;
}

static size_t word_start(const struct widget_input *input)
{
	size_t at = input->cursor;

	while (at > 0 && (input->text[at - 1] == ' ' || input->text[at - 1] == '/'))
		at--;
	while (at > 0 && input->text[at - 1] != ' ' && input->text[at - 1] != '/')
		at--;
	return at;
}

bool widget_input_key(struct widget_input *input, int key)
{
	switch (key) {
	case UI_KEY_LEFT: input->cursor = before(input); return true;
	case UI_KEY_RIGHT: input->cursor = input->cursor < input->size ? after(input) : input->size; return true;
	case UI_KEY_HOME: case 1: input->cursor = 0; return true;
	case UI_KEY_END: case 5: input->cursor = input->size; return true;
	case UI_KEY_BACKSPACE: remove_range(input, before(input), input->cursor); return true;
	case UI_KEY_DELETE:
		if (input->cursor < input->size)
			remove_range(input, input->cursor, after(input));
		return true;
	case 21: remove_range(input, 0, input->cursor); return true;		/* Ctrl-U, as in a shell */
	case 23: remove_range(input, word_start(input), input->cursor); return true;	/* Ctrl-W */
	default: return insert(input, key);
	}
}

void widget_input_draw(const struct widget_input *input, struct canvas *to, int y, int x, int width, enum role role)
{
	char head[WIDGET_INPUT_MAX];
	size_t start = 0;

	text_copy(head, input->cursor + 1, input->text);
	while (canvas_width(to, head + start) >= width) {
		start++;
		while (((unsigned char)head[start] & 0xc0) == 0x80)
			start++;
	}
	canvas_fill(to, y, x, width, role, ' ');
	canvas_put(to, y, x, width, role, input->text + start);
	if (start > 0)
		canvas_fill(to, y, x, 1, ROLE_DIM, theme_glyph(to->theme, GLYPH_CUT));
	to->cursor_y = y;
	to->cursor_x = x + canvas_width(to, head + start);
}

struct completion {
	char common[256];
	char first[COMPLETE_SHOWN_MAX][COMPLETE_NAME_MAX];	/* in the alphabet's order */
	unsigned shown;
	unsigned count;
};

static void show_name(struct completion *found, const char *name)
{
	unsigned at = found->shown;

	while (at > 0 && strcmp(found->first[at - 1], name) > 0)
		at--;
	if (at == COMPLETE_SHOWN_MAX)
		return;
	if (found->shown < COMPLETE_SHOWN_MAX)
		found->shown++;
	memmove(found->first[at + 1], found->first[at], (found->shown - at - 1) * sizeof(found->first[0]));
	text_copy(found->first[at], sizeof(found->first[0]), name);
}

static void consider(struct completion *found, const char *name, bool is_folder)
{
	size_t same = 0;
	char printable[256];

	if (found->count++ == 0) {
		text_format(found->common, sizeof(found->common), "%s%s", name, is_folder ? "/" : "");
	} else {
		while (found->common[same] != '\0' && found->common[same] == name[same])
			same++;
		while (same > 0 && ((unsigned char)found->common[same] & 0xc0) == 0x80)
			same--;
		found->common[same] = '\0';
	}
	text_printable(printable, sizeof(printable), bytes_of_text(name));
	if (is_folder)
		text_append(printable, sizeof(printable), "/");
	show_name(found, printable);
}

static void look_into(const char *folder, const char *start, struct completion *found)
{
	DIR *list = opendir(folder);
	struct dirent *entry;

	for (unsigned i = 0; list != NULL && i < COMPLETE_NAMES_MAX && (entry = readdir(list)) != NULL; i++) {
		char path[WIDGET_INPUT_MAX + 256];
		struct stat info;

		if (strncmp(entry->d_name, start, strlen(start)) != 0 || (entry->d_name[0] == '.' && start[0] != '.'))
			continue;
		text_format(path, sizeof(path), "%s%s", folder, entry->d_name);
		consider(found, entry->d_name, stat(path, &info) == 0 && S_ISDIR(info.st_mode));
	}
	if (list != NULL)
		closedir(list);
}

void widget_input_expand_home(struct widget_input *input)
{
	const char *home = getenv("HOME");
	char whole[WIDGET_INPUT_MAX];

	if (input->text[0] != '~' || input->text[1] != '/' || home == NULL)
		return;
	text_format(whole, sizeof(whole), "%s%s", home, input->text + 1);
	widget_input_set(input, whole);
}

void widget_input_complete_path(struct widget_input *input, char *ret_names, size_t size)
{
	struct completion found = { .count = 0 };
	char folder[WIDGET_INPUT_MAX] = "./";
	char whole[WIDGET_INPUT_MAX + 256];
	const char *slash;

	ret_names[0] = '\0';
	widget_input_expand_home(input);
	slash = strrchr(input->text, '/');
	if (slash != NULL)
		text_copy(folder, (size_t)(slash - input->text) + 2, input->text);
	look_into(folder, slash ? slash + 1 : input->text, &found);
	if (found.count == 0) {
		text_copy(ret_names, size, "no such file here");
		return;
	}
	text_format(whole, sizeof(whole), "%s%s", slash ? folder : "", found.common);
	if (strlen(whole) >= input->size)
		widget_input_set(input, whole);
	for (unsigned i = 0; found.count > 1 && i < found.shown; i++)
		text_append(ret_names, size, "%s%s", i > 0 ? "  " : "", found.first[i]);
}
