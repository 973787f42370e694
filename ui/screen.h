/* ui/screen.h
 *
 * A screen: one table of functions, and its own small state (cursor, scroll, what is typed), never the state of the
 * work. It draws the snapshot into the canvas it is given; it never refreshes, reads keys or ends curses: the screen
 * stack (ui.c) does. */
#ifndef UNBRICK_UI_SCREEN_H
#define UNBRICK_UI_SCREEN_H

#include "src/core/app.h"
#include "ui/canvas.h"
#include "ui/console_pane.h"
#include "ui/keys.h"

struct ui;
struct screen_ops;

struct screen_arg {
	int64_t case_id;
	unsigned console_id, image_id;
	uint64_t offset;			/* bytes: from where */
	const struct screen_ops *about;		/* help: which screen */
	const char *path;			/* of a file to send; NULL: receiving */
};

enum screen_appetite {
	APPETITE_NONE,
	APPETITE_TEXT,		/* whatever can be typed is text */
	APPETITE_ALL,		/* every key is the device's, also Ctrl-C */
};

/* The footer while it is put together: rows that do not fit are left out, the last ones first. */
struct footer {
	char key[12][24];
	char text[12][48];
	unsigned count;
};
void footer_add(struct footer *footer, const char *key, const char *text);

struct screen_ops {
	const char *name;		/* in the help and the manual */
	const char *help;		/* what the operator sees here; paragraphs end with a newline */
	const struct key_binding *keys;
	size_t state_size;		/* zeroed before open */
	/* Any of these may be NULL. */
	void (*open)(struct ui *ui, void *state, const struct screen_arg *arg);
	void (*close)(struct ui *ui, void *state);
	/* The top line: left where we are, right what happens. */
	void (*title)(struct ui *ui, void *state, char *left, size_t left_size, char *right, size_t right_size);
	void (*draw)(struct ui *ui, void *state, struct canvas *to);
	/* Raw keys first: editors, lists, answers. True: consumed. */
	bool (*key)(struct ui *ui, void *state, int key);
	bool (*allows)(struct ui *ui, void *state, enum ui_command command);
	void (*command)(struct ui *ui, void *state, enum ui_command command, const char *argument);
	/* What stands before the key table in the footer. */
	void (*footer)(struct ui *ui, void *state, struct footer *footer);
	void (*mouse)(struct ui *ui, void *state, enum screen_mouse what, int y, int x);
	/* Whether ? and : are the program's; NULL: they are. */
	enum screen_appetite (*appetite)(struct ui *ui, void *state);
	/* Of a screen whose every key is the device's: is Esc ours now, because a view of ours stands before what the device shows? An Esc stops an
	 * autoboot or leaves an editor over there, so who only wants our view gone must not send one. NULL: it is the device's. */
	bool (*owns_escape)(struct ui *ui, void *state);
	/* Of the same: did the operator begin a command of ours (Ctrl-A), so that the next key is it, whatever follows behind it? NULL: never. */
	bool (*awaits_command)(struct ui *ui, void *state);
	/* A standing remark for the message row; leave it empty when there is none. */
	void (*hint)(struct ui *ui, void *state, char *to, size_t size);
	/* Milliseconds until it would look different by itself; 0: never. */
	unsigned (*refresh_ms)(struct ui *ui, void *state);
	/* Changes with what the screen is about; a message about the page before goes with it. NULL: it stays one page. */
	unsigned (*page)(struct ui *ui, void *state);
	/* What the operator's terminal pasted, in one piece; NULL: it goes nowhere, for it could be anything's keys. */
	void (*paste)(struct ui *ui, void *state, struct bytes text);
};

/* ui/screens.c: all of them, ended by NULL. */
extern const struct screen_ops *const screens[];
extern const struct screen_ops screen_home, screen_case, screen_console, screen_evidence, screen_log, screen_help,
	screen_practice, screen_image, screen_bytes, screen_marks, screen_hex, screen_settings, screen_send, screen_macros,
	screen_replay, screen_line_check;

/* What screens may ask of the stack (ui.c). */
struct app *ui_app(struct ui *ui);
const struct snapshot *ui_now(struct ui *ui);
uint64_t ui_time_ms(void);
void ui_push(struct ui *ui, const struct screen_ops *ops, const struct screen_arg *arg);
void ui_pop(struct ui *ui);
/* One message above the footer, until the next key or click, or until the screen turns to another page by itself. */
void ui_say(struct ui *ui, bool is_error, const char *format, ...) __attribute__((format(printf, 3, 4)));
void ui_say_error(struct ui *ui, const struct error *error);
void ui_dismiss_notice(struct ui *ui);
/* Something of the bench waits to be said; a screen's hint goes before it, so mere advice steps back. */
bool ui_has_notice(struct ui *ui);
void ui_ask_quit(struct ui *ui);
/* One line of input above the footer. accept gets the text; changed (may be NULL) each edit; Esc calls neither, but
 * cancelled. */
struct ui_prompt_ops {
	void (*accept)(struct ui *ui, void *state, const char *text);
	void (*changed)(struct ui *ui, void *state, const char *text);
	void (*cancelled)(struct ui *ui, void *state);
};
void ui_prompt(struct ui *ui, const char *label, const char *prefill, const struct ui_prompt_ops *ops, void *state);
/* A command's argument is accepted at once; where there was none it is asked for. */
void ui_accept_or_prompt(struct ui *ui, const char *argument, const char *label, const char *prefill, const struct ui_prompt_ops *ops, void *state);
/* "0x20000", "128KiB"; false: it was said what is wrong with it. */
bool ui_read_offset(struct ui *ui, const char *text, uint64_t *ret_offset);
/* The same for the name of a file, which Tab completes. "~/" is the home folder. */
void ui_prompt_path(struct ui *ui, const char *label, const char *prefill, const struct ui_prompt_ops *ops, void *state);
/* y calls accept; anything else is no. */
void ui_ask(struct ui *ui, const char *label, const char *yes, const struct ui_prompt_ops *ops, void *state);
/* The device's power: on, off or cycle (NULL). Not while something is written. */
void ui_power(struct ui *ui, const char *how);
/* The `:` line, for a screen that eats the key itself. */
void ui_command_line(struct ui *ui);
/* Opens (or finds) the console of a port and shows it. */
void ui_show_console(struct ui *ui, const char *port);
/* Opens (or finds) the view of a file and shows it; path NULL: the image of the case. */
bool ui_show_image(struct ui *ui, const char *path, int64_t case_id);
/* The picture of a console, NULL when there is no memory for one. */
struct terminal_view *ui_terminal(struct ui *ui, unsigned console_id);
/* Words for a stage and for what a console is about, as a technician says them. */
const char *ui_stage_text(enum boot_stage stage);
void ui_console_summary(const struct console_view *console, char *to, size_t size);
const struct console_view *ui_find_console(const struct snapshot *now, unsigned id, const char *port);
const char *ui_short_path(const char *path);

#endif
