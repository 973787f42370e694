/* The diagnosis page, the plan, and the end of the case. */
#include <stdio.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/live_case.h"
#include "src/core/serial_load.h"

#define NOTE_RMA "to RMA"

/* ---- the verdict with the lines that prove it ---- */

static void mark_causes(const struct verdict *verdict, unsigned line, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; i < verdict->cause_count; i++)
		for (size_t k = 0; k < verdict->causes[i].proof_count; k++)
			if (verdict->causes[i].proof[k].line == line) {
				text_append(to, size, "%s%s", to[0] ? " " : "", cause_label(verdict->causes[i].cause));
				break;
			}
}

static bool is_wanted(const struct verdict *verdict, unsigned number)
{
	for (size_t i = 0; i < verdict->cause_count && i < 3; i++)
		for (size_t k = 0; k < verdict->causes[i].proof_count && k < 3; k++) {
			unsigned line = verdict->causes[i].proof[k].line;

			if (line != 0 && number + 3 >= line && number <= line + 1)
				return true;
		}
	return false;
}

/* That it runs wants a proof as well: the prompt that it came to. */
static void show_that_it_came_up(struct live_case *c, unsigned number, uint64_t start_ms)
{
	struct case_view *view = &c->view;
	const char *line = console_last_line(c->console);
	uint64_t time_ms = console_last_byte_ms(c->console);
	struct excerpt_line *to = &view->excerpt[view->excerpt_count];

	if (!c->is_at_login || cause_is_fault(view->verdict.cause) || line[0] == '\0' || view->excerpt_count == CASE_EXCERPT_MAX)
		return;
	view->excerpt_count++;
	*to = (struct excerpt_line){ .number = number, .ms = time_ms > start_ms ? time_ms - start_ms : 0 };
	text_copy(to->text, sizeof(to->text), line);
	text_copy(to->mark, sizeof(to->mark), cause_label(view->verdict.cause));
}

void guide_show_verdict(struct live_case *c)
{
	struct case_view *view = &c->view;
	unsigned last, first;
	uint64_t start_ms = 0;

	if (c->console == NULL)
		return;
	diagnosis_verdict(console_diagnosis(c->console), &view->verdict);
	last = diagnosis_line_count(console_diagnosis(c->console));
	first = last > CONSOLE_LINES_KEPT ? last - CONSOLE_LINES_KEPT + 1 : 1;
	view->excerpt_count = 0;
	for (unsigned n = first; n <= last; n++) {
		const struct console_line *line = console_find_line(c->console, n);
		struct excerpt_line *to;

		if (line == NULL)
			continue;
		if (start_ms == 0 || line->start != (n > 1 && console_find_line(c->console, n - 1) ? console_find_line(c->console, n - 1)->start : 0))
			start_ms = line->time_ms;
		if (view->excerpt_count == CASE_EXCERPT_MAX || !is_wanted(&view->verdict, n))
			continue;
		to = &view->excerpt[view->excerpt_count++];
		to->number = n;
		to->ms = line->time_ms - start_ms;
		text_copy(to->text, sizeof(to->text), line->text);
		mark_causes(&view->verdict, n, to->mark, sizeof(to->mark));
	}
	show_that_it_came_up(c, last + 1, start_ms);
}

/* ---- the plan ---- */

static const struct procedure *find_procedure(void *user, const char *name)
{
	struct live_case *c = user;
	const struct procedure *procedure;
	struct error error;

	if (device_library_procedure(c->app->library, name, &procedure, &error) == STATUS_OK)
		return procedure;
	app_notice(c->app, true, error.text, error.hint);
	return NULL;
}

static bool has_link(const struct live_case *c)
{
	const struct bench_state *bench = &c->app->bench;

	if (c->profile && c->profile->network.bench_ip && text_starts(c->profile->network.bench_ip, "127."))
		return true;
	for (unsigned i = 0; i < bench->nic_count; i++)
		if (bench->nic[i].has_carrier && !bench->nic[i].is_wireless)
			return true;
	return false;
}

/* Over the serial line at the rate that it has: what a raised rate saves is not promised. */
static unsigned minutes_of(const struct live_case *c, const struct plan_item *item)
{
	uint64_t offset, bytes;
	struct error error;

	if (!item->by_serial || c->console == NULL)
		return item->method->minutes;
	if (c->image)
		bytes = image_file_bytes(c->image).size;
	else if (plan_image_range(c->profile, &offset, &bytes, &error) != STATUS_OK)
		return item->method->minutes;
	return item->method->minutes + (unsigned)(serial_load_duration_ms(bytes, line_baud(console_get_line(c->console))) / 60000) + 1;
}

static void make_plan(struct live_case *c)
{
	char tried[256] = "";
	struct plan_bench bench = {
		.has_serial = c->console != NULL, .has_network = has_link(c), .has_card = c->app->bench.card_count > 0, .is_at_prompt = c->is_at_prompt,
		.is_at_login = c->is_at_login, .tried = tried,
	};

	case_get(c, "tried", tried, sizeof(tried));

	c->plan_count = c->profile ? plan_make(&c->view.verdict, c->profile, &bench, find_procedure, c, c->plan, PLAN_MAX) : 0;
	c->view.plan_count = 0;
	for (size_t i = 0; i < c->plan_count; i++) {
		const struct plan_item *item = &c->plan[i];
		struct plan_view *to = &c->view.plan[c->view.plan_count++];

		*to = (struct plan_view){ .minutes = minutes_of(c, item), .treats = item->treats, .is_possible = item->is_possible,
					   .was_tried = item->was_tried, .only_prepares = item->only_prepares };
		text_copy(to->name, sizeof(to->name), item->method->name);
		text_copy(to->title, sizeof(to->title), item->procedure->title);
		text_copy(to->reason, sizeof(to->reason), item->reason);
		text_copy(to->keeps, sizeof(to->keeps), item->method->keeps);
		text_copy(to->destroys, sizeof(to->destroys), item->method->destroys);
		text_copy(to->obstacle, sizeof(to->obstacle), item->obstacle);
		text_copy(to->warning, sizeof(to->warning), item->method->warning);
	}
}

static const char *plan_detail(const struct live_case *c, const struct plan_item *item, char *to, size_t size)
{
	if (!item->is_possible)
		return text_format(to, size, "not now: %s", item->obstacle);
	/* What is lost comes first: the row may have no room for the rest. */
	return text_format(to, size, "%s%s%s%*u min%s%s%s%s%s%s", item->was_tried ? "tried; " : "", item->by_serial ? "no network, so by serial: " : "",
			   item->by_serial ? "up to " : "", item->was_tried || item->by_serial ? 1 : 2, minutes_of(c, item),
			   item->method->destroys ? ", WIPES " : "",
			   item->method->destroys ? item->method->destroys : "", item->method->keeps ? ", keeps " : "",
			   item->method->keeps ? item->method->keeps : "", item->treats ? "" : "; ", item->treats ? "" : item->reason);
}

static bool is_well(const struct live_case *c)
{
	/* LOGIN may also be a loader's prompt: only the system's own login was seen to be one. */
	return c->is_at_login && !cause_is_fault(c->view.verdict.cause);
}

/* No model was chosen: what the device printed may name it. The operator decides. */
static void offer_models(struct live_case *c)
{
	char id[24], text[80];

	c->likely_count = c->profile ? 0 : guide_identify(c, c->likely, CASE_LIKELY_MAX);
	for (size_t i = 0; i < c->likely_count; i++) {
		text_format(id, sizeof(id), "is:%zu", i);
		text_format(text, sizeof(text), "It is a %.30s %.40s", c->likely[i]->vendor, c->likely[i]->model);
		case_choice(c, id, (int)('1' + i), text, "its own boot log names it");
	}
}

static void ask_for_plan(struct live_case *c)
{
	char id[24], detail[120];
	bool well = is_well(c);
	unsigned hidden = 0;

	case_ask(c, QUESTION_CHOOSE, "%s", well ? "It comes up. What next?" : c->plan_count ? "Which way?" : "What next?");
	if (well)
		case_choice(c, "well", 'o', "It runs: record it and close", "");
	offer_models(c);
	for (size_t i = 0; i < c->plan_count && i < 7; i++) {
		if (!c->plan[i].treats && !c->shows_all_ways) {	/* they would push the proof off the page */
			hidden++;
			continue;
		}
		text_format(id, sizeof(id), "plan:%zu", i);
		case_choice(c, id, (int)('1' + i), c->plan[i].procedure->title, plan_detail(c, &c->plan[i], detail, sizeof(detail)));
		c->view.question.choice[c->view.question.choice_count - 1].is_dangerous = c->plan[i].method->destroys != NULL;
	}
	settle_offer(c);
	text_format(detail, sizeof(detail), "Show %u other %s", hidden, hidden == 1 ? "way" : "ways");
	if (hidden > 0)
		case_choice(c, "more", 'm', detail, "for other causes");
	case_choice(c, "watch", 'w', "Watch it start once more", "");
	if (c->profile == NULL)
		case_choice(c, "device", 'd', c->likely_count ? "It is another model: choose it" : "Choose the device, to get its ways back", "");
	case_choice(c, "rma", 'r', "Give up here: hand it to RMA", "");
	if (!well && c->likely_count == 0 && (c->plan_count == 0 || !c->plan[0].is_possible || !c->plan[0].treats))
		c->view.question.preferred = c->view.question.choice_count - 2;
}

/* Reading the flash settles what the console leaves open; it changes nothing, so it is not asked for. */
static bool can_compare(const struct live_case *c)
{
	enum cause cause = c->view.verdict.cause;
	const struct loader_driver *driver = c->profile ? loader_driver_find(c->profile->console.loader) : NULL;

	return !c->is_compared && c->is_at_prompt && driver && driver->compare && !driver->compare_needs_ram && c->profile->storage.kind && c->profile->network.load_address != 0 &&
	       (cause == CAUSE_CHECKSUM || cause == CAUSE_POWER || cause == CAUSE_SPACE || cause == CAUSE_BAD_ENV);
}

enum status guide_start_procedure(struct live_case *c, const struct profile_method *method, const char *procedure, enum guide_phase after,
				  struct error *reterr)
{
	enum status status = device_library_procedure(c->app->library, procedure, &c->procedure, reterr);

	if (status != STATUS_OK)
		return status;
	c->method = method;
	c->phase_after = after;
	case_set(c, JOURNAL_OPERATOR, "method", method ? method->name : "");
	case_set(c, JOURNAL_PROGRAM, "loads-by", "");
	c->loads_by_serial = false;
	c->tftp_port = 0;
	for (size_t i = 0; i < c->plan_count; i++)
		if (method != NULL && c->plan[i].method == method && c->plan[i].by_serial)
			serial_load_choose(c, JOURNAL_PROGRAM);
	guide_enter(c, GUIDE_STEPS);
	steps_begin(c);
	return STATUS_OK;
}

static void settle_by_reading(struct live_case *c)
{
	struct error error;

	c->is_compared = true;	/* one try: what fails is said, and the plan is offered all the same */
	if (guide_start_procedure(c, NULL, "uboot-compare", GUIDE_DIAGNOSIS, &error) != STATUS_OK) {
		case_problem(c, &error);
		guide_enter(c, GUIDE_DIAGNOSIS);
	}
}

/* The journal keeps what the verdict rests on: the capture may be far away when the report is read. */
static void journal_proofs(struct live_case *c)
{
	const struct verdict *verdict = &c->view.verdict;

	for (size_t i = 0; i < verdict->cause_count && i < 2; i++)
		for (size_t k = 0; k < verdict->causes[i].proof_count && k < 3; k++) {
			const struct evidence *proof = &verdict->causes[i].proof[k];

			if (proof->line)
				case_log(c, JOURNAL_OBSERVED, "evidence", "%s, line %u: %.120s", cause_label(proof->cause), proof->line, proof->text);
		}
}

static void say_verdict(struct live_case *c)
{
	const struct verdict *verdict = &c->view.verdict;

	/* Silence proves no cause: a wire that is off is silent in the same way. */
	if (verdict->cause == CAUSE_BOOTLOADER_GONE && c->console && console_bytes(c->console) == 0)
		case_say(c, "Nothing came on the line. If line and power are good, the bootloader is gone.");
	else if (is_well(c))
		case_say(c, "It comes up: its login prompt was seen.");
	else
		case_say(c, "%s", verdict->is_decided || verdict->cause_count < 2 ? cause_meaning(verdict->cause) :
			 verdict->next_count > 0 ? "Two causes lead together; \"To settle\" says what would part them." :
						   "Two causes lead together, and nothing here parts them.");
}

void guide_show_diagnosis(struct live_case *c)
{
	struct case_view *view = &c->view;
	const char *label;
	char before[32];
	bool shows_problem;

	guide_show_verdict(c);
	settle_fit(c, &view->verdict);
	view->has_verdict = true;
	label = cause_label(view->verdict.cause);
	/* The page is shown again and again; the verdict is news only when something was learnt. */
	if (!case_get(c, "cause", before, sizeof(before)) || !text_equal(before, label)) {
		case_set(c, JOURNAL_PROGRAM, "cause", label);
		app_event(c->app, c->id, JOURNAL_PROGRAM, "verdict", label, NULL);
		journal_proofs(c);
		guide_journal_facts(c);
		guide_compare_golden(c);
	}
	if (can_compare(c) && image_source_leads(c))
		return;
	if (settle_is_asking(c)) {
		settle_show(c);
		return;
	}
	/* What stopped the last way stands on the page until it was read: the comparison is then one of the choices. */
	shows_problem = view->problem.status != STATUS_OK && !c->app->options.is_unattended;
	if (can_compare(c) && c->image && !shows_problem) {
		settle_by_reading(c);
		return;
	}
	make_plan(c);
	if (c->observed_text[0])
		case_say(c, "Found out: %s.", c->observed_text);
	say_verdict(c);
	if (can_compare(c) && c->image == NULL) {
		case_say(c, "With the vendor's image I can read the flash and compare: it settles the cause, and changes nothing.");
		case_ask(c, QUESTION_FILE, "Path or https address of the vendor's image (empty: go on without)");
		case_propose_image(c, false);
		return;
	}
	if (c->profile && c->profile->no_method)
		case_say(c, "No way back is known for this model: %s", c->profile->no_method);
	if (view->plan_count > 0 && !view->plan[0].treats && !is_well(c))
		case_say(c, "None of the ways back that are known for this model is meant for this.");
	ask_for_plan(c);
}

enum status guide_answer_diagnosis(struct live_case *c, const char *text, struct error *reterr)
{
	enum status status;

	if (image_source_is_asking(c))
		return image_source_answer(c, text, reterr);
	if (settle_is_asking(c) || text_starts(text, "settle:"))
		return settle_answer(c, text, reterr);
	if (c->view.question.type == QUESTION_FILE) {
		if (text[0] == '\0') {
			c->is_compared = true;
		} else {
			status = case_take_image(c, text, reterr);
			if (status != STATUS_OK)
				return status;
		}
		guide_enter(c, GUIDE_DIAGNOSIS);
		return STATUS_OK;
	}
	if (text_equal(text, "watch")) {
		console_forget(c->console);
		c->observed_text[0] = '\0';
		guide_enter(c, GUIDE_WATCH);
		return STATUS_OK;
	}
	if (text_starts(text, "is:") && text[3] >= '0' && (size_t)(text[3] - '0') < c->likely_count) {
		status = case_take_device(c, c->likely[text[3] - '0']->id, reterr);
		if (status == STATUS_OK)
			guide_enter(c, GUIDE_DIAGNOSIS);
		return status;
	}
	if (text_equal(text, "more")) {
		c->shows_all_ways = true;
		guide_enter(c, GUIDE_DIAGNOSIS);
		return STATUS_OK;
	}
	if (text_equal(text, "device")) {
		guide_enter(c, GUIDE_DEVICE);
		return STATUS_OK;
	}
	if (text_equal(text, "well") || text_equal(text, "rma")) {
		if (text_equal(text, "well")) {
			if (c->view.written == OUTCOME_UNKNOWN)
				case_outcome(c, "written", OUTCOME_NOT_NEEDED, "it came up without a write");
			case_outcome(c, "booted", OUTCOME_YES, "it came to its login prompt");
		} else {
			case_set(c, JOURNAL_OPERATOR, "note", NOTE_RMA);
		}
		guide_enter(c, GUIDE_OUTCOME);
		return STATUS_OK;
	}
	for (size_t i = 0; i < c->plan_count; i++) {
		char id[24], by_name[64];

		text_format(id, sizeof(id), "plan:%zu", i);
		text_format(by_name, sizeof(by_name), "method:%s", c->plan[i].method->name);
		if (!text_equal(text, id) && !text_equal(text, by_name))
			continue;
		if (!c->plan[i].is_possible) {
			error_set(reterr, STATUS_REFUSED, "not possible now: %s", c->plan[i].obstacle);
			return error_hint(reterr, "choose another way, or see to it and choose again");
		}
		case_problem(c, NULL);
		return guide_start_procedure(c, c->plan[i].method, c->plan[i].method->procedure, GUIDE_OUTCOME, reterr);
	}
	return error_set(reterr, STATUS_INVALID, "'%.40s' is none of the choices", text);
}

/* ---- the end ---- */

static bool runs(const struct live_case *c)
{
	return c->view.booted == OUTCOME_YES;
}

/* What runs now and is known to be wrong all the same does not come up the next time. */
static bool all_is_well(const struct live_case *c)
{
	return runs(c) && c->view.verified != OUTCOME_NO;
}

/* A block that was written anew reads well for a while. */
static bool had_worn_flash(struct live_case *c)
{
	char cause[32];

	return case_get(c, "cause", cause, sizeof(cause)) && text_equal(cause, cause_label(CAUSE_FLASH_WEAR));
}

static const char *headline(struct live_case *c)
{
	if (!runs(c))
		return "The device was not seen to run.";
	if (!all_is_well(c))
		return "It runs now, but not for good: the fault is still there.";
	return had_worn_flash(c) ? "The device runs again. Its flash showed signs of wear: it may fail again." : "The device runs again.";
}

void guide_show_outcome(struct live_case *c)
{
	static const char *const words[] = { "Written", "Verified", "Booted" };
	const enum outcome outcomes[] = { c->view.written, c->view.verified, c->view.booted };

	case_say(c, "%s", headline(c));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		case_say(c, "%-9s %-10s %s", words[i], outcome_name(outcomes[i]), c->view.outcome_reason[i]);
	case_ask(c, QUESTION_CHOOSE, "Close the case?");
	case_choice(c, "close", 'd', "Done: close the case", "its log and what the device said are kept");
	if (case_has_own_image(c))
		case_choice(c, "keep", 'k', "Close it, and keep its image for good", "as evidence; else it goes when the room is needed");
	if (!all_is_well(c) && c->view.written != OUTCOME_UNKNOWN)
		c->view.question.preferred = c->view.question.choice_count;	/* the next one */
	case_choice(c, "again", 'a', "Back to the plan: another way", "");
	case_choice(c, "leave", 's', "Set it aside, open", "it goes on from here at the next start");
}

/* The next case may have it. */
static void release_line(struct live_case *c)
{
	if (c->console == NULL)
		return;
	console_set_driven(c->console, false);
	console_listen(c->console, 0, NULL);
	c->console = NULL;
}

enum status guide_answer_outcome(struct live_case *c, const char *text, struct error *reterr)
{
	char note[32];

	(void)reterr;
	if (text_equal(text, "close") || text_equal(text, "keep")) {
		case_log(c, JOURNAL_OPERATOR, "closed", "closed: written %s, verified %s, booted %s", outcome_name(c->view.written),
			 outcome_name(c->view.verified), outcome_name(c->view.booted));
		/* what the operator noted stays: the way to RMA begins here */
		if (all_is_well(c) || !case_get(c, "note", note, sizeof(note)) || !text_equal(note, NOTE_RMA))
			case_set(c, JOURNAL_PROGRAM, "note", all_is_well(c) ? "well again" : runs(c) ? "runs, not for good" : "closed");
		release_line(c);
		guide_enter(c, GUIDE_CLOSED);
		case_close_files(c, text_equal(text, "keep"));
	} else if (text_equal(text, "again")) {
		case_set(c, JOURNAL_OPERATOR, "note", "");
		guide_enter(c, c->console ? GUIDE_DIAGNOSIS : GUIDE_CONNECT);
	}
	return STATUS_OK;
}
