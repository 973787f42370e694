#include "src/store/library_index.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/nearest.h"
#include "src/base/text.h"

enum { NAME_MAX_LENGTH = 96, PROPOSALS = 3 };

static bool is_good_name(const char *name)
{
	return strlen(name) <= NAME_MAX_LENGTH &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._+-") == strlen(name);
}

static void note_bad_name(struct library_bad_names *bad, const char *folder, const char *name)
{
	char path[512];

	if (bad->count == LIBRARY_BAD_NAMES_MAX)
		return;
	text_format(path, sizeof(path), "%s/%s", folder, name);
	text_printable(bad->path[bad->count++], sizeof(bad->path[0]), bytes_of_text(path));
}

static enum status no_memory(struct error *reterr)
{
	return error_set(reterr, STATUS_NO_MEMORY, "no memory for the list of profiles");
}

static enum status append(struct library_index *index, const char *path, const char *vendor, const char *name,
			  unsigned directory, struct error *reterr)
{
	struct library_entry *entry;
	int stem = (int)(strlen(name) - strlen(".yaml"));

	if (index->count == LIBRARY_FILES_MAX)
		return error_set(reterr, STATUS_INVALID, "'%s': more than %d files of one kind", path,
				 LIBRARY_FILES_MAX);
	if (index->count == index->capacity) {
		size_t capacity = index->capacity ? 2 * index->capacity : 64;
		struct library_entry *more = realloc(index->entries, capacity * sizeof(*more));

		if (more == NULL)
			return no_memory(reterr);
		index->entries = more;
		index->capacity = capacity;
	}
	entry = &index->entries[index->count];
	memset(entry, 0, sizeof(*entry));
	entry->directory = directory;
	if (asprintf(&entry->id, "%s%s%.*s", vendor ? vendor : "", vendor ? "/" : "", stem, name) < 0)
		return no_memory(reterr);
	if (asprintf(&entry->path, "%s/%s", path, name) < 0) {
		free(entry->id);
		return no_memory(reterr);
	}
	index->count++;
	return STATUS_OK;
}

static bool is_yaml(const char *name)
{
	size_t length = strlen(name);

	return length > strlen(".yaml") && strcmp(name + length - strlen(".yaml"), ".yaml") == 0;
}

/* The files of one folder. */
static enum status add_files(struct library_index *index, const char *path, const char *vendor, unsigned directory,
			     struct library_bad_names *bad, struct error *reterr)
{
	DIR *folder = opendir(path);
	enum status status = STATUS_OK;
	const struct dirent *item;

	if (folder == NULL)	/* ENOTDIR: a stray file among the vendors */
		return errno == ENOENT || errno == ENOTDIR ? STATUS_OK
			: error_set(reterr, STATUS_IO, "cannot list '%s': %s", path, strerror(errno));
	while (status == STATUS_OK && (item = readdir(folder)) != NULL) {
		if (item->d_name[0] == '.' || !is_yaml(item->d_name))
			continue;
		if (is_good_name(item->d_name))
			status = append(index, path, vendor, item->d_name, directory, reterr);
		else
			note_bad_name(bad, path, item->d_name);
	}
	closedir(folder);
	return status;
}

enum status library_index_add_file(struct library_index *index, const char *path, unsigned directory,
				   struct error *reterr)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	AUTO_FREE char *folder = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");

	if (folder == NULL)
		return no_memory(reterr);
	if (!is_yaml(name))
		return error_set(reterr, STATUS_INVALID,
				 "'%s' is not a file of firmware-db: its name does not end in .yaml", path);
	return append(index, folder, NULL, name, directory, reterr);
}

enum status library_index_add(struct library_index *index, const char *root, unsigned directory, const char *folder,
			      unsigned depth, struct library_bad_names *bad, struct error *reterr)
{
	AUTO_FREE char *path = NULL;
	enum status status = STATUS_OK;
	const struct dirent *item;
	DIR *vendors;

	if (asprintf(&path, "%s%s%s", root, folder[0] ? "/" : "", folder) < 0)
		return no_memory(reterr);
	if (depth == 1)
		return add_files(index, path, NULL, directory, bad, reterr);
	vendors = opendir(path);
	if (vendors == NULL)
		return errno == ENOENT ? STATUS_OK
				       : error_set(reterr, STATUS_IO, "cannot list '%s': %s", path, strerror(errno));
	while (status == STATUS_OK && (item = readdir(vendors)) != NULL) {
		AUTO_FREE char *vendor = NULL;

		if (item->d_name[0] == '.' || item->d_type == DT_REG)
			continue;
		if (!is_good_name(item->d_name)) {
			note_bad_name(bad, path, item->d_name);
			continue;
		}
		if (asprintf(&vendor, "%s/%s", path, item->d_name) < 0)
			status = no_memory(reterr);
		else
			status = add_files(index, vendor, item->d_name, directory, bad, reterr);
	}
	closedir(vendors);
	return status;
}

static int compare_entries(const void *a, const void *b)
{
	const struct library_entry *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	return order != 0 ? order : x->directory < y->directory ? -1 : x->directory > y->directory;
}

void library_index_sort(struct library_index *index, bool keep_doubles)
{
	size_t kept = 0;

	if (index->count > 0)
		qsort(index->entries, index->count, sizeof(index->entries[0]), compare_entries);
	for (size_t i = 0; i < index->count; i++) {
		if (!keep_doubles && kept > 0 && strcmp(index->entries[kept - 1].id, index->entries[i].id) == 0) {
			free(index->entries[i].id);
			free(index->entries[i].path);
			continue;
		}
		index->entries[kept++] = index->entries[i];
	}
	index->count = kept;
}

static int compare_id(const void *id, const void *entry)
{
	return strcmp(id, ((const struct library_entry *)entry)->id);
}

struct library_entry *library_index_find(const struct library_index *index, const char *id)
{
	return index->count == 0 ? NULL
				 : bsearch(id, index->entries, index->count, sizeof(index->entries[0]), compare_id);
}

/* "cam23" is near to "testbed/cam32" as well, and "acme" nearest to all that Acme makes. */
static unsigned distance_to(const struct library_entry *entry, const char *id)
{
	const char *model = strchr(entry->id, '/');
	unsigned whole = nearest_distance(id, entry->id), part = model ? nearest_distance(id, model + 1) : whole;

	if (id[0] != '\0' && text_contains(entry->id, id))
		return 0;
	return part < whole ? part : whole;
}

enum status library_index_hint(const struct library_index *index, const char *id, struct error *reterr)
{
	const struct library_entry *best[PROPOSALS] = { NULL };
	char words[192] = "";

	for (size_t i = 0; i < index->count; i++) {
		const struct library_entry *entry = &index->entries[i];

		for (size_t j = 0; j < PROPOSALS && entry != NULL; j++) {
			const struct library_entry *other = best[j];

			if (other != NULL && distance_to(entry, id) >= distance_to(other, id))
				continue;
			best[j] = entry;
			entry = other;
		}
	}
	for (size_t j = 0; j < PROPOSALS && best[j] != NULL; j++)
		text_append(words, sizeof(words), "%s%s", j > 0 ? ", " : "", best[j]->id);
	return words[0] ? error_hint(reterr, "the nearest: %s", words) : error_hint(reterr, "firmware-db has none");
}

void library_index_done(struct library_index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		free(index->entries[i].id);
		free(index->entries[i].path);
		yaml_memory_done(&index->entries[i].memory);
	}
	free(index->entries);
	*index = (struct library_index){ 0 };
}
