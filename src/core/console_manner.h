/* src/core/console_manner.h
 *
 * How keys go to a device and how what it says is shown, where devices differ. Nothing of this touches the capture. */
#ifndef UNBRICK_CORE_CONSOLE_MANNER_H
#define UNBRICK_CORE_CONSOLE_MANNER_H

#include <stdbool.h>

#include "src/base/bytes.h"

enum console_enter { CONSOLE_ENTER_CR, CONSOLE_ENTER_LF, CONSOLE_ENTER_CRLF, CONSOLE_ENTER_COUNT };

struct console_manner { /* zeroed: as xterm does */
	enum console_enter enter;
	bool backspace_is_bs; /* 08h; else DEL, 7Fh */
	bool has_local_echo;
	bool lf_is_newline; /* a lone LF begins a line at the left; else it only goes down */
	bool cr_is_newline; /* a lone CR goes down as well; else only to the left */
};

static inline struct bytes console_enter_bytes(const struct console_manner *manner)
{
	return manner->enter == CONSOLE_ENTER_LF     ? BYTES("\n")
	       : manner->enter == CONSOLE_ENTER_CRLF ? BYTES("\r\n")
						     : BYTES("\r");
}

static inline const char *console_enter_name(enum console_enter enter)
{
	return enter == CONSOLE_ENTER_LF ? "LF" : enter == CONSOLE_ENTER_CRLF ? "CRLF" : "CR";
}

#endif
