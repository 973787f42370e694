/* recovery/diagnosis/diagnosis.c
 *
 * The way of a line: line_reader cuts it, sign_set names what is on it, course keeps where the device is, evidence_book
 * what speaks for which cause; verdict judges when asked. */
#include "recovery/diagnosis/diagnosis.h"

#include <ctype.h>
#include <stdlib.h>

#include "recovery/diagnosis/course.h"
#include "recovery/diagnosis/evidence_book.h"
#include "recovery/diagnosis/line_reader.h"
#include "recovery/diagnosis/sign_set.h"
#include "recovery/diagnosis/text_kind.h"
#include "recovery/diagnosis/verdict.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	WRAP_LEAST = 60,	/* mail is cut at 72 to 78 columns (RFC 5322, 2.1.1), terminals at 80 */
	WRAP_MOST = 81,
	STAMP_FRACTION = 6,	/* digits of a kernel's time stamp behind the point */
	REMARK_WEIGHT = 20,	/* general words that weigh less are no fault in what its program calls a remark */
};

struct diagnosis {
	struct sign_set *set;
	void (*on_line)(void *user, const struct diagnosis_line *line);
	void *user;
	struct line_reader reader;
	struct course course;
	struct evidence_book book;
	size_t quiet_size;	/* of the unfinished line when it was last looked at */
	bool is_deaf;
	char cut[WRAP_MOST + 1];	/* the last line, when its length is one at which lines are cut; else empty */
	bool is_cut_stamped;		/* it bore a time stamp */
};

DEFINE_AUTO(diagnosis);

enum status diagnosis_new(const struct sign *signs, size_t sign_count,
			  void (*on_line)(void *user, const struct diagnosis_line *line), void *user,
			  struct diagnosis **ret_diagnosis, struct error *reterr)
{
	AUTO(diagnosis) diagnosis = calloc(1, sizeof(*diagnosis));
	enum status status;

	if (diagnosis == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the diagnosis");
	status = sign_set_new(signs, sign_count, &diagnosis->set, reterr);
	if (status != STATUS_OK)
		return status;
	diagnosis->on_line = on_line;
	diagnosis->user = user;
	line_reader_init(&diagnosis->reader);
	diagnosis_reset(diagnosis);
	*ret_diagnosis = TAKE(diagnosis);
	return STATUS_OK;
}

void diagnosis_free(struct diagnosis *diagnosis)
{
	if (diagnosis == NULL)
		return;
	sign_set_free(diagnosis->set);
	free(diagnosis);
}

void diagnosis_reset(struct diagnosis *diagnosis)
{
	char arch[sizeof(diagnosis->course.expected_arch)];

	/* the profile is not something seen */
	text_copy(arch, sizeof(arch), diagnosis->course.expected_arch);
	course_init(&diagnosis->course);
	text_copy(diagnosis->course.expected_arch, sizeof(arch), arch);
	diagnosis->book.count = 0;
	diagnosis->quiet_size = 0;
	diagnosis->is_deaf = false;
	diagnosis->cut[0] = '\0';
}

static int weight_for(const struct sign *sign, enum cause cause)
{
	if (sign->effect != SIGN_FAULT)
		return 0;
	return sign->cause == cause ? sign->weight : sign->also == cause ? sign->also_weight : 0;
}

/* Several signs on one line are one witness: for each cause the strongest speaks, the first of equals. */
static bool is_said_better(const struct sign_match *matches, size_t count, size_t i, enum cause cause)
{
	int weight = weight_for(matches[i].sign, cause);

	for (size_t k = 0; k < count; k++)
		if (weight_for(matches[k].sign, cause) > weight ||
		    (k < i && weight_for(matches[k].sign, cause) == weight))
			return true;
	return false;
}

static bool is_fault_here(const struct sign *sign, const struct reader_line *line)
{
	return sign->effect == SIGN_FAULT &&
	       !(sign->is_general && sign->weight < REMARK_WEIGHT && text_is_remark(bytes_of(line->text, line->size)));
}

static void add_faults(struct diagnosis *diagnosis, const struct reader_line *line, const struct sign_match *matches,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct sign *sign = matches[i].sign;
		enum cause causes[] = { sign->cause, sign->also };

		if (!is_fault_here(sign, line))
			continue;
		course_fault(&diagnosis->course);
		for (size_t c = 0; c < ARRAY_SIZE(causes); c++) {
			struct evidence evidence = {
				.source = EVIDENCE_LINE, .cause = causes[c], .weight = weight_for(sign, causes[c]),
				.line = line->number, .start = diagnosis->course.start,
				.seen = diagnosis->course.stage, .sign = sign,
			};

			if (causes[c] == CAUSE_NONE || is_said_better(matches, count, i, causes[c]))
				continue;
			text_copy(evidence.text, sizeof(evidence.text), line->text + line->body);
			evidence_book_add(&diagnosis->book, &evidence);
		}
	}
}

/* Returns the most telling sign. A line that was looked at while unfinished comes again when it ends: every mark is
 * then set once more to the same line. */
static const struct sign *apply_matches(struct diagnosis *diagnosis, const struct reader_line *line,
					const struct sign_match *matches, size_t count)
{
	course_line(&diagnosis->course, line, matches, count);
	add_faults(diagnosis, line, matches, count);
	return sign_matches_best(matches, count);
}

static const struct sign *apply_signs(struct diagnosis *diagnosis, const struct reader_line *line)
{
	struct sign_match matches[SIGN_SET_MATCHES_MAX];
	struct bytes body = bytes_of(line->text + line->body, line->size - line->body);

	return apply_matches(diagnosis, line, matches, sign_set_match_in_force(diagnosis->set, body, matches));
}

static bool is_among(const struct sign *sign, const struct sign_match *matches, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (matches[i].sign == sign)
			return true;
	return false;
}

/* Signs of the joined line that neither half holds; returns how many. */
static size_t match_joined(struct diagnosis *diagnosis, const char *text, const struct reader_line *line,
			   struct sign_match *ret_whole)
{
	const struct bytes halves[] = { bytes_of_text(diagnosis->cut), bytes_of(line->text, line->size) };
	struct sign_match half[SIGN_SET_MATCHES_MAX];
	size_t count = sign_set_match_in_force(diagnosis->set, bytes_of_text(text), ret_whole);

	for (size_t h = 0; h < ARRAY_SIZE(halves) && count > 0; h++) {
		size_t kept = 0, found = sign_set_match(diagnosis->set, halves[h], half);

		for (size_t i = 0; i < count; i++)
			if (!is_among(ret_whole[i].sign, half, found))
				ret_whole[kept++] = ret_whole[i];
		count = kept;
	}
	return count;
}

static size_t keep_named_faults(struct sign_match *matches, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (matches[i].sign->effect == SIGN_FAULT && !matches[i].sign->is_general)
			matches[kept++] = matches[i];
	return kept;
}

/* Mail and narrow terminals cut long lines in two. Where lines bear time stamps the cut shows, for the rest bears none;
 * elsewhere mail cuts at a blank, and the rest goes on in small letters: then only a fault counts that a program words
 * so. The two are looked at together, and what neither half says alone counts. A cut at a blank takes it away. */
static const struct sign *apply_wrapped(struct diagnosis *diagnosis, const struct reader_line *line)
{
	struct sign_match whole[SIGN_SET_MATCHES_MAX];
	bool is_stamped = diagnosis->is_cut_stamped;
	size_t count = 0;
	char text[sizeof(diagnosis->cut) + LINE_READER_MAX + 1];
	struct reader_line joined = *line;

	if (diagnosis->cut[0] == '\0' || line->body > 0 || line->size == 0 ||
	    (!is_stamped && !islower((unsigned char)line->text[0])))
		return NULL;
	for (int has_blank = is_stamped ? 0 : 1; has_blank < 2 && count == 0; has_blank++) {
		text_format(text, sizeof(text), "%s%s%s", diagnosis->cut, has_blank ? " " : "", line->text);
		count = match_joined(diagnosis, text, line, whole);
	}
	if (!is_stamped)
		count = keep_named_faults(whole, count);
	if (count == 0)
		return NULL;
	joined.text = text;
	joined.size = strlen(text);
	return apply_matches(diagnosis, &joined, whole, count);
}

/* Where a second message begins in the line: behind "doing this... ", which a loader prints before its drivers speak, or
 * behind the time stamp of a kernel that spoke while a program had not ended its line. 0: nowhere. */
static size_t tail_offset(const char *text)
{
	size_t at = 0;

	for (const char *dots = strstr(text, "... "); dots != NULL; dots = strstr(dots + 1, "... "))
		at = (size_t)(dots - text) + strlen("... ");
	for (const char *stamp = strchr(text, '['); stamp != NULL; stamp = strchr(stamp + 1, '[')) {
		size_t digits, blanks = strspn(stamp + 1, " ");
		const char *point = stamp + 1 + blanks;

		digits = strspn(point, "0123456789");
		if (digits == 0 || point[digits] != '.' || strspn(point + digits + 1, "0123456789") != STAMP_FRACTION ||
		    strncmp(point + digits + 1 + STAMP_FRACTION, "] ", 2) != 0)
			continue;
		at = (size_t)(point - text) + digits + 1 + STAMP_FRACTION + 2;
	}
	return at;
}

/* A line that says nothing bad as a whole may end in a message that does. */
static const struct sign *apply_tail(struct diagnosis *diagnosis, const struct reader_line *line,
				     const struct sign *best)
{
	struct sign_match matches[SIGN_SET_MATCHES_MAX];
	size_t at = tail_offset(line->text + line->body), count;
	struct reader_line tail = *line;

	if (at == 0 || line->body + at >= line->size ||
	    (best != NULL && (best->effect == SIGN_FAULT || best->effect == SIGN_HARMLESS)))
		return NULL;
	tail.text += line->body + at;
	tail.size -= line->body + at;
	tail.body = 0;
	count = sign_set_match_in_force(diagnosis->set, bytes_of(tail.text, tail.size), matches);
	count = keep_named_faults(matches, count);
	return count > 0 ? apply_matches(diagnosis, &tail, matches, count) : NULL;
}

/* A sentence that ended was not cut, nor was a line of columns. */
static bool may_be_cut(const struct reader_line *line)
{
	if (line->size < WRAP_LEAST || line->size > WRAP_MOST)
		return false;
	return line->body > 0 || isalnum((unsigned char)line->text[line->size - 1]) || line->text[line->size - 1] == ',';
}

static void remember_cut(struct diagnosis *diagnosis, const struct reader_line *line)
{
	diagnosis->is_cut_stamped = line->body > 0;
	text_copy(diagnosis->cut, sizeof(diagnosis->cut), may_be_cut(line) ? line->text + line->body : "");
}

static void finish_line(struct diagnosis *diagnosis, const struct reader_line *line)
{
	const struct sign *best = diagnosis->is_deaf ? NULL : apply_signs(diagnosis, line);
	const struct sign *tail = diagnosis->is_deaf ? NULL : apply_tail(diagnosis, line, best);
	const struct sign *wrapped = diagnosis->is_deaf ? NULL : apply_wrapped(diagnosis, line);

	if (tail != NULL)
		best = tail;
	if (wrapped != NULL) {
		const struct sign_match both[] = { { .sign = wrapped }, { .sign = best } };

		best = sign_matches_best(both, best != NULL ? 2 : 1);
	}
	remember_cut(diagnosis, line);
	if (!diagnosis->is_deaf)
		course_text(&diagnosis->course, line);
	diagnosis->quiet_size = 0;
	if (diagnosis->on_line == NULL)
		return;
	diagnosis->on_line(diagnosis->user, &(struct diagnosis_line){
		.number = line->number, .time_ms = line->time_ms, .text = line->text, .stage = diagnosis->course.stage,
		.start = diagnosis->course.start, .sign = best,
	});
}

void diagnosis_input(struct diagnosis *diagnosis, struct bytes in, uint64_t now_ms)
{
	struct reader_line line;

	while (line_reader_next(&diagnosis->reader, &in, now_ms, &line))
		finish_line(diagnosis, &line);
}

void diagnosis_heed(struct diagnosis *diagnosis, bool heeds)
{
	diagnosis->is_deaf = !heeds;
}

void diagnosis_quiet(struct diagnosis *diagnosis, uint64_t now_ms)
{
	struct reader_line line;

	(void)now_ms;
	if (diagnosis->is_deaf || !line_reader_peek(&diagnosis->reader, &line) || line.size == diagnosis->quiet_size)
		return;
	diagnosis->quiet_size = line.size;
	(void)apply_signs(diagnosis, &line);
}

void diagnosis_end(struct diagnosis *diagnosis, uint64_t now_ms)
{
	struct reader_line line;

	(void)now_ms;
	if (line_reader_end(&diagnosis->reader, &line))
		finish_line(diagnosis, &line);
	course_end(&diagnosis->course);
}

void diagnosis_add(struct diagnosis *diagnosis, const struct evidence *evidence)
{
	struct evidence copy = *evidence;

	if ((unsigned)copy.cause >= CAUSE_COUNT)
		return;
	copy.weight = copy.weight > 100 ? 100 : copy.weight < -100 ? -100 : copy.weight;
	copy.text[sizeof(copy.text) - 1] = '\0';
	evidence_book_add(&diagnosis->book, &copy);
}

void diagnosis_expect_arch(struct diagnosis *diagnosis, const char *arch)
{
	text_copy(diagnosis->course.expected_arch, sizeof(diagnosis->course.expected_arch), arch ? arch : "");
}

enum boot_stage diagnosis_stage(const struct diagnosis *diagnosis)
{
	return diagnosis->course.stage;
}

unsigned diagnosis_starts(const struct diagnosis *diagnosis)
{
	return diagnosis->course.has_begun ? diagnosis->course.start : 0;
}

unsigned diagnosis_line_count(const struct diagnosis *diagnosis)
{
	return diagnosis->reader.number - 1;
}

size_t diagnosis_facts(const struct diagnosis *diagnosis, const struct diagnosis_fact **ret_facts)
{
	*ret_facts = diagnosis->course.facts;
	return diagnosis->course.fact_count;
}

const char *diagnosis_fact_value(const struct diagnosis *diagnosis, const char *name)
{
	const struct diagnosis_fact *fact = course_fact(&diagnosis->course, name);

	return fact ? fact->value : NULL;
}

void diagnosis_verdict(const struct diagnosis *diagnosis, struct verdict *ret_verdict)
{
	verdict_judge(&diagnosis->course, &diagnosis->book, ret_verdict);
}
