/* OpenSSL's own functions, as in digest.c: to fetch RSA through EVP takes longer than to look at a small file. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "src/media/rsa.h"

#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { BYTES_MIN = 1024 / 8, BYTES_MAX = 8192 / 8 };

static RSA *make_key(struct bytes modulus)
{
	RSA *key = RSA_new();
	BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.size, NULL), *e = BN_new();

	if (key != NULL && n != NULL && e != NULL && BN_set_word(e, RSA_F4) == 1 && RSA_set0_key(key, n, e, NULL) == 1)
		return key;
	BN_free(n);
	BN_free(e);
	RSA_free(key);
	return NULL;
}

enum image_answer rsa_verify(void *user, struct bytes modulus, struct bytes signature, const char *algorithm, struct bytes digest)
{
	static const struct { const char *name; int id; size_t size; } kinds[] = { { "sha256", NID_sha256, 32 }, { "sha512", NID_sha512, 64 } };
	enum image_answer answer = IMAGE_UNKNOWN;
	RSA *key;

	(void)user;
	key = modulus.size >= BYTES_MIN && modulus.size <= BYTES_MAX ? make_key(modulus) : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && key != NULL; i++)
		if (text_equal(kinds[i].name, algorithm) && kinds[i].size == digest.size)
			answer = RSA_verify(kinds[i].id, digest.data, (unsigned)digest.size, signature.data, (unsigned)signature.size, key) == 1
				? IMAGE_YES : IMAGE_NO;
	RSA_free(key);
	ERR_clear_error();
	return answer;
}
