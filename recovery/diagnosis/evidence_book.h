/* recovery/diagnosis/evidence_book.h
 *
 * The evidence of one case, constant in size: the same sign for the same cause is one entry, however often it comes. */
#ifndef UNBRICK_RECOVERY_EVIDENCE_BOOK_H
#define UNBRICK_RECOVERY_EVIDENCE_BOOK_H

#include "recovery/diagnosis/diagnosis.h"

struct evidence_entry {
	struct evidence evidence;	/* as first seen */
	unsigned last_line;
	unsigned last_start;
	unsigned count;
};

struct evidence_book {
	struct evidence_entry entry[DIAGNOSIS_EVIDENCE_MAX];
	size_t count;
};

/* When the book is full, the weakest entry gives way to a stronger one. */
void evidence_book_add(struct evidence_book *book, const struct evidence *evidence);

#endif
