/* ui/console_parts.h
 *
 * What the console's screen shares with those that stand in front of it for a moment: settings, macros, sending. */
#ifndef UNBRICK_UI_CONSOLE_PARTS_H
#define UNBRICK_UI_CONSOLE_PARTS_H

#include "ui/screen.h"

/* False: it is no setting. argument NULL: the next value. */
bool console_settings_command(struct ui *ui, unsigned id, enum ui_command what, const char *argument);
/* "ymodem FILE", as the command line of the console has it. */
void console_file_command(struct ui *ui, unsigned id, bool is_sender, const char *argument);
/* One line for the operator; false: nothing worth one. */
bool console_sending_text(const struct sending_view *sending, char *to, size_t size);
/* Sends the macro of that number; where the device does not wait for it, asks first, and asked holds what the question
 * is about. */
struct console_macro {
	unsigned id;
	struct macro_row row;
};
void console_macro_key(struct ui *ui, unsigned id, unsigned number, struct console_macro *asked);
void console_set_baud_text(struct ui *ui, unsigned id, const char *text);
/* False: a step drives the line, and nothing was sent. */
bool console_type(struct ui *ui, unsigned id, struct bytes out);
/* Esc stops what is being sent instead. */
bool console_type_key(struct ui *ui, unsigned id, int pressed);
bool console_type_pasted(struct ui *ui, unsigned id, struct bytes text);

#endif
