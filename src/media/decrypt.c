/* DES by OpenSSL's own function, as digest.c has its SHA-256: to fetch a cipher through EVP takes longer than to look at a small file, and what is
 * not recognised otherwise is tried for one encrypted block. Single DES is in no provider that is always there, either. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "src/media/decrypt.h"

#include <openssl/des.h>
#include <string.h>

#include "src/base/text.h"

enum { BLOCK = sizeof(DES_cblock) };

bool decrypt_blocks(void *user, const char *cipher, struct bytes key, struct bytes in, uint8_t *to)
{
	DES_key_schedule schedule;
	DES_cblock block = { 0 };

	(void)user;
	if (!text_equal(cipher, "des-ecb") || key.size != BLOCK || in.size % BLOCK != 0)
		return false;
	memcpy(block, key.data, BLOCK);
	DES_set_key_unchecked(&block, &schedule);
	for (size_t at = 0; at < in.size; at += BLOCK) {
		memcpy(block, in.data + at, BLOCK);	/* to may be what in stands on */
		DES_ecb_encrypt(&block, &block, &schedule, DES_DECRYPT);
		memcpy(to + at, block, BLOCK);
	}
	return true;
}
