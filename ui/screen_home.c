/* Home: what is plugged in, and the cases. With nothing plugged in it says what to do first. */
#include <stdlib.h>
#include <string.h>

#include "src/base/text.h"
#include "ui/home_rows.h"
#include "ui/screen.h"
#include "ui/widget_list.h"

enum {
	HOME_ROWS_MAX = 2 * BENCH_PORTS_MAX + BENCH_ADVICE_MAX + BENCH_USB_MAX + BENCH_CARDS_MAX + BENCH_NICS_MAX +
			SNAPSHOT_CONSOLES_MAX + SNAPSHOT_CASES_MAX + 8,
	HOME_FILTER_MAX = 64,
};

struct home_state {
	struct widget_list list;
	struct row row[HOME_ROWS_MAX];
	unsigned row_count;
	enum row_type selected_type;	/* the cursor stays on its thing while the bench changes */
	char selected[96];
	char filter[HOME_FILTER_MAX];
	char image_path[512];		/* typed last */
	bool was_drawn;
};

static const struct key_binding keys[] = {
	{ UI_KEY_ENTER, COMMAND_OPEN, "open", "open" },	/* the footer says what */
	{ 'n', COMMAND_NEW, "new", "new case" },
	{ 'c', COMMAND_CONSOLE, "console", "console" },
	{ 'i', COMMAND_IMAGE, "image", "image" },
	{ 'p', COMMAND_PRACTICE, "practice", "practice" },
	{ '/', COMMAND_FIND, "find", "find" },
	{ 'l', COMMAND_LOG, "log", "log" },
	{ 'q', COMMAND_QUIT, "quit", "quit" },
	{ UI_KEY_VERB_ONLY, COMMAND_POWER, "power", "power on, off or cycle" },
	{ UI_KEY_ESC, COMMAND_BACK, NULL, NULL },
	{ 0 },
};

/* ---- which rows there are ---- */

static bool passes(const struct home_state *state, const struct snapshot *now, struct row row)
{
	struct row_text text;

	if (state->filter[0] == '\0')
		return true;
	home_row_text(now, &row, &text);
	return text_contains(text.label, state->filter) || text_contains(text.name, state->filter) ||
	       text_contains(text.text, state->filter) || text_contains(text.state, state->filter);
}

static void add_rows(struct home_state *state, const struct snapshot *now, enum row_type type, unsigned count)
{
	for (unsigned i = 0; i < count && state->row_count < HOME_ROWS_MAX; i++) {
		struct row row = { type, i };

		if (type == ROW_RIGHTS && (now->bench->port[i].may_open || now->bench->port[i].remedy[0] == '\0'))
			continue;
		if (type == ROW_CONSOLE && !home_is_console_beside_bench(now, &now->console[i]))
			continue;
		if (type == ROW_HEADING || type == ROW_BLANK || type == ROW_NOTE || passes(state, now, row))
			state->row[state->row_count++] = row;
	}
}

static void add_heading(struct home_state *state, unsigned index)
{
	if (state->row_count < HOME_ROWS_MAX)
		state->row[state->row_count++] = (struct row){ ROW_HEADING, index };
}

static bool is_bench_empty(const struct snapshot *now)
{
	if (now->bench == NULL)
		return true;
	for (unsigned i = 0; i < now->bench->port_count; i++)
		if (!home_is_own_console(&now->bench->port[i]))
			return false;
	return now->usb_count == 0 && now->bench->card_count == 0 && now->bench->advice_count == 0;
}

static void collect_rows(struct home_state *state, const struct snapshot *now)
{
	state->row_count = 0;
	if (now->bench != NULL && (!is_bench_empty(now) || now->bench->port_count > 0 || now->bench->nic_count > 0 || now->console_count > 0)) {
		add_heading(state, 0);
		add_rows(state, now, ROW_PORT, now->bench->port_count);
		add_rows(state, now, ROW_CONSOLE, now->console_count);
		add_rows(state, now, ROW_USB, now->usb_count);
		add_rows(state, now, ROW_CARD, now->bench->card_count);
		add_rows(state, now, ROW_NIC, now->bench->nic_count);
		add_rows(state, now, ROW_RIGHTS, now->bench->port_count);
		add_rows(state, now, ROW_ADVICE, now->bench->advice_count);
	}
	if (state->row_count > 0)
		add_rows(state, now, ROW_BLANK, 1);
	add_heading(state, 1);
	if (now->case_count == 0)
		add_rows(state, now, ROW_NOTE, 1);
	add_rows(state, now, ROW_CASE, (unsigned)now->case_count);
}

static bool is_selectable(const struct row *row)
{
	return row->type >= ROW_PORT && row->type != ROW_NOTE;
}

/* Its text takes the whole width. */
static bool is_sentence(const struct row *row)
{
	return row->type == ROW_RIGHTS || row->type == ROW_ADVICE;
}

static void row_identity(const struct snapshot *now, const struct row *row, char *to, size_t size)
{
	struct row_text text;

	home_row_text(now, row, &text);
	text_format(to, size, "%s %s", row->type == ROW_CASE || is_sentence(row) ? text.label : "",
		    row->type == ROW_CASE     ? ""
		    : is_sentence(row)        ? text.text
					      : text.name);
}

static const struct row *selected_row(const struct home_state *state)
{
	if (state->list.cursor < 0 || state->list.cursor >= (int)state->row_count ||
	    !is_selectable(&state->row[state->list.cursor]))
		return NULL;
	return &state->row[state->list.cursor];
}

static void remember_selection(struct home_state *state, const struct snapshot *now)
{
	const struct row *row = selected_row(state);

	if (row == NULL)
		return;
	state->selected_type = row->type;
	row_identity(now, row, state->selected, sizeof(state->selected));
}

/* The cursor never stands on a heading: on in the direction it went, else back. */
static void step_off_headings(struct home_state *state, int direction)
{
	int at = state->list.cursor;

	while (at >= 0 && at < (int)state->row_count && !is_selectable(&state->row[at]))
		at += direction;
	if (at < 0 || at >= (int)state->row_count)
		for (at = state->list.cursor; at >= 0 && at < (int)state->row_count && !is_selectable(&state->row[at]);)
			at -= direction;
	if (at >= 0 && at < (int)state->row_count)
		state->list.cursor = at;
}

/* The likely next thing: an open case that waits, else the first one open, else the first thing on the bench. */
static void choose_first(struct home_state *state, const struct snapshot *now)
{
	int open = -1;

	for (unsigned i = 0; i < state->row_count; i++) {
		const struct case_summary *summary =
			state->row[i].type == ROW_CASE ? &now->cases[state->row[i].index] : NULL;
		const struct case_view *live = summary ? home_live_case(now, summary->id) : NULL;

		if (live != NULL && live->question.type != QUESTION_NONE) {
			open = (int)i;
			break;
		}
		if (summary != NULL && summary->is_open && open < 0)
			open = (int)i;
	}
	state->list.cursor = open >= 0 ? open : 0;
	step_off_headings(state, 1);
}

static void find_selection(struct home_state *state, const struct snapshot *now)
{
	char identity[96];

	if (!state->was_drawn) {
		choose_first(state, now);
		remember_selection(state, now);
		state->was_drawn = true;
		return;
	}
	for (unsigned i = 0; i < state->row_count; i++) {
		if (state->row[i].type != state->selected_type)
			continue;
		row_identity(now, &state->row[i], identity, sizeof(identity));
		if (strcmp(identity, state->selected) == 0) {
			state->list.cursor = (int)i;
			return;
		}
	}
	if (state->list.cursor >= (int)state->row_count)
		state->list.cursor = (int)state->row_count - 1;
	step_off_headings(state, 1);
}

/* ---- drawing ---- */

static void draw_bench_row(struct canvas *to, int y, const struct row *row, const struct row_text *text,
			   bool is_selected)
{
	enum role role = is_selected ? ROLE_SELECTED : ROLE_NORMAL,
		  state_role = is_selected ? ROLE_SELECTED : text->role;
	int state_x = 48 + (to->cols - 80) / 3, x = 12;

	canvas_put(to, y, 3, 8, role, text->label);
	if (is_sentence(row)) {
		canvas_put(to, y, 12, to->cols - 13, state_role, text->text);
		return;
	}
	x += canvas_put(to, y, x, state_x - x - 2, role, text->name) + 2;
	if (x < 22)
		x = 22;
	if (state_x - x > 4)
		canvas_put(to, y, x, state_x - x - 2, role, text->text);
	canvas_put(to, y, state_x, to->cols - state_x - 1, state_role, text->state);
}

static void draw_case_row(struct canvas *to, int y, const struct row_text *text, bool is_selected)
{
	enum role role = is_selected ? ROLE_SELECTED : text->role == ROLE_DIM ? ROLE_DIM : ROLE_NORMAL;
	int extra = (to->cols - 80) / 3;

	canvas_put(to, y, 3, 6, role, text->label);
	canvas_put(to, y, 9, 24 + extra, role, text->name);
	canvas_put(to, y, 34 + extra, 16, role, text->text);
	canvas_put(to, y, 51 + extra, to->cols - 52 - extra, is_selected ? ROLE_SELECTED : text->role, text->state);
}

static void draw_row(const struct snapshot *now, struct canvas *to, int y, const struct row *row, bool is_selected)
{
	struct row_text text;

	if (row->type == ROW_HEADING)
		canvas_put(to, y, 1, 40, ROLE_STRONG, row->index == 0 ? "Plugged in" : "Cases");
	if (row->type == ROW_NOTE)
		canvas_put(to, y, 3, to->cols - 4, ROLE_DIM, "none yet: n starts the first one");
	if (!is_selectable(row))
		return;
	home_row_text(now, row, &text);
	if (is_selected)
		canvas_fill(to, y, 1, to->cols - 2, ROLE_SELECTED, ' ');
	canvas_put(to, y, 1, 1, is_selected ? ROLE_SELECTED : ROLE_NORMAL, is_selected ? ">" : " ");
	if (row->type == ROW_CASE)
		draw_case_row(to, y, &text, is_selected);
	else
		draw_bench_row(to, y, row, &text, is_selected);
}

/* The first run is a screen too. Returns the rows used. */
static int draw_first_steps(struct canvas *to, int y)
{
	static const struct {
		const char *head, *text;
	} steps[] = {
		{ "1", "Plug a USB-serial adapter into this computer." },
		{ "2",
		  "Wire it to the device: GND to GND, TX to RX, RX to TX. Leave VCC free. Nearly all devices want 3.3 V, "
		  "not 5 V." },
		{ "3", "It appears here by itself. Then press n for a new case: unbrick asks for the rest." },
		{ "or", "No serial line? A network cable, an SD card or USB in recovery mode may do: n as well." },
		{ "or", "No device at hand? p starts the practice bench: a camera made of software." },
	};
	int start = y;

	canvas_put(to, y, 1, 60, ROLE_STRONG, "No serial adapter is plugged in yet");
	y += 1;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		canvas_put(to, y, 3, 2, ROLE_STRONG, steps[i].head);
		y += canvas_wrap(to, y, 6, (to->cols > 100 ? 100 : to->cols) - 8, 3, ROLE_NORMAL, steps[i].text);
	}
	return y - start + 1;
}

static void draw(struct ui *ui, void *user, struct canvas *to)
{
	struct home_state *state = user;
	const struct snapshot *now = ui_now(ui);
	int y = 0;

	if (is_bench_empty(now) && state->filter[0] == '\0')
		y += draw_first_steps(to, y);
	collect_rows(state, now);
	find_selection(state, now);
	if (state->filter[0] != '\0')
		canvas_printf(to, y++, 1, to->cols - 2, ROLE_ATTENTION, "%s '%s' (Esc shows all)",
			      selected_row(state) != NULL ? "only rows with" : "no row has", state->filter);
	widget_list_place(&state->list, (int)state->row_count, y, to->rows - y);
	for (int i = 0; i < state->list.rows && state->list.top + i < (int)state->row_count; i++)
		draw_row(now, to, y + i, &state->row[state->list.top + i], state->list.top + i == state->list.cursor);
}

static void title(struct ui *ui, void *user, char *left, size_t left_size, char *right, size_t right_size)
{
	unsigned waiting = 0;
	const struct snapshot *now = ui_now(ui);

	(void)user;
	for (unsigned i = 0; i < now->live_count; i++)
		waiting += now->live[i]->question.type != QUESTION_NONE;
	text_format(left, left_size, "unbrick%sbench", "                       ");
	if (waiting > 0)
		text_format(right, right_size, "%u %s for you", waiting, waiting == 1 ? "waits" : "wait");
}

/* ---- what the keys do ---- */

/* Back on Home the cursor stands on the case that was looked at. */
static void select_case(struct home_state *state, int64_t id)
{
	state->selected_type = ROW_CASE;
	text_format(state->selected, sizeof(state->selected), "#%lld ", (long long)id);
}

static void open_case(struct ui *ui, struct home_state *state, int64_t id)
{
	struct error error;

	select_case(state, id);
	if (app_case_open(ui_app(ui), id, &error) != STATUS_OK)
		ui_say_error(ui, &error);
	else
		ui_push(ui, &screen_case, &(struct screen_arg){ .case_id = id });
}

static void new_case(struct ui *ui, struct home_state *state)
{
	struct error error;
	int64_t id;

	if (app_case_new(ui_app(ui), &id, &error) != STATUS_OK)
		ui_say_error(ui, &error);
	else {
		select_case(state, id);
		ui_push(ui, &screen_case, &(struct screen_arg){ .case_id = id });
	}
}

static void open_port(struct ui *ui, const struct bench_port *port)
{
	if (port->may_open || ui_find_console(ui_now(ui), 0, port->path) != NULL)
		ui_show_console(ui, port->path);
	else
		ui_say(ui, true, "%s may not be opened yet. What to do: %s", ui_short_path(port->path), port->remedy);
}

static void open_selected(struct ui *ui, struct home_state *state, const struct row *row)
{
	const struct snapshot *now = ui_now(ui);

	if (row == NULL)
		new_case(ui, state);
	else if (row->type == ROW_CASE)
		open_case(ui, state, now->cases[row->index].id);
	else if (row->type == ROW_ADVICE)
		ui_say(ui, true, "What to do: %s", now->bench->advice[row->index].remedy);
	else if (row->type == ROW_PORT || row->type == ROW_RIGHTS)
		open_port(ui, &now->bench->port[row->index]);
	else if (row->type == ROW_CONSOLE)
		ui_show_console(ui, now->console[row->index].port);
	else
		new_case(ui, state);
}

static void open_console(struct ui *ui, const struct row *row, const char *argument)
{
	const struct snapshot *now = ui_now(ui);

	if (argument != NULL) {
		ui_show_console(ui, argument);
	} else if (row != NULL && row->type == ROW_PORT) {
		open_port(ui, &now->bench->port[row->index]);
	} else if (row != NULL && row->type == ROW_CONSOLE) {
		ui_show_console(ui, now->console[row->index].port);
	} else if (row != NULL && row->type == ROW_CASE && home_live_case(now, now->cases[row->index].id) != NULL &&
		   home_live_case(now, now->cases[row->index].id)->port[0] != '\0') {
		ui_show_console(ui, home_live_case(now, now->cases[row->index].id)->port);
	} else if (now->bench != NULL && now->bench->port_count == 1) {
		open_port(ui, &now->bench->port[0]);
	} else if (now->bench != NULL && now->bench->port_count > 1) {
		ui_say(ui, true, "which serial port? Choose it with the arrow keys, then press c");
	} else {
		ui_say(ui, true, "no serial port is plugged in");
	}
}

/* The case at the cursor, when this is its image: then the file is compared with its device. */
static int64_t case_with_image(struct ui *ui, const struct home_state *state, const char *path)
{
	const struct row *row = selected_row(state);
	const struct case_view *live =
		row != NULL && row->type == ROW_CASE ? home_live_case(ui_now(ui), ui_now(ui)->cases[row->index].id) : NULL;

	return live != NULL && strcmp(live->image, path) == 0 ? live->id : 0;
}

static void show_image(struct ui *ui, void *user, const char *path)
{
	struct home_state *state = user;

	text_copy(state->image_path, sizeof(state->image_path), path);
	if (path[0] != '\0')
		ui_show_image(ui, path, case_with_image(ui, state, path));
}

static void ask_image(struct ui *ui, struct home_state *state, const struct row *row)
{
	static const struct ui_prompt_ops image = { .accept = show_image };
	const struct case_view *live =
		row != NULL && row->type == ROW_CASE ? home_live_case(ui_now(ui), ui_now(ui)->cases[row->index].id) : NULL;

	ui_prompt_path(ui, "look at file:", state->image_path[0] ? state->image_path : live != NULL ? live->image : "", &image, state);
}

static void filter_changed(struct ui *ui, void *user, const char *text)
{
	struct home_state *state = user;

	(void)ui;
	text_copy(state->filter, sizeof(state->filter), text);
}

static void filter_cancelled(struct ui *ui, void *user)
{
	filter_changed(ui, user, "");
}

static void command(struct ui *ui, void *user, enum ui_command what, const char *argument)
{
	static const struct ui_prompt_ops filter = { filter_changed, filter_changed, filter_cancelled };
	struct home_state *state = user;
	const struct row *row = selected_row(state);

	switch (what) {
	case COMMAND_OPEN:
		if (argument != NULL)
			open_case(ui, state, strtoll(argument + (argument[0] == '#'), NULL, 10));
		else
			open_selected(ui, state, row);
		break;
	case COMMAND_NEW: new_case(ui, state); break;
	case COMMAND_CONSOLE: open_console(ui, row, argument); break;
	case COMMAND_IMAGE:
		if (argument != NULL)
			show_image(ui, state, argument);
		else
			ask_image(ui, state, row);
		break;
	case COMMAND_PRACTICE: ui_push(ui, &screen_practice, &(struct screen_arg){ 0 }); break;
	case COMMAND_FIND: ui_prompt(ui, "/", state->filter, &filter, state); break;
	case COMMAND_QUIT: ui_ask_quit(ui); break;
	case COMMAND_POWER: ui_power(ui, argument); break;
	case COMMAND_LOG:
		if (row != NULL && row->type == ROW_CASE)
			ui_push(ui, &screen_log, &(struct screen_arg){ .case_id = ui_now(ui)->cases[row->index].id });
		else
			ui_say(ui, true, "the log of which case? Choose one with the arrow keys, then press l");
		break;
	case COMMAND_BACK:
		state->filter[0] = '\0';
		ui_dismiss_notice(ui);
		break;
	default: break;
	}
}

static bool allows(struct ui *ui, void *user, enum ui_command what)
{
	(void)user;
	return what != COMMAND_LOG || ui_now(ui)->case_count > 0;
}

static bool key(struct ui *ui, void *user, int pressed)
{
	struct home_state *state = user;
	int before = state->list.cursor;

	if (!widget_list_key(&state->list, pressed))
		return false;
	step_off_headings(state, state->list.cursor >= before && pressed != UI_KEY_END ? 1 : -1);
	remember_selection(state, ui_now(ui));
	return true;
}

static bool has_open_case(const struct snapshot *now)
{
	for (size_t i = 0; i < now->case_count; i++)
		if (now->cases[i].is_open)
			return true;
	return false;
}

static void hint(struct ui *ui, void *user, char *to, size_t size)
{
	const struct snapshot *now = ui_now(ui);

	(void)user;
	if (now->is_practice && now->case_count == 0)
		text_copy(to, size, "A practice camera is plugged in; it cannot be harmed. n starts a case.");
}

static void footer(struct ui *ui, void *user, struct footer *footer)
{
	const struct row *row = selected_row(user);

	/* nobody works on anything: a new case is the likely thing, whatever the cursor stands on */
	if (!has_open_case(ui_now(ui)) && !(row != NULL && row->type == ROW_CASE))
		footer_add(footer, "n", "new case");
	if (row != NULL && row->type == ROW_CASE)
		footer_add(footer, "Enter", "open case");
	else if (row != NULL && (row->type == ROW_PORT || row->type == ROW_CONSOLE || row->type == ROW_RIGHTS))
		footer_add(footer, "Enter", "watch it");
	else if (row != NULL && row->type == ROW_ADVICE)
		footer_add(footer, "Enter", "what to do");
	else if (row != NULL)
		footer_add(footer, "Enter", "new case");
}

static void mouse(struct ui *ui, void *user, enum screen_mouse what, int y, int x)
{
	struct home_state *state = user;
	int at = widget_list_at(&state->list, y);

	(void)x;
	if (what != SCREEN_MOUSE_CLICK) {
		widget_list_wheel(&state->list, what);
		step_off_headings(state, what == SCREEN_MOUSE_WHEEL_UP ? -1 : 1);
	} else if (at >= 0 && is_selectable(&state->row[at])) {
		bool is_second = at == state->list.cursor;

		state->list.cursor = at;
		remember_selection(state, ui_now(ui));
		if (is_second)
			open_selected(ui, state, &state->row[at]);
	}
	remember_selection(state, ui_now(ui));
}

const struct screen_ops screen_home = {
	.name = "bench",
	.keys = keys,
	.state_size = sizeof(struct home_state),
	.title = title,
	.draw = draw,
	.key = key,
	.allows = allows,
	.command = command,
	.footer = footer,
	.mouse = mouse,
	.hint = hint,
	.help = "The bench: what is plugged into this computer, and the cases you work on.\n"
		"A case leads one device from \"it does not start\" to \"it runs\": which device, what happened, watch it start, "
		"why it fails, what to do, and whether it is written, verified and booted.\n"
		"Up and down move the cursor. Enter opens the case at the cursor, or the console of the serial line; n starts a "
		"case. i looks at any firmware file: what it is, what is in it, whether it is whole.\n"
		"A serial line marked new was plugged in last; \"last:\" says how its adapter was used before. A row with trouble says "
		"what stands in an adapter's way, and Enter what to do.\n"
		"A plus says yes, a minus no, a question mark that nobody knows yet. Every step is kept: you may quit, or the power "
		"may fail, and the case goes on where it was.\n",
};
