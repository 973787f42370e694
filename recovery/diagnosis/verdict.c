/* recovery/diagnosis/verdict.c
 *
 * Each piece of evidence leaves a cause less doubt: doubt = product of (1 - weight), as independent witnesses would
 * (Pearl, "Probabilistic Reasoning in Intelligent Systems", 1988, 4.3.2, noisy OR). A sum was tried first and let three
 * weak signs outvote one that names its cause. */
#include "recovery/diagnosis/verdict.h"

#include "recovery/diagnosis/course_rules.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	RULES_MAX = 32,
	LOOP_ROUNDS = 2,	/* starts in a row after starts which led nowhere */
	TROUBLE_LINES = 3,	/* that a program says at most after it failed */
};

static const double overcome_factor = 0.04;	/* what later events disproved */
static const double explained_factor = 0.2;	/* what another cause explains */
static const double fault_floor = 0.15;		/* below this nothing is wrong */
static const double listed_floor = 0.02;
/* Measured on some 500 labelled logs: of verdicts with this much before the next cause about 19 in 20 named the very
 * cause, and nearly all one that the message allows. Weaker evidence must lead by more. */
static const double sure_enough = 0.5, lead_decided = 0.06, lead_of_message = 0.15;
static const double clear_enough = 0.4, clear_lead = 0.2;

/* What would settle a cause, when no sign knows better. */
static const char *const next_of[CAUSE_COUNT] = {
	[CAUSE_SPACE] = "compare the image's size with the partition's, and look at the free space on the device",
	[CAUSE_POWER] = "was power lost during the update?",
	[CAUSE_CHECKSUM] = "read the flash and compare it with the image",
	[CAUSE_WRONG_HARDWARE] = "compare model and revision on the sticker with what the image is made for",
	[CAUSE_BAD_ENV] = "print the loader's variables and compare bootcmd and bootargs with a good unit",
	[CAUSE_NO_ROOTFS] = "read the root partition and compare it with the image",
	[CAUSE_FLASH_WEAR] = "read the same block of flash twice and compare",
	[CAUSE_BOOTLOADER_GONE] = "look for the boot ROM's recovery mode on USB or UART",
	[CAUSE_SIGNATURE] = "fetch the vendor's own image for this exact unit and check its signature",
	[CAUSE_DOWNGRADE_BLOCKED] = "compare the image's version and format with what the device accepts",
	[CAUSE_NETWORK] = "check cable, link light, addresses and that the file is served",
	[CAUSE_KERNEL_PANIC_OTHER] = "capture a whole start and look at what comes just before the crash",
};

struct judgement {
	struct situation now;
	bool holds[RULES_MAX];
	unsigned rule_line[RULES_MAX];
	double doubt[CAUSE_COUNT];
};

/* Does one of the first `below` rules explain the cause? */
static bool is_explained(const struct judgement *j, enum cause cause, size_t below, const struct course_rule **ret_rule)
{
	size_t count;
	const struct course_rule *rules = course_rules(&count);

	for (size_t i = 0; i < count && i < below; i++) {
		if (!j->holds[i] || (rules[i].explains & CAUSE_BIT(cause)) == 0)
			continue;
		*ret_rule = &rules[i];
		return true;
	}
	return false;
}

/* What a manual or a post says; what it quotes of loaders and kernels still speaks. */
static bool is_hearsay(const struct judgement *j, const struct sign *sign)
{
	return sign != NULL && course_is_prose(j->now.course) &&
	       (sign->is_general || (!j->now.course->has_booted && (sign->stage == STAGE_ANY || sign->stage > STAGE_LOADER)));
}

static double factor_of(const struct judgement *j, const struct evidence_entry *entry)
{
	const struct course_rule *rule;

	if (is_hearsay(j, entry->evidence.sign))
		return 0;
	if (situation_is_overcome(&j->now, entry))
		return overcome_factor;
	if (entry->evidence.source != EVIDENCE_COURSE && is_explained(j, entry->evidence.cause, RULES_MAX, &rule))
		return explained_factor;
	return 1.0;
}

static void weigh_rules(struct judgement *j)
{
	size_t count;
	const struct course_rule *rules = course_rules(&count);

	for (size_t i = 0; i < count && i < RULES_MAX; i++) {
		const struct course_rule *above;
		double factor = is_explained(j, rules[i].cause, i, &above) ? explained_factor : 1.0;

		j->holds[i] = rules[i].holds(&j->now, &j->rule_line[i]);
		if (j->holds[i] && rules[i].cause != CAUSE_NONE)
			j->doubt[rules[i].cause] *= 1.0 - rules[i].weight / 100.0 * factor;
	}
}

static void weigh_evidence(struct judgement *j)
{
	double against[CAUSE_COUNT];

	for (unsigned c = 0; c < CAUSE_COUNT; c++)
		against[c] = 1.0;
	for (size_t i = 0; i < j->now.book->count; i++) {
		const struct evidence_entry *entry = &j->now.book->entry[i];
		double weight = entry->evidence.weight / 100.0;

		if (weight > 0)
			j->doubt[entry->evidence.cause] *= 1.0 - weight * factor_of(j, entry);
		else
			against[entry->evidence.cause] *= 1.0 + weight;
	}
	for (unsigned c = 0; c < CAUSE_COUNT; c++)
		j->doubt[c] = 1.0 - (1.0 - j->doubt[c]) * against[c];
}

static void insert_strongest(struct evidence *list, size_t *count, const struct evidence *more)
{
	size_t at = *count;

	while (at > 0 && list[at - 1].weight < more->weight)
		at--;
	if (at == DIAGNOSIS_PROOFS_MAX)
		return;
	if (*count < DIAGNOSIS_PROOFS_MAX)
		(*count)++;
	memmove(&list[at + 1], &list[at], (*count - 1 - at) * sizeof(*list));
	list[at] = *more;
}

static struct evidence course_evidence(const struct judgement *j, const char *sentence, enum cause cause, int weight,
				       unsigned line)
{
	struct evidence evidence = {
		.source = EVIDENCE_COURSE, .cause = cause, .weight = weight, .line = line,
		.start = j->now.course->start,
	};

	text_copy(evidence.text, sizeof(evidence.text), sentence);
	return evidence;
}

static void contradict(const struct judgement *j, struct cause_verdict *to, const char *sentence, unsigned line)
{
	struct evidence evidence = course_evidence(j, sentence, to->cause, -80, line);

	for (size_t i = 0; i < to->contradiction_count; i++)
		if (text_equal(to->contradiction[i].text, evidence.text))
			return;
	insert_strongest(to->contradiction, &to->contradiction_count, &evidence);
}

static void gather_entry(const struct judgement *j, const struct evidence_entry *entry, struct cause_verdict *to)
{
	const struct course_rule *rule;

	if (entry->evidence.weight < 0) {
		insert_strongest(to->contradiction, &to->contradiction_count, &entry->evidence);
		return;
	}
	insert_strongest(to->proof, &to->proof_count, &entry->evidence);
	if (situation_is_overcome(&j->now, entry)) {
		unsigned line = entry->evidence.cause == CAUSE_NETWORK && j->now.course->loaded > entry->last_line
				? j->now.course->loaded : j->now.course->came_up;

		contradict(j, to, "The device came further after that.", line);
	} else if (is_explained(j, to->cause, RULES_MAX, &rule)) {
		contradict(j, to, rule->sentence, 0);
	}
}

/* What speaks for and against, from rules and entries. */
static void gather(const struct judgement *j, struct cause_verdict *to)
{
	size_t count;
	const struct course_rule *rules = course_rules(&count);

	for (size_t i = 0; i < count && i < RULES_MAX; i++) {
		struct evidence evidence;

		if (!j->holds[i] || rules[i].cause != to->cause)
			continue;
		evidence = course_evidence(j, rules[i].sentence, to->cause, rules[i].weight, j->rule_line[i]);
		insert_strongest(to->proof, &to->proof_count, &evidence);
	}
	for (size_t i = 0; i < j->now.book->count; i++)
		if (j->now.book->entry[i].evidence.cause == to->cause)
			gather_entry(j, &j->now.book->entry[i], to);
}

static void rank(const struct judgement *j, struct verdict *verdict)
{
	double total = 0;

	for (unsigned c = 0; c < CAUSE_COUNT; c++)
		if (cause_is_fault((enum cause)c))
			total += 1.0 - j->doubt[c];
	for (size_t place = 0; place < DIAGNOSIS_CAUSES_MAX; place++) {
		struct cause_verdict *to = &verdict->causes[place];
		double best = listed_floor;

		to->cause = CAUSE_NONE;
		for (unsigned c = 0; c < CAUSE_COUNT; c++) {
			bool is_taken = !cause_is_fault((enum cause)c);

			for (size_t i = 0; i < place; i++)
				is_taken |= verdict->causes[i].cause == (enum cause)c;
			if (is_taken || 1.0 - j->doubt[c] <= best)
				continue;
			best = 1.0 - j->doubt[c];
			to->cause = (enum cause)c;
		}
		if (to->cause == CAUSE_NONE)
			return;
		to->confidence = best / (total > 1.0 ? total : 1.0);
		gather(j, to);
		verdict->cause_count++;
	}
}

const char *verdict_settled_by(enum cause cause)
{
	return (unsigned)cause < CAUSE_COUNT ? next_of[cause] : NULL;
}

static void add_next(struct verdict *verdict, const char *text)
{
	if (text == NULL || verdict->next_count == ARRAY_SIZE(verdict->next))
		return;
	for (size_t i = 0; i < verdict->next_count; i++)
		if (text_equal(verdict->next[i], text))
			return;
	text_copy(verdict->next[verdict->next_count++], sizeof(verdict->next[0]), text);
}

static void fault_next(struct verdict *verdict)
{
	/* one question for each of the causes that lead, before a second for any of them */
	for (size_t i = 0; i < verdict->cause_count && i < 2; i++)
		if (i == 0 || verdict->causes[0].confidence - verdict->causes[i].confidence < clear_lead)
			add_next(verdict, next_of[verdict->causes[i].cause]);
	for (size_t i = 0; i < verdict->causes[0].proof_count; i++)
		if (verdict->causes[0].proof[i].sign != NULL)
			add_next(verdict, verdict->causes[0].proof[i].sign->next);
}

/* The last thing seen is a prompt at which nothing was typed. */
static bool waits_at_prompt(const struct course *course)
{
	unsigned prompt = course->prompt;

	return prompt > course->typed && prompt >= course->start_line &&
	       prompt >= course->reached[STAGE_KERNEL_UNPACK] && prompt >= course->reached[STAGE_KERNEL];
}

/* The last thing told is that something failed: whatever it was, the log does not show that all is well. */
static bool ends_in_trouble(const struct course *course)
{
	return course->trouble > course->headway && course->line - course->trouble <= TROUBLE_LINES;
}

/* Nothing is wrong, as far as can be seen. */
static void judge_well(const struct course *course, struct verdict *verdict)
{
	bool is_up = course->came_up != 0 && (course->has_booted || course->came_up != course->login);
	bool has_shown = course->has_begun || course->written != 0 || course->updated != 0 || course->loaded != 0;

	verdict->is_decided = true;
	if (course->updated != 0 || (is_up && course->came_up >= course->start_line)) {
		verdict->cause = CAUSE_HEALTHY;
	} else if (waits_at_prompt(course)) {
		verdict->cause = CAUSE_LOGIN;
	} else if (course->furthest >= STAGE_INIT) {
		verdict->cause = CAUSE_HEALTHY;
	} else {
		has_shown |= course_is_journal(course);
		verdict->cause = has_shown && course->is_ended && !ends_in_trouble(course) ? CAUSE_HEALTHY : CAUSE_NONE;
		verdict->is_decided = false;
		add_next(verdict, course->is_ended ? "capture a whole start, from power-on to the prompt"
						   : "keep watching, or switch the device off and on");
	}
}

/* The message that speaks loudest for the first cause names the second as well: it alone cannot part them. */
static bool is_same_message(const struct verdict *verdict)
{
	const struct cause_verdict *first = &verdict->causes[0], *second = &verdict->causes[1];

	return first->proof_count > 0 && second->proof_count > 0 && first->proof[0].sign != NULL &&
	       first->proof[0].sign == second->proof[0].sign;
}

static bool is_decided(const struct verdict *verdict)
{
	double best = verdict->causes[0].confidence;
	double lead = verdict->cause_count < 2 ? best : best - verdict->causes[1].confidence;

	if (best >= clear_enough && lead >= clear_lead)
		return true;
	return best >= sure_enough && lead >= (is_same_message(verdict) ? lead_of_message : lead_decided);
}

void verdict_judge(const struct course *course, const struct evidence_book *book, struct verdict *ret_verdict)
{
	struct judgement j = { .now = { .course = course, .book = book } };
	struct verdict *verdict = ret_verdict;

	memset(verdict, 0, sizeof(*verdict));
	for (unsigned c = 0; c < CAUSE_COUNT; c++)
		j.doubt[c] = 1.0;
	verdict->furthest = course->furthest;
	verdict->starts = course->has_begun ? course->start : 0;
	j.now.is_looping = course->own_rounds >= LOOP_ROUNDS && course->came_up < course->start_line &&
			   course->typed < course->start_line;
	verdict->is_looping = j.now.is_looping;
	verdict->loop_ms = verdict->is_looping ? course->round_ms : 0;
	/* the capture may end early in the last round; the stage that counts is the one in which the rounds end */
	if (verdict->is_looping && course->last_furthest > verdict->furthest)
		verdict->furthest = course->last_furthest;
	if (course_is_code(course)) {
		verdict->cause = CAUSE_NONE;
		add_next(verdict, "this is the source of a program; give the log that the device printed");
		return;
	}
	weigh_rules(&j);
	weigh_evidence(&j);
	rank(&j, verdict);
	if (verdict->cause_count == 0 || verdict->causes[0].confidence < fault_floor) {
		judge_well(course, verdict);
		return;
	}
	verdict->cause = verdict->causes[0].cause;
	verdict->is_decided = is_decided(verdict);
	fault_next(verdict);
}
