/* src/core/step.h
 *
 * How a kind of step is run: one ops table a kind, listed in step_kinds.c. A step talks through these helpers and ends with step_done or
 * step_failed, after which it is not called any more. */
#ifndef UNBRICK_CORE_STEP_H
#define UNBRICK_CORE_STEP_H

#include "src/core/live_case.h"

struct step_ops {
	void (*start)(struct live_case *c);
	/* Raw bytes of the line while the step runs. */
	void (*on_bytes)(struct live_case *c, struct bytes in, uint64_t now_ms);
	void (*on_line)(struct live_case *c, const struct diagnosis_line *line);
	void (*on_pause)(struct live_case *c, uint64_t now_ms);
	void (*on_time)(struct live_case *c);
	/* STATUS_INVALID with the reason when it does not fit; NULL: the step asks nothing. */
	enum status (*on_answer)(struct live_case *c, const char *text, struct error *reterr);
	/* The line is back after it was lost; NULL: the step fails when the line is lost and is begun again when it is back. */
	void (*on_line_back)(struct live_case *c);
	void (*on_dialog)(struct live_case *c, struct dialog_event event);	/* of step_type() */
	/* Of steps that run a job on the line; NULL: nothing of that kind. */
	void (*on_state)(struct live_case *c, enum line_state state);	/* instead of what steps do else when the line is lost and back */
	bool (*on_cancel)(struct live_case *c);	/* true: it ends by itself in a moment, with step_failed() */
	void (*end)(struct live_case *c);	/* the step is over, or the case is: what runs for it goes */
	bool types;	/* drives the line: the operator's keys wait */
	bool watches;	/* what the device prints meanwhile is its own course, not answers to commands: the diagnosis heeds it */
};

/* NULL: nothing is known for the kind. */
const struct step_ops *step_ops_find(enum step_kind kind);

void step_done(struct live_case *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void step_failed(struct live_case *c, const struct error *error);
/* A field of the step with its ${names} replaced; "" when it has none. to is returned. */
const char *step_field(struct live_case *c, const char *name, char *to, size_t size);
unsigned step_field_seconds(struct live_case *c, const char *name, unsigned otherwise);	/* "7", "7s", "2min" */
bool step_is(struct live_case *c, const char *field, const char *value);
void step_set_deadline(struct live_case *c, uint64_t after_ms);
/* Types a command at the prompt (the loader's, or the shell's) and calls ops->on_dialog when it is over. */
const char *step_clean_keys(const struct live_case *c);
void step_type(struct live_case *c, const char *prompt, const char *command, uint64_t silence_ms, const char *until, bool hidden);
/* Feeds a running dialog; for ops->on_bytes and on_time of steps that type. */
void step_feed_dialog(struct live_case *c, struct bytes in, uint64_t now_ms);
void step_tick_dialog(struct live_case *c);

/* ${name} of a case: method values, profile and case facts. */
bool step_lookup(void *user, const char *name, char *ret_value, size_t size);
bool step_condition(void *user, const char *name, const char *value);

/* For steps that talk to the loader: its driver and its prompt are there, else the step has failed. */
bool step_loader_is_ready(struct live_case *c, bool needs_image);
/* Where the image is offered by TFTP: as the operator chose, the profile or the command line says; 0: 69. */
unsigned step_tftp_port(const struct live_case *c);
/* c->place: where so many bytes of the image lie in the flash, and how they travel, from the profile. */
enum status step_loader_place(struct live_case *c, uint64_t size, struct error *reterr);

/* One ops table a kind. */
extern const struct step_ops step_note, step_confirm, step_by_hand, step_power, step_button, step_bench_net, step_serve, step_stop_boot, step_send, step_login,
	step_identify, step_check_image, step_load, step_compare, step_look, step_unlock, step_write, step_readback, step_environment, step_boot, step_free_space, step_wait, step_verify,
	step_result, step_uart_load, step_serial_load;

/* step_look.c: a command that read the flash failed; where the loader says that error correction gave up, that speaks for FLASH-WEAR. */
void step_note_worn_flash(struct live_case *c, const char *reply);
/* step_loader.c: the image, its place and the driver are known, and c->step.task is ready; else the step has failed. */
bool step_begin_image_task(struct live_case *c);
/* step_serial_load.c: does this load step go over the console's line? */
bool step_is_serial_load(struct live_case *c);

#endif
