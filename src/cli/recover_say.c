/* Why the case cannot go on without somebody, and how it ended. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/cli/recover.h"

static int class_of(const struct error *error)
{
	switch (error->status) {
	case STATUS_REFUSED:
		return EXIT_REFUSED;
	case STATUS_BUSY:
	case STATUS_NO_PERMISSION:
	case STATUS_NOT_FOUND:
		return EXIT_NETWORK;
	case STATUS_TIMEOUT:
		return EXIT_NO_ANSWER;
	default:
		return EXIT_FAILED;
	}
}

static void say_no_way(const struct case_view *view)
{
	const struct plan_view *barred = recover_barred_plan(view), *first = barred ? barred : view->plan_count ? &view->plan[0] : NULL;

	if (barred)
		output_aside("unbrick: the cause is %s; the way '%s' is not possible now: %s\n", cause_label(view->verdict.cause), first->name, first->obstacle);
	else if (first && first->treats)
		output_aside("unbrick: the cause is %s; what could be tried was tried, or wants somebody who looks\n", cause_label(view->verdict.cause));
	else
		output_aside("unbrick: the cause is %s; the profile has no way back for it\n", cause_label(view->verdict.cause));
	if (view->verdict.cause_count && view->verdict.causes[0].proof_count)
		output_aside("  seen: %s\n", view->verdict.causes[0].proof[0].text);
	if (first)
		output_aside("  --method NAME takes another way all the same; unbrick device show lists them\n");
}

static void say_members(const struct question *question)
{
	output_aside("unbrick: the image is an archive: which of its members is the firmware? --member NAME says it\n");
	for (unsigned i = 0; i < question->choice_count; i++)
		if (text_starts(question->choice[i].id, "member:"))
			output_aside("  %s   %s\n", question->choice[i].text, question->choice[i].detail);
	output_aside("  .   the archive itself, as it is: only where the device unpacks it on its own\n");
}

/* What --yes would allow: the same lines that the full screen shows above the word. */
static void say_question(const struct case_view *view)
{
	for (unsigned i = 0; view->question.type == QUESTION_WORD && i < view->say_count; i++)
		output_aside("unbrick: %s\n", view->say[i]);
	output_aside("unbrick: no answer for: %s%s\n", view->question.text, view->question.type == QUESTION_WORD ? " (--yes allows it)" : "");
}

void recover_say_why(struct recover *r, const struct case_view *view)
{
	const struct error *problem = &view->problem;

	if (text_equal(view->question.topic, "member")) {
		if (problem->status != STATUS_OK)
			cli_print_error(problem);
		say_members(&view->question);
	} else if (problem->status == STATUS_OK && view->phase == GUIDE_DIAGNOSIS && view->question.type == QUESTION_CHOOSE)
		say_no_way(view);
	else if (problem->status == STATUS_OK && view->question.text[0])
		say_question(view);
	else if (problem->status != STATUS_OK)
		cli_print_error(problem);
	if (view->question.type != QUESTION_WORD || !text_equal(view->question.word, RECOVER_ANYWAY))
		return;
	if (r->overridden[0])
		output_aside("  --override %s was for another refusal: %s\n", RECOVER_ANYWAY, r->overridden);
	else
		output_aside("  --override %s goes on all the same, at your own risk\n", RECOVER_ANYWAY);
}

static int class_of_bar(const struct case_view *view)
{
	const struct plan_view *barred = recover_barred_plan(view);

	return barred && text_contains(barred->obstacle, "network") ? EXIT_NETWORK : EXIT_FAILED;
}

/* Nobody is here who could answer the question. */
int recover_class_of_silence(const struct case_view *view)
{
	bool asks_for_way = view->phase == GUIDE_DIAGNOSIS && view->question.type == QUESTION_CHOOSE && view->question.topic[0] == '\0';

	if (view->problem.status != STATUS_OK)
		return class_of(&view->problem);
	return asks_for_way ? class_of_bar(view) : EXIT_REFUSED;
}

static int end_unwell(const struct case_view *view)
{
	const struct plan_view *barred = recover_barred_plan(view);

	if (barred == NULL)
		return EXIT_FAILED;
	output_aside("unbrick: the device was not brought back; the way '%s' %s\n", barred->name, barred->obstacle);
	return class_of_bar(view);
}

void recover_end_case(struct recover *r, const struct case_view *view)
{
	bool well = view->booted == OUTCOME_YES;

	if (r->json)
		output_event(stdout, json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s*}", "case", (json_int_t)r->case_id, "event", "result", "cause", cause_label(view->verdict.cause), "written",
				     outcome_name(view->written), "verified", outcome_name(view->verified), "booted", outcome_name(view->booted), "not_taken",
				     r->is_not_taken ? recover_given(r, METHOD) : NULL));
	else
		printf("case #%" PRId64 ": written %s, verified %s, booted %s\n", r->case_id, outcome_name(view->written), outcome_name(view->verified),
		       outcome_name(view->booted));
	recover_finish(r, well ? EXIT_WELL : end_unwell(view));
}
