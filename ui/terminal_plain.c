#include "ui/terminal_plain.h"

#include <string.h>

#include "src/base/cleanup.h"

enum { ESC = 0x1b, SHIFT_OUT = 0x0e, SHIFT_IN = 0x0f, DIGITS_MAX = 5, SCREEN_AND_CURSOR = 1049 };

/* ECMA-48 and xterm's ctlseqs. These move the cursor, erase, shift lines and characters, or ask. */
static const char harmless_finals[] = "@ABCDEFGHIJKLMPSTXZ`abcdefgnt";

/* DEC private modes: cursor keys, blinking, the cursor, mouse and focus, the other screen, bracketed paste. */
static bool is_harmless_mode(unsigned mode)
{
	static const unsigned modes[] = { 1, 12, 25, 47, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1047, SCREEN_AND_CURSOR, 2004 };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (modes[i] == mode)
			return true;
	return false;
}

static void begin_sequence(struct terminal_plain *plain)
{
	plain->state = PLAIN_SEQUENCE;
	plain->leader = 0;
	plain->has_more = plain->has_parameters = plain->has_harmful = plain->has_cursor = false;
	plain->parameter = plain->digits = 0;
}

static void end_parameter(struct terminal_plain *plain)
{
	if (plain->leader == 0 ? plain->parameter != 0 : !is_harmless_mode(plain->parameter))
		plain->has_harmful = true;
	if (plain->parameter == SCREEN_AND_CURSOR)
		plain->has_cursor = true;
	plain->parameter = plain->digits = 0;
}

static void end_sequence(struct terminal_plain *plain, uint8_t final)
{
	/* without parameters these two take margins away, or keep the cursor's place */
	bool is_known = strchr(harmless_finals, final) != NULL || (!plain->has_parameters && (final == 'r' || final == 's'));

	plain->state = PLAIN_TEXT;
	end_parameter(plain);
	if (plain->has_more) {
		plain->is_changed = true;
	} else if (plain->leader == '?' && (final == 'h' || final == 'l')) {
		plain->is_changed = plain->is_changed || plain->has_harmful;
		/* the colours that were saved with the cursor may come back */
		plain->is_coloured = plain->is_coloured || plain->has_cursor;
	} else if (plain->leader == 0 && final == 'm') {
		plain->is_coloured = plain->has_harmful;
	} else if (plain->leader != 0 || !is_known) {
		plain->is_changed = true;
	}
}

static void take_sequence(struct terminal_plain *plain, uint8_t byte)
{
	if (byte >= '0' && byte <= '9') {
		plain->has_parameters = true;
		if (plain->digits++ == DIGITS_MAX)
			plain->has_more = true;	/* longer than every mode: nothing that is known */
		else
			plain->parameter = plain->parameter * 10 + (byte - '0');
	} else if (byte == ';' || byte == ':') {
		plain->has_parameters = true;
		end_parameter(plain);
	} else if (byte >= '<' && byte <= '?') {
		plain->has_more = plain->has_more || plain->leader != 0 || plain->has_parameters;
		plain->leader = byte;
	} else if (byte >= '@' && byte <= '~') {
		end_sequence(plain, byte);
	} else {
		plain->has_more = true;
	}
}

static void take_escape(struct terminal_plain *plain, uint8_t byte)
{
	plain->state = PLAIN_TEXT;
	switch (byte) {
	case '[':
		begin_sequence(plain);
		break;
	case 'c':
		plain->is_changed = plain->is_coloured = false;
		break;
	case '8':			/* the colours that were saved with the cursor come back */
		plain->is_coloured = true;
		break;
	case '7': case '=': case '>': case 'D': case 'E': case 'M': case '\\':
		break;
	default:
		plain->is_changed = true;
		if (byte < '0')		/* a character set, and other things of more than one byte */
			plain->state = PLAIN_ESCAPE;
	}
}

static void take_byte(struct terminal_plain *plain, uint8_t byte)
{
	switch (plain->state) {
	case PLAIN_TEXT:
		if (byte == ESC)
			plain->state = PLAIN_ESCAPE;
		else if (byte == SHIFT_OUT || byte == SHIFT_IN)
			plain->is_changed = true;
		break;
	case PLAIN_ESCAPE:
		take_escape(plain, byte);
		break;
	case PLAIN_SEQUENCE:
		if (byte == ESC)
			plain->state = PLAIN_ESCAPE;
		else
			take_sequence(plain, byte);
		break;
	}
}

void terminal_plain_follow(struct terminal_plain *plain, struct bytes in)
{
	if (in.size == 0)
		return;
	for (size_t i = 0; i < in.size; i++)
		if (plain->state != PLAIN_TEXT || in.data[i] < ' ')
			take_byte(plain, in.data[i]);
	plain->last = in.data[in.size - 1];
}

bool terminal_plain_is_ready(const struct terminal_plain *plain)
{
	return plain->state == PLAIN_TEXT && !plain->is_changed && !plain->is_coloured && plain->last == '\n';
}

/* The size of the line with its end; 0: it is not of this kind, or not whole. */
static size_t plain_line(struct bytes in, size_t *ret_text)
{
	size_t at = 0, text;

	while (at < in.size && in.data[at] >= ' ' && in.data[at] < 0x7f)
		at++;
	text = at;
	while (at < in.size && in.data[at] == '\r')
		at++;
	if (at == text || at == in.size || in.data[at] != '\n')
		return 0;
	*ret_text = text;
	return at + 1;
}

size_t terminal_plain_lines(struct bytes in, size_t cols, size_t *ret_rows)
{
	size_t taken = 0, rows = 0, text, size;

	while ((size = plain_line(bytes_from(in, taken), &text)) > 0) {
		rows += text > 0 ? (text + cols - 1) / cols : 1;
		taken += size;
	}
	*ret_rows = rows;
	return taken;
}

struct bytes terminal_plain_take_line(struct bytes *in)
{
	size_t text = 0, size = plain_line(*in, &text);
	struct bytes line = bytes_of(in->data, text);

	*in = bytes_from(*in, size);
	return line;
}
