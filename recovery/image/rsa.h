/* recovery/image/rsa.h
 *
 * Does a signature fit a public key that lies beside it? Whose key it is stays open: so a damaged signature is seen, and no more.
 * Source: RFC 8017, 8.2.2 and 9.2 (RSASSA-PKCS1-v1_5). */
#ifndef UNBRICK_RECOVERY_IMAGE_RSA_H
#define UNBRICK_RECOVERY_IMAGE_RSA_H

#include "recovery/image/image.h"

enum { RSA_BITS_MAX = 8192, RSA_BYTES_MAX = RSA_BITS_MAX / 8 };

/* modulus and signature: big-endian, of the same size. The exponent is 65537. algorithm: "sha256" or "sha512". UNKNOWN: a size or an algorithm that
 * is not known here. */
enum image_answer rsa_verify(struct bytes modulus, struct bytes signature, const char *algorithm, struct bytes digest);

#endif
