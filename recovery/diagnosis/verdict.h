/* recovery/diagnosis/verdict.h
 *
 * From evidence and the course of events to ranked causes; a pure function, so that a case can be judged again. */
#ifndef UNBRICK_RECOVERY_VERDICT_H
#define UNBRICK_RECOVERY_VERDICT_H

#include "recovery/diagnosis/course.h"
#include "recovery/diagnosis/evidence_book.h"

void verdict_judge(const struct course *course, const struct evidence_book *book, struct verdict *ret_verdict);

/* What would settle a cause in general, as it may stand in verdict.next; NULL: nothing. */
const char *verdict_settled_by(enum cause cause);

#endif
