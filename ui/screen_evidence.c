/* Everything that speaks for and against each cause. */
#include "src/base/text.h"
#include "ui/screen.h"
#include "ui/widget_bar.h"
#include "ui/widget_scroll.h"

struct evidence_state {
	int64_t case_id;
	struct widget_scroll scroll;
};

static const struct key_binding keys[] = {
	{ UI_KEY_ESC, COMMAND_BACK, "back", "back" },
	WIDGET_SCROLL_KEYS,
	{ UI_KEY_ENTER, COMMAND_BACK, NULL, NULL },
	{ 'e', COMMAND_BACK, NULL, NULL },
	{ 'q', COMMAND_BACK, NULL, NULL },
	{ 0 },
};

static void open_evidence(struct ui *ui, void *user, const struct screen_arg *arg)
{
	struct evidence_state *state = user;

	(void)ui;
	state->case_id = arg->case_id;
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	struct evidence_state *state = user;
	const struct case_view *view = app_case_view(ui_app(ui), state->case_id);

	text_format(left, left_size, "#%lld %s", (long long)state->case_id, view ? view->title : "");
	text_copy(right, right_size, "evidence");
}

static const char *source_words(const struct evidence *evidence, char *to, size_t size)
{
	static const char *const words[] = {
		[EVIDENCE_LINE] = "the device said",   [EVIDENCE_COURSE] = "the course of it",
		[EVIDENCE_PROBE] = "asked the device", [EVIDENCE_IMAGE] = "the firmware file",
		[EVIDENCE_OPERATOR] = "you said",      [EVIDENCE_PROFILE] = "the profile",
	};

	if (evidence->source == EVIDENCE_LINE && evidence->line > 0)
		return text_format(to, size, "line %u", evidence->line);
	return text_copy(to, size, evidence->source <= EVIDENCE_PROFILE ? words[evidence->source] : "");
}

static int draw_proof(struct canvas *to, int y, const struct evidence *evidence, bool is_for)
{
	char source[32];

	canvas_put(to, y, 3, 1, is_for ? ROLE_ATTENTION : ROLE_GOOD, is_for ? "+" : "-");
	canvas_printf(to, y, 5, 4, ROLE_NORMAL, "%3d", evidence->weight < 0 ? -evidence->weight : evidence->weight);
	canvas_put(to, y, 10, 17, ROLE_DIM, source_words(evidence, source, sizeof(source)));
	y += canvas_wrap(to, y, 28, to->cols - 29, 3, ROLE_NORMAL, evidence->text);
	if (evidence->sign != NULL && evidence->sign->meaning != NULL)
		y += canvas_wrap(to, y, 28, to->cols - 29, 2, ROLE_DIM, evidence->sign->meaning);
	return y;
}

static int draw_cause(struct canvas *to, int y, const struct cause_verdict *cause)
{
	canvas_put(to, y, 1, 17, ROLE_STRONG, cause_label(cause->cause));
	widget_bar(to, y, 19, 10, cause->confidence, ROLE_ATTENTION);
	canvas_printf(to, y, 30, 5, ROLE_NORMAL, "%.2f", cause->confidence);
	y += canvas_wrap(to, y, 36, to->cols - 37, 3, ROLE_NORMAL, cause_meaning(cause->cause));
	for (size_t i = 0; i < cause->proof_count && i < DIAGNOSIS_PROOFS_MAX; i++)
		y = draw_proof(to, y, &cause->proof[i], true);
	for (size_t i = 0; i < cause->contradiction_count && i < DIAGNOSIS_PROOFS_MAX; i++)
		y = draw_proof(to, y, &cause->contradiction[i], false);
	return y + 1;
}

static int draw_golden(struct canvas *to, int y, const struct golden_view *golden)
{
	char text[200];

	canvas_printf(to, y++, 1, to->cols - 2, ROLE_STRONG, "Against a good start of this model (case #%lld)", (long long)golden->good_case);
	for (unsigned i = 0; i < golden->fact_count; i++) {
		text_format(text, sizeof(text), "%s: %s in the good start, %s now", golden->fact[i].name, golden->fact[i].good, golden->fact[i].now);
		canvas_put(to, y, 3, 1, ROLE_ATTENTION, "!");
		y += canvas_wrap(to, y, 5, to->cols - 6, 2, ROLE_NORMAL, text);
	}
	for (unsigned i = 0; i < golden->line_count; i++) {
		canvas_put(to, y, 3, 7, golden->line[i].is_new ? ROLE_ATTENTION : ROLE_DIM, golden->line[i].is_new ? "new" : "missing");
		y += canvas_wrap(to, y, 11, to->cols - 12, 2, ROLE_NORMAL, golden->line[i].text);
		if (golden->line[i].meaning[0])
			y += canvas_wrap(to, y, 11, to->cols - 12, 2, ROLE_DIM, golden->line[i].meaning);
	}
	if (golden->ends_before > 0) {
		text_format(text, sizeof(text), "It ends here; in the good start %u more messages follow, the first is: %s", golden->ends_before,
			    golden->would_follow);
		y += canvas_wrap(to, y, 3, to->cols - 4, 3, ROLE_NORMAL, text);
	}
	if (golden->fact_count + golden->line_count + golden->ends_before == 0)
		canvas_put(to, y++, 3, to->cols - 4, ROLE_NORMAL, "Nothing differs.");
	return y + 1;
}

static int draw_page(struct canvas *to, int y, const struct case_view *view)
{
	canvas_put(to, y++, 1, to->cols - 2, ROLE_DIM,
		   "+ speaks for the cause, - against it; the number says how strongly, 1 to 100");
	y++;
	for (size_t i = 0; i < view->verdict.cause_count && i < DIAGNOSIS_CAUSES_MAX; i++)
		y = draw_cause(to, y, &view->verdict.causes[i]);
	for (size_t i = 0; i < view->verdict.next_count && i < 3 && !view->verdict.is_decided; i++) {
		canvas_put(to, y, 1, 12, ROLE_STRONG, i == 0 ? "To settle" : "");
		y += canvas_wrap(to, y, 12, to->cols - 13, 3, ROLE_NORMAL, view->verdict.next[i]);
	}
	return view->golden.good_logs > 0 ? draw_golden(to, y + 1, &view->golden) - 1 : y;
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct evidence_state *state = user;
	const struct case_view *view = app_case_view(ui_app(ui), state->case_id);
	int y;

	if (view == NULL || (view->verdict.cause_count == 0 && view->golden.good_logs == 0)) {
		canvas_put(to, 1, 1, to->cols - 2, ROLE_NORMAL, "Nothing speaks for a fault so far.");
		return;
	}
	do {
		werase(to->window);
		y = draw_page(to, widget_scroll_begin(&state->scroll) + 1, view);
	} while (!widget_scroll_end(&state->scroll, to, y));
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	(void)user;
	(void)argument;
	if (what == COMMAND_BACK)
		ui_pop(ui);
}

static bool key(struct ui *ui, void *user, int pressed)
{
	(void)ui;
	return widget_scroll_key(&((struct evidence_state *)user)->scroll, pressed);
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	(void)ui;
	(void)y;
	(void)x;
	widget_scroll_mouse(&((struct evidence_state *)user)->scroll, what);
}

const struct screen_ops screen_evidence = {
	.name = "evidence",
	.keys = keys,
	.state_size = sizeof(struct evidence_state),
	.open = open_evidence,
	.title = title,
	.draw = draw,
	.key = key,
	.command = command,
	.mouse = mouse,
	.help = "What speaks for each cause and what speaks against it: lines of the device with their number, what was asked of the "
		"device, what the firmware file says, and what you said. When a device of this model was brought back before, its good "
		"start is kept: what this one has other than it stands below.\n",
};
