/* src/store/library_schema.h
 *
 * What the kinds of files in firmware-db may hold, as tables of fields, and the checks that one file allows by
 * itself. References between files are checked by device_library.c. All memory is the caller's struct yaml_memory. */
#ifndef UNBRICK_STORE_LIBRARY_SCHEMA_H
#define UNBRICK_STORE_LIBRARY_SCHEMA_H

#include "src/store/device_library.h"
#include "src/store/yaml_file.h"

struct sign_list {
	struct sign *signs;
	unsigned count;
};

struct usb_id_list {
	struct usb_recovery_id *ids;
	unsigned count;
};

struct macro_list {
	struct macro *macros;
	unsigned count;
};

/* *ret is zeroed by the caller; id is that of the profile, name that of the procedure (from the path, not in the file).
 */
enum status profile_schema_read(const struct yaml_file *file, const char *id, struct yaml_memory *memory,
				struct profile *ret_profile, struct error *reterr);
enum status procedure_schema_read(const struct yaml_file *file, const char *name, struct yaml_memory *memory,
				  struct procedure *ret_procedure, struct error *reterr);
enum status sign_schema_read(const struct yaml_file *file, struct yaml_memory *memory, struct sign_list *ret_list,
			     struct error *reterr);
enum status usb_schema_read(const struct yaml_file *file, struct yaml_memory *memory, struct usb_id_list *ret_list,
			    struct error *reterr);
enum status macro_schema_read(const struct yaml_file *file, struct yaml_memory *memory, struct macro_list *ret_list,
			      struct error *reterr);

#endif
