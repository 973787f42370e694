#include "ui/terminal_guard.h"

#include <string.h>

enum {
	BEL = 0x07, ESC = 0x1b, CAN = 0x18, SUB = 0x1a,
	PARAMETERS_MAX = 16,		/* libvterm's array */
	NUMBER_MAX = 9999,		/* more than rows or columns of any screen, and the largest mode */
	REP = 'b',
	FOREIGN_MAX = 256,		/* combining characters on one place */
};

static bool begins_string(uint8_t byte)
{
	return byte == 'P' || byte == 'X' || byte == ']' || byte == '^' || byte == '_';
}

static bool takes_parameter(struct terminal_guard *guard, uint8_t byte)
{
	if (byte >= '0' && byte <= '9') {
		unsigned number = guard->number * 10 + (byte - '0');

		if (guard->is_full || number > NUMBER_MAX)
			return false;
		guard->number = number;
		return true;
	}
	/* ';' and ':' */
	if (guard->is_full || guard->parameters + 1 == PARAMETERS_MAX) {
		guard->is_full = true;
		return false;
	}
	guard->parameters++;
	guard->number = 0;
	return true;
}

static bool takes_sequence(struct terminal_guard *guard, uint8_t byte)
{
	if (guard->state == GUARD_PARAMETERS && byte >= '0' && byte <= ';')
		return takes_parameter(guard, byte);
	if (byte >= ' ' && byte < '0') {
		guard->state = GUARD_INTERMEDIATES;
		return true;
	}
	/* C0, DEL and more leaders leave it where it is; the rest ends it */
	if (byte == CAN || byte == SUB || (byte >= '@' && byte < 0x7f) ||
	    (guard->state == GUARD_INTERMEDIATES && byte >= '0' && byte < '@'))
		guard->state = GUARD_TEXT;
	return true;
}

/* Behind ESC: libvterm forgets no ESC for a control character, and takes its letter behind intermediates, too. */
static size_t pass_escape(struct terminal_guard *guard, uint8_t byte, uint8_t *to)
{
	bool is_held = guard->state == GUARD_ESCAPE;
	size_t size = 0;

	if (byte < ' ' && byte != CAN && byte != SUB) {
		to[0] = byte;
		return 1;
	}
	if (begins_string(byte)) {
		guard->state = is_held ? GUARD_STRING : GUARD_TEXT;
		to[0] = CAN;
		return is_held ? 0 : 1;
	}
	if (is_held)
		to[size++] = ESC;
	to[size++] = byte;
	guard->state = GUARD_ESCAPE_MORE;
	if (byte == '[') {
		guard->state = GUARD_PARAMETERS;
		guard->parameters = guard->number = 0;
		guard->is_full = false;
	} else if (byte == CAN || byte == SUB || (byte >= '0' && byte < 0x7f)) {
		guard->state = GUARD_TEXT;
	}
	return size;
}

/* The end of a line is not the string's own. */
static size_t pass_string(struct terminal_guard *guard, uint8_t byte, uint8_t *to)
{
	if (byte == BEL || byte == CAN || byte == SUB)
		guard->state = GUARD_TEXT;
	if (byte != '\r' && byte != '\n')
		return 0;
	guard->state = GUARD_TEXT;
	to[0] = byte;
	return 1;
}

static size_t pass_control(struct terminal_guard *guard, uint8_t byte, uint8_t *to)
{
	switch (guard->state) {
	case GUARD_ESCAPE: case GUARD_ESCAPE_MORE:
		return pass_escape(guard, byte, to);
	case GUARD_PARAMETERS: case GUARD_INTERMEDIATES:
		if (!takes_sequence(guard, byte))
			return 0;
		/* CAN in its place ends the sequence without a deed; terminals without REP do the same. */
		to[0] = byte == REP ? CAN : byte;
		return 1;
	case GUARD_STRING_ESCAPE:
		guard->state = GUARD_ESCAPE;
		if (byte != '\\')
			return pass_escape(guard, byte, to);
		guard->state = GUARD_TEXT;
		return 0;
	case GUARD_STRING:
		return pass_string(guard, byte, to);
	default:
		to[0] = byte;
		return 1;
	}
}

/* RFC 3629, 3: how long the character is that begins so; 0: none does. */
static unsigned length_of(uint8_t first)
{
	return first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* RFC 3629, 4: the second byte tells the overlong, the surrogates, and what is beyond U+10FFFF. And the controls from
 * U+0080 to U+009F, whose width libvterm takes for -1: they would lead the cursor out of the row. */
static bool may_follow(const struct terminal_guard *guard, uint8_t byte)
{
	uint8_t first = guard->character[0], low = 0x80, high = 0xbf;

	if (guard->have == 1) {
		low = first == 0xe0 || first == 0xc2 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
		high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	}
	return byte >= low && byte <= high;
}

static size_t put_character(struct terminal_guard *guard, const void *character, size_t size, uint8_t *to)
{
	guard->have = guard->wanted = 0;
	if (guard->is_mute)
		return 0;
	guard->foreign++;
	memcpy(to, character, size);
	return size;
}

static size_t put_replacement(struct terminal_guard *guard, uint8_t *to)
{
	return put_character(guard, "\xef\xbf\xbd", 3, to);
}

static size_t pass_foreign(struct terminal_guard *guard, uint8_t byte, uint8_t *to)
{
	size_t size = 0;

	if (guard->have > 0 && may_follow(guard, byte)) {
		guard->character[guard->have++] = byte;
		return guard->have == guard->wanted ? put_character(guard, guard->character, guard->wanted, to) : 0;
	}
	if (guard->have > 0)
		size = put_replacement(guard, to);
	guard->wanted = length_of(byte);
	guard->character[0] = byte;
	guard->have = 1;
	return guard->wanted > 0 ? size : size + put_replacement(guard, to + size);
}

static size_t pass_ascii(struct terminal_guard *guard, uint8_t byte, uint8_t *to)
{
	size_t size = guard->have > 0 ? put_replacement(guard, to) : 0;

	guard->foreign = 0;
	guard->is_mute = false;
	if (byte != ESC)
		return size + pass_control(guard, byte, to + size);
	/* ESC ends the sequence that it interrupts, also when it is held back for good. */
	if (guard->state == GUARD_PARAMETERS || guard->state == GUARD_INTERMEDIATES || guard->state == GUARD_ESCAPE_MORE)
		to[size++] = CAN;
	guard->state = guard->state == GUARD_STRING || guard->state == GUARD_STRING_ESCAPE ? GUARD_STRING_ESCAPE
											   : GUARD_ESCAPE;
	return size;
}

static size_t pass_byte(struct terminal_guard *guard, uint8_t byte, uint8_t *to)
{
	if (byte < 0x80)
		return pass_ascii(guard, byte, to);
	switch (guard->state) {
	case GUARD_STRING: case GUARD_STRING_ESCAPE:
		return 0;
	case GUARD_PARAMETERS: case GUARD_INTERMEDIATES: case GUARD_ESCAPE_MORE:
		/* It ends the sequence; not as the first byte of a character, of which the others would be left. */
		to[0] = CAN;
		guard->state = GUARD_TEXT;
		return 1 + pass_foreign(guard, byte, to + 1);
	default:
		guard->state = GUARD_TEXT;
		return pass_foreign(guard, byte, to);
	}
}

/* Plain text goes through in one piece. */
static size_t run_of(const struct terminal_guard *guard, struct bytes in)
{
	size_t count = 0;

	if (!terminal_guard_is_at_rest(guard))
		return 0;
	while (count < in.size && in.data[count] < 0x80 && in.data[count] != ESC)
		count++;
	return count;
}

size_t terminal_guard_pass(struct terminal_guard *guard, struct bytes in, uint8_t to[TERMINAL_GUARD_OUT_MAX])
{
	size_t size = 0;

	while (in.size > 0) {
		size_t run = run_of(guard, in);

		if (run > 0) {
			memcpy(to + size, in.data, run);
			size += run;
			guard->foreign = 0;
			guard->is_mute = false;
		} else {
			size += pass_byte(guard, in.data[0], to + size);
			run = 1;
		}
		in = bytes_from(in, run);
	}
	return size;
}

void terminal_guard_stands(struct terminal_guard *guard)
{
	guard->is_mute = guard->foreign >= FOREIGN_MAX;
}
