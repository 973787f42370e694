/* recovery/image/hilink.c
 *
 * Hi-Link (HLK-RM04 and kin): an uImage, all of it encrypted twice with DES-ECB under a key that is the same in all
 * devices: the blocks from byte 0 on, then those from byte 3 on. Bytes at the end that fill no block stay as they are.
 * Source: OpenWrt firmware-utils src/mkhilinkfw.c. */
#include <string.h>

#include "recovery/image/check.h"
#include "src/base/crc.h"
#include "src/base/text.h"

enum {
	BLOCK = 8,
	SHIFT = 3,			/* where the second encryption begins */
	BEFORE = BLOCK - SHIFT,		/* what a block needs of the one in front of it */
	PIECE = 4096,
	HEAD = 64 * 1024,
	AROUND = BEFORE + SHIFT,
	UIMAGE_HEADER = 64,
	UIMAGE_HEADER_CRC = 4, UIMAGE_DATA_SIZE = 12, UIMAGE_DATA_CRC = 24, UIMAGE_NAME = 32, UIMAGE_NAME_SIZE = 32,
	TAIL = 2 * BLOCK,		/* how far the end of what is encrypted reaches back */
	/* The flash of these modules has 4 to 16 MiB, and decrypting takes its time: what is larger only says that it is. */
	CHECK_MAX = 16 * 1024 * 1024,
};

struct coded {
	const struct image_input *in;
	uint64_t size;			/* so many bytes were encrypted */
};

static bool decrypt(const struct coded *coded, uint8_t *at, size_t size)
{
	const struct image_ops *ops = coded->in->ops;
	size_t whole = size / BLOCK * BLOCK;

	return whole == 0 || ops->decrypt(ops->user, "des-ecb", BYTES("H@L9K*(3"), bytes_of(at, whole), at);
}

/* The plain bytes [at, end), in room for end - at + AROUND. at is a multiple of BLOCK; end too, or it is coded->size.
 * None when nobody here can decrypt, or when what they need is not in memory: up to end + SHIFT or coded->size. */
static struct bytes decode(const struct coded *coded, uint64_t at, uint64_t end, uint8_t *room)
{
	size_t before = at > 0 ? BEFORE : 0, size = (size_t)(end - at);
	uint64_t until = end <= coded->size && coded->size - end > SHIFT ? end + SHIFT : coded->size;
	struct bytes from = image_slice(coded->in, at - before, until - (at - before));

	if (coded->in->ops->decrypt == NULL || from.size < until - (at - before))
		return bytes_of(room, 0);
	memcpy(room, from.data, from.size);
	/* a block of the second encryption begins where the window does, but for the first window */
	if (!decrypt(coded, room + (before > 0 ? 0 : SHIFT), from.size - (before > 0 ? 0 : SHIFT)) ||
	    !decrypt(coded, room + before, size))
		return bytes_of(room, 0);
	return bytes_of(room + before, size);
}

/* What was encrypted has of no byte many: not code, not a header with its zeros. A uImage's name may end in four blocks of zeros, which are
 * encrypted alike. */
static bool looks_encrypted(struct bytes head)
{
	unsigned counts[256] = { 0 }, most = 0;

	for (size_t i = 0; i < head.size; i++)
		if (++counts[head.data[i]] > most)
			most = counts[head.data[i]];
	return most <= head.size / 5;
}

static bool matches(const struct image_input *in)
{
	const struct coded coded = { in, UINT64_MAX };
	uint8_t room[BLOCK + AROUND];

	return in->data.size >= BLOCK + SHIFT && looks_encrypted(image_slice(in, 0, UIMAGE_HEADER)) &&
	       image_starts_with(decode(&coded, 0, BLOCK, room), BYTES("\x27\x05\x19\x56"));
}

/* Takes the plain bytes [at, end) into *crc. at is a multiple of BLOCK. */
static bool sum_up(const struct coded *coded, uint64_t at, uint64_t end, uint32_t *crc)
{
	uint8_t room[PIECE + AROUND];

	for (; at < end; at += PIECE) {
		uint64_t left = end - at, until = at + (left < PIECE ? (left + BLOCK - 1) / BLOCK * BLOCK : PIECE);
		struct bytes plain = decode(coded, at, until < coded->size ? until : coded->size, room);

		if (plain.size == 0)
			return false;
		*crc = crc32_update(*crc, bytes_of(plain.data, left < plain.size ? (size_t)left : plain.size));
	}
	return true;
}

/* Of [UIMAGE_HEADER, total); false: nobody here can compute it. What follows the image may have been encrypted with it,
 * as mkhilinkfw decrypts all of a file, and then the last blocks differ: want says which of the two it was. */
static bool data_crc(const struct image_input *in, uint64_t total, uint32_t want, uint32_t *ret_crc)
{
	struct coded coded = { in, total };
	uint64_t tail = total >= UIMAGE_HEADER + TAIL ? (total - TAIL) / BLOCK * BLOCK : UIMAGE_HEADER;
	uint32_t until_tail = 0, with_rest;

	if (!sum_up(&coded, UIMAGE_HEADER, tail, &until_tail))
		return false;
	*ret_crc = with_rest = until_tail;
	if (!sum_up(&coded, tail, total, ret_crc))
		return false;
	coded.size = in->size;
	if (*ret_crc != want && in->size > total && in->size == in->data.size &&
	    sum_up(&coded, tail, total, &with_rest) && with_rest == want)
		*ret_crc = want;
	return true;
}

static void check_data(const struct image_input *in, struct image_facts *facts, uint64_t total, uint32_t want)
{
	static const char checked[] = "header and data checksums of what was decrypted";
	uint32_t have;

	if (!image_in_memory(in, 0, total) || (total > CHECK_MAX && total > in->ops->check_packed_max) ||
	    !data_crc(in, total, want, &have))
		return;
	text_copy(facts->checked, sizeof(facts->checked), checked);
	if (image_compare(facts, UIMAGE_HEADER, "its data", have, want))
		image_covered(facts, checked);
}

/* Its beginning is enough for a header and the start of a packed kernel. */
static void add_firmware(const struct image_input *in, struct image_facts *facts, uint64_t total)
{
	const struct coded coded = { in, total };
	uint64_t end = image_in_memory(in, 0, total) ? total : (in->data.size - SHIFT) / BLOCK * BLOCK;
	struct image_part *part;
	uint8_t room[HEAD + AROUND];

	part = image_add_unpacked_part(in, facts, decode(&coded, 0, end < HEAD ? end : HEAD, room), total, "firmware", false);
	if (part != NULL && facts->whole != IMAGE_UNKNOWN)
		part->whole = facts->whole;
}

static void inspect(const struct image_input *in, struct image_facts *facts)
{
	const struct coded head = { in, UINT64_MAX };
	uint8_t room[UIMAGE_HEADER + AROUND], header[UIMAGE_HEADER];
	struct bytes plain;
	uint64_t total;

	image_set_vendor(facts, "Hi-Link");
	if (!image_has_header(in, facts, UIMAGE_HEADER + SHIFT))
		return;
	plain = decode(&head, 0, UIMAGE_HEADER, room);
	if (plain.size < UIMAGE_HEADER)
		return;
	memcpy(header, plain.data, UIMAGE_HEADER);
	memset(header + UIMAGE_HEADER_CRC, 0, 4);	/* computed with its own field zero */
	text_copy(facts->checked, sizeof(facts->checked), "header checksum");
	if (!image_compare(facts, 0, "its header", image_crc32(in, bytes_of(header, UIMAGE_HEADER)),
			   load_be32(plain.data + UIMAGE_HEADER_CRC)))
		return;		/* no field can be believed */
	image_set_name(facts, bytes_of(header + UIMAGE_NAME, UIMAGE_NAME_SIZE));
	total = (uint64_t)UIMAGE_HEADER + load_be32(header + UIMAGE_DATA_SIZE);
	if (image_declare(in, facts, total))
		check_data(in, facts, total, load_be32(header + UIMAGE_DATA_CRC));
	add_firmware(in, facts, total);
}

const struct image_format image_format_hilink = {
	.word = "hilink", .title = "Hi-Link encrypted image", .matches = matches, .inspect = inspect,
};
