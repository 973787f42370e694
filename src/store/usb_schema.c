/* firmware-db/usb-ids.yaml: `ids:`, a list. */
#include <stdlib.h>
#include <string.h>

#include "src/base/text.h"
#include "src/store/library_schema.h"

enum { USB_IDS_PER_FILE_MAX = 1024, USB_NUMBER_MAX = 0xffff };

#define USB_PRODUCT_ANY 0xffffffffU

/* Always hexadecimal, as lsusb prints it: "1f3a" or "0x1f3a". */
static bool parse_vendor(const char *text, unsigned *ret_value)
{
	const char *digits = text_starts(text, "0x") ? text + 2 : text;
	size_t length = strlen(digits);

	if (length < 1 || length > 4 || strspn(digits, "0123456789abcdefABCDEF") != length)
		return false;
	*ret_value = (unsigned)strtoul(digits, NULL, 16);
	return *ret_value <= USB_NUMBER_MAX;
}

static bool parse_product(const char *text, unsigned *ret_value)
{
	if (!text_equal(text, "any"))
		return parse_vendor(text, ret_value);
	*ret_value = USB_PRODUCT_ANY;
	return true;
}

static const struct yaml_field id_fields[] = {
	{ .key = "vendor",
	  .type = YAML_FIELD_WORD,
	  .offset = offsetof(struct usb_recovery_id, vendor),
	  .is_required = true,
	  .parse = parse_vendor,
	  .expected = "1 to 4 hexadecimal digits" },
	{ .key = "product",
	  .type = YAML_FIELD_WORD,
	  .offset = offsetof(struct usb_recovery_id, product),
	  .is_required = true,
	  .parse = parse_product,
	  .expected = "1 to 4 hexadecimal digits, any" },
	{ .key = "name",
	  .type = YAML_FIELD_TEXT,
	  .offset = offsetof(struct usb_recovery_id, name),
	  .is_required = true },
	{ .key = "meaning",
	  .type = YAML_FIELD_TEXT,
	  .offset = offsetof(struct usb_recovery_id, meaning),
	  .is_required = true },
	{ .key = "protocol",
	  .type = YAML_FIELD_TEXT,
	  .offset = offsetof(struct usb_recovery_id, protocol),
	  .is_required = true },
	{ .key = "source",
	  .type = YAML_FIELD_TEXT,
	  .offset = offsetof(struct usb_recovery_id, source),
	  .is_required = true },
	{ .key = NULL },
};

static const struct yaml_field file_fields[] = {
	{ .key = "ids",
	  .type = YAML_FIELD_STRUCTS,
	  .offset = offsetof(struct usb_id_list, ids),
	  .is_required = true,
	  .count_offset = offsetof(struct usb_id_list, count),
	  .item_size = sizeof(struct usb_recovery_id),
	  .fields = id_fields,
	  .max_items = USB_IDS_PER_FILE_MAX },
	{ .key = NULL },
};

enum status usb_schema_read(const struct yaml_file *file, struct yaml_memory *memory, struct usb_id_list *ret_list,
			    struct error *reterr)
{
	enum status status = yaml_file_read(file, file_fields, memory, ret_list, reterr);

	for (unsigned i = 0; status == STATUS_OK && i < ret_list->count; i++)
		for (unsigned j = 0; j < i; j++) {
			char where[64];

			if (ret_list->ids[i].vendor != ret_list->ids[j].vendor ||
			    ret_list->ids[i].product != ret_list->ids[j].product)
				continue;
			text_format(where, sizeof(where), "ids/%u", i);
			return yaml_file_error(file, reterr, where, "the same vendor and product as '%s'",
					       ret_list->ids[j].name);
		}
	return status;
}
