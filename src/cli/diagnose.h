/* src/cli/diagnose.h
 *
 * One run of `unbrick diagnose`: diagnose.c reads the log and judges, diagnose_print.c and golden_print.c say it. */
#ifndef UNBRICK_CLI_DIAGNOSE_H
#define UNBRICK_CLI_DIAGNOSE_H

#include <jansson.h>

#include "recovery/diagnosis/golden.h"
#include "src/cli/log_check.h"
#include "src/cli/log_excerpt.h"
#include "src/cli/log_file.h"
#include "src/store/device_library.h"

enum { DIAGNOSE_WELL_KEPT = 3 };

struct diagnose {
	const char *name;
	struct device_library *library;
	const struct profile *profile; /* NULL: not said which */
	struct diagnosis *diagnosis;
	struct verdict verdict;
	struct log_excerpt excerpt;
	struct log_excerpt_line well[DIAGNOSE_WELL_KEPT]; /* the last lines that show that it is well */
	unsigned line_count;
	struct log_check check;
	struct golden *golden; /* NULL: compared with nothing */
	const struct golden_result *compared; /* golden's */
	unsigned good_count;
};

/* No fault, as far as the log goes; whether that is settled is verdict's is_decided. */
bool diagnose_is_well(const struct verdict *verdict);
void diagnose_print_json(const struct diagnose *d);
void diagnose_print_text(const struct diagnose *d);
/* The document in one line, as the last of the events of --follow. */
void diagnose_print_json_event(const struct diagnose *d);
/* Reads the log to its end and tells each change of stage and verdict as it comes; diagnose_follow.c. */
enum status diagnose_follow(struct diagnose *d, struct log_file *log, bool is_json, struct error *reterr);
/* What differs from the good logs; golden_print.c. */
json_t *golden_print_json(const struct golden_result *result);
void golden_print_text(const struct golden_result *result);

#endif
