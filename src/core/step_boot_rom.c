/* uart-load: a processor's boot ROM, or whatever waits on the line without a prompt, takes files. The line is the console's: the job gets what
 * it reads first, the capture and the eye see all of it, and what comes behind the job belongs to the step that stops the loader's start. */
#include <stdlib.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/boot_rom_job.h"
#include "src/core/step.h"
#include "src/core/transfer_job.h"

enum { PATH_SIZE = 512, RETRIES_TOLD = 5, PHASE_ASKS = 1, PHASE_RUNS = 2 };

/* ---- which protocol, which files ---- */

static const struct boot_rom_protocol *find_rom(struct live_case *c, char *name, size_t size)
{
	step_field(c, "protocol", name, size);
	if (text_equal(name, "kwboot"))	/* U-Boot's tool for the same ROM */
		text_copy(name, size, "marvell");
	if (text_equal(name, "srec"))
		text_copy(name, size, "srecord");
	return boot_rom_find(name);
}

/* The index-th word of the field; false behind the last. */
static bool file_word(struct live_case *c, unsigned index, char *to, size_t size)
{
	char all[PATH_SIZE], *rest = all, *word;

	step_field(c, "file", all, sizeof(all));
	if (all[0] == '\0')
		return index == 0 && text_copy(to, size, "the file");
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0' && index-- == 0) {
			text_copy(to, size, word);
			return true;
		}
	return false;
}

/* A word names a file of the vendor or of the project: where it lies here, only the operator knows. "NAME@ADDRESS" keeps its address. */
static bool find_file(struct live_case *c, unsigned index, const char *word, char *to, size_t size)
{
	char name[PATH_SIZE], key[24], known[PATH_SIZE] = "";
	const char *address = strrchr(word, '@');

	text_format(name, sizeof(name), "%.*s", (int)(address ? (size_t)(address - word) : strlen(word)), word);
	text_format(key, sizeof(key), "rom-file-%u", index);
	if (access(name, R_OK) == 0)
		text_copy(known, sizeof(known), name);
	else if (c->image && text_equal(text_file_name(name), text_file_name(c->view.image)))
		text_copy(known, sizeof(known), c->view.image);
	else if (!case_get(c, key, known, sizeof(known)) || access(known, R_OK) != 0)
		return false;
	text_format(to, size, "%s%s", known, address ? address : "");
	return true;
}

static void ask_for_file(struct live_case *c, const char *word)
{
	case_clear_page(c);
	case_say(c, "%s", c->view.step_title);
	if (c->method && c->method->image)
		case_say(c, "It takes %s.", c->method->image);
	case_ask(c, QUESTION_FILE, "Path of %s", text_file_name(word));
	c->step.phase = PHASE_ASKS;
}

/* ---- what the ROM's job tells ---- */

static void switch_power(struct live_case *c)
{
	struct error error;

	if (app_can_switch(c->app, c->view.port) && app_power(c->app, c->view.port, "cycle", &error) == STATUS_OK) {
		case_log(c, JOURNAL_PROGRAM, "power", "power cycle");
		return;
	}
	case_say(c, "Switch the device ON now. If it is on already: OFF, two seconds, ON.");
	app_event(c->app, c->id, JOURNAL_PROGRAM, "ask", "power-cycle", NULL);
}

static void on_event(void *user, const struct boot_rom_event *event)
{
	struct live_case *c = user;

	switch (event->type) {
	case BOOT_ROM_POWER_ON:
		switch_power(c);
		break;
	case BOOT_ROM_PHASE:
		c->view.is_dangerous = event->phase == BOOT_ROM_PHASE_WRITING;
		break;
	case BOOT_ROM_FOUND:
		case_watch_item(c, 0, "the boot ROM answers", true, "seen");
		case_log(c, JOURNAL_OBSERVED, "boot-rom", "%s", event->text);
		break;
	case BOOT_ROM_FACT:
		case_log(c, JOURNAL_OBSERVED, "boot-rom", "%s: %s", event->name, event->text);
		break;
	case BOOT_ROM_FILE:
	case BOOT_ROM_VERIFIED:
		case_log(c, JOURNAL_PROGRAM, "boot-rom", "%s", event->text);
		break;
	case BOOT_ROM_RETRY:
		if (c->step.tries++ < RETRIES_TOLD)
			case_log(c, JOURNAL_OBSERVED, "boot-rom", "%s", event->text);
		break;
	default:
		break;
	}
}

static void on_progress(void *user, const struct boot_rom_progress *progress)
{
	struct live_case *c = user;

	if (progress->all_bytes > 0)
		case_progress(c, boot_rom_phase_name(progress->phase), progress->done_bytes, progress->all_bytes, c->step.started_ms);
}

static void give_rate_back(struct live_case *c)
{
	struct error error;

	if (c->step.line_baud != 0 && console_set_baud(c->console, c->step.line_baud, &error) != STATUS_OK)
		case_problem(c, &error);
}

/* It starts now: its words are for the next step, and its power must stay on. */
static void has_started(struct live_case *c, const char *text)
{
	console_forget(c->console);
	c->prompt[0] = c->shell_prompt[0] = '\0';
	c->is_at_prompt = c->is_at_login = false;
	step_done(c, "%s", text);
}

static void on_done(void *user, enum status status, const char *text, const struct error *error)
{
	struct live_case *c = user;
	struct error why;

	give_rate_back(c);
	if (status == STATUS_OK) {
		has_started(c, text);
		return;
	}
	c->is_starting = false;
	why = *error;
	step_failed(c, &why);
}

static void begin_rom(struct live_case *c, const struct boot_rom_protocol *rom, const char *const *files, size_t count)
{
	const unsigned patience_s = c->step.step->timeout_seconds;
	char baud[16];
	const struct boot_rom_job_options options = {
		.protocol = rom, .line = console_get_line(c->console), .files = files, .file_count = count, .may_write_flash = c->step.step->destroys,
		.start = true, .baud = (unsigned)strtoul(step_field(c, "baud", baud, sizeof(baud)), NULL, 0), .patience_ms = patience_s * 1000,
	};
	const struct boot_rom_job_observer observer = { .on_event = on_event, .on_progress = on_progress, .on_done = on_done, .user = c };
	struct error error;
	enum status status = STATUS_OK;

	c->step.line_baud = line_baud(console_get_line(c->console));
	if (rom->parity == 'E')
		status = error_set(&error, STATUS_UNSUPPORTED, "this boot ROM wants even parity, which a console's line does not have: use unbrick bootrom");
	if (status == STATUS_OK)
		status = console_set_baud(c->console, options.baud ? options.baud : rom->baud, &error);
	if (status == STATUS_OK)
		status = boot_rom_job_start(c->app->loop, &options, &observer, &c->boot_rom, &error);
	if (status != STATUS_OK) {
		give_rate_back(c);
		step_failed(c, &error);
		return;
	}
	case_say(c, "Calling the %s", rom->title);
	if (rom->prepare)
		case_say(c, "%s", rom->prepare);
	case_watch_item(c, 0, "the boot ROM answers", false, "not yet");
}

/* ---- without a boot ROM: something waits for a file ---- */

static void on_sent_progress(void *user, const struct transfer_progress *progress)
{
	struct live_case *c = user;

	if (progress->file_size > 0)
		case_progress(c, "load", progress->file_bytes, progress->file_size, c->step.started_ms);
}

static void on_sent_text(void *user, struct bytes text)
{
	case_keep_started(user, text);
}

static void on_sent(void *user, enum status status, const struct error *error)
{
	on_done(user, status, "the file was taken", error);
}

static void begin_transfer(struct live_case *c, const char *name, const char *const *files, size_t count)
{
	const struct transfer_job_options options = {
		.protocol = transfer_protocol_find(name), .is_sender = true, .line = console_get_line(c->console), .paths = files, .path_count = count,
		.baud = line_baud(console_get_line(c->console)), .patience_ms = c->step.step->timeout_seconds * 1000,
	};
	const struct transfer_job_observer observer = { .on_progress = on_sent_progress, .on_text = on_sent_text, .on_done = on_sent, .user = c };
	struct error error;

	if (options.protocol == NULL)
		error_set(&error, STATUS_UNSUPPORTED, "no boot ROM and no transfer is called '%.40s'", name);
	else if (transfer_job_start(c->app->loop, &options, &observer, &c->transfer, &error) == STATUS_OK)
		return;
	step_failed(c, &error);
}

/* ---- the step ---- */

static void start_uart_load(struct live_case *c)
{
	char name[32], word[PATH_SIZE], path[BOOT_ROM_FILES_MAX][PATH_SIZE];
	const char *files[BOOT_ROM_FILES_MAX];
	const struct boot_rom_protocol *rom = find_rom(c, name, sizeof(name));
	struct error error;
	unsigned count = 0;

	if (c->console == NULL) {
		error_set(&error, STATUS_NOT_FOUND, "no serial line is connected");
		error_hint(&error, "connect the adapter and go back to 'connect'");
		step_failed(c, &error);
		return;
	}
	for (; count < BOOT_ROM_FILES_MAX && file_word(c, count, word, sizeof(word)); count++) {
		if (!find_file(c, count, word, path[count], sizeof(path[count]))) {
			ask_for_file(c, word);
			return;
		}
		files[count] = path[count];
	}
	c->step.phase = PHASE_RUNS;
	c->step.started_ms = loop_now_ms();
	c->is_starting = true;
	c->started_size = 0;
	if (rom)
		begin_rom(c, rom, files, count);
	else
		begin_transfer(c, name, files, count);
}

/* The answer is for the first file that is not known yet. */
static enum status answer_uart_load(struct live_case *c, const char *text, struct error *reterr)
{
	char word[PATH_SIZE], path[PATH_SIZE], key[24];
	struct error error;
	unsigned index = 0;

	if (c->step.phase != PHASE_ASKS)
		return STATUS_OK;
	if (text[0] == '\0') {
		error_set(&error, STATUS_CANCELLED, "no file was given for the boot ROM");
		step_failed(c, &error);
		return STATUS_OK;
	}
	if (access(text, R_OK) != 0)
		return error_set(reterr, STATUS_INVALID, "'%.200s' cannot be read", text);
	while (index < BOOT_ROM_FILES_MAX && file_word(c, index, word, sizeof(word)) && find_file(c, index, word, path, sizeof(path)))
		index++;
	text_format(key, sizeof(key), "rom-file-%u", index);
	case_set(c, JOURNAL_OPERATOR, key, text);
	case_clear_page(c);
	start_uart_load(c);
	return STATUS_OK;
}

static void bytes_uart_load(struct live_case *c, struct bytes in, uint64_t now_ms)
{
	if (c->boot_rom)
		in = bytes_from(in, boot_rom_job_input(c->boot_rom, in, now_ms));
	else if (c->transfer)
		in = bytes_from(in, transfer_job_input(c->transfer, in, now_ms));
	case_keep_started(c, in);
}

static void state_uart_load(struct live_case *c, enum line_state state)
{
	struct error why;

	error_set(&why, STATUS_GONE, "%s was unplugged", c->view.port);
	error_hint(&why, "plug the adapter in again and begin this step anew");
	if (c->boot_rom)
		boot_rom_job_line_state(c->boot_rom, state, &why);
	else if (c->transfer && state == LINE_LOST)
		transfer_job_line_lost(c->transfer, &why);
}

static bool cancel_uart_load(struct live_case *c)
{
	if (c->boot_rom)
		boot_rom_job_cancel(c->boot_rom);
	else if (c->transfer)
		transfer_job_cancel(c->transfer);
	return c->boot_rom != NULL || c->transfer != NULL;
}

static void end_uart_load(struct live_case *c)
{
	boot_rom_job_free(TAKE(c->boot_rom));
	transfer_job_free(TAKE(c->transfer));
}

const struct step_ops step_uart_load = {
	.start = start_uart_load, .on_bytes = bytes_uart_load, .on_answer = answer_uart_load, .on_state = state_uart_load, .on_cancel = cancel_uart_load,
	.end = end_uart_load, .types = true,
};
