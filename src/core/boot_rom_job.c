#include "src/core/boot_rom_job.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/digest.h"
#include "src/media/small_file.h"

enum {
	PROGRESS_MS = 250,
	CANCEL_MS = 1500,	/* for the ROM's own end */
	EVENTS_PER_TURN = 64,
	PATH_LENGTH_MAX = 4096,
};

struct loaded_file {
	char *data;
	char name[96];
	uint8_t md5[BOOT_ROM_MD5_BYTES];
};

struct boot_rom_job {
	struct loop *loop;
	struct loop_timer *timer, *progress_timer, *end_timer;
	struct boot_rom_job_observer observer;
	struct line *line;
	bool is_own_line;
	unsigned baud; /* before the ROM changed it: what is started talks at its own, which is the usual one */
	unsigned listen_ms;
	char *power_command;
	bool is_power_running;
	struct boot_rom *rom;
	struct boot_rom_file files[BOOT_ROM_FILES_MAX];
	struct loaded_file loaded[BOOT_ROM_FILES_MAX];
	bool is_over;			/* the machine has ended; on_done may still wait for listen_ms */
	bool is_in_turn;		/* the observer may free the job from within */
	bool is_freed;
	enum status status;
	char text[BOOT_ROM_TEXT_MAX];
	struct error error;
	struct error line_error;	/* why the machine had to be stopped here */
};

DEFINE_AUTO(boot_rom_job);

/* ---- the end ---- */

static void free_job(struct boot_rom_job *job)
{
	loop_timer_free(job->timer);
	loop_timer_free(job->progress_timer);
	loop_timer_free(job->end_timer);
	if (job->is_own_line && job->line != NULL)
		line_close(job->line);
	boot_rom_free(job->rom);
	for (size_t i = 0; i < BOOT_ROM_FILES_MAX; i++)
		free(job->loaded[i].data);
	free(job->power_command);
	free(job);
}

void boot_rom_job_free(struct boot_rom_job *job)
{
	if (job == NULL)
		return;
	job->is_freed = true;
	/* A shell that is out tells its end here. */
	if (!job->is_in_turn && !job->is_power_running)
		free_job(job);
}

/* False: the job is gone. */
static bool end_turn(struct boot_rom_job *job)
{
	job->is_in_turn = false;
	if (!job->is_freed)
		return true;
	if (!job->is_power_running)
		free_job(job);
	return false;
}

static void tell_done(struct boot_rom_job *job)
{
	loop_timer_set_deadline(job->timer, UINT64_MAX);
	loop_timer_set_deadline(job->progress_timer, UINT64_MAX);
	loop_timer_set_deadline(job->end_timer, UINT64_MAX);
	if (job->observer.on_done != NULL && !job->is_freed)
		job->observer.on_done(job->observer.user, job->status, job->text, &job->error);
}

static void on_end_timer(void *user)
{
	struct boot_rom_job *job = user;

	job->is_in_turn = true;
	if (!job->is_over) {
		job->is_over = true;
		job->status = error_set(&job->error, STATUS_CANCELLED, "it was stopped here");
	}
	tell_done(job);
	end_turn(job);
}

static void finish(struct boot_rom_job *job, const struct boot_rom_event *event)
{
	job->is_over = true;
	if (line_baud(job->line) != job->baud)
		line_set_baud(job->line, job->baud, NULL);
	text_copy(job->text, sizeof(job->text), event->text);
	if (event->type == BOOT_ROM_DONE) {
		job->status = STATUS_OK;
	} else if (job->line_error.status != STATUS_OK) {
		job->error = job->line_error;
		job->status = job->error.status;
	} else {
		job->status = error_set(&job->error, event->status, "%s", event->text);
		if (event->hint != NULL)
			error_hint(&job->error, "%s", event->hint);
	}
	if (job->observer.on_progress != NULL) {
		struct boot_rom_progress progress;

		boot_rom_progress(job->rom, &progress);
		if (progress.phase >= BOOT_ROM_PHASE_LOADING && progress.phase <= BOOT_ROM_PHASE_VERIFYING)
			job->observer.on_progress(job->observer.user, &progress);
	}
	loop_timer_set_deadline(job->progress_timer, UINT64_MAX);
	/* Also without listening not from within: the line's last bytes are on their way. */
	loop_timer_set_after(job->end_timer, job->status == STATUS_OK ? job->listen_ms : 0);
}

/* ---- what the machine asks for ---- */

static void on_power_command(void *user, int exit_status, const char *output)
{
	struct boot_rom_job *job = user;

	(void)output;
	job->is_power_running = false;
	if (job->is_freed) {
		free_job(job);
		return;
	}
	if (exit_status != 0 && !job->is_over) {
		struct boot_rom_event event = { .type = BOOT_ROM_RETRY };

		text_format(event.text, sizeof(event.text),
			    "the command that switches the power failed (%d): switch it off and on by hand",
			    exit_status);
		if (job->observer.on_event != NULL)
			job->observer.on_event(job->observer.user, &event);
	}
}

static void set_line(struct boot_rom_job *job, const struct boot_rom_event *event)
{
	struct error error;

	if (event->type == BOOT_ROM_LINE && line_set_baud(job->line, event->baud, &error) == STATUS_OK)
		return;
	if (event->type == BOOT_ROM_PINS && line_set_dtr(job->line, event->dtr, &error) == STATUS_OK &&
	    line_set_rts(job->line, event->rts, &error) == STATUS_OK)
		return;
	/* A pty or a raw socket takes any rate; without the pins the operator's hand does it. */
	if (event->type == BOOT_ROM_PINS || error.status == STATUS_UNSUPPORTED)
		return;
	boot_rom_cancel(job->rom, loop_now_ms());
	job->line_error = error;
}

static void take_event(struct boot_rom_job *job, const struct boot_rom_event *event)
{
	struct error error;

	if (event->type == BOOT_ROM_DONE || event->type == BOOT_ROM_FAILED) {
		finish(job, event);
		return;
	}
	if (event->type == BOOT_ROM_LINE || event->type == BOOT_ROM_PINS)
		set_line(job, event);
	if (event->type == BOOT_ROM_POWER_ON && job->power_command != NULL && !job->is_power_running)
		job->is_power_running = loop_run_command(job->loop, job->power_command, on_power_command, job,
							 &error) == STATUS_OK;
	if (job->observer.on_event != NULL && !job->is_freed)
		job->observer.on_event(job->observer.user, event);
}

/* ---- turning ---- */

static void push_output(struct boot_rom_job *job, uint64_t now_ms)
{
	for (;;) {
		struct bytes out = boot_rom_output(job->rom);
		size_t count = out.size > 0 ? line_write(job->line, out) : 0;

		if (count == 0)
			return;
		boot_rom_sent(job->rom, count, now_ms);
	}
}

static void arm(struct boot_rom_job *job, uint64_t now_ms)
{
	uint64_t deadline_ms = boot_rom_deadline(job->rom);

	/* The line says nothing when it takes bytes again. */
	if (boot_rom_output(job->rom).size > 0 && deadline_ms > now_ms + 20)
		deadline_ms = now_ms + 20;
	loop_timer_set_deadline(job->timer, job->is_over ? UINT64_MAX : deadline_ms);
}

/* Tells what waits and what is due; then the bytes go. False: the job is gone. */
static bool turn(struct boot_rom_job *job, struct bytes *in, uint64_t now_ms)
{
	job->is_in_turn = true;
	for (unsigned i = 0; !job->is_over && !job->is_freed; i++) {
		struct boot_rom_event event = in->size > 0 ? boot_rom_input(job->rom, in, now_ms)
							   : boot_rom_tick(job->rom, now_ms);

		push_output(job, now_ms);
		if (event.type != BOOT_ROM_NOTHING)
			take_event(job, &event);
		else if (in->size == 0 || i >= EVENTS_PER_TURN * 1024)
			break;
	}
	/* What came before is taken; text that waits is told now rather than with the next byte. */
	if (!job->is_over && !job->is_freed) {
		struct boot_rom_event event = boot_rom_input(job->rom, in, now_ms);

		if (event.type != BOOT_ROM_NOTHING)
			take_event(job, &event);
	}
	push_output(job, now_ms);
	arm(job, now_ms);
	return end_turn(job);
}

static void on_timer(void *user)
{
	struct bytes none = { .size = 0 };

	turn(user, &none, loop_now_ms());
}

static void on_progress_timer(void *user)
{
	struct boot_rom_job *job = user;
	struct boot_rom_progress progress;

	if (job->is_over)
		return;
	loop_timer_set_after(job->progress_timer, PROGRESS_MS);
	boot_rom_progress(job->rom, &progress);
	if (job->observer.on_progress != NULL && progress.phase >= BOOT_ROM_PHASE_LOADING) {
		job->is_in_turn = true;
		job->observer.on_progress(job->observer.user, &progress);
		end_turn(job);
	}
}

size_t boot_rom_job_input(struct boot_rom_job *job, struct bytes in, uint64_t now_ms)
{
	struct bytes rest = in;

	if (!job->is_over && !turn(job, &rest, now_ms))
		return in.size - rest.size;
	return in.size - rest.size;
}

static void on_bytes(void *user, struct bytes in, uint64_t now_ms)
{
	struct boot_rom_job *job = user;
	struct bytes rest = in;

	if (!job->is_over && !turn(job, &rest, now_ms))
		return;
	if (!job->is_over || rest.size == 0 || job->observer.on_console == NULL)
		return;
	job->is_in_turn = true;
	job->observer.on_console(job->observer.user, rest);
	end_turn(job);
}

void boot_rom_job_line_state(struct boot_rom_job *job, enum line_state state, const struct error *why)
{
	struct bytes none = { .size = 0 };
	struct boot_rom_event event = { .type = BOOT_ROM_RETRY };

	if (job->is_over)
		return;
	if (state == LINE_LOST)
		boot_rom_line_lost(job->rom, loop_now_ms());
	text_copy(event.text, sizeof(event.text), state == LINE_LOST ? why->text : "the serial line is back");
	job->is_in_turn = true;
	if (job->observer.on_event != NULL)
		job->observer.on_event(job->observer.user, &event);
	if (end_turn(job))
		turn(job, &none, loop_now_ms());
}

static void on_state(void *user, enum line_state state, const struct error *why)
{
	boot_rom_job_line_state(user, state, why);
}

void boot_rom_job_cancel(struct boot_rom_job *job)
{
	struct bytes none = { .size = 0 };

	if (job->is_over) {
		loop_timer_set_after(job->end_timer, 0);
		return;
	}
	boot_rom_cancel(job->rom, loop_now_ms());
	loop_timer_set_after(job->end_timer, CANCEL_MS);
	turn(job, &none, loop_now_ms());
}

/* ---- the start ---- */

/* "image.bin@0x1000"; a file that is called so itself comes first. */
static enum status split_name(const char *text, char *path, size_t size, struct boot_rom_file *file,
			      struct error *reterr)
{
	const char *at = strrchr(text, '@');

	if (strlen(text) >= size)
		return error_set(reterr, STATUS_INVALID, "the name of a file is too long");
	text_copy(path, size, text);
	if (at == NULL || access(text, F_OK) == 0)
		return STATUS_OK;
	path[at - text] = '\0';
	file->has_address = text_parse_size(at + 1, &file->address);
	if (file->has_address)
		return STATUS_OK;
	error_set(reterr, STATUS_INVALID, "'%.80s' is no address", at + 1);
	return error_hint(reterr, "Write it as 0x41000000");
}

static enum status load_file(struct boot_rom_job *job, size_t index, const char *text, struct error *reterr)
{
	struct loaded_file *loaded = &job->loaded[index];
	struct boot_rom_file *file = &job->files[index];
	char path[PATH_LENGTH_MAX];
	size_t size = 0;
	enum status status = split_name(text, path, sizeof(path), file, reterr);

	if (status != STATUS_OK)
		return status;
	status = small_file_read(path, "file for the boot ROM", BOOT_ROM_FILE_MAX, &loaded->data, &size, reterr);
	if (status != STATUS_OK)
		return status;
	text_printable(loaded->name, sizeof(loaded->name), bytes_of_text(text_file_name(path)));
	file->name = loaded->name;
	file->data = bytes_of(loaded->data, size);
	if (digest_bytes("md5", file->data, loaded->md5, sizeof(loaded->md5)) == sizeof(loaded->md5))
		file->md5 = loaded->md5;
	return STATUS_OK;
}

static enum status load_files(struct boot_rom_job *job, const struct boot_rom_job_options *options,
			      struct error *reterr)
{
	if (options->file_count > BOOT_ROM_FILES_MAX)
		return error_set(reterr, STATUS_INVALID, "these are too many files");
	for (size_t i = 0; i < options->file_count && !options->identify_only; i++) {
		enum status status = load_file(job, i, options->files[i], reterr);

		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status open_line(struct boot_rom_job *job, const struct boot_rom_job_options *options, struct error *reterr)
{
	const struct line_settings settings = { .baud = options->baud > 0 ? options->baud : options->protocol->baud,
						.parity = options->protocol->parity };
	const struct line_observer observer = { .on_bytes = on_bytes, .on_state = on_state, .user = job };

	job->baud = settings.baud;
	if (options->line != NULL) {
		job->line = options->line;
		return STATUS_OK;
	}
	job->is_own_line = true;
	job->listen_ms = options->listen_ms;
	return line_open(job->loop, options->port, &settings, &observer, &job->line, reterr);
}

static enum status begin_machine(struct boot_rom_job *job, const struct boot_rom_job_options *options,
				 struct error *reterr)
{
	const struct boot_rom_options what = {
		.files = job->files,
		.file_count = options->identify_only ? 0 : options->file_count,
		.identify_only = options->identify_only,
		.may_write_flash = options->may_write_flash,
		.may_move_pins = options->may_move_pins,
		.start = options->start,
		.baud = options->baud,
		.load_baud = options->load_baud,
		.patience_ms = options->patience_ms,
	};

	return boot_rom_begin(options->protocol, &what, loop_now_ms(), &job->rom, reterr);
}

enum status boot_rom_job_start(struct loop *loop, const struct boot_rom_job_options *options,
			       const struct boot_rom_job_observer *observer, struct boot_rom_job **ret_job,
			       struct error *reterr)
{
	AUTO(boot_rom_job) job = calloc(1, sizeof(*job));
	enum status status;

	if (job == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a boot ROM's job");
	job->loop = loop;
	job->observer = *observer;
	job->timer = loop_timer_new(loop, on_timer, job);
	job->progress_timer = loop_timer_new(loop, on_progress_timer, job);
	job->end_timer = loop_timer_new(loop, on_end_timer, job);
	job->power_command = options->power_command ? strdup(options->power_command) : NULL;
	if (job->timer == NULL || job->progress_timer == NULL || job->end_timer == NULL ||
	    (options->power_command && job->power_command == NULL))
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for a boot ROM's job");
	status = load_files(job, options, reterr);
	/* The files and what may be done with them first: a port that is opened may already wake something up. */
	if (status == STATUS_OK)
		status = begin_machine(job, options, reterr);
	if (status == STATUS_OK)
		status = open_line(job, options, reterr);
	if (status != STATUS_OK)
		return status;
	loop_timer_set_after(job->timer, 0);
	loop_timer_set_after(job->progress_timer, PROGRESS_MS);
	*ret_job = TAKE(job);
	return STATUS_OK;
}
