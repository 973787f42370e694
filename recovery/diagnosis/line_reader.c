/* recovery/diagnosis/line_reader.c
 *
 * Time stamps are recognised by shape, not by tool: any bracket that holds only digits and what parts digits in
 * a time. A list of tools was tried first and missed every second capture pasted into a forum. */
#include "recovery/diagnosis/line_reader.h"

#include <ctype.h>

#include "src/base/text.h"

enum {
	ESCAPE_MAX = 256,	/* a string sequence whose end was lost on the line must not swallow the rest */
	PREFIX_MAX = 5,		/* host stamp, host name, level, kernel stamp, thread */
	BRACKET_MAX = 48,
};

enum mode { TEXT, ESCAPE, CONTROL, STRING, STRING_ESCAPE };	/* ECMA-48, 5.3 to 5.6 */

void line_reader_init(struct line_reader *reader)
{
	memset(reader, 0, sizeof(*reader));
	reader->number = 1;
}

static void begin_piece(struct line_reader *reader)
{
	reader->size = 0;
	reader->has_high = false;
	reader->has_time = false;
	reader->has_return = false;
}

static void hand_out(struct line_reader *reader, struct reader_line *ret_line)
{
	size_t size = reader->size;

	if (reader->has_high) {
		size = text_printable(reader->text, sizeof(reader->text), bytes_of(reader->raw, reader->size));
	} else {
		memcpy(reader->text, reader->raw, size);
		reader->text[size] = '\0';
	}
	*ret_line = (struct reader_line){
		.number = reader->number, .time_ms = reader->time_ms, .text = reader->text, .size = size,
		.body = line_body_offset(reader->text),
	};
}

static void put(struct line_reader *reader, uint8_t byte, uint64_t now_ms)
{
	if (!reader->has_time) {
		reader->has_time = true;
		reader->time_ms = now_ms;
	}
	if (reader->size < sizeof(reader->raw))
		reader->raw[reader->size++] = byte;
}

/* Plain text is nearly all of a log: copied in runs. Returns how much was taken. */
static size_t put_run(struct line_reader *reader, struct bytes in, uint64_t now_ms)
{
	uint8_t high = 0;
	size_t run = 0, room = sizeof(reader->raw) - reader->size;

	while (run < in.size && in.data[run] >= 0x20 && in.data[run] != 0x7f)
		high |= in.data[run++];
	if (run == 0)
		return 0;
	if (!reader->has_time) {
		reader->has_time = true;
		reader->time_ms = now_ms;
	}
	memcpy(reader->raw + reader->size, in.data, run < room ? run : room);
	reader->size += run < room ? run : room;
	reader->has_high |= (high & 0x80) != 0;
	return run;
}

static void put_control(struct line_reader *reader, uint8_t byte, uint64_t now_ms)
{
	switch (byte) {
	case 0x00: case 0x07: case 0x7f:
		return;		/* NUL fills and bells say nothing */
	case '\b':
		while (reader->size > 0 && (reader->raw[--reader->size] & 0xc0) == 0x80)
			;
		return;
	case '\t': case '\v': case '\f':
		put(reader, ' ', now_ms);
		return;
	default:
		put(reader, '.', now_ms);
	}
}

/* A byte inside an escape sequence. False: the sequence is broken off and the byte is an ordinary one. */
static bool in_escape(struct line_reader *reader, uint8_t byte, uint64_t now_ms)
{
	enum mode mode = (enum mode)reader->mode;

	if (byte == '\n' || ++reader->escape_size > ESCAPE_MAX) {
		reader->mode = TEXT;
		return false;
	}
	if (byte == 0x1b) {
		reader->mode = mode == STRING ? STRING_ESCAPE : ESCAPE;
		return true;
	}
	if (mode == ESCAPE) {
		reader->mode = byte == '[' ? CONTROL : strchr("]PX^_", byte) != NULL && byte != 0 ? STRING :
			       byte >= 0x20 && byte < 0x30 ? ESCAPE : TEXT;
	} else if (mode == CONTROL && byte >= 0x40) {
		/* a jump of the cursor parts two texts that would run into each other */
		if (strchr("ABCDEFGHdf", byte) != NULL && reader->size > 0)
			put(reader, ' ', now_ms);
		reader->mode = TEXT;
	} else if (mode == STRING_ESCAPE || (mode == STRING && byte == 0x07)) {
		reader->mode = TEXT;
	}
	return true;
}

bool line_reader_next(struct line_reader *reader, struct bytes *in, uint64_t now_ms, struct reader_line *ret_line)
{
	while (in->size > 0) {
		uint8_t byte = in->data[0];

		if (reader->mode != TEXT && in_escape(reader, byte, now_ms)) {
			*in = bytes_from(*in, 1);
			continue;
		}
		if (byte == '\n') {
			bool is_new = !reader->has_piece || reader->size > 0;

			*in = bytes_from(*in, 1);
			if (!reader->has_time)
				reader->time_ms = now_ms;
			if (is_new)
				hand_out(reader, ret_line);
			begin_piece(reader);
			reader->number++;
			reader->has_piece = false;
			if (is_new)
				return true;
			continue;
		}
		if (reader->has_return && byte != '\r' && reader->size > 0) {
			hand_out(reader, ret_line);
			begin_piece(reader);
			reader->has_piece = true;
			return true;
		}
		if (byte == '\r') {
			reader->has_return = true;
		} else if (byte == 0x1b) {
			reader->mode = ESCAPE;
			reader->escape_size = 0;
		} else {
			size_t run = put_run(reader, *in, now_ms);

			reader->has_return = false;
			if (run > 0) {
				*in = bytes_from(*in, run);
				continue;
			}
			put_control(reader, byte, now_ms);
		}
		*in = bytes_from(*in, 1);
	}
	return false;
}

bool line_reader_peek(struct line_reader *reader, struct reader_line *ret_line)
{
	if (reader->size == 0)
		return false;
	hand_out(reader, ret_line);
	return true;
}

bool line_reader_end(struct line_reader *reader, struct reader_line *ret_line)
{
	bool is_there = line_reader_peek(reader, ret_line);

	begin_piece(reader);
	reader->mode = TEXT;
	reader->number++;
	reader->has_piece = false;
	return is_there;
}

static size_t blanks(const char *text)
{
	return strspn(text, " ");
}

/* "[    4.391135@2]", "[    T1]", "[2024-01-02 12:34:56]", "[0.01 0.01]": digits and what parts them in a time. */
static size_t bracket(const char *text)
{
	bool has_digit = false;
	size_t i = 1;

	if (text[0] != '[')
		return 0;
	for (; text[i] != '\0' && text[i] != ']' && i < BRACKET_MAX; i++) {
		if (isdigit((unsigned char)text[i]))
			has_digit = true;
		else if (strchr(" .:-+@,/TZCPUms", text[i]) == NULL)
			return 0;
	}
	return text[i] == ']' && has_digit ? i + 1 : 0;
}

/* "<6>" of printk and syslog. */
static size_t level(const char *text)
{
	size_t digits = text[0] == '<' ? strspn(text + 1, "0123456789") : 0;

	return digits >= 1 && digits <= 3 && text[1 + digits] == '>' ? digits + 2 : 0;
}

/* "12:34:56", "12:34:56.789", with a zone behind it. */
static size_t clock_time(const char *text)
{
	size_t i = 0;

	for (int part = 0; part < 3; part++) {
		if (!isdigit((unsigned char)text[i]) || !isdigit((unsigned char)text[i + 1]))
			return 0;
		i += 2;
		if (part < 2 && text[i++] != ':')
			return 0;
	}
	if (text[i] == '.' || text[i] == ',')
		i += 1 + strspn(text + i + 1, "0123456789");
	if (text[i] == 'Z')
		i++;
	else if (text[i] == '+' || (text[i] == '-' && isdigit((unsigned char)text[i + 1])))
		i += 1 + strspn(text + i + 1, "0123456789:");
	return i;
}

/* "2024-01-02 12:34:56", "2024-01-02T12:34:56.789Z", "12:34:56". */
static size_t iso_time(const char *text)
{
	static const char shape[] = "dddd-dd-dd";
	size_t i = 0, time;

	while (shape[i] != '\0' && (shape[i] == 'd' ? isdigit((unsigned char)text[i]) != 0 : text[i] == shape[i]))
		i++;
	if (shape[i] != '\0')
		return clock_time(text);
	if (text[i] != ' ' && text[i] != 'T')
		return 0;
	time = clock_time(text + i + 1);
	return time > 0 ? i + 1 + time : 0;
}

static bool is_word_of(const char *text, const char *words)
{
	if (!isupper((unsigned char)text[0]) || strnlen(text, 4) < 4 || text[3] != ' ')
		return false;
	for (; *words != '\0'; words += 3)
		if (memcmp(text, words, 3) == 0)
			return true;
	return false;
}

/* "Jun 05 03:46:05 host kernel: " (RFC 3164, 4.1) and date(1)'s "Tue Jan  7 07:54:20 PST 2025 program: ". */
static size_t syslog_time(const char *text)
{
	bool is_date = is_word_of(text, "MonTueWedThuFriSatSun");
	size_t i = is_date ? 4 : 0, time, word;

	if (!is_word_of(text + i, "JanFebMarAprMayJunJulAugSepOctNovDec"))
		return 0;
	i += 4;
	i += blanks(text + i);
	i += strspn(text + i, "0123456789");
	i += blanks(text + i);
	time = clock_time(text + i);
	if (time == 0)
		return 0;
	i += time;
	for (int words = is_date ? 3 : 2; words > 0; words--) {	/* zone and year, or host; then the program */
		i += blanks(text + i);
		word = strcspn(text + i, " ");
		if (text[i + word] == '\0')
			return i;
		i += word;
		if (text[i - 1] == ':')
			break;
	}
	return i;
}

/* "12: text", as pasted captures number their lines; "00: 1005 0000" is a boot ROM's own. */
static size_t line_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (text[0] == '0' || digits < 1 || digits > 6)
		return 0;
	return text[digits] == ':' && text[digits + 1] == ' ' ? digits + 2 : 0;
}

size_t line_body_offset(const char *text)
{
	size_t (*const shapes[])(const char *) = { bracket, level, iso_time, syslog_time, line_number };
	size_t at = blanks(text);

	for (int round = 0; round < PREFIX_MAX; round++) {
		unsigned char first = (unsigned char)text[at];
		size_t taken = 0;

		/* every shape begins with one of these; most lines with none */
		if (first != '[' && first != '<' && !isdigit(first) && !isupper(first))
			break;
		for (size_t i = 0; taken == 0 && i < sizeof(shapes) / sizeof(shapes[0]); i++)
			taken = shapes[i](text + at);
		if (taken == 0)
			break;
		at += taken;
		at += blanks(text + at);
	}
	return at;
}
