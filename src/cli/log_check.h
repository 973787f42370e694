/* src/cli/log_check.h
 *
 * Is this the text of a console at all? People hand over archives, captures at a wrong speed and empty files. */
#ifndef UNBRICK_CLI_LOG_CHECK_H
#define UNBRICK_CLI_LOG_CHECK_H

#include "src/base/bytes.h"
#include "src/base/status.h"

struct log_check {	/* zeroed by the caller; fields belong to log_check.c */
	uint64_t size, score_sum, score_count;
	uint8_t head[4];
};

void log_check_add(struct log_check *check, struct bytes part);
/* STATUS_INVALID says what it is instead, and the hint what makes a log of it. */
enum status log_check_usable(const struct log_check *check, const char *name, struct error *reterr);

#endif
