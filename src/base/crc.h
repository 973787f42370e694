/* src/base/crc.h
 *
 * The checksums that devices print and headers carry. */
#ifndef UNBRICK_BASE_CRC_H
#define UNBRICK_BASE_CRC_H

#include "src/base/bytes.h"

/* CRC-32 as zlib, U-Boot's crc32 and legacy uImage have it (reflected 0xEDB88320). Start with 0; feed parts in order. */
uint32_t crc32_update(uint32_t crc, struct bytes more);

#endif
