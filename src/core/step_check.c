/* Steps that look before and after: the image, waiting for the device, and whether it really runs. */
#include <stdio.h>

#include "recovery/procedure/pattern.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/step.h"
#include "src/media/archive.h"

enum {
	DIGEST_LOOK_MS = 100,
	DEAD_MS = 10000,	/* of silence behind a fault: nothing more will come */
	SETTLE_MS = 1500,	/* of quiet behind the login prompt: late alarms come right after it */
};

/* ---- check-image ---- */

/* Written to its place in the flash as it is, or compared with what stands there. A device that takes the file itself may unpack or decrypt it. */
static bool lies_raw(const struct live_case *c)
{
	for (unsigned i = 0; c->procedure && i < c->procedure->step_count; i++)
		if (c->procedure->steps[i].kind == STEP_WRITE || c->procedure->steps[i].kind == STEP_COMPARE)
			return true;
	return false;
}

enum image_belonging case_image_belongs(const struct live_case *c, char *ret_why, size_t size)
{
	const char *first = c->profile && c->profile->image_covers.count > 0 ? c->profile->image_covers.item[0] : NULL;
	const struct profile_partition *part = first ? profile_partition_named(c->profile, first) : NULL;
	const struct loader_driver *driver = c->profile ? loader_driver_find(c->profile->console.loader) : NULL;
	const struct image_place place = {
		.holds = part ? part->holds : NULL, .loader_starts = driver ? driver->starts_formats : NULL,
		.formats = c->profile ? c->profile->image_formats.item : NULL, .format_count = c->profile ? c->profile->image_formats.count : 0,
	};

	return image_belongs(image_file_facts(c->image), &place, ret_why, size);
}

/* A procedure that only looks must not sound as if it wrote. */
static bool is_going_to_write(const struct live_case *c)
{
	for (unsigned i = 0; i < c->procedure->step_count; i++)
		if (c->procedure->steps[i].destroys)
			return true;
	return false;
}

static void ask_for_image(struct live_case *c)
{
	case_clear_page(c);
	case_say(c, "%s The vendor's image for %s.", is_going_to_write(c) ? "Which file is to be written?" : "Which file?", c->view.title);
	if (c->method && c->method->image)
		case_say(c, "%s", c->method->image);
	case_ask(c, QUESTION_FILE, "Path or https address of the image (empty: back to the plan)");
	case_propose_image(c, step_is(c, "fresh", "true"));
}

/* Of the vendor's own list of what it published, as far as the profile has it; NULL: the list does not know the file. */
static const struct profile_firmware *published(const struct live_case *c)
{
	for (unsigned i = 0; c->profile && i < c->profile->firmware_count; i++) {
		const struct profile_firmware *firmware = &c->profile->firmware[i];

		if (firmware->sha256 && text_equal(firmware->sha256, c->digest.sha256))
			return firmware;
	}
	return NULL;
}

/* Compressed files are left out: a kernel may be one, and the loader unpacks it. */
static bool is_archive_of_files(struct bytes image)
{
	static const char *const names[] = { "zip", "7z", "rar", "tar", "cpio" };
	const char *name = archive_recognize(image);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (text_equal(name, names[i]))
			return true;
	return false;
}

enum image_fit case_judge_fit(const struct live_case *c, const struct image_facts *facts, char *ret_why, size_t size)
{
	static const struct profile no_profile = { .id = NULL };
	const struct diagnosis *said = c->console ? console_diagnosis(c->console) : NULL;
	struct profile_image_device target;
	const char *board;

	/* What the profile leaves open, the device may have said itself while it started. */
	profile_image_device(c->profile ? c->profile : &no_profile, &target);
	if (said && (target.device.arch == NULL || target.device.arch[0] == '\0'))
		target.device.arch = diagnosis_fact_value(said, "arch");
	board = said && target.device.ids_are_names ? diagnosis_fact_value(said, "board") : NULL;
	if (board && target.device.id_count < PROFILE_IDS_MAX)
		target.ids[target.device.id_count++] = board;
	return image_fits(facts, &target.device, ret_why, size);
}

/* The version that the device said it runs: by the profile's banner, else what the signs know; "": none. */
static const char *running_version(const struct live_case *c, char *to, size_t size)
{
	const struct diagnosis *said = c->console ? console_diagnosis(c->console) : NULL;
	unsigned last = said ? diagnosis_line_count(said) : 0;
	const char *firmware = said ? diagnosis_fact_value(said, "firmware") : NULL;

	to[0] = '\0';
	for (unsigned n = last; c->profile && c->profile->banner && n > 0 && n + CONSOLE_LINES_KEPT > last; n--) {
		const struct console_line *line = console_find_line(c->console, n);

		if (line && pattern_matches(c->profile->banner, line->text, to, size) && to[0])
			return to;
	}
	return text_copy(to, size, firmware ? firmware : "");
}

static const char *version_of_image(const struct live_case *c)
{
	const struct profile_firmware *firmware = published(c);

	return firmware && firmware->version ? firmware->version : image_firmware_version(image_file_facts(c->image));
}

/* What the device itself said speaks against the image, but not so that it must not be written. */
static unsigned cautions_of(const struct live_case *c, char text[IMAGE_CAUTIONS][IMAGE_CAUTION_SIZE])
{
	const struct diagnosis *said = c->console ? console_diagnosis(c->console) : NULL;
	char version[64];
	struct image_said what = { .version = running_version(c, version, sizeof(version)) };

	if (said) {
		what.secure_boot = diagnosis_fact_value(said, "secure-boot");
		what.flash = diagnosis_fact_value(said, "flash");
	}
	return image_cautions(image_file_facts(c->image), version_of_image(c), &what, text);
}

/* Of the place that is written, what the image does not reach; NULL: it reaches all. */
static const struct profile_partition *not_reached(const struct live_case *c)
{
	return c->profile && lies_raw(c) ? plan_not_reached(c->profile, image_file_bytes(c->image).size) : NULL;
}

static void log_cautions(struct live_case *c)
{
	const struct profile_partition *behind = not_reached(c);
	char text[IMAGE_CAUTIONS][IMAGE_CAUTION_SIZE];
	unsigned count = cautions_of(c, text);

	for (unsigned i = 0; i < count; i++)
		case_log(c, JOURNAL_OBSERVED, "image", "note: %s", text[i]);
	if (behind)
		case_log(c, JOURNAL_OBSERVED, "image", "note: the image ends before '%s': what stands there is left out", behind->name);
}

void case_say_image(struct live_case *c)
{
	char text[IMAGE_CAUTIONS][IMAGE_CAUTION_SIZE], why[120];
	const struct image_facts *facts = image_file_facts(c->image);
	enum image_fit fit = case_judge_fit(c, facts, why, sizeof(why));
	const struct profile_partition *behind = not_reached(c);
	unsigned count = cautions_of(c, text);

	case_say(c, "Image: %s", c->view.image);
	case_say(c, "It is: %.80s; %s", facts->title, facts->whole == IMAGE_YES ? "it is whole" : facts->whole == IMAGE_NO ? "it is DAMAGED" :
		 "nothing in it tells whether it is whole");
	if (fit != IMAGE_FITS)
		case_say(c, "%s: %s", fit == IMAGE_FIT_UNKNOWN ? "Whether it fits this device is not certain" : "It does NOT FIT this device", why);
	for (unsigned i = 0; i < count; i++)
		case_say(c, "Note: %s", text[i]);
	if (behind)
		case_say(c, "Note: the image ends before '%s': what stands there stays as it is", behind->name);
}

static bool is_rolled_back(const struct live_case *c, char *ret_running, size_t size)
{
	return c->profile && c->profile->anti_rollback &&
	       image_compare_versions(version_of_image(c), running_version(c, ret_running, size)) == IMAGE_OLDER;
}

static void find_image_problem(struct live_case *c, struct error *error)
{
	char running[64];
	const struct image_facts *facts = image_file_facts(c->image);
	uint64_t offset, room;
	struct error ignored;
	enum image_belonging belongs;
	char why[200];

	error_set(error, STATUS_OK, "%s", "");
	if (facts->whole == IMAGE_NO) {
		error_set(error, STATUS_REFUSED, "the image is damaged: %s", image_problem_text(facts));
		error_hint(error, "fetch it again, without resuming the old download");
	} else if (case_judge_fit(c, facts, why, sizeof(why)) > IMAGE_FITS) {
		error_set(error, STATUS_REFUSED, "the image does not fit: %s", why);
		error_hint(error, "choose the package for the model and revision on the sticker");
	} else if (is_rolled_back(c, running, sizeof(running))) {
		error_set(error, STATUS_REFUSED, "the image is version %.40s, older than %.40s, which the device runs: %.160s", version_of_image(c), running,
			  c->profile->anti_rollback);
		error_hint(error, "choose a version that is not older");
	} else if (c->profile && is_archive_of_files(image_file_bytes(c->image)) && plan_image_range(c->profile, &offset, &room, &ignored) == STATUS_OK) {
		error_set(error, STATUS_REFUSED, "the file is an archive: in the flash it would stand as it is, and nothing there unpacks it");
		error_hint(error, "choose the member that is the image");
	} else if (lies_raw(c) && published(c) == NULL && (belongs = case_image_belongs(c, why, sizeof(why))) != IMAGE_BELONGS) {
		error_set(error, STATUS_REFUSED, "the image %s: %s", belongs == IMAGE_BELONGS_NOT ? "does not belong there" : "may not start there", why);
		error_hint(error, "choose the vendor's image for this way; i on the first screen shows what a file is");
	} else if (c->profile && plan_image_range(c->profile, &offset, &room, &ignored) == STATUS_OK && image_file_bytes(c->image).size > room) {
		error_set(error, STATUS_REFUSED, "the image has %zu bytes, its place in the flash %llu", image_file_bytes(c->image).size,
			  (unsigned long long)room);
		error_hint(error, "choose the image for this model and revision");
	}
}

static void judge_image(struct live_case *c)
{
	const struct profile_firmware *firmware = published(c);
	char text[160], why[200];
	enum image_fit fit;
	struct error error;

	if (firmware)
		text_format(text, sizeof(text), "it is the vendor's %s, version %s", firmware->file ? firmware->file : "file", firmware->version ? firmware->version : "?");
	else
		text_copy(text, sizeof(text), "whether it is the vendor's is not known: no published hash to compare with");
	case_log(c, JOURNAL_OBSERVED, "image", "SHA-256 %s", c->digest.sha256);
	case_log(c, JOURNAL_OBSERVED, "image", "%s", text);
	log_cautions(c);
	find_image_problem(c, &error);
	if (error.status == STATUS_OK) {
		c->run.is_image_checked = true;
		fit = case_judge_fit(c, image_file_facts(c->image), why, sizeof(why));
		step_done(c, "the image is %s; %s: %s", image_file_facts(c->image)->whole == IMAGE_YES ? "whole" : "not known to be damaged",
			  fit == IMAGE_FITS ? "it fits" : "whether it fits is not certain", why);
		return;
	}
	case_problem(c, &error);
	case_clear_page(c);
	case_say(c, "%s", is_going_to_write(c) ? "This image must not be written." : "This is not the image to compare with.");
	case_ask(c, QUESTION_WORD, "Enter chooses another file. %s", is_going_to_write(c) ? "To write this one all the same is at your own risk." :
		 "With this one all the same nothing is changed, and nothing proved.");
	text_copy(c->view.question.word, sizeof(c->view.question.word), "anyway");
	c->step.phase = 2;
}

static void start_check_image(struct live_case *c)
{
	c->step.phase = 0;
	if (image_source_leads(c))
		return;
	if (c->image == NULL || (step_is(c, "fresh", "true") && !c->step.has_answer)) {
		ask_for_image(c);
		return;
	}
	case_say(c, "Checking the image");
	c->step.phase = 1;
	step_set_deadline(c, 0);
}

static void time_check_image(struct live_case *c)
{
	if (c->step.phase != 1)
		return;
	if (c->has_digest)
		judge_image(c);
	else
		step_set_deadline(c, DIGEST_LOOK_MS);
}

static enum status answer_check_image(struct live_case *c, const char *text, struct error *reterr)
{
	enum status status;

	if (image_source_is_asking(c))
		return image_source_answer(c, text, reterr);
	if (c->step.phase == 2 && text_equal(text, "anyway")) {
		case_log(c, JOURNAL_OPERATOR, "override", "wrote 'anyway' over: %s", c->view.problem.text);
		c->run.is_image_checked = true;
		step_done(c, "%s", "");
		return STATUS_OK;
	}
	if (c->step.phase == 2) {
		case_problem(c, NULL);
		c->step.phase = 0;
		ask_for_image(c);
		return STATUS_OK;
	}
	if (text[0] == '\0')
		return steps_cancel(c, reterr);
	status = case_take_image(c, text, reterr);
	if (status != STATUS_OK)
		return status;
	c->step.has_answer = true;
	case_clear_page(c);
	start_check_image(c);
	return status;
}

const struct step_ops step_check_image = { .start = start_check_image, .on_time = time_check_image, .on_answer = answer_check_image };

/* ---- wait: for the device's own retry, or a time ---- */

static void start_wait(struct live_case *c)
{
	c->view.countdown_total_ms = step_field_seconds(c, "seconds", 600) * UINT64_C(1000);
	c->view.countdown_ms = c->view.countdown_total_ms;
	case_say(c, "%s", c->view.step_title);
	case_ask(c, QUESTION_CHOOSE, "Nothing to do: I watch the line.");
	case_choice(c, "skip", 's', "Do not wait any longer", "");
	case_watch_item(c, 0, "the device starts by itself and comes up", false, "not yet");
	c->step.starts_before = c->console ? diagnosis_starts(console_diagnosis(c->console)) : 0;
	step_set_deadline(c, 500);
}

static void time_wait(struct live_case *c)
{
	uint64_t spent = loop_now_ms() - c->step.started_ms;
	struct error error;

	if (c->is_at_login && step_is(c, "for", "retry")) {
		step_done(c, "the device came up by itself");
		return;
	}
	if (spent < c->view.countdown_total_ms) {
		c->view.countdown_ms = c->view.countdown_total_ms - spent;
		step_set_deadline(c, 500);
		return;
	}
	if (!step_is(c, "for", "retry")) {
		step_done(c, "waited");
		return;
	}
	error_set(&error, STATUS_TIMEOUT, "the device did not recover by itself");
	error_hint(&error, "go on with the next plan");
	step_failed(c, &error);
}

static enum status answer_wait(struct live_case *c, const char *text, struct error *reterr)
{
	struct error error;

	(void)text;
	(void)reterr;
	error_set(&error, STATUS_TIMEOUT, "not waited for any longer");
	step_failed(c, &error);
	return STATUS_OK;
}

const struct step_ops step_wait = { .start = start_wait, .on_time = time_wait, .on_answer = answer_wait, .watches = true };

/* ---- verify ---- */

static void start_verify(struct live_case *c)
{
	unsigned seconds = c->profile && c->profile->boot_seconds ? c->profile->boot_seconds : 120;

	case_say(c, "Watching it start: does it really run?");
	case_watch_item(c, 0, "the firmware says its version", false, "not yet");
	case_watch_item(c, 1, "it comes to its login prompt", false, "not yet");
	c->version_seen[0] = '\0';
	c->is_at_login = false;
	c->view.countdown_ms = c->view.countdown_total_ms = step_field_seconds(c, "seconds", seconds * 2 + 30) * UINT64_C(1000);
	step_set_deadline(c, 500);
}

static void line_verify(struct live_case *c, const struct diagnosis_line *line)
{
	char version[64];

	if (c->profile && c->profile->banner && pattern_matches(c->profile->banner, line->text, version, sizeof(version))) {
		text_copy(c->version_seen, sizeof(c->version_seen), version[0] ? version : "seen");
		case_watch_item(c, 0, "the firmware says its version", true, version);
		case_log(c, JOURNAL_OBSERVED, "version", "line %u: %.120s", line->number, line->text);
	}
}

static void fail_verify(struct live_case *c, enum status status, const char *why, const char *hint)
{
	struct error error;

	error_set(&error, status, "%s", why);
	error_hint(&error, "%s", hint);
	case_outcome(c, "booted", OUTCOME_NO, why);
	guide_add_findings(c);
	step_failed(c, &error);
}

/* Is it the version that was meant? The image's own name says which; else the profile's list. */
static const char *judge_version(struct live_case *c, char *to, size_t size)
{
	const char *name = c->image ? image_file_facts(c->image)->name : "";

	if (c->version_seen[0] == '\0')
		return text_format(to, size, "came to its login prompt; it does not say its version");
	if (name[0] && strstr(name, c->version_seen))
		return text_format(to, size, "came up with version %.40s, the image's own", c->version_seen);
	for (unsigned i = 0; c->profile && i < c->profile->firmware_count; i++)
		if (text_equal(c->profile->firmware[i].version, c->version_seen))
			return text_format(to, size, "came up with version %.40s, which the profile lists", c->version_seen);
	return text_format(to, size, "came up with version %.40s", c->version_seen);
}

static void judge_start(struct live_case *c)
{
	struct verdict verdict;
	char text[120];

	diagnosis_verdict(console_diagnosis(c->console), &verdict);
	if (cause_is_fault(verdict.cause)) {
		text_format(text, sizeof(text), "it comes up, but still shows %s: %.60s", cause_label(verdict.cause),
			    verdict.cause_count && verdict.causes[0].proof_count ? verdict.causes[0].proof[0].text : "");
		fail_verify(c, STATUS_PROTOCOL, text, "look at the evidence and choose another plan");
		return;
	}
	case_outcome(c, "booted", OUTCOME_YES, judge_version(c, text, sizeof(text)));
	guide_keep_golden(c);
	if (c->view.written == OUTCOME_UNKNOWN) {
		case_outcome(c, "written", OUTCOME_NOT_NEEDED, "no image had to be written");
		case_outcome(c, "verified", OUTCOME_YES, "it started without the fault that was found");
	}
	step_done(c, "%s", text);
}

static void time_verify(struct live_case *c)
{
	uint64_t now = loop_now_ms();
	uint64_t spent = now - c->step.started_ms;
	struct verdict verdict;
	char why[200];

	case_watch_item(c, 1, "it comes to its login prompt", c->is_at_login, c->is_at_login ? "seen" : "not yet");
	if (c->is_at_login && now - console_last_byte_ms(c->console) >= SETTLE_MS) {
		judge_start(c);
		return;
	}
	if (c->is_at_prompt) {
		fail_verify(c, STATUS_PROTOCOL, "the device stopped at its bootloader again", "look at the console (c) for its reason");
		return;
	}
	diagnosis_verdict(console_diagnosis(c->console), &verdict);
	if (cause_is_fault(verdict.cause) && !c->is_at_login && now - console_last_byte_ms(c->console) >= DEAD_MS) {
		text_format(why, sizeof(why), "the start ended with %s: %.80s", cause_label(verdict.cause),
			    verdict.causes[0].proof_count ? verdict.causes[0].proof[0].text : "no more came");
		fail_verify(c, STATUS_PROTOCOL, why, "look at the console (c) for its reason, and choose another plan");
		return;
	}
	if (spent >= c->view.countdown_total_ms) {
		fail_verify(c, STATUS_TIMEOUT, "the device did not come to its login prompt", "look at the console (c): it may need longer, or another plan");
		return;
	}
	c->view.countdown_ms = c->view.countdown_total_ms - spent;
	step_set_deadline(c, 250);
}

const struct step_ops step_verify = { .start = start_verify, .on_line = line_verify, .on_time = time_verify, .watches = true };
