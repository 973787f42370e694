/* src/store/yaml_value.h
 *
 * Texts of a loaded file into values. A *row* is what libcyaml loads: the struct itself first, then the texts of those of its
 * members that are no texts. A table of conversions moves the texts over. */
#ifndef UNBRICK_STORE_YAML_VALUE_H
#define UNBRICK_STORE_YAML_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "src/store/yaml_file.h"

struct yaml_conversion {
	const char *key;	/* NULL ends a table */
	size_t text;		/* offset in the row of a char *, NULL where the file says nothing */
	size_t value;		/* offset in the struct */
	bool (*convert)(char *text, void *ret_value);
	const char *expected;	/* "a size: 0x50000, 192KiB", "one of: loader, shell" */
};

#define YAML_CONVERSION(name, row, from, of, to, how, what) \
	{ .key = name, .text = offsetof(struct row, from), .value = offsetof(struct of, to), .convert = how, .expected = what }
#define YAML_NUMBER(name, row, from, of, to) YAML_CONVERSION(name, row, from, of, to, yaml_convert_number, "a number from 0 to 4294967295")
#define YAML_SIZE(name, row, from, of, to) \
	YAML_CONVERSION(name, row, from, of, to, yaml_convert_size, "a size: 0x50000, 192KiB or 16MiB")
#define YAML_BOOL(name, row, from, of, to) YAML_CONVERSION(name, row, from, of, to, yaml_convert_bool, "true or false")
/* The text stays one, with \xNN \r \n \t \\ undone in place. */
#define YAML_ESCAPED(name, of, to) \
	YAML_CONVERSION(name, of, to, of, to, yaml_convert_escaped, "text: a \\ begins \\r, \\n, \\t, \\\\ or \\x01 to \\xff")

bool yaml_convert_number(char *text, void *ret_unsigned);
bool yaml_convert_size(char *text, void *ret_uint64);
bool yaml_convert_bool(char *text, void *ret_bool);
bool yaml_convert_escaped(char *text, void *ret_text);

/* What row says into *to; where: the place of the mapping in the file ("partitions/2"), for errors. */
enum status yaml_value_convert(const struct yaml_file *file, const char *where, const struct yaml_conversion *conversions,
			       const void *row, void *to, struct error *reterr);

/* Rows that begin with the item into an array of items in memory. */
struct yaml_rows {
	const void *rows;
	unsigned count;
	size_t row_size, item_size;
	const struct yaml_conversion *conversions;
};

enum status yaml_value_items(const struct yaml_file *file, const char *where, const struct yaml_rows *rows,
			     struct yaml_memory *memory, void *ret_items, struct error *reterr);

/* The text is a PCRE2 pattern that compiles and does not match an empty line (and so every one), or NULL. */
enum status yaml_value_pattern(const struct yaml_file *file, const char *where, const char *text, struct error *reterr);

#endif
