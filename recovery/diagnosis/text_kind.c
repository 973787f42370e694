/* recovery/diagnosis/text_kind.c
 *
 * Messages carry numbers, addresses, names of devices, or a program's name and a colon; a line of prose is words alone.
 * A single line proves nothing: course counts them. */
#include "recovery/diagnosis/text_kind.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "src/base/cleanup.h"

enum {
	PROSE_SIZE = 40,	/* shorter sentences are printed by programs too */
	PROSE_WORDS = 7,
	LEVEL_BEGINS = 32,	/* a time stamp and brackets may stand before the level */
};

static bool starts(struct bytes line, const char *with)
{
	size_t size = strlen(with);

	return line.size >= size && memcmp(line.data, with, size) == 0;
}

static bool is_code(struct bytes line)
{
	uint8_t last = line.data[line.size - 1];

	/* of C and its relatives; a shell's ";" stands inside the line */
	return last == ';' || last == '{' || last == '}' || starts(line, "//") || starts(line, "/*") ||
	       starts(line, "#include") || starts(line, "#define");
}

static bool is_prose(struct bytes line)
{
	size_t words = 1, small = 0, capitals = 0;

	if (line.size < PROSE_SIZE)
		return false;
	for (size_t i = 0; i < line.size; i++) {
		uint8_t c = line.data[i];

		if (c == ' ') {
			words += line.data[i - 1] != ' ';
			continue;
		}
		small += islower(c) != 0;
		capitals += isupper(c) != 0;
		/* quotes and dashes of typesetting are not ASCII */
		if (!isalpha(c) && c < 0x80 && strchr(".,;:'\"()-/!?`", c) == NULL)
			return false;
	}
	return words >= PROSE_WORDS && capitals * 4 < small;
}

enum text_kind text_kind_of(struct bytes line)
{
	while (line.size > 0 && isspace(line.data[0]))
		line = bytes_from(line, 1);
	while (line.size > 0 && isspace(line.data[line.size - 1]))
		line.size--;
	if (line.size == 0)
		return TEXT_BLANK;
	return is_code(line) ? TEXT_CODE : is_prose(line) ? TEXT_PROSE : TEXT_MESSAGE;
}

/* A letter is a level only as programs with letters set it: logcat's "D/", ESP-IDF's "I (", MCUboot's "I: ". */
static bool is_level_letter(struct bytes word, struct bytes after)
{
	return word.size == 1 && strchr("IDV", word.data[0]) != NULL &&
	       (starts(after, "/") || starts(after, " (") || starts(after, ": "));
}

bool text_is_remark(struct bytes line)
{
	static const char *const levels[] = { "info", "inf", "debug", "dbg", "notice", "trace", "verbose" };
	size_t begin = 0, end;

	while (begin < line.size && begin < LEVEL_BEGINS && !isalpha(line.data[begin]))
		begin++;
	for (end = begin; end < line.size && isalpha(line.data[end]); end++)
		;
	if (end == line.size || line.data[begin] == '\0' || line.data[end] == '_')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (strlen(levels[i]) == end - begin && strncasecmp((const char *)line.data + begin, levels[i], end - begin) == 0)
			return strchr("[]>):| ", line.data[end]) != NULL;
	return is_level_letter(bytes_of(line.data + begin, end - begin), bytes_from(line, end));
}
