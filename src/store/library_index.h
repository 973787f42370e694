/* src/store/library_index.h
 *
 * Which files firmware-db has: names only, so that thousands of profiles cost nothing until they are asked for. */
#ifndef UNBRICK_STORE_LIBRARY_INDEX_H
#define UNBRICK_STORE_LIBRARY_INDEX_H

#include "src/store/library_schema.h"

enum {
	LIBRARY_FILES_MAX = 65536,	/* of one kind */
	LIBRARY_BAD_NAMES_MAX = 16,
};

/* One file and, once it has been read, what it holds. */
struct library_entry {
	char *id;			/* "vendor/model" of a profile; else the file's name without .yaml */
	char *path;
	unsigned directory;		/* number of the root it lies in; the lower wins */
	bool is_loaded;
	struct yaml_memory memory;
	union {
		struct profile profile;
		struct procedure procedure;
		struct sign_list signs;
		struct usb_id_list usb_ids;
		struct macro_list macros;
	};
};

/* Sorted by id; of several with one id only that of the first root is kept. */
struct library_index {
	struct library_entry *entries;
	size_t count, capacity;
};

struct library_bad_names {
	char path[LIBRARY_BAD_NAMES_MAX][256];	/* printable */
	size_t count;
};

/* Adds root/folder/[*]/x.yaml (with depth 2: one folder level more, "vendor/model"). A folder that is not there adds
 * nothing. Files whose name is not made of a-z 0-9 . _ + - are left out and noted in bad. */
enum status library_index_add(struct library_index *index, const char *root, unsigned directory, const char *folder,
			      unsigned depth, struct library_bad_names *bad, struct error *reterr);
/* Adds one file, wherever it lies. STATUS_INVALID: its name does not end in .yaml. */
enum status library_index_add_file(struct library_index *index, const char *path, unsigned directory, struct error *reterr);
/* After the last add. keep_doubles: files of one name in several roots all stay (signs are merged one by one). */
void library_index_sort(struct library_index *index, bool keep_doubles);
struct library_entry *library_index_find(const struct library_index *index, const char *id);
/* Appends "; did you mean 'a', 'b'?" words as the error's hint; says how to list all otherwise. */
enum status library_index_hint(const struct library_index *index, const char *id, struct error *reterr);
void library_index_done(struct library_index *index);

#endif
