#include "recovery/image/json.h"

#include "src/base/text.h"

void json_init(struct json *json, struct bytes text)
{
	*json = (struct json){ .rest = text };
}

/* A string behind its opening quote, cut to what to holds; false when it does not end. */
static bool take_string(struct json *json, char *to, size_t size)
{
	uint8_t raw[JSON_TEXT];
	size_t length = 0;

	for (size_t i = 0; i < json->rest.size; i++) {
		uint8_t c = json->rest.data[i];

		if (c == '"') {
			text_printable(to, size, bytes_of(raw, length));
			json->rest = bytes_from(json->rest, i + 1);
			return true;
		}
		if (c == '\\' && i + 1 < json->rest.size && strchr("\"\\/", json->rest.data[i + 1]) != NULL)
			c = json->rest.data[++i];
		if (length < sizeof(raw))
			raw[length++] = c;
	}
	return false;
}

static void take_word(struct json *json, char *to, size_t size)
{
	size_t length = 0;

	while (length < json->rest.size && memchr(",:]}[{\" \t\r\n", json->rest.data[length], 11) == NULL)
		length++;
	text_printable(to, size, bytes_of(json->rest.data, length));
	json->rest = bytes_from(json->rest, length);
}

static bool enter(struct json *json, bool is_object)
{
	if (json->depth == JSON_DEPTH)
		return false;
	json->is_object[json->depth] = is_object;
	json->path[json->depth][0] = '\0';
	json->depth++;
	json->has_key = false;
	return true;
}

/* A string or a word: a key where one is due, else a leaf. *ret_is_leaf is not written when it fails. */
static bool take_scalar(struct json *json, bool is_string, struct json_value *value, bool *ret_is_leaf)
{
	bool is_key = json->depth > 0 && json->is_object[json->depth - 1] && !json->has_key;
	char *to = is_key ? json->path[json->depth - 1] : value->text;
	size_t size = is_key ? JSON_KEY : JSON_TEXT;

	if (is_string && !take_string(json, to, size))
		return false;
	if (!is_string)
		take_word(json, to, size);
	json->has_key = is_key;
	value->depth = json->depth;
	*ret_is_leaf = !is_key;
	return true;
}

bool json_next(struct json *json, struct json_value *ret_value)
{
	while (json->rest.size > 0) {
		uint8_t c = json->rest.data[0];
		bool is_leaf;

		if (strchr(" \t\r\n,:", c) != NULL && c != '\0') {
			json->rest = bytes_from(json->rest, 1);
		} else if (c == '{' || c == '[') {
			json->rest = bytes_from(json->rest, 1);
			if (!enter(json, c == '{'))
				return false;
		} else if (c == '}' || c == ']') {
			json->rest = bytes_from(json->rest, 1);
			if (json->depth == 0 || --json->depth == 0)
				return false;
			json->has_key = false;
		} else if (c < 0x20 || json->depth == 0) {
			return false;
		} else {
			if (c == '"')
				json->rest = bytes_from(json->rest, 1);
			if (!take_scalar(json, c == '"', ret_value, &is_leaf))
				return false;
			if (is_leaf)
				return true;
		}
	}
	return false;
}

bool json_is_at(const struct json *json, const struct json_value *value, const char *path)
{
	for (unsigned i = 0; i < value->depth; i++) {
		size_t length = strlen(json->path[i]);

		if (length == 0)
			continue;
		if (strncmp(path, json->path[i], length) != 0 || (path[length] != '.' && path[length] != '\0'))
			return false;
		path += length + (path[length] == '.');
	}
	return path[0] == '\0';
}
