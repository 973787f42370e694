/* recovery/image/safeloader.c
 *
 * TP-Link safeloader: length and MD5, a block about the vendor, a table of partitions as text, and in the partitions the list of supported
 * devices and the version. Big-endian.
 * Source: OpenWrt firmware-utils src/tplink-safeloader.c. */
#include <inttypes.h>
#include <stdlib.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	AT_MD5 = 4,
	AT_INFO = 0x14,
	INFO_SIZE = 0x1000,
	TABLE = AT_INFO + INFO_SIZE,
	/* newer files: the digest first, then the length of what follows these 20 bytes, and 60 bytes more before the block */
	NEW_TABLE = TABLE + 0x3c,
	TABLE_SIZE = 0x800,
	PARTITIONS = 32,
	BOARDS_BY_LINE = 12,	/* leaves room for the names alone */
	META_HEADER = 8,	/* of the small partitions: length, zero */
	LENGTH_MAX = 0x20000000,
};

static const uint8_t salt[IMAGE_MD5_SIZE] = {
	0x7a, 0x2b, 0x15, 0xed, 0x9b, 0x98, 0x59, 0x6d, 0xe5, 0x04, 0xab, 0x44, 0xac, 0x2a, 0x9f, 0x4e,
};

static bool is_new(const struct image_input *in)
{
	return image_starts_with(bytes_from(in->data, AT_INFO), BYTES("?NEW"));
}

static uint64_t table_of(const struct image_input *in)
{
	return is_new(in) ? NEW_TABLE : TABLE;
}

/* A file that ends before the table: the block about the vendor is a text with its length, then 0xff; or all of it 0xff. */
static bool has_vendor_text(const struct image_input *in)
{
	struct bytes block = image_slice(in, AT_INFO, INFO_SIZE);
	uint32_t length;

	if (image_starts_with(bytes_from(in->data, AT_INFO), BYTES("fw-type:Cloud")))
		return true;
	if (in->data.size < AT_INFO + 5)
		return false;
	length = load_be32(in->data.data + AT_INFO);
	/* the MD5 in front of it keeps erased flash from looking so */
	if (block.size > 100 && block.data[0] == 0xff && image_padding(block) == block.size)
		return image_padding(image_slice(in, AT_MD5, IMAGE_MD5_SIZE)) < IMAGE_MD5_SIZE / 2 &&
		       load_be32(in->data.data) > TABLE && load_be32(in->data.data) <= LENGTH_MAX;
	if (length < 4 || length >= INFO_SIZE || in->data.size <= AT_INFO + 4 + length || load_be32(in->data.data) > LENGTH_MAX ||
	    load_be32(in->data.data) <= TABLE)
		return false;
	for (uint32_t i = 0; i < length; i++) {
		uint8_t c = in->data.data[AT_INFO + 4 + i];

		if ((c < 0x20 || c > 0x7e) && c != '\r' && c != '\n' && c != '\t' && c != '\0')
			return false;
	}
	return in->data.data[AT_INFO + 4 + length] == 0xff;
}

static bool matches(const struct image_input *in)
{
	uint64_t table = table_of(in);

	if (in->data.size >= table + 9)
		return memcmp(in->data.data + table, "fwup-ptn ", 9) == 0;
	return has_vendor_text(in);
}

struct partition {
	char name[32];
	uint64_t offset, size;
};

/* "fwup-ptn NAME base 0x00800 size 0x00800\t\r\n". Bases count from the table. */
static bool read_line(char *line, uint64_t table, struct partition *partition)
{
	char *word, *rest = line;
	const char *words[6];
	unsigned count = 0;

	while (count < ARRAY_SIZE(words) && (word = strtok_r(rest, " \t\r", &rest)) != NULL)
		words[count++] = word;
	if (count < 6 || !text_equal(words[0], "fwup-ptn") || !text_equal(words[2], "base") || !text_equal(words[4], "size"))
		return false;
	text_copy(partition->name, sizeof(partition->name), words[1]);
	partition->offset = table + (strtoull(words[3], NULL, 16) & UINT32_MAX);
	partition->size = strtoull(words[5], NULL, 16) & UINT32_MAX;
	return true;
}

static unsigned read_table(const struct image_input *in, struct partition partitions[PARTITIONS])
{
	struct bytes rest = image_slice(in, table_of(in), TABLE_SIZE);
	unsigned count = 0;
	char line[128];

	while (rest.size > 0 && count < PARTITIONS && rest.data[0] != '\0' && rest.data[0] != 0xff) {
		const uint8_t *end = memchr(rest.data, '\n', rest.size);
		size_t length = end != NULL ? (size_t)(end - rest.data) : rest.size;

		text_printable(line, sizeof(line), bytes_of(rest.data, length));
		count += read_line(line, table_of(in), &partitions[count]);
		rest = bytes_from(rest, length + 1);
	}
	return count;
}

/* --- the list of devices --- */

/* The name that a line begins with: "CPE210(TP-LINK|...):2.0", "{product_name:Archer C7,product_ver:5.0.0,...}". */
static struct bytes product_name(struct bytes line)
{
	static const char key[] = "product_name:";
	const uint8_t *at = memmem(line.data, line.size, key, sizeof(key) - 1);
	size_t length = 0;

	if (at != NULL)
		line = bytes_from(line, (size_t)(at - line.data) + sizeof(key) - 1);
	while (length < line.size && memchr(at != NULL ? ",}" : "(:{", line.data[length], 3) == NULL)
		length++;
	return bytes_of(line.data, length);
}

static void set_revision(struct image_facts *facts, struct bytes line)
{
	static const char key[] = "product_ver:";
	const uint8_t *at = memmem(line.data, line.size, key, sizeof(key) - 1), *end;

	if (facts->revision[0] != '\0')
		return;
	if (at != NULL) {
		at += sizeof(key) - 1;
		end = at;
		while (end < line.data + line.size && *end != ',' && *end != '}')
			end++;
	} else {
		at = memrchr(line.data, ':', line.size);
		end = line.data + line.size;
		if (at == NULL)
			return;
		at++;
	}
	image_text(facts->revision, sizeof(facts->revision), bytes_of(at, (size_t)(end - at)));
}

/* A line, or what ends at a brace: some lists have one device behind the other. */
static struct bytes take_line(struct bytes *list)
{
	struct bytes line = { list->data, 0 };

	while (line.size < list->size && line.data[line.size] != '\n')
		if (line.data[line.size++] == '}')
			break;
	*list = bytes_from(*list, line.size < list->size && list->data[line.size] == '\n' ? line.size + 1 : line.size);
	return line;
}

static void read_support_list(struct image_facts *facts, struct bytes list, bool is_names)
{
	while (list.size > 0) {
		struct bytes line = take_line(&list);

		while (line.size > 0 && (line.data[line.size - 1] <= ' ' || line.data[line.size - 1] == 0xff))
			line.size--;
		while (line.size > 0 && line.data[0] <= ' ')
			line = bytes_from(line, 1);
		if (line.size < 3 || image_starts_with(line, BYTES("SupportList:")) || !image_is_text(line))
			continue;
		set_revision(facts, line);
		if (is_names)
			image_add_board(facts, product_name(line));
		else if (facts->board_count < BOARDS_BY_LINE)
			image_add_board(facts, line);
	}
}

/* --- the version: text, or numbers and a date in decimal digits --- */

static void read_version(struct image_facts *facts, struct bytes of)
{
	const uint8_t *v = of.data;

	if (image_starts_with(of, BYTES("soft_ver:")))
		of = bytes_from(of, 9);
	else if (of.size >= 12 && v[0] == 0xff) {
		text_format(facts->version, sizeof(facts->version), "%u.%u.%u Build %02x%02x%02x%02x", v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
		if (load_be32(v + 8) != 0)
			text_append(facts->version, sizeof(facts->version), " rel.%" PRIu32, load_be32(v + 8));
		return;
	}
	while (of.size > 0 && of.data[of.size - 1] <= ' ')
		of.size--;
	if (image_is_text(of))
		image_text(facts->version, sizeof(facts->version), of);
}

/* The contents of a small partition, by the length in front of them. */
static struct bytes meta_of(const struct image_input *in, const struct partition *partition)
{
	struct bytes of = image_slice(in, partition->offset, partition->size);
	uint32_t length;

	if (of.size < META_HEADER)
		return (struct bytes){ of.data, 0 };
	length = load_be32(of.data);
	of = bytes_from(of, META_HEADER);
	if (length < of.size)
		of.size = length;
	return of;
}

static void read_partitions(const struct image_input *in, struct image_facts *facts)
{
	struct partition partitions[PARTITIONS];
	unsigned count = read_table(in, partitions);

	if (count == 0)
		image_broken(facts, table_of(in), "its table of partitions is damaged");
	for (unsigned i = 0; i < count; i++) {
		const struct partition *partition = &partitions[i];
		bool is_list = text_equal(partition->name, "support-list");

		if (!image_lies_in(partition->offset, partition->size, in->size) && facts->whole != IMAGE_NO)
			image_broken(facts, table_of(in), "its partition '%s' lies outside of it", partition->name);
		if (is_list) {
			read_support_list(facts, meta_of(in, partition), false);
			read_support_list(facts, meta_of(in, partition), true);
		} else if (text_equal(partition->name, "soft-version"))
			read_version(facts, meta_of(in, partition));
		image_add_part(in, facts, partition->offset, partition->size, partition->name);
	}
}

static void check_md5(const struct image_input *in, struct image_facts *facts, uint32_t length)
{
	struct bytes pieces[] = { bytes_of(salt, sizeof(salt)), image_slice(in, AT_INFO, length - AT_INFO) };
	bool is_cloud = image_starts_with(bytes_from(in->data, AT_INFO), BYTES("fw-type:Cloud"));
	struct image_facts of = *facts;
	enum image_answer answer;

	if (!image_in_memory(in, 0, length))
		return;
	answer = image_compare_digest(in, &of, "md5", pieces, 2, AT_INFO, "it", bytes_of(in->data.data + AT_MD5, IMAGE_MD5_SIZE));
	if (answer == IMAGE_UNKNOWN)
		return;
	/* the salt is known from the other kind; devices that take this one also look at a signature */
	if (answer == IMAGE_NO && is_cloud) {
		image_problem(facts, AT_MD5, "its MD5 does not match: it is damaged, or made in a way that is not known here");
		return;
	}
	*facts = of;
	image_covered(facts, "size and the MD5 of all that follows it");
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint64_t length;

	image_set_vendor(facts, "TP-LINK");
	facts->ends_exactly = true;
	text_copy(facts->checked, sizeof(facts->checked), "size and places of the partitions");
	if (!image_has_header(in, facts, AT_INFO))
		return;
	length = is_new(in) ? (uint64_t)load_be32(in->data.data + 0x10) + AT_INFO : load_be32(in->data.data);
	if (length <= table_of(in)) {
		image_broken(facts, is_new(in) ? 0x10 : 0, "its header is damaged: it says that it has %" PRIu64 " bytes", length);
		return;
	}
	/* how the digest of the newer files is made is not known */
	if (image_declare(in, facts, length) && !is_new(in))
		check_md5(in, facts, (uint32_t)length);
	if (in->data.size >= table_of(in) + 9)
		read_partitions(in, facts);
}

const struct image_format image_format_tplink_safeloader = {
	.word = "tplink-safeloader", .title = "TP-Link safeloader image", .matches = matches, .inspect = inspect,
};
