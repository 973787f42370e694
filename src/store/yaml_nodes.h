/* src/store/yaml_nodes.h
 *
 * What libcyaml does not keep of a YAML file: the lines, and mappings with names of the file's own (with:, sources:), which
 * no schema can list. */
#ifndef UNBRICK_STORE_YAML_NODES_H
#define UNBRICK_STORE_YAML_NODES_H

#include "src/store/yaml_file.h"

struct yaml_nodes;

/* The shape of struct step_param, profile_param and profile_source. */
struct yaml_pair {
	const char *name;
	const char *value;
};

enum { YAML_PAIRS_MAX = 64 };

enum status yaml_nodes_read(const struct yaml_file *file, struct yaml_nodes **ret_nodes, struct error *reterr);
void yaml_nodes_free(struct yaml_nodes *nodes);

/* 1-based; of the node at where ("methods/2/procedure": keys and 0-based numbers), or of the deepest part of it that exists. */
unsigned yaml_nodes_line(const struct yaml_nodes *nodes, const char *where);
/* The keys of the mapping at where, in the order of the file, and their lines; NULL past the last, or where no mapping is. */
const char *yaml_nodes_key(const struct yaml_nodes *nodes, const char *where, unsigned number, unsigned *ret_line);
/* The node is "a value", "a list" or "a mapping". */
const char *yaml_nodes_kind(const struct yaml_nodes *nodes, const char *where);
/* The mapping at where as an array in memory; none where it is not there. */
enum status yaml_nodes_pairs(const struct yaml_nodes *nodes, const char *where, struct yaml_memory *memory,
			     struct yaml_pair **ret_pairs, unsigned *ret_count, struct error *reterr);

#endif
