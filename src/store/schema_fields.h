/* src/store/schema_fields.h
 *
 * Rows of a libcyaml table, for the *_schema.c alone. Every scalar is a text here; yaml_value.h makes numbers and words of them. */
#ifndef UNBRICK_STORE_SCHEMA_FIELDS_H
#define UNBRICK_STORE_SCHEMA_FIELDS_H

#include <cyaml/cyaml.h>

enum { SCHEMA_LIST_MAX = 64 };	/* entries of a list, where nothing else is said */

/* An empty text says nothing, or, searched for, is found everywhere: refused, but where it can be meant (a password). */
#define FIELD_TEXT(key, of, member) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_OPTIONAL, struct of, member, 1, CYAML_UNLIMITED)
#define FIELD_EMPTY_TEXT(key, of, member) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_OPTIONAL, struct of, member, 0, CYAML_UNLIMITED)
#define FIELD_MUST(key, of, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_DEFAULT, struct of, member, 1, CYAML_UNLIMITED)
/* member: a pointer to rows that are as the schema at entry says, counted in count. */
#define FIELD_LIST(key, flags, of, member, count, entry, max) \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), struct of, member, count, entry, 0, max)
#define FIELD_PART(key, of, member, table) CYAML_FIELD_MAPPING(key, CYAML_FLAG_OPTIONAL, struct of, member, table)
#define SCHEMA_ENTRY(row, table) { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct row, table) }
#define SCHEMA_FILE(row, table) { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct row, table) }

#endif
