/* look: one thing read off the device that parts two causes. Nothing is changed. */
#include <inttypes.h>

#include "recovery/loader/environment_check.h"
#include "recovery/procedure/free_space.h"
#include "src/base/text.h"
#include "src/core/step.h"

enum {
	REREAD_MAX = 16 * 1024 * 1024,	/* worn flash shows in less, and nobody waits for more */
	SILENCE_MS = 15000,
	WORN_WEIGHT = 70,	/* less than a block that reads differently each time: what another ECC wrote fails in the same way */
};

static loader_next *task_of(struct live_case *c)
{
	return step_is(c, "at", "variables") ? c->loader->learn : c->loader->reread;
}

static void look_at_variables(struct live_case *c)
{
	struct environment_finding finding;

	environment_check(dialog_reply(&c->step.dialog), &finding);
	text_copy(c->observed_text, sizeof(c->observed_text), finding.text);
	if (finding.weight != 0)
		guide_found(c, EVIDENCE_PROBE, CAUSE_BAD_ENV, finding.weight, finding.text);
	step_done(c, "%s", finding.text);
}

static void look_at_readings(struct live_case *c)
{
	const struct loader_task *task = &c->step.task;
	char size[32];

	if (task->first_difference != UINT64_MAX) {
		text_format(c->observed_text, sizeof(c->observed_text), "the flash at 0x%" PRIx64 " reads differently each time",
			    c->place.offset + task->first_difference);
		guide_found(c, EVIDENCE_PROBE, CAUSE_FLASH_WEAR, 90, c->observed_text);
	} else {
		text_format(c->observed_text, sizeof(c->observed_text), "%s of flash from 0x%" PRIx64 " on read the same twice",
			    text_size(size, sizeof(size), task->total), c->place.offset);
		guide_found(c, EVIDENCE_PROBE, CAUSE_FLASH_WEAR, -50, c->observed_text);
	}
	step_done(c, "%s", c->observed_text);
}

static void look_at_space(struct live_case *c, const char *reply)
{
	struct free_space list[FREE_SPACE_MAX];
	size_t count = free_space_parse(reply, list, FREE_SPACE_MAX);
	const struct free_space *fullest = free_space_fullest(list, count);
	char left[32], of[32];
	struct error error;

	if (fullest == NULL) {
		error_set(&error, STATUS_PROTOCOL, "the device's df did not list a file system that can be written");
		error_hint(&error, "look on the console (c) what the device says");
		step_failed(c, &error);
		return;
	}
	text_size(left, sizeof(left), fullest->free_kib * UINT64_C(1024));
	text_size(of, sizeof(of), fullest->total_kib * UINT64_C(1024));
	text_format(c->observed_text, sizeof(c->observed_text), "%s: %.60s has %s of %s free",
		    free_space_is_full(fullest) ? "a file system is full" : "every file system has room; the fullest", fullest->mount, left, of);
	guide_found(c, EVIDENCE_PROBE, CAUSE_SPACE, free_space_is_full(fullest) ? 75 : -50, c->observed_text);
	step_done(c, "%s", c->observed_text);
}

void step_note_worn_flash(struct live_case *c, const char *reply)
{
	const char *line = reply != NULL ? loader_worn_flash_in(reply) : NULL;
	char said[100], text[160];

	if (line == NULL)
		return;
	text_printable(said, sizeof(said), bytes_of(line, strcspn(line, "\n")));
	text_format(text, sizeof(text), "the flash could not be read back: %s", said);
	for (size_t i = 0; i < c->finding_count; i++)
		if (text_equal(c->finding[i].text, text))
			return;		/* the step was tried again */
	guide_found(c, EVIDENCE_PROBE, CAUSE_FLASH_WEAR, WORN_WEIGHT, text);
}

static void advance(struct live_case *c, const char *reply)
{
	struct error error;

	switch (task_of(c)(&c->step.task, reply, &c->step.say, &error)) {
	case LOADER_TYPE:
		step_type(c, c->prompt, c->step.say.command, c->step.say.silence_ms, c->step.say.until, false);
		break;
	case LOADER_SEND:	/* of load_serial only, which serial_load.h runs */
	case LOADER_FAILED:
		if (step_is(c, "at", "flash-twice"))
			step_note_worn_flash(c, reply);
		step_failed(c, &error);
		break;
	case LOADER_DONE:
		if (step_is(c, "at", "variables"))
			look_at_variables(c);
		else
			look_at_readings(c);
		break;
	}
}

static void start_space(struct live_case *c)
{
	struct error error;

	case_say(c, "Looking at the free space; nothing is changed");
	if (c->shell_prompt[0]) {
		step_type(c, c->shell_prompt, "df -k; cat /proc/mounts", SILENCE_MS, NULL, false);
		return;
	}
	error_set(&error, STATUS_INVALID, "nobody is signed in on the device");
	step_failed(c, &error);
}

static void start_at_loader(struct live_case *c)
{
	bool is_reread = step_is(c, "at", "flash-twice");
	uint64_t offset, room = 0;
	struct error error;

	case_say(c, "%s; nothing is changed", is_reread ? "Reading the flash twice" : "Reading the bootloader's variables");
	if (!step_loader_is_ready(c, false))
		return;
	error_set(&error, STATUS_OK, "%s", "");
	if (is_reread ? c->loader->reread == NULL : !c->loader->has_variables || c->loader->learn == NULL)
		error_set(&error, STATUS_UNSUPPORTED, "this bootloader has no command for it");
	else if (is_reread && c->profile == NULL)
		error_set(&error, STATUS_INVALID, "the device is not known: choose its model");
	else if (is_reread && plan_image_range(c->profile, &offset, &room, &error) == STATUS_OK)
		step_loader_place(c, room < REREAD_MAX ? room : REREAD_MAX, &error);
	if (error.status != STATUS_OK) {
		step_failed(c, &error);
		return;
	}
	loader_task_init(&c->step.task, &c->place, &c->build, (struct bytes){ NULL, room < REREAD_MAX ? room : REREAD_MAX });
	advance(c, NULL);
}

static void start_look(struct live_case *c)
{
	if (step_is(c, "at", "space"))
		start_space(c);
	else
		start_at_loader(c);
}

static void on_dialog(struct live_case *c, struct dialog_event event)
{
	struct error error;

	if (event.type != DIALOG_REPLIED) {
		error_set(&error, event.status, "the device did not answer '%.60s' in time", c->step.command);
		error_hint(&error, "check the serial line; this can be tried again");
		step_failed(c, &error);
	} else if (step_is(c, "at", "space")) {
		look_at_space(c, dialog_reply(&c->step.dialog));
	} else {
		advance(c, dialog_reply(&c->step.dialog));
		if (c->step.ops == &step_look && c->step.task.done > 0)
			case_progress(c, "read", c->step.task.done, c->step.task.total, c->step.started_ms);
	}
}

const struct step_ops step_look = { .start = start_look, .on_dialog = on_dialog, .types = true };
