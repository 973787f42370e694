/* recovery/procedure/runner.h
 *
 * The one runner of all procedures: which step is next, what a failure leads to, and what must not happen yet. Pure: it decides, the
 * caller does. Conditions (only-if) and ${names} are asked of the caller. */
#ifndef UNBRICK_RECOVERY_RUNNER_H
#define UNBRICK_RECOVERY_RUNNER_H

#include <stdbool.h>
#include <stddef.h>

#include "recovery/procedure/procedure.h"

enum { RUN_STEPS_MAX = 64, RUN_TRIES_MAX = 9 };

enum run_state {
	RUN_AT_STEP,
	RUN_DONE,
	RUN_ABORTED,
};

struct procedure_run {	/* caller-owned; fields are read-only outside runner.c, but for the three proofs */
	const struct procedure *procedure;
	enum run_state state;
	unsigned at;		/* index of the step */
	unsigned char tries[RUN_STEPS_MAX];
	char reason[200];	/* why it was aborted */
	enum status last;	/* how the last step ended */
	/* Proofs that guards ask for; set by the caller when it has seen them. */
	bool is_identified;	/* the model was proved, or confirmed by hand */
	bool is_image_checked;	/* whole, right hardware; or overridden with the typed word */
	bool is_image_in_ram;	/* what arrived was compared with the file */
};

/* Is `name` `value` now? For "has=image" name is "has". */
typedef bool run_condition(void *user, const char *name, const char *value);

void procedure_run_init(struct procedure_run *run, const struct procedure *procedure, run_condition *holds, void *user);
/* Goes on at a later step, as after a restart of the program: nothing of the old session is taken for granted, so this backs up to the step
 * that gets hold of the device (power, stop-boot, login). */
void procedure_run_resume(struct procedure_run *run, unsigned at, run_condition *holds, void *user);
/* NULL when the run is over. */
const struct procedure_step *procedure_run_step(const struct procedure_run *run);
/* The step has ended so; moves on after its on-fail. reason may be NULL. */
void procedure_run_finish(struct procedure_run *run, enum status result, const char *reason, run_condition *holds, void *user);
/* May the step begin? STATUS_REFUSED with the reason. */
enum status procedure_run_guard(const struct procedure_run *run, struct error *reterr);

/* Replaces ${name}; an unknown name stays as it is. Returns false when something was unknown or did not fit. */
typedef bool expand_lookup(void *user, const char *name, char *ret_value, size_t size);
bool procedure_expand(const char *text, expand_lookup *lookup, void *user, char *to, size_t size);

#endif
