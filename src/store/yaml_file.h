/* src/store/yaml_file.h
 *
 * The one way to read a YAML file of firmware-db: text that libyaml finds sound and shallow, moved into structs by libcyaml as
 * a schema says (tables of cyaml_schema_field_t, *_schema.c). Every error reads "NAME:LINE: reason", those of the checks
 * after loading, too (yaml_nodes.h finds the line).
 *
 * libcyaml is told of texts, lists and mappings only. Of numbers it takes "12abc" and "010" for octal, of truths every
 * word; and it says less than yaml_value.h does where a value is wrong.
 *
 * Hostile input: size, nodes, depth, texts and memory are bounded; anchors and aliases are refused (a few lines of them can stand
 * for gigabytes). Memory for what was read belongs to struct yaml_memory, which outlives the file. */
#ifndef UNBRICK_STORE_YAML_FILE_H
#define UNBRICK_STORE_YAML_FILE_H

#include "src/base/bytes.h"
#include "src/base/status.h"
#include "src/store/yaml_memory.h"

enum {
	YAML_FILE_SIZE_MAX = 512 * 1024,
	YAML_FILE_NODES_MAX = 32768,	/* keys, values, lists and mappings: libyaml takes a hundred bytes and more for each */
	YAML_FILE_DEPTH_MAX = 12,
	YAML_FILE_TEXT_MAX = 4096,	/* bytes of one scalar */
};

struct yaml_file;
struct cyaml_schema_value;

/* Reads the file at path; its errors name it path. */
enum status yaml_file_open(const char *path, struct yaml_file **ret_file, struct error *reterr);
/* The same for text that is in memory already; it is copied. */
enum status yaml_file_parse(const char *name, struct bytes text, struct yaml_file **ret_file, struct error *reterr);
void yaml_file_free(struct yaml_file *file);

/* The file's top mapping into a new struct in memory, zeroed where the file says nothing. schema: of type CYAML_MAPPING, a
 * pointer. Unknown, doubled and missing keys, wrong types and too long lists are errors. */
enum status yaml_file_load(const struct yaml_file *file, const struct cyaml_schema_value *schema, struct yaml_memory *memory,
			   void *ret_struct, struct error *reterr);
/* An error of a check after loading, with the line of the node at where ("methods/2/procedure": keys and 0-based
 * numbers) or of the deepest part of it that exists. */
enum status yaml_file_error(const struct yaml_file *file, struct error *reterr, const char *where, const char *format,
			    ...) __attribute__((format(printf, 4, 5)));
/* The same for a line that is known (1-based). */
enum status yaml_file_error_at(const struct yaml_file *file, struct error *reterr, unsigned line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
const char *yaml_file_name(const struct yaml_file *file);
struct bytes yaml_file_text(const struct yaml_file *file);

#endif
