/* recovery/diagnosis/golden.c
 *
 * Starts are cut out of the stream by the same course that the diagnosis keeps; a golden log is read by the same eyes as
 * the log it is held against. */
#include "recovery/diagnosis/golden.h"

#include <stdlib.h>

#include "recovery/diagnosis/course.h"
#include "recovery/diagnosis/golden_compare.h"
#include "recovery/diagnosis/golden_start.h"
#include "recovery/diagnosis/line_reader.h"
#include "recovery/diagnosis/sign_set.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

struct golden {
	struct sign_set *set;
	struct line_reader reader;
	struct course course;
	bool is_good;			/* what comes is of a good log */
	unsigned good_logs;
	unsigned good_starts;		/* in the first good log */
	struct golden_start *good;	/* learnt; meaningless while good_logs is 0 */
	struct golden_start *now;	/* being read */
	struct golden_start *before;	/* of a good log: its best one so far; of the log: the one before */
	bool has_before;
	struct golden_workspace work;
	struct golden_result result;
};

DEFINE_AUTO(golden);

enum status golden_new(const struct sign *signs, size_t count, struct golden **ret_golden, struct error *reterr)
{
	AUTO(golden) golden = calloc(1, sizeof(*golden));
	enum status status;

	if (golden == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for comparing logs");
	golden->good = calloc(1, sizeof(*golden->good));
	golden->now = calloc(1, sizeof(*golden->now));
	golden->before = calloc(1, sizeof(*golden->before));
	if (golden->good == NULL || golden->now == NULL || golden->before == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for comparing logs");
	status = sign_set_new(signs, count, &golden->set, reterr);
	if (status != STATUS_OK)
		return status;
	golden_begin_log(golden);
	*ret_golden = TAKE(golden);
	return STATUS_OK;
}

void golden_free(struct golden *golden)
{
	if (golden == NULL)
		return;
	sign_set_free(golden->set);
	free(golden->good);
	free(golden->now);
	free(golden->before);
	free(golden);
}

static void begin(struct golden *golden, bool is_good)
{
	golden->is_good = is_good;
	golden->has_before = false;
	line_reader_init(&golden->reader);
	course_init(&golden->course);
	golden_start_clear(golden->now, 1, 1);
}

void golden_begin_good(struct golden *golden)
{
	begin(golden, true);
}

void golden_begin_log(struct golden *golden)
{
	begin(golden, false);
}

static void swap(struct golden_start **one, struct golden_start **other)
{
	struct golden_start *kept = *one;

	*one = *other;
	*other = kept;
}

/* Which of two starts of a good log shows more of a good start. */
static bool is_better(const struct golden_start *start, const struct golden_start *than)
{
	if (start->came_up != than->came_up)
		return start->came_up;
	if (start->furthest != than->furthest)
		return start->furthest > than->furthest;
	/* of equal ones the later, unless it was cut off */
	return start->line_count * 2 >= than->line_count;
}

static void next_start(struct golden *golden, unsigned line)
{
	golden->now->is_ended = true;
	if (!golden->is_good || !golden->has_before || is_better(golden->now, golden->before))
		swap(&golden->now, &golden->before);
	golden->has_before = true;
	golden_start_clear(golden->now, golden->course.start, line);
}

/* Facts that only rules read are no facts of the device; course.h keeps them apart. */
static bool is_for_operator(const struct course *course, const char *name)
{
	for (size_t i = 0; i < course->fact_count; i++)
		if (text_equal(course->facts[i].name, name))
			return true;
	return false;
}

static void note_fact(struct golden *golden, const struct sign_match *match, unsigned line)
{
	const char *given = match->sign->fact, *fixed = given ? strchr(given, '=') : NULL;
	struct golden_fact fact = { .line = line };
	struct bytes value;

	if (given == NULL || (fixed == NULL && match->value.size == 0))
		return;
	value = fixed ? bytes_of_text(fixed + 1) : match->value;
	text_format(fact.name, sizeof(fact.name), "%.*s", fixed ? (int)(fixed - given) : (int)strlen(given), given);
	text_format(fact.value, sizeof(fact.value), "%.*s", (int)value.size, (const char *)value.data);
	for (size_t end = strlen(fact.value); end > 0 && fact.value[end - 1] == ' '; end--)
		fact.value[end - 1] = '\0';
	if (is_for_operator(&golden->course, fact.name))
		golden_start_add_fact(golden->now, &fact);
}

static void note_map(struct golden *golden, const char *message, unsigned line)
{
	struct golden_fact fact = { .line = line };
	struct bytes name, range;

	if (!golden_mask_map(message, &name, &range))
		return;
	text_format(fact.name, sizeof(fact.name), "partition %.*s", (int)name.size, (const char *)name.data);
	text_format(fact.value, sizeof(fact.value), "%.*s", (int)range.size, (const char *)range.data);
	golden_start_add_fact(golden->now, &fact);
}

/* A kernel writes when it likes, also into the line of a program: "login: [    3.014764] IPv6: ...". Length of the part
 * before such a stamp. */
static size_t before_stamp(const char *message)
{
	for (const char *at = strchr(message, '['); at != NULL; at = strchr(at + 1, '[')) {
		const char *seconds = at + 1 + strspn(at + 1, " ");
		size_t digits = strspn(seconds, "0123456789");

		if (at > message && digits > 0 && seconds[digits] == '.' &&
		    strspn(seconds + digits + 1, "0123456789") == 6 && seconds[digits + 7] == ']')
			return (size_t)(at - message);
	}
	return strlen(message);
}

static void add_messages(struct golden *golden, const char *message, unsigned line, const struct sign *sign)
{
	struct golden_start *good = golden->is_good || golden->good_logs == 0 ? NULL : golden->good;
	size_t size = before_stamp(message);
	char part[LINE_READER_MAX + 1];

	if (message[size] == '\0') {
		golden_start_add(golden->now, good, message, line, sign);
		return;
	}
	text_format(part, sizeof(part), "%.*s", (int)size, message);
	golden_start_add(golden->now, good, part, line, sign);
	message += size;
	golden_start_add(golden->now, good, message + line_body_offset(message), line, NULL);
}

static void take_line(struct golden *golden, const struct reader_line *line)
{
	struct sign_match matches[SIGN_SET_MATCHES_MAX];
	const char *message = line->text + line->body;
	size_t count = sign_set_match_in_force(golden->set, bytes_of(message, line->size - line->body), matches);
	struct course *course = &golden->course;

	course_line(course, line, matches, count);
	if (course->start != golden->now->number)
		next_start(golden, line->number);
	golden->now->furthest = course->furthest;
	golden->now->came_up = course->came_up > 0 && course->came_up >= course->start_line;
	for (size_t i = 0; i < count; i++)
		note_fact(golden, &matches[i], line->number);
	note_map(golden, message, line->number);
	add_messages(golden, message, line->number, sign_matches_best(matches, count));
}

void golden_input(struct golden *golden, struct bytes in)
{
	struct reader_line line;

	while (line_reader_next(&golden->reader, &in, 0, &line))
		take_line(golden, &line);
}

static enum status learn(struct golden *golden, struct error *reterr)
{
	if (golden->has_before && !is_better(golden->now, golden->before))
		swap(&golden->now, &golden->before);
	if (golden->now->line_count == 0)
		return error_set(reterr, STATUS_INVALID, "there is no line of text that could be compared");
	if (golden->good_logs == 0) {
		golden->good_starts = golden->course.start;
		swap(&golden->good, &golden->now);
	} else {
		golden_start_learn(golden->good, golden->now, golden->good_logs);
	}
	golden->good_logs++;
	begin(golden, false);
	return STATUS_OK;
}

enum status golden_end(struct golden *golden, struct error *reterr)
{
	struct reader_line line;

	if (line_reader_end(&golden->reader, &line))
		take_line(golden, &line);
	return golden->is_good ? learn(golden, reterr) : STATUS_OK;
}

static struct golden_range range_of(const struct golden_start *start, unsigned starts)
{
	return (struct golden_range){
		.first_line = start->first_line,
		.last_line = start->last_line,
		.start = start->number,
		.starts = starts,
		.came_up = start->came_up,
	};
}

const struct golden_result *golden_compare(struct golden *golden)
{
	const struct golden_start *now = golden->now;

	/* a round that the end of the capture cut off says less than the one before it; but a start that hangs where the
	 * one before went on and came up is the one to be explained */
	if (golden->has_before && !golden->before->came_up && golden_repeats(golden->now, golden->before))
		now = golden->before;
	memset(&golden->result, 0, sizeof(golden->result));
	golden->result.good_logs = golden->good_logs;
	golden->result.good = range_of(golden->good, golden->good_starts);
	golden->result.now = range_of(now, golden->course.start);
	if (golden->good_logs > 0)
		golden_compare_starts(golden->good, golden->good_logs, now, &golden->work, &golden->result);
	return &golden->result;
}
