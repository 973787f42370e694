/* src/cli/cli.h
 *
 * The command line: one file a verb, one row a verb in cli.c's table. The table feeds `unbrick --help`, `unbrick VERB --help` and the
 * manual page. Everything a verb does goes through the same src/core calls as the screens. */
#ifndef UNBRICK_CLI_CLI_H
#define UNBRICK_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/status.h"

/* Exit codes by class; stable, documented in unbrick(1). */
enum cli_exit {
	EXIT_WELL = 0,			/* done; healthy; booted */
	EXIT_FAILED = 1,		/* tried and did not succeed */
	EXIT_USAGE = 2,			/* wrong command line, or unusable input */
	EXIT_NO_PORT = 3,		/* serial port missing, busy or forbidden */
	EXIT_NO_ANSWER = 4,		/* the device stayed silent */
	EXIT_REFUSED = 5,		/* a guard said no: it could do harm */
	EXIT_NETWORK = 6,		/* address, link, TFTP port, the server of a download */
	EXIT_INTERRUPTED = 7,		/* stopped; the case goes on with `unbrick` or `recover --case` */
	EXIT_FAULT_FOUND = 10,		/* diagnose; fetch, verify: not the file that was meant */
	EXIT_UNDECIDED = 11,		/* diagnose, baud */
	EXIT_UNFIT = 11,		/* inspect: not for this device */
	EXIT_UNKNOWN = 12,		/* inspect, verify: nothing there can tell */
};

struct cli_option {
	const char *name;	/* "port", without dashes */
	const char *value;	/* "PORT" in help; NULL: a switch */
	const char *help;
};

enum { CLI_OPTIONS_MAX = 16, CLI_WORDS_MAX = 4096 };

/* A parsed command line: values in the order of the verb's options table; NULL: not given; "" for a switch that is on. */
struct cli_line {
	const char *value[CLI_OPTIONS_MAX];
	const char *word[CLI_WORDS_MAX];
	size_t word_count;
	const char *state_folder;		/* --state FOLDER, of every verb; NULL: the default */
	const char *const *library_folders;	/* --db FOLDER in front of the installed one */
};

struct cli_verb {
	const char *name;
	const char *words;	/* "LOG|-" */
	const char *summary;
	const struct cli_option *options;	/* ended by a NULL name */
	int (*run)(const struct cli_line *line);
};

/* A whole number of an option, decimal or 0x...; text NULL leaves *ret_number. False: it is none, or above max. */
bool cli_read_number(const char *text, unsigned long max, unsigned long *ret_number);
/* The same, from 1 on; *ret_number is left also when it is none. */
bool cli_read_count(const char *text, unsigned max, unsigned *ret_number);
/* argv[1] names the verb. Returns the exit code. */
int cli_main(int argc, char **argv, const char *const *library_folders);
bool cli_is_verb(const char *name);
const char *cli_nearest_verb(const char *name);	/* "did you mean"; NULL: none is near */
/* The full-screen console in front of a practice camera; src/main.c has it, for src/cli does not know the screens. */
int cli_start_screen(const struct cli_line *line, const char *practice_kind);
/* The same with a recording: name is a line's, "replay:PATH". */
int cli_start_replay(const struct cli_line *line, const char *name, double speed);
/* The console screen alone, for one port; log NULL: the capture goes where captures go. */
struct line_settings;
int cli_start_console(const struct cli_line *line, const char *port, const struct line_settings *settings, const char *log);
void cli_print_help(void);
/* "unbrick: TEXT" and, where there is one, "  HINT" on standard error. */
void cli_print_error(const struct error *error);

extern const struct cli_verb verb_recover, verb_diagnose, verb_case, verb_device, verb_bench, verb_practice, verb_fetch, verb_inspect, verb_verify,
	verb_console, verb_sign, verb_lint, verb_send, verb_receive, verb_bootrom, verb_meter, verb_replay, verb_baud;

#endif
