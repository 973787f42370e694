/* The app's cases: choosing devices, opening, answering, going back. */
#include <stdio.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/app_internal.h"
#include "src/core/live_case.h"

/* ---- devices ---- */

static void fill_row(struct app *app, const char *id, struct device_row *row)
{
	const struct profile *profile;
	struct error error;

	*row = (struct device_row){ 0 };
	text_copy(row->id, sizeof(row->id), id);
	if (device_library_profile(app->library, id, &profile, &error) != STATUS_OK) {
		text_copy(row->text, sizeof(row->text), id);
		text_copy(row->detail, sizeof(row->detail), error.text);
		return;
	}
	text_format(row->text, sizeof(row->text), "%s %s", profile->vendor, profile->model);
	text_format(row->detail, sizeof(row->detail), "%s%s%s", profile->kind ? profile->kind : "device", profile->soc ? ", " : "",
		    profile->soc ? profile->soc : "");
	if (profile->method_count == 0)
		text_append(row->detail, sizeof(row->detail), "; no way known");
}

/* Profiles of the last cases come first when nothing is typed: a bench repairs the same models again and again. */
static size_t recent_devices(struct app *app, const char **ret_ids, size_t max)
{
	const struct snapshot *snapshot = app_snapshot(app);
	const struct profile *practice;
	struct error ignored;
	size_t count = 0;

	/* It was plugged in to be practised with. */
	if (app->practice && max > 0 && device_library_profile(app->library, "practice/pcam1", &practice, &ignored) == STATUS_OK)
		ret_ids[count++] = practice->id;
	for (size_t i = 0; i < snapshot->case_count && count < max; i++) {
		const struct profile *profile;
		struct error error;
		bool is_new = true;

		if (!strchr(snapshot->cases[i].device, '/') || device_library_profile(app->library, snapshot->cases[i].device, &profile, &error) != STATUS_OK)
			continue;
		for (size_t k = 0; k < count; k++)
			is_new = is_new && strcmp(ret_ids[k], profile->id) != 0;
		if (is_new)
			ret_ids[count++] = profile->id;
	}
	return count;
}

size_t app_device_search(struct app *app, const char *query, struct device_row *ret_rows, size_t max)
{
	const char *ids[256];
	size_t count = 0, recent = 0, limit = max < ARRAY_SIZE(ids) ? max : ARRAY_SIZE(ids);

	if (query[0] == '\0') {
		recent = count = recent_devices(app, ids, limit);

		for (size_t i = 0; i < device_library_count(app->library) && count < limit; i++) {
			const char *id = device_library_id(app->library, i);
			bool is_new = true;

			for (size_t k = 0; k < recent; k++)
				is_new = is_new && strcmp(ids[k], id) != 0;
			if (is_new)
				ids[count++] = id;
		}
	} else {
		count = device_library_search(app->library, query, ids, limit);
	}
	for (size_t i = 0; i < count; i++)
		fill_row(app, ids[i], &ret_rows[i]);
	for (size_t i = 0; i < count; i++)
		ret_rows[i].is_recent = i < recent;
	return count;
}

enum status app_check_device(struct app *app, const char *profile_id, const char *method, struct error *reterr)
{
	const struct profile *profile;
	char names[200] = "";
	enum status status = device_library_profile(app->library, profile_id, &profile, reterr);

	if (status != STATUS_OK || method == NULL)
		return status;
	for (unsigned i = 0; i < profile->method_count; i++) {
		if (text_equal(profile->methods[i].name, method))
			return STATUS_OK;
		text_append(names, sizeof(names), "%s%s", i > 0 ? ", " : "", profile->methods[i].name);
	}
	error_set(reterr, STATUS_NOT_FOUND, "%s %s has no way back called '%.40s'", profile->vendor, profile->model, method);
	return error_hint(reterr, names[0] ? "it has: %s" : "it has none that is known%s", names);
}

/* ---- cases ---- */

static struct live_case *find_live(struct app *app, int64_t case_id)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		if (app->live[i] && app->live[i]->id == case_id)
			return app->live[i];
	return NULL;
}

static enum status make_live(struct app *app, int64_t case_id, struct live_case **ret_case, struct error *reterr)
{
	struct live_case **place = NULL;
	struct case_summary summary;
	enum status status = casebook_summary(app->book, case_id, &summary, reterr);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		if (app->live[i] == NULL || app->live[i]->phase == GUIDE_CLOSED)
			place = &app->live[i];
	if (place == NULL) {
		error_set(reterr, STATUS_BUSY, "%u cases are being worked on already", SNAPSHOT_LIVE_MAX);
		return error_hint(reterr, "close one of them first");
	}
	status = casebook_hold(app->book, case_id, reterr);
	if (status != STATUS_OK)
		return status;
	live_case_free(*place);
	*place = NULL;
	status = live_case_new(app, case_id, ret_case, reterr);
	if (status == STATUS_OK)
		*place = *ret_case;
	return status;
}

/* Left before its first answer: the next new case is this one, else the list fills with cases of nothing. */
static struct live_case *find_untouched(struct app *app)
{
	char value[80];

	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++) {
		struct live_case *c = app->live[i];

		if (c && c->phase == GUIDE_DEVICE && !case_get(c, "device", value, sizeof(value)) && !case_get(c, "happened", value, sizeof(value)))
			return c;
	}
	return NULL;
}

enum status app_case_new(struct app *app, int64_t *ret_case_id, struct error *reterr)
{
	struct live_case *c = find_untouched(app);
	enum status status;

	if (c) {
		*ret_case_id = c->id;
		return STATUS_OK;
	}
	status = casebook_case_new(app->book, (int64_t)loop_wall_ms(), ret_case_id, reterr);

	if (status == STATUS_OK)
		status = make_live(app, *ret_case_id, &c, reterr);
	if (status != STATUS_OK)
		return status;
	app->are_cases_stale = true;
	guide_enter(c, GUIDE_DEVICE);
	return STATUS_OK;
}

enum status app_case_open(struct app *app, int64_t case_id, struct error *reterr)
{
	struct live_case *c;
	enum status status;

	if (find_live(app, case_id))
		return STATUS_OK;
	status = make_live(app, case_id, &c, reterr);
	if (status == STATUS_OK)
		guide_resume(c);
	return status;
}

const struct case_view *app_case_view(struct app *app, int64_t case_id)
{
	struct live_case *c = find_live(app, case_id);

	return c ? &c->view : NULL;
}

static const struct choice *find_choice(const struct question *question, const char *id)
{
	for (unsigned i = 0; i < question->choice_count; i++)
		if (text_equal(question->choice[i].id, id))
			return &question->choice[i];
	return NULL;
}

static bool is_answer(const struct question *question, const char *text)
{
	return find_choice(question, text) || text_starts(text, "method:") || strchr(text, '/') != NULL;
}

enum status app_case_answer(struct app *app, int64_t case_id, unsigned question_id, const char *text, struct error *reterr)
{
	struct live_case *c = find_live(app, case_id);
	const struct choice *choice;
	char logged[300], answer[1024];
	size_t asked;
	enum status status;

	if (c == NULL || c->view.question.id != question_id || c->view.question.type == QUESTION_NONE)
		return STATUS_OK;
	/* What happened may be told in one's own words. */
	if (c->view.question.type == QUESTION_CHOOSE && c->phase != GUIDE_HAPPENED && !is_answer(&c->view.question, text))
		return error_set(reterr, STATUS_INVALID, "'%.40s' is none of the choices", text);
	/* In the operator's words: what a choice is called inside says nothing to who reads the log. */
	choice = find_choice(&c->view.question, text);
	asked = strlen(c->view.question.text);
	while (asked > 0 && strchr(":.", c->view.question.text[asked - 1]) != NULL)
		asked--;
	text_format(logged, sizeof(logged), "%.*s%s %.120s", asked < 160 ? (int)asked : 160, c->view.question.text,
		    asked > 0 && c->view.question.text[asked - 1] == '?' ? "" : ":", choice ? choice->text :
		    text_equal(c->view.question.topic, "password") && text[0] ? "(not kept)" : text);
	app_event(app, case_id, JOURNAL_OPERATOR, "answer", logged, NULL);
	/* The caller may hand over a choice's own id, which is gone with the question as soon as the next page is made. */
	text_copy(answer, sizeof(answer), text);
	status = guide_answer(c, answer, reterr);
	if (status != STATUS_OK && c->view.question.id == question_id)
		text_format(c->view.question.problem, sizeof(c->view.question.problem), "%.160s%s%.90s", reterr->text, reterr->hint[0] ? ". To do: " : "",
			    reterr->hint);
	app_changed(app);
	return status;
}

enum status app_case_cancel(struct app *app, int64_t case_id, struct error *reterr)
{
	struct live_case *c = find_live(app, case_id);

	return c ? steps_cancel(c, reterr) : STATUS_OK;
}

enum status app_case_back(struct app *app, int64_t case_id, enum guide_phase to, struct error *reterr)
{
	struct live_case *c = find_live(app, case_id);
	enum status status;

	if (c == NULL || to > GUIDE_WATCH || to >= c->phase)
		return STATUS_OK;
	status = steps_cancel(c, reterr);
	if (status == STATUS_OK && c->is_running) {
		error_set(reterr, STATUS_BUSY, "the device is brought into a good state first");
		return error_hint(reterr, "go back in a moment");
	}
	if (status == STATUS_OK)
		guide_enter(c, to);
	return status;
}

bool app_is_dangerous(const struct app *app)
{
	for (size_t i = 0; i < ARRAY_SIZE(app->live); i++)
		if (app->live[i] && steps_are_dangerous(app->live[i]))
			return true;
	return false;
}
