/* src/media/decrypt.h
 *
 * Ciphers that vendors wrap their images in, under keys that everybody knows: by OpenSSL. */
#ifndef UNBRICK_MEDIA_DECRYPT_H
#define UNBRICK_MEDIA_DECRYPT_H

#include <stdbool.h>

#include "src/base/bytes.h"

/* image_ops.decrypt (image.h). cipher: "des-ecb". */
bool decrypt_blocks(void *user, const char *cipher, struct bytes key, struct bytes in, uint8_t *to);

#endif
