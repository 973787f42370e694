/* recovery/image/json.h
 *
 * Walks JSON text without building anything: one value after the other, with the keys that lead to it. Pure, without recursion.
 * Source: RFC 8259. Escapes in strings are kept as they stand, but for the escaped quote, backslash and slash. */
#ifndef UNBRICK_RECOVERY_IMAGE_JSON_H
#define UNBRICK_RECOVERY_IMAGE_JSON_H

#include "src/base/bytes.h"

enum {
	JSON_DEPTH = 8,
	JSON_KEY = 32,
	JSON_TEXT = 128,
};

struct json {
	struct bytes rest;
	unsigned depth;
	bool is_object[JSON_DEPTH];
	char path[JSON_DEPTH][JSON_KEY];	/* the key on each level; "" in a list */
	bool has_key;
};

/* A leaf: a string, a number or a word. path[0] to path[depth - 1] lead to it. */
struct json_value {
	unsigned depth;
	char text[JSON_TEXT];
};

void json_init(struct json *json, struct bytes text);
/* The next leaf; false at the end, at what is no JSON, or deeper than JSON_DEPTH. */
bool json_next(struct json *json, struct json_value *ret_value);
/* Is the leaf at "version.dist", "supported_devices"? A list's elements have the path of the list. */
bool json_is_at(const struct json *json, const struct json_value *value, const char *path);

#endif
