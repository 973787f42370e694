/* src/core/app.h
 *
 * The engine that both faces drive: the bench, the consoles, the cases. A face calls these, draws the snapshot, and never talks to a
 * device. Everything runs on the loop's thread. */
#ifndef UNBRICK_CORE_APP_H
#define UNBRICK_CORE_APP_H

#include "src/core/image_view.h"
#include "src/core/snapshot.h"
#include "src/io/line.h"
#include "src/io/loop.h"
#include "src/store/device_library.h"

struct app;

struct app_options {
	const char *state_folder;		/* NULL: $XDG_STATE_HOME/unbrick */
	const char *const *library_folders;	/* NULL-terminated firmware-db roots */
	const char *power_command;		/* shell command that switches the device's power, with {} for on|off|cycle; NULL: by hand */
	unsigned tftp_port;			/* 0: 69 */
	const char *port;			/* the serial line that a new case takes; NULL: the only one, or the operator's choice */
	bool is_unattended;			/* command line with --yes: questions that cannot harm answer themselves */
};

/* An event is something that happened, for the command line's JSON and for tests. text is printable. data: JSON object text or NULL. */
struct app_event {
	int64_t case_id;	/* 0: the bench */
	uint64_t wall_ms;
	enum journal_by by;
	const char *kind;	/* as in the journal, and "question", "phase", "verdict", "progress", "console" */
	const char *text;
	const char *data;
};

/* All callbacks may be NULL; they come from the loop, never from inside an app_* call. */
struct app_observer {
	void (*on_change)(void *user);		/* the snapshot differs: draw it when convenient */
	void (*on_event)(void *user, const struct app_event *event);
	/* Raw bytes of a console, before anything else looks at them, and when they came; then its finished lines. */
	void (*on_console_bytes)(void *user, unsigned console_id, struct bytes in, uint64_t now_ms);
	void (*on_console_line)(void *user, unsigned console_id, const struct diagnosis_line *line);
	void *user;
};

enum status app_new(struct loop *loop, const struct app_options *options, struct app **ret_app, struct error *reterr);
void app_free(struct app *app);
void app_observe(struct app *app, const struct app_observer *observer);
const struct snapshot *app_snapshot(struct app *app);

/* Profiles for the device question: "Vendor Model  kind soc" lines; returns how many. Empty query: the ones used last, then all. */
struct device_row {
	char id[96];
	char text[120];
	char detail[160];	/* kind, SoC, aliases, what it can be recovered by */
	bool is_recent;		/* a case had it, or it is plugged in for practice; only where nothing is searched for */
};
size_t app_device_search(struct app *app, const char *query, struct device_row *ret_rows, size_t max);
struct casebook *app_casebook(struct app *app);
/* Is there such a profile, and does it know that way back (NULL: any)? So that a slip of the fingers leaves no case behind. */
enum status app_check_device(struct app *app, const char *profile_id, const char *method, struct error *reterr);

/* Cases. A new case is live at once; opening an old one makes it live and goes on where it was. */
enum status app_case_new(struct app *app, int64_t *ret_case_id, struct error *reterr);
enum status app_case_open(struct app *app, int64_t case_id, struct error *reterr);
const struct case_view *app_case_view(struct app *app, int64_t case_id);	/* NULL when it is not live */
/* text: the choice's id, the device id, the path, the free text or the typed word, after the question's type. An answer to a
 * question that is no longer asked is ignored (STATUS_OK); one that does not fit is said in question.problem. */
enum status app_case_answer(struct app *app, int64_t case_id, unsigned question_id, const char *text, struct error *reterr);
/* Stops what runs, as soon as that is safe, and goes back to the plan. In a destructive step: STATUS_REFUSED with the reason. */
enum status app_case_cancel(struct app *app, int64_t case_id, struct error *reterr);
/* Back to an earlier question (device, happened, connect): nothing that was written is undone. */
enum status app_case_back(struct app *app, int64_t case_id, enum guide_phase to, struct error *reterr);

/* Consoles. port: as port_name.h has it. Opening a port that is open already gives the same console, as it is set. settings NULL, or
 * without a rate: as this adapter was used last, else 115200 8N1. */
enum status app_console_open(struct app *app, const char *port, const struct line_settings *settings, unsigned *ret_console_id,
			     struct error *reterr);
/* The capture goes to this file from now on, behind what is there already; see capture_open_file(). */
enum status app_console_log(struct app *app, unsigned console_id, const char *path, struct error *reterr);
void app_console_close(struct app *app, unsigned console_id);
/* STATUS_BUSY while a step drives the line. */
enum status app_console_type(struct app *app, unsigned console_id, struct bytes keys, struct error *reterr);
/* Pasted text: line ends become what Enter sends, and it goes at the pace of the device. STATUS_NO_SPACE: too much of it. */
enum status app_console_paste(struct app *app, unsigned console_id, struct bytes text, struct error *reterr);
/* One file, or receiving. Its end is told as a notice; app_console_stop() ends it before. */
struct console_file {
	bool is_sender;
	const char *protocol;	/* of recovery/protocol/transfer.h; sending also "text": typed at the pace of the device */
	const char *path;	/* receiving: a folder, or the file to make where the protocol has no names; it must not be there yet */
	unsigned char_ms, line_ms;	/* of "text": between two bytes, and behind each line; both 0: as the device echoes */
};
enum status app_console_file(struct app *app, unsigned console_id, const struct console_file *file, struct error *reterr);
/* Commands for one key. Those that the device understands where it waits now come first. */
struct macro;
struct macro_row {
	const struct macro *macro;	/* for app_console_macro(); valid for the life of the app */
	char name[48];
	char text[160];			/* what is sent, Enter as a word */
	char where[32];			/* "uboot", "shell" */
	bool fits;			/* the device waits for such a command */
};
/* *ret_at completes "the device is ...". */
size_t app_console_macros(struct app *app, unsigned console_id, struct macro_row *ret_rows, size_t max, const char **ret_at);
/* REFUSED: it does not fit any more, and anyway is not set. Set it only when the operator has seen the text. */
enum status app_console_macro(struct app *app, unsigned console_id, const struct macro *macro, bool anyway, struct error *reterr);
void app_console_stop(struct app *app, unsigned console_id);
enum status app_console_set_baud(struct app *app, unsigned console_id, unsigned baud, struct error *reterr);
/* Listens until the device's rate is found; see baud_hunt.h. begins false: stops, and the line has its rate back. */
enum status app_console_find_baud(struct app *app, unsigned console_id, bool begins, struct error *reterr);
/* "Nothing appears": the questions stand in the console's view. answer NULL: begins anew; "end": ends it; else its id. */
enum status app_console_check_line(struct app *app, unsigned console_id, const char *answer, struct error *reterr);
/* Rate, frame and flow control at once. */
enum status app_console_set_line(struct app *app, unsigned console_id, const struct line_settings *settings, struct error *reterr);
enum status app_console_set_manner(struct app *app, unsigned console_id, const struct console_manner *manner, struct error *reterr);
enum status app_console_break(struct app *app, unsigned console_id, struct error *reterr);
enum status app_console_set_dtr(struct app *app, unsigned console_id, bool on, struct error *reterr);
enum status app_console_set_rts(struct app *app, unsigned console_id, bool on, struct error *reterr);
/* The operator's remark, kept beside the captured bytes. */
enum status app_console_remark(struct app *app, unsigned console_id, const char *text, struct error *reterr);

enum { CONSOLE_BYTES_ROW = 16, CONSOLE_BYTES_MAX = 200 * CONSOLE_BYTES_ROW };

/* Bytes as they came, read back from the capture. */
struct console_bytes {
	uint8_t data[CONSOLE_BYTES_MAX];
	size_t count;
	uint64_t row_ms[CONSOLE_BYTES_MAX / CONSOLE_BYTES_ROW];	/* wall clock of the first byte of each row; 0: not known */
	char file[256];			/* that the first one is in */
	uint64_t file_start;		/* the offset that file begins at */
};
/* Offsets count from the first byte of the console, through all files of its capture. At most size bytes, fewer at the end. */
enum status app_console_read(struct app *app, unsigned console_id, uint64_t offset, size_t size, struct console_bytes *ret_bytes,
			     struct error *reterr);

/* A console of a recording (replay:PATH); see console_change_replay. */
enum status app_replay_change(struct app *app, unsigned console_id, enum line_replay_change what, double value, struct error *reterr);

/* The practice camera: its ways to be bricked, one line each; false behind the last. Starting one plugs its line into the bench. */
bool app_practice_kind(size_t index, const char **ret_kind, const char **ret_text);
enum status app_practice_start(struct app *app, const char *kind, struct error *reterr);
void app_practice_stop(struct app *app);
/* The vendor's good image of the practice camera; "" without one. */
const char *app_practice_image(const struct app *app);
/* Is there a switch for the device on this line? The practice camera's is its own. The power command is one device's: while the line that it
 * was used for has a case under way, it is no other's. */
bool app_can_switch(const struct app *app, const char *port);
/* "on", "off", "cycle". port NULL: the operator says it himself, of the practice camera where there is one. */
enum status app_power(struct app *app, const char *port, const char *how, struct error *reterr);

/* True while a step must not be interrupted: the face does not quit then. */
bool app_is_dangerous(const struct app *app);

#endif
