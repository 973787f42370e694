/* src/core/transfer_job.h
 *
 * A file transfer over a serial line beside the loop: a machine of recovery/protocol/transfer.h, its files, and the
 * line. A received file gets its name only when it is whole; its end is acknowledged to the other side when it is
 * safe on the disk. */
#ifndef UNBRICK_CORE_TRANSFER_JOB_H
#define UNBRICK_CORE_TRANSFER_JOB_H

#include "recovery/protocol/transfer.h"
#include "src/io/line.h"
#include "src/io/loop.h"

struct transfer_job;

struct transfer_job_options {
	const struct transfer_protocol *protocol;
	bool is_sender;
	/* Either an open line of the caller, who gives what it reads to transfer_job_input(), its room to
	 * transfer_job_room(), and tells a loss; */
	struct line *line;
	/* or, line NULL, two descriptors that do not block and stay the caller's. */
	int in, out;
	unsigned baud;			/* 0: not known */
	unsigned patience_ms;		/* 0: the protocol's own */
	bool is_clean;
	bool has_padding, has_address, escape_controls;	/* as in struct transfer_options */
	uint8_t padding;
	uint32_t address;
	const char *const *paths;	/* sending: the files; the strings live as long as the job */
	size_t path_count;
	const char *output;		/* receiving: a folder, or the one file's path; NULL: the current folder */
	bool may_replace;
	bool may_resume;		/* a transfer that broke off goes on: what came of it is kept as NAME.part */
};

struct transfer_job_observer {	/* each may be NULL; all are called on the loop */
	/* path: where it comes from or goes to. */
	void (*on_file)(void *user, const struct transfer_file *file, const char *path);
	void (*on_file_end)(void *user, const char *path, uint64_t size);
	void (*on_progress)(void *user, const struct transfer_progress *progress);	/* four times a second */
	void (*on_retry)(void *user, const char *reason);
	/* What the device says beside the protocol; raw. With descriptors also what came behind the transfer. */
	void (*on_text)(void *user, struct bytes text);
	/* Once, at the end; it may free the job. CANCELLED by transfer_job_cancel() or by the other side: the text
	 * says which. */
	void (*on_done)(void *user, enum status status, const struct error *error);
	void *user;
};

/* What is wrong beforehand fails here: a file that cannot be read, a folder that cannot be written (INVALID,
 * NOT_FOUND, NO_PERMISSION), a file that is there already (REFUSED). */
enum status transfer_job_start(struct loop *loop, const struct transfer_job_options *options,
			       const struct transfer_job_observer *observer, struct transfer_job **ret_job,
			       struct error *reterr);
/* Bytes of the line. Returns how many it took; the rest came behind the transfer. */
size_t transfer_job_input(struct transfer_job *job, struct bytes in, uint64_t now_ms);
/* The line's on_room. */
void transfer_job_room(struct transfer_job *job);
void transfer_job_line_lost(struct transfer_job *job, const struct error *why);
/* Tells the other side; on_done comes with CANCELLED within two seconds. At any time, and more than once. */
void transfer_job_cancel(struct transfer_job *job);
/* At any time; on_done does not come any more. A file that is not whole is deleted. */
void transfer_job_free(struct transfer_job *job);
void transfer_job_progress(const struct transfer_job *job, struct transfer_progress *ret_progress);

#endif
