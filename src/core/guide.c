/* The guide's way from "which device?" to the verdict. Each phase shows one page and asks at most one question. */
#include <stdio.h>
#include <stdlib.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/console_send.h"
#include "src/core/live_case.h"

enum {
	PROBE_AFTER_MS = 4000,		/* of silence, before the line is asked whether somebody is there */
	PROBE_AFTER_POWER_MS = 20000,	/* the same when the power was switched just now: a key would stop the start that is to be seen */
	RESTARTS_MAX = 2,
	PROMPT_QUIET_MS = 700,
	LOGIN_QUIET_MS = 2000,		/* late alarms come right behind the login prompt */
	FAULT_QUIET_MS = 5000,
	DEAD_QUIET_MS = 30000,
	NOTHING_AFTER_MS = 30000,
	HUNT_SILENCE_MS = 3000,
	HUNT_STARTS_MAX = 8,
	NOTHING_MIN_MS = 3000,		/* before that an answer "nothing comes" is a key pressed too early */
};

static const char CHECK_DETAIL[] = "power, adapter, wires, ground and level, one after the other";

static const struct { enum happened happened; const char *id; int key; const char *text, *words; enum cause cause; } happenings[] = {
	{ HAPPENED_UNKNOWN, "unknown", 'u', "I do not know", "", CAUSE_NONE },
	{ HAPPENED_POWER, "power", 'p', "Power was lost, or the plug was pulled, during the update", "power plug unplug interrupt cut outage", CAUSE_POWER },
	{ HAPPENED_MESSAGE, "checksum", 'd', "The update said that the file is damaged", "checksum damaged corrupt crc hash", CAUSE_CHECKSUM },
	{ HAPPENED_OTHER_FILE, "other-file", 'o', "A file for another model or revision may have been used", "wrong other model revision", CAUSE_WRONG_HARDWARE },
	{ HAPPENED_FULL, "space", 's', "It complained that there is no space", "space full room", CAUSE_SPACE },
};

enum happened happened_parse(const char *text)
{
	for (size_t i = 1; i < ARRAY_SIZE(happenings); i++) {
		if (text_equal(text, happenings[i].id))
			return happenings[i].happened;
		for (const char *word = happenings[i].words; *word;) {
			char part[24];
			size_t length = strcspn(word, " ");

			text_format(part, sizeof(part), "%.*s", (int)length, word);
			if (text_contains(text, part))
				return happenings[i].happened;
			word += length + (word[length] == ' ');
		}
	}
	return HAPPENED_UNKNOWN;
}

/* ---- device, happened ---- */

static void show_device(struct live_case *c)
{
	case_say(c, "Which device is it? Type a part of its name. Not in the list: the last row.");
	case_ask(c, QUESTION_DEVICE, "Device");
}

static void show_happened(struct live_case *c)
{
	case_say(c, "%s does not work after an update.", c->profile ? c->view.title : "The device");
	case_ask(c, QUESTION_CHOOSE, "What happened?");
	for (size_t i = 0; i < ARRAY_SIZE(happenings); i++)
		case_choice(c, happenings[i].id, happenings[i].key, happenings[i].text, "");
}

static enum status answer_happened(struct live_case *c, const char *text, struct error *reterr)
{
	(void)reterr;
	c->happened = happened_parse(text);
	text_copy(c->happened_text, sizeof(c->happened_text), text);
	case_set(c, JOURNAL_OPERATOR, "happened", text);
	guide_enter(c, GUIDE_CONNECT);
	return STATUS_OK;
}

void guide_add_evidence(struct live_case *c)
{
	const char *text = happenings[c->happened].text;
	struct evidence evidence = { .source = EVIDENCE_OPERATOR, .cause = happenings[c->happened].cause, .weight = 30 };

	if (c->happened == HAPPENED_UNKNOWN)
		return;
	text_format(evidence.text, sizeof(evidence.text), "the operator says: %s", text);
	diagnosis_add(console_diagnosis(c->console), &evidence);
}

void guide_add_findings(struct live_case *c)
{
	struct evidence evidence = { .source = EVIDENCE_PROBE, .cause = CAUSE_BAD_ENV, .weight = 60 };
	struct verdict verdict;

	for (size_t i = 0; i < c->finding_count; i++)
		diagnosis_add(console_diagnosis(c->console), &c->finding[i]);
	if (c->view.verified != OUTCOME_YES || c->view.written != OUTCOME_YES || (c->image && image_file_facts(c->image)->whole == IMAGE_NO))
		return;
	diagnosis_verdict(console_diagnosis(c->console), &verdict);
	if (verdict.cause != CAUSE_NO_ROOTFS)
		return;
	text_copy(evidence.text, sizeof(evidence.text), "the flash was read back and holds the whole image: what the loader tells the kernel is wrong");
	diagnosis_add(console_diagnosis(c->console), &evidence);
	evidence.cause = CAUSE_NO_ROOTFS;
	evidence.weight = -60;
	diagnosis_add(console_diagnosis(c->console), &evidence);
}

/* ---- watch ---- */

static void ask_for_start(struct live_case *c)
{
	struct error error;

	case_clear_page(c);
	if (app_can_switch(c->app, c->view.port) && app_power(c->app, c->view.port, "cycle", &error) == STATUS_OK) {
		c->probe.after_ms = PROBE_AFTER_POWER_MS;
		/* What it said before is of another start; this one is to be judged. */
		console_forget(c->console);
		c->is_at_prompt = c->is_at_login = c->was_started_here = false;
		case_say(c, "The device was switched off and on. I watch it start.");
		case_log(c, JOURNAL_PROGRAM, "power", "power cycle");
	} else {
		case_say(c, "Switch the device OFF and ON again.");
		case_say(c, "I watch %s and go on by myself.", c->view.port);
		app_event(c->app, c->id, JOURNAL_PROGRAM, "ask", "power-cycle", NULL);
	}
	case_watch_item(c, 0, "the device starts", false, "not yet");
	case_ask(c, QUESTION_CHOOSE, "Only if nothing comes:");
	case_choice(c, "check", 'n', "It is switched on and nothing appears", CHECK_DETAIL);
	case_choice(c, "nothing", 's', "The line is good, and it stays silent", "goes on without the console");
}

static void show_watch(struct live_case *c)
{
	c->watch_since_ms = loop_now_ms();
	c->probe = (struct wake_probe){ .after_ms = PROBE_AFTER_MS };
	c->restarts = 0;
	c->was_started_here = false;
	ask_for_start(c);
	/* The line may have said something already while nobody asked. */
	guide_on_pause(c, loop_now_ms());
}

/* What happened to it is no longer the question where it came up since. */
static bool came_up(const struct live_case *c)
{
	struct verdict verdict;

	if (c->console == NULL || !c->is_at_login)
		return false;
	diagnosis_verdict(console_diagnosis(c->console), &verdict);
	return !cause_is_fault(verdict.cause);
}

static void finish_watch(struct live_case *c)
{
	if (!came_up(c))
		guide_add_evidence(c);
	guide_add_findings(c);
	guide_enter(c, GUIDE_DIAGNOSIS);
}

void guide_look(const struct live_case *c, struct console_state *ret_state)
{
	struct console_seen seen = {
		.was_probed = c->probe.is_sent, .prompt = c->profile ? c->profile->console.prompt : NULL,
		.login_prompt = c->profile ? c->profile->console.login_prompt : NULL,
	};

	console_look(c->console, &seen, loop_now_ms(), ret_state);
}

/* The profile's prompt counts as it stands; without one, what looks like a prompt while a loader runs, unless it asks for something. */
static bool at_loader_prompt(const struct live_case *c)
{
	const char *line = console_last_line(c->console);
	const char *prompt = c->profile ? c->profile->console.prompt : NULL;
	enum boot_stage stage = diagnosis_stage(console_diagnosis(c->console));
	size_t length = prompt ? strlen(prompt) : 0, size = strlen(line);
	struct console_state state;

	while (length > 0 && prompt[length - 1] == ' ')
		length--;
	while (size > 0 && line[size - 1] == ' ')
		size--;
	if (length > 0)
		return size == length && strncmp(line, prompt, length) == 0;
	guide_look(c, &state);
	if (state.at == CONSOLE_AT_LOADER && state.confidence >= CONSOLE_SURE)
		return true;
	return (stage == STAGE_LOADER || stage == STAGE_FIRST_LOADER) && (state.at == CONSOLE_AT_LOADER || state.at == CONSOLE_AT_PROGRAM) &&
	       dialog_looks_like_prompt(line, strlen(line)) && !text_contains(line, "autoboot");
}

static bool shows_login(const struct live_case *c, const char *line)
{
	const char *prompt = c->profile ? c->profile->console.login_prompt : NULL;

	return prompt ? strstr(line, prompt) != NULL : strstr(line, " login:") != NULL;
}

static void follow_state(struct live_case *c)
{
	if (c->is_running && c->prompt[0])
		return;		/* a step knows better */
	c->is_at_prompt = at_loader_prompt(c);
	console_set_at_loader(c->console, c->is_at_prompt);
	if (shows_login(c, console_last_line(c->console)))
		c->is_at_login = true;
	if (c->is_at_prompt)
		c->is_at_login = false;
}

static void look_for_start(struct live_case *c)
{
	if (c->was_started_here || diagnosis_starts(console_diagnosis(c->console)) == 0)
		return;
	c->was_started_here = true;
	case_watch_item(c, 0, "the device starts", true, "seen");
	app_event(c->app, c->id, JOURNAL_OBSERVED, "start", "the device starts", NULL);
	case_ask_nothing(c);	/* that nothing appears is no answer any more */
	case_say(c, "It speaks. I go on by myself when I have seen enough.");
}

void guide_on_line(struct live_case *c, const struct diagnosis_line *line)
{
	if (shows_login(c, line->text))
		c->is_at_login = true;
	else if (line->sign && line->sign->effect == SIGN_MILESTONE && (line->stage == STAGE_LOADER || line->stage == STAGE_FIRST_LOADER))
		c->is_at_login = false;
	if (c->phase == GUIDE_WATCH)
		look_for_start(c);
}

/* A space where the state allows one; only where it is echoed does an editor wait for a line, and "space, Enter" is an empty command there
 * that repeats nothing (U-Boot repeats the last command only for a line without any character). */
static void probe(struct live_case *c, uint64_t now_ms)
{
	struct console_state state;

	guide_look(c, &state);
	if (!c->probe.is_sent) {
		if (!console_state_may(&state, CONSOLE_MAY_SPACE)) {
			if (!c->probe.is_held)
				case_log(c, JOURNAL_OBSERVED, "console", "the device is %s: nothing is typed there", console_at_text(state.at));
			c->probe.is_held = true;
			return;
		}
		c->probe.is_sent = true;
		c->probe.sent_ms = now_ms;
		console_write(c->console, BYTES(" "));
		console_remark(c->console, "sent a space to see whether it is echoed");
		return;
	}
	if (c->probe.sent_ms == 0 || console_last_byte_ms(c->console) < c->probe.sent_ms)
		return;
	c->probe.sent_ms = 0;
	if (state.at == CONSOLE_AT_ECHO && console_state_may(&state, CONSOLE_MAY_ENTER)) {
		console_write(c->console, BYTES("\r"));
		console_remark(c->console, "the space was echoed: sent Enter to see the prompt");
	}
}

/* What restarts from the prompt at hand; NULL: the loader has no such command, or is not known. */
static const char *restart_command(const struct live_case *c)
{
	const struct loader_driver *driver;
	struct console_state state;

	guide_look(c, &state);
	driver = loader_driver_find(c->profile ? c->profile->console.loader : state.loader);
	return driver ? driver->reset_command : NULL;
}

/* The device stands at its loader's prompt, but how it came there was not seen, or a key stopped its start: it can be restarted without
 * the operator. */
static void restart_from_prompt(struct live_case *c)
{
	const char *command = restart_command(c);

	c->restarts++;
	if (command == NULL)
		return;
	console_forget(c->console);
	c->is_at_prompt = c->was_started_here = false;
	c->watch_since_ms = loop_now_ms();
	c->probe.is_sent = true;
	console_write(c->console, bytes_of_text(command));
	console_write(c->console, BYTES("\r"));
	case_log(c, JOURNAL_PROGRAM, "sent", "%s", command);
	case_clear_page(c);
	case_say(c, "It waits at its bootloader. I restart it from there and watch.");
	case_watch_item(c, 0, "the device starts", false, "not yet");
}

static void show_baud_problem(struct live_case *c)
{
	struct console_view view;
	struct error error;
	char id[24], text[80];

	console_fill_view(c->console, &view);
	if (view.hunt.is_hunting || view.text_score < 0 || view.text_score >= 40 || c->view.problem.status != STATUS_OK)
		return;
	error_set(&error, STATUS_PROTOCOL, "what comes on %s is no text: the baud rate %u is probably wrong", c->view.port, view.baud);
	error_hint(&error, "let it be found, or try %u baud", view.likely_baud);
	case_problem(c, &error);
	case_log(c, JOURNAL_OBSERVED, "error", "%s; %s", error.text, error.hint);
	case_ask(c, QUESTION_CHOOSE, "Another baud rate?");	/* that nothing appears is no answer any more */
	case_choice(c, "baud:find", 'f', "Find it: listen at the likely rates", "nothing is sent; a start of the device is often enough");
	text_format(id, sizeof(id), "baud:%u", view.likely_baud);
	text_format(text, sizeof(text), "Try %u baud", view.likely_baud);
	case_choice(c, id, 't', text, "");
}

/* Something came that is no start: that nothing appears would be wrong from now on. Where words come through, the line is likelier good than not. */
static void offer_what_was_seen(struct live_case *c)
{
	if (c->view.question.choice_count == 0 || !text_equal(c->view.question.choice[0].id, "check"))
		return;
	case_ask(c, QUESTION_CHOOSE, "Only if nothing more comes:");
	case_choice(c, "nothing", 's', "Go on with what was seen", "");
	case_choice(c, "check", 'n', "Nothing more appears: check the line", CHECK_DETAIL);
}

/* Only listening: what the guide would type waits until the rate is known. */
static enum status find_baud(struct live_case *c, struct error *reterr)
{
	enum status status = console_find_baud(c->console, reterr);

	if (status != STATUS_OK)
		return status;
	case_problem(c, NULL);
	case_clear_page(c);
	case_log(c, JOURNAL_PROGRAM, "baud", "listening for the device's baud rate");
	case_say(c, "I listen for the baud rate of the device.");
	case_say(c, "If it is silent now, switch it OFF and ON again.");
	case_ask(c, QUESTION_CHOOSE, "%s", "");
	case_choice(c, "baud:stop", 's', "Stop listening", "the rate is then as before");
	return STATUS_OK;
}

/* A rate is told from what is said: a device that has fallen silent is started again where the program can switch it. */
static void keep_it_talking(struct live_case *c, uint64_t now_ms)
{
	uint64_t last = console_last_byte_ms(c->console) > c->watch_since_ms ? console_last_byte_ms(c->console) : c->watch_since_ms;
	struct error error;

	if (!app_can_switch(c->app, c->view.port) || now_ms - last < HUNT_SILENCE_MS || c->restarts >= HUNT_STARTS_MAX)
		return;
	c->restarts++;
	c->watch_since_ms = now_ms;
	if (app_power(c->app, c->view.port, "cycle", &error) == STATUS_OK)
		case_log(c, JOURNAL_PROGRAM, "power", "power cycle, to hear it");
}

void guide_on_baud(void *user, unsigned baud)
{
	struct live_case *c = user;
	struct error error;
	char text[16];

	if (c->phase != GUIDE_WATCH || c->is_running)
		return;
	c->restarts = 0;
	c->watch_since_ms = loop_now_ms();
	if (baud != 0) {
		case_set(c, JOURNAL_OBSERVED, "baud", text_format(text, sizeof(text), "%u", baud));
		console_forget(c->console);
		ask_for_start(c);
		return;
	}
	ask_for_start(c);
	error_set(&error, STATUS_PROTOCOL, "no baud rate makes text of what comes on %s", c->view.port);
	error_hint(&error, "GND loose, a wrong level, or inverted signals (RS-232) look like this: press n, and the line is gone through");
	case_problem(c, &error);
	case_log(c, JOURNAL_OBSERVED, "error", "%s; %s", error.text, error.hint);
}

static bool watch_is_over(struct live_case *c, uint64_t now_ms)
{
	uint64_t quiet = now_ms - console_last_byte_ms(c->console);
	struct verdict *verdict = &c->view.verdict;

	diagnosis_verdict(console_diagnosis(c->console), verdict);
	if (console_bytes(c->console) == 0)
		return false;
	if (!c->was_started_here && !cause_is_fault(verdict->cause))
		return false;
	if (c->is_at_prompt && !cause_is_fault(verdict->cause) && c->restarts < RESTARTS_MAX)
		return false;
	return (c->is_at_prompt && quiet >= PROMPT_QUIET_MS) || (c->is_at_login && quiet >= LOGIN_QUIET_MS) ||
	       (verdict->is_looping && cause_is_fault(verdict->cause)) || (cause_is_fault(verdict->cause) && quiet >= FAULT_QUIET_MS) ||
	       (c->was_started_here && quiet >= DEAD_QUIET_MS);
}

/* Blanks alone are no words: HiSilicon's boot ROM marks the line with them while it waits for a loader. */
static bool says_nothing(const struct live_case *c)
{
	const char *line = console_last_line(c->console);

	return console_bytes(c->console) == 0 || (diagnosis_line_count(console_diagnosis(c->console)) == 0 && line[strspn(line, " ")] == '\0');
}

static void look_at_watch(struct live_case *c, uint64_t now_ms)
{
	uint64_t spent = now_ms - c->watch_since_ms;

	guide_show_verdict(c);
	if (console_is_hunting(c->console))
		keep_it_talking(c, now_ms);
	if (console_is_hunting(c->console) || silence_leads(c))
		return;
	look_for_start(c);
	if (watch_is_over(c, now_ms)) {
		finish_watch(c);
		return;
	}
	if (console_send_is_busy(console_sending(c->console)))
		return;		/* the operator's file or text must stay whole */
	if (c->is_at_prompt && c->restarts < RESTARTS_MAX && now_ms - console_last_byte_ms(c->console) >= PROMPT_QUIET_MS) {
		restart_from_prompt(c);
		return;
	}
	if (!says_nothing(c))
		offer_what_was_seen(c);
	if (console_bytes(c->console) > 0)
		show_baud_problem(c);
	if (!c->was_started_here && spent >= c->probe.after_ms && now_ms - console_last_byte_ms(c->console) >= PROMPT_QUIET_MS)
		probe(c, now_ms);
	if (says_nothing(c) && spent >= NOTHING_AFTER_MS && c->view.problem.status == STATUS_OK) {
		struct error error;

		error_set(&error, STATUS_TIMEOUT, console_bytes(c->console) == 0 ? "nothing came on %s so far" : "nothing but blanks came on %s so far", c->view.port);
		error_hint(&error, "is the power on? swap TX and RX; connect ground; check the level (3.3 V or 1.8 V); n goes through all of it");
		case_problem(c, &error);
		case_log(c, JOURNAL_OBSERVED, "error", "%s; %s", error.text, error.hint);
	}
}

void guide_on_pause(struct live_case *c, uint64_t now_ms)
{
	if (c->console == NULL || guide_rate_leads(c))
		return;
	follow_state(c);
	if (c->is_running)
		steps_on_pause(c, now_ms);
	else if (c->phase == GUIDE_WATCH)
		look_at_watch(c, now_ms);
}

static enum status answer_watch(struct live_case *c, const char *text, struct error *reterr)
{
	struct evidence evidence = { .source = EVIDENCE_OPERATOR, .cause = CAUSE_BOOTLOADER_GONE, .weight = 40 };

	if (silence_leads(c))
		return silence_answer(c, text, reterr);
	if (text_equal(text, "baud:find"))
		return find_baud(c, reterr);
	if (text_equal(text, "baud:stop")) {
		console_stop_baud(c->console);
		ask_for_start(c);
		return STATUS_OK;
	}
	if (text_starts(text, "baud:")) {
		enum status status = console_set_baud(c->console, (unsigned)strtoul(text + 5, NULL, 10), reterr);

		if (status != STATUS_OK)
			return status;
		case_problem(c, NULL);
		case_set(c, JOURNAL_OPERATOR, "baud", text + 5);
		console_forget(c->console);
		ask_for_start(c);
		return STATUS_OK;
	}
	if (loop_now_ms() - c->watch_since_ms < NOTHING_MIN_MS) {
		error_set(reterr, STATUS_REFUSED, "it was switched on only now");
		return error_hint(reterr, "give it a few seconds to say its first word, then answer again");
	}
	if (text_equal(text, "check"))
		return silence_begin(c, reterr);
	if (says_nothing(c)) {	/* else the line itself says what there is */
		text_copy(evidence.text, sizeof(evidence.text), "switched on, and the serial line stays silent");
		diagnosis_add(console_diagnosis(c->console), &evidence);
		case_log(c, JOURNAL_OPERATOR, "answer", "it is switched on and nothing appears");
	}
	finish_watch(c);
	return STATUS_OK;
}

/* ---- the guide ---- */

static const struct {
	void (*show)(struct live_case *c);
	enum status (*answer)(struct live_case *c, const char *text, struct error *reterr);
} pages[GUIDE_PHASE_COUNT] = {
	[GUIDE_DEVICE] = { show_device, NULL },
	[GUIDE_HAPPENED] = { show_happened, answer_happened },
	[GUIDE_CONNECT] = { guide_show_connect, guide_answer_connect },
	[GUIDE_WATCH] = { show_watch, answer_watch },
	[GUIDE_DIAGNOSIS] = { guide_show_diagnosis, guide_answer_diagnosis },
	[GUIDE_OUTCOME] = { guide_show_outcome, guide_answer_outcome },
};

void guide_enter(struct live_case *c, enum guide_phase phase)
{
	bool changes = c->phase != phase;

	if (changes && c->console) {
		console_stop_baud(c->console);
		(void)console_check_answer(c->console, NULL, NULL);
	}
	c->phase = c->view.phase = phase;
	if (changes)
		c->observing = OBSERVE_COUNT;
	case_clear_page(c);
	if (changes) {
		case_set(c, JOURNAL_PROGRAM, "phase", guide_phase_name(phase));
		app_event(c->app, c->id, JOURNAL_PROGRAM, "phase", guide_phase_name(phase), NULL);
	}
	if (pages[phase].show)
		pages[phase].show(c);
	app_changed(c->app);
}

enum status guide_answer(struct live_case *c, const char *text, struct error *reterr)
{
	if (c->is_running)
		return steps_answer(c, text, reterr);
	if (c->phase == GUIDE_DEVICE) {
		enum status status = case_take_device(c, text, reterr);

		if (status == STATUS_OK)
			guide_enter(c, GUIDE_HAPPENED);
		return status;
	}
	return pages[c->phase].answer ? pages[c->phase].answer(c, text, reterr) : STATUS_OK;
}

void guide_on_bench(struct live_case *c)
{
	if (c->phase == GUIDE_CONNECT && !c->is_running)
		guide_enter(c, GUIDE_CONNECT);
}
