/* src/cli/replay_port.h: a recording on a pseudo terminal, for programs that want a port. */
#ifndef UNBRICK_CLI_REPLAY_PORT_H
#define UNBRICK_CLI_REPLAY_PORT_H

#include "src/base/status.h"

struct replay;

/* Makes a pseudo terminal, prints its name, waits until somebody opens it, and plays the recording there. Ends with the
 * recording once all was read, or when the reader goes. */
enum status replay_to_port(struct replay *replay, struct error *reterr);

#endif
