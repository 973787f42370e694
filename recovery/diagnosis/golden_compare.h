/* recovery/diagnosis/golden_compare.h
 *
 * What differs between two starts: a pure function of both. */
#ifndef UNBRICK_RECOVERY_GOLDEN_COMPARE_H
#define UNBRICK_RECOVERY_GOLDEN_COMPARE_H

#include "recovery/diagnosis/golden.h"
#include "recovery/diagnosis/golden_start.h"

struct golden_workspace {	/* fields belong to golden_compare.c; large, so the caller keeps it */
	uint32_t twin[GOLDEN_LINES_MAX];	/* of a good line: the log's line + 1 */
	uint32_t origin[GOLDEN_LINES_MAX];	/* of a line of the log: the good line + 1 */
	bool is_changed[GOLDEN_LINES_MAX];	/* of a line of the log: it is another form of its origin */
};

/* good was learnt from good_logs logs. */
void golden_compare_starts(struct golden_start *good, unsigned good_logs, const struct golden_start *now,
			   struct golden_workspace *work, struct golden_result *ret_result);
/* Does the start only repeat the beginning of the one before it? */
bool golden_repeats(const struct golden_start *start, struct golden_start *before);

#endif
