/* src/core/live_case.h
 *
 * A case that is being worked on: what the journal says of it, the guide's phase, the console it listens to, the image, and the procedure
 * that runs. guide.c leads through the phases, step_*.c run the steps; both speak to the operator only through the view. */
#ifndef UNBRICK_CORE_LIVE_CASE_H
#define UNBRICK_CORE_LIVE_CASE_H

#include "recovery/diagnosis/observation.h"
#include "recovery/image/fits.h"
#include "recovery/image/place.h"
#include "recovery/loader/loader.h"
#include "recovery/loader/stop_boot.h"
#include "recovery/procedure/plan.h"
#include "recovery/procedure/runner.h"
#include "src/core/app_internal.h"
#include "src/media/digest.h"
#include "src/media/image_file.h"

struct tftp_service;
struct rate_change;
struct step_ops;
struct address_work;
struct archive_work;
struct live_case;
struct boot_rom_job;
struct serial_load;
struct transfer_job;

enum { CASE_LIKELY_MAX = 3, CASE_FINDINGS_MAX = 12 };

/* What the operator said about how it came to this. */
enum happened { HAPPENED_UNKNOWN, HAPPENED_POWER, HAPPENED_MESSAGE, HAPPENED_OTHER_FILE, HAPPENED_FULL };

/* Finding the loader's prompt state from a quiet line, without harm. */
struct wake_probe {
	uint64_t after_ms;	/* of silence */
	bool is_sent;
	bool is_held;		/* somebody waits there to whom nothing may be said */
	uint64_t sent_ms;
};

/* The step that runs. A step uses what it needs; start clears all. */
struct step_context {
	const struct step_ops *ops;
	const struct procedure_step *step;
	unsigned phase;			/* the step's own */
	unsigned tries;
	uint64_t started_ms, deadline_ms;
	struct stop_boot stop;
	struct dialog dialog;
	bool is_talking;		/* the dialog has a command under way */
	bool is_silence_fine;		/* of that command */
	struct loader_task task, fine;
	struct loader_say say;
	char command[DIALOG_COMMAND_MAX];
	char until[96];
	uint64_t shown_ms;		/* when progress was last shown */
	unsigned starts_before;
	unsigned line_baud;		/* of the console, before a job changed it */
	char answer[64];
	char secret[STOP_BOOT_PASSWORD_MAX + 1];	/* typed by the operator: neither kept nor logged */
	bool has_secret;
	bool has_answer;		/* the operator has given what the step wants */
};

struct live_case {
	struct app *app;
	int64_t id;
	struct case_view view;
	const struct profile *profile;
	bool awaits_adapter;		/* it is taken as soon as it is back; else a line is chosen */
	struct console *console;
	enum happened happened;
	char happened_text[160];
	enum guide_phase phase;
	unsigned last_question;
	struct loop_timer *timer;		/* the phase's, or the step's */

	/* watching */
	uint64_t watch_since_ms;
	struct wake_probe probe;
	unsigned restarts;			/* from the loader's prompt, to see the start */
	bool was_started_here;			/* a start was seen since the watch began */
	bool is_at_prompt, is_at_login;		/* the last thing the line showed */
	const struct profile *likely[CASE_LIKELY_MAX];	/* models that the boot log names, while none was chosen */
	size_t likely_count;
	bool is_compared;			/* flash against image has been done in this case */
	unsigned observed;			/* bits of enum observation that were done */
	enum observation observing;		/* which one the page asks about; OBSERVE_COUNT: none */
	struct evidence finding[CASE_FINDINGS_MAX];	/* what was found out besides the line, for the next look at a start */
	size_t finding_count;
	char observed_text[160];		/* what the last observation showed */
	bool shows_all_ways;			/* also those that are not meant for what was found */

	/* image */
	struct image_file *image;
	struct digest digest;
	bool has_digest;
	struct digest_work *digest_work;
	struct address_work *address;		/* the image is being fetched; NULL: not */
	struct archive_work *archive;		/* the image is still in it; NULL: none */

	/* plan and procedure */
	struct plan_item plan[PLAN_MAX];
	size_t plan_count;
	const struct profile_method *method;
	const struct procedure *procedure;
	struct procedure_run run;
	bool is_running;
	bool has_consent;			/* the typed word was given for this run */
	enum guide_phase phase_after;		/* where the guide goes when the run is over */
	struct step_context step;
	const struct loader_driver *loader;
	struct loader_build build;
	char board[48];				/* what the loader calls the device, for unlocking it */
	struct loader_place place;
	char prompt[DIALOG_PROMPT_MAX];		/* of the loader; empty: not at it */
	char shell_prompt[DIALOG_PROMPT_MAX];	/* signed in; empty: not */
	struct tftp_service *tftp;
	unsigned tftp_port;			/* what the operator chose for this run where the usual one is taken; 0: nothing */
	struct boot_rom_job *boot_rom;		/* of the step that runs, as the next two; NULL: none */
	struct serial_load *serial_load;
	struct transfer_job *transfer;
	bool is_starting;			/* a loader was just put into its RAM and starts: switching it off would lose it */
	uint8_t started[512];			/* its first words, until somebody reads them */
	size_t started_size;
	bool loads_by_serial;			/* this run needs no network: the image goes over the console's line */
	struct rate_change *rate;		/* a device that was left at another rate is brought back first; NULL: none */
	char added_address[96];			/* "ADDRESS/LEN dev NIC" that this case gave the bench; undone at its end */
	char version_seen[64];			/* what the device says it runs */
};

/* live_case.c: life, journal, answers */
enum status live_case_new(struct app *app, int64_t id, struct live_case **ret_case, struct error *reterr);
void live_case_free(struct live_case *c);
void case_set(struct live_case *c, enum journal_by by, const char *key, const char *value);
bool case_get(struct live_case *c, const char *key, char *ret_value, size_t size);
/* A line of the case's log: journalled, shown, and told to the observer. */
void case_log(struct live_case *c, enum journal_by by, const char *kind, const char *format, ...) __attribute__((format(printf, 4, 5)));
void case_problem(struct live_case *c, const struct error *error);	/* NULL: none any more */
void case_outcome(struct live_case *c, const char *which, enum outcome outcome, const char *reason);
/* An address is fetched and an archive is looked into first, beside the loop: c->image comes later. */
enum status case_take_image(struct live_case *c, const char *path, struct error *reterr);
enum status case_take_whole_image(struct live_case *c, const char *path, struct error *reterr);
void case_forget_image(struct live_case *c);
/* A file against the profile, and where that leaves it open against what the device said itself; step_check.c. */
/* Is it of the kind that its place in the flash holds and the device's loader starts? */
enum image_belonging case_image_belongs(const struct live_case *c, char *ret_why, size_t size);
enum image_fit case_judge_fit(const struct live_case *c, const struct image_facts *facts, char *ret_why, size_t size);
/* What is known and what is not known of the file that is about to be written: before it is allowed. */
void case_say_image(struct live_case *c);
enum status case_take_device(struct live_case *c, const char *profile_id, struct error *reterr);

/* What the operator reads and is asked; the view is rebuilt by whoever leads now. */
void case_clear_page(struct live_case *c);
void case_say(struct live_case *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The path that is likely meant: the practice camera's image, or the one last used for this model. Into the question that is asked. fresh: another
 * one than that at hand, so only an address. */
void case_propose_image(struct live_case *c, bool fresh);
struct question *case_ask(struct live_case *c, enum question_type type, const char *format, ...) __attribute__((format(printf, 3, 4)));
void case_choice(struct live_case *c, const char *id, int key, const char *text, const char *detail);
void case_ask_nothing(struct live_case *c);
void case_progress(struct live_case *c, const char *label, uint64_t done, uint64_t total, uint64_t since_ms);
/* What the loader that starts now says, for the step that stops it. */
void case_keep_started(struct live_case *c, struct bytes in);
void case_watch_item(struct live_case *c, unsigned index, const char *text, bool is_seen, const char *state);

/* guide.c */
void guide_enter(struct live_case *c, enum guide_phase phase);
/* STATUS_INVALID with the reason when the answer does not fit. */
enum status guide_answer(struct live_case *c, const char *text, struct error *reterr);
void guide_on_line(struct live_case *c, const struct diagnosis_line *line);
/* Who waits at the other end of the case's line. */
void guide_look(const struct live_case *c, struct console_state *ret_state);
void guide_on_pause(struct live_case *c, uint64_t now_ms);
void guide_on_bench(struct live_case *c);
enum happened happened_parse(const char *text);
void guide_add_evidence(struct live_case *c);
/* What this case found out before counts for the start that was watched now. */
void guide_add_findings(struct live_case *c);
enum status guide_connect(struct live_case *c, const char *port, struct error *reterr);
/* The verdict with its excerpt, into the view. */
void guide_show_verdict(struct live_case *c);

/* What the search for the baud rate came to. */
void guide_on_baud(void *user, unsigned baud);

/* guide_silence.c: nothing appears, and the line is gone through. True: its page is shown, and the answer is its own. */
bool silence_leads(const struct live_case *c);
enum status silence_begin(struct live_case *c, struct error *reterr);
/* The end of it goes back to watching. */
enum status silence_answer(struct live_case *c, const char *text, struct error *reterr);
void silence_on_check(void *user);
/* guide_connect.c: the question for the serial line */
void guide_show_connect(struct live_case *c);
enum status guide_answer_connect(struct live_case *c, const char *text, struct error *reterr);

/* guide_resume.c: enters the guide where the journal says that the case stood. */
void guide_resume(struct live_case *c);
/* With the line at hand: the procedure that was cut off, else the watch. */
void guide_go_on(struct live_case *c);

/* case_image.c: the image may have to be fetched or unpacked first. Whoever needs it asks image_source_leads: while that is true, the page is
 * theirs, and when the image is there, or cannot be had, the page is shown again. */
bool image_source_leads(struct live_case *c);
bool image_source_is_asking(const struct live_case *c);
enum status image_source_answer(struct live_case *c, const char *text, struct error *reterr);
void image_source_show_again(struct live_case *c);
/* A new name in the case's own folder: state/KIND/CASE/NAME, or CASE-2 when that is taken: what was kept once is evidence and stays. */
enum status case_make_place(struct live_case *c, const char *kind, const char *like, char *ret_path, size_t size, struct error *reterr);

/* Was the image fetched or unpacked by a case? */
bool case_has_own_image(const struct live_case *c);
/* The case is closed: what it fetched and unpacked goes but for its image, and of old images what is too much. for_good: that one stays. */
void case_close_files(struct live_case *c, bool for_good);

/* step_archive.c */
bool archive_is_meant(struct live_case *c, const char *path);
enum status archive_begin(struct live_case *c, const char *path, struct error *reterr);
bool archive_leads(struct live_case *c);
bool archive_is_asking(const struct live_case *c);
enum status archive_answer(struct live_case *c, const char *text, struct error *reterr);
void archive_forget(struct live_case *c);

/* step_address.c: fetched from the vendor, whole or not at all */
bool address_is_meant(const char *path);
enum status address_begin(struct live_case *c, const char *url, struct error *reterr);
bool address_leads(struct live_case *c);
bool address_is_asking(const struct live_case *c);
enum status address_answer(struct live_case *c, const char *text, struct error *reterr);
void address_forget(struct live_case *c);

/* step_serial_load.c: may the procedure that runs go over the console's line instead of the network? */
bool serial_load_is_offered(struct live_case *c);
/* "about 25 min at 115200 baud"; as long as the image is not known, of all the room that it may fill. */
char *serial_load_estimate(struct live_case *c, char *to, size_t size);
/* From here on it does, also behind a restart of the program. */
void serial_load_choose(struct live_case *c, enum journal_by by);
/* What was meant to go over the line takes the network all the same where the bootloader turned out to be built without it. */
void serial_load_reconsider(struct live_case *c);

/* guide_rate.c: a device that another session left at a raised rate. True while it leads; then nothing else is typed. */
void guide_rate_begin(struct live_case *c);
bool guide_rate_leads(const struct live_case *c);
void guide_rate_on_bytes(struct live_case *c, struct bytes in, uint64_t now_ms);
void guide_rate_on_state(struct live_case *c, enum line_state state);

/* guide_golden.c: the start that just went well, into the casebook; and the last start against such ones, into the view */
void guide_keep_golden(struct live_case *c);
void guide_compare_golden(struct live_case *c);

/* guide_settle.c: the observations that part the leading causes, offered as choices of the diagnosis page. The choices' ids begin with
 * "settle:". */
void settle_offer(struct live_case *c);
/* verdict->next then names what these choices can do, and not what is known already or what the case has no way to do. */
void settle_fit(const struct live_case *c, struct verdict *verdict);
/* While it asks, the diagnosis page is its own. */
bool settle_is_asking(const struct live_case *c);
void settle_show(struct live_case *c);
enum status settle_answer(struct live_case *c, const char *text, struct error *reterr);
/* Evidence from elsewhere than the line: for the verdict, for the journal, and for the verdicts after the next start. */
void guide_found(struct live_case *c, enum evidence_source source, enum cause cause, int weight, const char *text);
/* The facts that the device told, into the journal, each with its line. */
void guide_journal_facts(struct live_case *c);

/* guide_identify.c: profiles whose identity shows in what the device printed; at most max */
size_t guide_identify(struct live_case *c, const struct profile **ret_profiles, size_t max);

/* guide_plan.c: the diagnosis page and what follows it */
void guide_show_diagnosis(struct live_case *c);
enum status guide_answer_diagnosis(struct live_case *c, const char *text, struct error *reterr);
void guide_show_outcome(struct live_case *c);
enum status guide_answer_outcome(struct live_case *c, const char *text, struct error *reterr);
enum status guide_start_procedure(struct live_case *c, const struct profile_method *method, const char *procedure, enum guide_phase after,
				  struct error *reterr);

/* step.c: the runner at work */
void steps_begin(struct live_case *c);
void steps_resume(struct live_case *c, unsigned at);
void steps_on_bytes(struct live_case *c, struct bytes in, uint64_t now_ms);
void steps_on_line(struct live_case *c, const struct diagnosis_line *line);
void steps_on_pause(struct live_case *c, uint64_t now_ms);
void steps_on_time(struct live_case *c);
void steps_on_state(struct live_case *c, enum line_state state);
enum status steps_answer(struct live_case *c, const char *text, struct error *reterr);
/* STATUS_OK with c->is_running still true: the step ends by itself in a moment. */
enum status steps_cancel(struct live_case *c, struct error *reterr);
/* What runs for the step at hand goes. */
void steps_end_jobs(struct live_case *c);
bool steps_are_dangerous(const struct live_case *c);

#endif
