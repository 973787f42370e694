/* recovery/procedure/procedure.h
 *
 * A procedure: steps as data (firmware-db/procedures/<name>.yaml), run by one runner. The step kinds cover what the recovery
 * of real devices needs; which fields a kind takes is a table in procedure.c that loading checks. Texts may hold ${name}:
 * values of the method (with:), of the profile and of the case. src/store/device_library owns the memory. */
#ifndef UNBRICK_RECOVERY_PROCEDURE_H
#define UNBRICK_RECOVERY_PROCEDURE_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/status.h"

enum { PROCEDURE_STEPS_MAX = 64, PROCEDURE_RETRIES_MAX = 9 };	/* what the runner can count */

enum step_kind {
	STEP_NOTE,		/* show a text; severity */
	STEP_CONFIRM,		/* ask; a "no" is a failure (on-fail) */
	STEP_IDENTIFY,		/* prove the model before anything is written */
	STEP_BACKUP,		/* read unit data before it is overwritten */
	STEP_WIRE,		/* cables, levels, pads */
	STEP_MEDIA,		/* prepare a card or stick */
	STEP_MOVE_MEDIA,	/* insert, remove, swap */
	STEP_TRANSFORM,		/* cut, pad, prepend, rename */
	STEP_BENCH_NET,		/* addresses the bench must own */
	STEP_SERVE,		/* offer files or answer; stays up until the procedure ends */
	STEP_PUT,		/* bring a file to a device that serves */
	STEP_POWER,		/* on, off, cycle */
	STEP_BUTTON,		/* press, hold, release */
	STEP_SHORT,		/* pads, straps, jumpers */
	STEP_STOP_BOOT,		/* get the loader's prompt */
	STEP_SEND,		/* one command to the loader or the shell, and what must come back */
	STEP_LOGIN,		/* sign in at the device's shell */
	STEP_LOAD,		/* bring the image into the device's RAM and check what arrived */
	STEP_UNLOCK,		/* opens what the bootloader keeps locked, by a handshake that is public */
	STEP_COMPARE,		/* read the flash, compare with the image: evidence, changes nothing */
	STEP_LOOK,		/* read one thing off the device that parts two causes: evidence, changes nothing */
	STEP_WRITE,		/* image from RAM to flash */
	STEP_READBACK,		/* flash to RAM, compare */
	STEP_FREE_SPACE,	/* show what fills the device, clear after asking */
	STEP_ENVIRONMENT,	/* repair the loader's environment: for this start, and for good where it can be saved */
	STEP_BOOT,		/* start the system from the loader (reset, or boot by hand) */
	STEP_UART_LOAD,		/* boot ROM or loader takes the file over serial */
	STEP_USB_ROM,		/* boot ROM's USB mode */
	STEP_SLOT,		/* switch the firmware slot */
	STEP_SPI,		/* external programmer */
	STEP_WAIT,		/* for a time, LED, sign; with the reason */
	STEP_WATCH,		/* for the first of several signs */
	STEP_CHECK_IMAGE,	/* hash against the vendor's, whole, right hardware */
	STEP_VERIFY,		/* the device runs the intended version: banner, login, no alarm */
	STEP_RESULT,		/* ends the procedure: done, or abort with a reason */
	STEP_KIND_COUNT
};

struct step_param {
	const char *name;
	const char *value;
};

struct procedure_step {
	enum step_kind kind;	/* do: */
	const char *label;	/* to be jumped to; unique in the procedure */
	const char *text;	/* what the operator reads */
	const char *only_if;	/* "cause=POWER", "has=image" (prompt, shell), "happened=power", "answer.x=yes", with '!' in front to negate; NULL: always */
	const char *on_fail;	/* "abort" (default), "next", "goto LABEL", "retry N" then abort, "retry N LABEL" */
	unsigned timeout_seconds;	/* 0: the kind's own */
	bool destroys;		/* what is on the flash is lost from here on */
	bool do_not_cut;	/* power must stay on while it runs */
	const char *silent;	/* how long silence is normal, for the operator */
	struct step_param *with;	/* the fields of the kind: procedure_field_rule() */
	unsigned with_count;
};

struct procedure {
	const char *name;
	const char *title;
	const char *summary;
	const char *needs;		/* space separated: serial network image usb button card login */
	struct procedure_step *steps;
	unsigned step_count;
	const char *source;
};

/* Which fields a kind of step takes; the table is in procedure.c. */
enum procedure_field_type {
	PROCEDURE_FIELD_TEXT,
	PROCEDURE_FIELD_WORD,		/* one of .words */
	PROCEDURE_FIELD_NUMBER,		/* "64", "0x50000", "192KiB" */
	PROCEDURE_FIELD_SECONDS,	/* "7", "7s" or "2min" */
	PROCEDURE_FIELD_BOOL,		/* "true", "false" */
};

struct procedure_field_rule {
	enum step_kind kind;
	const char *name;
	enum procedure_field_type type;
	bool is_required;
	const char *words;		/* space separated */
};

const char *step_kind_name(enum step_kind kind);	/* "stop-boot" */
bool step_kind_parse(const char *name, enum step_kind *ret_kind);
/* NULL when the kind knows no such field. */
const struct procedure_field_rule *procedure_field_rule(enum step_kind kind, const char *name);
/* NULL when the step has no such field. */
const char *procedure_step_field(const struct procedure_step *step, const char *name);

/* ${name} in texts and fields stands for, first found wins: the method's with:, the profile (profile_value()), the case:
 * device (its title), port, image (file name), answer.NAME. */
bool procedure_is_case_value(const char *name);
/* Calls on_value for every ${name} of the procedure until it returns false; false when it did. Ill-formed ones are the check's. */
bool procedure_each_value(const struct procedure *procedure, bool (*on_value)(void *user, unsigned step, const char *name), void *user);

/* Fields known for the kind, flow words well-formed, labels found and unique, nothing destroyed before the model is proven.
 * STATUS_INVALID names step and reason. Apart for what belongs to no step and for one step, so that a loader can add the line. */
enum status procedure_check_head(const struct procedure *procedure, struct error *reterr);
enum status procedure_check_step(const struct procedure *procedure, unsigned step, struct error *reterr);

#endif
