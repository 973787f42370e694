/* recovery/image/block_codecs.h
 *
 * Unpacks raw blocks that have no header of their own, as file systems store them; pure, and never beyond room. For recovery/image.
 * Source: lz4 doc/lz4_Block_format.md, lz4_Frame_format.md; Linux Documentation/staging/lzo.rst; Linux fs/jffs2/compr_rtime.c. */
#ifndef UNBRICK_RECOVERY_IMAGE_BLOCK_CODECS_H
#define UNBRICK_RECOVERY_IMAGE_BLOCK_CODECS_H

#include "src/base/bytes.h"

/* Each returns how many bytes came out: until the block ends, is damaged, or room is full. */
size_t lz4_block_unpack(struct bytes in, uint8_t *to, size_t room);
/* The same of the first block of an LZ4 file (lz4_Frame_format.md; the older form, too). */
size_t lz4_head_unpack(struct bytes file, uint8_t *to, size_t room);
size_t lzo1x_unpack(struct bytes in, uint8_t *to, size_t room);
size_t rtime_unpack(struct bytes in, uint8_t *to, size_t room);

#endif
