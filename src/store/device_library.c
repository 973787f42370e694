#include "src/store/device_library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/library_index.h"
#include "src/store/method_check.h"
#include "src/store/profile_match.h"

enum {
	DIRECTORIES_MAX = 8,
	SIGNS_MAX = 4096,	/* over all files */
	SEARCH_HITS_MAX = 4096,
};

struct device_library {
	struct library_index profiles, procedures, sign_files, top_files;
	struct library_bad_names bad_names;
	struct sign *signs;		/* of all files; texts lie in the files' memory */
	size_t sign_count;
	bool signs_are_loaded;
	struct usb_recovery_id *usb_ids;
	size_t usb_count;
	bool usb_are_loaded;
};

DEFINE_AUTO(device_library);
DEFINE_AUTO(yaml_file);

static enum status add_root(struct device_library *library, const char *root, unsigned number, struct error *reterr)
{
	enum status status =
		library_index_add(&library->profiles, root, number, "devices", 2, &library->bad_names, reterr);

	if (status == STATUS_OK)
		status = library_index_add(&library->procedures, root, number, "procedures", 1, &library->bad_names,
					   reterr);
	if (status == STATUS_OK)
		status = library_index_add(&library->sign_files, root, number, "signs", 1, &library->bad_names, reterr);
	if (status == STATUS_OK)
		status = library_index_add(&library->top_files, root, number, "", 1, &library->bad_names, reterr);
	return status;
}

enum status device_library_open(const char *const *directories, struct device_library **ret_library,
				struct error *reterr)
{
	AUTO(device_library) library = calloc(1, sizeof(*library));
	enum status status = STATUS_OK;
	unsigned present = 0;
	struct stat about;

	if (library == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the device library");
	for (unsigned i = 0; status == STATUS_OK && directories[i] != NULL && i < DIRECTORIES_MAX; i++) {
		if (stat(directories[i], &about) != 0)	/* an operator's own folder need not be there */
			continue;
		present++;
		status = add_root(library, directories[i], i, reterr);
	}
	if (status != STATUS_OK)
		return status;
	if (present == 0) {
		error_set(reterr, STATUS_NOT_FOUND, "no device library: '%s' is not there",
			  directories[0] ? directories[0] : "");
		return error_hint(reterr, "install unbrick, or name the folder firmware-db");
	}
	library_index_sort(&library->profiles, false);
	library_index_sort(&library->procedures, false);
	library_index_sort(&library->sign_files, true);
	library_index_sort(&library->top_files, true);
	*ret_library = TAKE(library);
	return STATUS_OK;
}

enum status device_library_open_signs(const char *const *files, size_t count, struct device_library **ret_library,
				      struct error *reterr)
{
	AUTO(device_library) library = calloc(1, sizeof(*library));
	enum status status = STATUS_OK;

	if (library == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the device library");
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = library_index_add_file(&library->sign_files, files[i], 0, reterr);
	if (status != STATUS_OK)
		return status;
	library_index_sort(&library->sign_files, true);
	*ret_library = TAKE(library);
	return STATUS_OK;
}

void device_library_free(struct device_library *library)
{
	if (library == NULL)
		return;
	library_index_done(&library->profiles);
	library_index_done(&library->procedures);
	library_index_done(&library->sign_files);
	library_index_done(&library->top_files);
	free(library->signs);
	free(library->usb_ids);
	free(library);
}

size_t device_library_count(const struct device_library *library)
{
	return library->profiles.count;
}

const char *device_library_id(const struct device_library *library, size_t index)
{
	return index < library->profiles.count ? library->profiles.entries[index].id : NULL;
}

/* Every method's procedure exists. */
static enum status check_references(const struct device_library *library, const struct yaml_file *file,
				    const struct profile *profile, struct error *reterr)
{
	for (unsigned i = 0; i < profile->method_count; i++) {
		const struct profile_method *method = &profile->methods[i];
		char where[64];

		if (library_index_find(&library->procedures, method->procedure) != NULL)
			continue;
		text_format(where, sizeof(where), "methods/%u/procedure", i);
		yaml_file_error(file, reterr, where, "method '%s': there is no procedure '%s'", method->name,
				method->procedure);
		return library_index_hint(&library->procedures, method->procedure, reterr);
	}
	return STATUS_OK;
}

static enum status load_profile(const struct device_library *library, struct library_entry *entry, struct error *reterr)
{
	AUTO(yaml_file) file = NULL;
	enum status status;

	if (entry->is_loaded)
		return STATUS_OK;
	status = yaml_file_open(entry->path, &file, reterr);
	if (status == STATUS_OK)
		status = profile_schema_read(file, entry->id, &entry->memory, &entry->profile, reterr);
	if (status == STATUS_OK)
		status = check_references(library, file, &entry->profile, reterr);
	entry->is_loaded = status == STATUS_OK;
	if (status == STATUS_OK)
		return status;
	yaml_memory_done(&entry->memory);
	entry->profile = (struct profile){ 0 };
	return status;
}

static enum status load_procedure(struct library_entry *entry, struct error *reterr)
{
	AUTO(yaml_file) file = NULL;
	enum status status;

	if (entry->is_loaded)
		return STATUS_OK;
	status = yaml_file_open(entry->path, &file, reterr);
	if (status == STATUS_OK)
		status = procedure_schema_read(file, entry->id, &entry->memory, &entry->procedure, reterr);
	entry->is_loaded = status == STATUS_OK;
	if (status == STATUS_OK)
		return status;
	yaml_memory_done(&entry->memory);
	entry->procedure = (struct procedure){ 0 };
	return status;
}

enum list_kind { LIST_SIGNS, LIST_USB_IDS, LIST_MACROS };

static enum status read_list(const struct yaml_file *file, struct library_entry *entry, enum list_kind kind, struct error *reterr)
{
	switch (kind) {
	case LIST_SIGNS: return sign_schema_read(file, &entry->memory, &entry->signs, reterr);
	case LIST_USB_IDS: return usb_schema_read(file, &entry->memory, &entry->usb_ids, reterr);
	default: return macro_schema_read(file, &entry->memory, &entry->macros, reterr);
	}
}

static enum status load_list(struct library_entry *entry, enum list_kind kind, struct error *reterr)
{
	AUTO(yaml_file) file = NULL;
	enum status status;

	if (entry->is_loaded)
		return STATUS_OK;
	status = yaml_file_open(entry->path, &file, reterr);
	if (status == STATUS_OK)
		status = read_list(file, entry, kind, reterr);
	entry->is_loaded = status == STATUS_OK;
	if (status == STATUS_OK)
		return status;
	yaml_memory_done(&entry->memory);
	if (kind == LIST_SIGNS)
		entry->signs = (struct sign_list){ 0 };
	else if (kind == LIST_USB_IDS)
		entry->usb_ids = (struct usb_id_list){ 0 };
	else
		entry->macros = (struct macro_list){ 0 };
	return status;
}

enum status device_library_profile(struct device_library *library, const char *id, const struct profile **ret_profile,
				   struct error *reterr)
{
	struct library_entry *entry = library_index_find(&library->profiles, id);
	enum status status;

	if (entry == NULL) {
		error_set(reterr, STATUS_NOT_FOUND, "there is no profile '%.96s'", id);
		library_index_hint(&library->profiles, id, reterr);
		return STATUS_NOT_FOUND;
	}
	status = load_profile(library, entry, reterr);
	if (status == STATUS_OK)
		*ret_profile = &entry->profile;
	return status;
}

enum status device_library_procedure(struct device_library *library, const char *name,
				     const struct procedure **ret_procedure, struct error *reterr)
{
	struct library_entry *entry = library_index_find(&library->procedures, name);
	enum status status;

	if (entry == NULL) {
		error_set(reterr, STATUS_NOT_FOUND, "there is no procedure '%.96s'", name);
		library_index_hint(&library->procedures, name, reterr);
		return STATUS_NOT_FOUND;
	}
	status = load_procedure(entry, reterr);
	if (status == STATUS_OK)
		*ret_procedure = &entry->procedure;
	return status;
}

/* A sign of the list (of count) has this id: in a root of higher rank (it wins) or, as ret_is_double, in the same root.
 */
static bool has_sign(const struct sign *list, const unsigned *roots, size_t count, const char *id, unsigned root,
		     bool *ret_is_double)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].id, id) != 0)
			continue;
		*ret_is_double = roots[i] == root;
		return true;
	}
	*ret_is_double = false;
	return false;
}

static enum status report_double(struct library_entry *entry, unsigned index, struct error *reterr)
{
	AUTO(yaml_file) file = NULL;
	enum status status = yaml_file_open(entry->path, &file, reterr);
	char where[64];

	text_format(where, sizeof(where), "signs/%u/id", index);
	if (status == STATUS_OK)
		status = yaml_file_error(file, reterr, where, "a second sign '%s'", entry->signs.signs[index].id);
	return status;
}

/* The signs of all files into one list; roots holds of each the number of its root. */
static enum status merge_signs(struct device_library *library, struct sign *list, unsigned *roots, size_t *count,
			       struct error *reterr)
{
	for (unsigned root = 0; root < DIRECTORIES_MAX; root++)
		for (size_t i = 0; i < library->sign_files.count; i++) {
			struct library_entry *entry = &library->sign_files.entries[i];

			for (unsigned j = 0; entry->directory == root && j < entry->signs.count; j++) {
				bool is_double;

				if (has_sign(list, roots, *count, entry->signs.signs[j].id, root, &is_double)) {
					if (is_double)
						return report_double(entry, j, reterr);
					continue;
				}
				if (*count == SIGNS_MAX)
					return error_set(reterr, STATUS_INVALID, "%s: more than %d signs", entry->path,
							 SIGNS_MAX);
				roots[*count] = root;
				list[(*count)++] = entry->signs.signs[j];
			}
		}
	return STATUS_OK;
}

static enum status load_signs(struct device_library *library, struct error *reterr)
{
	AUTO_FREE struct sign *list = calloc(SIGNS_MAX, sizeof(*list));
	AUTO_FREE unsigned *roots = calloc(SIGNS_MAX, sizeof(*roots));
	enum status status = STATUS_OK;
	size_t count = 0;

	if (list == NULL || roots == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the signs");
	for (size_t i = 0; status == STATUS_OK && i < library->sign_files.count; i++)
		status = load_list(&library->sign_files.entries[i], LIST_SIGNS, reterr);
	if (status == STATUS_OK)
		status = merge_signs(library, list, roots, &count, reterr);
	if (status != STATUS_OK)
		return status;
	library->signs = TAKE(list);
	library->sign_count = count;
	library->signs_are_loaded = true;
	return STATUS_OK;
}

enum status device_library_signs(struct device_library *library, const struct sign **ret_signs, size_t *ret_count,
				 struct error *reterr)
{
	enum status status = library->signs_are_loaded ? STATUS_OK : load_signs(library, reterr);

	if (status != STATUS_OK)
		return status;
	*ret_signs = library->signs;
	*ret_count = library->sign_count;
	return STATUS_OK;
}

/* Only the files named usb-ids.yaml and macros.yaml count; others at the top of a root are not ours. */
static bool is_usb_file(const struct library_entry *entry)
{
	return strcmp(entry->id, "usb-ids") == 0;
}

static bool is_macro_file(const struct library_entry *entry)
{
	return strcmp(entry->id, "macros") == 0;
}

static void merge_usb_ids(struct device_library *library, struct usb_recovery_id *list, size_t *count)
{
	for (size_t i = 0; i < library->top_files.count; i++) {
		const struct library_entry *entry = &library->top_files.entries[i];

		for (unsigned j = 0; is_usb_file(entry) && j < entry->usb_ids.count; j++) {
			const struct usb_recovery_id *id = &entry->usb_ids.ids[j];
			size_t k = 0;

			while (k < *count && (list[k].vendor != id->vendor || list[k].product != id->product))
				k++;
			if (k == *count)
				list[(*count)++] = *id;
		}
	}
}

static enum status load_usb_ids(struct device_library *library, struct error *reterr)
{
	enum status status = STATUS_OK;
	size_t most = 1;

	for (size_t i = 0; status == STATUS_OK && i < library->top_files.count; i++) {
		struct library_entry *entry = &library->top_files.entries[i];

		if (!is_usb_file(entry))
			continue;
		status = load_list(entry, LIST_USB_IDS, reterr);
		most += status == STATUS_OK ? entry->usb_ids.count : 0;
	}
	if (status != STATUS_OK)
		return status;
	library->usb_ids = calloc(most, sizeof(*library->usb_ids));
	if (library->usb_ids == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the USB ids");
	merge_usb_ids(library, library->usb_ids, &library->usb_count);
	library->usb_are_loaded = true;
	return STATUS_OK;
}

enum status device_library_usb_ids(struct device_library *library, const struct usb_recovery_id **ret_ids,
				   size_t *ret_count, struct error *reterr)
{
	enum status status = library->usb_are_loaded ? STATUS_OK : load_usb_ids(library, reterr);

	if (status != STATUS_OK)
		return status;
	*ret_ids = library->usb_ids;
	*ret_count = library->usb_count;
	return STATUS_OK;
}

size_t device_library_macros(struct device_library *library, const struct macro **ret_macros, size_t max)
{
	struct error error;
	size_t count = 0;

	for (size_t i = 0; i < library->top_files.count; i++) {
		struct library_entry *entry = &library->top_files.entries[i];

		if (!is_macro_file(entry) || load_list(entry, LIST_MACROS, &error) != STATUS_OK)
			continue;
		for (unsigned k = 0; k < entry->macros.count && count < max; k++)
			ret_macros[count++] = &entry->macros.macros[k];
	}
	return count;
}

struct search_hit {
	const char *id;
	unsigned score;
};

static int compare_hits(const void *a, const void *b)
{
	const struct search_hit *x = a, *y = b;

	return x->score != y->score ? (x->score < y->score ? 1 : -1) : strcmp(x->id, y->id);
}

size_t device_library_search(struct device_library *library, const char *query, const char **ret_ids, size_t max)
{
	AUTO_FREE struct search_hit *hits = calloc(SEARCH_HITS_MAX, sizeof(*hits));
	size_t count = 0;

	for (size_t i = 0; hits != NULL && i < library->profiles.count && count < SEARCH_HITS_MAX; i++) {
		struct library_entry *entry = &library->profiles.entries[i];
		unsigned score;

		if (load_profile(library, entry, NULL) != STATUS_OK)	/* lint reports it; a search goes on */
			continue;
		score = profile_match_score(&entry->profile, query);
		if (score > 0)
			hits[count++] = (struct search_hit){ entry->id, score };
	}
	if (count > 0)
		qsort(hits, count, sizeof(*hits), compare_hits);
	for (size_t i = 0; i < count && i < max; i++)
		ret_ids[i] = hits[i].id;
	return count < max ? count : max;
}

struct linter {
	struct device_library *library;
	void (*on_error)(void *user, const struct error *error);
	void *user;
	size_t bad;
};

static void report(struct linter *linter, const struct error *error)
{
	linter->bad++;
	if (linter->on_error != NULL)
		linter->on_error(linter->user, error);
}

/* What the profile says, against what its procedures do. A procedure that is bad itself is reported once, as a file. */
static enum status lint_methods(struct device_library *library, const struct library_entry *entry, struct error *reterr)
{
	AUTO(yaml_file) file = NULL;
	enum status status = yaml_file_open(entry->path, &file, reterr);

	for (unsigned i = 0; status == STATUS_OK && i < entry->profile.method_count; i++) {
		struct library_entry *procedure =
			library_index_find(&library->procedures, entry->profile.methods[i].procedure);

		if (procedure != NULL && load_procedure(procedure, NULL) == STATUS_OK)
			status = method_check_values(file, &entry->profile, i, &procedure->procedure, reterr);
	}
	return status;
}

static void lint_profiles(struct linter *linter)
{
	for (size_t i = 0; i < linter->library->profiles.count; i++) {
		struct library_entry *entry = &linter->library->profiles.entries[i];
		struct error error = { 0 };
		enum status status = load_profile(linter->library, entry, &error);

		if (status == STATUS_OK)
			status = lint_methods(linter->library, entry, &error);
		if (status != STATUS_OK)
			report(linter, &error);
	}
}

static void lint_signs(struct linter *linter)
{
	struct device_library *library = linter->library;
	struct error error = { 0 };
	size_t bad_before = linter->bad;

	for (size_t i = 0; i < library->sign_files.count; i++)
		if (load_list(&library->sign_files.entries[i], LIST_SIGNS, &error) != STATUS_OK)
			report(linter, &error);
	if (linter->bad == bad_before && !library->signs_are_loaded && load_signs(library, &error) != STATUS_OK)
		report(linter, &error);
}

static void lint_top_files(struct linter *linter)
{
	struct library_index *files = &linter->library->top_files;
	struct error error = { 0 };

	for (size_t i = 0; i < files->count; i++) {
		struct library_entry *entry = &files->entries[i];

		if ((is_usb_file(entry) && load_list(entry, LIST_USB_IDS, &error) != STATUS_OK) ||
		    (is_macro_file(entry) && load_list(entry, LIST_MACROS, &error) != STATUS_OK))
			report(linter, &error);
	}
}

size_t device_library_lint(struct device_library *library, void (*on_error)(void *user, const struct error *error),
			   void *user)
{
	struct linter linter = { .library = library, .on_error = on_error, .user = user };
	struct error error;

	for (size_t i = 0; i < library->bad_names.count; i++) {
		error_set(&error, STATUS_INVALID, "%s:1: the file's name is not made of a-z, 0-9 and . _ + -",
			  library->bad_names.path[i]);
		report(&linter, &error);
	}
	for (size_t i = 0; i < library->procedures.count; i++)
		if (load_procedure(&library->procedures.entries[i], &error) != STATUS_OK)
			report(&linter, &error);
	lint_profiles(&linter);
	lint_signs(&linter);
	lint_top_files(&linter);
	return linter.bad;
}

size_t device_library_lint_signs(struct device_library *library, void (*on_error)(void *user, const struct error *error),
				 void *user)
{
	struct linter linter = { .library = library, .on_error = on_error, .user = user };

	lint_signs(&linter);
	return linter.bad;
}
