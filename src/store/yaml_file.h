/* src/store/yaml_file.h
 *
 * The one way to read a YAML file of firmware-db: text to a small tree of nodes that know their line, then a table of
 * fields (struct yaml_field) moves the tree into a struct. Every error reads "NAME:LINE: reason".
 *
 * Built on libyaml's events, not on libcyaml: half of the checks of firmware-db come after loading (overlaps,
 * references, patterns, jumps), and libcyaml keeps no line of what it loaded; it has no free-form mapping (with:)
 * either.
 *
 * Hostile input: size, depth, nodes and memory are bounded; anchors and aliases are refused (a few lines of them can
 * stand for gigabytes). Memory for what was read belongs to struct yaml_memory, which outlives the file. */
#ifndef UNBRICK_STORE_YAML_FILE_H
#define UNBRICK_STORE_YAML_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

enum {
	YAML_FILE_SIZE_MAX = 512 * 1024,
	YAML_FILE_NODES_MAX = 32768,
	YAML_FILE_DEPTH_MAX = 12,
	YAML_FILE_TEXT_MAX = 4096,		/* bytes of one scalar */
	YAML_FILE_MEMORY_MAX = 8 * 1024 * 1024,	/* all that is made from one file */
};

/* Memory given out piece by piece and taken back at once. */
struct yaml_memory {
	struct yaml_block *blocks;
	size_t used;
};

/* Zeroed memory; NULL when there is none left or the ceiling is reached. */
void *yaml_memory_get(struct yaml_memory *memory, size_t size);
void yaml_memory_done(struct yaml_memory *memory);

enum yaml_field_type {
	YAML_FIELD_TEXT,     /* const char * */
	YAML_FIELD_ESCAPED,  /* const char *, with \xNN \r \n \t \\ undone; NUL is refused */
	YAML_FIELD_PATTERN,  /* const char *, a PCRE2 pattern that compiles */
	YAML_FIELD_NUMBER,   /* unsigned */
	YAML_FIELD_SIZE,     /* uint64_t, as text_parse_size() reads it */
	YAML_FIELD_BOOL,     /* bool: true or false */
	YAML_FIELD_WORD,     /* an enum or unsigned, through .parse */
	YAML_FIELD_TEXTS,    /* struct { const char **item; unsigned count; }; one text alone is a list of one */
	YAML_FIELD_PATTERNS, /* the same, each a pattern */
	YAML_FIELD_STRUCT,   /* a mapping into a struct in place, by .fields */
	YAML_FIELD_STRUCTS,  /* a sequence of mappings: pointer at .offset, unsigned at .count_offset, .item_size,
				.fields */
	YAML_FIELD_PAIRS,    /* a free mapping: pointer to struct yaml_pair at .offset, unsigned at .count_offset */
};

/* The shape of struct step_param, profile_param and profile_source: a free mapping is read into an array of these. */
struct yaml_pair {
	const char *name;
	const char *value;
};

struct yaml_field {
	const char *key;			/* NULL ends a table */
	enum yaml_field_type type;
	size_t offset;
	bool is_required;
	size_t count_offset;
	size_t item_size;
	const struct yaml_field *fields;
	bool (*parse)(const char *text, unsigned *ret_value);
	const char *expected;			/* of .parse, for the error: "milestone, fault, ..." */
	unsigned max_items;			/* of STRUCTS, TEXTS, PAIRS; 0: 64 */
};

struct yaml_file;

/* Reads the file at path; its errors name it path. Names, keys and texts lie in memory. */
enum status yaml_file_open(const char *path, struct yaml_memory *memory, struct yaml_file **ret_file,
			   struct error *reterr);
/* The same for text that is in memory already. */
enum status yaml_file_parse(const char *name, struct bytes text, struct yaml_memory *memory,
			    struct yaml_file **ret_file, struct error *reterr);
void yaml_file_free(struct yaml_file *file);

/* Moves the file's top mapping into *ret_struct (zeroed by the caller) as fields says. Unknown, doubled and missing
 * keys, wrong types and values are errors. */
enum status yaml_file_read(const struct yaml_file *file, const struct yaml_field *fields, struct yaml_memory *memory,
			   void *ret_struct, struct error *reterr);
/* An error of a check after reading, with the line of the node at where ("methods/2/procedure": keys and 0-based
 * numbers) or of the deepest part of it that exists. */
enum status yaml_file_error(const struct yaml_file *file, struct error *reterr, const char *where, const char *format,
			    ...) __attribute__((format(printf, 4, 5)));
/* The line of that node. */
unsigned yaml_file_line(const struct yaml_file *file, const char *where);
const char *yaml_file_name(const struct yaml_file *file);

#endif
