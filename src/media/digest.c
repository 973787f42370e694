/* The digests that images are checked by go straight to OpenSSL's own functions for them, not through EVP: the first one that EVP fetches loads a
 * provider and its tables, which takes longer than to hash half a MiB. These calls are marked as old, not as wrong: silenced here and in decrypt.c. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "src/media/digest.h"

#include <blake2.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <openssl/evp.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/late_library.h"
#include "src/base/text.h"

/* OpenSSL knows only the longest BLAKE2b, lists made by `b2sum -l 256` need the shorter ones. */
#define B2_CALLS(call) call(blake2b_, init) call(blake2b_, update) call(blake2b_, final)
LATE_LIBRARY(b2_library, B2_CALLS, "libb2.so.1")

enum {
	READ_SIZE = 128 * 1024,	/* stays in the cache of a processor */
};

enum { OF_SHA256, OF_SHA1, OF_MD5, DIGESTS };	/* of a file */

uint32_t digest_crc32(uint32_t crc, struct bytes more)
{
	return libdeflate_crc32(crc, more.data, more.size);
}

/* --- digests --- */

void digest_leave_configuration(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS |
			    OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT, NULL);
}

enum kind { KIND_OTHER, KIND_SHA256, KIND_SHA1, KIND_MD5, KIND_BLAKE2B };

struct digest_stream {
	enum kind kind;
	EVP_MD_CTX *context;	/* of KIND_OTHER */
	union {
		SHA256_CTX sha256;
		SHA_CTX sha1;
		MD5_CTX md5;
		struct {
			struct b2_library library;
			blake2b_state state;
			size_t size;
		} blake2b;
	};
};

void digest_stream_free(struct digest_stream *stream)
{
	if (stream == NULL)
		return;
	EVP_MD_CTX_free(stream->context);
	free(stream);
}

DEFINE_AUTO(digest_stream);

/* ret_size: of the digest, where the kind leaves it open. */
static enum kind kind_of(const char *algorithm, size_t *ret_size)
{
	static const struct { const char *name; enum kind kind; size_t size; } rows[] = {
		{ "sha256", KIND_SHA256, SHA256_DIGEST_LENGTH }, { "sha1", KIND_SHA1, SHA_DIGEST_LENGTH }, { "md5", KIND_MD5, MD5_DIGEST_LENGTH },
		{ "blake2b256", KIND_BLAKE2B, 32 }, { "blake2b384", KIND_BLAKE2B, 48 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (text_equal(algorithm, rows[i].name)) {
			*ret_size = rows[i].size;
			return rows[i].kind;
		}
	return KIND_OTHER;
}

static bool fetch(struct digest_stream *stream, const char *algorithm)
{
	EVP_MD *md = EVP_MD_fetch(NULL, algorithm, NULL);
	bool is_well = md != NULL && (stream->context = EVP_MD_CTX_new()) != NULL &&
		       EVP_DigestInit_ex2(stream->context, md, NULL) == 1;

	EVP_MD_free(md);	/* the context holds it */
	return is_well;
}

struct digest_stream *digest_stream_new(const char *algorithm)
{
	AUTO(digest_stream) stream = calloc(1, sizeof(*stream));
	bool is_well = false;
	size_t size = 0;

	if (stream == NULL)
		return NULL;
	stream->kind = kind_of(algorithm, &size);
	switch (stream->kind) {
	case KIND_OTHER: is_well = fetch(stream, algorithm); break;
	case KIND_SHA256: is_well = SHA256_Init(&stream->sha256) == 1; break;
	case KIND_SHA1: is_well = SHA1_Init(&stream->sha1) == 1; break;
	case KIND_MD5: is_well = MD5_Init(&stream->md5) == 1; break;
	case KIND_BLAKE2B:
		stream->blake2b.size = size;
		is_well = b2_library_open(&stream->blake2b.library) && stream->blake2b.library.init(&stream->blake2b.state, size) == 0;
		break;
	}
	return is_well ? TAKE(stream) : NULL;
}

void digest_stream_add(struct digest_stream *stream, struct bytes more)
{
	switch (stream->kind) {
	case KIND_OTHER: EVP_DigestUpdate(stream->context, more.data, more.size); break;
	case KIND_SHA256: SHA256_Update(&stream->sha256, more.data, more.size); break;
	case KIND_SHA1: SHA1_Update(&stream->sha1, more.data, more.size); break;
	case KIND_MD5: MD5_Update(&stream->md5, more.data, more.size); break;
	case KIND_BLAKE2B: stream->blake2b.library.update(&stream->blake2b.state, more.data, more.size); break;
	}
}

size_t digest_stream_end(struct digest_stream *stream, uint8_t *ret_digest, size_t size)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	bool is_well = false;

	switch (stream->kind) {
	case KIND_OTHER:
		is_well = EVP_DigestFinal_ex(stream->context, digest, &length) == 1;
		break;
	case KIND_SHA256:
		is_well = SHA256_Final(digest, &stream->sha256) == 1;
		length = SHA256_DIGEST_LENGTH;
		break;
	case KIND_SHA1:
		is_well = SHA1_Final(digest, &stream->sha1) == 1;
		length = SHA_DIGEST_LENGTH;
		break;
	case KIND_MD5:
		is_well = MD5_Final(digest, &stream->md5) == 1;
		length = MD5_DIGEST_LENGTH;
		break;
	case KIND_BLAKE2B:
		is_well = stream->blake2b.library.final(&stream->blake2b.state, digest, stream->blake2b.size) == 0;
		length = (unsigned)stream->blake2b.size;
		break;
	}
	if (!is_well || length > size)
		return 0;
	memcpy(ret_digest, digest, length);
	return length;
}

size_t digest_bytes(const char *algorithm, struct bytes in, uint8_t *ret_digest, size_t size)
{
	AUTO(digest_stream) stream = digest_stream_new(algorithm);

	if (stream == NULL)
		return 0;
	digest_stream_add(stream, in);
	return digest_stream_end(stream, ret_digest, size);
}

/* --- files --- */

static enum status open_for_reading(const char *path, int *ret_fd, struct error *reterr)
{
	/* O_NONBLOCK: a named pipe would wait for a writer; it has no effect on files and disks */
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum status status;
	struct stat about;

	if (fd < 0) {
		status = errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND
			 : errno == EACCES || errno == EPERM ? STATUS_NO_PERMISSION : STATUS_IO;
		error_set(reterr, status, "cannot open '%s': %s", path, strerror(errno));
		error_hint(reterr, status == STATUS_NOT_FOUND ? "check the path" : "check who may read it: ls -l");
		return status;
	}
	if (fstat(fd, &about) != 0)
		return error_set(reterr, STATUS_IO, "cannot look at '%s': %s", path, strerror(errno));
	if (!S_ISREG(about.st_mode) && !S_ISBLK(about.st_mode)) {
		error_set(reterr, STATUS_INVALID, "cannot hash '%s': it is %s", path,
			  S_ISDIR(about.st_mode) ? "a folder" : "no file");
		error_hint(reterr, "Give the path of an image file");
		return STATUS_INVALID;
	}
	*ret_fd = TAKE_FD(fd);
	return STATUS_OK;
}

static enum status read_all(const char *path, void (*take)(void *user, struct bytes more), void *user,
			    _Atomic uint64_t *progress, const atomic_bool *cancel, struct error *reterr)
{
	AUTO_FREE uint8_t *buffer = malloc(READ_SIZE);
	AUTO_CLOSE int fd = -1;
	enum status status = open_for_reading(path, &fd, reterr);
	uint64_t size = 0;
	ssize_t count;

	if (status != STATUS_OK)
		return status;
	if (buffer == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to hash '%s'", path);
	for (;;) {
		if (cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed))
			return error_set(reterr, STATUS_CANCELLED, "hashing '%s' was cancelled", path);
		count = read(fd, buffer, READ_SIZE);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		take(user, bytes_of(buffer, (size_t)count));
		size += (uint64_t)count;
		if (progress != NULL)
			atomic_store_explicit(progress, size, memory_order_relaxed);
	}
	if (count < 0)
		return error_set(reterr, STATUS_IO, "cannot read '%s' at byte %llu: %s", path, (unsigned long long)size,
				 strerror(errno));
	return STATUS_OK;
}

struct stream_list {
	struct digest_stream *const *stream;
	size_t count;
};

static void take_for_streams(void *user, struct bytes more)
{
	const struct stream_list *list = user;

	for (size_t i = 0; i < list->count; i++)
		if (list->stream[i] != NULL)
			digest_stream_add(list->stream[i], more);
}

enum status digest_stream_file(const char *path, struct digest_stream *const *streams, size_t count,
			       _Atomic uint64_t *progress, const atomic_bool *cancel, struct error *reterr)
{
	return read_all(path, take_for_streams, &(struct stream_list){ streams, count }, progress, cancel, reterr);
}

struct digester {
	struct digest_stream *stream[DIGESTS];	/* NULL: not to be had here */
	struct digest digest;
};

static void digester_free(struct digester *digester)
{
	if (digester == NULL)
		return;
	for (int i = 0; i < DIGESTS; i++)
		digest_stream_free(digester->stream[i]);
	free(digester);
}

DEFINE_AUTO(digester);

static struct digester *digester_new(void)
{
	static const char *const algorithms[DIGESTS] = { [OF_SHA256] = "sha256", [OF_SHA1] = "sha1", [OF_MD5] = "md5" };
	AUTO(digester) digester = calloc(1, sizeof(*digester));

	if (digester == NULL)
		return NULL;
	for (int i = 0; i < DIGESTS; i++)
		digester->stream[i] = digest_stream_new(algorithms[i]);
	return digester->stream[OF_SHA256] != NULL ? TAKE(digester) : NULL;
}

static void take_for_digester(void *user, struct bytes more)
{
	struct digester *digester = user;

	take_for_streams(&(struct stream_list){ digester->stream, DIGESTS }, more);
	digester->digest.crc32 = digest_crc32(digester->digest.crc32, more);
	digester->digest.size += more.size;
}

static void finish(struct digest_stream *stream, char *to, size_t size)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t length = stream != NULL ? digest_stream_end(stream, digest, size / 2) : 0;

	to[0] = '\0';
	for (size_t i = 0; i < length; i++)
		snprintf(to + 2 * i, 3, "%02x", digest[i]);
}

enum status digest_file(const char *path, _Atomic uint64_t *progress, const atomic_bool *cancel,
			struct digest *ret_digest, struct error *reterr)
{
	AUTO(digester) digester = digester_new();
	enum status status;

	if (digester == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to hash '%s'", path);
	status = read_all(path, take_for_digester, digester, progress, cancel, reterr);
	if (status != STATUS_OK)
		return status;
	finish(digester->stream[OF_SHA256], digester->digest.sha256, sizeof(digester->digest.sha256));
	finish(digester->stream[OF_SHA1], digester->digest.sha1, sizeof(digester->digest.sha1));
	finish(digester->stream[OF_MD5], digester->digest.md5, sizeof(digester->digest.md5));
	*ret_digest = digester->digest;
	return STATUS_OK;
}
