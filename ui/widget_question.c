#include "ui/widget_question.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "src/base/text.h"

/* HABIT_ENTER_MS: after the last letter of the word many people press Enter by habit; it must not answer what is asked next. */
enum { HABIT_ENTER_MS = 300, FOOTER_TEXT_MAX = 24, NAME_COLS = 31 /* at least: the columns stand still while the list narrows */ };

static const char unknown_device[] = "unknown device";

bool widget_question_takes_text(const struct widget_question *widget, const struct question *question)
{
	if (question->type == QUESTION_WORD && widget->id == question->id)
		return widget->input.size > 0;
	return question->type == QUESTION_DEVICE || question->type == QUESTION_TEXT ||
	       question->type == QUESTION_FILE || question->type == QUESTION_WORD;
}

static void search_devices(struct widget_question *widget, struct ui *ui)
{
	widget->device_count =
		app_device_search(ui_app(ui), widget->input.text, widget->device, WIDGET_QUESTION_DEVICES_MAX);
	if (widget->device_count > WIDGET_QUESTION_DEVICES_MAX)
		widget->device_count = WIDGET_QUESTION_DEVICES_MAX;
	widget->list.cursor = widget->list.top = 0;
	/* nothing typed yet: the first row is likely only when that device was used last, not by its name's first letter */
	widget->is_unchosen = widget->input.size == 0 && widget->device_count > 0 && !widget->device[0].is_recent;
	widget->list.count = (int)widget->device_count + 1;
}

void widget_question_follow(struct widget_question *widget, struct ui *ui, const struct question *question)
{
	if (widget->id == question->id && widget->type == question->type)
		return;
	widget->id = question->id;
	widget->type = question->type;
	widget->asked_ms = ui_time_ms();
	widget->names[0] = '\0';
	widget->list = (struct widget_list){ .cursor = (int)question->preferred, .count = (int)question->choice_count };
	widget_input_set(&widget->input, question->type == QUESTION_WORD ? "" : question->prefill);
	if (question->type == QUESTION_DEVICE)
		search_devices(widget, ui);
}

static int text_rows(const struct canvas *to, const char *text)
{
	return text[0] != '\0' ? canvas_wrap_rows(to, to->cols - 2, text) : 0;
}

static int choice_column(const struct canvas *to, const struct question *question)
{
	int widest = 12;

	for (unsigned i = 0; i < question->choice_count && i < CASE_CHOICES_MAX; i++) {
		int width = canvas_width(to, question->choice[i].text);

		widest = width > widest ? width : widest;
	}
	return widest < to->cols - 10 ? widest : to->cols - 10;
}

static int detail_x(const struct choice *choice, int column)
{
	return (choice->key == ' ' || choice->key >= UI_KEY_UP ? 9 : 5) + column + 2;
}

/* Numbers are padded to stand in a column: not below the list. */
static const char *below_text(const struct choice *choice)
{
	return choice->detail + strspn(choice->detail, " ");
}

/* Under the text of its choice. */
static int below_x(const struct choice *choice, int column)
{
	return detail_x(choice, column) - column;
}

static bool is_detail_long(const struct canvas *to, const struct choice *choice, int column)
{
	return detail_x(choice, column) + canvas_width(to, choice->detail) > to->cols - 1;
}

/* Its own row, and those below it for what that has no room for. */
static int choice_rows(const struct canvas *to, const struct choice *choice, int column)
{
	return 1 + (is_detail_long(to, choice, column) ? canvas_wrap_rows(to, to->cols - below_x(choice, column) - 2, below_text(choice)) : 0);
}

static int choices_rows(const struct canvas *to, const struct question *question)
{
	int column = choice_column(to, question), rows = 0;

	for (unsigned i = 0; i < question->choice_count && i < CASE_CHOICES_MAX; i++)
		rows += choice_rows(to, &question->choice[i], column);
	return rows;
}

int widget_question_rows(const struct widget_question *widget, const struct canvas *to, const struct question *question)
{
	int rows = text_rows(to, question->text) + text_rows(to, question->problem);

	switch (question->type) {
	case QUESTION_NONE: return 0;
	case QUESTION_CHOOSE: return rows + choices_rows(to, question);
	case QUESTION_DEVICE: return to->rows;
	case QUESTION_TEXT: return rows + 2;
	case QUESTION_FILE: return rows + 2 + (widget->names[0] ? 4 : 0);
	case QUESTION_WORD: return rows + 5;
	}
	return rows;
}

static enum role detail_role(const struct choice *choice)
{
	return choice->is_dangerous ? ROLE_DANGER : ROLE_DIM;
}

static void draw_choice(struct canvas *to, int y, const struct choice *choice, bool is_selected, int column, bool is_below)
{
	enum role role = is_selected ? ROLE_SELECTED : choice->is_dangerous ? ROLE_DANGER : ROLE_NORMAL;
	char key[24] = "";

	if (choice->key != 0)
		keys_name(choice->key, key, sizeof(key));
	canvas_fill(to, y, 1, to->cols - 2, is_selected ? ROLE_SELECTED : ROLE_NORMAL, ' ');
	canvas_put(to, y, 1, 1, role, is_selected ? ">" : " ");
	canvas_put(to, y, 3, 5, is_selected ? ROLE_SELECTED : ROLE_STRONG, key);
	canvas_put(to, y, detail_x(choice, column) - column - 2, column, role, choice->text);
	if (!is_below && detail_x(choice, column) < to->cols - 12)
		canvas_put(to, y, detail_x(choice, column), to->cols - 1 - detail_x(choice, column),
			   is_selected ? ROLE_SELECTED : detail_role(choice), choice->detail);
}

/* There is room for all that the choices say. */
static void draw_choices_whole(struct widget_question *widget, struct canvas *to, int y, const struct question *question)
{
	int column = choice_column(to, question);

	widget_list_place(&widget->list, (int)question->choice_count, y, (int)question->choice_count);
	for (unsigned i = 0; i < question->choice_count && i < CASE_CHOICES_MAX; i++) {
		const struct choice *choice = &question->choice[i];
		bool is_below = is_detail_long(to, choice, column);

		draw_choice(to, y++, choice, (int)i == widget->list.cursor, column, is_below);
		if (is_below)
			y += canvas_wrap(to, y, below_x(choice, column), to->cols - below_x(choice, column) - 2, 4,
					 detail_role(choice), below_text(choice));
		widget->choice_end[i] = y;
	}
}

/* What a row has no room for stands below the list, for the one at the cursor. */
static void draw_choices_short(struct widget_question *widget, struct canvas *to, int y, int rows, const struct question *question)
{
	int count = (int)question->choice_count, column = choice_column(to, question);
	int list_rows = rows < count + 1 ? (rows > 3 ? rows - 2 : rows) : count;
	const struct choice *selected;

	widget_list_place(&widget->list, count, y, list_rows);
	for (int i = 0; i < widget->list.rows && widget->list.top + i < count; i++)
		draw_choice(to, y + i, &question->choice[widget->list.top + i],
			    widget->list.top + i == widget->list.cursor, column, false);
	if (count == 0 || widget->list.rows + 1 > rows)
		return;
	selected = &question->choice[widget->list.cursor];
	if (widget->list.rows < count)
		canvas_printf(to, y + rows - 1, to->cols - 12, 11, ROLE_STRONG, "%4d of %d", widget->list.cursor + 1,
			      count);
	if (is_detail_long(to, selected, column))
		canvas_wrap(to, y + widget->list.rows, 5, to->cols - 6, rows - widget->list.rows, detail_role(selected),
			    below_text(selected));
}

static void draw_choices(struct widget_question *widget, struct canvas *to, int y, int rows, const struct question *question)
{
	widget->is_whole = choices_rows(to, question) <= rows;
	if (widget->is_whole)
		draw_choices_whole(widget, to, y, question);
	else
		draw_choices_short(widget, to, y, rows, question);
}

/* The names take what the longest of them needs, and leave the rest to what tells the devices apart. */
static int name_column(const struct widget_question *widget, const struct canvas *to)
{
	int widest = NAME_COLS, most = to->cols / 2;

	for (size_t i = 0; i < widget->device_count; i++) {
		int width = canvas_width(to, widget->device[i].text);

		widest = width > widest ? width : widest;
	}
	return widest < most ? widest : most;
}

static void draw_devices(struct widget_question *widget, struct canvas *to, int y, int rows)
{
	int text_width = name_column(widget, to), detail_at = 3 + text_width + 2;
	char found[40];

	widget_list_place(&widget->list, (int)widget->device_count + 1, y + 2, rows - 2);
	text_format(found, sizeof(found), "%zu%s found%s", widget->device_count, widget->device_count == WIDGET_QUESTION_DEVICES_MAX ? "+" : "",
		    widget->list.top + widget->list.rows < widget->list.count ? ", more below" : "");
	canvas_put(to, y, 1, 8, ROLE_STRONG, "Search");
	widget_input_draw(&widget->input, to, y, 9, to->cols - 34, ROLE_NORMAL);
	canvas_put(to, y, to->cols - 1 - canvas_width(to, found), canvas_width(to, found), ROLE_DIM, found);
	canvas_line(to, y + 1);
	for (int i = 0; i < widget->list.rows && widget->list.top + i < widget->list.count; i++) {
		int index = widget->list.top + i;
		bool is_selected = index == widget->list.cursor && !widget->is_unchosen;
		bool is_unknown = index == (int)widget->device_count;
		enum role role = is_selected ? ROLE_SELECTED : ROLE_NORMAL;

		canvas_fill(to, y + 2 + i, 1, to->cols - 2, role, ' ');
		canvas_put(to, y + 2 + i, 1, 1, role, is_selected ? ">" : " ");
		canvas_put(to, y + 2 + i, 3, text_width, role,
			   is_unknown ? unknown_device : widget->device[index].text);
		canvas_put(to, y + 2 + i, detail_at, to->cols - 1 - detail_at, is_selected ? role : ROLE_DIM,
			   is_unknown ? "not in the list: diagnosis only" : widget->device[index].detail);
	}
}

static void draw_word(struct widget_question *widget, struct canvas *to, int y, const struct question *question)
{
	int width = to->cols - 4;

	canvas_frame(to, y, 2, 5, width, ROLE_DANGER);
	canvas_printf(to, y + 1, 4, width - 4, ROLE_DANGER,
		      "To go on, type the word  %s  in full. Its last letter starts it.", question->word);
	canvas_put(to, y + 1, 4 + 25, (int)strlen(question->word), ROLE_DANGER_FILL, question->word);
	widget_input_draw(&widget->input, to, y + 3, 4, width - 4, ROLE_STRONG);
}

void widget_question_draw(struct widget_question *widget, struct canvas *to, int y, int rows,
			  const struct question *question)
{
	int end = y + rows;

	if (question->type == QUESTION_NONE || rows <= 0)
		return;
	if (question->text[0] != '\0' && question->type != QUESTION_DEVICE)	/* its page asks already */
		y += canvas_wrap(to, y, 1, to->cols - 2, 4, question->type == QUESTION_WORD ? ROLE_DANGER : ROLE_STRONG,
				 question->text);
	if (question->problem[0] != '\0')
		y += canvas_wrap(to, y, 1, to->cols - 2, 4, ROLE_ATTENTION, question->problem);
	switch (question->type) {
	case QUESTION_CHOOSE: draw_choices(widget, to, y, end - y, question); break;
	case QUESTION_DEVICE: draw_devices(widget, to, y, end - y); break;
	case QUESTION_WORD: draw_word(widget, to, y, question); break;
	case QUESTION_FILE:
	case QUESTION_TEXT:
		canvas_put(to, y, 1, 1, ROLE_STRONG, ">");
		widget_input_draw(&widget->input, to, y, 3, to->cols - 4, ROLE_NORMAL);
		canvas_wrap(to, y + 1, 3, to->cols - 4, end - y - 1 > 0 ? end - y - 1 : 0, ROLE_DIM, widget->names);
		break;
	case QUESTION_NONE:
		break;
	}
}

static void answer(struct ui *ui, const struct case_view *view, unsigned question_id, const char *text)
{
	struct error error;

	if (app_case_answer(ui_app(ui), view->id, question_id, text, &error) != STATUS_OK && view->question.problem[0] == '\0')
		ui_say_error(ui, &error);	/* else it stands beside the question */
}

static bool is_habit_enter(const struct widget_question *widget, int key)
{
	return key == UI_KEY_ENTER && widget->is_word_taken && ui_time_ms() - widget->word_taken_ms < HABIT_ENTER_MS;
}

static bool choose_key(struct widget_question *widget, struct ui *ui, const struct case_view *view, int key)
{
	const struct question *question = &view->question;

	for (unsigned i = 0; i < question->choice_count && i < CASE_CHOICES_MAX; i++)
		if (question->choice[i].key != 0 && question->choice[i].key == key) {
			answer(ui, view, widget->id, question->choice[i].id);
			return true;
		}
	if (key == UI_KEY_ENTER && widget->list.cursor < (int)question->choice_count) {
		answer(ui, view, widget->id, question->choice[widget->list.cursor].id);
		return true;
	}
	return widget_list_key(&widget->list, key);
}

static bool device_key(struct widget_question *widget, struct ui *ui, const struct case_view *view, int key)
{
	if (key == UI_KEY_ENTER && widget->is_unchosen) {
		ui_say(ui, true, "which one? Type a part of its name, or choose with the arrow keys; the last row is for an unknown device");
		return true;
	}
	if (key == UI_KEY_ENTER) {
		bool is_known = widget->list.cursor < (int)widget->device_count;

		answer(ui, view, widget->id, is_known ? widget->device[widget->list.cursor].id : "");
		return true;
	}
	if (key == UI_KEY_DOWN && widget->is_unchosen) {
		widget->is_unchosen = false;	/* to the first row */
		return true;
	}
	if (key != UI_KEY_HOME && key != UI_KEY_END && widget_list_key(&widget->list, key)) {
		widget->is_unchosen = false;
		return true;
	}
	if (!widget_input_key(&widget->input, key))
		return false;
	if (key != UI_KEY_LEFT && key != UI_KEY_RIGHT && key != UI_KEY_HOME && key != UI_KEY_END)
		search_devices(widget, ui);
	return true;
}

/* "Enter chooses another file. ...": without the word there is another way out. */
static const char *enter_means(const struct question *question)
{
	return text_starts(question->text, "Enter ") ? question->text + 6 : NULL;
}

static bool begins_word(const struct question *question, int key)
{
	return key > 0 && key < 0x80 && tolower(key) == tolower((unsigned char)question->word[0]);
}

static bool word_key(struct widget_question *widget, struct ui *ui, const struct case_view *view, int key)
{
	const struct question *question = &view->question;

	if (key == UI_KEY_ENTER && widget->input.size == 0 && enter_means(question) != NULL) {
		answer(ui, view, widget->id, "");
		return true;
	}
	if (key == UI_KEY_ENTER) {
		if (strncasecmp(widget->input.text, question->word, widget->input.size) != 0)
			widget_input_set(&widget->input, "");	/* it cannot become the word: begin again, or stop by a key */
		ui_say(ui, true, "type the whole word %s, then it starts", question->word);
		return true;
	}
	/* Nothing typed yet, and not how the word begins: a key of the screen, such as stop. */
	if (widget->input.size == 0 && key < UI_KEY_UP && !begins_word(question, key))
		return false;
	if (!widget_input_key(&widget->input, key))
		return false;
	if (strcasecmp(widget->input.text, question->word) == 0) {
		widget->is_word_taken = true;
		widget->word_taken_ms = ui_time_ms();
		answer(ui, view, widget->id, question->word);
	}
	return true;
}

bool widget_question_key(struct widget_question *widget, struct ui *ui, const struct case_view *view, int key)
{
	const struct question *question = &view->question;

	if (is_habit_enter(widget, key))
		return true;
	widget->is_word_taken = false;
	/* the engine asks something else already, but the operator has not seen it */
	if (question->id != widget->id || question->type != widget->type)
		return question->type != QUESTION_NONE && key == UI_KEY_ENTER;
	switch (question->type) {
	case QUESTION_CHOOSE: return choose_key(widget, ui, view, key);
	case QUESTION_DEVICE: return device_key(widget, ui, view, key);
	case QUESTION_WORD: return word_key(widget, ui, view, key);
	case QUESTION_FILE:
		if (key == '\t') {
			widget_input_complete_path(&widget->input, widget->names, sizeof(widget->names));
			return true;
		}
		if (key == UI_KEY_ENTER)
			widget_input_expand_home(&widget->input);
		/* fall through */
	case QUESTION_TEXT:
		if (key == UI_KEY_ENTER) {
			answer(ui, view, widget->id, widget->input.text);
			return true;
		}
		return widget_input_key(&widget->input, key);
	case QUESTION_NONE: return false;
	}
	return false;
}

static int row_at(const struct widget_question *widget, const struct question *question, int y)
{
	if (question->type != QUESTION_CHOOSE || !widget->is_whole)
		return widget_list_at(&widget->list, y);
	for (int i = 0; y >= widget->list.y && i < widget->list.count && i < CASE_CHOICES_MAX; i++)
		if (y < widget->choice_end[i])
			return i;
	return -1;
}

void widget_question_mouse(struct widget_question *widget, struct ui *ui, const struct case_view *view,
			   enum screen_mouse what, int y)
{
	int row = row_at(widget, &view->question, y);

	if (view->question.type != QUESTION_CHOOSE && view->question.type != QUESTION_DEVICE)
		return;
	if (what == SCREEN_MOUSE_WHEEL_UP || what == SCREEN_MOUSE_WHEEL_DOWN)
		widget_list_wheel(&widget->list, what);
	else if (row >= 0 && row == widget->list.cursor && !widget->is_unchosen)
		widget_question_key(widget, ui, view, UI_KEY_ENTER);
	else if (row >= 0) {
		widget->list.cursor = row;
		widget->is_unchosen = false;
	}
}

/* "Path of the image (empty: go on without)" says what an empty line does. */
static const char *empty_means(const struct question *question, char *to, size_t size)
{
	const char *at = strstr(question->text, "(empty: ");

	return at != NULL ? text_format(to, size, "%.*s", (int)strcspn(at + 8, ")"), at + 8) : "take this file";
}

void widget_question_footer(const struct widget_question *widget, const struct question *question,
			    struct footer *footer)
{
	char without[40];

	switch (question->type) {
	case QUESTION_CHOOSE:
		if (widget->list.cursor < (int)question->choice_count)
			footer_add(footer, "Enter",
				   strlen(question->choice[widget->list.cursor].text) <= FOOTER_TEXT_MAX
					   ? question->choice[widget->list.cursor].text
					   : "this one");
		if (question->choice_count > 1)
			footer_add(footer, "up/down", "choose");
		break;
	case QUESTION_DEVICE:
		if (!widget->is_unchosen)
			footer_add(footer, "Enter", widget->list.cursor < (int)widget->device_count ? "this one" : "go on without");
		footer_add(footer, "a-z", "search");
		footer_add(footer, "up/down", "choose");
		break;
	case QUESTION_FILE:
		footer_add(footer, "Enter", widget->input.size > 0 ? "take this file" : empty_means(question, without, sizeof(without)));
		footer_add(footer, "Tab", "complete");
		footer_add(footer, "Ctrl-U", "empty");
		break;
	case QUESTION_TEXT:
		footer_add(footer, "Enter",
			   question->prefill[0] || widget->input.size > 0 ? "take this" : "go on, leave it empty");
		break;
	case QUESTION_WORD:
		if (widget->input.size == 0 && enter_means(question) != NULL)
			footer_add(footer, "Enter", text_format(without, sizeof(without), "%.*s",
								(int)strcspn(enter_means(question), ".,"), enter_means(question)));
		footer_add(footer, question->word, "type it to go on");
		break;
	case QUESTION_NONE:
		break;
	}
}
