#include "ui/terminal_guard.h"

#include <string.h>

enum {
	ESC = 0x1b, CAN = 0x18, SUB = 0x1a,
	PARAMETERS_MAX = 16,		/* libvterm's array */
	NUMBER_MAX = 9999,		/* more than rows or columns of any screen, and the largest mode */
	REP = 'b',
	FOREIGN_MAX = 256,		/* combining characters on one place */
};

/* The states of libvterm's parser that matter. Where it may be in one of two, this is in the stricter one. */
static bool takes_escape(struct terminal_guard *guard, uint8_t byte)
{
	if (byte == '[') {
		guard->state = GUARD_PARAMETERS;
		guard->parameters = guard->number = 0;
		guard->is_full = false;
	} else if (byte == CAN || byte == SUB || (byte >= '0' && byte < 0x7f)) {
		guard->state = GUARD_TEXT;
	}
	return true;
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
	if (byte == CAN || byte == SUB || byte >= 0x80 || (byte >= '@' && byte < 0x7f) ||
	    (guard->state == GUARD_INTERMEDIATES && byte >= '0' && byte < '@'))
		guard->state = GUARD_TEXT;
	return true;
}

static bool takes(struct terminal_guard *guard, uint8_t byte)
{
	if (byte == ESC) {
		guard->state = GUARD_ESCAPE;
		return true;
	}
	switch (guard->state) {
	case GUARD_ESCAPE:
		return takes_escape(guard, byte);
	case GUARD_PARAMETERS: case GUARD_INTERMEDIATES:
		return takes_sequence(guard, byte);
	default:
		return true;
	}
}

/* RFC 3629, 3: how long the character is that begins so; 0: none does. */
static unsigned length_of(uint8_t first)
{
	return first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* RFC 3629, 4: the second byte tells the overlong, the surrogates, and what is beyond U+10FFFF. */
static bool may_follow(const struct terminal_guard *guard, uint8_t byte)
{
	uint8_t first = guard->character[0], low = 0x80, high = 0xbf;

	if (guard->have == 1) {
		low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
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
	bool is_final;

	guard->foreign = 0;
	guard->is_mute = false;
	is_final = guard->state == GUARD_PARAMETERS || guard->state == GUARD_INTERMEDIATES;
	if (!takes(guard, byte))
		return size;
	/* CAN in its place ends the sequence without a deed; terminals without REP do the same. */
	to[size] = is_final && byte == REP ? CAN : byte;
	return size + 1;
}

size_t terminal_guard_pass(struct terminal_guard *guard, struct bytes in, uint8_t to[TERMINAL_GUARD_OUT_MAX])
{
	size_t size = 0;

	for (size_t i = 0; i < in.size; i++) {
		if (in.data[i] < 0x80) {
			size += pass_ascii(guard, in.data[i], to + size);
			continue;
		}
		takes(guard, in.data[i]);
		size += pass_foreign(guard, in.data[i], to + size);
	}
	return size;
}

void terminal_guard_stands(struct terminal_guard *guard)
{
	guard->is_mute = guard->foreign >= FOREIGN_MAX;
}
