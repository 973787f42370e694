/* recovery/image/fat.h
 *
 * Is it a FAT boot sector? A disk's master boot record ends with the same two bytes. For recovery/image. */
#ifndef UNBRICK_RECOVERY_IMAGE_FAT_H
#define UNBRICK_RECOVERY_IMAGE_FAT_H

#include "recovery/image/format.h"

bool fat_is_boot_sector(struct bytes sector);

#endif
