/* src/store/device_library.h
 *
 * All that firmware-db knows, loaded from YAML (yaml_file.h) and checked: unknown keys, wrong types, dangling references and
 * bad patterns are errors that name file and line. Owns everything that it hands out until device_library_free.
 * Directories: those given (first wins on the same id). Profiles are read on demand: opening the library reads file names only,
 * so that the program starts at once with thousands of profiles. */
#ifndef UNBRICK_STORE_DEVICE_LIBRARY_H
#define UNBRICK_STORE_DEVICE_LIBRARY_H

#include "recovery/diagnosis/sign.h"
#include "recovery/procedure/procedure.h"
#include "recovery/procedure/profile.h"
#include "src/base/status.h"

struct device_library;

struct usb_recovery_id {
	unsigned vendor, product;	/* product 0xffffffff: any */
	const char *name;		/* "Allwinner boot ROM (FEL)" */
	const char *meaning;		/* one plain sentence for the operator */
	const char *protocol;		/* "fel", "maskrom", "dfu", ... */
	const char *source;
};

/* directories: NULL-terminated list of firmware-db roots. */
enum status device_library_open(const char *const *directories, struct device_library **ret_library, struct error *reterr);
/* Nothing but the signs of these files, for checking them before they are in a library. */
enum status device_library_open_signs(const char *const *files, size_t count, struct device_library **ret_library,
				      struct error *reterr);
void device_library_free(struct device_library *library);

/* Number and ids of all profiles, sorted; cheap. */
size_t device_library_count(const struct device_library *library);
const char *device_library_id(const struct device_library *library, size_t index);
/* Loads (once) and returns; STATUS_NOT_FOUND hints the nearest ids. */
enum status device_library_profile(struct device_library *library, const char *id, const struct profile **ret_profile,
				   struct error *reterr);
enum status device_library_procedure(struct device_library *library, const char *name, const struct procedure **ret_procedure,
				     struct error *reterr);
/* Ids whose vendor, model, alias, kind or SoC hold all words of query (case ignored), best first; at most max. Loads what it needs. */
size_t device_library_search(struct device_library *library, const char *query, const char **ret_ids, size_t max);
/* All signs of firmware-db/signs; loaded once. */
enum status device_library_signs(struct device_library *library, const struct sign **ret_signs, size_t *ret_count, struct error *reterr);
enum status device_library_usb_ids(struct device_library *library, const struct usb_recovery_id **ret_ids, size_t *ret_count,
				   struct error *reterr);
/* The macros that many devices share; a file that is bad is left out (the lint tells). Returns how many, at most max. */
size_t device_library_macros(struct device_library *library, const struct macro **ret_macros, size_t max);
/* Loads and checks every file; calls on_error for each bad one (file:line in the text). Returns how many are bad. */
size_t device_library_lint(struct device_library *library, void (*on_error)(void *user, const struct error *error), void *user);
/* The same for the files of signs alone. */
size_t device_library_lint_signs(struct device_library *library, void (*on_error)(void *user, const struct error *error), void *user);

/* The version of libcyaml, which reads the files; "" where it is not on this machine. */
char *device_library_yaml_version(char *to, size_t size);

#endif
