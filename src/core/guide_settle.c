/* What would settle the verdict, as choices of the diagnosis page: a look at the device by a procedure, a question, a file, the bench. */
#include <stdlib.h>
#include <string.h>

#include "recovery/diagnosis/verdict.h"
#include "src/base/text.h"
#include "src/core/live_case.h"
#include "src/core/step.h"

enum { OFFERS_MAX = 2, LEADING_CAUSES = 2 };

/* ---- what is found out ---- */

void guide_found(struct live_case *c, enum evidence_source source, enum cause cause, int weight, const char *text)
{
	struct evidence evidence = { .source = source, .cause = cause, .weight = weight };

	text_copy(evidence.text, sizeof(evidence.text), text);
	diagnosis_add(console_diagnosis(c->console), &evidence);
	if (c->finding_count < CASE_FINDINGS_MAX)
		c->finding[c->finding_count++] = evidence;
	case_log(c, JOURNAL_OBSERVED, "evidence", "%s %+d: %s", cause_label(cause), weight, text);
}

void guide_journal_facts(struct live_case *c)
{
	const struct diagnosis_fact *fact;
	size_t count = diagnosis_facts(console_diagnosis(c->console), &fact);

	for (size_t i = 0; i < count; i++) {
		char key[48], value[160], before[160];

		text_format(key, sizeof(key), "fact.%s", fact[i].name);
		text_format(value, sizeof(value), "%s (line %u)", fact[i].value, fact[i].line);
		if (!case_get(c, key, before, sizeof(before)) || !text_equal(before, value))
			case_set(c, JOURNAL_OBSERVED, key, value);
	}
}

/* ---- which are possible ---- */

/* Of the profile, else of who stands at the prompt, else of what the start showed. */
static const struct loader_driver *driver_of(const struct live_case *c)
{
	const char *shown = diagnosis_fact_value(console_diagnosis(c->console), "loader");
	struct console_state state = { .loader = NULL };

	if (c->profile)
		return loader_driver_find(c->profile->console.loader);
	if (c->is_at_prompt)
		guide_look(c, &state);
	if (state.loader)
		return loader_driver_find(state.loader);
	return shown && text_contains(shown, "U-Boot") ? &loader_uboot : NULL;
}

static bool knows_flash(const struct live_case *c)
{
	return c->profile && c->profile->storage.kind && c->profile->network.load_address != 0;
}

static bool is_possible(const struct live_case *c, enum observation observation)
{
	const struct loader_driver *driver = driver_of(c);

	switch (observation) {
	case OBSERVE_FLASH:
		return !c->is_compared && knows_flash(c) && driver && driver->compare && !driver->compare_needs_ram;
	case OBSERVE_FLASH_TWICE:
		return knows_flash(c) && driver && driver->reread;
	case OBSERVE_ENVIRONMENT:
		return driver && driver->has_variables;
	case OBSERVE_SPACE:
		return c->is_at_login && c->profile && c->profile->console.login_user;
	case OBSERVE_POWER:
		return c->happened == HAPPENED_UNKNOWN;
	default:
		return true;
	}
}

static bool is_offered(const struct question *question, enum observation observation)
{
	char id[24];

	text_format(id, sizeof(id), "settle:%u", (unsigned)observation);
	for (unsigned i = 0; i < question->choice_count; i++)
		if (text_equal(question->choice[i].id, id))
			return true;
	return false;
}

/* The best look for this cause that the choices can do here and now; OBSERVE_COUNT: none is left. */
static enum observation possible_look(const struct live_case *c, enum cause cause)
{
	enum observation list[OBSERVATIONS_OF_CAUSE_MAX];
	size_t count = observations_of(cause, list);

	for (size_t i = 0; i < count; i++)
		if (!(c->observed & 1u << list[i]) && is_possible(c, list[i]))
			return list[i];
	return OBSERVE_COUNT;
}

/* The best one has been had: it settles nothing any more. */
static bool is_best_known(const struct live_case *c, enum cause cause)
{
	enum observation list[OBSERVATIONS_OF_CAUSE_MAX];

	if (observations_of(cause, list) == 0)
		return false;
	return (c->observed & 1u << list[0]) || (list[0] == OBSERVE_POWER && c->happened != HAPPENED_UNKNOWN) ||
	       (list[0] == OBSERVE_FLASH && c->is_compared);
}

/* In the words of the choice that does it; false: nothing of it is left to be done. */
static bool fit_text(const struct live_case *c, enum cause cause, char *text, size_t size)
{
	enum observation look = possible_look(c, cause);
	char general[160];

	if (look != OBSERVE_COUNT)
		text_copy(text, size, observation_about(look)->text);
	else if (is_best_known(c, cause))
		return false;
	else if (c->profile == NULL)
		text_format(text, size, "choose the device (d); then: %s", text_copy(general, sizeof(general), text));
	return true;
}

void settle_fit(const struct live_case *c, struct verdict *verdict)
{
	size_t count = verdict->next_count;

	verdict->next_count = 0;
	for (size_t n = 0; n < count; n++) {
		char text[sizeof(verdict->next[0])];
		bool is_wanted = true;

		text_copy(text, sizeof(text), verdict->next[n]);
		for (size_t i = 0; i < verdict->cause_count; i++)
			if (text_equal(verdict_settled_by(verdict->causes[i].cause), text)) {
				is_wanted = fit_text(c, verdict->causes[i].cause, text, sizeof(text));
				break;
			}
		for (size_t i = 0; i < verdict->next_count; i++)
			is_wanted = is_wanted && !text_equal(verdict->next[i], text);
		if (is_wanted)
			text_copy(verdict->next[verdict->next_count++], sizeof(verdict->next[0]), text);
	}
}

void settle_offer(struct live_case *c)
{
	static const int keys[OFFERS_MAX] = { 's', 'a' };
	const struct verdict *verdict = &c->view.verdict;
	size_t offers = 0;

	if (verdict->is_decided || !cause_is_fault(verdict->cause))
		return;
	for (size_t i = 0; i < verdict->cause_count && i < LEADING_CAUSES; i++) {
		enum observation list[OBSERVATIONS_OF_CAUSE_MAX];
		size_t count = observations_of(verdict->causes[i].cause, list);

		for (size_t k = 0; k < count && offers < OFFERS_MAX; k++) {
			const struct observation_about *about = observation_about(list[k]);
			char id[24], text[80];

			if ((c->observed & 1u << list[k]) || is_offered(&c->view.question, list[k]) || !is_possible(c, list[k]))
				continue;
			text_format(id, sizeof(id), "settle:%u", (unsigned)list[k]);
			text_format(text, sizeof(text), "Settle it: %s", about->text);
			case_choice(c, id, keys[offers++], text, about->detail);
			break;	/* one for each cause, before a second for any of them */
		}
	}
}

/* ---- looking at the bench ---- */

static void look_for_boot_rom(struct live_case *c)
{
	const struct snapshot *now = app_snapshot(c->app);
	char text[160];

	if (now->usb_count == 0) {
		text_copy(c->observed_text, sizeof(c->observed_text), "no device on USB shows a recovery mode; with its USB cable in, switch it on and look again");
		c->observed &= ~(1u << OBSERVE_BOOT_ROM);	/* the cable may come later */
		return;
	}
	text_format(text, sizeof(text), "on USB: %.60s, %.70s", now->usb[0].name, now->usb[0].meaning);
	text_copy(c->observed_text, sizeof(c->observed_text), text);
	guide_found(c, EVIDENCE_PROBE, CAUSE_BOOTLOADER_GONE, 70, text);
}

static void look_at_network(struct live_case *c)
{
	const struct bench_state *bench = &c->app->bench;
	const struct bench_nic *linked = NULL;

	for (unsigned i = 0; i < bench->nic_count && linked == NULL; i++)
		if (bench->nic[i].has_carrier && !bench->nic[i].is_wireless)
			linked = &bench->nic[i];
	if (linked == NULL) {
		text_copy(c->observed_text, sizeof(c->observed_text), "no network port of this computer has a link: cable, and is the device on?");
		guide_found(c, EVIDENCE_PROBE, CAUSE_NETWORK, 45, c->observed_text);
		return;
	}
	text_format(c->observed_text, sizeof(c->observed_text), "%s has a link", linked->name);
	guide_found(c, EVIDENCE_PROBE, CAUSE_NETWORK, -20, c->observed_text);
}

/* ---- the file that was flashed ---- */

static void judge_flashed(struct live_case *c, struct image_file *file)
{
	const struct image_facts *facts = image_file_facts(file);
	char why[160], text[160];
	enum image_fit fit = case_judge_fit(c, facts, why, sizeof(why));
	uint64_t offset, room;
	struct error ignored;

	if (facts->whole == IMAGE_NO) {
		text_format(text, sizeof(text), "the file that was flashed is damaged: %.110s", image_problem_text(facts));
		guide_found(c, EVIDENCE_IMAGE, CAUSE_CHECKSUM, 80, text);
	} else if (fit > IMAGE_FITS) {
		text_format(text, sizeof(text), "the file that was flashed does not fit: %.110s", why);
		guide_found(c, EVIDENCE_IMAGE, CAUSE_WRONG_HARDWARE, 85, text);
	} else if (c->profile && plan_image_range(c->profile, &offset, &room, &ignored) == STATUS_OK && image_file_bytes(file).size > room) {
		text_format(text, sizeof(text), "the file that was flashed is larger than its place of %llu bytes", (unsigned long long)room);
		guide_found(c, EVIDENCE_IMAGE, CAUSE_SPACE, 70, text);
	} else if (facts->whole == IMAGE_YES && fit == IMAGE_FITS) {
		text_format(text, sizeof(text), "the file that was flashed is whole and fits: %.110s", why);
		guide_found(c, EVIDENCE_IMAGE, CAUSE_WRONG_HARDWARE, -70, text);
	} else {
		text_format(text, sizeof(text), "the file that was flashed: %.60s; nothing wrong shows in it", facts->title);
	}
	text_copy(c->observed_text, sizeof(c->observed_text), text);
}

static enum status answer_file(struct live_case *c, const char *path, struct error *reterr)
{
	struct image_file *file;
	enum status status = image_file_open(path, &file, reterr);

	if (status != STATUS_OK)
		return status;
	case_log(c, JOURNAL_OPERATOR, "answer", "the file that was flashed: %.200s", path);
	judge_flashed(c, file);
	image_file_free(file);
	return STATUS_OK;
}

/* ---- the pages that ask ---- */

bool settle_is_asking(const struct live_case *c)
{
	return c->observing != OBSERVE_COUNT;
}

static void say_label(struct live_case *c)
{
	const struct profile_text_list *revisions = c->profile ? &c->profile->revisions : NULL;

	case_say(c, "Read model and hardware revision off the label, and compare them with the name of the file.");
	if (c->profile && c->profile->identity.sticker)
		case_say(c, "Where it is: %s", c->profile->identity.sticker);
	for (unsigned i = 0; revisions && i < revisions->count && i < 3; i++)
		case_say(c, "%s has been made as %s", c->view.title, revisions->item[i]);
}

void settle_show(struct live_case *c)
{
	if (c->observing == OBSERVE_FILE) {
		case_say(c, "Is the file that was flashed still there? I look at it, and write nothing.");
		case_ask(c, QUESTION_FILE, "Path of the file that was flashed (empty: back)")->topic = "flashed";
		case_propose_image(c, false);
		return;
	}
	if (c->observing == OBSERVE_POWER) {
		case_say(c, "Was the power of the device cut while it was updating: plug, switch, battery, a mains failure?");
		case_ask(c, QUESTION_CHOOSE, "Was power lost?");
		case_choice(c, "yes", 'y', "Yes", "");
		case_choice(c, "no", 'n', "No, it had power all the time", "");
	} else {
		say_label(c);
		case_ask(c, QUESTION_CHOOSE, "Is the file for this model and revision?");
		case_choice(c, "yes", 'y', "Yes, both agree", "");
		case_choice(c, "no", 'n', "No, they differ", "");
	}
	case_choice(c, "unknown", 'u', "I do not know", "");
	c->view.question.preferred = 2;
}

static void take_answer(struct live_case *c, const char *text)
{
	bool is_yes = text_equal(text, "yes");

	c->observed_text[0] = '\0';
	if (!is_yes && !text_equal(text, "no"))
		return;
	if (c->observing == OBSERVE_POWER) {
		guide_found(c, EVIDENCE_OPERATOR, CAUSE_POWER, is_yes ? 60 : -60,
			    is_yes ? "the operator says: power was lost during the update" : "the operator says: power was there all the time");
		c->happened = is_yes ? HAPPENED_POWER : c->happened;
	} else {
		guide_found(c, EVIDENCE_OPERATOR, CAUSE_WRONG_HARDWARE, is_yes ? -60 : 70,
			    is_yes ? "the operator says: the label agrees with the file" : "the operator says: the label names another model or revision");
	}
}

static bool asks_operator(enum observation observation)
{
	return observation == OBSERVE_POWER || observation == OBSERVE_LABEL || observation == OBSERVE_FILE;
}

static enum status begin(struct live_case *c, enum observation observation, struct error *reterr)
{
	const struct observation_about *about = observation_about(observation);

	case_problem(c, NULL);
	if (asks_operator(observation)) {	/* what was found out before stays until there is an answer */
		c->observing = observation;
		guide_enter(c, GUIDE_DIAGNOSIS);
		return STATUS_OK;
	}
	c->observed |= 1u << observation;
	c->observed_text[0] = '\0';
	if (observation == OBSERVE_FLASH)
		c->is_compared = true;
	if (about->procedure)
		return guide_start_procedure(c, NULL, about->procedure, GUIDE_DIAGNOSIS, reterr);
	if (observation == OBSERVE_BOOT_ROM)
		look_for_boot_rom(c);
	else
		look_at_network(c);
	guide_enter(c, GUIDE_DIAGNOSIS);
	return STATUS_OK;
}

enum status settle_answer(struct live_case *c, const char *text, struct error *reterr)
{
	enum status status = STATUS_OK;

	if (!settle_is_asking(c)) {
		unsigned long number = strtoul(text + strlen("settle:"), NULL, 10);

		return number < OBSERVE_COUNT ? begin(c, (enum observation)number, reterr) :
			       error_set(reterr, STATUS_INVALID, "'%.40s' is none of the choices", text);
	}
	if (text[0] != '\0') {	/* empty is the way back: it may be asked again */
		if (c->observing == OBSERVE_FILE)
			status = answer_file(c, text, reterr);
		else
			take_answer(c, text);
		if (status != STATUS_OK)
			return status;
		c->observed |= 1u << c->observing;
	}
	c->observing = OBSERVE_COUNT;
	guide_enter(c, GUIDE_DIAGNOSIS);
	return STATUS_OK;
}
