#include "src/base/crc.h"

#include "src/base/crc_table.h"

/* Four bytes at a step: the checks of a fast line's frames and of headers; whole images are hashed by OpenSSL in src/media. */
uint32_t crc32_update(uint32_t crc, struct bytes more)
{
	size_t i = 0;

	crc = ~crc;
	for (; more.size - i >= 4; i += 4) {
		crc ^= load_le32(more.data + i);
		crc = crc32_table[3][crc & 0xff] ^ crc32_table[2][crc >> 8 & 0xff] ^ crc32_table[1][crc >> 16 & 0xff] ^ crc32_table[0][crc >> 24];
	}
	for (; i < more.size; i++)
		crc = crc >> 8 ^ crc32_table[0][(crc ^ more.data[i]) & 0xff];
	return ~crc;
}
