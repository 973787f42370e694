/* src/core/console.h
 *
 * A console: one line and the three that read it, in this order: the capture (evidence), the face's terminal (the eye), the diagnosis.
 * A step may drive it: then the operator's keys wait. The line stays open when nobody looks. */
#ifndef UNBRICK_CORE_CONSOLE_H
#define UNBRICK_CORE_CONSOLE_H

#include "recovery/diagnosis/diagnosis.h"
#include "recovery/loader/console_state.h"
#include "src/core/snapshot.h"
#include "src/io/line.h"
#include "src/store/capture.h"

struct app;
struct console;

enum { CONSOLE_LINES_KEPT = 512, CONSOLE_LINE_MAX = 160 };

/* A finished line, kept for showing proofs with their neighbours. */
struct console_line {
	unsigned number, start;
	uint64_t time_ms;
	enum boot_stage stage;
	const struct sign *sign;
	char text[CONSOLE_LINE_MAX];
};

/* What a case wants to hear of its console. All may be NULL. Called from the loop. */
struct console_listener {
	void (*on_bytes)(void *user, struct bytes in, uint64_t now_ms);
	void (*on_line)(void *user, const struct diagnosis_line *line);
	void (*on_state)(void *user, enum line_state state, const struct error *why);
	/* The capture goes on in another file. */
	void (*on_capture)(void *user, const char *path);
	/* Nothing came for a while (150 ms), or a second has gone by: look at the verdict. */
	void (*on_pause)(void *user, uint64_t now_ms);
	/* A question of the line check is answered by itself: something came, or the test of the adapter is over. */
	void (*on_check)(void *user);
	/* console_find_baud is over; 0: no rate gave text. */
	void (*on_baud)(void *user, unsigned baud);
	void *user;
};

enum status console_new(struct app *app, unsigned id, const char *port, const struct line_settings *settings,
			struct console **ret_console, struct error *reterr);
void console_free(struct console *console);
unsigned console_id(const struct console *console);
const char *console_port(const struct console *console);
void console_listen(struct console *console, int64_t case_id, const struct console_listener *listener);
/* Takes what the line takes now. */
size_t console_write(struct console *console, struct bytes out);
void console_set_driven(struct console *console, bool is_driven);
/* Whether the loader's prompt waits: the stage of the view. The diagnosis does not hear it while a step talks to the loader. */
void console_set_at_loader(struct console *console, bool is_at_loader);
bool console_is_driven(const struct console *console);
bool console_is_open(const struct console *console);
/* What the model's console runs at: proposed first when what comes is no text. */
void console_expect_baud(struct console *console, unsigned baud);
enum status console_set_baud(struct console *console, unsigned baud, struct error *reterr);
/* Listens until the rate is found; what was read so far counts. Each change of the rate by hand ends it, as does console_stop_baud. */
enum status console_find_baud(struct console *console, struct error *reterr);
void console_stop_baud(struct console *console);
bool console_is_hunting(const struct console *console);
/* The line check (line_test.h): begin, answer (id NULL: end it). */
enum status console_check_line(struct console *console, struct error *reterr);
enum status console_check_answer(struct console *console, const char *id, struct error *reterr);
const struct line_check *console_line_check(const struct console *console);	/* NULL: none is under way */
/* Rate, frame and flow control at once. */
enum status console_set_line(struct console *console, const struct line_settings *settings, struct error *reterr);
const struct console_manner *console_manner(const struct console *console);
/* Text of the device that came within a transfer: for the screen and the diagnosis; the capture has it already. */
void console_take_text(struct console *console, struct bytes text, uint64_t now_ms);
/* The unfinished last line, raw. */
struct bytes console_raw_line(const struct console *console);
struct console_send *console_sending(struct console *console);
void console_set_manner(struct console *console, const struct console_manner *manner);
struct line *console_get_line(struct console *console);
struct diagnosis *console_diagnosis(struct console *console);
/* Forgets what was seen: the next start counts as the first. The capture goes on. */
void console_forget(struct console *console);
uint64_t console_last_byte_ms(const struct console *console);	/* 0: nothing came yet */
uint64_t console_bytes(const struct console *console);		/* since console_forget */
/* The unfinished last line, printable. */
const char *console_last_line(const struct console *console);
/* Who waits at the other end, from what came since console_forget. seen: prompts and was_probed; the rest is filled in here. */
void console_look(const struct console *console, struct console_seen *seen, uint64_t now_ms, struct console_state *ret_state);
/* The line with that number, or NULL when it is not kept any more. */
const struct console_line *console_find_line(const struct console *console, unsigned number);
void console_fill_view(struct console *console, struct console_view *ret_view);
/* A recording (replay:PATH): its speed, halt, and skipping to the next start or stage. STATUS_UNSUPPORTED for a line. */
enum status console_change_replay(struct console *console, enum line_replay_change what, double value, struct error *reterr);
bool console_is_replay(const struct console *console);
/* NULL: it could not be made. */
const struct capture *console_capture(const struct console *console);
/* From here on the capture goes to exactly this file, behind what is there already. */
enum status console_log_to(struct console *console, const char *path, struct error *reterr);
/* A remark in the capture: what the program did to the line, or what the operator noted. False: it could not be kept. */
bool console_remark(struct console *console, const char *text);

#endif
