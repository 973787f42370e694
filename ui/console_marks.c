#include "ui/console_marks.h"

#include <inttypes.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "ui/console_search.h"

DEFINE_AUTO(console_search);

static void say_hits(struct ui *ui, const struct console_hits *hits, const char *text, bool is_up)
{
	if (hits->total == 0)
		ui_say(ui, true, "'%s' is nowhere in what is kept", text);
	else if (hits->place.row == UINT64_MAX)
		ui_say(ui, true, "'%s' is not found further %s; Ctrl-A %s looks the other way (%u lines have it)", text,
		       is_up ? "up" : "down", is_up ? "N" : "n", hits->total);
	else
		ui_say(ui, false, "'%s': line %u of %u; Ctrl-A n older, N newer", text, hits->number, hits->total);
}

void console_marks_find(struct ui *ui, struct console_pane *pane, const char *text, bool is_up, bool is_new)
{
	AUTO(console_search) search = NULL;
	uint64_t from = pane->found.row;
	struct console_hits hits;
	struct error error;

	if (text[0] == '\0') {
		ui_say(ui, true, "search for something first: Ctrl-A /");
		return;
	}
	if (console_search_new(text, &search, &error) != STATUS_OK) {
		ui_say_error(ui, &error);
		return;
	}
	if (is_new || (from == UINT64_MAX && is_up))
		from = UINT64_MAX;
	else if (from == UINT64_MAX)
		from = terminal_view_top_row(pane->view, pane->scroll_back);
	console_search_find(search, pane->view, from, is_up, &hits);
	say_hits(ui, &hits, text, is_up);
	if (hits.place.row != UINT64_MAX)
		console_pane_go_to(pane, &hits.place);
}

void console_marks_set(struct ui *ui, struct console_pane *pane, uint64_t row, const char *text)
{
	uint64_t at_ms = terminal_times_of(terminal_view_times(pane->view), row);
	char line[120], remark[400];
	struct error error;

	if (!terminal_marks_bookmark(terminal_view_marks(pane->view), row, text)) {
		ui_say(ui, true, "there are %d bookmarks already: Ctrl-A g lists them, d there removes one",
		       TERMINAL_BOOKMARKS_MAX);
		return;
	}
	terminal_view_row_text(pane->view, row, line, sizeof(line));
	if (at_ms > 0)
		text_format(remark, sizeof(remark), "bookmark at %" PRIu64 " '%s': %s",
			    at_ms + console_pane_wall_shift(pane), line, text);
	else
		text_format(remark, sizeof(remark), "bookmark at '%s': %s", line, text);
	if (app_console_remark(ui_app(ui), pane->id, remark, &error) != STATUS_OK)
		ui_say_error(ui, &error);
	else
		ui_say(ui, false, "bookmark set; Ctrl-A g lists them");
}

void console_marks_label(struct console_pane *pane, uint64_t row, char *to, size_t size)
{
	char line[TERMINAL_MARK_MAX];
	size_t length = terminal_view_row_text(pane->view, row, line, sizeof(line));

	if (length == 0)
		text_copy(to, size, "bookmark on the empty line:");
	else
		text_format(to, size, "bookmark on '%s':", line);
}
