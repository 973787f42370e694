/* src/io/raw_terminal.h
 *
 * Standard input and output as a line, for programs that are started at the end of one (as sb and rb are): a
 * terminal is made raw, so that each byte goes through as it is; nothing blocks; and everything is put back
 * afterwards. Pipes and sockets are fine, too. */
#ifndef UNBRICK_IO_RAW_TERMINAL_H
#define UNBRICK_IO_RAW_TERMINAL_H

#include <stdbool.h>

#include "src/base/status.h"

struct raw_terminal;

/* INVALID: one of them is a plain file, which cannot be waited for. */
enum status raw_terminal_enter(int in, int out, struct raw_terminal **ret_terminal, struct error *reterr);
/* Puts back what was; NULL is fine. What was written leaves first. drops_input: what has not been read is thrown
 * away (it is a rest of a transfer, and would be typed into a shell). */
void raw_terminal_leave(struct raw_terminal *terminal, bool drops_input);

#endif
