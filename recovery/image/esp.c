/* recovery/image/esp.c
 *
 * Espressif application and bootloader images: segments that are loaded to addresses, an XOR over them, and mostly a SHA-256 of all before it.
 * Little-endian. The ESP8266 has no extended header, and a second form (EA) with the flash-mapped part in front and a CRC at the end.
 * Source: esptool documentation "Firmware Image Format", esptool/bin_image.py; ESP-IDF esp_app_format.h, esp_app_desc.h; esp8266/Arduino
 * tools/elf2bin.py. */
#include <inttypes.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	MAGIC = 0xe9,
	MAGIC_V2 = 0xea,
	SEGMENTS_MAX = 16,
	HEADER_SHORT = 8,
	HEADER_LONG = 24,
	AT_SEGMENTS = 1,
	AT_FLASH_MODE = 2,
	AT_ENTRY = 4,
	ENTRY_LOWEST = 0x2f000000,	/* code of all chips is loaded between these (esptool targets) */
	ENTRY_END = 0x50100000,
	AT_CHIP = 12,
	AT_RESERVED = 19,
	AT_HASH_FLAG = 23,
	SEGMENT_HEADER = 8,
	SEGMENT_MAX = 16 * 1024 * 1024,
	HASH_SIZE = 32, HASH_LONG = 48,
	XOR_SEED = 0xef,
	SIGNATURE_ALIGNMENT = 4096,
	SIGNATURE_MAGIC = 0xe7,
	SIGNATURE_BLOCK = 1216, SIGNATURES = 3,
	SIGNATURE_AT_DIGEST = 4, SIGNATURE_AT_CRC = 1196,
	OLD_SIGNATURE = 68, OLD_FILLER = 12,	/* secure boot 1: version 0, 64 bytes; and what is left over by the alignment, of no meaning */
	BOOT_LOADER_8266 = 4096, BUILD_AT_LENGTH = BOOT_LOADER_8266 + HEADER_SHORT + SEGMENT_HEADER, BUILD_WORDS = 8,
	DESC_VERSION = 16,
	DESC_PROJECT = 48,
	DESC_SIZE = 80,
};

static const struct { unsigned id; const char *name, *arch; } chips[] = {
	{ 0, "ESP32", "xtensa" }, { 2, "ESP32-S2", "xtensa" }, { 5, "ESP32-C3", "riscv" }, { 9, "ESP32-S3", "xtensa" }, { 12, "ESP32-C2", "riscv" },
	{ 13, "ESP32-C6", "riscv" }, { 16, "ESP32-H2", "riscv" }, { 18, "ESP32-P4", "riscv" }, { 20, "ESP32-C61", "riscv" },
	{ 23, "ESP32-C5", "riscv" }, { 25, "ESP32-H21", "riscv" }, { 28, "ESP32-H4", "riscv" }, { 31, "ESP32-E22", "" }, { 32, "ESP32-S31", "riscv" },
};

struct esp {
	const struct image_input *in;
	uint64_t header;	/* where the header with the segments begins: not 0 in the EA form */
	uint64_t header_size, end;
	bool is_8266;
	bool is_complete;	/* all segments are in memory */
};

/* Where the ESP8266's code and data can be (esptool targets/esp8266.py; ESP8266 memory map). */
static bool is_8266_address(uint32_t address)
{
	return (address >= 0x3ffe8000 && address < 0x40000000) || (address >= 0x40100000 && address < 0x40110000) ||
	       (address >= 0x40200000 && address < 0x40300000);
}

static int find_chip(unsigned id)
{
	for (size_t i = 0; i < ARRAY_SIZE(chips); i++)
		if (chips[i].id == id)
			return (int)i;
	return -1;
}

static bool is_common_header(const struct image_input *in, uint64_t at, uint8_t magic)
{
	const uint8_t *header = in->data.data + at;

	return image_in_memory(in, at, HEADER_SHORT + SEGMENT_HEADER) && header[0] == magic && header[AT_SEGMENTS] >= 1 &&
	       header[AT_SEGMENTS] <= SEGMENTS_MAX && (header[AT_FLASH_MODE] <= 5 || header[AT_FLASH_MODE] == 0xff) &&
	       load_le32(header + AT_ENTRY) >= ENTRY_LOWEST && load_le32(header + AT_ENTRY) < ENTRY_END;
}

/* Which of the headers it is; false: none. */
static bool open_esp(const struct image_input *in, struct esp *esp)
{
	const uint8_t *header = in->data.data;

	*esp = (struct esp){ .in = in };
	if (is_common_header(in, 0, MAGIC_V2)) {
		esp->is_8266 = true;
		esp->header_size = HEADER_SHORT;
		esp->header = HEADER_SHORT + SEGMENT_HEADER + load_le32(header + HEADER_SHORT + 4);
		return header[AT_SEGMENTS] == 4 && load_le32(header + HEADER_SHORT) == 0 && esp->header < SEGMENT_MAX &&
		       is_8266_address(load_le32(header + AT_ENTRY));
	}
	if (!is_common_header(in, 0, MAGIC))
		return false;
	esp->is_8266 = is_8266_address(load_le32(header + HEADER_SHORT));
	esp->header_size = esp->is_8266 ? HEADER_SHORT : HEADER_LONG;
	if (!image_in_memory(in, esp->header_size, SEGMENT_HEADER) || load_le32(header + esp->header_size + 4) > SEGMENT_MAX)
		return false;
	/* the four reserved bytes are zero, and the flag is one */
	return esp->is_8266 || (find_chip(load_le16(header + AT_CHIP)) >= 0 && load_le32(header + AT_RESERVED) == 0 && header[AT_HASH_FLAG] <= 1);
}

static bool matches(const struct image_input *in)
{
	struct esp esp;

	return open_esp(in, &esp);
}

/* Sets end behind the XOR byte, as far as the headers of the segments can be read. Returns false where they cannot be right. */
static bool walk_segments(struct esp *esp, unsigned *ret_read)
{
	uint64_t at = esp->header + esp->header_size;
	unsigned count = esp->in->data.data[esp->header + AT_SEGMENTS];

	for (*ret_read = 0; *ret_read < count; ++*ret_read) {
		uint32_t size;

		if (!image_in_memory(esp->in, at, SEGMENT_HEADER)) {
			esp->end = at + SEGMENT_HEADER;
			return true;
		}
		size = load_le32(esp->in->data.data + at + 4);
		if (size > SEGMENT_MAX)
			return false;
		at += SEGMENT_HEADER + size;
	}
	/* the XOR is the last byte of a block of 16 */
	esp->end = at / 16 * 16 + 16;
	esp->is_complete = image_in_memory(esp->in, 0, esp->end);
	return true;
}

static uint8_t xor_of_segments(const struct esp *esp)
{
	uint64_t at = esp->header + esp->header_size;
	uint8_t xor = XOR_SEED;

	for (unsigned i = 0; i < esp->in->data.data[esp->header + AT_SEGMENTS]; i++) {
		struct bytes data = image_slice(esp->in, at + SEGMENT_HEADER, load_le32(esp->in->data.data + at + 4));

		for (size_t k = 0; k < data.size; k++)
			xor ^= data.data[k];
		at += SEGMENT_HEADER + data.size;
	}
	return xor;
}

static void tell_chip(const struct esp *esp, struct image_facts *facts)
{
	unsigned id = load_le16(esp->in->data.data + AT_CHIP);
	int chip = find_chip(id);
	char board[24];

	image_set_vendor(facts, "Espressif");
	if (esp->is_8266 || chip < 0) {
		image_add_board(facts, BYTES("ESP8266"));
		text_copy(facts->arch, sizeof(facts->arch), "xtensa");
		text_copy(facts->title, sizeof(facts->title), "ESP8266 image");
		return;
	}
	text_format(board, sizeof(board), "chip id %u", id);
	image_add_board(facts, bytes_of_text(board));
	image_add_board(facts, bytes_of_text(chips[chip].name));
	text_copy(facts->arch, sizeof(facts->arch), chips[chip].arch);
	text_format(facts->title, sizeof(facts->title), "%s image", chips[chip].name);
}

/* At the start of the first segment of an application. */
static void read_description(const struct esp *esp, struct image_facts *facts)
{
	struct bytes desc = image_slice(esp->in, HEADER_LONG + SEGMENT_HEADER, DESC_SIZE);

	if (esp->is_8266 || desc.size < DESC_SIZE || load_le32(desc.data) != 0xabcd5432)
		return;
	image_text(facts->name, sizeof(facts->name), bytes_of(desc.data + DESC_PROJECT, 32));
	image_text(facts->version, sizeof(facts->version), bytes_of(desc.data + DESC_VERSION, 32));
}

static void check_hash(const struct esp *esp, struct image_facts *facts)
{
	uint8_t digest[IMAGE_DIGEST_SIZE];
	const struct image_ops *ops = esp->in->ops;

	if (!image_in_memory(esp->in, esp->end, HASH_SIZE) || ops->digest == NULL ||
	    ops->digest(ops->user, "sha256", image_slice(esp->in, 0, esp->end), digest) != HASH_SIZE)
		return;
	text_copy(facts->checked, sizeof(facts->checked), "the SHA-256 of all of it, and the XOR of its segments");
	if (memcmp(digest, esp->in->data.data + esp->end, HASH_SIZE) != 0)
		image_broken(facts, esp->end, "it is damaged: its SHA-256 is another one than the one at its end");
	else if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

/* esptool's esp8266_crc32: of everything before it. */
static bool has_8266_crc(const struct esp *esp)
{
	uint32_t crc;

	if (esp->header == 0 || !image_in_memory(esp->in, esp->end, 4))
		return false;
	crc = image_crc32(esp->in, image_slice(esp->in, 0, esp->end));
	crc = crc & 0x80000000 ? ~crc : crc + 1;
	return crc == load_le32(esp->in->data.data + esp->end);
}

/* Version 2 is RSA, 3 ECDSA; then the digest: 0 SHA-256, 1 SHA-384. */
static bool is_signature(struct bytes head)
{
	return head.size == 4 && head.data[0] == SIGNATURE_MAGIC && (head.data[1] == 2 || head.data[1] == 3) && head.data[2] <= 1 &&
	       head.data[3] == 0;
}

/* One block of a sector with signatures that stands at the offset. Returns whether there is one. */
static bool check_signature_block(const struct image_input *in, struct image_facts *facts, uint64_t sector, uint64_t at)
{
	uint8_t digest[IMAGE_DIGEST_SIZE];
	const struct image_ops *ops = in->ops;
	const uint8_t *block = in->data.data + at;
	bool is_long;

	if (!is_signature(bytes_of(block, 4)))
		return false;
	is_long = block[2] == 1;
	if (image_crc32(in, bytes_of(block, SIGNATURE_AT_CRC)) != load_le32(block + SIGNATURE_AT_CRC))
		image_broken(facts, at, "its signature is damaged: its checksum does not match");
	else if (ops->digest != NULL &&
		 ops->digest(ops->user, is_long ? "sha384" : "sha256", image_slice(in, 0, sector), digest) == (is_long ? HASH_LONG : HASH_SIZE) &&
		 memcmp(digest, block + SIGNATURE_AT_DIGEST, is_long ? HASH_LONG : HASH_SIZE) != 0)
		image_broken(facts, at, "it is damaged, or not what was signed: its digest is another one than the signature's");
	return true;
}

/* Secure boot 2 puts a sector with signatures behind the image, at a page of flash; what is left of it is erased.
 * Source: ESP-IDF "Secure Boot V2", signature block format. */
static uint64_t end_with_signature(const struct image_input *in, struct image_facts *facts, uint64_t end)
{
	uint64_t at = (end + SIGNATURE_ALIGNMENT - 1) / SIGNATURE_ALIGNMENT * SIGNATURE_ALIGNMENT, last;
	unsigned count = 0;

	if (!is_signature(image_slice(in, at, 4)))
		return end;
	if (!image_in_memory(in, at, SIGNATURE_ALIGNMENT)) {
		if (in->data.size == in->size)
			image_broken(facts, in->size, "its signature is cut off");
		return end;
	}
	while (count < SIGNATURES && check_signature_block(in, facts, at, at + (uint64_t)count * SIGNATURE_BLOCK))
		count++;
	last = at + (uint64_t)count * SIGNATURE_BLOCK;
	if (count < SIGNATURES && image_padding(image_slice(in, last, at + SIGNATURE_ALIGNMENT - last)) < at + SIGNATURE_ALIGNMENT - last)
		image_broken(facts, last, "its signature is damaged: something is in the unused part of its sector");
	return at + SIGNATURE_ALIGNMENT;
}

/* Secure boot 1 put the signature right behind; applications end with a page of the flash's map then (esptool, --secure-pad). */
static uint64_t end_with_old_signature(const struct image_input *in, uint64_t end)
{
	uint64_t more = in->size - end;

	if ((more != OLD_SIGNATURE && more != OLD_SIGNATURE + OLD_FILLER) || !image_in_memory(in, end, more) || load_le32(in->data.data + end) != 0)
		return end;
	return in->size;
}

/* Behind the XOR was made elf2bin.py writes the length of the file and a CRC-32 into the first bytes of the application's first segment; the
 * CRC is of all of it with zeros there. */
static void check_build_crc(const struct image_input *in, struct image_facts *facts)
{
	uint8_t words[BUILD_WORDS] = { 0 };
	uint64_t end = facts->declared_size;
	struct image_cksum sum;
	uint32_t want;

	if (!image_in_memory(in, 0, end) || end < BUILD_AT_LENGTH + BUILD_WORDS || load_le32(in->data.data + BUILD_AT_LENGTH) != end)
		return;
	want = load_le32(in->data.data + BUILD_AT_LENGTH + 4);
	image_cksum_init(&sum);
	sum.crc = UINT32_MAX;	/* cksum begins with 0, and ends with the length, which is left out here */
	image_cksum_add(&sum, image_slice(in, 0, BUILD_AT_LENGTH));
	image_cksum_add(&sum, bytes_of(words, sizeof(words)));
	image_cksum_add(&sum, image_slice(in, BUILD_AT_LENGTH + BUILD_WORDS, end - BUILD_AT_LENGTH - BUILD_WORDS));
	text_copy(facts->checked, sizeof(facts->checked), "the checksum of all of it");
	if (sum.crc != want)
		image_broken(facts, BUILD_AT_LENGTH + 4, "it is damaged: expected checksum %08" PRIx32 ", found %08" PRIx32, want, sum.crc);
}

/* Arduino's boot loader, filled up to a sector, with the application behind it: elf2bin.py makes files of both. */
static void add_application(const struct image_input *in, struct image_facts *facts, uint64_t end)
{
	uint64_t application_end;

	if (end >= BOOT_LOADER_8266 || !is_common_header(in, BOOT_LOADER_8266, MAGIC) ||
	    !is_8266_address(load_le32(in->data.data + BOOT_LOADER_8266 + HEADER_SHORT)))
		return;
	image_add_row(facts, 0, end, "boot loader", "esp-image");
	application_end = image_add_rest(in, facts, BOOT_LOADER_8266, "application");
	facts->declared_size = application_end;
	check_build_crc(in, facts);
	if (facts->whole == IMAGE_YES && (application_end == 0 || facts->parts[facts->part_count - 1].whole != IMAGE_YES))
		facts->whole = IMAGE_UNKNOWN;
}

/* Of the words that check_build_crc is about. */
static uint8_t xor_of_build(const struct esp *esp)
{
	struct bytes words = image_slice(esp->in, esp->header + esp->header_size + SEGMENT_HEADER, BUILD_WORDS);
	uint8_t xor = 0;

	for (size_t i = 0; esp->is_8266 && i < words.size; i++)
		xor ^= words.data[i];
	return xor;
}

static void check_xor(const struct esp *esp, struct image_facts *facts)
{
	uint8_t want = esp->in->data.data[esp->end - 1], have = xor_of_segments(esp);

	text_copy(facts->checked, sizeof(facts->checked), "the XOR of its segments, one byte: a weak check");
	if (have != want && (have ^ xor_of_build(esp)) != want)
		image_broken(facts, esp->end - 1, "its segments are damaged: expected XOR 0x%02x, found 0x%02x", want, have);
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct esp esp;
	bool has_hash;
	uint64_t size;
	unsigned read;

	if (!open_esp(in, &esp))
		return;
	tell_chip(&esp, facts);
	read_description(&esp, facts);
	text_copy(facts->checked, sizeof(facts->checked), "sizes of its segments");
	facts->ends_exactly = true;
	if (esp.header > 0 && image_in_memory(in, esp.header, HEADER_SHORT + SEGMENT_HEADER) && !is_common_header(in, esp.header, MAGIC)) {
		image_broken(facts, esp.header, "its second header is not where the first says: bytes before it are missing or were added");
		return;
	}
	if (!image_in_memory(in, esp.header, HEADER_SHORT + SEGMENT_HEADER)) {
		image_declare(in, facts, esp.header + HEADER_SHORT + SEGMENT_HEADER);
		facts->declared_size = 0;
		return;
	}
	if (!walk_segments(&esp, &read)) {
		image_broken(facts, esp.header + AT_SEGMENTS, "its segment %u is damaged: it cannot be that long", read);
		return;
	}
	has_hash = !esp.is_8266 && in->data.data[AT_HASH_FLAG] == 1;
	size = esp.end + (has_hash ? HASH_SIZE : has_8266_crc(&esp) ? 4 : 0);
	if (!image_declare(in, facts, size) || !esp.is_complete)
		return;
	check_xor(&esp, facts);
	if (has_hash)
		check_hash(&esp, facts);
	else if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
	if (size > esp.end && !has_hash)
		text_copy(facts->checked, sizeof(facts->checked), "the checksum of all of it, and the XOR of its segments");
	if (!esp.is_8266) {
		facts->declared_size = end_with_signature(in, facts, size);
		if (facts->declared_size == size && has_hash)
			facts->declared_size = end_with_old_signature(in, size);
	} else if (esp.header == 0)
		add_application(in, facts, size);
}

static bool is_sound(const struct image_input *in)
{
	struct esp esp;
	unsigned read;

	/* the short header is too weak for that */
	return open_esp(in, &esp) && !esp.is_8266 && walk_segments(&esp, &read) && esp.is_complete;
}

const struct image_format image_format_esp = {
	.word = "esp-image", .title = "Espressif image", .matches = matches, .inspect = inspect, .is_sound = is_sound,
};
