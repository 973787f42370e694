/* src/store/macro_schema.h
 *
 * The macros of a profile and of firmware-db/macros.yaml: one shape, one set of checks. */
#ifndef UNBRICK_STORE_MACRO_SCHEMA_H
#define UNBRICK_STORE_MACRO_SCHEMA_H

#include <cyaml/cyaml.h>

#include "recovery/loader/macro.h"
#include "src/store/yaml_value.h"

enum { MACROS_PER_FILE_MAX = 64 };

struct macro_row {
	struct macro macro;
	char *at;
};

extern const cyaml_schema_value_t macro_entry;	/* struct macro_row */

/* where: the list's place in the file. */
enum status macros_read(const struct yaml_file *file, const char *where, const struct macro_row *rows, unsigned count,
			struct yaml_memory *memory, struct macro **ret_macros, struct error *reterr);

#endif
