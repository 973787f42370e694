#include "src/core/baud_hunt.h"

#include <stdlib.h>

#include "recovery/serial/baud_guess.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/console.h"
#include "src/io/loop.h"

enum {
	LOOK_MS = 60,
	LEARN_MS = 1, /* between two parts of what the machine works out for a rate: keys and bytes come in between */
	SETTLE_MS = 24, /* an adapter hands over what it read at the rate before: its latency timer is 16 ms, and a turn
			   of the loop */
	HELD_MAX = 512,
	PAUSE_MS = 250,
	SILENCE_MS = 4000, /* at a rate, of a device that talked at another one */
	SILENT_RATES_MAX = 3, /* in a row: then it is the device that is silent */
	RATES_MAX = 12,
};

struct baud_hunt {
	struct console *console;
	struct loop_timer *timer;
	void (*done)(void *user, unsigned baud);
	void *user;
	unsigned from, rates, silent_rates;
	uint64_t since_ms, last_byte_ms; /* of this rate */
	bool was_heard; /* at any rate */
	uint8_t held[HELD_MAX]; /* came while it settled: mostly right, and looked at when nothing else comes */
	size_t held_size;
	bool is_done;
	struct line_errors errors;
	bool counts_errors;
	struct baud_guess guess;
};
DEFINE_AUTO(baud_hunt);

static void remark(struct baud_hunt *hunt, const char *what, unsigned baud)
{
	char text[120];

	console_remark(hunt->console, text_format(text, sizeof(text), "%s %u baud", what, baud));
}

static void begin_look(struct baud_hunt *hunt)
{
	hunt->since_ms = loop_now_ms();
	hunt->last_byte_ms = 0;
	hunt->held_size = 0;
	hunt->counts_errors = line_count_errors(console_get_line(hunt->console), &hunt->errors);
}

/* Text with a parity bit is only readable as such. One that was set before stays. */
static void set_parity(struct baud_hunt *hunt, char parity)
{
	struct line_settings settings = line_get_settings(console_get_line(hunt->console));
	struct error error;

	if (parity == 0 || settings.data_bits != 8 || settings.parity != 'N')
		return;
	settings.data_bits = 7;
	settings.parity = parity;
	if (console_set_line(hunt->console, &settings, &error) == STATUS_OK)
		console_remark(hunt->console, parity == 'E' ? "its highest bit is even parity: 7E1 is set"
							    : "its highest bit is odd parity: 7O1 is set");
}

static void finish(struct baud_hunt *hunt, unsigned baud)
{
	struct error error;

	hunt->is_done = true;
	loop_timer_set_deadline(hunt->timer, UINT64_MAX);
	if (baud == 0 && console_set_baud(hunt->console, hunt->from, &error) == STATUS_OK)
		remark(hunt, "no rate gives text: back to", hunt->from);
	else if (baud != 0)
		remark(hunt, "the device talks at", baud);
	if (baud != 0)
		set_parity(hunt, baud_guess_parity(&hunt->guess));
	hunt->done(hunt->user, baud);
}

/* False: the hunt is over, and may be freed. */
static bool try_rate(struct baud_hunt *hunt, unsigned rate)
{
	struct error error;

	while (console_set_baud(hunt->console, rate, &error) != STATUS_OK) {
		if (error.status != STATUS_UNSUPPORTED && error.status != STATUS_INVALID && error.status != STATUS_IO) {
			finish(hunt, 0);
			return false;
		}
		baud_guess_exclude(&hunt->guess, rate);
		if (baud_guess_silence(&hunt->guess, &rate) != BAUD_TRY) {
			finish(hunt, 0);
			return false;
		}
	}
	remark(hunt, "looking for the baud rate: listening at", rate);
	baud_guess_listen(&hunt->guess, rate);
	hunt->rates++;
	begin_look(hunt);
	loop_timer_set_after(hunt->timer, LEARN_MS);
	return true;
}

static void count_errors(struct baud_hunt *hunt)
{
	struct line_errors now;

	if (!hunt->counts_errors || !line_count_errors(console_get_line(hunt->console), &now))
		return;
	baud_guess_framing(&hunt->guess, now.framing - hunt->errors.framing + (now.breaks - hunt->errors.breaks));
	hunt->errors = now;
}

/* Nothing comes at this rate. Some adapters deliver nothing at a wrong one; but where several rates are silent in a row
 * it is the device. */
static void look_at_silence(struct baud_hunt *hunt)
{
	unsigned rate;

	if (!hunt->was_heard || hunt->silent_rates >= SILENT_RATES_MAX)
		return;
	hunt->silent_rates++;
	if (hunt->rates < RATES_MAX && baud_guess_silence(&hunt->guess, &rate) == BAUD_TRY)
		(void)try_rate(hunt, rate);
}

static void look(struct baud_hunt *hunt, uint64_t now_ms)
{
	bool is_pause = hunt->last_byte_ms > 0 && now_ms - hunt->last_byte_ms >= PAUSE_MS;
	unsigned rate = 0;

	if (hunt->last_byte_ms == 0) {
		if (now_ms - hunt->since_ms >= SILENCE_MS)
			look_at_silence(hunt);
		return;
	}
	count_errors(hunt);
	if (is_pause && hunt->held_size > 0) {
		baud_guess_input(&hunt->guess, bytes_of(hunt->held, hunt->held_size), now_ms);
		hunt->held_size = 0;
	}
	switch (baud_guess_answer(&hunt->guess, is_pause, &rate)) {
	case BAUD_HERE: finish(hunt, line_baud(console_get_line(hunt->console))); break;
	case BAUD_TRY:
		if (hunt->rates < RATES_MAX)
			(void)try_rate(hunt, rate);
		else
			finish(hunt, 0);
		break;
	case BAUD_NONE: finish(hunt, 0); break;
	case BAUD_MORE: break;
	}
}

static void on_timer(void *user)
{
	struct baud_hunt *hunt = user;

	if (baud_guess_learn(&hunt->guess)) {
		loop_timer_set_after(hunt->timer, LEARN_MS);
		return;
	}
	/* before the look: the hunt may be gone behind it */
	loop_timer_set_after(hunt->timer, LOOK_MS);
	look(hunt, loop_now_ms());
}

enum status baud_hunt_new(struct loop *loop, struct console *console, unsigned expected, struct bytes seen,
			  void (*done)(void *user, unsigned baud), void *user, struct baud_hunt **ret_hunt,
			  struct error *reterr)
{
	AUTO(baud_hunt) hunt = calloc(1, sizeof(*hunt));
	unsigned rate = line_baud(console_get_line(console));

	if (hunt == NULL || (hunt->timer = loop_timer_new(loop, on_timer, hunt)) == NULL) {
		if (hunt)
			hunt->is_done = true;
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for finding the baud rate");
	}
	hunt->console = console;
	hunt->done = done;
	hunt->user = user;
	hunt->from = rate;
	hunt->rates = 1;
	baud_guess_init(&hunt->guess, expected, rate);
	begin_look(hunt);
	if (seen.size > 0) {
		baud_guess_input(&hunt->guess, seen, hunt->since_ms);
		hunt->was_heard = true;
		hunt->last_byte_ms = hunt->since_ms;
	}
	remark(hunt, "looking for the baud rate from", rate);
	loop_timer_set_after(hunt->timer, LEARN_MS);
	*ret_hunt = TAKE(hunt);
	return STATUS_OK;
}

void baud_hunt_free(struct baud_hunt *hunt)
{
	struct error error;

	if (hunt == NULL)
		return;
	if (!hunt->is_done && line_baud(console_get_line(hunt->console)) != hunt->from &&
	    console_set_baud(hunt->console, hunt->from, &error) == STATUS_OK)
		remark(hunt, "stopped looking for the baud rate: back to", hunt->from);
	loop_timer_free(hunt->timer);
	free(hunt);
}

void baud_hunt_bytes(struct baud_hunt *hunt, struct bytes in, uint64_t now_ms)
{
	if (hunt->is_done)
		return;
	hunt->was_heard = true;
	hunt->last_byte_ms = now_ms;
	if (hunt->rates > 1 && now_ms < hunt->since_ms + SETTLE_MS) {
		size_t count = in.size < HELD_MAX - hunt->held_size ? in.size : HELD_MAX - hunt->held_size;

		memcpy(hunt->held + hunt->held_size, in.data, count);
		hunt->held_size += count;
		return;
	}
	hunt->silent_rates = 0;
	baud_guess_input(&hunt->guess, in, now_ms);
}

void baud_hunt_fill_view(const struct baud_hunt *hunt, struct baud_hunt_view *ret_view)
{
	*ret_view = (struct baud_hunt_view){
		.is_hunting = !hunt->is_done,
		.from = hunt->from,
		.rates = hunt->rates,
		.bytes = baud_guess_bytes(&hunt->guess),
		.is_silent = hunt->last_byte_ms == 0 && loop_now_ms() - hunt->since_ms >= SILENCE_MS / 2,
	};
}
