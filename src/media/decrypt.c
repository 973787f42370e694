#include "src/media/decrypt.h"

#include <string.h>

/* The calls that took the place of these have single DES in a provider that need not be there, and load a table of all ciphers first: longer
 * than it takes to look at a small file. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/des.h>

#include "src/base/text.h"

bool decrypt_blocks(void *user, const char *cipher, struct bytes key, struct bytes in, uint8_t *to)
{
	DES_cblock block;
	DES_key_schedule schedule;

	(void)user;
	if (!text_equal(cipher, "des-ecb") || key.size != sizeof(block) || in.size % sizeof(block) != 0)
		return false;
	memcpy(block, key.data, sizeof(block));
	DES_set_key_unchecked(&block, &schedule);
	for (size_t at = 0; at < in.size; at += sizeof(block)) {
		memcpy(block, in.data + at, sizeof(block));
		DES_ecb_encrypt(&block, &block, &schedule, DES_DECRYPT);
		memcpy(to + at, block, sizeof(block));
	}
	return true;
}
