/* recovery/image/hikvision.c
 *
 * Hikvision and Ezviz upgrade file (digicap.dav): a header whose bytes are XORed with a key of 16, little-endian; a table of members, each
 * with a byte sum. Newer files have another layer of encryption, of which only the beginning is known.
 * Source: MatrixEditor/hiktools (fmod/decrypter.py), public unpackers of SWKH files; the two disagree on the order of offset and length, so
 * the file decides. */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	KEY_SIZE = 16,
	HEADER_SIZE = 64,
	AT_SUM = 4,
	AT_LENGTH = 8,
	AT_FILES = 12,
	AT_LANGUAGE = 16,
	AT_CLASS = 20,
	SUMMED_FROM = 12,
	ENTRY_SIZE = 44,
	NAME_SIZE = 32,
	FILES_MAX = 256,
	HEADER_MAX = HEADER_SIZE + FILES_MAX * ENTRY_SIZE,
};

struct dav {
	const struct image_input *in;
	uint8_t header[HEADER_MAX];	/* decoded, as far as it is in memory */
	uint32_t length, files;
	bool length_first;		/* in the entries */
	uint64_t budget;		/* bytes still to be summed: members may not overlap for ever */
};

static uint8_t key_at(size_t i)
{
	static const uint8_t key[KEY_SIZE] = {
		0xba, 0xcd, 0xbc, 0xfe, 0xd6, 0xca, 0xdd, 0xd3, 0xba, 0xb9, 0xa3, 0xab, 0xbf, 0xcb, 0xb5, 0xbe,
	};

	return key[(i + (i >> 4)) % KEY_SIZE];
}

static bool matches(const struct image_input *in)
{
	/* "SWKH" behind the key */
	return image_starts_with(in->data, BYTES("\xe9\x9a\xf7\xb6"));
}

static size_t decode(struct dav *dav)
{
	struct bytes from = image_slice(dav->in, 0, HEADER_MAX);

	for (size_t i = 0; i < from.size; i++)
		dav->header[i] = from.data[i] ^ key_at(i);
	return from.size;
}

static const char *language_name(uint32_t language)
{
	return language == 1 ? "English" : language == 2 ? "Chinese" : "";
}

static void tell_header(const struct dav *dav, struct image_facts *facts)
{
	uint32_t language = load_le32(dav->header + AT_LANGUAGE);
	char board[40];

	text_format(board, sizeof(board), "class 0x%" PRIx32, load_le32(dav->header + AT_CLASS));
	image_add_board(facts, bytes_of_text(board));
	text_format(facts->name, sizeof(facts->name), "language %" PRIu32 "%s%s", language, language_name(language)[0] ? ", " : "",
		    language_name(language));
	if (language == 2)
		image_warning(facts, "it is for devices of the Chinese market: others can refuse to start with it");
}

static uint64_t entry_offset(const struct dav *dav, unsigned i)
{
	return load_le32(dav->header + HEADER_SIZE + i * ENTRY_SIZE + NAME_SIZE + (dav->length_first ? 4 : 0));
}

static uint64_t entry_size(const struct dav *dav, unsigned i)
{
	return load_le32(dav->header + HEADER_SIZE + i * ENTRY_SIZE + NAME_SIZE + (dav->length_first ? 0 : 4));
}

/* The first member stands behind the header: that field is the offset. */
static bool find_order(struct dav *dav)
{
	for (int i = 0; i < 2; i++) {
		uint64_t end = dav->length;
		unsigned member;

		dav->length_first = i;
		for (member = 0; member < dav->files; member++) {
			if (entry_offset(dav, member) < dav->length || entry_offset(dav, member) > UINT32_MAX - entry_size(dav, member))
				break;
			if (entry_offset(dav, member) + entry_size(dav, member) > end)
				end = entry_offset(dav, member) + entry_size(dav, member);
		}
		/* members lie close to each other: with the fields exchanged they do not */
		if (member == dav->files && entry_offset(dav, 0) - dav->length < UINT16_MAX)
			return true;
	}
	return false;
}

/* Returns false when a sum could not be computed. */
static bool check_member(struct dav *dav, struct image_facts *facts, unsigned i)
{
	const uint8_t *entry = dav->header + HEADER_SIZE + i * ENTRY_SIZE;
	uint64_t offset = entry_offset(dav, i), size = entry_size(dav, i);
	uint32_t want = load_le32(entry + NAME_SIZE + 8), have;
	char name[NAME_SIZE + 1];

	image_text(name, sizeof(name), bytes_of(entry, NAME_SIZE));
	image_add_part(dav->in, facts, offset, size, name);
	if (!image_in_memory(dav->in, offset, size) || size > dav->budget)
		return false;
	dav->budget -= size;
	have = image_byte_sum(image_slice(dav->in, offset, size));
	if (have != want)
		image_broken(facts, offset, "its member '%.32s' is damaged: expected sum 0x%08" PRIx32 ", found 0x%08" PRIx32, name, want, have);
	return true;
}

static void read_members(struct dav *dav, struct image_facts *facts)
{
	uint64_t end = dav->length;
	bool all = true;

	for (unsigned i = 0; i < dav->files; i++)
		if (entry_offset(dav, i) + entry_size(dav, i) > end)
			end = entry_offset(dav, i) + entry_size(dav, i);
	image_declare(dav->in, facts, end);
	for (unsigned i = 0; i < dav->files; i++)
		all &= check_member(dav, facts, i);
	if (!all)
		return;
	text_copy(facts->checked, sizeof(facts->checked), "byte sums of the header and of each member");
	if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct dav dav = { .in = in, .budget = in->size };
	size_t have = decode(&dav);
	uint32_t want, sum;

	image_set_vendor(facts, "Hikvision");
	text_copy(facts->checked, sizeof(facts->checked), "nothing: its table could not be read");
	if (have < HEADER_SIZE) {
		if (in->size < HEADER_SIZE)
			image_broken(facts, in->size, "it is cut off inside its header");
		return;
	}
	tell_header(&dav, facts);
	dav.length = load_le32(dav.header + AT_LENGTH);
	dav.files = load_le32(dav.header + AT_FILES);
	if (dav.length > in->size) {
		image_broken(facts, in->size, "it is cut off inside its header, or its header is damaged");
		return;
	}
	if (dav.length > have && in->data.size < in->size)
		return;
	if (dav.length > have || dav.length < HEADER_SIZE) {
		image_problem(facts, AT_LENGTH, "its header is of another kind, or damaged: a length of %" PRIu32 " bytes", dav.length);
		return;
	}
	want = load_le32(dav.header + AT_SUM);
	sum = image_byte_sum(bytes_of(dav.header + SUMMED_FROM, dav.length - SUMMED_FROM));
	if (sum != want)
		image_broken(facts, AT_SUM, "its header is damaged: expected sum 0x%08" PRIx32 ", found 0x%08" PRIx32, want, sum);
	else if (dav.files == 0 || dav.files > FILES_MAX || dav.length < HEADER_SIZE + dav.files * ENTRY_SIZE)
		image_problem(facts, AT_FILES, "its header is of another kind: %" PRIu32 " members in %" PRIu32 " bytes", dav.files, dav.length);
	else if (find_order(&dav))
		read_members(&dav, facts);
	else
		image_problem(facts, HEADER_SIZE, "its table of members cannot be right");
}

const struct image_format image_format_hikvision = {
	.word = "hikvision-dav", .title = "Hikvision firmware", .matches = matches, .inspect = inspect,
};
