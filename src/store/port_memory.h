/* src/store/port_memory.h
 *
 * What is known of each serial adapter from last time: a few keys with their values, by the adapter's identity. One small
 * JSON file, replaced as a whole:
 *   { "0403:6001:A50285BI": { "baud": "57600", "case": "12", "used": "1792000000000" }, ... }
 * Keys so far: baud, frame ("8N1"), flow ("none", "rtscts", "xonxoff"), manner ("CRLF echo"), case; used is when it was changed last. */
#ifndef UNBRICK_STORE_PORT_MEMORY_H
#define UNBRICK_STORE_PORT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/status.h"

enum {
	PORT_MEMORY_ADAPTERS_MAX = 64,		/* those used longest ago are forgotten */
	PORT_MEMORY_KEYS_MAX = 16,		/* of an adapter */
	PORT_MEMORY_TEXT_MAX = 128,		/* of a value, and of an identity */
	PORT_MEMORY_FILE_MAX = 256 * 1024,
};

struct port_memory;

/* No file: nothing is known yet. A file that is none of ours: put aside as PATH.bad, *ret_warning says so (else its status
 * is STATUS_OK), and all begins anew. */
enum status port_memory_open(const char *path, struct port_memory **ret_memory, struct error *ret_warning, struct error *reterr);
void port_memory_free(struct port_memory *memory);
/* False and "" when it is not known. */
bool port_memory_get(const struct port_memory *memory, const char *adapter, const char *key, char *to, size_t size);
/* Kept when it returns. Nothing is written when nothing changes. Another program's changes since are kept. */
enum status port_memory_set(struct port_memory *memory, const char *adapter, const char *key, const char *value,
			    uint64_t now_ms, struct error *reterr);

#endif
