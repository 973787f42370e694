/* firmware-db/usb-ids.yaml: `ids:`, a list. */
#include <stdlib.h>
#include <string.h>

#include "src/base/text.h"
#include "src/store/library_schema.h"
#include "src/store/schema_fields.h"
#include "src/store/yaml_value.h"

enum { USB_IDS_PER_FILE_MAX = 1024, USB_NUMBER_MAX = 0xffff };

#define USB_PRODUCT_ANY 0xffffffffU

struct id_row {
	struct usb_recovery_id id;
	char *vendor, *product;
};

struct id_rows {
	struct id_row *rows;
	unsigned count;
};

/* Always hexadecimal, as lsusb prints it: "1f3a" or "0x1f3a". */
static bool convert_vendor(char *text, void *ret_unsigned)
{
	const char *digits = text_starts(text, "0x") ? text + 2 : text;
	size_t length = strlen(digits);

	if (length < 1 || length > 4 || strspn(digits, "0123456789abcdefABCDEF") != length)
		return false;
	*(unsigned *)ret_unsigned = (unsigned)strtoul(digits, NULL, 16);
	return true;
}

static bool convert_product(char *text, void *ret_unsigned)
{
	if (!text_equal(text, "any"))
		return convert_vendor(text, ret_unsigned);
	*(unsigned *)ret_unsigned = USB_PRODUCT_ANY;
	return true;
}

static const cyaml_schema_field_t id_fields[] = {
	FIELD_MUST("vendor", id_row, vendor),
	FIELD_MUST("product", id_row, product),
	FIELD_MUST("name", id_row, id.name),
	FIELD_MUST("meaning", id_row, id.meaning),
	FIELD_MUST("protocol", id_row, id.protocol),
	FIELD_MUST("source", id_row, id.source),
	CYAML_FIELD_END
};

static const struct yaml_conversion id_conversions[] = {
	YAML_CONVERSION("vendor", id_row, vendor, usb_recovery_id, vendor, convert_vendor, "1 to 4 hexadecimal digits"),
	YAML_CONVERSION("product", id_row, product, usb_recovery_id, product, convert_product,
			"1 to 4 hexadecimal digits or any"),
	{ .key = NULL }
};

static const cyaml_schema_value_t id_entry = SCHEMA_ENTRY(id_row, id_fields);
static const cyaml_schema_field_t file_fields[] = {
	FIELD_LIST("ids", CYAML_FLAG_DEFAULT, id_rows, rows, count, &id_entry, USB_IDS_PER_FILE_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t file_schema = SCHEMA_FILE(id_rows, file_fields);

static enum status check_doubles(const struct yaml_file *file, const struct usb_id_list *list, struct error *reterr)
{
	for (unsigned i = 0; i < list->count; i++)
		for (unsigned j = 0; j < i; j++) {
			char where[64];

			if (list->ids[i].vendor != list->ids[j].vendor || list->ids[i].product != list->ids[j].product)
				continue;
			text_format(where, sizeof(where), "ids/%u", i);
			return yaml_file_error(file, reterr, where, "the same vendor and product as '%s'",
					       list->ids[j].name);
		}
	return STATUS_OK;
}

enum status usb_schema_read(const struct yaml_file *file, struct yaml_memory *memory, struct usb_id_list *ret_list,
			    struct error *reterr)
{
	struct yaml_rows rows = { .row_size = sizeof(struct id_row), .item_size = sizeof(struct usb_recovery_id),
				  .conversions = id_conversions };
	const struct id_rows *top = NULL;
	enum status status = yaml_file_load(file, &file_schema, memory, &top, reterr);

	if (status != STATUS_OK)
		return status;
	rows.rows = top->rows;
	rows.count = ret_list->count = top->count;
	status = yaml_value_items(file, "ids", &rows, memory, &ret_list->ids, reterr);
	return status == STATUS_OK ? check_doubles(file, ret_list, reterr) : status;
}
