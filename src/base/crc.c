#include "src/base/crc.h"

/* Two nibbles a byte: a table of 16 keeps the file free of initialisation and is fast enough for headers; whole images are
 * hashed by OpenSSL in src/media. */
uint32_t crc32_update(uint32_t crc, struct bytes more)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	crc = ~crc;
	for (size_t i = 0; i < more.size; i++) {
		crc ^= more.data[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}
