/* Hostile YAML as a profile, a procedure, a file of signs, of USB ids or of macros: the first byte chooses. No input may take long or much
 * memory. */
#include <stdint.h>
#include <stdlib.h>

#include "src/store/library_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_memory memory = { 0 };
	struct yaml_file *file = NULL;
	struct error error;

	if (size == 0)
		return 0;
	if (yaml_file_parse("fuzz", bytes_of(data + 1, size - 1), &file, &error) == STATUS_OK) {
		if (data[0] % 5 == 0)
			(void)!profile_schema_read(file, "fuzz/fuzz", &memory, &(struct profile){ 0 }, &error);
		else if (data[0] % 5 == 1)
			(void)!procedure_schema_read(file, "fuzz", &memory, &(struct procedure){ 0 }, &error);
		else if (data[0] % 5 == 2)
			(void)!sign_schema_read(file, &memory, &(struct sign_list){ 0 }, &error);
		else if (data[0] % 5 == 3)
			(void)!usb_schema_read(file, &memory, &(struct usb_id_list){ 0 }, &error);
		else
			(void)!macro_schema_read(file, &memory, &(struct macro_list){ 0 }, &error);
	}
	yaml_file_free(file);
	yaml_memory_done(&memory);
	return 0;
}
