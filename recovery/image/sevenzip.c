/* recovery/image/sevenzip.c
 *
 * 7z: the header at the start says where the one at the end is; both have a checksum, the contents are not looked at.
 * Source: 7zFormat.txt of the LZMA SDK, "SignatureHeader". */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

enum { HEADER = 32, AT_START_CRC = 8, AT_NEXT = 12, AT_NEXT_SIZE = 20, AT_NEXT_CRC = 28 };

static bool matches(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("7z\xbc\xaf\x27\x1c"));
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint64_t next, size;

	text_copy(facts->compression, sizeof(facts->compression), "7z");
	text_copy(facts->checked, sizeof(facts->checked), "both headers; its checksums of the contents need unpacking");
	if (in->size < HEADER)
		image_broken(facts, in->size, "it is cut off inside its header");
	if (in->data.size < HEADER)
		return;
	if (image_crc32(in, bytes_of(header + AT_NEXT, 20)) != load_le32(header + AT_START_CRC)) {
		image_broken(facts, AT_START_CRC, "its header is damaged: the checksum does not match");
		return;
	}
	next = load_le64(header + AT_NEXT);
	size = load_le64(header + AT_NEXT_SIZE);
	if (next > UINT64_MAX - HEADER || size > UINT64_MAX - HEADER - next) {
		image_broken(facts, AT_NEXT, "its header says that it is longer than any file");
		return;
	}
	if (!image_declare(in, facts, HEADER + next + size) || !image_in_memory(in, HEADER + next, size))
		return;
	facts->ends_exactly = true;
	if (image_crc32(in, image_slice(in, HEADER + next, size)) != load_le32(header + AT_NEXT_CRC))
		image_broken(facts, HEADER + next, "its list of members is damaged: the checksum does not match");
}

const struct image_format image_format_7z = {
	.word = "7z", .is_carrier = true, .title = "7z archive", .matches = matches, .inspect = inspect,
};
