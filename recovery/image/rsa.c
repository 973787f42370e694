#include "recovery/image/rsa.h"

#include <string.h>

#include "src/base/text.h"

enum {
	WORDS_MAX = RSA_BITS_MAX / 32,
	BITS_MIN = 1024,
	EXPONENT_SQUARES = 16,	/* 65537 is 2^16 + 1 */
	LONGEST_INFO = 19,
};

/* Numbers with the lowest word first. */
struct modulus {
	uint32_t n[WORDS_MAX];
	uint32_t inverse;	/* of -n, modulo 2^32 */
	unsigned words;
};

static void load(uint32_t to[WORDS_MAX], struct bytes from)
{
	for (size_t i = 0; i < from.size / 4; i++)
		to[i] = load_be32(from.data + from.size - 4 * (i + 1));
}

static bool is_less(const uint32_t *a, const uint32_t *b, unsigned words)
{
	for (unsigned i = words; i-- > 0;)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

static void subtract(uint32_t *from, const uint32_t *what, unsigned words)
{
	uint64_t borrow = 0;

	for (unsigned i = 0; i < words; i++) {
		uint64_t left = (uint64_t)from[i] - what[i] - borrow;

		from[i] = (uint32_t)left;
		borrow = left >> 63;
	}
}

/* Montgomery: a * b / 2^(32 * words) modulo n. */
static void multiply(const struct modulus *mod, const uint32_t *a, const uint32_t *b, uint32_t *to)
{
	uint32_t sum[WORDS_MAX + 2] = { 0 };
	unsigned words = mod->words;

	for (unsigned i = 0; i < words; i++) {
		uint64_t carry = 0;
		uint32_t factor;

		for (unsigned k = 0; k < words; k++) {
			carry += (uint64_t)a[i] * b[k] + sum[k];
			sum[k] = (uint32_t)carry;
			carry >>= 32;
		}
		carry += sum[words];
		sum[words] = (uint32_t)carry;
		sum[words + 1] = (uint32_t)(carry >> 32);
		factor = sum[0] * mod->inverse;
		carry = ((uint64_t)factor * mod->n[0] + sum[0]) >> 32;
		for (unsigned k = 1; k < words; k++) {
			carry += (uint64_t)factor * mod->n[k] + sum[k];
			sum[k - 1] = (uint32_t)carry;
			carry >>= 32;
		}
		carry += sum[words];
		sum[words - 1] = (uint32_t)carry;
		sum[words] = sum[words + 1] + (uint32_t)(carry >> 32);
	}
	if (sum[words] != 0 || !is_less(sum, mod->n, words))
		subtract(sum, mod->n, words);
	memcpy(to, sum, words * sizeof(*to));
}

static void init(struct modulus *mod, struct bytes from)
{
	uint32_t inverse = 1;

	mod->words = (unsigned)(from.size / 4);
	load(mod->n, from);
	/* each step doubles the bits that are right */
	for (unsigned i = 0; i < 5; i++)
		inverse *= 2 - mod->n[0] * inverse;
	mod->inverse = -inverse;
}

/* Doubled modulo n. */
static void double_it(const struct modulus *mod, uint32_t *value)
{
	uint32_t carry = 0;

	for (unsigned i = 0; i < mod->words; i++) {
		uint32_t next = value[i] >> 31;

		value[i] = value[i] << 1 | carry;
		carry = next;
	}
	if (carry || !is_less(value, mod->n, mod->words))
		subtract(value, mod->n, mod->words);
}

/* 2^(64 * words) modulo n, what a number is multiplied with first. 2^(32 * words) is doubled a few times, and multiplying it by itself as above then
 * doubles how often that was. */
static void find_square(const struct modulus *mod, uint32_t to[WORDS_MAX])
{
	unsigned doublings = 32 * mod->words, squares = 0;

	while (doublings % 2 == 0) {
		doublings /= 2;
		squares++;
	}
	memset(to, 0, mod->words * sizeof(*to));
	/* the highest bit of n is set: one subtraction leaves less than n */
	subtract(to, mod->n, mod->words);
	for (unsigned i = 0; i < doublings; i++)
		double_it(mod, to);
	for (unsigned i = 0; i < squares; i++)
		multiply(mod, to, to, to);
}

/* signature to the power of 65537 modulo n. */
static void open_signature(const struct modulus *mod, struct bytes signature, uint8_t to[RSA_BYTES_MAX])
{
	uint32_t one[WORDS_MAX] = { 1 }, square[WORDS_MAX], value[WORDS_MAX], power[WORDS_MAX];

	load(value, signature);
	find_square(mod, square);
	multiply(mod, value, square, value);
	memcpy(power, value, sizeof(power[0]) * mod->words);
	for (unsigned i = 0; i < EXPONENT_SQUARES; i++)
		multiply(mod, power, power, power);
	multiply(mod, power, value, power);
	multiply(mod, power, one, power);
	for (unsigned i = 0; i < mod->words; i++)
		store_be32(to + signature.size - 4 * (i + 1), power[i]);
}

/* RFC 8017, 9.2, note 1: what stands before the digest. */
static struct bytes digest_info(const char *algorithm, uint8_t info[LONGEST_INFO])
{
	static const uint8_t sha256[LONGEST_INFO] = {
		0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
	};
	bool is_512 = text_equal(algorithm, "sha512");

	memcpy(info, sha256, LONGEST_INFO);
	if (is_512) {
		info[1] = 0x51;
		info[14] = 0x03;
		info[18] = 0x40;
	}
	return bytes_of(info, is_512 || text_equal(algorithm, "sha256") ? LONGEST_INFO : 0);
}

enum image_answer rsa_verify(struct bytes modulus, struct bytes signature, const char *algorithm, struct bytes digest)
{
	uint8_t opened[RSA_BYTES_MAX], expected[RSA_BYTES_MAX], info_room[LONGEST_INFO];
	struct bytes info = digest_info(algorithm, info_room);
	struct modulus mod;
	size_t padding;

	if (modulus.size < BITS_MIN / 8 || modulus.size > RSA_BYTES_MAX || modulus.size % 4 != 0 || info.size == 0 ||
	    digest.size != info.data[LONGEST_INFO - 1])
		return IMAGE_UNKNOWN;
	if (signature.size != modulus.size || (modulus.data[modulus.size - 1] & 1) == 0 || (modulus.data[0] & 0x80) == 0)
		return IMAGE_NO;
	init(&mod, modulus);
	open_signature(&mod, signature, opened);
	padding = modulus.size - digest.size - info.size - 1;
	memset(expected, 0xff, padding);
	expected[0] = 0;
	expected[1] = 1;
	expected[padding] = 0;
	memcpy(expected + padding + 1, info.data, info.size);
	memcpy(expected + padding + 1 + info.size, digest.data, digest.size);
	return memcmp(opened, expected, modulus.size) == 0 ? IMAGE_YES : IMAGE_NO;
}
