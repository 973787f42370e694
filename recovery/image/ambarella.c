/* recovery/image/ambarella.c
 *
 * Firmware of cameras with Ambarella chips: a header that begins with the model, then parts, each behind a header of 256 bytes with its CRC.
 * Little-endian. The file's header differs between products; what is common is that a CRC over all parts stands behind the model.
 * Source: o-gs/dji-firmware-tools (amba_fwpak.py); storyboardcreativity/Z-Cam-E1-Firmware-Repacker (parsing_types.h). */
#include <ctype.h>
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

enum {
	MODEL_SIZE = 32,
	FIRST_MAX = 4096,	/* where the first part begins, at most */
	PARTS_MAX = 32,
	PART_HEADER = 256,
	PART_VERSION = 4,
	PART_LENGTH = 12,
	PART_MAGIC = 24,
};

static bool is_part(const struct image_input *in, uint64_t at)
{
	return image_in_memory(in, at, PART_MAGIC + 4) && load_le32(in->data.data + at + PART_MAGIC) == 0xa324eb90;
}

/* Text, then NULs. An empty model occurs. */
static bool has_model(const struct image_input *in)
{
	size_t i = 0;

	if (in->data.size < MODEL_SIZE)
		return false;
	while (i < MODEL_SIZE && isprint(in->data.data[i]))
		i++;
	while (i < MODEL_SIZE && in->data.data[i] == 0)
		i++;
	return i == MODEL_SIZE;
}

/* 0: there is none near the start. */
static uint64_t first_part(const struct image_input *in)
{
	for (uint64_t at = MODEL_SIZE + 4; at < FIRST_MAX; at += 4)
		if (is_part(in, at))
			return at;
	return 0;
}

static bool matches(const struct image_input *in)
{
	return has_model(in) && first_part(in) != 0;
}

/* Returns where the part ends, 0 when that is not to be seen. */
static uint64_t check_part(const struct image_input *in, struct image_facts *facts, uint64_t at, unsigned i)
{
	const uint8_t *header = in->data.data + at;
	uint64_t data = at + PART_HEADER, size = load_le32(header + PART_LENGTH);
	uint32_t want = load_le32(header), have;
	char name[24];

	text_format(name, sizeof(name), "part %u", i);
	image_add_part(in, facts, data, size, name);
	if (i == 0 && load_le32(header + PART_VERSION) != 0)
		text_format(facts->version, sizeof(facts->version), "%u.%u", load_le16(header + PART_VERSION + 2),
			    load_le16(header + PART_VERSION));
	if (!image_in_memory(in, data, size)) {
		image_declare(in, facts, data + size);
		return 0;
	}
	have = image_crc32(in, image_slice(in, data, size));
	if (have != want)
		image_broken(facts, data, "its part %u is damaged: expected checksum %08" PRIx32 ", found %08" PRIx32, i, want, have);
	return data + size;
}

/* The CRC is one of the words behind the model. */
static bool has_sum(const struct image_input *in, uint32_t crc, uint64_t first)
{
	for (uint64_t at = MODEL_SIZE; at < MODEL_SIZE + 12 && at + 4 <= first; at += 4)
		if (load_le32(in->data.data + at) == crc)
			return true;
	return false;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint64_t first = first_part(in), at = first, end = first;

	image_set_name(facts, image_slice(in, 0, MODEL_SIZE));
	facts->version[0] = '\0';	/* digits in the name are the model's */
	image_add_board(facts, bytes_of_text(facts->name));
	text_copy(facts->checked, sizeof(facts->checked), "the checksum of each part that is there; how many there should be is not known");
	for (unsigned i = 0; i < PARTS_MAX && at != 0 && is_part(in, at); i++) {
		at = check_part(in, facts, at, i);
		end = at != 0 ? at : end;
	}
	if (at == 0 || in->data.size < in->size)
		return;
	facts->declared_size = end;
	if (!has_sum(in, image_crc32(in, image_slice(in, first, end - first)), first))
		return;
	text_copy(facts->checked, sizeof(facts->checked), "the checksum over all parts and that of each");
	if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_ambarella = {
	.word = "ambarella", .title = "Ambarella camera firmware", .matches = matches, .inspect = inspect,
};
