/* recovery/diagnosis/golden_start.h
 *
 * One start of a device, as golden.h compares starts: its different messages in order, each with the line it first came
 * in, and its facts. Constant in size; clearing it costs nothing, for a log may hold millions of starts. */
#ifndef UNBRICK_RECOVERY_GOLDEN_START_H
#define UNBRICK_RECOVERY_GOLDEN_START_H

#include <stdbool.h>

#include "recovery/diagnosis/golden_mask.h"
#include "recovery/diagnosis/sign.h"

enum {
	GOLDEN_LINES_MAX = 8192,	/* different messages of one start; a chatty system prints 3000 */
	GOLDEN_LEARNT_MAX = 6144,	/* of a good one, so that all of them and the strange ones fit into the other */
	GOLDEN_TEXTS_MAX = 768 << 10,	/* bytes of their texts */
	GOLDEN_LEARNT_TEXTS_MAX = 512 << 10,
	GOLDEN_SLOTS = 16384,		/* of the index; a power of two, at least twice the lines */
	GOLDEN_STRANGE_MAX = 1024,	/* messages kept of a start that the good one does not have */
	GOLDEN_ALARMS_MAX = 512,	/* besides: those of them with a sign of a fault, however late they come */
	GOLDEN_FACTS_MAX = 96,
	GOLDEN_PATTERNS_MAX = 256,	/* messages with wild words */
};

struct golden_line {
	uint64_t key;			/* of the mask */
	uint32_t text;			/* where its text is */
	uint32_t number;		/* 1-based line of its log */
	uint32_t count;			/* how often it came */
	uint32_t logs;			/* good logs that have it */
	bool is_steady;			/* all good logs have it once, with the same numbers */
	const struct sign *sign;	/* the most telling one on it, or NULL */
};

struct golden_fact {
	char name[64];
	char value[96];
	unsigned line;
	bool is_wild;			/* good logs differ in it */
};

struct golden_pattern {
	char mask[GOLDEN_MASK_MAX];
	uint32_t line;			/* index of the line */
};

struct golden_start {
	unsigned number;		/* 1-based start of its log */
	unsigned first_line, last_line;
	enum boot_stage furthest;
	bool came_up;			/* login, or a sign of health */
	bool is_ended;			/* another start followed */
	unsigned strange, alarms;	/* messages kept that the good start does not have */
	unsigned strange_lines;		/* lines of it beyond these */
	unsigned not_kept;		/* different messages beyond the other ceilings */
	struct golden_line line[GOLDEN_LINES_MAX];
	size_t line_count;
	struct golden_fact fact[GOLDEN_FACTS_MAX];
	size_t fact_count;
	struct golden_pattern pattern[GOLDEN_PATTERNS_MAX];
	size_t pattern_count;
	struct {
		uint32_t round, line;	/* of another round: empty */
	} slot[GOLDEN_SLOTS];
	uint32_t round;
	char texts[GOLDEN_TEXTS_MAX];
	size_t texts_size;
};

void golden_start_clear(struct golden_start *start, unsigned number, unsigned line);
/* NULL: it has no such message. */
struct golden_line *golden_start_find(struct golden_start *start, uint64_t key, const char *mask);
const char *golden_start_text(const struct golden_start *start, const struct golden_line *line);
/* Is a fault, or failed hardware, on it? */
bool golden_line_alarms(const struct sign *sign);
/* Remembers a message; one that is known already is only counted. good: the start it will be compared with; NULL: this
 * is to become the good one. */
void golden_start_add(struct golden_start *start, struct golden_start *good, const char *message, unsigned number,
		      const struct sign *sign);
/* A value that the name has already is not taken again. */
void golden_start_add_fact(struct golden_start *start, const struct golden_fact *fact);
bool golden_start_has_fact(const struct golden_start *start, const char *name, const char *value);
/* Another good start: what both have stays, what they differ in becomes wild, what only one has is optional.
 * logs: how many good logs there were before. */
void golden_start_learn(struct golden_start *good, struct golden_start *other, unsigned logs);

#endif
