/* recovery/image/deflate.h
 *
 * Does a deflate stream (RFC 1951) end here? Its last block says that it is the last and how it is to be read, so that it can be found and
 * followed without what stands before it: this tells a whole .gz from one that was cut off without unpacking all of it. */
#ifndef UNBRICK_RECOVERY_IMAGE_DEFLATE_H
#define UNBRICK_RECOVERY_IMAGE_DEFLATE_H

#include "src/base/bytes.h"

/* tail: the end of a file, in which the stream is followed by `behind` bytes of what wraps it (gzip: 8) and then by nothing, or by what may_follow
 * takes for something else. Looks from the end on. Returns where in tail the stream's last byte is behind which nothing of it follows; 0: there
 * is no end in tail, or its last block is longer than tail or, where something follows, has no codes of its own (RFC 1951, 3.2.7). */
size_t deflate_find_end(struct bytes tail, size_t behind, bool (*may_follow)(struct bytes rest));

#endif
