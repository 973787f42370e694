/* recovery/diagnosis/evidence_book.c */
#include "recovery/diagnosis/evidence_book.h"

#include <stdlib.h>

#include "src/base/text.h"

static bool is_same(const struct evidence *a, const struct evidence *b)
{
	if (a->source != b->source || a->cause != b->cause || a->sign != b->sign)
		return false;
	return a->sign != NULL || text_equal(a->text, b->text);
}

static struct evidence_entry *weakest(struct evidence_book *book)
{
	struct evidence_entry *found = &book->entry[0];

	for (size_t i = 1; i < book->count; i++)
		if (abs(book->entry[i].evidence.weight) < abs(found->evidence.weight))
			found = &book->entry[i];
	return found;
}

void evidence_book_add(struct evidence_book *book, const struct evidence *evidence)
{
	struct evidence_entry *entry = NULL;

	for (size_t i = 0; i < book->count; i++) {
		if (!is_same(&book->entry[i].evidence, evidence))
			continue;
		entry = &book->entry[i];
		entry->evidence.weight = evidence->weight;
		entry->evidence.seen = evidence->seen;
		entry->last_line = evidence->line;
		entry->last_start = evidence->start;
		entry->count++;
		return;
	}
	if (book->count < DIAGNOSIS_EVIDENCE_MAX)
		entry = &book->entry[book->count++];
	else if (abs(weakest(book)->evidence.weight) < abs(evidence->weight))
		entry = weakest(book);
	if (entry == NULL)
		return;
	*entry = (struct evidence_entry){ *evidence, evidence->line, evidence->start, 1 };
}
