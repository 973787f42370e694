/* recovery/loader/uboot.h
 *
 * What the two files of the U-Boot driver share: uboot.c talks, learns and loads; uboot_flash.c writes and compares. */
#ifndef UNBRICK_RECOVERY_UBOOT_H
#define UNBRICK_RECOVERY_UBOOT_H

#include "recovery/loader/talk.h"

#define UBOOT_BAUD_COMMAND "setenv baudrate %u"

/* The line of the reply that names a failure, or NULL. */
const char *uboot_failure_in(const char *reply);
/* Fills reterr with what the loader said to the last command; returns LOADER_FAILED. */
enum loader_turn uboot_failed(const struct loader_say *say, const char *reply, struct error *reterr);
/* The next checksum of *reply, which must speak of [address, address + size). Moves *reply past it. */
bool uboot_take_crc(const char **reply, uint64_t address, uint64_t size, uint32_t *ret_crc);
/* Asks for the CRC of the image in RAM; judges the answer. */
enum loader_turn uboot_ask_ram(const struct loader_task *task, struct loader_say *say);
enum loader_turn uboot_check_ram(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr);

loader_next uboot_learn, uboot_load_tftp, uboot_load_serial, uboot_write, uboot_compare, uboot_reread;

#endif
