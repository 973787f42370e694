/* recovery/image/routers.c
 *
 * Router makers of which a header and its checksums are all there is: Cameo, Planex, EFM ipTIME, H3C; and the parts of a BRN
 * (Arcadyan) image, each with a record behind it.
 * Source: OpenWrt firmware-utils src/mkcameofw.c, mkplanexfw.c, iptime-crc32.c, iptime-naspkg.c, mkh3cimg.c, mkbrnimg.c. HiLink's (mkhilinkfw.c)
 * is an uImage under DES twice: nothing can be told of it without that cipher. */
#include <ctype.h>
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/crc.h"
#include "src/base/text.h"

/* --- Cameo: big-endian; a sum of the bytes behind the header --- */

enum {
	CAMEO_SUM = 0, CAMEO_SIZE = 4, CAMEO_KERNEL = 8, CAMEO_MODEL = 12, CAMEO_MODEL_SIZE = 20, CAMEO_SIGNATURE = 32, CAMEO_SIGNATURE_SIZE = 30,
	CAMEO_REGION = 62, CAMEO_REGION_SIZE = 4, CAMEO_VERSION = 66, CAMEO_VERSION_SIZE = 12, CAMEO_HEADER_SIZE = 78, CAMEO_HEADER = 84,
};

static bool is_cameo(const struct image_input *in)
{
	const uint8_t *header = in->data.data;

	return in->data.size >= CAMEO_HEADER && header[CAMEO_HEADER_SIZE] == CAMEO_HEADER && load_be32(header + CAMEO_SIZE) > 0 &&
	       load_be32(header + CAMEO_KERNEL) <= load_be32(header + CAMEO_SIZE) && image_is_padded_text(bytes_of(header + CAMEO_MODEL, CAMEO_MODEL_SIZE)) &&
	       image_is_padded_text(bytes_of(header + CAMEO_SIGNATURE, CAMEO_SIGNATURE_SIZE)) &&
	       image_is_padded_text(bytes_of(header + CAMEO_REGION, CAMEO_REGION_SIZE)) &&
	       image_is_padded_text(bytes_of(header + CAMEO_VERSION, CAMEO_VERSION_SIZE));
}

static void inspect_cameo(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint32_t size = load_be32(header + CAMEO_SIZE), kernel = load_be32(header + CAMEO_KERNEL);

	image_set_vendor(facts, "Cameo");
	image_text(facts->name, sizeof(facts->name), bytes_of(header + CAMEO_MODEL, CAMEO_MODEL_SIZE));
	image_text(facts->version, sizeof(facts->version), bytes_of(header + CAMEO_VERSION, CAMEO_VERSION_SIZE));
	image_add_board_field(facts, bytes_of(header + CAMEO_SIGNATURE, CAMEO_SIGNATURE_SIZE));
	image_add_board_field(facts, bytes_of(header + CAMEO_MODEL, CAMEO_MODEL_SIZE));
	facts->ends_exactly = true;
	text_copy(facts->checked, sizeof(facts->checked), "size");
	if (!image_declare(in, facts, (uint64_t)CAMEO_HEADER + size))
		return;
	if (image_in_memory(in, CAMEO_HEADER, size) &&
	    image_compare(facts, CAMEO_HEADER, "its data", image_byte_sum(image_slice(in, CAMEO_HEADER, size)), load_be32(header + CAMEO_SUM)))
		image_covered(facts, "size and the sum of the data");
	image_add_part(in, facts, CAMEO_HEADER, kernel, "kernel");
	if (kernel < size)
		image_add_part(in, facts, (uint64_t)CAMEO_HEADER + kernel, size - kernel, "rootfs");
}

const struct image_format image_format_cameo = {
	.word = "cameo", .title = "Cameo router image", .matches = is_cameo, .inspect = inspect_cameo,
};

/* --- Planex: big-endian; SHA-1 over a number of the board's and the data --- */

enum { PLANEX_SHA1 = 0, PLANEX_SHA1_SIZE = 20, PLANEX_VERSION = 20, PLANEX_VERSION_SIZE = 8, PLANEX_SIZE = 30, PLANEX_HEADER = 34,
       PLANEX_ALIGNMENT = 0x10000, PLANEX_NUMBERS = 16 };

static bool is_planex(const struct image_input *in)
{
	const uint8_t *header = in->data.data, *version = header + PLANEX_VERSION;
	size_t length = 0;
	unsigned dots = 0;
	uint32_t size;

	if (in->data.size < PLANEX_HEADER)
		return false;
	for (; length < PLANEX_VERSION_SIZE && version[length] != '\0'; length++) {
		if (!isdigit(version[length]) && version[length] != '.')
			return false;
		dots += version[length] == '.';
	}
	size = load_be32(header + PLANEX_SIZE);
	return dots == 2 && length >= 5 && image_is_padded_text(bytes_of(version, PLANEX_VERSION_SIZE)) && size > 0 && size % PLANEX_ALIGNMENT == 0;
}

static bool planex_sum_is_right(const struct image_input *in, struct bytes data, uint8_t number)
{
	const uint8_t seed[4] = { 0, 0, 0, number };
	const struct bytes pieces[] = { bytes_of(seed, sizeof(seed)), data };
	uint8_t have[IMAGE_DIGEST_SIZE];

	return image_digest(in, "sha1", pieces, 2, have) >= PLANEX_SHA1_SIZE && memcmp(have, in->data.data + PLANEX_SHA1, PLANEX_SHA1_SIZE) == 0;
}

/* Which board's number makes the digest right? Two are known by name; they are small. */
static void find_planex_board(const struct image_input *in, struct image_facts *facts, struct bytes data)
{
	static const char *const boards[PLANEX_NUMBERS] = { [2] = "MZK-W04NU", [4] = "MZK-W300NH" };

	if (in->ops->digest_pieces == NULL)
		return;
	for (unsigned i = 0; i < PLANEX_NUMBERS; i++) {
		unsigned number = (i + 2) % PLANEX_NUMBERS;

		if (!planex_sum_is_right(in, data, (uint8_t)number))
			continue;
		if (boards[number] != NULL)
			image_add_board(facts, bytes_of_text(boards[number]));
		image_covered(facts, "size and the SHA-1 of the data");
		return;
	}
	image_broken(facts, PLANEX_HEADER, "its data is damaged: its SHA-1 is right for no board");
}

static void inspect_planex(const struct image_input *in, struct image_facts *facts)
{
	uint32_t size = load_be32(in->data.data + PLANEX_SIZE);

	image_set_vendor(facts, "Planex");
	image_text(facts->version, sizeof(facts->version), bytes_of(in->data.data + PLANEX_VERSION, PLANEX_VERSION_SIZE));
	facts->is_padded_by_nature = true;
	text_copy(facts->checked, sizeof(facts->checked), "size");
	if (!image_declare(in, facts, (uint64_t)PLANEX_HEADER + size))
		return;
	if (image_in_memory(in, PLANEX_HEADER, size))
		find_planex_board(in, facts, image_slice(in, PLANEX_HEADER, size));
	image_add_rest(in, facts, PLANEX_HEADER, "firmware");
}

const struct image_format image_format_planex = {
	.word = "planex", .title = "Planex router image", .matches = is_planex, .inspect = inspect_planex,
};

/* --- EFM ipTIME routers: little-endian; CRC-32 without the last inversion over the header, its own field zero, and the data --- */

enum {
	IPTIME_MODEL = 0, IPTIME_MODEL_SIZE = 8, IPTIME_VERSION = 8, IPTIME_ZEROS = 16, IPTIME_SIZE = 48, IPTIME_CRC = 52, IPTIME_HEADER = 56,
	IPTIME_FAR = 0x800,	/* where the data of some models begins */
};

/* "00_000" */
static bool is_iptime_version(const uint8_t *at)
{
	for (unsigned i = 0; i < 8; i++)
		if (i == 2 ? at[i] != '_' : i < 6 ? !isdigit(at[i]) : at[i] != '\0')
			return false;
	return true;
}

static bool is_iptime(const struct image_input *in)
{
	return in->data.size >= IPTIME_HEADER && image_is_padded_text(bytes_of(in->data.data + IPTIME_MODEL, IPTIME_MODEL_SIZE)) &&
	       is_iptime_version(in->data.data + IPTIME_VERSION) && image_padding(bytes_of(in->data.data + IPTIME_ZEROS, IPTIME_SIZE - IPTIME_ZEROS)) ==
	       IPTIME_SIZE - IPTIME_ZEROS && in->data.data[IPTIME_ZEROS] == 0;
}

/* The gap in front of data that begins farther behind is zero. */
static uint64_t iptime_data(const struct image_input *in)
{
	struct bytes gap = image_slice(in, IPTIME_HEADER, IPTIME_FAR - IPTIME_HEADER);

	return gap.size == IPTIME_FAR - IPTIME_HEADER && gap.data[0] == 0 && image_padding(gap) == gap.size ? IPTIME_FAR : IPTIME_HEADER;
}

static void inspect_iptime(const struct image_input *in, struct image_facts *facts)
{
	uint32_t size = load_le32(in->data.data + IPTIME_SIZE), crc;
	uint64_t data = iptime_data(in);
	uint8_t header[IPTIME_HEADER];

	image_set_vendor(facts, "EFM ipTIME");
	image_add_board_field(facts, bytes_of(in->data.data + IPTIME_MODEL, IPTIME_MODEL_SIZE));
	image_text(facts->version, sizeof(facts->version), bytes_of(in->data.data + IPTIME_VERSION, 8));
	facts->ends_exactly = true;
	text_copy(facts->checked, sizeof(facts->checked), "size");
	if (!image_declare(in, facts, data + size))
		return;
	if (image_in_memory(in, data, size)) {
		memcpy(header, in->data.data, IPTIME_HEADER);
		memset(header + IPTIME_CRC, 0, 4);
		crc = ~crc32_update(crc32_update(0, bytes_of(header, IPTIME_HEADER)), image_slice(in, data, size));
		if (image_compare(facts, 0, "it", crc, load_le32(in->data.data + IPTIME_CRC)))
			image_covered(facts, "size and the checksum of header and data");
	}
	image_add_part(in, facts, data, size, "firmware");
}

const struct image_format image_format_iptime = {
	.word = "iptime", .title = "ipTIME router image", .matches = is_iptime, .inspect = inspect_iptime,
};

/* --- EFM ipTIME NAS: little-endian; a sum in which the model's name counts --- */

enum {
	NAS_MODEL = 0, NAS_VERSION = 32, NAS_TEXT_SIZE = 32, NAS_SIZE = 96, NAS_SUM = 100, NAS_MAGIC = 120, NAS_HEADER = 0x400,
};

static bool is_iptime_nas(const struct image_input *in)
{
	return image_starts_with(image_slice(in, NAS_MAGIC, 16), BYTES("EFM_NAS_PKG\0")) &&
	       image_is_padded_text(bytes_of(in->data.data + NAS_MODEL, NAS_TEXT_SIZE));
}

static void inspect_iptime_nas(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint32_t size, sum, name;

	image_set_vendor(facts, "EFM ipTIME");
	image_add_board_field(facts, bytes_of(header + NAS_MODEL, NAS_TEXT_SIZE));
	image_text(facts->version, sizeof(facts->version), bytes_of(header + NAS_VERSION, NAS_TEXT_SIZE));
	if (!image_has_header(in, facts, NAS_HEADER))
		return;
	facts->is_padded_by_nature = true;
	text_copy(facts->checked, sizeof(facts->checked), "size");
	size = load_le32(header + NAS_SIZE);
	if (!image_declare(in, facts, (uint64_t)NAS_HEADER + size))
		return;
	if (image_in_memory(in, NAS_HEADER, size)) {
		name = (uint32_t)strnlen((const char *)header + NAS_MODEL, NAS_TEXT_SIZE);
		sum = image_byte_sum(image_slice(in, NAS_HEADER, size));
		/* A turned bit in the sum turns in both halves of this and is gone, unless it carries: that it is right proves little. */
		if (image_compare(facts, NAS_HEADER, "its data", (name * 0x19283745 + ~sum) ^ sum, load_le32(header + NAS_SUM)))
			text_copy(facts->checked, sizeof(facts->checked), "size, and a sum that misses every other damage");
	}
	image_add_rest(in, facts, NAS_HEADER, "firmware");
}

const struct image_format image_format_iptime_nas = {
	.word = "iptime-nas", .title = "ipTIME NAS image", .matches = is_iptime_nas, .inspect = inspect_iptime_nas,
};

/* --- H3C: big-endian; CRC-16 as XMODEM has it over each header and each file --- */

enum {
	H3C_COUNT = 4, H3C_PRODUCT = 8, H3C_DEVICE = 12, H3C_YEAR = 16, H3C_MONTH = 18, H3C_SIZE = 28, H3C_FILES = 32, H3C_FILE = 24,
	H3C_FILES_MAX = 128, H3C_HEADER_CRC = 6176, H3C_HEADER = 6180,
	H3C_FILE_OFFSET = 4, H3C_FILE_LENGTH = 8,
	/* what stands in front of each file */
	HEAD_CRC = 4, HEAD_COVERED = 8, HEAD_DESCRIPTION = 104, HEAD_DESCRIPTION_SIZE = 224, HEAD_LENGTH = 328, HEAD_FILE_CRC = 332, HEAD_SIZE = 340,
};

static uint32_t crc16(struct bytes over)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < over.size; i++) {
		crc ^= (uint32_t)over.data[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x8000 ? 0x11021 : 0);
	}
	return crc;
}

static bool is_h3c(const struct image_input *in)
{
	const uint8_t *header = in->data.data;

	return in->data.size >= H3C_FILES + H3C_FILE && load_be32(header) == 1 && load_be32(header + H3C_COUNT) >= 1 &&
	       load_be32(header + H3C_COUNT) <= H3C_FILES_MAX && load_be16(header + H3C_YEAR) >= 1970 && load_be16(header + H3C_YEAR) < 2200 &&
	       header[H3C_MONTH] >= 1 && header[H3C_MONTH] <= 12 && load_be32(header + H3C_FILES + H3C_FILE_OFFSET) == H3C_HEADER;
}

/* Returns whether its checksums are right. */
static bool add_h3c_file(const struct image_input *in, struct image_facts *facts, uint64_t at, uint32_t length)
{
	struct bytes head = image_slice(in, at, HEAD_SIZE), data;
	uint32_t size;

	if (length < HEAD_SIZE || !image_lies_in(at, length, in->size)) {
		image_broken(facts, at, "a file of its table lies outside of it");
		return false;
	}
	if (head.size < HEAD_SIZE)
		return false;
	size = load_be32(head.data + HEAD_LENGTH);
	if (!image_compare(facts, at, "the header of a file", crc16(bytes_from(head, HEAD_COVERED)), load_be32(head.data + HEAD_CRC)))
		return false;
	if (facts->name[0] == '\0')
		image_set_name(facts, bytes_of(head.data + HEAD_DESCRIPTION, HEAD_DESCRIPTION_SIZE));
	data = image_slice(in, at + HEAD_SIZE, size);
	image_add_part(in, facts, at + HEAD_SIZE, size, "file");
	return data.size == size && size == length - HEAD_SIZE &&
	       image_compare(facts, at + HEAD_SIZE, "a file", crc16(data), load_be32(head.data + HEAD_FILE_CRC));
}

static void inspect_h3c(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	unsigned right = 0, count;
	char id[64];

	image_set_vendor(facts, "H3C");
	text_format(id, sizeof(id), "product 0x%08" PRIx32 " device 0x%08" PRIx32, load_be32(header + H3C_PRODUCT), load_be32(header + H3C_DEVICE));
	image_add_board(facts, bytes_of_text(id));
	if (!image_has_header(in, facts, H3C_HEADER))
		return;
	facts->ends_exactly = true;
	text_copy(facts->checked, sizeof(facts->checked), "size and header");
	if (!image_compare(facts, H3C_HEADER_CRC, "its header", crc16(bytes_of(header, H3C_HEADER_CRC)), load_be32(header + H3C_HEADER_CRC)) ||
	    !image_declare(in, facts, (uint64_t)H3C_HEADER + load_be32(header + H3C_SIZE)))
		return;
	count = load_be32(header + H3C_COUNT);
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *file = header + H3C_FILES + i * H3C_FILE;

		right += add_h3c_file(in, facts, load_be32(file + H3C_FILE_OFFSET), load_be32(file + H3C_FILE_LENGTH));
	}
	if (right == count)
		image_covered(facts, "the checksums of its header and files");
}

const struct image_format image_format_h3c = {
	.word = "h3c", .title = "H3C router image", .matches = is_h3c, .inspect = inspect_h3c,
};

/* --- BRN: parts filled up to 1 KiB, each with its length, a magic and its CRC-32 in the last 12 bytes; then a name that begins with "BRN" --- */

enum { BRN_BLOCK = 0x400, BRN_RECORD = 12, BRN_NAME_MAX = 32, BRN_PARTS = 16 };

/* How long the name at the end is, its NUL included; 0: there is none. */
static size_t brn_name(const struct image_input *in)
{
	size_t size = in->data.size % BRN_BLOCK;
	const uint8_t *name = in->data.data + in->data.size - size;

	if (in->data.size < in->size || size < 5 || size > BRN_NAME_MAX || in->data.size < BRN_BLOCK || memcmp(name, "BRN", 3) != 0 || name[size - 1] != '\0')
		return 0;
	for (size_t i = 3; i + 1 < size; i++)
		if (!isupper(name[i]) && !isdigit(name[i]))
			return 0;
	return size;
}

/* Where the part begins whose record ends at end; UINT64_MAX: it is none. */
static uint64_t brn_part(const struct image_input *in, uint64_t end)
{
	uint64_t size = load_le32(in->data.data + end - BRN_RECORD), room = (size + BRN_RECORD + BRN_BLOCK - 1) / BRN_BLOCK * BRN_BLOCK;

	return size > 0 && room <= end ? end - room : UINT64_MAX;
}

static bool is_brn(const struct image_input *in)
{
	size_t name = brn_name(in);

	return name > 0 && brn_part(in, in->data.size - name) != UINT64_MAX;
}

static void inspect_brn(const struct image_input *in, struct image_facts *facts)
{
	size_t name = brn_name(in);
	uint64_t ends[BRN_PARTS], end = in->size - name, start;
	unsigned count = 0, wrong = 0;

	image_add_board_field(facts, bytes_of(in->data.data + end, name));
	facts->declared_size = in->size;
	for (; end > 0 && count < BRN_PARTS; end = start) {
		start = brn_part(in, end);
		if (start == UINT64_MAX)
			break;
		ends[count++] = end;
	}
	if (end > 0)
		image_broken(facts, end - BRN_RECORD, "the record of a part that should end here is damaged or missing");
	while (count-- > 0) {
		const uint8_t *record = in->data.data + ends[count] - BRN_RECORD;
		uint32_t size = load_le32(record);

		start = brn_part(in, ends[count]);
		wrong += !image_compare(facts, start, "a part", image_crc32(in, image_slice(in, start, size)), load_le32(record + 8));
		image_add_part(in, facts, start, size, start == 0 ? "kernel" : "part");
	}
	text_copy(facts->checked, sizeof(facts->checked), "the checksum of each part");
	if (wrong == 0)
		image_covered(facts, "the checksum of each part");
}

const struct image_format image_format_brn = {
	.word = "brn", .title = "BRN (Arcadyan) image", .matches = is_brn, .inspect = inspect_brn,
};
