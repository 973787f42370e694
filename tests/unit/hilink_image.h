/* tests/unit/hilink_image.h
 *
 * A Hi-Link image, made with OpenSSL's triple DES under three equal keys, the first two of which undo each other: another way than the
 * program's. For one test program alone. */
#ifndef UNBRICK_TESTS_HILINK_IMAGE_H
#define UNBRICK_TESTS_HILINK_IMAGE_H

#include <openssl/evp.h>

#include "tests/unit/image_maker.h"

enum { HILINK_PAYLOAD = 3 * PAYLOAD };

/* All of the file: the blocks from its start, then those three bytes farther. */
static inline void encrypt_hilink(struct file *file)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int done;

	for (size_t start = 0; start <= 3; start += 3) {
		assert_int_equal(EVP_EncryptInit_ex(context, EVP_des_ede3_ecb(), NULL, (const uint8_t *)"H@L9K*(3H@L9K*(3H@L9K*(3", NULL), 1);
		assert_int_equal(EVP_CIPHER_CTX_set_padding(context, 0), 1);
		assert_int_equal(EVP_EncryptUpdate(context, file->data + start, &done, file->data + start, (int)((file->size - start) / 8 * 8)), 1);
	}
	EVP_CIPHER_CTX_free(context);
}

static inline void make_hilink_of(struct file *file, size_t payload)
{
	put_uimage(file, 0, 0x27051956, "Linux Kernel Image 3.10.18", 26, payload);
	encrypt_hilink(file);
}

static inline void make_hilink(struct file *file)
{
	make_hilink_of(file, HILINK_PAYLOAD);
}

#endif
