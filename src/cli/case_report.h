/* src/cli/case_report.h
 *
 * The report of a case for people outside: which device, what was seen, what was really sent and done, which image, what came of it and
 * what that rests on. Made from the journal alone. */
#ifndef UNBRICK_CLI_CASE_REPORT_H
#define UNBRICK_CLI_CASE_REPORT_H

#include <jansson.h>

#include "src/base/status.h"
#include "src/store/casebook.h"

const char *case_by_name(enum journal_by by); /* "observed", "program", "operator" */
json_t *case_summary_json(const struct case_summary *summary);
/* "no fault known yet" for a case without a cause. */
const char *case_cause_meaning(const char *label);

/* state_folder: where the captures are. The caller owns the document. */
enum status case_report_make(struct casebook *book, const struct case_summary *summary, const char *state_folder,
			     json_t **ret_report, struct error *reterr);
/* The same report to be read. */
void case_report_print(const json_t *report);

#endif
