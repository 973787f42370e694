/* src/core/snapshot.h
 *
 * What a face may know: a read-only picture of the bench, the consoles and the cases. Core owns and refreshes it; pointers stay valid
 * until the next return to the loop. Texts are printable UTF-8, ready to show. The same picture serves the screen and the command line. */
#ifndef UNBRICK_CORE_SNAPSHOT_H
#define UNBRICK_CORE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recovery/diagnosis/diagnosis.h"
#include "recovery/serial/line_check.h"
#include "src/base/status.h"
#include "src/core/console_manner.h"
#include "src/io/bench_scan.h"
#include "src/io/line.h"
#include "src/io/replay.h"
#include "src/store/casebook.h"

enum {
	SNAPSHOT_CASES_MAX = 64,	/* rows of the casebook on Home */
	SNAPSHOT_LIVE_MAX = 8,		/* cases being worked on at once */
	SNAPSHOT_CONSOLES_MAX = 8,
	SNAPSHOT_LITTLE_ROOM = 500 * 1000 * 1000,	/* bytes of a disk that captures go to: time to say so */
	CASE_SAY_MAX = 10,
	CASE_CHOICES_MAX = 12,
	CASE_PROGRESS_MAX = 4,
	CASE_WATCH_MAX = 5,
	CASE_EXCERPT_MAX = 24,
	CASE_LOG_MAX = 200,
	CASE_PLAN_MAX = 8,
};

/* The guide's way through a case, in order. */
enum guide_phase {
	GUIDE_DEVICE,		/* which device? */
	GUIDE_HAPPENED,		/* what happened? */
	GUIDE_CONNECT,		/* which serial line? */
	GUIDE_WATCH,		/* power-cycle and watch it start */
	GUIDE_DIAGNOSIS,	/* the verdict, and the plan to choose */
	GUIDE_STEPS,		/* the chosen procedure runs */
	GUIDE_OUTCOME,		/* written, verified, booted: close, or try another way */
	GUIDE_CLOSED,
	GUIDE_PHASE_COUNT
};
const char *guide_phase_name(enum guide_phase phase);	/* "device", "happened", "connect", ... */

/* What the guide wants from the operator now. Every question can be answered by key, and by script on the command line. */
enum question_type {
	QUESTION_NONE,		/* nothing to do but wait */
	QUESTION_CHOOSE,	/* one of choices: by its key, or cursor and Enter */
	QUESTION_DEVICE,	/* a profile id (search with app_device_search) or "" for an unknown device */
	QUESTION_TEXT,		/* free text, may be empty */
	QUESTION_FILE,		/* path of an image file; prefill may hold the last one */
	QUESTION_WORD,		/* the word must be typed in full: destructive, or a guard overridden */
};

struct choice {
	char id[24];		/* stable, for scripts: "done", "nothing", "yes", "no", "method:NAME" */
	int key;		/* its own key, or 0 */
	char text[80];
	char detail[120];	/* reason, what it keeps or destroys; may be empty */
	bool is_dangerous;
};

struct question {
	unsigned id;		/* rises with each new question; answers to an old one are ignored */
	enum question_type type;
	const char *topic;	/* for scripts, where the kind is not enough: "member", "checksum", "fetching", "fetch-failed"; else "" */
	char text[200];
	struct choice choice[CASE_CHOICES_MAX];
	unsigned choice_count;
	unsigned preferred;	/* index of what Enter means */
	char word[16];		/* QUESTION_WORD */
	char prefill[512];
	char problem[256];	/* why the last answer was not taken, with the remedy; or empty */
};

struct progress {
	char label[24];		/* "load", "write", "verify", "erase" */
	uint64_t done, total;	/* total 0: unknown */
	uint64_t left_ms;	/* UINT64_MAX: unknown */
	uint64_t rate;		/* bytes a second, smoothed; 0: unknown */
	bool is_finished, is_failed;
};

struct watch_item {
	char text[80];		/* "link up on enp3s0" */
	char state[48];		/* "not yet", "seen 12:09:14" */
	bool is_seen;
};

/* A console line shown as proof, with its neighbours. */
struct excerpt_line {
	unsigned number;
	uint64_t ms;		/* since the start it belongs to */
	char text[160];
	char mark[40];		/* causes it speaks for: "CHECKSUM POWER", or empty */
};

struct log_line {
	char clock[9];		/* "12:09:14" */
	enum journal_by by;
	bool is_error;
	char text[160];
};

struct plan_view {
	char name[48];		/* of the method */
	char title[80];
	char reason[160];
	char keeps[64], destroys[64];
	unsigned minutes;
	bool treats;		/* it is meant for the leading cause */
	bool is_possible;
	bool only_prepares;	/* leads to other ways */
	bool was_tried;		/* in this case, and it did not bring the device back */
	char obstacle[160];	/* why not, when !is_possible: what to plug in or to fetch */
	char warning[160];
};

enum { GOLDEN_FACTS_MAX = 6, GOLDEN_LINES_MAX = 12 };

struct golden_fact {
	char name[32], good[48], now[48];
};

struct golden_line {
	char text[120], meaning[120];	/* meaning "": not known */
	bool is_new;			/* else it is missing */
};

/* The last start against good ones of the same model, from other cases. */
struct golden_view {
	unsigned good_logs;		/* 0: none is known */
	int64_t good_case;		/* the newest of them */
	struct golden_fact fact[GOLDEN_FACTS_MAX];	/* that differ */
	unsigned fact_count;
	struct golden_line line[GOLDEN_LINES_MAX];
	unsigned line_count;
	unsigned missing, fresh;	/* messages, with those that are not in line */
	unsigned ends_before;		/* messages of the good start that did not come any more */
	char would_follow[120];		/* the first of them */
};

enum outcome { OUTCOME_UNKNOWN, OUTCOME_YES, OUTCOME_NO, OUTCOME_NOT_NEEDED };
const char *outcome_name(enum outcome outcome);	/* "unknown", "yes", "no", "not needed" */

struct case_view {
	bool is_line_lost;	/* its adapter is not there */
	bool is_running;	/* a step of a procedure is under way, or asks */
	bool is_stopping;	/* what runs was stopped, and brings the device into a good state first */
	int64_t id;
	char device[96];	/* profile id, "" while unknown */
	char title[96];		/* "Testbed cam32", "unknown device" */
	char port[96];		/* its serial line, "" when none */
	char image[256];
	enum guide_phase phase;
	unsigned step, step_count;	/* 1-based; 0 outside GUIDE_STEPS */
	char step_title[120];
	char say[CASE_SAY_MAX][160];	/* what the operator reads now: first line is the headline */
	unsigned say_count;
	bool is_dangerous;	/* DO NOT UNPLUG, now */
	char silence[96];	/* how long silence is normal; or empty */
	uint64_t countdown_ms, countdown_total_ms;	/* 0 total: none */
	struct question question;
	struct progress progress[CASE_PROGRESS_MAX];
	unsigned progress_count;
	struct watch_item watch[CASE_WATCH_MAX];
	unsigned watch_count;
	struct verdict verdict;		/* as of now, changes live while watching */
	bool has_verdict;		/* the guide has come to a first verdict */
	struct excerpt_line excerpt[CASE_EXCERPT_MAX];	/* decisive lines and their neighbours */
	unsigned excerpt_count;
	struct golden_view golden;
	struct plan_view plan[CASE_PLAN_MAX];
	unsigned plan_count;
	enum outcome written, verified, booted;
	char outcome_reason[3][120];	/* what the statement rests on */
	struct error problem;		/* STATUS_OK: none; else what went wrong and what to do */
	struct log_line log[CASE_LOG_MAX];	/* newest last: all that was really sent, done, seen, answered */
	unsigned log_count;
};

/* The search for the baud rate; see baud_hunt.h. */
struct baud_hunt_view {
	bool is_hunting;
	unsigned from;		/* the rate before */
	unsigned rates;		/* how many were listened at, with this one */
	unsigned bytes;		/* at this rate */
	bool is_silent;
};

enum sending { SENDING_NOTHING, SENDING_KEYS, SENDING_TEXT, SENDING_FILE, RECEIVING_FILE };

/* What is under way between the operator and the device. */
struct sending_view {
	enum sending what;
	char name[96];		/* of the file; or empty */
	char by[32];		/* the protocol, or "as text" */
	struct progress progress;
	unsigned retries;
	bool is_waiting;	/* for the other side: nothing has moved yet */
	bool is_stopping;
};

struct console_view {
	unsigned id;		/* stable while it lives, from 1 */
	char port[96];
	unsigned baud;
	struct line_settings line;
	struct console_manner manner;
	bool is_open;		/* false: lost, being tried again */
	bool is_name_anothers;	/* lost, and port is the name of another adapter now */
	char state[120];	/* "open", or why it is lost */
	int64_t case_id;	/* 0: none */
	bool is_driven;		/* a step types on it: keys of the operator wait */
	enum boot_stage stage;
	unsigned starts, lines;
	uint64_t bytes;
	int text_score;		/* of the last bytes, -1: too few; under 40: probably a wrong baud rate */
	unsigned likely_baud;	/* 0: none proposed */
	struct sending_view sending;
	char capture[256];	/* path of the raw capture */
	char capture_problem[160];	/* full disk...; or empty */
	uint64_t captured_bytes;	/* in all of its files */
	uint64_t capture_room;		/* what their disk has left; UINT64_MAX: not known */
	const struct diagnosis_fact *facts;
	size_t fact_count;
	struct verdict verdict;
	struct baud_hunt_view hunt;
	struct line_check check;	/* .state IDLE: none is under way */
	bool is_replay;		/* a recording, not a line: .replay */
	struct replay_state replay;
};

/* Beside bench_port: what this program knows of it. */
struct port_view {
	bool is_new;		/* plugged in last */
	unsigned last_baud;	/* when it was used last; 0: never */
	int64_t last_case;	/* 0: none */
};

struct usb_view {
	char path[32];
	char name[96];
	char meaning[120];	/* only for devices in a recovery mode; else empty */
};

struct snapshot {
	char clock[6];		/* "12:04" */
	const struct bench_state *bench;
	struct port_view port[BENCH_PORTS_MAX];	/* as bench->port */
	struct usb_view usb[BENCH_USB_MAX];	/* devices in a recovery mode only */
	unsigned usb_count;
	struct case_summary cases[SNAPSHOT_CASES_MAX];
	size_t case_count;
	const struct case_view *live[SNAPSHOT_LIVE_MAX];
	unsigned live_count;
	struct console_view console[SNAPSHOT_CONSOLES_MAX];
	unsigned console_count;
	unsigned running;	/* jobs under way */
	unsigned asking;	/* those of them that go on with an answer only: counted by who waits, not by what runs */
	bool is_practice;	/* a practice camera is plugged in */
	uint64_t power_on_ms;	/* when this program switched the device on, by the loop's clock; 0: it did not, or when is not known */
	char notice[200];	/* last thing that concerns no case: "ttyUSB0 was unplugged"; or empty */
	bool notice_is_error;
	char notice_hint[200];
};

#endif
