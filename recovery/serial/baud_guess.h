/* recovery/serial/baud_guess.h
 *
 * Which baud? From what was read at one rate to the rate that the device talks at, as a machine: bytes in; "this is
 * it", "try that one", "not enough yet" out. Only reading. No descriptor, no clock, no allocation.
 * How: text that is read at a wrong rate is not noise. Each bit of the device becomes a run of the reader's bits, or
 * the reader skips some, so the bytes have a distribution that belongs to the ratio of the two rates. For each
 * candidate rate the machine samples a text of its own (uart_model.h) and asks under which candidate the bytes seen are
 * likeliest (naive Bayes, with how common a rate is as the prior). What was learnt at one rate counts at the next.
 * (Rejected: trying the common rates in turn, scoring text: that takes a boot for each; the shortest run alone: one
 * glitch or one odd character decides.)
 * Limits: 8N1 with 7-bit text, or 7E1 and 7O1, is assumed. A rate ten times too high or more may show NULs only (their
 * pace helps), one far too low chance bits only: then the first guess is the common rate on that side, and the second
 * look settles it. */
#ifndef UNBRICK_RECOVERY_BAUD_GUESS_H
#define UNBRICK_RECOVERY_BAUD_GUESS_H

#include <stdbool.h>

#include "src/base/bytes.h"

enum {
	BAUD_GUESS_RATES = 28,
	BAUD_GUESS_VARIANTS = 45, /* how receiver, sender and both clocks behave; see baud_guess.c */
	BAUD_GUESS_FEW = 40, /* bytes that suffice where they speak clearly */
	BAUD_GUESS_ENOUGH = 320, /* bytes that have to suffice */
	BAUD_GUESS_LOG_UNIT = 32,
};

enum baud_answer {
	BAUD_MORE, /* too little was read at this rate */
	BAUD_HERE, /* text: this is the rate */
	BAUD_TRY, /* *ret_rate is the likeliest now */
	BAUD_NONE, /* no rate is left */
};

struct baud_guess { /* caller-owned; fields belong to baud_guess.c */
	unsigned rate;
	size_t learnt; /* candidates whose tables are made for this rate */
	double before[BAUD_GUESS_RATES]; /* log of how likely, from the prior and the rates listened at before */
	bool is_excluded[BAUD_GUESS_RATES];
	unsigned tries[BAUD_GUESS_RATES];
	/* when the device talks at the candidate: minus the log of how likely each byte is at .rate, in parts of
	 * BAUD_GUESS_LOG_UNIT */
	uint8_t byte[BAUD_GUESS_RATES][BAUD_GUESS_VARIANTS][256];
	float framing[BAUD_GUESS_RATES][BAUD_GUESS_VARIANTS]; /* the share of framing errors */
	float per_second[BAUD_GUESS_RATES]; /* bytes, when it does not pause */
	unsigned count[256], total, framing_errors;
	uint8_t window[BAUD_GUESS_ENOUGH]; /* the last bytes, for their likeness to text */
	size_t window_size;
	uint64_t slot_ms; /* when the bytes of the slot began to come; 0: none yet */
	unsigned slot_bytes;
	double peak_per_second;
};

/* expected: of the model, 0 when it is not known. Listening begins at rate. */
void baud_guess_init(struct baud_guess *guess, unsigned expected, unsigned rate);
/* Makes the tables for the rate that is listened at, a millisecond or two a call, so that nobody waits; true: call
 * again. Until then the answer is BAUD_MORE. */
bool baud_guess_learn(struct baud_guess *guess);
/* The line has this rate now. What the bytes so far said is kept. */
void baud_guess_listen(struct baud_guess *guess, unsigned rate);
/* The adapter cannot do it. */
void baud_guess_exclude(struct baud_guess *guess, unsigned rate);
/* now_ms is when they came, monotonic. */
void baud_guess_input(struct baud_guess *guess, struct bytes in, uint64_t now_ms);
/* More framing errors and breaks that the driver counted while these bytes came. A driver that counts none is no proof
 * of anything. */
void baud_guess_framing(struct baud_guess *guess, unsigned errors);
/* is_pause: nothing comes at the moment, so little has to suffice. */
enum baud_answer baud_guess_answer(const struct baud_guess *guess, bool is_pause, unsigned *ret_rate);
/* The device talked before and nothing comes at this rate: some adapters keep characters with a framing error to
 * themselves. */
enum baud_answer baud_guess_silence(const struct baud_guess *guess, unsigned *ret_rate);
/* Text whose highest bit is a parity bit throughout, as 7E1 and 7O1 have it: 'E' or 'O'; 0: it is none. It counts as
 * text. */
char baud_guess_parity(const struct baud_guess *guess);
unsigned baud_guess_bytes(const struct baud_guess *guess); /* read at this rate */
/* The candidates in rising order; 0 behind the last. */
unsigned baud_guess_rate(size_t index);
/* Read all the same by a UART that is set to the other one: at most 3 % apart. */
bool baud_guess_same(unsigned a, unsigned b);

#endif
