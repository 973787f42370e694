/* src/media/unpack.h
 *
 * Compressed streams, unpacked into a bounded place: zlib, liblzma, libbz2, libzstd, liblz4 and liblzo2 behind one call. Pure but for their
 * allocations, which have a ceiling: of a stream with a larger dictionary no more comes out than the ceiling. Archives are archive.h's. */
#ifndef UNBRICK_MEDIA_UNPACK_H
#define UNBRICK_MEDIA_UNPACK_H

#include <stdatomic.h>

#include "recovery/image/image.h"

enum {
	UNPACK_DICTIONARY_MAX = 48 * 1024 * 1024,	/* xz -8 and below, every kernel and file system */
	UNPACK_UNFILLED_MAX = 256 * 1024 * 1024,	/* of which no more than the above can be filled, for no more is let out */
};

/* image_ops.unpack (image.h). compression: "gzip", "zlib", "deflate" (raw, as in zip files), "xz", "lzma", "bzip2", "zstd", "lz4" (frames, and
 * the older form that kernels use), "lzo" (lzop files). Several streams behind each other are one for gzip, xz and bzip2 only as far as the
 * first ends. */
uint64_t unpack_stream(void *user, const char *compression, struct bytes in, uint8_t *to, uint64_t room, uint64_t most,
		       enum image_answer *ret_end, uint64_t *ret_used);
/* The same with somebody beside it, who may let pages of a mapped file go and may have had enough; then it ends as one whose rest was not looked at. */
struct unpack_watch {
	void (*forget)(void *user, struct bytes seen);	/* what has been read of a long stream and is not read again; NULL: nobody wants to know */
	const atomic_bool *cancel;			/* NULL: never */
	void *user;
};

uint64_t unpack_stream_watched(const struct unpack_watch *watch, const char *compression, struct bytes in, uint8_t *to, uint64_t room, uint64_t most,
			       enum image_answer *ret_end, uint64_t *ret_used);

#endif
