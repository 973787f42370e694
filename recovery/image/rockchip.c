/* recovery/image/rockchip.c
 *
 * What Rockchip's boot ROM loads (the old header, coded, and the new one with hashes), the update packages of its tools, and the loaders that
 * these send over USB first.
 * Source: U-Boot tools/rkcommon.c, rkspi.c; rkflashtool's rkunpack and afptool (RKFW, RKAF); rkdeveloptool RKBoot.h, boot_merger.h. */
#include <inttypes.h>
#include <stdio.h>

#include "recovery/image/check.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum {
	BLOCK = 512,
	OLD_MAGIC = 0x0ff0aa55,
	OLD_AT_PLAIN = 8, OLD_AT_START = 12, OLD_AT_SIZE = 506, OLD_AT_BOOT_SIZE = 508,
	START_MAX = 64,		/* blocks */
	MAX_BOOT = 1024,	/* blocks that are written where no second part was given (RK_MAX_BOOT_SIZE) */
	FILLING = 2048,
	SPREAD = 2048,		/* on SPI flash each such piece stands in the first half of a block of twice its size (rkspi.c) */
	NEW_AT_COUNT = 8, NEW_AT_HASH = 12, NEW_AT_IMAGES = 120, NEW_IMAGE = 88, NEW_IMAGES = 4, NEW_IMAGE_AT_HASH = 24, NEW_AT_OWN_HASH = 1536,
};

/* RC4 with the one key that all their boot ROMs have. */
static void decode(const uint8_t from[BLOCK], uint8_t to[BLOCK])
{
	static const uint8_t key[16] = { 0x7c, 0x4e, 0x03, 0x04, 0x55, 0x05, 0x09, 0x07, 0x2d, 0x2c, 0x7b, 0x38, 0x17, 0x0d, 0x17, 0x11 };
	uint8_t state[256], i = 0, j = 0;

	for (unsigned k = 0; k < 256; k++)
		state[k] = (uint8_t)k;
	for (unsigned k = 0; k < 256; k++) {
		uint8_t old = state[k];

		j = (uint8_t)(j + old + key[k % 16]);
		state[k] = state[j];
		state[j] = old;
	}
	j = 0;
	for (unsigned k = 0; k < BLOCK; k++) {
		uint8_t old = state[++i];

		j = (uint8_t)(j + old);
		state[i] = state[j];
		state[j] = old;
		to[k] = from[k] ^ state[(uint8_t)(state[i] + old)];
	}
}

static bool is_new(const struct image_input *in)
{
	return in->data.size >= 4 * BLOCK && image_starts_with(in->data, BYTES("RKNS"));
}

static bool is_old(const struct image_input *in, uint8_t header[BLOCK])
{
	/* the key stream begins the same for all: the magic is looked for coded, before 512 bytes are decoded */
	static const uint8_t coded[4] = { 0x3b, 0x8c, 0xdc, 0xfc };

	if (in->data.size < 4 * BLOCK + 8 || memcmp(in->data.data, coded, 4) != 0)
		return false;
	decode(in->data.data, header);
	return load_le32(header) == OLD_MAGIC && load_le16(header + OLD_AT_START) > 0 && load_le16(header + OLD_AT_START) <= START_MAX;
}

static bool matches(const struct image_input *in)
{
	uint8_t header[BLOCK];

	return is_new(in) || is_old(in, header);
}

static const char *arch_of_chip(const char *tag)
{
	/* RK32 is on RK3288 and, 64-bit, on RK3328; RK33 on 64-bit ones only */
	return text_starts(tag, "RK33") || text_starts(tag, "RK35") ? "arm64" : text_starts(tag, "RK32") ? "" : "arm";
}

/* The tag of the chip's family is in front of the first instruction; some builders write it backwards. */
static void read_tag(const struct image_input *in, struct image_facts *facts, uint64_t start, bool is_plain)
{
	struct bytes block = image_slice(in, start, BLOCK);
	uint8_t plain[BLOCK];
	char tag[5] = "";

	if (block.size < BLOCK)
		return;
	if (!is_plain) {
		decode(block.data, plain);
		block.data = plain;
	}
	if (memcmp(block.data, "RK", 2) == 0 || memcmp(block.data, "110B", 4) == 0)
		memcpy(tag, block.data, 4);
	else
		for (unsigned i = 0; i < 4; i++)
			tag[i] = (char)block.data[3 - i];
	if (!text_starts(tag, "RK") && !text_starts(tag, "110B")) {
		image_problem(facts, start, "the tag of the chip is missing in front of its first part");
		return;
	}
	text_copy(facts->name, sizeof(facts->name), tag);
	text_copy(facts->arch, sizeof(facts->arch), image_code_arch(block.data + 4));
	if (facts->arch[0] == '\0')
		text_copy(facts->arch, sizeof(facts->arch), arch_of_chip(tag));
}

/* --- for SPI flash --- */

/* The first part begins right behind the header, or a half block later. */
static bool is_spread(const struct image_input *in)
{
	struct bytes gap = image_slice(in, SPREAD, SPREAD), behind = image_slice(in, 2 * SPREAD, SPREAD);

	return behind.size > 0 && gap.data[0] == 0 && image_padding(gap) == SPREAD && image_padding(behind) < behind.size;
}

/* Where a byte of the loader stands in the file. */
static uint64_t place_of(uint64_t at, bool spread)
{
	return spread ? at / SPREAD * 2 * SPREAD + at % SPREAD : at;
}

static uint64_t end_of(uint64_t end, bool spread)
{
	return end > 0 ? place_of(end - 1, spread) + 1 : 0;
}

static bool are_gaps_empty(const struct image_input *in, uint64_t end)
{
	for (uint64_t at = SPREAD; at < end; at += 2 * SPREAD) {
		struct bytes gap = image_slice(in, at, SPREAD);

		if (gap.size > 0 && (gap.data[0] != 0 || image_padding(gap) != gap.size))
			return false;
	}
	return true;
}

struct part_walk {
	const struct image_input *in;
	uint64_t at, end;
	bool spread;
};

static struct bytes next_piece(void *of)
{
	struct part_walk *walk = of;
	uint64_t size = walk->end - walk->at, at = walk->at;

	if (walk->spread && size > SPREAD - at % SPREAD)
		size = SPREAD - at % SPREAD;
	walk->at += size;
	return size > 0 ? image_slice(walk->in, place_of(at, walk->spread), size) : (struct bytes){ NULL, 0 };
}

/* Parts are filled up to 2 KiB before they are hashed, but the last one's filling need not be in the file. */
static bool lacks_filling(const struct image_input *in, uint64_t end, bool spread)
{
	return !spread && end > in->size && end - in->size < FILLING && in->data.size == in->size;
}

static size_t digest_part(const struct image_input *in, const char *algorithm, uint64_t start, uint64_t end, bool spread,
			  uint8_t ret_digest[IMAGE_DIGEST_SIZE])
{
	static const uint8_t filling[FILLING] = { 0 };
	struct part_walk walk = { in, start, end, spread };
	struct bytes pieces[2];

	if (algorithm[0] != '\0' && start < in->size && lacks_filling(in, end, spread)) {
		pieces[0] = image_slice(in, start, end - start);
		pieces[1] = bytes_of(filling, (size_t)(end - in->size));
		return image_digest(in, algorithm, pieces, 2, ret_digest);
	}
	if (algorithm[0] == '\0' || !image_in_memory(in, 0, end_of(end, spread)))
		return 0;
	if (!spread)
		return in->ops->digest != NULL ? in->ops->digest(in->ops->user, algorithm, image_slice(in, start, end - start), ret_digest) : 0;
	return in->ops->digest_pieces != NULL ? in->ops->digest_pieces(in->ops->user, algorithm, next_piece, &walk, ret_digest) : 0;
}

static void add_row(struct image_facts *facts, uint64_t start, uint64_t size, bool spread, const char *name)
{
	uint64_t at = place_of(start, spread);

	image_add_row(facts, at, end_of(start + size, spread) - at, name, "unknown");
}

/* --- both headers --- */

static void inspect_old(const struct image_input *in, struct image_facts *facts, const uint8_t header[BLOCK])
{
	uint64_t start = (uint64_t)load_le16(header + OLD_AT_START) * BLOCK, size = (uint64_t)load_le16(header + OLD_AT_SIZE) * BLOCK;
	uint64_t both = (uint64_t)load_le16(header + OLD_AT_BOOT_SIZE) * BLOCK, end;
	bool spread = is_spread(in);

	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	read_tag(in, facts, place_of(start, spread), load_le32(header + OLD_AT_PLAIN) != 0);
	add_row(facts, start, size, spread, "first loader");
	/* where only one part was given the second size is a placeholder */
	if (both > size && both != size + (uint64_t)MAX_BOOT * BLOCK) {
		add_row(facts, start + size, both - size, spread, "second loader");
		size = both;
	}
	end = end_of(start + size, spread);
	/* parts are padded to 2 KiB, but the last one's padding need not be in the file */
	if (end > in->size + 4 * BLOCK)
		image_declare(in, facts, end);
	else
		facts->declared_size = end < in->size ? end : in->size;
}

/* A loader may begin with zeros. */
static bool is_flat_part(const struct image_input *in, const uint8_t *entry, const char *algorithm)
{
	uint64_t start = (uint64_t)load_le16(entry) * BLOCK, length = (uint64_t)load_le16(entry + 2) * BLOCK;
	uint8_t have[IMAGE_DIGEST_SIZE];
	size_t size = digest_part(in, algorithm, start, start + length, false, have);

	return size > 0 && memcmp(have, entry + NEW_IMAGE_AT_HASH, size) == 0;
}

/* Of each part there is a hash. Returns whether it could be compared. */
static bool check_part(const struct image_input *in, struct image_facts *facts, const uint8_t *entry, unsigned number, const char *algorithm,
		       bool spread)
{
	uint64_t start = (uint64_t)load_le16(entry) * BLOCK, length = (uint64_t)load_le16(entry + 2) * BLOCK;
	struct bytes code = image_slice(in, place_of(start, spread), 4);
	uint8_t have[IMAGE_DIGEST_SIZE];
	size_t size;

	if (length == 0)
		return true;
	add_row(facts, start, length, spread, number == 0 ? "first loader" : "second loader");
	if (facts->arch[0] == '\0' && code.size == 4)
		text_copy(facts->arch, sizeof(facts->arch), image_code_arch(code.data));
	size = digest_part(in, algorithm, start, start + length, spread, have);
	if (size > 0 && memcmp(have, entry + NEW_IMAGE_AT_HASH, size) != 0)
		image_broken(facts, place_of(start, spread), "its part %u is damaged: the %s does not match", number, algorithm);
	return size > 0;
}

static void check_new_header(const struct image_input *in, struct image_facts *facts, const char *algorithm)
{
	const uint8_t *header = in->data.data;
	uint8_t have[IMAGE_DIGEST_SIZE];
	size_t size = digest_part(in, algorithm, 0, NEW_AT_OWN_HASH, false, have);

	/* one that is signed has the signature there */
	if (size > 0 && memcmp(have, header + NEW_AT_OWN_HASH, size) != 0 && (load_le32(header + NEW_AT_HASH) & ~15u) == 0)
		image_broken(facts, NEW_AT_OWN_HASH, "its header is damaged: the %s does not match", algorithm);
}

static void inspect_new(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	unsigned count = load_le16(header + NEW_AT_COUNT + 2), checked = 0, kind = load_le32(header + NEW_AT_HASH) & 15;
	const char *algorithm = kind == 1 ? "sha256" : kind == 2 ? "sha512" : "";
	uint64_t furthest = 4 * BLOCK;
	bool spread = is_spread(in) && !is_flat_part(in, header + NEW_AT_IMAGES, algorithm);

	if (count > NEW_IMAGES) {
		image_broken(facts, NEW_AT_COUNT, "its header is damaged: it says that it has %u parts", count);
		return;
	}
	check_new_header(in, facts, algorithm);
	text_copy(facts->checked, sizeof(facts->checked), "its header");
	if (spread && in->data.size < in->size)
		return;		/* of a head the hash cannot tell which it is */
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *entry = header + NEW_AT_IMAGES + i * NEW_IMAGE;
		uint64_t end = (uint64_t)(load_le16(entry) + load_le16(entry + 2)) * BLOCK;

		furthest = load_le16(entry + 2) > 0 && end > furthest ? end : furthest;
		checked += check_part(in, facts, entry, i, algorithm, spread);
	}
	if (checked == count && facts->whole != IMAGE_NO && lacks_filling(in, furthest, spread))
		furthest = in->size;
	furthest = end_of(furthest, spread);
	text_copy(facts->checked, sizeof(facts->checked), checked > 0 ? "the hash of each part" : "size");
	if (!image_declare(in, facts, furthest))
		return;
	if (spread && !are_gaps_empty(in, furthest))
		image_problem(facts, SPREAD, "what stands between its pieces, as they lie on SPI flash, is not empty: it may be damaged");
	else if (facts->whole != IMAGE_NO && checked == count && count > 0)
		facts->whole = IMAGE_YES;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	uint8_t header[BLOCK];

	image_set_vendor(facts, "Rockchip");
	facts->is_padded_by_nature = true;
	if (is_old(in, header))
		inspect_old(in, facts, header);
	else
		inspect_new(in, facts);
}

const struct image_format image_format_rockchip = {
	.role = IMAGE_ROLE_LOADER, .word = "rockchip-idb", .title = "Rockchip boot loader", .matches = matches, .inspect = inspect,
};

/* --- packages --- */

enum {
	RKFW_AT_VERSION = 6, RKFW_AT_CHIP = 0x15, RKFW_AT_LOADER = 0x19, RKFW_AT_IMAGE = 0x21, RKFW_HEADER = 0x66, MD5_TEXT = 32,
	RKAF_AT_MODEL = 8, RKAF_MODEL = 34, RKAF_AT_MAKER = 72, RKAF_MAKER = 56, RKAF_AT_COUNT = 136, RKAF_AT_PARTS = 140,
	RKAF_PART = 112, RKAF_PARTS = 16, RKAF_PART_AT_PLACE = 96, RKAF_PART_AT_SIZE = 108,
};

static bool is_rkfw(const struct image_input *in)
{
	return in->data.size >= RKFW_HEADER && image_starts_with(in->data, BYTES("RKFW")) && load_le16(in->data.data + 4) == RKFW_HEADER;
}

/* Written as text, lower case, behind everything. */
static void check_md5(const struct image_input *in, struct image_facts *facts, uint64_t end)
{
	struct bytes text = image_slice(in, end, MD5_TEXT);
	uint8_t digest[IMAGE_DIGEST_SIZE];
	char have[MD5_TEXT + 1];

	if (text.size < MD5_TEXT || in->ops->digest == NULL || in->ops->digest(in->ops->user, "md5", image_slice(in, 0, end), digest) != 16)
		return;
	for (unsigned i = 0; i < 16; i++)
		snprintf(have + 2 * i, 3, "%02x", digest[i]);
	if (strncasecmp(have, (const char *)text.data, MD5_TEXT) != 0)
		image_broken(facts, end, "it is damaged: the MD5 does not match");
	else
		image_covered(facts, "its MD5");
}

static void inspect_rkfw(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint64_t loader = load_le32(header + RKFW_AT_LOADER), loader_size = load_le32(header + RKFW_AT_LOADER + 4);
	uint64_t image = load_le32(header + RKFW_AT_IMAGE), image_size = load_le32(header + RKFW_AT_IMAGE + 4);
	char chip[5] = "";

	image_set_vendor(facts, "Rockchip");
	text_copy(facts->checked, sizeof(facts->checked), "size");
	for (unsigned i = 0; i < 4; i++)	/* "330C" backwards */
		chip[i] = (char)header[RKFW_AT_CHIP + 3 - i];
	if (chip[0] >= '0' && chip[0] <= '9') {
		text_printable(facts->name, sizeof(facts->name), bytes_of(chip, 4));
		image_add_board(facts, bytes_of_text(facts->name));
	}
	text_format(facts->version, sizeof(facts->version), "%u.%u.%u", header[RKFW_AT_VERSION + 3], header[RKFW_AT_VERSION + 2],
		    load_le16(header + RKFW_AT_VERSION));
	facts->ends_exactly = true;
	if (!image_declare(in, facts, image + image_size + MD5_TEXT))
		return;
	image_add_row(facts, loader, loader_size, "boot loader", "unknown");
	check_md5(in, facts, image + image_size);
	image_add_checked_part(in, facts, image, image_size, "update", facts->whole == IMAGE_YES);
}

const struct image_format image_format_rkfw = {
	.word = "rockchip-update", .title = "Rockchip update package", .matches = is_rkfw, .inspect = inspect_rkfw,
};

static bool is_rkaf(const struct image_input *in)
{
	return in->data.size >= RKAF_AT_PARTS && (image_starts_with(in->data, BYTES("RKAF")) || image_starts_with(in->data, BYTES("RKFP"))) &&
	       load_le32(in->data.data + RKAF_AT_COUNT) <= RKAF_PARTS;
}

/* Highest bit first, begun with 0, not inverted. The polynomial differs from that of CRC-32 in one nibble: rkflashtool, rkcrc.h.
 * table[n] carries a byte over n more: eight at once, as updates have gigabytes. */
static uint32_t rockchip_crc(const struct image_input *in, struct bytes over)
{
	enum { PIECE = 1024 * 1024 };
	uint32_t table[8][256], crc = 0;
	size_t at = 0;

	for (uint32_t i = 0; i < 256; i++) {
		table[0][i] = i << 24;
		for (int bit = 0; bit < 8; bit++)
			table[0][i] = table[0][i] << 1 ^ (table[0][i] & 0x80000000 ? 0x04c10db7 : 0);
	}
	for (size_t n = 1; n < 8; n++)
		for (size_t i = 0; i < 256; i++)
			table[n][i] = table[n - 1][i] << 8 ^ table[0][table[n - 1][i] >> 24];
	for (; at + 8 <= over.size; at += 8) {
		uint32_t high = crc ^ load_be32(over.data + at), low = load_be32(over.data + at + 4);

		crc = table[7][high >> 24] ^ table[6][high >> 16 & 255] ^ table[5][high >> 8 & 255] ^ table[4][high & 255] ^
		      table[3][low >> 24] ^ table[2][low >> 16 & 255] ^ table[1][low >> 8 & 255] ^ table[0][low & 255];
		if (in->ops->forget != NULL && (at + 8) % PIECE == 0)
			in->ops->forget(in->ops->user, bytes_of(over.data + at + 8 - PIECE, PIECE));
	}
	for (; at < over.size; at++)
		crc = crc << 8 ^ table[0][crc >> 24 ^ over.data[at]];
	return crc;
}

static void check_rkaf(const struct image_input *in, struct image_facts *facts, uint64_t end)
{
	text_copy(facts->checked, sizeof(facts->checked), "size");
	if (!image_declare(in, facts, end + 4) || !image_in_memory(in, 0, end + 4) || in->is_covered)
		return;
	if (image_compare(facts, 0, "it", rockchip_crc(in, image_slice(in, 0, end)), load_le32(in->data.data + end)))
		image_covered(facts, "its checksum, over all of it");
}

static void inspect_rkaf(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data;
	uint32_t count = load_le32(header + RKAF_AT_COUNT);

	image_set_name(facts, bytes_of(header + RKAF_AT_MODEL, RKAF_MODEL));
	image_add_board(facts, bytes_of_text(facts->name));
	image_text(facts->vendor, sizeof(facts->vendor), bytes_of(header + RKAF_AT_MAKER, RKAF_MAKER));
	facts->ends_exactly = true;
	check_rkaf(in, facts, load_le32(header + 4));	/* the checksum is not counted */
	for (uint32_t i = 0; i < count; i++) {
		struct bytes part = image_slice(in, RKAF_AT_PARTS + (uint64_t)i * RKAF_PART, RKAF_PART);
		uint64_t start, size;
		char name[33];

		if (part.size < RKAF_PART)
			return;
		image_text(name, sizeof(name), bytes_of(part.data, 32));
		start = load_le32(part.data + RKAF_PART_AT_PLACE);
		size = load_le32(part.data + RKAF_PART_AT_SIZE);
		if (size > 0 && start > 0)
			image_add_part(in, facts, start, size, name);
	}
}

const struct image_format image_format_rkaf = {
	.word = "rockchip-update", .title = "Rockchip update package (partitions)", .matches = is_rkaf, .inspect = inspect_rkaf,
};

/* --- the loader for USB: what sets up memory, what then writes the flash, and what is written as its boot loader --- */

enum {
	LOADER_HEADER = 0x66, LOADER_AT_VERSION = 6, LOADER_AT_CHIP = 21, LOADER_AT_LISTS = 25, LOADER_LISTS = 3, LOADER_LIST = 6,
	LOADER_ENTRIES = 8, LOADER_ENTRY = 57, LOADER_ENTRY_AT_NAME = 5, LOADER_NAME = 20, LOADER_ENTRY_AT_PLACE = 45,
};

static bool is_loader(const struct image_input *in)
{
	return in->data.size >= LOADER_HEADER && load_le16(in->data.data + 4) == LOADER_HEADER &&
	       (image_starts_with(in->data, BYTES("BOOT")) || image_starts_with(in->data, BYTES("LDR ")));
}

/* In 16-bit letters. */
static void read_loader_name(const uint8_t *at, char name[LOADER_NAME + 1])
{
	uint8_t letters[LOADER_NAME];

	for (unsigned i = 0; i < LOADER_NAME; i++)
		letters[i] = at[2 * i + 1] == 0 ? at[2 * i] : '?';
	image_text(name, LOADER_NAME + 1, bytes_of(letters, sizeof(letters)));
}

struct loader {
	const struct image_input *in;
	struct image_facts *facts;
	uint64_t end;		/* of the furthest part; UINT64_MAX: not all lists are in memory */
	bool is_plain;		/* newer ROMs take what comes over USB as it is, behind a header of the new kind */
};

/* What runs on the device to write its flash begins with a jump. */
static void tell_loader_arch(const struct loader *loader, struct bytes part)
{
	uint8_t plain[BLOCK];

	if (part.size < BLOCK)
		return;
	if (!loader->is_plain) {
		decode(part.data, plain);
		part.data = plain;
	}
	text_copy(loader->facts->arch, sizeof(loader->facts->arch), image_code_arch(part.data));
}

static void read_loader_list(struct loader *loader, unsigned list)
{
	const uint8_t *at = loader->in->data.data + LOADER_AT_LISTS + list * LOADER_LIST;
	uint64_t table = load_le32(at + 1), step = at[5];
	char name[LOADER_NAME + 1];

	for (unsigned i = 0; i < at[0] && i < LOADER_ENTRIES && step >= LOADER_ENTRY; i++) {
		struct bytes entry = image_slice(loader->in, table + i * step, LOADER_ENTRY);
		uint64_t start, size;

		if (entry.size < LOADER_ENTRY) {
			loader->end = loader->in->data.size < loader->in->size ? UINT64_MAX : table + i * step + LOADER_ENTRY;
			return;
		}
		start = load_le32(entry.data + LOADER_ENTRY_AT_PLACE);
		size = load_le32(entry.data + LOADER_ENTRY_AT_PLACE + 4);
		read_loader_name(entry.data + LOADER_ENTRY_AT_NAME, name);
		image_add_row(loader->facts, start, size, name, "unknown");
		if (list == 0)		/* what sets up memory stands last, and is named by chip and memory */
			text_copy(loader->facts->name, sizeof(loader->facts->name), name);
		if (list == 0 && i == 0)
			loader->is_plain = image_starts_with(image_slice(loader->in, start, size), BYTES("RKNS"));
		if (list == 1)
			tell_loader_arch(loader, image_slice(loader->in, start, size));
		loader->end = start + size > loader->end ? start + size : loader->end;
	}
}

static void inspect_loader(const struct image_input *in, struct image_facts *facts)
{
	struct loader loader = { .in = in, .facts = facts, .end = LOADER_HEADER };
	const uint8_t *header = in->data.data;
	char chip[5] = "";

	image_set_vendor(facts, "Rockchip");
	text_copy(facts->checked, sizeof(facts->checked), "size");
	for (unsigned i = 0; i < 4; i++)	/* "330C" backwards */
		chip[i] = (char)header[LOADER_AT_CHIP + 3 - i];
	image_add_board(facts, bytes_of_text(chip));
	text_format(facts->version, sizeof(facts->version), "%x.%02x", header[LOADER_AT_VERSION + 1], header[LOADER_AT_VERSION]);
	facts->ends_exactly = true;
	for (unsigned list = 0; list < LOADER_LISTS && loader.end != UINT64_MAX; list++)
		read_loader_list(&loader, list);
	if (loader.end == UINT64_MAX || !image_declare(in, facts, loader.end + 4) || !image_in_memory(in, 0, loader.end + 4) || in->is_covered)
		return;
	if (image_compare(facts, 0, "it", rockchip_crc(in, image_slice(in, 0, loader.end)), load_le32(in->data.data + loader.end)))
		image_covered(facts, "its checksum, over all of it");
}

const struct image_format image_format_rockchip_loader = {
	.word = "rockchip-loader", .title = "Rockchip loader for USB", .matches = is_loader, .inspect = inspect_loader,
};
