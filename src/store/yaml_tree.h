/* src/store/yaml_tree.h
 *
 * The nodes of a YAML file, shared by yaml_file.c (builds them) and yaml_fields.c (reads them); nobody else includes
 * this. */
#ifndef UNBRICK_STORE_YAML_TREE_H
#define UNBRICK_STORE_YAML_TREE_H

#include "src/store/yaml_file.h"

enum yaml_tree_type {
	YAML_TREE_TEXT,
	YAML_TREE_LIST,
	YAML_TREE_MAP,		/* children: key, value, key, value... */
};

struct yaml_tree_node {
	enum yaml_tree_type type;
	unsigned line;			/* 1-based */
	const char *text;		/* of YAML_TREE_TEXT */
	bool is_quoted;
	unsigned first, last, next;	/* node numbers; 0: none (0 is the top, nobody's child) */
	unsigned children;
};

struct yaml_file {
	char name[512];
	struct yaml_tree_node *nodes;
	unsigned node_count, node_capacity;
};

/* "NAME:LINE: ..." */
enum status yaml_tree_error(const struct yaml_file *file, const struct yaml_tree_node *node, struct error *reterr,
			    const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
