#include "recovery/procedure/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/text.h"

enum { UTF8_MAX = 4 };

static bool condition_holds(const char *condition, run_condition *holds, void *user)
{
	bool negated = condition[0] == '!';
	char name[48];
	const char *equals;

	condition += negated;
	equals = strchr(condition, '=');
	if (equals == NULL || (size_t)(equals - condition) >= sizeof(name))
		return false;
	memcpy(name, condition, (size_t)(equals - condition));
	name[equals - condition] = '\0';
	return holds(user, name, equals + 1) != negated;
}

static void abort_run(struct procedure_run *run, const char *reason)
{
	run->state = RUN_ABORTED;
	text_copy(run->reason, sizeof(run->reason), reason ? reason : "the step failed");
}

static void settle(struct procedure_run *run, run_condition *holds, void *user)
{
	while (run->state == RUN_AT_STEP) {
		const struct procedure_step *step;

		if (run->at >= run->procedure->step_count) {
			run->state = RUN_DONE;
			return;
		}
		if (run->at >= RUN_STEPS_MAX) {	/* procedure_check_head refuses it; half a procedure is never a success */
			abort_run(run, "the procedure has too many steps");
			return;
		}
		step = &run->procedure->steps[run->at];
		if (step->only_if == NULL || condition_holds(step->only_if, holds, user))
			return;
		run->at++;
	}
}

void procedure_run_init(struct procedure_run *run, const struct procedure *procedure, run_condition *holds, void *user)
{
	*run = (struct procedure_run){ .procedure = procedure, .state = RUN_AT_STEP };
	settle(run, holds, user);
}

static bool gets_hold(enum step_kind kind)
{
	return kind == STEP_POWER || kind == STEP_STOP_BOOT || kind == STEP_LOGIN || kind == STEP_BUTTON || kind == STEP_UART_LOAD;
}

/* What a restart of the program loses: the hold of the device, the proofs, and what the bench offered. */
static bool is_lost_by_restart(enum step_kind kind)
{
	return gets_hold(kind) || kind == STEP_IDENTIFY || kind == STEP_CHECK_IMAGE || kind == STEP_BENCH_NET || kind == STEP_SERVE || kind == STEP_LOAD;
}

void procedure_run_resume(struct procedure_run *run, unsigned at, run_condition *holds, void *user)
{
	procedure_run_init(run, run->procedure, holds, user);
	if (at >= run->procedure->step_count)
		return;
	/* The proofs of the old session count no more, so everything from the first of those steps on is done again. */
	for (unsigned i = 0; i <= at; i++)
		if (is_lost_by_restart(run->procedure->steps[i].kind)) {
			run->at = i;
			break;
		}
	settle(run, holds, user);
}

const struct procedure_step *procedure_run_step(const struct procedure_run *run)
{
	return run->state == RUN_AT_STEP ? &run->procedure->steps[run->at] : NULL;
}

static bool go_to(struct procedure_run *run, const char *label)
{
	for (unsigned i = 0; i < run->procedure->step_count; i++)
		if (text_equal(run->procedure->steps[i].label, label)) {
			run->at = i;
			return true;
		}
	return false;
}

/* "abort", "next", "goto LABEL", "retry N", "retry N LABEL": procedure_check_step has seen that they are well-formed. */
static void fail(struct procedure_run *run, const struct procedure_step *step, const char *reason)
{
	const char *way = step->on_fail ? step->on_fail : "abort";

	if (strcmp(way, "next") == 0) {
		run->at++;
	} else if (text_starts(way, "goto ")) {
		if (run->tries[run->at]++ >= RUN_TRIES_MAX || !go_to(run, way + 5))
			abort_run(run, reason);
	} else if (text_starts(way, "retry ")) {
		char *label;
		long tries = strtol(way + 6, &label, 10);

		if (run->tries[run->at]++ >= tries || run->tries[run->at] > RUN_TRIES_MAX || (*label == ' ' && !go_to(run, label + 1)))
			abort_run(run, reason);
	} else {
		abort_run(run, reason);
	}
}

void procedure_run_finish(struct procedure_run *run, enum status result, const char *reason, run_condition *holds, void *user)
{
	const struct procedure_step *step = procedure_run_step(run);

	if (step == NULL)
		return;
	run->last = result;
	/* The device may have started anew, or holds half of an image. */
	if (gets_hold(step->kind) || step->kind == STEP_BOOT || (result != STATUS_OK && (step->kind == STEP_LOAD || step->kind == STEP_WRITE)))
		run->is_image_in_ram = false;
	if (result == STATUS_CANCELLED)
		abort_run(run, reason);
	else if (step->kind == STEP_RESULT)
		result == STATUS_OK ? (void)(run->state = RUN_DONE) : abort_run(run, reason);
	else if (result == STATUS_OK)
		run->at++;
	else
		fail(run, step, reason);
	settle(run, holds, user);
}

enum status procedure_run_guard(const struct procedure_run *run, struct error *reterr)
{
	const struct procedure_step *step = procedure_run_step(run);
	bool writes_image;

	if (step == NULL || (!step->destroys && step->kind != STEP_WRITE))
		return STATUS_OK;
	writes_image = step->kind == STEP_WRITE || step->kind == STEP_USB_ROM || step->kind == STEP_UART_LOAD || step->kind == STEP_PUT;
	if (!run->is_identified) {
		error_set(reterr, STATUS_REFUSED, "the device was not identified before '%s', which cannot be undone", step_kind_name(step->kind));
		return error_hint(reterr, "the procedure must have an identify step in front of it");
	}
	if (writes_image && !run->is_image_checked) {
		error_set(reterr, STATUS_REFUSED, "the image was not checked before '%s', which cannot be undone", step_kind_name(step->kind));
		return error_hint(reterr, "the procedure must have a check-image step in front of it");
	}
	if (step->kind == STEP_WRITE && !run->is_image_in_ram) {
		error_set(reterr, STATUS_REFUSED, "nothing proved that the device's memory holds the image, so it is not written");
		return error_hint(reterr, "load the image again");
	}
	return STATUS_OK;
}

bool procedure_expand(const char *text, expand_lookup *lookup, void *user, char *to, size_t size)
{
	size_t used = 0;
	bool all = true;

	if (size == 0)
		return false;
	while (*text && used + 1 < size) {
		const char *end = text[0] == '$' && text[1] == '{' ? strchr(text, '}') : NULL;
		char name[48];

		if (end == NULL || (size_t)(end - text - 2) >= sizeof(name)) {
			to[used++] = *text++;
			continue;
		}
		memcpy(name, text + 2, (size_t)(end - text - 2));
		name[end - text - 2] = '\0';
		if (!lookup(user, name, to + used, size - used)) {
			all = false;
			text_copy(to + used, size - used, text);
			if (used + (size_t)(end - text) + 1 < size)
				to[used + (size_t)(end - text) + 1] = '\0';
		}
		used += strlen(to + used);
		/* A lookup cuts what does not fit, at a whole character: what fills the room to its end was perhaps cut. */
		if (used + UTF8_MAX >= size)
			all = false;
		text = end + 1;
	}
	to[used] = '\0';
	return all && *text == '\0';
}
