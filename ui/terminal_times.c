#include "ui/terminal_times.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/text.h"

enum { HOUR_MS = 3600 * 1000, DAY_HOURS = 24, WALL_WIDTH = 12, SPAN_WIDTH = 8 };

enum status terminal_times_init(struct terminal_times *times)
{
	memset(times, 0, sizeof(*times));
	times->row_ms = calloc(TERMINAL_TIMES_ROWS, sizeof(times->row_ms[0]));
	return times->row_ms ? STATUS_OK : STATUS_NO_MEMORY;
}

void terminal_times_done(struct terminal_times *times)
{
	free(times->row_ms);
	memset(times, 0, sizeof(*times));
}

void terminal_times_grow(struct terminal_times *times, uint64_t end_row)
{
	if (end_row > times->end_row + TERMINAL_TIMES_ROWS)
		times->end_row = end_row - TERMINAL_TIMES_ROWS;
	for (; times->end_row < end_row; times->end_row++)
		times->row_ms[times->end_row % TERMINAL_TIMES_ROWS] = 0;
}

/* Milliseconds fit into 32 bits for 49 days. Before that they count from a later day; what is older is forgotten. */
static void move_base(struct terminal_times *times, uint64_t now_ms)
{
	uint64_t by = now_ms - times->base_ms - UINT32_MAX / 2;

	for (size_t i = 0; i < TERMINAL_TIMES_ROWS; i++)
		times->row_ms[i] = times->row_ms[i] > by ? (uint32_t)(times->row_ms[i] - by) : 0;
	times->base_ms += by;
}

void terminal_times_set(struct terminal_times *times, uint64_t row, uint64_t now_ms)
{
	if (times->base_ms == 0)
		times->base_ms = now_ms - 1;
	if (now_ms <= times->base_ms || row >= times->end_row)
		return;
	if (now_ms - times->base_ms > UINT32_MAX)
		move_base(times, now_ms);
	times->row_ms[row % TERMINAL_TIMES_ROWS] = (uint32_t)(now_ms - times->base_ms);
}

uint64_t terminal_times_of(const struct terminal_times *times, uint64_t row)
{
	uint32_t ms = 0;

	if (row < times->end_row && times->end_row - row <= TERMINAL_TIMES_ROWS)
		ms = times->row_ms[row % TERMINAL_TIMES_ROWS];
	return ms > 0 ? times->base_ms + ms : 0;
}

static uint64_t zero_at(const struct terminal_times *times, size_t index)
{
	return times->zero_ms[(times->zero_first + index) % TERMINAL_ZEROS_MAX];
}

void terminal_times_power(struct terminal_times *times, uint64_t now_ms)
{
	times->power_ms = now_ms;
}

void terminal_times_start(struct terminal_times *times, uint64_t first_line_ms)
{
	uint64_t zero_ms = times->power_ms > 0 && times->power_ms < first_line_ms ? times->power_ms : first_line_ms;

	times->power_ms = 0;
	if (times->zero_count > 0 && zero_at(times, times->zero_count - 1) >= zero_ms)
		return;
	if (times->zero_count == TERMINAL_ZEROS_MAX) {
		times->zero_first = (times->zero_first + 1) % TERMINAL_ZEROS_MAX;
		times->zero_count--;
	}
	times->zero_ms[(times->zero_first + times->zero_count++) % TERMINAL_ZEROS_MAX] = zero_ms;
}

bool terminal_times_since_start(const struct terminal_times *times, uint64_t at_ms, uint64_t *ret_ms)
{
	size_t low = 0, high = times->zero_count;

	/* rows between the power coming on and the first line that tells a start belong to it as well */
	if (times->power_ms > 0 && at_ms >= times->power_ms) {
		*ret_ms = at_ms - times->power_ms;
		return true;
	}
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (zero_at(times, middle) <= at_ms)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	*ret_ms = at_ms - zero_at(times, low - 1);
	return true;
}

static void wall_text(uint64_t wall_ms, char *to)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm parts;

	if (localtime_r(&seconds, &parts) == NULL)
		return;
	strftime(to, TERMINAL_TIME_TEXT_MAX, "%H:%M:%S", &parts);
	text_append(to, TERMINAL_TIME_TEXT_MAX, ".%03u", (unsigned)(wall_ms % 1000));
}

/* Always SPAN_WIDTH columns: seconds as long as they fit, then hours, then days. */
static void span_text(uint64_t ms, bool is_delta, char *to)
{
	const char *plus = is_delta ? "+" : "";
	uint64_t minutes = ms / 60000, limit = is_delta ? 1000 : 10000;
	char text[TERMINAL_TIME_TEXT_MAX];

	if (ms / 1000 < limit)
		text_format(text, sizeof(text), "%s%u.%03u", plus, (unsigned)(ms / 1000), (unsigned)(ms % 1000));
	else if (ms / HOUR_MS < DAY_HOURS * 4)
		text_format(text, sizeof(text), "%s%uh%02um", plus, (unsigned)(ms / HOUR_MS), (unsigned)(minutes % 60));
	else
		text_format(text, sizeof(text), "%s%ud%02uh", plus, (unsigned)(ms / HOUR_MS / DAY_HOURS) % 1000,
			    (unsigned)(ms / HOUR_MS % DAY_HOURS));
	text_format(to, TERMINAL_TIME_TEXT_MAX, "%*s", SPAN_WIDTH, text);
}

char *terminal_times_text(const struct terminal_times *times, enum terminal_clock clock, uint64_t row,
			  uint64_t wall_shift, char to[TERMINAL_TIME_TEXT_MAX])
{
	uint64_t at_ms = terminal_times_of(times, row), before_ms = row > 0 ? terminal_times_of(times, row - 1) : 0,
		 since_ms;

	to[0] = '\0';
	if (at_ms == 0)
		return to;
	if (clock == TERMINAL_CLOCK_WALL)
		wall_text(at_ms + wall_shift, to);
	else if (clock == TERMINAL_CLOCK_START && terminal_times_since_start(times, at_ms, &since_ms))
		span_text(since_ms, false, to);
	else if (clock == TERMINAL_CLOCK_DELTA && before_ms > 0 && before_ms <= at_ms)
		span_text(at_ms - before_ms, true, to);
	return to;
}

int terminal_times_width(enum terminal_clock clock)
{
	return clock == TERMINAL_CLOCK_OFF ? 0 : clock == TERMINAL_CLOCK_WALL ? WALL_WIDTH : SPAN_WIDTH;
}

const char *terminal_clock_name(enum terminal_clock clock)
{
	static const char *const names[] = { "off", "clock", "start", "delta" };

	return clock < TERMINAL_CLOCK_COUNT ? names[clock] : "";
}
