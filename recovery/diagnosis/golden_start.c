/* recovery/diagnosis/golden_start.c */
#include "recovery/diagnosis/golden_start.h"

#include "src/base/text.h"

enum {
	LEARN_REACH = 48,	/* how far apart two lines may stand that are one message in two good logs */
	LEARN_LIKENESS = 50,
};

void golden_start_clear(struct golden_start *start, unsigned number, unsigned line)
{
	start->number = number;
	start->first_line = start->last_line = line;
	start->furthest = STAGE_ANY;
	start->came_up = start->is_ended = false;
	start->strange = start->alarms = start->strange_lines = start->not_kept = 0;
	start->line_count = start->fact_count = start->pattern_count = start->texts_size = 0;
	start->round++;
	if (start->round == 0) {	/* so many rounds that old marks would look like new ones */
		memset(start->slot, 0, sizeof(start->slot));
		start->round = 1;
	}
}

static size_t slot_of(const struct golden_start *start, uint64_t key)
{
	size_t at = (size_t)(key ^ key >> 32) & (GOLDEN_SLOTS - 1);

	while (start->slot[at].round == start->round && start->line[start->slot[at].line].key != key)
		at = (at + 1) & (GOLDEN_SLOTS - 1);
	return at;
}

struct golden_line *golden_start_find(struct golden_start *start, uint64_t key, const char *mask)
{
	size_t at = slot_of(start, key);

	if (start->slot[at].round == start->round)
		return &start->line[start->slot[at].line];
	for (size_t i = 0; i < start->pattern_count; i++)
		if (golden_mask_fits(start->pattern[i].mask, mask))
			return &start->line[start->pattern[i].line];
	return NULL;
}

const char *golden_start_text(const struct golden_start *start, const struct golden_line *line)
{
	return start->texts + line->text;
}

static struct golden_line *append(struct golden_start *start, bool is_learnt, uint64_t key, const char *message)
{
	size_t size = strnlen(message, GOLDEN_TEXT_MAX), at = slot_of(start, key);
	size_t lines = is_learnt ? GOLDEN_LEARNT_MAX : GOLDEN_LINES_MAX;
	size_t texts = is_learnt ? GOLDEN_LEARNT_TEXTS_MAX : GOLDEN_TEXTS_MAX;
	struct golden_line *line;

	if (start->line_count >= lines || start->texts_size + size + 1 > texts) {
		start->not_kept++;
		return NULL;
	}
	line = &start->line[start->line_count];
	*line = (struct golden_line){ .key = key, .text = (uint32_t)start->texts_size };
	text_copy(start->texts + start->texts_size, size + 1, message);
	start->texts_size += size + 1;
	start->slot[at].round = start->round;
	start->slot[at].line = (uint32_t)start->line_count++;
	return line;
}

bool golden_line_alarms(const struct sign *sign)
{
	return sign != NULL && (sign->effect == SIGN_FAULT || sign->effect == SIGN_HARDWARE);
}

/* The good start is bounded; what is strange to it must not take the place of what is not. */
static bool admit_strange(struct golden_start *start, bool alarms)
{
	unsigned *kept = alarms ? &start->alarms : &start->strange;

	if (*kept == (alarms ? GOLDEN_ALARMS_MAX : GOLDEN_STRANGE_MAX)) {
		start->strange_lines++;
		return false;
	}
	(*kept)++;
	return true;
}

void golden_start_add(struct golden_start *start, struct golden_start *good, const char *message, unsigned number,
		      const struct sign *sign)
{
	char mask[GOLDEN_MASK_MAX];
	struct golden_line *line;
	uint64_t key;

	start->last_line = number;
	if (golden_mask(mask, message) == 0)
		return;
	key = golden_mask_key(mask);
	line = golden_start_find(start, key, mask);
	if (line != NULL) {
		line->count++;
		return;
	}
	if (good != NULL && golden_start_find(good, key, mask) == NULL &&
	    !admit_strange(start, golden_line_alarms(sign)))
		return;
	line = append(start, good == NULL, key, message);
	if (line == NULL)
		return;
	line->number = number;
	line->count = line->logs = 1;
	line->is_steady = true;
	line->sign = sign;
}

bool golden_start_has_fact(const struct golden_start *start, const char *name, const char *value)
{
	for (size_t i = 0; i < start->fact_count; i++)
		if (text_equal(start->fact[i].name, name) && text_equal(start->fact[i].value, value))
			return true;
	return false;
}

void golden_start_add_fact(struct golden_start *start, const struct golden_fact *fact)
{
	if (start->fact_count < GOLDEN_FACTS_MAX && !golden_start_has_fact(start, fact->name, fact->value))
		start->fact[start->fact_count++] = *fact;
}

/* ---- learning from a second good start ---- */

static void mask_of(const struct golden_start *start, const struct golden_line *line, char mask[GOLDEN_MASK_MAX])
{
	(void)golden_mask(mask, golden_start_text(start, line));
}

static struct golden_line *counterpart(struct golden_start *in, const struct golden_start *of,
				       const struct golden_line *line)
{
	char mask[GOLDEN_MASK_MAX];

	mask_of(of, line, mask);
	return golden_start_find(in, line->key, mask);
}

/* The line of good that stands where other's line stands and is the same message but for some words; NULL: there is none.
 * near: where the line before it was found. */
static struct golden_line *find_alike(struct golden_start *good, size_t near, const char *mask,
				      struct golden_start *other, unsigned logs)
{
	size_t from = near > LEARN_REACH ? near - LEARN_REACH : 0, to = near + LEARN_REACH;
	struct golden_line *found = NULL;
	int best = LEARN_LIKENESS - 1;
	char theirs[GOLDEN_MASK_MAX], merged[GOLDEN_MASK_MAX];

	for (size_t i = from; i < to && i < good->line_count; i++) {
		struct golden_line *line = &good->line[i];
		int likeness;

		if (line->logs != logs || counterpart(other, good, line) != NULL)
			continue;
		mask_of(good, line, theirs);
		likeness = golden_mask_likeness(theirs, mask);
		if (likeness > best && golden_mask_merge(merged, theirs, mask)) {
			best = likeness;
			found = line;
		}
	}
	return found;
}

static void make_pattern(struct golden_start *good, struct golden_line *line, const char *mask)
{
	struct golden_pattern *pattern;
	char own[GOLDEN_MASK_MAX];

	if (good->pattern_count == GOLDEN_PATTERNS_MAX)
		return;
	pattern = &good->pattern[good->pattern_count];
	mask_of(good, line, own);
	if (!golden_mask_merge(pattern->mask, own, mask))
		return;
	pattern->line = (uint32_t)(line - good->line);
	good->pattern_count++;
	line->logs++;
	line->is_steady = false;
}

static void learn_line(struct golden_start *good, struct golden_start *other, const struct golden_line *line,
		       size_t *near, unsigned logs)
{
	struct golden_line *ours = counterpart(good, other, line), *copy;
	char mask[GOLDEN_MASK_MAX];

	if (ours != NULL) {
		const char *one = golden_start_text(good, ours), *two = golden_start_text(other, line);

		if (ours->logs <= logs)
			ours->logs++;
		ours->is_steady &= ours->count == 1 && line->count == 1 && text_equal(one, two);
		*near = (size_t)(ours - good->line);
		return;
	}
	mask_of(other, line, mask);
	ours = find_alike(good, *near, mask, other, logs);
	if (ours != NULL) {
		make_pattern(good, ours, mask);
		return;
	}
	copy = append(good, true, line->key, golden_start_text(other, line));
	if (copy == NULL)
		return;
	copy->count = line->count;
	copy->logs = 1;
	copy->sign = line->sign;
}

static void learn_facts(struct golden_start *good, const struct golden_start *other)
{
	for (size_t i = 0; i < good->fact_count; i++)
		if (!golden_start_has_fact(other, good->fact[i].name, good->fact[i].value))
			good->fact[i].is_wild = true;
	for (size_t i = 0; i < other->fact_count; i++) {
		struct golden_fact fact = other->fact[i];

		fact.is_wild = true;
		golden_start_add_fact(good, &fact);
	}
}

void golden_start_learn(struct golden_start *good, struct golden_start *other, unsigned logs)
{
	size_t near = 0;

	for (size_t i = 0; i < other->line_count; i++)
		learn_line(good, other, &other->line[i], &near, logs);
	learn_facts(good, other);
}
