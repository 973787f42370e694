/* recovery/diagnosis/golden_compare.c
 *
 * Messages are found by their mask, not by an alignment of two texts: order is no difference here, and an alignment of
 * thousands of lines costs their product. Order comes in at the end only: how far down the good start the log came. */
#include "recovery/diagnosis/golden_compare.h"

#include "src/base/text.h"

enum {
	ALIKE = 60, /* likeness of two forms of one message */
	ALIKE_IN_PLACE = 50, /* where both stand behind the same message */
	SUPPORT_REACH = 16, /* a message shows how far the log came when SUPPORT of those before it came, too */
	SUPPORT = 4,
	FEW = 8, /* messages before the good log's beginning or after its end: they are new; more: it was cut there */
	EDGE = 3, /* messages at the end of a capture that noise may have spoilt */
	PAIRS_AHEAD = 24, /* messages behind the last common one that may have come in another form */
};

struct comparison {
	struct golden_start *good;
	unsigned good_logs;
	const struct golden_start *now;
	struct golden_workspace *work;
	struct golden_result *result;
	size_t first, last;	/* good lines at which the log begins and ends; last: behind it */
};

/* ---- which message is which ---- */

static bool is_needed(const struct comparison *c, size_t good)
{
	return c->good->line[good].logs >= c->good_logs;
}

static void join(struct comparison *c, size_t good, size_t now, bool is_changed)
{
	if (c->work->twin[good] == 0)
		c->work->twin[good] = (uint32_t)now + 1;
	c->work->origin[now] = (uint32_t)good + 1;
	c->work->is_changed[now] = is_changed;
}

static void find_common(struct comparison *c)
{
	for (size_t i = 0; i < c->now->line_count; i++) {
		const struct golden_line *line = &c->now->line[i], *twin;
		char mask[GOLDEN_MASK_MAX];

		(void)golden_mask(mask, golden_start_text(c->now, line));
		twin = golden_start_find(c->good, line->key, mask);
		if (twin == NULL)
			continue;
		/* several good logs have shown that its numbers do not move */
		join(c, (size_t)(twin - c->good->line), i,
		     c->good_logs > 1 && twin->is_steady && line->count == 1 &&
			     !text_equal(golden_start_text(c->good, twin), golden_start_text(c->now, line)));
		c->result->same += !c->work->is_changed[i];
	}
}

/* How far down the good start the log came: behind the last message that is no mere chance. */
static size_t find_last(const struct comparison *c)
{
	size_t last = 0;

	for (size_t i = 0; i < c->good->line_count; i++) {
		size_t support = 0, asked = 0;

		if (c->work->twin[i] == 0 || !is_needed(c, i))
			continue;
		for (size_t k = i; k > 0 && asked < SUPPORT_REACH; k--) {
			if (!is_needed(c, k - 1))
				continue;
			asked++;
			support += c->work->twin[k - 1] != 0;
		}
		if (asked < SUPPORT_REACH || support >= SUPPORT)
			last = i + 1;
	}
	return last;
}

static bool is_only_one_with_label(const struct golden_start *start, const char *label, size_t size)
{
	unsigned count = 0;

	for (size_t i = 0; i < start->line_count; i++)
		count += strncmp(golden_start_text(start, &start->line[i]), label, size) == 0;
	return count == 1;
}

/* "Model: X" and "Model: Y": two words, of which the first says what the second is. */
static bool is_labelled(const struct comparison *c, const char *a, const char *b)
{
	size_t size = strcspn(a, " ");

	return size > 1 && (a[size - 1] == ':' || a[size - 1] == '=') && a[size] == ' ' &&
	       strchr(a + size + 1, ' ') == NULL && strncmp(a, b, size + 1) == 0 && strchr(b + size + 1, ' ') == NULL &&
	       is_only_one_with_label(c->good, a, size);
}

static int least_likeness(const struct comparison *c, size_t good, size_t now)
{
	return good > 0 && now > 0 && c->work->origin[now - 1] == (uint32_t)good ? ALIKE_IN_PLACE : ALIKE;
}

/* The unseen good message that the log's line is another form of, or the number of lines. */
static size_t find_form(const struct comparison *c, size_t now, const char *mask, size_t until)
{
	size_t found = c->good->line_count;
	int best = 0;

	for (size_t i = 0; i < until; i++) {
		char theirs[GOLDEN_MASK_MAX];
		const char *text = golden_start_text(c->good, &c->good->line[i]);
		int likeness;

		/* masks begin alike only where texts do, or where both begin with what is masked */
		if (c->work->twin[i] != 0 || !is_needed(c, i) || (text[0] != mask[0] && mask[0] != GOLDEN_MASK))
			continue;
		(void)golden_mask(theirs, text);
		likeness = is_labelled(c, theirs, mask) ? 100 : golden_mask_likeness(theirs, mask);
		if (likeness <= best || likeness < least_likeness(c, i, now))
			continue;
		best = likeness;
		found = i;
	}
	return found;
}

static void find_forms(struct comparison *c)
{
	size_t until = c->last + PAIRS_AHEAD < c->good->line_count ? c->last + PAIRS_AHEAD : c->good->line_count;

	for (size_t i = 0; i < c->now->line_count; i++) {
		char mask[GOLDEN_MASK_MAX];
		size_t form;

		if (c->work->origin[i] != 0)
			continue;
		(void)golden_mask(mask, golden_start_text(c->now, &c->now->line[i]));
		form = find_form(c, i, mask, until);
		if (form < c->good->line_count)
			join(c, form, i, true);
	}
}

/* ---- facts ---- */

static bool name_is_wild(const struct golden_start *start, const char *name)
{
	for (size_t i = 0; i < start->fact_count; i++)
		if (start->fact[i].is_wild && text_equal(start->fact[i].name, name))
			return true;
	return false;
}

/* The next value of the name in from that other does not have; values that both have are no difference, whatever their order. */
static const struct golden_fact *own_value(const struct golden_start *from, const struct golden_start *other,
					   const char *name, size_t skip)
{
	for (size_t i = 0; i < from->fact_count; i++) {
		const struct golden_fact *fact = &from->fact[i];

		if (!text_equal(fact->name, name) || golden_start_has_fact(other, name, fact->value))
			continue;
		if (skip-- == 0)
			return fact;
	}
	return NULL;
}

/* Two devices of one model differ in these. */
static bool is_same_but_unit(const char *a, const char *b)
{
	char one[GOLDEN_MASK_MAX], other[GOLDEN_MASK_MAX];

	golden_mask_unit(one, a);
	golden_mask_unit(other, b);
	return text_equal(one, other);
}

static void compare_facts(struct comparison *c)
{
	struct golden_result *result = c->result;

	for (size_t i = 0; i < c->now->fact_count && result->fact_count < GOLDEN_SHOWN_MAX; i++) {
		const struct golden_fact *now = &c->now->fact[i], *good;
		struct golden_change *change = &result->facts[result->fact_count];
		size_t rank = 0;

		if (golden_start_has_fact(c->good, now->name, now->value) || name_is_wild(c->good, now->name))
			continue;
		for (size_t k = 0; k < i; k++)
			rank += text_equal(c->now->fact[k].name, now->name) &&
				!golden_start_has_fact(c->good, now->name, c->now->fact[k].value);
		good = own_value(c->good, c->now, now->name, rank);
		if (good == NULL || is_same_but_unit(good->value, now->value))
			continue;
		*change = (struct golden_change){ .good_line = good->line, .line = now->line };
		text_copy(change->name, sizeof(change->name), now->name);
		text_copy(change->good, sizeof(change->good), good->value);
		text_copy(change->now, sizeof(change->now), now->value);
		result->fact_count++;
	}
}

/* A differing fact has told what the line of the log, or of the good one, says. */
static bool fact_tells(const struct golden_result *result, unsigned line, bool is_good)
{
	for (size_t i = 0; i < result->fact_count; i++)
		if ((is_good ? result->facts[i].good_line : result->facts[i].line) == line)
			return true;
	return false;
}

/* ---- what is told ---- */

static void set_message(struct golden_message *message, const struct golden_start *start,
			const struct golden_line *line)
{
	*message = (struct golden_message){ .line = line->number, .sign = line->sign };
	text_copy(message->text, sizeof(message->text), golden_start_text(start, line));
}

static struct golden_message *tell(struct golden_messages *list, const struct golden_start *start,
				   const struct golden_line *line)
{
	list->total++;
	if (list->count == GOLDEN_DIFFERENCES_MAX)
		return NULL;
	set_message(&list->item[list->count], start, line);
	return &list->item[list->count++];
}

static void tell_rest(const struct comparison *c, struct golden_rest *rest, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (!is_needed(c, i) || c->work->twin[i] != 0)
			continue;
		rest->messages++;
		if (rest->next_count < GOLDEN_NEXT_MAX)
			set_message(&rest->next[rest->next_count++], c->good, &c->good->line[i]);
	}
}

static void mark_rest(const struct comparison *c, struct golden_rest *rest, size_t good)
{
	rest->good_line = c->good->line[good].number;
	rest->line = c->now->line[c->work->twin[good] - 1].number;
}

/* A capture that was begun late has nothing before its first common message but the rest of a cut line. */
static size_t find_first(const struct comparison *c)
{
	for (size_t i = 0; i < c->last; i++)
		if (c->work->twin[i] != 0 && is_needed(c, i))
			return c->work->twin[i] - 1 < EDGE && c->now->number == 1 ? i : 0;
	return 0;
}

static void tell_good_side(struct comparison *c)
{
	struct golden_result *result = c->result;

	c->first = find_first(c);
	tell_rest(c, &result->begins, 0, c->first);
	if (result->begins.messages > 0)
		mark_rest(c, &result->begins, c->first);
	for (size_t i = c->first; i < c->last; i++)
		if (is_needed(c, i) && c->work->twin[i] == 0 && !fact_tells(result, c->good->line[i].number, true))
			(void)tell(&result->missing, c->good, &c->good->line[i]);
	tell_rest(c, &result->ends, c->last, c->good->line_count);
	if (result->ends.messages > 0 && c->last > 0)
		mark_rest(c, &result->ends, c->last - 1);
}

/* What of the log has a twin, and how many alarms have none. */
struct log_side {
	size_t first, last;	/* line with a twin; last: behind it */
	size_t alarms;
	bool good_begins_late, good_ends_early;
};

static struct log_side survey(const struct comparison *c)
{
	struct log_side side = { .first = c->now->line_count };

	for (size_t i = 0; i < c->now->line_count; i++) {
		if (c->work->origin[i] == 0) {
			side.alarms += golden_line_alarms(c->now->line[i].sign);
			continue;
		}
		side.first = side.first < i ? side.first : i;
		side.last = i + 1;
	}
	side.good_begins_late = c->last > 0 && c->work->twin[0] != 0 && c->good->number == 1 && side.first > FEW;
	side.good_ends_early = c->result->ends.messages == 0 && c->now->line_count - side.last > FEW;
	return side;
}

static void tell_new(struct comparison *c, const struct log_side *side)
{
	struct golden_messages *list = &c->result->fresh;
	size_t kept_for_alarms = side->alarms < GOLDEN_DIFFERENCES_MAX ? side->alarms : GOLDEN_DIFFERENCES_MAX;

	for (size_t i = 0; i < c->now->line_count; i++) {
		const struct golden_line *line = &c->now->line[i];

		if (c->work->origin[i] != 0 || fact_tells(c->result, line->number, false))
			continue;
		/* a fault is told wherever it stands, and however much else is new */
		if (golden_line_alarms(line->sign)) {
			kept_for_alarms -= kept_for_alarms > 0;
			(void)tell(list, c->now, line);
		} else if (i < side->first && side->good_begins_late) {
			c->result->before++;
		} else if (i >= side->last && side->good_ends_early) {
			c->result->beyond++;
		} else if (list->count + kept_for_alarms < GOLDEN_DIFFERENCES_MAX) {
			(void)tell(list, c->now, line);
		} else {
			list->total++;
		}
	}
	list->total += c->now->strange_lines;
}

static void tell_changed(struct comparison *c)
{
	for (size_t i = 0; i < c->now->line_count; i++) {
		const struct golden_line *line = &c->now->line[i], *good;
		struct golden_message *message;

		if (!c->work->is_changed[i] || fact_tells(c->result, line->number, false))
			continue;
		message = tell(&c->result->changed, c->now, line);
		if (message == NULL)
			continue;
		good = &c->good->line[c->work->origin[i] - 1];
		message->good_line = good->number;
		text_copy(message->good, sizeof(message->good), golden_start_text(c->good, good));
	}
}

static void tell_log_side(struct comparison *c)
{
	struct log_side side = survey(c);

	tell_new(c, &side);
	tell_changed(c);
}

void golden_compare_starts(struct golden_start *good, unsigned good_logs, const struct golden_start *now,
			   struct golden_workspace *work, struct golden_result *ret_result)
{
	struct comparison c = { .good = good, .good_logs = good_logs, .now = now, .work = work, .result = ret_result };

	memset(work, 0, sizeof(*work));
	find_common(&c);
	c.last = find_last(&c);
	find_forms(&c);
	c.last = find_last(&c);
	compare_facts(&c);
	tell_good_side(&c);
	tell_log_side(&c);
	ret_result->not_kept = good->not_kept + now->not_kept;
}

bool golden_repeats(const struct golden_start *start, struct golden_start *before)
{
	size_t strange = 0;

	for (size_t i = 0; i < start->line_count; i++) {
		char mask[GOLDEN_MASK_MAX];

		(void)golden_mask(mask, golden_start_text(start, &start->line[i]));
		strange += golden_start_find(before, start->line[i].key, mask) == NULL;
	}
	/* where the capture was cut, a line is cut as well */
	return start->line_count < before->line_count && strange <= 1;
}
