/* src/core/boot_rom_job.h
 *
 * Loading files through a processor's boot ROM beside the loop: a machine of recovery/protocol/boot_rom.h, its files, and the line. */
#ifndef UNBRICK_CORE_BOOT_ROM_JOB_H
#define UNBRICK_CORE_BOOT_ROM_JOB_H

#include "recovery/protocol/boot_rom.h"
#include "src/io/line.h"
#include "src/io/loop.h"

struct boot_rom_job;

struct boot_rom_job_options {
	const struct boot_rom_protocol *protocol;
	/* Either a line of the caller, open at the ROM's rate and parity, who gives what it reads to boot_rom_job_input() and tells a loss; */
	struct line *line;
	/* or, line NULL, a name that line_open() takes. It is closed with the job. */
	const char *port;
	const char *const *files;	/* "PATH" or "PATH@ADDRESS"; in the ROM's order */
	size_t file_count;
	bool identify_only, may_write_flash, may_move_pins, start;
	unsigned baud, load_baud;	/* 0: as usual */
	unsigned patience_ms;		/* 0: the ROM's own */
	unsigned listen_ms;		/* with a port: how long the first words of what was started are listened to before on_done */
	const char *power_command;	/* a shell command that switches the power off and on, run when the ROM is called; NULL: by hand */
};

struct boot_rom_job_observer {	/* each may be NULL; all are called on the loop */
	void (*on_event)(void *user, const struct boot_rom_event *event);	/* all but the final ones */
	void (*on_progress)(void *user, const struct boot_rom_progress *progress);	/* four times a second */
	void (*on_console)(void *user, struct bytes said);	/* what came behind the end: the first words of what was started; raw */
	/* Once, at the end; it may free the job. text is what was reached; error is set when status is not OK. */
	void (*on_done)(void *user, enum status status, const char *text, const struct error *error);
	void *user;
};

/* What is wrong beforehand fails here: files (INVALID, IO), flash that must not be written (REFUSED), the port (NOT_FOUND, BUSY,
 * NO_PERMISSION). */
enum status boot_rom_job_start(struct loop *loop, const struct boot_rom_job_options *options, const struct boot_rom_job_observer *observer,
			       struct boot_rom_job **ret_job, struct error *reterr);
/* Bytes of the caller's line. Returns how many the ROM's machine took; the rest is the console's. */
size_t boot_rom_job_input(struct boot_rom_job *job, struct bytes in, uint64_t now_ms);
void boot_rom_job_line_state(struct boot_rom_job *job, enum line_state state, const struct error *why);
/* on_done comes with CANCELLED within two seconds. At any time, and more than once. */
void boot_rom_job_cancel(struct boot_rom_job *job);
/* At any time; on_done does not come any more. */
void boot_rom_job_free(struct boot_rom_job *job);

#endif
