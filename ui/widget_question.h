/* ui/widget_question.h
 *
 * What the guide asks, and how it is answered: choices, the search for a device, text, a file, the typed word. The
 * widget holds what is typed and where the cursor stands; the answer goes to the engine. */
#ifndef UNBRICK_UI_WIDGET_QUESTION_H
#define UNBRICK_UI_WIDGET_QUESTION_H

#include "src/core/app.h"
#include "ui/canvas.h"
#include "ui/screen.h"
#include "ui/widget_input.h"
#include "ui/widget_list.h"

enum { WIDGET_QUESTION_DEVICES_MAX = 100 };

struct widget_question {
	unsigned id;			/* of the question that was drawn: only that one is answered */
	enum question_type type;
	struct widget_list list;
	bool is_whole;			/* every choice stands with all that it says; choice_end: the row behind it */
	int choice_end[CASE_CHOICES_MAX];
	struct widget_input input;
	char names[1024];		/* what the last Tab found */
	struct device_row device[WIDGET_QUESTION_DEVICES_MAX];
	size_t device_count;
	bool is_unchosen;		/* of the devices none is likely yet, and none was pointed at */
	bool is_word_taken;
	uint64_t word_taken_ms, asked_ms;
};

/* Notices a new question: cursor to the preferred choice, prefill into the line. */
void widget_question_follow(struct widget_question *widget, struct ui *ui, const struct question *question);
/* Rows it would like, at this width. */
int widget_question_rows(const struct widget_question *widget, const struct canvas *to,
			 const struct question *question);
void widget_question_draw(struct widget_question *widget, struct canvas *to, int y, int rows,
			  const struct question *question);
/* True: consumed. */
bool widget_question_key(struct widget_question *widget, struct ui *ui, const struct case_view *view, int key);
void widget_question_mouse(struct widget_question *widget, struct ui *ui, const struct case_view *view,
			   enum screen_mouse what, int y);
void widget_question_footer(const struct widget_question *widget, const struct question *question,
			    struct footer *footer);
/* Letters are text now: not in front of a word that is to be typed, where only its own letter begins it. */
bool widget_question_takes_text(const struct widget_question *widget, const struct question *question);

#endif
