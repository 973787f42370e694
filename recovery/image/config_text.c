#include "recovery/image/config_text.h"

#include <ctype.h>
#include <stdio.h>

#include "src/base/text.h"

static size_t line_length(struct bytes text)
{
	const uint8_t *end = memchr(text.data, '\n', text.size);

	return end != NULL ? (size_t)(end - text.data) : text.size;
}

static size_t comment_length(struct bytes text)
{
	if (text.data[0] == '#' || (text.size > 1 && text.data[0] == '/' && text.data[1] == '/'))
		return line_length(text);
	if (text.size < 2 || text.data[0] != '/' || text.data[1] != '*')
		return 0;
	for (size_t i = 2; i + 1 < text.size; i++)
		if (text.data[i] == '*' && text.data[i + 1] == '/')
			return i + 2;
	return text.size;
}

static void skip_blanks(struct bytes *text)
{
	while (text->size > 0) {
		size_t comment = comment_length(*text);

		if (comment == 0 && !isspace(text->data[0]))
			return;
		*text = bytes_from(*text, comment > 0 ? comment : 1);
	}
}

/* Up to the quote that is not escaped; the escapes are kept as they are, for names need none. */
static struct config_token take_string(struct bytes *text)
{
	struct config_token token = { .type = CONFIG_STRING };
	size_t end = 1;

	while (end < text->size && text->data[end] != '"')
		end += text->data[end] == '\\' ? 2 : 1;
	if (end > text->size)
		end = text->size;
	text_printable(token.text, sizeof(token.text), bytes_of(text->data + 1, end - 1));
	*text = bytes_from(*text, end + 1);
	return token;
}

static bool is_word(uint8_t byte)
{
	return byte > ' ' && strchr("{}[]()=:;,\"#", byte) == NULL;
}

struct config_token config_next(struct bytes *text)
{
	struct config_token token = { .type = CONFIG_DONE };
	size_t length = 0;

	skip_blanks(text);
	if (text->size == 0)
		return token;
	if (text->data[0] == '"')
		return take_string(text);
	while (length < text->size && is_word(text->data[length]))
		length++;
	if (length == 0) {
		token.type = CONFIG_MARK;
		token.mark = (char)text->data[0];
		*text = bytes_from(*text, 1);
		return token;
	}
	token.type = CONFIG_WORD;
	text_printable(token.text, sizeof(token.text), bytes_of(text->data, length));
	*text = bytes_from(*text, length);
	return token;
}

bool config_takes_value(struct bytes *text)
{
	struct bytes rest = *text;
	struct config_token token = config_next(&rest);

	if (token.type != CONFIG_MARK || (token.mark != ':' && token.mark != '='))
		return false;
	*text = rest;
	return true;
}
