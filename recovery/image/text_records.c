/* recovery/image/text_records.c
 *
 * Programs as lines of hexadecimal digits, each with its own sum: Intel HEX and Motorola S-records. A line that is missing as a whole is not
 * told by any sum; S5 and S6 records, which count the lines, are compared where they are.
 * Source: Intel "Hexadecimal Object File Format Specification" rev. A; srec(5); microbit universal hex specification 0.4 (types 0A to 0E);
 * Linux scripts/ihex2fw.c, which stops at the end record; MakeCode, docs/source-embedding. */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	LINE_BYTES = 260,	/* count, address, type, 255 of data, sum */
	IHEX_DATA = 0,
	IHEX_END = 1,
	IHEX_SEGMENT = 2,
	IHEX_LINEAR = 4,
	IHEX_TYPES = 15,
};

struct records {
	const struct image_input *in;
	struct image_facts *facts;
	size_t at;
	unsigned line;
	uint8_t byte[LINE_BYTES];
	unsigned count;		/* bytes of the line */
	uint8_t sum;		/* of them */
	bool has_end, has_count, has_data, is_cut;
	uint64_t lowest, highest, base;
	uint32_t data_lines;
};

/* -1: none. By a table, for such files are nothing but digits. */
static int digit(uint8_t c)
{
	static const uint8_t value_and_one[256] = {
		['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
		['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
		['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	};

	return value_and_one[c] - 1;
}

static bool is_line_end(uint8_t c)
{
	return c == '\n' || c == '\r';
}

static bool is_space(uint8_t c)
{
	return is_line_end(c) || c == ' ' || c == '\t' || c == 0x1a;
}

/* The digits from at on, as bytes. Returns how many digits there were. */
static size_t read_digits(struct records *records, size_t at)
{
	const struct bytes data = bytes_from(records->in->data, at);
	unsigned count = 0, sum = 0;

	while (count < LINE_BYTES && 2 * count + 1 < data.size) {
		int high = digit(data.data[2 * count]), low = digit(data.data[2 * count + 1]);

		if (high < 0 || low < 0)
			break;
		sum += (unsigned)(high << 4 | low);
		records->byte[count++] = (uint8_t)(high << 4 | low);
	}
	records->count = count;
	records->sum = (uint8_t)sum;
	return 2 * count + (2 * count < data.size && count < LINE_BYTES && digit(data.data[2 * count]) >= 0);
}

static void note_data(struct records *records, uint64_t address, unsigned size)
{
	if (!records->has_data || address < records->lowest)
		records->lowest = address;
	if (!records->has_data || address + size > records->highest)
		records->highest = address + size;
	records->has_data = true;
	records->data_lines++;
}

static void broken_line(struct records *records, const char *why)
{
	image_broken(records->facts, records->at, "line %u is damaged: %s", records->line, why);
}

/* Goes over blank lines. False at the end. */
static bool next_line(struct records *records)
{
	while (records->at < records->in->data.size && is_space(records->in->data.data[records->at])) {
		records->line += records->in->data.data[records->at] == '\n';
		records->at++;
	}
	return records->at < records->in->data.size;
}

/* Sets at behind the digits. False when the line is no good; when it ends with the memory and the file goes on, is_cut. */
static bool take_line(struct records *records, unsigned mark)
{
	size_t from = records->at + mark, digits = read_digits(records, from), end = from + digits;

	if (end == records->in->data.size && records->in->size > end) {
		records->is_cut = true;
		return false;
	}
	if (digits % 2 == 1 || (end < records->in->data.size && !is_space(records->in->data.data[end]))) {
		broken_line(records, "it is cut off, or has other characters than digits");
		return false;
	}
	return true;
}

static void finish(struct records *records)
{
	struct image_facts *facts = records->facts;

	if (records->has_data)
		text_format(facts->name, sizeof(facts->name), "0x%08" PRIx64 " to 0x%08" PRIx64, records->lowest, records->highest - 1);
	text_copy(facts->checked, sizeof(facts->checked), "the sum of each line and the end record; not whether a line is missing");
	if (facts->whole == IMAGE_NO || records->is_cut)
		return;
	if (!records->has_end && !records->has_count && records->in->data.size == records->in->size)
		image_broken(facts, records->in->size, "its end record is missing: it is cut off");
	else if (records->has_end || records->has_count) {
		facts->declared_size = records->in->size;
		facts->whole = IMAGE_YES;
	}
}

/* --- Intel HEX --- */

static bool matches_ihex(const struct image_input *in)
{
	size_t digits = 1;

	/* :LLAAAATT */
	while (digits < in->data.size && digits < 9 && digit(in->data.data[digits]) >= 0)
		digits++;
	return digits == 9 && in->data.data[0] == ':';
}

/* A licence behind the end, which no loader reads. */
static bool is_text_to_the_end(const struct records *records)
{
	struct bytes rest = bytes_from(records->in->data, records->at);

	for (size_t i = 0; i < rest.size; i++)
		if (rest.data[i] < ' ' && !is_space(rest.data[i]) && rest.data[i] != '\f')
			return false;
	return true;
}

/* Nothing that is loaded: symbols as records of a type of their own (altos src/lib/ao-hex.c), or the program's source as data beyond its
 * addresses. What comes at an address of the program is a second file. */
static bool may_follow_the_end(const struct records *records, unsigned type, uint64_t address)
{
	return type != IHEX_END && (type != IHEX_DATA || address >= records->highest);
}

static bool read_behind_the_end(struct records *records, unsigned type, uint64_t address)
{
	if (!may_follow_the_end(records, type, address)) {
		image_broken(records->facts, records->at, "line %u follows its end record", records->line);
		return false;
	}
	image_warning(records->facts, "other records follow its end record; what loads it stops before them");
	return true;
}

static bool has_ihex_mark(struct records *records)
{
	if (records->in->data.data[records->at] == ':')
		return true;
	if (records->has_end && is_text_to_the_end(records))
		image_warning(records->facts, "text follows its end record; what loads it stops before that");
	else
		broken_line(records, "it does not begin with ':'");
	return false;
}

/* Returns false when nothing behind can be believed. */
static bool read_ihex_line(struct records *records)
{
	const uint8_t *byte = records->byte;
	unsigned type;

	if (!has_ihex_mark(records) || !take_line(records, 1))
		return false;
	if (records->count < 5 || records->count != byte[0] + 5u) {
		broken_line(records, "it is not as long as it says");
		return false;
	}
	if (records->sum != 0) {
		broken_line(records, "its sum is not 0");
		return false;
	}
	type = byte[3];
	if (records->has_end && !read_behind_the_end(records, type, records->base + load_be16(byte + 1)))
		return false;
	if (type >= IHEX_TYPES && !records->has_end) {
		broken_line(records, "no record is of that type");
		return false;
	}
	if (type == IHEX_DATA && !records->has_end)
		note_data(records, records->base + load_be16(byte + 1), byte[0]);
	else if ((type == IHEX_SEGMENT || type == IHEX_LINEAR) && byte[0] == 2)
		records->base = (uint64_t)load_be16(byte + 4) << (type == IHEX_LINEAR ? 16 : 4);
	records->has_end |= type == IHEX_END;
	records->at += 1 + (size_t)records->count * 2;
	return true;
}

static void inspect_ihex(const struct image_input *in, struct image_facts *facts)
{
	struct records records = { .in = in, .facts = facts, .line = 1 };

	while (next_line(&records) && read_ihex_line(&records))
		;
	finish(&records);
}

const struct image_format image_format_ihex = {
	.word = "ihex", .title = "Intel HEX file", .matches = matches_ihex, .inspect = inspect_ihex,
};

/* --- S-records --- */

static bool matches_srec(const struct image_input *in)
{
	size_t digits = 1;

	/* StLLAAAA; a file begins with a header or with data */
	while (digits < in->data.size && digits < 8 && digit(in->data.data[digits]) >= 0)
		digits++;
	return digits == 8 && in->data.data[0] == 'S' && in->data.data[1] >= '0' && in->data.data[1] <= '3';
}

static uint64_t srec_address(const struct records *records, unsigned size)
{
	uint64_t address = 0;

	for (unsigned i = 0; i < size; i++)
		address = address << 8 | records->byte[1 + i];
	return address;
}

static bool read_srec_line(struct records *records)
{
	/* bytes of address, by type */
	static const uint8_t address_size[10] = { 2, 2, 3, 4, 0, 2, 3, 4, 3, 2 };
	uint8_t mark = records->in->data.data[records->at];
	struct bytes type = image_slice(records->in, records->at + 1, 1);
	unsigned kind, size;

	if (type.size == 0 && records->in->size > records->in->data.size) {
		records->is_cut = true;
		return false;
	}
	if (mark != 'S' || type.size == 0 || type.data[0] < '0' || type.data[0] > '9' || address_size[type.data[0] - '0'] == 0) {
		broken_line(records, "it does not begin with S and a type");
		return false;
	}
	kind = (unsigned)(type.data[0] - '0');
	size = address_size[kind];
	if (!take_line(records, 2))
		return false;
	if (records->count < size + 2 || records->count != records->byte[0] + 1u) {
		broken_line(records, "it is not as long as it says");
		return false;
	}
	if (records->sum != 0xff) {
		broken_line(records, "its sum does not match");
		return false;
	}
	if (records->has_end) {
		image_broken(records->facts, records->at, "line %u follows its end record", records->line);
		return false;
	}
	if (kind >= 1 && kind <= 3)
		note_data(records, srec_address(records, size), records->count - size - 2);
	else if (kind == 5 || kind == 6)
		records->has_count = true;	/* srec_cat ends with it where the program has no start address */
	if ((kind == 5 || kind == 6) && srec_address(records, size) != records->data_lines)
		image_broken(records->facts, records->at, "lines are missing: expected %" PRIu64 ", found %" PRIu32, srec_address(records, size),
			     records->data_lines);
	records->has_end = kind >= 7;
	records->at += 2 + (size_t)records->count * 2;
	return true;
}

/* S0 often has the name of the file or of the program. */
static void read_srec_title(const struct image_input *in, struct image_facts *facts)
{
	struct records records = { .in = in, .facts = facts };
	char title[32];

	if (in->data.data[1] != '0')
		return;
	read_digits(&records, 2);
	if (records.count < 4 || records.count != records.byte[0] + 1u)
		return;
	image_text(title, sizeof(title), bytes_of(records.byte + 3, records.count - 4));
	if (title[0] != '\0')
		text_format(facts->title, sizeof(facts->title), "S-record file (%s)", title);
}

static void inspect_srec(const struct image_input *in, struct image_facts *facts)
{
	struct records records = { .in = in, .facts = facts, .line = 1 };

	read_srec_title(in, facts);
	while (next_line(&records) && read_srec_line(&records))
		;
	finish(&records);
}

const struct image_format image_format_srec = {
	.word = "srec", .title = "S-record file", .matches = matches_srec, .inspect = inspect_srec,
};
