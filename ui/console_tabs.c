#include "ui/console_tabs.h"

#include "src/base/text.h"

/* The one thing about a console that matters most to somebody who looks at another. */
static const char *state_word(const struct console_view *console, const struct console_pane *pane)
{
	if (!console->is_open)
		return "lost";
	if (console->is_driven)
		return "step runs";
	return pane != NULL && pane->has_news ? "new" : "";
}

static enum role state_role(const struct console_view *console, bool is_shown)
{
	if (is_shown)
		return ROLE_SELECTED;
	return !console->is_open ? ROLE_DANGER : console->is_driven ? ROLE_ATTENTION : ROLE_NORMAL;
}

static void tab_text(struct ui *ui, const struct console_view *console, bool is_shown, char *to, size_t size)
{
	const char *word = state_word(console, is_shown ? NULL : ui_pane(ui, console->id));

	/* the brackets say it where reverse video does not show */
	text_format(to, size, "%s%s%s%s%s", is_shown ? "[" : " ", ui_short_path(console->port), word[0] ? ": " : "",
		    word, is_shown ? "]" : " ");
}

void console_tabs_draw(struct console_tabs *tabs, struct ui *ui, unsigned shown_id, struct canvas *to, int y)
{
	const struct snapshot *now = ui_now(ui);
	int x = 0, most = now->console_count > 0 ? to->cols / (int)now->console_count : to->cols;
	int wide = 0;

	tabs->count = 0;
	for (unsigned i = 0; i < now->console_count; i++) {
		char text[160];

		tab_text(ui, &now->console[i], now->console[i].id == shown_id, text, sizeof(text));
		wide += canvas_width(to, text) + 1;
	}
	for (unsigned i = 0; i < now->console_count && i < SNAPSHOT_CONSOLES_MAX; i++) {
		const struct console_view *console = &now->console[i];
		bool is_shown = console->id == shown_id;
		char text[160];

		tab_text(ui, console, is_shown, text, sizeof(text));
		tabs->id[i] = console->id;
		tabs->x[i] = x;
		x += canvas_put(to, y, x, wide <= to->cols ? to->cols - x : most - 1, state_role(console, is_shown),
				text);
		tabs->end[i] = x++;
		tabs->count = i + 1;
	}
	if (x + 22 < to->cols)
		canvas_put(to, y, to->cols - 21, 20, ROLE_DIM, "Ctrl-A Tab: next one");
}

unsigned console_tabs_at(const struct console_tabs *tabs, int x)
{
	for (unsigned i = 0; i < tabs->count; i++)
		if (x >= tabs->x[i] && x < tabs->end[i])
			return tabs->id[i];
	return 0;
}

unsigned console_tabs_next(const struct snapshot *now, unsigned id, unsigned except_id)
{
	unsigned at = 0;

	while (at < now->console_count && now->console[at].id != id)
		at++;
	for (unsigned step = 1; step <= now->console_count; step++) {
		unsigned next = now->console[(at + step) % now->console_count].id;

		if (next != except_id)
			return next;
	}
	return id;
}

void console_tabs_title(struct ui *ui, unsigned id, bool is_lit, struct canvas *to)
{
	const struct console_view *console = ui_find_console(ui_now(ui), id, NULL);
	enum role role = is_lit ? ROLE_SELECTED : ROLE_DIM;
	char summary[160];

	canvas_fill(to, 0, 0, to->cols, role, ' ');
	if (console == NULL) {
		canvas_put(to, 0, 1, to->cols - 2, role, "closed");
		return;
	}
	ui_console_summary(console, summary, sizeof(summary));
	canvas_printf(to, 0, 0, to->cols, role, "%s%s%s  %u  %s", is_lit ? "[" : " ", ui_short_path(console->port),
		      is_lit ? "]" : " ", console->baud, summary);
}
