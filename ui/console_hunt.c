#include "ui/console_hunt.h"

#include "src/base/text.h"

enum { BAD_TEXT = 40 };

bool console_hunt_is_likely(const struct console_view *console)
{
	return console != NULL && console->text_score >= 0 && console->text_score < BAD_TEXT;
}

bool console_hunt_command(struct ui *ui, unsigned console_id, const char *text)
{
	struct error error;

	if (!text_equal(text, CONSOLE_HUNT_WORD))
		return false;
	if (app_console_find_baud(ui_app(ui), console_id, true, &error) != STATUS_OK)
		ui_say_error(ui, &error);
	return true;
}

bool console_hunt_stop(struct ui *ui, const struct console_view *console)
{
	struct error error;

	if (console == NULL || !console->hunt.is_hunting)
		return false;
	if (app_console_find_baud(ui_app(ui), console->id, false, &error) != STATUS_OK)
		ui_say_error(ui, &error);
	else
		ui_say(ui, false, "stopped; the line is at %u baud again", console->hunt.from);
	return true;
}

void console_hunt_hint(const struct console_view *console, char *to, size_t size)
{
	text_format(to, size, "finding the baud rate: listening at %u%s; Ctrl-A s stops it", console->baud,
		    console->hunt.is_silent ? "; switch the device off and on" : "");
}
