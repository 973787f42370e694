/* recovery/diagnosis/line_reader.c
 *
 * Time stamps are recognised by shape, not by tool: any bracket that holds only digits and what parts digits in
 * a time. A list of tools was tried first and missed every second capture pasted into a forum. */
#include "recovery/diagnosis/line_reader.h"

#include <ctype.h>
#include <stdlib.h>

#include "src/base/text.h"

enum {
	ESCAPE_MAX = 256,	/* a string sequence whose end was lost on the line must not swallow the rest */
	PREFIX_MAX = 6,		/* quote, host stamp, host name, level, kernel stamp, thread */
	BRACKET_MAX = 48,
};

#define MONTHS "JanFebMarAprMayJunJulAugSepOctNovDec"
#define HOST_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_/[]()@"

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
		.body = line_body_offset(reader->text), .clock_ms = LINE_NO_CLOCK,
	};
	ret_line->clock_ms = line_clock_ms(ret_line->text, ret_line->body);
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
/* "[uart0] ", "[ttyUSB0] ", "[COM3]": programs that read several lines at once. */
static size_t port_name(const char *text)
{
	static const char *const names[] = { "[uart", "[UART", "[tty", "[/dev/tty", "[COM", "[serial", "[console" };

	for (size_t i = 0; text[0] == '[' && i < sizeof(names) / sizeof(names[0]); i++) {
		size_t at = strlen(names[i]);

		if (strncmp(text, names[i], at) != 0)
			continue;
		at += strspn(text + at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
		return text[at] == ']' ? at + 1 : 0;
	}
	return 0;
}

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

/* "host kernel: ", "host daemon.info program[12]: ", "user.info program: " behind a syslog time. How many words stand
 * there differs, so the colon decides; a driver's own "UBI error: " is none of them. */
static size_t syslog_words(const char *text, int first)
{
	static const char *const own[] = { "error:", "warning:", "notice:", "info:", "assert:" };
	size_t i = 0, word;
	bool has_facility = false;	/* "kern.warning" stands between host and program */

	for (int n = 1; n <= (has_facility ? 3 : 2); n++) {
		i += blanks(text + i);
		word = strcspn(text + i, " ");
		if (text[i + word] == '\0')
			return 0;
		for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++)
			if (strlen(own[k]) == word && strncmp(text + i, own[k], word) == 0)
				return 0;
		if (text[i + word - 1] == ':')
			return n >= first ? i + word : 0;
		/* a name of a host, program or facility; anything else is text already */
		if (strspn(text + i, HOST_CHARACTERS) != word)
			return 0;
		has_facility |= islower((unsigned char)text[i]) && memchr(text + i, '.', word) != NULL;
		i += word;
	}
	return 0;
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

/* What terminal programs put between the time, or their own counter, and the text: an arrow, a bar, the direction. */
static size_t parting(const char *text)
{
	static const char *const marks[] = { "->", ">>", "<<", "RX:", "RX<", "RX ", "| ", "> ", "< " };
	size_t at = blanks(text);

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strncmp(text + at, marks[i], strlen(marks[i])) == 0)
			return at + strlen(marks[i]);
	return 0;
}

/* "17:31:43.744 ->" (Arduino IDE), "17:31:43:744> " (RealTerm). */
static size_t clock_and_parting(const char *text)
{
	size_t time = clock_time(text), part;

	if (time == 0)
		return 0;
	if (text[time] == ':')
		time += 1 + strspn(text + time + 1, "0123456789");
	part = parting(text + time);
	return time + part;
}

/* "2024-01-02 12:34:56", "2024-01-02T12:34:56.789Z host kernel:", "2024 Jan 02 12:34:56 host kernel:", "12:34:56". */
static size_t iso_time(const char *text)
{
	static const char shape[] = "dddd-dd-dd";
	size_t i = 0, time;

	while (shape[i] != '\0' && (shape[i] == 'd' ? isdigit((unsigned char)text[i]) != 0 : text[i] == shape[i]))
		i++;
	if (shape[i] != '\0')
		return i == 4 && text[4] == ' ' && is_word_of(text + 5, MONTHS) ? 5 : clock_and_parting(text);
	if (text[i] != ' ' && text[i] != 'T')
		return 0;
	time = text[i] == ' ' ? clock_and_parting(text + i + 1) : clock_time(text + i + 1);
	if (time == 0)
		return 0;
	return text[i] == 'T' ? i + 1 + time + syslog_words(text + i + 1 + time, 2) : i + 1 + time;
}

/* date(1)'s "PST 2025" and logread's "2025" behind the time. */
static size_t zone_and_year(const char *text)
{
	size_t i = blanks(text), word = strcspn(text + i, " ");
	size_t upper = strspn(text + i, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	if (upper >= 2 && upper <= 5 && upper == word && text[i + word] == ' ')
		i += word + blanks(text + i + word);
	if (strspn(text + i, "0123456789") != 4 || (text[i + 4] != ' ' && text[i + 4] != ']'))
		return 0;
	return i + 4;
}

/* "Jun 05 03:46:05 host kernel: " (RFC 3164, 4.1) and date(1)'s "Tue Jan  7 07:54:20 PST 2025 program: ". */
static size_t syslog_time(const char *text)
{
	bool is_date = is_word_of(text, "MonTueWedThuFriSatSun");
	size_t i = is_date ? 4 : 0, time, year;

	if (!is_word_of(text + i, MONTHS))
		return 0;
	i += 4;
	i += blanks(text + i);
	i += strspn(text + i, "0123456789");
	i += blanks(text + i);
	time = clock_time(text + i);
	if (time == 0)
		return 0;
	i += time;
	year = zone_and_year(text + i);
	i += year;
	/* without a host the program comes first */
	return i + syslog_words(text + i, year > 0 ? 1 : 2);
}

/* "[Fri Apr 18 08:05:42 2025] " of dmesg -T. */
static size_t dmesg_date(const char *text)
{
	size_t size = text[0] == '[' ? syslog_time(text + 1) : 0;

	return size > 0 && text[1 + size] == ']' ? size + 2 : 0;
}

/* "kern  :info  : " of dmesg -x. */
static size_t dmesg_facility(const char *text)
{
	size_t i = strspn(text, "abcdefghijklmnopqrstuvwxyz"), level;

	if (i < 3 || i > 8)
		return 0;
	i += blanks(text + i);
	if (text[i++] != ':')
		return 0;
	level = strspn(text + i, "abcdefghijklmnopqrstuvwxyz");
	if (level < 3 || level > 6)
		return 0;
	i += level + blanks(text + i + level);
	return text[i] == ':' && text[i + 1] == ' ' ? i + 2 : 0;
}

/* "01-15 04:53:33.292   569   569 I tag: " of logcat -v threadtime. */
static size_t logcat(const char *text)
{
	static const char shape[] = "dd-dd ";
	size_t i = 0, time;

	while (shape[i] != '\0' && (shape[i] == 'd' ? isdigit((unsigned char)text[i]) != 0 : text[i] == shape[i]))
		i++;
	time = shape[i] == '\0' ? clock_time(text + i) : 0;
	if (time == 0)
		return 0;
	i += time;
	for (int n = 0; n < 2; n++) {
		i += blanks(text + i);
		i += strspn(text + i, "0123456789");
	}
	i += blanks(text + i);
	if (text[i] == '\0' || strchr("VDIWEF", text[i]) == NULL || text[i + 1] != ' ')
		return 0;
	return i + 2 + strcspn(text + i + 2, ":") + (strchr(text + i, ':') != NULL);
}

/* MediaTek's kernels: "[    3.123456].(0)[1:swapper/0]" and " -(0)[1:swapper/0]". */
static size_t mediatek_cpu(const char *text)
{
	size_t i = text[0] == '.' || text[0] == '-' ? 1 : 0, task;

	if (text[i] != '(' || !isdigit((unsigned char)text[i + 1]) || text[i + 2] != ')' || text[i + 3] != '[')
		return 0;
	task = strcspn(text + i, "]");
	return text[i + task] == ']' && task < BRACKET_MAX ? i + task + 1 : 0;
}

/* "> " of mail, also several deep; "=> " and "# " are prompts. */
static size_t quote(const char *text)
{
	size_t i = 0;

	while (text[i] == '>' && text[i + 1] == ' ')
		i += 2;
	return i;
}

/* "12: text", as pasted captures number their lines; "00: 1005 0000" is a boot ROM's own. */
static size_t line_number(const char *text)
{
	size_t digits = strspn(text, "0123456789"), fraction = strspn(text + digits, ".0123456789");

	/* a counter of the terminal program, with a bar behind it */
	if (digits > 0 && strncmp(text + digits + fraction, " | ", 3) == 0)
		return digits + fraction + 3;
	if (text[0] == '0' || digits < 1 || digits > 6)
		return 0;
	return text[digits] == ':' && text[digits + 1] == ' ' ? digits + 2 : 0;
}

size_t line_body_offset(const char *text)
{
	size_t (*const shapes[])(const char *) = {
		bracket, port_name, level, logcat, iso_time, syslog_time, line_number, dmesg_date, dmesg_facility, mediatek_cpu,
		quote,
	};
	size_t at = blanks(text);

	for (int round = 0; round < PREFIX_MAX; round++) {
		unsigned char first = (unsigned char)text[at];
		size_t taken = 0;

		/* every shape begins with one of these; most lines with none */
		if (!isalnum(first) && (first == '\0' || strchr("[<.-(>", first) == NULL))
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

uint64_t line_clock_ms(const char *text, size_t body)
{
	for (size_t i = 0; i + 8 <= body; i++) {
		uint64_t ms;

		if (!isdigit((unsigned char)text[i]) || (i > 0 && isdigit((unsigned char)text[i - 1])) ||
		    clock_time(text + i) == 0)
			continue;
		ms = ((strtoull(text + i, NULL, 10) * 60 + strtoull(text + i + 3, NULL, 10)) * 60 +
		      strtoull(text + i + 6, NULL, 10)) * 1000;
		if ((text[i + 8] == '.' || text[i + 8] == ',') && strspn(text + i + 9, "0123456789") >= 3)
			ms += (uint64_t)(text[i + 9] - '0') * 100 + (uint64_t)(text[i + 10] - '0') * 10 +
			      (uint64_t)(text[i + 11] - '0');
		return ms;
	}
	return LINE_NO_CLOCK;
}
