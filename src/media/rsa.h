/* src/media/rsa.h
 *
 * image_ops.rsa_verify (image.h) by OpenSSL. */
#ifndef UNBRICK_MEDIA_RSA_H
#define UNBRICK_MEDIA_RSA_H

#include "recovery/image/image.h"

enum image_answer rsa_verify(void *user, struct bytes modulus, struct bytes signature, const char *algorithm, struct bytes digest);

#endif
