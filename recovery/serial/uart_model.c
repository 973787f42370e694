#include "recovery/serial/uart_model.h"

enum { FRAME_BITS = 10, LINE_GAP_BITS = 40 };

struct wave {
	const struct uart_model *model;
	struct bytes text;
	unsigned turns;
	size_t at; /* the character on the line, or the one that comes next */
	double begin; /* of its start bit, in the sender's bits */
	uint32_t random;
};

struct receiver {
	double bit; /* its own, in the sender's bits */
	double now;
	bool is_in_start; /* the low stop bit before is this one's start bit */
};

/* Numerical Recipes' linear congruence; only the upper bits are used. */
static double random_part(uint32_t *random)
{
	*random = *random * 1664525u + 1013904223u;
	return (double)(*random >> 8) / (double)(1u << 24);
}

static void next_character(struct wave *wave)
{
	bool is_line_end = wave->text.data[wave->at] == '\n';

	wave->begin += FRAME_BITS + random_part(&wave->random) * wave->model->gap_bits;
	if (is_line_end) /* a program does something between two lines */
		wave->begin += random_part(&wave->random) * LINE_GAP_BITS;
	wave->at++;
	if (wave->at == wave->text.size) {
		wave->at = 0;
		wave->turns--;
	}
}

/* Times do not go back. True: high. */
static bool level_at(struct wave *wave, double when)
{
	int bit;

	while (wave->turns > 0 && when >= wave->begin + FRAME_BITS)
		next_character(wave);
	if (wave->turns == 0 || when < wave->begin)
		return true;
	bit = (int)(when - wave->begin);
	return bit >= FRAME_BITS - 1 || (bit > 0 && (wave->text.data[wave->at] >> (bit - 1) & 1));
}

/* Where the level is is_high next, from receiver->now on. False: nothing more is sent. */
static bool find_level(struct wave *wave, struct receiver *receiver, bool is_high)
{
	while (level_at(wave, receiver->now) != is_high) {
		double into = receiver->now - wave->begin;

		if (wave->turns == 0)
			return false;
		/* a high idle line goes low at the next start bit; else the level can change at the next bit */
		receiver->now = into < 0 ? wave->begin : wave->begin + (double)((int)into + 1);
	}
	return true;
}

/* One character; false: the text is over. */
static bool receive(struct wave *wave, struct receiver *receiver, uint16_t *ret_byte)
{
	bool is_low = true, is_stop;
	uint16_t byte = 0;
	double first;

	do {
		if (receiver->is_in_start) {
			first = receiver->now;
			break;
		}
		if (!find_level(wave, receiver, false))
			return false;
		/* the edge is seen at the next tick of a clock that is 16 times as fast */
		first = receiver->now + receiver->bit * (0.5 + random_part(&wave->random) / 16);
		receiver->now = first;
	} while (level_at(wave, first)); /* a pulse shorter than half a bit is none */
	for (int i = 0; i < 8; i++)
		if (level_at(wave, first + receiver->bit * (i + 1))) {
			byte |= (uint16_t)(1u << i);
			is_low = false;
		}
	receiver->now = first + receiver->bit * 9;
	is_stop = level_at(wave, receiver->now);
	receiver->is_in_start = !is_stop && !is_low && !wave->model->waits_for_high;
	*ret_byte = is_stop ? byte : byte | UART_FRAMING;
	return is_stop || receiver->is_in_start || find_level(wave, receiver, true);
}

struct uart_reading uart_model_read(const struct uart_model *model, struct bytes text, unsigned turns, uint16_t *to,
				    size_t room)
{
	struct wave wave = { .model = model, .text = text, .turns = text.size > 0 ? turns : 0, .random = model->seed };
	struct receiver receiver = { .bit = model->ratio };
	struct uart_reading reading = { 0 };

	while (reading.size < room && receive(&wave, &receiver, &to[reading.size]))
		reading.size++;
	reading.sent_bits = receiver.now;
	return reading;
}
