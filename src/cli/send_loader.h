/* src/cli/send_loader.h
 *
 * `unbrick send --loader`: a file into a device's memory from its loader's prompt; and `unbrick meter`, which measures the line to it. */
#ifndef UNBRICK_CLI_SEND_LOADER_H
#define UNBRICK_CLI_SEND_LOADER_H

#include "src/cli/cli.h"

struct send_loader_words {
	const char *verb;
	const char *loader, *port, *baud, *raise_baud, *address, *protocol;	/* as given; NULL: not; loader "auto": as its prompt says */
	const char *path;	/* NULL: the line is only measured */
	bool any_cable, is_json;
};

int send_loader_run(const struct cli_line *line, const struct send_loader_words *words);

#endif
