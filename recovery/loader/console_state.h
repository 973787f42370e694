/* recovery/loader/console_state.h
 *
 * What is there? From the last bytes of a line and how long it has been quiet: who waits at the other end, how sure that is, and what
 * may be typed there without doing harm. Pure: no descriptor, no clock, no allocation.
 *
 * The rule that it exists for: nothing is typed into the unknown. Enter runs what stands in a line or repeats the last command, Ctrl-C
 * stops what the device is doing, a space answers "press any key". Each of them is allowed only where the state says so. */
#ifndef UNBRICK_RECOVERY_CONSOLE_STATE_H
#define UNBRICK_RECOVERY_CONSOLE_STATE_H

#include <stdbool.h>

#include "src/base/bytes.h"

enum {
	CONSOLE_TAIL_MAX = 512,		/* of the bytes given, no more are looked at */
	CONSOLE_SETTLE_MS = 120,	/* what still talks has not come to its prompt */
	CONSOLE_SURE = 80,		/* confidence from which on a command may be typed */
};

enum console_at {
	CONSOLE_AT_SILENCE,	/* nothing came */
	CONSOLE_AT_BOOT_ROM,
	CONSOLE_AT_TRANSFER,	/* a receiver asks for X/Y-modem blocks, or a boot ROM for its payload */
	CONSOLE_AT_COUNTDOWN,	/* autoboot: .stop_key, when the text names one */
	CONSOLE_AT_LOADER,	/* a bootloader's prompt: .loader, .prompt */
	CONSOLE_AT_MENU,	/* a bootloader's menu: each key is a choice, and some of them write */
	CONSOLE_AT_LOADER_PASSWORD,
	CONSOLE_AT_LOGIN,
	CONSOLE_AT_PASSWORD,
	CONSOLE_AT_SHELL,
	CONSOLE_AT_CONTINUATION, /* "> " of a shell: a quote or a block is open */
	CONSOLE_AT_ACTIVATE,	/* "Please press Enter to activate this console" */
	CONSOLE_AT_PAGER,
	CONSOLE_AT_QUESTION,	/* yes or no */
	CONSOLE_AT_SCREEN,	/* an editor, or another program that owns the whole screen */
	CONSOLE_AT_PROGRAM,	/* text, and no prompt behind it: something runs, or waits for what it does not say */
	CONSOLE_AT_ECHO,	/* only the space came back that was sent to see whether somebody echoes */
	CONSOLE_AT_GARBAGE,	/* no text: another baud rate, or binary */
	CONSOLE_AT_COUNT
};

/* What may be typed; nothing where a bit is not set. */
enum {
	CONSOLE_MAY_SPACE = 1,		/* to see whether it is echoed */
	CONSOLE_MAY_ENTER = 2,		/* alone; at an empty line it repeats nothing that does harm */
	CONSOLE_MAY_CTRL_C = 4,		/* to clean the line; at a prompt it stops nothing */
	CONSOLE_MAY_COMMAND = 8,
	CONSOLE_MAY_STOP_KEY = 16,	/* what opens the loader */
	CONSOLE_MAY_PASSWORD = 32,
};

struct console_seen {
	struct bytes tail;		/* the last bytes, raw */
	uint64_t quiet_ms;		/* since the last of them */
	bool was_probed;		/* a space was sent to see whether somebody echoes */
	bool in_loader;			/* the boot stage says that a bootloader runs; its banner may have left the tail */
	const char *prompt;		/* the loader's, from the profile; NULL: not known */
	const char *login_prompt;	/* the same of the running system */
};

struct console_state {
	enum console_at at;
	unsigned confidence;	/* 0 to 100 */
	unsigned may;
	const char *loader;	/* of LOADER, COUNTDOWN, MENU: the driver's name; NULL: not known */
	char prompt[64];	/* of LOADER and SHELL, as it stands on the line */
	const char *stop_key;	/* of COUNTDOWN; NULL: the text does not name it */
};

void console_state_of(const struct console_seen *seen, struct console_state *ret_state);
bool console_state_may(const struct console_state *state, unsigned what);
/* "at the bootloader's prompt", "in a pager" ...: completes "the device is ...". */
const char *console_at_text(enum console_at at);

#endif
