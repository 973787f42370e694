#include "src/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* The length of the UTF-8 character at from, 0 where it is not one (overlong, surrogate, cut). */
static size_t utf8_length(struct bytes from)
{
	uint8_t first = from.data[0];
	size_t length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3
		      : first >= 0xf0 && first < 0xf5 ? 4 : 0;

	if (length == 0 || length > from.size)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((from.data[i] & 0xc0) != 0x80)
			return 0;
	if ((first == 0xe0 && from.data[1] < 0xa0) || (first == 0xed && from.data[1] > 0x9f) ||
	    (first == 0xf0 && from.data[1] < 0x90) || (first == 0xf4 && from.data[1] > 0x8f))
		return 0;
	return length;
}

char *text_copy(char *to, size_t size, const char *from)
{
	size_t length = from ? strlen(from) : 0;

	if (size == 0)
		return to;
	if (length >= size) {
		length = size - 1;
		while (length > 0 && ((uint8_t)from[length] & 0xc0) == 0x80)
			length--;
	}
	if (length > 0)
		memmove(to, from, length);
	to[length] = '\0';
	return to;
}

char *text_format(char *to, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(to, size, format, args);
	va_end(args);
	return to;
}

void text_append(char *to, size_t size, const char *format, ...)
{
	size_t used = strnlen(to, size);
	va_list args;

	if (used >= size)
		return;
	va_start(args, format);
	vsnprintf(to + used, size - used, format, args);
	va_end(args);
}

/* How many bytes the escape sequence at from takes (ECMA-48, 5.3 to 5.6); a cut one takes all that is left. */
static size_t escape_length(struct bytes from)
{
	size_t i = 2;

	if (from.size < 2)
		return from.size;
	switch (from.data[1]) {
	case '[':	/* CSI: parameters, intermediates, one final byte */
		while (i < from.size && from.data[i] >= 0x20 && from.data[i] < 0x40)
			i++;
		return i < from.size ? i + 1 : i;
	case ']': case 'P': case 'X': case '^': case '_':	/* strings: up to BEL or ST */
		for (; i < from.size; i++) {
			if (from.data[i] == 0x07)
				return i + 1;
			if (from.data[i] == 0x1b)
				return i + 1 < from.size ? i + 2 : i + 1;
		}
		return i;
	default:
		while (i - 1 < from.size && from.data[i - 1] >= 0x20 && from.data[i - 1] < 0x30)
			i++;
		return i < from.size ? i : from.size;
	}
}

bool text_in_escape(uint8_t *state, uint8_t byte)
{
	enum { OUTSIDE, AFTER_ESC, IN_CSI, IN_STRING };
	uint8_t was = *state;

	if (byte == '\n' || byte == '\r') {
		*state = OUTSIDE;
		return false;
	}
	if (byte == 0x1b) {	/* also the first half of ST, whose second half ends it as any final byte does */
		*state = AFTER_ESC;
		return true;
	}
	switch (was) {
	case AFTER_ESC:
		if (byte == '[')
			*state = IN_CSI;
		else if (memchr("]PX^_", byte, 5) != NULL)
			*state = IN_STRING;
		else if (byte < 0x20 || byte > 0x2f)	/* not an intermediate byte: the last one */
			*state = OUTSIDE;
		return true;
	case IN_CSI:
		if (byte < 0x20 || byte > 0x3f)
			*state = OUTSIDE;
		return true;
	case IN_STRING:
		if (byte == 0x07)
			*state = OUTSIDE;
		return true;
	default:
		return false;
	}
}

size_t text_printable(char *to, size_t size, struct bytes from)
{
	size_t used = 0;

	if (size == 0)
		return 0;
	while (from.size > 0) {
		size_t length;

		/* nearly always */
		if (from.data[0] >= 0x20 && from.data[0] < 0x7f) {
			if (used + 1 >= size)
				break;
			to[used++] = (char)from.data[0];
			from = bytes_from(from, 1);
			continue;
		}
		if (from.data[0] == 0x1b) {
			from = bytes_from(from, escape_length(from));
			continue;
		}
		length = utf8_length(from);
		/* C1 controls (U+0080 to U+009F) drive some terminals even in UTF-8 */
		if (length == 2 && from.data[0] == 0xc2 && from.data[1] < 0xa0)
			length = 0;
		if (used + (length ? length : 1) >= size)
			break;
		if (length > 1) {
			memcpy(to + used, from.data, length);
			used += length;
		} else {
			uint8_t byte = from.data[0];

			to[used++] = byte == '\t' ? ' ' : length == 0 || byte < 0x20 || byte == 0x7f ? '.' : (char)byte;
			length = 1;
		}
		from = bytes_from(from, length);
	}
	to[used] = '\0';
	return used;
}

char *text_size(char *to, size_t size, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes < 1024)
		return text_format(to, size, "%u B", (unsigned)bytes);
	for (value /= 1024; value >= 1024 && unit < 3; unit++)
		value /= 1024;
	return text_format(to, size, "%.1f %s", value, units[unit]);
}

char *text_duration(char *to, size_t size, uint64_t milliseconds)
{
	uint64_t seconds = (milliseconds + 500) / 1000;

	if (seconds < 60)
		return text_format(to, size, "%u s", (unsigned)seconds);
	if (seconds < 3600)
		return text_format(to, size, "%u min %u s", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
	return text_format(to, size, "%u h %u min", (unsigned)(seconds / 3600), (unsigned)(seconds / 60 % 60));
}

static int hex_digit(char digit)
{
	return digit >= '0' && digit <= '9'   ? digit - '0'
	       : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
	       : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
					      : -1;
}

size_t text_parse_bytes(const char *text, uint8_t *ret_bytes, size_t max)
{
	bool is_number = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	size_t count = 0;

	text += is_number ? 2 : strspn(text, " ");
	while (*text) {
		if (count == max || hex_digit(text[0]) < 0 || hex_digit(text[1]) < 0)
			return 0;
		ret_bytes[count++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
		text += 2;
		if (!is_number && *text && *text != ' ')
			return 0;
		text += is_number ? 0 : strspn(text, " ");
	}
	return is_number || count > 1 ? count : 0;
}

bool text_parse_size(const char *text, uint64_t *ret_bytes)
{
	static const struct { const char *suffix; unsigned shift; } units[] = {
		{ "", 0 }, { "B", 0 }, { "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 },
	};
	unsigned long long value;
	bool is_hex = text != NULL && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	if (text == NULL || !isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	value = strtoull(text, &end, is_hex ? 16 : 10);	/* a leading 0 means no octal here */
	if (errno != 0)
		return false;
	while (*end == ' ')
		end++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].suffix) != 0)
			continue;
		if (units[i].shift > 0 && value > UINT64_MAX >> units[i].shift)
			return false;
		*ret_bytes = (uint64_t)value << units[i].shift;
		return true;
	}
	return false;
}

bool text_contains(const char *all, const char *part)
{
	return strcasestr(all, part) != NULL;
}

bool text_has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; at != NULL && *at;) {
		size_t size = strcspn(at, " ");

		if (size == length && strncmp(at, word, length) == 0)
			return true;
		at += size + (at[size] == ' ');
	}
	return false;
}

bool text_starts(const char *all, const char *start)
{
	return strncmp(all, start, strlen(start)) == 0;
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const char *text_file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}
