/* ui/ui_internal.h
 *
 * The screen stack itself; screens see it through screen.h only. */
#ifndef UNBRICK_UI_UI_INTERNAL_H
#define UNBRICK_UI_UI_INTERNAL_H

#include <panel.h>

#include "src/base/buffer.h"
#include "ui/console_pane.h"
#include "ui/screen.h"
#include "ui/ui.h"
#include "ui/widget_input.h"

enum {
	UI_STACK_MAX = 8,
	UI_MIN_ROWS = 24,
	UI_MIN_COLS = 80,
	UI_MESSAGE_ROWS_MAX = 4,
	UI_PASTE_MAX = 1 << 20,
	UI_ESCAPE_MS = 25,
};

/* Keys of curses for the two ends of what the terminal pastes. */
enum { UI_CODE_PASTE = KEY_MAX + 1, UI_CODE_PASTE_END };

struct ui_screen {
	const struct screen_ops *ops;
	void *state;
};

struct ui {
	struct loop *loop;
	struct app *app;
	const struct ui_options *options;
	SCREEN *curses;
	int terminal_flags;		/* fcntl's, to be given back */
	struct theme theme;
	PANEL *top, *body, *bottom;	/* in this order from the lowest */
	int rows, cols;
	struct ui_screen stack[UI_STACK_MAX];
	unsigned depth;
	struct console_pane pane[SNAPSHOT_CONSOLES_MAX];
	struct loop_watch *input;
	struct buffer pasted;		/* until its end has come */
	bool is_pasting, is_paste_unmarked, is_paste_too_large;
	uint64_t paste_ms;		/* when it last went on */
	struct loop_timer *redraw;	/* at most 30 pictures a second */
	struct loop_timer *clock;	/* the minute, or what moves by itself */
	uint64_t drawn_ms;
	bool is_dirty, is_leaving;
	bool must_leave;		/* a signal asked; as soon as nothing is dangerous */
	char message[800];
	bool message_is_error;
	const void *message_of;		/* the screen that it was said on, and its page then */
	unsigned message_page;
	char dismissed_notice[200];
	bool has_prompt, is_yes_no, is_path;
	struct {
		char label[240], yes[16];
		char names[400];	/* what the last Tab found */
		struct widget_input input;
		struct ui_prompt_ops ops;
		void *state;
	} prompt;
};

/* ui_terminal.c: the operator's terminal. */
enum status ui_terminal_start(struct ui *ui, struct error *reterr);
void ui_terminal_stop(struct ui *ui);
void ui_terminal_measure(struct ui *ui);
/* ui_input.c: all keys that wait; false when the terminal is gone. */
bool ui_input_read(struct ui *ui);
/* What was said about a page that is not shown any more goes. */
void ui_drop_stale_message(struct ui *ui);
/* ui_prompt.c: a key while there is a line of input. */
void ui_prompt_key(struct ui *ui, int key);
/* ui_draw.c */
void ui_draw(struct ui *ui);
/* ui.c */
void ui_key(struct ui *ui, int key);
/* What was pasted: text of the prompt, of the screen, or nobody's. */
void ui_paste(struct ui *ui, struct bytes text);
void ui_mouse(struct ui *ui, enum screen_mouse what, int y, int x);
struct ui_screen *ui_top(struct ui *ui);
enum screen_appetite ui_appetite(struct ui *ui);
bool ui_allows(struct ui *ui, enum ui_command command);

#endif
