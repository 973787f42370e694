/* src/core/console_send.h
 *
 * What a console has under way to its device: keys that the line did not take at once, pasted text, or a file by a
 * protocol. One at a time; console.c owns it and gives it what the line says. */
#ifndef UNBRICK_CORE_CONSOLE_SEND_H
#define UNBRICK_CORE_CONSOLE_SEND_H

#include "src/core/app_internal.h"
#include "src/core/console_paste.h"

struct console_send;

enum status console_send_new(struct app *app, struct console *console, struct console_send **ret_send,
			     struct error *reterr);
/* Tells nobody: what was not whole is deleted. */
void console_send_free(struct console_send *send);

/* Keys go at once when nothing is under way, behind pasted text, and not into a file: STATUS_BUSY. */
enum status console_send_keys(struct console_send *send, struct bytes keys, struct error *reterr);
/* Cleaned (console_paste_clean), and paced by the device's echo. */
enum status console_send_text(struct console_send *send, struct bytes text, struct error *reterr);
enum status console_send_file(struct console_send *send, const struct console_file *file, struct error *reterr);
/* Text at once; a transfer tells the other side first. */
void console_send_stop(struct console_send *send);

/* True: a transfer took it, and the console gets what is text in it by console_take_text(). */
bool console_send_hear(struct console_send *send, struct bytes in, uint64_t now_ms);
void console_send_line(struct console_send *send, enum line_state state, const struct error *why);
bool console_send_is_busy(const struct console_send *send);
void console_send_fill_view(const struct console_send *send, struct sending_view *ret_view);

#endif
