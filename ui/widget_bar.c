#include "ui/widget_bar.h"

#include "src/base/text.h"

void widget_bar(struct canvas *to, int y, int x, int width, double part, enum role role)
{
	int full = (int)(part * width + 0.5);

	full = full < 0 ? 0 : full > width ? width : full;
	if (part > 0.02 && full == 0)
		full = 1;
	canvas_fill(to, y, x, full, role, theme_glyph(to->theme, GLYPH_FULL));
	canvas_fill(to, y, x + full, width - full, ROLE_DIM, theme_glyph(to->theme, GLYPH_EMPTY));
}

static void state_text(const struct progress *progress, char *to, size_t size)
{
	char left[32], done[32];

	if (progress->is_failed)
		text_copy(to, size, "failed");
	else if (progress->is_finished)
		text_copy(to, size, "done");
	else if (progress->done == 0)
		text_copy(to, size, "next");
	else if (progress->total == 0)
		text_copy(to, size, text_size(done, sizeof(done), progress->done));
	else if (progress->left_ms != UINT64_MAX)
		text_format(to, size, "%s left", text_duration(left, sizeof(left), progress->left_ms));
	else
		text_copy(to, size, text_size(done, sizeof(done), progress->done));
}

void widget_progress(struct canvas *to, int y, const struct progress *progress)
{
	int width = to->cols - 51 > 60 ? 60 : to->cols - 51;
	int x = 14 + width + 1;
	double part = progress->is_finished ? 1
		      : progress->total     ? (double)progress->done / (double)progress->total
					    : 0;
	enum role role = progress->is_failed ? ROLE_DANGER : progress->is_finished ? ROLE_GOOD : ROLE_NORMAL;
	bool is_under_way = !progress->is_failed && !progress->is_finished && progress->done > 0;
	char text[64], rate[32];

	canvas_put(to, y, 3, 10, ROLE_NORMAL, progress->label);
	widget_bar(to, y, 14, width, part > 1 ? 1 : part, role);
	if (is_under_way && progress->total > 0)
		canvas_printf(to, y, x, 6, ROLE_NORMAL, "%3d %%", (int)(part * 100 > 99 ? 99 : part * 100));
	if (is_under_way && progress->rate > 0)
		canvas_printf(to, y, x + 6, 13, ROLE_DIM, "%10s/s", text_size(rate, sizeof(rate), progress->rate));
	state_text(progress, text, sizeof(text));
	canvas_put(to, y, is_under_way ? x + 20 : x + 1, to->cols - x - 20 > 15 ? to->cols - x - 20 : 15, role, text);
}
