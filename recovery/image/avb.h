/* recovery/image/avb.h
 *
 * The verified boot data that lies in other images. */
#ifndef UNBRICK_RECOVERY_IMAGE_AVB_H
#define UNBRICK_RECOVERY_IMAGE_AVB_H

#include "recovery/image/format.h"

/* Of header version 4, at the end of a boot image: it has a hash of all bytes before it. facts get what is damaged. YES when that hash was right, and
 * the signature fits its key. */
enum image_answer avb_check_boot_signature(const struct image_input *in, struct image_facts *facts, uint64_t at, uint64_t size);

#endif
