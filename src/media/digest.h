/* src/media/digest.h
 *
 * Checksums of a file as vendors publish them. Blocking: for a worker thread. */
#ifndef UNBRICK_MEDIA_DIGEST_H
#define UNBRICK_MEDIA_DIGEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "src/base/bytes.h"
#include "src/base/status.h"

struct digest {
	char sha256[65];	/* lower case hex */
	char sha1[41];
	char md5[33];
	uint32_t crc32;		/* as zlib and U-Boot's crc32 command print it */
	uint64_t size;		/* bytes read */
};

/* Regular files and block devices. progress (bytes so far) and cancel may be NULL; cancel is looked at within a MiB
 * and ends in STATUS_CANCELLED. ret_digest is written only on success. */
enum status digest_file(const char *path, _Atomic uint64_t *progress, const atomic_bool *cancel,
			struct digest *ret_digest, struct error *reterr);

/* One digest over bytes as they come, for what is hashed while it arrives. algorithm as OpenSSL names it ("sha256",
 * "blake2b512"), and the shorter BLAKE2b, which it has not, as "blake2b256" and "blake2b384". NULL: this system's OpenSSL does not know or
 * refuses it, or no memory. */
struct digest_stream;
struct digest_stream *digest_stream_new(const char *algorithm);
void digest_stream_free(struct digest_stream *stream);
void digest_stream_add(struct digest_stream *stream, struct bytes more);
/* Returns the length, 0: it failed. Nothing can be added afterwards. */
size_t digest_stream_end(struct digest_stream *stream, uint8_t *ret_digest, size_t size);
/* All of a file through several of them (a NULL among them is passed over), as digest_file reads it. */
enum status digest_stream_file(const char *path, struct digest_stream *const *streams, size_t count,
			       _Atomic uint64_t *progress, const atomic_bool *cancel, struct error *reterr);

/* For a short run that does nothing but hash: OpenSSL then reads no openssl.cnf and makes no tables of names, which takes longer than to hash
 * a MiB. To be called first; nothing that checks keys or talks TLS may follow. */
void digest_leave_configuration(void);

/* One digest over bytes in memory; algorithm as OpenSSL names it ("sha256"). Returns its length, 0: not known here. */
size_t digest_bytes(const char *algorithm, struct bytes in, uint8_t *ret_digest, size_t size);
/* As crc32_update, several times as fast. */
uint32_t digest_crc32(uint32_t crc, struct bytes more);

#endif
