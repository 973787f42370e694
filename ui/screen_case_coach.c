/* Something to be done by hand: what to do, how long, what the program watches for. */
#include <string.h>

#include "src/base/text.h"
#include "ui/screen_case.h"
#include "ui/widget_digits.h"

int case_draw_say(const struct case_view *view, struct canvas *to, int y, int bottom)
{
	for (unsigned i = 0; i < view->say_count && i < CASE_SAY_MAX && y < bottom; i++)
		y += canvas_wrap(to, y, i == 0 ? 1 : 3, to->cols - (i == 0 ? 2 : 4), bottom - y,
				 i == 0 ? ROLE_STRONG : ROLE_NORMAL, view->say[i]);
	return y;
}

/* Dots lead the eye from the thing to its state. */
int case_draw_watch(const struct case_view *view, struct canvas *to, int y, int bottom)
{
	int state_x = to->cols > 100 ? 72 : 56;

	for (unsigned i = 0; i < view->watch_count && i < CASE_WATCH_MAX && y < bottom; i++) {
		const struct watch_item *item = &view->watch[i];
		int x = 21;

		if (i == 0)
			canvas_put(to, y, 1, 20, ROLE_NORMAL, "I am watching for:");
		x += canvas_put(to, y, x, state_x - x - 2, ROLE_NORMAL, item->text) + 1;
		for (x += (x & 1); x < state_x - 1; x += 2)
			canvas_put(to, y, x, 1, ROLE_DIM, ".");
		canvas_put(to, y++, state_x, to->cols - state_x - 1, item->is_seen ? ROLE_GOOD : ROLE_DIM, item->state);
	}
	return y;
}

static int draw_countdown(const struct case_view *view, struct canvas *to, int y, int bottom)
{
	unsigned left = (unsigned)((view->countdown_ms + 999) / 1000),
		 total = (unsigned)((view->countdown_total_ms + 500) / 1000);
	char digits[16], whole[32];
	int x;

	if (view->countdown_total_ms == 0)
		return y;
	if (left < 100)
		text_format(digits, sizeof(digits), "%u", left);
	else
		text_format(digits, sizeof(digits), "%u:%02u", left / 60 % 1000, left % 60);
	text_duration(whole, sizeof(whole), view->countdown_total_ms);
	if (bottom - y < WIDGET_DIGITS_ROWS + 1) {
		canvas_printf(to, y, 3, to->cols - 4, ROLE_STRONG, "%s of %s left", digits, whole);
		return y + 1;
	}
	/* right-aligned, so that the last digit keeps its place while it counts */
	x = 3 + widget_digits_width(total < 100 ? "88" : total < 600 ? "8:88" : "88:88");
	widget_digits(to, y, x - widget_digits_width(digits), ROLE_STRONG, digits);
	if (total < 100)
		canvas_printf(to, y + 2, x + 4, 40, ROLE_NORMAL, "of %u seconds left", total);
	else
		canvas_printf(to, y + 2, x + 4, 40, ROLE_NORMAL, "left of %s", whole);
	return y + WIDGET_DIGITS_ROWS;
}

static int room_below(const struct case_view *view)
{
	return (view->countdown_total_ms ? WIDGET_DIGITS_ROWS + 1 : 0) + (int)view->watch_count;
}

int case_draw_coach(struct ui *ui, const struct case_view *view, struct canvas *to, int y, int bottom)
{
	bool is_watching = view->phase == GUIDE_WATCH ||
			   (view->phase == GUIDE_STEPS && view->verdict.starts > 0 && view->watch_count > 0);
	int end;

	y++;
	bottom--;	/* the question stands apart */
	end = bottom - room_below(view);
	y = case_draw_say(view, to, y, end > y + 2 ? end : y + 2);
	y += y < bottom;
	y = draw_countdown(view, to, y, bottom);
	y += y < bottom && view->countdown_total_ms > 0;
	y = case_draw_progress(view, to, y, bottom);
	y = case_draw_watch(view, to, y, bottom);
	y += y < bottom && view->watch_count > 0 && (view->silence[0] != '\0' || is_watching);
	y = case_draw_silence(view, to, y, bottom, ROLE_DIM);
	if (is_watching && y < bottom)
		y = case_draw_stages(ui, view, to, y);
	if (view->phase == GUIDE_WATCH && view->excerpt_count > 0 && bottom - y > 2) {
		canvas_line(to, y++);
		y = case_draw_excerpt(view, to, y, bottom);
	}
	return y + 1;
}
