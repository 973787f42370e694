/* tests/unit/hilink_image.h
 *
 * A Hi-Link image, made with OpenSSL's single DES, block by block: another way than the program's. For one test program alone. */
#ifndef UNBRICK_TESTS_HILINK_IMAGE_H
#define UNBRICK_TESTS_HILINK_IMAGE_H

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/des.h>

#include "tests/unit/image_maker.h"

enum { HILINK_PAYLOAD = 3 * PAYLOAD };

/* All of the file: the blocks from its start, then those three bytes farther. */
static inline void encrypt_hilink(struct file *file)
{
	DES_cblock key;
	DES_key_schedule schedule;

	memcpy(key, "H@L9K*(3", sizeof(key));
	DES_set_key_unchecked(&key, &schedule);
	for (size_t start = 0; start <= 3; start += 3)
		for (size_t at = start; at + 8 <= file->size; at += 8) {
			DES_cblock block;

			memcpy(block, file->data + at, 8);
			DES_ecb_encrypt(&block, &block, &schedule, DES_ENCRYPT);
			memcpy(file->data + at, block, 8);
		}
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
