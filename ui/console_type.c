/* The operator's keys on their way to a device, as the console's settings have them. */
#include "ui/console_parts.h"

bool console_type(struct ui *ui, unsigned id, struct bytes out)
{
	struct error error;
	enum status status = app_console_type(ui_app(ui), id, out, &error);

	if (status != STATUS_OK && status != STATUS_BUSY)
		ui_say_error(ui, &error);
	return status != STATUS_BUSY;
}

bool console_type_key(struct ui *ui, unsigned id, int pressed)
{
	const struct console_view *console = ui_find_console(ui_now(ui), id, NULL);
	struct terminal_view *view = ui_terminal(ui, id);
	struct console_manner manner;
	struct bytes typed;
	char out[32];

	if (console == NULL || view == NULL)
		return true;
	if (pressed == UI_KEY_ESC && console->sending.what != SENDING_NOTHING) {
		app_console_stop(ui_app(ui), id);
		return true;
	}
	manner = console->manner;
	if (pressed == UI_KEY_ENTER)
		typed = console_enter_bytes(&manner);
	else if (pressed == UI_KEY_BACKSPACE)
		typed = manner.backspace_is_bs ? BYTES("\b") : BYTES("\177");
	else
		typed = bytes_of(out, terminal_view_encode_key(view, pressed, out, sizeof(out)));
	if (typed.size == 0)
		return true;
	if (!console_type(ui, id, typed))
		return false;
	if (manner.has_local_echo)
		terminal_view_echo(view, typed);
	return true;
}

bool console_type_pasted(struct ui *ui, unsigned id, struct bytes text)
{
	const struct console_view *console = ui_find_console(ui_now(ui), id, NULL);
	struct terminal_view *view = ui_terminal(ui, id);
	bool has_echo = console != NULL && console->manner.has_local_echo;
	struct error error;
	enum status status = app_console_paste(ui_app(ui), id, text, &error);

	if (status == STATUS_OK && has_echo && view != NULL)
		terminal_view_echo(view, text);
	if (status != STATUS_OK)
		ui_say_error(ui, &error);
	return status != STATUS_BUSY;
}
