/* recovery/image/uf2.c
 *
 * UF2: blocks of 512 bytes that a board takes from a USB disk in any order, little-endian. Blocks are numbered, but have no checksum.
 * Source: microsoft/uf2 README.md and utils/uf2families.json; raspberrypi/pico-sdk (families of RP2350, the block for erratum E10). */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	BLOCK = 512,
	AT_FLAGS = 8,
	AT_PAYLOAD_SIZE = 16,
	AT_NUMBER = 20,
	AT_TOTAL = 24,
	AT_FAMILY = 28,
	AT_DATA = 32,
	AT_END_MAGIC = 508,
	DATA_SIZE = 476,
	FLAG_FAMILY = 0x2000,
	FLAG_TAGS = 0x8000,
	TAG_VERSION = 0x9fc7bc,
	TAG_DEVICE = 0x650d9d,
	TAGS_MAX = 16,
};

#define FAMILY_ABSOLUTE 0xe48bff57u	/* a block of its own whose numbers mean nothing */

static const struct { uint32_t id; const char *name, *arch; } families[] = {
	{ 0xe48bff56, "RP2040", "arm" }, { FAMILY_ABSOLUTE, "RP2350 absolute", "" }, { 0xe48bff58, "RP2350 data", "" },
	{ 0xe48bff59, "RP2350 (ARM, secure)", "arm" }, { 0xe48bff5a, "RP2350 (RISC-V)", "riscv" }, { 0xe48bff5b, "RP2350 (ARM)", "arm" },
	{ 0xada52840, "nRF52840", "arm" }, { 0x621e937a, "nRF52833", "arm" }, { 0x1b57745f, "nRF52", "arm" },
	{ 0x55114460, "SAMD51", "arm" }, { 0x68ed2b88, "SAMD21", "arm" }, { 0x1851780a, "SAML21", "arm" },
	{ 0x1c5f21b0, "ESP32", "xtensa" }, { 0xbfdd4eee, "ESP32-S2", "xtensa" }, { 0xc47e5767, "ESP32-S3", "xtensa" },
	{ 0xd42ba06c, "ESP32-C3", "riscv" }, { 0x2b88d29c, "ESP32-C2", "riscv" }, { 0x332726f6, "ESP32-H2", "riscv" },
	{ 0x7eab61ed, "ESP8266", "xtensa" },
	{ 0x647824b6, "STM32F0", "arm" }, { 0x5ee21072, "STM32F1", "arm" }, { 0x5d1a0a2e, "STM32F2", "arm" }, { 0x6b846188, "STM32F3", "arm" },
	{ 0x57755a57, "STM32F4", "arm" }, { 0x6d0922fa, "STM32F407", "arm" }, { 0x8fb060fe, "STM32F407VG", "arm" },
	{ 0x53b80f00, "STM32F7", "arm" }, { 0x300f5633, "STM32G0", "arm" }, { 0x4c71240a, "STM32G4", "arm" }, { 0x6db66082, "STM32H7", "arm" },
	{ 0x202e3a91, "STM32L0", "arm" }, { 0x1e1f432d, "STM32L1", "arm" }, { 0x00ff6919, "STM32L4", "arm" }, { 0x04240bdf, "STM32L5", "arm" },
	{ 0x70d16653, "STM32WB", "arm" }, { 0x21460ff0, "STM32WL", "arm" },
	{ 0x2abc77ec, "LPC55", "arm" }, { 0x4fb2d5bd, "i.MX RT10xx", "arm" }, { 0x7f83e793, "KL32L2", "arm" }, { 0x31d228c6, "GD32F350", "arm" },
	{ 0x9af03e33, "GD32VF103", "riscv" }, { 0x16573617, "ATmega32", "avr" }, { 0x5a18069b, "FX2", "8051" }, { 0x11de784a, "BL702", "riscv" },
};

static bool has_magics(const struct image_input *in, uint64_t at)
{
	struct bytes block = image_slice(in, at, BLOCK);

	return image_starts_with(block, BYTES("UF2\n\x57\x51\x5d\x9e")) &&
	       (block.size < BLOCK || load_le32(block.data + AT_END_MAGIC) == 0x0ab16f30);
}

static bool matches(const struct image_input *in)
{
	return image_starts_with(in->data, BYTES("UF2\n\x57\x51\x5d\x9e"));
}

static void tell_family(struct image_facts *facts, uint32_t id)
{
	char board[24];

	text_format(board, sizeof(board), "family 0x%08" PRIx32, id);
	image_add_board(facts, bytes_of_text(board));
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (families[i].id == id) {
			image_add_board(facts, bytes_of_text(families[i].name));
			if (facts->arch[0] == '\0')
				text_copy(facts->arch, sizeof(facts->arch), families[i].arch);
		}
}

/* Behind the payload: size of the tag, what it is in 24 bits, value; aligned to 4 bytes. */
static void read_tags(struct image_facts *facts, struct bytes tags)
{
	for (unsigned i = 0; i < TAGS_MAX && tags.size >= 4 && tags.data[0] >= 4 && tags.data[0] <= tags.size; i++) {
		uint32_t what = load_le32(tags.data) >> 8;
		struct bytes value = bytes_of(tags.data + 4, tags.data[0] - 4u);

		if (what == TAG_VERSION)
			image_text(facts->version, sizeof(facts->version), value);
		else if (what == TAG_DEVICE)
			image_text(facts->name, sizeof(facts->name), value);
		tags = bytes_from(tags, (tags.data[0] + 3u) / 4 * 4);
	}
}

struct run {
	uint32_t family, next, total;
	bool is_open;
};

/* Numbers go up to the total; then another run may begin, for another family. */
static bool check_number(struct run *run, struct image_facts *facts, uint64_t at, const uint8_t *block)
{
	uint32_t number = load_le32(block + AT_NUMBER), total = load_le32(block + AT_TOTAL);

	if (!run->is_open) {
		run->next = 0;
		run->total = total;
		run->is_open = true;
	}
	if (number != run->next || total != run->total || number >= total) {
		image_broken(facts, at, "its blocks are not in order: expected block %" PRIu32 " of %" PRIu32 ", found %" PRIu32 " of %" PRIu32,
			     run->next, run->total, number, total);
		return false;
	}
	run->is_open = ++run->next < run->total;
	return true;
}

static bool read_block(const struct image_input *in, struct image_facts *facts, uint64_t at, struct run *run)
{
	const uint8_t *block = in->data.data + at;
	uint32_t flags = load_le32(block + AT_FLAGS), size = load_le32(block + AT_PAYLOAD_SIZE);
	uint32_t family = flags & FLAG_FAMILY ? load_le32(block + AT_FAMILY) : 0;

	if (size > DATA_SIZE) {
		image_broken(facts, at + AT_PAYLOAD_SIZE, "its block at 0x%" PRIx64 " is damaged: %" PRIu32 " bytes in it", at, size);
		return false;
	}
	if (flags & FLAG_FAMILY && family != run->family) {
		tell_family(facts, family);
		run->family = family;
	}
	if (flags & FLAG_TAGS && at == 0)
		read_tags(facts, bytes_of(block + AT_DATA + (size + 3) / 4 * 4, size <= DATA_SIZE - 4 ? DATA_SIZE - (size + 3) / 4 * 4 : 0));
	if (family == FAMILY_ABSOLUTE)
		return true;
	return check_number(run, facts, at, block);
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	struct run run = { 0 };
	uint64_t at = 0;

	text_copy(facts->checked, sizeof(facts->checked), "numbers and magics of all blocks; nothing covers the contents");
	for (; image_in_memory(in, at, BLOCK); at += BLOCK) {
		if (!has_magics(in, at)) {
			image_broken(facts, at, "its block at 0x%" PRIx64 " is damaged: bytes are missing or were changed", at);
			return;
		}
		if (!read_block(in, facts, at, &run))
			return;
	}
	if (in->data.size < in->size)
		return;
	if (at < in->size || run.is_open)
		image_broken(facts, in->size, "it is cut off: %" PRIu32 " of %" PRIu32 " blocks are there", run.next, run.total);
	else
		facts->declared_size = at;
}

const struct image_format image_format_uf2 = {
	.word = "uf2", .title = "UF2 file", .matches = matches, .inspect = inspect,
};
