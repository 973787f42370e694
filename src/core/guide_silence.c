/* Nothing appears on the line: the guide goes through it with the operator, one question a page. */
#include "src/base/text.h"
#include "src/core/live_case.h"

bool silence_leads(const struct live_case *c)
{
	return c->phase == GUIDE_WATCH && console_line_check(c->console) != NULL;
}

static void show_question(struct live_case *c, const struct line_check *check)
{
	const struct line_check_row *row = line_check_asked(check);

	case_say(c, "%s", row->question);
	case_say(c, "%s", row->how);
	if (check->state == LINE_CHECK_TESTING) {
		case_say(c, "I send, and wait for it to come back.");
		return;
	}
	case_ask(c, QUESTION_CHOOSE, "Line check, %u of %d: %s", check->at + 1, LINE_CHECKS, row->name);
	for (unsigned i = 0; i < LINE_CHECK_ANSWERS_MAX && row->answer[i].key != 0; i++) {
		char id[24];

		text_format(id, sizeof(id), "check:%s", row->answer[i].id);
		case_choice(c, id, row->answer[i].key, row->answer[i].text,
			    row->answer[i].effect == LINE_CHECK_FOUND ? row->answer[i].proves : "");
	}
	case_choice(c, "end", 'w', "Stop here, and watch on", "");
}

static void show_result(struct live_case *c, const struct line_check *check)
{
	case_say(c, "%s%s.", check->has_found ? "Found: " : "", check->found);
	case_say(c, "%s", check->remedy);
	case_ask(c, QUESTION_CHOOSE, "%s", "");
	case_choice(c, "end", 'w', "Done: watch it start", "");
	case_choice(c, "check", 'a', "Go through the line again", "");
	if (!check->has_found)
		case_choice(c, "nothing", 's', "It stays silent: go on without the console",
			    check->is_proven ? "" : "not all was tested");
}

static void show(struct live_case *c)
{
	const struct line_check *check = console_line_check(c->console);

	case_clear_page(c);
	if (check->state == LINE_CHECK_OVER)
		show_result(c, check);
	else
		show_question(c, check);
	for (unsigned i = 0; i < check->at; i++)
		if (check->given[i]->effect == LINE_CHECK_PASS)
			case_say(c, "%s: %s", line_check_rows()[i].name, check->given[i]->proves);
}

static void log_answer(struct live_case *c, unsigned row)
{
	const struct line_check *check = console_line_check(c->console);
	const struct line_check_answer *answer = row < LINE_CHECKS ? check->given[row] : NULL;

	if (answer != NULL)
		case_log(c, answer->key ? JOURNAL_OPERATOR : JOURNAL_OBSERVED, "line-check", "%s: %s",
			 line_check_rows()[row].name, answer->proves);
	if (check->state == LINE_CHECK_OVER)
		case_log(c, JOURNAL_PROGRAM, "line-check", "%s", check->found);
}

enum status silence_begin(struct live_case *c, struct error *reterr)
{
	enum status status = console_check_line(c->console, reterr);

	if (status != STATUS_OK)
		return status;
	case_problem(c, NULL);
	case_log(c, JOURNAL_OPERATOR, "answer", "%s: the line is gone through",
		 console_bytes(c->console) == 0 ? "it is switched on and nothing appears" : "nothing more appears");
	show(c);
	return STATUS_OK;
}

enum status silence_answer(struct live_case *c, const char *text, struct error *reterr)
{
	const struct line_check *check = console_line_check(c->console);
	unsigned row = check->at;
	enum status status;

	if (text_equal(text, "check"))
		return silence_begin(c, reterr);
	if (!text_starts(text, "check:")) {
		bool is_silent = text_equal(text, "nothing");

		(void)console_check_answer(c->console, NULL, reterr);
		if (is_silent)
			return guide_answer(c, text, reterr);
		guide_enter(c, GUIDE_WATCH);
		return STATUS_OK;
	}
	status = console_check_answer(c->console, text + strlen("check:"), reterr);
	if (status != STATUS_OK)
		return status;
	log_answer(c, row);
	show(c);
	return STATUS_OK;
}

void silence_on_check(void *user)
{
	struct live_case *c = user;

	const struct line_check *check = silence_leads(c) ? console_line_check(c->console) : NULL;

	if (check == NULL)
		return;
	if (!check->is_heard) {
		log_answer(c, 1); /* only the adapter is tested by the program */
		show(c);
		return;
	}
	log_answer(c, LINE_CHECKS);
	(void)console_check_answer(c->console, NULL, NULL);
	guide_enter(c, GUIDE_WATCH);
}
