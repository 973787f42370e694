/* ui/console_hunt.h: the search for the baud rate, as the console's screen offers it. */
#ifndef UNBRICK_UI_CONSOLE_HUNT_H
#define UNBRICK_UI_CONSOLE_HUNT_H

#include "ui/screen.h"

#define CONSOLE_HUNT_WORD "find"

/* What comes is no text: finding it by itself is the answer to propose. */
bool console_hunt_is_likely(const struct console_view *console);
/* Was "find" typed instead of a rate? Then it begins. */
bool console_hunt_command(struct ui *ui, unsigned console_id, const char *text);
/* True: one was under way, and it is stopped. */
bool console_hunt_stop(struct ui *ui, const struct console_view *console);
void console_hunt_hint(const struct console_view *console, char *to, size_t size);

#endif
