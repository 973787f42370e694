/* src/cli/log_file.h
 *
 * A log to be read twice: once for the verdict, once for the neighbours of the lines that the verdict rests on. A file is read again;
 * what came through a pipe is kept in an unlinked temporary file, up to LOG_FILE_KEPT_MAX. (Rejected: keeping the neighbours of every
 * suspicious line while reading once; which of them matter is known at the end only.) */
#ifndef UNBRICK_CLI_LOG_FILE_H
#define UNBRICK_CLI_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

enum { LOG_FILE_KEPT_MAX = 64 << 20, LOG_FILE_PART = 64 << 10 };

struct log_file;

/* "-": standard input. NOT_FOUND, NO_PERMISSION, INVALID (a folder, a device), each with a hint. */
enum status log_file_open(const char *path, struct log_file **ret_log, struct error *reterr);
void log_file_free(struct log_file *log);
/* For messages: the path, or "standard input". */
const char *log_file_name(const struct log_file *log);
/* The next LOG_FILE_PART bytes, fewer only at the end, none behind it; valid until the next call. */
enum status log_file_read(struct log_file *log, struct bytes *ret_part, struct error *reterr);
/* What is there, at most LOG_FILE_PART bytes, as soon as any is; none when nothing came in timeout_ms. *ret_end: nothing more comes,
 * or a signal with a handler came. */
enum status log_file_wait(struct log_file *log, int timeout_ms, struct bytes *ret_part, bool *ret_end, struct error *reterr);
/* Back to the beginning; the end is then where it was, though somebody may still be writing. False: it was not kept. */
bool log_file_rewind(struct log_file *log);

#endif
