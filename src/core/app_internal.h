/* src/core/app_internal.h
 *
 * What the files of src/core share: the app itself, and how they tell it that something changed. Not for the faces. */
#ifndef UNBRICK_CORE_APP_INTERNAL_H
#define UNBRICK_CORE_APP_INTERNAL_H

#include "src/core/app.h"
#include "src/core/console.h"
#include "src/core/image_view.h"

struct app_image;
struct live_case;
struct port_memory;
struct practice_process;
struct queued_event;

enum { APP_POWER_WAITING_MAX = 4 };

struct app {
	struct loop *loop;
	struct app_options options;
	char state_folder[512];
	char program[512];		/* how to start ourselves again, for the practice camera */
	struct app_observer observer;
	struct device_library *library;
	struct casebook *book;
	struct bench_watch *watch;
	struct bench_state bench;
	struct port_memory *ports;	/* NULL: nothing is kept */
	const struct sign *signs;
	size_t sign_count;
	struct console *console[SNAPSHOT_CONSOLES_MAX];
	unsigned last_console_id;
	struct live_case *live[SNAPSHOT_LIVE_MAX];
	struct app_image *image[IMAGE_VIEWS_MAX];
	unsigned last_image_id;
	struct practice_process *practice;
	struct snapshot snapshot;
	bool is_stale;			/* the snapshot */
	bool are_cases_stale;		/* its list of cases: read from the disk only when one has changed */
	struct loop_timer *deferred;	/* tells the observer on the next turn of the loop */
	struct queued_event *first_event, *last_event;
	bool is_switching;		/* the power command runs; what comes meanwhile waits, or "off" could overtake "on" */
	char power_waiting[APP_POWER_WAITING_MAX][600];
	unsigned power_waiting_count;
	char power_port[256];		/* whose device the power command switched last; "": nobody's yet */
	char notice[200], notice_hint[200];
	bool notice_is_error;
};

/* The snapshot differs; the observer hears of it on the loop's next turn. */
void app_changed(struct app *app);
/* To the journal (durably, unless the kind is only for the faces: "progress", "console", "question") and to the observer. */
void app_event(struct app *app, int64_t case_id, enum journal_by by, const char *kind, const char *text, const char *data);
void app_notice(struct app *app, bool is_error, const char *text, const char *hint);
/* The power command runs, or waits to be run. */
bool app_is_switching(const struct app *app);
/* A scan now, instead of at the next change. */
void app_look_at_bench(struct app *app);
/* image_view.c: stops what runs for them; nothing of it comes back. */
void app_images_free(struct app *app);
/* How far it is after spent_ms, and how long it will take. */
void progress_set(struct progress *to, uint64_t done, uint64_t total, uint64_t spent_ms);
/* app_ports.c. name: as console_port has it. Recalls only what settings leave open. */
void app_ports_open(struct app *app);
void app_ports_free(struct app *app);
void app_port_recall(const struct app *app, const char *name, struct line_settings *settings);
void app_port_remember_line(struct app *app, const char *name, const struct line_settings *settings);
void app_port_remember_case(struct app *app, const char *name, int64_t case_id);
void app_port_recall_manner(const struct app *app, const char *name, struct console_manner *manner);
void app_port_remember_manner(struct app *app, const char *name, const struct console_manner *manner);
/* The console's adapter is gone, and another one has its name now. */
bool app_port_is_anothers(const struct app *app, struct console *console);
void app_ports_fill(struct app *app, struct snapshot *to);
struct console *app_find_console(struct app *app, const char *port);
struct console *app_console(struct app *app, unsigned console_id);

#endif
