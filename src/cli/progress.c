#include "src/cli/progress.h"

#include <stdio.h>
#include <string.h>

#include "src/base/text.h"
#include "src/io/loop.h"

enum { RATE_AFTER_MS = 500 };

uint64_t progress_rate(uint64_t bytes, uint64_t since_ms)
{
	uint64_t elapsed_ms = loop_now_ms() - since_ms;

	return elapsed_ms >= RATE_AFTER_MS ? bytes * 1000 / elapsed_ms : 0;
}

void progress_append(char *text, size_t size, uint64_t bytes, uint64_t total, uint64_t rate)
{
	char amount[24];

	text_append(text, size, "%s", text_size(amount, sizeof(amount), bytes));
	if (total > 0)
		text_append(text, size, " of %s", text_size(amount, sizeof(amount), total));
	if (rate > 0)
		text_append(text, size, ", %s/s", text_size(amount, sizeof(amount), rate));
}

void progress_append_left(char *text, size_t size, uint64_t bytes, uint64_t total, uint64_t rate)
{
	char left[24];

	if (rate > 0 && total > bytes)
		text_append(text, size, ", %s left",
			    text_duration(left, sizeof(left), ((total - bytes) / rate + 1) * 1000));
}

void progress_show_bar(struct progress_line *line, const struct progress *bar)
{
	char text[120], left[24];

	if (bar->is_finished || bar->is_failed || bar->total == 0) {
		progress_clear(line);
		return;
	}
	text_format(text, sizeof(text), "%-10s %d %%", bar->label, (int)((double)bar->done * 100 / (double)bar->total));
	if (bar->rate > 0)
		text_append(text, sizeof(text), ", %s/s", text_size(left, sizeof(left), bar->rate));
	if (bar->rate > 0 && bar->left_ms != UINT64_MAX)
		text_append(text, sizeof(text), ", %s left", text_duration(left, sizeof(left), bar->left_ms));
	progress_show(line, text);
}

void progress_show(struct progress_line *line, const char *text)
{
	size_t before = line->columns;

	if (!line->is_wanted)
		return;
	line->columns = strlen(text);
	fprintf(stderr, "\r%s%*s", text, before > line->columns ? (int)(before - line->columns) : 0, "");
	fflush(stderr);
}

void progress_clear(struct progress_line *line)
{
	if (line->columns > 0)
		fprintf(stderr, "\r%*s\r", (int)line->columns, "");
	line->columns = 0;
}
