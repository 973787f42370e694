/* src/cli/transfer.h
 *
 * What `unbrick send` and `unbrick receive` share: the line, progress, events, the end. */
#ifndef UNBRICK_CLI_TRANSFER_H
#define UNBRICK_CLI_TRANSFER_H

#include "src/cli/cli.h"

struct transfer_words {
	const char *verb;
	const char *protocol, *port, *baud, *padding, *patience, *listen, *address;	/* as given; NULL: not */
	bool is_escaping, is_stdio, is_json, is_sender, may_replace, may_resume;
	const char *const *paths;
	size_t path_count;
	const char *output;
};

/* Runs it to its end; returns the exit code. */
int transfer_run(const struct transfer_words *words);

#endif
