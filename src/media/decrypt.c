#include "src/media/decrypt.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#include "src/base/text.h"

enum { DES_BLOCK = 8, DES_KEY = 8 };

bool decrypt_blocks(void *user, const char *cipher, struct bytes key, struct bytes in, uint8_t *to)
{
	uint8_t keys[3 * DES_KEY];
	EVP_CIPHER_CTX *context;
	int done = 0;
	bool is_well;

	(void)user;
	if (!text_equal(cipher, "des-ecb") || key.size != DES_KEY || in.size % DES_BLOCK != 0 || in.size > INT_MAX)
		return false;
	/* OpenSSL 3 has single DES in its legacy provider only, which need not be there. EDE decrypts, encrypts and
	 * decrypts: with three equal keys the first two undo each other. */
	for (int i = 0; i < 3; i++)
		memcpy(keys + i * DES_KEY, key.data, DES_KEY);
	context = EVP_CIPHER_CTX_new();
	is_well = context != NULL && EVP_DecryptInit_ex(context, EVP_des_ede3_ecb(), NULL, keys, NULL) == 1 &&
		  EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
		  EVP_DecryptUpdate(context, to, &done, in.data, (int)in.size) == 1;
	EVP_CIPHER_CTX_free(context);
	return is_well && (size_t)done == in.size;
}
