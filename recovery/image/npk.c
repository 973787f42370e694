/* recovery/image/npk.c
 *
 * MikroTik package: magic, length of the rest, then records of type, length, data. Little-endian.
 * Source: OpenWrt firmware-utils src/npk_pack_kernel.c; MikroTik NPK notes in image format lists of several extractors. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	FILES_HEAD = 64 * 1024,
	FILES = 24,
	FILE_HEADER = 30,
	FILE_SIZE = 24,
	FILE_NAME_SIZE = 28,
	AT_LENGTH = 4,
	HEADER_SIZE = 8,
	RECORD_HEADER = 6,	/* type 2, length 4 */
	RECORDS = 4096,
	TYPE_NAME = 1,
	TYPE_ZLIB = 4,
	TYPE_ARCHITECTURE = 16,
	TYPE_SQUASHFS = 21,
	NAME_SIZE = 16,
	VERSION_AT = 16,	/* revision, release kind, minor, major */
};

static bool matches(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("\x1e\xf1\xd0\xba"));
}

static void set_architecture(struct image_facts *facts, struct bytes word)
{
	static const struct { const char *word, *arch; } words[] = {
		{ "mipsbe", "mips" }, { "smips", "mips" }, { "mmips", "mipsel" }, { "mipsle", "mipsel" }, { "arm64", "arm64" }, { "arm", "arm" },
		{ "i386", "x86" }, { "x86", "x86" }, { "ppc", "ppc" }, { "tile", "" },
	};
	char text[16];

	image_text(text, sizeof(text), word);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (text_equal(text, words[i].word))
			text_copy(facts->arch, sizeof(facts->arch), words[i].arch);
	image_add_board(facts, bytes_of_text(text));
}

static void read_name(struct image_facts *facts, struct bytes info)
{
	const uint8_t *version;

	image_text(facts->name, sizeof(facts->name), bytes_of(info.data, info.size < NAME_SIZE ? info.size : NAME_SIZE));
	if (info.size < VERSION_AT + 4)
		return;
	version = info.data + VERSION_AT;
	/* the kind of release: 'f' final, 'c' candidate, 'b' beta; the number in front of it belongs to the kind then */
	if (version[3] != 0 || version[2] != 0)
		text_format(facts->version, sizeof(facts->version), "%u.%u", version[3], version[2]);
	if (facts->version[0] != '\0' && version[0] != 0)
		text_append(facts->version, sizeof(facts->version), "%s%u", version[1] == 'c' ? "rc" : version[1] == 'b' ? "beta" : ".",
			    version[0]);
}

/* Files behind each other, packed as one stream: mode, times, length of the contents, length of the name, name, contents. */
static void read_files(const struct image_input *in, struct image_facts *facts, struct bytes packed)
{
	uint8_t head[FILES_HEAD];
	enum image_answer end;
	uint64_t used, have, at = 0;
	char name[64];

	if (in->ops->unpack == NULL || packed.size == 0)
		return;
	have = in->ops->unpack(in->ops->user, "zlib", packed, head, sizeof(head), sizeof(head), &end, &used);
	for (unsigned i = 0; i < FILES && at + FILE_HEADER <= have; i++) {
		uint32_t size = load_le32(head + at + FILE_SIZE), name_size = load_le16(head + at + FILE_NAME_SIZE);

		at += FILE_HEADER;
		if (at + name_size > have)
			return;
		text_printable(name, sizeof(name), bytes_of(head + at, name_size));
		at += name_size;
		if (size > 0)
			image_add_unpacked_part(in, facts, bytes_of(head + at, (size_t)(size < have - at ? size : have - at)), size, name, false);
		at += size;
	}
}

static void read_record(const struct image_input *in, struct image_facts *facts, uint16_t type, uint64_t at, uint32_t length)
{
	struct bytes data = image_slice(in, at, length);

	if (type == TYPE_NAME)
		read_name(facts, data);
	else if (type == TYPE_ARCHITECTURE)
		set_architecture(facts, data);
	else if (type == TYPE_SQUASHFS && image_starts_with(data, BYTES("hsqs")))
		image_add_part(in, facts, at, length, "squashfs");
	else if (type == TYPE_ZLIB)
		read_files(in, facts, data);
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint64_t at = HEADER_SIZE, end;

	image_set_vendor(facts, "MikroTik");
	if (!image_has_header(in, facts, HEADER_SIZE))
		return;
	facts->ends_exactly = true;
	text_copy(facts->checked, sizeof(facts->checked), "length and chain of records; its signature is not checked");
	end = HEADER_SIZE + (uint64_t)load_le32(in->data.data + AT_LENGTH);
	if (!image_declare(in, facts, end))
		return;
	for (unsigned i = 0; i < RECORDS && at < end && image_in_memory(in, at, RECORD_HEADER); i++) {
		uint16_t type = load_le16(in->data.data + at);
		uint32_t length = load_le32(in->data.data + at + 2);

		if (!image_lies_in(at + RECORD_HEADER, length, end)) {
			image_broken(facts, at, "its records are damaged: one of type %u needs %" PRIu32 " bytes", type, length);
			return;
		}
		read_record(in, facts, type, at + RECORD_HEADER, length);
		at += RECORD_HEADER + (uint64_t)length;
	}
}

const struct image_format image_format_mikrotik_npk = {
	.word = "mikrotik-npk", .title = "MikroTik package", .matches = matches, .inspect = inspect,
};
