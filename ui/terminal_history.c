#include "ui/terminal_history.h"

#include <stdlib.h>
#include <string.h>

/* What malloc adds to a block, so that the ceiling holds for the process and not only for the sum. */
enum { ALLOCATION_OVERHEAD = 16 };

enum status terminal_history_init(struct terminal_history *history)
{
	memset(history, 0, sizeof(*history));
	history->line = calloc(TERMINAL_HISTORY_LINES_MAX, sizeof(struct terminal_line *));
	return history->line ? STATUS_OK : STATUS_NO_MEMORY;
}

static size_t line_bytes(const struct terminal_line *line)
{
	if (line == NULL)
		return 0;
	return sizeof(*line) + line->run_count * sizeof(line->run[0]) + line->text_size + 1 + ALLOCATION_OVERHEAD;
}

static struct terminal_line **slot(const struct terminal_history *history, size_t index)
{
	return &history->line[(history->first + index) % TERMINAL_HISTORY_LINES_MAX];
}

static void drop_oldest(struct terminal_history *history)
{
	struct terminal_line **oldest = slot(history, 0);

	history->bytes -= line_bytes(*oldest);
	free(*oldest);
	*oldest = NULL;
	history->first = (history->first + 1) % TERMINAL_HISTORY_LINES_MAX;
	history->count--;
	history->dropped++;
}

void terminal_history_done(struct terminal_history *history)
{
	while (history->line != NULL && history->count > 0)
		drop_oldest(history);
	free(history->line);
	memset(history, 0, sizeof(*history));
}

void terminal_history_push(struct terminal_history *history, const char *text, size_t text_size,
			   const struct terminal_run *run, size_t run_count)
{
	struct terminal_line *line = NULL;

	if (text_size > 0 || run_count > 0)
		line = malloc(sizeof(*line) + run_count * sizeof(*run) + text_size + 1);
	if (line != NULL) {
		char *to = (char *)&line->run[run_count];

		line->text_size = (uint16_t)text_size;
		line->run_count = (uint16_t)run_count;
		if (run_count > 0)
			memcpy(line->run, run, run_count * sizeof(*run));
		memcpy(to, text, text_size);
		to[text_size] = '\0';
	}
	history->bytes += line_bytes(line);
	while (history->count > 0 &&
	       (history->count == TERMINAL_HISTORY_LINES_MAX || history->bytes > TERMINAL_HISTORY_BYTES_MAX))
		drop_oldest(history);
	*slot(history, history->count) = line;
	history->count++;
}

void terminal_history_pop(struct terminal_history *history)
{
	struct terminal_line **newest;

	if (history->count == 0)
		return;
	newest = slot(history, history->count - 1);
	history->bytes -= line_bytes(*newest);
	free(*newest);
	*newest = NULL;
	history->count--;
}

const struct terminal_line *terminal_history_line(const struct terminal_history *history, size_t index)
{
	return index < history->count ? *slot(history, index) : NULL;
}

const char *terminal_line_text(const struct terminal_line *line)
{
	return line ? (const char *)&line->run[line->run_count] : "";
}
