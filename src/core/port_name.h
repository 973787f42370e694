/* src/core/port_name.h
 *
 * What people call a port, and the line that is meant. One resolver for every verb's PORT and for the screens:
 *   /dev/ttyUSB0, tcp:HOST:PORT, ...   as it is: opening it says what is wrong
 *   ttyUSB0, a name of by-id, by-path  the node of that name
 *   usb:1-1.4                          whatever is in that USB socket
 *   new, just-plugged                  the one plugged in last, while somebody looked
 *   FT232, A50285BI, 0403:6001         a part of product, serial number, by-id name or identity that only one port has */
#ifndef UNBRICK_CORE_PORT_NAME_H
#define UNBRICK_CORE_PORT_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/status.h"
#include "src/io/bench_scan.h"

enum { PORT_NAME_MAX = 512 };

bool port_name_is_new(const char *word);
/* The port that was plugged in last; NULL: none was since the bench is watched. */
const struct bench_port *port_name_newest(const struct bench_state *bench);
/* INVALID: several are meant, and which; NOT_FOUND: none, and what there is. */
enum status port_name_resolve(const struct bench_state *bench, const char *word, char *ret_name, size_t size, struct error *reterr);
/* The port of that adapter now, whatever its number; of several that say they are it, the one called was. NULL: it is not here, or nobody
 * can tell which it is. */
const struct bench_port *port_name_of_adapter(const struct bench_state *bench, const char *adapter, const char *was);
/* "/dev/ttyUSB0, FTDI FT232R A50285BI". Returns to. */
char *port_name_describe(const struct bench_port *port, char *to, size_t size);

#endif
