/* recovery/diagnosis/text_kind.c
 *
 * Messages carry numbers, addresses, names of devices, or a program's name and a colon; a line of prose is words alone.
 * A single line proves nothing: course counts them. */
#include "recovery/diagnosis/text_kind.h"

#include <ctype.h>
#include <string.h>

enum {
	PROSE_SIZE = 40,	/* shorter sentences are printed by programs too */
	PROSE_WORDS = 7,
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
