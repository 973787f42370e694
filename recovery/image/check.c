#include "recovery/image/check.h"

#include <inttypes.h>

#include "src/base/text.h"

bool image_has_header(const struct image_input *in, struct image_facts *facts, uint64_t size)
{
	if (in->data.size >= size)
		return true;
	if (in->size < size)
		image_broken(facts, in->size, "it is cut off inside its header");
	return false;
}

void image_covered(struct image_facts *facts, const char *checked)
{
	if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
	text_copy(facts->checked, sizeof(facts->checked), checked);
}

void image_covered_weakly(struct image_facts *facts)
{
	if (facts->member_problem.what[0] == '\0')
		image_covered(facts, "a sum of 8 bits over all of it: a weak check, that misses one damage in 256");
}

bool image_compare(struct image_facts *facts, uint64_t offset, const char *what, uint32_t have, uint32_t want)
{
	if (have != want)
		image_broken(facts, offset, "%s is damaged: checksum %08" PRIx32 ", it says %08" PRIx32, what, have, want);
	return have == want;
}

struct pieces {
	const struct bytes *next;
	unsigned left;
};

static struct bytes next_piece(void *of)
{
	struct pieces *pieces = of;

	while (pieces->left > 0) {
		pieces->left--;
		if (pieces->next++->size > 0)
			return pieces->next[-1];
	}
	return (struct bytes){ NULL, 0 };
}

size_t image_digest(const struct image_input *in, const char *algorithm, const struct bytes *pieces, unsigned count,
		    uint8_t ret_digest[IMAGE_DIGEST_SIZE])
{
	struct pieces of = { pieces, count };

	return in->ops->digest_pieces != NULL ? in->ops->digest_pieces(in->ops->user, algorithm, next_piece, &of, ret_digest) : 0;
}

enum image_answer image_compare_digest(const struct image_input *in, struct image_facts *facts, const char *algorithm,
				       const struct bytes *pieces, unsigned count, uint64_t offset, const char *what, struct bytes want)
{
	uint8_t have[IMAGE_DIGEST_SIZE];
	size_t size = image_digest(in, algorithm, pieces, count, have);

	if (size == 0 || size < want.size)
		return IMAGE_UNKNOWN;
	return image_compare_bytes(facts, offset, what, algorithm, have, want) ? IMAGE_YES : IMAGE_NO;
}

bool image_compare_bytes(struct image_facts *facts, uint64_t offset, const char *what, const char *algorithm, const uint8_t *have,
			 struct bytes want)
{
	if (memcmp(have, want.data, want.size) == 0)
		return true;
	image_broken(facts, offset, "%s is damaged: %s %08" PRIx32 "..., it says %08" PRIx32 "...", what, algorithm, load_be32(have),
		     load_be32(want.data));
	return false;
}

void image_add_board_field(struct image_facts *facts, struct bytes field)
{
	image_add_board(facts, bytes_of(field.data, field.size > 0 ? strnlen((const char *)field.data, field.size) : 0));
}

bool image_is_text(struct bytes field)
{
	size_t length = 0;

	while (length < field.size && field.data[length] != '\0') {
		if (field.data[length] < 0x20 || field.data[length] > 0x7e)
			return false;
		length++;
	}
	return length > 0;
}

bool image_is_padded_text(struct bytes field)
{
	for (size_t i = strnlen((const char *)field.data, field.size); i < field.size; i++)
		if (field.data[i] != 0)
			return false;
	return image_is_text(field);
}

bool image_decimal(struct bytes field, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t at = 0;

	for (; at < field.size && field.data[at] >= '0' && field.data[at] <= '9'; at++) {
		number = number * 10 + (field.data[at] - '0');
		if (number > UINT32_MAX)
			return false;
	}
	if (at == 0 || (at < field.size && field.data[at] != '\0' && field.data[at] != ' '))
		return false;
	*ret_number = number;
	return true;
}

void image_add_id(struct image_facts *facts, uint32_t id)
{
	char text[16];

	text_format(text, sizeof(text), "0x%08" PRIx32, id);
	image_add_board(facts, bytes_of_text(text));
}

uint16_t image_sysv_sum(struct bytes over)
{
	uint32_t sum = image_byte_sum(over);

	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

void image_cksum_init(struct image_cksum *sum)
{
	for (uint32_t i = 0; i < 256; i++) {
		sum->table[i] = i << 24;
		for (int bit = 0; bit < 8; bit++)
			sum->table[i] = sum->table[i] << 1 ^ (sum->table[i] & 0x80000000 ? 0x04c11db7 : 0);
	}
	sum->crc = 0;
	sum->length = 0;
}

static void cksum_byte(struct image_cksum *sum, uint8_t byte)
{
	sum->crc = sum->crc << 8 ^ sum->table[sum->crc >> 24 ^ byte];
}

void image_cksum_add(struct image_cksum *sum, struct bytes more)
{
	for (size_t i = 0; i < more.size; i++)
		cksum_byte(sum, more.data[i]);
	sum->length += more.size;
}

uint32_t image_cksum_end(struct image_cksum *sum)
{
	for (uint64_t left = sum->length; left != 0; left >>= 8)
		cksum_byte(sum, (uint8_t)left);
	return ~sum->crc;
}
