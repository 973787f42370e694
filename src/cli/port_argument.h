/* src/cli/port_argument.h
 *
 * The PORT of a verb. "new" waits for an adapter to be plugged in, and says so. */
#ifndef UNBRICK_CLI_PORT_ARGUMENT_H
#define UNBRICK_CLI_PORT_ARGUMENT_H

#include "src/core/port_name.h"

/* As the help of every such option says it. */
#define PORT_ARGUMENT_HELP "ttyUSB0, usb:1-1.4, new (the next one plugged in), FT232, tcp:HOST:PORT: see unbrick(1), PORTS"

/* EXIT_WELL, or the exit code of an error that is printed already. ret_name: PORT_NAME_MAX. */
int port_argument(const char *word, char *ret_name);

#endif
