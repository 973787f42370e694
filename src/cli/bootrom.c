/* unbrick bootrom: a device whose bootloader is gone takes a new one through its processor's boot ROM. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/cli/port_argument.h"
#include "src/cli/progress.h"
#include "src/core/boot_rom_job.h"

enum { PROTOCOL, PORT, IDENTIFY, YES, BAUD, LOAD_BAUD, PINS, START, WAIT, LISTEN, POWER, LIST, JSON };

static const struct cli_option options[] = {
	[PROTOCOL] = { "protocol", "NAME", "which boot ROM; --list names them" },
	[PORT] = { "port", "PORT", PORT_ARGUMENT_HELP },
	[IDENTIFY] = { "identify", NULL, "call it and say what it is; changes nothing" },
	[YES] = { "yes", NULL, "flash may be erased and written, where the ROM does that" },
	[BAUD] = { "baud", "RATE", "of the ROM, where it is not the usual one" },
	[LOAD_BAUD] = { "load-baud", "RATE", "for the files, where the ROM can change" },
	[PINS] = { "reset-pins", NULL, "DTR and RTS go to reset and boot strap, as on most ESP boards: use them" },
	[START] = { "start", NULL, "start what was written to flash" },
	[WAIT] = { "wait", "SECONDS", "how long it is called (120)" },
	[LISTEN] = { "listen", "SECONDS", "how long the first words of what was started are shown (2)" },
	[POWER] = { "power", "COMMAND", "shell command that switches the power, with {} for cycle" },
	[LIST] = { "list", NULL, "the boot ROMs that are known" },
	[JSON] = { "json", NULL, "one JSON object a line" },
	{ NULL, NULL, NULL },
};

enum { SECONDS_MAX = 3600, BAUD_MAX = 5000000, COMMAND_MAX = 1024, LISTEN_S = 2, CONSOLE_MAX = 16384 };

struct bootrom {
	struct loop *loop;
	struct boot_rom_job *job;
	bool json;
	uint64_t phase_ms;		/* when the phase began, for the rate */
	enum boot_rom_phase phase;
	struct progress_line progress;
	bool is_in_text;		/* the device's line is not ended */
	size_t said;			/* bytes of the console */
	bool is_asked_to_stop;
	int exit_code;
};

DEFINE_AUTO(loop);
DEFINE_AUTO(boot_rom_job);

static int class_of(const struct bootrom *b, enum status status)
{
	switch (status) {
	case STATUS_CANCELLED:
		return b->is_asked_to_stop ? EXIT_INTERRUPTED : EXIT_FAILED;
	case STATUS_INVALID:
		return EXIT_USAGE;
	case STATUS_REFUSED:
		return EXIT_REFUSED;
	case STATUS_TIMEOUT:
		return EXIT_NO_ANSWER;
	case STATUS_NOT_FOUND:
	case STATUS_BUSY:
	case STATUS_NO_PERMISSION:
		return EXIT_NO_PORT;
	default:
		return EXIT_FAILED;
	}
}

/* ---- progress, on a terminal only ---- */

/* The next thing to print begins a line of its own. */
static void end_line(struct bootrom *b)
{
	progress_clear(&b->progress);
	if (b->is_in_text)
		putchar('\n');
	b->is_in_text = false;
}

static void show_progress(struct bootrom *b, const struct boot_rom_progress *progress, uint64_t rate)
{
	char line[160];

	text_format(line, sizeof(line), "  %s: ", boot_rom_phase_name(progress->phase));
	progress_append(line, sizeof(line), progress->done_bytes, progress->all_bytes, rate);
	progress_append_left(line, sizeof(line), progress->done_bytes, progress->all_bytes, rate);
	if (progress->retries > 0)
		text_append(line, sizeof(line), ", %u repeats", progress->retries);
	progress_show(&b->progress, line);
}

static void on_progress(void *user, const struct boot_rom_progress *progress)
{
	struct bootrom *b = user;
	uint64_t rate = progress_rate(progress->done_bytes, b->phase_ms);

	if (b->json)
		output_event(stdout,
			     json_pack("{s:s, s:s, s:I, s:I, s:I, s:i}", "event", "progress", "phase",
				       boot_rom_phase_name(progress->phase), "bytes", (json_int_t)progress->done_bytes,
				       "total", (json_int_t)progress->all_bytes, "bytes_per_second", (json_int_t)rate,
				       "repeats", (int)progress->retries));
	else if (progress->all_bytes > 0)
		show_progress(b, progress, rate);
}

/* ---- what happens ---- */

/* The device's words as lines of their own; what cannot be shown becomes a dot. */
static void print_said(struct bootrom *b, struct bytes said)
{
	size_t from = 0;

	if (b->said >= CONSOLE_MAX)
		return;
	b->said += said.size;
	while (from < said.size) {
		const uint8_t *end = memchr(said.data + from, '\n', said.size - from);
		size_t length = end ? (size_t)(end - said.data) - from : said.size - from;
		char text[1024];

		if (length >= sizeof(text))
			length = sizeof(text) - 1;
		text_printable(text, sizeof(text),
			       bytes_of(said.data + from,
					length > 0 && said.data[from + length - 1] == '\r' ? length - 1 : length));
		output_text("%s%s", b->is_in_text ? "" : "  | ", text);
		b->is_in_text = true;
		from += length;
		if (from < said.size && said.data[from] == '\n') {
			putchar('\n');
			b->is_in_text = false;
			from++;
		}
	}
	fflush(stdout);
}

static void tell_said(struct bootrom *b, const char *event, struct bytes said)
{
	char text[1024];

	if (!b->json) {
		if (b->progress.columns > 0)
			end_line(b);
		print_said(b, said);
		return;
	}
	while (said.size > 0) {
		size_t length = said.size < 512 ? said.size : 512;

		text_printable(text, sizeof(text), bytes_of(said.data, length));
		output_event(stdout, json_pack("{s:s, s:o}", "event", event, "text", output_json_text(text)));
		said = bytes_from(said, length);
	}
}

static const char *name_of(enum boot_rom_event_type type)
{
	switch (type) {
	case BOOT_ROM_PHASE:
		return "phase";
	case BOOT_ROM_POWER_ON:
		return "power-on";
	case BOOT_ROM_LINE:
		return "line";
	case BOOT_ROM_PINS:
		return "pins";
	case BOOT_ROM_FOUND:
		return "found";
	case BOOT_ROM_FACT:
		return "fact";
	case BOOT_ROM_FILE:
		return "file";
	case BOOT_ROM_FILE_END:
		return "file-end";
	case BOOT_ROM_VERIFIED:
		return "verified";
	case BOOT_ROM_RETRY:
		return "retry";
	default:
		return "other";
	}
}

static json_t *json_event(const struct boot_rom_event *event)
{
	json_t *object = json_pack("{s:s, s:s, s:o}", "event", name_of(event->type), "phase",
				   boot_rom_phase_name(event->phase), "text", output_json_text(event->text));

	if (event->type == BOOT_ROM_FACT)
		json_object_set_new(object, "name", output_json_text(event->name));
	if (event->type == BOOT_ROM_LINE)
		json_object_set_new(object, "baud", json_integer((json_int_t)event->baud));
	return object;
}

static void print_phase(const struct boot_rom_event *event)
{
	if (event->phase == BOOT_ROM_PHASE_WRITING)
		output_text("Writing the flash: do not unplug anything.\n");
	else if (event->phase == BOOT_ROM_PHASE_VERIFYING)
		output_text("Reading it back.\n");
}

static void print_line(const struct boot_rom_event *event)
{
	switch (event->type) {
	case BOOT_ROM_PHASE:
		print_phase(event);
		break;
	case BOOT_ROM_POWER_ON:
		output_text("Calling the boot ROM. Switch the device off, then ON now; I call until it answers.\n");
		break;
	case BOOT_ROM_LINE:
		output_text("  the line is at %u baud now\n", event->baud);
		break;
	case BOOT_ROM_PINS:
		break;
	case BOOT_ROM_FACT:
		output_text("  %s: %s\n", event->name, event->text);
		break;
	case BOOT_ROM_RETRY:
		output_text("  %s\n", event->text);
		break;
	default:
		output_text("%s\n", event->text);
		break;
	}
}

static void on_event(void *user, const struct boot_rom_event *event)
{
	struct bootrom *b = user;

	if (event->type == BOOT_ROM_PHASE) {
		b->phase_ms = loop_now_ms();
		b->phase = event->phase;
	}
	if (event->type == BOOT_ROM_TEXT) {
		tell_said(b, "text", event->data);
		return;
	}
	end_line(b);
	if (b->json)
		output_event(stdout, json_event(event));
	else
		print_line(event);
	fflush(stdout);
}

static void on_console(void *user, struct bytes said)
{
	struct bootrom *b = user;

	if (b->said == 0 && !b->json) {
		end_line(b);
		output_text("It says:\n");
	}
	tell_said(b, "console", said);
}

static void on_done(void *user, enum status status, const char *text, const struct error *error)
{
	struct bootrom *b = user;

	end_line(b);
	b->exit_code = status == STATUS_OK ? EXIT_WELL : class_of(b, status);
	if (b->json && status == STATUS_OK)
		output_event(stdout, json_pack("{s:s, s:s, s:o}", "event", "result", "status", "ok", "text",
					       output_json_text(text)));
	else if (b->json)
		output_event(stdout, json_pack("{s:s, s:s, s:o, s:o, s:s}", "event", "result", "status",
					       status_name(status), "reason", output_json_text(error->text), "hint",
					       output_json_text(error->hint), "phase", boot_rom_phase_name(b->phase)));
	else if (status == STATUS_OK)
		output_text("Done: %s.\n", text);
	if (status != STATUS_OK) {
		if (b->phase == BOOT_ROM_PHASE_WRITING && !b->json)
			output_text("The flash is half written: leave the device switched on and write it again.\n");
		output_error(error, b->exit_code);
	}
	loop_stop(b->loop);
}

/* Half a flash is worse than a long wait, and the wait has an end: the ROM's own time-outs. */
static void on_signal(void *user, int number)
{
	struct bootrom *b = user;

	(void)number;
	if (b->phase == BOOT_ROM_PHASE_WRITING) {
		fprintf(stderr, "\nunbrick: the flash is being written; stopping now would leave it half written\n");
		return;
	}
	b->is_asked_to_stop = true;
	if (b->job != NULL)
		boot_rom_job_cancel(b->job);
}

/* ---- the command line ---- */

static int list_protocols(bool json)
{
	size_t count;
	const struct boot_rom_protocol *const *protocols = boot_rom_protocols(&count);
	json_t *list = json ? json_array() : NULL;

	for (size_t i = 0; i < count; i++) {
		const struct boot_rom_protocol *p = protocols[i];

		if (json)
			json_array_append_new(list,
					      json_pack("{s:s, s:s, s:s, s:s, s:i, s:b}", "name", p->name, "title",
							p->title, "prepare", p->prepare, "files", p->files, "baud",
							(int)p->baud, "writes_flash", p->writes_flash));
		else
			output_text("%-16s %s\n%-16s   files: %s\n", p->name, p->title, "", p->files);
	}
	if (json)
		output_json(list);
	return output_end(EXIT_WELL);
}

static int read_protocol(const struct cli_line *line, struct boot_rom_job_options *to)
{
	const char *name = line->value[PROTOCOL], *why_not;

	if (name == NULL)
		return output_usage("bootrom", "--protocol says which boot ROM; --list names them");
	to->protocol = boot_rom_find(name);
	why_not = boot_rom_why_not(name);
	if (to->protocol == NULL && why_not != NULL)
		return output_usage("bootrom", "%s: %s", name, why_not);
	if (to->protocol == NULL)
		return output_usage("bootrom", "there is no boot ROM '%s'; --list names them", name);
	return EXIT_WELL;
}

static int read_line(const struct cli_line *line, struct boot_rom_job_options *to)
{
	unsigned wait_s = 0, listen_s = LISTEN_S;
	int code = read_protocol(line, to);

	if (code != EXIT_WELL)
		return code;
	if (line->value[PORT] == NULL)
		return output_usage("bootrom", "--port says where the device is");
	to->files = line->word;
	to->file_count = line->word_count;
	to->identify_only = line->value[IDENTIFY] != NULL;
	if (to->identify_only && line->word_count > 0)
		return output_usage("bootrom", "--identify takes no files: it changes nothing");
	to->may_write_flash = line->value[YES] != NULL;
	to->may_move_pins = line->value[PINS] != NULL;
	to->start = line->value[START] != NULL;
	if (!cli_read_count(line->value[BAUD], BAUD_MAX, &to->baud) ||
	    !cli_read_count(line->value[LOAD_BAUD], BAUD_MAX, &to->load_baud))
		return output_usage("bootrom", "--baud and --load-baud take a rate, as 115200");
	if (!cli_read_count(line->value[WAIT], SECONDS_MAX, &wait_s) ||
	    !cli_read_count(line->value[LISTEN], SECONDS_MAX, &listen_s))
		return output_usage("bootrom", "--wait and --listen take seconds, 1 to %d", SECONDS_MAX);
	to->patience_ms = wait_s * 1000;
	to->listen_ms = to->identify_only || (to->protocol->writes_flash && !to->start) ? 0 : listen_s * 1000;
	return EXIT_WELL;
}

static const char *power_of(const struct cli_line *line, char *to, size_t size)
{
	const char *command = line->value[POWER] ? line->value[POWER] : getenv("UNBRICK_POWER_COMMAND");
	const char *place = command ? strstr(command, "{}") : NULL;

	if (command == NULL)
		return NULL;
	if (place == NULL)
		return text_copy(to, size, command);
	return text_format(to, size, "%.*scycle%s", (int)(place - command), command, place + 2);
}

static void watch_signals(struct bootrom *b)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		loop_on_signal(b->loop, numbers[i], on_signal, b);
	loop_on_signal(b->loop, SIGPIPE, NULL, NULL);
}

static int run(const struct cli_line *line)
{
	struct boot_rom_job_options what = { .protocol = NULL };
	char power[COMMAND_MAX], port[PORT_NAME_MAX];
	AUTO(loop) loop = NULL;
	AUTO(boot_rom_job) job = NULL;
	struct bootrom b = { .json = line->value[JSON] != NULL, .progress = { .is_wanted = isatty(STDERR_FILENO) } };
	const struct boot_rom_job_observer observer = { on_event, on_progress, on_console, on_done, &b };
	struct error error;
	int code;

	if (line->value[LIST] != NULL)
		return list_protocols(b.json);
	code = read_line(line, &what);
	if (code == EXIT_WELL)
		code = port_argument(line->value[PORT], port);
	if (code != EXIT_WELL)
		return code;
	what.port = port;
	what.power_command = power_of(line, power, sizeof(power));
	if (loop_new(&loop, &error) != STATUS_OK)
		return output_error(&error, EXIT_FAILED);
	b.loop = loop;
	watch_signals(&b);
	if (boot_rom_job_start(loop, &what, &observer, &job, &error) != STATUS_OK)
		return output_error(&error, class_of(&b, error.status));
	b.job = job;
	if (!b.json)
		output_text("%s.\n%s.\n", what.protocol->title, what.protocol->prepare);
	loop_run(loop);
	return output_end(b.exit_code);
}

const struct cli_verb verb_bootrom = {
	.name = "bootrom",
	.words = "[FILE[@ADDRESS]...]",
	.summary = "load a bootloader through the processor's boot ROM, over the serial line",
	.options = options,
	.run = run,
};
