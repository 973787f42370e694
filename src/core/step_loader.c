/* Steps that talk to the bootloader through its driver: identify at the prompt, load, compare, write, read back. */
#include <stdio.h>

#include "recovery/procedure/pattern.h"
#include "src/base/text.h"
#include "src/core/step.h"

typedef loader_next *loader_next_ptr;

static loader_next_ptr current_task(const struct live_case *c)
{
	const struct loader_driver *driver = c->loader;

	if (c->step.ops == &step_identify)
		return driver->learn;
	if (c->step.ops == &step_load)
		return driver->load_tftp;
	if (c->step.ops == &step_write)
		return driver->write;
	if (c->step.ops == &step_unlock)
		return driver->unlock;
	return driver->compare;
}

static const char *missing_task(const struct live_case *c)
{
	if (c->step.ops == &step_unlock)
		return "no handshake is known that opens it";
	return c->step.ops == &step_load ? c->loader->why_no_load : c->step.ops == &step_write ? c->loader->why_no_write : c->loader->why_no_compare;
}

static void finish_task(struct live_case *c);

static struct loader_task *active_task(struct live_case *c)
{
	return c->step.phase == 1 ? &c->step.fine : &c->step.task;
}

/* What failed half way is said as such: the three statements never stay open after a failure. */
static void fail_task(struct live_case *c, const struct error *error)
{
	if (c->step.ops == &step_write)
		case_outcome(c, "written", OUTCOME_NO, error->text);
	else if (c->step.ops == &step_readback)
		case_outcome(c, "verified", OUTCOME_NO, error->text);
	step_failed(c, error);
}

static void fail_load(struct live_case *c, const struct error *error);

/* Asks the task what to type next, or ends the step. */
static void advance(struct live_case *c, const char *reply)
{
	struct loader_task *task = active_task(c);
	struct error error;

	if (current_task(c) == NULL) {
		const char *why = missing_task(c);

		error_set(&error, STATUS_UNSUPPORTED, "the driver of this bootloader cannot do that: %s", why ? why : "it has no such command");
		error_hint(&error, "choose another plan, or do it by hand on the console (c)");
		fail_task(c, &error);
		return;
	}
	switch (current_task(c)(task, reply, &c->step.say, &error)) {
	case LOADER_TYPE:
		step_type(c, c->prompt, c->step.say.command, c->step.say.silence_ms, c->step.say.until, false);
		break;
	case LOADER_DONE:
		finish_task(c);
		break;
	case LOADER_SEND:	/* of load_serial only, which serial_load.h runs */
	case LOADER_FAILED:
		if (c->step.ops == &step_compare || c->step.ops == &step_readback)
			step_note_worn_flash(c, reply);
		fail_load(c, &error);
		break;
	}
}

/* Twice without TFTP is enough to offer the way that needs no network. */
static void fail_load(struct live_case *c, const struct error *error)
{
	char estimate[64];
	struct error why = *error;

	if (c->step.ops != &step_load || c->run.tries[c->run.at] == 0 || !serial_load_is_offered(c)) {
		fail_task(c, &why);
		return;
	}
	case_log(c, JOURNAL_PROGRAM, "error", "%s", why.text);
	case_problem(c, &why);
	case_clear_page(c);
	case_say(c, "TFTP does not work here.");
	case_ask(c, QUESTION_CHOOSE, "Send the image over the serial line instead? It takes %s.", serial_load_estimate(c, estimate, sizeof(estimate)));
	case_choice(c, "yes", 's', "Yes, over the serial line", "slow, and needs nothing but the console's cable");
	case_choice(c, "no", 'n', "No: try TFTP again, as the way back says", "");
}

static enum status answer_load(struct live_case *c, const char *text, struct error *reterr)
{
	struct error why = c->view.problem;

	(void)reterr;
	if (text_equal(text, "yes")) {
		case_problem(c, NULL);
		serial_load_choose(c, JOURNAL_OPERATOR);
		case_clear_page(c);
		c->step.ops = &step_serial_load;
		step_serial_load.start(c);
	} else if (why.status != STATUS_OK) {
		step_failed(c, &why);
	}
	return STATUS_OK;
}

static void on_dialog(struct live_case *c, struct dialog_event event)
{
	struct loader_task *task = active_task(c);
	struct error error;

	if (event.type == DIALOG_MATCHED && c->step.say.until && !c->step.say.asks) {
		/* The loader tries for ever; Ctrl-C brings its prompt back. */
		console_write(c->console, BYTES("\x03"));
		error_set(&error, STATUS_TIMEOUT, "the device got no answer from the TFTP server on %s", c->place.bench_ip);
		error_hint(&error, "check the network cable, and that no firewall on this machine blocks UDP");
		fail_load(c, &error);
		return;
	}
	if (event.type == DIALOG_FAILED) {
		error_set(&error, event.status, event.status == STATUS_TIMEOUT ? "the bootloader did not answer '%.80s' in time" :
			  "the bootloader did not take '%.80s' as it was typed", c->step.command);
		error_hint(&error, "check the serial line; this step can be begun again");
		fail_task(c, &error);
		return;
	}
	advance(c, dialog_reply(&c->step.dialog));
	if (c->step.ops && c->step.ops != &step_load && c->step.ops != &step_identify && c->step.ops != &step_unlock && task->total > 0)
		case_progress(c, c->step.ops == &step_write ? "write" : c->step.ops == &step_compare ? "compare" : "verify", task->done, task->total,
			      c->step.started_ms);
}

bool step_loader_is_ready(struct live_case *c, bool needs_image)
{
	const struct profile *profile = c->profile;
	struct error error;

	error_set(&error, STATUS_OK, "%s", "");
	c->loader = loader_driver_find(profile ? profile->console.loader : NULL);
	if (c->loader == NULL)
		error_set(&error, STATUS_UNSUPPORTED, "no driver for the bootloader '%s'", profile ? profile->console.loader : "");
	else if (c->prompt[0] == '\0')
		error_set(&error, STATUS_INVALID, "the device is not at its bootloader prompt");
	else if (needs_image && (profile == NULL || c->image == NULL))
		error_set(&error, STATUS_INVALID, "%s", profile ? "no image was chosen" : "the device is not known: choose its model");
	if (error.status == STATUS_OK)
		return true;
	step_failed(c, &error);
	return false;
}

enum status step_loader_place(struct live_case *c, uint64_t size, struct error *reterr)
{
	const struct profile *profile = c->profile;
	uint64_t room;
	enum status status;

	c->place = (struct loader_place){
		.device = profile->storage.device, .erase_size = profile->storage.erase_size, .base = profile->storage.base,
		.load_address = profile->network.load_address, .device_ip = profile->network.device_ip, .bench_ip = profile->network.bench_ip,
		.netmask = profile->network.netmask, .node = profile->storage.node, .tftp_port = step_tftp_port(c),
		.file_name = text_file_name(c->view.image),
	};
	if (!loader_storage_parse(profile->storage.kind, &c->place.storage) || c->place.load_address == 0)
		return error_set(reterr, STATUS_INVALID, "the profile %s does not say how its flash is reached", profile->id);
	status = plan_image_range(profile, &c->place.offset, &room, reterr);
	if (status != STATUS_OK)
		return status;
	c->place.room = room;
	if (size > room) {
		error_set(reterr, STATUS_NO_SPACE, "the image is larger than the %llu bytes that its partitions have", (unsigned long long)room);
		return error_hint(reterr, "choose the image for this model and revision");
	}
	return plan_guard_range(profile, c->place.offset, size, reterr);
}

/* A name that the loader's command line could not hold is served as "firmware.bin". */
static void begin_image_task(struct live_case *c)
{
	struct error error;

	if (!step_loader_is_ready(c, true))
		return;
	if (step_loader_place(c, image_file_bytes(c->image).size, &error) != STATUS_OK) {
		step_failed(c, &error);
		return;
	}
	for (const char *at = c->place.file_name; *at; at++)
		if (*at <= ' ' || *at > '~' || strchr(";&|$\"'\\#", *at) || at - c->place.file_name > 60) {
			c->place.file_name = "firmware.bin";
			break;
		}
	loader_task_init(&c->step.task, &c->place, &c->build, image_file_bytes(c->image));
}

/* ---- identify ---- */

static bool log_identifies(struct live_case *c)
{
	const struct profile_identity *identity = &c->profile->identity;
	unsigned last = diagnosis_line_count(console_diagnosis(c->console));

	for (unsigned i = 0; i < identity->log.count; i++)
		for (unsigned n = last > CONSOLE_LINES_KEPT ? last - CONSOLE_LINES_KEPT + 1 : 1; n <= last; n++) {
			const struct console_line *line = console_find_line(c->console, n);

			if (line && pattern_matches(identity->log.item[i], line->text, NULL, 0)) {
				case_log(c, JOURNAL_OBSERVED, "identity", "line %u shows the model: %.100s", n, line->text);
				return true;
			}
		}
	return false;
}

static void ask_identity(struct live_case *c)
{
	case_clear_page(c);
	case_say(c, "Nothing that the device prints proves its model.");
	case_say(c, "Read model and revision off its sticker.");
	if (c->profile && c->profile->identity.sticker)
		case_say(c, "Where it is: %s", c->profile->identity.sticker);
	case_ask(c, QUESTION_CHOOSE, "Is this a %s?", c->view.title);
	case_choice(c, "yes", 'y', "Yes, the sticker says so", "");
	case_choice(c, "no", 'n', "No, or not sure", "");
	c->view.question.preferred = 1;
}

static void start_identify(struct live_case *c)
{
	case_say(c, "Making sure that this is a %s", c->view.title);
	if (c->prompt[0] && c->profile) {
		if (!step_loader_is_ready(c, false))
			return;
		loader_task_init(&c->step.task, NULL, &c->build, (struct bytes){ NULL, 0 });
		advance(c, NULL);
	} else if (c->profile && c->console && log_identifies(c)) {
		c->run.is_identified = true;
		step_done(c, "identified by its boot log");
	} else {
		ask_identity(c);
	}
}

/* "model=cam32" against what printenv gave. 1: proved, -1: another model, 0: it does not say. */
static int environment_identifies(struct live_case *c, const char *printenv)
{
	const struct profile_identity *identity = &c->profile->identity;
	int found = 0;

	for (unsigned i = 0; i < identity->env.count; i++) {
		char name[48], value[96];
		const char *equals = strchr(identity->env.item[i], '=');

		if (equals == NULL || (size_t)(equals - identity->env.item[i]) >= sizeof(name))
			continue;
		memcpy(name, identity->env.item[i], (size_t)(equals - identity->env.item[i]));
		name[equals - identity->env.item[i]] = '\0';
		if (!loader_env_value(printenv, name, value, sizeof(value)))
			continue;
		found = text_equal(value, equals + 1) ? 1 : -1;
		case_log(c, JOURNAL_OBSERVED, "identity", "the bootloader's environment says %s=%.60s", name, value);
		if (found > 0)
			break;
	}
	return found;
}

static void finish_identify(struct live_case *c)
{
	int found = environment_identifies(c, dialog_reply(&c->step.dialog));
	struct error error;

	if (c->build.version[0])
		case_log(c, JOURNAL_OBSERVED, "loader", "bootloader: %s", c->build.version);
	if (found < 0) {
		error_set(&error, STATUS_REFUSED, "the device says that it is another model than %s", c->view.title);
		error_hint(&error, "go back and choose the model that the device names");
		step_failed(c, &error);
	} else if (found > 0 || log_identifies(c)) {
		c->run.is_identified = true;
		step_done(c, "identified as %s by the device itself", c->view.title);
	} else {
		ask_identity(c);
	}
}

static enum status answer_identify(struct live_case *c, const char *text, struct error *reterr)
{
	struct error error;

	(void)reterr;
	if (text_equal(text, "yes")) {
		c->run.is_identified = true;
		case_log(c, JOURNAL_OPERATOR, "answer", "the sticker says %s", c->view.title);
		step_done(c, "%s", "");
		return STATUS_OK;
	}
	error_set(&error, STATUS_REFUSED, "the model was not confirmed, so nothing is written");
	error_hint(&error, "go back and choose the device that the sticker names");
	step_failed(c, &error);
	return STATUS_OK;
}

const struct step_ops step_identify = { .start = start_identify, .on_dialog = on_dialog, .on_answer = answer_identify, .types = true };

/* ---- unlock, load, write, readback, compare ---- */

static void start_unlock(struct live_case *c)
{
	case_say(c, "Opening the locked commands of the bootloader");
	if (!step_loader_is_ready(c, false))
		return;
	step_field(c, "name", c->board, sizeof(c->board));
	c->place = (struct loader_place){ .board = c->board[0] ? c->board : NULL };
	loader_task_init(&c->step.task, &c->place, &c->build, (struct bytes){ NULL, 0 });
	advance(c, NULL);
}

const struct step_ops step_unlock = { .start = start_unlock, .on_dialog = on_dialog, .types = true };

bool step_begin_image_task(struct live_case *c)
{
	begin_image_task(c);
	return c->step.ops != NULL;
}

static void start_load(struct live_case *c)
{
	if (step_is_serial_load(c)) {
		c->step.ops = &step_serial_load;
		step_serial_load.start(c);
		return;
	}
	case_say(c, "The device fetches the image by TFTP");
	c->run.is_image_in_ram = false;
	begin_image_task(c);
	if (c->step.ops)
		advance(c, NULL);
}

const struct step_ops step_load = { .start = start_load, .on_dialog = on_dialog, .on_answer = answer_load, .types = true };

static void start_write(struct live_case *c)
{
	case_say(c, "Writing to the flash");
	begin_image_task(c);
	if (c->step.ops == NULL)
		return;
	case_outcome(c, "written", OUTCOME_UNKNOWN, "");
	case_log(c, JOURNAL_PROGRAM, "write", "begins at 0x%llx", (unsigned long long)c->place.offset);
	case_progress(c, "write", 0, c->step.task.total, c->step.started_ms);
	advance(c, NULL);
}

const struct step_ops step_write = { .start = start_write, .on_dialog = on_dialog, .types = true };

static void start_readback(struct live_case *c)
{
	case_say(c, "Reading the flash back and comparing it with the image");
	begin_image_task(c);
	if (c->step.ops == NULL)
		return;
	c->step.task.stop_at_difference = true;
	c->step.task.cell_size = LOADER_PIECE;
	advance(c, NULL);
}

const struct step_ops step_readback = { .start = start_readback, .on_dialog = on_dialog, .types = true };

static void start_compare(struct live_case *c)
{
	case_say(c, "Reading the flash and comparing it with the image; nothing is changed");
	begin_image_task(c);
	if (c->step.ops)
		advance(c, NULL);
}

const struct step_ops step_compare = { .start = start_compare, .on_dialog = on_dialog, .types = true };

/* What the console showed of it: with other causes the kernel did start. */
static bool loader_does_not_start_it(enum cause cause)
{
	return cause == CAUSE_CHECKSUM || cause == CAUSE_POWER || cause == CAUSE_BAD_ENV;
}

static void finish_compare(struct live_case *c)
{
	struct loader_difference difference;
	char why[160];

	loader_difference_of(&c->step.task, &difference);
	if (c->step.phase == 0 && difference.border_cell != SIZE_MAX && !c->loader->compare_needs_ram) {
		/* One look inside the cell where the two kinds of data meet. */
		uint64_t offset = (uint64_t)difference.border_cell * c->step.task.cell_size;
		struct bytes rest = bytes_from(image_file_bytes(c->image), offset);

		if (rest.size > c->step.task.cell_size)
			rest.size = c->step.task.cell_size;
		c->step.phase = 1;
		c->place.offset += offset;
		c->place.room -= offset;
		loader_task_init(&c->step.fine, &c->place, &c->build, rest);
		c->step.fine.cell_size = LOADER_FINE_CELL;
		advance(c, NULL);
		return;
	}
	if (c->step.phase == 1)
		loader_difference_refine(&c->step.task, &c->step.fine, &difference);
	c->is_compared = true;
	if (case_image_belongs(c, why, sizeof(why)) != IMAGE_BELONGS) {
		/* Neither that it is the same nor that it differs proves anything, where no loader could start it. */
		text_format(c->observed_text, sizeof(c->observed_text), "%.80s; but %.74s", difference.text, why);
		step_done(c, "%s; but %s", difference.text, why);
		return;
	}
	if (image_file_facts(c->image)->whole == IMAGE_NO) {	/* compared all the same, by the operator's word */
		text_format(c->observed_text, sizeof(c->observed_text), "%.100s; but that file is damaged", difference.text);
		step_done(c, "%s; but that file is damaged, so it proves nothing", difference.text);
		return;
	}
	text_copy(c->observed_text, sizeof(c->observed_text), difference.text);
	if (difference.is_other || case_judge_fit(c, image_file_facts(c->image), why, sizeof(why)) > IMAGE_FITS) {
		step_done(c, "%s; that proves no damage", difference.text);
		return;
	}
	if (difference.same == difference.total) {
		guide_found(c, EVIDENCE_PROBE, CAUSE_CHECKSUM, -60, difference.text);
		guide_found(c, EVIDENCE_PROBE, CAUSE_POWER, -60, difference.text);
		if (loader_does_not_start_it(c->view.verdict.cause))
			guide_found(c, EVIDENCE_PROBE, CAUSE_BAD_ENV, 70, "the flash holds exactly the image, yet the bootloader does not start it: its settings are wrong");
	} else if (difference.has_foreign_front || (difference.has_cut_front && difference.has_gap)) {
		guide_found(c, EVIDENCE_PROBE, CAUSE_POWER, difference.has_gap ? 90 : 60, difference.text);
		guide_found(c, EVIDENCE_PROBE, CAUSE_CHECKSUM, -40, difference.text);
	} else {
		guide_found(c, EVIDENCE_PROBE, CAUSE_CHECKSUM, difference.has_erased_tail ? 60 : 80, difference.text);
		if (!difference.has_erased_tail)
			guide_found(c, EVIDENCE_PROBE, CAUSE_POWER, -30, difference.text);
	}
	step_done(c, "%s", difference.text);
}

static void finish_task(struct live_case *c)
{
	char text[120];

	if (c->step.ops == &step_identify) {
		finish_identify(c);
	} else if (c->step.ops == &step_unlock) {
		step_done(c, "%s", "the bootloader took its password");
	} else if (c->step.ops == &step_load) {
		c->run.is_image_in_ram = true;
		step_done(c, "the device's memory holds the image: %s", c->step.task.proof);
	} else if (c->step.ops == &step_write) {
		text_format(text, sizeof(text), "%llu bytes from 0x%llx on, each command answered well", (unsigned long long)c->step.task.total,
			    (unsigned long long)c->place.offset);
		case_outcome(c, "written", OUTCOME_YES, text);
		c->finding_count = 0;	/* they were about what stood there before */
		c->observed_text[0] = '\0';
		step_done(c, "written: %s", text);
	} else if (c->step.ops == &step_readback) {
		case_outcome(c, "verified", OUTCOME_YES, "read back from the flash: CRC of every block is the image's");
		step_done(c, "the flash holds exactly the image");
	} else {
		finish_compare(c);
	}
}
