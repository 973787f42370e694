/* recovery/image/cab.c
 *
 * Cabinet, as fwupd and the vendors of PCs hand out firmware: blocks of data, each with a sum, and a description in AppStream XML.
 * Source: Microsoft "Cabinet Format" [MS-CAB] 2; fwupd docs/metainfo. */
#include <inttypes.h>

#include "recovery/image/inflate.h"
#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	HEADER = 36, AT_SIZE = 8, AT_FILES = 16, AT_FOLDERS = 26, AT_FILE_COUNT = 28, AT_FLAGS = 30, FLAG_RESERVED = 4,
	FOLDER = 8, FILE_ENTRY = 16, FILE_NAME_MAX = 256, CONTINUED = 0xfffd, BLOCK = 8, BLOCK_MAX = 32768, BLOCKS = 65536, FOLDERS = 32,
	STORED = 0, MSZIP = 1,
};

static bool matches(const struct image_input *in)
{
	return in->data.size >= HEADER && image_starts_with(in->data, BYTES("MSCF\0\0\0\0")) && in->data.data[25] == 1;
}

/* 3.1: words XORed, little-endian; of the bytes that are left the last one lowest. */
static uint32_t sum(struct bytes over, uint32_t seed)
{
	uint32_t left = 0;
	size_t at = 0;

	for (; at + 4 <= over.size; at += 4)
		seed ^= load_le32(over.data + at);
	while (at < over.size)
		left = left << 8 | over.data[at++];
	return seed ^ left;
}

/* The text between <tag ...> and the next <. */
static void read_element(struct bytes xml, const char *tag, char *to, size_t size)
{
	const uint8_t *at = memmem(xml.data, xml.size, tag, strlen(tag)), *end;

	to[0] = '\0';
	if (at == NULL)
		return;
	xml = bytes_of(at, (size_t)(xml.data + xml.size - at));
	at = memchr(xml.data, '>', xml.size);
	end = at != NULL ? memchr(at, '<', (size_t)(xml.data + xml.size - at)) : NULL;
	if (end != NULL)
		image_text(to, size, bytes_of(at + 1, (size_t)(end - at - 1)));
}

static void read_description(struct bytes text, struct image_facts *facts)
{
	const uint8_t *at = memmem(text.data, text.size, "<component", 10), *release;
	char value[64];

	if (at == NULL)
		return;
	text = bytes_of(at, (size_t)(text.data + text.size - at));
	read_element(text, "<firmware", value, sizeof(value));
	image_add_board(facts, bytes_of_text(value));
	read_element(text, "<name", facts->name, sizeof(facts->name));
	read_element(text, "<developer_name", value, sizeof(value));
	image_set_vendor(facts, value);
	release = memmem(text.data, text.size, "<release ", 9);
	release = release != NULL ? memmem(release, (size_t)(text.data + text.size - release), "version=\"", 9) : NULL;
	if (release != NULL) {
		struct bytes version = bytes_of(release + 9, (size_t)(text.data + text.size - release - 9));
		const uint8_t *end = memchr(version.data, '"', version.size);

		if (end != NULL)
			image_text(facts->version, sizeof(facts->version), bytes_of(version.data, (size_t)(end - version.data)));
	}
}

/* Each block of a folder by itself: of a packed one only the first does not need those before. */
static void look_at_first_block(struct bytes data, unsigned type, struct image_facts *facts)
{
	uint8_t text[BLOCK_MAX];

	if (type == STORED)
		read_description(data, facts);
	else if (type == MSZIP && data.size > 2 && memcmp(data.data, "CK", 2) == 0)
		read_description(bytes_of(text, inflate_head(bytes_from(data, 2), text, sizeof(text))), facts);
}

struct blocks {
	const struct image_input *in;
	struct image_facts *facts;
	unsigned checked, unsure, left;
};

static void check_folder(struct blocks *blocks, const uint8_t *folder, unsigned reserved)
{
	uint64_t at = load_le32(folder);
	unsigned count = load_le16(folder + 4), type = load_le16(folder + 6) & 15;

	for (unsigned i = 0; i < count && blocks->left > 0; i++, blocks->left--) {
		struct bytes head = image_slice(blocks->in, at, BLOCK), data;
		uint32_t want;

		if (head.size < BLOCK)
			break;
		want = load_le32(head.data);
		data = image_slice(blocks->in, at + BLOCK + reserved, load_le16(head.data + 4));
		if (data.size < load_le16(head.data + 4))
			break;
		if (i == 0)
			look_at_first_block(data, type, blocks->facts);
		blocks->unsure += want == 0;	/* 0: was not made */
		blocks->checked += want != 0;
		if (want != 0 && sum(bytes_of(head.data + 4, 4), sum(data, 0)) != want) {
			image_broken(blocks->facts, at, "its block of data at byte %" PRIu64 " is damaged: the sum does not match", at);
			return;
		}
		at += BLOCK + reserved + load_le16(head.data + 4);
	}
}

/* No sum covers the list: it must be as long as it says, each name end, and each file belong to a folder. */
static bool has_file_list(const struct image_input *in, uint64_t first_block)
{
	uint64_t at = load_le32(in->data.data + AT_FILES);
	unsigned count = load_le16(in->data.data + AT_FILE_COUNT), folders = load_le16(in->data.data + AT_FOLDERS);

	for (unsigned i = 0; i < count; i++) {
		struct bytes entry = image_slice(in, at, FILE_ENTRY), name = image_slice(in, at + FILE_ENTRY, FILE_NAME_MAX);
		const uint8_t *end = name.size > 0 ? memchr(name.data, 0, name.size) : NULL;

		if (at < HEADER || entry.size < FILE_ENTRY || end == NULL || end == name.data)
			return false;
		if (load_le16(entry.data + 8) >= folders && load_le16(entry.data + 8) < CONTINUED)
			return false;
		at += FILE_ENTRY + (uint64_t)(end - name.data) + 1;
		if (at > first_block)
			return false;
	}
	return count > 0;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *head = in->data.data;
	struct blocks blocks = { .in = in, .facts = facts, .left = BLOCKS };
	unsigned folders = load_le16(head + AT_FOLDERS), of_folder = 0, of_data = 0;
	uint64_t at = HEADER, first = UINT64_MAX;

	text_copy(facts->compression, sizeof(facts->compression), "cab");
	text_copy(facts->checked, sizeof(facts->checked), "size");
	facts->ends_exactly = true;
	if (load_le16(head + AT_FLAGS) & FLAG_RESERVED) {
		struct bytes reserved = image_slice(in, HEADER, 4);

		if (reserved.size < 4)
			return;
		at += 4 + load_le16(reserved.data);
		of_folder = reserved.data[2];
		of_data = reserved.data[3];
	}
	if (load_le32(head + AT_SIZE) < HEADER) {
		image_broken(facts, AT_SIZE, "its header is damaged: it says that it has %" PRIu32 " bytes", load_le32(head + AT_SIZE));
		return;
	}
	if (!image_declare(in, facts, load_le32(head + AT_SIZE)))
		return;
	for (unsigned i = 0; i < folders && i < FOLDERS; i++, at += FOLDER + of_folder) {
		struct bytes folder = image_slice(in, at, FOLDER);

		if (folder.size < FOLDER)
			break;
		check_folder(&blocks, folder.data, of_data);
		if (load_le32(folder.data) < first)
			first = load_le32(folder.data);
	}
	if (in->data.size < in->size)
		return;
	if (!has_file_list(in, first))
		image_broken(facts, AT_FILES, "its list of files is damaged");
	if (blocks.checked == 0)
		return;
	text_copy(facts->checked, sizeof(facts->checked), "the sums of its blocks");
	if (facts->whole != IMAGE_NO && blocks.unsure == 0 && folders <= FOLDERS && blocks.left > 0)
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_cab = {
	.word = "cab", .title = "cabinet", .matches = matches, .inspect = inspect,
};
