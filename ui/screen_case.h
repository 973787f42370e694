/* ui/screen_case.h
 *
 * The parts of the case screen; each draws what the case's view holds and returns the next free row. */
#ifndef UNBRICK_UI_SCREEN_CASE_H
#define UNBRICK_UI_SCREEN_CASE_H

#include "ui/screen.h"
#include "ui/widget_question.h"

struct case_state {
	int64_t id;
	struct widget_question question;
};

enum {
	CASE_PROOF_ROWS_MIN = 10,	/* of the diagnosis with lines that prove it; with less it is the verdict alone */
	CASE_BRIEF_ROWS_MIN = 3,
};

/* Rows y .. bottom - 1 are theirs. */
int case_draw_diagnosis(struct ui *ui, const struct case_view *view, struct canvas *to, int y, int bottom);
int case_draw_coach(struct ui *ui, const struct case_view *view, struct canvas *to, int y, int bottom);
int case_draw_write(struct ui *ui, const struct case_view *view, struct canvas *to, int y, int bottom);
int case_draw_outcome(struct ui *ui, const struct case_view *view, struct canvas *to, int y, int bottom);
/* Shared: the headline and what else is said, how far the device comes, the newest of the log, the proof. */
int case_draw_say(const struct case_view *view, struct canvas *to, int y, int bottom);
int case_draw_stages(struct ui *ui, const struct case_view *view, struct canvas *to, int y);
int case_draw_excerpt(const struct case_view *view, struct canvas *to, int y, int bottom);
int case_draw_log_tail(const struct case_view *view, struct canvas *to, int y, int bottom);
int case_draw_outcome_row(const struct case_view *view, struct canvas *to, int y);
int case_draw_silence(const struct case_view *view, struct canvas *to, int y, int bottom, enum role role);
int case_draw_watch(const struct case_view *view, struct canvas *to, int y, int bottom);
int case_draw_progress(const struct case_view *view, struct canvas *to, int y, int bottom);
enum role case_outcome_role(enum outcome outcome);

/* A line of the log as it is shown: a row of block checksums is told by its first one. */
const char *log_short(const char *line, char *to, size_t size);

#endif
