/* recovery/diagnosis/course_rules.h
 *
 * The rules over several lines. They stand in one table in course_rules.c, each with the sentence for the operator. */
#ifndef UNBRICK_RECOVERY_COURSE_RULES_H
#define UNBRICK_RECOVERY_COURSE_RULES_H

#include "recovery/diagnosis/course.h"
#include "recovery/diagnosis/evidence_book.h"

struct situation {
	const struct course *course;
	const struct evidence_book *book;
	bool is_looping;
};

struct course_rule {
	const char *id;
	/* Does it hold? *ret_line gets the line that shows it (0: none does). */
	bool (*holds)(const struct situation *now, unsigned *ret_line);
	enum cause cause;	/* what the course speaks for; CAUSE_NONE: it only explains */
	int weight;
	unsigned explains;	/* CAUSE_BIT of causes whose signs are then mere consequences */
	const char *sentence;
};

#define CAUSE_BIT(cause) (1u << (cause))

const struct course_rule *course_rules(size_t *ret_count);
/* Did what came after the entry show that it did no harm? */
bool situation_is_overcome(const struct situation *now, const struct evidence_entry *entry);

#endif
