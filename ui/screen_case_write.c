/* Writing, and what came of it: written, verified, booted, never one tick for all three. */
#include <string.h>

#include "src/base/text.h"
#include "ui/screen_case.h"
#include "ui/widget_bar.h"
#include "ui/widget_digits.h"

enum role case_outcome_role(enum outcome outcome)
{
	return outcome == OUTCOME_YES ? ROLE_GOOD : outcome == OUTCOME_NO ? ROLE_DANGER : ROLE_DIM;
}

int case_draw_outcome_row(const struct case_view *view, struct canvas *to, int y)
{
	static const char *const names[3] = { "Written", "Verified", "Booted" };
	const enum outcome outcomes[3] = { view->written, view->verified, view->booted };
	bool is_under_way = view->phase == GUIDE_STEPS;
	int x = 3;

	for (int i = 0; i < 3; i++) {
		x += canvas_put(to, y, x, 10, ROLE_STRONG, names[i]) + 1;
		x += canvas_put(to, y, x, 12, case_outcome_role(outcomes[i]),
				is_under_way && outcomes[i] == OUTCOME_UNKNOWN ? "..." : outcome_name(outcomes[i])) + 2;
	}
	return y + 1;
}

int case_draw_progress(const struct case_view *view, struct canvas *to, int y, int bottom)
{
	for (unsigned i = 0; i < view->progress_count && i < CASE_PROGRESS_MAX && y < bottom; i++)
		widget_progress(to, y++, &view->progress[i]);
	return y + (view->progress_count > 0 && y < bottom);
}

int case_draw_log_tail(const struct case_view *view, struct canvas *to, int y, int bottom)
{
	unsigned room = bottom > y ? (unsigned)(bottom - y) : 0,
		 count = view->log_count < CASE_LOG_MAX ? view->log_count : CASE_LOG_MAX;
	unsigned show = count < room ? count : room;
	char text[160];

	show = show > 8 ? 8 : show;
	if (show > 0)
		canvas_put(to, y, 1, 4, ROLE_STRONG, "log");
	for (unsigned i = count - show; i < count; i++) {
		canvas_put(to, y, 6, 9, ROLE_DIM, view->log[i].clock);
		canvas_put(to, y++, 16, to->cols - 17, view->log[i].is_error ? ROLE_DANGER : ROLE_NORMAL,
			   log_short(view->log[i].text, text, sizeof(text)));
	}
	return y;
}

/* The biggest thing on the screen while it is true. The words also stand there as text, for a screen reader. */
static int draw_do_not_unplug(struct canvas *to, int y)
{
	static const char big[] = "DO NOT UNPLUG", words[] = "  !!  DO NOT UNPLUG  !!  ";
	int x = (to->cols - widget_digits_width(big)) / 2;

	canvas_frame(to, y, 0, WIDGET_DIGITS_ROWS + 2, to->cols, ROLE_DANGER);
	canvas_put(to, y, (to->cols - (int)strlen(words)) / 2, (int)strlen(words), ROLE_DANGER_FILL, words);
	widget_digits(to, y + 1, x, ROLE_DANGER, big);
	return y + WIDGET_DIGITS_ROWS + 2;
}

/* "up to 20 s while the network port wakes up" is what procedures say of it */
int case_draw_silence(const struct case_view *view, struct canvas *to, int y, int bottom, enum role role)
{
	char text[160];

	if (view->silence[0] == '\0' || y >= bottom)
		return y;
	text_format(text, sizeof(text), "%s%s", text_starts(view->silence, "up to ") ? "The device may be silent " : "", view->silence);
	return y + canvas_wrap(to, y, 3, to->cols - 4, 2, role, text);
}

static int draw_conditions(struct ui *ui, const struct case_view *view, struct canvas *to, int y, int bottom)
{
	const struct bench_state *bench = ui_now(ui)->bench;

	y = case_draw_silence(view, to, y, bottom, ROLE_NORMAL);
	if (bench != NULL && bench->power == BENCH_POWER_BATTERY && y < bottom) {
		if (bench->battery_percent >= 0)
			canvas_printf(to, y++, 3, to->cols - 4, ROLE_ATTENTION,
				      "this computer runs on battery, %d %%: plug it in", bench->battery_percent);
		else
			canvas_put(to, y++, 3, to->cols - 4, ROLE_ATTENTION,
				   "this computer runs on battery: plug it in");
	} else if (bench != NULL && bench->power == BENCH_POWER_MAINS && y < bottom) {
		canvas_put(to, y++, 3, to->cols - 4, ROLE_DIM, "this computer runs on mains");
	}
	return y;
}

int case_draw_write(struct ui *ui, const struct case_view *view, struct canvas *to, int y, int bottom)
{
	if (view->is_dangerous)
		y = draw_do_not_unplug(to, y);
	else
		y++;
	y = case_draw_say(view, to, y, bottom - (int)view->progress_count - 3);
	y += y < bottom - 12;
	y = case_draw_progress(view, to, y, bottom);
	y = draw_conditions(ui, view, to, y, bottom);
	y = case_draw_watch(view, to, y, bottom);
	if (y < bottom)
		y = case_draw_outcome_row(view, to, y + (y < bottom - 5));
	return case_draw_log_tail(view, to, y + (y < bottom - 3), bottom);
}

int case_draw_outcome(struct ui *ui, const struct case_view *view, struct canvas *to, int y, int bottom)
{
	static const char *const names[3] = { "Written", "Verified", "Booted" };
	const enum outcome outcomes[3] = { view->written, view->verified, view->booted };

	(void)ui;
	/* what the page says besides its headline are these three again, for faces without a table */
	y += 1 + canvas_wrap(to, y + 1, 1, to->cols - 2, 2, ROLE_STRONG,
			     view->say_count > 0 ? view->say[0] : "This case is closed.") + 1;
	for (int i = 0; i < 3 && y < bottom; i++) {
		canvas_put(to, y, 3, 10, ROLE_STRONG, names[i]);
		canvas_put(to, y, 14, 12, case_outcome_role(outcomes[i]), outcome_name(outcomes[i]));
		if (view->outcome_reason[i][0] == '\0')
			y++;
		else
			y += canvas_wrap(to, y, 27, to->cols - 28, 3,
					 case_outcome_role(outcomes[i]) == ROLE_DANGER ? ROLE_ATTENTION : ROLE_NORMAL,
					 view->outcome_reason[i]);
	}
	if (view->image[0] != '\0' && y < bottom) {
		canvas_put(to, y, 3, 10, ROLE_STRONG, "Image");
		canvas_put_end(to, y++, 14, to->cols - 15, ROLE_DIM, view->image);
	}
	if (view->report[0] != '\0' && y < bottom) {
		canvas_put(to, y, 3, 10, ROLE_STRONG, "Report");
		y += canvas_wrap(to, y, 14, to->cols - 15, 3, ROLE_DIM, view->report);
	}
	if (view->phase == GUIDE_CLOSED)
		return case_draw_log_tail(view, to, y + 1, bottom);
	return y + 1;
}
