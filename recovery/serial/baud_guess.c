#include "recovery/serial/baud_guess.h"

#include <math.h>

#include "recovery/diagnosis/diagnosis.h"
#include "recovery/serial/uart_model.h"
#include "src/base/cleanup.h"

enum {
	SLOT_MS = 60,
	READ_MAX = 400, /* bytes of each simulated reading */
	TURNS = 24, /* of the reference text */
	SAME_PERCENT = 3,
	TRIES_MAX = 2, /* a rate may be right later: a boot ROM has its own */
	MIN_BYTES = 8, /* fewer say nothing, even in a pause */
	TEXT_SCORE = 75,
	CLEAR_TEXT_SCORE = 95,
	PARITY_ERRORS_ONE_IN = 25,
	DISTINCT = 16,
	DISTINCT_CLEAR = 8,
	LETTERS_ONE_IN = 6,
	MUCH = 2000,
	CLEAR_TEXT_BYTES = 12, /* so much text, without one odd byte, is no chance: 0.4 to the power of 12 */
};

/* Bytes of a text depend on each other, so each counts for less than a whole one; and no look may rule a rate out for
 * ever: a boot ROM may talk at another rate than the loader behind it. */
static const double weight_of_byte = 0.35, look_floor = -14, tried_cost = -6, expected_gain = 8, lead_wanted = 3;
static const double pace_slack = 0.25, pace_weight = 12, pause_weight = 0.7, pause_floor = -2.5;
/* How a byte's likelihood is put together: seen with exactly these clocks, with any, and what no text explains. */
static const double own_share = 0.6, any_clock_share = 0.37, noise_share = 0.03;
static const double ratio_max = 40; /* above that only chance bits are left, and simulating is dear */

/* clang-format off */
static const struct { unsigned baud; double prior; } rates[] = {
	{ 1200, -6 }, { 2400, -6 }, { 4800, -5.5 }, { 9600, -2 }, { 14400, -7 }, { 19200, -3.5 }, { 28800, -7 }, { 38400, -2.5 },
	{ 57600, -2 }, { 57800, -6 }, { 74880, -3.5 }, { 115200, 0 }, { 128000, -7 }, { 230400, -4.5 }, { 250000, -6 }, { 256000, -7 },
	{ 460800, -5 }, { 500000, -6 }, { 576000, -7 }, { 921600, -3.5 }, { 1000000, -5 }, { 1152000, -7 }, { 1500000, -3 },
	{ 2000000, -5.5 }, { 2500000, -7 }, { 3000000, -6 }, { 3500000, -8 }, { 4000000, -7 },
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(rates) == BAUD_GUESS_RATES, "one row a rate");

/* Where the reader samples a bit's very edge (a rate twice too low), a percent between the clocks decides what it
 * reads. */
static const double clock_errors[] = { 0.98, 0.99, 1.0, 1.01, 1.02 };
/* Bits between two characters, at most: a FIFO, a loop that waits for each, somebody who types. */
static const double gaps[] = { 0, 3, 50 };
/* Of the receiver behind a framing error; the last one keeps such characters to itself. */
enum manner { RESYNCS, WAITS, DROPS, MANNERS };
enum { CLOCKS = ARRAY_SIZE(clock_errors), GAPS = ARRAY_SIZE(gaps) };
_Static_assert(CLOCKS * GAPS * MANNERS == BAUD_GUESS_VARIANTS, "each manner with each gap and clock");

/* clang-format off */
/* Words, numbers, addresses and rules as boot messages mix them; the letters matter, not what it says. */
static const char reference[] =
	"\r\n\r\nLoader 2023.01 (Jan 10 2023 - 12:30:45 +0000)\r\n\r\nCPU:   dual core at 1000 MHz\r\nDRAM:  256 MiB\r\n"
	"Flash: detected w25q128 with page size 256 Bytes, erase size 64 KiB, total 16 MiB\r\n*** Warning - using default values\r\n"
	"In:    serial\r\nOut:   serial\r\nNet:   eth0: ethernet@10100000\r\nHit any key to stop: 3 \b\b\b 2 \b\b\b 0\r\n"
	"## Loading kernel at 0x80800000 ...\r\n   Load Address: 80008000\r\n   Verifying Checksum ... OK\r\nStarting kernel ...\r\n\r\n"
	"[    0.000000] Linux version 5.10.176 (builder@host) #0 SMP Thu Apr 27 20:28:15 2023\r\n"
	"[    0.182733] Memory: 250432K/262144K available (6144K kernel code, 512K rwdata)\r\n"
	"[    1.047261] 3 fixed partitions found on device spi0.0\r\n[    2.501938] random: crng init done\r\n";
/* clang-format on */

unsigned baud_guess_rate(size_t index)
{
	return index < BAUD_GUESS_RATES ? rates[index].baud : 0;
}

bool baud_guess_same(unsigned a, unsigned b)
{
	unsigned difference = a > b ? a - b : b - a;

	return (uint64_t)difference * 100 <= (uint64_t)(a > b ? b : a) * SAME_PERCENT;
}

/* ---- what each candidate would look like ---- */

/* Other texts have other letters: one character in six is any printable one. */
static struct bytes mix_text(uint8_t *to)
{
	uint32_t random = 1;

	for (size_t i = 0; i < sizeof(reference) - 1; i++) {
		random = random * 1664525u + 1013904223u;
		to[i] = (random >> 24) % 6 == 0 && reference[i] >= ' ' ? (uint8_t)(' ' + (random >> 8) % 95)
								       : (uint8_t)reference[i];
	}
	return bytes_of(to, sizeof(reference) - 1);
}

static uint8_t log_unit(double likelihood)
{
	double units = -log(likelihood) * BAUD_GUESS_LOG_UNIT;

	return units > UINT8_MAX ? UINT8_MAX : (uint8_t)units;
}

struct tally {
	unsigned count[256], total, framing;
};

static void tally_reading(struct tally *tally, const uint16_t *read, size_t size, bool drops)
{
	memset(tally, 0, sizeof(*tally));
	for (size_t i = 0; i < size; i++) {
		bool is_framing = (read[i] & UART_FRAMING) != 0;

		tally->framing += is_framing;
		if (is_framing && drops && read[i] != UART_FRAMING)
			continue;
		tally->count[read[i] & 0xff]++;
		tally->total++;
	}
}

static void keep_tallies(struct baud_guess *guess, size_t candidate, size_t variant, const struct tally *tally)
{
	unsigned any[256] = { 0 }, all = 0;

	for (size_t clock = 0; clock < CLOCKS; clock++) {
		for (unsigned byte = 0; byte < 256; byte++)
			any[byte] += tally[clock].count[byte];
		all += tally[clock].total;
		guess->framing[candidate][variant + clock] =
			(float)((tally[clock].framing + 1.0) / (tally[clock].framing + tally[clock].total + 50.0));
	}
	for (size_t clock = 0; clock < CLOCKS; clock++)
		for (unsigned byte = 0; byte < 256; byte++)
			guess->byte[candidate][variant + clock][byte] = log_unit(
				own_share * tally[clock].count[byte] / fmax(tally[clock].total, 1) +
				any_clock_share * any[byte] / fmax(all, 1) + noise_share / 256);
}

/* One gap and one receiver, with all clocks. */
static void learn_manner(struct baud_guess *guess, size_t candidate, size_t gap, bool waits, struct bytes text)
{
	double ratio = fmin((double)rates[candidate].baud / guess->rate, ratio_max);
	struct tally tally[CLOCKS], kept[CLOCKS];
	uint16_t read[READ_MAX];

	for (size_t clock = 0; clock < CLOCKS; clock++) {
		struct uart_model model = { .ratio = ratio * clock_errors[clock],
					    .gap_bits = gaps[gap],
					    .waits_for_high = waits,
					    .seed = (uint32_t)clock + 1 };
		struct uart_reading reading = uart_model_read(&model, text, TURNS, read, ARRAY_SIZE(read));
		double per_second = (double)reading.size / fmax(reading.sent_bits, 1) * ratio * guess->rate;

		tally_reading(&tally[clock], read, reading.size, false);
		tally_reading(&kept[clock], read, reading.size, true);
		guess->per_second[candidate] = fmaxf(guess->per_second[candidate], (float)per_second);
	}
	keep_tallies(guess, candidate, (gap * MANNERS + (waits ? WAITS : RESYNCS)) * CLOCKS, tally);
	if (waits)
		keep_tallies(guess, candidate, (gap * MANNERS + DROPS) * CLOCKS, kept);
}

bool baud_guess_learn(struct baud_guess *guess)
{
	uint8_t buffer[sizeof(reference)];
	struct bytes text = mix_text(buffer);
	size_t i = guess->learnt;

	if (i == BAUD_GUESS_RATES)
		return false;
	guess->per_second[i] = 0;
	for (size_t gap = 0; gap < GAPS; gap++) {
		learn_manner(guess, i, gap, false, text);
		learn_manner(guess, i, gap, true, text);
	}
	return ++guess->learnt < BAUD_GUESS_RATES;
}

/* ---- weighing ---- */

static double likelihood_of(const struct baud_guess *guess, size_t candidate, size_t variant)
{
	double sum = 0, framing = (double)guess->framing[candidate][variant];

	for (unsigned byte = 0; byte < 256; byte++)
		sum -= (double)guess->count[byte] * guess->byte[candidate][variant][byte] / BAUD_GUESS_LOG_UNIT;
	if (guess->framing_errors > 0) {
		unsigned good = guess->total > guess->framing_errors ? guess->total - guess->framing_errors : 0;

		sum += guess->framing_errors * log(framing) + good * log(1 - framing);
	}
	return sum * weight_of_byte;
}

/* A line cannot carry more than its rate allows; a device that pauses carries less. */
static double likelihood_of_pace(const struct baud_guess *guess, size_t candidate)
{
	double excess;

	if (guess->peak_per_second <= 0 || guess->per_second[candidate] <= 0)
		return 0;
	excess = log(guess->peak_per_second / (double)guess->per_second[candidate]);
	return excess > pace_slack ? -pace_weight * (excess - pace_slack) : fmax(excess * pause_weight, pause_floor);
}

/* Of the bytes read at this rate; the likeliest candidate has 0. */
static void weigh(const struct baud_guess *guess, double *ret_log)
{
	double best = -INFINITY;

	for (size_t i = 0; i < BAUD_GUESS_RATES; i++) {
		ret_log[i] = -INFINITY;
		for (size_t variant = 0; variant < BAUD_GUESS_VARIANTS; variant++)
			ret_log[i] = fmax(ret_log[i], likelihood_of(guess, i, variant));
		ret_log[i] += likelihood_of_pace(guess, i);
		best = fmax(best, ret_log[i]);
	}
	for (size_t i = 0; i < BAUD_GUESS_RATES; i++)
		ret_log[i] -= best;
}

static void begin_look(struct baud_guess *guess, unsigned rate)
{
	guess->rate = rate;
	memset(guess->count, 0, sizeof(guess->count));
	guess->total = guess->framing_errors = 0;
	guess->window_size = 0;
	guess->slot_ms = 0;
	guess->peak_per_second = 0;
	guess->learnt = 0;
}

void baud_guess_init(struct baud_guess *guess, unsigned expected, unsigned rate)
{
	memset(guess, 0, sizeof(*guess));
	for (size_t i = 0; i < BAUD_GUESS_RATES; i++)
		guess->before[i] = rates[i].prior +
				   (expected > 0 && baud_guess_same(rates[i].baud, expected) ? expected_gain : 0);
	begin_look(guess, rate);
}

void baud_guess_listen(struct baud_guess *guess, unsigned rate)
{
	double now[BAUD_GUESS_RATES] = { 0 };

	if (guess->learnt == BAUD_GUESS_RATES)
		weigh(guess, now);
	for (size_t i = 0; i < BAUD_GUESS_RATES; i++) {
		bool was_here = baud_guess_same(rates[i].baud, guess->rate);

		guess->before[i] += fmax(now[i], look_floor);
		if (was_here && guess->total >= BAUD_GUESS_FEW)
			guess->before[i] += tried_cost;
		guess->tries[i] += was_here;
	}
	begin_look(guess, rate);
}

void baud_guess_exclude(struct baud_guess *guess, unsigned rate)
{
	for (size_t i = 0; i < BAUD_GUESS_RATES; i++)
		guess->is_excluded[i] |= rates[i].baud == rate;
}

/* An adapter collects bytes for up to 16 ms and hands them over at once: only a longer stretch has a pace, and what
 * came first came before. */
static void measure_pace(struct baud_guess *guess, size_t size, uint64_t now_ms)
{
	if (guess->slot_ms == 0 || now_ms < guess->slot_ms || now_ms - guess->slot_ms > 4 * SLOT_MS) {
		guess->slot_ms = now_ms;
		guess->slot_bytes = 0;
		return;
	}
	guess->slot_bytes += (unsigned)(size < UINT16_MAX ? size : UINT16_MAX);
	if (now_ms - guess->slot_ms < SLOT_MS)
		return;
	guess->peak_per_second = fmax(guess->peak_per_second,
				      guess->slot_bytes * 1000.0 / (double)(now_ms - guess->slot_ms));
	guess->slot_ms = now_ms;
	guess->slot_bytes = 0;
}

void baud_guess_input(struct baud_guess *guess, struct bytes in, uint64_t now_ms)
{
	size_t drop;

	measure_pace(guess, in.size, now_ms);

	for (size_t i = 0; i < in.size && guess->total < UINT16_MAX; i++) {
		guess->count[in.data[i]]++;
		guess->total++;
	}
	if (in.size > sizeof(guess->window))
		in = bytes_from(in, in.size - sizeof(guess->window));
	drop = guess->window_size + in.size > sizeof(guess->window)
		       ? guess->window_size + in.size - sizeof(guess->window)
		       : 0;
	memmove(guess->window, guess->window + drop, guess->window_size - drop);
	guess->window_size -= drop;
	if (in.size > 0)
		memcpy(guess->window + guess->window_size, in.data, in.size);
	guess->window_size += in.size;
}

void baud_guess_framing(struct baud_guess *guess, unsigned errors)
{
	guess->framing_errors += errors < UINT16_MAX ? errors : UINT16_MAX;
	if (guess->framing_errors > UINT16_MAX)
		guess->framing_errors = UINT16_MAX;
}

unsigned baud_guess_bytes(const struct baud_guess *guess)
{
	return guess->total;
}

/* By chance half of the bytes fit: so many do never. */
char baud_guess_parity(const struct baud_guess *guess)
{
	size_t odd = 0, high = 0;

	for (size_t i = 0; i < guess->window_size; i++) {
		odd += (size_t)__builtin_parity(guess->window[i]);
		high += guess->window[i] >> 7;
	}
	if (guess->window_size < BAUD_GUESS_FEW || high * 8 < guess->window_size)
		return 0;
	return odd * PARITY_ERRORS_ONE_IN <= guess->window_size                          ? 'E'
	       : (guess->window_size - odd) * PARITY_ERRORS_ONE_IN <= guess->window_size ? 'O'
											 : 0;
}

static int text_score(const struct baud_guess *guess, bool has_parity)
{
	uint8_t text[BAUD_GUESS_ENOUGH];

	for (size_t i = 0; i < guess->window_size; i++)
		text[i] = guess->window[i] & (has_parity ? 0x7f : 0xff);
	return diagnosis_text_score(bytes_of(text, guess->window_size));
}

/* Rules and dumps are few characters over and over, and those below '@' survive a rate that is a tenth too high: the
 * stop bit is taken for bit 7, bit 6 for nothing. Only letters show. */
static bool has_letters(const struct baud_guess *guess, bool has_parity)
{
	unsigned distinct = 0, letters = 0;

	for (unsigned byte = 0; byte < 256; byte++) {
		unsigned bits = byte & (has_parity ? 0x7f : 0xff);

		distinct += guess->count[byte] > 0;
		letters += bits >= '@' && bits < 0x7f ? guess->count[byte] : 0;
	}
	return letters * LETTERS_ONE_IN >= guess->total &&
	       distinct >= (guess->total >= BAUD_GUESS_FEW ? DISTINCT : DISTINCT_CLEAR);
}

enum likeness { NO_TEXT, MAYBE_TEXT, TEXT };

static enum likeness text_likeness(const struct baud_guess *guess, bool leads)
{
	bool has_parity = baud_guess_parity(guess) != 0;
	int score = text_score(guess, has_parity);
	bool is_clear = score >= CLEAR_TEXT_SCORE;

	if (has_parity)	/* one character over and over has a parity of its own at any rate */
		return score >= CLEAR_TEXT_SCORE && has_letters(guess, true) ? TEXT : NO_TEXT;
	if (score < TEXT_SCORE || (!leads && (!is_clear || guess->total < BAUD_GUESS_ENOUGH)))
		return NO_TEXT;
	if (!has_letters(guess, false) && guess->total < MUCH)
		return MAYBE_TEXT;
	return guess->total >= BAUD_GUESS_FEW || (is_clear && guess->total >= CLEAR_TEXT_BYTES) ? TEXT : MAYBE_TEXT;
}

enum baud_answer baud_guess_answer(const struct baud_guess *guess, bool is_pause, unsigned *ret_rate)
{
	double now[BAUD_GUESS_RATES], all[BAUD_GUESS_RATES], here = -INFINITY, second = -INFINITY;
	size_t first = BAUD_GUESS_RATES;
	enum likeness likeness;

	if (guess->total < MIN_BYTES || guess->learnt < BAUD_GUESS_RATES)
		return BAUD_MORE;
	weigh(guess, now);
	for (size_t i = 0; i < BAUD_GUESS_RATES; i++) {
		all[i] = guess->before[i] + fmax(now[i], look_floor);
		if (baud_guess_same(rates[i].baud, guess->rate))
			here = fmax(here, all[i]);
		else if (!guess->is_excluded[i] && (first == BAUD_GUESS_RATES || all[i] > all[first]))
			first = i;
	}
	likeness = text_likeness(guess, first == BAUD_GUESS_RATES || here >= all[first]);
	if (likeness != NO_TEXT)
		return likeness == TEXT ? BAUD_HERE : BAUD_MORE;
	if (first == BAUD_GUESS_RATES)
		return BAUD_NONE;
	for (size_t i = 0; i < BAUD_GUESS_RATES; i++)
		if (!guess->is_excluded[i] && !baud_guess_same(rates[i].baud, rates[first].baud))
			second = fmax(second, all[i]);
	if (guess->total < BAUD_GUESS_ENOUGH && !(is_pause && all[first] > here) &&
	    !(guess->total >= BAUD_GUESS_FEW && all[first] >= second + lead_wanted))
		return BAUD_MORE;
	*ret_rate = rates[first].baud;
	return guess->tries[first] >= TRIES_MAX ? BAUD_NONE : BAUD_TRY;
}

enum baud_answer baud_guess_silence(const struct baud_guess *guess, unsigned *ret_rate)
{
	size_t first = BAUD_GUESS_RATES;

	for (size_t i = 0; i < BAUD_GUESS_RATES; i++)
		if (!guess->is_excluded[i] && guess->tries[i] < TRIES_MAX &&
		    !baud_guess_same(rates[i].baud, guess->rate) &&
		    (first == BAUD_GUESS_RATES || guess->before[i] > guess->before[first]))
			first = i;
	if (first == BAUD_GUESS_RATES)
		return BAUD_NONE;
	*ret_rate = rates[first].baud;
	return BAUD_TRY;
}
