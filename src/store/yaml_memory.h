/* src/store/yaml_memory.h
 *
 * Memory for what was read from one file of firmware-db: given out piece by piece, taken back at once, never more than
 * a ceiling, whatever the file says. */
#ifndef UNBRICK_STORE_YAML_MEMORY_H
#define UNBRICK_STORE_YAML_MEMORY_H

#include <stddef.h>

enum { YAML_MEMORY_MAX = 8 * 1024 * 1024 };	/* all that is made from one file */

struct yaml_memory {
	struct yaml_block *blocks;
	size_t used;
};

/* Zeroed; NULL when there is none left or the ceiling is reached. */
void *yaml_memory_get(struct yaml_memory *memory, size_t size);
char *yaml_memory_text(struct yaml_memory *memory, const char *text);
/* As cyaml_mem_fn_t has it: a piece at another size (what is new is not zeroed), a new one where piece is NULL, and none where
 * size is 0. memory: a struct yaml_memory. */
void *yaml_memory_change(void *memory, void *piece, size_t size);
void yaml_memory_done(struct yaml_memory *memory);

#endif
