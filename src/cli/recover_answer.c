/* What the operator would say at the screen, from the options. */
#include <stdio.h>

#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/cli/recover.h"

static const char RUNS_WELL[] = "the device came up well";

const struct plan_view *recover_barred_plan(const struct case_view *view)
{
	for (unsigned i = 0; i < view->plan_count; i++)
		if (view->plan[i].treats && !view->plan[i].is_possible)
			return &view->plan[i];
	return NULL;
}

static bool was_tried(const struct recover *r, const char *name)
{
	for (unsigned i = 0; i < r->tried_count; i++)
		if (text_equal(r->tried[i], name))
			return true;
	return false;
}

/* The next way that treats the cause and is possible, and is no preparation, which somebody has to look at. Behind one that was to overwrite something, only where the device was seen to start
 * wrong after it, and none that overwrites: what failed for want of an address or a port is the bench's, and wants its reason told. */
static const struct plan_view *next_plan(const struct recover *r, const struct case_view *view)
{
	if ((r->is_written_over && view->booted != OUTCOME_NO) || r->tried_count == PLANS_MAX || (recover_given(r, METHOD) && r->tried_count))
		return NULL;
	for (unsigned i = 0; i < view->plan_count; i++) {
		const struct plan_view *plan = &view->plan[i];

		if (recover_given(r, METHOD) ? text_equal(plan->name, recover_given(r, METHOD)) : plan->treats && plan->is_possible && !plan->only_prepares &&
		    !was_tried(r, plan->name) &&
		    !(r->is_written_over && plan->destroys[0]))
			return plan;
	}
	return NULL;
}

/* Into the case's journal, and said as what the engine says. */
static void note(struct recover *r, enum journal_by by, const char *kind, const char *text)
{
	const struct journal_entry entry = { .case_id = r->case_id, .time_ms = (int64_t)loop_wall_ms(), .by = by, .kind = kind, .text = text };
	struct error error;

	if (casebook_append(app_casebook(r->app), &entry, &error) != STATUS_OK)
		cli_print_error(&error);
	recover_tell(r, &(struct app_event){ .case_id = r->case_id, .wall_ms = (uint64_t)entry.time_ms, .by = by, .kind = kind, .text = text });
}

/* The word was typed before anybody knew what it would be for, so it is good for one thing, as often as that is asked. */
static bool overrides(struct recover *r, const char *refusal)
{
	if (!recover_given(r, OVERRIDE) || (r->overridden[0] && !text_equal(r->overridden, refusal)))
		return false;
	text_copy(r->overridden, sizeof(r->overridden), refusal);
	return true;
}

/* Whoever names a way wants it gone; but what runs is not made worse by it without the word. */
static const char *choose_for_well(struct recover *r)
{
	char text[200];

	if (!recover_given(r, METHOD))
		return "well";
	if (r->tried_count)
		return NULL;	/* it did not end well; what is well is no merit of it */
	if (overrides(r, RUNS_WELL)) {
		note(r, JOURNAL_OPERATOR, "override", text_format(text, sizeof(text), "wrote '%s' over: %s", RECOVER_ANYWAY, RUNS_WELL));
		return "";
	}
	r->is_not_taken = true;
	note(r, JOURNAL_PROGRAM, "not-taken", text_format(text, sizeof(text), "nothing was done: %s, so the way '%.48s' was not taken; --override %s takes it all the same",
							   RUNS_WELL, recover_given(r, METHOD), RECOVER_ANYWAY));
	return "well";
}

static const char *choose_plan(struct recover *r, const struct case_view *view, char *to, size_t size)
{
	const struct plan_view *plan;
	const char *answer = "";

	if (view->question.choice_count && text_equal(view->question.choice[0].id, "well"))
		answer = choose_for_well(r);
	if (answer == NULL || answer[0])
		return answer;
	plan = next_plan(r, view);
	if (plan == NULL)
		return recover_given(r, METHOD) && r->tried_count++ == 0 ? text_format(to, size, "method:%s", recover_given(r, METHOD)) : NULL;
	text_copy(r->tried[r->tried_count++], sizeof(r->tried[0]), plan->name);
	r->is_written_over |= plan->destroys[0] != '\0';
	return text_format(to, size, "method:%s", plan->name);
}

static const char *choose(struct recover *r, const struct case_view *view, char *to, size_t size)
{
	const struct question *question = &view->question;

	/* which member of an archive: --member says it before anybody is asked */
	if (text_equal(question->topic, "member") || text_equal(question->topic, "fetch-failed"))
		return NULL;
	if (text_equal(question->topic, "fetching"))
		return "";
	switch (view->phase) {
	case GUIDE_HAPPENED:
		return recover_given(r, HAPPENED) ? text_format(to, size, "%s", question->choice[0].id) : "unknown";
	case GUIDE_DIAGNOSIS:
		return choose_plan(r, view, to, size);
	case GUIDE_OUTCOME:
		return view->booted == OUTCOME_UNKNOWN && next_plan(r, view) ? "again" : "close";
	case GUIDE_CONNECT:
	case GUIDE_WATCH:
		return "";		/* nothing to choose: it goes on by itself */
	default:
		break;
	}
	for (unsigned i = 0; i < question->choice_count; i++)
		if (text_equal(question->choice[i].id, "yes"))
			return recover_given(r, YES) ? "yes" : "no";
	return "";
}

/* --yes is for what was announced, --override for what was refused. */
static const char *find_word(struct recover *r, const struct case_view *view)
{
	const char *word = view->question.word;

	if (text_equal(word, "yes"))
		return recover_given(r, YES) ? "yes" : NULL;
	if (!text_equal(word, RECOVER_ANYWAY) || !overrides(r, view->problem.text))
		return NULL;
	output_aside("unbrick: %s; all the same, by --override %s\n", view->problem.text, RECOVER_ANYWAY);
	return RECOVER_ANYWAY;
}

const char *recover_find_answer(struct recover *r, const struct case_view *view, char *to, size_t size)
{
	switch (view->question.type) {
	case QUESTION_DEVICE:
		return recover_given(r, DEVICE);
	case QUESTION_FILE:
		if (recover_given(r, IMAGE) == NULL)
			return view->phase == GUIDE_DIAGNOSIS ? "" : NULL;
		if (r->is_image_given && view->problem.status != STATUS_OK)
			return NULL;
		r->is_image_given = true;
		return recover_given(r, IMAGE);
	case QUESTION_WORD:
		return find_word(r, view);
	case QUESTION_CHOOSE:
		return choose(r, view, to, size);
	case QUESTION_TEXT:
		return text_equal(view->question.topic, "checksum") && recover_given(r, SHA256) ? recover_given(r, SHA256) : "";
	default:
		return "";
	}
}
