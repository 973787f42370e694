/* recovery/diagnosis/diagnosis.c
 *
 * The way of a line: line_reader cuts it, sign_set names what is on it, course keeps where the device is, evidence_book
 * what speaks for which cause; verdict judges when asked. */
#include "recovery/diagnosis/diagnosis.h"

#include <stdlib.h>

#include "recovery/diagnosis/course.h"
#include "recovery/diagnosis/evidence_book.h"
#include "recovery/diagnosis/line_reader.h"
#include "recovery/diagnosis/sign_set.h"
#include "recovery/diagnosis/verdict.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

struct diagnosis {
	struct sign_set *set;
	void (*on_line)(void *user, const struct diagnosis_line *line);
	void *user;
	struct line_reader reader;
	struct course course;
	struct evidence_book book;
	size_t quiet_size;	/* of the unfinished line when it was last looked at */
	bool is_deaf;
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

static void add_faults(struct diagnosis *diagnosis, const struct reader_line *line, const struct sign_match *matches,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct sign *sign = matches[i].sign;
		enum cause causes[] = { sign->cause, sign->also };

		if (sign->effect != SIGN_FAULT)
			continue;
		course_fault(&diagnosis->course);
		for (size_t c = 0; c < ARRAY_SIZE(causes); c++) {
			struct evidence evidence = {
				.source = EVIDENCE_LINE, .cause = causes[c], .weight = weight_for(sign, causes[c]),
				.line = line->number, .start = diagnosis->course.start, .sign = sign,
			};

			if (causes[c] == CAUSE_NONE || is_said_better(matches, count, i, causes[c]))
				continue;
			text_copy(evidence.text, sizeof(evidence.text), line->text + line->body);
			evidence_book_add(&diagnosis->book, &evidence);
		}
	}
}

/* Applies what is on the line; returns the most telling sign. A line that was looked at while unfinished comes again
 * when it ends: every mark is then set once more to the same line. */
static const struct sign *apply_signs(struct diagnosis *diagnosis, const struct reader_line *line)
{
	struct sign_match matches[SIGN_SET_MATCHES_MAX];
	struct bytes body = bytes_of(line->text + line->body, line->size - line->body);
	size_t count = sign_matches_in_force(matches, sign_set_match(diagnosis->set, body, matches));

	course_line(&diagnosis->course, line, matches, count);
	add_faults(diagnosis, line, matches, count);
	return sign_matches_best(matches, count);
}

static void finish_line(struct diagnosis *diagnosis, const struct reader_line *line)
{
	const struct sign *best = diagnosis->is_deaf ? NULL : apply_signs(diagnosis, line);

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
