/* Why it does not start: how far it comes, the lines that prove it, the likely causes, what would settle it. */
#include <ctype.h>
#include <string.h>

#include "src/base/text.h"
#include "ui/screen_case.h"
#include "ui/widget_bar.h"

enum { STAGE_WORDS = 7 };

static int stage_word(enum boot_stage stage)
{
	switch (stage) {
	case STAGE_ROM: return 0;
	case STAGE_FIRST_LOADER: return 1;
	case STAGE_LOADER: return 2;
	case STAGE_KERNEL_UNPACK: case STAGE_KERNEL: return 3;
	case STAGE_ROOT_MOUNT: return 4;
	case STAGE_INIT: return 5;
	case STAGE_APPLICATION: case STAGE_LOGIN: case STAGE_UPDATER: return 6;
	default: return -1;
	}
}

/* "U-BOOT" where the device has said so, else the general word. */
static void loader_word(const struct console_view *console, char *to, size_t size)
{
	text_copy(to, size, "loader");
	for (size_t i = 0; console != NULL && i < console->fact_count; i++)
		if (strcmp(console->facts[i].name, "loader") == 0 && console->facts[i].value[0] != '\0') {
			const char *value = console->facts[i].value;
			size_t length = strcspn(value, " ");

			if (!isdigit((unsigned char)value[0]))
				text_copy(to, length + 1 < size ? length + 1 : size, value);
			else if (length > 6 && value[4] == '.')	/* "2022.04": only U-Boot counts so */
				text_copy(to, size, "U-Boot");
		}
}

int case_draw_stages(struct ui *ui, const struct case_view *view, struct canvas *to, int y)
{
	static const char *const words[STAGE_WORDS] = { "rom", "spl", "loader", "kernel", "root", "init", "app" };
	const struct console_view *console = view->port[0] ? ui_find_console(ui_now(ui), 0, view->port) : NULL;
	/* while it is watched the line knows better than the verdict, which is about a start before */
	bool is_live = console != NULL && (view->phase == GUIDE_WATCH || view->phase == GUIDE_STEPS);
	bool is_looping = view->verdict.is_looping && view->phase != GUIDE_STEPS;
	unsigned starts = is_live ? console->starts : view->verdict.starts;
	int now = stage_word(is_live ? console->stage : view->verdict.furthest), x = 9;
	char word[16], right[80] = "", round[32];

	canvas_put(to, y, 1, 8, ROLE_STRONG, "Stages");
	for (int i = 0; i < STAGE_WORDS; i++) {
		text_copy(word, sizeof(word), words[i]);
		if (i == 2)
			loader_word(console, word, 11);
		for (char *at = word; i == now && *at != '\0'; at++)
			*at = (char)toupper((unsigned char)*at);
		if (i == now)
			x += canvas_printf(to, y, x, 20, ROLE_ATTENTION, "[%s]", word) + 2;
		else
			x += canvas_put(to, y, x, 18, i < now ? ROLE_NORMAL : ROLE_DIM, word) + 2;
	}
	if (starts > 0)
		text_format(right, sizeof(right), "start %u", starts);
	if (is_looping && view->verdict.loop_ms > 0)
		text_append(right, sizeof(right), ", loops every %s",
			    text_duration(round, sizeof(round), view->verdict.loop_ms));
	else if (is_looping)
		text_append(right, sizeof(right), ", again and again");
	canvas_put(to, y, to->cols - 1 - canvas_width(to, right), (int)sizeof(right), ROLE_NORMAL, right);
	return y + 1;
}

/* The line is the proof: where it would be cut, the first cause that it speaks for stands for the others. */
static const char *fitting_mark(const struct canvas *to, const struct excerpt_line *line, char *mark, size_t size)
{
	size_t first = strcspn(line->mark, " ");

	if (line->mark[first] == '\0' || canvas_width(to, line->text) + canvas_width(to, line->mark) + 2 <= to->cols - 14)
		return line->mark;
	return text_format(mark, size, "%.*s +", (int)first, line->mark);
}

/* Rows that it takes; a line that proves may take two, where it would be cut. */
static int draw_excerpt_line(struct canvas *to, int y, const struct excerpt_line *line, int rows)
{
	char shorter[sizeof(line->mark) + 4];
	const char *mark = fitting_mark(to, line, shorter, sizeof(shorter));
	int mark_width = canvas_width(to, mark), text_width = to->cols - 14 - (mark_width ? mark_width + 2 : 0);
	enum role role = line->mark[0] ? ROLE_NORMAL : ROLE_DIM;

	canvas_put(to, y, 1, 1, ROLE_ATTENTION, line->mark[0] ? ">" : " ");
	canvas_printf(to, y, 2, 9, ROLE_DIM, "%5u.%03u", (unsigned)(line->ms / 1000), (unsigned)(line->ms % 1000));
	canvas_put(to, y, to->cols - 1 - mark_width, mark_width, ROLE_ATTENTION, mark);
	if (rows > 1)
		return canvas_wrap(to, y, 13, text_width, rows, role, line->text);
	canvas_put(to, y, 13, text_width, role, line->text);
	return 1;
}

static bool is_too_wide(const struct canvas *to, const struct excerpt_line *line)
{
	char shorter[sizeof(line->mark) + 4];
	int mark_width = canvas_width(to, fitting_mark(to, line, shorter, sizeof(shorter)));

	return canvas_width(to, line->text) > to->cols - 14 - (mark_width ? mark_width + 2 : 0);
}

/* 3: proves the leading cause, 2: proves another, 1: stands right beside one that proves, 0: further away. */
static int line_rank(const struct case_view *view, unsigned at)
{
	const char *lead = !cause_is_fault(view->verdict.cause) || view->verdict.cause_count == 0 ? cause_label(view->verdict.cause)
												 : cause_label(view->verdict.causes[0].cause);
	const struct excerpt_line *line = &view->excerpt[at];

	if (line->mark[0] != '\0')
		return strncmp(line->mark, lead, strlen(lead)) == 0 ? 3 : 2;
	return (at + 1 < view->excerpt_count && view->excerpt[at + 1].mark[0] != '\0') ||
	       (at > 0 && view->excerpt[at - 1].mark[0] != '\0');
}

/* With less room than lines, those that prove most stay. */
int case_draw_excerpt(const struct case_view *view, struct canvas *to, int y, int bottom)
{
	unsigned count = view->excerpt_count < CASE_EXCERPT_MAX ? view->excerpt_count : CASE_EXCERPT_MAX,
		 room = bottom > y ? (unsigned)(bottom - y) : 0;
	int rows[CASE_EXCERPT_MAX] = { 0 };

	for (int rank = 3; rank >= 0; rank--) {
		for (unsigned i = 0; i < count && room > 0; i++)
			if (line_rank(view, i) == rank) {
				rows[i] = 1;
				room--;
			}
		for (unsigned i = 0; i < count && room > 0 && rank >= 2; i++)
			if (line_rank(view, i) == rank && is_too_wide(to, &view->excerpt[i])) {
				rows[i] = 2;
				room--;
			}
	}
	for (unsigned i = 0; i < count; i++)
		if (rows[i] > 0)
			y += draw_excerpt_line(to, y, &view->excerpt[i], rows[i]);
	if (view->excerpt_count == 0 && room > 0)
		canvas_put(to, y++, 3, to->cols - 4, ROLE_DIM,
			   view->verdict.cause_count > 0 ? "no line of the device says why" : "no line of the device shows a fault");
	return y;
}

/* What the line means: the line itself stands above. */
static const char *why(const struct cause_verdict *cause)
{
	const char *text = cause->proof_count == 0	     ? ""
			   : cause->proof[0].sign != NULL && cause->proof[0].sign->meaning != NULL
				   ? cause->proof[0].sign->meaning
				   : cause->proof[0].text;

	while (*text == ' ')
		text++;
	return text[0] != '\0' ? text : cause_meaning(cause->cause);
}

/* Behind the longest label. */
static int bar_column(const struct verdict *verdict, const struct canvas *to, int most)
{
	int bar_x = 14;

	for (size_t i = 0; i < verdict->cause_count && (int)i < most; i++) {
		int width = canvas_width(to, cause_label(verdict->causes[i].cause));

		bar_x = 14 + width + 2 > bar_x ? 14 + width + 2 : bar_x;
	}
	return bar_x;
}

/* What speaks for a fault is of a start before: now the device runs. */
static bool is_over(const struct verdict *verdict)
{
	return verdict->cause_count > 0 && (verdict->cause == CAUSE_HEALTHY || verdict->cause == CAUSE_LOGIN);
}

/* spare: rows that may be used beyond one for each cause, so that the reasons need not be cut. */
static int draw_causes(const struct case_view *view, struct canvas *to, int y, int most, int spare)
{
	const struct verdict *verdict = &view->verdict;
	int bar_x = bar_column(verdict, to, most), why_width = to->cols - bar_x - 18;

	if (is_over(verdict)) {
		canvas_put(to, y, 1, 12, ROLE_STRONG, "Now");
		canvas_put(to, y++, 14, to->cols - 15, ROLE_GOOD, cause_label(verdict->cause));
		canvas_put(to, y, 1, 12, ROLE_NORMAL, "Before");
	} else {
		canvas_put(to, y, 1, 12, ROLE_STRONG, verdict->is_decided ? "Cause" : "Most likely");
	}
	for (size_t i = 0; i < verdict->cause_count && (int)i < most; i++) {
		const struct cause_verdict *cause = &verdict->causes[i];
		int rows;

		canvas_put(to, y, 14, bar_x - 15, i == 0 ? ROLE_STRONG : ROLE_NORMAL, cause_label(cause->cause));
		widget_bar(to, y, bar_x, 10, cause->confidence, i == 0 ? ROLE_ATTENTION : ROLE_NORMAL);
		canvas_printf(to, y, bar_x + 11, 5, ROLE_NORMAL, "%.2f", cause->confidence);
		rows = canvas_wrap(to, y, bar_x + 17, why_width, spare > 0 ? spare + 1 : 1, ROLE_NORMAL, why(cause));
		spare -= rows - 1;
		y += rows;
	}
	if (verdict->cause_count == 0)
		canvas_put(to, y++, 14, to->cols - 15, ROLE_NORMAL, cause_label(verdict->cause));
	return y;
}

/* What stands below the causes: what would settle it, and what else is said. */
static int rows_below_causes(const struct case_view *view, const struct canvas *to, size_t next_count)
{
	int rows = next_count > 0 ? canvas_wrap_rows(to, to->cols - 15, view->verdict.next[0]) : 0;

	for (unsigned i = 1; i < view->say_count && i < CASE_SAY_MAX; i++)
		rows += canvas_wrap_rows(to, to->cols - 2, view->say[i]);
	return rows;
}

/* Where the choices need the room to say what each of them does: the proof is on the evidence page. */
static int draw_brief(const struct case_view *view, struct canvas *to, int y, int bottom)
{
	if (view->say_count > 0)
		y += canvas_wrap(to, y, 1, to->cols - 2, 2, ROLE_STRONG, view->say[0]);
	if (y < bottom)
		y = draw_causes(view, to, y, bottom - y > 3 ? 3 : bottom - y > 1 ? bottom - y - 1 : 1, 0);
	return y < bottom ? y + 1 : y;
}

int case_draw_diagnosis(struct ui *ui, const struct case_view *view, struct canvas *to, int y, int bottom)
{
	bool is_tall = bottom - y > 20;
	int causes = (int)view->verdict.cause_count, most = is_tall ? 5 : 3, below;
	/* what is decided wants nothing to settle it */
	size_t next_count = view->verdict.is_decided ? 0 : view->verdict.next_count;

	if (bottom - y < CASE_PROOF_ROWS_MIN)
		return draw_brief(view, to, y, bottom);
	causes = causes > most ? most : causes < 1 ? 1 : causes;
	below = causes + rows_below_causes(view, to, next_count) + is_over(&view->verdict);
	if (view->say_count > 0)
		y += canvas_wrap(to, y, 1, to->cols - 2, 2, ROLE_STRONG, view->say[0]);
	y = case_draw_stages(ui, view, to, y);
	canvas_line(to, y++);
	y = case_draw_excerpt(view, to, y, bottom - below - 1 < y + 24 ? bottom - below - 1 : y + 24);
	canvas_line(to, y++);
	y = draw_causes(view, to, y, most, bottom - below - y);
	for (size_t i = 0; i < next_count && i < 3 && y < bottom && (i == 0 || is_tall); i++) {
		canvas_put(to, y, 1, 12, ROLE_STRONG, i == 0 ? "To settle" : "");
		y += canvas_wrap(to, y, 14, to->cols - 15, bottom - y < 2 ? bottom - y : 2, ROLE_NORMAL,
				 view->verdict.next[i]);
	}
	for (unsigned i = 1; i < view->say_count && i < CASE_SAY_MAX && y < bottom; i++)
		y += canvas_wrap(to, y, 1, to->cols - 2, bottom - y, ROLE_NORMAL, view->say[i]);
	return y < bottom ? y + 1 : y;
}
