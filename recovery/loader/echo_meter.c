#include "recovery/loader/echo_meter.h"

#include <inttypes.h>
#include <stdio.h>

#include "src/base/text.h"

enum {
	REPLY_MS = 1500,
	SILENCES_MAX = 1,
	USABLE_BYTES = 3000,	/* a third of XMODEM's 1K blocks would be sent twice */
};

/* Nothing that a shell or a loader takes apart, or takes for an option of echo; the low six bits take all but a few of their values, the neighbours change with each line. */
static const char letters[] = "U0jZa5kGPxfA7r.nG2@wMd=8tQ_cY4h/Kz6o:Ls1vEi%9HbSNqT3yCgRmJ,BuVeWpX5OlFDIS";

static void make_line(struct echo_meter *meter)
{
	size_t count = sizeof(letters) - 1, at = meter->lines * 7 % count, step = 1 + 2 * (meter->lines % 3);
	size_t size = strlen(text_copy(meter->line, sizeof(meter->line), "echo "));

	for (unsigned i = 0; i < ECHO_METER_LINE; i++, at = (at + step) % count)
		meter->line[size++] = letters[at];
	meter->line[size] = '\0';
}

static void type_line(struct echo_meter *meter, uint64_t now_ms)
{
	make_line(meter);
	meter->sent_ms = UINT64_MAX;
	dialog_start(meter->dialog, meter->line, REPLY_MS, NULL, now_ms);
}

void echo_meter_begin(struct echo_meter *meter, struct dialog *dialog, unsigned lines, uint64_t now_ms)
{
	*meter = (struct echo_meter){ .dialog = dialog, .lines_wanted = lines > 0 ? lines : ECHO_METER_LINES, .may_go_on = lines == 0 };
	type_line(meter, now_ms);
}

static bool end(struct echo_meter *meter, bool is_lost)
{
	meter->is_over = true;
	meter->is_lost = is_lost;
	return true;
}

/* What `echo` printed. The first whole answer shows that the loader has that command; from then on it is judged. */
static void judge_reply(struct echo_meter *meter)
{
	bool is_whole = strstr(dialog_reply(meter->dialog), meter->line + strlen("echo ")) != NULL;

	if (is_whole)
		meter->prints = true;
	if (meter->prints) {
		meter->bytes += ECHO_METER_LINE;
		meter->errors += !is_whole;
	}
}

static bool take_event(struct echo_meter *meter, struct dialog_event event, uint64_t now_ms)
{
	switch (event.type) {
	case DIALOG_NOTHING:
		return false;
	case DIALOG_RETYPE:
		meter->errors++;
		meter->sent_ms = UINT64_MAX;
		return false;
	case DIALOG_FAILED:
		meter->errors++;
		/* A prompt that came damaged is no prompt; the line behind it is empty all the same, and the next echo shows it. */
		if (event.status != STATUS_TIMEOUT || ++meter->silences > SILENCES_MAX)
			return end(meter, true);
		break;
	case DIALOG_REPLIED:
	case DIALOG_MATCHED:
		meter->silences = 0;
		judge_reply(meter);
		break;
	}
	meter->bytes += 2 * strlen(meter->line);
	meter->lines++;
	if (meter->errors > 0 && meter->may_go_on)
		meter->lines_wanted = ECHO_METER_MORE_LINES;
	if (meter->lines >= meter->lines_wanted || meter->errors >= ECHO_METER_LIMIT)
		return end(meter, false);
	type_line(meter, now_ms);
	return false;
}

static void take_delay(struct echo_meter *meter, bool was_awaited, uint64_t now_ms)
{
	uint64_t delay_ms;

	if (!was_awaited || dialog_awaits_echo(meter->dialog) || meter->sent_ms > now_ms)
		return;
	delay_ms = now_ms - meter->sent_ms;
	if (delay_ms > meter->delay_ms)
		meter->delay_ms = delay_ms;
	meter->delay_sum_ms += delay_ms;
	meter->delays++;
	meter->sent_ms = UINT64_MAX;
}

bool echo_meter_input(struct echo_meter *meter, struct bytes *in, uint64_t now_ms)
{
	bool is_awaited = dialog_awaits_echo(meter->dialog);
	struct dialog_event event = dialog_input(meter->dialog, in, now_ms);

	if (meter->is_over)
		return true;
	if (event.type == DIALOG_NOTHING)
		take_delay(meter, is_awaited, now_ms);
	return take_event(meter, event, now_ms);
}

bool echo_meter_tick(struct echo_meter *meter, uint64_t now_ms)
{
	return meter->is_over || take_event(meter, dialog_tick(meter->dialog, now_ms), now_ms);
}

void echo_meter_sent(struct echo_meter *meter, size_t count, uint64_t now_ms)
{
	dialog_sent(meter->dialog, count);
	if (dialog_awaits_echo(meter->dialog) && meter->sent_ms == UINT64_MAX)
		meter->sent_ms = now_ms;
}

enum echo_grade echo_meter_grade(const struct echo_meter *meter)
{
	if (meter->is_lost || !meter->is_over)
		return ECHO_BAD;
	if (meter->errors == 0)
		return ECHO_GOOD;
	return (uint64_t)meter->errors * USABLE_BYTES <= meter->bytes ? ECHO_USABLE : ECHO_BAD;
}

char *echo_meter_text(const struct echo_meter *meter, char *to, size_t size)
{
	static const char *const words[] = { [ECHO_GOOD] = "good", [ECHO_USABLE] = "usable", [ECHO_BAD] = "bad" };

	text_format(to, size, "%s: ", words[echo_meter_grade(meter)]);
	if (meter->errors == 0)
		text_append(to, size, "no error in %" PRIu64 " bytes", meter->bytes);
	else
		text_append(to, size, "%u error%s in %" PRIu64 " bytes", meter->errors, meter->errors == 1 ? "" : "s", meter->bytes);
	if (meter->is_lost)
		text_append(to, size, ", then the prompt came no more");
	if (meter->delays > 0)
		text_append(to, size, ", the echo takes %" PRIu64 " ms (%" PRIu64 " ms at most)", meter->delay_sum_ms / meter->delays, meter->delay_ms);
	return to;
}
