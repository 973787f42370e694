/* recovery/protocol/transfer_check.h
 *
 * The check values of serial transfers. */
#ifndef UNBRICK_RECOVERY_TRANSFER_CHECK_H
#define UNBRICK_RECOVERY_TRANSFER_CHECK_H

#include "src/base/bytes.h"

/* CRC-16 of XMODEM, YMODEM and ZMODEM: polynomial 1021h, high bit first, nothing inverted (Forsberg, XMODEM/YMODEM, 8.1; in the catalogues
 * "CRC-16/XMODEM": "123456789" gives 31C3h). Start with 0; feed parts in order. */
uint16_t crc16_update(uint16_t crc, struct bytes more);
/* The sum of XMODEM's first form, modulo 256. */
uint8_t sum8_of(struct bytes data);

#endif
