#include "src/store/yaml_memory.h"

#include <stdlib.h>
#include <string.h>

struct yaml_block {
	struct yaml_block *before, *after;
	size_t size;
	max_align_t data[];
};

static void unlink_block(struct yaml_memory *memory, struct yaml_block *block)
{
	if (block->before != NULL)
		block->before->after = block->after;
	else
		memory->blocks = block->after;
	if (block->after != NULL)
		block->after->before = block->before;
	memory->used -= block->size;
}

static void link_block(struct yaml_memory *memory, struct yaml_block *block)
{
	block->before = NULL;
	block->after = memory->blocks;
	if (memory->blocks != NULL)
		memory->blocks->before = block;
	memory->blocks = block;
	memory->used += block->size;
}

void *yaml_memory_change(void *user, void *piece, size_t size)
{
	struct yaml_memory *memory = user;
	struct yaml_block *block = NULL, *changed;

	if (piece != NULL)
		block = (struct yaml_block *)(void *)((char *)piece - offsetof(struct yaml_block, data));
	if (size == 0) {
		if (block != NULL)
			unlink_block(memory, block);
		free(block);
		return NULL;
	}
	if (size > YAML_MEMORY_MAX - (memory->used - (block ? block->size : 0)))
		return NULL;
	if (block != NULL)
		unlink_block(memory, block);
	changed = realloc(block, sizeof(*block) + size);
	if (changed == NULL) {	/* the piece is as it was, as with realloc() */
		if (block != NULL)
			link_block(memory, block);
		return NULL;
	}
	changed->size = size;
	link_block(memory, changed);
	return changed->data;
}

void *yaml_memory_get(struct yaml_memory *memory, size_t size)
{
	void *piece = yaml_memory_change(memory, NULL, size);

	if (piece != NULL)
		memset(piece, 0, size);
	return piece;
}

char *yaml_memory_text(struct yaml_memory *memory, const char *text)
{
	char *copy = yaml_memory_get(memory, strlen(text) + 1);

	if (copy != NULL)
		strcpy(copy, text);
	return copy;
}

void yaml_memory_done(struct yaml_memory *memory)
{
	while (memory->blocks != NULL) {
		struct yaml_block *after = memory->blocks->after;

		free(memory->blocks);
		memory->blocks = after;
	}
	memory->used = 0;
}
