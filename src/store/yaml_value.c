#include "src/store/yaml_value.h"

#include <stdint.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "src/base/text.h"

bool yaml_convert_number(char *text, void *ret_unsigned)
{
	uint64_t value;

	if (strspn(text, "0123456789abcdefABCDEFx") != strlen(text) || !text_parse_size(text, &value) || value > UINT32_MAX)
		return false;
	*(unsigned *)ret_unsigned = (unsigned)value;
	return true;
}

bool yaml_convert_size(char *text, void *ret_uint64)
{
	return text_parse_size(text, ret_uint64);
}

bool yaml_convert_bool(char *text, void *ret_bool)
{
	*(bool *)ret_bool = text_equal(text, "true");
	return text_equal(text, "true") || text_equal(text, "false");
}

static int hex_digit(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = digit ? strchr(digits, digit | 0x20) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* One escape at from (past the backslash); how many characters it takes, 0 when it is none. */
static size_t undo_escape(const char *from, char *ret_byte)
{
	static const char plain[][2] = { { 'r', '\r' }, { 'n', '\n' }, { 't', '\t' }, { '\\', '\\' } };
	int high, low;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (from[0] != plain[i][0])
			continue;
		*ret_byte = plain[i][1];
		return 1;
	}
	if (from[0] != 'x')
		return 0;
	high = hex_digit(from[1]);
	low = high < 0 ? -1 : hex_digit(from[2]);
	if (low < 0 || high * 16 + low == 0)
		return 0;
	*ret_byte = (char)(high * 16 + low);
	return 3;
}

bool yaml_convert_escaped(char *text, void *ret_text)
{
	char *to = text;

	*(char **)ret_text = text;
	for (const char *from = text; *from != '\0';) {
		size_t length;
		char byte;

		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		length = undo_escape(from + 1, &byte);
		if (length == 0)
			return false;
		*to++ = byte;
		from += 1 + length;
	}
	*to = '\0';
	return true;
}

enum status yaml_value_convert(const struct yaml_file *file, const char *where, const struct yaml_conversion *conversions,
			       const void *row, void *to, struct error *reterr)
{
	for (; conversions->key != NULL; conversions++) {
		char *text = *(char *const *)(const void *)((const char *)row + conversions->text);
		char at[128], was[48];

		if (text == NULL)
			continue;
		text_copy(was, sizeof(was), text);	/* a conversion in place may have begun */
		if (conversions->convert(text, (char *)to + conversions->value))
			continue;
		text_format(at, sizeof(at), "%s%s%s", where, where[0] ? "/" : "", conversions->key);
		return yaml_file_error(file, reterr, at, "'%s': '%s' is not %s", conversions->key, was,
				       conversions->expected);
	}
	return STATUS_OK;
}

enum status yaml_value_items(const struct yaml_file *file, const char *where, const struct yaml_rows *rows,
			     struct yaml_memory *memory, void *ret_items, struct error *reterr)
{
	char *items = yaml_memory_get(memory, (rows->count + 1) * rows->item_size);
	enum status status = STATUS_OK;

	if (items == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to read '%s'", yaml_file_name(file));
	for (unsigned i = 0; status == STATUS_OK && i < rows->count; i++) {
		const char *row = (const char *)rows->rows + i * rows->row_size;
		char *item = items + i * rows->item_size, at[96];

		memcpy(item, row, rows->item_size);
		text_format(at, sizeof(at), "%s/%u", where, i);
		status = yaml_value_convert(file, at, rows->conversions, row, item, reterr);
	}
	if (status == STATUS_OK)
		memcpy(ret_items, &items, sizeof(items));
	return status;
}

enum status yaml_value_pattern(const struct yaml_file *file, const char *where, const char *text, struct error *reterr)
{
	PCRE2_UCHAR reason[128] = "";
	uint32_t matches_empty = 0;
	PCRE2_SIZE at = 0;
	pcre2_code *compiled;
	int code = 0;

	if (text == NULL)
		return STATUS_OK;
	/* without PCRE2_UTF, as they are compiled for use: any byte may come from a device */
	compiled = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
	if (compiled != NULL) {
		pcre2_pattern_info(compiled, PCRE2_INFO_MATCHEMPTY, &matches_empty);
		pcre2_code_free(compiled);
		if (matches_empty)
			return yaml_file_error(file, reterr, where, "the pattern matches an empty line, and so every line");
		return STATUS_OK;
	}
	if (code == PCRE2_ERROR_HEAP_FAILED)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to read '%s'", yaml_file_name(file));
	pcre2_get_error_message(code, reason, sizeof(reason));
	return yaml_file_error(file, reterr, where, "bad pattern at character %zu: %s", (size_t)at + 1, (const char *)reason);
}
