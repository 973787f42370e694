/* src/core/transfer_files.h
 *
 * The files of a transfer, on the disk: for transfer_job.c only. Reading goes through one buffer, for the blocks of
 * the protocols are small; writing as well. */
#ifndef UNBRICK_CORE_TRANSFER_FILES_H
#define UNBRICK_CORE_TRANSFER_FILES_H

#include <limits.h>

#include "recovery/protocol/transfer.h"
#include "src/media/new_file.h"

enum { TRANSFER_BUFFER = 64 * 1024 };

struct transfer_files {
	/* sending */
	const char *const *paths;
	size_t path_count, next;
	int fd;				/* -1: none is open */
	uint64_t buffer_at;		/* sending: where in the file the buffer begins */
	/* receiving */
	char output[PATH_MAX];
	bool is_folder, may_replace, had_file;
	bool may_resume;		/* what came of a file that breaks off stays for the next time */
	struct new_file *file;
	/* both */
	char path[PATH_MAX];		/* of the current file */
	size_t buffered;
	uint8_t buffer[TRANSFER_BUFFER];
};

enum status transfer_files_begin_sending(struct transfer_files *files, const char *const *paths, size_t count,
					 struct error *reterr);
/* output NULL: the current folder. has_names: the protocol tells them. */
enum status transfer_files_begin_receiving(struct transfer_files *files, const char *output, bool has_names,
					   bool may_replace, struct error *reterr);
void transfer_files_end(struct transfer_files *files);

/* NOT_FOUND: there are no more. */
enum status transfer_files_next(struct transfer_files *files, struct transfer_file *ret_file, struct error *reterr);
enum status transfer_files_read(struct transfer_files *files, uint64_t offset, uint8_t *to, size_t size,
				size_t *ret_size, struct error *reterr);

/* What is here of the file already: struct transfer_kept. */
uint64_t transfer_files_have(struct transfer_files *files, const struct transfer_file *file, uint32_t *ret_crc);
/* REFUSED: there is one of that name already. */
enum status transfer_files_open(struct transfer_files *files, const struct transfer_file *file, struct error *reterr);
enum status transfer_files_append(struct transfer_files *files, struct bytes more, struct error *reterr);
/* Blocking: for a worker thread. */
enum status transfer_files_keep(struct transfer_files *files, struct error *reterr);

#endif
