/* Steps on the serial line: getting the loader's prompt, signing in, single commands, starting the system. */
#include <stdio.h>

#include "src/base/text.h"
#include "src/core/step.h"

enum {
	PROMPT_PATIENCE_MS = 10000,	/* for an answer of a loader that seems to wait */
	STOP_BOOT_PATIENCE_S = 600,	/* the operator may be looking for the plug */
	STARTED_PATIENCE_MS = 60000,	/* a loader that was put into RAM may set its memory up once more */
	LOGIN_PATIENCE_S = 30,
	SEND_SILENCE_MS = 15000,
	BOOT_LOOK_MS = 100,
	OWN_RESTART_ROUNDS = 2,		/* of a device that starts again and again, until its power is switched after all */
};

/* ---- stop-boot ---- */

enum { STOP_BY_POWER, STOP_OWN_RESTART };

static void push_stop(struct live_case *c)
{
	struct bytes out = stop_boot_output(&c->step.stop);

	if (out.size > 0)
		stop_boot_sent(&c->step.stop, console_write(c->console, out));
}

static uint64_t stop_patience_ms(const struct live_case *c)
{
	return (c->step.step->timeout_seconds ? c->step.step->timeout_seconds : STOP_BOOT_PATIENCE_S) * UINT64_C(1000);
}

static void ask_for_power(struct live_case *c)
{
	struct error error;

	case_clear_page(c);
	case_watch_item(c, 0, "the bootloader starts", false, "not yet");
	c->step.phase = STOP_BY_POWER;
	if (c->view.verdict.is_looping && c->step.tries == 0) {
		c->step.phase = STOP_OWN_RESTART;
		case_say(c, "It restarts by itself: I stop it at its next start.");
		case_ask_nothing(c);
		step_set_deadline(c, OWN_RESTART_ROUNDS * c->view.verdict.loop_ms + PROMPT_PATIENCE_MS);
		return;
	}
	step_set_deadline(c, stop_patience_ms(c));
	if (app_can_switch(c->app, c->view.port) && app_power(c->app, c->view.port, "cycle", &error) == STATUS_OK) {
		case_say(c, "The device was switched off and on. I stop its start at the bootloader.");
		case_log(c, JOURNAL_PROGRAM, "power", "power cycle");
		case_ask_nothing(c);
		return;
	}
	case_say(c, "Switch the device OFF and ON again.");
	case_say(c, "I stop its start at the bootloader by myself.");
	case_ask(c, QUESTION_CHOOSE, "Nothing else to do: I go on by myself.");
	case_choice(c, "nothing", 'n', "Nothing happens", "");
	app_event(c->app, c->id, JOURNAL_PROGRAM, "ask", "power-cycle", NULL);
}

static void bytes_stop_boot(struct live_case *c, struct bytes in, uint64_t now_ms);

/* It lies in RAM and starts already: what it said before this step is read now, and its power stays on. */
static void stop_started_loader(struct live_case *c)
{
	c->is_starting = false;
	case_say(c, "The loaded bootloader starts: I stop it at its prompt.");
	case_watch_item(c, 0, "the bootloader starts", false, "not yet");
	step_set_deadline(c, STARTED_PATIENCE_MS);
	bytes_stop_boot(c, bytes_of(c->started, c->started_size), loop_now_ms());
}

/* Ctrl-C at a prompt only: what answers a question or runs a program would take it for its own. */
static bool may_clean_line(const struct live_case *c)
{
	struct console_state state;

	guide_look(c, &state);
	return state.at == CONSOLE_AT_LOADER || state.at == CONSOLE_AT_PROGRAM || state.at == CONSOLE_AT_SILENCE;
}

static bool asks_for_loader_password(const struct live_case *c)
{
	struct console_state state;

	guide_look(c, &state);
	return state.at == CONSOLE_AT_LOADER_PASSWORD;
}

/* None of the profile's is right, or it has none. What the operator types is neither kept nor logged. */
static void ask_for_loader_password(struct live_case *c)
{
	case_clear_page(c);
	case_say(c, "The bootloader asks for a password.");
	if (c->step.stop.password_next > 0)
		case_say(c, "It did not take %s that the profile knows. Some lock themselves after three.", c->step.stop.password_next == 1 ? "the one" : "those");
	case_ask(c, QUESTION_TEXT, "Password (empty: give up)")->topic = "password";
	step_set_deadline(c, STOP_BOOT_PATIENCE_S * UINT64_C(1000));
}

static enum status answer_loader_password(struct live_case *c, const char *text, struct error *reterr)
{
	struct error error;

	if (text[0] == '\0') {
		error_set(&error, STATUS_UNSUPPORTED, "the bootloader is locked by a password");
		error_hint(&error, "ask the vendor, or choose a way that needs no prompt: boot ROM, card, programmer");
		step_failed(c, &error);
		return STATUS_OK;
	}
	if (!stop_boot_give(&c->step.stop, text, loop_now_ms()))
		return error_set(reterr, STATUS_INVALID, "no bootloader takes a password of more than %d characters", STOP_BOOT_PASSWORD_MAX);
	case_log(c, JOURNAL_OPERATOR, "sent", "(password)");
	case_ask_nothing(c);
	push_stop(c);
	return STATUS_OK;
}

static void start_stop_boot(struct live_case *c)
{
	const struct profile_console *console = c->profile ? &c->profile->console : NULL;

	if (c->console == NULL) {
		struct error error;

		error_set(&error, STATUS_NOT_FOUND, "no serial line is connected");
		error_hint(&error, "connect the adapter and go back to 'connect'");
		step_failed(c, &error);
		return;
	}
	stop_boot_init(&c->step.stop, console ? console->stop_keys : NULL, console ? console->stop_at : NULL, console ? console->prompt : NULL);
	stop_boot_clean_with(&c->step.stop, step_clean_keys(c));
	if (console)
		stop_boot_passwords(&c->step.stop, console->loader_passwords.item, console->loader_passwords.count);
	c->prompt[0] = c->shell_prompt[0] = '\0';
	step_set_deadline(c, stop_patience_ms(c));
	if (c->is_at_prompt && may_clean_line(c)) {
		step_set_deadline(c, PROMPT_PATIENCE_MS);
		stop_boot_at_prompt(&c->step.stop, loop_now_ms());
		push_stop(c);
		return;
	}
	c->is_at_prompt = false;
	if (asks_for_loader_password(c))
		stop_boot_at_password(&c->step.stop, loop_now_ms());
	else if (c->is_starting)
		stop_started_loader(c);
	else
		ask_for_power(c);
}

static void on_stop_event(struct live_case *c, enum stop_boot_event_type type)
{
	switch (type) {
	case STOP_BOOT_STARTED:
		c->step.phase = STOP_BY_POWER;
		step_set_deadline(c, stop_patience_ms(c));
		case_watch_item(c, 0, "the bootloader starts", true, "seen");
		case_ask_nothing(c);
		break;
	case STOP_BOOT_PASSWORD:
		case_log(c, JOURNAL_PROGRAM, "sent", "(password %u of %s)", c->step.stop.password_next, c->profile ? c->profile->id : "the profile");
		break;
	case STOP_BOOT_LOCKED:
		ask_for_loader_password(c);
		break;
	case STOP_BOOT_MISSED:
		case_log(c, JOURNAL_OBSERVED, "stop-boot", "the system was started before the bootloader could be stopped");
		c->step.tries++;
		ask_for_power(c);
		break;
	case STOP_BOOT_DONE:
		text_copy(c->prompt, sizeof(c->prompt), stop_boot_prompt(&c->step.stop));
		c->is_at_prompt = true;
		step_done(c, "the bootloader waits at its prompt '%s'", c->prompt);
		break;
	case STOP_BOOT_NOTHING:
		break;
	}
}

static void bytes_stop_boot(struct live_case *c, struct bytes in, uint64_t now_ms)
{
	while (in.size > 0 && c->step.ops == &step_stop_boot) {
		enum stop_boot_event_type type = stop_boot_input(&c->step.stop, &in, now_ms);

		push_stop(c);
		on_stop_event(c, type);
	}
}

static void time_stop_boot(struct live_case *c)
{
	struct error error;

	on_stop_event(c, stop_boot_tick(&c->step.stop, loop_now_ms()));
	if (c->step.ops != &step_stop_boot)
		return;
	push_stop(c);
	if (loop_now_ms() < c->step.deadline_ms)
		return;
	if (c->step.phase == STOP_OWN_RESTART) {	/* it does no more: from power-on then */
		c->step.tries++;
		ask_for_power(c);
		return;
	}
	if (c->is_at_prompt) {
		/* It seemed to wait at its prompt, and does not answer there: from power-on then. */
		c->is_at_prompt = false;
		console_forget(c->console);
		start_stop_boot(c);
		return;
	}
	error_set(&error, STATUS_TIMEOUT, "the bootloader's prompt did not come");
	error_hint(&error, "check TX, RX and ground; the bootloader may be locked or need another key");
	step_failed(c, &error);
}

/* What failed again and again may succeed at last, and what runs needs no loader: its own update went through, or a good copy was started. */
static void pause_stop_boot(struct live_case *c, uint64_t now_ms)
{
	struct console_state state;
	struct error error;

	(void)now_ms;
	if (c->step.phase != STOP_OWN_RESTART)
		return;
	guide_look(c, &state);
	if (state.at != CONSOLE_AT_LOGIN && state.at != CONSOLE_AT_SHELL && state.at != CONSOLE_AT_ACTIVATE)
		return;
	error_set(&error, STATUS_CANCELLED, "the device came up by itself meanwhile: nothing was done to it");
	error_hint(&error, "watch a start from power-on (w): if it comes up again, there is nothing to repair");
	step_failed(c, &error);
}

static enum status answer_stop_boot(struct live_case *c, const char *text, struct error *reterr)
{
	struct error error;

	if (text_equal(c->view.question.topic, "password"))
		return answer_loader_password(c, text, reterr);
	error_set(&error, STATUS_TIMEOUT, "nothing came on %s when the device was switched on", c->view.port);
	error_hint(&error, "check power, TX and RX (swap them), ground and the baud rate");
	step_failed(c, &error);
	return STATUS_OK;
}

const struct step_ops step_stop_boot = {
	.start = start_stop_boot, .on_bytes = bytes_stop_boot, .on_pause = pause_stop_boot, .on_time = time_stop_boot, .on_answer = answer_stop_boot, .types = true,
};

/* ---- send ---- */

static void start_send(struct live_case *c)
{
	char command[DIALOG_COMMAND_MAX];
	bool to_shell = step_is(c, "to", "shell");
	const char *prompt = to_shell ? c->shell_prompt : c->prompt;
	struct error error;

	case_say(c, "%s", c->view.step_title);
	if (prompt[0] == '\0') {
		error_set(&error, STATUS_INVALID, "the device is not at its %s prompt", to_shell ? "shell" : "bootloader");
		step_failed(c, &error);
		return;
	}
	step_type(c, prompt, step_field(c, "command", command, sizeof(command)), SEND_SILENCE_MS, NULL, false);
}

static void dialog_send(struct live_case *c, struct dialog_event event)
{
	char expect[96], fail[96];
	const char *reply = dialog_reply(&c->step.dialog);
	struct error error;

	step_field(c, "expect", expect, sizeof(expect));
	step_field(c, "fail", fail, sizeof(fail));
	if (event.type == DIALOG_REPLIED && (!fail[0] || !strstr(reply, fail)) && (!expect[0] || strstr(reply, expect))) {
		step_done(c, "'%.60s' answered as expected", c->step.command);
		return;
	}
	error_set(&error, event.type == DIALOG_FAILED ? event.status : STATUS_PROTOCOL, "'%.60s': %s", c->step.command,
		  event.type == DIALOG_FAILED ? "no answer" : "not the answer that was expected");
	step_failed(c, &error);
}

const struct step_ops step_send = { .start = start_send, .on_dialog = dialog_send, .types = true };

/* ---- login ---- */

enum { LOGIN_AWAIT, LOGIN_USER, LOGIN_PASSWORD };

static void type_line(struct live_case *c, const char *text)
{
	console_write(c->console, bytes_of_text(text));
	console_write(c->console, BYTES("\r"));
}

static void start_login(struct live_case *c)
{
	struct console_state state;

	case_say(c, "Signing in on the serial console");
	c->step.phase = LOGIN_AWAIT;
	step_set_deadline(c, LOGIN_PATIENCE_S * UINT64_C(1000));
	/* Late kernel messages push the prompt away. At a login prompt, and only there, an empty line is harmless and brings it back. */
	guide_look(c, &state);
	if (c->is_at_login && (state.at == CONSOLE_AT_PROGRAM || state.at == CONSOLE_AT_SILENCE) && !text_contains(console_last_line(c->console), "login"))
		console_write(c->console, BYTES("\r"));
}

/* The operator's, else the step's own user and password, else the profile's. */
static bool find_user(struct live_case *c, char *to, size_t size)
{
	if (c->step.answer[0])
		text_copy(to, size, c->step.answer);
	return c->step.answer[0] || *step_field(c, "user", to, size) || step_lookup(c, "login-user", to, size);
}

static bool find_password(struct live_case *c, char *to, size_t size)
{
	if (c->step.has_secret)
		text_copy(to, size, c->step.secret);
	return c->step.has_secret || *step_field(c, "password", to, size) || step_lookup(c, "login-password", to, size);
}

static void ask_for_login(struct live_case *c, const char *topic, const char *question)
{
	case_clear_page(c);
	case_say(c, "The device wants somebody to sign in, and its profile does not say who.");
	case_ask(c, QUESTION_TEXT, "%s", question)->topic = topic;
	step_set_deadline(c, STOP_BOOT_PATIENCE_S * UINT64_C(1000));
}

static void type_user(struct live_case *c)
{
	char value[64] = "";

	if (!find_user(c, value, sizeof(value))) {
		ask_for_login(c, "login", "User name (empty: give up)");
		return;
	}
	c->step.phase = LOGIN_USER;
	type_line(c, value);
	case_log(c, JOURNAL_PROGRAM, "sent", "%s", value);
}

static void type_password(struct live_case *c)
{
	char value[STOP_BOOT_PASSWORD_MAX + 1] = "";

	if (!find_password(c, value, sizeof(value))) {
		ask_for_login(c, "password", "Password (it is not kept)");
		return;
	}
	c->step.phase = LOGIN_PASSWORD;
	type_line(c, value);
	case_log(c, JOURNAL_PROGRAM, "sent", "(password)");
}

static bool is_shell_prompt(const char *line)
{
	size_t length = strlen(line);

	while (length > 0 && line[length - 1] == ' ')
		length--;
	return length > 0 && length < 40 && (line[length - 1] == '#' || line[length - 1] == '$');
}

static void pause_login(struct live_case *c, uint64_t now_ms)
{
	const char *line = console_last_line(c->console);
	struct console_state state;

	(void)now_ms;
	if (c->view.question.type != QUESTION_NONE)
		return;
	guide_look(c, &state);
	if (c->step.phase == LOGIN_AWAIT && state.at == CONSOLE_AT_SHELL && state.confidence >= CONSOLE_SURE) {
		text_copy(c->shell_prompt, sizeof(c->shell_prompt), line);
		step_done(c, "somebody is signed in already");	/* by hand, or by a way that was left */
	} else if (c->step.phase != LOGIN_AWAIT && is_shell_prompt(line)) {
		text_copy(c->shell_prompt, sizeof(c->shell_prompt), line);
		step_done(c, "signed in");
	} else if (c->step.phase == LOGIN_AWAIT && text_contains(line, "login")) {
		type_user(c);
	} else if (c->step.phase == LOGIN_USER && text_contains(line, "password")) {
		type_password(c);
	}
}

static enum status answer_login(struct live_case *c, const char *text, struct error *reterr)
{
	struct error error;

	if (text_equal(c->view.question.topic, "login") && text[0] == '\0') {
		error_set(&error, STATUS_UNSUPPORTED, "nobody is known who could sign in on the device");
		error_hint(&error, "sign in by hand on the console (c), or choose another plan");
		step_failed(c, &error);
		return STATUS_OK;
	}
	if (strlen(text) >= sizeof(c->step.answer))
		return error_set(reterr, STATUS_INVALID, "that is too long");
	if (text_equal(c->view.question.topic, "login")) {
		text_copy(c->step.answer, sizeof(c->step.answer), text);
	} else {
		text_copy(c->step.secret, sizeof(c->step.secret), text);
		c->step.has_secret = true;
	}
	case_ask_nothing(c);
	step_set_deadline(c, LOGIN_PATIENCE_S * UINT64_C(1000));
	/* It may have given up waiting meanwhile, and asks for the user again. */
	if (c->step.phase == LOGIN_USER && !text_contains(console_last_line(c->console), "password"))
		c->step.phase = LOGIN_AWAIT;
	pause_login(c, loop_now_ms());
	return STATUS_OK;
}

static void line_login(struct live_case *c, const struct diagnosis_line *line)
{
	struct error error;

	if (!text_contains(line->text, "login incorrect"))
		return;
	error_set(&error, STATUS_PROTOCOL, c->step.has_secret ? "the device refused that user and password" :
		  "the device refused the user and password of its profile");
	error_hint(&error, "sign in by hand on the console (c), or choose another plan");
	step_failed(c, &error);
}

static void time_login(struct live_case *c)
{
	struct error error;

	if (loop_now_ms() < c->step.deadline_ms)
		return;
	error_set(&error, STATUS_TIMEOUT, "no shell came after signing in");
	error_hint(&error, "look at the console (c): the device may be too busy or full to start a shell");
	step_failed(c, &error);
}

const struct step_ops step_login = { .start = start_login, .on_pause = pause_login, .on_line = line_login, .on_time = time_login, .on_answer = answer_login, .types = true };

/* ---- environment: one good start from the prompt ---- */

static void start_environment(struct live_case *c)
{
	char command[DIALOG_COMMAND_MAX];
	struct error error;

	case_say(c, "Starting the system once, with the right settings typed in");
	step_field(c, "value", command, sizeof(command));
	if (command[0] == '\0')
		step_lookup(c, "boot-command", command, sizeof(command));
	if (command[0] == '\0' || c->prompt[0] == '\0') {
		error_set(&error, STATUS_INVALID, command[0] ? "the device is not at its bootloader prompt" : "the profile has no boot-command for this model");
		step_failed(c, &error);
		return;
	}
	console_forget(c->console);
	c->step.is_silence_fine = true;
	step_type(c, c->prompt, command, 3000, "Starting kernel", false);
}

static void dialog_environment(struct live_case *c, struct dialog_event event)
{
	char why[120];
	struct error error;

	if (event.type == DIALOG_REPLIED) {
		error_set(&error, STATUS_PROTOCOL, "the system did not start: the bootloader is back at its prompt");
		error_hint(&error, "look at the console (c) for its reason, and choose another plan");
		step_failed(c, &error);
		return;
	}
	c->prompt[0] = '\0';
	c->is_at_prompt = false;
	if (!step_lookup(c, "save-why-not", why, sizeof(why)))
		text_copy(why, sizeof(why), "the environment was not saved: this start only");
	/* An image that was written before stays written; what is missing is then told by "verified". */
	if (c->view.written != OUTCOME_YES)
		case_outcome(c, "written", OUTCOME_NO, why);
	case_outcome(c, "verified", OUTCOME_NO, "the stored environment is still wrong: after a power cut it will not start again");
	step_done(c, "started once by hand; the stored environment is as it was");
}

const struct step_ops step_environment = { .start = start_environment, .on_dialog = dialog_environment, .types = true, .watches = true };

/* ---- boot ---- */

static void start_boot(struct live_case *c)
{
	char command[DIALOG_COMMAND_MAX];
	const char *prompt = c->prompt[0] ? c->prompt : c->shell_prompt;
	struct error error;

	case_say(c, "Restarting the device");
	step_field(c, "command", command, sizeof(command));
	if (command[0] == '\0')
		text_copy(command, sizeof(command), c->prompt[0] == '\0' ? "reboot" : c->loader == NULL ? "reset" :
			  c->loader->reset_command ? c->loader->reset_command : "");
	if (command[0] == '\0') {
		error_set(&error, STATUS_UNSUPPORTED, "no command is known with which this bootloader restarts the device");
		error_hint(&error, "switch it off and on by hand");
		step_failed(c, &error);
		return;
	}
	if (prompt[0] == '\0') {
		error_set(&error, STATUS_INVALID, "the device is at no prompt that could restart it");
		step_failed(c, &error);
		return;
	}
	console_forget(c->console);
	step_type(c, prompt, command, 1500, NULL, false);
	step_set_deadline(c, BOOT_LOOK_MS);
}

static void restarted(struct live_case *c)
{
	c->step.is_talking = false;
	c->prompt[0] = c->shell_prompt[0] = '\0';
	c->is_at_prompt = c->is_at_login = false;
	step_done(c, "restarted");
}

/* No prompt comes back after a restart: silence, or a prompt of the system going down, both mean that it was taken. */
static void dialog_boot(struct live_case *c, struct dialog_event event)
{
	struct error error;

	if (event.type != DIALOG_FAILED || event.status != STATUS_PROTOCOL) {
		restarted(c);
		return;
	}
	error_set(&error, STATUS_PROTOCOL, "the device does not take the command to restart");
	error_hint(&error, "switch it off and on by hand");
	step_failed(c, &error);
}

/* The start is for the next step to watch, from its first line on: this one ends as soon as the command is out. */
static void time_boot(struct live_case *c)
{
	if (c->step.dialog.state == DIALOG_RUNNING && dialog_output(&c->step.dialog).size == 0)
		restarted(c);
	else
		step_set_deadline(c, BOOT_LOOK_MS);
}

const struct step_ops step_boot = { .start = start_boot, .on_dialog = dialog_boot, .on_time = time_boot, .types = true, .watches = true };
